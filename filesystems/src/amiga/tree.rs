//! The tree of directories, files and links that the hash tables lead to.

use std::collections::{BTreeMap, BTreeSet};

use floptical_model::finding::{
    AMIGA_CACHE, AMIGA_HASH, FS_BLOCK_KIND, FS_BLOCK_SHARED, FS_CHECKSUM, FS_DATE_INVALID, FS_EFFORT, FS_FIELDS_DIFFER,
    FS_LINK_LOOP, FS_LINK_RANGE,
};
use floptical_model::{Code, Name, Recovery, Result};

use super::block::{Device, Header, Kind, SLOTS};
use super::cache::Cache;
use super::content::{Content, Reader};
use super::name::{hash, name};
use super::survey::Survey;
use super::{Flavour, map::Map};
use crate::listing::Note;

/// An entry while the tree is built.
#[derive(Debug)]
pub(super) struct Node {
    pub header: Header,
    pub name: Name,
    pub children: Vec<usize>,
    pub depth: u32,
    /// `Some` for what was deleted.
    pub deleted: Option<Recovery>,
    /// Whether its header is destroyed, and what it said is lost.
    pub revived: bool,
    pub content: Content,
    pub notes: Vec<Note>,
}

/// A header that a chain points at and that cannot be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Absent {
    pub number: u32,
    pub parent: Option<usize>,
}

/// The entries of a volume.
pub(super) struct Tree<'a> {
    pub device: Device<'a>,
    pub survey: &'a Survey,
    pub flavour: Flavour,
    /// The header of the root; `None` when it is lost.
    pub root: Option<&'a Header>,
    /// The number of the root.
    pub root_number: u32,
    pub map: &'a Map,
    pub nodes: Vec<Node>,
    pub roots: Vec<usize>,
    /// Entries by the number of their header.
    pub reached: BTreeMap<u32, usize>,
    /// Blocks that live entries claim.
    pub claims: BTreeSet<u32>,
    /// Hash chains, by directory and slot, that end before they should.
    pub broken: BTreeSet<(u32, usize)>,
    pub absent: Vec<Absent>,
    /// Cached entries by the number of their header.
    pub cached: BTreeMap<u32, super::cache::Cached>,
    /// What was noticed of the root.
    pub notes: Vec<Note>,
}

impl Tree<'_> {
    /// Note something of a node, or of the root.
    pub(super) fn note(&mut self, at: Option<usize>, code: &'static Code, message: impl Into<String>) {
        let notes = at.and_then(|i| self.nodes.get_mut(i)).map_or(&mut self.notes, |n| &mut n.notes);
        notes.push((code, message.into()));
    }

    /// Read all that a directory leads to; `None` is the root.
    pub(super) fn grow(&mut self, from: Option<usize>) -> Result<()> {
        let mut pending = vec![from];
        while let Some(at) = pending.pop() {
            let first = self.nodes.len();
            self.list(at)?;
            let directories =
                (first..self.nodes.len()).filter(|i| self.header(Some(*i)).is_some_and(Header::is_directory));
            pending.extend(directories.map(Some).collect::<Vec<_>>());
        }
        Ok(())
    }

    /// The header of a node, or of the root.
    fn header(&self, at: Option<usize>) -> Option<&Header> {
        at.map_or(self.root, |i| self.nodes.get(i).map(|n| &n.header))
    }

    /// The number of a directory.
    pub(super) fn number(&self, at: Option<usize>) -> u32 {
        self.header(at).map_or(self.root_number, |h| h.number)
    }

    /// Read the entries of one directory.
    fn list(&mut self, at: Option<usize>) -> Result<()> {
        let Some(header) = self.header(at).cloned() else { return Ok(()) };
        let depth = at.and_then(|i| self.nodes.get(i)).map_or(0, |n| n.depth);
        if self.device.context.depth(depth).is_err() {
            self.note(at, &FS_EFFORT, "too deep; not read");
            self.broken.extend((0..SLOTS).map(|slot| (header.number, slot)));
            return Ok(());
        }
        for (slot, first) in header.slots.iter().enumerate() {
            self.chain(at, header.number, slot, *first)?;
        }
        if header.extension != 0 && self.flavour.cached {
            self.compare_cache(at, &header)?;
        }
        Ok(())
    }

    /// Follow one hash chain of a directory.
    fn chain(&mut self, at: Option<usize>, directory: u32, slot: usize, first: u32) -> Result<()> {
        let dead = at.and_then(|i| self.nodes.get(i)).is_some_and(|n| n.deleted.is_some());
        let mut next = first;
        while next != 0 {
            let header = if self.device.holds(next) { self.device.block(next)? } else { None };
            let header = header.and_then(|b| Header::read(next, &b, self.flavour.long_names));
            let trouble = match &header {
                // What a deleted directory pointed at may be anything by now.
                Some(h) if dead && (h.parent != directory || !h.sound || self.claims.contains(&next)) => None,
                _ if !self.device.holds(next) => Some((&FS_LINK_RANGE, "outside the volume")),
                _ if self.reached.contains_key(&next) => Some((&FS_LINK_LOOP, "which is an entry already")),
                Some(h) if h.kind != Kind::Root => {
                    next = self.attach(at, slot, h.clone());
                    continue;
                }
                _ => {
                    self.absent.push(Absent { number: next, parent: at });
                    Some((&FS_BLOCK_KIND, "which holds no entry that can be read"))
                }
            };
            if let Some((code, why)) = trouble.filter(|_| !dead) {
                self.note(at, code, format!("the chain of slot {slot} leads to block {next}, {why}"));
                self.broken.insert((directory, slot));
            }
            break;
        }
        Ok(())
    }

    /// Take an entry into a directory; the next in its chain.
    fn attach(&mut self, parent: Option<usize>, slot: usize, header: Header) -> u32 {
        let next = header.next;
        let index = self.add(parent, header);
        let Some(node) = self.nodes.get_mut(index).filter(|n| n.deleted.is_none()) else { return next };
        let hashes = [false, true].map(|international| hash(&node.header.name, international));
        let right = match self.flavour.international {
            Some(international) => hashes.get(usize::from(international)) == Some(&slot),
            None => hashes.contains(&slot),
        };
        if !right {
            node.notes.push((&AMIGA_HASH, format!("it stands in slot {slot}")));
        }
        next
    }

    /// Add an entry below a directory and note what is wrong with its header.
    pub(super) fn add(&mut self, parent: Option<usize>, header: Header) -> usize {
        let index = self.nodes.len();
        let above = parent.and_then(|i| self.nodes.get(i));
        let dead = above.is_some_and(|n| n.deleted.is_some());
        let depth = above.map_or(0, |n| n.depth).saturating_add(1);
        let directory = self.number(parent);
        let mut notes: Vec<Note> = Vec::new();
        if !header.sound {
            notes.push((&FS_CHECKSUM, format!("of its header, block {}", header.number)));
        }
        if header.own != header.number && header.sound {
            notes.push((&FS_FIELDS_DIFFER, format!("its header says that it is block {}", header.own)));
        }
        if header.parent != directory {
            notes.push((
                &FS_FIELDS_DIFFER,
                format!("its header says that it is in the directory of block {}", header.parent),
            ));
        }
        if !header.changed.is_valid() {
            notes.push((&FS_DATE_INVALID, header.changed.to_string()));
        }
        let name = name(&header.name);
        self.reached.insert(header.number, index);
        if !dead {
            self.claims.insert(header.number);
        }
        match parent.and_then(|i| self.nodes.get_mut(i)) {
            Some(above) => above.children.push(index),
            None => self.roots.push(index),
        }
        let deleted = dead.then_some(Recovery::Whole);
        self.nodes.push(Node {
            header,
            name,
            children: Vec::new(),
            depth,
            deleted,
            revived: false,
            content: Content::default(),
            notes,
        });
        index
    }

    /// Hold the cache of a directory against what was listed.
    fn compare_cache(&mut self, at: Option<usize>, header: &Header) -> Result<()> {
        let cache = Cache::load(self.device, header.extension, header.number)?;
        let children = at.and_then(|i| self.nodes.get(i)).map_or(&self.roots, |n| &n.children);
        let listed: BTreeMap<u32, &Header> =
            children.iter().filter_map(|i| self.nodes.get(*i)).map(|n| (n.header.number, &n.header)).collect();
        let alike = |number: &u32, cached: &super::cache::Cached| {
            listed.get(number).is_some_and(|h| h.name == cached.name && (h.kind != Kind::File || h.size == cached.size))
        };
        let differing = cache.entries.iter().filter(|(number, cached)| !alike(number, cached)).count();
        let missing = listed.keys().filter(|number| !cache.entries.contains_key(number)).count();
        let dead = at.and_then(|i| self.nodes.get(i)).is_some_and(|n| n.deleted.is_some());
        if (differing > 0 || missing > 0 || !cache.whole) && !dead {
            let whole = if cache.whole { "" } else { "; the cache is damaged" };
            let text = format!("{differing} entries of the cache differ, {missing} are not in it{whole}");
            self.note(at, &AMIGA_CACHE, text);
        }
        if !dead {
            self.claims.extend(&cache.blocks);
            self.cached.extend(cache.entries);
        }
        Ok(())
    }

    /// Find the content of all files that are live.
    pub(super) fn fill(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        for index in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(index).filter(|n| n.header.kind == Kind::File && n.deleted.is_none())
            else {
                continue;
            };
            let ofs = reader.ofs;
            // Without a header of its own nothing tells whose a block is.
            let mut content = reader.read(&node.header, |b| ofs && self.claims.contains(&b))?;
            let shared = content.blocks.iter().filter(|b| self.claims.contains(b)).count();
            if shared > 0 {
                content
                    .notes
                    .push((&FS_BLOCK_SHARED, format!("{shared} of its blocks belong to another entry as well")));
            }
            self.claims.extend(&content.blocks);
            let Some(node) = self.nodes.get_mut(index) else { continue };
            node.notes.append(&mut content.notes);
            node.content = content;
        }
        Ok(())
    }
}
