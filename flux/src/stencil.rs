//! The short way of clean flux: a chunk of intervals, each so near to a whole
//! number of cells that no loop would see another one.
//!
//! Lengths are ticks times 2^16, as in [`crate::pll`].

use crate::period::SHIFT;

/// Transitions that are taken at once; a speed that changes is followed from
/// one chunk to the next.
pub(crate) const CHUNK: usize = 64;
/// Transitions of a group: their cells fit in a word, whatever the stride.
const GROUP: usize = 4;
const HALF: usize = CHUNK / 2;
/// Cells of the longest interval that it knows.
const LONGEST: i64 = 5;
/// Entries at most: a clock of 1 ns and cells of 4 us have 20,000.
const ENTRIES: i64 = 1 << 15;

/// What intervals say by their ticks.
pub(crate) struct Stencil {
    /// The length of a cell that it was made for.
    period: i64,
    /// Cells of the string for each cell of the loop.
    stride: u8,
    entries: Vec<Entry>,
}

/// What an interval says.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// How much longer it is than its cells.
    off: i32,
    /// Their number.
    cells: u8,
    /// How many of the string they are.
    strung: u8,
}

/// So far off that no chunk with it is clean.
const DOUBT: Entry = Entry { off: i32::MAX, cells: 0, strung: 0 };

/// The cells of the string for a few transitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Group {
    /// The last of them lowest.
    pub(crate) bits: u64,
    /// How many there are.
    pub(crate) len: i64,
}

/// The cells of a chunk.
pub(crate) type Groups = [Group; CHUNK / GROUP];

/// A chunk that leaves no doubt.
pub(crate) struct Clean {
    /// Ticks of all of them.
    pub(crate) ticks: u64,
    /// The worst distance of a transition from the middle of its cell.
    pub(crate) worst: i64,
    /// That of the last one, with the grid put where the chunk shows it.
    pub(crate) since: i64,
    /// The length of a cell after it.
    pub(crate) period: i64,
}

impl Stencil {
    /// A stencil for cells of this length, each of them `stride` of the string.
    pub(crate) fn of(period: i64, stride: u8) -> Self {
        let longest = period.saturating_mul(LONGEST) >> SHIFT;
        let entry = |ticks: i64| entry(ticks << SHIFT, period, stride);
        let entries = (0..longest).take_while(|_| longest <= ENTRIES).map(entry);
        Self { period, stride, entries: entries.collect() }
    }

    /// The cells of a chunk that begins `since` after the middle of a cell; `groups`
    /// has them where it is clean.
    ///
    /// On a grid that stays where it is the places of transitions scatter by
    /// their own errors only, so the halves of a chunk tell its phase and its
    /// speed.
    #[allow(
        clippy::arithmetic_side_effects,
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        reason = "periods < 2^45 and 5 cells at most for each of 64 entries of 2^31"
    )]
    pub(crate) fn read(
        &mut self,
        chunk: &[u32; CHUNK],
        (period, since): (i64, i64),
        groups: &mut Groups,
    ) -> Option<Clean> {
        if (period - self.period).abs() > self.period >> 6 {
            *self = Self::of(period, self.stride);
        }
        let stretch = period - self.period;
        let (mut at, mut lowest, mut highest, mut total, mut count) = (since, since, since, since, 0i64);
        let mut halves = [0i64; 2];
        let chunks = chunk.as_chunks::<HALF>().0.iter().zip(groups.as_chunks_mut::<{ HALF / GROUP }>().0);
        for (half, (chunk, groups)) in halves.iter_mut().zip(chunks) {
            for (few, group) in chunk.as_chunks::<GROUP>().0.iter().zip(groups) {
                let (mut bits, mut strung) = (0u64, 0i64);
                for interval in few {
                    let entry = self.entries.get(*interval as usize).copied().unwrap_or(DOUBT);
                    bits = bits << entry.strung | 1;
                    strung += i64::from(entry.strung);
                    count += i64::from(entry.cells);
                    total += i64::from(entry.off);
                    at = total - count * stretch;
                    (lowest, highest) = (lowest.min(at), highest.max(at));
                    *half += at;
                }
                *group = Group { bits: bits << (self.stride - 1), len: strung };
            }
        }
        let worst = highest.max(-lowest);
        if !is_near(worst, period) {
            return None;
        }
        let ticks = (at - since + count * period) as u64 >> SHIFT;
        let [early, late] = halves.map(|sum| sum / HALF as i64);
        let drift = late - early;
        // The halves are half a chunk apart, and the end a quarter after the second.
        Some(Clean { ticks, worst, since: at - late - drift / 2, period: period + drift / count.max(1) })
    }
}

fn entry(since: i64, period: i64, stride: u8) -> Entry {
    let cells = since.saturating_add(period / 2).checked_div(period).unwrap_or(0);
    let off = since.saturating_sub(cells.saturating_mul(period));
    let sure = cells > 0 && is_near(off.saturating_abs(), period);
    let entry = u8::try_from(cells).ok().zip(i32::try_from(off).ok()).filter(|_| sure);
    entry.map_or(DOUBT, |(cells, off)| Entry { off, cells, strung: cells.saturating_mul(stride) })
}

/// True within 0.3 of a cell.
#[allow(clippy::arithmetic_side_effects, reason = "periods < 2^45")]
fn is_near(off: i64, period: i64) -> bool {
    off * 10 < period * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: i64 = 80 << SHIFT;

    fn chunk(of: impl Fn(usize) -> u32) -> [u32; CHUNK] {
        std::array::from_fn(of)
    }

    /// What a stencil for cells of this length reads, and the first group.
    fn read(cell: i64, stride: u8, ticks: impl Fn(usize) -> u32) -> (Clean, Group) {
        let mut groups = Groups::default();
        let clean = Stencil::of(cell, stride).read(&chunk(ticks), (cell, 0), &mut groups).unwrap();
        (clean, groups[0])
    }

    #[test]
    fn a_clean_chunk_tells_cells_phase_and_speed() {
        let (clean, group) = read(CELL, 1, |i| [160, 240, 320][i % 3]);
        assert_eq!(group, Group { bits: 0b010_0100_0101, len: 11 });
        assert_eq!((clean.worst, clean.since, clean.period), (0, 0, CELL));
        let (_, group) = read(CELL, 2, |i| [80, 160][i % 2]);
        assert_eq!(group, Group { bits: 0b1000_1010_0010, len: 12 });
        // 0.11 % slower: the grid follows half of it from one chunk to the next.
        let long = CELL << 4;
        let (slow, _) = read(long, 1, |i| [2563, 3844][i % 2]);
        let (low, high) = (long + long * 4 / 10_000, long + long * 7 / 10_000);
        assert!((low..high).contains(&slow.period), "{}", slow.period);
    }

    #[test]
    fn a_doubt_is_left_to_the_loop() {
        let mut stencil = Stencil::of(CELL, 1);
        let mut is_clean = |odd: u32, since: i64| {
            let ticks = chunk(|i| if i == 40 { odd } else { 160 });
            stencil.read(&ticks, (CELL, since), &mut Groups::default()).is_some()
        };
        assert!(is_clean(160, 0));
        assert!(!is_clean(200, 0), "between 2 and 3");
        assert!(!is_clean(900, 0), "a hole");
        assert!(!is_clean(0, 0), "no time");
        assert!(!is_clean(160, CELL / 2), "between the cells");
    }
}
