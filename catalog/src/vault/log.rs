//! The log on disk: `events/0001.jsonl`, `0002.jsonl`..., one chain through all.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use floptical_io::disk::failed;
use floptical_model::{Context, Error, ErrorKind, Result, Span};

use super::disk::Disk;
use crate::event::{Event, Head, Line, open, seal};

/// A file that has grown to this goes on in the next.
const LONGEST_FILE: u64 = 8 << 20;
/// No line is longer: what is, is no event.
const LONGEST_LINE: u64 = 64 << 20;

/// Where a log ends.
#[derive(Debug, Clone, Default)]
pub(super) struct End {
    /// The head: of the last line that is whole.
    pub(super) head: Head,
    /// Number of the last file.
    file: u32,
    /// Bytes of it up to the end of the last whole line.
    len: u64,
    /// Bytes after that: a line that was not finished.
    pub(super) torn: u64,
}

/// The log of a vault.
#[derive(Debug, Clone)]
pub(super) struct Log {
    folder: PathBuf,
}

/// A line of the log and where it stands.
#[derive(Debug)]
pub(super) struct At {
    /// Name of the file.
    pub(super) file: String,
    /// Number of the line in its file, from 1.
    pub(super) number: u64,
    /// Number of the file, and first byte in it.
    pub(super) place: (u32, u64),
    /// The bytes, without the end of line.
    pub(super) bytes: Vec<u8>,
    /// False when the end of line is missing.
    pub(super) ended: bool,
}

impl Log {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a number.
    pub(super) fn path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:04}.jsonl"))
    }

    /// The numbers of the files that there are, ascending.
    pub(super) fn files(&self) -> Result<Vec<u32>> {
        let list = fs::read_dir(&self.folder).map_err(|e| failed("list", &self.folder, e))?;
        let mut numbers = Vec::new();
        for entry in list {
            let name = entry.map_err(|e| failed("list", &self.folder, e))?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".jsonl")?.parse().ok());
            numbers.extend(number.filter(|n| self.path(*n).file_name() == Some(&name)));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Where the log ends.
    ///
    /// # Errors
    /// What the system says; `Malformed` when its last line is no event.
    pub(super) fn end(&self) -> Result<End> {
        let files = self.files()?;
        let mut end = End { file: files.last().copied().unwrap_or(1), ..End::default() };
        for (back, number) in files.iter().rev().enumerate() {
            let (line, len, torn) = self.last_line(*number)?;
            if back == 0 {
                (end.len, end.torn) = (len, torn);
            }
            if let Some(line) = line {
                let head = open(&line, &Head::default()).head;
                end.head = head.ok_or_else(|| {
                    let what = format!("the last line of {:04}.jsonl is no event: run `catalog verify`", number);
                    Error::new(ErrorKind::Malformed, what)
                })?;
                return Ok(end);
            }
        }
        Ok(end)
    }

    /// The last whole line of a file, the bytes up to its end, and how many
    /// follow it.
    fn last_line(&self, number: u32) -> Result<(Option<Vec<u8>>, u64, u64)> {
        let path = self.path(number);
        let read = || -> std::io::Result<_> {
            let mut file = File::open(&path)?;
            let all = file.metadata()?.len();
            let mut window = 4096u64;
            loop {
                let from = all.saturating_sub(window);
                file.seek(SeekFrom::Start(from))?;
                let mut tail = Vec::new();
                (&file).take(window).read_to_end(&mut tail)?;
                let last = tail.iter().rposition(|b| *b == b'\n');
                let whole = last.and_then(|last| tail.get(..last)).unwrap_or_default();
                let start = whole.iter().rposition(|b| *b == b'\n').map(|at| at.saturating_add(1));
                if let Some(line) = start.or((from == 0).then_some(0)).and_then(|at| whole.get(at..)) {
                    let len = last.map_or(0, |last| from.saturating_add(last as u64).saturating_add(1));
                    let line = last.map(|_| line.to_vec());
                    return Ok((line, len, all.saturating_sub(len)));
                }
                if window > LONGEST_LINE {
                    return Err(std::io::ErrorKind::InvalidData.into());
                }
                window = window.saturating_mul(4);
            }
        };
        read().map_err(|e| failed("read", &path, e))
    }

    /// Mend the end of the log: a line that only lacks its end of line gets it,
    /// what was begun and not finished was never acknowledged and is cut off.
    pub(super) fn mend(&self, disk: &Disk, end: End) -> Result<End> {
        if end.torn == 0 {
            return Ok(end);
        }
        let path = self.path(end.file);
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(end.len))?;
            let mut tail = Vec::new();
            file.take(LONGEST_LINE).read_to_end(&mut tail)?;
            Ok(tail)
        };
        let line = open(&read().map_err(|e| failed("read", &path, e))?, &end.head);
        match (line.broken, line.head) {
            (None, Some(head)) => {
                self.write(disk, &path, b"\n")?;
                let len = end.len.saturating_add(end.torn).saturating_add(1);
                Ok(End { head, len, torn: 0, ..end })
            }
            _ => {
                disk.cut(&path, end.len)?;
                Ok(End { torn: 0, ..end })
            }
        }
    }

    /// Write events after the end, and make them last. When that fails nothing
    /// of them is left.
    pub(super) fn append(&self, disk: &Disk, end: &End, events: Vec<Event>) -> Result<(End, Vec<String>)> {
        let mut head = end.head.clone();
        let mut lines = Vec::with_capacity(events.len());
        for event in events {
            let (line, next) = seal(event, &head);
            lines.push(line);
            head = next;
        }
        let (file, len) =
            if end.len >= LONGEST_FILE { (end.file.saturating_add(1), 0) } else { (end.file.max(1), end.len) };
        let text = lines.concat();
        let path = self.path(file);
        if let Err(error) = self.write(disk, &path, text.as_bytes()) {
            // The error is worth more than what the cutting says.
            let _ = if len == 0 { disk.remove(&path) } else { disk.cut(&path, len) };
            return Err(error);
        }
        Ok((End { head, file, len: len.saturating_add(text.len() as u64), torn: 0 }, lines))
    }

    fn write(&self, disk: &Disk, path: &Path, bytes: &[u8]) -> Result<()> {
        let new = !path.exists();
        let file = OpenOptions::new().append(true).create(true).open(path);
        let mut file = file.map_err(|e| failed("write", path, e))?;
        disk.append(&mut file, path, bytes)?;
        disk.sync_file(&file, path)?;
        if new { disk.sync(std::slice::from_ref(&self.folder)) } else { Ok(()) }
    }

    /// Hand on the lines of the log from the file on that holds event `from`.
    pub(super) fn lines(&self, from: u64, context: &Context, mut take: impl FnMut(At) -> Result<()>) -> Result<()> {
        let files = self.files()?;
        let mut first = 0;
        if from > 1 {
            for (at, number) in files.iter().enumerate().rev() {
                first = at;
                if self.first_of(*number)?.is_some_and(|seq| seq <= from) {
                    break;
                }
            }
        }
        for number in files.get(first..).unwrap_or_default() {
            self.lines_of(*number, context, &mut take)?;
        }
        Ok(())
    }

    /// Number of the first event in a file.
    fn first_of(&self, number: u32) -> Result<Option<u64>> {
        let mut first = None;
        let path = self.path(number);
        let file = File::open(&path).map_err(|e| failed("read", &path, e))?;
        let mut line = Vec::new();
        let read = BufReader::new(file).take(LONGEST_LINE).read_until(b'\n', &mut line);
        read.map_err(|e| failed("read", &path, e))?;
        if let Some(head) = open(line.trim_ascii_end(), &Head::default()).head {
            first = Some(head.events);
        }
        Ok(first)
    }

    fn lines_of(&self, number: u32, context: &Context, take: &mut impl FnMut(At) -> Result<()>) -> Result<()> {
        let path = self.path(number);
        let file = File::open(&path).map_err(|e| failed("read", &path, e))?;
        let mut reader = BufReader::with_capacity(256 << 10, file);
        let name = format!("{number:04}.jsonl");
        let mut offset = 0u64;
        for line in 1.. {
            let mut bytes = Vec::new();
            let read = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut bytes);
            if read.map_err(|e| failed("read", &path, e))? == 0 {
                break;
            }
            context.stream(bytes.len() as u64)?;
            let ended = bytes.pop_if(|b| *b == b'\n').is_some();
            if !ended && bytes.len() as u64 == LONGEST_LINE {
                let at = Span::file(0, LONGEST_LINE);
                return Err(Error::malformed(at, format!("{name}: a line of the log has no end")));
            }
            let place = (number, offset);
            offset = offset.saturating_add(bytes.len() as u64).saturating_add(u64::from(ended));
            take(At { file: name.clone(), number: line, place, bytes, ended })?;
        }
        Ok(())
    }

    /// The event of a line whose place is known.
    pub(super) fn event_at(&self, (number, offset): (u32, u64)) -> Result<Option<Event>> {
        let path = self.path(number);
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut line = Vec::new();
            BufReader::new(file).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
            Ok(line)
        };
        let line = read().map_err(|e| failed("read", &path, e))?;
        Ok(open(line.trim_ascii_end(), &Head::default()).event)
    }

    /// Every event that can be read, whatever the chain says: for lists.
    pub(super) fn events(&self, context: &Context, mut take: impl FnMut(Event) -> Result<()>) -> Result<()> {
        self.lines(1, context, |at| {
            let Line { event, .. } = open(&at.bytes, &Head::default());
            event.map_or(Ok(()), &mut take)
        })
    }
}
