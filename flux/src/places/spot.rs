//! What was seen at one place.

use std::sync::Arc;

use floptical_model::{Bits, Check, DataField, Known, Rung, Slot, Status};

use super::seen::{NEAR_ENOUGH, NEAR_IF_KNOWN, Seen, Support, turn_apart};

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
        // What one string of cells shows at two places is at two places.
        let apart = |s: &Seen| self.seen.iter().all(|seen| seen.strip != s.strip);
        let is_own_id = |s: &Seen| s.sighting.sector_id().is_some_and(|id| own.sighting.sector_id() == Some(id));
        let known = |s: &Seen| match s.holds() {
            true => s.sighting.same_content(&own.sighting),
            false => is_own_id(s) && s.sighting.rung < own.sighting.rung,
        };
        let near = |s: &Seen| {
            let data = own.data_at.zip(s.data_at).map_or(u64::MAX, |(a, b)| turn_apart(a, b));
            let within = if apart(s) && known(s) { NEAR_IF_KNOWN } else { NEAR_ENOUGH };
            s.sighting.scheme == own.sighting.scheme && turn_apart(own.at, s.at).min(data) <= within
        };
        let other_id = |s: &Seen| {
            s.sighting.id_check == Known::Value(Check::Good) && s.sighting.sector_id() != own.sighting.sector_id()
        };
        let same = |s: &Seen| !s.holds() || s.sighting.data == own.sighting.data;
        other.seen.iter().any(near) && other.seen.iter().all(|s| same(s) && !other_id(s))
    }

    /// True for what a higher rung believes, or another reading shows as well.
    pub(super) fn believes(&self, one: &Seen) -> bool {
        let least = if self.is_disputed() { Support::Same } else { Support::Likely };
        let itself = || one.is_sure() && !self.is_alone(one) && !self.is_outdone(one);
        one.has_support(least) || self.agreed(one) || itself()
    }

    /// True where other data are shown better.
    fn is_outdone(&self, one: &Seen) -> bool {
        let outdone = || !one.is_beyond_doubt() && self.seen.iter().any(|s| self.outdoes(s, one));
        one.support == Support::Outdone || outdone()
    }

    /// True for other data that two revolutions read for themselves, or that all of
    /// them laid on each other show beyond doubt.
    fn outdoes(&self, other: &Seen, one: &Seen) -> bool {
        let of_all = || other.sighting.rung == Some(Rung::Merged) && other.is_sure() && !other.is_doubtful();
        other.sighting.data != one.sighting.data && (self.agreed(other) || of_all())
    }

    /// True for a doubtful reading of one revolution, of several: they may tell.
    fn may_be_outdone(&self, one: &Seen) -> bool {
        let is_one_of_several = one.sighting.rung == Some(Rung::Cells) && self.seen.len() > 1;
        is_one_of_several && one.is_doubtful() && !self.agreed(one)
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
        let sure = |s: &Seen| (all && !self.is_alone(s)) || self.believes(s);
        !self.is_contested() && self.seen.iter().filter(good).any(|s| sure(s) && !self.may_be_outdone(s))
    }

    /// True when checks hold over different data.
    fn is_disputed(&self) -> bool {
        let mut held = self.seen.iter().filter(|s| s.holds()).map(|s| &s.sighting.data);
        held.next().is_some_and(|first| held.any(|data| data != first))
    }

    /// True when it is disputed and nothing else speaks for one of the readings, or
    /// under a weak check no other revolution: chance or a contradiction, which higher
    /// rungs can tell.
    pub(super) fn is_contested(&self) -> bool {
        let is_told = |s: &Seen| self.believes(s) && (s.is_strong() || self.agreed(s));
        self.is_disputed() && self.seen.iter().any(|s| s.holds() && !is_told(s))
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
