//! One string of cells that shows every slot as it was chosen.

use std::sync::Arc;

use floptical_model::{Area, Cells, Evidence, Sighting, Slot, Span};

use crate::code::Code;
use crate::places::{Seen, Spot};
use crate::weak;

/// The first string of cells when it shows all slots as chosen; else the one of
/// the first `turns` that shows most of them, with the fields of the others
/// taken from their chosen sightings. Weak bits become areas.
pub(crate) fn consensus(strips: &[Cells], turns: usize, spots: &[(Spot, Slot)]) -> Option<Cells> {
    let shows = |strip: usize| spots.iter().filter(|(spot, slot)| shown(spot, slot, strip).is_some()).count();
    // The earliest of the best.
    let base = (0..turns.min(strips.len())).rev().max_by_key(|strip| shows(*strip))?;
    let mut cells = strips.get(base)?.clone();
    for (spot, slot) in spots {
        let Some(chosen) = spot.chosen(slot) else { continue };
        let here = spot.seen.iter().find(|s| s.strip == base);
        let start = match shown(spot, slot, base) {
            Some(shown) => first_cell(&shown.sighting),
            None => strips.get(chosen.strip).and_then(|from| transplant(&mut cells, from, chosen, here)),
        };
        if let Some(start) = start {
            mark_weak(&mut cells, chosen, start, (spot.seen.len(), turns));
        }
    }
    cells.areas.sort_unstable();
    Some(cells)
}

/// The sighting of a string that shows what was chosen.
fn shown<'a>(spot: &'a Spot, slot: &Slot, strip: usize) -> Option<&'a Seen> {
    spot.seen.iter().find(|s| s.strip == strip && s.sighting.same_content(slot.chosen()))
}

/// Copy the fields of a sighting to where the string shows the place, else to
/// the same angle. Gives the first cell.
fn transplant(cells: &mut Cells, from: &Cells, chosen: &Seen, here: Option<&Seen>) -> Option<usize> {
    let (source, len) = (first_cell(&chosen.sighting)?, field_cells(&chosen.sighting)?);
    let target = here.and_then(|s| first_cell(&s.sighting)).unwrap_or_else(|| chosen.cell_of(cells.bits.len()));
    let fields = from.bits.slice_wrapping(source, len.min(from.bits.len()));
    let room = cells.bits.len();
    let bits = Arc::make_mut(&mut cells.bits);
    for i in 0..fields.len() {
        bits.set(target.saturating_add(i).checked_rem(room)?, fields.get(i));
    }
    Some(target)
}

/// Areas of the weak bits of a sighting whose first field begins at `start`.
fn mark_weak(cells: &mut Cells, chosen: &Seen, start: usize, (seen, turns): (usize, usize)) {
    let sighting = &chosen.sighting;
    let room = cells.bits.len();
    let (Some(mask), Some(code)) = (&sighting.weak, Code::of(sighting.scheme)) else { return };
    let (Some(first), Some((data, _))) = (first_cell(sighting), span(&sighting.data_span)) else { return };
    // A field that began before the seam and one after it.
    let to_data =
        if data >= first { data.saturating_sub(first) } else { data.saturating_add(room).saturating_sub(first) };
    let body = start.saturating_add(to_data).saturating_add(code.data_offset());
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let evidence = Evidence::Differs(count(seen), count(turns));
    for area in weak::areas(code, mask, sighting.size(), body, room) {
        // What a container declared is there already.
        if !cells.areas.iter().any(|a| (a.start, a.len, a.kind) == (area.start, area.len, area.kind)) {
            cells.areas.push(Area { evidence, ..area });
        }
    }
}

fn first_cell(sighting: &Sighting) -> Option<usize> {
    span(&sighting.id_span).or(span(&sighting.data_span)).map(|(start, _)| start)
}

/// Cells from the first to the end of the last field.
fn field_cells(sighting: &Sighting) -> Option<usize> {
    let first = first_cell(sighting)?;
    let (last, len) = span(&sighting.data_span).or(span(&sighting.id_span))?;
    Some(last.checked_sub(first)?.saturating_add(len))
}

fn span(span: &Option<Span>) -> Option<(usize, usize)> {
    match span {
        Some(Span::Cells { start, len, .. }) => Some((usize::try_from(*start).ok()?, usize::try_from(*len).ok()?)),
        _ => None,
    }
}
