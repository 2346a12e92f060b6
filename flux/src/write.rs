//! Sectors to cells: format and write a track.

use std::fmt;

use floptical_model::{Bits, Cells, Check, DataField, Join, Known, Ps, Rate, Scheme, Sectors, Sighting};

use crate::code::{Code, MFM, Role};
use crate::weak;

/// Why sectors cannot be written as cells. Slots are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// The sectors do not fit, with the smallest gaps that can be read.
    Overfull {
        /// Cells needed.
        needed: u64,
        /// Cells of the track.
        room: u64,
    },
    /// Nobody says whether there is an id, or there is neither id nor data.
    NoId {
        /// The slot.
        slot: usize,
    },
    /// The bytes are more or fewer than an id can declare (or this one does).
    Size {
        /// The slot.
        slot: usize,
        /// Bytes that its id declares; 0 without an id.
        declared: usize,
        /// Bytes that it has.
        bytes: usize,
    },
    /// The scheme has no such data mark.
    Mark {
        /// The slot.
        slot: usize,
        /// The byte.
        mark: u8,
    },
    /// No code writes this scheme.
    Scheme {
        /// The slot.
        slot: usize,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overfull { needed, room } => write!(f, "the sectors need {needed} cells, the track has {room}"),
            Self::NoId { slot } => write!(f, "slot {slot}: nothing says what its id is"),
            Self::Size { slot, declared, bytes } => {
                write!(f, "slot {slot}: {bytes} bytes of data, its id declares {declared}")
            }
            Self::Mark { slot, mark } => write!(f, "slot {slot}: no data mark {mark:02X} in this scheme"),
            Self::Scheme { slot } => write!(f, "slot {slot}: no code writes its scheme"),
        }
    }
}

impl std::error::Error for WriteError {}

/// How a track is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackForm {
    /// Scheme of the gap around the index, and of a track without slots.
    pub scheme: Scheme,
    /// Length of a cell.
    pub cell: Ps,
    /// Length of the track in cells.
    pub cells: u32,
    /// Gap 3 in bytes, where it is known; it shrinks when the track is full.
    pub gap3: Option<u8>,
    /// True for a track with an index mark.
    pub index_mark: bool,
}

/// Write sectors on a track, each slot by its chosen sighting and its own
/// scheme, in their order; where all of them have an angle and keep clear of
/// each other, at their angles, else one after the other with gap 3 between.
///
/// A bad check is written as recorded, else as the complement of the right
/// one. A header without data is followed by filler that no mark interrupts.
/// Weak bits become an area.
///
/// # Errors
/// What no cells can say, and [`WriteError::Overfull`].
pub fn write_track(sectors: &Sectors, form: &TrackForm) -> Result<Cells, WriteError> {
    let index_code = Code::of(form.scheme).unwrap_or(&MFM);
    let fast = Rate::nearest(form.cell) == Some(Rate::ED);
    let parts: Vec<Part<'_>> =
        sectors.slots.iter().enumerate().map(|(slot, s)| Part::of(slot, s.chosen(), fast)).collect::<Result<_, _>>()?;
    let plan = match at_angles(sectors, &parts, form) {
        Some(plan) => plan,
        None => packed(&parts, index_code, form)?,
    };
    Ok(lay(&parts, &plan, index_code, form))
}

/// Bytes between an id field and the next field that make sure that the two
/// are not taken for one sector.
const APART: usize = 64;
/// The fewest sync bytes before a mark that sectors are laid with.
const LEAST_SYNC: usize = 3;
/// The fewest bytes of gap 4a and gap 1 that sectors are laid with.
const LEAST_GAP1: usize = 8;

/// What is written for one slot.
struct Part<'a> {
    code: &'static Code,
    id: Option<[u8; 6]>,
    gap2: usize,
    /// Mark, bytes and check.
    data: Option<(u8, &'a [u8], [u8; 2])>,
    /// Bytes of a field that is missing.
    missing: usize,
    sighting: &'a Sighting,
}

impl<'a> Part<'a> {
    fn of(slot: usize, sighting: &'a Sighting, fast: bool) -> Result<Self, WriteError> {
        let code = Code::of(sighting.scheme).ok_or(WriteError::Scheme { slot })?;
        let id = *sighting.id.get().ok_or(WriteError::NoId { slot })?;
        let data = match (&sighting.data, id) {
            (DataField::Unread | DataField::Missing, None) => return Err(WriteError::NoId { slot }),
            (DataField::Unread | DataField::Missing, Some(_)) => None,
            (DataField::Bytes(bytes), id) => {
                let declared = id.map(floptical_model::SectorId::size);
                let fits =
                    declared.map_or(floptical_model::SectorId::code(bytes.len()).is_some(), |d| d == bytes.len());
                if !fits {
                    return Err(WriteError::Size { slot, declared: declared.unwrap_or(0), bytes: bytes.len() });
                }
                let mark = sighting.mark.copied().unwrap_or(Sighting::NORMAL);
                code.mark(Role::Data, mark).ok_or(WriteError::Mark { slot, mark })?;
                let right = code.check(mark, bytes);
                Some((mark, &**bytes, check(right, &sighting.data_check, &sighting.data_check_value)))
            }
        };
        let header = |id: floptical_model::SectorId| {
            let right = code.check(0xFE, &[id.c, id.h, id.r, id.n]);
            let [high, low] = check(right, &sighting.id_check, &sighting.id_check_value);
            [id.c, id.h, id.r, id.n, high, low]
        };
        let gap2 = usize::from(code.gaps.gap2).saturating_add(if fast { 19 } else { 0 });
        let missing = id.filter(|_| data.is_none()).map_or(0, |id| id.size().saturating_add(APART));
        Ok(Self { code, id: id.map(header), gap2, data, missing, sighting })
    }

    /// Cells from its first mark to its end; `least` leaves of a missing field
    /// only what keeps the next one apart.
    fn cells(&self, least: bool) -> usize {
        let mark = self.code.lead.len().saturating_add(1);
        let header = if self.id.is_some() { mark.saturating_add(6) } else { 0 };
        let between = if self.id.is_some() && self.data.is_some() {
            self.gap2.saturating_add(self.code.gaps.sync.into())
        } else {
            0
        };
        let data = self.data.map_or(0, |(_, bytes, _)| mark.saturating_add(bytes.len()).saturating_add(2));
        let missing = if least { self.missing.min(APART) } else { self.missing };
        let bytes = [header, between, data, missing].into_iter().fold(0usize, usize::saturating_add);
        bytes.saturating_mul(self.code.byte_cells)
    }

    /// Append header and data; gives the cell where the data bytes begin.
    fn put(&self, out: &mut Bits) -> usize {
        let code = self.code;
        if let (Some(header), Some(mark)) = (self.id, code.mark(Role::Id, 0xFE)) {
            code.put_mark(mark, out);
            code.put(&header, out);
        }
        let Some((mark, bytes, check)) = self.data else { return out.len() };
        if self.id.is_some() {
            code.fill(code.filler, self.gap2.saturating_mul(code.byte_cells), out);
            code.fill(0, usize::from(code.gaps.sync).saturating_mul(code.byte_cells), out);
        }
        if let Some(mark) = code.mark(Role::Data, mark) {
            code.put_mark(mark, out);
        }
        let body = out.len();
        code.put(bytes, out);
        code.put(&check, out);
        body
    }
}

/// The check to write: the right one, or one that is wrong as recorded.
fn check(right: u32, state: &Known<Check>, value: &Known<u32>) -> [u8; 2] {
    let bad = state.copied() == Some(Check::Bad);
    let wrong = || value.copied().filter(|v| *v != right).unwrap_or(!right);
    let [_, _, high, low] = if bad { wrong() } else { right }.to_be_bytes();
    [high, low]
}

/// Where the parts go.
struct Plan {
    /// Cells from the index to the first mark of each part, in order; those of
    /// the next turn are past the end of the track.
    starts: Vec<usize>,
    /// Sync bytes before each part, where there is room.
    sync: usize,
    /// Bytes of gap 4a.
    gap4a: usize,
    /// True for an index mark, where there is room.
    index_mark: bool,
}

/// The recorded angles, where they leave room for everything.
fn at_angles(sectors: &Sectors, parts: &[Part<'_>], form: &TrackForm) -> Option<Plan> {
    let room = form.cells as usize;
    let of = sectors.cells.copied().map_or(room, |n| n as usize).max(1);
    let mut starts = Vec::new();
    let mut free = 0;
    for part in parts {
        let angle = part.sighting.angle.copied()? as usize;
        let start = if of == room { angle } else { scale(angle, room, of) };
        let sync = LEAST_SYNC.saturating_mul(part.code.byte_cells);
        if start < free || (!starts.is_empty() && start < free.saturating_add(sync)) || angle >= of {
            return None;
        }
        starts.push(start);
        free = start.saturating_add(part.cells(true));
    }
    let first = *starts.first()?;
    let sync = LEAST_SYNC.saturating_mul(parts.first()?.code.byte_cells);
    let fits = free.saturating_add(sync) <= room.saturating_add(first);
    fits.then_some(Plan { starts, sync: usize::MAX, gap4a: usize::MAX, index_mark: form.index_mark })
}

fn scale(value: usize, num: usize, den: usize) -> usize {
    let wide = (value as u128).saturating_mul(num as u128).checked_div(den as u128);
    wide.and_then(|wide| usize::try_from(wide).ok()).unwrap_or(usize::MAX)
}

/// How far gaps are squeezed, step by step.
#[derive(Clone, Copy)]
struct Squeeze {
    gap4a: usize,
    gap1: usize,
    least_gap3: usize,
    sync: usize,
    index_mark: bool,
    least_missing: bool,
}

/// One part after the other, with the widest gaps that fit.
fn packed(parts: &[Part<'_>], index_code: &Code, form: &TrackForm) -> Result<Plan, WriteError> {
    let gaps = index_code.gaps;
    let (gap4a, gap1) = (gaps.gap4a.into(), gaps.gap1.into());
    let with_mark = form.index_mark;
    let full = Squeeze { gap4a, gap1, least_gap3: 10, sync: usize::MAX, index_mark: with_mark, least_missing: false };
    let tight = Squeeze { gap4a: 16, gap1: 16, least_gap3: 4, ..full };
    let least = Squeeze { gap4a: LEAST_GAP1, gap1: LEAST_GAP1, least_gap3: 1, sync: LEAST_SYNC, ..full };
    let no_mark = Squeeze { index_mark: false, ..least };
    let steps = [full, tight, least, no_mark, Squeeze { least_missing: true, ..no_mark }];
    let room = form.cells as usize;
    let mut needed = 0;
    for step in steps {
        let mark = usize::from(gaps.sync).saturating_add(index_code.lead.len()).saturating_add(1);
        let before =
            if step.index_mark { step.gap4a.saturating_add(mark).saturating_add(step.gap1) } else { step.gap1 };
        let before = before.saturating_mul(index_code.byte_cells);
        let sync = |p: &Part<'_>| step.sync.min(p.code.gaps.sync.into()).saturating_mul(p.code.byte_cells);
        let fixed =
            parts.iter().fold(before, |sum, p| sum.saturating_add(sync(p)).saturating_add(p.cells(step.least_missing)));
        let widths = parts.iter().map(|p| p.code.byte_cells).sum::<usize>();
        needed = fixed.saturating_add(step.least_gap3.saturating_mul(widths));
        if needed > room {
            continue;
        }
        let fitting = room.saturating_sub(fixed).checked_div(widths).unwrap_or(0);
        let mut at = before;
        let mut starts = Vec::with_capacity(parts.len());
        for part in parts {
            let gap3 = fitting.min(form.gap3.map_or(part.code.gaps.gap3.into(), usize::from));
            at = at.saturating_add(sync(part));
            starts.push(at);
            at = at.saturating_add(part.cells(step.least_missing));
            at = at.saturating_add(gap3.saturating_mul(part.code.byte_cells));
        }
        return Ok(Plan { starts, sync: step.sync, gap4a: step.gap4a, index_mark: step.index_mark });
    }
    Err(WriteError::Overfull { needed: needed as u64, room: room as u64 })
}

/// Lay the parts on the track. It is written from before the first part on, one
/// turn around, so that a field may run over the index.
fn lay(parts: &[Part<'_>], plan: &Plan, index_code: &'static Code, form: &TrackForm) -> Cells {
    let room = form.cells as usize;
    let sync_cells = |p: &Part<'_>| plan.sync.min(p.code.gaps.sync.into()).saturating_mul(p.code.byte_cells);
    // Where the writing begins, in cells from the index, one turn later.
    let mut base = room;
    if let (Some(part), Some(start)) = (parts.first(), plan.starts.first()) {
        base = room.saturating_add(*start).saturating_sub(sync_cells(part).min(free_before(parts, plan, room)));
    }
    let mut out = Bits::with_capacity(room);
    let mut areas = Vec::new();
    let mut code = index_code;
    for (part, start) in parts.iter().zip(&plan.starts) {
        let until = start.saturating_add(room).saturating_sub(base);
        let gap = until.saturating_sub(out.len());
        let sync = sync_cells(part).min(gap);
        code.fill(code.filler, gap.saturating_sub(sync), &mut out);
        code = part.code;
        code.fill(0, sync, &mut out);
        let body = part.put(&mut out);
        if let Some(mask) = &part.sighting.weak {
            areas.extend(weak::areas(code, mask, body.saturating_add(base), room));
        }
    }
    let turn = room.saturating_mul(2).saturating_sub(base);
    fill_last(&mut out, code, index_code, (turn, room), plan);
    // A transition in the last cell and one in the first would be too near.
    if out.get(0) && out.get(room.saturating_sub(1)) {
        out.set(room.saturating_sub(1), false);
    }
    areas.sort_unstable();
    let mut cells = Cells::plain(out.slice_wrapping(turn, room), Known::Value(form.cell));
    cells.join = Known::Value(Join::Circle);
    cells.areas = areas;
    cells
}

/// Cells between the end of the last part and the first part of the next turn.
fn free_before(parts: &[Part<'_>], plan: &Plan, room: usize) -> usize {
    let (Some(first), Some(last), Some(part)) = (plan.starts.first(), plan.starts.last(), parts.last()) else {
        return room;
    };
    room.saturating_add(*first).saturating_sub(last.saturating_add(part.cells(true)))
}

/// Fill from the last field to the end of the turn: gap 4b up to the index,
/// gap 4a, the index mark and gap 1 as far as there is room for them.
fn fill_last(out: &mut Bits, code: &Code, index_code: &Code, (turn, room): (usize, usize), plan: &Plan) {
    let gap4a = plan.gap4a.min(index_code.gaps.gap4a.into());
    code.fill(code.filler, turn.min(room).saturating_sub(out.len()), out);
    let width = index_code.byte_cells;
    let sync = usize::from(index_code.gaps.sync).saturating_mul(width);
    let least = sync.saturating_add(index_code.mark_cells()).saturating_add(LEAST_GAP1.saturating_mul(width));
    let left = room.saturating_sub(out.len());
    let mark = index_code.marks.iter().find(|m| m.role == Role::Index && plan.index_mark && left >= least);
    if let Some(mark) = mark {
        index_code.fill(index_code.filler, gap4a.saturating_mul(width).min(left.saturating_sub(least)), out);
        index_code.fill(0, sync, out);
        index_code.put_mark(mark, out);
    }
    index_code.fill(index_code.filler, room.saturating_sub(out.len()), out);
}
