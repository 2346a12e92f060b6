//! A floppy and optical preservation toolkit for emulators.
//!
//! The way of a disk through the library:
//!
//! 1. [`identify`](identify::identify) says what a file is, how sure and why;
//!    [`open`] reads it into an [`Image`](model::Image): what the container
//!    holds, nothing more.
//! 2. [`Disk::derive`] makes of it what follows: cells, sectors, layout, blocks.
//! 3. [`plan`] states what a conversion would change; [`Planned::write`] does
//!    it, [`Planned::prove`] reads it back and holds it against the promise.
//! 4. [`Identities`], [`compare`], [`check`], [`explain`], [`volumes`],
//!    [`snapshot`] speak of a disk; [`map`] is its picture, [`drive::Drive`] turns
//!    it.
//!
//! Everything opens from bytes in memory too; no file, thread or clock is
//! touched here.
#![forbid(unsafe_code)]

mod check;
mod compare;
mod convert;
mod disc;
mod disc_checks;
mod disk;
pub mod drive;
mod explain;
mod extract;
pub mod identify;
mod identity;
mod inventory;
pub mod items;
mod map;
mod merge;
mod open;
mod prepare;
#[cfg(feature = "preserve")]
pub mod preserve;
pub mod profiles;
#[cfg(feature = "vault")]
mod record;
#[cfg(feature = "preserve")]
pub mod report;
pub mod shape;
pub mod sidecar;
mod snapshot;
mod volumes;

pub use floptical_catalog as catalog;
pub use floptical_filesystems as filesystems;
pub use floptical_flux as flux;
pub use floptical_formats as formats;
pub use floptical_io as io;
pub use floptical_iso as iso;
pub use floptical_model as model;
#[cfg(feature = "pictures")]
pub use floptical_pictures as pictures;

pub use check::{Checked, check};
pub use compare::{Comparison, FileDifference, SectorDifference, compare};
pub use convert::{Broken, ConvertError, Planned, plan};
pub use disk::{CellFacts, Disk, DiskTrack, FluxFacts};
pub use explain::{Step, Target, explain};
pub use extract::{ExtractOptions, Extracted, extract, extract_metadata, select};
pub use identity::{Identities, Identity, hex};
pub use inventory::inventory;
pub use map::{map, map_flux};
pub use merge::{Merged, MergedSlot, merge};
pub use open::{OpenOptions, Opened, open, open_bytes, open_files};
pub use prepare::WriteOptions;
#[cfg(feature = "vault")]
pub use record::{record, record_unread};
pub use snapshot::snapshot;
pub use volumes::{volume_name, volumes};
