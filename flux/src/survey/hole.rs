//! Stretches without transitions.

use floptical_model::Bits;

use crate::search::Hits;

/// So many cells without a transition no code writes, and no loss of a few
/// transitions makes: 64 us at double density.
const LEAST: usize = 32;
/// A word with more transitions has no such stretch within it.
const FULL: u32 = 12;
/// Two revolutions show one stretch at places up to this part of a turn apart.
const NEAR: usize = 200;

/// Cells without a transition: where they begin, how many.
pub(super) type Hole = (usize, usize);

/// The holes of a string of cells.
pub(super) fn holes(bits: &Bits) -> Vec<Hole> {
    let mut found = Vec::new();
    // The cell after the last transition.
    let mut begin = 0usize;
    for base in (0..bits.len()).step_by(64) {
        let word = bits.window(base, 64);
        let one = |k: u32| base.saturating_add(k as usize);
        if word.count_ones() > FULL {
            note(&mut found, begin, one(word.leading_zeros()));
            begin = one(64u32.saturating_sub(word.trailing_zeros()));
            continue;
        }
        for cell in Hits(word).map(|k| base.saturating_add(k)) {
            note(&mut found, begin, cell);
            begin = cell.saturating_add(1);
        }
    }
    note(&mut found, begin, bits.len());
    found
}

fn note(found: &mut Vec<Hole>, begin: usize, end: usize) {
    let len = end.saturating_sub(begin);
    if len >= LEAST {
        found.push((begin, len));
    }
}

/// True when a string of other length shows a hole at the same place, half as
/// long or more; `others` in their order.
pub(super) fn is_shown((start, len): Hole, turn: usize, others: &[Hole], other_turn: usize) -> bool {
    let scale = |cells: usize| cells.saturating_mul(other_turn).checked_div(turn.max(1)).unwrap_or(0);
    let (from, to) = (scale(start), scale(start.saturating_add(len)));
    let slack = other_turn / NEAR;
    let first = others.partition_point(|(at, n)| at.saturating_add(*n).saturating_add(slack) <= from);
    let near = others.iter().skip(first).take_while(|(at, _)| *at < to.saturating_add(slack));
    near.map(|(_, n)| n).any(|n| n.saturating_mul(2) >= len)
}
