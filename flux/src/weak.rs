//! Weak bits of a data field and weak areas of cells: one and the other.

use std::ops::Range;

use floptical_model::{Area, AreaKind, Bits, Evidence};

use crate::code::Code;

/// The areas of the weak bits of `bytes` bytes of data that begin at cell
/// `body` of a circle of `room` cells.
pub(crate) fn areas(code: &Code, mask: &Bits, bytes: usize, body: usize, room: usize) -> Vec<Area> {
    let mut cells: Vec<Range<usize>> = mask.ones().map(|bit| code.bit_cells(bit, bytes)).collect();
    cells.sort_unstable_by_key(|cells| cells.start);
    let mut runs: Vec<Range<usize>> = Vec::new();
    for cells in cells {
        match runs.last_mut().filter(|run| run.end >= cells.start) {
            Some(run) => run.end = cells.end,
            None => runs.push(cells),
        }
    }
    let area = |run: Range<usize>| Area {
        start: body.saturating_add(run.start).checked_rem(room).unwrap_or(0) as u64,
        len: run.len() as u64,
        kind: AreaKind::Weak,
        evidence: Evidence::Declared,
    };
    runs.into_iter().map(area).collect()
}

/// The bits of `bytes` bytes of data from cell `body` that lie in weak areas;
/// `None` where there is none. A circle of `turn` cells, 0 for a string with
/// ends.
pub(crate) fn mask(code: &Code, areas: &[Area], body: usize, bytes: usize, turn: usize) -> Option<Bits> {
    let bits = bytes.saturating_mul(8);
    let mut mask = None;
    for area in areas.iter().filter(|a| a.kind == AreaKind::Weak) {
        let len = usize::try_from(area.len).unwrap_or(usize::MAX);
        for shift in [0, turn].into_iter().take(if turn > 0 { 2 } else { 1 }) {
            let start = usize::try_from(area.start).unwrap_or(usize::MAX).saturating_add(shift);
            let first = start.saturating_sub(body);
            let end = start.saturating_add(len).saturating_sub(body).min(code.body_cells(bytes));
            if first < end {
                let mask = mask.get_or_insert_with(|| Bits::zeros(bits));
                let touched = |bit: &usize| {
                    let cells = code.bit_cells(*bit, bytes);
                    cells.start < end && first < cells.end
                };
                (0..bits).filter(touched).for_each(|bit| mask.set(bit, true));
            }
        }
    }
    mask
}
