//! The table of codes: bytes to cells and back.
//!
//! A row says how a scheme writes a byte, what its marks look like in cells,
//! which bytes its checks cover and what its gaps hold. Reader and writer of
//! sectors ([`crate::recognise`], [`crate::write_track`]) work on rows only.
//!
//! Sources: IBM "Diskette General Information Manual" GA21-9182 (FM, MFM,
//! marks, gaps), ECMA-54, -66, -99, -100, -125 (the same as standards), data
//! sheets of the µPD765 and WD177x/WD279x (what controllers accept).

mod fm;
mod mfm;

pub use fm::FM;
pub use mfm::MFM;

use crc::{CRC_16_IBM_3740, Crc};
use floptical_model::{Bits, Scheme};

/// Every code, in the order in which they are tried.
pub static CODES: &[&Code] = &[&MFM, &FM];

/// CRC-16/CCITT: polynomial 1021h, start FFFFh, high bit first.
static CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_3740);

/// What a mark announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The start of a track.
    Index,
    /// An id field.
    Id,
    /// A data field.
    Data,
}

/// A mark: cells that ordinary bytes never make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// What it announces.
    pub role: Role,
    /// Its byte, as checks and [`floptical_model::Sighting::mark`] count it.
    pub byte: u8,
    /// The 64 cells that end with it.
    pub cells: u64,
}

/// Cells to look for: `value` where `mask` is set, first cell highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// The cells.
    pub value: u64,
    /// Which of them count.
    pub mask: u64,
}

impl Pattern {
    /// True when the 64 cells of `window` show it.
    pub const fn matches(self, window: u64) -> bool {
        (window ^ self.value) & self.mask == 0
    }
}

/// The standard lengths of gaps, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gaps {
    /// Between index and index mark.
    pub gap4a: u16,
    /// Between index mark, or the index where there is no mark, and the first
    /// id field.
    pub gap1: u16,
    /// Between id and data field.
    pub gap2: u16,
    /// Between data field and next id field, where nobody says otherwise.
    pub gap3: u16,
    /// Sync bytes before each mark.
    pub sync: u16,
}

/// A row of the table.
#[derive(Debug)]
pub struct Code {
    /// The scheme that it writes.
    pub scheme: Scheme,
    /// Cells in a byte.
    pub byte_cells: usize,
    /// Bytes that stand before the byte of an id or data mark; checks cover
    /// them.
    pub lead: &'static [u8],
    /// Its marks.
    pub marks: &'static [Mark],
    /// What all id and data marks share.
    pub sync: Pattern,
    /// What shows that something is marked here, by whatever scheme.
    pub any_sync: Pattern,
    /// The byte that gaps hold.
    pub filler: u8,
    /// Standard lengths of gaps.
    pub gaps: Gaps,
    /// A data mark belongs to an id field when it comes at most so many bytes
    /// after it.
    pub data_within: usize,
    /// The cells of a byte (in the low bits) after a cell.
    encode: fn(u8, bool) -> u64,
    /// The bytes in 64 cells, first byte highest.
    decode: fn(u64) -> u64,
}

impl Code {
    /// The code of a scheme, if there is one.
    pub fn of(scheme: Scheme) -> Option<&'static Code> {
        CODES.iter().copied().find(|c| c.scheme == scheme)
    }

    /// The mark of this role and byte.
    pub fn mark(&self, role: Role, byte: u8) -> Option<&'static Mark> {
        self.marks.iter().find(|m| m.role == role && m.byte == byte)
    }

    /// Cells of a mark with its lead.
    pub fn mark_cells(&self) -> usize {
        self.lead.len().saturating_add(1).saturating_mul(self.byte_cells)
    }

    /// The cells of a mark that must be there: the sync, and all of its byte.
    pub(crate) fn must_show(&self) -> u64 {
        self.sync.mask | (u64::MAX >> (64usize.saturating_sub(self.byte_cells)))
    }

    /// How many whole bytes so many cells make.
    pub fn whole_bytes(&self, cells: usize) -> usize {
        cells.checked_div(self.byte_cells).unwrap_or(0)
    }

    /// Append a mark.
    pub fn put_mark(&self, mark: &Mark, out: &mut Bits) {
        out.push_bits(mark.cells, self.mark_cells());
    }

    /// Append bytes.
    pub fn put(&self, bytes: &[u8], out: &mut Bits) {
        let mut last = out.len().checked_sub(1).is_some_and(|at| out.get(at));
        for byte in bytes {
            let cells = (self.encode)(*byte, last);
            out.push_bits(cells, self.byte_cells);
            last = cells & 1 == 1;
        }
    }

    /// Append `cells` cells of a repeated byte. Where the last byte is cut, its
    /// last cell is left empty: a clock cell may follow.
    pub fn fill(&self, byte: u8, cells: usize, out: &mut Bits) {
        let whole = self.whole_bytes(cells);
        (0..whole).for_each(|_| self.put(&[byte], out));
        let rest = cells.saturating_sub(whole.saturating_mul(self.byte_cells));
        if rest > 0 {
            let last = out.len().checked_sub(1).is_some_and(|at| out.get(at));
            let cut = (self.encode)(byte, last)
                .checked_shr(u32::try_from(self.byte_cells.saturating_sub(rest)).unwrap_or(64));
            out.push_bits(cut.unwrap_or(0) & !1, rest);
        }
    }

    /// The `count` bytes from cell `at`, on a circle.
    pub fn bytes(&self, cells: &Bits, at: usize, count: usize) -> Vec<u8> {
        let group = self.whole_bytes(64);
        let mut bytes = Vec::with_capacity(count.saturating_add(group));
        let mut at = at;
        while bytes.len() < count {
            let group_bytes = (self.decode)(cells.window_wrapping(at, 64)).to_be_bytes();
            bytes.extend_from_slice(group_bytes.get(8usize.saturating_sub(group)..).unwrap_or_default());
            at = at.wrapping_add(64);
        }
        bytes.truncate(count);
        bytes
    }

    /// What is written for a check that is to be wrong and of which nobody says
    /// how: the complement of the right one.
    pub fn wrong(&self, right: u32) -> u32 {
        !right & 0xFFFF
    }

    /// The check of a field: over the lead, the mark and the bytes after it.
    pub fn check(&self, mark: u8, body: &[u8]) -> u32 {
        let mut digest = CRC.digest();
        digest.update(self.lead);
        digest.update(&[mark]);
        digest.update(body);
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back_after_any_cell_and_at_any_phase() {
        for code in CODES {
            for phase in [0, 1, 5, 63] {
                for last in [false, true] {
                    let mut bits = Bits::zeros(phase);
                    bits.push(last);
                    let bytes: Vec<u8> = (0..=255).rev().collect();
                    code.put(&bytes, &mut bits);
                    assert_eq!(code.bytes(&bits, phase + 1, 256), bytes, "{:?}", code.scheme);
                }
            }
        }
    }

    #[test]
    fn no_code_writes_two_transitions_in_a_row() {
        for code in CODES {
            let mut bits = Bits::new();
            (0..=255u8).for_each(|b| code.put(&[b, b.rotate_left(3), !b], &mut bits));
            code.fill(code.filler, 133, &mut bits);
            code.put(&[0xFF, 0], &mut bits);
            assert!((1..bits.len()).all(|i| !(bits.get(i - 1) && bits.get(i))));
        }
    }

    #[test]
    fn marks_differ_from_their_byte_and_decode_to_it() {
        for code in CODES {
            for mark in code.marks {
                let mut bits = Bits::new();
                bits.push_bits(mark.cells, 64);
                let last = bits.len() - code.byte_cells;
                assert_eq!(code.bytes(&bits, last, 1), [mark.byte]);
                let mut plain = Bits::new();
                code.put(code.lead, &mut plain);
                code.put(&[mark.byte], &mut plain);
                assert_ne!(plain.window(0, 64), mark.cells << (64 - code.mark_cells()));
                assert_eq!(code.sync.matches(mark.cells), mark.role != Role::Index);
            }
        }
    }

    /// The check value of the catalogue of CRCs, and the well-known start
    /// after three A1.
    #[test]
    fn checks_are_those_of_the_standard() {
        assert_eq!(CRC.checksum(b"123456789"), 0x29B1);
        assert_eq!(CRC.checksum(&[0xA1; 3]), 0xCDB4);
        assert_eq!(MFM.check(0xFE, &[0, 0, 1, 2]), 0xCA6F);
    }
}
