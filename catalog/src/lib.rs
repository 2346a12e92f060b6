//! Where did a carrier come from, and is it still whole?
//!
//! [`fixity`] sums the bytes of a file by every algorithm that records and
//! lists use, in one pass.
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

pub mod fixity;
