//! Times of flux as bytes: each counts ticks to a transition, 255 as many
//! without one.

use std::ops::Range;

/// The byte that goes on.
const MORE: u8 = 255;
/// Its ticks.
const STEP: u64 = 255;

/// Times that bytes tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Times {
    /// Ticks from one transition to the next.
    pub(crate) intervals: Vec<u32>,
    /// Ticks after the last transition: always a multiple of 255.
    pub(crate) rest: u64,
    /// Ticks altogether.
    pub(crate) ticks: u64,
    /// An interval was too long to be held.
    pub(crate) too_long: bool,
}

/// The times of some bytes.
pub(crate) fn read(bytes: &[u8]) -> Times {
    let mut times = Times { intervals: Vec::with_capacity(bytes.len()), ..Times::default() };
    for byte in bytes {
        times.rest = times.rest.saturating_add((*byte).into());
        times.ticks = times.ticks.saturating_add((*byte).into());
        if *byte != MORE {
            times.too_long |= u32::try_from(times.rest).is_err();
            times.intervals.push(u32::try_from(times.rest).unwrap_or(u32::MAX));
            times.rest = 0;
        }
    }
    times
}

/// The bytes of some intervals; there is one way to say each.
pub(crate) fn write(intervals: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(intervals.len());
    for ticks in intervals {
        push(&mut bytes, u64::from(*ticks));
        bytes.push(low(u64::from(*ticks)));
    }
    bytes
}

/// Bytes for ticks after the last transition, as far as they can be said.
pub(crate) fn push(bytes: &mut Vec<u8>, ticks: u64) {
    let more = usize::try_from(ticks / STEP).unwrap_or(usize::MAX);
    bytes.extend(std::iter::repeat_n(MORE, more));
}

/// Ticks after the last transition that can be said: what 255 divides.
pub(crate) fn sayable(ticks: u64) -> u64 {
    ticks.saturating_sub(u64::from(low(ticks)))
}

fn low(ticks: u64) -> u8 {
    u8::try_from(ticks % STEP).unwrap_or(0)
}

/// How many bytes some intervals take.
pub(crate) fn len(intervals: &[u32]) -> u64 {
    intervals.iter().fold(0, |sum: u64, t| sum.saturating_add(u64::from(*t) / STEP).saturating_add(1))
}

/// Of some bytes those that tell a range of ticks.
pub(crate) fn locate(bytes: &[u8], ticks: &Range<u64>) -> Option<Range<u64>> {
    let (mut tick, mut began, mut found) = (0u64, 0u64, None);
    for (at, byte) in (0u64..).zip(bytes) {
        tick = tick.saturating_add((*byte).into());
        if *byte == MORE {
            continue;
        }
        let after = at.saturating_add(1);
        if tick > ticks.start {
            let (start, _) = found.unwrap_or((began, after));
            found = Some((start, after));
        }
        if tick >= ticks.end {
            break;
        }
        began = after;
    }
    found.map(|(start, end)| start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_times_are_one_to_one() {
        let bytes = [32, 0, 255, 0, 255, 255, 7, 254, 255, 255];
        let times = read(&bytes);
        assert_eq!(times.intervals, [32, 0, 255, 517, 254]);
        assert_eq!((times.rest, times.ticks, times.too_long), (510, 1568, false));
        let mut again = write(&times.intervals);
        assert_eq!(len(&times.intervals), again.len() as u64);
        push(&mut again, times.rest);
        assert_eq!(again, bytes);
        assert_eq!(sayable(600), 510);
    }

    #[test]
    fn a_range_of_ticks_has_its_bytes() {
        let bytes = [10, 255, 5, 20];
        assert_eq!(locate(&bytes, &(0..10)), Some(0..1));
        assert_eq!(locate(&bytes, &(10..11)), Some(1..3));
        assert_eq!(locate(&bytes, &(5..280)), Some(0..4));
        assert_eq!(locate(&bytes, &(290..300)), None);
    }
}
