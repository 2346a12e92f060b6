//! How far a reading of the most likely cells may be believed, and what a search
//! can do for one whose check fails.
//!
//! A check that holds is weak evidence where much is doubtful: among many wrong
//! readings one in 65,536 satisfies a CRC, and of the exclusive ors of Amiga and
//! Commodore far more do.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use floptical_model::{Bits, Check, Context, DataField, Known, Result, Sighting};

use super::changes::{Change, Judge, Mark};
use super::field::Field;
use super::groups::{keeps_written, turn};
use super::search::{CHANGES, Candidate, all_sets, hits};
use super::turn::Frame;
use crate::code::Code;

/// How doubtful a reading whose CRC holds may be: it is one of so many that are
/// as likely. Of wrong ones one in 65,536 satisfies the check.
const AS_LIKELY: f64 = 8.0;
/// Where a transition was put in for a lost one, and so many readings are as likely,
/// it is the check that chose among them.
const CHOSEN: f64 = 3.0;
/// Another reading that satisfies a CRC must be dearer than this, in nats: of two
/// that are nearly as likely one satisfies it by chance.
const RIVAL: f64 = 5.0;
/// Changes that are dearer do not make a reading doubtful, in nats.
const NEGLIGIBLE: f64 = 9.0;
/// With a check of up to eight bits other readings that satisfy it may be so much
/// of all that do.
const ELSE: f64 = 0.0005;
/// With another weak check no set of changes that it does not see may be cheaper
/// than this, in nats, nor may so many changes be cheaper than that.
const UNSEEN: f64 = 9.0;
const DOUBTS: (usize, f64) = (30, 2.5);
/// Sets tried at most: for a data field, for an id field, and to see whether
/// another fits as well.
const SETS: usize = 1000;
const ID_SETS: usize = 40;
const MORE_SETS: usize = 1600;
/// The share of what may be that the sets tried must hold.
const COVERED: f64 = 0.3;
/// The next set that fits must be dearer by this, in nats: with a CRC, and with
/// a weak check.
const AHEAD: f64 = 2.0;
const AHEAD_WEAK: f64 = 6.0;
/// Decibels in a nat: 10 / ln 10.
const DECIBELS: f64 = 4.342_944_819;

/// How far a reading whose check holds may be believed.
enum Trust {
    /// Its check says little.
    None,
    /// The check chose it among others that are as likely: it is reconstructed.
    Chosen,
    /// As it was read.
    Whole,
}

impl Trust {
    fn whole_if(whole: bool) -> Self {
        if whole { Self::Whole } else { Self::None }
    }
}

/// A string of cells with the marks that made it.
pub(super) struct Evidence<'a> {
    pub(super) bits: &'a Bits,
    pub(super) marks: &'a [Mark],
    pub(super) judge: Judge<'a>,
    pub(super) frame: Frame,
}

impl Evidence<'_> {
    /// Judge a sighting: keep a good check only where it deserves trust, search
    /// where it fails, and say how sure each byte is.
    pub(super) fn judge(&self, code: &'static Code, sighting: &mut Sighting, context: &Context) -> Result<()> {
        if sighting.id_check.copied() == Some(Check::Bad)
            && let Some(field) = Field::id(code, sighting).filter(|_| code.searched)
            && let Some(bits) = self.searched(code, &field, (&self.changes(&field, context)?, ID_SETS), context)?
            && let Some(id) = code.id_at(&bits, field.body)
        {
            sighting.id = Known::Value(Some(id.id));
            sighting.header = id.beside.map_or(Known::Unrecorded, |beside| Known::Value(beside.into()));
            sighting.id_check = Known::Value(Check::Good);
            sighting.id_check_value = Known::Value(id.value);
            sighting.reconstructed = true;
        }
        let Some(field) = Field::data(code, sighting) else { return Ok(()) };
        let changes = self.changes(&field, context)?;
        match sighting.data_check.copied() {
            Some(Check::Good) => match self.trust(code, &field, &changes, context)? {
                Trust::None => sighting.data_check = Known::Unrecorded,
                Trust::Chosen => sighting.reconstructed = true,
                Trust::Whole => {}
            },
            Some(Check::Bad) => {
                if let Some(bits) = self.searched(code, &field, (&changes, SETS), context)? {
                    sighting.data = DataField::Bytes(field.bytes(&bits).into());
                    sighting.data_check = Known::Value(Check::Good);
                    sighting.reconstructed = true;
                }
            }
            _ => {}
        }
        sighting.confidence = Some(self.confidence(code, &field, sighting.size(), &changes));
        Ok(())
    }

    /// The marks of a field.
    fn range(&self, field: &Field) -> Range<usize> {
        let at = |cell: usize| self.marks.partition_point(|m| m.cell < self.frame.cell(cell));
        at(field.cells.start)..at(field.cells.end)
    }

    /// The changes that touch a field, cheapest first; none that makes a group of
    /// cells that nobody writes of one that somebody does.
    fn changes(&self, field: &Field, context: &Context) -> Result<Vec<Change>> {
        let range = self.range(field);
        context.step((range.len() as u64).saturating_mul(16))?;
        let mut changes = self.judge.changes(self.marks, range);
        if let Some((groups, body)) = field.groups() {
            let mut bits = self.bits.clone();
            changes.retain(|change| keeps_written(&mut bits, self.frame, (groups, &body), change));
        }
        changes.sort_by(|a, b| a.price.total_cmp(&b.price));
        Ok(changes)
    }

    /// The cheapest changes with what each does to the check. Those that change
    /// nothing that the field says, and those that change the same as a cheaper
    /// one, are none.
    fn candidates(&self, field: &Field, changes: &[Change], context: &Context) -> Result<(u32, Vec<Candidate>)> {
        let changes = changes.get(..CHANGES).unwrap_or(changes);
        context.step((changes.len() as u64).saturating_mul(field.cells.len() as u64 / 8))?;
        let Some(own) = field.said(self.bits) else { return Ok((0, Vec::new())) };
        let mut bits = self.bits.clone();
        let mut effects: BTreeSet<Vec<(usize, u8)>> = BTreeSet::from([Vec::new()]);
        let one = |(change, with): (usize, &Change)| {
            let turned = with.cells.iter().filter_map(|cell| self.frame.place(*cell));
            turn(&mut bits, self.frame, &with.cells);
            let said = field.said_with(turned, &bits, &own);
            turn(&mut bits, self.frame, &with.cells);
            // What turns a field into none cannot be a part of the answer.
            let said = said?;
            let differs = own.bytes.iter().zip(&said.bytes).enumerate().filter(|(_, (a, b))| a != b);
            let fresh = effects.insert(differs.map(|(i, (a, b))| (i, a ^ b)).collect());
            let price = with.price.max(0.0);
            fresh.then_some(Candidate { change, price, syndrome: said.syndrome ^ own.syndrome, marks: with.marks })
        };
        Ok((own.syndrome, changes.iter().enumerate().filter_map(one).collect()))
    }

    /// How far a reading whose check holds may be believed.
    fn trust(&self, code: &Code, field: &Field, changes: &[Change], context: &Context) -> Result<Trust> {
        let whole = self.marks.get(self.range(field)).is_some_and(|marks| marks.iter().all(|m| !m.lost));
        if code.strong {
            if self.has_hole(field) {
                return Ok(Trust::None);
            }
            let cheap = changes.get(..changes.partition_point(|c| c.price < NEGLIGIBLE)).unwrap_or_default();
            let (_, candidates) = self.candidates(field, cheap, context)?;
            context.step(MORE_SETS as u64)?;
            let as_likely = candidates.iter().fold(1.0, |all, c| all * (1.0 + odds(c.price)));
            let has_rival = || hits(&candidates, 0, MORE_SETS, RIVAL).next().is_some();
            return Ok(match as_likely {
                _ if as_likely > AS_LIKELY || has_rival() => Trust::None,
                _ if as_likely >= CHOSEN && !whole => Trust::Chosen,
                _ => Trust::Whole,
            });
        }
        let (_, candidates) = self.candidates(field, changes, context)?;
        if !whole || !field.is_sound(self.bits) {
            return Ok(Trust::None);
        }
        if code.has_few_bits() {
            context.step((candidates.len() as u64).saturating_mul(u64::from(code.data_sum.bits)))?;
            return Ok(Trust::whole_if(elsewhere(&candidates, code.data_sum.bits) <= ELSE));
        }
        let (most, cheap) = DOUBTS;
        let doubts = candidates.iter().filter(|c| c.price < cheap).count();
        let unseen = || hits(&candidates, 0, MORE_SETS, UNSEEN).next().is_some();
        Ok(Trust::whole_if(doubts <= most && !unseen()))
    }

    /// The string as the one cheap set of changes makes it that satisfies the
    /// check of a field.
    fn searched(
        &self,
        code: &Code,
        field: &Field,
        (changes, sets): (&[Change], usize),
        context: &Context,
    ) -> Result<Option<Bits>> {
        if !code.searched || self.has_hole(field) {
            return Ok(None);
        }
        let (wanted, candidates) = self.candidates(field, changes, context)?;
        context.step(MORE_SETS as u64)?;
        if covered(&candidates, sets) < COVERED {
            return Ok(None);
        }
        let Some(hit) = hits(&candidates, wanted, sets, f64::MAX).next() else { return Ok(None) };
        let ahead = if code.strong { AHEAD } else { AHEAD_WEAK };
        if hits(&candidates, wanted, sets.saturating_add(MORE_SETS), hit.price + ahead).nth(1).is_some() {
            return Ok(None);
        }
        let cells: Vec<i32> = hit.set.iter().filter_map(|i| changes.get(*i)).flat_map(|c| c.cells.clone()).collect();
        let mut bits = self.bits.clone();
        turn(&mut bits, self.frame, &cells);
        Ok((field.said(&bits).is_some_and(|said| said.syndrome == 0)).then_some(bits))
    }

    /// True where transitions of a field are missing: nothing is known there, and
    /// what satisfies the check does so by chance.
    fn has_hole(&self, field: &Field) -> bool {
        self.holes(field).next().is_some()
    }

    /// The cells between transitions of which some are missing.
    fn holes(&self, field: &Field) -> impl Iterator<Item = Range<i32>> {
        let marks = self.marks.get(self.range(field)).unwrap_or_default();
        let pairs = marks.iter().zip(marks.iter().skip(1));
        pairs.filter(|(a, b)| self.judge.prices.is_hole(a.cell, b.phase, b.cell)).map(|(a, b)| a.cell..b.cell)
    }

    /// For each byte how much less likely its cheapest other reading is, in
    /// decibels; none where transitions are missing.
    fn confidence(&self, code: &Code, field: &Field, size: usize, changes: &[Change]) -> Arc<[u8]> {
        let mut cells = vec![f64::MAX; code.body_cells(size)];
        // Cheapest last, so that it stays.
        for change in changes.iter().rev() {
            for at in change.cells.iter().filter_map(|cell| self.frame.place(*cell)?.checked_sub(field.body)) {
                if let Some(price) = cells.get_mut(at) {
                    *price = change.price;
                }
            }
        }
        for at in self.holes(field).flatten().filter_map(|cell| self.frame.place(cell)?.checked_sub(field.body)) {
            if let Some(price) = cells.get_mut(at) {
                *price = 0.0;
            }
        }
        let byte = |byte: usize| {
            let parts = code.byte_parts(byte, size).into_iter();
            let own = parts.flat_map(|part| cells.get(part).unwrap_or_default());
            decibels(own.copied().fold(f64::MAX, f64::min))
        };
        (0..size).map(byte).collect()
    }
}

/// The share of all other readings, by how likely they are, that the first sets
/// hold. Where it is small much else is as likely, and what fits fits by chance.
fn covered(candidates: &[Candidate], sets: usize) -> f64 {
    let all = candidates.iter().fold(1.0, |all, c| all * (1.0 + odds(c.price))) - 1.0;
    let tried = all_sets(candidates).take(sets).fold(0.0, |sum, price| sum + odds(price));
    if all > 0.0 { tried / all } else { 0.0 }
}

/// Of all readings that satisfy a linear check of few bits, the share of those
/// that are not this one: each change is there or not by its odds, and the odds of
/// all sums of their syndromes follow by the transform of Walsh.
fn elsewhere(candidates: &[Candidate], bits: u32) -> f64 {
    let chances: Vec<(u32, f64)> =
        candidates.iter().map(|c| (c.syndrome, odds(c.price))).map(|(s, odds)| (s, odds / (1.0 + odds))).collect();
    let spectrum = |which: u32| {
        let counts = |(syndrome, _): &&(u32, f64)| (syndrome & which).count_ones() % 2 == 1;
        chances.iter().filter(counts).fold(1.0, |all, (_, chance)| all * (1.0 - 2.0 * chance))
    };
    let satisfied = (0..=bits).fold(0.0, |sum, which| sum + spectrum(which)) / (f64::from(bits) + 1.0);
    let own = chances.iter().fold(1.0, |all, (_, chance)| all * (1.0 - chance));
    1.0 - own / satisfied.max(own).max(f64::MIN_POSITIVE)
}

/// The odds of a change by its price: e^-price, by squaring, for the function of
/// the library is not the same everywhere.
fn odds(price: f64) -> f64 {
    let part = 1.0 - price.clamp(0.0, 32.0) / 64.0;
    (0..6).fold(part, |power, _| power * power)
}

#[allow(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
#[allow(clippy::cast_sign_loss, reason = "a cast of a float saturates")]
fn decibels(price: f64) -> u8 {
    (price * DECIBELS) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the sum over all sets of changes.
    #[test]
    fn what_lies_elsewhere_is_the_share_of_the_other_sets() {
        let table: [&[(f64, u32)]; 5] = [
            &[],
            &[(1.0, 0x01), (2.0, 0x02), (3.0, 0x03)],
            &[(0.1, 0x3F), (0.2, 0x3F), (4.0, 0x11), (5.0, 0x2E)],
            &[(2.0, 0x00), (9.0, 0x15)],
            &[(0.5, 0x01), (0.5, 0x02), (0.5, 0x04), (0.5, 0x08), (0.5, 0x10), (0.5, 0x1F)],
        ];
        for row in table {
            let one = |(change, (price, syndrome)): (usize, &(f64, u32))| Candidate {
                change,
                price: *price,
                syndrome: *syndrome,
                marks: (change * 10, change * 10),
            };
            let candidates: Vec<Candidate> = row.iter().enumerate().map(one).collect();
            let (mut own, mut satisfied) = (0.0, 0.0);
            for set in 0..1u32 << candidates.len() {
                let (mut chance, mut sum) = (1.0, 0);
                for (i, c) in candidates.iter().enumerate() {
                    let there = odds(c.price) / (1.0 + odds(c.price));
                    let taken = set >> i & 1 == 1;
                    chance *= if taken { there } else { 1.0 - there };
                    sum ^= if taken { c.syndrome } else { 0 };
                }
                own += if set == 0 { chance } else { 0.0 };
                satisfied += if sum == 0 { chance } else { 0.0 };
            }
            let told = elsewhere(&candidates, 0x3F);
            assert!((told - (1.0 - own / satisfied)).abs() < 1e-9, "{row:?}: {told}");
        }
    }
}
