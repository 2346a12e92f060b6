//! From the bytes of a file to an image.

use std::sync::Arc;

use floptical_io::FileSet;
use floptical_io::text::show;
use floptical_model::finding::{
    FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE, FORMAT_TAIL, FORMAT_TRUNCATED, FORMAT_UNREADABLE_REST,
};
use floptical_model::{
    Carrier, Claim, ClaimKind, Code, Context, DriveFacts, Error, ErrorKind, Finding, Findings, Floppy, Image, Known,
    Opaque, Place, Policy, Reading, Result, Sectors, Span, Track, TrackAt, TrackMap,
};

use super::Kind;
use super::offsets::{self, Turn};
use super::raw::{BLOCK, DiskHeader, TrackHeader};
use super::sector::Stored;

/// The part that keeps a disk information block that its fields do not make.
pub(super) const HEADER: &str = "header";
/// The part that keeps a track information block that its sectors do not make.
pub(super) const TRACK: &str = "track";
/// The part that keeps a track block without track information.
pub(super) const UNKNOWN: &str = "block";
/// The part that keeps bytes stored for a sector that are none of its data.
pub(super) const STORED: &str = "stored";
/// The part that keeps what follows the sectors of a track.
pub(super) const REST: &str = "rest";
/// The part that keeps what follows the last track.
pub(super) const TAIL: &str = "tail";

pub(super) fn read(kind: Kind, set: &FileSet, context: &Context) -> Result<Image> {
    let source = set.first().ok_or_else(|| Error::new(ErrorKind::Io, "there is no file to read"))?;
    let bytes = source.all(context)?;
    let header = DiskHeader::parse(&bytes)?;
    if header.kind != kind {
        let what = format!("this is the other form of DSK: `{}`", header.kind.id());
        return Err(Error::malformed(Span::file(0, 8), what));
    }
    let mut scan = Scan::of(kind);
    let mut at = BLOCK;
    for (nth, size) in header.sizes.iter().enumerate() {
        context.entry(1)?;
        let Some(track) = position(nth, header.sides) else { break };
        let rest = bytes.get(at..).unwrap_or_default();
        if *size > 0 && rest.is_empty() {
            let what = format!("the table has {} more tracks", header.sizes.len().saturating_sub(nth));
            scan.note(&FORMAT_TRUNCATED, Span::file(at as u64, 0), Place::Track(track), what);
            break;
        }
        let block = rest.get(..*size).unwrap_or(rest);
        scan.track(track, block, at as u64, *size, context)?;
        at = at.saturating_add(block.len());
    }
    let own = bytes.get(..BLOCK).unwrap_or_default();
    if header.sized(scan.needed).to_bytes(None) != own {
        scan.keep(HEADER, Place::Whole, own, 0);
    }
    scan.end(bytes.get(at..).unwrap_or_default(), at as u64);
    Ok(scan.image(set, &header))
}

/// The position of a track block by its place in the file.
fn position(nth: usize, sides: u8) -> Option<TrackAt> {
    let cylinder = nth.checked_div(sides.into()).and_then(|c| u8::try_from(c).ok())?;
    let head = nth.checked_rem(sides.into()).and_then(|h| u8::try_from(h).ok())?;
    Some(TrackAt::new(cylinder, head))
}

/// The image around tracks and parts.
pub(super) fn image(kind: Kind, sides: u8, tracks: Vec<(TrackAt, Sectors)>, creator: &[u8]) -> Image {
    let drive = DriveFacts { heads: Known::Value(sides), ..DriveFacts::default() };
    let held = tracks.into_iter().map(|(at, sectors)| (at, Track::of(Reading::Sectors(Arc::new(sectors)))));
    let at = Span::file(0x22, creator.len() as u64);
    let claim = Claim { kind: ClaimKind::Creator, raw: creator.to_vec(), text: show(creator), at };
    Image {
        format: kind.id(),
        member: None,
        files: Vec::new(),
        carrier: Carrier::Floppy(Floppy { drive, layout: Known::Unrecorded, tracks: TrackMap::held(held) }),
        claims: if creator.is_empty() { Vec::new() } else { vec![claim] },
        opaque: Vec::new(),
        findings: Findings::default(),
    }
}

/// True when all bytes are this one.
pub(super) fn is_filled(bytes: &[u8], filler: u8) -> bool {
    bytes.iter().all(|byte| *byte == filler)
}

struct Scan {
    kind: Kind,
    /// Bytes of the largest track block, as far as they are used.
    needed: usize,
    tracks: Vec<(TrackAt, Sectors)>,
    opaque: Vec<Opaque>,
    findings: Findings,
}

impl Scan {
    fn of(kind: Kind) -> Self {
        Self { kind, needed: 0, tracks: Vec::new(), opaque: Vec::new(), findings: Findings::default() }
    }

    /// A track block at `start`; it may be shorter than its `size`.
    fn track(&mut self, at: TrackAt, block: &[u8], start: u64, size: usize, context: &Context) -> Result<()> {
        let place = Place::Track(at);
        if block.len() < size {
            let what = format!("the file ends after {} of {size} bytes", block.len());
            self.note(&FORMAT_TRUNCATED, Span::file(start, block.len() as u64), place.clone(), what);
        }
        let header = TrackHeader::parse(block).filter(|h| h.len() <= block.len());
        let Some(header) = header else {
            if size > 0 {
                let what = "there is no track information";
                self.note(&FORMAT_UNREADABLE_REST, Span::file(start, block.len() as u64), place.clone(), what);
                self.keep_block(UNKNOWN, place, (block, start), 0);
            }
            self.tracks.push((at, Sectors { ordered: true, ..Sectors::default() }));
            return Ok(());
        };
        context.reserve(block.len() as u64)?;
        self.note_odd(at, &header, start);
        let (sectors, used) = self.sectors(at, &header, block, start);
        self.needed = self.needed.max(used.next_multiple_of(BLOCK));
        let rest = block.get(used..).unwrap_or_default();
        let usual = match self.kind {
            Kind::Standard => true,
            Kind::Extended => block.len() == used.next_multiple_of(BLOCK),
        };
        if !(usual && is_filled(rest, 0)) && block.len() == size {
            self.keep_block(REST, Place::Track(at), (block, start), used);
        }
        self.tracks.push((at, sectors));
        Ok(())
    }

    /// Keep a block from `from` on. What a standard file adds to make all blocks
    /// alike is left out.
    fn keep_block(&mut self, part: &str, place: Place, (block, start): (&[u8], u64), from: usize) {
        let used = match self.kind {
            Kind::Standard => block.iter().rposition(|b| *b != 0).map_or(0, |last| last.saturating_add(1)).max(from),
            Kind::Extended => block.len(),
        };
        self.needed = self.needed.max(used.next_multiple_of(BLOCK));
        self.keep(part, place, block.get(from..used).unwrap_or_default(), start.saturating_add(from as u64));
    }

    fn note_odd(&mut self, at: TrackAt, header: &TrackHeader, start: u64) {
        let place = || Place::Track(at);
        if (Some(header.track), header.side) != (at.cylinder(), at.head) {
            let what = format!("it says that it is track {}, side {}", header.track, header.side);
            self.note(&FORMAT_FIELDS_DIFFER, Span::file(start.saturating_add(0x10), 2), place(), what);
        }
        if header.rate > 3 || header.mode > 2 {
            let what = format!("rate {} and mode {} are not defined", header.rate, header.mode);
            self.note(&FORMAT_ODD_VALUE, Span::file(start.saturating_add(0x12), 2), place(), what);
        }
    }

    /// The sectors of a track, and how many bytes of the block they take.
    fn sectors(&mut self, at: TrackAt, header: &TrackHeader, block: &[u8], start: u64) -> (Sectors, usize) {
        let mut used = header.len();
        let mut lacking = 0usize;
        let listed = Span::file(start, header.len() as u64);
        let mut slots = Vec::with_capacity(header.entries.len());
        let mut left = Vec::new();
        for entry in &header.entries {
            let len = header.stored(entry, self.kind);
            let end = used.saturating_add(len);
            let held = block.get(used..end);
            let stored = Stored { entry: *entry, bytes: held.unwrap_or_default().to_vec() };
            let offset = start.saturating_add(used as u64);
            let (slot, rest) = stored.slot(self.kind, header.scheme(), listed.clone(), offset);
            slots.push(slot);
            left.push((rest, offset.saturating_add(len as u64)));
            if held.is_some() {
                used = end;
            } else {
                lacking = lacking.saturating_add(1);
            }
        }
        if lacking > 0 {
            let what = format!("{lacking} sectors lie beyond the end of the track block");
            self.note(&FORMAT_TRUNCATED, Span::file(start, block.len() as u64), Place::Track(at), what);
        }
        let sectors = Sectors { rate: header.rate_of(&slots), slots, ordered: true, ..Sectors::default() };
        for ((rest, end), place) in left.into_iter().zip(sectors.places(at)) {
            let padding = self.kind == Kind::Standard && is_filled(&rest, header.filler);
            if !rest.is_empty() && !padding {
                self.keep(STORED, place, &rest, end.saturating_sub(rest.len() as u64));
            }
        }
        let own = block.get(..header.len()).unwrap_or_default();
        if header
            .plain_for(self.kind, (at.cylinder().unwrap_or(0), at.head))
            .is_none_or(|plain| plain.to_bytes() != own)
        {
            self.keep(TRACK, Place::Track(at), own, start);
        }
        (sectors, used)
    }

    /// What follows the last track: where the sectors lie, or something else.
    fn end(&mut self, rest: &[u8], start: u64) {
        if rest.is_empty() {
            return;
        }
        let turns = offsets::parse(rest, self.tracks.iter().map(|(_, sectors)| sectors));
        if let Some(turns) = turns.filter(|_| self.kind == Kind::Extended) {
            for ((_, sectors), Turn { cells, angles }) in self.tracks.iter_mut().zip(turns) {
                offsets::place(sectors, cells, &angles);
            }
            return;
        }
        let what = format!("{} bytes follow the last track", rest.len());
        self.note(&FORMAT_TAIL, Span::file(start, rest.len() as u64), Place::Whole, what);
        self.keep(TAIL, Place::Whole, rest, start);
    }

    fn keep(&mut self, part: &str, place: Place, bytes: &[u8], start: u64) {
        let at = Span::file(start, bytes.len() as u64);
        let policy = if part == HEADER { Policy::Verbatim } else { Policy::DropIfChanged };
        self.opaque.push(Opaque { name: self.kind.part(part), place, bytes: Arc::from(bytes), policy, at });
    }

    fn note(&mut self, code: &'static Code, at: Span, place: Place, what: impl Into<String>) {
        self.findings.push(Finding::new(code, at, place, what));
    }

    fn image(self, set: &FileSet, header: &DiskHeader) -> Image {
        Image {
            files: set.refs(),
            opaque: self.opaque,
            findings: self.findings,
            ..image(self.kind, header.sides, self.tracks, &header.creator)
        }
    }
}
