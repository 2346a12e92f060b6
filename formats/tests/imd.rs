//! IMD at its public border: files made by bytes, the same bytes back, random
//! disks, hostile files, and the corpus where it is present.

mod suite;

use std::sync::Arc;

use floptical_formats::{Evidence, NotFitted, Registry};
use floptical_io::Source;
use floptical_model::{
    Check, ClaimKind, Context, DataField, DriveFacts, Fact, Floppy, Image, Known, Place, Rate, Reading, RecordForm,
    Scheme, SectorId, Sectors, Severity, Sighting, Slot, Status, Track, TrackAt, TrackMap,
};
use proptest::prelude::*;
use suite::Sample;

fn read(bytes: &[u8]) -> floptical_model::Result<Image> {
    suite::read("imd", bytes)
}

fn fit(image: &Image) -> Result<Image, NotFitted> {
    suite::fit("imd", image)
}

fn emit(image: &Image) -> Vec<u8> {
    suite::emitted("imd", image)
}

/// Read, fit, write.
fn again(bytes: &[u8]) -> Vec<u8> {
    emit(&fit(&read(bytes).expect("a readable file")).expect("its own format takes it"))
}

fn sectors_of(image: &Image, cylinder: u8, head: u8) -> Vec<Sectors> {
    let floppy = image.as_floppy().expect("a floppy");
    let track = floppy.tracks.get(TrackAt::new(cylinder, head), &Context::default()).expect("readable");
    let sectors = |r| if let Reading::Sectors(s) = r { Sectors::clone(&s) } else { panic!("sectors") };
    track.expect("a track").readings.into_iter().map(sectors).collect()
}

/// Everything that an image says, without where it was read from.
type Said = (Vec<(TrackAt, Vec<Sectors>)>, Vec<(ClaimKind, Vec<u8>)>, Vec<(String, Place, Vec<u8>)>);

fn said(image: &Image) -> Said {
    let bare = |mut s: Sectors| {
        for slot in &mut s.slots {
            let seen = Sighting { id_span: None, data_span: None, ..slot.chosen().clone() };
            *slot = Slot::one(seen);
        }
        s
    };
    let floppy = image.as_floppy().expect("a floppy");
    let track = |at: TrackAt| {
        let cylinder = at.cylinder().expect("a whole step");
        (at, sectors_of(image, cylinder, at.head).into_iter().map(bare).collect())
    };
    (
        floppy.tracks.positions().map(track).collect(),
        image.claims.iter().map(|c| (c.kind, c.raw.clone())).collect(),
        image.opaque.iter().map(|o| (o.name.clone(), o.place.clone(), o.bytes.to_vec())).collect(),
    )
}

const TEXT: &[u8] = b"IMD 1.18: 01/02/2003 04:05:06\r\nA comment\r\n\x1a";

fn file(parts: &[&[u8]]) -> Vec<u8> {
    [&[TEXT], parts].concat().concat()
}

/// One record of each type 0 to 8, sectors of 128 bytes.
fn every_type() -> Vec<u8> {
    let mut track = vec![5, 3, 1, 9, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
    for kind in 1..=8u8 {
        track.push(kind);
        if kind % 2 == 1 { track.extend((0..128).map(|i| i ^ kind)) } else { track.push(0xE0 | kind) }
    }
    file(&[&track])
}

#[test]
fn every_record_type_says_what_it_is() {
    let image = read(&every_type()).unwrap();
    let [track] = &sectors_of(&image, 3, 1)[..] else { panic!("one reading") };
    assert_eq!((track.ordered, track.rate), (true, Known::Value(Rate::DD)));
    use Check::{Bad, Good};
    use RecordForm::{Filled, Full};
    let table = [
        (9, None),
        (8, Some((0xFB, Good, Full))),
        (7, Some((0xFB, Good, Filled))),
        (6, Some((0xF8, Good, Full))),
        (5, Some((0xF8, Good, Filled))),
        (4, Some((0xFB, Bad, Full))),
        (3, Some((0xFB, Bad, Filled))),
        (2, Some((0xF8, Bad, Full))),
        (1, Some((0xF8, Bad, Filled))),
    ];
    for (kind, (slot, (r, rest))) in (0u8..).zip(track.slots.iter().zip(table)) {
        let seen = slot.chosen();
        assert_eq!(seen.id, Known::Value(Some(SectorId { c: 3, h: 1, r, n: 0 })));
        assert_eq!((seen.scheme, seen.id_check), (Scheme::IbmMfm, Known::Unrecorded));
        match rest {
            None => assert_eq!(
                (slot.status(), seen.mark, seen.data_check),
                (Status::Missing, Known::Unrecorded, Known::Unrecorded)
            ),
            Some((mark, check, form)) => {
                assert_eq!(seen.mark, Known::Value(mark));
                assert_eq!(seen.data_check, Known::Value(check));
                assert_eq!(seen.form, Known::Value(form));
                let expected: Vec<u8> = (0..128u8).map(|i| if form == Full { i ^ kind } else { 0xE0 | kind }).collect();
                assert_eq!(seen.data.bytes().unwrap()[..], expected[..]);
            }
        }
    }
    assert!(image.findings.is_empty());
    assert_eq!(again(&every_type()), every_type());
}

#[test]
fn spans_lead_to_the_bytes_of_the_file() {
    let bytes = every_type();
    let image = read(&bytes).unwrap();
    for slot in &sectors_of(&image, 3, 1)[0].slots {
        let Some(floptical_model::Span::File { start, len, .. }) = slot.chosen().data_span else { continue };
        let stored = &bytes[start as usize..(start + len) as usize];
        let data = slot.chosen().data.bytes().unwrap();
        assert!(stored == &data[..] || (stored.len() == 1 && data.iter().all(|b| *b == stored[0])));
    }
    let comment = image.claim(ClaimKind::Comment).unwrap();
    let floptical_model::Span::File { start, len, .. } = comment.at else { panic!("in the file") };
    assert_eq!(&bytes[start as usize..][..len as usize], comment.raw);
    assert_eq!(comment.raw, b"A comment\r\n");
}

#[test]
fn modes_are_schemes_and_rates() {
    let track = |mode: u8| [mode, mode, 0, 1, 0, 1, 2, 0xE5];
    let tracks: Vec<u8> = (0..6).flat_map(track).collect();
    let bytes = file(&[&tracks]);
    let image = read(&bytes).unwrap();
    let rates = [Rate::HD, Rate::DD_360, Rate::DD];
    for mode in 0..6u8 {
        let track = &sectors_of(&image, mode, 0)[0];
        assert_eq!(track.rate, Known::Value(rates[usize::from(mode % 3)]));
        let scheme = if mode < 3 { Scheme::IbmFm } else { Scheme::IbmMfm };
        assert_eq!(track.slots[0].chosen().scheme, scheme);
    }
    assert_eq!(again(&bytes), bytes);
}

/// Odd and regular files alike come back byte for byte.
#[test]
fn what_is_read_is_written_again() {
    let fill: &[u8] = &[2, 0xE5];
    let table: &[(&str, Vec<u8>)] = &[
        ("no track", file(&[])),
        ("no comment", b"IMD 1.18: 01/02/2003 04:05:06\r\n\x1a".to_vec()),
        ("no line end", b"IMD 1.19: 21-10-2023 08:01:25a2kit\x1a".to_vec()),
        ("no line", b"IMD \x1a".to_vec()),
        ("no date", b"IMD 1.18: 00/00/0000 00:00:00\r\n\x1a".to_vec()),
        ("comment of line ends", b"IMD 1.18: 01/02/2003 04:05:06\n\r\n\r\n\x1a".to_vec()),
        ("bytes of no character set", b"IMD 1.18: 01/02/2003 04:05:06\r\n\xff\0\x80\x1a".to_vec()),
        ("needless maps", file(&[&[5, 2, 0xC0, 1, 0, 1, 2, 0], fill])),
        ("needed cylinder map", file(&[&[5, 2, 0x80, 1, 0, 1, 7], fill])),
        ("needed head map", file(&[&[5, 2, 0x41, 1, 0, 1, 0], fill])),
        ("needless table", file(&[&[5, 2, 0, 2, 0xFF, 1, 2, 128, 0, 128, 0], fill, fill])),
        ("table", file(&[&[5, 2, 0, 2, 0xFF, 1, 2, 128, 0, 0, 1], fill, fill])),
        (
            "sizes of no code",
            file(&[&[5, 2, 0, 3, 0xFF, 1, 2, 3, 5, 0, 0, 0, 0x2C, 1], &[1, 1, 2, 3, 4, 5], &[1], &[0]]),
        ),
        ("empty FM track", file(&[&[1, 0, 0, 0, 3], &[4, 0, 0x80, 0, 0], &[3, 1, 0, 0, 0xFF]])),
        ("heads above 1", file(&[&[5, 0, 0x3F, 1, 0, 1], fill])),
        ("order", file(&[&[5, 1, 0, 1, 0, 1], fill, &[5, 0, 1, 1, 0, 1], fill, &[5, 0, 0, 1, 0, 1], fill])),
        ("twice", file(&[&[5, 0, 0, 1, 0, 1], fill, &[2, 0, 0, 1, 0, 7], fill, &[5, 1, 0, 0, 0]])),
        ("twice, apart", file(&[&[5, 1, 0, 1, 0, 1], fill, &[5, 0, 0, 0, 0], &[2, 1, 0xC0, 1, 0, 7, 1, 0], fill])),
        ("in full", file(&[&[5, 0, 0, 1, 0, 1, 1], &[7; 128]])),
        ("tail", file(&[&[5, 0, 0, 1, 0, 1], fill, &[0x1A; 9]])),
        ("cut in a header", file(&[&[5, 0, 0, 1, 0, 1], fill, &[5, 1, 0]])),
        ("cut in a map", file(&[&[5, 0, 0, 1, 0, 1], fill, &[5, 1, 0x80, 2, 0, 1, 2, 3]])),
        ("cut in a sector", file(&[&[5, 0, 0, 3, 0, 1, 2, 3], fill, &[1, 9, 9]])),
        ("cut after a type", file(&[&[5, 0, 0, 3, 0, 1, 2, 3], fill, &[2]])),
        ("cut before a type", file(&[&[5, 0, 0, 3, 0, 1, 2, 3], fill])),
        ("bad type", file(&[&[5, 0, 0, 3, 0, 1, 2, 3], fill, &[9, 5, 1, 0, 0, 0]])),
        ("bad size", file(&[&[5, 0, 0, 1, 0, 1], fill, &[5, 1, 0, 1, 7, 1, 2, 3]])),
        ("fill of nothing", file(&[&[5, 0, 0, 1, 0xFF, 1, 0, 0, 2, 3]])),
    ];
    for (name, bytes) in table {
        let image = read(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        let fitted = fit(&image).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(said(&fitted), said(&image), "{name}");
        assert_eq!(emit(&fitted), *bytes, "{name}");
    }
}

#[test]
fn cut_files_give_what_is_there_and_say_so() {
    let whole = every_type();
    for end in TEXT.len() + 15..whole.len() {
        let image = read(&whole[..end]).unwrap();
        let track = &sectors_of(&image, 3, 1)[0];
        assert_eq!(track.slots.len(), 9, "the maps name nine sectors");
        assert_eq!(image.findings.worst(), Some(Severity::Damage), "cut at {end}");
        assert_eq!(again(&whole[..end]), &whole[..end], "cut at {end}");
    }
    for end in 0..TEXT.len() {
        assert!(read(&whole[..end]).is_err(), "a text without its end");
    }
}

#[test]
fn damage_is_survived() {
    suite::assert_survives("imd", &every_type(), 1);
}

/// What a byte changes shows in what the image says, and only the byte comes
/// back changed.
#[test]
fn no_byte_reads_alike() {
    let fill: &[u8] = &[2, 0xE5];
    let bytes = file(&[
        &[5, 0, 0xC1, 2, 1, 1, 2, 0, 0, 1, 1, 4, 0xAA, 0],
        &[2, 1, 0, 1, 0xFF, 1, 3, 0, 3, 1, 2, 3],
        &[5, 0, 0, 1, 0, 1],
        fill,
        b"tail",
    ]);
    let before = said(&read(&bytes).unwrap());
    for at in 4..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let Ok(image) = read(&changed) else { continue };
            assert_ne!(said(&image), before, "bit {bit} of byte {at}");
            assert_eq!(again(&changed), changed, "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn the_probe_knows_it_by_its_bytes() {
    let ranked = |name: &str, bytes: &[u8]| Registry::default().identify(&Source::from_bytes(name, bytes.to_vec()));
    let first = |name: &str, bytes: &[u8]| ranked(name, bytes).into_iter().find(|c| c.format.id == "imd");
    let found = first("disk.img", &every_type()).expect("by content");
    assert_eq!(found.answer.evidence, Evidence::MAGIC | Evidence::STRUCTURE);
    let weaker = first("disk.imd", b"IMD is a word").expect("by magic");
    assert!(!weaker.answer.evidence.has(Evidence::STRUCTURE) && weaker.answer.evidence.has(Evidence::NAME));
    assert!(first("disk.imd", b"nothing").is_none());
}

fn made(tracks: Vec<(TrackAt, Sectors)>) -> Image {
    let held = tracks.into_iter().map(|(at, s)| (at, Track::of(Reading::Sectors(s.into()))));
    let tracks = TrackMap::held(held);
    Image::floppy(Floppy { drive: DriveFacts::default(), layout: Known::Unrecorded, tracks })
}

fn sector(r: u8, size: usize) -> Sighting {
    let id = SectorId { c: 0, h: 0, r, n: SectorId::code(size).unwrap_or(2) };
    let mut seen = Sighting::assumed(Scheme::IbmMfm, id, DataField::Bytes(Arc::from(vec![r; size])));
    seen.id = Known::Value(Some(id));
    seen
}

fn track(sightings: Vec<Sighting>) -> Sectors {
    let slots = sightings.into_iter().map(Slot::one).collect();
    Sectors { slots, ordered: true, rate: Known::Value(Rate::DD), ..Sectors::default() }
}

#[test]
fn what_cannot_be_said_is_refused_with_its_place() {
    let at = TrackAt::new(7, 1);
    let refused = |at, sectors| match fit(&made(vec![(at, sectors)])) {
        Err(NotFitted::Refused(refusal)) => (refusal.fact, refusal.place),
        other => panic!("not refused: {other:?}"),
    };
    let good = || track(vec![sector(1, 512)]);
    let change = |f: fn(&mut Sectors)| {
        let mut sectors = good();
        f(&mut sectors);
        sectors
    };
    let slot = |r, nth| Place::Slot { track: at, r, nth };
    let half = TrackAt { quarter: 2, head: 0 };
    let far = TrackAt::new(0, 64);
    assert_eq!(refused(half, good()), (Fact::Exists, Place::Track(half)));
    assert_eq!(refused(far, good()), (Fact::Exists, Place::Track(far)));
    assert_eq!(refused(at, change(|s| s.rate = Known::Unrecorded)), (Fact::Rate, Place::Track(at)));
    assert_eq!(refused(at, change(|s| s.rate = Known::Value(Rate::ED))), (Fact::Rate, Place::Track(at)));
    let many = track((0..=255).map(|r| sector(r, 128)).collect());
    assert_eq!(refused(at, many), (Fact::Exists, Place::Track(at)));
    let mixed = track(vec![sector(1, 512), Sighting { scheme: Scheme::IbmFm, ..sector(2, 512) }]);
    assert_eq!(refused(at, mixed), (Fact::Scheme, slot(Some(2), 0)));
    let without_id = track(vec![Sighting { id: Known::Value(None), ..sector(1, 512) }]);
    assert_eq!(refused(at, without_id), (Fact::Id, slot(None, 0)));
    let long = track(vec![sector(1, 512), sector(1, 70_000)]);
    assert_eq!(refused(at, long), (Fact::Data, slot(Some(1), 1)));
}

#[test]
fn what_is_dropped_is_gone_from_the_fitted_image() {
    let mut odd = sector(1, 512);
    odd.id_check = Known::Value(Check::Bad);
    odd.id_check_value = Known::Value(1);
    odd.data_check_value = Known::Value(2);
    odd.mark = Known::Value(0xF9);
    odd.weak = Some(Arc::new(floptical_model::Bits::from_msb(&[0xFF], 8)));
    let user = Sighting { mark: Known::Value(0xFA), ..sector(2, 512) };
    let short = Sighting { id: Known::Value(Some(SectorId { c: 9, h: 0, r: 3, n: 3 })), ..sector(3, 512) };
    let mut sectors = track(vec![odd, user, short]);
    sectors.rate = Known::Assumed(Rate(253_000), floptical_model::Why::Encoder);
    let mut image = made(vec![(TrackAt::new(0, 0), sectors)]);
    let claim = |kind, raw: &[u8]| floptical_model::Claim {
        kind,
        raw: raw.to_vec(),
        text: String::new(),
        at: floptical_model::Span::Made("a test"),
    };
    image.claims = vec![claim(ClaimKind::Date, b"1999"), claim(ClaimKind::Comment, b"kept\x1alost")];
    let fitted = fit(&image).unwrap();
    let back = read(&emit(&fitted)).unwrap();
    assert_eq!(said(&back), said(&fitted));
    let all = &sectors_of(&back, 0, 0)[0];
    assert_eq!(all.rate, Known::Value(Rate::DD));
    let marks: Vec<_> = all.slots.iter().map(|s| s.chosen().mark).collect();
    assert_eq!(marks, [0xF8, 0xFB, 0xFB].map(Known::Value));
    assert_eq!(all.slots[2].chosen().sector_id(), Some(SectorId { c: 9, h: 0, r: 3, n: 2 }));
    assert!(emit(&fitted).starts_with(b"IMD 1.18: 00/00/0000 00:00:00\r\nkept\x1a"));
    assert_eq!(back.claim(ClaimKind::Date), None);
}

#[test]
fn parts_that_no_longer_hold_are_not_written() {
    let bytes = file(&[&[5, 1, 0xC0, 1, 0, 1, 1, 0, 2, 9], &[5, 0, 0, 2, 0, 1, 2, 2, 9]]);
    let image = read(&bytes).unwrap();
    assert_eq!(image.opaque.len(), 3, "words, cut, order");
    let whole = |c: u8| (TrackAt::new(c, 0), track(vec![Sighting { mark: Known::Value(0xFB), ..sector(1, 256) }]));
    let changed = Image { carrier: made(vec![whole(0), whole(2)]).carrier, ..image };
    let fitted = fit(&changed).unwrap();
    assert!(fitted.opaque.is_empty());
    assert_eq!(said(&read(&emit(&fitted)).unwrap()), said(&fitted));
}

prop_compose! {
    fn any_sighting(scheme: Scheme)(
        id in any::<[u8; 4]>(), plain in any::<bool>(), size in prop_oneof![Just(128usize), Just(256), Just(512), 0usize..700],
        data in any::<(bool, bool, u8)>(), mark in prop::sample::select(vec![0xFBu8, 0xF8, 0xF9, 0xFA, 0xFD]),
        check in prop::sample::select(vec![Known::Unrecorded, Known::Value(Check::Good), Known::Value(Check::Bad)]),
        form in prop::sample::select(vec![Known::Unrecorded, Known::Value(RecordForm::Full), Known::Value(RecordForm::Filled)]),
    ) -> Sighting {
        let [c, h, r, n] = if plain { [3, 0, id[2], SectorId::code(size).unwrap_or(1)] } else { id };
        let (missing, alike, seed) = data;
        let byte = |i: usize| if alike { seed } else { seed.wrapping_add(i as u8) };
        let data = if missing { DataField::Missing } else { DataField::Bytes((0..size).map(byte).collect()) };
        let mut seen = Sighting::assumed(scheme, SectorId { c, h, r, n }, data);
        seen.id = Known::Value(seen.sector_id());
        seen.mark = Known::Value(mark);
        seen.data_check = check;
        seen.form = form;
        seen
    }
}

prop_compose! {
    fn any_track()(fm in any::<bool>())(
        slots in prop::collection::vec(any_sighting(if fm { Scheme::IbmFm } else { Scheme::IbmMfm }), 0..6),
        rate in prop::sample::select(vec![240_000u32, 250_000, 300_000, 500_000, 535_000]),
    ) -> Sectors {
        Sectors { rate: Known::Value(Rate(rate)), ordered: false, ..track(slots) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_disks_read_back_as_fitted(tracks in prop::collection::btree_map((0u8..4, 0u8..3), any_track(), 0..6)) {
        let image = made(tracks.into_iter().map(|((c, h), s)| (TrackAt::new(c, h), s)).collect());
        let fitted = fit(&image).unwrap();
        let bytes = emit(&fitted);
        let back = read(&bytes).unwrap();
        prop_assert!(back.findings.iter().all(|f| f.code.severity < Severity::Damage));
        prop_assert_eq!(said(&back), said(&fitted));
        prop_assert_eq!(again(&bytes), bytes);
    }

    #[test]
    fn hostile_tracks_come_back_or_fail_with_a_place(body in prop::collection::vec(prop_oneof![0u8..9, any::<u8>()], 0..300)) {
        let bytes = file(&[&body]);
        match read(&bytes) {
            Ok(_) => prop_assert_eq!(again(&bytes), bytes),
            Err(error) => prop_assert!(error.at.is_some()),
        }
    }
}

#[test]
fn every_file_of_the_corpus_comes_back_byte_for_byte() {
    for Sample { path, bytes, .. } in suite::samples(|format| format == "imd") {
        let image = read(&bytes).unwrap_or_else(|e| panic!("{path}: {e}"));
        let fitted = fit(&image).unwrap_or_else(|e| panic!("{path}: {e:?}"));
        assert_eq!(said(&fitted), said(&image), "{path}");
        assert!(emit(&fitted) == bytes, "{path}");
        println!(
            "{path}: {} tracks, {} opaque, {} findings",
            image.as_floppy().unwrap().tracks.len(),
            image.opaque.len(),
            image.findings.count()
        );
    }
}
