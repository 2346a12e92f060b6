//! A loop of second order that tracks the phase and the length of cells, and
//! says for each transition in which cell it lies.
//!
//! All lengths are ticks of the capture's clock, times 2^16.

use floptical_model::{Bits, Context, Error, ErrorKind, Result};

use crate::period::{Grid, SHIFT};
use crate::stencil::{CHUNK, Group, Groups, Stencil};

/// Transitions that a loop may take to lock.
const LOCKING: usize = 64;
/// After so many empty cells a loop takes the phase of the next transition.
const HOLE: usize = 16;
/// The most cells of one string; a revolution of an ED track has 400,000.
const MOST_CELLS: i64 = 1 << 24;

/// How fast a loop follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gains {
    /// Share of the distance from the grid that the phase takes over, / 2^16.
    phase: i64,
    /// Share that the length of a cell takes over for each cell, / 2^16.
    period: i64,
}

impl Gains {
    /// 0.12 and 0.005: for most tracks.
    pub(crate) const QUIET: Gains = Gains { phase: 7864, period: 328 };
    /// 0.5 and 0.04: follows steps of speed.
    pub(crate) const FAST: Gains = Gains { phase: 32768, period: 2621 };
    /// 0.06 and 0.0015, 0.08 and 0.003, 0.21 and 0.011: each takes other
    /// transitions for the next cell.
    pub(crate) const OTHERS: [Gains; 3] =
        [Gains { phase: 3932, period: 100 }, Gains { phase: 5500, period: 200 }, Gains { phase: 14000, period: 700 }];
}

/// The loop on its way through a capture.
pub(crate) struct Loop<'a> {
    intervals: &'a [u32],
    /// How many intervals were taken.
    pub(crate) taken: usize,
    /// The tick of the transition that ended the last of them.
    pub(crate) time: u64,
    /// From the middle of the last cell with a transition to `time`.
    since: i64,
    /// Length of a cell, and its bounds.
    period: i64,
    bounds: (i64, i64),
    phase_gain: i64,
    /// By the number of cells that an interval has.
    period_gains: [i64; HOLE + 1],
    strip: Strip,
    /// Cells of the string for each cell of the loop.
    stride: i64,
    stencil: Stencil,
    /// The cells of a chunk.
    groups: Groups,
    /// Intervals whose transition has no cell of its own.
    pub(crate) dropped: Vec<usize>,
    worst: i64,
    outside: Vec<u64>,
}

/// Where an index mark lies among the cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Border {
    /// The nearest border of cells, counted in cells after the last transition:
    /// cells of the track before it.
    cells: i64,
    /// From there to the mark.
    off: i64,
}

/// The cells between two borders.
pub(crate) struct Piece {
    pub(crate) bits: Bits,
    pub(crate) dropped: Vec<usize>,
    /// Worst distance from the grid in permille of a cell.
    pub(crate) worst: u32,
    /// The cells of transitions outside their window, in order.
    pub(crate) outside: Vec<u64>,
}

impl<'a> Loop<'a> {
    /// A loop at the start of a capture, with the first transition on its grid.
    pub(crate) fn new(intervals: &'a [u32], grid: Grid, gains: Gains) -> Self {
        // Products with gains and small counts stay in an i64.
        let cell = grid.cell.saturating_mul(grid.stride.into());
        let period = i64::try_from(cell.clamp(16, 1 << 44)).unwrap_or(1 << 44);
        let first = scaled(intervals.first().copied().unwrap_or(0));
        let mut period_gains = [gains.period; HOLE + 1];
        for (gain, cells) in period_gains.iter_mut().zip(0i64..) {
            *gain = gain.checked_div(cells).unwrap_or(0);
        }
        Self {
            intervals,
            taken: 0,
            time: 0,
            since: period.saturating_sub(first.checked_rem(period).unwrap_or(0)),
            period,
            bounds: (period.saturating_sub(period / 6), period.saturating_add(period / 6)),
            phase_gain: gains.phase,
            period_gains,
            strip: Strip::default(),
            stride: grid.stride.into(),
            stencil: Stencil::of(period, grid.stride),
            groups: Groups::default(),
            dropped: Vec::new(),
            worst: 0,
            outside: Vec::new(),
        }
    }

    /// Take all transitions up to tick `end`.
    pub(crate) fn run_to(&mut self, end: u64, context: &Context) -> Result<()> {
        let ticks = i128::from(end.saturating_sub(self.time)) << SHIFT;
        let most = ticks.saturating_mul(self.stride.into()).checked_div(self.bounds.0.into()).unwrap_or(0);
        if most > MOST_CELLS.into() {
            return Err(Error::new(ErrorKind::Limit, format!("{most} cells between two index marks are no floppy's")));
        }
        context.reserve(u64::try_from(most).unwrap_or(0) / 8)?;
        self.strip.words.reserve(usize::try_from(most / 64).unwrap_or(0).saturating_add(2));
        let left = self.intervals.len().saturating_sub(self.taken) as u64;
        context.step(left.min(end.saturating_sub(self.time)))?;
        if self.taken < LOCKING {
            self.run(LOCKING, end);
            self.worst = 0;
            self.outside.clear();
        }
        self.run(self.intervals.len(), end);
        Ok(())
    }

    fn run(&mut self, until: usize, end: u64) {
        let intervals = self.intervals.get(..until).unwrap_or(self.intervals);
        while let Some(rest) = intervals.get(self.taken..).filter(|rest| !rest.is_empty()) {
            let chunk = rest.first_chunk::<CHUNK>();
            if chunk.is_some_and(|chunk| self.take_clean(chunk, end)) {
                continue;
            }
            for ticks in rest.iter().take(CHUNK) {
                if self.time.saturating_add(u64::from(*ticks)) > end {
                    return;
                }
                self.take(*ticks);
            }
        }
    }

    /// A chunk of transitions at once, where none of them leaves a doubt.
    #[allow(clippy::arithmetic_side_effects, reason = "a chunk has fewer than 2^32 ticks and 2^10 cells")]
    fn take_clean(&mut self, chunk: &[u32; CHUNK], end: u64) -> bool {
        let state = (self.period, self.since);
        let Some(clean) = self.stencil.read(chunk, state, &mut self.groups) else { return false };
        if self.time + clean.ticks > end {
            return false;
        }
        self.groups.iter().for_each(|group| self.strip.put_group(*group));
        self.time += clean.ticks;
        self.taken += CHUNK;
        self.worst = self.worst.max(clean.worst);
        self.since = clean.since;
        self.period = clean.period.clamp(self.bounds.0, self.bounds.1);
        true
    }

    /// One transition. The capture's 10^7 transitions all pass here.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "period < 2^45, cells <= 16 and |off| <= period where they are multiplied; ticks < 2^48"
    )]
    #[inline(always)]
    fn take(&mut self, ticks: u32) {
        let since = scaled(ticks) + self.since;
        let cells = nearest(since, self.period);
        self.time += u64::from(ticks);
        self.taken += 1;
        if cells <= 0 {
            self.since = since;
            self.dropped.push(self.taken - 1);
            self.outside.push(self.strip.last_cell());
            return;
        }
        self.strip.put(cells * self.stride, self.stride);
        let Some(gain) = usize::try_from(cells).ok().and_then(|cells| self.period_gains.get(cells)) else {
            self.since = 0;
            return;
        };
        let off = since - cells * self.period;
        self.worst = self.worst.max(off.abs());
        if off.abs() * 8 > self.period * 3 {
            self.outside.push(self.strip.last_cell());
        }
        self.since = off - ((off * self.phase_gain) >> 16);
        self.period = (self.period + ((off * gain) >> 16)).clamp(self.bounds.0, self.bounds.1);
    }

    /// The border of cells that is nearest to a tick at or after the last
    /// transition. Transitions that are later and yet before it are taken.
    pub(crate) fn border(&mut self, tick: u64) -> Border {
        let ticks = i64::try_from(tick.saturating_sub(self.time)).unwrap_or(i64::MAX >> SHIFT).min(i64::MAX >> 20);
        let since = (ticks << SHIFT).saturating_add(self.since);
        let mut cells = since.saturating_add(self.period).checked_div(self.period).unwrap_or(1).max(1);
        let middle = cells.saturating_mul(self.period);
        let off = since.saturating_sub(middle).saturating_add(self.period / 2);
        while let Some(ticks) = self.intervals.get(self.taken).copied() {
            let next = nearest(scaled(ticks).saturating_add(self.since), self.period);
            if next >= cells {
                break;
            }
            self.take(ticks);
            cells = cells.saturating_sub(next.max(0));
        }
        Border { cells, off }
    }

    /// Empty cells of the string between the last transition and a border.
    fn empty(&self, border: Border) -> i64 {
        border.cells.saturating_sub(1).saturating_mul(self.stride)
    }

    /// Cells since the last cut up to a border.
    pub(crate) fn cells_to(&self, border: Border) -> u64 {
        u64::try_from(self.strip.len().saturating_add(self.empty(border))).unwrap_or(0)
    }

    /// Cut at a border: everything since the last cut. Where the piece began at
    /// a border too and its ends are to join, the seam is rounded to whole
    /// cells as well as the other cells are.
    pub(crate) fn cut(&mut self, border: Border, join: Option<Border>) -> Piece {
        let empty = self.empty(border);
        let next = Strip { used: empty.saturating_neg(), ..Strip::default() };
        let mut strip = std::mem::replace(&mut self.strip, next);
        strip.skip(empty);
        if let Some(begin) = join {
            let seam = border.off.saturating_sub(begin.off).saturating_mul(2);
            if seam > self.period {
                strip.skip(self.stride);
            } else if seam < self.period.saturating_neg() {
                strip.drop_empty(self.stride);
            }
        }
        let worst = std::mem::take(&mut self.worst).saturating_mul(1000).checked_div(self.period).unwrap_or(0);
        Piece {
            bits: strip.into_bits(),
            dropped: std::mem::take(&mut self.dropped),
            worst: u32::try_from(worst).unwrap_or(u32::MAX),
            outside: std::mem::take(&mut self.outside),
        }
    }
}

fn scaled(ticks: u32) -> i64 {
    i64::from(ticks) << SHIFT
}

/// The number of cells nearest to a length.
#[allow(clippy::arithmetic_side_effects, reason = "period < 2^45, since < 2^60; small multiples fit")]
#[inline(always)]
fn nearest(since: i64, period: i64) -> i64 {
    let twice = since * 2;
    if twice < 9 * period {
        // Nearly all: comparisons do not wait for each other as a division does.
        let over = |cells: i64| i64::from(twice >= cells * period);
        over(1) + over(3) + over(5) + over(7)
    } else {
        (since + period / 2) / period
    }
}

/// Cells as they come.
#[derive(Default)]
struct Strip {
    words: Vec<u64>,
    word: u64,
    /// Cells of `word`; below zero for cells that belong to the piece before.
    used: i64,
}

impl Strip {
    /// Cells so far.
    fn len(&self) -> i64 {
        i64::try_from(self.words.len()).unwrap_or(0).saturating_mul(64).saturating_add(self.used)
    }

    /// The last cell so far.
    fn last_cell(&self) -> u64 {
        u64::try_from(self.len().saturating_sub(1)).unwrap_or(0)
    }

    /// So many cells, the transition in the first of the last `stride`.
    #[allow(clippy::arithmetic_side_effects, reason = "after `skip` `used` is in 1..=64, and even for a stride of 2")]
    #[inline(always)]
    fn put(&mut self, cells: i64, stride: i64) {
        self.skip(cells);
        if self.used > 0 {
            self.word |= 1 << (63 + stride - self.used);
        }
    }

    /// All cells of a few transitions.
    #[allow(clippy::arithmetic_side_effects, reason = "`used` is in 0..=64 and `len` in 1..64")]
    #[inline(always)]
    fn put_group(&mut self, Group { bits, len }: Group) {
        if self.used < 0 {
            return self.put_singly(bits, len);
        }
        self.used += len;
        if self.used > 64 {
            self.used -= 64;
            self.words.push(self.word | bits >> self.used);
            self.word = 0;
        }
        self.word |= bits << (64 - self.used);
    }

    /// The same where some of the cells may belong to the piece before.
    #[allow(clippy::arithmetic_side_effects, reason = "`n` is below 64")]
    #[cold]
    fn put_singly(&mut self, bits: u64, len: i64) {
        for n in (0..len).rev() {
            if bits >> n & 1 == 1 { self.put(1, 1) } else { self.skip(1) }
        }
    }

    #[allow(clippy::arithmetic_side_effects, reason = "`used` stays far below 2^62")]
    #[inline(always)]
    fn skip(&mut self, cells: i64) {
        self.used += cells;
        while self.used > 64 {
            self.words.push(self.word);
            self.word = 0;
            self.used -= 64;
        }
    }

    /// Take the last `stride` cells away if they are empty.
    fn drop_empty(&mut self, stride: i64) {
        let unused = 64i64.saturating_sub(self.used).saturating_add(stride);
        let below =
            u32::try_from(unused).ok().and_then(|n| 1u64.checked_shl(n)).map_or(u64::MAX, |bit| bit.saturating_sub(1));
        if self.used > stride && self.word & below == 0 {
            self.used = self.used.saturating_sub(stride);
        }
    }

    fn into_bits(mut self) -> Bits {
        let len = usize::try_from(self.len()).unwrap_or(0);
        self.words.push(self.word);
        Bits::from_words(self.words, len)
    }
}
