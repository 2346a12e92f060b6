//! Files and folders of the system: the only place of this crate that touches
//! them.
//!
//! What is written stands beside its target under a name that begins with a
//! dot and ends in `.part`, until it is whole and safe on the disk; then it is
//! renamed. What is dropped before leaves nothing.

mod beside;
mod extract;
mod file;
mod folder;
mod read;
mod temporary;
mod zip;

pub use beside::BesideOutput;
pub use extract::{ExtractFile, ExtractFolder};
pub use file::DiskOutput;
pub use folder::FolderOutput;
pub use read::{folder, open, open_each_time, open_stdin, walk};
pub use zip::ZipOutput;

use std::io;
use std::path::Path;

use floptical_model::{Error, Result};

use crate::{Sink, text};

/// What happens to something that has the target's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Replace {
    /// It stays, and writing is refused.
    #[default]
    No,
    /// It is replaced, once the new is whole.
    Yes,
}

/// How many files go where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placing {
    /// One file.
    One,
    /// Several, in a folder of their own.
    Folder,
    /// One, and others beside it.
    Beside,
}

/// The sink for a target: an archive for a name in `.zip`, else as it is
/// placed.
///
/// # Errors
/// What the system says; when the target is there and not to be replaced.
pub fn sink(target: &Path, placing: Placing, replace: Replace) -> Result<Box<dyn Sink>> {
    let zipped = target.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    Ok(match placing {
        _ if zipped => Box::new(ZipOutput::create(target, replace)?),
        Placing::Folder => Box::new(FolderOutput::create(target, replace)?),
        Placing::Beside => Box::new(BesideOutput::create(target, replace)?),
        Placing::One => Box::new(DiskOutput::create(target, replace)?),
    })
}

/// A path, safe to show.
fn shown(path: &Path) -> String {
    text::show(path.as_os_str().as_encoded_bytes())
}

/// The last part of a path as text.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// An error of the system, in words: what was tried with which path.
pub fn failed(tried: &str, path: &Path, error: io::Error) -> Error {
    Error { what: format!("cannot {tried} {}", shown(path)), ..Error::from(error) }
}

/// The error for a target that is there.
fn exists(path: &Path) -> Error {
    failed("write", path, io::ErrorKind::AlreadyExists.into())
}

/// Check early what is checked again at the end.
fn refuse_existing(path: &Path, replace: Replace) -> Result<()> {
    if replace == Replace::No && path.symlink_metadata().is_ok() { Err(exists(path)) } else { Ok(()) }
}
