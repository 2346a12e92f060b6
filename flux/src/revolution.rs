//! Captures to revolutions of cells, with the way back to ticks.

use std::ops::Range;
use std::sync::Arc;

use floptical_model::{Bits, CellClock, Cells, Clock, Context, Flux, Join, Known, Ps, Result};

use crate::period::{Grid, grid};
use crate::pll::{Gains, Loop, Piece};

/// One revolution of a capture as cells.
#[derive(Debug, Clone)]
pub struct Revolution {
    /// The cells.
    pub cells: Cells,
    /// When the transitions came.
    pub transitions: TransitionTimes,
    /// The worst distance of a transition from its cell, in permille of a cell
    /// (of an FM cell, where all transitions lie on those), after the loop has
    /// locked.
    pub worst: u32,
    /// Transitions outside their window: over 3/8 of a cell from its middle, or
    /// so soon after another that no cell is theirs.
    pub outside: u64,
    /// The cells where they are.
    pub(crate) outside_at: Vec<u64>,
}

impl Revolution {
    /// The capture ticks of a range of cells, to the borders of the cells.
    pub fn ticks(&self, cells: Range<u64>) -> Range<u64> {
        let [start, end] = self.transitions.at_borders(&self.cells.bits, [cells.start, cells.end]);
        start..end
    }
}

/// When the transitions of a revolution came: a part of the capture, and which
/// of its transitions have no cell.
#[derive(Debug, Clone)]
pub struct TransitionTimes {
    pub(crate) intervals: Arc<Vec<u32>>,
    /// The interval that ends with the first transition.
    pub(crate) first: usize,
    /// Ticks before that interval.
    pub(crate) before: u64,
    /// Intervals whose transition has no cell, in order.
    pub(crate) dropped: Vec<usize>,
    /// First and last tick.
    pub(crate) ticks: Range<u64>,
}

impl TransitionTimes {
    /// The ticks of the transitions that have a cell, in order, from the first
    /// of the revolution to the end of the capture.
    fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.from(self.first, self.before)
    }

    /// The same from an interval on that begins at a tick.
    pub(crate) fn from(&self, interval: usize, tick: u64) -> impl Iterator<Item = u64> + '_ {
        let passed = self.dropped.partition_point(|i| *i < interval);
        let mut dropped = self.dropped.get(passed..).unwrap_or_default().iter().peekable();
        let mut at = tick;
        (interval..).zip(self.intervals.get(interval..).unwrap_or_default()).filter_map(move |(i, ticks)| {
            at = at.saturating_add(u64::from(*ticks));
            if dropped.next_if_eq(&&i).is_some() { None } else { Some(at) }
        })
    }

    /// The ticks of two borders of cells; between transitions cells are alike.
    fn at_borders(&self, bits: &Bits, borders: [u64; 2]) -> [u64; 2] {
        let mut found = [None; 2];
        // Places in half cells: a transition is in the middle of its cell.
        let mut before = (0u64, self.ticks.start);
        let end = ((bits.len() as u64).saturating_mul(2), self.ticks.end);
        let middles = bits.ones().map(|cell| (cell as u64).saturating_mul(2).saturating_add(1));
        for (place, tick) in middles.zip(self.iter()).chain([end]) {
            for (found, border) in found.iter_mut().zip(borders) {
                let border = border.saturating_mul(2).min(end.0);
                if found.is_none() && border <= place {
                    let (num, den) = (border.saturating_sub(before.0), place.saturating_sub(before.0).max(1));
                    let wide = u128::from(tick.saturating_sub(before.1)).saturating_mul(num.into());
                    let part = wide.checked_div(den.into()).unwrap_or(0);
                    *found = Some(before.1.saturating_add(u64::try_from(part).unwrap_or(u64::MAX)));
                }
            }
            before = (place, tick);
        }
        found.map(|tick| tick.unwrap_or(self.ticks.end))
    }
}

/// The whole revolutions of a capture as cells, between index marks; a capture
/// without two marks comes as one open string.
///
/// The length of a cell is found in the capture itself: any standard rate, up
/// to 10 % off its speed.
///
/// # Errors
/// `Limit` or `Cancelled`.
pub fn revolutions(flux: &Flux, context: &Context) -> Result<Vec<Revolution>> {
    let grid = grid(flux.clock, &flux.intervals, context)?;
    decode(flux, grid, Gains::QUIET, context)
}

/// As [`revolutions`], with these cells and gains.
pub(crate) fn decode(flux: &Flux, grid: Grid, gains: Gains, context: &Context) -> Result<Vec<Revolution>> {
    let mut pll = Loop::new(&flux.intervals, grid, gains);
    if flux.index.len() < 2 || !flux.index.is_sorted_by(|a, b| a.tick < b.tick) {
        return Ok(vec![whole(flux, &mut pll, context)?]);
    }
    let mut all = Vec::new();
    let mut begin = None;
    for mark in &flux.index {
        pll.run_to(mark.tick, context)?;
        let border = pll.border(mark.tick);
        let piece = pll.cut(border, begin.as_ref().map(|(_, border)| *border));
        if let Some((transitions, _)) = begin.take() {
            context.entry(1)?;
            let mut revolution = revolution(flux.clock, piece, transitions, mark.tick);
            revolution.cells.index_at = Known::Value(0);
            revolution.cells.join = Known::Value(Join::Circle);
            revolution.cells.revolution = u16::try_from(all.len()).unwrap_or(u16::MAX);
            all.push(revolution);
        }
        begin = Some((times(flux, &pll, mark.tick), border));
    }
    Ok(all)
}

/// The whole capture as one open string.
fn whole(flux: &Flux, pll: &mut Loop<'_>, context: &Context) -> Result<Revolution> {
    let end = flux.intervals.iter().map(|t| u64::from(*t)).sum();
    let transitions = times(flux, pll, 0);
    let mut index_at = Known::Unrecorded;
    if let [mark] = flux.index.as_slice() {
        pll.run_to(mark.tick.min(end), context)?;
        let border = pll.border(mark.tick.min(end));
        index_at = Known::Value(pll.cells_to(border));
    }
    pll.run_to(end, context)?;
    let border = pll.border(end);
    let mut open = revolution(flux.clock, pll.cut(border, None), transitions, end);
    open.cells.index_at = index_at;
    open.cells.join = Known::Value(Join::Open);
    Ok(open)
}

/// The transitions that follow.
fn times(flux: &Flux, pll: &Loop<'_>, start: u64) -> TransitionTimes {
    let intervals = Arc::clone(&flux.intervals);
    TransitionTimes { intervals, first: pll.taken, before: pll.time, dropped: Vec::new(), ticks: start..start }
}

fn revolution(clock: Clock, piece: Piece, mut transitions: TransitionTimes, end: u64) -> Revolution {
    let ticks = end.saturating_sub(transitions.ticks.start);
    let cells = piece.bits.len() as u64;
    let cell = clock.to_ps(ticks).0.saturating_add(cells / 2).checked_div(cells);
    transitions.ticks.end = end;
    transitions.dropped = piece.dropped;
    let mut plain = Cells::plain(piece.bits, Known::Unrecorded);
    plain.clock = CellClock::Uniform(cell.map_or(Known::Unrecorded, |ps| Known::Value(Ps(ps))));
    Revolution {
        cells: plain,
        transitions,
        worst: piece.worst,
        outside: piece.outside.len() as u64,
        outside_at: piece.outside,
    }
}
