//! What an image says of a disk, as a set of facts with places and values.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Check, Fact, Place};

/// A value of a fact. Whole numbers, words and digests only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Datum {
    /// A recorded "none".
    None,
    /// A number.
    Number(i64),
    /// Several numbers.
    Numbers(Vec<i64>),
    /// A word or text.
    Text(String),
    /// What a check said.
    Check(Check),
    /// Bytes by length and SHA-256.
    Bytes {
        /// Length in bytes.
        len: u64,
        /// SHA-256.
        digest: [u8; 32],
    },
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Numbers(all) => {
                let shown: Vec<String> = all.iter().take(12).map(ToString::to_string).collect();
                write!(f, "{}{}", shown.join(" "), if all.len() > 12 { " ..." } else { "" })
            }
            Self::Text(text) => f.write_str(&text.escape_debug().to_string()),
            Self::Check(Check::Good) => f.write_str("good"),
            Self::Check(Check::Bad) => f.write_str("bad"),
            Self::Check(Check::None) => f.write_str("no check"),
            Self::Bytes { len, digest } => {
                write!(f, "{len} bytes, SHA-256 ")?;
                digest.iter().take(4).try_for_each(|b| write!(f, "{b:02x}"))?;
                f.write_str("...")
            }
        }
    }
}

/// Whether a value is what a standard disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Regular {
    /// A standard disk has it.
    Yes,
    /// It is of this disk alone.
    No,
}

impl From<bool> for Regular {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// What an image says of a fact. A place that is not in the inventory is
/// [`Value::Unrecorded`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Unrecorded,
    /// A convention says so.
    Assumed(Datum),
    /// The image says so, or it was measured.
    Value(Datum, Regular),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unrecorded => f.write_str("unrecorded"),
            Self::Assumed(datum) => write!(f, "{datum} (assumed)"),
            Self::Value(datum, _) => write!(f, "{datum}"),
        }
    }
}

/// A set of (place, fact, value).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    values: BTreeMap<(Place, Fact), Value>,
}

impl Inventory {
    /// Say something; unrecorded values are not kept.
    pub fn say(&mut self, place: Place, fact: Fact, value: Value) {
        if value != Value::Unrecorded {
            self.values.insert((place, fact), value);
        }
    }

    /// What is said.
    pub fn get(&self, place: &Place, fact: Fact) -> &Value {
        self.values.get(&(place.clone(), fact)).unwrap_or(&Value::Unrecorded)
    }

    /// Everything that is said, by place, then fact.
    pub fn iter(&self) -> impl Iterator<Item = (&Place, Fact, &Value)> {
        self.values.iter().map(|((place, fact), value)| (place, *fact, value))
    }

    /// How many things are said.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True when nothing is said.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
