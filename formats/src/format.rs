//! What a format is.

use floptical_io::{FileSet, Output, Source};
use floptical_model::{CarrierKind, Context, Error, Fact, Image, Layer, Layout, Place, Refusal, Result};

use crate::{Answer, Probe};

/// How faithful reading and writing again is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exactness {
    /// The same bytes.
    Exact,
    /// The same facts, claims and opaque parts; the bytes may differ.
    Equal,
}

/// Who else can read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Witness {
    /// A program with a reader of its own.
    Program(&'static str),
    /// Nobody: the specification alone.
    Spec,
}

/// How to read where the container leaves a choice.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions<'a> {
    /// Name of the member, where a container holds several.
    pub member: Option<&'a str>,
    /// The layout, where the container has none of its own.
    pub layout: Option<&'a Layout>,
    /// True where nothing is read that only a sum over the whole file needs; the
    /// image says that it was not computed.
    pub without_sum: bool,
}

/// Why an image cannot be fitted to a format.
#[derive(Debug)]
pub enum NotFitted {
    /// The format cannot take it; nothing was written.
    Refused(Refusal),
    /// The image itself cannot be read.
    Failed(Error),
}

impl NotFitted {
    /// The format cannot take `fact` at `place`.
    pub fn refuse(fact: Fact, place: Place, reason: impl Into<String>) -> Self {
        Self::Refused(Refusal { fact, place, reason: reason.into() })
    }
}

impl From<Error> for NotFitted {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// An image that says exactly what the format will say when it is read back.
pub type Fitted = Result<Image, NotFitted>;

/// Of the files with these names, those that a sheet names, by index.
pub type NamedBySheet = fn(&Source, &[&str]) -> Vec<usize>;

/// How it is told which files make one image.
#[derive(Clone, Copy)]
pub enum Group {
    /// Their names tell it: of the files with these names, those that belong
    /// together, as lists of indexes.
    Names(fn(&[&str]) -> Vec<Vec<usize>>),
    /// One file names the others.
    Sheet(NamedBySheet),
}

/// Writes a fitted image.
pub type Emit = fn(&Image, &mut dyn Output, &Context) -> Result<()>;

/// A row of the registry.
pub struct Format {
    /// Stable id, as `--to` takes it.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Extensions of its files, lower case, without the dot; the first is the
    /// usual one. A hint only: `identify` never trusts them.
    pub extensions: &'static [&'static str],
    /// The carrier that it shows.
    pub carrier: CarrierKind,
    /// The layer that its tracks hold, and that `fit` expects.
    pub layer: Layer,
    /// The facts that it can record.
    pub holds: &'static [Fact],
    /// What it cannot: limits, in a sentence or two.
    pub limits: &'static str,
    /// How faithful it is to its own files.
    pub exactness: Exactness,
    /// The documents that its code rests on.
    pub references: &'static [&'static str],
    /// Who else reads what is written here.
    pub witness: Witness,
    /// Its notes, from beside the code.
    pub notes: &'static str,
    /// Look at the head, the length and a few places; say what it may be. More
    /// than one answer where the bytes allow several layouts.
    pub identify: fn(&mut Probe<'_>) -> Vec<Answer>,
    /// How it is told which files belong together.
    /// `None` when every file is an image of its own.
    pub group: Option<Group>,
    /// Read one image.
    pub read: fn(&FileSet, &ReadOptions<'_>, &Context) -> Result<Image>,
    /// Make of an image, whose tracks hold the layer of this format, one that
    /// says exactly what the format will say. The only place that drops or
    /// invents. `None` when the format is not written.
    pub fit: Option<fn(&Image, &Context) -> Fitted>,
    /// Write a fitted image. Decides nothing.
    pub emit: Option<Emit>,
}

impl Format {
    /// True when it can be written.
    pub fn writes(&self) -> bool {
        self.fit.is_some() && self.emit.is_some()
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Format({})", self.id)
    }
}
