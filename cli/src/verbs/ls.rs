//! `ls`: the files of all volumes.

use std::fmt::Write as _;

use floptical::model::Context;
use floptical::shape::{EntryShape, LsShape, LsVolumeShape};
use floptical::{select, volumes};

use crate::failure::{Code, Failure};
use crate::input::Read;
use crate::output::{Cell, Look, Page, Table, number};
use crate::session::Session;

pub(crate) fn page(
    session: &Session,
    label: &str,
    read: &Read,
    path: Option<&str>,
    deleted: bool,
    context: &Context,
) -> Result<Page, Failure> {
    let (mounted, _) = volumes(&read.disk, context)?;
    if mounted.is_empty() {
        return Err(no_volume());
    }
    let paths: Vec<String> = path.map(str::to_owned).into_iter().collect();
    let volume = |(index, m): (usize, &floptical::filesystems::Mounted)| LsVolumeShape {
        volume: index,
        kind: m.volume.kind().to_owned(),
        partition: m.partition.as_ref().map(|p| p.index),
        entries: select(&mounted, index, &paths, deleted).map(EntryShape::of).collect(),
    };
    let shape = LsShape { volumes: mounted.iter().enumerate().map(volume).collect() };
    if let Some(path) = path.filter(|_| shape.volumes.iter().all(|v| v.entries.is_empty())) {
        return Err(no_path(path));
    }
    session.page(Some(label), &shape, Code::Done, |out| {
        for volume in &shape.volumes {
            if shape.volumes.len() > 1 {
                let heading = format!("{}: {}", volume.volume, volume.kind);
                let _ = writeln!(out, "{}", session.colour.paint(Look::Strong, &heading));
            }
            let mut table = Table::new(0, &[]);
            volume.entries.iter().for_each(|e| table.row(row(e)));
            table.print(session.colour, out);
        }
    })
}

/// The disk has no file system that is known here.
pub(crate) fn no_volume() -> Failure {
    Failure::new(Code::Unreadable, "no file system was recognised on this disk")
        .detail("`floptical info` shows what was recognised; `floptical sectors` lists its sectors")
}

/// Nothing has this path.
pub(crate) fn no_path(path: &str) -> Failure {
    let shown = floptical::io::text::show(path.as_bytes());
    Failure::new(Code::Unreadable, format!("there is no `{shown}` on this disk"))
        .detail("`floptical ls --deleted` lists everything that there is")
}

fn row(entry: &EntryShape) -> Vec<Cell> {
    let (look, slash) = match entry.kind {
        "directory" => (Look::Strong, "/"),
        "label" => (Look::Faint, ""),
        _ => (Look::Plain, ""),
    };
    let look = if entry.deleted.is_some() { Look::Faint } else { look };
    vec![
        if entry.kind == "file" { number(&entry.size) } else { entry.kind.into() },
        entry.modified.clone().unwrap_or_default().into(),
        entry.attributes.join(" ").into(),
        Cell::from(format!("{}{slash}", entry.path)).look(look),
        entry.short_name.clone().map_or_else(String::new, |s| format!("({s})")).into(),
        entry.details.iter().map(|(what, value)| format!("{what} {value}")).collect::<Vec<_>>().join(", ").into(),
        entry.deleted.clone().map_or_else(String::new, |d| format!("deleted, recoverable: {d}")).into(),
        Cell::from(entry.findings.join(", ")).look(Look::Warn),
    ]
}
