//! What files are in these blocks?
//!
//! A [`FileSystem`] is a row of [`FILESYSTEMS`]: it says whether a linear view
//! looks like one of its volumes, and opens it. A [`Volume`] lists everything
//! at once (deleted and hidden entries too, marked so) and reads files piece
//! by piece. [`volumes`] finds the volumes of a whole carrier, behind a
//! partition table if there is one.
//!
//! Reading never repairs: where the structures contradict each other the
//! entry says so in its findings, and [`floptical_model::Delivered`] says how
//! much came and how far it can be trusted.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::unwrap_used,
        clippy::panic
    )
)]

mod amiga;
mod cbm;
mod fat;
mod listing;
mod mount;
mod partition;
mod pieces;

pub use fat::{Geometry, geometry};
pub use mount::{Mounted, probe, volumes};
pub use partition::Partition;

use std::sync::Arc;

use floptical_model::{Blocks, Context, Delivered, Entry, Findings, Result};

/// How sure a file system is that a volume is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// Nothing speaks against it.
    Weak,
    /// Independent structures agree.
    Likely,
    /// All that the format has to recognise it by agrees.
    Sure,
}

/// The answer of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How sure it is.
    pub strength: Strength,
    /// What it rests on, in words.
    pub reason: String,
}

/// A file system: one row of [`FILESYSTEMS`].
#[derive(Debug)]
pub struct FileSystem {
    /// Stable id.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Public descriptions of the format.
    pub references: &'static [&'static str],
    /// Whether a volume looks like one of these. Reads little.
    pub probe: fn(&dyn Blocks, &Context) -> Option<Found>,
    /// Open a volume and read all its directories.
    ///
    /// Fails with `Unknown` when it is no such volume, and with what stops the
    /// reading; damage inside the volume is in its findings.
    pub open: Open,
}

/// How a volume is opened.
pub type Open = fn(Arc<dyn Blocks>, &Context) -> Result<Box<dyn Volume>>;

/// Every file system.
pub static FILESYSTEMS: &[&FileSystem] = &[&fat::FAT, &amiga::AMIGA, &cbm::CBM];

/// An open volume.
pub trait Volume: Send + Sync {
    /// What it is, such as `FAT12`.
    fn kind(&self) -> &str;

    /// The word for this view of the files, where a carrier shows the same
    /// ones in several: `iso9660`, `joliet`.
    fn namespace(&self) -> Option<&str> {
        None
    }

    /// What it says of itself, in a fixed order; what is not recorded is not
    /// there.
    fn facts(&self) -> Vec<(&'static str, String)>;

    /// What was noticed of the volume and of all its entries.
    fn findings(&self) -> Findings;

    /// Everything, depth first, in directory order; deleted and hidden entries
    /// have `deleted: Some(..)`.
    fn entries(&self) -> &[Entry];

    /// Give the bytes of a file to `out` piece by piece.
    ///
    /// Bytes on missing or unread sectors come as zeros; `Delivered::worst`
    /// says so, and is `Reconstructed` at best where no table but a search
    /// told which clusters belong to the file.
    ///
    /// # Errors
    /// What stops the reading, and whatever `out` returns.
    fn read(&self, entry: &Entry, out: &mut dyn FnMut(&[u8]) -> Result<()>, context: &Context) -> Result<Delivered>;
}
