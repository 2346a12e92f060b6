//! A sighting on its place of the track, and how it stands to others of the place.

use floptical_model::{Check, Known, Rung, Sighting, Status};

use crate::code::Code;

/// A revolution in parts: angles are compared in these.
pub(super) const TURN: u64 = 1 << 20;
/// Sightings of one id are of one place up to so far apart: 1 % of a turn is
/// less than the shortest sector, and more than index and speed wander.
const NEAR: u64 = TURN / 100;
/// Two good ids alike may be further apart: where a loop slips, cells are lost.
pub(super) const NEAR_ENOUGH: u64 = TURN / 40;
/// A loop that slips far loses more; what it shows is known by its id or its data.
/// Places of a track of 18 sectors are further apart.
pub(super) const NEAR_IF_KNOWN: u64 = TURN / 20;
/// Sightings whose ids do not say that they are one must be nearer: the index
/// alone wanders.
const VERY_NEAR: u64 = NEAR / 4;

/// Of bytes that differ from those of a loop, one in so many or more say that a
/// reading of the same flux slipped: it tells nothing of them.
const SLIPPED: usize = 4;

/// A sighting and the string of cells that shows it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) sighting: Sighting,
    pub(crate) strip: usize,
    /// What a higher rung says of it.
    pub(super) support: Support,
    /// Where its first field and its data field begin, in parts of a turn.
    pub(super) at: u64,
    pub(super) data_at: Option<u64>,
    /// How many transitions its data field has.
    pub(super) transitions: usize,
}

/// What a higher rung says of data that another read from the same flux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Support {
    /// Nothing.
    None,
    /// It reads the same transitions otherwise, or doubts what it reads.
    Otherwise,
    /// It finds the same, which stands while nothing else is shown: by a search for
    /// what satisfies a check that is hardly ever satisfied by chance, or under one that
    /// is, where a byte may well be another.
    Likely,
    /// It believes the same.
    Same,
    /// All revolutions laid on each other show other data, where this one lost
    /// transitions or has some too many and a weak check does not tell. Only another
    /// revolution that shows the same outweighs it.
    Outdone,
}

/// A byte whose next likely reading is less unlikely than this, in decibels, may as
/// well be that one.
const DOUBTFUL: u8 = 3;
/// Of bytes under a check that chance satisfies now and then, those less sure than
/// this may well be others.
const DOUBTFUL_IF_WEAK: u8 = 20;

impl Seen {
    /// The cell of a turn of so many at which its first field begins.
    pub(crate) fn cell_of(&self, turn: usize) -> usize {
        let wide = u128::from(self.at).saturating_mul(turn as u128).saturating_add(u128::from(TURN / 2));
        usize::try_from(wide.checked_div(TURN.into()).unwrap_or(0)).unwrap_or(0)
    }

    /// How far two sightings of one place are apart; `None` where they are of
    /// two. A broken id field may be that of any place, and a sighting may
    /// lack it.
    pub(super) fn apart(&self, other: &Seen) -> Option<u64> {
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

    /// True for data whose check holds, whether that is believed or not.
    pub(super) fn holds(&self) -> bool {
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
    pub(super) fn rank(&self) -> (Status, bool, Option<Rung>) {
        let status = self.sighting.status();
        let own = |rung: &Rung| status < Status::Reconstructed && *rung < Rung::Merged;
        let rung = self.sighting.rung.filter(own);
        (status, self.sighting.sector_id().is_some(), rung)
    }

    /// How this reading of the same flux by a higher rung speaks for the other.
    pub(super) fn support(&self, other: &Seen) -> Support {
        let (Some(own), Some(its)) = (self.sighting.data.bytes(), other.sighting.data.bytes()) else {
            return Support::None;
        };
        let differ = own.iter().zip(its.iter()).filter(|(a, b)| a != b).count();
        // The most likely cells of the same flux are the same each time.
        let again = [self, other].iter().all(|seen| seen.sighting.rung == Some(Rung::Cells));
        let slipped = differ.saturating_mul(SLIPPED) > own.len() && !self.holds();
        match differ {
            _ if self.sighting.rung < Some(Rung::Cells) || own.len() != its.len() => Support::None,
            0 if self.is_sure() && !again && (self.is_strong() || self.is_beyond_doubt()) => Support::Same,
            0 if self.is_sure() && !again => Support::Likely,
            0 if self.sighting.status() == Status::Reconstructed && other.is_strong() => Support::Likely,
            0 if again => Support::None,
            _ if slipped => Support::None,
            _ if self.counts_otherwise(other) => Support::Outdone,
            _ => Support::Otherwise,
        }
    }

    /// True where all revolutions laid on each other show without doubt another number
    /// of transitions than one of them, which a weak check does not tell.
    fn counts_otherwise(&self, other: &Seen) -> bool {
        let shows = self.sighting.rung == Some(Rung::Merged) && self.is_sure() && !self.is_doubtful();
        shows && !other.is_strong() && self.transitions != other.transitions
    }

    /// True where a higher rung says at least so much for it.
    pub(super) fn has_support(&self, least: Support) -> bool {
        self.support >= least && self.support != Support::Outdone
    }

    /// True where an id says which sector it is.
    pub(super) fn is_recognised(&self) -> bool {
        self.sighting.id_check == Known::Value(Check::Good) && !self.sighting.reconstructed
    }

    /// True for what a loop read and whose check holds.
    pub(super) fn is_of_loop(&self) -> bool {
        self.sighting.rung < Some(Rung::Cells) && self.holds()
    }

    /// True where harm hardly ever satisfies the check: a CRC, the sum of the
    /// Macintosh.
    pub(super) fn is_strong(&self) -> bool {
        Code::of(self.sighting.scheme).is_some_and(|code| code.data_sum.spreads)
    }

    /// True for what a higher rung read and believes.
    pub(super) fn is_sure(&self) -> bool {
        self.sighting.rung >= Some(Rung::Cells) && self.sighting.status() == Status::Good
    }

    /// True where a byte may as well be another.
    pub(super) fn is_doubtful(&self) -> bool {
        self.has_less_than(DOUBTFUL)
    }

    /// True where no byte is likely another, as far as the check needs it.
    pub(super) fn is_beyond_doubt(&self) -> bool {
        !self.has_less_than(if self.is_strong() { DOUBTFUL } else { DOUBTFUL_IF_WEAK })
    }

    fn has_less_than(&self, decibels: u8) -> bool {
        self.sighting.confidence.as_ref().is_some_and(|all| all.iter().any(|byte| *byte < decibels))
    }
}

pub(super) fn turn_apart(a: u64, b: u64) -> u64 {
    let apart = a.abs_diff(b);
    apart.min(TURN.saturating_sub(apart))
}
