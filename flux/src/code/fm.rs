//! IBM FM: each bit is a clock cell with a transition and a data cell.
//!
//! FM lies in a string of cells at the rate of MFM: an empty cell follows each
//! cell of its own, so a byte takes 32. Marks have the clock C7h, the index
//! mark D7h. A mark counts only after a sync byte: data in MFM looks exactly
//! like an FM mark now and then (F5 7E reads as FE), hardly ever after AA AA.

use floptical_model::Scheme;

use super::coding::{Coding, Line, PLAIN};
use super::mfm::IBM;
use super::{Code, Fill, Gaps, Mark, Pattern, Role, Rules};

/// IBM FM, single density.
pub static FM: Code = SINGLE;

/// What RX02 is a variant of.
pub(super) const SINGLE: Code = Code {
    scheme: Scheme::IbmFm,
    line: LINE,
    id_coding: Coding { line: LINE, packing: PLAIN },
    data_coding: Coding { line: LINE, packing: PLAIN },
    // A clock follows each bit but in marks.
    rules: Rules { stride: 2, from_data: &[1, 600], from_clock: &[69, 69] },
    lead: &[],
    mark_cells: 32,
    marks: &[
        mark(Role::Index, 0xFC, 0x8888_8888_AA2A_2A88),
        mark(Role::Id, 0xFE, 0x8888_8888_AA22_2AA8),
        mark(Role::Data, 0xFB, 0x8888_8888_AA22_28AA),
        mark(Role::Data, 0xFA, 0x8888_8888_AA22_28A8),
        mark(Role::Data, 0xF9, 0x8888_8888_AA22_288A),
        mark(Role::Data, 0xF8, 0x8888_8888_AA22_2888),
    ],
    sync: Pattern { value: 0x8888_8888_AA22_2888, mask: 0xFFFF_FFFF_FFFF_FDDD },
    any_sync: Pattern { value: 0x8888_8888_AA22_2888, mask: 0xFFFF_FFFF_FFFF_FDDD },
    filler: Fill::Byte(0xFF),
    gaps: Gaps { gap4a: 40, gap1: 26, gap2: 11, gap3: 27, sync: 6, least_sync: 3 },
    data_within: 30,
    ..IBM
};

pub(super) const LINE: Line = Line { byte_cells: 32, encode, decode };

pub(super) const fn mark(role: Role, byte: u8, cells: u64) -> Mark {
    Mark { role, byte, cells: Pattern { value: cells, mask: u64::MAX } }
}

fn encode(byte: u8, _: u64) -> u64 {
    let mut data = u64::from(byte);
    data = (data | data << 12) & 0x000F_000F;
    data = (data | data << 6) & 0x0303_0303;
    data = (data | data << 3) & 0x1111_1111;
    0x8888_8888 | data << 1
}

fn decode(cells: u64) -> u64 {
    let mut data = cells >> 1 & 0x1111_1111_1111_1111;
    data = (data | data >> 3) & 0x0303_0303_0303_0303;
    data = (data | data >> 6) & 0x000F_000F_000F_000F;
    data = (data | data >> 12) & 0x0000_00FF_0000_00FF;
    (data | data >> 24) & 0xFFFF
}
