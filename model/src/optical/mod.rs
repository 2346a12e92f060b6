//! An optical disc: tracks by number, sectors by address.
//!
//! A container keeps some parts of each sector and leaves others to be
//! computed; it may know the track around the sectors or nothing of it. The
//! store gives the bytes that are kept, a run at a time; nothing holds the
//! whole disc.

mod form;
mod track;

pub use form::{Parts, SectorForm, TrackMode};
pub use track::{CdTrack, Control, DiscRun, DiscText, Held, Index, TextKind};

use std::fmt;
use std::sync::Arc;

use crate::{Context, Result};

/// Logical address of a sector: 0 is the first one after the pregap of the
/// first track, 2 seconds into the program area. Addresses before it are
/// negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Lba(pub i32);

impl Lba {
    /// The address that lies `sectors` further.
    #[must_use]
    pub fn after(self, sectors: u32) -> Self {
        Self(i32::try_from(i64::from(self.0).saturating_add(sectors.into())).unwrap_or(i32::MAX))
    }

    /// How many sectors lie between `earlier` and this one; 0 when it is not
    /// earlier.
    pub fn since(self, earlier: Lba) -> u32 {
        u32::try_from(i64::from(self.0).saturating_sub(earlier.0.into())).unwrap_or(0)
    }
}

impl fmt::Display for Lba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads the bytes of sectors that a container keeps.
pub trait SectorStore: Send + Sync {
    /// Fill `buffer` with the sectors from `at` on, as their run keeps them.
    /// The caller asks for whole sectors of one run that is held.
    ///
    /// # Errors
    /// What stops the reading.
    fn read(&self, at: Lba, buffer: &mut [u8], context: &Context) -> Result<()>;
}

/// An optical disc.
#[derive(Clone)]
pub struct Optical {
    /// The catalogue number of the medium (MCN), as written.
    pub catalog: Option<Box<[u8]>>,
    /// Text about the whole disc.
    pub text: Vec<DiscText>,
    /// The tracks, by address.
    pub tracks: Vec<CdTrack>,
    /// The bytes of their sectors.
    pub store: Arc<dyn SectorStore>,
}

impl Optical {
    /// The disc that a plain image of user data shows: one data track from
    /// address 0, of `sectors` sectors. A CD has no address for more than 100
    /// minutes of them; what is longer is a disc without modes.
    pub fn plain(sectors: u32, store: Arc<dyn SectorStore>) -> Self {
        use crate::{Known, Why};
        /// Sectors of 100 minutes, less the first two seconds.
        const LONGEST_CD: u32 = 100 * 60 * 75 - 150;
        let mode = Known::Assumed(TrackMode::Mode1, Why::Format);
        let track = CdTrack {
            number: 1,
            session: Known::Unrecorded,
            mode: if sectors > LONGEST_CD { Known::Unrecorded } else { mode },
            control: Known::Unrecorded,
            isrc: None,
            text: Vec::new(),
            indexes: vec![Index { number: 1, at: Lba(0) }],
            runs: vec![Self::plain_run(sectors)],
        };
        Self { catalog: None, text: Vec::new(), tracks: vec![track], store }
    }

    /// The run of sectors of a plain image of user data.
    pub fn plain_run(sectors: u32) -> DiscRun {
        DiscRun { start: Lba(0), sectors, form: SectorForm::User, held: Held::File { file: 0, offset: 0 } }
    }

    /// The track with this number, the first of several.
    pub fn track(&self, number: u8) -> Option<&CdTrack> {
        self.tracks.iter().find(|t| t.number == number)
    }

    /// The track that an address lies on.
    pub fn track_at(&self, at: Lba) -> Option<&CdTrack> {
        self.tracks.iter().find(|t| t.run_at(at).is_some())
    }

    /// The first track with data.
    pub fn data_track(&self) -> Option<&CdTrack> {
        self.tracks.iter().find(|t| t.is_data())
    }
}

impl fmt::Debug for Optical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Optical").field("catalog", &self.catalog).field("tracks", &self.tracks).finish_non_exhaustive()
    }
}
