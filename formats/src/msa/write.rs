//! From an image to the bytes of a file: `fit` decides, `emit` writes.

use std::sync::Arc;

use floptical_io::Output;
use floptical_model::identity::LogicalTrack;
use floptical_model::layout::{logical_tracks, observe};
use floptical_model::{
    Carrier, Context, DataField, Error, ErrorKind, Fact, Floppy, Image, Place, Reading, Result, Sectors, Span, Track,
    TrackAt,
};

use super::raw::{Geometry, pack};
use super::read::{TAIL, image, sectors};
use crate::raw::{block_data, no_sector, sector_tracks};
use crate::st::shape::{SECTOR, settle};
use crate::{Fitted, NotFitted};

/// What the tracks of the archive will say.
pub(super) fn fit(source: &Image, context: &Context) -> Fitted {
    let Carrier::Floppy(floppy) = &source.carrier else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "MSA holds tracks, not a linear carrier"));
    };
    let tracks = sector_tracks(floppy, context)?;
    let refs: Vec<(TrackAt, &Sectors)> = tracks.iter().map(|(at, s)| (*at, &**s)).collect();
    let logical = logical_tracks(&refs);
    let own = source.format == "msa";
    let geometry = if own { told(floppy, context)? } else { shape(floppy, &logical) };
    let geometry = geometry.ok_or_else(|| no_sector(Place::Whole))?;
    let layout = geometry.layout().ok_or_else(|| no_sector(Place::Whole))?;
    context.reserve(layout.bytes())?;
    let fitted = geometry.tracks().map(|(cylinder, head)| {
        let at = TrackAt::new(cylinder, head);
        let held = logical.iter().find(|t| (t.cylinder, t.head) == (cylinder, head));
        let bytes = bytes_of(geometry, held.map(|t| t.sectors));
        let sectors = sectors(at, &layout, &bytes, |_| Span::Made("fitted to MSA"));
        (at, Track::of(Reading::Sectors(Arc::new(sectors))))
    });
    let mut fitted = image(geometry, &layout, fitted.collect());
    fitted.opaque = source.opaque(TAIL).filter(|_| own).cloned().into_iter().collect();
    Ok(fitted)
}

/// The shape that a disk of another format gets: the run of its cylinders that
/// have a track in it.
fn shape(floppy: &Floppy, tracks: &[LogicalTrack<'_>]) -> Option<Geometry> {
    let layout = settle(floppy.layout.get().cloned().or_else(|| observe(tracks)), tracks)?;
    let held = || tracks.iter().filter(|t| layout.zone(t.cylinder, t.head).is_some()).map(|t| t.cylinder);
    let sectors = layout.zone(0, 0)?.sectors;
    Some(Geometry { sectors, heads: layout.heads, first: held().min()?, last: held().max()? })
}

/// The shape of an image of this format.
fn told(floppy: &Floppy, context: &Context) -> Result<Option<Geometry>> {
    let Some(first) = floppy.tracks.positions().next() else { return Ok(None) };
    let track = floppy.tracks.get(first, context)?.unwrap_or_default();
    let sectors = track.sectors().and_then(|s| u8::try_from(s.slots.len()).ok());
    let cylinders = || floppy.tracks.positions().filter_map(TrackAt::cylinder);
    let parts = || {
        let heads = floppy.drive.heads.copied()?;
        Some(Geometry { sectors: sectors?, heads, first: cylinders().min()?, last: cylinders().max()? })
    };
    Ok(parts())
}

/// The data of a track, zeros where there is none.
fn bytes_of(geometry: Geometry, sectors: Option<&Sectors>) -> Vec<u8> {
    let size = usize::from(SECTOR);
    let mut bytes = Vec::with_capacity(geometry.track_bytes());
    for number in 1..=geometry.sectors {
        match sectors.and_then(|s| block_data(s, number, size)) {
            Some(data) => bytes.extend_from_slice(data),
            None => bytes.resize(bytes.len().saturating_add(size), 0),
        }
    }
    bytes
}

/// Write a fitted image.
pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| not_fitted("it is no floppy"))?;
    let geometry = told(floppy, context)?.ok_or_else(|| not_fitted("it has no shape"))?;
    out.begin("")?;
    out.write(&geometry.to_bytes())?;
    let total = floppy.tracks.len() as u64;
    for (done, (cylinder, head)) in (0..).zip(geometry.tracks()) {
        let track = floppy.tracks.get(TrackAt::new(cylinder, head), context)?;
        let track = track.as_ref().and_then(Track::sectors).ok_or_else(|| not_fitted("a track is not there"))?;
        let bytes: Vec<u8> = track.slots.iter().filter_map(|s| bytes(&s.chosen().data)).flatten().copied().collect();
        let stored = pack(&bytes);
        let len = u16::try_from(stored.len()).map_err(|_| not_fitted("a track is too long"))?;
        out.write(&len.to_be_bytes())?;
        out.write(&stored)?;
        context.progress("tracks", done, total);
    }
    image.opaque(TAIL).map_or(Ok(()), |tail| out.write(&tail.bytes))
}

fn bytes(field: &DataField) -> Option<&[u8]> {
    field.bytes().map(|bytes| &**bytes)
}

fn not_fitted(what: &str) -> Error {
    Error::new(ErrorKind::Malformed, format!("the image was not fitted to MSA: {what}"))
}
