//! The hard rungs of the ladder: flux that loops cannot follow.

mod media;

use std::sync::Arc;

use floptical_flux::{Derived, derive, transitions, write_track};
use floptical_model::{
    Bits, Cells, Check, Choice, Clock, Context, DataField, Flux, IndexMark, Known, Limits, Ps, Reading, Rung, Scheme,
    SectorId, Sectors, Sighting, Slot, Span, Status, Track, TrackAt,
};
use media::{form, noise, plain, sectors};

const AT: TrackAt = TrackAt { quarter: 12, head: 1 };
/// Ticks of 25 ns in a cell of double density.
const CELL: f64 = 80.0;

fn written(scheme: Scheme, count: u8) -> (Sectors, Cells) {
    let n = if scheme == Scheme::CommodoreGcr { 1 } else { 2 };
    let made = sectors(&plain(scheme, count, n));
    let cell = if scheme == Scheme::CommodoreGcr { Ps(3_250_000) } else { form(scheme).cell };
    let cells = write_track(&made, &floptical_flux::TrackForm { cell, ..form(scheme) }).unwrap();
    (made, cells)
}

/// When the transitions of so many turns come, in ticks, and how long a turn is.
fn clean(cells: &Cells, turns: u32) -> (Vec<f64>, f64) {
    let flux = transitions(cells, Clock::hz(40_000_000), turns);
    let mut at = 0.0;
    let add = |ticks: &u32| {
        at += f64::from(*ticks);
        at
    };
    let times = flux.intervals.iter().map(add).collect();
    (times, flux.index[1].tick as f64)
}

/// Each time moved by chance: nearly normal, with this deviation in ticks.
fn shaken(times: &[f64], sigma: f64, seed: u32) -> Vec<f64> {
    let mut dice = noise(seed).map(|x| f64::from(x) / f64::from(u32::MAX >> 1));
    times.iter().map(|t| t + sigma * ((0..12).map(|_| dice.next().unwrap()).sum::<f64>() - 6.0)).collect()
}

fn capture(mut times: Vec<f64>, turn: f64, turns: u32) -> Flux {
    times.sort_by(f64::total_cmp);
    let mut ticks: Vec<u64> = times.iter().map(|t| t.round().max(1.0) as u64).collect();
    ticks.dedup();
    let before = std::iter::once(0).chain(ticks.iter().copied());
    let intervals: Vec<u32> = ticks.iter().zip(before).map(|(at, before)| (at - before) as u32).collect();
    let mark = |r: u32| IndexMark { tick: (turn * f64::from(r)) as u64, interval: 0 };
    let index = (0..=turns).map(mark).collect();
    Flux {
        intervals: Arc::new(intervals),
        index,
        ..transitions(&Cells::plain(Bits::new(), Default::default()), Clock::hz(40_000_000), 0)
    }
}

fn read(flux: Flux) -> Derived {
    derive(&Track::of(Reading::Flux(flux)), AT, &Context::default()).unwrap().unwrap()
}

fn wanted(made: &Sectors, id: Option<SectorId>) -> &[u8] {
    let of = made.slots.iter().find(|slot| slot.chosen().sector_id() == id);
    of.and_then(|slot| slot.chosen().data.bytes()).map_or(&[], |bytes| bytes)
}

/// Sectors with a status; none of them may hold other data than was written.
fn right(made: &Sectors, read: &Sectors, status: Status) -> usize {
    let given: Vec<_> = read.slots.iter().filter(|slot| slot.status() == status).map(|slot| slot.chosen()).collect();
    for sighting in &given {
        assert_eq!(&sighting.data.bytes().unwrap()[..], wanted(made, sighting.sector_id()), "{:?}", sighting.id);
    }
    given.len()
}

#[test]
fn one_revolution_that_no_loop_follows_gives_most_of_its_sectors() {
    // 300 ns.
    for (scheme, least, all) in [(Scheme::IbmMfm, 1, 6), (Scheme::IbmFm, 5, 5), (Scheme::CommodoreGcr, 12, 15)] {
        let count = if scheme == Scheme::IbmMfm {
            9
        } else if scheme == Scheme::IbmFm {
            5
        } else {
            15
        };
        let (made, cells) = written(scheme, count);
        let (times, turn) = clean(&cells, 1);
        let derived = read(capture(shaken(&times, 12.0, 7), turn, 1));
        let good = right(&made, &derived.sectors, Status::Good);
        let reconstructed = right(&made, &derived.sectors, Status::Reconstructed);
        assert!(good >= least && good + reconstructed >= all, "{scheme:?}: {good} and {reconstructed}");
        for slot in &derived.sectors.slots {
            let chosen = slot.chosen();
            if chosen.rung >= Some(Rung::Cells) && chosen.data.bytes().is_some() {
                assert_eq!(chosen.confidence.as_ref().map(|c| c.len()), Some(chosen.size()));
            }
        }
    }
}

/// Of thirty tracks at 300 ns the first grid alone gives 146 of 270 sectors.
#[test]
fn what_one_grid_does_not_show_another_may() {
    let (made, cells) = written(Scheme::IbmMfm, 9);
    let (times, turn) = clean(&cells, 1);
    let good = |seed| right(&made, &read(capture(shaken(&times, 12.0, seed), turn, 1)).sectors, Status::Good);
    assert!((1..=30).map(good).sum::<usize>() > 150);
}

#[test]
fn revolutions_laid_on_each_other_give_what_none_of_them_does() {
    // 350 ns: a loop gives nothing, and one revolution next to nothing.
    for scheme in [Scheme::IbmMfm, Scheme::AmigaMfm] {
        let (made, cells) = written(scheme, 9);
        let (times, turn) = clean(&cells, 3);
        let derived = read(capture(shaken(&times, 14.0, 3), turn, 3));
        assert_eq!(right(&made, &derived.sectors, Status::Good), 9, "{scheme:?}");
        assert!(derived.sectors.slots.iter().any(|slot| slot.chosen().rung == Some(Rung::Merged)));
        assert_eq!(derived.sectors.slots.len(), 9);
        // The cells that stand for the track show the same.
        let shown = floptical_flux::recognise(&derived.cells.unwrap(), AT, &Context::default()).unwrap();
        let good = shown.slots.iter().filter(|s| s.status() == Status::Good).count();
        assert_eq!(good, 9, "{scheme:?}");
    }
}

/// The transition nearest to the middle of the data of a slot.
fn middle(derived: &Derived, slot: usize, times: &[f64]) -> usize {
    let Some(Span::Cells { start, len, .. }) = derived.sectors.slots[slot].chosen().data_span else {
        panic!("no data")
    };
    let at = (start + len / 2) as f64 * CELL;
    times.partition_point(|t| *t < at)
}

#[test]
fn a_lost_transition_is_found_by_the_crc_and_the_sector_is_never_good() {
    let (made, cells) = written(Scheme::IbmMfm, 9);
    let (times, turn) = clean(&cells, 1);
    let calm = read(capture(times.clone(), turn, 1));
    let at = middle(&calm, 4, &times);
    // Two shortest distances become one that the code writes as well.
    let lost = (at..).find(|i| times[i + 1] - times[i - 1] < 4.5 * CELL).unwrap();
    let mut damaged = times.clone();
    damaged.remove(lost);
    let derived = read(capture(shaken(&damaged, 3.0, 5), turn, 1));
    assert_eq!(right(&made, &derived.sectors, Status::Good), 8);
    assert_eq!(right(&made, &derived.sectors, Status::Reconstructed), 1);
    assert!(derived.sectors.slots[4].chosen().reconstructed);
}

/// Of two and three cells, or three and two, five are left, which may be split either
/// way: where two are split as they were written, it is the check that tells.
#[test]
fn what_a_check_chose_among_four_readings_is_reconstructed() {
    let (made, cells) = written(Scheme::IbmMfm, 9);
    let (times, turn) = clean(&cells, 1);
    let first = middle(&read(capture(times.clone(), turn, 1)), 4, &times);
    // How the sector is given, if it is right, and how sure its least byte is.
    let shown = |lost: &[usize]| {
        let derived = read(capture(without(&shaken(&times, 3.0, 5), lost), turn, 1));
        let chosen = derived.sectors.slots[4].chosen();
        let is_right = chosen.data.bytes().unwrap()[..] == *wanted(&made, chosen.sector_id());
        is_right.then(|| (chosen.status(), chosen.confidence.as_ref().and_then(|all| all.iter().min().copied())))
    };
    let is_five = |at: &usize| ((times[at + 1] - times[at - 1]) / CELL).round() as u32 == 5;
    let is_split = |at: &usize| shown(&[*at]) == Some((Status::Good, Some(0)));
    let lost: Vec<usize> = (first..).step_by(9).filter(is_five).filter(is_split).take(2).collect();
    assert_eq!(shown(&lost), Some((Status::Reconstructed, Some(0))));
}

/// A transition in the last A1 before the data of a sector came a cell early: so read,
/// an A1 before the right one is nearly a mark as well.
#[test]
fn data_after_a_damaged_mark_are_shown_whether_their_check_holds_or_not() {
    let (made, _) = written(Scheme::IbmMfm, 9);
    for (check, status) in [(Check::Good, Status::Reconstructed), (Check::Bad, Status::BadCheck)] {
        let mut made = made.clone();
        made.slots[4].alter(|seen| {
            seen.data_check = Known::Value(check);
            seen.data_check_value = if check == Check::Bad { Known::Value(0x1234) } else { Known::Unrecorded };
        });
        let cells = write_track(&made, &form(Scheme::IbmMfm)).unwrap();
        let (mut times, turn) = clean(&cells, 1);
        let calm = read(capture(times.clone(), turn, 1));
        let Some(Span::Cells { start, .. }) = calm.sectors.slots[4].chosen().data_span else { panic!("no data") };
        let at = (start + 32 + 8) as f64 * CELL;
        let moved = times.iter_mut().min_by(|a, b| (**a - at).abs().total_cmp(&(**b - at).abs())).unwrap();
        *moved += CELL;
        let derived = read(capture(shaken(&times, 3.0, 5), turn, 1));
        let read = derived.sectors.slots[4].chosen();
        assert_eq!((read.status(), read.reconstructed), (status, true));
        assert_eq!(&read.data.bytes().unwrap()[..], wanted(&made, read.sector_id()));
        assert_eq!(right(&made, &derived.sectors, Status::Good), 8);
    }
}

#[test]
fn a_check_that_is_not_worth_it_is_not_searched_by() {
    let (made, cells) = written(Scheme::CommodoreGcr, 15);
    let (times, turn) = clean(&cells, 1);
    let mut lost = times.clone();
    lost.remove(times.len() / 2);
    let derived = read(capture(lost, turn, 1));
    assert_eq!(right(&made, &derived.sectors, Status::Reconstructed), 0);
    assert!(right(&made, &derived.sectors, Status::Good) >= 14);
}

/// Turns in which each has 500 cells of garbage, from a place of its own on.
fn with_garbage<const TURNS: usize>(times: &[f64], turn: f64, from: [f64; TURNS]) -> Vec<f64> {
    let mut dice = noise(11).map(|x| f64::from(x % 1000) / 1000.0);
    let end = |from: f64| from + 500.0 * CELL;
    let mut all = Vec::new();
    for (r, from) in (0..3).map(f64::from).zip(from) {
        let mut at = from;
        while at < end(from) {
            at += (1.0 + 5.0 * dice.next().unwrap()) * CELL;
            all.push(turn * r + at);
        }
    }
    let is_stable = |t: &&f64| {
        let from = from[((*t / turn) as usize).min(TURNS - 1)];
        !(from..end(from)).contains(&(*t % turn))
    };
    all.extend(times.iter().filter(is_stable));
    all
}

#[test]
fn garbage_of_one_revolution_has_no_say_in_the_others() {
    let (made, cells) = written(Scheme::IbmMfm, 9);
    let (times, turn) = clean(&cells, 3);
    let calm = read(capture(times.clone(), turn, 3));
    let from = times[middle(&calm, 4, &times)];
    // Each revolution lost another part of one sector.
    let all = with_garbage(&times, turn, [-1500.0, 0.0, 1500.0].map(|cells| from + cells * CELL));
    let derived = read(capture(shaken(&all, 4.0, 5), turn, 3));
    assert_eq!(right(&made, &derived.sectors, Status::Good), 9);
    assert_eq!(derived.sectors.slots[4].chosen().rung, Some(Rung::Merged));
}

/// Bits of a sector that turned around together leave its check as it is: two of a
/// column of an exclusive or, the polynomial of a CRC.
fn unseen(scheme: Scheme) -> Vec<Vec<usize>> {
    match scheme {
        Scheme::AmigaMfm => (0..32).flat_map(|bit| (1..128).map(move |long| vec![bit, bit + 32 * long])).collect(),
        _ => (0..4000).map(|bit| vec![bit, bit + 4, bit + 11, bit + 16]).collect(),
    }
}

/// The cells of a track of which one sector holds other data that satisfy its check,
/// so that their transitions are to those of the track as is wanted.
fn with_unseen(made: &Sectors, slot: usize, is_wanted: impl Fn(&[f64], &[f64]) -> bool) -> Cells {
    let scheme = made.slots[slot].chosen().scheme;
    let (turn, _) = clean(&write_track(made, &form(scheme)).unwrap(), 1);
    let written = |bits: Vec<usize>| {
        let mut wrong = made.clone();
        let own = wrong.slots[slot].chosen().clone();
        let mut bytes = own.data.bytes().unwrap().to_vec();
        bits.iter().for_each(|bit| bytes[bit / 8] ^= 0x80 >> (bit % 8));
        wrong.slots[slot] = Slot::one(Sighting { data: DataField::Bytes(bytes.into()), ..own });
        write_track(&wrong, &form(scheme)).unwrap()
    };
    unseen(scheme).into_iter().map(written).find(|cells| is_wanted(&turn, &clean(cells, 1).0)).unwrap()
}

/// Such that transitions move by one cell, and none is lost.
fn with_unseen_change(made: &Sectors, slot: usize) -> Cells {
    with_unseen(made, slot, |turn, other| {
        let moved: Vec<f64> = turn.iter().zip(other).map(|(a, b)| (a - b).abs()).filter(|by| *by > 0.0).collect();
        other.len() == turn.len() && moved.len() <= 6 && moved.iter().all(|by| *by <= CELL)
    })
}

/// What three revolutions show of a sector in which the first has the transitions of
/// another one, moved so far towards it (1: wholly).
fn contested(scheme: Scheme, towards: f64) -> (Sectors, Slot) {
    let (made, cells) = written(scheme, 9);
    let wrong = with_unseen_change(&made, 4);
    let ((right, turn), (wrong, _)) = (clean(&cells, 3), clean(&wrong, 1));
    // 150 ns.
    let mut times = shaken(&right, 6.0, 3);
    for ((time, right), wrong) in times.iter_mut().zip(&right).zip(&wrong).filter(|((_, a), b)| a != b) {
        *time = right + (wrong - right) * towards;
    }
    let derived = read(capture(times, turn, 3));
    let id = made.slots[4].chosen().sector_id();
    let slot = derived.sectors.slots.iter().find(|slot| slot.chosen().sector_id() == id).unwrap().clone();
    (made, slot)
}

#[test]
fn what_satisfies_a_check_by_chance_is_no_contradiction() {
    let (made, slot) = contested(Scheme::AmigaMfm, 0.6);
    let given: Vec<Status> = slot.sightings().iter().map(Sighting::status).collect();
    assert_eq!(given, [Status::Unverified, Status::Good, Status::Good]);
    assert_eq!((slot.status(), slot.choice()), (Status::Good, Choice::GoodCheck));
    assert_eq!(&slot.chosen().data.bytes().unwrap()[..], wanted(&made, slot.chosen().sector_id()));
}

/// A revolution that lost two transitions may satisfy a weak check.
#[test]
fn transitions_that_a_weak_check_does_not_miss_are_told_by_the_other_revolutions() {
    let (made, cells) = written(Scheme::AmigaMfm, 9);
    let has_all_of = |all: &[f64], some: &[f64]| some.iter().all(|time| all.contains(time));
    let wrong = with_unseen(&made, 4, |turn, other| turn.len() == other.len() + 2 && has_all_of(turn, other));
    let ((right, turn), (wrong, _)) = (clean(&cells, 3), clean(&wrong, 1));
    let later = right.iter().filter(|time| **time > turn);
    let times: Vec<f64> = wrong.iter().filter(|time| **time <= turn).chain(later).copied().collect();
    let derived = read(capture(shaken(&times, 6.0, 3), turn, 3));
    let id = made.slots[4].chosen().sector_id();
    let slot = derived.sectors.slots.iter().find(|slot| slot.chosen().sector_id() == id).unwrap();
    let given: Vec<Status> = slot.sightings().iter().map(Sighting::status).collect();
    assert_eq!(given, [Status::Unverified, Status::Good, Status::Good]);
    assert_eq!((slot.status(), slot.choice()), (Status::Good, Choice::GoodCheck));
    assert_eq!(&slot.chosen().data.bytes().unwrap()[..], wanted(&made, id));
}

#[test]
fn other_data_that_the_flux_shows_beyond_doubt_are_never_voted_away() {
    for scheme in [Scheme::AmigaMfm, Scheme::IbmMfm] {
        let (_, slot) = contested(scheme, 1.0);
        assert_eq!((slot.status(), slot.choice()), (Status::Ambiguous, Choice::Contradiction), "{scheme:?}");
    }
}

/// What one revolution shows of a sector, of a track of which another one is garbage:
/// what loops read there needs more than a check that holds.
fn beside_garbage(made: &Sectors, times: &[f64], turn: f64) -> Slot {
    let calm = read(capture(clean(&write_track(made, &form(Scheme::IbmMfm)).unwrap(), 1).0, turn, 1));
    let from = times[middle(&calm, 7, times)];
    let derived = read(capture(with_garbage(times, turn, [from; 1]), turn, 1));
    let find = |slot: usize| {
        let id = made.slots[slot].chosen().sector_id();
        derived.sectors.slots.iter().find(|slot| slot.chosen().sector_id() == id).unwrap().clone()
    };
    assert_eq!(find(7).status(), Status::BadCheck);
    find(4)
}

#[test]
fn a_loop_is_not_believed_where_its_flux_may_as_well_say_something_else() {
    let (made, cells) = written(Scheme::IbmMfm, 9);
    let wrong = with_unseen_change(&made, 4);
    let ((right, turn), (wrong, _)) = (clean(&cells, 1), clean(&wrong, 1));
    for (towards, status) in [(0.0, Status::Good), (0.48, Status::Unverified), (1.0, Status::Good)] {
        // 150 ns.
        let mut moved = shaken(&right, 6.0, 3);
        for ((time, right), wrong) in moved.iter_mut().zip(&right).zip(&wrong).filter(|((_, a), b)| a != b) {
            *time = right + (wrong - right) * towards;
        }
        assert_eq!(beside_garbage(&made, &moved, turn).status(), status, "{towards}");
    }
}

/// Zeros whose clocks are missing are read as zeros, and the check holds.
#[test]
fn where_no_transition_is_nothing_is_believed() {
    let (mut made, _) = written(Scheme::IbmMfm, 9);
    let own = made.slots[4].chosen().clone();
    let mut bytes = own.data.bytes().unwrap().to_vec();
    bytes[200..240].fill(0);
    made.slots[4] = Slot::one(Sighting { data: DataField::Bytes(bytes.into()), ..own });
    let cells = write_track(&made, &form(Scheme::IbmMfm)).unwrap();
    let (times, turn) = clean(&cells, 1);
    assert_eq!(beside_garbage(&made, &shaken(&times, 6.0, 3), turn).status(), Status::Good);
    let middle = times[middle(&read(capture(times.clone(), turn, 1)), 4, &times)];
    let hole = middle - 50.0 * 16.0 * CELL..middle - 24.0 * 16.0 * CELL;
    let left: Vec<f64> = times.into_iter().filter(|time| !hole.contains(time)).collect();
    let slot = beside_garbage(&made, &shaken(&left, 6.0, 3), turn);
    assert_eq!(&slot.chosen().data.bytes().unwrap()[..], wanted(&made, slot.chosen().sector_id()));
    assert_eq!(slot.status(), Status::Unverified);
}

/// The transitions of so many turns without some of them.
fn without(times: &[f64], lost: &[usize]) -> Vec<f64> {
    times.iter().enumerate().filter(|(at, _)| !lost.contains(at)).map(|(_, time)| *time).collect()
}

#[test]
fn a_transition_that_two_of_three_revolutions_lost_is_found() {
    let (made, cells) = written(Scheme::IbmMfm, 9);
    let (times, turn) = clean(&cells, 3);
    let each = times.len() / 3;
    // Between two shortest distances: what is left is a distance that is written.
    let is_short = |at: &usize| times[at + 1] - times[at - 1] < 4.5 * CELL;
    let first = middle(&read(capture(times.clone(), turn, 3)), 4, &times);
    let at = (first..).find(is_short).unwrap();
    let other = (at + 90..).find(is_short).unwrap() + 2 * each;
    let derived = read(capture(shaken(&without(&times, &[at, at + each, other]), 4.0, 3), turn, 3));
    assert_eq!(right(&made, &derived.sectors, Status::Good), 9);
    assert_eq!(derived.sectors.slots[4].chosen().rung, Some(Rung::Merged));
}

/// Of twenty tracks with one in 250; 142 of 180 sectors where nobody looks at what the
/// path left out.
#[test]
fn a_transition_too_many_is_told_from_the_one_that_it_hides() {
    let (made, cells) = written(Scheme::IbmMfm, 9);
    let (times, turn) = clean(&cells, 1);
    let read_right = |seed: u32| {
        let mut dice = noise(seed ^ 0x5EED).map(|x| f64::from(x) / f64::from(u32::MAX >> 1));
        let pairs = times.iter().zip(times.iter().skip(1));
        let too_many: Vec<f64> = pairs
            .filter_map(|(a, b)| {
                let (hit, place) = (dice.next()? < 0.004, dice.next()?);
                hit.then_some(a + (b - a) * place)
            })
            .collect();
        let sectors = read(capture([shaken(&times, 4.0, seed), too_many].concat(), turn, 1)).sectors;
        right(&made, &sectors, Status::Good) + right(&made, &sectors, Status::Reconstructed)
    };
    assert!((1..=20).map(read_right).sum::<usize>() > 160);
}

#[test]
fn a_weak_stretch_is_told_and_never_good() {
    let (made, cells) = written(Scheme::IbmMfm, 9);
    let (times, turn) = clean(&cells, 3);
    let calm = read(capture(times.clone(), turn, 3));
    let from = times[middle(&calm, 4, &times)];
    let all = with_garbage(&times, turn, [from; 3]);
    let derived = read(capture(shaken(&all, 4.0, 5), turn, 3));
    assert_eq!(right(&made, &derived.sectors, Status::Good), 8);
    assert_eq!(right(&made, &derived.sectors, Status::Reconstructed), 0);
    let slot = &derived.sectors.slots[4];
    assert_eq!(slot.status(), Status::BadCheck);
    assert!(slot.chosen().weak.as_ref().is_some_and(|weak| weak.count_ones() > 100));
    assert!(!derived.cells.unwrap().areas.is_empty());
}

#[test]
fn noise_without_a_disk_costs_bounded_steps_and_is_nothing() {
    let mut dice = noise(1).map(|x| f64::from(x % 1000) / 1000.0);
    let mut at = 0.0;
    let times: Vec<f64> = std::iter::repeat_with(|| {
        at += (1.0 + 5.0 * dice.next().unwrap()) * CELL;
        at
    })
    .take(60_000)
    .collect();
    let turn = at / 2.0;
    let limits = Limits { steps: 1 << 30, ..Limits::default() };
    let flux = capture(times, turn, 2);
    let derived = derive(&Track::of(Reading::Flux(flux.clone())), AT, &Context::new(limits)).unwrap().unwrap();
    assert!(derived.sectors.slots.iter().all(|slot| slot.status() < Status::Reconstructed));
    let few = Limits { steps: 1 << 16, ..Limits::default() };
    assert!(derive(&Track::of(Reading::Flux(flux)), AT, &Context::new(few)).is_err());
}
