//! How bytes lie in cells.

use std::ops::Range;

use floptical_model::Bits;

/// How one byte lies in cells, whatever the bytes beside it are.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Cells in a byte.
    pub byte_cells: usize,
    /// The cells of a byte (in the low bits) after those that came before (the
    /// last one lowest).
    pub(super) encode: fn(u8, u64) -> u64,
    /// The bytes in 64 cells, first byte highest, as many as are whole.
    pub(super) decode: fn(u64) -> u64,
}

/// Eight cells are a byte.
pub(super) const CELLS: Line = Line { byte_cells: 8, encode: |byte, _| byte as u64, decode: |cells| cells };

/// What the bytes of a field are made into before they are written as cells:
/// other bytes.
#[derive(Debug, Clone, Copy)]
pub struct Packing {
    /// How many so many bytes become.
    pub(super) packed: fn(usize) -> usize,
    /// The bytes that are written.
    pub(super) pack: fn(&[u8]) -> Vec<u8>,
    /// The way back; none where bytes are written as they are, each by itself.
    pub(super) unpack: Option<Unpack>,
    /// The bits of the written bytes that hold a bit of so many bytes.
    pub(super) place: fn(usize, usize) -> Range<usize>,
    /// The cells that are written together, where some patterns of them never are.
    pub groups: Option<Groups>,
}

/// So many bytes of those that were written, and whether somebody writes such.
type Unpack = fn(&[u8], usize) -> (Vec<u8>, bool);

/// Cells that are written together.
#[derive(Debug, Clone, Copy)]
pub struct Groups {
    /// How many.
    pub cells: usize,
    /// Whether somebody writes them so.
    pub is_written: fn(u64) -> bool,
}

/// Bytes are written as they are.
pub(super) const PLAIN: Packing = Packing {
    packed: |count| count,
    pack: <[u8]>::to_vec,
    unpack: None,
    place: |bit, _| bit..bit.saturating_add(1),
    groups: None,
};

/// How the bytes of a field lie in cells.
#[derive(Debug, Clone, Copy)]
pub struct Coding {
    /// The bytes that are written.
    pub line: Line,
    /// What they are made of.
    pub packing: Packing,
}

impl Line {
    /// Cells of so many bytes.
    pub fn cells(&self, bytes: usize) -> usize {
        bytes.saturating_mul(self.byte_cells)
    }

    /// How many whole bytes so many cells make.
    pub fn whole_bytes(&self, cells: usize) -> usize {
        cells.checked_div(self.byte_cells).unwrap_or(0)
    }

    /// Append bytes.
    pub fn put(&self, bytes: &[u8], out: &mut Bits) {
        let mut last = last_cells(out);
        for byte in bytes {
            last = (self.encode)(*byte, last);
            out.push_bits(last, self.byte_cells);
        }
    }

    /// The `count` bytes from cell `at`, on a circle.
    pub fn bytes(&self, cells: &Bits, at: usize, count: usize) -> Vec<u8> {
        let group = self.whole_bytes(64);
        let unused = u32::try_from(64usize.saturating_sub(group.saturating_mul(8))).unwrap_or(0);
        let mut bytes = Vec::with_capacity(count.saturating_add(8));
        let mut at = at;
        while bytes.len() < count {
            let next = bytes.len().saturating_add(group);
            let word = (self.decode)(cells.window_wrapping(at, 64)) << unused;
            // Always eight, for that needs no loop.
            bytes.extend_from_slice(&word.to_be_bytes());
            bytes.truncate(next);
            at = at.wrapping_add(self.cells(group));
        }
        bytes.truncate(count);
        bytes
    }

    /// True when bytes written anew give these very cells: what other cells
    /// read as is not what somebody wrote.
    fn is_sound(&self, cells: &Bits, at: usize, bytes: &[u8]) -> bool {
        let mut anew = Bits::with_capacity(self.cells(bytes.len()).saturating_add(1));
        anew.push(cells.window_wrapping(at.wrapping_add(cells.len()).wrapping_sub(1), 1) == 1);
        self.put(bytes, &mut anew);
        // The first cell depends on what a mark or a splice left before it.
        (2..anew.len()).step_by(64).all(|from| {
            let count = anew.len().saturating_sub(from).min(64);
            anew.window(from, count) == cells.window_wrapping(at.wrapping_add(from).wrapping_sub(1), count)
        })
    }
}

impl Coding {
    /// True when each byte is written by itself.
    pub fn is_by_bytes(&self) -> bool {
        self.packing.unpack.is_none()
    }

    /// Cells of so many bytes.
    pub fn cells(&self, count: usize) -> usize {
        self.line.cells((self.packing.packed)(count))
    }

    /// Append a part of a field.
    pub fn put(&self, bytes: &[u8], out: &mut Bits) {
        self.line.put(&(self.packing.pack)(bytes), out);
    }

    /// The part of a field with `count` bytes from cell `at`, on a circle.
    pub fn bytes(&self, cells: &Bits, at: usize, count: usize) -> Vec<u8> {
        let written = self.written(cells, at, count);
        match self.packing.unpack {
            Some(unpack) => unpack(&written, count).0,
            None => written,
        }
    }

    /// True when somebody may have written the cells of a part.
    pub fn is_sound(&self, cells: &Bits, at: usize, count: usize) -> bool {
        let written = self.written(cells, at, count);
        self.packing.unpack.is_none_or(|unpack| unpack(&written, count).1) && self.line.is_sound(cells, at, &written)
    }

    fn written(&self, cells: &Bits, at: usize, count: usize) -> Vec<u8> {
        self.line.bytes(cells, at, (self.packing.packed)(count))
    }

    /// The cells, from the first of the part, that hold a bit of `size` bytes.
    pub fn bit_cells(&self, bit: usize, size: usize) -> Range<usize> {
        let bits = (self.packing.place)(bit, size);
        let cells = |bit: usize| self.line.cells(bit) / 8;
        cells(bits.start)..cells(bits.end)
    }
}

/// The last two cells.
pub(super) fn last_cells(out: &Bits) -> u64 {
    let count = out.len().min(2);
    out.window(out.len().saturating_sub(count), count)
}
