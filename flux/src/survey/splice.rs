//! Splices: where writing began or ended, the grid of cells jumps.
//!
//! The place is where two lines of least squares, through the transitions before
//! and after it, leave the smallest part of what one leaves; they say by how much it
//! jumps. A step of speed bends the grid and does not make it jump.

use std::ops::Range;

use super::course::Transition;

/// Transitions of a line, and the fewest.
const LINE: usize = 32;
const FEWEST: usize = 16;
/// Cells before and after a gap that its lines may need.
pub(super) const AROUND: usize = 5 * LINE;
/// The least jump that is told, in cells: patterns that push transitions apart
/// change where a field begins, by up to half as much.
const LEAST: f64 = 0.2;
/// And in standard deviations of transitions: a jump between two lines of 32 has
/// half a deviation by chance, and the worst of many gaps five times that.
const SURE: f64 = 3.5;

/// Less than this no clock resolves.
const TINY: f64 = 1e-6;

/// A jump of the grid.
#[derive(Debug, Clone)]
pub(super) struct Jump {
    /// The cells of the transitions before and after it.
    pub(super) cells: Range<usize>,
    /// By how much, in cells: more where the grid comes later.
    pub(super) phase: f64,
}

/// Transitions whose mean tells whether a closer look is worth it.
const CHUNK: usize = 16;
/// A mean is so far off the line through its neighbours, at least, where the grid
/// jumps by [`LEAST`]: a quarter of it, if the jump is in the middle.
const OFF: f64 = LEAST / 4.0;

/// False where the means of the transitions follow each other so closely that
/// the grid does not jump anywhere.
fn may_jump(transitions: &[Transition], cell: f64) -> bool {
    let Some(origin) = transitions.first() else { return false };
    let mean = |chunk: &[Transition]| {
        let (cells, ticks) = chunk.iter().fold((0usize, 0u64), |(cells, ticks), t| {
            let (cell, tick) = (t.cell.wrapping_sub(origin.cell), t.tick.wrapping_sub(origin.tick));
            (cells.wrapping_add(cell), ticks.wrapping_add(tick))
        });
        let x = cells as f64 / CHUNK as f64;
        (x, ticks as f64 / (CHUNK as f64 * cell) - x)
    };
    let means: Vec<(f64, f64)> = transitions.chunks_exact(CHUNK).map(mean).collect();
    means.windows(3).any(|three| match three {
        [(a, u), (b, v), (c, w)] => (u + (w - u) * (b - a) / (c - a) - v).abs() >= OFF,
        _ => false,
    })
}

/// The jump in a gap, among the transitions of the gap and of [`AROUND`] cells
/// on either side; `cell` is the mean length of a cell in ticks.
pub(super) fn jump(transitions: &[Transition], gap: &Range<usize>, cell: f64) -> Option<Jump> {
    let origin = *transitions.first().filter(|_| may_jump(transitions, cell))?;
    let mut sums = vec![Sums::default()];
    let mut points = Vec::with_capacity(transitions.len());
    for transition in transitions {
        let x = transition.cell.saturating_sub(origin.cell) as f64;
        let y = transition.tick.saturating_sub(origin.tick) as f64 / cell - x;
        sums.push(sums.last().map_or_else(Sums::default, |sum| sum.plus(x, y)));
        points.push(x);
    }
    let line = |from: usize, to: usize| Some(sums.get(to)?.minus(sums.get(from)?).line());
    let ends = |split: usize| (split.saturating_sub(LINE), split.saturating_add(LINE).min(points.len()));
    let first = transitions.partition_point(|t| t.cell < gap.start).max(FEWEST);
    let last = transitions.partition_point(|t| t.cell < gap.end).min(points.len().saturating_sub(FEWEST));
    let mut best: Option<(f64, usize)> = None;
    for split in first..=last {
        let (from, to) = ends(split);
        let (Some(one), Some(before), Some(after)) = (line(from, to), line(from, split), line(split, to)) else {
            continue;
        };
        let gain = one.error / (before.error + after.error).max(TINY);
        if best.is_none_or(|(most, _)| gain > most) {
            best = Some((gain, split));
        }
    }
    let (_, split) = best?;
    let (from, to) = ends(split);
    let (before, after) = (line(from, split)?, line(split, to)?);
    let middle = (points.get(split.checked_sub(1)?)? + points.get(split)?) / 2.0;
    let error = (before.error + after.error) / to.saturating_sub(from).saturating_sub(4).max(1) as f64;
    let phase = after.at(middle) - before.at(middle);
    let cells = transitions.get(split.checked_sub(1)?)?.cell..transitions.get(split)?.cell;
    // A loop may count a cell more or less on the way.
    let phase = phase - phase.round();
    let sure = phase.abs() >= LEAST && phase.abs() >= SURE * error.sqrt();
    sure.then_some(Jump { cells, phase })
}

/// Sums of points, for lines of least squares.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

struct Line {
    start: f64,
    slope: f64,
    /// The sum of squares that it leaves.
    error: f64,
}

impl Sums {
    fn plus(&self, x: f64, y: f64) -> Self {
        let Sums { n, x: sx, y: sy, xx, xy, yy } = *self;
        Self { n: n + 1.0, x: sx + x, y: sy + y, xx: xx + x * x, xy: xy + x * y, yy: yy + y * y }
    }

    fn minus(&self, b: &Sums) -> Self {
        let a = self;
        Self { n: a.n - b.n, x: a.x - b.x, y: a.y - b.y, xx: a.xx - b.xx, xy: a.xy - b.xy, yy: a.yy - b.yy }
    }

    fn line(&self) -> Line {
        let n = self.n.max(1.0);
        let (xx, xy, yy) =
            (self.xx - self.x * self.x / n, self.xy - self.x * self.y / n, self.yy - self.y * self.y / n);
        let slope = if xx > 0.0 { xy / xx } else { 0.0 };
        Line { start: (self.y - slope * self.x) / n, slope, error: (yy - slope * xy).max(0.0) }
    }
}

impl Line {
    fn at(&self, x: f64) -> f64 {
        self.start + self.slope * x
    }
}
