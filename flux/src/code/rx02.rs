//! DEC RX02, double density: id fields and marks in FM as IBM's, 256 bytes of
//! data and their check in MFM, at twice the rate.
//!
//! Data must not look like a mark in FM, so a 0, four 1 and a 0 are written
//! with clocks where MFM has none: of the six bits only clocks before the
//! second, fourth and sixth are there. Two zeros without a clock between them
//! are no MFM, so that a reader knows them for two ones. The size code of an id
//! field is that of single density.
//!
//! Source: DEC: "RX02 Floppy Disk System User's Guide" EK-0RX02-UG, chapter 1;
//! the place of its cells among those of FM: as greaseweazle writes them.

use floptical_model::{Scheme, SectorId};

use super::coding::{CELLS, Coding, Packing};
use super::fm::{SINGLE, mark};
use super::mfm::LINE as MFM;
use super::{Code, IdField, Role, Rules, ibm};

/// DEC RX02, double density.
pub static RX02: Code = Code {
    scheme: Scheme::DecRx02,
    data_coding: Coding { line: CELLS, packing: MODIFIED },
    marks: &[
        mark(Role::Id, 0xFE, 0x8888_8888_AA22_2AA8),
        mark(Role::Data, 0xFD, 0x8888_8888_AA22_2A8A),
        mark(Role::Data, 0xF9, 0x8888_8888_AA22_288A),
    ],
    size: Some(256),
    // Ids in FM, data in MFM.
    rules: Rules { stride: 1, from_data: &[Rules::NEVER, 69, 139, 139], from_clock: &[Rules::NEVER, 69, 69, 139] },
    echoed: true,
    check: ibm::check,
    read_id,
    put_id,
    ..SINGLE
};

fn read_id(lead: &[u8], bytes: &[u8]) -> Option<IdField> {
    ibm::read_id(lead, bytes)
}

fn put_id(id: SectorId, beside: Option<&[u8]>) -> Vec<u8> {
    ibm::put_id(id, beside)
}

/// MFM, but for a 0, four 1 and a 0.
const MODIFIED: Packing = Packing {
    packed: |count| count.saturating_mul(2),
    pack,
    unpack: Some(|cells, _| (unpack(cells), true)),
    place: |bit, _| {
        // A change may make a run of four, or end one.
        let first = bit.saturating_mul(2);
        first..first.saturating_add(2)
    },
    groups: None,
};

/// A 0, four 1 and a 0.
const RUN: u16 = 0b01_1110;

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut last = 0u64;
    let mut cells: Vec<u8> = Vec::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        last = (MFM.encode)(*byte, last);
        let [.., high, low] = last.to_be_bytes();
        cells.extend([high, low]);
    }
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| u16::from(byte >> (7usize.saturating_sub(at % 8)) & 1));
    let mut run = 0u16;
    for at in 0..bytes.len().saturating_mul(8) {
        run = (run << 1 | bit(at)) & 0x3F;
        let Some(first) = at.checked_sub(5).filter(|_| run == RUN) else { continue };
        // From the data of its first bit to that of the last.
        let start = first.saturating_mul(2).saturating_add(1);
        for (cell, set) in (start..).zip([0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0u8]) {
            let mask = 0x80u8 >> (cell % 8);
            if let Some(byte) = cells.get_mut(cell / 8) {
                *byte = if set == 1 { *byte | mask } else { *byte & !mask };
            }
        }
    }
    cells
}

fn unpack(cells: &[u8]) -> Vec<u8> {
    let cell = |at: usize| cells.get(at / 8).map_or(0, |byte| byte >> (7usize.saturating_sub(at % 8)) & 1);
    let bits = cells.len().saturating_mul(4);
    let mut data: Vec<u8> = (0..bits).map(|bit| cell(bit.saturating_mul(2).saturating_add(1))).collect();
    let mut at = 0usize;
    while let Some(&[first, second]) = data.get(at..at.saturating_add(2)) {
        let clock = cell(at.saturating_mul(2).saturating_add(2));
        if (first, clock, second) == (0, 0, 0) {
            if let Some(pair) = data.get_mut(at..at.saturating_add(2)) {
                pair.fill(1);
            }
            at = at.saturating_add(1);
        }
        at = at.saturating_add(1);
    }
    data.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every run of ones at every phase, and the run that is written another
    /// way: 0 1111 0 as cells, clock and data by turns.
    #[test]
    fn every_run_of_ones_comes_back() {
        for word in 0..=0xFFFFu16 {
            let bytes = word.to_be_bytes();
            assert_eq!(unpack(&pack(&bytes)), bytes, "{word:04X}");
        }
        assert_eq!(pack(&[0b0011_1100]), [0b1010_1000, 0b1000_1010]);
    }
}
