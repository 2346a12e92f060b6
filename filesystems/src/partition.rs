//! The partition table of the PC master boot record, and the chain of
//! extended boot records behind it.
//!
//! Source: the layout that IBM and Microsoft document for the sector at 0:
//! four entries of 16 bytes at 446 (status, CHS, type, CHS, u32 start, u32
//! length, in sectors of 512 bytes), `55 AA` at 510. In an extended boot
//! record the first entry is the logical partition, relative to that record,
//! the second the next record, relative to the extended partition.

use std::collections::BTreeSet;

use floptical_model::finding::FS_PARTITION;
use floptical_model::{Blocks, Context, Finding, Findings, Place, Result, Span};

/// Bytes in the sectors that a partition table counts in.
const SECTOR: u64 = 512;
/// Where the entries are.
const TABLE: usize = 446;
/// Types of extended partitions: CHS, LBA, Linux.
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
/// Extended boot records that are followed; DOS has letters for 24.
const LOGICAL: u8 = 64;

/// A partition. Offsets and lengths in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partition {
    /// 1 to 4 in the table, 5 and up in extended partitions.
    pub index: u8,
    /// The type byte.
    pub kind: u8,
    /// First byte on the carrier.
    pub start: u64,
    /// Length as recorded.
    pub len: u64,
    /// Whether it is the one to boot from.
    pub active: bool,
}

/// A sector of the carrier, if it is all there.
fn sector(blocks: &dyn Blocks, at: u64, context: &Context) -> Result<Option<[u8; 512]>> {
    let mut bytes = [0u8; 512];
    if at.checked_add(SECTOR).is_none_or(|end| end > blocks.len()) {
        return Ok(None);
    }
    blocks.read(at, &mut bytes, context)?;
    Ok(Some(bytes))
}

/// The four entries of a boot record, if it looks like one.
fn entries(bytes: &[u8; 512], base: u64, extended: u64) -> Option<Vec<Partition>> {
    let raw = bytes.get(TABLE..510)?;
    let signed = bytes.ends_with(&[0x55, 0xAA]);
    let statuses = raw.chunks_exact(16).all(|e| matches!(e.first(), Some(0 | 0x80)));
    if !signed || !statuses {
        return None;
    }
    let entry = |(i, e): (usize, &[u8])| {
        let &[status, _, _, _, kind, _, _, _, s0, s1, s2, s3, l0, l1, l2, l3] = e else { return None };
        let origin = if extended > 0 && EXTENDED.contains(&kind) { extended } else { base };
        Some(Partition {
            index: u8::try_from(i).unwrap_or(u8::MAX).saturating_add(1),
            kind,
            start: u64::from(u32::from_le_bytes([s0, s1, s2, s3])).saturating_mul(SECTOR).saturating_add(origin),
            len: u64::from(u32::from_le_bytes([l0, l1, l2, l3])).saturating_mul(SECTOR),
            active: status == 0x80,
        })
    };
    Some(raw.chunks_exact(16).enumerate().filter_map(entry).filter(|p| p.kind != 0 && p.len > 0).collect())
}

fn finding(at: u64, message: String) -> Finding {
    Finding::new(
        &FS_PARTITION,
        Span::Volume { start: at, len: SECTOR },
        Place::Named("partition table".into()),
        message,
    )
}

/// The partitions of a carrier, primary ones first; `None` without a table.
///
/// # Errors
/// What stops the reading.
pub(crate) fn partitions(blocks: &dyn Blocks, context: &Context) -> Result<Option<(Vec<Partition>, Findings)>> {
    let Some(table) = sector(blocks, 0, context)?.and_then(|bytes| entries(&bytes, 0, 0)) else {
        return Ok(None);
    };
    if !table.iter().any(|p| p.start > 0 && p.start < blocks.len()) {
        return Ok(None);
    }
    let (mut all, mut findings) = (Vec::new(), Findings::default());
    for partition in &table {
        if EXTENDED.contains(&partition.kind) {
            continue;
        }
        all.push(*partition);
    }
    for extended in table.iter().filter(|p| EXTENDED.contains(&p.kind)) {
        logical(blocks, extended.start, &mut all, &mut findings, context)?;
    }
    check(&all, blocks.len(), &mut findings);
    Ok(Some((all, findings)))
}

/// Follow the chain of extended boot records from `first`.
fn logical(
    blocks: &dyn Blocks,
    first: u64,
    all: &mut Vec<Partition>,
    findings: &mut Findings,
    context: &Context,
) -> Result<()> {
    let (mut at, mut seen) = (first, BTreeSet::new());
    let mut index = all.iter().map(|p| p.index).max().unwrap_or(0).max(4);
    while seen.len() < usize::from(LOGICAL) {
        context.step(1)?;
        if !seen.insert(at) {
            findings.push(finding(at, "the chain of extended boot records runs into itself".into()));
            return Ok(());
        }
        let Some(table) = sector(blocks, at, context)?.and_then(|bytes| entries(&bytes, at, first)) else {
            findings.push(finding(at, "an extended boot record is not there".into()));
            return Ok(());
        };
        for partition in table.iter().filter(|p| !EXTENDED.contains(&p.kind)) {
            index = index.saturating_add(1);
            all.push(Partition { index, ..*partition });
        }
        match table.iter().find(|p| EXTENDED.contains(&p.kind)) {
            Some(next) => at = next.start,
            None => return Ok(()),
        }
    }
    findings.push(finding(at, format!("more than {LOGICAL} extended boot records; the rest is not followed")));
    Ok(())
}

/// Say what cannot be true of partitions.
fn check(all: &[Partition], carrier: u64, findings: &mut Findings) {
    let end = |p: &Partition| p.start.saturating_add(p.len);
    for (i, p) in all.iter().enumerate() {
        if end(p) > carrier {
            let message = format!("partition {} ends at byte {}, the carrier at {carrier}", p.index, end(p));
            findings.push(finding(0, message));
        }
        let over = |q: &&Partition| q.start < end(p) && p.start < end(q);
        for q in all.iter().skip(i.saturating_add(1)).filter(over) {
            findings.push(finding(0, format!("partitions {} and {} overlap", p.index, q.index)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mount::tests::bytes;

    fn put(disk: &mut [u8], record: usize, slot: usize, kind: u8, start: u32, len: u32) {
        let at = record + TABLE + 16 * slot;
        disk[at + 4] = kind;
        disk[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
        disk[at + 12..at + 16].copy_from_slice(&len.to_le_bytes());
        disk[record + 510..record + 512].copy_from_slice(&[0x55, 0xAA]);
    }

    #[test]
    fn logical_partitions_follow_the_primary_ones() {
        let mut disk = vec![0u8; 512 * 100];
        put(&mut disk, 0, 0, 0x01, 1, 9);
        put(&mut disk, 0, 1, 0x05, 10, 90);
        put(&mut disk, 5120, 0, 0x04, 1, 19);
        put(&mut disk, 5120, 1, 0x05, 30, 60);
        put(&mut disk, 512 * 40, 0, 0x06, 2, 20);
        let (all, findings) = partitions(&bytes(512, &disk), &Context::default()).unwrap().unwrap();
        let seen: Vec<_> = all.iter().map(|p| (p.index, p.kind, p.start / 512, p.len / 512)).collect();
        assert_eq!(seen, [(1, 1, 1, 9), (5, 4, 11, 19), (6, 6, 42, 20)]);
        assert!(findings.is_empty());
    }

    #[test]
    fn a_chain_that_bites_its_tail_ends_with_a_finding() {
        let mut disk = vec![0u8; 512 * 100];
        put(&mut disk, 0, 0, 0x0F, 10, 90);
        put(&mut disk, 5120, 0, 0x04, 1, 200);
        put(&mut disk, 5120, 1, 0x05, 0, 60);
        let (all, findings) = partitions(&bytes(512, &disk), &Context::default()).unwrap().unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(findings.count(), 2, "the loop, and the end behind the carrier");
    }

    #[test]
    fn no_table_without_signature_or_with_odd_status() {
        let mut disk = vec![0u8; 5120];
        assert!(partitions(&bytes(512, &disk), &Context::default()).unwrap().is_none());
        put(&mut disk, 0, 0, 0x01, 1, 9);
        disk[TABLE] = 7;
        assert!(partitions(&bytes(512, &disk), &Context::default()).unwrap().is_none());
    }
}
