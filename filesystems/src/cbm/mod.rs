//! CBM DOS: the disks of the Commodore 1541, 1571 and 1581. Layout, quirks and
//! sources are in `NOTES.md`.
//!
//! ```text
//! disk.rs      tracks, sectors, links        record.rs    entries of a directory
//! chain.rs     chains of sectors             relative.rs  side sectors
//! bam.rs       which sectors are free        geos.rs      files of GEOS
//! name.rs      PETSCII                       content.rs   bytes of a chain
//! tree.rs      directories, partitions       recover.rs   broken chains, scratched files
//! volume.rs    all of it as a `Volume`
//! ```

mod bam;
mod chain;
mod content;
mod disk;
mod geos;
mod name;
mod record;
mod recover;
mod relative;
mod tree;
mod volume;

use std::sync::Arc;

use floptical_model::{Blocks, Context, Error, ErrorKind, Result};

use crate::{FileSystem, Found, Strength, Volume};
use bam::Bam;
use chain::{Chain, End};
use disk::{Disk, Shape};
use record::{records, used};

/// The disks of 1541, 1571 and 1581: one row, since the drive follows from the
/// length.
pub(crate) static CBM: FileSystem = FileSystem {
    id: "cbm",
    name: "CBM DOS (1541, 1571, 1581)",
    references: &[
        "Commodore, VIC-1541 User's Manual (disk formats)",
        "Commodore, 1571 Disk Drive User's Guide and 1581 Disk Drive User's Guide (disk formats)",
        "Schepers, Disk image and file formats: D64, D71, D81, GEOS",
    ],
    probe,
    open,
};

/// What speaks for a shape.
struct Evidence {
    strength: Strength,
    reason: String,
}

/// Hold the header, the map and the first sector of the directory against a
/// shape.
fn judge(disk: &Disk<'_>) -> Result<Option<Evidence>> {
    let drive = disk.shape.drive;
    let version = disk.sector(drive.header())?.is_some_and(|h| h[2] == drive.version());
    let bam = Bam::load(disk, drive.header().track)?;
    let mapped = bam.told > 0 && bam.told.saturating_sub(bam.agreeing) <= bam.told / 8;
    let first = used(disk, drive.directory())?;
    let mut files = 0u32;
    for record in records(disk, drive.directory())?.iter().filter(|r| r.is_closed()) {
        let chain = Chain::follow(disk, record.start())?;
        let fits = matches!(chain.end, End::Last(_)) && chain.sectors.len() == usize::from(record.blocks());
        files = files.saturating_add(u32::from(fits));
    }
    let entries = first.unwrap_or(0);
    let strength = match (version, mapped, first.is_some()) {
        (true, true, true) => Strength::Sure,
        (true, true, false) => Strength::Likely,
        // A lone chain may be that of another drive: the 2040 counts otherwise
        // only behind the directory.
        (true, _, true) | (_, true, true) if files > 0 => Strength::Likely,
        (_, _, true) if files > 1 => Strength::Likely,
        (true, _, true) | (_, true, true) if entries > 0 => Strength::Weak,
        _ => return Ok(None),
    };
    let words = [(version, "version in the header"), (mapped, "counts and bits of the map agree")];
    let words = words.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word.to_owned());
    let words = words.chain([format!("{entries} entries in the first sector, {files} with whole chains")]);
    let reason = format!("{}: {}", drive.name(), words.collect::<Vec<_>>().join("; "));
    Ok(Some(Evidence { strength, reason }))
}

/// The shape that most speaks for.
fn best(blocks: &dyn Blocks, context: &Context) -> Result<Option<(Shape, Evidence)>> {
    let mut best: Option<(Shape, Evidence)> = None;
    for shape in Shape::of(blocks.len()) {
        let disk = Disk::new(blocks, shape, context)?;
        if let Some(evidence) = judge(&disk)?
            && best.as_ref().is_none_or(|(_, b)| evidence.strength > b.strength)
        {
            best = Some((disk.shape, evidence));
        }
    }
    Ok(best)
}

fn probe(blocks: &dyn Blocks, context: &Context) -> Option<Found> {
    let (_, Evidence { strength, reason }) = best(blocks, context).ok()??;
    Some(Found { strength, reason })
}

fn open(blocks: Arc<dyn Blocks>, context: &Context) -> Result<Box<dyn Volume>> {
    let (shape, _) = best(&*blocks, context)?
        .ok_or_else(|| Error::new(ErrorKind::Unknown, "no header, map and directory of CBM DOS"))?;
    Ok(Box::new(volume::CbmVolume::open(blocks, shape, context)?))
}
