//! The error correction codes P and Q: a product of two Reed-Solomon codes over
//! GF(256) with x^8 + x^4 + x^3 + x^2 + 1 (ECMA-130, annex A).
//!
//! The bytes 12 to 2075 of a sector are a matrix of 24 rows of 86. P adds two
//! rows to it; Q runs along the diagonals of the 26 rows. Both parities of a
//! vector v of n bytes follow from two sums: s = v0 + ... and t = v0 a^n + ...
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the inner loops of every read: all places follow from the constants"
)]

/// Bytes that P covers: header, data and what follows up to it.
pub(super) const COVERED: usize = 2064;
/// Bytes of P.
pub(super) const P: usize = 2 * COLUMNS;
/// Bytes of Q.
pub(super) const Q: usize = 2 * DIAGONALS;

const COLUMNS: usize = 86;
const ROWS: usize = 24;
const DIAGONALS: usize = 52;
const STEPS: usize = 43;
/// From one byte of a diagonal to the next: a row down, a word to the right.
const STRIDE: usize = COLUMNS + 2;

/// Multiply by the generator.
const fn double(x: u8) -> u8 {
    x << 1 ^ (if x & 0x80 == 0 { 0 } else { 0x1D })
}

/// What x is when x times (generator + 1) is known.
static THIRD: [u8; 256] = third();

#[allow(clippy::cast_possible_truncation, reason = "counts bytes, while compiling")]
const fn third() -> [u8; 256] {
    let mut table = [0; 256];
    let mut x = 0usize;
    while x < 256 {
        table[(x as u8 ^ double(x as u8)) as usize] = x as u8;
        x += 1;
    }
    table
}

/// Sums of many vectors at once, fed one byte of each at a time.
struct Sums<const N: usize> {
    scaled: [u8; N],
    plain: [u8; N],
}

impl<const N: usize> Sums<N> {
    fn new() -> Self {
        Self { scaled: [0; N], plain: [0; N] }
    }

    fn add(&mut self, bytes: &[u8; N]) {
        for ((scaled, plain), byte) in self.scaled.iter_mut().zip(&mut self.plain).zip(bytes) {
            *plain ^= byte;
            *scaled = double(*scaled ^ byte);
        }
    }

    /// The two parities of each vector: the first ones, then the second ones.
    fn parities(self, out: &mut [u8]) {
        let (first, second) = out.split_at_mut(N);
        for ((a, b), (scaled, plain)) in first.iter_mut().zip(second).zip(self.scaled.iter().zip(self.plain)) {
            *a = THIRD[usize::from(double(*scaled) ^ plain)];
            *b = *a ^ plain;
        }
    }
}

/// P over the covered bytes.
pub(super) fn p(covered: &[u8; COVERED]) -> [u8; P] {
    let mut sums = Sums::<COLUMNS>::new();
    for row in covered.as_chunks::<COLUMNS>().0 {
        sums.add(row);
    }
    let mut parity = [0; P];
    sums.parities(&mut parity);
    parity
}

/// Q over the covered bytes and P.
pub(super) fn q(covered: &[u8; COVERED + P]) -> [u8; Q] {
    let mut sums = Sums::<DIAGONALS>::new();
    let mut vector = [0; DIAGONALS];
    for step in 0..STEPS {
        let mut at = step * STRIDE;
        for word in vector.as_chunks_mut::<2>().0 {
            at %= covered.len();
            *word = [covered[at], covered[at + 1]];
            at += COLUMNS;
        }
        sums.add(&vector);
    }
    let mut parity = [0; Q];
    sums.parities(&mut parity);
    parity
}

const _: () = assert!(ROWS * COLUMNS == COVERED && STEPS * DIAGONALS == COVERED + P);
