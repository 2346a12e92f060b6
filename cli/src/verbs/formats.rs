//! `formats`: the registry as a table.

use floptical::formats::FORMATS;
use floptical::shape::{FormatShape, FormatsShape};

use crate::failure::{Code, Failure};
use crate::output::{Cell, Look, Table};
use crate::session::Session;

pub(crate) fn run(session: &Session) -> Result<Code, Failure> {
    let shape = FormatsShape { formats: FORMATS.iter().map(|f| FormatShape::of(f)).collect() };
    let page = session.page(None, &shape, Code::Done, |out| {
        let mut table = Table::new(0, &["id", "name", "holds", "extensions", "read", "written", "read by others"]);
        shape.formats.iter().for_each(|f| table.row(row(f)));
        table.print(session.colour, out);
    })?;
    session.print(&page)?;
    Ok(page.code)
}

fn row(format: &FormatShape) -> Vec<Cell> {
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
