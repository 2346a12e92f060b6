//! What does this container hold?
//!
//! One folder for each format, and [`FORMATS`], the one list of them. A format
//! is static data with function pointers: see [`Format`]. Reading gives an
//! [`Image`](floptical_model::Image) of what is there; writing is split into
//! `fit`, the only place that drops or invents, and `emit`, which decides
//! nothing. No decoder of signals runs here.
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

mod a2r;
mod adf;
mod applesauce;
mod cue;
mod d64;
mod d71;
mod d81;
mod dfi;
mod disc;
mod dsk;
mod format;
mod g64;
mod hfe;
mod identify;
mod imd;
mod iso;
mod kryoflux;
mod mfi;
mod msa;
mod p64;
mod pfi;
pub mod raw;
mod registry;
mod scp;
mod st;
mod td0;
mod woz;

pub use format::{Emit, Exactness, Fitted, Format, Group, NamedBySheet, NotFitted, ReadOptions, Witness};
pub use identify::{Answer, Candidate, Evidence, Probe};
pub use registry::{FORMATS, Registry};
