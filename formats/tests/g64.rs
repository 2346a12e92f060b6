//! G64, at the public border.

mod suite;

use std::sync::Arc;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{
    CellClock, Cells, ClaimKind, Context, ErrorKind, Fact, Floppy, Image, Known, Place, Ps, Reading, Span, Track,
    TrackAt, TrackMap,
};
use proptest::prelude::*;
use suite::{assert_law, assert_same, cell_disk, codes, emitted, fit, pattern, positions, read, refusal, track};

/// The header and the tables, with room for the tracks of a table of `entries`.
fn tables(magic: &[u8; 8], entries: u8, longest: u16) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend([0, entries]);
    bytes.extend(longest.to_le_bytes());
    bytes.resize(12 + 8 * usize::from(entries), 0);
    bytes
}

/// What an entry of the tables says: where it lies, and its speed.
fn put(bytes: &mut [u8], entry: usize, start: usize, field: usize) {
    let entries = usize::from(bytes[9]);
    bytes[12 + 4 * entry..][..4].copy_from_slice(&(start as u32).to_le_bytes());
    bytes[12 + 4 * (entries + entry)..][..4].copy_from_slice(&(field as u32).to_le_bytes());
}

/// Tracks of so many bytes at these entries and speeds, each with `room` bytes
/// in the file; every byte differs from its neighbours.
fn made(tracks: &[(usize, u16, usize)], room: u16) -> Vec<u8> {
    let mut bytes = tables(b"GCR-1541", 84, room);
    for (entry, len, speed) in tracks {
        let start = bytes.len();
        put(&mut bytes, *entry, start, *speed);
        bytes.extend(len.to_le_bytes());
        bytes.extend((0..*len).map(|i| (i ^ (i >> 8)) as u8 ^ *entry as u8));
        bytes.resize(start + 2 + usize::from(room.max(*len)), 0);
    }
    bytes
}

fn at(half: i16, head: u8) -> TrackAt {
    TrackAt { quarter: half * 2, head }
}

fn uniform(cell: u64) -> CellClock {
    CellClock::Uniform(Known::Value(Ps(cell)))
}

#[test]
fn a_file_says_what_its_tables_and_tracks_hold() {
    let bytes = made(&[(0, 7692, 3), (1, 7000, 2), (34, 7142, 1), (83, 6250, 0)], 7928);
    let image = read("g64", &bytes).unwrap();
    let texts: Vec<(&str, &str)> = image.claims.iter().map(|c| (c.kind.word(), c.text.as_str())).collect();
    assert_eq!(texts, [("disk-type", "GCR-1541"), ("version", "0")]);
    assert_eq!(image.as_floppy().unwrap().drive.heads, Known::Value(1));
    assert_eq!(positions(&image), [at(0, 0), at(1, 0), at(34, 0), at(83, 0)]);
    assert!(image.opaque.is_empty() && codes(&image).is_empty());
    for (half, len, cell) in [(0, 7692, 3_250_000), (1, 7000, 3_500_000), (34, 7142, 3_750_000), (83, 6250, 4_000_000)]
    {
        let held = track(&image, at(half, 0));
        let cells = held.cells().unwrap();
        assert_eq!((cells.bits.len(), &cells.clock), (len * 8, &uniform(cell)));
        assert_eq!(cells.index_at, Known::Unrecorded);
    }
    // 300 ^ 1 is 2Dh in its low bits: the first cell is the high bit.
    let held = track(&image, at(0, 0));
    assert_eq!(held.cells().unwrap().bits.window(300 * 8, 8), 0x2D);
    let place = image.as_floppy().unwrap().tracks.locate(at(1, 0), 0, 16..40, &Context::default());
    assert_eq!(place, Some(Span::file(684 + 7930 + 2 + 2, 3)));
    assert!(assert_law("g64", &image) == bytes);
}

#[test]
fn two_sides_lie_one_after_the_other() {
    let mut bytes = tables(b"GCR-1571", 168, 7928);
    for entry in [0, 84, 167] {
        let start = bytes.len();
        put(&mut bytes, entry, start, 3);
        bytes.extend([1, 0, entry as u8]);
        bytes.resize(start + 7930, 0);
    }
    let image = read("g64", &bytes).unwrap();
    assert_eq!(positions(&image), [at(0, 0), at(0, 1), at(83, 1)]);
    assert_eq!(image.as_floppy().unwrap().drive.heads, Known::Value(2));
    assert!(assert_law("g64", &image) == bytes);
}

#[test]
fn a_speed_map_is_runs_of_cells() {
    let mut bytes = made(&[(0, 10, 3), (2, 8, 2)], 7928);
    let map = bytes.len();
    put(&mut bytes, 0, 684, map);
    // 3 3 3 3 | 2 2 0 0 | 1 1 and what is behind the end.
    bytes.extend([0xFF, 0xA0, 0x50]);
    bytes.resize(map + 1982, 0);
    let image = read("g64", &bytes).unwrap();
    let runs = vec![(32, Ps(3_250_000)), (16, Ps(3_500_000)), (16, Ps(4_000_000)), (16, Ps(3_750_000))];
    assert_eq!(track(&image, at(0, 0)).cells().unwrap().clock, CellClock::Runs(runs));
    assert!(image.opaque.is_empty());
    assert!(assert_law("g64", &image) == bytes);
    // A map that says more than the track, shorter ones, and one before its track.
    bytes[map + 100] = 7;
    let image = read("g64", &bytes).unwrap();
    assert_eq!(image.opaque("g64.map").unwrap().bytes.len(), 1982);
    assert!(assert_law("g64", &image) == bytes);
    bytes.truncate(map + 3);
    let image = read("g64", &bytes).unwrap();
    assert_eq!(image.opaque("g64.map").unwrap().bytes[..], [0xFF, 0xA0, 0x50]);
    assert!(assert_law("g64", &image) == bytes);
    let mut before = tables(b"GCR-1541", 84, 7928);
    before.extend(vec![0xFF; 1982]);
    put(&mut before, 5, 684 + 1982, 684);
    before.extend([1, 0, 0x55]);
    let image = read("g64", &before).unwrap();
    assert!(image.opaque("g64.order").is_some());
    assert!(assert_law("g64", &image) == before);
}

#[test]
fn every_odd_thing_that_is_kept_comes_back() {
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut bytes = made(&[(0, 7692, 3), (2, 7000, 3)], 7928);
        change(&mut bytes);
        bytes
    };
    let mut tight = made(&[(0, 300, 3), (2, 400, 3)], 7928);
    tight.drain(684 + 302..684 + 7930);
    put(&mut tight, 2, 684 + 302, 3);
    let mut turned = made(&[(4, 300, 3), (2, 400, 3)], 7928);
    turned.truncate(turned.len() - 1000);
    let mut aliases = made(&[(0, 300, 3), (2, 400, 3)], 7928);
    put(&mut aliases, 3, 684 + 7930, 3);
    put(&mut aliases, 70, 684, 3);
    let files = [
        (changed(|b| b[8] = 1), None, None),
        (changed(|b| b[684 + 2 + 7692] = 0x55), Some("g64.tail"), None),
        (changed(|b| b.truncate(b.len() - 10)), Some("g64.tail"), None),
        (changed(|b| b.extend([0; 10])), Some("g64.tail"), Some("format.tail")),
        (changed(|b| put(b, 7, 0, 2)), Some("g64.speed"), None),
        (changed(|b| b[10..12].copy_from_slice(&8000u16.to_le_bytes())), Some("g64.longest"), None),
        (made(&[(0, 300, 3), (1, 200, 0)], 250), Some("g64.longest"), Some("format.fields-differ")),
        (made(&[], 7928), None, None),
        (made(&[(0, 0, 3)], 7928), None, None),
        (tables(b"GCR-1541", 70, 7928), Some("g64.entries"), None),
        (tight, Some("g64.tail"), None),
        (turned, Some("g64.order"), None),
        (aliases, None, None),
    ];
    for (nth, (bytes, part, finding)) in files.into_iter().enumerate() {
        let image = read("g64", &bytes).unwrap();
        assert_eq!(image.opaque.first().map(|o| o.name.as_str()), part, "file {nth}");
        let found = codes(&image);
        assert!(finding.map_or(found.is_empty(), |code| found.contains(&code)), "file {nth}: {found:?}");
        assert!(assert_law("g64", &image) == bytes, "file {nth}");
    }
}

#[test]
fn aliases_are_one_track() {
    let mut bytes = made(&[(0, 300, 3)], 7928);
    put(&mut bytes, 1, 684, 3);
    let image = read("g64", &bytes).unwrap();
    let tracks = &image.as_floppy().unwrap().tracks;
    assert_eq!(tracks.index(at(0, 0)), tracks.index(at(1, 0)));
    let fitted = fit("g64", &image).unwrap();
    let tracks = &fitted.as_floppy().unwrap().tracks;
    assert_eq!(tracks.index(at(0, 0)), tracks.index(at(1, 0)));
}

/// The extended kind writes its own table between these and the first track.
#[test]
fn an_extension_is_kept() {
    let mut bytes = tables(b"GCR-1541", 84, 7928);
    bytes.extend(b"EXT\x01");
    bytes.extend(vec![7; 500]);
    let start = bytes.len();
    put(&mut bytes, 0, start, 3);
    bytes.extend([2, 0, 0x55, 0x55]);
    bytes.resize(start + 7930, 0);
    let image = read("g64", &bytes).unwrap();
    assert_eq!(image.opaque("g64.extension").unwrap().bytes[..4], *b"EXT\x01");
    assert_eq!(codes(&image), ["format.reserved"]);
    assert!(assert_law("g64", &image) == bytes);
}

#[test]
fn what_cannot_come_back_is_named_and_dropped() {
    let good = || made(&[(0, 300, 3), (2, 400, 2)], 7928);
    let changed = |entry: usize, start: usize, field: usize| {
        let mut bytes = good();
        put(&mut bytes, entry, start, field);
        bytes
    };
    let files = [
        (good()[..684 + 7930 + 100].to_vec(), "format.truncated"),
        (changed(4, 5, 3), "format.truncated"),
        (changed(4, 1 << 24, 3), "format.truncated"),
        (changed(4, 690, 3), "format.fields-differ"),
        (changed(0, 684, 4), "format.odd-value"),
        (changed(0, 684, 1 << 20), "format.odd-value"),
        (changed(5, 684, 1), ""),
    ];
    for (bytes, code) in files {
        let image = read("g64", &bytes).unwrap();
        assert!(code.is_empty() || codes(&image).contains(&code), "{code}: {:?}", codes(&image));
        assert!(image.opaque("g64.layout").is_some(), "{code}");
        assert!(fit("g64", &image).unwrap().opaque("g64.layout").is_none());
        assert_law("g64", &image);
    }
    let cut = read("g64", &good()[..684 + 7930 + 100]).unwrap();
    assert_eq!(track(&cut, at(2, 0)).cells().unwrap().bits.len(), 98 * 8);
}

#[test]
fn what_cannot_be_opened_names_its_place() {
    let table = [
        (b"GCR-1581".repeat(100), ErrorKind::Malformed, Span::file(0, 8)),
        (b"GCR-1541".to_vec(), ErrorKind::Truncated, Span::file(0, 12)),
        (tables(b"GCR-1541", 84, 7928)[..300].to_vec(), ErrorKind::Truncated, Span::file(12, 336)),
        (tables(b"GCR-1541", 84, 7928)[..500].to_vec(), ErrorKind::Truncated, Span::file(348, 336)),
    ];
    for (bytes, expected, at) in table {
        let error = read("g64", &bytes).unwrap_err();
        assert_eq!((error.kind, error.at.clone()), (expected, Some(at)), "{error}");
    }
}

#[test]
fn cells_become_whole_bytes_at_the_nearest_speed() {
    let mut turned = Cells::plain(pattern(3, 801), Known::Value(Ps(3_400_000)));
    turned.index_at = Known::Value(123);
    let runs = CellClock::Runs(vec![(100, Ps(3_300_000)), (300, Ps(3_950_000))]);
    let mapped = Cells { clock: runs, ..Cells::plain(pattern(4, 400), Known::Unrecorded) };
    let image = cell_disk([
        (0, 0, Cells::plain(pattern(1, 800), Known::Unrecorded)),
        (17, 0, turned),
        (20, 0, mapped),
        (33, 0, Cells::plain(pattern(2, 77), Known::Unrecorded)),
    ]);
    let fitted = fit("g64", &image).unwrap();
    let cells = |cylinder| track(&fitted, TrackAt::new(cylinder, 0)).cells().unwrap().clone();
    // Without a clock, that of a 1541 at the place.
    assert_eq!([cells(0).clock, cells(17).clock, cells(33).clock], [3_250_000, 3_500_000, 4_000_000].map(uniform));
    // The speed of a byte is that of its first cell.
    assert_eq!(cells(20).clock, CellClock::Runs(vec![(104, Ps(3_250_000)), (296, Ps(4_000_000))]));
    let (bits, held) = (cells(17).bits, pattern(3, 801).slice_wrapping(123, 801));
    assert_eq!(bits.len(), 808);
    assert!((0..801).all(|i| bits.get(i) == held.get(i)));
    assert!((801..808).all(|i| bits.get(i) == held.get(i - 8)));
    let bytes = assert_law("g64", &image);
    assert_eq!(bytes[..12], *b"GCR-1541\0\x54\xF8\x1E");
    assert_eq!(bytes.len(), 684 + 4 * 7930 + 1982);
}

#[test]
fn positions_are_half_tracks_of_its_own_drive() {
    let cells = || Cells::plain(pattern(1, 80), Known::Value(Ps(3_250_000)));
    let held = |all: &[TrackAt], tpi| {
        let tracks = all.iter().map(|at| (*at, Track::of(Reading::Cells(cells()))));
        let drive = floptical_model::DriveFacts { tpi, ..Default::default() };
        Image::floppy(Floppy { drive, layout: Known::Unrecorded, tracks: TrackMap::held(tracks) })
    };
    let image = held(&[at(1, 0), at(120, 0)], Known::Unrecorded);
    assert_eq!(positions(&fit("g64", &image).unwrap()), [at(1, 0), at(120, 0)]);
    assert_eq!(assert_law("g64", &image)[9], 121);
    // Steps of 96 tracks an inch are half tracks.
    let image = held(&[at(0, 0), at(2, 0), at(6, 0)], Known::Value(96));
    assert_eq!(positions(&fit("g64", &image).unwrap()), [at(0, 0), at(1, 0), at(3, 0)]);
    let image = held(&[at(0, 1)], Known::Unrecorded);
    assert_eq!(fit("g64", &image).unwrap().claim(ClaimKind::DiskType).unwrap().text, "GCR-1571");
    let quarter = TrackAt { quarter: 3, head: 0 };
    for place in [quarter, at(-1, 0), at(0, 2), at(255, 0), at(127, 1)] {
        let refusal = refusal(fit("g64", &held(&[place], Known::Unrecorded)));
        assert_eq!((refusal.fact, refusal.place), (Fact::Exists, Place::Track(place)), "{}", refusal.reason);
    }
    let mfm = |cylinder| (cylinder, 0, Cells::plain(pattern(1, 800), Known::Value(Ps(2_000_000))));
    let refused = refusal(fit("g64", &cell_disk([mfm(3), mfm(4)])));
    assert_eq!((refused.fact, refused.place), (Fact::Rate, Place::Track(TrackAt::new(3, 0))));
    // Noise beside tracks of a 1541 is no reason.
    assert_law("g64", &cell_disk([mfm(3), (0, 0, cells())]));
    let long = cell_disk([(3, 0, Cells::plain(pattern(1, 65_536 * 8), Known::Unrecorded))]);
    assert_eq!(refusal(fit("g64", &long)).fact, Fact::TrackLength);
}

#[test]
fn broken_files_do_no_harm() {
    suite::assert_survives("g64", &made(&[(0, 300, 3), (1, 256, 2), (40, 1000, 0)], 1000), 1);
    let mut mapped = made(&[(0, 300, 3), (1, 256, 2)], 1000);
    let map = mapped.len();
    put(&mut mapped, 0, 684, map);
    mapped.extend(vec![0xE4; 250]);
    suite::assert_survives("g64", &mapped, 2);
}

#[test]
fn files_of_others_come_back_byte_for_byte() {
    for sample in suite::samples(|f| matches!(f.trim_start_matches("gzip+"), "g64" | "g71")) {
        let image = read("g64", &sample.bytes).unwrap();
        assert!(assert_law("g64", &image) == sample.bytes, "{}", sample.path);
        assert_eq!(codes(&image), Vec::<&str>::new(), "{}", sample.path);
        let found = Registry::default().identify(&Source::from_bytes("x", sample.bytes));
        assert_eq!(found[0].format.id, "g64", "{}", sample.path);
        assert!(found[0].answer.evidence.has(Evidence::MAGIC | Evidence::STRUCTURE), "{}", sample.path);
    }
}

#[test]
fn only_files_of_this_format_are_called_so() {
    for sample in suite::samples(|f| !matches!(f.trim_start_matches("gzip+"), "g64" | "g71")) {
        let found = Registry::default().identify(&Source::from_bytes("x", sample.bytes));
        assert!(found.iter().all(|c| c.format.id != "g64"), "{}", sample.path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_cells_come_back_as_fitted(
        tracks in proptest::collection::btree_map((0i16..90, 0u8..2), (any::<u64>(), 0usize..9000, 3_700_000u64..4_300_000), 0..8),
        index in 0u64..9000,
    ) {
        let tracks = tracks.into_iter().map(|((half, head), (seed, len, cell))| {
            let mut cells = Cells::plain(pattern(seed, len), Known::Value(Ps(cell)));
            cells.index_at = if seed % 2 == 0 { Known::Value(index) } else { Known::Unrecorded };
            if seed % 3 == 0 {
                cells.clock = CellClock::Runs(vec![(len as u32 / 3, Ps(cell)), (len as u32, Ps(8_000_000 - cell))]);
            }
            (at(half, head), Track::of(Reading::Cells(cells)))
        });
        let tracks = TrackMap::held(tracks);
        let image = Image::floppy(Floppy { drive: Default::default(), layout: Known::Unrecorded, tracks });
        let bytes = assert_law("g64", &image);
        // And once more: an exact row.
        let again = read("g64", &bytes).unwrap();
        let fitted = fit("g64", &again).unwrap();
        assert_same(&again, &fitted);
        prop_assert!(emitted("g64", &fitted) == bytes);
    }
}

#[test]
fn cells_are_shared_where_nothing_changes() {
    let bits = Arc::new(pattern(5, 800));
    let cells = Cells { bits: bits.clone(), ..Cells::plain(pattern(1, 8), Known::Value(Ps(3_250_000))) };
    let fitted = fit("g64", &cell_disk([(0, 0, cells)])).unwrap();
    assert!(Arc::ptr_eq(&track(&fitted, TrackAt::new(0, 0)).cells().unwrap().bits, &bits));
}
