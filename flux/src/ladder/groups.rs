//! Groups of cells that no code writes: where one change makes of such a group
//! one that is written, and no other is nearly as likely, that is how it was.

use std::ops::Range;

use floptical_model::Bits;

use super::changes::{Change, Judge, Mark};
use super::field::Field;
use super::turn::Frame;
use crate::code::Groups;

/// The next change must be dearer by this, in nats.
const AHEAD: f64 = 4.0;
/// Groups of a field that are changed at most: where more are wrong, the cells
/// have slipped.
const MOST: usize = 24;

/// Cells with the marks that made them.
pub(super) struct Mender<'a> {
    pub(super) bits: &'a mut Bits,
    pub(super) marks: &'a mut Vec<Mark>,
    pub(super) frame: Frame,
    pub(super) judge: Judge<'a>,
}

impl Mender<'_> {
    /// Make the groups of a field such as are written.
    pub(super) fn mend(&mut self, field: &Field) {
        let Some((groups, body)) = field.groups() else { return };
        let broken = broken(self.bits, groups, &body);
        if broken.len() > MOST {
            return;
        }
        for at in broken {
            if let Some(change) = self.only(groups, &body, at) {
                turn(self.bits, self.frame, &change.cells);
                change.apply(self.marks);
            }
        }
    }

    /// The one change near a group after which all groups that it touches, the
    /// group among them, are written.
    fn only(&mut self, groups: Groups, body: &Range<usize>, at: usize) -> Option<Change> {
        let frame = self.frame;
        let mark = |cell: usize| self.marks.partition_point(|m| m.cell < frame.cell(cell));
        let own = at..at.saturating_add(groups.cells);
        let near = mark(own.start.saturating_sub(groups.cells))..mark(own.end.saturating_add(groups.cells));
        let mut changes = self.judge.changes(self.marks, near);
        changes.sort_by(|a, b| a.price.total_cmp(&b.price));
        let bits = &mut *self.bits;
        let mut fits = changes.into_iter().filter(|change| {
            let touches = |cell: &i32| frame.place(*cell).is_some_and(|place| own.contains(&place));
            change.cells.iter().any(touches) && makes_written(bits, frame, (groups, body), change)
        });
        let first = fits.next()?;
        let next = fits.find(|other| other.cells != first.cells);
        next.is_none_or(|next| next.price >= first.price + AHEAD).then_some(first)
    }
}

/// The groups that nobody writes, by their first cells.
fn broken(bits: &Bits, groups: Groups, body: &Range<usize>) -> Vec<usize> {
    let all = body.clone().step_by(groups.cells.max(1));
    all.filter(|at| !(groups.is_written)(bits.window(*at, groups.cells))).collect()
}

/// The groups of a body that a change touches.
fn touched(frame: Frame, groups: Groups, body: &Range<usize>, change: &Change) -> Vec<usize> {
    let places = change.cells.iter().filter_map(|cell| frame.place(*cell)).filter(|place| body.contains(place));
    let into = |place: usize| place.saturating_sub(body.start).checked_rem(groups.cells).unwrap_or(0);
    let mut all: Vec<usize> = places.map(|place| place.saturating_sub(into(place))).collect();
    all.dedup();
    all
}

/// True when all groups that a change touches are written after it.
fn makes_written(bits: &mut Bits, frame: Frame, (groups, body): (Groups, &Range<usize>), change: &Change) -> bool {
    let touched = touched(frame, groups, body, change);
    turn(bits, frame, &change.cells);
    let written = touched.iter().all(|at| (groups.is_written)(bits.window(*at, groups.cells)));
    turn(bits, frame, &change.cells);
    written
}

/// True unless a change makes groups that nobody writes of those that somebody
/// does.
pub(super) fn keeps_written(bits: &mut Bits, frame: Frame, field: (Groups, &Range<usize>), change: &Change) -> bool {
    let (groups, body) = field;
    let is_written = |at: &usize| (groups.is_written)(bits.window(*at, groups.cells));
    !touched(frame, groups, body, change).iter().all(is_written) || makes_written(bits, frame, field, change)
}

/// Turn cells around.
pub(super) fn turn(bits: &mut Bits, frame: Frame, cells: &[i32]) {
    let len = bits.len();
    for at in cells.iter().filter_map(|cell| frame.place(*cell)).filter(|at| *at < len) {
        bits.set(at, !bits.get(at));
    }
}

#[cfg(test)]
mod tests {
    use floptical_model::{Context, DataField, Layout, Ps, Scheme, SectorId, Sectors, Sighting, Slot, TrackAt};

    use super::super::viterbi::Prices;
    use super::super::{Path, Placed, Transitions, changes};
    use super::*;
    use crate::code::Code;
    use crate::recognise::recognise;
    use crate::{TrackForm, write_track};

    const AT: TrackAt = TrackAt { quarter: 0, head: 0 };

    /// A transition that lies half way to another cell is read as that: the groups
    /// say that it is not, and are never mended to what was not written.
    #[test]
    fn a_transition_half_way_to_another_cell_is_put_back() {
        for (scheme, id, size) in [
            (Scheme::CommodoreGcr, SectorId { c: 1, h: 0, r: 3, n: 1 }, 256),
            (Scheme::MacGcr, SectorId { c: 1, h: 0, r: 3, n: 2 }, 512),
        ] {
            let data: Vec<u8> = (0..size).map(|i: u32| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
            let slot = Slot::one(Sighting::assumed(scheme, id, DataField::Bytes(data.into())));
            let sectors = Sectors { slots: vec![slot], ordered: true, ..Sectors::default() };
            let (cell, cells) = (Ps(3_250_000), u32::try_from(Layout::RPM_300.0 / 3_250_000).unwrap());
            let form = TrackForm { scheme, cell, cells, gap3: None, index_mark: false };
            let track = write_track(&sectors, &form).unwrap();
            let code = Code::of(scheme).unwrap();
            let read = recognise(&track, AT, &Context::default()).unwrap();
            let field = Field::data(code, read.slots[0].chosen()).unwrap();
            let (groups, body) = field.groups().unwrap();
            let prices = Prices::of(&code.rules);
            let judge = Judge { prices: &prices, spares: &[], scatter: 0.12 };
            let written: Vec<i32> = track.bits.ones().map(|at| i32::try_from(at).unwrap()).collect();
            let first = written.partition_point(|at| usize::try_from(*at).unwrap() < body.start + 200);
            let (mut wrongs, mut put_back) = (0, 0);
            for moved in first..first + 100 {
                let mut cells = written.clone();
                cells[moved] += 1;
                let mut at: Vec<f64> = written.iter().copied().map(f64::from).collect();
                at[moved] += 0.52;
                if cells[moved] == cells[moved + 1] {
                    continue;
                }
                let mut bits = Bits::zeros(track.bits.len());
                cells.iter().for_each(|at| bits.set(usize::try_from(*at).unwrap(), true));
                let weight = vec![1.0; at.len()];
                let transitions = Transitions { at: at.clone(), weight, absent: vec![0.0; at.len()] };
                let placed = Placed { at, scatter: 0.12 };
                let mut marks = changes::marks(&transitions, &Path::of(cells), &placed, &prices);
                let wrong = bits.clone();
                wrongs += usize::from(!broken(&bits, groups, &body).is_empty());
                let frame = Frame { first: 0, stride: 1 };
                Mender { bits: &mut bits, marks: &mut marks, frame, judge }.mend(&field);
                assert!(bits == wrong || bits == *track.bits, "{scheme:?}, transition {moved}");
                if bits == *track.bits {
                    put_back += 1;
                    assert!(marks.iter().map(|m| m.cell).eq(written.iter().copied()));
                }
            }
            assert!(wrongs > 10 && put_back * 2 > wrongs, "{scheme:?}: {put_back} of {wrongs}");
        }
    }
}
