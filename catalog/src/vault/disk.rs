//! Every change that a vault makes to the disk goes through here, so that tests
//! can play a full disk and a process that dies.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use floptical_io::disk::failed;
use floptical_model::Result;

/// What a test lets go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full after so many bytes.
    Full(u64),
    /// The process dies after so many changes: nothing is cleaned up.
    Dead(u64),
}

/// The disk below a vault.
#[derive(Debug)]
pub(super) struct Disk {
    room: AtomicU64,
    changes: AtomicU64,
}

impl Default for Disk {
    fn default() -> Self {
        Self { room: AtomicU64::new(u64::MAX), changes: AtomicU64::new(u64::MAX) }
    }
}

impl Disk {
    /// A disk that fails.
    pub(super) fn failing(fault: Fault) -> Self {
        match fault {
            Fault::Full(bytes) => Self { room: AtomicU64::new(bytes), ..Self::default() },
            Fault::Dead(changes) => Self { changes: AtomicU64::new(changes), ..Self::default() },
        }
    }

    /// Count a change; none is made after the last one that was allowed.
    fn change(&self) -> io::Result<()> {
        spend(&self.changes, 1).ok_or_else(|| io::Error::other("a process that a test lets die"))
    }

    fn write_all(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        self.change()?;
        if spend(&self.room, bytes.len() as u64).is_some() {
            return file.write_all(bytes);
        }
        // As a full disk does: what fits is written.
        file.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
        Err(io::ErrorKind::StorageFull.into())
    }

    /// Make a folder and those above it.
    pub(super) fn make_folder(&self, path: &Path) -> Result<()> {
        self.change().and_then(|()| fs::create_dir_all(path)).map_err(|e| failed("make", path, e))
    }

    /// Write a file that is not there yet.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mut file = self.create(path)?;
        self.append(&mut file, path, bytes)
    }

    /// Begin a file that is not there yet.
    pub(super) fn create(&self, path: &Path) -> Result<File> {
        let open = || OpenOptions::new().write(true).create_new(true).open(path);
        self.change().and_then(|()| open()).map_err(|e| failed("write", path, e))
    }

    /// Write on at the end of a file that was begun.
    pub(super) fn append(&self, file: &mut File, path: &Path, bytes: &[u8]) -> Result<()> {
        self.write_all(file, bytes).map_err(|e| failed("write", path, e))
    }

    /// Cut a file.
    pub(super) fn cut(&self, path: &Path, len: u64) -> Result<()> {
        let cut = || OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(len));
        self.change().and_then(|()| cut()).map_err(|e| failed("cut", path, e))
    }

    /// Rename; a file of the new name is replaced.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.change().and_then(|()| fs::rename(from, to)).map_err(|e| failed("write", to, e))
    }

    /// Remove a file or a folder with all in it; it may be gone.
    pub(super) fn remove(&self, path: &Path) -> Result<()> {
        let remove = || match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        self.change().and_then(|()| remove()).map_err(|e| failed("remove", path, e))
    }

    /// Remove folders that are empty, from this one up to (not including) `top`.
    pub(super) fn prune(&self, path: &Path, top: &Path) -> Result<()> {
        for folder in path.ancestors().take_while(|folder| *folder != top && folder.starts_with(top)) {
            self.change().map_err(|e| failed("remove", folder, e))?;
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Make a folder last with all below it, which nobody else writes to.
    pub(super) fn sync_below(&self, folder: &Path) -> Result<()> {
        let mut paths = vec![folder.to_owned()];
        let mut next = 0;
        while let Some(path) = paths.get(next).cloned() {
            next = next.saturating_add(1);
            if path.is_dir() {
                paths.extend(super::recover::entries(&path)?);
            }
        }
        self.sync(&paths)
    }

    /// Make files and folders last: many with one sync of their file system,
    /// where there is such a thing, few one by one, which leaves alone what
    /// others write.
    pub(super) fn sync(&self, paths: &[PathBuf]) -> Result<()> {
        const FEW: usize = 64;
        let Some(first) = paths.first() else { return Ok(()) };
        self.change().map_err(|e| failed("sync", first, e))?;
        if paths.len() > FEW && sync_system_of(first).map_err(|e| failed("sync", first, e))? {
            return Ok(());
        }
        paths.iter().try_for_each(|path| match File::open(path).and_then(|file| file.sync_all()) {
            // Not every system syncs folders; those that do not need not.
            Err(_) if path.is_dir() => Ok(()),
            synced => synced.map_err(|e| failed("sync", path, e)),
        })
    }

    /// Make one file last.
    pub(super) fn sync_file(&self, file: &File, path: &Path) -> Result<()> {
        self.change().and_then(|()| file.sync_all()).map_err(|e| failed("sync", path, e))
    }
}

fn spend(left: &AtomicU64, n: u64) -> Option<()> {
    let less = |left: u64| if left == u64::MAX { Some(left) } else { left.checked_sub(n) };
    // What does not fit uses up the rest: nothing succeeds after a failure.
    let spent = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    spent.map(drop).map_err(|_| left.store(0, Ordering::Relaxed)).ok()
}

/// Sync the file system that a path lies on; false where the system cannot.
#[cfg(target_os = "linux")]
fn sync_system_of(path: &Path) -> io::Result<bool> {
    rustix::fs::syncfs(File::open(path)?)?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn sync_system_of(_: &Path) -> io::Result<bool> {
    Ok(false)
}
