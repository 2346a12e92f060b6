//! What the sectors of a track say.

use floptical_flux::code::Code;
use floptical_model::{
    Check, Choice, DataField, Datum, Fact, Ids, Inventory, Known, Layout, Place, RecordForm, Regular, Scheme, SectorId,
    Sighting, Slot, Value,
};

use super::{bytes, known};
use crate::DiskTrack;

pub(super) fn say_sectors(said: &mut Inventory, track: &DiskTrack, layout: Option<&Layout>) {
    let sectors = &track.derived.sectors;
    let places = sectors.places(track.logical);
    if sectors.ordered && !places.is_empty() {
        said.say(Place::Track(track.logical), Fact::Order, order(&places));
    }
    for (place, slot) in places.into_iter().zip(&sectors.slots) {
        say_slot(said, &place, slot.chosen(), (track, layout));
        if slot.choice() == Choice::Contradiction {
            let other = Value::Value(Datum::Word("other data with a good check"), Regular::No);
            said.say(place, Fact::Readings, other);
        } else if track.cells.is_none() && slot.sightings().len() > 1 {
            said.say(place, Fact::Readings, copies(slot));
        }
    }
}

/// The readings of a sector that a container keeps side by side. What differs
/// between them is said as weak bits.
fn copies(slot: &Slot) -> Value {
    let all: Vec<u8> = slot.sightings().iter().filter_map(|s| s.data.bytes()).flat_map(|b| b.iter().copied()).collect();
    Value::Value(Datum::Bytes(all.into()), Regular::Yes)
}

fn say_slot(said: &mut Inventory, place: &Place, slot: &Sighting, (track, layout): (&DiskTrack, Option<&Layout>)) {
    let said = said.at(place.clone());
    let mut say = |fact, value| said.say(fact, value);
    let number = |n: u32| Datum::Number(n.into());
    say(Fact::Exists, Value::Value(Datum::Number(1), Regular::No));
    let scheme = Datum::Word(slot.scheme.word());
    say(Fact::Scheme, if slot.id.is_recorded() { Value::Value(scheme, Regular::Yes) } else { Value::Assumed(scheme) });
    say(Fact::Id, id(slot, track, layout));
    say(Fact::Header, header(slot));
    say(Fact::HeaderCheck, check(slot.id_check));
    say(Fact::HeaderCheckValue, known(slot.id_check_value.map(number), id_value_regular(slot)));
    say(Fact::Mark, known(slot.mark.map(|m| Datum::Number(m.into())), slot.mark.copied() == slot.scheme.normal_mark()));
    if slot.tags.is_recorded() {
        say(Fact::Tags, tags(slot));
    }
    say(
        Fact::Data,
        match &slot.data {
            DataField::Unread => Value::Unrecorded,
            DataField::Missing => Value::Value(Datum::None, Regular::No),
            DataField::Bytes(held) => bytes(held.clone()),
        },
    );
    say(Fact::DataCheck, check(slot.data_check));
    say(Fact::DataCheckValue, known(slot.data_check_value.map(number), data_value_regular(slot)));
    if slot.reconstructed {
        say(Fact::Reconstructed, Value::Value(Datum::Number(1), Regular::No));
    }
    if let Some(weak) = slot.weak.as_ref().filter(|w| w.count_ones() > 0) {
        say(Fact::Weak, bytes(weak.to_msb().into()));
    }
    if let Some(gap) = &slot.gap {
        say(Fact::Gaps, bytes(gap.clone()));
    }
    say(Fact::Angle, known(slot.angle.map(|a| Datum::Number(a.into())), true));
    let form = |form| match form {
        RecordForm::Full => Datum::Word("full"),
        RecordForm::Filled => Datum::Word("filled"),
        RecordForm::Pairs => Datum::Word("pairs"),
        RecordForm::Runs => Datum::Word("runs"),
    };
    say(Fact::RecordForm, known(slot.form.map(form), false));
    said.close();
}

/// C, H and N; regular where they are what the place, the layout and the size
/// suggest.
fn id(slot: &Sighting, track: &DiskTrack, layout: Option<&Layout>) -> Value {
    let (cylinder, head) = (track.logical.cylinder(), track.logical.head);
    let zone = cylinder.and_then(|c| layout?.zone(c, head)).filter(|zone| zone.scheme == slot.scheme);
    let ids = layout.filter(|_| zone.is_some()).map_or(Ids::of(slot.scheme), |l| l.ids);
    let place = cylinder.map(|c| ids.at(c, head));
    let size = |id: SectorId| Code::of(slot.scheme).map_or(id.size(), |code| code.size_of(id));
    let expected = |id: SectorId| place == Some((id.c, id.h)) && slot.size() == size(id);
    let regular = slot.sector_id().is_none_or(expected);
    let datum = |id: Option<SectorId>| id.map_or(Datum::None, |id| Datum::Id { c: id.c, h: id.h, n: id.n });
    known(slot.id.map(datum), regular)
}

/// What stands beside the id.
fn header(slot: &Sighting) -> Value {
    let regular = match (slot.scheme, slot.header.get()) {
        // No label.
        (Scheme::AmigaMfm, Some(header)) => header.iter().skip(1).all(|b| *b == 0),
        // The two bytes after the disk id.
        (Scheme::CommodoreGcr, Some(header)) => header.get(2..) == Some(&[0x0F; 2]),
        // The volume that is written where nobody says another.
        (Scheme::AppleGcr16 | Scheme::AppleGcr13, Some(header)) => header[..] == [254],
        // One or two sides, in steps of two or four sectors.
        (Scheme::MacGcr, Some(header)) => matches!(header[..], [0x02 | 0x12 | 0x22 | 0x24, 0]),
        _ => false,
    };
    known(slot.header.clone().map(Datum::Bytes), regular)
}

/// The number of the sector again, and no tags.
fn tags(slot: &Sighting) -> Value {
    let number = slot.sector_id().map_or(0, |id| id.r);
    let regular =
        slot.tags.get().is_none_or(|tags| tags.first() == Some(&number) && tags.iter().skip(1).all(|b| *b == 0));
    known(slot.tags.clone().map(Datum::Bytes), regular)
}

fn check(check: Known<Check>) -> Value {
    known(check.map(Datum::Check), check.copied() == Some(Check::Good))
}

/// The right value, or the complement of it that an encoder writes for a bad
/// check of unknown value.
fn id_value_regular(slot: &Sighting) -> bool {
    let (Some(value), Some(id)) = (slot.id_check_value.copied(), slot.sector_id()) else { return true };
    let Some(code) = Code::of(slot.scheme) else { return true };
    let right = code.id_check(id, slot.header.get().map(|header| &**header));
    value == right || value == code.id_sum.wrong(right)
}

fn data_value_regular(slot: &Sighting) -> bool {
    let (Some(value), Some(bytes)) = (slot.data_check_value.copied(), slot.data.bytes()) else { return true };
    let Some(mark) = slot.mark.copied().or(slot.scheme.normal_mark().is_none().then_some(0)) else { return true };
    let Some(code) = Code::of(slot.scheme) else { return true };
    let right = code.check(mark, slot.tags.get().map_or(&[], |tags| tags), bytes);
    value == right || value == code.data_sum.wrong(right)
}

/// The order of a track: the keys of its slots, R + nth * 65536.
fn order(places: &[Place]) -> Value {
    let key = |place: &Place| match place {
        Place::Slot { r: Some(r), nth, .. } => i64::from(*nth) << 16 | i64::from(*r),
        Place::Slot { nth, .. } => -1 - i64::from(*nth),
        _ => 0,
    };
    let keys: Vec<i64> = places.iter().map(key).collect();
    let regular = is_interleaved(&keys);
    Value::Value(Datum::Numbers(keys.into()), regular.into())
}

/// True for the orders that formatting programs make: numbers laid out in
/// steps of one interleave, on a circle.
fn is_interleaved(keys: &[i64]) -> bool {
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    let count = sorted.len();
    let start = keys.iter().position(|k| Some(k) == sorted.first()).unwrap_or(0);
    (1..=count.max(1)).any(|step| {
        let mut laid: Vec<Option<i64>> = vec![None; count];
        let mut at = 0;
        for key in &sorted {
            while laid[at].is_some() {
                at = (at + 1) % count;
            }
            laid[at] = Some(*key);
            at = (at + step) % count;
        }
        laid.iter().enumerate().all(|(i, key)| *key == Some(keys[(start + i) % count]))
    })
}

#[cfg(test)]
mod tests {
    use super::is_interleaved;

    #[test]
    fn interleaves_are_regular_and_shuffles_are_not() {
        assert!(is_interleaved(&[1, 2, 3, 4, 5]));
        assert!(is_interleaved(&[1, 6, 2, 7, 3, 8, 4, 9, 5]));
        assert!(is_interleaved(&[4, 9, 5, 1, 6, 2, 7, 3, 8]));
        assert!(!is_interleaved(&[1, 3, 2, 4, 6, 5]));
    }
}
