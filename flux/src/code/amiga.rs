//! AmigaDOS: MFM whose fields come in halves, the odd bits of all bytes first,
//! then the even ones.
//!
//! A sector begins with two A1 without a clock (cells 4489h). One after the
//! other follow, each in halves of its own: FFh, track, sector and the count of
//! sectors to the gap; a label of 16 bytes; the check of both; the check of the
//! data; the data. A check is the exclusive or of all longs of cells, without
//! the clocks: of a long `x` of bytes, the odd bits and the even bits.
//!
//! Source: "Amiga ROM Kernel Reference Manual: Devices", appendix on disk
//! format; "Amiga Hardware Reference Manual" (MFM in halves).

use std::ops::Range;

use floptical_model::{Scheme, SectorId};

use super::coding::{Coding, Packing};
use super::mfm::{IBM, LINE};
use super::{Code, Fill, Gaps, IdField, Mark, Pattern, Role, Sum};

/// AmigaDOS, double and high density.
pub static AMIGA: Code = Code {
    scheme: Scheme::AmigaMfm,
    id_coding: HALVES,
    data_coding: HALVES,
    lead: &[],
    mark_cells: 32,
    peek: 8,
    // After zeros; it ends with the odd half of FFh. Where a splice took the
    // zeros only a good check will do.
    marks: &[Mark { role: Role::Id, byte: FORMAT, cells: Pattern { value: 0x2A44_8944_8955, mask: 0x7FFF_FFFF_FFFF } }],
    sync: Pattern { value: 0x44_8944_8955, mask: 0xFF_FFFF_FFFF },
    filler: Fill::Byte(0),
    gaps: Gaps { gap4a: 0, gap1: 50, gap2: 0, gap3: 0, sync: 2, least_sync: 2 },
    data_within: 0,
    id_blocks: &[4, LABEL, 4],
    id_check_at: 20,
    id_sum: COLUMNS,
    data_sum: COLUMNS,
    check_first: true,
    size: Some(512),
    joined: true,
    strong: false,
    indexed: false,
    check,
    read_id,
    put_id,
    ..IBM
};

/// Every second of 32 bits.
const COLUMNS: Sum = Sum { bytes: 4, bits: 0x5555_5555, spreads: false };

/// The odd bits of a part, then the even ones.
const HALVES: Coding = Coding {
    line: LINE,
    packing: Packing { packed: |count| count, pack: split, unpack: Some(join), place: place_in_halves, groups: None },
};

fn split(bytes: &[u8]) -> Vec<u8> {
    let halves = |shift| bytes.chunks(2).map(move |pair| pair.iter().fold(0, |all, b| all << 4 | half(*b, shift)));
    halves(1).chain(halves(0)).collect()
}

fn join(halves: &[u8], count: usize) -> (Vec<u8>, bool) {
    let (odd, even) = halves.split_at_checked(count / 2).unwrap_or((halves, &[]));
    let whole = |(odd, even): (&u8, &u8)| [whole(odd >> 4, even >> 4), whole(odd & 15, even & 15)];
    (odd.iter().zip(even).flat_map(whole).collect(), true)
}

/// Of a byte, bits 7, 5, 3, 1 lie in one half and 6, 4, 2, 0 in the other.
fn place_in_halves(bit: usize, size: usize) -> Range<usize> {
    let half = if bit.is_multiple_of(2) { 0 } else { size.saturating_mul(4) };
    let at = half.saturating_add(bit / 2);
    at..at.saturating_add(1)
}

/// The four odd (1) or even (0) bits of a byte.
fn half(byte: u8, shift: u32) -> u8 {
    let bits = byte >> shift & 0x55;
    let pairs = (bits | bits >> 1) & 0x33;
    (pairs | pairs >> 2) & 0x0F
}

/// The byte of four odd and four even bits.
fn whole(odd: u8, even: u8) -> u8 {
    let spread = |bits: u8| {
        let pairs = (bits | bits << 2) & 0x33;
        (pairs | pairs << 1) & 0x55
    };
    spread(odd) << 1 | spread(even)
}

/// The first byte of a header.
const FORMAT: u8 = 0xFF;
/// Bytes of a label.
const LABEL: usize = 16;
/// The code of 512 bytes.
const SIZE_CODE: u8 = 2;

fn check(_: &[u8], _: u8, body: &[u8]) -> u32 {
    let longs = body.chunks_exact(4).filter_map(|long| long.first_chunk().copied().map(u32::from_be_bytes));
    longs.fold(0, |sum, long| sum ^ long ^ long >> 1) & 0x5555_5555
}

fn read_id(_: &[u8], bytes: &[u8]) -> Option<IdField> {
    let (body, value) = bytes.split_last_chunk()?;
    let &[FORMAT, track, sector, to_gap, ref label @ ..] = body else { return None };
    let mut beside = vec![to_gap];
    beside.extend_from_slice(label);
    Some(IdField {
        id: SectorId { c: track, h: 0, r: sector, n: SIZE_CODE },
        beside: Some(beside),
        value: u32::from_be_bytes(*value),
        right: check(&[], 0, body),
    })
}

/// The header; `beside` is the count of sectors to the gap, and the label if
/// there is one.
fn put_id(id: SectorId, beside: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = vec![FORMAT, id.c, id.r];
    bytes.extend_from_slice(beside.unwrap_or_default());
    bytes.resize(4usize.saturating_add(LABEL).saturating_add(4), 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_is_that_of_the_cells_without_clocks() {
        // FF 00 00 0B: odd halves F0 00 00 30, even halves F0 00 00 30 ^ ...
        let by_cells = |body: &[u8]| {
            let half = |shift: u32| body.iter().map(move |b| b >> shift & 0x55).collect::<Vec<u8>>();
            let all = [half(1), half(0)].concat();
            all.chunks(4).fold(0, |sum, long| sum ^ u32::from_be_bytes([long[0], long[1], long[2], long[3]]))
        };
        for body in [&[0xFF, 0, 0, 11][..], &[0xFF, 159, 10, 1], &[1, 2, 3, 4, 5, 6, 7, 8]] {
            assert_eq!(check(&[], 0, body), by_cells(body));
        }
    }
}
