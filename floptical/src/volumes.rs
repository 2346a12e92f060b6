//! The file systems of a disk.

use std::sync::Arc;

use floptical_filesystems::{Mounted, Strength, Volume, probe};
use floptical_iso::{Disc, Namespace};
use floptical_model::{Blocks, Context, Delivered, Entry, ErrorKind, Findings, Result};

use crate::Disk;

/// The volumes of a disk: the namespaces of a disc side by side, then the
/// whole of it as another file system, or its partitions. A disk without
/// sectors, or without a file system that is known here, has none.
///
/// # Errors
/// What stops the reading.
pub fn volumes(disk: &Disk, context: &Context) -> Result<(Vec<Mounted>, Findings)> {
    let Ok(blocks) = disk.blocks() else { return Ok(Default::default()) };
    let mut all = namespaces(&blocks, context)?;
    let (found, findings) = match floptical_filesystems::volumes(Arc::clone(&blocks), context) {
        Err(error) if error.kind == ErrorKind::Unknown => Default::default(),
        found => found?,
    };
    // Beside a disc's own descriptors a guess is none.
    let sure = || probe(&*blocks, context).is_some_and(|(_, found)| found.strength >= Strength::Likely);
    let keep = all.is_empty() || found.iter().any(|m| m.partition.is_some()) || sure();
    all.extend(found.into_iter().filter(|_| keep));
    Ok((all, findings))
}

/// What a volume goes by among those of its disk: its namespace, or its
/// number.
pub fn volume_name(mounted: &[Mounted], index: usize) -> String {
    let namespace = mounted.get(index).and_then(|m| m.volume.namespace());
    namespace.map_or_else(|| index.to_string(), str::to_owned)
}

/// The namespaces of ISO 9660, where it is.
fn namespaces(blocks: &Arc<dyn Blocks>, context: &Context) -> Result<Vec<Mounted>> {
    if floptical_iso::probe(&**blocks, context).is_none() {
        return Ok(Vec::new());
    }
    match Disc::open(Arc::clone(blocks), context) {
        Err(error) if error.kind == ErrorKind::Unknown => Ok(Vec::new()),
        disc => {
            let mount = |n| Mounted { partition: None, volume: Box::new(View(n)) };
            Ok(disc?.into_namespaces().into_iter().map(mount).collect())
        }
    }
}

/// A namespace of a disc as a volume.
struct View(Namespace);

impl Volume for View {
    fn kind(&self) -> &str {
        self.0.kind()
    }

    fn namespace(&self) -> Option<&str> {
        Some(self.0.id())
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.0.facts().to_vec()
    }

    fn findings(&self) -> Findings {
        self.0.findings().clone()
    }

    fn entries(&self) -> &[Entry] {
        self.0.entries()
    }

    fn read(&self, entry: &Entry, out: &mut dyn FnMut(&[u8]) -> Result<()>, context: &Context) -> Result<Delivered> {
        self.0.read(entry, out, context)
    }
}
