//! What belongs together in a box.

use floptical::formats::Registry;
use floptical::io::Source;
use floptical::items::{BoxItem, BoxList, Kind, Listed, Role, group, kind_of};
use floptical::model::Context;

/// A box of empty files: what they are is told by the first letter of a row.
fn listed(rows: &[(&str, &str)]) -> Vec<Listed> {
    let registry = Registry::default();
    let kind = |kind: &str| match kind {
        "log" => Kind::Companion(Role::Log),
        "photo" => Kind::Companion(Role::Photograph),
        "note" => Kind::Companion(Role::Note),
        "record" => Kind::Companion(Role::Record),
        "other" => Kind::Companion(Role::Other),
        id => Kind::Image(registry.by_id(id).expect("a format")),
    };
    rows.iter().map(|(name, what)| Listed { name: (*name).into(), kind: kind(what) }).collect()
}

/// Each item in a line: name, images with sides, companions with roles.
fn lines(items: &[BoxItem]) -> Vec<String> {
    let line = |item: &BoxItem| {
        let dumps = item.dumps.iter().map(|d| {
            let side = d.side.map_or_else(String::new, |s| format!("{s}="));
            format!("{side}{}", d.files.join("+"))
        });
        let companions = item.companions.iter().map(|(role, name)| format!("{}:{name}", role.word()));
        format!("{}: {}", item.name, dumps.chain(companions).collect::<Vec<_>>().join(" "))
    };
    items.iter().map(line).collect()
}

#[test]
fn files_of_one_stem_are_one_carrier() {
    let files = listed(&[
        ("disk1.imd", "imd"),
        ("disk1.img.gz", "raw"),
        ("disk1.jpg", "photo"),
        ("Disk1 - label.jpg", "photo"),
        ("disk1.log", "log"),
        ("disk10.imd", "imd"),
        ("disk10.provenance.yaml", "record"),
        ("mystery", "other"),
    ]);
    assert_eq!(
        lines(&group(&files, None).unwrap()),
        [
            "disk1: disk1.imd disk1.img.gz photograph:disk1.jpg photograph:Disk1 - label.jpg log:disk1.log",
            "disk10: disk10.imd record:disk10.provenance.yaml",
            "mystery: other:mystery",
        ]
    );
}

#[test]
fn two_sides_are_one_carrier_and_two_disks_are_not() {
    let files = listed(&[
        ("game_A.imd", "imd"),
        ("game_B.imd", "imd"),
        ("lone_A.imd", "imd"),
        ("office disk 1.imd", "imd"),
        ("office disk 2.imd", "imd"),
        ("tale (Side 1).imd", "imd"),
        ("tale (Side 2).imd", "imd"),
        ("ultima.imd", "imd"),
        ("ultimb.imd", "imd"),
    ]);
    assert_eq!(
        lines(&group(&files, None).unwrap()),
        [
            "game: A=game_A.imd B=game_B.imd",
            "lone_A: lone_A.imd",
            "office disk 1: office disk 1.imd",
            "office disk 2: office disk 2.imd",
            "tale: A=tale (Side 1).imd B=tale (Side 2).imd",
            "ultima: ultima.imd",
            "ultimb: ultimb.imd",
        ]
    );
}

#[test]
fn a_folder_of_streams_takes_everything_in_it() {
    let files = listed(&[
        ("box/tracks00.0.raw", "kryoflux"),
        ("box/tracks00.1.raw", "other"),
        ("box/tracks01.0.raw", "kryoflux"),
        ("box/dtc.txt", "note"),
        ("box/photos/front.jpg", "photo"),
        ("readme.md", "note"),
    ]);
    let items = group(&files, None).unwrap();
    assert_eq!(
        lines(&items),
        [
            "box: box/tracks00.0.raw+box/tracks00.1.raw+box/tracks01.0.raw note:box/dtc.txt photograph:box/photos/front.jpg",
            "readme: note:readme.md",
        ]
    );
    let every: usize = items.iter().map(|i| i.files().count()).sum();
    assert_eq!(every, files.len());
}

#[test]
fn names_that_stand_twice_are_told_apart() {
    let files = listed(&[("a/disk.imd", "imd"), ("b/disk.imd", "imd"), ("b/other.imd", "imd")]);
    assert_eq!(
        lines(&group(&files, None).unwrap()),
        ["a/disk: a/disk.imd", "b/disk: b/disk.imd", "other: b/other.imd"]
    );
}

#[test]
fn a_person_has_the_last_word() {
    let files = listed(&[
        ("first.imd", "imd"),
        ("second.imd", "imd"),
        ("s/x00.0.raw", "kryoflux"),
        ("s/x01.0.raw", "kryoflux"),
        ("scan.jpg", "photo"),
    ]);
    let found = group(&files, None).unwrap();
    let text = BoxList::of(&found, &files).to_yaml().unwrap();
    assert!(text.contains("- s/\n"), "{text}");
    // Read back, it says the same.
    let again = group(&files, Some(&BoxList::parse(&text).unwrap())).unwrap();
    assert_eq!(lines(&again), lines(&found));

    let told = "schema: floptical/box/0\nitems:\n- name: Both\n  images:\n  - files: [first.imd]\n  - files: [second.imd]\n  \
                photographs: [scan.jpg]\n";
    let items = group(&files, Some(&BoxList::parse(told).unwrap())).unwrap();
    assert_eq!(lines(&items), ["Both: first.imd second.imd photograph:scan.jpg", "s: s/x00.0.raw+s/x01.0.raw"]);
}

#[test]
fn a_list_that_is_wrong_is_refused_with_its_place() {
    let wrong = |text: &str| BoxList::parse(text).unwrap_err().what;
    assert!(wrong("schema: floptical/box/0\nitems:\n- name: a\n  image: []\n").contains("line 4, column 3"));
    assert!(wrong("schema: floptical/box/0\nitems: []\nitems: []\n").contains("line 3, column 1"));
    assert!(wrong("schema: floptical/box/9\nitems: []\n").contains("floptical/box/9"));
    let files = listed(&[("a.imd", "imd")]);
    let apply = |row: &str| {
        let text = format!("schema: floptical/box/0\nitems:\n- name: a\n  images:\n  - files: [{row}]\n");
        group(&files, Some(&BoxList::parse(&text).unwrap())).unwrap_err().what
    };
    assert_eq!(apply("b.imd"), "box.yaml: items[0]: there is no `b.imd` in the box");
    assert_eq!(apply("a.imd, a.imd"), "box.yaml: items[0]: `a.imd` is named twice");
}

#[test]
fn files_are_what_their_bytes_say() {
    let kind = |name: &str, bytes: &[u8]| {
        kind_of(&Source::from_bytes(name, bytes), &Registry::default(), &Context::default()).unwrap()
    };
    assert!(matches!(kind("disk.img", b"\x89PNG\r\n\x1a\n...."), Kind::Companion(Role::Photograph)));
    assert!(matches!(kind("scan.jpg", b"IMD 1.18: 01/01/2001 00:00:00\r\n\x1a"), Kind::Image(f) if f.id == "imd"));
    assert!(matches!(kind("a.log", b"T0.0: ok"), Kind::Companion(Role::Log)));
    assert!(matches!(kind("a.imd.floptical.yaml", b"x"), Kind::Companion(Role::Sidecar)));
    assert!(matches!(kind("what", b"ever"), Kind::Companion(Role::Other)));
    assert!(matches!(kind("empty", b""), Kind::Companion(Role::Other)));
}
