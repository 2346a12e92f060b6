//! AmigaDOS: the old and the fast file system of Amiga floppies, with their
//! international, cached and long-named modes. Layout, quirks and sources are
//! in `NOTES.md`.
//!
//! ```text
//! block.rs    blocks, headers, the root      survey.rs   every block looked at once
//! name.rs     names and their hash           content.rs  data blocks of a file
//! date.rs     dates                          lost.rs     hidden and deleted entries
//! map.rs      the bitmap                     tree.rs     what the hash tables lead to
//! cache.rs    directory caches               volume.rs   all of it as a `Volume`
//! find.rs     root and boot block, found or guessed
//! ```

mod block;
mod cache;
mod content;
mod date;
mod find;
mod lost;
mod map;
mod name;
mod survey;
mod tree;
mod volume;

use std::sync::Arc;

use floptical_model::{Blocks, Context, Error, ErrorKind, Result};

use crate::{FileSystem, Found, Strength, Volume};
use find::find;

/// OFS and FFS: one row, since the boot block's flags follow from the volume.
pub(crate) static AMIGA: FileSystem = FileSystem {
    id: "amiga",
    name: "AmigaDOS (OFS, FFS)",
    references: &[
        "Commodore-Amiga, The AmigaDOS Manual (Technical Reference Manual: file structure)",
        "Commodore-Amiga, ROM Kernel Reference Manual: Devices (boot block), includes dos/dosextens.h",
        "Laurent Clévy, The .ADF (Amiga Disk File) format FAQ",
    ],
    probe,
    open,
};

/// The modes of a volume: the low byte of its `DOS` id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Flavour {
    /// Data blocks have a header of their own.
    ofs: bool,
    /// Letters beyond ASCII have a case; `None` where nothing says.
    international: Option<bool>,
    /// Directories have a cache.
    cached: bool,
    /// Names may have 107 characters.
    long_names: bool,
}

impl Flavour {
    /// Bit 0 is FFS, bit 1 international, bit 2 cached; 6 and 7 have long names
    /// instead.
    fn of(flags: u8) -> Self {
        Self {
            ofs: flags & 1 == 0,
            international: Some(flags >= 2),
            cached: matches!(flags, 4 | 5),
            long_names: matches!(flags, 6 | 7),
        }
    }

    /// What to call it.
    fn name(self) -> &'static str {
        match (self.ofs, self.long_names, self.cached, self.international) {
            (true, true, ..) => "AmigaDOS OFS, long names",
            (false, true, ..) => "AmigaDOS FFS, long names",
            (true, _, true, _) => "AmigaDOS OFS, directory cache",
            (false, _, true, _) => "AmigaDOS FFS, directory cache",
            (true, _, _, Some(true)) => "AmigaDOS OFS, international",
            (false, _, _, Some(true)) => "AmigaDOS FFS, international",
            (true, ..) => "AmigaDOS OFS",
            (false, ..) => "AmigaDOS FFS",
        }
    }
}

fn probe(blocks: &dyn Blocks, context: &Context) -> Option<Found> {
    let place = find(blocks, context).ok()??;
    let sound = place.root.as_ref().map(|r| r.header.sound);
    let strength = match (sound, place.flags) {
        (Some(true), Some(_)) => Strength::Sure,
        _ => Strength::Likely,
    };
    let root = match sound {
        Some(true) => format!("block {} is a sound root", place.number),
        Some(false) => format!("block {} is a root whose checksum does not hold", place.number),
        None => "headers without their root".to_owned(),
    };
    let boot = place.flags.map_or_else(|| "no DOS id in the boot block".to_owned(), |f| format!("id DOS{f}"));
    Some(Found { strength, reason: format!("{root}, {boot}") })
}

fn open(blocks: Arc<dyn Blocks>, context: &Context) -> Result<Box<dyn Volume>> {
    let place = find(&*blocks, context)?
        .ok_or_else(|| Error::new(ErrorKind::Unknown, "no root block and no headers of an AmigaDOS volume"))?;
    Ok(Box::new(volume::AmigaVolume::open(blocks, &place, context)?))
}
