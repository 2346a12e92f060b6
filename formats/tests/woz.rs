//! WOZ and MOOF, at the public border.

mod suite;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{
    AreaKind, Bits, CellClock, Cells, Clock, Context, ErrorKind, Fact, Form, Known, Place, Ps, Reading, Span, Track,
    TrackAt, Why,
};
use proptest::prelude::*;
use suite::{
    Sample, assert_law, assert_same, assert_survives, capture, cell_disk, codes, disk, emitted, fit, pattern,
    positions, read, refusal, track,
};

const NONE: u8 = 0xFF;

/// Ids and bytes.
type Chunks = Vec<(&'static [u8; 4], Vec<u8>)>;

fn crc(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, b| (0..8).fold(crc ^ u32::from(*b), |crc, _| bit(crc)))
}

/// A file of chunks, with its CRC.
fn file(magic: &[u8; 4], chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = [&magic[..], &[0xFF, 0x0A, 0x0D, 0x0A, 0, 0, 0, 0]].concat();
    for (id, data) in chunks {
        bytes.extend(&id[..]);
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
    }
    sealed(bytes)
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc(&bytes[12..]).to_le_bytes();
    bytes[8..12].copy_from_slice(&sum);
    bytes
}

/// INFO of a WOZ: version, disk type, and the largest track in blocks.
fn info(version: u8, disk_type: u8, largest: u16) -> Vec<u8> {
    let mut info = vec![version, disk_type, 1, 0, 1];
    info.extend(b"A test                          ");
    if version > 1 {
        info.extend([disk_type, 1, if disk_type == 1 { 32 } else { 16 }, 0x03, 0, 48, 0]);
        info.extend(largest.to_le_bytes());
    }
    info.resize(60, 0);
    info
}

fn map(entries: &[(usize, u8)]) -> Vec<u8> {
    let mut map = vec![NONE; 160];
    entries.iter().for_each(|(at, track)| map[*at] = *track);
    map
}

/// Bytes that differ from their neighbours.
fn bytes(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| (i ^ (i >> 8) ^ seed) as u8).collect()
}

/// The table of tracks and their blocks; each counts so many cells, or bytes.
fn trks(tracks: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let (mut table, mut data) = (Vec::new(), Vec::new());
    for (count, bytes) in tracks {
        let blocks = bytes.len().div_ceil(512);
        table.extend((3 + data.len() as u16 / 512).to_le_bytes());
        table.extend((blocks as u16).to_le_bytes());
        table.extend(count.to_le_bytes());
        data.extend(bytes);
        data.resize(data.len().next_multiple_of(512), 0);
    }
    table.resize(1280, 0);
    [table, data].concat()
}

/// Two tracks of a 5.25-inch disk; the first one is seen from its neighbours.
fn two() -> Chunks {
    let mut second = bytes(7, 700);
    second[699] = 0x80;
    vec![
        (b"INFO", info(2, 1, 3)),
        (b"TMAP", map(&[(0, 0), (1, 0), (3, 1), (4, 1), (5, 1)])),
        (b"TRKS", trks(&[(1400 * 8, bytes(3, 1400)), (699 * 8 + 1, second)])),
    ]
}

fn quarter(quarter: i16) -> TrackAt {
    TrackAt { quarter, head: 0 }
}

fn uniform(cell: u64) -> CellClock {
    CellClock::Uniform(Known::Value(Ps(cell)))
}

#[test]
fn a_file_says_what_its_chunks_hold() {
    let mut chunks = two();
    chunks.push((b"META", b"title\tThe Disk\nside\t\nnotes\tNone.\n".to_vec()));
    let bytes = file(b"WOZ2", &chunks);
    let image = read("woz", &bytes).unwrap();
    let texts: Vec<String> = image.claims.iter().map(|c| format!("{}: {}", c.kind.word(), c.text)).collect();
    assert_eq!(
        texts,
        [
            "version: WOZ2",
            "version: INFO 2",
            "disk-type: 5.25 inch",
            "write-protected: yes",
            "drive: tracks captured in step with each other: no",
            "encoding: noise removed: yes",
            "creator: A test",
            "drive: sides: 1",
            "encoding: boot sector of 16 sectors",
            "rate: 4000 ns a cell",
            "disk-type: for the Apple II, II+",
            "disk-type: needs 48 KB",
            "title: The Disk",
            "comment: notes: None.",
        ]
    );
    assert!(codes(&image).is_empty());
    let parts: Vec<&str> = image.opaque.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(parts, ["woz.chunk"]);
    let floppy = image.as_floppy().unwrap();
    assert_eq!((floppy.drive.form, floppy.drive.heads), (Known::Value(Form::Inch5), Known::Value(1)));
    assert_eq!(positions(&image), [0, 1, 3, 4, 5].map(quarter));
    assert_eq!(floppy.tracks.index(quarter(0)), floppy.tracks.index(quarter(1)));
    let held = track(&image, quarter(3));
    let cells = held.cells().unwrap();
    assert_eq!((cells.bits.len(), &cells.clock), (699 * 8 + 1, &uniform(4_000_000)));
    assert_eq!((cells.bits.window(8, 8), cells.bits.window(5592, 1)), (6, 1));
    assert_eq!(cells.index_at, Known::Unrecorded);
    let place = floppy.tracks.locate(quarter(4), 0, 15..17, &Context::default());
    assert_eq!(place, Some(Span::file(1536 + 3 * 512 + 1, 2)));
    assert!(assert_law("woz", &image) == bytes);
}

#[test]
fn sides_of_3_5_inch_alternate_in_the_map() {
    let chunks = [
        (b"INFO", info(2, 2, 1)),
        (b"TMAP", map(&[(0, 0), (1, 1), (159, 2)])),
        (b"TRKS", trks(&[(80, bytes(1, 10)), (88, bytes(2, 11)), (96, bytes(3, 12))])),
    ];
    let bytes = file(b"WOZ2", &chunks);
    let image = read("woz", &bytes).unwrap();
    assert_eq!(positions(&image), [TrackAt::new(0, 0), TrackAt::new(0, 1), TrackAt::new(79, 1)]);
    assert_eq!(track(&image, TrackAt::new(0, 1)).cells().unwrap().clock, uniform(2_000_000));
    assert_eq!(image.as_floppy().unwrap().drive.form, Known::Value(Form::Inch3));
    assert!(assert_law("woz", &image) == bytes);
}

/// A record of the first version.
fn record(cells: u16, splice: u16, nibble: u8) -> Vec<u8> {
    let used = cells.div_ceil(8);
    let mut record = bytes(5, used.into());
    record.resize(6646, 0);
    record.extend([used, cells, splice].iter().flat_map(|n| n.to_le_bytes()));
    record.extend([nibble, if nibble == 0 { 0 } else { 10 }, 0, 0]);
    record
}

#[test]
fn the_first_version_has_records_and_a_splice() {
    let records = [record(51_000, 0xFFFF, 0), record(50_000, 49_000, 0xD5)].concat();
    let chunks = [(b"INFO", info(1, 1, 0)), (b"TMAP", map(&[(0, 0), (4, 1), (5, 1)])), (b"TRKS", records)];
    let bytes = file(b"WOZ1", &chunks);
    let image = read("woz", &bytes).unwrap();
    let held = track(&image, quarter(4));
    let cells = held.cells().unwrap();
    let spliced: Vec<(u64, AreaKind)> = cells.areas.iter().map(|a| (a.start, a.kind)).collect();
    assert_eq!((cells.bits.len(), spliced), (50_000, vec![(49_000, AreaKind::Splice)]));
    assert_eq!(cells.clock, CellClock::Uniform(Known::Assumed(Ps(4_000_000), Why::Format)));
    assert_eq!(image.opaque("woz.record").unwrap().bytes[4..8], [0x68, 0xBF, 0xD5, 10]);
    assert!(codes(&image).is_empty());
    assert!(assert_law("woz", &image) == bytes);
}

/// A file with a chunk FLUX: a track of cells, and one of times.
fn with_flux() -> Vec<u8> {
    let times = [40, 32, 255, 255, 3, 64, 255, 0, 31].to_vec();
    let mut info = info(3, 1, 1);
    info[46..50].copy_from_slice(&[5, 0, 1, 0]);
    let chunks = [
        (b"INFO", info),
        (b"TMAP", map(&[(0, 0)])),
        (b"TRKS", trks(&[(4000, bytes(1, 500)), (9, times)])),
        (b"FLUX", map(&[(4, 1), (5, 1)])),
        (b"WRIT", vec![1, 2, 3]),
    ];
    file(b"WOZ2", &chunks)
}

#[test]
fn times_of_flux_are_a_circle() {
    let bytes = with_flux();
    let image = read("woz", &bytes).unwrap();
    assert_eq!(positions(&image), [0, 4, 5].map(quarter));
    let held = track(&image, quarter(4));
    let flux = held.flux().unwrap();
    assert_eq!((&flux.intervals[..], flux.clock), (&[40, 32, 513, 64, 255, 31][..], Clock::hz(8_000_000)));
    assert_eq!(flux.index, suite::marks(&[(0, 0), (935, 6)]));
    assert!(codes(&image).is_empty());
    let place = image.as_floppy().unwrap().tracks.locate(quarter(5), 0, 80..600, &Context::default());
    assert_eq!(place, Some(Span::file(4 * 512 + 2, 4)));
    assert!(assert_law("woz", &image) == bytes);
}

/// INFO without its reserved bytes: the tracks begin in the same block.
#[allow(clippy::ptr_arg, reason = "a change of chunks")]
fn short_info(chunks: &mut Chunks) {
    chunks[0].1.truncate(46);
    let gap = vec![0; 14];
    chunks[2].1.splice(1280..1280, gap);
}

#[test]
fn every_odd_thing_that_is_kept_comes_back() {
    let made = |change: fn(&mut Chunks)| {
        let mut chunks = two();
        change(&mut chunks);
        file(b"WOZ2", &chunks)
    };
    let mut unsummed = file(b"WOZ2", &two());
    unsummed[8..12].fill(0);
    let tail = sealed([file(b"WOZ2", &two()), vec![1, 2, 3]].concat());
    let files = [
        (made(|c| c.push((b"XYZ ", vec![9; 7]))), "woz.chunk", None),
        (made(|c| c.extend([(b"WRIT", vec![]), (b"META", b"side\tA\n".to_vec())])), "woz.chunk", None),
        (made(short_info), "woz.info", None),
        (made(|c| c[0].1[55] = 1), "woz.info", None),
        (made(|c| c[0].1[44] = 13), "woz.info", None),
        (made(|c| *c[2].1.last_mut().unwrap() = 0xAA), "woz.pad", None),
        (made(|c| c[2].1[1280 + 1536 + 699] = 0x81), "woz.pad", None),
        (made(|c| c[2].1[1280 + 1400] = 1), "woz.pad", None),
        (unsummed, "woz.crc", None),
        (tail, "woz.tail", Some("format.tail")),
    ];
    for (nth, (bytes, part, finding)) in files.into_iter().enumerate() {
        let image = read("woz", &bytes).unwrap();
        assert_eq!(image.opaque.first().map(|o| o.name.as_str()), Some(part), "file {nth}");
        assert_eq!(codes(&image), finding.into_iter().collect::<Vec<_>>(), "file {nth}");
        assert!(assert_law("woz", &image) == bytes, "file {nth}");
    }
}

#[test]
fn what_cannot_come_back_is_named_and_dropped() {
    let made = |change: fn(&mut Chunks)| {
        let mut chunks = two();
        change(&mut chunks);
        file(b"WOZ2", &chunks)
    };
    let mut wrong = file(b"WOZ2", &two());
    wrong[9] ^= 1;
    let mut cut = file(b"WOZ2", &two());
    cut.truncate(cut.len() - 600);
    let files = [
        // Numbers in another order, a track that no position has, a track that is not there.
        (made(|c| c[1].1 = map(&[(0, 1), (4, 0)])), "format.odd-value"),
        (made(|c| c[1].1 = map(&[(0, 0)])), "format.odd-value"),
        (made(|c| c[1].1[20] = 99), "format.odd-value"),
        // A block too many, blocks over each other, more cells than room.
        (made(|c| c[2].1[2] += 1), "format.odd-value"),
        (made(|c| c[2].1[8] = 3), "format.odd-value"),
        (made(|c| c[2].1[4..8].fill(0xFF)), "format.truncated"),
        (made(|c| c[2].1[0..2].fill(0xFF)), "format.truncated"),
        // Maps of other lengths, chunks in another order.
        (made(|c| c[1].1.truncate(100)), "format.odd-value"),
        (made(|c| c.swap(0, 1)), "format.odd-value"),
        (made(|c| c[0].1[1] = 7), "format.odd-value"),
        (made(|c| c[0].1[46] = 9), "format.fields-differ"),
        (wrong, "format.checksum"),
        (cut, "format.truncated"),
    ];
    for (nth, (bytes, code)) in files.into_iter().enumerate() {
        let image = read("woz", &bytes).unwrap();
        let found = codes(&image);
        assert!(found.contains(&code), "file {nth}: {found:?}");
        let written = assert_law("woz", &image);
        let again = read("woz", &written).unwrap();
        assert!(again.opaque("woz.layout").is_none(), "file {nth}");
        assert!(assert_law("woz", &again) == written, "file {nth}");
    }
}

#[test]
fn errors_name_their_place() {
    let good = file(b"WOZ2", &two());
    let mut text = good.clone();
    text[5] = 0x0D;
    let no_map = file(b"WOZ2", &[(b"INFO", info(2, 1, 0)), (b"TRKS", trks(&[]))]);
    let files = [(&b"WOZ3"[..], 0), (&text, 4), (&no_map, 12), (&good[..9], 0)];
    for (bytes, place) in files {
        let error = read("woz", bytes).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Malformed | ErrorKind::Truncated), "{error}");
        assert!(matches!(error.at, Some(Span::File { start, .. }) if start == place), "{error}");
    }
}

#[test]
fn its_magic_and_its_crc_tell_it() {
    let evidence = |bytes: &[u8]| {
        let found = Registry::default().identify(&Source::from_bytes("any.bin", bytes.to_vec()));
        (found[0].format.id, found[0].answer.evidence)
    };
    let good = file(b"WOZ2", &two());
    let all = Evidence::MAGIC | Evidence::STRUCTURE | Evidence::CHECKSUM;
    assert_eq!(evidence(&good), ("woz", all));
    let mut moof = good.clone();
    moof[..4].copy_from_slice(b"MOOF");
    assert_eq!(evidence(&moof), ("moof", all));
    let mut text = good;
    text[6] = 0x0A;
    assert_eq!(evidence(&text), ("woz", Evidence::WEAK_MARKS));
}

fn plain(seed: u64, len: usize, cell: u64) -> Cells {
    Cells::plain(pattern(seed, len), Known::Value(Ps(cell)))
}

#[test]
fn a_disk_of_others_becomes_version_two() {
    let one_side = cell_disk((0..35).map(|c| (c, 0, plain(c.into(), 51_200 + usize::from(c), 4_000_000))));
    let bytes = assert_law("woz", &one_side);
    assert_eq!((&bytes[..4], bytes[20], bytes[21], bytes[57], bytes[59]), (&b"WOZ2"[..], 2, 1, 1, 32));
    let image = read("woz", &bytes).unwrap();
    assert_eq!(positions(&image).len(), 35);
    assert_eq!(track(&image, quarter(136)).cells().unwrap().bits, pattern(34, 51_234).into());
    let both = cell_disk((0..80).flat_map(|c| (0..2).map(move |h| (c, h, plain(9, 99_840, 2_000_000)))));
    let bytes = assert_law("woz", &both);
    assert_eq!((bytes[21], bytes[57], bytes[59]), (2, 2, 16));
    // From the index on.
    let mut turned = plain(3, 1000, 4_000_000);
    turned.index_at = Known::Value(10);
    let image = read("woz", &assert_law("woz", &cell_disk([(0, 0, turned)]))).unwrap();
    assert_eq!(*track(&image, quarter(0)).cells().unwrap().bits, pattern(3, 1000).slice_wrapping(10, 1000));
}

#[test]
fn flux_of_others_is_turned_to_a_transition() {
    // 40 MHz: 5 ticks are one.
    let held = capture(Clock::hz(40_000_000), vec![100, 160, 160, 165, 200], &[(150, 1), (500, 3), (700, 4)]);
    let image = disk([(TrackAt::new(2, 0), held)]);
    let image = read("woz", &assert_law("woz", &image)).unwrap();
    let held = track(&image, quarter(8));
    // 110 + 160, and 80 that are left before the second mark.
    assert_eq!(held.flux().unwrap().intervals[..], [38, 32]);
    let open = disk([(TrackAt::new(2, 0), capture(Clock::hz(8_000_000), vec![1, 2], &[(1, 1)]))]);
    assert_eq!(refusal(fit("woz", &open)).fact, Fact::IndexTimes);
}

#[test]
fn what_has_no_room_is_refused() {
    let far = cell_disk([(80, 0, plain(1, 100, 2_000_000))]);
    let refused = refusal(fit("woz", &far));
    assert_eq!((refused.fact, refused.place), (Fact::Exists, Place::Track(TrackAt::new(80, 0))));
    let huge = cell_disk((0..3).map(|c| (c, 0, Cells::plain(Bits::zeros(16 << 23), Known::Unrecorded))));
    assert_eq!(refusal(fit("moof", &huge)).fact, Fact::TrackLength);
}

#[test]
fn moof_has_its_own_info() {
    let mut info = vec![1, 1, 0, 1, 16];
    info.extend(b"A test                          ");
    info.extend([0, 2, 0, 0, 0, 0, 0]);
    info.resize(60, 0);
    let chunks = [
        (b"INFO", info),
        (b"TMAP", map(&[(0, 0), (2, 1)])),
        (b"TRKS", trks(&[(8000, bytes(1, 1000)), (80, bytes(2, 10))])),
    ];
    let bytes = file(b"MOOF", &chunks);
    let image = read("moof", &bytes).unwrap();
    assert_eq!(positions(&image), [TrackAt::new(0, 0), TrackAt::new(1, 0)]);
    assert!(image.opaque.is_empty() && codes(&image).is_empty());
    assert_eq!(image.as_floppy().unwrap().drive.heads, Known::Value(1));
    assert!(assert_law("moof", &image) == bytes);
    let dense = cell_disk([(0, 0, plain(1, 200_000, 1_000_000)), (0, 1, plain(2, 200_000, 1_000_000))]);
    let bytes = assert_law("moof", &dense);
    assert_eq!((&bytes[..4], bytes[21], bytes[24]), (&b"MOOF"[..], 3, 8));
}

/// A flux track beside cells of the same position, as both maps may have it.
#[test]
fn cells_and_flux_of_one_position_are_two_readings() {
    let mut bytes = with_flux();
    // FLUX stands behind five blocks; its first entry is that of position 0.
    bytes[5 * 512 + 8] = 1;
    let bytes = sealed(bytes);
    let image = read("woz", &bytes).unwrap();
    let layers: Vec<&str> = track(&image, quarter(0)).readings.iter().map(|r| r.layer().word()).collect();
    assert_eq!(layers, ["cells", "flux"]);
    assert_law("woz", &image);
}

#[test]
fn hostile_files_are_read_without_a_panic() {
    assert_survives("woz", &file(b"WOZ2", &two()), 1);
    assert_survives("woz", &with_flux(), 2);
    let records = [record(51_000, 0xFFFF, 0), record(50_000, 49_000, 0xD5)].concat();
    let chunks = [(b"INFO", info(1, 1, 0)), (b"TMAP", map(&[(0, 0), (4, 1)])), (b"TRKS", records)];
    assert_survives("woz", &file(b"WOZ1", &chunks), 3);
}

#[test]
fn files_of_the_corpus_come_back_byte_for_byte_unless_a_finding_says_why_not() {
    let kind = |f: &str| matches!(f.trim_start_matches("gzip+"), "woz" | "moof");
    for Sample { path, format, bytes } in suite::samples(kind) {
        let id = format.to_lowercase();
        let image = read(&id, &bytes).unwrap();
        let written = assert_law(&id, &image);
        match image.opaque(&format!("{id}.layout")) {
            None => assert!(written == bytes && codes(&image).is_empty(), "{path}: {:?}", codes(&image)),
            Some(_) => assert_eq!(codes(&image), ["format.odd-value"], "{path}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_disk_keeps_the_law(
        tracks in prop::collection::btree_map((0u8..80, 0u8..2), (1usize..3000, any::<u64>(), 1u8..=255), 1..8),
        id in prop::sample::select(vec!["woz", "moof"]),
    ) {
        let cells = tracks.into_iter().map(|((c, h), (len, seed, ticks))| (c, h, plain(seed, len, u64::from(ticks) * 125_000)));
        let bytes = assert_law(id, &cell_disk(cells));
        let image = read(id, &bytes).unwrap();
        prop_assert!(codes(&image).is_empty());
        let fitted = fit(id, &image).unwrap();
        assert_same(&image, &fitted);
        prop_assert!(emitted(id, &fitted) == bytes);
    }

    #[test]
    fn any_flux_keeps_the_law(intervals in prop::collection::vec(0u32..2000, 1..300)) {
        let end: u64 = intervals.iter().map(|t| u64::from(*t)).sum();
        let held = capture(Clock::hz(8_000_000), intervals.clone(), &[(0, 0), (end, intervals.len() as u32)]);
        let bytes = assert_law("woz", &disk([(TrackAt::new(1, 0), held)]));
        let image = read("woz", &bytes).unwrap();
        let again = track(&image, quarter(4));
        prop_assert_eq!(&again.flux().unwrap().intervals[..], &intervals[..]);
        prop_assert!(assert_law("woz", &image) == bytes);
    }
}

#[test]
fn a_track_without_cells_or_flux_is_refused() {
    let sectors = Track::of(Reading::Sectors(std::sync::Arc::default()));
    let image = floptical_model::Image::floppy(floptical_model::Floppy {
        drive: Default::default(),
        layout: Known::Unrecorded,
        tracks: floptical_model::TrackMap::held([(TrackAt::new(0, 0), sectors)]),
    });
    assert_eq!(refusal(fit("woz", &image)).fact, Fact::Exists);
}
