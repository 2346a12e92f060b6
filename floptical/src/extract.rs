//! Files out of a disk, with their metadata and a word on how whole they are.

use std::path::{Path, PathBuf};

use floptical_filesystems::Mounted;
use floptical_io::disk::ExtractFolder;
use floptical_io::yaml;
use floptical_model::{Context, Delivered, Entry, EntryKind, Error, Result, Status};

use crate::shape::{ExtractShape, ExtractedShape};
use crate::volume_name;

/// What to take out of a disk.
#[derive(Debug, Clone, Default)]
pub struct ExtractOptions {
    /// Files, and directories with all that lies below: see [`select`].
    pub paths: Vec<String>,
    /// Deleted files too, as far as they can be had.
    pub deleted: bool,
    /// Only the volume with this number.
    pub volume: Option<usize>,
}

/// An entry that was taken out.
#[derive(Debug, Clone)]
pub struct Extracted {
    /// The number of its volume on the disk.
    pub volume: usize,
    /// The entry.
    pub entry: Entry,
    /// Where it was written, below the folder; `None` for a link or a
    /// device, which only the metadata keeps.
    pub saved_as: Option<PathBuf>,
    /// What came, for a file.
    pub delivered: Option<Delivered>,
}

impl Extracted {
    /// True when not all bytes came, or some lie on bad sectors. A deleted file
    /// that a search put together counts as whole.
    pub fn is_damaged(&self) -> bool {
        let best = if self.entry.deleted.is_some() { Status::Reconstructed } else { Status::Unverified };
        self.delivered.is_some_and(|d| d.bytes < d.expected || d.worst < best)
    }
}

/// The entries of the volume with number `index` that `paths` name, in the
/// order of the volume: all of them when there are no paths. A path names an
/// entry and all that lies below it, whatever the case of its letters; on a
/// disk with several volumes `1:` or `joliet:` before it names the volume.
/// Deleted entries are left out unless they are asked for.
pub fn select<'a>(
    mounted: &'a [Mounted],
    index: usize,
    paths: &'a [String],
    deleted: bool,
) -> impl Iterator<Item = &'a Entry> {
    let entries = mounted.get(index).map_or(&[][..], |m| m.volume.entries());
    let own = (mounted.len() > 1).then(|| volume_name(mounted, index));
    entries.iter().filter(move |entry| {
        let named = || paths.iter().any(|path| names(path, own.as_deref().map(|o| (index, o)), &entry.path));
        (deleted || entry.deleted.is_none()) && (paths.is_empty() || named())
    })
}

/// The first entry with a path, which may begin with the name of its volume;
/// a deleted one where there is no other.
pub(crate) fn find<'a>(mounted: &'a [Mounted], path: &str) -> Option<(&'a Mounted, &'a Entry)> {
    let several = mounted.len() > 1;
    let named = mounted.iter().enumerate().flat_map(|(index, one)| {
        let own = several.then(|| volume_name(mounted, index));
        let wanted = folded(within(path, own.as_deref().map(|own| (index, own))));
        one.volume.entries().iter().filter(move |e| folded(&e.path) == wanted).map(move |e| (one, e))
    });
    named.min_by_key(|(_, entry)| entry.deleted.is_some())
}

/// A path without the number or the name of a volume before it; `volume` has
/// both where there are several.
fn within<'p>(path: &'p str, volume: Option<(usize, &str)>) -> &'p str {
    match (volume, path.split_once(':')) {
        (Some((index, name)), Some((told, rest))) if told == name || told == index.to_string() => rest,
        _ => path,
    }
}

/// A path as names are compared.
fn folded(path: &str) -> String {
    path.trim_matches('/').to_lowercase()
}

/// Whether a path names an entry, or one that it lies in.
fn names(path: &str, volume: Option<(usize, &str)>, entry: &str) -> bool {
    let (path, entry) = (folded(within(path, volume)), folded(entry));
    let below = || entry.strip_prefix(&path).is_some_and(|rest| path.is_empty() || rest.starts_with('/'));
    entry == path || below()
}

/// Write files and directories below a folder. What a file lacks is said, not
/// made up: bytes that cannot be had are cut off at the end, and zeros where
/// their sectors were not read.
///
/// # Errors
/// What stops the reading or the writing; what is finished by then stays.
pub fn extract(
    mounted: &[Mounted],
    options: &ExtractOptions,
    root: &Path,
    folder: &mut ExtractFolder,
    context: &Context,
) -> Result<Vec<Extracted>> {
    let mut all = Vec::new();
    for (index, one) in mounted.iter().enumerate() {
        if options.volume.is_some_and(|wanted| wanted != index) {
            continue;
        }
        let prefix = match one.volume.namespace() {
            _ if mounted.len() < 2 || options.volume.is_some() => String::new(),
            Some(namespace) => format!("{namespace}/"),
            None => format!("volume {index}/"),
        };
        let entries: Vec<&Entry> = select(mounted, index, &options.paths, options.deleted).collect();
        for (done, entry) in entries.iter().enumerate() {
            context.progress("files", done as u64, entries.len() as u64);
            let path = format!("{prefix}{}", entry.path.trim_matches('/'));
            let (saved, delivered) = match entry.kind {
                EntryKind::Directory => (Some(folder.folder(&path)?), None),
                EntryKind::File => write_file(one, entry, &path, folder, context)?,
                EntryKind::Link | EntryKind::Special => (None, None),
                _ => continue,
            };
            let saved_as = saved.map(|saved| saved.strip_prefix(root).map(Path::to_owned).unwrap_or(saved));
            all.push(Extracted { volume: index, entry: (*entry).clone(), saved_as, delivered });
        }
    }
    Ok(all)
}

fn write_file(
    mounted: &Mounted,
    entry: &Entry,
    path: &str,
    folder: &mut ExtractFolder,
    context: &Context,
) -> Result<(Option<PathBuf>, Option<Delivered>)> {
    let mut file = folder.file(path)?;
    let delivered = mounted.volume.read(entry, &mut |piece| file.write(piece), context)?;
    Ok((Some(file.finish()?), Some(delivered)))
}

/// What a file system says of extracted files and a folder of the system does
/// not keep: dates, attributes, names as stored, what is missing. Written
/// beside the files as `NAME.files.floptical.yaml`, with a number where an
/// earlier extraction left one; says where.
///
/// # Errors
/// What stops the writing.
pub fn extract_metadata(extracted: &[Extracted], name: &str, folder: &mut ExtractFolder) -> Result<PathBuf> {
    let shape = ExtractShape { files: extracted.iter().map(ExtractedShape::of).collect() };
    let text = format!("schema: floptical/files/0\n{}", yaml::to_string(&shape)?);
    let name = name.replace('/', "_");
    let mut begun = folder.file(&format!("{name}.files.floptical.yaml"));
    for n in 2..1000 {
        let taken = |e: &Error| e.system.as_ref().is_some_and(|s| s.kind() == std::io::ErrorKind::AlreadyExists);
        if !begun.as_ref().is_err_and(taken) {
            break;
        }
        begun = folder.file(&format!("{name}.files-{n}.floptical.yaml"));
    }
    let mut file = begun?;
    file.write(text.as_bytes())?;
    file.finish()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_path_names_an_entry_and_what_lies_below() {
        for path in ["DOS", "/dos/", "dos/a.txt", "", "/"] {
            assert!(names(path, None, "DOS/A.TXT"), "{path}");
        }
        for path in ["DO", "DOS/A", "A.TXT"] {
            assert!(!names(path, None, "DOS/A.TXT"), "{path}");
        }
        for path in ["1:DOS", "joliet:DOS", "DOS"] {
            assert!(names(path, Some((1, "joliet")), "DOS/A.TXT"), "{path}");
        }
        assert!(!names("1:DOS", Some((0, "iso9660")), "DOS/A.TXT"));
        assert!(names("1:DOS", None, "1:DOS"));
    }
}
