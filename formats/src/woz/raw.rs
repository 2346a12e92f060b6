//! What stands where in the file, and how tracks are numbered.

use std::collections::BTreeMap;

use floptical_model::{Opaque, Place, Policy, Span, TrackAt};

/// Bytes before the first chunk: magic, signature, CRC.
pub(super) const HEADER: usize = 12;
/// Where the CRC of all that follows it stands.
pub(super) const CRC: usize = 8;
/// Entries of a map, and of the table of tracks.
pub(super) const ENTRIES: usize = 160;
/// The entry of a position without a track.
pub(super) const NONE: u8 = 0xFF;
/// Bytes of a block, in which tracks lie from the second version on.
pub(super) const BLOCK: u64 = 512;
/// Bytes of an entry of the table of tracks.
pub(super) const ENTRY: usize = 8;

/// A track of the first version: room for cells, then what is said of them.
pub(super) const RECORD: usize = 6656;
pub(super) const ROOM: usize = 6646;
/// The splice of a record that has none.
pub(super) const NO_SPLICE: u16 = 0xFFFF;

/// Ids of the chunks.
pub(super) const INFO: &[u8; 4] = b"INFO";
pub(super) const TMAP: &[u8; 4] = b"TMAP";
pub(super) const TRKS: &[u8; 4] = b"TRKS";
pub(super) const FLUX: &[u8; 4] = b"FLUX";

/// Names of the opaque parts, after the id of the format.
pub(super) const PART_CRC: &str = "crc";
pub(super) const PART_INFO: &str = "info";
pub(super) const PART_CHUNK: &str = "chunk";
pub(super) const PART_PAD: &str = "pad";
pub(super) const PART_FLUX_PAD: &str = "flux-pad";
pub(super) const PART_RECORD: &str = "record";
pub(super) const PART_TAIL: &str = "tail";
pub(super) const PART_GAP: &str = "gap";
pub(super) const PART_LAYOUT: &str = "layout";

/// How the entries of a map are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Quarter steps of one side.
    Quarters,
    /// Two for each cylinder: side 0, side 1.
    Sides,
}

impl Numbering {
    pub(super) fn position(self, entry: u8) -> TrackAt {
        match self {
            Self::Quarters => TrackAt { quarter: entry.into(), head: 0 },
            Self::Sides => TrackAt::new(entry / 2, entry % 2),
        }
    }

    pub(super) fn entry(self, at: TrackAt) -> Option<u8> {
        let entry = match self {
            Self::Quarters if at.head == 0 => u8::try_from(at.quarter).ok()?,
            Self::Sides if at.head < 2 => at.cylinder()?.checked_mul(2)?.checked_add(at.head)?,
            _ => return None,
        };
        (usize::from(entry) < ENTRIES).then_some(entry)
    }
}

/// Sizes that INFO tells, in blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sizes {
    pub(super) largest: u16,
    pub(super) flux_block: u16,
    pub(super) largest_flux: u16,
}

/// What a position holds, by the index of its track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holds {
    pub(super) entry: u8,
    pub(super) track: usize,
    pub(super) cells: bool,
    pub(super) flux: bool,
}

/// The two maps, and the readings in the order of the table of tracks: the
/// index of the track, and whether it is its flux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Maps {
    pub(super) cells: [u8; ENTRIES],
    pub(super) flux: [u8; ENTRIES],
    pub(super) table: Vec<(usize, bool)>,
}

impl Maps {
    /// The maps as they are written: cells are numbered by the positions that
    /// show them first, flux after all cells. `None` when the table has no
    /// room.
    pub(super) fn of(held: &[Holds]) -> Option<Self> {
        let mut maps = Self { cells: [NONE; ENTRIES], flux: [NONE; ENTRIES], table: Vec::new() };
        for is_flux in [false, true] {
            let mut numbers: BTreeMap<usize, u8> = BTreeMap::new();
            for holds in held.iter().filter(|h| if is_flux { h.flux } else { h.cells }) {
                let number = match numbers.get(&holds.track) {
                    Some(number) => *number,
                    None => {
                        let next = u8::try_from(maps.table.len()).ok().filter(|n| usize::from(*n) < ENTRIES)?;
                        numbers.insert(holds.track, next);
                        maps.table.push((holds.track, is_flux));
                        next
                    }
                };
                let map = if is_flux { &mut maps.flux } else { &mut maps.cells };
                *map.get_mut(usize::from(holds.entry))? = number;
            }
        }
        Some(maps)
    }

    /// True when there is flux.
    pub(super) fn has_flux(&self) -> bool {
        self.table.iter().any(|(_, flux)| *flux)
    }
}

/// Blocks for so many bytes.
pub(super) fn blocks(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK)
}

/// Bytes for so many cells.
pub(super) fn bytes_of(cells: u32) -> u64 {
    u64::from(cells).div_ceil(8)
}

/// What follows cells up to the end of their room: the rest of their last
/// byte, with its cells left out, and the bytes behind it.
pub(super) fn pad(room: &[u8], cells: u64) -> Vec<u8> {
    let whole = usize::try_from(cells / 8).unwrap_or(usize::MAX);
    let used = u32::try_from(cells % 8).unwrap_or(0);
    let mut pad = room.get(whole..).unwrap_or(&[]).to_vec();
    if let Some(first) = pad.first_mut() {
        *first &= 0xFFu8.checked_shr(used).unwrap_or(0);
    }
    pad
}

/// What a record of the first version says behind its room, where it has no
/// splice: bytes and cells in use, splice, its nibble, the bits of that,
/// reserved.
pub(super) fn usual_record(cells: u16) -> [u8; RECORD - ROOM] {
    let [low, high] = cells.to_le_bytes();
    let [used, more] = cells.div_ceil(8).to_le_bytes();
    [used, more, low, high, 0xFF, 0xFF, 0, 0, 0, 0]
}

/// A part that is kept.
pub(super) fn kept(name: String, place: Place, bytes: &[u8], start: u64, policy: Policy) -> Opaque {
    Opaque { name, place, bytes: bytes.into(), policy, at: Span::file(start, bytes.len() as u64) }
}
