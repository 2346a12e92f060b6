//! The shape of an Atari ST disk, and how its boot sector is known.

use std::ops::RangeInclusive;

use floptical_model::identity::LogicalTrack;
use floptical_model::layout::SideOrder;
use floptical_model::{Layout, Scheme, Sectors};

use crate::raw::{bpb, known};
use crate::{Answer, Evidence, Probe};

/// Bytes in a sector.
pub(crate) const SECTOR: u16 = 512;
/// The furthest that drives step.
const CYLINDERS: u8 = 86;
/// Cylinders of a disk whose boot sector does not tell.
const USUAL: RangeInclusive<u64> = 78..=CYLINDERS as u64;
/// Sides and sectors of a track, in the order in which a length is tried.
const TRACKS: [(u8, u8); 11] =
    [(2, 9), (2, 10), (2, 11), (1, 9), (1, 10), (1, 11), (2, 18), (2, 20), (2, 21), (2, 22), (2, 36)];

/// What the first bytes say of the machine that made the disk.
struct Marks {
    evidence: Evidence,
    what: &'static str,
}

/// The marks of a boot sector of the Atari: a sum of 1234h makes it one that is
/// started; a branch of the 68000 leads over the parameter block; the desktop
/// fills the place of the maker's name with `NNNNNN`.
fn marks(head: &[u8]) -> Option<Marks> {
    let boot = head.get(..usize::from(SECTOR))?;
    let words = boot.chunks_exact(2).filter_map(|w| Some(u16::from_be_bytes(w.try_into().ok()?)));
    let structure = Evidence::SIZE | Evidence::WEAK_MARKS | Evidence::STRUCTURE;
    let found = |evidence, what| Some(Marks { evidence, what });
    if words.fold(0, u16::wrapping_add) == 0x1234 {
        return found(structure | Evidence::CHECKSUM, "the sum of a boot sector that an Atari starts");
    }
    match boot {
        // The target is even, and behind the parameter block.
        [0x60, to @ 0x1C..=0x7E, ..] if to % 2 == 0 => found(structure, "a branch of the 68000"),
        [_, _, b'N', b'N', b'N', b'N', b'N', b'N', ..] => found(structure, "the filler of the Atari's desktop"),
        _ => None,
    }
}

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let suggested = suggestions(probe.len(), probe.head());
    // Without a mark it is a flat file like others: only a name says whose.
    let named = probe.name().rsplit_once('.').is_some_and(|(_, own)| own.eq_ignore_ascii_case("st"));
    if named || marks(probe.head()).is_some() { suggested } else { Vec::new() }
}

/// The layout that an Atari takes a file for.
pub(super) fn suggestions(len: u64, head: &[u8]) -> Vec<Answer> {
    let (layout, plain, told) = match by_boot(len, head) {
        Some(layout) => (layout, Evidence::SIZE | Evidence::WEAK_MARKS, "a boot sector tells"),
        None => match by_length(len) {
            Some(layout) => (layout, Evidence::SIZE, "the length is that of"),
            None => return Vec::new(),
        },
    };
    let reason = format!("{told} {}", layout.shape());
    let mut answer = Answer::new(plain, reason);
    if let Some(marks) = marks(head) {
        answer.evidence = marks.evidence;
        answer.reasons.push(marks.what.into());
    }
    answer.layout = Some(layout);
    vec![answer]
}

/// Sides and sectors from the parameter block, cylinders from the length: the
/// total in the block is often that of the disk before its last tracks were
/// added. A file of no whole cylinders was cut, or has something behind.
fn by_boot(len: u64, head: &[u8]) -> Option<Layout> {
    let bpb = bpb(head).filter(|b| b.size == SECTOR && (1..=2).contains(&b.heads))?;
    let cylinder = u64::from(bpb.heads).checked_mul(bpb.sectors.into())?;
    let bytes = cylinder.checked_mul(SECTOR.into())?;
    let whole = len.checked_div(bytes).filter(|_| len.is_multiple_of(bytes));
    let told = bpb.total.checked_div(cylinder).filter(|_| bpb.total.is_multiple_of(cylinder));
    let cylinders = whole.or(told).filter(|c| *c <= CYLINDERS.into())?;
    layout(cylinders, bpb.heads, bpb.sectors)
}

/// Whole cylinders: as many as disks have, else any number of them.
fn by_length(len: u64) -> Option<Layout> {
    let with = |within: RangeInclusive<u64>| {
        TRACKS.iter().find_map(|(heads, sectors)| {
            let cylinder = u64::from(*heads).checked_mul((*sectors).into())?.checked_mul(SECTOR.into())?;
            let whole = len.checked_div(cylinder).filter(|_| len.is_multiple_of(cylinder));
            layout(whole.filter(|c| within.contains(c))?, (*heads).into(), (*sectors).into())
        })
    };
    with(USUAL).or_else(|| with(1..=CYLINDERS.into()))
}

/// A disk whose tracks are alike.
pub(crate) fn layout(cylinders: u64, heads: u16, sectors: u16) -> Option<Layout> {
    known(Layout::uniform(u16::try_from(cylinders).ok()?, heads, sectors, SECTOR, Scheme::IbmMfm)?)
}

/// The shape to write a disk in: its own, where an Atari can have it, else
/// tracks of the usual kind with a place for each of its sectors of 512 bytes.
/// `None` where it has none.
pub(crate) fn settle(shown: Option<Layout>, tracks: &[LogicalTrack<'_>]) -> Option<Layout> {
    if let Some(shown) = shown.filter(is_atari) {
        return Some(shown);
    }
    let seen = || tracks.iter().filter_map(|t| Some((t, last_number(t.sectors)?)));
    let heads = seen().map(|(t, _)| t.head).max()?.min(1).saturating_add(1);
    let cylinders = seen().map(|(t, _)| t.cylinder).max()?.saturating_add(1).min(CYLINDERS);
    let last = seen().map(|(_, last)| last).max()?;
    let holds = |(h, s): &&(u8, u8)| *h == heads && *s >= last;
    let (heads, sectors) = TRACKS.iter().find(holds).copied().unwrap_or((2, 36));
    layout(cylinders.into(), heads.into(), sectors.into())
}

/// True for a disk of tracks alike, of sectors as the Atari's system makes
/// them.
pub(crate) fn is_atari(layout: &Layout) -> bool {
    let first = layout.zone(0, 0).map(|zone| zone.sectors);
    let alike = |(c, h)| {
        let zone = layout.zone(c, h);
        zone.is_some_and(|z| Some(z.sectors) == first && (z.size, z.base, z.scheme) == (SECTOR, 1, Scheme::IbmMfm))
    };
    let in_order = layout.heads == 1 || layout.order == SideOrder::Alternating;
    in_order && layout.cylinders <= CYLINDERS && layout.tracks().into_iter().all(alike)
}

/// The highest number of a sector of 512 bytes.
pub(crate) fn last_number(sectors: &Sectors) -> Option<u8> {
    let fits = sectors.slots.iter().map(|slot| slot.chosen()).filter(|seen| seen.size() == usize::from(SECTOR));
    fits.filter_map(|seen| seen.sector_id()).map(|id| id.r).filter(|r| *r > 0).max()
}
