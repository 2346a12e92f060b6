//! Cells to sectors: every code over one string of cells.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_model::{
    Bits, CellClock, Cells, Check, Context, DataField, Join, Known, Layout, Ps, Rate, Result, Scheme, Sectors,
    Sighting, Slot, Span, TrackAt,
};

use crate::code::{CODES, Code, DataBody, IdField, MFM, Role};
use crate::search::{Found, marks};
use crate::unclaimed::unclaimed;
use crate::weak;

/// Gap 2 is longer at 1 Mbit/s by this many bytes (41 instead of 22): the
/// erase head of such a drive runs ahead of the write head.
const LONGER_GAP2: usize = 19;

/// The sectors that all codes show in a string of cells, in the order of the
/// track. The string is a circle unless its ends are known not to join.
///
/// # Errors
/// `Limit` or `Cancelled`.
pub fn recognise(cells: &Cells, at: TrackAt, context: &Context) -> Result<Sectors> {
    let reader = Reader::of(cells, at);
    let mut seen = Vec::new();
    for (code, found) in CODES.iter().zip(marks(reader.bits, reader.circle, context)?) {
        seen.extend(reader.read(code, &found, context)?);
    }
    drop_rivals(&mut seen);
    drop_echoes(&mut seen);
    drop_strangers(&mut seen);
    seen.sort_by_key(|s| s.order);
    let claims: Vec<(usize, usize)> = seen.iter().flat_map(|s| s.claims).flatten().collect();
    let codes: Vec<&Code> = seen.iter().map(|s| s.code).collect();
    let unclaimed = unclaimed(&reader, &claims, &codes, context)?;
    let mut sectors = Sectors {
        slots: seen.into_iter().map(|s| Slot::one(s.sighting)).collect(),
        ordered: true,
        rotation: rotation(cells),
        cells: u32::try_from(cells.bits.len()).map_or(Known::Unrecorded, Known::Value),
        unclaimed,
        ..Sectors::default()
    };
    sectors.rate = rate_of(&sectors, cells);
    Ok(sectors)
}

/// The rate of the cells, as the code of the first sector counts it.
pub(crate) fn rate_of(sectors: &Sectors, cells: &Cells) -> Known<Rate> {
    let code = sectors.slots.first().and_then(|slot| Code::of(slot.chosen().scheme));
    rate(cells, code.unwrap_or(&MFM))
}

/// The length of a cell as a drive of 300 rpm has it: how many there are in a turn tells at
/// which of four near speeds they were written.
fn at_300_rpm(cells: &Cells, cell: Ps) -> Ps {
    let turn = rotation(cells).recorded().filter(|_| cells.index_at.is_recorded()).map_or(0, |turn| turn.0);
    let wide = u128::from(cell.0).saturating_mul(Layout::RPM_300.0.into()).checked_div(turn.into());
    wide.and_then(|ps| u64::try_from(ps).ok()).map_or(cell, Ps)
}

/// The rate of the code that is nearest to the cells, else the rate that they
/// have.
fn rate(cells: &Cells, code: &Code) -> Known<Rate> {
    let of = |cell: Ps| {
        let cell = if code.zoned { at_300_rpm(cells, cell) } else { cell };
        let exact = (Ps::SECOND / 2).checked_div(cell.0).and_then(|rate| u32::try_from(rate).ok());
        code.rate(cell).unwrap_or(Rate(exact.unwrap_or(u32::MAX)))
    };
    match &cells.clock {
        CellClock::Uniform(cell) => cell.map(of),
        CellClock::Runs(_) => cells.cell().map_or(Known::Unrecorded, |cell| Known::Value(of(cell))),
    }
}

pub(crate) fn rotation(cells: &Cells) -> Known<Ps> {
    let len = cells.bits.len() as u64;
    match &cells.clock {
        _ if cells.join.copied() == Some(Join::Open) => Known::Unrecorded,
        CellClock::Uniform(cell) => cell.map(|cell| Ps(cell.0.saturating_mul(len))),
        CellClock::Runs(runs) => {
            let sum = runs.iter().fold(0u64, |sum, (n, cell)| sum.saturating_add(cell.0.saturating_mul((*n).into())));
            Known::Value(Ps(sum))
        }
    }
}

/// A sighting with what it claims.
struct Seen {
    code: &'static Code,
    sighting: Sighting,
    /// Cells from the index to its first field.
    order: usize,
    /// First cell and length of its id and data field.
    claims: [Option<(usize, usize)>; 2],
}

/// Codes that share marks see one field each in its own way: the one stays
/// whose checks hold, there and on the rest of the track.
fn drop_rivals(seen: &mut Vec<Seen>) {
    let good = |c: &Known<Check>| c.recorded() == Some(&Check::Good);
    let mut holding: BTreeMap<Scheme, usize> = BTreeMap::new();
    for s in seen.iter().filter(|s| good(&s.sighting.data_check)) {
        let count = holding.entry(s.sighting.scheme).or_default();
        *count = count.saturating_add(1);
    }
    let rank = |s: &Seen| {
        let sighting = &s.sighting;
        let holding = holding.get(&sighting.scheme).copied().unwrap_or(0);
        let has_data = s.claims[1].is_some();
        let nth = CODES.iter().position(|code| code.scheme == sighting.scheme);
        let (id, data) = (good(&sighting.id_check), good(&sighting.data_check));
        // Six bits hold by chance now and then.
        (id && data, id, data, has_data, holding, Reverse(nth))
    };
    let mut best = BTreeMap::new();
    for s in seen.iter() {
        let rank = rank(s);
        for (start, _) in s.claims.iter().flatten() {
            let best = best.entry(*start).or_insert((rank, s.sighting.scheme));
            if rank > best.0 {
                *best = (rank, s.sighting.scheme);
            }
        }
    }
    let wins = |s: &Seen, start: &usize| best.get(start).is_none_or(|(_, scheme)| *scheme == s.sighting.scheme);
    seen.retain(|s| s.claims.iter().flatten().all(|(start, _)| wins(s, start)));
}

/// Marks of one code inside a good field of another are data that look so, unless a check of their own speaks for them.
fn drop_echoes(seen: &mut Vec<Seen>) {
    let good = |c: &Known<Check>| c.recorded() == Some(&Check::Good);
    let holds = |s: &Seen| [good(&s.sighting.id_check), good(&s.sighting.data_check)];
    let fields = |s: &Seen| {
        let (scheme, claims) = (s.sighting.scheme, s.claims.into_iter().zip(holds(s)));
        let claims = claims.filter_map(|(claim, holds)| claim.filter(|_| holds)).collect::<Vec<_>>();
        claims.into_iter().map(move |(start, len)| (start, len, scheme))
    };
    let mut fields: Vec<(usize, usize, Scheme)> = seen.iter().flat_map(fields).collect();
    fields.sort_unstable();
    let inside = |at: usize, scheme: Scheme| {
        let before = fields.partition_point(|(start, ..)| *start < at);
        let field = fields.get(before.wrapping_sub(1));
        field.is_some_and(|(start, len, of)| *of != scheme && at < start.saturating_add(*len))
    };
    seen.retain(|s| {
        let speaks = holds(s).contains(&true);
        speaks || !s.claims.iter().flatten().any(|(start, _)| inside(*start, s.sighting.scheme))
    });
}

/// Marks of a code that others and noise may seem to write, on a track where none
/// of its checks holds.
fn drop_strangers(seen: &mut Vec<Seen>) {
    let good = |c: &Known<Check>| c.recorded() == Some(&Check::Good);
    let holds = |s: &&Seen| good(&s.sighting.id_check) || good(&s.sighting.data_check);
    let holding: Vec<Scheme> = seen.iter().filter(holds).map(|s| s.sighting.scheme).collect();
    seen.retain(|s| !s.code.echoed || holding.contains(&s.sighting.scheme));
}

/// Reads fields of a string of cells.
pub(crate) struct Reader<'a> {
    cells: &'a Cells,
    at: TrackAt,
    pub(crate) bits: &'a Bits,
    pub(crate) circle: bool,
}

/// An id field with the data that follow it, or one without the other.
type Pair = (Option<FoundId>, Option<Found>);

/// An id field and where it lies.
struct FoundId {
    field: IdField,
    check: Known<Check>,
    found: Found,
}

impl<'a> Reader<'a> {
    /// A reader of a circle, unless the ends are known not to join.
    pub(crate) fn of(cells: &'a Cells, at: TrackAt) -> Self {
        Self { cells, at, bits: &cells.bits, circle: cells.join.copied() != Some(Join::Open) }
    }

    /// The cell at which the index comes, if it is known.
    pub(crate) fn index(&self) -> Option<usize> {
        let at = usize::try_from(self.cells.index_at.copied()?).ok()?;
        (at < self.bits.len()).then_some(at)
    }

    /// Cells from the index to a cell, if the index is known and before it.
    fn angle(&self, cell: usize) -> Option<usize> {
        let turn = if self.circle { self.bits.len() } else { 0 };
        let index = self.index()?;
        if cell >= index { cell.checked_sub(index) } else { cell.saturating_add(turn).checked_sub(index) }
    }

    /// How many cells lie between a cell and the end; no end on a circle.
    fn room(&self, from: usize) -> usize {
        if self.circle { usize::MAX } else { self.bits.len().saturating_sub(from) }
    }

    /// What a data field of `size` bytes holds.
    fn body(&self, code: &Code, found: Found, size: usize, context: &Context) -> Result<Option<DataBody>> {
        context.step(size as u64)?;
        context.reserve(size as u64)?;
        Ok(code.data_at(self.bits, found.body, size, self.room(found.body)))
    }

    /// Everything that the marks of one code show.
    fn read(&self, code: &'static Code, found: &[Found], context: &Context) -> Result<Vec<Seen>> {
        let ids = self.ids(code, found, context)?;
        let common = commonest_size(&ids);
        let pairs = self.pairs(code, found, ids);
        let declared = BTreeMap::new();
        let seen = self.sectors(code, &pairs, (&declared, common), context)?;
        if !code.strong || code.size.is_some() || !seen.iter().any(|s| is_bad(&s.sighting)) {
            return Ok(seen);
        }
        let other = self.other_sizes(code, &pairs, context)?;
        if other.is_empty() { Ok(seen) } else { self.sectors(code, &pairs, (&other, common), context) }
    }

    /// The sectors of fields, where some sizes that ids declare are others in truth.
    fn sectors(
        &self,
        code: &'static Code,
        pairs: &[Pair],
        (other, common): (&BTreeMap<usize, usize>, Option<usize>),
        context: &Context,
    ) -> Result<Vec<Seen>> {
        let mut seen = Vec::new();
        for (id, data) in pairs {
            let declared = id.as_ref().map_or(code.size, |id| Some(code.size_of(id.field.id)));
            let size = declared.map(|size| other.get(&size).copied().unwrap_or(size));
            seen.extend(self.sector(code, (id.as_ref(), *data), (size, common), context)?);
        }
        Ok(seen)
    }

    /// The sizes that data fields have in truth, by the sizes that their ids
    /// declare: where no check holds at the one, and two or more at the same other.
    /// Of damaged fields one in 10,000 has some size at which the check holds.
    fn other_sizes(&self, code: &Code, pairs: &[Pair], context: &Context) -> Result<BTreeMap<usize, usize>> {
        let mut found: BTreeMap<usize, Vec<Option<usize>>> = BTreeMap::new();
        for (id, data) in pairs.iter().filter_map(|(id, data)| id.as_ref().zip(*data)) {
            let declared = code.size_of(id.field.id);
            found.entry(declared).or_default().push(self.size_by_check(code, data, Some(declared), context)?);
        }
        let other = |(declared, sizes): (usize, Vec<Option<usize>>)| {
            let mut held = sizes.into_iter().flatten();
            let first = held.next().filter(|size| *size != declared)?;
            let mut rest = held.peekable();
            (rest.peek().is_some() && rest.all(|size| size == first)).then_some((declared, first))
        };
        Ok(found.into_iter().filter_map(other).collect())
    }

    /// Each id field with the data mark that follows it, in the order of marks.
    fn pairs(&self, code: &Code, found: &[Found], ids: Vec<FoundId>) -> Vec<Pair> {
        if code.joined {
            return ids.into_iter().map(|id| self.joined(code, id)).collect();
        }
        let mut ids = ids.into_iter().peekable();
        let mut pairs: Vec<Pair> = Vec::new();
        let mut open: Option<FoundId> = None;
        for f in found {
            if f.mark.role == Role::Data {
                let near = open.take_if(|id| self.follows(code, id, f));
                pairs.extend(open.take().map(|id| (Some(id), None)));
                pairs.push((near, Some(*f)));
            } else if let Some(id) = ids.next_if(|id| id.found.start == f.start) {
                pairs.extend(open.replace(id).map(|id| (Some(id), None)));
            }
        }
        // Over the seam of a circle: the last id field and the first data field.
        if let Some(last) = open {
            let alone = pairs.first_mut().filter(|(id, data)| {
                self.circle && id.is_none() && data.is_some_and(|f| self.follows(code, &last, &f))
            });
            match alone {
                Some(first) => first.0 = Some(last),
                None => pairs.push((Some(last), None)),
            }
        }
        pairs
    }

    /// An id field with the data that follow it at once, if they are all there.
    fn joined(&self, code: &Code, id: FoundId) -> Pair {
        let start = id.found.start.saturating_add(code.id_cells());
        let whole = self.room(start) >= code.data_cells(code.size.unwrap_or(0));
        let data = whole.then_some(Found { start, body: start, ..id.found });
        (Some(id), data)
    }

    /// The id fields; one with a damaged lead counts only if its check is good.
    fn ids(&self, code: &'static Code, found: &[Found], context: &Context) -> Result<Vec<FoundId>> {
        let mut ids = Vec::new();
        for f in found.iter().filter(|f| f.mark.role == Role::Id) {
            if self.room(f.body) < code.id_cells().saturating_sub(code.mark_cells) {
                continue;
            }
            context.step(code.id_bytes() as u64)?;
            let Some(field) = code.id_at(self.bits, f.body) else { continue };
            let check = verdict(field.value == field.right, || code.id_is_sound(self.bits, f.body));
            if f.whole || check == Known::Value(Check::Good) {
                ids.push(FoundId { field, check, found: *f });
            }
        }
        Ok(ids)
    }

    /// True when a data mark comes soon enough after an id field.
    fn follows(&self, code: &Code, id: &FoundId, data: &Found) -> bool {
        let fast = self.cells.cell().and_then(Rate::nearest) == Some(Rate::ED);
        let within = code.cells(code.data_within.saturating_add(if fast { LONGER_GAP2 } else { 0 }));
        let end = id.found.start.saturating_add(code.id_cells());
        let mark = data.body.saturating_sub(code.byte_cells());
        let mark = if mark < end && self.circle { mark.saturating_add(self.bits.len()) } else { mark };
        mark >= end && mark.saturating_sub(end) <= within
    }

    /// One sector of an id field, a data field or both.
    fn sector(
        &self,
        code: &'static Code,
        (id, data): (Option<&FoundId>, Option<Found>),
        size: (Option<usize>, Option<usize>),
        context: &Context,
    ) -> Result<Option<Seen>> {
        let mut sighting = self.blank(code);
        let mut claims = [None; 2];
        if let Some(id) = id {
            let len = code.id_cells();
            claims[0] = Some((id.found.start, len));
            sighting.id = Known::Value(Some(id.field.id));
            let beside = id.field.beside.as_deref();
            sighting.header = beside.map_or(Known::Unrecorded, |beside| Known::Value(beside.into()));
            sighting.id_check = id.check;
            sighting.id_check_value = Known::Value(id.field.value);
            sighting.id_span = Some(self.span(id.found.start, len));
        }
        if let Some(found) = data
            && let Some(len) = self.data(code, found, size, &mut sighting, context)?
        {
            claims[1] = Some((found.start, len));
        }
        let Some((first, _)) = claims.iter().flatten().next().copied() else { return Ok(None) };
        let angle = self.angle(first);
        sighting.angle = angle.and_then(|a| u32::try_from(a).ok()).map_or(Known::Unrecorded, Known::Value);
        let order = angle.filter(|_| self.circle).unwrap_or(first);
        Ok(Some(Seen { code, sighting, order, claims }))
    }

    /// Read a data field into a sighting. Gives its length in cells, `None`
    /// when its lead is damaged and no check speaks for it.
    fn data(
        &self,
        code: &'static Code,
        found: Found,
        (size, common): (Option<usize>, Option<usize>),
        sighting: &mut Sighting,
        context: &Context,
    ) -> Result<Option<usize>> {
        let size = match size {
            Some(size) => size,
            None => self.size_by_check(code, found, common, context)?.or(common).unwrap_or(128),
        };
        let Some(DataBody { tags, data, check }) = self.body(code, found, size, context)? else { return Ok(None) };
        let good = check == Some(code.check(found.mark.byte, &tags, &data));
        if !found.whole && !good && !code.joined {
            return Ok(None);
        }
        let len = match check {
            Some(_) => code.data_cells(data.len()),
            None => code.data_offset().saturating_add(code.data_coding.cells(data.len())),
        };
        let len = if self.circle { len } else { len.min(self.bits.len().saturating_sub(found.start)) };
        if found.mark.role == Role::Data {
            sighting.mark = Known::Value(found.mark.byte);
        }
        let turn = if self.circle { self.bits.len() } else { 0 };
        sighting.weak = weak::mask(code, &self.cells.areas, found.body, data.len(), turn).map(Arc::new);
        if code.tags > 0 {
            sighting.tags = Known::Value(tags.into());
        }
        sighting.data = DataField::Bytes(data.into());
        sighting.data_check = verdict(good, || code.strong || code.data_is_sound(self.bits, found.body, size));
        sighting.data_check_value = check.map_or(Known::Unrecorded, Known::Value);
        sighting.data_span = Some(self.span(found.start, len));
        Ok(Some(len))
    }

    /// The size of data without an id: the first for which the check holds
    /// before the next mark, the commonest one of the track before the others.
    fn size_by_check(
        &self,
        code: &Code,
        found: Found,
        common: Option<usize>,
        context: &Context,
    ) -> Result<Option<usize>> {
        let sizes = common.into_iter().chain((0..8).map(|n| 128usize << n));
        for size in sizes.filter(|size| code.body_cells(*size) <= found.free) {
            let Some(body) = self.body(code, found, size, context)? else { continue };
            if body.check == Some(code.check(found.mark.byte, &body.tags, &body.data)) {
                return Ok(Some(size));
            }
        }
        Ok(None)
    }

    fn span(&self, start: usize, len: usize) -> Span {
        Span::Cells { track: self.at, revolution: self.cells.revolution, start: start as u64, len: len as u64 }
    }

    fn blank(&self, code: &Code) -> Sighting {
        Sighting {
            scheme: code.scheme,
            id: Known::Value(None),
            header: Known::Unrecorded,
            id_check: Known::Unrecorded,
            id_check_value: Known::Unrecorded,
            mark: Known::Unrecorded,
            tags: Known::Unrecorded,
            data: DataField::Missing,
            data_check: Known::Unrecorded,
            data_check_value: Known::Unrecorded,
            gap: None,
            weak: None,
            form: Known::Unrecorded,
            revolution: self.cells.revolution,
            reconstructed: false,
            rung: None,
            confidence: None,
            id_span: None,
            data_span: None,
            angle: Known::Unrecorded,
        }
    }
}

fn is_bad(sighting: &Sighting) -> bool {
    sighting.data_check == Known::Value(Check::Bad)
}

/// What a check says. One that holds over cells that nobody wrote says nothing.
fn verdict(good: bool, is_sound: impl FnOnce() -> bool) -> Known<Check> {
    match good {
        true if is_sound() => Known::Value(Check::Good),
        true => Known::Unrecorded,
        false => Known::Value(Check::Bad),
    }
}

/// The size that most good id fields tell; the larger of equals.
fn commonest_size(ids: &[FoundId]) -> Option<usize> {
    let mut counts = BTreeMap::new();
    for id in ids.iter().filter(|id| id.check == Known::Value(Check::Good)) {
        let count: &mut usize = counts.entry(id.field.id.size()).or_default();
        *count = count.saturating_add(1);
    }
    counts.into_iter().max_by_key(|(size, count)| (*count, *size)).map(|(size, _)| size)
}
