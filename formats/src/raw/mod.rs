//! Flat images: the blocks of a disk one after the other, and nothing else.
//!
//! There is no header. How the blocks lie on the tracks follows from what a
//! boot sector says, from the length, or from whoever asks: a [`Layout`].
//!
//! | part | bytes | meaning |
//! | --- | --- | --- |
//! | blocks | as the layout has it | data of each sector, track by track |
//! | tail | rest | what follows the last whole block; kept, not interpreted |
mod flat;
mod read;
mod shape;
mod write;

pub use shape::candidates;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};
#[cfg(doc)]
use floptical_model::Layout;

/// The row of the registry.
pub(crate) static FORMAT: Format = Format {
    id: "raw",
    name: "Flat sector image",
    extensions: &[
        "img", "ima", "dsk", "raw", "bin", "flp", "vfd", "dd", "fd", "st", "ssd", "dsd", "adl", "hdm", "xdf", "os9",
        "hdd",
    ],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: &[Fact::Exists, Fact::Data, Fact::Contents, Fact::Opaque],
    limits: "Nothing but data: ids, marks, schemes and rates are those of the layout, no check is recorded, \
             and missing data is written as zeros. A layout that is not the first of its length has to be named again.",
    exactness: Exactness::Exact,
    references: &[
        "Microsoft, FAT: General Overview of On-Disk Format, 1.03 (BIOS parameter block)",
        "Microware, OS-9 Technical Manual, chapter Random Block File Manager (identification sector)",
        "IBM, Personal Computer XT BIOS: partition table of the fixed disk",
    ],
    witness: Witness::Program("mtools"),
    notes: include_str!("NOTES.md"),
    identify: shape::identify,
    group: None,
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};
