//! P64: flux of Commodore disks, each transition with its strength.
//!
//! | At | Bytes | What |
//! | --- | --- | --- |
//! | 0 | 8 | `P64-1541`; of a 3.5-inch drive `P64-1581` |
//! | 8 | 4 | version, 0 |
//! | C | 4 | flags: 0 write protected, 1 two sides |
//! | 10 | 4 | length of all chunks |
//! | 14 | 4 | CRC-32 of all chunks |
//! | 18 | | chunks: four letters, length, CRC-32 of so many bytes, these |
//!
//! A chunk `HTP` and a byte is a half track: the byte is its number from 2 on,
//! with 80h on side 1. It holds how many transitions there are and how many
//! bytes follow: distances and strengths, range coded. Places are counted at 16
//! MHz from the start of a turn of 3,200,000. `DONE` ends the file. Numbers have
//! their low byte first.

mod coder;
mod raw;
mod read;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};

/// The row of P64.
pub(crate) static FORMAT: Format = Format {
    id: "p64",
    name: "Commodore flux image (P64)",
    extensions: &["p64", "p81"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Flux,
    holds: &[Fact::Exists, Fact::FluxTiming, Fact::Heads, Fact::Form, Fact::Version, Fact::Claim, Fact::Opaque],
    limits: "Half tracks of two sides; one turn of 3,200,000 places, each transition with a strength; no index.",
    exactness: Exactness::Equal,
    references: &[
        "VICE manual, The emulator file formats: P64",
        "Benjamin Rosseaux, P64 specification, version 0 (2012)",
    ],
    witness: Witness::Program("VICE"),
    notes: include_str!("NOTES.md"),
    identify: read::identify,
    group: None,
    read: read::read,
    fit: None,
    emit: None,
};
