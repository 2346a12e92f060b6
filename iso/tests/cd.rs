//! Sectors of a CD, against values that others published or wrote.

use floptical_iso::cd::{Msf, RAW, Shape, encode, examine, scramble, shape_of};
use floptical_model::{Check, Lba, TrackMode};
use proptest::prelude::*;

const SHAPES: [Shape; 4] = [Shape::Mode1, Shape::Form1, Shape::Form2, Shape::Formless];

fn made(shape: Shape, at: Lba, seed: u8) -> [u8; RAW] {
    let mut sector = [0; RAW];
    sector.iter_mut().zip(0u32..).for_each(|(b, i)| *b = (i.wrapping_mul(i).wrapping_add(seed.into()) >> 3) as u8);
    if let Some(twice) = shape.subheader() {
        let submode = if shape == Shape::Form2 { 0x24 } else { 0x08 };
        sector[twice].copy_from_slice(&[0, 0, submode, 0, 0, 0, submode, 0]);
    }
    encode(shape, at, &mut sector);
    sector
}

#[test]
fn addresses_are_counted_from_two_seconds_on() {
    let msf = |minute, second, frame| Msf { minute, second, frame };
    for (lba, time) in [
        (0, msf(0, 2, 0)),
        (-150, msf(0, 0, 0)),
        (-1, msf(0, 1, 74)),
        (16, msf(0, 2, 16)),
        (333_000, msf(74, 2, 0)),
        (449_849, msf(99, 59, 74)),
    ] {
        assert_eq!(Msf::of(Lba(lba)), Some(time), "{lba}");
        assert_eq!(time.lba(), Some(Lba(lba)), "{time}");
        assert_eq!(Msf::from_bcd(time.to_bcd()), Some(time));
    }
    assert_eq!(Msf::of(Lba(-151)), Some(msf(99, 59, 74)), "the end of the lead-in");
    assert_eq!(Msf::of(Lba(449_850)), None);
    assert_eq!(Msf::of(Lba(i32::MIN)), None);
    for bytes in [[0x0A, 0, 0], [0, 0x60, 0], [0, 0, 0x75], [0, 0xA0, 0], [0xFF; 3]] {
        assert_eq!(Msf::from_bcd(bytes), None, "{bytes:02x?}");
    }
    assert_eq!(msf(71, 5, 3).to_string(), "71:05:03");
}

/// Written by another program: an empty sector of mode 1 at 00:02:00.
#[test]
fn the_codes_of_an_almost_empty_sector() {
    let mut sector = [0; RAW];
    encode(Shape::Mode1, Lba(0), &mut sector);
    assert_eq!(sector[12..16], [0x00, 0x02, 0x00, 0x01]);
    assert_eq!(sector[2064..2068], [0xC5, 0x13, 0x68, 0x2B]);
    assert_eq!(sector[2076..2084], [0, 0xF7, 0, 0xF5, 0, 0, 0, 0]);
    assert_eq!(sector[2248..2256], [0, 0x41, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn the_scrambler_is_its_own_inverse() {
    let mut sector = [0; RAW];
    scramble(&mut sector);
    assert_eq!(sector[..12], [0; 12]);
    assert_eq!(sector[12..28], [1, 0x80, 0, 0x60, 0, 0x28, 0, 0x1E, 0x80, 8, 0x60, 6, 0xA8, 2, 0xFE, 0x81]);
    scramble(&mut sector);
    assert_eq!(sector, [0; RAW]);
}

#[test]
fn the_form_is_told_by_both_copies_of_the_subheader() {
    for shape in [Shape::Form1, Shape::Form2] {
        assert_eq!(shape_of(TrackMode::Mode2, &made(shape, Lba(3), 1)), shape);
        assert_eq!(shape_of(TrackMode::CdI, &made(shape, Lba(3), 1)), shape);
    }
    let mut uncertain = made(Shape::Form1, Lba(3), 1);
    uncertain[18] ^= 0x20;
    assert_eq!(shape_of(TrackMode::Mode2, &uncertain), Shape::Formless);
    assert_eq!(shape_of(TrackMode::Mode1, &uncertain), Shape::Mode1);
}

#[test]
fn a_sector_of_form_2_may_leave_its_code_out() {
    let mut sector = made(Shape::Form2, Lba(7), 9);
    assert_eq!(examine(Shape::Form2, Lba(7), &sector).edc, Check::Good);
    sector[2348..].fill(0);
    assert_eq!(examine(Shape::Form2, Lba(7), &sector).edc, Check::None);
    sector[2348] = 1;
    assert_eq!(examine(Shape::Form2, Lba(7), &sector).edc, Check::Bad);
}

#[test]
fn a_sector_elsewhere_has_another_header_and_good_codes() {
    let checks = examine(Shape::Mode1, Lba(101), &made(Shape::Mode1, Lba(100), 0));
    assert!(!checks.header);
    assert_eq!((checks.edc, checks.ecc), (Check::Good, Check::Good));
}

proptest! {
    /// What was encoded checks; no byte of a corrected sector can change unseen.
    #[test]
    fn every_change_is_seen(seed: u8, lba in 0..400_000i32, at in 0..RAW, mask in 1..=255u8, which in 0..4usize) {
        let shape = SHAPES[which];
        let at_lba = Lba(lba);
        let mut sector = made(shape, at_lba, seed);
        let checks = examine(shape, at_lba, &sector);
        prop_assert!(checks.header && checks.edc != Check::Bad && checks.ecc != Check::Bad);
        sector[at] ^= mask;
        let after = examine(shape, at_lba, &sector);
        let hidden = shape == Shape::Formless && at >= 16;
        let dropped = shape == Shape::Form2 && after.edc == Check::None;
        prop_assert!(hidden || dropped || after != checks);
    }
}
