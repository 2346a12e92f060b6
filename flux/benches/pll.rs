//! The price of a 1.44 MB track of three revolutions, step by step.
//!
//! A disk has 160 such tracks.

use std::sync::Arc;

use floptical_flux::{TrackForm, derive, recognise, revolutions, transitions, write_track};
use floptical_model::{
    Cells, Check, Clock, Context, DataField, Flux, Known, Rate, Reading, Scheme, SectorId, Sectors, Sighting, Slot,
    Track, TrackAt,
};

const AT: TrackAt = TrackAt { quarter: 0, head: 0 };

fn main() {
    divan::main();
}

fn sectors() -> Sectors {
    let mut state = 1u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let slot = |r| {
        let bytes: Vec<u8> = (0..512).map(|_| noise()).collect();
        let id = SectorId { c: 0, h: 0, r, n: 2 };
        let mut sighting = Sighting::assumed(Scheme::IbmMfm, id, DataField::Bytes(bytes.into()));
        sighting.data_check = Known::Value(Check::Good);
        Slot::one(sighting)
    };
    Sectors { slots: (1..=18).map(slot).collect(), ordered: true, ..Sectors::default() }
}

fn cells() -> Cells {
    let form =
        TrackForm { scheme: Scheme::IbmMfm, cell: Rate::HD.cell(), cells: 200_000, gap3: None, index_mark: true };
    write_track(&sectors(), &form).unwrap()
}

/// Three revolutions, each transition up to 8 % of a cell off.
fn flux() -> Flux {
    let flux = transitions(&cells(), Clock::hz(40_000_000), 3);
    let mut state = 7u32;
    let (mut at, mut last) = (0u64, 0u64);
    let moved = flux.intervals.iter().map(|ticks| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        at += u64::from(*ticks);
        let place = (at + u64::from(state >> 24) % 7).saturating_sub(3);
        let interval = place.saturating_sub(last);
        last = place;
        interval as u32
    });
    Flux { intervals: Arc::new(moved.collect()), ..flux.clone() }
}

#[divan::bench]
fn loop_over_three_revolutions(bencher: divan::Bencher<'_, '_>) {
    let flux = flux();
    let count = divan::counter::ItemsCount::new(flux.intervals.len());
    bencher.counter(count).bench(|| revolutions(&flux, &Context::default()).unwrap());
}

#[divan::bench]
fn recognise_one_revolution(bencher: divan::Bencher<'_, '_>) {
    let cells = cells();
    bencher.bench(|| recognise(&cells, AT, &Context::default()).unwrap());
}

#[divan::bench]
fn derive_three_revolutions(bencher: divan::Bencher<'_, '_>) {
    let flux = flux();
    let count = divan::counter::ItemsCount::new(flux.intervals.len());
    let track = Track::of(Reading::Flux(flux));
    bencher.counter(count).bench(|| derive(&track, AT, &Context::default()).unwrap());
}

#[divan::bench]
fn write_one_track(bencher: divan::Bencher<'_, '_>) {
    bencher.with_inputs(sectors).bench_refs(|sectors| {
        let form =
            TrackForm { scheme: Scheme::IbmMfm, cell: Rate::HD.cell(), cells: 200_000, gap3: None, index_mark: true };
        write_track(sectors, &form).unwrap()
    });
}

#[divan::bench]
fn transitions_of_three_revolutions(bencher: divan::Bencher<'_, '_>) {
    let cells = cells();
    bencher.bench(|| transitions(&cells, Clock::hz(40_000_000), 3));
}
