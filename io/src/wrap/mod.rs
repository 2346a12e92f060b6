//! What is wrapped around an image: gzip, zip, bzip2, xz, zstd.
//!
//! A wrapper is recognised by its first bytes, never by a name, and nested to
//! the depth of the budget. What is damaged is unpacked as far as it goes and
//! said; what is not wrapped comes back as it is, after a read of a few bytes.

mod gzip;
mod member;
mod names;
mod stream;
mod zip;

pub use names::member;

use floptical_model::finding::{FORMAT_TRUNCATED, WRAP_LEFT_OUT};
use floptical_model::{Context, Error, ErrorKind, Findings, Place, Result, Severity};

use crate::{FileSet, Source};
use stream::{Room, Stream};

/// What was inside.
#[derive(Debug, Clone, Default)]
pub struct Unwrapped {
    /// The files: one, or all entries of an archive.
    pub files: FileSet,
    /// What was taken off, outermost first.
    pub layers: Vec<&'static str>,
    /// What was noticed. Their spans are offsets in the bytes of the layer
    /// that the message names.
    pub findings: Findings,
}

/// Bytes that tell each wrapper.
const HEAD: usize = 10;

/// A wrapper: its name, how it begins, and how it is unpacked.
struct Wrapper {
    id: &'static str,
    begins: fn(&[u8]) -> bool,
    kind: Kind,
}

enum Kind {
    /// Streams of one file, one after the other; the function takes one.
    Streams(fn(&mut Stream<'_>) -> Result<bool>),
    /// Files with names.
    Archive(fn(&Source, &Context) -> Result<(FileSet, Findings)>),
}

static WRAPPERS: &[Wrapper] = &[
    Wrapper { id: "gzip", begins: gzip::begins, kind: Kind::Streams(gzip::member) },
    Wrapper { id: "zip", begins: zip::begins, kind: Kind::Archive(zip::unpack) },
    Wrapper { id: "bzip2", begins: begins_bzip2, kind: Kind::Streams(member::bzip2) },
    Wrapper { id: "xz", begins: |head| head.starts_with(b"\xFD7zXZ\0"), kind: Kind::Streams(member::xz) },
    Wrapper {
        id: "zstd",
        begins: |head| head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]),
        kind: Kind::Streams(member::zstd),
    },
];

/// The signature with the size of blocks, then that of a block (pi) or of the
/// end of an empty stream (the root of pi).
fn begins_bzip2(head: &[u8]) -> bool {
    matches!(head, [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
        || matches!(head, [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
}

/// Take off all wrappers. An archive with several files ends the descent.
///
/// # Errors
/// `Limit` for what unpacks to more than the budget allows, or is nested
/// deeper; `Truncated`, `Malformed` or `Unsupported` when nothing at all can be
/// unpacked; what the source says when a read fails.
pub fn unwrap(source: &Source, context: &Context) -> Result<Unwrapped> {
    let mut all = Unwrapped { files: source.clone().into(), ..Unwrapped::default() };
    while let [only] = all.files.files() {
        let head = only.head(HEAD)?;
        let Some(wrapper) = WRAPPERS.iter().find(|wrapper| (wrapper.begins)(&head)) else { break };
        all.layers.push(wrapper.id);
        context.depth(u32::try_from(all.layers.len()).unwrap_or(u32::MAX))?;
        let (files, findings) = match wrapper.kind {
            Kind::Streams(member) => unpack_streams(only, wrapper, member, context)?,
            Kind::Archive(unpack) => unpack(only, context)?,
        };
        if files.files().is_empty() {
            return Err(nothing_inside(wrapper.id, &findings));
        }
        all.files = files;
        all.findings.extend(&findings);
    }
    Ok(all)
}

fn unpack_streams(
    source: &Source,
    wrapper: &Wrapper,
    member: fn(&mut Stream<'_>) -> Result<bool>,
    context: &Context,
) -> Result<(FileSet, Findings)> {
    let mut stream = Stream::new(source, 0, wrapper.id, Place::Whole, Room::new(source.len(), context));
    while member(&mut stream)? && stream.packed.left() > 0 {
        if !(wrapper.begins)(&stream.packed.peek(HEAD)?) {
            stream.tail();
            break;
        }
    }
    let damaged = stream.findings.worst() == Some(Severity::Damage);
    if stream.unpacked.is_empty() && damaged {
        return Ok((FileSet::default(), stream.findings));
    }
    let name = stream.name.unwrap_or_else(|| names::unpacked(source.name()));
    Ok((Source::new(name, stream.unpacked).into(), stream.findings))
}

/// Why nothing came out: the first finding as an error.
fn nothing_inside(id: &str, findings: &Findings) -> Error {
    let Some(first) = findings.iter().find(|f| f.code.severity == Severity::Damage) else {
        return Error::new(ErrorKind::Malformed, format!("the {id} holds no file"));
    };
    let kind = match first.code {
        code if *code == FORMAT_TRUNCATED => ErrorKind::Truncated,
        code if *code == WRAP_LEFT_OUT => ErrorKind::Unsupported,
        _ => ErrorKind::Malformed,
    };
    Error::new(kind, first.message.clone()).at(first.at.clone())
}
