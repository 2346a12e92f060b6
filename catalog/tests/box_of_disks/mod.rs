//! Carriers made here, and vaults in a temporary folder.
#![allow(dead_code, unreachable_pub, reason = "each test file takes what it needs")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use floptical_catalog::Timestamp;
use floptical_catalog::event::Agent;
use floptical_catalog::record::{Coverage, FileRole, Layer, MeasuredImage};
use floptical_catalog::vault::{Act, Item, ItemFile, Vault};
use floptical_io::Source;
use floptical_model::Context;

/// Somebody at a fixed time.
pub fn act() -> Act {
    let agent = Agent { person: Some("Ada <ada@example.org>".into()), software: "test".into(), version: "1".into() };
    Act { agent, time: Timestamp::from_second(1_795_000_000).unwrap() }
}

/// A folder that goes when it is dropped; in memory where the system has such a
/// place, for there is much to sync here.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A vault in such a folder.
pub fn vault() -> (tempfile::TempDir, Vault) {
    let folder = folder();
    let vault = Vault::create(&folder.path().join("vault"), &act()).unwrap();
    (folder, vault)
}

pub fn source(name: &str, bytes: impl Into<Vec<u8>>) -> Source {
    Source::from_bytes(name, bytes.into())
}

pub fn file(role: FileRole, name: &str, bytes: impl Into<Vec<u8>>) -> ItemFile {
    ItemFile { role, source: source(name, bytes) }
}

/// A carrier with one image; the data (L2) is that of its first byte.
pub fn disk(name: &str, bytes: impl Into<Vec<u8>>) -> Item {
    let bytes = bytes.into();
    let l2 = Layer {
        sha256: format!("{:064x}", bytes[0]),
        coverage: Coverage { unverified: bytes.len() as u64, ..Coverage::default() },
    };
    let image =
        MeasuredImage { files: vec![name.into()], format: Some("raw".into()), l2: Some(l2), ..Default::default() };
    let stem = name.split('.').next().unwrap();
    Item {
        name: stem.into(),
        files: vec![file(FileRole::Original, name, bytes)],
        images: vec![image],
        ..Item::default()
    }
}

pub fn add(vault: &Vault, items: &[Item]) -> Vec<String> {
    vault.ingest(items, &act(), &Context::default()).unwrap().into_iter().map(|receipt| receipt.id).collect()
}

/// What `verify` finds that is worse than worth knowing: codes and places.
pub fn faults(vault: &Vault) -> Vec<(String, String)> {
    let report = vault.verify(&[], &Context::default()).unwrap();
    let serious = report.findings.iter().filter(|f| f.code.severity > floptical_model::Severity::Info);
    serious.map(|f| (f.code.id.to_owned(), f.place.to_string())).collect()
}

/// All files below a folder with their bytes.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(below) = folders.pop() {
        for entry in std::fs::read_dir(below).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.insert(path.clone(), Vec::new());
                folders.push(path);
            } else {
                found.insert(path.clone(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}
