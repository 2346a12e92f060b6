//! Intel's M2FM: MFM whose clock stands only where there was no transition in
//! the bit before, neither clock nor data.
//!
//! A field is led by ten bytes FFh. Its mark has clocks in bits 6, 5 and 4: one
//! more than a byte has. 52 sectors of 128 bytes lie on a track of 8 inch. The
//! check starts with 0.
//!
//! Source: Intel: "Intellec Double Density Diskette Operating System Hardware
//! Reference Manual" 9800422A, "SBC 202 Double Density Diskette Controller
//! Hardware Reference Manual" 9800420A; figures as MAME's isbc202.cpp and
//! img_dsk.cpp state them.

use crc::{CRC_16_XMODEM, Crc, Table};
use floptical_model::{Rate, Scheme, SectorId};

use super::coding::{Coding, Line, PLAIN};
use super::mfm::IBM;
use super::{Code, Fill, Gaps, IdField, Mark, Pattern, Role, Rules};

/// Intel M2FM.
pub static M2FM: Code = Code {
    scheme: Scheme::IntelM2fm,
    line: LINE,
    id_coding: CODING,
    data_coding: CODING,
    // From a one: to the next one, over a zero to a clock or a one. From a clock:
    // to a one, over a zero to a clock or a one; two cells only in marks.
    rules: Rules {
        stride: 1,
        from_data: &[Rules::NEVER, 69, 139, 208],
        from_clock: &[Rules::NEVER, 700, 69, 139, 139],
    },
    lead: &[],
    mark_cells: 16,
    marks: &[
        mark(Role::Index, 0x0C, 0x2A52),
        mark(Role::Id, 0x0E, 0x2A54),
        mark(Role::Data, 0x0B, 0x2A45),
        mark(Role::Data, 0x08, 0x2A48),
    ],
    // Three of the ten FFh; in MFM, FF FF FF 0E look so.
    sync: Pattern { value: 0x5555_5555_5555_2A40, mask: 0xFFFF_FFFF_FFFF_FFE0 },
    any_sync: Pattern { value: 0x5555_5555_5555_2A40, mask: 0xFFFF_FFFF_FFFF_FFE0 },
    filler: Fill::Byte(0),
    sync_fill: Fill::Byte(0xFF),
    gaps: Gaps { gap4a: 0, gap1: 18, gap2: 18, gap3: 18, sync: 10, least_sync: 3 },
    data_within: 43,
    size: Some(128),
    echoed: true,
    rates: &[Rate::HD],
    check,
    read_id,
    put_id: |id, _| vec![id.c, id.h, id.r, id.n, 0, 0],
    ..IBM
};

const LINE: Line = Line { byte_cells: 16, encode, decode: super::mfm::LINE.decode };
const CODING: Coding = Coding { line: LINE, packing: PLAIN };

static CRC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_XMODEM);

/// The byte of an id mark, which the check covers.
const ID_MARK: u8 = 0x0E;

/// A mark after FF FF FF.
const fn mark(role: Role, byte: u8, cells: u64) -> Mark {
    Mark { role, byte, cells: Pattern { value: 0x5555_5555_5555_0000 | cells, mask: u64::MAX } }
}

fn encode(byte: u8, before: u64) -> u64 {
    (0..8).rev().fold(before & 3, |cells, bit| {
        let data = u64::from(byte) >> bit & 1;
        let clock = u64::from(cells & 3 == 0 && data == 0);
        cells << 2 | clock << 1 | data
    }) & 0xFFFF
}

fn check(_: &[u8], mark: u8, body: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&[mark]);
    digest.update(body);
    digest.finalize().into()
}

fn read_id(_: &[u8], bytes: &[u8]) -> Option<IdField> {
    let &[c, h, r, n, high, low] = bytes else { return None };
    Some(IdField {
        id: SectorId { c, h, r, n },
        beside: None,
        value: u16::from_be_bytes([high, low]).into(),
        right: check(&[], ID_MARK, &[c, h, r, n]),
    })
}
