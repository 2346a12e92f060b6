//! Flat images: the blocks of a disk one after the other, and nothing else.
//!
//! There is no header. How the blocks lie on the tracks follows from what a
//! boot sector says, from the length, or from whoever asks: a [`Layout`].
//!
//! | part | bytes | meaning |
//! | --- | --- | --- |
//! | blocks | as the layout has it | data of each sector, track by track |
//! | tail | rest | what follows the last whole block; kept, not interpreted |
mod apple;
mod flat;
mod read;
mod shape;
mod write;

pub use apple::volume_order;
pub(crate) use read::read_as;
pub use shape::candidates;
pub(crate) use shape::{bpb, known};
pub(crate) use write::{block_data, emit_as, fit_as, no_sector, sector_tracks};

use floptical_model::identity::LogicalTrack;
use floptical_model::{CarrierKind, Fact, Layer, Layout};

use crate::{Answer, Exactness, Format, Probe, Witness};

/// A kind of flat file: what it is called, and what its bytes are taken for.
pub(crate) struct Kind {
    /// Id of its row.
    pub(crate) id: &'static str,
    /// The part that keeps what follows the last whole block.
    pub(crate) tail: &'static str,
    /// What a file suggests, best first.
    pub(crate) suggest: fn(&Look<'_>) -> Vec<Answer>,
    /// True when bytes that suggest no layout are a linear carrier.
    pub(crate) linear: bool,
    /// The layout to write a disk by, of the one that it shows; `None` for all
    /// its data without gaps.
    pub(crate) settle: fn(Option<Layout>, &[LogicalTrack<'_>]) -> Option<Layout>,
}

/// A flat file as it is judged.
pub(crate) struct Look<'a> {
    /// Length in bytes.
    pub(crate) len: u64,
    /// The first bytes.
    pub(crate) head: &'a [u8],
    /// Bytes from further on, where they can be had.
    pub(crate) read: &'a dyn Fn(u64, usize) -> Option<Vec<u8>>,
}

impl<'a> Look<'a> {
    /// Bytes in memory, of a file of this length.
    pub(crate) fn of(len: u64, bytes: &'a [u8], read: &'a dyn Fn(u64, usize) -> Option<Vec<u8>>) -> Self {
        Self { len, head: bytes.get(..Probe::HEAD).unwrap_or(bytes), read }
    }
}

/// Some of the bytes.
pub(crate) fn part(bytes: &[u8], at: u64, len: usize) -> Option<Vec<u8>> {
    let at = usize::try_from(at).ok()?;
    bytes.get(at..at.checked_add(len)?).map(<[u8]>::to_vec)
}

/// The kind of this row.
static RAW: Kind =
    Kind { id: "raw", tail: "raw.tail", suggest: shape::suggestions, linear: true, settle: |shown, _| shown };

/// The row of the registry.
pub(crate) static FORMAT: Format = Format {
    id: "raw",
    name: "Flat sector image",
    extensions: &[
        "img", "ima", "dsk", "raw", "bin", "flp", "vfd", "dd", "fd", "ssd", "dsd", "adl", "hdm", "xdf", "os9", "hdd",
        "do", "po", "d13",
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
    read: |set, options, context| read_as(&RAW, set, options, context),
    fit: Some(|image, context| fit_as(&RAW, image, context)),
    emit: Some(|image, out, context| emit_as(&RAW, image, out, context)),
};
