//! MSA: Magic Shadow Archiver, the Atari ST's packed disk image.
//!
//! The tracks of an [`st`](crate::FORMATS) image, each with its length and, where
//! that is shorter, with runs of equal bytes packed. All numbers have their high
//! byte first.
//!
//! | part | bytes | meaning |
//! | --- | --- | --- |
//! | magic | 2 | 0Eh 0Fh |
//! | sectors | u16 | of 512 bytes, on every track |
//! | sides | u16 | 0 for one, 1 for two |
//! | first | u16 | first track |
//! | last | u16 | last track |
//! | length | u16 | stored bytes of a track; as many as it has, or fewer |
//! | track | length | bytes, with E5h, byte, u16 for a run where packed |
mod raw;
mod read;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Answer, Evidence, Exactness, Format, Probe, Witness};

/// The row of the registry.
pub(crate) static FORMAT: Format = Format {
    id: "msa",
    name: "Magic Shadow Archiver",
    extensions: &["msa"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Sectors,
    holds: &[Fact::Exists, Fact::Data, Fact::Heads, Fact::Opaque],
    limits: "Nothing but data, in sectors of 512 bytes numbered from 1, as many on every track, one run of cylinders; \
             no check is recorded, and missing data is written as zeros.",
    exactness: Exactness::Equal,
    references: &["Damien Burke, MSA file format (with the Magic Shadow Archiver by Reiner Rohlfs)"],
    witness: Witness::Program("hatari"),
    notes: include_str!("NOTES.md"),
    identify,
    group: None,
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};

fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let Ok(geometry) = raw::Geometry::parse(probe.head()) else { return Vec::new() };
    let fits = raw::first_record(probe.head()).is_some_and(|len| len <= geometry.track_bytes().saturating_mul(2));
    if fits && probe.len() > raw::HEADER as u64 {
        let reason = "0E0Fh, then the shape of a floppy and the length of a track";
        vec![Answer::new(Evidence::MAGIC | Evidence::STRUCTURE, reason)]
    } else {
        Vec::new()
    }
}
