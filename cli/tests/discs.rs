//! Discs: a sheet with the files beside it, and a plain image of the same data.

mod media;

use media::{code, err, line, names, out};

/// The volume of the fixtures: 26 sectors.
const ISO: &[u8] = include_bytes!("../../fixtures/images/disc.iso");

/// The L2 that `hash` prints.
fn l2(folder: &std::path::Path, image: &str) -> serde_json::Value {
    let output = line(folder, &format!("hash --json {image}"));
    let hashed: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(hashed["l2"]["sha256"].as_str().map(str::len), Some(64));
    hashed["l2"]["sha256"].clone()
}

#[test]
fn a_plain_image_becomes_a_sheet_and_comes_back() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    std::fs::write(folder.join("a.iso"), ISO).unwrap();
    let output = line(folder, "convert a.iso game.cue");
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(names(folder), ["a.iso", "game.bin", "game.cue"]);
    let sheet = std::fs::read_to_string(folder.join("game.cue")).unwrap();
    assert_eq!(sheet, "FILE \"game.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n");
    assert_eq!(std::fs::metadata(folder.join("game.bin")).unwrap().len(), 26 * 2352);
    assert_eq!(l2(folder, "a.iso"), l2(folder, "game.cue"));

    assert_eq!(code(&line(folder, "convert a.iso game.cue")), 2, "nothing is written over");
    let output = line(folder, "convert game.cue b.iso");
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(std::fs::read(folder.join("b.iso")).unwrap() == ISO);
    assert_eq!(code(&line(folder, "check game.cue")), 0);
    assert_eq!(code(&line(folder, "compare a.iso game.cue")), 0);
}

#[test]
fn damage_in_a_sector_is_named_with_its_address() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    std::fs::write(folder.join("a.iso"), ISO).unwrap();
    assert_eq!(code(&line(folder, "convert a.iso a.cue")), 0);
    let mut bin = std::fs::read(folder.join("a.bin")).unwrap();
    bin[18 * 2352 + 500] ^= 1;
    bin[19 * 2352 + 2300] ^= 1;
    std::fs::write(folder.join("a.bin"), bin).unwrap();
    let output = line(folder, "check a.cue");
    assert_eq!(code(&output), 1);
    let told = out(&output);
    for words in ["disc.edc", "disc.ecc", "track 1, sector 18", "track 1, sectors 18+2"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let output = line(folder, "sectors --bad a.cue");
    assert!(out(&output).contains("track 1, sector 18"), "{}", out(&output));
    let output = line(folder, "convert a.cue b.iso");
    assert_eq!(code(&output), 3, "the codes are lost");
    assert!(err(&output).contains("--lose edc,ecc"), "{}", err(&output));
    assert_eq!(code(&line(folder, "compare a.iso a.cue")), 1);
}

#[test]
fn a_sheet_without_its_file_is_an_error_that_names_it() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    for name in ["/etc/passwd", "../gone.bin", "gone.bin"] {
        let sheet = format!("FILE \"{name}\" BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n");
        std::fs::write(folder.join("a.cue"), sheet).unwrap();
        let output = line(folder, "info a.cue");
        assert_eq!(code(&output), 4);
        assert!(err(&output).contains(name), "{}", err(&output));
    }
}
