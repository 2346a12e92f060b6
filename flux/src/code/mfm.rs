//! IBM MFM: each bit is a clock cell and a data cell; the clock cell holds a
//! transition only between two zeros.
//!
//! Marks are led by three A1 without the clock between bits 4 and 5 (cells
//! 4489h); the index mark by three C2 without one (5224h).

use floptical_model::{Rate, Scheme};

use super::coding::{Coding, Line, PLAIN};
use super::{Code, Fill, Gaps, Mark, Pattern, Role, Rules, Sum, ibm};

/// IBM MFM, double density and above.
pub static MFM: Code = IBM;

/// What FM is a variant of.
pub(super) const IBM: Code = Code {
    scheme: Scheme::IbmMfm,
    line: LINE,
    id_coding: Coding { line: LINE, packing: PLAIN },
    data_coding: Coding { line: LINE, packing: PLAIN },
    least: 2,
    // From a one: to the next one, to a clock, over a zero to a one. From a
    // clock: to a clock, to a one; four only in marks.
    rules: Rules { stride: 1, from_data: &[Rules::NEVER, 69, 139, 139], from_clock: &[Rules::NEVER, 69, 69, 700] },
    lead: &[0xA1, 0xA1, 0xA1],
    mark_cells: 64,
    peek: 0,
    marks: &[
        mark(Role::Index, 0xFC, 0x5224_5224_5224_5552),
        mark(Role::Id, 0xFE, 0x4489_4489_4489_5554),
        mark(Role::Data, 0xFB, 0x4489_4489_4489_5545),
        mark(Role::Data, 0xFA, 0x4489_4489_4489_5544),
        mark(Role::Data, 0xF9, 0x4489_4489_4489_5549),
        mark(Role::Data, 0xF8, 0x4489_4489_4489_554A),
    ],
    // Controllers lock on fewer than three A1; see `recognise` for what two are
    // worth.
    sync: Pattern { value: 0x4489_4489_5540, mask: 0xFFFF_FFFF_FFE0 },
    // Amiga and others mark with two A1 and bytes of their own.
    any_sync: Pattern { value: 0x4489_4489_0000_0000, mask: 0xFFFF_FFFF_0000_0000 },
    filler: Fill::Byte(0x4E),
    sync_fill: Fill::Byte(0),
    gaps: Gaps { gap4a: 80, gap1: 50, gap2: 22, gap3: 84, sync: 12, least_sync: 3 },
    data_within: 43,
    id_blocks: &[6],
    id_check_at: 4,
    id_tail: &[],
    tags: 0,
    id_sum: CRC,
    data_sum: CRC,
    check_first: false,
    tail: &[],
    size: None,
    joined: false,
    strong: true,
    echoed: false,
    searched: true,
    indexed: true,
    zoned: false,
    rates: &[Rate::DD, Rate::DD_360, Rate::HD, Rate::ED],
    check: ibm::check,
    read_id: ibm::read_id,
    put_id: ibm::put_id,
};

/// A CRC of 16 bits.
const CRC: Sum = Sum { bytes: 2, bits: 0xFFFF, spreads: true };

/// A byte and its clocks.
pub(super) const LINE: Line = Line { byte_cells: 16, encode, decode };

const fn mark(role: Role, byte: u8, cells: u64) -> Mark {
    Mark { role, byte, cells: Pattern { value: cells, mask: u64::MAX } }
}

fn encode(byte: u8, before: u64) -> u64 {
    let mut data = u64::from(byte);
    data = (data | data << 4) & 0x0F0F;
    data = (data | data << 2) & 0x3333;
    data = (data | data << 1) & 0x5555;
    let clock = !(data << 1 | data >> 1 | (before & 1) << 15) & 0xAAAA;
    clock | data
}

fn decode(cells: u64) -> u64 {
    let mut data = cells & 0x5555_5555_5555_5555;
    data = (data | data >> 1) & 0x3333_3333_3333_3333;
    data = (data | data >> 2) & 0x0F0F_0F0F_0F0F_0F0F;
    data = (data | data >> 4) & 0x00FF_00FF_00FF_00FF;
    data = (data | data >> 8) & 0x0000_FFFF_0000_FFFF;
    (data | data >> 16) & 0xFFFF_FFFF
}
