//! A sector as it is stored, and the slot that it is.

use std::sync::Arc;

use floptical_model::{Bits, Check, DataField, Fact, Known, Place, Scheme, SectorId, Sighting, Slot, Span};

use super::Kind;
use super::raw::{Entry, Told, natural};
use crate::NotFitted;

/// An entry of the list and the bytes stored for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) entry: Entry,
    pub(super) bytes: Vec<u8>,
}

impl Stored {
    /// The slot that the bytes at `start` in the file show, and what is left of
    /// them. A field without bytes is unread.
    pub(super) fn slot(&self, kind: Kind, scheme: Scheme, id_span: Span, start: u64) -> (Slot, Vec<u8>) {
        let told = self.entry.told(kind);
        let mut seen = Sighting::assumed(scheme, self.entry.id, DataField::Unread);
        seen.id = Known::Value(Some(self.entry.id));
        seen.id_check = Known::Value(if told.id_bad { Check::Bad } else { Check::Good });
        seen.mark = Known::Unrecorded;
        seen.id_span = Some(id_span);
        if told.missing {
            seen.data = DataField::Missing;
        }
        if told.missing || self.bytes.is_empty() {
            return (Slot::one(seen), self.bytes.clone());
        }
        seen.mark = Known::Value(if told.deleted { Sighting::DELETED } else { Sighting::NORMAL });
        seen.data_check = Known::Value(if told.data_bad { Check::Bad } else { Check::Good });
        let size = natural(self.entry.id.n);
        let copies = match kind {
            Kind::Extended if self.bytes.len().is_multiple_of(size) => self.bytes.len().checked_div(size).unwrap_or(1),
            _ => 1,
        };
        let mut fields = self.bytes.chunks(size);
        let mut sightings = Vec::with_capacity(copies);
        for (nth, field) in (0u16..).zip(fields.by_ref().take(copies)) {
            let offset = u64::from(nth).saturating_mul(size as u64).saturating_add(start);
            let data_span = Some(Span::file(offset, field.len() as u64));
            sightings.push(Sighting {
                data: DataField::Bytes(Arc::from(field)),
                revolution: nth,
                data_span,
                ..seen.clone()
            });
        }
        let rest: Vec<u8> = fields.flatten().copied().collect();
        mark_weak(&mut sightings);
        let rest = match (kind, sightings.first_mut()) {
            (Kind::Extended, Some(first)) if !rest.is_empty() => {
                keep_gap(first, &rest);
                Vec::new()
            }
            _ => rest,
        };
        (Slot::of(sightings).unwrap_or_else(|| Slot::one(seen)), rest)
    }

    /// How a slot is stored, with what is kept of its own bytes.
    pub(super) fn of(kind: Kind, slot: &Slot, own: Option<&[u8]>, place: &Place) -> Result<Self, NotFitted> {
        let seen = slot.chosen();
        let Some(id) = seen.sector_id() else {
            return Err(NotFitted::refuse(Fact::Id, place.clone(), "DSK has no word for data without an id"));
        };
        let bad = |check: Known<Check>| check.copied() == Some(Check::Bad);
        let there = seen.data.bytes().is_some();
        let data_bad = there && bad(seen.data_check);
        let told = Told {
            id_bad: bad(seen.id_check) && !data_bad,
            data_bad,
            deleted: there && matches!(seen.mark.copied(), Some(0xF8 | 0xF9)),
            missing: seen.data == DataField::Missing || (kind == Kind::Standard && !there),
        };
        let mut bytes = fields(kind, slot, id, place)?;
        bytes.extend_from_slice(own.unwrap_or_default());
        let Ok(len) = u16::try_from(bytes.len()) else {
            return Err(NotFitted::refuse(Fact::Data, place.clone(), "DSK counts the bytes of a sector in 16 bits"));
        };
        let (st1, st2) = told.status();
        let len = if kind == Kind::Extended { len } else { 0 };
        Ok(Self { entry: Entry { id, st1, st2, len }, bytes })
    }
}

/// The bytes of a data field as they are stored: once, or in copies that differ
/// in its weak bits, or with what follows on the track.
fn fields(kind: Kind, slot: &Slot, id: SectorId, place: &Place) -> Result<Vec<u8>, NotFitted> {
    let seen = slot.chosen();
    let Some(data) = seen.data.bytes() else { return Ok(Vec::new()) };
    let size = natural(id.n);
    let refuse = |reason: String| Err(NotFitted::refuse(Fact::Data, place.clone(), reason));
    let room = if kind == Kind::Standard { size.min(6144) } else { size };
    if data.is_empty() || data.len() > room {
        return refuse(format!("its data are {} bytes, of which {room} would be stored", data.len()));
    }
    if kind == Kind::Standard || data.len() != size {
        return Ok(data.to_vec());
    }
    if let Some(gap) = &seen.gap {
        let check = seen.data_check_value.copied().and_then(|value| u16::try_from(value).ok());
        let check = check.map_or(Vec::new(), |value| value.to_be_bytes().to_vec());
        return Ok([&data[..], &check, gap].concat());
    }
    Ok(copies(slot, size).concat())
}

/// The readings of a slot that are written: all that a file held, or those that
/// show its weak bits.
fn copies(slot: &Slot, size: usize) -> Vec<Vec<u8>> {
    let seen = slot.chosen();
    let Some(data) = seen.data.bytes() else { return Vec::new() };
    let most = usize::from(u16::MAX).checked_div(size).unwrap_or(1);
    let read = slot.sightings().iter().filter_map(|s| s.data.bytes()).filter(|b| b.len() == size);
    let read: Vec<Vec<u8>> = read.take(most).map(|b| b.to_vec()).collect();
    let Some(weak) = seen.weak.as_ref().filter(|w| w.count_ones() > 0) else {
        // Revolutions of a signal that agree are one sector.
        let of_a_file = slot.sightings().iter().all(|s| matches!(s.data_span, Some(Span::File { .. })));
        return if of_a_file { read } else { vec![data.to_vec()] };
    };
    let mask = weak.to_msb();
    if differing(&read) == mask {
        return read;
    }
    let other = data.iter().zip(mask.iter().chain(std::iter::repeat(&0))).map(|(byte, mask)| byte ^ mask);
    vec![data.to_vec(), other.collect()]
}

/// The bits in which copies differ from the first.
fn differing(copies: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let Some((first, others)) = copies.split_first() else { return Vec::new() };
    let mut mask = vec![0; first.as_ref().len()];
    for other in others {
        for (mask, (a, b)) in mask.iter_mut().zip(first.as_ref().iter().zip(other.as_ref())) {
            *mask |= a ^ b;
        }
    }
    mask
}

/// What differs between copies is weak.
fn mark_weak(sightings: &mut [Sighting]) {
    let copies: Vec<Arc<[u8]>> = sightings.iter().filter_map(|s| s.data.bytes().cloned()).collect();
    let mask = differing(&copies);
    if mask.iter().any(|byte| *byte != 0) {
        let mask = Arc::new(Bits::from_msb(&mask, mask.len().saturating_mul(8)));
        sightings.iter_mut().for_each(|seen| seen.weak = Some(Arc::clone(&mask)));
    }
}

/// What follows the data on the track: its check, then the gap.
fn keep_gap(seen: &mut Sighting, rest: &[u8]) {
    let (check, gap) = match rest {
        [high, low, gap @ ..] => (Known::Value(u16::from_be_bytes([*high, *low]).into()), gap),
        short => (Known::Unrecorded, short),
    };
    seen.data_check_value = check;
    seen.gap = Some(Arc::from(gap));
}
