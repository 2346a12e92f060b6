//! The range coder of the transitions.

use floptical_model::finding::{FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_TRUNCATED};
use floptical_model::{Code, Context, Result};

use super::raw::TURN;

/// A transition: where in the turn, and how strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pulse {
    pub(super) at: u32,
    pub(super) strength: u32,
}

/// Transitions, and what is wrong with them.
pub(super) type Pulses = (Vec<Pulse>, Option<(&'static Code, String)>);

impl Pulse {
    /// There at every turn.
    pub(super) const SURE: u32 = u32::MAX;
}

/// Decodes bits, each with a probability that learns from it.
struct Decoder<'a> {
    bytes: std::slice::Iter<'a, u8>,
    low: u32,
    high: u32,
    code: u32,
    /// Bytes that were wanted and not there.
    missing: u32,
}

impl<'a> Decoder<'a> {
    /// Bits of a probability, and how fast it learns.
    const PRECISION: u32 = 12;
    const SHIFT: u32 = 4;
    /// As likely as not.
    const EVEN: u16 = 1 << (Self::PRECISION - 1);
    const MOST: u16 = (1 << Self::PRECISION) - 1;

    fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { bytes: bytes.iter(), low: 0, high: u32::MAX, code: 0, missing: 0 };
        (0..4).for_each(|_| decoder.shift());
        (decoder.low, decoder.high) = (0, u32::MAX);
        decoder
    }

    fn shift(&mut self) {
        let next = self.bytes.next().copied();
        self.missing = self.missing.saturating_add(next.is_none().into());
        self.code = self.code << 8 | u32::from(next.unwrap_or(0));
        self.low <<= 8;
        self.high = self.high << 8 | 0xFF;
    }

    fn bit(&mut self, probability: &mut u16) -> bool {
        let range = self.high.wrapping_sub(self.low) >> Self::PRECISION;
        let middle = self.low.wrapping_add(range.wrapping_mul((*probability).into()));
        let bit = self.code <= middle;
        if bit {
            self.high = middle;
            *probability = probability.wrapping_add(Self::MOST.wrapping_sub(*probability) >> Self::SHIFT);
        } else {
            self.low = middle.wrapping_add(1);
            *probability = probability.wrapping_sub(*probability >> Self::SHIFT);
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.shift();
        }
        bit
    }
}

/// A number of four bytes, low byte first; each byte bit by bit, with what that
/// byte was before.
struct Number {
    probabilities: [Vec<u16>; 4],
    before: [u8; 4],
}

impl Number {
    fn new() -> Self {
        Self { probabilities: std::array::from_fn(|_| vec![Decoder::EVEN; 1 << 16]), before: [0; 4] }
    }

    fn next(&mut self, decoder: &mut Decoder<'_>) -> u32 {
        for (probabilities, before) in self.probabilities.iter_mut().zip(&mut self.before) {
            let mut path = 1usize;
            for _ in 0..8 {
                let at = usize::from(*before) << 8 | path & 0xFF;
                let bit = probabilities.get_mut(at).is_some_and(|probability| decoder.bit(probability));
                path = path << 1 | usize::from(bit);
            }
            *before = u8::try_from(path & 0xFF).unwrap_or(0);
        }
        u32::from_le_bytes(self.before)
    }
}

/// True where the number that follows is another one than before.
struct Changes {
    probabilities: [u16; 2],
    before: bool,
}

impl Changes {
    fn new() -> Self {
        Self { probabilities: [Decoder::EVEN; 2], before: false }
    }

    fn next(&mut self, decoder: &mut Decoder<'_>) -> bool {
        let [unchanged, changed] = &mut self.probabilities;
        self.before = decoder.bit(if self.before { changed } else { unchanged });
        self.before
    }
}

/// The transitions of a half track, and what is wrong with them. They end where
/// they leave the turn, do not go on in it, or the bytes are used up.
///
/// # Errors
/// Those of the budget.
pub(super) fn pulses(count: u32, bytes: &[u8], context: &Context) -> Result<Pulses> {
    /// Bytes that an encoder leaves out at its end.
    const SPARE: u32 = 4;
    let mut decoder = Decoder::new(bytes);
    let (mut distance, mut strength) = (Number::new(), Number::new());
    let (mut moves, mut changes) = (Changes::new(), Changes::new());
    let mut pulses: Vec<Pulse> = Vec::new();
    let (mut at, mut step, mut now) = (0u32, 0u32, 0u32);
    let end = loop {
        if u32::try_from(pulses.len()) == Ok(count) {
            break None;
        }
        context.step(8)?;
        if moves.next(&mut decoder) {
            step = distance.next(&mut decoder);
        }
        at = at.saturating_add(step);
        let held = pulses.len();
        if step == 0 {
            break Some((&FORMAT_FIELDS_DIFFER, format!("{held} transitions are there, and {count} are told of")));
        }
        if at >= TURN {
            break Some((&FORMAT_ODD_VALUE, format!("transition {held} would lie at {at}, beyond the turn")));
        }
        if changes.next(&mut decoder) {
            now = now.wrapping_add(strength.next(&mut decoder));
        }
        if decoder.missing > SPARE {
            break Some((&FORMAT_TRUNCATED, format!("the data end after {held} of {count} transitions")));
        }
        pulses.push(Pulse { at, strength: now });
    };
    Ok((pulses, end))
}
