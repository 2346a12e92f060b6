//! What stands where in the file.

use floptical_model::{Claim, ClaimKind, Opaque, Place, Policy, Span};

/// Letters of chunks.
pub(super) const MAGIC: &[u8; 4] = b"PFI ";
pub(super) const TEXT: &[u8; 4] = b"TEXT";
pub(super) const TRACK: &[u8; 4] = b"TRAK";
pub(super) const INDEX: &[u8; 4] = b"INDX";
pub(super) const DATA: &[u8; 4] = b"DATA";
pub(super) const END: &[u8; 4] = b"END ";

/// Letters and length before the bytes of a chunk, and the check behind them.
pub(super) const HEAD: usize = 8;
pub(super) const CHECK: usize = 4;

/// The bytes of a `TRAK` chunk.
pub(super) const TRACK_LEN: usize = 12;

/// Names of the opaque parts.
pub(super) const PART_HEADER: &str = "pfi.header-rest";
pub(super) const PART_CHUNK: &str = "pfi.chunk";
pub(super) const PART_TAIL: &str = "pfi.tail";

pub(super) fn u32_be(raw: &[u8], at: usize) -> u32 {
    raw.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |four| u32::from_be_bytes(*four))
}

/// The check of a chunk: CRC-32 of the polynomial 1EDC6F41, high bit first, from
/// 0 on.
pub(super) fn check(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc: u32, byte| {
        let entry = usize::try_from(crc >> 24).unwrap_or(0) ^ usize::from(*byte);
        crc << 8 ^ TABLE.get(entry).copied().unwrap_or(0)
    })
}

/// What each byte adds to the check.
static TABLE: [u32; 256] = table();

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "computed by the compiler, which would say"
)]
const fn table() -> [u32; 256] {
    const POLYNOMIAL: u32 = 0x1EDC_6F41;
    let mut table = [0u32; 256];
    let (mut byte, mut first) = (0usize, 0u32);
    while byte < 256 {
        let mut crc = first << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc >> 31 == 1 { crc << 1 ^ POLYNOMIAL } else { crc << 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
        first += 1;
    }
    table
}

/// A chunk as it stands in a file.
pub(super) fn chunk(id: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut whole = id.to_vec();
    whole.extend(u32::try_from(bytes.len()).ok()?.to_be_bytes());
    whole.extend(bytes);
    let check = check(&whole);
    whole.extend(check.to_be_bytes());
    Some(whole)
}

/// The version of the file, at its place in the header.
pub(super) fn version(raw: &[u8]) -> Claim {
    Claim {
        kind: ClaimKind::Version,
        raw: raw.to_vec(),
        text: u32_be(raw, 0).to_string(),
        at: Span::file(HEAD as u64, raw.len() as u64),
    }
}

pub(super) fn comment(raw: &[u8], start: u64) -> Claim {
    Claim {
        kind: ClaimKind::Comment,
        raw: raw.to_vec(),
        text: floptical_io::text::show(raw),
        at: Span::file(start, raw.len() as u64),
    }
}

/// A part that is kept as it is.
pub(super) fn kept(name: &str, place: Place, bytes: &[u8], start: u64) -> Opaque {
    Opaque {
        name: name.into(),
        place,
        bytes: bytes.into(),
        policy: Policy::Verbatim,
        at: Span::file(start, bytes.len() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_chunk_has_the_check_that_all_have() {
        assert_eq!(chunk(END, &[]).unwrap(), [&b"END \0\0\0\0"[..], &0x3D64_AF78u32.to_be_bytes()].concat());
    }
}
