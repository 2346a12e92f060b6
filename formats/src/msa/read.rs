//! From the bytes of a file to an image.

use std::sync::Arc;

use floptical_io::{Cursor, FileSet};
use floptical_model::finding::{FORMAT_FIELDS_DIFFER, FORMAT_TAIL, FORMAT_TRUNCATED};
use floptical_model::{
    Carrier, Code, Context, DataField, DriveFacts, Error, ErrorKind, Finding, Findings, Floppy, Image, Known, Layout,
    Opaque, Place, Policy, Reading, Result, SectorId, Sectors, Sighting, Slot, Span, Track, TrackAt, TrackMap, Why,
};

use super::raw::{Geometry, HEADER, unpack};
use crate::ReadOptions;
use crate::st::shape::SECTOR;

/// The part that keeps the stored bytes of a track that do not unpack to its
/// length.
pub(super) const TRACK: &str = "msa.track";
/// The part that keeps what follows the last track.
pub(super) const TAIL: &str = "msa.tail";

pub(super) fn read(set: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    let source = set.first().ok_or_else(|| Error::new(ErrorKind::Io, "there is no file to read"))?;
    let bytes = source.all(context)?;
    let geometry = Geometry::parse(&bytes)?;
    let layout = geometry.layout().ok_or_else(|| Error::malformed(Span::file(2, 8), "no floppy has this shape"))?;
    let mut walk = Walk { geometry, opaque: Vec::new(), findings: Findings::default() };
    let mut cursor = Cursor::within(bytes.get(HEADER..).unwrap_or_default(), 0, HEADER as u64);
    let mut tracks = Vec::new();
    for (cylinder, head) in geometry.tracks() {
        context.entry(1)?;
        let at = TrackAt::new(cylinder, head);
        let Some(stored) = walk.record(&mut cursor, at) else { break };
        context.reserve(geometry.track_bytes() as u64)?;
        tracks.push((at, walk.track(at, &layout, &stored)));
    }
    if cursor.left() > 0 {
        let what = format!("{} bytes follow the last track", cursor.left());
        walk.keep(TAIL, Place::Whole, cursor.rest(), cursor.span(cursor.left() as u64), (&FORMAT_TAIL, what));
    }
    let mut image = image(geometry, &layout, tracks);
    image.files = set.refs();
    image.opaque = walk.opaque;
    image.findings = walk.findings;
    Ok(image)
}

/// The image of a header and its tracks. What the header tells shows in them.
pub(super) fn image(geometry: Geometry, layout: &Layout, tracks: Vec<(TrackAt, Track)>) -> Image {
    let drive = DriveFacts {
        form: Known::Assumed(layout.form, Why::Layout),
        rotation: Known::Assumed(layout.rotation, Why::Layout),
        heads: Known::Value(geometry.heads),
        ..DriveFacts::default()
    };
    Image {
        format: "msa",
        member: None,
        files: Vec::new(),
        carrier: Carrier::Floppy(Floppy { drive, layout: Known::Unrecorded, tracks: TrackMap::held(tracks) }),
        claims: Vec::new(),
        opaque: Vec::new(),
        findings: Findings::default(),
    }
}

/// What a file holds of a track.
struct Stored<'a> {
    bytes: &'a [u8],
    at: Span,
    /// True when the file ends before the track does.
    cut: bool,
}

struct Walk {
    geometry: Geometry,
    opaque: Vec<Opaque>,
    findings: Findings,
}

impl Walk {
    /// The next track of the file, as far as it is there.
    fn record<'a>(&mut self, cursor: &mut Cursor<'a>, track: TrackAt) -> Option<Stored<'a>> {
        let len = match cursor.u16_be("the length of a track") {
            Ok(len) => usize::from(len.value),
            Err(error) => {
                let at = cursor.span(cursor.left() as u64);
                self.note(&FORMAT_TRUNCATED, at, Place::Track(track), error.what);
                return None;
            }
        };
        let held = len.min(cursor.left());
        let taken = cursor.take(held, "a track").ok()?;
        if held < len {
            let what = format!("the file ends after {held} of {len} bytes");
            self.note(&FORMAT_TRUNCATED, taken.at.clone(), Place::Track(track), what);
        }
        Some(Stored { bytes: taken.value, at: taken.at, cut: held < len })
    }

    fn track(&mut self, at: TrackAt, layout: &Layout, stored: &Stored<'_>) -> Track {
        let size = self.geometry.track_bytes();
        let plain = stored.bytes.len() == size;
        let (bytes, whole) = if plain { (stored.bytes.to_vec(), true) } else { unpack(stored.bytes, size) };
        if !whole {
            let what = format!("{} stored bytes do not unpack to {size}", stored.bytes.len());
            let code = if stored.cut { &FORMAT_TRUNCATED } else { &FORMAT_FIELDS_DIFFER };
            self.keep(TRACK, Place::Track(at), stored.bytes, stored.at.clone(), (code, what));
        }
        let start = if let Span::File { start, .. } = stored.at { start } else { 0 };
        let span = |i: u8| {
            let offset = u64::from(i).saturating_mul(SECTOR.into());
            if plain { Span::file(start.saturating_add(offset), SECTOR.into()) } else { stored.at.clone() }
        };
        Track::of(Reading::Sectors(Arc::new(sectors(at, layout, &bytes, span))))
    }

    fn keep(&mut self, name: &str, place: Place, bytes: &[u8], at: Span, (code, what): (&'static Code, String)) {
        self.note(code, at.clone(), place.clone(), what);
        let bytes = Arc::from(bytes);
        self.opaque.push(Opaque { name: name.into(), place, bytes, policy: Policy::DropIfChanged, at });
    }

    fn note(&mut self, code: &'static Code, at: Span, place: Place, what: String) {
        self.findings.push(Finding::new(code, at, place, what));
    }
}

/// The sectors of a track; those that its bytes do not fill are unread.
pub(super) fn sectors(at: TrackAt, layout: &Layout, bytes: &[u8], span: impl Fn(u8) -> Span) -> Sectors {
    let cylinder = at.cylinder().unwrap_or(0);
    let Some(zone) = layout.zone(cylinder, at.head) else { return Sectors::default() };
    let mut blocks = bytes.chunks_exact(SECTOR.into());
    let slot = |i: u8| {
        let id = SectorId { c: cylinder, h: at.head, r: zone.base.wrapping_add(i), n: zone.code() };
        let block = blocks.next();
        let data = block.map_or(DataField::Unread, |b| DataField::Bytes(Arc::from(b)));
        let mut seen = Sighting::assumed(zone.scheme, id, data);
        seen.data_span = block.map(|_| span(i));
        Slot::one(seen)
    };
    Sectors {
        slots: (0..zone.sectors).map(slot).collect(),
        ordered: false,
        rate: Known::Assumed(zone.rate, Why::Layout),
        rotation: Known::Assumed(layout.rotation, Why::Layout),
        ..Sectors::default()
    }
}
