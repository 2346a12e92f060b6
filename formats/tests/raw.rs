//! Flat images at their public border: what suggests a layout, the same bytes
//! back, random disks, linear carriers, and the corpus where it is present.

mod suite;

use std::sync::Arc;

use floptical_formats::raw::candidates;
use floptical_formats::{Evidence, Format, NotFitted, ReadOptions};
use floptical_io::{FileSet, Output, ReadAt, Source};
use floptical_model::layout::SideOrder;
use floptical_model::{
    Carrier, Check, Context, DataField, DriveFacts, ErrorKind, Extent, Fact, Floppy, Image, Known, Layout, Opaque,
    Rate, Reading, Result, Scheme, SectorId, Sectors, Sighting, Slot, Status, Track, TrackAt, TrackMap, Why,
};
use proptest::prelude::*;
use suite::Sample;

fn raw() -> &'static Format {
    suite::format("raw")
}

fn read_as(bytes: &[u8], layout: Option<&Layout>) -> Result<Image> {
    let set = FileSet::from(Source::from_bytes("disk.img", bytes.to_vec()));
    (raw().read)(&set, &ReadOptions { layout, ..ReadOptions::default() }, &Context::default())
}

fn read(bytes: &[u8]) -> Image {
    read_as(bytes, None).expect("readable")
}

fn fit(image: &Image) -> Image {
    suite::fit("raw", image).expect("a flat image takes it")
}

fn emit(image: &Image) -> Vec<u8> {
    suite::emitted("raw", image)
}

fn tracks(image: &Image) -> Vec<(TrackAt, Arc<Sectors>)> {
    let floppy = image.as_floppy().expect("a floppy");
    let load = |at| floppy.tracks.get(at, &Context::default()).expect("readable").expect("there").sectors().cloned();
    floppy.tracks.positions().filter_map(|at| Some((at, load(at)?))).collect()
}

fn layout(image: &Image) -> Known<Layout> {
    image.as_floppy().expect("a floppy").layout.clone()
}

/// A fitted image says what is read back with its own layout, spans included;
/// and fitting that again changes nothing.
fn proven(fitted: &Image) -> Vec<u8> {
    let bytes = emit(fitted);
    let told = fitted.as_floppy().and_then(|f| f.layout.get().cloned());
    let back = read_as(&bytes, told.as_ref()).expect("readable");
    let parts = |i: &Image| -> Vec<Opaque> { i.opaque.clone() };
    assert_eq!(parts(&back), parts(fitted));
    assert_eq!(back.carrier.kind(), fitted.carrier.kind());
    if told.is_some() {
        assert_eq!(layout(&back), layout(fitted));
        assert_eq!(back.as_floppy().unwrap().drive, fitted.as_floppy().unwrap().drive);
        assert_eq!(tracks(&back), tracks(fitted));
    }
    assert!(emit(&fit(&back)) == bytes);
    bytes
}

/// Bytes that differ from block to block.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i / 128 % 251) as u8 ^ (i % 7) as u8).collect()
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// A boot sector that tells cylinders, heads and sectors of 512 bytes.
fn with_bpb(len: usize, (cylinders, heads, sectors): (u16, u16, u16)) -> Vec<u8> {
    let mut bytes = pattern(len);
    let total = cylinders * heads * sectors;
    put(&mut bytes, 0x0B, &[0, 2, 2, 1, 0, 2, 112, 0]);
    put(&mut bytes, 0x13, &total.to_le_bytes());
    put(&mut bytes, 0x15, &[0xF9, 3, 0]);
    put(&mut bytes, 0x18, &sectors.to_le_bytes());
    put(&mut bytes, 0x1A, &heads.to_le_bytes());
    bytes
}

fn with_os9(len: usize, heads: u8, sectors: u8, double: bool) -> Vec<u8> {
    let mut bytes = pattern(len);
    let total = u32::try_from(len / 256).unwrap();
    put(&mut bytes, 0, &total.to_be_bytes()[1..]);
    put(&mut bytes, 3, &[sectors]);
    put(&mut bytes, 4, &u16::try_from(total.div_ceil(8)).unwrap().to_be_bytes());
    put(&mut bytes, 6, &[0, 1, 0, 0, 3]);
    put(&mut bytes, 0x10, &[(heads - 1) | (u8::from(double) << 1), 0, sectors]);
    bytes
}

fn with_ti99(tracks: u8, sides: u8, sectors: u8, density: u8) -> Vec<u8> {
    let total = u16::from(tracks) * u16::from(sides) * u16::from(sectors);
    let mut bytes = pattern(usize::from(total) * 256);
    put(&mut bytes, 0x0A, &total.to_be_bytes());
    put(&mut bytes, 0x0C, &[sectors, b'D', b'S', b'K', b' ', tracks, sides, density]);
    bytes
}

fn with_partition(len: usize, start: u32, count: u32) -> Vec<u8> {
    let mut bytes = vec![0; len];
    put(&mut bytes, 0x1BE, &[0x80, 0, 0, 0, 6, 0, 0, 0]);
    put(&mut bytes, 0x1C6, &start.to_le_bytes());
    put(&mut bytes, 0x1CA, &count.to_le_bytes());
    put(&mut bytes, 0x1FE, &[0x55, 0xAA]);
    bytes
}

#[test]
fn the_first_bytes_and_the_length_suggest_layouts() {
    let ids = |bytes: &[u8]| -> Vec<String> {
        candidates(bytes.len() as u64, &bytes[..bytes.len().min(4096)])
            .iter()
            .map(|l| if l.id.is_empty() { l.shape() } else { l.id.to_string() })
            .collect()
    };
    assert_eq!(ids(&pattern(368_640))[0], "pc-360");
    assert_eq!(ids(&with_bpb(368_640, (80, 1, 9)))[..2], ["st-360", "pc-360"]);
    assert_eq!(ids(&with_bpb(81 * 20 * 512, (81, 2, 10))), ["81 cylinders, 2 sides: 162 tracks of 10x512 from 1"]);
    assert_eq!(ids(&with_bpb(368_640 + 77, (40, 2, 9))), ["pc-360"]);
    assert_eq!(ids(&with_bpb(737_280, (40, 2, 9)))[0], "pc-720", "half a disk is not told");
    assert_eq!(ids(&with_os9(35 * 18 * 256, 1, 18, true))[0], "coco-35");
    assert_eq!(ids(&with_os9(80 * 36 * 256, 2, 18, true))[0], "80 cylinders, 2 sides: 160 tracks of 18x256 from 1");
    assert_eq!(ids(&with_os9(80 * 10 * 256, 1, 10, false))[0], "fm-10x256-80");
    assert_eq!(ids(&with_ti99(40, 1, 9, 1))[0], "ti99-90");
    let both = ids(&with_ti99(80, 2, 18, 2));
    assert_eq!(both[0], "80 cylinders, 2 sides, out and back: 160 tracks of 18x256 from 0");
    assert_eq!(both[1], "pc-720");
    for other in [pattern(3), pattern(3328), with_partition(1_474_560, 1, 100), pattern(20_000), Vec::new()] {
        assert!(ids(&other).is_empty(), "{} bytes", other.len());
    }
}

#[test]
fn answers_are_ranked_by_what_they_rest_on() {
    let answers = |bytes: &[u8]| {
        let mut probe = floptical_formats::Probe::new(&Source::from_bytes("x", bytes.to_vec()))
            .map(|mut p| (raw().identify)(&mut p));
        probe.take().expect("a head")
    };
    let strong = Evidence::SIZE | Evidence::WEAK_MARKS;
    let found = answers(&with_bpb(368_640, (80, 1, 9)));
    assert_eq!(found.iter().map(|a| a.evidence).take(2).collect::<Vec<_>>(), [strong, Evidence::SIZE]);
    let found = answers(&with_partition(1 << 20, 63, 1000));
    assert!(found.len() == 1 && found[0].evidence == strong && found[0].layout.is_none());
    let past_end = answers(&with_partition(1 << 20, 63, 3000));
    assert!(past_end.len() == 1 && past_end[0].evidence.is_empty());
    for nothing in [0, 1, 100, 3328, 100_000] {
        assert!(answers(&pattern(nothing)).is_empty(), "{nothing} bytes");
    }
}

#[test]
fn every_layout_of_the_table_comes_back_byte_for_byte() {
    for layout in floptical_model::layout::LAYOUTS {
        let bytes = pattern(usize::try_from(layout.bytes()).unwrap());
        let image = read_as(&bytes, Some(layout)).unwrap();
        let fitted = fit(&image);
        assert_eq!(self::layout(&fitted), self::layout(&image));
        assert!(proven(&fitted) == bytes, "{layout}");
    }
}

#[test]
fn a_flat_image_records_its_data_and_assumes_the_rest() {
    let bytes = pattern(368_640);
    let image = read(&bytes);
    assert!(matches!(layout(&image), Known::Assumed(l, Why::Layout) if l.id == "pc-360"));
    let all = tracks(&image);
    let (at, sectors) = &all[3];
    assert_eq!((*at, sectors.ordered, sectors.slots.len()), (TrackAt::new(1, 1), false, 9));
    assert_eq!(sectors.rate, Known::Assumed(Rate::DD, Why::Layout));
    let seen = sectors.slots[4].chosen();
    assert_eq!(seen.id, Known::Assumed(Some(SectorId { c: 1, h: 1, r: 5, n: 2 }), Why::Layout));
    assert_eq!((sectors.slots[4].status(), seen.data_check), (Status::Unverified, Known::Unrecorded));
    let start = (3 * 9 + 4) * 512;
    assert_eq!(seen.data_span, Some(floptical_model::Span::file(start as u64, 512)));
    assert_eq!(seen.data.bytes().unwrap()[..], bytes[start..start + 512]);
}

#[test]
fn a_tie_of_layouts_is_said() {
    let tied = |bytes: &[u8], layout| suite::codes(&read_as(bytes, layout).unwrap()) == ["format.layout-tie"];
    assert!(tied(&pattern(368_640), None));
    assert!(tied(&pattern(368_640), Layout::by_id("pc-360")));
    assert!(!tied(&pattern(368_640), Layout::by_id("st-360")), "somebody chose");
    assert!(!tied(&with_bpb(368_640, (80, 1, 9)), None), "the boot sector tells");
}

#[test]
fn a_named_layout_is_said_to_be_named() {
    let sides = Layout { order: SideOrder::SideBySide, ..Layout::by_id("adfs-l").unwrap().clone() };
    let image = read_as(&pattern(655_360), Some(&sides)).unwrap();
    assert_eq!(layout(&image), Known::Assumed(sides, Why::Person));
    assert_eq!(tracks(&image)[1].1.slots[0].chosen().data_span, Some(floptical_model::Span::file(80 * 4096, 256)));
}

#[test]
fn tails_and_early_ends_are_kept() {
    let pc = Layout::by_id("pc-360").unwrap();
    let longer = with_bpb(368_640 + 77, (40, 2, 9));
    let image = read(&longer);
    assert_eq!(image.opaque("raw.tail").unwrap().bytes[..], longer[368_640..]);
    assert_eq!(image.findings.iter().next().unwrap().code.id, "format.tail");
    assert!(proven(&fit(&image)) == longer);
    for len in [1, 511, 512, 5000, 4608 * 3, 368_639] {
        let bytes = pattern(len);
        let image = read_as(&bytes, Some(pc)).unwrap();
        let missing =
            tracks(&image).iter().flat_map(|t| t.1.slots.clone()).filter(|s| s.status() == Status::Unread).count();
        assert_eq!(missing, 720 - len / 512);
        assert!(image.findings.iter().any(|f| f.code.id == "format.truncated"));
        assert!(proven(&fit(&image)) == bytes, "{len}");
    }
    assert_eq!(read_as(&[], Some(pc)).unwrap_err().kind, ErrorKind::Truncated);
}

fn sector(c: u8, h: u8, r: u8, size: usize) -> Sighting {
    let id = SectorId { c, h, r, n: SectorId::code(size).unwrap_or(0) };
    let data: Vec<u8> = (0..size).map(|i| (i as u8) ^ r ^ (c << 2) ^ (h << 1)).collect();
    let mut seen = Sighting::assumed(Scheme::IbmMfm, id, DataField::Bytes(Arc::from(data)));
    seen.id = Known::Value(Some(id));
    seen.data_check = Known::Value(Check::Good);
    seen
}

fn track(sightings: Vec<Sighting>) -> Sectors {
    let slots = sightings.into_iter().map(Slot::one).collect();
    Sectors { slots, ordered: true, rate: Known::Value(Rate::DD), ..Sectors::default() }
}

fn made(tracks: impl IntoIterator<Item = (TrackAt, Sectors)>) -> Image {
    let held = tracks.into_iter().map(|(at, s)| (at, Track::of(Reading::Sectors(s.into()))));
    let tracks = TrackMap::held(held);
    Image::floppy(Floppy { drive: DriveFacts::default(), layout: Known::Unrecorded, tracks })
}

/// A disk of 40 tracks, 2 sides, 9 sectors, interleaved.
fn disk() -> Vec<(TrackAt, Sectors)> {
    let numbers = [1, 6, 2, 7, 3, 8, 4, 9, 5];
    let all =
        |c| (0..2).map(move |h| (TrackAt::new(c, h), track(numbers.iter().map(|r| sector(c, h, *r, 512)).collect())));
    (0..40).flat_map(all).collect()
}

fn block_of(bytes: &[u8], c: usize, h: usize, r: usize) -> &[u8] {
    let at = ((c * 2 + h) * 9 + r - 1) * 512;
    &bytes[at..at + 512]
}

#[test]
fn blocks_are_taken_by_number_whatever_cylinder_and_head_they_name() {
    let mut tracks = disk();
    let slots = &mut tracks[5].1.slots;
    let mut alien = sector(77, 1, 6, 512);
    alien.data = DataField::Bytes(vec![0xAA; 512].into());
    slots[1] = Slot::one(alien);
    slots.push(Slot::one(sector(2, 1, 6, 512)));
    let mut missing = sector(2, 1, 2, 512);
    missing.data = DataField::Missing;
    slots[2] = Slot::one(missing);
    slots.remove(0);
    let fitted = fit(&made(tracks));
    assert!(matches!(layout(&fitted), Known::Assumed(l, Why::Layout) if l.id == "pc-360"));
    let bytes = proven(&fitted);
    assert_eq!(bytes.len(), 368_640);
    assert_eq!(block_of(&bytes, 2, 1, 6), [0xAA; 512], "the first of two");
    assert_eq!(block_of(&bytes, 2, 1, 2), [0; 512], "no data");
    assert_eq!(block_of(&bytes, 2, 1, 1), [0; 512], "no slot");
    assert_eq!(block_of(&bytes, 39, 1, 9), &sector(39, 1, 9, 512).data.bytes().unwrap()[..]);
}

#[test]
fn double_steps_and_other_shapes_are_fitted_by_what_the_disk_shows() {
    let doubled = disk().into_iter().map(|(at, s)| (TrackAt { quarter: at.quarter * 2, ..at }, s));
    assert!(proven(&fit(&made(doubled))) == emit(&fit(&made(disk()))));
    // The length alone suggests 40 tracks of two sides.
    let single = (0..80).map(|c| (TrackAt::new(c, 0), track((1..=9).map(|r| sector(c, 0, r, 512)).collect())));
    let fitted = fit(&made(single));
    assert!(matches!(layout(&fitted), Known::Assumed(l, Why::Person) if l.id == "st-360"));
    proven(&fitted);
    let odd = (0..3).map(|c| (TrackAt::new(c, 0), track((5..8).map(|r| sector(c, 0, r, 256)).collect())));
    let fitted = fit(&made(odd));
    assert!(matches!(layout(&fitted), Known::Assumed(l, Why::Person) if l.id.is_empty()));
    proven(&fitted);
}

#[test]
fn a_rate_that_no_reader_will_assume_is_not_promised() {
    let fast = disk().into_iter().map(|(at, s)| (at, Sectors { rate: Known::Value(Rate::HD), ..s }));
    let fitted = fit(&made(fast));
    proven(&fitted);
    assert!(tracks(&fitted).iter().all(|(_, s)| s.rate == Known::Assumed(Rate::DD, Why::Layout)));
}

#[test]
fn data_without_a_layout_is_written_in_order() {
    let odd = [
        (TrackAt::new(1, 0), track(vec![sector(1, 0, 7, 128), sector(1, 0, 2, 512)])),
        (TrackAt::new(0, 0), track(vec![sector(0, 0, 9, 256), sector(0, 0, 9, 1024)])),
    ];
    let fitted = fit(&made(odd));
    assert!(matches!(fitted.carrier, Carrier::Block(_)));
    let bytes = proven(&fitted);
    let expected = [(0, 9, 256), (0, 9, 1024), (1, 2, 512), (1, 7, 128)];
    let expected: Vec<u8> =
        expected.iter().flat_map(|(c, r, n)| sector(*c, 0, *r, *n).data.bytes().unwrap().to_vec()).collect();
    assert!(bytes == expected);
    let empty = (raw().fit.unwrap())(&made([]), &Context::default());
    assert!(matches!(empty, Err(NotFitted::Refused(r)) if r.fact == Fact::Exists));
}

#[test]
fn partitions_and_volumes_are_linear() {
    for bytes in [with_partition(1_474_560, 1, 100), with_partition(1 << 20, 63, 1985), pattern(20_000)] {
        let image = read(&bytes);
        let Carrier::Block(device) = &image.carrier else { panic!("a linear carrier") };
        assert_eq!(device.len, bytes.len() as u64);
        let runs = device.content.runs(100, u64::MAX);
        assert_eq!(runs.len(), 1);
        assert_eq!((runs[0].start, runs[0].len, runs[0].extent), (100, device.len - 100, Extent::Data));
        assert!(proven(&fit(&image)) == bytes);
    }
}

#[test]
fn a_linear_carrier_that_looks_like_a_floppy_will_be_one() {
    let boot = with_bpb(368_640, (40, 2, 9));
    let whole = read(&with_partition(1 << 20, 1, 9));
    let Carrier::Block(mut device) = whole.carrier.clone() else { panic!("a linear carrier") };
    let Carrier::Block(inner) = read(&[boot.clone(), vec![0; 1 << 20]].concat()).carrier else { panic!("linear") };
    device.content = inner.content;
    device.len = 368_640;
    let fitted = fit(&Image { carrier: Carrier::Block(device), ..whole });
    assert!(matches!(layout(&fitted), Known::Assumed(l, Why::Layout) if l.id == "pc-360"));
    assert!(proven(&fitted) == boot);
}

/// More bytes than there is memory for, made as they are read.
struct Huge;

const HUGE: u64 = (5 << 30) + 512;

impl ReadAt for Huge {
    fn len(&self) -> u64 {
        HUGE
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        assert!(buffer.len() <= 1 << 20, "read piece by piece");
        buffer.fill((offset >> 20) as u8);
        Ok(())
    }
}

/// Counts what it is given.
#[derive(Default)]
struct Count(u64);

impl Output for Count {
    fn begin(&mut self, _: &str) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        assert_eq!(bytes.first(), Some(&((self.0 >> 20) as u8)));
        self.0 += bytes.len() as u64;
        Ok(())
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> Result<()> {
        unreachable!("a flat file has nothing to patch")
    }
}

#[test]
fn what_is_larger_than_memory_streams() {
    let set = FileSet::from(Source::new("huge.img", Huge));
    let context = Context::default();
    let image = (raw().read)(&set, &ReadOptions::default(), &context).unwrap();
    let mut out = Count::default();
    (raw().emit.unwrap())(&fit(&image), &mut out, &context).unwrap();
    assert_eq!(out.0, HUGE);
}

prop_compose! {
    fn any_sector(c: u8, h: u8)(r in 1u8..6, wild in any::<[bool; 4]>(), size in prop_oneof![4 => Just(512usize), 1 => Just(256), 1 => 1usize..600]) -> Sighting {
        let [alien, missing, without_id, other_scheme] = wild;
        let mut seen = sector(if alien { c ^ 9 } else { c }, h, r, size);
        if missing { seen.data = DataField::Missing }
        if without_id && other_scheme && alien { seen.id = Known::Value(None) }
        if other_scheme && missing && alien { seen.scheme = Scheme::IbmFm }
        seen
    }
}

prop_compose! {
    fn any_track()(c in 0u8..5, h in 0u8..2, regular in any::<bool>())(
        slots in prop::collection::vec(any_sector(c, h), 0..7), c in Just(c), h in Just(h), regular in Just(regular),
    ) -> (TrackAt, Sectors) {
        let plain = (1..=4).map(|r| sector(c, h, r, 512)).collect();
        (TrackAt::new(c, h), track(if regular { plain } else { slots }))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_disks_read_back_as_fitted(tracks in prop::collection::vec(any_track(), 1..9)) {
        match (raw().fit.unwrap())(&made(tracks), &Context::default()) {
            Ok(fitted) => { proven(&fitted); }
            Err(NotFitted::Refused(refusal)) => prop_assert_eq!(refusal.fact, Fact::Exists),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn hostile_heads_are_survived(head in prop::collection::vec(any::<u8>(), 1..700), zeros in 0usize..3000) {
        let mut bytes = head;
        bytes.resize(bytes.len() + zeros * 128, 0);
        prop_assert!(proven(&fit(&read(&bytes))) == bytes);
    }
}

#[test]
fn every_file_of_the_corpus_comes_back_byte_for_byte() {
    let flat = ["raw", "img", "st", "ssd", "dsd", "adfs"];
    for Sample { path, bytes, .. } in suite::samples(|format| flat.contains(&format)) {
        let Ok(image) = read_as(&bytes, None) else {
            assert!(bytes.is_empty(), "{path}");
            continue;
        };
        let shown = match &image.carrier {
            Carrier::Floppy(floppy) => floppy.layout.get().map(ToString::to_string).unwrap_or_default(),
            _ => "linear".into(),
        };
        println!("{path}: {} bytes, {shown}", bytes.len());
        assert!(proven(&fit(&image)) == bytes, "{path}");
    }
}
