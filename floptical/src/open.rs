//! From a file to an image.

use floptical_formats::{Answer, Candidate, Evidence, ReadOptions, Registry};
use floptical_io::{FileSet, Source, text::show};
use floptical_model::finding::FS_BAD_SECTORS;
use floptical_model::{
    Context, EntryKind, Error, ErrorKind, Finding, Findings, Image, Layer, Layout, Place, Result, Span,
};

use crate::extract::find;
use crate::identify::{Identified, Item, Verdict, identify, identify_files};
use crate::{Disk, volumes};

/// How to open where the file leaves a choice. Nothing is needed: what is not
/// told is found.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// Read as this format, whatever the evidence.
    pub format: Option<String>,
    /// Read a flat image with this layout.
    pub layout: Option<Layout>,
    /// The image to take where there are several: the name of a file in the
    /// wrapper, or the path of a file in a volume of the only image, such as a
    /// boot image of a disc.
    pub member: Option<String>,
    /// Do not compute sums over whole files: quick, and the image says so.
    pub without_sum: bool,
}

/// An opened image and how it was found.
#[derive(Debug)]
pub struct Opened {
    /// The image.
    pub image: Image,
    /// The answer that was acted on.
    pub candidate: Candidate,
    /// What else it may be.
    pub others: Vec<Candidate>,
    /// True when only the length spoke for it.
    pub size_only: bool,
    /// Wrappers that were taken off, outermost first.
    pub layers: Vec<&'static str>,
    /// What was noticed about the wrappers.
    pub findings: Findings,
    /// The files of the image.
    pub files: FileSet,
}

/// Open bytes in memory: no file, thread or clock is touched.
///
/// # Errors
/// `Unknown` when no format knows it; `Unsupported` for a kind not read yet;
/// what stops the reading.
///
/// ```
/// use floptical::{OpenOptions, open_bytes, model::Context};
///
/// let blank = vec![0xF6; 368_640];
/// let opened = open_bytes("blank.img", &blank, &OpenOptions::default(), &Context::default())?;
/// assert_eq!(opened.image.format, "raw");
/// assert!(opened.size_only);
/// # Ok::<(), floptical::model::Error>(())
/// ```
pub fn open_bytes(name: &str, bytes: &[u8], options: &OpenOptions, context: &Context) -> Result<Opened> {
    open(&Source::from_bytes(name, bytes), options, context)
}

/// Open a source.
///
/// # Errors
/// As [`open_bytes`].
pub fn open(source: &Source, options: &OpenOptions, context: &Context) -> Result<Opened> {
    let registry = Registry::default();
    let Identified { layers, items, findings } = identify(source, &registry, context)?;
    open_one(items, layers, findings, options, context)
}

/// Open files that were found together, such as those of a folder.
///
/// # Errors
/// As [`open_bytes`].
pub fn open_files(files: &FileSet, options: &OpenOptions, context: &Context) -> Result<Opened> {
    let items = identify_files(files, &Registry::default(), context)?;
    open_one(items, Vec::new(), Findings::default(), options, context)
}

fn open_one(
    items: Vec<Item>,
    layers: Vec<&'static str>,
    findings: Findings,
    options: &OpenOptions,
    context: &Context,
) -> Result<Opened> {
    if let ([item], Some(member)) = (items.as_slice(), &options.member)
        && !item.holds(member)
    {
        let missing = unknown(format!("there is no `{}` inside; there is {}", show(member.as_bytes()), names(&items)));
        let outer = open_one(items, layers, findings, &OpenOptions::default(), context);
        let found = outer.ok().map(|outer| open_within(outer, member, options, context)).transpose()?.flatten();
        return found.ok_or(missing);
    }
    let item = choose(items, options)?;
    let (candidate, size_only) = decide(&item, options)?;
    let told = options.layout.as_ref().or(candidate.answer.layout.as_ref());
    let read = ReadOptions { layout: told, without_sum: options.without_sum, ..ReadOptions::default() };
    let image = (candidate.format.read)(&item.files, &read, context)?;
    let others = item.candidates.into_iter().filter(|c| c.format.id != candidate.format.id).collect();
    Ok(Opened { image, candidate, others, size_only, layers, findings, files: item.files })
}

/// Open a file in a volume of an image as an image of its own; `None` when
/// there is no such file.
fn open_within(outer: Opened, member: &str, options: &OpenOptions, context: &Context) -> Result<Option<Opened>> {
    let disk = Disk::derive_for(outer.image, Layer::Blocks, context)?;
    let (mounted, _) = volumes(&disk, context)?;
    let found = find(&mounted, member).filter(|(_, entry)| entry.kind == EntryKind::File);
    let Some((mounted, entry)) = found else { return Ok(None) };
    context.reserve(entry.size)?;
    let mut bytes = Vec::new();
    let mut keep = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    let delivered = mounted.volume.read(entry, &mut keep, context)?;
    let source = Source::from_bytes(entry.name.text.as_str(), bytes);
    let opened = open(&source, &OpenOptions { member: None, ..options.clone() }, context)?;
    let mut findings = outer.findings;
    findings.extend(&opened.findings);
    if delivered.bytes < delivered.expected || delivered.worst.is_damage() {
        let what = format!("{} of {} bytes, the worst {}", delivered.bytes, delivered.expected, delivered.worst.word());
        let span = Span::Volume { start: 0, len: delivered.bytes };
        findings.push(Finding::new(&FS_BAD_SECTORS, span, Place::Path(entry.path.clone()), what));
    }
    let layers = [outer.layers, vec!["volume"], opened.layers].concat();
    Ok(Some(Opened { layers, findings, ..opened }))
}

/// The one item that is meant.
fn choose(mut items: Vec<Item>, options: &OpenOptions) -> Result<Item> {
    if let Some(member) = &options.member {
        let at = items.iter().position(|item| item.holds(member));
        return match at {
            Some(at) => Ok(items.swap_remove(at)),
            None => Err(unknown(format!("there is no `{member}` inside; there is {}", names(&items)))),
        };
    }
    // Beside an image lie texts and pictures; beside one that is known for
    // certain, what has but the length of a disk is one of those.
    if items.len() > 1 {
        items.retain(|item| item.verdict().candidate().is_some());
    }
    let guessed = |item: &Item| matches!(item.verdict(), Verdict::SizeOnly(_));
    if !items.iter().all(guessed) {
        items.retain(|item| !guessed(item));
    }
    match items.len() {
        0 => Err(unknown("nothing inside is what any format here is".into())),
        1 => Ok(items.swap_remove(0)),
        n => Err(unknown(format!("there are {n} images inside; name one of them after a `!`: {}", names(&items)))),
    }
}

/// The format to read it as.
fn decide(item: &Item, options: &OpenOptions) -> Result<(Candidate, bool)> {
    if let Some(id) = &options.format {
        let told = item.candidates.iter().find(|c| c.format.id == id);
        let answer = || Answer::new(Evidence::default(), "somebody said so");
        let forced = || Registry::default().by_id(id).map(|format| Candidate { format, answer: answer() });
        let candidate = told.cloned().or_else(forced);
        return candidate.map(|c| (c, false)).ok_or_else(|| unknown(format!("there is no format `{id}`")));
    }
    match item.verdict() {
        Verdict::NotRead(_, kind) => Err(Error::unsupported(format!("this is {kind}"))),
        Verdict::Unknown => Err(unknown("it is not what any format here is".into())),
        Verdict::SizeOnly(c) => Ok((c.clone(), true)),
        verdict => verdict.candidate().cloned().map(|c| (c, false)).ok_or_else(|| unknown("no answer".into())),
    }
}

fn names(items: &[Item]) -> String {
    let shown: Vec<String> = items.iter().take(8).map(|i| show(i.name().as_bytes())).collect();
    format!("{}{}", shown.join(", "), if items.len() > 8 { ", ..." } else { "" })
}

fn unknown(what: String) -> Error {
    Error::new(ErrorKind::Unknown, what)
}
