//! What IBM's two codes share: the id field and the check.

use crc::{CRC_16_IBM_3740, Crc, Table};
use floptical_model::SectorId;

use super::IdField;

/// CRC-16/CCITT: polynomial 1021h, start FFFFh, high bit first.
static CRC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_IBM_3740);

/// The byte of an id mark, which the check covers.
const ID_MARK: u8 = 0xFE;

/// The check of a field: over the bytes before its mark, the mark and the bytes
/// after it.
pub(super) fn check(lead: &[u8], mark: u8, body: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(lead);
    digest.update(&[mark]);
    digest.update(body);
    digest.finalize().into()
}

/// C, H, R, N and the check.
pub(super) fn read_id(lead: &[u8], bytes: &[u8]) -> Option<IdField> {
    let &[c, h, r, n, high, low] = bytes else { return None };
    Some(IdField {
        id: SectorId { c, h, r, n },
        beside: None,
        value: u16::from_be_bytes([high, low]).into(),
        right: check(lead, ID_MARK, &[c, h, r, n]),
    })
}

/// C, H, R and N, and room for the check.
pub(super) fn put_id(id: SectorId, _: Option<&[u8]>) -> Vec<u8> {
    vec![id.c, id.h, id.r, id.n, 0, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the catalogue of CRCs, and the well-known start
    /// after three A1.
    #[test]
    fn checks_are_those_of_the_standard() {
        assert_eq!(CRC.checksum(b"123456789"), 0x29B1);
        assert_eq!(CRC.checksum(&[0xA1; 3]), 0xCDB4);
        assert_eq!(check(&[0xA1; 3], 0xFE, &[0, 0, 1, 2]), 0xCA6F);
    }
}
