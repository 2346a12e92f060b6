//! The GCR of the Macintosh and of the Apple IIgs: Apple's disk bytes of six
//! bits, on 3.5 inch disks whose tracks turn at five speeds.
//!
//! An id field (D5 AA 96) holds track, sector, side with the high bits of the
//! track, a byte for the format and the exclusive or of these, each six bits.
//! A data field (D5 AA AD) holds the number of the sector again; then 12 tag
//! bytes and 512 bytes, three of them in four disk bytes: their high bits, then
//! six bits each. Three sums run over them, and each byte is written as what it
//! differs by from one of the sums; the sums are the check, of 24 bits. A
//! change that the sums take back later is rare, and yet they are no CRC.
//!
//! Cells last 2 us in Apple's drives, which turn at 394 to 590 rpm; a drive of
//! 300 rpm sees cells of 2.6 to 3.9 us.
//!
//! Source: Apple: "Inside Macintosh", volumes II and III (Disk Driver, tags);
//! "Apple IIgs Firmware Reference", chapter 7; Neil Parker's description of the
//! controller. Sums and order of the disk bytes: seen on disks.

use std::ops::Range;

use floptical_model::{Rate, Scheme, SectorId};

use super::apple::{APPLE, NONE, SIX_BIT_GROUPS, SIX_BIT_VALUES, SIX_BITS, coding, mark, whole};
use super::coding::Packing;
use super::{Code, Gaps, IdField, Role, Sum};

/// Macintosh and Apple IIgs, 400K and 800K.
pub static MAC: Code = Code {
    scheme: Scheme::MacGcr,
    id_coding: coding(SIXES),
    data_coding: coding(SUMMED),
    marks: &[mark(Role::Id, 0x96), mark(Role::Data, 0xAD)],
    gaps: Gaps { gap4a: 0, gap1: 40, gap2: 0, gap3: 40, sync: 6, least_sync: 5 },
    id_blocks: &[5],
    id_check_at: 4,
    id_sum: Sum { bytes: 1, bits: 0x3F, spreads: false },
    id_tail: &[0xDE, 0xAA, 0xFF],
    tags: 13,
    data_sum: Sum { bytes: 3, bits: 0xFF_FFFF, spreads: true },
    tail: &[0xDE, 0xAA, 0xFF],
    size: Some(512),
    searched: true,
    rates: &[Rate::DD],
    check,
    read_id,
    put_id,
    ..APPLE
};

/// The code of 512 bytes.
const SIZE_CODE: u8 = 2;
/// The format of a disk of which nobody says another: two sides, every second
/// sector.
const FORMAT: u8 = 0x22;
/// The side within the byte that names it.
const SIDE: u8 = 0x20;

fn read_id(_: &[u8], bytes: &[u8]) -> Option<IdField> {
    let &[low, sector, side, format, value] = bytes else { return None };
    Some(IdField {
        id: SectorId { c: low | side << 6, h: side >> 5, r: sector, n: SIZE_CODE },
        beside: Some(vec![format, side & !(SIDE | 3)]),
        value: value.into(),
        right: (low ^ sector ^ side ^ format).into(),
    })
}

/// `beside` is the format, and what else the byte of the side holds.
fn put_id(id: SectorId, beside: Option<&[u8]>) -> Vec<u8> {
    let (format, other) = match beside {
        Some([format, other, ..]) => (*format, *other),
        Some([format]) => (*format, 0),
        _ => (FORMAT, 0),
    };
    vec![id.c & 0x3F, id.r & 0x3F, id.h << 5 & SIDE | id.c >> 6 | other & 0x1C, format & 0x3F, 0]
}

fn disk(value: u8) -> u8 {
    SIX_BITS.get(usize::from(value & 0x3F)).copied().unwrap_or(NONE)
}

fn value(disk: u8) -> u8 {
    SIX_BIT_VALUES.get(usize::from(disk)).copied().unwrap_or(NONE)
}

/// Values of six bits.
const SIXES: Packing = Packing {
    packed: |count| count,
    pack: |values| values.iter().map(|v| disk(*v)).collect(),
    unpack: Some(|bytes, _| {
        (bytes.iter().map(|b| value(*b) & 0x3F).collect(), bytes.iter().all(|b| value(*b) != NONE))
    }),
    place: |bit, _| whole(bit / 8),
    groups: Some(SIX_BIT_GROUPS),
};

/// The three sums over the bytes of a sector.
#[derive(Default)]
struct Sums {
    a: u8,
    b: u8,
    c: u8,
}

impl Sums {
    /// Take up to three bytes. `open` gives of each, and of what the sums make of
    /// it, the byte that is summed and the one that takes its place.
    fn take(&mut self, three: &mut [u8], open: impl Fn(u8, u8) -> (u8, u8)) {
        let mut carry = self.c >> 7 == 1;
        self.c = self.c.rotate_left(1);
        for (nth, byte) in three.iter_mut().enumerate() {
            let (sum, key) = match nth {
                0 => (&mut self.a, self.c),
                1 => (&mut self.b, self.a),
                _ => (&mut self.c, self.b),
            };
            let (plain, other) = open(*byte, key);
            let added = u16::from(*sum).saturating_add(plain.into()).saturating_add(carry.into());
            [_, *sum] = added.to_be_bytes();
            carry = added > 0xFF;
            *byte = other;
        }
    }

    fn number(&self) -> u32 {
        u32::from_be_bytes([0, self.a, self.b, self.c])
    }
}

fn check(_: &[u8], _: u8, body: &[u8]) -> u32 {
    let mut sums = Sums::default();
    let mut body = body.get(1..).unwrap_or_default().to_vec();
    body.chunks_mut(3).for_each(|three| sums.take(three, |byte, _| (byte, byte)));
    sums.number()
}

/// Bytes after the number of the sector: tags and data.
const SUMMED_BYTES: usize = 524;

/// The number of the sector, tags, data and sums.
const SUMMED: Packing = Packing {
    packed: |count| if count == 0 { 0 } else { 704 },
    pack: |bytes| {
        let (number, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let (body, check) = rest.split_at_checked(SUMMED_BYTES).unwrap_or((rest, &[]));
        let (mut sums, mut keyed) = (Sums::default(), body.to_vec());
        keyed.chunks_mut(3).for_each(|three| sums.take(three, |byte, key| (byte, byte ^ key)));
        let mut out = vec![disk(*number)];
        out.extend(keyed.chunks(3).flat_map(fours));
        out.extend(fours(check));
        out
    },
    unpack: Some(|written, _| {
        let sound = written.iter().all(|byte| value(*byte) != NONE);
        let (number, rest) = written.split_first().unwrap_or((&0, &[]));
        // The last group is of two bytes, in three disk bytes.
        let (body, check) = rest.split_at_checked(699).unwrap_or((rest, &[]));
        let (mut sums, mut keyed) = (Sums::default(), threes(body));
        keyed.chunks_mut(3).for_each(|three| sums.take(three, |byte, key| (byte ^ key, byte ^ key)));
        let mut bytes = vec![value(*number) & 0x3F];
        bytes.extend(keyed);
        bytes.extend(threes(check));
        (bytes, sound)
    }),
    place: place_summed,
    groups: Some(SIX_BIT_GROUPS),
};

/// The high bits of up to three bytes, then six bits of each.
fn fours(three: &[u8]) -> Vec<u8> {
    let high = three.iter().zip([2, 4, 6]).fold(0, |all, (byte, shift)| all | (byte & 0xC0) >> shift);
    std::iter::once(&high).chain(three).map(|v| disk(*v)).collect()
}

/// Up to three bytes of every four.
fn threes(written: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(written.len());
    for (high, low) in written.chunks(4).filter_map(<[u8]>::split_first) {
        let high = value(*high);
        bytes.extend(low.iter().zip([2, 4, 6]).map(|(byte, shift)| high << shift & 0xC0 | value(*byte) & 0x3F));
    }
    bytes
}

fn place_summed(bit: usize, _: usize) -> Range<usize> {
    let Some(byte) = (bit / 8).checked_sub(1) else { return whole(0) };
    let group = (byte / 3).saturating_mul(4).saturating_add(1);
    whole(if bit % 8 < 2 { group } else { group.saturating_add(1).saturating_add(byte % 3) })
}
