//! The rows that the verbs print.

use std::collections::BTreeMap;

use floptical_formats::{Exactness, Format, Witness};
use floptical_io::text::{show, words};
use floptical_model::{Entry, EntryKind, Fact, Finding, How, LossGroup, Plan, Recovery, SectorEntry, Status, Weight};
use serde::Serialize;

use super::{IdentityShape, hex};
use crate::compare::{Comparison, FileDifference, SectorDifference};
use crate::explain::Step;

/// A finding.
#[derive(Debug, Clone, Serialize)]
pub struct FindingShape {
    /// Its stable code.
    pub code: &'static str,
    /// How much it lowers the trust in the content.
    pub severity: &'static str,
    /// What it speaks of.
    pub place: String,
    /// The values, in words.
    pub message: String,
}

impl FindingShape {
    /// The shape of a finding.
    pub fn of(finding: &Finding) -> Self {
        Self {
            code: finding.code.id,
            severity: finding.code.severity.word(),
            place: show(finding.place.to_string().as_bytes()),
            message: words(&finding.message),
        }
    }
}

/// A sector.
#[derive(Debug, Clone, Serialize)]
pub struct SectorShape {
    /// Its place.
    pub place: String,
    /// Offset in the linear view.
    pub offset: Option<u64>,
    /// C, H, R, N.
    pub id: Option<[u8; 4]>,
    /// True when the id is recorded, false when it follows from the layout.
    pub id_recorded: bool,
    /// Size in bytes.
    pub size: u32,
    /// How far it can be trusted.
    pub status: &'static str,
    /// What it was read from.
    pub from: Option<String>,
}

impl SectorShape {
    /// The shape of a sector.
    pub fn of(sector: &SectorEntry) -> Self {
        Self {
            place: sector.place.to_string(),
            offset: sector.offset,
            id: sector.id.copied().flatten().map(|id| [id.c, id.h, id.r, id.n]),
            id_recorded: sector.id.is_recorded(),
            size: sector.size,
            status: sector.status.word(),
            from: sector.span.as_ref().map(ToString::to_string),
        }
    }
}

/// An entry of a volume.
#[derive(Debug, Clone, Serialize)]
pub struct EntryShape {
    /// Its path.
    pub path: String,
    /// `file`, `directory`, `label`, `link`, `special`.
    pub kind: &'static str,
    /// Size in bytes as recorded.
    pub size: u64,
    /// Last change, local time as recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Last access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessed: Option<String>,
    /// Attributes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<&'static str>,
    /// What else is recorded of it: owner, mode, comment, the target of a link.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<&'static str, String>,
    /// The short name, where a long one exists beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_name: Option<String>,
    /// The name as stored, in hexadecimal.
    pub raw_name: String,
    /// For a deleted entry how much of it can be had: `whole`, `partial N`,
    /// `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<String>,
    /// Codes of what was noticed of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<&'static str>,
}

impl EntryShape {
    /// The shape of an entry.
    pub fn of(entry: &Entry) -> Self {
        Self {
            path: show(entry.path.as_bytes()),
            kind: kind_word(entry.kind),
            size: entry.size,
            modified: entry.dates.modified.clone(),
            created: entry.dates.created.clone(),
            accessed: entry.dates.accessed.clone(),
            attributes: entry.attributes.clone(),
            details: entry.details.iter().map(|(what, value)| (*what, show(value.as_bytes()))).collect(),
            short_name: entry.short.as_ref().map(|n| show(n.text.as_bytes())),
            raw_name: hex(&entry.name.raw),
            deleted: entry.deleted.map(recovery_words),
            findings: entry.findings.iter().map(|f| f.code.id).collect(),
        }
    }
}

fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "file",
        EntryKind::Directory => "directory",
        EntryKind::Label => "label",
        EntryKind::Link => "link",
        EntryKind::Special => "special",
        _ => "other",
    }
}

fn recovery_words(recovery: Recovery) -> String {
    match recovery {
        Recovery::Whole => "whole".into(),
        Recovery::Partial(bytes) => format!("partial {bytes}"),
        Recovery::None => "none".into(),
    }
}

/// What a conversion changes, grouped.
#[derive(Debug, Clone, Serialize)]
pub struct PlanShape {
    /// Losses alike, content first.
    pub losses: Vec<LossShape>,
    /// Sectors that nobody verified and that will read as good.
    pub unverified_read_as_good: u64,
    /// The facts that need consent, as `--lose` takes them.
    pub needs_consent: Vec<&'static str>,
}

/// Losses alike.
#[derive(Debug, Clone, Serialize)]
pub struct LossShape {
    /// `content` or `rendition`.
    pub weight: &'static str,
    /// The fact.
    pub fact: &'static str,
    /// `dropped`, `approximated`, `invented`.
    pub how: &'static str,
    /// How many.
    pub count: u64,
    /// The first place.
    pub first: String,
    /// What stands there before.
    pub from: String,
    /// What stands there after.
    pub to: String,
}

impl PlanShape {
    /// The shape of a plan.
    pub fn of(plan: &Plan) -> Self {
        // A check that nobody made can only be a good one: a bad one is content.
        let becomes_good = |g: &&&LossGroup| {
            let is_check = matches!(g.fact, Fact::DataCheck | Fact::Edc);
            is_check && (g.weight, g.how) == (Weight::Rendition, How::Invented)
        };
        let losses = plan.groups().into_iter().map(|g| LossShape {
            weight: g.weight.word(),
            fact: g.fact.word(),
            how: g.how.word(),
            count: g.count,
            first: show(g.first.place.to_string().as_bytes()),
            from: g.first.from.to_string(),
            to: g.first.to.to_string(),
        });
        Self {
            losses: losses.collect(),
            unverified_read_as_good: plan.groups().iter().filter(becomes_good).map(|g| g.sectors).sum(),
            needs_consent: plan.content().into_iter().map(Fact::word).collect(),
        }
    }
}

/// One step of an explanation.
#[derive(Debug, Clone, Serialize)]
pub struct StepShape {
    /// The layer.
    pub layer: &'static str,
    /// What stands there.
    pub what: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
}

impl StepShape {
    /// The shape of a step.
    pub fn of(step: &Step) -> Self {
        Self { layer: step.layer, what: show(step.what.as_bytes()), span: step.span.as_ref().map(ToString::to_string) }
    }
}

/// A comparison.
#[derive(Debug, Clone, Serialize)]
pub struct ComparisonShape {
    /// The same recording; absent where one records no ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_recording: Option<bool>,
    /// The same data in logical order; absent where neither holds any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_data: Option<bool>,
    /// Identities of the first.
    pub first: IdentityShape,
    /// Identities of the second.
    pub second: IdentityShape,
    /// Sectors that differ.
    pub sectors: Vec<SectorDifferenceShape>,
    /// Files that differ.
    pub files: Vec<FileDifferenceShape>,
    /// Facts that differ, from the first to the second.
    pub facts: Vec<LossShape>,
}

impl ComparisonShape {
    /// The shape of a comparison.
    pub fn of(comparison: &Comparison) -> Self {
        Self {
            same_recording: comparison.same_recording(),
            same_data: comparison.same_data(),
            first: IdentityShape::of(&comparison.identities[0]),
            second: IdentityShape::of(&comparison.identities[1]),
            sectors: comparison.sectors.iter().map(SectorDifferenceShape::of).collect(),
            files: comparison.files.iter().map(FileDifferenceShape::of).collect(),
            facts: PlanShape::of(&comparison.facts).losses,
        }
    }
}

/// A sector that differs.
#[derive(Debug, Clone, Serialize)]
pub struct SectorDifferenceShape {
    /// Number of the block.
    pub lba: u64,
    /// Its place.
    pub place: String,
    /// Its status in the first.
    pub first: Option<&'static str>,
    /// Its status in the second.
    pub second: Option<&'static str>,
    /// The first byte that differs.
    pub byte: Option<u32>,
}

impl SectorDifferenceShape {
    fn of(d: &SectorDifference) -> Self {
        Self {
            lba: d.lba,
            place: d.place.to_string(),
            first: d.first.map(Status::word),
            second: d.second.map(Status::word),
            byte: d.byte,
        }
    }
}

/// A file that differs.
#[derive(Debug, Clone, Serialize)]
pub struct FileDifferenceShape {
    /// Its path.
    pub path: String,
    /// SHA-256 in the first.
    pub first: Option<String>,
    /// SHA-256 in the second.
    pub second: Option<String>,
}

impl FileDifferenceShape {
    fn of(d: &FileDifference) -> Self {
        let digest = |f: Option<([u8; 32], u64)>| f.map(|(digest, _)| hex(&digest));
        Self { path: show(d.path.as_bytes()), first: digest(d.first), second: digest(d.second) }
    }
}

/// A row of the registry.
#[derive(Debug, Clone, Serialize)]
pub struct FormatShape {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Extensions of its files.
    pub extensions: Vec<&'static str>,
    /// The carrier that it shows.
    pub carrier: &'static str,
    /// The layer that it holds.
    pub layer: &'static str,
    /// True when it is written too.
    pub writes: bool,
    /// `exact` or `equal`.
    pub exactness: &'static str,
    /// Who else reads what is written.
    pub witness: &'static str,
    /// The facts that it records.
    pub holds: Vec<&'static str>,
    /// What it cannot.
    pub limits: &'static str,
}

impl FormatShape {
    /// The shape of a row.
    pub fn of(format: &Format) -> Self {
        Self {
            id: format.id,
            name: format.name,
            extensions: format.extensions.to_vec(),
            carrier: format.carrier.word(),
            layer: format.layer.word(),
            writes: format.writes(),
            exactness: match format.exactness {
                Exactness::Exact => "exact",
                Exactness::Equal => "equal",
            },
            witness: match format.witness {
                Witness::Program(name) => name,
                Witness::Spec => "the specification alone",
            },
            holds: format.holds.iter().map(|f| f.word()).collect(),
            limits: format.limits,
        }
    }
}
