//! Is everything as it was added? The log says what was added; it is held
//! against itself, then the objects against it.
//!
//! An event names the SHA-512 of its inventory and the BLAKE3 of its files; an
//! inventory names the SHA-512 of all files. So what is checked rests on the
//! chain of the log alone, not on the index, and files are summed by BLAKE3.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use floptical_model::finding::{
    VAULT_CHANGED, VAULT_HALF_DONE, VAULT_INDEX, VAULT_LOG_BROKEN, VAULT_LOG_CUT, VAULT_MISSING, VAULT_SAME_DATA,
    VAULT_UNEXPECTED,
};
use floptical_model::{Code, Context, Finding, Findings, Place, Result, Severity, Span};
use serde_json::Value;

use super::index::{self, Index};
use super::lock::{Hold, Lock};
use super::log::At;
use super::recover::entries;
use super::{Act, Vault, each, object_id, read, recover::Writing};
use crate::event::{Event, Head, Kind, Line, Outcome, open};
use crate::ocfl;

mod audit;

pub(super) use audit::files_below;

/// What `verify` found.
#[derive(Debug, Clone)]
#[must_use]
pub struct Report {
    /// Carriers that were checked.
    pub objects: u64,
    /// Files of them.
    pub files: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// How far the log goes.
    pub head: Head,
    /// What is wrong, and what is worth knowing.
    pub findings: Findings,
}

impl Report {
    /// True when nothing that was added is lost or in doubt.
    pub fn is_sound(&self) -> bool {
        self.findings.worst().is_none_or(|worst| worst < Severity::Contradiction)
    }
}

/// An event that gave an object a version.
#[derive(Debug, Clone)]
struct Logged {
    version: String,
    inventory: String,
    /// Where its line stands.
    place: (u32, u64),
}

/// What the log says.
#[derive(Debug, Default)]
struct History {
    /// The hash of each line.
    hashes: Vec<String>,
    /// The versions of each carrier, in order.
    objects: BTreeMap<String, Vec<Logged>>,
    /// False when a line is lost, so that it may not name all there is.
    whole: bool,
}

impl History {
    fn head(&self) -> Head {
        let last = self.hashes.last().cloned();
        last.map_or_else(Head::default, |hash| Head { events: self.hashes.len() as u64, hash })
    }

    /// What is wrong when somebody says that the log once stood here.
    fn fault(&self, head: &Head, who: &str) -> Option<Finding> {
        let at = head.events.checked_sub(1)?;
        let hash = usize::try_from(at).ok().and_then(|at| self.hashes.get(at));
        match hash {
            Some(hash) if *hash == head.hash => None,
            Some(_) => {
                let what = format!("event {} is not the one that {who} names", head.events);
                Some(finding(&VAULT_LOG_BROKEN, "events", what))
            }
            None => {
                let what = format!("{who} names event {}, the log ends with {}", head.events, self.hashes.len());
                Some(finding(&VAULT_LOG_CUT, "events", what))
            }
        }
    }
}

/// A finding about a path in the vault.
fn finding(code: &'static Code, path: &str, what: impl Into<String>) -> Finding {
    Finding::new(code, Span::Made("vault"), Place::Path(path.to_owned()), what)
}

impl Vault {
    /// Hold everything against what was added: the log against itself and
    /// against `heads` that were kept elsewhere, each object against the log,
    /// each file against its sum. Nobody writes meanwhile. Progress is told as
    /// `verifying`, in carriers.
    ///
    /// # Errors
    /// `Limit`, `Cancelled`, what the system says of the log. What is wrong with
    /// the vault is in the report.
    pub fn verify(&self, heads: &[Head], context: &Context) -> Result<Report> {
        let _lock = Lock::take(&self.path("lock"), Hold::Shared, context)?;
        let mut findings = Findings::default();
        let history = self.check_log(&mut findings, context)?;
        Extend::extend(&mut findings, heads.iter().filter_map(|head| history.fault(head, "a head that was kept")));
        self.check_frame(&mut findings, context);
        self.check_inbox(&mut findings)?;
        self.check_places(&history, &mut findings)?;
        self.check_index(&history, &mut findings);

        let objects: Vec<(&String, &Vec<Logged>)> = history.objects.iter().collect();
        let done = std::sync::atomic::AtomicU64::new(0);
        let audits = each(self.jobs, &objects, |(id, logged)| {
            let audit = self.audit(id, logged, &history, context);
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed).saturating_add(1);
            context.progress("verifying", done, objects.len() as u64);
            audit
        })?;
        let mut report = Report { objects: objects.len() as u64, files: 0, bytes: 0, head: history.head(), findings };
        for audit in audits {
            report.files = report.files.saturating_add(audit.files);
            report.bytes = report.bytes.saturating_add(audit.bytes);
            Extend::extend(&mut report.findings, audit.findings);
        }
        Ok(report)
    }

    /// Write into the log that everything was checked, and what came of it.
    ///
    /// # Errors
    /// What the system says.
    pub fn note_check(&self, report: &Report, act: &Act, context: &Context) -> Result<()> {
        let outcome = if report.is_sound() { Outcome::Success } else { Outcome::Failure };
        let mut event = act.event(Kind::FixityCheck, None, outcome);
        let serious = report.findings.iter().filter(|f| f.code.severity >= Severity::Contradiction).count();
        for (name, count) in [("objects", report.objects), ("files", report.files), ("bytes", report.bytes)] {
            event.detail.insert(name.into(), count.into());
        }
        event.detail.insert("findings".into(), Value::from(serious as u64));
        Writing::begin(self, act, context)?.note(event)
    }

    /// The chain of the log.
    fn check_log(&self, findings: &mut Findings, context: &Context) -> Result<History> {
        let mut history = History { whole: true, ..History::default() };
        let mut prev = Some(Head::default());
        self.log().lines(1, context, |at| {
            let line = match &prev {
                Some(prev) => open(&at.bytes, prev),
                // The line before could not be read: nothing to hold it against.
                None => self::unlinked(&at.bytes),
            };
            let place = format!("events/{}:{}", at.file, at.number);
            if let Some(broken) = &line.broken {
                findings.push(finding(&VAULT_LOG_BROKEN, &place, broken.to_string()));
                history.whole = false;
            } else if !at.ended {
                findings.push(finding(&VAULT_HALF_DONE, &place, "the last line has no end"));
            }
            prev = line.head.clone();
            history.hashes.push(line.head.map(|head| head.hash).unwrap_or_default());
            if let Some(event) = line.event {
                history.add(event, &at);
            }
            Ok(())
        })?;
        let files = self.log().files()?;
        let known: BTreeSet<_> = files.iter().map(|number| self.log().path(*number)).collect();
        for path in entries(self.log().folder())?.iter().filter(|path| !known.contains(*path)) {
            findings.push(finding(&VAULT_UNEXPECTED, &self.place_of(path), "this is no part of the log"));
        }
        if history.hashes.is_empty() {
            findings.push(finding(&VAULT_LOG_CUT, "events", "the log is empty"));
        }
        Ok(history)
    }

    /// What is the same in every vault.
    fn check_frame(&self, findings: &mut Findings, context: &Context) {
        let root = |(path, text): &(&str, &str)| (format!("ocfl/{path}"), (*text).to_owned());
        let own = (super::DECLARATION.to_owned(), super::declaration());
        for (path, text) in ocfl::ROOT_FILES.iter().map(root).chain([own]) {
            match read(&self.path(&path), context) {
                Ok(bytes) if bytes == text.as_bytes() => {}
                Ok(_) => findings.push(finding(&VAULT_CHANGED, &path, "it does not hold what every vault holds")),
                Err(error) => findings.push(finding(&VAULT_MISSING, &path, error.to_string())),
            }
        }
    }

    fn check_inbox(&self, findings: &mut Findings) -> Result<()> {
        for path in entries(&self.inbox())? {
            findings.push(finding(&VAULT_HALF_DONE, &self.place_of(&path), "a batch that was not ended"));
        }
        Ok(())
    }

    /// Everything in the storage root is the object of somebody, or above one.
    fn check_places(&self, history: &History, findings: &mut Findings) -> Result<()> {
        let ocfl = self.ocfl();
        let objects: BTreeSet<_> = history.objects.keys().map(|id| self.object(id)).collect();
        let mut expected: BTreeSet<&Path> = BTreeSet::new();
        for object in &objects {
            expected.extend(object.ancestors().skip(1).take_while(|above| *above != ocfl));
        }
        let files: Vec<_> = ocfl::ROOT_FILES.iter().map(|(path, _)| ocfl.join(path)).collect();
        for file in &files {
            expected.extend(file.ancestors().skip(1).take_while(|above| *above != ocfl));
        }
        let mut folders = vec![ocfl.clone()];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder)? {
                if objects.contains(&path) || files.contains(&path) {
                    continue;
                }
                let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
                if is_folder && expected.contains(path.as_path()) {
                    folders.push(path);
                } else {
                    let what = if history.whole { "no event names it" } else { "no event that can be read names it" };
                    findings.push(finding(&VAULT_UNEXPECTED, &self.place_of(&path), what));
                }
            }
        }
        Ok(())
    }

    /// The index is a cache; that it may be wrong is no damage. What it knows of
    /// the log may be more than the log itself does.
    fn check_index(&self, history: &History, findings: &mut Findings) {
        let checked = Index::open(&self.path(index::FILE)).and_then(|index| {
            index.check()?;
            Ok((index.head()?, index.objects()?, index.twins()?))
        });
        let (head, rows, twins) = match checked {
            Ok(read) => read,
            Err(error) => return findings.push(finding(&VAULT_INDEX, index::FILE, error.to_string())),
        };
        Extend::extend(findings, history.fault(&head, "the index"));
        let newest = |id: &str| history.objects.get(id).and_then(|versions| versions.last());
        let right = |row: &index::ObjectRow| {
            newest(&row.id).is_some_and(|last| last.version == row.version && last.inventory == row.inventory)
        };
        let wrong = rows.iter().filter(|row| !right(row)).count();
        let missing = history.objects.len().saturating_sub(rows.len());
        if wrong > 0 || missing > 0 || head != history.head() {
            let what = format!("{wrong} carriers are not as in the log, {missing} are missing");
            findings.push(finding(&VAULT_INDEX, index::FILE, what));
        }
        Extend::extend(findings, twins.iter().map(|ids| finding(&VAULT_SAME_DATA, "ocfl", ids.join(", "))));
    }

    /// A path below the vault, as findings name it.
    fn place_of(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        floptical_io::text::show(below.to_string_lossy().replace('\\', "/").as_bytes())
    }
}

impl History {
    fn add(&mut self, event: Event, at: &At) {
        if !matches!(event.kind, Kind::Ingestion | Kind::Modification) {
            return;
        }
        let text = |name| event.text(name).unwrap_or_default().to_owned();
        let logged = Logged { version: text("version"), inventory: text("inventory"), place: at.place };
        self.objects.entry(event.object.unwrap_or_default()).or_default().push(logged);
    }
}

/// A line, held against itself alone.
fn unlinked(bytes: &[u8]) -> Line {
    let line = open(bytes, &Head::default());
    let before =
        line.event.as_ref().map(|event| Head { events: event.seq.saturating_sub(1), hash: event.prev.clone() });
    before.map_or(line, |before| open(bytes, &before))
}

/// The id of an object that carriers have in OCFL, for messages.
fn named(id: &str) -> String {
    floptical_io::text::show(object_id(id).as_bytes())
}
