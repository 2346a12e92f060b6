//! Records of captures: what stands where.

use std::ops::RangeInclusive;

use floptical_model::{Clock, Edge, Flux, IndexMark, Opaque, Place, Policy, Ps, Span};

use crate::applesauce::{times, u16_le, u32_le};

/// Letters before the number of the version.
pub(super) const MAGIC: &[u8; 3] = b"A2R";
/// Bytes before the first chunk.
pub(super) const HEADER: usize = 8;

pub(super) const INFO: &[u8; 4] = b"INFO";
pub(super) const STRM: &[u8; 4] = b"STRM";
pub(super) const RWCP: &[u8; 4] = b"RWCP";
pub(super) const SLVD: &[u8; 4] = b"SLVD";

/// Bytes of RWCP and SLVD before the first record.
pub(super) const TABLE: usize = 16;
/// Where they have the picoseconds of a tick.
pub(super) const RESOLUTION: usize = 1;
/// What ends STRM.
pub(super) const LAST: u8 = 0xFF;
/// What ends RWCP and SLVD.
pub(super) const END: u8 = b'X';

/// Kinds of captures.
pub(super) const TIMING: u8 = 1;
pub(super) const BITS: u8 = 2;
pub(super) const LONG: u8 = 3;
/// The kind that a solved track has here.
pub(super) const SOLVED: u8 = b'T';

/// Picoseconds of a tick up to version 2, and where nothing else is asked.
pub(super) const TICK: u32 = 125_000;
/// Ticks of a cell of a capture of bits.
pub(super) const CELL: u32 = 32;
/// Captures that last no longer are `TIMING`, by a quarter more than the
/// 250 ms of the capture device.
const SHORT_PS: u64 = 375_000_000_000;

/// What a turn of a disk lasts, from over 600 to under 250 turns a minute.
const TURN: RangeInclusive<Ps> = Ps(90_000_000_000)..=Ps(260_000_000_000);
/// By which part of a turn the next one may last longer or shorter.
const STEADY: u64 = 50;

/// Names of the opaque parts.
pub(super) const PART_KINDS: &str = "a2r.kinds";
pub(super) const PART_SOLVED: &str = "a2r.solved";
pub(super) const PART_RECORD: &str = "a2r.record";
pub(super) const PART_REST: &str = "a2r.rest";
pub(super) const PART_INFO: &str = "a2r.info";
pub(super) const PART_CHUNK: &str = "a2r.chunk";
pub(super) const PART_TAIL: &str = "a2r.tail";
pub(super) const PART_LAYOUT: &str = "a2r.layout";

/// Picoseconds of a second.
const SECOND: u64 = 1_000_000_000_000;

/// The clock of so many picoseconds a tick.
pub(super) fn clock(resolution: u32) -> Option<Clock> {
    let ps = u64::from(resolution);
    match SECOND.checked_rem(ps) {
        Some(0) => SECOND.checked_div(ps).map(Clock::hz),
        _ => Clock::new(SECOND, ps),
    }
}

/// The picoseconds of a tick, where they are whole.
pub(super) fn resolution(clock: Clock) -> Option<u32> {
    let (num, den) = clock.ratio();
    let whole = u128::from(den).checked_mul(SECOND.into())?;
    let ps = whole.checked_div(num.into())?;
    u32::try_from(ps).ok().filter(|_| whole.checked_rem(num.into()) == Some(0))
}

/// A record of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) kind: u8,
    pub(super) location: u16,
    /// Where it begins, and the byte after its location.
    pub(super) start: u64,
    pub(super) body: u64,
    /// Ticks of its index marks; for a loop, the start and where it closes.
    pub(super) index: Vec<u32>,
    /// Where its data begin, how many bytes they are told to be, how many the
    /// chunk has.
    pub(super) data: u64,
    pub(super) len: u64,
    pub(super) there: u64,
    /// Picoseconds of a tick.
    pub(super) resolution: u32,
}

impl Record {
    /// Where it ends.
    pub(super) fn end(&self) -> u64 {
        self.data.saturating_add(self.there)
    }

    /// Marks the start of a capture that was begun at the index; false where it was not.
    pub(super) fn mark_start(&mut self) -> bool {
        let marks: Vec<u64> = self.index.iter().map(|tick| u64::from(*tick)).collect();
        let is_capture = self.is_times() && self.kind != SOLVED;
        let begun = is_capture && clock(self.resolution).is_some_and(|clock| leave_start_out(&marks, clock));
        if begun {
            self.index.insert(0, 0);
        }
        begun
    }

    /// True when its data are times.
    pub(super) fn is_times(&self) -> bool {
        matches!(self.kind, TIMING | LONG | SOLVED)
    }
}

/// The record of STRM at `at` of a chunk that begins at `base`; `None` at its
/// end, or where it does not hold one.
pub(super) fn stream_record(chunk: &[u8], at: usize, base: u64) -> Option<Record> {
    const HEAD: usize = 10;
    let raw = chunk.get(at..)?;
    let [location, kind] = *raw.first_chunk()?;
    if location == LAST {
        return None;
    }
    let (len, ticks) = (u32_le(raw, 2)?, u32_le(raw, 6)?);
    let there = raw.len().saturating_sub(HEAD) as u64;
    let start = base.saturating_add(at as u64);
    Some(Record {
        kind,
        location: location.into(),
        start,
        body: start.saturating_add(2),
        index: if ticks > 0 { vec![0, ticks] } else { Vec::new() },
        data: start.saturating_add(HEAD as u64),
        len: len.into(),
        there: there.min(len.into()),
        resolution: TICK,
    })
}

/// As [`stream_record`] for RWCP and SLVD.
pub(super) fn record(chunk: &[u8], at: usize, base: u64, solved: bool, resolution: u32) -> Option<Record> {
    let raw = chunk.get(at..)?;
    let (kind, location, body) = match (raw.first()?, solved) {
        (b'C', false) => (*raw.get(1)?, u16_le(raw, 2)?, 4usize),
        (b'T', true) => (SOLVED, u16_le(raw, 1)?, 3usize),
        _ => return None,
    };
    let count_at = if solved { body.checked_add(8)? } else { body };
    let count = usize::from(*raw.get(count_at)?);
    let marks_at = count_at.checked_add(1)?;
    let len_at = marks_at.checked_add(count.checked_mul(4)?)?;
    let marks = raw.get(marks_at..len_at)?;
    let len = u32_le(raw, len_at)?;
    let data = len_at.checked_add(4)?;
    let start = base.saturating_add(at as u64);
    Some(Record {
        kind,
        location,
        start,
        body: start.saturating_add(body as u64),
        index: marks.chunks_exact(4).filter_map(|four| u32_le(four, 0)).collect(),
        data: start.saturating_add(data as u64),
        len: len.into(),
        there: (raw.len().saturating_sub(data) as u64).min(len.into()),
        resolution,
    })
}

/// True for marks that may be those of a capture from the index on, whose
/// start has none: the first closes a turn that lasts as long as the next.
pub(super) fn leave_start_out(marks: &[u64], clock: Clock) -> bool {
    let Some((first, more)) = marks.split_first() else { return false };
    let next = more.first().map_or(*first, |second| second.saturating_sub(*first));
    TURN.contains(&clock.to_ps(*first)) && first.abs_diff(next).saturating_mul(STEADY) <= *first
}

/// The kind that captures of a track usually have.
pub(super) fn usual_kind(flux: &Flux) -> u8 {
    let ticks = flux.intervals.iter().map(|t| u64::from(*t)).sum();
    if flux.clock.to_ps(ticks).0 <= SHORT_PS { TIMING } else { LONG }
}

/// Flux with marks at these ticks, each in the interval in which it falls. A
/// track that was solved closes where it ends, marks or not.
pub(super) fn flux(clock: Clock, intervals: Vec<u32>, ticks: &[u64]) -> Flux {
    let mut tick = 0u64;
    let ends: Vec<u64> = intervals
        .iter()
        .map(|t| {
            tick = tick.saturating_add((*t).into());
            tick
        })
        .collect();
    let interval = |at: u64| match at {
        0 => 0,
        at => u32::try_from(ends.partition_point(|end| *end <= at)).unwrap_or(u32::MAX),
    };
    let index: Vec<IndexMark> = ticks.iter().map(|at| IndexMark { tick: *at, interval: interval(*at) }).collect();
    let edge = |yes: bool| if yes { Edge::Index } else { Edge::Anywhere };
    let start = edge(ticks.first() == Some(&0));
    let end = edge(ticks.len() > 1 && ticks.last() == Some(&tick));
    Flux { clock, intervals: intervals.into(), index, sector_marks: Vec::new(), start, end }
}

/// The bytes of some flux, with what is kept of the time after it.
pub(super) fn data(flux: &Flux, rest: u64) -> Vec<u8> {
    let mut bytes = times::write(&flux.intervals);
    times::push(&mut bytes, rest);
    bytes
}

/// A part that is kept.
pub(super) fn kept(name: &str, place: Place, bytes: &[u8], start: u64, policy: Policy) -> Opaque {
    Opaque { name: name.into(), place, bytes: bytes.into(), policy, at: Span::file(start, bytes.len() as u64) }
}
