//! What a capture shows beside sectors: stretches without transitions, stretches
//! that differ, splices, the speed over the track, and data fields that were
//! written after the rest.
//!
//! All of it is measured on the revolution that the consensus rests on, and
//! counts only where most of the others show it too. Fields that are good mark
//! the places: what noise hides from them is not looked at.

mod course;
mod differ;
mod fields;
mod hole;
mod rewritten;
mod splice;

use std::cell::OnceCell;

use floptical_model::{
    Area, AreaKind, Context, Evidence, Finding, Findings, Place, Result, Sectors, Span, TrackAt, finding,
};

use crate::revolution::Revolution;
use course::{Course, permille};
use differ::Shown;
use fields::{Gap, Key, Side, Written};

/// Parts of a revolution whose speed is told.
const PARTS: usize = 32;
/// Revolutions that must differ from each other.
const DIFFERING: usize = 3;
/// Two revolutions show one splice up to so many cells and such a part of a cell
/// apart.
const NEAR: usize = 48;
const ALIKE: f64 = 0.15;
/// Sectors of a track that tell how its gaps are.
const FEWEST: usize = 4;

/// What the revolutions of a capture show beside sectors. Cells are those of the
/// consensus, as captured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// Stretches of cells that are not plain, in order: without transitions,
    /// different in each revolution though no sector lies there, splices.
    pub areas: Vec<Area>,
    /// The length of cells in each of 32 parts of the revolution, in permille
    /// above or below the mean. Empty where it cannot be told.
    pub speed: Vec<i16>,
    /// Sectors whose data were written after the rest of their track.
    pub rewritten: Vec<Rewritten>,
}

/// A data field that was written after the rest of its track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewritten {
    /// Which slot of the track.
    pub slot: usize,
    /// By how many permille its cells are longer than those of the id fields
    /// around it, where that is well above the wander of a drive.
    pub speed: Option<i16>,
    /// Where its grid jumps before it, on a track where those of most others do
    /// not: cells between id and data field to the jump, and by how many permille
    /// of a cell.
    pub splice: Option<(u32, i16)>,
    /// Cells between id and data field more than most others have.
    pub gap: i32,
    /// How many revolutions of how many show it.
    pub shown: (u16, u16),
}

impl Survey {
    /// How many areas of a kind there are.
    pub fn count(&self, kind: AreaKind) -> usize {
        self.areas.iter().filter(|area| area.kind == kind).count()
    }
}

/// Everything that is measured of a capture.
struct Surveyor<'a> {
    turns: &'a [Revolution],
    courses: Vec<OnceCell<Course<'a>>>,
    heads: Vec<Course<'a>>,
    written: Vec<Vec<Written>>,
    base: usize,
}

/// Survey revolutions, of which the one numbered `base` gives the cells, with
/// what each of them shows; `sectors` are what was chosen of that.
pub(crate) fn survey(
    turns: &[Revolution],
    read: &[Sectors],
    (base, sectors): (usize, &Sectors),
    context: &Context,
) -> Result<Survey> {
    let mut survey = Survey::default();
    let Some(turn) = turns.get(base) else { return Ok(survey) };
    if read.iter().all(|sectors| sectors.slots.is_empty()) {
        return Ok(survey);
    }
    context.step((turn.cells.bits.len() as u64).saturating_mul(turns.len() as u64) / 16)?;
    // Each sector is looked for among the others.
    let slots = read.iter().map(|sectors| sectors.slots.len() as u64).max().unwrap_or(0);
    context.step(slots.saturating_mul(slots).saturating_mul(turns.len() as u64))?;
    let of = |(turn, sectors): (&Revolution, &Sectors)| fields::written(sectors, turn.cells.bits.len());
    let written = turns.iter().zip(read).map(of).collect();
    let courses = turns.iter().map(|_| OnceCell::new()).collect();
    let heads = turns.iter().map(Course::head).collect();
    let surveyor = Surveyor { turns, courses, heads, written, base };
    survey.areas = surveyor.holes();
    survey.speed = surveyor.course(base).map_or_else(Vec::new, |course| course.speed(PARTS));
    let gaps = fields::gaps(surveyor.base());
    survey.areas.extend(surveyor.weak(&gaps));
    let splices = surveyor.splices(&gaps);
    survey.areas.extend(splices.iter().map(|splice| splice.area));
    for area in &mut survey.areas {
        area.start = area.start.checked_rem(turn.cells.bits.len() as u64).unwrap_or(0);
    }
    survey.areas.sort_unstable();
    survey.rewritten = surveyor.rewritten(&splices, sectors);
    Ok(survey)
}

/// A splice and the gap that it lies in.
struct Splice<'a> {
    gap: &'a Gap,
    jump: splice::Jump,
    area: Area,
}

fn count(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// True when more than half of so many revolutions show something.
fn most(shown: usize, of: usize) -> bool {
    shown.saturating_mul(2) > of
}

impl<'a> Surveyor<'a> {
    fn base(&self) -> &[Written] {
        self.written.get(self.base).map_or(&[], Vec::as_slice)
    }

    fn course(&self, turn: usize) -> Option<&Course<'a>> {
        let revolution = self.turns.get(turn)?;
        Some(self.courses.get(turn)?.get_or_init(|| Course::of(revolution)))
    }

    fn next_course(&self, turn: usize) -> Option<&Course<'a>> {
        self.heads.get(turn.saturating_add(1))
    }

    /// The other revolutions.
    fn others(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.turns.len()).filter(|turn| *turn != self.base)
    }

    /// Stretches without transitions.
    fn holes(&self) -> Vec<Area> {
        let bits = |turn: usize| self.turns.get(turn).map(|turn| &*turn.cells.bits);
        let Some(base) = bits(self.base) else { return Vec::new() };
        let here = hole::holes(base);
        if here.is_empty() {
            return Vec::new();
        }
        let others: Vec<(Vec<hole::Hole>, usize)> =
            self.others().filter_map(bits).map(|bits| (hole::holes(bits), bits.len())).collect();
        let of = self.turns.len();
        let area = |found: hole::Hole| {
            let same = others.iter().filter(|(holes, turn)| hole::is_shown(found, base.len(), holes, *turn)).count();
            let shown = same.saturating_add(1);
            let evidence = Evidence::Shown(count(shown), count(of));
            most(shown, of).then_some(Area {
                start: found.0 as u64,
                len: found.1 as u64,
                kind: AreaKind::NoFlux,
                evidence,
            })
        };
        here.into_iter().filter_map(area).collect()
    }

    /// The sector after the gap.
    fn next_of(&self, key: Key) -> Option<Key> {
        self.base().iter().find(|sector| sector.key == key)?.next.map(|(next, _)| next)
    }

    /// Stretches of gaps that each revolution shows otherwise.
    fn weak(&self, gaps: &[Gap]) -> Vec<Area> {
        let Some(base) = self.turns.get(self.base) else { return Vec::new() };
        if self.turns.len() < DIFFERING || self.turns.iter().all(|turn| turn.cells.bits == base.cells.bits) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for gap in gaps {
            let next = self.next_of(gap.key);
            let other = |turn: usize| {
                let gap = fields::same(self.written.get(turn)?, gap, next)?;
                Some(Shown { bits: &self.turns.get(turn)?.cells.bits, gap })
            };
            let here = Shown { bits: &base.cells.bits, gap: gap.cells.clone() };
            let shown: Vec<Shown<'_>> = std::iter::once(here).chain(self.others().filter_map(other)).collect();
            if shown.len() < DIFFERING {
                continue;
            }
            found.extend(differ::stretches(&shown).into_iter().map(|cells| Area {
                start: gap.cells.start.saturating_add(cells.start) as u64,
                len: cells.len() as u64,
                kind: AreaKind::Weak,
                evidence: Evidence::Differs(count(shown.len()), count(self.turns.len())),
            }));
        }
        found
    }

    /// The jump in a gap of a revolution.
    fn jump(&self, turn: usize, gap: &Gap) -> Option<splice::Jump> {
        let course = self.course(turn)?;
        let gap = gap.seams(course.bits.len());
        let around = gap.start.saturating_sub(splice::AROUND)..gap.end.saturating_add(splice::AROUND);
        splice::jump(&course.transitions(around, self.next_course(turn)), &gap, course.cell())
    }

    /// How many revolutions can show a gap: over the index the last one ends.
    fn showing(&self, gap: &Gap) -> usize {
        let over = self.turns.get(self.base).is_some_and(|turn| gap.cells.end > turn.cells.bits.len());
        self.turns.len().saturating_sub(usize::from(over)).max(1)
    }

    /// The splices in gaps.
    fn splices<'g>(&self, gaps: &'g [Gap]) -> Vec<Splice<'g>> {
        let mut found = Vec::new();
        for gap in gaps {
            let Some(jump) = self.jump(self.base, gap) else { continue };
            let next = self.next_of(gap.key);
            let (mut shown, of) = (1usize, self.showing(gap));
            for turn in self.others() {
                let Some(same) = self.written.get(turn).and_then(|w| fields::same(w, gap, next)) else { continue };
                let same = Gap { cells: same, ..*gap };
                let agrees = |other: &splice::Jump| {
                    let from = |start: usize, gap: usize| start.saturating_sub(gap);
                    let apart =
                        from(other.cells.start, same.cells.start).abs_diff(from(jump.cells.start, gap.cells.start));
                    let turned = other.phase - jump.phase;
                    apart <= NEAR && (turned - turned.round()).abs() <= ALIKE
                };
                shown = shown.saturating_add(usize::from(self.jump(turn, &same).as_ref().is_some_and(agrees)));
            }
            if most(shown, of) {
                let evidence = Evidence::Shown(count(shown), count(of));
                let (start, len) = (jump.cells.start as u64, jump.cells.len() as u64);
                found.push(Splice { gap, jump, area: Area { start, len, kind: AreaKind::Splice, evidence } });
            }
        }
        found
    }

    /// Sectors written after the others: at another speed, or with a splice where
    /// others have none.
    fn rewritten(&self, splices: &[Splice<'_>], sectors: &Sectors) -> Vec<Rewritten> {
        let base = self.base();
        let step = |turn: usize, sector: &Written| rewritten::step(sector, self.course(turn)?, self.next_course(turn));
        let steps: Vec<Option<f64>> = base.iter().map(|sector| step(self.base, sector)).collect();
        // Where most differ, the others are those that were left as they were.
        let few = |n: usize| base.len() >= FEWEST && !most(n, base.len());
        let by_speed = few(steps.iter().flatten().count());
        let before = |sector: &Written| splices.iter().find(|s| s.gap.side == Side::Before && s.gap.key == sector.key);
        let usual = usual_gap(base);
        let odd = |sector: &Written| before(sector).is_some() || usual != Some(gap(sector));
        let by_splice = few(base.iter().filter(|sector| odd(sector)).count().saturating_mul(2));
        let mut found = Vec::new();
        for (sector, stepped) in base.iter().zip(&steps) {
            let splice = before(sector).filter(|_| by_splice);
            let wider = usual.filter(|_| by_splice).map_or(0, |usual| gap(sector).saturating_sub(usual));
            let speed = stepped.filter(|_| by_speed);
            let (mut shown, of) = (1usize, self.turns.len());
            for turn in self.others() {
                let written = self.written.get(turn).map_or(&[][..], Vec::as_slice);
                let Some(same) = written.iter().find(|other| other.key == sector.key) else { continue };
                let agrees = match speed {
                    Some(speed) => step(turn, same).is_some_and(|other| other * speed > 0.0),
                    None => gap(same) == gap(sector),
                };
                shown = shown.saturating_add(usize::from(agrees));
            }
            // One revolution alone may have lost a cell.
            let wider = if of > 1 { wider } else { 0 };
            if !most(shown, of) || (speed.is_none() && splice.is_none() && wider == 0) {
                continue;
            }
            let is_slot = |slot: &floptical_model::Slot| fields::is(slot.chosen(), sector.key);
            let nth = sector.key.2;
            let slot = sectors.slots.iter().enumerate().filter(|(_, s)| is_slot(s)).nth(nth);
            let Some((slot, _)) = slot else { continue };
            found.push(Rewritten {
                slot,
                speed: speed.map(permille),
                splice: splice.map(|s| {
                    let from = s.jump.cells.start.saturating_sub(sector.id.end);
                    (u32::try_from(from).unwrap_or(u32::MAX), permille(s.jump.phase))
                }),
                gap: wider,
                shown: (count(shown), count(of)),
            });
        }
        found
    }
}

/// Cells between the id and the data field of a sector.
fn gap(sector: &Written) -> i32 {
    i32::try_from(sector.data.start.saturating_sub(sector.id.end)).unwrap_or(i32::MAX)
}

/// The gap that most sectors have, if it is the same for three of four.
fn usual_gap(written: &[Written]) -> Option<i32> {
    let alike = |one: i32| written.iter().filter(|sector| gap(sector) == one).count();
    let usual = written.iter().map(gap).max_by_key(|one| alike(*one))?;
    (alike(usual).saturating_mul(4) >= written.len().saturating_mul(3)).then_some(usual)
}

/// What a survey has to report. Slots are those of `sectors`.
pub(crate) fn findings(survey: &Survey, sectors: &Sectors, revolution: u16, at: TrackAt) -> Findings {
    let mut findings = Findings::default();
    let told = [(AreaKind::NoFlux, &finding::FLUX_NO_FLUX), (AreaKind::Weak, &finding::FLUX_WEAK)];
    for area in &survey.areas {
        let Some((_, code)) = told.iter().find(|(kind, _)| *kind == area.kind) else { continue };
        let span = Span::Cells { track: at, revolution, start: area.start, len: area.len };
        let message = format!("{} cells, {}", area.len, area.evidence);
        findings.push(Finding::new(code, span, Place::Track(at), message));
    }
    let places = sectors.places(at);
    for one in &survey.rewritten {
        let (Some(place), Some(slot)) = (places.get(one.slot), sectors.slots.get(one.slot)) else { continue };
        let span = slot.chosen().data_span.clone().unwrap_or(Span::Made("survey"));
        findings.push(Finding::new(&finding::FLUX_REWRITTEN, span, place.clone(), one.words()));
    }
    findings
}

impl Rewritten {
    /// How that is known, in words.
    pub fn words(&self) -> String {
        let speed = self.speed.map(|permille| {
            let (part, whole) = (permille.unsigned_abs() % 10, permille.unsigned_abs() / 10);
            let how = if permille > 0 { "longer" } else { "shorter" };
            format!("its cells are {whole}.{part} % {how} than those of the ids around it")
        });
        let splice = self.splice.map(|(cells, phase)| {
            let percent = phase.unsigned_abs() / 10;
            format!("the grid jumps by {percent} % of a cell {cells} cells after its id, where most others do not")
        });
        let gap = (self.gap != 0).then(|| {
            let (cells, how) = (self.gap.unsigned_abs(), if self.gap > 0 { "more" } else { "fewer" });
            let cell = if cells == 1 { "cell" } else { "cells" };
            format!("{cells} {cell} {how} than usual between id and data")
        });
        let (shown, of) = self.shown;
        let parts: Vec<String> = [speed, splice, gap].into_iter().flatten().collect();
        format!("{} ({shown} of {of} revolutions)", parts.join("; "))
    }
}
