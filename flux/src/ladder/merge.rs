//! Revolutions laid on each other: the mean of their transitions, and how many
//! show each.
//!
//! Runs of cells that both show, once each, anchor one revolution on another;
//! between anchors the speed is taken as steady. Transitions are then paired,
//! one revolution after the other, with the mean of those before. Where a
//! revolution is garbage it has no say.

use std::cmp::Ordering;
use std::ops::Range;

use super::{Path, Transitions};

/// Cells of a run: so many distances one after the other.
const RUN: usize = 12;
/// How far from its place a run may be found, as a share of a turn.
const WANDER: f64 = 0.035;
/// Candidates before and after some that they must agree with, and how far an
/// offset may be from the median, in cells.
const AROUND: usize = 72;
const AGREE: f64 = 6.0;
/// Candidates next to each other that have one median.
const BLOCK: usize = 16;
/// With fewer anchors a revolution is left out.
const FEWEST: usize = 200;
/// Each so manyth anchor carries a line through those within so many cells.
const EACH: usize = 4;
const NEAR: f64 = 200.0;
/// Share of the revolutions that show a transition that need not stand alone.
const MAJORITY: f64 = 0.5;

/// A revolution to be laid on others: where its transitions lie, and what its
/// cells show as far as they are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer<'a> {
    /// Places or times, in cells.
    pub(super) at: &'a [f64],
    /// Its runs, as [`runs`] gives them.
    pub(super) runs: &'a [Run],
    /// The transitions that are garbage, in order.
    pub(super) garbage: &'a [Range<usize>],
}

impl Layer<'_> {
    /// The transitions that are none, laid at these places, and where the others
    /// lie.
    fn laid(&self, at: &[f64]) -> (Vec<f64>, Vec<Range<f64>>) {
        let mut sound = Vec::with_capacity(at.len());
        let mut next = 0usize;
        for range in self.garbage {
            sound.extend_from_slice(at.get(next..range.start).unwrap_or_default());
            next = range.end;
        }
        sound.extend_from_slice(at.get(next..).unwrap_or_default());
        let place = |i: usize| at.get(i).or(at.last()).copied().unwrap_or(0.0);
        let holes = self.garbage.iter().map(|range| place(range.start)..place(range.end)).collect();
        (sound, holes)
    }
}

/// Lay revolutions of `turn` cells on the first: the mean of the transitions, and
/// how many show each. Those that do not anchor are left out; `None` where none
/// does.
pub(super) fn merge(layers: &[Layer<'_>], turn: f64, least: f64) -> Option<Transitions> {
    let (base, others) = layers.split_first()?;
    let (sound, holes) = base.laid(base.at);
    let mut clusters: Vec<Cluster> = sound.into_iter().map(|at| Cluster { sum: at, votes: 1.0 }).collect();
    let mut holes = vec![holes];
    for other in others {
        let anchors = anchors(base, other, turn);
        if anchors.len() < FEWEST {
            continue;
        }
        let (mapped, own_holes) = other.laid(&Bend::of(&anchors).places(other.at));
        clusters = paired(&clusters, &mapped, least / 2.0);
        holes.push(own_holes);
    }
    if holes.len() < 2 {
        return None;
    }
    let kept = believable(&clusters, &holes);
    Some(Transitions {
        at: kept.iter().map(|(c, _)| c.mean()).collect(),
        weight: kept.iter().map(|(c, _)| c.votes).collect(),
        absent: kept.iter().map(|(c, voters)| voters - c.votes).collect(),
    })
}

/// The clusters that most of the revolutions which have a say there show, and how
/// many those are; and the others where they stand alone between two of those:
/// the rules of the code tell whether most of the revolutions lost one, or one
/// has one too many. More of them in a row are garbage.
fn believable(clusters: &[Cluster], holes: &[Vec<Range<f64>>]) -> Vec<(Cluster, f64)> {
    let voters: Vec<f64> = clusters.iter().map(|c| voters(holes, c)).collect();
    let is_shown = |at: usize| {
        let pair = clusters.get(at).zip(voters.get(at));
        pair.is_none_or(|(c, voters)| c.votes >= if *voters > 2.0 { MAJORITY * voters } else { 0.5 })
    };
    let stays = |at: &usize| is_shown(*at) || (is_shown(at.wrapping_sub(1)) && is_shown(at.saturating_add(1)));
    let kept = (0..clusters.len()).filter(stays);
    kept.filter_map(|at| Some((*clusters.get(at)?, *voters.get(at)?))).collect()
}

/// How many revolutions have a say where a cluster is: all that show it, and
/// those that are no garbage there.
fn voters(holes: &[Vec<Range<f64>>], cluster: &Cluster) -> f64 {
    let at = cluster.mean();
    let is_sound = |holes: &&Vec<Range<f64>>| {
        let after = holes.partition_point(|hole| hole.start <= at);
        after.checked_sub(1).and_then(|i| holes.get(i)).is_none_or(|hole| hole.end <= at)
    };
    (holes.iter().filter(is_sound).count() as f64).max(cluster.votes)
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

/// A run of cells: its distances, and the transition it begins at.
pub(super) type Run = (u64, usize);

/// The runs of a path, by their distances, then their places.
pub(super) fn runs(path: &Path) -> Vec<Run> {
    let used: Vec<(usize, i32)> =
        path.cell.iter().zip(&path.used).enumerate().filter(|(_, (_, u))| **u).map(|(i, (c, _))| (i, *c)).collect();
    let far: Vec<u64> = used
        .iter()
        .zip(used.iter().skip(1))
        .map(|((_, a), (_, b))| u64::try_from(b.saturating_sub(*a)).unwrap_or(0).min(15))
        .collect();
    let packed = |run: &[u64]| run.iter().fold(0, |all, d| all << 4 | d);
    let mut runs: Vec<Run> = far.windows(RUN).zip(&used).map(|(run, (i, _))| (packed(run), *i)).collect();
    runs.sort_unstable();
    runs
}

/// Places of runs that both show once near each other: in the other revolution,
/// and in the base, whose order they have.
fn shared(base: &Layer<'_>, other: &Layer<'_>, reach: f64) -> Vec<(f64, f64)> {
    let mut found = vec![None; base.at.len()];
    let mut rest = other.runs;
    for own in base.runs.chunk_by(|a, b| a.0 == b.0) {
        let Some((distances, _)) = own.first() else { continue };
        let count = |runs: &[Run], is: Ordering| runs.iter().take_while(|run| run.0.cmp(distances) == is).count();
        rest = rest.get(count(rest, Ordering::Less)..).unwrap_or_default();
        let (alike, after) = rest.split_at_checked(count(rest, Ordering::Equal)).unwrap_or_default();
        rest = after;
        for (_, i) in own {
            let Some((at, found)) = base.at.get(*i).zip(found.get_mut(*i)) else { continue };
            // Filler has one run in most places: only those near by are looked at.
            let place = |run: &Run| other.at.get(run.1).copied();
            let first = alike.partition_point(|run| place(run).is_some_and(|place| place < at - reach));
            let mut near = alike.iter().skip(first).filter_map(place).take_while(|place| *place <= at + reach);
            *found = match (near.next(), near.next()) {
                (Some(place), None) => Some((place, *at)),
                _ => None,
            };
        }
    }
    found.into_iter().flatten().collect()
}

/// Places in the other revolution and in the base that are one.
fn anchors(base: &Layer<'_>, other: &Layer<'_>, turn: f64) -> Vec<(f64, f64)> {
    let candidates = shared(base, other, WANDER * turn);
    let offsets: Vec<f64> = candidates.iter().map(|(from, to)| to - from).collect();
    let median = |block: usize| {
        let (from, to) = (block.saturating_sub(AROUND), block.saturating_add(AROUND + BLOCK).min(offsets.len()));
        let mut around = offsets.get(from..to).unwrap_or_default().to_vec();
        let middle = around.len() / 2;
        let (_, median, _) = around.select_nth_unstable_by(middle, f64::total_cmp);
        *median
    };
    let medians: Vec<f64> = (0..offsets.len()).step_by(BLOCK).map(median).collect();
    let agrees = |i: &usize| {
        let pair = offsets.get(*i).zip(medians.get(i / BLOCK));
        pair.is_some_and(|(offset, median)| (offset - median).abs() <= AGREE)
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

    /// Where places lie; they are in order.
    fn places(&self, all: &[f64]) -> Vec<f64> {
        let mut after = 0usize;
        let place = |at: &f64| {
            while self.points.get(after).is_some_and(|p| p.0 < *at) {
                after = after.saturating_add(1);
            }
            let offset = match (after.checked_sub(1).and_then(|i| self.points.get(i)), self.points.get(after)) {
                (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (at - a.0) / (b.0 - a.0).max(1e-9),
                (Some(one), None) | (None, Some(one)) => one.1,
                (None, None) => 0.0,
            };
            at + offset
        };
        all.iter().map(place).collect()
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
