//! A vault at its border: what goes in, what is found, what comes out.

mod box_of_disks;

use box_of_disks::{act, add, disk, faults, file, tree, vault};
use floptical_catalog::record::FileRole;
use floptical_catalog::vault::{Outcome, Vault};
use floptical_model::{Context, ErrorKind};

#[test]
fn a_carrier_comes_back_as_it_was_added() {
    let (_folder, vault) = vault();
    let mut item = disk("Disk 1.img", *b"the data");
    item.files.push(file(FileRole::Photograph, "label.jpg", *b"a picture"));
    item.provenance.carrier.label = Some("<script>alert(1)</script>".into());
    let receipts = vault.ingest(&[item], &act(), &Context::default()).unwrap();
    assert_eq!((receipts[0].id.as_str(), receipts[0].outcome), ("disk-1", Outcome::Added));

    let context = Context::default();
    let path = vault.content("disk-1", "originals/Disk 1.img", &context).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"the data");
    let record = vault.record("disk-1", &context).unwrap();
    assert_eq!(record.provenance.carrier.label.as_deref(), Some("<script>alert(1)</script>"));
    let digests = &record.measured.files[0].digests;
    assert_eq!(digests["md5"], "3d5f3303ed6ce28c2d5ac1192118f0e2");
    assert_eq!(digests["crc32"].len(), 8);
    assert_eq!(record.log.events, 1);
    assert_eq!(faults(&vault), []);
}

#[test]
fn what_is_there_is_recognised_and_new_files_make_a_version() {
    let (_folder, vault) = vault();
    let item = disk("a.img", *b"one");
    assert_eq!(add(&vault, &[item.clone(), disk("b.img", *b"two")]), ["a", "b"]);
    let before = tree(vault.root());
    let again = vault.ingest(std::slice::from_ref(&item), &act(), &Context::default()).unwrap();
    assert_eq!((again[0].id.as_str(), again[0].outcome), ("a", Outcome::Already));
    assert_eq!(tree(vault.root()), before);

    let mut more = item;
    more.files.push(file(FileRole::Log, "a.log", *b"read well"));
    let extended = vault.ingest(&[more], &act(), &Context::default()).unwrap();
    assert_eq!((extended[0].version.as_str(), extended[0].outcome), ("v2", Outcome::Extended));
    assert_eq!(vault.record("a", &Context::default()).unwrap().measured.files.len(), 2);
    assert_eq!(faults(&vault), []);
}

#[test]
fn other_bytes_of_one_name_are_another_carrier_and_the_same_data_is_told() {
    let (_folder, vault) = vault();
    let items = [disk("a.img", *b"xx"), disk("a.img", *b"xy"), disk("a.img", *b"xx"), disk("b.img", *b"z")];
    let receipts = vault.ingest(&items, &act(), &Context::default()).unwrap();
    let ids: Vec<_> = receipts.iter().map(|r| (r.id.as_str(), r.outcome)).collect();
    let expected = [("a", Outcome::Added), ("a-2", Outcome::Added), ("a", Outcome::Already), ("b", Outcome::Added)];
    assert_eq!(ids, expected);
    assert_eq!(receipts[0].same_data, ["a-2"]);
    assert_eq!(receipts[3].same_data, Vec::<String>::new());
    assert_eq!(vault.twins().unwrap(), [["a", "a-2"]]);
    let report = vault.verify(&[], &Context::default()).unwrap();
    assert_eq!(report.findings.iter().map(|f| f.code.id).collect::<Vec<_>>(), ["vault.same-data"]);
}

#[test]
fn a_wanted_id_is_kept_or_refused() {
    let (_folder, vault) = vault();
    let mut item = disk("a.img", *b"one");
    item.id = Some("box-1-disk-3".into());
    assert_eq!(add(&vault, std::slice::from_ref(&item)), ["box-1-disk-3"]);
    let mut other = disk("c.img", *b"three");
    other.id = item.id;
    let before = tree(vault.root());
    for (id, word) in [("box-1-disk-3", "taken"), ("../x", "no id")] {
        other.id = Some(id.into());
        let error = vault.ingest(&[disk("d.img", *b"d"), other.clone()], &act(), &Context::default()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(tree(vault.root()), before);
    }
}

#[test]
fn files_of_one_name_both_stay() {
    let (_folder, vault) = vault();
    let mut item = disk("a.img", *b"one");
    item.files.push(file(FileRole::Original, "A.IMG", *b"two"));
    item.files.push(file(FileRole::Original, "../a.img", *b"three"));
    add(&vault, &[item]);
    let record = vault.record("a", &Context::default()).unwrap();
    let paths: Vec<_> = record.measured.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["originals/a.img", "originals/A~2.IMG", "originals/.._a.img"]);
    assert_eq!(faults(&vault), []);
}

#[test]
fn carriers_are_found_by_digest_identity_and_word() {
    let (_folder, vault) = vault();
    let mut item = disk("a.img", *b"one");
    item.provenance.carrier.note = Some("found under the \"stairs\" (wet)".into());
    add(&vault, &[item, disk("b.img", *b"two")]);
    let record = vault.record("b", &Context::default()).unwrap();
    for (algorithm, digits) in &record.measured.files[0].digests {
        let found = vault.find_digest(&digits.to_uppercase()).unwrap();
        assert_eq!((found[0].id.as_str(), &found[0].by), ("b", algorithm));
    }
    let l2 = &record.measured.images[0].l2.as_ref().unwrap().sha256;
    assert_eq!(vault.find_digest(l2).unwrap()[0].by, "l2");
    let ids = |words: &str| vault.search(words).unwrap().into_iter().map(|f| f.id).collect::<Vec<_>>();
    assert_eq!(ids("under stair"), ["a"]);
    assert_eq!(ids("raw"), ["a", "b"]);
    assert_eq!(ids("\" OR (x"), Vec::<String>::new());
    assert_eq!(ids(" "), Vec::<String>::new());
}

#[test]
fn what_a_person_says_changes_in_a_new_version_and_nothing_else_does() {
    let (_folder, vault) = vault();
    add(&vault, &[disk("a.img", *b"one")]);
    let context = Context::default();
    let before = vault.record("a", &context).unwrap();
    let set = |value: &str| {
        let value = value.to_owned();
        vault.edit("a", move |said| said.set("carrier.label", &value), &act(), &context)
    };
    assert!(set("Games").unwrap());
    let events = vault.head().unwrap().events;
    assert!(!set("Games").unwrap());
    assert_eq!(vault.head().unwrap().events, events);
    let after = vault.record("a", &context).unwrap();
    assert_eq!(after.provenance.carrier.label.as_deref(), Some("Games"));
    assert_eq!((after.measured, after.claimed), (before.measured, before.claimed));
    assert_eq!(vault.find("a").unwrap().version, "v2");
    assert_eq!(vault.search("games").unwrap()[0].id, "a");
    assert_eq!(vault.edit("b", |_| Ok(()), &act(), &context).unwrap_err().kind, ErrorKind::Unknown);
    assert_eq!(faults(&vault), []);
}

#[test]
fn a_lost_index_is_made_anew() {
    let (_folder, vault) = vault();
    add(&vault, &[disk("a.img", *b"one"), disk("b.img", *b"two")]);
    let context = Context::default();
    vault.edit("a", |said| said.set("carrier.title", "T"), &act(), &context).unwrap();
    let rows = vault.list().unwrap();
    for harm in [None, Some("no database")] {
        let index = vault.root().join("index.sqlite");
        std::fs::remove_file(&index).unwrap();
        harm.iter().for_each(|text| std::fs::write(&index, text).unwrap());
        assert!(vault.list().unwrap_err().to_string().contains("rebuild"));
        vault.rebuild(&act(), &context).unwrap();
        assert_eq!(vault.list().unwrap(), rows);
        assert_eq!(faults(&vault), []);
    }
}

#[test]
fn what_is_no_vault_of_ours_is_refused_and_left_alone() {
    let (folder, vault) = vault();
    let open = |path: &std::path::Path| Vault::open(path).unwrap_err();
    assert_eq!(open(folder.path()).kind, ErrorKind::Unknown);
    assert_eq!(open(&folder.path().join("gone")).kind, ErrorKind::Io);
    assert!(Vault::create(vault.root(), &act()).is_err());
    std::fs::write(vault.root().join("vault.yaml"), "schema: floptical/vault/7\n").unwrap();
    let before = tree(folder.path());
    let error = open(vault.root());
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.to_string().contains("version 7"), "{error}");
    assert_eq!(tree(folder.path()), before);
}

#[test]
fn two_writers_lose_nothing() {
    let (_folder, vault) = vault();
    let names = |who: usize| (0..20).map(move |n| disk(&format!("{who}-{n}.img"), format!("{who} {n}")));
    std::thread::scope(|scope| {
        for who in 0..2 {
            let root = vault.root();
            scope.spawn(move || {
                let own = Vault::open(root).unwrap();
                names(who).for_each(|item| drop(add(&own, &[item])));
            });
        }
    });
    assert_eq!(vault.list().unwrap().len(), 40);
    assert_eq!(vault.head().unwrap().events, 41);
    assert_eq!(faults(&vault), []);
}

#[test]
fn a_bag_holds_the_newest_version_and_is_logged() {
    let (folder, vault) = vault();
    let mut item = disk("50%.img", *b"one");
    item.files.push(file(FileRole::Note, "a\nb.txt", *b"two"));
    add(&vault, &[item]);
    let context = Context::default();
    let head = vault.head().unwrap();
    let to = folder.path().join("bag");
    let exported = vault.export_bag("50", &to, &act(), &context).unwrap();
    assert_eq!(exported.files, 3);
    let info = std::fs::read_to_string(to.join("bag-info.txt")).unwrap();
    assert!(info.contains(&format!("X-Floptical-Log-Head: {head}\n")), "{info}");
    let manifest = std::fs::read_to_string(to.join("manifest-sha256.txt")).unwrap();
    assert!(manifest.contains("  data/originals/50%25.img\n"), "{manifest}");
    assert!(vault.export_bag("50", &to, &act(), &context).is_err());
    vault.note_export(&[exported], &act(), &context).unwrap();
    assert_eq!(faults(&vault), []);

    let path = vault.content("50", "originals/50%.img", &context).unwrap();
    std::fs::write(path, b"onx").unwrap();
    let error = vault.export_bag("50", &folder.path().join("other"), &act(), &context).unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
    assert!(!folder.path().join("other").exists());
    assert!(!folder.path().join(".other.part").exists());
}
