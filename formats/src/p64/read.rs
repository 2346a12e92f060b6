//! Recognising and reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{
    FORMAT_CHECKSUM, FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_RESERVED, FORMAT_TAIL, FORMAT_TRUNCATED,
};
use floptical_model::{
    Carrier, Code, Context, Edge, Error, Finding, Findings, Floppy, Flux, Image, IndexMark, Known, Opaque, Place,
    Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::coder::{self, Pulse, Pulses};
use super::raw::{self, HEAD, HEADER, TURN};
use crate::{Answer, Evidence, Probe, ReadOptions};

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let Some(header) = probe.bytes(0, HEADER) else { return Vec::new() };
    let Some(magic) = raw::MAGIC.iter().find(|magic| header.starts_with(&magic[..])) else { return Vec::new() };
    let mut answer = Answer::new(Evidence::MAGIC, String::from_utf8_lossy(&magic[..]));
    let size = raw::u32_le(&header, raw::SIZE);
    if u64::from(size).saturating_add(HEADER as u64) == probe.len() {
        answer.evidence = answer.evidence | Evidence::STRUCTURE;
        answer.reasons.push("the length of its chunks".into());
    }
    // The cap of a probe bounds what is read here.
    let chunks = usize::try_from(size).ok().filter(|len| *len <= Probe::CAP);
    let chunks = chunks.and_then(|len| probe.bytes(HEADER as u64, len));
    if chunks.is_some_and(|chunks| raw::check(&chunks) == raw::u32_le(&header, raw::CHECK)) {
        answer.evidence = answer.evidence | Evidence::CHECKSUM;
        answer.reasons.push("the check of its chunks".into());
    }
    vec![answer]
}

pub(super) fn read(files: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = files.first().ok_or_else(|| Error::unsupported("no file was given"))?;
    let header = source.bytes(0, HEADER as u64, context)?;
    let Some(kind) = raw::MAGIC.iter().position(|magic| header.starts_with(&magic[..])) else {
        return Err(Error::malformed(Span::file(0, 8), "the magic of P64 is not there"));
    };
    let mut opening =
        Opening { source, context, opaque: Vec::new(), findings: Findings::default(), tracks: BTreeMap::new() };
    opening.header(&header)?;
    opening.walk()?;
    let Opening { opaque, findings, tracks, .. } = opening;
    let places = tracks.keys().enumerate().map(|(i, at)| (*at, i)).collect();
    let loader = Loader { source: source.clone(), tracks: tracks.into_values().collect() };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy {
            drive: raw::drive(kind, raw::u32_le(&header, raw::FLAGS)),
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(loader)),
        }),
        claims: raw::claims(&header),
        opaque,
        findings,
    })
}

/// The chunk of a half track: where its bytes lie.
#[derive(Debug, Clone, Copy)]
struct Held {
    at: TrackAt,
    start: u64,
    len: u64,
}

impl Held {
    /// Its bytes, as many as the file has.
    fn bytes(&self, source: &Source, context: &Context) -> Result<Vec<u8>> {
        source.bytes(self.start, self.len.min(source.len().saturating_sub(self.start)), context)
    }

    fn pulses(&self, source: &Source, context: &Context) -> Result<Pulses> {
        /// Count and length before the coded bytes.
        const BEFORE: usize = 8;
        let bytes = self.bytes(source, context)?;
        let (count, len) = (raw::u32_le(&bytes, 0), u64::from(raw::u32_le(&bytes, 4)));
        let coded = bytes.get(BEFORE..).unwrap_or(&[]);
        let own = usize::try_from(len).unwrap_or(usize::MAX).min(coded.len());
        let (pulses, trouble) = coder::pulses(count, coded.get(..own).unwrap_or(&[]), context)?;
        let lengths = (coded.len() as u64 != len)
            .then(|| (&FORMAT_FIELDS_DIFFER, format!("{} coded bytes are there, and {len} are told of", coded.len())));
        Ok((pulses, lengths.or(trouble)))
    }
}

/// What is noticed and kept while the file is opened.
struct Opening<'a> {
    source: &'a Source,
    context: &'a Context,
    opaque: Vec<Opaque>,
    findings: Findings,
    tracks: BTreeMap<TrackAt, Held>,
}

impl Opening<'_> {
    fn note(&mut self, code: &'static Code, at: Span, place: Place, message: impl Into<String>) {
        self.findings.push(Finding::new(code, at, place, message));
    }

    fn header(&mut self, header: &[u8]) -> Result<()> {
        let flags = raw::u32_le(header, raw::FLAGS);
        if flags & !(raw::PROTECTED | raw::TWO_SIDES) > 0 {
            let at = Span::file(raw::FLAGS as u64, 4);
            self.note(&FORMAT_RESERVED, at, Place::Whole, format!("flags {flags:08X}"));
            self.opaque.push(raw::kept(raw::PART_FLAGS, Place::Whole, &flags.to_le_bytes(), raw::FLAGS as u64));
        }
        if raw::u32_le(header, raw::VERSION) != 0 {
            let what = format!("version {}", raw::u32_le(header, raw::VERSION));
            self.note(&FORMAT_ODD_VALUE, Span::file(raw::VERSION as u64, 4), Place::Whole, what);
        }
        let size = u64::from(raw::u32_le(header, raw::SIZE));
        let there = self.source.len().saturating_sub(HEADER as u64);
        if size > there {
            let what = format!("the file has {there} of {size} bytes of chunks");
            self.note(&FORMAT_TRUNCATED, Span::file(raw::SIZE as u64, 4), Place::Whole, what);
            return Ok(());
        }
        let (check, told) =
            (raw::check(&self.source.bytes(HEADER as u64, size, self.context)?), raw::u32_le(header, raw::CHECK));
        if check != told {
            let what = format!("the check of all chunks is {check:08X}, the header says {told:08X}");
            self.note(&FORMAT_CHECKSUM, Span::file(raw::CHECK as u64, 4), Place::Whole, what);
        }
        let end = size.saturating_add(HEADER as u64);
        if end < self.source.len() {
            let what = format!("{} bytes follow the chunks", self.source.len().saturating_sub(end));
            self.note(&FORMAT_TAIL, Span::file(end, self.source.len().saturating_sub(end)), Place::Whole, what);
        }
        Ok(())
    }

    fn walk(&mut self) -> Result<()> {
        let mut at = HEADER as u64;
        let end = loop {
            let left = self.source.len().saturating_sub(at);
            if left < HEAD as u64 {
                self.note(&FORMAT_TRUNCATED, Span::file(at, left), Place::Whole, "the file ends without DONE");
                break at;
            }
            self.context.entry(1)?;
            let head = self.source.bytes(at, HEAD as u64, self.context)?;
            let (id, len) = (head.first_chunk::<4>().copied().unwrap_or_default(), u64::from(raw::u32_le(&head, 4)));
            let held = Held { at: TrackAt::new(0, 0), start: at.saturating_add(HEAD as u64), len };
            self.chunk(id, held, raw::u32_le(&head, 8))?;
            at = held.start.saturating_add(len).min(self.source.len());
            if id == *raw::DONE {
                break at;
            }
        };
        if end < self.source.len() {
            let tail = self.source.bytes(end, self.source.len().saturating_sub(end), self.context)?;
            self.opaque.push(raw::kept(raw::PART_TAIL, Place::Whole, &tail, end));
        }
        Ok(())
    }

    fn chunk(&mut self, id: [u8; 4], held: Held, told: u32) -> Result<()> {
        let [a, b, c, number] = id;
        let position = if [a, b, c] == *raw::HALF_TRACK { raw::position(number) } else { None };
        let place = position.map_or(Place::Whole, Place::Track);
        let span = Span::file(held.start.saturating_sub(HEAD as u64), HEAD as u64);
        let bytes = held.bytes(self.source, self.context)?;
        if (bytes.len() as u64) < held.len {
            let what = format!("the file has {} of the {} bytes of a chunk", bytes.len(), held.len);
            self.note(&FORMAT_TRUNCATED, span, place.clone(), what);
        } else if raw::check(&bytes) != told {
            let what = format!("the check of a chunk is {:08X}, and {told:08X} stands there", raw::check(&bytes));
            self.note(&FORMAT_CHECKSUM, span, place.clone(), what);
        }
        match position {
            Some(at) if !self.tracks.contains_key(&at) => {
                let held = Held { at, ..held };
                let (pulses, _) = held.pulses(self.source, self.context)?;
                let doubtful = pulses.iter().filter(|pulse| pulse.strength != Pulse::SURE);
                let strengths: Vec<u8> =
                    doubtful.flat_map(|pulse| [pulse.at, pulse.strength]).flat_map(u32::to_le_bytes).collect();
                if !strengths.is_empty() {
                    self.opaque.push(raw::kept(raw::PART_STRENGTHS, place, &strengths, held.start));
                }
                self.tracks.insert(at, held);
            }
            _ if id == *raw::DONE && bytes.is_empty() => {}
            _ => {
                let what = format!("a chunk {} that is not known here", floptical_io::text::show(&id));
                let at = Span::file(held.start, held.len);
                self.note(&FORMAT_RESERVED, at, place.clone(), what);
                self.opaque.push(raw::kept(raw::PART_CHUNK, place, &[&id, &bytes[..]].concat(), held.start));
            }
        }
        Ok(())
    }
}

/// Loads the half tracks.
struct Loader {
    source: Source,
    tracks: Vec<Held>,
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let held = self.tracks.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let (pulses, trouble) = held.pulses(&self.source, context)?;
        let mut track = Track::of(Reading::Flux(flux(&pulses)));
        if let Some((code, message)) = trouble {
            track.findings.push(Finding::new(code, Span::file(held.start, held.len), Place::Track(held.at), message));
        }
        Ok(track)
    }

    /// Coded as a whole: no part of a track has a place of its own.
    fn locate(&self, index: usize, _: usize, _: Range<u64>, _: &Context) -> Option<Span> {
        self.tracks.get(index).map(|held| Span::file(held.start, held.len))
    }
}

/// Strengths from which a transition is there in each of the turns that show
/// what is doubtful: the likely ones, all, the sure ones.
const TURNS: [u32; 3] = [1 << 31, 1, Pulse::SURE];

/// The flux of a half track. The place 0 of a turn is a mark of the file, not
/// of a disk.
fn flux(pulses: &[Pulse]) -> Flux {
    let doubtful = pulses.iter().any(|pulse| pulse.strength != Pulse::SURE);
    let turns = if doubtful { &TURNS[..] } else { &[1] };
    let (mut intervals, mut index) = (Vec::new(), vec![IndexMark { tick: 0, interval: 0 }]);
    let (mut start, mut last) = (0u64, 0u64);
    for least in turns {
        for pulse in pulses.iter().filter(|pulse| pulse.strength >= *least) {
            let at = start.saturating_add(pulse.at.into());
            intervals.push(u32::try_from(at.saturating_sub(last)).unwrap_or(u32::MAX));
            last = at;
        }
        start = start.saturating_add(TURN.into());
        index.push(IndexMark { tick: start, interval: u32::try_from(intervals.len()).unwrap_or(u32::MAX) });
    }
    Flux {
        clock: raw::CLOCK,
        intervals: intervals.into(),
        index,
        sector_marks: Vec::new(),
        start: Edge::Anywhere,
        end: Edge::Anywhere,
    }
}
