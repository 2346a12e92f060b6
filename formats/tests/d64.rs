//! D64, D71 and D81, at the public border.

mod suite;

use std::sync::Arc;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{
    Check, DataField, Fact, Floppy, Image, Known, Place, Reading, Scheme, SectorId, Sectors, Sighting, Slot, Status,
    Track, TrackAt, TrackMap,
};
use proptest::prelude::*;
use suite::{assert_law, codes, emitted, fit, positions, read, refusal, track};

/// Sectors of the tracks of a 1541, from the outside.
fn sectors_of(track: u8) -> usize {
    match track {
        1..=17 => 21,
        18..=24 => 19,
        25..=30 => 18,
        _ => 17,
    }
}

/// The block of a track and sector, as DOS counts them.
fn block(track: u8, sector: usize) -> usize {
    (1..track).map(sectors_of).sum::<usize>() + sector
}

/// Blocks that differ, with the disk id `id` in the block availability map.
fn blocks(count: usize, id: &[u8; 2]) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..count).flat_map(|b| (0..256).map(move |i| (b * 7 + i) as u8)).collect();
    let bam = block(18, 0) * 256;
    bytes[bam..bam + 4].copy_from_slice(&[18, 1, b'A', 0]);
    bytes[bam + 0xA2..][..2].copy_from_slice(id);
    bytes
}

/// A D64 of so many tracks, without error bytes.
fn d64(tracks: u8) -> Vec<u8> {
    blocks(block(tracks + 1, 0), b"FL")
}

fn with_codes(mut bytes: Vec<u8>, codes: &[(usize, u8)]) -> Vec<u8> {
    let mut errors = vec![1; bytes.len() / 256];
    codes.iter().for_each(|(block, code)| errors[*block] = *code);
    bytes.extend(errors);
    bytes
}

fn sector(image: &Image, at: TrackAt, r: u8) -> Option<Sighting> {
    let held = track(image, at);
    let sectors = held.sectors().unwrap();
    let slot = sectors.slots.iter().find(|slot| slot.chosen().sector_id().is_some_and(|id| id.r == r));
    slot.map(|slot| slot.chosen().clone())
}

#[test]
fn every_length_of_tracks_is_a_disk() {
    for (tracks, len) in (35..=42).zip((174_848..).step_by(17 * 256)) {
        let plain = d64(tracks);
        assert_eq!(plain.len(), len);
        for bytes in [plain.clone(), with_codes(plain, &[])] {
            let image = read("d64", &bytes).unwrap();
            assert_eq!(positions(&image).len(), usize::from(tracks));
            assert!(codes(&image).is_empty() && image.opaque.is_empty());
            assert!(assert_law("d64", &image) == bytes, "{tracks} tracks, {} bytes", bytes.len());
            let found = Registry::default().identify(&Source::from_bytes("x", bytes));
            assert_eq!(found[0].format.id, "d64");
            assert_eq!(found[0].answer.evidence, Evidence::SIZE | Evidence::WEAK_MARKS);
        }
    }
}

#[test]
fn a_sector_says_what_its_drive_assumes() {
    let image = read("d64", &d64(35)).unwrap();
    let seen = sector(&image, TrackAt::new(20, 0), 7).unwrap();
    assert_eq!((seen.scheme, seen.status()), (Scheme::CommodoreGcr, Status::Unverified));
    // Tracks count from 1; the second byte of the disk id comes first.
    assert_eq!(seen.sector_id(), Some(SectorId { c: 21, h: 0, r: 7, n: 1 }));
    assert!(matches!(&seen.header, Known::Assumed(header, _) if **header == *b"LF\x0F\x0F"));
    assert_eq!(seen.data.bytes().unwrap()[3], (block(21, 7) * 7 + 3) as u8);
    assert!(!seen.id.is_recorded() && !seen.data_check.is_recorded());
    let good = read("d64", &with_codes(d64(35), &[])).unwrap();
    assert_eq!(sector(&good, TrackAt::new(20, 0), 7).unwrap().status(), Status::Good);
}

/// What each code makes of a sector with somebody's data, and of one with
/// filler; and whether its code needs a part of its own to come back.
#[test]
fn every_code_becomes_what_it_says_and_comes_back() {
    let (good, bad, none) = (Known::Value(Check::Good), Known::Value(Check::Bad), Known::Unrecorded);
    // Code; id check, data check, a code kept: of data; of filler.
    let table = [
        (0x00, (none, none, false), Some((none, none, Status::Unverified, false))),
        (0x01, (good, good, false), Some((good, good, Status::Good, false))),
        (0x02, (bad, none, true), None),
        (0x04, (good, bad, true), Some((good, none, Status::Missing, false))),
        (0x05, (good, bad, false), Some((good, bad, Status::BadCheck, false))),
        (0x06, (none, none, true), Some((none, none, Status::Unverified, true))),
        (0x07, (none, none, true), Some((none, none, Status::Unverified, true))),
        (0x08, (none, none, true), Some((none, none, Status::Unverified, true))),
        (0x09, (bad, none, false), Some((bad, none, Status::BadCheck, false))),
        (0x0A, (none, none, true), Some((none, none, Status::Unverified, true))),
        (0x0B, (good, none, false), Some((good, none, Status::Unverified, false))),
        (0x0F, (none, none, true), Some((none, none, Status::Unverified, true))),
        (0xFF, (none, none, true), Some((none, none, Status::Unverified, true))),
    ];
    let at = TrackAt::new(2, 0);
    for (code, (id_check, data_check, kept), filler) in table {
        let bytes = with_codes(d64(35), &[(block(3, 5), code)]);
        let image = read("d64", &bytes).unwrap();
        let seen = sector(&image, at, 5).unwrap();
        assert_eq!((seen.id_check, seen.data_check), (id_check, data_check), "{code:02X}");
        assert!(seen.data.bytes().is_some());
        assert_eq!(image.opaque("d64.code").is_some(), kept, "{code:02X}");
        assert!(assert_law("d64", &image) == bytes, "{code:02X}");

        let mut bytes = with_codes(d64(35), &[(block(3, 5), code)]);
        bytes[block(3, 5) * 256..][..256].fill(1);
        bytes[block(3, 5) * 256] = 0x4B;
        let image = read("d64", &bytes).unwrap();
        let seen = sector(&image, at, 5);
        let said = seen.as_ref().map(|s| (s.id_check, s.data_check, s.status(), image.opaque("d64.code").is_some()));
        assert_eq!(said, filler, "{code:02X}");
        let gone = filler.is_none_or(|f| f.2 == Status::Missing);
        assert_eq!(image.opaque("d64.filler").is_some(), gone, "{code:02X}");
        assert!(assert_law("d64", &image) == bytes, "{code:02X}");
    }
}

#[test]
fn no_sync_is_a_track_without_sectors() {
    let whole: Vec<(usize, u8)> = (0..21).map(|s| (block(4, s), 3)).collect();
    let mut bytes = with_codes(d64(35), &whole);
    bytes[block(4, 0) * 256..][..21 * 256].fill(0);
    let image = read("d64", &bytes).unwrap();
    assert!(track(&image, TrackAt::new(3, 0)).sectors().unwrap().slots.is_empty());
    assert!(image.opaque.is_empty());
    assert!(assert_law("d64", &image) == bytes);
    // Of one sector alone it is a word.
    let mut bytes = with_codes(d64(35), &[(block(4, 2), 3)]);
    bytes[block(4, 2) * 256..][..256].fill(0);
    let image = read("d64", &bytes).unwrap();
    assert_eq!(track(&image, TrackAt::new(3, 0)).sectors().unwrap().slots.len(), 20);
    assert_eq!(image.opaque("d64.code").unwrap().bytes[..], [3]);
    assert!(assert_law("d64", &image) == bytes);
}

#[test]
fn another_disk_id_is_another_header() {
    let image = read("d64", &with_codes(d64(35), &[(9, 0x0B)])).unwrap();
    let header = |r| sector(&image, TrackAt::new(0, 0), r).unwrap().header;
    assert_eq!(header(8).get().unwrap()[..2], *b"LF");
    assert_ne!(header(9).get().unwrap()[..2], *b"LF");
}

#[test]
fn error_bytes_that_say_nothing_come_back() {
    let mut bytes = d64(35);
    bytes.extend([0; 683]);
    let image = read("d64", &bytes).unwrap();
    assert_eq!(image.opaque("d64.errors").unwrap().bytes.len(), 683);
    assert!(assert_law("d64", &image) == bytes);
}

#[test]
fn other_lengths_are_read_as_far_as_they_go() {
    let cut = d64(35)[..block(20, 3) * 256 + 100].to_vec();
    let image = read("d64", &cut).unwrap();
    assert_eq!(codes(&image), ["format.truncated"]);
    assert_eq!(sector(&image, TrackAt::new(19, 0), 2).unwrap().status(), Status::Unverified);
    assert_eq!(sector(&image, TrackAt::new(19, 0), 3).unwrap().status(), Status::Unread);
    assert!(assert_law("d64", &image) == cut);
    let long = [d64(36), vec![7; 50]].concat();
    let image = read("d64", &long).unwrap();
    assert_eq!((positions(&image).len(), codes(&image)), (36, vec!["format.tail"]));
    assert!(assert_law("d64", &image) == long);
    assert!(Registry::default().identify(&Source::from_bytes("x.d64", long)).iter().all(|c| c.format.id != "d64"));
    assert!(read("d64", &[]).is_err());
}

#[test]
fn the_sides_of_a_1571_follow_each_other() {
    let mut bytes = d64(35);
    bytes.extend(d64(35).iter().map(|b| !b));
    for bytes in [bytes.clone(), with_codes(bytes, &[(683 + 5, 5)])] {
        let image = read("d71", &bytes).unwrap();
        let seen = sector(&image, TrackAt::new(0, 1), 5).unwrap();
        assert_eq!(seen.sector_id(), Some(SectorId { c: 36, h: 0, r: 5, n: 1 }));
        assert_eq!(seen.data.bytes().unwrap()[0], !(35u8));
        assert!(assert_law("d71", &image) == bytes);
        let found = Registry::default().identify(&Source::from_bytes("x", bytes));
        assert_eq!(found[0].format.id, "d71");
    }
}

#[test]
fn side_1_of_a_1581_comes_first() {
    for cylinders in 80..=83usize {
        let mut bytes: Vec<u8> = (0..cylinders * 20).flat_map(|b| (0..512).map(move |i| (b * 3 + i) as u8)).collect();
        let header = 39 * 20 * 512;
        bytes[header..header + 3].copy_from_slice(&[40, 3, b'D']);
        let count = bytes.len() / 256;
        let mut errors = vec![1u8; count];
        errors[4] = 5;
        errors[5] = 5;
        errors[7] = 5;
        for bytes in [bytes.clone(), [bytes, errors].concat()] {
            let image = read("d81", &bytes).unwrap();
            assert_eq!(positions(&image).len(), cylinders * 2);
            let first = sector(&image, TrackAt::new(0, 1), 1).unwrap();
            assert_eq!(first.sector_id(), Some(SectorId { c: 0, h: 0, r: 1, n: 2 }));
            assert_eq!(first.data.bytes().unwrap()[..3], [0, 1, 2]);
            let other = sector(&image, TrackAt::new(0, 0), 1).unwrap();
            assert_eq!((other.sector_id().unwrap().h, other.data.bytes().unwrap()[0]), (1, 30));
            if bytes.len() % 512 != 0 || bytes.len() != cylinders * 10_240 {
                let status = |r| sector(&image, TrackAt::new(0, 1), r).unwrap().status();
                assert_eq!([status(2), status(3), status(4)], [Status::Good, Status::BadCheck, Status::BadCheck]);
                // Of the two halves of sector 4 only one is bad.
                assert_eq!(image.opaque("d81.code").unwrap().bytes[..], [1, 5]);
            }
            assert!(assert_law("d81", &image) == bytes);
            let found = Registry::default().identify(&Source::from_bytes("x", bytes));
            assert_eq!(found[0].format.id, "d81");
        }
    }
}

#[test]
fn without_its_header_only_a_name_calls_a_disk_of_800_k_one_of_a_1581() {
    let first = |name: &str| Registry::default().identify(&Source::from_bytes(name, vec![0; 819_200]))[0].format.id;
    assert_eq!(first("x.img"), "raw");
}

/// A track of GCR sectors with these changes.
fn gcr(cylinder: u8, numbers: impl Iterator<Item = u8>, change: impl Fn(&mut Sighting)) -> (TrackAt, Track) {
    let slot = |r: u8| {
        let id = SectorId { c: cylinder + 1, h: 0, r, n: 1 };
        let mut seen = Sighting::assumed(Scheme::CommodoreGcr, id, DataField::Bytes(Arc::from([r; 256])));
        seen.id = Known::Value(Some(id));
        seen.id_check = Known::Value(Check::Good);
        seen.data_check = Known::Value(Check::Good);
        seen.header = Known::Value(Arc::from(*b"LF\x0F\x0F"));
        change(&mut seen);
        Slot::one(seen)
    };
    let sectors = Sectors { slots: numbers.map(slot).collect(), ordered: true, ..Sectors::default() };
    (TrackAt::new(cylinder, 0), Track::of(Reading::Sectors(Arc::new(sectors))))
}

fn disk(tracks: Vec<(TrackAt, Track)>) -> Image {
    Image::floppy(Floppy { drive: Default::default(), layout: Known::Unrecorded, tracks: TrackMap::held(tracks) })
}

/// All tracks of a 1541 but those in `other`.
fn whole(last: u8, other: Vec<(TrackAt, Track)>) -> Image {
    let taken: Vec<TrackAt> = other.iter().map(|(at, _)| *at).collect();
    let plain = (0..last).filter(|c| !taken.contains(&TrackAt::new(*c, 0)));
    let mut tracks: Vec<(TrackAt, Track)> = plain.map(|c| gcr(c, 0..sectors_of(c + 1) as u8, |_| ())).collect();
    tracks.extend(other);
    disk(tracks)
}

#[test]
fn error_bytes_are_written_where_something_is_wrong() {
    let bytes = assert_law("d64", &whole(35, Vec::new()));
    assert_eq!(bytes.len(), 174_848);
    assert_eq!(bytes[block(7, 3) * 256], 3);
    assert_eq!(assert_law("d64", &whole(38, Vec::new())).len(), 174_848 + 3 * 17 * 256);

    let changed = gcr(5, (0..21).filter(|r| *r != 8), |seen| match seen.sector_id().unwrap().r {
        1 => seen.data = DataField::Missing,
        2 => seen.data_check = Known::Value(Check::Bad),
        3 => seen.id_check = Known::Value(Check::Bad),
        4 => seen.header = Known::Value(Arc::from(*b"XY\x0F\x0F")),
        5 => seen.id_check = Known::Unrecorded,
        6 => (seen.id_check, seen.data_check) = (Known::Unrecorded, Known::Unrecorded),
        7 => seen.data = DataField::Unread,
        _ => {}
    });
    let image = whole(35, vec![changed, gcr(9, 0..0, |_| ())]);
    let bytes = assert_law("d64", &image);
    assert_eq!(bytes.len(), 174_848 + 683);
    let codes = &bytes[174_848..];
    assert_eq!(codes[block(6, 0)..block(6, 10)], [1, 4, 5, 9, 11, 1, 0, 2, 2, 1]);
    assert!(codes[block(10, 0)..block(11, 0)].iter().all(|code| *code == 3));
    assert_eq!(codes.iter().filter(|code| **code != 1).count(), 7 + 21);
    // An exact row: once more the same.
    assert!(assert_law("d64", &read("d64", &bytes).unwrap()) == bytes);
}

#[test]
fn what_other_drives_record_is_refused() {
    let place = Place::Slot { track: TrackAt::new(0, 0), r: Some(3), nth: 0 };
    let mfm = gcr(0, 3..4, |seen| seen.scheme = Scheme::IbmMfm);
    for id in ["d64", "d71"] {
        let refusal = refusal(fit(id, &disk(vec![mfm.clone()])));
        assert_eq!((refusal.fact, &refusal.place), (Fact::Scheme, &place));
        assert_eq!(suite::refusal(fit(id, &disk(Vec::new()))).fact, Fact::Exists);
    }
    assert_eq!(refusal(fit("d81", &whole(35, Vec::new()))).fact, Fact::Scheme);
    // A disk of another shape, and sides counted as a PC does.
    let short: Vec<(TrackAt, Track)> = (0..35).map(|c| gcr(c, 0..17, |_| ())).collect();
    assert_eq!(refusal(fit("d64", &disk(short))).fact, Fact::Layout);
    let (_, side) = gcr(0, 1..11, |seen| {
        let id = SectorId { c: 0, h: 1, r: seen.sector_id().unwrap().r, n: 2 };
        *seen = Sighting::assumed(Scheme::IbmMfm, id, DataField::Bytes(Arc::from([0; 512])));
    });
    let refused = refusal(fit("d81", &disk(vec![(TrackAt::new(0, 1), side.clone())])));
    assert_eq!(refused.fact, Fact::Id);
    assert_eq!(assert_law("d81", &disk(vec![(TrackAt::new(0, 0), side)])).len(), 819_200);
}

#[test]
fn tracks_that_nobody_read_have_no_error() {
    let bytes = assert_law("d64", &whole(20, Vec::new()));
    assert_eq!(bytes.len(), 174_848);
    let lacking = gcr(3, (0..21).filter(|r| *r != 6), |_| ());
    let bytes = assert_law("d64", &whole(20, vec![lacking]));
    assert_eq!(bytes[174_848 + block(4, 5)..][..3], [1, 2, 1]);
    assert!(bytes[174_848 + block(21, 0)..].iter().all(|code| *code == 0));
}

#[test]
fn a_disk_without_its_map_still_has_a_length() {
    let bytes = vec![0; 174_848];
    let found = Registry::default().identify(&Source::from_bytes("x", bytes));
    assert_eq!((found[0].format.id, found[0].answer.evidence), ("d64", Evidence::SIZE));
}

#[test]
fn broken_files_do_no_harm() {
    suite::assert_survives("d64", &with_codes(d64(35), &[(3, 2), (4, 4)]), 1);
}

#[test]
fn files_of_others_come_back_byte_for_byte() {
    let kind = |format: &str| match format.rsplit('+').next() {
        Some("d64") => Some("d64"),
        Some("d71") => Some("d71"),
        Some("d81") => Some("d81"),
        _ => None,
    };
    for sample in suite::samples(|f| kind(f).is_some()) {
        let id = kind(&sample.format).unwrap();
        let image = read(id, &sample.bytes).unwrap();
        assert!(assert_law(id, &image) == sample.bytes, "{}", sample.path);
        let found = Registry::default().identify(&Source::from_bytes("x", sample.bytes));
        assert_eq!(found[0].format.id, id, "{}", sample.path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_blocks_and_codes_come_back(
        tracks in 35u8..=42,
        codes in proptest::collection::vec((0usize..683, prop_oneof![0u8..16, any::<u8>()]), 0..60),
        fills in proptest::collection::vec((0usize..683, any::<u8>()), 0..60),
        tail in 0usize..3,
    ) {
        let mut bytes = with_codes(d64(tracks), &codes);
        fills.iter().for_each(|(block, fill)| bytes[block * 256..][..256].fill(*fill));
        if tail > 0 {
            bytes = d64(tracks);
            bytes.extend(vec![9; tail]);
        }
        let image = read("d64", &bytes).unwrap();
        prop_assert!(assert_law("d64", &image) == bytes);
        let again = read("d64", &emitted("d64", &fit("d64", &image).unwrap())).unwrap();
        suite::assert_same(&image, &again);
    }
}
