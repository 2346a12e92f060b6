//! From an image to the bytes of a file: `fit` decides, `emit` writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::Output;
use floptical_model::identity::LogicalTrack;
use floptical_model::layout::{BlockAt, Stepping, observe};
use floptical_model::{
    Context, DataField, Error, Fact, Floppy, Image, Layout, Opaque, Place, Reading, Result, Sectors, Sighting, TrackAt,
};

use super::kind::Kind;
use super::raw::{self, BLOCK, Held, State};
use super::read::{self, CODE, ERRORS, FILLER, TAIL, disk_id, part_name, shown};
use crate::{Fitted, NotFitted};

/// What the blocks and their error bytes will say.
pub(crate) fn fit(kind: &'static Kind, image: &Image, context: &Context) -> Fitted {
    let Some(floppy) = image.as_floppy() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "it holds the sectors of a floppy"));
    };
    let held = sector_tracks(floppy, context)?;
    let refs: Vec<(TrackAt, &Sectors)> = held.iter().map(|(at, s)| (*at, &**s)).collect();
    check_scheme(kind, &refs)?;
    let tracks = by_place(&refs);
    let own = image.format == kind.id;
    let layout = match floppy.layout.get().filter(|_| own) {
        Some(layout) => layout.clone(),
        None => smallest(kind, &tracks)?.clone(),
    };
    let parts: &[Opaque] = if own { &image.opaque } else { &[] };
    let composer = Composer { kind, layout: &layout, tracks, parts, own };
    if !own {
        check_sides(&composer)?;
        check_shape(&composer, context)?;
    }
    Ok(shown(kind, composer.compose(context)?.into())?)
}

/// Write a fitted image.
pub(crate) fn emit(kind: &'static Kind, image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let not_fitted = || Error::unsupported(format!("the image was not fitted to {}", kind.id));
    let floppy = image.as_floppy().ok_or_else(not_fitted)?;
    let layout = floppy.layout.get().ok_or_else(not_fitted)?;
    let held = sector_tracks(floppy, context)?;
    let place = |(at, sectors): &'_ (TrackAt, Arc<Sectors>)| Some(((at.cylinder()?, at.head), Arc::clone(sectors)));
    let held: Vec<((u8, u8), Arc<Sectors>)> = held.iter().filter_map(place).collect();
    let tracks = held.iter().map(|(place, sectors)| (*place, &**sectors)).collect();
    let bytes = Composer { kind, layout, tracks, parts: &image.opaque, own: true }.compose(context)?;
    out.begin("")?;
    out.write(&bytes)
}

/// The sectors of each track; of several readings the first.
fn sector_tracks(floppy: &Floppy, context: &Context) -> Result<Vec<(TrackAt, Arc<Sectors>)>> {
    let mut tracks = Vec::new();
    for at in floppy.tracks.positions() {
        let readings = floppy.tracks.get(at, context)?.unwrap_or_default().readings;
        let sectors = readings.into_iter().find_map(|r| if let Reading::Sectors(s) = r { Some(s) } else { None });
        tracks.extend(sectors.map(|s| (at, s)));
    }
    Ok(tracks)
}

/// A disk of another drive is none of this kind.
fn check_scheme(kind: &Kind, tracks: &[(TrackAt, &Sectors)]) -> Result<(), NotFitted> {
    for (at, sectors) in tracks {
        let other = sectors.slots.iter().position(|slot| slot.chosen().scheme != kind.scheme);
        if let Some(place) = other.and_then(|nth| sectors.places(*at).into_iter().nth(nth)) {
            let what = format!("{} holds sectors in {} only", kind.id, kind.scheme.word());
            return Err(NotFitted::refuse(Fact::Scheme, place, what));
        }
    }
    Ok(())
}

/// The tracks by their number on the disk.
fn by_place<'a>(tracks: &[(TrackAt, &'a Sectors)]) -> BTreeMap<(u8, u8), &'a Sectors> {
    let sides = Stepping::of_sides(tracks);
    let place = |(at, sectors): &(TrackAt, &'a Sectors)| {
        let pitch = Stepping::pitch_of(&sides, at.head);
        let cylinder = at.cylinder().filter(|c| c.checked_rem(pitch) == Some(0))?;
        Some(((cylinder.checked_div(pitch)?, at.head), *sectors))
    };
    tracks.iter().filter_map(place).collect()
}

/// The smallest layout that has all tracks with sectors, or the largest there is.
fn smallest(kind: &Kind, tracks: &BTreeMap<(u8, u8), &Sectors>) -> Result<&'static Layout, NotFitted> {
    let nothing = || NotFitted::refuse(Fact::Exists, Place::Whole, "no track shows a sector");
    let with_sectors = tracks.iter().filter(|(_, sectors)| !sectors.slots.is_empty());
    let last = with_sectors.map(|((cylinder, _), _)| *cylinder).max().ok_or_else(nothing)?;
    kind.layouts().find(|l| last < l.cylinders).or_else(|| kind.layouts().last()).ok_or_else(nothing)
}

/// A disk whose ids count the sides as the drive does not is another disk.
fn check_sides(composer: &Composer<'_>) -> Result<(), NotFitted> {
    let layout = composer.layout;
    let slots = composer.tracks.iter().flat_map(|(place, sectors)| sectors.slots.iter().map(move |slot| (place, slot)));
    let ids = slots.filter_map(|(place, slot)| Some((*place, slot.chosen().sector_id()?)));
    let (alike, strange): (Vec<_>, Vec<_>) =
        ids.partition(|((cylinder, head), id)| id.h == layout.ids.at(*cylinder, *head).1);
    let Some(((cylinder, head), id)) = strange.first().filter(|_| strange.len() > alike.len()) else { return Ok(()) };
    let place = Place::Slot { track: TrackAt::new(*cylinder, *head), r: Some(id.r), nth: 0 };
    Err(NotFitted::refuse(Fact::Id, place, format!("its ids do not count the sides as those of {layout} do")))
}

/// A whole disk of another shape is another disk: what it holds would lie
/// elsewhere, and nothing would tell. Where sectors are dropped, or tracks that
/// nobody read are made up, something does.
fn check_shape(composer: &Composer<'_>, context: &Context) -> Result<(), NotFitted> {
    let layout = composer.layout;
    let logical: Vec<LogicalTrack<'_>> = composer
        .tracks
        .iter()
        .filter(|(_, sectors)| !sectors.slots.is_empty())
        .map(|((cylinder, head), sectors)| LogicalTrack { cylinder: *cylinder, head: *head, sectors })
        .collect();
    let found = composer.found(context)?.iter().filter(|found| found.seen.is_some()).count();
    let whole = found == logical.iter().map(|track| track.sectors.slots.len()).sum::<usize>();
    let read = layout.tracks().iter().all(|place| composer.tracks.contains_key(place));
    match observe(&logical) {
        Some(shown) if !whole || !read || shown.same_shape(layout) => Ok(()),
        None if !whole || !read => Ok(()),
        shown => {
            let shown = shown.map_or_else(|| "by no rule".into(), |shown| format!("as {}", shown.shape()));
            let what = format!("its sectors lie {shown}, not as those of {layout}");
            Err(NotFitted::refuse(Fact::Layout, Place::Whole, what))
        }
    }
}

/// Lays out the bytes of a file.
struct Composer<'a> {
    kind: &'static Kind,
    layout: &'a Layout,
    tracks: BTreeMap<(u8, u8), &'a Sectors>,
    /// The parts of a file of this kind.
    parts: &'a [Opaque],
    /// True for an image of this kind.
    own: bool,
}

/// A block with what is there of it.
struct Found<'a> {
    block: BlockAt,
    seen: Option<&'a Sighting>,
}

impl Found<'_> {
    fn place(&self) -> Place {
        Place::Slot { track: self.block.track, r: Some(self.block.id.r), nth: 0 }
    }
}

impl<'a> Composer<'a> {
    fn compose(&self, context: &Context) -> Result<Vec<u8>> {
        context.reserve(self.layout.bytes())?;
        let found = self.found(context)?;
        let mut bytes = Vec::new();
        found.iter().for_each(|block| bytes.extend_from_slice(&self.data(block)));
        let disk_id = if self.own { disk_id(self.kind, &bytes) } else { most_common(&found) };
        let states: Vec<State> = found.iter().map(|found| self.state(found, disk_id)).collect();
        if self.needs_codes(&states) {
            for (block, state) in found.iter().zip(&states) {
                bytes.extend(self.codes(block, *state));
            }
        }
        bytes.extend_from_slice(self.part(TAIL, &Place::Whole).unwrap_or(&[]));
        Ok(bytes)
    }

    /// For each block the first slot on its track with its number and size. A
    /// file that was cut ends where it ended.
    fn found(&self, context: &Context) -> Result<Vec<Found<'a>>> {
        let mut found = Vec::new();
        for block in self.layout.blocks() {
            context.step(1)?;
            let fits = |seen: &&Sighting| {
                seen.size() == usize::from(block.size) && seen.sector_id().is_some_and(|id| id.r == block.id.r)
            };
            let seen = self.track(block.track).and_then(|s| s.slots.iter().map(|slot| slot.chosen()).find(fits));
            if self.own && seen.is_some_and(|seen| seen.data == DataField::Unread) {
                break;
            }
            found.push(Found { block, seen });
        }
        Ok(found)
    }

    /// What is there of a block. A track that nobody read says nothing: its
    /// blocks are made up.
    fn state(&self, found: &Found<'_>, disk_id: Option<[u8; 2]>) -> State {
        match found.seen {
            Some(seen) => State::of(seen, disk_id),
            None if self.track(found.block.track).is_some() => State::ABSENT,
            None => State::PLAIN,
        }
    }

    fn track(&self, at: TrackAt) -> Option<&'a Sectors> {
        self.tracks.get(&(at.cylinder()?, at.head)).copied()
    }

    fn part(&self, part: &str, place: &Place) -> Option<&'a [u8]> {
        let name = part_name(self.kind, part);
        self.parts.iter().find(|o| o.name == name && o.place == *place).map(|o| &*o.bytes)
    }

    /// The data of a block, or what stands in their place.
    fn data(&self, found: &Found<'_>) -> Arc<[u8]> {
        let size = usize::from(found.block.size);
        let filler = || self.part(FILLER, &found.place()).filter(|filler| filler.len() == size);
        match found.seen.and_then(|seen| seen.data.bytes()) {
            Some(data) => Arc::clone(data),
            None => filler().map_or_else(|| vec![0; size].into(), Arc::from),
        }
    }

    /// True where something is to be said of a block, or a file had codes.
    fn needs_codes(&self, states: &[State]) -> bool {
        let whole = states.iter().all(|state| state.held == Held::Data);
        let said = |state: &State| read::is_said(state.id_check) || read::is_said(state.data_check) || state.other_id;
        let bad = |state: &State| !matches!(state.code(false), raw::OK | raw::UNSAID);
        let code = part_name(self.kind, CODE);
        let kept = self.part(ERRORS, &Place::Whole).is_some() || self.parts.iter().any(|part| part.name == code);
        if self.own { kept || !whole || states.iter().any(said) } else { !whole || states.iter().any(bad) }
    }

    /// The codes of a block: those that the file had, if they say the same.
    fn codes(&self, found: &Found<'_>, state: State) -> Vec<u8> {
        let count = usize::from(found.block.size) / BLOCK;
        let filler = raw::is_filler(&self.data(found));
        let same = |codes: &&[u8]| codes.len() == count && State::read(raw::spokesman(codes), filler) == state;
        let kept = self.part(CODE, &found.place()).filter(same).map(<[u8]>::to_vec);
        kept.unwrap_or_else(|| vec![state.code(self.is_empty(found.block.track)); count])
    }

    /// True for a track without any sector.
    fn is_empty(&self, at: TrackAt) -> bool {
        self.track(at).is_none_or(|sectors| sectors.slots.is_empty())
    }
}

/// The disk id that most id fields have.
fn most_common(found: &[Found<'_>]) -> Option<[u8; 2]> {
    let mut counts: BTreeMap<[u8; 2], usize> = BTreeMap::new();
    let headers = found.iter().filter_map(|f| f.seen?.header.get());
    for id in headers.filter_map(|header| header.first_chunk::<2>()) {
        let count = counts.entry(*id).or_default();
        *count = count.saturating_add(1);
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(id, _)| id)
}
