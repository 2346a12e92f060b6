//! Names: 8.3 in a code page, long ones in UTF-16, those of Human68k.

use floptical_model::Name;

/// The character set of the short names of a volume. The disk does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// Code page 437, that of the first PCs.
    Cp437,
    /// Shift-JIS, on Japanese machines.
    ShiftJis,
}

/// How a short name lies in its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// The character set.
    pub charset: Charset,
    /// Human68k: ten more bytes of the base at 12.
    pub human: bool,
}

/// The characters of code page 437 from 80h on, as IBM's character set
/// identification for CPGID 00437 names them.
const HIGH: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
/// What its screens show for 00h to 1Fh.
const LOW: &str = "␀☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";

fn cp437_char(byte: u8) -> char {
    let pick = |table: &str, i: u8| table.chars().nth(usize::from(i)).unwrap_or(char::REPLACEMENT_CHARACTER);
    match byte {
        0..=0x1F => pick(LOW, byte),
        0x7F => '⌂',
        0x80..=0xFF => pick(HIGH, byte & 0x7F),
        _ => char::from(byte),
    }
}

/// Bytes of code page 437 as text.
pub(super) fn cp437(bytes: &[u8]) -> String {
    bytes.iter().map(|b| cp437_char(*b)).collect()
}

/// Bytes as text in the volume's character set, and the name of the one that
/// could read them.
fn decode(bytes: &[u8], charset: Charset) -> (String, &'static str) {
    if charset == Charset::ShiftJis
        && let Some(text) = encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return (text.into_owned(), "shift_jis");
    }
    (cp437(bytes), "cp437")
}

fn trim(mut bytes: &[u8], filler: &[u8]) -> Vec<u8> {
    while let [head @ .., last] = bytes
        && filler.contains(last)
    {
        bytes = head;
    }
    bytes.to_vec()
}

/// The short name of an entry. `first` is the first byte of a deleted entry
/// where it is known; where it is not, the name begins with `?`, as DOS shows
/// it and as no living name can.
pub(super) fn short(raw: &[u8; 32], deleted: bool, first: Option<u8>, style: Style) -> Name {
    let mut base = raw.first_chunk::<8>().copied().unwrap_or_default();
    base[0] = match (deleted, first, base[0]) {
        (true, Some(byte), _) => byte,
        (true, None, _) => b'?',
        (false, _, 0x05) => 0xE5,
        (false, _, byte) => byte,
    };
    let extra: &[u8] = if style.human { raw.get(12..22).unwrap_or_default() } else { &[] };
    let extra = trim(extra, &[0, b' ']);
    let base = if extra.is_empty() { trim(&base, b" ") } else { [&base[..], &extra].concat() };
    let extension = trim(raw.get(8..11).unwrap_or_default(), b" ");
    let joined = if extension.is_empty() { base.clone() } else { [&base[..], b".", &extension].concat() };
    let (mut text, charset) = decode(&joined, style.charset);
    if !style.human && raw[12] & 0x18 != 0 {
        text = lowered(&base, &extension, raw[12], style.charset);
    }
    let mut stored = raw.first_chunk::<11>().copied().unwrap_or_default().to_vec();
    if style.human {
        stored.extend(raw.get(12..22).unwrap_or_default());
    }
    Name { raw: stored, text, charset }
}

/// A name with the case bits of Windows NT: 08h for the base, 10h for the
/// extension.
fn lowered(base: &[u8], extension: &[u8], bits: u8, charset: Charset) -> String {
    let part = |bytes: &[u8], bit: u8| {
        let text = decode(bytes, charset).0;
        if bits & bit != 0 { text.to_lowercase() } else { text }
    };
    let extension = part(extension, 0x10);
    let dot = if extension.is_empty() { "" } else { "." };
    format!("{}{dot}{extension}", part(base, 0x08))
}

/// The eleven bytes of a label, without the spaces behind it.
pub(super) fn label(raw: &[u8], charset: Charset) -> Name {
    let mut bytes = raw.to_vec();
    if let Some(first) = bytes.first_mut().filter(|b| **b == 0x05) {
        *first = 0xE5;
    }
    let (text, charset) = decode(&trim(&bytes, b" \0"), charset);
    Name { raw: raw.to_vec(), text, charset }
}

/// A long name of its UTF-16 units; lone surrogates show as U+FFFD.
pub(super) fn long(units: &[u16]) -> Name {
    Name {
        raw: units.iter().flat_map(|u| u.to_le_bytes()).collect(),
        text: String::from_utf16_lossy(units),
        charset: "utf-16le",
    }
}

/// The checksum that the parts of a long name keep of the short one.
pub(super) fn checksum(name: &[u8; 11]) -> u8 {
    name.iter().fold(0u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte))
}

/// The first byte that gives a checksum. Each step of the sum can be undone,
/// so there is exactly one: what deleting a file took away comes back.
pub(super) fn first_byte(name: &[u8; 11], sum: u8) -> u8 {
    name.iter().skip(1).rev().fold(sum, |sum, byte| sum.wrapping_sub(*byte).rotate_left(1))
}

/// True for a byte that a short name can begin with on a well-kept disk.
pub(super) fn can_begin(byte: u8) -> bool {
    byte > b' ' && !byte.is_ascii_lowercase() && byte != 0x7F && !b"\"*+,./:;<=>?[\\]|".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PC: Style = Style { charset: Charset::Cp437, human: false };

    fn entry(name: &[u8; 11], case: u8) -> [u8; 32] {
        let mut raw = [0; 32];
        raw[..11].copy_from_slice(name);
        raw[12] = case;
        raw
    }

    fn shown(name: &[u8; 11], case: u8) -> String {
        short(&entry(name, case), false, None, PC).text
    }

    #[test]
    fn the_tables_are_whole() {
        assert_eq!(HIGH.chars().count(), 128);
        assert_eq!(LOW.chars().count(), 32);
    }

    #[test]
    fn short_names_read_as_the_machine_shows_them() {
        assert_eq!(shown(b"\x9a\x8eRGER  TXT", 0), "ÜÄRGER.TXT");
        assert_eq!(shown(b"\x05KANJI  TXT", 0), "σKANJI.TXT");
        assert_eq!(shown(b"low case_? ", 0), "low case._?");
        assert_eq!(shown(b"A B  C DT X", 0), "A B  C D.T X");
        assert_eq!(shown(b"LOWER   TXT", 0x18), "lower.txt");
        assert_eq!(shown(b"BASE    TXT", 0x08), "base.TXT");
        assert_eq!(shown(b"EXT     TXT", 0x10), "EXT.txt");
        assert_eq!(shown(b"NOEXT      ", 0x10), "NOEXT");
    }

    #[test]
    fn a_deleted_name_shows_what_is_lost() {
        let raw = entry(b"\xe5EADME  TXT", 0);
        assert_eq!(short(&raw, true, None, PC).text, "?EADME.TXT");
        assert_eq!(short(&raw, true, Some(b'R'), PC).text, "README.TXT");
        assert_eq!(short(&raw, true, None, PC).raw[0], 0xE5);
    }

    #[test]
    fn human68k_continues_the_base() {
        let mut raw = entry(b"README01DOC", b'L');
        raw[12..22].copy_from_slice(b"LONGTAIL\0\0");
        let style = Style { charset: Charset::ShiftJis, human: true };
        assert_eq!(short(&raw, false, None, style).text, "README01LONGTAIL.DOC");
    }

    #[test]
    fn shift_jis_falls_back_byte_for_byte() {
        let style = Style { charset: Charset::ShiftJis, human: false };
        let good = short(&entry(b"\x93\xfa\x96\x7b    TXT", 0), false, None, style);
        assert_eq!((good.text.as_str(), good.charset), ("日本.TXT", "shift_jis"));
        let bad = short(&entry(b"\x93\x20\xff     TXT", 0), false, None, style);
        assert_eq!(bad.charset, "cp437");
    }

    proptest::proptest! {
        #[test]
        fn the_lost_byte_comes_back(name: [u8; 11]) {
            let mut lost = name;
            lost[0] = 0xE5;
            proptest::prop_assert_eq!(first_byte(&lost, checksum(&name)), name[0]);
        }
    }
}
