//! Recognising and reading.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{
    FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_RESERVED, FORMAT_TAIL, FORMAT_TRUNCATED,
};
use floptical_model::{
    Bits, Carrier, CellClock, Cells, Code, Context, DriveFacts, Error, Finding, Findings, Floppy, Form, Image, Join,
    Known, Layout, Opaque, Place, Policy, Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap, Why,
};

use super::raw::{self, MAGIC, Speeds, TABLE};
use crate::{Answer, Evidence, Probe, ReadOptions};

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    let head = probe.head();
    let Some(magic) = MAGIC.iter().find(|magic| head.starts_with(&magic[..])) else { return Vec::new() };
    let mut answer = Answer::new(Evidence::MAGIC, String::from_utf8_lossy(&magic[..]));
    if let Some(reason) = structure(probe) {
        answer.evidence = answer.evidence | Evidence::STRUCTURE;
        answer.reasons.push(reason);
    }
    vec![answer]
}

/// The tables lie in the file, and the tracks after them.
fn structure(probe: &mut Probe<'_>) -> Option<String> {
    let entries = usize::from(*probe.head().get(raw::ENTRIES)?);
    let starts = probe.bytes(TABLE as u64, entries.checked_mul(4)?)?;
    let first = TABLE.checked_add(entries.checked_mul(8)?)? as u64;
    let used: Vec<u64> = starts.chunks_exact(4).map(raw::u32_le).filter(|s| *s != 0).map(u64::from).collect();
    let within = |start: &u64| (first..probe.len()).contains(start);
    (!used.is_empty() && used.iter().all(within)).then(|| format!("{} of {entries} half tracks are there", used.len()))
}

pub(super) fn read(files: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = files.first().ok_or_else(|| Error::unsupported("no file was given"))?;
    let header = source.bytes(0, TABLE as u64, context)?;
    let Some((sides, magic)) = (1u8..).zip(MAGIC).find(|(_, magic)| header.starts_with(&magic[..])) else {
        return Err(Error::malformed(Span::file(0, 8), "the magic of G64 is not there"));
    };
    let byte = |at: usize| header.get(at).copied().unwrap_or(0);
    let longest = raw::u16_le(header.get(raw::LONGEST..).unwrap_or(&[]));
    let entries = byte(raw::ENTRIES);
    let mut opening =
        Opening { source, context, longest, opaque: Vec::new(), findings: Findings::default(), odd: false };
    opening.note_header(sides, entries);
    let tracks = opening.tracks(sides, usize::from(entries))?;
    let Opening { opaque, findings, .. } = opening;
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy { drive: drive(sides), layout: Known::Unrecorded, tracks }),
        claims: raw::claims(magic, byte(raw::VERSION)),
        opaque,
        findings,
    })
}

/// The drives that the two kinds are of.
pub(super) fn drive(sides: u8) -> DriveFacts {
    DriveFacts {
        form: Known::Assumed(Form::Inch5, Why::Format),
        tpi: Known::Assumed(48, Why::Format),
        rotation: Known::Assumed(Layout::RPM_300, Why::Format),
        heads: Known::Value(sides),
        ..DriveFacts::default()
    }
}

/// Cells as this format has them.
pub(super) fn cells(bits: Arc<Bits>, clock: CellClock) -> Cells {
    Cells {
        bits,
        clock,
        areas: Vec::new(),
        index_at: Known::Unrecorded,
        join: Known::Value(Join::Padded),
        revolution: 0,
    }
}

/// A half track of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    at: TrackAt,
    /// Where its length stands.
    start: u64,
    /// Its length in bytes, as told.
    len: u16,
    /// Its speed, or where its map lies.
    field: u32,
    /// `None` where the file does not tell.
    speeds: Option<Speeds>,
}

impl Held {
    /// Where its cells begin.
    fn data(&self) -> u64 {
        self.start.saturating_add(2)
    }

    /// How many bytes of its cells the file has.
    fn there(&self, file: u64) -> u64 {
        u64::from(self.len).min(file.saturating_sub(self.data()))
    }
}

/// What the tables point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// A track, by the entry that names it first.
    Track(u8),
    /// The speed map of the track of an entry.
    Map(u8),
}

impl Item {
    /// The two bytes that the part with the order holds of it.
    pub(super) fn bytes(self) -> [u8; 2] {
        match self {
            Self::Track(entry) => [0, entry],
            Self::Map(entry) => [1, entry],
        }
    }
}

/// What is noticed and kept while the file is opened.
struct Opening<'a> {
    source: &'a Source,
    context: &'a Context,
    /// Bytes of the longest track, as the header has it.
    longest: u16,
    opaque: Vec<Opaque>,
    findings: Findings,
    /// The tables point at what is not written so here.
    odd: bool,
}

impl Opening<'_> {
    fn note(&mut self, code: &'static Code, at: Span, place: Place, message: impl Into<String>) {
        self.findings.push(Finding::new(code, at, place, message));
    }

    fn keep(&mut self, name: &str, place: Place, bytes: &[u8], start: u64) {
        self.opaque.push(raw::kept(name, place, bytes, start));
    }

    fn note_header(&mut self, sides: u8, entries: u8) {
        if entries != raw::PER_SIDE.saturating_mul(sides) {
            self.keep(raw::COUNT, Place::Whole, &[entries], raw::ENTRIES as u64);
        }
        if self.longest != raw::USUAL_LONGEST {
            self.keep(raw::MAX, Place::Whole, &self.longest.to_le_bytes(), raw::LONGEST as u64);
        }
    }

    /// The half tracks of the table; aliases share an index.
    fn tracks(&mut self, sides: u8, entries: usize) -> Result<TrackMap> {
        let len = entries.saturating_mul(4);
        let speeds_at = TABLE.saturating_add(len) as u64;
        let starts = self.source.bytes(TABLE as u64, len as u64, self.context)?;
        let fields = self.source.bytes(speeds_at, len as u64, self.context)?;
        let table_end = speeds_at.saturating_add(len as u64);
        let mut held: Vec<(u8, Held)> = Vec::new();
        let pairs = starts.chunks_exact(4).zip(fields.chunks_exact(4));
        for ((entry, (start, field)), place) in (0..=u8::MAX).zip(pairs).zip((TABLE as u64..).step_by(4)) {
            let Some(at) = raw::position(entry.into(), entries, sides) else {
                self.odd = true;
                continue;
            };
            if raw::u32_le(start) == 0 {
                if raw::u32_le(field) != 0 {
                    self.keep(raw::SPEED, Place::Track(at), field, place.saturating_add(len as u64));
                }
                continue;
            }
            let (start, field) = (raw::u32_le(start), raw::u32_le(field));
            held.extend(self.half_track(at, start.into(), field, Span::file(place, 4), table_end)?.map(|h| (entry, h)));
        }
        self.walk(&held, table_end)?;
        if self.odd {
            let layout = raw::kept(raw::LAYOUT, Place::Whole, &[starts, fields].concat(), TABLE as u64);
            self.opaque.push(Opaque { policy: Policy::Recompute, ..layout });
        }
        Ok(track_map(self.source.clone(), held.into_iter().map(|(_, held)| held).collect()))
    }

    fn half_track(&mut self, at: TrackAt, start: u64, field: u32, from: Span, first: u64) -> Result<Option<Held>> {
        let place = Place::Track(at);
        if start < first || start.saturating_add(2) > self.source.len() {
            self.odd = true;
            self.note(&FORMAT_TRUNCATED, from, place, format!("the track would lie at {start}, where no track can"));
            return Ok(None);
        }
        let len = raw::u16_le(&self.source.bytes(start, 2, self.context)?);
        if len > self.longest {
            let what = format!("the track has {len} bytes, and the longest shall have {}", self.longest);
            self.note(&FORMAT_FIELDS_DIFFER, Span::file(start, 2), place.clone(), what);
        }
        let mut held = Held { at, start, len, field, speeds: None };
        self.odd |= held.there(self.source.len()) < len.into();
        held.speeds = match u8::try_from(field) {
            Ok(speed) if speed < 4 => Some(Speeds::One(speed)),
            _ => self.map(&held, first)?,
        };
        Ok(Some(held))
    }

    /// The speeds of a track by its map, which is kept where it is not as it is
    /// written here.
    fn map(&mut self, held: &Held, first: u64) -> Result<Option<Speeds>> {
        let start = u64::from(held.field);
        let wanted = raw::map_len(self.longest.max(held.len)) as u64;
        let there = wanted.min(self.source.len().saturating_sub(start));
        if start < first || there < u64::from(held.len).div_ceil(4) {
            self.odd = true;
            let what = format!("speed {start} is neither 0 to 3 nor the place of a speed map");
            self.note(&FORMAT_ODD_VALUE, Span::file(held.start, 2), Place::Track(held.at), what);
            return Ok(None);
        }
        let map = self.source.bytes(start, there, self.context)?;
        let speeds = Speeds::from_map(&map, held.len.into());
        if map != speeds.to_map(raw::map_len(self.longest)) {
            self.keep(raw::MAP, Place::Track(held.at), &map, start);
        }
        Ok(Some(speeds))
    }

    /// Follow tracks and maps through the file, and keep what lies between.
    fn walk(&mut self, held: &[(u8, Held)], table_end: u64) -> Result<()> {
        let mut items: BTreeMap<u64, (Item, &Held)> = BTreeMap::new();
        let mut sharing = BTreeSet::new();
        for (entry, track) in held {
            let known = items.get(&track.start).map(|(_, other)| other.field);
            // One track at two speeds, or one map of two tracks, is written twice.
            self.odd |= known.is_some_and(|field| field != track.field);
            items.entry(track.start).or_insert((Item::Track(*entry), track));
            if matches!(track.speeds, Some(Speeds::Map(_))) && known.is_none() {
                self.odd |= !sharing.insert(track.field);
                items.entry(track.field.into()).or_insert((Item::Map(*entry), track));
            }
        }
        let order: Vec<Item> = items.values().map(|(item, _)| *item).collect();
        if !order.is_sorted() {
            let bytes: Vec<u8> = order.iter().flat_map(|item| item.bytes()).collect();
            self.keep(raw::ORDER, Place::Whole, &bytes, TABLE as u64);
        }
        let mut end = table_end;
        let mut before: Option<(Item, &Held)> = None;
        for (start, (item, track)) in items {
            self.between(before, end, start)?;
            let len = match item {
                Item::Track(_) => track.there(self.source.len()).saturating_add(2),
                Item::Map(_) => self.map_bytes(track),
            };
            before = Some((item, track));
            end = end.max(start.saturating_add(len));
        }
        self.between(before, end, self.source.len())
    }

    /// Bytes of the map of a track, as many as the file has.
    fn map_bytes(&self, track: &Held) -> u64 {
        let left = self.source.len().saturating_sub(track.field.into());
        (raw::map_len(self.longest.max(track.len)) as u64).min(left)
    }

    /// Keep what lies after a track or a map, or before the first of them.
    fn between(&mut self, before: Option<(Item, &Held)>, end: u64, next: u64) -> Result<()> {
        let Some(len) = next.checked_sub(end) else {
            self.odd = true;
            let what = "tracks or speed maps lie over each other";
            let place = before.map_or(Place::Whole, |(_, track)| Place::Track(track.at));
            self.note(&FORMAT_FIELDS_DIFFER, Span::file(next, end.saturating_sub(next)), place, what);
            return Ok(());
        };
        let bytes = self.source.bytes(end, len, self.context)?;
        match before {
            Some((Item::Track(_), track)) => self.tail(track, &bytes, end),
            Some((Item::Map(_), track)) if len > 0 => self.keep(raw::MAP_TAIL, Place::Track(track.at), &bytes, end),
            None if len > 0 => {
                let what = format!("{len} bytes lie between the tables and the first track");
                self.note(&FORMAT_RESERVED, Span::file(end, len), Place::Whole, what);
                self.keep(raw::EXTENSION, Place::Whole, &bytes, end);
            }
            _ => {}
        }
        Ok(())
    }

    fn tail(&mut self, track: &Held, bytes: &[u8], start: u64) {
        let usual = raw::usual_tail(track.len.into(), self.longest);
        if bytes.len() > usual {
            let what = format!("{} bytes follow the track and its room", bytes.len().saturating_sub(usual));
            self.note(&FORMAT_TAIL, Span::file(start, bytes.len() as u64), Place::Track(track.at), what);
        }
        if bytes.len() != usual || bytes.iter().any(|b| *b != 0) {
            self.keep(raw::TAIL, Place::Track(track.at), bytes, start);
        }
    }
}

/// The positions of the tracks; those of one place and speed share an index.
fn track_map(source: Source, held: Vec<Held>) -> TrackMap {
    let mut first: BTreeMap<(u64, u32), usize> = BTreeMap::new();
    let index = |(i, held): (usize, &Held)| (held.at, *first.entry((held.start, held.field)).or_insert(i));
    let places = held.iter().enumerate().map(index).collect();
    TrackMap::new(places, Arc::new(Loader { source, held }))
}

/// Loads the cells of half tracks.
struct Loader {
    source: Source,
    held: Vec<Held>,
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let held = self.held.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let there = held.there(self.source.len());
        let bytes = self.source.bytes(held.data(), there, context)?;
        let clock = held.speeds.as_ref().map_or(CellClock::Uniform(Known::Unrecorded), Speeds::clock);
        let bits = Bits::from_msb(&bytes, bytes.len().saturating_mul(8));
        let mut track = Track::of(Reading::Cells(cells(Arc::new(bits), clock)));
        if there < held.len.into() {
            let what = format!("the file has {there} of the {} bytes of this track", held.len);
            let span = Span::file(held.data(), held.len.into());
            track.findings.push(Finding::new(&FORMAT_TRUNCATED, span, Place::Track(held.at), what));
        }
        Ok(track)
    }

    fn locate(&self, index: usize, _: usize, cells: Range<u64>, _: &Context) -> Option<Span> {
        let held = self.held.get(index)?;
        let (first, last) = (cells.start / 8, cells.end.checked_sub(1)?.max(cells.start) / 8);
        let within = last < held.there(self.source.len());
        within.then(|| Span::file(held.data().saturating_add(first), last.saturating_sub(first).saturating_add(1)))
    }
}
