//! What a datum was read from.

use std::fmt;

use crate::TrackAt;

/// Points at what a datum was read from. Spans of cells and ticks are derived
/// again on demand; no object is kept for a single cell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Span {
    /// Bytes of one of the image's files (an index into `Image::files`).
    File {
        /// Index of the file.
        file: u16,
        /// First byte.
        start: u64,
        /// Length in bytes.
        len: u64,
    },
    /// Ticks of a flux reading.
    Ticks {
        /// Track.
        track: TrackAt,
        /// Index of the reading on the track.
        reading: u16,
        /// First tick from the start of the capture.
        start: u64,
        /// Length in ticks.
        len: u64,
    },
    /// Cells of a revolution of a track.
    Cells {
        /// Track.
        track: TrackAt,
        /// Revolution of the capture, 0 where there is one only.
        revolution: u16,
        /// First cell from the start of the revolution.
        start: u64,
        /// Length in cells.
        len: u64,
    },
    /// Bytes of a slot's data field.
    Slot {
        /// Track.
        track: TrackAt,
        /// Ordinal of the slot on its track.
        slot: u16,
        /// First byte within the data field.
        start: u32,
        /// Length in bytes.
        len: u32,
    },
    /// Bytes of a volume or linear carrier.
    Volume {
        /// First byte.
        start: u64,
        /// Length in bytes.
        len: u64,
    },
    /// Not read from anything: made by a recipe.
    Made(&'static str),
}

impl Span {
    /// Bytes of the image's only (or first) file.
    pub fn file(start: u64, len: u64) -> Self {
        Self::File { file: 0, start, len }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file: 0, start, len } => write!(f, "offset {start} (0x{start:x}), {len} bytes"),
            Self::File { file, start, len } => write!(f, "file {file}, offset {start} (0x{start:x}), {len} bytes"),
            Self::Ticks { track, start, len, .. } => write!(f, "track {track}, ticks {start}+{len}"),
            Self::Cells { track, revolution, start, len } => {
                write!(f, "track {track}, revolution {revolution}, cells {start}+{len}")
            }
            Self::Slot { track, slot, start, len } => write!(f, "track {track}, slot {slot}, bytes {start}+{len}"),
            Self::Volume { start, len } => write!(f, "volume offset {start}, {len} bytes"),
            Self::Made(recipe) => write!(f, "made by {recipe}"),
        }
    }
}
