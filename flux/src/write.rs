//! Sectors to cells: format and write a track.

use std::borrow::Cow;
use std::fmt;

use floptical_model::{
    Bits, Cells, Check, DataField, Join, Known, Ps, Rate, Scheme, SectorId, Sectors, Sighting, Slot,
};

use crate::code::{Code, MFM, Mark, Role, Sum};
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
    let parts = parts(sectors, fast)?;
    let plan = match at_angles(sectors, &parts, form) {
        Some(plan) => plan,
        None => packed(&parts, index_code, form)?,
    };
    Ok(lay(&parts, &plan, index_code, form))
}

fn parts(sectors: &Sectors, fast: bool) -> Result<Vec<Part<'_>>, WriteError> {
    let chosen: Vec<&Sighting> = sectors.slots.iter().map(Slot::chosen).collect();
    let left = |slot: usize, scheme| chosen.iter().skip(slot).filter(|s| s.scheme == scheme).count();
    let parts = chosen.iter().enumerate().map(|(slot, s)| Part::of(slot, s, left(slot, s.scheme), fast));
    parts.collect()
}

/// Bytes between an id field and the next field that make sure that the two
/// are not taken for one sector.
const APART: usize = 64;
/// The fewest bytes of gap 4a and gap 1 that sectors are laid with.
const LEAST_GAP1: usize = 8;

/// A data field.
struct Body<'a> {
    /// Its mark, if it has one of its own.
    mark: Option<&'static Mark>,
    tags: Cow<'a, [u8]>,
    bytes: Cow<'a, [u8]>,
    check: u32,
}

/// What is written for one slot.
struct Part<'a> {
    code: &'static Code,
    /// The bytes of its id field.
    id: Option<Vec<u8>>,
    gap2: usize,
    data: Option<Body<'a>>,
    /// Bytes of a field that is missing.
    missing: usize,
    sighting: &'a Sighting,
}

impl<'a> Part<'a> {
    /// `left` sectors of its scheme are still to come on the track, this one
    /// counted.
    fn of(slot: usize, sighting: &'a Sighting, left: usize, fast: bool) -> Result<Self, WriteError> {
        let code = Code::of(sighting.scheme).ok_or(WriteError::Scheme { slot })?;
        let id = *sighting.id.get().ok_or(WriteError::NoId { slot })?;
        let data = data(code, slot, sighting, id)?;
        let gap2 = usize::from(code.gaps.gap2).saturating_add(if fast { 19 } else { 0 });
        let missing = id.filter(|_| data.is_none()).map_or(0, |id| code.size_of(id).saturating_add(APART));
        let id = id.map(|id| id_field(code, sighting, id, left));
        Ok(Self { code, id, gap2, data, missing, sighting })
    }

    /// Cells from its first mark to its end; `least` leaves of a missing field
    /// only what keeps the next one apart.
    fn cells(&self, least: bool) -> usize {
        let code = self.code;
        let header = if self.id.is_some() { code.id_cells() } else { 0 };
        let between = if self.id.is_some() && self.data.is_some() && !code.joined {
            self.gap2_cells().saturating_add(code.sync_cells().saturating_mul(code.gaps.sync.into()))
        } else {
            0
        };
        let data = self.data.as_ref().map_or(0, |data| code.data_cells(data.bytes.len()));
        let missing = code.cells(if least { self.missing.min(APART) } else { self.missing });
        [header, between, data, missing].into_iter().fold(0usize, usize::saturating_add)
    }

    /// Cells between its id field and the sync of its data field.
    fn gap2_cells(&self) -> usize {
        self.code.gap_cells().saturating_mul(self.gap2)
    }

    /// Append header and data; gives the cell where the data field goes on
    /// after its mark.
    fn put(&self, out: &mut Bits) -> usize {
        let code = self.code;
        if let (Some(header), Some(mark)) = (&self.id, code.id_mark()) {
            code.put_mark(mark, out);
            code.put_id(header, out);
        }
        let Some(Body { mark, tags, bytes, check }) = &self.data else { return out.len() };
        if self.id.is_some() && !code.joined {
            code.put_gap(self.gap2_cells(), out);
            code.put_sync(code.sync_cells().saturating_mul(code.gaps.sync.into()), out);
        }
        if let Some(mark) = mark {
            code.put_mark(mark, out);
        }
        let body = out.len();
        code.put_data(tags, bytes, *check, out);
        body
    }
}

/// What the data field of a slot holds. Where it is written with its header or
/// not at all, data that are missing are zeros with a bad check.
fn data<'a>(
    code: &Code,
    slot: usize,
    sighting: &'a Sighting,
    id: Option<SectorId>,
) -> Result<Option<Body<'a>>, WriteError> {
    let declared = id.map(|id| code.size_of(id));
    let bytes: Cow<'a, [u8]> = match (&sighting.data, code.size) {
        (DataField::Unread | DataField::Missing, _) if id.is_none() => return Err(WriteError::NoId { slot }),
        (DataField::Unread | DataField::Missing, Some(size)) if code.joined => vec![0; size].into(),
        (DataField::Unread | DataField::Missing, _) => return Ok(None),
        (DataField::Bytes(bytes), _) => Cow::Borrowed(bytes),
    };
    let fits = declared.map_or(SectorId::code(bytes.len()).is_some(), |declared| declared == bytes.len());
    if !fits || code.size.is_some_and(|size| size != bytes.len()) {
        return Err(WriteError::Size { slot, declared: declared.or(code.size).unwrap_or(0), bytes: bytes.len() });
    }
    if code.joined && id.is_none() {
        return Err(WriteError::NoId { slot });
    }
    let byte = sighting.scheme.normal_mark().map(|normal| sighting.mark.copied().unwrap_or(normal));
    let mark = byte.map(|byte| code.mark(Role::Data, byte).ok_or(WriteError::Mark { slot, mark: byte })).transpose()?;
    let tags = tags(code, sighting, id);
    let right = code.check(byte.unwrap_or(0), &tags, &bytes);
    let state = if sighting.data.bytes().is_some() { sighting.data_check } else { Known::Value(Check::Bad) };
    let check = check(code.data_sum, right, &state, &sighting.data_check_value);
    Ok(Some(Body { mark, tags, bytes, check }))
}

/// What stands before the data, where the code has something there: as
/// recorded, else the number of the sector and zeros.
fn tags<'a>(code: &Code, sighting: &'a Sighting, id: Option<SectorId>) -> Cow<'a, [u8]> {
    if let Some(tags) = sighting.tags.get().filter(|tags| tags.len() == code.tags) {
        return Cow::Borrowed(tags);
    }
    let mut tags = vec![0; code.tags];
    if let (Some(first), Some(id)) = (tags.first_mut(), id) {
        *first = id.r;
    }
    Cow::Owned(tags)
}

/// The bytes of an id field; what stands beside the id as recorded, else as the
/// code has it.
fn id_field(code: &Code, sighting: &Sighting, id: SectorId, left: usize) -> Vec<u8> {
    let to_gap = [u8::try_from(left).unwrap_or(u8::MAX)];
    let own = if code.joined { Some(&to_gap[..]) } else { None };
    let beside = sighting.header.get().map(|header| &**header).or(own);
    let right = code.id_check(id, beside);
    code.id_field(id, beside, Some(check(code.id_sum, right, &sighting.id_check, &sighting.id_check_value)))
}

/// The check to write: the right one, or one that is wrong as recorded.
fn check(sum: Sum, right: u32, state: &Known<Check>, value: &Known<u32>) -> u32 {
    let wrong = || value.copied().filter(|v| *v != right).unwrap_or_else(|| sum.wrong(right));
    if state.copied() == Some(Check::Bad) { wrong() } else { right }
}

/// Where the parts go.
struct Plan {
    /// Cells from the index to the first mark of each part, in order; those of
    /// the next turn are past the end of the track.
    starts: Vec<usize>,
    /// True where all parts have no more than the least sync before them.
    least_sync: bool,
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
        let sync = least_sync(part);
        if start < free || (!starts.is_empty() && start < free.saturating_add(sync)) || angle >= of {
            return None;
        }
        starts.push(start);
        free = start.saturating_add(part.cells(true));
    }
    let first = *starts.first()?;
    let sync = least_sync(parts.first()?);
    let fits = free.saturating_add(sync) <= room.saturating_add(first);
    fits.then_some(Plan { starts, least_sync: false, gap4a: usize::MAX, index_mark: form.index_mark })
}

/// Cells of the standard sync before a part.
fn full_sync(part: &Part<'_>) -> usize {
    part.code.sync_cells().saturating_mul(part.code.gaps.sync.into())
}

/// Cells of the least sync before a part.
fn least_sync(part: &Part<'_>) -> usize {
    part.code.sync_cells().saturating_mul(part.code.gaps.least_sync.into())
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
    least_sync: bool,
    index_mark: bool,
    least_missing: bool,
}

/// One part after the other, with the widest gaps that fit.
fn packed(parts: &[Part<'_>], index_code: &Code, form: &TrackForm) -> Result<Plan, WriteError> {
    let gaps = index_code.gaps;
    let (gap4a, gap1) = (gaps.gap4a.into(), gaps.gap1.into());
    let with_mark = form.index_mark && index_code.index_mark().is_some();
    let full = Squeeze { gap4a, gap1, least_gap3: 10, least_sync: false, index_mark: with_mark, least_missing: false };
    let tight = Squeeze { gap4a: 16, gap1: 16, least_gap3: 4, ..full };
    let least = Squeeze { gap4a: LEAST_GAP1, gap1: LEAST_GAP1, least_gap3: 1, least_sync: true, ..full };
    let no_mark = Squeeze { index_mark: false, ..least };
    let steps = [full, tight, least, no_mark, Squeeze { least_missing: true, ..no_mark }];
    let room = form.cells as usize;
    let mut needed = 0;
    for step in steps {
        let mark = index_code
            .gap_cells()
            .saturating_mul(step.gap4a.saturating_add(gaps.sync.into()))
            .saturating_add(index_code.mark_cells);
        let before =
            index_code.gap_cells().saturating_mul(step.gap1).saturating_add(if step.index_mark { mark } else { 0 });
        let sync = |p: &Part<'_>| if step.least_sync { least_sync(p) } else { full_sync(p) };
        let fixed =
            parts.iter().fold(before, |sum, p| sum.saturating_add(sync(p)).saturating_add(p.cells(step.least_missing)));
        let gap3 = |p: &Part<'_>| form.gap3.map_or(p.code.gaps.gap3.into(), usize::from);
        let widths = parts.iter().map(|p| p.code.gap_cells()).sum::<usize>();
        let least = |p: &Part<'_>| p.code.gap_cells().saturating_mul(step.least_gap3.min(gap3(p)));
        needed = parts.iter().fold(fixed, |sum, p| sum.saturating_add(least(p)));
        if needed > room {
            continue;
        }
        let fitting = room.saturating_sub(fixed).checked_div(widths).unwrap_or(0);
        let mut at = before;
        let mut starts = Vec::with_capacity(parts.len());
        for part in parts {
            let gap3 = fitting.min(gap3(part));
            at = at.saturating_add(sync(part));
            starts.push(at);
            at = at.saturating_add(part.cells(step.least_missing));
            at = at.saturating_add(gap3.saturating_mul(part.code.gap_cells()));
        }
        return Ok(Plan { starts, least_sync: step.least_sync, gap4a: step.gap4a, index_mark: step.index_mark });
    }
    Err(WriteError::Overfull { needed: needed as u64, room: room as u64 })
}

/// Lay the parts on the track. It is written from before the first part on, one
/// turn around, so that a field may run over the index.
fn lay(parts: &[Part<'_>], plan: &Plan, index_code: &'static Code, form: &TrackForm) -> Cells {
    let room = form.cells as usize;
    let sync_cells = |p: &Part<'_>| if plan.least_sync { least_sync(p) } else { full_sync(p) };
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
        code.put_gap(gap.saturating_sub(sync), &mut out);
        code = part.code;
        code.put_sync(sync, &mut out);
        let body = part.put(&mut out);
        if let Some(mask) = &part.sighting.weak {
            areas.extend(weak::areas(code, mask, part.sighting.size(), body.saturating_add(base), room));
        }
    }
    let turn = room.saturating_mul(2).saturating_sub(base);
    fill_last(&mut out, code, index_code, (turn, room), plan);
    // A transition in the last cell and one in the first would be too near.
    if index_code.least > 1 && out.get(0) && out.get(room.saturating_sub(1)) {
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
    code.put_gap(turn.min(room).saturating_sub(out.len()), out);
    let width = index_code.gap_cells();
    let sync = usize::from(index_code.gaps.sync).saturating_mul(index_code.sync_cells());
    let least = sync.saturating_add(index_code.mark_cells).saturating_add(LEAST_GAP1.saturating_mul(width));
    let left = room.saturating_sub(out.len());
    let mark = index_code.index_mark().filter(|_| plan.index_mark && left >= least);
    if let Some(mark) = mark {
        index_code.put_gap(gap4a.saturating_mul(width).min(left.saturating_sub(least)), out);
        index_code.put_sync(sync, out);
        index_code.put_mark(mark, out);
    }
    index_code.put_gap(room.saturating_sub(out.len()), out);
}
