//! Sectors of 256 bytes by track and number, and the links between them.

use std::fmt;

use floptical_model::{Blocks, Context, Result, Status};

/// Bytes in a sector.
pub(super) const SECTOR: u64 = 256;
/// Bytes of a file in a sector: the first two are the link.
pub(super) const DATA: u64 = 254;

/// The place of a sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    /// Track, from 1.
    pub track: u8,
    /// Sector, from 0.
    pub sector: u8,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.track, self.sector)
    }
}

/// The drive whose disks a volume is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drive {
    D1541,
    D1571,
    D1581,
}

impl Drive {
    /// Sectors on a track.
    fn sectors(self, track: u8) -> u8 {
        match (self, track) {
            (_, 0) => 0,
            (Self::D1581, _) => 40,
            (Self::D1571, 36..) => Self::D1541.sectors(track.saturating_sub(35)),
            (_, 1..=17) => 21,
            (_, 18..=24) => 19,
            (_, 25..=30) => 18,
            _ => 17,
        }
    }

    /// What to call its volumes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::D1541 => "CBM DOS 1541",
            Self::D1571 => "CBM DOS 1571",
            Self::D1581 => "CBM DOS 1581",
        }
    }

    /// The sector with the name of the disk.
    pub(super) fn header(self) -> At {
        At { track: if self == Self::D1581 { 40 } else { 18 }, sector: 0 }
    }

    /// The first sector of the directory. The header has a link to it too,
    /// which no drive follows.
    pub(super) fn directory(self) -> At {
        At { sector: if self == Self::D1581 { 3 } else { 1 }, ..self.header() }
    }

    /// The version of DOS that formats its disks.
    pub(super) fn version(self) -> u8 {
        if self == Self::D1581 { b'D' } else { b'A' }
    }
}

/// Tracks of each drive's disks.
const TRACKS: [(Drive, std::ops::RangeInclusive<u8>); 3] =
    [(Drive::D1541, 18..=42), (Drive::D1571, 70..=70), (Drive::D1581, 80..=83)];

/// Where the sectors of a volume lie.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub drive: Drive,
    pub tracks: u8,
    /// Number of the first sector of each track, in linear order; the last is
    /// behind the end.
    starts: Vec<u32>,
}

impl Shape {
    fn new(drive: Drive, tracks: u8) -> Self {
        let mut starts = vec![0u32];
        for track in 1..=tracks {
            let last = starts.last().copied().unwrap_or(0);
            starts.push(last.saturating_add(drive.sectors(track).into()));
        }
        Self { drive, tracks, starts }
    }

    /// The shapes that a length allows: whole tracks, with or without a byte
    /// for the state of each sector behind them; else a 1541's disk that is
    /// cut or has something behind it.
    pub(super) fn of(len: u64) -> Vec<Self> {
        let all = TRACKS.into_iter().flat_map(|(drive, tracks)| tracks.map(move |t| Self::new(drive, t)));
        let fits = |shape: &Self| {
            [SECTOR, SECTOR.saturating_add(1)].map(|s| s.saturating_mul(shape.count().into())).contains(&len)
        };
        let exact: Vec<Self> = all.filter(fits).collect();
        let plain = Self::new(Drive::D1541, 35);
        let whole = u64::from(plain.count()).saturating_mul(SECTOR);
        let near = (whole / 2..whole.saturating_mul(2)).contains(&len);
        if exact.is_empty() && near { vec![plain] } else { exact }
    }

    /// Sectors altogether.
    pub(super) fn count(&self) -> u32 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Sectors on a track; none outside the disk.
    pub(super) fn sectors(&self, track: u8) -> u8 {
        if track <= self.tracks { self.drive.sectors(track) } else { 0 }
    }

    /// The number of a sector in linear order.
    pub(super) fn index(&self, at: At) -> Option<usize> {
        let start = self.starts.get(usize::from(at.track.checked_sub(1)?))?;
        let inside = at.sector < self.sectors(at.track);
        inside.then(|| usize::try_from(start.saturating_add(at.sector.into())).unwrap_or(usize::MAX))
    }

    /// The first byte of a sector.
    pub(super) fn offset(&self, at: At) -> Option<u64> {
        Some((self.index(at)? as u64).saturating_mul(SECTOR))
    }

    /// Every sector of some tracks.
    pub(super) fn each(&self, tracks: std::ops::RangeInclusive<u8>) -> impl Iterator<Item = At> {
        tracks.flat_map(|track| (0..self.sectors(track)).map(move |sector| At { track, sector }))
    }
}

/// What the first two bytes of a sector say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Another sector follows.
    Next(At),
    /// It is the last; the index of its last byte.
    Last(u8),
    /// It was not read.
    Unread,
}

/// The sectors of a volume.
pub(super) struct Disk<'a> {
    pub blocks: &'a dyn Blocks,
    pub context: &'a Context,
    pub shape: Shape,
    links: Vec<Link>,
}

impl<'a> Disk<'a> {
    /// Look at the links of all sectors.
    pub(super) fn new(blocks: &'a dyn Blocks, shape: Shape, context: &'a Context) -> Result<Self> {
        let mut disk = Self { blocks, context, shape, links: Vec::new() };
        for at in disk.shape.each(1..=disk.shape.tracks).collect::<Vec<_>>() {
            let link = match disk.sector(at)? {
                Some([0, last, ..]) => Link::Last(last),
                Some([track, sector, ..]) => Link::Next(At { track, sector }),
                None => Link::Unread,
            };
            disk.links.push(link);
        }
        Ok(disk)
    }

    /// A sector; `None` when it is not there or was not read.
    pub(super) fn sector(&self, at: At) -> Result<Option<[u8; 256]>> {
        self.context.step(1)?;
        let mut bytes = [0; 256];
        let Some(offset) = self.shape.offset(at).filter(|o| o.saturating_add(SECTOR) <= self.blocks.len()) else {
            return Ok(None);
        };
        let status = self.blocks.read(offset, &mut bytes, self.context)?;
        Ok((status > Status::Missing).then_some(bytes))
    }

    /// The link of a sector.
    pub(super) fn link(&self, at: At) -> Option<Link> {
        self.links.get(self.shape.index(at)?).copied()
    }

    /// True when a sector is there to be read.
    pub(super) fn holds(&self, at: At) -> bool {
        self.shape.offset(at).is_some_and(|o| o.saturating_add(SECTOR) <= self.blocks.len())
    }
}
