//! Fitting and writing.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::Output;
use floptical_model::{
    Carrier, Claim, ClaimKind, Clock, Context, DriveFacts, Edge, Error, Fact, Findings, Floppy, Flux, Image, Known,
    Opaque, Place, Policy, Ps, Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::raw::{self, HEADER, Numbering, Revolution};
use super::retime::{cue, retime};
use super::words::{self, can_say, turns};
use crate::{Fitted, NotFitted};

/// The version of the specification that is followed, where no SCP says
/// otherwise; the disk type `other`.
const VERSION: u8 = 0x24;
const TYPE: u8 = 0x80;

/// Drives of 48 tracks an inch do not go beyond this cylinder.
const LAST_48_TPI: u8 = 42;

pub(super) fn fit(image: &Image, context: &Context) -> Fitted {
    let Some(floppy) = image.as_floppy() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "SCP holds floppy disks only"));
    };
    let own = image.format == super::FORMAT.id;
    let numbering = numbering(image, own);
    let survey = Survey::of(floppy, numbering, context)?;
    let shape = survey.shape();
    let places: BTreeMap<TrackAt, usize> = survey.tracks.iter().enumerate().map(|(i, t)| (t.at, i)).collect();
    let shaped = Shaped { tracks: floppy.tracks.clone(), order: survey.tracks.iter().map(|t| t.at).collect(), shape };
    let tracks = TrackMap::new(places, Arc::new(shaped));
    let kept = if own { opaque(image, &tracks, numbering, survey.revolutions(), context)? } else { Vec::new() };
    let entries = entries(&tracks, numbering);
    let sides = part(&kept, raw::PART_SIDES).and_then(|b| b.first()).copied();
    let heads = match sides.unwrap_or(raw::sides_of(numbering, &entries)) {
        0 => Known::Value(2),
        1 | 2 => Known::Value(1),
        _ => Known::Unrecorded,
    };
    let fitted = Image {
        format: super::FORMAT.id,
        member: None,
        files: Vec::new(),
        claims: claims(image, &kept, &survey, shape, own),
        carrier: Carrier::Floppy(Floppy {
            drive: DriveFacts { heads, ..DriveFacts::default() },
            layout: Known::Unrecorded,
            tracks,
        }),
        opaque: kept,
        findings: Findings::default(),
    };
    Ok(fitted)
}

fn part<'a>(opaque: &'a [Opaque], name: &str) -> Option<&'a [u8]> {
    opaque.iter().find(|o| o.name == name).map(|o| &*o.bytes)
}

fn part_at<'a>(opaque: &'a [Opaque], name: &str, at: TrackAt) -> Option<&'a [u8]> {
    opaque.iter().find(|o| o.name == name && o.place == Place::Track(at)).map(|o| &*o.bytes)
}

fn entries(tracks: &TrackMap, numbering: Numbering) -> Vec<u8> {
    tracks.positions().filter_map(|at| numbering.entry(at)).collect()
}

fn numbering(image: &Image, own: bool) -> Numbering {
    let head = image.opaque(raw::PART_NUMBERING).filter(|_| own).and_then(|o| o.bytes.first().copied());
    head.map_or(Numbering::Sides, Numbering::Cylinders)
}

/// What a track asks of the file.
struct Asked {
    at: TrackAt,
    clock: Clock,
    revolutions: usize,
    start: Edge,
    /// It lies from index mark to index mark.
    cued: bool,
    /// It starts anywhere and ends at an index mark.
    uncued: bool,
    /// The length of its first whole revolution.
    rotation: Option<Ps>,
}

struct Survey {
    tracks: Vec<Asked>,
}

/// How all tracks are written.
#[derive(Debug, Clone, Copy)]
struct Shape {
    resolution: u8,
    indexed: bool,
}

impl Survey {
    fn of(floppy: &Floppy, numbering: Numbering, context: &Context) -> Result<Self, NotFitted> {
        let mut tracks = Vec::new();
        for at in floppy.tracks.positions() {
            let place = Place::Track(at);
            if numbering.entry(at).is_none() {
                return Err(NotFitted::refuse(Fact::Exists, place, "SCP holds whole steps 0 to 83 of two sides"));
            }
            let Some(track) = floppy.tracks.get(at, context)?.filter(|t| !t.readings.is_empty()) else { continue };
            let Some(flux) = track.flux() else {
                return Err(NotFitted::refuse(Fact::FluxTiming, place, "SCP is made of flux, and this track has none"));
            };
            tracks.push(ask(at, flux)?);
        }
        Ok(Self { tracks })
    }

    /// One resolution and one way to start for all: the tracks' own where
    /// they agree, else 25 ns and the index.
    fn shape(&self) -> Shape {
        let first = self.tracks.first().map(|t| t.clock);
        let one = first.filter(|clock| self.tracks.iter().all(|t| t.clock == *clock));
        let most = self.revolutions();
        // A lone revolution is whole, several start with a part of one.
        let uncued = |t: &Asked| t.uncued && (t.revolutions == 0 || (most == 1) == t.cued);
        let indexed = !self.tracks.iter().all(uncued) || self.tracks.iter().all(|t| t.start == Edge::Index);
        Shape { resolution: one.and_then(raw::resolution).unwrap_or(0), indexed }
    }

    /// The most that a track has.
    fn revolutions(&self) -> usize {
        self.tracks.iter().map(|t| t.revolutions).max().unwrap_or(0)
    }
}

fn ask(at: TrackAt, flux: &Flux) -> Result<Asked, NotFitted> {
    let place = Place::Track(at);
    let all = u32::try_from(flux.intervals.len()).unwrap_or(u32::MAX);
    let ordered = flux.index.is_sorted_by_key(|m| (m.tick, m.interval)) && flux.sector_marks.is_empty();
    let closed = flux.index.last().map_or(all == 0, |last| last.interval == all) && ordered;
    let at_mark = flux.index.is_empty() || words::starts_at_mark(flux);
    let ends = closed && flux.end == Edge::Index;
    let asked = Asked {
        at,
        clock: flux.clock,
        revolutions: 0,
        start: flux.start,
        cued: ends && at_mark,
        uncued: ends && flux.start == Edge::Anywhere,
        rotation: flux.revolution_ticks(0).map(|t| flux.clock.to_ps(t)),
    };
    let cued = if asked.cued || asked.uncued { flux.clone() } else { cue(flux).ok_or_else(|| no_index(&place))? };
    let cued = words::trim(cued);
    let revolutions = turns(&cued).len();
    let longest = turns(&cued).iter().map(|t| flux.clock.to_ps(t.ticks)).max().unwrap_or(Ps(0));
    if revolutions > usize::from(u8::MAX) {
        return Err(NotFitted::refuse(Fact::Revolutions, place, "SCP holds 255 revolutions"));
    }
    if raw::clock(0).to_ticks(longest) > u64::from(u32::MAX) {
        return Err(NotFitted::refuse(Fact::IndexTimes, place, "a revolution is longer than 107 s"));
    }
    Ok(Asked { revolutions, ..asked })
}

fn no_index(place: &Place) -> NotFitted {
    let reason = "SCP is cut at index marks, and this capture has fewer than two, or has them out of order";
    NotFitted::refuse(Fact::IndexTimes, place.clone(), reason)
}

/// The parts of an SCP that still have their place.
fn opaque(
    image: &Image,
    tracks: &TrackMap,
    numbering: Numbering,
    most: usize,
    context: &Context,
) -> Result<Vec<Opaque>> {
    let last = entries(tracks, numbering).into_iter().max();
    let fits = |o: &&Opaque| match o.name.as_str() {
        raw::PART_REVOLUTIONS => o.bytes.first().is_some_and(|n| usize::from(*n) > most.max(1) || tracks.is_empty()),
        raw::PART_TABLE => o.bytes.first() > last.as_ref(),
        _ => o.place == Place::Whole && o.policy != Policy::Recompute,
    };
    let mut kept: Vec<Opaque> = image.opaque.iter().filter(fits).cloned().collect();
    let extended = part(&kept, raw::PART_EXTENDED).map_or(0, <[u8]>::len);
    let mut end = HEADER.saturating_add(extended).saturating_add(table_len(&kept)) as u64;
    let revolutions = revolutions(&kept, most)?;
    for at in tracks.positions() {
        let track = tracks.get(at, context)?;
        let Some(flux) = track.as_ref().and_then(Track::flux) else { continue };
        let part = |name: &str| image.opaque.iter().find(|o| o.name == name && o.place == Place::Track(at));
        let with =
            part(raw::PART_SPLIT).and_then(|o| Some((o, Record::of(flux, 0, revolutions, &split(Some(&o.bytes)))?)));
        let (split, record) = with.map_or((None, Record::of(flux, 0, revolutions, &[])), |(o, r)| (Some(o), Some(r)));
        let gap = part(raw::PART_GAP);
        end = end.saturating_add(gap.map_or(0, |o| o.bytes.len() as u64)).saturating_add(record.map_or(0, |r| r.len()));
        kept.extend(split.into_iter().chain(gap).cloned());
    }
    // A footer holds offsets: they move with it, or it stays behind.
    kept.retain_mut(|o| o.name != raw::PART_TAIL || moves(o, end));
    Ok(kept)
}

/// Move a tail to where it will stand; false for one that cannot be moved.
fn moves(tail: &mut Opaque, to: u64) -> bool {
    let from = start_of(&tail.at);
    let moved = if from == to { Some(tail.bytes.to_vec()) } else { super::tail::moved(&tail.bytes, from, to) };
    let Some(bytes) = moved else { return false };
    (tail.at, tail.bytes) = (Span::file(to, bytes.len() as u64), bytes.into());
    true
}

fn split(bytes: Option<&[u8]>) -> Vec<u32> {
    bytes.unwrap_or(&[]).chunks_exact(4).filter_map(|raw| raw::u32_le(raw, 0)).collect()
}

/// What the header will say, and what the tail that stays says.
fn claims(image: &Image, kept: &[Opaque], survey: &Survey, shape: Shape, own: bool) -> Vec<Claim> {
    let mut header = vec![0; HEADER];
    let said = |at: usize, kind: ClaimKind| {
        let claim = image.claims.iter().find(|c| own && c.kind == kind && c.at == Span::file(at as u64, 1));
        claim.and_then(|c| c.raw.first().copied())
    };
    let flags = said(raw::FLAGS, ClaimKind::Drive).unwrap_or_else(|| flags(survey));
    let footer = kept.iter().any(|o| o.name == raw::PART_TAIL);
    let flags = if footer { flags } else { flags & !raw::FOOTER };
    let extended = kept.iter().any(|o| o.name == raw::PART_EXTENDED);
    let flags = if extended { flags } else { flags & !raw::EXTENDED };
    let flags = if survey.tracks.is_empty() {
        flags
    } else if shape.indexed {
        flags | raw::INDEX
    } else {
        flags & !raw::INDEX
    };
    raw::put(&mut header, raw::VERSION, &[said(raw::VERSION, ClaimKind::Version).unwrap_or(VERSION)]);
    raw::put(&mut header, raw::TYPE, &[said(raw::TYPE, ClaimKind::DiskType).unwrap_or(TYPE)]);
    raw::put(&mut header, raw::FLAGS, &[flags]);
    let tail = kept.iter().find(|o| o.name == raw::PART_TAIL);
    let of_tail = tail.into_iter().flat_map(|o| super::tail::claims(&o.bytes, start_of(&o.at)));
    raw::claims(&header).into_iter().chain(of_tail).collect()
}

fn start_of(span: &Span) -> u64 {
    if let Span::File { start, .. } = span { *start } else { 0 }
}

/// The flags of a file that no SCP was the source of.
fn flags(survey: &Survey) -> u8 {
    const BETWEEN_300_AND_360_RPM: Ps = Ps(183_000_000_000);
    let fine = survey.tracks.iter().any(|t| t.at.cylinder() > Some(LAST_48_TPI));
    let fast = survey.tracks.iter().find_map(|t| t.rotation).is_some_and(|r| r < BETWEEN_300_AND_360_RPM);
    raw::OTHER_DEVICE | if fine { raw::TPI_96 } else { 0 } | if fast { raw::RPM_360 } else { 0 }
}

/// The tracks on the clock of the file, from index to index.
struct Shaped {
    tracks: TrackMap,
    order: Vec<TrackAt>,
    shape: Shape,
}

impl TrackLoader for Shaped {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let at = self.order.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let track = self.tracks.get(*at, context)?;
        let flux = track.as_ref().and_then(Track::flux).ok_or_else(|| Error::unsupported("a track without flux"))?;
        let asked = ask(*at, flux).map_err(|_| Error::unsupported("the track changed since it was fitted"))?;
        context.reserve((flux.intervals.len() as u64).saturating_mul(4))?;
        let clock = raw::clock(self.shape.resolution);
        let keeps = if self.shape.indexed { asked.cued } else { asked.uncued };
        let whole = if keeps { None } else { cue(flux) };
        let mut shaped = words::trim(retime(whole.as_ref().unwrap_or(flux), clock, can_say));
        shaped.start = if self.shape.indexed { Edge::Index } else { Edge::Anywhere };
        shaped.end = Edge::Index;
        shaped.sector_marks.clear();
        Ok(Track::of(Reading::Flux(shaped)))
    }
}

/// What a track takes in the file.
struct Record {
    header: Vec<u8>,
    words: Vec<Vec<u16>>,
}

impl Record {
    fn of(flux: &Flux, entry: u8, revolutions: u8, split: &[u32]) -> Option<Self> {
        let turns = turns(flux);
        let words = words::words(flux, &turns, split)?;
        let mut header = Vec::from(*raw::TRACK_MAGIC);
        header.push(entry);
        let mut offset = u32::try_from(raw::track_header_len(revolutions)).ok()?;
        for (turn, words) in turns.iter().zip(&words) {
            let count = u32::try_from(words.len()).ok()?;
            let fields = [u32::try_from(turn.ticks).ok()?, count, offset];
            fields.iter().for_each(|f| header.extend(f.to_le_bytes()));
            offset = offset.checked_add(count.checked_mul(2)?)?;
        }
        let missing = usize::from(revolutions).checked_sub(turns.len())?;
        header.extend(std::iter::repeat_n(0, missing.checked_mul(Revolution::LEN)?));
        Some(Self { header, words })
    }

    fn len(&self) -> u64 {
        let words: u64 = self.words.iter().map(|w| w.len() as u64).sum();
        words.saturating_mul(2).saturating_add(self.header.len() as u64)
    }
}

/// The revolutions that the header counts: one at least.
fn revolutions(opaque: &[Opaque], most: usize) -> Result<u8> {
    let said = part(opaque, raw::PART_REVOLUTIONS).and_then(|b| b.first()).copied();
    let most = u8::try_from(most).map_err(|_| Error::unsupported("more than 255 revolutions"))?;
    Ok(said.unwrap_or(most.max(1)))
}

fn table_len(opaque: &[Opaque]) -> usize {
    let entries = part(opaque, raw::PART_TABLE).and_then(|b| b.first()).map_or(raw::ENTRIES, |n| usize::from(*n));
    entries.saturating_mul(4)
}

pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| Error::unsupported("SCP holds floppy disks only"))?;
    let numbering = numbering(image, true);
    let mut order: Vec<(u8, TrackAt)> =
        floppy.tracks.positions().filter_map(|at| Some((numbering.entry(at)?, at))).collect();
    order.sort_unstable();
    let (mut header, revolutions) = header(image, &floppy.tracks, &order, numbering, context)?;
    let mut table = vec![0; table_len(&image.opaque)];
    let mut sum = Sum::default();
    out.begin("")?;
    out.write(&header)?;
    let extended = part(&image.opaque, raw::PART_EXTENDED).unwrap_or(&[]);
    sum.write(out, extended)?;
    out.write(&table)?;
    let table_at = header.len().saturating_add(extended.len()) as u64;
    let mut end = table_at.saturating_add(table.len() as u64);
    for (entry, at) in order {
        context.progress("writing", entry.into(), raw::ENTRIES as u64);
        let track = floppy.tracks.get(at, context)?;
        let flux = track.as_ref().and_then(Track::flux).ok_or_else(|| Error::unsupported("a track without flux"))?;
        let record = Record::of(flux, entry, revolutions, &split(part_at(&image.opaque, raw::PART_SPLIT, at)));
        let record = record.ok_or_else(|| Error::unsupported(format!("track {at} was not fitted to SCP")))?;
        let gap = part_at(&image.opaque, raw::PART_GAP, at).unwrap_or(&[]);
        let start = end.saturating_add(gap.len() as u64);
        let offset = u32::try_from(start).map_err(|_| Error::unsupported("the file would be longer than 4 GiB"))?;
        raw::put(&mut table, usize::from(entry).saturating_mul(4), &offset.to_le_bytes());
        sum.write(out, gap)?;
        sum.write(out, &record.header)?;
        for words in &record.words {
            let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
            sum.write(out, &bytes)?;
        }
        end = start.saturating_add(record.len());
    }
    sum.write(out, part(&image.opaque, raw::PART_TAIL).unwrap_or(&[]))?;
    sum.add(&table);
    out.patch(table_at, &table)?;
    raw::put(&mut header, raw::CHECKSUM, part(&image.opaque, raw::PART_CHECKSUM).unwrap_or(&sum.0.to_le_bytes()));
    out.patch(0, &header)
}

/// The header without its sum, and the revolutions that it counts.
fn header(
    image: &Image,
    tracks: &TrackMap,
    order: &[(u8, TrackAt)],
    numbering: Numbering,
    context: &Context,
) -> Result<(Vec<u8>, u8)> {
    let (mut most, mut resolution) = (0, None);
    for (_, at) in order {
        let track = tracks.get(*at, context)?;
        let Some(flux) = track.as_ref().and_then(Track::flux) else { continue };
        most = most.max(turns(flux).len());
        resolution = resolution.or(raw::resolution(flux.clock));
    }
    let revolutions = revolutions(&image.opaque, most)?;
    let mut header = vec![0; HEADER];
    raw::put(&mut header, 0, raw::MAGIC);
    for (kind, at) in
        [(ClaimKind::Version, raw::VERSION), (ClaimKind::DiskType, raw::TYPE), (ClaimKind::Drive, raw::FLAGS)]
    {
        let claim = image.claims.iter().find(|c| c.kind == kind && c.at == Span::file(at as u64, 1));
        raw::put(&mut header, at, claim.map_or(&[], |c| &c.raw));
    }
    let entries: Vec<u8> = order.iter().map(|(entry, _)| *entry).collect();
    let range = [entries.first().copied().unwrap_or(0), entries.last().copied().unwrap_or(0)];
    let part = |name: &str| part(&image.opaque, name);
    raw::put(&mut header, raw::REVOLUTIONS, &[revolutions]);
    raw::put(&mut header, raw::RANGE, part(raw::PART_RANGE).unwrap_or(&range));
    raw::put(&mut header, raw::WIDTH, part(raw::PART_WIDTH).unwrap_or(&[0]));
    raw::put(&mut header, raw::SIDES, part(raw::PART_SIDES).unwrap_or(&[raw::sides_of(numbering, &entries)]));
    let resolution = [resolution.unwrap_or(0)];
    raw::put(&mut header, raw::RESOLUTION, part(raw::PART_RESOLUTION).unwrap_or(&resolution));
    Ok((header, revolutions))
}

/// The sum of the bytes that follow the header.
#[derive(Default)]
struct Sum(u32);

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |sum, b| sum.wrapping_add((*b).into()));
    }

    fn write(&mut self, out: &mut dyn Output, bytes: &[u8]) -> Result<()> {
        self.add(bytes);
        out.write(bytes)
    }
}
