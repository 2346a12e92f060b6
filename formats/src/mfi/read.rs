//! Recognising and reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{
    FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_RESERVED, FORMAT_TAIL, FORMAT_TRUNCATED,
};
use floptical_model::{
    Carrier, Clock, Code, Context, Error, Finding, Findings, Floppy, Form, Image, Known, Opaque, Place, Policy,
    Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::pack::unpack;
use super::raw::{self, ENTRY, Entry, HEADER, Steps};
use super::words::{self, Said, Speed};
use crate::{Answer, Evidence, Probe, ReadOptions};

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let head = probe.head();
    let Some(magic) = [raw::MAGIC, raw::MAGIC_OLD].into_iter().find(|magic| head.starts_with(&magic[..])) else {
        return Vec::new();
    };
    let mut answer =
        Answer::new(Evidence::MAGIC, String::from_utf8_lossy(magic.trim_ascii_end()).trim_end_matches('\0'));
    if let Some(reason) = structure(probe) {
        answer.evidence = answer.evidence | Evidence::STRUCTURE;
        answer.reasons.push(reason);
    }
    vec![answer]
}

/// The table lies in the file, and every track after it.
fn structure(probe: &mut Probe<'_>) -> Option<String> {
    let header = probe.bytes(0, HEADER)?;
    let steps = Steps::parse(raw::u32_le(&header, raw::CYLINDERS), raw::u32_le(&header, raw::HEADS))?;
    let table = probe.bytes(HEADER as u64, steps.entries().checked_mul(ENTRY)?)?;
    let first = HEADER.checked_add(table.len())? as u64;
    let within = |entry: Entry| entry.start() >= first && entry.end() <= probe.len();
    let mut used = table.chunks_exact(ENTRY).map(Entry::parse).filter(|e| e.unpacked > 0);
    used.all(within).then(|| format!("a table of {} cylinders with {} sides", steps.cylinders, steps.heads))
}

pub(super) fn read(files: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = files.first().ok_or_else(|| Error::unsupported("no file was given"))?;
    let header = source.bytes(0, HEADER as u64, context)?;
    let old = header.starts_with(raw::MAGIC_OLD);
    if !old && !header.starts_with(raw::MAGIC) {
        return Err(Error::malformed(Span::file(0, 16), "the magic of MFI is not there"));
    }
    let (cylinders, heads) = (raw::u32_le(&header, raw::CYLINDERS), raw::u32_le(&header, raw::HEADS));
    let steps = Steps::parse(cylinders, heads).ok_or_else(|| {
        let what = format!("{heads} sides of cylinders {cylinders:08X}: no drive has so many");
        Error::malformed(Span::file(raw::CYLINDERS as u64, 8), what)
    })?;
    let mut opening = Opening {
        source,
        context,
        old,
        opaque: Vec::new(),
        findings: Findings::default(),
        odd: false,
        speed: Speed::default(),
    };
    let held = opening.table(steps)?;
    held.iter().try_for_each(|track| opening.track(track))?;
    opening.between(&held, steps)?;
    let letters = |at: usize| header.get(at..).and_then(|rest| rest.get(..4)).unwrap_or(&[]);
    let form = raw::form(letters(raw::FORM));
    let fast = form == Some(Form::Inch8) || opening.speed.is_360();
    let places: BTreeMap<TrackAt, usize> = held.iter().enumerate().map(|(i, h)| (h.at, i)).collect();
    let Opening { opaque, findings, .. } = opening;
    let loader = Loader { source: source.clone(), held, old, clock: raw::clock(fast) };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy {
            drive: raw::drive(form, steps.heads, fast),
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(loader)),
        }),
        claims: raw::claims(header.get(..16).unwrap_or(&[]), letters(raw::FORM), letters(raw::VARIANT)),
        opaque,
        findings,
    })
}

/// A track of the table.
#[derive(Debug, Clone, Copy)]
struct Held {
    at: TrackAt,
    entry: Entry,
}

impl Held {
    /// Its packed bytes, as many as the file has.
    fn packed(&self, source: &Source, context: &Context) -> Result<Vec<u8>> {
        let start = self.entry.start().min(source.len());
        source.bytes(start, self.entry.end().min(source.len()).saturating_sub(start), context)
    }
}

/// A track unpacked: what its words say, and what does not belong to them.
struct Words {
    said: Said,
    /// Unpacked bytes that are no whole word.
    rest: Vec<u8>,
    /// Packed bytes that were taken.
    used: usize,
    trouble: Option<(&'static Code, String)>,
}

fn words_of(packed: &[u8], entry: Entry, old: bool, context: &Context) -> Result<Words> {
    let wanted = usize::try_from(entry.unpacked).unwrap_or(usize::MAX);
    let unpacked = unpack(packed, wanted, context)?;
    let words = words::parse(&unpacked.bytes);
    context.step(words.len() as u64)?;
    let said = words::said(&if old { words::from_old(&words) } else { words });
    let whole = unpacked.bytes.len() & !3;
    Ok(Words {
        said,
        rest: unpacked.bytes.get(whole..).unwrap_or(&[]).to_vec(),
        used: unpacked.used,
        trouble: unpacked.trouble,
    })
}

/// What is noticed and kept while the file is opened.
struct Opening<'a> {
    source: &'a Source,
    context: &'a Context,
    old: bool,
    opaque: Vec<Opaque>,
    findings: Findings,
    /// The tracks do not lie as they are written here.
    odd: bool,
    speed: Speed,
}

impl Opening<'_> {
    fn note(&mut self, code: &'static Code, at: Span, place: Place, message: impl Into<String>) {
        self.findings.push(Finding::new(code, at, place, message));
    }

    fn keep(&mut self, name: &str, place: Place, bytes: &[u8], start: u64) {
        if !bytes.is_empty() {
            self.opaque.push(raw::kept(name, place, bytes, start));
        }
    }

    /// The tracks of the table, with what else stands in it.
    fn table(&mut self, steps: Steps) -> Result<Vec<Held>> {
        let start = HEADER as u64;
        let len = steps.entries().saturating_mul(ENTRY) as u64;
        let room = len.min(self.source.len().saturating_sub(start));
        if room < len {
            self.odd = true;
            self.note(
                &FORMAT_TRUNCATED,
                Span::file(start, room),
                Place::Whole,
                "the file ends within the table of tracks",
            );
        }
        let table = self.source.bytes(start, room, self.context)?;
        let (mut held, mut used) = (Vec::new(), 0usize);
        for (raw, at) in table.chunks_exact(ENTRY).zip(steps.positions()) {
            self.context.entry(1)?;
            let (entry, place) = (Entry::parse(raw), Place::Track(at));
            let here = start.saturating_add(used as u64);
            used = used.saturating_add(ENTRY);
            if entry.unpacked > 0 {
                held.push(Held { at, entry });
                let splice = if entry.splice == 0 { &[] } else { raw.get(12..).unwrap_or(&[]) };
                self.keep(raw::PART_SPLICE, place, splice, here.saturating_add(12));
            } else if raw.iter().any(|b| *b != 0) {
                self.note(
                    &FORMAT_RESERVED,
                    Span::file(here, ENTRY as u64),
                    place.clone(),
                    "an unformatted track is told more of",
                );
                self.keep(raw::PART_ENTRY, place, raw, here);
            }
        }
        let tail = table.get(used..).filter(|tail| tail.iter().any(|b| *b != 0)).unwrap_or(&[]);
        self.keep(raw::PART_TABLE, Place::Whole, tail, start.saturating_add(used as u64));
        let least = Steps::around(held.iter().map(|h| h.at), steps.heads);
        if steps != least {
            self.keep(raw::PART_STEPS, Place::Whole, &steps.field(), raw::CYLINDERS as u64);
        }
        if steps.heads > raw::MOST_HEADS {
            self.note(
                &FORMAT_ODD_VALUE,
                Span::file(raw::HEADS as u64, 4),
                Place::Whole,
                format!("{} sides", steps.heads),
            );
        }
        Ok(held)
    }

    /// Keep what a track holds beside its transitions.
    fn track(&mut self, held: &Held) -> Result<()> {
        let packed = held.packed(self.source, self.context)?;
        let words = words_of(&packed, held.entry, self.old, self.context)?;
        self.speed.add(&words.said.intervals);
        let place = Place::Track(held.at);
        let zones: Vec<u8> =
            words.said.zones.iter().flat_map(|(nth, word)| [*nth, *word]).flat_map(u32::to_le_bytes).collect();
        self.keep(raw::PART_ZONES, place.clone(), &zones, held.entry.start());
        self.keep(raw::PART_REST, place.clone(), &words.rest, held.entry.start());
        let slack = packed.get(words.used..).unwrap_or(&[]);
        if words.trouble.is_none() && !slack.is_empty() {
            let start = held.entry.start().saturating_add(words.used as u64);
            self.note(
                &FORMAT_TAIL,
                Span::file(start, slack.len() as u64),
                place.clone(),
                "bytes follow the packed track",
            );
            self.keep(raw::PART_SLACK, place, slack, start);
        }
        Ok(())
    }

    /// Follow the tracks through the file, keep what lies between and after.
    fn between(&mut self, held: &[Held], steps: Steps) -> Result<()> {
        let mut end = (HEADER as u64).saturating_add(steps.entries().saturating_mul(ENTRY) as u64);
        for track in held {
            let (start, place) = (track.entry.start(), Place::Track(track.at));
            if start < end || track.entry.end() > self.source.len() {
                self.odd = true;
                let what = format!("the track lies at {start} to {}, not after all before it", track.entry.end());
                self.note(&FORMAT_FIELDS_DIFFER, Span::file(start, track.entry.packed.into()), place, what);
            } else {
                let gap = self.source.bytes(end, start.saturating_sub(end), self.context)?;
                self.keep(raw::PART_GAP, place, &gap, end);
            }
            end = end.max(track.entry.end());
        }
        if end < self.source.len() {
            let tail = self.source.bytes(end, self.source.len().saturating_sub(end), self.context)?;
            let what = format!("{} bytes after the last track", tail.len());
            self.note(&FORMAT_TAIL, Span::file(end, tail.len() as u64), Place::Whole, what);
            self.keep(raw::PART_TAIL, Place::Whole, &tail, end);
        }
        if self.odd {
            let table: Vec<u8> = held.iter().flat_map(|h| h.entry.bytes()).collect();
            let layout = raw::kept(raw::PART_LAYOUT, Place::Whole, &table, HEADER as u64);
            self.opaque.push(Opaque { policy: Policy::Recompute, ..layout });
        }
        Ok(())
    }
}

/// Loads the tracks, each by itself.
struct Loader {
    source: Source,
    held: Vec<Held>,
    old: bool,
    clock: Clock,
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let held = self.held.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let packed = held.packed(&self.source, context)?;
        let words = words_of(&packed, held.entry, self.old, context)?;
        let cut = (packed.len() as u64) < u64::from(held.entry.packed);
        let cut = cut.then(|| {
            let what = format!("the file has {} of the {} packed bytes", packed.len(), held.entry.packed);
            (&FORMAT_TRUNCATED, what)
        });
        let odd = words::trouble(&words.said);
        let rest =
            (!words.rest.is_empty()).then(|| (&FORMAT_ODD_VALUE, "the track is no whole number of words".into()));
        let mut track = Track::of(Reading::Flux(words::flux(words.said.intervals, self.clock)));
        for (code, message) in [cut, words.trouble, rest, odd].into_iter().flatten() {
            let span = Span::file(held.entry.start(), held.entry.packed.into());
            track.findings.push(Finding::new(code, span, Place::Track(held.at), message));
        }
        Ok(track)
    }

    /// Packed as a whole: no part of a track has a place of its own.
    fn locate(&self, index: usize, _: usize, _: Range<u64>, _: &Context) -> Option<Span> {
        let entry = self.held.get(index)?.entry;
        Some(Span::file(entry.start(), entry.packed.into()))
    }
}
