//! Inventories: what an object holds, version by version.

use std::collections::BTreeMap;

use floptical_model::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};

use crate::fixity::hex;

/// Paths by digest, as manifests, states and fixity blocks have them.
pub type Paths = BTreeMap<String, Vec<String>>;

/// An inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// Id of the object, the same in all versions.
    pub id: String,
    /// Which specification it keeps to.
    #[serde(rename = "type")]
    pub kind: String,
    /// Algorithm of manifest and states.
    pub digest_algorithm: String,
    /// The newest version.
    pub head: String,
    /// Where content lies in a version's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_directory: Option<String>,
    /// Other digests of the same files, by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fixity: BTreeMap<String, Paths>,
    /// The files that there are (content paths), by digest.
    pub manifest: Paths,
    /// The versions, by name.
    pub versions: BTreeMap<String, Version>,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// When it was made, RFC 3339.
    pub created: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The files of this version (logical paths), by digest.
    pub state: Paths,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
}

/// Who made a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name.
    pub name: String,
    /// A URI: where to write, or who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Inventory {
    /// What `type` says in 1.1.
    pub const KIND: &'static str = "https://ocfl.io/1.1/spec/#inventory";

    /// An inventory without a version yet.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind: Self::KIND.into(),
            digest_algorithm: "sha512".into(),
            head: "v0".into(),
            content_directory: None,
            fixity: BTreeMap::new(),
            manifest: Paths::new(),
            versions: BTreeMap::new(),
        }
    }

    /// Number of the newest version.
    pub fn number(&self) -> u32 {
        self.head.strip_prefix('v').and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&Version> {
        self.versions.get(&self.head)
    }

    /// Where content lies in a version's folder.
    pub fn content(&self) -> &str {
        self.content_directory.as_deref().unwrap_or("content")
    }

    /// Logical path, digest and content path of the files of the newest
    /// version, by logical path.
    pub fn files(&self) -> Vec<(&str, &str, &str)> {
        let state = self.newest().map(|version| &version.state);
        let mut files: Vec<_> = state
            .into_iter()
            .flatten()
            .filter_map(|(digest, logical)| {
                let content = self.manifest.get(digest)?.first()?;
                Some(logical.iter().map(move |path| (path.as_str(), digest.as_str(), content.as_str())))
            })
            .flatten()
            .collect();
        files.sort_unstable();
        files
    }

    /// The content path of a logical path of the newest version.
    pub fn find(&self, logical: &str) -> Option<&str> {
        self.files().iter().find(|(path, ..)| *path == logical).map(|(_, _, content)| *content)
    }

    /// Its text and the digest of that.
    ///
    /// # Errors
    /// None that an inventory can cause.
    pub fn to_json(&self) -> Result<(String, String)> {
        let text = serde_json::to_string_pretty(self);
        let text = text.map_err(|error| Error::unsupported(format!("not to be written as JSON: {error}")))?;
        let text = text + "\n";
        let digest = hex(&Sha512::digest(text.as_bytes()));
        Ok((text, digest))
    }
}

/// An inventory from its text, as far as a reader needs it.
///
/// # Errors
/// `Malformed` with the words of the parser.
pub fn parse(text: &[u8]) -> Result<Inventory> {
    let parsed = serde_json::from_slice(text);
    parsed.map_err(|error| Error::new(ErrorKind::Malformed, format!("no inventory: {error}")))
}
