//! One stream of each method, by the decoders of other crates.
//!
//! Each takes exactly the bytes of one stream, so that what follows it can be
//! seen: another stream, padding, or a tail.

use std::io::{self, BufRead, Read};

use floptical_model::Result;
use floptical_model::finding::{FORMAT_CHECKSUM, FORMAT_TAIL};
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder, StreamingDecoder};

use super::stream::Stream;

/// Bytes that a decoder may hold of what it unpacked before; the largest that
/// the standard tools ask for without extra options is 128 MiB.
const WINDOW: u64 = 256 << 20;

fn window(stream: &Stream<'_>) -> u64 {
    WINDOW.min(stream.room.context.limits().allocation)
}

/// Bytes that are not packed.
pub(super) fn stored(stream: &mut Stream<'_>) -> Result<bool> {
    let end = stream.room.pump(&mut stream.packed, &mut stream.unpacked)?;
    stream.close(end)
}

/// A raw deflate stream (RFC 1951).
pub(super) fn deflate(stream: &mut Stream<'_>) -> Result<bool> {
    stream.run(|packed| Ok(Box::new(flate2::bufread::DeflateDecoder::new(packed))))
}

/// A bzip2 stream. Its decoder checks the CRC of each block and of the whole.
pub(super) fn bzip2(stream: &mut Stream<'_>) -> Result<bool> {
    stream.run(|packed| Ok(Box::new(bzip2::bufread::BzDecoder::new(packed))))
}

/// An xz stream with the padding that may follow it: zeros in fours
/// (The .xz File Format 1.2.1, section 2.2).
pub(super) fn xz(stream: &mut Stream<'_>) -> Result<bool> {
    let limit = u32::try_from(window(stream) >> 10).unwrap_or(u32::MAX);
    let whole = stream.run(|packed| Ok(Box::new(XzReader::new_mem_limit(packed, false, limit))))?;
    Ok(whole && skip_padding(stream)?)
}

fn skip_padding(stream: &mut Stream<'_>) -> Result<bool> {
    let start = stream.packed.position();
    loop {
        let zeros = match stream.packed.fill_buf() {
            Ok(bytes) => bytes.iter().take_while(|b| **b == 0).count(),
            Err(error) => return stream.close(Err(error)),
        };
        if zeros == 0 {
            break;
        }
        stream.packed.consume(zeros);
    }
    let len = stream.packed.position().saturating_sub(start);
    if !len.is_multiple_of(4) {
        let at = stream.packed.span(start, len);
        stream.note(&FORMAT_TAIL, at, &format!("{len} zeros follow the stream, not a multiple of 4"));
    }
    Ok(true)
}

/// An LZMA stream as a zip holds it: version, size of the properties, the
/// properties (APPNOTE 6.3.10, section 5.8), then data with or without an end
/// mark.
pub(super) fn lzma(stream: &mut Stream<'_>, size: u64) -> Result<bool> {
    let mut head = [0; 9];
    let end = stream.packed.read_exact(&mut head);
    if !stream.close(end)? {
        return Ok(false);
    }
    let [_, _, 5, 0, properties, d0, d1, d2, d3] = head else {
        return stream.close(Err(io::Error::other("the size of the LZMA properties is not 5")));
    };
    let dictionary = u32::from_le_bytes([d0, d1, d2, d3]);
    if u64::from(dictionary) > window(stream) {
        return stream.close(Err(io::Error::from(io::ErrorKind::OutOfMemory)));
    }
    stream.run(|packed| {
        let decoder = LzmaReader::new_with_props(packed, size, properties, dictionary, None)?;
        Ok(Box::new(decoder))
    })
}

/// A Zstandard frame with the skippable frames that may follow it (RFC 8878).
pub(super) fn zstd(stream: &mut Stream<'_>) -> Result<bool> {
    let limit = window(stream);
    let decoder = StreamingDecoder::new_with_max_window_size(&mut stream.packed, limit);
    let (end, sums) = match decoder {
        Ok(mut decoder) => {
            let end = stream.room.pump(&mut decoder, &mut stream.unpacked)?;
            if end.is_err() && release_window(&mut decoder.decoder) {
                // What it gives now are bytes; an error it had before.
                let _ = stream.room.pump(&mut decoder, &mut stream.unpacked)?;
            }
            (end, checksums(&decoder.decoder))
        }
        Err(error @ FrameDecoderError::WindowSizeTooBig { .. }) => {
            (Err(io::Error::new(io::ErrorKind::OutOfMemory, error)), None)
        }
        Err(error) => (Err(io::Error::other(error)), None),
    };
    if !stream.close(end)? {
        return Ok(false);
    }
    if let Some((stored, computed)) = sums.filter(|(stored, computed)| stored != computed) {
        let at = stream.packed.span(stream.packed.position().saturating_sub(4), 4);
        stream.note(
            &FORMAT_CHECKSUM,
            at,
            &format!("the content has XXH64 {computed:08x}, the frame says {stored:08x}"),
        );
    }
    skip_frames(stream)
}

/// Bring a decoder that failed to give the bytes of its window, which it holds
/// back until the last block: by a last block, empty, with any checksum.
fn release_window(decoder: &mut FrameDecoder) -> bool {
    const LAST: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];
    !decoder.is_finished() && decoder.decode_blocks(&LAST[..], BlockDecodingStrategy::All).is_ok()
}

/// The checksum that the frame records and the one of what came out.
fn checksums(decoder: &FrameDecoder) -> Option<(u32, u32)> {
    decoder.get_checksum_from_data().zip(decoder.get_calculated_checksum())
}

fn skip_frames(stream: &mut Stream<'_>) -> Result<bool> {
    while let [0x50..=0x5F, 0x2A, 0x4D, 0x18, l0, l1, l2, l3] = *stream.packed.peek(8)? {
        let len = u64::from(u32::from_le_bytes([l0, l1, l2, l3])).saturating_add(8);
        let mut frame = (&mut stream.packed).take(len);
        let end = match io::copy(&mut frame, &mut io::sink()) {
            Ok(n) if n < len => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            end => end.map(drop),
        };
        if !stream.close(end)? {
            return Ok(false);
        }
    }
    Ok(true)
}
