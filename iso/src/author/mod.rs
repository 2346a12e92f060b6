//! Writes a disc: a tree of files as ISO 9660 of level 1 with Joliet and Rock
//! Ridge beside it, and El Torito where it boots.
//!
//! The same tree gives the same bytes, on any machine: nothing comes from a
//! clock or from chance.
//!
//! ```
//! use floptical_iso::author::{Author, Boot, Moment};
//! use floptical_iso::Emulation;
//!
//! let then = Moment::utc(2001, 9, 9, 1, 46, 40);
//! let mut disc = Author::new("GREETINGS", then);
//! disc.file("read me.txt", *b"Hello", then)?;
//! disc.file("boot/floppy.img", vec![0; 1_474_560], then)?;
//! disc.boot(Boot::new("boot/floppy.img", Emulation::Floppy(1_474_560)));
//! assert_eq!(disc.to_bytes()?.len() % 2048, 0);
//! # Ok::<(), floptical_model::Error>(())
//! ```

mod boot;
mod bytes;
mod descriptor;
mod layout;
mod name;
mod system_use;
mod tree;

use std::sync::Arc;

use floptical_model::{Error, Result};

use crate::{Emulation, SECTOR};
use layout::Layout;
use tree::Tree;

/// A moment by the calendar, with its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment {
    /// Year, 1900 to 2155.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
    /// Hour.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
    /// Zone in quarters of an hour east of Greenwich.
    pub zone: i8,
}

impl Moment {
    /// A moment in universal time.
    pub fn utc(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Self {
        Self { year, month, day, hour, minute, second, zone: 0 }
    }
}

/// A file to boot from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// Its path on the disc.
    pub path: String,
    /// What drive the firmware makes of it.
    pub emulation: Emulation,
    /// The platform: 0 for x86, EFh for EFI.
    pub platform: u8,
    /// Segment that it is loaded to, 0 for 07C0h.
    pub segment: u16,
    /// Units of 512 bytes that the firmware loads; all of it, or the first of
    /// an emulated drive, where nobody says.
    pub sectors: Option<u16>,
    /// Write a boot info table into it, from byte 8 to 63.
    pub info_table: bool,
}

impl Boot {
    /// A file to boot from on x86.
    pub fn new(path: &str, emulation: Emulation) -> Self {
        Self { path: path.to_owned(), emulation, platform: 0, segment: 0, sectors: None, info_table: false }
    }
}

/// A disc to be written.
#[derive(Debug, Clone)]
pub struct Author {
    volume: String,
    created: Moment,
    tree: Tree,
    boot: Vec<Boot>,
}

impl Author {
    /// An empty disc with the name of its volume.
    pub fn new(volume: &str, created: Moment) -> Self {
        Self { volume: volume.to_owned(), created, tree: Tree::new(created), boot: Vec::new() }
    }

    /// Add a folder, with those above it; it has the date of the disc.
    ///
    /// # Errors
    /// `Unsupported` when a part of the path is empty, `.` or `..`, or a file
    /// is in the way.
    pub fn folder(&mut self, path: &str) -> Result<()> {
        self.tree.folder(path, self.created).map(|_| ())
    }

    /// Add a file, with the folders above it.
    ///
    /// # Errors
    /// As [`Author::folder`], and when there is something of this name or the
    /// file is longer than a section can be.
    pub fn file(&mut self, path: &str, bytes: impl Into<Arc<[u8]>>, modified: Moment) -> Result<()> {
        self.tree.file(path, bytes.into(), modified, self.created)
    }

    /// Boot from a file. The first is what firmware takes that looks no
    /// further.
    pub fn boot(&mut self, boot: Boot) {
        self.boot.push(boot);
    }

    /// Give the disc to `out` piece by piece, from its first byte on.
    ///
    /// # Errors
    /// `Unsupported` for what a disc cannot hold, and whatever `out` returns.
    pub fn write(&self, out: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let layout = Layout::of(&self.tree, &self.boot)?;
        out(&layout.head(&self.volume, self.created, &self.tree, &self.boot)?)?;
        for file in &layout.files {
            let bytes = boot::with_table(file, &self.tree, &self.boot)?;
            out(&bytes)?;
            let filled = bytes.len() as u64;
            let rest = filled.next_multiple_of(SECTOR).saturating_sub(filled);
            out(&vec![0; usize::try_from(rest).unwrap_or(0)])?;
        }
        Ok(())
    }

    /// The whole disc in memory.
    ///
    /// # Errors
    /// As [`Author::write`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        self.write(&mut |piece| {
            all.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(all)
    }
}

/// What a disc cannot hold.
fn too_much(what: impl Into<String>) -> Error {
    Error::unsupported(what)
}
