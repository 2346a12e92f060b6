//! Revolutions as stretches of transitions, and the string of cells that a path
//! through one makes.

use std::sync::Arc;

use floptical_model::{Bits, CellClock, Cells, Flux, Join, Known};

use super::viterbi::Prices;
use super::{Path, Transitions, nearest_cell};
use crate::period::{Grid, SHIFT};

/// Parts of a turn that a stretch begins before its index and goes on after the
/// next one, so that sectors over an index are whole: 1 / 50 and 1 / 6.
const BEFORE: u64 = 50;
const AFTER: u64 = 6;

/// A revolution with what lies around it.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) transitions: Transitions,
    /// When its index and the next one come, in cells.
    pub(super) index: [f64; 2],
    pub(super) revolution: u16,
}

/// Where a string of cells lies among the cells of the marks that made it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// The cell of the marks at which the string begins.
    pub(super) first: i32,
    /// Cells of the string for each of theirs.
    pub(super) stride: usize,
}

impl Frame {
    /// The place in the string of a cell of the marks.
    pub(super) fn place(self, cell: i32) -> Option<usize> {
        usize::try_from(cell.saturating_sub(self.first)).ok()?.checked_mul(self.stride)
    }

    /// The cell of the marks at a place in the string.
    pub(super) fn cell(self, place: usize) -> i32 {
        let whole = place.checked_div(self.stride).and_then(|cell| i32::try_from(cell).ok());
        self.first.saturating_add(whole.unwrap_or(i32::MAX))
    }
}

/// A string of cells from the index of a turn to the end of its stretch.
pub(super) struct Strip {
    pub(super) cells: Cells,
    /// Cells from index to index.
    pub(super) turn: u32,
    pub(super) frame: Frame,
}

/// The revolutions of a capture as stretches of cells of `stride` cells of its
/// grid; a capture without two index marks is one.
pub(super) fn turns(flux: &Flux, grid: Grid, stride: usize) -> Vec<Turn> {
    let cell = grid.cell.saturating_mul(stride as u64) as f64 / (1u64 << SHIFT) as f64;
    let mut end = 0u64;
    let add = |ticks: &u32| {
        end = end.saturating_add(u64::from(*ticks));
        end
    };
    let mut times: Vec<u64> = flux.intervals.iter().map(add).collect();
    times.dedup();
    let marks: Vec<u64> = flux.index.iter().map(|m| m.tick).collect();
    if marks.len() < 2 || !marks.is_sorted_by(|a, b| a < b) {
        return vec![Turn::of(&times, (0, end), 0, cell)];
    }
    let pairs = marks.iter().zip(marks.iter().skip(1)).zip(0u16..);
    let turn = |((start, stop), revolution): ((&u64, &u64), u16)| {
        let len = stop.saturating_sub(*start);
        let (from, to) = (start.saturating_sub(len / BEFORE), stop.saturating_add(len / AFTER));
        let mut near = between(&times, from, to).to_vec();
        if marks.len() == 2 {
            close(&mut near, (*start, *stop), to);
        }
        Turn::of(&near, (*start, *stop), revolution, cell)
    };
    pairs.map(turn).collect()
}

/// The times in `from..=to`.
fn between(times: &[u64], from: u64, to: u64) -> &[u64] {
    times.get(times.partition_point(|t| *t < from)..times.partition_point(|t| *t <= to)).unwrap_or_default()
}

/// The only revolution of a capture is a ring: where nothing was captured after
/// it, its own start follows.
fn close(times: &mut Vec<u64>, (start, stop): (u64, u64), to: u64) {
    let len = stop.saturating_sub(start);
    let own = between(times, start.saturating_add(1), stop).to_vec();
    if times.last().is_none_or(|last| *last <= stop) {
        times.extend(own.iter().map(|t| t.saturating_add(len)).take_while(|t| *t <= to));
    }
}

impl Turn {
    fn of(times: &[u64], (start, stop): (u64, u64), revolution: u16, cell: f64) -> Self {
        let place = |tick: u64| (tick as f64 - start as f64) / cell;
        let at: Vec<f64> = times.iter().map(|t| place(*t)).collect();
        let (weight, absent) = (vec![1.0; at.len()], vec![0.0; at.len()]);
        Self { transitions: Transitions { at, weight, absent }, index: [0.0, place(stop)], revolution }
    }
}

impl Turn {
    /// Cells from index to index.
    pub(super) fn len(&self) -> f64 {
        let [start, end] = self.index;
        end - start
    }

    /// The same with no transition that any revolution lacks.
    pub(super) fn as_if_all_showed_it(&self) -> Self {
        let absent = vec![0.0; self.transitions.absent.len()];
        let transitions = Transitions { absent, ..self.transitions.clone() };
        Self { transitions, ..*self }
    }

    /// The cells of a path through the stretch, `stride` cells of the string for
    /// each. Lost transitions are put in where a step was over one.
    pub(super) fn strip(&self, path: &Path, prices: &Prices, stride: usize) -> Strip {
        let used: Vec<(i32, f64, bool)> = path
            .cell
            .iter()
            .zip(&path.used)
            .zip(self.transitions.at.iter().zip(&path.phase))
            .filter(|((_, used), _)| **used)
            .map(|((cell, _), (time, phase))| (*cell, *time, *phase))
            .collect();
        let [first, next] = self.index.map(|time| cell_after(&used, time));
        let place = |cell: i32| usize::try_from(cell.saturating_sub(first)).ok()?.checked_mul(stride);
        let len = used.last().and_then(|(cell, ..)| place(*cell)).map_or(0, |last| last.saturating_add(stride));
        let mut bits = Bits::zeros(len);
        let mut before: Option<(i32, bool)> = None;
        for (cell, _, phase) in used {
            let lost = before.and_then(|(from, phase)| Some(from.saturating_add(prices.split(from, phase, cell)?)));
            for cell in lost.into_iter().chain([cell]) {
                if let Some(at) = place(cell).filter(|at| *at < len) {
                    bits.set(at, true);
                }
            }
            before = Some((cell, phase));
        }
        let turn = place(next).unwrap_or(0);
        let cells = Cells {
            bits: Arc::new(bits),
            clock: CellClock::Uniform(Known::Unrecorded),
            areas: Vec::new(),
            index_at: Known::Value(0),
            join: Known::Value(Join::Open),
            revolution: self.revolution,
        };
        Strip { cells, turn: u32::try_from(turn).unwrap_or(u32::MAX), frame: Frame { first, stride } }
    }
}

/// The first cell that begins at or after a time.
fn cell_after(used: &[(i32, f64, bool)], time: f64) -> i32 {
    let at = used.partition_point(|(_, t, _)| *t < time).max(1);
    let pair = used.get(at.saturating_sub(1)).zip(used.get(at).or(used.last()));
    let Some(((n, t, _), (m, u, _))) = pair else { return 0 };
    let (cells, apart) = (f64::from(m.saturating_sub(*n)), u - t);
    let rate = if apart > 0.0 && cells > 0.0 { cells / apart } else { 1.0 };
    nearest_cell(f64::from(*n) + (time - t) * rate + 0.5)
}
