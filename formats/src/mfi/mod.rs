//! MFI: the floppy images of MAME, flux by the angle of the disk.
//!
//! | At | Bytes | What |
//! | --- | --- | --- |
//! | 0 | 16 | `MAMEFLOPPYIMAGE` and a 0; of the old form `MESSFLOPPYIMAGE` |
//! | 10 | 4 | cylinders; the top two bits: 0 whole steps, 1 half, 2 quarter steps |
//! | 14 | 4 | sides |
//! | 18 | 4 | size of the medium, four letters |
//! | 1C | 4 | density and sides, four letters, 0 for not told |
//! | 20 | 16 each | table: for each step, for each side, where the track lies, its packed and unpacked length, its splice |
//!
//! A track is packed by zlib: words of 32 bits, a kind in the top four bits and
//! in the others how far they lie from the word before, in 1/200,000,000 of a
//! turn. Kind 0 is a transition, 1 begins a stretch that is not magnetised, 2
//! one that is damaged, 3 ends either. In the old form a word is a stretch: 0
//! and 1 of the two directions, 2 not magnetised, 3 damaged. Numbers have their
//! low byte first.

mod pack;
mod raw;
mod read;
mod words;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Witness};

/// The row of MFI.
pub(crate) static FORMAT: Format = Format {
    id: "mfi",
    name: "MAME floppy image (MFI)",
    extensions: &["mfi"],
    carrier: CarrierKind::Floppy,
    layer: Layer::Flux,
    holds: &[Fact::Exists, Fact::FluxTiming, Fact::Form, Fact::Heads, Fact::Version, Fact::Claim, Fact::Opaque],
    limits: "84 cylinders of two sides, quarter steps among them; one revolution from the index on, by angle and not by \
             time; no hard-sector marks; a track without transitions is no track.",
    exactness: Exactness::Equal,
    references: &["MAME, src/lib/formats/mfi_dsk: the description at its head, of 2012 and of 2021"],
    witness: Witness::Program("floptool"),
    notes: include_str!("NOTES.md"),
    identify: read::identify,
    group: None,
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};
