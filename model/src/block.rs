//! A linear carrier: a hard disk, a card, a volume.

use std::fmt;
use std::sync::Arc;

use crate::{Context, Result, Span, Status};

/// What a stretch of a linear carrier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Extent {
    /// Bytes are stored.
    Data,
    /// Known to be zeros.
    Zero,
    /// Nothing is stored, and nobody says what it holds.
    Hole,
    /// Could not be read.
    Bad,
    /// Nobody tried to read it.
    Unread,
}

/// A stretch of a linear carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// First byte.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
    /// What it is.
    pub extent: Extent,
    /// What it was read from.
    pub span: Span,
}

/// Reads a linear carrier piece by piece.
pub trait RunSource: Send + Sync {
    /// The runs that touch `start..start + len`, in order, cut to it.
    fn runs(&self, start: u64, len: u64) -> Vec<Run>;

    /// Fill `buffer` from `start`; what holds no data is filled with zeros.
    ///
    /// # Errors
    /// What stops the reading.
    fn read(&self, start: u64, buffer: &mut [u8], context: &Context) -> Result<Status>;
}

/// A linear carrier of blocks.
#[derive(Clone)]
pub struct BlockDevice {
    /// Bytes in a block.
    pub block: u32,
    /// Length in bytes.
    pub len: u64,
    /// Its content.
    pub content: Arc<dyn RunSource>,
}

impl fmt::Debug for BlockDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockDevice").field("block", &self.block).field("len", &self.len).finish_non_exhaustive()
    }
}
