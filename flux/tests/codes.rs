//! The codes of Amiga and Commodore, on tracks of their own and among others.

mod media;
#[path = "media/scp.rs"]
mod scp;

use std::sync::Arc;

use floptical_flux::{TrackForm, derive, recognise, revolutions, transitions, write_track};
use floptical_model::{
    Bits, Cells, Check, Clock, Context, DataField, Join, Known, Ps, Rate, Reading, Scheme, SectorId, Sectors, Sighting,
    Slot, Span, Status, Track, TrackAt,
};
use media::{Made, form, made, sectors};

const AT: TrackAt = TrackAt { quarter: 12, head: 1 };
/// Sectors, cells of a turn and the speed of each zone of a 1541.
const ZONES: [(u8, u32, usize); 4] = [(17, 50_000, 0), (18, 53_333, 1), (19, 57_142, 2), (21, 61_538, 3)];

fn read(cells: &Cells) -> Sectors {
    recognise(cells, AT, &Context::default()).unwrap()
}

fn chosen(sectors: &Sectors) -> Vec<&Sighting> {
    sectors.slots.iter().map(Slot::chosen).collect()
}

/// A track of `count` sectors as a formatting program writes it.
fn plain(scheme: Scheme, count: u8) -> Vec<Sighting> {
    let n = if scheme == Scheme::CommodoreGcr { 1 } else { 2 };
    let id = |r| Some(SectorId { c: 35, h: 0, r, n });
    (0..count).map(|r| made(Made { scheme, id: id(r), seed: r.into(), ..Made::default() })).collect()
}

fn commodore(zone: usize) -> (Vec<Sighting>, TrackForm) {
    let (count, cells, speed) = ZONES[zone];
    let form = TrackForm { cell: Rate::COMMODORE[speed].cell(), cells, ..form(Scheme::CommodoreGcr) };
    (plain(Scheme::CommodoreGcr, count), form)
}

fn amiga() -> (Vec<Sighting>, TrackForm) {
    (plain(Scheme::AmigaMfm, 11), form(Scheme::AmigaMfm))
}

/// A sector of zeros as AmigaDOS writes it, worked out by hand.
#[test]
fn an_amiga_sector_is_laid_as_amigados_lays_it() {
    let mut first = Sighting::assumed(
        Scheme::AmigaMfm,
        SectorId { c: 0, h: 0, r: 0, n: 2 },
        DataField::Bytes(Arc::from(vec![0; 512])),
    );
    first.id_check = Known::Unrecorded;
    let all: Vec<Sighting> = (0..11)
        .map(|r| Sighting { id: Known::Value(Some(SectorId { c: 0, h: 0, r, n: 2 })), ..first.clone() })
        .collect();
    let cells = write_track(&sectors(&all), &form(Scheme::AmigaMfm)).unwrap();
    let shown = read(&cells);
    let Some(Span::Cells { start, .. }) = shown.slots[0].chosen().id_span else { panic!("no span") };
    let at = usize::try_from(start).unwrap();
    assert_eq!(cells.bits.window(at - 32, 64), 0xAAAA_AAAA_4489_4489);
    // FF 00 00 0B: odd bits F, 0, 0, 3, even bits F, 0, 0, 1.
    assert_eq!(cells.bits.window(at + 32, 64), 0x552A_AAA5_552A_AAA9);
    let to_gap: Vec<u8> = chosen(&shown).iter().map(|s| s.header.get().unwrap()[0]).collect();
    assert_eq!(to_gap, (1..=11).rev().collect::<Vec<u8>>());
    assert!(chosen(&shown).iter().all(|s| s.header.get().unwrap()[1..] == [0; 16]));
    let apart: Vec<u64> = chosen(&shown)
        .windows(2)
        .map(|w| u64::from(w[1].angle.copied().unwrap() - w[0].angle.copied().unwrap()))
        .collect();
    assert_eq!(apart, [8704; 10], "544 bytes each");
}

#[test]
fn a_commodore_sector_is_laid_as_the_1541_lays_it() {
    let (track, form) = commodore(3);
    let cells = write_track(&sectors(&track), &form).unwrap();
    let shown = read(&cells);
    let Some(Span::Cells { start, .. }) = shown.slots[5].chosen().id_span else { panic!("no span") };
    let at = usize::try_from(start).unwrap();
    assert_eq!(cells.bits.window(at - 40, 40), 0xFF_FFFF_FFFF, "a sync of 40");
    assert_eq!(cells.bits.window(at, 10), 0b01010_01001, "a header");
    let check = 5 ^ 35 ^ 5 ^ 0x41;
    assert_eq!(shown.slots[5].chosen().id_check_value, Known::Value(check));
    assert_eq!(shown.rate, Known::Value(Rate::COMMODORE[3]));
}

#[test]
fn every_state_of_a_sector_comes_back() {
    for (mut track, form) in [amiga(), commodore(0), commodore(3)] {
        let scheme = track[0].scheme;
        let with =
            |r: u8, made: Made| media::made(Made { scheme, id: Some(SectorId { c: 35, h: 0, r, n: 2 }), ..made });
        track[1] = with(1, Made { bad_id: Some(0x11), ..Made::default() });
        track[2] = with(2, Made { bad_data: Some(0x14), ..Made::default() });
        track[3] = with(3, Made { bad_id: Some(0x41), bad_data: Some(0x44), ..Made::default() });
        track[4].id_check = Known::Value(Check::Bad);
        track[5].data_check = Known::Value(Check::Bad);
        if scheme == Scheme::CommodoreGcr {
            track[6] = with(6, Made { data: false, ..Made::default() });
            track[8] = media::made(Made { scheme, id: None, ..Made::default() });
        }
        let wanted = sectors(&track);
        let cells = write_track(&wanted, &form).unwrap();
        media::same(&wanted, &read(&cells));
        assert!(read(&cells).unclaimed.is_empty());
    }
}

#[test]
fn flux_of_every_code_comes_back_at_any_speed_and_from_any_start() {
    for (track, form) in [amiga(), commodore(0), commodore(1), commodore(2), commodore(3)] {
        let wanted = sectors(&track);
        let mut cells = write_track(&wanted, &form).unwrap();
        cells.bits = Arc::new(cells.bits.slice_wrapping(12_345, cells.bits.len()));
        for percent in [96, 100, 104] {
            let cell = Ps(form.cell.0 * percent / 100);
            let turned = Cells::plain(cells.bits.as_ref().clone(), Known::Value(cell));
            let flux = transitions(&turned, Clock::hz(40_000_000), 2);
            let decoded = revolutions(&flux, &Context::default()).unwrap();
            assert_eq!(decoded[1].cells.bits, cells.bits, "{percent} %");
            let derived = derive(&Track::of(Reading::Flux(flux)), AT, &Context::default()).unwrap().unwrap();
            assert_eq!((derived.revolutions, derived.agree, derived.outside), (2, true, 0));
            assert_eq!(derived.sectors.rate, Known::Value(Rate::nearest(form.cell).unwrap()), "{percent} %");
            let mut again = Sectors::clone(&derived.sectors);
            again.slots.sort_by_key(|s| s.chosen().sector_id().map(|id| id.r));
            media::same(&wanted, &again);
        }
    }
}

#[test]
fn sectors_of_several_codes_lie_on_one_track() {
    let mut track = plain(Scheme::AmigaMfm, 4);
    track.extend(media::plain(Scheme::IbmMfm, 4, 2));
    track.extend(media::plain(Scheme::IbmFm, 1, 1));
    let wanted = sectors(&track);
    media::same(&wanted, &read(&write_track(&wanted, &form(Scheme::IbmMfm)).unwrap()));
}

#[test]
fn a_check_over_cells_that_nobody_writes_says_nothing() {
    for (track, form) in [amiga(), commodore(1)] {
        let wanted = sectors(&track);
        let cells = write_track(&wanted, &form).unwrap();
        let shown = read(&cells);
        let Some(Span::Cells { start, len, .. }) = shown.slots[2].chosen().data_span else { panic!("no span") };
        let (start, end) = (usize::try_from(start).unwrap(), usize::try_from(start + len).unwrap());
        // A cell whose flip changes no byte: a clock cell, or five cells that are
        // none of the code's and read as the zero that they were.
        let harmed = (start + 200..end - 200).find_map(|at| {
            let mut harmed = cells.clone();
            let bits = Arc::make_mut(&mut harmed.bits);
            bits.set(at, !bits.get(at));
            let seen = read(&harmed);
            let slot = seen.slots.get(2)?.chosen().clone();
            (slot.data == shown.slots[2].chosen().data).then_some(slot)
        });
        let slot = harmed.expect("some cell tells nothing");
        assert_eq!((slot.status(), slot.data_check), (Status::Unverified, Known::Unrecorded));
        assert_eq!(slot.data_check_value, shown.slots[2].chosen().data_check_value);
    }
}

#[test]
fn weak_bits_of_every_code_come_back() {
    for (mut track, form, range) in [(amiga().0, amiga().1, 100..228), (commodore(0).0, commodore(0).1, 100..228)] {
        let bytes = track[3].data.bytes().unwrap().len();
        let mut mask = Bits::zeros(bytes * 8);
        range.for_each(|i| mask.set(i, true));
        track[3].weak = Some(Arc::new(mask));
        let read = read(&write_track(&sectors(&track), &form).unwrap());
        assert_eq!(read.slots[3].chosen().weak, track[3].weak);
        assert_eq!(read.slots[2].chosen().weak, None);
    }
}

#[test]
fn a_joined_sector_without_data_is_written_with_a_bad_check() {
    let (mut track, form) = amiga();
    track[7].data = DataField::Unread;
    track[7].data_check = Known::Unrecorded;
    let shown = read(&write_track(&sectors(&track), &form).unwrap());
    let slot = shown.slots[7].chosen();
    assert_eq!((slot.status(), slot.data.bytes().unwrap()[..] == [0; 512]), (Status::BadCheck, true));
    assert_eq!(slot.id_check, Known::Value(Check::Good));
}

#[test]
fn a_string_that_ends_within_a_sector_invents_nothing() {
    for (track, form) in [amiga(), commodore(2)] {
        let mut cells = write_track(&sectors(&track), &form).unwrap();
        let whole = read(&cells);
        let Some(Span::Cells { start, .. }) = whole.slots[4].chosen().data_span else { panic!("no span") };
        Arc::make_mut(&mut cells.bits).truncate(usize::try_from(start).unwrap() + 1003);
        cells.join = Known::Value(Join::Open);
        let cut = read(&cells);
        assert_eq!(cut.slots.len(), 5);
        let last = cut.slots[4].chosen();
        match &last.data {
            DataField::Bytes(bytes) => {
                assert_eq!(bytes[..], whole.slots[4].chosen().data.bytes().unwrap()[..bytes.len()]);
                assert_eq!(last.data_check, Known::Value(Check::Bad));
            }
            data => assert_eq!((data, track[0].scheme), (&DataField::Missing, Scheme::AmigaMfm)),
        }
    }
}

#[test]
fn a_capture_of_a_1541_disk_is_read_whole() {
    let (Some(capture), Some(truth)) = (scp::corpus("c64.scp.gz"), scp::corpus("c64.truth.d64")) else { return };
    let layout = floptical_model::Layout::by_id("cbm-1541").unwrap();
    let blocks: Vec<_> = layout.blocks().collect();
    let mut right = 0;
    for (number, flux) in scp::tracks(&capture) {
        let derived = derive(&Track::of(Reading::Flux(flux)), TrackAt::new(number / 2, 0), &Context::default());
        for slot in &derived.unwrap().unwrap().sectors.slots {
            assert_eq!(slot.status(), Status::Good);
            let id = slot.chosen().sector_id().unwrap();
            let block = blocks.iter().find(|b| (b.id.c, b.id.r) == (id.c, id.r)).unwrap();
            let offset = usize::try_from(block.offset).unwrap();
            assert_eq!(slot.chosen().data.bytes().unwrap()[..], truth[offset..][..256], "{id}");
            right += 1;
        }
    }
    println!("{right} sectors");
    assert!(right > 0);
}
