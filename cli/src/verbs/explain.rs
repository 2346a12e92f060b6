//! `explain`: from a file's byte or a sector down to bytes of the container.

use std::fmt::Write as _;

use floptical::explain;
use floptical::model::Context;
use floptical::shape::ExplainShape;

use crate::failure::{Code, Failure};
use crate::input::Read;
use crate::output::{Look, Page};
use crate::place;
use crate::session::Session;

pub(crate) fn page(
    session: &Session,
    label: &str,
    read: &Read,
    what: &str,
    context: &Context,
) -> Result<Page, Failure> {
    let steps = explain(&read.disk, &place::target(what), context)?;
    let shape = ExplainShape::of(what, &steps);
    session.page(Some(label), &shape, Code::Done, |out| {
        let widest = shape.steps.iter().map(|s| s.layer.len()).max().unwrap_or(0);
        for step in &shape.steps {
            let layer = session.colour.paint(Look::Strong, &format!("{:widest$}", step.layer));
            let _ = writeln!(out, "{layer}  {}", step.what);
        }
    })
}
