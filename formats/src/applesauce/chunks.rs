//! Chunks: an id of four letters, a length, and so many bytes.

use floptical_io::Source;
use floptical_model::{Context, Result, Span};

use super::u32_le;

/// Bytes of the id and the length.
pub(crate) const HEAD: u64 = 8;

/// A chunk of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Its id.
    pub(crate) id: [u8; 4],
    /// Where its id stands.
    pub(crate) start: u64,
    /// Its length as told, without id and length.
    pub(crate) len: u64,
    /// As many of these bytes as the file has.
    pub(crate) there: u64,
}

impl Chunk {
    /// Where its bytes begin.
    pub(crate) fn data(&self) -> u64 {
        self.start.saturating_add(HEAD)
    }

    /// Where it ends in the file.
    pub(crate) fn end(&self) -> u64 {
        self.data().saturating_add(self.there)
    }

    /// True when the file ends within it.
    pub(crate) fn is_cut(&self) -> bool {
        self.there < self.len
    }

    /// Its bytes, as many as the file has.
    pub(crate) fn bytes(&self, source: &Source, context: &Context) -> Result<Vec<u8>> {
        source.bytes(self.data(), self.there, context)
    }

    /// Its id, its length and its bytes.
    pub(crate) fn whole(&self, source: &Source, context: &Context) -> Result<Vec<u8>> {
        source.bytes(self.start, self.there.saturating_add(HEAD), context)
    }

    /// All of it.
    pub(crate) fn span(&self) -> Span {
        Span::file(self.start, self.there.saturating_add(HEAD))
    }
}

/// The chunks of a file from an offset on, and where the last one ends.
pub(crate) fn walk(source: &Source, from: u64, context: &Context) -> Result<(Vec<Chunk>, u64)> {
    let (mut all, mut at) = (Vec::new(), from.min(source.len()));
    while source.len().saturating_sub(at) >= HEAD {
        context.entry(1)?;
        let mut head = [0; 8];
        source.read_at(at, &mut head)?;
        let id = head.first_chunk().copied().unwrap_or_default();
        let len = u64::from(u32_le(&head, 4).unwrap_or(0));
        let there = len.min(source.len().saturating_sub(at).saturating_sub(HEAD));
        let chunk = Chunk { id, start: at, len, there };
        at = chunk.end();
        all.push(chunk);
    }
    Ok((all, at))
}

/// The id and the length of a chunk of so many bytes.
pub(crate) fn head(id: &[u8; 4], len: u32) -> Vec<u8> {
    [&id[..], &len.to_le_bytes()].concat()
}
