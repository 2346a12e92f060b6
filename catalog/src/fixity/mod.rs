//! Sums of a file's bytes: is it still whole, and does the world know it?
//!
//! SHA-256 and BLAKE3 say whether it is whole; CRC-32, MD5 and SHA-1 are there
//! because the world's lists use them, SHA-512 because OCFL does. All are made
//! in one pass.

mod lanes;

use std::fmt;

use floptical_io::Source;
use floptical_model::{Context, Result};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use lanes::{LANES, Md5Lanes};

/// Bytes that are read and summed at once: they stay in the cache of one core
/// while one algorithm after the other sees them. A whole number of blocks.
const PIECE: usize = 64 << 10;

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
pub fn digest_copy(source: &Source, context: &Context, hand: impl FnMut(&[u8]) -> Result<()>) -> Result<Digests> {
    alone::<All>(source, context, hand)
}

/// Sources that [`digest_together`] sums at best.
pub const TOGETHER: usize = LANES;

/// The sums of sources, while each piece is also handed on with the number of
/// its source. Sources of one length are summed in step, which is faster: up to
/// [`TOGETHER`] of them.
///
/// # Errors
/// As [`digest_copy`].
pub fn digest_together(
    sources: &[&Source],
    context: &Context,
    hand: impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<Vec<Digests>> {
    in_step::<All>(sources, context, hand)
}

/// The four sums that DATs list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatSums {
    /// Bytes that were summed.
    pub len: u64,
    /// CRC-32 of ISO HDLC.
    pub crc32: u32,
    /// MD5.
    pub md5: [u8; 16],
    /// SHA-1.
    pub sha1: [u8; 20],
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// The four sums that DATs list, of sources as in [`digest_together`].
///
/// # Errors
/// As [`digest`].
pub fn dat_sums(sources: &[&Source], context: &Context) -> Result<Vec<DatSums>> {
    in_step::<Dat>(sources, context, |_, _| Ok(()))
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
    let mut buffer = vec![0; usize::try_from(source.len()).unwrap_or(PIECE).min(PIECE)];
    let mut done = 0u64;
    while done < source.len() {
        let piece = read_piece(source, done, &mut buffer, context)?;
        done = done.saturating_add(piece.len() as u64);
        take(piece)?;
    }
    Ok(done)
}

/// The bytes of a source from `at` on, as many as the buffer takes.
fn read_piece<'a>(source: &Source, at: u64, buffer: &'a mut [u8], context: &Context) -> Result<&'a [u8]> {
    let left = usize::try_from(source.len().saturating_sub(at)).unwrap_or(usize::MAX);
    let len = left.min(buffer.len());
    let piece = buffer.get_mut(..len).unwrap_or_default();
    source.read_at(at, piece)?;
    context.stream(piece.len() as u64)?;
    Ok(piece)
}

/// Sums on their way, but for MD5, which has lanes.
trait Summing: Default {
    type Sums;
    fn update(&mut self, bytes: &[u8]);
    fn finish(self, len: u64, md5: [u8; 16]) -> Self::Sums;
}

/// What a DAT lists.
#[derive(Default)]
struct Dat {
    crc32: crc32fast::Hasher,
    sha1: Sha1,
    sha256: Sha256,
}

/// Everything.
#[derive(Default)]
struct All {
    dat: Dat,
    sha512: Sha512,
    blake3: blake3::Hasher,
}

impl Summing for Dat {
    type Sums = DatSums;

    fn update(&mut self, bytes: &[u8]) {
        self.crc32.update(bytes);
        self.sha1.update(bytes);
        self.sha256.update(bytes);
    }

    fn finish(self, len: u64, md5: [u8; 16]) -> DatSums {
        let Self { crc32, sha1, sha256 } = self;
        DatSums { len, crc32: crc32.finalize(), md5, sha1: sha1.finalize().into(), sha256: sha256.finalize().into() }
    }
}

impl Summing for All {
    type Sums = Digests;

    fn update(&mut self, bytes: &[u8]) {
        self.dat.update(bytes);
        self.sha512.update(bytes);
        self.blake3.update(bytes);
    }

    fn finish(self, len: u64, md5: [u8; 16]) -> Digests {
        let DatSums { len, crc32, md5, sha1, sha256 } = self.dat.finish(len, md5);
        let (sha512, blake3) = (self.sha512.finalize().into(), self.blake3.finalize().into());
        Digests { len, crc32, md5, sha1, sha256, sha512, blake3 }
    }
}

/// Sum sources: in lanes where several have one length, else one by one.
fn in_step<S: Summing>(
    sources: &[&Source],
    context: &Context,
    mut hand: impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<Vec<S::Sums>> {
    // Fewer do not fill the lanes enough to be worth them.
    const FEW: usize = 3;
    let mut sums = Vec::with_capacity(sources.len());
    for (at, group) in sources.chunks(LANES).enumerate() {
        let first = at.saturating_mul(LANES);
        let alike = group.windows(2).all(|pair| matches!(pair, [a, b] if a.len() == b.len()));
        if group.len() >= FEW && alike {
            sums.extend(in_lanes::<S>(group, context, |n, piece| hand(first.saturating_add(n), piece))?);
        } else {
            for (n, source) in group.iter().enumerate() {
                sums.push(alone::<S>(source, context, |piece| hand(first.saturating_add(n), piece))?);
            }
        }
    }
    Ok(sums)
}

fn alone<S: Summing>(source: &Source, context: &Context, mut hand: impl FnMut(&[u8]) -> Result<()>) -> Result<S::Sums> {
    let (mut md5, mut others) = (Md5::new(), S::default());
    let len = each_piece(source, context, |piece| {
        md5.update(piece);
        others.update(piece);
        hand(piece)
    })?;
    Ok(others.finish(len, md5.finalize().into()))
}

/// At most [`LANES`] sources of one length. Lanes that no source fills repeat
/// the first.
fn in_lanes<S: Summing>(
    sources: &[&Source],
    context: &Context,
    mut hand: impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<Vec<S::Sums>> {
    let len = sources.first().map_or(0, |source| source.len());
    let mut others: Vec<S> = sources.iter().map(|_| S::default()).collect();
    let mut buffers: Vec<Vec<u8>> = sources.iter().map(|_| vec![0; PIECE]).collect();
    let mut md5 = Md5Lanes::new();
    let mut done = 0u64;
    loop {
        let mut pieces: Vec<&[u8]> = Vec::with_capacity(sources.len());
        for (n, (source, buffer)) in sources.iter().zip(&mut buffers).enumerate() {
            let piece = read_piece(source, done, buffer, context)?;
            hand(n, piece)?;
            if let Some(others) = others.get_mut(n) {
                others.update(piece);
            }
            pieces.push(piece);
        }
        let spare = pieces.first().copied().unwrap_or_default();
        let lanes = std::array::from_fn(|lane| pieces.get(lane).copied().unwrap_or(spare));
        md5.update(lanes);
        done = done.saturating_add(spare.len() as u64);
        if spare.len() < PIECE {
            let rest = |lane: &[u8]| lane.len().wrapping_rem(64);
            let md5 = md5
                .finish(lanes.map(|lane| lane.get(lane.len().saturating_sub(rest(lane))..).unwrap_or_default()), len);
            return Ok(others.into_iter().zip(md5).map(|(others, md5)| others.finish(done, md5)).collect());
        }
    }
}
