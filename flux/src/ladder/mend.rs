//! Marks with a few wrong cells: what stands after one may be whole.

use std::ops::Range;

use floptical_model::Bits;

use crate::code::{Code, Mark, Role};
use crate::search::{Hits, places};

/// Cells of a mark that may be wrong, of a code with a strong check and of one
/// with a weak one: a transition in another cell makes two.
const WRONG: [u32; 2] = [2, 4];
/// Cells around a mark in which there is no other.
const ALONE: usize = 64;

/// A place that is nearly a mark.
struct Near {
    at: usize,
    /// Wrong cells of those that must show it, and of all of it. The lead tells which
    /// of two is nearer: its bytes are alike, and a mark that is shifted by one has few
    /// wrong cells as well.
    wrong: (u32, u32),
    /// The mark, and the cells that must show it.
    value: u64,
    must_show: u64,
}

impl Near {
    /// The mark of a code that the cells from `at` on are nearest to.
    fn of(code: &Code, bits: &Bits, at: usize) -> Option<Self> {
        let (window, must_show) = (bits.window(at, 64), code.must_show());
        let near = |mark: &Mark| {
            let wrong = (window ^ mark.cells.value) & mark.cells.mask;
            let wrong = ((wrong & must_show).count_ones(), wrong.count_ones());
            Self { at, wrong, value: mark.cells.value, must_show }
        };
        let marks = code.marks.iter().filter(|m| m.role != Role::Index);
        marks.map(near).min_by_key(|near| (near.wrong, near.value))
    }

    fn range(&self) -> Range<usize> {
        self.at..self.at.saturating_add(64)
    }
}

/// The string with its damaged marks mended, and where those are; `None` where
/// there is none. Within a field that is known there is none.
pub(super) fn mended(
    bits: &Bits,
    codes: &[&'static Code],
    fields: &[Range<usize>],
) -> Option<(Bits, Vec<Range<usize>>)> {
    let mut found: Vec<Near> = Vec::new();
    for code in codes {
        let whole: Vec<usize> = places(bits, false, code.sync).collect();
        let most = WRONG.get(usize::from(code.strong)).copied().unwrap_or(0);
        let is_alone = |at: usize| {
            let near = whole.partition_point(|w| w.saturating_add(ALONE) <= at);
            whole.get(near).is_none_or(|w| *w >= at.saturating_add(ALONE))
        };
        for at in 0..bits.len().saturating_sub(63) {
            let near = Near::of(code, bits, at).filter(|near| (1..=most).contains(&near.wrong.0));
            let is_known = || fields.iter().any(|field| field.contains(&at));
            let Some(near) = near.filter(|_| is_alone(at) && !is_known()) else { continue };
            match found.last_mut().filter(|last| last.at.saturating_add(ALONE) > at) {
                Some(last) if last.wrong <= near.wrong => {}
                Some(last) => *last = near,
                None => found.push(near),
            }
        }
    }
    if found.is_empty() {
        return None;
    }
    let mut bits = bits.clone();
    for near in &found {
        for k in Hits(near.must_show) {
            bits.set(near.at.saturating_add(k), near.value << k >> 63 == 1);
        }
    }
    Some((bits, found.iter().map(Near::range).collect()))
}

#[cfg(test)]
mod tests {
    use floptical_model::Scheme;

    use super::*;

    #[test]
    fn a_damaged_mark_is_mended_where_no_field_is_known() {
        let code = Code::of(Scheme::IbmMfm).unwrap();
        let mark = code.marks.iter().find(|m| m.role == Role::Data).unwrap();
        let mut whole = Bits::zeros(100);
        whole.push_bits(mark.cells.value, 64);
        whole.push_bits(0, 64);
        // The first transition of the second A1 came a cell late.
        let mut bits = whole.clone();
        bits.set(117, false);
        bits.set(118, true);
        let found = |known: Range<usize>| mended(&bits, &[code], &[known]);
        let (again, places) = found(0..100).unwrap();
        assert!(again == whole && places.first() == Some(&(100..164)));
        assert!(found(101..200).is_some());
        assert!(found(90..120).is_none());
    }

    #[test]
    fn a_mark_is_mended_where_it_lies_and_not_an_a1_before() {
        let code = Code::of(Scheme::IbmMfm).unwrap();
        let mark = code.marks.iter().find(|m| m.byte == 0xFB).unwrap();
        let mut whole = Bits::zeros(0);
        (0..100).for_each(|_| whole.push_bits(0b10, 2));
        whole.push_bits(mark.cells.value, 64);
        whole.push_bits(0, 64);
        // The second transition of the third A1 came a cell early: read so, it is
        // as near to the byte of a mark.
        let mut bits = whole.clone();
        bits.set(200 + 40, false);
        bits.set(200 + 41, true);
        let (again, places) = mended(&bits, &[code], &[]).unwrap();
        assert!(again == whole, "{places:?}");
    }
}
