//! The generated images of CBM DOS, where they are present: every row of their
//! truth, damaged or not.

#![allow(clippy::print_stdout, reason = "the scores are what one runs it for")]

mod corpus;

use std::collections::BTreeMap;

use corpus::{Row, content, folder, open, rows};
use floptical_filesystems::Mounted;
use floptical_model::{Entry, Recovery, Severity, Status};

/// A name as the tool of the truth spells it: one takes bytes for ASCII, the
/// other writes a byte as `#` and two digits.
fn spelled(entry: &Entry, row: &Row) -> bool {
    if row["tool"].starts_with("d64") {
        return entry.name.raw.starts_with(row["path"].as_bytes());
    }
    entry.path == row["path"].replace("#a0", "\u{a0}")
}

/// What is wrong with a row, if anything.
fn judge(mounted: &Mounted, row: &Row) -> Result<(), String> {
    let Some(entry) = mounted.volume.entries().iter().find(|e| spelled(e, row)) else {
        return Err("no such entry".into());
    };
    let scratched =
        row["image"] == "d64-bad-scratched.d64" && ["hello world", "locked"].contains(&row["path"].as_str());
    let (sum, delivered) = content(mounted, entry);
    if sum != row["sha256"] || entry.size.to_string() != row["size"] {
        return Err(format!("{delivered:?} for {} bytes: {:?}", row["size"], entry.findings));
    }
    let word = |set: bool, word: &str| (if set { word } else { "" }).to_owned();
    let detail = |what: &str| entry.details.iter().find(|(name, _)| *name == what).map_or("", |(_, value)| value);
    let load = row["attrs"].strip_prefix("load=").map(|l| format!("{}h", l.to_uppercase())).unwrap_or_default();
    let attributes = entry.attributes.join(" ");
    let flags = |wanted: &str| row["flags"].split(';').any(|f| f == wanted);
    let wanted = [row["type"].clone(), word(flags("locked"), " locked"), word(flags("splat"), " unclosed")].concat();
    let facts = [
        ("type", attributes, if scratched { String::new() } else { wanted }),
        (
            "load address",
            if load.is_empty() { String::new() } else { detail("load address").to_owned() },
            if scratched { detail("load address").to_owned() } else { load },
        ),
        (
            "record length",
            detail("record length").to_owned(),
            row["attrs"].strip_prefix("record=").unwrap_or("").to_owned(),
        ),
        ("recovery", format!("{:?}", entry.deleted), format!("{:?}", scratched.then_some(Recovery::Whole))),
    ];
    let differing =
        facts.iter().filter(|(_, ours, theirs)| ours != theirs).map(|(what, a, b)| format!("{what} {a} for {b}"));
    let differing: Vec<String> = differing.collect();
    if differing.is_empty() { Ok(()) } else { Err(differing.join("; ")) }
}

#[test]
fn every_row_holds() {
    let Some(folder) = folder("generated-floppy/cbm") else { return };
    let mut images: BTreeMap<String, (Mounted, usize)> = BTreeMap::new();
    let (mut wrong, mut right) = (Vec::new(), 0);
    let read = |row: &&Row| ![".d80", ".d82"].iter().any(|ext| row["image"].ends_with(ext));
    for row in rows(folder.join("truth.tsv")).iter().filter(read) {
        let name = &row["image"];
        let (mounted, count) = images.entry(name.clone()).or_insert_with(|| (open(&folder, name), 0));
        *count += 1;
        match judge(mounted, row) {
            Ok(()) => right += 1,
            Err(what) => wrong.push(format!("{name} {}: {what}", row["path"])),
        }
    }
    println!("cbm: {right} rows hold on {} images", images.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(right > 0);
    for (name, (mounted, count)) in &images {
        // Two lines of art have no row.
        let more = if name == "d64-dirart.d64" { 2 } else { 0 };
        assert_eq!(mounted.volume.entries().len(), *count + more, "{name}: {:#?}", mounted.volume.entries());
        let damage = mounted.volume.findings().worst() >= Some(Severity::Damage);
        assert_eq!(damage, DAMAGED.contains(&name.as_str()), "{name}: {:?}", mounted.volume.findings());
    }
}

/// Those whose harm touches a file or the directory. The map is not needed, a
/// wrong count harms nothing, and scratching is no damage.
const DAMAGED: [&str; 5] =
    ["d64-bad-badlink.d64", "d64-bad-cross.d64", "d64-bad-dirloop.d64", "d64-bad-loop.d64", "d64-bad-nobam.d64"];

/// Disks that people use: all live files are whole, and one entry of some that
/// only a careful reader shows right.
#[test]
fn disks_of_others_read_whole() {
    let Some(folder) = folder("floppy/commodore") else { return };
    let names = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let sizes = [".d64.gz", ".D64.gz", ".d71.gz", ".d81.gz"];
    let names: Vec<String> = names.filter(|n| sizes.iter().any(|end| n.ends_with(end))).collect();
    for name in names.iter().filter_map(|n| n.strip_suffix(".gz")) {
        let mounted = open(&folder, name);
        let findings = mounted.volume.findings();
        assert!(findings.worst() < Some(Severity::Contradiction), "{name}: {findings:?}");
        for entry in mounted.volume.entries().iter().filter(|e| e.deleted.is_none()) {
            let (_, delivered) = content(&mounted, entry);
            assert_eq!((delivered.bytes, delivered.worst), (entry.size, Status::Unverified), "{name} {}", entry.path);
        }
        for (_, kind, count, path, details) in DISKS.iter().filter(|d| d.0 == name) {
            let found = mounted.volume.entries().iter().find(|e| e.path == *path).unwrap();
            assert_eq!((mounted.volume.kind(), mounted.volume.entries().len()), (*kind, *count), "{name}");
            let words = found.details.iter().map(|(what, value)| format!("{what} {value}"));
            assert_eq!(words.collect::<Vec<_>>().join(", "), *details, "{name}");
        }
    }
    assert!(!names.is_empty());
}

const DISKS: &[(&str, &str, usize, &str, &str)] = &[
    (
        "BB-RTC.D64",
        "CBM DOS 1541",
        15,
        "BBRTCtoGEOS",
        "GEOS type auto-exec, GEOS class BBRTCtoGEOS V1.0, GEOS author Peter D. Fiset, GEOS info Read BBRTC then set \
         geos date and time. (c)1993, Performance Peripherals, Inc., blocks 5",
    ),
    ("burstcheck.d71", "CBM DOS 1571", 1, "burstcheck1", "load address 1C01h, blocks 1"),
    ("cpm3.d81", "CBM DOS 1581", 1, "copyright cbm 86", "blocks 1"),
];
