//! Recognising and reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{
    FLUX_CAPTURE, FLUX_NO_INDEX, FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_TAIL, FORMAT_TRUNCATED,
};
use floptical_model::{
    Carrier, Context, DriveFacts, Edge, Error, Finding, Findings, Floppy, Flux, Image, IndexMark, Known, Opaque, Place,
    Policy, Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::raw::{self, Code, Event, OVERFLOW, Walk};
use super::{info, name};
use crate::{Answer, Evidence, Probe, ReadOptions};

/// Names of the opaque parts.
pub(super) const PART_TEXT: &str = "kryoflux.info";
pub(super) const PART_BLOCK: &str = "kryoflux.block";
pub(super) const PART_COUNTERS: &str = "kryoflux.index-counters";
pub(super) const PART_RESULT: &str = "kryoflux.result";
pub(super) const PART_TAIL: &str = "kryoflux.tail";
pub(super) const PART_STREAM: &str = "kryoflux.stream-info";

/// There is no magic: a stream shows itself by blocks that hold together.
pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let mut verdict = judge(probe.head());
    if verdict == Some(None) && probe.len() > Probe::HEAD as u64 {
        let len = usize::try_from(probe.len()).unwrap_or(usize::MAX).min(Probe::CAP);
        verdict = probe.bytes(0, len).and_then(|bytes| judge(&bytes));
    }
    let reason = verdict.flatten();
    reason.map(|reason| Answer::new(Evidence::STRUCTURE, reason)).into_iter().collect()
}

/// `None` for what is no stream, `Some(None)` while nothing tells.
fn judge(bytes: &[u8]) -> Option<Option<String>> {
    let mut positions = 0u32;
    for event in Walk::new(bytes) {
        match event {
            // No drive makes two transitions at once.
            Event::Code { code: Code::Time(0), .. } => return None,
            Event::Code { .. } => {}
            Event::Block { kind: raw::TEXT, data, at: 0, .. } => {
                let text = data.strip_suffix(&[0]).unwrap_or(data);
                let readable = text.iter().all(|b| matches!(b, b' '..=b'~')) && text.contains(&b'=');
                return readable.then(|| Some("a text block at the start".into()));
            }
            Event::Block { kind: raw::TEXT, .. } => {}
            Event::Block { kind: raw::INFO, data, position, .. } => {
                let [said, _] = raw::numbers(data).filter(|[said, _]| u64::from(*said) == position)?;
                positions = positions.saturating_add((said > 0).into());
            }
            Event::Block { kind: raw::INDEX, data, position, .. } => {
                // An index is reported soon after it came.
                let [said, ..] = raw::numbers::<3>(data)?;
                if u64::from(said).abs_diff(position) > 0x1_0000 {
                    return None;
                }
                positions = positions.saturating_add(1);
            }
            Event::Block { kind: raw::END, data, .. } => {
                raw::numbers::<2>(data)?;
            }
            Event::Block { .. } => return None,
            Event::Eof { .. } | Event::Cut { .. } => break,
        }
    }
    Some((positions > 0).then(|| format!("{positions} blocks tell their position")))
}

pub(super) fn read(files: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let mut image_findings = Findings::default();
    let mut places = BTreeMap::new();
    let mut opaque = Vec::new();
    let mut claims = None;
    for (index, source) in files.files().iter().enumerate() {
        context.entry(1)?;
        let file = u16::try_from(index).map_err(|_| Error::unsupported("more than 65,535 files"))?;
        let at = position(source, files.files().len(), file, &mut image_findings)?;
        if places.insert(at, index).is_some() {
            return Err(Error::unsupported(format!("two files are track {at}; a set has one of each")));
        }
        let bytes = source.all(context)?;
        let kept = Scan::of(&bytes, file).kept(at, &bytes);
        if claims.is_none() || places.keys().next() == Some(&at) {
            claims = Some(claims_of(&kept, file));
        }
        opaque.extend(kept);
    }
    if places.is_empty() {
        return Err(Error::unsupported("no file was given"));
    }
    let heads = heads(places.keys());
    let positions = places.iter().map(|(at, index)| (*index, *at)).collect();
    let loader = Loader { files: files.files().to_vec(), positions };
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy {
            drive: DriveFacts { heads, ..DriveFacts::default() },
            layout: Known::Unrecorded,
            tracks: TrackMap::new(places, Arc::new(loader)),
        }),
        claims: claims.unwrap_or_default(),
        opaque,
        findings: image_findings,
    })
}

fn position(source: &Source, files: usize, file: u16, findings: &mut Findings) -> Result<TrackAt> {
    match name::parse(source.name()) {
        Some((_, at)) => Ok(at),
        None if files == 1 => {
            let at = Span::File { file, start: 0, len: source.len() };
            let what = "the name tells no cylinder and side; taken for the first";
            findings.push(Finding::new(&FORMAT_ODD_VALUE, at, Place::Whole, what));
            Ok(TrackAt::new(0, 0))
        }
        None => Err(Error::unsupported(format!("the name of {} tells no cylinder and side", source.name()))),
    }
}

/// How many sides these positions are on.
pub(super) fn heads<'a>(positions: impl Iterator<Item = &'a TrackAt>) -> Known<u8> {
    let mut seen = [false; 2];
    for at in positions {
        if let Some(side) = seen.get_mut(usize::from(at.head)) {
            *side = true;
        }
    }
    Known::Value(seen.iter().map(|s| u8::from(*s)).sum())
}

/// What the texts of a track say, those kept or the canonical one.
pub(super) fn claims_of(kept: &[Opaque], file: u16) -> Vec<floptical_model::Claim> {
    let texts: Vec<(&[u8], Span)> =
        kept.iter().filter(|o| o.name == PART_TEXT).map(|o| (&*o.bytes, o.at.clone())).collect();
    if texts.is_empty() {
        let at = Span::File { file, start: raw::BLOCK_HEAD as u64, len: info::CANONICAL.len() as u64 };
        return info::claims(std::iter::once((info::CANONICAL, at)));
    }
    info::claims(texts.into_iter())
}

/// An index block: position, ticks since the transition before, index clock.
#[derive(Debug, Clone, Copy)]
struct Index {
    position: u64,
    ticks: u32,
    counter: u32,
}

/// The blocks of a stream, and how it ends.
struct Scan<'a> {
    file: u16,
    texts: Vec<(&'a [u8], usize)>,
    others: Vec<(&'a [u8], usize)>,
    index: Vec<Index>,
    /// The position that each block tells, and the one where it stands.
    told: Vec<(u32, u64, usize)>,
    infos: Vec<u8>,
    result: Option<(u32, usize)>,
    cut: Option<usize>,
    ended: bool,
    tail: Option<(usize, &'a [u8])>,
    len: usize,
}

impl<'a> Scan<'a> {
    fn of(bytes: &'a [u8], file: u16) -> Self {
        let mut scan = Self {
            file,
            texts: Vec::new(),
            others: Vec::new(),
            index: Vec::new(),
            told: Vec::new(),
            infos: Vec::new(),
            result: None,
            cut: None,
            ended: false,
            tail: None,
            len: bytes.len(),
        };
        let mut walk = Walk::new(bytes);
        loop {
            walk.short_times(u64::MAX);
            let Some(event) = walk.next() else { return scan };
            match event {
                Event::Code { .. } => {}
                Event::Block { kind, data, at, position } => scan.block(bytes, kind, data, (at, position)),
                Event::Eof { at } => {
                    scan.ended = true;
                    let end = at.saturating_add(raw::EOF.len());
                    scan.tail = bytes.get(end..).filter(|tail| !tail.is_empty()).map(|tail| (end, tail));
                }
                Event::Cut { at } => scan.cut = Some(at),
            }
        }
    }

    fn block(&mut self, bytes: &'a [u8], kind: u8, data: &'a [u8], (at, position): (usize, u64)) {
        let data_at = at.saturating_add(raw::BLOCK_HEAD);
        match (kind, raw::numbers::<2>(data), raw::numbers::<3>(data)) {
            (raw::INFO, Some([said, _]), _) => {
                self.told.push((said, position, at));
                self.infos.extend(data);
            }
            (raw::INDEX, _, Some([position, ticks, counter])) => {
                self.index.push(Index { position: position.into(), ticks, counter });
            }
            (raw::END, Some([said, result]), _) if self.result.is_none() => {
                self.told.push((said, position, at));
                self.result = Some((result, at));
            }
            (raw::TEXT, ..) => self.texts.push((data, data_at)),
            // The kind, the length and the data.
            _ => {
                let end = data_at.saturating_add(data.len());
                let start = at.saturating_add(1);
                self.others.push((bytes.get(start..end).unwrap_or(&[]), start));
            }
        }
    }

    fn span(&self, at: usize, len: usize) -> Span {
        Span::File { file: self.file, start: at as u64, len: len as u64 }
    }

    /// The parts of the stream that its flux does not tell.
    fn kept(&self, at: TrackAt, bytes: &[u8]) -> Vec<Opaque> {
        let part = |name: &str, bytes: &[u8], start: usize| Opaque {
            name: name.into(),
            place: Place::Track(at),
            bytes: bytes.into(),
            policy: Policy::Verbatim,
            at: self.span(start, bytes.len()),
        };
        let mut kept = Vec::new();
        let usual = matches!(self.texts.as_slice(), [(text, _)] if *text == info::CANONICAL);
        if !usual {
            // Not even one is kept as one that is empty.
            let none = self.texts.is_empty().then(|| part(PART_TEXT, &[], 0));
            kept.extend(self.texts.iter().map(|(text, at)| part(PART_TEXT, text, *at)).chain(none));
        }
        kept.extend(self.others.iter().map(|(block, at)| part(PART_BLOCK, block, *at)));
        kept.extend(
            self.result.filter(|(result, _)| *result != 0).map(|(r, at)| part(PART_RESULT, &r.to_le_bytes(), at)),
        );
        let mut times = Times::new(&self.index);
        let end = times.walk(bytes, false);
        times.late(end);
        let (marks, counters): (Vec<IndexMark>, Vec<u32>) = times.marks.into_iter().unzip();
        let counters = numbers(&counters);
        kept.extend((counters != usual_counters(&marks)).then(|| part(PART_COUNTERS, &counters, 0)));
        kept.extend(self.tail.map(|(at, tail)| part(PART_TAIL, tail, at)));
        if !self.is_told_as_written() {
            kept.push(Opaque { policy: Policy::Recompute, ..part(PART_STREAM, &self.infos, 0) });
        }
        kept
    }

    /// No more to tell than how long the stream is, and that in its place.
    fn is_told_as_written(&self) -> bool {
        let right = self.told.iter().all(|(said, position, _)| u64::from(*said) == *position);
        let plain = match self.infos.get(4..) {
            Some(time) => time == [0; 4] && self.told.len() == 2,
            None => true,
        };
        right && plain && self.result.is_some() && self.ended && self.cut.is_none()
    }

    fn findings(&self, place: &Place) -> Findings {
        let mut all = Findings::default();
        let mut note = |code, at, message: String| all.push(Finding::new(code, at, place.clone(), message));
        for (said, position, at) in self.told.iter().filter(|(said, position, _)| u64::from(*said) != *position) {
            let what = format!("the block tells position {said} of the stream, and stands at {position}");
            note(&FORMAT_FIELDS_DIFFER, self.span(*at, 12), what);
        }
        match self.result {
            Some((0, _)) => {}
            Some((result, at)) => {
                let words = match result {
                    1 => "the buffer ran over",
                    2 => "no index came",
                    _ => "unknown",
                };
                note(&FLUX_CAPTURE, self.span(at, 12), format!("result of the capture: {result} ({words})"));
            }
            None => note(&FORMAT_TRUNCATED, self.span(self.len, 0), "the stream has no end block".into()),
        }
        if !self.ended && self.cut.is_none() {
            note(&FORMAT_TRUNCATED, self.span(self.len, 0), "the stream has no end mark".into());
        }
        if let Some(at) = self.cut {
            note(
                &FORMAT_TRUNCATED,
                self.span(at, self.len.saturating_sub(at)),
                "the file ends within a block or a time".into(),
            );
        }
        if let Some((at, tail)) = self.tail {
            note(&FORMAT_TAIL, self.span(at, tail.len()), format!("{} bytes after the end", tail.len()));
        }
        for (_, at) in &self.others {
            note(&FORMAT_ODD_VALUE, self.span(*at, 1), "a block of unknown kind or size".into());
        }
        all
    }

    fn clock(&self) -> floptical_model::Clock {
        info::clock(self.texts.iter().map(|(text, _)| *text))
    }
}

/// Loads a track from its file.
struct Loader {
    files: Vec<Source>,
    positions: BTreeMap<usize, TrackAt>,
}

impl Loader {
    fn file(&self, index: usize) -> Result<(&Source, u16)> {
        let file = self.files.get(index).zip(u16::try_from(index).ok());
        file.ok_or_else(|| Error::unsupported("no such track"))
    }
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let (source, file) = self.file(index)?;
        let bytes = source.all(context)?;
        // A time takes a byte at least.
        context.reserve(source.len().saturating_mul(4))?;
        let place = Place::Track(self.positions.get(&index).copied().unwrap_or(TrackAt::new(0, 0)));
        let scan = Scan::of(&bytes, file);
        let mut findings = scan.findings(&place);
        let mut times = Times::new(&scan.index);
        let end = times.walk(&bytes, true);
        let mut note = |code, message: String| {
            findings.push(Finding::new(code, Span::File { file, start: 0, len: source.len() }, place.clone(), message));
        };
        if times.late(end) {
            note(&FORMAT_FIELDS_DIFFER, "an index came at a position past the end of the stream".into());
        }
        if times.overflows > 0 {
            note(&FORMAT_ODD_VALUE, "the stream ends within a time, which is lost".into());
        }
        if times.too_long {
            note(&FORMAT_ODD_VALUE, format!("an interval is longer than {} ticks", u32::MAX));
        }
        let flux = times.flux(scan.clock());
        if flux.index.len() < 2 {
            note(&FLUX_NO_INDEX, format!("the capture has {} index marks", flux.index.len()));
        }
        Ok(Track { readings: vec![Reading::Flux(flux)], findings })
    }

    fn locate(&self, index: usize, _: usize, ticks: Range<u64>, context: &Context) -> Option<Span> {
        let (source, file) = self.file(index).ok()?;
        let bytes = source.all(context).ok()?;
        let (mut tick, mut began, mut first, mut end) = (0u64, None, None, 0usize);
        for event in Walk::new(&bytes) {
            let Event::Code { code, at, len, .. } = event else { continue };
            let from = *began.get_or_insert(at);
            let Code::Time(rest) = code else {
                tick = tick.saturating_add(if code == Code::Overflow { OVERFLOW.into() } else { 0 });
                continue;
            };
            tick = tick.saturating_add(rest.into());
            began = None;
            if tick > ticks.start {
                first.get_or_insert(from);
                end = at.saturating_add(len);
            }
            if tick >= ticks.end {
                break;
            }
        }
        let first = first?;
        Some(Span::File { file, start: first as u64, len: end.saturating_sub(first) as u64 })
    }
}

/// Gathers intervals, and finds for every index the interval it came in.
struct Times {
    kept: Option<Vec<u32>>,
    /// Intervals so far.
    count: usize,
    marks: Vec<(IndexMark, u32)>,
    /// Index blocks by position, last first.
    waiting: Vec<Index>,
    tick: u64,
    overflows: u64,
    too_long: bool,
}

impl Times {
    fn new(index: &[Index]) -> Self {
        let mut waiting = index.to_vec();
        waiting.sort_by_key(|i| std::cmp::Reverse((i.position, i.ticks)));
        Self { kept: None, count: 0, marks: Vec::new(), waiting, tick: 0, overflows: 0, too_long: false }
    }

    /// Walk all codes, and keep their intervals or count them only; the position
    /// after the last.
    fn walk(&mut self, bytes: &[u8], keep: bool) -> u64 {
        let mut walk = Walk::new(bytes);
        self.kept = keep.then(|| Vec::with_capacity(bytes.len()));
        loop {
            if self.overflows == 0 {
                self.short_times(walk.short_times(self.waiting.last().map_or(u64::MAX, |index| index.position)));
            }
            let Some(event) = walk.next() else { return walk.position };
            let Event::Code { code, len, position, .. } = event else { continue };
            let end = position.saturating_add(len as u64);
            while let Some(index) = self.waiting.pop_if(|i| i.position < end) {
                self.mark(index);
            }
            match code {
                Code::Nothing => {}
                Code::Overflow => self.overflows = self.overflows.saturating_add(1),
                Code::Time(rest) => self.time(rest),
            }
        }
    }

    /// Take many times of one byte.
    fn short_times(&mut self, times: &[u8]) {
        self.count = self.count.saturating_add(times.len());
        self.kept.as_mut().into_iter().for_each(|kept| kept.extend(times.iter().map(|ticks| u32::from(*ticks))));
        for piece in times.chunks(256) {
            // Sums of two bytes are made many at once.
            let sum = piece.iter().fold(0u16, |sum, ticks| sum.wrapping_add((*ticks).into()));
            self.tick = self.tick.saturating_add(sum.into());
        }
    }

    fn running(&self) -> u64 {
        self.overflows.saturating_mul(OVERFLOW.into())
    }

    fn mark(&mut self, index: Index) {
        let tick = self.tick.saturating_add(self.running()).saturating_add(index.ticks.into());
        let interval = u32::try_from(self.count).unwrap_or(u32::MAX);
        self.marks.push((IndexMark { tick, interval }, index.counter));
    }

    fn time(&mut self, rest: u16) {
        let ticks = self.running().saturating_add(rest.into());
        self.too_long |= ticks > u32::MAX.into();
        self.count = self.count.saturating_add(1);
        self.kept.as_mut().into_iter().for_each(|kept| kept.push(u32::try_from(ticks).unwrap_or(u32::MAX)));
        self.tick = self.tick.saturating_add(ticks);
        self.overflows = 0;
    }

    /// Take the marks after the last code; true when one is beyond the end.
    fn late(&mut self, end: u64) -> bool {
        let mut late = false;
        while let Some(index) = self.waiting.pop() {
            late |= index.position > end;
            self.mark(index);
        }
        late
    }

    fn flux(self, clock: floptical_model::Clock) -> Flux {
        let index: Vec<IndexMark> = self.marks.into_iter().map(|(mark, _)| mark).collect();
        let (start, end) = edges(&index, self.count);
        Flux { clock, intervals: self.kept.unwrap_or_default().into(), index, sector_marks: Vec::new(), start, end }
    }
}

/// Numbers as a block holds them.
fn numbers(all: &[u32]) -> Vec<u8> {
    all.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// What the index clock shows when it starts with the capture.
pub(super) fn usual_counters(marks: &[IndexMark]) -> Vec<u8> {
    let counters: Vec<u32> = marks.iter().map(|m| usual_counter(m.tick)).collect();
    numbers(&counters)
}

/// The index clock at a tick; it turns over as its 32 bits do.
fn usual_counter(tick: u64) -> u32 {
    u32::try_from((tick / raw::INDEX_DIVIDER) & u64::from(u32::MAX)).unwrap_or(0)
}

/// A capture begins or ends at an index where one came just then.
pub(super) fn edges(index: &[IndexMark], intervals: usize) -> (Edge, Edge) {
    let edge = |yes: bool| if yes { Edge::Index } else { Edge::Anywhere };
    let at_start = index.first().is_some_and(|m| m.tick == 0 && m.interval == 0);
    let at_end = index.last().is_some_and(|m| usize::try_from(m.interval) == Ok(intervals));
    (edge(at_start), edge(at_end))
}
