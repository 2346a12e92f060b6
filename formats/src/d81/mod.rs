//! D81: the sectors of a Commodore 1581 disk, and what the drive said of them.
//!
//! As D64, for a drive with MFM: 80 to 83 cylinders of two sides with 10
//! sectors of 512 bytes. Side 1 comes first: the 1581 calls it side 0. An error
//! byte speaks of 256 bytes, so that a sector has two. 80 cylinders are 819,200
//! bytes, with error bytes 822,400.
use floptical_model::{CarrierKind, Layer, Scheme};

use crate::d64::{HOLDS, Kind, LIMITS, emit, fit, identify, read};
use crate::{Exactness, Format, Witness};

/// The 1581.
static KIND: Kind = Kind {
    id: "d81",
    layouts: &["cbm-1581", "cbm-1581-81", "cbm-1581-82", "cbm-1581-83"],
    scheme: Scheme::IbmMfm,
    directory: (39, 1),
    disk_id: None,
    marks: header_of_1581,
    size_speaks: false,
};

/// The header of DOS 3: where the directory begins, and the letter of the
/// format.
fn header_of_1581(block: &[u8]) -> Option<&'static str> {
    block.starts_with(&[40, 3, b'D']).then_some("a header of the 1581 on track 40")
}

/// The row of D81.
pub(crate) static FORMAT: Format = Format {
    id: KIND.id,
    name: "Commodore 1581 disk (D81)",
    extensions: &["d81"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: HOLDS,
    limits: LIMITS,
    exactness: Exactness::Exact,
    references: &[
        "Peter Schepers and others, D81 (Electronic form of a physical 1581 disk), 1.3",
        "The VICE manual, chapter The emulator file formats: D81",
        "Commodore, 1581 Disk Drive User's Guide (1987)",
    ],
    witness: Witness::Program("VICE"),
    notes: include_str!("NOTES.md"),
    identify: |probe| identify(&KIND, probe),
    group: None,
    read: |set, _, context| read(&KIND, set, context),
    fit: Some(|image, context| fit(&KIND, image, context)),
    emit: Some(|image, out, context| emit(&KIND, image, out, context)),
};
