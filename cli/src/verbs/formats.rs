//! `formats`: the tables themselves.

use std::fmt::Write as _;

use floptical::formats::Registry;
use floptical::shape::{FormatShape, FormatsShape, RowShape};

use crate::failure::{Code, Failure};
use crate::output::{Cell, Colour, Look, Table};
use crate::session::Session;

pub(crate) fn run(session: &Session) -> Result<Code, Failure> {
    let shape = FormatsShape::of(&Registry::default());
    let colour = session.colour;
    let page = session.page(None, &shape, Code::Done, |out| {
        let mut table = Table::new(0, &["format", "name", "holds", "extensions", "read", "written", "read by others"]);
        shape.formats.iter().for_each(|f| table.row(format(f)));
        table.print(colour, out);
        rows("file system", &shape.filesystems, colour, out);
        rows("layout", &shape.layouts, colour, out);
        rows("fact", &shape.facts, colour, out);
    })?;
    session.print(&page)?;
    Ok(page.code)
}

fn format(format: &FormatShape) -> Vec<Cell> {
    vec![
        Cell::from(format.id).look(Look::Strong),
        format.name.into(),
        format!("{} of a {}", format.layer, format.carrier).into(),
        format.extensions.join(" ").into(),
        "yes".into(),
        (if format.writes { format.exactness } else { "no" }).into(),
        format.witness.into(),
    ]
}

fn rows(heading: &str, rows: &[RowShape], colour: Colour, out: &mut String) {
    let mut table = Table::new(0, &[heading, "meaning"]);
    rows.iter().for_each(|row| table.row(vec![Cell::from(row.id).look(Look::Strong), row.name.into()]));
    let _ = writeln!(out);
    table.print(colour, out);
}
