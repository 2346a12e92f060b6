//! Stretches of a revolution that are no writing: their transitions lie anywhere
//! between the cells.

use std::ops::Range;

use super::{Path, Placed};

/// Transitions on each side over which the distance from the cells is averaged.
const AROUND: usize = 16;
/// So many times the square of the scatter, and this at least (in cells squared),
/// is garbage: what lies anywhere has 1 / 12.
const TIMES: f64 = 4.0;
const LEAST: f64 = 0.04;

/// The transitions of a path that are garbage, in order.
pub(super) fn garbage(path: &Path, placed: &Placed) -> Vec<Range<usize>> {
    let bound = (TIMES * placed.scatter * placed.scatter).max(LEAST);
    let mut sum = 0.0;
    let squares = placed.at.iter().zip(&path.cell).zip(&path.used).map(|((x, cell), used)| {
        let off = if *used { x - f64::from(*cell) } else { 0.5 };
        (off * off).min(0.25)
    });
    let add = |square: f64| {
        sum += square;
        sum
    };
    let upto: Vec<f64> = std::iter::once(0.0).chain(squares.map(add)).collect();
    let last = upto.len().saturating_sub(1);
    let mut found: Vec<Range<usize>> = Vec::new();
    for i in 0..last {
        let (from, to) = (i.saturating_sub(AROUND), i.saturating_add(AROUND).saturating_add(1).min(last));
        let Some((a, b)) = upto.get(from).zip(upto.get(to)) else { break };
        if b - a > bound * to.saturating_sub(from) as f64 {
            match found.last_mut().filter(|range| range.end == i) {
                Some(range) => range.end = i.saturating_add(1),
                None => found.push(i..i.saturating_add(1)),
            }
        }
    }
    found
}
