//! `merge`: several captures of one disk, then as `convert`.

use std::fmt::Write as _;
use std::path::PathBuf;

use floptical::io::text::show;
use floptical::model::Context;
use floptical::shape::MergeShape;

use crate::args::Reading;
use crate::failure::Failure;
use crate::input::{Input, Read};
use crate::output::{Cell, Colour, Look, Table, counted, number};

/// The first capture with others.
pub(super) fn with(
    first: Read,
    input: &Input,
    others: &[PathBuf],
    reading: &Reading,
    context: &Context,
) -> Result<(Read, MergeShape), Failure> {
    let mut names = vec![input.label.clone()];
    let mut disks = vec![first.disk];
    let mut aside = first.aside;
    for path in others {
        let other = Input::named(path);
        let read = other.read(reading, context).map_err(|failure| failure.of(&other.label))?;
        names.push(other.label);
        disks.push(read.disk);
        aside.extend(read.aside);
    }
    let merged = floptical::merge(&disks, context)?;
    let shape = MergeShape::of(&merged, &names);
    Ok((Read { disk: merged.disk, aside, ..first }, shape))
}

/// Sectors that a page lists.
const LISTED: usize = 20;

pub(super) fn text(colour: Colour, shape: &MergeShape, to: &str, out: &mut String) {
    let states = |states: &std::collections::BTreeMap<&'static str, u64>| {
        states.iter().map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
    };
    let captures = counted(shape.captures.len() as u64, "capture");
    let _ = writeln!(out, "{captures} of one disk to {to}: {}", states(&shape.states));
    let mut table = Table::new(2, &["capture", "sectors", "speaks for"]);
    for capture in &shape.captures {
        let name = Cell::from(show(capture.input.as_bytes())).look(Look::Strong);
        table.row(vec![name, states(&capture.states).into(), number(&capture.chosen)]);
    }
    table.print(colour, out);
    let mut table = Table::new(2, &["sector", "now", "from", "in each capture", ""]);
    for sector in shape.sectors.iter().take(LISTED) {
        let from = shape.captures.get(sector.from as usize).map_or("", |c| c.input.as_str());
        let said = if sector.contradiction { "other data with good checks" } else { "" };
        table.row(vec![
            sector.place.clone().into(),
            sector.status.into(),
            show(from.as_bytes()).into(),
            sector.captures.join(", ").into(),
            Cell::from(said).look(Look::Bad),
        ]);
    }
    if !shape.sectors.is_empty() {
        table.print(colour, out);
    }
    let more = shape.more + shape.sectors.len().saturating_sub(LISTED) as u64;
    if more > 0 {
        let _ = writeln!(out, "  and {} more, in the JSON", counted(more, "sector"));
    }
}
