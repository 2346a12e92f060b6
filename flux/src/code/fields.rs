//! The fields of a sector: their bytes to cells and back.

use std::ops::Range;

use floptical_model::{Bits, SectorId};

use super::Code;

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

/// What a data field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataBody {
    /// What stands before the data.
    pub tags: Vec<u8>,
    /// The data.
    pub data: Vec<u8>,
    /// The check as recorded, where the field was not cut.
    pub check: Option<u32>,
}

impl Code {
    /// The id field whose bytes begin at cell `at`; `None` for what is none.
    pub fn id_at(&self, cells: &Bits, at: usize) -> Option<IdField> {
        (self.read_id)(self.lead, &self.id_content(cells, at))
    }

    /// True when somebody may have written the cells of an id field, or its check
    /// is strong.
    pub fn id_is_sound(&self, cells: &Bits, at: usize) -> bool {
        self.strong || self.id_places(at).all(|(at, count)| self.id_coding.is_sound(cells, at, count))
    }

    /// The bytes of an id field that follow its mark at cell `at`.
    pub fn id_content(&self, cells: &Bits, at: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.id_bytes());
        self.id_places(at).for_each(|(at, count)| bytes.extend(self.id_coding.bytes(cells, at, count)));
        bytes
    }

    /// The first cell and the bytes of each part of an id field.
    fn id_places(&self, at: usize) -> impl Iterator<Item = (usize, usize)> {
        self.id_blocks.iter().scan(at, |at, count| {
            let start = *at;
            *at = at.wrapping_add(self.id_coding.cells(*count));
            Some((start, *count))
        })
    }

    /// True where the bytes of a data field lie one after the other in the cells,
    /// the check last.
    pub fn is_by_bytes(&self) -> bool {
        self.data_coding.is_by_bytes() && !self.check_first
    }

    /// True where the check of a data field is of eight bits at most.
    pub fn has_few_bits(&self) -> bool {
        self.data_sum.bits <= 0xFF
    }

    /// Cells of what an id field holds after its mark, without its tail.
    pub fn id_body_cells(&self) -> usize {
        self.id_places(0).fold(0, |sum, (_, count)| sum.saturating_add(self.id_coding.cells(count)))
    }

    /// Append what follows the mark of an id field.
    pub fn put_id(&self, bytes: &[u8], out: &mut Bits) {
        let mut rest = bytes;
        for count in self.id_blocks {
            let (block, after) = rest.split_at_checked(*count).unwrap_or((rest, &[]));
            self.id_coding.put(block, out);
            rest = after;
        }
        self.line.put(self.id_tail, out);
    }

    /// What a data field of `size` bytes holds, from the cell after its mark
    /// on; `room` cells are there. Of a field that is cut, the bytes that are
    /// whole, where each byte lies by itself; `None` where it does not.
    pub fn data_at(&self, cells: &Bits, at: usize, size: usize, room: usize) -> Option<DataBody> {
        let blocks = self.data_blocks(size);
        let whole = room >= self.body_cells(size);
        if !whole && !self.data_coding.is_by_bytes() {
            return None;
        }
        let mut bytes = Vec::new();
        let mut start = at;
        for count in blocks.into_iter().filter(|count| *count > 0) {
            let there = if whole { count } else { count.min(self.data_coding.line.whole_bytes(room)) };
            let part = self.data_coding.bytes(cells, start, there);
            if bytes.is_empty() {
                bytes = part;
            } else {
                bytes.extend(part);
            }
            start = start.wrapping_add(self.data_coding.cells(there));
        }
        if self.check_first {
            let check = self.data_sum.bytes.min(bytes.len());
            bytes.rotate_left(check);
        }
        let data_end = self.tags.saturating_add(size).min(bytes.len());
        let check = bytes.split_off(data_end);
        let tags = bytes.drain(..self.tags.min(bytes.len())).collect();
        Some(DataBody { tags, data: bytes, check: (check.len() == self.data_sum.bytes).then(|| number(&check)) })
    }

    /// True when somebody may have written the cells of a data field of `size`
    /// bytes.
    pub fn data_is_sound(&self, cells: &Bits, at: usize, size: usize) -> bool {
        let [first, second] = self.data_blocks(size);
        let next = at.wrapping_add(self.data_coding.cells(first));
        let sound = self.data_coding.is_sound(cells, at, first);
        sound && (second == 0 || self.data_coding.is_sound(cells, next, second))
    }

    /// Append what follows the mark of a data field.
    pub fn put_data(&self, tags: &[u8], data: &[u8], check: u32, out: &mut Bits) {
        let check = self.data_sum.field(check);
        if self.check_first {
            self.data_coding.put(&check, out);
            self.data_coding.put(data, out);
        } else {
            self.data_coding.put(&[tags, data, &check].concat(), out);
        }
        self.line.put(self.tail, out);
    }

    /// The bytes of an id field after its mark, with its right check, or with
    /// this one.
    pub fn id_field(&self, id: SectorId, beside: Option<&[u8]>, check: Option<u32>) -> Vec<u8> {
        let mut bytes = (self.put_id)(id, beside);
        let check = self.id_sum.field(check.unwrap_or_else(|| self.id_check(id, beside)));
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
    pub fn check(&self, mark: u8, tags: &[u8], data: &[u8]) -> u32 {
        if tags.is_empty() {
            return (self.check)(self.lead, mark, data);
        }
        (self.check)(self.lead, mark, &[tags, data].concat())
    }

    /// The cells, from what a data field holds on, that hold a byte of `size`
    /// bytes of data: one stretch or several.
    pub fn byte_parts(&self, byte: usize, size: usize) -> Vec<Range<usize>> {
        let first = byte.saturating_mul(8);
        let mut cells: Vec<_> = (first..first.saturating_add(8)).map(|bit| self.bit_cells(bit, size)).collect();
        cells.sort_unstable_by_key(|cells| cells.start);
        cells.dedup();
        let mut parts: Vec<Range<usize>> = Vec::new();
        for cells in cells {
            match parts.last_mut().filter(|part| part.end == cells.start) {
                Some(part) => part.end = cells.end,
                None => parts.push(cells),
            }
        }
        parts
    }

    /// The cells, from what a data field holds on, that hold a bit of `size`
    /// bytes of data.
    pub fn bit_cells(&self, bit: usize, size: usize) -> Range<usize> {
        let [first, second] = self.data_blocks(size);
        if self.check_first {
            let before = self.data_coding.cells(first);
            let cells = self.data_coding.bit_cells(bit, second);
            return before.saturating_add(cells.start)..before.saturating_add(cells.end);
        }
        self.data_coding.bit_cells(bit.saturating_add(self.tags.saturating_mul(8)), first)
    }
}

/// The number of some bytes, high one first.
pub(crate) fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}
