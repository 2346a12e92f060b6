//! The generated FAT images, where they are present: every row of their truth.

#![allow(clippy::print_stdout, reason = "the scores are what one runs it for")]

mod corpus;

use std::collections::{BTreeMap, BTreeSet};

use corpus::{Row, content, folder, open, rows};
use floptical_filesystems::Mounted;
use floptical_model::{Delivered, Entry, EntryKind, Status};

/// A path as the tool of the truth spells it: `_` for what deletion took, `^`
/// for what it cannot show, nothing for what is outside the BMP, and no more
/// than 195 characters.
fn alike(ours: &str, theirs: &str) -> bool {
    let basic = |text: &str| -> Vec<char> { text.chars().filter(|c| *c < '\u{10000}').collect() };
    let (mut plain, other) = (basic(ours), basic(theirs.trim_end()));
    if other.len() == 195 {
        plain.truncate(195);
    }
    let same = |(a, b): (&char, &char)| a == b || *a == '?' || *b == '_' || *b == '^' && !a.is_ascii();
    plain.len() == other.len() && plain.iter().zip(&other).all(same)
}

/// What is wrong with a row, if anything.
fn judge(mounted: &Mounted, row: &Row) -> Result<(), String> {
    let deleted = row["flags"].contains("deleted");
    let kind = match &row["type"][..] {
        "dir" => EntryKind::Directory,
        "label" => EntryKind::Label,
        _ => EntryKind::File,
    };
    let fits = |e: &&Entry| e.kind == kind && e.deleted.is_some() == deleted && alike(&e.path, &row["path"]);
    let found: Vec<&Entry> = mounted.volume.entries().iter().filter(fits).collect();
    let mut said = vec!["no such entry".to_owned()];
    for entry in found {
        said.clear();
        for (what, ours) in [
            ("modified", &entry.dates.modified),
            ("created", &entry.dates.created),
            ("accessed", &entry.dates.accessed),
        ] {
            let theirs = &row[what];
            if !theirs.is_empty() && ours.as_ref() != Some(theirs) {
                said.push(format!("{what} {ours:?} for {theirs}"));
            }
        }
        if kind == EntryKind::File && !row["flags"].contains("got=") {
            let (sum, delivered) = content(mounted, entry);
            if entry.size.to_string() != row["size"] || sum != row["sha256"] || delivered.bytes != entry.size {
                said.push(format!("{delivered:?} for {} bytes {}", row["size"], &row["sha256"][..8]));
            }
        }
        if said.is_empty() {
            return Ok(());
        }
    }
    Err(format!("{} {}: {}", row["image"], row["path"], said.join("; ")))
}

fn all_rows_hold(name: &str) {
    let Some(folder) = folder(name) else { return };
    let damaged: BTreeSet<String> = rows(folder.join("images.tsv"))
        .into_iter()
        .filter(|r| !matches!(r.get("damage").map_or("", |d| d), "" | "BPB wiped"))
        .map(|mut r| r.remove("image").unwrap())
        .collect();
    let mut open_images: BTreeMap<String, Mounted> = BTreeMap::new();
    let (mut wrong, mut right) = (Vec::new(), 0);
    for row in rows(folder.join("truth.tsv")).iter().filter(|r| !damaged.contains(&r["image"])) {
        let mounted = open_images.entry(row["image"].clone()).or_insert_with(|| open(&folder, &row["image"]));
        match judge(mounted, row) {
            Ok(()) => right += 1,
            Err(what) => wrong.push(what),
        }
    }
    println!("{name}: {right} rows hold on {} images", open_images.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(right > 0);
}

#[test]
fn every_row_of_the_sound_images_holds() {
    all_rows_hold("generated-floppy/fat");
}

#[test]
fn every_row_of_the_images_of_imgtool_holds() {
    all_rows_hold("generated-floppy/fat-imgtool");
}

/// A file counts when its digest is among what comes out, as
/// `score_fat_damage.py` counts; a whole delivery that is wrong must say that
/// it was found by a search.
#[test]
fn damaged_images_give_their_files() {
    let Some(folder) = folder("generated-floppy/fat") else { return };
    let mut intent: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows(folder.join("truth.tsv")) {
        if row["type"] == "intent" && row["image"].starts_with("fat12-bad") {
            intent.entry(row["image"].clone()).or_default().push(row);
        }
    }
    let (mut right, mut total) = (0, 0);
    for (name, files) in &intent {
        let mounted = open(&folder, name);
        let entries = mounted.volume.entries().iter().filter(|e| e.kind == EntryKind::File);
        let out: Vec<(String, &Entry, Delivered)> = entries
            .map(|e| {
                let (sum, delivered) = content(&mounted, e);
                (sum, e, delivered)
            })
            .collect();
        let good = files.iter().filter(|f| out.iter().any(|(sum, _, _)| *sum == f["sha256"])).count();
        for file in files {
            for (sum, entry, delivered) in out.iter().filter(|(_, e, _)| e.path == file["path"]) {
                let claims = delivered.bytes == delivered.expected && delivered.worst > Status::Reconstructed;
                let same_size = file["size"] == entry.size.to_string();
                assert!(*sum == file["sha256"] || !claims || !same_size, "{name} {} claims too much", entry.path);
            }
        }
        println!("{name}: {good} of {}", files.len());
        // Only what the disk does not hold any more may be lost: sizes that were
        // overwritten, bytes behind the cut.
        let lossy = ["size", "truncated"].iter().any(|what| name.contains(what));
        assert!(lossy || good == files.len(), "{name}");
        (right, total) = (right + good, total + files.len());
    }
    println!("damage score: {right} of {total}");
    assert!(right * 108 >= 99 * total, "{right} of {total}");
}
