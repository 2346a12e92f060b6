//! Where everything lies: descriptors, path tables, the directories of both
//! trees, the boot catalog, the files.

use std::collections::{BTreeMap, BTreeSet};

use floptical_model::Result;

use super::bytes::{Bytes, both16, both32, short_date};
use super::name::View;
use super::system_use::{Of, SystemUse};
use super::tree::{Node, Tree};
use super::{Boot, Moment, boot, descriptor, too_much};
use crate::SECTOR;

/// Bytes of a sector, in memory.
pub(super) const BYTES: usize = 2048;
/// Bytes of the longest record; records have even lengths.
const LONGEST: usize = 254;

/// A disc with places for everything.
#[derive(Debug)]
pub(super) struct Layout {
    /// The tree of plain names, then that of Joliet.
    plans: [Plan; 2],
    /// Sector of the boot catalog, where there is one.
    catalog: Option<u32>,
    /// Files in the order of their sectors.
    pub(super) files: Vec<File>,
    /// Sectors of the disc.
    end: u32,
}

/// A file with its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct File {
    pub(super) node: usize,
    pub(super) sector: u32,
}

/// One tree with places for its tables and directories.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) view: View,
    /// Identifiers by node; the root has none.
    ids: BTreeMap<usize, Vec<u8>>,
    /// Folders in the order of the path table.
    folders: Vec<usize>,
    /// First sector and count of sectors of each folder's records.
    places: BTreeMap<usize, (u32, u32)>,
    /// Bytes of the path table.
    pub(super) table_len: u32,
    /// First sectors of the little-endian and the big-endian path table.
    pub(super) tables: [u32; 2],
}

/// Hands out sectors.
struct Next(u32);

impl Next {
    fn take(&mut self, bytes: usize) -> Result<u32> {
        let first = self.0;
        let sectors = u32::try_from(bytes.div_ceil(BYTES)).ok();
        self.0 = sectors.and_then(|n| first.checked_add(n)).ok_or_else(|| too_much("a disc has 2^32 sectors"))?;
        Ok(first)
    }
}

impl Layout {
    /// Find a place for everything.
    pub(super) fn of(tree: &Tree, boots: &[Boot]) -> Result<Self> {
        let descriptors = if boots.is_empty() { 3 } else { 4 };
        let mut next = Next(16);
        next.take(BYTES.saturating_mul(descriptors))?;
        let mut plans = [Plan::new(View::Plain, tree)?, Plan::new(View::Joliet, tree)?];
        for plan in &mut plans {
            let len = usize::try_from(plan.table_len).unwrap_or(usize::MAX);
            plan.tables = [next.take(len)?, next.take(len)?];
        }
        for plan in &mut plans {
            for folder in plan.folders.clone() {
                let (records, more) = plan.directory(tree, folder, &BTreeMap::new())?;
                let first = next.take(records.len())?;
                next.take(more.len())?;
                let sectors = u32::try_from(records.len() / BYTES).unwrap_or(u32::MAX);
                plan.places.insert(folder, (first, sectors));
            }
        }
        let catalog = if boots.is_empty() { None } else { Some(next.take(BYTES)?) };
        let mut files = Vec::new();
        for (node, file) in tree.0.iter().enumerate() {
            if let Some(bytes) = &file.bytes {
                files.push(File { node, sector: next.take(bytes.len())? });
            }
        }
        Ok(Self { plans, catalog, files, end: next.0 })
    }

    /// Everything before the first file.
    pub(super) fn head(&self, volume: &str, created: Moment, tree: &Tree, boots: &[Boot]) -> Result<Vec<u8>> {
        let sectors: BTreeMap<usize, u32> = self.files.iter().map(|f| (f.node, f.sector)).collect();
        let mut all = vec![0; BYTES.saturating_mul(16)];
        let [plain, joliet] = &self.plans;
        all.extend(descriptor::volume(plain, volume, created, self.end).0);
        if let Some(catalog) = self.catalog {
            all.extend(descriptor::boot(catalog).0);
        }
        all.extend(descriptor::volume(joliet, volume, created, self.end).0);
        all.extend(descriptor::end().0);
        for plan in &self.plans {
            all.extend(padded(plan.table(tree, true)));
            all.extend(padded(plan.table(tree, false)));
        }
        for plan in &self.plans {
            for folder in &plan.folders {
                let (records, more) = plan.directory(tree, *folder, &sectors)?;
                all.extend(records);
                all.extend(more);
            }
        }
        if self.catalog.is_some() {
            all.extend(boot::catalog(tree, boots, &sectors)?.0);
        }
        Ok(all)
    }
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(BYTES), 0);
    bytes
}

impl Plan {
    fn new(view: View, tree: &Tree) -> Result<Self> {
        let mut plan = Self {
            view,
            ids: BTreeMap::new(),
            folders: vec![0],
            places: BTreeMap::new(),
            table_len: 0,
            tables: [0; 2],
        };
        for node in &tree.0 {
            let mut taken = BTreeSet::new();
            for (name, child) in &node.children {
                plan.ids.insert(*child, view.identifier(name, tree.is_folder(*child), &mut taken));
            }
        }
        // Level by level, in each by the directory above, then by identifier.
        let mut at = 0;
        while let Some(folder) = plan.folders.get(at).copied() {
            let below = plan.children(tree, folder).into_iter().filter(|child| tree.is_folder(*child));
            let below: Vec<usize> = below.collect();
            plan.folders.extend(below);
            at = at.saturating_add(1);
        }
        if u16::try_from(plan.folders.len()).is_err() {
            return Err(too_much("a path table has numbers for 65535 folders"));
        }
        plan.table_len = u32::try_from(plan.table(tree, true).len()).unwrap_or(u32::MAX);
        Ok(plan)
    }

    /// What a folder holds, in the order of its records.
    fn children(&self, tree: &Tree, folder: usize) -> Vec<usize> {
        let children = tree.0.get(folder).map(|n| n.children.values().copied());
        let mut all: Vec<usize> = children.into_iter().flatten().collect();
        all.sort_by_key(|child| self.id(*child));
        all
    }

    fn id(&self, node: usize) -> &[u8] {
        self.ids.get(&node).map_or(&[0], |id| id)
    }

    /// The record of the root, for the descriptor.
    pub(super) fn root(&self, created: Moment) -> Vec<u8> {
        let (sector, sectors) = self.place(0);
        record(&[0], &[], (sector, bytes_of(sectors)), created, true)
    }

    fn place(&self, folder: usize) -> (u32, u32) {
        self.places.get(&folder).copied().unwrap_or((0, 0))
    }

    /// A path table (ECMA-119, 9.4).
    fn table(&self, tree: &Tree, little: bool) -> Vec<u8> {
        let numbers: BTreeMap<usize, u16> = self.folders.iter().copied().zip(1..).collect();
        let mut all = Vec::new();
        for folder in &self.folders {
            let id = self.id(*folder);
            let parent = tree.0.get(*folder).and_then(|n| numbers.get(&n.parent)).copied().unwrap_or(1);
            let sector = self.place(*folder).0;
            all.extend([u8::try_from(id.len()).unwrap_or(u8::MAX), 0]);
            all.extend(if little { sector.to_le_bytes() } else { sector.to_be_bytes() });
            all.extend(if little { parent.to_le_bytes() } else { parent.to_be_bytes() });
            all.extend(id);
            all.resize(all.len().next_multiple_of(2), 0);
        }
        all
    }

    /// The records of a folder, and the continuations of their system use
    /// fields, which lie behind them; both fill whole sectors.
    fn directory(&self, tree: &Tree, folder: usize, files: &BTreeMap<usize, u32>) -> Result<(Vec<u8>, Vec<u8>)> {
        let (first, sectors) = self.place(folder);
        let mut writer = Writer {
            view: self.view,
            tree,
            records: Vec::new(),
            more: Vec::new(),
            more_at: first.saturating_add(sectors),
        };
        let parent = tree.0.get(folder).map_or(0, |n| n.parent);
        for (id, node, of) in [(0u8, folder, if folder == 0 { Of::Root } else { Of::Dots }), (1, parent, Of::Dots)] {
            let (sector, sectors) = self.place(node);
            writer.push(&[id], of, (sector, bytes_of(sectors)), node)?;
        }
        for child in self.children(tree, folder) {
            let Some(node) = tree.0.get(child) else { continue };
            let extent = match &node.bytes {
                Some(bytes) => {
                    (files.get(&child).copied().unwrap_or(0), u32::try_from(bytes.len()).unwrap_or(u32::MAX))
                }
                None => {
                    let (sector, sectors) = self.place(child);
                    (sector, bytes_of(sectors))
                }
            };
            writer.push(self.id(child), Of::Named(&node.name), extent, child)?;
        }
        Ok((padded(writer.records), padded(writer.more)))
    }
}

fn bytes_of(sectors: u32) -> u32 {
    sectors.saturating_mul(u32::try_from(SECTOR).unwrap_or(2048))
}

/// The records of a folder while they are written.
struct Writer<'a> {
    view: View,
    tree: &'a Tree,
    records: Vec<u8>,
    more: Vec<u8>,
    /// First sector of the continuations.
    more_at: u32,
}

impl Writer<'_> {
    fn push(&mut self, id: &[u8], of: Of<'_>, extent: (u32, u32), node: usize) -> Result<()> {
        let Some(node) = self.tree.0.get(node) else { return Ok(()) };
        let is_folder = node.bytes.is_none();
        let head = 33usize.saturating_add(id.len()).next_multiple_of(2);
        let field = match self.view {
            View::Joliet => Vec::new(),
            View::Plain => {
                let room = LONGEST.saturating_sub(head).saturating_sub(28);
                let field = SystemUse::new(of, is_folder, links(self.tree, node), node.modified, room);
                debug_assert!(head.saturating_add(field.len()) <= LONGEST);
                let place = self.continued(&field.continued)?;
                field.bytes(place)
            }
        };
        let record = record(id, &field, extent, node.modified, is_folder);
        let left = self.records.len().next_multiple_of(BYTES).saturating_sub(self.records.len());
        if left > 0 && left < record.len() {
            self.records.resize(self.records.len().next_multiple_of(BYTES), 0);
        }
        self.records.extend(record);
        Ok(())
    }

    /// Put a continuation where it crosses no border of sectors.
    fn continued(&mut self, bytes: &[u8]) -> Result<(u32, u32)> {
        let left = self.more.len().next_multiple_of(BYTES).saturating_sub(self.more.len());
        if left > 0 && left < bytes.len() {
            self.more.resize(self.more.len().next_multiple_of(BYTES), 0);
        }
        let at = self.more.len();
        self.more.extend(bytes);
        let sector = u32::try_from(at / BYTES).ok().and_then(|n| self.more_at.checked_add(n));
        let sector = sector.ok_or_else(|| too_much("a disc has 2^32 sectors"))?;
        Ok((sector, u32::try_from(at % BYTES).unwrap_or(0)))
    }
}

/// Names that lead to a node: a folder has its own, `.`, and one `..` for each
/// folder in it.
fn links(tree: &Tree, node: &Node) -> u32 {
    if node.bytes.is_some() {
        return 1;
    }
    let below = node.children.values().filter(|child| tree.is_folder(**child)).count();
    u32::try_from(below).unwrap_or(u32::MAX).saturating_add(2)
}

/// A directory record (ECMA-119, 9.1).
fn record(id: &[u8], field: &[u8], (sector, size): (u32, u32), date: Moment, is_folder: bool) -> Vec<u8> {
    let head = 33usize.saturating_add(id.len()).next_multiple_of(2);
    let len = head.saturating_add(field.len()).next_multiple_of(2);
    let mut bytes = Bytes::zeros(len);
    bytes.put(0, &[u8::try_from(len).unwrap_or(u8::MAX)]);
    bytes.put(2, &both32(sector));
    bytes.put(10, &both32(size));
    bytes.put(18, &short_date(date));
    bytes.put(25, &[if is_folder { 2 } else { 0 }]);
    bytes.put(28, &both16(1));
    bytes.put(32, &[u8::try_from(id.len()).unwrap_or(u8::MAX)]);
    bytes.put(33, id);
    bytes.put(head, field);
    bytes.0
}
