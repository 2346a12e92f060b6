//! What the signal says: transitions, cells and sectors, both ways.
//!
//! Up: [`revolutions`] turns a capture of flux into cells, [`recognise`] turns
//! cells into sectors, [`derive`] climbs from whatever a track holds. Down:
//! [`write_track`] turns sectors into cells, [`transitions`] turns cells into
//! flux. What a code looks like is data: [`code`].
//!
//! Pure computation on whole numbers: the same input gives the same cells on
//! any machine. NOTES.md beside this file has sources and quirks.
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

pub mod code;
mod recognise;
mod search;
mod unclaimed;
mod write;

pub use recognise::recognise;
pub use write::{TrackForm, WriteError, write_track};
