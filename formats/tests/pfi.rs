//! PFI, at the public border.

mod suite;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{Clock, Context, Edge, ErrorKind, Fact, Image, Place, Reading, Span, TrackAt};
use proptest::prelude::*;
use suite::{assert_law, assert_same, assert_survives, capture, codes, disk, fit, marks, read, refusal, track};

/// The check as the description of the format computes it, bit by bit.
fn check(bytes: &[u8]) -> u32 {
    let mut crc = 0u32;
    for byte in bytes {
        crc ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            crc = if crc >> 31 == 1 { crc << 1 ^ 0x1EDC_6F41 } else { crc << 1 };
        }
    }
    crc
}

fn chunk(id: &str, bytes: &[u8]) -> Vec<u8> {
    let mut whole = [id.as_bytes(), &(bytes.len() as u32).to_be_bytes(), bytes].concat();
    whole.extend(check(&whole).to_be_bytes());
    whole
}

fn numbers(all: &[u32]) -> Vec<u8> {
    all.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn track_chunk(cylinder: u32, head: u32, clock: u32) -> Vec<u8> {
    chunk("TRAK", &numbers(&[cylinder, head, clock]))
}

/// A file of these chunks, between its header and its end.
fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    [chunk("PFI ", &[0; 4]), chunks.concat(), chunk("END ", &[])].concat()
}

/// Two tracks.
fn plain() -> Vec<u8> {
    file(&[
        chunk("TEXT", b"Two tracks\n"),
        track_chunk(0, 0, 40_000_000),
        chunk("INDX", &numbers(&[0, 0x1_0500])),
        chunk("DATA", &[0x20, 4, 5, 7, 0xFF, 1, 0x12, 0x34, 2, 1, 0, 0, 3, 1, 0, 0, 0]),
        track_chunk(79, 1, 24_000_000),
        chunk("INDX", &numbers(&[10, 50])),
        chunk("DATA", &[20, 20, 20]),
    ])
}

#[test]
fn a_file_says_what_its_chunks_hold() {
    let bytes = plain();
    let image = read("pfi", &bytes).unwrap();
    let claims: Vec<&str> = image.claims.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(claims, ["0", "Two tracks\\n"]);
    assert_eq!(suite::positions(&image), [TrackAt::new(0, 0), TrackAt::new(79, 1)]);
    let first = track(&image, TrackAt::new(0, 0)).flux().unwrap().clone();
    assert_eq!(*first.intervals, [0x20, 5, 0x3FF, 0x1234, 0x1_0000, 0x100_0000]);
    assert_eq!((first.clock, first.start, first.end), (Clock::hz(40_000_000), Edge::Index, Edge::Anywhere));
    assert_eq!(first.index, marks(&[(0, 0), (0x1_0500, 4)]));
    let second = track(&image, TrackAt::new(79, 1)).flux().unwrap().clone();
    assert_eq!((second.index.as_slice(), second.start), (&marks(&[(10, 0), (50, 2)])[..], Edge::Anywhere));
    // The fourth time: its code and two bytes.
    let at = image.as_floppy().unwrap().tracks.locate(TrackAt::new(0, 0), 0, 1100..1101, &Context::default());
    let data = bytes.windows(4).position(|four| four == b"DATA").unwrap() as u64 + 8;
    assert_eq!(at, Some(Span::file(data + 5, 3)));
    assert!(codes(&image).is_empty());
    assert!(assert_law("pfi", &image) == bytes);
}

#[test]
fn every_odd_thing_that_is_kept_comes_back() {
    let of = |chunks: &[Vec<u8>]| file(chunks);
    let data = || chunk("DATA", &[30, 40]);
    let indx = || chunk("INDX", &numbers(&[0, 70]));
    let cases = [
        ("nothing", of(&[]), vec![], true),
        ("two comments", of(&[chunk("TEXT", b"one"), chunk("TEXT", b"")]), vec![], true),
        (
            "a chunk nobody knows",
            of(&[chunk("WEAK", b"?"), track_chunk(3, 0, 5), chunk("NEWS", b""), data()]),
            vec!["format.reserved"; 2],
            false,
        ),
        (
            "a long header",
            [chunk("PFI ", &[0, 0, 0, 0, 9]), chunk("END ", &[])].concat(),
            vec!["format.reserved"],
            true,
        ),
        (
            "another version",
            [chunk("PFI ", &[0, 0, 0, 2]), chunk("END ", &[])].concat(),
            vec!["format.odd-value"],
            true,
        ),
        ("a tail", [of(&[]), vec![1, 2]].concat(), vec!["format.tail"], true),
        ("twice", of(&[track_chunk(1, 0, 5), indx(), data(), track_chunk(1, 0, 7), data()]), vec![], true),
        (
            "in parts",
            of(&[track_chunk(1, 0, 5), data(), indx(), data(), chunk("INDX", &numbers(&[140]))]),
            vec![],
            false,
        ),
        ("no times", of(&[track_chunk(1, 0, 5), indx()]), vec![], true),
        ("nothing of a track", of(&[track_chunk(1, 0, 5)]), vec![], true),
        ("another order", of(&[track_chunk(2, 0, 5), data(), track_chunk(1, 0, 5), data()]), vec![], false),
        (
            "marks out of order",
            of(&[track_chunk(2, 0, 5), chunk("INDX", &numbers(&[60, 3])), data()]),
            vec!["format.odd-value"],
            true,
        ),
        ("longer codes", of(&[track_chunk(2, 0, 5), chunk("DATA", &[3, 0, 0, 0, 30, 4, 40])]), vec![], false),
        (
            "an invalid code",
            of(&[track_chunk(2, 0, 5), chunk("DATA", &[30, 0, 0, 40])]),
            vec!["format.odd-value"],
            false,
        ),
        ("no clock", of(&[track_chunk(2, 0, 0), data()]), vec!["format.odd-value"], false),
        (
            "far away",
            of(&[track_chunk(256, 0, 5), indx(), data()]),
            vec!["format.odd-value", "format.reserved", "format.reserved"],
            true,
        ),
    ];
    for (name, bytes, expected, exact) in cases {
        let image = read("pfi", &bytes).unwrap();
        assert_eq!(codes(&image), expected, "{name}");
        assert_same(&image, &fit("pfi", &image).unwrap());
        assert_eq!(assert_law("pfi", &image) == bytes, exact, "{name}");
    }
    let twice = read("pfi", &of(&[track_chunk(1, 0, 5), indx(), data(), track_chunk(1, 0, 7), data()])).unwrap();
    assert_eq!(track(&twice, TrackAt::new(1, 0)).readings.len(), 2);
}

#[test]
fn a_capture_keeps_its_transitions_on_a_whole_clock() {
    let kryoflux = Clock::new(18_432_000 * 73, 14 * 2 * 2).unwrap();
    let flux = capture(kryoflux, vec![96; 100_000], &[(50, 0), (4_805_486, 50_057), (9_600_000, 100_000)]);
    let fitted = fit("pfi", &disk([(TrackAt::new(0, 0), flux.clone())])).unwrap();
    let held = track(&fitted, TrackAt::new(0, 0)).flux().unwrap().clone();
    let (clock, len) = (Clock::hz(24_027_429), held.intervals.len());
    assert_eq!((held.clock, len, held.index.len()), (clock, 100_000, 3));
    let total = |intervals: &[u32]| intervals.iter().map(|i| u64::from(*i)).sum::<u64>();
    let [own, theirs] = [clock.to_ps(total(&held.intervals)), kryoflux.to_ps(total(&flux.intervals))];
    assert!(own.0.abs_diff(theirs.0) < 21_000, "half a tick: {own:?}, {theirs:?}");
    assert_law("pfi", &fitted);
}

#[test]
fn what_pfi_cannot_hold_is_refused_by_name() {
    let refused = |image: &Image| refusal(fit("pfi", image));
    let flux = |tick: u64| capture(Clock::hz(5000), vec![40, 500], &[(tick, 2)]);
    let between = refused(&disk([(TrackAt { quarter: 3, head: 0 }, flux(0))]));
    assert_eq!((between.fact, between.place), (Fact::Exists, Place::Track(TrackAt { quarter: 3, head: 0 })));
    assert_eq!(refused(&disk([(TrackAt::new(1, 0), flux(1 << 32))])).fact, Fact::IndexTimes);
    let sectors = suite::cell_disk([(0, 0, floptical_model::Cells::plain(suite::pattern(1, 99), Default::default()))]);
    assert_eq!(refused(&sectors).fact, Fact::FluxTiming);
    assert_law("pfi", &disk([(TrackAt::new(255, 9), flux(u64::from(u32::MAX)))]));
}

#[test]
fn damage_is_told_with_its_place() {
    let good = plain();
    let of = |bytes: &[u8]| codes(&read("pfi", bytes).unwrap());
    assert_eq!(of(&good[..good.len() - 1]), ["format.truncated", "format.tail"]);
    // Within the times of the last track: those that are there are read.
    let cut = &good[..good.len() - 12 - 4 - 1];
    assert_eq!(of(cut), ["format.truncated"]);
    let image = read("pfi", cut).unwrap();
    assert_eq!(*track(&image, TrackAt::new(79, 1)).flux().unwrap().intervals, [20, 20]);
    let mut wrong = good.clone();
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    assert_eq!(of(&wrong), ["format.checksum"]);
    let mut long = good.clone();
    long[20..24].fill(0xFF);
    assert_eq!(of(&long), ["format.truncated", "format.tail"]);
    let mut code = file(&[track_chunk(0, 0, 5), chunk("DATA", &[20, 3, 1, 1])]);
    assert_eq!(of(&code), ["format.truncated"]);
    code[0] = b'Q';
    assert_eq!(read("pfi", &code).unwrap_err().kind, ErrorKind::Malformed);
    assert_survives("pfi", &good, 7);
}

#[test]
fn it_is_recognised_by_its_magic_and_its_check() {
    let evidence = |bytes: Vec<u8>| {
        let ranked = Registry::default().identify(&Source::from_bytes("x", bytes));
        ranked.first().map(|c| (c.format.id, c.answer.evidence))
    };
    let checked = Evidence::MAGIC | Evidence::STRUCTURE | Evidence::CHECKSUM;
    assert_eq!(evidence(plain()), Some(("pfi", checked)));
    let mut wrong = plain();
    wrong[13] ^= 1;
    assert_eq!(evidence(wrong), Some(("pfi", Evidence::MAGIC)));
}

/// Files of PCE come back byte for byte.
#[test]
fn files_of_others_come_back() {
    for sample in suite::samples(|format| format == "pfi") {
        let image = read("pfi", &sample.bytes).unwrap();
        assert!(codes(&image).is_empty(), "{}: {:?}", sample.path, codes(&image));
        assert!(assert_law("pfi", &image) == sample.bytes, "{}", sample.path);
    }
}

proptest! {
    #[test]
    fn any_capture_comes_back(
        times in proptest::collection::vec(prop_oneof![0u32..40, 0u32..2000, any::<u32>()], 0..60),
        index in proptest::collection::vec(0u32..100_000, 0..5),
        clock in 1u32..,
    ) {
        let mut index = index;
        index.sort_unstable();
        let index: Vec<(u64, u32)> = index.into_iter().map(|tick| (tick.into(), 0)).collect();
        let flux = capture(Clock::hz(clock.into()), times.clone(), &index);
        let image = disk([(TrackAt::new(7, 1), flux)]);
        let bytes = assert_law("pfi", &image);
        let again = read("pfi", &bytes).unwrap();
        let Reading::Flux(flux) = &track(&again, TrackAt::new(7, 1)).readings[0] else { panic!("no flux") };
        prop_assert_eq!(&*flux.intervals, &times);
        prop_assert!(assert_law("pfi", &again) == bytes);
    }
}
