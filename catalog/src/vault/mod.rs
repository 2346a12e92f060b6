//! A vault on disk.
//!
//! ```text
//! VAULT/vault.yaml     what this is: its version
//! VAULT/ocfl/          an OCFL 1.1 storage root, one object for a carrier
//! VAULT/events/        what happened: 0001.jsonl..., one chain through all
//! VAULT/index.sqlite   a cache of both, to search in
//! VAULT/inbox/         what is being written
//! VAULT/lock           held by whoever writes
//! VAULT/reports/, VAULT/copies/   for whoever makes them
//! ```
//!
//! Content is written into a folder of the inbox, made to last with one sync,
//! then named in the log: with that line it is added. Then its objects are
//! renamed into their places. Whoever writes next first looks into the inbox:
//! what the log names is moved into its place, what it does not name was never
//! acknowledged and is removed. So no moment is wrong to die at.
//!
//! Times are parameters: whoever calls has the clock.

mod disk;
mod edit;
mod export;
mod foreign;
mod index;
mod ingest;
mod lock;
mod log;
mod object;
mod recover;
mod verify;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use floptical_io::disk::{failed, open as open_file};
use floptical_io::text::show;
use floptical_model::{Context, Error, ErrorKind, Result};
use jiff::Timestamp;

pub use disk::Fault;
pub use export::Exported;
pub use foreign::{RootReport, is_root, verify_root};
pub use index::{FileRow, Found, ObjectRow};
pub use ingest::{Item, ItemFile, Outcome, Receipt};
pub use recover::Recovered;
pub use verify::Report;

use crate::event::{Agent, Event, Head, Kind, Outcome as How};
use crate::ocfl;
use crate::record::Record;
use disk::Disk;
use index::Index;
use log::Log;

/// What each act on a vault is told: who acts, and when.
#[derive(Debug, Clone)]
pub struct Act {
    /// Who, with what.
    pub agent: Agent,
    /// The time, for records and events.
    pub time: Timestamp,
}

impl Act {
    /// An event of this act; number and link come with its line.
    fn event(&self, kind: Kind, object: Option<&str>, outcome: How) -> Event {
        Event {
            agent: self.agent.clone(),
            detail: std::collections::BTreeMap::new(),
            kind,
            object: object.map(str::to_owned),
            outcome,
            prev: String::new(),
            seq: 0,
            time: self.time,
        }
    }
}

/// A vault that is open. It is `Sync`; what changes it takes the lock for as
/// long as it works, so that several processes may have it open.
#[derive(Debug)]
pub struct Vault {
    root: PathBuf,
    disk: Disk,
    jobs: usize,
}

const DECLARATION: &str = "vault.yaml";
const FAMILY: &str = "floptical/vault/";
const VERSION: u32 = 0;

/// What `vault.yaml` holds.
fn declaration() -> String {
    format!("schema: {FAMILY}{VERSION}\n")
}

const FOLDERS: [&str; 5] = ["ocfl", "events", "inbox", "reports", "copies"];

impl Vault {
    /// Make a new vault. The path may be free, or an empty folder.
    ///
    /// # Errors
    /// What the system says; `Malformed` where something is already.
    pub fn create(root: &Path, act: &Act) -> Result<Self> {
        Self::create_on(root, act, Disk::default())
    }

    /// The same on a disk that fails: for tests.
    ///
    /// # Errors
    /// As [`Vault::create`], and what the fault brings.
    pub fn create_failing(root: &Path, act: &Act, fault: Fault) -> Result<Self> {
        Self::create_on(root, act, Disk::failing(fault))
    }

    fn create_on(root: &Path, act: &Act, disk: Disk) -> Result<Self> {
        let taken = match fs::read_dir(root) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_) => root.symlink_metadata().is_ok(),
        };
        if taken {
            let what = format!("{} is there already; a vault needs a free name or an empty folder", shown(root));
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        let name = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned();
        let beside = root.with_file_name(format!(".{name}.part"));
        disk.remove(&beside)?;
        let filled = Self { root: beside.clone(), disk, jobs: 1 };
        let made = filled.fill(act).and_then(|()| {
            filled.disk.rename(&beside, root)?;
            let above = root.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            filled.disk.sync(&[above.to_owned()])
        });
        if made.is_err() {
            // The error is worth more than what the cleaning says.
            let _ = filled.disk.remove(&beside);
        }
        made?;
        Ok(Self { root: root.to_owned(), jobs: jobs(), ..filled })
    }

    fn fill(&self, act: &Act) -> Result<()> {
        for folder in FOLDERS {
            self.disk.make_folder(&self.path(folder))?;
        }
        for (path, text) in ocfl::ROOT_FILES {
            let path = self.ocfl().join(path);
            if let Some(folder) = path.parent() {
                self.disk.make_folder(folder)?;
            }
            self.disk.write(&path, text.as_bytes())?;
        }
        self.disk.write(&self.path("lock"), b"")?;
        self.disk.write(&self.path(DECLARATION), declaration().as_bytes())?;
        let end = log::End::default();
        let (_, lines) = self.log().append(&self.disk, &end, vec![act.event(Kind::Creation, None, How::Success)])?;
        let mut index = Index::create(&self.path(index::FILE))?;
        index.change(|change| change.events(&lines))?;
        index.close()?;
        self.disk.sync_below(&self.root)
    }

    /// Open a vault. Nothing is written by that.
    ///
    /// # Errors
    /// `Unknown` for a folder that is no vault, `Unsupported` for a vault of a
    /// newer version; what the system says.
    pub fn open(root: &Path) -> Result<Self> {
        let file = root.join(DECLARATION);
        if fs::metadata(root).map_err(|e| failed("open", root, e))?.is_dir() && !file.exists() {
            let what = format!("{} is no vault: it holds no {DECLARATION}; `catalog init` makes one", shown(root));
            return Err(Error::new(ErrorKind::Unknown, what));
        }
        let text = read(&file, &Context::default())?;
        if text != declaration().as_bytes() {
            return Err(foreign(root, &text));
        }
        Ok(Self { root: root.to_owned(), disk: Disk::default(), jobs: jobs() })
    }

    /// True for a folder that says that it is a vault, of whatever version.
    pub fn is_vault(root: &Path) -> bool {
        root.join(DECLARATION).is_file()
    }

    /// The same vault, worked on with so many threads.
    #[must_use]
    pub fn with_jobs(self, jobs: NonZeroUsize) -> Self {
        Self { jobs: jobs.get(), ..self }
    }

    /// The same vault on a disk that fails: for tests.
    #[must_use]
    pub fn failing(self, fault: Fault) -> Self {
        Self { disk: Disk::failing(fault), ..self }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where reports about it lie.
    pub fn reports(&self) -> PathBuf {
        self.path("reports")
    }

    /// Where copies for emulators lie.
    pub fn copies(&self) -> PathBuf {
        self.path("copies")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn ocfl(&self) -> PathBuf {
        self.path("ocfl")
    }

    fn inbox(&self) -> PathBuf {
        self.path("inbox")
    }

    fn log(&self) -> Log {
        Log::new(self.path("events"))
    }

    fn index(&self) -> Result<Index> {
        Index::open(&self.path(index::FILE))
    }

    /// The folder of a carrier's object.
    fn object(&self, id: &str) -> PathBuf {
        self.ocfl().join(ocfl::object_path(&object_id(id)))
    }

    /// How far the log goes. Kept somewhere else, it shows later that nothing
    /// was cut off.
    ///
    /// # Errors
    /// What the system says; `Malformed` when the log is broken at its end.
    pub fn head(&self) -> Result<Head> {
        Ok(self.log().end()?.head)
    }

    /// True when the index lacks events of the log: somebody writes just now, or
    /// died while writing. Who writes next brings it into step.
    ///
    /// # Errors
    /// As [`Vault::head`] and [`Vault::list`].
    pub fn is_index_behind(&self) -> Result<bool> {
        Ok(self.index()?.head()? != self.head()?)
    }

    /// Every event, in order. A line that is broken is left out; `verify` names
    /// it.
    ///
    /// # Errors
    /// What the system says, what `take` says.
    pub fn events(&self, context: &Context, take: impl FnMut(Event) -> Result<()>) -> Result<()> {
        self.log().events(context, take)
    }

    /// All carriers, by id.
    ///
    /// # Errors
    /// `Malformed` when the index cannot be read: `rebuild` makes it anew.
    pub fn list(&self) -> Result<Vec<ObjectRow>> {
        self.index()?.objects()
    }

    /// The carrier of this id.
    ///
    /// # Errors
    /// As [`Vault::list`]; `Unknown` when there is none.
    pub fn find(&self, id: &str) -> Result<ObjectRow> {
        self.index()?.object(id)?.ok_or_else(|| self.no_carrier(id))
    }

    /// Carriers with this digest of a file, or with this identity (L1, L2), in
    /// hexadecimal digits.
    ///
    /// # Errors
    /// As [`Vault::list`].
    pub fn find_digest(&self, digits: &str) -> Result<Vec<Found>> {
        self.index()?.by_digest(&digits.to_ascii_lowercase())
    }

    /// Carriers whose record holds all these words.
    ///
    /// # Errors
    /// As [`Vault::list`].
    pub fn search(&self, words: &str) -> Result<Vec<Found>> {
        self.index()?.by_text(words)
    }

    /// Groups of carriers that hold the same data (L2).
    ///
    /// # Errors
    /// As [`Vault::list`].
    pub fn twins(&self) -> Result<Vec<Vec<String>>> {
        self.index()?.twins()
    }

    /// The record of a carrier, as its object holds it.
    ///
    /// # Errors
    /// `Unknown` when there is no such carrier; what is wrong with the record.
    pub fn record(&self, id: &str, context: &Context) -> Result<Record> {
        let path = self.content(id, RECORD, context)?;
        Record::from_yaml(&read(&path, context)?)
    }

    /// Where a file of a carrier lies, by its path in the record.
    ///
    /// # Errors
    /// As [`Vault::record`].
    pub fn content(&self, id: &str, path: &str, context: &Context) -> Result<PathBuf> {
        let folder = self.object(id);
        if !folder.is_dir() {
            return Err(self.no_carrier(id));
        }
        let inventory = ocfl::parse(&read(&folder.join(ocfl::INVENTORY), context)?)?;
        let content = inventory.find(path).filter(|content| ocfl::is_safe_path(content));
        let content = content
            .ok_or_else(|| Error::new(ErrorKind::Unknown, format!("{id} has no file {}", show(path.as_bytes()))))?;
        Ok(folder.join(content))
    }

    fn no_carrier(&self, id: &str) -> Error {
        Error::new(ErrorKind::Unknown, format!("there is no carrier {} in {}", show(id.as_bytes()), shown(&self.root)))
    }
}

/// Name of the record in an object.
pub const RECORD: &str = "record.yaml";

/// Scheme of the ids of objects: OCFL wants URIs.
const SCHEME: &str = "floptical:";

/// The OCFL id of a carrier.
fn object_id(id: &str) -> String {
    format!("{SCHEME}{id}")
}

/// A path, safe to show.
fn shown(path: &Path) -> String {
    show(path.as_os_str().as_encoded_bytes())
}

/// All bytes of a file, within the budget.
fn read(path: &Path, context: &Context) -> Result<Vec<u8>> {
    open_file(path)?.all(context)
}

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Why this is not a vault of ours.
fn foreign(root: &Path, text: &[u8]) -> Error {
    let text = String::from_utf8_lossy(text);
    let version =
        text.strip_prefix("schema: ").and_then(|rest| rest.lines().next()?.strip_prefix(FAMILY)?.parse::<u32>().ok());
    match version {
        Some(version) if version > VERSION => Error::unsupported(format!(
            "{} is a vault of version {version}; version {VERSION} is read and written here",
            shown(root)
        )),
        _ => Error::new(ErrorKind::Malformed, format!("{}/{DECLARATION} does not say what this vault is", shown(root))),
    }
}

/// Work on many things with several threads; the results are in the order of
/// the things. The first error wins.
fn each<T: Sync, R: Send>(jobs: usize, things: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let failed = std::sync::atomic::AtomicBool::new(false);
    let run = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(at) else { break };
            let result = work(thing);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((at, result));
        }
        done
    };
    let workers = jobs.min(things.len());
    let mut all = if workers <= 1 {
        run()
    } else {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(run)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<_>>| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            threads.into_iter().flat_map(join).collect()
        })
    };
    all.sort_unstable_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}
