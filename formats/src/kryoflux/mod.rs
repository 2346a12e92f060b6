//! KryoFlux streams: flux as the device sent it, a file for each track.
//!
//! The files of one disk are named alike, `*NN.S.raw`: cylinder and side. A
//! file is a stream of codes, with blocks beside the stream (OOB) in between:
//!
//! | Code | Bytes | What |
//! | --- | --- | --- |
//! | 00 to 07 | 2 | a time, its high byte first (`Flux2`) |
//! | 08, 09, 0A | 1, 2, 3 | nothing |
//! | 0B | 1 | 65,536 ticks more for the time that follows (`Ovl16`) |
//! | 0C | 3 | a time in the next two bytes, high byte first (`Flux3`) |
//! | 0D | 4 + n | a block: kind, length in two bytes, low byte first, data |
//! | 0E to FF | 1 | a time (`Flux1`) |
//!
//! | Block | Data | What |
//! | --- | --- | --- |
//! | 1 | 4, 4 | `StreamInfo`: position in the stream, milliseconds of transfer |
//! | 2 | 4, 4, 4 | `Index`: position of the code during which it came, ticks since the transition before, index clock |
//! | 3 | 4, 4 | `StreamEnd`: position, result (0 good, 1 buffering, 2 no index) |
//! | 4 | n | `KFInfo`: text, `name=value, ...` and a 0 |
//! | D | | the end; its length reads 0D0D |
//!
//! Positions count the bytes of codes, without the blocks.

mod info;
mod name;
mod raw;
mod read;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Group, Witness};

/// The row of KryoFlux streams.
pub(crate) static FORMAT: Format = Format {
    id: "kryoflux",
    name: "KryoFlux stream files",
    extensions: &["raw"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Flux,
    holds: &[
        Fact::Exists,
        Fact::FluxTiming,
        Fact::Revolutions,
        Fact::IndexTimes,
        Fact::Heads,
        Fact::Creator,
        Fact::Date,
        Fact::Opaque,
    ],
    limits: "100 cylinders of two sides, whole steps only; no hard-sector marks besides the index.",
    exactness: Exactness::Equal,
    references: &["KryoFlux Stream Protocol, revision 1.1 (Software Preservation Society)"],
    witness: Witness::Program("greaseweazle"),
    notes: include_str!("NOTES.md"),
    identify: read::identify,
    group: Some(Group::Names(name::group)),
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};
