//! The carrier under a disc's structures, and what is noticed of them.

use std::sync::Arc;

use floptical_model::{Blocks, Code, Context, Finding, Place, Result, Span, Status};

/// A linear view whose reads stop where it ends.
#[derive(Clone)]
pub(crate) struct Medium(Arc<dyn Blocks>);

impl Medium {
    pub(crate) fn new(blocks: Arc<dyn Blocks>) -> Self {
        Self(blocks)
    }

    pub(crate) fn blocks(&self) -> &dyn Blocks {
        &*self.0
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.0.len()
    }

    /// How many of `len` bytes from `start` there are.
    pub(crate) fn there(&self, start: u64, len: u64) -> u64 {
        len.min(self.len().saturating_sub(start))
    }

    /// As much of `len` bytes from `start` as there is.
    pub(crate) fn read(&self, start: u64, len: u64, context: &Context) -> Result<Vec<u8>> {
        let len = self.there(start, len);
        context.reserve(len)?;
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        if !bytes.is_empty() {
            self.0.read(start, &mut bytes, context)?;
        }
        Ok(bytes)
    }

    /// Give a stretch that there is to `out`, piece by piece; says the worst
    /// status of it.
    pub(crate) fn stream(
        &self,
        start: u64,
        len: u64,
        out: &mut dyn FnMut(&[u8]) -> Result<()>,
        context: &Context,
    ) -> Result<Status> {
        const CHUNK: u64 = 1 << 16;
        let (mut done, mut worst, mut buffer) = (0, Status::Good, Vec::new());
        while done < len {
            let part = len.saturating_sub(done).min(CHUNK);
            context.stream(part)?;
            buffer.resize(usize::try_from(part).unwrap_or(0), 0);
            worst = worst.min(self.0.read(start.saturating_add(done), &mut buffer, context)?);
            out(&buffer)?;
            done = done.saturating_add(part);
        }
        Ok(worst)
    }
}

/// Something noticed of a stretch of the medium, before its place has a name.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) code: &'static Code,
    pub(crate) start: u64,
    pub(crate) len: u64,
    pub(crate) what: String,
}

impl Note {
    pub(crate) fn new(code: &'static Code, start: u64, len: u64, what: impl Into<String>) -> Self {
        Self { code, start, len, what: what.into() }
    }

    /// The finding at its place.
    pub(crate) fn at(self, place: Place) -> Finding {
        Finding::new(self.code, Span::Volume { start: self.start, len: self.len }, place, self.what)
    }
}
