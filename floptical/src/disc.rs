//! What follows from an optical disc: its sectors one by one, and the linear
//! view of its data.

use std::sync::Arc;

use floptical_iso::cd::{Sector, each_sector};
use floptical_model::{
    Blocks, CdTrack, Context, Error, Held, Known, Layer, Lba, Optical, Place, Result, SectorEntry, SectorForm, Span,
    Status, Traced,
};

/// Bytes in a block of the linear view.
const BLOCK: u64 = 2048;

/// The linear view of the first data track of a disc: 2048 bytes of user data
/// of each sector from where the track begins.
///
/// # Errors
/// `Unsupported` when there is no data track.
pub(crate) fn blocks(disc: &Optical) -> Result<Arc<dyn Blocks>> {
    let track = disc.data_track().cloned();
    let track = track.ok_or_else(|| Error::unsupported("the disc has no data track, so it has no linear view"))?;
    Ok(Arc::new(DataTrack { disc: disc.clone(), track }))
}

struct DataTrack {
    disc: Optical,
    track: CdTrack,
}

impl DataTrack {
    /// The sector that a byte lies in.
    fn sector(&self, at: u64) -> Lba {
        self.track.begin().after(u32::try_from(at / BLOCK).unwrap_or(u32::MAX))
    }

    /// User data where nothing but user data is kept: copied as it lies there.
    fn read_plain(&self, start: u64, buffer: &mut [u8], context: &Context) -> Result<bool> {
        let run = self.track.run_at(self.sector(start));
        let Some(run) = run.filter(|run| run.form == SectorForm::User && run.held != Held::Made) else {
            return Ok(false);
        };
        let whole = start.is_multiple_of(BLOCK) && (buffer.len() as u64).is_multiple_of(BLOCK);
        let end = self.sector(start).after(u32::try_from(buffer.len() as u64 / BLOCK).unwrap_or(u32::MAX));
        if !whole || end > run.end() {
            return Ok(false);
        }
        context.stream(buffer.len() as u64)?;
        self.disc.store.read(self.sector(start), buffer, context)?;
        Ok(true)
    }
}

impl Blocks for DataTrack {
    fn block(&self) -> u32 {
        BLOCK as u32
    }

    fn len(&self) -> u64 {
        u64::from(self.track.end().since(self.track.begin())) * BLOCK
    }

    fn read(&self, start: u64, buffer: &mut [u8], context: &Context) -> Result<Status> {
        let span = Span::Volume { start, len: buffer.len() as u64 };
        let end = start.checked_add(buffer.len() as u64).filter(|end| *end <= self.len());
        let Some(end) = end else {
            return Err(Error::truncated(span, format!("a read goes past the end ({} bytes)", self.len())));
        };
        if buffer.is_empty() || self.read_plain(start, buffer, context)? {
            return Ok(Status::Unverified);
        }
        // Gaps that are only named are empty, and no sector comes of them.
        buffer.fill(0);
        let mut worst = Status::Good;
        let (first, behind) = (self.sector(start), self.sector(end.div_ceil(BLOCK) * BLOCK));
        let mut seen = 0;
        each_sector(&self.disc, &self.track, first..behind, context, &mut |sector| {
            seen += 1;
            worst = worst.min(sector.status());
            let at = u64::from(sector.at.since(self.track.begin())) * BLOCK;
            let (from, to) = (start.max(at), end.min(at + BLOCK));
            let user = sector.user().get((from - at) as usize..(to - at) as usize).unwrap_or_default();
            buffer[(from - start) as usize..][..user.len()].copy_from_slice(user);
            Ok(())
        })?;
        Ok(if seen < behind.since(first) { worst.min(Status::Unverified) } else { worst })
    }

    fn trace(&self, start: u64, len: u64) -> Vec<Traced> {
        let end = start.saturating_add(len).min(self.len());
        let mut traced = Vec::new();
        for run in &self.track.runs {
            let base = u64::from(run.start.since(self.track.begin())) * BLOCK;
            let skipped = self.track.begin().since(run.start);
            let run_len = u64::from(run.sectors.saturating_sub(skipped)) * BLOCK;
            let (from, to) = (start.max(base), end.min(base + run_len));
            let mut at = from;
            // Where only user data is kept, a run is one stretch.
            while at < to {
                let sector = self.sector(at);
                let plain = run.form == SectorForm::User;
                let stop = if plain { to } else { to.min((at / BLOCK + 1) * BLOCK) };
                traced.push(self.stretch(run, sector, at, stop - at));
                at = stop;
            }
        }
        traced
    }
}

impl DataTrack {
    fn stretch(&self, run: &floptical_model::DiscRun, sector: Lba, start: u64, len: u64) -> Traced {
        let count = u32::try_from(((start % BLOCK) + len).div_ceil(BLOCK)).unwrap_or(u32::MAX);
        let span = match run.span(sector) {
            Span::File { file, start: at, .. } if run.form == SectorForm::User => {
                Span::File { file, start: at + start % BLOCK, len }
            }
            whole => whole,
        };
        let place = Place::Sectors { track: self.track.number, start: sector, count };
        Traced { start, len, status: Status::Unverified, place, span: Some(span) }
    }
}

/// A sector as a row of the common sector model, without its data.
pub(crate) fn entry(track: &CdTrack, sector: &Sector) -> SectorEntry {
    let size = u32::try_from(sector.user().len()).unwrap_or(u32::MAX);
    let place = Place::Sectors { track: track.number, start: sector.at, count: 1 };
    let span = track.run_at(sector.at).map(|run| run.span(sector.at));
    let (status, layer) = (sector.status(), Layer::Blocks);
    SectorEntry { place, offset: None, id: Known::Unrecorded, size, status, data: None, span, layer }
}

/// Give `take` every sector that a disc holds, by address, with its track.
///
/// # Errors
/// What stops the reading.
pub(crate) fn each(
    disc: &Optical,
    context: &Context,
    mut take: impl FnMut(&CdTrack, &Sector) -> Result<()>,
) -> Result<()> {
    let total = disc.tracks.iter().map(|t| u64::from(t.sectors())).sum();
    let mut done = 0;
    for track in &disc.tracks {
        each_sector(disc, track, track.start()..track.end(), context, &mut |sector| {
            done += 1;
            if done % 1024 == 0 {
                context.progress("sectors", done, total);
            }
            take(track, sector)
        })?;
    }
    Ok(())
}
