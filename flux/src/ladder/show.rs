//! What a path shows: recognised, judged, and added to the places of the track.

use std::ops::Range;
use std::sync::Arc;

use floptical_model::{Cells, Check, Known, Result, Rung, Sectors, Sighting, Slot, Span, Status};

use super::changes::{self, Judge, Mark};
use super::field::{self, Field};
use super::trust::Evidence;
use super::turn::{Strip, Turn};
use super::viterbi::Prices;
use super::{Climber, Path, Placed, WORK, grid, groups, is_left, mend, viterbi};
use crate::code::{CODES, Code};
use crate::places::Places;
use crate::recognise::recognise;

/// Another way to read transitions.
struct Way {
    /// Transitions on each side of the lines of its grid: through more they place
    /// each a little differently, and of those half way to another cell some are
    /// read right so.
    half: usize,
    /// True to take what one of several revolutions shows for as sure as the rest:
    /// others may have lost the same transition.
    takes_all: bool,
}

const OTHERS: [Way; 2] = [Way { half: 300, takes_all: false }, Way { half: 1000, takes_all: true }];

impl Climber<'_> {
    /// Recognise and judge what a path shows, and add it to the places; what is left
    /// then once more with damaged marks mended, and in other ways.
    pub(super) fn show(
        &self,
        turn: &Turn,
        path: &Path,
        placed: &Placed,
        rung: Rung,
        places: &mut Places,
    ) -> Result<Vec<Cells>> {
        let laid = self.laid(turn, path, placed)?;
        let found = self.judged(&laid, (rung, Which::All), places)?;
        places.improve(&found, &laid.strip.cells.bits, self.context)?;
        let mut cells = vec![laid.strip.cells.clone()];
        if is_left(places) {
            cells.extend(self.show_mended(laid, rung, places)?);
        }
        let is_strong = |code: &Code| self.is_of(code) && code.data_sum.spreads;
        if !places.all_sure() && places.schemes().filter_map(Code::of).any(is_strong) {
            cells.extend(self.show_otherwise(turn, path, rung, places)?);
        }
        Ok(cells)
    }

    /// What stands after damaged marks.
    fn show_mended(&self, laid: Laid<'_>, rung: Rung, places: &mut Places) -> Result<Option<Cells>> {
        let seen: Vec<_> = places.schemes().collect();
        // A check that is not worth a search is none for what a mended mark shows.
        let is_mended = |c: &&'static Code| self.is_of(c) && c.searched && seen.contains(&c.scheme);
        let codes: Vec<&'static Code> = CODES.iter().copied().filter(is_mended).collect();
        let cells = laid.strip.cells;
        self.context.step(cells.bits.len() as u64)?;
        let shown = recognise(&cells, self.at, self.context)?;
        let Some((bits, mended)) = mend::mended(&cells.bits, &codes, &data_fields(&shown)) else { return Ok(None) };
        let strip = Strip { cells: Cells { bits: Arc::new(bits), ..cells }, ..laid.strip };
        let laid = Laid { strip, ..laid };
        let mut found = self.judged(&laid, (rung, Which::Mended(&mended)), places)?;
        let mut announced = found.clone();
        announced.slots.retain(|slot| is_announced(slot.chosen(), &shown));
        places.announce(&announced, &laid.strip.cells.bits);
        // The check is all that speaks for the others.
        found.slots.retain(|slot| slot.status() == Status::Reconstructed);
        places.improve(&found, &laid.strip.cells.bits, self.context)?;
        Ok(Some(laid.strip.cells))
    }

    /// What other ways to read the same transitions show; a strong check tells.
    fn show_otherwise(&self, turn: &Turn, path: &Path, rung: Rung, places: &mut Places) -> Result<Vec<Cells>> {
        let mut cells = Vec::new();
        for way in OTHERS {
            self.context.step((path.cell.len() as u64).saturating_mul(WORK))?;
            let turn = if way.takes_all { &turn.as_if_all_showed_it() } else { turn };
            let placed = grid::place(&turn.transitions, path, way.half);
            let path = viterbi::most_likely(&turn.transitions, &placed, &self.prices);
            let laid = self.laid(turn, &path, &placed)?;
            let found = self.judged(&laid, (rung, Which::Holding), places)?;
            places.improve(&found, &laid.strip.cells.bits, self.context)?;
            cells.push(laid.strip.cells);
            if places.all_sure() {
                break;
            }
        }
        Ok(cells)
    }

    /// The string of cells of a path, with its marks.
    fn laid(&self, turn: &Turn, path: &Path, placed: &Placed) -> Result<Laid<'_>> {
        let strip = turn.strip(path, &self.prices, self.rules.stride);
        let marks = changes::marks(&turn.transitions, path, placed, &self.prices);
        let spares = changes::spares(&turn.transitions, path, placed);
        let mut laid = Laid { strip, marks, spares, prices: &self.prices, scatter: placed.scatter };
        self.mend_groups(&mut laid)?;
        Ok(laid)
    }

    /// Where a code writes some patterns of cells only, make those of fields such.
    fn mend_groups(&self, laid: &mut Laid<'_>) -> Result<()> {
        let is_grouped = |code: &Code| self.is_of(code) && code.data_coding.packing.groups.is_some();
        if !CODES.iter().any(|code| is_grouped(code)) {
            return Ok(());
        }
        let Laid { strip, marks, spares, prices, scatter } = laid;
        let judge = Judge { prices, spares, scatter: *scatter };
        let sectors = recognise(&strip.cells, self.at, self.context)?;
        let bits = Arc::make_mut(&mut strip.cells.bits);
        let mut mender = groups::Mender { bits, marks, frame: strip.frame, judge };
        for sighting in sectors.slots.iter().map(Slot::chosen) {
            let Some(code) = Code::of(sighting.scheme).filter(|code| is_grouped(code)) else { continue };
            for field in [Field::id(code, sighting), Field::data(code, sighting)].into_iter().flatten() {
                self.context.step(field.cells.len() as u64)?;
                mender.mend(&field);
            }
        }
        Ok(())
    }

    fn is_of(&self, code: &Code) -> bool {
        code.rules == self.rules
    }

    /// The sectors of a string that are not sure yet, judged.
    fn judged(&self, laid: &Laid<'_>, (rung, which): (Rung, Which<'_>), places: &mut Places) -> Result<Sectors> {
        let Laid { strip, marks, spares, prices, scatter } = laid;
        let judge = Judge { prices, spares, scatter: *scatter };
        let evidence = Evidence { bits: &strip.cells.bits, marks, judge, frame: strip.frame };
        let mut sectors = recognise(&strip.cells, self.at, self.context)?;
        sectors.cells = Known::Value(strip.turn);
        sectors.slots.retain(|slot| begins_before(slot.chosen(), strip.turn) && which.may_be(slot.chosen()));
        sectors.slots.iter_mut().for_each(|slot| slot.alter(|seen| seen.rung = Some(rung)));
        places.pass_over(&mut sectors, &strip.cells.bits, self.context)?;
        // Chance satisfies a CRC: what has one may confirm others if it is believed. To
        // judge the sums of the Macintosh is dear, and chance hardly satisfies them.
        self.judge(&evidence, |code| code.strong, &mut sectors)?;
        places.confirm(&mut sectors, &strip.cells.bits, self.context)?;
        self.judge(&evidence, |code| !code.strong, &mut sectors)?;
        let rests_on_mended = |seen: &mut Sighting| seen.reconstructed |= which.rests_on_mended(seen);
        sectors.slots.iter_mut().for_each(|slot| slot.alter(rests_on_mended));
        sectors.slots.retain(|slot| which.is_wanted(slot.chosen()));
        Ok(sectors)
    }

    /// Judge the sectors of some codes. By other rules than its own the cells of a
    /// code may be right, and none is searched for.
    fn judge(&self, evidence: &Evidence<'_>, of: impl Fn(&Code) -> bool, sectors: &mut Sectors) -> Result<()> {
        for slot in &mut sectors.slots {
            let mut sighting = slot.chosen().clone();
            let is_judged =
                |code: &&Code| of(code) && (self.is_of(code) || sighting.data_check == Known::Value(Check::Good));
            if let Some(code) = Code::of(sighting.scheme).filter(is_judged) {
                evidence.judge(code, &mut sighting, self.context)?;
                *slot = Slot::one(sighting);
            }
        }
        Ok(())
    }
}

/// A path as a string of cells, with the marks that made it and what it left out.
struct Laid<'a> {
    strip: Strip,
    marks: Vec<Mark>,
    spares: Vec<Mark>,
    prices: &'a Prices,
    scatter: f64,
}

/// Which sectors of a string are wanted.
#[derive(Clone, Copy)]
enum Which<'a> {
    All,
    /// Those that rest on one of these mended marks, or were found by a search.
    Mended(&'a [Range<usize>]),
    /// Those whose check holds and is strong.
    Holding,
}

impl Which<'_> {
    /// True for what is worth being judged.
    fn may_be(self, sighting: &Sighting) -> bool {
        let is_strong = || Code::of(sighting.scheme).is_some_and(|code| code.data_sum.spreads);
        !matches!(self, Self::Holding) || (sighting.status() == Status::Good && is_strong())
    }

    fn rests_on_mended(self, sighting: &Sighting) -> bool {
        let Self::Mended(ranges) = self else { return false };
        let spans = || [&sighting.id_span, &sighting.data_span].into_iter().flatten();
        ranges.iter().any(|range| spans().any(|span| overlaps(span, range)))
    }

    /// True for what was judged and is kept.
    fn is_wanted(self, sighting: &Sighting) -> bool {
        !matches!(self, Self::Mended(_)) || sighting.reconstructed
    }
}

/// The data fields whose place and size an id or a check tells.
fn data_fields(sectors: &Sectors) -> Vec<Range<usize>> {
    let told = sectors
        .slots
        .iter()
        .map(Slot::chosen)
        .filter(|s| s.id_check == Known::Value(Check::Good) || s.status() == Status::Good);
    told.filter_map(|s| field::range(s.data_span.as_ref()?)).collect()
}

/// True for data whose check fails and before which a string shows an id field
/// without any.
fn is_announced(sighting: &Sighting, by: &Sectors) -> bool {
    let is_its = |id: &Sighting| id.id_check == Known::Value(Check::Good) && id.id_span == sighting.id_span;
    let mut ids = by.slots.iter().map(Slot::chosen).filter(|s| s.data_span.is_none());
    sighting.status() == Status::BadCheck && ids.any(is_its)
}

fn overlaps(span: &Span, range: &Range<usize>) -> bool {
    let Span::Cells { start, len, .. } = span else { return false };
    *start < range.end as u64 && (range.start as u64) < start.saturating_add(*len)
}

fn begins_before(sighting: &Sighting, cell: u32) -> bool {
    let first = sighting.id_span.as_ref().or(sighting.data_span.as_ref());
    matches!(first, Some(Span::Cells { start, .. }) if *start < u64::from(cell))
}
