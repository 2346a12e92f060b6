//! What the containers of Applesauce share (WOZ, MOOF, A2R): chunks after a
//! signature, words about the disk, times of flux in bytes.

pub(crate) mod chunks;
pub(crate) mod meta;
pub(crate) mod times;

/// What follows the letters of a magic: a byte that a way of seven bits
/// changes, and ends of lines that a transfer as text changes.
pub(crate) const SIGNATURE: [u8; 4] = [0xFF, 0x0A, 0x0D, 0x0A];

/// A number of two bytes, low one first.
pub(crate) fn u16_le(raw: &[u8], at: usize) -> Option<u16> {
    raw.get(at..)?.first_chunk().map(|pair| u16::from_le_bytes(*pair))
}

/// A number of four bytes, low one first.
pub(crate) fn u32_le(raw: &[u8], at: usize) -> Option<u32> {
    raw.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}
