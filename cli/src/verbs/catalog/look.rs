//! `catalog list`, `show`, `search`, `events`: what is in a vault.

use std::fmt::Write as _;

use floptical::catalog::record::{MeasuredImage, Record};
use floptical::catalog::vault::{RECORD, Vault};
use floptical::io::disk;
use floptical::io::text::{show, words};
use floptical::shape::{
    CarrierShape, CatalogEventsShape, CatalogListShape, CatalogSearchShape, CatalogShowShape, EventShape, FoundShape,
};

use super::print;
use crate::failure::{Code, Failure};
use crate::output::{Aside, Cell, Colour, Look, Table, counted, number, to_stdout};
use crate::session::Session;

pub(super) fn list(session: &Session, vault: &Vault) -> Result<Code, Failure> {
    let rows = vault.list()?;
    if vault.is_index_behind()? {
        let note = "the index lacks the newest events; `catalog rebuild` brings it into step";
        session.aside(&Aside::Note(note.to_owned()));
    }
    let shape = CatalogListShape { carriers: rows.iter().map(CarrierShape::from).collect(), same_data: vault.twins()? };
    print(session, &shape, Code::Done, |out| {
        let mut table = Table::new(0, &["carrier", "title", "format", "files", "bytes", "version", ""]);
        for row in &shape.carriers {
            let state = if row.damaged { Cell::from("damaged").look(Look::Bad) } else { Cell::default() };
            table.row(vec![
                Cell::from(row.id.clone()).look(Look::Strong),
                row.title.clone().into(),
                row.format.clone().into(),
                number(&row.files),
                number(&row.bytes),
                row.version.clone().into(),
                state,
            ]);
        }
        table.print(session.colour, out);
        let _ = writeln!(out, "{}", counted(shape.carriers.len() as u64, "carrier"));
        for ids in &shape.same_data {
            let _ = writeln!(out, "the same data: {}", ids.join(", "));
        }
    })
}

pub(super) fn show_one(session: &Session, vault: &Vault, id: &str, yaml: bool) -> Result<Code, Failure> {
    let context = session.vault_context();
    let bytes = disk::open(&vault.content(id, RECORD, &context)?)?.all(&context)?;
    if yaml {
        return to_stdout(&bytes).map(|()| Code::Done);
    }
    let record = Record::from_yaml(&bytes)?;
    let row = vault.find(id)?;
    let twins = vault.twins()?.into_iter().filter(|ids| ids.iter().any(|other| other == id)).flatten();
    let shape = CatalogShowShape::of(&row.version, record, twins.filter(|other| other != id).collect());
    print(session, &shape, Code::Done, |out| text(session.colour, &shape, out))
}

fn text(colour: Colour, shape: &CatalogShowShape, out: &mut String) {
    let _ = writeln!(out, "{} {}", colour.paint(Look::Strong, &shape.id), shape.version);
    let heading = |out: &mut String, words: &str| {
        let _ = writeln!(out, "{}", colour.paint(Look::Faint, words));
    };
    if !shape.provenance.is_empty() {
        heading(out, "a person says");
        let rows = shape.provenance.iter().map(|(field, value)| ((*field).to_owned(), show(value.as_bytes())));
        pairs(colour, rows, out);
    }
    heading(out, "measured");
    let mut table = Table::new(2, &[]);
    for file in &shape.files {
        let sum = file.digests.get("sha256").map_or("", String::as_str);
        table.row(vec![file.role.into(), file.name.clone().into(), number(&file.size), sum.into()]);
    }
    table.print(colour, out);
    shape.images.iter().for_each(|image| pairs(colour, image_rows(image).into_iter(), out));
    if !shape.claimed.is_empty() {
        heading(out, "the container claims");
        pairs(colour, shape.claimed.iter().map(|claim| (claim.kind.clone(), words(&claim.text))), out);
    }
    if !shape.same_data.is_empty() {
        let _ = writeln!(out, "the same data: {}", shape.same_data.join(", "));
    }
}

fn pairs(colour: Colour, rows: impl Iterator<Item = (String, String)>, out: &mut String) {
    let mut table = Table::new(2, &[]);
    rows.for_each(|(name, value)| table.row(vec![name.into(), value.into()]));
    table.print(colour, out);
}

fn image_rows(image: &MeasuredImage) -> Vec<(String, String)> {
    let states: Vec<String> = image.states.iter().map(|(status, n)| format!("{n} {status}")).collect();
    let rows = [
        ("format", image.format.clone()),
        ("not read", image.problem.clone()),
        ("layout", image.layout.clone()),
        ("sectors", (!states.is_empty()).then(|| states.join(", "))),
        ("L1", image.l1.as_ref().map(|layer| layer.sha256.clone())),
        ("L2", image.l2.as_ref().map(|layer| layer.sha256.clone())),
        ("findings", (image.findings_count > 0).then(|| image.findings_count.to_string())),
    ];
    let volumes = image.volumes.iter().map(|volume| ("volume", Some(volume.clone())));
    let filled = rows.into_iter().chain(volumes);
    filled.filter_map(|(name, value)| Some((name.to_owned(), words(&value?)))).collect()
}

pub(super) fn search(session: &Session, vault: &Vault, words: &str, digest: Option<&str>) -> Result<Code, Failure> {
    if digest.is_none() && words.trim().is_empty() {
        return Err(Failure::new(Code::Usage, "nothing to look for: give words or --digest"));
    }
    let found = match digest {
        Some(digits) => vault.find_digest(digits)?,
        None => vault.search(words)?,
    };
    let shape = CatalogSearchShape { found: found.iter().map(FoundShape::from).collect() };
    print(session, &shape, Code::Done, |out| {
        let mut table = Table::new(0, &[]);
        for found in &shape.found {
            let id = Cell::from(found.id.clone()).look(Look::Strong);
            table.row(vec![id, found.by.clone().into(), found.what.clone().into()]);
        }
        table.print(session.colour, out);
        let _ = writeln!(out, "found: {}", shape.found.len());
    })
}

pub(super) fn events(session: &Session, vault: &Vault, id: Option<&str>) -> Result<Code, Failure> {
    if let Some(id) = id {
        vault.find(id)?;
    }
    let mut events = Vec::new();
    vault.events(&session.vault_context(), |event| {
        if id.is_none() || event.object.as_deref() == id {
            events.push(EventShape::of(&event));
        }
        Ok(())
    })?;
    let shape = CatalogEventsShape { events };
    print(session, &shape, Code::Done, |out| {
        let mut table = Table::new(0, &["event", "when", "what", "carrier", "", "who"]);
        for event in &shape.events {
            let failed = event.outcome != "success";
            table.row(vec![
                number(&event.seq),
                event.time.clone().into(),
                event.kind.into(),
                Cell::from(event.object.clone().unwrap_or_default()).look(Look::Strong),
                if failed { Cell::from(event.outcome).look(Look::Bad) } else { Cell::default() },
                event.person.clone().unwrap_or_else(|| event.software.clone()).into(),
            ]);
        }
        table.print(session.colour, out);
    })
}
