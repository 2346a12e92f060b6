//! Recognising and reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_io::{FileSet, Source};
use floptical_model::finding::{
    FORMAT_CHECKSUM, FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_TAIL, FORMAT_TRUNCATED,
};
use floptical_model::{
    Area, AreaKind, Bits, Carrier, CellClock, Cells, Claim, ClaimKind, Clock, Code, Context, Edge, Error,
    Evidence as How, Finding, Findings, Floppy, Flux, Image, IndexMark, Join, Known, Opaque, Place, Policy, Ps,
    Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::info::{DISK_TYPE, Info};
use super::raw::{self, BLOCK, ENTRIES, ENTRY, HEADER, Holds, Maps, Numbering, RECORD, ROOM, Sizes};
use super::{FIRST, Kind};
use crate::applesauce::chunks::{self, Chunk};
use crate::applesauce::{SIGNATURE, meta, times, u16_le, u32_le};
use crate::{Answer, Evidence, Probe};

/// Ticks a second of times of flux.
pub(super) const FLUX_CLOCK: Clock = Clock::hz(8_000_000);

pub(super) fn identify(kind: &Kind, probe: &mut Probe<'_>) -> Vec<Answer> {
    let Some(header) = probe.bytes(0, HEADER) else { return Vec::new() };
    let Some(magic) = kind.magics.iter().find(|magic| header.starts_with(&magic[..])) else { return Vec::new() };
    let name = String::from_utf8_lossy(&magic[..]).into_owned();
    if header.get(4..raw::CRC) != Some(&SIGNATURE[..]) {
        return vec![Answer::new(Evidence::WEAK_MARKS, format!("the letters {name}"))];
    }
    let mut answer = Answer::new(Evidence::MAGIC, name);
    if probe.bytes(HEADER as u64, raw::INFO.len()).is_some_and(|id| id == raw::INFO) {
        answer.evidence = answer.evidence | Evidence::STRUCTURE;
        answer.reasons.push("the chunk INFO is where it should be".into());
    }
    let told = u32_le(&header, raw::CRC).unwrap_or(0);
    let rest = usize::try_from(probe.len()).unwrap_or(usize::MAX).saturating_sub(HEADER);
    // The cap of a probe bounds what is read here.
    if told != 0
        && rest <= Probe::CAP
        && probe.bytes(HEADER as u64, rest).is_some_and(|all| crc32fast::hash(&all) == told)
    {
        answer.evidence = answer.evidence | Evidence::CHECKSUM;
        answer.reasons.push("the CRC of its bytes".into());
    }
    vec![answer]
}

/// A reading of the table of tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    /// Where it lies.
    start: u64,
    /// Bytes that the table gives it.
    room: u64,
    /// Cells, or bytes of flux, as the table has them.
    count: u32,
    /// The cell at which writing began, where there is one.
    splice: Option<u16>,
}

impl Entry {
    /// Bytes of its room that the file has.
    fn there(&self, file: u64) -> u64 {
        self.room.min(file.saturating_sub(self.start))
    }

    fn bytes(&self, source: &Source, context: &Context) -> Result<Vec<u8>> {
        source.bytes(self.start.min(source.len()), self.there(source.len()), context)
    }
}

/// A track, at the first of its positions.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    at: TrackAt,
    cells: Option<Entry>,
    flux: Option<Entry>,
}

pub(super) fn read(kind: &'static Kind, files: &FileSet, context: &Context) -> Result<Image> {
    let source = files.first().ok_or_else(|| Error::unsupported("no file was given"))?;
    let header = source.bytes(0, HEADER as u64, context)?;
    let magic = magic(kind, &header)?;
    let (chunks, end) = chunks::walk(source, HEADER as u64, context)?;
    let find = |id: &[u8; 4]| chunks.iter().find(|c| c.id == *id).copied();
    let need = |id: &[u8; 4]| {
        let what = format!("there is no chunk {}", String::from_utf8_lossy(id));
        find(id).ok_or_else(|| Error::malformed(Span::file(HEADER as u64, source.len()), what))
    };
    let (info, tmap, trks) = (need(raw::INFO)?, need(raw::TMAP)?, need(raw::TRKS)?);
    let mut opening = Opening {
        kind,
        source,
        context,
        info: Info::new(kind, info.bytes(source, context)?),
        opaque: Vec::new(),
        findings: Findings::default(),
        odd: false,
    };
    let numbering = opening.numbering(&info);
    let maps = [Some(tmap), find(raw::FLUX)].map(|chunk| opening.map(chunk));
    let [cells, flux] = [maps[0].clone()?, maps[1].clone()?];
    let first = magic == FIRST;
    let (held, holds) =
        opening.tracks(numbering, [&cells, &flux], [tmap, find(raw::FLUX).unwrap_or(tmap)], &trks, first)?;
    let usual = Maps::of(&holds);
    let flux_chunk = find(raw::FLUX).filter(|_| usual.as_ref().is_some_and(Maps::has_flux));
    opening.odd |=
        usual.as_ref().is_none_or(|u| u.cells[..] != cells[..] || (flux_chunk.is_some() && u.flux[..] != flux[..]));
    opening.order(&chunks, [Some(info), Some(tmap), Some(trks), flux_chunk]);
    let table = usual.map(|u| u.table).unwrap_or_default();
    opening.lie(&held, &table, &trks, first)?;
    opening.keep_pads(&held, first)?;
    opening.keep_info(&held, &info, flux_chunk)?;
    let mut claims = vec![version(magic)];
    claims.extend(opening.info.claims(info.data()));
    claims.extend(opening.keep_chunks(&chunks, [Some(info), Some(tmap), Some(trks), flux_chunk])?);
    opening.keep_tail(end)?;
    opening.check_crc(&header)?;
    let Opening { info, opaque, findings, .. } = opening;
    let places = holds.iter().map(|h| (numbering.position(h.entry), h.track)).collect();
    let loader = Loader { source: source.clone(), held, cell: info.cell() };
    let tracks = TrackMap::new(places, Arc::new(loader));
    Ok(Image {
        format: kind.id,
        member: None,
        files: files.refs(),
        carrier: Carrier::Floppy(Floppy { drive: info.drive(), layout: Known::Unrecorded, tracks }),
        claims,
        opaque,
        findings,
    })
}

fn magic<'a>(kind: &'a Kind, header: &[u8]) -> Result<&'a [u8; 4]> {
    let found = kind.magics.iter().find(|magic| header.starts_with(&magic[..]));
    let magic =
        found.ok_or_else(|| Error::malformed(Span::file(0, 4), format!("the magic of {} is not there", kind.name)))?;
    if header.get(4..raw::CRC) != Some(&SIGNATURE[..]) {
        let what = "the bytes FF 0A 0D 0A are not there: the file was changed on its way, perhaps as a text";
        return Err(Error::malformed(Span::file(4, 4), what));
    }
    Ok(magic)
}

/// What the magic says of itself.
pub(super) fn version(magic: &[u8; 4]) -> Claim {
    let text = String::from_utf8_lossy(magic).into_owned();
    Claim { kind: ClaimKind::Version, raw: magic.to_vec(), text, at: Span::file(0, 4) }
}

/// What is noticed and kept while the file is opened.
struct Opening<'a> {
    kind: &'static Kind,
    source: &'a Source,
    context: &'a Context,
    info: Info,
    opaque: Vec<Opaque>,
    findings: Findings,
    /// The file does not lie as it is written here.
    odd: bool,
}

impl Opening<'_> {
    fn note(&mut self, code: &'static Code, at: Span, place: Place, message: impl Into<String>) {
        self.findings.push(Finding::new(code, at, place, message));
    }

    fn keep(&mut self, part: &str, place: Place, bytes: &[u8], start: u64, policy: Policy) {
        self.opaque.push(raw::kept(self.kind.part(part), place, bytes, start, policy));
    }

    fn numbering(&mut self, info: &Chunk) -> Numbering {
        let disk_type = self.info.byte(DISK_TYPE);
        let known = if self.kind.is_woz() { 1..=2 } else { 1..=4 };
        if !known.contains(&disk_type) {
            let at = Span::file(info.data().saturating_add(DISK_TYPE as u64), 1);
            self.note(&FORMAT_ODD_VALUE, at, Place::Whole, format!("disk type {disk_type}"));
        }
        self.kind.numbering(disk_type)
    }

    /// The entries of a map, `NONE` where the file has none.
    fn map(&mut self, chunk: Option<Chunk>) -> Result<[u8; ENTRIES]> {
        let mut map = [raw::NONE; ENTRIES];
        let Some(chunk) = chunk else { return Ok(map) };
        if chunk.len != ENTRIES as u64 {
            self.odd = true;
            let what = format!("a map of {} entries, not of {ENTRIES}", chunk.len);
            self.note(&FORMAT_ODD_VALUE, chunk.span(), Place::Whole, what);
        }
        let bytes = self.source.bytes(chunk.data(), chunk.there.min(ENTRIES as u64), self.context)?;
        map.iter_mut().zip(bytes).for_each(|(entry, byte)| *entry = byte);
        Ok(map)
    }

    /// The tracks that the maps lead to. Positions with the same cells and the
    /// same flux share one.
    fn tracks(
        &mut self,
        numbering: Numbering,
        maps: [&[u8; ENTRIES]; 2],
        chunks: [Chunk; 2],
        trks: &Chunk,
        first: bool,
    ) -> Result<(Vec<Held>, Vec<Holds>)> {
        let table = if first { self.records(trks)? } else { self.table(trks)? };
        let (mut held, mut holds) = (Vec::new(), Vec::new());
        let mut known: BTreeMap<(u8, u8), usize> = BTreeMap::new();
        for (entry, (cells, flux)) in (0..=u8::MAX).zip(maps[0].iter().zip(maps[1])) {
            let at = numbering.position(entry);
            let mut find = |number: u8, chunk: &Chunk| {
                let found = table.get(usize::from(number)).copied().flatten();
                if found.is_none() && number != raw::NONE {
                    self.odd = true;
                    let span = Span::file(chunk.data().saturating_add(entry.into()), 1);
                    let what = format!("the map names track {number}, which is not there");
                    self.note(&FORMAT_ODD_VALUE, span, Place::Track(at), what);
                }
                found
            };
            let [own, other] = [find(*cells, &chunks[0]), find(*flux, &chunks[1])];
            if own.is_none() && other.is_none() {
                continue;
            }
            let track = *known.entry((*cells, *flux)).or_insert_with(|| {
                held.push(Held { at, cells: own, flux: other });
                held.len().saturating_sub(1)
            });
            holds.push(Holds { entry, track, cells: own.is_some(), flux: other.is_some() });
        }
        Ok((held, holds))
    }

    /// The records of the first version.
    fn records(&mut self, trks: &Chunk) -> Result<Vec<Option<Entry>>> {
        let mut all = Vec::new();
        let mut start = trks.data();
        while start < trks.end() && all.len() < ENTRIES {
            let room = (ROOM as u64).min(trks.end().saturating_sub(start));
            let said_at = start.saturating_add(ROOM as u64);
            let said = self.source.part(said_at, (RECORD - ROOM) as u64).all(self.context)?;
            let field = |at: usize| u16_le(&said, at).unwrap_or(0);
            let (count, splice) = (field(2), field(4));
            let splice = Some(splice).filter(|at| *at != raw::NO_SPLICE);
            all.push((count > 0).then_some(Entry { start, room, count: count.into(), splice }));
            start = start.saturating_add(RECORD as u64);
        }
        Ok(all)
    }

    /// The table of tracks of the later versions.
    fn table(&mut self, trks: &Chunk) -> Result<Vec<Option<Entry>>> {
        let len = (ENTRIES * ENTRY) as u64;
        let raw = self.source.bytes(trks.data(), trks.there.min(len), self.context)?;
        let entry = |raw: &[u8]| {
            let (block, blocks, count) = (u16_le(raw, 0)?, u16_le(raw, 2)?, u32_le(raw, 4)?);
            let [start, room] = [block, blocks].map(|n| u64::from(n).saturating_mul(BLOCK));
            (count > 0 && blocks > 0).then_some(Entry { start, room, count, splice: None })
        };
        Ok(raw.chunks_exact(ENTRY).map(entry).collect())
    }

    /// The chunks that are understood come first, in this order.
    fn order(&mut self, chunks: &[Chunk], known: [Option<Chunk>; 4]) {
        let usual = known.iter().flatten();
        self.odd |= !usual.clone().zip(chunks).all(|(a, b)| a == b) || usual.clone().any(Chunk::is_cut);
    }

    /// See whether the tracks lie one after the other as the table has them,
    /// and nothing else between; keep what lies elsewhere.
    fn lie(&mut self, held: &[Held], table: &[(usize, bool)], trks: &Chunk, first: bool) -> Result<()> {
        let begin = trks.data().saturating_add(if first { 0 } else { (ENTRIES * ENTRY) as u64 });
        let mut covered: Vec<Range<u64>> = Vec::new();
        let mut expected = if first { begin } else { raw::blocks(begin).saturating_mul(BLOCK) };
        self.odd |= !first
            && self.source.part(begin, expected.saturating_sub(begin)).all(self.context)?.iter().any(|b| *b != 0);
        for (track, is_flux) in table {
            let held = held.get(*track);
            let entry = held.and_then(|h| if *is_flux { h.flux } else { h.cells });
            let Some(entry) = entry else { continue };
            let bytes = if *is_flux { u64::from(entry.count) } else { raw::bytes_of(entry.count) };
            let room = if first { ROOM as u64 } else { raw::blocks(bytes).saturating_mul(BLOCK) };
            let step = if first { RECORD as u64 } else { room };
            self.odd |=
                entry.start != expected || entry.room != room || entry.there(self.source.len()) < room || bytes > room;
            covered.push(entry.start..entry.start.saturating_add(if first { step } else { entry.room }));
            expected = expected.saturating_add(step);
        }
        self.odd |= expected != trks.end();
        if !first {
            let used = table.len().saturating_mul(ENTRY) as u64;
            let unused = self
                .source
                .part(trks.data().saturating_add(used), begin.saturating_sub(trks.data()).saturating_sub(used));
            self.odd |= unused.all(self.context)?.iter().any(|b| *b != 0);
        }
        if self.odd { self.keep_odd(covered, trks, begin) } else { Ok(()) }
    }

    /// The table of a file that is not written so here, and what lies between
    /// its tracks.
    fn keep_odd(&mut self, mut covered: Vec<Range<u64>>, trks: &Chunk, begin: u64) -> Result<()> {
        covered.sort_unstable_by_key(|range| range.start);
        covered.push(trks.end()..trks.end());
        let table = self.source.part(trks.start, begin.saturating_sub(trks.start)).all(self.context)?;
        self.keep(raw::PART_LAYOUT, Place::Whole, &table, trks.start, Policy::Recompute);
        let what = "the tracks do not follow one another as usual";
        self.note(&FORMAT_ODD_VALUE, Span::file(trks.start, table.len() as u64), Place::Whole, what);
        let mut at = begin;
        for range in covered {
            let gap = self.source.part(at, range.start.min(trks.end()).saturating_sub(at)).all(self.context)?;
            if !gap.is_empty() {
                self.keep(raw::PART_GAP, Place::Whole, &gap, at, Policy::Recompute);
            }
            at = at.max(range.end);
        }
        Ok(())
    }

    /// What follows the cells or the times of each track in its room, and what
    /// a record says that is not as usual.
    fn keep_pads(&mut self, held: &[Held], first: bool) -> Result<()> {
        for track in held {
            let place = Place::Track(track.at);
            for (part, entry) in [(raw::PART_PAD, track.cells), (raw::PART_FLUX_PAD, track.flux)] {
                let Some(entry) = entry else { continue };
                let used = if part == raw::PART_PAD {
                    u64::from(entry.count)
                } else {
                    u64::from(entry.count).saturating_mul(8)
                };
                let pad = raw::pad(&entry.bytes(self.source, self.context)?, used);
                if pad.iter().any(|b| *b != 0) {
                    let start = entry.start.saturating_add(used / 8);
                    self.keep(part, place.clone(), &pad, start, Policy::Verbatim);
                }
            }
            if let Some(entry) = track.cells.filter(|_| first) {
                self.keep_record(entry, place)?;
            }
        }
        Ok(())
    }

    fn keep_record(&mut self, entry: Entry, place: Place) -> Result<()> {
        let start = entry.start.saturating_add(ROOM as u64);
        let said = self.source.part(start, (RECORD - ROOM) as u64).all(self.context)?;
        let usual = raw::usual_record(u16::try_from(entry.count).unwrap_or(0));
        if said != usual {
            self.keep(raw::PART_RECORD, place, &said, start, Policy::Verbatim);
        }
        Ok(())
    }

    /// The bytes of INFO that are no claims, where they do not follow from the
    /// tracks.
    fn keep_info(&mut self, held: &[Held], info: &Chunk, flux: Option<Chunk>) -> Result<()> {
        let largest = |pick: fn(&Held) -> Option<Entry>| {
            let blocks = held.iter().filter_map(pick).map(|e| e.room / BLOCK).max().unwrap_or(0);
            u16::try_from(blocks).unwrap_or(u16::MAX)
        };
        let block = flux.map_or(0, |f| f.start / BLOCK);
        let sizes = Sizes {
            largest: largest(|h| h.cells),
            flux_block: u16::try_from(block).unwrap_or(u16::MAX),
            largest_flux: largest(|h| h.flux),
        };
        let told = self.info.flux_block();
        let at = info.data();
        if told != sizes.flux_block {
            let what = format!("INFO has the flux in block {told}, and it is in block {}", sizes.flux_block);
            self.note(&FORMAT_FIELDS_DIFFER, Span::file(at, info.there), Place::Whole, what);
        }
        if self.info.rest() != self.info.usual_rest(sizes) {
            let (rest, from) = (self.info.rest().to_vec(), self.info.rest_at());
            self.keep(raw::PART_INFO, Place::Whole, &rest, at.saturating_add(from as u64), Policy::Verbatim);
        }
        Ok(())
    }

    /// Every other chunk as it is; gives what META says.
    fn keep_chunks(&mut self, chunks: &[Chunk], known: [Option<Chunk>; 4]) -> Result<Vec<Claim>> {
        let mut claims = Vec::new();
        for chunk in chunks.iter().filter(|c| !known.contains(&Some(**c))) {
            let whole = chunk.whole(self.source, self.context)?;
            if chunk.is_cut() {
                let what = format!("the file has {} of the {} bytes of a chunk", chunk.there, chunk.len);
                self.note(&FORMAT_TRUNCATED, chunk.span(), Place::Whole, what);
            }
            if chunk.id == *meta::ID {
                claims.extend(meta::claims(whole.get(8..).unwrap_or(&[]), chunk.data()));
            }
            self.keep(raw::PART_CHUNK, Place::Whole, &whole, chunk.start, Policy::DropIfChanged);
        }
        Ok(claims)
    }

    fn keep_tail(&mut self, end: u64) -> Result<()> {
        let tail = self.source.part(end, self.source.len()).all(self.context)?;
        if !tail.is_empty() {
            let span = Span::file(end, tail.len() as u64);
            self.note(&FORMAT_TAIL, span, Place::Whole, format!("{} bytes after the last chunk", tail.len()));
            self.keep(raw::PART_TAIL, Place::Whole, &tail, end, Policy::Verbatim);
        }
        Ok(())
    }

    fn check_crc(&mut self, header: &[u8]) -> Result<()> {
        let told = u32_le(header, raw::CRC).unwrap_or(0);
        let mut hash = crc32fast::Hasher::new();
        let len = self.source.len().saturating_sub(HEADER as u64);
        self.source.pieces(HEADER as u64, len, self.context, |piece| hash.update(piece))?;
        let crc = hash.finalize();
        let start = raw::CRC as u64;
        if told == 0 && crc != 0 {
            self.keep(raw::PART_CRC, Place::Whole, &told.to_le_bytes(), start, Policy::Verbatim);
        } else if told != crc {
            let what = format!("the CRC of the file is {crc:08X}, the header says {told:08X}");
            self.note(&FORMAT_CHECKSUM, Span::file(start, 4), Place::Whole, what);
            self.keep(raw::PART_CRC, Place::Whole, &told.to_le_bytes(), start, Policy::Recompute);
        }
        Ok(())
    }
}

/// Cells as these formats have them: a circle that begins anywhere.
pub(super) fn cells(bits: Arc<Bits>, cell: Known<Ps>, splice: Option<u64>) -> Cells {
    let splice = splice.filter(|at| *at < bits.len() as u64);
    let area = |start| Area { start, len: 1, kind: AreaKind::Splice, evidence: How::Declared };
    Cells {
        bits,
        clock: CellClock::Uniform(cell),
        areas: splice.map(area).into_iter().collect(),
        index_at: Known::Unrecorded,
        join: Known::Value(Join::Circle),
        revolution: 0,
    }
}

/// Times as these formats have them: a circle that begins anywhere. Its marks
/// are where it closes, and no index.
pub(super) fn flux(intervals: Vec<u32>, ticks: u64) -> Flux {
    let interval = u32::try_from(intervals.len()).unwrap_or(u32::MAX);
    Flux {
        clock: FLUX_CLOCK,
        intervals: intervals.into(),
        index: vec![IndexMark { tick: 0, interval: 0 }, IndexMark { tick: ticks, interval }],
        sector_marks: Vec::new(),
        start: Edge::Anywhere,
        end: Edge::Anywhere,
    }
}

/// Loads the tracks, each by itself.
struct Loader {
    source: Source,
    held: Vec<Held>,
    cell: Known<Ps>,
}

impl TrackLoader for Loader {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let held = self.held.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let mut track = Track::default();
        let mut note = |code, entry: Entry, message: String| {
            let span = Span::file(entry.start, entry.room);
            track.findings.push(Finding::new(code, span, Place::Track(held.at), message));
        };
        if let Some(entry) = held.cells {
            let bytes = entry.bytes(&self.source, context)?;
            let bits = Bits::from_msb(&bytes, usize::try_from(entry.count).unwrap_or(usize::MAX));
            if (bits.len() as u64) < entry.count.into() {
                note(&FORMAT_TRUNCATED, entry, format!("{} of the {} cells are there", bits.len(), entry.count));
            }
            track.readings.push(Reading::Cells(cells(bits.into(), self.cell, entry.splice.map(u64::from))));
        }
        if let Some(entry) = held.flux {
            let mut bytes = entry.bytes(&self.source, context)?;
            bytes.truncate(usize::try_from(entry.count).unwrap_or(usize::MAX));
            if (bytes.len() as u64) < entry.count.into() {
                note(&FORMAT_TRUNCATED, entry, format!("{} of the {} bytes are there", bytes.len(), entry.count));
            }
            context.reserve((bytes.len() as u64).saturating_mul(4))?;
            let times = times::read(&bytes);
            if times.too_long {
                note(&FORMAT_ODD_VALUE, entry, format!("an interval is longer than {} ticks", u32::MAX));
            }
            track.readings.push(Reading::Flux(flux(times.intervals, times.ticks)));
        }
        Ok(track)
    }

    fn locate(&self, index: usize, reading: usize, range: Range<u64>, context: &Context) -> Option<Span> {
        let held = self.held.get(index)?;
        if let Some(entry) = held.cells.filter(|_| reading == 0) {
            let (first, last) = (range.start / 8, range.end.checked_sub(1)?.max(range.start) / 8);
            let within = last < entry.there(self.source.len());
            let len = last.saturating_sub(first).saturating_add(1);
            return within.then(|| Span::file(entry.start.saturating_add(first), len));
        }
        let entry = held.flux?;
        let mut bytes = entry.bytes(&self.source, context).ok()?;
        bytes.truncate(usize::try_from(entry.count).unwrap_or(usize::MAX));
        let found = times::locate(&bytes, &range)?;
        Some(Span::file(entry.start.saturating_add(found.start), found.end.saturating_sub(found.start)))
    }
}
