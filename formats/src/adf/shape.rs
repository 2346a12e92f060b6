//! The shape of an Amiga disk, and how its boot block is known.

use floptical_model::identity::LogicalTrack;
use floptical_model::layout::LAYOUTS;
use floptical_model::{Ids, Layout, Scheme, SectorId, Slot};

use crate::{Answer, Evidence, Probe};

/// Bytes in a sector.
const SECTOR: usize = 512;
/// Bytes of the boot block.
const BOOT: usize = 1024;
/// The highest number of a sector of double density.
const LAST_DD: u8 = 10;
/// The fewest cylinders that a disk is written with.
const CYLINDERS: u8 = 80;

/// What a boot block says.
enum Boot {
    /// Its sum holds: an Amiga starts it.
    Started,
    /// `DOS` and the number of a file system.
    Marked,
    /// Nothing.
    Other,
}

/// `DOS` and a number up to 7; the sum of the longs of the block, high byte
/// first, each carry added again, is FFFFFFFFh where it is to be started.
fn boot(head: &[u8]) -> Boot {
    let Some([b'D', b'O', b'S', 0..=7, ..]) = head.get(..BOOT) else { return Boot::Other };
    let longs = head.get(..BOOT).unwrap_or_default().chunks_exact(4);
    let longs = longs.filter_map(|long| Some(u32::from_be_bytes(*long.first_chunk()?)));
    let sum = longs.fold(0u32, |sum, long| {
        let (sum, carry) = sum.overflowing_add(long);
        sum.wrapping_add(carry.into())
    });
    if sum == u32::MAX { Boot::Started } else { Boot::Marked }
}

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let suggested = suggestions(probe.len(), probe.head());
    // A length that no disk has needs more than a name.
    let whole = Layout::of_size(probe.len()).any(is_amiga);
    if whole || !matches!(boot(probe.head()), Boot::Other) { suggested } else { Vec::new() }
}

/// The layout that an Amiga takes a file for.
pub(super) fn suggestions(len: u64, head: &[u8]) -> Vec<Answer> {
    let Some(layout) = by_length(len) else { return Vec::new() };
    let (evidence, what) = match boot(head) {
        Boot::Started => (
            Evidence::SIZE | Evidence::WEAK_MARKS | Evidence::STRUCTURE | Evidence::CHECKSUM,
            Some("the sum of a boot block that an Amiga starts"),
        ),
        Boot::Marked => (Evidence::SIZE | Evidence::WEAK_MARKS, Some("the mark DOS of a boot block")),
        Boot::Other => (Evidence::SIZE, None),
    };
    let mut answer = Answer::new(evidence, format!("{len} bytes are those of {layout}, or a part"));
    answer.reasons.extend(what.map(str::to_owned));
    answer.layout = Some(layout.clone());
    vec![answer]
}

/// The largest disk that is whole in so many bytes: what follows is a tail. A
/// shorter file was cut. Between the two densities lies nothing but a disk of
/// high density that was cut.
fn by_length(len: u64) -> Option<&'static Layout> {
    let disks = || LAYOUTS.iter().filter(|l| is_amiga(l));
    let cylinder = |l: &Layout| l.bytes().checked_div(l.cylinders.into()).unwrap_or(0);
    let whole = |l: &&Layout| l.bytes() <= len && len < l.bytes().saturating_add(cylinder(l));
    let cut = || disks().filter(|l| len < l.bytes()).min_by_key(|l| l.bytes());
    disks().filter(whole).max_by_key(|l| l.bytes()).or_else(cut).filter(|_| len >= BOOT as u64)
}

fn is_amiga(layout: &Layout) -> bool {
    layout.ids == Ids::Alternating
}

/// The disk that has a place for each AmigaDOS sector. `None` where there is
/// none of them.
pub(super) fn settle(_: Option<Layout>, tracks: &[LogicalTrack<'_>]) -> Option<Layout> {
    let last = |t: &LogicalTrack<'_>| t.sectors.slots.iter().filter_map(number).max();
    let seen = || tracks.iter().filter_map(|t| Some((t.cylinder, last(t)?)));
    let cylinders = seen().map(|(cylinder, _)| cylinder.saturating_add(1)).max()?.max(CYLINDERS);
    let dense = seen().any(|(_, last)| last > LAST_DD);
    let fits =
        |l: &&Layout| is_amiga(l) && dense == l.zone(0, 0).is_some_and(|z| z.sectors > LAST_DD.saturating_add(1));
    let same = LAYOUTS.iter().filter(fits).filter(|l| l.cylinders <= cylinders);
    same.max_by_key(|l| l.cylinders).cloned()
}

/// The number of an AmigaDOS sector.
fn number(slot: &Slot) -> Option<u8> {
    let chosen = slot.chosen();
    let amiga = chosen.scheme == Scheme::AmigaMfm && chosen.size() == SECTOR;
    chosen.sector_id().filter(|_| amiga).map(|SectorId { r, .. }| r)
}
