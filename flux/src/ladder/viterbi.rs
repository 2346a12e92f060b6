//! The most likely cells of transitions that lie on a grid, under the rules of
//! a code (Viterbi).
//!
//! A state is the cell of a transition, one of the three nearest, and whether
//! even or odd cells are those of data. Steps have the prices of the code;
//! a transition may be spurious, and one may be lost.

use super::{Path, Placed, Transitions, nearest_cell};
use crate::code::Rules;

/// What a transition far from its cell costs at most, for each revolution.
pub(super) const FAR: f64 = 16.0;
/// What it costs to take a transition for each revolution that does not show it.
const ABSENT: f64 = 8.0;
/// What a spurious transition costs.
const SPURIOUS: f64 = 14.0;
/// What a lost transition costs, besides the steps around it.
pub(super) const LOST: f64 = 13.0;
/// What a hole of several transitions costs, and each of its cells.
const HOLE: (f64, f64) = (21.0, 0.3);
/// What a distance shorter than the code's costs.
const SHORT: f64 = 15.0;
/// What a change between even and odd costs: a splice.
pub(super) const SPLICE: f64 = 14.0;
/// Cells that a transition may take: the nearest, the ones before and after.
const NEAR: usize = 3;
/// What it costs to go on where nothing fits.
const ANEW: f64 = 60.0;
/// Transitions that a step may leave out.
const SKIPS: usize = 3;
/// Distances with a price of their own; longer ones are holes.
const PRICED: usize = 16;

/// The prices of steps, in nats.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    /// By the kind of cell a step leaves (data, clock) and its distance.
    steps: [[f64; PRICED]; 2],
    pub(super) has_clocks: bool,
}

impl Prices {
    pub(super) fn of(rules: &Rules) -> Self {
        let (least, most) = rules.reach();
        let written = |prices: &[u16], d: usize| {
            let price = d.checked_sub(1).and_then(|at| prices.get(at)).filter(|p| **p < Rules::NEVER);
            price.map(|p| f64::from(*p) / 100.0)
        };
        let kinds = [rules.from_data, rules.from_clock];
        let plain = |kind: usize, d: usize| kinds.get(kind).and_then(|prices| written(prices, d));
        // Over a lost transition: the cheaper of the two steps that it split.
        let lost = |kind: usize, d: usize| {
            (least..=most)
                .filter_map(|first| {
                    let second = d.checked_sub(first)?;
                    Some(plain(kind, first)? + plain(after(kind, first, rules.has_clocks()), second)?)
                })
                .min_by(f64::total_cmp)
        };
        let price = |kind: usize, d: usize| match plain(kind, d) {
            Some(price) => price,
            None if d < least => SHORT,
            None => lost(kind, d).map_or(HOLE.0 + HOLE.1 * d as f64, |steps| LOST + steps),
        };
        let steps = std::array::from_fn(|kind| std::array::from_fn(|d| price(kind, d)));
        Self { steps, has_clocks: rules.has_clocks() }
    }

    /// Where a lost transition was in a step between two cells: cells after the
    /// first; `None` for a step over none, and for a hole.
    pub(super) fn split(&self, from: i32, phase: bool, to: i32) -> Option<i32> {
        let (kind, d) = (self.kind(from, phase), to.saturating_sub(from));
        if self.step(kind, d) < LOST || self.step(kind, d) >= HOLE.0 {
            return None;
        }
        let price = |first: i32| {
            let then = after(kind, usize::try_from(first).unwrap_or(0), self.has_clocks);
            self.step(kind, first) + self.step(then, d.saturating_sub(first))
        };
        (1..d).filter(|first| price(*first) < LOST).min_by(|a, b| price(*a).total_cmp(&price(*b)))
    }

    /// True where more than one transition is missing between two cells.
    pub(super) fn is_hole(&self, from: i32, phase: bool, to: i32) -> bool {
        self.step(self.kind(from, phase), to.saturating_sub(from)) >= HOLE.0
    }

    /// The kind of a cell: 0 data, 1 clock.
    pub(super) fn kind(&self, cell: i32, phase: bool) -> usize {
        usize::from(self.has_clocks && (cell & 1 == 1) != phase)
    }

    /// The price of a step of `d` cells from a cell of a kind (0 data, 1 clock).
    pub(super) fn step(&self, kind: usize, d: i32) -> f64 {
        if d <= 0 {
            return f64::INFINITY;
        }
        let priced = usize::try_from(d).ok().and_then(|d| self.steps.get(kind)?.get(d));
        priced.copied().unwrap_or(HOLE.0 + HOLE.1 * f64::from(d))
    }
}

/// The kind of cell that lies `d` cells after one of a kind.
pub(super) fn after(kind: usize, d: usize, has_clocks: bool) -> usize {
    if has_clocks { (kind ^ d) & 1 } else { 0 }
}

/// What a transition at `off` cells from the middle of its cell costs.
pub(super) fn off_price(off: f64, weight: f64, scatter: f64) -> f64 {
    (weight * off * off / (2.0 * scatter * scatter)).min(FAR * weight.max(1.0))
}

/// What taking a transition costs that so many revolutions do not show.
pub(super) fn absent_price(absent: f64) -> f64 {
    ABSENT * absent
}

/// What leaving a transition out costs.
pub(super) fn spurious_price(weight: f64) -> f64 {
    SPURIOUS * weight.max(1.0 / 3.0)
}

/// A transition on the way.
#[derive(Clone, Copy)]
struct Column {
    /// The cell nearest to it.
    base: i32,
    /// The costs of the best paths to its cells, in each phase.
    costs: [[f64; 2]; NEAR],
    /// The least of them.
    least: f64,
    /// What leaving it out costs.
    skip: f64,
}

impl Column {
    const NONE: Column =
        Column { base: 0, costs: [[f64::INFINITY; 2]; NEAR], least: f64::INFINITY, skip: f64::INFINITY };

    fn cheapest(&self) -> (f64, State) {
        let each = (0u8..).zip(&self.costs).flat_map(|(near, costs)| {
            (0u8..).zip(costs).map(move |(phase, cost)| (*cost, State { back: 1, near, phase }))
        });
        each.fold((f64::INFINITY, State::START), |best, one| if one.0 < best.0 { one } else { best })
    }
}

/// A state that a path came from.
#[derive(Debug, Clone, Copy)]
struct State {
    /// How many transitions before; 0 where the path begins.
    back: u8,
    near: u8,
    phase: u8,
}

impl State {
    const START: State = State { back: 0, near: 1, phase: 0 };
}

/// Find the most likely path.
pub(super) fn most_likely(transitions: &Transitions, placed: &Placed, prices: &Prices) -> Path {
    let mut last = [Column::NONE; SKIPS];
    let mut backs = Vec::with_capacity(transitions.at.len());
    let each = placed.at.iter().zip(&transitions.weight).zip(&transitions.absent);
    for (((x, weight), absent), i) in each.zip(0u32..) {
        let base = nearest_cell(*x);
        let mut column = Column { base, skip: spurious_price(*weight), ..Column::NONE };
        let mut back = [[State::START; 2]; NEAR];
        // The path may begin with any of the first transitions.
        let begin = if i < 3 { SPURIOUS * f64::from(i) } else { f64::INFINITY };
        for ((costs, back), near) in column.costs.iter_mut().zip(&mut back).zip(-1..) {
            let cell = base.saturating_add(near);
            let own = off_price(x - f64::from(cell), *weight, placed.scatter) + absent_price(*absent);
            for ((cost, back), phase) in costs.iter_mut().zip(back).zip(0u8..) {
                if phase == 0 || prices.has_clocks {
                    let (before, from) = cheapest_before(&last, cell, phase, prices);
                    (*cost, *back) = if before < begin { (own + before, from) } else { (own + begin, State::START) };
                }
            }
        }
        column.least = column.costs.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        if column.least == f64::INFINITY {
            let (before, from) = last.first().map_or((0.0, State::START), Column::cheapest);
            column.least = before + ANEW;
            column.costs = [[column.least; 2]; NEAR];
            back = [[from; 2]; NEAR];
        }
        last.rotate_right(1);
        if let Some(first) = last.first_mut() {
            *first = column;
        }
        backs.push(back);
    }
    let end = last.first().map_or(State::START, |column| column.cheapest().1);
    trace(&backs, end, &placed.at)
}

/// The cheapest way to a cell in a phase from the transitions before.
#[inline]
fn cheapest_before(last: &[Column; SKIPS], cell: i32, phase: u8, prices: &Prices) -> (f64, State) {
    let mut best = (f64::INFINITY, State::START);
    let mut skipped = 0.0;
    for (from, back) in last.iter().zip(1u8..) {
        // No step is cheaper than nothing.
        if skipped + from.least >= best.0 {
            skipped += from.skip;
            continue;
        }
        for ((costs, near), off) in from.costs.iter().zip(0u8..).zip(-1..) {
            let left = from.base.saturating_add(off);
            let step = skipped + prices.step(prices.kind(left, phase == 1), cell.saturating_sub(left));
            for (cost, before) in costs.iter().zip(0u8..) {
                let all = cost + step + if before == phase { 0.0 } else { SPLICE };
                if all < best.0 {
                    best = (all, State { back, near, phase: before });
                }
            }
        }
        skipped += from.skip;
    }
    best
}

/// Follow the cheapest path back.
fn trace(backs: &[[[State; 2]; NEAR]], end: State, at: &[f64]) -> Path {
    let mut path = Path::of(at.iter().map(|x| nearest_cell(*x)).collect());
    path.used.fill(false);
    let (mut state, mut i) = (end, backs.len());
    while state.back > 0 {
        let Some(here) = i.checked_sub(usize::from(state.back)) else { break };
        if let (Some(cell), Some(used), Some(phase)) =
            (path.cell.get_mut(here), path.used.get_mut(here), path.phase.get_mut(here))
        {
            *cell = cell.saturating_add(i32::from(state.near)).saturating_sub(1);
            *used = true;
            *phase = state.phase == 1;
        }
        let of_cell = backs.get(here).and_then(|back| back.get(usize::from(state.near)));
        state = of_cell.and_then(|back| back.get(usize::from(state.phase))).copied().unwrap_or(State::START);
        i = here;
    }
    path
}
