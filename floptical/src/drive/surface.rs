//! A track as the head sees it: a circle of cells.

use std::sync::Arc;

use floptical_model::{AreaKind, Bits, Cells, Error, Join, Known, Ps, Result, TrackAt, Why};

use crate::{Disk, prepare};

/// A track as the head sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface {
    bits: Arc<Bits>,
    /// Cells that read differently each time: first and length, in order.
    weak: Vec<(usize, usize)>,
    rotation: Ps,
    /// What each cell has of the rotation, and what is left over of it.
    share: (u64, u64),
}

impl Surface {
    /// Cells of a track that nobody wrote: as many as double density has.
    const BLANK: usize = 100_000;

    /// A track without transitions.
    pub(super) fn blank(rotation: Ps) -> Self {
        Self::new(Arc::new(Bits::zeros(Self::BLANK)), Vec::new(), rotation)
    }

    fn new(bits: Arc<Bits>, weak: Vec<(usize, usize)>, rotation: Ps) -> Self {
        let len = bits.len().max(1) as u64;
        Self { bits, weak, rotation, share: (rotation.0 / len, rotation.0 % len) }
    }

    /// The track of a disk at a position of the head: its own cells, or those
    /// that its sectors make.
    pub(super) fn of(disk: &Disk, at: TrackAt) -> Result<Self> {
        let Some(track) = disk.tracks().iter().find(|t| t.at == at) else {
            return Ok(Self::blank(floptical_model::Layout::RPM_300));
        };
        let cells = prepare::cells_of(disk, track).map_err(not_encoded)?;
        let rotation = prepare::rotation_of(disk, track);
        if cells.bits.is_empty() {
            return Ok(Self::blank(rotation));
        }
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let is_weak = |kind: AreaKind| matches!(kind, AreaKind::Weak | AreaKind::Ambiguous);
        let weak = cells.areas.iter().filter(|a| is_weak(a.kind)).map(|a| (size(a.start), size(a.len))).collect();
        Ok(Self::new(cells.bits, weak, rotation))
    }

    /// Cells of a revolution; never 0.
    pub fn len(&self) -> usize {
        self.bits.len()
    }

    /// False: a track has cells, written or not.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Whether a transition passes; weak cells follow from seed, place,
    /// revolution and cell.
    pub(super) fn transition(&self, cell: usize, seed: u64, at: TrackAt, revolution: u64) -> bool {
        let area = self.weak.partition_point(|(start, _)| *start <= cell);
        let weak = area.checked_sub(1).is_some_and(|i| cell - self.weak[i].0 < self.weak[i].1);
        if !weak {
            return self.bits.get(cell);
        }
        let place = (at.quarter as u64) << 8 | u64::from(at.head);
        mix(mix(mix(mix(seed) ^ place) ^ revolution) ^ cell as u64) & 1 == 1
    }

    /// How long a cell lasts. The remainder of the division is spread, so that
    /// a revolution lasts exactly as long as it should.
    pub(super) fn cell_time(&self, cell: usize) -> Ps {
        let len = self.bits.len() as u64;
        let (whole, rest) = self.share;
        // A track has fewer than 2^32 cells.
        let longer = (cell as u64 * rest) % len + rest >= len;
        Ps(whole + u64::from(longer))
    }

    /// How long `count` cells from `cell` last: as long as each of them.
    pub(super) fn time_of(&self, cell: usize, count: usize) -> u64 {
        let until = |cells: usize| u128::from(self.rotation.0) * cells as u128 / self.bits.len() as u128;
        u64::try_from(until(cell + count) - until(cell)).unwrap_or(u64::MAX)
    }

    /// Write one cell: what was weak there is weak no more.
    pub(super) fn write(&mut self, cell: usize, transition: bool) {
        Arc::make_mut(&mut self.bits).set(cell, transition);
        if self.weak.iter().any(|(start, len)| (*start..start + len).contains(&cell)) {
            self.weak = self.weak.iter().flat_map(|area| without(*area, cell)).collect();
        }
    }

    /// The cells of the track, from the index on.
    pub(super) fn cells(&self) -> Cells {
        let cell = Ps(self.rotation.0 / self.bits.len() as u64);
        let mut cells = Cells::plain(Bits::clone(&self.bits), Known::Assumed(cell, Why::Encoder));
        cells.join = Known::Value(Join::Circle);
        cells
    }
}

/// An area with a cell cut out.
fn without((start, len): (usize, usize), cell: usize) -> Vec<(usize, usize)> {
    if !(start..start + len).contains(&cell) {
        return vec![(start, len)];
    }
    let parts = [(start, cell - start), (cell + 1, start + len - cell - 1)];
    parts.into_iter().filter(|(_, len)| *len > 0).collect()
}

/// A mixer of 64 bits whose every input bit reaches every output bit
/// (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn not_encoded(error: floptical_formats::NotFitted) -> Error {
    match error {
        floptical_formats::NotFitted::Failed(error) => error,
        floptical_formats::NotFitted::Refused(refusal) => Error::unsupported(refusal.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revolution_lasts_exactly_as_long_as_it_should() {
        for (cells, rotation) in [(99_991, 200_000_000_003), (100_000, 200_000_000_000), (7, 3), (1, 9)] {
            let surface = Surface::new(Arc::new(Bits::zeros(cells)), Vec::new(), Ps(rotation));
            let each = |from: usize, to: usize| (from..to).map(|c| surface.cell_time(c).0).sum::<u64>();
            assert_eq!(each(0, cells), rotation);
            assert_eq!(each(cells / 3, cells / 2), surface.time_of(cells / 3, cells / 2 - cells / 3));
        }
    }

    #[test]
    fn weak_cells_change_with_the_revolution_and_not_with_the_machine() {
        let mut surface = Surface::new(Arc::new(Bits::zeros(1000)), vec![(100, 64)], Ps(1000));
        let at = TrackAt::new(3, 0);
        let turn =
            |s: &Surface, revolution| (0..1000).map(|c| s.transition(c, 7, at, revolution)).collect::<Vec<bool>>();
        assert_eq!(turn(&surface, 4), turn(&surface, 4));
        assert_ne!(turn(&surface, 4), turn(&surface, 5));
        assert!(turn(&surface, 4).iter().enumerate().all(|(c, t)| !t || (100..164).contains(&c)));
        (100..164).for_each(|c| surface.write(c, false));
        assert!(!turn(&surface, 5).contains(&true));
    }
}
