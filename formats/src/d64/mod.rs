//! D64: the blocks of a Commodore 1541 disk, and what the drive said of them.
//!
//! Made by transfer programs and emulators (Star Commander, VICE and others).
//! There is no header. D71 and D81 are the same of other drives, and are read
//! and written by the same code; a [`Kind`] tells them apart.
//!
//! | part | bytes | meaning |
//! | --- | --- | --- |
//! | blocks | 256 each | track by track: 21 for tracks 1 to 17, 19 to 24, 18 to 30, 17 from 31 on |
//! | error bytes | one a block | optional: the code that the drive's job queue gave for the block |
//!
//! 35 tracks are 174,848 bytes, each further one up to the 42nd 4352 more.
mod kind;
mod raw;
mod read;
mod write;

pub(crate) use kind::{Kind, identify};
pub(crate) use read::read;
pub(crate) use write::{emit, fit};

use floptical_model::{CarrierKind, Fact, Layer, Scheme};

use crate::{Exactness, Format, Witness};

/// The facts that dumps of blocks with error bytes hold.
pub(crate) static HOLDS: &[Fact] =
    &[Fact::Exists, Fact::Header, Fact::HeaderCheck, Fact::Data, Fact::DataCheck, Fact::Opaque];

/// The limits of dumps of blocks with error bytes.
pub(crate) const LIMITS: &str = "Data, and one code of the drive for each block: a block that was not found, a bad \
                                 sum of header or data, another disk id. Ids, marks, order and rates are those of \
                                 the drive that it is made for.";

/// The 1541.
static KIND: Kind = Kind {
    id: "d64",
    layouts: &[
        "cbm-1541",
        "cbm-1541-36",
        "cbm-1541-37",
        "cbm-1541-38",
        "cbm-1541-39",
        "cbm-1541-40",
        "cbm-1541-41",
        "cbm-1541-42",
    ],
    scheme: Scheme::CommodoreGcr,
    directory: (17, 0),
    disk_id: Some(0xA2),
    marks: bam_of_1541,
    size_speaks: true,
};

/// The block availability map of DOS 2: where the directory goes on, and the
/// letter of the format.
pub(crate) fn bam_of_1541(block: &[u8]) -> Option<&'static str> {
    match block {
        [1..=42, 0..=20, b'A', ..] => Some("a block availability map of the 1541 on track 18"),
        _ => None,
    }
}

/// The row of D64.
pub(crate) static FORMAT: Format = Format {
    id: KIND.id,
    name: "Commodore 1541 disk (D64)",
    extensions: &["d64"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: HOLDS,
    limits: LIMITS,
    exactness: Exactness::Exact,
    references: &[
        "Peter Schepers and others, D64 (Electronic form of a physical 1541 disk), 1.10",
        "The VICE manual, chapter The emulator file formats: D64",
        "Immers and Neufeld, Inside Commodore DOS (1984), chapters 3 and 7",
    ],
    witness: Witness::Program("VICE"),
    notes: include_str!("NOTES.md"),
    identify: |probe| identify(&KIND, probe),
    group: None,
    read: |set, _, context| read(&KIND, set, context),
    fit: Some(|image, context| fit(&KIND, image, context)),
    emit: Some(|image, out, context| emit(&KIND, image, out, context)),
};
