//! From the bytes of a file to an image.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::text::show;
use floptical_io::{Cursor, FileSet};
use floptical_model::finding::{
    FORMAT_CHECKSUM, FORMAT_FIELDS_DIFFER, FORMAT_MISSING_FILE, FORMAT_ODD_VALUE, FORMAT_TAIL, FORMAT_TRUNCATED,
};
use floptical_model::{
    Carrier, Claim, ClaimKind, Code, Context, DriveFacts, Error, ErrorKind, Finding, Findings, Floppy, Image, Known,
    Opaque, Place, Policy, Reading, Result, Scheme, Sectors, Slot, Span, Track, TrackAt, TrackMap,
};

use super::raw::{COMMENT, Comment, END, FM, HEADER, Header, Packing, Record, crc_low};
use super::sector::{Own, twins};
use super::{lzhuf, lzw};
use crate::ReadOptions;

/// The part that keeps the fields of a header that the image does not make.
pub(super) const FIELDS: &str = "td0.header";
/// The part that keeps the head byte of a track that its sectors do not make.
pub(super) const HEAD: &str = "td0.track";
/// The part that keeps the words of a sector that its facts do not make.
pub(super) const WORDS: &str = "td0.sector";
/// The part that keeps a block that does not make the bytes of its sector.
pub(super) const BLOCK: &str = "td0.block";
/// The part that keeps an odd end mark.
pub(super) const MARK: &str = "td0.end";
/// The part that keeps what follows the end mark.
pub(super) const TAIL: &str = "td0.tail";
/// What Teledisk and others write after the count that ends the tracks.
pub(super) const PLAIN_MARK: [u8; 2] = [0, 0];

pub(super) fn read(set: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = set.first().ok_or_else(|| Error::new(ErrorKind::Io, "there is no file to read"))?;
    let bytes = source.all(context)?;
    let header = Header::parse(&bytes)?;
    let packed = bytes.get(HEADER..).unwrap_or_default();
    let (body, whole) = match header.packing {
        Packing::Plain => (packed.to_vec(), true),
        Packing::Lzw => lzw::unpack(packed, context)?,
        Packing::Lzhuf => (lzhuf::unpack(packed, context)?, true),
    };
    let mut scan = Scan::of(&header, packed.len());
    scan.header();
    if !whole {
        let at = Span::file(HEADER as u64, packed.len() as u64);
        scan.note(&FORMAT_TRUNCATED, at, Place::Whole, "the packed data break off within a block");
    }
    let mut cursor = Cursor::within(&body, 0, HEADER as u64);
    scan.body(&mut cursor, context)?;
    Ok(scan.image(set))
}

/// The image around tracks, claims and parts.
pub(super) fn image(fields: [u8; 8], tracks: BTreeMap<TrackAt, Vec<Sectors>>) -> Image {
    let header = Header { fields, packing: Packing::Plain, checked: true };
    let sides = if header.field(Header::SIDES) == 1 { 1 } else { 2 };
    let drive = DriveFacts { heads: Known::Value(sides), ..DriveFacts::default() };
    let held = tracks.into_iter().map(|(at, all)| {
        let readings = all.into_iter().map(|sectors| Reading::Sectors(Arc::new(sectors))).collect();
        (at, Track { readings, findings: Findings::default() })
    });
    Image {
        format: "td0",
        member: None,
        files: Vec::new(),
        carrier: Carrier::Floppy(Floppy { drive, layout: Known::Unrecorded, tracks: TrackMap::held(held) }),
        claims: claims(&header),
        opaque: Vec::new(),
        findings: Findings::default(),
    }
}

/// Drives by their byte.
const DRIVES: [&str; 8] =
    ["5.25 inch, 96 tpi, for 48 tpi", "360 KB", "1.2 MB", "720 KB", "1.44 MB", "type 5", "8 inch", "type 7"];

fn claims(header: &Header) -> Vec<Claim> {
    let version = header.field(Header::VERSION);
    let drive = header.field(Header::DRIVE);
    let said = [
        (
            ClaimKind::Version,
            version,
            Header::VERSION,
            format!("{}.{}", version.div_euclid(10), version.rem_euclid(10)),
        ),
        (
            ClaimKind::Drive,
            drive,
            Header::DRIVE,
            DRIVES.get(usize::from(drive)).map_or_else(|| format!("type {drive}"), |d| (*d).to_owned()),
        ),
    ];
    let claim = |(kind, raw, at, text): (ClaimKind, u8, usize, String)| Claim {
        kind,
        raw: vec![raw],
        text,
        at: Span::file((at as u64).saturating_add(2), 1),
    };
    said.into_iter().map(claim).collect()
}

/// The claims of a comment: its text, and its date where it has one.
pub(super) fn comment_claims(date: &[u8], text: &[u8], at: &Span) -> Vec<Claim> {
    let mut claims = Vec::new();
    if let [year, month, day, hour, minute, second] = *date
        && date.iter().any(|byte| *byte != 0)
    {
        let (year, month) = (u16::from(year).saturating_add(1900), u16::from(month).saturating_add(1));
        let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        claims.push(Claim { kind: ClaimKind::Date, raw: date.to_vec(), text, at: at.clone() });
    }
    if !text.is_empty() {
        claims.push(Claim { kind: ClaimKind::Comment, raw: text.to_vec(), text: show(text), at: at.clone() });
    }
    claims
}

/// The fields that a plain header has for these facts.
pub(super) fn plain_fields([version, rate, drive, sides]: [u8; 4], comment: bool) -> [u8; 8] {
    [0, 0, version, rate, drive, if comment { COMMENT } else { 0 }, 0, sides]
}

struct Scan<'a> {
    head: &'a Header,
    /// Bytes of the file after the header, where they are packed.
    packed: Option<u64>,
    tracks: BTreeMap<TrackAt, Vec<Sectors>>,
    comment: Vec<Claim>,
    opaque: Vec<Opaque>,
    findings: Findings,
}

impl<'a> Scan<'a> {
    fn of(head: &'a Header, body: usize) -> Self {
        Self {
            head,
            packed: (head.packing != Packing::Plain).then_some(body as u64),
            tracks: BTreeMap::new(),
            comment: Vec::new(),
            opaque: Vec::new(),
            findings: Findings::default(),
        }
    }

    fn header(&mut self) {
        let at = Span::file(0, HEADER as u64);
        if !self.head.checked {
            self.note(&FORMAT_CHECKSUM, at.clone(), Place::Whole, "the check of the header does not hold");
        }
        let [sequence, ..] = self.head.fields;
        if sequence > 0 {
            let what = format!("this is volume {sequence} of a set, from 0");
            self.note(&FORMAT_MISSING_FILE, at.clone(), Place::Whole, what);
        }
        let fields = self.head.fields;
        let [version, rate, drive, sides] =
            [Header::VERSION, Header::RATE, Header::DRIVE, Header::SIDES].map(|at| self.head.field(at));
        let told = plain_fields([version, rate & 3, drive, if sides == 1 { 1 } else { 2 }], self.has_comment());
        if told != fields {
            self.keep(FIELDS, Place::Whole, &fields, at);
        }
    }

    fn has_comment(&self) -> bool {
        self.head.field(Header::STEP) & COMMENT != 0
    }

    /// Where bytes of the body stand in the file: somewhere in it, when packed.
    fn span(&self, at: Span) -> Span {
        self.packed.map_or(at, |len| Span::file(HEADER as u64, len))
    }

    fn body(&mut self, cursor: &mut Cursor<'_>, context: &Context) -> Result<()> {
        if self.has_comment() {
            match Comment::parse(cursor) {
                Ok(comment) => self.comment(&comment),
                Err(error) => {
                    self.cut(&error, Place::Whole);
                    return Ok(());
                }
            }
        }
        loop {
            context.entry(1)?;
            match self.track(cursor, context) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) if error.kind == ErrorKind::Truncated => {
                    self.cut(&error, Place::Whole);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.end(cursor);
        Ok(())
    }

    fn comment(&mut self, comment: &Comment<'_>) {
        let at = self.span(comment.at.clone());
        if !comment.checked {
            let what = "the check of the comment does not hold";
            self.note(&FORMAT_CHECKSUM, at.clone(), Place::Named("comment".into()), what);
        }
        self.comment = comment_claims(comment.date, comment.text, &at);
    }

    /// The next track; false at the mark that ends them.
    fn track(&mut self, cursor: &mut Cursor<'_>, context: &Context) -> Result<bool> {
        let start = cursor.clone();
        let count = cursor.u8("the number of sectors")?.value;
        if count == END {
            return Ok(false);
        }
        let cylinder = cursor.u8("the cylinder of a track")?.value;
        let head = cursor.u8("the head of a track")?.value;
        let check = cursor.u8("the check of a track")?;
        let at = TrackAt::new(cylinder, head & !FM);
        if crc_low(&[count, cylinder, head]) != check.value {
            let (at_span, what) = (self.span(check.at), "the check of the track does not hold");
            self.note(&FORMAT_CHECKSUM, at_span, Place::Track(at), what);
        }
        let scheme = if (head | self.head.field(Header::RATE)) & FM == 0 { Scheme::IbmMfm } else { Scheme::IbmFm };
        let mut records = Vec::with_capacity(count.into());
        let mut cut = None;
        for _ in 0..count {
            let before = cursor.clone();
            match Record::parse(cursor) {
                Ok(record) => records.push((record, before)),
                Err(error) => {
                    cut = Some(error);
                    break;
                }
            }
        }
        let listed = self.span(start.span(4));
        let slots: Vec<Slot> = self.slots(&records, scheme, &listed, context)?;
        let sectors = Sectors { slots, ordered: true, rate: self.head.rate(), ..Sectors::default() };
        self.odd(at, &records, &sectors);
        let plain = if scheme == Scheme::IbmFm && !sectors.slots.is_empty() { FM } else { 0 };
        if head != at.head | plain {
            self.keep(HEAD, Place::Track(at), &[head], listed);
        }
        let known = self.tracks.entry(at).or_default();
        known.push(sectors);
        if known.len() > 1 {
            let what = "another record of this track stands before";
            self.note(&FORMAT_ODD_VALUE, self.span(start.span(4)), Place::Track(at), what);
        }
        match cut {
            Some(error) => Err(error),
            None => Ok(true),
        }
    }

    fn slots(
        &mut self,
        records: &[(Record, Cursor<'_>)],
        scheme: Scheme,
        listed: &Span,
        context: &Context,
    ) -> Result<Vec<Slot>> {
        let mut slots = Vec::with_capacity(records.len());
        for (record, before) in records {
            context.reserve(record.size() as u64)?;
            let len = record.block.as_ref().map_or(0, Vec::len) as u64;
            let at = Span::file(before.offset().saturating_add(8), len);
            slots.push(record.slot(scheme, listed.clone(), self.span(at)));
        }
        Ok(slots)
    }

    /// Keep of the records of a track what their sectors do not tell.
    fn odd(&mut self, at: TrackAt, records: &[(Record, Cursor<'_>)], sectors: &Sectors) {
        let twins = twins(&sectors.slots);
        for (((record, before), place), (slot, twin)) in
            records.iter().zip(sectors.places(at)).zip(sectors.slots.iter().zip(twins))
        {
            let span = self.span(before.span(6));
            let [_, _, _, _, _, check] = record.words;
            if record.block.is_some() && check != record.right_check() {
                self.note(&FORMAT_CHECKSUM, span.clone(), place.clone(), "the check of the sector does not hold");
            }
            if !record.is_clean() {
                let what = format!("its block does not make {} bytes", record.size());
                self.note(&FORMAT_FIELDS_DIFFER, span.clone(), place.clone(), what);
                self.keep(BLOCK, place.clone(), record.block.as_deref().unwrap_or_default(), span.clone());
            }
            let own = Own { words: None, block: record.block.as_deref() };
            let mut words = record.clone();
            if record.block.is_some() {
                words.set_check(record.right_check());
            }
            if Record::of(slot, twin, own, &place).map_or(true, |made| made.words != words.words) {
                self.keep(WORDS, place, &words.words, span);
            }
        }
    }

    /// The mark that ends the tracks, of which one byte was taken.
    fn end(&mut self, cursor: &mut Cursor<'_>) {
        let at = self.span(cursor.span(3.min(cursor.left() as u64)));
        let held = cursor.rest().get(..3).unwrap_or(cursor.rest());
        let [a, b] = PLAIN_MARK;
        if held != [a, b, crc_low(&[END, a, b])] {
            self.keep(MARK, Place::Whole, held, at);
        }
        let rest = cursor.rest().get(held.len()..).unwrap_or_default();
        // The last bits of a packed file unpack to something, too.
        if !rest.is_empty() && self.packed.is_none() {
            let start = cursor.offset().saturating_add(held.len() as u64);
            let at = Span::file(start, rest.len() as u64);
            self.note(&FORMAT_TAIL, at.clone(), Place::Whole, format!("{} bytes follow the end mark", rest.len()));
            self.keep(TAIL, Place::Whole, rest, at);
        }
    }

    fn cut(&mut self, error: &Error, place: Place) {
        let at = self.span(error.at.clone().unwrap_or(Span::file(0, 0)));
        self.note(&FORMAT_TRUNCATED, at, place, error.what.clone());
    }

    fn keep(&mut self, name: &str, place: Place, bytes: &[u8], at: Span) {
        let bytes = Arc::from(bytes);
        self.opaque.push(Opaque { name: name.into(), place, bytes, policy: Policy::DropIfChanged, at });
    }

    fn note(&mut self, code: &'static Code, at: Span, place: Place, what: impl Into<String>) {
        self.findings.push(Finding::new(code, at, place, what));
    }

    fn image(self, set: &FileSet) -> Image {
        let mut image = image(self.head.fields, self.tracks);
        image.claims.extend(self.comment);
        image.files = set.refs();
        image.opaque = self.opaque;
        image.findings = self.findings;
        image
    }
}
