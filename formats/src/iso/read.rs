//! From the bytes of a file to an image.

use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::FORMAT_TAIL;
use floptical_model::{
    Carrier, Context, Error, ErrorKind, Finding, Findings, Image, Opaque, Optical, Place, Policy, Result, Span,
};

use super::{SECTOR, TAIL};
use crate::ReadOptions;
use crate::disc::FileStore;

pub(super) fn read(set: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = set.first().ok_or_else(|| Error::new(ErrorKind::Io, "there is no file to read"))?;
    let whole = source.len().checked_div(SECTOR).unwrap_or(0);
    if whole == 0 {
        let what = format!("a file of {} bytes holds no sector", source.len());
        return Err(Error::truncated(Span::file(0, source.len()), what));
    }
    let sectors = i32::try_from(whole).ok().and_then(|n| u32::try_from(n).ok());
    let sectors = sectors.ok_or_else(|| Error::unsupported(format!("a disc of {whole} sectors")))?;
    let mut image = image(disc(source.clone(), sectors));
    image.files = set.refs();
    keep_tail(&mut image, source, context)?;
    Ok(image)
}

fn disc(source: Source, sectors: u32) -> Optical {
    let runs = Optical::plain_run(sectors);
    Optical::plain(sectors, Arc::new(FileStore::new(vec![source], [runs])))
}

/// An image of this format around a disc.
pub(super) fn image(disc: Optical) -> Image {
    Image {
        format: "iso",
        member: None,
        files: Vec::new(),
        carrier: Carrier::Optical(disc),
        claims: Vec::new(),
        opaque: Vec::new(),
        findings: Findings::default(),
    }
}

fn keep_tail(image: &mut Image, source: &Source, context: &Context) -> Result<()> {
    let rest = source.len() % SECTOR;
    if rest == 0 {
        return Ok(());
    }
    let start = source.len().saturating_sub(rest);
    let at = Span::file(start, rest);
    let what = format!("{rest} bytes follow the last whole sector");
    image.findings.push(Finding::new(&FORMAT_TAIL, at.clone(), Place::Whole, what));
    let bytes = Arc::from(source.bytes(start, rest, context)?);
    image.opaque.push(Opaque { name: TAIL.into(), place: Place::Whole, bytes, policy: Policy::DropIfChanged, at });
    Ok(())
}
