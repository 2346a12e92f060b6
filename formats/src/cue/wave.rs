//! Where the samples lie in a RIFF WAVE file.

use floptical_io::Source;
use floptical_model::{Error, Result, Span};

/// Chunks before the samples: more than any program writes.
const MOST_CHUNKS: usize = 64;

/// First byte and length of the samples, which must be those of a CD: two
/// channels of 16 bits, 44,100 times a second.
pub(super) fn samples(source: &Source, file: u16) -> Result<(u64, u64)> {
    let span = |start, len| Span::File { file, start, len };
    let name = source.name();
    let malformed = |at, what: &str| Error::malformed(at, format!("{name} {what}"));
    let head = source.head(12)?;
    if !head.starts_with(b"RIFF") || head.get(8..12) != Some(b"WAVE") {
        return Err(malformed(span(0, 12), "is named as WAVE and has not its header"));
    }
    let mut at = 12u64;
    let mut is_cd = false;
    for _ in 0..MOST_CHUNKS {
        let body = at.saturating_add(8);
        let header = source.part(at, 8).head(8)?;
        let (Some(id), Some(len)) = (header.first_chunk::<4>(), header.last_chunk::<4>().filter(|_| header.len() == 8))
        else {
            break;
        };
        let len = u64::from(u32::from_le_bytes(*len));
        match id {
            b"fmt " => is_cd = is_sound_of_a_cd(&source.part(body, len.min(40)).head(40)?),
            b"data" if is_cd => return Ok((body, len.min(source.len().saturating_sub(body)))),
            b"data" => return Err(Error::unsupported(format!("{name}: samples that are not those of a CD"))),
            _ => {}
        }
        // Chunks begin at even places.
        at = body.saturating_add(len).saturating_add(len & 1);
    }
    Err(malformed(span(at, 8), "holds no samples"))
}

/// PCM, two channels, 44,100 Hz, 16 bits.
fn is_sound_of_a_cd(format: &[u8]) -> bool {
    const PCM: [u8; 2] = [1, 0];
    const EXTENSIBLE: [u8; 2] = [0xFE, 0xFF];
    let part = |at: std::ops::Range<usize>| format.get(at).unwrap_or_default();
    let pcm = part(0..2) == PCM || (part(0..2) == EXTENSIBLE && part(24..26) == PCM);
    pcm && part(2..4) == [2, 0] && part(4..8) == 44_100u32.to_le_bytes() && part(14..16) == [16, 0]
}
