//! How the tracks of a side lie under the steps of the drive.
//!
//! A drive of 96 tracks an inch steps twice from one track to the next of a
//! disk of 48. The sides of a disk need not be alike: some were sold with one
//! side for each kind of drive, some were written side by side by two drives.

use std::collections::BTreeMap;
use std::fmt;

use super::Ids;
use crate::{Check, Sectors, TrackAt};

/// How the tracks of a side lie under the steps of the drive, and what says so.
///
/// The ids decide: more tracks at even steps are numbered by half their step
/// than by their step. What lies between must not speak against it: it is empty,
/// repeats a neighbour that the wider head wrote, or is left from a format of
/// twice the pitch; few tracks there are of their own. A side that says nothing
/// goes as another one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stepping {
    /// The side.
    pub head: u8,
    /// Steps of the drive from one track to the next: 1 or 2.
    pub pitch: u8,
    /// Tracks at even steps from 2 whose ids count the steps.
    pub single: usize,
    /// Tracks at even steps from 2 whose ids count every second step.
    pub double: usize,
    /// Odd steps that were looked at and show no sectors.
    pub empty: usize,
    /// Odd steps that show what a neighbour shows, and nothing else.
    pub repeats: usize,
    /// Odd steps whose ids count the steps.
    pub leftovers: usize,
    /// Odd steps with other sectors of their own.
    pub own: usize,
}

impl Stepping {
    /// The sides that the tracks lie on, in their order.
    pub fn of_sides(tracks: &[(TrackAt, &Sectors)]) -> Vec<Stepping> {
        let mut sides: BTreeMap<u8, BTreeMap<u8, &Sectors>> = BTreeMap::new();
        for (at, sectors) in tracks {
            if let Some(step) = at.cylinder() {
                sides.entry(at.head).or_default().insert(step, sectors);
            }
        }
        let mut sides: Vec<Stepping> = sides.iter().map(|(head, steps)| Self::counted(*head, steps)).collect();
        let other = sides.iter().find_map(|side| side.shown()).unwrap_or(1);
        for side in &mut sides {
            side.pitch = side.shown().unwrap_or(other);
        }
        sides
    }

    /// How many steps lie between two tracks of a side; 1 where none is held.
    pub fn pitch_of(sides: &[Stepping], head: u8) -> u8 {
        sides.iter().find(|side| side.head == head).map_or(1, |side| side.pitch)
    }

    fn counted(head: u8, steps: &BTreeMap<u8, &Sectors>) -> Self {
        let mut side = Self { head, pitch: 1, single: 0, double: 0, empty: 0, repeats: 0, leftovers: 0, own: 0 };
        let last = steps.iter().filter(|(_, sectors)| !sectors.slots.is_empty()).map(|(step, _)| *step).max();
        for (&step, sectors) in steps.iter().filter(|(step, _)| Some(**step) <= last) {
            if step == 0 {
                continue;
            }
            if step % 2 == 0 {
                side.single += usize::from(counts(sectors, step, head));
                side.double += usize::from(counts(sectors, step / 2, head));
                continue;
            }
            let near = [step.checked_sub(1), step.checked_add(1)].map(|at| at.and_then(|at| steps.get(&at)).copied());
            *match sectors {
                s if s.slots.is_empty() => &mut side.empty,
                s if repeats(s, &near) => &mut side.repeats,
                s if counts(s, step, head) => &mut side.leftovers,
                _ => &mut side.own,
            } += 1;
        }
        side
    }

    /// What the side itself shows.
    fn shown(&self) -> Option<u8> {
        let free = self.own * 2 < self.double && self.leftovers <= self.double + 1;
        match self.double.cmp(&self.single) {
            std::cmp::Ordering::Greater if free => Some(2),
            std::cmp::Ordering::Equal if self.own + self.leftovers == 0 => None,
            _ => Some(1),
        }
    }
}

impl fmt::Display for Stepping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = if self.pitch == 1 { "single" } else { "double" };
        write!(f, "side {} in {steps} steps: ", self.head)?;
        let (each, second) = (self.single + self.leftovers, self.double);
        match (self.shown(), self.pitch) {
            (None, _) => f.write_str("its ids do not tell")?,
            (_, 1) => write!(f, "ids of {each} tracks count each step, of {second} every second one")?,
            _ => write!(f, "ids of {second} tracks count every second step, of {each} each one")?,
        }
        let between =
            [(self.empty, "is empty", "are empty"), (self.repeats, "repeats a neighbour", "repeat a neighbour")];
        for (count, one, several) in between.into_iter().filter(|(count, ..)| *count > 0) {
            write!(f, "; {count} between {}", if count == 1 { one } else { several })?;
        }
        Ok(())
    }
}

/// True when most ids of a track that hold their check number it so, by the
/// rule of their scheme; a side that was turned over is counted as side 0.
fn counts(sectors: &Sectors, cylinder: u8, head: u8) -> bool {
    let trusted = sectors.slots.iter().map(|slot| slot.chosen()).filter(|s| s.id_check.copied() != Some(Check::Bad));
    let ids = || trusted.clone().filter_map(|s| Some((Ids::of(s.scheme), s.sector_id()?.c)));
    let so = |(rule, c): &(Ids, u8)| [head, 0].iter().any(|h| rule.at(cylinder, *h).0 == *c);
    ids().filter(so).count() * 2 > ids().count()
}

/// True when every sector is one of a neighbour's, and none has other good data.
fn repeats(here: &Sectors, near: &[Option<&Sectors>; 2]) -> bool {
    here.slots.iter().map(|slot| slot.chosen()).all(|own| {
        let of_neighbours = near.iter().flatten().flat_map(|n| &n.slots).map(|slot| slot.chosen());
        let mut twins = of_neighbours.filter(|other| other.sector_id() == own.sector_id()).peekable();
        let good = |s: &crate::Sighting| s.data_check.copied() == Some(Check::Good);
        twins.peek().is_some() && twins.any(|twin| !good(own) || !good(twin) || twin.data == own.data)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataField, Known, Scheme, SectorId, Sighting, Slot};
    use std::sync::Arc;

    /// A track of good sectors whose ids say `c`, filled with `fill`.
    fn track(c: u8, fill: u8) -> Sectors {
        let slot = |r: u8| {
            let id = SectorId { c, h: 0, r, n: 1 };
            let mut s = Sighting::assumed(Scheme::IbmFm, id, DataField::Bytes(Arc::from(vec![fill; 256])));
            (s.id, s.data_check) = (Known::Value(Some(id)), Known::Value(Check::Good));
            Slot::one(s)
        };
        Sectors { slots: (0..10).map(slot).collect(), ..Sectors::default() }
    }

    fn side(head: u8, steps: impl IntoIterator<Item = Option<(u8, u8)>>) -> Vec<(TrackAt, Sectors)> {
        let held = |shown: Option<(u8, u8)>| shown.map_or_else(Sectors::default, |(c, fill)| track(c, fill));
        (0u8..).zip(steps).map(|(step, shown)| (TrackAt::new(step, head), held(shown))).collect()
    }

    fn pitches(tracks: &[(TrackAt, Sectors)]) -> Vec<u8> {
        let refs: Vec<(TrackAt, &Sectors)> = tracks.iter().map(|(at, s)| (*at, s)).collect();
        Stepping::of_sides(&refs).iter().map(|side| side.pitch).collect()
    }

    fn even(step: u8) -> bool {
        step.is_multiple_of(2)
    }

    #[test]
    fn each_side_is_stepped_as_its_own_ids_say() {
        let double = || side(0, (0..80).map(|s| even(s).then_some((s / 2, s))));
        let single = || side(1, (0..40).map(|s| Some((s, s))));
        assert_eq!(pitches(&[double(), single()].concat()), [2, 1]);
        let turned: Vec<_> =
            [double(), single()].concat().into_iter().map(|(at, s)| (TrackAt { head: 1 - at.head, ..at }, s)).collect();
        assert_eq!(pitches(&turned), [1, 2]);
    }

    #[test]
    fn the_evidence_is_told_in_words() {
        let steps = side(0, (0..80).map(|s| even(s).then_some((s / 2, s))));
        let refs: Vec<(TrackAt, &Sectors)> = steps.iter().map(|(at, s)| (*at, s)).collect();
        let told = Stepping::of_sides(&refs)[0].to_string();
        assert_eq!(
            told,
            "side 0 in double steps: ids of 39 tracks count every second step, of 0 each one; 39 between are empty"
        );
    }

    #[test]
    fn a_side_that_says_nothing_goes_as_the_other() {
        let double = side(0, (0..80).map(|s| even(s).then_some((s / 2, s))));
        let blank = side(1, (0..80).map(|_| None));
        let lies = side(1, (0..80).map(|s| even(s).then_some((200, s))));
        assert_eq!(pitches(&[double.clone(), blank].concat()), [2, 2]);
        assert_eq!(pitches(&[double, lies.clone()].concat()), [2, 2]);
        assert_eq!(pitches(&lies), [1]);
    }

    #[test]
    fn ids_that_lie_do_not_outvote_those_that_count() {
        let some = side(0, (0..80).map(|s| even(s).then_some((if s < 20 { 38 } else { s / 2 }, s))));
        assert_eq!(pitches(&some), [2]);
    }

    #[test]
    fn between_the_tracks_may_lie_a_neighbour_or_what_an_older_format_left() {
        let after = side(0, (0u8..79).map(|s| Some((s.div_ceil(2), s.div_ceil(2)))));
        let left = side(0, (0..80).map(|s| Some(if even(s) { (s / 2, s) } else { (s, s) })));
        assert_eq!(pitches(&after), [2]);
        assert_eq!(pitches(&left), [2]);
    }

    #[test]
    fn equal_ids_over_other_data_are_tracks_of_their_own() {
        let twins = side(0, (0..80).map(|s| Some((s / 2, s))));
        assert_eq!(pitches(&twins), [1]);
    }

    #[test]
    fn a_disk_with_every_second_track_unformatted_steps_once() {
        let sparse = side(0, (0..80).map(|s| even(s).then_some((s, s))));
        assert_eq!(pitches(&sparse), [1]);
        assert_eq!(pitches(&side(0, [Some((0, 0))])), [1]);
    }
}
