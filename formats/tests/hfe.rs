//! HFE, at the public border.

mod suite;

use std::sync::Arc;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{
    Bits, CellClock, Cells, ClaimKind, Context, ErrorKind, Fact, Floppy, Image, Join, Known, Place, Ps, Reading, Span,
    Track, TrackAt, TrackMap,
};
use proptest::prelude::*;
use suite::{assert_law, assert_same, cell_disk as disk, codes, emitted, fit, pattern, read, refusal, track};

/// A header as the specification draws it.
fn header(cylinders: u8, sides: u8) -> Vec<u8> {
    let mut bytes = vec![0xFF; 512];
    bytes[..8].copy_from_slice(b"HXCPICFE");
    bytes[8..26]
        .copy_from_slice(&[0, cylinders, sides, 0, 250, 0, 0, 0, 7, 1, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    bytes
}

/// A file whose cylinders have `lengths` bytes for each side; every byte
/// differs from its neighbours, the pads are `pad`.
fn made(sides: u8, lengths: &[u16], pad: u8) -> Vec<u8> {
    let mut bytes = header(lengths.len() as u8, sides);
    let mut table = vec![0xFF; (lengths.len() * 4).div_ceil(512).max(1) * 512];
    let mut data = Vec::new();
    for (i, length) in lengths.iter().enumerate() {
        let start = (512 + table.len() + data.len()) / 512;
        table[i * 4..i * 4 + 2].copy_from_slice(&(start as u16).to_le_bytes());
        table[i * 4 + 2..i * 4 + 4].copy_from_slice(&(length * 2).to_le_bytes());
        for at in (0..*length).step_by(256) {
            for side in 0..2 {
                let byte = |k: u16| {
                    if at + k >= *length || side >= sides.into() {
                        pad
                    } else {
                        (at + k) as u8 ^ (side * 0x5A) as u8 ^ i as u8
                    }
                };
                data.extend((0..256).map(byte));
            }
        }
    }
    bytes.extend(table);
    bytes.extend(data);
    bytes
}

fn cells(bits: Bits, kbit: u64) -> Cells {
    Cells::plain(bits, Known::Value(Ps(500_000_000 / kbit)))
}

#[test]
fn a_file_says_what_its_header_and_tracks_hold() {
    let mut bytes = made(2, &[300, 256], 0x4E);
    bytes[11..16].copy_from_slice(&[2, 0x2C, 1, 0x68, 1]);
    bytes[20..24].copy_from_slice(&[0, 0, 0, 1]);
    let image = read("hfe", &bytes).unwrap();
    let texts: Vec<(&str, &str)> = image.claims.iter().map(|c| (c.kind.word(), c.text.as_str())).collect();
    let expected = [
        ("encoding", "IBM FM"),
        ("rate", "300 kbit/s"),
        ("rotation", "360 rpm"),
        ("disk-type", "generic Shugart DD"),
        ("write-protected", "yes"),
        ("drive", "double step"),
        ("encoding", "track 0.0: Amiga MFM"),
    ];
    assert_eq!(texts, expected);
    let floppy = image.as_floppy().unwrap();
    assert_eq!(floppy.drive.rotation, Known::Value(Ps(166_666_666_666)));
    assert_eq!(suite::positions(&image).len(), 4);
    let side1 = track(&image, TrackAt::new(0, 1));
    let cells = side1.cells().unwrap();
    assert_eq!((cells.bits.len(), cells.join), (2400, Known::Value(Join::Padded)));
    assert_eq!(cells.clock, CellClock::Uniform(Known::Value(Ps(1_666_666))));
    assert_eq!(cells.bits.to_lsb()[..4], [0x5A, 0x5B, 0x58, 0x59]);
    assert!(!cells.bits.get(0) && cells.bits.get(1));
    // Byte 257 of side 1 is the second of its second half block.
    let at = floppy.tracks.locate(TrackAt::new(0, 1), 0, 257 * 8..258 * 8, &Context::default());
    assert_eq!(at, Some(Span::file(1024 + 512 + 256 + 1, 1)));
    assert_eq!(assert_law("hfe", &image), bytes);
}

#[test]
fn every_odd_thing_that_is_kept_comes_back() {
    let mut table_tail = made(2, &[300, 256, 3], 0);
    table_tail[1000] = 7;
    let mut reserved = made(1, &[300, 512], 0);
    reserved[17] = 9;
    reserved[400] = 0;
    let mut empty = made(2, &[300, 0, 256, 0], 0x88);
    empty[512 + 12..512 + 16].copy_from_slice(&[9, 9, 0, 0]);
    let mut unused = made(1, &[300, 512], 0x88);
    unused[1024 + 512 + 300] = 1;
    let mut pads = made(2, &[300, 299], 0xAA);
    let last = pads.len() - 1;
    pads[last] = 1;
    let mut no_rate = made(2, &[300], 0);
    no_rate[12..14].copy_from_slice(&[0, 0]);
    let files = [
        (table_tail, vec![]),
        (reserved, vec!["format.reserved", "format.reserved"]),
        (empty, vec![]),
        (unused, vec![]),
        (pads, vec![]),
        (no_rate, vec!["format.odd-value"]),
        ([made(2, &[300], 0), vec![1; 77]].concat(), vec!["format.tail"]),
        (made(2, &[], 0), vec![]),
    ];
    for (nth, (bytes, expected)) in files.into_iter().enumerate() {
        let image = read("hfe", &bytes).unwrap();
        assert_eq!(codes(&image), expected, "file {nth}");
        assert!(assert_law("hfe", &image) == bytes, "file {nth}");
    }
}

#[test]
fn gaps_between_tracks_come_back() {
    let mut bytes = made(2, &[300, 300], 0);
    bytes[516..518].copy_from_slice(&5u16.to_le_bytes());
    bytes.splice(2048..2048, vec![0x33; 512]);
    let image = read("hfe", &bytes).unwrap();
    assert_eq!(image.opaque("hfe.gap").unwrap().bytes.len(), 512);
    assert!(assert_law("hfe", &image) == bytes);
}

#[test]
fn what_cannot_come_back_is_named_and_dropped() {
    let cut = made(2, &[300, 300], 0)[..2048 + 700].to_vec();
    let mut overlapping = made(2, &[300, 300], 0);
    overlapping[516] = 3;
    let mut odd = made(2, &[300], 0);
    odd[514] = 0x59;
    let mut sides = made(2, &[300], 0);
    sides[10] = 3;
    let mut list = made(2, &[300], 0);
    list.splice(512..512, vec![0; 512]);
    list[18] = 2;
    list[1024] = 3;
    let files = [
        (cut, "format.truncated"),
        (overlapping, "format.fields-differ"),
        (odd, "format.odd-value"),
        (sides, "format.odd-value"),
        (list, ""),
    ];
    for (bytes, code) in files {
        let image = read("hfe", &bytes).unwrap();
        assert!(code.is_empty() || codes(&image).contains(&code), "{code}");
        assert!(image.opaque("hfe.layout").is_some(), "{code}");
        assert!(fit("hfe", &image).unwrap().opaque("hfe.layout").is_none());
        assert_law("hfe", &image);
    }
    let image = read("hfe", &made(2, &[300, 300], 0)[..2048 + 700]).unwrap();
    // 256 + 0 of side 1, 256 + 188 (all 44 of its rest) of side 0.
    assert_eq!(track(&image, TrackAt::new(1, 0)).cells().unwrap().bits.len(), 300 * 8);
    assert_eq!(track(&image, TrackAt::new(1, 1)).cells().unwrap().bits.len(), 256 * 8);
}

#[test]
fn what_cannot_be_opened_names_its_place() {
    let kind = |bytes: &[u8]| read("hfe", bytes).unwrap_err();
    let good = made(2, &[300], 0);
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let table = [
        (changed(8, 1), ErrorKind::Unsupported, Span::file(0, 9)),
        (changed(0, 0), ErrorKind::Malformed, Span::file(0, 8)),
        (changed(10, 0), ErrorKind::Malformed, Span::file(10, 1)),
        (changed(18, 0), ErrorKind::Malformed, Span::file(18, 2)),
        (changed(18, 200), ErrorKind::Truncated, Span::file(102_400, 4)),
        (good[..400].to_vec(), ErrorKind::Truncated, Span::file(0, 512)),
    ];
    for (bytes, expected, at) in table {
        let error = kind(&bytes);
        assert_eq!((error.kind, error.at.clone()), (expected, Some(at)), "{error}");
    }
}

#[test]
fn other_kinds_are_named() {
    let names = |bytes: &[u8]| {
        let found = Registry::default().identify(&Source::from_bytes("x.bin", bytes.to_vec()));
        let first = found.first().expect("an answer");
        assert_eq!(first.format.id, "hfe");
        first.answer.unread
    };
    let mut bytes = made(2, &[300], 0);
    assert_eq!(names(&bytes), None);
    bytes[8] = 1;
    assert!(names(&bytes).unwrap().contains("extended"));
    assert!(names(b"HxC_Stream_Image\0\0\0\0").unwrap().contains("stream"));
}

#[test]
fn cells_are_fitted_to_one_rate_and_whole_bytes() {
    let image = disk([
        (0, 0, cells(pattern(1, 1000), 250)),
        (0, 1, cells(pattern(2, 900), 250)),
        (2, 0, cells(pattern(3, 801), 300)),
    ]);
    let fitted = fit("hfe", &image).unwrap();
    let expected: Vec<TrackAt> = [(0, 0), (0, 1), (2, 0), (2, 1)].map(|(c, h)| TrackAt::new(c, h)).to_vec();
    assert_eq!(suite::positions(&fitted), expected);
    assert_eq!(fitted.claim(ClaimKind::Rate).unwrap().text, "250 kbit/s");
    let bits = |c, h| track(&fitted, TrackAt::new(c, h)).cells().unwrap().bits.clone();
    // The last 16 cells go on.
    let (short, held) = (bits(0, 1), pattern(2, 900));
    assert_eq!(short.len(), 1000);
    assert!((0..900).all(|i| short.get(i) == held.get(i)));
    assert!((900..1000).all(|i| short.get(i) == held.get(884 + (i - 900) % 16)));
    assert_eq!((bits(2, 0).len(), bits(2, 1).count_ones()), (808, 0));
    let bytes = assert_law("hfe", &image);
    assert_eq!(bytes[9..12], [3, 2, 0]);
    assert_eq!(bytes[516..520], [0; 4]);
}

#[test]
fn cells_are_turned_to_the_index() {
    let mut turned = cells(pattern(7, 800), 500);
    turned.index_at = Known::Value(123);
    let image = fit("hfe", &disk([(0, 0, turned)])).unwrap();
    let bits = track(&image, TrackAt::new(0, 0)).cells().unwrap().bits.clone();
    assert_eq!(bits, Arc::new(pattern(7, 800).slice_wrapping(123, 800)));
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let plain = || cells(pattern(1, 800), 250);
    let held = |at: TrackAt, track| {
        Image::floppy(Floppy {
            drive: Default::default(),
            layout: Known::Unrecorded,
            tracks: TrackMap::held([(at, track)]),
        })
    };
    let half = TrackAt { quarter: 2, head: 0 };
    let table = [
        (held(half, Track::of(Reading::Cells(plain()))), Fact::Exists, Place::Track(half)),
        (disk([(255, 0, plain())]), Fact::Exists, Place::Track(TrackAt::new(255, 0))),
        (disk([(0, 2, plain())]), Fact::Exists, Place::Track(TrackAt::new(0, 2))),
        (disk([(3, 1, cells(pattern(1, 262_137), 250))]), Fact::TrackLength, Place::Track(TrackAt::new(3, 1))),
        (disk([(0, 0, Cells::plain(pattern(1, 80), Known::Unrecorded))]), Fact::Rate, Place::Whole),
    ];
    for (image, fact, place) in table {
        let refusal = refusal(fit("hfe", &image));
        assert_eq!((refusal.fact, refusal.place), (fact, place), "{}", refusal.reason);
    }
}

#[test]
fn broken_files_do_no_harm() {
    suite::assert_survives("hfe", &made(2, &[300, 0, 256, 1000], 0x4E), 1);
    suite::assert_survives("hfe", &made(1, &[300, 700], 0x4E), 2);
}

#[test]
fn files_of_others_come_back_byte_for_byte() {
    for sample in suite::samples(|f| f.ends_with("hfe")) {
        let image = read("hfe", &sample.bytes).unwrap();
        assert!(assert_law("hfe", &image) == sample.bytes, "{}", sample.path);
        assert!(image.opaque.iter().map(|o| o.bytes.len()).sum::<usize>() * 20 < sample.bytes.len(), "{}", sample.path);
        assert_eq!(codes(&image), Vec::<&str>::new(), "{}", sample.path);
    }
}

#[test]
fn only_files_of_this_format_are_called_so() {
    for sample in suite::samples(|_| true) {
        let found = Registry::default().identify(&Source::from_bytes("x", sample.bytes));
        let answer = found.iter().find(|c| c.format.id == "hfe");
        let expected = match sample.format.as_str() {
            "hfe" => Some(None),
            "hfe-ext" => Some(Some("an HFE of a kind not read yet (extended)")),
            "hfe-stream" => Some(Some("an HFE of a kind not read yet (stream)")),
            _ => None,
        };
        assert_eq!(answer.map(|c| c.answer.unread), expected, "{}", sample.path);
        if sample.format == "hfe" {
            assert_eq!(found[0].format.id, "hfe", "{}", sample.path);
            assert!(found[0].answer.evidence.has(Evidence::MAGIC | Evidence::STRUCTURE), "{}", sample.path);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_cells_come_back_as_fitted(
        tracks in proptest::collection::btree_map((0u8..5, 0u8..2), (any::<u64>(), 0usize..9000, 1u64..1000), 0..8),
        index in 0u64..9000,
    ) {
        let tracks = tracks.into_iter().map(|((c, h), (seed, len, kbit))| {
            let mut cells = cells(pattern(seed, len), kbit);
            cells.index_at = if seed % 2 == 0 { Known::Value(index) } else { Known::Unrecorded };
            (c, h, cells)
        });
        let image = disk(tracks);
        let bytes = assert_law("hfe", &image);
        // And once more: an exact row.
        let again = read("hfe", &bytes).unwrap();
        let fitted = fit("hfe", &again).unwrap();
        assert_same(&again, &fitted);
        prop_assert!(emitted("hfe", &fitted) == bytes);
    }
}
