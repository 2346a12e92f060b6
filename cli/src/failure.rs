//! What went wrong, as an archivist understands it: one line first, details
//! below, and the exit code.

use std::fmt;

use floptical::io::text::{show, words};
use floptical::model::{Error, ErrorKind};

/// Exit codes, in the order in which they win over each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    /// Done, nothing wrong.
    Done = 0,
    /// Done, and damage or a difference was found.
    Found = 1,
    /// Wrong usage.
    Usage = 2,
    /// Content would be lost; nothing was written.
    Refused = 3,
    /// The input cannot be read.
    Unreadable = 4,
    /// The system failed.
    System = 5,
    /// Interrupted.
    Interrupted = 130,
}

/// A failure with everything to say about it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: Code,
    /// What happened and where, in one line.
    pub(crate) what: String,
    /// More, a line each: places, what can be done.
    pub(crate) details: Vec<String>,
    /// True when nobody is there to hear of it.
    pub(crate) silent: bool,
}

impl Failure {
    /// A failure with one line.
    pub(crate) fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), details: Vec::new(), silent: false }
    }

    /// The same with a line more.
    #[must_use]
    pub(crate) fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// The same, said of an input.
    #[must_use]
    pub(crate) fn of(mut self, label: &str) -> Self {
        self.what = format!("{}: {}", show(label.as_bytes()), self.what);
        self
    }

    /// What the system says when results cannot be written.
    pub(crate) fn stdout(error: &std::io::Error) -> Self {
        let silent = error.kind() == std::io::ErrorKind::BrokenPipe;
        Self { silent, ..Self::new(Code::System, format!("the results cannot be written: {error}")) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let system = error.system.as_ref().map(|e| e.kind());
        let code = match (error.kind, system) {
            (_, Some(std::io::ErrorKind::NotFound)) => Code::Unreadable,
            (_, Some(std::io::ErrorKind::AlreadyExists)) => Code::Usage,
            (ErrorKind::Io, _) => Code::System,
            (ErrorKind::Cancelled, _) => Code::Interrupted,
            _ => Code::Unreadable,
        };
        let failure = Self::new(code, words(&error.what));
        let failure = match &error.at {
            Some(at) => failure.detail(format!("at {at}")),
            None => failure,
        };
        let failure = match &error.system {
            Some(system) => Self { what: format!("{}: {system}", failure.what), ..failure },
            None => failure,
        };
        match hint(error.kind, code) {
            Some(hint) => failure.detail(hint),
            None => failure,
        }
    }
}

/// What can be done.
fn hint(kind: ErrorKind, code: Code) -> Option<&'static str> {
    match kind {
        _ if code == Code::Usage => Some("--force writes over it"),
        ErrorKind::Truncated => Some("the file may be cut short; `floptical identify --why` shows what speaks for it"),
        ErrorKind::Limit => Some("the input asks for more than one input may cost; nothing of it was kept"),
        _ => None,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.details.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floptical::model::Span;

    #[test]
    fn kinds_have_codes_and_foreign_words_are_harmless() {
        let code = |kind| Failure::from(Error::new(kind, "x")).code;
        assert_eq!(code(ErrorKind::Io), Code::System);
        assert_eq!(code(ErrorKind::Cancelled), Code::Interrupted);
        for kind in [ErrorKind::Truncated, ErrorKind::Malformed, ErrorKind::Unsupported, ErrorKind::Limit] {
            assert_eq!(code(kind), Code::Unreadable);
        }
        let failure = Failure::from(Error::malformed(Span::file(16, 2), "the name \x1b[2J")).of("a\nb");
        assert_eq!(failure.to_string(), "a\\nb: the name \\u{1b}[2J\n  at offset 16 (0x10), 2 bytes");
    }
}
