//! What is on this disc?
//!
//! [`cd`] knows the sectors of a CD: addresses, checks, codes. ISO 9660 with
//! Joliet and Rock Ridge, El Torito and UDF come into this room.
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

pub mod cd;
