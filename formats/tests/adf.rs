//! Amiga disk images at their public border.

mod suite;

use std::sync::Arc;

use floptical_formats::{Answer, Evidence, NotFitted, ReadOptions, Registry};
use floptical_io::{FileSet, Source};
use floptical_model::{
    Context, DataField, Floppy, Image, Known, Layout, Reading, Scheme, SectorId, Sectors, Sighting, Slot, Status,
    Track, TrackAt, TrackMap, Why,
};

const CYLINDER: usize = 2 * 11 * 512;
const DD: usize = 80 * CYLINDER;

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i / 512 + i % 251) as u8).collect()
}

/// The same with a boot block of DOS\1; its sum holds where it is to be
/// started.
fn with_boot(len: usize, started: bool) -> Vec<u8> {
    let mut bytes = pattern(len);
    bytes[..8].copy_from_slice(b"DOS\x01\0\0\0\0");
    let sum = bytes[..1024].chunks(4).fold(0u64, |sum, long| {
        let sum = sum + u64::from(u32::from_be_bytes(long.try_into().unwrap()));
        (sum & 0xFFFF_FFFF) + (sum >> 32)
    });
    if started {
        bytes[4..8].copy_from_slice(&(!(sum as u32)).to_be_bytes());
    }
    bytes
}

fn read(bytes: &[u8]) -> Image {
    let set = FileSet::from(Source::from_bytes("disk.adf", bytes.to_vec()));
    (suite::format("adf").read)(&set, &ReadOptions::default(), &Context::default()).expect("readable")
}

fn answer(bytes: &[u8]) -> Option<Answer> {
    let source = Source::from_bytes("disk", bytes.to_vec());
    let all = Registry::default().identify(&source);
    all.into_iter().find(|c| c.format.id == "adf").map(|c| c.answer)
}

fn layout_id(image: &Image) -> String {
    match &image.as_floppy().expect("a floppy").layout {
        Known::Assumed(layout, Why::Layout) => layout.id.to_string(),
        other => panic!("{other:?}"),
    }
}

fn sectors(image: &Image, at: TrackAt) -> Arc<Sectors> {
    let track = image.as_floppy().unwrap().tracks.get(at, &Context::default()).unwrap().unwrap();
    Arc::clone(track.sectors().unwrap())
}

fn disk(tracks: Vec<(TrackAt, Vec<Sighting>)>) -> Image {
    let held = tracks.into_iter().map(|(at, all)| {
        let slots = all.into_iter().map(Slot::one).collect();
        (at, Track::of(Reading::Sectors(Arc::new(Sectors { slots, ordered: true, ..Sectors::default() }))))
    });
    Image::floppy(Floppy { drive: Default::default(), layout: Known::Unrecorded, tracks: TrackMap::held(held) })
}

fn seen(scheme: Scheme, r: u8, n: u8) -> Sighting {
    let id = SectorId { c: 0, h: 0, r, n };
    Sighting::assumed(scheme, id, DataField::Bytes(Arc::from(vec![r; id.size()])))
}

#[test]
fn the_boot_block_and_the_length_tell_an_amiga_disk() {
    let evidence = |bytes: &[u8]| answer(bytes).map(|a| a.evidence);
    let marked = Evidence::SIZE | Evidence::WEAK_MARKS;
    assert_eq!(evidence(&pattern(DD)), Some(Evidence::SIZE));
    assert_eq!(evidence(&with_boot(DD, false)), Some(marked));
    assert_eq!(evidence(&with_boot(DD, true)), Some(marked | Evidence::STRUCTURE | Evidence::CHECKSUM));
    assert_eq!(evidence(&with_boot(40_000, false)), Some(marked), "a cut file");
    for nothing in [0, 1, 1023, 40_000, 901_121, 3_000_000] {
        assert!(answer(&pattern(nothing)).is_none(), "{nothing} bytes");
    }
    let mut other = with_boot(40_000, false);
    other[3] = 8;
    assert!(answer(&other).is_none(), "no such file system");
    assert!(answer(&with_boot(3_000_000, true)).is_none(), "a hard disk");
}

#[test]
fn every_length_has_its_disk_and_comes_back_byte_for_byte() {
    let dense = 2 * DD;
    let lengths = [
        (DD, "amiga-880"),
        (DD + 4 * CYLINDER, "amiga-880-84"),
        (dense, "amiga-1760"),
        (dense + 8 * CYLINDER, "amiga-1760-84"),
        (DD + 1, "amiga-880"),
        (DD + 3 * CYLINDER + 511, "amiga-880-83"),
        (1024, "amiga-880"),
        (DD - 700, "amiga-880"),
        (dense - 700, "amiga-1760"),
    ];
    for (len, id) in lengths {
        let bytes = with_boot(len, false);
        let image = read(&bytes);
        assert_eq!(layout_id(&image), id, "{len} bytes");
        let fitted = suite::fit("adf", &image).expect("its own");
        assert!(suite::emitted("adf", &fitted) == bytes, "{len} bytes");
        assert!(suite::emitted("adf", &image) == bytes, "{len} bytes");
    }
}

#[test]
fn ids_are_those_of_amigados_and_what_is_cut_off_is_unread() {
    let bytes = with_boot(CYLINDER + 5 * 512 + 100, false);
    let image = read(&bytes);
    assert_eq!(suite::codes(&image), ["format.truncated"]);
    let track = sectors(&image, TrackAt::new(1, 0));
    assert_eq!(track.slots.len(), 11);
    for (r, slot) in (0..).zip(&track.slots) {
        let chosen = slot.chosen();
        assert_eq!(chosen.id, Known::Assumed(Some(SectorId { c: 2, h: 0, r, n: 2 }), Why::Layout));
        assert_eq!((chosen.scheme, chosen.mark), (Scheme::AmigaMfm, Known::Unrecorded));
        assert_eq!(slot.status(), if r < 5 { Status::Unverified } else { Status::Unread });
    }
}

#[test]
fn other_disks_are_written_as_far_as_they_are_amigados() {
    let track = |last: u8| (0..=last).map(|r| seen(Scheme::AmigaMfm, r, 2)).collect::<Vec<_>>();
    let fitted = |tracks| suite::fit("adf", &disk(tracks)).map(|image| layout_id(&image));
    let at = TrackAt::new;
    assert_eq!(fitted(vec![(at(0, 0), track(10))]).unwrap(), "amiga-880");
    assert_eq!(fitted(vec![(at(0, 0), track(10)), (at(81, 1), track(3))]).unwrap(), "amiga-880-82");
    assert_eq!(fitted(vec![(at(0, 0), track(21)), (at(99, 1), track(3))]).unwrap(), "amiga-1760-84");
    let foreign = vec![(at(0, 0), (1..=9).map(|r| seen(Scheme::IbmMfm, r, 2)).collect())];
    assert!(matches!(fitted(foreign), Err(NotFitted::Refused(_))));
    assert!(Layout::by_id("amiga-880").is_some_and(|l| l.bytes() == DD as u64));
}
