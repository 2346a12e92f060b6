//! Times as 16-bit words, and back.

use floptical_model::Flux;

/// What a word of 0 adds to the time that follows.
pub(super) const OVERFLOW: u32 = 0x1_0000;

/// Takes the words of one revolution after the other.
#[derive(Default)]
pub(super) struct Times {
    /// Whole intervals so far.
    pub(super) intervals: Vec<u32>,
    pending: u64,
    /// An interval was too long to be held.
    pub(super) too_long: bool,
}

/// Words that are taken at once where no overflow is among them.
const TOGETHER: usize = 32;

impl Times {
    /// Take the words of some bytes.
    pub(super) fn take_all(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(2 * TOGETHER) {
            let Some(piece) = piece.first_chunk::<{ 2 * TOGETHER }>().filter(|_| self.pending == 0) else {
                words_of(piece).for_each(|word| self.take(word));
                continue;
            };
            let mut ticks = [0u32; TOGETHER];
            for (ticks, word) in ticks.iter_mut().zip(words_of(piece)) {
                *ticks = word.into();
            }
            if ticks.contains(&0) {
                words_of(piece).for_each(|word| self.take(word));
            } else {
                self.intervals.extend_from_slice(&ticks);
            }
        }
    }

    fn take(&mut self, word: u16) {
        if word == 0 {
            self.pending = self.pending.saturating_add(OVERFLOW.into());
            return;
        }
        let ticks = self.pending.saturating_add(word.into());
        self.pending = 0;
        self.too_long |= ticks > u32::MAX.into();
        self.intervals.push(u32::try_from(ticks).unwrap_or(u32::MAX));
    }
}

/// The words of some bytes, high byte first.
pub(super) fn words_of(bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    bytes.chunks_exact(2).map(|pair| pair.first_chunk().map_or(0, |pair| u16::from_be_bytes(*pair)))
}

/// True for a time that words can say: not 0, and no whole number of
/// overflows.
pub(super) fn can_say(ticks: u32) -> bool {
    !ticks.is_multiple_of(OVERFLOW)
}

/// A revolution as it is written: its length and its intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) ticks: u64,
    /// First interval, and the one after the last.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The revolutions of a capture that ends at an index mark. What comes before
/// the first mark is one too, unless that mark is the start.
pub(super) fn turns(flux: &Flux) -> Vec<Turn> {
    let (mut tick, mut from) = (0, 0);
    let marks = flux.index.iter().skip(usize::from(starts_at_mark(flux)));
    marks
        .map(|mark| {
            let to = usize::try_from(mark.interval).unwrap_or(usize::MAX);
            let turn = Turn { ticks: mark.tick.saturating_sub(tick), from, to };
            (tick, from) = (mark.tick, to);
            turn
        })
        .collect()
}

/// True when the first index mark is the start of the capture.
pub(super) fn starts_at_mark(flux: &Flux) -> bool {
    flux.index.first().is_some_and(|mark| mark.tick == 0 && mark.interval == 0)
}

/// The capture without revolutions of no length at its end: written, they would
/// read as not captured.
pub(super) fn trim(mut flux: Flux) -> Flux {
    while matches!(flux.index.as_slice(), [.., a, b] if a == b) {
        flux.index.pop();
    }
    if turns(&flux).is_empty() {
        flux.index.clear();
    }
    flux
}

/// The words of every revolution. An interval across an index stands in the
/// revolution in which it ends; `split` tells how many of its overflow words
/// stand at the end of each revolution before. `None` when the intervals do
/// not allow that.
pub(super) fn words(flux: &Flux, turns: &[Turn], split: &[u32]) -> Option<Vec<Vec<u16>>> {
    let mut early = 0u32;
    let mut all = Vec::with_capacity(turns.len());
    for (nth, turn) in turns.iter().enumerate() {
        let mut words = Vec::new();
        for ticks in flux.intervals.get(turn.from..turn.to)? {
            let overflows = (ticks / OVERFLOW).checked_sub(early)?;
            early = 0;
            words.extend(std::iter::repeat_n(0u16, usize::try_from(overflows).ok()?));
            words.push(u16::try_from(ticks % OVERFLOW).ok().filter(|w| *w > 0)?);
        }
        let zeros = split.get(nth).copied().unwrap_or(0);
        words.extend(std::iter::repeat_n(0u16, usize::try_from(zeros).ok()?));
        early = early.checked_add(zeros)?;
        all.push(words);
    }
    Some(all)
}
