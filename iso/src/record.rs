//! A directory record (ECMA-119, 9.1).

use floptical_model::Attribute;
use floptical_model::finding::{ISO_BOTH_ENDIAN, ISO_RECORD, ISO_RECORD_ODD};

use crate::field::{Both, Fields};
use crate::medium::Note;

/// Bytes before the identifier.
const HEAD: usize = 33;
/// Bytes of the shortest record: an identifier of one byte.
pub(crate) const SHORTEST: usize = 34;

const DIRECTORY: u8 = 2;
const ASSOCIATED: u8 = 4;
const MORE: u8 = 0x80;
/// File flags, from the lowest on (ECMA-119, 9.1.6).
const FLAGS: [Attribute; 8] =
    ["hidden", "directory", "associated", "record", "protection", "reserved-5", "reserved-6", "more-sections"];

/// A record as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Its first byte on the medium.
    pub(crate) at: u64,
    /// Its length in bytes.
    pub(crate) len: u8,
    /// Blocks of the extended attribute record before the data.
    pub(crate) extended: u8,
    /// First block of the extent.
    pub(crate) block: u32,
    /// Bytes of data.
    pub(crate) size: u32,
    /// When it was recorded.
    pub(crate) date: [u8; 7],
    pub(crate) flags: u8,
    /// Blocks of a file unit where the file is interleaved, else 0.
    pub(crate) unit: u8,
    /// Blocks between two units.
    pub(crate) gap: u8,
    /// The volume of the set that the extent is on.
    pub(crate) volume: u32,
    /// The identifier as stored.
    pub(crate) id: Vec<u8>,
    /// The system use field.
    pub(crate) system: Vec<u8>,
}

impl Record {
    /// The record that begins `bytes`, which stand at `at` of the medium; what
    /// is wrong with it goes into `notes`. `None` when it is no record at all.
    pub(crate) fn read(bytes: &[u8], at: u64, notes: &mut Vec<Note>) -> Option<Self> {
        let f = Fields(bytes);
        let (len, id_len) = (f.u8(0), usize::from(f.u8(32)));
        let whole = f.bytes(0, len.into());
        let mut say = |code, what: String| notes.push(Note::new(code, at, len.max(1).into(), what));
        if whole.len() < SHORTEST {
            let left =
                if bytes.len() < len.into() { format!(" where {} are left", bytes.len()) } else { String::new() };
            say(&ISO_RECORD, format!("a record has a length of {len} bytes{left}"));
            return None;
        }
        let room = whole.len().saturating_sub(HEAD);
        if id_len > room {
            say(&ISO_RECORD, format!("an identifier of {id_len} bytes stands in a record of {len} bytes"));
        } else if id_len == 0 {
            say(&ISO_RECORD_ODD, "an identifier has no byte".into());
        }
        let f = Fields(whole);
        let id = f.bytes(HEAD, id_len.min(room)).to_vec();
        let used = HEAD.saturating_add(id.len());
        let padded = used.saturating_add(used & 1);
        let numbers = [(f.both32(2), "the block"), (f.both32(10), "the size"), (f.both16(28), "the volume number")];
        for what in numbers.iter().filter_map(|(both, field)| both.differ(field)) {
            say(&ISO_BOTH_ENDIAN, what);
        }
        let [(block, _), (size, _), (volume, _)] = numbers.map(|(Both { value, .. }, field)| (value, field));
        Some(Self {
            at,
            len,
            extended: f.u8(1),
            block,
            size,
            date: f.bytes(18, 7).try_into().unwrap_or_default(),
            flags: f.u8(25),
            unit: f.u8(26),
            gap: f.u8(27),
            volume,
            id,
            system: whole.get(padded..).unwrap_or_default().to_vec(),
        })
    }

    /// Whether bytes look like a record by what is recorded twice: to find the
    /// next one behind one that is broken.
    pub(crate) fn looks_sound(bytes: &[u8]) -> bool {
        let f = Fields(bytes);
        let (len, id_len) = (usize::from(f.u8(0)), usize::from(f.u8(32)));
        let fits = len >= SHORTEST && len <= bytes.len() && id_len > 0 && HEAD.saturating_add(id_len) <= len;
        let same = |both: Both| both.value == both.other;
        fits && f.le32(2) > 0 && same(f.both32(2)) && same(f.both32(10)) && same(f.both16(28)) && f.le16(28) > 0
    }

    /// First byte of the system use field on the medium.
    pub(crate) fn system_at(&self) -> u64 {
        self.at.saturating_add(u64::from(self.len)).saturating_sub(self.system.len() as u64)
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.flags & DIRECTORY != 0
    }

    /// True for a file that belongs to the one of the same name, such as the
    /// resource fork of a Macintosh.
    pub(crate) fn is_associated(&self) -> bool {
        self.flags & ASSOCIATED != 0
    }

    /// True when the next record is a further section of the same file.
    pub(crate) fn goes_on(&self) -> bool {
        self.flags & MORE != 0
    }

    /// True for the record of the directory itself.
    pub(crate) fn is_self(&self) -> bool {
        self.id == [0]
    }

    /// True for the record of the directory above.
    pub(crate) fn is_parent(&self) -> bool {
        self.id == [1]
    }

    /// The flags that an entry shows; what it is stands elsewhere.
    pub(crate) fn attributes(&self) -> Vec<Attribute> {
        let shown = self.flags & !(DIRECTORY | MORE);
        FLAGS.iter().enumerate().filter(|(i, _)| shown >> i & 1 == 1).map(|(_, name)| *name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(id: &[u8], system: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEAD];
        bytes[2..10].copy_from_slice(&[0, 1, 0, 0, 0, 0, 1, 0]);
        bytes[32] = id.len() as u8;
        bytes.extend_from_slice(id);
        if bytes.len() % 2 == 1 {
            bytes.push(0);
        }
        bytes.extend_from_slice(system);
        bytes[0] = bytes.len() as u8;
        bytes
    }

    #[test]
    fn the_system_use_field_follows_the_padded_identifier() {
        for id in [&b"A"[..], b"AB"] {
            let record = Record::read(&raw(id, b"USER"), 100, &mut Vec::new()).unwrap();
            assert_eq!((record.id.as_slice(), record.block), (id, 256));
            assert_eq!(
                (record.system.as_slice(), record.system_at()),
                (&b"USER"[..], 100 + 34 + 2 * (id.len() as u64 - 1))
            );
        }
    }

    #[test]
    fn a_record_says_what_is_wrong_with_it() {
        let mut notes = Vec::new();
        let mut bytes = raw(b"A", b"");
        bytes[9] = 7;
        bytes[32] = 200;
        let record = Record::read(&bytes, 0, &mut notes).unwrap();
        assert_eq!(record.id, b"A");
        assert_eq!(notes.iter().map(|n| n.code.id).collect::<Vec<_>>(), ["iso.record", "iso.both-endian"]);
        assert!(Record::read(&bytes[..33], 0, &mut notes).is_none());
        bytes[0] = 12;
        assert!(Record::read(&bytes, 0, &mut notes).is_none());
    }
}
