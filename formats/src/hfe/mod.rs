//! HFE versions 1 and 3: cells for floppy emulators.
//!
//! Made by the HxC Floppy Emulator's tools, greaseweazle and others. Cells of
//! both sides interleaved in half blocks, one bit rate for the whole file.
//!
//! | At | Bytes | What |
//! | --- | --- | --- |
//! | 0 | 8 | `HXCPICFE`; of version 3 `HXCHFEV3` |
//! | 8 | 1 | revision: 0 |
//! | 9 | 1 | cylinders |
//! | 10 | 1 | sides |
//! | 11 | 1 | encoding (a hint) |
//! | 12 | 2 | bit rate, kbit/s |
//! | 14 | 2 | revolutions a minute, 0 for not recorded |
//! | 16 | 1 | interface |
//! | 17 | 1 | unused, 1 |
//! | 18 | 2 | table of tracks, in blocks of 512 bytes |
//! | 20 | 1 | writing allowed, FF or 0 |
//! | 21 | 1 | single step, FF; double step, 0 |
//! | 22 | 2, 2 | 0 and another encoding for cylinder 0, side 0 and 1 |
//! | 26 | 486 | FF |
//!
//! The table holds for each cylinder the first block and the bytes of both
//! sides together. A block is 256 bytes of side 0, then 256 of side 1, the
//! first cell in the low bit.
//!
//! In version 3 a byte that begins with four ones is none of cells: F0 nothing,
//! F1 the index, F2 and a byte: each cell lasts so many periods of 36 MHz, F3
//! and two bytes: skip so many cells of the second one, F4 eight cells that read
//! differently each time.

mod raw;
mod read;
mod stream;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};

/// The two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// Cells of one rate.
    One,
    /// Cells and opcodes.
    Three,
}

impl Version {
    fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::One => raw::MAGIC,
            Self::Three => raw::MAGIC_3,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::One => "hfe",
            Self::Three => "hfe3",
        }
    }
}

/// The row of HFE.
pub(crate) static FORMAT: Format = Format {
    id: "hfe",
    name: "HxC floppy emulator image (HFE)",
    extensions: &["hfe"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Cells,
    holds: &[
        Fact::Exists,
        Fact::Rate,
        Fact::Rotation,
        Fact::TrackLength,
        Fact::Gaps,
        Fact::Heads,
        Fact::Claim,
        Fact::Opaque,
    ],
    limits: "255 cylinders, 2 sides, 262,136 cells on a track; one bit rate; both sides of a cylinder are of one \
             length in whole bytes; no weak cells, no runs of speed, no partial steps.",
    exactness: Exactness::Exact,
    references: &["HxC Floppy Emulator HFE file format, revision 1.1 (2012)"],
    witness: Witness::Program("greaseweazle"),
    notes: include_str!("NOTES.md"),
    identify: |probe| read::identify(Version::One, probe),
    group: None,
    read: |set, _, context| read::read(Version::One, set, context),
    fit: Some(|image, context| write::fit(Version::One, image, context)),
    emit: Some(|image, out, context| write::emit(Version::One, image, out, context)),
};

/// The row of version 3.
pub(crate) static VERSION_3: Format = Format {
    id: "hfe3",
    name: "HxC floppy emulator image, version 3",
    extensions: &["hfe"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Cells,
    holds: &[
        Fact::Exists,
        Fact::Rate,
        Fact::Rotation,
        Fact::TrackLength,
        Fact::CellTiming,
        Fact::Weak,
        Fact::Gaps,
        Fact::Heads,
        Fact::Claim,
        Fact::Opaque,
    ],
    limits: "255 cylinders, 2 sides, some 260,000 cells on a track; a cell lasts whole periods of 36 MHz, up to 255; \
             no partial steps.",
    exactness: Exactness::Equal,
    references: &["HxC Floppy Emulator HFE file format, revision 1.1 (2012), and the opcodes of version 3 (2017)"],
    witness: Witness::Program("greaseweazle"),
    notes: include_str!("NOTES.md"),
    identify: |probe| read::identify(Version::Three, probe),
    group: None,
    read: |set, _, context| read::read(Version::Three, set, context),
    fit: Some(|image, context| write::fit(Version::Three, image, context)),
    emit: Some(|image, out, context| write::emit(Version::Three, image, out, context)),
};
