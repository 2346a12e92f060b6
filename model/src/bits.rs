//! Strings of bits: cells, weak masks.

/// A string of bits of exact length, most significant bit first in each word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// An empty string.
    pub fn new() -> Self {
        Self::default()
    }

    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// An empty string with room for `len` bits.
    pub fn with_capacity(len: usize) -> Self {
        Self { words: Vec::with_capacity(len.div_ceil(64)), len: 0 }
    }

    /// The first `len` bits of `words`, first bit in the high bit of a word;
    /// shorter when the words end before.
    pub fn from_words(mut words: Vec<u64>, len: usize) -> Self {
        let len = len.min(words.len().saturating_mul(64));
        words.truncate(len.div_ceil(64));
        let mut bits = Self { words, len };
        bits.trim();
        bits
    }

    /// The first `len` bits of `bytes`, first bit in the high bit of a byte;
    /// shorter when the bytes end before.
    pub fn from_msb(bytes: &[u8], len: usize) -> Self {
        let len = len.min(bytes.len().saturating_mul(8));
        let mut bits = Self { words: Vec::with_capacity(len.div_ceil(64)), len };
        for chunk in bytes.chunks(8).take(len.div_ceil(64)) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            bits.words.push(u64::from_be_bytes(word));
        }
        bits.trim();
        bits
    }

    /// As [`Bits::from_msb`] with the first bit in the low bit of a byte.
    pub fn from_lsb(bytes: &[u8], len: usize) -> Self {
        let turned: Vec<u8> = bytes.iter().map(|b| b.reverse_bits()).collect();
        Self::from_msb(&turned, len)
    }

    /// The bits as bytes, first bit in the high bit; the last byte is padded
    /// with zeros.
    pub fn to_msb(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.words.iter().flat_map(|w| w.to_be_bytes()).collect();
        bytes.truncate(self.len.div_ceil(8));
        bytes
    }

    /// As [`Bits::to_msb`] with the first bit in the low bit of a byte.
    pub fn to_lsb(&self) -> Vec<u8> {
        let mut bytes = self.to_msb();
        bytes.iter_mut().for_each(|b| *b = b.reverse_bits());
        bytes
    }

    /// Length in bits.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when there is no bit.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bit at `at`; false past the end.
    pub fn get(&self, at: usize) -> bool {
        at < self.len && self.words.get(at / 64).is_some_and(|w| w << (at % 64) >> 63 == 1)
    }

    /// Set the bit at `at`; nothing happens past the end.
    pub fn set(&mut self, at: usize, bit: bool) {
        if at >= self.len {
            return;
        }
        if let Some(word) = self.words.get_mut(at / 64) {
            let mask = 1u64 << (63 - at % 64);
            *word = if bit { *word | mask } else { *word & !mask };
        }
    }

    /// Append one bit.
    pub fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        self.len += 1;
        if bit {
            self.set(self.len - 1, true);
        }
    }

    /// Append the low `count` (at most 64) bits of `value`, highest first.
    pub fn push_bits(&mut self, value: u64, count: usize) {
        let count = count.min(64);
        if count == 0 {
            return;
        }
        let value = if count == 64 { value } else { value & ((1 << count) - 1) };
        let used = self.len % 64;
        if used == 0 {
            self.words.push(value << (64 - count));
        } else {
            let room = 64 - used;
            if let Some(last) = self.words.last_mut() {
                *last |= if count <= room { value << (room - count) } else { value >> (count - room) };
            }
            if count > room {
                self.words.push(value << (64 - (count - room)));
            }
        }
        self.len += count;
    }

    /// Append another string.
    pub fn extend(&mut self, other: &Bits) {
        let mut left = other.len;
        for word in &other.words {
            let count = left.min(64);
            self.push_bits(word >> (64 - count), count);
            left -= count;
        }
    }

    /// The `count` (at most 64) bits from `at` as a number, first bit highest;
    /// zeros past the end.
    pub fn window(&self, at: usize, count: usize) -> u64 {
        let count = count.min(64);
        if count == 0 {
            return 0;
        }
        let word = |i: usize| self.words.get(i).copied().unwrap_or(0);
        let (index, shift) = (at / 64, at % 64);
        let high = word(index) << shift;
        let low = if shift == 0 { 0 } else { word(index + 1) >> (64 - shift) };
        (high | low) >> (64 - count)
    }

    /// As [`Bits::window`] on a circle: past the end comes the start.
    pub fn window_wrapping(&self, at: usize, count: usize) -> u64 {
        if self.len == 0 {
            return 0;
        }
        let at = at % self.len;
        if at + count <= self.len {
            return self.window(at, count);
        }
        (0..count.min(64)).fold(0, |acc, i| acc << 1 | u64::from(self.get((at + i) % self.len)))
    }

    /// The bits from `start`, `len` of them on a circle.
    pub fn slice_wrapping(&self, start: usize, len: usize) -> Bits {
        let mut out = Bits::with_capacity(len);
        let mut done = 0;
        while done < len && self.len > 0 {
            let count = (len - done).min(64);
            out.push_bits(self.window_wrapping(start + done, count), count);
            done += count;
        }
        out
    }

    /// Shorten to `len` bits.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.words.truncate(len.div_ceil(64));
            self.trim();
        }
    }

    /// How many bits are set.
    pub fn count_ones(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// The places of the set bits, in order.
    pub fn ones(&self) -> Ones<'_> {
        Ones { bits: self, word: self.words.first().copied().unwrap_or(0), index: 0 }
    }

    fn trim(&mut self) {
        let used = self.len % 64;
        if used != 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= !(u64::MAX >> used);
        }
    }
}

/// The places of the set bits of a [`Bits`], in order.
#[derive(Debug, Clone)]
pub struct Ones<'a> {
    bits: &'a Bits,
    word: u64,
    index: usize,
}

impl Iterator for Ones<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.word == 0 {
            self.index += 1;
            self.word = *self.bits.words.get(self.index)?;
        }
        let lead = self.word.leading_zeros() as usize;
        self.word &= !(1 << (63 - lead));
        Some(self.index * 64 + lead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(len: usize) -> Bits {
        let mut bits = Bits::new();
        (0..len).for_each(|i| bits.push(i * i % 7 < 3));
        bits
    }

    #[test]
    fn windows_agree_with_single_bits() {
        let bits = pattern(200);
        for at in [0, 1, 63, 64, 100, 137] {
            for count in [1, 7, 33, 63, 64] {
                let slow = (0..count).fold(0u64, |acc, i| acc << 1 | u64::from(bits.get(at + i)));
                assert_eq!(bits.window(at, count), slow, "{at}+{count}");
            }
        }
    }

    #[test]
    fn bytes_round_trip_in_both_orders() {
        let bits = pattern(77);
        assert_eq!(Bits::from_msb(&bits.to_msb(), 77), bits);
        assert_eq!(Bits::from_lsb(&bits.to_lsb(), 77), bits);
    }

    #[test]
    fn extending_at_any_phase_keeps_every_bit() {
        for head in 0..130 {
            let mut joined = pattern(head);
            joined.extend(&pattern(101));
            assert_eq!(joined.len(), head + 101);
            assert!((0..101).all(|i| joined.get(head + i) == pattern(101).get(i)), "{head}");
        }
    }

    #[test]
    fn ones_are_the_set_places() {
        let bits = pattern(300);
        let slow: Vec<usize> = (0..300).filter(|&i| bits.get(i)).collect();
        assert_eq!(bits.ones().collect::<Vec<_>>(), slow);
        assert_eq!(bits.count_ones(), slow.len());
    }

    #[test]
    fn a_circle_has_no_seam() {
        let bits = pattern(100);
        let turned = bits.slice_wrapping(90, 100);
        assert!((0..100).all(|i| turned.get(i) == bits.get((90 + i) % 100)));
        assert_eq!(bits.window_wrapping(95, 16), turned.window(5, 16));
    }
}
