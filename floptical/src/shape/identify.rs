//! What a file is, and who says so.

use floptical_formats::Candidate;
use floptical_io::text::{show, words};
use serde::Serialize;

use super::FindingShape;
use super::verbs::listed;
use crate::identify::{Identified, Item, Verdict};

/// `identify`: what a file is.
#[derive(Debug, Clone, Serialize)]
pub struct IdentifyShape {
    /// Wrappers that were taken off, outermost first.
    pub layers: Vec<&'static str>,
    /// What is inside.
    pub items: Vec<ItemShape>,
    /// What was noticed about the wrappers.
    pub findings: Vec<FindingShape>,
}

/// Files that make one image.
#[derive(Debug, Clone, Serialize)]
pub struct ItemShape {
    /// Their names.
    pub files: Vec<String>,
    /// `known`, `tie`, `size-only`, `not-read` or `unknown`.
    pub verdict: &'static str,
    /// Id of the format that opening takes.
    pub format: Option<&'static str>,
    /// The kind in words, for what is known and not read.
    pub kind: Option<&'static str>,
    /// All answers, the best first.
    pub candidates: Vec<CandidateShape>,
}

/// What one format says of the files.
#[derive(Debug, Clone, Serialize)]
pub struct CandidateShape {
    /// Id of the format.
    pub format: &'static str,
    /// Name of the format.
    pub name: &'static str,
    /// The layout, for a format without one of its own.
    pub layout: Option<String>,
    /// Words for the evidence, weakest first.
    pub evidence: Vec<&'static str>,
    /// The same in sentences.
    pub reasons: Vec<String>,
}

impl IdentifyShape {
    /// The shape of an identification.
    pub fn of(identified: &Identified) -> Self {
        Self {
            layers: identified.layers.clone(),
            items: identified.items.iter().map(ItemShape::of).collect(),
            findings: listed(&identified.findings),
        }
    }
}

impl ItemShape {
    /// The shape of an item.
    pub fn of(item: &Item) -> Self {
        let verdict = item.verdict();
        let (word, kind) = match &verdict {
            Verdict::Known(_) => ("known", None),
            Verdict::Tie(_) => ("tie", None),
            Verdict::SizeOnly(_) => ("size-only", None),
            Verdict::NotRead(_, kind) => ("not-read", Some(*kind)),
            Verdict::Unknown => ("unknown", None),
        };
        Self {
            files: item.files.files().iter().map(|f| show(f.name().as_bytes())).collect(),
            verdict: word,
            format: verdict.candidate().map(|c| c.format.id),
            kind,
            candidates: item.candidates.iter().map(CandidateShape::of).collect(),
        }
    }
}

impl CandidateShape {
    /// The shape of an answer.
    pub fn of(candidate: &Candidate) -> Self {
        let answer = &candidate.answer;
        Self {
            format: candidate.format.id,
            name: candidate.format.name,
            layout: answer.layout.as_ref().map(ToString::to_string),
            evidence: answer.evidence.words(),
            reasons: answer.reasons.iter().map(|r| words(r)).collect(),
        }
    }
}
