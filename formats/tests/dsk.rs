//! DSK and extended DSK at their public border: status, copies, gaps, offsets,
//! cut and hostile files, and the corpus where it is present.

mod suite;

use floptical_model::{Check, DataField, Image, Known, Rate, Sectors, TrackAt};
use suite::Sample;

type Entry<'a> = ([u8; 6], &'a [u8]);

/// A file of one side and one track.
fn edsk(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut track = b"Track-Info\r\n\0\0\0\0\0\0\x01\x02\x02".to_vec();
    track.extend([entries.len() as u8, 0x4E, 0xE5]);
    for (words, stored) in entries {
        track.extend(words);
        track.extend((stored.len() as u16).to_le_bytes());
    }
    track.resize(track.len().next_multiple_of(256), 0);
    entries.iter().for_each(|(_, stored)| track.extend(*stored));
    track.resize(track.len().next_multiple_of(256), 0);
    let mut file = b"EXTENDED CPC DSK File\r\nDisk-Info\r\na test".to_vec();
    file.resize(0x30, 0);
    file.extend([1, 1, 0, 0, (track.len() / 256) as u8]);
    file.resize(256, 0);
    [file, track].concat()
}

fn sectors(image: &Image) -> Sectors {
    suite::track(image, TrackAt::new(0, 0)).sectors().unwrap().as_ref().clone()
}

fn again(id: &str, bytes: &[u8]) -> Vec<u8> {
    let image = suite::read(id, bytes).expect("readable");
    suite::emitted(id, &suite::fit(id, &image).expect("its own row takes it"))
}

#[test]
fn the_registers_say_what_became_of_a_sector() {
    let data = [7; 128];
    let all: &[Entry<'_>] = &[
        ([0, 0, 1, 0, 0, 0], &data),
        ([0, 0, 2, 0, 0x20, 0x20], &data),
        ([0, 0, 3, 0, 0x20, 0], &data),
        ([0, 0, 4, 0, 0, 0x40], &data),
        ([0, 0, 5, 0, 1, 1], &[]),
        ([0, 0, 6, 0, 4, 0], &[]),
        ([0, 0, 7, 0, 0, 0], &[]),
        ([0, 0, 8, 0, 0x80, 0], &data),
    ];
    let bytes = edsk(all);
    let read = sectors(&suite::read("edsk", &bytes).unwrap());
    assert_eq!(read.rate, Known::Value(Rate::DD));
    let seen: Vec<_> = read.slots.iter().map(|s| s.chosen().clone()).collect();
    let checks: Vec<_> = seen.iter().map(|s| (s.id_check.copied(), s.data_check.copied())).collect();
    let (good, bad) = (Some(Check::Good), Some(Check::Bad));
    let expected =
        [(good, good), (good, bad), (bad, good), (good, good), (good, None), (good, None), (good, None), (good, good)];
    assert_eq!(checks, expected);
    assert_eq!(seen[3].mark, Known::Value(0xF8));
    assert_eq!((&seen[4].data, &seen[5].data), (&DataField::Missing, &DataField::Missing));
    assert_eq!(seen[6].data, DataField::Unread);
    assert_eq!(again("edsk", &bytes), bytes);
}

#[test]
fn more_bytes_than_declared_are_readings_or_a_gap() {
    let mut copies = [3u8; 256];
    copies[128] = 0;
    let behind = [[5u8; 128].as_slice(), &[0xAB, 0xCD, 0x4E, 0x4E, 0x4E]].concat();
    let bytes = edsk(&[([0, 0, 1, 0, 0, 0], &copies), ([0, 0, 2, 0, 0, 0], &behind), ([0, 0, 3, 1, 0, 0], &[9; 100])]);
    let read = sectors(&suite::read("edsk", &bytes).unwrap());
    let weak = read.slots[0].chosen().weak.clone().unwrap();
    assert_eq!((read.slots[0].sightings().len(), weak.count_ones()), (2, 2));
    let gap = read.slots[1].chosen();
    assert_eq!((gap.data_check_value, gap.gap.as_deref()), (Known::Value(0xABCD), Some(&[0x4E; 3][..])));
    assert_eq!(read.slots[2].chosen().size(), 100);
    assert_eq!(again("edsk", &bytes), bytes);
}

#[test]
fn offsets_are_angles_and_others_a_tail() {
    let data = [1; 128];
    let bytes = edsk(&[([0, 0, 1, 0, 0, 0], &data), ([0, 0, 2, 0, 0, 0], &data)]);
    let with = |words: &[u16]| {
        let block: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        [&bytes[..], b"Offset-Info\r\n\0", &block].concat()
    };
    let told = with(&[6250, 100, 400]);
    let read = sectors(&suite::read("edsk", &told).unwrap());
    assert_eq!(read.cells, Known::Value(100_000));
    assert_eq!(read.slots[1].chosen().angle, Known::Value(6400));
    assert_eq!(again("edsk", &told), told);
    let odd = with(&[6250, 100]);
    assert!(suite::read("edsk", &odd).unwrap().opaque("edsk.tail").is_some());
    assert_eq!(again("edsk", &odd), odd);
}

#[test]
fn what_is_cut_is_unread_and_told() {
    let bytes = edsk(&[([0, 0, 1, 0, 0, 0], &[1; 128]), ([0, 0, 2, 0, 0, 0], &[2; 128])]);
    let image = suite::read("edsk", &bytes[..700]).unwrap();
    assert_eq!(sectors(&image).slots[1].chosen().data, DataField::Unread);
    assert!(suite::codes(&image).contains(&"format.truncated"));
    for end in [0, 8, 255] {
        assert!(suite::read("edsk", &bytes[..end]).is_err());
    }
    assert!(suite::read("dsk", &bytes).is_err(), "the other form");
}

#[test]
fn damage_is_survived() {
    let bytes = edsk(&[([0, 0, 1, 0, 0x20, 0x20], &[1; 256]), ([0, 0, 2, 0, 0, 0], &[2; 140])]);
    suite::assert_survives("edsk", &bytes, 5);
    let standard = [b"MV - CPC", &bytes[8..0x32], &[0, 3], &bytes[0x34..]].concat();
    suite::assert_survives("dsk", &standard, 6);
}

#[test]
fn every_file_of_the_corpus_comes_back_byte_for_byte() {
    for Sample { path, format, bytes } in suite::samples(|format| matches!(format, "dsk" | "edsk")) {
        assert!(again(&format, &bytes) == bytes, "{path}");
    }
}
