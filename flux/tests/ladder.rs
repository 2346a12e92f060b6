//! From whatever a track holds to its sectors, over several revolutions.

mod media;

use std::sync::Arc;

use floptical_flux::{Derived, derive, recognise, transitions, write_track};
use floptical_model::{
    AreaKind, Cells, Check, Choice, Clock, Context, DataField, Evidence, Flux, IndexMark, Known, Reading, Scheme,
    Sectors, Span, Status, Track, TrackAt, finding,
};
use media::{form, plain, sectors};

const AT: TrackAt = TrackAt { quarter: 12, head: 1 };

fn derived(readings: Vec<Reading>) -> Derived {
    let track = Track { readings, ..Track::default() };
    derive(&track, AT, &Context::default()).unwrap().unwrap()
}

fn track() -> Cells {
    write_track(&sectors(&plain(Scheme::IbmMfm, 9, 2)), &form(Scheme::IbmMfm)).unwrap()
}

/// Data of a slot starts at this cell.
fn data_cell(cells: &Cells, slot: usize) -> usize {
    let read = recognise(cells, AT, &Context::default()).unwrap();
    match read.slots[slot].chosen().data_span {
        Some(Span::Cells { start, .. }) => usize::try_from(start).unwrap() + 64,
        _ => panic!("no data"),
    }
}

/// A revolution with some cells of one slot's data turned around.
fn broken(cells: &Cells, revolution: u16, slot: usize, from_byte: usize) -> Cells {
    let at = data_cell(cells, slot) + from_byte * 16;
    let mut cells = Cells { revolution, ..cells.clone() };
    let bits = Arc::make_mut(&mut cells.bits);
    (at..at + 16).for_each(|i| bits.set(i, !bits.get(i)));
    cells
}

/// Flux of revolutions that differ.
fn capture(turns: &[Cells]) -> Flux {
    let clock = Clock::hz(40_000_000);
    let mut times = Vec::new();
    let mut index = vec![IndexMark { tick: 0, interval: 0 }];
    for (i, turn) in (0u64..).zip(turns) {
        let mut at = i * 8_000_000;
        let one = transitions(turn, clock, 1);
        times.extend(one.intervals.iter().map(|t| {
            at += u64::from(*t);
            at
        }));
        index.push(IndexMark { tick: (i + 1) * 8_000_000, interval: 0 });
    }
    let before = std::iter::once(0).chain(times.iter().copied());
    let intervals: Vec<u32> =
        times.iter().zip(before).map(|(at, before)| u32::try_from(at - before).unwrap()).collect();
    let intervals = Arc::new(intervals);
    Flux { intervals, index, ..transitions(&turns[0], clock, 1) }
}

fn statuses(sectors: &Sectors) -> Vec<Status> {
    sectors.slots.iter().map(|s| s.status()).collect()
}

#[test]
fn sectors_alone_are_what_they_are() {
    let held = Arc::new(sectors(&plain(Scheme::IbmMfm, 9, 2)));
    let derived = derived(vec![Reading::Sectors(Arc::clone(&held))]);
    assert_eq!(derived.sectors, held);
    assert_eq!(derived.cells, None);
    assert!(derive(&Track::default(), AT, &Context::default()).unwrap().is_none());
}

#[test]
fn revolutions_that_agree_share_their_data() {
    let cells = track();
    let derived = derived(vec![Reading::Flux(transitions(&cells, Clock::hz(40_000_000), 3))]);
    assert!(derived.agree && derived.findings.is_empty());
    assert_eq!(derived.revolutions, 3);
    assert_eq!(derived.cells.unwrap().bits, cells.bits);
    for slot in &derived.sectors.slots {
        assert_eq!(slot.choice(), Choice::Agreed(3));
        let bytes: Vec<_> = slot.sightings().iter().map(|s| s.data.bytes().unwrap()).collect();
        assert!(bytes.iter().all(|b| Arc::ptr_eq(b, bytes[0])));
    }
}

#[test]
fn each_slot_takes_the_revolution_that_is_good_and_so_do_the_cells() {
    let cells = track();
    let turns = [broken(&cells, 0, 2, 100), broken(&cells, 1, 5, 7)];
    for readings in [vec![Reading::Flux(capture(&turns))], turns.iter().cloned().map(Reading::Cells).collect()] {
        let derived = derived(readings);
        assert_eq!(statuses(&derived.sectors), [Status::Good; 9]);
        assert!(!derived.agree);
        let codes: Vec<_> = derived.findings.iter().map(|f| f.code.id).collect();
        assert_eq!(codes, [finding::FLUX_REVOLUTIONS_DIFFER.id; 2]);
        assert_eq!(derived.sectors.slots[2].choice(), Choice::GoodCheck);
        let again = recognise(&derived.cells.unwrap(), AT, &Context::default()).unwrap();
        media::same(&derived.sectors, &again);
    }
}

#[test]
fn what_differs_in_a_bad_sector_is_weak() {
    let cells = track();
    let turns = [broken(&cells, 0, 4, 200), broken(&cells, 1, 4, 300)];
    let derived = derived(vec![Reading::Flux(capture(&turns))]);
    let slot = &derived.sectors.slots[4];
    assert_eq!(slot.status(), Status::BadCheck);
    let weak = slot.chosen().weak.as_ref().unwrap();
    assert_eq!(weak.len(), 4096);
    let bytes: Vec<usize> = weak.ones().map(|bit| bit / 8).collect();
    assert!(bytes.iter().all(|b| [199, 200, 201, 299, 300, 301].contains(b)), "{bytes:?}");
    assert!(bytes.contains(&200) && bytes.contains(&300));
    let areas = derived.cells.unwrap().areas;
    assert!(areas.iter().all(|a| a.kind == AreaKind::Weak && a.evidence == Evidence::Differs(2, 2)));
    assert!(areas.iter().any(|a| a.start.abs_diff((data_cell(&cells, 4) + 3200) as u64) < 16));
}

#[test]
fn good_checks_over_different_data_contradict() {
    let mut other = plain(Scheme::IbmMfm, 9, 2);
    other[3].data = DataField::Bytes(vec![0x55; 512].into());
    let mut second = write_track(&sectors(&other), &form(Scheme::IbmMfm)).unwrap();
    second.revolution = 1;
    let derived = derived(vec![Reading::Cells(track()), Reading::Cells(second)]);
    assert_eq!(derived.sectors.slots[3].choice(), Choice::Contradiction);
    assert_eq!(derived.sectors.slots[3].status(), Status::Ambiguous);
    assert!(derived.findings.iter().any(|f| f.code.id == finding::TRACK_CONTRADICTION.id));
}

#[test]
fn twins_stay_two_and_a_lost_header_finds_its_place() {
    let mut made = plain(Scheme::IbmMfm, 9, 2);
    made[6].id = made[5].id;
    let cells = write_track(&sectors(&made), &form(Scheme::IbmMfm)).unwrap();
    let mut second = Cells { revolution: 1, ..cells.clone() };
    let read = recognise(&cells, AT, &Context::default()).unwrap();
    let Some(Span::Cells { start, .. }) = read.slots[1].chosen().id_span else { panic!("no id") };
    let bits = Arc::make_mut(&mut second.bits);
    (0..40).for_each(|i| bits.set(usize::try_from(start).unwrap() + i, false));
    let derived = derived(vec![Reading::Cells(cells), Reading::Cells(second)]);
    assert_eq!(derived.sectors.slots.len(), 9);
    assert!(derived.sectors.slots.iter().all(|s| s.sightings().len() == 2));
    assert_eq!(derived.sectors.slots[1].sightings()[1].id, Known::Value(None));
    assert_eq!(statuses(&derived.sectors), [Status::Good; 9]);
}

#[test]
fn a_step_of_speed_is_followed_by_the_second_loop() {
    let cells = track();
    let mut flux = transitions(&cells, Clock::hz(40_000_000), 1);
    let half = flux.intervals.len() / 2;
    // 8 % slower from one transition to the next.
    let slower = |(i, t): (usize, &u32)| if i < half { *t } else { t * 108 / 100 };
    flux.intervals = Arc::new(flux.intervals.iter().enumerate().map(slower).collect());
    let end = flux.intervals.iter().map(|t| u64::from(*t)).sum();
    flux.index[1].tick = end;
    let derived = derived(vec![Reading::Flux(flux)]);
    assert_eq!(statuses(&derived.sectors), [Status::Good; 9]);
    media::same(&sectors(&plain(Scheme::IbmMfm, 9, 2)), &derived.sectors);
}

#[test]
fn no_index_is_a_finding_and_an_empty_track_has_no_slots() {
    let mut flux = transitions(&track(), Clock::hz(40_000_000), 1);
    flux.index.clear();
    let open = derived(vec![Reading::Flux(flux.clone())]);
    assert_eq!(open.sectors.slots.len(), 9);
    assert_eq!(open.findings.iter().next().unwrap().code.id, finding::FLUX_NO_INDEX.id);
    flux.intervals = Arc::default();
    assert_eq!(derived(vec![Reading::Flux(flux)]).sectors.slots, []);
    let bad = recognise(&track(), AT, &Context::default()).unwrap();
    assert!(bad.slots.iter().all(|s| s.chosen().id_check == Known::Value(Check::Good)));
}
