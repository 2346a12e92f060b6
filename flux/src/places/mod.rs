//! Sightings of several revolutions by the physical places that they show.

mod fields;
mod seen;
mod spot;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use floptical_model::{Bits, Check, Context, Known, Result, Rung, Scheme, SectorId, Sectors, Span, Status, Why};

pub(crate) use seen::Seen;
use seen::{Support, TURN};
pub(crate) use spot::Spot;

/// Places further apart than this many times the usual leave room for one that
/// was not seen (in tenths); over the index, where the longest gap is, more.
const ROOM: u64 = 16;
const ROOM_AT_INDEX: u64 = 22;

/// Places that loops read on a track where their readings are worth something.
const LOOPS_READ: usize = 2;

/// Sectors without a place that are remembered.
const UNPLACED: usize = 64;

/// All places of a track.
#[derive(Debug, Default)]
pub(crate) struct Places {
    spots: Vec<Spot>,
    strips: usize,
    /// Sectors that were recognised by their ids where there was no place yet,
    /// and whose data are no good.
    unplaced: Vec<Seen>,
    /// Data after a mended mark that their check does not speak for: no more than an
    /// id field announces them.
    announced: Vec<Seen>,
}

impl Places {
    /// Add what the cells of one more revolution show.
    pub(crate) fn add(&mut self, sectors: &Sectors, bits: &Bits, context: &Context) -> Result<()> {
        for seen in self.sightings(sectors, bits) {
            context.step(self.spots.len() as u64)?;
            let strip = seen.strip;
            let open = |spot: &Spot| spot.seen.iter().all(|s| s.strip != strip);
            match self.nearest(&seen, open) {
                Some(spot) => spot.push(seen),
                None => self.spots.push(Spot { seen: vec![seen] }),
            }
        }
        self.strips = self.strips.saturating_add(1);
        Ok(())
    }

    /// Add what another reading of a revolution shows better.
    pub(crate) fn improve(&mut self, sectors: &Sectors, bits: &Bits, context: &Context) -> Result<()> {
        for seen in self.sightings(sectors, bits) {
            context.step(self.spots.len() as u64)?;
            let ((status, ..), turn) = (seen.rank(), seen.sighting.revolution);
            if status < Status::Reconstructed && seen.sighting.rung == Some(Rung::Merged) {
                continue;
            }
            let worse = |s: &Seen| s.sighting.revolution == turn && s.rank() < seen.rank();
            match self.nearest(&seen, |_| true) {
                Some(spot) if spot.seen.iter().all(|s| s.sighting.revolution != turn) => spot.push(seen),
                Some(spot) => {
                    for same in spot.seen.iter_mut().filter(|s| s.sighting.revolution == turn) {
                        same.support = same.support.max(seen.support(same));
                    }
                    if let Some(at) = spot.seen.iter().position(worse) {
                        spot.seen.remove(at);
                        spot.push(seen);
                    }
                }
                None if status >= Status::Reconstructed => self.spots.push(Spot { seen: vec![seen] }),
                None => self.unplaced.extend(Some(seen).filter(Seen::is_recognised)),
            }
        }
        self.unplaced.truncate(UNPLACED);
        self.strips = self.strips.saturating_add(1);
        Ok(())
    }

    /// Put aside data that nothing but an id field announces, until it is known that
    /// nothing else is shown of the place.
    pub(crate) fn announce(&mut self, sectors: &Sectors, bits: &Bits) {
        let announced: Vec<Seen> = self.sightings(sectors, bits).collect();
        self.announced.extend(announced);
        self.announced.truncate(UNPLACED);
    }

    /// Take out of a reading by a higher rung what another has confirmed of the same
    /// revolution: to judge it again would tell nothing.
    pub(crate) fn pass_over(&mut self, sectors: &mut Sectors, bits: &Bits, context: &Context) -> Result<()> {
        self.take_out((sectors, bits), Self::was_confirmed, context)
    }

    fn was_confirmed(&mut self, seen: &Seen) -> bool {
        let same = |s: &Seen| {
            s.sighting.revolution == seen.sighting.revolution && s.sighting.data == seen.sighting.data && s.holds()
        };
        let spot = self.nearest(seen, Spot::is_sure).filter(|_| seen.is_strong() && seen.holds());
        spot.is_some_and(|spot| spot.seen.iter().any(|s| same(s) && s.has_support(Support::Likely)))
    }

    /// Take out of a reading by a higher rung what is sure already and what it
    /// confirms: there is nothing to be found out.
    pub(crate) fn confirm(&mut self, sectors: &mut Sectors, bits: &Bits, context: &Context) -> Result<()> {
        self.take_out((sectors, bits), Self::is_confirmed_by, context)
    }

    /// Take out what nothing more is to be found out of.
    fn take_out(
        &mut self,
        (sectors, bits): (&mut Sectors, &Bits),
        is_done: impl Fn(&mut Self, &Seen) -> bool,
        context: &Context,
    ) -> Result<()> {
        context.step((self.spots.len() as u64).saturating_mul(sectors.slots.len() as u64))?;
        let seen: Vec<Seen> = self.sightings(sectors, bits).collect();
        let mut left = seen.iter().map(|seen| !is_done(self, seen));
        sectors.slots.retain(|_| left.next().unwrap_or(true));
        Ok(())
    }

    fn is_confirmed_by(&mut self, seen: &Seen) -> bool {
        let Some(spot) = self.nearest(seen, Spot::is_sure).filter(|_| seen.is_strong()) else { return false };
        let good =
            |s: &&mut Seen| s.sighting.revolution == seen.sighting.revolution && s.sighting.status() == Status::Good;
        let confirmed = spot.seen.iter_mut().filter(good).map(|same| {
            same.support = same.support.max(seen.support(same));
            same.has_support(Support::Likely)
        });
        confirmed.fold(false, |any, one| any | one)
    }

    /// True when every place has a good sighting.
    pub(crate) fn all_good(&self) -> bool {
        !self.spots.is_empty() && self.spots.iter().all(Spot::is_good)
    }

    /// True when nothing was seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.spots.is_empty()
    }

    /// True when every place is sure, or shown alike by all revolutions that show
    /// it, two at least: a bad check that stays is how the sector was written.
    pub(crate) fn is_told(&self) -> bool {
        let same = |pair: &[Seen]| matches!(pair, [a, b] if a.sighting.same_content(&b.sighting));
        let alike = |spot: &Spot| spot.seen.len() > 1 && spot.seen.windows(2).all(same);
        self.spots.iter().all(|spot| spot.is_sure() || alike(spot))
    }

    /// True when every place has a good sighting that does not stand alone among
    /// bad ones.
    pub(crate) fn all_sure(&self) -> bool {
        !self.spots.is_empty() && self.spots.iter().all(Spot::is_sure)
    }

    /// True when there may be sectors that nothing has shown: one was recognised
    /// and not read, a number is missing between others, an id is, or there is room
    /// between two places. Over the index there is room on many good tracks; it is
    /// looked at only on request.
    pub(crate) fn has_gaps(&self, over_index: bool) -> bool {
        let ids = || self.spots.iter().filter_map(|spot| spot.seen.iter().find_map(|s| s.sighting.sector_id()));
        let is_placed = |seen: &Seen| self.spots.iter().any(|spot| spot.apart(seen).is_some());
        if ids().count() < self.spots.len() || !self.unplaced.iter().all(is_placed) {
            return true;
        }
        let mut seen = [false; 256];
        ids().filter_map(|id| seen.get_mut(usize::from(id.r)).map(|seen| *seen = true)).for_each(drop);
        let (first, last) = (seen.iter().position(|s| *s), seen.iter().rposition(|s| *s));
        let numbers = first.zip(last).map_or(0, |(first, last)| last.saturating_sub(first).saturating_add(1));
        // Some count in steps; where most numbers are missing nothing is.
        let there = seen.iter().filter(|s| **s).count();
        if there < numbers && there.saturating_mul(2) > numbers {
            return true;
        }
        let mut at: Vec<u64> = self.spots.iter().filter_map(|spot| spot.seen.first().map(|s| s.at)).collect();
        at.sort_unstable();
        let mut apart: Vec<u64> = at.iter().zip(at.iter().skip(1)).map(|(a, b)| b.saturating_sub(*a)).collect();
        let over = at.first().zip(at.last()).map_or(0, |(a, b)| a.saturating_add(TURN).saturating_sub(*b));
        apart.sort_unstable();
        let (Some(usual), Some(most)) = (apart.get(apart.len() / 2), apart.last()) else { return over_index };
        let room = |apart: u64, tenths: u64| apart.saturating_mul(10) > usual.saturating_mul(tenths);
        room(*most, ROOM) || (over_index && room(over, ROOM_AT_INDEX))
    }

    /// On a track that was hard to read a check that holds is not enough: what a
    /// loop read needs a higher rung or another revolution that shows the same,
    /// and so does what the higher rungs doubt. What has neither is unverified.
    /// Where loops read others of the track, which have it, and nothing else is shown
    /// of the place, by another revolution or by a higher rung, a CRC is enough: that
    /// they are right is then far more likely than that a wrong one satisfies it.
    pub(crate) fn settle(&mut self, context: &Context) -> Result<()> {
        // Every place is held against every other.
        context.step((self.spots.len() as u64).saturating_mul(self.spots.len() as u64))?;
        self.join_echoes();
        self.join_fields();
        self.show_announced();
        let shown = |spot: &&Spot| {
            spot.seen.iter().any(|s| s.is_of_loop() && (s.has_support(Support::Likely) || spot.agreed(s)))
        };
        let loops_read = self.spots.iter().filter(shown).count() >= LOOPS_READ;
        for spot in &mut self.spots {
            let only_one = spot.seen.len() == 1;
            let nothing_else = |s: &Seen| only_one && s.support == Support::None;
            let of_loop = |s: &Seen| loops_read && s.is_of_loop() && s.is_strong() && nothing_else(s);
            let is_sure = |s: &Seen| spot.believes(s) || of_loop(s);
            let sure: Vec<bool> = spot.seen.iter().map(is_sure).collect();
            for (seen, sure) in spot.seen.iter_mut().zip(sure).filter(|(s, _)| s.holds()) {
                seen.sighting.data_check = if sure { Known::Value(Check::Good) } else { Known::Unrecorded };
            }
        }
        self.spots.iter_mut().for_each(Spot::doubt_what_differs);
        self.number_by_spacing();
        Ok(())
    }

    /// A sector without an id has the one number that is missing, where most
    /// numbers follow each other along the track as the places do. No reading
    /// shows it: it is reconstructed.
    fn number_by_spacing(&mut self) {
        let mut at: Vec<(u64, Option<SectorId>, usize)> = Vec::new();
        for (i, spot) in self.spots.iter().enumerate() {
            let id = spot.seen.iter().max_by_key(|s| s.rank()).and_then(|s| s.sighting.sector_id());
            at.extend(spot.seen.first().map(|s| (s.data_at.unwrap_or(s.at), id, i)));
        }
        at.sort_unstable_by_key(|(at, ..)| *at);
        let pairs = || at.iter().zip(at.iter().skip(1));
        let mut apart: Vec<u64> = pairs().map(|(a, b)| b.0.saturating_sub(a.0)).collect();
        apart.sort_unstable();
        let Some(usual) = apart.get(apart.len() / 2).copied().filter(|usual| *usual > 0) else { return };
        let follows =
            |a: &SectorId, b: &SectorId| (a.c, a.h, a.n) == (b.c, b.h, b.n) && a.r.checked_add(1) == Some(b.r);
        let known = pairs().filter_map(|(a, b)| a.1.zip(b.1));
        let (all, in_order) = known.fold((0usize, 0usize), |(all, ordered), (a, b)| {
            (all.saturating_add(1), ordered.saturating_add(usize::from(follows(&a, &b))))
        });
        if in_order.saturating_mul(4) < all.saturating_mul(3) || all < 2 {
            return;
        }
        let taken: Vec<SectorId> = at.iter().filter_map(|(_, id, _)| *id).collect();
        for (place, _, spot) in at.iter().filter(|(_, id, _)| id.is_none()) {
            let told = at.iter().filter_map(|(other, id, _)| {
                let steps = place.abs_diff(*other).saturating_add(usual / 2).checked_div(usual)?;
                let steps = u8::try_from(steps).ok()?;
                let id = (*id)?;
                let r = if other < place { id.r.checked_add(steps) } else { id.r.checked_sub(steps) };
                Some((place.abs_diff(*other), SectorId { r: r?, ..id }))
            });
            let Some((_, id)) = told.min_by_key(|(apart, _)| *apart).filter(|(_, id)| !taken.contains(id)) else {
                continue;
            };
            for seen in self.spots.get_mut(*spot).into_iter().flat_map(|spot| &mut spot.seen) {
                if seen.holds() && seen.sighting.size() == id.size() {
                    seen.sighting.id = Known::Assumed(Some(id), Why::Layout);
                    seen.sighting.reconstructed = true;
                }
            }
        }
    }

    /// Where a loop slipped, what it saw lies beside the place that a higher rung
    /// found: what is no good there, or shows the same, is of that place.
    fn join_echoes(&mut self) {
        let mut spots = std::mem::take(&mut self.spots);
        spots.sort_by_key(|spot| Reverse(spot.seen.iter().map(Seen::rank).max()));
        for spot in spots {
            match self.spots.iter_mut().find(|other| other.is_echoed_by(&spot)) {
                Some(other) => {
                    for seen in spot.seen {
                        if other.seen.iter().all(|s| s.sighting.revolution != seen.sighting.revolution) {
                            other.push(seen);
                        }
                    }
                }
                None => self.spots.push(spot),
            }
        }
    }

    /// The schemes that were seen.
    pub(crate) fn schemes(&self) -> impl Iterator<Item = Scheme> + '_ {
        self.spots.iter().flat_map(|spot| spot.seen.iter().map(|s| s.sighting.scheme))
    }

    /// The places in the order of the track.
    pub(crate) fn into_spots(mut self) -> Vec<Spot> {
        self.spots.sort_by_key(|spot| spot.seen.first().map(|s| s.at));
        self.spots.iter_mut().for_each(Spot::find_weak);
        self.spots
    }

    fn sightings<'a>(&self, sectors: &'a Sectors, bits: &'a Bits) -> impl Iterator<Item = Seen> + use<'a> {
        let len = sectors.cells.copied().map_or(1, u64::from).max(1);
        let strip = self.strips;
        sectors.slots.iter().map(move |slot| {
            let sighting = slot.chosen().clone();
            let part = |span: &Option<Span>| match span {
                Some(Span::Cells { start, .. }) => start.saturating_mul(TURN).checked_div(len),
                _ => None,
            };
            let data_at = part(&sighting.data_span);
            let at = part(&sighting.id_span).or(data_at).unwrap_or(0);
            let transitions = sighting.data_span.as_ref().map_or(0, |span| transitions(span, bits));
            Seen { sighting, strip, support: Support::None, at, data_at, transitions }
        })
    }

    /// The nearest place that may be the sighting's.
    fn nearest(&mut self, seen: &Seen, open: impl Fn(&Spot) -> bool) -> Option<&mut Spot> {
        let spots = self.spots.iter_mut().filter(|spot| open(spot));
        let near = spots.filter_map(|spot| Some((spot.apart(seen)?, spot)));
        near.min_by_key(|(apart, _)| *apart).map(|(_, spot)| spot)
    }
}

/// How many transitions lie in a stretch of cells.
fn transitions(span: &Span, bits: &Bits) -> usize {
    let Span::Cells { start, len, .. } = span else { return 0 };
    let cell = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    bits.slice_wrapping(cell(*start), cell(*len).min(bits.len())).count_ones()
}
