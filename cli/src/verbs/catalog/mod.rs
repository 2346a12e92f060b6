//! `catalog`: vaults.

mod add;
mod look;
mod verify;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use floptical::catalog::Timestamp;
use floptical::catalog::event::Agent;
use floptical::catalog::record::Provenance;
use floptical::catalog::vault::{Act, Exported, Vault};
use floptical::io::disk;
use floptical::io::text::{safe_name, show};
use floptical::model::Context;
use floptical::shape::{CatalogEditShape, CatalogExportShape, CatalogInitShape, CatalogRebuildShape};
use serde::Serialize;

use crate::args::{CatalogVerb, Said, Who};
use crate::failure::{Code, Failure};
use crate::interrupt::Writing;
use crate::output::{Aside, Cell, Look, Table, counted};
use crate::session::Session;

pub(crate) fn run(verb: &CatalogVerb, session: &Session) -> Result<Code, Failure> {
    match verb {
        CatalogVerb::Init { vault, who } => init(session, vault, who),
        CatalogVerb::Add { vault, paths, id, said, who } => {
            let wish = add::Wish { paths, id: id.as_deref(), said, who };
            add::run(session, &open(session, vault)?, &wish)
        }
        CatalogVerb::List { vault } => look::list(session, &open(session, vault)?),
        CatalogVerb::Show { vault, id, yaml } => look::show_one(session, &open(session, vault)?, id, *yaml),
        CatalogVerb::Search { vault, words, digest } => {
            look::search(session, &open(session, vault)?, &words.join(" "), digest.as_deref())
        }
        CatalogVerb::Verify { vault, heads, no_log, who } => {
            let who = (!no_log).then_some(who);
            verify::run(session, vault, heads, who)
        }
        CatalogVerb::Events { vault, id } => look::events(session, &open(session, vault)?, id.as_deref()),
        CatalogVerb::Edit { vault, id, said, who } => edit(session, &open(session, vault)?, id, said, who),
        CatalogVerb::Rebuild { vault, who } => rebuild(session, &open(session, vault)?, who),
        CatalogVerb::Export { vault, ids, bagit, who } => export(session, &open(session, vault)?, ids, bagit, who),
    }
}

/// The vault there, or a new one.
pub(super) fn open_or_create(session: &Session, vault: &Path, act: &Act) -> Result<Vault, Failure> {
    let empty = |path: &Path| std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    if vault.symlink_metadata().is_err() || empty(vault) {
        return Ok(Vault::create(vault, act)?.with_jobs(session.jobs()));
    }
    open(session, vault)
}

fn open(session: &Session, vault: &Path) -> Result<Vault, Failure> {
    Ok(Vault::open(vault)?.with_jobs(session.jobs()))
}

/// Who acts, and when: the clock of the whole command is here. A time that
/// `SOURCE_DATE_EPOCH` gives makes the same vault again.
pub(super) fn act(who: &Who) -> Act {
    let told = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    let told = told.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let agent = Agent {
        person: who.person.clone(),
        software: env!("CARGO_BIN_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Act { agent, time: told.unwrap_or_else(Timestamp::now) }
}

/// Print a page about a whole vault.
fn print(
    session: &Session,
    shape: &impl Serialize,
    code: Code,
    text: impl FnOnce(&mut String),
) -> Result<Code, Failure> {
    let page = session.page(None, shape, code, text)?;
    session.print(&page)?;
    Ok(code)
}

fn label(path: &Path) -> String {
    show(path.to_string_lossy().as_bytes())
}

fn init(session: &Session, path: &Path, who: &Who) -> Result<Code, Failure> {
    let vault = Vault::create(path, &act(who))?;
    let shape = CatalogInitShape { vault: path.to_string_lossy().into_owned(), head: vault.head()?.to_string() };
    print(session, &shape, Code::Done, |out| {
        let _ = writeln!(out, "{}: a new vault, empty", session.colour.paint(Look::Strong, &label(path)));
    })
}

/// What a file and the options say, on top of `base`.
fn said(wish: &Said, base: &Provenance, context: &Context) -> Result<Provenance, Failure> {
    let mut said = match &wish.provenance {
        Some(path) => provenance(path, context)?.over(base),
        None => base.clone(),
    };
    for (field, value) in &wish.fields {
        said.set(field, value)?;
    }
    Ok(said)
}

/// What a file says.
fn provenance(path: &Path, context: &Context) -> Result<Provenance, Failure> {
    let name = path.to_string_lossy().into_owned();
    let read = || {
        let bytes = disk::open(path)?.all(context)?;
        Provenance::from_yaml(&String::from_utf8_lossy(&bytes))
    };
    read().map_err(|error| Failure::from(error).of(&name))
}

fn edit(session: &Session, vault: &Vault, id: &str, wish: &Said, who: &Who) -> Result<Code, Failure> {
    if wish.provenance.is_none() && wish.fields.is_empty() {
        return Err(Failure::new(Code::Usage, "nothing to change: give --set or --provenance"));
    }
    let context = session.vault_context();
    let _writing = Writing::under(&context);
    let whole = said(wish, &Provenance::default(), &context)?;
    let change = |said: &mut Provenance| {
        if wish.provenance.is_some() {
            said.clone_from(&whole);
        }
        wish.fields.iter().try_for_each(|(field, value)| said.set(field, value))
    };
    let changed = vault.edit(id, change, &act(who), &context)?;
    let version = vault.find(id)?.version;
    let shape = CatalogEditShape { id: id.to_owned(), changed, version };
    print(session, &shape, Code::Done, |out| {
        let did = if shape.changed { "is now" } else { "was so already, at" };
        let _ = writeln!(out, "{} {did} {}", session.colour.paint(Look::Strong, &shape.id), shape.version);
    })
}

fn rebuild(session: &Session, vault: &Vault, who: &Who) -> Result<Code, Failure> {
    let context = session.vault_context();
    let found = vault.rebuild(&act(who), &context)?;
    let objects = vault.list()?.len() as u64;
    let shape = CatalogRebuildShape::of(&vault.root().to_string_lossy(), &found, objects);
    print(session, &shape, Code::Done, |out| {
        let name = session.colour.paint(Look::Strong, &label(vault.root()));
        let (events, carriers) = (counted(shape.indexed, "event"), counted(shape.objects, "carrier"));
        let _ = writeln!(out, "{name}: indexed {events}, {carriers}");
        for id in &shape.finished {
            let _ = writeln!(out, "  put into its place: {id}");
        }
        if shape.removed > 0 {
            let _ = writeln!(out, "  never acknowledged, taken back: {}", shape.removed);
        }
        if shape.mended_log {
            let _ = writeln!(out, "  the last line of the log was not whole");
        }
    })
}

fn export(session: &Session, vault: &Vault, ids: &[String], to: &Path, who: &Who) -> Result<Code, Failure> {
    let context = session.vault_context();
    let _writing = Writing::under(&context);
    let act = act(who);
    let all: Vec<String> = match ids {
        [] => vault.list()?.into_iter().map(|row| row.id).collect(),
        some => some.to_vec(),
    };
    let made = std::fs::create_dir_all(to);
    made.map_err(|error| Failure::from(disk::failed("make", to, error)))?;
    let mut exported: Vec<Exported> = Vec::new();
    let mut failed = None;
    for id in &all {
        let bag: PathBuf = to.join(safe_name(id));
        match vault.export_bag(id, &bag, &act, &context) {
            Ok(bag) => exported.push(bag),
            Err(error) => {
                failed = Some(Failure::from(error).of(id));
                break;
            }
        }
    }
    if let Err(error) = vault.note_export(&exported, &act, &context) {
        session.aside(&Aside::Note(format!("the export is not in the log: {}", Failure::from(error))));
    }
    let shape = CatalogExportShape::of(&exported, &vault.head()?);
    let code = print(session, &shape, Code::Done, |out| {
        let mut table = Table::new(0, &[]);
        for bag in &shape.bags {
            let what = format!("{}, {}", counted(bag.files, "file"), counted(bag.bytes, "byte"));
            let id = Cell::from(bag.id.clone()).look(Look::Strong);
            table.row(vec![id, show(bag.bag.as_bytes()).into(), what.into()]);
        }
        table.print(session.colour, out);
        let _ = writeln!(out, "log {}", shape.head);
    })?;
    failed.map_or(Ok(code), Err)
}
