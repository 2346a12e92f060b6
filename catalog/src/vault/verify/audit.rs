//! One object against the log.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use floptical_io::disk::open as open_file;
use floptical_model::finding::{
    VAULT_CHANGED, VAULT_INVENTORY, VAULT_MISSING, VAULT_RECORD, VAULT_UNEXPECTED, VAULT_UNREADABLE,
};
use floptical_model::{Code, Context, ErrorKind, Finding, Result};

use super::super::{RECORD, Vault, read};
use super::{History, Logged, finding, named};
use crate::event::Head;
use crate::fixity::{blake3, hex, sha512};
use crate::ocfl::{INVENTORY, Inventory, OBJECT_FILE, SIDECAR, is_safe_path, parse, sidecar};

/// What was found in one object.
#[derive(Debug, Default)]
pub(super) struct Audit {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) findings: Vec<Finding>,
}

impl Audit {
    fn count(&mut self, bytes: u64) {
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// An inventory that is the one of the log, and the file that holds it.
struct Sound {
    path: String,
    bytes: u64,
    inventory: Inventory,
}

/// What a file must be.
enum Expected {
    Text(String),
    Sha512(String),
    Blake3(String),
}

impl Vault {
    /// Hold an object against the events that made it.
    pub(super) fn audit(&self, id: &str, logged: &[Logged], history: &History, context: &Context) -> Result<Audit> {
        let folder = self.object(id);
        let mut audit = Audit::default();
        if !folder.is_dir() {
            audit.findings.push(finding(&VAULT_MISSING, &self.place_of(&folder), format!("{} is gone", named(id))));
            return Ok(audit);
        }
        let sound = self.sound_inventory(&folder, logged, context)?;
        let inventory = sound.as_ref().map(|sound| &sound.inventory);
        let mut expected = frame(logged);
        let whole = self.expect_content(&mut expected, inventory, logged)?;
        let found = files_below(&folder, context)?;
        for (path, expected) in &expected {
            let at = self.place_of(&folder.join(path));
            if !found.contains(path) {
                audit.findings.push(finding(&VAULT_MISSING, &at, format!("a file of {} is gone", named(id))));
                continue;
            }
            if let Some(sound) = sound.as_ref().filter(|sound| sound.path == *path) {
                audit.count(sound.bytes);
                continue;
            }
            match held(&folder.join(path), expected, &mut audit, context) {
                Ok(true) => {}
                Ok(false) => audit.findings.push(changed(path, &at, id)),
                Err(error) if matches!(error.kind, ErrorKind::Limit | ErrorKind::Cancelled) => return Err(error),
                Err(error) => audit.findings.push(finding(&VAULT_UNREADABLE, &at, error.to_string())),
            }
        }
        // Without a sound inventory nobody knows what else was added.
        let strange = |path: &&String| !expected.contains_key(*path) && (whole || !path.contains('/'));
        for path in found.iter().filter(strange) {
            let at = self.place_of(&folder.join(path));
            audit.findings.push(finding(&VAULT_UNEXPECTED, &at, format!("nobody added it to {}", named(id))));
        }
        let heads = inventory.into_iter().flat_map(|inventory| inventory.versions.values()).filter_map(head_of);
        audit.findings.extend(heads.filter_map(|head| history.fault(&head, &named(id))));
        Ok(audit)
    }

    /// The newest inventory, if it (or its copy in the version's folder) is the
    /// one that the log names.
    fn sound_inventory(&self, folder: &Path, logged: &[Logged], context: &Context) -> Result<Option<Sound>> {
        let Some(last) = logged.last() else { return Ok(None) };
        for path in [INVENTORY.to_owned(), format!("{}/{INVENTORY}", last.version)] {
            // What cannot be read is named where it is held against its sum.
            let Ok(text) = read(&folder.join(&path), context) else { continue };
            if hex(&<sha2::Sha512 as sha2::Digest>::digest(&text)) == last.inventory {
                return Ok(Some(Sound { path, bytes: text.len() as u64, inventory: parse(&text)? }));
            }
        }
        Ok(None)
    }

    /// The files in the folders of the versions; false when not all are known.
    fn expect_content(
        &self,
        expected: &mut BTreeMap<String, Expected>,
        inventory: Option<&Inventory>,
        logged: &[Logged],
    ) -> Result<bool> {
        for version in logged {
            let event = self.log().event_at(version.place)?;
            let sums = event.as_ref().and_then(|event| event.detail.get("blake3")?.as_object());
            for (path, sum) in sums.into_iter().flatten().filter(|(path, _)| is_safe_path(path)) {
                let sum = sum.as_str().unwrap_or_default().to_owned();
                expected.insert(path.clone(), Expected::Blake3(sum));
            }
        }
        let Some(inventory) = inventory else { return Ok(false) };
        for (sum, paths) in &inventory.manifest {
            for path in paths.iter().filter(|path| is_safe_path(path)) {
                expected.entry(path.clone()).or_insert_with(|| Expected::Sha512(sum.clone()));
            }
        }
        Ok(true)
    }
}

/// What lies around the content of an object.
fn frame(logged: &[Logged]) -> BTreeMap<String, Expected> {
    let (name, text) = OBJECT_FILE;
    let mut expected = BTreeMap::from([(name.to_owned(), Expected::Text(text.to_owned()))]);
    let mut inventory = |folder: &str, sum: &str| {
        expected.insert(format!("{folder}{INVENTORY}"), Expected::Sha512(sum.to_owned()));
        expected.insert(format!("{folder}{SIDECAR}"), Expected::Text(sidecar(sum)));
    };
    for version in logged {
        inventory(&format!("{}/", version.version), &version.inventory);
        inventory("", &version.inventory);
    }
    expected
}

/// True when a file is what it must be.
fn held(path: &Path, expected: &Expected, audit: &mut Audit, context: &Context) -> Result<bool> {
    let source = open_file(path)?;
    audit.count(source.len());
    Ok(match expected {
        Expected::Text(text) => source.len() == text.len() as u64 && source.all(context)? == text.as_bytes(),
        Expected::Sha512(sum) => hex(&sha512(&source, context)?) == *sum,
        Expected::Blake3(sum) => hex(&blake3(&source, context)?) == *sum,
    })
}

fn changed(path: &str, at: &str, id: &str) -> Finding {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (code, what): (&'static Code, &str) = match name {
        RECORD => (&VAULT_RECORD, "the record was changed"),
        INVENTORY | SIDECAR => (&VAULT_INVENTORY, "an inventory was changed"),
        _ => (&VAULT_CHANGED, "a file was changed"),
    };
    finding(code, at, format!("{what} in {}", named(id)))
}

/// The head that a version's message names: `...; log NUMBER:HASH`.
fn head_of(version: &crate::ocfl::Version) -> Option<Head> {
    version.message.as_ref()?.rsplit_once("; log ")?.1.parse().ok()
}

/// All files below a folder, by their paths in it; whatever is neither file nor
/// folder counts as a file, and so does an empty folder.
pub(in crate::vault) fn files_below(folder: &Path, context: &Context) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut folders: Vec<(PathBuf, String)> = vec![(folder.to_owned(), String::new())];
    while let Some((below, path)) = folders.pop() {
        let mut empty = true;
        let failed = |e| floptical_io::disk::failed("list", &below, e);
        for entry in std::fs::read_dir(&below).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            context.entry(1)?;
            empty = false;
            let slash = if path.is_empty() { "" } else { "/" };
            let own = format!("{path}{slash}{}", entry.file_name().to_string_lossy());
            // The kind comes with the name: no look at each file.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push((entry.path(), own));
            } else {
                found.insert(own);
            }
        }
        if empty {
            found.insert(path);
        }
    }
    Ok(found)
}
