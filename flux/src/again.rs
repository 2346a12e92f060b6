//! What a further revolution shows, where it shows the fields of one that was
//! read: to compare cells costs a fifth of reading them.

use std::ops::Range;

use floptical_model::{Cells, Context, Join, Known, Result, Sectors, Sighting, Slot, Span, Status, TrackAt, Unclaimed};

use crate::code::Code;
use crate::recognise::{Reader, rate_of, rotation};
use crate::search::marks;
use crate::unclaimed::unclaimed;

/// The index comes at most so many cells earlier or later than in another
/// revolution.
const JITTER: usize = 64;
/// Cells before the first field and after the last that must be the same too:
/// no window of 64 cells that shows a mark lies on both sides of them.
const MARGIN: usize = 192;
/// So many of them are not searched for marks: the first and the last mark of
/// the fields lie in them.
const UNSEARCHED: usize = 64;

/// What a revolution shows that has the very cells of one that was read, or
/// where that is good, all of them but for some in the gap around the index.
/// `None` where it has to be read.
///
/// # Errors
/// `Limit` or `Cancelled`.
pub(crate) fn seen_again(
    (read, sectors): (&Cells, &Sectors),
    cells: &Cells,
    at: TrackAt,
    context: &Context,
) -> Result<Option<Sectors>> {
    context.step(cells.bits.len() as u64 / 64)?;
    if read.bits == cells.bits {
        let same = Again { cells, shift: 0 };
        return Ok(Some(same.sectors(sectors, sectors.unclaimed.clone())));
    }
    let Some(fields) = fields(sectors).filter(|_| is_plain(read) && is_plain(cells)) else { return Ok(None) };
    let Some(again) = Again::of(read, cells, &fields) else { return Ok(None) };
    let own = again.range(&fields);
    if is_marked(read, &fields, context)? || is_marked(cells, &own, context)? {
        return Ok(None);
    }
    let codes: Vec<&Code> = sectors.slots.iter().filter_map(|slot| Code::of(slot.chosen().scheme)).collect();
    let inside = sectors.unclaimed.iter().filter(|u| (fields.start as u64..fields.end as u64).contains(&u.start));
    let mut left: Vec<Unclaimed> = inside.map(|u| Unclaimed { start: again.start(u.start), len: u.len }).collect();
    left.extend(unclaimed(&Reader::of(cells, at), &[(own.start, own.len())], &codes, context)?);
    left.sort_unstable();
    Ok(Some(again.sectors(sectors, left)))
}

/// From the first cell of the first field to the end of the last one, where all
/// sectors are good and none lies over the index.
fn fields(sectors: &Sectors) -> Option<Range<usize>> {
    let mut hull: Option<Range<usize>> = None;
    for slot in &sectors.slots {
        let seen = slot.chosen();
        if slot.status() != Status::Good || seen.sector_id().is_none() {
            return None;
        }
        for span in [&seen.id_span, &seen.data_span] {
            let Some(Span::Cells { start, len, .. }) = span else { return None };
            let (start, end) = (usize::try_from(*start).ok()?, usize::try_from(start.saturating_add(*len)).ok()?);
            let all = hull.get_or_insert(start..end);
            *all = all.start.min(start)..all.end.max(end);
        }
    }
    hull.filter(|all| sectors.cells.copied().is_some_and(|cells| all.end <= cells as usize))
}

/// A circle from the index on.
fn is_plain(cells: &Cells) -> bool {
    cells.index_at == Known::Value(0) && cells.join == Known::Value(Join::Circle) && cells.areas.is_empty()
}

/// True when something is marked between the end of the fields and their start.
fn is_marked(cells: &Cells, fields: &Range<usize>, context: &Context) -> Result<bool> {
    let start = fields.end.saturating_add(UNSEARCHED);
    let end = fields.start.saturating_add(cells.bits.len()).saturating_sub(UNSEARCHED);
    let gap = cells.bits.slice_wrapping(start, end.saturating_sub(start));
    Ok(marks(&gap, false, context)?.iter().any(|found| !found.is_empty()))
}

/// A revolution that shows fields so many cells later than another one.
struct Again<'a> {
    cells: &'a Cells,
    shift: i64,
}

impl<'a> Again<'a> {
    /// The nearest shift at which the fields and the cells around them are the
    /// same in both.
    fn of(read: &Cells, cells: &'a Cells, fields: &Range<usize>) -> Option<Self> {
        let (from, to) = (fields.start.checked_sub(MARGIN)?, fields.end.saturating_add(MARGIN));
        let has_room = |cells: &Cells, start: usize| start.saturating_add(to.saturating_sub(from)) <= cells.bits.len();
        let is_same = |start: usize| {
            let mut words = (from..to).step_by(64).zip((start..).step_by(64));
            words.all(|(a, b)| {
                let count = to.saturating_sub(a).min(64);
                read.bits.window(a, count) == cells.bits.window(b, count)
            })
        };
        let mut near = (0..=JITTER).flat_map(|by| [from.checked_add(by), from.checked_sub(by)]).flatten();
        let start = near.find(|start| has_room(read, from) && has_room(cells, *start) && is_same(*start))?;
        let shift = i64::try_from(start).ok()?.checked_sub(i64::try_from(from).ok()?)?;
        Some(Self { cells, shift })
    }

    fn start(&self, start: u64) -> u64 {
        start.saturating_add_signed(self.shift)
    }

    fn range(&self, cells: &Range<usize>) -> Range<usize> {
        let moved = |at: usize| usize::try_from(self.start(at as u64)).unwrap_or(at);
        moved(cells.start)..moved(cells.end)
    }

    fn span(&self, span: &Option<Span>) -> Option<Span> {
        match span {
            Some(Span::Cells { track, start, len, .. }) => {
                let (revolution, start) = (self.cells.revolution, self.start(*start));
                Some(Span::Cells { track: *track, revolution, start, len: *len })
            }
            other => other.clone(),
        }
    }

    /// The sectors of the other one as they lie here.
    fn sectors(&self, sectors: &Sectors, unclaimed: Vec<Unclaimed>) -> Sectors {
        let revolution = self.cells.revolution;
        let slots = sectors.slots.iter().map(|slot| {
            let seen = slot.chosen();
            let (id_span, data_span) = (self.span(&seen.id_span), self.span(&seen.data_span));
            let angle = seen.angle.map(|angle| u32::try_from(self.start(angle.into())).unwrap_or(angle));
            Slot::one(Sighting { revolution, id_span, data_span, angle, ..seen.clone() })
        });
        Sectors {
            rate: rate_of(sectors, self.cells),
            rotation: rotation(self.cells),
            cells: u32::try_from(self.cells.bits.len()).map_or(Known::Unrecorded, Known::Value),
            unclaimed,
            ..sectors.with_slots(slots.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use floptical_model::{Bits, DataField, Ps, Rate, Scheme, SectorId};

    use super::*;
    use crate::recognise::recognise;
    use crate::write::{TrackForm, write_track};

    const AT: TrackAt = TrackAt { quarter: 0, head: 0 };

    fn circle(bits: Bits, revolution: u16) -> Cells {
        let join = Known::Value(Join::Circle);
        Cells { join, revolution, ..Cells::plain(bits, Known::Value(Ps(2_000_000))) }
    }

    /// Nine sectors, some cells after the index.
    fn track(scheme: Scheme) -> Bits {
        let sector = |r: u8| {
            let size = if scheme == Scheme::IbmMfm { 512 } else { 256 };
            let data = (0..size).map(|i: u32| (i.wrapping_mul(7919) >> 3) as u8 ^ r).collect();
            let n = if size == 512 { 2 } else { 1 };
            Slot::one(Sighting::assumed(scheme, SectorId { c: 5, h: 0, r, n }, DataField::Bytes(data)))
        };
        let sectors = Sectors { slots: (1..=9).map(sector).collect(), ordered: true, ..Sectors::default() };
        let form = TrackForm { scheme, cell: Rate::DD.cell(), cells: 140_000, gap3: Some(80), index_mark: true };
        let bits = write_track(&sectors, &form).unwrap().bits;
        bits.slice_wrapping(bits.len() - 900, bits.len())
    }

    /// What is seen again in other cells, held against what reading them shows.
    fn again(first: &Bits, other: Bits) -> Option<Sectors> {
        let (first, other, context) = (circle(first.clone(), 0), circle(other, 1), Context::default());
        let sectors = recognise(&first, AT, &context).unwrap();
        assert_eq!(sectors.slots.len(), 9);
        let again = seen_again((&first, &sectors), &other, AT, &context).unwrap();
        if let Some(again) = &again {
            assert_eq!(*again, recognise(&other, AT, &context).unwrap());
        }
        again
    }

    #[test]
    fn what_is_seen_again_is_what_reading_shows() {
        for scheme in [Scheme::IbmMfm, Scheme::IbmFm, Scheme::CommodoreGcr, Scheme::AppleGcr16] {
            let bits = track(scheme);
            let len = bits.len();
            for shift in [0, 1, 5, 63, 64, 65, 200] {
                assert_eq!(again(&bits, bits.slice_wrapping(shift, len)).is_some(), shift <= JITTER, "{scheme:?}");
                assert_eq!(again(&bits, bits.slice_wrapping(len - shift, len)).is_some(), shift <= JITTER);
                // A turn that is a little longer or shorter.
                assert_eq!(again(&bits, bits.slice_wrapping(shift, len - 3)).is_some(), shift <= JITTER);
                assert_eq!(again(&bits, bits.slice_wrapping(shift, len + 9)).is_some(), shift <= JITTER);
            }
        }
    }

    #[test]
    fn what_is_not_the_same_is_read() {
        let bits = track(Scheme::IbmMfm);
        let sectors = recognise(&circle(bits.clone(), 0), AT, &Context::default()).unwrap();
        let fields = fields(&sectors).unwrap();
        for at in (0..bits.len()).step_by(97) {
            let mut other = bits.clone();
            other.set(at, !other.get(at));
            let seen = again(&bits, other);
            assert!(seen.is_none() || !fields.contains(&at), "{at}");
        }
        // Something in the gap before them.
        let mut hidden = bits.clone();
        (0..200).for_each(|i| hidden.set(fields.start - MARGIN - 250 + i, i * i % 11 < 4));
        assert!(!again(&bits, hidden).unwrap().unclaimed.is_empty());
        // A sector behind the others.
        let mut more = bits.clone();
        let first = bits.slice_wrapping(fields.start - 200, 10_000);
        (0..first.len()).for_each(|i| more.set(fields.end + 20_000 + i, first.get(i)));
        assert!(again(&bits, more).is_none());
    }
}
