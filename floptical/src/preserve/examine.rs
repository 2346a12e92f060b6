//! One item of a box: its images read, checked, drawn and copied.

use floptical_catalog::record::{Claim, FileRole, MeasuredImage, Provenance};
use floptical_catalog::vault::{Item, ItemFile};
use floptical_io::text::show;
use floptical_io::{FileSet, Source};
use floptical_model::{Context, Error, Result};

use super::copies::{self, copies};
use super::summary::{state_of, title_of};
use crate::identify::identify;
use crate::items::{BoxItem, Dump, Role};
use crate::shape::{
    CandidateShape, CheckShape, EntryShape, FindingShape, InfoShape, ListedFilesShape, PageImageShape, TextShape,
};
use crate::{Disk, OpenOptions, Opened, check, map, open, open_files, record, record_unread, sidecar, volumes};

/// What a person wants of the work on an item.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish {
    /// List deleted files too. Reports are shared, so nobody gets them unasked.
    pub deleted: bool,
}

/// An item with everything that was found out about it.
#[derive(Debug)]
pub struct Examined {
    /// What the vault takes.
    pub item: Item,
    /// Its images.
    pub images: Vec<ExaminedImage>,
    /// Logs and notes that came with it, bounded.
    pub texts: Vec<TextShape>,
}

/// An image with everything that was found out about it.
#[derive(Debug, Default)]
pub struct ExaminedImage {
    /// What the report says.
    pub shape: PageImageShape,
    /// Its map as PNG.
    pub picture: Option<Vec<u8>>,
    /// Copies for emulators.
    pub copies: Vec<copies::Copy>,
    measured: MeasuredImage,
    claims: Vec<Claim>,
}

/// Images that one file may hold before the rest is only kept.
const IMAGES: usize = 64;
/// Entries of a volume that a page lists.
const ENTRIES: usize = 500;
/// Bytes of a log that a page shows.
const TEXT: usize = 16 << 10;

/// The item without any look at its contents: what the vault takes of its
/// files.
///
/// # Errors
/// What opening a file says.
pub(super) fn bare(item: &BoxItem, open: &dyn Fn(&str) -> Result<Source>) -> Result<Item> {
    let originals = item.dumps.iter().flat_map(|d| d.files.iter().map(|f| (FileRole::Original, f)));
    let companions = item.companions.iter().map(|(role, f)| (kept_as(*role), f));
    let files: Result<Vec<ItemFile>> =
        originals.chain(companions).map(|(role, name)| Ok(ItemFile { role, source: open(name)? })).collect();
    Ok(Item { name: item.name.clone(), files: files?, ..Item::default() })
}

/// Measure the images of an item: what the vault takes, without a report.
/// `open` gives the bytes of a file of the box; `said` is what a person says of
/// all of it, and a record beside the images goes before. An image that cannot
/// be read is recorded with its problem.
///
/// # Errors
/// What opening a file says, `Cancelled`; a record beside the images that is
/// no record.
pub fn measure(
    item: &BoxItem,
    open: &dyn Fn(&str) -> Result<Source>,
    said: &Provenance,
    context: &Context,
) -> Result<Item> {
    let mut kept = bare(item, open)?;
    kept.provenance = beside(item, open, said, context)?;
    let sidecars = sidecars(item, open, context)?;
    for dump in &item.dumps {
        let files = opened(dump, open)?;
        for member in members(&files, context) {
            match Read::of(&files, member.as_deref(), &sidecars, context) {
                Ok(read) => {
                    kept.images.push(read.measured);
                    kept.claimed.extend(read.claims);
                }
                Err(error) => kept.images.push(unread(&files, member, &error, context)?),
            }
        }
    }
    Ok(kept)
}

/// Measure, check, draw and copy everything about an item: as [`measure`], with
/// what the report says. An image that cannot be read is told in its `problem`:
/// its files are kept all the same.
///
/// # Errors
/// As [`measure`].
pub fn examine(
    item: &BoxItem,
    open: &dyn Fn(&str) -> Result<Source>,
    said: &Provenance,
    wish: Wish,
    context: &Context,
) -> Result<Examined> {
    let mut kept = bare(item, open)?;
    kept.provenance = beside(item, open, said, context)?;
    let sidecars = sidecars(item, open, context)?;
    let mut images = Vec::new();
    for dump in &item.dumps {
        let files = opened(dump, open)?;
        for member in members(&files, context) {
            images.push(one(dump, &files, member, &sidecars, wish, context)?);
        }
    }
    kept.images = images.iter().map(|i| i.measured.clone()).collect();
    kept.claimed = images.iter().flat_map(|i| i.claims.clone()).collect();
    let texts = item.companions.iter().filter(|(role, _)| matches!(role, Role::Log | Role::Note));
    let texts = texts.filter_map(|(_, name)| open(name).and_then(|source| text(&source)).transpose());
    Ok(Examined { item: kept, images, texts: texts.collect::<Result<_>>()? })
}

fn opened(dump: &Dump, open: &dyn Fn(&str) -> Result<Source>) -> Result<FileSet> {
    Ok(FileSet::new(dump.files.iter().map(|f| open(f)).collect::<Result<Vec<_>>>()?))
}

/// What records beside the images say, over what is said of the whole box.
fn beside(
    item: &BoxItem,
    open: &dyn Fn(&str) -> Result<Source>,
    said: &Provenance,
    context: &Context,
) -> Result<Provenance> {
    let records = item.companions.iter().filter(|(role, _)| *role == Role::Record);
    let read = |under: Provenance, (_, name): &(Role, String)| Ok(provenance(&open(name)?, context)?.over(&under));
    records.into_iter().try_fold(said.clone(), read)
}

/// What conversions kept beside their images.
fn sidecars(item: &BoxItem, open: &dyn Fn(&str) -> Result<Source>, context: &Context) -> Result<Vec<String>> {
    let names = item.companions.iter().filter(|(role, _)| *role == Role::Sidecar).map(|(_, name)| name);
    names.map(|name| Ok(String::from_utf8_lossy(&open(name)?.all(context)?).into_owned())).collect()
}

/// The images of a dump: one, or several where a wrapper holds them.
fn members(files: &FileSet, context: &Context) -> Vec<Option<String>> {
    if let [only] = files.files()
        && let Ok(inside) = identify(only, &floptical_formats::Registry::default(), context)
    {
        let known = inside.items.iter().filter(|i| i.verdict().candidate().is_some());
        let names: Vec<String> = known.take(IMAGES).map(|i| i.name().to_owned()).collect();
        if names.len() > 1 {
            return names.into_iter().map(Some).collect();
        }
    }
    vec![None]
}

/// An image that was opened and measured.
struct Read {
    opened: Opened,
    disk: Disk,
    measured: MeasuredImage,
    claims: Vec<Claim>,
}

impl Read {
    fn of(files: &FileSet, member: Option<&str>, sidecars: &[String], context: &Context) -> Result<Self> {
        let options = OpenOptions { member: member.map(str::to_owned), ..OpenOptions::default() };
        let mut opened = match files.files() {
            [only] => open(only, &options, context),
            _ => open_files(files, &options, context),
        }?;
        if !sidecars.is_empty() {
            let digest = sidecar::digest(files, context)?;
            for text in sidecars {
                // One of other bytes says nothing of this image.
                let _ = sidecar::apply(&mut opened.image, text, &digest);
            }
        }
        let disk = Disk::derive(opened.image.clone(), context)?;
        let (mut measured, claims) = record(&opened, &disk, context)?;
        measured.member = member.map(str::to_owned);
        Ok(Self { opened, disk, measured, claims })
    }
}

/// An image that cannot be read, unless somebody asked to stop.
fn unread(files: &FileSet, member: Option<String>, error: &Error, context: &Context) -> Result<MeasuredImage> {
    context.step(0)?;
    Ok(MeasuredImage { member, ..record_unread(files, &problem(error)) })
}

/// One image of the report. A failure becomes a problem.
fn one(
    dump: &Dump,
    files: &FileSet,
    member: Option<String>,
    sidecars: &[String],
    wish: Wish,
    context: &Context,
) -> Result<ExaminedImage> {
    let title = title_of(files, member.as_deref(), dump.side);
    let mut image = ExaminedImage::default();
    let read = Read::of(files, member.as_deref(), sidecars, context);
    if let Err(error) = read.and_then(|read| fill(&mut image, read, &title, wish, context)) {
        image.measured = unread(files, member, &error, context)?;
        image.shape.problem = Some(problem(&error));
    }
    image.shape.title = title;
    image.shape.side = dump.side;
    image.shape.state = state_of(&image.shape);
    Ok(image)
}

/// What a person says in a file beside the images.
///
/// # Errors
/// `Malformed` with the file, line and column.
pub fn provenance(source: &Source, context: &Context) -> Result<Provenance> {
    let text = source.all(context)?;
    Provenance::from_yaml(&String::from_utf8_lossy(&text))
        .map_err(|e| Error { what: format!("{}: {}", show(source.name().as_bytes()), e.what), ..e })
}

fn problem(error: &Error) -> String {
    let words = floptical_io::text::words(&error.to_string());
    format!("It was kept as it is and not read: {words}")
}

fn fill(image: &mut ExaminedImage, read: Read, title: &str, wish: Wish, context: &Context) -> Result<()> {
    let Read { opened, disk, measured, claims } = read;
    (image.measured, image.claims) = (measured, claims);
    let shape = &mut image.shape;
    shape.found = Some(CandidateShape::of(&opened.candidate));
    shape.size_only = opened.size_only;
    shape.layers = opened.layers.clone();
    shape.others = opened.others.iter().map(|c| c.format.id).collect();
    shape.others.dedup();
    let checked = CheckShape::of(&check(&disk, context)?);
    let mut info = InfoShape::of(&disk, context)?;
    info.schema = None;
    info.findings.extend(opened.findings.iter().map(FindingShape::of));
    info.findings_count += opened.findings.count();
    let (mounted, _) = volumes(&disk, context)?;
    image.shape.files = mounted.iter().map(|m| listed(m, wish)).collect();
    image.picture = Some(floptical_pictures::png(&map(&disk, title, context)?)?);
    image.copies = copies(&opened, &disk, &mounted, context)?;
    image.shape.check = Some(checked);
    image.shape.info = Some(info);
    Ok(())
}

fn listed(mounted: &floptical_filesystems::Mounted, wish: Wish) -> ListedFilesShape {
    let wanted = |e: &&floptical_model::Entry| wish.deleted || e.deleted.is_none();
    let all = || mounted.volume.entries().iter().filter(wanted);
    ListedFilesShape {
        entries: all().take(ENTRIES).map(EntryShape::of).collect(),
        more: all().count().saturating_sub(ENTRIES),
    }
}

/// How a text begins; `None` for what is none.
fn text(source: &Source) -> Result<Option<TextShape>> {
    let head = source.head(TEXT)?;
    if head.contains(&0) || head.starts_with(b"%PDF") || head.starts_with(b"PK") {
        return Ok(None);
    }
    let lines: Vec<String> = String::from_utf8_lossy(&head).lines().map(|l| show(l.as_bytes())).collect();
    let cut = source.len() > head.len() as u64;
    Ok(Some(TextShape { name: show(source.name().as_bytes()), text: lines.join("\n"), cut }))
}

/// What the vault calls a role.
fn kept_as(role: Role) -> FileRole {
    match role {
        Role::Log => FileRole::Log,
        Role::Photograph => FileRole::Photograph,
        Role::Note => FileRole::Note,
        Role::Record | Role::Sidecar | Role::Other => FileRole::Other,
    }
}

impl Examined {
    /// Bytes of what was made of it and waits to be written.
    pub fn size(&self) -> u64 {
        let files = |image: &ExaminedImage| {
            let copies = image.copies.iter().filter_map(|c| c.files.as_ref()).flatten().map(|(_, bytes)| bytes.len());
            copies.chain(image.picture.as_ref().map(Vec::len)).sum::<usize>()
        };
        self.images.iter().map(files).sum::<usize>() as u64
    }
}
