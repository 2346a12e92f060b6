//! ADF: the sectors of an Amiga disk one after the other.
//!
//! A flat file like any other, read and written as [`crate::raw`] does it: what
//! is of this row alone is the shape of an Amiga disk, and how its boot block is
//! known.
//!
//! | part | bytes | meaning |
//! | --- | --- | --- |
//! | boot block | 1024 | `DOS` and the kind of file system; a sum; the root block; code |
//! | sectors | rest | 512 bytes each, by cylinder, side and number, from 0 |
mod shape;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::raw::{Kind, emit_as, fit_as, read_as};
use crate::{Exactness, Format, Witness};

/// A flat file as an Amiga takes it.
static ADF: Kind = Kind {
    id: "adf",
    tail: "adf.tail",
    suggest: |look| shape::suggestions(look.len, look.head),
    linear: false,
    settle: shape::settle,
};

/// The row of the registry.
pub(crate) static FORMAT: Format = Format {
    id: "adf",
    name: "Amiga disk image",
    extensions: &["adf"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: &[Fact::Exists, Fact::Data, Fact::Opaque],
    limits: "Nothing but the data of 11 or 22 AmigaDOS sectors on every track of 80 to 84 cylinders: no labels, no \
             checks, no other sectors; missing data is written as zeros.",
    exactness: Exactness::Exact,
    references: &[
        "Commodore-Amiga, ROM Kernel Reference Manual: Devices, 3rd edition (trackdisk.device, boot block)",
        "Commodore-Amiga, The AmigaDOS Manual, 3rd edition (disk structure)",
    ],
    witness: Witness::Program("greaseweazle"),
    notes: include_str!("NOTES.md"),
    identify: shape::identify,
    group: None,
    read: |set, options, context| read_as(&ADF, set, options, context),
    fit: Some(|image, context| fit_as(&ADF, image, context)),
    emit: Some(|image, out, context| emit_as(&ADF, image, out, context)),
};
