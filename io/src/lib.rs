//! How do bytes come in and go out safely?
//!
//! [`Source`] reads by offset, without a cursor of its own; [`Cursor`] walks
//! bytes in memory and gives a span with each value; [`FileSet`] is what
//! belongs together; [`wrap`] takes off what is packed around it; [`Output`] takes what a format emits, and its sinks are
//! whole or not at all, those on [`disk`] too; [`text`] makes foreign words safe to show.
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

mod cursor;
pub mod disk;
mod memory;
mod output;
mod set;
mod source;
pub mod text;
pub mod wrap;
pub mod yaml;

pub use cursor::{At, Cursor};
pub use memory::Memory;
pub use output::{Output, Sink};
pub use set::FileSet;
pub use source::{ReadAt, Source};
