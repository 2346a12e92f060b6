//! Finds marks in a string of cells.

use std::sync::LazyLock;

use floptical_model::{Bits, Context, Error, ErrorKind, Result};

use crate::code::{CODES, Code, Mark, Pattern, Role};
use crate::sieve::Sieve;

/// The most marks of one string. An ED track that is nothing but marks has
/// 6,250.
const MOST_MARKS: usize = 1 << 14;

/// What the id and data marks of each code share, in the order of [`CODES`].
static SYNCS: LazyLock<Sieve> = LazyLock::new(|| Sieve::new(CODES.iter().map(|code| code.sync)));

/// A mark in a string of cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// First cell of its field: the lead, or the mark where there is none.
    pub(crate) start: usize,
    /// First cell of what it announces; may lie past the end of a circle.
    pub(crate) body: usize,
    /// Cells from there to the next mark of the code.
    pub(crate) free: usize,
    /// The mark.
    pub(crate) mark: &'static Mark,
    /// False when a part of the lead is damaged.
    pub(crate) whole: bool,
}

/// The id and data marks of every code, by their place, in the order of [`CODES`].
pub(crate) fn marks(bits: &Bits, circle: bool, context: &Context) -> Result<Vec<Vec<Found>>> {
    context.step(bits.len() as u64 / 64)?;
    let mut all = vec![Vec::new(); CODES.len()];
    SYNCS.each(bits, circle, |nth, at| {
        let Some((code, found)) = CODES.get(nth).zip(all.get_mut(nth)) else { return };
        found.extend(mark_at(bits, code, at).filter(|_| found.len() <= MOST_MARKS));
    });
    context.entry(all.iter().map(Vec::len).sum::<usize>() as u64)?;
    if all.iter().any(|found| found.len() > MOST_MARKS) {
        return Err(Error::new(ErrorKind::Limit, format!("more than {MOST_MARKS} marks on one track")));
    }
    all.iter_mut().for_each(|found| set_free(found, bits.len(), circle));
    Ok(all)
}

/// The mark that the window of 64 cells from `at` shows.
fn mark_at(bits: &Bits, code: &'static Code, at: usize) -> Option<Found> {
    let window = bits.window_wrapping(at, 64);
    let shown = |m: &&Mark| m.role != Role::Index && (window ^ m.cells.value) & code.must_show() == 0;
    let mark = code.marks.iter().find(shown)?;
    let body = at.saturating_add(64usize.saturating_sub(code.peek));
    let start = body.saturating_sub(code.mark_cells);
    let start = if start >= bits.len() { start.saturating_sub(bits.len()) } else { start };
    let body = start.saturating_add(code.mark_cells);
    Some(Found { start, body, free: 0, mark, whole: mark.cells.matches(window) })
}

/// Bring marks into their order, and tell how far each is from the next.
fn set_free(found: &mut [Found], len: usize, circle: bool) {
    found.sort_by_key(|f| f.start);
    let turn = if circle { len } else { 0 };
    let first = found.first().map_or(0, |f| f.start.saturating_add(turn));
    let next: Vec<usize> = found.iter().skip(1).map(|f| f.start).chain([first]).collect();
    for (f, next) in found.iter_mut().zip(next) {
        f.free = if next > f.start { next.saturating_sub(f.body) } else { len.saturating_sub(f.body) };
    }
}

/// The first cells of all windows of 64 that show a pattern.
pub(crate) fn places(bits: &Bits, circle: bool, pattern: Pattern) -> impl Iterator<Item = usize> {
    let len = bits.len();
    let end = if circle { len } else { len.saturating_sub(63) };
    let word = move |at: usize| if circle { bits.window_wrapping(at, 64) } else { bits.window(at, 64) };
    let (mut base, mut high, mut shown) = (0usize, word(0), Hits(0));
    std::iter::from_fn(move || {
        loop {
            if let Some(k) = shown.next() {
                let at = base.saturating_sub(64).saturating_add(k);
                return (at < end).then_some(at);
            }
            if base >= end {
                return None;
            }
            base = base.saturating_add(64);
            let low = word(base);
            shown = Hits(hits(high, low, pattern));
            high = low;
        }
    })
}

/// Bit 63 - k is set where the window of 64 cells from cell k of the two words
/// shows the pattern.
fn hits(high: u64, low: u64, pattern: Pattern) -> u64 {
    let both = u128::from(high) << 64 | u128::from(low);
    let mut hits = u64::MAX;
    // Transitions first: they are the fewer, and rule out most places at once.
    let transitions = pattern.mask & pattern.value;
    for (cells, flip) in [(transitions, 0), (pattern.mask & !transitions, u64::MAX)] {
        let mut left = cells;
        while left != 0 && hits != 0 {
            let k = left.leading_zeros();
            hits &= (both << k >> 64) as u64 ^ flip;
            left &= !(1u64 << 63 >> k);
        }
    }
    hits
}

/// The places of the set bits of a word, first bit highest.
pub(crate) struct Hits(pub(crate) u64);

impl Iterator for Hits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let k = self.0.leading_zeros();
        self.0 &= !(1 << 63 >> k);
        Some(k as usize)
    }
}
