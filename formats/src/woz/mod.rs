//! WOZ: the cells of Apple II disks, and MOOF: those of Macintosh disks.
//!
//! Made by John K. Morris for Applesauce in 2018 and 2020; written by many
//! emulators.
//!
//! | At | Bytes | What |
//! | --- | --- | --- |
//! | 0 | 4 | `WOZ1`, `WOZ2` or `MOOF` |
//! | 4 | 4 | FF 0A 0D 0A |
//! | 8 | 4 | CRC-32 of all that follows, 0 for none |
//! | 12 | | chunks: id (4), length (4), so many bytes |
//!
//! | Chunk | What |
//! | --- | --- |
//! | `INFO` | version, disk type, creator and more: 60 bytes |
//! | `TMAP` | for each of 160 positions the number of its track, FFh for none |
//! | `TRKS` | `WOZ1`: records of 6656 bytes; else 160 times first block (2), blocks (2), cells (4), then tracks in blocks of 512 |
//! | `FLUX` | as `TMAP`, of tracks that are times of flux: bytes of 125 ns, 255 goes on; they count bytes, not cells |
//! | `WRIT` | how the tracks are to be written |
//! | `META` | lines of a key, a tab, a value |
//!
//! A record of `WOZ1` has room for 6646 bytes of cells, then bytes in use (2),
//! cells (2), splice (2), its nibble, the bits of that, 2 reserved. Positions
//! are quarter steps of a 5.25-inch drive, or cylinder * 2 + side. Numbers are
//! little-endian; the first cell is the high bit.

mod info;
mod raw;
mod read;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};

/// What tells the two apart.
#[derive(Debug)]
struct Kind {
    id: &'static str,
    /// What it is called in words.
    name: &'static str,
    /// Its magics; the last one is written.
    magics: &'static [&'static [u8; 4]],
    /// The fields of its INFO that are claims.
    fields: &'static [info::Field],
    /// Where INFO has the length of a cell.
    timing: usize,
    /// Where INFO has its sizes.
    sizes: usize,
    /// The version of INFO for cells, and for flux.
    versions: [u8; 2],
}

static WOZ_KIND: Kind = Kind {
    id: "woz",
    name: "WOZ",
    magics: &[FIRST, b"WOZ2"],
    fields: info::WOZ,
    timing: 39,
    sizes: 44,
    versions: [2, 3],
};

static MOOF_KIND: Kind =
    Kind { id: "moof", name: "MOOF", magics: &[b"MOOF"], fields: info::MOOF, timing: 4, sizes: 38, versions: [1, 1] };

/// The magic of the version with records.
const FIRST: &[u8; 4] = b"WOZ1";

impl Kind {
    fn is_woz(&self) -> bool {
        self.magics.len() > 1
    }

    /// The version of INFO of a new file.
    fn version(&self, flux: bool) -> u8 {
        let [cells, with_flux] = self.versions;
        if flux { with_flux } else { cells }
    }

    /// The name of an opaque part.
    fn part(&self, part: &str) -> String {
        format!("{}.{part}", self.id)
    }

    /// How the positions of a disk type are numbered.
    fn numbering(&self, disk_type: u8) -> raw::Numbering {
        if self.is_woz() && disk_type != 2 { raw::Numbering::Quarters } else { raw::Numbering::Sides }
    }
}

const HOLDS: &[Fact] = &[
    Fact::Exists,
    Fact::Rate,
    Fact::TrackLength,
    Fact::Gaps,
    Fact::FluxTiming,
    Fact::Form,
    Fact::Heads,
    Fact::Version,
    Fact::Creator,
    Fact::Date,
    Fact::Title,
    Fact::Comment,
    Fact::Claim,
    Fact::Opaque,
];

/// The row of WOZ.
pub(crate) static WOZ: Format = Format {
    id: "woz",
    name: "Apple II disk image of cells (WOZ)",
    extensions: &["woz"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Cells,
    holds: HOLDS,
    limits: "Quarter steps 0 to 159 of one side of a 5.25-inch disk, or cylinders 0 to 79 of two sides of a 3.5-inch \
             disk; 160 tracks; one length for all cells, a multiple of 125 ns up to 31.875 us; 32 MiB; no index, no \
             weak cells but runs of zeros.",
    exactness: Exactness::Exact,
    references: &[
        "John K. Morris, WOZ Disk Image Reference, version 1.0.1 (2018)",
        "John K. Morris, WOZ Disk Image Reference, version 2.1 (2021)",
    ],
    witness: Witness::Program("floptool"),
    notes: include_str!("NOTES.md"),
    identify: |probe| read::identify(&WOZ_KIND, probe),
    group: None,
    read: |files, _, context| read::read(&WOZ_KIND, files, context),
    fit: Some(|image, context| write::fit(&WOZ_KIND, image, context)),
    emit: Some(|image, out, context| write::emit(&WOZ_KIND, image, out, context)),
};

/// The row of MOOF.
pub(crate) static MOOF: Format = Format {
    id: "moof",
    name: "Macintosh disk image of cells (MOOF)",
    extensions: &["moof"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Cells,
    holds: HOLDS,
    limits: "Cylinders 0 to 79 of two sides of a 3.5-inch disk; one length for all cells, a multiple of 125 ns up to \
             31.875 us; 32 MiB; no index, no weak cells but runs of zeros.",
    exactness: Exactness::Exact,
    references: &["John K. Morris, MOOF Disk Image Reference, version 1.0 (2020)"],
    witness: Witness::Program("floptool"),
    notes: include_str!("NOTES.md"),
    identify: |probe| read::identify(&MOOF_KIND, probe),
    group: None,
    read: |files, _, context| read::read(&MOOF_KIND, files, context),
    fit: Some(|image, context| write::fit(&MOOF_KIND, image, context)),
    emit: Some(|image, out, context| write::emit(&MOOF_KIND, image, out, context)),
};
