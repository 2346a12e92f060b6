//! Chains that do not end as they should, and scratched files.
//!
//! Scratching sets the type byte to zero and frees the sectors; everything
//! else stays until it is written over. The directory's count of blocks is the
//! second witness of a chain: it tells how much is missing behind a break.

use std::collections::{BTreeMap, BTreeSet};

use floptical_model::finding::{FS_BLOCK_SHARED, FS_BLOCKS_FOUND, FS_BLOCKS_LOST, FS_LINK_LOOP, FS_LINK_RANGE};
use floptical_model::{Recovery, Result};

use super::bam::Bam;
use super::chain::{Chain, End};
use super::content;
use super::disk::{At, DATA, Link};
use super::record::{PARTITION, Record};
use super::tree::Tree;

impl Tree<'_> {
    /// Mend the chains of the entries from `first` on, claim their sectors, and
    /// say where their bytes lie.
    pub(super) fn settle(&mut self, first: usize, bam: &Bam) -> Result<()> {
        let files: Vec<usize> = (first..self.nodes.len())
            .filter(|i| self.nodes.get(*i).is_some_and(|n| n.record.kind() != PARTITION))
            .collect();
        let mut heads: BTreeMap<At, usize> = BTreeMap::new();
        for index in &files {
            if let Some(head) = self.nodes.get(*index).and_then(|n| n.chain.sectors.first()) {
                heads.entry(*head).or_insert(*index);
            }
        }
        for index in &files {
            self.cut(*index, &heads);
            self.claim(*index);
        }
        self.join(&files, bam)?;
        for index in files {
            self.place(index)?;
        }
        Ok(())
    }

    /// End a chain where it runs into another file or into itself, if the
    /// directory counts no more sectors; say how many are missing otherwise.
    fn cut(&mut self, index: usize, heads: &BTreeMap<At, usize>) {
        let Some(node) = self.nodes.get_mut(index) else { return };
        let counted = usize::from(node.record.blocks()).saturating_sub(node.beside.len());
        let found = node.chain.sectors.len();
        let other = node.chain.sectors.iter().skip(1).position(|at| heads.get(at).is_some_and(|i| *i != index));
        let other = other.map(|p| p.saturating_add(1)).filter(|p| *p <= counted && counted != found);
        if let Some(at) = other {
            node.chain.sectors.truncate(at);
            node.note(&FS_BLOCK_SHARED, format!("its chain runs into another file after {at} sectors"));
        } else {
            match node.chain.end {
                End::Last(_) | End::Empty => return,
                End::Loop(at) => node.note(&FS_LINK_LOOP, format!("its chain comes back to {at}")),
                End::Range(at) => node.note(&FS_LINK_RANGE, format!("its chain leads to {at}")),
                End::Unread => {}
            }
        }
        node.endless = true;
        node.lacking = counted.saturating_sub(node.chain.sectors.len());
    }

    /// Where files lack sectors: chains of just their number that nothing
    /// leads to. Only where there is one such file and one such chain.
    fn join(&mut self, files: &[usize], bam: &Bam) -> Result<()> {
        let mut lacking: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in files {
            let count = self.nodes.get(*index).map_or(0, |n| n.lacking);
            lacking.entry(count).or_default().push(*index);
        }
        lacking.remove(&0);
        if lacking.is_empty() {
            return Ok(());
        }
        let mut loose: BTreeMap<usize, Vec<Chain>> = BTreeMap::new();
        for chain in self.loose(bam)? {
            loose.entry(chain.sectors.len()).or_default().push(chain);
        }
        for (count, files) in lacking {
            let (&[index], Some([chain])) = (&files[..], loose.get(&count).map(Vec::as_slice)) else { continue };
            let Some(node) = self.nodes.get_mut(index) else { continue };
            let chain = chain.clone();
            self.claims.extend(chain.sectors.iter().map(|at| (*at, Some(index))));
            node.note(&FS_BLOCKS_FOUND, format!("{count} sectors that nothing else leads to"));
            node.chain.sectors.extend(chain.sectors);
            node.chain.end = chain.end;
            (node.endless, node.lacking) = (false, 0);
        }
        Ok(())
    }

    /// Whole chains in sectors that are in use and that nothing claims.
    fn loose(&self, bam: &Bam) -> Result<Vec<Chain>> {
        let disk = self.disk;
        let free = |at: &At| self.claims.contains_key(at) || bam.is_free(*at) == Some(true);
        let all: Vec<At> = disk.shape.each(1..=disk.shape.tracks).filter(|at| !free(at)).collect();
        let led_to: BTreeSet<At> = all
            .iter()
            .filter_map(|at| match disk.link(*at) {
                Some(Link::Next(next)) => Some(next),
                _ => None,
            })
            .collect();
        let mut chains = Vec::new();
        for head in all.iter().filter(|at| !led_to.contains(at)) {
            let chain = Chain::follow(disk, *head)?;
            let known = bam.is_free(*head).is_some() || chain.sectors.len() > 1;
            let ends = matches!(chain.end, End::Last(2..));
            if known && ends && !chain.sectors.iter().any(free) {
                chains.push(chain);
            }
        }
        Ok(chains)
    }

    /// Say where the bytes of a file lie, and how many there should be.
    fn place(&mut self, index: usize) -> Result<()> {
        let Some(node) = self.nodes.get_mut(index) else { return Ok(()) };
        if node.pieces.is_empty() {
            let tail = match node.chain.sectors.last() {
                Some(last) if node.endless && node.lacking == 0 => content::until_zeros(self.disk, *last)?,
                _ => node.chain.tail(),
            };
            node.pieces = content::pieces(self.disk, &node.chain.sectors, tail);
        }
        node.size = node.placed();
        if node.endless && node.lacking == 0 {
            node.note(&FS_BLOCKS_FOUND, "its last byte is not recorded; zeros at its end are left out");
        } else if node.lacking > 0 {
            node.note(&FS_BLOCKS_LOST, format!("{} sectors", node.lacking));
            let lost = (node.lacking as u64).min(self.disk.shape.count().into()).saturating_mul(DATA);
            node.size = node.size.saturating_add(lost);
        }
        Ok(())
    }

    /// Add a scratched entry, with what can be had of it.
    pub(super) fn bury(&mut self, parent: Option<usize>, record: Record) -> Result<()> {
        let index = self.add(parent, record);
        self.trace(index)?;
        let Some(node) = self.nodes.get_mut(index) else { return Ok(()) };
        let (counted, found) = (usize::from(node.record.blocks()), node.chain.sectors.len());
        let free = node.chain.sectors.iter().position(|at| self.claims.contains_key(at)).unwrap_or(found);
        let sound = free == found && node.chain.is_whole();
        let tail = if sound { node.chain.tail() } else { DATA };
        node.chain.sectors.truncate(free);
        node.notes.clear();
        if node.pieces.is_empty() || !sound {
            node.pieces = content::pieces(self.disk, &node.chain.sectors, tail);
        }
        node.size = node.placed();
        let told = counted.saturating_sub(node.beside.len());
        node.deleted = Some(match () {
            // An unclosed file was counted as 0.
            () if sound && (found == told || told == 0) || found == 0 && node.record.start().track == 0 => {
                Recovery::Whole
            }
            () if free == 0 => Recovery::None,
            () => Recovery::Partial(node.size.min((told as u64).saturating_mul(DATA))),
        });
        Ok(())
    }
}
