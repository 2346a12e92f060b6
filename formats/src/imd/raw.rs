//! Track records as they lie in a file.

use floptical_io::Cursor;
use floptical_model::finding::{FORMAT_TAIL, FORMAT_TRUNCATED, FORMAT_UNREADABLE_REST};
use floptical_model::{Check, Code, Error, Known, Rate, RecordForm, Scheme, SectorId, Sectors, Span, TrackAt};

/// In the head byte: the C of each id follows.
pub(super) const CYLINDER_MAP: u8 = 0x80;
/// In the head byte: the H of each id follows.
pub(super) const HEAD_MAP: u8 = 0x40;
/// In the head byte: the physical head.
pub(super) const HEAD: u8 = 0x3F;
/// As a size code: a table of sizes follows.
pub(super) const SIZE_TABLE: u8 = 0xFF;
/// The largest size code of a whole track.
const LARGEST: u8 = 6;

/// Scheme and rate of the modes 0 to 5.
pub(super) const MODES: [(Scheme, Rate); 6] = [
    (Scheme::IbmFm, Rate::HD),
    (Scheme::IbmFm, Rate::DD_360),
    (Scheme::IbmFm, Rate::DD),
    (Scheme::IbmMfm, Rate::HD),
    (Scheme::IbmMfm, Rate::DD_360),
    (Scheme::IbmMfm, Rate::DD),
];

/// What a mode byte means.
pub(super) fn mode(byte: u8) -> Option<(Scheme, Rate)> {
    MODES.get(usize::from(byte)).copied()
}

/// The size code of a sector whose size alone is known: the smallest that
/// holds it. For the sizes that controllers know it is the code itself.
pub(super) fn code_of(size: usize) -> u8 {
    (0..7).find(|n| size <= 128 << n).unwrap_or(7)
}

/// Why the walk over track records ends before the file does.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) code: &'static Code,
    pub(super) at: Span,
    pub(super) what: String,
}

impl From<Error> for Stop {
    /// A cursor fails in one way only: the bytes end.
    fn from(error: Error) -> Self {
        Self { code: &FORMAT_TRUNCATED, at: error.at.unwrap_or(Span::file(0, 0)), what: error.what }
    }
}

/// The words of a track record that its sectors need not tell: the mode, the
/// flags of the head byte, the size code, and the table of sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) mode: u8,
    pub(super) head: u8,
    pub(super) size: u8,
    pub(super) sizes: Vec<u16>,
}

impl Words {
    /// The plain words of a track: a map or a table only where it is needed.
    /// `None` where the format has no word for it.
    pub(super) fn plain(at: TrackAt, (scheme, rate): (Scheme, Rate), sectors: &[(SectorId, usize)]) -> Option<Words> {
        let mode = MODES.iter().position(|m| *m == (scheme, rate)).and_then(|m| u8::try_from(m).ok())?;
        let cylinder = at.cylinder()?;
        let cylinders = sectors.iter().any(|(id, _)| id.c != cylinder);
        let heads = sectors.iter().any(|(id, _)| id.h != at.head);
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let head = at.head | flag(cylinders, CYLINDER_MAP) | flag(heads, HEAD_MAP);
        let first = sectors.first().map_or(0, |(id, _)| id.n);
        let one = first <= LARGEST && sectors.iter().all(|(id, size)| id.n == first && *size == 128 << first);
        let sizes: Option<Vec<u16>> = sectors.iter().map(|(_, size)| u16::try_from(*size).ok()).collect();
        Some(if one {
            Words { mode, head, size: first, sizes: Vec::new() }
        } else {
            Words { mode, head, size: SIZE_TABLE, sizes: sizes? }
        })
    }

    /// True when a record of these words can show these sectors.
    pub(super) fn tell(&self, at: TrackAt, sectors: &Sectors) -> bool {
        let Some((scheme, rate)) = mode(self.mode) else { return false };
        let Some(cylinder) = at.cylinder() else { return false };
        let table = self.size == SIZE_TABLE;
        let whole = if table { self.sizes.len() == sectors.slots.len() } else { self.size <= LARGEST };
        whole
            && sectors.rate == Known::Value(rate)
            && self.head & HEAD == at.head
            && sectors.slots.iter().enumerate().all(|(i, slot)| {
                let chosen = slot.chosen();
                let size = self.size_at(i);
                chosen.scheme == scheme
                    && chosen.sector_id().is_some_and(|id| {
                        (self.head & CYLINDER_MAP != 0 || id.c == cylinder)
                            && (self.head & HEAD_MAP != 0 || id.h == at.head)
                            && id.n == code_of(size)
                    })
                    && chosen.data.bytes().is_none_or(|bytes| bytes.len() == size)
            })
    }

    /// Bytes of the sector with this index.
    pub(super) fn size_at(&self, index: usize) -> usize {
        match self.size {
            SIZE_TABLE => self.sizes.get(index).copied().map_or(0, usize::from),
            code => 128 << (code & 7),
        }
    }

    /// As an opaque part keeps them, with the index of the record at its
    /// position.
    pub(super) fn to_bytes(&self, nth: u8) -> Vec<u8> {
        let mut bytes = vec![nth, self.mode, self.head, self.size];
        bytes.extend(self.sizes.iter().flat_map(|s| s.to_le_bytes()));
        bytes
    }

    /// The reverse of [`Words::to_bytes`].
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<(u8, Words)> {
        let (&[nth, mode, head, size], table) = bytes.split_first_chunk::<4>()?;
        let sizes = table.chunks_exact(2).filter_map(|c| Some(u16::from_le_bytes(c.try_into().ok()?))).collect();
        Some((nth, Words { mode, head, size, sizes }))
    }
}

/// A track record up to its sector records.
#[derive(Debug)]
pub(super) struct TrackHeader {
    pub(super) at: TrackAt,
    pub(super) scheme: Scheme,
    pub(super) rate: Rate,
    pub(super) words: Words,
    /// The ids in the order of the track, each with the size of its sector.
    pub(super) sectors: Vec<(SectorId, usize)>,
    /// The fixed part and the maps.
    pub(super) span: Span,
}

impl TrackHeader {
    /// The next track record of the walk.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Stop> {
        let from = cursor.offset();
        let byte = cursor.u8("the mode of a track")?;
        let (scheme, rate) = mode(byte.value).ok_or_else(|| Stop {
            code: &FORMAT_TAIL,
            at: byte.at,
            what: format!("{:02x}h is no mode of a track", byte.value),
        })?;
        let cylinder = cursor.u8("the cylinder of a track")?.value;
        let head = cursor.u8("the head of a track")?.value;
        let count = usize::from(cursor.u8("the number of sectors")?.value);
        let size = cursor.u8("the size of the sectors")?;
        if size.value > LARGEST && size.value != SIZE_TABLE {
            let what = format!("{:02x}h is no size of sectors", size.value);
            return Err(Stop { code: &FORMAT_UNREADABLE_REST, at: size.at, what });
        }
        let numbers = cursor.take(count, "the numbering map")?.value;
        let mut map = |bit: u8, field: &str| match head & bit {
            0 => Ok(None),
            _ => cursor.take(count, field).map(|taken| Some(taken.value)),
        };
        let cylinders = map(CYLINDER_MAP, "the cylinder map")?;
        let heads = map(HEAD_MAP, "the head map")?;
        let sizes = match size.value {
            SIZE_TABLE => cursor.take(count.saturating_mul(2), "the table of sizes")?.value,
            _ => &[],
        };
        let sizes = sizes.chunks_exact(2).filter_map(|c| Some(u16::from_le_bytes(c.try_into().ok()?))).collect();
        let words = Words { mode: byte.value, head, size: size.value, sizes };
        let mapped = |map: Option<&[u8]>, i: usize, plain: u8| map.and_then(|m| m.get(i)).copied().unwrap_or(plain);
        let sector = |(i, r): (usize, &u8)| {
            let size = words.size_at(i);
            let (c, h) = (mapped(cylinders, i, cylinder), mapped(heads, i, head & HEAD));
            (SectorId { c, h, r: *r, n: code_of(size) }, size)
        };
        let sectors = numbers.iter().enumerate().map(sector).collect();
        let span = Span::file(from, cursor.offset().saturating_sub(from));
        Ok(Self { at: TrackAt::new(cylinder, head & HEAD), scheme, rate, words, sectors, span })
    }
}

/// What a sector record says besides its bytes: types 1 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) form: RecordForm,
    pub(super) deleted: bool,
    pub(super) check: Check,
}

impl Verdict {
    fn of(kind: u8) -> Option<Self> {
        let bits = kind.checked_sub(1).filter(|bits| *bits < 8)?;
        Some(Self {
            form: if bits & 1 == 0 { RecordForm::Full } else { RecordForm::Filled },
            deleted: bits & 2 != 0,
            check: if bits & 4 == 0 { Check::Good } else { Check::Bad },
        })
    }

    /// The type that says so.
    pub(super) fn kind(self) -> u8 {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let bits = bit(self.form == RecordForm::Filled, 1) | bit(self.deleted, 2) | bit(self.check == Check::Bad, 4);
        bits.saturating_add(1)
    }
}

/// A sector record: `None` for a sector whose data is not there, else the
/// stored bytes (all of them, or the one that fills the sector) and where they
/// stand.
pub(super) type SectorRecord<'a> = Option<(Verdict, &'a [u8], Span)>;

/// The next sector record of the walk, for a sector of `size` bytes.
pub(super) fn sector_record<'a>(cursor: &mut Cursor<'a>, size: usize) -> Result<SectorRecord<'a>, Stop> {
    let kind = cursor.u8("the type of a sector")?;
    if kind.value == 0 {
        return Ok(None);
    }
    let verdict = Verdict::of(kind.value).ok_or_else(|| Stop {
        code: &FORMAT_UNREADABLE_REST,
        at: kind.at.clone(),
        what: format!("{:02x}h is no type of a sector", kind.value),
    })?;
    let filled = verdict.form == RecordForm::Filled;
    if filled && size == 0 {
        let what = "a sector of no bytes cannot be filled".into();
        return Err(Stop { code: &FORMAT_UNREADABLE_REST, at: kind.at, what });
    }
    let len = if filled { 1 } else { size };
    let taken = cursor.take(len, "the data of a sector")?;
    Ok(Some((verdict, taken.value, taken.at)))
}
