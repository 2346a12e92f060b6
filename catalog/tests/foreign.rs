//! Storage roots that others made.

mod box_of_disks;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;

use box_of_disks::{act, add, disk, folder, tree, vault};
use floptical_catalog::vault::verify_root;
use floptical_model::{Context, ErrorKind};

/// The codes of the specification that are found.
fn codes(root: &Path) -> BTreeSet<String> {
    let report = verify_root(root, NonZeroUsize::MIN, &Context::default()).unwrap();
    let code = |f: &floptical_model::Finding| f.message.split(':').next().unwrap().to_owned();
    report.findings.iter().map(code).collect()
}

#[test]
fn what_a_vault_writes_is_as_ocfl_wants_and_advises() {
    let (_folder, vault) = vault();
    add(&vault, &[disk("a.img", vec![7; 5000]), disk("b.img", *b"two")]);
    vault.edit("a", |said| said.set("carrier.label", "A"), &act(), &Context::default()).unwrap();
    let root = vault.root().join("ocfl");
    assert_eq!(codes(&root), BTreeSet::new());
    let before = tree(&root);
    let report = verify_root(&root, NonZeroUsize::MIN, &Context::default()).unwrap();
    assert_eq!((report.objects, report.files), (2, 5));
    assert_eq!(tree(&root), before);
}

#[test]
fn each_file_that_is_changed_or_gone_is_found() {
    let (_folder, vault) = vault();
    add(&vault, &[disk("a.img", *b"one")]);
    vault.edit("a", |said| said.set("carrier.label", "A"), &act(), &Context::default()).unwrap();
    let root = vault.root().join("ocfl");
    let objects = tree(&root)
        .into_iter()
        .filter(|(path, _)| path.is_file() && path.components().any(|c| c.as_os_str().len() == 64));
    for (path, bytes) in objects.collect::<Vec<_>>() {
        let mut flipped = bytes.clone();
        flipped[0] ^= 4;
        std::fs::write(&path, flipped).unwrap();
        assert!(codes(&root).iter().any(|code| code.starts_with('E')), "{}", path.display());
        std::fs::remove_file(&path).unwrap();
        let gone = codes(&root);
        let advice = path.ends_with("v1/inventory.json") || path.ends_with("v2/inventory.json");
        assert!(gone.iter().any(|code| code.starts_with(if advice { 'W' } else { 'E' })), "{}", path.display());
        std::fs::write(&path, bytes).unwrap();
    }
    std::fs::write(root.join("strange"), "").unwrap();
    std::fs::create_dir_all(root.join("abc/empty")).unwrap();
    assert_eq!(codes(&root), BTreeSet::from(["E073".into()]));
}

#[test]
fn a_folder_that_is_no_root_is_refused() {
    let folder = folder();
    let error = verify_root(folder.path(), NonZeroUsize::MIN, &Context::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unknown);
}

/// The specification's own objects (github.com/OCFL/fixtures), each named by
/// the codes that are wrong with it.
#[test]
fn the_objects_of_the_specification_are_judged_as_it_judges_them() {
    let Some(fixtures) = std::env::var_os("OCFL_FIXTURES") else {
        println!("skipped: OCFL_FIXTURES does not name the folder of the OCFL fixtures");
        return;
    };
    let mut wrong = Vec::new();
    for version in ["1.0", "1.1"] {
        for kind in ["good-objects", "warn-objects", "bad-objects"] {
            let Ok(list) = std::fs::read_dir(Path::new(&fixtures).join(version).join(kind)) else { continue };
            for object in list.map(|entry| entry.unwrap().path()) {
                let name = object.file_name().unwrap().to_str().unwrap().to_owned();
                let root = folder();
                let declaration = format!("0=ocfl_{version}");
                std::fs::write(root.path().join(&declaration), format!("ocfl_{version}\n")).unwrap();
                let to = root.path().join("object");
                for path in std::iter::once(object.clone()).chain(tree(&object).into_keys()) {
                    let to = to.join(path.strip_prefix(&object).unwrap());
                    if path.is_dir() {
                        std::fs::create_dir_all(to).unwrap();
                    } else {
                        std::fs::copy(path, to).unwrap();
                    }
                }
                let found = codes(root.path());
                // Without a declaration it is no object, but a file in the hierarchy.
                let name = name.replace("E003", "E072");
                let named: BTreeSet<String> = name
                    .split('_')
                    .filter(|word| word.len() == 4 && word.starts_with(['E', 'W']) && word[1..].parse::<u32>().is_ok())
                    .map(str::to_owned)
                    .collect();
                let errors = found.iter().any(|code| code.starts_with('E'));
                let judged = if kind == "bad-objects" { errors } else { !errors };
                if !judged || !named.is_empty() && named.is_disjoint(&found) {
                    wrong.push(format!("{version}/{kind}/{name}: {found:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
