//! Teledisk at its public border: cut and hostile files, what is refused, and
//! the corpus where it is present.

mod suite;

use floptical_model::{ClaimKind, Known};
use suite::Sample;

/// A file without tracks, with a comment.
const EMPTY: &[u8] = b"TD\0\0\x15\0\x01\x80\0\x01";

fn crc(bytes: &[u8]) -> [u8; 2] {
    let bit = |crc: u16| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0xA097 };
    let all = bytes.iter().fold(0u16, |crc, byte| (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| bit(crc)));
    all.to_le_bytes()
}

fn file() -> Vec<u8> {
    let comment = b"\x06\0\x5D\x06\x0E\x0C\x22\x38Words\0";
    let track = [1, 3, 0];
    let data = [0xE5; 128];
    let sector = [&[3, 0, 1, 0, 4][..], &crc(&data)[..1], &[5, 0, 1, 64, 0, 0xE5, 0xE5]].concat();
    let end = [0xFF, 0, 0];
    [EMPTY, &crc(EMPTY), &crc(comment), comment, &track, &crc(&track)[..1], &sector, &end, &crc(&end)[..1]].concat()
}

#[test]
fn a_file_says_its_comment_and_its_sector_and_comes_back() {
    let image = suite::read("td0", &file()).unwrap();
    assert!(suite::codes(&image).is_empty(), "{:?}", image.findings);
    assert_eq!(image.claim(ClaimKind::Date).unwrap().text, "1993-07-14 12:34:56");
    assert_eq!(image.claim(ClaimKind::Comment).unwrap().raw, b"Words\0");
    let track = suite::track(&image, suite::positions(&image)[0]);
    let seen = track.sectors().unwrap().slots[0].chosen().clone();
    assert_eq!((seen.mark, seen.size()), (Known::Value(0xF8), 128));
    assert_eq!(suite::emitted("td0", &suite::fit("td0", &image).unwrap()), file());
}

#[test]
fn wrong_checks_and_cuts_are_told() {
    let whole = file();
    for at in [10, 12, 29, whole.len() - 12] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert!(suite::codes(&suite::read("td0", &bytes).unwrap()).contains(&"format.checksum"), "byte {at}");
    }
    for end in 12..whole.len() - 4 {
        let image = suite::read("td0", &whole[..end]).unwrap();
        assert!(suite::codes(&image).contains(&"format.truncated"), "cut at {end}");
    }
    assert!(suite::read("td0", &whole[..11]).is_err());
}

#[test]
fn damage_is_survived() {
    suite::assert_survives("td0", &file(), 7);
    let packed = [b"td", &file()[2..]].concat();
    suite::assert_survives("td0", &packed, 8);
    let old = [&packed[..4], &[15], &packed[5..]].concat();
    suite::assert_survives("td0", &old, 9);
}

#[test]
fn files_of_the_corpus_have_good_checks() {
    for Sample { path, bytes, .. } in suite::samples(|format| format == "td0") {
        let image = suite::read("td0", &bytes).unwrap_or_else(|e| panic!("{path}: {e}"));
        let codes = suite::codes(&image);
        assert!(!codes.contains(&"format.checksum") && !codes.contains(&"format.truncated"), "{path}: {codes:?}");
        assert!(suite::positions(&image).len() > 30, "{path}");
    }
}
