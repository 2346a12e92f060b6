//! Fitting and writing.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::Output;
use floptical_model::{
    Carrier, Claim, ClaimKind, Clock, Context, DriveFacts, Error, Fact, Findings, Floppy, Flux, Image, Known, Opaque,
    Place, Reading, Result, Track, TrackAt, TrackLoader, TrackMap,
};

use super::codes;
use super::raw;
use crate::scp::retime::retime;
use crate::{Fitted, NotFitted};

pub(super) fn fit(image: &Image, context: &Context) -> Fitted {
    let Some(floppy) = image.as_floppy() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "PFI holds floppy disks only"));
    };
    let own = image.format == super::FORMAT.id;
    let mut order = Vec::new();
    for at in floppy.tracks.positions() {
        let place = Place::Track(at);
        if at.cylinder().is_none() {
            return Err(NotFitted::refuse(Fact::Exists, place, "PFI holds whole steps only"));
        }
        let Some(track) = floppy.tracks.get(at, context)?.filter(|t| !t.readings.is_empty()) else { continue };
        if track.flux().is_none() {
            return Err(NotFitted::refuse(Fact::FluxTiming, place, "PFI is made of flux, and this track has none"));
        }
        for flux in readings(&track) {
            if marks(&retimed(flux)).is_none() {
                let reason = "an index mark comes after more ticks than PFI can count";
                return Err(NotFitted::refuse(Fact::IndexTimes, place, reason));
            }
        }
        order.push(at);
    }
    let stays = |o: &&Opaque| own && (o.place == Place::Whole || o.place.track().is_some_and(|at| order.contains(&at)));
    let opaque = image.opaque.iter().filter(stays).cloned().collect();
    let places: BTreeMap<TrackAt, usize> = order.iter().enumerate().map(|(i, at)| (*at, i)).collect();
    let shaped = Shaped { tracks: floppy.tracks.clone(), order };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: Vec::new(),
        claims: claims(image, own),
        carrier: Carrier::Floppy(Floppy {
            drive: DriveFacts::default(),
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(shaped)),
        }),
        opaque,
        findings: Findings::default(),
    })
}

/// The version, and comments of any container that are text.
fn claims(image: &Image, own: bool) -> Vec<Claim> {
    let told = image.claim(ClaimKind::Version).filter(|_| own).map_or(&[0; 4][..], |claim| &claim.raw);
    let comments = image.claims.iter().filter(|c| c.kind == ClaimKind::Comment);
    let text = comments.filter(|c| own || std::str::from_utf8(&c.raw).is_ok()).map(|c| raw::comment(&c.raw, 0));
    std::iter::once(raw::version(told)).chain(text).collect()
}

fn readings(track: &Track) -> impl Iterator<Item = &Flux> {
    track.readings.iter().filter_map(|reading| if let Reading::Flux(flux) = reading { Some(flux) } else { None })
}

/// Flux on a clock of whole ticks a second, the nearest to its own.
fn retimed(flux: &Flux) -> Flux {
    let (num, den) = flux.clock.ratio();
    let nearest = num.saturating_add(den / 2).checked_div(den).unwrap_or(1).clamp(1, u32::MAX.into());
    retime(flux, Clock::hz(nearest), |_| true)
}

/// Its index marks as PFI counts them.
fn marks(flux: &Flux) -> Option<Vec<u32>> {
    flux.index.iter().map(|mark| u32::try_from(mark.tick).ok()).collect()
}

/// The tracks as PFI says them.
struct Shaped {
    tracks: TrackMap,
    order: Vec<TrackAt>,
}

impl TrackLoader for Shaped {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let at = self.order.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let track = self.tracks.get(*at, context)?.unwrap_or_default();
        let mut shaped = Track::default();
        for flux in readings(&track) {
            context.reserve((flux.intervals.len() as u64).saturating_mul(12))?;
            let Flux { clock, intervals, index, .. } = retimed(flux);
            let marks = index.iter().map(|mark| mark.tick);
            shaped.readings.push(Reading::Flux(codes::flux(clock, intervals.to_vec(), marks)));
        }
        Ok(shaped)
    }
}

pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| Error::unsupported("PFI holds floppy disks only"))?;
    let chunks = |place: Place| image.opaque.iter().filter(move |o| o.name == raw::PART_CHUNK && o.place == place);
    let version = image.claim(ClaimKind::Version).map_or(&[0; 4][..], |claim| &claim.raw);
    let rest = image.opaque(raw::PART_HEADER).map_or(&[][..], |o| &o.bytes);
    out.begin("")?;
    push(out, raw::MAGIC, &[version, rest].concat())?;
    for comment in image.claims.iter().filter(|claim| claim.kind == ClaimKind::Comment) {
        push(out, raw::TEXT, &comment.raw)?;
    }
    for chunk in chunks(Place::Whole) {
        push_kept(out, &chunk.bytes)?;
    }
    let total = floppy.tracks.len() as u64;
    for (done, at) in (0u64..).zip(floppy.tracks.positions()) {
        context.progress("writing", done, total);
        let track = floppy.tracks.get(at, context)?.unwrap_or_default();
        for (nth, flux) in readings(&track).enumerate() {
            push_track(out, at, flux)?;
            for chunk in chunks(Place::Track(at)).filter(|_| nth == 0) {
                push_kept(out, &chunk.bytes)?;
            }
        }
    }
    push(out, raw::END, &[])?;
    out.write(image.opaque(raw::PART_TAIL).map_or(&[], |o| &o.bytes))
}

fn push(out: &mut dyn Output, id: &[u8], bytes: &[u8]) -> Result<()> {
    let chunk = raw::chunk(id, bytes).ok_or_else(|| Error::unsupported("a chunk would be longer than 4 GiB"))?;
    out.write(&chunk)
}

/// A chunk that is not known here: its letters and its bytes.
fn push_kept(out: &mut dyn Output, kept: &[u8]) -> Result<()> {
    let (id, bytes) = kept.split_at_checked(4).unwrap_or((kept, &[]));
    push(out, id, bytes)
}

fn push_track(out: &mut dyn Output, at: TrackAt, flux: &Flux) -> Result<()> {
    let not_fitted = || Error::unsupported(format!("track {at} was not fitted to PFI"));
    let clock = u32::try_from(flux.clock.ratio().0).map_err(|_| not_fitted())?;
    let cylinder = at.cylinder().ok_or_else(not_fitted)?;
    push(out, raw::TRACK, &[u32::from(cylinder), at.head.into(), clock].map(u32::to_be_bytes).concat())?;
    let marks = marks(flux).ok_or_else(not_fitted)?;
    if !marks.is_empty() {
        push(out, raw::INDEX, &marks.iter().flat_map(|mark| mark.to_be_bytes()).collect::<Vec<u8>>())?;
    }
    let mut codes = Vec::with_capacity(flux.intervals.len());
    flux.intervals.iter().for_each(|ticks| codes::push(&mut codes, *ticks));
    if codes.is_empty() { Ok(()) } else { push(out, raw::DATA, &codes) }
}
