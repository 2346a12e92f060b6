//! A FAT volume, read once.

use std::sync::Arc;

use floptical_model::finding::{
    FS_BAD_SECTORS, FS_CLUSTERS_GUESSED, FS_FAT_COPIES_DIFFER, FS_FAT_GONE, FS_FIELDS_DIFFER, FS_GEOMETRY_GUESSED,
    FS_TRUNCATED,
};
use floptical_model::{
    Attribute, Blocks, Context, Dates, Delivered, Entry, EntryKind, Finding, Findings, Piece, Place, Result, Span,
    Status,
};

use super::boot::Bpb;
use super::directory::{Slab, list};
use super::guess::{Guess, Origin, boot_at, slabs};
use super::name::{self, Charset, Style};
use super::shape::{Shape, Width};
use super::table::{Link, Table};
use super::tree::{Node, Owner, Tree};
use crate::Volume;
use crate::listing::{self, Note};
use crate::pieces::{bad_bytes, deliver};

/// Attribute bits, from the lowest on.
const ATTRIBUTES: [Attribute; 8] =
    ["read-only", "hidden", "system", "label", "directory", "archive", "device", "reserved"];

/// An open FAT volume.
pub(super) struct FatVolume {
    blocks: Arc<dyn Blocks>,
    kind: &'static str,
    facts: Vec<(&'static str, String)>,
    findings: Findings,
    entries: Vec<Entry>,
}

impl FatVolume {
    /// Read tables and directories of a volume of a known shape.
    pub(super) fn open(blocks: Arc<dyn Blocks>, found: &Guess, context: &Context) -> Result<Self> {
        let boot = boot_at(&*blocks, 0, context)?;
        let bpb = Bpb::read(&boot);
        let shape = &found.shape;
        let table = Table::load(&*blocks, shape, context)?;
        let root = root_sectors(&*blocks, shape, &table, context)?;
        let style = style(&boot, &bpb, shape, &root);
        let mut tree = Tree::new(&*blocks, shape, &table, style, context)?;
        if shape.width == Width::ThirtyTwo {
            let chain = table.chain(shape.root_cluster, None, &mut tree.walker);
            chain.clusters.iter().for_each(|c| tree.claim(c, Owner::Root));
        }
        tree.grow(&root)?;
        tree.complete();
        tree.dig()?;
        let entries = entries(&tree, context)?;
        let mut findings = Findings::default();
        let whole = Span::Volume { start: 0, len: shape.len().min(blocks.len()) };
        let about_disk = disk_notes(&*blocks, &bpb, found, &table);
        for (code, message) in about_disk.into_iter().chain(std::mem::take(&mut tree.notes)) {
            findings.push(Finding::new(code, whole.clone(), Place::Whole, message));
        }
        let facts = facts(&boot, &bpb, found, &table, &entries);
        let kind = shape.width.name();
        drop(tree);
        Ok(Self { kind, facts, findings, entries, blocks })
    }
}

/// The sectors of the root directory.
fn root_sectors(blocks: &dyn Blocks, shape: &Shape, table: &Table, context: &Context) -> Result<Vec<Slab>> {
    if shape.width != Width::ThirtyTwo {
        return slabs(blocks, shape.root_at(), shape.root_len(), context);
    }
    let chain = table.chain(shape.root_cluster, None, &mut super::table::Walker::new(table.last()));
    let mut all = Vec::new();
    for cluster in chain.clusters.iter() {
        all.extend(slabs(blocks, shape.cluster_at(cluster), shape.cluster(), context)?);
    }
    Ok(all)
}

/// How the names of the volume read: by the marks of the machine in the boot
/// sector, or by what bytes 12 to 21 of the root's entries hold.
fn style(boot: &[u8; 512], bpb: &Bpb, shape: &Shape, root: &[Slab]) -> Style {
    let head = boot.get(..32).unwrap_or_default();
    let marked = [&b"X68IPL30"[..], b"Hudson soft"].iter().any(|m| head.windows(m.len()).any(|w| w == *m));
    let human = marked || shape.width == Width::Twelve && has_human_names(root);
    let japanese = human || shape.sector == 1024 || bpb.oem.starts_with(b"NEC");
    Style { charset: if japanese { Charset::ShiftJis } else { Charset::Cp437 }, human }
}

/// True when bytes 12 to 21 are the rest of a name or zero in all entries, and
/// a name in one at least. VFAT never has a letter at 12.
fn has_human_names(root: &[Slab]) -> bool {
    let (mut some, mut all) = (false, true);
    for record in list(root).records.iter().filter(|r| !r.is_label()) {
        let rest = record.raw.get(12..22).unwrap_or_default();
        let len = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
        let (text, padding) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        all &= text.iter().all(|b| *b > b' ' && *b != 0x7F) && padding.iter().all(|b| *b == 0);
        some |= !text.is_empty();
    }
    some && all
}

/// What is to be said of the volume as a whole.
fn disk_notes(blocks: &dyn Blocks, bpb: &Bpb, found: &Guess, table: &Table) -> Vec<Note> {
    let (mut notes, shape): (Vec<Note>, _) = (Vec::new(), &found.shape);
    match &found.origin {
        Origin::Boot => {}
        Origin::Backup(sector) => notes.push((&FS_GEOMETRY_GUESSED, format!("from the backup at sector {sector}"))),
        Origin::Known(name) => notes.push((&FS_GEOMETRY_GUESSED, format!("taken as {name}"))),
        Origin::Search => notes.push((&FS_GEOMETRY_GUESSED, "taken as the shape that tables and root fit".into())),
    }
    if found.origin != Origin::Boot && bpb.shape().is_some() {
        notes.push((&FS_FIELDS_DIFFER, "the boot sector tells a shape that the disk does not bear out".into()));
    }
    let told = if found.origin == Origin::Boot { Some(bpb.media) } else { None };
    if let (Some(media), Some(id)) = (told, table.id())
        && media != id
    {
        notes.push((&FS_FIELDS_DIFFER, format!("media byte {media:02X}h in the boot sector, {id:02X}h in the table")));
    }
    if shape.len() > blocks.len() {
        notes.push((&FS_TRUNCATED, format!("the volume has {} bytes, the image {}", shape.len(), blocks.len())));
    }
    for (copy, gone) in table.gone().enumerate() {
        let number = copy.saturating_add(1);
        let differing = table.differing.get(copy).copied().unwrap_or(0);
        if gone {
            notes.push((&FS_FAT_GONE, format!("table {number} holds no allocation table")));
        } else if differing > 0 {
            notes.push((&FS_FAT_COPIES_DIFFER, format!("table {number} differs in {differing} bytes")));
        }
        if table.unread(copy) > 0 {
            notes.push((&FS_BAD_SECTORS, format!("{} bytes of table {number} are missing", table.unread(copy))));
        }
    }
    notes
}

/// A fact of the volume.
type Fact = (&'static str, String);

/// What the volume says of itself.
fn facts(boot: &[u8; 512], bpb: &Bpb, found: &Guess, table: &Table, entries: &[Entry]) -> Vec<Fact> {
    let (shape, told) = (&found.shape, found.origin == Origin::Boot);
    let mut all: Vec<Fact> = Vec::new();
    for label in entries.iter().filter(|e| e.kind == EntryKind::Label && e.deleted.is_none()) {
        all.push(("label", label.name.text.clone()));
    }
    all.extend(bpb.label.map(|raw| ("boot label", name::label(&raw, Charset::Cp437).text)));
    all.extend(bpb.serial.map(|s| ("serial", format!("{:04X}-{:04X}", s >> 16, s & 0xFFFF))));
    if told {
        all.push(("OEM name", name::cp437(&bpb.oem)));
        if !bpb.signed && bpb.serial.is_none() && !bpb.oem.is_ascii() {
            all.push(("Atari serial", format!("{:02X}{:02X}{:02X}", boot[10], boot[9], boot[8])));
        }
        all.push(("media byte", format!("{:02X}h", bpb.media)));
    }
    all.extend(table.id().map(|id| ("FAT id", format!("{id:02X}h"))));
    let free = (2..=table.last()).filter(|c| table.best(*c) == Link::Free).count() as u64;
    let bad = (2..=table.last()).filter(|c| table.best(*c) == Link::Bad).count() as u64;
    let numbers = [
        ("sector size", u64::from(shape.sector)),
        ("cluster size", shape.cluster()),
        ("clusters", u64::from(shape.clusters())),
        ("free bytes", free.saturating_mul(shape.cluster())),
        ("bad bytes", bad.saturating_mul(shape.cluster())),
        ("reserved sectors", u64::from(shape.reserved)),
        ("tables", u64::from(shape.copies)),
        ("table sectors", u64::from(shape.per_fat)),
        ("root entries", u64::from(shape.root_entries)),
        ("sectors", u64::from(shape.sectors)),
    ];
    all.extend(numbers.map(|(what, n)| (what, n.to_string())));
    if told {
        let fields = [
            ("sectors per track", u32::from(bpb.track)),
            ("heads", u32::from(bpb.heads)),
            ("hidden sectors", bpb.hidden),
        ];
        all.extend(fields.map(|(what, n)| (what, n.to_string())));
    }
    let words = boot.as_chunks::<2>().0.iter().map(|w| u16::from_be_bytes(*w));
    if words.fold(0u16, u16::wrapping_add) == 0x1234 {
        all.push(("boot code", "Atari ST".into()));
    }
    let from = match &found.origin {
        Origin::Boot => "boot sector".to_owned(),
        Origin::Backup(sector) => format!("backup boot sector {sector}"),
        Origin::Known(name) => format!("size and FAT id: {name}"),
        Origin::Search => "tables and root directory".to_owned(),
    };
    all.push(("shape from", from));
    all
}

/// All nodes as entries, depth first.
fn entries(tree: &Tree<'_>, context: &Context) -> Result<Vec<Entry>> {
    let node = |i: usize| tree.nodes.get(i).map(|n| (n.name.text.as_str(), &n.children[..]));
    let named = listing::paths(&tree.roots, node, context)?;
    Ok(named.into_iter().filter_map(|(i, path)| Some(entry(tree, tree.nodes.get(i)?, path))).collect())
}

fn entry(tree: &Tree<'_>, node: &Node, path: String) -> Entry {
    let record = &node.record;
    let kind = match () {
        () if record.is_label() => EntryKind::Label,
        () if record.is_directory() => EntryKind::Directory,
        () => EntryKind::File,
    };
    let limit = if kind == EntryKind::File { node.size() } else { u64::MAX };
    let (pieces, cut) = pieces(tree, node, limit);
    let mut notes = node.notes.clone();
    if cut {
        let have = pieces.iter().fold(0u64, |sum, p| sum.saturating_add(p.len));
        notes.push((&FS_TRUNCATED, format!("the image ends after {have} of its bytes")));
    }
    notes.extend(bad_bytes(tree.blocks, &pieces).map(|message| -> Note { (&FS_BAD_SECTORS, message) }));
    let bits = record.attributes();
    let short = record.long.is_some().then(|| {
        let deleted = record.standing == super::directory::Standing::Deleted;
        name::short(&record.raw, deleted, record.first, tree.style)
    });
    let at = Span::Volume { start: record.at, len: 32 };
    let place = Place::Path(path.clone());
    Entry {
        name: node.name.clone(),
        short,
        kind,
        deleted: node.deleted,
        size: node.size(),
        pieces,
        dates: Dates { modified: tree.modified(node), created: tree.created(node), accessed: tree.accessed(node) },
        attributes: ATTRIBUTES.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, a)| *a).collect(),
        details: Vec::new(),
        findings: listing::findings(notes, &at, &place),
        path,
    }
}

/// Where the bytes of a node lie, in order, up to `limit` bytes and to the end
/// of the image; true when the image ended it. What lies in the image behind
/// a piece that does not is left out: its place in the file would be wrong.
fn pieces(tree: &Tree<'_>, node: &Node, limit: u64) -> (Vec<Piece>, bool) {
    let (mut all, mut left) = (Vec::new(), limit);
    for run in node.clusters.runs() {
        let start = tree.shape.cluster_at(run.start);
        let clusters = u64::from(run.end.saturating_sub(run.start));
        let len = clusters.saturating_mul(tree.shape.cluster()).min(left);
        let there = len.min(tree.blocks.len().saturating_sub(start));
        if there > 0 {
            all.push(Piece { start: Some(start), len: there });
        }
        if there < len {
            return (all, true);
        }
        left = left.saturating_sub(len);
    }
    (all, false)
}

impl Volume for FatVolume {
    fn kind(&self) -> &str {
        self.kind
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
        let guessed = entry.deleted.is_some() || entry.findings.iter().any(|f| f.code == &FS_CLUSTERS_GUESSED);
        let best = if guessed { Status::Reconstructed } else { Status::Good };
        let (bytes, worst) = deliver(&*self.blocks, &entry.pieces, out, context)?;
        let expected = if entry.kind == EntryKind::Directory { bytes } else { entry.size };
        Ok(Delivered { expected, bytes, worst: worst.min(best) })
    }
}
