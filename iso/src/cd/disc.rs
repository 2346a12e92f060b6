//! The sectors of a disc, one after the other, whatever its container keeps of
//! them.

use std::ops::Range;

use floptical_model::{
    CdTrack, Check, Context, DiscRun, Held, Lba, Optical, Result, SectorForm, SectorStore, Status, TrackMode,
};

use super::{Checks, RAW, Shape, check_edc, examine, shape_of};

/// Bytes of the sub-channels of a sector.
const SUBCHANNEL: usize = 96;
/// How many sectors are read at once.
const PIECE: u32 = 64;

/// A sector, as far as its container keeps it.
#[derive(Debug, Clone)]
pub struct Sector {
    /// Its address.
    pub at: Lba,
    /// What is kept of it.
    pub form: SectorForm,
    /// How its parts lie; `None` for sound.
    pub shape: Option<Shape>,
    /// The kept parts at the places where a whole sector has them, zeros
    /// elsewhere.
    bytes: [u8; RAW],
    subchannel: Option<[u8; SUBCHANNEL]>,
}

impl Sector {
    /// A sector of a track of this mode, from the bytes that are kept of it.
    /// Where they are too few, zeros follow. Without a mode it is like mode 1.
    pub fn of(mode: Option<TrackMode>, form: SectorForm, at: Lba, stored: &[u8]) -> Self {
        let mode = mode.unwrap_or(TrackMode::Mode1);
        let mut sector = Self { at, form, shape: None, bytes: [0; RAW], subchannel: None };
        let plain = if mode.is_mode2() { Shape::Form1 } else { Shape::Mode1 };
        let place = match form {
            SectorForm::User => plain.user(),
            SectorForm::Form2 => Shape::Form2.user(),
            SectorForm::Mode2 => Shape::Formless.user(),
            _ => 0..RAW,
        };
        let places = sector.bytes.get_mut(place).unwrap_or_default();
        places.iter_mut().zip(stored).for_each(|(to, from)| *to = *from);
        sector.shape = match form {
            _ if mode == TrackMode::Audio => None,
            SectorForm::User => Some(plain),
            SectorForm::Form2 => Some(Shape::Form2),
            _ => Some(shape_of(mode, &sector.bytes)),
        };
        match form {
            SectorForm::AudioSwapped => sector.bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.reverse()),
            SectorForm::AudioSub => {
                let rest = stored.get(RAW..).and_then(|rest| rest.first_chunk::<SUBCHANNEL>());
                sector.subchannel = Some(rest.copied().unwrap_or([0; SUBCHANNEL]));
            }
            _ => {}
        }
        sector
    }

    /// Its user data. Samples of sound come with their low byte first.
    pub fn user(&self) -> &[u8] {
        self.part(self.shape.map_or(0..RAW, Shape::user))
    }

    /// The sub-channels P to W, where they are kept.
    pub fn subchannel(&self) -> Option<&[u8]> {
        self.subchannel.as_ref().map(<[u8; SUBCHANNEL]>::as_slice)
    }

    /// Bytes of the whole sector; zeros where they are not kept.
    pub fn part(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// The whole sector of data whose parts around the user data are kept.
    fn framed(&self) -> Option<(Shape, &[u8; RAW])> {
        matches!(self.form, SectorForm::Raw | SectorForm::Mode2).then_some((self.shape?, &self.bytes))
    }

    /// What is kept around its user data says so; `None` where nothing is.
    /// Where sync and header are not kept, they are not held against anything.
    pub fn checks(&self) -> Option<Checks> {
        let (shape, bytes) = self.framed()?;
        let checks = examine(shape, self.at, bytes);
        Some(Checks { header: checks.header || self.form == SectorForm::Mode2, ..checks })
    }

    /// How far its data can be trusted: as far as the detection code says.
    pub fn status(&self) -> Status {
        match self.framed().map(|(shape, bytes)| check_edc(shape, bytes)) {
            Some(Check::Good) => Status::Good,
            Some(Check::Bad) => Status::BadCheck,
            Some(Check::None) | None => Status::Unverified,
        }
    }
}

/// Give `take` each sector of a track with an address in `range` that the
/// container holds, in order.
///
/// # Errors
/// What stops the reading, and what `take` says.
pub fn each_sector(
    disc: &Optical,
    track: &CdTrack,
    range: Range<Lba>,
    context: &Context,
    take: &mut dyn FnMut(&Sector) -> Result<()>,
) -> Result<()> {
    let mode = track.mode.copied();
    for run in track.runs.iter().filter(|run| run.held != Held::Made) {
        let within = run.start.max(range.start)..run.end().min(range.end);
        each_of_run(&*disc.store, run, mode, within, context, take)?;
    }
    Ok(())
}

fn each_of_run(
    store: &dyn SectorStore,
    run: &DiscRun,
    mode: Option<TrackMode>,
    range: Range<Lba>,
    context: &Context,
    take: &mut dyn FnMut(&Sector) -> Result<()>,
) -> Result<()> {
    let size = usize::from(run.form.size());
    let mut piece = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let count = PIECE.min(range.end.since(at));
        piece.resize(size.saturating_mul(usize::try_from(count).unwrap_or(0)), 0);
        context.stream(piece.len() as u64)?;
        store.read(at, &mut piece, context)?;
        for (sector, n) in piece.chunks_exact(size).zip(0..) {
            take(&Sector::of(mode, run.form, at.after(n), sector))?;
        }
        at = at.after(count);
    }
    Ok(())
}
