//! Sums of a file's bytes: is it still whole, and does the world know it?
//!
//! SHA-256 and BLAKE3 say whether it is whole; CRC-32, MD5 and SHA-1 are there
//! because the world's lists use them, SHA-512 because OCFL does. All are made
//! in one pass.

use std::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use floptical_io::Source;
use floptical_model::{Context, Result};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// Bytes that are read and summed at once: they stay in the cache of one core
/// while one algorithm after the other sees them.
const PIECE: u64 = 256 << 10;

static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// The sums of one file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digests {
    /// Bytes that were summed.
    pub len: u64,
    /// CRC-32 of ISO HDLC, as zip and gzip have it.
    pub crc32: u32,
    /// MD5 (RFC 1321).
    pub md5: [u8; 16],
    /// SHA-1 (FIPS 180-4).
    pub sha1: [u8; 20],
    /// SHA-256 (FIPS 180-4).
    pub sha256: [u8; 32],
    /// SHA-512 (FIPS 180-4).
    pub sha512: [u8; 64],
    /// BLAKE3, 32 bytes, without a key.
    pub blake3: [u8; 32],
}

/// A way to sum: its name in records and reports, and its sum in lower-case
/// hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub struct Algorithm {
    /// Name as OCFL, BagIt and DATs write it.
    pub id: &'static str,
    /// The sum.
    pub hex: fn(&Digests) -> String,
}

/// Every algorithm, weakest first.
pub static ALGORITHMS: &[Algorithm] = &[
    Algorithm { id: "crc32", hex: |digests| hex(&digests.crc32.to_be_bytes()) },
    Algorithm { id: "md5", hex: |digests| hex(&digests.md5) },
    Algorithm { id: "sha1", hex: |digests| hex(&digests.sha1) },
    Algorithm { id: "sha256", hex: |digests| hex(&digests.sha256) },
    Algorithm { id: "sha512", hex: |digests| hex(&digests.sha512) },
    Algorithm { id: "blake3", hex: |digests| hex(&digests.blake3) },
];

impl Digests {
    /// The sum by the algorithm of this name, in lower-case hexadecimal digits.
    pub fn hex(&self, id: &str) -> Option<String> {
        ALGORITHMS.iter().find(|algorithm| algorithm.id == id).map(|algorithm| (algorithm.hex)(self))
    }
}

/// One line for each algorithm: name, a space, digits.
impl fmt::Display for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ALGORITHMS.iter().try_for_each(|algorithm| writeln!(f, "{} {}", algorithm.id, (algorithm.hex)(self)))
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[char; 16] = &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |n: u8| DIGITS.get(usize::from(n)).copied().unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The sums of all bytes of a source, in one pass. Progress is told as
/// `digest`, in bytes.
///
/// # Errors
/// What the source says when a read fails; `Limit` or `Cancelled`.
pub fn digest(source: &Source, context: &Context) -> Result<Digests> {
    let mut done = 0u64;
    digest_copy(source, context, |piece| {
        done = done.saturating_add(piece.len() as u64);
        context.progress("digest", done, source.len());
        Ok(())
    })
}

/// The same, while each piece is also handed on: to be copied.
///
/// # Errors
/// As [`digest`], and what `hand` says.
pub fn digest_copy(source: &Source, context: &Context, mut hand: impl FnMut(&[u8]) -> Result<()>) -> Result<Digests> {
    let mut sums = Sums::new();
    let len = each_piece(source, context, |piece| {
        sums.update(piece);
        hand(piece)
    })?;
    Ok(sums.finish(len))
}

/// BLAKE3 alone, for audits: the fastest of all.
///
/// # Errors
/// As [`digest`].
pub fn blake3(source: &Source, context: &Context) -> Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    each_piece(source, context, |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok(hasher.finalize().into())
}

/// SHA-512 alone, which OCFL uses.
///
/// # Errors
/// As [`digest`].
pub fn sha512(source: &Source, context: &Context) -> Result<[u8; 64]> {
    let mut hasher = Sha512::new();
    each_piece(source, context, |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok(hasher.finalize().into())
}

/// Read a source piece by piece; says how many bytes there were.
fn each_piece(source: &Source, context: &Context, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<u64> {
    let mut buffer = vec![0; usize::try_from(PIECE.min(source.len())).unwrap_or(0)];
    let mut done = 0u64;
    while done < source.len() {
        let len = usize::try_from(source.len().saturating_sub(done)).unwrap_or(usize::MAX).min(buffer.len());
        let piece = buffer.get_mut(..len).unwrap_or_default();
        source.read_at(done, piece)?;
        context.stream(piece.len() as u64)?;
        take(piece)?;
        done = done.saturating_add(len as u64);
    }
    Ok(done)
}

/// All sums on their way.
struct Sums {
    crc32: crc::Digest<'static, u32, Table<16>>,
    md5: Md5,
    sha1: Sha1,
    sha256: Sha256,
    sha512: Sha512,
    blake3: blake3::Hasher,
}

impl Sums {
    fn new() -> Self {
        Self {
            crc32: CRC.digest(),
            md5: Md5::new(),
            sha1: Sha1::new(),
            sha256: Sha256::new(),
            sha512: Sha512::new(),
            blake3: blake3::Hasher::new(),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.crc32.update(bytes);
        self.md5.update(bytes);
        self.sha1.update(bytes);
        self.sha256.update(bytes);
        self.sha512.update(bytes);
        self.blake3.update(bytes);
    }

    fn finish(self, len: u64) -> Digests {
        Digests {
            len,
            crc32: self.crc32.finalize(),
            md5: self.md5.finalize().into(),
            sha1: self.sha1.finalize().into(),
            sha256: self.sha256.finalize().into(),
            sha512: self.sha512.finalize().into(),
            blake3: self.blake3.finalize().into(),
        }
    }
}
