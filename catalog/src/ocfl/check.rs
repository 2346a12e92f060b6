//! An inventory of whoever wrote it, held against the specification. What is
//! wrong has the code of the specification's list of validation codes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::is_safe_path;

/// Something that the specification forbids (E) or advises against (W).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its code: E001 to E112, W001 to W016.
    pub code: &'static str,
    /// What it is about.
    pub what: String,
}

impl Fault {
    /// A fault.
    pub fn new(code: &'static str, what: impl Into<String>) -> Self {
        Self { code, what: what.into() }
    }

    /// True for what is only advised against.
    pub fn is_advice(&self) -> bool {
        self.code.starts_with('W')
    }
}

/// What an inventory says, as far as it can be told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Id of the object.
    pub id: String,
    /// Which specification it keeps to: 0 for 1.0, 1 for 1.1.
    pub minor: u32,
    /// Algorithm of manifest and states.
    pub algorithm: String,
    /// The newest version.
    pub head: String,
    /// Where content lies in a version's folder.
    pub content: String,
    /// Digest by content path, in lower case.
    pub manifest: BTreeMap<String, String>,
    /// Other digests by content path and algorithm, in lower case.
    pub fixity: BTreeMap<(String, String), String>,
    /// The versions in order: name, and digest (as it stands, in lower case) by
    /// logical path.
    pub versions: Vec<(String, BTreeMap<String, String>)>,
    /// Creation, message and user of each version, as JSON has them.
    pub about: BTreeMap<String, Vec<Value>>,
}

/// Read an inventory and say what is wrong with it.
pub fn check(text: &[u8]) -> (Told, Vec<Fault>) {
    let mut checking = Checking::default();
    match serde_json::from_slice::<Value>(text) {
        Ok(Value::Object(members)) => checking.inventory(&members),
        Ok(_) => checking.fault("E033", "an inventory is an object"),
        Err(error) => checking.fault("E034", format!("no JSON: {error}")),
    }
    (checking.told, checking.faults)
}

#[derive(Default)]
struct Checking {
    told: Told,
    faults: Vec<Fault>,
}

impl Checking {
    fn fault(&mut self, code: &'static str, what: impl Into<String>) {
        self.faults.push(Fault::new(code, what));
    }

    fn inventory(&mut self, members: &Map<String, Value>) {
        let mut text = |name: &str| match members.get(name) {
            Some(Value::String(text)) if !text.is_empty() => text.clone(),
            _ => {
                self.faults.push(Fault::new("E036", format!("`{name}` is missing or no text")));
                String::new()
            }
        };
        let (id, kind, algorithm, head) = (text("id"), text("type"), text("digestAlgorithm"), text("head"));
        if !id.is_empty() && !is_uri(&id) {
            self.fault("W005", format!("the id {id} is no URI"));
        }
        match kind.as_str() {
            "https://ocfl.io/1.0/spec/#inventory" | "" => {}
            "https://ocfl.io/1.1/spec/#inventory" => self.told.minor = 1,
            other => self.fault("E038", format!("the type {other} is not known")),
        }
        match algorithm.as_str() {
            "sha512" | "" => {}
            "sha256" => self.fault("W004", "the digests are SHA-256"),
            other => self.fault("E025", format!("{other} is no algorithm for content")),
        }
        let content = members.get("contentDirectory").map_or(Some("content"), Value::as_str);
        match content {
            Some(name) if name.contains('/') => self.fault("E017", "`contentDirectory` is more than a name"),
            Some("." | ".." | "") | None => self.fault("E018", "`contentDirectory` is no name"),
            Some(_) => {}
        }
        self.told = Told {
            id,
            algorithm,
            head,
            content: content.unwrap_or("content").to_owned(),
            minor: self.told.minor,
            ..Told::default()
        };
        let as_written = self.manifest(members.get("manifest"));
        self.versions(members.get("versions"), &as_written);
        if let Some(fixity) = members.get("fixity") {
            self.fixity(fixity);
        }
    }

    /// The manifest; gives back its digests as they are written.
    fn manifest(&mut self, manifest: Option<&Value>) -> BTreeSet<String> {
        let Some(Value::Object(manifest)) = manifest else {
            self.fault("E041", "there is no manifest");
            return BTreeSet::new();
        };
        let mut seen = BTreeSet::new();
        for (digest, paths) in manifest {
            let lower = digest.to_ascii_lowercase();
            if !seen.insert(lower.clone()) {
                self.fault("E096", format!("the manifest has {lower} twice"));
            }
            for path in self.paths(paths, "E092") {
                self.content_path(&path);
                if self.told.manifest.insert(path.clone(), lower.clone()).is_some() {
                    self.fault("E101", format!("the manifest has {path} twice"));
                }
            }
        }
        let known: BTreeSet<&str> = self.told.manifest.keys().map(String::as_str).collect();
        for path in folders_that_are_files(&known) {
            self.fault("E101", format!("{path} is a file and a folder"));
        }
        manifest.keys().cloned().collect()
    }

    fn content_path(&mut self, path: &str) {
        if path.starts_with('/') || path.ends_with('/') {
            self.fault("E100", format!("the content path {path} begins or ends with a slash"));
        } else if !is_safe_path(path) {
            self.fault("E099", format!("the content path {path} leaves its folder"));
        }
    }

    /// A list of texts.
    fn paths(&mut self, paths: &Value, code: &'static str) -> Vec<String> {
        let list = paths.as_array().filter(|list| !list.is_empty() && list.iter().all(Value::is_string));
        if list.is_none() {
            self.fault(code, "a digest has no list of paths");
        }
        list.into_iter().flatten().filter_map(|path| path.as_str().map(str::to_owned)).collect()
    }

    fn versions(&mut self, versions: Option<&Value>, manifest: &BTreeSet<String>) {
        let versions = match versions {
            Some(Value::Object(versions)) if !versions.is_empty() => versions,
            Some(Value::Object(_)) => return self.fault("E008", "there is no version"),
            Some(_) => return self.fault("E044", "`versions` is no object"),
            None => return self.fault("E043", "there are no versions"),
        };
        let mut names: Vec<(u64, &String)> = Vec::new();
        for name in versions.keys() {
            let digits = name.strip_prefix('v').filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
            match digits.and_then(|digits| digits.parse().ok()) {
                Some(number) => names.push((number, name)),
                None => self.fault("E046", format!("{name} is no name of a version")),
            }
        }
        names.sort_unstable();
        self.sequence(&names);
        let mut used = BTreeSet::new();
        for (_, name) in names {
            let version = versions.get(name).and_then(Value::as_object);
            let Some(version) = version else {
                self.fault("E047", format!("{name} is no object"));
                continue;
            };
            self.about(name, version);
            let state = self.state(name, version.get("state"), manifest, &mut used);
            self.told.versions.push((name.clone(), state));
        }
        for digest in manifest.iter().filter(|digest| !used.contains(&digest.to_ascii_lowercase())) {
            self.fault("E107", format!("no version uses {digest}"));
        }
    }

    /// v1, v2... or v001, v002..., without a gap; the head is the last.
    fn sequence(&mut self, names: &[(u64, &String)]) {
        let padded = |name: &str| name.starts_with("v0");
        let first = names.first().map_or("", |(_, name)| name.as_str());
        if names.iter().zip(1u64..).any(|((number, _), expected)| *number != expected) {
            self.fault("E010", "the versions are not numbered from 1 without a gap");
        }
        if padded(first) {
            if names.iter().any(|(_, name)| !padded(name) || name.len() != first.len()) {
                self.fault("E011", "the numbers of the versions are not padded alike");
            } else {
                self.fault("W001", "the numbers of the versions are padded");
            }
        } else if names.iter().any(|(_, name)| padded(name)) {
            self.fault("E011", "some numbers of versions are padded");
        }
        if names.last().is_none_or(|(_, name)| **name != self.told.head) {
            self.fault("E040", format!("the head {} is not the newest version", self.told.head));
        }
    }

    /// When, why and by whom.
    fn about(&mut self, name: &str, version: &Map<String, Value>) {
        match version.get("created") {
            None => self.fault("E048", format!("{name} has no date")),
            Some(created) if created.as_str().is_some_and(is_date) => {}
            Some(_) => self.fault("E049", format!("the date of {name} is not as RFC 3339 has it")),
        }
        let (message, user) = (version.get("message"), version.get("user"));
        if message.is_some_and(|message| !message.is_string()) {
            self.fault("E094", format!("the message of {name} is no text"));
        }
        if message.is_none() || user.is_none() {
            self.fault("W007", format!("{name} has no message or no user"));
        }
        if let Some(user) = user {
            let text = |field: &str| user.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
            if text("name").is_none() {
                self.fault("E054", format!("the user of {name} has no name"));
            }
            match text("address") {
                None => self.fault("W008", format!("the user of {name} has no address")),
                Some(address) if !is_uri(address) => {
                    self.fault("W009", format!("the address of the user of {name} is no URI"));
                }
                Some(_) => {}
            }
        }
        let about = ["created", "message", "user"].map(|field| version.get(field).cloned().unwrap_or_default());
        self.told.about.insert(name.to_owned(), about.to_vec());
    }

    fn state(
        &mut self,
        name: &str,
        state: Option<&Value>,
        manifest: &BTreeSet<String>,
        used: &mut BTreeSet<String>,
    ) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let Some(Value::Object(state)) = state else {
            self.fault(if state.is_none() { "E048" } else { "E050" }, format!("{name} has no state"));
            return files;
        };
        for (digest, paths) in state {
            used.insert(digest.to_ascii_lowercase());
            if !manifest.contains(digest) {
                self.fault("E050", format!("{name} uses {digest}, which is not in the manifest"));
            }
            for path in self.paths(paths, "E051") {
                if path.starts_with('/') || path.ends_with('/') {
                    self.fault("E053", format!("the path {path} begins or ends with a slash"));
                } else if !is_safe_path(&path) {
                    self.fault("E052", format!("the path {path} leaves its folder"));
                }
                if files.insert(path.clone(), digest.to_ascii_lowercase()).is_some() {
                    self.fault("E095", format!("{name} has {path} twice"));
                }
            }
        }
        let known: BTreeSet<&str> = files.keys().map(String::as_str).collect();
        for path in folders_that_are_files(&known) {
            self.fault("E095", format!("{path} is a file and a folder in {name}"));
        }
        files
    }

    fn fixity(&mut self, fixity: &Value) {
        let Some(fixity) = fixity.as_object() else {
            return self.fault(if self.told.minor == 0 { "E056" } else { "E111" }, "`fixity` is no object");
        };
        for (algorithm, digests) in fixity {
            let Some(digests) = digests.as_object() else {
                self.fault("E057", format!("the fixity of {algorithm} is no object"));
                continue;
            };
            let mut seen = BTreeSet::new();
            for (digest, paths) in digests {
                let lower = digest.to_ascii_lowercase();
                if !seen.insert(lower.clone()) {
                    self.fault("E097", format!("the fixity of {algorithm} has {lower} twice"));
                }
                for path in self.paths(paths, "E057") {
                    self.content_path(&path);
                    if !self.told.manifest.contains_key(&path) {
                        self.fault("E057", format!("the fixity of {algorithm} names {path}"));
                    }
                    self.told.fixity.insert((path, algorithm.clone()), lower.clone());
                }
            }
        }
    }
}

/// Paths that are also the folder of another path.
fn folders_that_are_files<'a>(paths: &BTreeSet<&'a str>) -> Vec<String> {
    let above = |path: &'a str| path.match_indices('/').filter_map(move |(at, _)| path.get(..at));
    let folders: BTreeSet<&str> = paths.iter().flat_map(|path| above(path)).collect();
    folders.intersection(paths).map(|path| (*path).to_owned()).collect()
}

/// True for what has a scheme (RFC 3986, 3.1).
fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// True for a date of RFC 3339, down to seconds, with a zone.
fn is_date(text: &str) -> bool {
    let separated = text.get(10..11).is_some_and(|t| t.eq_ignore_ascii_case("t"));
    separated && text.get(16..17) == Some(":") && text.parse::<jiff::Timestamp>().is_ok()
}
