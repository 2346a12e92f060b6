//! A2R: flux as Applesauce captured it, several captures of a track, and the
//! tracks that were solved from them.
//!
//! | At | Bytes | What |
//! | --- | --- | --- |
//! | 0 | 4 | `A2R1`, `A2R2` or `A2R3` |
//! | 4 | 4 | FF 0A 0D 0A |
//! | 8 | | chunks: id (4), length (4), so many bytes |
//!
//! | Chunk | What |
//! | --- | --- |
//! | `INFO` | version (1), creator (32), drive (1), write protection (1), synchronised (1), from 3 on hard sectors (1) |
//! | `STRM` | up to 2: captures; a location of FFh ends them |
//! | `RWCP` | from 3 on: version (1), picoseconds a tick (4), 11 reserved, captures, `X` |
//! | `SLVD` | from 3 on: the same with solved tracks |
//! | `META` | lines of a key, a tab, a value |
//!
//! | Record | What |
//! | --- | --- |
//! | of `STRM` | location (1), kind (1), length (4), ticks to the loop (4), data |
//! | of `RWCP` | `C`, kind (1), location (2), count of index marks (1), ticks of each (4), length (4), data |
//! | of `SLVD` | `T`, location (2), mirrored outward (1), inward (1), 6 reserved, index marks and data as before |
//!
//! Kinds are 1 timing, 2 bits, 3 timing of a longer stretch. Times are bytes of
//! ticks, 255 goes on; a tick of `STRM` lasts 125 ns. Locations are quarter
//! steps for drive 1, else cylinder * 2 + side. Numbers are little-endian.

mod info;
mod raw;
mod read;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};

/// The row of A2R.
pub(crate) static FORMAT: Format = Format {
    id: "a2r",
    name: "Applesauce flux image (A2R)",
    extensions: &["a2r"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Flux,
    holds: &[
        Fact::Exists,
        Fact::FluxTiming,
        Fact::Revolutions,
        Fact::IndexTimes,
        Fact::Readings,
        Fact::Form,
        Fact::Heads,
        Fact::Version,
        Fact::Creator,
        Fact::Date,
        Fact::Title,
        Fact::Comment,
        Fact::Claim,
        Fact::Opaque,
    ],
    limits: "Two sides of whole steps, or quarter steps of one side; one tick of whole picoseconds for all; 255 index \
             marks of a capture; nothing after the last transition; no hard-sector marks.",
    exactness: Exactness::Equal,
    references: &[
        "John K. Morris, A2R Disk Image Reference, version 2.0.1 (2018)",
        "John K. Morris, A2R Disk Image Reference, version 3",
    ],
    witness: Witness::Program("greaseweazle"),
    notes: include_str!("NOTES.md"),
    identify: read::identify,
    group: None,
    read: |files, _, context| read::read(files, context),
    fit: Some(write::fit),
    emit: Some(write::emit),
};
