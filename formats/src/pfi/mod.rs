//! PFI: the flux images of PCE.
//!
//! Chunks, each of four letters, a length, so many bytes, and a check of all
//! that; numbers have their high byte first.
//!
//! | Chunk | What |
//! | --- | --- |
//! | `PFI ` | version, 0 |
//! | `TEXT` | a comment, UTF-8 |
//! | `TRAK` | cylinder, side, ticks a second: what follows is of this track |
//! | `INDX` | when index marks came, in ticks from the start |
//! | `DATA` | times between transitions in codes of one to five bytes |
//! | `END ` | nothing |
//!
//! A code of 1, 2 and 3 is followed by a time of two, three and four bytes, one
//! of 4 to 7 by the low byte of a time whose high bits are the code less 4; any
//! other but 0 is a time itself.

mod codes;
mod raw;
mod read;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};

/// The row of PFI.
pub(crate) static FORMAT: Format = Format {
    id: "pfi",
    name: "PCE flux image (PFI)",
    extensions: &["pfi"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Flux,
    holds: &[
        Fact::Exists,
        Fact::FluxTiming,
        Fact::Revolutions,
        Fact::IndexTimes,
        Fact::Version,
        Fact::Comment,
        Fact::Opaque,
    ],
    limits: "Whole steps of any number of sides; whole ticks a second, each track by itself; index marks within the \
             first 4,294,967,295 ticks; no hard-sector marks.",
    exactness: Exactness::Equal,
    references: &["Hampa Hug, PFI (2017-12-18): doc/pfi-format.txt of PCE"],
    witness: Witness::Program("pfi"),
    notes: include_str!("NOTES.md"),
    identify: read::identify,
    group: None,
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};
