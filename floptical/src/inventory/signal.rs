//! What the signal of a track says: rate, rotation, length, gaps, flux.

use floptical_model::{
    AreaKind, Bits, CellClock, Cells, Datum, Fact, Inventory, Known, Layout, Place, Ps, Rate, Reading, Regular,
    Sectors, Track, Value,
};
use sha2::{Digest, Sha256};

use super::{known, summary};
use crate::DiskTrack;
use crate::disk::{CellFacts, FluxFacts};

/// Digests of a track, made where a target may hold the whole of it; else its
/// length stands for it.
#[derive(Default)]
pub(super) struct Digests {
    /// Of the clocks and the intervals of its flux.
    pub(super) times: Option<Datum>,
    /// Of its cells.
    pub(super) cells: Option<Datum>,
}

pub(super) fn say_track(said: &mut Inventory, track: &DiskTrack, digests: Digests, repeat: bool) {
    let place = Place::Track(track.logical);
    let derived = &track.derived;
    let sectors = &derived.sectors;
    let blank = sectors.slots.is_empty() && !track.is_cut() && is_blank(track);
    let said = said.at(place);
    let mut say = |fact, value| said.say(fact, value);
    let there = if track.is_cut() { Datum::Word("cut short") } else { Datum::Number(1) };
    say(Fact::Exists, Value::Value(there, (blank || repeat).into()));
    if track.layers.len() > 1 {
        let count = i64::try_from(track.layers.len()).unwrap_or(i64::MAX);
        say(Fact::Readings, Value::Value(Datum::Number(count), Regular::No));
    }
    if let Some(cells) = &track.cells {
        say(Fact::TrackLength, track_length(cells, blank));
        say(Fact::Gaps, gaps(cells, digests.cells, sectors, blank));
        say(Fact::CellTiming, cell_timing(cells));
        for (fact, kinds) in
            [(Fact::NoFlux, [AreaKind::NoFlux, AreaKind::Hole]), (Fact::Weak, [AreaKind::Weak, AreaKind::Ambiguous])]
        {
            say(fact, areas(cells, &kinds));
        }
    } else {
        let told = sectors.cells.map(|cells| Datum::Number(cells.into()));
        say(Fact::TrackLength, known(told, true));
    }
    if !blank {
        say(Fact::Rate, rate(sectors.rate));
        say(Fact::Rotation, rotation(sectors.rotation));
    }
    if let Some(flux) = &track.flux {
        say_flux(&mut say, flux, digests.times, track, blank);
    }
}

fn say_flux(say: &mut impl FnMut(Fact, Value), flux: &FluxFacts, times: Option<Datum>, track: &DiskTrack, blank: bool) {
    let derived = &track.derived;
    let few_outside = derived.outside.saturating_mul(1000) <= flux.intervals;
    let timing = times.unwrap_or_else(|| Datum::Number(i64::try_from(flux.intervals).unwrap_or(i64::MAX)));
    say(Fact::FluxTiming, Value::Value(timing, (blank || (derived.agree && few_outside)).into()));
    if !flux.sector_marks.is_empty() {
        let marks = flux.sector_marks.iter().map(|t| i64::try_from(*t).unwrap_or(i64::MAX)).collect();
        say(Fact::HardSectors, Value::Value(Datum::Numbers(marks), Regular::No));
    }
    let times: Vec<i64> = flux.revolutions_ns.iter().map(|t| i64::try_from(*t).unwrap_or(i64::MAX)).collect();
    let count = i64::try_from(times.len()).unwrap_or(i64::MAX);
    say(Fact::Revolutions, Value::Value(Datum::Number(count), (blank || derived.agree).into()));
    let steady = times.iter().max().zip(times.iter().min()).is_none_or(|(max, min)| (max - min) * 50 <= *max);
    say(Fact::IndexTimes, Value::Value(Datum::Numbers(times.into()), steady.into()));
}

/// The clock and the intervals of the flux readings of a track. The marks of
/// the first one are a fact of their own.
pub(super) fn flux_digest(track: &Track) -> Datum {
    let mut hash = Sha256::new();
    let mut count = 0u64;
    let all = track.readings.iter().filter_map(|r| if let Reading::Flux(flux) = r { Some(flux) } else { None });
    for (nth, flux) in all.enumerate() {
        let (num, den) = flux.clock.ratio();
        hash.update(num.to_be_bytes());
        hash.update(den.to_be_bytes());
        let mut piece = Vec::with_capacity(4 * 4096);
        for chunk in flux.intervals.chunks(4096) {
            piece.clear();
            chunk.iter().for_each(|i| piece.extend_from_slice(&i.to_be_bytes()));
            hash.update(&piece);
        }
        flux.index.iter().filter(|_| nth > 0).for_each(|mark| hash.update(mark.tick.to_be_bytes()));
        count += flux.intervals.len() as u64;
    }
    summary(count, hash.finalize().into())
}

/// Standard rates by their name, others to the kilobit.
fn rate(rate: Known<Rate>) -> Value {
    let named = |rate: Rate| {
        let standard = Rate::nearest(rate.cell()).map_or(rate.0.saturating_add(500) / 1000 * 1000, |r| r.0);
        Datum::Number(standard.into())
    };
    known(rate.map(named), true)
}

/// The speeds of drives, those of the Macintosh last.
const SPEEDS: [(u64, &str); 7] = [
    (300, "300 rpm"),
    (360, "360 rpm"),
    (394, "394 rpm"),
    (429, "429 rpm"),
    (472, "472 rpm"),
    (525, "525 rpm"),
    (590, "590 rpm"),
];

/// The speeds of drives by their name within 3 %, others in picoseconds.
pub(super) fn rotation(length: Known<Ps>) -> Value {
    let standard =
        |ps: Ps| SPEEDS.into_iter().find(|(speed, _)| near(ps.0, Layout::rpm(*speed).0, 3)).map(|(_, words)| words);
    let regular = length.copied().is_none_or(|ps| standard(ps).is_some());
    let datum = |ps: Ps| match standard(ps) {
        Some(rpm) => Datum::Word(rpm),
        None => Datum::Number(i64::try_from(ps.0).unwrap_or(i64::MAX)),
    };
    known(length.map(datum), regular)
}

fn near(value: u64, standard: u64, percent: u64) -> bool {
    value.abs_diff(standard).saturating_mul(100) <= standard.saturating_mul(percent)
}

/// Regular where the cells of a standard rate fill a revolution of a drive to
/// 3 %.
fn track_length(cells: &CellFacts, blank: bool) -> Value {
    let count = cells.count;
    let fills = |cell: Ps| {
        let nominal = Rate::nearest(cell).map_or(cell, Rate::cell);
        SPEEDS.iter().any(|(speed, _)| near(count.saturating_mul(nominal.0), Layout::rpm(*speed).0, 3))
    };
    let regular = blank || cells.clock.cell().is_none_or(fills);
    Value::Value(Datum::Number(i64::try_from(count).unwrap_or(i64::MAX)), regular.into())
}

/// All cells: what a field says of them leaves the clock cells and the gaps open.
/// Regular where nothing lies in the gaps but what formatting leaves there.
fn gaps(cells: &CellFacts, digest: Option<Datum>, sectors: &Sectors, blank: bool) -> Value {
    let count = || Datum::Number(i64::try_from(cells.count).unwrap_or(i64::MAX));
    let explained = !sectors.slots.is_empty() && sectors.unclaimed.is_empty();
    Value::Value(digest.unwrap_or_else(count), (blank || explained).into())
}

/// How many cells, and which.
pub(super) fn cells_digest(cells: &Cells) -> Datum {
    let count = cells.bits.len() as u64;
    let mut hash = Sha256::new();
    hash.update(count.to_be_bytes());
    hash.update(cells.bits.to_msb());
    summary(count, hash.finalize().into())
}

/// Cells of different lengths; regular where all are within 2 %.
fn cell_timing(cells: &CellFacts) -> Value {
    let CellClock::Runs(runs) = &cells.clock else { return Value::Unrecorded };
    let steady = runs.iter().map(|r| r.1.0).max().zip(runs.iter().map(|r| r.1.0).min());
    let regular = steady.is_none_or(|(max, min)| near(max, min, 2));
    let mut hash = Sha256::new();
    for (count, cell) in runs {
        hash.update(count.to_be_bytes());
        hash.update(cell.0.to_be_bytes());
    }
    Value::Value(summary(runs.len() as u64, hash.finalize().into()), regular.into())
}

fn areas(cells: &CellFacts, kinds: &[AreaKind]) -> Value {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let list: Vec<i64> =
        cells.areas.iter().filter(|a| kinds.contains(&a.kind)).flat_map(|a| [number(a.start), number(a.len)]).collect();
    if list.is_empty() { Value::Unrecorded } else { Value::Value(Datum::Numbers(list.into()), Regular::No) }
}

/// True when nobody wrote a track without sectors. Times tell that of any code,
/// cells only of one that fits them.
fn is_blank(track: &DiskTrack) -> bool {
    let Some(cells) = &track.derived.cells else { return true };
    match &track.flux {
        Some(flux) => flux.intervals <= FEW || flux.is_noise || is_filler(&cells.bits),
        None => !looks_recorded(&cells.bits),
    }
}

/// What a track without sectors holds, in words.
pub(crate) fn without_sectors(track: &DiskTrack) -> &'static str {
    let Some(cells) = &track.derived.cells else { return "none" };
    if cells.bits.ones().next().is_none() {
        "none, no transitions"
    } else if is_filler(&cells.bits) {
        "none, one pattern throughout"
    } else if is_blank(track) {
        "none, noise"
    } else {
        "none, but it looks recorded"
    }
}

/// So many transitions are left on a medium that was erased.
const FEW: u64 = 1000;

/// True when cells were written by somebody: nearly all distances between
/// their transitions are those of a code (2 to 5 cells, or 1 to 3), and they do
/// not repeat, as filler does. Noise of a blank medium has distances of every
/// length.
fn looks_recorded(bits: &Bits) -> bool {
    let mut counts = [0u64; 8];
    let mut before = None;
    let mut total = 0u64;
    for at in bits.ones() {
        if let Some(before) = before {
            let distance = at - before;
            total += 1;
            if let Some(count) = counts.get_mut(distance) {
                *count += 1;
            }
        }
        before = Some(at);
    }
    let share = |range: std::ops::RangeInclusive<usize>| counts[range].iter().sum::<u64>() * 100 >= total * 95;
    total > FEW && !is_filler(bits) && (share(2..=5) || share(1..=3))
}

/// True when all but a splice or two is followed by itself: periods of an
/// MFM byte (16 cells) and of an FM byte (32).
fn is_filler(bits: &Bits) -> bool {
    let windows = || (0..bits.len().saturating_sub(128)).step_by(64);
    let total = windows().count();
    [16, 32].iter().any(|period| {
        let alike = windows().filter(|i| bits.window(*i, 64) == bits.window(i + period, 64)).count();
        alike * 100 >= total * 99
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(distances: impl Iterator<Item = usize>) -> Bits {
        let mut bits = Bits::new();
        distances.for_each(|d| bits.push_bits(1, d));
        bits
    }

    #[test]
    fn codes_are_told_from_filler_and_from_noise() {
        assert!(looks_recorded(&track((0..5000usize).map(|i| 2 + (i.wrapping_mul(2_654_435_761) >> 9) % 3))));
        assert!(!looks_recorded(&track((0..5000).map(|_| 2))));
        assert!(!looks_recorded(&track((0..5000).map(|i| 1 + i * 7 % 23))));
    }
}
