//! What was measured of a carrier, and what its containers claim: plain values
//! that whoever reads images fills in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The files as they came.
    pub files: Vec<MeasuredFile>,
    /// The images in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<MeasuredImage>,
}

/// What a file is to its carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileRole {
    /// A file of an image.
    Original,
    /// A log of the capture.
    Log,
    /// A photograph or scan of the carrier, its label or sleeve.
    Photograph,
    /// A text about it.
    Note,
    /// Something that came with it.
    Other,
}

impl FileRole {
    /// Every role.
    pub const ALL: [FileRole; 5] = [Self::Original, Self::Log, Self::Photograph, Self::Note, Self::Other];

    /// The folder of an object that holds files of this role.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Original => "originals",
            Self::Log => "logs",
            Self::Photograph => "photographs",
            Self::Note => "notes",
            Self::Other => "others",
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Log => "log",
            Self::Photograph => "photograph",
            Self::Note => "note",
            Self::Other => "other",
        }
    }
}

/// A file as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredFile {
    /// Where it lies in the object (its logical path).
    pub path: String,
    /// What it is to the carrier.
    pub role: FileRole,
    /// The name it came with.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// Digests by algorithm, in lower-case hexadecimal.
    pub digests: BTreeMap<String, String>,
}

/// What was found in an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredImage {
    /// Names of its files.
    pub files: Vec<String>,
    /// The member, where a file holds several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Wrappers that were taken off, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrappers: Vec<String>,
    /// Id of its format; absent where nothing here knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// What speaks for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// Why it was not read (or no further), in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The kind of carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// Its layout, with how it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// The recording: the digest of the sectors with their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l1: Option<Layer>,
    /// The order of the sectors on their tracks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l1o: Option<String>,
    /// The data in logical order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l2: Option<Layer>,
    /// How many sectors have each status.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, u64>,
    /// Sectors that are damaged, the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<Sector>,
    /// The volumes, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// What was noticed, the first of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Noticed>,
    /// How much was noticed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub findings_count: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// The digest of a layer and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// SHA-256 of the canonical form.
    pub sha256: String,
    /// How many bytes rest on what.
    pub coverage: Coverage,
}

/// How many bytes of a layer rest on what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Bytes with a good check.
    pub good: u64,
    /// Bytes that nothing verifies.
    pub unverified: u64,
    /// Bytes with a bad check or in doubt.
    pub doubtful: u64,
    /// Weak bytes that were masked.
    pub masked: u64,
    /// Bytes that are missing.
    pub missing: u64,
}

impl Layer {
    /// True when it rests on some byte that was read.
    pub fn holds_data(&self) -> bool {
        let Coverage { good, unverified, doubtful, masked, missing: _ } = self.coverage;
        [good, unverified, doubtful, masked].iter().any(|bytes| *bytes > 0)
    }
}

/// A damaged sector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sector {
    /// Its place.
    pub place: String,
    /// Its status.
    pub status: String,
}

/// Something that was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noticed {
    /// Code of the finding.
    pub code: String,
    /// How much it lowers the trust in the content.
    pub severity: String,
    /// What it speaks of.
    pub place: String,
    /// The values, in words.
    pub message: String,
}

/// What a container says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Name of the (first) file that says it.
    pub file: String,
    /// What it speaks of: comment, creator, date...
    pub kind: String,
    /// The words, safe to show.
    pub text: String,
}
