//! From an image to the bytes of a file: `fit` decides, `emit` writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::Output;
use floptical_model::{
    Carrier, Check, Context, DataField, DriveFacts, Error, ErrorKind, Fact, Findings, Floppy, Image, Known, Opaque,
    Place, Rate, Reading, RecordForm, Result, Scheme, SectorId, Sectors, Sighting, Slot, Track, TrackAt, TrackMap,
};

use super::header;
use super::raw::{CYLINDER_MAP, HEAD, HEAD_MAP, MODES, Verdict, Words, code_of};
use super::read::{CUT, ORDER, TAIL, WORDS, stops};
use crate::{Fitted, NotFitted};

/// Rates that a mode can say.
const RATES: [Rate; 3] = [Rate::DD, Rate::DD_360, Rate::HD];

/// What ImageDisk will say of the image.
pub(super) fn fit(image: &Image, context: &Context) -> Fitted {
    let Carrier::Floppy(floppy) = &image.carrier else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "IMD holds tracks, not a linear carrier"));
    };
    let own = image.format == "imd";
    let mut tracks = BTreeMap::new();
    let mut rate = Rate::DD;
    for at in floppy.tracks.positions() {
        check_position(at)?;
        let Some(track) = floppy.tracks.get(at, context)? else { continue };
        // Only a file of this format says that one position has two records.
        let count = if own { usize::MAX } else { 1 };
        let mut fitted = Vec::new();
        for sectors in sector_readings(&track).take(count) {
            rate = track_rate(at, sectors, rate)?;
            fitted.push(fit_sectors(at, sectors, rate)?);
        }
        tracks.insert(at, fitted);
    }
    let text = header::fitted(image, own);
    let (claims, line) = header::claims(&text);
    let parts = if own { own_parts(image, &tracks) } else { Vec::new() };
    if !parts.iter().any(|part| part.name == CUT) {
        tracks.values_mut().flatten().for_each(give_up_unread);
    }
    let held = tracks.into_iter().map(|(at, sectors)| {
        let readings = sectors.into_iter().map(|s| Reading::Sectors(Arc::new(s))).collect();
        (at, Track { readings, findings: Findings::default() })
    });
    let tracks = TrackMap::held(held.filter(|(_, t)| !t.readings.is_empty()));
    Ok(Image {
        format: "imd",
        member: None,
        files: Vec::new(),
        carrier: Carrier::Floppy(Floppy { drive: DriveFacts::default(), layout: Known::Unrecorded, tracks }),
        claims,
        opaque: line.into_iter().chain(parts).collect(),
        findings: Findings::default(),
    })
}

fn sector_readings(track: &Track) -> impl Iterator<Item = &Sectors> {
    track.readings.iter().filter_map(|r| if let Reading::Sectors(sectors) = r { Some(&**sectors) } else { None })
}

fn check_position(at: TrackAt) -> Result<(), NotFitted> {
    let refuse = |reason| Err(NotFitted::refuse(Fact::Exists, Place::Track(at), reason));
    match at.cylinder() {
        None => refuse("IMD counts whole steps from 0"),
        Some(_) if at.head > HEAD => refuse("IMD counts heads up to 63"),
        Some(_) => Ok(()),
    }
}

/// The rate of a mode within 8 %. A track without sectors may leave it open:
/// it gets that of the track before.
fn track_rate(at: TrackAt, sectors: &Sectors, before: Rate) -> Result<Rate, NotFitted> {
    let near = |own: Rate, standard: &Rate| {
        u64::from(own.0.abs_diff(standard.0)).saturating_mul(100) <= u64::from(standard.0).saturating_mul(8)
    };
    match sectors.rate.copied().map(|own| RATES.into_iter().find(|r| near(own, r)).ok_or(own)) {
        Some(Ok(rate)) => Ok(rate),
        _ if sectors.slots.is_empty() => Ok(before),
        Some(Err(Rate(own))) => {
            let reason = format!("IMD knows 250, 300 and 500 kbit/s, not {own} bit/s");
            Err(NotFitted::refuse(Fact::Rate, Place::Track(at), reason))
        }
        None => Err(NotFitted::refuse(Fact::Rate, Place::Track(at), "the rate of the track is not known")),
    }
}

fn fit_sectors(at: TrackAt, sectors: &Sectors, rate: Rate) -> Result<Sectors, NotFitted> {
    if sectors.slots.len() > usize::from(u8::MAX) {
        let reason = format!("IMD holds 255 sectors on a track, not {}", sectors.slots.len());
        return Err(NotFitted::refuse(Fact::Exists, Place::Track(at), reason));
    }
    let scheme = sectors.slots.first().map(|s| s.chosen().scheme);
    let mut slots = Vec::with_capacity(sectors.slots.len());
    for (slot, place) in sectors.slots.iter().zip(sectors.places(at)) {
        slots.push(Slot::one(fit_sighting(slot.chosen(), scheme, place)?));
    }
    Ok(Sectors { slots, ordered: true, rate: Known::Value(rate), ..Sectors::default() })
}

/// A record that is there says that data is unavailable, not that nobody tried.
fn give_up_unread(sectors: &mut Sectors) {
    for slot in sectors.slots.iter_mut().filter(|slot| slot.chosen().data == DataField::Unread) {
        *slot = Slot::one(Sighting { data: DataField::Missing, ..slot.chosen().clone() });
    }
}

fn fit_sighting(seen: &Sighting, scheme: Option<Scheme>, place: Place) -> Result<Sighting, NotFitted> {
    if scheme != Some(seen.scheme) {
        return Err(NotFitted::refuse(Fact::Scheme, place, "IMD knows one scheme for the whole of a track"));
    }
    if !MODES.iter().any(|(known, _)| *known == seen.scheme) {
        return Err(NotFitted::refuse(Fact::Scheme, place, "IMD knows FM and MFM as IBM writes them"));
    }
    let Some(id) = seen.sector_id() else {
        return Err(NotFitted::refuse(Fact::Id, place, "IMD has no word for data without an id"));
    };
    if u16::try_from(seen.size()).is_err() {
        return Err(NotFitted::refuse(Fact::Data, place, "IMD counts the bytes of a sector in 16 bits"));
    }
    let mut fitted = Sighting::assumed(seen.scheme, id, seen.data.clone());
    fitted.id = Known::Value(Some(SectorId { n: code_of(seen.size()), ..id }));
    fitted.mark = Known::Unrecorded;
    if let DataField::Bytes(bytes) = &seen.data {
        let bad = seen.data_check.copied() == Some(Check::Bad);
        fitted.mark = Known::Value(mark(seen.mark.copied()));
        fitted.data_check = Known::Value(if bad { Check::Bad } else { Check::Good });
        fitted.form = Known::Value(form(bytes, seen.form.copied()));
    }
    Ok(fitted)
}

/// The mark that a controller would make of another one: F8h and F9h are read
/// as deleted data, all others as normal data.
fn mark(own: Option<u8>) -> u8 {
    match own {
        Some(0xF8 | 0xF9) => Sighting::DELETED,
        _ => Sighting::NORMAL,
    }
}

/// One byte for all where all are alike, unless the container had them in full.
fn form(bytes: &[u8], own: Option<RecordForm>) -> RecordForm {
    let alike = bytes.first().is_some_and(|first| bytes.iter().all(|b| b == first));
    match own {
        Some(RecordForm::Full) => RecordForm::Full,
        _ if alike => RecordForm::Filled,
        _ => RecordForm::Full,
    }
}

/// The words that a track has without any part of its own.
fn plain(at: TrackAt, sectors: &Sectors) -> Option<Words> {
    let shown = |slot: &Slot| Some((slot.chosen().sector_id()?, slot.chosen().size()));
    let scheme = sectors.slots.first().map_or(Scheme::IbmMfm, |s| s.chosen().scheme);
    let all: Option<Vec<(SectorId, usize)>> = sectors.slots.iter().map(shown).collect();
    Words::plain(at, (scheme, sectors.rate.copied()?), &all?)
}

type Records = BTreeMap<TrackAt, Vec<Sectors>>;

/// The parts of a file of this format that still hold for its tracks.
fn own_parts(image: &Image, tracks: &Records) -> Vec<Opaque> {
    let sequence = sequence(image, tracks);
    let last = sequence.last().and_then(|(at, nth)| Some((*at, *nth, tracks.get(at)?.get(*nth)?)));
    let cut = cut_of(image).filter(|cut| last.is_some_and(|(at, nth, s)| cut_holds(image, at, nth, s, *cut)));
    let tail_holds = cut.is_some() || image.opaque(TAIL).is_none_or(|tail| stops(&tail.bytes, None));
    let holds = |part: &&Opaque| match part.name.as_str() {
        WORDS => words_hold(part, tracks),
        ORDER => order_of(part).is_some_and(|order| order == sequence),
        CUT => cut.is_some(),
        TAIL => tail_holds,
        _ => false,
    };
    image.opaque.iter().filter(holds).cloned().collect()
}

fn words_hold(part: &Opaque, tracks: &Records) -> bool {
    let found = part.place.track().zip(Words::from_bytes(&part.bytes)).and_then(|(at, (nth, words))| {
        let sectors = tracks.get(&at)?.get(usize::from(nth))?;
        Some(words.tell(at, sectors) && plain(at, sectors).is_none_or(|plain| plain != words))
    });
    found == Some(true)
}

/// How many sector records the last track record lacks.
fn cut_of(image: &Image) -> Option<usize> {
    image.opaque(CUT).and_then(|part| part.bytes.first()).map(|lacks| usize::from(*lacks)).filter(|lacks| *lacks > 0)
}

fn cut_holds(image: &Image, at: TrackAt, nth: usize, sectors: &Sectors, cut: usize) -> bool {
    let Some(held) = sectors.slots.len().checked_sub(cut) else { return false };
    let lacking = sectors.slots.iter().skip(held).all(|s| s.chosen().data == DataField::Unread);
    let size = words_of(image, at, nth, sectors).map_or(0, |words| words.size_at(held));
    let rest = image.opaque(TAIL).is_none_or(|tail| stops(&tail.bytes, Some(size)));
    image.opaque(CUT).is_some_and(|part| part.place == Place::Track(at)) && lacking && rest
}

/// The words in force for a record.
fn words_of(image: &Image, at: TrackAt, nth: usize, sectors: &Sectors) -> Option<Words> {
    let kept = image.opaque.iter().filter(|part| part.name == WORDS && part.place == Place::Track(at));
    let own = kept.filter_map(|part| Words::from_bytes(&part.bytes)).find(|(own, _)| usize::from(*own) == nth);
    own.map(|(_, words)| words).filter(|words| words.tell(at, sectors)).or_else(|| plain(at, sectors))
}

/// The records in the order of the file: position, and index at it.
fn sequence(image: &Image, tracks: &Records) -> Vec<(TrackAt, usize)> {
    let ascending: Vec<(TrackAt, usize)> =
        tracks.iter().flat_map(|(at, records)| (0..records.len()).map(|nth| (*at, nth))).collect();
    let told = image.opaque(ORDER).and_then(order_of);
    let same = |told: &Vec<(TrackAt, usize)>| {
        let mut sorted = told.clone();
        sorted.sort_unstable();
        sorted == ascending && *told != ascending
    };
    told.filter(same).unwrap_or(ascending)
}

fn order_of(part: &Opaque) -> Option<Vec<(TrackAt, usize)>> {
    let mut seen: BTreeMap<TrackAt, usize> = BTreeMap::new();
    let pairs = part.bytes.chunks(2).map(|pair| match *pair {
        [cylinder, head] => {
            let at = TrackAt::new(cylinder, head);
            let count = seen.entry(at).or_default();
            let nth = *count;
            *count = nth.checked_add(1)?;
            Some((at, nth))
        }
        _ => None,
    });
    pairs.collect()
}

/// Write a fitted image.
pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| not_fitted("it is no floppy"))?;
    let mut tracks = Records::new();
    for at in floppy.tracks.positions() {
        let track = floppy.tracks.get(at, context)?.unwrap_or_default();
        tracks.insert(at, sector_readings(&track).cloned().collect());
    }
    out.begin("")?;
    let mut text = header::compose(image);
    text.push(header::END);
    out.write(&text)?;
    let sequence = sequence(image, &tracks);
    let total = sequence.len();
    for (i, (at, nth)) in sequence.into_iter().enumerate() {
        let sectors = tracks.get(&at).and_then(|t| t.get(nth)).ok_or_else(|| not_fitted("a track is not there"))?;
        let words = words_of(image, at, nth, sectors).ok_or_else(|| not_fitted("a track has no words here"))?;
        let lacks = cut_of(image).filter(|_| i.saturating_add(1) == total).unwrap_or(0);
        out.write(&record(at, sectors, &words, lacks)?)?;
        context.progress("tracks", i as u64, total as u64);
    }
    image.opaque(TAIL).map_or(Ok(()), |tail| out.write(&tail.bytes))
}

fn not_fitted(what: &str) -> Error {
    Error::new(ErrorKind::Malformed, format!("the image was not fitted to IMD: {what}"))
}

/// A track record, but for the last `lacks` sectors.
fn record(at: TrackAt, sectors: &Sectors, words: &Words, lacks: usize) -> Result<Vec<u8>> {
    let ids: Option<Vec<SectorId>> = sectors.slots.iter().map(|s| s.chosen().sector_id()).collect();
    let ids = ids.ok_or_else(|| not_fitted("a sector has no id"))?;
    let count = u8::try_from(ids.len()).map_err(|_| not_fitted("a track has over 255 sectors"))?;
    let cylinder = at.cylinder().ok_or_else(|| not_fitted("a track lies between two steps"))?;
    let mut bytes = vec![words.mode, cylinder, words.head, count, words.size];
    bytes.extend(ids.iter().map(|id| id.r));
    if words.head & CYLINDER_MAP != 0 {
        bytes.extend(ids.iter().map(|id| id.c));
    }
    if words.head & HEAD_MAP != 0 {
        bytes.extend(ids.iter().map(|id| id.h));
    }
    bytes.extend(words.sizes.iter().flat_map(|size| size.to_le_bytes()));
    let held = ids.len().saturating_sub(lacks);
    sectors.slots.iter().take(held).for_each(|slot| sector(slot.chosen(), &mut bytes));
    Ok(bytes)
}

fn sector(seen: &Sighting, out: &mut Vec<u8>) {
    let Some(data) = seen.data.bytes() else { return out.push(0) };
    let verdict = Verdict {
        form: seen.form.copied().unwrap_or(RecordForm::Full),
        deleted: seen.mark.copied() == Some(Sighting::DELETED),
        check: seen.data_check.copied().unwrap_or(Check::Good),
    };
    out.push(verdict.kind());
    match verdict.form {
        RecordForm::Filled => out.extend(data.first()),
        _ => out.extend_from_slice(data),
    }
}
