//! What the signal says: transitions, cells and sectors, both ways.
#![forbid(unsafe_code)]
