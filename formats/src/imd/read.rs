//! From the bytes of a file to an image.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::{Cursor, FileSet};
use floptical_model::finding::FORMAT_ODD_VALUE;
use floptical_model::{
    Carrier, Context, DataField, DriveFacts, Error, ErrorKind, Finding, Findings, Floppy, Image, Known, Opaque, Place,
    Policy, Reading, RecordForm, Result, Scheme, SectorId, Sectors, Sighting, Slot, Span, Track, TrackAt, TrackLoader,
    TrackMap,
};

use super::header::{self, claims};
use super::raw::{SectorRecord, Stop, TrackHeader, Words, sector_record};
use crate::ReadOptions;

/// The part that keeps the words of a track which its sectors do not tell:
/// index of the record at its position, mode, head byte, size code, sizes.
pub(super) const WORDS: &str = "imd.track";
/// The part that keeps the order of the track records where it is not by
/// cylinder, then head: a cylinder and a head for each record.
pub(super) const ORDER: &str = "imd.order";
/// The part that says how many sector records the last track record lacks.
pub(super) const CUT: &str = "imd.cut";
/// The part that keeps what follows the last record.
pub(super) const TAIL: &str = "imd.tail";

pub(super) fn read(set: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = set.first().ok_or_else(|| Error::new(ErrorKind::Io, "there is no file to read"))?;
    let bytes = Arc::new(source.all(context)?);
    let (text, body) = split(&bytes)?;
    let (claims, line) = claims(text);
    let scan = Scan::of(&bytes, body, context)?;
    let (places, records) = scan.places();
    let tracks = TrackMap::new(places, Arc::new(Records { bytes: bytes.clone(), records }));
    Ok(Image {
        format: "imd",
        member: None,
        files: set.refs(),
        carrier: Carrier::Floppy(Floppy { drive: DriveFacts::default(), layout: Known::Unrecorded, tracks }),
        claims,
        opaque: line.into_iter().chain(scan.opaque).collect(),
        findings: scan.findings,
    })
}

/// The text without its end, and where the track records begin.
fn split(bytes: &[u8]) -> Result<(&[u8], usize)> {
    if !bytes.starts_with(header::MAGIC) {
        return Err(Error::malformed(Span::file(0, 4), "the file does not begin with \"IMD \""));
    }
    let text = Cursor::new(bytes).until(header::END, "the comment")?.value;
    Ok((text, text.len().saturating_add(1)))
}

/// True when a text is there, and a track record or nothing follows it.
pub(super) fn begins_with_a_track(bytes: &[u8]) -> bool {
    split(bytes).is_ok_and(|(_, body)| {
        let mut cursor = walk(bytes, body);
        cursor.left() == 0 || TrackHeader::parse(&mut cursor).is_ok()
    })
}

/// True when a walk stops at once at these bytes: they are no track record, or
/// after a cut no record of a sector of `size` bytes.
pub(super) fn stops(bytes: &[u8], cut: Option<usize>) -> bool {
    let mut cursor = Cursor::new(bytes);
    match cut {
        Some(size) => sector_record(&mut cursor, size).is_err(),
        None => TrackHeader::parse(&mut cursor).is_err(),
    }
}

fn walk(bytes: &[u8], at: usize) -> Cursor<'_> {
    Cursor::within(bytes.get(at..).unwrap_or_default(), 0, at as u64)
}

/// Where a track record stands, and how many sector records at its end are not
/// in the file.
#[derive(Debug, Clone, Copy)]
struct Record {
    start: usize,
    lacks: usize,
}

/// One walk over the track records. No data is copied.
#[derive(Default)]
struct Scan {
    records: Vec<(TrackAt, Record)>,
    opaque: Vec<Opaque>,
    findings: Findings,
}

impl Scan {
    fn of(bytes: &[u8], body: usize, context: &Context) -> Result<Self> {
        let mut scan = Self::default();
        let mut seen: BTreeMap<TrackAt, u8> = BTreeMap::new();
        let mut cursor = walk(bytes, body);
        while cursor.left() > 0 {
            context.entry(1)?;
            let start = cursor.clone();
            let header = match TrackHeader::parse(&mut cursor) {
                Ok(header) => header,
                Err(stop) => {
                    scan.end(&stop, Place::Whole, &start);
                    break;
                }
            };
            let nth = seen.entry(header.at).or_default();
            let end = scan.sectors(&header, *nth, &mut cursor);
            let lacks = end.as_ref().map_or(0, |(_, _, lacks)| *lacks);
            scan.records.push((header.at, Record { start: offset(&start), lacks }));
            scan.note(&header, *nth);
            *nth = nth.checked_add(1).ok_or_else(|| Error::malformed(header.span, "over 255 records of one track"))?;
            if let Some((stop, rest, lacks)) = end {
                scan.keep(
                    CUT,
                    Place::Track(header.at),
                    lacks.to_le_bytes().get(..1).unwrap_or_default(),
                    stop.at.clone(),
                );
                scan.end(&stop, Place::Track(header.at), &rest);
                break;
            }
        }
        scan.keep_order(body);
        Ok(scan)
    }

    /// Walk over the sector records of a track and keep its words. Where they
    /// stop before their number is reached: why, where, and how many lack.
    fn sectors<'a>(
        &mut self,
        header: &TrackHeader,
        nth: u8,
        cursor: &mut Cursor<'a>,
    ) -> Option<(Stop, Cursor<'a>, usize)> {
        let mut shown = header.sectors.clone();
        let mut end = None;
        for (i, (id, size)) in shown.iter_mut().enumerate() {
            let start = cursor.clone();
            let record = if end.is_some() { Ok(None) } else { sector_record(cursor, *size) };
            let data = record.unwrap_or_else(|stop| {
                end = Some((stop, start, header.sectors.len().saturating_sub(i)));
                None
            });
            if data.is_none() {
                *size = id.size();
            }
        }
        // Nothing else tells the scheme of a track without sectors.
        let scheme = if shown.is_empty() { Scheme::IbmMfm } else { header.scheme };
        if Words::plain(header.at, (scheme, header.rate), &shown).as_ref() != Some(&header.words) {
            self.keep(WORDS, Place::Track(header.at), &header.words.to_bytes(nth), header.span.clone());
        }
        end
    }

    /// Keep the rest of the file from `rest` on.
    fn end(&mut self, stop: &Stop, place: Place, rest: &Cursor<'_>) {
        let what = format!("{}; {} bytes are kept as they are", stop.what, rest.left());
        self.findings.push(Finding::new(stop.code, stop.at.clone(), place, what));
        if rest.left() > 0 {
            self.keep(TAIL, Place::Whole, rest.rest(), rest.span(rest.left() as u64));
        }
    }

    fn note(&mut self, header: &TrackHeader, nth: u8) {
        let mut odd = |what: String| {
            self.findings.push(Finding::new(&FORMAT_ODD_VALUE, header.span.clone(), Place::Track(header.at), what));
        };
        if header.at.head > 1 {
            odd(format!("{} is no head of a floppy drive", header.at.head));
        }
        if nth > 0 {
            odd("another record of this track stands before".into());
        }
    }

    fn keep_order(&mut self, body: usize) {
        if !self.records.is_sorted_by_key(|(at, _)| *at) {
            let pair = |(at, _): &(TrackAt, Record)| [at.cylinder().unwrap_or(0), at.head];
            let order: Vec<u8> = self.records.iter().flat_map(pair).collect();
            self.keep(ORDER, Place::Whole, &order, Span::file(body as u64, 0));
        }
    }

    fn keep(&mut self, name: &str, place: Place, bytes: &[u8], at: Span) {
        let bytes = Arc::from(bytes);
        self.opaque.push(Opaque { name: name.into(), place, bytes, policy: Policy::DropIfChanged, at });
    }

    /// The records by position.
    fn places(&self) -> (BTreeMap<TrackAt, usize>, Vec<Vec<Record>>) {
        let mut by_place: BTreeMap<TrackAt, Vec<Record>> = BTreeMap::new();
        for (at, record) in &self.records {
            by_place.entry(*at).or_default().push(*record);
        }
        (by_place.keys().enumerate().map(|(i, at)| (*at, i)).collect(), by_place.into_values().collect())
    }
}

fn offset(cursor: &Cursor<'_>) -> usize {
    usize::try_from(cursor.offset()).unwrap_or(usize::MAX)
}

/// The records of each track, read when they are asked for.
struct Records {
    bytes: Arc<Vec<u8>>,
    records: Vec<Vec<Record>>,
}

impl TrackLoader for Records {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let records = self.records.get(index).ok_or_else(|| Error::new(ErrorKind::Malformed, "no such track"))?;
        let readings: Result<Vec<Reading>> = records.iter().map(|r| self.sectors(*r, context)).collect();
        Ok(Track { readings: readings?, findings: Findings::default() })
    }
}

impl Records {
    fn sectors(&self, record: Record, context: &Context) -> Result<Reading> {
        let mut cursor = walk(&self.bytes, record.start);
        let failed = |stop: Stop| Error::malformed(stop.at, stop.what);
        let header = TrackHeader::parse(&mut cursor).map_err(failed)?;
        let held = header.sectors.len().saturating_sub(record.lacks);
        let mut fills = Fills::default();
        let mut slots = Vec::with_capacity(header.sectors.len());
        for (i, (id, size)) in header.sectors.iter().enumerate() {
            context.reserve(*size as u64)?;
            let data = if i < held { sector_record(&mut cursor, *size).map_err(failed)? } else { None };
            let mut sighting = sighting(header.scheme, *id, *size, data, &mut fills);
            if i >= held {
                sighting.data = DataField::Unread;
            }
            sighting.id_span = Some(header.span.clone());
            slots.push(Slot::one(sighting));
        }
        let rate = Known::Value(header.rate);
        Ok(Reading::Sectors(Arc::new(Sectors { slots, ordered: true, rate, ..Sectors::default() })))
    }
}

/// Buffers of filled sectors: equal ones are shared.
type Fills = BTreeMap<(u8, usize), Arc<[u8]>>;

fn sighting(scheme: Scheme, id: SectorId, size: usize, record: SectorRecord<'_>, fills: &mut Fills) -> Sighting {
    let mut seen = Sighting::assumed(scheme, id, DataField::Missing);
    seen.id = Known::Value(Some(id));
    seen.mark = Known::Unrecorded;
    if let Some((verdict, stored, at)) = record {
        let mut fill = |byte: &u8| fills.entry((*byte, size)).or_insert_with(|| vec![*byte; size].into()).clone();
        let bytes = match (verdict.form, stored.first()) {
            (RecordForm::Filled, Some(byte)) => fill(byte),
            _ => Arc::from(stored),
        };
        seen.data = DataField::Bytes(bytes);
        seen.mark = Known::Value(if verdict.deleted { Sighting::DELETED } else { Sighting::NORMAL });
        seen.data_check = Known::Value(verdict.check);
        seen.form = Known::Value(verdict.form);
        seen.data_span = Some(at);
    }
    seen
}
