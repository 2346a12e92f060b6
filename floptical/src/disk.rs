//! An image with what follows from it: sectors, cells, layout, blocks.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_flux::{Derived, derive, derive_sectors, is_noise};
use floptical_model::identity::LogicalTrack;
use floptical_model::layout::{BlockAt, Stepping, logical_tracks, observe};
use floptical_model::{
    Area, Blocks, ByteBlocks, Carrier, CellClock, Cells, Context, Error, Finding, Findings, Floppy, Flux, Ids, Image,
    Known, Layer, Layout, Place, Reading, Result, SectorEntry, SectorId, Sectors, Slot, Span, Status, Track, TrackAt,
    finding,
};

use crate::disc;

/// An image and everything that was derived from it once: the sectors of each
/// track, the cells that speak for it, the layout.
#[derive(Debug)]
pub struct Disk {
    image: Image,
    tracks: Vec<DiskTrack>,
    layout: Known<Layout>,
    stepping: Vec<Stepping>,
}

/// A track of a disk with what follows from it.
#[derive(Debug)]
pub struct DiskTrack {
    /// Its position in the image.
    pub at: TrackAt,
    /// Its place by the disk's own pitch.
    pub logical: TrackAt,
    /// The layers of its readings, in the image's order.
    pub layers: Vec<Layer>,
    /// What was measured of its flux.
    pub flux: Option<FluxFacts>,
    /// What its cells are like.
    pub cells: Option<CellFacts>,
    /// What follows from it. Of a track of sectors its cells are kept for targets
    /// that may hold them.
    pub derived: Derived,
}

/// What is kept of a flux reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FluxFacts {
    /// How many intervals there are.
    pub intervals: u64,
    /// Length of each revolution in nanoseconds.
    pub revolutions_ns: Vec<u64>,
    /// Ticks at which hard-sector holes passed.
    pub sector_marks: Vec<u64>,
    /// True where the intervals scatter as those of no code do.
    pub is_noise: bool,
}

/// What is kept of the cells of a track in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFacts {
    /// How many there are.
    pub count: u64,
    /// How long they last.
    pub clock: CellClock,
    /// Stretches that are not plain, in order.
    pub areas: Vec<Area>,
}

impl CellFacts {
    fn of(cells: &Cells) -> Self {
        Self { count: cells.bits.len() as u64, clock: cells.clock.clone(), areas: cells.areas.clone() }
    }
}

impl FluxFacts {
    fn of(flux: &Flux, derived: &Derived) -> Self {
        let ticks = (0..flux.revolutions()).filter_map(|r| flux.revolution_ticks(r));
        Self {
            intervals: flux.intervals.len() as u64,
            revolutions_ns: ticks.map(|t| flux.clock.to_ps(t).nanoseconds()).collect(),
            sector_marks: flux.sector_marks.iter().map(|m| m.tick).collect(),
            // Sectors are no noise.
            is_noise: derived.sectors.slots.is_empty() && is_noise(&flux.intervals),
        }
    }
}

impl Disk {
    /// Derive everything. Tracks that are aliases of one another are derived
    /// once and shown at the whole step among their positions, else the first.
    ///
    /// # Errors
    /// What stops the reading of a track.
    pub fn derive(image: Image, context: &Context) -> Result<Self> {
        Self::derive_by(image, (whole_track, Layer::Flux), context)
    }

    /// As [`Disk::derive`], without the survey of flux beside sectors, and of tracks
    /// with sectors without the cells where the target holds none: all that a
    /// conversion to a format of this layer needs.
    ///
    /// # Errors
    /// What stops the reading of a track.
    pub fn derive_for(image: Image, target: Layer, context: &Context) -> Result<Self> {
        Self::derive_by(image, (sectors_only, target), context)
    }

    /// As [`Disk::derive_for`], but of several revolutions of a track only the first
    /// is looked at where all its checks hold: quick, and blind for what
    /// revolutions disagree about. Each such track says so in a finding. Flux
    /// cannot be written from this.
    ///
    /// # Errors
    /// What stops the reading of a track.
    pub fn derive_first_good(image: Image, target: Layer, context: &Context) -> Result<Self> {
        Self::derive_by(image, (first_good, target), context)
    }

    fn derive_by(image: Image, (look, target): (Look, Layer), context: &Context) -> Result<Self> {
        let mut tracks = Vec::new();
        if let Carrier::Floppy(floppy) = &image.carrier {
            tracks = derive_tracks(floppy, (look, target), context)?;
        }
        let refs: Vec<(TrackAt, &Sectors)> = tracks.iter().map(|t| (t.at, &*t.derived.sectors)).collect();
        let stepping = Stepping::of_sides(&refs);
        let layout = match image.as_floppy().map(|f| &f.layout) {
            Some(Known::Unrecorded) => {
                let logical = logical_tracks(&refs);
                observe(&logical).map_or(Known::Unrecorded, |shown| Known::Value(by_volume(shown, &logical)))
            }
            Some(told) => told.clone(),
            None => Known::Unrecorded,
        };
        for track in &mut tracks {
            track.logical.quarter /= i16::from(Stepping::pitch_of(&stepping, track.at.head));
        }
        Ok(Self { image, tracks, layout, stepping })
    }

    /// How many tracks were left with revolutions that nobody looked at.
    pub fn passed_over(&self) -> usize {
        let over = |track: &&DiskTrack| track.derived.findings.iter().any(|f| *f.code == finding::FLUX_PASSED_OVER);
        self.tracks.iter().filter(over).count()
    }

    /// True where revolutions, or a sum over the whole file, were not looked at.
    pub(crate) fn is_read_in_part(&self) -> bool {
        self.passed_over() > 0 || self.image.findings.iter().any(|f| *f.code == finding::FORMAT_SUM_PASSED_OVER)
    }

    /// True where the cells of a track were not kept.
    pub(crate) fn lacks_cells(&self) -> bool {
        self.tracks.iter().any(|track| track.cells.is_some() && track.derived.cells.is_none())
    }

    /// The image itself.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Its tracks, by position, then side.
    pub fn tracks(&self) -> &[DiskTrack] {
        &self.tracks
    }

    /// The track at a place, by the disk's own pitch.
    pub fn track(&self, logical: TrackAt) -> Option<&DiskTrack> {
        self.tracks.iter().find(|t| t.logical == logical)
    }

    /// True for a position between two tracks of a side of half the drive's
    /// pitch.
    pub(crate) fn is_between(&self, track: &DiskTrack) -> bool {
        self.pitch(track.at.head) == 2 && track.at.cylinder().is_some_and(|c| c % 2 == 1)
    }

    /// True when such a position shows what the tracks beside it show, and
    /// nothing else.
    pub(crate) fn is_repeat(&self, track: &DiskTrack) -> bool {
        let beside = |quarter: i16| self.tracks.iter().find(|t| t.at == TrackAt { quarter, ..track.at });
        let slots = &track.derived.sectors.slots;
        if !self.is_between(track) || slots.is_empty() {
            return false;
        }
        let near = [track.at.quarter - 4, track.at.quarter.saturating_add(4)].map(beside);
        let shown = |slot: &Slot| {
            let mut others = near.iter().flatten().flat_map(|t| &t.derived.sectors.slots);
            others.any(|other| other.chosen().same_content(slot.chosen()))
        };
        slots.iter().all(shown)
    }

    /// How the tracks of each side lie under the steps of the drive.
    pub fn stepping(&self) -> &[Stepping] {
        &self.stepping
    }

    /// How many steps of the drive lie between two tracks of a side.
    pub fn pitch(&self, head: u8) -> u8 {
        Stepping::pitch_of(&self.stepping, head)
    }

    /// The most steps that lie between two tracks of any side.
    pub(crate) fn widest_pitch(&self) -> u8 {
        self.stepping.iter().map(|side| side.pitch).max().unwrap_or(1)
    }

    /// The layout: what the container goes by, else what the sectors show.
    pub fn layout(&self) -> &Known<Layout> {
        &self.layout
    }

    /// The tracks that hold sectors, numbered by the disk's own pitch.
    pub fn logical_tracks(&self) -> Vec<LogicalTrack<'_>> {
        let refs: Vec<(TrackAt, &Sectors)> = self.tracks.iter().map(|t| (t.at, &*t.derived.sectors)).collect();
        logical_tracks(&refs)
    }

    /// What was noticed in the image, on its tracks, and while deriving.
    pub fn findings(&self) -> Findings {
        let mut all = self.image.findings.clone();
        self.tracks.iter().for_each(|t| all.extend(&t.derived.findings));
        all
    }

    /// The common sector model of a floppy: first the blocks of the layout in
    /// logical order (places that nobody read, or that their track does not
    /// show, included), then the slots that no block claims. Without a layout all slots, by track, then number.
    pub fn sectors(&self) -> Vec<SectorEntry> {
        self.sectors_by(self.layout.get())
    }

    /// The same with the sectors of each track in the order of their numbers:
    /// one order for all containers of a disk, whatever each of them goes by.
    pub fn numbered_sectors(&self) -> Vec<SectorEntry> {
        self.sectors_by(self.layout.get().map(Layout::by_number).as_ref())
    }

    fn sectors_by(&self, layout: Option<&Layout>) -> Vec<SectorEntry> {
        let mut taken: Vec<Vec<bool>> =
            self.tracks.iter().map(|t| vec![false; t.derived.sectors.slots.len()]).collect();
        let mut entries = Vec::with_capacity(taken.iter().map(Vec::len).sum());
        if let Some(layout) = layout {
            for block in layout.blocks() {
                let found = self.find(block.track, block.id, block.size, &mut taken);
                entries.push(found.unwrap_or_else(|| self.absent(&block)));
            }
        }
        let mut rest = self.unclaimed_slots(&taken);
        if entries.is_empty() {
            rest.sort_by_key(|e| (e.place.track(), e.id.copied().flatten().map(|id| id.r)));
        } else {
            rest.iter_mut().for_each(|e| e.offset = None);
        }
        let linear = if entries.is_empty() { &mut rest } else { &mut entries };
        let mut offset = 0;
        for entry in linear.iter_mut() {
            entry.offset = Some(offset);
            offset += u64::from(entry.size);
        }
        entries.extend(rest);
        entries
    }

    /// The linear view.
    ///
    /// # Errors
    /// `Unsupported` when the disk shows no sectors, or no data track.
    pub fn blocks(&self) -> Result<Arc<dyn Blocks>> {
        match &self.image.carrier {
            Carrier::Block(device) => return Ok(Arc::new(device.clone())),
            Carrier::Optical(optical) => return disc::blocks(optical),
            _ => {}
        }
        let sectors: Vec<SectorEntry> = self.sectors().into_iter().filter(|s| s.offset.is_some()).collect();
        let Some(block) = sectors.iter().map(|s| s.size).max() else {
            return Err(Error::unsupported("no sectors were recognised on this disk, so it has no linear view"));
        };
        Ok(Arc::new(ByteBlocks::new(block, sectors)))
    }

    /// The first slot with the block's number and size on its track, whatever
    /// its recorded cylinder and head.
    fn find(&self, track: TrackAt, id: SectorId, size: u16, taken: &mut [Vec<bool>]) -> Option<SectorEntry> {
        let index = self.tracks.iter().position(|t| t.logical == track)?;
        let at = &self.tracks[index];
        let fits = |slot: &floptical_model::Slot| {
            let chosen = slot.chosen();
            chosen.size() == usize::from(size) && chosen.sector_id().is_some_and(|own| own.r == id.r)
        };
        let slot = at.derived.sectors.slots.iter().position(fits)?;
        taken[index][slot] = true;
        at.entry(slot)
    }

    /// A place that the layout has and no slot shows. Where the signal of its
    /// track was read there is no such sector; of other tracks nobody knows.
    fn absent(&self, block: &BlockAt) -> SectorEntry {
        let was_read = self.track(block.track).is_some_and(|t| t.cells.is_some() && !t.is_cut());
        SectorEntry {
            place: Place::Slot { track: block.track, r: Some(block.id.r), nth: 0 },
            offset: None,
            id: Known::Unrecorded,
            size: block.size.into(),
            status: if was_read { Status::Missing } else { Status::Unread },
            data: None,
            span: None,
            layer: Layer::Sectors,
        }
    }

    fn unclaimed_slots(&self, taken: &[Vec<bool>]) -> Vec<SectorEntry> {
        let mut rest = Vec::new();
        for (track, taken) in self.tracks.iter().zip(taken) {
            rest.extend(taken.iter().enumerate().filter(|(_, t)| !**t).filter_map(|(i, _)| track.entry(i)));
        }
        rest
    }
}

impl DiskTrack {
    /// True when the container breaks off within the track, so that what is
    /// seen of it may not be all. A capture that shows good sectors only was
    /// cut in a further revolution.
    pub(crate) fn is_cut(&self) -> bool {
        let slots = &self.derived.sectors.slots;
        let whole = self.flux.is_some() && !slots.is_empty() && slots.iter().all(|s| s.status() == Status::Good);
        !whole && self.derived.findings.iter().any(|f| f.code == &finding::FORMAT_TRUNCATED)
    }

    /// A slot as a row of the common sector model.
    pub fn entry(&self, slot: usize) -> Option<SectorEntry> {
        let sectors = &self.derived.sectors;
        let place = sectors.places(self.logical).into_iter().nth(slot)?;
        let slot = sectors.slots.get(slot)?;
        let chosen = slot.chosen();
        Some(SectorEntry {
            place,
            offset: None,
            id: chosen.id,
            size: u32::try_from(chosen.size()).unwrap_or(u32::MAX),
            status: slot.status(),
            data: chosen.data.bytes().cloned(),
            span: chosen.data_span.clone().or_else(|| chosen.id_span.clone()),
            layer: Layer::Sectors,
        })
    }
}

/// Ids do not tell in which order the sectors of a track are counted; the volume
/// of an Apple II does.
fn by_volume(shown: Layout, tracks: &[LogicalTrack<'_>]) -> Layout {
    let sector = |cylinder: u8, number: u8| {
        let track = tracks.iter().find(|t| (t.cylinder, t.head) == (cylinder, 0))?;
        let slot = track.sectors.slots.iter().find(|s| s.chosen().sector_id().is_some_and(|id| id.r == number))?;
        slot.chosen().data.bytes().map(|data| data.to_vec())
    };
    match floptical_formats::raw::volume_order(&shown, sector) {
        Some(told) => told.clone(),
        None => side_order(shown, tracks),
    }
}

/// Ids do not tell in which order the sides are counted; the first sector of
/// some systems does. A layout that it tells of the same tracks wins.
fn side_order(shown: Layout, tracks: &[LogicalTrack<'_>]) -> Layout {
    let first = shown.blocks().next();
    let data = first.and_then(|block| {
        let track = tracks.iter().find(|t| TrackAt::new(t.cylinder, t.head) == block.track)?;
        let slot = track.sectors.slots.iter().find(|s| s.chosen().sector_id().is_some_and(|id| id.r == block.id.r))?;
        slot.chosen().data.bytes().cloned()
    });
    let told = data.and_then(|head| floptical_formats::raw::candidates(shown.bytes(), &head).into_iter().next());
    match told {
        Some(told) if shown.ids == Ids::Place && (Layout { order: shown.order, ..told.clone() }).same_shape(&shown) => {
            Layout { order: told.order, ..shown }
        }
        _ => shown,
    }
}

/// How a track is looked at: the track, and what follows from it.
type Look = fn(&Floppy, TrackAt, &Context) -> Result<Option<(Track, Derived)>>;

fn whole_track(floppy: &Floppy, at: TrackAt, context: &Context) -> Result<Option<(Track, Derived)>> {
    let Some(track) = floppy.tracks.get(at, context)? else { return Ok(None) };
    Ok(derive(&track, at, context)?.map(|derived| (track, derived)))
}

fn sectors_only(floppy: &Floppy, at: TrackAt, context: &Context) -> Result<Option<(Track, Derived)>> {
    let Some(track) = floppy.tracks.get(at, context)? else { return Ok(None) };
    Ok(derive_sectors(&track, at, context)?.map(|derived| (track, derived)))
}

fn first_good(floppy: &Floppy, at: TrackAt, context: &Context) -> Result<Option<(Track, Derived)>> {
    if let Some(track) = floppy.tracks.first_revolution(at, context)?
        && let Some(mut derived) = derive_sectors(&track, at, context)?
    {
        let sectors = &derived.sectors;
        if !sectors.slots.is_empty()
            && sectors.unclaimed.is_empty()
            && sectors.slots.iter().all(|slot| slot.status() == Status::Good)
        {
            let span = Span::Ticks { track: at, reading: 0, start: 0, len: 0 };
            let message = "only the first revolution was looked at".to_owned();
            derived.findings.push(Finding::new(&finding::FLUX_PASSED_OVER, span, Place::Track(at), message));
            return Ok(Some((track, derived)));
        }
    }
    sectors_only(floppy, at, context)
}

fn derive_tracks(floppy: &Floppy, (look, target): (Look, Layer), context: &Context) -> Result<Vec<DiskTrack>> {
    let mut tracks: Vec<DiskTrack> = Vec::new();
    // Of several positions of one track the whole step, else the first.
    let mut shown: BTreeMap<Option<usize>, TrackAt> = BTreeMap::new();
    for at in floppy.tracks.positions() {
        let own = shown.entry(floppy.tracks.index(at)).or_insert(at);
        if own.cylinder().is_none() && at.cylinder().is_some() {
            *own = at;
        }
    }
    let total = floppy.tracks.len() as u64;
    for (done, at) in floppy.tracks.positions().enumerate() {
        context.progress("decoding", done as u64, total);
        if shown.get(&floppy.tracks.index(at)) != Some(&at) {
            continue;
        }
        if let Some((track, mut derived)) = look(floppy, at, context)? {
            let layers = track.readings.iter().map(Reading::layer).collect();
            let flux = track.flux().map(|flux| FluxFacts::of(flux, &derived));
            let cells = derived.cells.as_ref().map(CellFacts::of);
            // Without sectors they tell whether somebody wrote the track.
            if target > Layer::Cells && !derived.sectors.slots.is_empty() {
                derived.cells = None;
            }
            tracks.push(DiskTrack { at, logical: at, layers, flux, cells, derived });
        }
    }
    context.progress("decoding", total, total);
    Ok(tracks)
}
