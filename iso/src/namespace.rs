//! One way to see the files of a disc.

use std::collections::BTreeSet;

use floptical_model::finding::{FS_BAD_SECTORS, FS_EFFORT, FS_TRUNCATED, ISO_OVERLAP, ISO_SHARED};
use floptical_model::{Blocks, Context, Delivered, Entry, EntryKind, Finding, Findings, Piece, Place, Result, Status};

use crate::extent::{Cut, PieceBudget, pieces};
use crate::medium::{Medium, Note};
use crate::name::path_part;
use crate::tree::{Node, Tree};

/// A tree of names over the files of a disc, or its boot images.
pub struct Namespace {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Of the namespace and of its entries, but for what another namespace of
    /// the disc says already.
    pub(crate) findings: Findings,
    pub(crate) entries: Vec<Entry>,
    pub(crate) medium: Medium,
}

impl Namespace {
    /// The word that selects it: `iso9660`, `rockridge`, `joliet`, `enhanced`,
    /// `supplementary`, `el-torito`, with a number from 2 on where a disc has
    /// several of a kind.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is, for people.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What the disc says of it, in a fixed order.
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.facts
    }

    /// What was noticed of it and of its entries. A fault that shows in
    /// several namespaces is told by the first.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Everything, depth first, in the order of the directories.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Give the bytes of a file to `out` piece by piece. Bytes on sectors that
    /// were not read come as zeros, and [`Delivered::worst`] says so.
    ///
    /// # Errors
    /// What stops the reading, and whatever `out` returns.
    pub fn read(
        &self,
        entry: &Entry,
        out: &mut dyn FnMut(&[u8]) -> Result<()>,
        context: &Context,
    ) -> Result<Delivered> {
        let (mut bytes, mut worst) = (0u64, Status::Good);
        for piece in &entry.pieces {
            let Some(start) = piece.start else { continue };
            worst = worst.min(self.medium.stream(start, piece.len, out, context)?);
            bytes = bytes.saturating_add(piece.len);
        }
        let expected = if entry.kind == EntryKind::File { entry.size } else { bytes };
        Ok(Delivered { expected, bytes, worst })
    }
}

/// The nodes of a tree as entries, depth first.
pub(crate) fn entries(tree: &Tree<'_>, medium: &Medium, context: &Context) -> Result<Vec<Entry>> {
    let mut all = Vec::new();
    let mut budget = PieceBudget::of(medium.len());
    let mut pending: Vec<(usize, String)> = tree.roots.iter().rev().map(|i| (*i, String::new())).collect();
    while let Some((index, above)) = pending.pop() {
        context.step(1)?;
        let Some(node) = tree.nodes.get(index) else { continue };
        let own = path_part(&node.name.text);
        let path = if above.is_empty() { own.into_owned() } else { format!("{above}/{own}") };
        pending.extend(node.children.iter().rev().map(|i| (*i, path.clone())));
        all.push(entry(node, path, medium, &mut budget));
    }
    Ok(all)
}

fn entry(node: &Node, path: String, medium: &Medium, budget: &mut PieceBudget) -> Entry {
    let (pieces, cut) = pieces(&node.sections, medium.len(), budget);
    let mut notes = node.notes.clone();
    let have = pieces.iter().fold(0u64, |sum, p| sum.saturating_add(p.len));
    let (at, len) = (node.record.at, u64::from(node.record.len));
    match cut {
        Some(Cut::Image) => {
            let what = format!("the image ends after {have} of its {} bytes", node.size);
            notes.push(Note::new(&FS_TRUNCATED, at, len, what));
        }
        Some(Cut::Effort) => {
            let what = format!("it has more pieces than the disc has blocks; {have} of its bytes are given");
            notes.push(Note::new(&FS_EFFORT, at, len, what));
        }
        None => {}
    }
    notes.extend(bad_bytes(medium.blocks(), &pieces).map(|what| Note::new(&FS_BAD_SECTORS, at, len, what)));
    let place = Place::Path(path.clone());
    Entry {
        name: node.name.clone(),
        short: node.short.clone(),
        kind: node.kind,
        deleted: None,
        size: node.size,
        pieces,
        dates: node.dates.clone(),
        attributes: node.record.attributes(),
        details: node.details.clone(),
        findings: notes.into_iter().map(|note| note.at(place.clone())).collect(),
        path,
    }
}

/// How many bytes of pieces lie on sectors that are not good, in words.
pub(crate) fn bad_bytes(blocks: &dyn Blocks, pieces: &[Piece]) -> Option<String> {
    let (mut bad, mut worst) = (0u64, Status::Good);
    for traced in
        pieces.iter().filter_map(|p| Some(blocks.trace(p.start?, p.len))).flatten().filter(|t| t.status.is_damage())
    {
        bad = bad.saturating_add(traced.len);
        worst = worst.min(traced.status);
    }
    (bad > 0).then(|| format!("{bad} bytes lie on sectors that are not good, the worst {}", worst.word()))
}

/// What is to be said of files that share bytes: whole extents are links to
/// one file, parts are a fault, and so are bytes before `reserved`, where the
/// descriptors stand.
pub(crate) fn shared(entries: &[Entry], reserved: u64) -> Vec<Note> {
    let files = entries.iter().filter(|e| e.kind == EntryKind::File);
    let stretch = |p: &Piece| p.start.map(|start| (start, start.saturating_add(p.len)));
    let mut all: Vec<((u64, u64), &str)> =
        files.flat_map(|e| e.pieces.iter().filter_map(move |p| Some((stretch(p)?, e.path.as_str())))).collect();
    all.sort_unstable();
    let (mut twins, mut twin_bytes, mut overlaps, mut notes) = (0u64, 0u64, 0u64, Vec::new());
    let mut first: Option<((u64, u64), String)> = None;
    // The stretch that reaches furthest so far.
    let mut reach: ((u64, u64), &str) = ((0, reserved), "the descriptors of the disc");
    for (own, path) in all {
        if own == reach.0 {
            twins = twins.saturating_add(1);
            twin_bytes = twin_bytes.saturating_add(own.1.saturating_sub(own.0));
            continue;
        }
        if own.0 < reach.0.1 {
            overlaps = overlaps.saturating_add(1);
            first.get_or_insert_with(|| (own, format!("{path} lies on {}", reach.1)));
        }
        if own.1 > reach.0.1 {
            reach = (own, path);
        }
    }
    if let Some(((start, end), what)) = first {
        let what = format!("{overlaps} extents overlap others; {what}");
        notes.push(Note::new(&ISO_OVERLAP, start, end.saturating_sub(start), what));
    }
    if twins > 0 {
        let what = format!("{twins} files lie on extents of other files: {twin_bytes} bytes come out more than once");
        notes.push(Note::new(&ISO_SHARED, 0, 0, what));
    }
    notes
}

/// What tells a finding from others, whatever the path that it speaks of.
type Told = (&'static str, floptical_model::Span, String);

/// Findings of a namespace, without those that were told before.
pub(crate) fn untold(all: impl IntoIterator<Item = Finding>, told: &mut BTreeSet<Told>) -> Findings {
    let mut findings = Findings::default();
    for finding in all {
        if told.len() > Findings::KEPT || told.insert((finding.code.id, finding.at.clone(), finding.message.clone())) {
            findings.push(finding);
        }
    }
    findings
}
