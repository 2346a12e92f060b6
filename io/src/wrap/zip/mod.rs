//! The files of a zip archive (PKWARE APPNOTE 6.3.10).

mod directory;

use floptical_model::finding::{FORMAT_CHECKSUM, FORMAT_FIELDS_DIFFER, FORMAT_TRUNCATED, WRAP_LEFT_OUT};
use floptical_model::{Code, Context, Finding, Findings, Result, Span};

use self::directory::{Directory, Entry};
use super::member;
use super::stream::{Room, Stream};
use crate::{FileSet, Source};

/// How an entry is unpacked: number, name, and the function that takes the
/// stream and the length that the directory tells.
type Method = (u16, &'static str, fn(&mut Stream<'_>, u64) -> Result<bool>);

static METHODS: &[Method] = &[
    (0, "zip, stored", |stream, _| member::stored(stream)),
    (8, "zip, deflate", |stream, _| member::deflate(stream)),
    (12, "zip, bzip2", |stream, _| member::bzip2(stream)),
    (14, "zip, lzma", member::lzma),
    (93, "zip, zstd", |stream, _| member::zstd(stream)),
    (95, "zip, xz", |stream, _| member::xz(stream)),
];

const STORED: u16 = 0;

/// True for the first bytes of an archive: an entry, or the end of one without
/// entries.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// All files of the archive, by name.
pub(super) fn unpack(source: &Source, context: &Context) -> Result<(FileSet, Findings)> {
    let Directory { entries, mut findings } = Directory::read(source, context)?;
    let mut files = Vec::new();
    let mut room = Room::new(source.len(), context);
    for entry in entries.iter().filter(|entry| !entry.is_folder()) {
        let (start, method) = match find_data(source, entry, context)? {
            Ok(found) => found,
            Err(why) => {
                note(&mut findings, entry, &WRAP_LEFT_OUT, entry.at.clone(), why);
                continue;
            }
        };
        if entry.method == STORED {
            files.push(stored(source, start, entry, context, &mut findings)?);
            continue;
        }
        let mut stream = Stream::new(&source.part(start, entry.packed), start, method.1, entry.place(), room);
        files.extend(unpack_entry(&mut stream, entry, method)?);
        findings.extend(&stream.findings);
        room = stream.room;
    }
    Ok((FileSet::new(files), findings))
}

fn note(findings: &mut Findings, entry: &Entry, code: &'static Code, at: Span, what: impl std::fmt::Display) {
    findings.push(Finding::new(code, at, entry.place(), format!("zip: {what}")));
}

/// Where an entry's data starts and how it is packed, or why it is left out.
fn find_data(source: &Source, entry: &Entry, context: &Context) -> Result<Result<(u64, &'static Method), String>> {
    if entry.is_encrypted() {
        return Ok(Err("the entry is encrypted".into()));
    }
    if entry.is_link() {
        return Ok(Err("the entry is a symbolic link".into()));
    }
    let Some(method) = METHODS.iter().find(|(number, ..)| *number == entry.method) else {
        return Ok(Err(format!("the entry is packed by method {}", entry.method)));
    };
    Ok(match directory::data_start(source, entry, context) {
        Ok(start) => Ok((start, method)),
        Err(error) if directory::is_damage(&error) => Err(error.to_string()),
        Err(error) => return Err(error),
    })
}

/// An entry that is not packed is a part of the archive; only its CRC is read.
fn stored(source: &Source, start: u64, entry: &Entry, context: &Context, findings: &mut Findings) -> Result<Source> {
    const PIECE: u64 = 256 << 10;
    let file = source.part(start, entry.packed).renamed(entry.name.as_str());
    let at = Span::file(start, file.len());
    if file.len() < entry.packed {
        let what = format!("the file ends after {} of {} bytes", file.len(), entry.packed);
        note(findings, entry, &FORMAT_TRUNCATED, at, what);
        return Ok(file);
    }
    let mut crc = flate2::Crc::new();
    let mut done = 0u64;
    while done < file.len() {
        let piece = file.part(done, PIECE);
        context.stream(piece.len())?;
        crc.update(&piece.head(usize::MAX)?);
        done = done.saturating_add(piece.len());
    }
    for (code, what) in mismatches(entry, &crc, file.len()) {
        note(findings, entry, code, at.clone(), what);
    }
    Ok(file)
}

/// Unpack one entry; `None` when nothing of it can be had.
fn unpack_entry(stream: &mut Stream<'_>, entry: &Entry, method: &Method) -> Result<Option<Source>> {
    let whole = (method.2)(stream, entry.unpacked.unwrap_or(u64::MAX))?;
    let unpacked = std::mem::take(&mut stream.unpacked);
    if whole {
        if stream.packed.left() > 0 && entry.unpacked.is_some() {
            stream.tail();
        }
        let mut crc = flate2::Crc::new();
        crc.update(&unpacked);
        for (code, what) in mismatches(entry, &crc, unpacked.len() as u64) {
            stream.note(code, entry.at.clone(), &what);
        }
    } else if unpacked.is_empty() {
        stream.note(&WRAP_LEFT_OUT, entry.at.clone(), "nothing of the entry can be unpacked");
        return Ok(None);
    }
    Ok(Some(Source::new(entry.name.as_str(), unpacked)))
}

/// What the directory tells of the content and is not so.
fn mismatches(entry: &Entry, crc: &flate2::Crc, len: u64) -> impl Iterator<Item = (&'static Code, String)> {
    let computed = crc.sum();
    let sum = entry.crc.filter(|stored| *stored != computed).map(|stored| {
        (&FORMAT_CHECKSUM, format!("the content has CRC-32 {computed:08x}, the directory says {stored:08x}"))
    });
    let size = entry
        .unpacked
        .filter(|stored| *stored != len)
        .map(|stored| (&FORMAT_FIELDS_DIFFER, format!("the content has {len} bytes, the directory says {stored}")));
    sum.into_iter().chain(size)
}
