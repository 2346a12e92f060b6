//! The directory cache of DOS\4 and DOS\5: what a listing needs of each entry,
//! once more.

use std::collections::{BTreeMap, BTreeSet};

use floptical_model::Result;

use super::block::{Block, Device};

/// Type of a cache block.
const CACHE: u32 = 33;

/// What a cache says of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cached {
    pub name: Vec<u8>,
    pub size: u32,
}

/// The cache of a directory.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// Blocks that it lies in.
    pub blocks: Vec<u32>,
    /// Entries by the number of their header.
    pub entries: BTreeMap<u32, Cached>,
    /// Whether all of it could be read.
    pub whole: bool,
}

impl Cache {
    /// The cache that begins in block `first`, of the directory in block
    /// `parent`.
    pub(super) fn load(device: Device<'_>, first: u32, parent: u32) -> Result<Self> {
        let mut cache = Self { whole: true, ..Self::default() };
        let (mut next, mut seen) = (first, BTreeSet::new());
        while next != 0 {
            let is_cache = |b: &Block| b.long(0) == CACHE && b.long(2) == parent && b.is_sound();
            let block = device.block(next)?.filter(is_cache).filter(|_| seen.insert(next));
            let Some(block) = block else {
                cache.whole = false;
                break;
            };
            cache.blocks.push(next);
            cache.whole &= cache.add(&block).is_some();
            next = block.long(4);
        }
        Ok(cache)
    }

    /// The records of one block: header, size, protection, owner, date, type,
    /// name, comment; each at an even place.
    fn add(&mut self, block: &Block) -> Option<()> {
        let mut rest = block.bytes(24, 488);
        for _ in 0..block.long(3).min(488) {
            let (fixed, tail) = rest.split_at_checked(23)?;
            let long = |at: usize| Some(u32::from_be_bytes(*fixed.get(at..)?.first_chunk()?));
            let (name_len, tail) = tail.split_first()?;
            let (name, tail) = tail.split_at_checked((*name_len).into())?;
            let (comment_len, tail) = tail.split_first()?;
            let (_, tail) = tail.split_at_checked((*comment_len).into())?;
            self.entries.insert(long(0)?, Cached { name: name.to_vec(), size: long(4)? });
            let odd = rest.len().saturating_sub(tail.len()) % 2;
            rest = tail.get(odd..)?;
        }
        Some(())
    }
}
