//! Files as sources.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use floptical_model::{Context, Error, Result};

use super::{failed, name_of, shown};
use crate::{FileSet, ReadAt, Source};

/// A file that is open, read without a cursor that readers would share.
struct OpenFile {
    #[cfg(any(unix, windows))]
    file: File,
    #[cfg(not(any(unix, windows)))]
    file: std::sync::Mutex<File>,
    len: u64,
}

impl OpenFile {
    fn new(file: File, len: u64) -> Self {
        #[cfg(not(any(unix, windows)))]
        let file = std::sync::Mutex::new(file);
        Self { file, len }
    }
}

impl ReadAt for OpenFile {
    fn len(&self) -> u64 {
        self.len
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            let n = match std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            buffer = buffer.get_mut(n..).unwrap_or_default();
            offset = offset.saturating_add(n as u64);
        }
        Ok(())
    }

    #[cfg(not(any(unix, windows)))]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }
}

/// A file of a set, opened for each read: a set may have more files than a
/// process may hold open.
struct SetFile {
    path: PathBuf,
    len: u64,
}

impl ReadAt for SetFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        OpenFile::new(File::open(&self.path)?, self.len).read_at(offset, buffer)
    }
}

/// A file, or a device that holds blocks, as a source. It must not change while
/// it is read.
///
/// # Errors
/// What the system says; `Unsupported` for a folder, a pipe and the like.
pub fn open(path: &Path) -> Result<Source> {
    // Before it is opened: opening a pipe waits for its other end.
    let metadata = fs::metadata(path).map_err(|e| failed("open", path, e))?;
    if !metadata.is_file() && !is_block_device(&metadata) {
        let kind = if metadata.is_dir() { "a folder" } else { "neither a file nor a block device" };
        return Err(Error::unsupported(format!("{} is {kind}", shown(path))));
    }
    let mut file = File::open(path).map_err(|e| failed("open", path, e))?;
    // The length of a device is not in its metadata.
    let len = if metadata.is_file() { Ok(metadata.len()) } else { file.seek(SeekFrom::End(0)) };
    let len = len.map_err(|e| failed("measure", path, e))?;
    Ok(Source::new(name_of(path), OpenFile::new(file, len)))
}

/// A file as a source that is opened anew for each read: for more files than a
/// process may hold open.
///
/// # Errors
/// What the system says; `Unsupported` for what is no file.
pub fn open_each_time(path: &Path) -> Result<Source> {
    let metadata = fs::metadata(path).map_err(|e| failed("open", path, e))?;
    if !metadata.is_file() {
        return Err(Error::unsupported(format!("{} is no file", shown(path))));
    }
    // Who may not read it is told now.
    File::open(path).map_err(|e| failed("open", path, e))?;
    Ok(set_file(name_of(path), path.to_owned(), metadata.len()))
}

#[cfg(unix)]
fn is_block_device(metadata: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_block_device(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_block_device(_: &Metadata) -> bool {
    false
}

/// All of the standard input, in memory, within the budget. Its name is `-`.
///
/// # Errors
/// What the system says; `Limit` or `Cancelled`.
pub fn open_stdin(context: &Context) -> Result<Source> {
    read_all(&mut io::stdin().lock(), "-", context)
}

fn read_all(input: &mut impl Read, name: &str, context: &Context) -> Result<Source> {
    const PIECE: u64 = 256 << 10;
    let mut bytes = Vec::new();
    loop {
        let n = input.take(PIECE).read_to_end(&mut bytes)? as u64;
        if n == 0 {
            return Ok(Source::new(name, bytes));
        }
        context.stream(n)?;
        if bytes.len() as u64 > context.limits().allocation {
            context.reserve(bytes.len() as u64)?;
        }
    }
}

/// All files below a folder, sorted; a file is the only one of itself. Links
/// are not followed, but for `path` itself.
///
/// # Errors
/// What the system says; `Limit` when there are too many or they lie too deep.
pub fn walk(path: &Path, context: &Context) -> Result<Vec<PathBuf>> {
    if !fs::metadata(path).map_err(|e| failed("open", path, e))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![(path.to_owned(), 0u32)];
    while let Some((folder, depth)) = folders.pop() {
        context.depth(depth)?;
        for (path, metadata) in entries(&folder)? {
            context.entry(1)?;
            if metadata.is_dir() {
                folders.push((path, depth.saturating_add(1)));
            } else if metadata.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The files directly in a folder as a set. Links are left out.
///
/// # Errors
/// What the system says.
pub fn folder(path: &Path) -> Result<FileSet> {
    let files = entries(path)?.into_iter().filter(|(_, metadata)| metadata.is_file());
    Ok(FileSet::new(files.map(|(path, metadata)| set_file(name_of(&path), path, metadata.len()))))
}

/// A file of a set under a name of its own.
pub(super) fn set_file(name: String, path: PathBuf, len: u64) -> Source {
    Source::new(name, SetFile { path, len })
}

/// What is directly in a folder; the metadata are those of a link itself.
fn entries(folder: &Path) -> Result<Vec<(PathBuf, Metadata)>> {
    let list = fs::read_dir(folder).map_err(|e| failed("list", folder, e))?;
    list.map(|entry| {
        let entry = entry.map_err(|e| failed("list", folder, e))?;
        let metadata = entry.metadata().map_err(|e| failed("look at", &entry.path(), e))?;
        Ok((entry.path(), metadata))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use floptical_model::{ErrorKind, Limits};

    #[test]
    fn a_stream_is_read_within_the_budget() {
        let bytes = vec![7; 1_000_000];
        let source = read_all(&mut &bytes[..], "-", &Context::default()).unwrap();
        assert_eq!((source.name(), source.len()), ("-", 1_000_000));
        let small = Context::new(Limits { allocation: 500_000, ..Limits::default() });
        assert_eq!(read_all(&mut io::repeat(0), "-", &small).unwrap_err().kind, ErrorKind::Limit);
    }
}
