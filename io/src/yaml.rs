//! The one place where YAML is read and written.
//!
//! Records are read strictly: a key twice, an anchor or an alias (records need
//! none, and bombs are made of them) and more than the budget are refused;
//! unknown keys are refused by the types (`#[serde(deny_unknown_fields)]`).
//! What is written is the same for the same value, quotes what other readers
//! would take for a number or a truth, and never folds a line.

use floptical_model::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::text;

/// A value from YAML text.
///
/// # Errors
/// `Malformed` with line and column, both from 1; `Limit` never: a text over the
/// budget is malformed for its purpose.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_anchors: 0,
            max_aliases: 0,
            max_depth: 64,
            max_nodes: 1 << 20,
            max_events: 1 << 22,
            max_total_scalar_bytes: 64 << 20,
        },
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| located(&error))
}

/// A value as YAML text.
///
/// # Errors
/// `Unsupported` for what YAML cannot say, as a map whose keys are lists.
pub fn to_string<T: Serialize>(value: &T) -> Result<String> {
    let options = serde_yaml::ser_options! { folded_wrap_chars: usize::MAX };
    let written = serde_yaml::to_string_with_options(value, options);
    written.map_err(|error| Error::unsupported(format!("not to be written as YAML: {error}")))
}

/// The first line of the parser's words, after the place.
fn located(error: &serde_yaml::Error) -> Error {
    let words = error.without_snippet().to_string();
    let words = text::show(words.lines().next().unwrap_or("not YAML").as_bytes());
    let what = match error.location() {
        Some(at) => format!("line {}, column {}: {words}", at.line(), at.column()),
        None => words,
    };
    Error::new(ErrorKind::Malformed, what)
}
