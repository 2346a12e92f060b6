//! Cells to flux.

use floptical_model::{CellClock, Cells, Clock, Edge, Flux, IndexMark, Ps, Rate};

/// The flux of so many revolutions of cells, in ticks of a clock, from index to
/// index. Every time is computed from the start, so nothing drifts; a
/// transition lies in the middle of its cell. Cells of unknown length last as
/// long as those of double density.
pub fn transitions(cells: &Cells, clock: Clock, revolutions: u32) -> Flux {
    let len = cells.bits.len();
    let index_at = cells.index_at.copied().and_then(|at| usize::try_from(at).ok()).filter(|at| *at < len).unwrap_or(0);
    let times = Times::of(cells);
    let (turn, index) = (times.start(len), times.start(index_at));
    // Of one revolution, from the index on.
    let (before, after): (Vec<usize>, Vec<usize>) = cells.bits.ones().partition(|at| *at < index_at);
    let after = after.into_iter().map(|at| times.middle(at).saturating_sub(index));
    let before = before.into_iter().map(|at| times.middle(at).saturating_add(turn).saturating_sub(index));
    let places: Vec<u128> = after.chain(before).collect();
    let mut intervals = Vec::new();
    let mut marks = vec![IndexMark { tick: 0, interval: 0 }];
    let mut last = 0u64;
    for revolution in 0..revolutions {
        let begin = turn.saturating_mul(revolution.into());
        for place in &places {
            let at = tick(clock, begin.saturating_add(*place));
            intervals.push(u32::try_from(at.saturating_sub(last)).unwrap_or(u32::MAX));
            last = at;
        }
        let interval = u32::try_from(intervals.len()).unwrap_or(u32::MAX);
        marks.push(IndexMark { tick: tick(clock, begin.saturating_add(turn)), interval });
    }
    let intervals = intervals.into();
    Flux { clock, intervals, index: marks, sector_marks: Vec::new(), start: Edge::Index, end: Edge::Index }
}

/// The tick nearest to a time in half picoseconds.
fn tick(clock: Clock, time: u128) -> u64 {
    let (num, den) = clock.ratio();
    let scale = u128::from(den).saturating_mul(u128::from(Ps::SECOND)).saturating_mul(2);
    let wide = time.saturating_mul(num.into()).saturating_add(scale / 2);
    u64::try_from(wide.checked_div(scale).unwrap_or(0)).unwrap_or(u64::MAX)
}

/// When cells begin, in half picoseconds from cell 0.
struct Times(Vec<Run>);

/// Cells alike: the first, when it begins, how long each lasts.
#[derive(Clone, Copy)]
struct Run {
    cell: usize,
    start: u128,
    length: u128,
}

impl Times {
    fn of(cells: &Cells) -> Self {
        let double = |ps: Ps| u128::from(ps.0).saturating_mul(2);
        let runs = match &cells.clock {
            CellClock::Uniform(cell) => vec![(0, cell.copied().unwrap_or(Rate::DD.cell()))],
            CellClock::Runs(runs) => runs.clone(),
        };
        let (mut cell, mut start) = (0usize, 0u128);
        let mut all = Vec::with_capacity(runs.len());
        for (count, ps) in runs {
            all.push(Run { cell, start, length: double(ps) });
            cell = cell.saturating_add(count as usize);
            start = start.saturating_add(double(ps).saturating_mul(count.into()));
        }
        Self(all)
    }

    /// The run of a cell; the last one goes on to the end.
    fn run(&self, cell: usize) -> Run {
        let after = self.0.partition_point(|run| run.cell <= cell);
        let none = Run { cell: 0, start: 0, length: u128::from(Rate::DD.cell().0).saturating_mul(2) };
        self.0.get(after.saturating_sub(1)).copied().unwrap_or(none)
    }

    fn start(&self, cell: usize) -> u128 {
        let run = self.run(cell);
        run.start.saturating_add(run.length.saturating_mul(cell.saturating_sub(run.cell) as u128))
    }

    fn middle(&self, cell: usize) -> u128 {
        self.start(cell).saturating_add(self.run(cell).length / 2)
    }
}
