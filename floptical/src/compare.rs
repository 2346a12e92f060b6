//! Two disks, layer by layer: same recording? same data? which sectors, which
//! files differ?

use std::collections::BTreeMap;

use floptical_filesystems::Mounted;
use floptical_model::{
    Blocks, Context, Entry, EntryKind, Piece, Place, Plan, Result, SectorEntry, Status, differences,
};

use sha2::{Digest, Sha256};

use crate::{Disk, Identities, inventory, volumes};

/// What two disks share and where they differ.
#[derive(Debug)]
#[must_use]
pub struct Comparison {
    /// Identities of the first and of the second.
    pub identities: [Identities; 2],
    /// Sectors whose data differ, in logical order.
    pub sectors: Vec<SectorDifference>,
    /// Files that differ, by path.
    pub files: Vec<FileDifference>,
    /// Every fact that differs, from the first to the second.
    pub facts: Plan,
}

/// A stretch of the linear view that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectorDifference {
    /// Number of the block in the linear view.
    pub lba: u64,
    /// Its place in the first disk, or in the second where the first has none.
    pub place: Place,
    /// Its status in the first; `None` when it has no such block.
    pub first: Option<Status>,
    /// Its status in the second; `None` when it has no such block.
    pub second: Option<Status>,
    /// The first byte that differs, where both have data.
    pub byte: Option<u32>,
}

/// A file that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDifference {
    /// Its path.
    pub path: String,
    /// SHA-256 and size in the first; `None` when it is not there.
    pub first: Option<([u8; 32], u64)>,
    /// SHA-256 and size in the second; `None` when it is not there.
    pub second: Option<([u8; 32], u64)>,
}

impl Comparison {
    /// True when both hold the same recording; `None` where one records no ids.
    pub fn same_recording(&self) -> Option<bool> {
        let [a, b] = self.identities.map(|i| i.l1.map(|l1| l1.digest));
        Some(a? == b?)
    }

    /// True when both hold the same data in logical order; `None` where neither
    /// holds any: what cannot be read is like nothing.
    pub fn same_data(&self) -> Option<bool> {
        let [a, b] = self.identities.map(|i| i.l2);
        (a.holds_data() || b.holds_data()).then_some(a.digest == b.digest)
    }
}

/// Compare two disks.
///
/// # Errors
/// What stops the reading.
pub fn compare(a: &Disk, b: &Disk, context: &Context) -> Result<Comparison> {
    Ok(Comparison {
        identities: [Identities::of(a, context)?, Identities::of(b, context)?],
        sectors: compare_blocks(a, b, context)?,
        files: compare_files(a, b, context)?,
        facts: differences(&inventory(a, context)?, &inventory(b, context)?),
    })
}

fn compare_blocks(a: &Disk, b: &Disk, context: &Context) -> Result<Vec<SectorDifference>> {
    let (Ok(first), Ok(second)) = (a.blocks(), b.blocks()) else { return Ok(Vec::new()) };
    let of_floppy = |disk: &Disk| -> BTreeMap<u64, SectorEntry> {
        disk.sectors().into_iter().filter_map(|s| Some((s.offset?, s))).collect()
    };
    let (sectors_a, sectors_b) = (of_floppy(a), of_floppy(b));
    if !sectors_a.is_empty() && !sectors_b.is_empty() {
        return Ok(by_sector(&sectors_a, &sectors_b, first.block().max(1).into()));
    }
    by_block(&*first, &*second, context)
}

fn by_sector(a: &BTreeMap<u64, SectorEntry>, b: &BTreeMap<u64, SectorEntry>, block: u64) -> Vec<SectorDifference> {
    let mut offsets: Vec<u64> = a.keys().chain(b.keys()).copied().collect();
    offsets.sort_unstable();
    offsets.dedup();
    let differ = |offset: u64| {
        let (x, y) = (a.get(&offset), b.get(&offset));
        let data = |s: Option<&SectorEntry>| s.and_then(|s| s.data.clone());
        let (dx, dy) = (data(x), data(y));
        if dx == dy && x.is_some() == y.is_some() {
            return None;
        }
        let byte = dx.zip(dy).and_then(|(p, q)| {
            p.iter().zip(q.iter()).position(|(m, n)| m != n).or((p.len() != q.len()).then(|| p.len().min(q.len())))
        });
        Some(SectorDifference {
            lba: offset / block,
            place: x.or(y)?.place.clone(),
            first: x.map(|s| s.status),
            second: y.map(|s| s.status),
            byte: byte.and_then(|b| u32::try_from(b).ok()),
        })
    };
    offsets.into_iter().filter_map(differ).collect()
}

fn by_block(a: &dyn Blocks, b: &dyn Blocks, context: &Context) -> Result<Vec<SectorDifference>> {
    /// Of carriers that tell no larger block.
    const SMALLEST: u32 = 512;
    let block = a.block().min(b.block()).max(SMALLEST) as usize;
    let mut different = Vec::new();
    let mut at = 0u64;
    while at < a.len().max(b.len()) {
        context.stream(block as u64)?;
        let read = |blocks: &dyn Blocks| -> Result<Option<(Vec<u8>, Status)>> {
            let len = (block as u64).min(blocks.len().saturating_sub(at));
            if len == 0 {
                return Ok(None);
            }
            let mut bytes = vec![0; usize::try_from(len).unwrap_or(block)];
            let status = blocks.read(at, &mut bytes, context)?;
            Ok(Some((bytes, status)))
        };
        let (x, y) = (read(a)?, read(b)?);
        if x.as_ref().map(|x| &x.0) != y.as_ref().map(|y| &y.0) {
            let byte = x.as_ref().zip(y.as_ref()).and_then(|(p, q)| p.0.iter().zip(&q.0).position(|(m, n)| m != n));
            different.push(SectorDifference {
                lba: at / block as u64,
                place: place_of(a, b, at, block as u64),
                first: x.map(|x| x.1),
                second: y.map(|y| y.1),
                byte: byte.and_then(|b| u32::try_from(b).ok()),
            });
        }
        at += block as u64;
    }
    Ok(different)
}

/// Where a block lies on the first carrier, or on the second where the first
/// has none.
fn place_of(a: &dyn Blocks, b: &dyn Blocks, at: u64, len: u64) -> Place {
    let traced = [a, b].iter().find_map(|blocks| blocks.trace(at, len).into_iter().next());
    traced.map_or(Place::Bytes { start: at, len }, |traced| traced.place)
}

type Files = BTreeMap<String, ([u8; 32], u64)>;

fn compare_files(a: &Disk, b: &Disk, context: &Context) -> Result<Vec<FileDifference>> {
    let (first, second) = (files(a, context)?, files(b, context)?);
    let mut paths: Vec<&String> = first.keys().chain(second.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let differ = |path: &String| FileDifference {
        path: path.clone(),
        first: first.get(path).copied(),
        second: second.get(path).copied(),
    };
    Ok(paths.into_iter().map(differ).filter(|d| d.first != d.second).collect())
}

/// Every live file of a disk with its digest and size.
fn files(disk: &Disk, context: &Context) -> Result<Files> {
    let mut all = Files::new();
    let (mounted, _) = volumes(disk, context)?;
    // The namespaces of a disc show the same bytes by several names.
    let mut seen: BTreeMap<&[Piece], ([u8; 32], u64)> = BTreeMap::new();
    for (index, one) in mounted.iter().enumerate() {
        let prefix = match one.volume.namespace() {
            Some(namespace) => format!("{namespace}:"),
            None if one.partition.is_some() => format!("{index}:"),
            None => String::new(),
        };
        let live = |e: &&Entry| e.kind == EntryKind::File && e.deleted.is_none();
        for entry in one.volume.entries().iter().filter(live) {
            let found = match seen.get(&entry.pieces[..]).filter(|_| one.volume.namespace().is_some()) {
                Some(found) => *found,
                None => digest(one, entry, context)?,
            };
            if one.volume.namespace().is_some() {
                seen.insert(&entry.pieces, found);
            }
            all.insert(format!("{prefix}{}", entry.path), found);
        }
    }
    Ok(all)
}

/// SHA-256 and size of what can be had of a file.
fn digest(mounted: &Mounted, entry: &Entry, context: &Context) -> Result<([u8; 32], u64)> {
    let mut sum = Sha256::new();
    let mut add = |piece: &[u8]| {
        sum.update(piece);
        Ok(())
    };
    let delivered = mounted.volume.read(entry, &mut add, context)?;
    Ok((sum.finalize().into(), delivered.bytes))
}
