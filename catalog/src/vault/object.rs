//! Objects on their way: a new object, or a new version of one, as it is
//! written in a folder of the inbox.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use floptical_io::Source;
use floptical_model::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use super::disk::Disk;
use super::recover::Setting;
use super::{Act, RECORD, object_id};
use crate::event::{Kind, Outcome};
use crate::fixity::{ALGORITHMS, Digests, digest_together, hex};
use crate::ocfl::{INVENTORY, Inventory, OBJECT_FILE, SIDECAR, User, Version, path_of_digest, sidecar};
use crate::record::Record;

/// The algorithms of the fixity block: those that OCFL knows beside `sha512`.
const FIXITY: [&str; 3] = ["md5", "sha1", "sha256"];

/// What an entry of a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// A whole object.
    New,
    /// A version of an object that is there, and the inventories for its root.
    Version,
}

impl Entry {
    const ENDINGS: [(Entry, &'static str); 2] = [(Self::New, "new"), (Self::Version, "version")];

    /// Name of the entry for an object whose id has this SHA-256.
    pub(super) fn name(self, digits: &str) -> String {
        let ending = if self == Self::New { "new" } else { "version" };
        format!("{digits}.{ending}")
    }

    /// What an entry of this name is, and the SHA-256 of its object's id.
    pub(super) fn of_name(name: &str) -> Option<(Self, &str)> {
        Self::ENDINGS.iter().find_map(|(entry, ending)| Some((*entry, name.strip_suffix(ending)?.strip_suffix('.')?)))
    }
}

/// A file to be copied into a draft.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copy<'a> {
    pub(super) draft: &'a Draft,
    pub(super) source: &'a Source,
    pub(super) logical: &'a str,
}

/// A file of a draft that was copied.
#[derive(Debug, Clone)]
pub(super) struct Copied {
    /// Its path in the state of the version.
    pub(super) logical: String,
    /// Its sums.
    pub(super) digests: Digests,
}

/// An object or version that is being written.
#[derive(Debug)]
pub(super) struct Draft {
    /// Id of the carrier.
    pub(super) id: String,
    entry: Entry,
    digits: String,
    folder: PathBuf,
    inventory: Inventory,
    number: u32,
}

/// A draft that is whole.
#[derive(Debug)]
pub(super) struct Sealed {
    /// Id of the carrier.
    pub(super) id: String,
    /// What it is.
    pub(super) entry: Entry,
    /// SHA-256 of the object's id.
    pub(super) digits: String,
    /// Name of the version.
    pub(super) version: String,
    /// SHA-512 of the inventory.
    pub(super) inventory: String,
    /// BLAKE3 of the files that were added, by content path.
    pub(super) blake3: BTreeMap<String, String>,
    /// The record.
    pub(super) record: Record,
}

impl Draft {
    /// A new object, or the next version of `base`, in the folder of a batch.
    pub(super) fn new(batch: &Path, id: &str, base: Option<Inventory>) -> Self {
        let object_id = object_id(id);
        let digits = hex(&Sha256::digest(object_id.as_bytes()));
        let entry = if base.is_some() { Entry::Version } else { Entry::New };
        let inventory = base.unwrap_or_else(|| Inventory::new(&object_id));
        let number = inventory.number().saturating_add(1);
        let folder = batch.join(entry.name(&digits));
        Self { id: id.to_owned(), entry, digits, folder, inventory, number }
    }

    fn content_path(&self, logical: &str) -> String {
        format!("v{}/{}/{logical}", self.number, self.inventory.content())
    }

    /// Make the folders for files of these paths.
    pub(super) fn make_folders<'a>(&self, disk: &Disk, logical: impl Iterator<Item = &'a str>) -> Result<()> {
        let paths = logical.chain([RECORD]).map(|path| self.folder.join(self.content_path(path)));
        let mut folders: Vec<PathBuf> = paths.filter_map(|path| path.parent().map(Path::to_owned)).collect();
        folders.sort_unstable();
        folders.dedup();
        folders.iter().try_for_each(|folder| disk.make_folder(folder))
    }

    /// Write the record and the inventories: the draft is whole.
    pub(super) fn seal(&self, files: &[Copied], record: Record, why: &str, setting: Setting<'_>) -> Result<Sealed> {
        let Setting { disk, act, head } = setting;
        let mut inventory = self.inventory.clone();
        let version = format!("v{}", self.number);
        let mut state = self.state();
        let mut blake3 = BTreeMap::new();
        for file in files {
            let content = self.content_path(&file.logical);
            let sum = |id: &str| file.digests.hex(id).unwrap_or_default();
            for id in FIXITY {
                inventory.fixity.entry(id.into()).or_default().entry(sum(id)).or_default().push(content.clone());
            }
            inventory.manifest.entry(sum("sha512")).or_default().push(content.clone());
            state.insert(file.logical.clone(), sum("sha512"));
            blake3.insert(content, sum("blake3"));
        }
        let text = record.to_yaml()?;
        let content = self.content_path(RECORD);
        disk.write(&self.folder.join(&content), text.as_bytes())?;
        let sum = hex(&Sha512::digest(text.as_bytes()));
        inventory.manifest.entry(sum.clone()).or_default().push(content);
        state.insert(RECORD.into(), sum);

        let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
        state.into_iter().for_each(|(logical, digest)| paths.entry(digest).or_default().push(logical));
        let message = Some(format!("{why}; log {head}"));
        let user = Some(user(act));
        let created = act.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        inventory.versions.insert(version.clone(), Version { created, message, state: paths, user });
        inventory.head.clone_from(&version);
        let inventory = self.write_inventories(disk, &inventory)?;
        let (id, entry, digits) = (self.id.clone(), self.entry, self.digits.clone());
        Ok(Sealed { id, entry, digits, version, inventory, blake3, record })
    }

    /// Digest by logical path of the version before.
    fn state(&self) -> BTreeMap<String, String> {
        let files = self.inventory.files();
        files.into_iter().map(|(logical, digest, _)| (logical.to_owned(), digest.to_owned())).collect()
    }

    fn write_inventories(&self, disk: &Disk, inventory: &Inventory) -> Result<String> {
        let (text, digest) = inventory.to_json()?;
        for folder in [self.folder.join(&inventory.head), self.folder.clone()] {
            disk.write(&folder.join(INVENTORY), text.as_bytes())?;
            disk.write(&folder.join(SIDECAR), sidecar(&digest).as_bytes())?;
        }
        if self.entry == Entry::New {
            let (name, text) = OBJECT_FILE;
            disk.write(&self.folder.join(name), text.as_bytes())?;
        }
        Ok(digest)
    }
}

impl Sealed {
    /// The event that adds it.
    pub(super) fn event(&self, kind: Kind, act: &Act) -> crate::event::Event {
        let mut event = act.event(kind, Some(&self.id), Outcome::Success);
        let blake3 = self.blake3.iter().map(|(path, sum)| (path.clone(), Value::from(sum.clone()))).collect();
        if !self.blake3.is_empty() {
            event.detail.insert("blake3".into(), Value::Object(blake3));
        }
        event.detail.insert("inventory".into(), self.inventory.clone().into());
        event.detail.insert("version".into(), self.version.clone().into());
        event
    }

    /// Where its object lies or will lie, below the storage root.
    pub(super) fn target(&self) -> String {
        path_of_digest(&self.digits)
    }
}

/// Copy files in, and sum them while that is done.
pub(super) fn copy(disk: &Disk, copies: &[Copy<'_>], context: &Context) -> Result<Vec<Copied>> {
    let mut files = Vec::with_capacity(copies.len());
    for copy in copies {
        let path = copy.draft.folder.join(copy.draft.content_path(copy.logical));
        files.push((disk.create(&path)?, path));
    }
    let sources: Vec<&Source> = copies.iter().map(|copy| copy.source).collect();
    let sums = digest_together(&sources, context, |n, piece| match files.get_mut(n) {
        Some((file, path)) => disk.append(file, path, piece),
        None => Ok(()),
    })?;
    let copied = |(copy, digests): (&Copy<'_>, Digests)| Copied { logical: copy.logical.to_owned(), digests };
    Ok(copies.iter().zip(sums).map(copied).collect())
}

/// Put an entry of a batch into its place. What is there already stays.
pub(super) fn place(disk: &Disk, from: &Path, entry: Entry, target: &Path) -> Result<()> {
    if entry == Entry::New {
        // The folders above are there, unless half of a batch is being ended.
        if let Some(parent) = target.parent().filter(|parent| !parent.is_dir()) {
            disk.make_folder(parent)?;
        }
        return disk.rename(from, target);
    }
    // The version first: inventories that name what is not there would be the
    // worse half.
    let mut names: Vec<String> = Vec::new();
    let list = std::fs::read_dir(from).map_err(|e| floptical_io::disk::failed("list", from, e))?;
    for found in list {
        let found = found.map_err(|e| floptical_io::disk::failed("list", from, e))?;
        names.push(found.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable_by_key(|name| (name.starts_with(INVENTORY), name.clone()));
    names.iter().try_for_each(|name| disk.rename(&from.join(name), &target.join(name)))
}

/// The sums of a file by algorithm, for a record.
pub(super) fn sums(digests: &Digests) -> BTreeMap<String, String> {
    ALGORITHMS.iter().map(|algorithm| (algorithm.id.to_owned(), (algorithm.hex)(digests))).collect()
}

/// Who an OCFL version names: the person where one is known, else the program.
fn user(act: &Act) -> User {
    const HOME: &str = "https://github.com/floptical/floptical";
    let agent = &act.agent;
    let Some(person) = &agent.person else {
        return User { name: format!("{} {}", agent.software, agent.version), address: Some(HOME.into()) };
    };
    match person.split_once('<').and_then(|(name, rest)| Some((name.trim(), rest.trim().strip_suffix('>')?))) {
        Some((name, address)) => {
            let scheme = if address.contains(':') { "" } else { "mailto:" };
            User { name: name.to_owned(), address: Some(format!("{scheme}{address}")) }
        }
        None => User { name: person.clone(), address: Some(HOME.into()) },
    }
}
