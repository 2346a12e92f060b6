//! Revolutions laid on each other: the mean of their transitions, and how many
//! show each.
//!
//! Runs of cells that both show, once each, anchor one revolution on another;
//! between anchors the speed is taken as steady. Transitions are then paired,
//! one revolution after the other, with the mean of those before.

use std::collections::BTreeMap;

use super::{Path, Transitions};

/// Cells of a run: so many distances one after the other.
const RUN: usize = 12;
/// How far from its place a run may be found, as a share of a turn.
const WANDER: f64 = 0.035;
/// Candidates around one that must agree with it, and how far its offset may be
/// from their median, in cells.
const AROUND: usize = 80;
const AGREE: f64 = 6.0;
/// With fewer anchors a revolution is left out.
const FEWEST: usize = 200;
/// Each so manyth anchor carries a line through those within so many cells.
const EACH: usize = 4;
const NEAR: f64 = 200.0;
/// Share of the revolutions that must show a transition.
const MAJORITY: f64 = 0.5;

/// A revolution to be laid on others: where its transitions lie, and their cells
/// as far as they are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer<'a> {
    /// Places or times, in cells.
    pub(super) at: &'a [f64],
    pub(super) path: &'a Path,
}

/// Lay revolutions of `turn` cells on the first: the mean of the transitions, and
/// how many show each. Those that do not anchor are left out; `None` where none
/// does.
pub(super) fn merge(layers: &[Layer<'_>], turn: f64, least: f64) -> Option<Transitions> {
    let (base, others) = layers.split_first()?;
    let mut clusters: Vec<Cluster> = base.at.iter().map(|at| Cluster { sum: *at, votes: 1.0 }).collect();
    let mut count = 1usize;
    let words = words(base.path);
    for other in others {
        let anchors = anchors(base, other, &words, turn);
        if anchors.len() < FEWEST {
            continue;
        }
        let bend = Bend::of(&anchors);
        let mapped: Vec<f64> = other.at.iter().map(|at| bend.place(*at)).collect();
        clusters = paired(&clusters, &mapped, least / 2.0);
        count = count.saturating_add(1);
    }
    if count < 2 {
        return None;
    }
    let enough = if count > 2 { MAJORITY * count as f64 } else { 0.5 };
    let kept: Vec<Cluster> = clusters.iter().filter(|c| c.votes >= enough).copied().collect();
    Some(Transitions { at: kept.iter().map(Cluster::mean).collect(), weight: kept.iter().map(|c| c.votes).collect() })
}

/// Transitions of several revolutions that are one.
#[derive(Debug, Clone, Copy)]
struct Cluster {
    sum: f64,
    votes: f64,
}

impl Cluster {
    fn mean(&self) -> f64 {
        self.sum / self.votes
    }
}

/// The runs of a path: the distances of each, and the transition it begins at.
fn words(path: &Path) -> Vec<(u64, usize)> {
    let used: Vec<(usize, i32)> =
        path.cell.iter().zip(&path.used).enumerate().filter(|(_, (_, u))| **u).map(|(i, (c, _))| (i, *c)).collect();
    let far: Vec<u64> = used
        .iter()
        .zip(used.iter().skip(1))
        .map(|((_, a), (_, b))| u64::try_from(b.saturating_sub(*a)).unwrap_or(0).min(15))
        .collect();
    let run = |run: &[u64]| run.iter().fold(0, |word, d| word << 4 | d);
    far.windows(RUN).zip(&used).map(|(all, (i, _))| (run(all), *i)).collect()
}

/// Places in the other revolution and in the base that are one.
fn anchors(base: &Layer<'_>, other: &Layer<'_>, base_words: &[(u64, usize)], turn: f64) -> Vec<(f64, f64)> {
    let mut index: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (word, at) in words(other.path) {
        index.entry(word).or_default().push(at);
    }
    let reach = WANDER * turn;
    let candidate = |(word, i): &(u64, usize)| {
        let at = *base.at.get(*i)?;
        let all = index.get(word)?;
        // Filler has one word in most places: only those near by are looked at.
        let first = all.partition_point(|j| other.at.get(*j).is_some_and(|place| *place < at - reach));
        let places = all.iter().skip(first).filter_map(|j| other.at.get(*j).copied());
        let mut near = places.take_while(|place| *place <= at + reach);
        match (near.next(), near.next()) {
            (Some(place), None) => Some((place, at)),
            _ => None,
        }
    };
    let candidates: Vec<(f64, f64)> = base_words.iter().filter_map(candidate).collect();
    let offsets: Vec<f64> = candidates.iter().map(|(from, to)| to - from).collect();
    let agrees = |i: &usize| {
        let (from, to) = (i.saturating_sub(AROUND), i.saturating_add(AROUND).saturating_add(1).min(offsets.len()));
        let mut around = offsets.get(from..to).unwrap_or_default().to_vec();
        let middle = around.len() / 2;
        let (_, median, _) = around.select_nth_unstable_by(middle, f64::total_cmp);
        offsets.get(*i).is_some_and(|offset| (offset - *median).abs() <= AGREE)
    };
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for one in (0..candidates.len()).filter(agrees).filter_map(|i| candidates.get(i)) {
        if kept.last().is_none_or(|last| last.0 < one.0 && last.1 < one.1) {
            kept.push(*one);
        }
    }
    kept
}

/// From places of one revolution to those of another.
struct Bend {
    /// Place there, offset here.
    points: Vec<(f64, f64)>,
}

impl Bend {
    fn of(anchors: &[(f64, f64)]) -> Self {
        let (mut from, mut to) = (0usize, 0usize);
        let mut points = Vec::new();
        for (at, _) in anchors.iter().step_by(EACH) {
            while anchors.get(from).is_some_and(|a| a.0 < at - NEAR) {
                from = from.saturating_add(1);
            }
            while anchors.get(to).is_some_and(|a| a.0 <= at + NEAR) {
                to = to.saturating_add(1);
            }
            points.push((*at, offset_at(anchors.get(from..to).unwrap_or_default(), *at)));
        }
        Self { points }
    }

    fn place(&self, at: f64) -> f64 {
        let after = self.points.partition_point(|p| p.0 < at);
        let offset = match (after.checked_sub(1).and_then(|i| self.points.get(i)), self.points.get(after)) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (at - a.0) / (b.0 - a.0).max(1e-9),
            (Some(one), None) | (None, Some(one)) => one.1,
            (None, None) => 0.0,
        };
        at + offset
    }
}

/// The offset at a place by the line of least squares through anchors.
fn offset_at(anchors: &[(f64, f64)], at: f64) -> f64 {
    let count = anchors.len().max(1) as f64;
    let sums = anchors.iter().fold([0.0; 4], |[x, y, xx, xy], (from, to)| {
        let (u, v) = (from - at, to - from);
        [x + u, y + v, xx + u * u, xy + u * v]
    });
    let [x, y, xx, xy] = sums.map(|sum| sum / count);
    let spread = xx - x * x;
    let slope = if spread > 1.0 { (xy - x * y) / spread } else { 0.0 };
    y - slope * x
}

/// Add a revolution to the clusters: nearest to nearest within `apart`; what is
/// left over between two pairs is paired in order where it is as many.
fn paired(clusters: &[Cluster], other: &[f64], apart: f64) -> Vec<Cluster> {
    let mut all = Vec::with_capacity(clusters.len().saturating_add(other.len() / 64));
    let (mut i, mut j) = (0usize, 0usize);
    for (a, b) in mutual(clusters, other, apart).into_iter().chain([(clusters.len(), other.len())]) {
        between(clusters.get(i..a).unwrap_or_default(), other.get(j..b).unwrap_or_default(), &mut all);
        if let (Some(cluster), Some(place)) = (clusters.get(a), other.get(b)) {
            all.push(Cluster { sum: cluster.sum + place, votes: cluster.votes + 1.0 });
        }
        (i, j) = (a.saturating_add(1), b.saturating_add(1));
    }
    all
}

/// Pairs that are each other's nearest, in order.
fn mutual(clusters: &[Cluster], other: &[f64], apart: f64) -> Vec<(usize, usize)> {
    let means: Vec<f64> = clusters.iter().map(Cluster::mean).collect();
    let forth = nearest(&means, other);
    let back = nearest(other, &means);
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (a, b) in forth.into_iter().enumerate() {
        let close = means.get(a).zip(other.get(b)).is_some_and(|(x, y)| (x - y).abs() <= apart);
        let in_order = pairs.last().is_none_or(|last| last.1 < b);
        if close && in_order && back.get(b) == Some(&a) {
            pairs.push((a, b));
        }
    }
    pairs
}

/// For each place the index of the nearest one of others; both in order.
fn nearest(places: &[f64], others: &[f64]) -> Vec<usize> {
    let mut at = 0usize;
    let next_is_nearer = |at: usize, place: f64| {
        let pair = others.get(at).zip(others.get(at.saturating_add(1)));
        pair.is_some_and(|(here, next)| (next - place).abs() < (here - place).abs())
    };
    let find = |place: &f64| {
        while next_is_nearer(at, *place) {
            at = at.saturating_add(1);
        }
        at
    };
    places.iter().map(find).collect()
}

/// What lies between two pairs.
fn between(clusters: &[Cluster], other: &[f64], all: &mut Vec<Cluster>) {
    let alone = |place: &f64| Cluster { sum: *place, votes: 1.0 };
    if clusters.len() == other.len() {
        all.extend(clusters.iter().zip(other).map(|(c, at)| Cluster { sum: c.sum + at, votes: c.votes + 1.0 }));
        return;
    }
    let start = all.len();
    all.extend_from_slice(clusters);
    all.extend(other.iter().map(alone));
    if let Some(new) = all.get_mut(start..) {
        new.sort_by(|a, b| a.mean().total_cmp(&b.mean()));
    }
}
