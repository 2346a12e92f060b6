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
mod apple;
mod coding;
mod fields;
mod fm;
mod gcr;
mod ibm;
mod m2fm;
mod mac;
mod mfm;
mod rx02;

pub use amiga::AMIGA;
pub use apple::{APPLE13, APPLE16};
pub use coding::{Coding, Groups, Line, Packing};
pub(crate) use fields::number;
pub use fields::{DataBody, IdField};
pub use fm::FM;
pub use gcr::GCR;
pub use m2fm::M2FM;
pub use mac::MAC;
pub use mfm::MFM;
pub use rx02::RX02;

use floptical_model::{Bits, Ps, Rate, Scheme, SectorId};

use coding::last_cells;

/// Every code, in the order in which they are tried.
pub static CODES: &[&Code] = &[&MFM, &FM, &AMIGA, &GCR, &APPLE16, &APPLE13, &MAC, &RX02, &M2FM];

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

/// What stands where nothing is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// A byte repeated.
    Byte(u8),
    /// Cells repeated (in the low bits), and how many there are.
    Cells(u64, usize),
}

/// The standard lengths of gaps, in units of what they hold.
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
    /// Sync before each mark.
    pub sync: u16,
    /// The least sync that a controller locks on.
    pub least_sync: u16,
}

/// How a check is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Bytes of it.
    pub bytes: usize,
    /// Bits of it that count.
    pub bits: u32,
    /// True when a change anywhere may change all of them: harm satisfies it once
    /// in as many times as they have values. Changes of one column of a parity
    /// cancel far more often.
    pub spreads: bool,
}

impl Sum {
    /// What is written for a check that is to be wrong and of which nobody says
    /// how: the complement of the right one.
    pub fn wrong(self, right: u32) -> u32 {
        !right & self.bits
    }

    /// Its bytes, high one first.
    pub fn field(self, check: u32) -> Vec<u8> {
        let bytes = check.to_be_bytes();
        bytes.get(bytes.len().saturating_sub(self.bytes)..).unwrap_or_default().to_vec()
    }
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
    /// How the bytes of marks and gaps lie in cells.
    pub line: Line,
    /// How those of an id field do, part by part.
    pub id_coding: Coding,
    /// How those of a data field do.
    pub data_coding: Coding,
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
    /// What gaps hold.
    pub filler: Fill,
    /// What leads its marks.
    pub sync_fill: Fill,
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
    /// What ends an id field.
    pub id_tail: &'static [u8],
    /// Bytes of a data field before its data, which its check covers.
    pub tags: usize,
    /// The check of an id field.
    pub id_sum: Sum,
    /// The check of a data field.
    pub data_sum: Sum,
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
    /// True when noise and data of other codes look like its marks now and then:
    /// they count where one of its checks holds on the track.
    pub echoed: bool,
    /// True when a search may look for the changes that make a check hold: where
    /// what it finds is right 19 times in 20.
    pub searched: bool,
    /// True when tracks begin at the index.
    pub indexed: bool,
    /// True when the outer tracks are written faster: the cells of a turn tell
    /// the rate, whatever the speed of the drive.
    pub zoned: bool,
    /// The rates that it is written at.
    pub rates: &'static [Rate],
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

    /// Cells of a byte of marks and gaps.
    pub fn byte_cells(&self) -> usize {
        self.line.byte_cells
    }

    /// Cells of so many bytes of marks and gaps.
    pub fn cells(&self, bytes: usize) -> usize {
        self.line.cells(bytes)
    }

    /// Bytes of an id field after its mark.
    pub fn id_bytes(&self) -> usize {
        self.id_blocks.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Cells of what an id field holds between its mark and its tail.
    fn id_body(&self) -> usize {
        self.id_blocks.iter().fold(0, |sum, n| sum.saturating_add(self.id_coding.cells(*n)))
    }

    /// Cells of an id field with its mark.
    pub fn id_cells(&self) -> usize {
        self.mark_cells.saturating_add(self.id_body()).saturating_add(self.cells(self.id_tail.len()))
    }

    /// Cells from the start of a data field to what it holds.
    pub fn data_offset(&self) -> usize {
        if self.joined { 0 } else { self.mark_cells }
    }

    /// The parts of a data field that are written for themselves: bytes of
    /// each.
    fn data_blocks(&self, size: usize) -> [usize; 2] {
        match self.check_first {
            true => [self.data_sum.bytes, size],
            false => [self.tags.saturating_add(size).saturating_add(self.data_sum.bytes), 0],
        }
    }

    /// Cells of what a data field holds after its mark, without its tail.
    pub fn body_cells(&self, size: usize) -> usize {
        self.data_blocks(size).iter().fold(0, |sum, n| sum.saturating_add(self.data_coding.cells(*n)))
    }

    /// Cells of a data field with so many bytes of data.
    pub fn data_cells(&self, size: usize) -> usize {
        let tail = self.cells(self.tail.len());
        self.data_offset().saturating_add(self.body_cells(size)).saturating_add(tail)
    }

    /// Bytes of data of a sector with this id.
    pub fn size_of(&self, id: SectorId) -> usize {
        self.size.unwrap_or(id.size())
    }

    /// The rate that cells of this length are written at; of those of a code
    /// with one rate always that.
    pub fn rate(&self, cell: Ps) -> Option<Rate> {
        if let [only] = self.rates { Some(*only) } else { Rate::nearest_of(self.rates, cell) }
    }

    /// The cells of a mark that must be there: the sync, and all of its byte.
    pub(crate) fn must_show(&self) -> u64 {
        self.sync.mask | (u64::MAX >> (64usize.saturating_sub(self.byte_cells())))
    }

    /// Append a mark.
    pub fn put_mark(&self, mark: &Mark, out: &mut Bits) {
        out.push_bits(mark.cells.value >> self.peek, self.mark_cells);
    }

    /// Append so many cells of what leads a mark.
    pub fn put_sync(&self, cells: usize, out: &mut Bits) {
        self.fill(self.sync_fill, cells, out);
    }

    /// Append so many cells of what gaps hold.
    pub fn put_gap(&self, cells: usize, out: &mut Bits) {
        self.fill(self.filler, cells, out);
    }

    /// Cells of a unit of what leads a mark.
    pub fn sync_cells(&self) -> usize {
        self.unit(self.sync_fill)
    }

    /// Cells of a unit of what gaps hold.
    pub fn gap_cells(&self) -> usize {
        self.unit(self.filler)
    }

    fn unit(&self, fill: Fill) -> usize {
        match fill {
            Fill::Byte(_) => self.byte_cells(),
            Fill::Cells(_, cells) => cells,
        }
    }

    /// Append `cells` cells of a repeated unit. Where the last one is cut, the
    /// last cell of a byte is left empty: a clock cell may follow.
    fn fill(&self, fill: Fill, cells: usize, out: &mut Bits) {
        let unit = self.unit(fill).max(1);
        let next = |out: &Bits| match fill {
            Fill::Byte(byte) => (self.line.encode)(byte, last_cells(out)),
            Fill::Cells(pattern, _) => pattern,
        };
        for _ in 0..cells.checked_div(unit).unwrap_or(0) {
            out.push_bits(next(out), unit);
        }
        let rest = cells.checked_rem(unit).unwrap_or(0);
        if rest > 0 {
            let cut = next(out).checked_shr(u32::try_from(unit.saturating_sub(rest)).unwrap_or(64)).unwrap_or(0);
            let clocked = matches!(fill, Fill::Byte(_));
            out.push_bits(if clocked { cut & !1 } else { cut }, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(count: usize) -> Vec<u8> {
        (0..=255u8).rev().cycle().zip(0u32..).map(|(b, i)| b.wrapping_add((i / 97) as u8)).take(count).collect()
    }

    #[test]
    fn every_byte_comes_back_after_any_cell_and_at_any_phase() {
        for code in CODES {
            let size = code.size.unwrap_or(256);
            let (data, tags) = (bytes_of(size), bytes_of(code.tags).iter().map(|b| b & 0x3F).collect::<Vec<u8>>());
            for phase in [0, 1, 5, 63] {
                for last in [false, true] {
                    let mut bits = Bits::zeros(phase);
                    bits.push(last);
                    let mut plain = bits.clone();
                    code.line.put(&data, &mut plain);
                    assert_eq!(code.line.bytes(&plain, phase + 1, size), data, "{:?}", code.scheme);
                    let (at, check) = (phase + 1, code.check(0xFB, &tags, &data) ^ code.data_sum.bits & 1);
                    code.put_data(&tags, &data, check, &mut bits);
                    let body = DataBody { tags: tags.clone(), data: data.clone(), check: Some(check) };
                    assert_eq!(bits.len(), at + code.body_cells(size) + code.cells(code.tail.len()));
                    assert_eq!(code.data_at(&bits, at, size, usize::MAX).unwrap(), body, "{:?}", code.scheme);
                    assert!(code.data_is_sound(&bits, at, size), "{:?}", code.scheme);
                    bits.set(phase + 700, !bits.get(phase + 700));
                    let read = code.data_at(&bits, at, size, usize::MAX).unwrap();
                    assert!(code.strong || read != body || !code.data_is_sound(&bits, at, size));
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
            for mark in code.marks {
                code.put_sync(code.sync_cells() * 3, &mut bits);
                code.put_mark(mark, &mut bits);
                code.id_coding.line.put(&[0xFF; 4], &mut bits);
            }
            let ones: Vec<usize> = bits.ones().collect();
            let far = most * rules.stride;
            let kept = |w: &[usize]| w[1] - w[0] <= far && (w[1] - w[0]).is_multiple_of(rules.stride);
            assert!(ones.windows(2).all(kept), "{:?}", code.scheme);
        }
    }

    #[test]
    fn every_code_keeps_its_distances() {
        for code in CODES {
            let fill = |byte: u8| vec![byte; code.size.unwrap_or(256)];
            let mark = code.marks.iter().find(|m| m.role == Role::Data);
            for data in [bytes_of(code.size.unwrap_or(256)), fill(0), fill(0xFF), fill(0x7B), fill(0xDE)] {
                let mut bits = Bits::new();
                code.put_gap(code.gap_cells() * 5, &mut bits);
                code.put_sync(code.sync_cells() * 3, &mut bits);
                mark.into_iter().for_each(|mark| code.put_mark(mark, &mut bits));
                let tags = vec![1; code.tags];
                code.put_data(&tags, &data, code.check(0, &tags, &data), &mut bits);
                let ones: Vec<usize> = bits.ones().collect();
                let written = code.least..=code.rules.reach().1 * code.rules.stride;
                let far = ones.windows(2).find(|w| !written.contains(&(w[1] - w[0])));
                assert_eq!(far, None, "{:?}", code.scheme);
            }
        }
    }

    #[test]
    fn marks_are_no_bytes_and_share_the_sync() {
        for code in CODES {
            for mark in code.marks {
                let mut bits = Bits::new();
                code.put_sync(code.sync_cells() * 7, &mut bits);
                let start = bits.len();
                code.put_mark(mark, &mut bits);
                code.id_coding.put(&[0xFF; 4], &mut bits);
                let end = start + code.mark_cells + code.peek;
                assert!(mark.cells.matches(bits.window(end - 64, 64)), "{:?}", code.scheme);
                assert!(mark.role == Role::Index || code.sync.matches(mark.cells.value));
                let bytes = code.line.bytes(&bits, start, code.line.whole_bytes(code.mark_cells));
                let mut plain = bits.slice_wrapping(0, start);
                code.line.put(&bytes, &mut plain);
                assert!(code.least == 1 || plain.window(start, 64) != bits.window(start, code.mark_cells));
            }
        }
    }

    #[test]
    fn the_cells_of_a_bit_are_where_it_is_written() {
        for code in CODES {
            let size = code.size.unwrap_or(16);
            let data = bytes_of(size);
            let tags = vec![0; code.tags];
            let cells = |data: &[u8]| {
                let mut bits = Bits::new();
                code.put_data(&tags, data, 0, &mut bits);
                bits
            };
            let plain = cells(&data);
            for bit in (0..size * 8).step_by(if size > 16 { 13 } else { 1 }) {
                let own = code.bit_cells(bit, size);
                let mut other = data.clone();
                other[bit / 8] ^= 0x80 >> (bit % 8);
                let other = cells(&other);
                let changed = |cell: &usize| plain.get(*cell) != other.get(*cell);
                // A bit that makes a run of four ones changes the cells of others.
                let shows = own.clone().any(|cell| changed(&cell));
                assert!(shows || code.scheme == Scheme::DecRx02, "{:?} {bit}", code.scheme);
                let parts = code.byte_parts(bit / 8, size);
                assert!(parts.iter().any(|part| part.start <= own.start && own.end <= part.end));
            }
        }
    }

    #[test]
    fn id_fields_come_back_with_what_stands_beside_the_id() {
        for code in CODES {
            let n = code.size.and_then(SectorId::code).unwrap_or(2);
            let id = SectorId { c: 35, h: 0, r: 8, n: if code.scheme == Scheme::DecRx02 { 0 } else { n } };
            let beside = (code.read_id)(code.lead, &(code.put_id)(id, None)).unwrap().beside;
            for check in [None, Some(0x21)] {
                let mut bits = Bits::zeros(3);
                code.put_id(&code.id_field(id, beside.as_deref(), check), &mut bits);
                let field = code.id_at(&bits, 3).unwrap();
                assert_eq!((field.id, &field.beside), (id, &beside), "{:?}", code.scheme);
                assert!(code.id_is_sound(&bits, 3), "{:?}", code.scheme);
                assert_eq!(field.right == field.value, check.is_none(), "{:?} {field:?}", code.scheme);
                assert!(check.is_none_or(|check| check == field.value));
            }
        }
    }
}
