//! Other readings of a stretch, one small change each, with its price: a run of
//! up to three transitions one cell earlier or later, one left out, one put in; one
//! that was left out taken after all, besides the others or for one of them.

use super::viterbi::{LOST, Prices, SPLICE, absent_price, off_price, spurious_price};
use super::{Path, Placed, Transitions, nearest_cell};

/// Transitions that move together at most.
const TOGETHER: usize = 3;
/// What taking back a transition that was put in costs.
const TAKE_BACK: f64 = 1.0;
/// Dearer changes are not looked at.
const DEAREST: f64 = 20.0;

/// A transition of a path: one that was seen, or one that was put in for a lost
/// one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mark {
    pub(super) cell: i32,
    /// Where it lies, in cells.
    place: f64,
    weight: f64,
    absent: f64,
    pub(super) phase: bool,
    /// True where nothing was seen.
    pub(super) lost: bool,
}

impl Mark {
    /// One that was put in.
    fn lost(cell: i32, phase: bool) -> Self {
        Self { cell, place: f64::from(cell), weight: 0.0, absent: 0.0, phase, lost: true }
    }
}

/// Another reading.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    /// How much less likely it is, in nats; below zero where it is more likely.
    pub(super) price: f64,
    /// The cells that it turns around, first one first.
    pub(super) cells: Vec<i32>,
    /// The first and last mark that it touches.
    pub(super) marks: (usize, usize),
    how: How,
}

/// What becomes of the marks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Shifted(i32),
    LeftOut,
    /// Before the last of them.
    PutIn(Mark),
    /// For the only one of them.
    Swapped(Mark),
}

impl Change {
    /// Change marks so.
    pub(super) fn apply(&self, marks: &mut Vec<Mark>) {
        let (first, last) = self.marks;
        match self.how {
            How::Shifted(by) => {
                let moved = marks.iter_mut().take(last.saturating_add(1)).skip(first);
                moved.for_each(|mark| mark.cell = mark.cell.saturating_add(by));
            }
            How::LeftOut if first < marks.len() => _ = marks.remove(first),
            How::PutIn(mark) if last <= marks.len() => marks.insert(last, mark),
            How::Swapped(mark) => {
                if let Some(own) = marks.get_mut(first) {
                    *own = mark;
                }
            }
            How::LeftOut | How::PutIn(_) => {}
        }
    }
}

/// The transitions of a path, with those that it says were lost.
pub(super) fn marks(transitions: &Transitions, path: &Path, placed: &Placed, prices: &Prices) -> Vec<Mark> {
    let mut all: Vec<Mark> = Vec::with_capacity(path.cell.len());
    let shown = transitions.weight.iter().zip(&transitions.absent);
    let each = path.cell.iter().zip(&path.used).zip(path.phase.iter().zip(placed.at.iter().zip(shown)));
    for ((cell, used), (phase, (place, (weight, absent)))) in each {
        if !used {
            continue;
        }
        let (weight, absent, phase) = (*weight, *absent, *phase);
        let mark = Mark { cell: *cell, place: *place, weight, absent, phase, lost: false };
        if let Some(before) = all.last().copied()
            && let Some(off) = prices.split(before.cell, before.phase, *cell)
        {
            let cell = before.cell.saturating_add(off);
            all.push(Mark::lost(cell, before.phase));
        }
        all.push(mark);
    }
    all
}

/// The transitions that a path leaves out, at the cells nearest to them.
pub(super) fn spares(transitions: &Transitions, path: &Path, placed: &Placed) -> Vec<Mark> {
    let shown = transitions.weight.iter().zip(&transitions.absent);
    let each = path.used.iter().zip(placed.at.iter().zip(shown)).filter(|(used, _)| !**used);
    let spare = |(_, (place, (weight, absent))): (&bool, (&f64, (&f64, &f64)))| {
        let (cell, place, weight, absent) = (nearest_cell(*place), *place, *weight, *absent);
        Mark { cell, place, weight, absent, phase: false, lost: false }
    };
    each.map(spare).collect()
}

/// What marks are judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) prices: &'a Prices,
    /// What was left out, in order.
    pub(super) spares: &'a [Mark],
    pub(super) scatter: f64,
}

impl Judge<'_> {
    /// All changes of marks within a range of indexes that cost little.
    pub(super) fn changes(&self, marks: &[Mark], range: std::ops::Range<usize>) -> Vec<Change> {
        let mut all = Vec::new();
        for first in range {
            for count in 1..=TOGETHER {
                let last = first.saturating_add(count).saturating_sub(1);
                all.extend([-1, 1].into_iter().filter_map(|by| self.shifted(marks, (first, last), by)));
            }
            all.extend(self.left_out(marks, first));
            all.extend(self.put_in(marks, first));
            all.extend(self.taken(marks, first));
            all.extend(self.swapped(marks, first));
        }
        all
    }

    /// The transitions between two marks that were left out.
    fn spares(&self, from: &Mark, to: &Mark) -> &[Mark] {
        let first = self.spares.partition_point(|s| s.place <= from.place);
        let last = self.spares.partition_point(|s| s.place < to.place);
        self.spares.get(first..last).unwrap_or_default()
    }

    fn own(&self, mark: &Mark) -> f64 {
        if mark.lost {
            return LOST;
        }
        off_price(mark.place - f64::from(mark.cell), mark.weight, self.scatter) + absent_price(mark.absent)
    }

    fn step(&self, from: &Mark, to: &Mark) -> f64 {
        let splice = if from.phase == to.phase { 0.0 } else { SPLICE };
        let kind = self.prices.kind(from.cell, to.phase);
        splice + self.prices.step(kind, to.cell.saturating_sub(from.cell))
    }

    /// The price of marks with the steps between them.
    fn price(&self, marks: &[Mark]) -> f64 {
        let mut sum = 0.0;
        let mut before = None;
        for mark in marks {
            sum += self.own(mark) + before.map_or(0.0, |before| self.step(before, mark));
            before = Some(mark);
        }
        sum
    }

    /// How much dearer new marks are, where it is little.
    fn dearer(&self, old: &[Mark], new: &[Mark]) -> Option<f64> {
        let price = self.price(new) - self.price(old);
        (price < DEAREST).then_some(price)
    }

    fn shifted(&self, marks: &[Mark], (first, last): (usize, usize), by: i32) -> Option<Change> {
        let old = marks.get(first.checked_sub(1)?..=last.checked_add(1)?)?;
        let mut room = [*old.first()?; TOGETHER + 2];
        let new = room.get_mut(..old.len())?;
        new.copy_from_slice(old);
        let [_, moved @ .., _] = &mut *new else { return None };
        for mark in moved {
            mark.cell = mark.cell.saturating_add(by);
            // No transition is believed to be nearer to the cell after the next.
            if !mark.lost && (mark.place - f64::from(mark.cell)).abs() > 1.5 {
                return None;
            }
        }
        let price = self.dearer(old, new)?;
        Some(Change { price, cells: turned(old, new), marks: (first, last), how: How::Shifted(by) })
    }

    fn left_out(&self, marks: &[Mark], at: usize) -> Option<Change> {
        let old = marks.get(at.checked_sub(1)?..=at.checked_add(1)?)?;
        let [before, mark, next] = old else { return None };
        let dearer = self.dearer(old, &[*before, *next])?;
        let price = if mark.lost { TAKE_BACK } else { dearer + spurious_price(mark.weight) };
        Some(Change { price, cells: vec![mark.cell], marks: (at, at), how: How::LeftOut })
    }

    /// A transition that was lost between a mark and the next.
    fn put_in(&self, marks: &[Mark], at: usize) -> Option<Change> {
        let old = marks.get(at..=at.checked_add(1)?)?;
        let [before, next] = old else { return None };
        let between = before.cell.saturating_add(1)..next.cell;
        let put = |cell: i32| {
            let mark = Mark::lost(cell, next.phase);
            Some((self.dearer(old, &[*before, mark, *next])?, mark))
        };
        let (price, mark) = between.take(8).filter_map(put).min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(Change { price, cells: vec![mark.cell], marks: (at, at.saturating_add(1)), how: How::PutIn(mark) })
    }

    /// One that was left out between a mark and the next, taken after all.
    fn taken(&self, marks: &[Mark], at: usize) -> Vec<Change> {
        let old = marks.get(at..=at.saturating_add(1)).unwrap_or_default();
        let [before, next] = old else { return Vec::new() };
        let take = |spare: &Mark| {
            let mark = Mark { phase: next.phase, ..*spare };
            let price = self.price(&[*before, mark, *next]) - self.price(old) - spurious_price(spare.weight);
            let marks = (at, at.saturating_add(1));
            (price < DEAREST).then(|| Change { price, cells: vec![mark.cell], marks, how: How::PutIn(mark) })
        };
        self.spares(before, next).iter().filter_map(take).collect()
    }

    /// One that was left out beside a mark, taken for it.
    fn swapped(&self, marks: &[Mark], at: usize) -> Vec<Change> {
        let old = at.checked_sub(1).and_then(|before| marks.get(before..=at.saturating_add(1))).unwrap_or_default();
        let [before, own, next] = old else { return Vec::new() };
        let left_out = if own.lost { 0.0 } else { spurious_price(own.weight) };
        let swap = |spare: &Mark| {
            let mark = Mark { phase: own.phase, ..*spare };
            let dearer = self.price(&[*before, mark, *next]) - self.price(old);
            let price = dearer + left_out - spurious_price(spare.weight);
            let cells = turned(&[*own], &[mark]);
            let is_other = !cells.is_empty() && price < DEAREST;
            is_other.then_some(Change { price, cells, marks: (at, at), how: How::Swapped(mark) })
        };
        self.spares(before, next).iter().filter_map(swap).collect()
    }
}

/// The cells that some marks have and others have not.
fn turned(old: &[Mark], new: &[Mark]) -> Vec<i32> {
    let apart = |some: &[Mark], others: &[Mark]| -> Vec<i32> {
        some.iter().map(|m| m.cell).filter(|cell| !others.iter().any(|m| m.cell == *cell)).collect()
    };
    let mut cells = apart(old, new);
    cells.extend(apart(new, old));
    cells.sort_unstable();
    cells
}
