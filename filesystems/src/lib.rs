//! What files are in these blocks.
#![forbid(unsafe_code)]
