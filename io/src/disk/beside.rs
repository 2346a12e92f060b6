//! An output of a file and others beside it, which it names.

use std::fs;
use std::path::{Path, PathBuf};

use floptical_model::{Error, ErrorKind, Result};

use super::temporary::TemporaryFile;
use super::{Replace, name_of, read, refuse_existing};
use crate::output::{Allowance, not_begun};
use crate::{FileSet, Output, Sink, text};

/// Writes a file and others into the same folder. The first one gets the name
/// of the target; it is seen last, so that what it names is there.
pub struct BesideOutput {
    target: PathBuf,
    replace: Replace,
    /// Each file with its final path.
    files: Vec<(TemporaryFile, PathBuf)>,
    room: Allowance,
}

impl BesideOutput {
    /// An output whose first file will be `target`.
    ///
    /// # Errors
    /// What the system says; when the target is there and not to be replaced.
    pub fn create(target: &Path, replace: Replace) -> Result<Self> {
        refuse_existing(target, replace)?;
        Ok(Self { target: target.to_owned(), replace, files: Vec::new(), room: Allowance::default() })
    }

    /// The same output on a disk with room for `bytes`.
    #[must_use]
    pub fn failing_after(self, bytes: u64) -> Self {
        Self { room: Allowance::of(bytes), ..self }
    }

    fn current(&mut self) -> Result<&mut TemporaryFile> {
        self.files.last_mut().map(|(file, _)| file).ok_or_else(not_begun)
    }
}

impl Output for BesideOutput {
    fn begin(&mut self, name: &str) -> Result<()> {
        let beside = || self.target.with_file_name(text::safe_name(name));
        let path = if self.files.is_empty() { self.target.clone() } else { beside() };
        if self.files.iter().any(|(_, taken)| *taken == path) {
            return Err(Error::new(ErrorKind::Malformed, format!("two files are named {}", super::shown(&path))));
        }
        refuse_existing(&path, self.replace)?;
        self.files.push((TemporaryFile::beside(&path)?, path));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut room = self.room;
        let written = self.current()?.write(bytes, &mut room);
        self.room = room;
        written
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.current()?.patch(at, bytes)
    }
}

impl Sink for BesideOutput {
    fn written(&mut self) -> Result<FileSet> {
        let mut sources = Vec::new();
        for (file, path) in &mut self.files {
            file.flush()?;
            sources.push(read::open(file.path())?.renamed(name_of(path)));
        }
        Ok(FileSet::new(sources))
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        let mut seen: Vec<PathBuf> = Vec::new();
        while let Some((file, path)) = self.files.pop() {
            if let Err(error) = file.publish(&path, self.replace) {
                if self.replace == Replace::No {
                    // They are new, and nothing names them.
                    seen.iter().for_each(|path| drop(fs::remove_file(path)));
                }
                return Err(error);
            }
            seen.push(path);
        }
        Ok(())
    }
}
