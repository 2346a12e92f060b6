//! Several captures of one disk as one disk: of each sector the best evidence,
//! with everything that any of them shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_model::{
    Bits, Choice, Context, DriveFacts, Error, Floppy, Image, Known, Place, Reading, Result, Sectors, Sighting, Slot,
    Span, Status, Track, TrackAt, TrackMap,
};

use crate::{Disk, DiskTrack};

/// A disk made of several captures.
#[derive(Debug)]
pub struct Merged {
    /// The disk. Each slot has the sightings of all captures; the choice among
    /// them is made as it is among revolutions.
    pub disk: Disk,
    /// Where its slots come from, in the order of places.
    pub slots: Vec<MergedSlot>,
}

/// Where a slot comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedSlot {
    /// Its place, by the disk's own pitch.
    pub place: Place,
    /// The number of the capture that speaks for it.
    pub from: usize,
    /// What each capture makes of it; `None` for one that does not show it.
    pub captures: Vec<Option<Status>>,
    /// What it is worth now.
    pub status: Status,
    /// True when captures show other data with good checks.
    pub contradiction: bool,
}

/// Merge captures of one disk. They may lie in different containers and come
/// from drives of different pitch.
///
/// A bit that no capture reads with a good check and that is not the same in
/// all of them is weak, and stays so.
///
/// # Errors
/// `Unsupported` for what is no floppy, and when most sectors that several
/// captures read well are not the same: these are captures of several disks.
/// `Limit` or `Cancelled`.
pub fn merge(disks: &[Disk], context: &Context) -> Result<Merged> {
    let mut tracks: BTreeMap<TrackAt, Vec<(usize, &DiskTrack)>> = BTreeMap::new();
    for (nth, disk) in disks.iter().enumerate() {
        if disk.image().as_floppy().is_none() {
            return Err(Error::unsupported(format!("capture {} is no floppy", nth + 1)));
        }
        for track in disk.tracks() {
            tracks.entry(track.logical).or_default().push((nth, track));
        }
    }
    let first_file: Vec<usize> =
        disks.iter().scan(0, |sum, d| Some(std::mem::replace(sum, *sum + d.image().files.len()))).collect();
    let mut slots = Vec::new();
    let mut held = Vec::new();
    for (at, captures) in &tracks {
        context.step(captures.len() as u64)?;
        let sectors = merged_track(*at, captures, (disks.len(), &first_file), &mut slots);
        held.push((*at, Track::of(Reading::Sectors(Arc::new(sectors)))));
    }
    one_disk(&slots)?;
    let floppy = Floppy { drive: drive(disks), layout: layout(disks), tracks: TrackMap::held(held) };
    let files = disks.iter().flat_map(|d| d.image().files.iter().cloned()).collect();
    let mut claims = Vec::new();
    for claim in disks.iter().flat_map(|d| &d.image().claims) {
        if !claims.contains(claim) {
            claims.push(claim.clone());
        }
    }
    let image = Image { files, claims, ..Image::floppy(floppy) };
    Ok(Merged { disk: Disk::derive(image, context)?, slots })
}

/// Refuses captures of which most good sectors differ.
fn one_disk(slots: &[MergedSlot]) -> Result<()> {
    let good = |slot: &&MergedSlot| slot.captures.iter().filter(|s| **s == Some(Status::Good)).count() > 1;
    let shared = slots.iter().filter(good).count();
    let other = slots.iter().filter(good).filter(|slot| slot.contradiction).count();
    if other * 2 > shared {
        return Err(Error::unsupported(format!(
            "these are no captures of one disk: {other} of the {shared} sectors that several read well are not the same"
        )));
    }
    Ok(())
}

/// What all drives agree on; positions are the disk's own.
fn drive(disks: &[Disk]) -> DriveFacts {
    let first = disks.first().and_then(|d| d.image().as_floppy()).map(|f| f.drive.clone()).unwrap_or_default();
    DriveFacts { tpi: Known::Unrecorded, ..first }
}

/// Ids speak for themselves where any capture has them.
fn layout(disks: &[Disk]) -> Known<floptical_model::Layout> {
    let told: Option<Vec<_>> =
        disks.iter().map(|d| d.image().as_floppy().map(|f| &f.layout).filter(|l| l.get().is_some())).collect();
    told.and_then(|all| all.first().map(|l| (*l).clone())).unwrap_or_default()
}

/// The sectors of one track, in the order of the capture that shows most.
fn merged_track(
    at: TrackAt,
    captures: &[(usize, &DiskTrack)],
    (count, first_file): (usize, &[usize]),
    all: &mut Vec<MergedSlot>,
) -> Sectors {
    let mut places: BTreeMap<Place, Vec<(usize, Vec<Sighting>)>> = BTreeMap::new();
    let mut revolution = 0;
    for (nth, track) in captures {
        let sectors = &track.derived.sectors;
        for (place, slot) in sectors.places(at).into_iter().zip(&sectors.slots) {
            let seen = slot.sightings().iter().map(|s| moved(s, revolution, first_file.get(*nth).copied()));
            places.entry(place).or_default().push((*nth, seen.collect()));
        }
        revolution += track.derived.revolutions.max(1);
    }
    let mut base: Option<&Sectors> = None;
    for (_, track) in captures {
        let sectors = &*track.derived.sectors;
        if base.is_none_or(|base| base.slots.len() < sectors.slots.len()) {
            base = Some(sectors);
        }
    }
    let order: BTreeMap<Place, usize> =
        base.into_iter().flat_map(|base| base.places(at)).enumerate().map(|(n, place)| (place, n)).collect();
    let mut slots: Vec<(usize, Slot)> = Vec::new();
    for (place, seen) in places {
        let Some((slot, from)) = joined(&seen) else { continue };
        let rank = order.get(&place).copied().unwrap_or(usize::MAX);
        let of = |nth: usize| seen.iter().find(|(own, _)| *own == nth).and_then(|(_, s)| Slot::of(s.clone()));
        all.push(MergedSlot {
            place,
            from,
            captures: (0..count).map(|nth| of(nth).map(|slot| slot.status())).collect(),
            status: slot.status(),
            contradiction: slot.choice() == Choice::Contradiction,
        });
        slots.push((rank, slot));
    }
    slots.sort_by_key(|(rank, _)| *rank);
    let slots = slots.into_iter().map(|(_, slot)| slot).collect();
    Sectors { slots, ..base.cloned().unwrap_or_default() }
}

/// A sighting as one of the merged disk, whose cells and flux lie elsewhere.
fn moved(seen: &Sighting, revolution: usize, first_file: Option<usize>) -> Sighting {
    let span = |span: &Option<Span>| match span {
        Some(Span::File { file, start, len }) => {
            let file = u16::try_from(usize::from(*file) + first_file.unwrap_or(0)).ok()?;
            Some(Span::File { file, start: *start, len: *len })
        }
        _ => None,
    };
    let revolution = u16::try_from(usize::from(seen.revolution) + revolution).unwrap_or(u16::MAX);
    Sighting { revolution, id_span: span(&seen.id_span), data_span: span(&seen.data_span), ..seen.clone() }
}

/// The slot of what captures show, and the capture that speaks for it.
fn joined(seen: &[(usize, Vec<Sighting>)]) -> Option<(Slot, usize)> {
    let mut sightings: Vec<Sighting> = seen.iter().flat_map(|(_, s)| s.iter().cloned()).collect();
    find_weak(&mut sightings);
    let slot = Slot::of(sightings)?;
    let chosen = slot.sightings().iter().position(|s| std::ptr::eq(s, slot.chosen()))?;
    let owners = seen.iter().flat_map(|(nth, s)| std::iter::repeat_n(*nth, s.len()));
    let from = owners.into_iter().nth(chosen)?;
    Some((slot, from))
}

/// Where no sighting is good, what differs between them is weak.
fn find_weak(sightings: &mut [Sighting]) {
    if sightings.iter().any(|s| s.status() == Status::Good) {
        return;
    }
    let Some(size) = sightings.iter().filter_map(|s| s.data.bytes()).map(|b| b.len()).max() else { return };
    let alike = |s: &&Sighting| s.data.bytes().is_some_and(|b| b.len() == size);
    let mut mask = vec![0u8; size];
    let mut first: Option<&[u8]> = None;
    for seen in sightings.iter().filter(alike) {
        let Some(bytes) = seen.data.bytes() else { continue };
        let first = *first.get_or_insert(bytes);
        mask.iter_mut().zip(first.iter().zip(&**bytes)).for_each(|(mask, (a, b))| *mask |= a ^ b);
        for bit in seen.weak.iter().flat_map(|weak| weak.ones()) {
            if let Some(byte) = mask.get_mut(bit / 8) {
                *byte |= 0x80 >> (bit % 8);
            }
        }
    }
    if mask.iter().any(|byte| *byte != 0) {
        let weak = Arc::new(Bits::from_msb(&mask, size * 8));
        for seen in sightings.iter_mut().filter(|s| s.data.bytes().is_some_and(|b| b.len() == size)) {
            seen.weak = Some(Arc::clone(&weak));
        }
    }
}
