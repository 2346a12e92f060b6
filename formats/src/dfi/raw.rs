//! What stands where in the file.

use std::ops::Range;

use floptical_model::Clock;

/// The second generation and the first.
pub(super) const MAGIC: [&[u8; 4]; 2] = [b"DFE2", b"DFER"];

/// Names of the opaque parts.
pub(super) const PART_SECTORS: &str = "dfi.sectors";
pub(super) const PART_TAIL: &str = "dfi.tail";

/// How samples count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    First,
    Second,
}

impl Generation {
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let nth = MAGIC.iter().position(|magic| head.starts_with(&magic[..]))?;
        Some(if nth == 0 { Self::Second } else { Self::First })
    }
}

/// The head of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) cylinder: u16,
    pub(super) head: u16,
    pub(super) sector: u16,
    pub(super) len: u32,
}

impl Block {
    pub(super) const LEN: usize = 10;

    pub(super) fn parse(raw: &[u8]) -> Option<Self> {
        let word = |at: usize| raw.get(at..)?.first_chunk().map(|two| u16::from_be_bytes(*two));
        let len = raw.get(6..)?.first_chunk().map(|four| u32::from_be_bytes(*four))?;
        Some(Self { cylinder: word(0)?, head: word(2)?, sector: word(4)?, len })
    }
}

/// What the samples of a block say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Samples {
    /// From each transition to the next.
    pub(super) intervals: Vec<u32>,
    /// When the index came, and how many intervals were whole.
    pub(super) index: Vec<(u64, u32)>,
}

const TICKS: u8 = 0x7F;
const INDEX: u8 = 0x80;

/// Read samples. Ticks that no transition ends are left out.
pub(super) fn samples(generation: Generation, bytes: &[u8]) -> Samples {
    let mut said = Samples::default();
    let (mut now, mut since, mut high) = (0u64, 0u32, false);
    for byte in bytes {
        let ticks = byte & TICKS;
        let flag = byte & INDEX > 0;
        let goes_on = match generation {
            Generation::First => ticks == 0,
            Generation::Second => ticks == TICKS || flag,
        };
        // 127 ticks are told as 7F, and in the first generation as 0.
        let ticks = if generation == Generation::First && ticks == 0 { TICKS } else { ticks };
        now = now.saturating_add(ticks.into());
        since = since.saturating_add(ticks.into());
        let came = match generation {
            Generation::First => flag && !high,
            Generation::Second => flag && byte & TICKS != TICKS,
        };
        high = flag;
        if came {
            said.index.push((now, u32::try_from(said.intervals.len()).unwrap_or(u32::MAX)));
        }
        if !goes_on {
            said.intervals.push(since);
            since = 0;
        }
    }
    said
}

/// The first and the last sample that count some ticks.
pub(super) fn within(generation: Generation, bytes: &[u8], ticks: Range<u64>) -> Option<(usize, usize)> {
    let (mut now, mut first) = (0u64, None);
    for (nth, byte) in bytes.iter().enumerate() {
        let count = match byte & TICKS {
            0 if generation == Generation::First => TICKS,
            count => count,
        };
        now = now.saturating_add(count.into());
        if now > ticks.start {
            first.get_or_insert(nth);
        }
        if now >= ticks.end {
            return Some((first?, nth));
        }
    }
    None
}

/// The clock with which a turn of so many ticks is one of a drive.
pub(super) fn clock(turn: u64) -> Option<Clock> {
    /// From 380 to 285 revolutions a minute.
    const DRIVES: std::ops::RangeInclusive<u64> = 157_894_737_000..=210_526_316_000;
    CLOCKS.into_iter().find(|clock| DRIVES.contains(&clock.to_ps(turn).0))
}

/// The clocks that the device has.
pub(super) const CLOCKS: [Clock; 3] = [Clock::hz(100_000_000), Clock::hz(50_000_000), Clock::hz(25_000_000)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_the_second_generation() {
        let said = samples(Generation::Second, &[10, 0x7F, 0x7F, 5, 0xFF, 0x83, 20, 0x80, 0, 0x7F]);
        assert_eq!(said.intervals, [10, 259, 127 + 3 + 20, 0]);
        assert_eq!(said.index, [(10 + 259 + 127 + 3, 2), (10 + 259 + 150, 3)]);
    }

    #[test]
    fn samples_of_the_first_generation() {
        let said = samples(Generation::First, &[10, 0, 0, 5, 0x7F, 0x81, 0x82, 3, 0x80, 0]);
        assert_eq!(said.intervals, [10, 259, 127, 1, 2, 3]);
        assert_eq!(said.index.len(), 2);
    }

    #[test]
    fn a_turn_tells_its_clock() {
        assert_eq!(clock(20_000_000), Some(CLOCKS[0]));
        assert_eq!(clock(8_333_333), Some(CLOCKS[1]));
        assert_eq!(clock(5_000_000), Some(CLOCKS[2]));
        assert_eq!(clock(1000), None);
    }
}
