//! Packed bytes in, unpacked bytes out, within the budget.

use std::io::{self, BufRead, Read};

use floptical_model::finding::{FORMAT_CHECKSUM, FORMAT_TAIL, FORMAT_TRUNCATED, WRAP_CORRUPT};
use floptical_model::{Code, Context, Error, ErrorKind, Finding, Findings, Place, Result, Span};

use crate::Source;

/// Bytes that go through at once.
const PIECE: usize = 64 << 10;

/// The words of the xz decoder for a block whose check does not hold; it has
/// no kind of error for it.
const XZ_CHECK: &str = "invalid block checksum";

/// What one wrapper may unpack altogether. All of it is held in memory, so
/// the limit of one allocation holds for the sum.
pub(super) struct Room<'a> {
    pub(super) context: &'a Context,
    packed: u64,
    unpacked: u64,
}

impl<'a> Room<'a> {
    /// Unpacked bytes that are no bomb whatever the ratio: a blank floppy of
    /// bzip2 has a ratio of 30,000.
    const FREE: u64 = 16 << 20;

    pub(super) fn new(packed: u64, context: &'a Context) -> Self {
        Self { context, packed, unpacked: 0 }
    }

    /// Ask for `n` bytes more.
    fn take(&mut self, n: u64) -> Result<()> {
        self.unpacked = self.unpacked.saturating_add(n);
        let limits = self.context.limits();
        let allowed = Self::FREE.saturating_add(self.packed.saturating_mul(limits.ratio));
        if self.unpacked > allowed {
            let what = format!("{} bytes unpack to more than {allowed}, a ratio over {}", self.packed, limits.ratio);
            return Err(Error::new(ErrorKind::Limit, what));
        }
        if self.unpacked > limits.allocation {
            self.context.reserve(self.unpacked)?;
        }
        self.context.stream(n)
    }

    /// Append what a decoder gives after the first `had` bytes, one byte at a
    /// time, so that an error takes nothing with it. Errors as for `pump`.
    fn pump_last(&mut self, mut decoder: impl Read, had: u64, into: &mut Vec<u8>) -> Result<io::Result<()>> {
        if let Err(error) = io::copy(&mut decoder.by_ref().take(had), &mut io::sink()) {
            return Ok(Err(error));
        }
        let mut byte = [0];
        loop {
            match decoder.read(&mut byte) {
                Ok(0) => return Ok(Ok(())),
                Ok(_) => self.take(1)?,
                Err(error) => return Ok(Err(error)),
            }
            into.extend(byte);
        }
    }

    /// Append all that a decoder gives. The outer error is the budget's, the
    /// inner one the decoder's, for [`Stream::close`].
    pub(super) fn pump(&mut self, mut decoder: impl Read, into: &mut Vec<u8>) -> Result<io::Result<()>> {
        let mut piece = vec![0; PIECE];
        loop {
            let taken = match decoder.read(&mut piece) {
                Ok(n) => piece.get(..n).unwrap_or(&[]),
                Err(error) => return Ok(Err(error)),
            };
            if taken.is_empty() {
                return Ok(Ok(()));
            }
            self.take(taken.len() as u64)?;
            into.extend_from_slice(taken);
        }
    }
}

/// The packed bytes, read one after the other.
pub(super) struct Packed<'a> {
    source: Source,
    context: &'a Context,
    base: u64,
    buffer: Vec<u8>,
    from: usize,
    next: u64,
    /// The error that a read met; decoders wrap it beyond recognition.
    failed: Option<Error>,
    /// A decoder asked for more than there is.
    starved: bool,
}

impl<'a> Packed<'a> {
    fn new(source: Source, base: u64, context: &'a Context) -> Self {
        Self { source, context, base, buffer: Vec::new(), from: 0, next: 0, failed: None, starved: false }
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.from..).unwrap_or(&[])
    }

    /// Offset of the next byte from the start of the packed bytes.
    pub(super) fn position(&self) -> u64 {
        self.next.saturating_sub(self.buffered().len() as u64)
    }

    /// Bytes left.
    pub(super) fn left(&self) -> u64 {
        self.source.len().saturating_sub(self.position())
    }

    /// The next bytes, at most `len`, without taking them.
    pub(super) fn peek(&self, len: usize) -> Result<Vec<u8>> {
        match self.buffered().get(..len) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => self.source.part(self.position(), u64::MAX).head(len),
        }
    }

    /// The span of bytes from `start`, counted from the start of the packed
    /// bytes.
    pub(super) fn span(&self, start: u64, len: u64) -> Span {
        Span::file(self.base.saturating_add(start), len)
    }

    fn seek(&mut self, position: u64) {
        self.buffer.clear();
        self.from = 0;
        self.next = position;
    }

    fn refill(&mut self) -> Result<()> {
        self.context.step(1)?;
        self.context.progress("unpack", self.next, self.source.len());
        self.buffer = self.source.part(self.next, PIECE as u64).head(PIECE)?;
        self.from = 0;
        self.next = self.next.saturating_add(self.buffer.len() as u64);
        self.starved |= self.buffer.is_empty();
        Ok(())
    }
}

impl BufRead for Packed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.buffered().is_empty()
            && let Err(error) = self.refill()
        {
            let shown = io::Error::other(error.clone());
            self.failed = Some(error);
            return Err(shown);
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, amount: usize) {
        self.from = self.from.saturating_add(amount).min(self.buffer.len());
    }
}

impl Read for Packed<'_> {
    /// Fills the whole of `into` unless the bytes end: some decoders take a
    /// short read for the end.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let n = self.fill_buf()?.read(rest)?;
            if n == 0 {
                break;
            }
            self.consume(n);
            done = done.saturating_add(n);
        }
        Ok(done)
    }
}

/// A decoder at the start of its stream.
pub(super) type Started<'p> = io::Result<Box<dyn Read + 'p>>;

/// One run of packed bytes on its way: where it stands, what came out, what
/// was noticed.
pub(super) struct Stream<'a> {
    pub(super) packed: Packed<'a>,
    pub(super) room: Room<'a>,
    pub(super) unpacked: Vec<u8>,
    pub(super) findings: Findings,
    /// The name that the stream itself records for its content.
    pub(super) name: Option<String>,
    method: &'static str,
    place: Place,
}

impl<'a> Stream<'a> {
    /// The packed bytes of `source`, which stand at `base` of the wrapper.
    pub(super) fn new(source: &Source, base: u64, method: &'static str, place: Place, room: Room<'a>) -> Self {
        let packed = Packed::new(source.clone(), base, room.context);
        Self { packed, room, unpacked: Vec::new(), findings: Findings::default(), name: None, method, place }
    }

    /// Append all that a decoder gives; `start` makes it.
    ///
    /// Decoders return an error instead of the bytes that they made before it;
    /// so a run that fails is made again, and its last piece taken byte by byte.
    ///
    /// # Errors
    /// As [`Stream::close`].
    pub(super) fn run(&mut self, start: impl for<'p> Fn(&'p mut Packed<'a>) -> Started<'p>) -> Result<bool> {
        let (origin, before) = (self.packed.position(), self.unpacked.len());
        let mut end = match start(&mut self.packed) {
            Ok(decoder) => self.room.pump(decoder, &mut self.unpacked)?,
            Err(error) => Err(error),
        };
        if end.is_err() && self.packed.failed.is_none() {
            self.packed.seek(origin);
            let had = self.unpacked.len().saturating_sub(before) as u64;
            end = match start(&mut self.packed) {
                Ok(decoder) => self.room.pump_last(decoder, had, &mut self.unpacked)?,
                Err(error) => Err(error),
            };
        }
        self.close(end)
    }

    /// The end of a decoder's run, as [`Room::pump`] gave it.
    ///
    /// `Ok(true)`: this stream is whole. `Ok(false)`: it is not; a finding says
    /// so, and what came out before is kept.
    ///
    /// # Errors
    /// Those of the budget and of the system.
    pub(super) fn close(&mut self, end: io::Result<()>) -> Result<bool> {
        if let Some(error) = self.packed.failed.take() {
            return Err(error);
        }
        let Err(error) = end else { return Ok(true) };
        if error.kind() == io::ErrorKind::OutOfMemory {
            return Err(Error::new(ErrorKind::Limit, format!("{}: {error}", self.method)));
        }
        let at = self.packed.span(self.packed.position(), 0);
        let got = self.unpacked.len();
        if self.packed.starved {
            self.note(&FORMAT_TRUNCATED, at, &format!("the data ends early, {got} bytes unpacked"));
        } else if error.to_string().contains(XZ_CHECK) {
            self.note(&FORMAT_CHECKSUM, at, "the check of a block does not hold; no block after it is read");
        } else {
            self.note(&WRAP_CORRUPT, at, &format!("nothing unpacks after {got} bytes ({error})"));
        }
        Ok(false)
    }

    /// Note that bytes follow the last stream.
    pub(super) fn tail(&mut self) {
        let left = self.packed.left();
        let at = self.packed.span(self.packed.position(), left);
        self.note(&FORMAT_TAIL, at, &format!("{left} bytes follow the packed data"));
    }

    /// Note something.
    pub(super) fn note(&mut self, code: &'static Code, at: Span, what: &str) {
        self.findings.push(Finding::new(code, at, self.place.clone(), format!("{}: {what}", self.method)));
    }
}
