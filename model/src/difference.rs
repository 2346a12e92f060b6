//! What one inventory says and another does not: the plan of a conversion.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::inventory::Unlike;
use crate::{Datum, Fact, FactKind, Inventory, Place, Regular, TrackAt, Value};

/// What happens to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// It is gone.
    Dropped,
    /// Another one stands in its place.
    Approximated,
    /// There was none.
    Invented,
}

impl How {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Approximated => "approximated",
            Self::Invented => "invented",
        }
    }
}

/// Whether a machine, a protection or a person who reads the disk could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weight {
    /// They could: needs consent by name.
    Content,
    /// They could not: named in the report.
    Rendition,
}

impl Weight {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Rendition => "rendition",
        }
    }
}

/// One difference between what an image says and what its conversion will say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Whether it needs consent.
    pub weight: Weight,
    /// What it is about.
    pub fact: Fact,
    /// What happens.
    pub how: How,
    /// Where.
    pub place: Place,
    /// Before.
    pub from: Value,
    /// After.
    pub to: Value,
}

/// Losses alike: counted, with the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossGroup {
    /// Whether they need consent.
    pub weight: Weight,
    /// What they are about.
    pub fact: Fact,
    /// What happens.
    pub how: How,
    /// How many.
    pub count: u64,
    /// How many sectors they speak of, where each speaks of one or more.
    pub sectors: u64,
    /// The first one.
    pub first: Loss,
}

/// Everything that a conversion changes, stated before a byte is written.
///
/// A disk changes in thousands of places when its container does: losses that
/// need no consent are counted, those of content are all kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Plan {
    groups: BTreeMap<(Weight, Fact, How), LossGroup>,
    content: Vec<Loss>,
}

impl Plan {
    fn add(&mut self, loss: Loss) {
        let sectors = match loss.place {
            Place::Sectors { count, .. } => count.into(),
            _ => 1,
        };
        if let Some(group) = self.groups.get_mut(&(loss.weight, loss.fact, loss.how)) {
            group.count += 1;
            group.sectors += sectors;
        } else {
            let (weight, fact, how, first) = (loss.weight, loss.fact, loss.how, loss.clone());
            self.groups.insert((weight, fact, how), LossGroup { weight, fact, how, count: 1, sectors, first });
        }
        if loss.weight == Weight::Content {
            self.content.push(loss);
        }
    }

    /// The losses by (weight, fact, how), counted, with the first place.
    pub fn groups(&self) -> Vec<&LossGroup> {
        self.groups.values().collect()
    }

    /// The losses of content, by place, then fact.
    pub fn content_losses(&self) -> &[Loss] {
        &self.content
    }

    /// The facts whose content would be lost, in the order of the table.
    pub fn content(&self) -> BTreeSet<Fact> {
        self.content.iter().map(|l| l.fact).collect()
    }

    /// How many losses there are.
    pub fn count(&self) -> u64 {
        self.groups.values().map(|g| g.count).sum()
    }

    /// True when nothing changes.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// What cannot be written at all, with its place, before a byte is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it is about.
    pub fact: Fact,
    /// Where.
    pub place: Place,
    /// Why the target cannot take it, in words.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.fact.word(), self.place, self.reason)
    }
}

impl std::error::Error for Refusal {}

/// What changes from `a` to `b`: the plan of a conversion when `b` is the
/// inventory of the fitted image.
///
/// A place that one side lacks is one loss of `Exists` at the highest place
/// lacking. The order of a track is compared as a circle over the sectors that
/// both sides have.
pub fn differences(a: &Inventory, b: &Inventory) -> Plan {
    let lacking = Lacking::of(a, b);
    let mut plan = Plan::default();
    a.unlike(b, |Unlike { place, fact, from, to }| {
        if lacking.hides(place, fact) {
            return;
        }
        let judged = if fact == Fact::Order { weigh_order(from, to) } else { weigh(fact, from, to) };
        if let Some((how, weight)) = judged {
            plan.add(Loss { weight, fact, how, place: place.clone(), from: from.clone(), to: to.clone() });
        }
    });
    plan
}

/// The table of DESIGN's law: what becomes of a value, and whether that needs
/// consent, decided by the two values alone.
fn weigh(fact: Fact, from: &Value, to: &Value) -> Option<(How, Weight)> {
    use Value::{Assumed, Unrecorded, Value as Said};
    let word = fact.kind() == FactKind::Word;
    let measure = fact.kind() == FactKind::Measure;
    let rendition_if = |yes: bool| if yes || word { Weight::Rendition } else { Weight::Content };
    let same = |x: &Datum, y: &Datum| fact.equivalent(x, y);
    let judged = match (from, to) {
        // The order of the blocks goes by it, whoever told it.
        (Assumed(_), Unrecorded) if fact == Fact::Layout => (How::Dropped, Weight::Content),
        (Unrecorded, Unrecorded | Assumed(_)) | (Assumed(_), Unrecorded) => return None,
        (Assumed(x), Assumed(y)) | (Said(x, _), Said(y, _)) if x == y => return None,
        (Assumed(x), Assumed(y)) => (How::Approximated, rendition_if(same(x, y))),
        (Said(x, _), Assumed(y)) if x == y => (How::Dropped, Weight::Rendition),
        (Said(x, regular), Assumed(y)) => {
            (How::Approximated, rendition_if(same(x, y) || (measure && *regular == Regular::Yes)))
        }
        (Said(_, regular), Unrecorded) => (How::Dropped, rendition_if(*regular == Regular::Yes)),
        // The ids that make it are facts of their own.
        (Unrecorded, Said(..)) if fact == Fact::Layout => (How::Invented, Weight::Rendition),
        (Unrecorded, Said(_, regular)) => (How::Invented, rendition_if(*regular == Regular::Yes)),
        (Assumed(x), Said(y, regular)) => {
            (How::Invented, rendition_if(same(x, y) || (measure && *regular == Regular::Yes)))
        }
        (Said(x, p), Said(y, q)) => {
            let both = *p == Regular::Yes && *q == Regular::Yes;
            (How::Approximated, rendition_if(same(x, y) || (measure && both)))
        }
    };
    Some(judged)
}

/// Orders compare as circles over the keys that both have.
fn weigh_order(from: &Value, to: &Value) -> Option<(How, Weight)> {
    if let (Value::Value(Datum::Numbers(x), _), Value::Value(Datum::Numbers(y), _)) = (from, to) {
        let common = |xs: &[i64], ys: &[i64]| xs.iter().copied().filter(|k| ys.contains(k)).collect::<Vec<i64>>();
        return if same_circle(&common(x, y), &common(y, x)) {
            None
        } else {
            Some((How::Approximated, Weight::Content))
        };
    }
    weigh(Fact::Order, from, to)
}

fn same_circle(x: &[i64], y: &[i64]) -> bool {
    x.len() == y.len() && (x.is_empty() || (0..x.len()).any(|turn| x[turn..].iter().chain(&x[..turn]).eq(y)))
}

/// Tracks and places on them that one side has and the other lacks.
struct Lacking {
    tracks: BTreeSet<TrackAt>,
    places: BTreeSet<Place>,
}

impl Lacking {
    fn of(a: &Inventory, b: &Inventory) -> Self {
        let mut lacking = Self { tracks: BTreeSet::new(), places: BTreeSet::new() };
        a.unlike(b, |Unlike { place, fact, from, to }| {
            if fact != Fact::Exists || (*from != Value::Unrecorded && *to != Value::Unrecorded) {
                return;
            }
            match place {
                Place::Track(at) => lacking.tracks.insert(*at),
                other => lacking.places.insert(other.clone()),
            };
        });
        lacking
    }

    /// True for what a loss of `Exists` at this or a higher place covers.
    fn hides(&self, place: &Place, fact: Fact) -> bool {
        match place {
            Place::Track(at) => self.tracks.contains(at) && fact != Fact::Exists,
            Place::Slot { track, .. } => {
                self.tracks.contains(track) || (self.places.contains(place) && fact != Fact::Exists)
            }
            Place::CdTrack(_) => self.places.contains(place) && fact != Fact::Exists,
            Place::Sectors { track, .. } => self.places.contains(&Place::CdTrack(*track)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Check;

    fn said(n: i64, regular: bool) -> Value {
        Value::Value(Datum::Number(n), regular.into())
    }

    /// The whole table: fact, from, to, verdict.
    #[test]
    fn weights_follow_from_two_values() {
        use How::*;
        use Weight::*;
        let assumed = |n| Value::Assumed(Datum::Number(n));
        let none = Value::Unrecorded;
        let table = [
            (Fact::Mark, said(0xFB, true), assumed(0xFB), Some((Dropped, Rendition))),
            (Fact::Mark, said(0xF8, false), assumed(0xFB), Some((Approximated, Content))),
            (Fact::Mark, assumed(0xFB), said(0xFB, true), Some((Invented, Rendition))),
            (Fact::Mark, assumed(0xFB), said(0xF8, false), Some((Invented, Content))),
            (Fact::Mark, said(0xFB, true), said(0xF8, false), Some((Approximated, Content))),
            (Fact::Mark, said(0xFB, true), said(0xFB, true), None),
            (Fact::Mark, assumed(1), none.clone(), None),
            (Fact::Mark, none.clone(), assumed(1), None),
            (Fact::Rate, said(300_000, true), assumed(250_000), Some((Approximated, Rendition))),
            (Fact::Rate, said(300_000, true), said(250_000, true), Some((Approximated, Rendition))),
            (Fact::Rate, said(500_000, true), said(250_000, true), Some((Approximated, Content))),
            (Fact::Gaps, said(1, true), said(2, true), Some((Approximated, Rendition))),
            (Fact::Gaps, said(1, false), said(2, true), Some((Approximated, Content))),
            (Fact::Gaps, said(1, false), none.clone(), Some((Dropped, Content))),
            (Fact::Gaps, said(1, true), none.clone(), Some((Dropped, Rendition))),
            (Fact::Gaps, none.clone(), said(1, true), Some((Invented, Rendition))),
            (Fact::Comment, said(1, false), none.clone(), Some((Dropped, Rendition))),
            (Fact::Comment, said(1, false), said(2, false), Some((Approximated, Rendition))),
            (Fact::Layout, assumed(1), assumed(2), Some((Approximated, Content))),
            (Fact::Layout, assumed(1), none.clone(), Some((Dropped, Content))),
            (Fact::Rate, assumed(1), none.clone(), None),
        ];
        for (fact, from, to, expected) in table {
            assert_eq!(weigh(fact, &from, &to), expected, "{} {from} -> {to}", fact.word());
        }
    }

    #[test]
    fn a_lacking_track_is_one_loss() {
        let mut a = Inventory::default();
        let track = TrackAt::new(3, 1);
        let slot = |r| Place::Slot { track, r: Some(r), nth: 0 };
        a.say(Place::Track(track), Fact::Exists, said(1, false));
        a.say(slot(1), Fact::Exists, said(1, false));
        a.say(slot(1), Fact::DataCheck, Value::Value(Datum::Check(Check::Bad), Regular::No));
        let plan = differences(&a, &Inventory::default());
        assert_eq!(plan.count(), 1);
        assert_eq!(plan.content_losses()[0].place, Place::Track(track));
        let mut b = Inventory::default();
        b.say(Place::Track(track), Fact::Exists, said(1, false));
        let plan = differences(&a, &b);
        assert_eq!(plan.count(), 1);
        assert_eq!(plan.content_losses()[0].place, slot(1));
    }

    #[test]
    fn orders_are_circles_over_common_sectors() {
        let order = |all: &[i64]| Value::Value(Datum::Numbers(all.into()), Regular::Yes);
        assert_eq!(weigh_order(&order(&[1, 2, 3, 9]), &order(&[3, 1, 2])), None);
        assert_eq!(weigh_order(&order(&[1, 2, 3]), &order(&[1, 3, 2])), Some((How::Approximated, Weight::Content)));
    }
}
