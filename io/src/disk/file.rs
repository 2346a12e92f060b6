//! An output of one file.

use std::path::{Path, PathBuf};

use floptical_model::{Error, ErrorKind, Result};

use super::temporary::TemporaryFile;
use super::{Replace, name_of, read, refuse_existing};
use crate::output::{Allowance, not_begun};
use crate::{FileSet, Output, Sink};

/// Writes one file, whole or not at all.
pub struct DiskOutput {
    target: PathBuf,
    replace: Replace,
    file: TemporaryFile,
    begun: bool,
    room: Allowance,
}

impl DiskOutput {
    /// An output that will be the file `target`.
    ///
    /// # Errors
    /// What the system says; when the target is there and not to be replaced.
    pub fn create(target: &Path, replace: Replace) -> Result<Self> {
        refuse_existing(target, replace)?;
        let file = TemporaryFile::beside(target)?;
        Ok(Self { target: target.to_owned(), replace, file, begun: false, room: Allowance::default() })
    }

    /// The same output on a disk with room for `bytes`.
    #[must_use]
    pub fn failing_after(self, bytes: u64) -> Self {
        Self { room: Allowance::of(bytes), ..self }
    }
}

impl Output for DiskOutput {
    fn begin(&mut self, _: &str) -> Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Err(Error::new(ErrorKind::Unsupported, "several files do not go into one"));
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.begun {
            return Err(not_begun());
        }
        self.file.write(bytes, &mut self.room)
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.file.patch(at, bytes)
    }
}

impl Sink for DiskOutput {
    fn written(&mut self) -> Result<FileSet> {
        self.file.flush()?;
        Ok(read::open(self.file.path())?.renamed(name_of(&self.target)).into())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        self.file.publish(&self.target, self.replace)
    }
}
