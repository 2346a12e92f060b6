//! The volumes of a carrier: the whole of it, or its partitions.

use std::ops::Deref;
use std::sync::Arc;

use floptical_model::finding::FS_PARTITION_UNKNOWN;
use floptical_model::{
    Blocks, Context, Delivered, Entry, Error, ErrorKind, Finding, Findings, Place, Result, Span, Status, Traced,
};

use crate::partition::{Partition, partitions};
use crate::{FILESYSTEMS, FileSystem, Found, Strength, Volume};

/// A volume with its place on the carrier.
pub struct Mounted {
    /// `None` when the whole carrier is the volume.
    pub partition: Option<Partition>,
    /// The volume; the pieces of its entries are bytes of the carrier.
    pub volume: Box<dyn Volume>,
}

/// The best answer of all file systems for a linear view.
fn best(blocks: &dyn Blocks, context: &Context) -> Option<(&'static FileSystem, Found)> {
    let answers = FILESYSTEMS.iter().filter_map(|fs| Some((*fs, (fs.probe)(blocks, context)?)));
    answers.reduce(|best, next| if next.1.strength > best.1.strength { next } else { best })
}

/// The best answer for a whole carrier: as a volume, or else for the first
/// partition that is known.
pub fn probe(blocks: &dyn Blocks, context: &Context) -> Option<(&'static FileSystem, Found)> {
    let whole = best(blocks, context);
    if whole.as_ref().is_some_and(|(_, found)| found.strength >= Strength::Likely) {
        return whole;
    }
    let (all, _) = partitions(blocks, context).ok().flatten().unwrap_or_default();
    let known = all.iter().find_map(|p| {
        let (fs, found) = best(&Window { blocks, start: p.start, len: within(p, blocks.len()) }, context)?;
        let reason = format!("partition {} (type {:02X}h): {}", p.index, p.kind, found.reason);
        Some((fs, Found { reason, ..found }))
    });
    known.or(whole)
}

/// Open the whole carrier as a volume, or each partition.
///
/// # Errors
/// `Unknown` when neither holds a known file system, and what stops the
/// reading.
pub fn volumes(blocks: Arc<dyn Blocks>, context: &Context) -> Result<(Vec<Mounted>, Findings)> {
    let whole = best(&*blocks, context);
    if let Some((fs, Found { strength: Strength::Likely | Strength::Sure, .. })) = whole {
        return Ok((vec![Mounted { partition: None, volume: (fs.open)(blocks, context)? }], Findings::default()));
    }
    let (all, mut findings) = partitions(&*blocks, context)?.unwrap_or_default();
    let mut mounted = Vec::new();
    for partition in all {
        let window =
            Window { blocks: Arc::clone(&blocks), start: partition.start, len: within(&partition, blocks.len()) };
        match best(&window, context) {
            Some((fs, _)) => {
                let inner = (fs.open)(Arc::new(window), context)?;
                let volume = Box::new(Shifted::new(inner, partition.start));
                mounted.push(Mounted { partition: Some(partition), volume });
            }
            None => findings.push(Finding::new(
                &FS_PARTITION_UNKNOWN,
                Span::Volume { start: partition.start, len: partition.len },
                Place::Named(format!("partition {}", partition.index)),
                format!("type {:02X}h holds no file system known here", partition.kind),
            )),
        }
    }
    match whole {
        _ if !mounted.is_empty() => Ok((mounted, findings)),
        Some((fs, _)) => Ok((vec![Mounted { partition: None, volume: (fs.open)(blocks, context)? }], findings)),
        None => Err(Error::new(ErrorKind::Unknown, "no known file system")),
    }
}

/// How much of a partition is on the carrier.
fn within(partition: &Partition, carrier: u64) -> u64 {
    partition.len.min(carrier.saturating_sub(partition.start))
}

/// A stretch of a carrier as a linear view of its own.
struct Window<B> {
    blocks: B,
    start: u64,
    len: u64,
}

impl<B: Deref<Target: Blocks> + Send + Sync> Blocks for Window<B> {
    fn block(&self) -> u32 {
        self.blocks.block()
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, start: u64, buffer: &mut [u8], context: &Context) -> Result<Status> {
        let end = start.checked_add(buffer.len() as u64);
        match start.checked_add(self.start) {
            Some(at) if end.is_some_and(|end| end <= self.len) => self.blocks.read(at, buffer, context),
            _ => Err(Error::truncated(
                Span::Volume { start, len: buffer.len() as u64 },
                format!("a read goes past the end of the partition ({} bytes)", self.len),
            )),
        }
    }

    fn trace(&self, start: u64, len: u64) -> Vec<Traced> {
        let len = len.min(self.len.saturating_sub(start));
        let mut all = self.blocks.trace(start.saturating_add(self.start), len);
        all.iter_mut().for_each(|t| t.start = t.start.saturating_sub(self.start));
        all
    }
}

/// A volume of a partition, with all its places counted from the start of the
/// carrier.
struct Shifted {
    inner: Box<dyn Volume>,
    by: u64,
    entries: Vec<Entry>,
}

impl Shifted {
    fn new(inner: Box<dyn Volume>, by: u64) -> Self {
        let mut entries = inner.entries().to_vec();
        for entry in &mut entries {
            entry.pieces.iter_mut().filter_map(|p| p.start.as_mut()).for_each(|s| *s = s.saturating_add(by));
            entry.findings = shift(&entry.findings, by);
        }
        Self { inner, by, entries }
    }
}

fn shift(findings: &Findings, by: u64) -> Findings {
    let moved = findings.iter().cloned().map(|mut finding| {
        if let Span::Volume { start, .. } = &mut finding.at {
            *start = start.saturating_add(by);
        }
        finding
    });
    moved.collect()
}

impl Volume for Shifted {
    fn kind(&self) -> &str {
        self.inner.kind()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.inner.facts()
    }

    fn findings(&self) -> Findings {
        shift(&self.inner.findings(), self.by)
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, entry: &Entry, out: &mut dyn FnMut(&[u8]) -> Result<()>, context: &Context) -> Result<Delivered> {
        let mut entry = entry.clone();
        entry.pieces.iter_mut().filter_map(|p| p.start.as_mut()).for_each(|s| *s = s.saturating_sub(self.by));
        self.inner.read(&entry, out, context)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use floptical_model::{ByteBlocks, Known, Layer, SectorEntry};

    use super::*;

    /// A view of bytes that nobody verified, in sectors of `size`.
    pub(crate) fn bytes(size: u32, content: &[u8]) -> ByteBlocks {
        let sector = |part: &[u8]| SectorEntry {
            place: Place::Whole,
            offset: None,
            id: Known::Unrecorded,
            size: part.len() as u32,
            status: Status::Unverified,
            data: Some(part.into()),
            span: None,
            layer: Layer::Sectors,
        };
        ByteBlocks::new(size, content.chunks(size as usize).map(sector))
    }

    #[test]
    fn a_window_keeps_within_its_borders() {
        let content: Vec<u8> = (0..100).collect();
        let blocks: Arc<dyn Blocks> = Arc::new(bytes(10, &content));
        let window = Window { blocks, start: 30, len: 40 };
        let mut two = [0; 2];
        window.read(38, &mut two, &Context::default()).unwrap();
        assert_eq!(two, [68, 69]);
        assert!(window.read(39, &mut two, &Context::default()).is_err());
        let traced: Vec<_> = window.trace(25, 100).iter().map(|t| (t.start, t.len)).collect();
        assert_eq!(traced, [(25, 5), (30, 10)]);
    }

    #[test]
    fn noise_is_no_volume() {
        let noise: Vec<u8> = (0u32..368_640).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let blocks = bytes(512, &noise);
        assert!(probe(&blocks, &Context::default()).is_none());
        assert_eq!(volumes(Arc::new(blocks), &Context::default()).err().unwrap().kind, ErrorKind::Unknown);
    }
}
