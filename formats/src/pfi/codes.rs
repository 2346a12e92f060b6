//! Times as codes, and back.

use floptical_model::finding::{FORMAT_ODD_VALUE, FORMAT_TRUNCATED};
use floptical_model::{Clock, Code, Edge, Flux, IndexMark};

/// Codes below this are followed by the time, or by a part of it.
const PLAIN: u8 = 8;
/// Codes from here on hold the high bits of a time.
const SHORT: u8 = 4;

/// The next time and how many bytes it takes, `None` inside for one that is no
/// time; `None` at the end, also when it comes within a code.
pub(super) fn next(bytes: &[u8]) -> Option<(Option<u32>, usize)> {
    let (code, rest) = bytes.split_first()?;
    let number = |count: usize| rest.get(..count).map(|raw| raw.iter().fold(0, |n: u32, b| n << 8 | u32::from(*b)));
    let (time, taken) = match *code {
        0 => (None, 0),
        wide if wide < SHORT => {
            let count = usize::from(wide).saturating_add(1);
            (Some(number(count)?), count)
        }
        short if short < PLAIN => (Some(u32::from(short & 3) << 8 | number(1)?), 1),
        plain => (Some(plain.into()), 0),
    };
    Some((time, taken.saturating_add(1)))
}

/// Append a time in its shortest form.
pub(super) fn push(out: &mut Vec<u8>, ticks: u32) {
    let [a, b, c, d] = ticks.to_be_bytes();
    match ticks {
        8..=0xFF => out.push(d),
        0..=0x3FF => out.extend([SHORT | c, d]),
        0x400..=0xFFFF => out.extend([1, c, d]),
        0x1_0000..=0xFF_FFFF => out.extend([2, b, c, d]),
        _ => out.extend([3, a, b, c, d]),
    }
}

/// All times, and what is wrong with the codes.
pub(super) fn parse(bytes: &[u8]) -> (Vec<u32>, Option<(&'static Code, String)>) {
    let (mut times, mut at, mut invalid) = (Vec::with_capacity(bytes.len()), 0usize, 0u64);
    while let Some((time, taken)) = bytes.get(at..).and_then(next) {
        match time {
            Some(time) => times.push(time),
            None => invalid = invalid.saturating_add(1),
        }
        at = at.saturating_add(taken);
    }
    let trouble = if at < bytes.len() {
        Some((&FORMAT_TRUNCATED, "the track ends within a time".into()))
    } else {
        (invalid > 0).then(|| (&FORMAT_ODD_VALUE, format!("{invalid} codes of 0, which is none")))
    };
    (times, trouble)
}

/// Flux of times and index marks, each mark in the interval in which it falls.
pub(super) fn flux(clock: Clock, times: Vec<u32>, marks: impl IntoIterator<Item = u64>) -> Flux {
    let mut now = 0u64;
    let end = |time: &u32| {
        now = now.saturating_add(u64::from(*time));
        now
    };
    let ends: Vec<u64> = times.iter().map(end).collect();
    let whole = |tick: u64| u32::try_from(ends.partition_point(|end| *end <= tick)).unwrap_or(u32::MAX);
    let index: Vec<IndexMark> =
        marks.into_iter().map(|tick| IndexMark { tick, interval: if tick == 0 { 0 } else { whole(tick) } }).collect();
    let edge = |yes: bool| if yes { Edge::Index } else { Edge::Anywhere };
    let at_start = index.first().is_some_and(|mark| mark.tick == 0);
    let at_end = index.last().is_some_and(|mark| usize::try_from(mark.interval) == Ok(times.len()));
    Flux { clock, intervals: times.into(), index, sector_marks: Vec::new(), start: edge(at_start), end: edge(at_end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_comes_back_in_its_shortest_form() {
        let times = [0, 7, 8, 0xFF, 0x100, 0x3FF, 0x400, 0xFFFF, 0x1_0000, 0xFF_FFFF, 0x100_0000, u32::MAX];
        let mut codes = Vec::new();
        times.iter().for_each(|time| push(&mut codes, *time));
        assert_eq!(codes.len(), 2 + 2 + 1 + 1 + 2 + 2 + 3 + 3 + 4 + 4 + 5 + 5);
        assert_eq!(parse(&codes), (times.to_vec(), None));
    }

    #[test]
    fn marks_lie_in_the_interval_in_which_they_fall() {
        let flux = flux(Clock::hz(1000), vec![10, 0, 20], [0, 9, 10, 30, 31]);
        let intervals: Vec<u32> = flux.index.iter().map(|mark| mark.interval).collect();
        assert_eq!(intervals, [0, 0, 2, 3, 3]);
        assert_eq!((flux.start, flux.end), (Edge::Index, Edge::Index));
    }
}
