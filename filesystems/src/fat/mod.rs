//! The FAT file systems: FAT12, FAT16 and FAT32 of DOS, Windows, Atari ST,
//! MSX, PC-98 and X68000. Layout, quirks and sources are in `NOTES.md`.
//!
//! ```text
//! boot.rs        fields of the boot sector     name.rs       8.3, long and Human68k names
//! guess.rs       shape, told or found          date.rs       dates
//! shape.rs       where the parts lie           tree.rs       live directories and files
//! table.rs       allocation tables, chains     recover.rs    clusters that no table tells
//! directory.rs   entries, long names           deleted.rs    deleted and hidden entries
//! volume.rs      all of it as a `Volume`
//! ```

mod boot;
mod date;
mod deleted;
mod directory;
mod guess;
mod name;
mod recover;
mod shape;
mod table;
mod tree;
mod volume;

pub use boot::{Geometry, geometry};

use std::sync::Arc;

use floptical_model::{Blocks, Context, Error, ErrorKind, Result};

use crate::{FileSystem, Found, Strength, Volume};
use guess::{Origin, guess};

/// FAT12, FAT16 and FAT32: one row, since the width follows from the volume.
pub(crate) static FAT: FileSystem = FileSystem {
    id: "fat",
    name: "FAT12, FAT16, FAT32",
    references: &[
        "Microsoft FAT32 File System Specification 1.03",
        "ECMA-107 (FAT12 and FAT16)",
        "Microsoft Extensible Firmware Initiative, long directory entries",
    ],
    probe,
    open,
};

fn probe(blocks: &dyn Blocks, context: &Context) -> Option<Found> {
    let found = guess(blocks, context).ok()??;
    let ((good, bad), signed) = (found.fit, found.signed);
    let strength = match found.origin {
        Origin::Boot if signed == found.shape.copies && bad <= good => Strength::Sure,
        Origin::Boot if signed > 0 || good > bad => Strength::Likely,
        Origin::Known(_) | Origin::Search if signed > 0 && good > bad => Strength::Likely,
        Origin::Backup(_) => Strength::Likely,
        _ => Strength::Weak,
    };
    let from = match found.origin {
        Origin::Boot => "boot sector".to_owned(),
        Origin::Backup(sector) => format!("backup boot sector {sector}"),
        Origin::Known(name) => format!("shape of {name}, not from the boot sector"),
        Origin::Search => "the shape that fits, not from the boot sector".to_owned(),
    };
    let copies = found.shape.copies;
    let kind = found.shape.width.name();
    let reason = format!("{kind}: {from}; {signed} of {copies} tables begin with their id");
    Some(Found { strength, reason: if good > 0 { format!("{reason}; {good} entries fit") } else { reason } })
}

fn open(blocks: Arc<dyn Blocks>, context: &Context) -> Result<Box<dyn Volume>> {
    let found = guess(&*blocks, context)?
        .ok_or_else(|| Error::new(ErrorKind::Unknown, "no boot sector and no allocation table of a FAT volume"))?;
    Ok(Box::new(volume::FatVolume::open(blocks, &found, context)?))
}
