//! Flat bytes as carriers: a floppy by a layout, or a linear carrier.

use std::sync::Arc;

use floptical_io::Source;
use floptical_model::{
    BlockDevice, Context, DataField, DriveFacts, Error, ErrorKind, Extent, Floppy, Known, Layout, Reading, Result, Run,
    RunSource, SectorId, Sectors, Sighting, Slot, Span, Status, Track, TrackAt, TrackLoader, TrackMap, Why,
};

/// Bytes in a block of a linear carrier.
const BLOCK: u32 = 512;

/// The floppy that a file shows by a layout. `why` tells whether the file
/// suggests the layout by itself.
pub(super) fn floppy(source: Source, layout: Layout, why: Why) -> Floppy {
    let mut starts = Vec::new();
    let mut at: u64 = 0;
    for (cylinder, head) in layout.tracks() {
        let Some(zone) = layout.zone(cylinder, head) else { continue };
        starts.push((TrackAt::new(cylinder, head), at));
        at = at.saturating_add(u64::from(zone.sectors).saturating_mul(zone.size.into()));
    }
    let places = starts.iter().enumerate().map(|(i, (at, _))| (*at, i)).collect();
    let drive = DriveFacts {
        form: Known::Assumed(layout.form, Why::Layout),
        rotation: Known::Assumed(layout.rotation, Why::Layout),
        heads: Known::Assumed(layout.heads, Why::Layout),
        ..DriveFacts::default()
    };
    let told = Known::Assumed(layout.clone(), why);
    Floppy { drive, layout: told, tracks: TrackMap::new(places, Arc::new(Tracks { source, layout, starts })) }
}

/// Bytes of the blocks that lie whole in a file of `len` bytes.
pub(super) fn whole_blocks(layout: &Layout, len: u64) -> u64 {
    let end = |block: floptical_model::layout::BlockAt| block.offset.saturating_add(block.size.into());
    layout.blocks().map(end).take_while(|end| *end <= len).last().unwrap_or(0)
}

/// The tracks of a file by a layout, read when they are asked for.
struct Tracks {
    source: Source,
    layout: Layout,
    /// Each track and its first byte.
    starts: Vec<(TrackAt, u64)>,
}

impl TrackLoader for Tracks {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let start = self.starts.get(index).and_then(|(at, start)| Some((*at, *start, at.cylinder()?)));
        let Some((at, start, cylinder)) = start else { return Err(Error::new(ErrorKind::Malformed, "no such track")) };
        let Some(zone) = self.layout.zone(cylinder, at.head) else { return Ok(Track::default()) };
        let wanted = u64::from(zone.sectors).saturating_mul(zone.size.into());
        let there = wanted.min(self.source.len().saturating_sub(start));
        let bytes = if there == 0 { Vec::new() } else { self.source.bytes(start, there, context)? };
        let mut blocks = bytes.chunks_exact(usize::from(zone.size).max(1));
        let mut offset = start;
        let mut slots = Vec::with_capacity(zone.sectors.into());
        let (c, h) = self.layout.ids.at(cylinder, at.head);
        for i in 0..zone.sectors {
            let id = SectorId { c, h, r: zone.number(i), n: zone.code() };
            let block = blocks.next();
            let data = block.map_or(DataField::Unread, |b| DataField::Bytes(Arc::from(b)));
            let mut seen = Sighting::assumed(zone.scheme, id, data);
            seen.data_span = block.map(|b| Span::file(offset, b.len() as u64));
            slots.push(Slot::one(seen));
            offset = offset.saturating_add(zone.size.into());
        }
        Ok(Track::of(Reading::Sectors(Arc::new(Sectors {
            slots,
            ordered: false,
            rate: Known::Assumed(zone.rate, Why::Layout),
            rotation: Known::Assumed(zone.rotation.unwrap_or(self.layout.rotation), Why::Layout),
            ..Sectors::default()
        }))))
    }
}

/// Everything that a file holds, as a linear carrier.
pub(super) fn device(source: Source) -> BlockDevice {
    BlockDevice { block: BLOCK, len: source.len(), content: Arc::new(Whole(source)) }
}

/// The linear carrier that another one becomes when its bytes are written
/// down: all of it is data.
pub(super) fn written(device: &BlockDevice) -> BlockDevice {
    BlockDevice { block: BLOCK, len: device.len, content: Arc::new(Written(device.clone())) }
}

/// One run of data.
fn one_run(len: u64, start: u64, wanted: u64) -> Vec<Run> {
    let end = start.saturating_add(wanted).min(len);
    let run = |len| Run { start, len, extent: Extent::Data, span: Span::file(start, len) };
    end.checked_sub(start).filter(|len| *len > 0).map(run).into_iter().collect()
}

struct Whole(Source);

impl RunSource for Whole {
    fn runs(&self, start: u64, len: u64) -> Vec<Run> {
        one_run(self.0.len(), start, len)
    }

    fn read(&self, start: u64, buffer: &mut [u8], context: &Context) -> Result<Status> {
        context.stream(buffer.len() as u64)?;
        self.0.read_at(start, buffer)?;
        Ok(Status::Unverified)
    }
}

struct Written(BlockDevice);

impl RunSource for Written {
    fn runs(&self, start: u64, len: u64) -> Vec<Run> {
        one_run(self.0.len, start, len)
    }

    fn read(&self, start: u64, buffer: &mut [u8], context: &Context) -> Result<Status> {
        self.0.content.read(start, buffer, context)?;
        Ok(Status::Unverified)
    }
}
