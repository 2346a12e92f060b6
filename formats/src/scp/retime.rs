//! Flux on another clock, and from index to index.

use std::sync::Arc;

use floptical_model::{Clock, Edge, Flux, IndexMark};

/// The same transitions on another clock. Each falls on the tick nearest to
/// its own time, so nothing drifts; where two would fall on one tick, or a
/// time cannot be said, the transition moves by a tick and the next interval
/// makes up for it.
pub(crate) fn retime(flux: &Flux, clock: Clock, can_say: fn(u32) -> bool) -> Flux {
    let ((to, to_den), (from, from_den)) = (clock.ratio(), flux.clock.ratio());
    let mul = u128::from(to).saturating_mul(from_den.into());
    let div = u128::from(to_den).saturating_mul(from.into()).max(1);
    if mul == div && flux.intervals.iter().all(|t| can_say(*t)) {
        return Flux { clock, ..flux.clone() };
    }
    let scale = |tick: u64| {
        let scaled = u128::from(tick).saturating_mul(mul).saturating_add(div / 2).checked_div(div);
        scaled.and_then(|t| u64::try_from(t).ok()).unwrap_or(u64::MAX)
    };
    let (mut held, mut written) = (0u64, 0u64);
    let retimed = flux.intervals.iter().map(|ticks| {
        held = held.saturating_add(u64::from(*ticks));
        let due = u32::try_from(scale(held).saturating_sub(written)).unwrap_or(u32::MAX).max(1);
        let said = if can_say(due) { due } else { due.saturating_sub(1).max(1) };
        written = written.saturating_add(said.into());
        said
    });
    let intervals = Arc::new(retimed.collect());
    let marks = |marks: &[IndexMark]| marks.iter().map(|m| IndexMark { tick: scale(m.tick), ..*m }).collect();
    Flux { clock, intervals, index: marks(&flux.index), sector_marks: marks(&flux.sector_marks), ..*flux }
}

/// The whole revolutions of a capture: from its first index mark to its last.
/// `None` when there are fewer than two, or the marks are out of order.
pub(crate) fn cue(flux: &Flux) -> Option<Flux> {
    let (first, last) = (flux.index.first()?, flux.index.last()?);
    let ordered = flux.index.is_sorted_by_key(|m| (m.tick, m.interval));
    if flux.index.len() < 2 || !ordered {
        return None;
    }
    let (from, to) = (usize::try_from(first.interval).ok()?, usize::try_from(last.interval).ok()?);
    let before: u64 = flux.intervals.get(..from)?.iter().map(|t| u64::from(*t)).sum();
    let mut intervals = flux.intervals.get(from..to)?.to_vec();
    if let Some(cut) = intervals.first_mut() {
        let end = before.saturating_add((*cut).into());
        *cut = u32::try_from(end.saturating_sub(first.tick)).unwrap_or(u32::MAX).max(1);
    }
    let shift = |marks: &[IndexMark]| {
        let shifted = marks.iter().map(|m| {
            Some(IndexMark { tick: m.tick.checked_sub(first.tick)?, interval: m.interval.checked_sub(first.interval)? })
        });
        shifted.flatten().collect()
    };
    Some(Flux {
        clock: flux.clock,
        intervals: intervals.into(),
        index: shift(&flux.index),
        sector_marks: shift(&flux.sector_marks),
        start: Edge::Index,
        end: Edge::Index,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flux(clock: Clock, intervals: &[u32], index: &[(u64, u32)]) -> Flux {
        let index = index.iter().map(|(tick, interval)| IndexMark { tick: *tick, interval: *interval }).collect();
        Flux {
            clock,
            intervals: intervals.to_vec().into(),
            index,
            sector_marks: Vec::new(),
            start: Edge::Anywhere,
            end: Edge::Anywhere,
        }
    }

    #[test]
    fn nothing_drifts() {
        let kryoflux = Clock::new(18_432_000 * 73, 14 * 2 * 2).unwrap();
        let long = flux(kryoflux, &[96; 50_000], &[(4_800_000, 50_000)]);
        let retimed = retime(&long, Clock::hz(40_000_000), |t| t > 0);
        let total: u64 = retimed.intervals.iter().map(|t| u64::from(*t)).sum();
        assert_eq!(total, retimed.index[0].tick);
        assert_eq!(total, 7_990_868);
        assert!(retimed.intervals.iter().all(|t| (159..=160).contains(t)));
    }

    #[test]
    fn what_cannot_be_said_moves_by_a_tick() {
        let held = flux(Clock::hz(1000), &[65_536, 10, 0, 5], &[]);
        let retimed = retime(&held, Clock::hz(1000), |t| t % 65_536 != 0);
        assert_eq!(*retimed.intervals, [65_535, 11, 1, 4]);
    }

    #[test]
    fn a_cue_counts_from_the_index() {
        let held = flux(Clock::hz(1000), &[10, 10, 10, 10, 10], &[(14, 1), (35, 3)]);
        let cued = cue(&held).unwrap();
        assert_eq!(*cued.intervals, [6, 10]);
        assert_eq!(cued.index, [IndexMark { tick: 0, interval: 0 }, IndexMark { tick: 21, interval: 2 }]);
        assert!(cue(&flux(Clock::hz(1), &[10], &[(1, 0)])).is_none());
        assert!(cue(&flux(Clock::hz(1), &[10], &[(9, 0), (3, 0)])).is_none());
    }
}
