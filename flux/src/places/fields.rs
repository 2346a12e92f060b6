//! An id field that one reading shows, and a data field that another does, or that
//! the id field announces.

use floptical_model::Status;

use super::seen::TURN;
use super::{Places, Seen, Spot};
use crate::code::Code;

/// How much nearer or further than usual a data field may begin behind its id
/// field: a part of that distance. The next field is several of it away.
const OFF: u64 = 4;

/// Sectors that tell what is usual.
const USUAL: usize = 2;

impl Places {
    /// Where one reading shows no more of a sector than its id field, and another
    /// no more than its data field, which begins as far behind it as those of the
    /// others of the track do, they are one sector.
    pub(super) fn join_fields(&mut self) {
        let mut usual: Vec<u64> = self.spots.iter().flat_map(|spot| &spot.seen).filter_map(from_id_to_data).collect();
        usual.sort_unstable();
        let Some(usual) = usual.get(usual.len() / 2).copied().filter(|_| usual.len() >= USUAL) else { return };
        let spots = std::mem::take(&mut self.spots);
        let (ids, others): (Vec<Spot>, _) = spots.into_iter().partition(Spot::is_id_alone);
        self.spots = others;
        for spot in ids {
            let id = spot.seen.iter().find(|s| s.is_recognised());
            let joined = id.and_then(|id| Some((self.spots.iter_mut().find(|other| other.is_data_of(id, usual))?, id)));
            match joined {
                Some((data, id)) => data.seen.iter_mut().for_each(|seen| seen.take_id(id)),
                None => self.spots.push(spot),
            }
        }
    }

    /// Where nothing but its id field is shown of a sector, show the data that it
    /// announces, though their check fails.
    pub(super) fn show_announced(&mut self) {
        let announced = std::mem::take(&mut self.announced);
        let (ids, others): (Vec<Spot>, _) = std::mem::take(&mut self.spots).into_iter().partition(Spot::is_id_alone);
        self.spots = ids;
        for seen in announced {
            let turn = seen.sighting.revolution;
            let Some(spot) = self.nearest(&seen, |_| true) else { continue };
            if spot.seen.iter().all(|s| s.sighting.revolution != turn || s.data_at.is_none()) {
                spot.seen.retain(|s| s.sighting.revolution != turn);
                spot.push(seen);
            }
        }
        self.spots.extend(others);
    }
}

/// How far behind its id field the data field of a sector begins.
fn from_id_to_data(seen: &Seen) -> Option<u64> {
    seen.data_at.filter(|_| seen.is_recognised()).map(|data| behind(seen.at, data))
}

/// How far `b` is behind `a` along a turn.
fn behind(a: u64, b: u64) -> u64 {
    b.checked_sub(a).unwrap_or_else(|| b.saturating_add(TURN).saturating_sub(a))
}

impl Spot {
    /// True where nothing but an id field was seen.
    fn is_id_alone(&self) -> bool {
        self.seen.iter().all(|s| s.data_at.is_none()) && self.seen.iter().any(Seen::is_recognised)
    }

    /// True for data without an id that may be those of this one.
    fn is_data_of(&self, id: &Seen, usual: u64) -> bool {
        let size = id.sighting.size();
        let its = |s: &Seen| {
            let off = s.data_at.map_or(u64::MAX, |data| behind(id.at, data).abs_diff(usual));
            s.sighting.scheme == id.sighting.scheme
                && s.sighting.sector_id().is_none()
                && s.sighting.size() == size
                && off.saturating_mul(OFF) <= usual
        };
        let is_shown = |s: &Seen| s.holds() || s.sighting.status() == Status::Reconstructed;
        self.seen.iter().all(its) && self.seen.iter().any(is_shown)
    }
}

impl Seen {
    /// Take the id field of another reading. Harm satisfies its check now and then,
    /// where that is no CRC.
    fn take_id(&mut self, id: &Seen) {
        self.at = id.at;
        let (own, other) = (&mut self.sighting, &id.sighting);
        own.id = other.id;
        own.header = other.header.clone();
        own.id_check = other.id_check;
        own.id_check_value = other.id_check_value;
        own.id_span = other.id_span.clone();
        own.angle = other.angle;
        own.reconstructed |= !Code::of(other.scheme).is_some_and(|code| code.id_sum.spreads);
    }
}
