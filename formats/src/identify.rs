//! How a format recognises its files: evidence, ranked, with reasons.

use std::fmt;
use std::ops::BitOr;

use floptical_io::Source;
use floptical_model::Layout;

use crate::Format;

/// Bits of evidence. Their order is the ranking.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Evidence(u8);

impl Evidence {
    /// The name fits.
    pub const NAME: Self = Self(1);
    /// The length fits.
    pub const SIZE: Self = Self(2);
    /// Marks that other files may hold too.
    pub const WEAK_MARKS: Self = Self(4);
    /// What it holds makes sense: a boot sector, a file system.
    pub const CONTENTS: Self = Self(8);
    /// The magic number of the format.
    pub const MAGIC: Self = Self(16);
    /// Its structures hold together.
    pub const STRUCTURE: Self = Self(32);
    /// A checksum of the container holds.
    pub const CHECKSUM: Self = Self(64);

    const WORDS: [(Self, &'static str); 7] = [
        (Self::NAME, "name"),
        (Self::SIZE, "size"),
        (Self::WEAK_MARKS, "weak marks"),
        (Self::CONTENTS, "contents"),
        (Self::MAGIC, "magic"),
        (Self::STRUCTURE, "structure"),
        (Self::CHECKSUM, "checksum"),
    ];

    /// True when all bits of `other` are set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True when there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Without what only a name says.
    #[must_use]
    pub fn without_name(self) -> Self {
        Self(self.0 & !Self::NAME.0)
    }

    /// The words for its bits, weakest first.
    pub fn words(self) -> Vec<&'static str> {
        Self::WORDS.iter().filter(|(bit, _)| self.has(*bit)).map(|(_, word)| *word).collect()
    }
}

impl BitOr for Evidence {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join("+"))
    }
}

/// What a format says of a file.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How it knows.
    pub evidence: Evidence,
    /// The same in words.
    pub reasons: Vec<String>,
    /// The layout, for a format without one of its own.
    pub layout: Option<Layout>,
    /// A kind of this format that is not read yet, in words; `None` when it is.
    pub unread: Option<&'static str>,
}

impl Answer {
    /// An answer with one reason.
    pub fn new(evidence: Evidence, reason: impl Into<String>) -> Self {
        Self { evidence, reasons: vec![reason.into()], layout: None, unread: None }
    }
}

/// A row of the ranked list.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The format.
    pub format: &'static Format,
    /// What it says.
    pub answer: Answer,
}

/// A file as `identify` sees it: its head, its length, and a few more places.
pub struct Probe<'a> {
    source: &'a Source,
    head: Vec<u8>,
    budget: usize,
}

impl<'a> Probe<'a> {
    /// How much is read of every file.
    pub const HEAD: usize = 4096;
    /// How much one file's identification may read altogether, for each format.
    pub const CAP: usize = 65_536;

    /// A look at a file. `None` when not even its head can be read.
    pub fn new(source: &'a Source) -> Option<Self> {
        Some(Self { source, head: source.head(Self::HEAD).ok()?, budget: Self::CAP })
    }

    /// The first bytes, as many as there are up to [`Probe::HEAD`].
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.source.len()
    }

    /// True when there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its name: a hint.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// Bytes from anywhere; `None` past the end, after a failed read, or when
    /// the cap is reached.
    pub fn bytes(&mut self, offset: u64, len: usize) -> Option<Vec<u8>> {
        let end = usize::try_from(offset).ok()?.checked_add(len)?;
        if let Some(held) = self.head.get(end.checked_sub(len)?..end) {
            return Some(held.to_vec());
        }
        if offset.checked_add(len as u64)? > self.len() {
            return None;
        }
        self.budget = self.budget.checked_sub(len)?;
        let mut bytes = vec![0; len];
        self.source.read_at(offset, &mut bytes).ok()?;
        Some(bytes)
    }

    /// A fresh cap for the next format.
    pub(crate) fn renew(&mut self) {
        self.budget = Self::CAP;
    }
}
