//! `hash`: digests of the file, and of the disk whatever its container.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use floptical::Identities;
use floptical::catalog::fixity;
use floptical::io::text::show;
use floptical::io::{FileSet, wrap};
use floptical::model::{Context, Error};
use floptical::shape::{CoverageShape, FileDigestsShape, HashShape, LayerShape};

use crate::args::Reading;
use crate::failure::{Code, Failure};
use crate::input::{Input, inputs};
use crate::output::{Aside, Cell, Colour, Look, Page, Table};
use crate::session::Session;

pub(crate) fn run(session: &Session, images: &[PathBuf], reading: &Reading) -> Result<Code, Failure> {
    let inputs = inputs(images, &session.context())?;
    session.each(&inputs, |input, context| page(session, input, reading, context))
}

fn page(session: &Session, input: &Input, reading: &Reading, context: &Context) -> Result<Page, Failure> {
    let files = input.files(context)?;
    let digests = digests(input, &files, context)?;
    let mut aside = Vec::new();
    let mut code = Code::Done;
    let shape = match identities(input, &files, reading, context) {
        Ok((format, ids, notes)) => {
            aside.extend(notes);
            digests.with(format, &ids)
        }
        Err(failure) if super::is_passed_over(input, &failure, context) => digests,
        Err(failure) => {
            code = failure.code;
            aside.push(Aside::Failure(failure.of(&input.label)));
            digests
        }
    };
    let page = session.page(Some(&input.label), &shape, code, |out| text(session.colour, &input.label, &shape, out))?;
    Ok(Page { aside, ..page })
}

fn identities(
    input: &Input,
    files: &FileSet,
    reading: &Reading,
    context: &Context,
) -> Result<(&'static str, Identities, Vec<Aside>), Failure> {
    let read = input.read_files(files, reading, context)?;
    Ok((read.opened.candidate.format.id, Identities::of(&read.disk, context)?, read.aside))
}

/// Digests of the files as they lie there and, where something is wrapped
/// around it, of what is inside.
fn digests(input: &Input, files: &FileSet, context: &Context) -> Result<HashShape, Error> {
    let l0 = each(files, context)?;
    let unpacked = match input.single(files).map(|f| wrap::unwrap(f, context)) {
        Some(Ok(inside)) if !inside.layers.is_empty() => match input.member() {
            Some(member) => each(&wrap::member(&inside.files, member)?, context)?,
            None => each(&inside.files, context)?,
        },
        _ => Vec::new(),
    };
    Ok(HashShape { format: None, l0, unpacked, l1: None, l1o: None, l2: None })
}

fn each(files: &FileSet, context: &Context) -> Result<Vec<FileDigestsShape>, Error> {
    let one = |file: &floptical::io::Source| {
        let digests = fixity::digest(file, context)?;
        let by_name: BTreeMap<&'static str, String> =
            fixity::ALGORITHMS.iter().map(|a| (a.id, (a.hex)(&digests))).collect();
        Ok(FileDigestsShape { name: show(file.name().as_bytes()), size: file.len(), digests: by_name })
    };
    files.files().iter().map(one).collect()
}

fn text(colour: Colour, label: &str, shape: &HashShape, out: &mut String) {
    let format = shape.format.unwrap_or("no format here knows it");
    let _ = writeln!(out, "{}: {format}", colour.paint(Look::Strong, &show(label.as_bytes())));
    let mut table = Table::new(2, &[]);
    files("L0, file", &shape.l0, &mut table);
    files("L0, inside", &shape.unpacked, &mut table);
    layer("L1, recording", shape.l1.as_ref(), &mut table);
    if let Some(l1o) = &shape.l1o {
        table.row(vec![Cell::from("L1o, order").look(Look::Faint), "sha256".into(), l1o.clone().into()]);
    }
    layer("L2, data", shape.l2.as_ref(), &mut table);
    table.print(colour, out);
}

/// All digests of one file; of many only the SHA-256, with their names.
fn files(layer: &str, files: &[FileDigestsShape], table: &mut Table) {
    let layer = || Cell::from(layer).look(Look::Faint);
    if let [only] = files {
        for (name, digest) in &only.digests {
            table.row(vec![layer(), (*name).into(), digest.clone().into()]);
        }
        return;
    }
    for file in files {
        let digest = file.digests.get("sha256").cloned().unwrap_or_default();
        table.row(vec![layer(), "sha256".into(), digest.into(), file.name.clone().into()]);
    }
}

fn layer(name: &str, layer: Option<&LayerShape>, table: &mut Table) {
    if let Some(layer) = layer {
        table.row(vec![
            Cell::from(name).look(Look::Faint),
            "sha256".into(),
            layer.sha256.clone().into(),
            coverage(&layer.coverage).into(),
        ]);
    }
}

/// What a digest rests on, in a line.
pub(crate) fn coverage(c: &CoverageShape) -> String {
    let parts = [
        (c.good, "good"),
        (c.unverified, "unverified"),
        (c.doubtful, "doubtful"),
        (c.masked, "masked"),
        (c.missing, "missing"),
    ];
    let some: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} bytes {word}")).collect();
    if some.is_empty() { "no byte".into() } else { some.join(", ") }
}
