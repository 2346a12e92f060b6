//! KryoFlux streams, at the public border.

mod suite;

use floptical_formats::{Evidence, Group, ReadOptions, Registry};
use floptical_io::{FileSet, Source};
use floptical_model::{Clock, Context, Edge, ErrorKind, Fact, Flux, Image, Known, Place, Span, TrackAt};
use proptest::prelude::*;
use suite::{assert_same, capture, codes, disk, emit, fit, format, marks, read_set, refusal, track};

/// The sample clock of the device.
fn device() -> Clock {
    Clock::new(18_432_000 * 73, 14 * 2 * 2).unwrap()
}

fn block(kind: u8, data: &[u8]) -> Vec<u8> {
    [&[0x0D, kind][..], &(data.len() as u16).to_le_bytes(), data].concat()
}

fn numbers(kind: u8, all: &[u32]) -> Vec<u8> {
    block(kind, &all.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>())
}

const END: [u8; 4] = [0x0D; 4];
const TEXT: &[u8] = b"name=Some Device, version=1.0, host_date=2020.01.02, sck=24027428.5714286\0";

/// One file as a set.
fn set(bytes: &[u8]) -> FileSet {
    Source::from_bytes("track03.1.raw", bytes.to_vec()).into()
}

fn flux(bytes: &[u8]) -> Flux {
    let image = read_set("kryoflux", &set(bytes)).unwrap();
    track(&image, TrackAt::new(3, 1)).flux().unwrap().clone()
}

/// Fit, write, read: what comes back is what fitting promised. Gives the files.
fn assert_law(image: &Image) -> Vec<(String, Vec<u8>)> {
    let fitted = fit("kryoflux", image).unwrap();
    let out = emit("kryoflux", &fitted);
    let files = out.files().to_vec();
    if !files.is_empty() {
        assert_same(&fitted, &read_set("kryoflux", &out.into_set("")).unwrap());
    }
    files
}

/// A stream with every code and block: 20 bytes of codes.
fn every_code() -> Vec<u8> {
    let codes: [&[u8]; 4] = [
        &[0x20, 0x01, 0x05, 0x0C, 0x10, 0x00],
        &[0x08, 0x0B, 0x0B],
        &[0xFF, 0x09, 0xAA],
        &[0x0A, 0xAA, 0xAA, 0x00, 0x0D],
    ];
    [
        block(4, TEXT),
        codes[0].to_vec(),
        numbers(1, &[6, 0]),
        // Came during the fourth interval, behind one of its overflows.
        numbers(2, &[8, 100, 7]),
        codes[1].to_vec(),
        codes[2].to_vec(),
        codes[3].to_vec(),
        // Reported late: it came during the second interval.
        numbers(2, &[1, 0x50, 3]),
        numbers(2, &[17, 9, 99]),
        numbers(1, &[17, 5]),
        numbers(3, &[17, 0]),
        END.to_vec(),
    ]
    .concat()
}

#[test]
fn every_code_and_block_is_understood() {
    let bytes = every_code();
    let image = read_set("kryoflux", &set(&bytes)).unwrap();
    assert_eq!(codes(&image), Vec::<&str>::new());
    let flux = flux(&bytes);
    assert_eq!(*flux.intervals, [0x20, 0x105, 0x1000, 0x2_00FF, 0x0D]);
    let before = 0x20 + 0x105 + 0x1000;
    assert_eq!(flux.index, marks(&[(0x70, 1), (before + 0x1_0000 + 100, 3), (before + 0x2_00FF + 0x0D + 9, 5)]));
    assert_eq!((flux.clock, flux.start, flux.end), (device(), Edge::Anywhere, Edge::Index));
    let texts: Vec<(&str, &str)> = image.claims.iter().map(|c| (c.kind.word(), c.text.as_str())).collect();
    assert_eq!(texts, [("creator", "Some Device"), ("creator", "1.0"), ("date", "2020.01.02")]);
    assert_eq!(image.claims[0].at, Span::file(9, 11));
    let map = &image.as_floppy().unwrap().tracks;
    let codes_at = 4 + TEXT.len() as u64;
    let at = map.locate(TrackAt::new(3, 1), 0, 0x20..0x21, &Context::default());
    assert_eq!(at, Some(Span::file(codes_at + 1, 2)));
    // Two blocks of 12 and 16 bytes stand between; the interval begins with a code for nothing.
    let at = map.locate(TrackAt::new(3, 1), 0, before..before + 1, &Context::default());
    assert_eq!(at, Some(Span::file(codes_at + 6 + 28, 4)));
    // Transfer times are dropped by name, everything else comes back.
    assert!(image.opaque("kryoflux.stream-info").is_some());
    let fitted = fit("kryoflux", &image).unwrap();
    let names: Vec<&str> = fitted.opaque.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["kryoflux.info", "kryoflux.index-counters"]);
    let files = assert_law(&image);
    assert_eq!(files[0].0, "track03.1.raw");
}

#[test]
fn trouble_is_told() {
    let codes_of = |parts: &[Vec<u8>]| codes(&read_set("kryoflux", &set(&parts.concat())).unwrap());
    let good = vec![0x50, 0x50, 0x50];
    let index = [numbers(2, &[0, 0, 0]), numbers(2, &[2, 0, 0])].concat();
    let table: [(&[Vec<u8>], &[&str]); 9] = [
        (&[good.clone(), index.clone(), numbers(3, &[3, 0]), END.to_vec()], &[]),
        (&[good.clone(), numbers(3, &[3, 0]), END.to_vec()], &["flux.no-index"]),
        (&[good.clone(), index.clone(), numbers(3, &[3, 2]), END.to_vec()], &["flux.capture"]),
        (&[good.clone(), index.clone(), numbers(3, &[4, 0]), END.to_vec()], &["format.fields-differ"]),
        (
            &[good.clone(), numbers(1, &[1, 0]), index.clone(), numbers(3, &[3, 0]), END.to_vec()],
            &["format.fields-differ"],
        ),
        (
            &[good.clone(), index.clone(), numbers(2, &[9, 0, 0]), numbers(3, &[3, 0]), END.to_vec()],
            &["format.fields-differ"],
        ),
        (&[good.clone(), index.clone()], &["format.truncated", "format.truncated"]),
        (&[good.clone(), index.clone(), numbers(3, &[3, 0]), END.to_vec(), vec![1]], &["format.tail"]),
        (
            &[good.clone(), index.clone(), block(9, &[1]), numbers(3, &[4, 0]), vec![0x0C]],
            &["format.fields-differ", "format.truncated", "format.odd-value"],
        ),
    ];
    for (parts, expected) in table {
        assert_eq!(codes_of(parts), expected);
        assert_law(&read_set("kryoflux", &set(&parts.concat())).unwrap());
    }
    let lost = [good, index, vec![0x0B], numbers(3, &[4, 0]), END.to_vec()];
    assert_eq!(codes_of(&lost), ["format.odd-value"]);
}

#[test]
fn clocks_come_from_the_text() {
    let with = |text: &[u8]| flux(&[block(4, text), vec![0x50], numbers(3, &[1, 0]), END.to_vec()].concat()).clock;
    assert_eq!(with(b"sck=72000000, ick=9000000\0"), Clock::hz(72_000_000));
    assert_eq!(with(b"name=a\0"), device());
    // And go back with it.
    let bytes = [block(4, b"sck=72000000\0"), vec![0x50; 9], numbers(3, &[9, 0]), END.to_vec()].concat();
    let files = assert_law(&read_set("kryoflux", &set(&bytes)).unwrap());
    assert!(files[0].1.starts_with(&block(4, b"sck=72000000\0")));
}

#[test]
fn files_of_one_stem_are_a_set() {
    let Some(Group::Names(group)) = format("kryoflux").group else { panic!("told by names") };
    assert_eq!(group(&["a00.0.raw", "b00.0.raw", "a00.1.raw", "notes.txt"]), [vec![0, 2], vec![1], vec![3]]);
    let stream = [vec![0x50; 3], numbers(3, &[3, 0]), END.to_vec()].concat();
    let read = |names: &[&str]| {
        let files = names.iter().map(|name| Source::from_bytes(*name, stream.clone()));
        read_set("kryoflux", &FileSet::new(files))
    };
    let image = read(&["x10.0.raw", "x02.1.raw"]).unwrap();
    assert_eq!(suite::positions(&image), [TrackAt::new(2, 1), TrackAt::new(10, 0)]);
    assert_eq!(image.as_floppy().unwrap().drive.heads, Known::Value(2));
    let at = image.as_floppy().unwrap().tracks.locate(TrackAt::new(10, 0), 0, 0..1, &Context::default());
    assert_eq!(at, Some(Span::File { file: 1, start: 0, len: 1 }));
    let image = read(&["x"]).unwrap();
    assert_eq!(suite::positions(&image), [TrackAt::new(0, 0)]);
    assert!(codes(&image).contains(&"format.odd-value"));
    assert_eq!(read(&["x", "y"]).unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(read(&["a00.0.raw", "b00.0.raw"]).unwrap_err().kind, ErrorKind::Unsupported);
    assert!(read(&[]).is_err());
}

#[test]
fn only_blocks_that_hold_together_are_evidence() {
    let evidence = |bytes: Vec<u8>| {
        let found = Registry::default().identify(&Source::from_bytes("x", bytes));
        found.iter().find(|c| c.format.id == "kryoflux").map(|c| c.answer.evidence)
    };
    let far = vec![0x50; 40_000];
    let table = [
        (every_code(), true),
        ([far.clone(), numbers(2, &[39_990, 3, 0])].concat(), true),
        ([far.clone(), numbers(1, &[40_000, 3])].concat(), true),
        ([far.clone(), numbers(2, &[390_990, 3, 0])].concat(), false),
        ([far.clone(), numbers(1, &[40_001, 3])].concat(), false),
        ([far.clone(), block(2, &[1, 2, 3])].concat(), false),
        ([far, END.to_vec()].concat(), false),
        (block(4, b"\xFFno text\0"), false),
        (b"Some text\r\nof two lines\r\n".to_vec(), false),
        (vec![0; 100_000], false),
        (Vec::new(), false),
    ];
    for (nth, (bytes, expected)) in table.into_iter().enumerate() {
        assert_eq!(evidence(bytes), expected.then_some(Evidence::STRUCTURE), "{nth}");
    }
}

#[test]
fn index_marks_fall_where_their_time_is() {
    // As an SCP says it: the mark a few ticks off the interval that it names.
    let scp = Clock::hz(40_000_000);
    let flux = capture(scp, vec![160; 1000], &[(0, 0), (79_997, 500), (160_003, 1000)]);
    let fitted = fit("kryoflux", &disk([(TrackAt::new(0, 0), flux)])).unwrap();
    let flux = track(&fitted, TrackAt::new(0, 0)).flux().unwrap().clone();
    let tick = |n: u64| device().to_ticks(scp.to_ps(n));
    assert_eq!(flux.index, marks(&[(0, 0), (tick(79_997), 499), (tick(160_003), 1000)]));
    assert_eq!((flux.start, flux.end), (Edge::Index, Edge::Index));
    let total: u64 = flux.intervals.iter().map(|t| u64::from(*t)).sum();
    assert_eq!(total, tick(160_000));
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let good = || capture(device(), vec![100; 10], &[(0, 0), (1000, 10)]);
    let half = TrackAt { quarter: 2, head: 0 };
    let table = [
        (half, good(), Fact::Exists),
        (TrackAt::new(100, 0), good(), Fact::Exists),
        (TrackAt::new(0, 2), good(), Fact::Exists),
        (TrackAt::new(0, 0), capture(device(), vec![100; 10], &[(1 << 40, 10)]), Fact::IndexTimes),
    ];
    for (at, flux, fact) in table {
        let refusal = refusal(fit("kryoflux", &disk([(at, flux)])));
        assert_eq!((refusal.fact, refusal.place), (fact, Place::Track(at)), "{}", refusal.reason);
    }
}

#[test]
fn broken_files_do_no_harm() {
    suite::assert_survives("kryoflux", &every_code(), 5);
}

/// The streams of the collection, in sets.
fn sets() -> Vec<(String, FileSet)> {
    let mut all = Vec::new();
    for sample in suite::samples(|f| f == "kryoflux") {
        if !sample.bytes.starts_with(b"PK") {
            let name = sample.path.trim_end_matches(".gz").to_owned();
            all.push((sample.path, Source::from_bytes(name, sample.bytes).into()));
            continue;
        }
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(sample.bytes)).unwrap();
        let files = (0..zip.len()).map(|i| {
            let mut member = zip.by_index(i).unwrap();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
            Source::from_bytes(member.name().unwrap().into_owned(), bytes)
        });
        all.push((sample.path, FileSet::new(files)));
    }
    all
}

#[test]
fn streams_of_others_come_back_equal_and_ours_exact() {
    for (path, set) in sets() {
        let image = read_set("kryoflux", &set).unwrap();
        assert_eq!(codes(&image), Vec::<&str>::new(), "{path}");
        let fitted = fit("kryoflux", &image).unwrap();
        assert_same(&image, &fitted);
        let files = assert_law(&image);
        let again = read_set("kryoflux", &emit("kryoflux", &fitted).into_set("")).unwrap();
        assert!(assert_law(&again) == files, "{path}");
    }
}

#[test]
fn only_streams_are_called_so() {
    for (path, set) in sets() {
        for file in set.files() {
            let found = Registry::default().identify(file);
            assert_eq!(found.first().map(|c| c.format.id), Some("kryoflux"), "{path} {}", file.name());
        }
    }
    for sample in suite::samples(|f| f != "kryoflux") {
        let found = Registry::default().identify(&Source::from_bytes("track00.0.raw", sample.bytes));
        assert!(found.iter().all(|c| c.format.id != "kryoflux"), "{}", sample.path);
    }
}

prop_compose! {
    fn captures()(
        clock in prop_oneof![Just(Clock::hz(40_000_000)), Just(device()), Just(Clock::hz(72_000_000)), Just(Clock::hz(8_000_000))],
        intervals in proptest::collection::vec(prop_oneof![1u32..400, 0u32..300_000, Just(65_536u32)], 0..300),
        cuts in proptest::collection::vec(0.0f64..1.0, 0..6),
        late in 0u64..1000,
    ) -> Flux {
        let mut at: Vec<usize> = cuts.iter().map(|c| (c * (intervals.len() + 1) as f64) as usize).collect();
        at.sort_unstable();
        let time = |n: usize| intervals[..n].iter().map(|t| u64::from(*t)).sum::<u64>();
        let index: Vec<(u64, u32)> = at.iter().map(|n| (time(*n) + late, *n as u32)).collect();
        capture(clock, intervals, &index)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_capture_comes_back_as_fitted(
        tracks in proptest::collection::btree_map((0u8..100, 0u8..2), captures(), 1..5),
    ) {
        let image = disk(tracks.into_iter().map(|((c, h), flux)| (TrackAt::new(c, h), flux)));
        let files = assert_law(&image);
        if !files.is_empty() {
            let sources = files.iter().map(|(name, bytes)| Source::from_bytes(name.clone(), bytes.clone()));
            let again = (format("kryoflux").read)(&FileSet::new(sources), &ReadOptions::default(), &Context::default()).unwrap();
            prop_assert!(assert_law(&again) == files);
        }
    }
}
