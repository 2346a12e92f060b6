//! Fitting and writing.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::Output;
use floptical_model::{
    Bits, Carrier, Cells, ClaimKind, Context, Error, Fact, Findings, Floppy, Image, Known, Opaque, Place, Reading,
    Result, Track, TrackAt, TrackLoader, TrackMap,
};

use super::raw::{self, MAGIC, Speeds, TABLE};
use super::read::{Item, cells, drive};
use crate::{Fitted, NotFitted};

/// Cells of the pattern that goes on where a track is filled up to whole bytes.
const FILLER: usize = 8;

pub(super) fn fit(image: &Image, context: &Context) -> Fitted {
    let Some(floppy) = image.as_floppy() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "G64 holds floppy disks only"));
    };
    let own = image.format == super::FORMAT.id;
    let measure = Measure::of(floppy, context)?;
    let sides = if own { floppy.drive.heads.copied().unwrap_or(1) } else { 1 }.max(measure.sides);
    let opaque = opaque(image, &measure, sides, own)?;
    let version = image.claim(ClaimKind::Version).filter(|_| own).and_then(|claim| claim.raw.first()).copied();
    let magic = MAGIC.get(usize::from(sides).saturating_sub(1)).copied().unwrap_or(MAGIC[0]);
    Ok(Image {
        format: super::FORMAT.id,
        member: None,
        files: Vec::new(),
        claims: raw::claims(magic, version.unwrap_or(0)),
        carrier: Carrier::Floppy(Floppy {
            drive: drive(sides),
            layout: Known::Unrecorded,
            tracks: measure.map(floppy.tracks.clone()),
        }),
        opaque,
        findings: Findings::default(),
    })
}

/// A track that is written.
#[derive(Debug, Clone)]
struct Shape {
    /// Where the source has it.
    from: TrackAt,
    bytes: usize,
    speeds: Speeds,
}

/// What all tracks together need.
#[derive(Default)]
struct Measure {
    /// Each position that is written, and its index among the shapes.
    places: BTreeMap<TrackAt, usize>,
    shapes: Vec<Shape>,
    sides: u8,
}

impl Measure {
    fn of(floppy: &Floppy, context: &Context) -> Result<Self, NotFitted> {
        let mut all = Self { sides: 1, ..Self::default() };
        // Half tracks are counted in the steps of a drive of 48 tracks an inch.
        let pitch = if floppy.drive.tpi.copied() == Some(96) { 2 } else { 1 };
        let mut known: BTreeMap<usize, usize> = BTreeMap::new();
        let mut strange: Option<TrackAt> = None;
        let mut usual = false;
        for from in floppy.tracks.positions() {
            let at = position(from, pitch)?;
            let index = floppy.tracks.index(from).unwrap_or(usize::MAX);
            if let Some(shape) = known.get(&index) {
                all.places.insert(at, *shape);
                continue;
            }
            let Some(track) = floppy.tracks.get(from, context)?.filter(|t| !t.readings.is_empty()) else { continue };
            let Some(cells) = track.cells() else {
                return Err(NotFitted::refuse(
                    Fact::Exists,
                    Place::Track(from),
                    "G64 is made of cells, and this track has none",
                ));
            };
            let bytes = cells.bits.len().div_ceil(8);
            if u16::try_from(bytes).is_err() {
                let what = format!("{} cells; G64 holds 65,535 bytes of them on a track", cells.bits.len());
                return Err(NotFitted::refuse(Fact::TrackLength, Place::Track(from), what));
            }
            let speeds = Speeds::of(&cells.clock, bytes).unwrap_or(Speeds::One(raw::usual_speed(at)));
            match cells.cell() {
                Some(cell) if !raw::is_near(cell) => strange = strange.or(Some(from)),
                _ => usual = true,
            }
            known.insert(index, all.shapes.len());
            all.places.insert(at, all.shapes.len());
            all.sides = all.sides.max(at.head.saturating_add(1));
            all.shapes.push(Shape { from, bytes, speeds });
        }
        // Noise may have any clock; a disk of other speeds only is none of a 1541.
        match strange.filter(|_| !usual) {
            Some(at) => Err(NotFitted::refuse(Fact::Rate, Place::Track(at), "no track has cells of 3.25 to 4 us")),
            None => Ok(all),
        }
    }

    fn shape(&self, at: TrackAt) -> Option<&Shape> {
        self.shapes.get(*self.places.get(&at)?)
    }

    fn map(self, source: TrackMap) -> TrackMap {
        TrackMap::new(self.places, Arc::new(Shaped { source, shapes: self.shapes }))
    }
}

/// The half track of a position.
fn position(from: TrackAt, pitch: i16) -> Result<TrackAt, NotFitted> {
    let refuse = |what| Err(NotFitted::refuse(Fact::Exists, Place::Track(from), what));
    if from.head > 1 {
        return refuse("G64 holds two sides");
    }
    if from.quarter < 0 || from.quarter.checked_rem(pitch.saturating_mul(2)) != Some(0) {
        return refuse("G64 holds half tracks from track 0 on");
    }
    Ok(TrackAt { quarter: from.quarter.checked_div(pitch).unwrap_or(0), head: from.head })
}

/// How many entries the table of an image needs: the usual number, or as many
/// as its last track asks for.
fn entries(places: impl Iterator<Item = TrackAt>, sides: u8) -> Result<u8, NotFitted> {
    let mut side = raw::PER_SIDE;
    for at in places {
        let half =
            u8::try_from((at.quarter / 2).saturating_add(1)).ok().filter(|half| half.checked_mul(sides).is_some());
        let Some(half) = half else {
            return Err(NotFitted::refuse(Fact::Exists, Place::Track(at), "the table of G64 has no entry so far in"));
        };
        side = side.max(half);
    }
    Ok(side.saturating_mul(sides))
}

/// The parts of a G64 that still have their place, and those that the table
/// and the lengths need.
fn opaque(image: &Image, measure: &Measure, sides: u8, own: bool) -> Result<Vec<Opaque>, NotFitted> {
    let kept: &[Opaque] = if own { &image.opaque } else { &[] };
    let needed = entries(measure.places.keys().copied(), sides)?;
    let count = part(kept, raw::COUNT, None).and_then(|bytes| bytes.first()).copied();
    let count = count.filter(|count| holds(*count, sides, measure)).unwrap_or(needed);
    let longest = measure.shapes.iter().filter_map(|shape| u16::try_from(shape.bytes).ok()).max().unwrap_or(0);
    let longest = part(kept, raw::MAX, None).map_or(raw::USUAL_LONGEST.max(longest), raw::u16_le);
    let order = items(&measure.places, &measure.shapes, usize::from(count.checked_div(sides).unwrap_or(0)));
    let mut all = Vec::new();
    if count != raw::PER_SIDE.saturating_mul(sides) {
        all.push(raw::kept(raw::COUNT, Place::Whole, &[count], raw::ENTRIES as u64));
    }
    if longest != raw::USUAL_LONGEST {
        all.push(raw::kept(raw::MAX, Place::Whole, &longest.to_le_bytes(), raw::LONGEST as u64));
    }
    let fits = |part: &&Opaque| {
        let shape = part.place.track().and_then(|at| measure.shape(at));
        let mapped = shape.filter(|shape| matches!(shape.speeds, Speeds::Map(_)));
        match part.name.as_str() {
            raw::EXTENSION => true,
            raw::TAIL => shape.is_some(),
            raw::SPEED => shape.is_none(),
            raw::MAP => mapped.is_some_and(|shape| Speeds::from_map(&part.bytes, shape.bytes) == shape.speeds),
            raw::MAP_TAIL => mapped.is_some(),
            raw::ORDER => reordered(&part.bytes, &order).is_some(),
            _ => false,
        }
    };
    all.extend(kept.iter().filter(fits).cloned());
    Ok(all)
}

/// True when a table of so many entries has one for every track.
fn holds(count: u8, sides: u8, measure: &Measure) -> bool {
    let side = usize::from(count.checked_div(sides).unwrap_or(0));
    count.checked_rem(sides) == Some(0) && measure.places.keys().all(|at| raw::entry(*at, side).is_some())
}

fn part<'a>(parts: &'a [Opaque], name: &str, at: Option<TrackAt>) -> Option<&'a [u8]> {
    parts.iter().find(|o| o.name == name && o.place.track() == at).map(|o| &*o.bytes)
}

/// What follows the tables, in the usual order: the tracks, then the maps.
fn items(places: &BTreeMap<TrackAt, usize>, shapes: &[Shape], side: usize) -> Vec<Item> {
    let entry = |at: &TrackAt| raw::entry(*at, side).and_then(|entry| u8::try_from(entry).ok());
    let mut first: BTreeMap<usize, u8> = BTreeMap::new();
    for (at, shape) in places {
        let Some(entry) = entry(at) else { continue };
        first.entry(*shape).and_modify(|own| *own = entry.min(*own)).or_insert(entry);
    }
    let mapped = |shape: &usize| matches!(shapes.get(*shape), Some(Shape { speeds: Speeds::Map(_), .. }));
    let maps = first.iter().filter(|(shape, _)| mapped(shape)).map(|(_, entry)| Item::Map(*entry));
    let mut all: Vec<Item> = first.values().map(|entry| Item::Track(*entry)).chain(maps).collect();
    all.sort_unstable();
    all
}

/// The same items in the order that a part tells, if it tells of them all.
fn reordered(told: &[u8], usual: &[Item]) -> Option<Vec<Item>> {
    let item = |pair: &[u8]| match *pair {
        [0, entry] => Some(Item::Track(entry)),
        [1, entry] => Some(Item::Map(entry)),
        _ => None,
    };
    let order: Vec<Item> = told.chunks(2).map(item).collect::<Option<_>>()?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    (sorted == usual && order != usual).then_some(order)
}

/// The tracks in the shape that G64 has.
struct Shaped {
    source: TrackMap,
    shapes: Vec<Shape>,
}

impl TrackLoader for Shaped {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let shape = self.shapes.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let held = self.source.get(shape.from, context)?;
        let own = held.as_ref().and_then(Track::cells).ok_or_else(|| Error::unsupported("a track without cells"))?;
        context.reserve(shape.bytes as u64)?;
        Ok(Track::of(Reading::Cells(cells(filled(own, shape.bytes.saturating_mul(8)), shape.speeds.clock()))))
    }
}

/// Turned to the index, and filled up to whole bytes by what stood last.
fn filled(own: &Cells, len: usize) -> Arc<Bits> {
    let held = own.bits.len();
    let index = own.index_at.recorded().and_then(|at| usize::try_from(*at).ok()).filter(|at| *at < held).unwrap_or(0);
    if index == 0 && held == len {
        return Arc::clone(&own.bits);
    }
    let mut bits = own.bits.slice_wrapping(index, held);
    while bits.len() < len {
        let bit = bits.get(bits.len().saturating_sub(FILLER));
        bits.push(bit);
    }
    Arc::new(bits)
}

pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| Error::unsupported("G64 holds floppy disks only"))?;
    let sides = floppy.drive.heads.copied().unwrap_or(1).max(1);
    let parts = image.opaque.as_slice();
    let own = |name| part(parts, name, None);
    let count = own(raw::COUNT).and_then(|b| b.first()).copied().unwrap_or(raw::PER_SIDE.saturating_mul(sides));
    let longest = own(raw::MAX).map_or(raw::USUAL_LONGEST, raw::u16_le);
    let mut file = Writing::new(floppy, parts, usize::from(count), sides, longest);
    out.begin("")?;
    let claim = |kind| image.claim(kind).map_or(&[][..], |claim| &claim.raw);
    let [low, high] = longest.to_le_bytes();
    let version = claim(ClaimKind::Version).first().copied().unwrap_or(0);
    out.write(claim(ClaimKind::DiskType))?;
    out.write(&[version, count, low, high])?;
    out.write(&vec![0; usize::from(count).saturating_mul(8)])?;
    let extension = own(raw::EXTENSION).unwrap_or(&[]);
    out.write(extension)?;
    file.end = file.end.saturating_add(extension.len());
    file.tracks(out, context)?;
    let table = [file.starts, file.fields].concat();
    out.patch(TABLE as u64, &table)
}

/// A file that is being written.
struct Writing<'a> {
    floppy: &'a Floppy,
    parts: &'a [Opaque],
    /// Entries of one side.
    side: usize,
    longest: u16,
    starts: Vec<u8>,
    fields: Vec<u8>,
    end: usize,
}

impl<'a> Writing<'a> {
    fn new(floppy: &'a Floppy, parts: &'a [Opaque], count: usize, sides: u8, longest: u16) -> Self {
        let side = count.checked_div(sides.into()).unwrap_or(0);
        let len = count.saturating_mul(4);
        let end = TABLE.saturating_add(len.saturating_mul(2));
        let mut fields = vec![0; len];
        for speed in parts.iter().filter(|part| part.name == raw::SPEED) {
            let at = speed.place.track().and_then(|at| raw::entry(at, side));
            put(&mut fields, at, &speed.bytes);
        }
        Self { floppy, parts, side, longest, starts: vec![0; len], fields, end }
    }

    /// Every position of the track that has this entry.
    fn positions(&self, entry: u8) -> Vec<TrackAt> {
        let map = &self.floppy.tracks;
        let is = |at: &TrackAt| raw::entry(*at, self.side) == Some(entry.into());
        let index = map.positions().find(is).and_then(|at| map.index(at));
        map.positions().filter(|at| map.index(*at) == index).collect()
    }

    fn tracks(&mut self, out: &mut dyn Output, context: &Context) -> Result<()> {
        let mut known: BTreeMap<usize, usize> = BTreeMap::new();
        let (mut places, mut shapes) = (BTreeMap::new(), Vec::new());
        for at in self.floppy.tracks.positions() {
            let index = self.floppy.tracks.index(at).unwrap_or(usize::MAX);
            let shape = match known.get(&index) {
                Some(shape) => *shape,
                None => {
                    shapes.push(self.shape(at, context)?);
                    shapes.len().saturating_sub(1)
                }
            };
            known.insert(index, shape);
            places.insert(at, shape);
        }
        let usual = items(&places, &shapes, self.side);
        let order = part(self.parts, raw::ORDER, None).and_then(|told| reordered(told, &usual)).unwrap_or(usual);
        let total = order.len() as u64;
        for (done, item) in (0..).zip(order) {
            context.progress("writing", done, total);
            match item {
                Item::Track(entry) => self.track(entry, out, context)?,
                Item::Map(entry) => self.map(entry, out, context)?,
            }
        }
        Ok(())
    }

    fn shape(&self, at: TrackAt, context: &Context) -> Result<Shape> {
        let track = self.floppy.tracks.get(at, context)?.unwrap_or_default();
        let cells = track.cells().ok_or_else(|| Error::unsupported("a track without cells was not fitted to G64"))?;
        let bytes = cells.bits.len().div_ceil(8);
        let speeds = Speeds::of(&cells.clock, bytes).unwrap_or(Speeds::One(0));
        Ok(Shape { from: at, bytes, speeds })
    }

    /// A kept part of the track with these positions.
    fn kept(&self, name: &str, positions: &[TrackAt]) -> Option<&'a [u8]> {
        positions.iter().find_map(|at| part(self.parts, name, Some(*at)))
    }

    fn track(&mut self, entry: u8, out: &mut dyn Output, context: &Context) -> Result<()> {
        let positions = self.positions(entry);
        let Some(at) = positions.first() else { return Ok(()) };
        let track = self.floppy.tracks.get(*at, context)?.unwrap_or_default();
        let Some(cells) = track.cells() else { return Ok(()) };
        let bytes = cells.bits.to_msb();
        let len =
            u16::try_from(bytes.len()).map_err(|_| Error::unsupported("a track too long was not fitted to G64"))?;
        let usual = vec![0; raw::usual_tail(bytes.len(), self.longest)];
        let tail = self.kept(raw::TAIL, &positions).unwrap_or(&usual);
        let speed = match Speeds::of(&cells.clock, bytes.len()) {
            Some(Speeds::One(speed)) => Some(u32::from(speed).to_le_bytes()),
            _ => None,
        };
        let start = self.start()?;
        for at in &positions {
            let entry = raw::entry(*at, self.side);
            put(&mut self.starts, entry, &start);
            put(&mut self.fields, entry, speed.as_ref().map_or(&[], |speed| speed));
        }
        out.write(&len.to_le_bytes())?;
        out.write(&bytes)?;
        out.write(tail)?;
        self.end = self.end.saturating_add(2).saturating_add(bytes.len()).saturating_add(tail.len());
        Ok(())
    }

    fn map(&mut self, entry: u8, out: &mut dyn Output, context: &Context) -> Result<()> {
        let positions = self.positions(entry);
        let Some(at) = positions.first() else { return Ok(()) };
        let usual = self.shape(*at, context)?.speeds.to_map(raw::map_len(self.longest));
        let map = self.kept(raw::MAP, &positions).unwrap_or(&usual);
        let tail = self.kept(raw::MAP_TAIL, &positions).unwrap_or(&[]);
        let start = self.start()?;
        for at in &positions {
            put(&mut self.fields, raw::entry(*at, self.side), &start);
        }
        out.write(map)?;
        out.write(tail)?;
        self.end = self.end.saturating_add(map.len()).saturating_add(tail.len());
        Ok(())
    }

    /// Where the next structure lies.
    fn start(&self) -> Result<[u8; 4]> {
        let start =
            u32::try_from(self.end).map_err(|_| Error::unsupported("more than the table of G64 can point at"))?;
        Ok(start.to_le_bytes())
    }
}

/// Put a number into a table of four bytes each.
fn put(table: &mut [u8], entry: Option<usize>, bytes: &[u8]) {
    let place = entry.and_then(|entry| table.chunks_exact_mut(4).nth(entry));
    if let (Some(place), Ok(bytes)) = (place, <&[u8; 4]>::try_from(bytes)) {
        place.copy_from_slice(bytes);
    }
}
