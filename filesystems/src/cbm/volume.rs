//! A volume of CBM DOS, read once.

use std::sync::Arc;

use floptical_model::finding::{FS_BAD_SECTORS, FS_BLOCK_KIND, FS_BLOCKS_FOUND, FS_TRUNCATED};
use floptical_model::{Blocks, Context, Dates, Delivered, Entry, EntryKind, Findings, Place, Result, Span, Status};

use super::bam::Bam;
use super::disk::{At, Disk, Drive, SECTOR, Shape};
use super::geos;
use super::name::{petscii, trimmed};
use super::tree::{Area, Node, Tree};
use crate::Volume;
use crate::listing::{self, Note};
use crate::pieces::{bad_bytes, deliver};

/// An open volume.
pub(super) struct CbmVolume {
    blocks: Arc<dyn Blocks>,
    drive: Drive,
    facts: Vec<(&'static str, String)>,
    findings: Findings,
    entries: Vec<Entry>,
}

impl CbmVolume {
    /// Read all directories of a volume of a known shape.
    pub(super) fn open(blocks: Arc<dyn Blocks>, shape: Shape, context: &Context) -> Result<Self> {
        let disk = Disk::new(&*blocks, shape, context)?;
        let drive = disk.shape.drive;
        let mut tree =
            Tree { disk: &disk, nodes: Vec::new(), roots: Vec::new(), claims: Default::default(), notes: Vec::new() };
        let area =
            Area { header: drive.header(), directory: drive.directory(), tracks: 1..=disk.shape.tracks, parent: None };
        let bam = tree.read(area)?;
        let node = |i: usize| tree.nodes.get(i).map(|n| (n.name.text.as_str(), &n.children[..]));
        let named = listing::paths(&tree.roots, node, context)?;
        let entries = named.into_iter().filter_map(|(i, path)| Some(entry(&disk, tree.nodes.get(i)?, path)));
        let entries = entries.collect();
        let header = disk.sector(drive.header())?;
        let mut notes = std::mem::take(&mut tree.notes);
        if header.is_none_or(|h| h[2] != drive.version()) {
            notes.push((&FS_BLOCK_KIND, format!("{} is no header", drive.header())));
        }
        let whole = u64::from(disk.shape.count()).saturating_mul(SECTOR);
        if blocks.len() < whole {
            notes.push((&FS_TRUNCATED, format!("the volume has {whole} bytes, the image {}", blocks.len())));
        }
        let span = Span::Volume { start: 0, len: whole.min(blocks.len()) };
        let findings = listing::findings(notes, &span, &Place::Whole);
        let facts = facts(&disk, header.as_ref(), &bam);
        Ok(Self { drive, facts, findings, entries, blocks })
    }
}

fn entry(disk: &Disk<'_>, node: &Node, path: String) -> Entry {
    let mut notes = node.notes.clone();
    notes.extend(bad_bytes(disk.blocks, &node.pieces).map(|message| -> Note { (&FS_BAD_SECTORS, message) }));
    let dated = geos::is_geos(&node.record).then(|| geos::date(&node.record));
    let at = Span::Volume { start: node.record.offset, len: 32 };
    let place = Place::Path(path.clone());
    Entry {
        path,
        name: node.name.clone(),
        short: None,
        kind: if node.is_directory { EntryKind::Directory } else { EntryKind::File },
        deleted: node.deleted,
        size: node.size,
        pieces: node.pieces.clone(),
        dates: Dates { modified: dated, ..Dates::default() },
        attributes: node.record.attributes(),
        details: node.details.clone(),
        findings: listing::findings(notes, &at, &place),
    }
}

/// What the volume says of itself.
fn facts(disk: &Disk<'_>, header: Option<&[u8; 256]>, bam: &Bam) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let drive = disk.shape.drive;
    if let Some(header) = header.filter(|h| h.iter().any(|b| *b != 0)) {
        // The name, two bytes of fill, the id, one of fill, the version.
        let base = if drive == Drive::D1581 { 0x04 } else { 0x90 };
        let field = |from: usize, len: usize| {
            let rest = header.get(from.saturating_add(base)..).unwrap_or_default();
            trimmed(rest.get(..len).unwrap_or_default())
        };
        all.push(("label", petscii(field(0, 16))));
        all.push(("disk id", petscii(field(18, 2))));
        all.push(("DOS type", field(21, 2).iter().map(|b| char::from(*b)).collect()));
        let link = At { track: header[0], sector: header[1] };
        all.extend((link != drive.directory()).then(|| ("directory link, not followed", link.to_string())));
        let geos = header.get(0xAD..0xBD).filter(|rest| rest.starts_with(b"GEOS"));
        all.extend(geos.map(|text| ("GEOS", text.iter().map(|b| char::from(*b)).collect())));
    }
    all.push(("tracks", disk.shape.tracks.to_string()));
    all.push(("sectors", disk.shape.count().to_string()));
    all.extend(bam.free(drive.header().track).map(|free| ("blocks free", free.to_string())));
    all
}

impl Volume for CbmVolume {
    fn kind(&self) -> &str {
        self.drive.name()
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
        let guessed = entry.deleted.is_some() || entry.findings.iter().any(|f| f.code == &FS_BLOCKS_FOUND);
        let best = if guessed { Status::Reconstructed } else { Status::Good };
        let (bytes, worst) = deliver(&*self.blocks, &entry.pieces, out, context)?;
        Ok(Delivered { expected: entry.size, bytes, worst: worst.min(best) })
    }
}
