//! Plain disc images: the user data of every sector of a data disc, one after
//! the other, and nothing else.
//!
//! | part | bytes | meaning |
//! | --- | --- | --- |
//! | sectors | 2048 each | user data from address 0 on |
//! | tail | under 2048 | what follows the last whole sector; kept, not interpreted |
mod read;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Answer, Evidence, Exactness, Format, Probe, Witness};

/// Bytes in a sector.
const SECTOR: u64 = 2048;
/// The part that keeps what follows the last whole sector.
const TAIL: &str = "iso.tail";

/// The row of the registry.
pub(crate) static FORMAT: Format = Format {
    id: "iso",
    name: "Disc image of user data",
    extensions: &["iso", "cdr", "toast", "udf"],
    carrier: CarrierKind::Optical,
    layer: Layer::Blocks,
    holds: &[Fact::Exists, Fact::Data, Fact::Opaque],
    limits: "One data track from address 0, 2048 bytes of each sector: no sound, no gaps, no sectors of form 2, \
             and nothing of what stands around the user data.",
    exactness: Exactness::Exact,
    references: &[
        "ECMA-119 (ISO 9660): volume descriptors from sector 16",
        "ECMA-167 (UDF): volume recognition sequence from byte 32768",
    ],
    witness: Witness::Program("isoinfo"),
    notes: include_str!("NOTES.md"),
    identify,
    group: None,
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};

/// What may stand in the first sector behind the system area.
const MARKS: [(usize, &[u8], &str); 4] = [
    (1, b"CD001", "a volume descriptor of ISO 9660 in sector 16"),
    (9, b"CDROM", "a volume descriptor of High Sierra in sector 16"),
    (1, b"BEA01", "a recognition sequence of UDF in sector 16"),
    (1, b"CDW02", "a boot descriptor of ECMA-168 in sector 16"),
];

fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    const DESCRIPTORS: u64 = 16 * SECTOR;
    let Some(head) = probe.bytes(DESCRIPTORS, 16) else { return Vec::new() };
    let marked = |(at, mark, _): &&(usize, &[u8], &str)| head.get(*at..).is_some_and(|rest| rest.starts_with(mark));
    MARKS.iter().find(marked).map(|(_, _, reason)| Answer::new(Evidence::MAGIC, *reason)).into_iter().collect()
}
