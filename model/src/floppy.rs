//! A floppy disk: facts of its drive, and tracks by position.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::{Context, Error, ErrorKind, Known, Layout, Ps, Result, Span, Track, TrackAt};

/// The size of the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Form {
    /// 8 inch.
    Inch8,
    /// 5.25 inch.
    Inch5,
    /// 3.5 inch.
    Inch3,
    /// 3 inch.
    Compact3,
}

/// What is known of the drive that made or reads the disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DriveFacts {
    /// Size of the medium.
    pub form: Known<Form>,
    /// Tracks per inch of the drive's steps.
    pub tpi: Known<u16>,
    /// Nominal length of a revolution.
    pub rotation: Known<Ps>,
    /// Sides that were captured.
    pub heads: Known<u8>,
    /// Hard-sector holes, besides the index hole.
    pub hard_sectors: Known<u8>,
}

/// Loads the tracks of an image when they are asked for.
pub trait TrackLoader: Send + Sync {
    /// The track with this index in the container.
    ///
    /// # Errors
    /// What stops its reading; findings are on the track.
    fn load(&self, index: usize, context: &Context) -> Result<Track>;

    /// The track with the first of several revolutions of its flux, where the
    /// container can give that by itself.
    ///
    /// # Errors
    /// As [`TrackLoader::load`].
    fn load_first(&self, index: usize, context: &Context) -> Result<Option<Track>> {
        let _ = (index, context);
        Ok(None)
    }

    /// Which bytes of the container a range of a reading was read from: ticks
    /// of a flux reading, cells of a cell reading.
    fn locate(&self, index: usize, reading: usize, range: Range<u64>, context: &Context) -> Option<Span> {
        let _ = (index, reading, range, context);
        None
    }
}

/// Tracks already in memory.
struct Held(Vec<Track>);

impl TrackLoader for Held {
    fn load(&self, index: usize, _: &Context) -> Result<Track> {
        self.0.get(index).cloned().ok_or_else(|| Error::new(ErrorKind::Malformed, "no such track"))
    }
}

/// Positions of the head and the tracks there, many to one, loaded lazily.
#[derive(Clone)]
pub struct TrackMap {
    places: BTreeMap<TrackAt, usize>,
    loader: Arc<dyn TrackLoader>,
}

impl TrackMap {
    /// Positions whose tracks `loader` loads by index. Several positions may
    /// share one index (aliases).
    pub fn new(places: BTreeMap<TrackAt, usize>, loader: Arc<dyn TrackLoader>) -> Self {
        Self { places, loader }
    }

    /// Tracks already in memory.
    pub fn held(tracks: impl IntoIterator<Item = (TrackAt, Track)>) -> Self {
        let tracks: BTreeMap<TrackAt, Track> = tracks.into_iter().collect();
        let places = tracks.keys().enumerate().map(|(i, at)| (*at, i)).collect();
        Self { places, loader: Arc::new(Held(tracks.into_values().collect())) }
    }

    /// The positions that have a track, by position, then side.
    pub fn positions(&self) -> impl Iterator<Item = TrackAt> + '_ {
        self.places.keys().copied()
    }

    /// How many positions have a track.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True when there is no track.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The index of the track at a position: equal for aliases.
    pub fn index(&self, at: TrackAt) -> Option<usize> {
        self.places.get(&at).copied()
    }

    /// The track at a position; `None` where the image holds nothing.
    ///
    /// # Errors
    /// What stops its reading.
    pub fn get(&self, at: TrackAt, context: &Context) -> Result<Option<Track>> {
        self.places.get(&at).map(|index| self.loader.load(*index, context)).transpose()
    }

    /// The track at a position with the first of several revolutions of its
    /// flux; `None` where the container cannot give that by itself.
    ///
    /// # Errors
    /// What stops its reading.
    pub fn first_revolution(&self, at: TrackAt, context: &Context) -> Result<Option<Track>> {
        self.places.get(&at).map_or(Ok(None), |index| self.loader.load_first(*index, context))
    }

    /// Which bytes of the container a range of a reading was read from.
    pub fn locate(&self, at: TrackAt, reading: usize, range: Range<u64>, context: &Context) -> Option<Span> {
        self.loader.locate(self.index(at)?, reading, range, context)
    }
}

impl fmt::Debug for TrackMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackMap").field("places", &self.places).finish_non_exhaustive()
    }
}

/// A floppy disk.
#[derive(Debug, Clone)]
pub struct Floppy {
    /// What is known of the drive.
    pub drive: DriveFacts,
    /// The layout that the container goes by. `Unrecorded` where ids speak for
    /// themselves (IMD, HFE, flux). A flat image has `Assumed(layout,
    /// Why::Layout)` when its own bytes and length suggest this layout first,
    /// and `Assumed(layout, Why::Person)` when somebody named another one: who
    /// reads the file without being told would see another disk. A fitted flat
    /// image says the same, and is read back with this layout.
    pub layout: Known<Layout>,
    /// The tracks.
    pub tracks: TrackMap,
}
