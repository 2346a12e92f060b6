//! A sector as it is recorded, and the slot that it is.

use std::sync::Arc;

use floptical_model::{Check, DataField, Fact, Known, Place, Scheme, SectorId, Sighting, Slot, Span};

use super::raw::{BAD, DELETED, NO_DATA, NO_ID, Record, SKIPPED, TWIN, block, crc_low, expand, form};
use crate::NotFitted;

/// What the words of a record say of its sector.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    id: Option<SectorId>,
    size: usize,
    bad: bool,
    deleted: bool,
    missing: bool,
    there: bool,
}

impl Record {
    /// What its words say.
    pub(super) fn told(&self) -> Told {
        let [c, h, r, n, flags, _] = self.words;
        let set = |bit: u8| flags & bit != 0;
        let there = self.block.is_some();
        Told {
            id: (!set(NO_ID)).then_some(SectorId { c, h, r, n }),
            size: self.size(),
            bad: there && set(BAD),
            deleted: there && set(DELETED),
            missing: set(NO_DATA),
            there,
        }
    }

    /// The slot that it is. `at` is where its block stands.
    pub(super) fn slot(&self, scheme: Scheme, id_span: Span, at: Span) -> Slot {
        let told = self.told();
        let place = SectorId { c: 0, h: 0, r: 0, n: 0 };
        let mut seen = Sighting::assumed(scheme, told.id.unwrap_or(place), DataField::Unread);
        seen.id = Known::Value(told.id);
        seen.id_span = Some(id_span);
        seen.mark = Known::Unrecorded;
        if told.missing {
            seen.data = DataField::Missing;
        }
        if let Some(block) = &self.block {
            let (data, form, _) = expand(block, told.size);
            seen.data = DataField::Bytes(Arc::from(data));
            seen.mark = Known::Value(if told.deleted { Sighting::DELETED } else { Sighting::NORMAL });
            seen.data_check = Known::Value(if told.bad { Check::Bad } else { Check::Good });
            seen.form = form;
            seen.data_span = Some(at);
        }
        Slot::one(seen)
    }

    /// True when its block makes just the bytes that its words declare.
    pub(super) fn is_clean(&self) -> bool {
        self.block.as_ref().is_none_or(|block| expand(block, self.size()).2)
    }

    /// The check that belongs to it: of its data, 0 for none.
    pub(super) fn right_check(&self) -> u8 {
        self.block.as_ref().map_or(0, |block| crc_low(&expand(block, self.size()).0))
    }

    /// The record of a slot: `twin` where its id was there before. An own block
    /// and own words go before those that would be made.
    pub(super) fn of(slot: &Slot, twin: bool, own: Own<'_>, place: &Place) -> Result<Self, NotFitted> {
        let seen = slot.chosen();
        let Some(id) = seen.id.copied() else {
            return Err(NotFitted::refuse(Fact::Id, place.clone(), "nothing says what its id is"));
        };
        let data = seen.data.bytes();
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = bit(twin, TWIN)
            | bit(data.is_some() && seen.data_check.copied() == Some(Check::Bad), BAD)
            | bit(data.is_some() && matches!(seen.mark.copied(), Some(0xF8 | 0xF9)), DELETED)
            | bit(seen.data == DataField::Unread, SKIPPED)
            | bit(seen.data == DataField::Missing, NO_DATA)
            | bit(id.is_none(), NO_ID);
        let n = id.map_or_else(|| data.and_then(|d| SectorId::code(d.len())), |id| Some(id.n));
        let SectorId { c, h, r, .. } = id.unwrap_or(SectorId { c: 0, h: 0, r: 0, n: 0 });
        let mut record = Self { words: [c, h, r, n.unwrap_or(2), flags, 0], block: None };
        if let Some(data) = data {
            let kept = own.block.filter(|kept| expand(kept, record.size()).0 == data[..]);
            if kept.is_none() && (data.len() != record.size() || n.is_none_or(|n| n > 7)) {
                let reason = format!("its data are {} bytes, and Teledisk would take {}", data.len(), record.size());
                return Err(NotFitted::refuse(Fact::Data, place.clone(), reason));
            }
            let made = || block(data, form(data, seen.form.copied()));
            record.block = Some(kept.map_or_else(made, <[u8]>::to_vec));
        }
        record.set_check(record.right_check());
        if let Some(words) = own.words.and_then(|words| words.first_chunk::<6>()) {
            let kept = Self { words: *words, block: record.block.clone() };
            if kept.told() == record.told() && kept.block.is_some() == (kept.flags() & (SKIPPED | NO_DATA) == 0) {
                record.words = kept.words;
                if record.block.is_some() {
                    record.set_check(record.right_check());
                }
            }
        }
        Ok(record)
    }

    pub(super) fn set_check(&mut self, check: u8) {
        let [_, _, _, _, _, own] = &mut self.words;
        *own = check;
    }
}

/// What an own image keeps of a record.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Own<'a> {
    pub(super) words: Option<&'a [u8]>,
    pub(super) block: Option<&'a [u8]>,
}

/// For each slot, whether its id was on the track before.
pub(super) fn twins(slots: &[Slot]) -> Vec<bool> {
    let id = |slot: &Slot| slot.chosen().sector_id();
    let before = |i: usize, slot: &Slot| id(slot).is_some() && slots.iter().take(i).any(|other| id(other) == id(slot));
    slots.iter().enumerate().map(|(i, slot)| before(i, slot)).collect()
}
