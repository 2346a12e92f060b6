//! DFI: flux captured by a DiscFerret.
//!
//! | At | Bytes | What |
//! | --- | --- | --- |
//! | 0 | 4 | `DFE2`; of the first generation `DFER` |
//! | 4 | | blocks, one for each track |
//!
//! A block is its cylinder, its head, its sector on hard-sectored disks (16
//! bits each), the length of its samples (32 bits) and these. Numbers have
//! their high byte first.
//!
//! A sample counts ticks in its low seven bits. 7F is 127 ticks that go on in
//! the next sample; with the high bit set the index came then, and the time
//! goes on, too; all others end at a transition. In the first generation 00
//! stands for 127 ticks that go on, and every other sample ends at a
//! transition.

mod raw;
mod read;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};

/// The row of DFI.
pub(crate) static FORMAT: Format = Format {
    id: "dfi",
    name: "DiscFerret flux image (DFI)",
    extensions: &["dfi"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Flux,
    holds: &[Fact::Exists, Fact::FluxTiming, Fact::Revolutions, Fact::IndexTimes, Fact::Version, Fact::Opaque],
    limits: "Whole steps; the clock is not told.",
    exactness: Exactness::Equal,
    references: &["DiscFerret, DFI image format (2012)"],
    witness: Witness::Program("samdisk"),
    notes: include_str!("NOTES.md"),
    identify: read::identify,
    group: None,
    read: read::read,
    fit: None,
    emit: None,
};
