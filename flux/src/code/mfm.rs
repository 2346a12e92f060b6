//! IBM MFM: each bit is a clock cell and a data cell; the clock cell holds a
//! transition only between two zeros.
//!
//! Marks are led by three A1 without the clock between bits 4 and 5 (cells
//! 4489h); the index mark by three C2 without one (5224h).

use floptical_model::Scheme;

use super::{Code, Gaps, Mark, Pattern, Role};

/// IBM MFM, double density and above.
pub static MFM: Code = Code {
    scheme: Scheme::IbmMfm,
    byte_cells: 16,
    lead: &[0xA1, 0xA1, 0xA1],
    marks: &[
        Mark { role: Role::Index, byte: 0xFC, cells: 0x5224_5224_5224_5552 },
        Mark { role: Role::Id, byte: 0xFE, cells: 0x4489_4489_4489_5554 },
        Mark { role: Role::Data, byte: 0xFB, cells: 0x4489_4489_4489_5545 },
        Mark { role: Role::Data, byte: 0xFA, cells: 0x4489_4489_4489_5544 },
        Mark { role: Role::Data, byte: 0xF9, cells: 0x4489_4489_4489_5549 },
        Mark { role: Role::Data, byte: 0xF8, cells: 0x4489_4489_4489_554A },
    ],
    // Controllers lock on fewer than three A1; see `recognise` for what two are
    // worth.
    sync: Pattern { value: 0x4489_4489_5540, mask: 0xFFFF_FFFF_FFE0 },
    // Amiga and others mark with two A1 and bytes of their own.
    any_sync: Pattern { value: 0x4489_4489_0000_0000, mask: 0xFFFF_FFFF_0000_0000 },
    filler: 0x4E,
    gaps: Gaps { gap4a: 80, gap1: 50, gap2: 22, gap3: 84, sync: 12 },
    data_within: 43,
    encode,
    decode,
};

fn encode(byte: u8, last: bool) -> u64 {
    let mut data = u64::from(byte);
    data = (data | data << 4) & 0x0F0F;
    data = (data | data << 2) & 0x3333;
    data = (data | data << 1) & 0x5555;
    let clock = !(data << 1 | data >> 1 | u64::from(last) << 15) & 0xAAAA;
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
