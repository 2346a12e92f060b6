//! What the first bytes and the length of a flat image suggest.

use std::cell::RefCell;
use std::ops::Range;

use floptical_model::layout::{LAYOUTS, SideOrder};
use floptical_model::{Ids, Layout, Scheme};

use super::apple::{file_order, is_prodos};
use super::{Kind, Look, RAW, part};
use crate::{Answer, Evidence, Probe};

/// The layouts that a flat image of `len` bytes may have, best first; `head`
/// are its first bytes, at least a sector of them. None for what is no floppy.
pub fn candidates(len: u64, head: &[u8]) -> Vec<Layout> {
    RAW.candidates(&Look::of(len, head, &|at, len| part(head, at, len)))
}

impl Kind {
    /// The layouts that a file may have, best first.
    pub(super) fn candidates(&self, look: &Look<'_>) -> Vec<Layout> {
        layouts((self.suggest)(look))
    }

    /// The candidates that rest on the same evidence as the first.
    pub(super) fn tied(&self, look: &Look<'_>) -> Vec<Layout> {
        let mut suggested = (self.suggest)(look);
        let best = suggested.first().map(|first| first.evidence);
        suggested.retain(|other| Some(other.evidence) == best);
        layouts(suggested)
    }
}

fn layouts(suggested: Vec<Answer>) -> Vec<Layout> {
    match suggested.first() {
        Some(first) if first.layout.is_some() => suggested.into_iter().filter_map(|s| s.layout).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let (len, head) = (probe.len(), probe.head().to_vec());
    let probe = RefCell::new(probe);
    suggestions(&Look::of(len, &head, &|at, len| probe.borrow_mut().bytes(at, len)))
}

/// Suggestions, best first. One without a layout is a linear carrier.
pub(super) fn suggestions(look: &Look<'_>) -> Vec<Answer> {
    let (len, head) = (look.len, look.head);
    let mut found = Vec::new();
    let marked = Evidence::SIZE | Evidence::WEAK_MARKS;
    let boot = bpb(head).and_then(|bpb| bpb.layout(len)).map(|l| (l, marked, "a boot sector"));
    // Of another machine's disk it tells the shape, not that the file is meant
    // to be a flat image of a PC: it only comes first among those of its size.
    let boot = boot.or_else(|| os9(len, head).map(|l| (l, Evidence::SIZE, "an OS-9 identification sector")));
    let boot = boot.or_else(|| ti99(len, head).map(|l| (l, Evidence::SIZE, "a TI-99 volume information block")));
    let boot = boot.or_else(|| apple(look));
    if let Some((layout, evidence, what)) = boot {
        let reason = format!("{what} tells {}", layout.shape());
        found.push(Answer { layout: Some(layout), ..Answer::new(evidence, reason) });
    } else if is_partitioned(len, head) {
        found.push(Answer::new(
            Evidence::SIZE | Evidence::WEAK_MARKS,
            "a partition table whose partitions lie within the file",
        ));
    }
    // Disks of other codes have rows of their own.
    for layout in Layout::of_size(len).filter(|l| l.ids == Ids::Place) {
        let known = |other: &Answer| other.layout.as_ref().is_some_and(|l| l.same_shape(layout));
        if !found.iter().any(known) {
            let reason = format!("{len} bytes are a disk of {layout}");
            found.push(Answer { layout: Some(layout.clone()), ..Answer::new(Evidence::SIZE, reason) });
        }
    }
    if found.is_empty() {
        found.extend(linear(len, head));
    }
    found
}

/// A disk of Apple whose volume tells its layout among those of its length.
fn apple(look: &Look<'_>) -> Option<(Layout, Evidence, &'static str)> {
    /// Where a volume of the Macintosh says what it is: block 2.
    const SIGNATURE: Range<usize> = 1024..1026;
    let told = |layout: &Layout, what| Some((layout.clone(), Evidence::SIZE, what));
    if let Some(layout) = file_order(look.len, look.read) {
        return told(layout, "a volume of an Apple II");
    }
    let mac = Layout::of_size(look.len).find(|layout| layout.id.starts_with("mac-"))?;
    match look.head.get(SIGNATURE) {
        Some(b"BD" | &[0xD2, 0xD7]) => told(mac, "a volume of a Macintosh"),
        _ if is_prodos(look.head.get(1024..)?) => told(mac, "a volume of ProDOS"),
        _ => None,
    }
}

/// A carrier without tracks: a volume by itself, or a whole number of blocks.
fn linear(len: u64, head: &[u8]) -> Option<Answer> {
    /// Below this a file is hardly a disk.
    const SMALLEST: u64 = 16_384;
    if bpb(head).and_then(|bpb| bpb.bytes()).is_some_and(|bytes| bytes <= len) {
        return Some(Answer::new(Evidence::WEAK_MARKS, "a boot sector of a volume that lies within the file"));
    }
    let blocks = len >= SMALLEST && len.is_multiple_of(512);
    blocks.then(|| {
        Answer::new(Evidence::default(), format!("{len} bytes are a whole number of blocks, and nothing more"))
    })
}

/// The number of 2 bytes at `at`, low one first.
fn u16_at(head: &[u8], at: usize) -> Option<u16> {
    head.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

fn u32_at(head: &[u8], at: usize) -> Option<u32> {
    head.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

/// What a BIOS parameter block says of the shape of its disk.
pub(crate) struct Bpb {
    /// Bytes in a sector.
    pub(crate) size: u16,
    /// Sectors of the disk.
    pub(crate) total: u64,
    /// Sectors in a track.
    pub(crate) sectors: u16,
    /// Sides.
    pub(crate) heads: u16,
}

/// The block at the start of a FAT volume, if its fields make sense. No jump is
/// asked for: the boot sectors of the Atari ST have their own.
pub(crate) fn bpb(head: &[u8]) -> Option<Bpb> {
    let byte = |at: usize| head.get(at).copied();
    let size = u16_at(head, 0x0B)?;
    let small = u16_at(head, 0x13)?;
    let total = if small == 0 { u32_at(head, 0x20)?.into() } else { u64::from(small) };
    let sane = matches!(size, 128 | 256 | 512 | 1024 | 2048 | 4096)
        && byte(0x0D)?.is_power_of_two()
        && u16_at(head, 0x0E)? > 0
        && (1..=2).contains(&byte(0x10)?)
        && (byte(0x15)? >= 0xF8 || byte(0x15)? == 0xF0)
        && total > 0;
    sane.then_some(Bpb { size, total, sectors: u16_at(head, 0x18)?, heads: u16_at(head, 0x1A)? })
}

impl Bpb {
    fn bytes(&self) -> Option<u64> {
        self.total.checked_mul(self.size.into())
    }

    /// A floppy whose cylinders are whole, and which fills the file but for
    /// less than a cylinder.
    fn layout(&self, len: u64) -> Option<Layout> {
        let cylinder = u64::from(self.sectors).checked_mul(self.heads.into())?;
        let cylinders = self.total.checked_div(cylinder)?;
        let rest = len.checked_sub(self.bytes()?)?;
        let fits = self.total.is_multiple_of(cylinder) && rest < cylinder.checked_mul(self.size.into())?;
        if !fits {
            return None;
        }
        known(Layout::uniform(u16::try_from(cylinders).ok()?, self.heads, self.sectors, self.size, Scheme::IbmMfm)?)
    }
}

/// The layout of the table for a shape, or the shape itself.
pub(crate) fn known(shape: Layout) -> Option<Layout> {
    let scheme = |l: &Layout| l.zone(0, 0).map(|z| z.scheme);
    let same = |l: &&Layout| l.same_shape(&shape) && scheme(l) == scheme(&shape);
    Some(LAYOUTS.iter().find(same).cloned().unwrap_or(shape))
}

/// The shape that the identification sector of an OS-9 disk tells: DD.TOT at 0,
/// DD.TKS at 3, DD.MAP at 4, DD.BIT at 6, DD.DIR at 8, DD.FMT at 10h, DD.SPT at
/// 11h, all high byte first.
fn os9(len: u64, head: &[u8]) -> Option<Layout> {
    const SIZE: u16 = 256;
    let byte = |at: usize| head.get(at).copied();
    let be16 = |at: usize| u16_at(head, at).map(u16::swap_bytes);
    let be24 = |at: usize| Some(u64::from(byte(at)?) << 16 | u64::from(be16(at.checked_add(1)?)?));
    let total = be24(0)?;
    let (sectors, format) = (be16(0x11)?, byte(0x10)?);
    let heads: u16 = if format & 1 == 0 { 1 } else { 2 };
    let scheme = if format & 2 == 0 { Scheme::IbmFm } else { Scheme::IbmMfm };
    let cluster = be16(6)?;
    let mapped = u64::from(be16(4)?).checked_mul(8)?.checked_mul(cluster.into())?;
    let root = be24(8)?;
    let track = u64::from(sectors).checked_mul(heads.into())?;
    let sane = total.checked_mul(SIZE.into())? == len
        && u16::from(byte(3)?) == sectors
        && cluster.is_power_of_two()
        && mapped >= total
        && (1..total).contains(&root)
        && track > 0
        && total.is_multiple_of(track);
    if !sane {
        return None;
    }
    let mut layout = Layout::uniform(u16::try_from(total.checked_div(track)?).ok()?, heads, sectors, SIZE, scheme)?;
    if scheme == Scheme::IbmFm {
        // Single density OS-9 numbers its sectors from 0, as captures show.
        layout.zones.to_mut().iter_mut().for_each(|zone| zone.base = 0);
    }
    known(layout)
}

/// The layout that the volume information block of a TI-99/4A disk tells:
/// sectors at 0Ah, sectors of a track at 0Ch, `DSK`, tracks of a side at 11h,
/// sides at 12h, density at 13h. Side 1 is counted from the last track back.
fn ti99(len: u64, head: &[u8]) -> Option<Layout> {
    const SIZE: u16 = 256;
    const MARK: Range<usize> = 0x0D..0x10;
    let byte = |at: usize| head.get(at).copied().map(u16::from);
    let (total, sectors) = (u16_at(head, 0x0A)?.swap_bytes(), byte(0x0C)?);
    let (tracks, sides, density) = (byte(0x11)?, byte(0x12)?, byte(0x13)?);
    let counted = u64::from(sectors).checked_mul(tracks.into())?.checked_mul(sides.into())?;
    if head.get(MARK)? != b"DSK" || counted != u64::from(total) || counted.checked_mul(SIZE.into())? != len {
        return None;
    }
    let scheme = if density < 2 { Scheme::IbmFm } else { Scheme::IbmMfm };
    let mut layout = Layout::uniform(tracks, sides, sectors, SIZE, scheme)?;
    layout.zones.to_mut().iter_mut().for_each(|zone| zone.base = 0);
    if sides == 2 {
        layout.order = SideOrder::OutAndBack;
    }
    known(layout)
}

/// True for a partition table that can be: marks of state, at least one
/// partition, all of them within the file and after the table.
fn is_partitioned(len: u64, head: &[u8]) -> bool {
    /// A table that protects another one may claim more than there is.
    const PROTECTIVE: u8 = 0xEE;
    let entries: Vec<&[u8]> = head.get(0x1BE..0x1FE).map(|t| t.chunks_exact(16).collect()).unwrap_or_default();
    let fits = |entry: &[u8]| -> Option<bool> {
        let (state, kind) = (*entry.first()?, *entry.get(4)?);
        let (start, count) = (u64::from(u32_at(entry, 8)?), u64::from(u32_at(entry, 12)?));
        let end = start.checked_add(count)?.checked_mul(512)?;
        let empty = kind == 0 && start == 0 && count == 0;
        Some(
            empty
                || (matches!(state, 0 | 0x80)
                    && kind != 0
                    && start > 0
                    && count > 0
                    && (end <= len || kind == PROTECTIVE)),
        )
    };
    head.get(0x1FE..0x200) == Some(&[0x55, 0xAA])
        && entries.iter().all(|e| fits(e) == Some(true))
        && entries.iter().any(|e| e.get(4).is_some_and(|kind| *kind != 0))
}
