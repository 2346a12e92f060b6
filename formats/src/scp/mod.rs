//! SCP: flux captured by a SuperCard Pro, and by many other devices since.
//!
//! | At | Bytes | What |
//! | --- | --- | --- |
//! | 0 | 3 | `SCP` |
//! | 3 | 1 | version, a nibble for each part; 0 where a footer tells |
//! | 4 | 1 | disk type: maker and kind |
//! | 5 | 1 | revolutions of every track |
//! | 6, 7 | 1, 1 | first and last entry of the table |
//! | 8 | 1 | flags: 0 index, 1 96 tpi, 2 360 rpm, 3 normalised, 4 may be written, 5 footer, 6 extended, 7 other device |
//! | 9 | 1 | width of a time, 0 for 16 bits |
//! | A | 1 | sides: 0 both, 1 side 0, 2 side 1 |
//! | B | 1 | resolution: ticks of 25 ns * (n + 1) |
//! | C | 4 | sum of all bytes from 10 on; 0 for not computed |
//! | 10 | 168 * 4 | table: where the header of each track stands, 0 for none |
//!
//! A track header is `TRK`, its number, and for each revolution its length in
//! ticks, its count of times and where they stand, from the header on. Times
//! are 16 bits, high byte first; 0 adds 65,536 to the one that follows.
//! Everything else has its low byte first.

mod raw;
mod read;
pub(crate) mod retime;
mod tail;
mod words;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};

/// The row of SCP.
pub(crate) static FORMAT: Format = Format {
    id: "scp",
    name: "SuperCard Pro flux image (SCP)",
    extensions: &["scp"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Flux,
    holds: &[
        Fact::Exists,
        Fact::FluxTiming,
        Fact::Revolutions,
        Fact::IndexTimes,
        Fact::Heads,
        Fact::Version,
        Fact::Creator,
        Fact::Date,
        Fact::Comment,
        Fact::Claim,
        Fact::Opaque,
    ],
    limits: "84 cylinders of two sides, whole steps only; one tick of 25 ns times 1 to 256; 255 revolutions, which \
             begin at an index; no hard-sector marks.",
    exactness: Exactness::Exact,
    references: &["SuperCard Pro Image File Specification, versions 1.5 to 2.5 (Jim Drew)"],
    witness: Witness::Program("greaseweazle"),
    notes: include_str!("NOTES.md"),
    identify: read::identify,
    group: None,
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};
