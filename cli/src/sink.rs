//! Where a conversion goes: a file, a folder, an archive, stdout.

use std::path::Path;

use floptical::formats::{Format, Group};
use floptical::io::disk::{self, DiskOutput, Placing, Replace};
use floptical::io::{FileSet, Memory, Output, Sink, text::show, wrap};
use floptical::model::Context;

use crate::failure::{Code, Failure};
use crate::output::to_stdout;

/// A place that takes what is written, whole or not at all.
pub(crate) enum Target {
    /// Files of the system.
    Disk(Box<dyn Sink>),
    /// One file, on stdout when it is whole.
    Stdout(Memory),
}

impl Target {
    /// Say before any work what cannot be.
    pub(crate) fn preflight(path: &Path, format: &Format, force: bool) -> Result<(), Failure> {
        let placing = placing(path, format);
        let several = placing != Placing::One;
        if path == Path::new("-") {
            return if several { Err(needs_folder(format)) } else { Ok(()) };
        }
        if placing != Placing::Folder && path.is_dir() {
            let what = format!("{} is a folder, and {} is a file", shown(path), format.name);
            return Err(Failure::new(Code::Usage, what));
        }
        match path.parent().filter(|folder| *folder != Path::new("") && !folder.is_dir()) {
            Some(folder) => Err(Failure::new(Code::System, format!("there is no folder {}", shown(folder)))),
            None => refuse_existing(path, force),
        }
    }

    /// A target for a format, where nothing is seen yet.
    pub(crate) fn create(path: &Path, format: &Format, force: bool) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(Memory::new()));
        }
        Ok(Self::Disk(disk::sink(path, placing(path, format), replace(force))?))
    }

    /// Where a format writes to.
    pub(crate) fn output(&mut self) -> &mut dyn Output {
        match self {
            Self::Disk(sink) => &mut **sink,
            Self::Stdout(sink) => sink,
        }
    }

    /// What was written, as it will lie there.
    pub(crate) fn written(&mut self) -> Result<FileSet, Failure> {
        match self {
            Self::Disk(sink) => Ok(sink.written()?),
            Self::Stdout(sink) => Ok(sink.clone().into_set("-")),
        }
    }

    /// Make it seen.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        match self {
            Self::Disk(sink) => Ok(sink.commit()?),
            Self::Stdout(sink) => sink.files().iter().try_for_each(|(_, bytes)| to_stdout(bytes)),
        }
    }
}

/// How many files a format writes to a target: a sheet lies beside its files
/// where the target is named as one.
pub(crate) fn placing(path: &Path, format: &Format) -> Placing {
    let own = |e: &&str| path.extension().is_some_and(|end| end.eq_ignore_ascii_case(*e));
    match format.group {
        None => Placing::One,
        Some(Group::Sheet(_)) if format.extensions.iter().any(own) => Placing::Beside,
        Some(_) => Placing::Folder,
    }
}

/// The files that a format wrote: those inside, where the target is an archive.
pub(crate) fn inside(path: &Path, written: &FileSet, context: &Context) -> Result<FileSet, Failure> {
    match written.first().filter(|_| is_zip(path)) {
        Some(archive) => Ok(wrap::unwrap(archive, context)?.files),
        None => Ok(written.clone()),
    }
}

fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"))
}

fn shown(path: &Path) -> String {
    show(path.to_string_lossy().as_bytes())
}

fn replace(force: bool) -> Replace {
    if force { Replace::Yes } else { Replace::No }
}

fn needs_folder(format: &Format) -> Failure {
    Failure::new(Code::Usage, format!("{} is many files: name a folder or a .zip", format.name))
}

/// Say early that something is there that nobody asked to write over.
pub(crate) fn refuse_existing(path: &Path, force: bool) -> Result<(), Failure> {
    if force || path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(Failure::new(Code::Usage, format!("{} exists", shown(path))).detail("--force writes over it"))
}

/// One small file, ready to be committed.
pub(crate) fn whole(path: &Path, bytes: &[u8], force: bool) -> Result<Box<dyn Sink>, Failure> {
    let mut sink = Box::new(DiskOutput::create(path, replace(force))?);
    sink.begin("")?;
    sink.write(bytes)?;
    sink.written()?;
    Ok(sink)
}
