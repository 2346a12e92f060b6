//! Fitting and writing.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::Output;
use floptical_model::{
    Carrier, Clock, Context, Error, Fact, Findings, Floppy, Flux, Form, Image, IndexMark, Known, Opaque, Place, Policy,
    Reading, Result, Track, TrackAt, TrackLoader, TrackMap,
};

use super::pack::pack;
use super::raw::{self, ENTRY, Entry, HEADER, Steps, part_of};
use super::words::{self, DISTANCE, Speed, TURN, Zone};
use crate::scp::retime::{cue, retime};
use crate::{Fitted, NotFitted};

pub(super) fn fit(image: &Image, context: &Context) -> Fitted {
    let Some(floppy) = image.as_floppy() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "MFI holds floppy disks only"));
    };
    let own = image.format == super::FORMAT.id;
    let letters = |at| if own { raw::letters(&image.claims, at) } else { [0; 4] };
    let form = if own { letters(raw::FORM) } else { raw::form_letters(floppy.drive.form.copied()) };
    let (mut order, mut opaque, mut speed) = (Vec::new(), Vec::new(), Speed::default());
    for at in floppy.tracks.positions() {
        let place = Place::Track(at);
        let highest = i16::from(raw::MOST_CYLINDERS).saturating_sub(1).saturating_mul(4);
        if !(0..=highest).contains(&at.quarter) || at.head >= raw::MOST_HEADS {
            return Err(NotFitted::refuse(Fact::Exists, place, "MFI holds steps 0 to 83 of two sides"));
        }
        let Some(track) = floppy.tracks.get(at, context)?.filter(|t| !t.readings.is_empty()) else { continue };
        let Some(flux) = track.flux() else {
            return Err(NotFitted::refuse(Fact::FluxTiming, place, "MFI is made of flux, and this track has none"));
        };
        let turn = turn(flux).map_err(|reason| NotFitted::refuse(Fact::IndexTimes, place.clone(), reason))?;
        let mut kept = if own { parts(&image.opaque, at) } else { Vec::new() };
        let zones = zones(&kept, at);
        if words::words(&turn, &zones).is_none() {
            kept.retain(|o| o.name != raw::PART_ZONES);
        }
        // A track without a word is one that was never formatted.
        if turn.is_empty() && !kept.iter().any(|o| o.name == raw::PART_ZONES) {
            continue;
        }
        speed.add(&turn);
        order.push(at);
        opaque.extend(kept);
    }
    let heads = heads(floppy, &order);
    if own {
        opaque.extend(of_the_whole(image, &order, heads));
    }
    let fast = raw::form(&form) == Some(Form::Inch8) || speed.is_360();
    let places: BTreeMap<TrackAt, usize> = order.iter().enumerate().map(|(i, at)| (*at, i)).collect();
    let shaped = Shaped { tracks: floppy.tracks.clone(), order, clock: raw::clock(fast) };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: Vec::new(),
        claims: raw::claims(raw::MAGIC, &form, &letters(raw::VARIANT)),
        carrier: Carrier::Floppy(Floppy {
            drive: raw::drive(raw::form(&form), heads, fast),
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(shaped)),
        }),
        opaque,
        findings: Findings::default(),
    })
}

/// Sides that the disk tells, and at least those that its tracks have.
fn heads(floppy: &Floppy, order: &[TrackAt]) -> u8 {
    let used = order.iter().map(|at| at.head.saturating_add(1)).max().unwrap_or(0);
    floppy.drive.heads.recorded().copied().unwrap_or(0).min(raw::MOST_HEADS).max(used)
}

/// The parts of a track that it keeps.
fn parts(opaque: &[Opaque], at: TrackAt) -> Vec<Opaque> {
    let stays = |o: &&Opaque| o.place == Place::Track(at) && o.name != raw::PART_ENTRY;
    opaque.iter().filter(stays).cloned().collect()
}

/// The parts that are of no track which is written, and still have their place.
fn of_the_whole(image: &Image, order: &[TrackAt], heads: u8) -> Vec<Opaque> {
    let least = Steps::around(order.iter().copied(), heads);
    let told = image.opaque(raw::PART_STEPS).and_then(|o| Steps::parse(raw::u32_le(&o.bytes, 0), heads.into()));
    let steps = told.filter(|told| told.covers(least) && *told != least);
    let table = steps.unwrap_or(least);
    let in_table = |at: TrackAt| table.positions().any(|own| own == at) && !order.contains(&at);
    let stays = |o: &&Opaque| match o.name.as_str() {
        raw::PART_STEPS => steps.is_some(),
        raw::PART_ENTRY => o.place.track().is_some_and(in_table),
        raw::PART_TABLE => o.bytes.len() == unused(table),
        _ => o.place == Place::Whole && o.policy != Policy::Recompute,
    };
    image.opaque.iter().filter(stays).cloned().collect()
}

/// Bytes of the table that no position has.
fn unused(steps: Steps) -> usize {
    steps.entries().saturating_sub(steps.positions().count()).saturating_mul(ENTRY)
}

fn zones(opaque: &[Opaque], at: TrackAt) -> Vec<Zone> {
    let bytes = part_of(opaque, raw::PART_ZONES, at).unwrap_or(&[]);
    bytes.chunks_exact(8).map(|raw| (raw::u32_le(raw, 0), raw::u32_le(raw, 4))).collect()
}

/// The transitions of the first revolution by their angle.
fn turn(flux: &Flux) -> Result<Vec<u32>, &'static str> {
    if is_turn(flux) {
        return Ok(flux.intervals.to_vec());
    }
    let whole = cue(flux).ok_or("MFI holds a turn from index to index, and this capture has fewer than two marks")?;
    let end = whole.index.get(1).copied().filter(|mark| mark.tick > 0).ok_or("the first revolution has no length")?;
    let count = usize::try_from(end.interval).unwrap_or(usize::MAX).min(whole.intervals.len());
    let intervals = whole.intervals.get(..count).unwrap_or(&[]).to_vec();
    // One turn a second: time is angle.
    let first = Flux { clock: Clock::hz(end.tick), intervals: intervals.into(), index: Vec::new(), ..whole };
    let mut turned = retime(&first, Clock::hz(TURN.into()), |_| true).intervals.to_vec();
    let len: u64 = turned.iter().map(|i| u64::from(*i)).sum();
    // The last transition lies within the turn, also when others moved it.
    let over = len.saturating_sub(TURN.into());
    if let Some(last) = turned.last_mut() {
        *last = last.saturating_sub(u32::try_from(over).unwrap_or(u32::MAX));
    }
    Ok(turned)
}

/// True for flux that is an angle already, as it is read here.
fn is_turn(flux: &Flux) -> bool {
    let of_angle = [false, true].into_iter().any(|fast| flux.clock == raw::clock(fast));
    let marks = |index: &[IndexMark]| matches!(index, [a, b] if a.tick == 0 && b.tick == TURN.into());
    let short = flux.intervals.iter().all(|i| *i <= DISTANCE);
    of_angle && short && marks(&flux.index) && flux.sector_marks.is_empty() && {
        let read = words::flux(flux.intervals.to_vec(), flux.clock);
        read == *flux
    }
}

/// The tracks by their angle.
struct Shaped {
    tracks: TrackMap,
    order: Vec<TrackAt>,
    clock: Clock,
}

impl TrackLoader for Shaped {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let at = self.order.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let track = self.tracks.get(*at, context)?;
        let flux = track.as_ref().and_then(Track::flux).ok_or_else(|| Error::unsupported("a track without flux"))?;
        context.reserve((flux.intervals.len() as u64).saturating_mul(4))?;
        let turn = turn(flux).map_err(|_| Error::unsupported("the track changed since it was fitted"))?;
        Ok(Track::of(Reading::Flux(words::flux(turn, self.clock))))
    }
}

pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| Error::unsupported("MFI holds floppy disks only"))?;
    let heads = floppy.drive.heads.copied().unwrap_or(raw::MOST_HEADS);
    let told = image.opaque(raw::PART_STEPS).and_then(|o| Steps::parse(raw::u32_le(&o.bytes, 0), heads.into()));
    let steps = told.unwrap_or_else(|| Steps::around(floppy.tracks.positions(), heads));
    let mut header = raw::MAGIC.to_vec();
    header.extend(steps.field());
    header.extend(u32::from(steps.heads).to_le_bytes());
    header.extend(raw::letters(&image.claims, raw::FORM));
    header.extend(raw::letters(&image.claims, raw::VARIANT));
    out.begin("")?;
    out.write(&header)?;
    let mut table = vec![0; steps.entries().saturating_mul(ENTRY)];
    out.write(&table)?;
    let mut end = header.len().saturating_add(table.len()) as u64;
    let total = floppy.tracks.len() as u64;
    for (done, (entry, at)) in (0u64..).zip(table.chunks_exact_mut(ENTRY).zip(steps.positions())) {
        context.progress("writing", done.min(total), total);
        let part = |name| part_of(&image.opaque, name, at).unwrap_or(&[]);
        let Some(track) = floppy.tracks.get(at, context)? else {
            entry.iter_mut().zip(part(raw::PART_ENTRY)).for_each(|(place, byte)| *place = *byte);
            continue;
        };
        let (packed, unpacked) = packed(&track, &image.opaque, at)?;
        let gap = part(raw::PART_GAP);
        let start = end.saturating_add(gap.len() as u64);
        out.write(gap)?;
        out.write(&packed)?;
        end = start.saturating_add(packed.len() as u64);
        let number = |n: u64| u32::try_from(n).map_err(|_| Error::unsupported("the file would be longer than 4 GiB"));
        let written = Entry {
            offset: number(start)?,
            packed: number(packed.len() as u64)?,
            unpacked: number(unpacked as u64)?,
            splice: raw::u32_le(part(raw::PART_SPLICE), 0),
        };
        entry.copy_from_slice(&written.bytes());
    }
    if let Some(tail) = image.opaque(raw::PART_TABLE) {
        let from = table.len().saturating_sub(tail.bytes.len());
        table.iter_mut().skip(from).zip(tail.bytes.iter()).for_each(|(place, byte)| *place = *byte);
    }
    out.write(image.opaque(raw::PART_TAIL).map_or(&[], |o| &o.bytes))?;
    out.patch(HEADER as u64, &table)
}

/// The packed bytes of a track, and how many they were.
fn packed(track: &Track, opaque: &[Opaque], at: TrackAt) -> Result<(Vec<u8>, usize)> {
    let flux = track.flux().ok_or_else(|| Error::unsupported("a track without flux"))?;
    let words = words::words(&flux.intervals, &zones(opaque, at));
    let words = words.ok_or_else(|| Error::unsupported(format!("track {at} was not fitted to MFI")))?;
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.extend(part_of(opaque, raw::PART_REST, at).unwrap_or(&[]));
    let mut packed = pack(&bytes)?;
    packed.extend(part_of(opaque, raw::PART_SLACK, at).unwrap_or(&[]));
    Ok((packed, bytes.len()))
}
