//! When the transitions of a revolution came, by their cells, without a walk
//! over all of them.

use std::ops::Range;

use floptical_model::Bits;

use crate::revolution::{Revolution, TransitionTimes};
use crate::search::Hits;

/// Cells between two places from which a walk may begin.
const BLOCK: usize = 256;

/// A transition: its cell, counted from the start of a revolution, and its tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transition {
    pub(super) cell: usize,
    pub(super) tick: u64,
}

/// The way of the head along one revolution.
pub(super) struct Course<'a> {
    pub(super) bits: &'a Bits,
    times: &'a TransitionTimes,
    /// Where a walk is at the start of each block.
    blocks: Vec<Walk>,
}

/// A place among the intervals of a capture.
#[derive(Clone, Copy)]
struct Walk {
    /// The interval that comes next.
    interval: usize,
    /// The tick at which it begins.
    tick: u64,
}

impl<'a> Course<'a> {
    pub(super) fn of(turn: &'a Revolution) -> Self {
        let (bits, times) = (&*turn.cells.bits, &turn.transitions);
        let mut walk = Walk { interval: times.first, tick: times.before };
        let mut blocks = Vec::with_capacity(bits.len().div_ceil(BLOCK));
        for block in (0..bits.len()).step_by(BLOCK) {
            blocks.push(walk);
            let words = (0..BLOCK).step_by(64).map(|word| bits.window(block.saturating_add(word), 64));
            let count: u32 = words.map(u64::count_ones).fold(0, u32::saturating_add);
            walk.pass(times, count as usize);
        }
        Self { bits, times, blocks }
    }

    /// The course of a revolution of which only the start matters.
    pub(super) fn head(turn: &'a Revolution) -> Self {
        let times = &turn.transitions;
        let walk = Walk { interval: times.first, tick: times.before };
        Self { bits: &turn.cells.bits, times, blocks: vec![walk] }
    }

    /// Mean ticks of a cell.
    pub(super) fn cell(&self) -> f64 {
        let ticks = self.times.ticks.end.saturating_sub(self.times.ticks.start);
        ticks as f64 / self.bits.len().max(1) as f64
    }

    /// The transitions in a range of cells; what lies past the end of the
    /// revolution is of the `next` one.
    pub(super) fn transitions(&self, cells: Range<usize>, next: Option<&Course<'_>>) -> Vec<Transition> {
        let turn = self.bits.len();
        let mut found = Vec::with_capacity(cells.len() / 2);
        self.collect(cells.start..cells.end.min(turn), 0, &mut found);
        if let Some(next) = next.filter(|_| cells.end > turn) {
            let over = cells.start.saturating_sub(turn)..cells.end.saturating_sub(turn).min(next.bits.len());
            next.collect(over, turn, &mut found);
        }
        found
    }

    fn collect(&self, cells: Range<usize>, offset: usize, found: &mut Vec<Transition>) {
        let block = (cells.start / BLOCK).min(self.blocks.len().saturating_sub(1));
        let Some(walk) = self.blocks.get(block).filter(|_| !cells.is_empty()) else { return };
        let mut ticks = self.times.from(walk.interval, walk.tick);
        for base in (block.saturating_mul(BLOCK)..cells.end).step_by(64) {
            for cell in Hits(self.bits.window(base, 64)).map(|k| base.saturating_add(k)) {
                let Some(tick) = ticks.next().filter(|_| cell < cells.end) else { return };
                if cell >= cells.start {
                    found.push(Transition { cell: cell.saturating_add(offset), tick });
                }
            }
        }
    }

    /// The length of cells over the revolution: of each of so many parts, in
    /// permille of the mean, above or below it. Empty where a stretch without
    /// transitions leaves it open.
    pub(super) fn speed(&self, parts: usize) -> Vec<i16> {
        let blocks = self.blocks.len().saturating_sub(1);
        if blocks < parts.saturating_mul(2) {
            return Vec::new();
        }
        let border = |part: usize| {
            let nth = part.saturating_mul(blocks).checked_div(parts)?;
            self.last_before(nth.max(1))
        };
        let borders: Option<Vec<Transition>> = (0..=parts).map(border).collect();
        let pairs = |borders: &[Transition]| borders.iter().zip(borders.iter().skip(1)).map(length).collect();
        let lengths: Vec<f64> = borders.as_deref().map_or_else(Vec::new, pairs);
        let mean = self.cell();
        lengths.into_iter().map(|cell| permille(cell / mean - 1.0)).collect()
    }

    /// The last transition before a block.
    fn last_before(&self, block: usize) -> Option<Transition> {
        let end = block.saturating_mul(BLOCK);
        let back = self.bits.window(end.saturating_sub(64), 64).trailing_zeros() as usize;
        let cell = end.saturating_sub(back).checked_sub(1).filter(|_| back < 64)?;
        Some(Transition { cell, tick: self.blocks.get(block)?.tick })
    }
}

/// Ticks of a cell between two transitions.
fn length((from, to): (&Transition, &Transition)) -> f64 {
    to.tick.saturating_sub(from.tick) as f64 / to.cell.saturating_sub(from.cell).max(1) as f64
}

/// Parts of one as a whole number of permille.
pub(super) fn permille(part: f64) -> i16 {
    let bounded = (part * 1000.0).round().clamp(-9999.0, 9999.0);
    #[allow(clippy::cast_possible_truncation, reason = "within four digits")]
    let whole = bounded as i16;
    whole
}

impl Walk {
    /// Pass so many transitions that have a cell.
    fn pass(&mut self, times: &TransitionTimes, count: usize) {
        let mut left = count;
        let mut dropped =
            times.dropped.get(times.dropped.partition_point(|i| *i < self.interval)..).unwrap_or_default();
        while left > 0 {
            let until = dropped.first().map_or(usize::MAX, |at| at.saturating_sub(self.interval));
            let run = left.min(until);
            self.add(times, run);
            left = left.saturating_sub(run);
            if left > 0 {
                self.add(times, 1);
                dropped = dropped.get(1..).unwrap_or_default();
            }
            if self.interval >= times.intervals.len() {
                return;
            }
        }
    }

    fn add(&mut self, times: &TransitionTimes, count: usize) {
        let end = self.interval.saturating_add(count);
        let taken = times.intervals.get(self.interval..end).or(times.intervals.get(self.interval..));
        let ticks = taken.unwrap_or_default().iter().fold(0u64, |sum, ticks| sum.wrapping_add(u64::from(*ticks)));
        self.tick = self.tick.saturating_add(ticks);
        self.interval = end;
    }
}
