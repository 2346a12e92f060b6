//! What stands beside its target until it is whole.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use floptical_model::{Error, Result, Span};

use super::{Replace, exists, failed};
use crate::output::Allowance;

/// Make something under the first free name beside `target`; `make` fails with
/// `AlreadyExists` where the name is taken.
fn beside<T>(target: &Path, make: impl Fn(&Path) -> io::Result<T>) -> Result<(PathBuf, T)> {
    const TRIES: u32 = 10_000;
    // Leaves room for the number and the ending where names end at 255 bytes.
    const LONGEST: usize = 200;
    let name: String = super::name_of(target)
        .chars()
        .scan(0usize, |len, c| {
            *len = len.saturating_add(c.len_utf8());
            (*len <= LONGEST).then_some(c)
        })
        .collect();
    for n in 0..TRIES {
        let path = target.with_file_name(format!(".{name}.{n}.part"));
        match make(&path) {
            Ok(made) => return Ok((path, made)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("write beside", target, error)),
        }
    }
    Err(failed("find a free name beside", target, ErrorKind::AlreadyExists.into()))
}

/// Bytes that are gathered before the system is asked to write them: formats
/// write a sector or a few bytes at a time.
const GATHERED: usize = 128 << 10;

/// A file that is removed unless it is published.
pub(super) struct TemporaryFile {
    path: PathBuf,
    /// `None` once it is published.
    file: Option<BufWriter<File>>,
    len: u64,
}

impl TemporaryFile {
    /// A new file beside the target.
    pub(super) fn beside(target: &Path) -> Result<Self> {
        let (path, file) = beside(target, create)?;
        Ok(Self { path, file: Some(BufWriter::with_capacity(GATHERED, file)), len: 0 })
    }

    /// A new file of this name, in a folder that is removed as a whole.
    pub(super) fn at(path: PathBuf) -> Result<Self> {
        let file = create(&path).map_err(|e| failed("write", &path, e))?;
        Ok(Self { path, file: Some(BufWriter::with_capacity(GATHERED, file)), len: 0 })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    fn file(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.file.as_mut().ok_or_else(|| io::Error::other("the file is finished"))
    }

    fn named(&self, error: io::Error) -> Error {
        failed("write", &self.path, error)
    }

    pub(super) fn write(&mut self, bytes: &[u8], room: &mut Allowance) -> Result<()> {
        room.spend(bytes.len())?;
        self.file().and_then(|file| file.write_all(bytes)).map_err(|e| self.named(e))?;
        self.len = self.len.saturating_add(bytes.len() as u64);
        Ok(())
    }

    pub(super) fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let len = bytes.len() as u64;
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(Error::malformed(Span::file(at, len), "a patch of bytes not written yet"));
        }
        let patch = |file: &mut BufWriter<File>| {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(bytes)?;
            file.seek(SeekFrom::End(0)).map(drop)
        };
        self.file().and_then(patch).map_err(|e| self.named(e))
    }

    /// Let readers of the path see all that was written.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.file().and_then(|file| file.flush()).map_err(|e| self.named(e))
    }

    /// Write all to the disk itself.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.flush()?;
        self.file().and_then(|file| file.get_ref().sync_all()).map_err(|e| self.named(e))
    }

    /// Safe on the disk, and under its final name.
    pub(super) fn publish(mut self, target: &Path, replace: Replace) -> Result<()> {
        self.sync()?;
        self.reveal(target, replace)?;
        sync_folder_of(target);
        Ok(())
    }

    /// Under its final name, and on the disk when the system gets to it.
    pub(super) fn reveal(mut self, target: &Path, replace: Replace) -> Result<()> {
        self.flush()?;
        match replace {
            Replace::Yes => fs::rename(&self.path, target).map_err(|e| failed("write", target, e))?,
            Replace::No => rename_to_new(&self.path, target)?,
        }
        self.keep();
        Ok(())
    }

    /// Leave the file where it is.
    pub(super) fn keep(&mut self) {
        self.file = None;
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Nobody is left to be told.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Rename where nothing of the name may be: by a link, which fails when there
/// is; on file systems without links by a look before.
fn rename_to_new(from: &Path, to: &Path) -> Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).map_err(|e| failed("remove", from, e)),
        Err(_) if to.symlink_metadata().is_ok() => Err(exists(to)),
        Err(_) => fs::rename(from, to).map_err(|e| failed("write", to, e)),
    }
}

/// Make a rename last. Not every system and file system can, and those that
/// cannot need not.
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

fn sync_folder_of(path: &Path) {
    sync_folder(path.parent().filter(|parent| *parent != OsStr::new("")).unwrap_or(Path::new(".")));
}

/// A folder that is removed with all in it unless it is published.
pub(super) struct TemporaryFolder {
    path: PathBuf,
    published: bool,
}

impl TemporaryFolder {
    /// A new folder beside the target.
    pub(super) fn beside(target: &Path) -> Result<Self> {
        let (path, ()) = beside(target, |path| fs::create_dir(path))?;
        Ok(Self { path, published: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Under its final name. What was there goes aside first, and back when
    /// that fails.
    pub(super) fn publish(mut self, target: &Path, replace: Replace) -> Result<()> {
        sync_folder(&self.path);
        let there = target.symlink_metadata().is_ok();
        if there && replace == Replace::No {
            return Err(exists(target));
        }
        let rename = |from: &Path, to: &Path| fs::rename(from, to).map_err(|e| failed("write", target, e));
        if there {
            let mut aside = Self::beside(target)?;
            let old = aside.path.join("old");
            rename(target, &old)?;
            if let Err(error) = rename(&self.path, target) {
                // What was there is worth more than a clean folder.
                aside.published = rename(&old, target).is_err();
                return Err(error);
            }
        } else {
            rename(&self.path, target)?;
        }
        self.published = true;
        sync_folder_of(target);
        Ok(())
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if !self.published {
            // Nobody is left to be told.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
