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

use floptical_model::{Scheme, SectorId};

use super::mfm::{IBM, decode, encode};
use super::{Code, Gaps, IdField, Mark, Pattern, Role, Sync};

/// AmigaDOS, double and high density.
pub static AMIGA: Code = Code {
    scheme: Scheme::AmigaMfm,
    lead: &[],
    mark_cells: 32,
    peek: 8,
    // After zeros; it ends with the odd half of FFh. Where a splice took the
    // zeros only a good check will do.
    marks: &[Mark { role: Role::Id, byte: FORMAT, cells: Pattern { value: 0x2A44_8944_8955, mask: 0x7FFF_FFFF_FFFF } }],
    sync: Pattern { value: 0x44_8944_8955, mask: 0xFF_FFFF_FFFF },
    filler: 0,
    sync_fill: Sync::Byte(0),
    gaps: Gaps { gap4a: 0, gap1: 50, gap2: 0, gap3: 0, sync: 2 },
    data_within: 0,
    id_blocks: &[4, LABEL, 4],
    id_check_at: 20,
    check_bytes: 4,
    check_bits: 0x5555_5555,
    check_first: true,
    size: Some(512),
    joined: true,
    strong: false,
    indexed: false,
    split: true,
    encode,
    decode,
    check,
    read_id,
    put_id,
    ..IBM
};

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
