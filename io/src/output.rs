//! Where a format's bytes go.

use floptical_model::{Error, ErrorKind, Result};

use crate::FileSet;

/// Takes the files that a format emits, one after the other.
///
/// Nothing is seen under its final name before all of it is there; what that
/// takes is the sink's business, not the format's.
pub trait Output {
    /// Begin the next file. `name` is the part that the format decides: empty
    /// for a format of one file, else the name within the set.
    ///
    /// # Errors
    /// What the system says.
    fn begin(&mut self, name: &str) -> Result<()>;

    /// Append to the file that was begun last.
    ///
    /// # Errors
    /// What the system says.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Replace bytes of the file that was begun last, which were written
    /// before: a header that is known only at the end.
    ///
    /// # Errors
    /// What the system says; `Malformed` when the range was not written yet.
    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()>;
}

/// An output that is whole or not at all: nothing is seen until it is
/// committed, and nothing is left when it is dropped before.
pub trait Sink: Output {
    /// What was written, under its final names, to be read for proof. What the
    /// sink itself adds (a directory of an archive) is written by this; nothing
    /// can be written after it.
    ///
    /// # Errors
    /// What the system says.
    fn written(&mut self) -> Result<FileSet>;

    /// Make it seen under its final name, after it is safe on the disk.
    ///
    /// # Errors
    /// What the system says; when something of the name is there that is not to
    /// be replaced.
    fn commit(self: Box<Self>) -> Result<()>;
}

/// The error for a write that has no file to go to.
pub(crate) fn not_begun() -> Error {
    Error::new(ErrorKind::Malformed, "a write before a file was begun")
}

/// Bytes that may still be written, so that tests can play a full disk.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Allowance(Option<u64>);

impl Allowance {
    /// No more than `bytes`.
    pub(crate) fn of(bytes: u64) -> Self {
        Self(Some(bytes))
    }

    /// Count `len` bytes to be written.
    pub(crate) fn spend(&mut self, len: usize) -> Result<()> {
        if let Some(room) = &mut self.0 {
            let left = room.checked_sub(len as u64);
            *room = left.ok_or_else(|| Error::from(std::io::Error::from(std::io::ErrorKind::StorageFull)))?;
        }
        Ok(())
    }
}
