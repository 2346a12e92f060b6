//! Apple's GCR of the 5.25 inch drives: bytes of the disk of which eight cells
//! are one, the first always a transition, and never more than two empty cells
//! in a row.
//!
//! A field is led by bytes FFh with empty cells after them, by which the drive
//! falls into step, and begins D5 AA: neither is written in data. An id field
//! holds volume, track, sector and their exclusive or, each byte as its odd
//! bits, then its even ones ("4 and 4"). A data field holds 256 bytes:
//!
//! - 16 sectors ("6 and 2", D5 AA 96): 86 disk bytes with the low two bits of
//!   three bytes each, turned round, then the high six bits of all bytes.
//! - 13 sectors ("5 and 3", D5 AA B5): 154 disk bytes with low three bits, the
//!   last first, then the high five bits of all bytes, by fives.
//!
//! Each disk byte stands for the exclusive or of its value and the one before
//! it; the last value by itself is the check. It speaks of six or five bits:
//! weak. The two low bits of three bytes that are none (84 and 85 of the first
//! 86) are written as zeros, and may hold anything.
//!
//! Source: Worth, Lechner: "Beneath Apple DOS" (1981), chapter 3; Sather:
//! "Understanding the Apple IIe", chapter 9.

use std::ops::Range;

use floptical_model::{Rate, Scheme, SectorId};

use super::coding::{CELLS, Coding, Groups, Packing};
use super::mfm::IBM;
use super::{Code, Fill, Gaps, IdField, Mark, Pattern, Role, Rules, Sum};

/// Apple II with 16 sectors.
pub static APPLE16: Code = Code { marks: &MARKS_16, data_coding: coding(SIX_AND_TWO), ..APPLE };

/// Apple II with 13 sectors.
pub static APPLE13: Code = Code {
    scheme: Scheme::AppleGcr13,
    marks: &[mark(Role::Id, 0xB5), mark(Role::Data, 0xAD)],
    // No two empty cells in a row.
    rules: Rules { stride: 1, from_data: &[69, 69], from_clock: &[69, 69] },
    sync: Pattern { value: 0xD5_AAA5, mask: 0xFF_FFE7 },
    filler: Fill::Cells(0x1FE, 9),
    sync_fill: Fill::Cells(0x1FE, 9),
    gaps: Gaps { gap4a: 0, gap1: 60, gap2: 0, gap3: 20, sync: 8, least_sync: 8 },
    data_sum: Sum { bytes: 1, bits: 0x1F, spreads: false },
    data_coding: coding(FIVE_AND_THREE),
    check: |_, _, body| body.last().map_or(0, |last| u32::from(last >> 3)),
    ..APPLE
};

const MARKS_16: [Mark; 2] = [mark(Role::Id, 0x96), mark(Role::Data, 0xAD)];

/// What all of Apple's codes share.
pub(super) const APPLE: Code = Code {
    scheme: Scheme::AppleGcr16,
    line: CELLS,
    id_coding: coding(FOUR_AND_FOUR),
    least: 1,
    rules: Rules { stride: 1, from_data: GROUPS_OF_CELLS, from_clock: GROUPS_OF_CELLS },
    lead: &[],
    mark_cells: 24,
    sync: Pattern { value: 0xD5_AA84, mask: 0xFF_FFC4 },
    any_sync: Pattern { value: 0xD5AA << 48, mask: 0xFFFF << 48 },
    filler: SELF_SYNC,
    sync_fill: SELF_SYNC,
    gaps: Gaps { gap4a: 0, gap1: 40, gap2: 0, gap3: 7, sync: 6, least_sync: 5 },
    data_within: 60,
    id_blocks: &[4],
    id_check_at: 3,
    id_tail: &[0xDE, 0xAA, 0xEB],
    id_sum: Sum { bytes: 1, bits: 0xFF, spreads: false },
    data_sum: Sum { bytes: 1, bits: 0x3F, spreads: false },
    tail: &[0xDE, 0xAA, 0xEB],
    size: Some(256),
    strong: false,
    echoed: true,
    searched: false,
    indexed: false,
    rates: &[Rate::APPLE],
    check: |_, _, body| body.last().map_or(0, |last| u32::from(last >> 2)),
    read_id,
    put_id,
    ..IBM
};

/// How rare one, two and three cells from a transition to the next are.
const GROUPS_OF_CELLS: &[u16] = &[55, 120, 220];
/// FFh and two empty cells: after five of them any reader is in step.
const SELF_SYNC: Fill = Fill::Cells(0x3FC, 10);
/// The code of 256 bytes.
const SIZE_CODE: u8 = 1;
/// The volume of a disk of which nobody says another.
const VOLUME: u8 = 254;

pub(super) const fn mark(role: Role, byte: u8) -> Mark {
    Mark { role, byte, cells: Pattern { value: 0xD5_AA00 | byte as u64, mask: 0xFF_FFFF } }
}

pub(super) const fn coding(packing: Packing) -> Coding {
    Coding { line: CELLS, packing }
}

fn read_id(_: &[u8], bytes: &[u8]) -> Option<IdField> {
    let &[volume, track, sector, value] = bytes else { return None };
    Some(IdField {
        id: SectorId { c: track, h: 0, r: sector, n: SIZE_CODE },
        beside: Some(vec![volume]),
        value: value.into(),
        right: (volume ^ track ^ sector).into(),
    })
}

fn put_id(id: SectorId, beside: Option<&[u8]>) -> Vec<u8> {
    vec![beside.and_then(|beside| beside.first().copied()).unwrap_or(VOLUME), id.c, id.r, 0]
}

/// Odd bits, then even ones, each between cells with a transition.
const FOUR_AND_FOUR: Packing = Packing {
    packed: |count| count.saturating_mul(2),
    pack: |bytes| bytes.iter().flat_map(|b| [b >> 1 | 0xAA, b | 0xAA]).collect(),
    unpack: Some(|disk, _| {
        let join = |pair: &[u8]| pair.first().map_or(0, |b| b << 1 | 1) & pair.last().copied().unwrap_or(0);
        (disk.chunks(2).map(join).collect(), disk.iter().all(|b| b & 0xAA == 0xAA))
    }),
    place: |bit, _| {
        let at = (bit / 8).saturating_mul(16).saturating_add(bit % 2 * 8).saturating_add((bit % 8) | 1);
        at..at.saturating_add(1)
    },
    groups: Some(Groups { cells: 8, is_written: |cells| cells & 0xAA == 0xAA }),
};

/// The disk bytes that stand for six bits.
pub(super) const SIX_BITS: [u8; 64] = [
    0x96, 0x97, 0x9A, 0x9B, 0x9D, 0x9E, 0x9F, 0xA6, 0xA7, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0xB2, 0xB3, //
    0xB4, 0xB5, 0xB6, 0xB7, 0xB9, 0xBA, 0xBB, 0xBC, 0xBD, 0xBE, 0xBF, 0xCB, 0xCD, 0xCE, 0xCF, 0xD3, //
    0xD6, 0xD7, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE5, 0xE6, 0xE7, 0xE9, 0xEA, 0xEB, 0xEC, //
    0xED, 0xEE, 0xEF, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF,
];
/// The value of each disk byte of six bits.
pub(super) static SIX_BIT_VALUES: [u8; 256] = values(&SIX_BITS);

/// Disk bytes of six bits.
pub(super) const SIX_BIT_GROUPS: Groups =
    Groups { cells: 8, is_written: |cells| SIX_BITS.iter().any(|byte| u64::from(*byte) == cells) };

/// The disk bytes that stand for five bits.
const FIVE_BITS: [u8; 32] = [
    0xAB, 0xAD, 0xAE, 0xAF, 0xB5, 0xB6, 0xB7, 0xBA, 0xBB, 0xBD, 0xBE, 0xBF, 0xD6, 0xD7, 0xDA, 0xDB, //
    0xDD, 0xDE, 0xDF, 0xEA, 0xEB, 0xED, 0xEE, 0xEF, 0xF5, 0xF6, 0xF7, 0xFA, 0xFB, 0xFD, 0xFE, 0xFF,
];
static FIVE_BIT_VALUES: [u8; 256] = values(&FIVE_BITS);

/// The value of a disk byte that stands for none.
pub(super) const NONE: u8 = 0xFF;

#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated when it is compiled; there are 64 values at most"
)]
const fn values(disk: &[u8]) -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < disk.len() {
        values[disk[value] as usize] = value as u8;
        value += 1;
    }
    values
}

/// Bytes as values of a few bits: each is written as what it differs by from
/// the one before, and the check follows.
struct Chain {
    disk: &'static [u8],
    values: &'static [u8; 256],
}

static SIXES: Chain = Chain { disk: &SIX_BITS, values: &SIX_BIT_VALUES };
static FIVES: Chain = Chain { disk: &FIVE_BITS, values: &FIVE_BIT_VALUES };

impl Chain {
    fn write(&self, values: &[u8], check: u8) -> Vec<u8> {
        let before = std::iter::once(&0).chain(values);
        let mut written: Vec<u8> = values.iter().zip(before).map(|(value, before)| value ^ before).collect();
        written.push(check);
        let mask = u8::try_from(self.disk.len().saturating_sub(1)).unwrap_or(0);
        written.into_iter().map(|v| self.disk.get(usize::from(v & mask)).copied().unwrap_or(0)).collect()
    }

    /// The values, the check, and whether all bytes stand for values.
    fn read(&self, disk: &[u8]) -> (Vec<u8>, u8, bool) {
        let value = |byte: &u8| self.values.get(usize::from(*byte)).copied().unwrap_or(NONE);
        let sound = disk.iter().all(|byte| value(byte) != NONE);
        let bits = u8::try_from(self.disk.len().saturating_sub(1)).unwrap_or(0);
        let (check, chain) = disk.split_last().unwrap_or((&0, &[]));
        let mut sum = 0;
        let values = chain.iter().map(|byte| {
            sum ^= value(byte) & bits;
            sum
        });
        (values.collect(), value(check) & bits, sound)
    }
}

/// Disk bytes with low bits in "6 and 2".
const LOW_TWOS: usize = 86;

const SIX_AND_TWO: Packing = Packing {
    packed: |count| if count == 0 { 0 } else { 343 },
    pack: |bytes| {
        let (data, check) = bytes.split_at_checked(256).unwrap_or((bytes, &[]));
        let turned = |at: usize| data.get(at).map_or(0, |b| b << 1 & 2 | b >> 1 & 1);
        let low = (0..LOW_TWOS).map(|i| {
            let at = |group: usize| turned(i.saturating_add(group.saturating_mul(LOW_TWOS)));
            at(0) | at(1) << 2 | at(2) << 4
        });
        let values: Vec<u8> = low.chain(data.iter().map(|b| b >> 2)).collect();
        SIXES.write(&values, check.first().copied().unwrap_or(0))
    },
    unpack: Some(|disk, _| {
        let (values, check, sound) = SIXES.read(disk);
        let (low, high) = values.split_at_checked(LOW_TWOS).unwrap_or((&[], &values));
        let groups = (0..3u32).flat_map(|group| low.iter().map(move |v| v >> (group * 2)));
        let mut bytes: Vec<u8> =
            high.iter().zip(groups).map(|(high, low)| high << 2 | low << 1 & 2 | low >> 1 & 1).collect();
        bytes.push(check);
        (bytes, sound)
    }),
    place: |bit, _| {
        let (byte, high) = (bit / 8, bit % 8 < 6);
        whole(if high { LOW_TWOS.saturating_add(byte) } else { byte % LOW_TWOS })
    },
    groups: Some(SIX_BIT_GROUPS),
};

/// Groups of five bytes in "5 and 3"; one byte is left.
const GROUPS: usize = 51;
/// Disk bytes with low bits.
const LOW_THREES: usize = 154;

const FIVE_AND_THREE: Packing = Packing {
    packed: |count| if count == 0 { 0 } else { 411 },
    pack: |bytes| {
        let (data, check) = bytes.split_at_checked(256).unwrap_or((bytes, &[]));
        let mut values = vec![0u8; LOW_THREES.saturating_add(256)];
        for (byte, value) in data.iter().enumerate() {
            let (high, low) = places_of_five(byte);
            put(&mut values, high, value >> 3);
            for (bit, (at, place)) in low.into_iter().enumerate() {
                put(&mut values, at, (value >> (2usize.saturating_sub(bit)) & 1) << place);
            }
        }
        FIVES.write(&values, check.first().copied().unwrap_or(0))
    },
    unpack: Some(|disk, _| {
        let (values, check, sound) = FIVES.read(disk);
        let value = |at: usize| values.get(at).copied().unwrap_or(0);
        let byte = |byte: usize| {
            let (high, low) = places_of_five(byte);
            low.into_iter().fold(value(high), |all, (at, place)| all << 1 | value(at) >> place & 1)
        };
        let mut bytes: Vec<u8> = (0..256).map(byte).collect();
        bytes.push(check);
        (bytes, sound)
    }),
    place: |bit, _| {
        let (high, low) = places_of_five(bit / 8);
        whole((bit % 8).checked_sub(5).and_then(|bit| low.get(bit)).map_or(high, |(at, _)| *at))
    },
    groups: Some(Groups { cells: 8, is_written: |cells| FIVE_BITS.iter().any(|byte| u64::from(*byte) == cells) }),
};

fn put(values: &mut [u8], at: usize, bits: u8) {
    if let Some(value) = values.get_mut(at) {
        *value |= bits;
    }
}

/// Where the parts of a byte of "5 and 3" lie: the value with its high bits, and
/// for each of its low ones, the high one first, the value and its place there.
/// The bytes of a group lie in five stretches, the last group first; the low
/// bits of the fourth and fifth are spread over those of the other three.
fn places_of_five(byte: usize) -> (usize, [(usize, u8); 3]) {
    // The low bits come first, the last value first.
    let low = |index: usize| LOW_THREES.saturating_sub(1).saturating_sub(index);
    let high = |index: usize| LOW_THREES.saturating_add(index);
    if byte >= GROUPS.saturating_mul(5) {
        let at = low(LOW_THREES.saturating_sub(1));
        return (high(255), [(at, 2), (at, 1), (at, 0)]);
    }
    let (group, nth) = (GROUPS.saturating_sub(1).saturating_sub(byte / 5), byte % 5);
    let stretch = |nth: usize| nth.saturating_mul(GROUPS).saturating_add(group);
    let lows = match nth {
        3 => [(low(stretch(0)), 1), (low(stretch(1)), 1), (low(stretch(2)), 1)],
        4 => [(low(stretch(0)), 0), (low(stretch(1)), 0), (low(stretch(2)), 0)],
        nth => [(low(stretch(nth)), 4), (low(stretch(nth)), 3), (low(stretch(nth)), 2)],
    };
    (high(stretch(nth)), lows)
}

/// The bits of a disk byte.
pub(super) fn whole(byte: usize) -> Range<usize> {
    let first = byte.saturating_mul(8);
    first..first.saturating_add(8)
}
