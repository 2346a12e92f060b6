//! The file systems of a disk.

use floptical_filesystems::Mounted;
use floptical_model::{Context, Findings, Result};

use crate::Disk;

/// The volumes of a disk: the whole of it, or its partitions. A disk without
/// sectors, or without a file system that is known here, has none.
///
/// # Errors
/// What stops the reading.
pub fn volumes(disk: &Disk, context: &Context) -> Result<(Vec<Mounted>, Findings)> {
    match disk.blocks() {
        Ok(blocks) => floptical_filesystems::volumes(blocks, context),
        Err(_) => Ok((Vec::new(), Findings::default())),
    }
}
