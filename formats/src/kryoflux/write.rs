//! Fitting and writing.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::Output;
use floptical_model::{
    Carrier, Context, DriveFacts, Error, Fact, Findings, Floppy, Flux, Image, IndexMark, Known, Opaque, Place, Reading,
    Result, Track, TrackAt, TrackLoader, TrackMap,
};

use super::raw::{self, OVERFLOW};
use super::read::{self, PART_BLOCK, PART_COUNTERS, PART_RESULT, PART_STREAM, PART_TAIL, PART_TEXT};
use super::{info, name};
use crate::scp::retime::retime;
use crate::{Fitted, NotFitted};

/// The last cylinder that two digits name.
const LAST: u8 = 99;

pub(super) fn fit(image: &Image, context: &Context) -> Fitted {
    let Some(floppy) = image.as_floppy() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "KryoFlux streams hold floppy disks only"));
    };
    let own: &[Opaque] = if image.format == super::FORMAT.id { &image.opaque } else { &[] };
    let (mut places, mut order, mut opaque) = (BTreeMap::new(), Vec::new(), Vec::new());
    for at in floppy.tracks.positions() {
        let place = Place::Track(at);
        if at.cylinder().is_none_or(|c| c > LAST) || at.head > 1 {
            let what = "the names of KryoFlux streams tell whole steps 0 to 99 of two sides";
            return Err(NotFitted::refuse(Fact::Exists, place, what));
        }
        let Some(track) = floppy.tracks.get(at, context)?.filter(|t| !t.readings.is_empty()) else { continue };
        let Some(flux) = track.flux() else {
            return Err(NotFitted::refuse(
                Fact::FluxTiming,
                place,
                "a stream is made of flux, and this track has none",
            ));
        };
        let kept: Vec<Opaque> = own.iter().filter(|o| o.place == place).cloned().collect();
        let shaped = shape(flux, &kept);
        let Some(shaped) = shaped else {
            return Err(NotFitted::refuse(
                Fact::IndexTimes,
                place,
                "an index mark comes too long after the last transition",
            ));
        };
        opaque.extend(kept.into_iter().filter(|o| fits(o, &shaped)));
        places.insert(at, order.len());
        order.push(at);
    }
    if order.is_empty() {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "there is no track to make a stream of"));
    }
    let first = order.first().copied();
    let of_first: Vec<Opaque> =
        opaque.iter().filter(|o| first.is_some_and(|at| o.place == Place::Track(at))).cloned().collect();
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: Vec::new(),
        claims: read::claims_of(&of_first, 0),
        carrier: Carrier::Floppy(Floppy {
            drive: DriveFacts { heads: read::heads(order.iter()), ..DriveFacts::default() },
            layout: Known::Unrecorded,
            tracks: TrackMap::new(
                places,
                Arc::new(Shaped { tracks: floppy.tracks.clone(), order, opaque: opaque.clone() }),
            ),
        }),
        opaque,
        findings: Findings::default(),
    })
}

/// True for a part that still says something.
fn fits(part: &Opaque, flux: &Flux) -> bool {
    let usual = || read::usual_counters(&flux.index);
    match part.name.as_str() {
        PART_STREAM => false,
        PART_COUNTERS => part.bytes.len() == usual().len() && *part.bytes != *usual(),
        _ => true,
    }
}

fn named<'a>(parts: &'a [Opaque], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    parts.iter().filter(move |o| o.name == name).map(|o| &*o.bytes)
}

/// The flux on the clock that the texts of its stream tell, each index mark in
/// the interval in which its time falls. `None` when a mark is too late.
fn shape(flux: &Flux, kept: &[Opaque]) -> Option<Flux> {
    let mut shaped = retime(flux, info::clock(named(kept, PART_TEXT)), |_| true);
    shaped.sector_marks.clear();
    let ends = ends(&shaped.intervals);
    for mark in &mut shaped.index {
        let nth = usize::try_from(mark.interval).unwrap_or(usize::MAX);
        let starts = nth.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied());
        let within = starts.is_some_and(|s| s <= mark.tick) && ends.get(nth).is_none_or(|e| mark.tick <= *e);
        if !within {
            let nth = ends.partition_point(|end| *end < mark.tick);
            mark.interval = u32::try_from(nth).ok()?;
        }
    }
    shaped.index.sort_by_key(|m| (m.tick, m.interval));
    let last = ends.last().copied().unwrap_or(0);
    let late = shaped.index.last().map_or(0, |m| m.tick.saturating_sub(last));
    (shaped.start, shaped.end) = read::edges(&shaped.index, shaped.intervals.len());
    (late <= u32::MAX.into()).then_some(shaped)
}

/// When each interval ends.
fn ends(intervals: &[u32]) -> Vec<u64> {
    let mut tick = 0u64;
    let end = |ticks: &u32| {
        tick = tick.saturating_add((*ticks).into());
        tick
    };
    intervals.iter().map(end).collect()
}

/// The tracks as streams say them.
struct Shaped {
    tracks: TrackMap,
    order: Vec<TrackAt>,
    opaque: Vec<Opaque>,
}

impl TrackLoader for Shaped {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let at = self.order.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let track = self.tracks.get(*at, context)?;
        let flux = track.as_ref().and_then(Track::flux).ok_or_else(|| Error::unsupported("a track without flux"))?;
        context.reserve((flux.intervals.len() as u64).saturating_mul(12))?;
        let kept: Vec<Opaque> = self.opaque.iter().filter(|o| o.place == Place::Track(*at)).cloned().collect();
        let shaped = shape(flux, &kept).ok_or_else(|| Error::unsupported("the track changed since it was fitted"))?;
        Ok(Track::of(Reading::Flux(shaped)))
    }
}

pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| Error::unsupported("KryoFlux streams hold floppy disks only"))?;
    let total = floppy.tracks.len() as u64;
    for (done, at) in (0u64..).zip(floppy.tracks.positions()) {
        context.progress("writing", done, total);
        let track = floppy.tracks.get(at, context)?;
        let flux = track.as_ref().and_then(Track::flux).ok_or_else(|| Error::unsupported("a track without flux"))?;
        let parts: Vec<Opaque> = image.opaque.iter().filter(|o| o.place == Place::Track(at)).cloned().collect();
        let stream =
            stream(flux, &parts).ok_or_else(|| Error::unsupported(format!("track {at} was not fitted to streams")))?;
        out.begin(&name::of(at))?;
        out.write(&stream)?;
    }
    Ok(())
}

/// The bytes of a file.
fn stream(flux: &Flux, parts: &[Opaque]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(flux.intervals.len().saturating_add(256));
    let mut texts = named(parts, PART_TEXT).peekable();
    if texts.peek().is_none() {
        raw::push_block(&mut out, raw::TEXT, info::CANONICAL);
    }
    texts.filter(|text| !text.is_empty()).for_each(|text| raw::push_block(&mut out, raw::TEXT, text));
    let counters = named(parts, PART_COUNTERS).next().map_or_else(|| read::usual_counters(&flux.index), <[u8]>::to_vec);
    let mut marks = flux.index.iter().zip(counters.as_chunks::<4>().0).peekable();
    let (mut tick, mut position) = (0u64, 0u32);
    for (nth, ticks) in (0u32..).zip(flux.intervals.iter()) {
        while let Some((mark, counter)) = marks.next_if(|(mark, _)| mark.interval == nth) {
            push_index(&mut out, mark, (tick, position), ticks / OVERFLOW, *counter)?;
        }
        position = position.checked_add(raw::push_time(&mut out, *ticks))?;
        tick = tick.checked_add((*ticks).into())?;
    }
    for (mark, counter) in marks {
        push_index(&mut out, mark, (tick, position), 0, *counter)?;
    }
    let result =
        named(parts, PART_RESULT).next().and_then(|raw| raw.first_chunk()).map_or(0, |raw| u32::from_le_bytes(*raw));
    raw::push_numbers(&mut out, raw::INFO, &[position, 0]);
    raw::push_numbers(&mut out, raw::END, &[position, result]);
    for block in named(parts, PART_BLOCK) {
        out.push(raw::EOF[0]);
        out.extend(block);
    }
    out.extend(raw::EOF);
    named(parts, PART_TAIL).for_each(|tail| out.extend(tail));
    Some(out)
}

/// An index block: at the code within which it came, behind the overflows that
/// were whole by then.
fn push_index(out: &mut Vec<u8>, mark: &IndexMark, at: (u64, u32), overflows: u32, counter: [u8; 4]) -> Option<()> {
    let (tick, position) = at;
    let since = mark.tick.checked_sub(tick)?;
    let whole = u32::try_from(since.checked_div(OVERFLOW.into())?).unwrap_or(u32::MAX).min(overflows);
    let rest = since.checked_sub(u64::from(whole).checked_mul(OVERFLOW.into())?)?;
    let numbers = [position.checked_add(whole)?, u32::try_from(rest).ok()?, u32::from_le_bytes(counter)];
    raw::push_numbers(out, raw::INDEX, &numbers);
    Some(())
}
