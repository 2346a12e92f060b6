//! An output of several files in a folder.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use floptical_model::{Error, ErrorKind, Result};

use super::temporary::{TemporaryFile, TemporaryFolder};
use super::{Replace, failed, name_of, read, refuse_existing, shown};
use crate::output::{Allowance, not_begun};
use crate::{FileSet, Output, Sink, text};

/// Writes a folder of files, whole or not at all.
pub struct FolderOutput {
    target: PathBuf,
    replace: Replace,
    folder: TemporaryFolder,
    /// Names and lengths of the files that are finished.
    done: Vec<(String, u64)>,
    current: Option<(String, TemporaryFile)>,
    room: Allowance,
}

impl FolderOutput {
    /// An output that will be the folder `target`. A file without a name of its
    /// own gets the folder's.
    ///
    /// # Errors
    /// What the system says; when the target is there and not to be replaced.
    pub fn create(target: &Path, replace: Replace) -> Result<Self> {
        refuse_existing(target, replace)?;
        let folder = TemporaryFolder::beside(target)?;
        let room = Allowance::default();
        Ok(Self { target: target.to_owned(), replace, folder, done: Vec::new(), current: None, room })
    }

    /// The same output on a disk with room for `bytes`.
    #[must_use]
    pub fn failing_after(self, bytes: u64) -> Self {
        Self { room: Allowance::of(bytes), ..self }
    }

    fn finish_current(&mut self) -> Result<()> {
        if let Some((name, mut file)) = self.current.take() {
            file.sync()?;
            self.done.push((name, file.len()));
            file.keep();
        }
        Ok(())
    }

    /// A folder is replaced as a whole; so what it holds must be what this
    /// output could have made: files with the endings that are written now.
    fn check_replaced(&self) -> Result<()> {
        if self.replace == Replace::No || self.target.symlink_metadata().is_err() {
            return Ok(());
        }
        let ending = |path: &Path| path.extension().map(OsString::from);
        let ours: BTreeSet<_> = self.done.iter().map(|(name, _)| ending(Path::new(name))).collect();
        for entry in fs::read_dir(&self.target).map_err(|e| failed("list", &self.target, e))? {
            let path = entry.map_err(|e| failed("list", &self.target, e))?.path();
            let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
            if !is_file || !ours.contains(&ending(&path)) {
                let what = format!("{} is not replaced: it holds {}", shown(&self.target), shown(&path));
                return Err(Error::new(ErrorKind::Io, what));
            }
        }
        Ok(())
    }
}

impl Output for FolderOutput {
    fn begin(&mut self, name: &str) -> Result<()> {
        self.finish_current()?;
        let name = if name.is_empty() { name_of(&self.target) } else { text::safe_name(name) };
        let file = TemporaryFile::at(self.folder.path().join(&name))?;
        self.current = Some((name, file));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let (_, file) = self.current.as_mut().ok_or_else(not_begun)?;
        file.write(bytes, &mut self.room)
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let (_, file) = self.current.as_mut().ok_or_else(not_begun)?;
        file.patch(at, bytes)
    }
}

impl Sink for FolderOutput {
    fn written(&mut self) -> Result<FileSet> {
        self.finish_current()?;
        let source = |(name, len): &(String, u64)| read::set_file(name.clone(), self.folder.path().join(name), *len);
        Ok(FileSet::new(self.done.iter().map(source)))
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        self.finish_current()?;
        self.check_replaced()?;
        self.folder.publish(&self.target, self.replace)
    }
}
