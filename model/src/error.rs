//! What stops the reading of an image.

use std::fmt;
use std::sync::Arc;

use crate::Span;

/// The result of anything that reads or writes an image.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an image cannot be opened, read or written at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system failed: disk, permission, pipe.
    Io,
    /// The file ends before a structure does.
    Truncated,
    /// A structure says what cannot be.
    Malformed,
    /// A known thing that is not read (or written) here.
    Unsupported,
    /// A budget was used up.
    Limit,
    /// The caller asked to stop.
    Cancelled,
    /// Nothing here knows what it is.
    Unknown,
}

/// An error with its place: what happened, where, and the system's own words.
#[derive(Debug, Clone)]
pub struct Error {
    /// Who or what is at fault.
    pub kind: ErrorKind,
    /// Where in the input.
    pub at: Option<Span>,
    /// What happened, naming the field.
    pub what: String,
    /// What the system said.
    pub system: Option<Arc<std::io::Error>>,
}

impl Error {
    /// An error without a place.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self { kind, at: None, what: what.into(), system: None }
    }

    /// A structure at `at` says what cannot be.
    pub fn malformed(at: Span, what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, what).at(at)
    }

    /// The file ends before the structure at `at` does.
    pub fn truncated(at: Span, what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Truncated, what).at(at)
    }

    /// A known thing that is not read or written here.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, what)
    }

    /// The same error with a place, unless it has one.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.at.get_or_insert(span);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(at) = &self.at {
            write!(f, " at {at}")?;
        }
        if let Some(system) = &self.system {
            write!(f, ": {system}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.system.as_ref().map(|e| e.as_ref() as _)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::UnexpectedEof => ErrorKind::Truncated,
            _ => ErrorKind::Io,
        };
        Self { kind, at: None, what: "the system could not read or write".into(), system: Some(Arc::new(error)) }
    }
}
