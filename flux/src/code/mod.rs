//! The table of codes: bytes to cells and back, and how the fields of a sector
//! lie.
//!
//! A row says how a scheme writes a byte, what its marks look like in cells,
//! what its fields hold in which order, which bytes its checks cover and what
//! its gaps hold. Reader and writer of sectors ([`crate::recognise`],
//! [`crate::write_track`]) work on rows only.
//!
//! Sources: IBM "Diskette General Information Manual" GA21-9182 (FM, MFM,
//! marks, gaps), ECMA-54, -66, -99, -100, -125 (the same as standards), data
//! sheets of the µPD765 and WD177x/WD279x (what controllers accept); those of
//! Amiga and Commodore stand in their files.

mod amiga;
mod fm;
mod gcr;
mod ibm;
mod mfm;

pub use amiga::AMIGA;
pub use fm::FM;
pub use gcr::GCR;
pub use mfm::MFM;

use std::ops::Range;

use floptical_model::{Bits, Scheme, SectorId};

/// Every code, in the order in which they are tried.
pub static CODES: &[&Code] = &[&MFM, &FM, &AMIGA, &GCR];

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
    /// The 64 cells that end with it, as an unharmed mark has them.
    pub cells: Pattern,
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

    /// Cells from the first of the window to the last that counts.
    pub const fn cells(self) -> usize {
        64usize.saturating_sub(self.mask.trailing_zeros() as usize)
    }
}

/// What leads a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// A byte repeated.
    Byte(u8),
    /// A transition in each cell.
    Ones,
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

/// What an id field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdField {
    /// The id.
    pub id: SectorId,
    /// Bytes beside the id, as [`floptical_model::Sighting::header`] has them.
    pub beside: Option<Vec<u8>>,
    /// Its check as recorded.
    pub value: u32,
    /// The check that would hold.
    pub right: u32,
}

/// Which distances from one transition to the next a code writes, and how rare
/// each is: what the most likely sequence of cells is judged by.
///
/// Distances are counted in cells that can hold a transition. A price is the
/// negative logarithm of a probability in hundredths of a nat (69 is one half).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Cells of the string for each cell that can hold a transition.
    pub stride: usize,
    /// Prices of the distances 1, 2, 3... from a transition in a data cell.
    pub from_data: &'static [u16],
    /// The same from one in a clock cell; equal for a code without clocks.
    pub from_clock: &'static [u16],
}

impl Rules {
    /// The price of a distance that is not written.
    pub const NEVER: u16 = u16::MAX;

    /// True when data cells and clock cells alternate.
    pub fn has_clocks(&self) -> bool {
        self.from_data != self.from_clock
    }

    /// The shortest and the longest distance that is written.
    pub fn reach(&self) -> (usize, usize) {
        let written =
            |prices: &[u16]| prices.iter().position(|p| *p < Self::NEVER).map_or(0, |at| at.saturating_add(1));
        let least = written(self.from_data).min(written(self.from_clock));
        (least, self.from_data.len().max(self.from_clock.len()))
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Code {
    /// The scheme that it writes.
    pub scheme: Scheme,
    /// Cells in a byte.
    pub byte_cells: usize,
    /// The fewest cells from one transition to the next.
    pub least: usize,
    /// Which distances there are.
    pub rules: Rules,
    /// Bytes that stand before the byte of an id or data mark; checks cover
    /// them.
    pub lead: &'static [u8],
    /// Cells of a mark with its lead.
    pub mark_cells: usize,
    /// Cells after a mark that its pattern shows as well.
    pub peek: usize,
    /// Its marks.
    pub marks: &'static [Mark],
    /// What all id and data marks share.
    pub sync: Pattern,
    /// What shows that something is marked here, by whatever scheme.
    pub any_sync: Pattern,
    /// The byte that gaps hold.
    pub filler: u8,
    /// What leads its marks.
    pub sync_fill: Sync,
    /// Standard lengths of gaps.
    pub gaps: Gaps,
    /// A data mark belongs to an id field when it comes at most so many bytes
    /// after it.
    pub data_within: usize,
    /// The bytes of an id field after its mark: the lengths of parts that are
    /// written for themselves.
    pub id_blocks: &'static [usize],
    /// Where in them the check stands.
    pub id_check_at: usize,
    /// Bytes of a check.
    pub check_bytes: usize,
    /// Bits of it that count.
    pub check_bits: u32,
    /// True when the check of a data field stands before the data.
    pub check_first: bool,
    /// What ends a data field.
    pub tail: &'static [u8],
    /// Bytes of data of every sector, where ids do not tell.
    pub size: Option<usize>,
    /// True when the data follow the id field without a mark of their own.
    pub joined: bool,
    /// True for a check that harmed data hardly ever satisfy. With another one,
    /// cells that the code never writes make good data unverified.
    pub strong: bool,
    /// True when a search may look for the changes that make a check hold: where
    /// what it finds is right 19 times in 20.
    pub searched: bool,
    /// True when tracks begin at the index.
    pub indexed: bool,
    /// True when the outer tracks are written faster.
    pub zoned: bool,
    /// True when the odd bits of a part are written before the even ones.
    pub split: bool,
    /// Bits that are written as one group of cells.
    pub group_bits: usize,
    /// The cells of a byte (in the low bits) after a cell.
    encode: fn(u8, bool) -> u64,
    /// The bytes in 64 cells, first byte highest.
    decode: fn(u64) -> u64,
    /// The check over lead, mark and body.
    check: fn(&[u8], u8, &[u8]) -> u32,
    /// What the bytes of an id field after its mark say; `None` for what no id
    /// field is.
    read_id: fn(&[u8], &[u8]) -> Option<IdField>,
    /// The bytes of an id field after its mark, the check left open.
    put_id: fn(SectorId, Option<&[u8]>) -> Vec<u8>,
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

    /// The mark of its id fields.
    pub fn id_mark(&self) -> Option<&'static Mark> {
        self.marks.iter().find(|m| m.role == Role::Id)
    }

    /// The mark at the start of its tracks, if it has one.
    pub fn index_mark(&self) -> Option<&'static Mark> {
        self.marks.iter().find(|m| m.role == Role::Index)
    }

    /// Cells of so many bytes.
    pub fn cells(&self, bytes: usize) -> usize {
        bytes.saturating_mul(self.byte_cells)
    }

    /// How many whole bytes so many cells make.
    pub fn whole_bytes(&self, cells: usize) -> usize {
        cells.checked_div(self.byte_cells).unwrap_or(0)
    }

    /// Bytes of an id field after its mark.
    pub fn id_bytes(&self) -> usize {
        self.id_blocks.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Cells of an id field with its mark.
    pub fn id_cells(&self) -> usize {
        self.mark_cells.saturating_add(self.cells(self.id_bytes()))
    }

    /// Cells from the start of a data field to its data.
    pub fn data_offset(&self) -> usize {
        let mark = if self.joined { 0 } else { self.mark_cells };
        mark.saturating_add(if self.check_first { self.cells(self.check_bytes) } else { 0 })
    }

    /// Cells of a data field with so many bytes of data.
    pub fn data_cells(&self, size: usize) -> usize {
        let check = if self.check_first { 0 } else { self.check_bytes };
        self.data_offset().saturating_add(self.cells(size.saturating_add(check).saturating_add(self.tail.len())))
    }

    /// The cells of a mark that must be there: the sync, and all of its byte.
    pub(crate) fn must_show(&self) -> u64 {
        self.sync.mask | (u64::MAX >> (64usize.saturating_sub(self.byte_cells)))
    }

    /// Append a mark.
    pub fn put_mark(&self, mark: &Mark, out: &mut Bits) {
        out.push_bits(mark.cells.value >> self.peek, self.mark_cells);
    }

    /// Append bytes as they are.
    pub fn put(&self, bytes: &[u8], out: &mut Bits) {
        let mut last = ends_with_transition(out);
        for byte in bytes {
            let cells = (self.encode)(*byte, last);
            out.push_bits(cells, self.byte_cells);
            last = cells & 1 == 1;
        }
    }

    /// Append a part of a field.
    pub fn put_block(&self, bytes: &[u8], out: &mut Bits) {
        if !self.split {
            return self.put(bytes, out);
        }
        for shift in [1, 0] {
            let halves: Vec<u8> =
                bytes.chunks(2).map(|pair| pair.iter().fold(0, |all, b| all << 4 | half(*b, shift))).collect();
            self.put(&halves, out);
        }
    }

    /// Append so many cells of what leads a mark.
    pub fn put_sync(&self, cells: usize, out: &mut Bits) {
        match self.sync_fill {
            Sync::Byte(byte) => self.fill(byte, cells, out),
            Sync::Ones => (0..cells).for_each(|_| out.push(true)),
        }
    }

    /// Append `cells` cells of a repeated byte. Where the last byte is cut, its
    /// last cell is left empty: a clock cell may follow.
    pub fn fill(&self, byte: u8, cells: usize, out: &mut Bits) {
        let whole = self.whole_bytes(cells);
        (0..whole).for_each(|_| self.put(&[byte], out));
        let rest = cells.saturating_sub(self.cells(whole));
        if rest > 0 {
            let cut = (self.encode)(byte, ends_with_transition(out))
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
            at = at.wrapping_add(self.cells(group));
        }
        bytes.truncate(count);
        bytes
    }

    /// The part of a field with `count` bytes from cell `at`, on a circle.
    pub fn block(&self, cells: &Bits, at: usize, count: usize) -> Vec<u8> {
        if !self.split {
            return self.bytes(cells, at, count);
        }
        let halves = count.div_ceil(2);
        let odd = self.bytes(cells, at, halves);
        let even = self.bytes(cells, at.wrapping_add(self.cells(halves)), halves);
        let whole = |(odd, even): (u8, u8)| [join(odd >> 4, even >> 4), join(odd & 15, even & 15)];
        let mut bytes: Vec<u8> = odd.into_iter().zip(even).flat_map(whole).collect();
        bytes.truncate(count);
        bytes
    }

    /// True when a part written anew gives these very cells: what other cells
    /// read as is not what somebody wrote.
    pub fn is_sound(&self, cells: &Bits, at: usize, bytes: &[u8]) -> bool {
        let mut anew = Bits::with_capacity(self.cells(bytes.len()).saturating_add(1));
        anew.push(cells.window_wrapping(at.wrapping_add(cells.len()).wrapping_sub(1), 1) == 1);
        self.put_block(bytes, &mut anew);
        // The first cell depends on what a mark or a splice left before it.
        (2..anew.len()).step_by(64).all(|from| {
            let count = anew.len().saturating_sub(from).min(64);
            anew.window(from, count) == cells.window_wrapping(at.wrapping_add(from).wrapping_sub(1), count)
        })
    }

    /// The id field whose bytes begin at cell `at`; `None` for what is none.
    /// With it, whether its cells are sound.
    pub fn id_at(&self, cells: &Bits, at: usize) -> Option<(IdField, bool)> {
        let (mut bytes, mut sound, mut at) = (Vec::with_capacity(self.id_bytes()), true, at);
        for count in self.id_blocks {
            let block = self.block(cells, at, *count);
            sound = sound && (self.strong || self.is_sound(cells, at, &block));
            bytes.extend(block);
            at = at.wrapping_add(self.cells(*count));
        }
        Some(((self.read_id)(self.lead, &bytes)?, sound))
    }

    /// The bytes of an id field after its mark, with its right check, or with
    /// this one.
    pub fn id_field(&self, id: SectorId, beside: Option<&[u8]>, check: Option<u32>) -> Vec<u8> {
        let mut bytes = (self.put_id)(id, beside);
        let check = self.check_field(check.unwrap_or_else(|| self.id_check(id, beside)));
        let at = self.id_check_at;
        if let Some(room) = bytes.get_mut(at..at.saturating_add(check.len())) {
            room.copy_from_slice(&check);
        }
        bytes
    }

    /// The right check of an id field.
    pub fn id_check(&self, id: SectorId, beside: Option<&[u8]>) -> u32 {
        (self.read_id)(self.lead, &(self.put_id)(id, beside)).map_or(0, |field| field.right)
    }

    /// The right check of a data field.
    pub fn check(&self, mark: u8, body: &[u8]) -> u32 {
        (self.check)(self.lead, mark, body)
    }

    /// What is written for a check that is to be wrong and of which nobody says
    /// how: the complement of the right one.
    pub fn wrong(&self, right: u32) -> u32 {
        !right & self.check_bits
    }

    /// The bytes of a check, high one first.
    pub fn check_field(&self, check: u32) -> Vec<u8> {
        let bytes = check.to_be_bytes();
        bytes.get(bytes.len().saturating_sub(self.check_bytes)..).unwrap_or_default().to_vec()
    }

    /// The cells, from the first of the data, that hold a byte of `size` bytes:
    /// one stretch, or its odd and its even bits.
    pub fn byte_parts(&self, byte: usize, size: usize) -> Vec<Range<usize>> {
        let parts = if self.split { 2 } else { 1 };
        let len = if self.split { self.byte_cells / 2 } else { self.byte_cells };
        let start = |part: usize| (self.cells(size) / 2).saturating_mul(part).saturating_add(byte.saturating_mul(len));
        (0..parts).map(|part| start(part)..start(part).saturating_add(len)).collect()
    }

    /// The cells, from the first of the data, that hold a bit of `size` bytes.
    pub fn bit_cells(&self, bit: usize, size: usize) -> Range<usize> {
        let per_bit = self.byte_cells / 8;
        let (start, len) = if self.split {
            // Of a byte, bits 7, 5, 3, 1 in one half and 6, 4, 2, 0 in the other.
            let half = if bit.is_multiple_of(2) { 0 } else { self.cells(size) / 2 };
            (half.saturating_add((bit / 2).saturating_mul(per_bit)), per_bit)
        } else {
            let group = bit.checked_div(self.group_bits).unwrap_or(bit);
            let cells = self.cells(self.group_bits) / 8;
            (group.saturating_mul(cells), cells)
        };
        start..start.saturating_add(len)
    }
}

fn ends_with_transition(out: &Bits) -> bool {
    out.len().checked_sub(1).is_some_and(|at| out.get(at))
}

/// The four odd (1) or even (0) bits of a byte.
fn half(byte: u8, shift: u32) -> u8 {
    let bits = byte >> shift & 0x55;
    let pairs = (bits | bits >> 1) & 0x33;
    (pairs | pairs >> 2) & 0x0F
}

/// The byte of four odd and four even bits.
fn join(odd: u8, even: u8) -> u8 {
    let spread = |bits: u8| {
        let pairs = (bits | bits << 2) & 0x33;
        (pairs | pairs << 1) & 0x55
    };
    spread(odd) << 1 | spread(even)
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
                    let mut plain = bits.clone();
                    code.put(&bytes, &mut plain);
                    assert_eq!(code.bytes(&plain, phase + 1, 256), bytes, "{:?}", code.scheme);
                    code.put_block(&bytes, &mut bits);
                    assert_eq!(code.block(&bits, phase + 1, 256), bytes, "{:?}", code.scheme);
                    assert!(code.is_sound(&bits, phase + 1, &bytes), "{:?}", code.scheme);
                    bits.set(phase + 700, !bits.get(phase + 700));
                    let read = code.block(&bits, phase + 1, 256);
                    assert!(code.strong || read != bytes || !code.is_sound(&bits, phase + 1, &read));
                }
            }
        }
    }

    #[test]
    fn every_distance_that_a_code_writes_has_a_price() {
        for code in CODES {
            let rules = code.rules;
            let (least, most) = rules.reach();
            assert_eq!(least * rules.stride, code.least, "{:?}", code.scheme);
            let mut bits = Bits::new();
            (0..=255u8).for_each(|b| code.put_block(&[b, b.rotate_left(3), !b, 0], &mut bits));
            code.marks.iter().for_each(|mark| code.put_mark(mark, &mut bits));
            let ones: Vec<usize> = bits.ones().collect();
            let far = most * rules.stride;
            assert!(ones.windows(2).all(|w| w[1] - w[0] <= far && (w[1] - w[0]).is_multiple_of(rules.stride)));
        }
    }

    #[test]
    fn every_code_keeps_its_distances() {
        for code in CODES {
            let mut bits = Bits::new();
            (0..=255u8).for_each(|b| code.put(&[b, b.rotate_left(3), !b], &mut bits));
            code.fill(code.filler, 133, &mut bits);
            code.put(&[0xFF, 0], &mut bits);
            code.put_block(&[0xFF, 0, 0x55, 0xAA], &mut bits);
            let ones: Vec<usize> = bits.ones().collect();
            let most = if code.least == 1 { 3 } else { 4 };
            assert!(ones.windows(2).all(|w| (code.least..=most).contains(&(w[1] - w[0]))), "{:?}", code.scheme);
        }
    }

    #[test]
    fn marks_are_no_bytes_and_share_the_sync() {
        for code in CODES {
            for mark in code.marks {
                let mut bits = Bits::new();
                code.put_sync(64, &mut bits);
                code.put_mark(mark, &mut bits);
                code.put_block(&[0xFF; 4], &mut bits);
                let end = 64 + code.mark_cells + code.peek;
                assert!(mark.cells.matches(bits.window(end - 64, 64)), "{:?}", code.scheme);
                assert_eq!(code.sync.matches(mark.cells.value), mark.role != Role::Index);
                let bytes = code.bytes(&bits, 64, code.whole_bytes(code.mark_cells));
                let mut plain = bits.slice_wrapping(0, 64);
                code.put(&bytes, &mut plain);
                assert!(code.least == 1 || plain.window(64, 64) != bits.window(64, code.mark_cells));
            }
        }
    }

    #[test]
    fn no_cell_but_its_own_changes_a_bit() {
        for code in CODES {
            let bytes: Vec<u8> = (0..16u8).map(|i| i.wrapping_mul(37)).collect();
            let mut bits = Bits::new();
            code.put_block(&bytes, &mut bits);
            for bit in 0..bytes.len() * 8 {
                let own = code.bit_cells(bit, bytes.len());
                let changes = |cell: usize| {
                    let mut other = bits.clone();
                    other.set(cell, !other.get(cell));
                    let read = code.block(&other, 0, bytes.len());
                    (read[bit / 8] ^ bytes[bit / 8]) & 0x80 >> (bit % 8) != 0
                };
                assert!((0..bits.len()).all(|cell| own.contains(&cell) || !changes(cell)), "{:?} {bit}", code.scheme);
                let parts = code.byte_parts(bit / 8, bytes.len());
                assert!(parts.iter().any(|part| part.start <= own.start && own.end <= part.end));
                assert!(code.group_bits > 1 || own.clone().any(changes), "{:?} {bit}", code.scheme);
            }
        }
    }

    #[test]
    fn id_fields_come_back_with_what_stands_beside_the_id() {
        for (code, beside) in [(&MFM, None), (&FM, None), (&AMIGA, Some(vec![7; 17])), (&GCR, Some(vec![1, 2, 3, 4]))] {
            let id = SectorId { c: 35, h: 0, r: 8, n: code.size.and_then(SectorId::code).unwrap_or(2) };
            for check in [None, Some(0x41)] {
                let bytes = code.id_field(id, beside.as_deref(), check);
                assert_eq!(bytes.len(), code.id_bytes());
                let field = (code.read_id)(code.lead, &bytes).unwrap();
                assert_eq!((field.id, &field.beside), (id, &beside));
                assert_eq!(field.right == field.value, check.is_none());
                assert!(check.is_none_or(|check| check == field.value));
            }
        }
    }
}
