//! `catalog add`: carriers into a vault, a batch at a time.

use std::fmt::Write as _;
use std::path::PathBuf;

use floptical::catalog::vault::{Item, Vault};
use floptical::items::BoxItem;
use floptical::model::Context;
use floptical::preserve::measure;
use floptical::shape::{AddedShape, CatalogAddShape};

use super::{act, said};
use crate::args::{Said, Who};
use crate::boxes::Crate;
use crate::failure::{Code, Failure};
use crate::interrupt::Writing;
use crate::output::{Aside, Cell, Look, Table, counted};
use crate::session::Session;

/// What is to be added.
pub(super) struct Wish<'a> {
    pub(super) paths: &'a [PathBuf],
    pub(super) id: Option<&'a str>,
    pub(super) said: &'a Said,
    pub(super) who: &'a Who,
}

pub(super) fn run(session: &Session, vault: &Vault, wish: &Wish<'_>) -> Result<Code, Failure> {
    let context = session.vault_context();
    let _writing = Writing::under(&context);
    let boxes = Crate::open_all(session, wish.paths, &context)?;
    let found: Vec<(&Crate, &BoxItem)> = boxes.iter().flat_map(|b| b.items.iter().map(move |i| (b, i))).collect();
    if wish.id.is_some() && found.len() != 1 {
        let what = format!("--id names one carrier, and there are {}", found.len());
        return Err(Failure::new(Code::Usage, what));
    }
    let act = act(wish.who);
    let vault_name = vault.root().to_string_lossy().into_owned();
    let mut shape = CatalogAddShape { vault: vault_name, items: Vec::new(), head: String::new() };
    let mut failures = Vec::new();
    let mut rest = found.as_slice();
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(batch(rest));
        rest = after;
        let measured = session.map(batch, |(of, item)| self::item(of, item, wish, &context));
        let mut items = Vec::new();
        for (measured, (_, item)) in measured.into_iter().zip(batch) {
            match measured {
                Ok(item) => items.push(item),
                Err(failure) if failure.code == Code::Interrupted => return Err(failure),
                Err(failure) => failures.push(failure.of(&item.name)),
            }
        }
        for (receipt, item) in vault.ingest_readable(&items, &act, &context)?.into_iter().zip(&items) {
            let names = item.files.iter().map(|file| file.source.name());
            match receipt {
                Ok(receipt) => shape.items.push(AddedShape::of(&receipt, names, &item.images)),
                Err(error) => failures.push(Failure::from(error).of(&item.name)),
            }
        }
    }
    shape.head = vault.head()?.to_string();
    let code = failures.iter().map(|f| f.code).max().unwrap_or(Code::Done);
    let mut page = session.page(None, &shape, code, |out| text(session, &shape, out))?;
    page.aside = failures.into_iter().map(Aside::Failure).collect();
    session.print(&page)?;
    Ok(code)
}

/// How many of the items go into the next batch.
fn batch(items: &[(&Crate, &BoxItem)]) -> usize {
    let (mut files, mut bytes) = (0, 0u64);
    for (at, (of, item)) in items.iter().enumerate() {
        for source in item.files().filter_map(|name| of.source(name).ok()) {
            files += 1;
            bytes += source.len();
        }
        if at > 0 && (files > Vault::BATCH_FILES || bytes > Vault::BATCH_BYTES) {
            return at;
        }
    }
    items.len()
}

/// What the vault takes of an item. Each has a budget of its own; who asks to
/// stop is heard between them.
fn item(of: &Crate, item: &BoxItem, wish: &Wish<'_>, whole: &Context) -> Result<Item, Failure> {
    whole.step(0)?;
    let context = Context::default();
    let mut kept = measure(item, &|name| of.source(name), &of.said(item, &context)?, &context)?;
    kept.id = wish.id.map(str::to_owned);
    kept.provenance = said(wish.said, &kept.provenance, &context)?;
    Ok(kept)
}

fn text(session: &Session, shape: &CatalogAddShape, out: &mut String) {
    let mut table = Table::new(0, &[]);
    for item in &shape.items {
        let look = if item.outcome == "already-there" { Look::Faint } else { Look::Good };
        let what = match item.formats.as_slice() {
            [] => item.problems.first().cloned().unwrap_or_default(),
            formats => formats.join(" "),
        };
        let twins = item.same_data.join(", ");
        table.row(vec![
            Cell::from(item.id.clone()).look(Look::Strong),
            Cell::from(item.outcome.replace('-', " ")).look(look),
            item.version.clone().into(),
            what.into(),
            if twins.is_empty() { String::new() } else { format!("the same data as {twins}") }.into(),
        ]);
    }
    table.print(session.colour, out);
    let count = |outcome: &str| shape.items.iter().filter(|item| item.outcome == outcome).count() as u64;
    let (added, extended, there) = (count("added"), count("extended"), count("already-there"));
    let _ = writeln!(out, "{} added, {extended} extended, {there} there already", counted(added, "carrier"));
}
