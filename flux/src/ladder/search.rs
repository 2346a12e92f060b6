//! The bounded search for a set of cheap changes that makes a check hold.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Changes that take part: the cheapest.
pub(super) const CHANGES: usize = 1000;
/// Sets that are looked at at most, those that touch each other too.
const OPENED: usize = 1 << 14;
/// Changes in a set at most.
const SET: usize = 6;

/// A change as the search sees it: its price, what it does to the check, the
/// marks that it touches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// Which change it is.
    pub(super) change: usize,
    pub(super) price: f64,
    pub(super) syndrome: u32,
    pub(super) marks: (usize, usize),
}

/// A set of changes that gives the wanted syndrome.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hit {
    pub(super) price: f64,
    /// The changes.
    pub(super) set: Vec<usize>,
}

/// The sets that give `wanted`, cheapest first, among the first `most` sets and
/// up to a price; candidates in order of price. The empty set is none of them.
pub(super) fn hits(candidates: &[Candidate], wanted: u32, most: usize, dearest: f64) -> impl Iterator<Item = Hit> {
    let fits = move |(price, members): (f64, Vec<Candidate>)| {
        let fits = members.iter().fold(0, |sum, c| sum ^ c.syndrome) == wanted;
        fits.then(|| Hit { price, set: members.iter().map(|c| c.change).collect() })
    };
    sets(candidates).take(most).take_while(move |(price, _)| *price <= dearest).filter_map(fits)
}

/// The prices of all sets, cheapest first.
pub(super) fn all_sets(candidates: &[Candidate]) -> impl Iterator<Item = f64> {
    sets(candidates).map(|(price, _)| price)
}

/// Sets of candidates that do not touch each other, cheapest first.
fn sets(candidates: &[Candidate]) -> impl Iterator<Item = (f64, Vec<Candidate>)> {
    let mut heap = BinaryHeap::new();
    if let Some(first) = candidates.first() {
        heap.push(Reverse(Open { price: first.price, set: vec![0] }));
    }
    let mut opened = 0usize;
    std::iter::from_fn(move || {
        while opened < OPENED {
            opened = opened.saturating_add(1);
            let Reverse(open) = heap.pop()?;
            let Some((last, rest)) = open.set.split_last() else { continue };
            let next = last.saturating_add(1);
            if let (Some(own), Some(following)) = (candidates.get(*last), candidates.get(next)) {
                let mut replaced = rest.to_vec();
                replaced.push(next);
                heap.push(Reverse(Open { price: open.price - own.price + following.price, set: replaced }));
                if open.set.len() < SET {
                    let mut longer = open.set.clone();
                    longer.push(next);
                    heap.push(Reverse(Open { price: open.price + following.price, set: longer }));
                }
            }
            let members: Vec<Candidate> = open.set.iter().filter_map(|i| candidates.get(*i)).copied().collect();
            if !meet(&members) {
                return Some((open.price, members));
            }
        }
        None
    })
}

/// True when two of them touch the same transitions, or neighbours.
fn meet(members: &[Candidate]) -> bool {
    let near = |a: &Candidate, b: &Candidate| {
        a.marks.0 <= b.marks.1.saturating_add(1) && b.marks.0 <= a.marks.1.saturating_add(1)
    };
    members.iter().enumerate().any(|(i, a)| members.iter().skip(i.saturating_add(1)).any(|b| near(a, b)))
}

/// A set in the order of the search.
#[derive(Debug)]
struct Open {
    price: f64,
    set: Vec<usize>,
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        self.price.total_cmp(&other.price).then_with(|| self.set.cmp(&other.set))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(all: &[(f64, u32)]) -> Vec<Candidate> {
        let one = |(i, (price, syndrome)): (usize, &(f64, u32))| Candidate {
            change: i,
            price: *price,
            syndrome: *syndrome,
            marks: (i * 10, i * 10),
        };
        all.iter().enumerate().map(one).collect()
    }

    #[test]
    fn sets_come_in_the_order_of_their_price() {
        let all = candidates(&[(1.0, 1), (2.0, 2), (2.5, 3), (4.0, 7), (4.5, 4)]);
        let prices: Vec<f64> = hits(&all, 3, 1000, f64::MAX).map(|h| h.price).collect();
        assert_eq!(prices.first(), Some(&2.5));
        assert_eq!(prices.get(1), Some(&3.0));
        assert!(prices.is_sorted());
        assert!(hits(&all, 3, 1000, 2.6).count() == 1 && hits(&all, 0x10, 1000, f64::MAX).next().is_none());
    }

    #[test]
    fn sets_do_not_touch_a_transition_twice() {
        let mut all = candidates(&[(1.0, 1), (2.0, 2)]);
        all[1].marks = (1, 1);
        assert!(hits(&all, 3, 100, f64::MAX).next().is_none());
    }
}
