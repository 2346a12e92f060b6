//! `compare`: two images, layer by layer.

use std::fmt::Write as _;
use std::path::Path;

use floptical::model::Context;
use floptical::shape::{CompareShape, ComparisonShape};
use floptical::sidecar;

use super::convert::losses;
use crate::args::Reading;
use crate::failure::{Code, Failure};
use crate::input::Input;
use crate::output::{Colour, Look, Page, Table, counted};
use crate::session::Session;

/// Rows of each table that are printed at most; `--json` has all.
const SHOWN: usize = 40;

pub(crate) fn run(session: &Session, first: &Path, second: &Path, reading: &Reading) -> Result<Code, Failure> {
    let context = session.context();
    let side = |path: &Path| {
        let input = Input::named(path);
        let open = || -> Result<_, Failure> {
            let files = input.files(&context)?;
            let read = input.read_files(&files, reading, &context)?;
            Ok((sidecar::digest(&files, &context)?, read))
        };
        open().map_err(|failure| failure.of(&input.label))
    };
    let ((digest_a, a), (digest_b, b)) = (side(first)?, side(second)?);
    let page = page(session, [first, second], digest_a == digest_b, [&a.disk, &b.disk], &context)?;
    let aside = a.aside.into_iter().chain(b.aside).collect();
    session.print(&Page { aside, ..page.clone() })?;
    Ok(page.code)
}

fn page(
    session: &Session,
    names: [&Path; 2],
    same_file: bool,
    disks: [&floptical::Disk; 2],
    context: &Context,
) -> Result<Page, Failure> {
    let comparison = floptical::compare(disks[0], disks[1], context)?;
    let inputs = names.map(|n| n.to_string_lossy().into_owned());
    let shape = CompareShape::of(inputs, same_file, &comparison);
    let code = if shape.differs { Code::Found } else { Code::Done };
    session.page(None, &shape, code, |out| text(session.colour, &shape, out))
}

fn text(colour: Colour, shape: &CompareShape, out: &mut String) {
    let comparison = &shape.comparison;
    let mut table = Table::new(0, &[]);
    for (what, same, unknown) in [
        ("file", Some(shape.same_file), ""),
        ("recording (L1)", comparison.same_recording, "one of them records no ids"),
        ("data (L2)", comparison.same_data, "neither holds any"),
        ("files", Some(comparison.files.is_empty()), ""),
    ] {
        let (word, look) = match same {
            Some(true) => ("same", Look::Good),
            Some(false) => ("different", Look::Bad),
            None => (unknown, Look::Faint),
        };
        table.row(vec![what.into(), crate::output::Cell::from(word).look(look)]);
    }
    table.print(colour, out);
    sectors(colour, comparison, out);
    files(colour, comparison, out);
    if !comparison.facts.is_empty() {
        let _ = writeln!(out, "\nwhat the second says otherwise than the first");
        losses(colour, &comparison.facts, out);
    }
}

fn more(all: usize, out: &mut String) {
    if all > SHOWN {
        let _ = writeln!(out, "  and {} more; --json lists all", all - SHOWN);
    }
}

fn sectors(colour: Colour, comparison: &ComparisonShape, out: &mut String) {
    if comparison.sectors.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", counted(comparison.sectors.len() as u64, "different sector"));
    let mut table = Table::new(2, &["block", "sector", "first", "second", "from byte"]);
    for sector in comparison.sectors.iter().take(SHOWN) {
        table.row(vec![
            crate::output::number(&sector.lba),
            sector.place.clone().into(),
            sector.first.unwrap_or("not there").into(),
            sector.second.unwrap_or("not there").into(),
            sector.byte.map_or_else(String::new, |b| b.to_string()).into(),
        ]);
    }
    table.print(colour, out);
    more(comparison.sectors.len(), out);
}

fn files(colour: Colour, comparison: &ComparisonShape, out: &mut String) {
    if comparison.files.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", counted(comparison.files.len() as u64, "different file"));
    let mut table = Table::new(2, &["path", "first", "second"]);
    for file in comparison.files.iter().take(SHOWN) {
        let digest =
            |d: &Option<String>| d.as_ref().map_or_else(|| "not there".to_owned(), |d| d.chars().take(16).collect());
        table.row(vec![file.path.clone().into(), digest(&file.first).into(), digest(&file.second).into()]);
    }
    table.print(colour, out);
    more(comparison.files.len(), out);
}
