//! Cue sheets: a text that names the files of a disc's tracks and the points
//! in them.
//!
//! Made by CDRWIN and after it by most programs that copy CDs; the form of
//! preserved discs. A line is a command with its words:
//!
//! | command | says |
//! | --- | --- |
//! | `FILE "name" BINARY` | the file that what follows counts in; `MOTOROLA` has its samples swapped, `WAVE` a header |
//! | `TRACK 02 AUDIO` | number and mode, which tells what the file keeps of each sector |
//! | `INDEX 01 00:02:00` | a point of the track, from the start of the file |
//! | `PREGAP`, `POSTGAP` | empty sectors that no file holds |
//! | `FLAGS`, `ISRC`, `CATALOG` | control bits, recording code, catalogue number |
//! | `TITLE`, `PERFORMER`, ... | text that a player may show |
//! | `REM SESSION 02` | the session of the tracks that follow |
//! | other `REM`, unknown commands | kept as they are |
mod name;
mod raw;
mod read;
mod sheet;
mod wave;
mod write;

use floptical_model::{CarrierKind, Fact, Layer};

use crate::{Exactness, Format, Group, Witness};

/// The part that keeps a line that is not interpreted.
const LINE: &str = "cue.line";
/// The part that keeps what a file holds before its first sector.
const HEAD: &str = "cue.head";
/// The part that keeps what a file holds behind its last sector.
const TAIL: &str = "cue.tail";

/// The row of the registry.
pub(crate) static FORMAT: Format = Format {
    id: "cue",
    name: "Cue sheet and its files",
    extensions: &["cue"],
    carrier: CarrierKind::Optical,
    layer: Layer::Blocks,
    holds: &[
        Fact::Exists,
        Fact::TrackMode,
        Fact::Control,
        Fact::Session,
        Fact::Indexes,
        Fact::Pregap,
        Fact::Postgap,
        Fact::Catalog,
        Fact::Isrc,
        Fact::DiscText,
        Fact::Data,
        Fact::SectorHeader,
        Fact::Subheader,
        Fact::Edc,
        Fact::Ecc,
        Fact::Subchannel,
        Fact::Opaque,
    ],
    limits: "99 tracks, and addresses under 100 minutes; no lead-in, no sub-channels but those behind CDG sectors. \
             Sound in MP3, AIFF or FLAC is not decoded.",
    exactness: Exactness::Equal,
    references: &[
        "Goldenhawk Technology, CDRWIN User's Guide 3.8, appendix A (cuesheet commands)",
        "ECMA-130 (CD-ROM): sectors, error correction",
        "IBM and Microsoft, Multimedia Programming Interface and Data Specifications 1.0 (RIFF WAVE)",
    ],
    witness: Witness::Program("cd-info"),
    notes: include_str!("NOTES.md"),
    identify: read::identify,
    group: Some(Group::Sheet(read::companions)),
    read: read::read,
    fit: Some(write::fit),
    emit: Some(write::emit),
};
