//! Recognising and reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{
    FLUX_INDEX_INFERRED, FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_TAIL, FORMAT_TRUNCATED, FORMAT_UNREADABLE_REST,
};
use floptical_model::{
    Bits, Carrier, CellClock, Cells, Claim, ClaimKind, Code, Context, Edge, Error, Finding, Findings, Floppy, Flux,
    Image, Join, Known, Opaque, Place, Policy, Ps, Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::info;
use super::raw::{self, BITS, HEADER, Record, SOLVED, TABLE};
use crate::applesauce::chunks::{self, Chunk};
use crate::applesauce::{SIGNATURE, meta, times, u32_le};
use crate::{Answer, Evidence, Probe};

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let head = probe.head();
    let Some(version) = version_of(head) else { return Vec::new() };
    let name = format!("A2R{version}");
    if head.get(4..HEADER) != Some(&SIGNATURE[..]) {
        return vec![Answer::new(Evidence::WEAK_MARKS, format!("the letters {name}"))];
    }
    let mut answer = Answer::new(Evidence::MAGIC, name);
    if probe.bytes(HEADER as u64, raw::INFO.len()).is_some_and(|id| id == raw::INFO) {
        answer.evidence = answer.evidence | Evidence::STRUCTURE;
        answer.reasons.push("the chunk INFO is where it should be".into());
    }
    vec![answer]
}

/// The version in a magic, where it is one of those that there are.
fn version_of(header: &[u8]) -> Option<char> {
    let version = header.strip_prefix(raw::MAGIC)?.first()?;
    (b'1'..=b'3').contains(version).then(|| char::from(*version))
}

pub(super) fn read(files: &FileSet, context: &Context) -> Result<Image> {
    let source = files.first().ok_or_else(|| Error::unsupported("no file was given"))?;
    let header = source.bytes(0, HEADER as u64, context)?;
    let Some(version) = version_of(&header) else {
        return Err(Error::malformed(Span::file(0, 4), "the magic of A2R is not there"));
    };
    if header.get(4..) != Some(&SIGNATURE[..]) {
        let what = "the bytes FF 0A 0D 0A are not there: the file was changed on its way, perhaps as a text";
        return Err(Error::malformed(Span::file(4, 4), what));
    }
    let (chunks, end) = chunks::walk(source, HEADER as u64, context)?;
    let info = chunks.iter().find(|c| c.id == *raw::INFO).copied();
    let info = info.ok_or_else(|| Error::malformed(Span::file(HEADER as u64, 4), "there is no chunk INFO"))?;
    let (opaque, findings) = (Vec::new(), Findings::default());
    let mut opening = Opening { source, context, opaque, findings, odd: false, in_step: false, begun: 0 };
    let said = info.bytes(source, context)?;
    let drive = opening.info(&said, &info, version);
    let of_captures =
        |c: &Chunk| if version < '3' { c.id == *raw::STRM } else { c.id == *raw::RWCP || c.id == *raw::SLVD };
    let mut records = Vec::new();
    for chunk in chunks.iter().filter(|c| of_captures(c)) {
        records.extend(opening.records(chunk, drive)?);
    }
    opening.note_begun(&info);
    opening.order(&chunks, &records, of_captures);
    let held = opening.held(records, drive)?;
    let mut claims = vec![self::version(&header)];
    claims.extend(info::claims(&said, info.data()));
    let others = chunks.iter().filter(|c| !of_captures(c) && **c != info);
    claims.extend(opening.keep_chunks(others)?);
    opening.keep_rest(end, &chunks)?;
    let Opening { opaque, findings, .. } = opening;
    let places = held.iter().enumerate().map(|(i, held)| (held.at, i)).collect();
    let loader = Loader { source: source.clone(), held, is_loop: version < '3' };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy {
            drive: info::facts(drive),
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(loader)),
        }),
        claims,
        opaque,
        findings,
    })
}

/// What the magic says of itself.
pub(super) fn version(header: &[u8]) -> Claim {
    let magic = header.get(..4).unwrap_or(header);
    let text = String::from_utf8_lossy(magic).into_owned();
    Claim { kind: ClaimKind::Version, raw: magic.to_vec(), text, at: Span::file(0, 4) }
}

/// A track: its records, solved ones behind the captures.
struct Held {
    at: TrackAt,
    records: Vec<Record>,
}

impl Held {
    /// The records that are readings of flux.
    fn times(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|r| r.is_times())
    }

    /// The capture of bits that is a reading, as there is no other.
    fn bits(&self) -> Option<&Record> {
        self.records.iter().find(|r| r.kind == BITS).filter(|_| self.times().next().is_none())
    }
}

/// What is noticed and kept while the file is opened.
struct Opening<'a> {
    source: &'a Source,
    context: &'a Context,
    opaque: Vec<Opaque>,
    findings: Findings,
    /// The file does not lie as it is written here.
    odd: bool,
    /// INFO says that captures are in step with each other.
    in_step: bool,
    /// Captures whose start was taken for the index.
    begun: u64,
}

impl Opening<'_> {
    fn note(&mut self, code: &'static Code, at: Span, place: Place, message: impl Into<String>) {
        self.findings.push(Finding::new(code, at, place, message));
    }

    fn keep(&mut self, part: &str, place: Place, bytes: &[u8], start: u64, policy: Policy) {
        self.opaque.push(raw::kept(part, place, bytes, start, policy));
    }

    /// The drive, and what follows the fields.
    fn info(&mut self, said: &[u8], chunk: &Chunk, version: char) -> u8 {
        let drive = said.get(info::DRIVE).copied().unwrap_or(0);
        if !info::is_known(drive) {
            let at = Span::file(chunk.data().saturating_add(info::DRIVE as u64), 1);
            self.note(&FORMAT_ODD_VALUE, at, Place::Whole, format!("drive {drive}"));
        }
        self.in_step = version >= '3' && info::in_step(said);
        let usual = info_len(version >= '3');
        self.odd |= said.len() < usual;
        if let Some(more) = said.get(usual..).filter(|more| !more.is_empty()) {
            let at = chunk.data().saturating_add(usual as u64);
            self.keep(raw::PART_INFO, Place::Whole, more, at, Policy::Verbatim);
        }
        drive
    }

    /// The records of a chunk; what stands in it and is none is kept.
    fn records(&mut self, chunk: &Chunk, drive: u8) -> Result<Vec<Record>> {
        let bytes = chunk.bytes(self.source, self.context)?;
        let (stream, solved) = (chunk.id == *raw::STRM, chunk.id == *raw::SLVD);
        let resolution = if stream { raw::TICK } else { u32_le(&bytes, raw::RESOLUTION).unwrap_or(0) };
        let begin = if stream { 0 } else { TABLE };
        let usual = usual_table(solved, resolution);
        if !stream && (bytes.get(..TABLE) != Some(&usual[..]) || resolution == 0) {
            self.odd = true;
            let what = format!("a head that is not as usual; {resolution} ps a tick");
            self.note(&FORMAT_ODD_VALUE, Span::file(chunk.data(), TABLE as u64), Place::Whole, what);
            self.keep(
                raw::PART_LAYOUT,
                Place::Whole,
                bytes.get(..TABLE).unwrap_or(&bytes),
                chunk.data(),
                Policy::Recompute,
            );
        }
        let (mut all, mut at) = (Vec::new(), begin);
        loop {
            let record = match stream {
                true => raw::stream_record(&bytes, at, chunk.data()),
                false => raw::record(&bytes, at, chunk.data(), solved, resolution),
            };
            let Some(mut record) = record else { break };
            if self.in_step && record.mark_start() {
                self.begun = self.begun.saturating_add(1);
            }
            self.context.entry(1)?;
            let end = usize::try_from(record.end().saturating_sub(chunk.data())).unwrap_or(usize::MAX);
            self.note_record(&record, drive)?;
            if info::position(drive, record.location).is_some() {
                all.push(record);
            }
            // A record takes more than nothing, whatever it says.
            at = end.max(at.saturating_add(1));
        }
        let last = if stream { raw::LAST } else { raw::END };
        let rest = bytes.get(at..).unwrap_or(&[]);
        if rest != [last] {
            self.odd = true;
            let start = chunk.data().saturating_add(at as u64);
            let what = "something else than a record, or no end";
            self.note(&FORMAT_UNREADABLE_REST, Span::file(start, rest.len() as u64), Place::Whole, what);
            self.keep(raw::PART_LAYOUT, Place::Whole, rest, start, Policy::Recompute);
        }
        Ok(all)
    }

    /// Says that the marks at the start of captures are not the file's.
    fn note_begun(&mut self, info: &Chunk) {
        if self.begun > 0 {
            let at = Span::file(info.data().saturating_add(info::IN_STEP as u64), 1);
            let what = format!(
                "the start of {} captures is taken for the index: INFO says that they are in step, and the first mark \
                 closes a turn, as long as the next where there is one",
                self.begun
            );
            self.note(&FLUX_INDEX_INFERRED, at, Place::Whole, what);
        }
    }

    fn note_record(&mut self, record: &Record, drive: u8) -> Result<()> {
        let head = Span::file(record.start, record.data.saturating_sub(record.start));
        let position = info::position(drive, record.location);
        let place = position.map_or(Place::Whole, Place::Track);
        if record.there < record.len {
            self.odd = true;
            let what = format!("the chunk has {} of the {} bytes of a capture", record.there, record.len);
            self.note(&FORMAT_TRUNCATED, head.clone(), place.clone(), what);
        }
        if position.is_none() {
            self.odd = true;
            self.note(&FORMAT_ODD_VALUE, head, place, format!("location {}", record.location));
            let bytes = self.source.bytes(record.start, record.end().saturating_sub(record.start), self.context)?;
            self.keep(raw::PART_LAYOUT, Place::Whole, &bytes, record.start, Policy::Recompute);
        } else if !record.is_times() && record.kind != BITS {
            self.note(&FORMAT_ODD_VALUE, head, place, format!("a capture of kind {}", record.kind));
        }
        Ok(())
    }

    /// INFO, captures, solved tracks, then others; captures by location.
    fn order(&mut self, chunks: &[Chunk], records: &[Record], of_captures: impl Fn(&Chunk) -> bool) {
        let ids: Vec<[u8; 4]> = chunks.iter().map(|c| c.id).collect();
        let captures = chunks.iter().filter(|c| of_captures(c)).count();
        let shape = ids.first() == Some(raw::INFO) && chunks.iter().skip(1).take(captures).all(&of_captures);
        let one = |id: &[u8; 4]| ids.iter().filter(|other| *other == id).count() <= 1;
        let (raws, solved): (Vec<&Record>, Vec<&Record>) = records.iter().partition(|r| r.kind != SOLVED);
        let sorted = raws.is_sorted_by_key(|r| r.location) && solved.is_sorted_by(|a, b| a.location < b.location);
        let solved_last = ids.get(1) != Some(raw::SLVD) || raws.is_empty();
        // A chunk without records is not written.
        let empty = captures != usize::from(!raws.is_empty()).saturating_add(usize::from(!solved.is_empty()));
        let usual = shape && one(raw::INFO) && sorted && solved_last && !empty;
        if !usual {
            self.odd = true;
        }
        self.odd |= chunks.iter().take(captures.saturating_add(1)).any(Chunk::is_cut);
    }

    /// The records of each track, and what is not said by its readings.
    fn held(&mut self, records: Vec<Record>, drive: u8) -> Result<Vec<Held>> {
        let mut tracks: BTreeMap<TrackAt, Vec<Record>> = BTreeMap::new();
        for record in records {
            let Some(at) = info::position(drive, record.location) else { continue };
            tracks.entry(at).or_default().push(record);
        }
        let mut all = Vec::new();
        for (at, mut records) in tracks {
            records.sort_by_key(|r| r.kind == SOLVED);
            self.keep_of_track(at, &records)?;
            all.push(Held { at, records });
        }
        Ok(all)
    }

    fn keep_of_track(&mut self, at: TrackAt, records: &[Record]) -> Result<()> {
        let place = Place::Track(at);
        let (mut kinds, mut usual, mut rests) = (Vec::new(), Vec::new(), Vec::new());
        let first = records.first().map_or(0, |r| r.start);
        for record in records {
            if record.kind == SOLVED {
                let mirror = self.source.bytes(record.body, 8, self.context)?;
                self.keep(raw::PART_SOLVED, place.clone(), &mirror, record.body, Policy::Verbatim);
            } else {
                kinds.push(record.kind);
            }
            if record.is_times() {
                let bytes = self.source.bytes(record.data, record.there, self.context)?;
                let times = times::read(&bytes);
                rests.extend(u32::try_from(times.rest).unwrap_or(u32::MAX).to_le_bytes());
                if times.too_long {
                    let span = Span::file(record.data, record.there);
                    let what = format!("an interval is longer than {} ticks", u32::MAX);
                    self.note(&FORMAT_ODD_VALUE, span, place.clone(), what);
                }
                if record.kind != SOLVED {
                    usual.push(raw::usual_kind(&of_record(record, times.intervals, times.ticks, false)));
                }
            } else {
                let len = record.end().saturating_sub(record.body);
                let bytes = self.source.bytes(record.body, len, self.context)?;
                self.keep(raw::PART_RECORD, place.clone(), &bytes, record.body, Policy::Verbatim);
            }
        }
        if kinds != usual {
            self.keep(raw::PART_KINDS, place.clone(), &kinds, first, Policy::Verbatim);
        }
        if rests.iter().any(|b| *b != 0) {
            self.keep(raw::PART_REST, place, &rests, first, Policy::Verbatim);
        }
        Ok(())
    }

    /// Every other chunk as it is; gives what META says.
    fn keep_chunks<'a>(&mut self, chunks: impl Iterator<Item = &'a Chunk>) -> Result<Vec<Claim>> {
        let mut claims = Vec::new();
        for chunk in chunks {
            let whole = chunk.whole(self.source, self.context)?;
            if chunk.is_cut() {
                let what = format!("the file has {} of the {} bytes of a chunk", chunk.there, chunk.len);
                self.note(&FORMAT_TRUNCATED, chunk.span(), Place::Whole, what);
            }
            if chunk.id == *meta::ID {
                claims.extend(meta::claims(whole.get(8..).unwrap_or(&[]), chunk.data()));
            }
            self.keep(raw::PART_CHUNK, Place::Whole, &whole, chunk.start, Policy::Verbatim);
        }
        Ok(claims)
    }

    /// What follows the last chunk, and a mark for a file that is not written
    /// so here.
    fn keep_rest(&mut self, end: u64, chunks: &[Chunk]) -> Result<()> {
        let tail = self.source.part(end, self.source.len()).all(self.context)?;
        if !tail.is_empty() {
            let span = Span::file(end, tail.len() as u64);
            self.note(&FORMAT_TAIL, span, Place::Whole, format!("{} bytes after the last chunk", tail.len()));
            self.keep(raw::PART_TAIL, Place::Whole, &tail, end, Policy::Verbatim);
        }
        if self.odd {
            let order: Vec<u8> = chunks.iter().flat_map(|c| c.id).collect();
            self.keep(raw::PART_LAYOUT, Place::Whole, &order, HEADER as u64, Policy::Recompute);
            let what = "chunks and captures do not follow one another as usual";
            self.note(&FORMAT_FIELDS_DIFFER, Span::file(0, self.source.len()), Place::Whole, what);
        }
        Ok(())
    }
}

/// Bytes of INFO, of version 3 or before.
pub(super) fn info_len(third: bool) -> usize {
    if third { info::LEN } else { info::LEN.saturating_sub(1) }
}

/// What RWCP and SLVD have before their records.
pub(super) fn usual_table(solved: bool, resolution: u32) -> [u8; TABLE] {
    let mut table = [0; TABLE];
    table[0] = if solved { 2 } else { 1 };
    table.iter_mut().skip(raw::RESOLUTION).zip(resolution.to_le_bytes()).for_each(|(byte, own)| *byte = own);
    table
}

/// The flux of a record. Where a solved track has no marks, they are where it
/// closes; the loop of a stream is no index.
fn of_record(record: &Record, intervals: Vec<u32>, ticks: u64, is_loop: bool) -> Flux {
    let marks: Vec<u64> = match record.index.as_slice() {
        [] if record.kind == SOLVED => vec![0, ticks],
        marks => marks.iter().map(|tick| u64::from(*tick)).collect(),
    };
    let clock = raw::clock(record.resolution).unwrap_or(floptical_model::Clock::hz(8_000_000));
    let mut flux = raw::flux(clock, intervals, &marks);
    if is_loop {
        (flux.start, flux.end) = (Edge::Anywhere, Edge::Anywhere);
    }
    flux
}

/// Loads the tracks, each by itself.
struct Loader {
    source: Source,
    held: Vec<Held>,
    /// Marks are of loops.
    is_loop: bool,
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let held = self.held.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let mut track = Track::default();
        for record in held.times() {
            let bytes = self.source.bytes(record.data, record.there, context)?;
            context.reserve((bytes.len() as u64).saturating_mul(4))?;
            let times = times::read(&bytes);
            let flux = of_record(record, times.intervals, times.ticks, self.is_loop);
            track.readings.push(Reading::Flux(flux));
        }
        if let Some(record) = held.bits() {
            let bytes = self.source.bytes(record.data, record.there, context)?;
            track.readings.push(Reading::Cells(cells(&bytes, record)));
        }
        Ok(track)
    }

    fn locate(&self, index: usize, reading: usize, range: Range<u64>, context: &Context) -> Option<Span> {
        let record = self.held.get(index)?.times().nth(reading)?;
        let bytes = self.source.bytes(record.data, record.there, context).ok()?;
        let found = times::locate(&bytes, &range)?;
        Some(Span::file(record.data.saturating_add(found.start), found.end.saturating_sub(found.start)))
    }
}

/// The cells of a capture of bits, up to its loop where it has one.
fn cells(bytes: &[u8], record: &Record) -> Cells {
    let all = bytes.len().saturating_mul(8);
    let turn = record.index.get(1).and_then(|ticks| usize::try_from(ticks / raw::CELL).ok());
    let turn = turn.filter(|turn| (1..=all).contains(turn));
    Cells {
        bits: Arc::new(Bits::from_msb(bytes, turn.unwrap_or(all))),
        clock: CellClock::Uniform(Known::Value(Ps(u64::from(raw::CELL).saturating_mul(raw::TICK.into())))),
        areas: Vec::new(),
        index_at: Known::Unrecorded,
        join: Known::Value(if turn.is_some() { Join::Circle } else { Join::Open }),
        revolution: 0,
    }
}
