//! Sectors to cells and back.

mod media;

use floptical_flux::{WriteError, recognise, write_track};
use floptical_model::{Check, Context, DataField, Known, Scheme, TrackAt};
use media::{Made, form, made, plain, sectors, twelve};
use proptest::prelude::*;

fn read(cells: &floptical_model::Cells) -> floptical_model::Sectors {
    recognise(cells, TrackAt::new(3, 1), &Context::default()).unwrap()
}

#[test]
fn a_standard_track_comes_back() {
    for (scheme, count, n) in [(Scheme::IbmMfm, 9, 2), (Scheme::IbmFm, 10, 1), (Scheme::IbmMfm, 16, 1)] {
        let sectors = sectors(&plain(scheme, count, n));
        let read = read(&write_track(&sectors, &form(scheme)).unwrap());
        media::same(&sectors, &read);
        assert_eq!(read.unclaimed, []);
        assert_eq!(read.cells, Known::Value(100_000));
        assert_eq!(read.rotation.recorded().unwrap().0, 200_000_000_000);
        assert!(read.slots.iter().all(|s| s.chosen().status() == floptical_model::Status::Good));
    }
}

#[test]
fn eleven_sectors_squeeze_in_and_twelve_do_not() {
    let eleven = sectors(&plain(Scheme::IbmMfm, 11, 2));
    media::same(&eleven, &read(&write_track(&eleven, &form(Scheme::IbmMfm)).unwrap()));
    let error = write_track(&sectors(&twelve()), &form(Scheme::IbmMfm)).unwrap_err();
    assert!(matches!(error, WriteError::Overfull { needed, room: 100_000 } if needed > 100_000), "{error}");
}

#[test]
fn every_layout_fits_its_tracks() {
    for layout in floptical_model::layout::LAYOUTS {
        for zone in layout.zones.iter() {
            let n = floptical_model::SectorId::code(zone.size.into()).unwrap();
            let made = sectors(&plain(zone.scheme, zone.sectors, n));
            let cell = zone.rate.cell();
            let cells = u32::try_from(zone.rotation.unwrap_or(layout.rotation).0 / cell.0).unwrap();
            let form = floptical_flux::TrackForm {
                cell,
                cells,
                gap3: Some(zone.gap3).filter(|gap3| *gap3 > 0),
                ..form(zone.scheme)
            };
            let written = write_track(&made, &form).unwrap_or_else(|error| panic!("{}: {error}", layout.id));
            media::same(&made, &read(&written));
        }
    }
}

#[test]
fn what_cells_cannot_say_is_refused() {
    let mut odd = plain(Scheme::IbmMfm, 2, 2);
    odd[1].data = DataField::Bytes(vec![1; 500].into());
    let error = write_track(&sectors(&odd), &form(Scheme::IbmMfm)).unwrap_err();
    assert_eq!(error, WriteError::Size { slot: 1, declared: 512, bytes: 500 });
    odd[1] = made(Made { mark: 0x33, ..Made::default() });
    let error = write_track(&sectors(&odd), &form(Scheme::IbmMfm)).unwrap_err();
    assert_eq!(error, WriteError::Mark { slot: 1, mark: 0x33 });
}

#[test]
fn angles_and_length_are_kept() {
    let first = write_track(&sectors(&plain(Scheme::IbmMfm, 5, 2)), &form(Scheme::IbmMfm)).unwrap();
    // Turn the track, so that a sector lies over the index.
    let mut turned = first.clone();
    turned.bits = std::sync::Arc::new(first.bits.slice_wrapping(41_237, first.bits.len()));
    let read_turned = read(&turned);
    assert_eq!(read_turned.slots.len(), 5);
    let again = read(&write_track(&read_turned, &form(Scheme::IbmMfm)).unwrap());
    media::same(&read_turned, &again);
    let angles = |s: &floptical_model::Sectors| s.slots.iter().map(|s| s.chosen().angle).collect::<Vec<_>>();
    assert_eq!(angles(&read_turned), angles(&again));
}

#[test]
fn hidden_bytes_are_unclaimed_and_a_tail_is_not() {
    let sectors = sectors(&plain(Scheme::IbmMfm, 3, 2));
    let cells = write_track(&sectors, &form(Scheme::IbmMfm)).unwrap();
    let hide = |at: usize| {
        let mut cells = cells.clone();
        let bits = std::sync::Arc::make_mut(&mut cells.bits);
        (0..400).for_each(|i| bits.set(at + i, (i * i / 3) % 5 == 0));
        read(&cells).unclaimed
    };
    let span = |i: usize| match read(&cells).slots[i].chosen().data_span {
        Some(floptical_model::Span::Cells { start, len, .. }) => usize::try_from(start + len).unwrap(),
        _ => panic!("no span"),
    };
    let hidden = hide(span(0) + 400);
    assert_eq!(hidden.len(), 1);
    assert!(hidden[0].start.abs_diff(span(0) as u64 + 400) < 40 && hidden[0].len.abs_diff(400) < 40);
    assert_eq!(hide(span(2) + 2000), []);
}

/// The cells of a track whose ids declare less than is written, in the first
/// `lying` sectors.
fn liars(scheme: Scheme, lying: usize) -> floptical_model::Cells {
    let code = floptical_flux::code::Code::of(scheme).unwrap();
    let mut cells = write_track(&sectors(&plain(scheme, 5, 1)), &form(scheme)).unwrap();
    let read = read(&cells);
    let bits = std::sync::Arc::make_mut(&mut cells.bits);
    for slot in read.slots.iter().take(lying) {
        let sighting = slot.chosen();
        let Some(floptical_model::Span::Cells { start, .. }) = sighting.id_span else { panic!("no span") };
        let id = floptical_model::SectorId { n: 0, ..sighting.sector_id().unwrap() };
        let field = media::field(code, id);
        let body = usize::try_from(start).unwrap() + code.mark_cells;
        (0..field.len()).for_each(|i| bits.set(body + i, field.get(i)));
    }
    cells
}

#[test]
fn data_longer_than_ids_declare_are_read_where_two_agree() {
    for scheme in [Scheme::IbmMfm, Scheme::IbmFm] {
        let seen = |lying| read(&liars(scheme, lying)).slots.iter().map(|s| s.chosen().clone()).collect::<Vec<_>>();
        for (i, sighting) in seen(3).into_iter().enumerate() {
            assert_eq!((sighting.size(), sighting.data_check), (256, Known::Value(Check::Good)), "{scheme:?} {i}");
            assert_eq!(sighting.sector_id().unwrap().n, u8::from(i >= 3));
        }
        // One alone is as likely a damaged field.
        assert_eq!((seen(1)[0].size(), seen(1)[0].data_check), (128, Known::Value(Check::Bad)));
    }
}

#[test]
fn a_sync_of_another_scheme_is_unclaimed_even_in_the_tail() {
    let sectors = sectors(&plain(Scheme::IbmMfm, 3, 2));
    let mut cells = write_track(&sectors, &form(Scheme::IbmMfm)).unwrap();
    let bits = std::sync::Arc::make_mut(&mut cells.bits);
    // As on an Amiga, in zeros: two A1, a format byte, then zeros again.
    let foreign = [0xAAAA_AAAA_4489_4489u64, 0x5545_AAAA_AAAA_AAAA];
    (0..128).for_each(|i| bits.set(80_000 + i, foreign[i / 64] << (i % 64) >> 63 == 1));
    let unclaimed = read(&cells).unclaimed;
    assert!(unclaimed.iter().any(|u| u.start <= 80_032 && u.start + u.len >= 80_060), "{unclaimed:?}");
}

#[test]
fn a_cut_reading_invents_nothing() {
    let sectors = sectors(&plain(Scheme::IbmMfm, 9, 2));
    let mut cells = write_track(&sectors, &form(Scheme::IbmMfm)).unwrap();
    let whole = read(&cells);
    let Some(floptical_model::Span::Cells { start, .. }) = whole.slots[4].chosen().data_span else { panic!() };
    std::sync::Arc::make_mut(&mut cells.bits).truncate(usize::try_from(start).unwrap() + 64 + 16 * 100 + 7);
    cells.join = Known::Value(floptical_model::Join::Open);
    let cut = read(&cells);
    assert_eq!(cut.slots.len(), 5);
    let last = cut.slots[4].chosen();
    assert_eq!(last.data.bytes().unwrap()[..], whole.slots[4].chosen().data.bytes().unwrap()[..100]);
    assert_eq!((last.data_check, last.data_check_value), (Known::Value(Check::Bad), Known::Unrecorded));
}

#[test]
fn data_that_looks_like_a_mark_of_the_other_code_stays_data() {
    let mut track = plain(Scheme::IbmMfm, 9, 2);
    let bytes: Vec<u8> = [0xAA; 8].iter().chain(&[0xF5, 0x7E]).chain(&[0xAA; 6]).copied().cycle().take(512).collect();
    track[2].data = DataField::Bytes(bytes.into());
    let sectors = sectors(&track);
    media::same(&sectors, &read(&write_track(&sectors, &form(Scheme::IbmMfm)).unwrap()));
}

#[test]
fn weak_bits_come_back() {
    let mut track = plain(Scheme::IbmMfm, 9, 2);
    let mut mask = floptical_model::Bits::zeros(4096);
    (100..228).for_each(|i| mask.set(i, true));
    track[3].weak = Some(std::sync::Arc::new(mask));
    let sectors = sectors(&track);
    let read = read(&write_track(&sectors, &form(Scheme::IbmMfm)).unwrap());
    assert_eq!(read.slots[3].chosen().weak, track[3].weak);
    assert_eq!(read.slots[2].chosen().weak, None);
}

#[test]
fn a_track_of_nothing_but_marks_ends_soon() {
    for mark in [0x4489_4489_4489_5554u64, 0x4489_4489_4489_5545, 0x4489_4489_4489_4489, 0x8888_8888_AA22_28AA] {
        let mut bits = floptical_model::Bits::new();
        (0..6250).for_each(|_| bits.push_bits(mark, 64));
        let read = read(&floptical_model::Cells::plain(bits, Known::Unrecorded));
        assert!(read.slots.len() <= 6250 && read.unclaimed.len() <= 6250);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_sectors_come_back(track in media::tracks()) {
        let sectors = sectors(&track);
        match write_track(&sectors, &form(Scheme::IbmMfm)) {
            Ok(cells) => media::same(&sectors, &read(&cells)),
            Err(error) => prop_assert!(matches!(error, WriteError::Overfull { .. }), "{}", error),
        }
    }

    #[test]
    fn mutilated_cells_end(track in media::tracks(), harm in prop::collection::vec((0usize..100_000, 0usize..3000), 0..9), open: bool) {
        if let Ok(mut cells) = write_track(&sectors(&track), &form(Scheme::IbmMfm)) {
            let bits = std::sync::Arc::make_mut(&mut cells.bits);
            for (at, len) in harm {
                let copy = bits.slice_wrapping(at * 7, len);
                (0..len).for_each(|i| bits.set(at + i, copy.get(i)));
            }
            if open {
                cells.join = Known::Value(floptical_model::Join::Open);
            }
            let first = read(&cells);
            prop_assert_eq!(&first, &read(&cells));
            let inside = |u: &floptical_model::Unclaimed| u.start < 100_000 && u.len <= 100_000;
            prop_assert!(first.unclaimed.iter().all(inside));
        }
    }

    #[test]
    fn any_short_string_ends(bytes in prop::collection::vec(any::<u8>(), 0..64), len in 0usize..512, open: bool) {
        let mut cells = floptical_model::Cells::plain(floptical_model::Bits::from_msb(&bytes, len), Known::Unrecorded);
        if open {
            cells.join = Known::Value(floptical_model::Join::Open);
        }
        prop_assert!(read(&cells).slots.len() <= 64);
    }
}
