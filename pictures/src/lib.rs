//! How does a disk look?
//!
//! Nothing is here yet. Maps of tracks and sectors, scatters and histograms of
//! flux come into this room, as PNG and SVG.
#![forbid(unsafe_code)]
