//! A drive for emulators: a pull model in emulator time.
//!
//! [`Drive`] holds a disk, a head over a position and an angle, and gives what
//! passes under the head: cell by cell ([`Drive::next_cell`]) or transition by
//! transition ([`Drive::next_flux`]), whatever layer the image holds. Nothing
//! runs by itself: time passes as it is pulled.
//!
//! The angle goes on over steps and changes of head. What is written lies in
//! an overlay; it leaves as a whole image ([`Drive::altered_image`]). The same
//! seed gives the same weak cells on any machine.

mod overlay;
mod surface;

pub use surface::Surface;

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_model::{Bits, Image, Layout, Ps, Result, TrackAt};

use crate::Disk;
use overlay::alter;

/// What passes under the head in the time of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// True when there is a transition.
    pub transition: bool,
    /// True when the index hole passes as the cell begins.
    pub index: bool,
    /// How long the cell lasts.
    pub time: Ps,
}

/// Where the mechanism stands. Small, and all that changes but the overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mechanism {
    position: TrackAt,
    motor: bool,
    /// The next cell under the head.
    cell: usize,
    /// Revolutions since the disk was put in.
    revolution: u64,
}

/// A drive with or without a disk in it.
#[derive(Debug, Clone)]
pub struct Drive {
    disk: Option<Arc<Disk>>,
    seed: u64,
    mechanism: Mechanism,
    under_head: Arc<Surface>,
    prepared: BTreeMap<TrackAt, Arc<Surface>>,
    written: BTreeMap<TrackAt, Arc<Surface>>,
}

/// A drive's state at a moment: give it back with [`Drive::restore`].
#[derive(Debug, Clone)]
pub struct DriveState(Drive);

impl Drive {
    /// An empty drive over track 0, side 0. Weak cells follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            disk: None,
            seed,
            mechanism: Mechanism { position: TrackAt::new(0, 0), motor: false, cell: 0, revolution: 0 },
            under_head: Arc::new(Surface::blank(Layout::RPM_300)),
            prepared: BTreeMap::new(),
            written: BTreeMap::new(),
        }
    }

    /// Put a disk in. What was written on the one before is gone.
    ///
    /// # Errors
    /// When the track under the head cannot be read or encoded.
    pub fn insert(&mut self, disk: Arc<Disk>) -> Result<()> {
        self.eject();
        self.disk = Some(disk);
        self.settle()
    }

    /// Take the disk out.
    pub fn eject(&mut self) -> Option<Arc<Disk>> {
        self.prepared.clear();
        self.written.clear();
        self.mechanism.revolution = 0;
        self.under_head = Arc::new(Surface::blank(Layout::RPM_300));
        self.disk.take()
    }

    /// Turn the motor on or off. Without it nothing passes under the head.
    pub fn motor(&mut self, on: bool) {
        self.mechanism.motor = on;
    }

    /// Move the head by quarter steps, outwards below zero. The stop at track 0
    /// holds it there.
    ///
    /// # Errors
    /// When the track under the head cannot be read or encoded.
    pub fn step(&mut self, quarters: i16) -> Result<()> {
        let position = &mut self.mechanism.position;
        position.quarter = position.quarter.saturating_add(quarters).max(0);
        self.settle()
    }

    /// Choose the side.
    ///
    /// # Errors
    /// When the track under the head cannot be read or encoded.
    pub fn head(&mut self, head: u8) -> Result<()> {
        self.mechanism.position.head = head;
        self.settle()
    }

    /// Where the head stands.
    pub fn position(&self) -> TrackAt {
        self.mechanism.position
    }

    /// True over track 0.
    pub fn track_zero(&self) -> bool {
        self.mechanism.position.quarter == 0
    }

    /// Make a track ready before the head comes to it; may run on another
    /// thread. A track that was not prepared is made ready as the head arrives.
    ///
    /// # Errors
    /// When the track cannot be read or encoded.
    pub fn prepare(disk: &Disk, at: TrackAt) -> Result<Surface> {
        Surface::of(disk, at)
    }

    /// Keep a prepared track for when the head comes to it.
    pub fn keep(&mut self, at: TrackAt, surface: Surface) {
        self.prepared.insert(at, Arc::new(surface));
    }

    /// The next cell under the head; `None` without a disk or with the motor
    /// off.
    pub fn next_cell(&mut self) -> Option<Cell> {
        let len = self.turning()?;
        let at = self.mechanism.cell;
        let transition = self.under_head.transition(at, self.seed, self.mechanism.position, self.mechanism.revolution);
        self.advance(1, len);
        Some(Cell { transition, index: at == 0, time: self.under_head.cell_time(at) })
    }

    /// How long until the next transition passes; the head is behind it then.
    /// `None` without one for a whole revolution, without a disk, or with the
    /// motor off.
    pub fn next_flux(&mut self) -> Option<Ps> {
        let len = self.turning()?;
        let mut time = 0;
        for _ in 0..len {
            let cell = self.next_cell()?;
            time += cell.time.0;
            if cell.transition {
                return Some(Ps(time));
            }
        }
        None
    }

    /// How long until the index passes.
    pub fn next_index(&self) -> Option<Ps> {
        let len = self.turning()?;
        let left = if self.mechanism.cell == 0 { 0 } else { len - self.mechanism.cell };
        Some(Ps(self.under_head.time_of(self.mechanism.cell, left)))
    }

    /// Write cells from here on, over what passes under the head.
    pub fn write_cells(&mut self, cells: &Bits) {
        let Some(len) = self.turning() else { return };
        let surface = Arc::make_mut(&mut self.under_head);
        let start = self.mechanism.cell;
        (0..cells.len()).for_each(|i| surface.write((start + i) % len, cells.get(i)));
        self.advance(cells.len(), len);
        self.written.insert(self.mechanism.position, self.under_head.clone());
    }

    /// Write transitions from here on, each so long after the one before.
    /// They fall on the nearest cell of the track.
    pub fn write_flux(&mut self, intervals: &[Ps]) {
        let Some(len) = self.turning() else { return };
        let mut cells = Bits::new();
        let mut at = 0u64;
        for interval in intervals {
            at = at.saturating_add(interval.0);
            let cell = self.under_head.cell_time(self.mechanism.cell).0.max(1);
            let index = usize::try_from((at + cell / 2) / cell).unwrap_or(usize::MAX).min(len.saturating_mul(2));
            while cells.len() + 1 < index {
                cells.push(false);
            }
            cells.push(true);
        }
        self.write_cells(&cells);
    }

    /// The disk as it is now, with what was written. Tracks that were written
    /// hold cells; all others are those of the image.
    pub fn altered_image(&self) -> Option<Image> {
        let disk = self.disk.as_ref()?;
        Some(alter(disk.image(), self.written.iter().map(|(at, surface)| (*at, surface.cells())).collect()))
    }

    /// Tracks that were written.
    pub fn written(&self) -> impl Iterator<Item = TrackAt> + '_ {
        self.written.keys().copied()
    }

    /// Everything that the drive is in at this moment.
    pub fn snapshot(&self) -> DriveState {
        DriveState(self.clone())
    }

    /// Go back to a moment.
    pub fn restore(&mut self, state: &DriveState) {
        *self = state.0.clone();
    }

    /// Cells of the track under the head, when they pass.
    fn turning(&self) -> Option<usize> {
        (self.disk.is_some() && self.mechanism.motor).then(|| self.under_head.len())
    }

    fn advance(&mut self, cells: usize, len: usize) {
        self.mechanism.cell += cells;
        // Nearly always a single cell: no division.
        while self.mechanism.cell >= len {
            self.mechanism.cell -= len;
            self.mechanism.revolution += 1;
        }
    }

    /// Bring the track at the head's position under it, at the same angle.
    fn settle(&mut self) -> Result<()> {
        let at = self.mechanism.position;
        let Some(disk) = &self.disk else { return Ok(()) };
        let found = self.written.get(&at).or_else(|| self.prepared.get(&at)).cloned();
        let surface = match found {
            Some(surface) => surface,
            None => Arc::new(Surface::of(disk, at)?),
        };
        self.prepared.entry(at).or_insert_with(|| surface.clone());
        let angle = self.mechanism.cell as u128 * surface.len() as u128 / self.under_head.len() as u128;
        self.mechanism.cell = usize::try_from(angle).unwrap_or(0) % surface.len();
        self.under_head = surface;
        Ok(())
    }
}
