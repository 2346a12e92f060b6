//! The hard rungs of the ladder: for tracks that loops cannot follow.
//!
//! A loop sees the noise of two transitions, a line through many only that of
//! one; the code's own rules forbid most of the wrong cells that are left.
//! [`numbering`] counts cells by several loops, [`grid`] places the transitions
//! on a smooth grid, [`viterbi`] finds the most likely cells. NOTES.md of the
//! crate has the method with its figures.

mod changes;
mod field;
mod garbage;
mod grid;
mod groups;
mod mend;
mod merge;
mod numbering;
mod search;
mod trust;
mod turn;
mod viterbi;

use changes::{Judge, Mark};
use field::Field;
use grid::{Placed, Point};
use merge::{Layer, merge};
use trust::Evidence;
use turn::{Strip, Turn};
use viterbi::Prices;

use std::ops::Range;
use std::sync::Arc;

use floptical_model::{Cells, Context, Flux, Known, Result, Rung, Sectors, Sighting, Slot, Span, Status, TrackAt};

use crate::code::{CODES, Code, Rules};
use crate::period::Grid;
use crate::places::Places;
use crate::recognise::recognise;

/// Times at most that grid and path are made from each other.
const PASSES: usize = 4;
/// A pass that lowers the scatter by less than this is the last.
const SETTLED: f64 = 0.01;
/// Steps that a transition costs in each pass, about.
const WORK: u64 = 128;

/// Transitions of a stretch: when each came, in cells of nominal length, how many
/// revolutions show it, and how many of those that were laid on each other do not.
#[derive(Debug, Clone, Default)]
struct Transitions {
    pub(crate) at: Vec<f64>,
    pub(crate) weight: Vec<f64>,
    pub(crate) absent: Vec<f64>,
}

/// The cells of transitions.
#[derive(Debug, Clone, Default)]
struct Path {
    /// The cell of each transition; of one that is not used, the nearest.
    pub(crate) cell: Vec<i32>,
    /// False for what was left out as spurious.
    pub(crate) used: Vec<bool>,
    /// Whether odd cells hold data there.
    pub(crate) phase: Vec<bool>,
}

impl Path {
    fn of(cell: Vec<i32>) -> Self {
        let count = cell.len();
        Self { cell, used: vec![true; count], phase: vec![false; count] }
    }

    /// By the cells of each interval.
    fn by_distances(distances: &[i32]) -> Self {
        let mut sum = 0i32;
        let cells = std::iter::once(0).chain(distances.iter().map(|d| {
            sum = sum.saturating_add(*d);
            sum
        }));
        let mut path = Self::of(cells.collect());
        for (used, d) in path.used.iter_mut().skip(1).zip(distances) {
            *used = *d > 0;
        }
        path
    }

    /// The transitions that have a cell.
    fn points<'a>(&'a self, transitions: &'a Transitions) -> impl Iterator<Item = Point> + 'a {
        let each = self.cell.iter().zip(&self.used).zip(transitions.at.iter().zip(&transitions.weight));
        each.filter(|((_, used), _)| **used).map(|((cell, _), (time, weight))| Point {
            cell: f64::from(*cell),
            time: *time,
            weight: *weight,
        })
    }

    /// The distances before and after each transition that has both.
    fn neighbours(&self) -> Vec<Option<(usize, usize)>> {
        let mut all = vec![None; self.cell.len()];
        let mut used = self.cell.iter().zip(&self.used).enumerate().filter(|(_, (_, used))| **used);
        let (Some((_, (mut before, _))), Some((mut at, (mut middle, _)))) = (used.next(), used.next()) else {
            return all;
        };
        for (next, (after, _)) in used {
            let apart = |a: &i32, b: &i32| usize::try_from(b.saturating_sub(*a)).unwrap_or(0);
            if let Some(pair) = all.get_mut(at) {
                *pair = Some((apart(before, middle), apart(middle, after)));
            }
            (before, middle, at) = (middle, after, next);
        }
        all
    }
}

/// Climb for what the loops left: strings of cells that show more, in the order
/// in which `places` has got their sightings.
pub(crate) fn climb(
    flux: &Flux,
    grid: Grid,
    at: TrackAt,
    places: &mut Places,
    context: &Context,
) -> Result<Vec<Cells>> {
    let mut strips = Vec::new();
    for rules in candidates(grid, places) {
        let climber = Climber { rules, prices: Prices::of(&rules), at, context };
        let mut read = Vec::new();
        for turn in turn::turns(flux, grid, rules.stride) {
            if !is_left(places) {
                break;
            }
            let (path, placed) = climber.decode(&turn.transitions)?;
            strips.extend(climber.show(&turn, &path, &placed, Rung::Cells, places)?);
            read.push((turn, path, placed));
        }
        climber.merge(&read, places, &mut strips)?;
    }
    places.settle();
    Ok(strips)
}

/// A revolution, its cells and where they lie.
type Read = (Turn, Path, Placed);

/// What climbs: by the rules of one family of codes.
struct Climber<'a> {
    rules: Rules,
    prices: Prices,
    at: TrackAt,
    context: &'a Context,
}

impl Climber<'_> {
    /// The most likely cells of transitions under the rules of a code, and where
    /// they lie on the grid.
    fn decode(&self, transitions: &Transitions) -> Result<(Path, Placed)> {
        let work = (transitions.at.len() as u64).saturating_mul(WORK);
        self.context.step(work)?;
        let mut path = Path::by_distances(&numbering::distances(transitions, self.rules.reach()));
        let mut half = grid::FIRST;
        let mut before = f64::MAX;
        let mut placed = Placed::default();
        for _ in 0..PASSES {
            self.context.step(work)?;
            placed = grid::place(transitions, &path, half);
            path = viterbi::most_likely(transitions, &placed, &self.prices);
            if placed.scatter > before * (1.0 - SETTLED) {
                break;
            }
            before = placed.scatter;
            half = grid::LATER;
        }
        Ok((path, placed))
    }

    /// Recognise and judge what a path shows, and add it to the places; what is left
    /// then once more with damaged marks mended, and on other grids.
    fn show(&self, turn: &Turn, path: &Path, placed: &Placed, rung: Rung, places: &mut Places) -> Result<Vec<Cells>> {
        let laid = self.laid(turn, path, placed)?;
        let found = self.judged(&laid, (rung, Which::All), places)?;
        places.improve(&found, self.context)?;
        let mut cells = vec![laid.strip.cells.clone()];
        if is_left(places) {
            cells.extend(self.show_mended(laid, rung, places)?);
        }
        if !places.all_sure() && places.schemes().filter_map(Code::of).any(|code| code.strong && self.is_of(code)) {
            cells.extend(self.show_on_others(turn, path, rung, places)?);
        }
        Ok(cells)
    }

    /// What stands after damaged marks.
    fn show_mended(&self, laid: Laid<'_>, rung: Rung, places: &mut Places) -> Result<Option<Cells>> {
        let seen: Vec<_> = places.schemes().collect();
        // A check that is not worth a search is none for what a mended mark shows.
        let is_mended = |c: &&'static Code| self.is_of(c) && c.searched && seen.contains(&c.scheme);
        let codes: Vec<&'static Code> = CODES.iter().copied().filter(is_mended).collect();
        let cells = laid.strip.cells;
        self.context.step(cells.bits.len() as u64)?;
        let Some((bits, mended)) = mend::mended(&cells.bits, &codes) else { return Ok(None) };
        let strip = Strip { cells: Cells { bits: Arc::new(bits), ..cells }, ..laid.strip };
        let laid = Laid { strip, ..laid };
        let found = self.judged(&laid, (rung, Which::Mended(&mended)), places)?;
        places.improve(&found, self.context)?;
        Ok(Some(laid.strip.cells))
    }

    /// Lines through more transitions place them a little differently: of those half
    /// way to another cell some are read right so, and a strong check tells.
    fn show_on_others(&self, turn: &Turn, path: &Path, rung: Rung, places: &mut Places) -> Result<Vec<Cells>> {
        let mut cells = Vec::new();
        for half in grid::OTHERS {
            self.context.step((path.cell.len() as u64).saturating_mul(WORK))?;
            let placed = grid::place(&turn.transitions, path, half);
            let path = viterbi::most_likely(&turn.transitions, &placed, &self.prices);
            let laid = self.laid(turn, &path, &placed)?;
            let found = self.judged(&laid, (rung, Which::Holding), places)?;
            places.improve(&found, self.context)?;
            cells.push(laid.strip.cells);
            if places.all_sure() {
                break;
            }
        }
        Ok(cells)
    }

    /// The string of cells of a path, with its marks.
    fn laid(&self, turn: &Turn, path: &Path, placed: &Placed) -> Result<Laid<'_>> {
        let mut strip = turn.strip(path, &self.prices, self.rules.stride);
        let mut marks = changes::marks(&turn.transitions, path, placed, &self.prices);
        let judge = Judge { prices: &self.prices, scatter: placed.scatter };
        self.mend_groups(&mut strip, &mut marks, judge)?;
        Ok(Laid { strip, marks, judge })
    }

    /// Where a code writes some patterns of cells only, make those of fields such.
    fn mend_groups(&self, strip: &mut Strip, marks: &mut Vec<Mark>, judge: Judge<'_>) -> Result<()> {
        let is_grouped = |code: &Code| self.is_of(code) && code.data_coding.packing.groups.is_some();
        if !CODES.iter().any(|code| is_grouped(code)) {
            return Ok(());
        }
        let sectors = recognise(&strip.cells, self.at, self.context)?;
        let bits = Arc::make_mut(&mut strip.cells.bits);
        let mut mender = groups::Mender { bits, marks, frame: strip.frame, judge };
        for sighting in sectors.slots.iter().map(Slot::chosen) {
            let Some(code) = Code::of(sighting.scheme).filter(|code| is_grouped(code)) else { continue };
            for field in [Field::id(code, sighting), Field::data(code, sighting)].into_iter().flatten() {
                self.context.step(field.cells.len() as u64)?;
                mender.mend(&field);
            }
        }
        Ok(())
    }

    fn is_of(&self, code: &Code) -> bool {
        code.rules == self.rules
    }

    /// The sectors of a string that are not sure yet, judged.
    fn judged(&self, laid: &Laid<'_>, (rung, which): (Rung, Which<'_>), places: &mut Places) -> Result<Sectors> {
        let Laid { strip, marks, judge } = laid;
        let evidence = Evidence { bits: &strip.cells.bits, marks, judge: *judge, frame: strip.frame };
        let mut sectors = recognise(&strip.cells, self.at, self.context)?;
        sectors.cells = Known::Value(strip.turn);
        sectors.slots.retain(|slot| begins_before(slot.chosen(), strip.turn) && which.may_be(slot.chosen()));
        for slot in &mut sectors.slots {
            *slot = Slot::one(Sighting { rung: Some(rung), ..slot.chosen().clone() });
        }
        places.confirm(&mut sectors, self.context)?;
        for slot in &mut sectors.slots {
            let mut sighting = slot.chosen().clone();
            if let Some(code) = Code::of(sighting.scheme).filter(|code| self.is_of(code)) {
                evidence.judge(code, &mut sighting, self.context)?;
            }
            sighting.reconstructed |= which.rests_on_mended(&sighting);
            *slot = Slot::one(sighting);
        }
        sectors.slots.retain(|slot| which.is_wanted(slot.chosen()));
        Ok(sectors)
    }

    /// Lay the revolutions on each other: on the grid, and where that is bent by
    /// very noisy flux on the clock; each of them as the base.
    fn merge(&self, read: &[Read], places: &mut Places, strips: &mut Vec<Cells>) -> Result<()> {
        let known = |(_, path, placed): &Read| (merge::runs(path), garbage::garbage(path, placed));
        let known: Vec<_> = if read.len() > 1 { read.iter().map(known).collect() } else { Vec::new() };
        for base in 0..read.len() {
            for on_grid in [true, false] {
                if !is_left(places) {
                    return Ok(());
                }
                let turned = read.iter().zip(&known).cycle().skip(base).take(known.len());
                let layers: Vec<Layer<'_>> = turned
                    .map(|((turn, _, placed), (runs, garbage))| Layer {
                        at: if on_grid { &placed.at } else { &turn.transitions.at },
                        runs,
                        garbage,
                    })
                    .collect();
                let Some((own, _, placed)) = read.get(base) else { continue };
                let work = (own.transitions.at.len() as u64).saturating_mul(WORK);
                self.context.step(work.saturating_mul(read.len() as u64))?;
                let (least, _) = self.rules.reach();
                let Some(transitions) = merge(&layers, own.len(), least as f64) else { continue };
                let index = own.index.map(|time| if on_grid { placed.place(&own.transitions, time) } else { time });
                let turn = Turn { transitions, index, revolution: own.revolution };
                let (path, placed) = self.decode(&turn.transitions)?;
                strips.extend(self.show(&turn, &path, &placed, Rung::Merged, places)?);
            }
        }
        Ok(())
    }
}

/// A path as a string of cells, with the marks that made it.
struct Laid<'a> {
    strip: Strip,
    marks: Vec<Mark>,
    judge: Judge<'a>,
}

/// Which sectors of a string are wanted.
#[derive(Clone, Copy)]
enum Which<'a> {
    All,
    /// Those that rest on one of these mended marks, if something speaks for them.
    Mended(&'a [Range<usize>]),
    /// Those whose check holds and is strong.
    Holding,
}

impl Which<'_> {
    /// True for what is worth being judged.
    fn may_be(self, sighting: &Sighting) -> bool {
        let is_strong = || Code::of(sighting.scheme).is_some_and(|code| code.strong);
        !matches!(self, Self::Holding) || (sighting.status() == Status::Good && is_strong())
    }

    fn rests_on_mended(self, sighting: &Sighting) -> bool {
        let Self::Mended(ranges) = self else { return false };
        let spans = || [&sighting.id_span, &sighting.data_span].into_iter().flatten();
        ranges.iter().any(|range| spans().any(|span| overlaps(span, range)))
    }

    /// True for what was judged and is kept.
    fn is_wanted(self, sighting: &Sighting) -> bool {
        !matches!(self, Self::Mended(_)) || (sighting.reconstructed && sighting.status() == Status::Reconstructed)
    }
}

/// True while something is not sure, or was not seen.
fn is_left(places: &Places) -> bool {
    !places.all_sure() || places.has_gaps(true)
}

fn overlaps(span: &Span, range: &Range<usize>) -> bool {
    let Span::Cells { start, len, .. } = span else { return false };
    *start < range.end as u64 && (range.start as u64) < start.saturating_add(*len)
}

fn begins_before(sighting: &Sighting, cell: u32) -> bool {
    let first = sighting.id_span.as_ref().or(sighting.data_span.as_ref());
    matches!(first, Some(Span::Cells { start, .. }) if *start < u64::from(cell))
}

/// The rules that a track may be written by: those of the codes seen on it, else
/// of all that fit its cells.
fn candidates(grid: Grid, places: &Places) -> Vec<Rules> {
    let mut rules: Vec<Rules> = Vec::new();
    let seen: Vec<_> = places.schemes().collect();
    for code in CODES.iter().filter(|code| seen.contains(&code.scheme)) {
        if !rules.contains(&code.rules) {
            rules.push(code.rules);
        }
    }
    if rules.is_empty() {
        for code in CODES.iter().filter(|code| code.rules.stride == usize::from(grid.stride)) {
            if !rules.contains(&code.rules) {
                rules.push(code.rules);
            }
        }
    }
    rules
}

/// The cell nearest to a place. No `round`, which is a call on most processors.
#[allow(clippy::cast_possible_truncation, reason = "a cast saturates, and no track has 2^30 cells")]
fn nearest_cell(x: f64) -> i32 {
    const BELOW: i32 = 1 << 20;
    ((x + 0.5 + f64::from(BELOW)) as i32).saturating_sub(BELOW)
}
