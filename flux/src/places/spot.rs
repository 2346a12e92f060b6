//! What was seen at one place.

use std::sync::Arc;

use floptical_model::{Bits, Check, DataField, Known, Rung, Slot, Status};

use super::seen::{NEAR_ENOUGH, Seen, Support, turn_apart};

/// What was seen at one place, in order of revolutions.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub(crate) seen: Vec<Seen>,
}

impl Spot {
    /// Add a sighting in the order of revolutions; equal data is kept once.
    pub(super) fn push(&mut self, mut seen: Seen) {
        if let DataField::Bytes(bytes) = &mut seen.sighting.data
            && let Some(same) = self.seen.iter().filter_map(|s| s.sighting.data.bytes()).find(|b| *b == bytes)
        {
            *bytes = Arc::clone(same);
        }
        let at = self.seen.partition_point(|s| s.sighting.revolution <= seen.sighting.revolution);
        self.seen.insert(at, seen);
    }

    /// How far a sighting is from the place if it may be of it.
    pub(super) fn apart(&self, seen: &Seen) -> Option<u64> {
        self.seen.iter().filter_map(|s| s.apart(seen)).min()
    }

    pub(super) fn is_good(&self) -> bool {
        self.seen.iter().any(|s| s.sighting.status() == Status::Good)
    }

    /// True when the other is this very place.
    pub(super) fn is_echoed_by(&self, other: &Spot) -> bool {
        let Some(own) = self.seen.iter().filter(|s| s.holds()).max_by_key(|s| s.rank()) else { return false };
        let near = |s: &Seen| {
            let data = own.data_at.zip(s.data_at).map_or(u64::MAX, |(a, b)| turn_apart(a, b));
            s.sighting.scheme == own.sighting.scheme && turn_apart(own.at, s.at).min(data) <= NEAR_ENOUGH
        };
        let other_id = |s: &Seen| {
            s.sighting.id_check == Known::Value(Check::Good) && s.sighting.sector_id() != own.sighting.sector_id()
        };
        let same = |s: &Seen| !s.holds() || s.sighting.data == own.sighting.data;
        other.seen.iter().any(near) && other.seen.iter().all(|s| same(s) && !other_id(s))
    }

    /// True for what a higher rung believes, or another reading shows as well.
    pub(super) fn believes(&self, one: &Seen) -> bool {
        let least = if self.is_disputed() { Support::Same } else { Support::Near };
        let outdone = || one.is_doubtful() && self.seen.iter().any(|s| self.outdoes(s, one));
        (one.is_sure() && !self.is_alone(one) && !outdone()) || one.support >= least || self.agreed(one)
    }

    /// True for other data that two revolutions read for themselves.
    fn outdoes(&self, other: &Seen, one: &Seen) -> bool {
        other.sighting.data != one.sighting.data && self.agreed(other)
    }

    /// True for what one of many ways to lay revolutions on each other shows, or one
    /// of several loops after the first, and nothing else: of so many readings one
    /// satisfies a weak check by chance.
    fn is_alone(&self, one: &Seen) -> bool {
        let again = |s: &Seen| {
            s.sighting.revolution != one.sighting.revolution && s.holds() && s.sighting.data == one.sighting.data
        };
        let one_of_many = matches!(one.sighting.rung, Some(Rung::Merged | Rung::FastLoop));
        one_of_many && !one.is_strong() && !self.seen.iter().any(again)
    }

    /// True when another revolution, read for itself, shows the same data.
    pub(super) fn agreed(&self, one: &Seen) -> bool {
        let apart = |s: &Seen| s.sighting.revolution != one.sighting.revolution && s.sighting.rung < Some(Rung::Merged);
        one.holds() && self.seen.iter().any(|s| apart(s) && s.holds() && s.sighting.data == one.sighting.data)
    }

    /// Reconstructions of one place that differ are none.
    pub(super) fn doubt_what_differs(&mut self) {
        let made: Vec<&Seen> = self.seen.iter().filter(|s| s.sighting.status() == Status::Reconstructed).collect();
        let same = |s: &&Seen| made.first().is_some_and(|first| first.sighting.data == s.sighting.data);
        if !made.iter().all(same) {
            for seen in self.seen.iter_mut().filter(|s| s.sighting.status() == Status::Reconstructed) {
                seen.sighting.data_check = Known::Value(Check::Bad);
            }
        }
    }

    pub(super) fn is_sure(&self) -> bool {
        let good = |s: &&Seen| s.sighting.status() == Status::Good && s.sighting.sector_id().is_some();
        let all = self.seen.iter().all(|s| good(&s));
        !self.is_contested() && self.seen.iter().filter(good).any(|s| (all && !self.is_alone(s)) || self.believes(s))
    }

    /// True when checks hold over different data.
    fn is_disputed(&self) -> bool {
        let mut held = self.seen.iter().filter(|s| s.holds()).map(|s| &s.sighting.data);
        held.next().is_some_and(|first| held.any(|data| data != first))
    }

    /// True when it is disputed and nothing else speaks for one of the readings:
    /// chance or a contradiction, which higher rungs can tell.
    pub(super) fn is_contested(&self) -> bool {
        self.is_disputed() && self.seen.iter().any(|s| s.holds() && !self.believes(s))
    }

    /// The slot of the place.
    pub(crate) fn slot(&self) -> Option<Slot> {
        Slot::of(self.seen.iter().map(|s| s.sighting.clone()).collect())
    }

    /// The sighting that was chosen for the slot.
    pub(crate) fn chosen(&self, slot: &Slot) -> Option<&Seen> {
        self.seen.iter().find(|s| s.sighting == *slot.chosen())
    }

    /// Where no sighting is good, what differs between them is weak.
    pub(super) fn find_weak(&mut self) {
        let bytes: Vec<Arc<[u8]>> = self.seen.iter().filter_map(|s| s.sighting.data.bytes().cloned()).collect();
        let Some((first, rest)) = bytes.split_first() else { return };
        let shown = self.seen.iter().any(|s| s.sighting.status() >= Status::Reconstructed && s.sighting.rung.is_some());
        if self.is_good() || shown || rest.iter().all(|b| b == first) {
            return;
        }
        let differing = first.iter().enumerate().map(|(i, byte)| {
            let others = rest.iter().filter_map(|b| b.get(i));
            others.fold(0, |mask, other| mask | (byte ^ other))
        });
        let mask = Arc::new(Bits::from_msb(&differing.collect::<Vec<u8>>(), first.len().saturating_mul(8)));
        for seen in self.seen.iter_mut().filter(|s| s.sighting.data.bytes().is_some_and(|b| b.len() == first.len())) {
            seen.sighting.weak = Some(Arc::clone(&mask));
        }
    }
}

#[cfg(test)]
mod tests {
    use floptical_model::{Scheme, SectorId, Sighting};

    use super::*;

    /// A good reading of a loop of which a higher rung says so much.
    fn seen(revolution: u16, byte: u8, support: Support) -> Seen {
        let id = SectorId { c: 1, h: 0, r: 1, n: 2 };
        let good = Known::Value(Check::Good);
        let sighting = Sighting {
            revolution,
            id: Known::Value(Some(id)),
            id_check: good,
            data_check: good,
            rung: Some(Rung::FastLoop),
            ..Sighting::assumed(Scheme::IbmMfm, id, DataField::Bytes([byte; 512].into()))
        };
        Seen { sighting, strip: 0, support, at: 0, data_at: Some(0) }
    }

    #[test]
    fn in_a_dispute_nearly_the_same_speaks_for_nothing() {
        for support in [Support::None, Support::Near, Support::Same] {
            let other = seen(1, 2, Support::Same);
            let alone = Spot { seen: vec![seen(0, 1, support)] };
            let disputed = Spot { seen: vec![seen(0, 1, support), other] };
            assert_eq!(alone.believes(&alone.seen[0]), support >= Support::Near, "{support:?}");
            assert_eq!(disputed.believes(&disputed.seen[0]), support == Support::Same, "{support:?}");
            assert_eq!(disputed.is_contested(), support != Support::Same, "{support:?}");
        }
    }

    #[test]
    fn what_is_doubtful_yields_to_two_that_agree() {
        let read = |revolution: u16, byte: u8, decibels: u8| {
            let mut seen = seen(revolution, byte, Support::None);
            seen.sighting.rung = Some(Rung::Cells);
            seen.sighting.confidence = Some([decibels; 512].into());
            seen
        };
        for (decibels, others, believed) in [(0, 2, false), (2, 2, false), (3, 2, true), (0, 1, true), (0, 0, true)] {
            let others = (1..=others).map(|revolution| read(revolution, 2, 40));
            let spot = Spot { seen: std::iter::once(read(0, 1, decibels)).chain(others).collect() };
            assert_eq!(spot.believes(&spot.seen[0]), believed, "{decibels} dB");
            assert!(spot.seen.iter().skip(1).all(|other| spot.believes(other)));
        }
    }

    #[test]
    fn the_most_likely_cells_read_again_are_no_second_voice() {
        let read = |rung: Rung| {
            let mut seen = seen(0, 1, Support::None);
            seen.sighting.rung = Some(rung);
            seen
        };
        let likely = read(Rung::Cells);
        assert_eq!(likely.support(&read(Rung::FastLoop)), Support::Same);
        assert_eq!(read(Rung::Merged).support(&likely), Support::Same);
        assert_eq!(likely.support(&likely), Support::Near);
    }
}
