//! Several captures of one disk as one.

use std::path::Path;

use floptical::model::{Choice, Context, ErrorKind, Place, Status, TrackAt};
use floptical::{Disk, OpenOptions, merge, open_bytes};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/images").join(name)).unwrap()
}

fn disk(name: &str, bytes: &[u8]) -> Disk {
    let context = Context::default();
    Disk::derive(open_bytes(name, bytes, &OpenOptions::default(), &context).unwrap().image, &context).unwrap()
}

/// `box.imd` with the byte at the start of a sector changed, and the record
/// marked as read with a bad check, for each (cylinder, head, sector).
fn hurt(sectors: &[(u8, u8, u8)]) -> Vec<u8> {
    changed(4, |place| sectors.contains(&place))
}

/// `box.imd` with the first byte of some sectors changed, and so much added to
/// the kind of their records.
fn changed(kind_by: u8, of: impl Fn((u8, u8, u8)) -> bool) -> Vec<u8> {
    let mut bytes = fixture("box.imd");
    let mut at = bytes.iter().position(|b| *b == 0x1A).unwrap() + 1;
    while at < bytes.len() {
        let [cylinder, head, count] = [bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let map: Vec<u8> = bytes[at + 5..at + 5 + usize::from(count)].to_vec();
        at += 5 + usize::from(count);
        for number in map {
            let kind = bytes[at];
            if of((cylinder, head, number)) {
                assert!((1..=2).contains(&kind), "a plain record");
                bytes[at] += kind_by;
                bytes[at + 1] ^= 0x5A;
            }
            at += if kind % 2 == 1 { 513 } else { 2 };
        }
    }
    bytes
}

fn slot(cylinder: u8, head: u8, number: u8) -> Place {
    Place::Slot { track: TrackAt::new(cylinder, head), r: Some(number), nth: 0 }
}

#[test]
fn what_one_capture_lacks_another_gives() {
    let captures = [
        disk("a.imd", &hurt(&[(0, 0, 1), (3, 1, 5)])),
        disk("b.imd", &hurt(&[(0, 0, 2)])),
        disk("c.img", &fixture("box.img")),
    ];
    let merged = merge(&captures, &Context::default()).unwrap();
    assert!(merged.slots.iter().all(|s| s.status == Status::Good && !s.contradiction));
    let from = |place: Place| merged.slots.iter().find(|s| s.place == place).map(|s| (s.from, s.captures.clone()));
    let (bad, good, flat) = (Some(Status::BadCheck), Some(Status::Good), Some(Status::Unverified));
    assert_eq!(from(slot(0, 0, 1)), Some((1, vec![bad, good, flat])));
    assert_eq!(from(slot(0, 0, 2)), Some((0, vec![good, bad, flat])));
    let whole = disk("box.imd", &fixture("box.imd"));
    let context = Context::default();
    let ids = |disk: &Disk| {
        let ids = floptical::Identities::of(disk, &context).unwrap();
        (ids.l1.map(|l1| l1.digest), ids.l2.digest)
    };
    assert_eq!(ids(&merged.disk), ids(&whole));
}

#[test]
fn what_no_capture_reads_for_certain_stays_weak() {
    let mut other = fixture("box.imd");
    let same = hurt(&[(0, 0, 1)]);
    let at = other.iter().zip(&same).position(|(a, b)| a != b).unwrap();
    other[at] = same[at];
    other[at + 1] ^= 0xA5;
    let merged = merge(&[disk("a.imd", &same), disk("b.imd", &other)], &Context::default()).unwrap();
    let track = merged.disk.tracks().iter().find(|t| t.at == TrackAt::new(0, 0)).unwrap();
    let slots = &track.derived.sectors.slots;
    let seen = slots.iter().map(|s| s.chosen()).find(|s| s.sector_id().is_some_and(|id| id.r == 1)).unwrap();
    assert_eq!(seen.weak.as_ref().unwrap().ones().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_contradiction_is_shown_and_other_disks_are_refused() {
    let other = changed(0, |place| place == (0, 0, 1));
    let captures = [disk("a.imd", &fixture("box.imd")), disk("b.imd", &other)];
    let merged = merge(&captures, &Context::default()).unwrap();
    let told: Vec<&Place> = merged.slots.iter().filter(|s| s.contradiction).map(|s| &s.place).collect();
    assert_eq!(told, [&slot(0, 0, 1)]);
    let slots = &merged.disk.tracks()[0].derived.sectors.slots;
    assert!(slots.iter().any(|s| s.choice() == Choice::Contradiction));

    let strange = disk("c.imd", &changed(0, |_| true));
    let one = disk("a.imd", &fixture("box.imd"));
    let refused = merge(&[one, strange], &Context::default()).map(|_| ()).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unsupported, "{refused}");
}
