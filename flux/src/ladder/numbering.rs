//! The first numbering of the cells of a hard track: which interval is how many
//! cells, by six loops that run both ways in time. Where one has slipped,
//! another is locked; at each transition the calmest is believed.

use std::ops::RangeInclusive;

use super::{Transitions, nearest_cell};

/// Intervals of a window in which the length of a cell is found, and the step
/// to the next one.
const WINDOW: usize = 240;
const STEP: usize = WINDOW / 2;
/// How many lengths are tried, and how far they go from the nominal one.
const TRIED: usize = 19;
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

/// How fast a loop follows.
#[derive(Clone, Copy)]
struct Gains {
    /// Shares of the error that phase and length of a cell take over.
    phase: f64,
    length: f64,
    /// Share by which the length is drawn to that of the window.
    pull: f64,
}

const GAINS: [Gains; 3] = [
    Gains { phase: 0.06, length: 0.001, pull: 0.002 },
    Gains { phase: 0.15, length: 0.006, pull: 0.004 },
    Gains { phase: 0.4, length: 0.04, pull: 0.01 },
];

/// The number of cells of each interval between transitions; 0 for a transition
/// that has no cell of its own.
pub(super) fn distances(transitions: &Transitions, reach: (usize, usize)) -> Vec<i32> {
    let times = &transitions.at;
    let intervals: Vec<f64> = times.iter().zip(times.iter().skip(1)).map(|(a, b)| b - a).collect();
    let lengths = local_lengths(&intervals);
    choose(followed(&intervals, &lengths, reach).as_flattened())
}

/// The length of a cell around each interval, found without decoding.
fn local_lengths(intervals: &[f64]) -> Vec<f64> {
    let blocks: Vec<Block> = intervals.chunks(STEP).map(Block::of).collect();
    // The last block may be short.
    let last = blocks.len().saturating_sub(WINDOW / STEP + 1);
    let window = |i: usize| blocks.get(i.min(last)..i.saturating_add(WINDOW / STEP).min(blocks.len()));
    let found: Vec<f64> = (0..blocks.len()).map(|i| best_length(window(i).unwrap_or_default())).collect();
    let median = |i: usize| {
        let from = i.saturating_sub(2);
        let mut near: Vec<f64> = found.iter().skip(from).take(5).copied().collect();
        near.sort_by(f64::total_cmp);
        near.get(near.len() / 2).copied().unwrap_or(1.0)
    };
    let steady: Vec<f64> = (0..found.len()).map(median).collect();
    (0..intervals.len()).map(|i| steady.get(i / STEP).copied().unwrap_or(1.0)).collect()
}

/// Intervals of a part of a window.
struct Block {
    /// How well they lie on the grid of each length that is tried.
    on_grid: [f64; TRIED],
    /// How many say something.
    count: f64,
}

impl Block {
    fn of(intervals: &[f64]) -> Self {
        let used: Vec<f64> = intervals.iter().copied().filter(|t| *t < LONGEST).collect();
        let on_grid = std::array::from_fn(|nth| sum_on_grid(&used, 1.0 / length(nth)));
        Self { on_grid, count: used.len() as f64 }
    }
}

/// The lengths that are tried, shortest first.
fn length(nth: usize) -> f64 {
    1.0 - SPAN + 2.0 * SPAN * nth as f64 / (TRIED - 1) as f64
}

/// The length on whose grid blocks lie best.
fn best_length(blocks: &[Block]) -> f64 {
    let count: f64 = blocks.iter().map(|block| block.count).sum();
    let score = |nth: usize| {
        let off = length(nth) - 1.0;
        let on_grid = blocks.iter().filter_map(|block| block.on_grid.get(nth));
        on_grid.sum::<f64>() - PULL * off * off * count
    };
    (0..TRIED).max_by(|a, b| score(*a).total_cmp(&score(*b))).map_or(1.0, length)
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

/// What a loop says of each interval: its cells, and the square of its error.
type Followed = Vec<(i32, f64)>;

/// All loops, both ways in time. They run side by side, for each has to wait for
/// itself only.
fn followed(intervals: &[f64], lengths: &[f64], reach: (usize, usize)) -> [[Followed; 2]; GAINS.len()] {
    let ends = [lengths.first(), lengths.last()].map(|length| length.copied().unwrap_or(1.0));
    let written = reach.0 as f64..=reach.1 as f64;
    let mut loops = GAINS.map(|gains| ends.map(|length| Loop { gains, written: written.clone(), since: 0.0, length }));
    let mut said = GAINS.map(|_| ends.map(|_| Vec::with_capacity(intervals.len())));
    let ahead = intervals.iter().zip(lengths);
    for both in ahead.clone().zip(ahead.rev()) {
        for (loops, said) in loops.iter_mut().zip(&mut said) {
            let ([forth, back], [forth_said, back_said]) = (loops, said);
            forth_said.push(forth.step(both.0));
            back_said.push(back.step(both.1));
        }
    }
    said.iter_mut().for_each(|[_, back]| back.reverse());
    said
}

/// A loop on its way.
struct Loop {
    gains: Gains,
    /// How many cells the code writes between transitions.
    written: RangeInclusive<f64>,
    since: f64,
    length: f64,
}

impl Loop {
    #[inline(always)]
    fn step(&mut self, (interval, local): (&f64, &f64)) -> (i32, f64) {
        let mut length = self.length;
        self.since += interval;
        let cells = nearest_cell(self.since / length);
        let count = f64::from(cells);
        let off = self.since / length - count;
        let price = off * off + if self.written.contains(&count) { 0.0 } else { OUTSIDE };
        if cells > 0 {
            self.since = off * length * (1.0 - self.gains.phase);
            // An interval out of the code's range says little of the speed.
            length += self.gains.length * off * length / count;
        }
        length += self.gains.pull * (local - length);
        self.length = length.clamp(local * 0.93, local * 1.07);
        (cells.max(0), price)
    }
}

/// At each interval what the calmest loop says.
fn choose(loops: &[Followed]) -> Vec<i32> {
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
