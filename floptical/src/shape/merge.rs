//! `merge`: what comes from which capture.

use std::collections::BTreeMap;

use floptical_model::Status;
use serde::Serialize;

use crate::Merged;

/// What captures gave to a merged disk.
#[derive(Debug, Clone, Serialize)]
pub struct MergeShape {
    /// The captures, as they were named.
    pub captures: Vec<CaptureShape>,
    /// How many sectors of each state the merged disk has.
    pub states: BTreeMap<&'static str, u64>,
    /// The sectors of which captures do not say the same, up to
    /// [`MergeShape::LISTED`].
    pub sectors: Vec<MergedSectorShape>,
    /// How many more there are.
    pub more: u64,
}

/// One capture.
#[derive(Debug, Clone, Serialize)]
pub struct CaptureShape {
    /// How it was named.
    pub input: String,
    /// How many sectors of each state it has by itself.
    pub states: BTreeMap<&'static str, u64>,
    /// How many sectors it speaks for.
    pub chosen: u64,
}

/// A sector of which captures do not say the same.
#[derive(Debug, Clone, Serialize)]
pub struct MergedSectorShape {
    /// Its place.
    pub place: String,
    /// What it is worth now.
    pub status: &'static str,
    /// The number of the capture that speaks for it, from 0.
    pub from: u64,
    /// What each capture makes of it; `absent` where it does not show it.
    pub captures: Vec<&'static str>,
    /// True when captures show other data with good checks.
    pub contradiction: bool,
}

impl MergeShape {
    /// Sectors that are listed at most.
    pub const LISTED: usize = 1000;

    /// The shape of a merged disk; `inputs` names the captures.
    pub fn of(merged: &Merged, inputs: &[String]) -> Self {
        let word = |status: &Option<Status>| status.map_or("absent", Status::word);
        let differing =
            || merged.slots.iter().filter(|s| s.contradiction || s.captures.iter().any(|c| *c != s.captures[0]));
        let capture = |(nth, input): (usize, &String)| CaptureShape {
            input: input.clone(),
            states: states(merged.slots.iter().filter_map(|slot| *slot.captures.get(nth)?)),
            chosen: merged.slots.iter().filter(|slot| slot.from == nth).count() as u64,
        };
        Self {
            captures: inputs.iter().enumerate().map(capture).collect(),
            states: states(merged.slots.iter().map(|slot| slot.status)),
            sectors: differing()
                .take(Self::LISTED)
                .map(|slot| MergedSectorShape {
                    place: slot.place.to_string(),
                    status: slot.status.word(),
                    from: slot.from as u64,
                    captures: slot.captures.iter().map(word).collect(),
                    contradiction: slot.contradiction,
                })
                .collect(),
            more: differing().count().saturating_sub(Self::LISTED) as u64,
        }
    }
}

fn states(all: impl Iterator<Item = Status>) -> BTreeMap<&'static str, u64> {
    all.fold(BTreeMap::new(), |mut counts, status| {
        *counts.entry(status.word()).or_default() += 1;
        counts
    })
}
