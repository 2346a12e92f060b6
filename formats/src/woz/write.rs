//! Fitting and writing.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_io::Output;
use floptical_model::{
    AreaKind, Carrier, Cells, Claim, ClaimKind, Context, Error, Fact, Findings, Floppy, Flux, Form, Image, Known,
    Opaque, Place, Policy, Ps, Reading, Result, Span, Track, TrackAt, TrackLoader, TrackMap,
};

use super::info::{self, Info};
use super::raw::{self, BLOCK, ENTRIES, ENTRY, HEADER, Holds, Maps, Numbering, RECORD, ROOM, Sizes};
use super::read::{self, FLUX_CLOCK};
use super::{FIRST, Kind};
use crate::applesauce::{SIGNATURE, chunks, meta, times};
use crate::scp::retime::{cue, retime};
use crate::{Fitted, NotFitted};

/// Cells no longer than this are of high density.
const HIGH_DENSITY: Ps = Ps(1_200_000);

pub(super) fn fit(kind: &'static Kind, image: &Image, context: &Context) -> Fitted {
    let Some(floppy) = image.as_floppy() else {
        let what = format!("{} holds floppy disks only", kind.name);
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, what));
    };
    let own = image.format == kind.id;
    let mut info = Info::of_claims(kind, if own { &image.claims } else { &[] });
    let disk_type = own.then(|| info.byte(info::DISK_TYPE));
    let survey = Survey::of(kind, floppy, disk_type, context)?;
    survey.settle(kind, own, &mut info);
    let magic = survey.magic(kind, image, &mut info);
    let rest = part(image, own, &kind.part(raw::PART_INFO)).cloned();
    let laid = survey.lay(kind, &info, rest.as_ref().map(|o| &*o.bytes))?;
    let mut opaque = kept(kind, image, own, &survey, magic == FIRST);
    opaque.extend(rest.filter(|o| laid.holds(kind, &info, &o.bytes)));
    let mut claims = vec![read::version(magic)];
    claims.extend(info.claims(info::START));
    let chunks = opaque.iter().filter(|o| o.name == kind.part(raw::PART_CHUNK));
    claims.extend(
        chunks
            .filter_map(|o| o.bytes.strip_prefix(meta::ID))
            .flat_map(|rest| meta::claims(rest.get(4..).unwrap_or(&[]), 0)),
    );
    let shaped = Shaped { source: floppy.tracks.clone(), cell: info.cell(), first: magic == FIRST, survey };
    Ok(Image {
        format: kind.id,
        member: None,
        files: Vec::new(),
        claims,
        carrier: Carrier::Floppy(Floppy { drive: info.drive(), layout: Known::Unrecorded, tracks: shaped.map() }),
        opaque,
        findings: Findings::default(),
    })
}

fn part<'a>(image: &'a Image, own: bool, name: &str) -> Option<&'a Opaque> {
    image.opaque(name).filter(|_| own)
}

/// A track that is written.
#[derive(Debug, Clone)]
struct Shape {
    /// Where the source has it.
    from: TrackAt,
    cells: Option<u32>,
    cell: Option<Ps>,
    /// Bytes of its times.
    flux: Option<u64>,
}

impl Shape {
    /// What a reading of it takes: how many, and bytes.
    fn size(&self, is_flux: bool) -> (u32, u64) {
        if is_flux {
            let bytes = self.flux.unwrap_or(0);
            (u32::try_from(bytes).unwrap_or(u32::MAX), bytes)
        } else {
            let cells = self.cells.unwrap_or(0);
            (cells, raw::bytes_of(cells))
        }
    }
}

/// What all tracks together need.
struct Survey {
    numbering: Numbering,
    /// Each position that is written, and the index of its shape.
    places: BTreeMap<TrackAt, usize>,
    shapes: Vec<Shape>,
}

impl Survey {
    fn of(kind: &Kind, floppy: &Floppy, disk_type: Option<u8>, context: &Context) -> Result<Self, NotFitted> {
        let (numbering, pitch) = match disk_type {
            Some(disk_type) => (kind.numbering(disk_type), 1),
            None => numbering(kind, floppy),
        };
        let mut all = Self { numbering, places: BTreeMap::new(), shapes: Vec::new() };
        let mut known: BTreeMap<usize, usize> = BTreeMap::new();
        for from in floppy.tracks.positions() {
            let index = floppy.tracks.index(from).unwrap_or(usize::MAX);
            let shape = match known.get(&index) {
                Some(shape) => *shape,
                None => {
                    let Some(track) = floppy.tracks.get(from, context)? else { continue };
                    let Some(shape) = shape(kind, from, &track)? else { continue };
                    all.shapes.push(shape);
                    all.shapes.len().saturating_sub(1)
                }
            };
            known.insert(index, shape);
            all.places.insert(position(kind, numbering, from, pitch)?, shape);
        }
        Ok(all)
    }

    /// Put into INFO what the tracks ask for.
    fn settle(&self, kind: &Kind, own: bool, info: &mut Info) {
        let cells = || self.shapes.iter().filter_map(|s| s.cell);
        let held = info.cell().copied();
        let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
        for cell in cells() {
            let count = counts.entry(info::ticks(cell)).or_default();
            *count = count.saturating_add(1);
        }
        // The length of most; of two alike, the longer.
        let most = counts.iter().max_by_key(|(ticks, count)| (**count, **ticks)).map(|(ticks, _)| *ticks);
        let usual = if self.numbering == Numbering::Quarters { 32 } else { 16 };
        if !own {
            let heads = self.places.keys().map(|at| at.head.saturating_add(1)).max().unwrap_or(1);
            let dense = cells().all(|cell| cell <= HIGH_DENSITY) && cells().next().is_some();
            info.put(info::DISK_TYPE, &[kind.disk_type(self.numbering, heads, dense)]);
            kind.put_sides(info, heads);
        }
        if !own || cells().any(|cell| Some(cell) != held) {
            info.put(kind.timing, &[most.unwrap_or(usual)]);
            if info.is_first() {
                info.put(info::VERSION, &[kind.version(false)]);
            }
        }
        if !own && self.shapes.iter().any(|s| s.flux.is_some()) {
            info.put(info::VERSION, &[kind.version(true)]);
        }
    }

    /// The version that is written: a file of the first one stays so, where
    /// its records hold all.
    fn magic(&self, kind: &Kind, image: &Image, info: &mut Info) -> &'static [u8; 4] {
        let fits = |s: &Shape| s.flux.is_none() && s.size(false).1 <= ROOM as u64;
        let said = image.claims.iter().find(|c| c.kind == ClaimKind::Version && c.at == Span::file(0, 4));
        if image.format == kind.id
            && said.is_some_and(|c| c.raw == FIRST)
            && self.shapes.iter().all(fits)
            && kind.is_woz()
        {
            return FIRST;
        }
        if info.is_first() && said.is_some_and(|c| c.raw == FIRST) {
            let flux = self.shapes.iter().any(|s| s.flux.is_some());
            info.put(info::VERSION, &[kind.version(flux)]);
        }
        kind.magics.last().copied().unwrap_or(FIRST)
    }

    /// Where everything will lie.
    fn lay(&self, kind: &Kind, info: &Info, rest: Option<&[u8]>) -> Result<Laid, NotFitted> {
        let holds = |(at, track): (&TrackAt, &usize)| {
            let shape = self.shapes.get(*track)?;
            let entry = self.numbering.entry(*at)?;
            Some(Holds { entry, track: *track, cells: shape.cells.is_some(), flux: shape.flux.is_some() })
        };
        let holds: Vec<Holds> = self.places.iter().filter_map(holds).collect();
        let size = |track: usize, is_flux| self.shapes.get(track).map_or((0, 0), |s| s.size(is_flux));
        Laid::of(&holds, size, info, rest).map_err(|track| {
            let at = track.and_then(|t| self.shapes.get(t)).map_or(TrackAt::new(0, 0), |s| s.from);
            let what = format!("the table of {} holds {ENTRIES} tracks within 32 MiB", kind.name);
            NotFitted::refuse(Fact::TrackLength, Place::Track(at), what)
        })
    }
}

impl Kind {
    /// The disk type of a disk that no file of this kind told of.
    fn disk_type(&self, numbering: Numbering, heads: u8, dense: bool) -> u8 {
        match numbering {
            Numbering::Quarters => 1,
            Numbering::Sides if self.is_woz() => 2,
            Numbering::Sides if dense => 3,
            Numbering::Sides => heads,
        }
    }

    fn put_sides(&self, info: &mut Info, heads: u8) {
        if self.is_woz() {
            info.put(info::SIDES, &[heads]);
        }
    }
}

/// How positions of another container are numbered, and how many of its steps
/// one step of a drive is.
fn numbering(kind: &Kind, floppy: &Floppy) -> (Numbering, i16) {
    let steps = if floppy.drive.tpi.copied() == Some(96) { 2 } else { 1 };
    let fits = |at: TrackAt| {
        let quarter = at.quarter.checked_div(steps)?;
        Numbering::Quarters.entry(TrackAt { quarter, ..at })
    };
    let small = matches!(floppy.drive.form.copied(), Some(Form::Inch5) | None);
    if kind.is_woz() && small && floppy.tracks.positions().all(|at| fits(at).is_some()) {
        (Numbering::Quarters, steps)
    } else {
        (Numbering::Sides, 1)
    }
}

fn position(kind: &Kind, numbering: Numbering, from: TrackAt, steps: i16) -> Result<TrackAt, NotFitted> {
    let even = from.quarter.checked_rem(steps) == Some(0);
    let at = TrackAt { quarter: from.quarter.checked_div(steps).unwrap_or(0), ..from };
    if even && numbering.entry(at).is_some() {
        return Ok(at);
    }
    let what = match numbering {
        Numbering::Quarters => format!("{} holds quarter steps 0 to 159 of one side", kind.name),
        Numbering::Sides => format!("{} holds whole steps 0 to 79 of two sides", kind.name),
    };
    Err(NotFitted::refuse(Fact::Exists, Place::Track(from), what))
}

/// `None` for a track that holds nothing.
fn shape(kind: &Kind, from: TrackAt, track: &Track) -> Result<Option<Shape>, NotFitted> {
    let place = Place::Track(from);
    let flux = track.flux().filter(|f| !f.intervals.is_empty());
    let Some(cells) = track.cells().filter(|c| !c.bits.is_empty()) else {
        let Some(flux) = flux else {
            let empty = track.readings.is_empty() || track.cells().is_some() || track.flux().is_some();
            let what = format!("{} is made of cells or flux, and this track has neither", kind.name);
            return if empty { Ok(None) } else { Err(NotFitted::refuse(Fact::Exists, place, what)) };
        };
        let flux = Some(len(&circle(flux).ok_or_else(|| open(kind, &place))?));
        return Ok(Some(Shape { from, cells: None, cell: None, flux }));
    };
    let Ok(count) = u32::try_from(cells.bits.len()) else {
        return Err(NotFitted::refuse(Fact::TrackLength, place, "more cells than a number of 32 bits counts"));
    };
    let flux = flux.map(|flux| circle(flux).ok_or_else(|| open(kind, &place))).transpose()?.as_ref().map(len);
    Ok(Some(Shape { from, cells: Some(count), cell: cells.cell(), flux }))
}

fn open(kind: &Kind, place: &Place) -> NotFitted {
    let what = format!("flux in {} is one revolution, and this capture has none", kind.name);
    NotFitted::refuse(Fact::IndexTimes, place.clone(), what)
}

/// Flux as it is read: the first revolution, on the clock of the file. Where
/// it closes within an interval, it is turned to the transition before.
fn circle(flux: &Flux) -> Option<Flux> {
    let flux = retime(flux, FLUX_CLOCK, |_| true);
    let whole = match flux.index.as_slice() {
        [first, second]
            if (first.tick, first.interval) == (0, 0) && second.interval as usize == flux.intervals.len() =>
        {
            flux
        }
        [first, second, ..] => cue(&Flux { index: vec![*first, *second], ..flux })?,
        _ => return None,
    };
    let end = whole.index.get(1)?.tick;
    let sum: u64 = whole.intervals.iter().map(|t| u64::from(*t)).sum();
    let rest = end.saturating_sub(sum);
    let mut intervals = whole.intervals.to_vec();
    if times::sayable(rest) != rest {
        let first = intervals.first_mut()?;
        *first = u32::try_from(u64::from(*first).saturating_add(rest)).ok()?;
        return Some(read::flux(intervals, end.max(sum)));
    }
    Some(read::flux(intervals, end.max(sum)))
}

/// The bytes of a circle.
fn bytes(flux: &Flux) -> Vec<u8> {
    let mut bytes = times::write(&flux.intervals);
    times::push(&mut bytes, rest(flux));
    bytes
}

fn len(flux: &Flux) -> u64 {
    times::len(&flux.intervals).saturating_add(rest(flux) / 255)
}

fn rest(flux: &Flux) -> u64 {
    let sum: u64 = flux.intervals.iter().map(|t| u64::from(*t)).sum();
    flux.index.last().map_or(0, |mark| mark.tick.saturating_sub(sum))
}

/// The parts of a file of this kind that still have their place.
fn kept(kind: &Kind, image: &Image, own: bool, survey: &Survey, first: bool) -> Vec<Opaque> {
    let room = |at: TrackAt, is_flux: bool| {
        let shape = survey.shapes.get(*survey.places.get(&at)?)?;
        let (count, bytes) = shape.size(is_flux);
        let room = if first { ROOM as u64 } else { raw::blocks(bytes).saturating_mul(BLOCK) };
        Some((count, room.saturating_sub(if is_flux { bytes } else { u64::from(count) / 8 })))
    };
    let fits = |o: &&Opaque| {
        let Some(name) = o.name.strip_prefix(kind.id).and_then(|rest| rest.strip_prefix('.')) else { return false };
        let at = o.place.track();
        let len = |is_flux| at.and_then(|at| room(at, is_flux)).map(|(_, len)| len);
        match name {
            raw::PART_CHUNK | raw::PART_TAIL => true,
            raw::PART_CRC => o.policy == Policy::Verbatim,
            raw::PART_PAD => len(false) == Some(o.bytes.len() as u64),
            raw::PART_FLUX_PAD => len(true) == Some(o.bytes.len() as u64),
            raw::PART_RECORD => {
                let count = at.and_then(|at| room(at, false)).map(|(count, _)| u64::from(count));
                first && crate::applesauce::u16_le(&o.bytes, 2).map(u64::from) == count
            }
            _ => false,
        }
    };
    let parts: &[Opaque] = if own { &image.opaque } else { &[] };
    parts.iter().filter(fits).cloned().collect()
}

/// The tracks in the shape that the file has.
struct Shaped {
    source: TrackMap,
    cell: Known<Ps>,
    first: bool,
    survey: Survey,
}

impl Shaped {
    fn map(self) -> TrackMap {
        TrackMap::new(self.survey.places.clone(), Arc::new(self))
    }
}

impl TrackLoader for Shaped {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let shape = self.survey.shapes.get(index).ok_or_else(|| Error::unsupported("no such track"))?;
        let held = self.source.get(shape.from, context)?.unwrap_or_default();
        let mut track = Track::default();
        if let Some(cells) = held.cells().filter(|_| shape.cells.is_some()) {
            let splice = cells.areas.iter().find(|area| area.kind == AreaKind::Splice && self.first);
            track.readings.push(Reading::Cells(read::cells(turned(cells), self.cell, splice.map(|area| area.start))));
        }
        if let Some(flux) = held.flux().filter(|_| shape.flux.is_some()) {
            context.reserve((flux.intervals.len() as u64).saturating_mul(4))?;
            let circle = circle(flux).ok_or_else(|| Error::unsupported("the track changed since it was fitted"))?;
            track.readings.push(Reading::Flux(circle));
        }
        Ok(track)
    }
}

/// The cells from the index on.
fn turned(cells: &Cells) -> Arc<floptical_model::Bits> {
    let len = cells.bits.len();
    let index = cells.index_at.recorded().and_then(|at| usize::try_from(*at).ok()).filter(|at| *at > 0 && *at < len);
    index.map_or_else(|| Arc::clone(&cells.bits), |index| Arc::new(cells.bits.slice_wrapping(index, len)))
}

/// Where everything lies.
struct Laid {
    maps: Maps,
    /// Of each reading in the table: first block, blocks, count.
    entries: Vec<(u16, u16, u32)>,
    first_block: u64,
    sizes: Sizes,
}

impl Laid {
    /// The index of a track that has no room, where there is one.
    fn of(
        holds: &[Holds],
        size: impl Fn(usize, bool) -> (u32, u64),
        info: &Info,
        rest: Option<&[u8]>,
    ) -> Result<Self, Option<usize>> {
        let maps = Maps::of(holds).ok_or(None)?;
        let rest = rest.map_or(info::LEN.saturating_sub(info.rest_at()), <[u8]>::len);
        let table = table_at(info.rest_at().saturating_add(rest)).saturating_add((ENTRIES * ENTRY) as u64);
        let first_block = raw::blocks(table);
        let (mut next, mut entries, mut sizes) = (first_block, Vec::new(), Sizes::default());
        for (track, is_flux) in &maps.table {
            let (count, bytes) = size(*track, *is_flux);
            let all = raw::blocks(bytes);
            let pair = u16::try_from(next).ok().zip(u16::try_from(all).ok());
            let (start, blocks) = pair.ok_or(Some(*track))?;
            entries.push((start, blocks, count));
            let largest = if *is_flux { &mut sizes.largest_flux } else { &mut sizes.largest };
            *largest = blocks.max(*largest);
            next = next.saturating_add(all);
        }
        if maps.has_flux() {
            sizes.flux_block = u16::try_from(next).map_err(|_| maps.table.last().map(|(track, _)| *track))?;
        }
        Ok(Self { maps, entries, first_block, sizes })
    }

    /// True when these bytes of INFO are right, and not those that follow from
    /// the tracks.
    fn holds(&self, kind: &'static Kind, info: &Info, rest: &[u8]) -> bool {
        let bytes = [info.bytes.get(..info.rest_at()).unwrap_or(&[]), rest].concat();
        let own = Info::new(kind, bytes);
        own.flux_block() == self.sizes.flux_block && own.rest() != own.usual_rest(self.sizes)
    }

    /// Bytes from the start of the table to the end of the last track.
    fn len(&self, info_len: usize) -> u64 {
        let blocks = self.entries.iter().map(|(_, blocks, _)| u64::from(*blocks)).sum::<u64>();
        let end = self.first_block.saturating_add(blocks).saturating_mul(BLOCK);
        end.saturating_sub(table_at(info_len))
    }
}

/// Where the table of tracks stands behind an INFO of so many bytes and a map.
fn table_at(info_len: usize) -> u64 {
    let heads = chunks::HEAD.saturating_mul(3);
    (HEADER as u64).saturating_add(heads).saturating_add(info_len as u64).saturating_add(ENTRIES as u64)
}

pub(super) fn emit(kind: &'static Kind, image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| Error::unsupported("Applesauce holds floppy disks only"))?;
    let info = Info::of_claims(kind, &image.claims);
    let magic = image.claims.first().map_or(&[][..], |claim: &Claim| &claim.raw);
    let rest = image.opaque(&kind.part(raw::PART_INFO)).map(|o| o.bytes.to_vec());
    let survey = Survey::of(kind, floppy, Some(info.byte(info::DISK_TYPE)), context).map_err(failed)?;
    let laid = survey.lay(kind, &info, rest.as_deref()).map_err(failed)?;
    let rest = rest.unwrap_or_else(|| info.usual_rest(laid.sizes));
    let info = [info.bytes.get(..info.rest_at()).unwrap_or(&[]), &rest].concat();
    let mut file = Writing { kind, image, out, context, crc: crc32fast::Hasher::new() };
    file.out.begin("")?;
    file.out.write(&[magic, &SIGNATURE, &[0; 4]].concat())?;
    file.chunk(raw::INFO, &info)?;
    file.chunk(raw::TMAP, &laid.maps.cells)?;
    if magic == FIRST {
        file.records(&survey, &laid)?;
    } else {
        file.tracks(&survey, &laid, info.len())?;
    }
    if laid.maps.has_flux() {
        file.chunk(raw::FLUX, &laid.maps.flux)?;
    }
    for name in [raw::PART_CHUNK, raw::PART_TAIL] {
        for part in image.opaque.iter().filter(|o| o.name == kind.part(name)) {
            file.write(&part.bytes)?;
        }
    }
    let crc = file.crc.finalize().to_le_bytes();
    let told = image.opaque(&kind.part(raw::PART_CRC)).map_or(&crc[..], |o| &*o.bytes);
    file.out.patch(raw::CRC as u64, told)
}

fn failed(error: NotFitted) -> Error {
    match error {
        NotFitted::Failed(error) => error,
        NotFitted::Refused(refusal) => Error::unsupported(format!("not fitted: {refusal}")),
    }
}

/// A file that is being written.
struct Writing<'a> {
    kind: &'static Kind,
    image: &'a Image,
    out: &'a mut dyn Output,
    context: &'a Context,
    crc: crc32fast::Hasher,
}

impl Writing<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.crc.update(bytes);
        self.out.write(bytes)
    }

    fn chunk(&mut self, id: &[u8; 4], bytes: &[u8]) -> Result<()> {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.write(&chunks::head(id, len))?;
        self.write(bytes)
    }

    /// A part of a track, kept at one of its positions.
    fn part(&self, survey: &Survey, name: &str, track: usize) -> Option<&[u8]> {
        let name = self.kind.part(name);
        let of = |o: &&Opaque| o.place.track().and_then(|at| survey.places.get(&at)) == Some(&track);
        self.image.opaque.iter().filter(|o| o.name == name).find(of).map(|o| &*o.bytes)
    }

    /// A reading, and what follows it in a room of so many bytes.
    fn reading(&self, survey: &Survey, track: usize, is_flux: bool, room: u64) -> Result<Vec<u8>> {
        let missing = || Error::unsupported("a track that was not fitted");
        let shape = survey.shapes.get(track).ok_or_else(missing)?;
        let tracks = self.image.as_floppy().map(|f| &f.tracks).ok_or_else(missing)?;
        let held = tracks.get(shape.from, self.context)?.ok_or_else(missing)?;
        let (mut all, used, pad) = if is_flux {
            let bytes = bytes(held.flux().ok_or_else(missing)?);
            let used = bytes.len();
            (bytes, used, self.part(survey, raw::PART_FLUX_PAD, track))
        } else {
            let bits = &held.cells().ok_or_else(missing)?.bits;
            (bits.to_msb(), bits.len() / 8, self.part(survey, raw::PART_PAD, track))
        };
        all.resize(usize::try_from(room).unwrap_or(usize::MAX), 0);
        all.iter_mut().skip(used).zip(pad.unwrap_or(&[])).for_each(|(byte, pad)| *byte |= pad);
        Ok(all)
    }

    fn records(&mut self, survey: &Survey, laid: &Laid) -> Result<()> {
        let len = laid.maps.table.len().saturating_mul(RECORD);
        self.write(&chunks::head(raw::TRKS, u32::try_from(len).unwrap_or(u32::MAX)))?;
        for ((track, _), (_, _, count)) in laid.maps.table.iter().zip(&laid.entries) {
            let mut record = self.reading(survey, *track, false, ROOM as u64)?;
            let usual = raw::usual_record(u16::try_from(*count).unwrap_or(u16::MAX));
            record.extend(self.part(survey, raw::PART_RECORD, *track).unwrap_or(&usual));
            self.write(&record)?;
        }
        Ok(())
    }

    fn tracks(&mut self, survey: &Survey, laid: &Laid, info_len: usize) -> Result<()> {
        let len = laid.len(info_len);
        self.write(&chunks::head(raw::TRKS, u32::try_from(len).unwrap_or(u32::MAX)))?;
        let mut table = Vec::with_capacity(ENTRIES.saturating_mul(ENTRY));
        for (start, blocks, count) in &laid.entries {
            [start, blocks].iter().for_each(|n| table.extend(n.to_le_bytes()));
            table.extend(count.to_le_bytes());
        }
        let begin = laid.first_block.saturating_mul(BLOCK).saturating_sub(table_at(info_len));
        table.resize(usize::try_from(begin).unwrap_or(usize::MAX), 0);
        self.write(&table)?;
        let total = laid.entries.len() as u64;
        for (done, ((track, is_flux), (_, blocks, _))) in (0..).zip(laid.maps.table.iter().zip(&laid.entries)) {
            self.context.progress("writing", done, total);
            let room = u64::from(*blocks).saturating_mul(BLOCK);
            let bytes = self.reading(survey, *track, *is_flux, room)?;
            self.write(&bytes)?;
        }
        Ok(())
    }
}
