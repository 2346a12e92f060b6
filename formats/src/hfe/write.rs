//! Fitting and writing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use floptical_io::Output;
use floptical_model::{
    Bits, Carrier, CellClock, Cells, Claim, ClaimKind, Context, DriveFacts, Error, Fact, Findings, Floppy, Image, Join,
    Known, Opaque, Place, Ps, Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::raw::{self, BLOCK, FIELDS, HALF};
use super::{Version, stream};
use crate::{Fitted, NotFitted};

/// Bytes of one side that the two bytes of a table entry can count.
const LONGEST: usize = 0xFFFE / 2;

/// How many cells are repeated to fill up a side: one byte of MFM or FM, so
/// that a gap goes on as a gap.
const FILLER: usize = 16;

pub(super) fn fit(version: Version, image: &Image, context: &Context) -> Fitted {
    let Some(floppy) = image.as_floppy() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "HFE holds floppy disks only"));
    };
    let measure = Measure::of(version, floppy, context)?;
    let own = image.format == version.id();
    let rate = measure.rate(version, image, own)?;
    let rpm = floppy.drive.rotation.recorded().map_or(0, |length| rpm(*length));
    let sides = floppy.drive.heads.recorded().copied().unwrap_or(0).clamp(measure.sides, 2).max(1);
    let opaque = opaque(version, image, &measure, sides, own);
    let cell = raw::cell(rate).map_or(Known::Unrecorded, Known::Value);
    let rotation = Ps::SECOND.saturating_mul(60).checked_div(rpm.into());
    Ok(Image {
        format: version.id(),
        member: None,
        files: Vec::new(),
        claims: claims(version, image, rate, rpm, own),
        carrier: Carrier::Floppy(Floppy {
            drive: DriveFacts {
                rotation: rotation.map_or(Known::Unrecorded, |ps| Known::Value(Ps(ps))),
                heads: Known::Value(sides),
                ..DriveFacts::default()
            },
            layout: Known::Unrecorded,
            tracks: Shaped { version, tracks: floppy.tracks.clone(), lengths: measure.lengths, cell }
                .map(sides, &measure.held),
        }),
        opaque,
        findings: Findings::default(),
    })
}

fn rpm(length: Ps) -> u16 {
    let turns = Ps::SECOND.saturating_mul(60).saturating_add(length.0 / 2).checked_div(length.0);
    turns.and_then(|t| u16::try_from(t).ok()).unwrap_or(0)
}

/// What all tracks together need.
#[derive(Default)]
struct Measure {
    /// Bytes of one side, for each cylinder with cells.
    lengths: BTreeMap<u8, usize>,
    /// Tracks with cells, and how many they have.
    held: BTreeMap<TrackAt, usize>,
    /// How many tracks have each rate in kbit/s.
    rates: BTreeMap<u16, usize>,
    sides: u8,
}

impl Measure {
    fn of(version: Version, floppy: &Floppy, context: &Context) -> Result<Self, NotFitted> {
        let mut all = Self::default();
        for at in floppy.tracks.positions() {
            let place = Place::Track(at);
            let Some(cylinder) = at.cylinder().filter(|c| *c < u8::MAX && at.head < 2) else {
                return Err(NotFitted::refuse(Fact::Exists, place, "HFE holds whole steps 0 to 254 of two sides"));
            };
            let Some(track) = floppy.tracks.get(at, context)?.filter(|t| !t.readings.is_empty()) else { continue };
            let Some(cells) = track.cells() else {
                return Err(NotFitted::refuse(Fact::Exists, place, "HFE is made of cells, and this track has none"));
            };
            let bytes = match version {
                Version::One => cells.bits.len().div_ceil(8),
                Version::Three => stream::room(cells),
            };
            if bytes > LONGEST {
                let what = format!("{} cells take {bytes} bytes; HFE has {LONGEST} for a side", cells.bits.len());
                return Err(NotFitted::refuse(Fact::TrackLength, place, what));
            }
            if bytes > 0 {
                all.held.insert(at, cells.bits.len());
            }
            all.add(cylinder, at.head, bytes, cells.cell());
        }
        Ok(all)
    }

    fn add(&mut self, cylinder: u8, head: u8, bytes: usize, cell: Option<Ps>) {
        if bytes > 0 {
            let length = self.lengths.entry(cylinder).or_default();
            *length = bytes.max(*length);
            self.sides = self.sides.max(head.saturating_add(1));
        }
        if let Some(kbit) = cell.and_then(raw::kbit) {
            let count = self.rates.entry(kbit).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// The rate of most tracks; of two alike, the slower. In version 3 the
    /// tracks tell theirs themselves, and a header keeps what it says.
    fn rate(&self, version: Version, image: &Image, own: bool) -> Result<u16, NotFitted> {
        let most = self.rates.iter().max_by_key(|(kbit, count)| (**count, std::cmp::Reverse(**kbit)));
        let claimed = image.claim(ClaimKind::Rate).filter(|_| own).map(|claim| raw::u16_le(&claim.raw));
        if own && version == Version::Three {
            return Ok(claimed.unwrap_or(0));
        }
        match (most, claimed) {
            // Rates so high that two share a length of cells.
            (Some((kbit, _)), Some(claimed)) if raw::cell(claimed) == raw::cell(*kbit) => Ok(claimed),
            (Some((kbit, _)), _) => Ok(*kbit),
            (None, Some(claimed)) => Ok(claimed),
            (None, None) if own || self.lengths.is_empty() => Ok(0),
            (None, None) => {
                Err(NotFitted::refuse(Fact::Rate, Place::Whole, "HFE needs a bit rate, and no track has one"))
            }
        }
    }

    fn length(&self, cylinder: u8) -> usize {
        self.lengths.get(&cylinder).copied().unwrap_or(0)
    }
}

/// The header's own words where it was an HFE, else the usual ones.
fn claims(version: Version, image: &Image, rate: u16, rpm: u16, own: bool) -> Vec<Claim> {
    let (said, kept): (&[Claim], &[Opaque]) = if own { (&image.claims, &image.opaque) } else { (&[], &[]) };
    let mut header = header(version, said, kept);
    if !own {
        let usual = FIELDS.iter().filter(|field| field.claim.is_some());
        usual.for_each(|field| raw::put(&mut header, field.at, field.canonical));
    }
    raw::put(&mut header, raw::RATE, &rate.to_le_bytes());
    raw::put(&mut header, raw::RPM, &rpm.to_le_bytes());
    raw::claims(&header)
}

/// The header without what depends on the tracks.
fn header(version: Version, claims: &[Claim], opaque: &[Opaque]) -> Vec<u8> {
    let mut header = vec![0; BLOCK];
    raw::put(&mut header, 0, version.magic());
    raw::put(&mut header, raw::LIST, &1u16.to_le_bytes());
    for field in FIELDS {
        let silent = field.claim.and_then(|(_, silent)| silent);
        raw::put(&mut header, field.at, silent.unwrap_or(field.canonical));
        let len = field.canonical.len();
        let span = Span::file(field.at as u64, len as u64);
        let said = claims.iter().find(|c| field.claim.is_some_and(|(kind, _)| kind == c.kind) && c.at == span);
        let kept = opaque.iter().find(|o| !field.name.is_empty() && o.name == field.name);
        let bytes = said.map(|c| c.raw.as_slice()).or(kept.map(|o| &*o.bytes)).filter(|b| b.len() == len);
        raw::put(&mut header, field.at, bytes.unwrap_or(&[]));
    }
    header
}

/// The opaque parts of an HFE that still have their place, and an entry for
/// every cylinder without cells.
fn opaque(version: Version, image: &Image, measure: &Measure, sides: u8, own: bool) -> Vec<Opaque> {
    let kept: &[Opaque] = if own { &image.opaque } else { &[] };
    let empty = |o: &&Opaque| o.name == raw::EMPTY;
    let last_empty = kept.iter().filter(empty).filter_map(cylinder).max();
    let last = measure.lengths.keys().copied().max().max(last_empty);
    let cylinders = last.map_or(0, |last| usize::from(last).saturating_add(1));
    let fits = |o: &&Opaque| {
        let length = cylinder(o).map_or(0, |c| measure.length(c));
        let stored = raw::in_blocks(length.saturating_mul(2));
        match o.name.as_str() {
            raw::LAYOUT => false,
            raw::EMPTY => length == 0,
            raw::PAD => o.bytes.len() == stored.saturating_sub(length.saturating_mul(2)),
            raw::UNUSED_SIDE if version == Version::Three => sides == 1 && length > 0,
            raw::UNUSED_SIDE => sides == 1 && o.bytes.len() == length,
            raw::INDEX => o.place.track().and_then(|at| measure.held.get(&at)).is_some_and(|len| fits_in(o, *len)),
            raw::GAP => length > 0,
            raw::TABLE_TAIL => o.bytes.len() == raw::table_len(cylinders).saturating_sub(cylinders.saturating_mul(4)),
            _ => true,
        }
    };
    let mut all: Vec<Opaque> = kept.iter().filter(fits).cloned().collect();
    for cylinder in (0..=u8::MAX).take(cylinders).filter(|c| measure.length(*c) == 0) {
        let place = Place::Track(TrackAt::new(cylinder, 0));
        if !all.iter().any(|o| o.name == raw::EMPTY && o.place == place) {
            let at = (BLOCK as u64).saturating_add(u64::from(cylinder).saturating_mul(4));
            all.push(raw::kept(raw::EMPTY, place, &[0; 4], at));
        }
    }
    all
}

/// True for index marks that lie among so many cells.
fn fits_in(part: &Opaque, cells: usize) -> bool {
    marks(Some(&part.bytes)).iter().all(|mark| usize::try_from(*mark).is_ok_and(|mark| mark < cells))
}

/// Index marks after the first.
fn marks(part: Option<&[u8]>) -> Vec<u32> {
    part.unwrap_or(&[]).as_chunks::<4>().0.iter().map(|raw| u32::from_le_bytes(*raw)).collect()
}

fn cylinder(part: &Opaque) -> Option<u8> {
    part.place.track()?.cylinder()
}

/// The tracks in the shape that HFE has.
struct Shaped {
    version: Version,
    tracks: TrackMap,
    lengths: BTreeMap<u8, usize>,
    cell: Known<Ps>,
}

impl Shaped {
    /// In version 1 both sides of a cylinder have cells.
    fn map(self, sides: u8, held: &BTreeMap<TrackAt, usize>) -> TrackMap {
        let positions: BTreeSet<TrackAt> = match self.version {
            Version::One => self.lengths.keys().flat_map(|c| (0..sides).map(|head| TrackAt::new(*c, head))).collect(),
            Version::Three => held.keys().copied().collect(),
        };
        let index = |at: TrackAt| {
            usize::from(at.cylinder().unwrap_or(u8::MAX)).saturating_mul(2).saturating_add(at.head.into())
        };
        TrackMap::new(positions.into_iter().map(|at| (at, index(at))).collect(), Arc::new(self))
    }
}

impl TrackLoader for Shaped {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let cylinder = u8::try_from(index / 2).unwrap_or(u8::MAX);
        let length = self.lengths.get(&cylinder).copied().unwrap_or(0);
        let held = self.tracks.get(TrackAt::new(cylinder, u8::from(index % 2 == 1)), context)?;
        context.reserve(length as u64)?;
        let cells = match held.as_ref().and_then(Track::cells) {
            Some(cells) if self.version == Version::Three => stream::shape(cells, self.cell),
            Some(cells) => self.plain(shape(cells, length.saturating_mul(8))),
            None => self.plain(Arc::new(Bits::zeros(length.saturating_mul(8)))),
        };
        Ok(Track::of(Reading::Cells(cells)))
    }
}

impl Shaped {
    /// Cells of version 1.
    fn plain(&self, bits: Arc<Bits>) -> Cells {
        Cells {
            bits,
            clock: CellClock::Uniform(self.cell),
            areas: Vec::new(),
            index_at: Known::Value(0),
            join: Known::Value(Join::Padded),
            revolution: 0,
        }
    }
}

/// Turned to the index and filled up to `len` cells with what stood last.
fn shape(cells: &Cells, len: usize) -> Arc<Bits> {
    let held = cells.bits.len();
    let index = cells.index_at.recorded().and_then(|at| usize::try_from(*at).ok()).filter(|at| *at < held).unwrap_or(0);
    if index == 0 && held == len {
        return cells.bits.clone();
    }
    let mut bits = cells.bits.slice_wrapping(index, held);
    let last = FILLER.min(held);
    let filler = bits.slice_wrapping(held.saturating_sub(last), last);
    while bits.len() < len && !filler.is_empty() {
        bits.extend(&filler);
    }
    bits.truncate(len);
    if bits.is_empty() { Arc::new(Bits::zeros(len)) } else { Arc::new(bits) }
}

pub(super) fn emit(version: Version, image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| Error::unsupported("HFE holds floppy disks only"))?;
    let part = |name: &str, at: Option<u8>| {
        image.opaque.iter().find(|o| o.name == name && (at.is_none() || cylinder(o) == at)).map(|o| &*o.bytes)
    };
    let held = floppy.tracks.positions().filter_map(TrackAt::cylinder);
    let empty = image.opaque.iter().filter(|o| o.name == raw::EMPTY).filter_map(cylinder);
    let cylinders = held.chain(empty).max().map_or(0, |last| last.saturating_add(1));
    let sides = floppy.drive.heads.copied().unwrap_or(2);
    let mut header = header(version, &image.claims, &image.opaque);
    raw::put(&mut header, raw::CYLINDERS, &[cylinders]);
    raw::put(&mut header, raw::SIDES, &[sides]);
    out.begin("")?;
    out.write(&header)?;
    let mut table = vec![0xFF; raw::table_len(cylinders.into())];
    let used = usize::from(cylinders).saturating_mul(4);
    raw::put(&mut table, used, part(raw::TABLE_TAIL, None).unwrap_or(&[]));
    out.write(&table)?;
    let mut end = BLOCK.saturating_add(table.len());
    let fill = match version {
        Version::One => part(raw::FILL, None).and_then(|b| b.first()).copied().unwrap_or(0),
        Version::Three => stream::FILLER,
    };
    for cylinder in 0..cylinders {
        let entry_at = usize::from(cylinder).saturating_mul(4);
        context.progress("writing", cylinder.into(), cylinders.into());
        if let Some(entry) = part(raw::EMPTY, Some(cylinder)) {
            raw::put(&mut table, entry_at, entry);
            continue;
        }
        let gap = part(raw::GAP, Some(cylinder)).unwrap_or(&[]);
        out.write(gap)?;
        end = end.saturating_add(gap.len());
        let side = |head: u8| side(version, image, TrackAt::new(cylinder, head), context);
        let sides = [side(0)?, side(1)?];
        let unused = part(raw::UNUSED_SIDE, Some(cylinder)).unwrap_or(&[]);
        let length = sides.iter().map(Vec::len).chain([unused.len()]).max().unwrap_or(0);
        let sides = [&*sides[0], if sides[1].is_empty() { unused } else { &*sides[1] }];
        let blocks = interleave(sides, length, fill, part(raw::PAD, Some(cylinder)).unwrap_or(&[]));
        raw::put(&mut table, entry_at, &entry(end, length)?);
        out.write(&blocks)?;
        end = end.saturating_add(blocks.len());
    }
    out.write(part(raw::TAIL, None).unwrap_or(&[]))?;
    out.patch(BLOCK as u64, &table)
}

fn entry(start: usize, length: usize) -> Result<[u8; 4]> {
    let both = u16::try_from(length.saturating_mul(2)).ok();
    let (Some(block), Some(both)) = (u16::try_from(start / BLOCK).ok(), both) else {
        return Err(Error::malformed(Span::file(start as u64, 0), "a track lies beyond what the table can say"));
    };
    let ([a, b], [c, d]) = (block.to_le_bytes(), both.to_le_bytes());
    Ok([a, b, c, d])
}

/// The bytes of one side; none where there is no track.
fn side(version: Version, image: &Image, at: TrackAt, context: &Context) -> Result<Vec<u8>> {
    let track = image.as_floppy().map_or(Ok(None), |floppy| floppy.tracks.get(at, context))?;
    let Some(cells) = track.as_ref().and_then(Track::cells) else { return Ok(Vec::new()) };
    if version == Version::One {
        return Ok(cells.bits.to_lsb());
    }
    let further = image.opaque.iter().find(|o| o.name == raw::INDEX && o.place == Place::Track(at));
    Ok(stream::encode(cells, &marks(further.map(|o| &*o.bytes))))
}

/// Both sides in half blocks; `pad` is what the last block holds after them.
fn interleave(sides: [&[u8]; 2], length: usize, fill: u8, pad: &[u8]) -> Vec<u8> {
    let mut blocks = vec![fill; raw::in_blocks(length.saturating_mul(2))];
    for (nth, half) in blocks.chunks_mut(HALF).enumerate() {
        let bytes = sides.get(nth % 2).and_then(|side| side.chunks(HALF).nth(nth / 2)).unwrap_or(&[]);
        raw::put(half, 0, bytes);
    }
    let used = length % HALF;
    let rest = HALF.saturating_sub(used);
    if used > 0 && pad.len() == rest.saturating_mul(2) {
        let last = blocks.len().saturating_sub(BLOCK);
        raw::put(&mut blocks, last.saturating_add(used), pad.get(..rest).unwrap_or(&[]));
        raw::put(&mut blocks, last.saturating_add(HALF).saturating_add(used), pad.get(rest..).unwrap_or(&[]));
    }
    blocks
}
