//! Chains of sectors.

use std::collections::BTreeSet;

use floptical_model::Result;

use super::disk::{At, DATA, Disk, Link};

/// How a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Properly: the index of the last byte in its last sector.
    Last(u8),
    /// At a sector that it has already.
    Loop(At),
    /// At a place outside the disk.
    Range(At),
    /// At its last sector, whose link was not read.
    Unread,
    /// Nowhere: it has no first sector.
    Empty,
}

/// A chain of sectors.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub sectors: Vec<At>,
    pub end: End,
}

impl Chain {
    /// The chain from a sector on.
    pub(super) fn follow(disk: &Disk<'_>, start: At) -> Result<Self> {
        let mut chain = Self { sectors: Vec::new(), end: End::Empty };
        if start.track == 0 {
            return Ok(chain);
        }
        let (mut at, mut seen) = (start, BTreeSet::new());
        loop {
            let link = disk.link(at).filter(|_| disk.holds(at));
            let Some(link) = link else {
                chain.end = End::Range(at);
                break;
            };
            if !seen.insert(at) {
                chain.end = End::Loop(at);
                break;
            }
            chain.sectors.push(at);
            match link {
                Link::Next(next) => at = next,
                Link::Last(index) => {
                    chain.end = End::Last(index);
                    break;
                }
                Link::Unread => {
                    chain.end = End::Unread;
                    break;
                }
            }
        }
        disk.context.step(chain.sectors.len() as u64)?;
        Ok(chain)
    }

    /// True when it ends as a file does.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.end, End::Last(_) | End::Empty)
    }

    /// Bytes of a file in its last sector.
    pub(super) fn tail(&self) -> u64 {
        match self.end {
            End::Last(index) => u64::from(index).saturating_sub(1),
            _ => DATA,
        }
    }
}
