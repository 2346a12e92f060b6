//! A2R, at the public border.

mod suite;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{
    Clock, Context, Edge, ErrorKind, Fact, Flux, Form, Known, Layer, Place, Ps, Reading, Span, Track, TrackAt,
};
use proptest::prelude::*;
use suite::{
    assert_law, assert_survives, capture, cell_disk, codes, disk, fit, marks, pattern, positions, read, refusal, track,
};

/// A file of chunks.
fn file(version: u8, chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = [&b"A2R"[..], &[version, 0xFF, 0x0A, 0x0D, 0x0A]].concat();
    for (id, data) in chunks {
        bytes.extend(&id[..]);
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
    }
    bytes
}

fn info(drive: u8, third: bool) -> Vec<u8> {
    let mut info = vec![1];
    info.extend(b"A test                          ");
    info.extend([drive, 1, 0]);
    if third {
        info.push(0);
    }
    info
}

/// A record of a stream.
fn stream(location: u8, kind: u8, close: u32, data: &[u8]) -> Vec<u8> {
    let mut record = vec![location, kind];
    record.extend((data.len() as u32).to_le_bytes());
    record.extend(close.to_le_bytes());
    record.extend(data);
    record
}

/// What RWCP and SLVD begin with.
fn head(version: u8, resolution: u32) -> Vec<u8> {
    [&[version][..], &resolution.to_le_bytes(), &[0; 11]].concat()
}

/// Marks and data of a record.
fn body(marks: &[u32], data: &[u8]) -> Vec<u8> {
    let mut body = vec![marks.len() as u8];
    marks.iter().for_each(|tick| body.extend(tick.to_le_bytes()));
    body.extend((data.len() as u32).to_le_bytes());
    body.extend(data);
    body
}

fn record(kind: u8, location: u16, marks: &[u32], data: &[u8]) -> Vec<u8> {
    let [low, high] = location.to_le_bytes();
    [vec![b'C', kind, low, high], body(marks, data)].concat()
}

fn solved(location: u16, mirror: [u8; 2], marks: &[u32], data: &[u8]) -> Vec<u8> {
    let [low, high] = location.to_le_bytes();
    [vec![b'T', low, high, mirror[0], mirror[1], 0, 0, 0, 0, 0, 0], body(marks, data)].concat()
}

/// Version 2: two captures of one track, the second longer, and one of bits.
fn second() -> Vec<u8> {
    let long = vec![200; 20_000];
    let records = [
        stream(0, 1, 330, &[32, 64, 255, 10, 33]),
        stream(0, 3, 330, &long),
        stream(4, 2, 20 * 32, &[0x96, 0xD5, 0xAA, 0x01]),
        stream(8, 1, 0, &[40, 41]),
        vec![0xFF],
    ];
    file(b'2', &[(b"INFO", info(1, false)), (b"STRM", records.concat()), (b"META", b"title\tA Title\n".to_vec())])
}

/// Version 3, at 62.5 ns a tick: captures, and a solved track.
fn third() -> Vec<u8> {
    let raws = [
        head(1, 62_500),
        record(1, 0, &[10, 140], &[50, 70, 20, 255, 3]),
        record(1, 0, &[], &[50, 70]),
        record(3, 3, &[0, 200], &[100; 60_000]),
        vec![b'X'],
    ];
    let solved = [head(2, 125_000), solved(0, [1, 2], &[0, 120], &[60, 60]), vec![b'X']];
    let chunks =
        [(b"INFO", info(2, true)), (b"RWCP", raws.concat()), (b"SLVD", solved.concat()), (b"WXYZ", vec![1, 2, 3])];
    file(b'3', &chunks)
}

fn quarter(quarter: i16) -> TrackAt {
    TrackAt { quarter, head: 0 }
}

fn all_flux(track: &Track) -> Vec<&Flux> {
    track.readings.iter().filter_map(|r| if let Reading::Flux(flux) = r { Some(flux) } else { None }).collect()
}

#[test]
fn version_two_says_what_its_stream_holds() {
    let bytes = second();
    let image = read("a2r", &bytes).unwrap();
    let texts: Vec<String> = image.claims.iter().map(|c| format!("{}: {}", c.kind.word(), c.text)).collect();
    assert_eq!(
        texts,
        [
            "version: A2R2",
            "version: INFO 1",
            "creator: A test",
            "drive: 5.25 inch, one side, quarter steps",
            "write-protected: yes",
            "drive: tracks captured in step with each other: no",
            "title: A Title",
        ]
    );
    assert!(codes(&image).is_empty());
    assert_eq!(image.as_floppy().unwrap().drive.form, Known::Value(Form::Inch5));
    assert_eq!(positions(&image), [0, 4, 8].map(quarter));
    let held = track(&image, quarter(0));
    let flux = all_flux(&held);
    assert_eq!((flux.len(), &flux[0].intervals[..]), (2, &[32, 64, 265, 33][..]));
    assert_eq!((flux[0].clock, flux[0].start), (Clock::hz(8_000_000), Edge::Anywhere));
    assert_eq!(flux[0].index, marks(&[(0, 0), (330, 2)]));
    let place = image.as_floppy().unwrap().tracks.locate(quarter(0), 0, 96..97, &Context::default());
    // After INFO the stream begins at 60; its first record has ten bytes before the data.
    assert_eq!(place, Some(Span::file(60 + 10 + 2, 2)));
    assert!(assert_law("a2r", &image) == bytes);
}

#[test]
fn bits_are_cells_where_nothing_else_was_captured() {
    let image = read("a2r", &second()).unwrap();
    let held = track(&image, quarter(4));
    assert_eq!(held.layer(), Some(Layer::Cells));
    let cells = held.cells().unwrap();
    assert_eq!((cells.bits.len(), cells.bits.window(0, 16), cells.cell()), (20, 0x96D5, Some(Ps(4_000_000))));
    // All bits are kept, those behind the loop too.
    assert_eq!(image.opaque("a2r.record").unwrap().bytes[8..], [0x96, 0xD5, 0xAA, 0x01]);
}

#[test]
fn version_three_has_marks_and_solved_tracks() {
    let bytes = third();
    let image = read("a2r", &bytes).unwrap();
    assert!(codes(&image).is_empty(), "{:?}", codes(&image));
    assert_eq!(positions(&image), [TrackAt::new(0, 0), TrackAt::new(1, 1)]);
    let held = track(&image, TrackAt::new(0, 0));
    let flux = all_flux(&held);
    assert_eq!(flux.len(), 3);
    assert_eq!((flux[0].clock, flux[0].index.clone()), (Clock::hz(16_000_000), marks(&[(10, 0), (140, 3)])));
    assert_eq!((flux[2].clock, flux[2].start, flux[2].end), (Clock::hz(8_000_000), Edge::Index, Edge::Index));
    let solved = image.opaque("a2r.solved").unwrap();
    assert_eq!((&solved.bytes[..2], &solved.place), (&[1, 2][..], &Place::Track(TrackAt::new(0, 0))));
    assert!(assert_law("a2r", &image) == bytes);
}

#[test]
fn every_odd_thing_that_is_kept_comes_back() {
    let of = |records: &[Vec<u8>]| {
        let all = [&[head(1, 62_500)], records, &[vec![b'X']]].concat().concat();
        file(b'3', &[(b"INFO", info(5, true)), (b"RWCP", all)])
    };
    let mut more = info(5, true);
    more.extend([1, 2]);
    let files = [
        // A short capture that says it is a long one; times after the last transition; a kind nobody knows.
        (of(&[record(3, 0, &[0], &[50])]), "a2r.kinds", None),
        (of(&[record(1, 0, &[0], &[50, 255, 255])]), "a2r.rest", None),
        (of(&[record(7, 0, &[], &[50]), record(1, 2, &[], &[3])]), "a2r.record", Some("format.odd-value")),
        (file(b'3', &[(b"INFO", more)]), "a2r.info", None),
        ([second(), vec![1, 2]].concat(), "a2r.record", Some("format.tail")),
    ];
    for (nth, (bytes, part, finding)) in files.into_iter().enumerate() {
        let image = read("a2r", &bytes).unwrap();
        assert!(image.opaque.iter().any(|o| o.name == part), "file {nth}");
        assert!(!image.opaque.iter().any(|o| o.name == "a2r.layout"), "file {nth}");
        assert_eq!(codes(&image), finding.into_iter().collect::<Vec<_>>(), "file {nth}");
        assert!(assert_law("a2r", &image) == bytes, "file {nth}");
    }
}

#[test]
fn what_cannot_come_back_is_named_and_dropped() {
    let of = |head: Vec<u8>, records: &[Vec<u8>]| {
        file(b'3', &[(b"INFO", info(5, true)), (b"RWCP", [&[head], records].concat().concat())])
    };
    let one = || record(1, 0, &[0], &[50, 60]);
    let mut cut = third();
    cut.truncate(cut.len() - 100);
    let mut long = one();
    let at = long.len() - 6;
    long[at..at + 4].fill(0xFF);
    let files = [
        (of(head(1, 62_500), &[one()]), "format.unreadable-rest"),
        (of(head(1, 62_500), &[one(), vec![b'X', 0]]), "format.unreadable-rest"),
        (of(head(1, 62_500), &[record(1, 2, &[], &[1]), one(), vec![b'X']]), "format.fields-differ"),
        (of(head(9, 62_500), &[one(), vec![b'X']]), "format.odd-value"),
        (of(head(1, 0), &[one(), vec![b'X']]), "format.odd-value"),
        (of(head(1, 62_500), &[record(1, 0xFFFF, &[], &[1]), vec![b'X']]), "format.odd-value"),
        (of(head(1, 62_500), &[long]), "format.truncated"),
        (file(b'2', &[(b"STRM", stream(0, 1, 9, &[9, 9])), (b"INFO", info(1, false))]), "format.fields-differ"),
        (cut, "format.truncated"),
    ];
    for (nth, (bytes, code)) in files.into_iter().enumerate() {
        let image = read("a2r", &bytes).unwrap();
        let found = codes(&image);
        assert!(found.contains(&code), "file {nth}: {found:?}");
        let written = assert_law("a2r", &image);
        let again = read("a2r", &written).unwrap();
        assert!(again.opaque("a2r.layout").is_none(), "file {nth}");
        assert!(assert_law("a2r", &again) == written, "file {nth}");
    }
}

#[test]
fn errors_name_their_place() {
    let mut text = second();
    text[5] = 0x0D;
    let no_info = file(b'2', &[(b"STRM", vec![0xFF])]);
    for (bytes, place) in [(&b"A2R4\xFF\n\r\n"[..], 0), (&text, 4), (&no_info, 8), (&b"A2R"[..], 0)] {
        let error = read("a2r", bytes).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Malformed | ErrorKind::Truncated), "{error}");
        assert!(matches!(error.at, Some(Span::File { start, .. }) if start == place), "{error}");
    }
    let found = Registry::default().identify(&Source::from_bytes("any.bin", second()));
    assert_eq!((found[0].format.id, found[0].answer.evidence), ("a2r", Evidence::MAGIC | Evidence::STRUCTURE));
}

#[test]
fn a_disk_of_others_becomes_version_three() {
    let held = capture(Clock::hz(40_000_000), vec![160; 100], &[(0, 0), (8000, 50), (16_000, 100)]);
    let bytes = assert_law("a2r", &disk([(TrackAt::new(3, 1), held.clone())]));
    assert_eq!((&bytes[..4], bytes[16 + 33]), (&b"A2R3"[..], 5));
    let image = read("a2r", &bytes).unwrap();
    let again = track(&image, TrackAt::new(3, 1));
    assert_eq!(again.flux().unwrap().intervals, held.intervals);
    assert_eq!((again.flux().unwrap().clock, &again.flux().unwrap().index), (Clock::hz(40_000_000), &held.index));
    // A clock without whole picoseconds: nothing drifts.
    let kryoflux = Clock::new(18_432_000 * 73, 14 * 2 * 2).unwrap();
    let image = disk([(TrackAt::new(0, 0), capture(kryoflux, vec![96; 5000], &[(480_000, 5000)]))]);
    let image = read("a2r", &assert_law("a2r", &image)).unwrap();
    let flux = track(&image, TrackAt::new(0, 0));
    let sum: u64 = flux.flux().unwrap().intervals.iter().map(|t| u64::from(*t)).sum();
    assert_eq!((sum, flux.flux().unwrap().index[0].tick), (799_087, 799_087));
    // Quarter steps need the drive that has them.
    let image = disk([(quarter(3), capture(Clock::hz(8_000_000), vec![9; 9], &[]))]);
    assert_eq!(assert_law("a2r", &image)[16 + 33], 1);
}

/// Version 3 with captures that are in step, or not, of 125 ns ticks.
fn of_turns(in_step: u8, captures: &[&[u32]]) -> Vec<u8> {
    let mut said = info(2, true);
    said[35] = in_step;
    let mut records = head(1, 125_000);
    // Turns of 200 ms, a bit more than two of them.
    let data = vec![100; 36_000];
    for (location, marks) in (0u16..).zip(captures) {
        records.extend(record(3, location, marks, &data));
    }
    records.push(b'X');
    file(b'3', &[(b"INFO", said), (b"RWCP", records)])
}

#[test]
fn captures_in_step_begin_at_the_index() {
    let turns: [&[u32]; 4] = [
        &[1_600_000, 3_201_000],
        &[1_600_000],
        // The first turn is not a whole one, and these are holes of sectors.
        &[900_000, 2_500_000],
        &[100_000, 200_000, 300_000],
    ];
    let begun = |bytes: &[u8]| -> Vec<(Edge, usize)> {
        let image = read("a2r", bytes).unwrap();
        let held = positions(&image).into_iter().map(|at| track(&image, at));
        held.map(|track| track.flux().map(|flux| (flux.start, flux.index.len())).unwrap()).collect()
    };
    let bytes = of_turns(1, &turns);
    assert_eq!(begun(&bytes), [(Edge::Index, 3), (Edge::Index, 2), (Edge::Anywhere, 2), (Edge::Anywhere, 3)]);
    // The marks at the start are not the file's, and that is said.
    let findings = read("a2r", &bytes).unwrap().findings;
    let said: Vec<_> = findings.iter().map(|f| (f.code.id, f.at.clone(), f.message.split(':').next())).collect();
    let inferred = "the start of 2 captures is taken for the index";
    assert_eq!(said, [("flux.index-inferred", Span::file(16 + 35, 1), Some(inferred))]);
    assert!(assert_law("a2r", &read("a2r", &bytes).unwrap()) == bytes);
    let bytes = of_turns(0, &turns);
    assert!(begun(&bytes).iter().all(|(start, _)| *start == Edge::Anywhere));
    assert!(codes(&read("a2r", &bytes).unwrap()).is_empty());
    assert!(assert_law("a2r", &read("a2r", &bytes).unwrap()) == bytes);
}

#[test]
fn the_index_at_the_start_of_captures_is_said_once() {
    let from_index = capture(Clock::hz(8_000_000), vec![32; 110_000], &[(0, 0), (1_600_000, 50_000)]);
    let from_elsewhere = capture(Clock::hz(8_000_000), vec![32; 110_000], &[(1_600_000, 50_000)]);
    let marks_of = |others: &[&Flux]| {
        let tracks = (0u8..).zip(others).map(|(c, flux)| (TrackAt::new(c, 0), (*flux).clone()));
        let bytes = assert_law("a2r", &disk(tracks));
        let at = 16 + 37 + 8 + 16 + 4;
        (bytes[16 + 35], bytes[at])
    };
    assert_eq!(marks_of(&[&from_index, &from_index]), (1, 1));
    // Where a capture would be taken for one from the index, all say where it is.
    assert_eq!(marks_of(&[&from_index, &from_elsewhere]), (0, 2));
    assert_eq!(marks_of(&[&from_elsewhere]), (0, 1));
}

#[test]
fn what_has_no_room_is_refused() {
    let plain = |index: &[(u64, u32)]| capture(Clock::hz(8_000_000), vec![9; 9], index);
    let many: Vec<(u64, u32)> = (0..300).map(|i| (i, 0)).collect();
    assert_eq!(refusal(fit("a2r", &disk([(TrackAt::new(0, 0), plain(&many))]))).fact, Fact::IndexTimes);
    let late = plain(&[(1 << 40, 9)]);
    assert_eq!(refusal(fit("a2r", &disk([(TrackAt::new(0, 0), late)]))).fact, Fact::IndexTimes);
    let both = disk([(quarter(3), plain(&[])), (TrackAt::new(1, 1), plain(&[]))]);
    assert_eq!(refusal(fit("a2r", &both)).fact, Fact::Exists);
    let cells = cell_disk([(0, 0, floptical_model::Cells::plain(pattern(1, 100), Known::Unrecorded))]);
    assert_eq!(refusal(fit("a2r", &cells)).fact, Fact::FluxTiming);
}

#[test]
fn hostile_files_are_read_without_a_panic() {
    assert_survives("a2r", &second()[..600], 1);
    assert_survives("a2r", &third()[..600], 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_flux_keeps_the_law(
        tracks in prop::collection::btree_map((0u8..80, 0u8..2), prop::collection::vec(0u32..2000, 1..200), 1..5),
        ps in prop::sample::select(vec![125_000u64, 62_500, 25_000, 41_619]),
        index in prop::collection::vec(0u64..100_000, 0..4),
    ) {
        let mut index = index;
        index.sort_unstable();
        let index: Vec<(u64, u32)> = index.into_iter().map(|tick| (tick, 0)).collect();
        let clock = Clock::new(1_000_000_000_000, ps).unwrap();
        let tracks = tracks.into_iter().map(|((c, h), held)| (TrackAt::new(c, h), capture(clock, held, &index)));
        let bytes = assert_law("a2r", &disk(tracks));
        let image = read("a2r", &bytes).unwrap();
        prop_assert!(codes(&image).is_empty());
        prop_assert!(assert_law("a2r", &image) == bytes);
    }
}
