//! From an image to the bytes of a file: `fit` decides, `emit` writes.

use floptical_io::Output;
use floptical_model::{
    Carrier, ClaimKind, Context, DataField, Error, ErrorKind, Fact, Floppy, Image, Opaque, Place, Result, Scheme,
    Sectors, Slot, Span, TrackAt,
};

use super::Kind;
use super::offsets::{self, Turn};
use super::raw::{DiskHeader, LARGEST, TRACKS, TrackHeader, natural, words};
use super::read::{HEADER, REST, STORED, TAIL, TRACK, UNKNOWN, image};
use super::sector::Stored;
use crate::{Fitted, NotFitted};

/// The creator of what is written here.
const CREATOR: &[u8] = b"floptical";

/// What a file of this kind will say of the image.
pub(super) fn fit(kind: Kind, source: &Image, context: &Context) -> Fitted {
    let Carrier::Floppy(floppy) = &source.carrier else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "DSK holds tracks, not a linear carrier"));
    };
    let own = source.format == kind.id();
    let parts = Parts { kind, all: if own { &source.opaque } else { &[] } };
    let (tracks, sides) = extent(floppy, own)?;
    let laid = lay(&parts, floppy, (tracks, sides), context)?;
    let creator = source.claim(ClaimKind::Creator).filter(|_| own).map_or(&[][..], |claim| &claim.raw);
    let creator = if own { creator } else { CREATOR };
    let header = DiskHeader { kind, creator: creator.to_vec(), tracks, sides, sizes: sizes(kind, &laid) };
    let header = kept_header(&parts, &header);
    let fitted = laid.iter().map(|track| (track.at, track.sectors.clone())).collect();
    let mut image = image(kind, sides, fitted, creator);
    let tail = parts.find(TAIL, &Place::Whole).filter(|_| offsets_of(kind, &laid).is_none()).cloned();
    image.opaque = header.into_iter().chain(laid.into_iter().flat_map(|track| track.kept)).chain(tail).collect();
    Ok(image)
}

/// Tracks and sides of the file; its table has a limit.
fn extent(floppy: &Floppy, own: bool) -> Result<(u8, u8), NotFitted> {
    let refuse = |at, reason: &str| Err(NotFitted::refuse(Fact::Exists, Place::Track(at), reason));
    let (mut tracks, mut sides) = (0u8, floppy.drive.heads.copied().filter(|_| own).unwrap_or(1));
    for at in floppy.tracks.positions() {
        let Some(cylinder) = at.cylinder() else { return refuse(at, "DSK counts whole steps from 0") };
        tracks = tracks.max(cylinder.saturating_add(1));
        sides = sides.max(at.head.saturating_add(1));
        if usize::from(tracks).saturating_mul(sides.into()) > TRACKS {
            return refuse(at, "DSK has room for 204 tracks");
        }
    }
    Ok((tracks, sides))
}

/// All tracks as their blocks will hold them.
fn lay(
    parts: &Parts<'_>,
    floppy: &Floppy,
    (tracks, sides): (u8, u8),
    context: &Context,
) -> Result<Vec<Laid>, NotFitted> {
    let mut all = Vec::new();
    for at in (0..tracks).flat_map(|c| (0..sides).map(move |h| TrackAt::new(c, h))) {
        let track = floppy.tracks.get(at, context)?.unwrap_or_default();
        let none = Sectors::default();
        let laid = Laid::of(at, track.sectors().map_or(&none, |sectors| sectors), parts)?;
        context.reserve(laid.bytes.len() as u64)?;
        all.push(laid);
    }
    Ok(all)
}

/// The sizes of the track blocks.
fn sizes(kind: Kind, laid: &[Laid]) -> Vec<usize> {
    let own = laid.iter().map(|track| track.bytes.len());
    let most = own.clone().max().unwrap_or(0);
    match kind {
        Kind::Standard => own.map(|_| most).collect(),
        Kind::Extended => own.collect(),
    }
}

/// The own disk information where it says more than its fields, with the fields
/// as they will be. Blocks may be larger than they need.
fn kept_header(parts: &Parts<'_>, header: &DiskHeader) -> Option<Opaque> {
    let part = parts.find(HEADER, &Place::Whole)?;
    let own = DiskHeader::parse(&part.bytes).ok().filter(|own| own.creator == header.creator)?;
    let size = |sizes: &[usize]| sizes.first().copied().unwrap_or(0);
    let bytes = header.sized(size(&own.sizes).max(size(&header.sizes))).to_bytes(Some(&part.bytes));
    (bytes != header.to_bytes(None)).then(|| Opaque { bytes: bytes.into(), ..part.clone() })
}

/// Where the sectors lie, in an extended file.
fn offsets_of(kind: Kind, laid: &[Laid]) -> Option<Vec<u8>> {
    offsets::compose(laid.iter().map(|track| &track.sectors)).filter(|_| kind == Kind::Extended)
}

/// The parts that an own image keeps.
struct Parts<'a> {
    kind: Kind,
    all: &'a [Opaque],
}

impl<'a> Parts<'a> {
    fn find(&self, part: &str, place: &Place) -> Option<&'a Opaque> {
        let name = self.kind.part(part);
        self.all.iter().find(|own| own.name == name && own.place == *place)
    }
}

/// A track as its block will hold it.
struct Laid {
    at: TrackAt,
    /// What a reader will see.
    sectors: Sectors,
    /// The block, in whole pieces of 256 bytes; empty for a track that is not
    /// formatted.
    bytes: Vec<u8>,
    /// The parts that still hold.
    kept: Vec<Opaque>,
}

impl Laid {
    fn of(at: TrackAt, sectors: &Sectors, parts: &Parts<'_>) -> Result<Self, NotFitted> {
        let stored = stored(at, sectors, parts)?;
        let mut laid = Self { at, sectors: Sectors::default(), bytes: Vec::new(), kept: Vec::new() };
        laid.sectors.ordered = true;
        let track = Place::Track(at);
        if let Some(header) = laid.header(sectors, &stored, parts)? {
            laid.data(&header, &stored, sectors, parts)?;
            laid.sectors.rate = header.rate_of(&laid.sectors.slots);
            laid.take(parts.find(REST, &track));
        } else {
            laid.take(parts.find(UNKNOWN, &track));
        }
        laid.bytes.resize(laid.bytes.len().next_multiple_of(super::raw::BLOCK), 0);
        if laid.bytes.len() > LARGEST {
            let reason = format!("its block has {} bytes, and DSK counts to {LARGEST}", laid.bytes.len());
            return Err(NotFitted::refuse(Fact::Exists, track, reason));
        }
        if let (Kind::Extended, Some(Turn { cells, angles })) = (parts.kind, offsets::of(sectors)) {
            offsets::place(&mut laid.sectors, cells, &angles);
        }
        Ok(laid)
    }

    /// Append a part that is kept as it is.
    fn take(&mut self, part: Option<&Opaque>) {
        self.bytes.extend(part.iter().flat_map(|part| part.bytes.iter()));
        self.kept.extend(part.cloned());
    }

    /// Put the track information: an own one that tells the same, else a plain
    /// one, or none for a track of an extended file without sectors.
    fn header(
        &mut self,
        sectors: &Sectors,
        stored: &[Stored],
        parts: &Parts<'_>,
    ) -> Result<Option<TrackHeader>, NotFitted> {
        let (kind, track) = (parts.kind, Place::Track(self.at));
        let scheme = sectors.slots.first().map_or(Scheme::IbmMfm, |slot| slot.chosen().scheme);
        if let Some(part) = parts.find(TRACK, &track)
            && let Some(own) = TrackHeader::parse(&part.bytes).filter(|own| own.tells(kind, stored, scheme, sectors))
        {
            self.take(Some(part));
            return Ok(Some(own));
        }
        if kind == Kind::Extended && stored.is_empty() {
            return Ok(None);
        }
        let rate = if stored.is_empty() { floptical_model::Known::Unrecorded } else { sectors.rate };
        let Some(words) = words(rate, scheme) else {
            let reason = "DSK knows rates of 250, 300, 500 and 1000 kbit/s";
            return Err(NotFitted::refuse(Fact::Rate, track, reason));
        };
        let place = (self.at.cylinder().unwrap_or(0), self.at.head);
        let header = TrackHeader::plain(place, words, stored.iter().map(|s| s.entry).collect());
        self.bytes = header.to_bytes();
        Ok(Some(header))
    }

    /// Put the data of the sectors, and see what a reader will see of them.
    fn data(
        &mut self,
        header: &TrackHeader,
        stored: &[Stored],
        sectors: &Sectors,
        parts: &Parts<'_>,
    ) -> Result<(), NotFitted> {
        for ((stored, slot), place) in stored.iter().zip(&sectors.slots).zip(sectors.places(self.at)) {
            let mut stored = stored.clone();
            let own = parts.find(STORED, &place);
            if parts.kind == Kind::Standard {
                let there = slot.chosen().data.bytes().is_some();
                if there && stored.bytes.len() != natural(stored.entry.id.n).min(header.room()) {
                    let reason = format!("its data are {} bytes, and its id declares others", stored.bytes.len());
                    return Err(NotFitted::refuse(Fact::Data, place, reason));
                }
                let pad = header.room().saturating_sub(stored.bytes.len());
                let own = own.filter(|own| own.bytes.len() == pad);
                stored.bytes.extend(own.iter().flat_map(|own| own.bytes.iter()));
                stored.bytes.resize(header.room(), header.filler);
                self.kept.extend(own.cloned());
            } else {
                self.kept.extend(own.filter(|_| is_empty(slot)).cloned());
            }
            let start = self.bytes.len() as u64;
            let (slot, _) = stored.slot(parts.kind, header.scheme(), Span::Made("fitted to DSK"), start);
            self.sectors.slots.push(slot);
            self.bytes.extend_from_slice(&stored.bytes);
        }
        Ok(())
    }
}

/// True for a slot without data.
fn is_empty(slot: &Slot) -> bool {
    !matches!(slot.chosen().data, DataField::Bytes(_))
}

/// The sectors of a track as they are stored.
fn stored(at: TrackAt, sectors: &Sectors, parts: &Parts<'_>) -> Result<Vec<Stored>, NotFitted> {
    let scheme = sectors.slots.first().map(|slot| slot.chosen().scheme);
    let mut all = Vec::with_capacity(sectors.slots.len());
    for (slot, place) in sectors.slots.iter().zip(sectors.places(at)) {
        let own = slot.chosen().scheme;
        if Some(own) != scheme || !matches!(own, Scheme::IbmFm | Scheme::IbmMfm) {
            let reason = "DSK knows one of IBM FM and MFM for the whole of a track";
            return Err(NotFitted::refuse(Fact::Scheme, place, reason));
        }
        let kept = parts.find(STORED, &place).filter(|_| parts.kind == Kind::Extended && is_empty(slot));
        all.push(Stored::of(parts.kind, slot, kept.map(|part| &*part.bytes), &place)?);
    }
    if all.len() > usize::from(u8::MAX) {
        let reason = format!("DSK holds 255 sectors on a track, not {}", all.len());
        return Err(NotFitted::refuse(Fact::Exists, Place::Track(at), reason));
    }
    Ok(all)
}

impl TrackHeader {
    /// True when it says of these sectors what a plain header would say.
    fn tells(&self, kind: Kind, stored: &[Stored], scheme: Scheme, sectors: &Sectors) -> bool {
        let same = |(own, stored): (&super::raw::Entry, &Stored)| {
            let empty = stored.entry.told(kind).missing;
            let fits = kind == Kind::Extended || empty || stored.bytes.len() == natural(own.id.n).min(self.room());
            own.same(stored.entry, kind) && fits
        };
        self.entries.len() == stored.len()
            && self.entries.iter().zip(stored).all(same)
            && (stored.is_empty() || (self.scheme() == scheme && self.rate() == sectors.rate))
    }
}

/// Write a fitted image.
pub(super) fn emit(kind: Kind, image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| not_fitted("it is no floppy"))?;
    let parts = Parts { kind, all: &image.opaque };
    let failed = |_| not_fitted("a track has no place in it");
    let (tracks, sides) = extent(floppy, true).map_err(failed)?;
    let laid = lay(&parts, floppy, (tracks, sides), context).map_err(failed)?;
    let creator = image.claim(ClaimKind::Creator).map(|claim| claim.raw.clone()).unwrap_or_default();
    let header = DiskHeader { kind, creator, tracks, sides, sizes: sizes(kind, &laid) };
    let block = kept_header(&parts, &header).map_or_else(|| header.to_bytes(None), |part| part.bytes.to_vec());
    let told = DiskHeader::parse(&block)?;
    out.begin("")?;
    out.write(&block)?;
    let total = laid.len() as u64;
    for ((track, size), done) in laid.iter().zip(told.sizes).zip(0..) {
        let mut bytes = track.bytes.clone();
        bytes.resize(size, 0);
        out.write(&bytes)?;
        context.progress("tracks", done, total);
    }
    let tail = parts.find(TAIL, &Place::Whole).map(|part| part.bytes.to_vec());
    offsets_of(kind, &laid).or(tail).map_or(Ok(()), |rest| out.write(&rest))
}

fn not_fitted(what: &str) -> Error {
    Error::new(ErrorKind::Malformed, format!("the image was not fitted to DSK: {what}"))
}
