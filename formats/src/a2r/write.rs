//! Fitting and writing.

use std::sync::Arc;

use floptical_io::Output;
use floptical_model::{
    Carrier, ClaimKind, Clock, Context, Error, Fact, Findings, Floppy, Flux, Image, Known, Opaque, Place, Reading,
    Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::raw;
use super::{info, read};
use crate::applesauce::{SIGNATURE, chunks, meta, times};
use crate::scp::retime::retime;
use crate::{Fitted, NotFitted};

/// The tick of tracks whose own clock has none of whole picoseconds: 25 ns.
const FINE: u32 = 25_000;

pub(super) fn fit(image: &Image, context: &Context) -> Fitted {
    let Some(floppy) = image.as_floppy() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "A2R holds floppy disks only"));
    };
    let own = image.format == super::FORMAT.id;
    let positions: Vec<TrackAt> = floppy.tracks.positions().collect();
    let drive = match image.claims.iter().find(|c| own && is_drive(c.kind, &c.at)).and_then(|c| c.raw.first()) {
        Some(drive) => *drive,
        None => info::choose(&floppy.drive, &positions),
    };
    let kept: &[Opaque] = if own { &image.opaque } else { &[] };
    let survey = Survey::of(floppy, kept, drive, context)?;
    let magic = magic(image, own, &survey);
    let third = magic.ends_with(b"3");
    let mut info = info::bytes(if own { &image.claims } else { &[] }, read::info_len(third));
    if let Some(place) = info.get_mut(info::DRIVE) {
        *place = drive;
    }
    if let Some(place) = info.get_mut(info::IN_STEP).filter(|place| third && **place <= 1) {
        let said = if own { *place == 1 } else { survey.from_index };
        *place = u8::from(said && !survey.astray);
    }
    let opaque: Vec<Opaque> = kept.iter().filter(|o| survey.fits(o)).cloned().collect();
    let mut claims = vec![read::version(magic)];
    claims.extend(info::claims(&info, info::START));
    let words = opaque.iter().filter(|o| o.name == raw::PART_CHUNK).filter_map(|o| o.bytes.strip_prefix(meta::ID));
    claims.extend(words.flat_map(|rest| meta::claims(rest.get(4..).unwrap_or(&[]), 0)));
    let places = survey.tracks.iter().enumerate().map(|(i, t)| (t.at, i)).collect();
    let shaped = Shaped { source: floppy.tracks.clone(), survey, is_loop: !third };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: Vec::new(),
        claims,
        carrier: Carrier::Floppy(Floppy {
            drive: info::facts(drive),
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(shaped)),
        }),
        opaque,
        findings: Findings::default(),
    })
}

fn is_drive(kind: ClaimKind, at: &Span) -> bool {
    kind == ClaimKind::Drive && *at == Span::file(info::START.saturating_add(info::DRIVE as u64), 1)
}

/// The version that is written: a file of an earlier one stays so, where its
/// records hold all.
fn magic(image: &Image, own: bool, survey: &Survey) -> &'static [u8; 4] {
    const EARLIER: [&[u8; 4]; 2] = [b"A2R1", b"A2R2"];
    let said = image.claims.iter().find(|c| own && c.kind == ClaimKind::Version && c.at == Span::file(0, 4));
    let earlier = EARLIER.into_iter().find(|magic| said.is_some_and(|c| c.raw == magic[..]));
    earlier.filter(|_| survey.is_stream).unwrap_or(b"A2R3")
}

/// A track that is written.
struct Asked {
    at: TrackAt,
    /// How many of its readings are flux.
    readings: usize,
    /// The last of them was solved.
    solved: bool,
}

/// What all tracks together need.
struct Survey {
    tracks: Vec<Asked>,
    /// Picoseconds of a tick, of captures and of solved tracks.
    ticks: [u32; 2],
    /// Records of a stream hold all.
    is_stream: bool,
    /// Captures begin at the index, and need no mark of it.
    from_index: bool,
    /// Some do not, but would be taken for such.
    astray: bool,
}

fn at(parts: &[Opaque], name: &str, at: TrackAt) -> impl Iterator<Item = Arc<[u8]>> {
    parts.iter().filter(move |o| o.name == name && o.place == Place::Track(at)).map(|o| Arc::clone(&o.bytes))
}

/// The flux readings of a track.
fn all_flux(track: &Track) -> impl Iterator<Item = &Flux> {
    track.readings.iter().filter_map(|r| if let Reading::Flux(flux) = r { Some(flux) } else { None })
}

impl Survey {
    fn of(floppy: &Floppy, kept: &[Opaque], drive: u8, context: &Context) -> Result<Self, NotFitted> {
        let (tracks, ticks) = (Vec::new(), [0; 2]);
        let mut all = Self { tracks, ticks, is_stream: true, from_index: false, astray: false };
        let mut clocks: [Vec<Clock>; 2] = Default::default();
        for position in floppy.tracks.positions() {
            let place = Place::Track(position);
            let bits = at(kept, raw::PART_RECORD, position).next().is_some();
            let track = floppy.tracks.get(position, context)?.unwrap_or_default();
            if track.readings.is_empty() && !bits {
                continue;
            }
            let Some(location) = info::location(drive, position) else {
                let what = "A2R holds whole steps of two sides, or quarter steps of one";
                return Err(NotFitted::refuse(Fact::Exists, place, what));
            };
            let readings = all_flux(&track).count();
            if readings == 0 && !bits {
                return Err(NotFitted::refuse(Fact::FluxTiming, place, "A2R is made of flux, and this track has none"));
            }
            let solved = readings > 0 && at(kept, raw::PART_SOLVED, position).next().is_some();
            for (nth, flux) in (1..).zip(all_flux(&track)) {
                ask(flux, &place)?;
                let [captured, of_solved] = &mut clocks;
                if solved && nth == readings {
                    of_solved.push(flux.clock);
                } else {
                    captured.push(flux.clock);
                    all.from_index |= marks(flux, true).len() < flux.index.len();
                    all.astray |= raw::leave_start_out(&marks(flux, false), flux.clock);
                }
                all.is_stream &= is_loop(flux) && raw::resolution(flux.clock) == Some(raw::TICK);
            }
            all.is_stream &= !solved && location < u16::from(raw::LAST);
            all.tracks.push(Asked { at: position, readings, solved });
        }
        all.ticks = clocks.map(|clocks| {
            let one = clocks.first().filter(|first| clocks.iter().all(|c| c == *first));
            one.and_then(|c| raw::resolution(*c)).unwrap_or(FINE)
        });
        Ok(all)
    }

    fn tick(&self, solved: bool) -> u32 {
        let [captured, of_solved] = self.ticks;
        if solved { of_solved } else { captured }
    }

    /// True for a part that still has its place.
    fn fits(&self, part: &Opaque) -> bool {
        let track = part.place.track().and_then(|at| self.tracks.iter().find(|t| t.at == at));
        match part.name.as_str() {
            raw::PART_CHUNK | raw::PART_TAIL | raw::PART_INFO => true,
            raw::PART_RECORD => track.is_some(),
            raw::PART_SOLVED => track.is_some_and(|t| t.solved),
            raw::PART_REST => track.is_some_and(|t| part.bytes.len() == t.readings.saturating_mul(4)),
            raw::PART_KINDS => track.is_some_and(|t| {
                let times = part.bytes.iter().filter(|kind| matches!(**kind, raw::TIMING | raw::LONG)).count();
                times.saturating_add(usize::from(t.solved)) == t.readings
            }),
            _ => false,
        }
    }

    /// A reading of a track as it is written.
    fn shape(&self, asked: &Asked, nth: usize, flux: &Flux, is_loop: bool) -> Flux {
        let solved = asked.solved && nth.saturating_add(1) == asked.readings;
        let clock = raw::clock(self.tick(solved)).unwrap_or(flux.clock);
        let held = retime(flux, clock, |_| true);
        let marks: Vec<u64> = held.index.iter().map(|m| m.tick).collect();
        let mut shaped = raw::flux(clock, held.intervals.to_vec(), &marks);
        if is_loop {
            (shaped.start, shaped.end) = (flux.start, flux.end);
        }
        shaped
    }
}

/// True for marks that are none, or the start and where a loop closes.
fn is_loop(flux: &Flux) -> bool {
    match flux.index.as_slice() {
        [] => true,
        [first, second] => first.tick == 0 && (1..=u64::from(u32::MAX)).contains(&second.tick),
        _ => false,
    }
}

fn ask(flux: &Flux, place: &Place) -> Result<(), NotFitted> {
    let refuse = |what| Err(NotFitted::refuse(Fact::IndexTimes, place.clone(), what));
    if flux.index.len() > usize::from(u8::MAX) {
        return refuse("A2R holds 255 index marks of a capture");
    }
    let last = flux.index.iter().map(|m| m.tick).max().unwrap_or(0);
    let length: u64 = flux.intervals.iter().map(|t| u64::from(*t)).sum();
    let ps = u128::from(flux.clock.to_ps(last.max(length)).0);
    let fine = raw::resolution(flux.clock).unwrap_or(FINE).clamp(1, FINE);
    if ps.checked_div(fine.into()).is_none_or(|ticks| ticks > u32::MAX.into()) {
        return refuse("a capture lasts longer than 32 bits of ticks");
    }
    Ok(())
}

/// The tracks as the records say them.
struct Shaped {
    source: TrackMap,
    survey: Survey,
    /// Marks are of loops.
    is_loop: bool,
}

impl TrackLoader for Shaped {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let asked = self.survey.tracks.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let held = self.source.get(asked.at, context)?.unwrap_or_default();
        let mut track = Track::default();
        for (nth, flux) in all_flux(&held).enumerate() {
            context.reserve((flux.intervals.len() as u64).saturating_mul(12))?;
            track.readings.push(Reading::Flux(self.survey.shape(asked, nth, flux, self.is_loop)));
        }
        if asked.readings == 0 {
            let cells = held.readings.into_iter().filter(|r| matches!(r, Reading::Cells(_)));
            track.readings.extend(cells);
        }
        Ok(track)
    }
}

pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| Error::unsupported("A2R holds floppy disks only"))?;
    let magic = image.claims.first().map_or(&b"A2R3"[..], |claim| &claim.raw);
    let third = magic.ends_with(b"3");
    let mut info = info::bytes(&image.claims, read::info_len(third));
    let drive = info.get(info::DRIVE).copied().unwrap_or(0);
    info.extend(image.opaque(raw::PART_INFO).map_or(&[][..], |o| &o.bytes));
    let survey = Survey::of(floppy, &image.opaque, drive, context).map_err(failed)?;
    let in_step = third && info::in_step(&info);
    let mut file = Writing { image, tracks: &floppy.tracks, survey: &survey, drive, in_step, out, context, end: 0 };
    file.out.begin("")?;
    file.write(&[magic, &SIGNATURE].concat())?;
    file.write(&chunks::head(raw::INFO, u32::try_from(info.len()).unwrap_or(u32::MAX)))?;
    file.write(&info)?;
    if !third {
        file.chunk(raw::STRM, &[], |file, asked| file.stream(asked), &[raw::LAST])?;
    } else {
        let head = |solved| read::usual_table(solved, survey.tick(solved));
        file.chunk(raw::RWCP, &head(false), |file, asked| file.captures(asked), &[raw::END])?;
        file.chunk(raw::SLVD, &head(true), |file, asked| file.solved(asked), &[raw::END])?;
    }
    for name in [raw::PART_CHUNK, raw::PART_TAIL] {
        for part in image.opaque.iter().filter(|o| o.name == name) {
            file.write(&part.bytes)?;
        }
    }
    Ok(())
}

fn failed(error: NotFitted) -> Error {
    match error {
        NotFitted::Failed(error) => error,
        NotFitted::Refused(refusal) => Error::unsupported(format!("not fitted: {refusal}")),
    }
}

/// A file that is being written.
struct Writing<'a> {
    image: &'a Image,
    tracks: &'a TrackMap,
    survey: &'a Survey,
    drive: u8,
    /// Marks of the index at the start of captures are left out.
    in_step: bool,
    out: &'a mut dyn Output,
    context: &'a Context,
    /// Bytes that were written.
    end: u64,
}

type Records<'a> = fn(&Writing<'a>, &Asked) -> Result<Vec<u8>>;

impl<'a> Writing<'a> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.end = self.end.saturating_add(bytes.len() as u64);
        self.out.write(bytes)
    }

    /// A chunk of the records of all tracks; none where there are none.
    fn chunk(&mut self, id: &[u8; 4], head: &[u8], records: Records<'a>, last: &[u8]) -> Result<()> {
        let start = self.end;
        let total = self.survey.tracks.len() as u64;
        for (done, asked) in (0..).zip(&self.survey.tracks) {
            self.context.progress("writing", done, total);
            let bytes = records(self, asked)?;
            if !bytes.is_empty() && self.end == start {
                self.write(&[&chunks::head(id, 0), head].concat())?;
            }
            self.write(&bytes)?;
        }
        if self.end == start {
            return Ok(());
        }
        self.write(last)?;
        let len = self.end.saturating_sub(start).saturating_sub(chunks::HEAD);
        let len = u32::try_from(len).map_err(|_| Error::unsupported("a chunk would be longer than 4 GiB"))?;
        self.out.patch(start.saturating_add(4), &len.to_le_bytes())
    }

    /// The readings of a track, each with its bytes.
    fn readings(&self, asked: &Asked) -> Result<Vec<(Flux, Vec<u8>)>> {
        let held = self.tracks.get(asked.at, self.context)?.unwrap_or_default();
        let rests = at(&self.image.opaque, raw::PART_REST, asked.at).next();
        let rest = |nth: usize| {
            let four = rests.as_deref().and_then(|r| r.chunks_exact(4).nth(nth)).and_then(|r| r.first_chunk());
            four.map_or(0, |four| u32::from_le_bytes(*four))
        };
        let one = |(nth, flux): (usize, &Flux)| (flux.clone(), raw::data(flux, times::sayable(rest(nth).into())));
        Ok(all_flux(&held).enumerate().map(one).collect())
    }

    /// The kinds of the captures of a track, each with its reading or with the
    /// bytes that are kept of it.
    fn each(&self, asked: &Asked, mut put: impl FnMut(u8, Result<(Flux, Vec<u8>), Arc<[u8]>>)) -> Result<()> {
        let mut readings = self.readings(asked)?;
        readings.truncate(asked.readings.saturating_sub(usize::from(asked.solved)));
        let mut records = at(&self.image.opaque, raw::PART_RECORD, asked.at);
        let usual = || readings.iter().map(|(flux, _)| raw::usual_kind(flux)).collect::<Vec<u8>>();
        let kinds = at(&self.image.opaque, raw::PART_KINDS, asked.at).next().map_or_else(usual, |k| k.to_vec());
        let mut readings = readings.into_iter();
        for kind in kinds {
            match kind {
                raw::TIMING | raw::LONG => readings.next().into_iter().for_each(|reading| put(kind, Ok(reading))),
                _ => records.next().into_iter().for_each(|bytes| put(kind, Err(bytes))),
            }
        }
        Ok(())
    }

    fn location(&self, asked: &Asked) -> u16 {
        info::location(self.drive, asked.at).unwrap_or(0)
    }

    fn stream(&self, asked: &Asked) -> Result<Vec<u8>> {
        let location = u8::try_from(self.location(asked)).unwrap_or(0);
        let mut all = Vec::new();
        self.each(asked, |kind, record| {
            all.extend([location, kind]);
            match record {
                Ok((flux, data)) => {
                    let close = flux.index.get(1).map_or(0, |mark| u32::try_from(mark.tick).unwrap_or(0));
                    all.extend(u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
                    all.extend(close.to_le_bytes());
                    all.extend(data);
                }
                Err(bytes) => all.extend_from_slice(&bytes),
            }
        })?;
        Ok(all)
    }

    fn captures(&self, asked: &Asked) -> Result<Vec<u8>> {
        let [low, high] = self.location(asked).to_le_bytes();
        let mut all = Vec::new();
        self.each(asked, |kind, record| {
            all.extend([b'C', kind, low, high]);
            match record {
                Ok((flux, data)) => push(&mut all, &marks(&flux, self.in_step), &data),
                Err(bytes) => all.extend_from_slice(&bytes),
            }
        })?;
        Ok(all)
    }

    fn solved(&self, asked: &Asked) -> Result<Vec<u8>> {
        let mirror = at(&self.image.opaque, raw::PART_SOLVED, asked.at).next().filter(|_| asked.solved);
        let (Some(mirror), Some((flux, data))) = (mirror, self.readings(asked)?.pop()) else { return Ok(Vec::new()) };
        let mut all = [&[raw::SOLVED][..], &self.location(asked).to_le_bytes(), &mirror].concat();
        push(&mut all, &marks(&flux, false), &data);
        Ok(all)
    }
}

/// The ticks of the index marks, the start left out where `in_step` says it.
fn marks(flux: &Flux, in_step: bool) -> Vec<u64> {
    let all: Vec<u64> = flux.index.iter().map(|mark| mark.tick).collect();
    match all.split_first() {
        Some((0, rest)) if in_step && raw::leave_start_out(rest, flux.clock) => rest.to_vec(),
        _ => all,
    }
}

/// Index marks and data of a record.
fn push(out: &mut Vec<u8>, marks: &[u64], data: &[u8]) {
    out.push(u8::try_from(marks.len()).unwrap_or(0));
    marks.iter().for_each(|tick| out.extend(u32::try_from(*tick).unwrap_or(u32::MAX).to_le_bytes()));
    out.extend(u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(data);
}
