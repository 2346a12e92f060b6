//! The scrambler of data sectors (ECMA-130, annex B): a shift register of 15
//! bits, x^15 + x + 1, from 1, over all bytes behind the sync.

use std::sync::LazyLock;

use super::{RAW, SYNC};

static SEQUENCE: LazyLock<[u8; RAW]> = LazyLock::new(|| {
    let mut register: u16 = 1;
    let mut bit = || {
        let out = register & 1;
        register = register >> 1 | (register ^ register >> 1) << 14 & 0x4000;
        out
    };
    let mut sequence = [0; RAW];
    for byte in sequence.iter_mut().skip(SYNC.len()) {
        *byte = (0..8).fold(0, |byte, n| if bit() == 1 { byte | 1 << n } else { byte });
    }
    sequence
});

/// Scramble a sector, or take the scrambling off: both are the same.
pub fn scramble(sector: &mut [u8; RAW]) {
    sector.iter_mut().zip(SEQUENCE.iter()).for_each(|(byte, mask)| *byte ^= mask);
}
