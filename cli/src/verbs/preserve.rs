//! `preserve`: from a box of disks to a vault with a report.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use floptical::catalog::vault::{Outcome, Vault};
use floptical::io::text::show;
use floptical::items::{BoxItem, BoxList};
use floptical::model::{Context, Error};
use floptical::preserve::{Examined, Preservation, Preserved, Wish, examine};
use floptical::shape::{Mood, OverviewShape, SummaryShape};
use serde::Serialize;

use super::catalog::{act, open_or_create};
use crate::args::Who;
use crate::boxes::Crate;
use crate::failure::{Code, Failure};
use crate::interrupt::Writing;
use crate::output::{Aside, Cell, Look, Table, counted, number};
use crate::session::Session;

/// What a person wants.
pub(crate) struct Order<'a> {
    pub(crate) paths: &'a [PathBuf],
    pub(crate) vault: Option<&'a Path>,
    pub(crate) items: bool,
    pub(crate) deleted: bool,
    pub(crate) who: &'a Who,
}

pub(crate) fn run(session: &Session, order: &Order<'_>) -> Result<Code, Failure> {
    let context = session.vault_context();
    let boxes = Crate::open_all(session, order.paths, &context)?;
    if order.items {
        return print_items(session, &boxes);
    }
    let Some(vault) = order.vault else {
        return Err(Failure::new(Code::Usage, "there is no vault named")
            .detail("--vault DIR names it; it is made when it is not there"));
    };
    let _writing = Writing::under(&context);
    let act = act(order.who);
    let vault = open_or_create(session, vault, &act)?;
    let title = vault.root().canonicalize().ok().and_then(|p| Some(p.file_name()?.to_string_lossy().into_owned()));
    let preservation = Preservation::begin(&vault, &title.unwrap_or_else(|| "vault".into()), act, &context)?;
    let work = Work { session, preservation: &preservation, wish: Wish { deleted: order.deleted } };
    let done = work.all(&boxes, &context)?;
    let overview = preservation.finish()?;
    report(session, &vault, &preservation, &overview, &done)
}

/// The text of `box.yaml` for each box.
fn print_items(session: &Session, boxes: &[Crate]) -> Result<Code, Failure> {
    for one in boxes {
        let list = BoxList::of(&one.items, &one.listed);
        let text = list.to_yaml()?;
        let page = session.page(Some(&one.label), &list, Code::Done, |out| out.push_str(&text))?;
        session.print(&page)?;
    }
    Ok(Code::Done)
}

/// What came of the items.
#[derive(Default)]
struct Done {
    preserved: Vec<Preserved>,
    failures: Vec<(String, Failure)>,
}

struct Work<'a> {
    session: &'a Session,
    preservation: &'a Preservation<'a>,
    wish: Wish,
}

/// What a worker hands over.
enum Handed {
    There(Box<Preserved>),
    New(Box<Examined>),
    Failed(String, Failure),
}

impl Work<'_> {
    /// Most items that are added at once, and most bytes of what was made of
    /// them that wait for it.
    const BATCH: usize = 64;
    const WAITING: u64 = 64 << 20;

    fn all(&self, boxes: &[Crate], context: &Context) -> Result<Done, Failure> {
        let items: Vec<(&Crate, &BoxItem)> = boxes.iter().flat_map(|b| b.items.iter().map(move |i| (b, i))).collect();
        let (send, receive) = mpsc::sync_channel(8);
        let total = items.len();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                self.session.map(&items, |(of, item)| {
                    if send.send(self.examined(of, item, context)).is_err() {
                        // The vault failed: nothing more is worth doing.
                        context.cancel();
                    }
                });
            });
            self.gather(receive, total, context)
        })
    }

    fn examined(&self, of: &Crate, item: &BoxItem, context: &Context) -> Handed {
        let open = |name: &str| of.source(name);
        let own = Context::default();
        let done = || -> Result<Handed, Error> {
            context.step(0)?;
            if let Some(there) = self.preservation.recognise(item, &open, &own)? {
                return Ok(Handed::There(Box::new(there)));
            }
            Ok(Handed::New(Box::new(examine(item, &open, &of.said(item, &own)?, self.wish, &own)?)))
        };
        done().unwrap_or_else(|e| Handed::Failed(item.name.clone(), Failure::from(e).of(&item.name)))
    }

    fn gather(&self, receive: mpsc::Receiver<Handed>, total: usize, context: &Context) -> Result<Done, Failure> {
        let mut done = Done::default();
        let mut batch = Vec::new();
        let mut waiting = 0u64;
        // Dropped on the way out, so that no examiner waits for us for ever.
        let mut received = receive.into_iter();
        for _ in 0..total {
            let Some(handed) = received.next() else { break };
            match handed {
                Handed::There(there) => done.preserved.push(*there),
                Handed::Failed(name, failure) => done.failures.push((name, failure)),
                Handed::New(examined) => {
                    waiting += examined.size();
                    batch.push(*examined);
                }
            }
            if batch.len() >= Self::BATCH || waiting >= Self::WAITING {
                self.add(std::mem::take(&mut batch), &mut done, context)?;
                waiting = 0;
            }
        }
        self.add(batch, &mut done, context)?;
        done.preserved.sort_by(|a, b| a.summary.id.cmp(&b.summary.id));
        done.failures.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(done)
    }

    fn add(&self, batch: Vec<Examined>, done: &mut Done, context: &Context) -> Result<(), Failure> {
        for (name, added) in self.preservation.add(batch, context)? {
            match added {
                Ok(preserved) => done.preserved.push(preserved),
                Err(error) => done.failures.push((name.clone(), Failure::from(error).of(&name))),
            }
        }
        Ok(())
    }
}

/// What is printed.
#[derive(Serialize)]
struct Body<'a> {
    vault: String,
    report: String,
    carriers: Vec<Row<'a>>,
    failures: Vec<Failed<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    outcome: &'static str,
    version: &'a str,
    #[serde(flatten)]
    summary: &'a SummaryShape,
}

#[derive(Serialize)]
struct Failed<'a> {
    item: String,
    error: &'a str,
    details: &'a [String],
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Added => "added",
        Outcome::Extended => "extended",
        Outcome::Already => "there already",
    }
}

fn report(
    session: &Session,
    vault: &Vault,
    preservation: &Preservation<'_>,
    overview: &OverviewShape,
    done: &Done,
) -> Result<Code, Failure> {
    let row = |p: &'_ Preserved| (outcome(p.receipt.outcome), p.summary.clone(), p.receipt.version.clone());
    let rows: Vec<_> = done.preserved.iter().map(row).collect();
    let body = Body {
        vault: vault.root().to_string_lossy().into_owned(),
        report: preservation.overview().to_string_lossy().into_owned(),
        carriers: rows.iter().map(|(outcome, summary, version)| Row { outcome, version, summary }).collect(),
        failures: done
            .failures
            .iter()
            .map(|(item, f)| Failed { item: show(item.as_bytes()), error: &f.what, details: &f.details })
            .collect(),
    };
    let worry = rows.iter().any(|(_, summary, _)| summary.mood == Mood::Worry);
    let failed = done.failures.iter().map(|(_, f)| f.code).max().unwrap_or(Code::Done);
    let code = failed.max(if worry { Code::Found } else { Code::Done });
    let mut page = session.page(None, &body, code, |out| text(session, &body, overview, out))?;
    page.aside = done.failures.iter().map(|(_, f)| Aside::Failure(f.clone())).collect();
    session.print(&page)?;
    Ok(code)
}

fn text(session: &Session, body: &Body<'_>, overview: &OverviewShape, out: &mut String) {
    let colour = session.colour;
    let mut table = Table::new(0, &["carrier", "state", "what", "images", "files", "copies", ""]);
    for row in &body.carriers {
        let s = row.summary;
        let look = match s.mood {
            Mood::Fine => Look::Good,
            Mood::Guess => Look::Warn,
            Mood::Worry => Look::Bad,
        };
        table.row(vec![
            Cell::from(s.id.clone()).look(Look::Strong),
            Cell::from(s.verdict.clone()).look(look),
            s.what.clone().into(),
            number(&s.images),
            number(&s.files),
            number(&s.copies),
            Cell::from(row.outcome).look(Look::Faint),
        ]);
    }
    table.print(colour, out);
    let count = |of: fn(&Row<'_>) -> bool| body.carriers.iter().filter(|r| of(r)).count() as u64;
    let worry = count(|r| r.summary.mood == Mood::Worry);
    let _ = writeln!(
        out,
        "\n{}: {} to look at, {} new; {} in the vault",
        counted(body.carriers.len() as u64, "carrier"),
        worry,
        count(|r| r.outcome != "there already"),
        overview.carriers.len(),
    );
    for row in body.carriers.iter().filter(|r| r.summary.mood == Mood::Worry) {
        let _ = writeln!(out, "  {}: {}", colour.paint(Look::Bad, &row.summary.id), row.summary.state);
    }
    let _ = writeln!(out, "vault:  {}", show(body.vault.as_bytes()));
    let _ = writeln!(out, "report: {}", show(body.report.as_bytes()));
}
