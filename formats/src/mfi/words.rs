//! The words of a track, and its transitions.

use floptical_model::finding::FORMAT_ODD_VALUE;
use floptical_model::{Clock, Code, Edge, Flux, IndexMark};

use super::raw::u32_le;

/// Units of angle in a turn.
pub(super) const TURN: u32 = 200_000_000;

/// A word: kind and distance.
pub(super) const KIND: u32 = 28;
pub(super) const DISTANCE: u32 = (1 << KIND) - 1;

const FLUX: u32 = 0;
const NEUTRAL: u32 = 1;
const DAMAGED: u32 = 2;
const END: u32 = 3;

/// A word that is no transition: how many words come before it, and itself.
pub(super) type Zone = (u32, u32);

/// What the words of a track say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// From each transition to the next, the first from the index.
    pub(super) intervals: Vec<u32>,
    pub(super) zones: Vec<Zone>,
}

pub(super) fn parse(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|raw| u32_le(raw, 0)).collect()
}

/// The words of the old form as those of the new one.
pub(super) fn from_old(words: &[u32]) -> Vec<u32> {
    let mut new = Vec::with_capacity(words.len());
    let (mut now, mut last) = (0u32, 0u32);
    let mut push = |kind: u32, at: u32| {
        new.push(kind << KIND | at.saturating_sub(last).min(DISTANCE));
        last = at.max(last);
    };
    // 0 and 1 are the two directions, 2 and 3 the zones.
    let direction = |word: u32| Some(word >> KIND).filter(|kind| *kind < 2);
    let mut before = words.last().copied().and_then(direction);
    for word in words {
        let here = direction(*word);
        if before.is_some() && here.is_some() && before != here {
            push(FLUX, now);
        }
        let end = now.saturating_add(word & DISTANCE);
        if here.is_none() {
            push((word >> KIND).saturating_sub(1), now);
            push(END, end.saturating_sub(1));
        }
        (before, now) = (here, end);
    }
    new
}

/// What words of the new form say.
pub(super) fn said(words: &[u32]) -> Said {
    let mut said = Said::default();
    let (mut now, mut last) = (0u64, 0u64);
    for (nth, word) in (0u32..).zip(words) {
        now = now.saturating_add(u64::from(word & DISTANCE));
        if word >> KIND == FLUX {
            said.intervals.push(u32::try_from(now.saturating_sub(last)).unwrap_or(u32::MAX));
            last = now;
        } else {
            said.zones.push((nth, *word));
        }
    }
    said
}

/// What is wrong with the zones and the length of a track.
pub(super) fn trouble(said: &Said) -> Option<(&'static Code, String)> {
    let mut open = false;
    let paired = said.zones.iter().all(|(_, word)| {
        let fits = match word >> KIND {
            NEUTRAL | DAMAGED => !open,
            END => open,
            _ => false,
        };
        open = !open;
        fits
    });
    let len: u64 = said.intervals.iter().map(|i| u64::from(*i)).sum();
    if len > TURN.into() {
        return Some((&FORMAT_ODD_VALUE, format!("transitions lie beyond the end of the turn, the last at {len}")));
    }
    (!paired || open).then(|| (&FORMAT_ODD_VALUE, "stretches without flux do not begin and end in turn".into()))
}

/// The words for transitions and what lies between them. `None` where the two
/// do not go together, or a distance is longer than a word can say.
pub(super) fn words(intervals: &[u32], zones: &[Zone]) -> Option<Vec<u32>> {
    let mut words: Vec<u32> = Vec::with_capacity(intervals.len().saturating_add(zones.len()));
    let mut zones = zones.iter().peekable();
    let (mut now, mut due) = (0u64, 0u64);
    let mut intervals = intervals.iter();
    loop {
        let nth = u32::try_from(words.len()).ok()?;
        if let Some((_, word)) = zones.next_if(|(at, _)| *at == nth) {
            words.push(*word);
            now = now.checked_add(u64::from(word & DISTANCE))?;
        } else if let Some(interval) = intervals.next() {
            due = due.checked_add(u64::from(*interval))?;
            words.push(u32::try_from(due.checked_sub(now)?).ok().filter(|d| *d <= DISTANCE)?);
            now = due;
        } else {
            return zones.next().is_none().then_some(words);
        }
    }
}

/// The flux of a turn: from the index to the index.
pub(super) fn flux(intervals: Vec<u32>, clock: Clock) -> Flux {
    let mut now = 0u64;
    let within = intervals.iter().take_while(|interval| {
        now = now.saturating_add(u64::from(**interval));
        now <= TURN.into()
    });
    let whole = u32::try_from(within.count()).unwrap_or(u32::MAX);
    let end = if intervals.len() == usize::try_from(whole).unwrap_or(0) { Edge::Index } else { Edge::Anywhere };
    let index = vec![IndexMark { tick: 0, interval: 0 }, IndexMark { tick: TURN.into(), interval: whole }];
    Flux { clock, intervals: intervals.into(), index, sector_marks: Vec::new(), start: Edge::Index, end }
}

/// How fast a disk turns that nobody tells: angles are those of 300 rpm but
/// for high density, whose shortest distances of 2 us look longer at 360 rpm.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Speed {
    all: u64,
    /// Distances of about two cells of high density.
    short: u64,
    /// Those that are so at 360 rpm.
    fast: u64,
}

impl Speed {
    pub(super) fn add(&mut self, intervals: &[u32]) {
        for interval in intervals {
            self.all = self.all.saturating_add(1);
            self.short = self.short.saturating_add((1700..3000).contains(interval).into());
            self.fast = self.fast.saturating_add((2280..=2520).contains(interval).into());
        }
    }

    pub(super) fn is_360(self) -> bool {
        self.fast.saturating_mul(2) > self.short && self.short.saturating_mul(8) > self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_the_old_form_turn_where_the_direction_does() {
        const A: u32 = 0;
        const B: u32 = 1 << KIND;
        const N: u32 = 2 << KIND;
        // The last and the first differ: a transition at the index.
        let new = from_old(&[A | 1000, A | 1000, B | 4000, N | 500, A | 600, B | 199_992_900]);
        let expected = [0, 2000, NEUTRAL << KIND | 4000, END << KIND | 499, 601];
        assert_eq!(new, expected);
        let said = said(&new);
        assert_eq!((said.intervals.as_slice(), said.zones.len()), (&[0, 2000, 5100][..], 2));
        assert_eq!(words(&said.intervals, &said.zones), Some(new));
        assert_eq!(trouble(&said), None);
    }

    #[test]
    fn zones_that_do_not_go_with_the_transitions_are_seen() {
        let said = said(&[1000, NEUTRAL << KIND | 10, END << KIND | 2000, 5]);
        assert_eq!(words(&said.intervals, &said.zones), Some(vec![1000, NEUTRAL << KIND | 10, END << KIND | 2000, 5]));
        assert_eq!(words(&[1000, 2000], &said.zones), None);
        assert_eq!(words(&[1000], &said.zones), Some(vec![1000, NEUTRAL << KIND | 10, END << KIND | 2000]));
        assert_eq!(words(&[], &said.zones), None);
    }

    #[test]
    fn only_high_density_tells_the_speed() {
        let speed = |cells: [u32; 4]| {
            let mut speed = Speed::default();
            speed.add(&cells);
            speed.is_360()
        };
        assert!(speed([2400, 3600, 2380, 4800]));
        assert!(!speed([2000, 3000, 2000, 4000]));
        assert!(!speed([4000, 6000, 4000, 8000]));
        assert!(!speed([2630, 5260, 2630, 2630]));
        assert!(!Speed::default().is_360());
    }
}
