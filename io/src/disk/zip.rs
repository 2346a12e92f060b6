//! An output of files in a zip archive (PKWARE APPNOTE 6.3.10).
//!
//! The same files give the same bytes: entries in the order of writing, all of
//! the first of January 1980, all deflated.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, Crc, write::DeflateEncoder};
use floptical_model::{Error, ErrorKind, Result};

use super::temporary::TemporaryFile;
use super::{Replace, name_of, read, refuse_existing};
use crate::output::{Allowance, not_begun};
use crate::{FileSet, Output, Sink};

/// Writes an archive, whole or not at all.
pub struct ZipOutput {
    target: PathBuf,
    replace: Replace,
    archive: TemporaryFile,
    /// The entry that is being written, not packed: it may still be patched.
    current: Option<(String, TemporaryFile)>,
    directory: Vec<u8>,
    entries: u16,
    sealed: bool,
    room: Allowance,
}

/// What the local header and the directory both say of an entry.
struct Header {
    crc: u32,
    packed: u32,
    unpacked: u32,
    name: String,
}

impl Header {
    /// Version 2.0 for deflate, flags, method, time and date, sums and sizes,
    /// lengths of name and extra field.
    fn fields(&self) -> Result<Vec<u8>> {
        const UTF8: u16 = 1 << 11;
        const DEFLATE: u16 = 8;
        const FIRST_DAY: u16 = 1 << 5 | 1;
        let flags = if self.name.is_ascii() { 0 } else { UTF8 };
        let name = u16::try_from(self.name.len()).map_err(|_| too_big())?;
        let mut out = Vec::new();
        [20, flags, DEFLATE, 0, FIRST_DAY].iter().for_each(|v: &u16| out.extend(v.to_le_bytes()));
        [self.crc, self.packed, self.unpacked].iter().for_each(|v| out.extend(v.to_le_bytes()));
        [name, 0].iter().for_each(|v| out.extend(v.to_le_bytes()));
        Ok(out)
    }

    fn local(&self) -> Result<Vec<u8>> {
        Ok([&b"PK\x03\x04"[..], &self.fields()?, self.name.as_bytes()].concat())
    }

    /// Made by Unix, so that the mode 0644 counts.
    fn central(&self, offset: u32) -> Result<Vec<u8>> {
        const MODE: u32 = 0o100_644 << 16;
        const MADE_BY: [u8; 2] = [20, 3];
        let mut out = [&b"PK\x01\x02"[..], &MADE_BY, &self.fields()?, &[0; 6]].concat();
        out.extend(MODE.to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend(self.name.as_bytes());
        Ok(out)
    }
}

fn too_big() -> Error {
    Error::unsupported("more than 4 GiB or 65,535 files do not go into a zip here")
}

impl ZipOutput {
    /// An output that will be the archive `target`. A file without a name of
    /// its own gets the archive's without `.zip`.
    ///
    /// # Errors
    /// What the system says; when the target is there and not to be replaced.
    pub fn create(target: &Path, replace: Replace) -> Result<Self> {
        refuse_existing(target, replace)?;
        Ok(Self {
            target: target.to_owned(),
            replace,
            archive: TemporaryFile::beside(target)?,
            current: None,
            directory: Vec::new(),
            entries: 0,
            sealed: false,
            room: Allowance::default(),
        })
    }

    /// The same output on a disk with room for `bytes`, packed and unpacked
    /// together.
    #[must_use]
    pub fn failing_after(self, bytes: u64) -> Self {
        Self { room: Allowance::of(bytes), ..self }
    }

    /// Pack the entry that was being written.
    fn finish_current(&mut self) -> Result<()> {
        let Some((name, mut file)) = self.current.take() else { return Ok(()) };
        file.flush()?;
        let offset = u32::try_from(self.archive.len()).map_err(|_| too_big())?;
        let unpacked = u32::try_from(file.len()).map_err(|_| too_big())?;
        let mut header = Header { crc: 0, packed: 0, unpacked, name };
        self.archive.write(&header.local()?, &mut self.room)?;
        let start = self.archive.len();
        header.crc = self.pack(&file)?;
        let packed = self.archive.len().saturating_sub(start);
        header.packed = u32::try_from(packed).map_err(|_| too_big())?;
        self.archive.patch(offset.into(), &header.local()?)?;
        self.directory.extend(header.central(offset)?);
        self.entries = self.entries.checked_add(1).ok_or_else(too_big)?;
        Ok(())
    }

    /// Append a file, deflated; its CRC-32.
    fn pack(&mut self, file: &TemporaryFile) -> Result<u32> {
        const PIECE: u64 = 256 << 10;
        let source = read::open(file.path())?;
        let mut crc = Crc::new();
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        let mut done = 0u64;
        while done < source.len() {
            let piece = source.part(done, PIECE).head(usize::MAX)?;
            crc.update(&piece);
            encoder.write_all(&piece)?;
            self.archive.write(encoder.get_ref(), &mut self.room)?;
            encoder.get_mut().clear();
            done = done.saturating_add(piece.len() as u64);
        }
        self.archive.write(&encoder.finish()?, &mut self.room)?;
        Ok(crc.sum())
    }

    /// Write the directory and the end record.
    fn seal(&mut self) -> Result<()> {
        self.finish_current()?;
        if std::mem::replace(&mut self.sealed, true) {
            return Ok(());
        }
        let start = u32::try_from(self.archive.len()).map_err(|_| too_big())?;
        let len = u32::try_from(self.directory.len()).map_err(|_| too_big())?;
        let mut out = std::mem::take(&mut self.directory);
        out.extend(b"PK\x05\x06\0\0\0\0");
        [self.entries; 2].iter().for_each(|v| out.extend(v.to_le_bytes()));
        [len, start].iter().for_each(|v| out.extend(v.to_le_bytes()));
        out.extend([0, 0]);
        self.archive.write(&out, &mut self.room)
    }
}

impl Output for ZipOutput {
    fn begin(&mut self, name: &str) -> Result<()> {
        if self.sealed {
            return Err(Error::new(ErrorKind::Malformed, "a file was begun after the archive was finished"));
        }
        self.finish_current()?;
        let own = Path::new(&name_of(&self.target)).with_extension("").to_string_lossy().into_owned();
        let name = if name.is_empty() { own } else { name.to_owned() };
        self.current = Some((name, TemporaryFile::beside(&self.target)?));
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

impl Sink for ZipOutput {
    fn written(&mut self) -> Result<FileSet> {
        self.seal()?;
        self.archive.flush()?;
        Ok(read::open(self.archive.path())?.renamed(name_of(&self.target)).into())
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        self.seal()?;
        self.archive.publish(&self.target, self.replace)
    }
}
