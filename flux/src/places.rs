//! Sightings of several revolutions by the physical places that they show.

use std::cmp::Reverse;
use std::sync::Arc;

use floptical_model::{
    Bits, Check, Context, DataField, Known, Result, Rung, Scheme, SectorId, Sectors, Sighting, Slot, Span, Status, Why,
};

use crate::code::Code;

/// A revolution in parts: angles are compared in these.
const TURN: u64 = 1 << 20;
/// Sightings of one id are of one place up to so far apart: 1 % of a turn is
/// less than the shortest sector, and more than index and speed wander.
const NEAR: u64 = TURN / 100;
/// Two good ids alike may be further apart: where a loop slips, cells are lost.
const NEAR_ENOUGH: u64 = TURN / 40;
/// Sightings whose ids do not say that they are one must be nearer: the index
/// alone wanders.
const VERY_NEAR: u64 = NEAR / 4;

/// A sighting and the string of cells that shows it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) sighting: Sighting,
    pub(crate) strip: usize,
    /// What a higher rung says of it.
    support: Support,
    /// Where its first field and its data field begin, in parts of a turn.
    at: u64,
    data_at: Option<u64>,
}

/// What a higher rung says of data that another read from the same flux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Support {
    None,
    /// It has nearly the same, whose check fails, while one holds for the other that
    /// is hardly ever satisfied by chance.
    Near,
    /// It believes the same.
    Same,
}

/// Places further apart than this many times the usual leave room for one that
/// was not seen (in tenths); over the index, where the longest gap is, more.
const ROOM: u64 = 16;
const ROOM_AT_INDEX: u64 = 22;

/// Places that loops read on a track where their readings are worth something.
const LOOPS_READ: usize = 2;

/// Sectors without a place that are remembered.
const UNPLACED: usize = 64;

/// Bytes in which two readings of the same flux differ that are nearly the same.
const NEARLY: usize = 8;

/// What was seen at one place, in order of revolutions.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub(crate) seen: Vec<Seen>,
}

/// All places of a track.
#[derive(Debug, Default)]
pub(crate) struct Places {
    spots: Vec<Spot>,
    strips: usize,
    /// Sectors that were recognised by their ids where there was no place yet,
    /// and whose data are no good.
    unplaced: Vec<Seen>,
}

impl Places {
    /// Add what one more revolution shows.
    pub(crate) fn add(&mut self, sectors: &Sectors, context: &Context) -> Result<()> {
        for seen in self.sightings(sectors) {
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
    pub(crate) fn improve(&mut self, sectors: &Sectors, context: &Context) -> Result<()> {
        for seen in self.sightings(sectors) {
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

    /// Take out of a reading by a higher rung what is sure already and what it
    /// confirms: there is nothing to be found out.
    pub(crate) fn confirm(&mut self, sectors: &mut Sectors, context: &Context) -> Result<()> {
        context.step((self.spots.len() as u64).saturating_mul(sectors.slots.len() as u64))?;
        let seen: Vec<Seen> = self.sightings(sectors).collect();
        let mut left = seen.iter().map(|seen| !self.is_confirmed_by(seen));
        sectors.slots.retain(|_| left.next().unwrap_or(true));
        Ok(())
    }

    fn is_confirmed_by(&mut self, seen: &Seen) -> bool {
        let Some(spot) = self.nearest(seen, Spot::is_sure).filter(|_| seen.is_strong()) else { return false };
        let good =
            |s: &&mut Seen| s.sighting.revolution == seen.sighting.revolution && s.sighting.status() == Status::Good;
        let confirmed = spot.seen.iter_mut().filter(good).map(|same| {
            same.support = same.support.max(seen.support(same));
            same.support > Support::None
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
    /// Where loops read others of the track, which have it, and no other data are
    /// shown, a CRC is enough: that they are right is then far more likely than that
    /// a wrong one satisfies it.
    pub(crate) fn settle(&mut self) {
        self.join_echoes();
        let shown =
            |spot: &&Spot| spot.seen.iter().any(|s| s.is_of_loop() && (s.support > Support::None || spot.agreed(s)));
        let loops_read = self.spots.iter().filter(shown).count() >= LOOPS_READ;
        for spot in &mut self.spots {
            let contested = spot.is_contested();
            let of_loop = |s: &Seen| loops_read && !contested && s.is_of_loop() && s.is_strong();
            let is_sure = |s: &Seen| spot.believes(s) || of_loop(s);
            let sure: Vec<bool> = spot.seen.iter().map(is_sure).collect();
            for (seen, sure) in spot.seen.iter_mut().zip(sure).filter(|(s, _)| s.holds()) {
                seen.sighting.data_check = if sure { Known::Value(Check::Good) } else { Known::Unrecorded };
            }
        }
        self.spots.iter_mut().for_each(Spot::doubt_what_differs);
        self.number_by_spacing();
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

    fn sightings<'a>(&self, sectors: &'a Sectors) -> impl Iterator<Item = Seen> + use<'a> {
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
            Seen { sighting, strip, support: Support::None, at, data_at }
        })
    }

    /// The nearest place that may be the sighting's.
    fn nearest(&mut self, seen: &Seen, open: impl Fn(&Spot) -> bool) -> Option<&mut Spot> {
        let spots = self.spots.iter_mut().filter(|spot| open(spot));
        let near = spots.filter_map(|spot| Some((spot.apart(seen)?, spot)));
        near.min_by_key(|(apart, _)| *apart).map(|(_, spot)| spot)
    }
}

impl Seen {
    /// The cell of a turn of so many at which its first field begins.
    pub(crate) fn cell_of(&self, turn: usize) -> usize {
        let wide = u128::from(self.at).saturating_mul(turn as u128).saturating_add(u128::from(TURN / 2));
        usize::try_from(wide.checked_div(TURN.into()).unwrap_or(0)).unwrap_or(0)
    }

    /// How far two sightings of one place are apart; `None` where they are of
    /// two. A broken id field may be that of any place, and a sighting may
    /// lack it.
    fn apart(&self, other: &Seen) -> Option<u64> {
        let (a, b) = (&self.sighting, &other.sighting);
        if a.scheme != b.scheme {
            return None;
        }
        let from_start = turn_apart(self.at, other.at);
        let broken = |s: &Sighting| s.id_check == Known::Value(Check::Bad);
        match (a.sector_id(), b.sector_id()) {
            (Some(x), Some(y)) if x == y => {
                let sure = a.id_check == Known::Value(Check::Good) && a.id_check == b.id_check;
                Some(from_start).filter(|apart| *apart <= if sure { NEAR_ENOUGH } else { NEAR })
            }
            (None, None) => Some(from_start).filter(|apart| *apart <= NEAR),
            (Some(_), Some(_)) if broken(a) || broken(b) => Some(from_start).filter(|apart| *apart <= VERY_NEAR),
            (Some(_), Some(_)) => None,
            _ => Some(turn_apart(self.data_at?, other.data_at?)).filter(|apart| *apart <= VERY_NEAR),
        }
    }
}

impl Seen {
    /// True for data whose check holds, whether that is believed or not.
    fn holds(&self) -> bool {
        let doubtful = self.sighting.rung >= Some(Rung::Cells) && !self.sighting.reconstructed;
        match self.sighting.status() {
            Status::Good => true,
            Status::Unverified => doubtful && self.sighting.data_check == Known::Unrecorded,
            _ => false,
        }
    }

    /// What makes one better than another of the same flux: of two that are no
    /// good the one of the higher rung has fewer errors, unless it is a mean that
    /// hides how revolutions differ.
    fn rank(&self) -> (Status, bool, Option<Rung>) {
        let status = self.sighting.status();
        let own = |rung: &Rung| status < Status::Reconstructed && *rung < Rung::Merged;
        let rung = self.sighting.rung.filter(own);
        (status, self.sighting.sector_id().is_some(), rung)
    }

    /// How this reading of the same flux by a higher rung speaks for the other.
    fn support(&self, other: &Seen) -> Support {
        let (Some(own), Some(its)) = (self.sighting.data.bytes(), other.sighting.data.bytes()) else {
            return Support::None;
        };
        let likely = self.sighting.rung >= Some(Rung::Cells) && own.len() == its.len();
        let differ = own.iter().zip(its.iter()).filter(|(a, b)| a != b).count();
        let near = differ == 0 || (differ <= NEARLY && !self.holds());
        match differ {
            0 if self.is_sure() => Support::Same,
            _ if likely && near && other.is_strong() => Support::Near,
            _ => Support::None,
        }
    }

    /// True where an id says which sector it is.
    fn is_recognised(&self) -> bool {
        self.sighting.id_check == Known::Value(Check::Good) && !self.sighting.reconstructed
    }

    /// True for what a loop read and whose check holds.
    fn is_of_loop(&self) -> bool {
        self.sighting.rung < Some(Rung::Cells) && self.holds()
    }

    /// True where harm hardly ever satisfies the check: a CRC, the sum of the
    /// Macintosh.
    fn is_strong(&self) -> bool {
        Code::of(self.sighting.scheme).is_some_and(|code| code.data_sum.spreads)
    }

    /// True for what a higher rung read and believes.
    fn is_sure(&self) -> bool {
        self.sighting.rung >= Some(Rung::Cells) && self.sighting.status() == Status::Good
    }
}

fn turn_apart(a: u64, b: u64) -> u64 {
    let apart = a.abs_diff(b);
    apart.min(TURN.saturating_sub(apart))
}

impl Spot {
    /// Add a sighting in the order of revolutions; equal data is kept once.
    fn push(&mut self, mut seen: Seen) {
        if let DataField::Bytes(bytes) = &mut seen.sighting.data
            && let Some(same) = self.seen.iter().filter_map(|s| s.sighting.data.bytes()).find(|b| *b == bytes)
        {
            *bytes = Arc::clone(same);
        }
        let at = self.seen.partition_point(|s| s.sighting.revolution <= seen.sighting.revolution);
        self.seen.insert(at, seen);
    }

    /// How far a sighting is from the place if it may be of it.
    fn apart(&self, seen: &Seen) -> Option<u64> {
        self.seen.iter().filter_map(|s| s.apart(seen)).min()
    }

    fn is_good(&self) -> bool {
        self.seen.iter().any(|s| s.sighting.status() == Status::Good)
    }

    /// True when the other is this very place.
    fn is_echoed_by(&self, other: &Spot) -> bool {
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
    fn believes(&self, one: &Seen) -> bool {
        let least = if self.is_disputed() { Support::Same } else { Support::Near };
        (one.is_sure() && !self.is_alone(one)) || one.support >= least || self.agreed(one)
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
    fn agreed(&self, one: &Seen) -> bool {
        let apart = |s: &Seen| s.sighting.revolution != one.sighting.revolution && s.sighting.rung < Some(Rung::Merged);
        one.holds() && self.seen.iter().any(|s| apart(s) && s.holds() && s.sighting.data == one.sighting.data)
    }

    /// Reconstructions of one place that differ are none.
    fn doubt_what_differs(&mut self) {
        let made: Vec<&Seen> = self.seen.iter().filter(|s| s.sighting.status() == Status::Reconstructed).collect();
        let same = |s: &&Seen| made.first().is_some_and(|first| first.sighting.data == s.sighting.data);
        if !made.iter().all(same) {
            for seen in self.seen.iter_mut().filter(|s| s.sighting.status() == Status::Reconstructed) {
                seen.sighting.data_check = Known::Value(Check::Bad);
            }
        }
    }

    fn is_sure(&self) -> bool {
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
    fn is_contested(&self) -> bool {
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
    fn find_weak(&mut self) {
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
