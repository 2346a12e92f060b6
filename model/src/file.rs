//! Files and directories as a volume records them.

use crate::{Findings, Status};

/// A name: its bytes, and how they read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// As stored.
    pub raw: Vec<u8>,
    /// As text.
    pub text: String,
    /// The character set that made the text of the bytes.
    pub charset: &'static str,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A volume label.
    Label,
    /// A link; its details say to what, as `target`.
    Link,
    /// A device, a pipe or a socket; its details say which.
    Special,
}

/// How much of a deleted entry can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recovery {
    /// All its clusters are free: likely whole.
    Whole,
    /// Some are in use again: this many bytes before the first such cluster.
    Partial(u64),
    /// Nothing.
    None,
}

/// Dates as recorded: wall-clock text with the zone where one is recorded, or
/// the raw value with the word `invalid`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Dates {
    /// Last change of the content.
    pub modified: Option<String>,
    /// Creation.
    pub created: Option<String>,
    /// Last access.
    pub accessed: Option<String>,
}

/// An attribute bit of an entry.
pub type Attribute = &'static str;

/// One more thing that a volume records of an entry: what it is, and its value
/// in words.
pub type Detail = (&'static str, String);

/// A piece of a file: a stretch of the linear view, or a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Piece {
    /// First byte in the linear view of the carrier; `None` where the volume
    /// does not say where the bytes lie, or that they lie nowhere.
    pub start: Option<u64>,
    /// Length in bytes.
    pub len: u64,
}

/// One entry of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path with `/` between names, shown form.
    pub path: String,
    /// The name in its directory: the longest form there is.
    pub name: Name,
    /// The short name, where a long one exists beside it.
    pub short: Option<Name>,
    /// What it is.
    pub kind: EntryKind,
    /// `Some` for a deleted entry.
    pub deleted: Option<Recovery>,
    /// Size in bytes as recorded.
    pub size: u64,
    /// Where its bytes lie, in order, cut to what can be had.
    pub pieces: Vec<Piece>,
    /// Dates as recorded.
    pub dates: Dates,
    /// Attributes, in the order of their bits.
    pub attributes: Vec<Attribute>,
    /// What else is recorded of it, in a fixed order: owner, mode, comment, the
    /// target of a link.
    pub details: Vec<Detail>,
    /// What was noticed of it.
    pub findings: Findings,
}

/// What came out of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Bytes that the entry promises.
    pub expected: u64,
    /// Bytes that came.
    pub bytes: u64,
    /// The worst status of the sectors behind them.
    pub worst: Status,
}
