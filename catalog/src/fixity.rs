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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sums of all bytes of a source, in one pass. Progress is told as
/// `digest`, in bytes.
///
/// # Errors
/// What the source says when a read fails; `Limit` or `Cancelled`.
pub fn digest(source: &Source, context: &Context) -> Result<Digests> {
    let mut sums = Sums::new();
    let mut done = 0u64;
    while done < source.len() {
        let piece = source.part(done, PIECE).head(usize::MAX)?;
        context.stream(piece.len() as u64)?;
        sums.update(&piece);
        done = done.saturating_add(piece.len() as u64);
        context.progress("digest", done, source.len());
    }
    Ok(sums.finish(done))
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
