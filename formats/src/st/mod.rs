//! ST: the sectors of an Atari ST disk one after the other.
//!
//! A flat file like any other, read and written as [`crate::raw`] does it: what
//! is of this row alone is how an Atari sees the shape of a disk, and the marks
//! that its boot sectors have.
//!
//! | part | bytes | meaning |
//! | --- | --- | --- |
//! | boot sector | 512 | a branch of the 68000 or filler, a serial number, a parameter block |
//! | sectors | rest | by cylinder, side and number, from 1 |
pub(crate) mod shape;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::raw::{Kind, emit_as, fit_as, read_as};
use crate::{Exactness, Format, Witness};

/// A flat file as an Atari takes it.
static ST: Kind = Kind {
    id: "st",
    tail: "st.tail",
    suggest: |look| shape::suggestions(look.len, look.head),
    linear: false,
    settle: shape::settle,
};

/// The row of the registry.
pub(crate) static FORMAT: Format = Format {
    id: "st",
    name: "Atari ST disk image",
    extensions: &["st"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: &[Fact::Exists, Fact::Data, Fact::Opaque],
    limits: "Nothing but data, in sectors of 512 bytes numbered from 1, as many on every track, up to 86 cylinders; \
             no check is recorded, and missing data is written as zeros.",
    exactness: Exactness::Exact,
    references: &[
        "Atari Corporation, Hitchhiker's Guide to the BIOS: boot sectors (parameter block, sum 1234h)",
        "Hatari, manual: floppy disk images",
    ],
    witness: Witness::Program("hatari"),
    notes: include_str!("NOTES.md"),
    identify: shape::identify,
    group: None,
    read: |set, options, context| read_as(&ST, set, options, context),
    fit: Some(|image, context| fit_as(&ST, image, context)),
    emit: Some(|image, out, context| emit_as(&ST, image, out, context)),
};
