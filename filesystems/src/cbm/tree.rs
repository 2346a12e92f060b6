//! The entries of a directory and of the partitions in it, and the sectors
//! that each of them has.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use floptical_model::finding::{
    CBM_SIDE_SECTORS, FS_BLOCK_KIND, FS_BLOCK_SHARED, FS_BLOCKS_LOST, FS_LINK_LOOP, FS_LINK_RANGE, FS_SIZE_DIFFERS,
    FS_UNCLOSED, FS_UNREACHED,
};
use floptical_model::{Code, Detail, Name, Piece, Recovery, Result};

use super::bam::Bam;
use super::chain::{Chain, End};
use super::disk::{At, Disk, Drive, SECTOR};
use super::record::{PARTITION, REL, Record, plausible, records};
use super::relative::Sides;
use super::{content, geos, name};
use crate::listing::Note;

/// An entry.
#[derive(Debug)]
pub(super) struct Node {
    pub record: Record,
    pub name: Name,
    pub children: Vec<usize>,
    /// `Some` for what was scratched.
    pub deleted: Option<Recovery>,
    /// A partition with a directory of its own.
    pub is_directory: bool,
    pub chain: Chain,
    /// Side sectors, info sector, index of records.
    pub beside: Vec<At>,
    /// Whether the end of its chain is not recorded.
    pub endless: bool,
    /// Sectors that the directory counts and that are not found.
    pub lacking: usize,
    pub pieces: Vec<Piece>,
    pub size: u64,
    pub details: Vec<Detail>,
    pub notes: Vec<Note>,
}

impl Node {
    /// Note something of it.
    pub(super) fn note(&mut self, code: &'static Code, message: impl Into<String>) {
        self.notes.push((code, message.into()));
    }

    /// Bytes that can be had of it.
    pub(super) fn placed(&self) -> u64 {
        self.pieces.iter().fold(0, |sum, p| sum.saturating_add(p.len))
    }
}

/// A stretch of the disk with a directory: all of it, or a partition.
#[derive(Debug, Clone)]
pub(super) struct Area {
    pub header: At,
    pub directory: At,
    pub tracks: RangeInclusive<u8>,
    pub parent: Option<usize>,
}

/// All entries.
pub(super) struct Tree<'a> {
    pub disk: &'a Disk<'a>,
    pub nodes: Vec<Node>,
    pub roots: Vec<usize>,
    /// The entries that claim each sector first.
    pub claims: BTreeMap<At, Option<usize>>,
    pub notes: Vec<Note>,
}

/// The sectors of a directory.
#[derive(Debug, Default)]
struct Directory {
    live: Vec<At>,
    /// Those that no sound chain leads to.
    stray: BTreeSet<At>,
    /// Those of an earlier directory.
    stale: Vec<At>,
}

impl Tree<'_> {
    /// Read an area and all partitions below it.
    pub(super) fn read(&mut self, area: Area) -> Result<Bam> {
        let (root, mut pending) = (area.header, vec![area]);
        let (mut seen, mut first) = (BTreeSet::new(), Bam::default());
        while let Some(area) = pending.pop() {
            if !seen.insert(area.header) {
                continue;
            }
            let header = area.header;
            let (bam, nested) = self.area(&area)?;
            pending.extend(nested);
            if header == root {
                first = bam;
            }
        }
        Ok(first)
    }

    fn area(&mut self, area: &Area) -> Result<(Bam, Vec<Area>)> {
        let mut bam = Bam::load(self.disk, area.header.track)?;
        let directory = self.directory(area, &bam)?;
        let system = [area.header].into_iter().chain(bam.sectors.iter().copied()).chain(directory.live.iter().copied());
        self.claims.extend(system.map(|at| (at, None)));
        if self.disk.shape.drive == Drive::D1571 {
            // DOS keeps the whole track of the second map for itself.
            self.claims.extend(self.disk.shape.each(53..=53).map(|at| (at, None)));
        }
        let first = self.nodes.len();
        let (mut scratched, mut nested, mut ranges) = (Vec::new(), Vec::new(), BTreeSet::new());
        for at in &directory.live {
            for record in records(self.disk, *at)?.into_iter().filter(|r| !r.is_blank()) {
                if record.is_scratched() {
                    scratched.push(record);
                    continue;
                }
                let partition = record.kind() == PARTITION;
                let index = self.add(area.parent, record);
                if directory.stray.contains(at) {
                    self.note(Some(index), &FS_UNREACHED, format!("the chain of the directory does not lead to {at}"));
                }
                if partition {
                    ranges.extend(self.partition(index, area, &mut nested)?);
                } else {
                    self.trace(index)?;
                }
            }
        }
        self.settle(first, &bam)?;
        let tree = &*self;
        bam.compare(self.disk.shape.each(area.tracks.clone()), |at| {
            tree.claims.contains_key(&at) || ranges.contains(&at)
        });
        for at in directory.stale.iter().filter(|at| !self.claims.contains_key(at)) {
            scratched.extend(records(self.disk, *at)?.into_iter().filter(|r| !r.is_blank()));
        }
        for record in scratched {
            self.bury(area.parent, record)?;
        }
        match area.parent {
            Some(parent) => bam.notes.drain(..).for_each(|(code, text)| self.note(Some(parent), code, text)),
            None => self.notes.append(&mut bam.notes),
        }
        Ok((bam, nested))
    }

    /// Note something of an entry, or of the disk.
    pub(super) fn note(&mut self, at: Option<usize>, code: &'static Code, message: impl Into<String>) {
        let notes = at.and_then(|i| self.nodes.get_mut(i)).map_or(&mut self.notes, |n| &mut n.notes);
        notes.push((code, message.into()));
    }

    /// The sectors of a directory: those of its chain, and others of its track
    /// that look like them.
    fn directory(&mut self, area: &Area, bam: &Bam) -> Result<Directory> {
        let chain = Chain::follow(self.disk, area.directory)?;
        let mut directory = Directory::default();
        let mut broken = match chain.end {
            End::Last(_) | End::Empty => None,
            End::Loop(at) => Some((&FS_LINK_LOOP, format!("the directory runs into itself at {at}"))),
            End::Range(at) => Some((&FS_LINK_RANGE, format!("the directory leads to {at}"))),
            End::Unread => Some((&FS_BLOCKS_LOST, "the directory ends at a sector that was not read".to_owned())),
        };
        for at in chain.sectors {
            let unread = self.disk.sector(at)?.is_none();
            if at != area.directory && !unread && plausible(self.disk, at)?.is_none() {
                broken = Some((&FS_BLOCK_KIND, format!("the directory leads to {at}, which holds no entries")));
                break;
            }
            directory.live.push(at);
        }
        let track = area.directory.track;
        let system = |at: &At| *at == area.header || bam.sectors.contains(at);
        let others: Vec<At> = self.disk.shape.each(track..=track).filter(|at| !system(at)).collect();
        for at in others.into_iter().filter(|at| !directory.live.contains(at)).collect::<Vec<_>>() {
            if plausible(self.disk, at)?.is_none_or(|used| used == 0) {
                continue;
            }
            if broken.is_some() && bam.is_free(at) != Some(true) {
                directory.live.push(at);
                directory.stray.insert(at);
            } else {
                directory.stale.push(at);
            }
        }
        directory.live.extend(self.border(area)?.filter(|at| !directory.live.contains(at)));
        if let Some((code, text)) = broken {
            self.note(area.parent, code, text);
        }
        Ok(directory)
    }

    /// The sector with the entries that lie on the border of the desktop of GEOS.
    fn border(&self, area: &Area) -> Result<Option<At>> {
        let Some(header) = self.disk.sector(area.header)? else { return Ok(None) };
        if !header.get(0xAD..).is_some_and(|rest| rest.starts_with(b"GEOS")) {
            return Ok(None);
        }
        let at = At { track: header[0xAB], sector: header[0xAC] };
        Ok(plausible(self.disk, at)?.map(|_| at))
    }

    /// Add an entry to a directory.
    pub(super) fn add(&mut self, parent: Option<usize>, record: Record) -> usize {
        let index = self.nodes.len();
        let name = name::name(record.name(), geos::is_geos(&record));
        self.nodes.push(Node {
            record,
            name,
            children: Vec::new(),
            deleted: None,
            is_directory: false,
            chain: Chain { sectors: Vec::new(), end: End::Empty },
            beside: Vec::new(),
            endless: false,
            lacking: 0,
            pieces: Vec::new(),
            size: 0,
            details: Vec::new(),
            notes: Vec::new(),
        });
        match parent.and_then(|i| self.nodes.get_mut(i)) {
            Some(above) => above.children.push(index),
            None => self.roots.push(index),
        }
        index
    }

    /// A partition: its sectors, and its area if it has a directory.
    fn partition(&mut self, index: usize, area: &Area, nested: &mut Vec<Area>) -> Result<Vec<At>> {
        let Some(node) = self.nodes.get_mut(index) else { return Ok(Vec::new()) };
        let (start, count) = (node.record.start(), node.record.blocks());
        let all: Vec<At> =
            self.disk.shape.each(area.tracks.clone()).skip_while(|at| *at != start).take(count.into()).collect();
        if all.len() < usize::from(count) {
            node.note(&FS_LINK_RANGE, format!("{count} sectors from {start} on go beyond the end"));
        }
        let header = self.disk.sector(start)?;
        let linked = header.is_some_and(|h| h[2] == Drive::D1581.version() && h[..2] == [start.track, 3]);
        let whole = start.sector == 0 && count.is_multiple_of(40) && count >= 120;
        node.is_directory = self.disk.shape.drive == Drive::D1581 && linked && whole;
        if node.is_directory {
            let last = all.last().map_or(start.track, |at| at.track);
            let directory = At { sector: 3, ..start };
            nested.push(Area { header: start, directory, tracks: start.track..=last, parent: Some(index) });
        } else if let (Some(first), Some(offset)) = (all.first(), self.disk.shape.offset(start)) {
            let len = (all.len() as u64).saturating_mul(SECTOR);
            node.pieces = vec![Piece { start: self.disk.holds(*first).then_some(offset), len }];
            node.size = len;
        }
        Ok(all)
    }

    /// Find the sectors that an entry leads to, and the words about it.
    pub(super) fn trace(&mut self, index: usize) -> Result<()> {
        let Some(node) = self.nodes.get_mut(index) else { return Ok(()) };
        let record = node.record.clone();
        if !record.is_closed() && !record.is_scratched() {
            node.note(&FS_UNCLOSED, "its end is where its chain happens to end");
        }
        node.chain = Chain::follow(self.disk, record.start())?;
        if geos::is_geos(&record) {
            node.details = geos::details(self.disk, &record)?;
            node.beside.extend(Some(record.side()).filter(|at| self.disk.holds(*at)));
            if record.record_len() == 1
                && let Some((chains, words)) = geos::records(self.disk, record.start())?
            {
                node.beside.append(&mut node.chain.sectors);
                node.chain.end = chains.iter().find(|c| !c.is_whole()).map_or(End::Empty, |c| c.end);
                node.details.push(("GEOS records", words));
                for chain in chains {
                    node.pieces.extend(content::pieces(self.disk, &chain.sectors, chain.tail()));
                    node.chain.sectors.extend(chain.sectors);
                }
            }
        } else if record.kind() == REL {
            node.details.push(("record length", record.record_len().to_string()));
            relate(self.disk, node)?;
        } else if record.kind() == 2
            && let (Some(first), End::Last(_) | End::Loop(_) | End::Range(_)) =
                (node.chain.sectors.first(), node.chain.end)
            && let Some([_, _, low, high, ..]) = self.disk.sector(*first)?
        {
            node.details.push(("load address", format!("{:04X}h", u16::from_le_bytes([low, high]))));
        }
        node.details.push(("blocks", record.blocks().to_string()));
        Ok(())
    }

    /// Claim the sectors of a live entry.
    pub(super) fn claim(&mut self, index: usize) {
        let Some(node) = self.nodes.get_mut(index) else { return };
        let mut shared = 0u32;
        for at in node.chain.sectors.iter().chain(&node.beside) {
            match self.claims.get(at) {
                Some(owner) if *owner != Some(index) => shared = shared.saturating_add(1),
                _ => drop(self.claims.insert(*at, Some(index))),
            }
        }
        if shared > 0 {
            node.note(&FS_BLOCK_SHARED, format!("{shared} of its sectors belong to another entry as well"));
        }
        let counted = usize::from(node.record.blocks());
        let found = node.chain.sectors.len().saturating_add(node.beside.len());
        if node.chain.is_whole() && !node.endless && counted != found && node.record.start().track != 0 {
            node.note(&FS_SIZE_DIFFERS, format!("the directory counts {counted} blocks, there are {found}"));
        }
    }
}

/// Hold the chain of a relative file against its side sectors, which also tell
/// where it goes on when it breaks.
fn relate(disk: &Disk<'_>, node: &mut Node) -> Result<()> {
    let sides = Sides::load(disk, node.record.side())?;
    let alike = sides.named.iter().zip(&node.chain.sectors).all(|(a, b)| a == b);
    if sides.whole && alike && !node.chain.is_whole() && sides.named.len() > node.chain.sectors.len() {
        let rest = sides.named.last().map(|at| Chain::follow(disk, *at)).transpose()?;
        node.note(&floptical_model::finding::FS_BLOCKS_FOUND, "its side sectors tell where it goes on");
        node.chain = Chain { sectors: sides.named, end: rest.map_or(End::Unread, |r| r.end) };
    } else if !sides.whole || !alike || sides.named.len() != node.chain.sectors.len() {
        let text = format!("they name {} sectors, the chain has {}", sides.named.len(), node.chain.sectors.len());
        node.note(&CBM_SIDE_SECTORS, if sides.whole { text } else { format!("not all can be read; {text}") });
    }
    node.beside.extend(sides.sectors);
    Ok(())
}
