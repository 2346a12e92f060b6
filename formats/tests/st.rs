//! ST and MSA at their public border: what tells an Atari's disk, its shape, the
//! same bytes back, packing, cut and hostile files.

mod suite;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{
    DataField, DriveFacts, Fact, Floppy, Image, Known, Layout, Reading, Scheme, SectorId, Sectors, Sighting, Slot,
    Track, TrackAt, TrackMap,
};

/// A boot sector with a parameter block: sides, sectors of a track, of all.
fn boot(heads: u8, sectors: u8, total: u16) -> Vec<u8> {
    let mut boot = vec![0; 512];
    boot[0x0B..0x0D].copy_from_slice(&512u16.to_le_bytes());
    boot[0x0D..0x11].copy_from_slice(&[2, 1, 0, 2]);
    boot[0x11..0x13].copy_from_slice(&112u16.to_le_bytes());
    boot[0x13..0x15].copy_from_slice(&total.to_le_bytes());
    boot[0x15] = 0xF9;
    boot[0x16] = 5;
    boot[0x18] = sectors;
    boot[0x1A] = heads;
    boot
}

fn disk(boot: &[u8], len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len).map(|i| (i / 512 % 251) as u8).collect();
    bytes[..boot.len()].copy_from_slice(boot);
    bytes
}

fn shape(id: &str, bytes: &[u8]) -> String {
    let image = suite::read(id, bytes).unwrap();
    let layout = image.as_floppy().unwrap().layout.get().unwrap().clone();
    layout.shape()
}

fn evidence(name: &str, bytes: &[u8]) -> Option<Evidence> {
    let ranked = Registry::default().identify(&Source::from_bytes(name, bytes.to_vec()));
    ranked.into_iter().find(|c| c.format.id == "st").map(|c| c.answer.evidence.without_name())
}

#[test]
fn an_atari_disk_is_known_by_its_marks_and_by_its_name() {
    let plain = disk(&boot(2, 9, 1440), 737_280);
    assert_eq!(evidence("a.img", &plain), None);
    assert_eq!(evidence("a.ST", &plain), Some(Evidence::SIZE | Evidence::WEAK_MARKS));
    let structure = Evidence::SIZE | Evidence::WEAK_MARKS | Evidence::STRUCTURE;
    let mut branch = plain.clone();
    branch[..2].copy_from_slice(&[0x60, 0x38]);
    assert_eq!(evidence("a.img", &branch), Some(structure));
    let mut desktop = plain.clone();
    desktop[2..8].fill(b'N');
    assert_eq!(evidence("a.img", &desktop), Some(structure));
    let mut started = plain;
    let sum = started[..510].chunks(2).fold(0u16, |s, w| s.wrapping_add(u16::from_be_bytes([w[0], w[1]])));
    started[510..512].copy_from_slice(&0x1234u16.wrapping_sub(sum).to_be_bytes());
    assert_eq!(evidence("a.img", &started), Some(structure | Evidence::CHECKSUM));
}

#[test]
fn the_shape_is_that_of_an_atari() {
    let no_boot = [0xE5; 512];
    let table: &[(&[u8], usize, &str)] = &[
        (&boot(2, 9, 1440), 737_280, "80 cylinders, 2 sides: 160 tracks of 9x512 from 1"),
        // The block tells 80 tracks of a disk that has 82.
        (&boot(2, 10, 1600), 839_680, "82 cylinders, 2 sides: 164 tracks of 10x512 from 1"),
        // A cut file keeps its shape.
        (&boot(1, 9, 720), 100_000, "80 cylinders, 1 sides: 80 tracks of 9x512 from 1"),
        // A block of one side cannot be true of 160 tracks.
        (&boot(1, 9, 720), 737_280, "80 cylinders, 2 sides: 160 tracks of 9x512 from 1"),
        (&no_boot, 368_640, "80 cylinders, 1 sides: 80 tracks of 9x512 from 1"),
        (&no_boot, 409_600, "80 cylinders, 1 sides: 80 tracks of 10x512 from 1"),
        (&no_boot, 901_120, "80 cylinders, 2 sides: 160 tracks of 11x512 from 1"),
        (&no_boot, 1_474_560, "80 cylinders, 2 sides: 160 tracks of 18x512 from 1"),
    ];
    for (boot, len, expected) in table {
        assert_eq!(shape("st", &disk(boot, *len)), *expected, "{len}");
    }
    assert!(suite::read("st", &disk(&no_boot, 100_001)).is_err());
}

#[test]
fn files_of_st_come_back_byte_for_byte_cut_and_long_ones_too() {
    for len in [737_280, 737_280 + 100, 500_000, 512] {
        let bytes = disk(&boot(2, 9, 1440), len);
        let image = suite::read("st", &bytes).unwrap();
        let fitted = suite::fit("st", &image).unwrap();
        assert_eq!(suite::emitted("st", &fitted), bytes, "{len}");
    }
}

fn data(image: &Image, at: TrackAt) -> Vec<Option<Vec<u8>>> {
    let track = suite::track(image, at);
    track.sectors().unwrap().slots.iter().map(|s| s.chosen().data.bytes().map(|b| b.to_vec())).collect()
}

/// Two sectors on a track, one side, tracks 3 to 4: one plain, one packed.
fn msa() -> Vec<u8> {
    let plain: Vec<u8> = (0..1024).map(|i| (i % 255) as u8).collect();
    let packed = [0xE5, 0x11, 1, 0, 7, 0xE5, 0xE5, 0, 1, 0xE5, 0x22, 2, 0xFE];
    let header = [0x0E, 0x0F, 0, 2, 0, 0, 0, 3, 0, 4];
    [&header[..], &[4, 0], &plain, &[0, 13], &packed].concat()
}

#[test]
fn tracks_of_msa_are_unpacked() {
    let image = suite::read("msa", &msa()).unwrap();
    assert!(image.findings.is_empty());
    assert_eq!(suite::positions(&image), [TrackAt::new(3, 0), TrackAt::new(4, 0)]);
    assert_eq!(image.as_floppy().unwrap().drive.heads, Known::Value(1));
    let first = data(&image, TrackAt::new(3, 0));
    assert_eq!(first[1].as_ref().unwrap()[0], 2, "byte 512 of a count to 255");
    let second = data(&image, TrackAt::new(4, 0)).into_iter().map(Option::unwrap).collect::<Vec<_>>().concat();
    let expected = [vec![0x11; 256], vec![7, 0xE5], vec![0x22; 766]].concat();
    assert_eq!(second, expected);
    let fitted = suite::fit("msa", &image).unwrap();
    assert_eq!(suite::emitted("msa", &fitted), msa());
}

#[test]
fn what_does_not_unpack_is_kept_and_told() {
    let whole = msa();
    // The last run is longer than the track.
    let mut long = whole.clone();
    *long.last_mut().unwrap() = 0xFF;
    let image = suite::read("msa", &long).unwrap();
    assert_eq!(suite::codes(&image), ["format.fields-differ"]);
    assert_eq!(&*image.opaque("msa.track").unwrap().bytes, &long[long.len() - 13..]);
    let cut = suite::read("msa", &whole[..whole.len() - 4]).unwrap();
    assert_eq!(suite::codes(&cut), ["format.truncated", "format.truncated"]);
    assert_eq!(data(&cut, TrackAt::new(4, 0))[1], None);
    let short = suite::read("msa", &whole[..whole.len() - 15]).unwrap();
    assert_eq!((suite::positions(&short).len(), suite::codes(&short)), (1, vec!["format.truncated"]));
    let tailed = [&whole[..], b"tail"].concat();
    let image = suite::read("msa", &tailed).unwrap();
    assert_eq!(suite::emitted("msa", &suite::fit("msa", &image).unwrap()), tailed);
}

#[test]
fn headers_that_no_floppy_has_are_refused() {
    let with = |at: usize, byte: u8| {
        let mut bytes = msa();
        bytes[at] = byte;
        suite::read("msa", &bytes).unwrap_err().to_string()
    };
    assert!(with(0, 0).contains("0E0Fh"));
    for (at, byte) in [(3, 0), (2, 1), (3, 60), (5, 2), (7, 9), (8, 1)] {
        assert!(with(at, byte).contains("at offset"), "byte {at}");
    }
}

#[test]
fn damage_is_survived() {
    suite::assert_survives("msa", &msa(), 3);
    suite::assert_survives("st", &disk(&boot(1, 9, 18), 9216), 4);
}

fn sectors(numbers: &[u8], size: usize, scheme: Scheme) -> Sectors {
    let slot = |r: &u8| {
        let id = SectorId { c: 0, h: 0, r: *r, n: SectorId::code(size).unwrap() };
        let mut seen = Sighting::assumed(scheme, id, DataField::Bytes(vec![*r; size].into()));
        seen.id = Known::Value(Some(id));
        Slot::one(seen)
    };
    Sectors { slots: numbers.iter().map(slot).collect(), ordered: true, ..Sectors::default() }
}

fn floppy(tracks: Vec<(TrackAt, Sectors)>) -> Image {
    let held = tracks.into_iter().map(|(at, s)| (at, Track::of(Reading::Sectors(s.into()))));
    let tracks = TrackMap::held(held);
    Image::floppy(Floppy { drive: DriveFacts::default(), layout: Known::Unrecorded, tracks })
}

#[test]
fn a_disk_without_a_sector_of_512_bytes_is_refused() {
    let image = floppy(vec![(TrackAt::new(0, 0), sectors(&[1, 2], 256, Scheme::IbmMfm))]);
    for id in ["st", "msa"] {
        assert_eq!(suite::refusal(suite::fit(id, &image)).fact, Fact::Exists);
    }
}

#[test]
fn what_has_a_place_is_written_in_it() {
    let numbers = [3, 1, 2, 9];
    let tracks = (0..2).map(|c| (TrackAt::new(c, 0), sectors(&numbers, 512, Scheme::IbmMfm))).collect();
    let image = floppy(tracks);
    let bytes = suite::emitted("st", &suite::fit("st", &image).unwrap());
    assert_eq!(bytes.len(), 184_320, "the smallest known disk that has room for them");
    let starts: Vec<u8> = bytes.chunks(512).take(9).map(|s| s[0]).collect();
    assert_eq!(starts, [1, 2, 3, 0, 0, 0, 0, 0, 9]);
    let archive = suite::emitted("msa", &suite::fit("msa", &image).unwrap());
    let back = suite::read("msa", &archive).unwrap();
    assert_eq!(data(&back, TrackAt::new(1, 0)).into_iter().flatten().flatten().collect::<Vec<u8>>(), bytes[4608..9216]);
    assert!(archive.len() < 100, "runs are packed");
}

#[test]
fn the_table_has_the_layouts_of_an_atari() {
    for id in ["st-360", "st-400", "st-800", "st-880"] {
        let layout = Layout::by_id(id).unwrap();
        let bytes = disk(&[0xE5; 512], usize::try_from(layout.bytes()).unwrap());
        assert_eq!(shape("st", &bytes), layout.shape());
    }
}
