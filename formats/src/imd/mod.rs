//! IMD: ImageDisk, the archive of soft-sector disks by Dave Dunfield.
//!
//! A line of text, a comment, then one record for each track as a PC floppy
//! controller read it: ids, marks and data with the verdict of their check.
//!
//! | part | bytes | meaning |
//! | --- | --- | --- |
//! | line | text | `IMD v.vv: dd/mm/yyyy hh:mm:ss` CR LF |
//! | comment | text | up to 1Ah |
//! | mode | u8 | 0-2 FM, 3-5 MFM; 500, 300, 250 kbit/s |
//! | cylinder | u8 | physical |
//! | head | u8 | bits 0-5 physical; 40h a head map, 80h a cylinder map follows |
//! | count | u8 | sectors, 0 for a track without any |
//! | size | u8 | 0-6: 128 << n bytes; FFh: a table of sizes follows |
//! | numbers | count | R of each id, in the order of the track |
//! | cylinders | count | C of each id, with 80h |
//! | heads | count | H of each id, with 40h |
//! | sizes | 2 * count | bytes of each sector, low byte first, with FFh |
//! | records | | for each sector a type 0-8, then its bytes, one byte, or none |
mod header;
mod raw;
mod read;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Answer, Evidence, Exactness, Format, Probe, Witness};

/// The row of the registry.
pub(crate) static FORMAT: Format = Format {
    id: "imd",
    name: "ImageDisk",
    extensions: &["imd"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: &[
        Fact::Exists,
        Fact::Scheme,
        Fact::Id,
        Fact::Mark,
        Fact::Data,
        Fact::DataCheck,
        Fact::Order,
        Fact::Rate,
        Fact::RecordForm,
        Fact::Version,
        Fact::Date,
        Fact::Comment,
        Fact::Opaque,
    ],
    limits: "Whole steps up to cylinder 255, one of IBM FM and MFM on a track, rates of 250, 300 and 500 kbit/s, \
             at most 255 sectors on a track; every sector has an id, and its size code follows from its size.",
    exactness: Exactness::Exact,
    references: &["Dave Dunfield, ImageDisk 1.19 (IMD.TXT), section 6: Image File Format"],
    witness: Witness::Program("libdsk"),
    notes: include_str!("NOTES.md"),
    identify,
    group: None,
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};

fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    if !probe.head().starts_with(header::MAGIC) {
        return Vec::new();
    }
    let reach = usize::try_from(probe.len()).map_or(Probe::CAP, |len| len.min(Probe::CAP));
    let answer = match probe.bytes(0, reach) {
        Some(bytes) if read::begins_with_a_track(&bytes) => Answer::new(
            Evidence::MAGIC | Evidence::STRUCTURE,
            "begins with \"IMD \", and a track record follows the text",
        ),
        _ => Answer::new(Evidence::MAGIC, "begins with \"IMD \""),
    };
    vec![answer]
}
