//! The bytes of a side in version 3: cells, and between them what the drive
//! does.

use floptical_model::finding::FORMAT_ODD_VALUE;
use floptical_model::{Area, AreaKind, Bits, CellClock, Cells, Code, Evidence, Known, Ps};

/// Bytes that are no cells: four ones at the start, as seen with the first
/// cell in the high bit.
const NOP: u8 = 0xF0;
const INDEX: u8 = 0xF1;
const RATE: u8 = 0xF2;
const SKIP: u8 = 0xF3;
const RANDOM: u8 = 0xF4;
const OPCODES: u8 = 0xF0;

/// What fills a side that is shorter than the other, as it lies in the file.
pub(super) const FILLER: u8 = NOP.reverse_bits();

/// Rates are counted in periods of 36 MHz for a cell.
const HZ: u64 = 36_000_000;

/// The length of a cell of so many periods.
fn cell(periods: u8) -> Ps {
    const HALF: u64 = HZ / 2;
    Ps(Ps::SECOND.saturating_mul(periods.into()).saturating_add(HALF) / HZ)
}

/// The periods of a cell, those nearest to its length.
fn periods(cell: Ps) -> u8 {
    let nearest = cell.0.saturating_mul(HZ / 1_000_000).saturating_add(500_000) / 1_000_000;
    u8::try_from(nearest).unwrap_or(u8::MAX).max(1)
}

/// One thing that a side says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Nop,
    Index,
    Rate(u8),
    /// The low bits of a byte, so many of them.
    Cells(u8, u8),
    /// So many cells that read differently each time.
    Weak(u8),
    /// What nobody knows, with its reason.
    Odd(&'static str, u8),
}

/// The things that a side says, each with its first byte.
struct Ops<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Ops<'_> {
    fn next_byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).map(|b| b.reverse_bits());
        self.at = self.at.saturating_add(usize::from(byte.is_some()));
        byte
    }

    fn skip(&mut self) -> Op {
        const CUT: Op = Op::Odd("the side ends within a skip", SKIP);
        let (Some(skipped), Some(byte)) = (self.next_byte(), self.next_byte()) else { return CUT };
        match 8u8.checked_sub(skipped) {
            Some(count) if byte == RANDOM => Op::Weak(count),
            Some(count) => Op::Cells(byte, count),
            None => Op::Odd("more than 8 cells are skipped", skipped),
        }
    }
}

impl Iterator for Ops<'_> {
    type Item = (usize, Op);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let op = match self.next_byte()? {
            NOP => Op::Nop,
            INDEX => Op::Index,
            RATE => match self.next_byte() {
                Some(0) => Op::Odd("a rate without length", 0),
                Some(periods) => Op::Rate(periods),
                None => Op::Odd("the side ends within a rate", RATE),
            },
            SKIP => self.skip(),
            RANDOM => Op::Weak(8),
            byte if byte >= OPCODES => Op::Odd("no such opcode", byte),
            byte => Op::Cells(byte, 8),
        };
        Some((start, op))
    }
}

/// What a side holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) cells: Cells,
    /// Index marks after the first: cells before each.
    pub(super) marks: Vec<u32>,
    /// What is wrong with it, the first of each kind.
    pub(super) odd: Vec<(&'static Code, String)>,
}

/// Read the bytes of a side as they lie in the file. Cells before the first
/// rate last as long as those at the end, since a side is a circle; without
/// any rate, as the header says.
pub(super) fn decode(bytes: &[u8], header: Known<Ps>) -> Side {
    let mut bits = Bits::with_capacity(bytes.len().saturating_mul(8));
    let mut runs: Vec<(u32, Option<u8>)> = Vec::new();
    let (mut areas, mut index, mut odd) = (Vec::<Area>::new(), Vec::new(), Vec::new());
    let mut rate = None;
    for (at, op) in (Ops { bytes, at: 0 }) {
        let here = bits.len();
        let count = match op {
            Op::Nop => 0,
            Op::Index => {
                index.push(u32::try_from(here).unwrap_or(u32::MAX));
                0
            }
            Op::Rate(periods) => {
                rate = Some(periods);
                0
            }
            Op::Cells(byte, count) => {
                bits.push_bits(byte.into(), count.into());
                count
            }
            Op::Weak(count) => {
                bits.push_bits(0, count.into());
                weaken(&mut areas, here as u64, count.into());
                count
            }
            Op::Odd(what, value) => {
                odd.push((&FORMAT_ODD_VALUE, format!("byte {at} of the side, {value:02X}: {what}")));
                0
            }
        };
        match runs.last_mut() {
            Some((cells, last)) if *last == rate => *cells = cells.saturating_add(count.into()),
            _ if count > 0 => runs.push((count.into(), rate)),
            _ => {}
        }
    }
    // A side of nothing but what nobody knows says so once.
    odd.truncate(1);
    // A mark after the last cell is one before the first.
    index.iter_mut().filter(|mark| bits.len() as u64 <= (**mark).into()).for_each(|mark| *mark = 0);
    index.sort_unstable();
    let mut marks = index.into_iter();
    let index_at = marks.next().map_or(Known::Unrecorded, |mark| Known::Value(mark.into()));
    let cells = Cells {
        clock: clock(&runs, header),
        bits: bits.clone().into(),
        areas,
        index_at,
        join: Known::Unrecorded,
        revolution: 0,
    };
    Side { cells, marks: marks.collect(), odd }
}

fn weaken(areas: &mut Vec<Area>, start: u64, len: u64) {
    match areas.last_mut() {
        Some(last) if last.start.saturating_add(last.len) == start => last.len = last.len.saturating_add(len),
        _ => areas.push(Area { start, len, kind: AreaKind::Weak, evidence: Evidence::Declared }),
    }
}

fn clock(runs: &[(u32, Option<u8>)], header: Known<Ps>) -> CellClock {
    let last = runs.last().and_then(|(_, rate)| *rate);
    let told = |rate: Option<u8>| rate.or(last).map(cell);
    let mut joined: Vec<(u32, Ps)> = Vec::new();
    for (count, rate) in runs {
        let Some(ps) = told(*rate) else { return CellClock::Uniform(header) };
        match joined.last_mut() {
            Some((cells, before)) if *before == ps => *cells = cells.saturating_add(*count),
            _ => joined.push((*count, ps)),
        }
    }
    match joined.as_slice() {
        [] => CellClock::Uniform(header),
        [(_, ps)] => CellClock::Uniform(Known::Value(*ps)),
        _ => CellClock::Runs(joined),
    }
}

/// Cells as a side says them: the lengths that it has, weak stretches, the
/// first index mark.
pub(super) fn shape(cells: &Cells, header: Known<Ps>) -> Cells {
    let len = cells.bits.len() as u64;
    let nearest = |ps: Ps| cell(periods(ps));
    // What is told of no cell is told by the header, and written as it is of all others.
    let header = header.copied().map_or(header, |ps| Known::Value(nearest(ps)));
    let clock = match &cells.clock {
        CellClock::Uniform(ps) => CellClock::Uniform(ps.copied().map_or(header, |ps| Known::Value(nearest(ps)))),
        CellClock::Runs(runs) => runs_of(runs, cells.bits.len(), nearest, header),
    };
    let mut weak = Vec::new();
    let mut bits = (*cells.bits).clone();
    let is_weak = |area: &&Area| matches!(area.kind, AreaKind::Weak | AreaKind::Ambiguous);
    let mut stretches: Vec<(u64, u64)> = cells
        .areas
        .iter()
        .filter(is_weak)
        .map(|a| (a.start.min(len), a.start.saturating_add(a.len).min(len)))
        .collect();
    stretches.sort_unstable();
    let mut done = 0;
    for (start, end) in stretches {
        let start = start.max(done);
        for cell in start..end {
            bits.set(usize::try_from(cell).unwrap_or(usize::MAX), false);
        }
        if end > start {
            weaken(&mut weak, start, end.saturating_sub(start));
        }
        done = done.max(end);
    }
    let index = cells.index_at.copied().filter(|at| *at < len).unwrap_or(0);
    Cells {
        bits: if weak.is_empty() { cells.bits.clone() } else { bits.into() },
        clock,
        areas: weak,
        index_at: Known::Value(index),
        join: Known::Unrecorded,
        revolution: 0,
    }
}

/// Runs of the lengths that a side has, over all its cells.
fn runs_of(runs: &[(u32, Ps)], len: usize, nearest: impl Fn(Ps) -> Ps, header: Known<Ps>) -> CellClock {
    let mut left = u32::try_from(len).unwrap_or(u32::MAX);
    let mut shaped: Vec<(u32, Ps)> = Vec::new();
    for (count, ps) in runs {
        let (count, ps) = ((*count).min(left), nearest(*ps));
        left = left.saturating_sub(count);
        match shaped.last_mut() {
            Some((cells, before)) if *before == ps => *cells = cells.saturating_add(count),
            _ if count > 0 => shaped.push((count, ps)),
            _ => {}
        }
    }
    if let Some((cells, _)) = shaped.last_mut() {
        *cells = cells.saturating_add(left);
    }
    match shaped.as_slice() {
        [] => CellClock::Uniform(header),
        [(_, ps)] => CellClock::Uniform(Known::Value(*ps)),
        _ => CellClock::Runs(shaped),
    }
}

/// The bytes of a side as they lie in the file, for cells in the shape that it
/// has and its further index marks. Cells as long as the header says are not
/// told of, unless there are others.
pub(super) fn encode(cells: &Cells, marks: &[u32]) -> Vec<u8> {
    let len = cells.bits.len();
    let mut rates: Vec<(usize, u8)> = Vec::new();
    match &cells.clock {
        CellClock::Uniform(ps) => rates.extend(ps.copied().map(|ps| (0, periods(ps)))),
        CellClock::Runs(runs) => {
            let mut at = 0usize;
            for (count, ps) in runs {
                rates.push((at, periods(*ps)));
                at = at.saturating_add(usize::try_from(*count).unwrap_or(usize::MAX));
            }
        }
    }
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let first = cells.index_at.copied().map(place);
    let index: Vec<usize> = first.into_iter().chain(marks.iter().map(|mark| place((*mark).into()))).collect();
    let weak: Vec<(usize, usize)> =
        cells.areas.iter().map(|a| (place(a.start), place(a.start.saturating_add(a.len)))).collect();
    let mut borders: Vec<usize> = vec![0, len];
    borders.extend(rates.iter().map(|(at, _)| *at).chain(index.iter().copied()));
    borders.extend(weak.iter().flat_map(|(start, end)| [*start, *end]));
    borders.retain(|at| *at <= len);
    borders.sort_unstable();
    borders.dedup();
    let (mut rates, mut index, mut weak) = (rates.iter().peekable(), index.iter().peekable(), weak.iter().peekable());
    let mut out = Vec::with_capacity((len / 8).saturating_add(16));
    for pair in borders.windows(2) {
        let &[start, end] = pair else { continue };
        while index.next_if(|at| **at == start).is_some() {
            out.push(INDEX);
        }
        while let Some((_, periods)) = rates.next_if(|(at, _)| *at == start) {
            out.extend([RATE, *periods]);
        }
        while weak.next_if(|(_, to)| *to <= start).is_some() {}
        if weak.peek().is_some_and(|(from, _)| *from <= start) {
            push_weak(&mut out, end.saturating_sub(start));
        } else {
            push_cells(&mut out, &cells.bits, start, end);
        }
    }
    out.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
    out
}

/// How many bytes cells may take, whatever their header says of them. None for
/// no cells.
pub(super) fn room(cells: &Cells) -> usize {
    /// A rate that the header tells and the side repeats.
    const RATE: usize = 2;
    if cells.bits.is_empty() {
        return 0;
    }
    encode(&shape(cells, Known::Unrecorded), &[]).len().saturating_add(RATE)
}

/// How many cells to skip of a byte so that `count` are left, fewer than 8.
fn skip(count: usize) -> u8 {
    u8::try_from(8usize.saturating_sub(count)).unwrap_or(0)
}

fn push_weak(out: &mut Vec<u8>, count: usize) {
    out.extend(std::iter::repeat_n(RANDOM, count / 8));
    if !count.is_multiple_of(8) {
        out.extend([SKIP, skip(count % 8), RANDOM]);
    }
}

fn push_cells(out: &mut Vec<u8>, bits: &Bits, start: usize, end: usize) {
    let low = |at, count| u8::try_from(bits.window(at, count)).unwrap_or(0);
    let mut at = start;
    while at < end {
        let left = end.saturating_sub(at);
        let byte = low(at, 8);
        let count = match left {
            8.. if byte < OPCODES => {
                out.push(byte);
                8
            }
            // Four ones at the start would be no cells.
            4.. if byte >= OPCODES => {
                out.extend([SKIP, skip(4), low(at, 4)]);
                4
            }
            _ => {
                out.extend([SKIP, skip(left), low(at, left)]);
                left
            }
        };
        at = at.saturating_add(count);
    }
}

/// The bytes of a side that say the cells from `first` up to `end`.
pub(super) fn locate(bytes: &[u8], first: u64, end: u64) -> Option<(u64, u64)> {
    let mut now = 0u64;
    let mut found: Option<(u64, u64)> = None;
    let mut ops = Ops { bytes, at: 0 };
    while let Some((at, op)) = ops.next() {
        let count = match op {
            Op::Cells(_, count) | Op::Weak(count) => u64::from(count),
            _ => 0,
        };
        now = now.saturating_add(count);
        if count > 0 && now > first {
            found = Some((found.map_or(at as u64, |(from, _)| from), ops.at as u64));
        }
        if now >= end {
            return found;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: Known<Ps> = Known::Value(Ps(2_000_000));

    fn reversed(bytes: &[u8]) -> Vec<u8> {
        bytes.iter().map(|b| b.reverse_bits()).collect()
    }

    #[test]
    fn every_opcode_says_what_it_says() {
        let side = decode(
            &reversed(&[
                0xF2, 72, 0x55, 0xF0, 0xF0, 0xF1, 0xF2, 144, 0xF3, 5, 0x07, 0xF4, 0xF3, 6, 0xF4, 0xF1, 0x0F, 0xF9,
            ]),
            Known::Unrecorded,
        );
        let cells = &side.cells;
        assert_eq!(cells.bits.to_msb(), [0x55, 0xE0, 0x00, 0x78]);
        assert_eq!(cells.bits.len(), 8 + 3 + 8 + 2 + 8);
        assert_eq!(cells.clock, CellClock::Runs(vec![(8, Ps(2_000_000)), (21, Ps(4_000_000))]));
        let weak = Area { start: 11, len: 10, kind: AreaKind::Weak, evidence: Evidence::Declared };
        assert_eq!(
            (cells.areas.as_slice(), cells.index_at, side.marks.as_slice()),
            (&[weak][..], Known::Value(8), &[21][..])
        );
        assert_eq!(side.odd.len(), 1);
        let again = encode(cells, &side.marks);
        assert_eq!(decode(&again, CELL), Side { odd: Vec::new(), ..side });
    }

    #[test]
    fn ones_become_no_opcodes() {
        for len in 0..40 {
            let mut bits = Bits::new();
            (0..len).for_each(|_| bits.push(true));
            let cells = shape(&Cells::plain(bits, CELL), CELL);
            assert_eq!(decode(&encode(&cells, &[]), Known::Unrecorded).cells.bits, cells.bits, "{len}");
        }
    }

    #[test]
    fn rates_before_the_first_are_those_at_the_end() {
        let side = decode(&reversed(&[0x55, 0xF2, 36, 0x55, 0xF2]), CELL);
        assert_eq!(side.cells.clock, CellClock::Uniform(Known::Value(Ps(1_000_000))));
        assert_eq!(side.odd.len(), 1);
        assert_eq!(decode(&reversed(&[0x55]), CELL).cells.clock, CellClock::Uniform(CELL));
        assert_eq!(decode(&[], Known::Unrecorded).cells.clock, CellClock::Uniform(Known::Unrecorded));
    }

    #[test]
    fn cells_are_found_in_their_bytes() {
        let bytes = reversed(&[0xF1, 0xF2, 72, 0x55, 0xF3, 4, 0x05, 0x55]);
        assert_eq!(locate(&bytes, 0, 8), Some((3, 4)));
        assert_eq!(locate(&bytes, 7, 9), Some((3, 7)));
        assert_eq!(locate(&bytes, 12, 13), Some((7, 8)));
        assert_eq!(locate(&bytes, 12, 21), None);
    }
}
