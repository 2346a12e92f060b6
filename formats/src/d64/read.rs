//! From the bytes of a file to an image.

use std::collections::BTreeSet;
use std::sync::Arc;

use floptical_io::FileSet;
use floptical_model::finding::{FORMAT_ODD_VALUE, FORMAT_TAIL, FORMAT_TRUNCATED};
use floptical_model::{
    Carrier, Check, Code, Context, DataField, DriveFacts, Error, ErrorKind, Finding, Findings, Floppy, Image, Known,
    Layout, Opaque, Place, Policy, Reading, Result, SectorId, Sectors, Sighting, Slot, Span, Track, TrackAt,
    TrackLoader, TrackMap, Why, Zone,
};

use super::kind::{Division, Kind};
use super::raw::{self, BLOCK, Held, State};

/// The parts that keep what the sectors do not tell: the codes of a sector
/// where its state gives another one, what stands in the place of data, the
/// error bytes where no sector shows that there are any, and the rest.
pub(super) const CODE: &str = "code";
pub(super) const FILLER: &str = "filler";
pub(super) const ERRORS: &str = "errors";
pub(super) const TAIL: &str = "tail";

/// The name of a part.
pub(super) fn part_name(kind: &Kind, part: &str) -> String {
    format!("{}.{part}", kind.id)
}

pub(crate) fn read(kind: &'static Kind, set: &FileSet, context: &Context) -> Result<Image> {
    let source = set.first().ok_or_else(|| Error::new(ErrorKind::Io, "there is no file to read"))?;
    if source.is_empty() {
        return Err(Error::truncated(Span::file(0, 0), "an empty file holds no disk"));
    }
    let image = shown(kind, source.all(context)?.into())?;
    Ok(Image { files: set.refs(), ..image })
}

/// The image that the bytes of a file show.
pub(super) fn shown(kind: &'static Kind, bytes: Arc<[u8]>) -> Result<Image> {
    let division = kind.divide(bytes.len() as u64);
    let division = division.ok_or_else(|| Error::unsupported("the layouts of this format are not there"))?;
    let dump = Dump::new(kind, bytes, division);
    let (opaque, findings) = Notes::of(&dump);
    let layout = division.layout;
    let places = dump.tracks.iter().enumerate().map(|(i, track)| (track.at, i)).collect();
    let drive = DriveFacts {
        form: Known::Assumed(layout.form, Why::Layout),
        rotation: Known::Assumed(layout.rotation, Why::Layout),
        heads: Known::Assumed(layout.heads, Why::Layout),
        ..DriveFacts::default()
    };
    let tracks = TrackMap::new(places, Arc::new(dump));
    Ok(Image {
        format: kind.id,
        member: None,
        files: Vec::new(),
        carrier: Carrier::Floppy(Floppy { drive, layout: Known::Assumed(layout.clone(), Why::Layout), tracks }),
        claims: Vec::new(),
        opaque,
        findings,
    })
}

/// A track of a dump.
struct DumpTrack {
    at: TrackAt,
    zone: &'static Zone,
    /// C and H of its ids.
    id: (u8, u8),
    /// Where its first block lies.
    start: usize,
}

impl DumpTrack {
    fn sectors(&self) -> impl Iterator<Item = DumpSector> {
        let size = usize::from(self.zone.size);
        let starts = std::iter::successors(Some(self.start), move |start| start.checked_add(size));
        let at = self.at;
        let numbers = (0..self.zone.sectors).map(|i| self.zone.base.wrapping_add(i));
        numbers.zip(starts).map(move |(r, start)| DumpSector { at, r, start, size })
    }
}

/// A sector of a dump.
struct DumpSector {
    at: TrackAt,
    r: u8,
    start: usize,
    size: usize,
}

impl DumpSector {
    fn place(&self) -> Place {
        Place::Slot { track: self.at, r: Some(self.r), nth: 0 }
    }

    fn span(&self) -> Span {
        Span::file(self.start as u64, self.size as u64)
    }
}

/// The bytes of a file, divided.
struct Dump {
    kind: &'static Kind,
    bytes: Arc<[u8]>,
    layout: &'static Layout,
    /// Bytes of blocks.
    blocks: usize,
    /// How many error bytes follow them.
    errors: usize,
    tracks: Vec<DumpTrack>,
    /// What the id field of a plain sector holds beside the id.
    header: Option<[u8; 4]>,
}

impl Dump {
    fn new(kind: &'static Kind, bytes: Arc<[u8]>, division: Division) -> Self {
        let Division { layout, blocks, errors } = division;
        let mut start = 0usize;
        let mut tracks = Vec::new();
        for (cylinder, head) in layout.tracks() {
            let Some(zone) = layout.zone(cylinder, head) else { continue };
            tracks.push(DumpTrack { at: TrackAt::new(cylinder, head), zone, id: layout.ids.at(cylinder, head), start });
            start = start.saturating_add(usize::from(zone.sectors).saturating_mul(zone.size.into()));
        }
        // A file of this length is in memory.
        let [blocks, errors] = [blocks, errors].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let header = disk_id(kind, &bytes).map(|[second, first]| [second, first, 0x0F, 0x0F]);
        Self { kind, bytes, layout, blocks, errors, tracks, header }
    }

    /// The bytes of a sector, if they are there.
    fn data(&self, sector: &DumpSector) -> Option<&[u8]> {
        let end = sector.start.checked_add(sector.size).filter(|end| *end <= self.blocks)?;
        self.bytes.get(sector.start..end)
    }

    /// The error bytes of a sector; none where the file has none.
    fn codes(&self, sector: &DumpSector) -> &[u8] {
        let errors = self.bytes.get(self.blocks..).and_then(|rest| rest.get(..self.errors)).unwrap_or(&[]);
        errors.get(sector.start / BLOCK..).and_then(|rest| rest.get(..sector.size / BLOCK)).unwrap_or(&[])
    }

    /// What is said of a sector whose bytes are there.
    fn state(&self, sector: &DumpSector, data: &[u8]) -> State {
        match self.codes(sector) {
            [] => State::read(raw::UNSAID, false),
            codes => State::read(raw::spokesman(codes), raw::is_filler(data)),
        }
    }

    /// The sector as its error byte shows it; `None` where it says that there
    /// is no such sector.
    fn sighting(&self, track: &DumpTrack, sector: &DumpSector) -> Option<Sighting> {
        let (c, h) = track.id;
        let id = SectorId { c, h, r: sector.r, n: track.zone.code() };
        let Some(data) = self.data(sector) else {
            return Some(Sighting::assumed(track.zone.scheme, id, DataField::Unread));
        };
        let state = self.state(sector, data);
        let field = match state.held {
            Held::Nothing => return None,
            Held::Header => DataField::Missing,
            Held::Data => DataField::Bytes(data.into()),
        };
        let mut seen = Sighting::assumed(track.zone.scheme, id, field);
        seen.id_check = state.id_check;
        seen.data_check = state.data_check;
        if state.held == Held::Header {
            seen.mark = Known::Unrecorded;
        }
        if let Some(mut header) = self.header {
            if state.other_id {
                header.iter_mut().take(2).for_each(|b| *b = !*b);
            }
            seen.header = Known::Assumed(Arc::from(header), Why::Format);
        }
        seen.data_span = Some(sector.span());
        Some(seen)
    }
}

/// The two bytes of the disk id as id fields have them, the second one first.
pub(super) fn disk_id(kind: &Kind, bytes: &[u8]) -> Option<[u8; 2]> {
    let at = usize::try_from(kind.header_at()?).ok()?.checked_add(kind.disk_id?)?;
    let [first, second] = *bytes.get(at..)?.first_chunk()?;
    Some([second, first])
}

impl TrackLoader for Dump {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let track = self.tracks.get(index).ok_or_else(|| Error::new(ErrorKind::Malformed, "no such track"))?;
        context.reserve(u64::from(track.zone.sectors).saturating_mul(track.zone.size.into()))?;
        let slots = track.sectors().filter_map(|sector| self.sighting(track, &sector)).map(Slot::one).collect();
        Ok(Track::of(Reading::Sectors(Arc::new(Sectors {
            slots,
            ordered: false,
            rate: Known::Assumed(track.zone.rate, Why::Layout),
            rotation: Known::Assumed(self.layout.rotation, Why::Layout),
            ..Sectors::default()
        }))))
    }
}

/// What is kept and noticed beside the sectors.
struct Notes<'a> {
    dump: &'a Dump,
    opaque: Vec<Opaque>,
    findings: Findings,
}

impl<'a> Notes<'a> {
    fn of(dump: &'a Dump) -> (Vec<Opaque>, Findings) {
        let mut notes = Self { dump, opaque: Vec::new(), findings: Findings::default() };
        let mut shown = false;
        for track in &dump.tracks {
            shown |= notes.track(track);
        }
        if dump.errors > 0 && !shown {
            let errors = dump.bytes.get(dump.blocks..).and_then(|rest| rest.get(..dump.errors)).unwrap_or(&[]);
            notes.keep(ERRORS, Place::Whole, errors, dump.blocks);
        }
        notes.rest();
        (notes.opaque, notes.findings)
    }

    fn keep(&mut self, part: &str, place: Place, bytes: &[u8], start: usize) {
        let at = Span::file(start as u64, bytes.len() as u64);
        let name = part_name(self.dump.kind, part);
        self.opaque.push(Opaque { name, place, bytes: bytes.into(), policy: Policy::DropIfChanged, at });
    }

    fn note(&mut self, code: &'static Code, at: Span, place: Place, what: String) {
        self.findings.push(Finding::new(code, at, place, what));
    }

    /// Keep what the sectors of a track do not tell. True where one of them
    /// shows that there are error bytes.
    fn track(&mut self, track: &DumpTrack) -> bool {
        let dump = self.dump;
        let mut shown = false;
        let held = |sector: &DumpSector| {
            let data = dump.data(sector)?;
            Some((dump.state(sector, data), data))
        };
        let empty = track.sectors().all(|s| held(&s).is_some_and(|(state, _)| state == State::ABSENT));
        for sector in track.sectors() {
            let Some((state, data)) = held(&sector) else { continue };
            if state.held != Held::Data && data.iter().any(|b| *b != 0) {
                self.keep(FILLER, sector.place(), data, sector.start);
            }
            let codes = dump.codes(&sector);
            let usual = state.code(empty);
            let odd = codes.iter().any(|code| *code != usual);
            if odd {
                self.keep(CODE, sector.place(), codes, dump.blocks.saturating_add(sector.start / BLOCK));
            }
            self.codes(&sector, codes);
            shown |= odd || !codes.is_empty() && usual != raw::UNSAID;
        }
        shown
    }

    /// Say which codes are odd, and which tell that something is wrong.
    fn codes(&mut self, sector: &DumpSector, codes: &[u8]) {
        let unknown: BTreeSet<u8> = codes.iter().copied().filter(|code| !raw::is_known(*code)).collect();
        for code in unknown {
            let at = self.dump.blocks.saturating_add(sector.start / BLOCK) as u64;
            let span = Span::file(at, codes.len() as u64);
            let what = format!("error byte {code:02X}h: no drive reads a block with that");
            self.note(&FORMAT_ODD_VALUE, span, sector.place(), what);
        }
    }

    /// Keep what follows, and say what is not there.
    fn rest(&mut self) {
        let Dump { layout, blocks, errors, ref bytes, .. } = *self.dump;
        let start = blocks.saturating_add(errors);
        let rest = bytes.get(start..).unwrap_or(&[]);
        let at = Span::file(start as u64, rest.len() as u64);
        if (blocks as u64) < layout.bytes() {
            let what = format!("{layout} has {} bytes, and the file ends at {}", layout.bytes(), bytes.len());
            self.note(&FORMAT_TRUNCATED, at.clone(), Place::Whole, what);
        } else if !rest.is_empty() {
            let what = format!("{} bytes follow the last block of {layout}", rest.len());
            self.note(&FORMAT_TAIL, at.clone(), Place::Whole, what);
        }
        if !rest.is_empty() {
            self.keep(TAIL, Place::Whole, rest, start);
        }
    }
}

/// True for a check that somebody made.
pub(super) fn is_said(check: Known<Check>) -> bool {
    check != Known::Unrecorded
}
