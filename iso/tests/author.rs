//! What is written is what is read, in every namespace.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_iso::author::{Author, Boot, Moment};
use floptical_iso::{Disc, Emulation, Namespace};
use floptical_model::{Blocks, Context, Entry, EntryKind, Result, Severity, Span, Status, Traced};
use proptest::prelude::*;

/// Bytes that nobody verified.
struct Flat(Vec<u8>);

impl Blocks for Flat {
    fn block(&self) -> u32 {
        2048
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, start: u64, buffer: &mut [u8], _: &Context) -> Result<Status> {
        let start = start as usize;
        buffer.copy_from_slice(&self.0[start..start + buffer.len()]);
        Ok(Status::Unverified)
    }

    fn trace(&self, _: u64, _: u64) -> Vec<Traced> {
        Vec::new()
    }
}

const THEN: Moment = Moment { year: 2001, month: 9, day: 9, hour: 1, minute: 46, second: 40, zone: 0 };

fn open(bytes: Vec<u8>) -> Disc {
    Disc::open(Arc::new(Flat(bytes)), &Context::default()).unwrap()
}

fn namespace<'a>(disc: &'a Disc, id: &str) -> &'a Namespace {
    disc.namespaces().iter().find(|n| n.id() == id).unwrap_or_else(|| panic!("there is no {id}"))
}

fn content(namespace: &Namespace, entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut keep = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    let delivered = namespace.read(entry, &mut keep, &Context::default()).unwrap();
    assert_eq!((delivered.bytes, delivered.expected), (bytes.len() as u64, entry.size));
    bytes
}

/// All files of a namespace, by path.
fn files(namespace: &Namespace) -> BTreeMap<String, Vec<u8>> {
    let all = namespace.entries().iter().filter(|e| e.kind == EntryKind::File);
    all.map(|e| (e.path.clone(), content(namespace, e))).collect()
}

fn assert_sound(disc: &Disc) {
    for namespace in disc.namespaces() {
        let odd: Vec<_> = namespace.findings().iter().filter(|f| f.code.severity > Severity::Info).collect();
        assert!(odd.is_empty(), "{}: {odd:?}", namespace.id());
    }
}

#[test]
fn three_namespaces_show_the_same_files_by_their_own_names() {
    let mut author = Author::new("Greetings", THEN);
    author.folder("empty folder").unwrap();
    author.file("Read me first, please.text", *b"Hello", THEN).unwrap();
    author.file("docs/Ünïcödé 日本語.txt", vec![7; 5000], THEN).unwrap();
    author.file("docs/nothing", Vec::new(), THEN).unwrap();
    author.file(&format!("docs/{}", "n".repeat(255)), *b"long", THEN).unwrap();
    let disc = open(author.to_bytes().unwrap());
    assert_sound(&disc);
    let paths = |id| namespace(&disc, id).entries().iter().map(|e| e.path.clone()).collect::<Vec<_>>();
    let long = "n".repeat(255);
    assert_eq!(
        paths("rockridge"),
        [
            "docs",
            &format!("docs/{long}"),
            "docs/nothing",
            "docs/Ünïcödé 日本語.txt",
            "empty folder",
            "Read me first, please.text"
        ]
    );
    assert_eq!(
        paths("joliet"),
        [
            "Read me first, please.text",
            "docs",
            &format!("docs/{}", &long[..64]),
            "docs/nothing",
            "docs/Ünïcödé 日本語.txt",
            "empty folder"
        ]
    );
    assert_eq!(
        paths("iso9660"),
        ["DOCS", "DOCS/NNNNNNNN", "DOCS/NOTHING", "DOCS/_N_C_D__.TXT", "EMPTY_FO", "READ_ME_.TEX"]
    );
    let rock = namespace(&disc, "rockridge");
    let entry = rock.entries().iter().find(|e| e.path == "docs").unwrap();
    assert_eq!(entry.dates.modified.as_deref(), Some("2001-09-09T01:46:40+00:00"));
    assert_eq!(entry.details[..3], [("mode", "0755".into()), ("owner", "0:0".into()), ("links", "2".into())]);
    assert!(rock.facts().contains(&("volume", "GREETINGS".into())));
    assert!(namespace(&disc, "joliet").facts().contains(&("volume", "Greetings".into())));
}

#[test]
fn boot_images_come_out_at_their_size() {
    let floppy: Vec<u8> = (0..1_474_560u32).map(|i| (i / 512) as u8).collect();
    let program: Vec<u8> = (0..5001u32).map(|i| i as u8).collect();
    let mut author = Author::new("BOOT", THEN);
    author.file("floppy.img", floppy.clone(), THEN).unwrap();
    author.file("loader.bin", program.clone(), THEN).unwrap();
    author.boot(Boot { sectors: Some(4), info_table: true, ..Boot::new("loader.bin", Emulation::None) });
    author.boot(Boot::new("floppy.img", Emulation::Floppy(1_474_560)));
    author.boot(Boot { platform: 0xEF, ..Boot::new("loader.bin", Emulation::None) });
    let disc = open(author.to_bytes().unwrap());
    assert_sound(&disc);
    let boot = namespace(&disc, "el-torito");
    let names: Vec<&str> = boot.entries().iter().map(|e| e.path.as_str()).collect();
    assert_eq!(names, ["1-x86-no-emulation.img", "2-x86-floppy-1.44M.img", "3-EFI-no-emulation.img"]);
    let [first, second, third] = boot.entries() else { panic!("three images") };
    assert_eq!(content(boot, second), floppy);
    assert_eq!((first.size, third.size), (5001, 5001));
    assert_eq!(content(boot, first)[64..], program[64..]);
    assert!(first.details.contains(&("boot info table", "right".into())));
    assert!(second.details.contains(&("file", "FLOPPY.IMG".into())));
    let images = &disc.boot().unwrap().images;
    assert_eq!(
        images.iter().map(|i| (i.platform, i.bootable)).collect::<Vec<_>>(),
        [(0, true), (0, true), (0xEF, true)]
    );
}

#[test]
fn what_a_disc_cannot_hold_is_refused() {
    let mut author = Author::new("NO", THEN);
    author.file("a", *b"x", THEN).unwrap();
    for path in ["", "..", "a", "a/b", "x/../y"] {
        assert!(author.file(path, *b"x", THEN).is_err(), "{path}");
    }
    author.boot(Boot::new("a", Emulation::Floppy(1_474_560)));
    assert!(author.to_bytes().is_err());
}

#[test]
fn a_broken_record_does_not_hide_those_behind_it() {
    let mut author = Author::new("HARMED", THEN);
    for name in ["A", "B", "C", "D"] {
        author.file(name, name.as_bytes().to_vec(), THEN).unwrap();
    }
    let mut bytes = author.to_bytes().unwrap();
    let at = bytes.windows(5).position(|w| w == b"\x04B.;1").unwrap() - 32;
    bytes[at] = 1;
    let disc = open(bytes);
    let plain = namespace(&disc, "iso9660");
    assert_eq!(plain.entries().iter().map(|e| e.path.as_str()).collect::<Vec<_>>(), ["A", "C", "D"]);
    let findings: Vec<_> = plain.findings().iter().map(|f| (f.code.id, f.at.clone())).collect();
    assert_eq!(findings, [("iso.record", Span::Volume { start: at as u64, len: 1 })]);
}

/// Every byte before the files, set to values that numbers fear: reading comes
/// back, and what it lists it can read.
#[test]
fn no_byte_of_a_disc_is_trusted() {
    let mut author = Author::new("FLIPS", THEN);
    author.file("a folder/a file with a long name.text", vec![1; 3000], THEN).unwrap();
    author.file(&format!("a folder/{}", "n".repeat(255)), *b"long", THEN).unwrap();
    author.file("boot", vec![2; 600], THEN).unwrap();
    author.boot(Boot { info_table: true, ..Boot::new("boot", Emulation::None) });
    let sound = author.to_bytes().unwrap();
    let told: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] != 0).collect();
    for at in told {
        for value in [0, 1, 0x7F, 0xFF, sound[at] ^ 0x80] {
            let mut harmed = sound.clone();
            harmed[at] = value;
            let Ok(disc) = Disc::open(Arc::new(Flat(harmed)), &Context::default()) else { continue };
            for namespace in disc.namespaces() {
                for entry in namespace.entries() {
                    let delivered = namespace.read(entry, &mut |_| Ok(()), &Context::default()).unwrap();
                    assert!(delivered.bytes <= delivered.expected, "byte {at} as {value:02X}h: {}", entry.path);
                }
            }
        }
    }
}

/// A few names that are hard for one namespace or another.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{1,3}", "[A-C]{1,3}", "[a-z .;_-]{1,40}", "\\PC{1,30}", Just("x".repeat(255)), "[é日𝄞]{1,20}",]
        .prop_filter("a name", |n| !matches!(n.as_str(), "." | "..") && !n.contains(['/', '\\', '\0']) && n.len() < 256)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tree_reads_back(paths in proptest::collection::btree_map(
        proptest::collection::vec(name(), 1..4).prop_map(|parts| parts.join("/")),
        proptest::collection::vec(any::<u8>(), 0..6000),
        0..40,
    )) {
        let mut author = Author::new("ANY", THEN);
        let mut written = BTreeMap::new();
        for (path, bytes) in paths {
            if author.file(&path, bytes.clone(), THEN).is_ok() {
                written.insert(path, bytes);
            }
        }
        let image = author.to_bytes().unwrap();
        prop_assert_eq!(&image, &author.to_bytes().unwrap());
        let disc = open(image);
        assert_sound(&disc);
        prop_assert_eq!(files(namespace(&disc, "rockridge")), written.clone());
        let mut contents: Vec<Vec<u8>> = written.into_values().collect();
        contents.sort();
        for id in ["iso9660", "joliet"] {
            let mut found: Vec<Vec<u8>> = files(namespace(&disc, id)).into_values().collect();
            found.sort();
            prop_assert_eq!(&found, &contents, "{}", id);
        }
    }
}
