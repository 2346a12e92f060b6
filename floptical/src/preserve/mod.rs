//! The main job: from a box of disks to a vault with a report.
//!
//! [`examine`] reads one item of a box and finds out everything about it;
//! [`Preservation::add`] puts examined items into a vault, a batch at a time,
//! writes their copies for emulators and their pages; [`Preservation::finish`]
//! writes the overview. Items that a vault has already are recognised by
//! [`Preservation::recognise`] before any of that work. Who calls has the
//! threads and the clock.

mod copies;
mod examine;
mod site;
mod summary;

pub use copies::Copy;
pub use examine::{Examined, ExaminedImage, Wish, examine, measure, provenance};
pub use site::{Preservation, Preserved};
