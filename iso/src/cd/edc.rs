//! The error detection code: a CRC of 32 bits, x^32 + x^31 + x^16 + x^15 + x^4
//! + x^3 + x + 1, low bit first, from 0 (ECMA-130, 14.3).
#![allow(clippy::indexing_slicing, reason = "tables of 256 entries, indexed by bytes")]

const POLYNOMIAL: u32 = 0xD801_8001;

/// Eight tables: what a byte does that lies 0 to 7 bytes before the end.
static TABLES: [[u32; 256]; 8] = tables();

#[allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, reason = "computed while compiling")]
const fn tables() -> [[u32; 256]; 8] {
    let mut all = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        all[0][byte] = value;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = all[table - 1][byte];
            all[table][byte] = before >> 8 ^ all[0][(before & 0xFF) as usize];
            byte += 1;
        }
        table += 1;
    }
    all
}

/// The code over `bytes`.
pub fn edc(bytes: &[u8]) -> u32 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut value = 0u32;
    for eight in eights {
        let mixed = (u64::from_le_bytes(*eight) ^ u64::from(value)).to_le_bytes();
        let step = |at: usize| TABLES[7 ^ at][usize::from(mixed[at])];
        value = step(0) ^ step(1) ^ step(2) ^ step(3) ^ step(4) ^ step(5) ^ step(6) ^ step(7);
    }
    for byte in rest {
        value = value >> 8 ^ TABLES[0][usize::from(value.to_le_bytes()[0] ^ byte)];
    }
    value
}

#[cfg(test)]
mod tests {
    use super::edc;

    #[test]
    fn the_code_of_a_known_text() {
        assert_eq!(edc(b"123456789"), 0x6EC2_EDC4);
        assert_eq!(edc(&[0; 2064]), 0);
    }

    #[test]
    fn eight_at_once_is_one_after_the_other() {
        let bytes: Vec<u8> = (0..61u8).map(|n| n.wrapping_mul(37)).collect();
        let slow = bytes.iter().fold(0u32, |value, byte| {
            (0..8).fold(value ^ u32::from(*byte), |v, _| if v & 1 == 1 { v >> 1 ^ super::POLYNOMIAL } else { v >> 1 })
        });
        assert_eq!(edc(&bytes), slow);
    }
}
