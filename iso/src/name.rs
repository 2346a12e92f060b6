//! Names: identifiers of records as text.

use std::borrow::Cow;

use floptical_model::Name;
use floptical_model::finding::ISO_NAME;

use crate::descriptor::Kind;
use crate::field::Fields;
use crate::medium::Note;

/// How identifiers and text fields of a tree read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// One byte a character. The standard has d-characters, discs have more.
    Iso,
    /// Two bytes a character, high one first; in fact UTF-16.
    Joliet,
}

impl Charset {
    pub(crate) fn of(kind: Kind) -> Self {
        if matches!(kind, Kind::Joliet(_)) { Self::Joliet } else { Self::Iso }
    }

    /// Bytes as text; what the set does not allow becomes U+FFFD.
    pub(crate) fn text(self, raw: &[u8]) -> String {
        match self {
            Self::Iso => bytes_text(raw).0.into_owned(),
            Self::Joliet => utf16(raw).0,
        }
    }

    /// The words of a text field without what fills it up.
    pub(crate) fn words<'a>(self, f: Fields<'a>, at: usize, len: usize) -> &'a [u8] {
        match self {
            Self::Iso => f.words(at, len),
            Self::Joliet => {
                let all = f.bytes(at, len & !1);
                let pairs = all.as_chunks::<2>().0;
                let filled = pairs.iter().rposition(|p| !matches!(p, [0, 0 | b' ']));
                let kept = filled.map_or(0, |last| last.saturating_add(1).saturating_mul(2));
                all.get(..kept).unwrap_or_default()
            }
        }
    }

    /// The name of a record, with what is odd about it.
    pub(crate) fn name(self, raw: &[u8], is_directory: bool, at: u64, notes: &mut Vec<Note>) -> Name {
        let (text, charset, sound) = match self {
            Self::Iso => {
                let (text, charset) = bytes_text(raw);
                (text.into_owned(), charset, true)
            }
            Self::Joliet => {
                let (text, sound) = utf16(raw);
                (text, "UTF-16BE", sound)
            }
        };
        if !sound {
            let what = "a name has an odd byte or half of a surrogate pair";
            notes.push(Note::new(&ISO_NAME, at, raw.len() as u64, what));
        }
        let text = if is_directory { text } else { without_version(text) };
        notes.extend(oddity(&text).map(|what| Note::new(&ISO_NAME, at, raw.len() as u64, what)));
        Name { raw: raw.to_vec(), text, charset }
    }
}

/// What is wrong with a name as such.
pub(crate) fn oddity(text: &str) -> Option<&'static str> {
    match text {
        "" => Some("a name is empty"),
        "." | ".." => Some("a name is that of this directory or of the one above"),
        _ if text.contains(['/', '\\']) => Some("a name has a slash in it"),
        _ if text.contains(char::is_control) => Some("a name has control characters in it"),
        _ => None,
    }
}

/// Bytes in a set of one byte a character: UTF-8 where they are, else Latin-1,
/// which takes everything.
pub(crate) fn bytes_text(raw: &[u8]) -> (Cow<'_, str>, &'static str) {
    match std::str::from_utf8(raw) {
        Ok(text) if text.is_ascii() => (text.into(), "ASCII"),
        Ok(text) => (text.into(), "UTF-8"),
        Err(_) => (raw.iter().map(|b| char::from(*b)).collect(), "ISO 8859-1"),
    }
}

/// Text of UTF-16, high byte first; false when not all of it is.
fn utf16(raw: &[u8]) -> (String, bool) {
    let (pairs, odd) = raw.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    let mut sound = odd.is_empty();
    let text = char::decode_utf16(units).map(|c| {
        sound &= c.is_ok();
        c.unwrap_or(char::REPLACEMENT_CHARACTER)
    });
    let text = text.collect();
    (text, sound)
}

/// The name of a file without its version, where that is 1, and without the
/// dot that stands for no extension. Both stay in the raw name.
fn without_version(mut text: String) -> String {
    if let Some(stem) = text.strip_suffix(";1") {
        text.truncate(stem.len());
    }
    if let Some(stem) = text.strip_suffix('.').filter(|stem| !stem.is_empty() && !stem.ends_with('.')) {
        text.truncate(stem.len());
    }
    text
}

/// A name as a part of a path: never empty, without a slash.
pub(crate) fn path_part(text: &str) -> Cow<'_, str> {
    match text {
        "" => "_".into(),
        _ if text.contains('/') => text.replace('/', "\u{2215}").into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(charset: Charset, raw: &[u8]) -> (String, usize) {
        let mut notes = Vec::new();
        (charset.name(raw, false, 0, &mut notes).text, notes.len())
    }

    #[test]
    fn names_lose_version_and_empty_extension() {
        let table = [("README.TXT;1", "README.TXT"), ("NOEXT.;1", "NOEXT"), ("OLD.TXT;2", "OLD.TXT;2"), ("A;1", "A")];
        for (raw, text) in table {
            assert_eq!(name(Charset::Iso, raw.as_bytes()), (text.into(), 0), "{raw}");
        }
        for (raw, text) in [("", ""), ("..;1", ".."), (".", "."), ("a/b;1", "a/b"), ("a\x1b", "a\x1b")] {
            assert_eq!(name(Charset::Iso, raw.as_bytes()), (text.into(), 1), "{raw}");
        }
        assert_eq!(name(Charset::Iso, b"\xC4.TXT;1"), ("Ä.TXT".into(), 0));
    }

    #[test]
    fn joliet_names_are_utf_16() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        assert_eq!(name(Charset::Joliet, &wide("日本𝄞.txt;1")), ("日本𝄞.txt".into(), 0));
        assert_eq!(name(Charset::Joliet, &[0xD8, 0, 0, b'x']), ("\u{FFFD}x".into(), 1));
        assert_eq!(name(Charset::Joliet, &[0, b'x', 0]), ("x".into(), 1));
    }
}
