//! What stands where in the file.

use floptical_model::{
    Claim, ClaimKind, Clock, DriveFacts, Form, Known, Layout, Opaque, Place, Policy, Span, TrackAt, Why,
};

pub(super) const MAGIC: &[u8; 16] = b"MAMEFLOPPYIMAGE\0";
pub(super) const MAGIC_OLD: &[u8; 16] = b"MESSFLOPPYIMAGE\0";

pub(super) const HEADER: usize = 32;
pub(super) const ENTRY: usize = 16;

/// Places in the header.
pub(super) const CYLINDERS: usize = 16;
pub(super) const HEADS: usize = 20;
pub(super) const FORM: usize = 24;
pub(super) const VARIANT: usize = 28;

/// Cylinders and sides that MAME takes.
pub(super) const MOST_CYLINDERS: u8 = 84;
pub(super) const MOST_HEADS: u8 = 2;

/// Names of the opaque parts.
pub(super) const PART_STEPS: &str = "mfi.steps";
pub(super) const PART_ENTRY: &str = "mfi.entry";
pub(super) const PART_TABLE: &str = "mfi.table-tail";
pub(super) const PART_SPLICE: &str = "mfi.splice";
pub(super) const PART_ZONES: &str = "mfi.zones";
pub(super) const PART_REST: &str = "mfi.rest";
pub(super) const PART_SLACK: &str = "mfi.slack";
pub(super) const PART_GAP: &str = "mfi.gap";
pub(super) const PART_TAIL: &str = "mfi.tail";
pub(super) const PART_LAYOUT: &str = "mfi.layout";

/// The sizes of media, by their four letters.
const FORMS: [(Form, &[u8; 4]); 4] =
    [(Form::Inch3, b"35  "), (Form::Inch5, b"525 "), (Form::Inch8, b"8   "), (Form::Compact3, b"3   ")];

pub(super) fn u32_le(raw: &[u8], at: usize) -> u32 {
    raw.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |four| u32::from_le_bytes(*four))
}

/// The positions of a table: how many cylinders, sides, and steps to a
/// cylinder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) cylinders: u8,
    pub(super) heads: u8,
    /// 0 for whole steps, 1 for half, 2 for quarter steps.
    pub(super) resolution: u8,
}

impl Steps {
    const SHIFT: u32 = 30;

    /// From the field for cylinders and the one for sides; `None` where no
    /// drive has so many.
    pub(super) fn parse(cylinders: u32, heads: u32) -> Option<Self> {
        let resolution = u8::try_from(cylinders >> Self::SHIFT).ok().filter(|r| *r < 3)?;
        let cylinders = u8::try_from(cylinders & ((1 << Self::SHIFT) - 1)).ok()?;
        Some(Self { cylinders, heads: u8::try_from(heads).ok()?, resolution })
    }

    /// The field for cylinders.
    pub(super) fn field(self) -> [u8; 4] {
        (u32::from(self.cylinders) | u32::from(self.resolution) << Self::SHIFT).to_le_bytes()
    }

    /// The least that has room for these positions.
    pub(super) fn around(positions: impl Iterator<Item = TrackAt>, heads: u8) -> Self {
        // A step past a cylinder lies before the next one.
        let cylinders = |at: TrackAt| u8::try_from(at.quarter.saturating_add(7) / 4).unwrap_or(u8::MAX);
        let (steps, cylinders) =
            positions.fold((0, 0), |(steps, most), at| (steps | at.quarter & 3, cylinders(at).max(most)));
        let resolution = match steps {
            0 => 0,
            2 => 1,
            _ => 2,
        };
        Self { cylinders, heads, resolution }
    }

    /// True when it has room for all that the other has.
    pub(super) fn covers(self, other: Self) -> bool {
        self.cylinders >= other.cylinders && self.heads == other.heads && self.resolution >= other.resolution
    }

    /// Entries of the table; those past the last cylinder are not used.
    pub(super) fn entries(self) -> usize {
        (usize::from(self.cylinders) << self.resolution).saturating_mul(self.heads.into())
    }

    /// The positions that have an entry, in the order of the table.
    pub(super) fn positions(self) -> impl Iterator<Item = TrackAt> {
        let step = 4i16 >> self.resolution;
        let last = i16::from(self.cylinders).saturating_sub(1).saturating_mul(4);
        let mut quarter = 0;
        let steps = std::iter::from_fn(move || {
            let now = (quarter <= last).then_some(quarter);
            quarter = quarter.saturating_add(step);
            now
        });
        steps.flat_map(move |quarter| (0..self.heads).map(move |head| TrackAt { quarter, head }))
    }
}

/// An entry of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) offset: u32,
    pub(super) packed: u32,
    pub(super) unpacked: u32,
    pub(super) splice: u32,
}

impl Entry {
    pub(super) fn parse(raw: &[u8]) -> Self {
        Self { offset: u32_le(raw, 0), packed: u32_le(raw, 4), unpacked: u32_le(raw, 8), splice: u32_le(raw, 12) }
    }

    pub(super) fn bytes(self) -> [u8; ENTRY] {
        let mut raw = [0; ENTRY];
        let fields = [self.offset, self.packed, self.unpacked, self.splice];
        raw.chunks_mut(4).zip(fields).for_each(|(place, field)| place.copy_from_slice(&field.to_le_bytes()));
        raw
    }

    pub(super) fn start(self) -> u64 {
        self.offset.into()
    }

    pub(super) fn end(self) -> u64 {
        self.start().saturating_add(self.packed.into())
    }
}

/// What a header says of itself.
pub(super) fn claims(magic: &[u8], form: &[u8], variant: &[u8]) -> Vec<Claim> {
    let claim = |kind, raw: &[u8], at: usize| Claim {
        kind,
        raw: raw.to_vec(),
        text: floptical_io::text::show(raw.trim_ascii_end()),
        at: Span::file(at as u64, raw.len() as u64),
    };
    let told = [(FORM, form), (VARIANT, variant)].into_iter().filter(|(_, raw)| raw.iter().any(|b| *b != 0));
    let version = claim(ClaimKind::Version, magic.strip_suffix(&[0]).unwrap_or(magic), 0);
    std::iter::once(version).chain(told.map(|(at, raw)| claim(ClaimKind::DiskType, raw, at))).collect()
}

/// The four letters of a claim.
pub(super) fn letters(claims: &[Claim], at: usize) -> [u8; 4] {
    let claim = claims.iter().find(|c| c.at == Span::file(at as u64, 4));
    claim.and_then(|c| c.raw.first_chunk().copied()).unwrap_or_default()
}

/// The size of a medium by its letters.
pub(super) fn form(letters: &[u8]) -> Option<Form> {
    FORMS.iter().find(|(_, own)| own[..] == *letters).map(|(form, _)| *form)
}

/// The letters of a size of medium, zeros where nobody knows it.
pub(super) fn form_letters(form: Option<Form>) -> [u8; 4] {
    FORMS.iter().find(|(own, _)| Some(*own) == form).map_or([0; 4], |(_, letters)| **letters)
}

/// The drive that angles are seen from: what the header tells, and the speed
/// that makes times of them.
pub(super) fn drive(form: Option<Form>, heads: u8, fast: bool) -> DriveFacts {
    DriveFacts {
        form: form.map_or(Known::Unrecorded, Known::Value),
        heads: Known::Value(heads),
        rotation: Known::Assumed(if fast { Layout::RPM_360 } else { Layout::RPM_300 }, Why::Format),
        ..DriveFacts::default()
    }
}

/// Units of angle a second.
pub(super) fn clock(fast: bool) -> Clock {
    Clock::hz(if fast { 1_200_000_000 } else { 1_000_000_000 })
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

/// The part of a track.
pub(super) fn part_of<'a>(opaque: &'a [Opaque], name: &str, at: TrackAt) -> Option<&'a [u8]> {
    opaque.iter().find(|o| o.name == name && o.place == Place::Track(at)).map(|o| &*o.bytes)
}
