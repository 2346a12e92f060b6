//! Data fields that were written after the rest of their track, by the speed of
//! the drive that wrote them.

use super::course::{Course, Transition};
use super::fields::Written;

/// Transitions that tell a speed: a tenth of a sector.
const ENOUGH: usize = 96;
const FEWEST: usize = 24;
/// Cells in which so many transitions are.
const CELLS: usize = 4 * ENOUGH;
/// A speed that differs: drives hold theirs to a percent or two, and wander
/// within the length of a sector by less than a third of this.
const STEP: f64 = 0.007;

/// By how much the cells of a data field are longer than those of the id fields
/// before and after it; `None` where they are not at both its ends. `next` is the
/// revolution that follows.
pub(super) fn step(sector: &Written, course: &Course<'_>, next: Option<&Course<'_>>) -> Option<f64> {
    let (_, following) = sector.next?;
    let cell = |from: usize, to: usize| length(&course.transitions(from..to, next));
    let data = sector.data.clone();
    let head = cell(data.start, data.start.saturating_add(CELLS).min(data.end))?;
    let from = head / cell(sector.id.start, sector.id.end)? - 1.0;
    if from.abs() < STEP {
        return None;
    }
    let tail = cell(data.end.saturating_sub(CELLS).max(data.start), data.end)?;
    let to = tail / cell(following, following.saturating_add(sector.id.len()))? - 1.0;
    let alike = from.min(to) >= STEP || from.max(to) <= -STEP;
    alike.then_some((from + to) / 2.0)
}

/// The length of cells in ticks, by the means of the first and the last third of
/// some transitions.
fn length(transitions: &[Transition]) -> Option<f64> {
    let third = transitions.len() / 3;
    let first = transitions.get(..third)?;
    let last = transitions.get(transitions.len().saturating_sub(third)..)?;
    let origin = first.first().filter(|_| transitions.len() >= FEWEST)?;
    let mean = |part: &[Transition]| {
        let (cells, ticks) = part.iter().fold((0usize, 0u64), |(cells, ticks), t| {
            let (cell, tick) = (t.cell.saturating_sub(origin.cell), t.tick.saturating_sub(origin.tick));
            (cells.saturating_add(cell), ticks.saturating_add(tick))
        });
        (cells as f64 / third as f64, ticks as f64 / third as f64)
    };
    let ((x, t), (y, u)) = (mean(first), mean(last));
    Some((u - t) / (y - x)).filter(|_| y > x)
}
