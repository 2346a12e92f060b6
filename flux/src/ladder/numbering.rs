//! The first numbering of the cells of a hard track: which interval is how many
//! cells, by six loops that run both ways in time. Where one has slipped,
//! another is locked; at each transition the calmest is believed.

use super::{Transitions, nearest_cell};

/// Intervals of a window in which the length of a cell is found, and the step
/// to the next one.
const WINDOW: usize = 240;
const STEP: usize = WINDOW / 2;
/// Lengths tried on each side of the nominal one, and how far they go.
const TRIED: i32 = 9;
const SPAN: f64 = 0.14;
/// Longer intervals, in cells, say nothing of the length of a cell.
const LONGEST: f64 = 5.5;
/// What a length costs by the square of its distance from the nominal one.
const PULL: f64 = 2.0;
/// Transitions on each side over which the calm of a loop is judged.
const CALM: usize = 24;
/// What an interval outside the code's range adds to the square of its error.
const OUTSIDE: f64 = 0.08;
/// A loop is left when another is calmer by this factor.
const LEAVE: f64 = 1.07;

/// How fast a loop follows: shares of the error that phase and length of a cell
/// take over, and the share by which the length is drawn to that of the window.
const GAINS: [(f64, f64, f64); 3] = [(0.06, 0.001, 0.002), (0.15, 0.006, 0.004), (0.4, 0.04, 0.01)];

/// The number of cells of each interval between transitions; 0 for a transition
/// that has no cell of its own.
pub(super) fn distances(transitions: &Transitions, reach: (usize, usize)) -> Vec<i32> {
    let times = &transitions.at;
    let intervals: Vec<f64> = times.iter().zip(times.iter().skip(1)).map(|(a, b)| b - a).collect();
    let lengths = local_lengths(&intervals);
    let mut loops = Vec::new();
    for gains in GAINS {
        loops.push(follow(intervals.iter().zip(&lengths), gains, reach));
        let mut back = follow(intervals.iter().zip(&lengths).rev(), gains, reach);
        back.reverse();
        loops.push(back);
    }
    choose(&loops)
}

/// The length of a cell around each interval, found without decoding.
fn local_lengths(intervals: &[f64]) -> Vec<f64> {
    let starts = (0..intervals.len()).step_by(STEP);
    let found: Vec<f64> = starts
        .map(|start| {
            let end = start.saturating_add(WINDOW).min(intervals.len());
            window_length(intervals.get(end.saturating_sub(WINDOW)..end).unwrap_or(intervals))
        })
        .collect();
    let median = |i: usize| {
        let from = i.saturating_sub(2);
        let mut near: Vec<f64> = found.iter().skip(from).take(5).copied().collect();
        near.sort_by(f64::total_cmp);
        near.get(near.len() / 2).copied().unwrap_or(1.0)
    };
    let steady: Vec<f64> = (0..found.len()).map(median).collect();
    (0..intervals.len()).map(|i| steady.get(i / STEP).copied().unwrap_or(1.0)).collect()
}

fn window_length(intervals: &[f64]) -> f64 {
    let used: Vec<f64> = intervals.iter().copied().filter(|t| *t < LONGEST).collect();
    let mut best = (f64::MIN, 1.0);
    for k in TRIED.wrapping_neg()..=TRIED {
        let length = 1.0 + SPAN * f64::from(k) / f64::from(TRIED);
        let (rate, off) = (1.0 / length, length - 1.0);
        let on_grid = sum_on_grid(&used, rate);
        let score = on_grid - PULL * off * off * used.len() as f64;
        if score > best.0 {
            best = (score, length);
        }
    }
    best.1
}

/// How well intervals lie on a grid of so many cells each. Four sums, for the
/// processor adds them at once.
fn sum_on_grid(intervals: &[f64], rate: f64) -> f64 {
    let (fours, rest) = intervals.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for four in fours {
        sums.iter_mut().zip(four).for_each(|(sum, t)| *sum += on_grid(t * rate));
    }
    rest.iter().fold(sums.iter().sum(), |sum, t| sum + on_grid(t * rate))
}

/// 1 on the grid, -1 half way between: a wave of parabolas, for a cosine is not
/// the same number everywhere. Without a branch, which noise would mislead.
fn on_grid(x: f64) -> f64 {
    /// Above this there are no halves: adding it rounds.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    let off = (x - ((x + WHOLE) - WHOLE)).abs();
    let (near, far) = (off.min(0.25), 0.5 - off.max(0.25));
    16.0 * (far * far - near * near)
}

/// One loop over intervals in its order: cells of each, and the square of its
/// error.
fn follow<'a>(
    intervals: impl Iterator<Item = (&'a f64, &'a f64)>,
    (phase, period, pull): (f64, f64, f64),
    (least, most): (usize, usize),
) -> Vec<(i32, f64)> {
    let written = least as f64..=most as f64;
    let (mut since, mut cell) = (0.0, None);
    let step = |(interval, local): (&f64, &f64)| {
        let mut length: f64 = cell.unwrap_or(*local);
        since += interval;
        let cells = nearest_cell(since / length);
        let count = f64::from(cells);
        let off = since / length - count;
        let price = off * off + if written.contains(&count) { 0.0 } else { OUTSIDE };
        if cells > 0 {
            since = off * length * (1.0 - phase);
            // An interval out of the code's range says little of the speed.
            length += period * off * length / count;
        }
        length += pull * (local - length);
        cell = Some(length.clamp(local * 0.93, local * 1.07));
        (cells.max(0), price)
    };
    intervals.map(step).collect()
}

/// At each interval what the calmest loop says.
fn choose(loops: &[Vec<(i32, f64)>]) -> Vec<i32> {
    let calm: Vec<Vec<f64>> = loops.iter().map(|path| smoothed(path)).collect();
    let count = loops.first().map_or(0, Vec::len);
    let mut current = 0;
    let at = |which: usize, i: usize| calm.get(which).and_then(|c| c.get(i)).copied().unwrap_or(f64::MAX);
    (0..count)
        .map(|i| {
            let best = (0..loops.len()).min_by(|a, b| at(*a, i).total_cmp(&at(*b, i))).unwrap_or(0);
            if at(best, i) * LEAVE < at(current, i) {
                current = best;
            }
            loops.get(current).and_then(|path| path.get(i)).map_or(0, |(cells, _)| *cells)
        })
        .collect()
}

/// Mean price around each interval.
fn smoothed(path: &[(i32, f64)]) -> Vec<f64> {
    let mut sums = Vec::with_capacity(path.len().saturating_add(1));
    let mut sum = 0.0;
    sums.push(sum);
    for (_, price) in path {
        sum += price;
        sums.push(sum);
    }
    let upto = |i: usize| sums.get(i.min(path.len())).copied().unwrap_or(sum);
    (0..path.len())
        .map(|i| {
            let (from, to) = (i.saturating_sub(CALM), i.saturating_add(CALM).saturating_add(1).min(path.len()));
            (upto(to) - upto(from)) / (to.saturating_sub(from)).max(1) as f64
        })
        .collect()
}
