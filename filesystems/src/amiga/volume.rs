//! An AmigaDOS volume, read once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use floptical_model::finding::{
    AMIGA_DATA_CHECKSUM, AMIGA_LINK, FS_BAD_SECTORS, FS_BLOCKS_FOUND, FS_BOOT_LOST, FS_CHECKSUM, FS_DATE_INVALID,
    FS_FIELDS_DIFFER, FS_ROOT_LOST, FS_TRUNCATED,
};
use floptical_model::{
    Attribute, Blocks, Context, Dates, Delivered, Detail, Entry, EntryKind, Findings, Place as At, Result, Span, Status,
};

use super::Flavour;
use super::block::{BLOCK, Device, Kind, Root};
use super::content::Reader;
use super::find::Place;
use super::map::Map;
use super::name::{self, latin1};
use super::survey::{DATA, Survey};
use super::tree::{Node, Tree};
use crate::Volume;
use crate::listing::{self, Note};
use crate::pieces::{bad_bytes, deliver};

/// Protection bits from the lowest on. The first four deny when they are set;
/// those of group and others allow.
const PROTECTION: [Attribute; 16] = [
    "no-delete",
    "no-execute",
    "no-write",
    "no-read",
    "archived",
    "pure",
    "script",
    "hold",
    "group-delete",
    "group-execute",
    "group-write",
    "group-read",
    "other-delete",
    "other-execute",
    "other-write",
    "other-read",
];
/// Blocks that may be looked up for each block of the volume.
const EFFORT: u64 = 64;

/// An open AmigaDOS volume.
pub(super) struct AmigaVolume {
    blocks: Arc<dyn Blocks>,
    flavour: Flavour,
    facts: Vec<(&'static str, String)>,
    findings: Findings,
    entries: Vec<Entry>,
}

impl AmigaVolume {
    /// Read all directories of a volume whose root was found, or is lost.
    pub(super) fn open(blocks: Arc<dyn Blocks>, place: &Place, context: &Context) -> Result<Self> {
        let there = u32::try_from(blocks.len() / BLOCK).unwrap_or(u32::MAX);
        let device = Device { blocks: &*blocks, context, count: there.min(place.blocks) };
        let told = place.flags.map(Flavour::of);
        let mut flavour = told.unwrap_or(Flavour { international: None, ..Flavour::of(0) });
        let survey = Survey::take(device, flavour.long_names)?;
        let mut map = match &place.root {
            Some(root) => Map::load(device, root)?,
            None => Map::guess(device, place.number)?,
        };
        flavour.ofs = vote(device, &survey)?.unwrap_or(flavour.ofs);
        let (entries, mut notes, mut used) = read(device, place, flavour, &survey, &map)?;
        used.extend(map.blocks.iter().copied().chain([place.number]));
        let free = map.free(device);
        map.compare(device, |number| used.contains(&number));
        notes.append(&mut map.notes);
        notes.extend(about(place, told, flavour, there));
        let whole = Span::Volume { start: 0, len: blocks.len() };
        let findings = listing::findings(notes, &whole, &At::Whole);
        Ok(Self { flavour, facts: facts(place, free), findings, entries, blocks })
    }
}

/// Whether the data blocks of most files are those of OFS; `None` when no file
/// says.
fn vote(device: Device<'_>, survey: &Survey) -> Result<Option<bool>> {
    let (mut ofs, mut ffs) = (0u32, 0u32);
    for header in survey.headers.values().filter(|h| h.kind == Kind::File && h.size > 0) {
        let first = header.slots.first().copied().unwrap_or(0);
        let Some(block) = (if device.holds(first) { device.block(first)? } else { None }) else { continue };
        let own = block.long(0) == DATA && block.long(1) == header.number;
        let count = if own { &mut ofs } else { &mut ffs };
        *count = count.saturating_add(1);
    }
    Ok((ofs != ffs).then_some(ofs > ffs))
}

/// All entries, what was noticed of the volume, and the blocks in use.
fn read(
    device: Device<'_>,
    place: &Place,
    flavour: Flavour,
    survey: &Survey,
    map: &Map,
) -> Result<(Vec<Entry>, Vec<Note>, BTreeSet<u32>)> {
    let mut tree = Tree {
        device,
        survey,
        flavour,
        root: place.root.as_ref().map(|r| &r.header),
        root_number: place.number,
        map,
        nodes: Vec::new(),
        roots: Vec::new(),
        reached: BTreeMap::new(),
        claims: BTreeSet::new(),
        broken: BTreeSet::new(),
        absent: Vec::new(),
        cached: BTreeMap::new(),
        notes: Vec::new(),
    };
    let effort = u64::from(device.count).saturating_mul(EFFORT);
    let mut reader = Reader { device, survey, ofs: flavour.ofs, effort };
    tree.grow(None)?;
    tree.adopt()?;
    tree.revive()?;
    tree.fill(&mut reader)?;
    let used = tree.claims.clone();
    tree.dig(&mut reader)?;
    let node = |i: usize| tree.nodes.get(i).map(|n| (n.name.text.as_str(), &n.children[..]));
    let named = listing::paths(&tree.roots, node, device.context)?;
    let paths: BTreeMap<usize, &str> = named.iter().map(|(i, path)| (*i, path.as_str())).collect();
    let entries = named.iter().filter_map(|(i, path)| Some(entry(&tree, tree.nodes.get(*i)?, path, &paths)));
    let entries: Result<Vec<Entry>> = entries.collect();
    Ok((entries?, tree.notes, used))
}

fn entry(tree: &Tree<'_>, node: &Node, path: &str, paths: &BTreeMap<usize, &str>) -> Result<Entry> {
    let header = &node.header;
    let mut notes = node.notes.clone();
    let mut details: Vec<Detail> = Vec::new();
    let linked = match header.kind {
        Kind::LinkToFile | Kind::LinkToDirectory => linked(tree, header.real),
        _ => None,
    };
    if let Some((index, _)) = linked {
        details.push(("target", paths.get(&index).copied().unwrap_or_default().to_owned()));
    } else if header.kind == Kind::SoftLink {
        details.push(("target", latin1(&header.target)));
    } else if matches!(header.kind, Kind::LinkToFile | Kind::LinkToDirectory) && node.deleted.is_none() {
        notes.push((&AMIGA_LINK, format!("block {} is no entry", header.real)));
    }
    let comment = comment(tree.device, node)?;
    details.extend((!comment.is_empty()).then(|| ("comment", latin1(&comment))));
    if header.owner != 0 {
        details.push(("owner", (header.owner >> 16).to_string()));
        details.push(("group", (header.owner & 0xFFFF).to_string()));
    }
    let (kind, source) = match (header.kind, linked) {
        (Kind::Directory | Kind::Root, _) => (EntryKind::Directory, node),
        (Kind::LinkToFile, Some((_, target))) if target.header.kind == Kind::File => (EntryKind::File, target),
        (Kind::File, _) => (EntryKind::File, node),
        _ => (EntryKind::Link, node),
    };
    let pieces = if kind == EntryKind::File { source.content.pieces.clone() } else { Vec::new() };
    notes.extend(bad_bytes(tree.device.blocks, &pieces).map(|message| -> Note { (&FS_BAD_SECTORS, message) }));
    let bits = if node.revived { 0 } else { header.protection };
    let at = Span::Volume { start: u64::from(header.number).saturating_mul(BLOCK), len: BLOCK };
    Ok(Entry {
        path: path.to_owned(),
        name: node.name.clone(),
        short: None,
        kind,
        deleted: node.deleted,
        size: if kind == EntryKind::File { source.header.size.into() } else { 0 },
        pieces,
        dates: Dates { modified: (!node.revived).then(|| header.changed.to_string()), ..Dates::default() },
        attributes: PROTECTION.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, a)| *a).collect(),
        details,
        findings: listing::findings(notes, &at, &At::Path(path.to_owned())),
    })
}

/// The live entry that a hard link leads to.
fn linked<'a>(tree: &'a Tree<'_>, real: u32) -> Option<(usize, &'a Node)> {
    let index = *tree.reached.get(&real)?;
    Some((index, tree.nodes.get(index).filter(|n| n.deleted.is_none())?))
}

/// The comment of an entry, or that in a block of its own.
fn comment(device: Device<'_>, node: &Node) -> Result<Vec<u8>> {
    /// Type of a block that holds a comment.
    const COMMENT: u32 = 64;
    let header = &node.header;
    if header.comment_block == 0 || !device.holds(header.comment_block) {
        return Ok(header.comment.clone());
    }
    let block = device.block(header.comment_block)?.filter(|b| b.long(0) == COMMENT && b.is_sound());
    Ok(block.map_or_else(|| header.comment.clone(), |b| b.string(24, 79)))
}

/// What was noticed of the volume as a whole.
fn about(place: &Place, told: Option<Flavour>, flavour: Flavour, there: u32) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    let words = |ofs: bool| if ofs { "OFS" } else { "FFS" };
    match &place.root {
        None => notes.push((&FS_ROOT_LOST, format!("it would be block {}", place.number))),
        Some(root) => {
            if !root.header.sound {
                notes.push((&FS_CHECKSUM, format!("of the root, block {}", place.number)));
            }
            for (what, date) in dates(root) {
                notes.extend((!date.is_valid()).then(|| -> Note { (&FS_DATE_INVALID, format!("{what}: {date}")) }));
            }
        }
    }
    match told {
        None => notes.push((&FS_BOOT_LOST, format!("no DOS id; files are those of {}", words(flavour.ofs)))),
        Some(told) if told.ofs != flavour.ofs => {
            let text =
                format!("the boot block says {}, the files are those of {}", words(told.ofs), words(flavour.ofs));
            notes.push((&FS_FIELDS_DIFFER, text));
        }
        Some(_) => {}
    }
    if there < place.blocks {
        notes.push((&FS_TRUNCATED, format!("the volume has {} blocks, the image {there}", place.blocks)));
    }
    notes
}

/// The dates of a root.
fn dates(root: &Root) -> [(&'static str, super::date::Moment); 3] {
    [("created", root.created), ("root changed", root.header.changed), ("volume changed", root.volume_changed)]
}

/// What the volume says of itself.
fn facts(place: &Place, free: Option<u64>) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if let Some(root) = &place.root {
        all.push(("label", name::latin1(&root.header.name)));
        all.extend(dates(root).map(|(what, date)| (what, date.to_string())));
    }
    all.extend(place.flags.map(|flags| ("DOS id", format!("DOS{flags}"))));
    all.push(("bootable", if place.boots { "yes" } else { "no" }.into()));
    all.push(("block size", BLOCK.to_string()));
    all.push(("blocks", place.blocks.to_string()));
    all.extend(place.root.is_some().then(|| ("root block", place.number.to_string())));
    all.extend(free.map(|free| ("free bytes", free.saturating_mul(BLOCK).to_string())));
    all
}

impl Volume for AmigaVolume {
    fn kind(&self) -> &str {
        self.flavour.name()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.facts.clone()
    }

    fn findings(&self) -> Findings {
        let mut all = self.findings.clone();
        self.entries.iter().for_each(|e| all.extend(&e.findings));
        all
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, entry: &Entry, out: &mut dyn FnMut(&[u8]) -> Result<()>, context: &Context) -> Result<Delivered> {
        let (bytes, worst) = deliver(&*self.blocks, &entry.pieces, out, context)?;
        Ok(Delivered { expected: entry.size, bytes, worst: worst.min(self.best(entry)) })
    }
}

impl AmigaVolume {
    /// The best that can be said of a file's bytes, whatever their sectors say.
    /// A header whose checksum does not hold may point anywhere, but for OFS,
    /// whose data blocks vouch for themselves.
    fn best(&self, entry: &Entry) -> Status {
        let says = |code| entry.findings.iter().any(|f| f.code == code);
        match () {
            () if says(&AMIGA_DATA_CHECKSUM) || says(&FS_CHECKSUM) && !self.flavour.ofs => Status::BadCheck,
            () if says(&FS_BLOCKS_FOUND) || entry.deleted.is_some() => Status::Reconstructed,
            () => Status::Good,
        }
    }
}
