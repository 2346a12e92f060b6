//! What was written, over what the image holds.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use floptical_model::{
    Carrier, Cells, Context, Error, ErrorKind, Floppy, Image, Reading, Result, Span, Track, TrackAt, TrackLoader,
    TrackMap,
};

/// An image in which some tracks are replaced by cells. It is of no container
/// any more; its claims stay.
pub(super) fn alter(image: &Image, written: BTreeMap<TrackAt, Cells>) -> Image {
    let Carrier::Floppy(floppy) = &image.carrier else { return image.clone() };
    if written.is_empty() {
        return image.clone();
    }
    let positions: Vec<TrackAt> = {
        let mut all: Vec<TrackAt> = floppy.tracks.positions().chain(written.keys().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let places = positions.iter().enumerate().map(|(i, at)| (*at, i)).collect();
    let loader = Altered { positions, base: floppy.tracks.clone(), written };
    let tracks = TrackMap::new(places, Arc::new(loader));
    Image {
        format: "made",
        carrier: Carrier::Floppy(Floppy { tracks, ..floppy.clone() }),
        opaque: Vec::new(),
        ..image.clone()
    }
}

struct Altered {
    positions: Vec<TrackAt>,
    base: TrackMap,
    written: BTreeMap<TrackAt, Cells>,
}

impl TrackLoader for Altered {
    fn load(&self, index: usize, context: &Context) -> Result<Track> {
        let at = self.positions.get(index).ok_or_else(|| Error::new(ErrorKind::Malformed, "no such track"))?;
        match self.written.get(at) {
            Some(cells) => Ok(Track::of(Reading::Cells(cells.clone()))),
            None => Ok(self.base.get(*at, context)?.unwrap_or_default()),
        }
    }

    fn locate(&self, index: usize, reading: usize, range: Range<u64>, context: &Context) -> Option<Span> {
        let at = self.positions.get(index)?;
        if self.written.contains_key(at) { None } else { self.base.locate(*at, reading, range, context) }
    }
}
