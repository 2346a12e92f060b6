//! The tree of directories and files, and which clusters each of them claims.

use floptical_model::finding::{
    FS_BAD_SECTORS, FS_CHAIN_BAD, FS_CHAIN_FREE, FS_CHAIN_LONG, FS_CHAIN_LOOP, FS_CHAIN_RANGE, FS_CHAIN_SHORT,
    FS_CROSS_LINK, FS_DATE_INVALID, FS_DIR_LOOP, FS_EFFORT, FS_ENTRY_ODD, FS_FAT_COPIES_DIFFER, FS_FIELDS_DIFFER,
    FS_LONG_NAME, FS_START_BAD,
};
use floptical_model::{Blocks, Code, Context, Name, Recovery, Result};

use super::date;
use super::directory::{Listing, Record, Slab, Standing, list, plausible};
use super::guess::slabs;
use super::name::{self, Style};
use super::shape::{Shape, Width};
use super::table::{Chain, End, Link, Runs, Source, Table, Walker};
use crate::listing::Note;

/// An entry while the tree is built.
#[derive(Debug)]
pub(super) struct Node {
    pub record: Record,
    pub parent: Option<usize>,
    pub children: Vec<usize>,
    pub depth: u32,
    pub name: Name,
    pub start: u32,
    /// Clusters of its content, no more than the size asks for.
    pub clusters: Runs,
    pub end: End,
    /// `Some` for what is not in the normal listing.
    pub deleted: Option<Recovery>,
    pub notes: Vec<Note>,
}

impl Node {
    pub(super) fn size(&self) -> u64 {
        u64::from(self.record.size())
    }

    pub(super) fn is_live_file(&self) -> bool {
        self.deleted.is_none() && !self.record.is_directory() && !self.record.is_label()
    }

    fn is_live_directory(&self) -> bool {
        self.deleted.is_none() && self.record.is_directory()
    }

    pub(super) fn note(&mut self, code: &'static Code, message: impl Into<String>) {
        self.notes.push((code, message.into()));
    }
}

/// Who claims a cluster: nobody, the root directory, or a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Nobody,
    Root,
    Node(usize),
}

/// A volume while its tree is built.
pub(super) struct Tree<'a> {
    pub blocks: &'a dyn Blocks,
    pub context: &'a Context,
    pub shape: &'a Shape,
    pub table: &'a Table,
    pub style: Style,
    pub nodes: Vec<Node>,
    pub roots: Vec<usize>,
    /// Of the root directory and the volume.
    pub notes: Vec<Note>,
    pub walker: Walker,
    /// 0 nobody, 1 the root, else a node + 2.
    owners: Vec<u32>,
}

impl<'a> Tree<'a> {
    /// An empty tree.
    pub(super) fn new(
        blocks: &'a dyn Blocks,
        shape: &'a Shape,
        table: &'a Table,
        style: Style,
        context: &'a Context,
    ) -> Result<Self> {
        let size = usize::try_from(table.last()).unwrap_or(usize::MAX).saturating_add(1);
        context.reserve((size as u64).saturating_mul(12))?;
        Ok(Self {
            blocks,
            context,
            shape,
            table,
            style,
            nodes: Vec::new(),
            roots: Vec::new(),
            notes: Vec::new(),
            walker: Walker::new(table.last()),
            owners: vec![0; size],
        })
    }

    /// Who claims a cluster.
    pub(super) fn owner(&self, cluster: u32) -> Owner {
        let stored = usize::try_from(cluster).ok().and_then(|i| self.owners.get(i)).copied().unwrap_or(0);
        match stored {
            0 => Owner::Nobody,
            1 => Owner::Root,
            n => Owner::Node(usize::try_from(n.saturating_sub(2)).unwrap_or(usize::MAX)),
        }
    }

    /// Claim a cluster, unless somebody has.
    pub(super) fn claim(&mut self, cluster: u32, owner: Owner) {
        let value = match owner {
            Owner::Nobody => 0,
            Owner::Root => 1,
            Owner::Node(n) => u32::try_from(n).unwrap_or(u32::MAX).saturating_add(2),
        };
        if let Some(slot) = usize::try_from(cluster).ok().and_then(|i| self.owners.get_mut(i)).filter(|o| **o == 0) {
            *slot = value;
        }
    }

    /// True when no living thing claims a cluster of the volume.
    pub(super) fn is_unclaimed(&self, cluster: u32) -> bool {
        (2..=self.table.last()).contains(&cluster) && self.owner(cluster) == Owner::Nobody
    }

    /// The path of a node.
    pub(super) fn path(&self, node: usize) -> String {
        let mut names = Vec::new();
        let mut at = Some(node);
        while let Some(node) = at.and_then(|i| self.nodes.get(i)) {
            names.push(node.name.text.replace('/', "\u{2215}"));
            at = node.parent;
        }
        names.reverse();
        names.join("/")
    }

    /// Who claims a cluster, in words.
    fn owner_name(&self, cluster: u32) -> String {
        match self.owner(cluster) {
            Owner::Nobody => "nobody".into(),
            Owner::Root => "the root directory".into(),
            Owner::Node(n) => self.path(n),
        }
    }

    /// Read every live directory, then give every live file its chain.
    pub(super) fn grow(&mut self, root: &[Slab]) -> Result<()> {
        let mut pending = self.plant(root, None)?;
        pending.reverse();
        while let Some(node) = pending.pop() {
            let Some(slabs) = self.directory(node)? else { continue };
            let mut inner = self.plant(&slabs, Some(node))?;
            inner.reverse();
            pending.append(&mut inner);
        }
        for node in 0..self.nodes.len() {
            if self.nodes.get(node).is_some_and(Node::is_live_file) {
                self.file(node)?;
            }
        }
        self.claim_tails();
        Ok(())
    }

    /// The sectors of clusters.
    pub(super) fn sectors(&self, clusters: &Runs) -> Result<Vec<Slab>> {
        let mut all = Vec::new();
        for run in clusters.runs() {
            let len = u64::try_from(run.len()).unwrap_or(u64::MAX).saturating_mul(self.shape.cluster());
            all.extend(slabs(self.blocks, self.shape.cluster_at(run.start), len, self.context)?);
        }
        Ok(all)
    }

    /// Make nodes of a directory's entries; the live directories among them.
    pub(super) fn plant(&mut self, slabs: &[Slab], parent: Option<usize>) -> Result<Vec<usize>> {
        let listing = list(slabs);
        self.note_listing(&listing, parent);
        let above = parent.and_then(|p| self.nodes.get(p));
        let gone = above.is_some_and(|p| p.deleted.is_some());
        let depth = above.map_or(0, |p| p.depth.saturating_add(1));
        let mut directories = Vec::new();
        for record in listing.records {
            self.context.entry(1)?;
            let index = self.nodes.len();
            let node = self.node(record, parent, depth, gone);
            if node.is_live_directory() {
                directories.push(index);
            }
            self.nodes.push(node);
            match parent.and_then(|p| self.nodes.get_mut(p)) {
                Some(parent) => parent.children.push(index),
                None => self.roots.push(index),
            }
        }
        Ok(directories)
    }

    fn node(&self, record: Record, parent: Option<usize>, depth: u32, gone: bool) -> Node {
        let name = match &record.long {
            Some(units) => name::long(units),
            None if record.is_label() => name::label(&record.name(), self.style.charset),
            None => name::short(&record.raw, record.standing == Standing::Deleted, record.first, self.style),
        };
        let mut node = Node {
            parent,
            children: Vec::new(),
            depth,
            name,
            start: record.start(self.shape.width == Width::ThirtyTwo),
            clusters: Runs::default(),
            end: End::Exact,
            deleted: (gone || record.standing != Standing::Live).then_some(Recovery::None),
            notes: Vec::new(),
            record,
        };
        if let Some(trouble) = node.record.trouble {
            node.note(&FS_LONG_NAME, trouble);
        }
        if node.deleted.is_none() && !plausible(&node.record.raw) {
            node.note(
                &FS_ENTRY_ODD,
                format!("attributes {:02X}h, name {:02X?}", node.record.attributes(), node.record.name()),
            );
        }
        for (word, date) in
            [("modified", self.modified(&node)), ("created", self.created(&node)), ("accessed", self.accessed(&node))]
        {
            if let Some(raw) = date.filter(|d| d.ends_with(" invalid")) {
                node.note(&FS_DATE_INVALID, format!("{word} {raw}"));
            }
        }
        node
    }

    /// When a node was changed, as recorded.
    pub(super) fn modified(&self, node: &Node) -> Option<String> {
        date::moment(node.record.word(24), node.record.word(22), 0)
    }

    /// When it was made; Human68k has a name in that place.
    pub(super) fn created(&self, node: &Node) -> Option<String> {
        let record = &node.record;
        if self.style.human { None } else { date::moment(record.word(16), record.word(14), record.raw[13]) }
    }

    /// When it was used; Human68k has a name in that place.
    pub(super) fn accessed(&self, node: &Node) -> Option<String> {
        if self.style.human { None } else { date::day(node.record.word(18)) }
    }

    /// Say what is odd in a directory as a whole.
    fn note_listing(&mut self, listing: &Listing, parent: Option<usize>) {
        let mut notes: Vec<Note> = Vec::new();
        if listing.orphans > 0 {
            notes.push((&FS_LONG_NAME, format!("{} parts of long names belong to no entry", listing.orphans)));
        }
        if listing.filler > 0 {
            notes.push((&FS_ENTRY_ODD, format!("{} entries of one repeated byte are left out", listing.filler)));
        }
        if listing.missing > 0 {
            notes.push((&FS_BAD_SECTORS, format!("{} sectors of the directory are missing", listing.missing)));
        }
        let Some(node) = parent.and_then(|p| self.nodes.get(p)) else {
            self.notes.extend(notes);
            return;
        };
        let wide = self.shape.width == Width::ThirtyTwo;
        let value = |words: [u16; 2]| u32::from(words[0]) | if wide { u32::from(words[1]) << 16 } else { 0 };
        let above = node.parent.and_then(|p| self.nodes.get(p)).map_or(0, |p| p.start);
        let [own, up] = listing.dots.map(|d| d.map(value));
        if let Some(own) = own.filter(|own| *own != node.start) {
            notes.push((&FS_FIELDS_DIFFER, format!("\".\" names cluster {own}, the entry {}", node.start)));
        }
        let root = |up: u32| above == 0 && up == self.shape.root_cluster;
        if let Some(up) = up.filter(|up| *up != above && !root(*up)) {
            notes.push((&FS_FIELDS_DIFFER, format!("\"..\" names cluster {up}, the directory above is at {above}")));
        }
        if let Some(node) = parent.and_then(|p| self.nodes.get_mut(p)) {
            node.notes.extend(notes);
        }
    }

    /// Give a live directory its clusters; `None` when it cannot be read.
    fn directory(&mut self, index: usize) -> Result<Option<Vec<Slab>>> {
        let Some(node) = self.nodes.get(index) else { return Ok(None) };
        let (start, parent, deep) = (node.start, node.parent, self.context.depth(node.depth).is_err());
        if deep {
            self.note(index, &FS_EFFORT, "too deep; not read");
            return Ok(None);
        }
        if self.owner(start) != Owner::Nobody {
            let above = std::iter::successors(parent, |p| self.nodes.get(*p)?.parent);
            let own = above.map(Owner::Node).any(|o| o == self.owner(start)) || self.owner(start) == Owner::Root;
            let message = format!("it starts at cluster {start}, which belongs to {}", self.owner_name(start));
            self.note(index, if own { &FS_DIR_LOOP } else { &FS_CROSS_LINK }, message);
            return Ok(None);
        }
        let chain = self.table.chain(start, None, &mut self.walker);
        let mut clusters = Runs::default();
        for cluster in chain.clusters.iter().take_while(|c| self.owner(*c) == Owner::Nobody) {
            clusters.push(cluster);
        }
        clusters.iter().for_each(|c| self.claim(c, Owner::Node(index)));
        self.note_chain(index, &chain);
        if matches!(chain.end, End::Broken(..) | End::Loop(..)) {
            self.continue_directory(index, &mut clusters)?;
        }
        let slabs = self.sectors(&clusters)?;
        if let Some(node) = self.nodes.get_mut(index) {
            (node.clusters, node.end) = (clusters, chain.end);
        }
        if !is_directory(&slabs) {
            self.note(index, &FS_ENTRY_ODD, "its first cluster holds no directory; not read");
            return Ok(None);
        }
        Ok(Some(slabs))
    }

    /// Give a live file the best chain that the tables have for it.
    fn file(&mut self, index: usize) -> Result<()> {
        self.context.step(1)?;
        let Some(node) = self.nodes.get(index) else { return Ok(()) };
        let (start, size) = (node.start, node.size());
        if size == 0 {
            if start != 0 {
                self.note(index, &FS_CHAIN_LONG, format!("size 0, and a chain at cluster {start}"));
            }
            return Ok(());
        }
        let chain = self.table.chain(start, Some(self.shape.need(size)), &mut self.walker);
        self.note_chain(index, &chain);
        let taken = chain.clusters.iter().find(|c| self.owner(*c) != Owner::Nobody);
        if let Some(cluster) = taken {
            let message = format!("cluster {cluster} belongs to {} as well", self.owner_name(cluster));
            self.note(index, &FS_CROSS_LINK, message);
            if let Owner::Node(other) = self.owner(cluster) {
                let message = format!("cluster {cluster} belongs to {} as well", self.path(index));
                self.note(other, &FS_CROSS_LINK, message);
            }
        }
        chain.clusters.iter().for_each(|c| self.claim(c, Owner::Node(index)));
        if let Some(node) = self.nodes.get_mut(index) {
            (node.clusters, node.end) = (chain.clusters, chain.end);
        }
        Ok(())
    }

    /// What follows the end of a file in its chain is the file's too, unless
    /// another claims it.
    fn claim_tails(&mut self) {
        for index in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(index).filter(|n| n.is_live_file()) else { continue };
            let mut at = match node.end {
                End::Long(next) => next,
                End::Exact if node.size() == 0 => node.start,
                _ => continue,
            };
            while self.is_unclaimed(at) && self.walker.step() {
                self.claim(at, Owner::Node(index));
                match self.table.link(Source::Mixed, at) {
                    Link::Next(next) => at = next,
                    _ => break,
                }
            }
        }
    }

    /// Note something of a node.
    pub(super) fn note(&mut self, index: usize, code: &'static Code, message: impl Into<String>) {
        if let Some(node) = self.nodes.get_mut(index) {
            node.note(code, message);
        }
    }

    /// Say how a chain ends, where it does not end well, and where it comes
    /// from, if not from the first table.
    fn note_chain(&mut self, index: usize, chain: &Chain) {
        let last = chain.clusters.last().unwrap_or(0);
        let behind = |full: bool| if full { ", behind the end of the file" } else { "" };
        let trouble: Option<Note> = match chain.end {
            End::Exact => None,
            End::Short => Some((&FS_CHAIN_SHORT, format!("it ends after {} clusters", chain.clusters.count()))),
            End::Long(next) => Some((&FS_CHAIN_LONG, format!("it goes on at cluster {next}"))),
            End::Loop(to, full) => Some((&FS_CHAIN_LOOP, format!("cluster {last} leads back to {to}{}", behind(full)))),
            End::Broken(Link::Free, full) => {
                Some((&FS_CHAIN_FREE, format!("cluster {last} is marked free{}", behind(full))))
            }
            End::Broken(Link::Bad, full) => {
                Some((&FS_CHAIN_BAD, format!("cluster {last} is marked bad{}", behind(full))))
            }
            End::Broken(Link::Odd(value), full) => {
                Some((&FS_CHAIN_RANGE, format!("cluster {last} leads to {value:X}h{}", behind(full))))
            }
            End::Broken(_, full) => {
                Some((&FS_BAD_SECTORS, format!("the table cannot be read at cluster {last}{}", behind(full))))
            }
            End::Start => {
                let start = self.nodes.get(index).map_or(0, |n| n.start);
                Some((&FS_START_BAD, format!("it starts at cluster {start}")))
            }
            End::Effort => Some((&FS_EFFORT, "its chain was not followed to the end".into())),
        };
        if let Some((code, message)) = trouble {
            self.note(index, code, message);
        }
        let other = match chain.source {
            Source::Copy(copy) if copy == self.table.first() => None,
            Source::Copy(copy) => Some(format!("the chain of table {} fits", copy.saturating_add(1))),
            Source::Mixed => Some("the chain is put together from all tables".into()),
        };
        if let Some(message) = other {
            self.note(index, &FS_FAT_COPIES_DIFFER, message);
        }
    }
}

/// True when sectors can be those of a directory: they begin with `.`, or all
/// that is in use can have been written by a system.
pub(super) fn is_directory(slabs: &[Slab]) -> bool {
    let listing = list(slabs);
    let live = |r: &&Record| r.standing == Standing::Live;
    listing.dots[0].is_some() || listing.filler == 0 && listing.records.iter().filter(live).all(|r| plausible(&r.raw))
}
