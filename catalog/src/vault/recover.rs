//! One who writes: takes the lock, first ends what others left half done, then
//! adds its own batch.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use floptical_io::disk::failed;
use floptical_model::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::disk::Disk;
use super::index::{self, Index};
use super::lock::{Hold, Lock};
use super::log::End;
use super::object::{Entry, Sealed, place};
use super::{Act, Vault, object_id};
use crate::event::{Event, Head, Kind, Outcome, open};
use crate::fixity::hex;
use crate::ocfl::path_of_digest;

/// What half-done work was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Carriers that the log named already: they were put into their places.
    pub finished: Vec<String>,
    /// Entries that the log did not name: they were removed.
    pub removed: u64,
    /// True when the last line of the log was not whole.
    pub mended_log: bool,
    /// Events that the index had missed.
    pub indexed: u64,
}

impl Recovered {
    /// True when there was nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One who writes.
pub(super) struct Writing<'a> {
    vault: &'a Vault,
    act: &'a Act,
    _lock: Lock,
    end: End,
    pub(super) index: Index,
}

/// Where, by whom and after what is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) disk: &'a Disk,
    pub(super) act: &'a Act,
    pub(super) head: &'a Head,
}

impl<'a> Writing<'a> {
    /// Take the lock and end what is half done.
    pub(super) fn begin(vault: &'a Vault, act: &'a Act, context: &Context) -> Result<Self> {
        Ok(Self::recover(vault, act, false, context)?.0)
    }

    /// The same, and say what was found; `anew` makes the index from nothing.
    pub(super) fn recover(vault: &'a Vault, act: &'a Act, anew: bool, context: &Context) -> Result<(Self, Recovered)> {
        let lock = Lock::take(&vault.path("lock"), Hold::Alone, context)?;
        let mut found = Recovered::default();
        let end = vault.log().end()?;
        found.mended_log = end.torn > 0;
        let end = vault.log().mend(&vault.disk, end)?;
        vault.empty_inbox(&mut found, context)?;
        let index = vault.index_in_step(&end, anew, &mut found, context)?;
        let mut writing = Self { vault, act, _lock: lock, end, index };
        if !found.finished.is_empty() || found.removed > 0 || found.mended_log {
            let mut event = act.event(Kind::Recovery, None, Outcome::Success);
            event.detail.insert("finished".into(), found.finished.iter().cloned().map(Value::from).collect());
            event.detail.insert("removed".into(), found.removed.into());
            writing.note(event)?;
        }
        Ok((writing, found))
    }

    /// How far the log goes.
    pub(super) fn head(&self) -> &Head {
        &self.end.head
    }

    /// What a draft needs to know to be sealed.
    pub(super) fn setting(&self) -> Setting<'_> {
        Setting { disk: &self.vault.disk, act: self.act, head: &self.end.head }
    }

    /// The folder for a batch, named by the event that will be its first.
    pub(super) fn batch(&self) -> Result<PathBuf> {
        let folder = self.vault.inbox().join(format!("{:012}", self.end.head.events.saturating_add(1)));
        self.vault.disk.make_folder(&folder)?;
        Ok(folder)
    }

    /// Take back a batch that is not in the log. What this cannot remove the
    /// next one who writes does.
    pub(super) fn abandon(&self, batch: &Path) {
        let _ = self.vault.disk.remove(batch);
    }

    /// Log an event that changes no object.
    pub(super) fn note(&mut self, event: Event) -> Result<()> {
        let (end, lines) = self.vault.log().append(&self.vault.disk, &self.end, vec![event])?;
        self.end = end;
        // A cache: who comes next brings it into step.
        let _ = self.index.change(|change| change.events(&lines));
        Ok(())
    }

    /// Make a batch last, name it in the log, put it into its place. Gives back
    /// the index, for questions about what was added.
    pub(super) fn commit(mut self, batch: &Path, kind: Kind, sealed: &[Sealed]) -> Result<Index> {
        let vault = self.vault;
        if sealed.is_empty() {
            self.abandon(batch);
            return Ok(self.index);
        }
        let events = sealed.iter().map(|sealed| sealed.event(kind, self.act)).collect();
        let made = vault.make_places(sealed).and_then(|()| vault.disk.sync_below(batch));
        let appended = made.and_then(|()| vault.log().append(&vault.disk, &self.end, events));
        let (end, lines) = match appended {
            Ok(appended) => appended,
            Err(error) => {
                self.abandon(batch);
                sealed.iter().for_each(|sealed| vault.remove_place(&sealed.target()));
                return Err(error);
            }
        };
        self.end = end;
        for sealed in sealed {
            let from = batch.join(sealed.entry.name(&sealed.digits));
            place(&vault.disk, &from, sealed.entry, &vault.ocfl().join(sealed.target()))?;
        }
        vault.sync_places(sealed.iter().map(Sealed::target))?;
        vault.disk.remove(batch)?;
        // A cache: who comes next brings it into step.
        let _ = self.index.change(|change| {
            sealed.iter().try_for_each(|s| change.object(&s.record, &s.version, &s.inventory))?;
            change.events(&lines)
        });
        Ok(self.index)
    }
}

impl Vault {
    /// End what is half done and make the index anew from log and objects.
    ///
    /// # Errors
    /// What the system says; `Malformed` when the end of the log is no event.
    pub fn rebuild(&self, act: &Act, context: &Context) -> Result<Recovered> {
        Writing::recover(self, act, true, context).map(|(_, found)| found)
    }

    /// Make the folders above the places of new objects.
    fn make_places(&self, sealed: &[Sealed]) -> Result<()> {
        let new = sealed.iter().filter(|sealed| sealed.entry == Entry::New);
        new.map(|sealed| self.ocfl().join(sealed.target()))
            .filter_map(|place| place.parent().map(Path::to_owned))
            .try_for_each(|folder| self.disk.make_folder(&folder))
    }

    /// Make the names of objects last, and those of the folders above them.
    fn sync_places(&self, targets: impl Iterator<Item = String>) -> Result<()> {
        let ocfl = self.ocfl();
        let mut folders: Vec<PathBuf> = Vec::new();
        for target in targets {
            let place = ocfl.join(target);
            folders.extend(place.ancestors().take_while(|above| above.starts_with(&ocfl)).map(Path::to_owned));
        }
        folders.retain(|folder| folder.is_dir());
        folders.sort_unstable();
        folders.dedup();
        self.disk.sync(&folders)
    }

    /// Remove the folders above a place where nothing is.
    fn remove_place(&self, target: &str) {
        if let Some(folder) = self.ocfl().join(target).parent() {
            // Left over, they are named by `verify` and used by the next batch.
            let _ = self.disk.prune(folder, &self.ocfl());
        }
    }

    /// Go through the inbox: what the log names is put into its place, the rest
    /// is removed.
    fn empty_inbox(&self, found: &mut Recovered, context: &Context) -> Result<()> {
        for batch in entries(&self.inbox())? {
            let name = batch.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Ok(first) = name.parse::<u64>() else { continue };
            let logged = self.logged_since(first, context)?;
            for path in entries(&batch)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let Some((entry, digits)) = Entry::of_name(&name) else { continue };
                let target = path_of_digest(digits);
                match logged.get(digits) {
                    Some(id) => {
                        place(&self.disk, &path, entry, &self.ocfl().join(&target))?;
                        found.finished.push(id.clone());
                    }
                    None => {
                        self.disk.remove(&path)?;
                        self.remove_place(&target);
                        found.removed = found.removed.saturating_add(1);
                    }
                }
            }
            self.sync_places(logged.keys().map(|digits| path_of_digest(digits)))?;
            self.disk.remove(&batch)?;
        }
        Ok(())
    }

    /// The carriers that the log names from event `first` on, by the SHA-256 of
    /// their objects' ids.
    fn logged_since(&self, first: u64, context: &Context) -> Result<BTreeMap<String, String>> {
        let mut logged = BTreeMap::new();
        self.log().lines(first, context, |at| {
            let line = open(&at.bytes, &Head::default());
            if let Some(event) = line.event.filter(|event| event.seq >= first)
                && let Some(id) = event.object
                && matches!(event.kind, Kind::Ingestion | Kind::Modification)
            {
                logged.insert(hex(&Sha256::digest(object_id(&id).as_bytes())), id);
            }
            Ok(())
        })?;
        Ok(logged)
    }

    /// The index, with all that the log has; made anew where it is not of this
    /// log.
    fn index_in_step(&self, end: &End, anew: bool, found: &mut Recovered, context: &Context) -> Result<Index> {
        let path = self.path(index::FILE);
        if !anew
            && let Ok(mut index) = Index::open(&path)
            && let Ok(head) = index.head()
            && self.catch_up(&mut index, &head, end, found, context).unwrap_or(false)
        {
            return Ok(index);
        }
        let beside = self.path(".index.part");
        Index::remove(&beside)?;
        let mut index = Index::create(&beside)?;
        self.catch_up(&mut index, &Head::default(), end, found, context)?;
        index.close()?;
        Index::remove(&path)?;
        self.disk.rename(&beside, &path)?;
        Index::open(&path)
    }

    /// Bring an index that stands at `from` up to the end of the log; false
    /// when the log does not know that head.
    fn catch_up(
        &self,
        index: &mut Index,
        from: &Head,
        end: &End,
        found: &mut Recovered,
        context: &Context,
    ) -> Result<bool> {
        const AT_ONCE: usize = 1000;
        if *from == end.head {
            return Ok(true);
        }
        let mut known = from.events == 0;
        let mut lines = Vec::new();
        self.log().lines(from.events, context, |at| {
            let line = open(&at.bytes, &Head::default());
            let Some(head) = line.head else { return Ok(()) };
            known |= head == *from;
            if known && head.events > from.events {
                lines.push(String::from_utf8_lossy(&at.bytes).into_owned());
                found.indexed = found.indexed.saturating_add(1);
            }
            if lines.len() >= AT_ONCE {
                context.progress("indexing", head.events, end.head.events);
                self.index_lines(index, &std::mem::take(&mut lines), context)?;
            }
            Ok(())
        })?;
        self.index_lines(index, &lines, context)?;
        Ok(known)
    }

    /// Index events, and the objects that they changed as they are now.
    fn index_lines(&self, index: &mut Index, lines: &[String], context: &Context) -> Result<()> {
        index.change(|change| {
            for line in lines {
                let event = open(line.as_bytes(), &Head::default()).event;
                let changed = event.filter(|e| matches!(e.kind, Kind::Ingestion | Kind::Modification));
                let Some(id) = changed.and_then(|event| event.object) else { continue };
                // What is damaged is not found by its words until it is mended;
                // `verify` names it.
                if let Ok((inventory, record)) = self.load(&id, context) {
                    let digest = inventory.to_json().map(|(_, digest)| digest).unwrap_or_default();
                    change.object(&record, &inventory.head, &digest)?;
                }
            }
            change.events(lines)
        })
    }
}

/// What lies in a folder, sorted.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = fs::read_dir(folder).map_err(|e| failed("list", folder, e))?;
    let mut paths = list
        .map(|entry| entry.map(|entry| entry.path()).map_err(|e| failed("list", folder, e)))
        .collect::<Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}
