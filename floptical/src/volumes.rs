//! The file systems of a disk.

use floptical_filesystems::Mounted;
use floptical_model::{Context, ErrorKind, Findings, Result};

use crate::Disk;

/// The volumes of a disk: the whole of it, or its partitions. A disk without
/// sectors, or without a file system that is known here, has none.
///
/// # Errors
/// What stops the reading.
pub fn volumes(disk: &Disk, context: &Context) -> Result<(Vec<Mounted>, Findings)> {
    let none = || Ok((Vec::new(), Findings::default()));
    let Ok(blocks) = disk.blocks() else { return none() };
    match floptical_filesystems::volumes(blocks, context) {
        Err(error) if error.kind == ErrorKind::Unknown => none(),
        found => found,
    }
}
