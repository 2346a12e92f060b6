//! Names in ISO 8859-1, and the hash that finds them.

use floptical_model::Name;

use super::block::SLOTS;

/// Bytes of ISO 8859-1 as text.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// A name as stored.
pub(super) fn name(bytes: &[u8]) -> Name {
    Name { raw: bytes.to_vec(), text: latin1(bytes), charset: "iso-8859-1" }
}

/// A letter in upper case: that of ASCII, or of ISO 8859-1 in the
/// international modes.
fn upper(byte: u8, international: bool) -> u8 {
    match byte {
        0xF7 | 0xFF => byte,
        0xE0.. if international => byte & 0xDF,
        _ => byte.to_ascii_uppercase(),
    }
}

/// The slot of a directory's hash table whose chain holds a name.
pub(super) fn hash(bytes: &[u8], international: bool) -> usize {
    let start = u32::try_from(bytes.len()).unwrap_or(0);
    let step = |sum: u32, byte: &u8| sum.wrapping_mul(13).wrapping_add(upper(*byte, international).into()) & 0x7FF;
    let slots = u32::try_from(SLOTS).unwrap_or(1).max(1);
    usize::try_from(bytes.iter().fold(start, step).checked_rem(slots).unwrap_or(0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hash_without_regard_to_case() {
        assert_eq!(hash(b"Startup-Sequence", false), hash(b"STARTUP-sequence", false));
        assert_eq!(hash(b"\xe4\xf6\xfc", true), hash(b"\xc4\xd6\xdc", true));
        assert_ne!(hash(b"\xe4", false), hash(b"\xc4", false));
        assert_ne!(hash(b"\xf7", true), hash(b"\xd7", true), "the signs of division and multiplication");
    }
}
