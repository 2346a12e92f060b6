//! What stands where in the file.

use floptical_model::{Claim, ClaimKind, Clock, Opaque, Place, Policy, Span, TrackAt};

pub(super) const MAGIC: &[u8; 3] = b"SCP";
pub(super) const TRACK_MAGIC: &[u8; 3] = b"TRK";

pub(super) const HEADER: usize = 16;
pub(super) const ENTRIES: usize = 168;
/// Where the table stands in the extended mode.
const EXTENDED_TABLE: usize = 0x80;

/// Places in the header.
pub(super) const VERSION: usize = 3;
pub(super) const TYPE: usize = 4;
pub(super) const REVOLUTIONS: usize = 5;
pub(super) const RANGE: usize = 6;
pub(super) const FLAGS: usize = 8;
pub(super) const WIDTH: usize = 9;
pub(super) const SIDES: usize = 10;
pub(super) const RESOLUTION: usize = 11;
pub(super) const CHECKSUM: usize = 12;

/// Bits of the flags.
pub(super) const INDEX: u8 = 1;
pub(super) const TPI_96: u8 = 2;
pub(super) const RPM_360: u8 = 4;
pub(super) const FOOTER: u8 = 0x20;
pub(super) const EXTENDED: u8 = 0x40;
pub(super) const OTHER_DEVICE: u8 = 0x80;

/// Names of the opaque parts.
pub(super) const PART_EXTENDED: &str = "scp.extended";
pub(super) const PART_RANGE: &str = "scp.range";
pub(super) const PART_WIDTH: &str = "scp.cell-width";
pub(super) const PART_RESOLUTION: &str = "scp.resolution";
pub(super) const PART_SIDES: &str = "scp.sides";
pub(super) const PART_REVOLUTIONS: &str = "scp.revolutions";
pub(super) const PART_CHECKSUM: &str = "scp.checksum";
pub(super) const PART_TABLE: &str = "scp.table-entries";
pub(super) const PART_NUMBERING: &str = "scp.numbering";
pub(super) const PART_GAP: &str = "scp.gap";
pub(super) const PART_SPLIT: &str = "scp.split";
pub(super) const PART_TAIL: &str = "scp.tail";
pub(super) const PART_LAYOUT: &str = "scp.layout";

/// Ticks a second at 25 ns.
pub(super) const HZ: u64 = 40_000_000;

/// Where the table of tracks stands.
pub(super) fn table(flags: u8) -> usize {
    if flags & EXTENDED > 0 { EXTENDED_TABLE } else { HEADER }
}

/// The clock of a resolution.
pub(super) fn clock(resolution: u8) -> Clock {
    Clock::new(HZ, u64::from(resolution).saturating_add(1)).unwrap_or(Clock::hz(HZ))
}

/// The resolution of a clock, if it has one.
pub(super) fn resolution(clock: Clock) -> Option<u8> {
    let (num, den) = clock.ratio();
    let periods = u128::from(HZ).checked_mul(den.into())?;
    let whole = periods.checked_rem(num.into())? == 0;
    let n = periods.checked_div(num.into())?.checked_sub(1)?;
    u8::try_from(n).ok().filter(|_| whole)
}

/// A revolution in a track header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Revolution {
    /// Length in ticks.
    pub(super) ticks: u32,
    /// How many times there are.
    pub(super) words: u32,
    /// Where they stand, from the track header on.
    pub(super) offset: u32,
}

impl Revolution {
    pub(super) const LEN: usize = 12;

    pub(super) fn parse(raw: &[u8]) -> Option<Self> {
        Some(Self { ticks: u32_le(raw, 0)?, words: u32_le(raw, 4)?, offset: u32_le(raw, 8)? })
    }

    pub(super) fn is_empty(self) -> bool {
        self.ticks == 0 && self.words == 0
    }

    pub(super) fn bytes(self) -> u64 {
        u64::from(self.words).saturating_mul(2)
    }
}

/// The length of a track header.
pub(super) fn track_header_len(revolutions: u8) -> usize {
    usize::from(revolutions).saturating_mul(Revolution::LEN).saturating_add(4)
}

pub(super) fn u32_le(raw: &[u8], at: usize) -> Option<u32> {
    raw.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

/// How the entries of the table are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Two for each cylinder: side 0, side 1.
    Sides,
    /// One for each cylinder, of this side only.
    Cylinders(u8),
}

impl Numbering {
    pub(super) fn position(self, entry: u8) -> TrackAt {
        match self {
            Self::Sides => TrackAt::new(entry / 2, entry % 2),
            Self::Cylinders(head) => TrackAt::new(entry, head),
        }
    }

    pub(super) fn entry(self, at: TrackAt) -> Option<u8> {
        let cylinder = at.cylinder()?;
        let entry = match self {
            Self::Sides if at.head < 2 => cylinder.checked_mul(2)?.checked_add(at.head)?,
            Self::Cylinders(head) if at.head == head => cylinder,
            _ => return None,
        };
        (usize::from(entry) < ENTRIES).then_some(entry)
    }
}

/// The byte that names the sides of these entries.
pub(super) fn sides_of(numbering: Numbering, entries: &[u8]) -> u8 {
    match numbering {
        Numbering::Cylinders(head) => head.saturating_add(1),
        Numbering::Sides => {
            let odd = entries.iter().any(|e| e % 2 == 1);
            let even = entries.iter().any(|e| e % 2 == 0);
            match (even, odd) {
                (true, false) => 1,
                (false, true) => 2,
                _ => 0,
            }
        }
    }
}

/// What a header says of itself.
pub(super) fn claims(header: &[u8]) -> Vec<Claim> {
    type Row = (ClaimKind, usize, fn(u8) -> String);
    let rows: [Row; 3] = [
        (ClaimKind::Version, VERSION, version),
        (ClaimKind::DiskType, TYPE, disk_type),
        (ClaimKind::Drive, FLAGS, flags),
    ];
    let claim = |(kind, at, show): Row| {
        let value = *header.get(at)?;
        Some(Claim { kind, raw: vec![value], text: show(value), at: Span::file(at as u64, 1) })
    };
    rows.into_iter().filter_map(claim).collect()
}

fn version(value: u8) -> String {
    if value == 0 { "told by the footer".into() } else { format!("{}.{}", value >> 4, value & 15) }
}

fn disk_type(value: u8) -> String {
    const MAKERS: [&str; 9] =
        ["Commodore", "Atari", "Apple", "PC", "Tandy", "Texas Instruments", "Roland", "Amstrad", "other"];
    let maker = match value >> 4 {
        0xE => "tape drive",
        0xF => "hard drive",
        nibble => MAKERS.get(usize::from(nibble)).copied().unwrap_or("unknown maker"),
    };
    format!("{maker}, type {value:02X}")
}

fn flags(value: u8) -> String {
    let rows = [
        (TPI_96, "96 tpi", "48 tpi"),
        (RPM_360, "360 rpm", "300 rpm"),
        (INDEX, "from the index", "from anywhere"),
        (8, "normalised", ""),
        (0x10, "may be written", ""),
        (EXTENDED, "of another medium than a floppy", ""),
        (OTHER_DEVICE, "not by a SuperCard Pro", ""),
    ];
    let words = rows.iter().map(|(bit, set, clear)| if value & bit > 0 { *set } else { *clear });
    words.filter(|w| !w.is_empty()).collect::<Vec<_>>().join(", ")
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

/// Put bytes into a header; what does not fit stays out.
pub(super) fn put(header: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = header.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
        place.copy_from_slice(bytes);
    }
}
