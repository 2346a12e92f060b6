//! Recognising and reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{FORMAT_ODD_VALUE, FORMAT_TAIL, FORMAT_TRUNCATED};
use floptical_model::{
    Carrier, Claim, ClaimKind, Clock, Code, Context, DriveFacts, Edge, Error, Finding, Findings, Floppy, Flux, Image,
    IndexMark, Known, Opaque, Place, Policy, Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::raw::{self, Block, Generation, MAGIC};
use crate::{Answer, Evidence, Probe, ReadOptions};

/// Where the first block stands.
const BLOCKS: u64 = 4;

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let Some(magic) = MAGIC.iter().find(|magic| probe.head().starts_with(&magic[..])) else { return Vec::new() };
    let mut answer = Answer::new(Evidence::MAGIC, String::from_utf8_lossy(&magic[..]));
    let block = probe.bytes(BLOCKS, Block::LEN).and_then(|raw| Block::parse(&raw));
    let room = probe.len().saturating_sub(BLOCKS).saturating_sub(Block::LEN as u64);
    if block.is_some_and(|block| block.cylinder < 256 && block.head < 2 && u64::from(block.len) <= room) {
        answer.evidence = answer.evidence | Evidence::STRUCTURE;
        answer.reasons.push("a track, and it lies in the file".into());
    }
    vec![answer]
}

pub(super) fn read(files: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = files.first().ok_or_else(|| Error::unsupported("no file was given"))?;
    let magic = source.head(4)?;
    let Some(generation) = Generation::of(&magic) else {
        return Err(Error::malformed(Span::file(0, 4), "the magic of DFI is not there"));
    };
    let mut opening =
        Opening { source, context, opaque: Vec::new(), findings: Findings::default(), tracks: BTreeMap::new() };
    opening.walk()?;
    opening.keep_sectors();
    let clock = opening.clock(generation)?;
    let Opening { opaque, findings, tracks, .. } = opening;
    let places = tracks.keys().enumerate().map(|(i, at)| (*at, i)).collect();
    let loader = Loader { source: source.clone(), generation, clock, tracks: tracks.into_iter().collect() };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy {
            drive: DriveFacts::default(),
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(loader)),
        }),
        claims: vec![Claim {
            kind: ClaimKind::Version,
            text: floptical_io::text::show(&magic),
            raw: magic,
            at: Span::file(0, BLOCKS),
        }],
        opaque,
        findings,
    })
}

/// The samples of a block: where they lie.
#[derive(Debug, Clone, Copy)]
struct Held {
    start: u64,
    /// As told.
    len: u32,
    sector: u16,
}

impl Held {
    /// Its samples, as many as the file has.
    fn bytes(&self, source: &Source, context: &Context) -> Result<Vec<u8>> {
        source.bytes(self.start, u64::from(self.len).min(source.len().saturating_sub(self.start)), context)
    }
}

/// What is noticed and kept while the file is opened.
struct Opening<'a> {
    source: &'a Source,
    context: &'a Context,
    opaque: Vec<Opaque>,
    findings: Findings,
    tracks: BTreeMap<TrackAt, Vec<Held>>,
}

impl Opening<'_> {
    fn note(&mut self, code: &'static Code, at: Span, message: impl Into<String>) {
        self.findings.push(Finding::new(code, at, Place::Whole, message));
    }

    fn keep(&mut self, name: &str, place: Place, bytes: &[u8], start: u64) {
        self.opaque.push(Opaque {
            name: name.into(),
            place,
            bytes: bytes.into(),
            policy: Policy::Verbatim,
            at: Span::file(start, bytes.len() as u64),
        });
    }

    fn walk(&mut self) -> Result<()> {
        let mut at = BLOCKS;
        while at < self.source.len() {
            self.context.entry(1)?;
            let left = self.source.len().saturating_sub(at);
            let head = self.source.bytes(at, left.min(Block::LEN as u64), self.context)?;
            let block = Block::parse(&head);
            let position = block.and_then(|b| Some((u8::try_from(b.cylinder).ok()?, u8::try_from(b.head).ok()?)));
            let (Some(block), Some((cylinder, head))) = (block, position) else {
                return self.rest(at, left);
            };
            let start = at.saturating_add(Block::LEN as u64);
            let held = Held { start, len: block.len, sector: block.sector };
            self.tracks.entry(TrackAt::new(cylinder, head)).or_default().push(held);
            at = start.saturating_add(block.len.into());
        }
        Ok(())
    }

    /// What is no block of a track.
    fn rest(&mut self, at: u64, len: u64) -> Result<()> {
        self.note(&FORMAT_TAIL, Span::file(at, len), format!("{len} bytes are no track"));
        let rest = self.source.bytes(at, len, self.context)?;
        self.keep(raw::PART_TAIL, Place::Whole, &rest, at);
        Ok(())
    }

    /// Numbers of hard sectors.
    fn keep_sectors(&mut self) {
        let tracks: Vec<(TrackAt, Vec<u8>, u64)> = self
            .tracks
            .iter()
            .filter(|(_, blocks)| blocks.iter().any(|held| held.sector != 0))
            .map(|(at, blocks)| {
                let sectors = blocks.iter().flat_map(|held| held.sector.to_be_bytes()).collect();
                (*at, sectors, blocks.first().map_or(0, |held| held.start))
            })
            .collect();
        for (at, sectors, start) in tracks {
            self.keep(raw::PART_SECTORS, Place::Track(at), &sectors, start);
        }
    }

    /// The clock with which the turns of the first track that has one are those
    /// of a drive.
    fn clock(&mut self, generation: Generation) -> Result<Clock> {
        for held in self.tracks.values().flatten() {
            let bytes = held.bytes(self.source, self.context)?;
            self.context.step(bytes.len() as u64)?;
            let index = raw::samples(generation, &bytes).index;
            let turns = index.windows(2).filter_map(|pair| pair.last()?.0.checked_sub(pair.first()?.0));
            if let Some(clock) = turns.filter_map(raw::clock).next() {
                return Ok(clock);
            }
        }
        let [fastest, ..] = raw::CLOCKS;
        if !self.tracks.is_empty() {
            let what = "no turn between two index marks tells the clock; 100 MHz is taken";
            self.note(&FORMAT_ODD_VALUE, Span::file(0, BLOCKS), what);
        }
        Ok(fastest)
    }
}

/// Loads the tracks, each with all blocks of its place.
struct Loader {
    source: Source,
    generation: Generation,
    clock: Clock,
    tracks: Vec<(TrackAt, Vec<Held>)>,
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let (at, blocks) = self.tracks.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let mut track = Track::default();
        for held in blocks {
            let bytes = held.bytes(&self.source, context)?;
            context.reserve((bytes.len() as u64).saturating_mul(4))?;
            if (bytes.len() as u64) < u64::from(held.len) {
                let what = format!("the file has {} of the {} samples", bytes.len(), held.len);
                let span = Span::file(held.start, held.len.into());
                track.findings.push(Finding::new(&FORMAT_TRUNCATED, span, Place::Track(*at), what));
            }
            let said = raw::samples(self.generation, &bytes);
            track.readings.push(Reading::Flux(Flux {
                clock: self.clock,
                intervals: said.intervals.into(),
                index: said.index.into_iter().map(|(tick, interval)| IndexMark { tick, interval }).collect(),
                sector_marks: Vec::new(),
                start: Edge::Anywhere,
                end: Edge::Anywhere,
            }));
        }
        Ok(track)
    }

    fn locate(&self, index: usize, reading: usize, ticks: Range<u64>, context: &Context) -> Option<Span> {
        let held = self.tracks.get(index)?.1.get(reading)?;
        let bytes = held.bytes(&self.source, context).ok()?;
        let (first, last) = raw::within(self.generation, &bytes, ticks)?;
        Some(Span::file(held.start.saturating_add(first as u64), last.saturating_sub(first).saturating_add(1) as u64))
    }
}
