//! TD0: Teledisk, the archive of soft-sector disks by Sydex.
//!
//! A header, a comment with a date, then a record for each track as a PC floppy
//! controller read it. What follows the header may be packed.
//!
//! | part | bytes | meaning |
//! | --- | --- | --- |
//! | magic | 2 | `TD`, or `td` where the rest is packed |
//! | sequence, signature | u8, u8 | volume of a set, from 0 |
//! | version | u8 | below 20 the packing is LZW, else LZHUF |
//! | rate | u8 | 0 to 2: 250, 300, 500 kbit/s; 80h FM on the whole disk |
//! | drive, stepping | u8, u8 | 80h in stepping: a comment follows |
//! | DOS, sides | u8, u8 | 1: only what DOS uses; 1 for one side |
//! | check | u16 | CRC-16 of polynomial A097h, low byte first |
//! | comment | | check, length, date (year from 1900, month from 0), text with lines that end in 0 |
//! | track | 4 | sectors (FFh ends), cylinder, head (80h FM), low byte of the check |
//! | sector | 6 | C, H, R, N, flags, low byte of the check of its data |
//! | block | u16, | 0 all bytes, 1 a repeated pair, 2 runs and literals |
mod lzhuf;
mod lzw;
mod raw;
mod read;
mod sector;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Answer, Evidence, Exactness, Format, Probe, Witness};

/// The row of the registry.
pub(crate) static FORMAT: Format = Format {
    id: "td0",
    name: "Teledisk",
    extensions: &["td0"],
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
        Fact::Heads,
        Fact::RecordForm,
        Fact::Version,
        Fact::Date,
        Fact::Comment,
        Fact::Claim,
        Fact::Opaque,
    ],
    limits: "Whole steps, one of IBM FM and MFM on a track, one rate of 250, 300 and 500 kbit/s for the disk, at most \
             254 sectors on a track with the bytes that their size codes declare; written without packing.",
    exactness: Exactness::Equal,
    references: &[
        "Dave Dunfield, Teledisk Image File Format: Notes (2008), revised by Mark Ogden (2024)",
        "Haruyasu Yoshizaki, LZHUF (1988), as described publicly",
    ],
    witness: Witness::Program("libdsk"),
    notes: include_str!("NOTES.md"),
    identify,
    group: None,
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};

fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    match raw::Header::parse(probe.head()) {
        Ok(header) if header.checked => {
            vec![Answer::new(Evidence::MAGIC | Evidence::CHECKSUM, "begins as Teledisk does, and the check holds")]
        }
        Ok(header) if header.is_sane() => {
            vec![Answer::new(Evidence::MAGIC, "begins as Teledisk does; the check of the header does not hold")]
        }
        _ => Vec::new(),
    }
}
