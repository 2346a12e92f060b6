//! `ls`: the files of all volumes.

use std::fmt::Write as _;

use floptical::filesystems::Mounted;
use floptical::model::Context;
use floptical::shape::{EntryShape, LsShape, LsVolumeShape};
use floptical::{select, volume_name, volumes};

use crate::failure::{Code, Failure};
use crate::input::Read;
use crate::output::{Cell, Look, Page, Table, number};
use crate::session::Session;

/// What to list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) path: Option<&'a str>,
    pub(crate) deleted: bool,
    pub(crate) namespace: Option<&'a str>,
}

pub(crate) fn page(
    session: &Session,
    label: &str,
    read: &Read,
    Wish { path, deleted, namespace }: Wish<'_>,
    context: &Context,
) -> Result<Page, Failure> {
    let (mounted, _) = volumes(&read.disk, context)?;
    if mounted.is_empty() {
        return Err(no_volume());
    }
    let wanted = one_volume(&mounted, namespace)?;
    let paths: Vec<String> = path.map(str::to_owned).into_iter().collect();
    let volume = |(index, m): (usize, &Mounted)| LsVolumeShape {
        volume: index,
        kind: m.volume.kind().to_owned(),
        partition: m.partition.as_ref().map(|p| p.index),
        namespace: m.volume.namespace().map(str::to_owned),
        entries: select(&mounted, index, &paths, deleted).map(EntryShape::of).collect(),
    };
    let chosen = mounted.iter().enumerate().filter(|(index, _)| wanted.is_none_or(|wanted| wanted == *index));
    let shape = LsShape { volumes: chosen.map(volume).collect() };
    if let Some(path) = path.filter(|_| shape.volumes.iter().all(|v| v.entries.is_empty())) {
        return Err(no_path(path));
    }
    session.page(Some(label), &shape, Code::Done, |out| {
        for volume in &shape.volumes {
            if shape.volumes.len() > 1 {
                let name = volume.namespace.clone().unwrap_or_else(|| volume.volume.to_string());
                let heading = format!("{name}: {}", volume.kind);
                let _ = writeln!(out, "{}", session.colour.paint(Look::Strong, &heading));
            }
            let mut table = Table::new(0, &[]);
            volume.entries.iter().for_each(|e| table.row(row(e)));
            table.print(session.colour, out);
        }
    })
}

/// The number of the volume that goes by a name or number; `None` where nobody
/// asked for one.
pub(crate) fn one_volume(mounted: &[Mounted], wanted: Option<&str>) -> Result<Option<usize>, Failure> {
    let Some(wanted) = wanted else { return Ok(None) };
    let is = |index: &usize| wanted == volume_name(mounted, *index) || wanted == index.to_string();
    let names = || (0..mounted.len()).map(|i| volume_name(mounted, i)).collect::<Vec<_>>().join(", ");
    (0..mounted.len()).find(is).map(Some).ok_or_else(|| {
        let shown = floptical::io::text::show(wanted.as_bytes());
        Failure::new(Code::Unreadable, format!("there is no namespace `{shown}` on this disk"))
            .detail(format!("there is {}", names()))
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
