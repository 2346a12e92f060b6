//! A disc: all that its volume descriptors lead to.

use std::collections::BTreeSet;
use std::sync::Arc;

use floptical_model::finding::{FS_FIELDS_DIFFER, FS_TRUNCATED, SUSP_SP};
use floptical_model::{Blocks, Context, Place, Result};

use crate::SECTOR;
use crate::boot::BootCatalog;
use crate::descriptor::{Descriptors, IDENTIFIER, Kind, START, VolumeDescriptor};
use crate::directory::own_record;
use crate::extent::Section;
use crate::medium::{Medium, Note};
use crate::namespace::{Namespace, entries, shared, untold};
use crate::path_table::{self, Row};
use crate::susp::Protocol;
use crate::tree::Tree;

/// Whether a linear view looks like a disc with ISO 9660: what speaks for it.
/// Reads seven bytes; the image may end behind them.
pub fn probe(blocks: &dyn Blocks, context: &Context) -> Option<String> {
    let mut head = [0; 7];
    let there = blocks.len() >= START.saturating_add(7);
    let read = there && blocks.read(START, &mut head, context).is_ok();
    let [kind, id @ .., version] = head;
    (read && id == IDENTIFIER && kind < 4 && matches!(version, 1 | 2))
        .then(|| format!("a volume descriptor of type {kind} says CD001 at byte {}", START.saturating_add(1)))
}

/// A disc with ISO 9660, read once.
pub struct Disc {
    namespaces: Vec<Namespace>,
    boot: Option<BootCatalog>,
}

impl Disc {
    /// Read descriptors, directories and boot catalog of a linear view.
    ///
    /// # Errors
    /// `Unknown` when no volume descriptor is there, and what stops the
    /// reading; damage is in the findings.
    pub fn open(blocks: Arc<dyn Blocks>, context: &Context) -> Result<Self> {
        let medium = Medium::new(blocks);
        let found = Descriptors::read(&medium, context)?;
        let mut disc = Builder { medium: &medium, context, end: found.end, told: BTreeSet::new(), all: Vec::new() };
        let mut general = found.notes.clone();
        let mut seen: Vec<(u64, bool)> = Vec::new();
        for volume in &found.volumes {
            // Some programs write two descriptors of one tree.
            let joliet = matches!(volume.kind, Kind::Joliet(_));
            let root = volume.root.as_ref().map_or(0, |r| Section::of(r, volume.block).start);
            let again = seen.contains(&(root, joliet));
            seen.push((root, joliet));
            if again {
                disc.again(volume);
            } else {
                disc.add(volume, &found.others, std::mem::take(&mut general))?;
            }
        }
        let boot = BootCatalog::read(&medium, &found, &disc.all, context)?;
        if let Some(catalog) = &boot {
            disc.add_boot(catalog, std::mem::take(&mut general));
        }
        Ok(Self { namespaces: disc.all, boot })
    }

    /// Every way to see its files, side by side, and at the end its boot
    /// images. The first tells what was noticed of the disc as a whole.
    pub fn namespaces(&self) -> &[Namespace] {
        &self.namespaces
    }

    /// The same, to keep.
    pub fn into_namespaces(self) -> Vec<Namespace> {
        self.namespaces
    }

    /// What El Torito says, where the disc has it.
    pub fn boot(&self) -> Option<&BootCatalog> {
        self.boot.as_ref()
    }
}

/// What is known of a namespace before its tree is read.
struct Said {
    id: &'static str,
    kind: String,
    facts: Vec<(&'static str, String)>,
    notes: Vec<Note>,
}

/// A disc while its namespaces are read.
struct Builder<'a> {
    medium: &'a Medium,
    context: &'a Context,
    /// The first byte behind the descriptors.
    end: u64,
    told: BTreeSet<(&'static str, floptical_model::Span, String)>,
    all: Vec<Namespace>,
}

impl Builder<'_> {
    /// A further descriptor of a tree that is there.
    fn again(&mut self, volume: &VolumeDescriptor) {
        let sector = volume.at / SECTOR;
        if let Some(first) = self.all.first_mut() {
            first.facts.push(("described again", format!("by the {} of sector {sector}", words(volume.kind).1)));
        }
    }

    /// Add the namespaces of a descriptor: its own names, and Rock Ridge.
    fn add(&mut self, volume: &VolumeDescriptor, others: &[String], mut notes: Vec<Note>) -> Result<()> {
        notes.extend(volume.notes.iter().cloned());
        notes.extend(self.length(volume));
        let rows = path_table::rows(self.medium, volume, &mut notes, self.context)?;
        let root = volume.root.as_ref().map(|r| Section::of(r, volume.block).start);
        let own = root.map(|start| own_record(self.medium, start, self.context)).transpose()?.flatten();
        let protocol = own.as_ref().and_then(Protocol::of);
        let (id, kind) = words(volume.kind);
        let mut facts = volume.facts.clone();
        facts.extend(others.iter().map(|other| ("further descriptor", other.clone())));
        self.add_tree(Said { id, kind: kind.into(), facts: facts.clone(), notes }, volume, None, &rows)?;
        if let Some(protocol) = protocol {
            let at = own.as_ref().map_or(0, |own| own.system_at());
            let what = "entries of Rock Ridge stand in the root, and no entry SP announces them";
            let notes = if protocol.announced { Vec::new() } else { vec![Note::new(&SUSP_SP, at, 4, what)] };
            let kind = if volume.kind == Kind::Primary { "Rock Ridge".into() } else { format!("Rock Ridge in {kind}") };
            self.add_tree(Said { id: "rockridge", kind, facts, notes }, volume, Some(protocol), &rows)?;
        }
        Ok(())
    }

    fn add_tree(
        &mut self,
        said: Said,
        volume: &VolumeDescriptor,
        protocol: Option<Protocol>,
        rows: &[Row],
    ) -> Result<()> {
        let Said { id, kind, mut facts, mut notes } = said;
        let mut tree = Tree::grow(self.medium, volume, protocol, rows, self.context)?;
        notes.append(&mut tree.notes);
        let entries = entries(&tree, self.medium, self.context)?;
        notes.extend(shared(&entries, self.end));
        facts.extend(tree.extensions.iter().map(|id| ("extension", id.clone())));
        let whole = notes.into_iter().map(|note| note.at(Place::Whole));
        let own = entries.iter().flat_map(|e| e.findings.iter().cloned());
        let findings = untold(whole.chain(own), &mut self.told);
        let id = self.number(id);
        self.all.push(Namespace { id, kind, facts, findings, entries, medium: self.medium.clone() });
        Ok(())
    }

    fn add_boot(&mut self, catalog: &BootCatalog, mut notes: Vec<Note>) {
        notes.extend(catalog.notes.iter().cloned());
        let entries = catalog.entries(self.medium);
        let whole = notes.into_iter().map(|note| note.at(Place::Named("boot catalog".into())));
        let own = entries.iter().flat_map(|e| e.findings.iter().cloned());
        let findings = untold(whole.chain(own), &mut self.told);
        self.all.push(Namespace {
            id: "el-torito".into(),
            kind: "El Torito".into(),
            facts: catalog.facts(),
            findings,
            entries,
            medium: self.medium.clone(),
        });
    }

    /// An id that no other namespace has.
    fn number(&self, id: &str) -> String {
        let taken = |name: &str| self.all.iter().any(|n| n.id == name);
        let numbered = (2..).map(|n| format!("{id}-{n}"));
        std::iter::once(id.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Hold the length of the volume against that of the image.
    fn length(&self, volume: &VolumeDescriptor) -> Option<Note> {
        let (told, there, at) = (volume.len(), self.medium.len(), volume.at.saturating_add(80));
        if told > there {
            return Some(Note::new(&FS_TRUNCATED, at, 8, format!("the volume has {told} bytes, the image {there}")));
        }
        let what = format!("the volume says that it has {} blocks, its descriptors are longer", volume.space);
        (told < self.end).then(|| Note::new(&FS_FIELDS_DIFFER, at, 8, what))
    }
}

/// The id and the name of a namespace.
fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Primary => ("iso9660", "ISO 9660"),
        Kind::Joliet(_) => ("joliet", "Joliet"),
        Kind::Enhanced => ("enhanced", "ISO 9660:1999"),
        Kind::Supplementary => ("supplementary", "ISO 9660 supplementary"),
    }
}
