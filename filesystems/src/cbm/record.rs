//! Entries of a directory: 32 bytes, eight to a sector.

use floptical_model::{Attribute, Result};

use super::disk::{At, Disk, Link};

/// Bytes of an entry.
const LEN: usize = 32;
/// Types, by the low three bits of the type byte.
const TYPES: [Attribute; 8] = ["del", "seq", "prg", "usr", "rel", "cbm", "dir", "type-7"];

/// The types that are treated in a way of their own.
pub(super) const REL: u8 = 4;
/// A stretch of whole tracks or sectors, which may have a directory of its own.
pub(super) const PARTITION: u8 = 5;

/// An entry as recorded.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// Its first byte in the linear view.
    pub offset: u64,
    raw: [u8; LEN],
}

impl Record {
    fn byte(&self, at: usize) -> u8 {
        self.raw.get(at).copied().unwrap_or(0)
    }

    fn at(&self, at: usize) -> At {
        At { track: self.byte(at), sector: self.byte(at.saturating_add(1)) }
    }

    /// Type, in the low three bits of its byte.
    pub(super) fn kind(&self) -> u8 {
        self.byte(2) & 7
    }

    /// True when its type byte is zero: never used, or scratched.
    pub(super) fn is_scratched(&self) -> bool {
        self.byte(2) == 0
    }

    /// True when nothing stands in it.
    pub(super) fn is_blank(&self) -> bool {
        self.raw.get(2..).unwrap_or_default().iter().all(|b| *b == 0)
    }

    /// True when a file was written to its end.
    pub(super) fn is_closed(&self) -> bool {
        self.byte(2) & 0x80 != 0
    }

    /// The type, and what else its byte says.
    pub(super) fn attributes(&self) -> Vec<Attribute> {
        let kind = TYPES.get(usize::from(self.kind())).copied().unwrap_or("del");
        let scratched = self.is_scratched();
        let words = [
            (!scratched, kind),
            (self.byte(2) & 0x20 != 0, "replaced"),
            (self.byte(2) & 0x40 != 0, "locked"),
            (!scratched && !self.is_closed(), "unclosed"),
        ];
        words.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect()
    }

    /// The first sector of its content.
    pub(super) fn start(&self) -> At {
        self.at(3)
    }

    /// The sixteen bytes of its name.
    pub(super) fn name(&self) -> &[u8] {
        self.raw.get(5..21).unwrap_or_default()
    }

    /// The first side sector of a relative file; the info sector of a GEOS file.
    pub(super) fn side(&self) -> At {
        self.at(21)
    }

    /// Bytes in a record of a relative file; for GEOS 1 when it has records.
    pub(super) fn record_len(&self) -> u8 {
        self.byte(23)
    }

    /// The type that GEOS gives it; 0 for none.
    pub(super) fn geos_type(&self) -> u8 {
        self.byte(24)
    }

    /// Year without century, month, day, hour and minute, by GEOS.
    pub(super) fn geos_date(&self) -> [u8; 5] {
        [25, 26, 27, 28, 29].map(|at| self.byte(at))
    }

    /// Sectors, as the directory tells.
    pub(super) fn blocks(&self) -> u16 {
        u16::from_le_bytes([self.byte(30), self.byte(31)])
    }

    /// True for what some program writes: a type that exists, and a start that
    /// does.
    fn is_plausible(&self, disk: &Disk<'_>) -> bool {
        let start = self.start();
        self.is_blank()
            || self.kind() <= 6 && self.byte(2) & 0x18 == 0 && (start.track == 0 || disk.shape.index(start).is_some())
    }
}

/// The entries of a sector of a directory.
pub(super) fn records(disk: &Disk<'_>, at: At) -> Result<Vec<Record>> {
    let Some(bytes) = disk.sector(at)? else { return Ok(Vec::new()) };
    let offset = disk.shape.offset(at).unwrap_or(0);
    let offsets = (0..).map(|i: u64| offset.saturating_add(i.saturating_mul(LEN as u64)));
    Ok(bytes.as_chunks::<LEN>().0.iter().zip(offsets).map(|(raw, offset)| Record { offset, raw: *raw }).collect())
}

/// How many entries a sector has in use, if all of them can be true.
pub(super) fn used(disk: &Disk<'_>, at: At) -> Result<Option<usize>> {
    let records = records(disk, at)?;
    let all = !records.is_empty() && records.iter().all(|r| r.is_plausible(disk));
    let used = |r: &&Record| !r.is_blank() && r.name().iter().any(|b| *b != 0);
    Ok(all.then(|| records.iter().filter(used).count()))
}

/// The same for a sector whose link can be true too.
pub(super) fn plausible(disk: &Disk<'_>, at: At) -> Result<Option<usize>> {
    let linked = match disk.link(at) {
        Some(Link::Next(next)) => disk.shape.index(next).is_some(),
        Some(Link::Last(_)) => true,
        _ => false,
    };
    if linked { used(disk, at) } else { Ok(None) }
}
