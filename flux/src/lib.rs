//! What the signal says: transitions, cells and sectors, both ways.
//!
//! Up: [`revolutions`] turns a capture of flux into cells, [`recognise`] turns
//! cells into sectors, [`derive()`] climbs from whatever a track holds. Down:
//! [`write_track`] turns sectors into cells, [`transitions`] turns cells into
//! flux. What a code looks like is data: [`code`].
//!
//! Pure computation: the same input gives the same cells on any machine. Loops
//! work on whole numbers; the rungs above them ([`derive()`]) and the survey on floats, with the
//! four operations, roots and rounding only, which IEEE 754 defines to the last
//! bit. NOTES.md beside this file has sources and quirks.
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

mod again;
pub mod code;
mod consensus;
mod derive;
mod ladder;
mod noise;
mod period;
mod places;
mod pll;
mod recognise;
mod revolution;
mod search;
mod sieve;
mod stencil;
mod survey;
mod transitions;
mod unclaimed;
mod weak;
mod write;

pub use derive::{Derived, derive, derive_sectors};
pub use noise::is_noise;
pub use recognise::recognise;
pub use revolution::{Revolution, TransitionTimes, revolutions};
pub use survey::{Rewritten, Survey};
pub use transitions::transitions;
pub use write::{TrackForm, WriteError, write_track};
