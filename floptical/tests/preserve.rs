//! From a box to a vault with a report.
#![cfg(feature = "preserve")]

use std::fs;
use std::path::{Path, PathBuf};

use floptical::catalog::event::Agent;
use floptical::catalog::record::Provenance;
use floptical::catalog::vault::{Act, Outcome, Vault};
use floptical::formats::Registry;
use floptical::io::{Source, disk};
use floptical::items::{BoxItem, Listed, group, kind_of};
use floptical::model::{Context, Result};
use floptical::preserve::{Preservation, Preserved, Wish, examine};

fn act() -> Act {
    let agent = Agent { person: Some("A. Person".into()), software: "test".into(), version: "1".into() };
    Act { agent, time: "2026-11-25T12:00:00Z".parse().unwrap() }
}

/// A box in a folder of the system.
struct Folder {
    root: tempfile::TempDir,
}

impl Folder {
    fn of(files: &[(&str, Vec<u8>)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = root.path().join("box").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        Self { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("box").join(name)
    }

    fn open(&self, name: &str) -> Result<Source> {
        disk::open_each_time(&self.path(name))
    }

    fn items(&self) -> Vec<BoxItem> {
        let context = Context::default();
        let root = self.path("");
        let listed = disk::walk(&root, &context).unwrap().into_iter().map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            let kind = kind_of(&disk::open(&path).unwrap(), &Registry::default(), &context).unwrap();
            Listed { name, kind }
        });
        group(&listed.collect::<Vec<_>>(), None).unwrap()
    }

    fn preserve(&self, vault: &Vault, wish: Wish) -> Vec<Preserved> {
        let context = Context::default();
        let preservation = Preservation::begin(vault, "a <b>box</b>", act(), &context).unwrap();
        let open = |name: &str| self.open(name);
        let mut done = Vec::new();
        let mut batch = Vec::new();
        for item in self.items() {
            match preservation.recognise(&item, &open, &context).unwrap() {
                Some(there) => done.push(there),
                None => batch.push(examine(&item, &open, &Provenance::default(), wish, &context).unwrap()),
            }
        }
        done.extend(preservation.add(batch, &context).unwrap().into_iter().map(|(_, added)| added.unwrap()));
        preservation.finish().unwrap();
        done.sort_by(|a, b| a.summary.id.cmp(&b.summary.id));
        done
    }
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/images").join(name)).unwrap()
}

fn page(vault: &Vault, name: &str) -> String {
    fs::read_to_string(vault.reports().join(name)).unwrap()
}

#[test]
fn a_box_becomes_a_vault_with_a_report() {
    let folder = Folder::of(&[
        ("letters.imd", fixture("box.imd")),
        ("letters.img", fixture("box.img")),
        ("letters.log", b"T0.0 ok\n<script>alert(1)</script>\x1b[31m\n".to_vec()),
        ("letters.provenance.yaml", b"carrier:\n  label: \"<script>alert(2)</script>\"\n".to_vec()),
        ("hurt.imd", fixture("harmed.imd")),
        ("<script>alert(3)<", b"a file that nobody knows".to_vec()),
        ("broken.imd", b"IMD 1.18: 01/01/2001 00:00:00\r\n\x1a\xFF".to_vec()),
    ]);
    let vault = Vault::create(&folder.root.path().join("vault"), &act()).unwrap();
    let done = folder.preserve(&vault, Wish::default());
    let lines: Vec<String> = done
        .iter()
        .map(|p| format!("{} {} {:?} {}", p.summary.id, p.summary.verdict, p.summary.mood, p.summary.images))
        .collect();
    assert_eq!(
        lines,
        ["broken no sectors Worry 1", "hurt damaged Worry 1", "letters good Fine 2", "script-alert-3 kept Guess 0"]
    );
    assert!(done.iter().all(|p| p.receipt.outcome == Outcome::Added));

    let letters = page(&vault, "carrier-letters.html");
    for text in
        ["letters.imd", "BIG.BIN", "&lt;script&gt;alert(1)", "&lt;script&gt;alert(2)", "2 images, all of the same data"]
    {
        assert!(letters.contains(text), "{text} is not in the page");
    }
    assert!(!letters.contains("ERASED"), "nobody asked for deleted files");
    let overview = page(&vault, "index.html");
    assert!(overview.contains("a &lt;b&gt;box&lt;&#x2f;b&gt;"), "{overview}");
    for entry in fs::read_dir(vault.reports()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "html") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.to_lowercase().contains("<script"), "{}", path.display());
            assert!(!text.contains('\x1b'), "{}", path.display());
        }
    }
    for picture in ["carrier-letters-0.png", "carrier-letters-1.png", "carrier-hurt-0.png"] {
        assert!(fs::read(vault.reports().join(picture)).unwrap().starts_with(b"\x89PNG"));
    }
    let json: serde_json::Value = serde_json::from_str(&page(&vault, "carrier-hurt.json")).unwrap();
    assert_eq!(json["images"][0]["check"]["states"]["bad-check"], 2);
    assert!(vault.verify(&[], &Context::default()).unwrap().is_sound());
}

#[test]
fn a_second_run_does_nothing_twice() {
    let mut files = vec![("one.imd", fixture("box.imd")), ("two.imd", fixture("harmed.imd"))];
    let folder = Folder::of(&files);
    let vault = Vault::create(&folder.root.path().join("vault"), &act()).unwrap();
    folder.preserve(&vault, Wish::default());
    let head = vault.head().unwrap();
    let before = page(&vault, "index.html");
    let again = folder.preserve(&vault, Wish::default());
    assert!(again.iter().all(|p| p.receipt.outcome == Outcome::Already));
    assert_eq!(vault.head().unwrap(), head, "nothing happened");
    assert_eq!(page(&vault, "index.html"), before);

    // What comes later is added, and the page knows of it.
    files.push(("one.log", b"a log".to_vec()));
    fs::write(folder.path("one.log"), b"a log").unwrap();
    let third = folder.preserve(&vault, Wish::default());
    let outcomes: Vec<Outcome> = third.iter().map(|p| p.receipt.outcome).collect();
    assert_eq!(outcomes, [Outcome::Extended, Outcome::Already]);
    assert!(page(&vault, "carrier-one.html").contains("a log"));
}

#[test]
fn deleted_files_are_listed_when_asked_for() {
    let folder = Folder::of(&[("one.imd", fixture("box.imd"))]);
    let vault = Vault::create(&folder.root.path().join("vault"), &act()).unwrap();
    folder.preserve(&vault, Wish { deleted: true });
    assert!(page(&vault, "carrier-one.html").contains("RASED.DAT"));
    assert!(page(&vault, "carrier-one.json").contains("\"deleted\""));
}

#[test]
fn a_file_that_fails_while_it_is_copied_stops_nobody_else() {
    let folder = Folder::of(&[("one.imd", fixture("box.imd")), ("two.imd", fixture("harmed.imd"))]);
    let context = Context::default();
    let vault = Vault::create(&folder.root.path().join("vault"), &act()).unwrap();
    let preservation = Preservation::begin(&vault, "box", act(), &context).unwrap();
    let items = folder.items();
    let examined = items.iter().map(|item| {
        let open = |name: &str| folder.open(name);
        let mut examined = examine(item, &open, &Provenance::default(), Wish::default(), &context).unwrap();
        if item.name == "one" {
            for file in &mut examined.item.files {
                file.source = file.source.failing_after(0);
            }
        }
        examined
    });
    let added = preservation.add(examined.collect(), &context).unwrap();
    let [(one, failed), (two, preserved)] = added.as_slice() else { panic!("{} items", added.len()) };
    assert_eq!((one.as_str(), two.as_str()), ("one", "two"));
    assert!(failed.as_ref().unwrap_err().to_string().contains("a read that a test lets fail"));
    assert_eq!(preserved.as_ref().unwrap().receipt.outcome, Outcome::Added);
    assert_eq!(vault.list().unwrap().len(), 1);
    assert!(vault.verify(&[], &context).unwrap().is_sound());
}
