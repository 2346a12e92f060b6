//! The picture of flux: which intervals came where, and how often.

use std::collections::BTreeMap;

use floptical_io::text::show;
use floptical_model::picture::{Picture, Plot, Subject};
use floptical_model::{Clock, Context, Error, Flux, Result, TrackAt};

use super::lines;
use crate::Disk;

/// Rows of a plot.
const ROWS: usize = 128;
/// Columns of the plot of a track.
const COLUMNS: usize = 360;
/// Intervals that may be longer than all rows, in thousandths.
const LONGER: u64 = 2;

/// The intervals of a capture: of all tracks, side by side, or of one by its
/// angle.
///
/// # Errors
/// `Unsupported` where there is no flux (on this track); what stops the reading
/// of a track.
pub fn map_flux(disk: &Disk, title: &str, track: Option<TrackAt>, context: &Context) -> Result<Picture> {
    let plots = match track {
        Some(at) => vec![of_track(disk, at, context)?],
        None => of_sides(disk, context)?,
    };
    let notes = vec![
        "Colours and bars are by the share of the fullest place; one bar as long as half another stands \
                      for a quarter as many."
            .into(),
    ];
    Ok(Picture { title: show(title.as_bytes()), lines: lines(disk), subject: Subject::Flux(plots), notes })
}

fn flux_at(disk: &Disk, at: TrackAt, context: &Context) -> Result<Option<Flux>> {
    let Some(floppy) = disk.image().as_floppy() else { return Ok(None) };
    Ok(floppy.tracks.get(at, context)?.and_then(|track| track.flux().cloned()))
}

/// The length of an interval in nanoseconds.
fn ns(clock: Clock, ticks: u32) -> u64 {
    clock.to_ps(ticks.into()).nanoseconds()
}

/// How often each length came, in steps of 10 ns.
#[derive(Default)]
struct Counts(BTreeMap<u64, u32>);

impl Counts {
    const STEP: u64 = 10;

    fn of(flux: &Flux, context: &Context) -> Result<Self> {
        context.step(flux.intervals.len() as u64)?;
        let mut by_ticks: BTreeMap<u32, u32> = BTreeMap::new();
        for ticks in flux.intervals.iter() {
            let count = by_ticks.entry(*ticks).or_default();
            *count = count.saturating_add(1);
        }
        let mut counts = Self::default();
        for (ticks, n) in by_ticks {
            let count = counts.0.entry(ns(flux.clock, ticks) / Self::STEP).or_default();
            *count = count.saturating_add(n);
        }
        Ok(counts)
    }
}

/// The length of a row that holds nearly all intervals, in nanoseconds.
fn step(all: &[Counts]) -> u32 {
    let mut sums: BTreeMap<u64, u64> = BTreeMap::new();
    for (step, count) in all.iter().flat_map(|counts| &counts.0) {
        *sums.entry(*step).or_default() += u64::from(*count);
    }
    let total: u64 = sums.values().sum();
    let mut longer = 0;
    let longest = sums.iter().rev().find(|(_, count)| {
        longer += **count;
        longer * 1000 > total * LONGER
    });
    let longest = longest.map_or(0, |(step, _)| (step + 1) * Counts::STEP);
    let step = longest.div_ceil(ROWS as u64).next_multiple_of(Counts::STEP);
    u32::try_from(step).unwrap_or(u32::MAX).max(Counts::STEP as u32)
}

/// A column of a plot, and how many intervals are longer than it.
fn column(counts: &Counts, step: u32) -> (Vec<u32>, u64) {
    let (mut column, mut longer) = (vec![0u32; ROWS], 0);
    for (at, count) in &counts.0 {
        let row = usize::try_from(at * Counts::STEP / u64::from(step)).unwrap_or(usize::MAX);
        match column.get_mut(row) {
            Some(sum) => *sum = sum.saturating_add(*count),
            None => longer += u64::from(*count),
        }
    }
    (column, longer)
}

fn of_sides(disk: &Disk, context: &Context) -> Result<Vec<Plot>> {
    let mut sides: BTreeMap<u8, Vec<(TrackAt, Counts)>> = BTreeMap::new();
    for track in disk.tracks() {
        if let Some(flux) = flux_at(disk, track.at, context)? {
            sides.entry(track.at.head).or_default().push((track.at, Counts::of(&flux, context)?));
        }
    }
    if sides.is_empty() {
        return Err(Error::unsupported("there is no flux in this image"));
    }
    let plot = |(head, tracks): (u8, Vec<(TrackAt, Counts)>)| {
        let (places, counts): (Vec<TrackAt>, Vec<Counts>) = tracks.into_iter().unzip();
        let step_ns = step(&counts);
        let (columns, longer): (Vec<Vec<u32>>, Vec<u64>) = counts.iter().map(|c| column(c, step_ns)).unzip();
        let number = |at: TrackAt| at.to_string().split('.').next().unwrap_or_default().to_owned();
        Plot {
            label: format!("side {head}"),
            across: "track",
            ticks: (0u16..).zip(places).map(|(nth, at)| (nth, number(at))).collect(),
            step_ns,
            columns,
            longer: longer.iter().sum(),
        }
    };
    Ok(sides.into_iter().map(plot).collect())
}

fn of_track(disk: &Disk, at: TrackAt, context: &Context) -> Result<Plot> {
    let flux = flux_at(disk, at, context)?;
    let flux = flux.ok_or_else(|| Error::unsupported(format!("there is no flux of track {at}")))?;
    let step_ns = step(&[Counts::of(&flux, context)?]);
    let mut columns = vec![vec![0u32; ROWS]; COLUMNS];
    let whole = flux.intervals.iter().map(|t| u64::from(*t)).sum();
    let (mut tick, mut longer) = (0u64, 0);
    for ticks in flux.intervals.iter() {
        tick = tick.saturating_add(u64::from(*ticks));
        let row = usize::try_from(ns(flux.clock, *ticks) / u64::from(step_ns)).unwrap_or(usize::MAX);
        match columns.get_mut(angle(&flux, tick, whole)).and_then(|column| column.get_mut(row)) {
            Some(count) => *count = count.saturating_add(1),
            None => longer += 1,
        }
    }
    let degrees = (0..COLUMNS).step_by(30).map(|nth| (nth as u16, nth.to_string()));
    let turns = flux.revolutions();
    let label = match turns {
        0 => format!("track {at}, no whole revolution"),
        1 => format!("track {at}, 1 revolution"),
        n => format!("track {at}, {n} revolutions over each other"),
    };
    Ok(Plot { label, across: "angle in degrees", ticks: degrees.collect(), step_ns, columns, longer })
}

/// The column of a tick: where in its revolution it lies. Without index marks
/// the whole capture is one turn.
fn angle(flux: &Flux, tick: u64, whole: u64) -> usize {
    let next = flux.index.partition_point(|mark| mark.tick < tick);
    let (from, to) = match (next.checked_sub(1).and_then(|n| flux.index.get(n)), flux.index.get(next)) {
        (Some(before), Some(after)) => (before.tick, after.tick),
        (None, Some(after)) if flux.index.len() > 1 => (0, after.tick),
        (Some(before), None) if flux.index.len() > 1 => {
            (before.tick, before.tick.saturating_add(flux.revolution_ticks(0).unwrap_or(1)))
        }
        _ => (0, whole),
    };
    let wide = u128::from(tick.saturating_sub(from)) * COLUMNS as u128 / u128::from(to.saturating_sub(from).max(1));
    usize::try_from(wide).unwrap_or(COLUMNS).min(COLUMNS - 1)
}
