//! What is this, how sure, and why.

use std::collections::BTreeSet;
use std::sync::Arc;

use floptical_filesystems::{Strength, probe};
use floptical_formats::{Candidate, Evidence, Group, NamedBySheet, Registry};
use floptical_io::{FileSet, Source, text::show, wrap};
use floptical_model::{BlockDevice, Context, Extent, Fact, Findings, Layer, Result, Run, RunSource, Span, Status};

/// What came out of a file: the wrappers around it, and the items inside.
#[derive(Debug)]
pub struct Identified {
    /// Wrappers that were taken off, outermost first.
    pub layers: Vec<&'static str>,
    /// What is inside: files that make one image together are one item.
    pub items: Vec<Item>,
    /// What was noticed about the wrappers.
    pub findings: Findings,
}

/// Files that make one image, and what they may be.
#[derive(Debug)]
pub struct Item {
    /// The files.
    pub files: FileSet,
    /// What they may be, the best first.
    pub candidates: Vec<Candidate>,
}

/// What can be said of an item.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// One answer stands above all others.
    Known(&'a Candidate),
    /// Several answers have the same evidence; the first was taken.
    Tie(Vec<&'a Candidate>),
    /// Only the length speaks: a guess.
    SizeOnly(&'a Candidate),
    /// A known kind that is not read yet.
    NotRead(&'a Candidate, &'static str),
    /// Nothing here knows it.
    Unknown,
}

impl Verdict<'_> {
    /// The answer that opening acts on.
    pub fn candidate(&self) -> Option<&Candidate> {
        match self {
            Self::Known(c) | Self::SizeOnly(c) => Some(c),
            Self::Tie(all) => all.first().copied(),
            Self::NotRead(..) | Self::Unknown => None,
        }
    }
}

impl Item {
    /// The name of the item: that of its only file, or of the first of many.
    pub fn name(&self) -> &str {
        self.files.first().map_or("", Source::name)
    }

    /// Whether one of its files goes by a name, as it is stored or as it is
    /// shown.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.files.files().iter().any(|f| f.name() == name || show(f.name().as_bytes()) == name)
    }

    /// What can be said of it. A name alone says nothing.
    pub fn verdict(&self) -> Verdict<'_> {
        let weight = |c: &Candidate| c.answer.evidence.without_name();
        let mut sound = self.candidates.iter().filter(|c| !weight(c).is_empty());
        let Some(best) = sound.next() else { return Verdict::Unknown };
        if let Some(kind) = best.answer.unread {
            return Verdict::NotRead(best, kind);
        }
        if weight(best) == Evidence::SIZE {
            return Verdict::SizeOnly(best);
        }
        // Among equals, and only there, the name decides.
        let evidence = best.answer.evidence;
        let rivals: Vec<&Candidate> =
            sound.filter(|c| c.format.id != best.format.id && c.answer.evidence == evidence).collect();
        if rivals.is_empty() { Verdict::Known(best) } else { Verdict::Tie([vec![best], rivals].concat()) }
    }
}

/// Say what a file is: take off its wrappers and ask every format.
///
/// # Errors
/// What stops the reading of the file or the unpacking of a wrapper.
pub fn identify(source: &Source, registry: &Registry, context: &Context) -> Result<Identified> {
    let unwrapped = wrap::unwrap(source, context)?;
    let items = identify_files(&unwrapped.files, registry, context)?;
    Ok(Identified { layers: unwrapped.layers, items, findings: unwrapped.findings })
}

/// Say what files are, and which of them belong together.
///
/// # Errors
/// When the budget is used up.
pub fn identify_files(files: &FileSet, registry: &Registry, context: &Context) -> Result<Vec<Item>> {
    context.entry(files.files().len() as u64)?;
    let mut items: Vec<Item> = files
        .files()
        .iter()
        .map(|file| Item { files: file.clone().into(), candidates: candidates(file, registry, context) })
        .collect();
    for format in registry.formats() {
        items = match format.group {
            None => items,
            Some(Group::Names(group)) => join(items, format.id, group),
            Some(Group::Sheet(named)) => join_named(items, format.id, named),
        };
    }
    Ok(items)
}

/// Join items of one format whose names say that they belong together.
fn join(items: Vec<Item>, id: &str, group: fn(&[&str]) -> Vec<Vec<usize>>) -> Vec<Item> {
    let is = |item: &Item| item.verdict().candidate().is_some_and(|c| c.format.id == id);
    let (members, mut rest): (Vec<Item>, Vec<Item>) = items.into_iter().partition(is);
    let names: Vec<&str> = members.iter().map(Item::name).collect();
    for indexes in group(&names) {
        let together: Vec<&Item> = indexes.iter().filter_map(|i| members.get(*i)).collect();
        let Some(first) = together.first() else { continue };
        let files = FileSet::new(together.iter().flat_map(|i| i.files.files().iter().cloned()));
        rest.push(Item { files, candidates: first.candidates.clone() });
    }
    rest.sort_by(|a, b| a.name().cmp(b.name()));
    rest
}

/// How a file tells which files it names, if it is a sheet.
pub fn sheet(file: &Source, registry: &Registry) -> Option<NamedBySheet> {
    match registry.identify(file).first()?.format.group? {
        Group::Sheet(named) => Some(named),
        Group::Names(_) => None,
    }
}

/// Give each sheet of a format the files that it names.
fn join_named(items: Vec<Item>, id: &str, named: NamedBySheet) -> Vec<Item> {
    let mut companions: Vec<Vec<usize>> = Vec::new();
    for (own, item) in items.iter().enumerate() {
        let is_sheet = item.verdict().candidate().is_some_and(|c| c.format.id == id);
        let Some(sheet) = item.files.first().filter(|_| is_sheet) else {
            companions.push(Vec::new());
            continue;
        };
        let beside: Vec<usize> = (0..items.len()).filter(|at| *at != own).collect();
        let names: Vec<&str> = beside.iter().map(|at| items[*at].name()).collect();
        companions.push(named(sheet, &names).into_iter().filter_map(|at| beside.get(at).copied()).collect());
    }
    let taken: BTreeSet<usize> = companions.iter().flatten().copied().collect();
    let files: Vec<FileSet> = items.iter().map(|item| item.files.clone()).collect();
    let mut joined = Vec::new();
    for ((at, mut item), named) in items.into_iter().enumerate().zip(companions) {
        if !named.is_empty() {
            let all = [at].into_iter().chain(named).flat_map(|at| files[at].files().iter().cloned());
            item.files = FileSet::new(all);
        }
        if !taken.contains(&at) {
            joined.push(item);
        }
    }
    joined
}

/// What one file may be. Where only a length or a weak mark speaks, the file
/// systems are asked whether the contents make sense.
fn candidates(file: &Source, registry: &Registry, context: &Context) -> Vec<Candidate> {
    let mut ranked = registry.identify(file);
    let certain = ranked.first().is_some_and(|c| c.answer.evidence >= Evidence::MAGIC);
    if certain || !ranked.iter().any(is_flat) {
        return ranked;
    }
    let Some((system, found)) = probe(&flat(file), context) else { return ranked };
    let bit = match found.strength {
        Strength::Weak => Evidence::WEAK_MARKS,
        Strength::Likely | Strength::Sure => Evidence::CONTENTS,
    };
    for candidate in ranked.iter_mut().filter(|c| is_flat(c)) {
        candidate.answer.evidence = candidate.answer.evidence | bit;
        candidate.answer.reasons.push(format!("{}: {}", system.name, found.reason));
    }
    ranked.sort_by_key(|c| std::cmp::Reverse(c.answer.evidence));
    ranked
}

/// True for an answer that rests on the order of blocks alone: sectors
/// without ids.
fn is_flat(candidate: &Candidate) -> bool {
    candidate.format.layer == Layer::Sectors && !candidate.format.holds.contains(&Fact::Id)
}

/// A file as the blocks it would hold if it were flat.
fn flat(file: &Source) -> BlockDevice {
    BlockDevice { block: 512, len: file.len(), content: Arc::new(Flat(file.clone())) }
}

struct Flat(Source);

impl RunSource for Flat {
    fn runs(&self, start: u64, len: u64) -> Vec<Run> {
        vec![Run { start, len, extent: Extent::Data, span: Span::file(start, len) }]
    }

    fn read(&self, start: u64, buffer: &mut [u8], _: &Context) -> Result<Status> {
        self.0.read_at(start, buffer)?;
        Ok(Status::Unverified)
    }
}
