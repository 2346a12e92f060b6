//! Who may write.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use floptical_io::disk::failed;
use floptical_model::{Context, Result};

/// The lock of a vault, held while this lives. The system lets go of it when a
/// process dies.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code, reason = "held, not used")] File);

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// By one who writes.
    Alone,
    /// By those who want that nobody writes.
    Shared,
}

impl Lock {
    /// Wait for the lock; progress is told as `waiting for another writer`.
    pub(super) fn take(path: &Path, hold: Hold, context: &Context) -> Result<Self> {
        const PAUSE: Duration = Duration::from_millis(20);
        let open = || match hold {
            Hold::Alone => File::options().write(true).open(path),
            Hold::Shared => File::open(path),
        };
        let file = open().map_err(|e| failed("lock", path, e))?;
        loop {
            let tried = if hold == Hold::Alone { file.try_lock() } else { file.try_lock_shared() };
            match tried {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failed("lock", path, error)),
            }
            context.step(0)?;
            context.progress("waiting for another writer", 0, 1);
            std::thread::sleep(PAUSE);
        }
    }
}
