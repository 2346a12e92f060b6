//! The packing of Teledisk 1.x: LZW of codes of 12 bits, in blocks.
//!
//! A block is its number of half bytes (u16, low byte first), then the codes,
//! two in three bytes as in a FAT of 12 bits. Each block begins afresh: 256
//! bytes, then a string for each pair of codes that follow each other.

use floptical_model::{Context, Result};

/// Strings that a block can have.
const STRINGS: usize = 4096;

/// Unpack all blocks, as far as they go, and whether that was to the end of each.
pub(super) fn unpack(mut packed: &[u8], context: &Context) -> Result<(Vec<u8>, bool)> {
    let mut out = Vec::new();
    while let Some((nibbles, rest)) = packed.split_first_chunk::<2>() {
        let nibbles = usize::from(u16::from_le_bytes(*nibbles));
        let len = nibbles.div_ceil(2);
        let (block, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        let count = nibbles.checked_div(3).unwrap_or(0);
        let spelled = expand(codes(block).take(count), &mut out, context)?;
        if nibbles == 0 || !nibbles.is_multiple_of(3) || block.len() < len || !spelled {
            return Ok((out, false));
        }
        packed = after;
    }
    Ok((out, packed.is_empty()))
}

/// The codes of a block.
fn codes(block: &[u8]) -> impl Iterator<Item = usize> + '_ {
    block.chunks(3).flat_map(|three| {
        let byte = |at: usize| three.get(at).copied().map(usize::from);
        let first = byte(0).zip(byte(1)).map(|(low, high)| low | (high & 0xF) << 8);
        let second = byte(1).zip(byte(2)).map(|(low, high)| low >> 4 | high << 4);
        [first, second].into_iter().flatten()
    })
}

/// A string: the one that it goes on from, and its last byte.
#[derive(Clone, Copy)]
struct Link {
    before: usize,
    last: u8,
}

/// Append what the codes of a block stand for; false at a code that stands for
/// nothing.
fn expand(codes: impl Iterator<Item = usize>, out: &mut Vec<u8>, context: &Context) -> Result<bool> {
    let mut links: Vec<Link> = (0..=u8::MAX).map(|last| Link { before: STRINGS, last }).collect();
    let mut previous: Option<usize> = None;
    for code in codes {
        let mut string = spell(&links, if code < links.len() { Some(code) } else { previous });
        // A string may be used while it is being made: it ends as it begins.
        if code >= links.len() {
            string.extend(string.first().copied());
        }
        let Some(first) = string.first().copied().filter(|_| code <= links.len()) else { return Ok(false) };
        context.reserve(string.len() as u64)?;
        out.extend_from_slice(&string);
        if let Some(before) = previous.replace(code)
            && links.len() < STRINGS
        {
            links.push(Link { before, last: first });
        }
    }
    Ok(true)
}

/// The bytes of a string.
fn spell(links: &[Link], code: Option<usize>) -> Vec<u8> {
    let first = code.and_then(|code| links.get(code));
    let mut bytes: Vec<u8> =
        std::iter::successors(first, |link| links.get(link.before)).map(|link| link.last).collect();
    bytes.reverse();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(codes: &[usize]) -> Vec<u8> {
        let mut bytes = ((codes.len() * 3) as u16).to_le_bytes().to_vec();
        for pair in codes.chunks(2) {
            let (a, b) = (pair[0], pair.get(1).copied().unwrap_or(0));
            bytes.extend([a as u8, (a >> 8 | (b & 0xF) << 4) as u8, (b >> 4) as u8]);
        }
        bytes.truncate(2 + (codes.len() * 3).div_ceil(2));
        bytes
    }

    #[test]
    fn strings_grow_and_each_block_begins_afresh() {
        let first = block(&[b'a'.into(), b'b'.into(), 256, 258, 257]);
        let second = block(&[b'x'.into(), 256]);
        let (out, whole) = unpack(&[first, second].concat(), &Context::default()).unwrap();
        assert!(whole);
        assert_eq!(String::from_utf8(out).unwrap(), ["a", "b", "ab", "aba", "ba", "x", "xx"].concat());
    }

    #[test]
    fn codes_of_nothing_and_cuts_end_it() {
        let bytes = block(&[b'a'.into(), 300]);
        let end = |bytes: &[u8]| unpack(bytes, &Context::default()).unwrap();
        assert_eq!(end(&bytes), (b"a".to_vec(), false));
        assert_eq!(end(&bytes[..4]), (b"a".to_vec(), false));
        assert_eq!(end(&[0, 0, 1, 2]), (Vec::new(), false));
    }
}
