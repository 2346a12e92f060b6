//! The fields of one revolution that are sure, and the gaps between them.

use std::ops::Range;

use floptical_model::{Scheme, SectorId, Sectors, Sighting, Span, Status};

/// A sector that can be told from the others of its track: how it is recorded,
/// its id, and which one of those alike.
pub(super) type Key = (Scheme, SectorId, usize);

/// A good sector, as one revolution shows it.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) key: Key,
    /// Cells of its id field.
    pub(super) id: Range<usize>,
    /// Cells of its data field; past the end of the revolution where it runs
    /// over the seam.
    pub(super) data: Range<usize>,
    /// The sector after it, if that is good too, and the first cell of its id
    /// field.
    pub(super) next: Option<(Key, usize)>,
}

/// Which gap of a sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Between its id and its data.
    Before,
    /// Between its data and the id of the next sector.
    After,
}

/// A gap between two sure fields.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    pub(super) key: Key,
    pub(super) side: Side,
    pub(super) cells: Range<usize>,
}

/// The good sectors of a revolution of so many cells, in its order.
pub(super) fn written(sectors: &Sectors, turn: usize) -> Vec<Written> {
    let mut twins: Vec<(Scheme, SectorId)> = Vec::new();
    let mut one = |sighting: &Sighting| {
        let id = sighting.sector_id()?;
        let nth = twins.iter().filter(|twin| **twin == (sighting.scheme, id)).count();
        twins.push((sighting.scheme, id));
        let (from, to) = (cells(&sighting.id_span)?, cells(&sighting.data_span)?);
        let to = if to.start < from.start { to.start.checked_add(turn)?..to.end.checked_add(turn)? } else { to };
        let whole = sighting.status() == Status::Good && from.end <= to.start;
        whole.then_some(Written { key: (sighting.scheme, id, nth), id: from, data: to, next: None })
    };
    let all: Vec<Option<Written>> = sectors.slots.iter().map(|slot| one(slot.chosen())).collect();
    let mut good = Vec::with_capacity(all.len());
    for (i, sector) in all.iter().enumerate() {
        let Some(sector) = sector else { continue };
        let (next, over) = match all.get(i.saturating_add(1)) {
            Some(next) => (next.as_ref(), 0),
            None => (all.first().and_then(Option::as_ref), turn),
        };
        let next = next.map(|next| (next.key, next.id.start.saturating_add(over)));
        good.push(Written { next: next.filter(|(_, at)| *at >= sector.data.end), ..sector.clone() });
    }
    good
}

/// The gaps of these sectors, whole.
pub(super) fn gaps(written: &[Written]) -> Vec<Gap> {
    let of = |sector: &Written| {
        let before = Gap { key: sector.key, side: Side::Before, cells: sector.id.end..sector.data.start };
        let after =
            sector.next.map(|(_, next)| Gap { key: sector.key, side: Side::After, cells: sector.data.end..next });
        std::iter::once(before).chain(after).collect::<Vec<_>>()
    };
    written.iter().flat_map(of).filter(|gap| !gap.cells.is_empty()).collect()
}

/// Cells behind a data field in which whoever wrote it stops.
const STOP: usize = 256;

impl Gap {
    /// Where in the gap of so long a revolution something may have been written
    /// to the end or from the start: all of it before data and over the index.
    pub(super) fn seams(&self, turn: usize) -> Range<usize> {
        let all = self.side == Side::Before || self.cells.end >= turn;
        let end = if all { self.cells.end } else { self.cells.start.saturating_add(STOP).min(self.cells.end) };
        self.cells.start..end
    }
}

/// The same gap as another revolution shows it.
pub(super) fn same(written: &[Written], gap: &Gap, next: Option<Key>) -> Option<Range<usize>> {
    let sector = written.iter().find(|sector| sector.key == gap.key)?;
    match gap.side {
        Side::Before => Some(sector.id.end..sector.data.start),
        Side::After => sector.next.filter(|(key, _)| Some(*key) == next).map(|(_, at)| sector.data.end..at),
    }
}

fn cells(span: &Option<Span>) -> Option<Range<usize>> {
    let Some(Span::Cells { start, len, .. }) = span else { return None };
    let start = usize::try_from(*start).ok()?;
    Some(start..start.checked_add(usize::try_from(*len).ok()?)?)
}

/// True when a sighting is of a sector, or of a twin of it.
pub(super) fn is(sighting: &Sighting, (scheme, id, _): Key) -> bool {
    sighting.scheme == scheme && sighting.sector_id() == Some(id)
}
