//! Finds the marks of all codes in one pass over a string of cells.
//!
//! Of every window of 64 cells that shows a pattern there is a piece of 16 cells
//! that begins at a whole byte of the string. So a look at the 16 cells at every
//! byte, in a table of what such pieces the patterns have, tells where no pattern
//! can be: nearly everywhere.

use floptical_model::Bits;

use crate::code::Pattern;

/// Cells of a piece.
const PIECE: usize = 16;
/// Cells from one piece to the next.
const STEP: u8 = 8;
/// Where the last piece of a window begins.
const LAST: u8 = 48;
/// How many pieces begin in a word.
const PIECES: usize = 8;

/// Patterns, and a table of the pieces that they have.
pub(crate) struct Sieve {
    patterns: Vec<Pattern>,
    /// A bit for every piece that is in the table: small enough to stay near.
    any: Box<[u64; (1 << PIECE) / 64]>,
    /// By the cells of a piece: the first of the `pieces` that have them; 0 for
    /// none.
    table: Box<[u16; 1 << PIECE]>,
    /// From the second on.
    pieces: Vec<Piece>,
}

/// A piece that is looked for.
#[derive(Clone, Copy)]
struct Piece {
    /// The pattern that has it.
    nth: u8,
    /// Its first cell in the window of the pattern.
    from: u8,
    /// Another one with the same cells; 0 for none.
    next: u16,
}

impl Sieve {
    /// A sieve for some patterns.
    pub(crate) fn new(patterns: impl Iterator<Item = Pattern>) -> Self {
        let mut sieve = Self {
            patterns: patterns.collect(),
            any: Box::new([0; (1 << PIECE) / 64]),
            table: Box::new([0; 1 << PIECE]),
            pieces: Vec::with_capacity(1 << 14),
        };
        sieve.pieces.push(Piece { nth: 0, from: 0, next: 0 });
        for (nth, pattern) in (0..).zip(sieve.patterns.clone()) {
            (0..STEP).for_each(|phase| sieve.enter(pattern, nth, best_piece(pattern, phase)));
        }
        sieve
    }

    /// Enter all cells that a piece of a pattern may have.
    fn enter(&mut self, pattern: Pattern, nth: u8, from: u8) {
        let (value, any) = (cut(pattern.value & pattern.mask, from), !cut(pattern.mask, from));
        let mut more = any;
        loop {
            let cells = usize::from(value | more);
            if let Some(any) = self.any.get_mut(cells / 64) {
                *any |= 1 << (cells % 64);
            }
            if let Some(entry) = self.table.get_mut(cells) {
                let next = std::mem::replace(entry, u16::try_from(self.pieces.len()).unwrap_or(0));
                self.pieces.push(Piece { nth, from, next });
            }
            if more == 0 {
                break;
            }
            more = more.wrapping_sub(1) & any;
        }
    }

    /// Tell the first cells of all windows of 64 that show a pattern, with its
    /// number, about in the order of the cells.
    pub(crate) fn each(&self, bits: &Bits, circle: bool, mut found: impl FnMut(usize, usize)) {
        let len = bits.len();
        let end = if circle { len } else { len.saturating_sub(63) };
        let word = |at: usize| match circle && at.saturating_add(64) > len {
            true => bits.window_wrapping(at, 64),
            false => bits.window(at, 64),
        };
        let mut high = word(0);
        for base in (0..end.saturating_add(64)).step_by(64) {
            let low = word(base.saturating_add(64));
            let cells = pieces_of(high, low);
            high = low;
            if !self.shows_any(cells) {
                continue;
            }
            for (at, cells) in (base..).step_by(STEP.into()).zip(cells) {
                for piece in self.with_cells(cells) {
                    let nth = usize::from(piece.nth);
                    let Some(at) = at.checked_sub(piece.from.into()).filter(|at| *at < end) else { continue };
                    if self.patterns.get(nth).is_some_and(|pattern| pattern.matches(word(at))) {
                        found(nth, at);
                    }
                }
            }
        }
    }

    /// The pieces that have these cells.
    fn with_cells(&self, cells: u16) -> impl Iterator<Item = &Piece> {
        let piece = |nth: u16| self.pieces.get(usize::from(nth)).filter(|_| nth != 0);
        let first = self.table.get(usize::from(cells)).copied().unwrap_or(0);
        std::iter::successors(piece(first), move |one| piece(one.next))
    }

    /// True when one of the pieces is in the table.
    fn shows_any(&self, cells: [u16; PIECES]) -> bool {
        let bit = |cells: u16| self.any.get(usize::from(cells / 64)).map_or(0, |any| any >> (cells % 64));
        cells.iter().fold(0, |any, cells| any | bit(*cells)) & 1 != 0
    }
}

/// The cells at every byte of the first of two words.
fn pieces_of(high: u64, low: u64) -> [u16; PIECES] {
    let both = u128::from(high) << 64 | u128::from(low);
    std::array::from_fn(|k| (both << k.saturating_mul(STEP.into()) >> 112) as u16)
}

/// The first cell of the piece of a pattern that tells most, where its window
/// begins so many cells before a whole byte: one that does not alternate
/// throughout, as the leads of most codes do. Of equal ones the first: random MFM
/// shows those three times less often than the last.
fn best_piece(pattern: Pattern, phase: u8) -> u8 {
    /// Fewer cells tell less than any lead.
    const ENOUGH: u32 = 10;
    let tells = |piece: &u8| {
        let (value, mask) = (cut(pattern.value, *piece), cut(pattern.mask, *piece));
        let both = mask & mask << 1;
        let alternates = (value ^ value << 1) & both == both;
        (!alternates && mask.count_ones() >= ENOUGH, mask.count_ones())
    };
    let pieces = (phase..=LAST).step_by(STEP.into()).rev();
    pieces.max_by_key(tells).unwrap_or(phase)
}

/// The cells of a window that a piece has.
fn cut(window: u64, piece: u8) -> u16 {
    (window << piece >> 48) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::CODES;
    use crate::search::places;

    /// Every pattern at every place and phase, over the seam of a circle too.
    #[test]
    fn what_the_sieve_finds_is_what_a_search_for_each_code_finds() {
        let sieve = Sieve::new(CODES.iter().map(|code| code.sync));
        for len in [64, 200, 1000, 1003, 4096] {
            let mut bits = Bits::zeros(0);
            let mut state = 1u64;
            while bits.len() < len {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let (nth, gap) = ((state >> 33) as usize % CODES.len(), (state >> 40) as usize % 70);
                let pattern = CODES[nth].sync;
                bits.push_bits(state, gap.min(64));
                bits.push_bits(pattern.value | (state & !pattern.mask), 64);
            }
            bits.truncate(len);
            for circle in [false, true] {
                let mut found = Vec::new();
                sieve.each(&bits, circle, |nth, at| found.push((nth, at)));
                found.sort_unstable();
                let codes = CODES.iter().enumerate();
                let each = codes.flat_map(|(nth, code)| places(&bits, circle, code.sync).map(move |at| (nth, at)));
                assert_eq!(found, each.collect::<Vec<_>>(), "{len} {circle}");
                assert!(found.len() >= len / 140);
            }
        }
    }
}
