//! Commodore GCR of the 1541 and 1571: 4 bits in 5 cells, never more than two
//! empty ones in a row and, outside of sync, never more than eight transitions.
//!
//! A field follows a sync of ten transitions or more. Header: 08h, check,
//! sector, track, second byte of the disk id, first byte, 0Fh twice. Data: 07h,
//! 256 bytes, check, 00h twice. Checks are exclusive ors of the bytes. Gaps are
//! bytes 55h as cells, which are 0Fh in this code.
//!
//! Source: "Commodore 1541 User's Guide" and service manual; Immers, Neufeld:
//! "Inside Commodore DOS" (1984).

use floptical_model::{Rate, Scheme, SectorId};

use super::coding::{Coding, Groups, Line, PLAIN, Packing};
use super::mfm::IBM;
use super::{Code, Fill, Gaps, IdField, Mark, Pattern, Role, Rules, Sum};

/// Commodore 1541 and 1571.
pub static GCR: Code = Code {
    scheme: Scheme::CommodoreGcr,
    line: LINE,
    id_coding: GROUPS,
    data_coding: GROUPS,
    least: 1,
    rules: Rules { stride: 1, from_data: &[60, 110, 220], from_clock: &[60, 110, 220] },
    lead: &[],
    mark_cells: 10,
    marks: &[mark(Role::Id, 0x08, 0b01010_01001), mark(Role::Data, 0x07, 0b01010_10111)],
    sync: Pattern { value: SYNC | 0b01010_00001, mask: SYNC | 0b11111_00001 },
    any_sync: Pattern { value: SYNC << 44, mask: 0x7FF << 53 },
    filler: Fill::Byte(0x0F),
    sync_fill: Fill::Cells(0x3FF, 10),
    gaps: Gaps { gap4a: 0, gap1: 8, gap2: 7, gap3: 6, sync: 4, least_sync: 3 },
    data_within: 100,
    id_blocks: &[7],
    id_check_at: 0,
    id_sum: Sum { bytes: 1, bits: 0xFF, spreads: false },
    data_sum: Sum { bytes: 1, bits: 0xFF, spreads: false },
    tail: &[0, 0],
    size: Some(256),
    strong: false,
    echoed: true,
    searched: false,
    indexed: false,
    zoned: true,
    rates: &RATES,
    check,
    read_id,
    put_id,
    ..IBM
};

/// Those of the 1541, and of the 8050.
static RATES: [Rate; 8] = {
    let ([a, b, c, d], [e, f, g, h]) = (Rate::COMMODORE, Rate::COMMODORE_8050);
    [a, b, c, d, e, f, g, h]
};

const LINE: Line = Line { byte_cells: 10, encode, decode };

/// A cell speaks of all four bits of its group.
const GROUPS: Coding = Coding {
    line: LINE,
    packing: Packing {
        place: |bit, _| bit.saturating_sub(bit % 4)..bit.saturating_sub(bit % 4).saturating_add(4),
        groups: Some(Groups { cells: 5, is_written: |cells| CELLS.iter().any(|c| u64::from(*c) == cells) }),
        ..PLAIN
    },
};

/// Ten transitions before a byte.
const SYNC: u64 = 0x3FF << 10;
/// The code of 256 bytes.
const SIZE_CODE: u8 = 1;
/// What a header holds beside the id where nobody says: a disk id `00`.
const BESIDE: [u8; 4] = [b'0', b'0', 0x0F, 0x0F];

const fn mark(role: Role, byte: u8, cells: u64) -> Mark {
    Mark { role, byte, cells: Pattern { value: SYNC | cells, mask: SYNC | 0x3FF } }
}

/// The five cells of each nibble.
const CELLS: [u8; 16] = [
    0b01010, 0b01011, 0b10010, 0b10011, 0b01110, 0b01111, 0b10110, 0b10111, 0b01001, 0b11001, 0b11010, 0b11011,
    0b01101, 0b11101, 0b11110, 0b10101,
];

/// The nibble of each five cells; 0 for those that none writes.
const NIBBLES: [u8; 32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x8, 0x0, 0x1, 0, 0xC, 0x4, 0x5, //
    0, 0, 0x2, 0x3, 0, 0xF, 0x6, 0x7, 0, 0x9, 0xA, 0xB, 0, 0xD, 0xE, 0,
];

fn encode(byte: u8, _: u64) -> u64 {
    let cells = |nibble: u8| u64::from(CELLS.get(usize::from(nibble)).copied().unwrap_or(0));
    cells(byte >> 4) << 5 | cells(byte & 0x0F)
}

/// The first six bytes of 64 cells.
fn decode(cells: u64) -> u64 {
    (0..12u32).fold(0, |bytes, group| {
        let five = cells >> (59u32.saturating_sub(group.saturating_mul(5))) & 0x1F;
        let nibble = usize::try_from(five).ok().and_then(|five| NIBBLES.get(five)).copied().unwrap_or(0);
        bytes << 4 | u64::from(nibble)
    })
}

fn check(_: &[u8], _: u8, body: &[u8]) -> u32 {
    body.iter().fold(0, |sum, byte| sum ^ byte).into()
}

fn read_id(_: &[u8], bytes: &[u8]) -> Option<IdField> {
    let &[value, sector, track, second, first, ref after @ ..] = bytes else { return None };
    let mut beside = vec![second, first];
    beside.extend_from_slice(after);
    Some(IdField {
        id: SectorId { c: track, h: 0, r: sector, n: SIZE_CODE },
        beside: Some(beside),
        value: value.into(),
        right: check(&[], 0, &[sector, track, second, first]),
    })
}

fn put_id(id: SectorId, beside: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = vec![0, id.r, id.c];
    bytes.extend_from_slice(beside.unwrap_or(&BESIDE));
    bytes.resize(7, 0x0F);
    bytes
}
