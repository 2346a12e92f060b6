//! What an image says of a disk, as a set of facts with places and values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

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
    Numbers(Box<[i64]>),
    /// A word of a closed list.
    Word(&'static str),
    /// Text.
    Text(Box<str>),
    /// Cylinder, head and size code of an id field.
    Id {
        /// Cylinder.
        c: u8,
        /// Head.
        h: u8,
        /// Size code.
        n: u8,
    },
    /// What a check said.
    Check(Check),
    /// Bytes that the image holds.
    Bytes(Arc<[u8]>),
    /// What is too long to hold, by count and digest.
    Digest(Box<Summary>),
}

/// What is too long to hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Summary {
    /// How many there are: bytes, cells, intervals.
    pub count: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
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
            Self::Word(word) => f.write_str(word),
            Self::Id { c, h, n } => write!(f, "C{c} H{h} N{n}"),
            Self::Text(text) => {
                let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
                let shown: String = text.chars().take(60).map(escaped).collect();
                write!(f, "\"{shown}\"{}", if text.chars().nth(60).is_some() { "..." } else { "" })
            }
            Self::Check(Check::Good) => f.write_str("good"),
            Self::Check(Check::Bad) => f.write_str("bad"),
            Self::Check(Check::None) => f.write_str("no check"),
            Self::Bytes(bytes) => {
                write!(f, "{} bytes", bytes.len())?;
                bytes.iter().take(6).try_for_each(|b| write!(f, " {b:02x}"))?;
                f.write_str(if bytes.len() > 6 { " ..." } else { "" })
            }
            Self::Digest(summary) => {
                write!(f, "{} of SHA-256 ", summary.count)?;
                summary.sha256.iter().take(4).try_for_each(|b| write!(f, "{b:02x}"))?;
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
    places: BTreeMap<Place, Said>,
}

/// What is said of one place, by fact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    facts: Vec<(Fact, Value)>,
}

impl Said {
    /// As many facts as a sector has in most containers.
    const COMMON: usize = 12;

    /// Say something; unrecorded values are not kept.
    pub fn say(&mut self, fact: Fact, value: Value) {
        if value == Value::Unrecorded {
            return;
        }
        match self.facts.binary_search_by_key(&fact, |(f, _)| *f) {
            Ok(at) => self.facts[at].1 = value,
            Err(at) => self.facts.insert(at, (fact, value)),
        }
    }

    /// Give back the room for what was not said.
    pub fn close(&mut self) {
        self.facts.shrink_to_fit();
    }

    /// What is said of a fact.
    pub fn get(&self, fact: Fact) -> &Value {
        match self.facts.binary_search_by_key(&fact, |(f, _)| *f) {
            Ok(at) => &self.facts[at].1,
            Err(_) => &Value::Unrecorded,
        }
    }

    /// Give `take` each fact that the other does not say the same of, in order.
    fn unlike<'a>(&'a self, other: &'a Said, mut take: impl FnMut(Fact, &'a Value, &'a Value)) {
        let (mut mine, mut theirs) = (self.facts.as_slice(), other.facts.as_slice());
        loop {
            let fact = match (mine.first(), theirs.first()) {
                (Some((a, _)), Some((b, _))) => *a.min(b),
                (Some((fact, _)), None) | (None, Some((fact, _))) => *fact,
                (None, None) => return,
            };
            let (from, to) = (pop(&mut mine, fact), pop(&mut theirs, fact));
            if from != to {
                take(fact, from, to);
            }
        }
    }
}

/// The first value, when it is of this fact.
fn pop<'a>(facts: &mut &'a [(Fact, Value)], fact: Fact) -> &'a Value {
    match facts.split_first() {
        Some(((own, value), rest)) if *own == fact => {
            *facts = rest;
            value
        }
        _ => &Value::Unrecorded,
    }
}

/// Where two inventories do not say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlike<'a> {
    /// Where.
    pub place: &'a Place,
    /// What it is about.
    pub fact: Fact,
    /// What the first says.
    pub from: &'a Value,
    /// What the second says.
    pub to: &'a Value,
}

impl Inventory {
    /// The place to say something of.
    pub fn at(&mut self, place: Place) -> &mut Said {
        self.places.entry(place).or_insert_with(|| Said { facts: Vec::with_capacity(Said::COMMON) })
    }

    /// Say one thing; unrecorded values are not kept.
    pub fn say(&mut self, place: Place, fact: Fact, value: Value) {
        if value != Value::Unrecorded {
            self.at(place).say(fact, value);
        }
    }

    /// What is said.
    pub fn get(&self, place: &Place, fact: Fact) -> &Value {
        self.places.get(place).map_or(&Value::Unrecorded, |said| said.get(fact))
    }

    /// Everything that is said, by place, then fact.
    pub fn iter(&self) -> impl Iterator<Item = (&Place, Fact, &Value)> {
        self.places.iter().flat_map(|(place, said)| said.facts.iter().map(move |(fact, value)| (place, *fact, value)))
    }

    /// Give `take` where the other does not say the same, by place, then fact.
    pub fn unlike<'a>(&'a self, other: &'a Inventory, mut take: impl FnMut(Unlike<'a>)) {
        static NOTHING: Said = Said { facts: Vec::new() };
        let (mut mine, mut theirs) = (self.places.iter().peekable(), other.places.iter().peekable());
        loop {
            let place = match (mine.peek(), theirs.peek()) {
                (Some((a, _)), Some((b, _))) => *a.min(b),
                (Some((place, _)), None) | (None, Some((place, _))) => *place,
                (None, None) => return,
            };
            let from = mine.next_if(|(own, _)| *own == place).map_or(&NOTHING, |(_, said)| said);
            let to = theirs.next_if(|(own, _)| *own == place).map_or(&NOTHING, |(_, said)| said);
            from.unlike(to, |fact, from, to| take(Unlike { place, fact, from, to }));
        }
    }

    /// How many things are said.
    pub fn len(&self) -> usize {
        self.places.values().map(|said| said.facts.len()).sum()
    }

    /// True when nothing is said.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
