//! Weak bits of a data field and weak areas of cells: one and the other.

use floptical_model::{Area, AreaKind, Bits, Evidence};

use crate::code::Code;

/// The areas of the weak bits of a data field whose bytes begin at cell `body`
/// of a circle of `room` cells.
pub(crate) fn areas(code: &Code, mask: &Bits, body: usize, room: usize) -> Vec<Area> {
    let width = code.byte_cells / 8;
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for bit in mask.ones() {
        match runs.last_mut().filter(|(start, len)| start.saturating_add(*len) == bit) {
            Some(run) => run.1 = run.1.saturating_add(1),
            None => runs.push((bit, 1)),
        }
    }
    let area = |(start, len): (usize, usize)| Area {
        start: body.saturating_add(start.saturating_mul(width)).checked_rem(room).unwrap_or(0) as u64,
        len: len.saturating_mul(width) as u64,
        kind: AreaKind::Weak,
        evidence: Evidence::Declared,
    };
    runs.into_iter().map(area).collect()
}

/// The bits of a data field of `bytes` bytes from cell `body` that lie in weak
/// areas; `None` where there is none. A circle of `turn` cells, 0 for a string
/// with ends.
pub(crate) fn mask(code: &Code, areas: &[Area], body: usize, bytes: usize, turn: usize) -> Option<Bits> {
    let bits = bytes.saturating_mul(8);
    let width = code.byte_cells / 8;
    let mut mask = None;
    for area in areas.iter().filter(|a| a.kind == AreaKind::Weak) {
        let len = usize::try_from(area.len).unwrap_or(usize::MAX);
        for shift in [0, turn].into_iter().take(if turn > 0 { 2 } else { 1 }) {
            let start = usize::try_from(area.start).unwrap_or(usize::MAX).saturating_add(shift);
            let first = start.saturating_sub(body).checked_div(width).unwrap_or(0);
            let end = start.saturating_add(len).saturating_sub(body).div_ceil(width.max(1)).min(bits);
            if first < end {
                let mask = mask.get_or_insert_with(|| Bits::zeros(bits));
                (first..end).for_each(|bit| mask.set(bit, true));
            }
        }
    }
    mask
}
