//! Entries that are deleted or stand behind an end mark.
//!
//! Deleting clears the chain in the tables; start and size stay. The file is
//! looked for in the free clusters from its start on, in order: clusters in
//! use were most likely so when it was written, and it went around them. Where
//! a cluster that a plain run would have taken belongs to a file of a later
//! date, it was most likely used again; then only what lies before is sure.

use std::collections::BTreeSet;

use floptical_model::finding::{FS_BEYOND_END, FS_CLUSTERS_REUSED, FS_EFFORT};
use floptical_model::{Recovery, Result};

use super::directory::{Slab, Standing, dot, list};
use super::recover::continues;
use super::table::{End, Link, Runs, Source};
use super::tree::{Node, Owner, Tree};

/// Bytes that a directory can have at most (FAT specification: 65536 entries).
const DIRECTORY: u64 = 65536 * 32;

impl Tree<'_> {
    /// Find the content of everything that is not live; deleted directories
    /// bring their own entries.
    pub(super) fn dig(&mut self) -> Result<()> {
        let mut claims = vec![0u32; usize::try_from(self.table.last()).unwrap_or(usize::MAX).saturating_add(1)];
        let mut starts = BTreeSet::new();
        let mut index = 0usize;
        while index < self.nodes.len() {
            self.context.step(1)?;
            let Some(node) = self.nodes.get(index).filter(|n| n.deleted.is_some()) else {
                index = index.saturating_add(1);
                continue;
            };
            let (is_directory, start, deep) =
                (node.record.is_directory(), node.start, self.context.depth(node.depth).is_err());
            if node.record.standing == Standing::Beyond {
                self.note(index, &FS_BEYOND_END, "it stands behind the end mark of its directory");
            }
            if is_directory && deep {
                self.note(index, &FS_EFFORT, "too deep; not read");
            } else if is_directory && starts.insert(start) {
                self.dig_directory(index)?;
            } else if !is_directory {
                self.dig_file(index);
                self.note_shared(index, &mut claims);
            }
            index = index.saturating_add(1);
        }
        Ok(())
    }

    fn is_free(&self, cluster: u32) -> bool {
        let blind = self.table.gone().all(|gone| gone);
        self.is_unclaimed(cluster) && (blind || self.table.best(cluster) == Link::Free)
    }

    fn dig_file(&mut self, index: usize) {
        let Some(node) = self.nodes.get(index) else { return };
        let (start, size, need) = (node.start, node.size(), self.shape.need(node.size()));
        let (clusters, recovery) = if size == 0 || node.record.is_label() {
            (Runs::default(), Recovery::Whole)
        } else if let Owner::Node(owner) = self.owner(start) {
            let message = format!("its first cluster, {start}, belongs to {} now", self.path(owner));
            self.note(index, &FS_CLUSTERS_REUSED, message);
            (Runs::default(), Recovery::None)
        } else if !self.is_unclaimed(start) || need > self.shape.clusters() {
            (Runs::default(), Recovery::None)
        } else if self.is_free(start) {
            self.walk_free(index, need)
        } else {
            self.kept_chain(start, need)
        };
        if let Some(node) = self.nodes.get_mut(index) {
            node.clusters = clusters;
            node.deleted = Some(recovery);
        }
    }

    fn bytes(&self, clusters: u32) -> u64 {
        u64::from(clusters).saturating_mul(self.shape.cluster())
    }

    /// The tables still have the chain: the entry was hidden, or the system
    /// stopped half way.
    fn kept_chain(&mut self, start: u32, need: u32) -> (Runs, Recovery) {
        let chain = self.table.chain(start, Some(need), &mut self.walker);
        let own: Runs = chain.clusters.iter().take_while(|c| self.is_unclaimed(*c)).collect();
        let recovery = match own.count() {
            0 => Recovery::None,
            n if n == need && chain.end == End::Exact => Recovery::Whole,
            n => Recovery::Partial(self.bytes(n)),
        };
        (own, recovery)
    }

    /// Take free clusters from the start on.
    fn walk_free(&mut self, index: usize, need: u32) -> (Runs, Recovery) {
        let (mut clusters, mut sure) = (Runs::default(), None);
        let Some(start) = self.nodes.get(index).map(|n| n.start) else { return (clusters, Recovery::None) };
        let plain_end = start.saturating_add(need);
        for cluster in start..=self.table.last() {
            if clusters.count() == need || !self.walker.step() {
                break;
            }
            if self.is_free(cluster) {
                clusters.push(cluster);
            } else if cluster < plain_end && sure.is_none() && self.is_younger(cluster, index) {
                sure = Some(clusters.count());
            }
        }
        let complete = clusters.count() == need;
        if let Some(sure) = sure {
            let message = format!("a younger file lies where byte {} may have been", self.bytes(sure));
            self.note(index, &FS_CLUSTERS_REUSED, message);
        }
        let recovery = match sure {
            Some(sure) => Recovery::Partial(self.bytes(sure)),
            None if complete => Recovery::Whole,
            None => Recovery::Partial(self.bytes(clusters.count())),
        };
        (clusters, recovery)
    }

    /// True when the file at a cluster has a later date than a deleted one.
    fn is_younger(&self, cluster: u32, than: usize) -> bool {
        let stamp = |node: &Node, time: usize, date: usize| {
            u32::from(node.record.word(date)) << 16 | u32::from(node.record.word(time))
        };
        let Owner::Node(other) = self.owner(cluster) else { return false };
        let (Some(other), Some(own)) = (self.nodes.get(other), self.nodes.get(than)) else { return false };
        let made = if self.style.human { 0 } else { stamp(other, 14, 16) };
        stamp(other, 22, 24).max(made) > stamp(own, 22, 24)
    }

    /// Say where two deleted files claim one cluster.
    fn note_shared(&mut self, index: usize, claims: &mut [u32]) {
        let Some(node) = self.nodes.get(index) else { return };
        let mut other = None;
        for cluster in node.clusters.iter() {
            let Some(claim) = usize::try_from(cluster).ok().and_then(|c| claims.get_mut(c)) else { continue };
            if *claim == 0 {
                *claim = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
            } else if other.is_none() {
                other = usize::try_from(claim.saturating_sub(1)).ok().map(|i| (i, cluster));
            }
        }
        if let Some((other, cluster)) = other {
            let (own, first) = (self.path(index), self.path(other));
            self.note(index, &FS_CLUSTERS_REUSED, format!("cluster {cluster} is claimed by deleted {first} too"));
            self.note(other, &FS_CLUSTERS_REUSED, format!("cluster {cluster} is claimed by deleted {own} too"));
        }
    }

    /// A deleted directory is there when its first cluster begins with `.` and
    /// belongs to nothing that lives; it goes on in free clusters that hold
    /// entries, up to an end mark.
    fn dig_directory(&mut self, index: usize) -> Result<()> {
        let Some(start) = self.nodes.get(index).map(|n| n.start).filter(|s| self.is_unclaimed(*s)) else {
            return Ok(());
        };
        let mut clusters: Runs = [start].into_iter().collect();
        let mut slabs = self.sectors(&clusters)?;
        if !begins(&slabs) {
            return Ok(());
        }
        let mut next = start;
        while !list(&slabs).ended && self.bytes(clusters.count()) < DIRECTORY && self.walker.step() {
            let following = match self.table.link(Source::Mixed, next) {
                Link::Next(cluster) => Some(cluster),
                _ => next.checked_add(1),
            };
            let Some(cluster) = following.filter(|c| self.is_unclaimed(*c)) else { break };
            let more = self.sectors(&[cluster].into_iter().collect())?;
            if !continues(&more) {
                break;
            }
            clusters.push(cluster);
            slabs.extend(more);
            next = cluster;
        }
        if let Some(node) = self.nodes.get_mut(index) {
            node.clusters = clusters;
            node.deleted = Some(Recovery::Whole);
        }
        self.plant(&slabs, Some(index))?;
        Ok(())
    }
}

/// True when sectors begin with `.`.
fn begins(slabs: &[Slab]) -> bool {
    let first = slabs.first().filter(|s| !s.missing).and_then(|s| s.bytes.first_chunk::<32>());
    first.and_then(dot) == Some(0)
}
