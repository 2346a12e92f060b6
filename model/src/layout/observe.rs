//! The layout that a disk shows by its sectors.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Ids, LAYOUTS, Layout, SideOrder, Stepping, Zone};
use crate::identity::LogicalTrack;
use crate::{Form, Rate, Scheme, Sectors, TrackAt};

/// Number the tracks by the pitch of their side. A disk of 40 tracks read in
/// steps of 80 has its tracks at every second position; what lies between is no
/// track of it. Tracks without slots do not count.
pub fn logical_tracks<'a>(tracks: &[(TrackAt, &'a Sectors)]) -> Vec<LogicalTrack<'a>> {
    let sides = Stepping::of_sides(tracks);
    let logical = |&(at, sectors): &(TrackAt, &'a Sectors)| {
        let (step, pitch) = (at.cylinder()?, Stepping::pitch_of(&sides, at.head));
        let held = !sectors.slots.is_empty() && step % pitch == 0;
        held.then_some(LogicalTrack { cylinder: step / pitch, head: at.head, sectors })
    };
    tracks.iter().filter_map(logical).collect()
}

/// How one track is formatted: what a zone says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    scheme: Scheme,
    sectors: u8,
    size: u16,
    base: u8,
}

impl Shape {
    /// The shape of a track whose numbers run without gap or twin and whose
    /// sectors are of one size and scheme.
    fn of(sectors: &Sectors) -> Option<Shape> {
        let mut numbers = BTreeSet::new();
        let mut kinds = BTreeSet::new();
        for slot in &sectors.slots {
            let chosen = slot.chosen();
            numbers.insert(chosen.sector_id()?.r);
            kinds.insert((chosen.scheme, u16::try_from(chosen.size()).ok()?));
        }
        let (base, last) = (*numbers.first()?, *numbers.last()?);
        let count = u8::try_from(sectors.slots.len()).ok()?;
        let (scheme, size) = *kinds.first()?;
        let regular =
            kinds.len() == 1 && numbers.len() == sectors.slots.len() && last - base + 1 == count && size >= 128;
        regular.then_some(Shape { scheme, sectors: count, size, base })
    }
}

/// The layout that the tracks show, or the smallest known one that all of them
/// fit; `None` when there is no rule in them.
pub fn observe(tracks: &[LogicalTrack<'_>]) -> Option<Layout> {
    let seen = whole(tracks);
    let known = seen.as_ref().and_then(|shown| known(shown, tracks));
    known.cloned().or(seen).or_else(|| completed(tracks)).or_else(|| majority(tracks))
}

/// The first of the layouts of this shape whose rule most ids follow. Only ids
/// tell the order of the sides.
fn known(shown: &Layout, tracks: &[LogicalTrack<'_>]) -> Option<&'static Layout> {
    let alike = |l: &&Layout| l.same_tracks(shown) && schemes_fit(l, tracks) && densities_fit(l, tracks);
    LAYOUTS.iter().filter(alike).min_by_key(|l| strange_ids(l, tracks))
}

/// How many ids are others than the layout has.
fn strange_ids(layout: &Layout, tracks: &[LogicalTrack<'_>]) -> usize {
    let strange = |t: &LogicalTrack<'_>| {
        let ids = t.sectors.slots.iter().filter_map(|slot| slot.chosen().sector_id());
        ids.filter(|id| (id.c, id.h) != layout.ids.at(t.cylinder, t.head)).count()
    };
    tracks.iter().map(strange).sum()
}

/// Every track of the rectangle is there and regular.
fn whole(tracks: &[LogicalTrack<'_>]) -> Option<Layout> {
    let shapes: Option<BTreeMap<(u8, u8), Shape>> =
        tracks.iter().map(|t| Some(((t.cylinder, t.head), Shape::of(t.sectors)?))).collect();
    let shapes = shapes?;
    let cylinders = shapes.keys().map(|k| k.0).max()?.checked_add(1)?;
    let heads = shapes.keys().map(|k| k.1).max()?.checked_add(1)?;
    if heads > 2 || shapes.len() != usize::from(cylinders) * usize::from(heads) {
        return None;
    }
    Some(build(tracks, cylinders, heads, |c, h| shapes.get(&(c, h)).copied()))
}

/// The smallest layout of the table that has a place for every sector seen.
fn completed(tracks: &[LogicalTrack<'_>]) -> Option<Layout> {
    let fits = |layout: &&Layout| !tracks.is_empty() && tracks.iter().all(|t| track_fits(layout, t));
    LAYOUTS
        .iter()
        .filter(fits)
        .filter(|l| densities_fit(l, tracks))
        .min_by_key(|l| (l.bytes(), strange_ids(l, tracks)))
        .cloned()
}

fn track_fits(layout: &Layout, track: &LogicalTrack<'_>) -> bool {
    let Some(zone) = layout.zone(track.cylinder, track.head) else { return false };
    let mut seen = BTreeSet::new();
    track.sectors.slots.iter().all(|slot| {
        let chosen = slot.chosen();
        chosen.sector_id().is_some_and(|id| {
            let number = id.r.checked_sub(zone.base).is_some_and(|n| n < zone.sectors);
            number && chosen.size() == usize::from(zone.size) && chosen.scheme == zone.scheme && seen.insert(id.r)
        })
    })
}

/// True when every track is of the scheme that the layout has for it.
fn schemes_fit(layout: &Layout, tracks: &[LogicalTrack<'_>]) -> bool {
    tracks.iter().all(|t| match (t.sectors.slots.first(), layout.zone(t.cylinder, t.head)) {
        (Some(slot), Some(zone)) => slot.chosen().scheme == zone.scheme,
        _ => true,
    })
}

fn densities_fit(layout: &Layout, tracks: &[LogicalTrack<'_>]) -> bool {
    tracks.iter().all(|t| match (t.sectors.rate.recorded(), layout.zone(t.cylinder, t.head)) {
        (Some(rate), Some(zone)) => rate.same_density(zone.rate),
        _ => true,
    })
}

/// Most tracks are alike; the others have a rule of their own or none.
fn majority(tracks: &[LogicalTrack<'_>]) -> Option<Layout> {
    let mut counts: BTreeMap<Shape, usize> = BTreeMap::new();
    tracks.iter().filter_map(|t| Shape::of(t.sectors)).for_each(|s| *counts.entry(s).or_default() += 1);
    let (shape, count) = counts.into_iter().max_by_key(|(_, n)| *n)?;
    if count * 4 < tracks.len() * 3 {
        return None;
    }
    let alike = || tracks.iter().filter(|t| Shape::of(t.sectors) == Some(shape));
    let cylinders = alike().map(|t| t.cylinder).max()?.checked_add(1)?;
    let heads = alike().map(|t| t.head).max()?.min(1) + 1;
    Some(build(tracks, cylinders, heads, |_, _| Some(shape)))
}

/// The order in which systems of such tracks count their sectors, of several the
/// most common.
fn usual_view(shape: Shape) -> &'static [u8] {
    let Shape { scheme, sectors, size, base } = shape;
    let zones = LAYOUTS.iter().flat_map(|layout| layout.zones.iter());
    let same = |z: &&Zone| (z.scheme, z.sectors, z.size, z.base) == (scheme, sectors, size, base);
    zones.filter(same).map(|zone| zone.view).next().unwrap_or(&[])
}

fn build(tracks: &[LogicalTrack<'_>], cylinders: u8, heads: u8, shape: impl Fn(u8, u8) -> Option<Shape>) -> Layout {
    let find = |c, h| tracks.iter().find(|t| (t.cylinder, t.head) == (c, h)).map(|t| t.sectors);
    let mut zones: Vec<Zone> = Vec::new();
    for head in 0..heads {
        let from = zones.len();
        for cylinder in 0..cylinders {
            let Some(s) = shape(cylinder, head) else { continue };
            let sectors = find(cylinder, head);
            let rate = sectors.and_then(|t| t.rate.copied());
            let zone = Zone {
                first: cylinder,
                cylinders: 1,
                head: Some(head),
                base: s.base,
                view: usual_view(s),
                ..Zone::plain(s.scheme, rate.unwrap_or(Rate::DD), s.sectors, s.size)
            };
            match zones[from..].last_mut() {
                Some(last) if Zone { first: last.first, cylinders: last.cylinders, ..zone.clone() } == *last => {
                    last.cylinders += 1;
                }
                _ => zones.push(zone),
            }
        }
    }
    let ids = zones.first().map_or(Ids::Place, |zone| Ids::of(zone.scheme));
    let rotation = tracks.iter().find_map(|t| t.sectors.rotation.copied()).unwrap_or(Layout::RPM_300);
    let rotation = if rotation.0 < 183_000_000_000 { Layout::RPM_360 } else { Layout::RPM_300 };
    Layout {
        id: Cow::Borrowed(""),
        name: Cow::Borrowed("as the disk shows"),
        cylinders,
        heads,
        order: if ids == Ids::SideBySide { SideOrder::SideBySide } else { SideOrder::Alternating },
        ids,
        form: if cylinders > 45 { Form::Inch3 } else { Form::Inch5 },
        rotation,
        zones: Cow::Owned(zones),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataField, Known, SectorId, Sighting, Slot};
    use std::sync::Arc;

    fn track(c: u8, h: u8, numbers: &[u8]) -> Sectors {
        let slot = |&r: &u8| {
            let id = SectorId { c, h, r, n: 2 };
            let mut s = Sighting::assumed(Scheme::IbmMfm, id, DataField::Bytes(Arc::from(vec![r; 512])));
            s.id = Known::Value(Some(id));
            Slot::one(s)
        };
        Sectors { slots: numbers.iter().map(slot).collect(), ordered: true, ..Sectors::default() }
    }

    fn observed(tracks: &[(TrackAt, Sectors)]) -> (Vec<u8>, Option<Layout>) {
        let refs: Vec<(TrackAt, &Sectors)> = tracks.iter().map(|(at, s)| (*at, s)).collect();
        let logical = logical_tracks(&refs);
        (logical.iter().map(|t| t.cylinder).collect(), observe(&logical))
    }

    #[test]
    fn a_lone_track_belongs_to_the_smallest_disk_that_holds_it() {
        let numbers: Vec<u8> = (1..=9).collect();
        let (_, layout) = observed(&[(TrackAt::new(20, 1), track(20, 1, &numbers))]);
        assert_eq!(layout.unwrap().id, "pc-360");
    }

    #[test]
    fn double_steps_are_seen_by_the_ids() {
        let numbers: Vec<u8> = (1..=9).collect();
        let tracks: Vec<_> = (0..80).map(|c| (TrackAt::new(c, 0), track(c / 2, 0, &numbers))).collect();
        let (cylinders, layout) = observed(&tracks);
        assert_eq!(cylinders, (0..40).collect::<Vec<u8>>());
        assert_eq!(layout.unwrap().id, "pc-180");
    }

    #[test]
    fn ids_tell_in_which_order_the_sides_are_counted() {
        let numbers: Vec<u8> = (1..=10).collect();
        for (swapped, id) in [(0, "st-800"), (1, "cbm-1581")] {
            let of = |c, h: u8| (TrackAt::new(c, h), track(c, h ^ swapped, &numbers));
            let tracks: Vec<_> = (0..80).flat_map(|c| [of(c, 0), of(c, 1)]).collect();
            assert_eq!(observed(&tracks).1.unwrap().id, id);
        }
    }

    #[test]
    fn a_rectangle_of_any_size_is_a_layout() {
        let tracks: Vec<_> = (0..81).map(|c| (TrackAt::new(c, 0), track(c, 0, &[5, 6, 7]))).collect();
        let layout = observed(&tracks).1.unwrap();
        assert_eq!(layout.shape(), "81 cylinders, 1 sides: 81 tracks of 3x512 from 5");
    }
}
