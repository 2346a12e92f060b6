//! What captures show beside sectors.

mod media;

use std::sync::Arc;

use floptical_flux::{Derived, derive, recognise, transitions, write_track};
use floptical_model::{
    AreaKind, Cells, Clock, Context, Edge, Evidence, Flux, IndexMark, Reading, Scheme, Span, Track, TrackAt, finding,
};
use media::{form, plain, sectors};

const AT: TrackAt = TrackAt { quarter: 12, head: 1 };
/// 25 ns.
const CLOCK: Clock = Clock::hz(40_000_000);
/// Ticks of a cell of double density.
const CELL: f64 = 80.0;

fn track(scheme: Scheme) -> Cells {
    write_track(&sectors(&plain(scheme, 9, 2)), &form(scheme)).unwrap()
}

/// Chance that is the same each time.
struct Dice(u32);

impl Dice {
    fn roll(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    /// From -1 to 1, most near 0.
    fn jitter(&mut self) -> f64 {
        (0..4).map(|_| f64::from(self.roll() % 2001) / 1000.0 - 1.0).sum::<f64>() / 4.0
    }
}

/// When the transitions of one turn come, in cells.
fn turn(cells: &Cells) -> Vec<f64> {
    cells.bits.ones().map(|cell| cell as f64 + 0.5).collect()
}

/// A capture of turns of so many cells, each transition up to `jitter` cells off.
fn capture(turns: &[Vec<f64>], len: f64, jitter: f64) -> Flux {
    let mut dice = Dice(9);
    let mut times: Vec<u64> = Vec::new();
    let mut index = vec![IndexMark { tick: 0, interval: 0 }];
    for (nth, turn) in turns.iter().enumerate() {
        let start = nth as f64 * len;
        times.extend(turn.iter().map(|at| ((start + at + jitter * dice.jitter()) * CELL).round().max(0.0) as u64));
        let interval = u32::try_from(times.len()).unwrap();
        index.push(IndexMark { tick: ((start + len) * CELL) as u64, interval });
    }
    let before = std::iter::once(0).chain(times.iter().copied());
    let intervals: Vec<u32> =
        times.iter().zip(before).map(|(at, from)| u32::try_from(at.saturating_sub(from)).unwrap()).collect();
    Flux {
        clock: CLOCK,
        intervals: Arc::new(intervals),
        index,
        sector_marks: Vec::new(),
        start: Edge::Index,
        end: Edge::Index,
    }
}

fn derived(flux: Flux) -> Derived {
    derive(&Track::of(Reading::Flux(flux)), AT, &Context::default()).unwrap().unwrap()
}

/// Cells of the id and data field of a slot.
fn fields(cells: &Cells, slot: usize) -> [(f64, f64); 2] {
    let read = recognise(cells, AT, &Context::default()).unwrap();
    let chosen = read.slots[slot].chosen().clone();
    [chosen.id_span, chosen.data_span].map(|span| match span {
        Some(Span::Cells { start, len, .. }) => (start as f64, (start + len) as f64),
        _ => panic!("no field"),
    })
}

/// A slot's data as a drive writes them whose cells are longer by `speed`, and
/// whose grid begins `phase` later, 150 cells before the data mark; it stops
/// writing 20 cells after the data. What lay there before ends and goes on as it
/// was.
fn rewrite(turn: &[f64], cells: &Cells, slot: usize, (speed, phase): (f64, f64)) -> Vec<f64> {
    let (_, data) = (fields(cells, slot)[0], fields(cells, slot)[1]);
    let (from, to) = (data.0 - 150.0, data.1 + 20.0);
    let end = from + (to - from) * (1.0 + speed) + phase;
    let old = turn.iter().filter(|at| **at < from || **at >= end).copied();
    let new = turn.iter().filter(|at| (from..to).contains(*at)).map(|at| from + phase + (at - from) * (1.0 + speed));
    let mut all: Vec<f64> = old.chain(new).collect();
    all.sort_by(f64::total_cmp);
    all
}

fn kinds(derived: &Derived) -> Vec<AreaKind> {
    derived.survey.areas.iter().map(|area| area.kind).collect()
}

fn codes(derived: &Derived) -> Vec<&str> {
    derived.findings.iter().map(|finding| finding.code.id).collect()
}

#[test]
fn a_track_written_at_once_shows_nothing() {
    for scheme in [Scheme::IbmMfm, Scheme::IbmFm, Scheme::AmigaMfm] {
        let cells =
            write_track(&sectors(&plain(scheme, 5, if scheme == Scheme::IbmFm { 1 } else { 2 })), &form(scheme));
        let cells = cells.unwrap();
        for (turns, jitter) in [(1, 0.0), (3, 0.0), (1, 0.2), (3, 0.2)] {
            let seen = derived(capture(&vec![turn(&cells); turns], cells.bits.len() as f64, jitter));
            assert_eq!((kinds(&seen), codes(&seen)), (vec![], vec![]), "{scheme:?} {turns} {jitter}");
            assert!(seen.survey.rewritten.is_empty());
            assert_eq!(seen.survey.speed.len(), 32);
            assert!(seen.survey.speed.iter().all(|permille| permille.abs() <= 1), "{:?}", seen.survey.speed);
        }
    }
    let exact = derived(transitions(&track(Scheme::IbmMfm), CLOCK, 2));
    assert!(exact.survey.areas.is_empty());
}

#[test]
fn a_sector_written_by_another_drive_is_told_by_its_speed_and_its_splice() {
    let cells = track(Scheme::IbmMfm);
    for (speed, phase) in [(0.015, 0.35), (-0.015, -0.3)] {
        for turns in [1, 3] {
            let turn = rewrite(&turn(&cells), &cells, 4, (speed, phase));
            let seen = derived(capture(&vec![turn; turns], cells.bits.len() as f64, 0.15));
            let [one] = &seen.survey.rewritten[..] else { panic!("{:?}", seen.survey.rewritten) };
            assert_eq!((one.slot, one.shown), (4, (turns as u16, turns as u16)));
            let permille = one.speed.unwrap();
            assert!((f64::from(permille) - speed * 1000.0).abs() <= 2.0, "{permille}");
            let (at, jump) = one.splice.unwrap();
            assert!((f64::from(jump) - phase * 1000.0).abs() < 80.0, "{jump}");
            let gap = fields(&cells, 4);
            assert!((f64::from(at) - (gap[1].0 - 150.0 - gap[0].1)).abs() < 16.0, "{at}");
            let splice = seen.survey.areas.iter().find(|area| area.kind == AreaKind::Splice).unwrap();
            assert!((splice.start as f64 - (gap[1].0 - 150.0)).abs() < 16.0);
            assert_eq!(splice.evidence, Evidence::Shown(turns as u16, turns as u16));
            let told: Vec<String> = seen.findings.iter().map(|f| f.to_string()).collect();
            assert_eq!(codes(&seen), [finding::FLUX_REWRITTEN.id], "{told:?}");
        }
    }
}

#[test]
fn a_sector_written_by_the_same_drive_is_told_by_its_splice() {
    let cells = track(Scheme::IbmMfm);
    let turn = rewrite(&turn(&cells), &cells, 2, (0.0, 0.4));
    let seen = derived(capture(&[turn.clone(), turn], cells.bits.len() as f64, 0.15));
    let [one] = &seen.survey.rewritten[..] else { panic!("{:?}", seen.survey.rewritten) };
    assert_eq!((one.slot, one.speed), (2, None));
    assert!((300..=500).contains(&one.splice.unwrap().1));
    assert_eq!(seen.survey.count(AreaKind::Splice), 2, "{:?}", seen.survey.areas);
}

#[test]
fn a_turn_that_is_no_whole_number_of_cells_has_a_splice_at_the_index() {
    let cells = track(Scheme::IbmMfm);
    for turns in [2, 3] {
        let seen = derived(capture(&vec![turn(&cells); turns], cells.bits.len() as f64 + 0.4, 0.1));
        let [area] = &seen.survey.areas[..] else { panic!("{:?}", seen.survey.areas) };
        let of = turns as u16 - 1;
        assert_eq!((area.kind, area.evidence), (AreaKind::Splice, Evidence::Shown(of, of)));
        let apart = area.start.min(cells.bits.len() as u64 - area.start.min(cells.bits.len() as u64));
        assert!(apart < 48, "{area:?}");
        assert!(seen.survey.rewritten.is_empty() && codes(&seen).is_empty());
    }
}

#[test]
fn where_all_sectors_were_written_later_none_is_odd() {
    let cells = track(Scheme::IbmMfm);
    let mut turn = turn(&cells);
    for slot in 0..9 {
        turn = rewrite(&turn, &cells, slot, (0.012, 0.1 * slot as f64 - 0.4));
    }
    let seen = derived(capture(&vec![turn; 3], cells.bits.len() as f64, 0.1));
    assert!(seen.survey.rewritten.is_empty(), "{:?}", seen.survey.rewritten);
    assert!(seen.survey.count(AreaKind::Splice) >= 5);
    assert!(codes(&seen).is_empty());
}

#[test]
fn a_step_of_speed_is_no_splice_and_no_sector_written_later() {
    let cells = track(Scheme::IbmMfm);
    let [_, (start, end)] = fields(&cells, 3);
    for at in [start - 100.0, (start + end) / 2.0, end + 100.0] {
        for step in [0.02, -0.02] {
            let bent = |place: &f64| if *place > at { place + (place - at) * step } else { *place };
            let turn: Vec<f64> = turn(&cells).iter().map(bent).collect();
            let len = cells.bits.len() as f64 + (cells.bits.len() as f64 - at) * step;
            let seen = derived(capture(&vec![turn; 2], len, 0.1));
            assert!(seen.survey.rewritten.is_empty(), "{at} {step} {:?}", seen.survey.rewritten);
            let (low, high) = (seen.survey.speed.iter().min().unwrap(), seen.survey.speed.iter().max().unwrap());
            assert!((18..=22).contains(&(high - low)), "{:?}", seen.survey.speed);
        }
    }
}

#[test]
fn a_stretch_without_transitions_is_an_area_when_most_revolutions_show_it() {
    let cells = track(Scheme::IbmMfm);
    let [_, (_, end)] = fields(&cells, 5);
    let (from, to) = (end + 300.0, end + 500.0);
    let whole = turn(&cells);
    let holed: Vec<f64> = whole.iter().copied().filter(|at| !(from..to).contains(at)).collect();
    let seen = derived(capture(&[holed.clone(), holed.clone(), whole.clone()], cells.bits.len() as f64, 0.1));
    let [area] = &seen.survey.areas[..] else { panic!("{:?}", seen.survey.areas) };
    assert_eq!((area.kind, area.evidence), (AreaKind::NoFlux, Evidence::Shown(2, 3)));
    assert!(area.start.abs_diff(from as u64) <= 4 && area.len.abs_diff(200) <= 8, "{area:?}");
    assert_eq!(codes(&seen), [finding::FLUX_NO_FLUX.id]);
    let once = derived(capture(&[holed, whole.clone(), whole], cells.bits.len() as f64, 0.1));
    assert!(once.survey.areas.is_empty());
}

#[test]
fn a_stretch_between_sectors_that_each_revolution_shows_otherwise_is_weak() {
    let cells = track(Scheme::IbmMfm);
    let [_, (_, end)] = fields(&cells, 5);
    let (from, to) = (end + 200.0, end + 800.0);
    let mut dice = Dice(3);
    let mut noisy = || {
        let mut turn: Vec<f64> = turn(&cells).into_iter().filter(|at| !(from..to).contains(at)).collect();
        let mut at = from + 1.0;
        while at < to {
            turn.push(at);
            at += 1.5 + f64::from(dice.roll() % 400) / 100.0;
        }
        turn.sort_by(f64::total_cmp);
        turn
    };
    let turns = [noisy(), noisy(), noisy()];
    let seen = derived(capture(&turns, cells.bits.len() as f64, 0.1));
    let weak: Vec<_> = seen.survey.areas.iter().filter(|area| area.kind == AreaKind::Weak).collect();
    let [area] = &weak[..] else { panic!("{:?}", seen.survey.areas) };
    assert_eq!(area.evidence, Evidence::Differs(3, 3));
    assert!(
        area.start as f64 >= from - 64.0 && (area.start + area.len) as f64 <= to + 64.0 && area.len >= 320,
        "{area:?}"
    );
    assert_eq!(codes(&seen), [finding::FLUX_WEAK.id]);
    // Trouble in one revolution is no weak stretch, and two do not tell.
    for turns in [vec![turn(&cells), noisy(), turn(&cells)], vec![noisy(), noisy()]] {
        let seen = derived(capture(&turns, cells.bits.len() as f64, 0.1));
        assert_eq!(seen.survey.count(AreaKind::Weak), 0);
    }
}
