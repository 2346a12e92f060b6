//! What a capture holds beyond sectors that are known here is never lost
//! without a word.

use std::collections::BTreeSet;
use std::sync::Arc;

use floptical::formats::{FORMATS, Format};
use floptical::io::Memory;
use floptical::model::{
    Clock, Context, DriveFacts, Edge, Fact, Floppy, Flux, Image, IndexMark, Known, Layout, Reading, Status, Track,
    TrackAt, TrackMap, finding,
};
use floptical::{ConvertError, Disk, OpenOptions, WriteOptions, check, compare, open_bytes, plan};

const NANOSECONDS: Clock = Clock::hz(1_000_000_000);

fn format(id: &str) -> &'static Format {
    FORMATS.iter().find(|f| f.id == id).unwrap()
}

fn opened(name: &str, bytes: &[u8]) -> Disk {
    let context = Context::default();
    let opened = open_bytes(name, bytes, &OpenOptions::default(), &context).unwrap();
    Disk::derive(opened.image, &context).unwrap()
}

fn content(disk: &Disk, target: &str) -> BTreeSet<Fact> {
    plan(disk, format(target), WriteOptions::default(), &Context::default()).unwrap().plan().content()
}

fn written(disk: &Disk, target: &str) -> Vec<u8> {
    let context = Context::default();
    let mut out = Memory::new();
    plan(disk, format(target), WriteOptions::default(), &context).unwrap().write(&mut out, &context).unwrap();
    out.files()[0].1.clone()
}

/// Two revolutions of 200 ms, each interval as `next` has it, in nanoseconds.
fn capture(mut next: impl FnMut() -> u32) -> Disk {
    let (mut intervals, mut index, mut tick) = (Vec::new(), vec![IndexMark { tick: 0, interval: 0 }], 0u64);
    for turn in 1..=2 {
        while tick < turn * 200_000_000 {
            intervals.push(next());
            tick += u64::from(*intervals.last().unwrap());
        }
        index.push(IndexMark { tick, interval: intervals.len() as u32 });
    }
    let flux = Flux {
        clock: NANOSECONDS,
        intervals: Arc::from(intervals),
        index,
        sector_marks: Vec::new(),
        start: Edge::Index,
        end: Edge::Index,
    };
    let tracks = TrackMap::held([(TrackAt::new(0, 0), Track::of(Reading::Flux(flux)))]);
    let floppy = Floppy { drive: DriveFacts::default(), layout: Known::Unrecorded, tracks };
    Disk::derive(Image::floppy(floppy), &Context::default()).unwrap()
}

/// Numbers without a pattern, the same each time.
fn numbers() -> impl FnMut() -> u32 {
    let mut state = 0x2545_F491u32;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state >> 8
    }
}

/// An ImageDisk file of one side, nine sectors on each track, as `shape` has
/// the recorded cylinder and the data.
fn imd(cylinders: u8, shape: impl Fn(u8) -> (u8, u8)) -> Vec<u8> {
    let mut file = b"IMD 1.18: 25/11/2026 12:00:00\r\n\x1A".to_vec();
    for cylinder in 0..cylinders {
        let (recorded, fill) = shape(cylinder);
        file.extend([5, cylinder, 0x80, 9, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        file.extend([recorded; 9]);
        (1..=9).for_each(|sector| file.extend([2, fill ^ sector]));
    }
    file
}

#[test]
fn codes_that_are_not_read_are_content_and_noise_is_not() {
    let mut random = numbers();
    let gcr = capture(|| [3250, 6500, 9750][random() as usize % 3] + random() % 300);
    assert!(content(&gcr, "imd").contains(&Fact::Gaps));
    let mut random = numbers();
    let noise = capture(|| 1000 + random() % 9000);
    assert_eq!(content(&noise, "imd"), BTreeSet::new());
    let mut random = numbers();
    // Between the lengths of all cells: what HFE makes of it is another track.
    let odd = capture(|| [4000, 5300, 8100][random() as usize % 3]);
    assert!(content(&odd, "hfe").contains(&Fact::FluxTiming));
}

#[test]
fn a_track_that_the_file_cuts_is_not_a_blank_one() {
    let whole = written(&opened("disk.imd", &imd(40, |c| (c, c))), "hfe");
    let cut = opened("disk.hfe", &whole[..whole.len() / 2]);
    for target in ["raw", "imd", "scp"] {
        assert!(content(&cut, target).contains(&Fact::Exists), "{target}");
    }
    let checked = check(&cut, &Context::default()).unwrap();
    assert!(checked.is_damaged());
    assert!(checked.findings.iter().any(|f| f.code == &finding::FORMAT_TRUNCATED));
    assert_eq!(content(&opened("disk.hfe", &whole), "raw"), BTreeSet::new());
}

#[test]
fn a_position_between_two_tracks_costs_nothing_when_it_repeats_one() {
    let repeats = opened("disk.imd", &imd(80, |c| (c / 2, c / 2)));
    assert_eq!(content(&repeats, "raw"), BTreeSet::new());
    assert_eq!(written(&repeats, "raw").len(), 40 * 9 * 512);
    let differs = opened("disk.imd", &imd(80, |c| (c / 2, if c == 7 { 99 } else { c / 2 })));
    assert_eq!(content(&differs, "raw"), [Fact::Exists].into());
}

#[test]
fn disks_that_show_nothing_do_not_hold_the_same() {
    let context = Context::default();
    let nothing = opened("disk.imd", b"IMD 1.18: 25/11/2026 12:00:00\r\n\x1A\x05\x00\x00\x00\x02");
    let something = opened("disk.imd", &imd(40, |c| (c, c)));
    assert_eq!(compare(&nothing, &nothing, &context).unwrap().same_data(), None);
    assert_eq!(compare(&nothing, &something, &context).unwrap().same_data(), Some(false));
    assert_eq!(compare(&something, &something, &context).unwrap().same_data(), Some(true));
}

#[test]
fn a_sector_that_cannot_be_encoded_is_refused_by_its_place() {
    let mut file = b"IMD 1.18: 25/11/2026 12:00:00\r\n\x1A\x05\x03\x00\x02\xFF\x07\x08".to_vec();
    file.extend([0, 2, 100, 0, 2, 0xE5]);
    file.push(1);
    file.extend([0xE5; 100]);
    let planned = plan(&opened("disk.imd", &file), format("hfe"), WriteOptions::default(), &Context::default());
    let Err(ConvertError::Refused(refusal)) = planned else { panic!("{planned:?}") };
    assert_eq!((refusal.fact, refusal.place.to_string().as_str()), (Fact::Data, "3.0.8"));
}

#[test]
fn two_readings_that_contradict_each_other_are_named_by_their_sector() {
    let flux = |fill: u8| {
        let disk = opened("disk.imd", &imd(1, |c| (c, fill)));
        let scp = opened("disk.scp", &written(&disk, "scp"));
        let track = scp.image().as_floppy().unwrap().tracks.get(TrackAt::new(0, 0), &Context::default()).unwrap();
        track.unwrap().flux().unwrap().clone()
    };
    // The first revolution of one disk, the second of another.
    let (a, b) = (flux(0x11), flux(0x99));
    let cut = a.index[1].interval as usize;
    let intervals = [&a.intervals[..cut], &b.intervals[b.index[1].interval as usize..]].concat();
    let index = vec![a.index[0], a.index[1], IndexMark { interval: intervals.len() as u32, ..b.index[2] }];
    let both = Flux { intervals: intervals.into(), index, ..a };
    let tracks = TrackMap::held([(TrackAt::new(0, 0), Track::of(Reading::Flux(both)))]);
    let floppy = Floppy { drive: DriveFacts::default(), layout: Known::Unrecorded, tracks };
    let context = Context::default();
    let disk = Disk::derive(Image::floppy(floppy), &context).unwrap();
    assert_eq!(disk.sectors().iter().filter(|s| s.status == Status::Ambiguous).count(), 9);
    for target in ["imd", "hfe"] {
        let planned = plan(&disk, format(target), WriteOptions::default(), &context).unwrap();
        let group = planned.plan().groups().into_iter().find(|g| g.fact == Fact::Readings).unwrap();
        assert_eq!((group.count, group.first.place.to_string().as_str()), (9, "0.0.1"), "{target}");
    }
}

/// What stands behind the end of a cut file nobody read: a target that has to
/// say something there invents it.
#[test]
fn what_is_cut_off_is_unread_and_not_missing() {
    let context = Context::default();
    let options =
        OpenOptions { format: Some("raw".into()), layout: Layout::by_id("pc-360").cloned(), ..OpenOptions::default() };
    let opened = open_bytes("cut.img", &vec![7; 200_000], &options, &context).unwrap();
    let disk = Disk::derive(opened.image, &context).unwrap();
    let unread = disk.sectors().iter().filter(|s| s.status == Status::Unread).count();
    assert_eq!(unread, 720 - 200_000 / 512);
    for target in ["hfe", "imd"] {
        assert_eq!(content(&disk, target), BTreeSet::from([Fact::Data]), "{target}");
    }
}
