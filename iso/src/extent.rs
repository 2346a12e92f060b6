//! Where the bytes of a file lie.

use floptical_model::Piece;

use crate::record::Record;

/// One extent of a file: a run of bytes, or units with gaps between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Section {
    /// First byte of data on the medium.
    pub(crate) start: u64,
    /// Bytes of data.
    pub(crate) len: u64,
    /// Bytes of data before each gap, 0 where there is no gap.
    unit: u64,
    /// Bytes of a gap.
    gap: u64,
}

impl Section {
    /// The extent of a record, in blocks of `block` bytes. The data follow the
    /// extended attribute record (ECMA-119, 6.5.1 and 9.1.2).
    pub(crate) fn of(record: &Record, block: u32) -> Self {
        let bytes = |blocks: u64| blocks.saturating_mul(block.into());
        Self {
            start: bytes(u64::from(record.block).saturating_add(record.extended.into())),
            len: record.size.into(),
            unit: bytes(record.unit.into()),
            gap: if record.unit > 0 { bytes(record.gap.into()) } else { 0 },
        }
    }

    /// Runs of bytes, in order.
    fn runs(self) -> impl Iterator<Item = Run> {
        let (mut start, mut left) = (self.start, self.len);
        let unit = if self.gap > 0 { self.unit } else { u64::MAX };
        std::iter::from_fn(move || {
            let run = Run { start, len: left.min(unit) };
            start = start.saturating_add(unit).saturating_add(self.gap);
            left = left.saturating_sub(run.len);
            (run.len > 0).then_some(run)
        })
    }
}

/// A run of bytes on the medium.
struct Run {
    start: u64,
    len: u64,
}

/// How many pieces the files of a tree may have altogether. Units of
/// interleaved files share no block, so honest discs stay below the count of
/// their blocks.
#[derive(Debug)]
pub(crate) struct PieceBudget(u64);

impl PieceBudget {
    pub(crate) fn of(medium: u64) -> Self {
        Self((medium >> 9).saturating_add(1024))
    }

    fn spend(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }
}

/// Where a file ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The image ends.
    Image,
    /// There are more pieces than the disc has blocks.
    Effort,
}

/// The pieces of a file that are on a medium of `end` bytes, and why they are
/// not all. What lies behind a piece that is not there is left out: its place
/// in the file would be wrong.
pub(crate) fn pieces(sections: &[Section], end: u64, budget: &mut PieceBudget) -> (Vec<Piece>, Option<Cut>) {
    let mut all: Vec<Piece> = Vec::new();
    for run in sections.iter().flat_map(|s| s.runs()) {
        let there = run.len.min(end.saturating_sub(run.start));
        let joins = |last: &Piece| last.start.and_then(|start| start.checked_add(last.len)) == Some(run.start);
        // The first piece of a file is paid for by its record.
        let free = all.is_empty();
        match all.last_mut().filter(|last| joins(last)) {
            Some(last) => last.len = last.len.saturating_add(there),
            None if there == 0 => {}
            None if !free && !budget.spend() => return (all, Some(Cut::Effort)),
            None => all.push(Piece { start: Some(run.start), len: there }),
        }
        if there < run.len {
            return (all, Some(Cut::Image));
        }
    }
    (all, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_gaps_alternate() {
        let section = Section { start: 100, len: 25, unit: 10, gap: 5 };
        let piece = |start, len| Piece { start: Some(start), len };
        let mut budget = PieceBudget::of(0);
        assert_eq!(pieces(&[section], 1000, &mut budget).0, [piece(100, 10), piece(115, 10), piece(130, 5)]);
        let (cut, why) = pieces(&[section], 120, &mut budget);
        assert_eq!((cut, why), (vec![piece(100, 10), piece(115, 5)], Some(Cut::Image)));
    }

    #[test]
    fn sections_side_by_side_are_one_piece() {
        let section = |start, len| Section { start, len, unit: 0, gap: 0 };
        let (all, why) = pieces(&[section(0, 10), section(10, 5), section(40, 1)], 100, &mut PieceBudget::of(0));
        assert_eq!((all.len(), all[0].len, why), (2, 15, None));
    }
}
