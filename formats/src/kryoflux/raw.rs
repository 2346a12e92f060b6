//! Codes and blocks of a stream.

use floptical_model::Clock;

pub(super) const INFO: u8 = 1;
pub(super) const INDEX: u8 = 2;
pub(super) const END: u8 = 3;
pub(super) const TEXT: u8 = 4;
const BLOCK: u8 = 0x0D;
const OVERFLOW_CODE: u8 = 0x0B;
const LONG_CODE: u8 = 0x0C;
/// The shortest time of one byte; what is below tells a code.
const SHORTEST: u8 = 0x0E;
pub(super) const OVERFLOW: u32 = 0x1_0000;

/// The mark after the last block.
pub(super) const EOF: [u8; 4] = [0x0D; 4];

/// The length of the first part of a block.
pub(super) const BLOCK_HEAD: usize = 4;

/// Sample clocks for one of the index clock.
pub(super) const INDEX_DIVIDER: u64 = 8;

/// The sample clock of the device: 18,432,000 * 73 / 14 / 2 halves.
pub(super) fn default_clock() -> Clock {
    Clock::new(18_432_000 * 73, 14 * 2 * 2).unwrap_or(Clock::hz(24_027_429))
}

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// The end of an interval, this long but for its overflows.
    Time(u16),
    /// One overflow.
    Overflow,
    /// Nothing.
    Nothing,
}

/// One step through a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// A code.
    Code { code: Code, at: usize, len: usize, position: u64 },
    /// A block.
    Block { kind: u8, data: &'a [u8], at: usize, position: u64 },
    /// The mark of the end; what follows is no stream.
    Eof { at: usize },
    /// The file ends within a code or block.
    Cut { at: usize },
}

/// A walk through the bytes of a stream.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bytes of codes so far.
    pub(super) position: u64,
    over: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, position: 0, over: false }
    }

    /// Take the times of one byte that come next, up to a position of the stream:
    /// nearly all times are such.
    pub(super) fn short_times(&mut self, end: u64) -> &'a [u8] {
        const TOGETHER: usize = 64;
        let rest = self.bytes.get(self.at..).filter(|_| !self.over).unwrap_or_default();
        let most = usize::try_from(end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let rest = rest.get(..most).unwrap_or(rest);
        let other = |piece: &[u8]| piece.iter().fold(false, |any, b| any | (*b < SHORTEST));
        let whole = rest.chunks(TOGETHER).take_while(|piece| !other(piece)).count().saturating_mul(TOGETHER);
        let more = rest.get(whole..).unwrap_or_default().iter().take_while(|b| **b >= SHORTEST).count();
        let len = whole.saturating_add(more).min(rest.len());
        self.at = self.at.saturating_add(len);
        self.position = self.position.saturating_add(len as u64);
        rest.get(..len).unwrap_or_default()
    }

    fn block(&mut self, rest: &'a [u8]) -> Event<'a> {
        let at = self.at;
        let (Some([_, kind, low, high]), Some(data)) = (rest.first_chunk(), rest.get(BLOCK_HEAD..)) else {
            // The end may stand without its length.
            return if rest.get(1) == Some(&BLOCK) {
                self.stop(Event::Eof { at })
            } else {
                self.stop(Event::Cut { at })
            };
        };
        if *kind == BLOCK {
            return self.stop(Event::Eof { at });
        }
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        let Some(data) = data.get(..len) else { return self.stop(Event::Cut { at }) };
        self.at = at.saturating_add(BLOCK_HEAD).saturating_add(len);
        Event::Block { kind: *kind, data, at, position: self.position }
    }

    fn stop(&mut self, event: Event<'a>) -> Event<'a> {
        self.over = true;
        event
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        let rest = self.bytes.get(self.at..).filter(|_| !self.over)?;
        let (len, code) = match rest {
            [] => return None,
            [BLOCK, ..] => return Some(self.block(rest)),
            [OVERFLOW_CODE, ..] => (1, Code::Overflow),
            [LONG_CODE, high, low, ..] => (3, Code::Time(u16::from_be_bytes([*high, *low]))),
            [high @ ..=7, low, ..] => (2, Code::Time(u16::from_be_bytes([*high, *low]))),
            [0x08, ..] => (1, Code::Nothing),
            [0x09, _, ..] => (2, Code::Nothing),
            [0x0A, _, _, ..] => (3, Code::Nothing),
            [ticks @ SHORTEST..=0xFF, ..] => (1, Code::Time(u16::from(*ticks))),
            _ => return Some(self.stop(Event::Cut { at: self.at })),
        };
        let event = Event::Code { code, at: self.at, len, position: self.position };
        self.at = self.at.saturating_add(len);
        self.position = self.position.saturating_add(len as u64);
        Some(event)
    }
}

/// Append the shortest codes of an interval; how many bytes they took.
pub(super) fn push_time(out: &mut Vec<u8>, ticks: u32) -> u32 {
    let before = out.len();
    let overflows = usize::try_from(ticks / OVERFLOW).unwrap_or(0);
    out.extend(std::iter::repeat_n(OVERFLOW_CODE, overflows));
    let [_, _, high, low] = ticks.to_be_bytes();
    match (high, low) {
        (0, SHORTEST..=0xFF) => out.push(low),
        (..=7, _) => out.extend([high, low]),
        _ => out.extend([LONG_CODE, high, low]),
    }
    u32::try_from(out.len().saturating_sub(before)).unwrap_or(u32::MAX)
}

/// Append a block of numbers.
pub(super) fn push_numbers(out: &mut Vec<u8>, kind: u8, numbers: &[u32]) {
    let data: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    push_block(out, kind, &data);
}

/// Append a block; data beyond 65,535 bytes cannot be told.
pub(super) fn push_block(out: &mut Vec<u8>, kind: u8, data: &[u8]) {
    let len = u16::try_from(data.len()).unwrap_or(u16::MAX);
    out.extend([BLOCK, kind]);
    out.extend(len.to_le_bytes());
    out.extend(data.iter().take(len.into()));
}

/// The numbers of a block that holds exactly `N`.
pub(super) fn numbers<const N: usize>(data: &[u8]) -> Option<[u32; N]> {
    let mut all = [0; N];
    let (whole, rest) = data.as_chunks::<4>();
    if whole.len() != N || !rest.is_empty() {
        return None;
    }
    all.iter_mut().zip(whole).for_each(|(n, raw)| *n = u32::from_le_bytes(*raw));
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_take_the_shortest_codes() {
        let table: [(u32, &[u8]); 9] = [
            (0, &[0, 0]),
            (0x0D, &[0, 0x0D]),
            (0x0E, &[0x0E]),
            (0xFF, &[0xFF]),
            (0x100, &[1, 0]),
            (0x7FF, &[7, 0xFF]),
            (0x800, &[0x0C, 8, 0]),
            (0x1_0000, &[0x0B, 0, 0]),
            (0x2_0020, &[0x0B, 0x0B, 0x20]),
        ];
        for (ticks, bytes) in table {
            let mut out = Vec::new();
            assert_eq!(push_time(&mut out, ticks) as usize, bytes.len());
            assert_eq!(out, bytes);
            let mut held = 0;
            for event in Walk::new(bytes) {
                match event {
                    Event::Code { code: Code::Overflow, .. } => held += OVERFLOW,
                    Event::Code { code: Code::Time(rest), .. } => held += u32::from(rest),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(held, ticks);
        }
    }
}
