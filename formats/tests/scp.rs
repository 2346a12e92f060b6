//! SCP, at the public border.

mod suite;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{
    ClaimKind, Clock, Context, Edge, ErrorKind, Fact, Floppy, Flux, Image, Known, Place, Span, TrackAt, TrackMap,
};
use proptest::prelude::*;
use suite::{assert_law, assert_same, capture, codes, disk, emitted, fit, marks, read, refusal, track};

/// A revolution: its length, and its words.
type Turn = (u32, Vec<u16>);

/// A file as the specification draws it. `entries` tells the size of its table.
struct Made {
    header: [u8; 12],
    entries: usize,
    tracks: Vec<(u8, Vec<Turn>)>,
    gap: Vec<u8>,
    tail: Vec<u8>,
}

impl Made {
    /// Two tracks of two revolutions.
    fn plain() -> Self {
        let turn = |n: u16| (8_000_000, (1..=n).map(|i| 160 + i % 3).collect());
        Self {
            header: [b'S', b'C', b'P', 0x22, 0x80, 2, 0, 3, 3, 0, 0, 0],
            entries: 168,
            tracks: vec![(0, vec![turn(50), turn(51)]), (3, vec![turn(9), turn(7)])],
            gap: Vec::new(),
            tail: Vec::new(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut body = vec![0; self.entries * 4];
        body.extend(&self.gap);
        for (entry, turns) in &self.tracks {
            let start = (body.len() + 16) as u32;
            body[usize::from(*entry) * 4..][..4].copy_from_slice(&start.to_le_bytes());
            body.extend(b"TRK");
            body.push(*entry);
            let mut offset = 4 + 12 * u32::from(self.header[5]);
            for (ticks, words) in turns {
                for field in [*ticks, words.len() as u32, if *ticks == 0 && words.is_empty() { 0 } else { offset }] {
                    body.extend(field.to_le_bytes());
                }
                offset += words.len() as u32 * 2;
            }
            turns.iter().for_each(|(_, words)| words.iter().for_each(|w| body.extend(w.to_be_bytes())));
        }
        body.extend(&self.tail);
        [&self.header[..], &sum(&body).to_le_bytes(), &body].concat()
    }
}

fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0u32, |sum, b| sum.wrapping_add((*b).into()))
}

/// Make the checksum of a changed file right.
fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let right = sum(&bytes[16..]).to_le_bytes();
    bytes[12..16].copy_from_slice(&right);
    bytes
}

fn flux_at(image: &Image, cylinder: u8, head: u8) -> Flux {
    track(image, TrackAt::new(cylinder, head)).flux().unwrap().clone()
}

#[test]
fn a_file_says_what_its_header_and_tracks_hold() {
    let bytes = Made::plain().bytes();
    let image = read("scp", &bytes).unwrap();
    let texts: Vec<(&str, &str)> = image.claims.iter().map(|c| (c.kind.word(), c.text.as_str())).collect();
    let flags = "96 tpi, 300 rpm, from the index";
    assert_eq!(texts, [("version", "2.2"), ("disk-type", "other, type 80"), ("drive", flags)]);
    assert_eq!(suite::positions(&image), [TrackAt::new(0, 0), TrackAt::new(1, 1)]);
    let flux = flux_at(&image, 0, 0);
    assert_eq!((flux.clock, flux.start, flux.end), (Clock::hz(40_000_000), Edge::Index, Edge::Index));
    assert_eq!(flux.index, marks(&[(0, 0), (8_000_000, 50), (16_000_000, 101)]));
    assert_eq!(flux.intervals[..3], [161, 162, 160]);
    // The second time: ticks 161 to 323.
    let at = image.as_floppy().unwrap().tracks.locate(TrackAt::new(0, 0), 0, 170..180, &Context::default());
    assert_eq!(at, Some(Span::file(688 + 28 + 2, 2)));
    assert_eq!(codes(&image), Vec::<&str>::new());
    assert!(assert_law("scp", &image) == bytes);
}

#[test]
fn overflow_words_add_up_also_across_revolutions() {
    let mut made = Made::plain();
    made.tracks = vec![(4, vec![(200_000, vec![100, 0, 0, 5, 7, 0]), (300_000, vec![0, 0, 9, 0, 0, 0])])];
    let bytes = made.bytes();
    let image = read("scp", &bytes).unwrap();
    let flux = flux_at(&image, 2, 0);
    assert_eq!(*flux.intervals, [100, 131_077, 7, 3 * 65_536 + 9]);
    assert_eq!(flux.index, marks(&[(0, 0), (200_000, 3), (500_000, 4)]));
    // The time across the index begins with the last word of the first revolution.
    let at = image.as_floppy().unwrap().tracks.locate(TrackAt::new(2, 0), 0, 200_000..200_001, &Context::default());
    assert_eq!(at, Some(Span::file(688 + 28 + 10, 8)));
    assert_eq!(image.opaque("scp.split").unwrap().bytes[..], [1, 0, 0, 0, 3, 0, 0, 0]);
    let mut made = made.bytes();
    made[6..8].copy_from_slice(&[4, 4]);
    made[10] = 1;
    let image = read("scp", &made).unwrap();
    assert!(assert_law("scp", &image) == made);
}

#[test]
fn every_odd_thing_that_is_kept_comes_back() {
    let with = |change: fn(&mut Made)| {
        let mut made = Made::plain();
        change(&mut made);
        made.bytes()
    };
    let mut no_sum = Made::plain().bytes();
    no_sum[12..16].fill(0);
    let files = [
        ("resolution", with(|m| m.header[11] = 3), vec![]),
        ("resolution of nothing", with(|m| (m.header[11], m.tracks) = (3, vec![])), vec![]),
        ("revolutions of nothing", with(|m| (m.header[5], m.tracks) = (0, vec![])), vec![]),
        ("flags of nothing", with(|m| (m.header[8], m.tracks) = (0, vec![])), vec![]),
        (
            "range, width, sides",
            with(|m| m.header[6..11].copy_from_slice(&[0, 160, 1, 16, 7])),
            vec!["format.odd-value"],
        ),
        ("short table", with(|m| m.entries = 10), vec![]),
        ("block", with(|m| m.gap = b"EXTS\x04\0\0\0WRSP".to_vec()), vec![]),
        ("tail", with(|m| m.tail = vec![1, 2, 3]), vec!["format.tail"]),
        ("no checksum", no_sum, vec![]),
        ("more revolutions than any track", with(|m| m.tracks.iter_mut().for_each(|t| t.1[1] = (0, vec![]))), vec![]),
        ("fewer revolutions on one", with(|m| m.tracks[1].1[1] = (0, vec![])), vec![]),
        ("an empty one", with(|m| m.tracks[0].1 = vec![(0, vec![]), (0, vec![])]), vec!["format.odd-value"]),
        ("a blank one", with(|m| m.tracks[0].1 = vec![(8_000_000, vec![]), (8_000_000, vec![0; 122])]), vec![]),
        ("from anywhere", with(|m| m.header[8] = 0), vec![]),
        (
            "from anywhere, empty",
            with(|m| (m.header[8], m.tracks[0].1) = (0, vec![(0, vec![]); 2])),
            vec!["format.odd-value"],
        ),
        ("from anywhere, short", with(|m| (m.header[8], m.tracks[0].1[1]) = (0, (0, vec![]))), vec!["flux.no-index"]),
    ];
    for (name, bytes, expected) in files {
        let image = read("scp", &bytes).unwrap();
        assert_eq!(codes(&image), expected, "{name}");
        assert!(assert_law("scp", &image) == bytes, "{name}");
    }
}

#[test]
fn the_part_before_the_index_is_kept_and_is_no_revolution() {
    let mut made = Made::plain();
    made.header[8] = 0;
    let flux = flux_at(&read("scp", &made.bytes()).unwrap(), 0, 0);
    assert_eq!((flux.start, flux.revolutions(), flux.intervals.len()), (Edge::Anywhere, 1, 101));
    assert_eq!(flux.index, marks(&[(8_000_000, 50), (16_000_000, 101)]));
    // A lone revolution is whole.
    made.header[5] = 1;
    made.tracks.iter_mut().for_each(|t| t.1.truncate(1));
    let image = read("scp", &made.bytes()).unwrap();
    let flux = flux_at(&image, 0, 0);
    assert_eq!((flux.start, flux.revolutions()), (Edge::Anywhere, 1));
    assert!(assert_law("scp", &image) == made.bytes());
}

#[test]
fn sides_are_told_from_the_table() {
    let with = |disk_type: u8, sides: u8, entries: &[u8]| {
        let mut made = Made::plain();
        let turns = made.tracks.swap_remove(0).1;
        made.tracks = entries.iter().map(|e| (*e, turns.clone())).collect();
        (made.header[4], made.header[10]) = (disk_type, sides);
        (made.header[6], made.header[7]) = (entries[0], *entries.last().unwrap());
        let bytes = made.bytes();
        let image = read("scp", &bytes).unwrap();
        assert!(assert_law("scp", &image) == bytes);
        (suite::positions(&image), image.as_floppy().unwrap().drive.heads)
    };
    let at = |all: &[(u8, u8)]| all.iter().map(|(c, h)| TrackAt::new(*c, *h)).collect::<Vec<_>>();
    assert_eq!(with(0x80, 0, &[0, 1, 2]), (at(&[(0, 0), (0, 1), (1, 0)]), Known::Value(2)));
    assert_eq!(with(0x80, 1, &[0, 2, 4]), (at(&[(0, 0), (1, 0), (2, 0)]), Known::Value(1)));
    assert_eq!(with(0x80, 2, &[1, 3]), (at(&[(0, 1), (1, 1)]), Known::Value(1)));
    // Older tools, and half tracks of Commodore disks.
    assert_eq!(with(0x80, 1, &[0, 1, 2]), (at(&[(0, 0), (1, 0), (2, 0)]), Known::Value(1)));
    assert_eq!(with(0x80, 2, &[0, 1, 2]), (at(&[(0, 1), (1, 1), (2, 1)]), Known::Value(1)));
    assert_eq!(with(0, 0, &[0, 1, 2]), (at(&[(0, 0), (1, 0), (2, 0)]), Known::Value(2)));
}

#[test]
fn footers_and_stamps_are_claims() {
    let mut made = Made::plain();
    made.header[8] |= 0x20;
    made.header[3] = 0;
    let at = made.bytes().len() as u32;
    made.tail = b"\x05\0Maker\0\x03\0a\x1bb\0".to_vec();
    let offsets = [at, 0, 0, 0, 0, at + 8];
    offsets.iter().for_each(|o| made.tail.extend(o.to_le_bytes()));
    made.tail.extend(1_700_000_000u64.to_le_bytes());
    made.tail.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x24]);
    made.tail.extend(b"FPCS");
    let bytes = made.bytes();
    let image = read("scp", &bytes).unwrap();
    let texts: Vec<(&str, &str)> = image.claims[3..].iter().map(|c| (c.kind.word(), c.text.as_str())).collect();
    let expected = [
        ("drive", "Maker"),
        ("comment", "a\\u{1b}b"),
        ("date", "1700000000 seconds after 1970-01-01 UTC"),
        ("version", "2.4"),
    ];
    assert_eq!(texts, expected);
    assert_eq!(image.claims[3].at, Span::file(u64::from(at) + 2, 5));
    assert!(assert_law("scp", &image) == bytes);
    // Its offsets move when the tracks change.
    let mut shorter = image.clone();
    let floppy = image.as_floppy().unwrap();
    let first = floppy.tracks.get(TrackAt::new(0, 0), &Context::default()).unwrap().unwrap();
    shorter.carrier = floptical_model::Carrier::Floppy(Floppy {
        tracks: TrackMap::held([(TrackAt::new(0, 0), first)]),
        ..floppy.clone()
    });
    let fitted = fit("scp", &shorter).unwrap();
    assert_eq!(fitted.claims.len(), image.claims.len());
    let moved = read("scp", &assert_law("scp", &shorter)).unwrap();
    assert_eq!(moved.claims[3].text, "Maker");
    assert!(matches!(moved.claims[3].at, Span::File { start, .. } if start < u64::from(at)));
    // One that points elsewhere stays behind.
    let footer = made.tail.len() - 48;
    made.tail[footer..footer + 4].copy_from_slice(&700u32.to_le_bytes());
    let elsewhere = read("scp", &made.bytes()).unwrap();
    assert!(assert_law("scp", &elsewhere) == made.bytes());
    shorter.opaque = elsewhere.opaque;
    assert!(fit("scp", &shorter).unwrap().opaque("scp.tail").is_none());
    assert_law("scp", &shorter);

    let mut made = Made::plain();
    made.tail = b"8/31/2014 11:47:25 PM".to_vec();
    let image = read("scp", &made.bytes()).unwrap();
    assert_eq!(image.claim(ClaimKind::Date).unwrap().text, "8/31/2014 11:47:25 PM");
    assert!(assert_law("scp", &image) == made.bytes());
}

/// Hard drives and tapes: the table stands further on.
#[test]
fn the_extended_mode_is_read_and_comes_back() {
    let mut made = Made::plain();
    made.header[4] = 0xF0;
    made.header[8] |= 0x40;
    // What stands before the table moves all that follows.
    let before: Vec<u8> = (0..0x70).collect();
    let bytes = made.bytes();
    let (header, mut body) = (bytes[..16].to_vec(), bytes[16..].to_vec());
    for entry in body[..672].chunks_exact_mut(4) {
        let start = u32::from_le_bytes(entry.try_into().unwrap());
        entry.copy_from_slice(&(if start > 0 { start + 0x70 } else { 0 }).to_le_bytes());
    }
    let bytes = summed([header, before.clone(), body].concat());
    let image = read("scp", &bytes).unwrap();
    assert_eq!(image.claims[1].text, "hard drive, type F0");
    assert!(image.claims[2].text.contains("another medium"));
    assert_eq!(image.opaque("scp.extended").unwrap().bytes[..], before);
    assert_eq!(flux_at(&image, 0, 0), flux_at(&read("scp", &Made::plain().bytes()).unwrap(), 0, 0));
    assert!(codes(&image).is_empty());
    assert!(assert_law("scp", &image) == bytes);
    suite::assert_survives("scp", &bytes, 5);
}

/// A header that names one side, and entries of the other.
#[test]
fn a_side_that_is_not_there_is_told() {
    let mut made = Made::plain();
    (made.header[10], made.tracks[0].0) = (1, 1);
    made.header[6] = 1;
    let image = read("scp", &made.bytes()).unwrap();
    assert_eq!(codes(&image), ["format.fields-differ"]);
    assert_eq!(suite::positions(&image), [TrackAt::new(0, 1), TrackAt::new(1, 1)]);
    assert!(assert_law("scp", &image) == made.bytes());
}

#[test]
fn what_cannot_come_back_is_named_and_dropped() {
    let good = Made::plain().bytes();
    let changed = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        summed(changed)
    };
    let second = u32::from_le_bytes(good[28..32].try_into().unwrap()) as usize;
    let mut wrong_sum = good.clone();
    wrong_sum[12] ^= 1;
    let files = [
        ("cut in the data", summed(good[..good.len() - 5].to_vec()), "format.truncated", "scp.layout"),
        ("cut in the header", summed(good[..second + 9].to_vec()), "format.truncated", "scp.layout"),
        ("no track header", changed(second, b"KRT"), "format.fields-differ", "scp.layout"),
        ("another number", changed(second + 3, &[9]), "format.fields-differ", "scp.layout"),
        ("overlapping", changed(28, &(second as u32 - 40).to_le_bytes()), "format.fields-differ", "scp.layout"),
        ("data elsewhere", changed(second + 12, &[30]), "format.odd-value", "scp.layout"),
        ("no revolutions", changed(5, &[0]), "format.odd-value", "scp.layout"),
        ("wrong sum", wrong_sum, "format.checksum", "scp.checksum"),
    ];
    for (name, bytes, code, part) in files {
        let image = read("scp", &bytes).unwrap();
        assert!(codes(&image).contains(&code), "{name}: {:?}", codes(&image));
        assert!(image.opaque(part).is_some(), "{name}");
        assert!(fit("scp", &image).unwrap().opaque(part).is_none(), "{name}");
        assert_law("scp", &image);
    }
    // What is there is kept.
    let image = read("scp", &summed(good[..good.len() - 5].to_vec())).unwrap();
    assert_eq!(flux_at(&image, 1, 1).intervals.len(), 9 + 4);
}

#[test]
fn what_cannot_be_opened_names_its_place() {
    let good = Made::plain().bytes();
    for (at, byte, kind, len) in [(0, 0, ErrorKind::Malformed, 3), (9, 8, ErrorKind::Unsupported, 1)] {
        let mut bytes = good.clone();
        bytes[at] = byte;
        let error = read("scp", &bytes).unwrap_err();
        assert_eq!((error.kind, error.at.clone()), (kind, Some(Span::file(at as u64, len))), "{error}");
    }
    assert_eq!(read("scp", &good[..10]).unwrap_err().kind, ErrorKind::Truncated);
}

#[test]
fn evidence_grows_with_what_holds() {
    let evidence = |bytes: Vec<u8>| {
        let found = Registry::default().identify(&Source::from_bytes("x", bytes));
        found.iter().find(|c| c.format.id == "scp").map(|c| c.answer.evidence)
    };
    let good = Made::plain().bytes();
    let mut changed = good.clone();
    changed[700] ^= 1;
    assert_eq!(evidence(good.clone()), Some(Evidence::MAGIC | Evidence::STRUCTURE | Evidence::CHECKSUM));
    assert_eq!(evidence(changed), Some(Evidence::MAGIC | Evidence::STRUCTURE));
    assert_eq!(evidence(good[..16].to_vec()), Some(Evidence::WEAK_MARKS));
    assert_eq!(evidence(b"SCPUMA: a text about cats".to_vec()), None);
}

#[test]
fn captures_are_cut_at_their_index_marks() {
    let kryoflux = Clock::new(18_432_000 * 73, 14 * 2 * 2).unwrap();
    let flux = capture(kryoflux, vec![96; 150_000], &[(2_000, 20), (4_806_000, 50_062), (9_610_000, 100_104)]);
    let image = disk([(TrackAt::new(41, 0), flux)]);
    let fitted = fit("scp", &image).unwrap();
    let held = flux_at(&fitted, 41, 0);
    assert_eq!((held.start, held.intervals.len(), held.revolutions()), (Edge::Index, 100_084, 2));
    // 16 ticks after the index, and 4,804,000 ticks a revolution, at 40 MHz.
    assert_eq!((held.intervals[0], held.revolution_ticks(0)), (27, Some(7_997_527)));
    let total: u64 = held.intervals.iter().map(|t| u64::from(*t)).sum();
    assert_eq!(total, Clock::hz(40_000_000).to_ticks(kryoflux.to_ps(16 + 100_083 * 96)));
    assert_law("scp", &image);
}

#[test]
fn tracks_with_fewer_revolutions_keep_theirs() {
    let clock = Clock::hz(20_000_000);
    let cued = |turns: u32| {
        let index: Vec<(u64, u32)> = (0..=turns).map(|i| (u64::from(i) * 4_000_000, i * 10)).collect();
        capture(clock, vec![400_001; turns as usize * 10 + 1], &index)
    };
    let image = disk([(TrackAt::new(0, 0), cued(5)), (TrackAt::new(0, 1), cued(2))]);
    let bytes = assert_law("scp", &image);
    assert_eq!((bytes[5], bytes[11]), (5, 1));
    assert_eq!(flux_at(&read("scp", &bytes).unwrap(), 0, 1).revolutions(), 2);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let good = || capture(Clock::hz(40_000_000), vec![100; 10], &[(0, 0), (1000, 10)]);
    let half = TrackAt { quarter: 2, head: 0 };
    let many: Vec<(u64, u32)> = (0..=256).map(|i| (i, 0)).collect();
    let table = [
        (half, good(), Fact::Exists),
        (TrackAt::new(84, 0), good(), Fact::Exists),
        (TrackAt::new(0, 2), good(), Fact::Exists),
        (TrackAt::new(0, 0), capture(Clock::hz(1000), vec![100; 10], &[(500, 5)]), Fact::IndexTimes),
        (TrackAt::new(0, 0), capture(Clock::hz(1000), vec![100; 10], &[(500, 5), (20, 0)]), Fact::IndexTimes),
        (TrackAt::new(0, 0), capture(Clock::hz(1000), vec![100; 10], &[(0, 0), (200_000, 10)]), Fact::IndexTimes),
        (TrackAt::new(0, 0), capture(Clock::hz(1000), vec![100; 10], &many), Fact::Revolutions),
    ];
    for (at, flux, fact) in table {
        let refusal = refusal(fit("scp", &disk([(at, flux)])));
        assert_eq!((refusal.fact, refusal.place), (fact, Place::Track(at)), "{}", refusal.reason);
    }
}

#[test]
fn broken_files_do_no_harm() {
    let mut made = Made::plain();
    made.tracks[0].1[0].1.push(0);
    made.tail = b"8/31/2014".to_vec();
    suite::assert_survives("scp", &made.bytes(), 3);
}

fn assert_exact(name: &str, bytes: &[u8]) {
    let source = Source::from_bytes(name.to_owned(), bytes.to_vec());
    let found = Registry::default().identify(&source);
    assert_eq!(found[0].format.id, "scp", "{name}");
    assert!(found[0].answer.evidence.has(Evidence::MAGIC | Evidence::STRUCTURE), "{name}");
    let image = read("scp", bytes).unwrap();
    assert_eq!(codes(&image).iter().filter(|c| **c != "flux.no-index").count(), 0, "{name}");
    assert!(image.opaque.iter().map(|o| o.bytes.len()).sum::<usize>() < 1000, "{name}");
    assert!(assert_law("scp", &image) == bytes, "{name}");
}

#[test]
fn files_of_others_come_back_byte_for_byte() {
    for sample in suite::samples(|f| f == "scp") {
        assert_exact(&sample.path, &sample.bytes);
    }
    let Some(folder) = suite::corpus() else { return };
    let Ok(captures) = std::fs::read_dir(folder.join("flux-quality")) else { return };
    for path in captures.map(|entry| entry.unwrap().path()).filter(|p| p.to_string_lossy().ends_with(".scp.gz")) {
        assert_exact(&path.to_string_lossy(), &suite::gunzip(&std::fs::read(&path).unwrap()));
    }
}

#[test]
fn only_files_of_this_format_are_called_so() {
    for sample in suite::samples(|_| true) {
        let found = Registry::default().identify(&Source::from_bytes("x", sample.bytes));
        assert_eq!(found.iter().any(|c| c.format.id == "scp"), sample.format == "scp", "{}", sample.path);
    }
}

prop_compose! {
    fn captures()(
        hz in prop_oneof![Just(40_000_000u64), Just(20_000_000), Just(24_027_428), Just(72_000_000), Just(8_000_000)],
        intervals in proptest::collection::vec(prop_oneof![1u32..400, 0u32..300_000, Just(65_536u32)], 0..300),
        cuts in proptest::collection::vec(0.0f64..1.0, 2..6),
        late in 0u64..1000,
    ) -> Flux {
        let mut at: Vec<usize> = cuts.iter().map(|c| (c * (intervals.len() + 1) as f64) as usize).collect();
        at.sort_unstable();
        let time = |n: usize| intervals[..n].iter().map(|t| u64::from(*t)).sum::<u64>();
        let index: Vec<(u64, u32)> = at.iter().map(|n| (time(*n) + late.min(intervals.get(*n).copied().unwrap_or(0).into()), *n as u32)).collect();
        capture(Clock::hz(hz), intervals, &index)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_capture_comes_back_as_fitted(
        tracks in proptest::collection::btree_map((0u8..84, 0u8..2), captures(), 0..5),
    ) {
        let image = disk(tracks.into_iter().map(|((c, h), flux)| (TrackAt::new(c, h), flux)));
        let bytes = assert_law("scp", &image);
        // And once more: an exact row.
        let again = read("scp", &bytes).unwrap();
        let fitted = fit("scp", &again).unwrap();
        assert_same(&again, &fitted);
        prop_assert!(emitted("scp", &fitted) == bytes);
    }
}
