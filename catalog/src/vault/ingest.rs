//! Adding carriers, a batch at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use floptical_io::Source;
use floptical_io::text::safe_name;
use floptical_model::{Context, Error, ErrorKind, Result};

use super::index::Index;
use super::object::{Copied, Copy, Draft, Sealed, copy, sums};
use super::recover::{Setting, Writing};
use super::{Act, Vault, each, object_id, read};
use crate::event::{Head, Kind};
use crate::fixity::{TOGETHER, blake3, hex};
use crate::ocfl;
use crate::record::{Claim, FileRole, Measured, MeasuredFile, MeasuredImage, Provenance, Record};

/// A carrier to be added: its files and what is known of it.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// What it is called where it comes from; its id is made of it.
    pub name: String,
    /// The id that a person wants.
    pub id: Option<String>,
    /// Its files.
    pub files: Vec<ItemFile>,
    /// What a person says.
    pub provenance: Provenance,
    /// What was measured of its images.
    pub images: Vec<MeasuredImage>,
    /// What its containers claim.
    pub claimed: Vec<Claim>,
}

/// A file of a carrier.
#[derive(Debug, Clone)]
pub struct ItemFile {
    /// What it is to the carrier.
    pub role: FileRole,
    /// Its bytes; its name is kept in the record.
    pub source: Source,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is a new carrier.
    Added,
    /// Files that are new were added to a carrier that was there.
    Extended,
    /// All of it was there already; nothing was written.
    Already,
}

/// The vault's word that an item is safe.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Receipt {
    /// Id of the carrier.
    pub id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Its newest version.
    pub version: String,
    /// Other carriers that hold the same data (L2).
    pub same_data: Vec<String>,
}

/// What is to be done with an item.
enum Plan {
    /// Nothing: it is this carrier.
    There(String),
    /// Nothing: it is the same as this item of the batch.
    Same(usize),
    /// These files (by number) make a new carrier or version.
    Write { id: String, base: Option<Box<(ocfl::Inventory, Record)>>, files: Vec<usize> },
}

impl Vault {
    /// Files that a batch holds at most, for whoever cuts a long list: more
    /// would only hold up other writers.
    pub const BATCH_FILES: usize = 512;
    /// Bytes that a batch holds at most, unless a single item has more.
    pub const BATCH_BYTES: u64 = 256 << 20;

    /// Add carriers: all or none. What is told with `Ok` is safe. An item whose
    /// files (names and bytes) are those of a carrier that is there is
    /// recognised; one that brings further files makes a new version of it.
    /// Progress is told as `adding`, in bytes.
    ///
    /// # Errors
    /// What the system says, what a source says; `Unsupported` when a wanted id
    /// is taken by other content. The vault is then as it was.
    pub fn ingest(&self, items: &[Item], act: &Act, context: &Context) -> Result<Vec<Receipt>> {
        let writing = Writing::begin(self, act, context)?;
        let plans = self.plan(&writing.index, items, context)?;
        let batch = writing.batch()?;
        let staged = self.stage(&batch, items, &plans, writing.setting(), context);
        let sealed = match staged {
            Ok(sealed) => sealed,
            Err(error) => {
                writing.abandon(&batch);
                return Err(error);
            }
        };
        let versions: BTreeMap<String, String> = sealed.iter().map(|s| (s.id.clone(), s.version.clone())).collect();
        let index = writing.commit(&batch, Kind::Ingestion, &sealed)?;
        plans.iter().map(|plan| receipt(&plans, plan, &versions, &index)).collect()
    }

    /// Add carriers as [`Vault::ingest`], but for those whose files cannot be
    /// read: each of these is told, and stops nobody else.
    ///
    /// # Errors
    /// As [`Vault::ingest`], when every file can be read.
    pub fn ingest_readable(&self, items: &[Item], act: &Act, context: &Context) -> Result<Vec<Result<Receipt>>> {
        let whole = match self.ingest(items, act, context) {
            Ok(receipts) => return Ok(receipts.into_iter().map(Ok).collect()),
            Err(error) => error,
        };
        // Sources and the vault's own disk fail alike: read to tell them apart.
        context.step(0)?;
        let failed: Vec<Option<Error>> = items.iter().map(|item| identify(item, context).err()).collect();
        if failed.iter().all(Option::is_none) {
            return Err(whole);
        }
        let readable: Vec<Item> =
            items.iter().zip(&failed).filter(|(_, failed)| failed.is_none()).map(|(item, _)| item.clone()).collect();
        let mut receipts = self.ingest(&readable, act, context)?.into_iter();
        let of = |failed: Option<Error>| match failed {
            Some(error) => Some(Err(error)),
            None => receipts.next().map(Ok),
        };
        Ok(failed.into_iter().filter_map(of).collect())
    }

    /// The carrier that an item is, where all its files (names and bytes) are
    /// there already. Nothing is written.
    ///
    /// # Errors
    /// What a source or the index says.
    pub fn recognise(&self, item: &Item, context: &Context) -> Result<Option<Receipt>> {
        let Some(first) = item.files.first() else { return Ok(None) };
        let index = self.index()?;
        let mut candidates = index.by_name_and_size(first.source.name(), first.source.len())?;
        candidates.retain(|id| item.id.as_ref().is_none_or(|own| own == id));
        if candidates.is_empty() {
            return Ok(None);
        }
        let own = identify(item, context)?;
        for id in candidates {
            let there = index.identity_of(&id)?;
            if own.iter().all(|file| there.contains(file)) {
                let plan = Plan::There(id);
                return receipt(&[], &plan, &BTreeMap::new(), &index).map(Some);
            }
        }
        Ok(None)
    }

    fn plan(&self, index: &Index, items: &[Item], context: &Context) -> Result<Vec<Plan>> {
        let mut taken = BTreeSet::new();
        let mut plans = Vec::with_capacity(items.len());
        let first = |item: &Item| item.files.first().map(|file| (file.source.name().to_owned(), file.source.len()));
        let mut seen: BTreeMap<(String, u64), Vec<usize>> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            let Some(key) = first(item) else {
                return Err(Error::new(ErrorKind::Malformed, format!("{} has no file", item.name)));
            };
            let earlier = seen.entry(key).or_default();
            let same = self.same_as(items, item, earlier, context)?;
            earlier.push(at);
            plans.push(match same {
                Some(of) => Plan::Same(of),
                None => self.plan_one(index, item, &mut taken, context)?,
            });
        }
        Ok(plans)
    }

    /// The earlier item of this batch that is the same.
    fn same_as(&self, items: &[Item], item: &Item, earlier: &[usize], context: &Context) -> Result<Option<usize>> {
        for at in earlier {
            let Some(other) = items.get(*at).filter(|other| other.id == item.id) else { continue };
            if identify(item, context)? == identify(other, context)? {
                return Ok(Some(*at));
            }
        }
        Ok(None)
    }

    fn plan_one(&self, index: &Index, item: &Item, taken: &mut BTreeSet<String>, context: &Context) -> Result<Plan> {
        let first = item.files.first().map_or(("", 0), |file| (file.source.name(), file.source.len()));
        let mut candidates = index.by_name_and_size(first.0, first.1)?;
        if let Some(id) = &item.id {
            candidates.retain(|candidate| candidate == id);
        }
        if !candidates.is_empty() {
            let own = identify(item, context)?;
            for id in candidates {
                let there = index.identity_of(&id)?;
                let missing: Vec<usize> =
                    (0..own.len()).filter(|at| own.get(*at).is_some_and(|f| !there.contains(f))).collect();
                if missing.is_empty() {
                    return Ok(Plan::There(id));
                }
                let of = |at: &usize| item.files.get(*at).map(|file| file.role);
                if missing.iter().all(|at| of(at) != Some(FileRole::Original)) {
                    let base = Some(Box::new(self.load(&id, context)?));
                    return Ok(Plan::Write { id, base, files: missing });
                }
            }
        }
        let free = |id: &str, taken: &BTreeSet<String>| -> Result<bool> {
            Ok(!taken.contains(id) && index.object(id)?.is_none() && !self.object(id).exists())
        };
        let id = match &item.id {
            Some(id) if !is_id(id) => {
                return Err(Error::unsupported(format!(
                    "`{id}` is no id: letters, digits, `-`, `_`, `.`, not at its ends, at most 80"
                )));
            }
            Some(id) if !free(id, taken)? => {
                return Err(Error::unsupported(format!("the id `{id}` is taken by another carrier")));
            }
            Some(id) => id.clone(),
            None => {
                let wish = id_of(&item.name);
                let mut id = wish.clone();
                let mut number = 2u64;
                while !free(&id, taken)? {
                    id = format!("{wish}-{number}");
                    number = number.saturating_add(1);
                }
                id
            }
        };
        taken.insert(id.clone());
        Ok(Plan::Write { id, base: None, files: (0..item.files.len()).collect() })
    }

    /// Copy files, several at once, and those of one length together; the
    /// results are in the order of the files.
    fn copy_all(&self, copies: &[Copy<'_>], context: &Context) -> Result<Vec<Copied>> {
        let total: u64 = copies.iter().map(|copy| copy.source.len()).sum();
        let done = AtomicU64::new(0);
        let mut numbered: Vec<(usize, Copy<'_>)> = copies.iter().copied().enumerate().collect();
        numbered.sort_by_key(|(_, copy)| copy.source.len());
        let alike = numbered.chunk_by(|(_, a), (_, b)| a.source.len() == b.source.len());
        let groups: Vec<&[(usize, Copy<'_>)]> = alike.flat_map(|alike| alike.chunks(TOGETHER)).collect();
        let copied = each(self.jobs, &groups, |group| {
            let together: Vec<Copy<'_>> = group.iter().map(|(_, copy)| *copy).collect();
            let copied = copy(&self.disk, &together, context)?;
            let bytes = together.iter().map(|copy| copy.source.len()).sum();
            let so_far = done.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
            context.progress("adding", so_far, total);
            Ok(copied)
        })?;
        let numbers = groups.iter().flat_map(|group| group.iter().map(|(number, _)| *number));
        let mut all: Vec<(usize, Copied)> = numbers.zip(copied.into_iter().flatten()).collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        Ok(all.into_iter().map(|(_, copied)| copied).collect())
    }

    /// Inventory and record of a carrier, to be built on.
    pub(super) fn load(&self, id: &str, context: &Context) -> Result<(ocfl::Inventory, Record)> {
        let folder = self.object(id);
        if !folder.is_dir() {
            return Err(self.no_carrier(id));
        }
        let inventory = ocfl::parse(&read(&folder.join(ocfl::INVENTORY), context)?)?;
        if inventory.id != object_id(id) {
            return Err(Error::new(ErrorKind::Malformed, format!("the inventory of {id} names {}", inventory.id)));
        }
        Ok((inventory, self.record(id, context)?))
    }

    /// Write everything into the inbox, several objects and files at once.
    fn stage(
        &self,
        batch: &Path,
        items: &[Item],
        plans: &[Plan],
        setting: Setting<'_>,
        context: &Context,
    ) -> Result<Vec<Sealed>> {
        let staged: Vec<Staged<'_>> =
            items.iter().zip(plans).filter_map(|(item, plan)| Staged::of(batch, item, plan)).collect();
        each(self.jobs, &staged, |staged| {
            staged.draft.make_folders(&self.disk, staged.files.iter().map(|(_, path)| path.as_str()))
        })?;
        let copies: Vec<Copy<'_>> = staged.iter().flat_map(Staged::copies).collect();
        let mut copied = self.copy_all(&copies, context)?.into_iter();
        let whole: Vec<(&Staged<'_>, Vec<Copied>)> =
            staged.iter().map(|staged| (staged, copied.by_ref().take(staged.files.len()).collect())).collect();
        each(self.jobs, &whole, |(staged, copied)| staged.seal(copied, setting))
    }
}

/// An item on its way into the inbox.
struct Staged<'a> {
    item: &'a Item,
    base: Option<&'a Record>,
    draft: Draft,
    /// The files to be copied, and where they will lie.
    files: Vec<(&'a ItemFile, String)>,
}

impl<'a> Staged<'a> {
    fn of(batch: &Path, item: &'a Item, plan: &'a Plan) -> Option<Self> {
        let Plan::Write { id, base, files } = plan else { return None };
        let draft = Draft::new(batch, id, base.as_ref().map(|base| base.0.clone()));
        let there = base.iter().flat_map(|base| base.0.files()).map(|(path, ..)| path.to_lowercase());
        let mut taken: BTreeSet<String> = there.collect();
        let chosen = files.iter().filter_map(|at| item.files.get(*at));
        let files = chosen.map(|file| (file, logical_path(file, &mut taken))).collect();
        Some(Self { item, base: base.as_ref().map(|base| &base.1), draft, files })
    }

    fn copies(&self) -> impl Iterator<Item = Copy<'_>> {
        self.files.iter().map(|(file, path)| Copy { draft: &self.draft, source: &file.source, logical: path })
    }

    fn seal(&self, copied: &[Copied], setting: Setting<'_>) -> Result<Sealed> {
        let measured = self.files.iter().zip(copied).map(|((file, _), copied)| MeasuredFile {
            path: copied.logical.clone(),
            role: file.role,
            name: file.source.name().to_owned(),
            size: copied.digests.len,
            digests: sums(&copied.digests),
        });
        let record = record(&self.draft.id, self.item, self.base, measured, setting.head);
        let why = if self.base.is_some() { "Files added" } else { "Added" };
        self.draft.seal(copied, record, why, setting)
    }
}

/// The record of an item: on top of the one that was there.
fn record(
    id: &str,
    item: &Item,
    base: Option<&Record>,
    measured: impl Iterator<Item = MeasuredFile>,
    head: &Head,
) -> Record {
    match base {
        Some(base) => {
            let mut record = Record { log: head.clone(), ..base.clone() };
            record.measured.files.extend(measured);
            record
        }
        None => Record {
            schema: Record::SCHEMA.into(),
            id: id.to_owned(),
            log: head.clone(),
            provenance: item.provenance.clone(),
            measured: Measured { files: measured.collect(), images: item.images.clone() },
            claimed: item.claimed.clone(),
        },
    }
}

/// Name, length and BLAKE3 of each file.
fn identify(item: &Item, context: &Context) -> Result<Vec<(String, u64, String)>> {
    let of = |file: &ItemFile| {
        let sum = hex(&blake3(&file.source, context)?);
        Ok((file.source.name().to_owned(), file.source.len(), sum))
    };
    item.files.iter().map(of).collect()
}

/// Where a file lies in its object: the folder of its role, and its name made
/// safe, and unlike any other on systems that do not tell A from a.
fn logical_path(file: &ItemFile, taken: &mut BTreeSet<String>) -> String {
    let name = safe_name(file.source.name());
    let (stem, ending) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((&name, ""));
    let dot = if ending.is_empty() { "" } else { "." };
    let folder = file.role.folder();
    let mut path = format!("{folder}/{name}");
    let mut number = 2u64;
    while !taken.insert(path.to_lowercase()) {
        path = format!("{folder}/{stem}~{number}{dot}{ending}");
        number = number.saturating_add(1);
    }
    path
}

/// An id made of a name: what is no letter and no digit becomes a hyphen.
fn id_of(name: &str) -> String {
    const LONGEST: usize = 64;
    let mut id = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        let c = if c.is_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
        if id.len() >= LONGEST {
            break;
        }
        if c.is_alphanumeric() || (!id.is_empty() && !id.ends_with(['-', '.', '_'])) {
            id.push(c);
        }
    }
    let id = id.trim_end_matches(['-', '.', '_']);
    if id.is_empty() { "carrier".into() } else { id.to_owned() }
}

/// True for an id that a person may give.
fn is_id(id: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    let ends = id.starts_with(['-', '.', '_']) || id.ends_with(['-', '.', '_']);
    !id.is_empty() && id.len() <= 80 && !ends && id.chars().all(inside)
}

fn receipt(plans: &[Plan], plan: &Plan, versions: &BTreeMap<String, String>, index: &Index) -> Result<Receipt> {
    let (id, outcome) = match plan {
        Plan::There(id) => (id, Outcome::Already),
        Plan::Write { id, base, .. } => (id, if base.is_some() { Outcome::Extended } else { Outcome::Added }),
        Plan::Same(of) => {
            let first = plans.get(*of).map(|first| receipt(plans, first, versions, index)).transpose()?;
            let first = first.ok_or_else(|| Error::new(ErrorKind::Malformed, "an item without a plan"))?;
            return Ok(Receipt { outcome: Outcome::Already, ..first });
        }
    };
    let there = || index.object(id).map(|row| row.map(|row| row.version));
    let version = match versions.get(id) {
        Some(version) => version.clone(),
        None => there()?.unwrap_or_default(),
    };
    Ok(Receipt { id: id.clone(), outcome, version, same_data: index.twins_of(id)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_readable_and_safe() {
        let table = [
            ("Disk 1 (Boot)", "disk-1-boot"),
            ("../../etc/passwd", "etc-passwd"),
            ("ディスク 1", "ディスク-1"),
            ("<script>", "script"),
            ("***", "carrier"),
            ("a.b_c", "a.b_c"),
        ];
        for (name, id) in table {
            assert_eq!(id_of(name), id);
            assert!(is_id(id));
        }
        assert!(id_of(&"x".repeat(500)).len() <= 80);
        for bad in ["", "..", "a/b", "-a", "a b", "a\n"] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
