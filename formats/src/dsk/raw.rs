//! The blocks of a file: disk information, track information, sector lists.

use floptical_io::Cursor;
use floptical_model::{Error, Known, Rate, Result, Scheme, SectorId, Slot, Span, Why};

use super::Kind;

/// Bytes of the disk information, and what track blocks are counted in.
pub(super) const BLOCK: usize = 256;
/// Where the creator stands, and its length.
const CREATOR: std::ops::Range<usize> = 0x22..0x30;
/// Where the table of track sizes stands.
const TABLE: usize = 0x34;
/// The most entries that the table has.
pub(super) const TRACKS: usize = BLOCK - TABLE;
/// The largest block of a track: its table entry is a byte.
pub(super) const LARGEST: usize = 0xFF00;
/// What a track block begins with.
const TRACK: &[u8] = b"Track-Info";
/// Where the list of sectors stands in a track block.
const LIST: usize = 0x18;
/// What is stored of sectors of 8 KiB and more in a standard file.
const LONG: usize = 0x1800;
/// What formats a CPC disk: gap 3, filler.
const GAP3: u8 = 0x4E;
pub(super) const FILLER: u8 = 0xE5;

/// The disk information block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DiskHeader {
    pub(super) kind: Kind,
    /// Without the zeros at its end.
    pub(super) creator: Vec<u8>,
    pub(super) tracks: u8,
    pub(super) sides: u8,
    /// Bytes of each track block, cylinder by cylinder; 0 for one that is not
    /// there.
    pub(super) sizes: Vec<usize>,
}

impl DiskHeader {
    /// The block at the start of a file.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let kind = Kind::of(bytes).ok_or_else(|| {
            Error::malformed(Span::file(0, 8), "the file begins neither with \"MV - CPC\" nor with \"EXTENDED\"")
        })?;
        let block = Cursor::new(bytes).take(BLOCK, "the disk information")?.value;
        let byte = |at: usize| block.get(at).copied().unwrap_or(0);
        let (tracks, sides) = (byte(0x30), byte(0x31));
        let count = usize::from(tracks).saturating_mul(sides.into());
        if sides == 0 || count > TRACKS {
            let what = format!("{tracks} tracks of {sides} sides are no disk");
            return Err(Error::malformed(Span::file(0x30, 2), what));
        }
        let sizes = match kind {
            Kind::Standard => vec![usize::from(u16::from_le_bytes([byte(0x32), byte(0x33)])); count],
            Kind::Extended => {
                let table = block.iter().skip(TABLE).take(count);
                table.map(|high| usize::from(*high).saturating_mul(BLOCK)).collect()
            }
        };
        let creator = block.get(CREATOR).unwrap_or_default();
        let used = creator.iter().rposition(|b| *b != 0).map_or(0, |last| last.saturating_add(1));
        let creator = creator.get(..used).unwrap_or_default().to_vec();
        Ok(Self { kind, creator, tracks, sides, sizes })
    }

    /// The same with track blocks of this size, in a standard file.
    pub(super) fn sized(&self, size: usize) -> Self {
        match self.kind {
            Kind::Standard => Self { sizes: vec![size; self.sizes.len()], ..self.clone() },
            Kind::Extended => self.clone(),
        }
    }

    /// As it is written, over the bytes of an own block or over zeros.
    pub(super) fn to_bytes(&self, own: Option<&[u8]>) -> Vec<u8> {
        let mut block = own.map_or_else(|| vec![0; BLOCK], <[u8]>::to_vec);
        block.resize(BLOCK, 0);
        let mut put = |at: usize, bytes: &[u8]| {
            block.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
        };
        if own.is_none() {
            put(0, self.kind.magic());
            put(CREATOR.start, &self.creator);
        }
        put(0x30, &[self.tracks, self.sides]);
        match self.kind {
            Kind::Standard => {
                let size = self.sizes.first().copied().unwrap_or(0);
                put(0x32, &u16::try_from(size).unwrap_or(u16::MAX).to_le_bytes());
            }
            Kind::Extended => {
                let high = |size: &usize| u8::try_from(size.div_ceil(BLOCK)).unwrap_or(u8::MAX);
                put(TABLE, &self.sizes.iter().map(high).collect::<Vec<u8>>());
            }
        }
        block
    }
}

/// What the status of a sector says, in the registers ST1 and ST2 of a µPD765.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) id_bad: bool,
    pub(super) data_bad: bool,
    pub(super) deleted: bool,
    pub(super) missing: bool,
}

/// ST1: data error, no data, missing address mark.
const DE: u8 = 0x20;
const ND: u8 = 0x04;
const MA: u8 = 0x01;
/// ST2: control mark, data error in data field, missing data address mark.
const CM: u8 = 0x40;
const DD: u8 = 0x20;
const MD: u8 = 0x01;

impl Told {
    /// The registers that say so.
    pub(super) fn status(self) -> (u8, u8) {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let st1 = bit(self.id_bad || self.data_bad, DE) | bit(self.missing, MA);
        let st2 = bit(self.deleted, CM) | bit(self.data_bad, DD) | bit(self.missing, MD);
        (st1, st2)
    }
}

/// An entry of the list of sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: SectorId,
    pub(super) st1: u8,
    pub(super) st2: u8,
    /// Stored bytes, in an extended file.
    pub(super) len: u16,
}

impl Entry {
    /// What its status says.
    pub(super) fn told(self, kind: Kind) -> Told {
        let nothing = kind == Kind::Extended && self.len == 0 && self.st1 & (MA | ND) != 0;
        let data_bad = self.st2 & DD != 0;
        Told {
            id_bad: self.st1 & DE != 0 && !data_bad,
            data_bad,
            deleted: self.st2 & CM != 0,
            missing: self.st2 & MD != 0 || nothing,
        }
    }

    /// True when a reader learns the same from both.
    pub(super) fn same(self, other: Entry, kind: Kind) -> bool {
        let len = kind == Kind::Standard || self.len == other.len;
        self.id == other.id && len && self.told(kind) == other.told(kind)
    }
}

/// Bytes of a sector of this size code; codes over 8 count as 8.
pub(super) fn natural(n: u8) -> usize {
    128 << n.min(8)
}

/// The information block of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TrackHeader {
    pub(super) track: u8,
    pub(super) side: u8,
    pub(super) rate: u8,
    pub(super) mode: u8,
    pub(super) n: u8,
    pub(super) gap3: u8,
    pub(super) filler: u8,
    pub(super) entries: Vec<Entry>,
}

impl TrackHeader {
    /// The header of a track as it is written, where no own one is kept.
    pub(super) fn plain((track, side): (u8, u8), (rate, mode): (u8, u8), entries: Vec<Entry>) -> Self {
        let n = entries.iter().map(|e| e.id.n).max().unwrap_or(2);
        Self { track, side, rate, mode, n, gap3: GAP3, filler: FILLER, entries }
    }

    /// The header that is written for the same sectors where no own one is kept;
    /// `None` where an extended file has no block then.
    pub(super) fn plain_for(&self, kind: Kind, place: (u8, u8)) -> Option<Self> {
        if kind == Kind::Extended && self.entries.is_empty() {
            return None;
        }
        let entry = |entry: &Entry| {
            let (st1, st2) = entry.told(kind).status();
            let len = if kind == Kind::Standard { 0 } else { entry.len };
            Entry { st1, st2, len, ..*entry }
        };
        let words = words(self.rate(), self.scheme())?;
        Some(Self::plain(place, words, self.entries.iter().map(entry).collect()))
    }

    /// The header at the start of a block, if there is one.
    pub(super) fn parse(block: &[u8]) -> Option<Self> {
        if !block.starts_with(TRACK) {
            return None;
        }
        let byte = |at: usize| block.get(at).copied();
        let count = usize::from(byte(0x15)?);
        let list = block.get(LIST..)?.chunks_exact(8).take(count);
        let entry = |e: &[u8]| match *e {
            [c, h, r, n, st1, st2, low, high] => {
                Some(Entry { id: SectorId { c, h, r, n }, st1, st2, len: u16::from_le_bytes([low, high]) })
            }
            _ => None,
        };
        let entries: Vec<Entry> = list.filter_map(entry).collect();
        (entries.len() == count).then_some(Self {
            track: byte(0x10)?,
            side: byte(0x11)?,
            rate: byte(0x12)?,
            mode: byte(0x13)?,
            n: byte(0x14)?,
            gap3: byte(0x16)?,
            filler: byte(0x17)?,
            entries,
        })
    }

    /// Bytes of the header with its list, in whole blocks.
    pub(super) fn len(&self) -> usize {
        self.entries.len().saturating_mul(8).saturating_add(LIST).next_multiple_of(BLOCK)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = [TRACK, b"\r\n", &[0; 4]].concat();
        let count = u8::try_from(self.entries.len()).unwrap_or(u8::MAX);
        bytes.extend([self.track, self.side, self.rate, self.mode, self.n, count, self.gap3, self.filler]);
        for Entry { id, st1, st2, len } in &self.entries {
            bytes.extend([id.c, id.h, id.r, id.n, *st1, *st2]);
            bytes.extend(len.to_le_bytes());
        }
        bytes.resize(self.len(), 0);
        bytes
    }

    /// Bytes that a standard file stores of each sector.
    pub(super) fn room(&self) -> usize {
        if self.n < 6 { natural(self.n) } else { LONG }
    }

    /// Bytes stored of a sector.
    pub(super) fn stored(&self, entry: &Entry, kind: Kind) -> usize {
        match kind {
            Kind::Standard => self.room(),
            Kind::Extended => entry.len.into(),
        }
    }

    /// How its sectors are recorded. A mode that is not told is MFM.
    pub(super) fn scheme(&self) -> Scheme {
        if self.mode == FM { Scheme::IbmFm } else { Scheme::IbmMfm }
    }

    /// The rate of its sectors; nothing was recorded where there are none.
    pub(super) fn rate_of(&self, slots: &[Slot]) -> Known<Rate> {
        if slots.is_empty() { Known::Unrecorded } else { self.rate() }
    }

    /// The rate that is told, or the one of tracks as long as this one.
    pub(super) fn rate(&self) -> Known<Rate> {
        if let Some((_, rate)) = RATES.iter().find(|(byte, _)| *byte == self.rate) {
            return Known::Value(*rate);
        }
        let regular = self.entries.iter().all(|e| e.id.n < 6);
        let bytes = self.entries.iter().fold(0, |sum: usize, e| sum.saturating_add(natural(e.id.n)));
        let guess = match bytes {
            7000..14_000 if regular => Rate::HD,
            14_000.. if regular => Rate::ED,
            _ => Rate::DD,
        };
        Known::Assumed(guess, Why::Format)
    }
}

/// The mode of FM.
const FM: u8 = 1;
/// The mode of MFM.
const MFM: u8 = 2;
/// What the byte of the rate means.
const RATES: [(u8, Rate); 3] = [(1, Rate::DD), (2, Rate::HD), (3, Rate::ED)];

/// The bytes that tell rate and mode; both are 0 where the rate is not known
/// and the mode the usual one. `None` for a rate that has no byte.
pub(super) fn words(rate: Known<Rate>, scheme: Scheme) -> Option<(u8, u8)> {
    let mode = if scheme == Scheme::IbmFm { FM } else { MFM };
    match rate {
        Known::Unrecorded | Known::Assumed(_, Why::Format) => Some((0, if mode == FM { FM } else { 0 })),
        Known::Value(rate) | Known::Assumed(rate, _) => {
            RATES.iter().find(|(_, own)| own.same_density(rate)).map(|(byte, _)| (*byte, mode))
        }
    }
}
