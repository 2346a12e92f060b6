//! Where did a carrier come from, and is it still whole?
//!
//! [`fixity`] sums the bytes of a file by every algorithm that records and
//! lists use, in one pass. With the feature `vault` there are vaults on disk:
//! [`record`] is what is written of a carrier, [`event`] what happened to it,
//! [`ocfl`] and [`bag`] the standards that others check us by, and [`vault`]
//! keeps them together.
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

#[cfg(feature = "vault")]
pub mod bag;
#[cfg(feature = "vault")]
pub mod event;
pub mod fixity;
#[cfg(feature = "vault")]
pub mod ocfl;
#[cfg(feature = "vault")]
pub mod record;
#[cfg(feature = "vault")]
pub mod vault;

#[cfg(feature = "vault")]
pub use jiff::Timestamp;
