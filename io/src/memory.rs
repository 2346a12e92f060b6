//! An output in memory.

use floptical_model::{Error, Result, Span};

use crate::output::{Allowance, not_begun};
use crate::{FileSet, Output, Source};

/// Keeps the files in memory. It can be told to fail, as a full disk does.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: Vec<(String, Vec<u8>)>,
    room: Allowance,
}

impl Memory {
    /// An output without a bound.
    pub fn new() -> Self {
        Self::default()
    }

    /// An output that fails after `bytes`.
    pub fn failing_after(bytes: u64) -> Self {
        Self { files: Vec::new(), room: Allowance::of(bytes) }
    }

    /// The files, in the order of writing.
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// The files as a set to read from; a file without a name of its own gets
    /// `name`.
    pub fn into_set(self, name: &str) -> FileSet {
        let named = |own: String| if own.is_empty() { name.to_owned() } else { own };
        FileSet::new(self.files.into_iter().map(|(own, bytes)| Source::from_bytes(named(own), bytes)))
    }

    fn current(&mut self) -> Result<&mut Vec<u8>> {
        let last = self.files.last_mut().map(|(_, bytes)| bytes);
        last.ok_or_else(not_begun)
    }
}

impl Output for Memory {
    fn begin(&mut self, name: &str) -> Result<()> {
        self.files.push((name.to_owned(), Vec::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.room.spend(bytes.len())?;
        self.current()?.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let start = usize::try_from(at).ok();
        let end = start.and_then(|s| s.checked_add(bytes.len()));
        let file = self.current()?;
        match start.zip(end).and_then(|(s, e)| file.get_mut(s..e)) {
            Some(old) => {
                old.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(Error::malformed(Span::file(at, bytes.len() as u64), "a patch of bytes not written yet")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floptical_model::ErrorKind;

    #[test]
    fn a_full_output_refuses_the_byte_too_many() {
        let mut out = Memory::failing_after(4);
        out.begin("").unwrap();
        out.write(&[1, 2, 3]).unwrap();
        assert_eq!(out.write(&[4, 5]).unwrap_err().kind, ErrorKind::Io);
        out.patch(1, &[9]).unwrap();
        assert!(out.patch(3, &[9]).is_err());
        assert_eq!(out.files(), [(String::new(), vec![1, 9, 3])]);
    }
}
