//! Whatever happens to a vault is named.

mod box_of_disks;

use std::path::Path;

use box_of_disks::{act, add, disk, faults, file, tree, vault};
use floptical_catalog::record::FileRole;
use floptical_catalog::vault::Vault;
use floptical_model::Context;

/// A vault with some carriers, edited, checked.
fn full() -> (tempfile::TempDir, Vault) {
    let (folder, vault) = vault();
    let mut first = disk("a.img", vec![7; 5000]);
    first.files.push(file(FileRole::Photograph, "a.jpg", *b"picture"));
    add(&vault, &[first, disk("b.img", vec![9; 3000])]);
    let context = Context::default();
    vault.edit("a", |said| said.set("carrier.label", "A"), &act(), &context).unwrap();
    let report = vault.verify(&[], &context).unwrap();
    vault.note_check(&report, &act(), &context).unwrap();
    assert_eq!(faults(&vault), []);
    (folder, vault)
}

fn below<'a>(vault: &Vault, path: &'a Path) -> &'a str {
    path.strip_prefix(vault.root()).unwrap().to_str().unwrap()
}

#[test]
fn five_hundred_flips_are_all_named_at_their_places() {
    let (_folder, vault) = full();
    let files: Vec<_> = tree(vault.root())
        .into_iter()
        .filter(|(path, bytes)| !bytes.is_empty() && !path.ends_with("index.sqlite"))
        .collect();
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for _ in 0..500 {
        let (path, bytes) = &files[random(files.len())];
        let (at, bit) = (random(bytes.len()), random(8));
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        std::fs::write(path, flipped).unwrap();
        let name = below(&vault, path);
        let found = faults(&vault);
        let named = found.iter().any(|(_, place)| place.starts_with(name));
        assert!(named, "byte {at}, bit {bit} of {name}: {found:?}");
        std::fs::write(path, bytes).unwrap();
    }
    assert_eq!(faults(&vault), []);
}

#[test]
fn what_is_gone_and_what_is_strange_is_named() {
    let (_folder, vault) = full();
    for (path, bytes) in tree(&vault.root().join("ocfl")).into_iter().filter(|(path, _)| path.is_file()) {
        std::fs::remove_file(&path).unwrap();
        let place = below(&vault, &path);
        assert!(faults(&vault).contains(&("vault.missing".into(), place.into())), "{place}");
        std::fs::write(&path, bytes).unwrap();
    }
    for folder in tree(&vault.root().join("ocfl")).into_keys().filter(|path| path.is_dir()) {
        let path = folder.join("strange");
        std::fs::write(&path, "").unwrap();
        let place = below(&vault, &path);
        assert_eq!(faults(&vault), [("vault.unexpected".into(), place.into())]);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(faults(&vault), [("vault.unexpected".into(), place.into())]);
        std::fs::remove_dir(&path).unwrap();
    }
}

#[test]
fn a_whole_object_that_is_gone_or_strange_is_named() {
    let (_folder, vault) = full();
    let path = vault.content("b", "record.yaml", &Context::default()).unwrap();
    let object = path.ancestors().nth(3).unwrap().to_owned();
    let aside = vault.root().join("aside");
    std::fs::rename(&object, &aside).unwrap();
    let found = faults(&vault);
    assert!(found.contains(&("vault.missing".into(), below(&vault, &object).into())), "{found:?}");
    std::fs::rename(&aside, object.with_file_name("0".repeat(64))).unwrap();
    assert!(faults(&vault).iter().any(|(code, place)| code == "vault.unexpected" && place.ends_with("000")));
}

#[test]
fn a_record_that_was_edited_with_care_is_still_named() {
    let (_folder, vault) = full();
    let path = vault.content("b", "record.yaml", &Context::default()).unwrap();
    let object = path.ancestors().nth(3).unwrap().to_owned();
    // All that names the record's sum is made to fit, as who knows OCFL would.
    let text = std::fs::read_to_string(&path).unwrap().replace("b.img", "c.img");
    let sum = |bytes: &[u8]| {
        let source = box_of_disks::source("", bytes);
        floptical_catalog::fixity::digest(&source, &Context::default()).unwrap().hex("sha512").unwrap()
    };
    let (old, new) = (sum(&std::fs::read(&path).unwrap()), sum(text.as_bytes()));
    std::fs::write(&path, text).unwrap();
    for folder in [object.clone(), object.join("v1")] {
        let inventory = std::fs::read_to_string(folder.join("inventory.json")).unwrap().replace(&old, &new);
        let sidecar = format!("{} inventory.json\n", sum(inventory.as_bytes()));
        std::fs::write(folder.join("inventory.json"), inventory).unwrap();
        std::fs::write(folder.join("inventory.json.sha512"), sidecar).unwrap();
    }
    let found = faults(&vault);
    assert!(found.iter().any(|(code, _)| code == "vault.inventory-changed"), "{found:?}");
}

#[test]
fn a_log_that_was_cut_or_mended_is_named() {
    let (_folder, vault) = full();
    let path = vault.root().join("events/0001.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let head = vault.head().unwrap();
    let index = vault.root().join("index.sqlite");
    let kept = std::fs::read(&index).unwrap();
    for keep in 0..lines.len() {
        std::fs::write(&path, lines[..keep].concat()).unwrap();
        let found = faults(&vault);
        assert!(found.iter().any(|(code, _)| code == "vault.log-cut"), "{keep}: {found:?}");
    }
    // The index is gone too: who kept the head still sees it.
    std::fs::remove_file(&index).unwrap();
    std::fs::write(&path, lines[..lines.len() - 1].concat()).unwrap();
    let report = vault.verify(&[head], &Context::default()).unwrap();
    assert!(report.findings.iter().any(|f| f.code.id == "vault.log-cut"));
    // And what the last version of an object says shows what it was built on.
    std::fs::write(&path, lines[..2].concat()).unwrap();
    assert!(faults(&vault).iter().any(|(code, _)| code == "vault.unexpected"));
    std::fs::write(&index, kept).unwrap();

    for gone in 0..lines.len() - 1 {
        let rest: Vec<&str> = lines.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| *line).collect();
        std::fs::write(&path, rest.concat()).unwrap();
        let place = format!("events/0001.jsonl:{}", gone + 1);
        assert!(faults(&vault).contains(&("vault.log-broken".into(), place)), "{gone}");
    }
    std::fs::write(&path, &text).unwrap();
    assert_eq!(faults(&vault), []);
}
