//! Recognising and reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{FORMAT_CHECKSUM, FORMAT_ODD_VALUE, FORMAT_RESERVED, FORMAT_TAIL, FORMAT_TRUNCATED};
use floptical_model::{
    Carrier, Claim, Clock, Code, Context, DriveFacts, Error, Finding, Findings, Floppy, Image, Known, Opaque, Place,
    Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::codes;
use super::raw::{self, CHECK, HEAD};
use crate::{Answer, Evidence, Probe, ReadOptions};

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    /// The header chunk of version 0.
    const HEADER: usize = HEAD + 4 + CHECK;
    let Some(header) = probe.bytes(0, HEADER).filter(|h| h.starts_with(raw::MAGIC)) else { return Vec::new() };
    let mut answer = Answer::new(Evidence::MAGIC, "the letters PFI");
    let end = HEADER.saturating_sub(CHECK);
    if raw::u32_be(&header, 4) == 4 && raw::check(header.get(..end).unwrap_or(&[])) == raw::u32_be(&header, end) {
        answer.evidence = answer.evidence | Evidence::CHECKSUM | Evidence::STRUCTURE;
        answer.reasons.push("the check of its header".into());
    }
    vec![answer]
}

pub(super) fn read(files: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = files.first().ok_or_else(|| Error::unsupported("no file was given"))?;
    if !source.head(4)?.starts_with(raw::MAGIC) {
        return Err(Error::malformed(Span::file(0, 4), "the magic of PFI is not there"));
    }
    let mut opening = Opening {
        source,
        context,
        claims: Vec::new(),
        opaque: Vec::new(),
        findings: Findings::default(),
        tracks: Vec::new(),
        within: None,
    };
    opening.walk()?;
    let Opening { claims, opaque, findings, tracks, .. } = opening;
    let mut by_place: BTreeMap<TrackAt, Vec<Held>> = BTreeMap::new();
    tracks.into_iter().for_each(|held| by_place.entry(held.at).or_default().push(held));
    let places = by_place.keys().enumerate().map(|(i, at)| (*at, i)).collect();
    let loader = Loader { source: source.clone(), tracks: by_place.into_values().collect() };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy {
            drive: DriveFacts::default(),
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(loader)),
        }),
        claims,
        opaque,
        findings,
    })
}

/// A `TRAK` chunk and what follows it.
struct Held {
    at: TrackAt,
    /// Where the chunk stands.
    start: u64,
    clock: u32,
    marks: Vec<u32>,
    /// Where its times lie, and how many bytes.
    data: Vec<(u64, u64)>,
}

impl Held {
    /// Its clock; one that does not tick is taken for a tick a second.
    fn clock(&self) -> Clock {
        Clock::hz(self.clock.into())
    }

    /// The codes of its times.
    fn codes(&self, source: &Source, context: &Context) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        for (start, len) in &self.data {
            all.extend(source.bytes(*start, *len, context)?);
        }
        Ok(all)
    }

    /// Where a byte of its codes lies in the file.
    fn place(&self, byte: u64) -> Option<u64> {
        let mut before = 0u64;
        for (start, len) in &self.data {
            let within = byte.checked_sub(before)?;
            if within < *len {
                return start.checked_add(within);
            }
            before = before.checked_add(*len)?;
        }
        None
    }
}

/// What chunks belong to.
enum Within {
    /// The last of the tracks.
    Track,
    /// A track at a place that no drive has.
    Nowhere,
}

/// What is noticed and kept while the file is opened.
struct Opening<'a> {
    source: &'a Source,
    context: &'a Context,
    claims: Vec<Claim>,
    opaque: Vec<Opaque>,
    findings: Findings,
    tracks: Vec<Held>,
    within: Option<Within>,
}

impl Opening<'_> {
    fn note(&mut self, code: &'static Code, at: Span, message: impl Into<String>) {
        let finding = Finding::new(code, at, self.place(), message);
        self.findings.push(finding);
    }

    /// What is being read.
    fn place(&self) -> Place {
        match (&self.within, self.tracks.last()) {
            (Some(Within::Track), Some(held)) => Place::Track(held.at),
            _ => Place::Whole,
        }
    }

    fn walk(&mut self) -> Result<()> {
        let mut at = 0u64;
        let end = loop {
            let left = self.source.len().saturating_sub(at);
            if left < HEAD as u64 {
                self.note(&FORMAT_TRUNCATED, Span::file(at, left), "the file ends without an END chunk");
                break at;
            }
            self.context.entry(1)?;
            let head = self.source.bytes(at, HEAD as u64, self.context)?;
            let (id, len) = (head.first_chunk().copied().unwrap_or_default(), u64::from(raw::u32_be(&head, 4)));
            let next = at.saturating_add(len).saturating_add((HEAD + CHECK) as u64);
            if next > self.source.len() {
                break self.cut(at, id)?;
            }
            let whole = self.source.bytes(at, next.saturating_sub(at), self.context)?;
            let checked = whole.len().saturating_sub(CHECK);
            let (computed, told) = (raw::check(whole.get(..checked).unwrap_or(&[])), raw::u32_be(&whole, checked));
            if computed != told {
                let what = format!("the check of a chunk {} is {told:08X}, not {computed:08X}", name(id));
                self.note(&FORMAT_CHECKSUM, Span::file(at, next.saturating_sub(at)), what);
            }
            self.chunk(id, whole.get(HEAD..checked).unwrap_or(&[]), at)?;
            at = next;
            if id == *raw::END {
                break at;
            }
        };
        self.within = None;
        if end < self.source.len() {
            let tail = self.source.bytes(end, self.source.len().saturating_sub(end), self.context)?;
            let what = format!("{} bytes follow the last chunk", tail.len());
            self.note(&FORMAT_TAIL, Span::file(end, tail.len() as u64), what);
            self.opaque.push(raw::kept(raw::PART_TAIL, Place::Whole, &tail, end));
        }
        Ok(())
    }

    /// A chunk that goes on beyond the end of the file: of times, those that
    /// are there are read. Gives where what was not understood begins.
    fn cut(&mut self, at: u64, id: [u8; 4]) -> Result<u64> {
        let len = self.source.len();
        let what = format!("the file ends within a chunk {}", name(id));
        self.note(&FORMAT_TRUNCATED, Span::file(at, len.saturating_sub(at)), what);
        let start = at.saturating_add(HEAD as u64);
        match (&self.within, self.tracks.last_mut()) {
            (Some(Within::Track), Some(held)) if id == *raw::DATA => {
                held.data.push((start, len.saturating_sub(start)));
                Ok(len)
            }
            _ => Ok(at),
        }
    }

    fn chunk(&mut self, id: [u8; 4], bytes: &[u8], at: u64) -> Result<()> {
        let start = at.saturating_add(HEAD as u64);
        match &id {
            raw::MAGIC if at == 0 => self.header(bytes, start),
            raw::TEXT => self.claims.push(raw::comment(bytes, start)),
            raw::TRACK if bytes.len() == raw::TRACK_LEN => self.track(bytes, at),
            raw::INDEX if bytes.len().is_multiple_of(4) && self.held().is_some() => {
                self.context.entry(bytes.len() as u64 / 4)?;
                let marks = bytes.chunks_exact(4).map(|raw| raw::u32_be(raw, 0));
                self.held().into_iter().for_each(|held| held.marks.extend(marks.clone()));
            }
            raw::DATA if self.held().is_some() => {
                self.held().into_iter().for_each(|held| held.data.push((start, bytes.len() as u64)));
            }
            raw::END if bytes.is_empty() => {}
            _ => {
                let what = format!("a chunk {} that is not known here", name(id));
                self.note(&FORMAT_RESERVED, Span::file(at, HEAD as u64), what);
                let kept = [&id, bytes].concat();
                self.opaque.push(raw::kept(raw::PART_CHUNK, self.place(), &kept, at));
            }
        }
        Ok(())
    }

    /// The track that chunks belong to.
    fn held(&mut self) -> Option<&mut Held> {
        match self.within {
            Some(Within::Track) => self.tracks.last_mut(),
            _ => None,
        }
    }

    fn header(&mut self, bytes: &[u8], start: u64) {
        let version = bytes.get(..4).unwrap_or(bytes);
        self.claims.push(raw::version(version));
        if version != [0; 4] {
            let what = format!("version {}", raw::u32_be(version, 0));
            self.note(&FORMAT_ODD_VALUE, Span::file(start, version.len() as u64), what);
        }
        if let Some(rest) = bytes.get(4..).filter(|rest| !rest.is_empty()) {
            self.note(&FORMAT_RESERVED, Span::file(start.saturating_add(4), rest.len() as u64), "a longer header");
            self.opaque.push(raw::kept(raw::PART_HEADER, Place::Whole, rest, start.saturating_add(4)));
        }
    }

    fn track(&mut self, bytes: &[u8], at: u64) {
        let number = |field: usize| raw::u32_be(bytes, field);
        self.within = None;
        let (Ok(cylinder), Ok(head)) = (u8::try_from(number(0)), u8::try_from(number(4))) else {
            let what = format!("a track at cylinder {}, side {}", number(0), number(4));
            self.note(&FORMAT_ODD_VALUE, Span::file(at, HEAD as u64), what);
            self.opaque.push(raw::kept(raw::PART_CHUNK, Place::Whole, &[raw::TRACK, bytes].concat(), at));
            self.within = Some(Within::Nowhere);
            return;
        };
        let held =
            Held { at: TrackAt::new(cylinder, head), start: at, clock: number(8), marks: Vec::new(), data: Vec::new() };
        self.tracks.push(held);
        self.within = Some(Within::Track);
    }
}

/// The letters of a chunk, printable.
fn name(id: [u8; 4]) -> String {
    floptical_io::text::show(&id)
}

/// Loads the tracks, each with all that stands for its place.
struct Loader {
    source: Source,
    tracks: Vec<Vec<Held>>,
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let all = self.tracks.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let mut track = Track::default();
        for held in all {
            let codes = held.codes(&self.source, context)?;
            context.reserve((codes.len() as u64).saturating_mul(4))?;
            let (times, trouble) = codes::parse(&codes);
            let clock = (held.clock == 0).then(|| (&FORMAT_ODD_VALUE, "a clock that does not tick".into()));
            let order = (!held.marks.is_sorted()).then(|| (&FORMAT_ODD_VALUE, "index marks out of order".into()));
            for (code, message) in [trouble, clock, order].into_iter().flatten() {
                let span = Span::file(held.start, HEAD as u64);
                track.findings.push(Finding::new(code, span, Place::Track(held.at), message));
            }
            let marks = held.marks.iter().map(|mark| u64::from(*mark));
            track.readings.push(Reading::Flux(codes::flux(held.clock(), times, marks)));
        }
        Ok(track)
    }

    fn locate(&self, index: usize, reading: usize, ticks: Range<u64>, context: &Context) -> Option<Span> {
        let held = self.tracks.get(index)?.get(reading)?;
        let codes = held.codes(&self.source, context).ok()?;
        let (mut tick, mut at, mut first) = (0u64, 0usize, None);
        while let Some((time, taken)) = codes.get(at..).and_then(codes::next) {
            tick = tick.saturating_add(u64::from(time.unwrap_or(0)));
            if tick > ticks.start {
                first.get_or_insert(at);
            }
            at = at.saturating_add(taken);
            if tick >= ticks.end {
                break;
            }
        }
        let (start, last) = (held.place(first? as u64)?, held.place(at.checked_sub(1)? as u64)?);
        Some(Span::file(start, last.checked_sub(start)?.checked_add(1)?))
    }
}
