//! HFE version 3, at the public border.

mod suite;

use std::sync::Arc;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{
    Area, AreaKind, CellClock, Cells, Context, ErrorKind, Evidence as Seen, Fact, Image, Known, Ps, Span, TrackAt,
};
use proptest::prelude::*;
use suite::{assert_law, assert_same, assert_survives, cell_disk, codes, fit, pattern, read, refusal, track};

const CELL: Known<Ps> = Known::Value(Ps(2_000_000));

/// A file of cylinders of two sides, whose bytes have their first cell in the
/// high bit.
fn file(sides: u8, cylinders: &[[&[u8]; 2]]) -> Vec<u8> {
    let mut header = b"HXCHFEV3\0".to_vec();
    header.extend([cylinders.len() as u8, sides, 0, 250, 0, 0, 0, 7, 1, 1, 0]);
    header.resize(512, 0xFF);
    let (mut table, mut blocks) = (Vec::new(), Vec::<u8>::new());
    for sides in cylinders {
        let len = sides.iter().map(|s| s.len()).max().unwrap();
        table.extend((2 + blocks.len() as u16 / 512).to_le_bytes());
        table.extend((2 * len as u16).to_le_bytes());
        for block in 0..len.div_ceil(256) {
            for side in sides {
                let mut half = side.iter().skip(256 * block).take(256).copied().collect::<Vec<u8>>();
                half.resize(256, 0xF0);
                blocks.extend(half.iter().map(|b| b.reverse_bits()));
            }
        }
    }
    table.resize(512, 0xFF);
    [header, table, blocks].concat()
}

fn cells(image: &Image, cylinder: u8, head: u8) -> Cells {
    track(image, TrackAt::new(cylinder, head)).cells().unwrap().clone()
}

fn weak(start: u64, len: u64) -> Area {
    Area { start, len, kind: AreaKind::Weak, evidence: Seen::Declared }
}

#[test]
fn opcodes_say_index_rate_weak_cells_and_single_ones() {
    let side = [0x55, 0xF1, 0xF2, 36, 0x2A, 0xF4, 0xF4, 0xF3, 5, 0x02, 0xF0, 0xF3, 1, 0xF4, 0xF2, 72, 0x11];
    let bytes = file(2, &[[&side, &[0xF1, 0xF2, 72, 0xAA, 0xAA]]]);
    let image = read("hfe3", &bytes).unwrap();
    let first = cells(&image, 0, 0);
    assert_eq!(first.bits.to_msb(), [0x55, 0x2A, 0, 0, 0b0100_0000, 0b0000_0100, 0b0100_0000]);
    assert_eq!(first.bits.len(), 8 + 8 + 16 + 3 + 7 + 8);
    // The first cells are those before the last rate, on a circle.
    let [fast, slow] = [Ps(1_000_000), Ps(2_000_000)];
    assert_eq!(first.clock, CellClock::Runs(vec![(8, slow), (34, fast), (8, slow)]));
    assert_eq!(first.areas, [weak(16, 16), weak(35, 7)]);
    assert_eq!(first.index_at, Known::Value(8));
    let second = cells(&image, 0, 1);
    assert_eq!((second.bits.to_msb(), second.clock), (vec![0xAA, 0xAA], CellClock::Uniform(CELL)));
    assert!(codes(&image).is_empty());
    assert_law("hfe3", &image);
    assert_same(&image, &fit("hfe3", &image).unwrap());
    let place = |cells| image.as_floppy().unwrap().tracks.locate(TrackAt::new(0, 0), 0, cells, &Context::default());
    assert_eq!(place(8..17), Some(Span::file(1024 + 4, 2)));
    assert_eq!(place(30..60), None);
}

#[test]
fn hard_sectors_and_sides_without_cells_come_back() {
    let hard = [0xF1, 0x55, 0xF1, 0x55, 0xF1];
    let image = read("hfe3", &file(2, &[[&hard, &[0xF0, 0xF0]], [&[0xF0], &[0x11]]])).unwrap();
    assert_eq!(suite::positions(&image), [TrackAt::new(0, 0), TrackAt::new(1, 1)]);
    assert_eq!(cells(&image, 0, 0).index_at, Known::Value(0));
    let marks: Vec<u8> = [0u32, 8].iter().flat_map(|m| m.to_le_bytes()).collect();
    assert_eq!(image.opaque("hfe.index").unwrap().bytes[..], marks);
    assert_law("hfe3", &image);
    assert_eq!(fit("hfe3", &image).unwrap().opaque.len(), image.opaque.len());
}

#[test]
fn a_file_of_one_side_keeps_what_the_other_half_holds() {
    let image =
        read("hfe3", &file(1, &[[&[[0xF1].as_slice(), &[0x55; 300]].concat(), &[0x99; 5]], [&[0xF1, 0x44], &[]]]))
            .unwrap();
    assert_eq!(image.opaque("hfe.unused-side").unwrap().bytes[..], [0x99; 5]);
    assert_eq!(suite::positions(&image), [TrackAt::new(0, 0), TrackAt::new(1, 0)]);
    assert_law("hfe3", &image);
    assert_same(&image, &fit("hfe3", &image).unwrap());
}

#[test]
fn cells_keep_their_count_their_lengths_and_their_weak_stretches() {
    let mut long = Cells::plain(pattern(3, 100_003), Known::Value(Ps(1_990_000)));
    long.index_at = Known::Value(777);
    let mut zones = Cells::plain(pattern(4, 1000), CELL);
    zones.clock = CellClock::Runs(vec![(300, Ps(3_250_000)), (700, Ps(4_000_000))]);
    zones.areas = vec![weak(10, 5), weak(100, 64), weak(120, 100), weak(990, 100)];
    let image = cell_disk([(0, 0, long), (0, 1, zones)]);
    let fitted = fit("hfe3", &image).unwrap();
    let long = cells(&fitted, 0, 0);
    assert_eq!((long.bits.len(), long.index_at), (100_003, Known::Value(777)));
    assert_eq!(long.clock, CellClock::Uniform(Known::Value(Ps(2_000_000))));
    let zones = cells(&fitted, 0, 1);
    assert_eq!(zones.clock, CellClock::Runs(vec![(300, Ps(3_250_000)), (700, Ps(4_000_000))]));
    assert_eq!(zones.areas, [weak(10, 5), weak(100, 120), weak(990, 10)]);
    assert!((100..220).all(|cell| !zones.bits.get(cell)) && zones.bits.count_ones() > 0);
    assert_law("hfe3", &image);
}

#[test]
fn what_version_3_cannot_hold_is_refused_by_name() {
    let long = Cells::plain(pattern(1, 270_000), CELL);
    assert_eq!(refusal(fit("hfe3", &cell_disk([(0, 0, long)]))).fact, Fact::TrackLength);
    let third = Cells::plain(pattern(1, 270), CELL);
    assert_eq!(refusal(fit("hfe3", &cell_disk([(0, 2, third)]))).fact, Fact::Exists);
}

#[test]
fn damage_is_told_with_its_place() {
    let good = file(2, &[[&[0xF1, 0xF2, 72, 0x55, 0xF3, 4, 5], &[0x55; 700]]]);
    let of = |bytes: &[u8]| codes(&read("hfe3", bytes).unwrap());
    assert!(of(&good).is_empty());
    // Behind the end of the file, opcodes that are none, opcodes cut by the end.
    assert_eq!(of(&good[..good.len() - 300]), ["format.truncated"]);
    assert_eq!(of(&file(2, &[[&[0x55, 0xF9, 0xFA, 0x55], &[]]])), ["format.odd-value"]);
    assert_eq!(of(&file(2, &[[&[0x55, 0xF3, 9, 0x55], &[]]])), ["format.odd-value"]);
    assert_eq!(of(&file(2, &[[&[0x55, 0xF2, 0], &[]]])), ["format.odd-value"]);
    for cut in [&[0x55, 0xF2][..], &[0x55, 0xF3], &[0x55, 0xF3, 4]] {
        assert_eq!(of(&file(2, &[[cut, &[]]])), ["format.odd-value"]);
    }
    let mut extended = good.clone();
    extended[8] = 1;
    assert_eq!(read("hfe3", &extended).unwrap_err().kind, ErrorKind::Unsupported);
    extended[8] = 0;
    extended[3] = b'P';
    assert_eq!(read("hfe3", &extended).unwrap_err().kind, ErrorKind::Malformed);
    assert_survives("hfe3", &good, 11);
}

#[test]
fn it_is_told_from_version_1_by_its_magic() {
    let ranked = Registry::default().identify(&Source::from_bytes("x.hfe", file(2, &[[&[1], &[2]]])));
    let found: Vec<_> = ranked.iter().map(|c| (c.format.id, c.answer.evidence.without_name())).collect();
    assert_eq!(found, [("hfe3", Evidence::MAGIC | Evidence::STRUCTURE)]);
}

/// Files of others say the same after they were written again.
#[test]
fn files_of_others_come_back() {
    for sample in suite::samples(|format| format == "hfe3") {
        let image = read("hfe3", &sample.bytes).unwrap();
        let told = ["format.odd-value", "format.reserved", "format.tail"];
        assert!(codes(&image).iter().all(|code| told.contains(code)), "{}: {:?}", sample.path, codes(&image));
        let again = read("hfe3", &assert_law("hfe3", &image)).unwrap();
        for at in suite::positions(&image) {
            let (a, b) = (track(&image, at).cells().unwrap().clone(), track(&again, at).cells().unwrap().clone());
            assert_eq!((a.bits, a.clock, a.areas), (b.bits, b.clock, b.areas), "{} {at}", sample.path);
        }
    }
}

#[test]
fn cells_of_which_no_length_is_told_have_that_of_the_header() {
    // 99 kbit/s, and longer than the opcode can say.
    for ps in [5_025_126, 7_950_000] {
        let of_none = |clock: CellClock| Cells { clock, ..Cells::plain(pattern(3, 50), Known::Unrecorded) };
        let none = of_none(CellClock::Runs(vec![(0, Ps(ps))]));
        assert_law("hfe3", &cell_disk([(0, 0, none.clone())]));
        let told = of_none(CellClock::Uniform(Known::Value(Ps(ps))));
        let untold = of_none(CellClock::Uniform(Known::Unrecorded));
        assert_law("hfe3", &cell_disk([(0, 0, told), (1, 0, untold), (2, 0, none)]));
    }
}

proptest! {
    #[test]
    fn any_cells_come_back(
        seed in any::<u64>(),
        len in 0usize..600,
        ones in any::<bool>(),
        areas in proptest::collection::vec((0u64..700, 0u64..50), 0..4),
        runs in proptest::collection::vec((0u32..300, 20_000u64..9_000_000), 0..5),
    ) {
        let mut bits = pattern(seed, len);
        if ones {
            (0..len).filter(|cell| cell % 37 > 5).for_each(|cell| bits.set(cell, true));
        }
        let mut cells = Cells::plain(bits, CELL);
        cells.areas = areas.iter().map(|(start, len)| weak(*start, *len)).collect();
        if !runs.is_empty() {
            cells.clock = CellClock::Runs(runs.iter().map(|(count, ps)| (*count, Ps(*ps))).collect());
        }
        cells.index_at = Known::Value(seed % 700);
        let held = Arc::clone(&cells.bits);
        let image = cell_disk([(2, 1, cells)]);
        assert_law("hfe3", &image);
        if len > 0 && areas.is_empty() {
            let fitted = fit("hfe3", &image).unwrap();
            prop_assert_eq!(track(&fitted, TrackAt::new(2, 1)).cells().unwrap().bits.clone(), held);
        }
    }

    #[test]
    fn any_bytes_are_read(side in proptest::collection::vec(prop_oneof![any::<u8>(), 0xEFu8..=0xF5], 0..300)) {
        let image = read("hfe3", &file(2, &[[&side, &[]]])).unwrap();
        assert_law("hfe3", &image);
    }
}
