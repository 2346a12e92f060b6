//! Where on a carrier something is.

use std::fmt;

use crate::Lba;

/// A position of the head: quarter steps of the drive's pitch, and the side.
///
/// Half and quarter tracks, double stepping and steps below zero are all
/// positions. The cylinder recorded in id fields belongs to sightings only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackAt {
    /// Quarter steps from track 0.
    pub quarter: i16,
    /// Side, 0-based.
    pub head: u8,
}

impl TrackAt {
    /// A whole step of the drive.
    pub fn new(cylinder: u8, head: u8) -> Self {
        Self { quarter: i16::from(cylinder) * 4, head }
    }

    /// The step when the position is on a whole step, at or above 0.
    pub fn cylinder(self) -> Option<u8> {
        if self.quarter >= 0 && self.quarter % 4 == 0 { u8::try_from(self.quarter / 4).ok() } else { None }
    }
}

impl fmt::Display for TrackAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.quarter < 0 { "-" } else { "" };
        let whole = self.quarter.unsigned_abs() / 4;
        let part = ["", "+1/4", "+1/2", "+3/4"][usize::from(self.quarter.unsigned_abs() % 4)];
        write!(f, "{sign}{whole}{part}.{}", self.head)
    }
}

/// What an id field records: cylinder, head, record (sector number), size code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectorId {
    /// Cylinder as recorded.
    pub c: u8,
    /// Head as recorded.
    pub h: u8,
    /// Record: the sector's number.
    pub r: u8,
    /// Size code: 128 << n bytes, as IBM controllers count.
    pub n: u8,
}

impl SectorId {
    /// Bytes in a sector of this size code; controllers use its low three bits.
    pub fn size(self) -> usize {
        128 << (self.n & 7)
    }

    /// The size code of a length, if there is one.
    pub fn code(bytes: usize) -> Option<u8> {
        (0..8).find(|n| 128usize << n == bytes)
    }
}

impl fmt::Display for SectorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "C{} H{} R{} N{}", self.c, self.h, self.r, self.n)
    }
}

/// A place that a fact or a finding speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// The whole image.
    Whole,
    /// One position of the head.
    Track(TrackAt),
    /// A slot, named by the record it shows: the `nth` (0-based, in the order
    /// of the track) with this R; without an id the `nth` of those.
    Slot {
        /// Position of the head.
        track: TrackAt,
        /// Recorded R, `None` for data without an id.
        r: Option<u8>,
        /// 0-based among equals.
        nth: u16,
    },
    /// A track of an optical disc.
    CdTrack(u8),
    /// Sectors in a row on a track of an optical disc.
    Sectors {
        /// Number of the track.
        track: u8,
        /// The first one.
        start: Lba,
        /// How many there are.
        count: u32,
    },
    /// A run of bytes of a linear carrier.
    Bytes {
        /// First byte.
        start: u64,
        /// Length in bytes.
        len: u64,
    },
    /// A file or directory in a volume, by its shown path.
    Path(String),
    /// A named thing: a claim, an opaque part.
    Named(String),
}

impl Place {
    /// The track that the place lies on.
    pub fn track(&self) -> Option<TrackAt> {
        match self {
            Self::Track(at) | Self::Slot { track: at, .. } => Some(*at),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("image"),
            Self::Track(at) => write!(f, "track {at}"),
            Self::Slot { track, r: Some(r), nth: 0 } => write!(f, "{track}.{r}"),
            Self::Slot { track, r: Some(r), nth } => write!(f, "{track}.{r} (copy {})", nth.saturating_add(1)),
            Self::Slot { track, r: None, nth } => write!(f, "{track} data without id #{nth}"),
            Self::CdTrack(number) => write!(f, "track {number}"),
            Self::Sectors { track, start, count: 1 } => write!(f, "track {track}, sector {start}"),
            Self::Sectors { track, start, count } => write!(f, "track {track}, sectors {start}+{count}"),
            Self::Bytes { start, len } => write!(f, "bytes {start}+{len}"),
            Self::Path(path) => f.write_str(path),
            Self::Named(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_read_as_people_write_them() {
        let show = |quarter, head| TrackAt { quarter, head }.to_string();
        assert_eq!(show(0, 0), "0.0");
        assert_eq!(show(70, 1), "17+1/2.1");
        assert_eq!(show(-4, 0), "-1.0");
        assert_eq!(TrackAt::new(39, 1).cylinder(), Some(39));
        assert_eq!(TrackAt { quarter: 2, head: 0 }.cylinder(), None);
    }
}
