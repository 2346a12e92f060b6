//! Files taken out of an image, below a folder and never outside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use floptical_model::{Error, ErrorKind, Result};

use super::temporary::TemporaryFile;
use super::{Replace, exists, failed};
use crate::output::Allowance;
use crate::text;

/// Writes files with names of their own below a folder.
///
/// Names are made safe part by part. Two that meet, also where only the case
/// differs, are kept apart by ` (2)`. Links inside the folder are not followed.
/// What is there already is an error unless it may be replaced.
pub struct ExtractFolder {
    root: PathBuf,
    replace: Replace,
    /// Files made so far, in lower case, as file systems that fold case see
    /// them.
    files: BTreeSet<String>,
    /// Folders likewise, with the last part as it was made.
    folders: BTreeMap<String, String>,
    /// The folder that was made last, as the image knows it, with its parts:
    /// what lies in a deep one does not walk down to it each time.
    last: (String, Parts),
    /// The number to try next for a name that was taken.
    next: BTreeMap<String, u32>,
    room: Allowance,
}

/// Parts of a path below the folder.
type Parts = Vec<String>;

impl ExtractFolder {
    /// Extract into `root`, which is made when it is not there.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(root: &Path, replace: Replace) -> Result<Self> {
        fs::create_dir_all(root).map_err(|e| failed("make", root, e))?;
        Ok(Self {
            root: root.to_owned(),
            replace,
            files: BTreeSet::new(),
            folders: BTreeMap::new(),
            last: Default::default(),
            next: BTreeMap::new(),
            room: Allowance::default(),
        })
    }

    /// The same on a disk with room for `bytes` in each file.
    #[must_use]
    pub fn failing_after(self, bytes: u64) -> Self {
        Self { room: Allowance::of(bytes), ..self }
    }

    /// Make a folder, with those above it. `path` is the name that the image
    /// knows, with `/` between its parts.
    ///
    /// # Errors
    /// What the system says; when a link or a file is in the way.
    pub fn folder(&mut self, path: &str) -> Result<PathBuf> {
        let parts = self.make_folders(path)?;
        Ok(self.path(&parts))
    }

    /// Begin a file. `path` is the name that the image knows, with `/` between
    /// its parts.
    ///
    /// # Errors
    /// What the system says; when the file is there and not to be replaced, or
    /// a link or a folder that is not ours is in the way.
    pub fn file(&mut self, path: &str) -> Result<ExtractFile> {
        let (folder, name) = path.trim_matches('/').rsplit_once('/').unwrap_or(("", path.trim_matches('/')));
        let mut parts = self.make_folders(folder)?;
        let safe = text::safe_name(name);
        let first = self.next.entry(key(&parts, &safe)).or_insert(1);
        let taken = |key: &str| self.files.contains(key) || self.folders.contains_key(key);
        let (number, name) = free_name(&parts, &safe, *first, taken)?;
        *first = number;
        parts.push(name);
        let target = self.path(&parts);
        match target.symlink_metadata() {
            Ok(found) if !found.is_file() || self.replace == Replace::No => return Err(exists(&target)),
            _ => {}
        }
        let file = TemporaryFile::beside(&target)?;
        self.files.insert(parts.join("/").to_lowercase());
        Ok(ExtractFile { file, target, replace: self.replace, room: self.room })
    }

    fn path(&self, parts: &Parts) -> PathBuf {
        parts.iter().fold(self.root.clone(), |path, part| path.join(part))
    }

    fn make_folders(&mut self, path: &str) -> Result<Parts> {
        let below = path.strip_prefix(&self.last.0).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let (mut parts, names) = match below {
            Some(rest) => (self.last.1.clone(), rest),
            None => (Parts::new(), path),
        };
        for name in names.split('/').filter(|part| !part.is_empty()) {
            let taken = |key: &str| self.files.contains(key);
            let (_, name) = free_name(&parts, &text::safe_name(name), 1, taken)?;
            let key = key(&parts, &name);
            if let Some(made) = self.folders.get(&key) {
                parts.push(made.clone());
                continue;
            }
            parts.push(name.clone());
            make_folder(&self.path(&parts))?;
            self.folders.insert(key, name);
        }
        self.last = (path.to_owned(), parts.clone());
        Ok(parts)
    }
}

fn make_folder(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Ok(()) => Ok(()),
        Err(_) if path.symlink_metadata().is_ok_and(|found| found.is_dir()) => Ok(()),
        Err(error) => Err(failed("make", path, error)),
    }
}

/// How a file system that folds case sees a name in the folder of `parts`.
fn key(parts: &Parts, name: &str) -> String {
    parts.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/").to_lowercase()
}

/// The first of `name`, `name (2)`, `name (3)`, .. that is not taken, from a
/// number on, and its number.
fn free_name(parts: &Parts, name: &str, from: u32, taken: impl Fn(&str) -> bool) -> Result<(u32, String)> {
    let (stem, ending) = match name.rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => name.split_at(dot),
        None => (name, ""),
    };
    let numbered = (from..u32::MAX).map(|n| match n {
        1 => (n, name.to_owned()),
        _ => (n, format!("{stem} ({n}){ending}")),
    });
    let mut free = numbered.filter(|(_, name)| !taken(&key(parts, name)));
    free.next().ok_or_else(|| Error::new(ErrorKind::Limit, format!("too many files are called {name}")))
}

/// A file on its way out; dropped before [`ExtractFile::finish`] it leaves
/// nothing.
pub struct ExtractFile {
    file: TemporaryFile,
    target: PathBuf,
    replace: Replace,
    room: Allowance,
}

impl ExtractFile {
    /// Append bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write(bytes, &mut self.room)
    }

    /// Make it seen under its name, which is returned.
    ///
    /// # Errors
    /// What the system says.
    pub fn finish(self) -> Result<PathBuf> {
        self.file.reveal(&self.target, self.replace)?;
        Ok(self.target)
    }
}
