//! Recognising and reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{
    FLUX_NO_INDEX, FORMAT_CHECKSUM, FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_SUM_PASSED_OVER, FORMAT_TAIL,
    FORMAT_TRUNCATED,
};
use floptical_model::{
    Carrier, Claim, Clock, Code, Context, DriveFacts, Edge, Error, Finding, Findings, Floppy, Flux, Image, IndexMark,
    Known, Opaque, Place, Policy, Reading, Result, Span, Track, TrackLoader, TrackMap,
};

use super::raw::{self, HEADER, Numbering, Revolution};
use super::tail;
use super::words::{OVERFLOW, Times, words_of};
use crate::{Answer, Evidence, Probe, ReadOptions};

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let Some(header) = probe.bytes(0, HEADER).filter(|h| h.starts_with(raw::MAGIC)) else { return Vec::new() };
    let field = |at: usize| header.get(at).copied().unwrap_or(0);
    if field(raw::REVOLUTIONS) == 0 || !matches!(field(raw::WIDTH), 0 | 16) {
        return Vec::new();
    }
    let Some((entry, offset)) = first_track(probe, raw::table(field(raw::FLAGS))) else {
        return vec![Answer::new(Evidence::WEAK_MARKS, "the letters SCP, and no track")];
    };
    let mut answer = Answer::new(Evidence::MAGIC, "SCP");
    if probe.bytes(offset.into(), 4).is_some_and(|t| t == [b'T', b'R', b'K', entry]) {
        answer.evidence = answer.evidence | Evidence::STRUCTURE;
        answer.reasons.push(format!("the header of track {entry} is where the table says"));
    }
    let rest = usize::try_from(probe.len()).unwrap_or(usize::MAX).saturating_sub(HEADER);
    let sum = raw::u32_le(&header, raw::CHECKSUM).unwrap_or(0);
    // The cap of a probe bounds what is read here.
    if sum != 0 && rest <= Probe::CAP && probe.bytes(HEADER as u64, rest).is_some_and(|all| sum_of(&all) == sum) {
        answer.evidence = answer.evidence | Evidence::CHECKSUM;
        answer.reasons.push("the sum of its bytes".into());
    }
    vec![answer]
}

/// The first entry of the table that points somewhere.
fn first_track(probe: &mut Probe<'_>, start: usize) -> Option<(u8, u32)> {
    let room = usize::try_from(probe.len()).ok()?.saturating_sub(start).min(raw::ENTRIES.saturating_mul(4));
    let table = probe.bytes(start as u64, room)?;
    let offsets = table.chunks_exact(4).map(|raw| raw::u32_le(raw, 0).unwrap_or(0));
    (0..=u8::MAX).zip(offsets).find(|(_, offset)| *offset != 0)
}

fn sum_of(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0u32, |sum, b| sum.wrapping_add((*b).into()))
}

/// A track as its header tells.
struct Held {
    entry: u8,
    start: u64,
    /// Without the empty ones at the end.
    revolutions: Vec<Revolution>,
    /// What is wrong with the header.
    problem: Option<(&'static Code, String)>,
}

pub(super) fn read(files: &FileSet, options: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = files.first().ok_or_else(|| Error::unsupported("no file was given"))?;
    let header = source.bytes(0, HEADER as u64, context)?;
    check(&header)?;
    let field = |at: usize| header.get(at).copied().unwrap_or(0);
    let mut opening = Opening {
        source,
        context,
        revolutions: field(raw::REVOLUTIONS),
        table: raw::table(field(raw::FLAGS)) as u64,
        opaque: Vec::new(),
        claims: raw::claims(&header),
        findings: Findings::default(),
        odd: false,
    };
    opening.keep_extended()?;
    let (tracks, table) = opening.tracks()?;
    let entries: Vec<u8> = tracks.iter().map(|t| t.entry).collect();
    let numbering = numbering(field(raw::SIDES), field(raw::TYPE), &entries);
    opening.keep_fields(&header, numbering, &tracks);
    opening.walk(&tracks, numbering, table)?;
    opening.check_sum(&header, options.without_sum)?;
    let Opening { opaque, claims, findings, .. } = opening;
    let drive = DriveFacts {
        heads: match field(raw::SIDES) {
            0 => Known::Value(2),
            1 | 2 => Known::Value(1),
            _ => Known::Unrecorded,
        },
        ..DriveFacts::default()
    };
    let places: BTreeMap<_, _> = tracks.iter().enumerate().map(|(i, t)| (numbering.position(t.entry), i)).collect();
    let loader = Loader {
        source: source.clone(),
        tracks,
        numbering,
        clock: raw::clock(field(raw::RESOLUTION)),
        indexed: field(raw::FLAGS) & raw::INDEX > 0,
        single: field(raw::REVOLUTIONS) == 1,
    };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy {
            drive,
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(loader)),
        }),
        claims,
        opaque,
        findings,
    })
}

fn check(header: &[u8]) -> Result<()> {
    let field = |at: usize| header.get(at).copied().unwrap_or(0);
    let at = |at: usize| Span::file(at as u64, 1);
    if !header.starts_with(raw::MAGIC) {
        return Err(Error::malformed(Span::file(0, 3), "the magic of SCP is not there"));
    }
    if !matches!(field(raw::WIDTH), 0 | 16) {
        let what = format!("times of {} bits are not read", field(raw::WIDTH));
        return Err(Error::unsupported(what).at(at(raw::WIDTH)));
    }
    Ok(())
}

/// Some tools number the tracks of one side one after the other, and so do
/// captures of half tracks of Commodore disks.
fn numbering(sides: u8, disk_type: u8, entries: &[u8]) -> Numbering {
    let odd = entries.iter().filter(|e| *e % 2 == 1).count();
    let even = entries.len().saturating_sub(odd);
    let both = odd > 0 && even > 0;
    match sides {
        1 | 2 if both => Numbering::Cylinders(sides.saturating_sub(1)),
        0 if disk_type == 0 && both && even == odd.saturating_add(1) && even < 42 => Numbering::Cylinders(0),
        _ => Numbering::Sides,
    }
}

/// What is noticed and kept while the file is opened.
struct Opening<'a> {
    source: &'a Source,
    context: &'a Context,
    revolutions: u8,
    /// Where the table stands.
    table: u64,
    opaque: Vec<Opaque>,
    claims: Vec<Claim>,
    findings: Findings,
    /// The tracks do not lie as they are written here.
    odd: bool,
}

impl Opening<'_> {
    fn note(&mut self, code: &'static Code, at: Span, message: impl Into<String>) {
        self.findings.push(Finding::new(code, at, Place::Whole, message));
    }

    /// What stands between the header and the table in the extended mode.
    fn keep_extended(&mut self) -> Result<()> {
        let start = HEADER as u64;
        let room = self.table.min(self.source.len()).saturating_sub(start);
        if room > 0 {
            let held = self.source.bytes(start, room, self.context)?;
            self.opaque.push(raw::kept(raw::PART_EXTENDED, Place::Whole, &held, start));
        }
        Ok(())
    }

    /// The headers of the tracks by their entry, and where the table ends.
    fn tracks(&mut self) -> Result<(Vec<Held>, u64)> {
        let full = (raw::ENTRIES.saturating_mul(4)) as u64;
        let start = self.table.min(self.source.len());
        let room = self.source.len().saturating_sub(start).min(full);
        let table = self.source.bytes(start, room, self.context)?;
        let offsets: Vec<u32> = table.chunks_exact(4).map(|raw| raw::u32_le(raw, 0).unwrap_or(0)).collect();
        let entries = table_entries(&offsets, usize::try_from(self.table).unwrap_or(usize::MAX));
        if room < full && entries > offsets.len() {
            self.odd = true;
            self.note(&FORMAT_TRUNCATED, Span::file(start, room), "the file ends within the table of tracks");
        }
        if entries < raw::ENTRIES {
            let count = u8::try_from(entries).unwrap_or(u8::MAX);
            self.opaque.push(raw::kept(raw::PART_TABLE, Place::Whole, &[count], start));
        }
        if self.revolutions == 0 && offsets.iter().any(|o| *o != 0) {
            self.odd = true;
            self.note(&FORMAT_ODD_VALUE, Span::file(raw::REVOLUTIONS as u64, 1), "the tracks have 0 revolutions");
        }
        let held = (0..=u8::MAX).zip(offsets.iter().take(entries)).filter(|(_, offset)| **offset != 0);
        let tracks: Result<Vec<Held>> = held.map(|(entry, offset)| self.track(entry, u64::from(*offset))).collect();
        Ok((tracks?, self.table.saturating_add((entries.saturating_mul(4)) as u64)))
    }

    fn track(&mut self, entry: u8, start: u64) -> Result<Held> {
        self.context.entry(1)?;
        let len = raw::track_header_len(self.revolutions) as u64;
        let mut held = Held { entry, start, revolutions: Vec::new(), problem: None };
        if start.saturating_add(len) > self.source.len() {
            self.odd = true;
            held.problem = Some((&FORMAT_TRUNCATED, "the track lies past the end of the file".into()));
            return Ok(held);
        }
        let header = self.source.bytes(start, len, self.context)?;
        if !header.starts_with(raw::TRACK_MAGIC) {
            self.odd = true;
            held.problem = Some((&FORMAT_FIELDS_DIFFER, "no track header is where the table says".into()));
            return Ok(held);
        }
        let number = header.get(3).copied().unwrap_or(0);
        if number != entry {
            self.odd = true;
            held.problem =
                Some((&FORMAT_FIELDS_DIFFER, format!("the track header has the number {number}, the table {entry}")));
        }
        let all = header.get(4..).unwrap_or(&[]).chunks_exact(Revolution::LEN).filter_map(Revolution::parse);
        held.revolutions = all.collect();
        self.odd |= !is_regular(&held.revolutions, len);
        while held.revolutions.last().is_some_and(|r| r.is_empty()) {
            held.revolutions.pop();
        }
        if held.revolutions.is_empty() {
            held.problem.get_or_insert((&FORMAT_ODD_VALUE, "the track has no revolution".into()));
        }
        Ok(held)
    }

    /// Fields that are not what the tracks suggest.
    fn keep_fields(&mut self, header: &[u8], numbering: Numbering, tracks: &[Held]) {
        let entries: Vec<u8> = tracks.iter().map(|t| t.entry).collect();
        let most = tracks.iter().map(|t| t.revolutions.len()).max().unwrap_or(0);
        let most = u8::try_from(most).unwrap_or(u8::MAX).max(1);
        let range = [entries.first().copied().unwrap_or(0), entries.last().copied().unwrap_or(0)];
        let sides = raw::sides_of(numbering, &entries);
        let resolution = header.get(raw::RESOLUTION).copied().filter(|_| !tracks.is_empty()).unwrap_or(0);
        let rows: [(&str, usize, &[u8]); 5] = [
            (raw::PART_RESOLUTION, raw::RESOLUTION, &[resolution]),
            (raw::PART_REVOLUTIONS, raw::REVOLUTIONS, &[most]),
            (raw::PART_RANGE, raw::RANGE, &range),
            (raw::PART_WIDTH, raw::WIDTH, &[0]),
            (raw::PART_SIDES, raw::SIDES, &[sides]),
        ];
        for (name, at, usual) in rows {
            let held = header.get(at..).and_then(|rest| rest.get(..usual.len())).unwrap_or(&[]);
            if held != usual {
                self.opaque.push(raw::kept(name, Place::Whole, held, at as u64));
            }
        }
        if let Numbering::Cylinders(head) = numbering {
            self.note(
                &FORMAT_ODD_VALUE,
                Span::file(raw::SIDES as u64, 1),
                "the tracks of one side are numbered one after the other",
            );
            self.opaque.push(raw::kept(raw::PART_NUMBERING, Place::Whole, &[head], raw::SIDES as u64));
        }
        let sides = header.get(raw::SIDES).copied().unwrap_or(0);
        let other = matches!(sides, 1 | 2) && !entries.is_empty() && entries.iter().all(|e| e % 2 == sides % 2);
        if numbering == Numbering::Sides && other {
            let what = format!("the header names side {} only, the table the other", sides.saturating_sub(1));
            self.note(&FORMAT_FIELDS_DIFFER, Span::file(raw::SIDES as u64, 1), what);
        }
        if sides > 2 {
            self.note(&FORMAT_ODD_VALUE, Span::file(raw::SIDES as u64, 1), format!("sides: code {sides}"));
        }
    }

    /// Follow the tracks through the file, keep what lies between and after.
    fn walk(&mut self, tracks: &[Held], numbering: Numbering, table: u64) -> Result<()> {
        let mut end = table;
        for track in tracks.iter().filter(|t| t.start < self.source.len()) {
            let place = Place::Track(numbering.position(track.entry));
            if track.start > end {
                let gap = self.source.bytes(end, track.start.saturating_sub(end), self.context)?;
                self.opaque.push(raw::kept(raw::PART_GAP, place.clone(), &gap, end));
            }
            let data: u64 = track.revolutions.iter().fold(0, |sum: u64, r| sum.saturating_add(r.bytes()));
            let len = (raw::track_header_len(self.revolutions) as u64).saturating_add(data);
            self.odd |= track.start < end || track.start.saturating_add(len) > self.source.len();
            end = end.max(track.start.saturating_add(len));
        }
        if !self.odd {
            tracks.iter().try_for_each(|track| self.keep_split(track, numbering))?;
        }
        if end < self.source.len() {
            self.keep_tail(end)?;
        }
        if self.odd {
            let start = self.table.min(self.source.len());
            let len = table.min(self.source.len()).saturating_sub(start);
            let offsets = self.source.bytes(start, len, self.context)?;
            let layout = raw::kept(raw::PART_LAYOUT, Place::Whole, &offsets, start);
            self.opaque.push(Opaque { policy: Policy::Recompute, ..layout });
            self.note(
                &FORMAT_ODD_VALUE,
                Span::file(start, offsets.len() as u64),
                "the tracks do not follow one another as usual",
            );
        }
        Ok(())
    }

    /// Overflow words at the end of a revolution: the time that they add to
    /// ends in another.
    fn keep_split(&mut self, track: &Held, numbering: Numbering) -> Result<()> {
        let mut zeros = Vec::with_capacity(track.revolutions.len());
        for revolution in &track.revolutions {
            let start = track.start.saturating_add(revolution.offset.into());
            zeros.push(self.zeros_at_end(start, revolution.words)?);
        }
        if zeros.iter().any(|z| *z > 0) {
            let bytes: Vec<u8> = zeros.iter().flat_map(|z| z.to_le_bytes()).collect();
            self.opaque.push(raw::kept(
                raw::PART_SPLIT,
                Place::Track(numbering.position(track.entry)),
                &bytes,
                track.start,
            ));
        }
        Ok(())
    }

    fn zeros_at_end(&self, start: u64, words: u32) -> Result<u32> {
        let mut word = [0; 2];
        let mut zeros = 0u32;
        while zeros < words {
            let nth = u64::from(words.saturating_sub(zeros).saturating_sub(1));
            self.source.read_at(start.saturating_add(nth.saturating_mul(2)), &mut word)?;
            if word != [0; 2] {
                break;
            }
            self.context.step(1)?;
            zeros = zeros.saturating_add(1);
        }
        Ok(zeros)
    }

    fn keep_tail(&mut self, end: u64) -> Result<()> {
        let tail = self.source.bytes(end, self.source.len().saturating_sub(end), self.context)?;
        let said = tail::claims(&tail, end);
        if said.is_empty() {
            self.note(
                &FORMAT_TAIL,
                Span::file(end, tail.len() as u64),
                format!("{} bytes after the last track", tail.len()),
            );
        }
        self.claims.extend(said);
        let tail = raw::kept(raw::PART_TAIL, Place::Whole, &tail, end);
        self.opaque.push(Opaque { policy: Policy::DropIfChanged, ..tail });
        Ok(())
    }

    fn check_sum(&mut self, header: &[u8], passed_over: bool) -> Result<()> {
        let said = raw::u32_le(header, raw::CHECKSUM).unwrap_or(0);
        let at = Span::file(raw::CHECKSUM as u64, 4);
        if passed_over {
            self.note(&FORMAT_SUM_PASSED_OVER, at, format!("the sum {said:08X} was not held against the file"));
            return Ok(());
        }
        let mut sum = 0u32;
        let len = self.source.len().saturating_sub(HEADER as u64);
        self.source.pieces(HEADER as u64, len, self.context, |piece| sum = sum.wrapping_add(sum_of(piece)))?;
        let part = raw::kept(raw::PART_CHECKSUM, Place::Whole, &said.to_le_bytes(), raw::CHECKSUM as u64);
        if said != sum && said == 0 {
            self.opaque.push(part);
        } else if said != sum {
            self.note(&FORMAT_CHECKSUM, at, format!("the sum of the bytes is {sum:08X}, the header says {said:08X}"));
            self.opaque.push(Opaque { policy: Policy::Recompute, ..part });
        }
        Ok(())
    }
}

/// How many entries a table has: it ends where the first track begins.
fn table_entries(offsets: &[u32], start: usize) -> usize {
    let mut first = usize::MAX;
    for (nth, offset) in offsets.iter().enumerate() {
        let end = nth.saturating_mul(4).saturating_add(start);
        if end >= first {
            return nth;
        }
        let offset = usize::try_from(*offset).unwrap_or(usize::MAX);
        first = if offset > end { first.min(offset) } else { first };
    }
    raw::ENTRIES.min(first.saturating_sub(start) / 4)
}

/// True when the data of each revolution follows that of the one before.
fn is_regular(revolutions: &[Revolution], header: u64) -> bool {
    let used = revolutions.iter().rposition(|r| !r.is_empty()).map_or(0, |last| last.saturating_add(1));
    let mut expected = header;
    revolutions.iter().enumerate().all(|(nth, revolution)| {
        let at = if nth < used { expected } else { 0 };
        expected = expected.saturating_add(revolution.bytes());
        u64::from(revolution.offset) == at
    })
}

/// Loads the tracks, each by itself.
struct Loader {
    source: Source,
    tracks: Vec<Held>,
    numbering: Numbering,
    clock: Clock,
    /// Captures start at an index mark.
    indexed: bool,
    /// There is one revolution: whole, wherever it starts.
    single: bool,
}

impl Loader {
    fn held(&self, index: usize) -> Result<&Held> {
        self.tracks.get(index).ok_or_else(|| Error::unsupported("no such track"))
    }

    /// Where the bytes of a revolution lie: offset and length, as many as the file
    /// has.
    fn extent(&self, track: &Held, revolution: Revolution) -> (u64, u64) {
        let start = track.start.saturating_add(revolution.offset.into()).min(self.source.len());
        (start, revolution.bytes().min(self.source.len().saturating_sub(start)))
    }
}

impl Loader {
    /// A track with the first `count` of its revolutions.
    fn track(&self, index: usize, count: usize, context: &Context) -> Result<Track> {
        let held = self.held(index)?;
        let revolutions = held.revolutions.get(..count).unwrap_or(&held.revolutions);
        let place = Place::Track(self.numbering.position(held.entry));
        let mut track = Track::default();
        let header = Span::file(held.start, raw::track_header_len(0) as u64);
        let mut note =
            |code, message: String| track.findings.push(Finding::new(code, header.clone(), place.clone(), message));
        if let Some((code, message)) = &held.problem {
            note(code, message.clone());
        }
        let all: u64 = revolutions.iter().fold(0, |sum: u64, r| sum.saturating_add(r.words.into()));
        context.reserve(all.min(self.source.len().saturating_mul(revolutions.len() as u64)).saturating_mul(4))?;
        let mut times = Times::default();
        // No more than the words that the file can hold.
        times.intervals.reserve(usize::try_from(all.min(self.source.len() / 2)).unwrap_or(0));
        let mut tick = 0u64;
        let mut marks = Vec::new();
        if self.indexed || self.single {
            marks.push(IndexMark { tick: 0, interval: 0 });
        }
        for (nth, revolution) in revolutions.iter().enumerate() {
            let (start, len) = self.extent(held, *revolution);
            if len < revolution.bytes() {
                note(
                    &FORMAT_TRUNCATED,
                    format!("the file has {len} of the {} bytes of revolution {nth}", revolution.bytes()),
                );
            }
            self.source.pieces(start, len, context, |piece| times.take_all(piece))?;
            tick = tick.saturating_add(revolution.ticks.into());
            marks.push(IndexMark { tick, interval: u32::try_from(times.intervals.len()).unwrap_or(u32::MAX) });
        }
        if times.too_long {
            note(&FORMAT_ODD_VALUE, format!("an interval is longer than {} ticks", u32::MAX));
        }
        if marks.len() < 2 && !revolutions.is_empty() {
            note(&FLUX_NO_INDEX, "the capture ends at its first index mark".into());
        }
        let start = if self.indexed { Edge::Index } else { Edge::Anywhere };
        track.readings.push(Reading::Flux(Flux {
            clock: self.clock,
            intervals: times.intervals.into(),
            index: if revolutions.is_empty() { Vec::new() } else { marks },
            sector_marks: Vec::new(),
            start,
            end: Edge::Index,
        }));
        Ok(track)
    }
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        self.track(index, usize::MAX, context)
    }

    fn load_first(&self, index: usize, context: &Context) -> Result<Option<Track>> {
        let several = self.held(index)?.revolutions.len() > 1;
        several.then(|| self.track(index, 1, context)).transpose()
    }

    fn locate(&self, index: usize, _: usize, ticks: Range<u64>, context: &Context) -> Option<Span> {
        let held = self.held(index).ok()?;
        let (mut tick, mut first, mut last) = (0u64, None, None);
        // Where the overflow words of the running time began.
        let mut began = None;
        for revolution in &held.revolutions {
            let (start, len) = self.extent(held, *revolution);
            let bytes = self.source.bytes(start, len, context).ok()?;
            let mut offset = held.start.saturating_add(revolution.offset.into());
            for word in words_of(&bytes) {
                let from = *began.get_or_insert(offset);
                offset = offset.saturating_add(2);
                if word == 0 {
                    tick = tick.saturating_add(OVERFLOW.into());
                    continue;
                }
                tick = tick.saturating_add(word.into());
                began = None;
                if tick > ticks.start {
                    first.get_or_insert(from);
                    last = Some(offset);
                }
                if tick >= ticks.end {
                    let len = last?.checked_sub(first?)?;
                    return Some(Span::file(first?, len));
                }
            }
        }
        Some(Span::file(first?, last?.checked_sub(first?)?))
    }
}
