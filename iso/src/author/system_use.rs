//! The system use field of a record: Rock Ridge (RRIP 1991A), and its
//! continuation where the record has no room.

use super::Moment;
use super::bytes::{both32, short_date};

/// Bytes of an entry CE.
const CONTINUATION: usize = 28;
/// Bytes that an entry can have.
const LONGEST: usize = 255;
/// The words with which the protocol has itself announced.
const ID: &[u8] = b"RRIP_1991A";
const DESCRIPTION: &[u8] = b"THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS";
const SOURCE: &[u8] = b"PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY \
VOLUME DESCRIPTOR FOR CONTACT INFORMATION.";

/// Entries of one record.
#[derive(Debug, Default)]
pub(super) struct SystemUse {
    /// Those that stand in the record.
    inline: Vec<u8>,
    /// Those that stand elsewhere.
    pub(super) continued: Vec<u8>,
}

/// What a record stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of<'a> {
    /// The root itself, in its own directory.
    Root,
    /// Another directory itself, or the one above.
    Dots,
    /// A file or folder of this name.
    Named(&'a str),
}

fn entry(signature: &[u8; 2], body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let len = u8::try_from(body.len().saturating_add(4)).unwrap_or(u8::MAX);
    [&signature[..], &[len, 1], &body].concat()
}

impl SystemUse {
    /// The entries of a record; `room` is what the record has for them.
    pub(super) fn new(of: Of<'_>, is_folder: bool, links: u32, modified: Moment, room: usize) -> Self {
        let mode: u32 = if is_folder { 0o040_755 } else { 0o100_644 };
        let posix = entry(b"PX", &[&both32(mode), &both32(links), &both32(0), &both32(0)]);
        // Flag 2: the date of the last change.
        let dates = entry(b"TF", &[&[2], &short_date(modified)]);
        let both = [posix, dates].concat();
        match of {
            Of::Root => {
                let announced = entry(b"SP", &[&[0xBE, 0xEF, 0]]);
                let [id, text, source] = [ID, DESCRIPTION, SOURCE].map(|w| u8::try_from(w.len()).unwrap_or(0));
                let extension = entry(b"ER", &[&[id, text, source, 1], ID, DESCRIPTION, SOURCE]);
                Self { inline: [announced, both].concat(), continued: extension }
            }
            Of::Dots => Self { inline: both, continued: Vec::new() },
            Of::Named(name) => {
                let parts: Vec<&[u8]> = name.as_bytes().chunks(LONGEST.saturating_sub(5)).collect();
                let last = parts.len().saturating_sub(1);
                let part = |(i, part): (usize, &&[u8])| entry(b"NM", &[&[u8::from(i < last)], part]);
                let names: Vec<u8> = parts.iter().enumerate().flat_map(part).collect();
                if both.len().saturating_add(names.len()) <= room {
                    Self { inline: [both, names].concat(), continued: Vec::new() }
                } else {
                    Self { inline: both, continued: names }
                }
            }
        }
    }

    /// Bytes in the record.
    pub(super) fn len(&self) -> usize {
        let more = if self.continued.is_empty() { 0 } else { CONTINUATION };
        self.inline.len().saturating_add(more)
    }

    /// The field, with the place of the continuation: sector and offset.
    pub(super) fn bytes(&self, (sector, offset): (u32, u32)) -> Vec<u8> {
        if self.continued.is_empty() {
            return self.inline.clone();
        }
        let len = u32::try_from(self.continued.len()).unwrap_or(0);
        let more = entry(b"CE", &[&both32(sector), &both32(offset), &both32(len)]);
        [&self.inline[..], &more].concat()
    }
}
