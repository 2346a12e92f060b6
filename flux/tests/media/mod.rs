//! Tracks by recipe.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::Arc;

use floptical_flux::TrackForm;
use floptical_flux::code::{Code, Sum};
use floptical_model::{Bits, Check, DataField, Known, Rate, Scheme, SectorId, Sectors, Sighting, Slot};
use proptest::prelude::*;

/// What a sector is to be.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    pub scheme: Scheme,
    pub id: Option<SectorId>,
    pub bad_id: Option<u16>,
    pub mark: u8,
    pub bad_data: Option<u16>,
    pub data: bool,
    pub seed: u32,
}

impl Default for Made {
    fn default() -> Self {
        let id = Some(SectorId { c: 3, h: 1, r: 1, n: 2 });
        Self { scheme: Scheme::IbmMfm, id, bad_id: None, mark: 0xFB, bad_data: None, data: true, seed: 1 }
    }
}

pub fn noise(seed: u32) -> impl Iterator<Item = u32> {
    let mut x = u64::from(seed) + 1;
    std::iter::repeat_with(move || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (x >> 33) as u32
    })
}

/// The same as its scheme can say it: its sizes, marks and ids.
fn fitting(made: Made) -> Made {
    if matches!(made.scheme, Scheme::IbmFm | Scheme::IbmMfm) {
        return made;
    }
    let code = code(made);
    let joined = code.joined;
    let id = made.id.or(joined.then_some(SectorId { c: 1, h: 0, r: 2, n: 2 }));
    // A check of fewer bits, or of every second one.
    let bits = |check: Option<u16>, sum: Sum| check.map(|v| if joined { v } else { v & sum.bits as u16 });
    let read = |id| code.id_at(&field(code, id), 0).unwrap().id;
    Made {
        id: id.map(|id| read(if code.scheme == Scheme::IntelM2fm { SectorId { n: 0, ..id } } else { id })),
        mark: made.scheme.normal_mark().unwrap_or(0),
        data: made.data || joined,
        bad_id: bits(made.bad_id, code.id_sum),
        bad_data: bits(made.bad_data, code.data_sum),
        ..made
    }
}

fn code(made: Made) -> &'static Code {
    Code::of(made.scheme).unwrap()
}

/// The cells of an id field after its mark.
pub fn field(code: &Code, id: SectorId) -> Bits {
    let mut bits = Bits::new();
    code.put_id(&code.id_field(id, None, None), &mut bits);
    bits
}

/// What stands beside the id, other for each seed.
fn beside(made: Made) -> Known<Arc<[u8]>> {
    let seed = made.seed as u8;
    match made.scheme {
        Scheme::AmigaMfm => Known::Value((0..17).map(|i| seed ^ i).collect()),
        Scheme::CommodoreGcr => Known::Value([seed, 0x41, 0x0F, 0x0F].into()),
        Scheme::AppleGcr16 | Scheme::AppleGcr13 => Known::Value([seed].into()),
        Scheme::MacGcr => Known::Value([seed & 0x3F, seed & 0x1C].into()),
        _ => Known::Unrecorded,
    }
}

pub fn made(made: Made) -> Sighting {
    let made = fitting(made);
    let code = code(made);
    let size = made.id.map_or(code.size.unwrap_or(512), |id| code.size_of(id));
    let bytes: Vec<u8> = noise(made.seed).map(|x| (x >> 8) as u8).take(size).collect();
    let mut s = Sighting::assumed(made.scheme, SectorId { c: 0, h: 0, r: 0, n: 0 }, DataField::Missing);
    let check = |bad: Option<u16>| if bad.is_some() { Check::Bad } else { Check::Good };
    // A bad check is another than the right one.
    let bad = |bad: Option<u16>, right: Option<u32>| match bad.map(u32::from) {
        Some(value) if Some(value) == right => Known::Value(value ^ 1),
        Some(value) => Known::Value(value),
        None => Known::Unrecorded,
    };
    s.id = Known::Value(made.id);
    s.mark = Known::Unrecorded;
    if let Some(id) = made.id {
        s.header = beside(made);
        s.id_check = Known::Value(check(made.bad_id));
        s.id_check_value = bad(made.bad_id, Some(code.id_check(id, s.header.get().map(|header| &header[..]))));
    }
    if made.data || made.id.is_none() {
        if code.tags > 0 {
            s.tags = Known::Value((0..code.tags as u8).map(|i| i.wrapping_mul(made.seed as u8) & 0x3F).collect());
        }
        let right = code.check(made.mark, s.tags.get().map_or(&[], |tags| tags), &bytes);
        s.data = DataField::Bytes(bytes.into());
        s.mark = made.scheme.normal_mark().map_or(Known::Unrecorded, |_| Known::Value(made.mark));
        s.data_check = Known::Value(check(made.bad_data));
        s.data_check_value = bad(made.bad_data, Some(right));
    }
    s
}

pub fn plain(scheme: Scheme, count: u8, n: u8) -> Vec<Sighting> {
    let id = |r| Some(SectorId { c: 3, h: 1, r, n });
    (1..=count).map(|r| made(Made { scheme, id: id(r), seed: r.into(), ..Made::default() })).collect()
}

pub fn twelve() -> Vec<Sighting> {
    plain(Scheme::IbmMfm, 12, 2)
}

pub fn sectors(track: &[Sighting]) -> Sectors {
    Sectors { slots: track.iter().cloned().map(Slot::one).collect(), ordered: true, ..Sectors::default() }
}

pub fn form(scheme: Scheme) -> TrackForm {
    TrackForm { scheme, cell: Rate::DD.cell(), cells: 100_000, gap3: None, index_mark: true }
}

/// Ids, marks, data, checks and their values, in order.
pub fn same(wanted: &Sectors, read: &Sectors) {
    let told = |sectors: &Sectors| -> Vec<String> {
        let slots = sectors.slots.iter().map(Slot::chosen);
        slots.map(|s| format!("{:?} {:?} {:?} {:?}", s.scheme, s.id, s.id_check, s.data_check)).collect()
    };
    assert_eq!(wanted.slots.len(), read.slots.len(), "{:#?} {:#?}", told(wanted), told(read));
    for (a, b) in wanted.slots.iter().zip(&read.slots) {
        let (a, b) = (a.chosen(), b.chosen());
        assert!(
            a.same_content(b),
            "{:?} {:?} {:?}\n{:?} {:?} {:?}",
            a.id,
            a.id_check,
            a.data_check,
            b.id,
            b.id_check,
            b.data_check
        );
        for (a, b) in [(a.id_check_value, b.id_check_value), (a.data_check_value, b.data_check_value)] {
            assert!(a == b || a == Known::Unrecorded, "{a:?} {b:?}");
        }
    }
}

fn sector() -> impl Strategy<Value = Made> {
    let scheme = prop_oneof![
        4 => Just(Scheme::IbmMfm),
        1 => Just(Scheme::IbmFm),
        2 => Just(Scheme::AmigaMfm),
        2 => Just(Scheme::CommodoreGcr),
        2 => Just(Scheme::AppleGcr16),
        1 => Just(Scheme::AppleGcr13),
        2 => Just(Scheme::MacGcr),
        1 => Just(Scheme::DecRx02),
        1 => Just(Scheme::IntelM2fm),
    ];
    let id = (0u8..4, 0u8..2, 0u8..12, prop_oneof![4 => 0u8..3, 1 => 3u8..5, 1 => 128u8..131]);
    let id = prop::option::weighted(0.9, id.prop_map(|(c, h, r, n)| SectorId { c, h, r, n }));
    let bad = || prop::option::weighted(0.15, any::<u16>());
    let mark = prop_oneof![3 => Just(0xFB), 1 => 0xF8u8..0xFC];
    (scheme, id, bad(), mark, bad(), prop::bool::weighted(0.85), any::<u32>()).prop_map(
        |(scheme, id, bad_id, mark, bad_data, data, seed)| {
            // The size of data without an id is known by its check alone.
            let bad_data = bad_data.filter(|_| id.is_some());
            // Among others a code whose marks are easily met has to show that a
            // check of it holds.
            let code = Code::of(scheme).unwrap();
            let bad_id = bad_id.filter(|_| !code.echoed);
            // Data without an id are of any code that has such a mark.
            let shared = matches!(scheme, Scheme::AppleGcr16 | Scheme::AppleGcr13 | Scheme::MacGcr | Scheme::DecRx02);
            let id = id.or(shared.then_some(SectorId { c: 1, h: 0, r: 1, n: 1 }));
            let mark = if scheme == Scheme::IbmFm && mark == 0xF9 { 0xFB } else { mark };
            // The ids of RX02 are those of FM: only data tell.
            let data = data || matches!(scheme, Scheme::DecRx02 | Scheme::IbmFm);
            Made { scheme, id, bad_id, mark, bad_data, data, seed }
        },
    )
}

/// Data without an id whose check holds for a smaller size too is read as that.
fn plain_size(made: &Made) -> bool {
    let bytes: Vec<u8> = noise(made.seed).map(|x| (x >> 8) as u8).take(512).collect();
    let code = floptical_flux::code::Code::of(made.scheme).unwrap();
    let ends = |size: usize| code.data_sum.field(code.check(made.mark, &[], &bytes[..size])) == bytes[size..size + 2];
    let one_size = code.size.is_some();
    one_size || made.id.is_some() || ![128, 256].into_iter().any(ends)
}

pub fn tracks() -> impl Strategy<Value = Vec<Sighting>> {
    let sectors = prop::collection::vec(sector().prop_filter("another size fits", plain_size).prop_map(made), 0..12);
    // Of the codes without clocks one at a time: data of one hold marks of others.
    sectors.prop_map(|all| {
        let dense = |s: &Sighting| Code::of(s.scheme).unwrap().least == 1;
        let first = all.iter().find(|s| dense(s)).map(|s| s.scheme);
        all.into_iter().filter(|s| !dense(s) || Some(s.scheme) == first).collect()
    })
}
