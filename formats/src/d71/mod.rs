//! D71: the blocks of a Commodore 1571 disk, and what the drive said of them.
//!
//! As D64, for both sides: tracks 1 to 35 are side 0, tracks 36 to 70 side 1
//! from the outside again. 349,696 bytes, with error bytes 351,062.
use floptical_model::{CarrierKind, Layer, Scheme};

use crate::d64::{HOLDS, Kind, LIMITS, bam_of_1541, emit, fit, identify, read};
use crate::{Exactness, Format, Witness};

/// The 1571.
static KIND: Kind = Kind {
    id: "d71",
    layouts: &["cbm-1571"],
    scheme: Scheme::CommodoreGcr,
    directory: (17, 0),
    disk_id: Some(0xA2),
    marks: bam_of_1541,
    size_speaks: true,
};

/// The row of D71.
pub(crate) static FORMAT: Format = Format {
    id: KIND.id,
    name: "Commodore 1571 disk (D71)",
    extensions: &["d71"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: HOLDS,
    limits: LIMITS,
    exactness: Exactness::Exact,
    references: &[
        "Peter Schepers and others, D71 (Electronic form of a double-sided 1571 disk), 1.3",
        "The VICE manual, chapter The emulator file formats: D71",
        "Commodore, 1571 Disk Drive User's Guide (1985)",
    ],
    witness: Witness::Program("VICE"),
    notes: include_str!("NOTES.md"),
    identify: |probe| identify(&KIND, probe),
    group: None,
    read: |set, _, context| read(&KIND, set, context),
    fit: Some(|image, context| fit(&KIND, image, context)),
    emit: Some(|image, out, context| emit(&KIND, image, out, context)),
};
