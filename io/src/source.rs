//! Reading by offset.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use floptical_model::{Context, Error, ErrorKind, Result, Span};

/// Bytes that can be read at any offset, by several readers at once.
pub trait ReadAt: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// True when there is no byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fill the whole of `buffer` from `offset`. The caller has checked that
    /// the range lies within the length.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()>;
}

impl ReadAt for Arc<[u8]> {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        read_slice(self, offset, buffer)
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        read_slice(self, offset, buffer)
    }
}

fn read_slice(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
    let from = usize::try_from(offset).ok().and_then(|start| bytes.get(start..)?.get(..buffer.len()));
    buffer.copy_from_slice(from.ok_or(std::io::ErrorKind::UnexpectedEof)?);
    Ok(())
}

/// A named run of bytes of a file, of memory, or of something unpacked.
#[derive(Clone)]
pub struct Source {
    name: Arc<str>,
    inner: Arc<dyn ReadAt>,
    start: u64,
    len: u64,
    read: Arc<AtomicU64>,
}

impl Source {
    /// A source over anything that reads by offset.
    pub fn new(name: impl Into<Arc<str>>, inner: impl ReadAt + 'static) -> Self {
        let len = inner.len();
        Self { name: name.into(), inner: Arc::new(inner), start: 0, len, read: Arc::default() }
    }

    /// A source of bytes in memory.
    pub fn from_bytes(name: impl Into<Arc<str>>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::new(name, bytes.into())
    }

    /// Its name: the last part of a path, or a member of a wrapper.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same bytes under another name.
    #[must_use]
    pub fn renamed(&self, name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), ..self.clone() }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True when there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that were read so far, through this and all its clones.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Fill `buffer` from `offset`.
    ///
    /// # Errors
    /// `Truncated` when the source ends before; `Io` with the system's words.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let len = buffer.len() as u64;
        let span = Span::file(offset, len);
        let end = offset.checked_add(len).filter(|end| *end <= self.len);
        let (Some(_), Some(at)) = (end, self.start.checked_add(offset)) else {
            return Err(Error::truncated(span, format!("{} ends at {} bytes", self.name, self.len)));
        };
        self.read.fetch_add(len, Ordering::Relaxed);
        self.inner.read_at(at, buffer).map_err(|e| Error::from(e).at(span))
    }

    /// The `len` bytes from `offset`, within the budget.
    ///
    /// # Errors
    /// As [`Source::read_at`], and `Limit`. Nothing is allocated for a range
    /// that the source does not have.
    pub fn bytes(&self, offset: u64, len: u64, context: &Context) -> Result<Vec<u8>> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            let what = format!("{} ends at {} bytes", self.name, self.len);
            return Err(Error::truncated(Span::file(offset, len), what));
        }
        context.reserve(len)?;
        let size = usize::try_from(len).map_err(|_| Error::new(ErrorKind::Limit, "too long for this machine"))?;
        let mut bytes = vec![0; size];
        self.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// The `len` bytes from `offset` in pieces of 32 KiB or fewer, none of which
    /// is kept.
    ///
    /// # Errors
    /// As [`Source::read_at`], and `Limit`.
    pub fn pieces(&self, offset: u64, len: u64, context: &Context, mut each: impl FnMut(&[u8])) -> Result<()> {
        const PIECE: usize = 32 << 10;
        let mut buffer = vec![0; usize::try_from(len).unwrap_or(PIECE).min(PIECE)];
        let (mut at, mut left) = (offset, len);
        while left > 0 {
            let size = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let piece = buffer.get_mut(..size).unwrap_or_default();
            context.stream(size as u64)?;
            self.read_at(at, piece)?;
            each(piece);
            (at, left) = (at.saturating_add(size as u64), left.saturating_sub(size as u64));
        }
        Ok(())
    }

    /// All bytes, within the budget.
    ///
    /// # Errors
    /// As [`Source::bytes`].
    pub fn all(&self, context: &Context) -> Result<Vec<u8>> {
        self.bytes(0, self.len, context)
    }

    /// The first bytes, at most `len`.
    ///
    /// # Errors
    /// As [`Source::read_at`].
    pub fn head(&self, len: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.len).map_or(len, |all| all.min(len))];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    /// A part as a source of its own; cut where this one ends.
    #[must_use]
    pub fn part(&self, start: u64, len: u64) -> Self {
        let start = start.min(self.len);
        let len = len.min(self.len.saturating_sub(start));
        Self { start: self.start.saturating_add(start), len, ..self.clone() }
    }

    /// The same bytes, but the read after `reads` good ones fails, and all
    /// that follow: for tests of what a failing disk does.
    #[must_use]
    pub fn failing_after(&self, reads: u64) -> Self {
        let failing = Failing { inner: self.clone(), left: AtomicU64::new(reads) };
        Self::new(self.name.clone(), failing)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("len", &self.len).finish_non_exhaustive()
    }
}

struct Failing {
    inner: Source,
    left: AtomicU64,
}

impl ReadAt for Failing {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        let spend = |left: u64| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_err() {
            return Err(std::io::Error::other("a read that a test lets fail"));
        }
        self.inner.read_at(offset, buffer).map_err(std::io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_name_their_place_when_the_source_ends() {
        let source = Source::from_bytes("disk.imd", vec![1, 2, 3, 4]);
        let context = Context::default();
        assert_eq!(source.bytes(1, 3, &context).unwrap(), [2, 3, 4]);
        let error = source.bytes(2, u64::MAX, &context).unwrap_err();
        assert_eq!((error.kind, error.at), (ErrorKind::Truncated, Some(Span::file(2, u64::MAX))));
        assert_eq!(source.part(1, 99).all(&context).unwrap(), [2, 3, 4]);
        assert_eq!(source.bytes_read(), 6);
    }

    #[test]
    fn a_failing_source_fails_from_the_nth_read_on() {
        let source = Source::from_bytes("x", vec![0; 8]).failing_after(1);
        assert!(source.head(4).is_ok());
        assert_eq!(source.head(4).unwrap_err().kind, ErrorKind::Io);
        assert_eq!(source.head(4).unwrap_err().kind, ErrorKind::Io);
    }
}
