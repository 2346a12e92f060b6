//! Sectors to flux and back.

mod media;

use std::sync::Arc;

use floptical_flux::{derive, recognise, revolutions, transitions, write_track};
use floptical_model::{Cells, Clock, Context, Edge, Flux, IndexMark, Known, Ps, Reading, Scheme, Track, TrackAt};
use media::{form, plain, sectors};
use proptest::prelude::*;

const AT: TrackAt = TrackAt { quarter: 12, head: 1 };

fn read(cells: &Cells) -> floptical_model::Sectors {
    recognise(cells, AT, &Context::default()).unwrap()
}

/// Move each transition by up to `permille` of a cell; times of `percent`.
fn harmed(flux: &Flux, cell_ticks: u64, permille: u64, percent: u64, seed: u32) -> Flux {
    let mut noise = media::noise(seed);
    let (mut at, mut last) = (0u64, 0u64);
    let moved = flux.intervals.iter().map(|ticks| {
        at += u64::from(*ticks);
        let range = cell_ticks * permille * 2 / 1000 + 1;
        let tick = (at + u64::from(noise.next().unwrap()) % range).saturating_sub(range / 2) * percent / 100;
        let interval = tick.saturating_sub(last);
        last = last.max(tick);
        u32::try_from(interval).unwrap()
    });
    let intervals = Arc::new(moved.collect());
    let index = flux.index.iter().map(|m| IndexMark { tick: m.tick * percent / 100, ..*m }).collect();
    Flux { intervals, index, ..flux.clone() }
}

#[test]
fn cells_come_back_bit_by_bit() {
    let clocks = [Clock::hz(40_000_000), Clock::hz(72_000_000), Clock::new(18_432_000 * 73, 14 * 4).unwrap()];
    for scheme in [Scheme::IbmMfm, Scheme::IbmFm] {
        let cells = write_track(&sectors(&plain(scheme, 9, 1)), &form(scheme)).unwrap();
        for clock in clocks {
            let flux = transitions(&cells, clock, 3);
            assert_eq!(flux.revolutions(), 3);
            let turn = flux.revolution_ticks(1).unwrap();
            assert!(turn.abs_diff(clock.to_ticks(Ps(200_000_000_000))) < 2);
            let read = revolutions(&flux, &Context::default()).unwrap();
            assert_eq!(read.len(), 3);
            for (i, revolution) in read.iter().enumerate() {
                assert_eq!(revolution.cells.bits, cells.bits);
                assert_eq!(usize::from(revolution.cells.revolution), i);
                assert!(revolution.worst < 60 && revolution.outside == 0, "{}", revolution.worst);
                let cell = revolution.cells.cell().unwrap();
                assert!(cell.0.abs_diff(2_000_000) < 100);
            }
        }
    }
}

#[test]
fn ranges_of_cells_know_their_ticks() {
    let clock = Clock::hz(40_000_000);
    let cells = write_track(&sectors(&plain(Scheme::IbmMfm, 9, 2)), &form(Scheme::IbmMfm)).unwrap();
    let read = revolutions(&transitions(&cells, clock, 2), &Context::default()).unwrap();
    for cell in [0, 1, 777, 50_000, 99_999] {
        let ticks = read[1].ticks(cell..cell + 100);
        assert!(ticks.start.abs_diff(8_000_000 + cell * 80) < 3, "{ticks:?}");
        assert!(ticks.end.abs_diff(8_000_000 + (cell + 100).min(100_000) * 80) < 3, "{ticks:?}");
    }
}

#[test]
fn a_capture_without_index_is_one_open_string() {
    let cells = write_track(&sectors(&plain(Scheme::IbmMfm, 9, 2)), &form(Scheme::IbmMfm)).unwrap();
    let mut flux = transitions(&cells, Clock::hz(40_000_000), 2);
    flux.index.clear();
    flux.start = Edge::Anywhere;
    let read_all = revolutions(&flux, &Context::default()).unwrap();
    assert_eq!(read_all.len(), 1);
    assert_eq!(read_all[0].cells.join, Known::Value(floptical_model::Join::Open));
    assert_eq!(read(&read_all[0].cells).slots.len(), 18);
    // One mark alone tells where the index is.
    flux.index.push(IndexMark { tick: 8_000_000, interval: 0 });
    let read_all = revolutions(&flux, &Context::default()).unwrap();
    assert!(read_all[0].cells.index_at.copied().unwrap().abs_diff(100_000) < 2);
}

#[test]
fn every_standard_rate_is_found() {
    for (cell, cells, count) in
        [(2_000_000, 100_000, 9), (1_666_667, 100_000, 9), (1_000_000, 200_000, 18), (500_000, 400_000, 36)]
    {
        let form = floptical_flux::TrackForm { cell: Ps(cell), cells, ..form(Scheme::IbmMfm) };
        let made = sectors(&plain(Scheme::IbmMfm, count, 2));
        let flux = transitions(&write_track(&made, &form).unwrap(), Clock::hz(40_000_000), 1);
        let revolution = &revolutions(&flux, &Context::default()).unwrap()[0];
        let read = read(&revolution.cells);
        media::same(&made, &read);
        let rate = read.rate.recorded().unwrap().0;
        assert!(u64::from(rate).abs_diff(500_000_000_000 / cell) < 2, "{rate}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn flux_brings_any_sectors_back(
        track in media::tracks(), permille in 0u64..121, percent in 96u64..105, seed: u32, turns in 1u32..3,
    ) {
        if let Ok(cells) = write_track(&sectors(&track), &form(Scheme::IbmMfm)) {
            let flux = harmed(&transitions(&cells, Clock::hz(40_000_000), turns), 80, permille, percent, seed);
            let shown = revolutions(&flux, &Context::default()).unwrap().into_iter().map(|r| read(&r.cells));
            // Of a few dense sectors cells of another length are likelier now and then.
            // They show nothing, and then the other lengths are tried.
            // What a field holds may look like a mark of another code: the cells show that too.
            let told = read(&cells);
            prop_assert!(told.slots.len() >= track.len());
            for shown in shown.filter(|shown| !shown.slots.is_empty() || track.is_empty()) {
                media::same(&told, &shown);
            }
            let derived = derive(&Track::of(Reading::Flux(flux)), AT, &Context::default()).unwrap().unwrap();
            prop_assert_eq!(derived.sectors.slots.is_empty(), track.is_empty());
        }
    }

    #[test]
    fn any_intervals_end(
        intervals in prop::collection::vec(prop_oneof![0u32..2000, Just(160u32), Just(240), Just(320), any::<u32>().prop_map(|x| x >> 8)], 0..400),
        marks in prop::collection::vec(0u64..1 << 32, 0..5),
        hz in prop_oneof![1u64..2000, Just(40_000_000), 1u64 << 30..1 << 39],
        sorted: bool,
    ) {
        let mut index: Vec<IndexMark> = marks.into_iter().map(|tick| IndexMark { tick, interval: 0 }).collect();
        if sorted {
            index.sort_by_key(|m| m.tick);
        }
        let flux = Flux {
            clock: Clock::hz(hz), intervals: intervals.into(), index, sector_marks: Vec::new(),
            start: Edge::Anywhere, end: Edge::Anywhere,
        };
        match revolutions(&flux, &Context::default()) {
            Ok(all) => for revolution in all {
                let end = revolution.cells.bits.len() as u64;
                let ticks = revolution.ticks(0..end);
                prop_assert!(ticks.start <= ticks.end);
                read(&revolution.cells);
            },
            Err(error) => prop_assert_eq!(error.kind, floptical_model::ErrorKind::Limit),
        }
    }
}
