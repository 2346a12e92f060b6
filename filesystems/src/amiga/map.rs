//! The bitmap: one bit for each block from number 2 on, set when it is free.

use std::collections::BTreeSet;

use floptical_model::Result;
use floptical_model::finding::{FS_MAP_IN_USE, FS_MAP_INVALID, FS_MAP_UNUSED};

use super::block::{Block, Device, Root};
use crate::listing::Note;

/// Blocks that one block of the bitmap tells of.
const TOLD: u32 = 127 * 32;

/// The bitmap of a volume.
#[derive(Debug, Default)]
pub(super) struct Map {
    /// The blocks that it lies in.
    pub blocks: Vec<u32>,
    /// Its parts, in order; `None` for one that is not sound.
    parts: Vec<Option<Block>>,
    pub notes: Vec<Note>,
}

impl Map {
    /// The bitmap that a root leads to.
    pub(super) fn load(device: Device<'_>, root: &Root) -> Result<Self> {
        let mut map = Self::default();
        let needed = usize::try_from(device.count.saturating_sub(2).div_ceil(TOLD)).unwrap_or(0);
        let (mut parts, mut next) = (root.map.clone(), root.more_map);
        let mut seen = BTreeSet::new();
        while next != 0 && parts.len() < needed && seen.insert(next) {
            let Some(more) = device.block(next)? else { break };
            map.blocks.push(next);
            parts.extend((0..127).map(|i| more.long(i)).take_while(|n| *n != 0));
            next = more.long(127);
        }
        parts.truncate(needed);
        for number in &parts {
            let block = device.block(*number)?.filter(Block::is_sound);
            if block.is_none() {
                map.notes.push((&FS_MAP_INVALID, format!("the checksum of its block {number} does not hold")));
            }
            map.parts.push(block);
        }
        map.blocks.extend(&parts);
        if !root.map_valid {
            map.notes.push((&FS_MAP_INVALID, "the root says that it is to be made anew".into()));
            map.parts.clear();
        }
        Ok(map)
    }

    /// The bitmap behind a root that is lost, where AmigaDOS puts it.
    pub(super) fn guess(device: Device<'_>, root: u32) -> Result<Self> {
        let block = device.block(root.saturating_add(1))?.filter(|b| b.is_sound() && b.long(0) > 0xFF);
        Ok(Self { parts: vec![block], ..Self::default() })
    }

    /// Whether a block is free, where the map can tell.
    pub(super) fn is_free(&self, number: u32) -> Option<bool> {
        let bit = number.checked_sub(2)?;
        let part = self.parts.get(usize::try_from(bit / TOLD).ok()?)?.as_ref()?;
        let (long, bit) = (bit % TOLD / 32, bit % 32);
        Some(part.long(usize::try_from(long).ok()?.saturating_add(1)) >> bit & 1 == 1)
    }

    /// Blocks that are free.
    pub(super) fn free(&self, device: Device<'_>) -> Option<u64> {
        let told: Option<Vec<bool>> = (2..device.count).map(|n| self.is_free(n)).collect();
        Some(told?.into_iter().filter(|free| *free).count() as u64)
    }

    /// Hold the map against the blocks that are in use.
    pub(super) fn compare(&mut self, device: Device<'_>, used: impl Fn(u32) -> bool) {
        let (mut in_use, mut unused) = (Vec::new(), Vec::new());
        for number in 2..device.count {
            match (self.is_free(number), used(number)) {
                (Some(true), true) => in_use.push(number),
                (Some(false), false) => unused.push(number),
                _ => {}
            }
        }
        for (code, blocks) in [(&FS_MAP_IN_USE, in_use), (&FS_MAP_UNUSED, unused)] {
            if let Some(first) = blocks.first() {
                self.notes.push((code, format!("{} blocks, the first is {first}", blocks.len())));
            }
        }
    }
}
