//! The grid of cells by smoothing: where each transition lies on it, in cells.
//!
//! Speed changes slowly, so a straight line through the times of many
//! transitions against their cell numbers knows the grid far better than any
//! loop that follows them.

use super::{Path, Transitions};

/// Transitions on each side of a line: first, and when the numbers are better.
pub(super) const FIRST: usize = 24;
pub(super) const LATER: usize = 100;
/// The centred line is kept unless one of a half is better than by this factor.
const CENTRED: f64 = 0.5;
/// The fewest transitions of a line.
const FEWEST: usize = 6;
/// Distances told apart when the shift of transitions by their neighbours is
/// measured, and the fewest cases of a pair of them.
const PATTERNS: usize = 8;
const CASES: f64 = 40.0;
/// Bounds of the scatter of transitions, in cells.
const SCATTER: (f64, f64) = (0.03, 0.30);

/// Transitions on their grid.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// Where each lies, in cells.
    pub(super) at: Vec<f64>,
    /// Standard deviation from the middles of cells, in cells; robust.
    pub(super) scatter: f64,
}

impl Placed {
    /// The place of any time.
    pub(super) fn place(&self, transitions: &Transitions, time: f64) -> f64 {
        let after = transitions.at.partition_point(|t| *t < time).max(1);
        let at = |i: usize| transitions.at.get(i).zip(self.at.get(i)).map(|(t, x)| (*t, *x));
        match (at(after.saturating_sub(1)), at(after)) {
            (Some((t, x)), Some((u, y))) if u > t => x + (time - t) * (y - x) / (u - t),
            (Some((t, x)), _) => x + time - t,
            _ => time,
        }
    }
}

/// Place transitions by the cell numbers of a path.
pub(super) fn place(transitions: &Transitions, path: &Path, half: usize) -> Placed {
    let used: Vec<Point> = path.points(transitions).collect();
    let sums = Sums::of(&used);
    let mut at = Vec::with_capacity(transitions.at.len());
    // The first used transition not before the one that is placed.
    let mut next = 0usize;
    for (time, taken) in transitions.at.iter().zip(&path.used) {
        let from = next.saturating_sub(half);
        let to = next.saturating_add(half).saturating_add(1).min(used.len());
        let mut line = sums.line(from, to);
        line.error *= CENTRED;
        for (a, b) in [(from, next.saturating_add(1).min(used.len())), (next, to)] {
            let one = sums.line(a, b);
            if one.error < line.error {
                line = one;
            }
        }
        at.push(line.place(*time));
        next = next.saturating_add(usize::from(*taken));
    }
    let mut placed = Placed { at, scatter: SCATTER.1 };
    take_patterns_out(&mut placed.at, path);
    placed.scatter = scatter(&placed.at, transitions, path);
    placed
}

/// A used transition: its cell, its time, its weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) cell: f64,
    pub(super) time: f64,
    pub(super) weight: f64,
}

/// Sums up to each point, for lines through any run of them.
struct Sums {
    /// Weight, cell, rest, cell squared, cell times rest, rest squared; a rest is
    /// the time less that of a mean grid, which keeps digits.
    upto: Vec<[f64; 6]>,
    slope: f64,
}

/// A line: time against cells.
struct Line {
    cell: f64,
    time: f64,
    slope: f64,
    /// Mean square of what is off it.
    error: f64,
}

impl Line {
    fn place(&self, time: f64) -> f64 {
        self.cell + (time - self.time) / self.slope
    }
}

impl Sums {
    fn of(points: &[Point]) -> Self {
        let slope = match (points.first(), points.last()) {
            (Some(a), Some(b)) if b.cell > a.cell => (b.time - a.time) / (b.cell - a.cell),
            _ => 1.0,
        };
        let mut sum = [0.0; 6];
        let mut upto = Vec::with_capacity(points.len().saturating_add(1));
        upto.push(sum);
        for Point { cell: n, time, weight: w } in points {
            let r = time - n * slope;
            for (sum, term) in sum.iter_mut().zip([*w, w * n, w * r, w * n * n, w * n * r, w * r * r]) {
                *sum += term;
            }
            upto.push(sum);
        }
        Self { upto, slope }
    }

    /// The line of least squares through the points of a range.
    fn line(&self, from: usize, to: usize) -> Line {
        let none = [0.0; 6];
        let (a, b) = (self.upto.get(from).unwrap_or(&none), self.upto.get(to).unwrap_or(&none));
        let [w, n, r, nn, nr, rr] = std::array::from_fn(|k| match (a.get(k), b.get(k)) {
            (Some(a), Some(b)) => b - a,
            _ => 0.0,
        });
        let (w, few) = (w.max(1e-9), to.saturating_sub(from) < FEWEST);
        let (cell, rest) = (n / w, r / w);
        let (nn, nr, rr) = (nn - n * cell, nr - n * rest, rr - r * rest);
        let tilt = if nn > 1e-6 { nr / nn } else { 0.0 };
        let slope = (self.slope + tilt).clamp(self.slope * 0.7, self.slope * 1.4);
        let error = if few { f64::MAX } else { (rr - nr * tilt).max(0.0) / w };
        Line { cell, time: cell * self.slope + rest, slope: slope.max(1e-3), error }
    }
}

/// Neighbours move transitions; how far is measured for each pair of distances
/// and taken out.
fn take_patterns_out(at: &mut [f64], path: &Path) {
    let mut means = [[(0.0, 0.0); PATTERNS]; PATTERNS];
    let pairs = path.neighbours();
    for ((x, cell), pair) in at.iter().zip(&path.cell).zip(&pairs) {
        let Some((before, after)) = pair else { continue };
        if let Some((sum, count)) = means.get_mut(*before).and_then(|row| row.get_mut(*after)) {
            *sum += (x - f64::from(*cell)).clamp(-0.5, 0.5);
            *count += 1.0;
        }
    }
    for (x, pair) in at.iter_mut().zip(&pairs) {
        let Some((before, after)) = pair else { continue };
        if let Some((sum, count)) = means.get(*before).and_then(|row| row.get(*after))
            && *count > CASES
        {
            *x -= sum / count;
        }
    }
}

fn scatter(at: &[f64], transitions: &Transitions, path: &Path) -> f64 {
    let each = at.iter().zip(&path.cell).zip(&path.used).zip(&transitions.weight);
    let mut off: Vec<f64> = each
        .filter(|((_, used), _)| **used)
        .map(|(((x, cell), _), weight)| (x - f64::from(*cell)).abs() * weight.sqrt())
        .collect();
    let middle = off.len() / 2;
    if off.is_empty() {
        return SCATTER.1;
    }
    let (_, median, _) = off.select_nth_unstable_by(middle, f64::total_cmp);
    (1.4826 * *median).clamp(SCATTER.0, SCATTER.1)
}
