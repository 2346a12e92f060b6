//! `check`: every statement of integrity that there is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use floptical::io::text::show;
use floptical::model::{Context, Status};
use floptical::shape::{CheckShape, FindingShape, SectorShape};

use crate::args::Reading;
use crate::failure::{Code, Failure};
use crate::input::{Input, inputs};
use crate::output::{Cell, Colour, Look, Page, Table, counted};
use crate::session::Session;

/// Sectors that are printed at most; `sectors --bad` lists all.
const SHOWN: usize = 40;

pub(crate) fn run(session: &Session, images: &[PathBuf], reading: &Reading) -> Result<Code, Failure> {
    let inputs = inputs(images, &session.context())?;
    session.each(&inputs, |input, context| page(session, input, reading, context))
}

fn page(session: &Session, input: &Input, reading: &Reading, context: &Context) -> Result<Page, Failure> {
    let read = match input.read(reading, context) {
        Err(failure) if super::is_passed_over(input, &failure, context) => {
            return Ok(Page { passed_over: true, ..Page::new(String::new(), Code::Done) });
        }
        read => read?,
    };
    let mut checked = floptical::check(&read.disk, context)?;
    checked.findings.extend(read.wrapping());
    let code = if checked.is_damaged() { Code::Found } else { Code::Done };
    let shape = CheckShape::of(&checked);
    let page = session.page(Some(&input.label), &shape, code, |out| text(session, &input.label, &shape, out))?;
    Ok(Page { aside: read.aside, ..page })
}

fn text(session: &Session, label: &str, shape: &CheckShape, out: &mut String) {
    let (word, look) = verdict(shape);
    let states = if shape.states.is_empty() { String::new() } else { format!(", {}", states(&shape.states)) };
    let name = session.colour.paint(Look::Strong, &show(label.as_bytes()));
    let _ = writeln!(out, "{name}: {}{states}", session.colour.paint(look, word));
    sectors(session.colour, &shape.sectors, out);
    findings(session.colour, &shape.findings, shape.findings_count, out);
}

fn verdict(shape: &CheckShape) -> (&'static str, Look) {
    let unverified = shape.states.contains_key(Status::Unverified.word());
    match (shape.damaged, unverified) {
        (true, _) => ("damage found", Look::Bad),
        (false, true) => ("nothing wrong was found, but not everything can be verified", Look::Warn),
        (false, false) => ("nothing wrong was found", Look::Good),
    }
}

fn sectors(colour: Colour, sectors: &[SectorShape], out: &mut String) {
    let mut table = Table::new(2, &[]);
    for sector in sectors.iter().take(SHOWN) {
        table.row(vec![
            sector.place.clone().into(),
            Cell::from(sector.status).look(look_of(sector.status)),
            sector.from.clone().unwrap_or_default().into(),
        ]);
    }
    table.print(colour, out);
    let more = sectors.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(out, "  and {more} more; `floptical sectors --bad` lists all");
    }
}

/// Findings in columns.
pub(crate) fn findings(colour: Colour, findings: &[FindingShape], count: u64, out: &mut String) {
    let mut table = Table::new(2, &[]);
    for finding in findings.iter().take(SHOWN) {
        let look = match finding.severity {
            "damage" => Look::Bad,
            "contradiction" => Look::Warn,
            _ => Look::Faint,
        };
        table.row(vec![
            Cell::from(finding.severity).look(look),
            finding.code.into(),
            finding.place.clone().into(),
            finding.message.clone().into(),
        ]);
    }
    table.print(colour, out);
    let more = count.saturating_sub(findings.len().min(SHOWN) as u64);
    if more > 0 {
        let _ = writeln!(out, "  and {}; --json lists up to a thousand", counted(more, "more finding"));
    }
}

/// How a status looks.
pub(crate) fn look_of(status: &str) -> Look {
    match Status::ALL.iter().find(|s| s.word() == status) {
        Some(Status::Good) => Look::Good,
        Some(status) if status.is_damage() => Look::Bad,
        _ => Look::Plain,
    }
}

/// How many sectors have each status, in a line, worst first.
pub(crate) fn states(states: &BTreeMap<&'static str, u64>) -> String {
    let total: u64 = states.values().sum();
    let of = |s: &Status| states.get(s.word()).map(|n| format!("{n} {}", s.word()));
    let each: Vec<String> = Status::ALL.iter().filter_map(of).collect();
    format!("{} ({})", counted(total, "sector"), each.join(", "))
}
