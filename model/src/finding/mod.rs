//! What a reader noticed and went on: data, not log lines.

mod codes;

pub use codes::*;

use std::fmt;

use crate::{Place, Span};

/// How much a finding lowers the trust in the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Unusual, and harmless to the content.
    Oddity,
    /// Two statements of the image cannot both be true.
    Contradiction,
    /// Content is lost or doubtful.
    Damage,
}

impl Severity {
    /// The word for it in JSON and snapshots.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Oddity => "oddity",
            Self::Contradiction => "contradiction",
            Self::Damage => "damage",
        }
    }
}

/// A kind of finding: one row of [`CODES`].
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable name, `<room>.<what>`.
    pub id: &'static str,
    /// How much it lowers the trust in the content.
    pub severity: Severity,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// One thing noticed, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub code: &'static Code,
    /// What it was read from.
    pub at: Span,
    /// What it speaks of.
    pub place: Place,
    /// The values, in words.
    pub message: String,
}

impl Finding {
    /// A finding of a kind.
    pub fn new(code: &'static Code, at: Span, place: Place, message: impl Into<String>) -> Self {
        Self { code, at, place, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code.id, self.place, self.message)
    }
}

/// Findings of one image or store: counted, and kept up to a bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    kept: Vec<Finding>,
    dropped: u64,
}

impl Findings {
    /// How many are kept; what comes after is only counted.
    pub const KEPT: usize = 10_000;

    /// Add one.
    pub fn push(&mut self, finding: Finding) {
        if self.kept.len() < Self::KEPT { self.kept.push(finding) } else { self.dropped += 1 }
    }

    /// Add all of another list.
    pub fn extend(&mut self, other: &Findings) {
        other.kept.iter().for_each(|f| self.push(f.clone()));
        self.dropped += other.dropped;
    }

    /// Those kept, in order of arrival.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.kept.iter()
    }

    /// How many there were altogether.
    pub fn count(&self) -> u64 {
        self.kept.len() as u64 + self.dropped
    }

    /// True when there was none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The highest severity among those kept.
    pub fn worst(&self) -> Option<Severity> {
        self.kept.iter().map(|f| f.code.severity).max()
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<T: IntoIterator<Item = Finding>>(iter: T) -> Self {
        let mut all = Self::default();
        iter.into_iter().for_each(|f| all.push(f));
        all
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, iter: T) {
        iter.into_iter().for_each(|f| self.push(f));
    }
}
