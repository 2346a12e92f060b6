//! The header and the packing of tracks.

use floptical_io::Cursor;
use floptical_model::{Error, Layout, Result};

use crate::st::shape::{SECTOR, layout};

/// What a file begins with.
const MAGIC: u16 = 0x0E0F;
/// Bytes of the header.
pub(super) const HEADER: usize = 10;
/// What a run begins with; as a byte of its own it is a run of one.
const RUN: u8 = 0xE5;
/// The fewest equal bytes that are packed.
const WORTH: usize = 5;

/// The header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) sectors: u8,
    pub(super) heads: u8,
    pub(super) first: u8,
    pub(super) last: u8,
}

impl Geometry {
    /// The header of a file.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        let magic = cursor.u16_be("the magic number")?;
        if magic.value != MAGIC {
            return Err(Error::malformed(magic.at, "the file does not begin with 0E0Fh"));
        }
        let mut number = |field: &str, most: u16| {
            let read = cursor.u16_be(field)?;
            match u8::try_from(read.value) {
                Ok(value) if read.value <= most => Ok(value),
                _ => Err(Error::malformed(read.at, format!("{} is no {field} of a floppy", read.value))),
            }
        };
        let sectors = number("number of sectors", 50)?;
        let heads = number("number of sides", 1)?.saturating_add(1);
        let (first, last) = (number("first track", 254)?, number("last track", 254)?);
        let geometry = Self { sectors, heads, first, last };
        if sectors == 0 || first > last {
            return Err(Error::malformed(floptical_model::Span::file(2, 8), "a disk without tracks or sectors"));
        }
        Ok(geometry)
    }

    /// As it is written.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let words = [self.sectors, self.heads.saturating_sub(1), self.first, self.last];
        let all = std::iter::once(MAGIC).chain(words.map(u16::from));
        all.flat_map(u16::to_be_bytes).collect()
    }

    /// Bytes of a track.
    pub(super) fn track_bytes(self) -> usize {
        usize::from(self.sectors).saturating_mul(SECTOR.into())
    }

    /// The layout that it tells.
    pub(super) fn layout(self) -> Option<Layout> {
        layout(u64::from(self.last).saturating_add(1), self.heads.into(), self.sectors.into())
    }

    /// Its tracks in the order of the file.
    pub(super) fn tracks(self) -> impl Iterator<Item = (u8, u8)> {
        (self.first..=self.last).flat_map(move |c| (0..self.heads).map(move |h| (c, h)))
    }
}

/// The stored length of the first track.
pub(super) fn first_record(bytes: &[u8]) -> Option<usize> {
    bytes.get(HEADER..)?.first_chunk().map(|len| usize::from(u16::from_be_bytes(*len)))
}

/// A track of `size` bytes unpacked: what comes out up to that size, and
/// whether it was just that.
pub(super) fn unpack(mut stored: &[u8], size: usize) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    while out.len() < size {
        match stored {
            [RUN, byte, high, low, rest @ ..] => {
                let count = usize::from(u16::from_be_bytes([*high, *low]));
                let room = size.saturating_sub(out.len());
                out.resize(out.len().saturating_add(count.min(room)), *byte);
                if count > room {
                    return (out, false);
                }
                stored = rest;
            }
            [byte, rest @ ..] if *byte != RUN => {
                out.push(*byte);
                stored = rest;
            }
            _ => return (out, false),
        }
    }
    (out, stored.is_empty())
}

/// A track as it is stored: packed where that is shorter.
pub(super) fn pack(track: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for run in track.chunk_by(|a, b| a == b) {
        let Some(byte) = run.first() else { continue };
        for piece in run.chunks(usize::from(u16::MAX)) {
            match u16::try_from(piece.len()) {
                Ok(count) if piece.len() >= WORTH || *byte == RUN => {
                    out.extend([RUN, *byte]);
                    out.extend(count.to_be_bytes());
                }
                _ => out.extend_from_slice(piece),
            }
        }
    }
    if out.len() < track.len() { out } else { track.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_unpacks() {
        for track in [vec![0; 4608], vec![RUN; 512], (0..512).map(|i| i as u8).collect(), [[RUN; 1], [7]].concat()] {
            let stored = pack(&track);
            assert!(stored.len() <= track.len());
            if stored.len() < track.len() {
                assert_eq!(unpack(&stored, track.len()), (track, true));
            } else {
                assert_eq!(stored, track);
            }
        }
    }

    #[test]
    fn what_is_not_of_the_size_is_told() {
        assert_eq!(unpack(&[RUN, 1, 0, 4], 4), (vec![1; 4], true));
        assert_eq!(unpack(&[RUN, 1, 0, 5], 4), (vec![1; 4], false));
        assert_eq!(unpack(&[RUN, 1, 0, 3], 4), (vec![1; 3], false));
        assert_eq!(unpack(&[RUN, 1, 0], 4), (vec![], false));
        assert_eq!(unpack(&[1, 2, 3, 4, 5], 4), (vec![1, 2, 3, 4], false));
        assert_eq!(unpack(&[RUN, 1, 0, 0], 4), (vec![], false));
    }
}
