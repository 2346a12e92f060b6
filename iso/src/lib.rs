//! What is on this disc?
//!
//! [`cd`] knows the sectors of a CD: addresses, checks, codes.
//!
//! [`Disc::open`] reads the volume descriptors of ISO 9660 and everything that
//! they lead to: the primary tree, Joliet and other supplementary trees, Rock
//! Ridge in the reserved fields, the boot images of El Torito. Each is a
//! [`Namespace`] of its own, side by side, never merged. [`author`] writes such
//! a disc.
//!
//! Reading never repairs: where two statements of the disc contradict each
//! other, a finding says so. Notes on the formats and their quirks are in
//! `NOTES.md` beside this file.
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

pub mod author;
mod boot;
pub mod cd;
mod date;
mod descriptor;
mod directory;
mod disc;
mod extent;
mod field;
mod medium;
mod name;
mod namespace;
mod path_table;
mod record;
mod rock_ridge;
mod susp;
mod tree;

pub use boot::{BootCatalog, BootImage, Emulation};
pub use disc::{Disc, probe};
pub use namespace::Namespace;

/// Bytes in a sector, the unit of descriptors and directories.
pub const SECTOR: u64 = 2048;
