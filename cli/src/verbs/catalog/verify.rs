//! `catalog verify`: is everything as it was added?

use std::fmt::Write as _;
use std::path::Path;

use floptical::catalog::event::Head;
use floptical::shape::CatalogVerifyShape;

use super::{act, label, open, print};
use crate::args::Who;
use crate::failure::{Code, Failure};
use crate::output::{Aside, Look, counted};
use crate::session::Session;
use crate::verbs::check::findings;

pub(super) fn run(session: &Session, path: &Path, heads: &[Head], who: Option<&Who>) -> Result<Code, Failure> {
    let context = session.vault_context();
    let vault = open(session, path)?;
    let report = vault.verify(heads, &context)?;
    if let Some(who) = who
        && let Err(error) = vault.note_check(&report, &act(who), &context)
    {
        session.aside(&Aside::Note(format!("the check is not in the log: {}", Failure::from(error))));
    }
    let shape = CatalogVerifyShape::of(&path.to_string_lossy(), &report);
    let code = if shape.sound { Code::Done } else { Code::Found };
    print(session, &shape, code, |out| {
        let (word, look) = if shape.sound { ("whole", Look::Good) } else { ("damage found", Look::Bad) };
        let name = session.colour.paint(Look::Strong, &label(path));
        let (objects, files) = (counted(shape.objects, "carrier"), counted(shape.files, "file"));
        let word = session.colour.paint(look, word);
        let _ = writeln!(out, "{name}: {word}, {objects}, {files}, {}", counted(shape.bytes, "byte"));
        findings(session.colour, &shape.findings, shape.findings_count, out);
        let _ = writeln!(out, "log {}", shape.head);
    })
}
