//! `identify`: what each file is, how sure and why.

use std::fmt::Write as _;
use std::path::PathBuf;

use floptical::formats::Registry;
use floptical::identify::{Identified, Item, Verdict, identify, identify_files};
use floptical::io::text::show;
use floptical::io::wrap;
use floptical::model::{Context, Findings};
use floptical::shape::{CandidateShape, IdentifyShape, ItemShape};

use crate::failure::{Code, Failure};
use crate::input::{Input, inputs};
use crate::output::{Look, Page};
use crate::session::Session;

pub(crate) fn run(session: &Session, paths: &[PathBuf], why: bool) -> Result<Code, Failure> {
    let inputs = inputs(paths, &session.context())?;
    session.each(&inputs, |input, context| page(session, input, why, context))
}

fn page(session: &Session, input: &Input, why: bool, context: &Context) -> Result<Page, Failure> {
    let identified = identified(input, context)?;
    let shape = IdentifyShape::of(&identified);
    let known = shape.items.iter().any(|item| item.format.is_some());
    let code = if known || input.walked { Code::Done } else { Code::Unreadable };
    session.page(Some(&input.label), &shape, code, |out| text(session, input, &shape, why, out))
}

fn identified(input: &Input, context: &Context) -> Result<Identified, Failure> {
    let registry = Registry::default();
    let files = input.files(context)?;
    if let Some(member) = input.member() {
        let inside = files.first().map(|source| wrap::unwrap(source, context)).transpose()?.unwrap_or_default();
        let items = identify_files(&wrap::member(&inside.files, member)?, &registry, context)?;
        return Ok(Identified { layers: inside.layers, items, findings: inside.findings });
    }
    Ok(match input.single(&files) {
        Some(source) => identify(source, &registry, context)?,
        None => {
            let items: Vec<Item> = identify_files(&files, &registry, context)?;
            Identified { layers: Vec::new(), items, findings: Findings::default() }
        }
    })
}

/// True when nothing is known of the input, and not because of damage.
pub(crate) fn is_unknown(input: &Input, context: &Context) -> bool {
    identified(input, context).is_ok_and(|i| i.items.iter().all(|item| matches!(item.verdict(), Verdict::Unknown)))
}

fn text(session: &Session, input: &Input, shape: &IdentifyShape, why: bool, out: &mut String) {
    let wrapped = if shape.layers.is_empty() {
        String::new()
    } else {
        format!(" (in {})", shape.layers.iter().rev().copied().collect::<Vec<_>>().join(" in "))
    };
    for item in &shape.items {
        let mut name = show(input.label.as_bytes());
        if shape.items.len() > 1 {
            let _ = write!(name, "!{}", item.files.first().map_or("", String::as_str));
        }
        let files = if item.files.len() > 1 { format!(" ({} files)", item.files.len()) } else { String::new() };
        let (words, look) = verdict(item);
        let _ = writeln!(
            out,
            "{}{files}{wrapped}: {}",
            session.colour.paint(Look::Strong, &name),
            session.colour.paint(look, &words)
        );
        if why {
            reasons(item, out);
        }
    }
    for finding in &shape.findings {
        let _ = writeln!(out, "  {} {}: {}", finding.severity, finding.code, finding.message);
    }
}

fn verdict(item: &ItemShape) -> (String, Look) {
    let best = item.candidates.first();
    let named = |c: &CandidateShape| match &c.layout {
        Some(layout) => format!("{}, {}, {layout}", c.format, c.name),
        None => format!("{}, {}", c.format, c.name),
    };
    let best_words = best.map_or_else(String::new, named);
    let evidence = best.map_or_else(String::new, |c| c.evidence.join(", "));
    match item.verdict {
        "known" => (format!("{best_words} [{evidence}]"), Look::Good),
        "tie" => {
            let rivals = item.candidates.iter().filter(|c| best.is_some_and(|b| b.evidence == c.evidence));
            let ids: Vec<&str> = rivals.map(|c| c.format).collect();
            (format!("{best_words} [{evidence}], but a tie of {}", ids.join(" and ")), Look::Warn)
        }
        "size-only" => (format!("perhaps {best_words}: only the length says so"), Look::Warn),
        "not-read" => (format!("{best_words}: {}, not read here", item.kind.unwrap_or("a kind")), Look::Warn),
        _ => ("unknown".into(), Look::Faint),
    }
}

fn reasons(item: &ItemShape, out: &mut String) {
    for candidate in &item.candidates {
        let layout = candidate.layout.as_ref().map_or_else(String::new, |l| format!(", {l}"));
        let _ = writeln!(out, "  {}{layout} [{}]", candidate.format, candidate.evidence.join(", "));
        for reason in &candidate.reasons {
            let _ = writeln!(out, "    {reason}");
        }
    }
}
