//! Files out of a disk, with their metadata and a word on how whole they are.

use std::path::{Path, PathBuf};

use floptical_filesystems::Mounted;
use floptical_io::disk::ExtractFolder;
use floptical_io::yaml;
use floptical_model::{Context, Delivered, Entry, EntryKind, Error, Result, Status};

use crate::shape::{ExtractShape, ExtractedShape};

/// What to take out of a disk.
#[derive(Debug, Clone, Default)]
pub struct ExtractOptions {
    /// Files, and directories with all that lies below: see [`select`].
    pub paths: Vec<String>,
    /// Deleted files too, as far as they can be had.
    pub deleted: bool,
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
/// disk with partitions `1:` before it names the volume. Deleted entries are
/// left out unless they are asked for.
pub fn select<'a>(
    mounted: &'a [Mounted],
    index: usize,
    paths: &'a [String],
    deleted: bool,
) -> impl Iterator<Item = &'a Entry> {
    let entries = mounted.get(index).map_or(&[][..], |m| m.volume.entries());
    let several = mounted.len() > 1;
    entries.iter().filter(move |entry| {
        let named = || paths.iter().any(|path| names(path, index, several, &entry.path));
        (deleted || entry.deleted.is_none()) && (paths.is_empty() || named())
    })
}

fn names(path: &str, index: usize, several: bool, entry: &str) -> bool {
    let volume = path.split_once(':').filter(|_| several).and_then(|(n, rest)| Some((n.parse::<usize>().ok()?, rest)));
    let (wanted, path) = volume.unwrap_or((index, path));
    let (path, entry) = (path.trim_matches('/').to_lowercase(), entry.trim_matches('/').to_lowercase());
    let below = || entry.strip_prefix(&path).is_some_and(|rest| path.is_empty() || rest.starts_with('/'));
    wanted == index && (entry == path || below())
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
        let prefix = if mounted.len() > 1 { format!("volume {index}/") } else { String::new() };
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
            assert!(names(path, 0, false, "DOS/A.TXT"), "{path}");
        }
        for path in ["DO", "DOS/A", "A.TXT"] {
            assert!(!names(path, 0, false, "DOS/A.TXT"), "{path}");
        }
        assert!(names("1:DOS", 1, true, "DOS/A.TXT"));
        assert!(!names("1:DOS", 0, true, "DOS/A.TXT"));
        assert!(names("1:DOS", 0, false, "1:DOS"));
    }
}
