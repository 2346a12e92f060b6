//! An image in the layer that a target wants: the derivation that comes before
//! `fit`. Layers that the image holds are used as they are; lower ones are
//! encoded, higher ones were derived.

use std::sync::Arc;

use floptical_flux::{TrackForm, WriteError, transitions, write_track};
use floptical_formats::{Format, NotFitted};
use floptical_model::layout::SideOrder;
use floptical_model::{
    Carrier, CellClock, Cells, Clock, Context, DriveFacts, Error, Fact, Floppy, Image, Known, Layer, Layout, Place, Ps,
    Rate, Reading, Sectors, Slot, Track, TrackAt, TrackLoader, TrackMap, Why, Zone,
};

use crate::{Disk, DiskTrack};

/// What a person may choose where the target leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Revolutions of flux that is made from cells.
    pub revolutions: u32,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { revolutions: 2 }
    }
}

/// The clock of flux that is made: 25 ns.
const MADE_CLOCK: Clock = Clock::hz(40_000_000);

/// The disk as an image whose tracks hold the layer of `target`.
///
/// # Errors
/// What cannot be encoded is refused by name and place; reading may fail.
pub(crate) fn prepare(
    disk: &Disk,
    target: &Format,
    options: WriteOptions,
    context: &Context,
) -> Result<Image, NotFitted> {
    let image = disk.image();
    let Carrier::Floppy(floppy) = &image.carrier else { return Ok(image.clone()) };
    if image.format == target.id {
        return Ok(image.clone());
    }
    let tracks = match target.layer {
        Layer::Flux => flux_tracks(disk, options)?,
        Layer::Cells => cell_tracks(disk)?,
        _ => held(disk.tracks().iter().map(|t| (t.at, Track::of(Reading::Sectors(Arc::clone(&t.derived.sectors)))))),
    };
    context.step(disk.tracks().len() as u64)?;
    let drive = DriveFacts { rotation: drive_rotation(disk), tpi: drive_tpi(disk), ..floppy.drive.clone() };
    let layout = told_layout(disk);
    Ok(Image { carrier: Carrier::Floppy(Floppy { drive, layout, tracks }), ..image.clone() })
}

/// The layout that the container of the image goes by. What ids show is left
/// for the target to see again, but for an order of the sides or of the sectors
/// that they do not show.
fn told_layout(disk: &Disk) -> Known<Layout> {
    match disk.layout() {
        Known::Value(layout) if layout.order != SideOrder::Alternating || *layout != layout.by_number() => {
            Known::Assumed(layout.clone(), Why::Layout)
        }
        _ => disk.image().as_floppy().map_or(Known::Unrecorded, |f| f.layout.clone()),
    }
}

fn held(tracks: impl Iterator<Item = (TrackAt, Track)>) -> TrackMap {
    TrackMap::held(tracks)
}

/// Cells of every track: its own, or encoded from its sectors.
fn cell_tracks(disk: &Disk) -> Result<TrackMap, NotFitted> {
    let cells: Result<Vec<(TrackAt, Track)>, NotFitted> =
        disk.tracks().iter().map(|t| Ok((t.at, Track::of(Reading::Cells(cells_of(disk, t)?))))).collect();
    Ok(held(cells?.into_iter()))
}

pub(crate) fn cells_of(disk: &Disk, track: &DiskTrack) -> Result<Cells, NotFitted> {
    match &track.derived.cells {
        Some(cells) => Ok(cells.clone()),
        None => encode(disk, track),
    }
}

/// Encode the sectors of a track, in the form that its layout or its own rate
/// and speed give it.
fn encode(disk: &Disk, track: &DiskTrack) -> Result<Cells, NotFitted> {
    let sectors = &laid(disk, track);
    let form = track_form(disk, track);
    let of_slot = |fact, slot: usize, reason| {
        let place = sectors.places(track.at).into_iter().nth(slot).unwrap_or(Place::Track(track.at));
        NotFitted::refuse(fact, place, reason)
    };
    write_track(sectors, &form).map_err(|error| match error {
        WriteError::Overfull { needed, room } => NotFitted::refuse(
            Fact::TrackLength,
            Place::Track(track.at),
            format!("its sectors need {needed} cells, and the track has room for {room}"),
        ),
        WriteError::NoId { slot } => of_slot(Fact::Id, slot, "nothing says what its id is".into()),
        WriteError::Size { slot, declared: 0, bytes } => {
            of_slot(Fact::Data, slot, format!("its data are {bytes} bytes, which no id can declare"))
        }
        WriteError::Size { slot, declared, bytes } => {
            of_slot(Fact::Data, slot, format!("its data are {bytes} bytes, and its id declares {declared}"))
        }
        WriteError::Mark { slot, mark } => of_slot(Fact::Mark, slot, format!("no data mark {mark:02X}h in its scheme")),
        WriteError::Scheme { slot } => of_slot(Fact::Scheme, slot, "no code writes its scheme".into()),
        other => NotFitted::refuse(Fact::Exists, Place::Track(track.at), other.to_string()),
    })
}

/// The sectors of a track in the order that they are to have there: their own,
/// or that of the layout where none is recorded.
fn laid(disk: &Disk, track: &DiskTrack) -> Sectors {
    let mut sectors = (*track.derived.sectors).clone();
    let cylinder = track.logical.cylinder();
    if let (false, Some(zone), Some(cylinder)) = (sectors.ordered, zone(disk, track), cylinder) {
        let numbers = zone.numbers_at(cylinder);
        let place = |slot: &Slot| {
            let number = slot.chosen().sector_id().map(|id| id.r);
            numbers.iter().position(|own| Some(*own) == number).unwrap_or(usize::MAX)
        };
        sectors.slots.sort_by_key(place);
    }
    sectors
}

/// How long a revolution of a track takes.
pub(crate) fn rotation_of(disk: &Disk, track: &DiskTrack) -> Ps {
    let sectors = &track.derived.sectors;
    track_rotation(disk, sectors, sectors.rate.copied().unwrap_or(Rate::DD))
}

fn zone<'a>(disk: &'a Disk, track: &DiskTrack) -> Option<&'a Zone> {
    disk.layout().get()?.zone(track.logical.cylinder()?, track.logical.head)
}

fn track_form(disk: &Disk, track: &DiskTrack) -> TrackForm {
    let sectors = &track.derived.sectors;
    let zone = zone(disk, track);
    let rate = sectors.rate.copied().or(zone.map(|z| z.rate)).unwrap_or(Rate::DD);
    let rotation = track_rotation(disk, sectors, rate);
    let scheme = sectors.slots.first().map(|s| s.chosen().scheme).or(zone.map(|z| z.scheme));
    let cell = rate.cell();
    let own = sectors.cells.recorded().copied();
    TrackForm {
        scheme: scheme.unwrap_or(floptical_model::Scheme::IbmMfm),
        cell,
        cells: own.unwrap_or_else(|| u32::try_from(rotation.0 / cell.0.max(1)).unwrap_or(u32::MAX)),
        gap3: zone.map(|z| z.gap3).filter(|g| *g > 0),
        index_mark: true,
    }
}

/// How long a revolution takes: measured, or as the layout has it, or as the
/// rate suggests (300 kbit is double density at 360 rpm).
fn track_rotation(disk: &Disk, sectors: &Sectors, rate: Rate) -> Ps {
    let by_rate = || if rate.same_density(Rate::DD) && rate != Rate::DD { Some(Layout::RPM_360) } else { None };
    let told = sectors.rotation.copied().or(disk.image().as_floppy().and_then(|f| f.drive.rotation.copied()));
    told.or_else(by_rate).or(disk.layout().get().map(|l| l.rotation)).unwrap_or(Layout::RPM_300)
}

/// The speed of the drive where nothing was measured: what encoding goes by.
fn drive_rotation(disk: &Disk) -> Known<Ps> {
    let floppy = disk.image().as_floppy();
    match floppy.map(|f| f.drive.rotation) {
        Some(Known::Unrecorded) | None => {
            let Some(track) = disk.tracks().iter().find(|t| !t.derived.sectors.slots.is_empty()) else {
                return Known::Unrecorded;
            };
            let sectors = &track.derived.sectors;
            let rate = sectors.rate.copied().unwrap_or(Rate::DD);
            Known::Assumed(track_rotation(disk, sectors, rate), Why::Encoder)
        }
        Some(told) => told,
    }
}

/// The pitch of the drive where nobody tells it: one that steps twice from one
/// track to the next is of 96 tracks an inch.
fn drive_tpi(disk: &Disk) -> Known<u16> {
    match disk.image().as_floppy().map(|f| f.drive.tpi) {
        Some(Known::Unrecorded) if disk.widest_pitch() == 2 => Known::Assumed(96, Why::Encoder),
        told => told.unwrap_or_default(),
    }
}

/// Flux of every track: its own, or made from its cells when it is asked for.
fn flux_tracks(disk: &Disk, options: WriteOptions) -> Result<TrackMap, NotFitted> {
    let mut made = Vec::new();
    for track in disk.tracks() {
        let has_flux = track.flux.is_some();
        let cells = if has_flux { None } else { Some(timed(cells_of(disk, track)?, disk, track)) };
        made.push((track.at, cells));
    }
    let places = made.iter().enumerate().map(|(i, (at, _))| (*at, i)).collect();
    let source = disk.image().as_floppy().map(|f| f.tracks.clone());
    Ok(TrackMap::new(places, Arc::new(MadeFlux { made, source, revolutions: options.revolutions })))
}

/// Cells with a length: their own, or that of the track's rate.
fn timed(cells: Cells, disk: &Disk, track: &DiskTrack) -> Cells {
    let cell = cells.cell().unwrap_or_else(|| track_form(disk, track).cell);
    match cells.clock {
        CellClock::Uniform(Known::Unrecorded) => {
            Cells { clock: CellClock::Uniform(Known::Assumed(cell, Why::Encoder)), ..cells }
        }
        _ => cells,
    }
}

/// Makes the flux of a track only while it is looked at: all of a disk's flux
/// would fill the memory.
struct MadeFlux {
    made: Vec<(TrackAt, Option<Cells>)>,
    source: Option<TrackMap>,
    revolutions: u32,
}

impl TrackLoader for MadeFlux {
    fn load(&self, index: usize, context: &Context) -> Result<Track, Error> {
        match self.made.get(index) {
            Some((_, Some(cells))) => {
                context.step(cells.bits.len() as u64)?;
                Ok(Track::of(Reading::Flux(transitions(cells, MADE_CLOCK, self.revolutions))))
            }
            Some((at, None)) => {
                let held = self.source.as_ref().and_then(|s| s.get(*at, context).transpose()).transpose()?;
                let flux = held.and_then(|track| track.flux().cloned());
                Ok(flux.map_or_else(Track::default, |f| Track::of(Reading::Flux(f))))
            }
            None => Ok(Track::default()),
        }
    }
}
