//! MFI, at the public border.

mod suite;

use std::io::Write;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{Clock, Edge, ErrorKind, Fact, Form, Image, Known, Layout, Place, TrackAt, Why};
use proptest::prelude::*;
use suite::{assert_law, assert_survives, capture, codes, disk, fit, marks, read, refusal, track};

const NEUTRAL: u32 = 1 << 28;
const END: u32 = 3 << 28;

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A file as MAME describes it.
struct Made {
    magic: &'static [u8; 16],
    cylinders: u32,
    heads: u32,
    letters: [u8; 8],
    /// Entry of the table, splice, words.
    tracks: Vec<(usize, u32, Vec<u32>)>,
    gap: Vec<u8>,
    tail: Vec<u8>,
}

impl Made {
    fn plain() -> Self {
        let words = vec![1000, 4000, 6000, 4000];
        Self {
            magic: b"MAMEFLOPPYIMAGE\0",
            cylinders: 2,
            heads: 2,
            letters: *b"35  DSDD",
            tracks: vec![(0, 0, words.clone()), (3, 77, words)],
            gap: Vec::new(),
            tail: Vec::new(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let entries = ((self.cylinders & 0xFF) << (self.cylinders >> 30)) * self.heads;
        let mut bytes = self.magic.to_vec();
        bytes.extend([self.cylinders, self.heads].map(u32::to_le_bytes).concat());
        bytes.extend(self.letters);
        bytes.resize(32 + 16 * entries as usize, 0);
        for (entry, splice, words) in &self.tracks {
            bytes.extend(&self.gap);
            let unpacked: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
            let packed = zlib(&unpacked);
            let fields = [bytes.len() as u32, packed.len() as u32, unpacked.len() as u32, *splice];
            bytes[32 + 16 * entry..][..16].copy_from_slice(&fields.map(u32::to_le_bytes).concat());
            bytes.extend(packed);
        }
        bytes.extend(&self.tail);
        bytes
    }
}

fn intervals(image: &Image, at: TrackAt) -> Vec<u32> {
    track(image, at).flux().unwrap().intervals.to_vec()
}

/// Read, held against the law, and the names of what is kept.
fn kept(made: &Made) -> (Image, Vec<String>) {
    let image = read("mfi", &made.bytes()).unwrap();
    assert_law("mfi", &image);
    let names = image.opaque.iter().map(|o| o.name.clone()).collect();
    (image, names)
}

#[test]
fn a_file_says_what_its_header_and_tracks_hold() {
    let (image, kept) = kept(&Made::plain());
    let claims: Vec<&str> = image.claims.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(claims, ["MAMEFLOPPYIMAGE", "35", "DSDD"]);
    let drive = &image.as_floppy().unwrap().drive;
    assert_eq!((drive.form, drive.heads), (Known::Value(Form::Inch3), Known::Value(2)));
    assert_eq!(drive.rotation, Known::Assumed(Layout::RPM_300, Why::Format));
    assert_eq!(suite::positions(&image), [TrackAt::new(0, 0), TrackAt::new(1, 1)]);
    let flux = track(&image, TrackAt::new(1, 1)).flux().unwrap().clone();
    assert_eq!((flux.clock, flux.start, flux.end), (Clock::hz(1_000_000_000), Edge::Index, Edge::Index));
    assert_eq!(*flux.intervals, [1000, 4000, 6000, 4000]);
    assert_eq!(flux.index, marks(&[(0, 0), (200_000_000, 4)]));
    assert_eq!(kept, ["mfi.splice"]);
    assert!(codes(&image).is_empty());
}

#[test]
fn the_old_form_reads_as_the_new_one() {
    const B: u32 = 1 << 28;
    let mut made = Made::plain();
    made.magic = b"MESSFLOPPYIMAGE\0";
    made.tracks = vec![(0, 0, vec![3000, B | 4000, 4000, B | 199_989_000])];
    let image = read("mfi", &made.bytes()).unwrap();
    assert_eq!(image.claims[0].text, "MESSFLOPPYIMAGE");
    assert_eq!(intervals(&image, TrackAt::new(0, 0)), [0, 3000, 4000, 4000]);
    // Written as the new form; all but the name of the form is the same.
    let fitted = fit("mfi", &image).unwrap();
    assert_eq!(fitted.claims[0].text, "MAMEFLOPPYIMAGE");
    assert_law("mfi", &image);
}

#[test]
fn every_odd_thing_that_is_kept_comes_back() {
    let with = |change: fn(&mut Made)| {
        let mut made = Made::plain();
        change(&mut made);
        made
    };
    let splice = "mfi.splice";
    let cases = [
        ("zones", with(|m| m.tracks[0].2 = vec![10, NEUTRAL | 20, END | 5000, 30]), vec!["mfi.zones", splice], vec![]),
        ("only a zone", with(|m| m.tracks[0].2 = vec![NEUTRAL, END | 199_999_999]), vec!["mfi.zones", splice], vec![]),
        (
            "zones that do not end",
            with(|m| m.tracks[0].2 = vec![10, NEUTRAL | 20, 30]),
            vec!["mfi.zones", splice],
            vec!["format.odd-value"],
        ),
        (
            "kinds that nobody knows",
            with(|m| m.tracks[0].2 = vec![10, 9 << 28 | 20, 30]),
            vec!["mfi.zones", splice],
            vec!["format.odd-value"],
        ),
        (
            "beyond the turn",
            with(|m| m.tracks[0].2 = vec![150_000_000, 60_000_000]),
            vec![splice],
            vec!["format.odd-value"],
        ),
        ("more cylinders", with(|m| m.cylinders = 40), vec![splice, "mfi.steps"], vec![]),
        ("half steps", with(|m| m.cylinders = 1 << 30 | 2), vec![splice], vec![]),
        (
            "finer than needed",
            with(|m| (m.cylinders, m.tracks[1].0) = (2 << 30 | 2, 8)),
            vec![splice, "mfi.steps"],
            vec![],
        ),
        ("a gap", with(|m| m.gap = vec![1, 2, 3]), vec![splice, "mfi.gap", "mfi.gap"], vec![]),
        ("a tail", with(|m| m.tail = vec![9; 5]), vec![splice, "mfi.tail"], vec!["format.tail"]),
        ("no form", with(|m| m.letters = [0; 8]), vec![splice], vec![]),
    ];
    for (name, made, parts, findings) in cases {
        let (image, kept) = kept(&made);
        let (mut kept, mut parts) = (kept, parts);
        kept.sort();
        parts.sort_unstable();
        assert_eq!(kept, parts, "{name}");
        assert_eq!(codes(&image), findings, "{name}");
    }
}

#[test]
fn high_density_at_360_rpm_is_told_by_its_shortest_distances() {
    let mut made = Made::plain();
    made.letters = *b"525 \0\0\0\0";
    made.tracks = vec![(0, 0, [2400, 3600, 2400, 4800].repeat(100))];
    let (image, _) = kept(&made);
    assert_eq!(image.as_floppy().unwrap().drive.rotation, Known::Assumed(Layout::RPM_360, Why::Format));
    assert_eq!(track(&image, TrackAt::new(0, 0)).flux().unwrap().clock, Clock::hz(1_200_000_000));
    made.letters = *b"8   SSSD";
    made.tracks = vec![(0, 0, vec![4800, 9600])];
    let (image, _) = kept(&made);
    assert_eq!(image.as_floppy().unwrap().drive.rotation, Known::Assumed(Layout::RPM_360, Why::Format));
}

#[test]
fn a_capture_becomes_its_first_turn_by_angle() {
    // 10 ticks after the first mark; a turn of 1000 ticks, then another.
    let flux = capture(Clock::hz(5000), vec![40, 500, 470, 999, 10], &[(30, 0), (1030, 3), (2030, 4)]);
    let fitted = fit("mfi", &disk([(TrackAt::new(4, 1), flux)])).unwrap();
    assert_eq!(intervals(&fitted, TrackAt::new(4, 1)), [2_000_000, 100_000_000, 94_000_000]);
    assert_law("mfi", &fitted);
}

#[test]
fn what_mfi_cannot_hold_is_refused_by_name() {
    let flux = || capture(Clock::hz(5000), vec![40, 500], &[(0, 0), (1000, 2)]);
    let refused = |image: &Image| refusal(fit("mfi", image));
    let far = refused(&disk([(TrackAt::new(84, 0), flux())]));
    assert_eq!((far.fact, far.place), (Fact::Exists, Place::Track(TrackAt::new(84, 0))));
    let third = refused(&disk([(TrackAt::new(0, 2), flux())]));
    assert_eq!(third.fact, Fact::Exists);
    let once = capture(Clock::hz(5000), vec![40, 500], &[(0, 0)]);
    assert_eq!(refused(&disk([(TrackAt::new(0, 0), once)])).fact, Fact::IndexTimes);
    let nothing = capture(Clock::hz(5000), vec![40, 500], &[(7, 0), (7, 0)]);
    assert_eq!(refused(&disk([(TrackAt::new(0, 0), nothing)])).fact, Fact::IndexTimes);
    // A quarter step is held.
    assert_law("mfi", &disk([(TrackAt { quarter: 5, head: 0 }, flux())]));
}

#[test]
fn damage_is_told_with_its_place() {
    let good = Made::plain().bytes();
    let first = 32 + 4 * 16;
    let changed = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let of = |bytes: &[u8]| codes(&read("mfi", bytes).unwrap());
    assert_eq!(of(&good[..good.len() - 1]), ["format.fields-differ", "format.truncated", "format.checksum"]);
    assert_eq!(of(&good[..100])[0], "format.fields-differ");
    assert_eq!(of(&good[..60])[0], "format.truncated");
    assert!(of(&changed(first, &[0xFF; 4])).contains(&"wrap.corrupt"));
    // Longer and shorter than its words.
    assert_eq!(of(&changed(40, &20u32.to_le_bytes())), ["format.fields-differ"]);
    assert_eq!(of(&changed(40, &8u32.to_le_bytes())), ["format.fields-differ"]);
    assert_eq!(of(&changed(40, &u32::MAX.to_le_bytes())), ["format.fields-differ"]);
    for field in [16, 20] {
        let error = read("mfi", &changed(field, &[0xFF; 4])).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Malformed);
        assert!(error.at.is_some());
    }
    assert_survives("mfi", &good, 1);
}

#[test]
fn it_is_recognised_by_its_magic_and_its_table() {
    let evidence = |bytes: Vec<u8>| {
        let ranked = Registry::default().identify(&Source::from_bytes("x", bytes));
        ranked.first().map(|c| (c.format.id, c.answer.evidence))
    };
    let good = Made::plain().bytes();
    assert_eq!(evidence(good.clone()), Some(("mfi", Evidence::MAGIC | Evidence::STRUCTURE)));
    assert_eq!(evidence(good[..90].to_vec()), Some(("mfi", Evidence::MAGIC)));
}

/// MFI of others become themselves again, with nothing lost.
#[test]
fn files_of_others_come_back() {
    for sample in suite::samples(|format| format == "mfi") {
        let image = read("mfi", &sample.bytes).unwrap();
        // HxC writes nanoseconds for angles: a track of 200.064 ms does not end where the turn does.
        let odd = codes(&image).into_iter().filter(|code| *code != "format.odd-value").count();
        assert_eq!(odd, 0, "{}: {:?}", sample.path, codes(&image));
        let fitted = fit("mfi", &image).unwrap();
        suite::assert_same(&image, &fitted);
        assert_law("mfi", &image);
    }
}

proptest! {
    /// Any turn that words can say comes back, and its zones with it.
    #[test]
    fn any_turn_comes_back(
        deltas in proptest::collection::vec((0u32..3000, 0u32..9), 1..200),
        quarter in 0i16..333,
        head in 0u8..2,
    ) {
        let mut made = Made::plain();
        let quarter = quarter / 2 * 2;
        made.cylinders = 1 << 30 | 84;
        let words = deltas.iter().map(|(delta, kind)| delta | u32::from(*kind == 8) << 28).collect();
        made.tracks = vec![(usize::from(quarter as u16) + usize::from(head), 5, words)];
        let image = read("mfi", &made.bytes()).unwrap();
        assert_law("mfi", &image);
        suite::assert_same(&image, &fit("mfi", &image).unwrap());
    }
}
