//! `info`: what an image holds and what it says of itself.

use std::fmt::Write as _;

use floptical::io::text::show;
use floptical::model::Context;
use floptical::shape::{CandidateShape, FindingShape, InfoShape};
use floptical::snapshot;
use serde::Serialize;

use super::hash::coverage;
use crate::failure::{Code, Failure};
use crate::input::Read;
use crate::output::{Cell, Colour, Look, Page, Table, counted};
use crate::session::Session;

pub(crate) fn page(
    session: &Session,
    label: &str,
    read: &Read,
    yaml: bool,
    context: &Context,
) -> Result<Page, Failure> {
    if yaml {
        return Ok(Page::new(snapshot(&read.opened.image), Code::Done));
    }
    let mut shape = InfoShape::of(&read.disk, context)?;
    shape.findings.extend(read.wrapping().iter().map(FindingShape::of));
    shape.findings_count += read.wrapping().count();
    shape.schema = None;
    let body = Body {
        found: CandidateShape::of(&read.opened.candidate),
        size_only: read.opened.size_only,
        layers: &read.opened.layers,
        info: &shape,
    };
    session.page(Some(label), &body, Code::Done, |out| {
        let _ = writeln!(out, "{}", session.colour.paint(Look::Strong, &show(label.as_bytes())));
        head(session.colour, read, &shape, out);
        tracks(session.colour, &shape, out);
        areas(session.colour, &shape, out);
        volumes(session.colour, &shape, out);
        findings(session.colour, &shape, out);
    })
}

/// What an image holds, and how it was found.
#[derive(Serialize)]
struct Body<'a> {
    found: CandidateShape,
    size_only: bool,
    layers: &'a [&'static str],
    #[serde(flatten)]
    info: &'a InfoShape,
}

fn head(colour: Colour, read: &Read, shape: &InfoShape, out: &mut String) {
    let mut table = Table::new(2, &[]);
    let mut say = |name: &str, value: String| {
        table.row(vec![faint(name), value.into()]);
    };
    let found = CandidateShape::of(&read.opened.candidate);
    let guess = if read.opened.size_only { ": only the length says so" } else { "" };
    let evidence = if found.evidence.is_empty() { "as told".into() } else { found.evidence.join(", ") };
    say("format", format!("{}, {} [{evidence}]{guess}", found.format, found.name));
    if !read.opened.layers.is_empty() {
        say("inside", read.opened.layers.join(", then "));
    }
    match shape.files.as_slice() {
        [first, .., last] => say("files", format!("{}: {first} to {last}", shape.files.len())),
        files => say("file", files.join("")),
    }
    say("carrier", shape.carrier.to_owned());
    shape.claims.iter().for_each(|c| say(c.kind, c.text.clone()));
    shape.opaque.iter().for_each(|o| say("kept as it is", o.clone()));
    if let Some(drive) = &shape.drive {
        let rotation = drive.rotation_ns.map(|ns| format!("revolution {} us", ns.div_ceil(1000)));
        let heads = drive.heads.map(|n| counted(n.into(), "side"));
        let known: Vec<String> = [rotation, heads].into_iter().flatten().collect();
        if !known.is_empty() {
            say("drive", known.join(", "));
        }
        drive.stepping.iter().for_each(|side| say("stepping", side.clone()));
    }
    if let Some(layout) = &shape.layout {
        say("layout", layout.clone());
    }
    if let Some(l1) = &shape.identity.l1 {
        say("L1, recording", l1.clone());
    }
    if let Some(l1o) = &shape.identity.l1o {
        say("L1o, order", l1o.clone());
    }
    say("L2, data", shape.identity.l2.clone());
    say("rests on", coverage(&shape.identity.coverage));
    table.print(colour, out);
}

fn faint(name: &str) -> Cell {
    Cell::from(name).look(Look::Faint)
}

fn tracks(colour: Colour, shape: &InfoShape, out: &mut String) {
    let measured = shape.tracks.iter().any(|track| track.speed.is_some() || track.splices.is_some());
    let mut heads = vec!["tracks", "holds", "cells", "revolutions", "sectors"];
    if measured {
        heads.splice(4..4, ["speed \u{2030}", "splices"]);
    }
    let mut table = Table::new(2, &heads);
    for track in &shape.tracks {
        let mut row = vec![
            track.tracks.clone().into(),
            track.holds.join("+").into(),
            track.cells.map_or_else(String::new, |c| c.to_string()).into(),
            track.revolutions.map_or_else(String::new, |r| r.to_string()).into(),
        ];
        if measured {
            row.push(track.speed.map_or_else(String::new, |[low, high]| format!("{low:+} to {high:+}")).into());
            row.push(track.splices.map_or_else(String::new, |n| n.to_string()).into());
        }
        row.push(track.sectors.clone().into());
        table.row(row);
    }
    if !shape.tracks.is_empty() {
        out.push('\n');
        table.print(colour, out);
    }
}

/// Stretches of cells that are not plain.
fn areas(colour: Colour, shape: &InfoShape, out: &mut String) {
    let mut table = Table::new(2, &["track", "area", "from cell", "cells", "evidence"]);
    for area in &shape.areas {
        table.row(vec![
            area.track.clone().into(),
            area.kind.into(),
            area.start.to_string().into(),
            area.len.to_string().into(),
            area.evidence.clone().into(),
        ]);
    }
    if !shape.areas.is_empty() {
        out.push('\n');
        table.print(colour, out);
    }
}

fn volumes(colour: Colour, shape: &InfoShape, out: &mut String) {
    for volume in &shape.volumes {
        let partition = volume.partition.map_or_else(String::new, |p| format!(", partition {p}"));
        let entries =
            if volume.entries_count == 1 { "1 entry".into() } else { format!("{} entries", volume.entries_count) };
        let _ = writeln!(out, "\n  {}{partition}: {entries}", colour.paint(Look::Strong, &volume.kind));
        for fact in &volume.facts {
            let _ = writeln!(out, "    {}", show(fact.as_bytes()));
        }
    }
}

fn findings(colour: Colour, shape: &InfoShape, out: &mut String) {
    if shape.findings.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}", counted(shape.findings_count, "finding"));
    super::check::findings(colour, &shape.findings, shape.findings_count, out);
}
