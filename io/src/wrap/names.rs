//! The names of what comes out of a wrapper.

use floptical_model::{Error, ErrorKind, Result};

use crate::{FileSet, Source};

/// Endings that a packed file adds or changes, and what stands there without
/// the wrapper.
const ENDINGS: &[(&str, &str)] = &[
    (".gz", ""),
    (".bz2", ""),
    (".xz", ""),
    (".zst", ""),
    (".zip", ""),
    (".adz", ".adf"),
    (".hdz", ".hdf"),
    (".imz", ".img"),
    (".atz", ".atr"),
    (".xfz", ".xfd"),
];

/// The name of a packed file without the ending of its wrapper.
pub(super) fn unpacked(name: &str) -> String {
    let known = ENDINGS.iter().find_map(|(ending, bare)| {
        let cut = name.len().checked_sub(ending.len())?;
        let (stem, last) = name.split_at_checked(cut)?;
        (!stem.is_empty() && last.eq_ignore_ascii_case(ending)).then(|| format!("{stem}{bare}"))
    });
    known.unwrap_or_else(|| name.to_owned())
}

/// The files that a name selects, as in `disk.zip!side1.scp`: the one of this
/// name; else all below the folder of this name; else the only one whose name
/// ends with these parts.
///
/// # Errors
/// `Unknown` when no file has the name, or several have it.
pub fn member(files: &FileSet, name: &str) -> Result<FileSet> {
    let name = name.trim_end_matches('/');
    let inside = |file: &Source| file.name().strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    let ends = |file: &Source| file.name().strip_suffix(name).is_some_and(|rest| rest.ends_with('/'));
    let pick = |wanted: &dyn Fn(&Source) -> bool| -> Vec<Source> {
        files.files().iter().filter(|file| wanted(file)).cloned().collect()
    };
    let mut found = pick(&|file| file.name() == name);
    if found.is_empty() {
        let folder = pick(&inside);
        if !folder.is_empty() {
            return Ok(FileSet::new(folder));
        }
        found = pick(&ends);
    }
    match found.len() {
        1 => Ok(FileSet::new(found)),
        0 => Err(Error::new(ErrorKind::Unknown, format!("no file {name} inside; there are {}", some_names(files)))),
        n => Err(Error::new(ErrorKind::Unknown, format!("{n} files inside have the name {name}"))),
    }
}

fn some_names(files: &FileSet) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = files.files().iter().take(SHOWN).map(|f| crate::text::show(f.name().as_bytes())).collect();
    match files.files().len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
