//! Just enough of SCP to measure with: its tracks as flux.

use std::io::Read;
use std::path::PathBuf;

use floptical_model::{Clock, Edge, Flux, IndexMark};

/// The bytes of a file of the corpus, unpacked; `None` where there is no corpus.
#[allow(clippy::print_stdout, reason = "a test that is skipped says so")]
pub(crate) fn corpus(name: &str) -> Option<Vec<u8>> {
    let near = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let root = std::env::var_os("FLOPTICAL_CORPUS").map_or(near, PathBuf::from);
    let Ok(packed) = std::fs::read(root.join("flux-quality").join(name)) else {
        println!("skipped: no {name}");
        return None;
    };
    if !name.ends_with(".gz") {
        return Some(packed);
    }
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn word(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// The tracks by their number in the file.
pub(crate) fn tracks(bytes: &[u8]) -> Vec<(u8, Flux)> {
    assert_eq!(&bytes[..3], b"SCP");
    let offsets = (0..168u8).map(|t| (t, word(bytes, 16 + usize::from(t) * 4))).filter(|(_, o)| *o > 0);
    offsets.map(|(t, at)| (t, flux(bytes, at))).collect()
}

fn flux(bytes: &[u8], at: usize) -> Flux {
    let mut intervals = Vec::new();
    let mut index = vec![IndexMark { tick: 0, interval: 0 }];
    let mut carry = 0;
    let mut end = 0u64;
    for revolution in 0..usize::from(bytes[5]) {
        let entry = at + 4 + revolution * 12;
        let (ticks, count, start) = (word(bytes, entry), word(bytes, entry + 4), word(bytes, entry + 8));
        for pair in bytes[at + start..][..count * 2].chunks(2) {
            match u32::from(u16::from_be_bytes([pair[0], pair[1]])) {
                0 => carry += 0x1_0000,
                ticks => intervals.push(ticks + std::mem::take(&mut carry)),
            }
        }
        end += ticks as u64;
        index.push(IndexMark { tick: end, interval: u32::try_from(intervals.len()).unwrap() });
    }
    Flux {
        clock: Clock::hz(40_000_000),
        intervals: intervals.into(),
        index,
        sector_marks: Vec::new(),
        start: Edge::Index,
        end: Edge::Index,
    }
}
