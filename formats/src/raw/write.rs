//! From an image to the bytes of a file: `fit` decides, `emit` writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::{Output, Source};
use floptical_model::layout::{logical_tracks, observe};
use floptical_model::{
    BlockDevice, Carrier, Context, Error, ErrorKind, Fact, Floppy, Image, Layout, Place, Reading, Result, Sectors,
    TrackAt,
};

use super::flat::{device, whole_blocks, written};
use super::read::{image, shown};
use super::{Kind, Look, part};
use crate::{Fitted, NotFitted, Probe};

/// How much of a linear carrier is copied at once.
const PIECE: usize = 1 << 20;

/// What the blocks of the image will say, written one after the other.
pub(crate) fn fit_as(kind: &Kind, source: &Image, context: &Context) -> Fitted {
    match &source.carrier {
        Carrier::Block(device) if kind.linear => fit_device(kind, device, context),
        Carrier::Block(_) => {
            Err(NotFitted::refuse(Fact::Exists, Place::Whole, "it holds the sectors of a floppy, not a linear carrier"))
        }
        Carrier::Floppy(floppy) => fit_floppy(kind, source, floppy, context),
        _ => Err(NotFitted::refuse(Fact::Exists, Place::Whole, "a flat image holds sectors or blocks")),
    }
}

/// A linear carrier as it is, or as the floppy that its bytes will be taken for.
fn fit_device(kind: &Kind, device: &BlockDevice, context: &Context) -> Fitted {
    let head_len = usize::try_from(device.len).map_or(Probe::HEAD, |len| len.min(Probe::HEAD));
    let mut head = vec![0; head_len];
    device.content.read(0, &mut head, context)?;
    if device.len == 0 {
        return Err(nothing());
    }
    let read = |at: u64, len: usize| {
        let mut bytes = vec![0; len];
        let there = at.checked_add(len as u64).is_some_and(|end| end <= device.len);
        device.content.read(at, &mut bytes, context).ok().filter(|_| there).map(|_| bytes)
    };
    let suggested = kind.candidates(&Look::of(device.len, &head, &read));
    let Some(layout) = suggested.first() else { return Ok(image(kind, Carrier::Block(written(device)))) };
    context.reserve(device.len)?;
    let mut bytes = vec![0; usize::try_from(device.len).unwrap_or(0)];
    device.content.read(0, &mut bytes, context)?;
    Ok(shown(kind, &Source::new("", bytes), layout, &suggested, context)?)
}

fn nothing() -> NotFitted {
    NotFitted::refuse(Fact::Exists, Place::Whole, "there is nothing to write")
}

fn fit_floppy(kind: &Kind, source: &Image, disk: &Floppy, context: &Context) -> Fitted {
    let tracks = sector_tracks(disk, context)?;
    let refs: Vec<(TrackAt, &Sectors)> = tracks.iter().map(|(at, s)| (*at, &**s)).collect();
    let logical = logical_tracks(&refs);
    let own = source.format == kind.id;
    let shown_layout = disk.layout.get().cloned().or_else(|| observe(&logical));
    let layout = if own { shown_layout } else { (kind.settle)(shown_layout, &logical) };
    let mut whole = match &layout {
        Some(layout) => {
            context.reserve(layout.bytes())?;
            let by_place = logical.iter().rev().map(|t| ((t.cylinder, t.head), t.sectors)).collect();
            by_layout(layout, &by_place, own, context)?
        }
        None if kind.linear => by_number(&refs, context)?,
        None => return Err(no_sector(Place::Whole)),
    };
    let blocks = whole.len();
    let tail = source.opaque(kind.tail).filter(|tail| own && tail_holds(layout.as_ref(), blocks, tail.bytes.len()));
    whole.extend_from_slice(tail.map_or(&[][..], |t| &t.bytes));
    if whole.is_empty() {
        return Err(nothing());
    }
    let suggested = kind.candidates(&Look::of(whole.len() as u64, &whole, &|at, len| part(&whole, at, len)));
    let file = Source::new("", whole);
    // Who reads the file without a word goes by the suggestion.
    let layout = match (&layout, suggested.first()) {
        (Some(layout), Some(first)) if own || !first.same_shape(layout) => Some(layout),
        (Some(layout), None) => Some(layout),
        (_, first) => first,
    };
    match layout {
        Some(layout) => Ok(shown(kind, &file, layout, &suggested, context)?),
        None => Ok(image(kind, Carrier::Block(device(file)))),
    }
}

/// A disk without any sector that the format has a place for.
pub(crate) fn no_sector(place: Place) -> NotFitted {
    NotFitted::refuse(Fact::Exists, place, "none of its sectors has a place in this format")
}

/// The sectors of each track; of several readings the first.
pub(crate) fn sector_tracks(disk: &Floppy, context: &Context) -> Result<Vec<(TrackAt, Arc<Sectors>)>> {
    let mut tracks = Vec::new();
    for at in disk.tracks.positions() {
        let readings = disk.tracks.get(at, context)?.unwrap_or_default().readings;
        let sectors = readings.into_iter().find_map(|r| if let Reading::Sectors(s) = r { Some(s) } else { None });
        tracks.extend(sectors.map(|s| (at, s)));
    }
    Ok(tracks)
}

/// The blocks of a layout: for each the first slot on its track with its number
/// and size, zeros where there is none or it has no data. A flat image that
/// ended early ends there again.
fn by_layout(layout: &Layout, tracks: &BTreeMap<(u8, u8), &Sectors>, own: bool, context: &Context) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(layout.bytes()).unwrap_or(0));
    let mut last = 0;
    for block in layout.blocks() {
        context.step(1)?;
        let track = block.track.cylinder().and_then(|c| tracks.get(&(c, block.track.head)));
        let size = usize::from(block.size);
        match track.and_then(|sectors| block_data(sectors, block.id.r, size)) {
            Some(data) => {
                bytes.extend_from_slice(data);
                last = bytes.len();
            }
            None => bytes.resize(bytes.len().saturating_add(size), 0),
        }
    }
    if own {
        bytes.truncate(last);
    }
    Ok(bytes)
}

/// The data of the first slot with this number and size, whatever cylinder and
/// head its id says.
pub(crate) fn block_data(sectors: &Sectors, number: u8, size: usize) -> Option<&Arc<[u8]>> {
    let mut slots = sectors.slots.iter().map(|slot| slot.chosen());
    let found = slots.find(|seen| seen.size() == size && seen.sector_id().is_some_and(|id| id.r == number));
    found.and_then(|seen| seen.data.bytes())
}

/// A tail stands after the last block, or is less than the block that the file
/// breaks off in.
fn tail_holds(layout: Option<&Layout>, blocks: usize, tail: usize) -> bool {
    let whole = (blocks as u64).saturating_add(tail as u64);
    layout.is_some_and(|l| whole_blocks(l, whole) == blocks as u64)
}

/// All data by cylinder, head and number, where no layout has a place for it.
fn by_number(tracks: &[(TrackAt, &Sectors)], context: &Context) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for (_, sectors) in tracks {
        let mut slots: Vec<_> = sectors.slots.iter().map(|slot| slot.chosen()).collect();
        slots.sort_by_key(|seen| seen.sector_id().map(|id| id.r));
        for seen in slots {
            context.reserve(seen.size() as u64)?;
            match seen.data.bytes() {
                Some(data) => bytes.extend_from_slice(data),
                None => bytes.resize(bytes.len().saturating_add(seen.size()), 0),
            }
        }
    }
    Ok(bytes)
}

/// Write a fitted image.
pub(crate) fn emit_as(kind: &Kind, image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    out.begin("")?;
    match &image.carrier {
        Carrier::Block(device) => emit_device(device, out, context)?,
        Carrier::Floppy(disk) => emit_floppy(disk, out, context)?,
        _ => return Err(not_fitted("it holds no blocks")),
    }
    image.opaque(kind.tail).map_or(Ok(()), |tail| out.write(&tail.bytes))
}

fn not_fitted(what: &str) -> Error {
    Error::new(ErrorKind::Malformed, format!("the image was not fitted to a flat file: {what}"))
}

fn emit_device(device: &BlockDevice, out: &mut dyn Output, context: &Context) -> Result<()> {
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < device.len {
        let left = usize::try_from(device.len.saturating_sub(at)).unwrap_or(PIECE);
        let buffer = piece.get_mut(..left.min(PIECE)).unwrap_or_default();
        device.content.read(at, buffer, context)?;
        out.write(buffer)?;
        at = at.saturating_add(buffer.len() as u64);
        context.progress("blocks", at, device.len);
    }
    Ok(())
}

fn emit_floppy(disk: &Floppy, out: &mut dyn Output, context: &Context) -> Result<()> {
    let layout = disk.layout.get().ok_or_else(|| not_fitted("it has no layout"))?;
    let tracks = layout.tracks();
    let total = tracks.len() as u64;
    for (done, (cylinder, head)) in (0..).zip(tracks) {
        let track = disk.tracks.get(TrackAt::new(cylinder, head), context)?.unwrap_or_default();
        for slot in track.sectors().map_or(&[][..], |s| &s.slots) {
            // What is missing lies past the end of the file.
            slot.chosen().data.bytes().map_or(Ok(()), |data| out.write(data))?;
        }
        context.progress("tracks", done, total);
    }
    Ok(())
}
