//! What stands where in the file.

use floptical_model::{
    Claim, ClaimKind, Clock, DriveFacts, Form, Known, Layout, Opaque, Place, Policy, Span, TrackAt, Why,
};

/// The two kinds: the drives of 5.25 and of 3.5 inches.
pub(super) const MAGIC: [&[u8; 8]; 2] = [b"P64-1541", b"P64-1581"];

pub(super) const HEADER: usize = 24;
pub(super) const VERSION: usize = 8;
pub(super) const FLAGS: usize = 12;
pub(super) const SIZE: usize = 16;
pub(super) const CHECK: usize = 20;

/// Bits of the flags.
pub(super) const PROTECTED: u32 = 1;
pub(super) const TWO_SIDES: u32 = 2;

/// Letters, length and check before the bytes of a chunk.
pub(super) const HEAD: usize = 12;
pub(super) const DONE: &[u8; 4] = b"DONE";
pub(super) const HALF_TRACK: &[u8; 3] = b"HTP";

/// Names of the opaque parts.
pub(super) const PART_FLAGS: &str = "p64.flags";
pub(super) const PART_CHUNK: &str = "p64.chunk";
pub(super) const PART_STRENGTHS: &str = "p64.strengths";
pub(super) const PART_TAIL: &str = "p64.tail";

/// Places in a turn, at 16 MHz and 300 rpm.
pub(super) const TURN: u32 = 3_200_000;
pub(super) const CLOCK: Clock = Clock::hz(16_000_000);

pub(super) fn u32_le(raw: &[u8], at: usize) -> u32 {
    raw.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |four| u32::from_le_bytes(*four))
}

/// CRC-32 as of zip: polynomial 04C11DB7, low bit first.
pub(super) fn check(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Where the half track of a chunk lies; `None` for a number below the first
/// track.
pub(super) fn position(number: u8) -> Option<TrackAt> {
    const SIDE: u8 = 0x80;
    const FIRST: i16 = 2;
    let half = i16::from(number & !SIDE).checked_sub(FIRST).filter(|half| *half >= 0)?;
    Some(TrackAt { quarter: half.saturating_mul(2), head: u8::from(number & SIDE > 0) })
}

/// The drive that the file is of.
pub(super) fn drive(kind: usize, flags: u32) -> DriveFacts {
    let form = if kind == 0 { Form::Inch5 } else { Form::Inch3 };
    DriveFacts {
        form: Known::Assumed(form, Why::Format),
        rotation: Known::Assumed(Layout::RPM_300, Why::Format),
        heads: Known::Value(if flags & TWO_SIDES > 0 { 2 } else { 1 }),
        ..DriveFacts::default()
    }
}

/// What a header says of itself.
pub(super) fn claims(header: &[u8]) -> Vec<Claim> {
    let claim = |kind, at: usize, len: usize, text: String| Claim {
        kind,
        raw: header.get(at..).and_then(|rest| rest.get(..len)).unwrap_or(&[]).to_vec(),
        text,
        at: Span::file(at as u64, len as u64),
    };
    let protected = if u32_le(header, FLAGS) & PROTECTED > 0 { "yes" } else { "no" };
    vec![
        claim(ClaimKind::DiskType, 0, 8, floptical_io::text::show(header.get(..8).unwrap_or(&[]))),
        claim(ClaimKind::Version, VERSION, 4, u32_le(header, VERSION).to_string()),
        claim(ClaimKind::WriteProtected, FLAGS, 1, protected.into()),
    ]
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
