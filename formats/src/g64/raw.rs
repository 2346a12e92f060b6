//! What stands where in the file.

use floptical_model::{CellClock, Claim, ClaimKind, Known, Opaque, Place, Policy, Ps, Span, TrackAt};

/// The two kinds, by the number of their sides.
pub(super) const MAGIC: [&[u8; 8]; 2] = [b"GCR-1541", b"GCR-1571"];

/// Places of the fields.
pub(super) const VERSION: usize = 8;
pub(super) const ENTRIES: usize = 9;
pub(super) const LONGEST: usize = 10;
pub(super) const TABLE: usize = 12;

/// Half tracks of a side in the table.
pub(super) const PER_SIDE: u8 = 84;
/// Bytes that are kept for a track, where none is longer.
pub(super) const USUAL_LONGEST: u16 = 7928;

/// Names of the opaque parts.
pub(super) const COUNT: &str = "g64.entries";
pub(super) const MAX: &str = "g64.longest";
pub(super) const EXTENSION: &str = "g64.extension";
pub(super) const TAIL: &str = "g64.tail";
pub(super) const SPEED: &str = "g64.speed";
pub(super) const MAP: &str = "g64.map";
pub(super) const MAP_TAIL: &str = "g64.map-tail";
pub(super) const ORDER: &str = "g64.order";
pub(super) const LAYOUT: &str = "g64.layout";

/// How far each of the four speeds in a byte of a map is shifted.
const SHIFTS: [u32; 4] = [6, 4, 2, 0];

/// The length of a cell at a speed.
pub(super) fn cell(speed: u8) -> Ps {
    const STEP: u64 = 250_000;
    Ps(16u64.saturating_sub(speed.into()).saturating_mul(STEP))
}

/// The speed whose cell is nearest to a length.
pub(super) fn speed(length: Ps) -> u8 {
    (0..4).min_by_key(|speed| cell(*speed).0.abs_diff(length.0)).unwrap_or(0)
}

/// True for a cell within 8 % of one of the speeds.
pub(super) fn is_near(length: Ps) -> bool {
    let nearest = cell(speed(length)).0;
    nearest.abs_diff(length.0).saturating_mul(100) <= nearest.saturating_mul(8)
}

/// The speed at which a 1541 writes a position.
pub(super) fn usual_speed(at: TrackAt) -> u8 {
    match at.quarter / 4 {
        ..17 => 3,
        17..24 => 2,
        24..30 => 1,
        _ => 0,
    }
}

/// How long the cells of a track last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speeds {
    /// One speed.
    One(u8),
    /// Runs of bytes, and their speed.
    Map(Vec<(u32, u8)>),
}

impl Speeds {
    /// The speeds nearest to a clock; `None` for one that says nothing.
    pub(super) fn of(clock: &CellClock, bytes: usize) -> Option<Self> {
        match clock {
            CellClock::Uniform(length) => length.copied().map(|length| Self::One(speed(length))),
            CellClock::Runs(runs) => {
                let cells = runs.iter().flat_map(|(count, length)| {
                    let count = usize::try_from(*count).unwrap_or(usize::MAX);
                    std::iter::repeat_n(speed(*length), count)
                });
                // The speed of a byte is that of its first cell.
                let mut first: Vec<u8> = cells.step_by(8).take(bytes).collect();
                let last = first.last().copied()?;
                first.resize(bytes, last);
                Some(Self::of_bytes(first.into_iter()))
            }
        }
    }

    /// Runs of the speed of each byte.
    fn of_bytes(speeds: impl Iterator<Item = u8>) -> Self {
        let mut runs: Vec<(u32, u8)> = Vec::new();
        for speed in speeds {
            match runs.last_mut() {
                Some((count, own)) if *own == speed => *count = count.saturating_add(1),
                _ => runs.push((1, speed)),
            }
        }
        Self::Map(runs)
    }

    /// The speeds of the first `bytes` bytes of a track by a map.
    pub(super) fn from_map(map: &[u8], bytes: usize) -> Self {
        let each = map.iter().flat_map(|byte| SHIFTS.map(|shift| byte >> shift & 3));
        Self::of_bytes(each.take(bytes))
    }

    /// The map, `len` bytes of it.
    pub(super) fn to_map(&self, len: usize) -> Vec<u8> {
        let runs = if let Self::Map(runs) = self { runs.as_slice() } else { &[] };
        let speeds: Vec<u8> = runs.iter().flat_map(|(count, speed)| (0..*count).map(|_| *speed)).collect();
        let byte = |four: &[u8]| four.iter().zip(SHIFTS).fold(0, |byte, (speed, shift)| byte | speed << shift);
        let mut map: Vec<u8> = speeds.chunks(4).map(byte).collect();
        map.resize(len, 0);
        map
    }

    /// The clock that they are.
    pub(super) fn clock(&self) -> CellClock {
        match self {
            Self::One(speed) => CellClock::Uniform(Known::Value(cell(*speed))),
            Self::Map(runs) => {
                let run = |(bytes, speed): &(u32, u8)| (bytes.saturating_mul(8), cell(*speed));
                CellClock::Runs(runs.iter().map(run).collect())
            }
        }
    }
}

/// Bytes of a speed map where the longest track has `longest`.
pub(super) fn map_len(longest: u16) -> usize {
    usize::from(longest).div_ceil(4)
}

/// The position of an entry among `entries` of so many sides.
pub(super) fn position(entry: usize, entries: usize, sides: u8) -> Option<TrackAt> {
    let side = entries.checked_div(sides.into())?;
    let head = entry.checked_div(side).unwrap_or(0);
    if head >= usize::from(sides) {
        return None;
    }
    let half = i16::try_from(entry.checked_rem(side)?).ok()?;
    Some(TrackAt { quarter: half.checked_mul(2)?, head: u8::try_from(head).ok()? })
}

/// The entry of a position, where a side has `side` entries.
pub(super) fn entry(at: TrackAt, side: usize) -> Option<usize> {
    let half = usize::try_from(at.quarter).ok().filter(|quarter| quarter % 2 == 0)? / 2;
    (half < side).then(|| usize::from(at.head).saturating_mul(side).saturating_add(half))
}

/// What a header says of itself.
pub(super) fn claims(magic: &[u8], version: u8) -> Vec<Claim> {
    let name = String::from_utf8_lossy(magic).into_owned();
    vec![
        Claim { kind: ClaimKind::DiskType, raw: magic.to_vec(), text: name, at: Span::file(0, 8) },
        Claim {
            kind: ClaimKind::Version,
            raw: vec![version],
            text: version.to_string(),
            at: Span::file(VERSION as u64, 1),
        },
    ]
}

/// A number of the first two bytes, low one first.
pub(super) fn u16_le(raw: &[u8]) -> u16 {
    raw.first_chunk().map_or(0, |pair| u16::from_le_bytes(*pair))
}

/// A number of the first four bytes, low one first.
pub(super) fn u32_le(raw: &[u8]) -> u32 {
    raw.first_chunk().map_or(0, |four| u32::from_le_bytes(*four))
}

/// A part that is kept as it is.
pub(super) fn kept(name: &str, place: Place, bytes: &[u8], start: u64) -> Opaque {
    Opaque {
        name: name.into(),
        place,
        bytes: bytes.into(),
        policy: Policy::Verbatim,
        at: Span::file(start, bytes.len() as u64),
    }
}

/// What follows the cells of a track of `len` bytes where nothing else was
/// kept: zeros up to the length that every track may have.
pub(super) fn usual_tail(len: usize, longest: u16) -> usize {
    usize::from(longest).saturating_sub(len)
}
