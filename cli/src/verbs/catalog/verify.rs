//! `catalog verify`: is everything as it was added?

use std::fmt::Write as _;
use std::path::Path;

use floptical::catalog::event::Head;
use floptical::catalog::vault::{Vault, is_root, verify_root};
use floptical::io::text::show;
use floptical::shape::CatalogVerifyShape;

use super::{act, open, print};
use crate::args::Who;
use crate::failure::{Code, Failure};
use crate::output::{Aside, Look, counted};
use crate::session::Session;
use crate::verbs::check::findings;

pub(super) fn run(session: &Session, path: &Path, heads: &[Head], who: Option<&Who>) -> Result<Code, Failure> {
    let context = session.vault_context();
    let name = path.to_string_lossy();
    if !Vault::is_vault(path) && is_root(path) {
        let report = verify_root(path, session.jobs(), &context)?;
        return tell(session, &CatalogVerifyShape::of_root(&name, &report));
    }
    let vault = open(session, path)?;
    let report = vault.verify(heads, &context)?;
    if let Some(who) = who
        && let Err(error) = vault.note_check(&report, &act(who), &context)
    {
        session.aside(&Aside::Note(format!("the check is not in the log: {}", Failure::from(error))));
    }
    tell(session, &CatalogVerifyShape::of(&name, &report))
}

fn tell(session: &Session, shape: &CatalogVerifyShape) -> Result<Code, Failure> {
    let code = if shape.sound { Code::Done } else { Code::Found };
    print(session, shape, code, |out| {
        let (word, look) = if shape.sound { ("whole", Look::Good) } else { ("damage found", Look::Bad) };
        let name = session.colour.paint(Look::Strong, &show(shape.vault.as_bytes()));
        let (objects, files) = (counted(shape.objects, "carrier"), counted(shape.files, "file"));
        let word = session.colour.paint(look, word);
        let _ = writeln!(out, "{name}: {word}, {objects}, {files}, {}", counted(shape.bytes, "byte"));
        findings(session.colour, &shape.findings, shape.findings_count, out);
        if let Some(head) = &shape.head {
            let _ = writeln!(out, "log {head}");
        }
    })
}
