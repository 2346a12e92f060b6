//! Stretches of gaps that each revolution shows otherwise.

use std::ops::Range;

use floptical_model::Bits;

/// Cells that are held against each other.
const WINDOW: usize = 64;
/// Cells of a window that differ where two strings have nothing to do with each
/// other: 20 and more at the best shift; one transition in another cell makes 2.
const UNLIKE: u32 = 12;
/// Windows of a stretch: more than a splice takes.
const LEAST: usize = 3;
/// Cells that a loop may slip.
const SLIP: isize = 3;

/// Cells of a gap as one revolution shows it.
pub(super) struct Shown<'a> {
    pub(super) bits: &'a Bits,
    pub(super) gap: Range<usize>,
}

/// The stretches of the first one's gap in which each two of the revolutions
/// differ, as cells from its start.
pub(super) fn stretches(shown: &[Shown<'_>]) -> Vec<Range<usize>> {
    let Some((base, rest)) = shown.split_first() else { return Vec::new() };
    let mut unlike: Vec<bool> = vec![true; base.gap.len() / WINDOW];
    for (i, one) in shown.iter().enumerate() {
        for other in rest.get(i..).unwrap_or_default() {
            for (nth, unlike) in unlike.iter_mut().enumerate().filter(|(_, unlike)| **unlike) {
                *unlike = are_unlike(one, other, nth.saturating_mul(WINDOW));
            }
            if !unlike.contains(&true) {
                return Vec::new();
            }
        }
    }
    let mut found = Vec::new();
    let mut from = 0usize;
    for (to, unlike) in unlike.iter().chain([&false]).enumerate() {
        if !unlike {
            if to.saturating_sub(from) >= LEAST {
                found.push(from.saturating_mul(WINDOW)..to.saturating_mul(WINDOW));
            }
            from = to.saturating_add(1);
        }
    }
    found
}

/// True when a window of one has no like in the other, counted from the start
/// of the gap or from its end.
fn are_unlike(one: &Shown<'_>, other: &Shown<'_>, at: usize) -> bool {
    let place = one.gap.start.saturating_add(at);
    let word = |bits: &Bits, at: usize| bits.window_wrapping(at.checked_rem(bits.len()).unwrap_or(0), WINDOW);
    let window = word(one.bits, place);
    let from_start = other.gap.start.saturating_add(at);
    let from_end = other.gap.end.saturating_sub(one.gap.end.saturating_sub(place));
    let like = |at: usize| {
        (SLIP.wrapping_neg()..=SLIP)
            .any(|slip| (word(other.bits, at.saturating_add_signed(slip)) ^ window).count_ones() < UNLIKE)
    };
    !like(from_start) && (from_end == from_start || !like(from_end))
}
