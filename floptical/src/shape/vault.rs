//! What the verbs of `catalog` say.

use std::collections::BTreeMap;

use floptical_catalog::event::{Event, Head, Outcome as How};
use floptical_catalog::record::{Claim, MeasuredFile, MeasuredImage, Record};
use floptical_catalog::vault::{Exported, Found, ObjectRow, Outcome, Receipt, Recovered, Report, RootReport};
use floptical_io::text::{show, words};
use floptical_model::Severity;
use serde::Serialize;

use super::{FindingShape, InfoShape};

/// `catalog init`: a vault that was made.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogInitShape {
    /// Its folder.
    pub vault: String,
    /// How far its log goes.
    pub head: String,
}

/// `catalog add`: what became of the items.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogAddShape {
    /// The vault.
    pub vault: String,
    /// The items, in the order in which they were given.
    pub items: Vec<AddedShape>,
    /// How far the log goes now.
    pub head: String,
}

/// What became of an item.
#[derive(Debug, Clone, Serialize)]
pub struct AddedShape {
    /// The files, by the names they came with.
    pub files: Vec<String>,
    /// Id of the carrier.
    pub id: String,
    /// `added`, `extended` or `already-there`.
    pub outcome: &'static str,
    /// Its newest version.
    pub version: String,
    /// Formats of its images.
    pub formats: Vec<String>,
    /// Why an image of it was not read.
    pub problems: Vec<String>,
    /// Other carriers with the same data.
    pub same_data: Vec<String>,
}

impl AddedShape {
    /// The shape of a receipt.
    pub fn of<'a>(receipt: &Receipt, files: impl Iterator<Item = &'a str>, images: &[MeasuredImage]) -> Self {
        Self {
            files: files.map(|name| show(name.as_bytes())).collect(),
            id: receipt.id.clone(),
            outcome: match receipt.outcome {
                Outcome::Added => "added",
                Outcome::Extended => "extended",
                Outcome::Already => "already-there",
            },
            version: receipt.version.clone(),
            formats: images.iter().filter_map(|image| image.format.clone()).collect(),
            problems: images.iter().filter_map(|image| image.problem.clone()).collect(),
            same_data: receipt.same_data.clone(),
        }
    }
}

/// `catalog list`: the carriers.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogListShape {
    /// The carriers, by id.
    pub carriers: Vec<CarrierShape>,
    /// Groups of carriers that hold the same data.
    pub same_data: Vec<Vec<String>>,
}

/// A carrier in a line.
#[derive(Debug, Clone, Serialize)]
pub struct CarrierShape {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Formats of its images.
    pub format: String,
    /// Its newest version.
    pub version: String,
    /// Files that came.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// True when a sector is damaged, or an image was not read.
    pub damaged: bool,
}

impl From<&ObjectRow> for CarrierShape {
    fn from(row: &ObjectRow) -> Self {
        Self {
            id: row.id.clone(),
            title: show(row.title.as_bytes()),
            format: row.format.clone(),
            version: row.version.clone(),
            files: row.files,
            bytes: row.bytes,
            damaged: row.damaged,
        }
    }
}

/// `catalog show`: a carrier, what is said, measured and claimed apart.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogShowShape {
    /// Its id.
    pub id: String,
    /// Its newest version.
    pub version: String,
    /// What a person says, by field.
    pub provenance: BTreeMap<&'static str, String>,
    /// The files as they came.
    pub files: Vec<RecordedFileShape>,
    /// What was measured of its images.
    pub images: Vec<MeasuredImage>,
    /// What its containers claim.
    pub claimed: Vec<Claim>,
    /// Other carriers that hold the same data.
    pub same_data: Vec<String>,
}

/// A file of a carrier.
#[derive(Debug, Clone, Serialize)]
pub struct RecordedFileShape {
    /// Its path in the object.
    pub path: String,
    /// What it is to the carrier.
    pub role: &'static str,
    /// The name it came with.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// Digests by algorithm.
    pub digests: BTreeMap<String, String>,
}

impl CatalogShowShape {
    /// The shape of a record.
    pub fn of(version: &str, record: Record, same_data: Vec<String>) -> Self {
        let file = |file: MeasuredFile| RecordedFileShape {
            path: show(file.path.as_bytes()),
            role: file.role.word(),
            name: show(file.name.as_bytes()),
            size: file.size,
            digests: file.digests,
        };
        Self {
            id: record.id.clone(),
            version: version.to_owned(),
            provenance: record.provenance.filled().map(|(field, value)| (field.path, value.to_owned())).collect(),
            files: record.measured.files.into_iter().map(file).collect(),
            images: record.measured.images,
            claimed: record.claimed,
            same_data,
        }
    }
}

/// `catalog search`: what was found.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogSearchShape {
    /// The carriers, and by what they were found.
    pub found: Vec<FoundShape>,
}

/// A carrier that was found.
#[derive(Debug, Clone, Serialize)]
pub struct FoundShape {
    /// Its id.
    pub id: String,
    /// The algorithm or layer of a digest, or `text`.
    pub by: String,
    /// The file or image of a digest, or the words around a text.
    pub what: String,
}

impl From<&Found> for FoundShape {
    fn from(found: &Found) -> Self {
        Self { id: found.id.clone(), by: found.by.clone(), what: show(found.what.as_bytes()) }
    }
}

/// `catalog verify`: is everything as it was added?
#[derive(Debug, Clone, Serialize)]
pub struct CatalogVerifyShape {
    /// The vault.
    pub vault: String,
    /// True when nothing that was added is lost or in doubt.
    pub sound: bool,
    /// Carriers that were checked.
    pub objects: u64,
    /// Files of them.
    pub files: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// How far the log goes; a storage root of others has none.
    pub head: Option<String>,
    /// What is wrong, and what is worth knowing, bounded.
    pub findings: Vec<FindingShape>,
    /// How much that is altogether.
    pub findings_count: u64,
}

impl CatalogVerifyShape {
    /// The shape of a report.
    pub fn of(vault: &str, report: &Report) -> Self {
        Self {
            vault: vault.to_owned(),
            sound: report.is_sound(),
            objects: report.objects,
            files: report.files,
            bytes: report.bytes,
            head: Some(report.head.to_string()),
            findings: report.findings.iter().take(InfoShape::LISTED).map(FindingShape::of).collect(),
            findings_count: report.findings.count(),
        }
    }
}

impl CatalogVerifyShape {
    /// The shape of what was found in a storage root that others made.
    pub fn of_root(root: &str, report: &RootReport) -> Self {
        Self {
            vault: root.to_owned(),
            sound: report.findings.worst().is_none_or(|worst| worst < Severity::Contradiction),
            objects: report.objects,
            files: report.files,
            bytes: report.bytes,
            head: None,
            findings: report.findings.iter().take(InfoShape::LISTED).map(FindingShape::of).collect(),
            findings_count: report.findings.count(),
        }
    }
}

/// `catalog events`: what happened.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogEventsShape {
    /// The events, in order.
    pub events: Vec<EventShape>,
}

/// An event.
#[derive(Debug, Clone, Serialize)]
pub struct EventShape {
    /// Its number.
    pub seq: u64,
    /// When, RFC 3339.
    pub time: String,
    /// What kind of thing.
    pub kind: &'static str,
    /// The carrier.
    pub object: Option<String>,
    /// `success` or `failure`.
    pub outcome: &'static str,
    /// Who.
    pub person: Option<String>,
    /// With what.
    pub software: String,
    /// More, by its kind; what is no text is as JSON has it.
    pub detail: BTreeMap<String, String>,
}

impl EventShape {
    /// The shape of an event.
    pub fn of(event: &Event) -> Self {
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Self {
            seq: event.seq,
            time: event.time.to_string(),
            kind: event.kind.word(),
            object: event.object.clone(),
            outcome: if event.outcome == How::Success { "success" } else { "failure" },
            person: event.agent.person.as_ref().map(|person| show(person.as_bytes())),
            software: format!("{} {}", event.agent.software, event.agent.version),
            detail: event.detail.iter().map(|(name, value)| (name.clone(), words(&text(value)))).collect(),
        }
    }
}

/// `catalog edit`: whether anything changed.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogEditShape {
    /// The carrier.
    pub id: String,
    /// False when all was as it was told to be.
    pub changed: bool,
    /// Its newest version.
    pub version: String,
}

/// `catalog rebuild`: what half-done work was found.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogRebuildShape {
    /// The vault.
    pub vault: String,
    /// Carriers that were put into their places.
    pub finished: Vec<String>,
    /// Entries that were removed.
    pub removed: u64,
    /// True when the last line of the log was not whole.
    pub mended_log: bool,
    /// Events that were indexed.
    pub indexed: u64,
    /// Carriers that there are.
    pub objects: u64,
}

impl CatalogRebuildShape {
    /// The shape of a rebuild.
    pub fn of(vault: &str, found: &Recovered, objects: u64) -> Self {
        Self {
            vault: vault.to_owned(),
            finished: found.finished.clone(),
            removed: found.removed,
            mended_log: found.mended_log,
            indexed: found.indexed,
            objects,
        }
    }
}

/// `catalog export`: the bags.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogExportShape {
    /// The bags.
    pub bags: Vec<BagShape>,
    /// How far the log went.
    pub head: String,
}

/// A bag.
#[derive(Debug, Clone, Serialize)]
pub struct BagShape {
    /// The carrier.
    pub id: String,
    /// Its folder.
    pub bag: String,
    /// Files in its payload.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl CatalogExportShape {
    /// The shape of an export.
    pub fn of(exported: &[Exported], head: &Head) -> Self {
        let bag = |exported: &Exported| BagShape {
            id: exported.id.clone(),
            bag: exported.bag.to_string_lossy().into_owned(),
            files: exported.files,
            bytes: exported.bytes,
        };
        Self { bags: exported.iter().map(bag).collect(), head: head.to_string() }
    }
}
