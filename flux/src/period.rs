//! Finds the length of a cell in a capture, before any decoding.

use std::ops::RangeInclusive;

use floptical_model::{Clock, Context, Ps, Result};

/// Cells to try: their lengths in ns, and how many lie between transitions.
struct Family {
    shortest: u64,
    longest: u64,
    between: RangeInclusive<u64>,
}

/// The standard rates of 250 and 300, 500 and 1000 kbit/s with errors of speed
/// of 12 %, the longest first.
const FM_MFM: [Family; 3] = [
    Family { shortest: 1467, longest: 2240, between: 2..=4 },
    Family { shortest: 880, longest: 1120, between: 2..=4 },
    Family { shortest: 440, longest: 560, between: 2..=4 },
];
/// The cells of Commodore, Apple and Macintosh, from 2 to 4 us, with errors of
/// 10 %.
const GCR: Family = Family { shortest: 1800, longest: 4400, between: 1..=3 };
/// Steps between two lengths to try: 1 / STEP of the length.
const STEP: u64 = 128;
/// Bins of the histogram: each 1 / 64 of the shortest cell (6.9 ns).
const BINS: usize = 2048;
/// Intervals that are counted at most, evenly over the capture: enough to tell
/// two cells apart.
const COUNTED: usize = 1 << 14;
/// Picoseconds in a bin.
const BIN: u64 = 6_875;
/// A cell and a quarter of it in the parts in which distances from a grid are
/// measured.
const WHOLE: u64 = 1 << 10;
const QUARTER: u64 = WHOLE / 4;
/// Scale of the length of a cell.
pub(crate) const SHIFT: u32 = 16;

/// The cells of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Length of a cell in ticks, times 2^16.
    pub(crate) cell: u64,
    /// Transitions lie on every cell (1), or on every second only (2: FM).
    pub(crate) stride: u8,
}

/// Find the cells of a capture.
///
/// # Errors
/// `Limit` or `Cancelled`.
pub(crate) fn grid(clock: Clock, intervals: &[u32], context: &Context) -> Result<Grid> {
    Ok(grids(clock, intervals, context)?.0)
}

/// Find the cells of a capture, and what else its intervals may be: those of 2
/// and 4 cells are FM, a quiet stretch of MFM, or 1 and 2 cells of 5 and 3.
///
/// A length is good when intervals are near 2, 3 or 4 times of it, as the
/// codes write them: FM has 2 and 4 only, MFM all three; GCR 1, 2 and 3.
///
/// # Errors
/// `Limit` or `Cancelled`.
pub(crate) fn grids(clock: Clock, intervals: &[u32], context: &Context) -> Result<(Grid, Option<Grid>)> {
    context.step(intervals.len() as u64)?;
    let histogram = Histogram::of(clock, intervals);
    // Intervals of 2 cells are as well 4 of half the length: a shorter cell must
    // be clearly better.
    let perfect = histogram.total().saturating_mul(WHOLE.cast_signed());
    let margin = perfect / 10;
    let [longest, shorter @ ..] = &FM_MFM;
    let mut best = (histogram.best(longest), longest);
    for family in shorter.iter().chain([&GCR]) {
        if best.0.0.saturating_add(margin) >= perfect {
            break;
        }
        let found = histogram.best(family);
        let fits = *family.between.start() == 2 || histogram.has_three(found.1);
        if fits && found.0 > best.0.0.saturating_add(margin) {
            best = (found, family);
        }
    }
    let ((_, ns), family) = best;
    let cell = histogram.refine(ns.saturating_mul(1000), &family.between);
    let even = *family.between.start() == 2 && histogram.only_even(cell);
    let of = |cells: u64, stride| Grid { cell: in_ticks(clock, cell.saturating_mul(cells)), stride };
    Ok(match even {
        true if has_odd_runs(clock, intervals, cell) => (of(2, 1), Some(of(1, 1))),
        true => (of(1, 2), Some(of(1, 1))),
        false => (of(1, 1), None),
    })
}

/// Picoseconds as ticks, times 2^16, with the rounding of one division.
fn in_ticks(clock: Clock, ps: u64) -> u64 {
    let (num, den) = clock.ratio();
    let wide = u128::from(ps).saturating_mul(u128::from(num)).saturating_mul(1 << SHIFT);
    let scale = u128::from(den).saturating_mul(u128::from(Ps::SECOND));
    u64::try_from(wide.checked_div(scale).unwrap_or(0)).unwrap_or(u64::MAX).max(1)
}

/// True when intervals of 1 cell of FM come in odd numbers as often as not. In
/// FM they are clock to data and data to clock, two by two; the 5 and 3 of Apple
/// has intervals of 1 and 2 cells as well, in any order.
fn has_odd_runs(clock: Clock, intervals: &[u32], cell: u64) -> bool {
    /// Intervals that are looked at, at the start of the capture.
    const LOOKED_AT: usize = 1 << 14;
    let short = |ticks: &u32| clock.to_ps(u64::from(*ticks)).0 < cell.saturating_mul(3);
    let (mut odd, mut runs) = (0u32, 0u32);
    for run in intervals.get(..LOOKED_AT).unwrap_or(intervals).chunk_by(|a, b| short(a) && short(b)) {
        if run.first().is_some_and(short) {
            runs = runs.saturating_add(1);
            odd = odd.saturating_add(u32::from(run.len() % 2 == 1));
        }
    }
    odd > runs / 4
}

/// How often intervals of each length came: (length in ps, count).
struct Histogram(Vec<(u64, i64)>);

impl Histogram {
    fn of(clock: Clock, intervals: &[u32]) -> Self {
        let mut counts = vec![0i64; BINS];
        // Bins for ticks: one multiplication for each interval.
        let (num, den) = clock.ratio();
        let per_tick = u128::from(Ps::SECOND).saturating_mul(den.into()).checked_shl(32).unwrap_or(u128::MAX);
        let per_tick = per_tick.checked_div(u128::from(BIN).saturating_mul(num.into())).unwrap_or(0);
        let per_tick = u64::try_from(per_tick).unwrap_or(u64::MAX);
        for ticks in intervals.iter().step_by(intervals.len().div_ceil(COUNTED).max(1)) {
            let bin = per_tick.saturating_mul(u64::from(*ticks)) >> 32;
            if let Some(count) = usize::try_from(bin).ok().and_then(|bin| counts.get_mut(bin)) {
                *count = count.saturating_add(1);
            }
        }
        let filled = (0u64..).zip(counts).filter(|(_, count)| *count > 0);
        Self(filled.map(|(bin, count)| (bin.saturating_mul(BIN).saturating_add(BIN / 2), count)).collect())
    }

    /// The best score of the cells of a family, and the cell in ns.
    fn best(&self, family: &Family) -> (i64, u64) {
        let mut best = (i64::MIN, family.longest);
        let mut ns = family.longest;
        while ns >= family.shortest {
            let score = self.score(ns.saturating_mul(1000), &family.between);
            if score > best.0 {
                best = (score, ns);
            }
            ns = ns.saturating_sub(ns / STEP);
        }
        best
    }

    /// How many intervals there are.
    fn total(&self) -> i64 {
        self.0.iter().fold(0i64, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// True when there are no intervals of 3 cells: fewer around 3 than between
    /// 2 and 3, where noise alone makes some, or hardly any.
    fn only_even(&self, cell: u64) -> bool {
        let around = |permille: u64| {
            let near =
                |ps: u64| ps.saturating_mul(1000).abs_diff(cell.saturating_mul(permille)) < cell.saturating_mul(200);
            self.0.iter().filter(|(ps, _)| near(*ps)).fold(0i64, |sum, (_, count)| sum.saturating_add(*count))
        };
        around(3000) <= around(2500).max(self.total() / 256)
    }

    /// True when intervals of 3 cells are there: the groups of GCR make many,
    /// and FM, whose intervals are 1 and 2 of its own cells, none.
    fn has_three(&self, ns: u64) -> bool {
        let ruler = Ruler::of(ns.saturating_mul(1000));
        let three = |ps: u64| matches!(ruler.nearest(ps), (3, 0..=QUARTER));
        let count = self.0.iter().filter(|(ps, _)| three(*ps)).fold(0i64, |sum, (_, n)| sum.saturating_add(*n));
        count > self.total() / 64
    }

    /// How well intervals fit a cell: [`WHOLE`] for each on the grid, down to the
    /// same below zero for each half way between, or of more or fewer cells.
    fn score(&self, cell: u64, between: &RangeInclusive<u64>) -> i64 {
        let ruler = Ruler::of(cell);
        let whole = WHOLE.cast_signed();
        let one = |ps: u64| match ruler.nearest(ps) {
            (cells, off) if between.contains(&cells) => whole.saturating_sub_unsigned(off.saturating_mul(4)),
            _ => whole.saturating_neg(),
        };
        self.0.iter().fold(0, |sum, (ps, count)| sum.saturating_add(one(*ps).saturating_mul(*count)))
    }

    /// The cell that fits best those intervals that are near its grid: least
    /// squares.
    fn refine(&self, cell: u64, between: &RangeInclusive<u64>) -> u64 {
        let ruler = Ruler::of(cell);
        let (mut over, mut under) = (0u64, 0u64);
        for (ps, count) in &self.0 {
            let (cells, off) = ruler.nearest(*ps);
            if between.contains(&cells) && off <= QUARTER {
                let weight = cells.saturating_mul(count.unsigned_abs());
                over = over.saturating_add(weight.saturating_mul(*ps));
                under = under.saturating_add(weight.saturating_mul(cells));
            }
        }
        over.checked_div(under).unwrap_or(cell)
    }
}

/// Measures lengths in cells.
#[derive(Clone, Copy)]
struct Ruler {
    /// Parts of a cell in a picosecond, times 2^32.
    per_ps: u64,
}

impl Ruler {
    fn of(cell: u64) -> Self {
        Self { per_ps: (WHOLE << 32).checked_div(cell).unwrap_or(0) }
    }

    /// The nearest number of cells, and how far from it in parts of a cell.
    fn nearest(self, ps: u64) -> (u64, u64) {
        // Bins reach to 14 us, and cells of a floppy are longer than 100 ns.
        let parts = ps.saturating_mul(self.per_ps) >> 32;
        let cells = parts.saturating_add(WHOLE / 2) / WHOLE;
        (cells, parts.abs_diff(cells.saturating_mul(WHOLE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cell_ns: u64, cells: &[u32]) -> (u64, u8) {
        let clock = Clock::hz(40_000_000);
        let ticks = |n: &u32| u32::try_from(u64::from(*n) * cell_ns * 40 / 1000).unwrap();
        let intervals: Vec<u32> = cells.iter().cycle().take(5000).map(ticks).collect();
        let grid = grid(clock, &intervals, &Context::default()).unwrap();
        (grid.cell * 25 / (1 << SHIFT), grid.stride)
    }

    #[test]
    fn the_cell_is_found_at_every_rate_and_speed_for_both_codes() {
        for nominal in [2000, 1667, 1000, 500] {
            for percent in [90, 96, 100, 104, 110] {
                let cell = nominal * percent / 100;
                for cells in [&[2, 2, 3, 4, 2, 3][..], &[2, 2, 4, 2, 2, 2, 2, 4, 4], &[2, 3, 3]] {
                    let (length, stride) = found(cell, cells);
                    assert!(length.abs_diff(cell) * 40 < cell, "{cell} ns, {cells:?}");
                    assert_eq!(stride, if cells.contains(&3) { 1 } else { 2 });
                }
            }
        }
    }

    #[test]
    fn the_cell_of_gcr_is_found_at_each_of_its_speeds() {
        for nominal in [4000, 3750, 3500, 3250, 2667, 2500, 2333, 2167, 2000] {
            for percent in [92, 97, 100, 103, 108] {
                let cell = nominal * percent / 100;
                for cells in [&[1, 2, 3, 1, 1, 2][..], &[1, 1, 1, 3], &[2, 3, 2, 3, 1]] {
                    let (length, stride) = found(cell, cells);
                    assert!(length.abs_diff(cell) * 40 < cell, "{cell} ns, {cells:?}: {length}");
                    assert_eq!(stride, 1);
                }
            }
        }
    }

    #[test]
    fn five_and_three_is_told_from_fm() {
        for cell in [4000, 3800, 4200] {
            let (length, stride) = found(cell, &[1, 1, 2, 1, 2, 2, 1, 1, 1, 2]);
            assert!(length.abs_diff(cell) * 40 < cell && stride == 1, "{length} {stride}");
        }
    }

    #[test]
    fn intervals_of_one_length_are_two_cells() {
        for cell in [2000, 1000] {
            assert!(found(cell, &[2]).0.abs_diff(cell) * 40 < cell);
        }
    }

    #[test]
    fn a_capture_without_transitions_has_some_cell() {
        assert!(grid(Clock::hz(24_000_000), &[], &Context::default()).unwrap().cell > 0);
    }
}
