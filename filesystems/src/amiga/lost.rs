//! Entries that no hash chain leads to: those behind a broken chain, those
//! whose header is destroyed, and deleted ones.
//!
//! AmigaDOS deletes an entry by taking it out of its chain and freeing its
//! blocks; the header stays as it is. So an unreached header is a deleted
//! entry, unless the chain that should lead to it is broken and the bitmap
//! does not say that its block is free.

use floptical_model::finding::FS_UNREACHED;
use floptical_model::{Name, Recovery, Result};

use super::block::{Header, Kind, SLOTS};
use super::content::Reader;
use super::date::Moment;
use super::name::{hash, latin1};
use super::tree::Tree;

/// Rounds of a search that finds one level of directories each.
const ROUNDS: u32 = 64;

impl Tree<'_> {
    /// Take in the live entries that broken chains hide.
    pub(super) fn adopt(&mut self) -> Result<()> {
        for _ in 0..ROUNDS {
            let found: Vec<(Option<usize>, Header)> = self
                .unreached()
                .filter(|h| self.map.is_free(h.number) != Some(true))
                .filter_map(|h| Some((self.home(h)?, h.clone())))
                .filter(|(home, h)| self.is_hidden(*home, h))
                .collect();
            if found.is_empty() {
                break;
            }
            for (home, header) in found {
                if self.reached.contains_key(&header.number) {
                    continue;
                }
                let index = self.add(home, header);
                self.note(Some(index), &FS_UNREACHED, "the chain that should lead to it is broken");
                if self.nodes.get(index).is_some_and(|n| n.header.is_directory()) {
                    self.grow(Some(index))?;
                }
            }
        }
        Ok(())
    }

    fn unreached(&self) -> impl Iterator<Item = &Header> {
        self.survey
            .headers
            .values()
            .filter(|h| !self.reached.contains_key(&h.number) && !self.claims.contains(&h.number))
    }

    /// The directory that a header says it is in, if that is known.
    fn home(&self, header: &Header) -> Option<Option<usize>> {
        if header.parent == self.root_number {
            return Some(None);
        }
        let index = *self.reached.get(&header.parent)?;
        self.nodes.get(index).filter(|n| n.header.is_directory()).map(|_| Some(index))
    }

    /// True when the chain that should lead to a header is broken.
    fn is_hidden(&self, home: Option<usize>, header: &Header) -> bool {
        let dead = home.and_then(|i| self.nodes.get(i)).is_some_and(|n| n.deleted.is_some());
        let broken = |international| self.broken.contains(&(header.parent, hash(&header.name, international)));
        let lost = home.is_none() && self.root.is_none();
        !dead && (lost || self.flavour.international.map_or_else(|| broken(false) || broken(true), broken))
    }

    /// Take in the files of OFS whose header is destroyed: their data blocks
    /// still name it. The cache of the directory may know what they are.
    pub(super) fn revive(&mut self) -> Result<()> {
        for absent in std::mem::take(&mut self.absent) {
            let Some(last) = self.survey.last(absent.number) else { continue };
            if self.reached.contains_key(&absent.number) || last > self.device.count {
                continue;
            }
            let cached = self.cached.get(&absent.number);
            let name = cached.map(|c| c.name.clone()).unwrap_or_default();
            let tail = match self.survey.data(absent.number, last) {
                Some(block) => self.device.block(block)?.map_or(0, |b| b.long(3)),
                None => 0,
            };
            let told = last.saturating_sub(1).saturating_mul(488).saturating_add(tail.min(488));
            let size = cached.map_or(told, |c| c.size);
            let unknown = Moment { days: 0, minutes: 0, ticks: 0 };
            let header = Header {
                number: absent.number,
                own: absent.number,
                kind: Kind::File,
                sound: true,
                comment: Vec::new(),
                comment_block: 0,
                owner: 0,
                protection: 0,
                size,
                changed: unknown,
                slots: [0; SLOTS],
                real: 0,
                next: 0,
                parent: self.number(absent.parent),
                extension: 0,
                target: Vec::new(),
                name,
            };
            let index = self.add(absent.parent, header);
            let Some(node) = self.nodes.get_mut(index) else { continue };
            node.revived = true;
            if node.name.raw.is_empty() {
                node.name = Name { text: latin1(format!("block {}", absent.number).as_bytes()), ..node.name.clone() };
            }
            node.notes.push((&FS_UNREACHED, "its header is destroyed; its data blocks name it".into()));
        }
        Ok(())
    }

    /// Take in what was deleted.
    pub(super) fn dig(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        for round in 0..=ROUNDS {
            let known = |h: &Header| self.home(h).is_some() || !self.survey.headers.contains_key(&h.parent);
            let found: Vec<Header> = self.unreached().filter(|h| round == ROUNDS || known(h)).cloned().collect();
            for header in found {
                if !self.reached.contains_key(&header.number) {
                    self.bury(header)?;
                }
            }
        }
        self.weigh(reader)
    }

    /// Add a deleted entry, and what its hash table leads to.
    fn bury(&mut self, header: Header) -> Result<()> {
        let home = self.home(&header).flatten();
        let number = header.number;
        let index = self.add(home, header);
        self.claims.remove(&number);
        let Some(node) = self.nodes.get_mut(index) else { return Ok(()) };
        node.deleted = Some(Recovery::Whole);
        node.notes.clear();
        if node.header.is_directory() { self.grow(Some(index)) } else { Ok(()) }
    }

    /// Find how much of each deleted file can be had, the youngest first: what
    /// it took is not an older one's any more.
    fn weigh(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        let is_file =
            |i: &usize| self.nodes.get(*i).is_some_and(|n| n.deleted.is_some() && n.header.kind == Kind::File);
        let mut files: Vec<usize> = (0..self.nodes.len()).filter(is_file).collect();
        files.sort_by_key(|i| std::cmp::Reverse(self.nodes.get(*i).map(|n| n.header.changed)));
        let mut taken = self.claims.clone();
        for index in files {
            let Some(node) = self.nodes.get_mut(index) else { continue };
            let mut content = reader.read(&node.header, |b| taken.contains(&b))?;
            taken.extend(&content.blocks);
            node.deleted = Some(match content.sure {
                None => Recovery::Whole,
                Some(0) => Recovery::None,
                Some(sure) => Recovery::Partial(sure),
            });
            if node.deleted == Some(Recovery::None) {
                content.pieces.clear();
            }
            node.content = content;
        }
        Ok(())
    }
}
