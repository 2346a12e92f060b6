//! Storage roots that others made: read and held against the specification,
//! never touched.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use floptical_io::disk::open as open_file;
use floptical_io::text::show;
use floptical_model::finding::{OCFL_ADVICE, OCFL_INVALID};
use floptical_model::{Context, Error, ErrorKind, Finding, Findings, Place, Result, Span};

use super::recover::entries;
use super::verify::files_below;
use super::{each, read, shown};
use crate::fixity::{Digests, digest, hex, sha512};
use crate::ocfl::{Fault, INVENTORY, Told, check};

/// What was found in a storage root.
#[derive(Debug, Clone)]
#[must_use]
pub struct RootReport {
    /// Objects that were checked.
    pub objects: u64,
    /// Files of their content.
    pub files: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// What is wrong, and what is advised against.
    pub findings: Findings,
}

const ROOTS: [(&str, &str); 2] = [("0=ocfl_1.0", "ocfl_1.0\n"), ("0=ocfl_1.1", "ocfl_1.1\n")];
const OBJECTS: [(&str, &str); 2] =
    [("0=ocfl_object_1.0", "ocfl_object_1.0\n"), ("0=ocfl_object_1.1", "ocfl_object_1.1\n")];

/// Extensions of objects that are registered (ocfl.github.io/extensions).
const EXTENSIONS: [&str; 4] = ["0001-", "0005-", "0009-", "0010-"];

/// True for a folder that says that it is a storage root.
pub fn is_root(folder: &Path) -> bool {
    ROOTS.iter().any(|(name, _)| folder.join(name).is_file())
}

/// Hold a storage root and all objects in it against the specification.
/// Progress is told as `verifying`, in objects.
///
/// # Errors
/// `Unknown` for a folder that is no storage root; `Limit`, `Cancelled`, what
/// the system says.
pub fn verify_root(root: &Path, jobs: NonZeroUsize, context: &Context) -> Result<RootReport> {
    if !is_root(root) {
        let what = format!("{} is no OCFL storage root", shown(root));
        return Err(Error::new(ErrorKind::Unknown, what));
    }
    let mut frame = Checking::new(root, root);
    let objects = frame.walk_root(context)?;
    let done = std::sync::atomic::AtomicU64::new(0);
    let checked = each(jobs.get(), &objects, |object| {
        let checked = verify_object(root, object, context);
        let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed).saturating_add(1);
        context.progress("verifying", done, objects.len() as u64);
        checked
    })?;
    let mut report = RootReport {
        objects: objects.len() as u64,
        files: 0,
        bytes: 0,
        findings: frame.findings.into_iter().collect(),
    };
    for (files, bytes, findings) in checked {
        report.files = report.files.saturating_add(files);
        report.bytes = report.bytes.saturating_add(bytes);
        Extend::extend(&mut report.findings, findings);
    }
    Ok(report)
}

/// Hold one object against the specification: the files of its content, their
/// bytes, what is wrong.
fn verify_object(root: &Path, folder: &Path, context: &Context) -> Result<(u64, u64, Vec<Finding>)> {
    let mut checking = Checking::new(root, folder);
    checking.object(context)?;
    Ok((checking.files, checking.bytes, checking.findings))
}

struct Checking<'a> {
    root: &'a Path,
    folder: &'a Path,
    files: u64,
    bytes: u64,
    findings: Vec<Finding>,
}

impl<'a> Checking<'a> {
    fn new(root: &'a Path, folder: &'a Path) -> Self {
        Self { root, folder, files: 0, bytes: 0, findings: Vec::new() }
    }

    fn fault(&mut self, code: &'static str, path: &Path, what: impl Into<String>) {
        self.put(&Fault::new(code, what), path);
    }

    fn put(&mut self, fault: &Fault, path: &Path) {
        let code = if fault.is_advice() { &OCFL_ADVICE } else { &OCFL_INVALID };
        let below = path.strip_prefix(self.root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let place = Place::Path(show(below.as_bytes()));
        let what = format!("{}: {}", fault.code, show(fault.what.as_bytes()));
        self.findings.push(Finding::new(code, Span::Made("storage root"), place, what));
    }

    /// The hierarchy of a root: folders, in which there are objects at last.
    fn walk_root(&mut self, context: &Context) -> Result<Vec<PathBuf>> {
        for (name, text) in ROOTS {
            let path = self.root.join(name);
            if path.is_file() && read(&path, context)? != text.as_bytes() {
                self.fault("E080", &path, "the declaration does not say what its name does");
            }
        }
        let mut objects = Vec::new();
        let mut folders = vec![self.root.to_owned()];
        while let Some(folder) = folders.pop() {
            context.entry(1)?;
            let found = entries(&folder)?;
            if found.is_empty() {
                self.fault("E073", &folder, "an empty folder");
            }
            let top = folder == self.root;
            let object = !top && found.iter().any(|path| name(path).starts_with("0=ocfl_object_"));
            if object {
                objects.push(folder);
                continue;
            }
            for path in found {
                if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
                    if !(top && name(&path) == "extensions") {
                        folders.push(path);
                    }
                } else if !top {
                    self.fault("E072", &path, "a file that is in no object");
                }
            }
        }
        objects.sort_unstable();
        Ok(objects)
    }

    fn object(&mut self, context: &Context) -> Result<()> {
        let folder = self.folder;
        self.declaration(context)?;
        let Some((root, told)) = self.inventory(folder, context)? else {
            self.fault("E063", folder, "there is no inventory");
            return Ok(());
        };
        self.entries_of_object(&told, context)?;
        let mut olds = Vec::new();
        for (version, _) in &told.versions {
            let below = folder.join(version);
            self.entries_of_version(&below, &told)?;
            let Some((text, old)) = self.inventory(&below, context)? else {
                self.fault("W010", &below, "the version has no inventory");
                continue;
            };
            if *version == told.head {
                if text != root {
                    self.fault("E064", &below, "the newest inventory is not that of the object");
                }
            } else {
                self.older(&below, version, &old, &told);
                if olds.last().is_some_and(|before: &Told| before.minor > old.minor) {
                    self.fault("E103", &below, "it keeps to an older specification than the version before");
                }
                olds.push(old);
            }
        }
        self.content(&told, &olds, context)
    }

    fn declaration(&mut self, context: &Context) -> Result<()> {
        let declared: Vec<_> = OBJECTS.iter().filter(|(name, _)| self.folder.join(name).is_file()).collect();
        let [(name, text)] = declared.as_slice() else {
            self.fault("E003", self.folder, "there is not one declaration of a version that is known");
            return Ok(());
        };
        let path = self.folder.join(name);
        if read(&path, context)? != text.as_bytes() {
            self.fault("E007", &path, "the declaration does not say what its name does");
        }
        Ok(())
    }

    /// An inventory and its sidecar; `None` where there is none.
    fn inventory(&mut self, folder: &Path, context: &Context) -> Result<Option<(Vec<u8>, Told)>> {
        let path = folder.join(INVENTORY);
        if !path.is_file() {
            return Ok(None);
        }
        let text = read(&path, context)?;
        let (told, faults) = check(&text);
        faults.iter().for_each(|fault| self.put(fault, &path));
        let sidecar = folder.join(format!("{INVENTORY}.{}", told.algorithm));
        if !sidecar.is_file() {
            self.fault("E058", &path, "its digest is not beside it");
            return Ok(Some((text, told)));
        }
        let said = read(&sidecar, context)?;
        let said = String::from_utf8_lossy(&said);
        let mut words = said.split_ascii_whitespace();
        let (sum, named) = (words.next().unwrap_or_default().to_ascii_lowercase(), words.next());
        if named != Some(INVENTORY) || words.next().is_some() {
            self.fault("E061", &sidecar, "it is not a digest and the name of the inventory");
        } else if digest_of(&floptical_io::Source::from_bytes("", text.as_slice()), &told.algorithm, context)?
            .is_some_and(|own| own != sum)
        {
            self.fault("E060", &path, "it does not have the digest beside it");
        }
        Ok(Some((text, told)))
    }

    fn entries_of_object(&mut self, told: &Told, context: &Context) -> Result<()> {
        let known: BTreeSet<&str> = told.versions.iter().map(|(name, _)| name.as_str()).collect();
        for name in known.iter().filter(|name| !self.folder.join(name).is_dir()) {
            self.fault("E010", self.folder, format!("the folder of {name} is missing"));
        }
        let sidecar = format!("{INVENTORY}.{}", told.algorithm);
        for path in entries(self.folder)? {
            let (own, is_folder) = (name(&path), path.is_dir());
            let usual = match own.as_str() {
                "logs" => is_folder,
                "extensions" if is_folder => {
                    self.extensions(&path)?;
                    true
                }
                own if known.contains(own) => is_folder,
                own => {
                    !is_folder && (own == INVENTORY || own == sidecar || OBJECTS.iter().any(|(name, _)| *name == own))
                }
            };
            let digits = own.strip_prefix('v').unwrap_or_default();
            let version = is_folder && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if !usual && version {
                self.fault("E046", &path, "the inventory of the object does not know this version");
            } else if !usual {
                self.fault("E001", &path, "nothing of that name belongs into an object");
            }
            context.entry(1)?;
        }
        Ok(())
    }

    fn extensions(&mut self, folder: &Path) -> Result<()> {
        for path in entries(folder)? {
            if !path.is_dir() {
                self.fault("E067", &path, "a file among the extensions");
            } else if !EXTENSIONS.iter().any(|known| name(&path).starts_with(known)) {
                self.fault("W013", &path, "the extension is not registered");
            }
        }
        Ok(())
    }

    fn entries_of_version(&mut self, folder: &Path, told: &Told) -> Result<()> {
        if !folder.is_dir() {
            return Ok(());
        }
        for path in entries(folder)? {
            let own = name(&path);
            if path.is_dir() {
                if own != told.content {
                    self.fault("W002", &path, "a folder beside the content");
                }
            } else if own != INVENTORY && !own.starts_with("inventory.json.") {
                self.fault("E015", &path, "a file beside the content");
            }
        }
        Ok(())
    }

    /// An older inventory says of its versions what the newest does.
    fn older(&mut self, folder: &Path, version: &str, old: &Told, newest: &Told) {
        let path = folder.join(INVENTORY);
        if old.id != newest.id {
            self.fault("E037", &path, format!("it is of the object {}", old.id));
        }
        if old.content != newest.content {
            self.fault("E019", &path, "its content lies elsewhere");
        }
        if old.head != version {
            self.fault("E040", &path, format!("its newest version is {}", old.head));
        }
        if old.minor > newest.minor {
            self.fault("E103", &path, "it keeps to a newer specification than the object");
        }
        // Digests of two algorithms cannot be held against each other; the files
        // that they lead to can.
        let files = |told: &Told, state: &BTreeMap<String, String>| -> BTreeMap<String, BTreeSet<String>> {
            let of =
                |sum: &String| told.manifest.iter().filter(|(_, s)| *s == sum).map(|(path, _)| path.clone()).collect();
            state.iter().map(|(logical, sum)| (logical.clone(), of(sum))).collect()
        };
        for ((name, own), (_, other)) in old.versions.iter().zip(&newest.versions) {
            let (own, other) = (files(old, own), files(newest, other));
            let alike = own.len() == other.len()
                && own.iter().zip(&other).all(|((a, paths), (b, others))| a == b && !paths.is_disjoint(others));
            if !alike {
                self.fault("E066", &path, format!("it holds other files in {name} than the newest does"));
            }
            if old.about.get(name) != newest.about.get(name) {
                self.fault("W011", &path, format!("it tells other things of {name} than the newest does"));
            }
        }
    }

    /// The files that there are, against all that names them.
    fn content(&mut self, told: &Told, olds: &[Told], context: &Context) -> Result<()> {
        let versions = told.versions.iter().map(|(name, _)| name.clone());
        let mut found = BTreeSet::new();
        for version in versions {
            let content = self.folder.join(&version).join(&told.content);
            if content.is_dir() {
                let below = files_below(&content, context)?;
                found.extend(
                    below
                        .into_iter()
                        .filter(|path| !path.is_empty())
                        .map(|path| format!("{version}/{}/{path}", told.content)),
                );
            }
        }
        for path in found.iter().filter(|path| !told.manifest.contains_key(*path)) {
            let code = if self.folder.join(path).is_dir() { "E024" } else { "E023" };
            self.fault(code, &self.folder.join(path), "the inventory does not name it");
        }
        for old in olds {
            let number = old.versions.len();
            let own: Vec<String> = told.versions.iter().take(number).map(|(name, _)| format!("{name}/")).collect();
            let missing = |path: &&String| own.iter().any(|v| path.starts_with(v)) && !old.manifest.contains_key(*path);
            for path in found.iter().filter(missing) {
                self.fault("E023", &self.folder.join(path), format!("the inventory of {} does not name it", old.head));
            }
        }
        for path in told.manifest.keys() {
            if found.contains(path) {
                self.file(path, told, olds, context)?;
            } else {
                self.fault("E092", &self.folder.join(path), "the inventory names it, and it is not there");
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str, told: &Told, olds: &[Told], context: &Context) -> Result<()> {
        let at = self.folder.join(path);
        let source = open_file(&at)?;
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(source.len());
        let mut named: Vec<(&'static str, &str, &str)> = Vec::new();
        for told in std::iter::once(told).chain(olds) {
            named.extend(told.manifest.get(path).map(|sum| ("E092", told.algorithm.as_str(), sum.as_str())));
            let fixity = told.fixity.iter().filter(|((of, _), _)| of == path);
            named.extend(fixity.map(|((_, algorithm), sum)| ("E093", algorithm.as_str(), sum.as_str())));
        }
        named.sort_unstable();
        named.dedup();
        let only = named.iter().all(|(_, algorithm, _)| *algorithm == "sha512");
        let sums = if only { None } else { Some(digest(&source, context)?) };
        for (code, algorithm, sum) in named {
            let own = match &sums {
                Some(sums) => known(sums, algorithm),
                None => digest_of(&source, algorithm, context)?,
            };
            if own.is_some_and(|own| own != sum) {
                self.fault(code, &at, format!("it does not have the {algorithm} that is named"));
            }
        }
        Ok(())
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The sum by an algorithm of OCFL, where it is known here.
fn known(sums: &Digests, algorithm: &str) -> Option<String> {
    sums.hex(algorithm)
}

fn digest_of(source: &floptical_io::Source, algorithm: &str, context: &Context) -> Result<Option<String>> {
    if algorithm == "sha512" {
        return Ok(Some(hex(&sha512(source, context)?)));
    }
    Ok(known(&digest(source, context)?, algorithm))
}
