//! The hard rungs of the ladder: for tracks that loops cannot follow.
//!
//! A loop sees the noise of two transitions, a line through many only that of
//! one; the code's own rules forbid most of the wrong cells that are left.
//! [`numbering`] counts cells by several loops, [`grid`] places the transitions
//! on a smooth grid, [`viterbi`] finds the most likely cells. NOTES.md of the
//! crate has the method with its figures.

mod changes;
mod field;
mod garbage;
mod grid;
mod groups;
mod mend;
mod merge;
mod numbering;
mod search;
mod show;
mod trust;
mod turn;
mod viterbi;

use grid::{Placed, Point};
use merge::{Layer, merge};
use turn::Turn;
use viterbi::Prices;

use floptical_model::{Cells, Context, Flux, Result, Rung, TrackAt};

use crate::code::{CODES, Rules};
use crate::period::Grid;
use crate::places::Places;

/// Times at most that grid and path are made from each other.
const PASSES: usize = 4;
/// A pass that lowers the scatter by less than this is the last.
const SETTLED: f64 = 0.01;
/// Steps that a transition costs in each pass, about.
const WORK: u64 = 128;

/// Transitions of a stretch: when each came, in cells of nominal length, how many
/// revolutions show it, and how many of those that were laid on each other do not.
#[derive(Debug, Clone, Default)]
struct Transitions {
    pub(crate) at: Vec<f64>,
    pub(crate) weight: Vec<f64>,
    pub(crate) absent: Vec<f64>,
}

/// The cells of transitions.
#[derive(Debug, Clone, Default)]
struct Path {
    /// The cell of each transition; of one that is not used, the nearest.
    pub(crate) cell: Vec<i32>,
    /// False for what was left out as spurious.
    pub(crate) used: Vec<bool>,
    /// Whether odd cells hold data there.
    pub(crate) phase: Vec<bool>,
}

impl Path {
    fn of(cell: Vec<i32>) -> Self {
        let count = cell.len();
        Self { cell, used: vec![true; count], phase: vec![false; count] }
    }

    /// By the cells of each interval.
    fn by_distances(distances: &[i32]) -> Self {
        let mut sum = 0i32;
        let cells = std::iter::once(0).chain(distances.iter().map(|d| {
            sum = sum.saturating_add(*d);
            sum
        }));
        let mut path = Self::of(cells.collect());
        for (used, d) in path.used.iter_mut().skip(1).zip(distances) {
            *used = *d > 0;
        }
        path
    }

    /// The transitions that have a cell.
    fn points<'a>(&'a self, transitions: &'a Transitions) -> impl Iterator<Item = Point> + 'a {
        let each = self.cell.iter().zip(&self.used).zip(transitions.at.iter().zip(&transitions.weight));
        each.filter(|((_, used), _)| **used).map(|((cell, _), (time, weight))| Point {
            cell: f64::from(*cell),
            time: *time,
            weight: *weight,
        })
    }

    /// The distances before and after each transition that has both.
    fn neighbours(&self) -> Vec<Option<(usize, usize)>> {
        let mut all = vec![None; self.cell.len()];
        let mut used = self.cell.iter().zip(&self.used).enumerate().filter(|(_, (_, used))| **used);
        let (Some((_, (mut before, _))), Some((mut at, (mut middle, _)))) = (used.next(), used.next()) else {
            return all;
        };
        for (next, (after, _)) in used {
            let apart = |a: &i32, b: &i32| usize::try_from(b.saturating_sub(*a)).unwrap_or(0);
            if let Some(pair) = all.get_mut(at) {
                *pair = Some((apart(before, middle), apart(middle, after)));
            }
            (before, middle, at) = (middle, after, next);
        }
        all
    }
}

/// Climb for what the loops left: strings of cells that show more, in the order
/// in which `places` has got their sightings.
pub(crate) fn climb(
    flux: &Flux,
    grid: Grid,
    at: TrackAt,
    places: &mut Places,
    context: &Context,
) -> Result<Vec<Cells>> {
    let mut strips = Vec::new();
    for rules in candidates(grid, places) {
        let climber = Climber { rules, prices: Prices::of(&rules), at, context };
        let mut read = Vec::new();
        for turn in turn::turns(flux, grid, rules.stride) {
            if !is_left(places) {
                break;
            }
            let (path, placed) = climber.decode(&turn.transitions)?;
            strips.extend(climber.show(&turn, &path, &placed, Rung::Cells, places)?);
            read.push((turn, path, placed));
        }
        climber.merge(&read, places, &mut strips)?;
    }
    places.settle(context)?;
    Ok(strips)
}

/// A revolution, its cells and where they lie.
type Read = (Turn, Path, Placed);

/// What climbs: by the rules of one family of codes.
struct Climber<'a> {
    rules: Rules,
    prices: Prices,
    at: TrackAt,
    context: &'a Context,
}

impl Climber<'_> {
    /// The most likely cells of transitions under the rules of a code, and where
    /// they lie on the grid.
    fn decode(&self, transitions: &Transitions) -> Result<(Path, Placed)> {
        let work = (transitions.at.len() as u64).saturating_mul(WORK);
        self.context.step(work)?;
        let mut path = Path::by_distances(&numbering::distances(transitions, self.rules.reach()));
        let mut half = grid::FIRST;
        let mut before = f64::MAX;
        let mut placed = Placed::default();
        for _ in 0..PASSES {
            self.context.step(work)?;
            placed = grid::place(transitions, &path, half);
            path = viterbi::most_likely(transitions, &placed, &self.prices);
            if placed.scatter > before * (1.0 - SETTLED) {
                break;
            }
            before = placed.scatter;
            half = grid::LATER;
        }
        Ok((path, placed))
    }

    /// Lay the revolutions on each other: on the grid, and where that is bent by
    /// very noisy flux on the clock; each of them as the base.
    fn merge(&self, read: &[Read], places: &mut Places, strips: &mut Vec<Cells>) -> Result<()> {
        let known = |(_, path, placed): &Read| (merge::runs(path), garbage::garbage(path, placed));
        let known: Vec<_> = if read.len() > 1 { read.iter().map(known).collect() } else { Vec::new() };
        for base in 0..read.len() {
            for on_grid in [true, false] {
                if !is_left(places) {
                    return Ok(());
                }
                let turned = read.iter().zip(&known).cycle().skip(base).take(known.len());
                let layers: Vec<Layer<'_>> = turned
                    .map(|((turn, _, placed), (runs, garbage))| Layer {
                        at: if on_grid { &placed.at } else { &turn.transitions.at },
                        runs,
                        garbage,
                    })
                    .collect();
                let Some((own, _, placed)) = read.get(base) else { continue };
                let work = (own.transitions.at.len() as u64).saturating_mul(WORK);
                self.context.step(work.saturating_mul(read.len() as u64))?;
                let (least, _) = self.rules.reach();
                let Some(transitions) = merge(&layers, own.len(), least as f64) else { continue };
                let index = own.index.map(|time| if on_grid { placed.place(&own.transitions, time) } else { time });
                let turn = Turn { transitions, index, revolution: own.revolution };
                let (path, placed) = self.decode(&turn.transitions)?;
                strips.extend(self.show(&turn, &path, &placed, Rung::Merged, places)?);
            }
        }
        Ok(())
    }
}

/// True while something is not sure, or was not seen.
fn is_left(places: &Places) -> bool {
    !places.all_sure() || places.has_gaps(true)
}

/// The rules that a track may be written by: those of the codes seen on it, else
/// of all that fit its cells.
fn candidates(grid: Grid, places: &Places) -> Vec<Rules> {
    let mut rules: Vec<Rules> = Vec::new();
    let seen: Vec<_> = places.schemes().collect();
    for code in CODES.iter().filter(|code| seen.contains(&code.scheme)) {
        if !rules.contains(&code.rules) {
            rules.push(code.rules);
        }
    }
    if rules.is_empty() {
        for code in CODES.iter().filter(|code| code.rules.stride == usize::from(grid.stride)) {
            if !rules.contains(&code.rules) {
                rules.push(code.rules);
            }
        }
    }
    rules
}

/// The cell nearest to a place. No `round`, which is a call on most processors.
#[allow(clippy::cast_possible_truncation, reason = "a cast saturates, and no track has 2^30 cells")]
fn nearest_cell(x: f64) -> i32 {
    const BELOW: i32 = 1 << 20;
    ((x + 0.5 + f64::from(BELOW)) as i32).saturating_sub(BELOW)
}
