//! From the bytes of a file to an image.

use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{FORMAT_LAYOUT_TIE, FORMAT_TAIL, FORMAT_TRUNCATED};
use floptical_model::{
    Carrier, Code, Context, Error, ErrorKind, Finding, Findings, Image, Layout, Opaque, Place, Policy, Result, Span,
    Why,
};

use super::flat::{device, floppy, whole_blocks};
use super::{Kind, Look};
use crate::{Probe, ReadOptions};

/// Read a file of a kind.
pub(crate) fn read_as(kind: &Kind, set: &FileSet, options: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = set.first().ok_or_else(|| Error::new(ErrorKind::Io, "there is no file to read"))?;
    if source.is_empty() {
        return Err(Error::truncated(Span::file(0, 0), "an empty file holds no disk"));
    }
    let head = source.head(Probe::HEAD)?;
    let read = |at, len| source.bytes(at, len as u64, context).ok();
    let look = Look::of(source.len(), &head, &read);
    let suggested = kind.candidates(&look);
    let Some(layout) = options.layout.or(suggested.first()) else {
        if !kind.linear {
            let what = format!("{} bytes are no floppy of the format `{}`", source.len(), kind.id);
            return Err(Error::malformed(Span::file(0, source.len()), what));
        }
        return Ok(Image { files: set.refs(), ..image(kind, Carrier::Block(device(source.clone()))) });
    };
    let mut image = shown(kind, source, layout, &suggested, context)?;
    if let [first, others @ ..] = &kind.tied(&look)[..]
        && first.same_shape(layout)
        && !others.is_empty()
    {
        let others: Vec<&str> = others.iter().map(|l| &*l.id).collect();
        let what = format!("{first} was taken; {} have as much for them", others.join(", "));
        note(&mut image, &FORMAT_LAYOUT_TIE, Span::file(0, source.len()), what);
    }
    image.files = set.refs();
    Ok(image)
}

/// An image of a kind around a carrier.
pub(super) fn image(kind: &Kind, carrier: Carrier) -> Image {
    Image {
        format: kind.id,
        member: None,
        files: Vec::new(),
        carrier,
        claims: Vec::new(),
        opaque: Vec::new(),
        findings: Findings::default(),
    }
}

/// The floppy that a file shows by a layout: one that it suggests by itself, or
/// one that somebody has to name.
pub(super) fn shown(
    kind: &Kind,
    source: &Source,
    layout: &Layout,
    suggested: &[Layout],
    context: &Context,
) -> Result<Image> {
    let why = match suggested.first() {
        Some(first) if first.same_shape(layout) => Why::Layout,
        _ => Why::Person,
    };
    let mut image = image(kind, Carrier::Floppy(floppy(source.clone(), layout.clone(), why)));
    keep_rest(&mut image, kind, source, layout, context)?;
    Ok(image)
}

/// Keep what follows the last whole block, and say what is not there.
fn keep_rest(image: &mut Image, kind: &Kind, source: &Source, layout: &Layout, context: &Context) -> Result<()> {
    let whole = whole_blocks(layout, source.len());
    let rest = source.len().saturating_sub(whole);
    let at = Span::file(whole, rest);
    let wanted = layout.bytes();
    if whole < wanted {
        let what = format!("{layout} has {wanted} bytes, and the file ends at {}", source.len());
        note(image, &FORMAT_TRUNCATED, at.clone(), what);
    } else if rest > 0 {
        note(image, &FORMAT_TAIL, at.clone(), format!("{rest} bytes follow the last block of {layout}"));
    }
    if rest > 0 {
        let bytes = Arc::from(source.bytes(whole, rest, context)?);
        image.opaque.push(Opaque {
            name: kind.tail.into(),
            place: Place::Whole,
            bytes,
            policy: Policy::DropIfChanged,
            at,
        });
    }
    Ok(())
}

fn note(image: &mut Image, code: &'static Code, at: Span, what: String) {
    image.findings.push(Finding::new(code, at, Place::Whole, what));
}
