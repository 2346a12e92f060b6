//! The ladder: from whatever a track holds to its sectors.

use std::sync::Arc;

use floptical_model::{
    Cells, Choice, Context, Finding, Findings, Flux, Layer, Place, Reading, Result, Rung, Sectors, Slot, Span, Track,
    TrackAt, finding,
};

use crate::again::seen_again;
use crate::consensus::consensus;
use crate::ladder;
use crate::noise::is_noise;
use crate::period::{Grid, grids};
use crate::places::{Places, Spot};
use crate::pll::Gains;
use crate::recognise::recognise;
use crate::revolution::{Revolution, decode};
use crate::survey::{self, Survey, survey};

/// The worst distance of a transition from its cell, in permille, that leaves no
/// doubt about a cell. The quietest real captures have 150 and more.
const DOUBTFUL: u32 = 100;

/// What a track says when everything that it holds is read.
#[derive(Debug, Clone)]
pub struct Derived {
    /// Its sectors, each slot with what every revolution shows of it.
    pub sectors: Arc<Sectors>,
    /// One revolution of cells that shows all sectors as chosen; `None` for a
    /// track that holds sectors only.
    pub cells: Option<Cells>,
    /// How many revolutions were read.
    pub revolutions: usize,
    /// True when all of them show the same sectors.
    pub agree: bool,
    /// The worst distance of a transition from its cell, in permille; at a
    /// splice in a gap it is as likely half a cell as none.
    pub worst: u32,
    /// Transitions of id and data fields outside their window; of all, where no
    /// sector was recognised.
    pub outside: u64,
    /// What the revolutions of flux show beside sectors; empty where nobody asked.
    pub survey: Survey,
    /// What was noticed on the track and on the way.
    pub findings: Findings,
}

/// Read a track: its own sectors where it holds nothing below them, else its
/// cells, else its flux. `None` for a track that holds none of these.
///
/// All revolutions are read; sightings of one place are one slot. Where a slot
/// has no good sighting, or something is left that no field claims, revolutions
/// of flux are read once more by a loop that follows steps of speed, and where
/// something is not good still, by others.
///
/// # Errors
/// `Limit` or `Cancelled`.
pub fn derive(track: &Track, at: TrackAt, context: &Context) -> Result<Option<Derived>> {
    derive_by(track, at, true, context)
}

/// As [`derive()`], without the survey of flux beside sectors: for those who want
/// the sectors only.
///
/// # Errors
/// `Limit` or `Cancelled`.
pub fn derive_sectors(track: &Track, at: TrackAt, context: &Context) -> Result<Option<Derived>> {
    derive_by(track, at, false, context)
}

fn derive_by(track: &Track, at: TrackAt, surveyed: bool, context: &Context) -> Result<Option<Derived>> {
    let mut derived = derive_readings(track, at, surveyed, context)?;
    if let Some(derived) = &mut derived {
        let mut all = track.findings.clone();
        all.extend(&derived.findings);
        derived.findings = all;
    }
    Ok(derived)
}

fn derive_readings(track: &Track, at: TrackAt, surveyed: bool, context: &Context) -> Result<Option<Derived>> {
    if track.layer() == Some(Layer::Sectors) {
        return Ok(track.sectors().map(recorded));
    }
    let cells: Vec<Cells> = track
        .readings
        .iter()
        .filter_map(|r| if let Reading::Cells(cells) = r { Some(cells.clone()) } else { None })
        .collect();
    if !cells.is_empty() {
        return from_cells(&cells, at, context).map(Some);
    }
    match track.flux() {
        Some(flux) => from_flux(flux, at, surveyed, context).map(Some),
        None => Ok(track.sectors().map(recorded)),
    }
}

fn recorded(sectors: &Arc<Sectors>) -> Derived {
    Derived {
        sectors: Arc::clone(sectors),
        cells: None,
        revolutions: 1,
        agree: true,
        worst: 0,
        outside: 0,
        survey: Survey::default(),
        findings: Findings::default(),
    }
}

fn from_cells(cells: &[Cells], at: TrackAt, context: &Context) -> Result<Derived> {
    let read = cells.iter().map(|c| recognise(c, at, context)).collect::<Result<Vec<_>>>()?;
    let mut places = Places::default();
    for (sectors, cells) in read.iter().zip(cells) {
        places.add(sectors, &cells.bits, context)?;
    }
    Ok(joined(places, &read, cells, at))
}

fn from_flux(flux: &Flux, at: TrackAt, surveyed: bool, context: &Context) -> Result<Derived> {
    let quiet = Quiet::of(flux, at, context)?;
    let mut places = Places::default();
    for (sectors, turn) in quiet.read.iter().zip(&quiet.turns) {
        places.add(sectors, &turn.cells.bits, context)?;
    }
    let mut strips: Vec<Cells> = quiet.turns.iter().map(|t| t.cells.clone()).collect();
    if !flux.intervals.is_empty() {
        strips.extend(quiet.improve(flux, at, &mut places, context)?);
        if is_hard(flux, &quiet.turns, &places) {
            strips.extend(ladder::climb(flux, quiet.grid, at, &mut places, context)?);
        }
    }
    let mut derived = joined(places, &quiet.read, &strips, at);
    quiet.measure(&mut derived);
    if surveyed {
        let base = derived.cells.as_ref().map_or(0, |cells| cells.revolution);
        derived.survey = survey(&quiet.turns, &quiet.read, (base.into(), &derived.sectors), context)?;
        derived.findings.extend(&survey::findings(&derived.survey, &derived.sectors, base, at));
    }
    if flux.revolutions() == 0 {
        let span = Span::Ticks { track: at, reading: 0, start: 0, len: 0 };
        let message = format!("{} index marks", flux.index.len());
        derived.findings.push(Finding::new(&finding::FLUX_NO_INDEX, span, Place::Track(at), message));
    }
    Ok(derived)
}

/// What the quiet loop shows of a capture.
struct Quiet {
    grid: Grid,
    /// What else its cells may be.
    other: Option<Grid>,
    turns: Vec<Revolution>,
    /// By revolution.
    read: Vec<Sectors>,
}

impl Quiet {
    /// The likelier cells, or the others where only those show something.
    fn of(flux: &Flux, at: TrackAt, context: &Context) -> Result<Self> {
        let (grid, other) = grids(flux.clock, &flux.intervals, context)?;
        let run = |grid: Grid, other: Option<Grid>| -> Result<Self> {
            let turns = decode(flux, grid, Gains::QUIET, context)?;
            let read = recognise_turns(&turns, at, context)?;
            Ok(Self { grid, other, turns, read })
        };
        let likely = run(grid, other)?;
        let Some(other) = other.filter(|_| !likely.shows_sectors()) else { return Ok(likely) };
        let again = run(other, None)?;
        Ok(if again.shows_sectors() { again } else { likely })
    }

    fn shows_sectors(&self) -> bool {
        self.read.iter().any(|sectors| !sectors.slots.is_empty())
    }

    /// Let other loops improve what is left; their cells.
    fn improve(&self, flux: &Flux, at: TrackAt, places: &mut Places, context: &Context) -> Result<Vec<Cells>> {
        let mut strips = Vec::new();
        if places.all_good() && self.read.iter().all(|sectors| sectors.unclaimed.is_empty()) {
            return Ok(strips);
        }
        strips.extend(read_again(flux, (self.grid, Gains::FAST), at, places, context)?);
        if let Some(other) = self.other {
            strips.extend(read_again(flux, (other, Gains::QUIET), at, places, context)?);
        }
        for gains in Gains::OTHERS {
            if places.all_good() || places.is_empty() {
                break;
            }
            strips.extend(read_again(flux, (self.grid, gains), at, places, context)?);
        }
        Ok(strips)
    }

    /// How well transitions lie in their cells.
    fn measure(&self, derived: &mut Derived) {
        derived.worst = self.turns.iter().map(|t| t.worst).max().unwrap_or(0);
        let unknown = derived.sectors.slots.is_empty();
        let outside = self.turns.iter().zip(&self.read).map(|(turn, sectors)| match unknown {
            true => turn.outside,
            false => in_fields(&turn.outside_at, sectors),
        });
        derived.outside = outside.fold(0, u64::saturating_add);
    }
}

/// Let another loop improve what the first one read; its cells.
fn read_again(
    flux: &Flux,
    (grid, gains): (Grid, Gains),
    at: TrackAt,
    places: &mut Places,
    context: &Context,
) -> Result<Vec<Cells>> {
    let mut strips = Vec::new();
    for turn in decode(flux, grid, gains, context)? {
        places.improve(&looped(&turn.cells, Rung::FastLoop, at, context)?, &turn.cells.bits, context)?;
        strips.push(turn.cells);
    }
    Ok(strips)
}

/// True when the hard rungs may show more: something is left, it is not the
/// same in all revolutions, and transitions are off their cells. Noise shows
/// nothing.
fn is_hard(flux: &Flux, turns: &[Revolution], places: &Places) -> bool {
    // A splice is far off in every capture; what all revolutions show is there.
    let differ = || turns.iter().zip(turns.iter().skip(1)).any(|(a, b)| a.cells.bits != b.cells.bits);
    let left = match places.is_empty() {
        true => (turns.len() < 2 || differ()) && !is_noise(&flux.intervals),
        false => !places.is_told() || places.has_gaps(false),
    };
    left && turns.iter().any(|turn| turn.worst >= DOUBTFUL)
}

/// What the cells of a loop show.
fn looped(cells: &Cells, rung: Rung, at: TrackAt, context: &Context) -> Result<Sectors> {
    let mut sectors = recognise(cells, at, context)?;
    sectors.slots.iter_mut().for_each(|slot| slot.alter(|seen| seen.rung = Some(rung)));
    Ok(sectors)
}

/// What each revolution shows.
fn recognise_turns(turns: &[Revolution], at: TrackAt, context: &Context) -> Result<Vec<Sectors>> {
    let mut read: Vec<Sectors> = Vec::with_capacity(turns.len());
    for turn in turns {
        let before = turns.iter().zip(&read).map(|(other, sectors)| (&other.cells, sectors));
        let twin = before.filter_map(|twin| seen_again(twin, &turn.cells, at, context).transpose()).next();
        read.push(match twin {
            Some(sectors) => sectors?,
            None => looped(&turn.cells, Rung::QuietLoop, at, context)?,
        });
    }
    Ok(read)
}

/// How many of some cells lie in fields.
fn in_fields(cells: &[u64], sectors: &Sectors) -> u64 {
    let sightings = sectors.slots.iter().map(Slot::chosen);
    let spans = sightings.flat_map(|s| [&s.id_span, &s.data_span]).flatten();
    spans.fold(0, |sum, span| {
        let Span::Cells { start, len, .. } = span else { return sum };
        let before = |end: u64| cells.partition_point(|cell| *cell < end) as u64;
        sum.saturating_add(before(start.saturating_add(*len)).saturating_sub(before(*start)))
    })
}

/// Slots, consensus and findings of what all revolutions show.
fn joined(places: Places, read: &[Sectors], strips: &[Cells], at: TrackAt) -> Derived {
    let turns = read.len();
    let slotted = |spot: Spot| spot.slot().map(|slot| (spot, slot));
    let spots: Vec<(Spot, Slot)> = places.into_spots().into_iter().filter_map(slotted).collect();
    let agree = spots.iter().all(|(_, slot)| {
        let chosen = slot.chosen();
        slot.sightings().len() == turns && slot.sightings().iter().all(|s| s.same_content(chosen))
    });
    let cells = consensus(strips, turns, &spots);
    // What is said of the track as a whole is that of the revolution below.
    let base = cells.as_ref().and_then(|c| strips.iter().take(turns).position(|s| s.revolution == c.revolution));
    let slots: Vec<Slot> = spots.into_iter().map(|(_, slot)| slot).collect();
    let sectors = match base.and_then(|base| read.get(base)) {
        Some(whole) => whole.with_slots(slots),
        None => Sectors { slots, ..Sectors::default() },
    };
    let findings = findings(&sectors, turns, at);
    let survey = Survey::default();
    Derived { sectors: Arc::new(sectors), cells, revolutions: turns, agree, worst: 0, outside: 0, survey, findings }
}

fn findings(sectors: &Sectors, turns: usize, at: TrackAt) -> Findings {
    let mut findings = Findings::default();
    for (slot, place) in sectors.slots.iter().zip(sectors.places(at)) {
        let chosen = slot.chosen();
        let alike = slot.sightings().iter().filter(|s| s.same_content(chosen)).count();
        let span = chosen.data_span.clone().or(chosen.id_span.clone()).unwrap_or(Span::Made("derive"));
        let (code, message) = match slot.choice() {
            Choice::Contradiction => {
                (&finding::TRACK_CONTRADICTION, format!("{alike} of {turns} revolutions show what was chosen"))
            }
            _ if alike < turns => {
                (&finding::FLUX_REVOLUTIONS_DIFFER, format!("{alike} of {turns} revolutions show what was chosen"))
            }
            _ => continue,
        };
        findings.push(Finding::new(code, span, place, message));
    }
    findings
}
