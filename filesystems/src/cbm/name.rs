//! Names in PETSCII.

use floptical_model::Name;

/// A0h fills up names; the machine shows it as a space.
pub(super) const FILL: u8 = 0xA0;

/// 60h to 7Fh, and again C0h to DFh, in the set with small letters. Source:
/// the character charts of the Commodore 64 manual; signs by the names of
/// Unicode's block "Symbols for Legacy Computing".
const UPPER: &str = "─ABCDEFGHIJKLMNOPQRSTUVWXYZ┼\u{1FB8C}│\u{1FB96}\u{1FB98}";
/// A0h to BFh, and again E0h to FEh.
const SIGNS: &str = "\u{a0}▌▄▔▁▏▒▕\u{1FB8F}\u{1FB99}\u{1FB87}├▗└┐▂┌┴┬┤▎▍\u{1FB88}\u{1FB82}\u{1FB83}▃✓▖▝┘▘▚";

/// A character of the set with small letters, the one that names were most
/// often typed in. Letters exist twice; the bytes are kept beside the text.
/// Control characters stay what they are.
fn petscii_char(byte: u8) -> char {
    let pick = |table: &str| table.chars().nth(usize::from(byte & 0x1F)).unwrap_or(char::REPLACEMENT_CHARACTER);
    match byte {
        0x41..=0x5A => char::from(byte | 0x20),
        0x5C => '£',
        0x5E => '↑',
        0x5F => '←',
        0xFF => '\u{1FB96}',
        0x60..=0x7F | 0xC0..=0xDF => pick(UPPER),
        0xA0..=0xBF | 0xE0..=0xFE => pick(SIGNS),
        _ => char::from(byte),
    }
}

/// Bytes of PETSCII as text.
pub(super) fn petscii(bytes: &[u8]) -> String {
    bytes.iter().map(|b| petscii_char(*b)).collect()
}

/// Bytes without the fill at their end.
pub(super) fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [head @ .., FILL] = bytes {
        bytes = head;
    }
    bytes
}

/// A name as stored, with its fill. GEOS writes the names of its files in
/// ASCII.
pub(super) fn name(bytes: &[u8], ascii: bool) -> Name {
    let shown = trimmed(bytes);
    if ascii && shown.iter().all(|b| (b' '..0x7F).contains(b)) {
        return Name { raw: bytes.to_vec(), text: shown.iter().map(|b| char::from(*b)).collect(), charset: "us-ascii" };
    }
    Name { raw: bytes.to_vec(), text: petscii(shown), charset: "petscii" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        assert_eq!((UPPER.chars().count(), SIGNS.chars().count()), (32, 32));
    }

    #[test]
    fn names_read_as_the_machine_shows_them() {
        assert_eq!(name(b"HELLO\xA0\xA0\xA0", false).text, "hello");
        assert_eq!(name(b"\xC8ELLO \x48\x49\xA0", false).text, "Hello hi");
        assert_eq!(name(b"\x61b\\\x5E\x5F\xFF", false).text, "AB£↑←\u{1FB96}");
        assert_eq!(name(b"\xA0\xAB\xA0", false).text, "\u{a0}├");
        assert_eq!(name(b"Notes\xA0", true).text, "Notes");
        assert_eq!(name(b"Notes\xA0", true).charset, "us-ascii");
        assert_eq!(name(b"\xC1\xA0", true).charset, "petscii");
        assert_eq!(name(b"A/B\xA0", false).raw, b"A/B\xA0");
    }
}
