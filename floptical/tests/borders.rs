//! The borders of the crates, held against `cargo metadata` and the sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which crate may depend on which: normal and build edges. DESIGN's table.
const MAY: &[(&str, &[&str])] = &[
    ("floptical-model", &[]),
    ("floptical-io", &["floptical-model"]),
    ("floptical-flux", &["floptical-model"]),
    ("floptical-iso", &["floptical-model", "floptical-io"]),
    ("floptical-formats", &["floptical-model", "floptical-io", "floptical-flux", "floptical-iso"]),
    ("floptical-filesystems", &["floptical-model", "floptical-io"]),
    ("floptical-catalog", &["floptical-model", "floptical-io"]),
    ("floptical-pictures", &["floptical-model"]),
    (
        "floptical",
        &[
            "floptical-model",
            "floptical-io",
            "floptical-flux",
            "floptical-iso",
            "floptical-formats",
            "floptical-filesystems",
            "floptical-catalog",
            "floptical-pictures",
        ],
    ),
    ("floptical-cli", &["floptical"]),
    ("floptical-fixtures", &["floptical"]),
];

/// The two narrow paths: of these crates `formats` uses one module each.
const NARROW: &[(&str, &str)] = &[("floptical_flux", "code"), ("floptical_iso", "cd")];

/// What touches the machine, and the rooms that may.
const MACHINE: &[&str] =
    &["std::fs", "std::thread", "std::net", "std::process", "std::env", "Instant::now", "SystemTime"];
const MAY_TOUCH: &[&str] = &["io/src/disk", "catalog/src/vault"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

#[test]
fn crates_depend_on_what_the_table_allows() {
    let packages = packages();
    assert_eq!(packages.len(), MAY.len(), "a crate is missing from the table, or a row has no crate");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let (_, allowed) = MAY.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("{name} is not in the table"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            let kind = dependency["kind"].as_str();
            if !on.starts_with("floptical") {
                continue;
            }
            if kind == Some("dev") {
                let cycle_is_meant = on == "floptical-fixtures" || on == "floptical" || allowed.contains(&on);
                assert!(cycle_is_meant, "{name} tests with {on}");
            } else {
                assert!(allowed.contains(&on), "{name} depends on {on}");
            }
        }
    }
}

#[test]
fn formats_uses_one_module_of_flux_and_of_iso() {
    for (file, text) in sources("formats/src") {
        for (name, module) in NARROW {
            for (at, _) in text.match_indices(&format!("{name}::")) {
                let rest = &text[at + name.len() + 2..];
                assert!(rest.starts_with(module), "{}: {name}::{}", file.display(), &rest[..rest.len().min(30)]);
            }
        }
    }
}

#[test]
fn the_core_touches_no_file_thread_or_clock() {
    for folder in ["model", "io", "flux", "iso", "formats", "filesystems", "catalog", "pictures", "floptical"] {
        for (file, text) in sources(&format!("{folder}/src")) {
            let shown = file.strip_prefix(root()).unwrap().display().to_string().replace('\\', "/");
            if MAY_TOUCH.iter().any(|room| shown.starts_with(room)) {
                continue;
            }
            for word in MACHINE {
                assert!(!text.contains(word), "{shown} says {word}");
            }
        }
    }
}

/// The Rust files below a folder, without their unit tests.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                found.push((path, code));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds no sources");
    found
}
