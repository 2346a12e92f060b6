//! MD5 (RFC 1321) of several inputs of one length at once, a lane for each.
//!
//! MD5 is slow because each of its steps waits for the one before; eight inputs
//! side by side do not wait for each other. Plain arrays, which the compiler
//! makes vectors of.

use std::array::from_fn;

/// Inputs side by side.
pub(super) const LANES: usize = 8;
const BLOCK: usize = 64;

/// A word of each lane.
#[derive(Clone, Copy)]
struct Words([u32; LANES]);

impl Words {
    #[inline(always)]
    fn with(self, other: Self, f: impl Fn(u32, u32) -> u32) -> Self {
        let mut out = [0; LANES];
        for ((out, a), b) in out.iter_mut().zip(self.0).zip(other.0) {
            *out = f(a, b);
        }
        Self(out)
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.with(other, u32::wrapping_add)
    }

    #[inline(always)]
    fn rotated(self, by: u32) -> Self {
        Self(self.0.map(|word| word.rotate_left(by)))
    }
}

/// Left turns of the steps of a round.
const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// floor(2^32 * |sin(n + 1)|), as the RFC lists them.
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// Sums on their way, of inputs that are fed in step.
#[derive(Clone)]
pub(super) struct Md5Lanes {
    state: [Words; 4],
}

impl Md5Lanes {
    pub(super) fn new() -> Self {
        Self { state: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476].map(|word| Words([word; LANES])) }
    }

    /// Feed whole blocks: as many of each lane as the shortest has.
    pub(super) fn update(&mut self, lanes: [&[u8]; LANES]) {
        let mut blocks = lanes.map(|lane| lane.chunks_exact(BLOCK));
        loop {
            let mut step: [&[u8]; LANES] = [&[]; LANES];
            for (block, blocks) in step.iter_mut().zip(&mut blocks) {
                let Some(next) = blocks.next() else { return };
                *block = next;
            }
            self.state = compress(self.state, &words(step));
        }
    }

    /// The sums, after the bytes that filled no block; `len` is the length of
    /// each input.
    pub(super) fn finish(mut self, rest: [&[u8]; LANES], len: u64) -> [[u8; 16]; LANES] {
        let bits = len.wrapping_mul(8).to_le_bytes();
        let tails = rest.map(|rest| {
            let mut tail = rest.to_vec();
            tail.push(0x80);
            let room = tail.len().saturating_add(bits.len());
            tail.resize(room.next_multiple_of(BLOCK).saturating_sub(bits.len()), 0);
            tail.extend(bits);
            tail
        });
        self.update(tails.each_ref().map(Vec::as_slice));
        from_fn(|lane| {
            let mut sum = [0; 16];
            for (bytes, words) in sum.chunks_exact_mut(4).zip(&self.state) {
                bytes.copy_from_slice(&words.0.get(lane).copied().unwrap_or_default().to_le_bytes());
            }
            sum
        })
    }
}

/// Word by word, the lanes side by side.
#[inline(always)]
fn words(blocks: [&[u8]; LANES]) -> [Words; 16] {
    let mut words = [Words([0; LANES]); 16];
    for (lane, block) in blocks.iter().enumerate() {
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            if let Some(word) = word.0.get_mut(lane) {
                *word = u32::from_le_bytes(*bytes);
            }
        }
    }
    words
}

/// Step `N` of 64, all constants known to the compiler.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "constant indexes in an inner loop")]
#[inline(always)]
fn step<const N: usize>([a, b, c, d]: [Words; 4], message: &[Words; 16]) -> [Words; 4] {
    let and = |x: Words, y: Words| x.with(y, |x, y| x & y);
    let xor = |x: Words, y: Words| x.with(y, |x, y| x ^ y);
    let (mixed, word) = match N / 16 {
        0 => (xor(d, and(b, xor(c, d))), N),
        1 => (xor(c, and(d, xor(b, c))), 5 * N + 1),
        2 => (xor(b, xor(c, d)), 3 * N + 5),
        _ => (xor(c, b.with(d, |b, d| b | !d)), 7 * N),
    };
    let sum = a.plus(mixed).plus(Words([SINES[N]; LANES])).plus(message[word % 16]);
    [d, b.plus(sum.rotated(TURNS[N / 16][N % 4])), b, c]
}

#[inline(always)]
fn compress(before: [Words; 4], message: &[Words; 16]) -> [Words; 4] {
    macro_rules! steps {
        ($state:ident: $($n:literal)*) => { $(let $state = step::<$n>($state, message);)* };
    }
    let state = before;
    steps! { state:
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    }
    let [a, b, c, d] = state;
    let [a0, b0, c0, d0] = before;
    [a.plus(a0), b.plus(b0), c.plus(c0), d.plus(d0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::{Digest, Md5};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lanes_sum_as_the_plain_algorithm_does(
            len in 0usize..400,
            seed in any::<[u8; LANES]>(),
        ) {
            let inputs: [Vec<u8>; LANES] = seed.map(|seed| (0..len).map(|n| (n as u8).wrapping_mul(seed) ^ seed).collect());
            let whole = len / BLOCK * BLOCK;
            let mut lanes = Md5Lanes::new();
            lanes.update(inputs.each_ref().map(|input| &input[..whole]));
            let sums = lanes.finish(inputs.each_ref().map(|input| &input[whole..]), len as u64);
            for (input, sum) in inputs.iter().zip(sums) {
                let plain: [u8; 16] = Md5::digest(input).into();
                prop_assert_eq!(plain, sum);
            }
        }
    }
}
