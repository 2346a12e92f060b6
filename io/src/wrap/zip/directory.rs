//! The central directory, and what is left when it is gone.

use floptical_model::finding::{FORMAT_FIELDS_DIFFER, FORMAT_TAIL, FORMAT_TRUNCATED};
use floptical_model::{Context, Error, ErrorKind, Finding, Findings, Place, Result, Span};

use crate::{Cursor, Source, text};

/// What the archive says that it holds.
pub(super) struct Directory {
    pub(super) entries: Vec<Entry>,
    pub(super) findings: Findings,
}

/// One entry, as the directory tells it.
pub(super) struct Entry {
    pub(super) name: String,
    raw_name: Vec<u8>,
    flags: u16,
    pub(super) method: u16,
    /// `None` where only the data tells.
    pub(super) crc: Option<u32>,
    pub(super) packed: u64,
    /// `None` where only the data tells.
    pub(super) unpacked: Option<u64>,
    /// Offset of the local header.
    header: u64,
    /// Mode bits of Unix, 0 where none are recorded.
    mode: u32,
    /// Where it stands in the directory.
    pub(super) at: Span,
}

/// Signatures of the structures (APPNOTE 4.3).
mod signature {
    pub(super) const LOCAL: u32 = 0x0403_4B50;
    pub(super) const CENTRAL: u32 = 0x0201_4B50;
    pub(super) const END: &[u8] = b"PK\x05\x06";
    pub(super) const END_64: u32 = 0x0606_4B50;
    pub(super) const LOCATOR_64: u32 = 0x0706_4B50;
}

/// Lengths of the structures without what varies.
mod length {
    pub(super) const LOCAL: u64 = 30;
    pub(super) const END: u64 = 22;
    pub(super) const LOCATOR_64: u64 = 20;
    pub(super) const END_64: u64 = 56;
}

/// Bits of the flags of an entry.
mod flag {
    pub(super) const ENCRYPTED: u16 = 1;
    /// CRC and sizes follow the data instead of standing before it.
    pub(super) const SIZES_FOLLOW: u16 = 1 << 3;
    pub(super) const UTF8: u16 = 1 << 11;
}

impl Entry {
    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & flag::ENCRYPTED != 0
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }

    pub(super) fn place(&self) -> Place {
        Place::Path(self.name.clone())
    }
}

/// True for errors that speak of one entry and not of the system.
pub(super) fn is_damage(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Truncated | ErrorKind::Malformed)
}

impl Directory {
    /// The entries of the central directory; without one, those whose local
    /// headers follow each other from the start.
    pub(super) fn read(source: &Source, context: &Context) -> Result<Self> {
        match End::find(source, context)? {
            Some(end) => end.directory(source, context),
            None => walk(source, context),
        }
    }
}

/// The end record, with the fields of its 64-bit twin where it has one.
struct End {
    count: u64,
    start: u64,
    len: u64,
    /// Where the record and its comment end.
    end: u64,
}

impl End {
    /// The last end record whose directory can be where it says.
    fn find(source: &Source, context: &Context) -> Result<Option<Self>> {
        const LONGEST_COMMENT: u64 = 0xFFFF;
        let start = source.len().saturating_sub(length::END.saturating_add(LONGEST_COMMENT));
        let tail = source.bytes(start, source.len().saturating_sub(start), context)?;
        let records = tail.windows(signature::END.len()).enumerate().rev().filter(|(_, w)| *w == signature::END);
        for (index, _) in records {
            let at = start.saturating_add(index as u64);
            let Some(end) = tail.get(index..).and_then(|bytes| Self::parse(bytes, at).ok()) else { continue };
            let end = end.with_64(source, at, context)?;
            if end.is_plausible(source, at)? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let mut cursor = Cursor::within(bytes, 0, at);
        cursor.take(10, "the end record")?;
        let count = cursor.u16_le("the count of entries")?.value.into();
        let len = cursor.u32_le("the size of the directory")?.value.into();
        let start = cursor.u32_le("the offset of the directory")?.value.into();
        let comment = cursor.u16_le("the length of the comment")?.value;
        cursor.take(comment.into(), "the comment")?;
        Ok(Self { count, start, len, end: cursor.offset() })
    }

    /// The fields of the 64-bit record, when a locator before `at` points to
    /// one (APPNOTE 4.3.14, 4.3.15).
    fn with_64(self, source: &Source, at: u64, context: &Context) -> Result<Self> {
        let Some(locator) = at.checked_sub(length::LOCATOR_64) else { return Ok(self) };
        let bytes = source.bytes(locator, length::LOCATOR_64, context)?;
        let mut cursor = Cursor::new(&bytes);
        if cursor.u32_le("signature")?.value != signature::LOCATOR_64 {
            return Ok(self);
        }
        cursor.take(4, "disk")?;
        let record = u64_le(&mut cursor, "the offset of the 64-bit end record")?;
        let bytes = source.part(record, length::END_64).all(context)?;
        let mut cursor = Cursor::new(&bytes);
        if bytes.len() as u64 != length::END_64 || cursor.u32_le("signature")?.value != signature::END_64 {
            return Ok(self);
        }
        cursor.take(28, "the 64-bit end record")?;
        let count = u64_le(&mut cursor, "the count of entries")?;
        let len = u64_le(&mut cursor, "the size of the directory")?;
        let start = u64_le(&mut cursor, "the offset of the directory")?;
        Ok(Self { count, start, len, end: self.end })
    }

    fn is_plausible(&self, source: &Source, at: u64) -> Result<bool> {
        if self.start.checked_add(self.len).is_none_or(|end| end > at) {
            return Ok(false);
        }
        let first = source.part(self.start, 4).head(4)?;
        Ok(self.len == 0 || first == signature::CENTRAL.to_le_bytes())
    }

    fn directory(&self, source: &Source, context: &Context) -> Result<Directory> {
        let mut findings = Findings::default();
        let bytes = source.bytes(self.start, self.len, context)?;
        let mut cursor = Cursor::within(&bytes, 0, self.start);
        let mut entries = Vec::new();
        while cursor.left() > 0 {
            context.entry(1)?;
            match central(&mut cursor) {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    let at = error.at.clone().unwrap_or_else(|| cursor.span(0));
                    findings.push(Finding::new(&FORMAT_TRUNCATED, at, Place::Whole, format!("zip: {}", error.what)));
                    break;
                }
            }
        }
        if entries.len() as u64 != self.count {
            let at = Span::file(self.start, self.len);
            let what = format!("zip: the directory has {} entries, the end record says {}", entries.len(), self.count);
            findings.push(Finding::new(&FORMAT_FIELDS_DIFFER, at, Place::Whole, what));
        }
        let left = source.len().saturating_sub(self.end);
        if left > 0 {
            let what = format!("zip: {left} bytes follow the end record");
            findings.push(Finding::new(&FORMAT_TAIL, Span::file(self.end, left), Place::Whole, what));
        }
        Ok(Directory { entries, findings })
    }
}

/// The next entry of the central directory (APPNOTE 4.3.12).
fn central(cursor: &mut Cursor<'_>) -> Result<Entry> {
    let at = cursor.span(46);
    if cursor.u32_le("signature of a directory entry")?.value != signature::CENTRAL {
        return Err(Error::malformed(at, "no entry of the directory where one should be"));
    }
    let made_by = cursor.u16_le("version made by")?.value;
    cursor.u16_le("version needed")?;
    let flags = cursor.u16_le("flags")?.value;
    let method = cursor.u16_le("method")?.value;
    cursor.take(4, "time")?;
    let crc = cursor.u32_le("CRC-32")?.value;
    let packed = cursor.u32_le("packed size")?.value;
    let unpacked = cursor.u32_le("unpacked size")?.value;
    let name = cursor.u16_le("length of the name")?.value;
    let extra = cursor.u16_le("length of the extra field")?.value;
    let comment = cursor.u16_le("length of the comment")?.value;
    cursor.take(4, "disk and internal attributes")?;
    let attributes = cursor.u32_le("external attributes")?.value;
    let header = cursor.u32_le("offset of the local header")?.value;
    let raw_name = cursor.take(name.into(), "name of an entry")?.value.to_vec();
    let extra = cursor.take(extra.into(), "extra field of an entry")?.value;
    cursor.take(comment.into(), "comment of an entry")?;
    let [unpacked, packed, header] = with_zip64([unpacked, packed, header], extra);
    const UNIX: u16 = 3;
    let mode = if made_by >> 8 == UNIX { attributes >> 16 } else { 0 };
    let name = file_name(&raw_name, flags);
    Ok(Entry { name, raw_name, flags, method, crc: Some(crc), packed, unpacked: Some(unpacked), header, mode, at })
}

/// Fields of 32 bits that are full, from the 64-bit extra field, which holds
/// only those, in this order (APPNOTE 4.5.3).
fn with_zip64<const N: usize>(fields: [u32; N], extra: &[u8]) -> [u64; N] {
    const ZIP64: u16 = 1;
    let mut cursor = Cursor::new(extra);
    let mut wide = Cursor::new(&[]);
    while let (Ok(id), Ok(len)) = (cursor.u16_le("id"), cursor.u16_le("length")) {
        let Ok(data) = cursor.take(len.value.into(), "extra field") else { break };
        if id.value == ZIP64 {
            wide = Cursor::new(data.value);
        }
    }
    fields.map(|field| match field {
        u32::MAX => u64_le(&mut wide, "64-bit field").unwrap_or(field.into()),
        _ => field.into(),
    })
}

fn u64_le(cursor: &mut Cursor<'_>, field: &str) -> Result<u64> {
    let low = u64::from(cursor.u32_le(field)?.value);
    let high = u64::from(cursor.u32_le(field)?.value);
    Ok(low | high << 32)
}

/// A name as text, with `/` between its parts. Without the flag it is code page
/// 437 by the letter, and UTF-8 by habit.
fn file_name(raw: &[u8], flags: u16) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) if flags & flag::UTF8 != 0 => String::from_utf8_lossy(raw).into_owned(),
        Err(_) => text::cp437(raw),
    };
    if name.contains('/') { name } else { name.replace('\\', "/") }
}

/// Where the data of an entry begins, by its local header.
pub(super) fn data_start(source: &Source, entry: &Entry, context: &Context) -> Result<u64> {
    let local = Local::read(source, entry.header, context)?;
    if local.entry.raw_name != entry.raw_name {
        return Err(Error::malformed(local.entry.at, "the local header has another name"));
    }
    Ok(local.data)
}

/// A local header (APPNOTE 4.3.7).
struct Local {
    entry: Entry,
    /// Where the data begins.
    data: u64,
}

impl Local {
    fn read(source: &Source, at: u64, context: &Context) -> Result<Self> {
        let fixed = source.bytes(at, length::LOCAL, context)?;
        let mut cursor = Cursor::within(&fixed, 0, at);
        if cursor.u32_le("signature")?.value != signature::LOCAL {
            return Err(Error::malformed(Span::file(at, 4), "no local header where one should be"));
        }
        cursor.u16_le("version needed")?;
        let flags = cursor.u16_le("flags")?.value;
        let method = cursor.u16_le("method")?.value;
        cursor.take(4, "time")?;
        let crc = cursor.u32_le("CRC-32")?.value;
        let packed = cursor.u32_le("packed size")?.value;
        let unpacked = cursor.u32_le("unpacked size")?.value;
        let name = u64::from(cursor.u16_le("length of the name")?.value);
        let extra = u64::from(cursor.u16_le("length of the extra field")?.value);
        let varying = source.bytes(cursor.offset(), name.saturating_add(extra), context)?;
        let data = cursor.offset().saturating_add(varying.len() as u64);
        let mut varying = Cursor::new(&varying);
        let raw_name = varying.take(usize::try_from(name).unwrap_or(usize::MAX), "name")?.value.to_vec();
        let [unpacked, packed] = with_zip64([unpacked, packed], varying.rest());
        let sizes_follow = flags & flag::SIZES_FOLLOW != 0;
        let known = !(sizes_follow && packed == 0);
        let entry = Entry {
            name: file_name(&raw_name, flags),
            raw_name,
            flags,
            method,
            crc: known.then_some(crc),
            packed: if known { packed } else { source.len().saturating_sub(data) },
            unpacked: known.then_some(unpacked),
            header: at,
            mode: 0,
            at: Span::file(at, data.saturating_sub(at)),
        };
        Ok(Self { entry, data })
    }
}

/// The entries whose local headers follow each other. One whose size only the
/// missing directory knows is taken up to the end, and ends the walk.
fn walk(source: &Source, context: &Context) -> Result<Directory> {
    let mut entries = Vec::new();
    let mut at = 0u64;
    while at < source.len() {
        context.entry(1)?;
        match Local::read(source, at, context) {
            Ok(local) => {
                at = local.data.saturating_add(local.entry.packed);
                entries.push(local.entry);
            }
            Err(error) if is_damage(&error) => break,
            Err(error) => return Err(error),
        }
    }
    let what = format!("zip: the directory is missing; {} entries were found without it", entries.len());
    let finding = Finding::new(&FORMAT_TRUNCATED, Span::file(source.len(), 0), Place::Whole, what);
    Ok(Directory { entries, findings: [finding].into_iter().collect() })
}
