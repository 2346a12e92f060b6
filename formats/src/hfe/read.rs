//! Recognising and reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{
    FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_RESERVED, FORMAT_TAIL, FORMAT_TRUNCATED,
};
use floptical_model::{
    Bits, Carrier, CellClock, Cells, Context, DriveFacts, Error, Finding, Findings, Floppy, Image, Join, Known, Opaque,
    Place, Policy, Ps, Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::raw::{self, BLOCK, HALF};
use super::{Version, stream};
use crate::{Answer, Evidence, Probe};

/// Rates above this many kbit/s are of no floppy.
const FASTEST: u16 = 2000;

pub(super) fn identify(version: Version, probe: &mut Probe<'_>) -> Vec<Answer> {
    let head = probe.head();
    let unread =
        |reason: &str, why: &'static str| vec![Answer { unread: Some(why), ..Answer::new(Evidence::MAGIC, reason) }];
    if version == Version::One && head.starts_with(raw::MAGIC_STREAM) {
        return unread("the magic of a stream HFE", "an HFE of a kind not read yet (stream)");
    }
    if !head.starts_with(version.magic()) {
        return Vec::new();
    }
    if head.get(raw::REVISION).is_some_and(|revision| *revision != 0) {
        return unread("the magic of an extended HFE", "an HFE of a kind not read yet (extended)");
    }
    answer(probe, &String::from_utf8_lossy(version.magic()))
}

fn answer(probe: &mut Probe<'_>, magic: &str) -> Vec<Answer> {
    let mut answer = Answer::new(Evidence::MAGIC, format!("{magic}, revision 0"));
    if let Some(reason) = structure(probe) {
        answer.evidence = answer.evidence | Evidence::STRUCTURE;
        answer.reasons.push(reason);
    }
    vec![answer]
}

/// The table lies in the file, and its first track after it.
fn structure(probe: &mut Probe<'_>) -> Option<String> {
    let header = probe.bytes(0, BLOCK)?;
    let sides = *header.get(raw::SIDES)?;
    let table = u64::from(raw::u16_le(raw::at(&header, raw::LIST, 2))).saturating_mul(BLOCK as u64);
    let entry = probe.bytes(table, 4)?;
    let cylinders = *header.get(raw::CYLINDERS)?;
    let first = u64::from(raw::u16_le(&entry)).saturating_mul(BLOCK as u64);
    let holds = (1..=2).contains(&sides) && table > 0 && (cylinders == 0 || first == 0 || first < probe.len());
    holds.then(|| format!("a table of {cylinders} cylinders with {sides} sides"))
}

/// An entry of the table.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u64,
    /// Bytes of both sides.
    len: u16,
}

impl Entry {
    /// Bytes of one side.
    fn side(self) -> usize {
        usize::from(self.len / 2)
    }

    /// Bytes that its blocks take in the file.
    fn stored(self) -> u64 {
        raw::in_blocks(usize::from(self.len)) as u64
    }

    fn end(self) -> u64 {
        self.start.saturating_add(self.stored())
    }

    /// The blocks, as many of their bytes as the file has.
    fn blocks(self, source: &Source, context: &Context) -> Result<Vec<u8>> {
        let start = self.start.min(source.len());
        source.bytes(start, self.stored().min(source.len().saturating_sub(start)), context)
    }
}

pub(super) fn read(version: Version, files: &FileSet, context: &Context) -> Result<Image> {
    let source = files.first().ok_or_else(|| Error::unsupported("no file was given"))?;
    let header = source.bytes(0, BLOCK as u64, context)?;
    check_kind(version, &header)?;
    let sides = match header.get(raw::SIDES) {
        None | Some(0) => return Err(Error::malformed(Span::file(raw::SIDES as u64, 1), "number of sides: 0")),
        Some(sides) => *sides,
    };
    let mut opening =
        Opening { source, context, opaque: raw::odd_fields(&header), findings: Findings::default(), odd: false };
    opening.note_fields(&header, sides);
    let entries = opening.table(&header)?;
    let rate = raw::u16_le(raw::at(&header, raw::RATE, 2));
    let rpm = raw::u16_le(raw::at(&header, raw::RPM, 2));
    let cell = raw::cell(rate).map_or(Known::Unrecorded, Known::Value);
    let drive = DriveFacts {
        rotation: Ps::SECOND
            .saturating_mul(60)
            .checked_div(rpm.into())
            .map_or(Known::Unrecorded, |ps| Known::Value(Ps(ps))),
        heads: Known::Value(sides.min(2)),
        ..DriveFacts::default()
    };
    let places = match version {
        Version::One => {
            opening.fillers(&entries, sides.min(2))?;
            sides_of(&entries, sides.min(2))
        }
        Version::Three => opening.streams(&entries, sides.min(2))?,
    };
    let Opening { opaque, findings, .. } = opening;
    let tracks = TrackMap::new(places, Arc::new(Loader { source: source.clone(), version, entries, cell }));
    Ok(Image {
        format: version.id(),
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy { drive, layout: Known::Unrecorded, tracks }),
        claims: raw::claims(&header),
        opaque,
        findings,
    })
}

fn check_kind(version: Version, header: &[u8]) -> Result<()> {
    let revision = header.get(raw::REVISION).copied().unwrap_or(0);
    let kind = match header {
        h if h.starts_with(version.magic()) && revision == 0 => return Ok(()),
        h if h.starts_with(version.magic()) => format!("HFE of revision {revision} (extended)"),
        h if h.starts_with(raw::MAGIC_STREAM) => "a stream HFE".into(),
        _ => return Err(Error::malformed(Span::file(0, 8), "the magic of HFE is not there")),
    };
    Err(Error::unsupported(format!("{kind} is not read yet")).at(Span::file(0, 9)))
}

/// Two indexes for each cylinder.
fn index(at: TrackAt) -> usize {
    usize::from(at.cylinder().unwrap_or(u8::MAX)).saturating_mul(2).saturating_add(at.head.into())
}

fn position(index: usize) -> TrackAt {
    TrackAt::new(u8::try_from(index / 2).unwrap_or(u8::MAX), u8::from(index % 2 == 1))
}

/// Every side of every cylinder that has cells.
fn sides_of(entries: &[Entry], sides: u8) -> BTreeMap<TrackAt, usize> {
    let used = (0..=u8::MAX).zip(entries).filter(|(_, entry)| entry.side() > 0);
    let positions = used.flat_map(|(cylinder, _)| (0..sides).map(move |head| TrackAt::new(cylinder, head)));
    positions.map(|at| (at, index(at))).collect()
}

/// What is noticed and kept while the file is opened.
struct Opening<'a> {
    source: &'a Source,
    context: &'a Context,
    opaque: Vec<Opaque>,
    findings: Findings,
    /// The tracks do not lie as they are written here.
    odd: bool,
}

impl Opening<'_> {
    fn note(&mut self, code: &'static floptical_model::Code, at: Span, message: impl Into<String>) {
        self.findings.push(Finding::new(code, at, Place::Whole, message));
    }

    fn note_fields(&mut self, header: &[u8], sides: u8) {
        let rate = raw::u16_le(raw::at(header, raw::RATE, 2));
        if rate == 0 || rate > FASTEST {
            self.note(&FORMAT_ODD_VALUE, Span::file(raw::RATE as u64, 2), format!("bit rate: {rate} kbit/s"));
        }
        if sides > 2 {
            self.odd = true;
            self.note(&FORMAT_ODD_VALUE, Span::file(raw::SIDES as u64, 1), format!("{sides} sides; two are read"));
        }
        for (name, at) in self.opaque.iter().map(|o| (o.name.clone(), o.at.clone())).collect::<Vec<_>>() {
            self.note(&FORMAT_RESERVED, at, format!("{name} is not as usual"));
        }
    }

    /// The table of tracks, with everything that lies between its tracks.
    fn table(&mut self, header: &[u8]) -> Result<Vec<Entry>> {
        let cylinders = usize::from(header.get(raw::CYLINDERS).copied().unwrap_or(0));
        let block = raw::u16_le(raw::at(header, raw::LIST, 2));
        let start = u64::from(block).saturating_mul(BLOCK as u64);
        if block == 0 {
            return Err(Error::malformed(Span::file(raw::LIST as u64, 2), "the table of tracks lies in the header"));
        }
        let len = cylinders.saturating_mul(4);
        let used = self.source.bytes(start, len as u64, self.context)?;
        self.context.entry(cylinders as u64)?;
        let entries: Vec<Entry> = used.chunks_exact(4).map(entry).collect();
        let table_end = start.saturating_add(raw::table_len(cylinders) as u64);
        self.keep_table_tail(start.saturating_add(len as u64), table_end)?;
        self.odd |= block != 1;
        let end = self.walk(&entries, start, table_end)?;
        if end < self.source.len() {
            let tail = self.source.bytes(end, self.source.len().saturating_sub(end), self.context)?;
            self.note(
                &FORMAT_TAIL,
                Span::file(end, tail.len() as u64),
                format!("{} bytes after the last track", tail.len()),
            );
            self.opaque.push(raw::kept(raw::TAIL, Place::Whole, &tail, end));
        }
        if self.odd {
            let layout = raw::kept(raw::LAYOUT, Place::Whole, &used, start);
            self.opaque.push(Opaque { policy: Policy::Recompute, ..layout });
        }
        Ok(entries)
    }

    fn keep_table_tail(&mut self, start: u64, end: u64) -> Result<()> {
        let tail = self.source.part(start, end.saturating_sub(start)).all(self.context)?;
        self.odd |= (tail.len() as u64) < end.saturating_sub(start);
        if tail.iter().any(|b| *b != 0xFF) {
            self.opaque.push(raw::kept(raw::TABLE_TAIL, Place::Whole, &tail, start));
        }
        Ok(())
    }

    /// Follow the tracks through the file; the place after the last one.
    fn walk(&mut self, entries: &[Entry], table: u64, mut expected: u64) -> Result<u64> {
        for (cylinder, entry) in (0..=u8::MAX).zip(entries) {
            let at = Span::file(table.saturating_add(u64::from(cylinder).saturating_mul(4)), 4);
            let place = Place::Track(TrackAt::new(cylinder, 0));
            if !entry.len.is_multiple_of(2) {
                self.odd = true;
                let what = format!("the {} bytes of two sides are odd", entry.len);
                self.findings.push(Finding::new(&FORMAT_ODD_VALUE, at.clone(), place.clone(), what));
            }
            if entry.side() == 0 {
                let raw =
                    self.source.bytes(table.saturating_add(u64::from(cylinder).saturating_mul(4)), 4, self.context)?;
                self.opaque.push(Opaque { at, ..raw::kept(raw::EMPTY, place, &raw, 0) });
                continue;
            }
            if entry.start > expected && entry.start <= self.source.len() {
                let gap = self.source.bytes(expected, entry.start.saturating_sub(expected), self.context)?;
                self.opaque.push(raw::kept(raw::GAP, place.clone(), &gap, expected));
            }
            if entry.start < expected {
                self.odd = true;
                let what = format!("the track starts at {} within something else", entry.start);
                self.findings.push(Finding::new(&FORMAT_FIELDS_DIFFER, at.clone(), place.clone(), what));
            }
            self.odd |= entry.end() > self.source.len();
            expected = expected.max(entry.end());
        }
        Ok(expected)
    }

    /// Filler that is not data: rests of last blocks, and the half of a side
    /// that the disk does not have. One byte explains most of it.
    fn fillers(&mut self, entries: &[Entry], sides: u8) -> Result<()> {
        let mut fill = None;
        for (cylinder, entry) in (0..=u8::MAX).zip(entries).filter(|(_, e)| e.side() > 0) {
            let blocks = entry.blocks(self.source, self.context)?;
            let pad = pad(&blocks, entry);
            let unused = if sides < 2 { side(&blocks, 1, entry.side()) } else { Vec::new() };
            let fill = *fill.get_or_insert_with(|| pad.last().or(unused.last()).copied().unwrap_or(0));
            let mut keep = |name, head, bytes: &[u8], start| {
                if bytes.iter().any(|b| *b != fill) {
                    let place = Place::Track(TrackAt::new(cylinder, head));
                    self.opaque.push(raw::kept(name, place, bytes, start));
                }
            };
            keep(raw::PAD, 0, &pad, entry.end().saturating_sub(BLOCK as u64));
            keep(raw::UNUSED_SIDE, 1, &unused, entry.start.saturating_add(HALF as u64));
        }
        if let Some(fill) = fill.filter(|f| *f != 0) {
            self.opaque.push(raw::kept(raw::FILL, Place::Whole, &[fill], 0));
        }
        Ok(())
    }

    /// The sides of version 3 that hold cells; what they hold beside them.
    fn streams(&mut self, entries: &[Entry], sides: u8) -> Result<BTreeMap<TrackAt, usize>> {
        let mut places = BTreeMap::new();
        for (cylinder, entry) in (0..=u8::MAX).zip(entries).filter(|(_, e)| e.side() > 0) {
            let blocks = entry.blocks(self.source, self.context)?;
            self.context.step(blocks.len() as u64)?;
            for head in 0..2 {
                let at = TrackAt::new(cylinder, head);
                let mut bytes = side(&blocks, head.into(), entry.side());
                if head >= sides {
                    let used =
                        bytes.iter().rposition(|b| *b != stream::FILLER).map_or(0, |last| last.saturating_add(1));
                    bytes.truncate(used);
                    if !bytes.is_empty() {
                        self.opaque.push(raw::kept(raw::UNUSED_SIDE, Place::Track(at), &bytes, entry.start));
                    }
                    continue;
                }
                let held = stream::decode(&bytes, Known::Unrecorded);
                if !held.cells.bits.is_empty() {
                    places.insert(at, index(at));
                }
                if !held.marks.is_empty() {
                    let marks: Vec<u8> = held.marks.iter().flat_map(|mark| mark.to_le_bytes()).collect();
                    self.opaque.push(raw::kept(raw::INDEX, Place::Track(at), &marks, entry.start));
                }
            }
        }
        Ok(places)
    }
}

fn entry(raw: &[u8]) -> Entry {
    let block = raw::u16_le(raw);
    Entry { start: u64::from(block).saturating_mul(BLOCK as u64), len: raw::u16_le(raw.get(2..).unwrap_or(&[])) }
}

/// The first `len` bytes of a side, as many as its blocks hold.
fn side(blocks: &[u8], head: usize, len: usize) -> Vec<u8> {
    let skip = head.saturating_mul(HALF);
    blocks.chunks(BLOCK).flat_map(|block| block.iter().skip(skip).take(HALF)).take(len).copied().collect()
}

/// What the last block holds after both sides: side 0, then side 1.
fn pad(blocks: &[u8], entry: &Entry) -> Vec<u8> {
    let used = entry.side() % HALF;
    let last = blocks.chunks(BLOCK).nth(entry.side() / HALF).filter(|_| used > 0).unwrap_or(&[]);
    last.chunks(HALF).flat_map(|half| half.iter().skip(used)).copied().collect()
}

/// Loads the sides of the cylinders.
struct Loader {
    source: Source,
    version: Version,
    entries: Vec<Entry>,
    /// The length of a cell as the header has it.
    cell: Known<Ps>,
}

impl Loader {
    fn entry(&self, index: usize) -> Result<Entry> {
        self.entries.get(index / 2).copied().ok_or_else(|| Error::unsupported("no such track"))
    }

    /// The bytes of a side, as many as the file has.
    fn side(&self, index: usize, entry: Entry, context: &Context) -> Result<Vec<u8>> {
        Ok(side(&entry.blocks(&self.source, context)?, index % 2, entry.side()))
    }
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let entry = self.entry(index)?;
        let place = Place::Track(position(index));
        let span = Span::file(entry.start, entry.stored());
        let bytes = self.side(index, entry, context)?;
        let (cells, mut odd) = match self.version {
            Version::One => (plain(&bytes, self.cell), Vec::new()),
            Version::Three => {
                let held = stream::decode(&bytes, self.cell);
                (held.cells, held.odd)
            }
        };
        if bytes.len() < entry.side() {
            let what = format!("the file has {} of the {} bytes of this side", bytes.len(), entry.side());
            odd.push((&FORMAT_TRUNCATED, what));
        }
        let mut track = Track::of(Reading::Cells(cells));
        for (code, what) in odd {
            track.findings.push(Finding::new(code, span.clone(), place.clone(), what));
        }
        Ok(track)
    }

    fn locate(&self, index: usize, _: usize, cells: Range<u64>, context: &Context) -> Option<Span> {
        let entry = self.entry(index).ok()?;
        let (first, end) = match self.version {
            Version::One => (cells.start / 8, (cells.end.checked_sub(1)?.max(cells.start) / 8).checked_add(1)?),
            Version::Three => stream::locate(&self.side(index, entry, context).ok()?, cells.start, cells.end)?,
        };
        if end > entry.side() as u64 {
            return None;
        }
        const SIDE: u64 = HALF as u64;
        let in_file = |byte: u64| {
            let block = (byte / SIDE).checked_mul(BLOCK as u64)?;
            let head = if index.is_multiple_of(2) { 0 } else { SIDE };
            entry.start.checked_add(block)?.checked_add(head)?.checked_add(byte % SIDE)
        };
        let (first, last) = (in_file(first)?, in_file(end.checked_sub(1)?)?);
        Some(Span::file(first, last.checked_sub(first)?.checked_add(1)?))
    }
}

/// The cells of version 1.
fn plain(bytes: &[u8], cell: Known<Ps>) -> Cells {
    Cells {
        bits: Arc::new(Bits::from_lsb(bytes, bytes.len().saturating_mul(8))),
        clock: CellClock::Uniform(cell),
        areas: Vec::new(),
        index_at: Known::Value(0),
        join: Known::Value(Join::Padded),
        revolution: 0,
    }
}
