//! From an image to the bytes of a file: `fit` decides, `emit` writes.

use std::sync::Arc;

use floptical_io::Output;
use floptical_iso::cd::{Shape, each_sector};
use floptical_model::{
    CdTrack, Context, Error, ErrorKind, Fact, Held, Image, Lba, Optical, Place, Result, SectorForm, SectorStore,
    TrackMode,
};

use super::{SECTOR, TAIL};
use crate::disc::{copy_run, not_held};
use crate::iso::read::image;
use crate::{Fitted, NotFitted};

/// The user data of the only data track, if it is what a plain image can hold.
pub(super) fn fit(source: &Image, context: &Context) -> Fitted {
    if source.format == "iso" {
        return Ok(source.clone());
    }
    let Some(disc) = source.as_optical() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "a disc image holds an optical disc"));
    };
    let track = only_data_track(disc)?;
    let (begin, end) = (track.begin(), track.end());
    let place = Place::CdTrack(track.number);
    if begin != Lba(0) {
        let reason = format!("its data track begins at sector {begin}, and an image without tracks at 0");
        return Err(NotFitted::refuse(Fact::Exists, place, reason));
    }
    check_sectors(disc, track, context)?;
    let store = UserStore { disc: disc.clone(), number: track.number };
    let held = track.runs.iter().filter(|run| run.held != Held::Made).map(floptical_model::DiscRun::end).max();
    let sectors = held.unwrap_or(end).since(begin);
    if sectors == 0 {
        return Err(NotFitted::refuse(Fact::Exists, place, "its data track has no sector"));
    }
    Ok(image(Optical::plain(sectors, Arc::new(store))))
}

fn only_data_track(disc: &Optical) -> Result<&CdTrack, NotFitted> {
    let mut data = disc.tracks.iter().filter(|t| t.is_data());
    match (data.next(), data.next()) {
        (Some(track), None) => Ok(track),
        (None, _) => Err(NotFitted::refuse(Fact::Exists, Place::Whole, "the disc has no data track")),
        (Some(_), Some(second)) => {
            let reason = "the disc has several data tracks, and a plain image has one";
            Err(NotFitted::refuse(Fact::Exists, Place::CdTrack(second.number), reason))
        }
    }
}

/// See that each sector has 2048 bytes of user data, and none is missing
/// between others.
fn check_sectors(disc: &Optical, track: &CdTrack, context: &Context) -> Result<(), NotFitted> {
    let at = |start| Place::Sectors { track: track.number, start, count: 1 };
    let mut next = track.begin();
    for run in track.runs.iter().filter(|run| run.held != Held::Made && run.end() > track.begin()) {
        if run.start > next {
            return Err(NotFitted::refuse(Fact::Data, at(next), "nothing is held of this sector"));
        }
        next = run.end();
    }
    let alike = track.runs.iter().all(|run| run.form == SectorForm::User);
    if alike || track.mode.copied() == Some(TrackMode::Mode1) {
        return Ok(());
    }
    let mut odd = None;
    each_sector(disc, track, track.begin()..track.end(), context, &mut |sector| {
        let plain = matches!(sector.shape, Some(Shape::Mode1 | Shape::Form1));
        odd = odd.or((!plain).then_some((sector.at, sector.user().len())));
        Ok(())
    })?;
    match odd {
        Some((sector, bytes)) => {
            let reason = format!("this sector has {bytes} bytes of user data, and a plain image holds 2048");
            Err(NotFitted::refuse(Fact::Data, at(sector), reason))
        }
        None => Ok(()),
    }
}

/// The user data of a track of another disc.
struct UserStore {
    disc: Optical,
    number: u8,
}

impl SectorStore for UserStore {
    fn read(&self, at: Lba, buffer: &mut [u8], context: &Context) -> Result<()> {
        let track = self.disc.track(self.number).ok_or_else(|| not_held(at))?;
        let size = usize::from(SectorForm::User.size());
        let count = u32::try_from(buffer.len().checked_div(size).unwrap_or(0)).unwrap_or(u32::MAX);
        let mut places = buffer.chunks_exact_mut(size);
        each_sector(&self.disc, track, at..at.after(count), context, &mut |sector| {
            if let Some(place) = places.next() {
                place.iter_mut().zip(sector.user()).for_each(|(to, from)| *to = *from);
            }
            Ok(())
        })
    }
}

/// Write a fitted image.
pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let disc = image.as_optical().ok_or_else(not_fitted)?;
    out.begin("")?;
    for run in disc.tracks.iter().flat_map(|t| &t.runs) {
        if u64::from(run.form.size()) != SECTOR {
            return Err(not_fitted());
        }
        copy_run(&*disc.store, run, out, context)?;
    }
    image.opaque(TAIL).map_or(Ok(()), |tail| out.write(&tail.bytes))
}

fn not_fitted() -> Error {
    Error::new(ErrorKind::Malformed, "the image was not fitted to a plain disc image")
}
