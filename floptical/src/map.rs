//! The picture of a disk: its slots by place, angle and state.

mod flux;
mod linear;

pub use flux::map_flux;

use std::collections::BTreeMap;

use floptical_formats::Registry;
use floptical_io::text::{show, words};
use floptical_model::picture::{Floppy, Picture, Ring, Side, Slot, State, Subject, Sweep, TURN};
use floptical_model::{
    Carrier, Cells, Context, Known, Layout, Place, Result, Scheme, SectorEntry, Sighting, Span, TrackAt,
};

use crate::{Disk, DiskTrack};

/// Quarter steps between two tracks of the drive.
const STEP: u16 = 4;
/// Tracks that a drawing has room for at least, so that a disk of one track is
/// a ring and not a plate.
const LEAST_TRACKS: u16 = 40;
/// Of the room of a sector whose angle is not known, how much it fills: as on
/// a disk of nine sectors, the rest is gap.
const FILLS: (u32, u32) = (7, 8);

/// The picture of a disk. `title` names it: bytes of a foreign name are made
/// safe to show here.
///
/// Angles are those that were recorded or measured; where there are none the
/// sectors are spread evenly in the order of the layout, and a note says so.
///
/// # Errors
/// `Limit` or `Cancelled`; what stops the reading of a linear carrier.
///
/// ```
/// use floptical::{Disk, OpenOptions, map, model::Context, open_bytes};
///
/// let context = Context::default();
/// let opened = open_bytes("blank.img", &[0xF6; 163_840], &OpenOptions::default(), &context)?;
/// let picture = map(&Disk::derive(opened.image, &context)?, "blank.img", &context)?;
/// assert_eq!(picture.legend().len(), 1); // all unverified, all filler
/// # Ok::<(), floptical::model::Error>(())
/// ```
pub fn map(disk: &Disk, title: &str, context: &Context) -> Result<Picture> {
    let mut notes = Vec::new();
    let subject = match &disk.image().carrier {
        Carrier::Block(device) => Subject::Linear(linear::device(device)),
        Carrier::Optical(disc) => Subject::Linear(linear::disc(disc, context)?),
        _ => Subject::Floppy(floppy(disk, &mut notes, context)?),
    };
    Ok(Picture { title: show(title.as_bytes()), lines: lines(disk), subject, notes })
}

/// What stands below the title: the container and the layout.
fn lines(disk: &Disk) -> Vec<String> {
    let image = disk.image();
    let format = Registry::default().by_id(image.format).map_or(image.format, |f| f.name);
    let bytes: u64 = image.files.iter().map(|f| f.len).sum();
    let files = match image.files.len() {
        1 => String::new(),
        n => format!(" in {n} files"),
    };
    let mut lines = vec![format!("{format}, {bytes} bytes{files}")];
    let name = |layout: &Layout| if layout.id.is_empty() { layout.shape() } else { layout.name.to_string() };
    match disk.layout() {
        Known::Unrecorded => {}
        Known::Value(layout) => lines.push(words(&name(layout))),
        Known::Assumed(layout, _) => lines.push(format!("{}, assumed", words(&name(layout)))),
    }
    lines
}

/// The sides of a floppy.
fn floppy(disk: &Disk, notes: &mut Vec<String>, context: &Context) -> Result<Floppy> {
    let unread = unread_places(disk);
    let mut sides: BTreeMap<u8, Vec<Ring>> = BTreeMap::new();
    let mut spread = false;
    let mut between = 0;
    for track in disk.tracks() {
        if is_no_track(disk, track) {
            between += 1;
            continue;
        }
        context.entry(track.derived.sectors.slots.len() as u64)?;
        let missing = unread.get(&track.logical).map_or(&[][..], Vec::as_slice);
        let (ring, evenly) = ring(disk, track, missing);
        spread |= evenly;
        sides.entry(track.at.head).or_default().push(ring);
    }
    let held: Vec<TrackAt> = disk.tracks().iter().map(|t| t.logical).collect();
    for (at, places) in unread.iter().filter(|(at, _)| !held.contains(at)) {
        sides.entry(at.head).or_default().push(unread_ring(disk, *at, places));
    }
    if spread {
        notes.push("The container records no angles: sectors are spread evenly in the order of the layout.".into());
    }
    if between > 0 {
        notes.push(format!(
            "{between} positions between the tracks repeat their neighbour or hold nothing; they are not drawn."
        ));
    }
    let mut sides: Vec<Side> = sides.into_iter().map(|(head, rings)| Side { head, rings }).collect();
    sides.iter_mut().for_each(|side| side.rings.sort_by_key(|ring| ring.quarter));
    let (first, steps) = extent(disk, &sides);
    Ok(Floppy { first, steps, sides })
}

/// True for what lies between two tracks of a side of half the drive's pitch
/// and is not a track of its own.
fn is_no_track(disk: &Disk, track: &DiskTrack) -> bool {
    disk.is_between(track) && (track.derived.sectors.slots.is_empty() || disk.is_repeat(track))
}

/// The places that the layout has and nobody read, by track.
fn unread_places(disk: &Disk) -> BTreeMap<TrackAt, Vec<SectorEntry>> {
    let mut places: BTreeMap<TrackAt, Vec<SectorEntry>> = BTreeMap::new();
    let nobody = |entry: &SectorEntry| entry.id == Known::Unrecorded && number_of(entry).is_some();
    for entry in disk.sectors().into_iter().filter(nobody) {
        if let Some(at) = entry.place.track() {
            places.entry(at).or_default().push(entry);
        }
    }
    places
}

/// The positions that the drawing has room for: those that are there, and
/// those that the layout has.
fn extent(disk: &Disk, sides: &[Side]) -> (i16, u16) {
    let pitch = u16::from(disk.widest_pitch());
    let rings = || sides.iter().flat_map(|side| &side.rings);
    let first = rings().map(|ring| ring.quarter).min().unwrap_or(0).min(0);
    let end = rings().map(|ring| i32::from(ring.quarter) + i32::from(ring.width)).max().unwrap_or(0);
    let held = u16::try_from(end - i32::from(first)).unwrap_or(u16::MAX);
    let layout = disk.layout().get().map_or(0, |layout| u16::from(layout.cylinders));
    (first, held.max(layout.max(LEAST_TRACKS) * STEP * pitch))
}

/// A track as a ring; true when its angles are made up.
fn ring(disk: &Disk, track: &DiskTrack, unread: &[SectorEntry]) -> (Ring, bool) {
    let sectors = &track.derived.sectors;
    let mut slots: Vec<Slot> = (0..sectors.slots.len()).filter_map(|i| Some(patch(&track.entry(i)?))).collect();
    let mut rest: Vec<Slot> = unread.iter().map(patch).collect();
    let numbers = numbers(disk, track.logical);
    let measured = measured(track).filter(|sweeps| !sweeps.is_empty());
    let evenly = measured.is_none();
    match measured {
        Some(sweeps) => {
            slots.iter_mut().zip(sweeps).for_each(|(slot, sweep)| slot.sweep = sweep);
            rest.sort_by_key(|slot| rank(&numbers, slot.number));
            fill_gaps(&slots, &mut rest);
            slots.append(&mut rest);
        }
        None => {
            let by_layout = !sectors.ordered || !rest.is_empty();
            slots.append(&mut rest);
            if by_layout {
                slots.sort_by_key(|slot| rank(&numbers, slot.number));
            }
            spread(&mut slots);
        }
    }
    let any = !slots.is_empty();
    let ring = Ring {
        quarter: track.at.quarter,
        width: STEP * u16::from(disk.pitch(track.at.head)),
        label: step_of(track.logical),
        slots: by_number(slots),
        unclaimed: unclaimed(track),
    };
    (ring, evenly && any)
}

/// The slots in the order of the grid: what has no number comes last.
fn by_number(mut slots: Vec<Slot>) -> Vec<Slot> {
    slots.sort_by_key(|slot| slot.number.map_or(u16::MAX, u16::from));
    slots
}

/// Put what was not seen into the widest gaps between what was: its place is
/// not known, but nothing else is there.
fn fill_gaps(seen: &[Slot], rest: &mut [Slot]) {
    let mut taken: Vec<Sweep> = seen.iter().map(|slot| slot.sweep).collect();
    let longest = taken.iter().map(|sweep| sweep.len).max().unwrap_or(TURN);
    for slot in rest {
        taken.sort_by_key(|sweep| sweep.start);
        let next = taken.iter().cycle().skip(1).map(|sweep| sweep.start);
        let gaps = taken.iter().zip(next).map(|(sweep, next)| {
            let end = sweep.start + sweep.len;
            Sweep { start: end % TURN, len: (next + 2 * TURN - end) % TURN }
        });
        let Some(widest) = gaps.max_by_key(|gap| gap.len) else { break };
        let margin = widest.len.min(longest / 16);
        slot.sweep = Sweep { start: (widest.start + margin / 2) % TURN, len: (widest.len - margin).min(longest) };
        taken.push(slot.sweep);
    }
}

/// A track that the layout has and the image does not.
fn unread_ring(disk: &Disk, at: TrackAt, places: &[SectorEntry]) -> Ring {
    let numbers = numbers(disk, at);
    let mut slots: Vec<Slot> = places.iter().map(patch).collect();
    slots.sort_by_key(|slot| rank(&numbers, slot.number));
    spread(&mut slots);
    Ring {
        quarter: at.quarter.saturating_mul(i16::from(disk.pitch(at.head))),
        width: STEP * u16::from(disk.pitch(at.head)),
        label: step_of(at),
        slots: by_number(slots),
        unclaimed: Vec::new(),
    }
}

/// The number of a track without its side.
fn step_of(at: TrackAt) -> String {
    let shown = at.to_string();
    shown.rsplit_once('.').map_or(shown.clone(), |(step, _)| step.to_owned())
}

/// The numbers of a track in the order that its layout gives them.
fn numbers(disk: &Disk, at: TrackAt) -> Vec<u8> {
    let zone = disk.layout().get().and_then(|layout| layout.zone(at.cylinder()?, at.head));
    zone.map(|zone| zone.numbers()).unwrap_or_default()
}

/// Where a number comes in that order; what is not in it comes after.
fn rank(numbers: &[u8], number: Option<u8>) -> (usize, Option<u8>) {
    (numbers.iter().position(|n| Some(*n) == number).unwrap_or(numbers.len()), number)
}

fn number_of(entry: &SectorEntry) -> Option<u8> {
    match entry.place {
        Place::Slot { r, .. } => r,
        _ => None,
    }
}

/// A sector, and nothing said of where it lies.
fn patch(entry: &SectorEntry) -> Slot {
    let filler = entry.data.as_ref().is_some_and(|data| data.windows(2).all(|pair| matches!(pair, [a, b] if a == b)));
    let label = format!("{}: {}, {} bytes", entry.place, entry.status.word(), entry.size);
    Slot { number: number_of(entry), sweep: Sweep { start: 0, len: 0 }, state: State::of(entry.status, filler), label }
}

/// Spread slots over the turn in their order, evenly.
fn spread(slots: &mut [Slot]) {
    let count = u32::try_from(slots.len()).unwrap_or(u32::MAX).max(1);
    for (index, slot) in slots.iter_mut().enumerate() {
        let index = index as u32;
        let at = |i: u32| (u64::from(i) * u64::from(TURN) / u64::from(count)) as u32;
        let room = at(index + 1) - at(index);
        slot.sweep = Sweep { start: at(index), len: room * FILLS.0 / FILLS.1 };
    }
}

/// Where the slots of a track lie, when every one has an angle or lies at a
/// known cell.
fn measured(track: &DiskTrack) -> Option<Vec<Sweep>> {
    let sectors = &track.derived.sectors;
    let cells = turn_cells(track)?;
    let starts: Option<Vec<u64>> = sectors.slots.iter().map(|slot| start_of(slot.chosen())).collect();
    let starts: Vec<u64> = starts?.into_iter().map(|start| start % cells).collect();
    let mut order = starts.clone();
    order.sort_unstable();
    let sweep = |(slot, start): (&floptical_model::Slot, &u64)| {
        let next = order.iter().find(|next| *next > start).or(order.first()).copied().unwrap_or(*start);
        let room = if next > *start { next - start } else { next + cells - start };
        part(*start, reach(slot.chosen()).clamp(1, room), cells)
    };
    Some(sectors.slots.iter().zip(&starts).map(sweep).collect())
}

/// Cells of one turn of the track.
fn turn_cells(track: &DiskTrack) -> Option<u64> {
    let own = track.derived.cells.as_ref().map(|cells| cells.bits.len() as u64);
    own.or(track.derived.sectors.cells.copied().map(u64::from)).filter(|cells| *cells > 0)
}

/// The cell of its id mark: from the index, or from where the track begins.
fn start_of(sighting: &Sighting) -> Option<u64> {
    let span = || sighting.id_span.as_ref().or(sighting.data_span.as_ref());
    match (sighting.angle.copied(), span()) {
        (Some(angle), _) => Some(angle.into()),
        (None, Some(Span::Cells { start, .. })) => Some(*start),
        _ => None,
    }
}

/// Cells from the id mark to the end of the data.
fn reach(sighting: &Sighting) -> u64 {
    match (&sighting.id_span, &sighting.data_span) {
        (Some(Span::Cells { start: id, .. }), Some(Span::Cells { start, len, .. })) if start >= id => start - id + len,
        (None, Some(Span::Cells { len, .. })) => *len,
        _ => sighting.size() as u64 * cells_of_byte(sighting.scheme) + OVERHEAD_CELLS,
    }
}

/// Id field, gap and sync of a sector of MFM, for where nothing was measured.
const OVERHEAD_CELLS: u64 = 60 * 16;

/// Cells of a byte, at the rate that cells are kept in.
fn cells_of_byte(scheme: Scheme) -> u64 {
    match scheme {
        Scheme::IbmFm => 32,
        Scheme::CommodoreGcr => 10,
        Scheme::AppleGcr16 | Scheme::AppleGcr13 | Scheme::MacGcr => 11,
        _ => 16,
    }
}

/// A stretch of cells as a part of the turn.
fn part(start: u64, len: u64, cells: u64) -> Sweep {
    let scale = |n: u64| u32::try_from(u128::from(n) * u128::from(TURN) / u128::from(cells.max(1))).unwrap_or(TURN);
    Sweep { start: scale(start) % TURN, len: scale(len).min(TURN) }
}

/// The stretches that no sector claims, from the index.
fn unclaimed(track: &DiskTrack) -> Vec<Sweep> {
    let Some(cells) = turn_cells(track) else { return Vec::new() };
    let index = |strip: &Cells| strip.index_at.copied();
    let index = track.derived.cells.as_ref().and_then(index).unwrap_or(0) % cells;
    let stretch = |u: &floptical_model::Unclaimed| part((u.start % cells + cells - index) % cells, u.len, cells);
    track.derived.sectors.unclaimed.iter().map(stretch).collect()
}
