//! What is a disk?
//!
//! The values that every other crate of floptical speaks in: an [`Image`] holds
//! one [`Carrier`]; a floppy has [`Track`]s, a track has [`Reading`]s of any
//! layer (flux, cells, bytes, sectors), a sector reading has [`Slot`]s with
//! their [`Sighting`]s. Each value can name the [`Span`] that it was read from.
//!
//! Nothing here reads a file, parses a container or runs a decoder.
#![forbid(unsafe_code)]

mod bits;
mod block;
mod blocks;
mod context;
mod difference;
mod error;
mod fact;
mod file;
pub mod finding;
mod floppy;
pub mod identity;
mod image;
mod inventory;
mod known;
pub mod layout;
mod optical;
pub mod picture;
mod place;
mod sector;
mod span;
mod status;
mod time;
mod track;

pub use bits::{Bits, Ones};
pub use block::{BlockDevice, Extent, Run, RunSource};
pub use blocks::{Blocks, ByteBlocks, Traced};
pub use context::{Context, Limits, Progress};
pub use difference::{How, Loss, LossGroup, Plan, Refusal, Weight, differences};
pub use error::{Error, ErrorKind, Result};
pub use fact::{Fact, FactKind};
pub use file::{Attribute, Dates, Delivered, Detail, Entry, EntryKind, Name, Piece, Recovery};
pub use finding::{Code, Finding, Findings, Severity};
pub use floppy::{DriveFacts, Floppy, Form, TrackLoader, TrackMap};
pub use image::{Carrier, CarrierKind, Claim, ClaimKind, FileRef, Image, Opaque, Policy};
pub use inventory::{Datum, Inventory, Regular, Said, Summary, Unlike, Value};
pub use known::{Known, Why};
pub use layout::{Ids, Layout, Zone};
pub use optical::{
    CdTrack, Control, DiscRun, DiscText, Held, Index, Lba, Optical, Parts, SectorForm, SectorStore, TextKind, TrackMode,
};
pub use place::{Place, SectorId, TrackAt};
pub use sector::{Choice, DataField, RecordForm, Rung, Scheme, SectorEntry, Sectors, Sighting, Slot, Unclaimed};
pub use span::Span;
pub use status::{Check, Status};
pub use time::{Clock, Ps, Rate};
pub use track::{
    Area, AreaKind, CellClock, Cells, Edge, Evidence, Flux, IndexMark, Join, Layer, MarkAt, Reading, Track, TrackBytes,
};
