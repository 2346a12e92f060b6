//! How a disk looks.
#![forbid(unsafe_code)]
