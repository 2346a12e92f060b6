//! DSK and extended DSK: disks of the Amstrad CPC and the Spectrum +3.
//!
//! A block of disk information, then for each track a block of track
//! information, the list of its sectors as a µPD765 reported them, and their
//! data. The extended form has a size for each track and each sector, so that
//! it holds protections: several copies of a weak sector, the gap after one.
//!
//! | offset | bytes | meaning |
//! | --- | --- | --- |
//! | 0 | 34 | `MV - CPC...Disk-Info` or `EXTENDED CPC DSK File` CR LF `Disk-Info` CR LF |
//! | 22h | 14 | creator |
//! | 30h | u8, u8 | tracks, sides |
//! | 32h | u16 | standard: bytes of each track block, low byte first |
//! | 34h | tracks * sides | extended: bytes of each track block / 256, 0 for one that is not formatted |
//!
//! | offset in a track block | bytes | meaning |
//! | --- | --- | --- |
//! | 0 | 12 | `Track-Info` CR LF |
//! | 10h | u8, u8 | track, side |
//! | 12h | u8 | rate: 0 not told, 1 to 300 kbit/s, 2 500 kbit/s, 3 1 Mbit/s |
//! | 13h | u8 | mode: 0 not told, 1 FM, 2 MFM |
//! | 14h | u8 | size code |
//! | 15h | u8 | sectors |
//! | 16h | u8, u8 | gap 3, filler |
//! | 18h | 8 each | C, H, R, N, ST1, ST2, u16 stored bytes (extended) |
//! | 100h | | data, behind the list in whole blocks of 256 |
mod offsets;
mod raw;
mod read;
mod sector;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Answer, Evidence, Exactness, Format, Probe, Witness};

/// The two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Standard,
    Extended,
}

impl Kind {
    /// The form of a file. Emulators go by eight bytes.
    fn of(bytes: &[u8]) -> Option<Kind> {
        [Kind::Standard, Kind::Extended].into_iter().find(|kind| bytes.get(..8) == kind.magic().get(..8))
    }

    fn magic(self) -> &'static [u8] {
        match self {
            Kind::Standard => b"MV - CPCEMU Disk-File\r\nDisk-Info\r\n",
            Kind::Extended => b"EXTENDED CPC DSK File\r\nDisk-Info\r\n",
        }
    }

    /// The id of its row.
    fn id(self) -> &'static str {
        match self {
            Kind::Standard => "dsk",
            Kind::Extended => "edsk",
        }
    }

    /// The name of an opaque part.
    fn part(self, part: &str) -> String {
        format!("{}.{part}", self.id())
    }
}

/// The row of the extended form.
pub(crate) static EXTENDED: Format = Format {
    id: "edsk",
    name: "Extended CPC disk image",
    extensions: &["dsk", "edsk"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: &[
        Fact::Exists,
        Fact::Scheme,
        Fact::Id,
        Fact::HeaderCheck,
        Fact::Mark,
        Fact::Data,
        Fact::DataCheck,
        Fact::DataCheckValue,
        Fact::Readings,
        Fact::Weak,
        Fact::Gaps,
        Fact::Order,
        Fact::Angle,
        Fact::TrackLength,
        Fact::Rate,
        Fact::Heads,
        Fact::Creator,
        Fact::Opaque,
    ],
    limits: "Whole steps, 204 tracks on all sides together, one of IBM FM and MFM on a track, at most 255 sectors and \
             64 KiB on a track; every sector has an id, and more bytes than it declares are copies or a gap.",
    exactness: Exactness::Exact,
    references: &[
        "Kevin Thacker, Ulrich Doewich, Marco Vieth, Extended DSK Image definition, revision 5",
        "Simon Owen, Further EDSK extensions (2009)",
        "John Elliott, rate and mode in the track information (libdsk)",
        "NEC, µPD765 data sheet: status registers 1 and 2",
    ],
    witness: Witness::Program("libdsk"),
    notes: include_str!("NOTES.md"),
    identify: |probe| identify(Kind::Extended, probe),
    group: None,
    read: |set, _, context| read::read(Kind::Extended, set, context),
    fit: Some(|image, context| write::fit(Kind::Extended, image, context)),
    emit: Some(|image, out, context| write::emit(Kind::Extended, image, out, context)),
};

/// The row of the standard form.
pub(crate) static STANDARD: Format = Format {
    id: "dsk",
    name: "CPC disk image",
    extensions: &["dsk"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: &[
        Fact::Exists,
        Fact::Scheme,
        Fact::Id,
        Fact::HeaderCheck,
        Fact::Mark,
        Fact::Data,
        Fact::DataCheck,
        Fact::Order,
        Fact::Rate,
        Fact::Heads,
        Fact::Creator,
        Fact::Opaque,
    ],
    limits: "As the extended form, and each sector has just the bytes that its size code declares, up to 6144.",
    exactness: Exactness::Exact,
    references: &["Marco Vieth, CPCEMU: DSK image format", "NEC, µPD765 data sheet: status registers 1 and 2"],
    witness: Witness::Program("libdsk"),
    notes: include_str!("NOTES.md"),
    identify: |probe| identify(Kind::Standard, probe),
    group: None,
    read: |set, _, context| read::read(Kind::Standard, set, context),
    fit: Some(|image, context| write::fit(Kind::Standard, image, context)),
    emit: Some(|image, out, context| write::emit(Kind::Standard, image, out, context)),
};

fn identify(kind: Kind, probe: &mut Probe<'_>) -> Vec<Answer> {
    let head = probe.head();
    if Kind::of(head) != Some(kind) {
        return Vec::new();
    }
    let first = head.get(raw::BLOCK..).is_some_and(|block| raw::TrackHeader::parse(block).is_some());
    let answer = if first && raw::DiskHeader::parse(head).is_ok() {
        Answer::new(Evidence::MAGIC | Evidence::STRUCTURE, "the disk information, and a track follows")
    } else {
        Answer::new(Evidence::MAGIC, "begins as the disk information does")
    };
    vec![answer]
}
