//! What speaks for a sighting and what against it.

use floptical_model::{DataField, Sighting};

use super::*;

/// A good reading of a loop of which a higher rung says so much.
fn seen(revolution: u16, byte: u8, support: Support) -> Seen {
    let id = SectorId { c: 1, h: 0, r: 1, n: 2 };
    let good = Known::Value(Check::Good);
    let sighting = Sighting {
        revolution,
        id: Known::Value(Some(id)),
        id_check: good,
        data_check: good,
        rung: Some(Rung::FastLoop),
        ..Sighting::assumed(Scheme::IbmMfm, id, DataField::Bytes([byte; 512].into()))
    };
    Seen { sighting, strip: 0, support, at: 0, data_at: Some(0), transitions: 0 }
}

#[test]
fn in_a_dispute_what_a_search_finds_speaks_for_nothing() {
    for support in [Support::None, Support::Otherwise, Support::Likely, Support::Same] {
        let other = seen(1, 2, Support::Same);
        let alone = Spot { seen: vec![seen(0, 1, support)] };
        let disputed = Spot { seen: vec![seen(0, 1, support), other] };
        assert_eq!(alone.believes(&alone.seen[0]), support >= Support::Likely, "{support:?}");
        assert_eq!(disputed.believes(&disputed.seen[0]), support == Support::Same, "{support:?}");
        assert_eq!(disputed.is_contested(), support != Support::Same, "{support:?}");
    }
}

#[test]
fn what_is_doubtful_yields_to_two_that_agree() {
    let read = |revolution: u16, byte: u8, decibels: u8| {
        let mut seen = seen(revolution, byte, Support::None);
        seen.sighting.rung = Some(Rung::Cells);
        seen.sighting.confidence = Some([decibels; 512].into());
        seen
    };
    for (decibels, others, believed) in [(0, 2, false), (2, 2, false), (3, 2, true), (0, 1, true), (0, 0, true)] {
        let others = (1..=others).map(|revolution| read(revolution, 2, 40));
        let spot = Spot { seen: std::iter::once(read(0, 1, decibels)).chain(others).collect() };
        assert_eq!(spot.believes(&spot.seen[0]), believed, "{decibels} dB");
        assert!(spot.seen.iter().skip(1).all(|other| spot.believes(other)));
    }
}

#[test]
fn what_is_doubtful_in_one_of_several_revolutions_is_not_sure_and_yields_to_all_of_them() {
    let read = |revolution: u16, byte: u8, rung: Rung, decibels: u8| {
        let mut seen = seen(revolution, byte, Support::None);
        seen.sighting.rung = Some(rung);
        seen.sighting.confidence = Some([decibels; 512].into());
        seen
    };
    let mut failed = read(1, 2, Rung::Cells, 2);
    failed.sighting.data_check = Known::Value(Check::Bad);
    for (decibels, believed) in [(2, false), (3, true)] {
        let likely = read(0, 1, Rung::Cells, decibels);
        assert!(Spot { seen: vec![likely.clone()] }.is_sure(), "there is nothing else to ask");
        let several = Spot { seen: vec![likely.clone(), failed.clone()] };
        assert_eq!((several.believes(&likely), several.is_sure()), (true, believed));
        for merged in [2, 3] {
            let laid = read(1, 2, Rung::Merged, merged);
            let spot = Spot { seen: vec![likely.clone(), laid.clone()] };
            assert_eq!(spot.believes(&likely), believed || merged == 2);
            assert!(spot.believes(&laid));
        }
    }
}

#[test]
fn a_higher_rung_says_how_it_reads_what_a_loop_read() {
    let read = |differ: usize, data_check: Check, reconstructed: bool| {
        let mut seen = seen(0, 1, Support::None);
        let mut bytes = [1; 512];
        bytes[..differ].fill(2);
        seen.sighting.rung = Some(Rung::Cells);
        seen.sighting.data = DataField::Bytes(bytes.into());
        seen.sighting.data_check = Known::Value(data_check);
        seen.sighting.reconstructed = reconstructed;
        seen
    };
    let loops = seen(0, 1, Support::None);
    let table = [
        (read(0, Check::Good, false), Support::Same),
        (read(0, Check::Good, true), Support::Likely),
        (read(1, Check::Good, true), Support::Otherwise),
        (read(1, Check::Good, false), Support::Otherwise),
        (read(1, Check::Bad, false), Support::Otherwise),
        (read(128, Check::Bad, false), Support::Otherwise),
        (read(129, Check::Bad, false), Support::None),
        (read(129, Check::Good, false), Support::Otherwise),
    ];
    for (higher, support) in table {
        assert_eq!(higher.support(&loops), support, "{:?}", higher.sighting.data_check);
        assert_eq!(loops.support(&higher), Support::None, "a loop says nothing of a higher rung");
    }
}

#[test]
fn under_a_weak_check_a_higher_rung_must_be_sure_and_all_revolutions_tell_transitions() {
    let read = |rung: Rung, byte: u8, decibels: u8, transitions: usize, scheme: Scheme| {
        let mut seen = seen(0, byte, Support::None);
        seen.sighting.rung = Some(rung);
        seen.sighting.scheme = scheme;
        seen.sighting.confidence = Some([decibels; 512].into());
        Seen { transitions, ..seen }
    };
    let (weak, strong) = (Scheme::AmigaMfm, Scheme::IbmMfm);
    let table = [
        (read(Rung::Cells, 1, 20, 9, weak), Support::Same),
        (read(Rung::Cells, 1, 19, 9, weak), Support::Likely),
        (read(Rung::Cells, 1, 19, 9, strong), Support::Same),
        (read(Rung::Merged, 2, 3, 9, weak), Support::Otherwise),
        (read(Rung::Merged, 2, 3, 11, weak), Support::Outdone),
        (read(Rung::Merged, 2, 3, 7, weak), Support::Outdone),
        (read(Rung::Merged, 2, 2, 11, weak), Support::Otherwise),
        (read(Rung::Merged, 2, 3, 11, strong), Support::Otherwise),
        (read(Rung::Cells, 2, 3, 11, weak), Support::Otherwise),
    ];
    for (n, (higher, support)) in table.into_iter().enumerate() {
        let loops = read(Rung::FastLoop, 1, 255, 9, higher.sighting.scheme);
        assert_eq!(higher.support(&loops), support, "row {n}");
    }
    let (outdone, other) = (seen(0, 1, Support::Outdone), seen(1, 1, Support::None));
    assert!(!Spot { seen: vec![outdone.clone()] }.believes(&outdone));
    assert!(Spot { seen: vec![outdone.clone(), other] }.believes(&outdone), "another revolution shows the same");
}

#[test]
fn the_most_likely_cells_read_again_are_no_second_voice() {
    let read = |rung: Rung| {
        let mut seen = seen(0, 1, Support::None);
        seen.sighting.rung = Some(rung);
        seen
    };
    let likely = read(Rung::Cells);
    assert_eq!(likely.support(&read(Rung::FastLoop)), Support::Same);
    assert_eq!(read(Rung::Merged).support(&likely), Support::Same);
    assert_eq!(likely.support(&likely), Support::None);
}

#[test]
fn what_a_loop_read_where_loops_read_others_is_good_if_nothing_else_is_shown_of_it() {
    let told = |revolution: u16, r: u8, support: Support| {
        let mut told = seen(revolution, r, support);
        let id = SectorId { c: 1, h: 0, r, n: 2 };
        told.sighting.id = Known::Value(Some(id));
        (told.at, told.data_at) = (u64::from(r) * TURN / 9, Some(u64::from(r) * TURN / 9));
        told
    };
    let mut failed = told(1, 3, Support::None);
    failed.sighting.data_check = Known::Value(Check::Bad);
    let alone = |support: Support| Spot { seen: vec![told(0, 3, support)] };
    let table = [
        (2, alone(Support::None), Status::Good),
        (1, alone(Support::None), Status::Unverified),
        (2, alone(Support::Otherwise), Status::Unverified),
        (2, Spot { seen: vec![told(0, 3, Support::None), failed.clone()] }, Status::Unverified),
        (0, Spot { seen: vec![told(0, 3, Support::Likely), failed] }, Status::Good),
    ];
    for (others, spot, status) in table {
        let read = (1..=others).map(|r| Spot { seen: vec![told(0, r, Support::Same)] });
        let mut places = Places { spots: read.chain([spot]).collect(), ..Places::default() };
        places.settle(&Context::default()).unwrap();
        let left = places.spots.iter().filter(|spot| spot.seen.iter().any(|s| s.at == TURN * 3 / 9));
        assert_eq!(left.map(|spot| spot.seen[0].sighting.status()).collect::<Vec<_>>(), [status], "{others} others");
    }
}

/// A good sector, and what another string of cells shows so far from it, in permille
/// of a turn.
#[test]
fn what_a_loop_that_slipped_shows_is_of_the_place_that_its_id_or_its_data_tell() {
    let held = |strip: usize| {
        let mut merged = seen(0, 1, Support::None);
        merged.sighting.rung = Some(Rung::Merged);
        Seen { strip, ..merged }
    };
    let echo = |strip: usize, byte: u8, data_check: Check, r: u8, permille: u64| {
        let mut echo = seen(0, byte, Support::None);
        echo.sighting.id = Known::Value(Some(SectorId { c: 1, h: 0, r, n: 2 }));
        echo.sighting.data_check = Known::Value(data_check);
        let at = TURN / 1000 * permille;
        Seen { strip, at, data_at: Some(at), ..echo }
    };
    let table = [
        (echo(1, 1, Check::Good, 1, 40), true),
        (echo(1, 3, Check::Bad, 1, 40), true),
        (echo(1, 1, Check::Good, 1, 60), false),
        (echo(1, 3, Check::Good, 1, 10), false),
        (echo(1, 3, Check::Bad, 2, 10), false),
        (echo(2, 1, Check::Good, 1, 40), false),
        (echo(2, 3, Check::Bad, 1, 40), false),
    ];
    for (n, (echo, is_echo)) in table.into_iter().enumerate() {
        let spot = Spot { seen: vec![held(2)] };
        assert_eq!(spot.is_echoed_by(&Spot { seen: vec![echo] }), is_echo, "row {n}");
    }
}

/// An id field that a loop shows, data that another reading shows so far behind it, in
/// permille of a turn, and others of the track, whose data come after seven.
#[test]
fn an_id_and_data_that_two_readings_show_are_one_sector_where_they_lie_as_in_others() {
    let place = |r: u8| TURN * u64::from(r) / 10;
    let whole = |r: u8| {
        let mut whole = seen(0, r, Support::Same);
        whole.sighting.id = Known::Value(Some(SectorId { c: 1, h: 0, r, n: 2 }));
        Spot { seen: vec![Seen { at: place(r), data_at: Some(place(r) + TURN / 1000 * 7), ..whole }] }
    };
    let id = |id_check: Check| {
        let mut id = whole(5).seen.remove(0);
        (id.sighting.data, id.sighting.data_check) = (DataField::Missing, Known::Unrecorded);
        id.sighting.id_check = Known::Value(id_check);
        Spot { seen: vec![Seen { data_at: None, ..id }] }
    };
    let data = |permille: u64, bytes: usize| {
        let mut data = seen(0, 5, Support::Same);
        (data.sighting.id, data.sighting.id_check) = (Known::Value(None), Known::Unrecorded);
        data.sighting.data = DataField::Bytes(vec![5; bytes].into());
        let at = place(5) + TURN / 1000 * permille;
        Spot { seen: vec![Seen { at, data_at: Some(at), strip: 1, ..data }] }
    };
    let table = [
        (id(Check::Good), data(7, 512), true),
        (id(Check::Good), data(8, 512), true),
        (id(Check::Good), data(10, 512), false),
        (id(Check::Good), data(7, 256), false),
        (id(Check::Bad), data(7, 512), false),
    ];
    for (n, (id, data, joined)) in table.into_iter().enumerate() {
        let mut places = Places { spots: vec![whole(1), whole(2), whole(8), id, data], ..Places::default() };
        places.join_fields();
        assert_eq!(places.spots.len(), if joined { 4 } else { 5 }, "row {n}");
        let read = places.spots.iter().flat_map(|spot| &spot.seen).find(|s| s.strip == 1).unwrap();
        assert_eq!(read.sighting.sector_id().map(|id| id.r), joined.then_some(5), "row {n}");
        assert_eq!(read.at == place(5), joined, "row {n}");
        assert!(!read.sighting.reconstructed, "a CRC says that the id is right");
    }
    // A sum of six bits does not.
    let mut spots = vec![whole(1), whole(2), id(Check::Good), data(7, 512)];
    spots.iter_mut().flat_map(|spot| &mut spot.seen).for_each(|seen| seen.sighting.scheme = Scheme::MacGcr);
    let mut places = Places { spots, ..Places::default() };
    places.join_fields();
    let read = places.spots.iter().flat_map(|spot| &spot.seen).find(|s| s.strip == 1).unwrap();
    assert_eq!((read.sighting.sector_id().map(|id| id.r), read.sighting.reconstructed), (Some(5), true));
}

/// An id field of one revolution or two, and data after a mended mark that it announces.
#[test]
fn data_that_an_id_announces_are_shown_where_nothing_else_is() {
    let id = |revolution: u16| {
        let mut id = seen(revolution, 0, Support::None);
        (id.sighting.data, id.sighting.data_check) = (DataField::Missing, Known::Unrecorded);
        Seen { data_at: None, ..id }
    };
    let announced = |revolution: u16, byte: u8| {
        let mut announced = seen(revolution, byte, Support::None);
        announced.sighting.data_check = Known::Value(Check::Bad);
        announced
    };
    let table = [
        (vec![id(0)], vec![announced(0, 1)], vec![Some(1)]),
        (vec![id(0)], vec![announced(0, 1), announced(0, 2)], vec![Some(1)]),
        (vec![id(0), id(1)], vec![announced(1, 2)], vec![None, Some(2)]),
        (vec![id(0)], vec![announced(0, 1), announced(1, 2)], vec![Some(1), Some(2)]),
        (vec![seen(0, 9, Support::None)], vec![announced(0, 1)], vec![Some(9)]),
    ];
    for (n, (held, announced, shown)) in table.into_iter().enumerate() {
        let mut places = Places { spots: vec![Spot { seen: held }], announced, ..Places::default() };
        places.show_announced();
        let first = |seen: &Seen| seen.sighting.data.bytes().map(|bytes| bytes[0]);
        assert_eq!(places.spots[0].seen.iter().map(first).collect::<Vec<_>>(), shown, "row {n}");
    }
}
