//! Where a carrier came from and whether it is still whole.
#![forbid(unsafe_code)]
