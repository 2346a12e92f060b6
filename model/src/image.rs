//! What a container holds, nothing more.

use std::sync::Arc;

use crate::{BlockDevice, Findings, Floppy, Optical, Place, Span};

/// A file that the image was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRef {
    /// Its name, as the caller or the wrapper gave it.
    pub name: String,
    /// Length in bytes, unpacked.
    pub len: u64,
}

/// The kind of carrier that an image shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CarrierKind {
    /// A floppy disk.
    Floppy,
    /// An optical disc.
    Optical,
    /// A linear carrier of blocks.
    Block,
}

impl CarrierKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Floppy => "floppy",
            Self::Optical => "optical disc",
            Self::Block => "block device",
        }
    }
}

/// The carrier that an image shows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Carrier {
    /// A floppy disk.
    Floppy(Floppy),
    /// An optical disc.
    Optical(Optical),
    /// A linear carrier of blocks.
    Block(BlockDevice),
}

impl Carrier {
    /// Its kind.
    pub fn kind(&self) -> CarrierKind {
        match self {
            Self::Floppy(_) => CarrierKind::Floppy,
            Self::Optical(_) => CarrierKind::Optical,
            Self::Block(_) => CarrierKind::Block,
        }
    }
}

/// What a container says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ClaimKind {
    /// The program that wrote it.
    Creator,
    /// When it was written.
    Date,
    /// A title.
    Title,
    /// A comment.
    Comment,
    /// The version of the container's format.
    Version,
    /// The machine or disk type.
    DiskType,
    /// The drive that it was captured with.
    Drive,
    /// Whether the disk may be written.
    WriteProtected,
    /// The encoding of its tracks.
    Encoding,
    /// The transfer rate.
    Rate,
    /// The speed of rotation.
    Rotation,
}

impl ClaimKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Creator => "creator",
            Self::Date => "date",
            Self::Title => "title",
            Self::Comment => "comment",
            Self::Version => "version",
            Self::DiskType => "disk-type",
            Self::Drive => "drive",
            Self::WriteProtected => "write-protected",
            Self::Encoding => "encoding",
            Self::Rate => "rate",
            Self::Rotation => "rotation",
        }
    }
}

/// One statement of a container about itself, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it speaks of.
    pub kind: ClaimKind,
    /// The bytes as stored, without padding.
    pub raw: Vec<u8>,
    /// In words.
    pub text: String,
    /// Where it stands.
    pub at: Span,
}

/// What happens to an uninterpreted part when the image is written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Policy {
    /// Copied as it is.
    Verbatim,
    /// Dropped when the content changes.
    DropIfChanged,
    /// Computed anew.
    Recompute,
}

/// A part that is kept and not interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// Stable name, `<format>.<part>`.
    pub name: String,
    /// What it belongs to.
    pub place: Place,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// What happens to it on writing.
    pub policy: Policy,
    /// Where it stands.
    pub at: Span,
}

/// What one member of a container holds.
#[derive(Debug, Clone)]
pub struct Image {
    /// Id of the format, or `made`.
    pub format: &'static str,
    /// Name of the member where a container holds several.
    pub member: Option<String>,
    /// The files that it was read from.
    pub files: Vec<FileRef>,
    /// The carrier.
    pub carrier: Carrier,
    /// What the container says of itself.
    pub claims: Vec<Claim>,
    /// Parts kept and not interpreted.
    pub opaque: Vec<Opaque>,
    /// What was noticed in the container.
    pub findings: Findings,
}

impl Image {
    /// A floppy made by a recipe or a derivation.
    pub fn floppy(floppy: Floppy) -> Self {
        Self {
            format: "made",
            member: None,
            files: Vec::new(),
            carrier: Carrier::Floppy(floppy),
            claims: Vec::new(),
            opaque: Vec::new(),
            findings: Findings::default(),
        }
    }

    /// The floppy, if it is one.
    pub fn as_floppy(&self) -> Option<&Floppy> {
        match &self.carrier {
            Carrier::Floppy(floppy) => Some(floppy),
            _ => None,
        }
    }

    /// The disc, if it is an optical one.
    pub fn as_optical(&self) -> Option<&Optical> {
        match &self.carrier {
            Carrier::Optical(disc) => Some(disc),
            _ => None,
        }
    }

    /// The first claim of a kind.
    pub fn claim(&self, kind: ClaimKind) -> Option<&Claim> {
        self.claims.iter().find(|c| c.kind == kind)
    }

    /// The first opaque part of a name.
    pub fn opaque(&self, name: &str) -> Option<&Opaque> {
        self.opaque.iter().find(|o| o.name == name)
    }
}
