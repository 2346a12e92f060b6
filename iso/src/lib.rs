//! What is on this disc: CD sectors, ISO 9660 and its kin.
#![forbid(unsafe_code)]
