//! Clusters that no table tells: a search for what fits, for files whose chain
//! is broken.
//!
//! In this order, each rule for all files before the next:
//! 1. right behind the break begins a chain that no file claims, and it has
//!    exactly the length that is missing;
//! 2. as many unclaimed chains have the missing length as files lack it: they
//!    are given in order (systems that fill a disk keep that order);
//! 3. all clusters right behind the break are claimed by nobody and not marked
//!    bad, as many as are missing.
//!
//! A file that ends with a proper mark before its size gets rule 1 only: there
//! the size may be what is wrong. What was found this way says so
//! (`fat.clusters-guessed`).

use std::collections::BTreeMap;

use floptical_model::Result;
use floptical_model::finding::{FS_CHAIN_SHORT, FS_CLUSTERS_GUESSED, FS_LOST_CHAIN};

use super::directory::{Slab, dot, plausible};
use super::table::{End, Link, Runs, Source};
use super::tree::{Owner, Tree, is_directory};

impl Tree<'_> {
    /// Complete the files whose chains do not reach their size, where
    /// something fits.
    pub(super) fn complete(&mut self) {
        let mut broken: Vec<usize> = (0..self.nodes.len()).filter(|i| self.lacks(*i) > 0).collect();
        let mut lost = self.lost_chains();
        broken.retain(|i| !self.behind_the_break(*i, &mut lost));
        self.by_length(&broken, &mut lost);
        broken.retain(|i| self.lacks(*i) > 0 && !self.straight_on(*i));
        for index in broken {
            let Some(node) = self.nodes.get_mut(index) else { continue };
            if node.end != End::Short {
                let have = u64::from(node.clusters.count()).saturating_mul(self.shape.cluster()).min(node.size());
                let message = format!("{have} of {} bytes can be had", node.size());
                node.note(&FS_CHAIN_SHORT, message);
            }
        }
        self.note_lost();
    }

    /// Clusters that a live file lacks.
    fn lacks(&self, index: usize) -> u32 {
        let Some(node) = self.nodes.get(index).filter(|n| n.is_live_file()) else { return 0 };
        match node.end {
            End::Effort => 0,
            end if end.is_enough() => 0,
            _ => self.shape.need(node.size()).saturating_sub(node.clusters.count()),
        }
    }

    /// Whole chains of which no file claims a cluster, by their first one.
    fn lost_chains(&mut self) -> BTreeMap<u32, Runs> {
        let mut lost = BTreeMap::new();
        if self.table.gone().all(|gone| gone) {
            return lost;
        }
        let used = |tree: &Self, c: u32| {
            tree.is_unclaimed(c) && matches!(tree.table.link(Source::Mixed, c), Link::Next(_) | Link::End)
        };
        let all: Vec<u32> = (2..=self.table.last()).filter(|c| used(self, *c)).collect();
        let mut led_to: Vec<u32> = Vec::new();
        for cluster in &all {
            if let Link::Next(next) = self.table.link(Source::Mixed, *cluster) {
                led_to.push(next);
            }
        }
        led_to.sort_unstable();
        for head in all.into_iter().filter(|c| led_to.binary_search(c).is_err()) {
            let chain = self.table.follow(Source::Mixed, head, None, &mut self.walker);
            if chain.end == End::Exact && chain.clusters.iter().all(|c| self.is_unclaimed(c)) {
                lost.insert(head, chain.clusters);
            }
        }
        lost
    }

    /// Give clusters to a file, with the reason.
    fn give(&mut self, index: usize, clusters: &Runs, why: &str) {
        clusters.iter().for_each(|c| self.claim(c, Owner::Node(index)));
        let Some(node) = self.nodes.get_mut(index) else { return };
        let from = u64::from(node.clusters.count()).saturating_mul(self.shape.cluster());
        clusters.iter().for_each(|c| node.clusters.push(c));
        let first = clusters.iter().next().unwrap_or(0);
        node.note(&FS_CLUSTERS_GUESSED, format!("from byte {from} on: {why} at cluster {first}"));
    }

    fn next_cluster(&self, index: usize) -> Option<u32> {
        self.nodes.get(index)?.clusters.last()?.checked_add(1)
    }

    /// Rule 1.
    fn behind_the_break(&mut self, index: usize, lost: &mut BTreeMap<u32, Runs>) -> bool {
        let lacks = self.lacks(index);
        let Some(next) = self.next_cluster(index) else { return false };
        if lost.get(&next).is_none_or(|chain| chain.count() != lacks) {
            return false;
        }
        if let Some(chain) = lost.remove(&next) {
            self.give(index, &chain, "an unclaimed chain of the missing length begins behind the break");
        }
        true
    }

    /// Rule 2.
    fn by_length(&mut self, broken: &[usize], lost: &mut BTreeMap<u32, Runs>) {
        let mut wanted: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for index in broken {
            if self.nodes.get(*index).is_some_and(|n| n.end != End::Short) {
                wanted.entry(self.lacks(*index)).or_default().push(*index);
            }
        }
        for (length, files) in wanted {
            let heads: Vec<u32> = lost.iter().filter(|(_, c)| c.count() == length).map(|(head, _)| *head).collect();
            if heads.len() != files.len() {
                continue;
            }
            let why = match files.len() {
                1 => "the only unclaimed chain of the missing length",
                _ => "one of as many unclaimed chains of the missing length as files lack, in order,",
            };
            for (index, head) in files.into_iter().zip(heads) {
                if let Some(chain) = lost.remove(&head) {
                    self.give(index, &chain, why);
                }
            }
        }
    }

    /// Rule 3.
    fn straight_on(&mut self, index: usize) -> bool {
        let lacks = self.lacks(index);
        let short = self.nodes.get(index).is_none_or(|n| n.end == End::Short);
        let (Some(next), false) = (self.next_cluster(index), short) else { return false };
        let Some(end) = next.checked_add(lacks).filter(|end| *end <= self.table.last().saturating_add(1)) else {
            return false;
        };
        let fits =
            |tree: &mut Self, c: u32| tree.walker.step() && tree.is_unclaimed(c) && tree.table.best(c) != Link::Bad;
        if !(next..end).all(|c| fits(self, c)) {
            return false;
        }
        let mut clusters = Runs::default();
        (next..end).for_each(|c| clusters.push(c));
        self.give(index, &clusters, "the clusters behind the break are claimed by nobody,");
        true
    }

    /// Say which clusters are in use and belong to nothing.
    fn note_lost(&mut self) {
        if self.table.gone().all(|gone| gone) {
            return;
        }
        let used = |c: &u32| self.is_unclaimed(*c) && matches!(self.table.best(*c), Link::Next(_) | Link::End);
        let (mut runs, mut more) = (Runs::default(), 0u32);
        for cluster in (2..=self.table.last()).filter(used) {
            if runs.runs().len() < 8 || runs.last().and_then(|l| l.checked_add(1)) == Some(cluster) {
                runs.push(cluster);
            } else {
                more = more.saturating_add(1);
            }
        }
        if runs.count() > 0 {
            let shown: Vec<String> =
                runs.runs().iter().map(|r| format!("{}-{}", r.start, r.end.saturating_sub(1))).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.notes.push((&FS_LOST_CHAIN, format!("clusters {}{more}", shown.join(", "))));
        }
    }

    /// Continue a directory whose chain is broken with the clusters behind the
    /// break, as long as they hold entries and nobody claims them.
    pub(super) fn continue_directory(&mut self, index: usize, clusters: &mut Runs) -> Result<()> {
        let from = clusters.count();
        while let Some(next) = clusters.last().and_then(|c| c.checked_add(1)).filter(|c| self.is_unclaimed(*c)) {
            let slabs = self.sectors(&[next].into_iter().collect())?;
            if !self.walker.step() || !continues(&slabs) {
                break;
            }
            self.claim(next, Owner::Node(index));
            clusters.push(next);
        }
        let more = clusters.count().saturating_sub(from);
        if more > 0 {
            self.note(index, &FS_CLUSTERS_GUESSED, format!("{more} clusters behind the break hold entries"));
        }
        Ok(())
    }
}

/// True when sectors can be the continuation of a directory.
pub(super) fn continues(slabs: &[Slab]) -> bool {
    let first = slabs.first().filter(|s| !s.missing).and_then(|s| s.bytes.first_chunk::<32>());
    first.is_some_and(|e| e[0] != 0 && dot(e).is_none() && plausible(e)) && is_directory(slabs)
}

impl FromIterator<u32> for Runs {
    fn from_iter<T: IntoIterator<Item = u32>>(clusters: T) -> Self {
        let mut runs = Self::default();
        clusters.into_iter().for_each(|c| runs.push(c));
        runs
    }
}
