//! G64: the cells of a Commodore 1541 disk, half track by half track; and G71,
//! the same of both sides of a 1571.
//!
//! Made for emulators (CCS64, VICE, Star Commander) in 1998; written by
//! nibtools, VICE and many others.
//!
//! | At | Bytes | What |
//! | --- | --- | --- |
//! | 0 | 8 | `GCR-1541`, of two sides `GCR-1571` |
//! | 8 | 1 | version: 0 |
//! | 9 | 1 | entries n: 84 half tracks, of two sides 168, side 0 first |
//! | 10 | 2 | bytes of the longest track: 7928 |
//! | 12 | 4 n | where each half track lies, 0 for none |
//! | 12 + 4 n | 4 n | speed 0 to 3, or where its speed map lies |
//!
//! A track is its length in bytes (2), and the cells, the first one in the high
//! bit. A speed map holds two bits for each byte of the track, the first one
//! high. Numbers are little-endian. Speed 0 is a cell of 4 us, each further one
//! a quarter of a microsecond less.

mod raw;
mod read;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};

/// The row of G64.
pub(crate) static FORMAT: Format = Format {
    id: "g64",
    name: "Commodore GCR image (G64, G71)",
    extensions: &["g64", "g71"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Cells,
    holds: &[
        Fact::Exists,
        Fact::Rate,
        Fact::TrackLength,
        Fact::CellTiming,
        Fact::Gaps,
        Fact::Heads,
        Fact::Version,
        Fact::Claim,
        Fact::Opaque,
    ],
    limits: "Half tracks of one or two sides, 255 of them altogether; tracks of whole bytes, 65,535 at most; cells of \
             4, 3.75, 3.5 and 3.25 us, on one track at least; no index, no weak cells.",
    exactness: Exactness::Exact,
    references: &[
        "Peter Schepers, Markus Brenner and others, G64 (raw GCR binary representation of a 1541 diskette), 1.6",
        "The VICE manual, chapter The emulator file formats: G64, G71",
    ],
    witness: Witness::Program("VICE"),
    notes: include_str!("NOTES.md"),
    identify: read::identify,
    group: None,
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};
