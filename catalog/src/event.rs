//! What happened, in lines that name the line before them.
//!
//! An event is one line of JSON: the members in the order of their names, no
//! space between them, and `hash` as the last. The hash is the SHA-256 of the
//! line without that member; `prev` is the hash of the line before, 64 zeros
//! for the first. So a line can be checked with common tools:
//! `jq -cSj 'del(.hash)' | sha256sum`. Whoever knows the hash of the last line
//! knows that no line was changed, left out or put in before it; a cut tail is
//! seen by whoever kept a later hash.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::fixity::hex;

/// Who did something, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The person, where one is known: `Name` or `Name <address>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The program.
    pub software: String,
    /// Its version.
    pub version: String,
}

/// What kind of thing happened, by the words of the Library of Congress's
/// vocabulary for events (preservation/eventType).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A vault was made.
    #[serde(rename = "creation")]
    Creation,
    /// A carrier was added.
    #[serde(rename = "ingestion")]
    Ingestion,
    /// What a person says of a carrier was changed.
    #[serde(rename = "metadata modification")]
    Modification,
    /// Everything was held against its digests.
    #[serde(rename = "fixity check")]
    FixityCheck,
    /// Carriers were copied out.
    #[serde(rename = "dissemination")]
    Dissemination,
    /// Half-done work was finished or taken back.
    #[serde(rename = "recovery")]
    Recovery,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] =
        [Self::Creation, Self::Ingestion, Self::Modification, Self::FixityCheck, Self::Dissemination, Self::Recovery];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::Ingestion => "ingestion",
            Self::Modification => "metadata modification",
            Self::FixityCheck => "fixity check",
            Self::Dissemination => "dissemination",
            Self::Recovery => "recovery",
        }
    }
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should.
    Success,
    /// Something was found or could not be done; the detail says what.
    Failure,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    // The members stand in the order of their names: that is the order of the
    // line.
    /// Who did it.
    pub agent: Agent,
    /// More, by its kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, Value>,
    /// What kind of thing.
    pub kind: Kind,
    /// The carrier it happened to; `None` for the whole vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// How it went.
    pub outcome: Outcome,
    /// Hash of the line before.
    pub prev: String,
    /// Number of the line, from 1.
    pub seq: u64,
    /// When, in UTC.
    pub time: Timestamp,
}

impl Event {
    /// A text of the detail.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.detail.get(name).and_then(Value::as_str)
    }
}

/// How far a log goes: the number of its last line and that line's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Events so far.
    pub events: u64,
    /// Hash of the last line; 64 zeros before the first.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { events: 0, hash: "0".repeat(64) }
    }
}

/// As a person copies it down: number and hash.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.events, self.hash)
    }
}

impl std::str::FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (events, hash) = text.split_once(':').ok_or("a head is NUMBER:HASH")?;
        let events = events.parse().map_err(|_| format!("{events} is no number of events"))?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if is_hash { Ok(Self { events, hash: hash.into() }) } else { Err("a hash has 64 digits 0-9 and a-f".into()) }
    }
}

const HASH: &str = ",\"hash\":\"";
/// Bytes at the end of a line that hold its hash: the member, 64 digits, `"}`.
const TAIL: usize = HASH.len() + 64 + 2;

/// The line of an event that follows `prev`, with its end of line, and the head
/// after it. Number and `prev` of the event are set here.
pub fn seal(mut event: Event, prev: &Head) -> (String, Head) {
    event.seq = prev.events.saturating_add(1);
    event.prev.clone_from(&prev.hash);
    // Strings, numbers and lists of them: nothing that JSON cannot say.
    let mut line = serde_json::to_string(&event).unwrap_or_default();
    let hash = hash_of(line.as_bytes());
    line.truncate(line.len().saturating_sub(1));
    line.push_str(HASH);
    line.push_str(&hash);
    line.push_str("\"}\n");
    (line, Head { events: event.seq, hash })
}

fn hash_of(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// It is no event.
    NoEvent,
    /// It does not have the hash that it names.
    Changed,
    /// It does not follow the line before it.
    Unlinked,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEvent => "this is no event",
            Self::Changed => "the line was changed: it does not have the hash that it names",
            Self::Unlinked => "the line does not follow the one before it",
        })
    }
}

/// A line, without its end of line, as it was read.
#[derive(Debug, Clone)]
pub struct Line {
    /// The event, where it is one.
    pub event: Option<Event>,
    /// The head after it, as the line itself names it.
    pub head: Option<Head>,
    /// What is wrong with it.
    pub broken: Option<Broken>,
}

/// Read a line and hold it against its own hash and the head before it.
pub fn open(line: &[u8], prev: &Head) -> Line {
    let none = Line { event: None, head: None, broken: Some(Broken::NoEvent) };
    let Some((body, tail)) = line.split_at_checked(line.len().saturating_sub(TAIL)) else { return none };
    let digits = tail.strip_prefix(HASH.as_bytes()).and_then(|t| t.strip_suffix(b"\"}"));
    let Some(hash) = digits.and_then(|d| std::str::from_utf8(d).ok()) else { return none };
    let body = [body, b"}"].concat();
    let Ok(event) = serde_json::from_slice::<Event>(&body) else { return none };
    let follows = event.prev == prev.hash && prev.events.checked_add(1) == Some(event.seq);
    let broken = match (hash_of(&body) == hash, follows) {
        (false, _) => Some(Broken::Changed),
        (true, false) => Some(Broken::Unlinked),
        (true, true) => None,
    };
    let head = Head { events: event.seq, hash: hash.to_owned() };
    Line { event: Some(event), head: Some(head), broken }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(n: u64) -> Event {
        Event {
            agent: Agent { person: None, software: "floptical".into(), version: "0".into() },
            detail: BTreeMap::from([("n".into(), n.into())]),
            kind: Kind::Ingestion,
            object: Some("a \"b\"\n".into()),
            outcome: Outcome::Success,
            prev: String::new(),
            seq: 0,
            time: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_chain_holds_and_every_flip_of_it_is_seen() {
        let (first, one) = seal(event(1), &Head::default());
        let (second, two) = seal(event(2), &one);
        let line = |text: &str| text.trim_end_matches('\n').as_bytes().to_vec();
        assert_eq!(open(&line(&first), &Head::default()).broken, None);
        assert_eq!(open(&line(&second), &one).head, Some(two));
        assert_eq!(open(&line(&second), &Head::default()).broken, Some(Broken::Unlinked));
        let whole = line(&second);
        for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            assert!(open(&flipped, &one).broken.is_some(), "byte {at}, bit {bit}");
        }
    }

    #[test]
    fn the_members_stand_in_the_order_of_their_names() {
        let (line, head) = seal(event(1), &Head::default());
        let value: serde_json::Map<String, Value> = serde_json::from_str(&line).unwrap();
        let mut body = value.clone();
        body.remove("hash");
        let sorted: BTreeMap<String, Value> = body.into_iter().collect();
        let again = serde_json::to_string(&sorted).unwrap();
        assert_eq!(hash_of(again.as_bytes()), head.hash);
        assert_eq!(head.to_string().parse(), Ok(head));
    }
}
