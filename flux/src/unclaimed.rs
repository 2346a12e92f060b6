//! What no field claims: filler, sync zeros and index marks are regular; the
//! rest is shown, for that is how hidden data and protections are found.

use std::sync::LazyLock;

use floptical_model::{Bits, Context, Result, Unclaimed};

use crate::code::{CODES, Code, Role};
use crate::recognise::Reader;
use crate::search::Hits;
use crate::sieve::Sieve;

/// Runs up to so many cells are splices, where writing began or ended.
const SPLICE: usize = 64;

/// What shows that something is marked, by the number of the code; then the index
/// marks of codes that begin tracks at the index.
static MARKED: LazyLock<Sieve> = LazyLock::new(|| {
    let marks = CODES.iter().filter(|code| code.indexed).flat_map(|code| code.marks);
    let index = marks.filter(|mark| mark.role == Role::Index).map(|mark| mark.cells);
    Sieve::new(CODES.iter().map(|code| code.any_sync).chain(index))
});

/// The stretches that no field claims and that are not regular: neither a
/// repeated byte nor an index mark, and longer than a splice or marked. What lies between the
/// last field and the index is a rest of older writing unless it holds a sync
/// mark; where tracks do not begin at the index, so is any gap. Marks are those of
/// all codes that begin tracks at the index, else those of the codes `seen`.
pub(crate) fn unclaimed(
    reader: &Reader<'_>,
    claims: &[(usize, usize)],
    seen: &[&Code],
    context: &Context,
) -> Result<Vec<Unclaimed>> {
    let indexed = seen.is_empty() || seen.iter().any(|code| code.indexed);
    let marked = |code: &&&Code| if indexed { code.indexed } else { seen.iter().any(|s| s.scheme == code.scheme) };
    let codes: Vec<&Code> = CODES.iter().filter(marked).copied().collect();
    let mut found = Vec::new();
    for (start, len) in gaps(reader, claims) {
        context.step(len as u64)?;
        let tail = if indexed { tail(reader, start, len, claims, &codes) } else { rest(reader, start, len, &codes) };
        let (start, len) = (start.saturating_add(tail), len.saturating_sub(tail));
        for (from, to) in irregular(&reader.bits.slice_wrapping(start, len), &codes) {
            let first = start.saturating_add(from);
            let first = if first >= reader.bits.len() { first.saturating_sub(reader.bits.len()) } else { first };
            context.entry(1)?;
            found.push(Unclaimed { start: first as u64, len: to.saturating_sub(from) as u64 });
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The gaps between claims: first cell, length. On a circle one of them may run
/// over the end.
fn gaps(reader: &Reader<'_>, claims: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let len = reader.bits.len();
    let mut claims = claims.to_vec();
    claims.sort_unstable();
    let mut gaps = Vec::new();
    // Where claims of the turn before end.
    let over = claims.iter().map(|(start, n)| start.saturating_add(*n)).max().unwrap_or(0).saturating_sub(len);
    let mut end = if reader.circle { over } else { 0 };
    let mut first = None;
    for (start, n) in claims {
        if start > end || first.is_none() {
            gaps.push((end, start.saturating_sub(end)));
            first.get_or_insert(start);
        }
        end = end.max(start.saturating_add(n));
    }
    if end < len {
        match gaps.first_mut().filter(|_| reader.circle && first.is_some()) {
            Some(gap) => *gap = (end, len.saturating_sub(end).saturating_add(gap.1)),
            None => gaps.push((end, len.saturating_sub(end))),
        }
    }
    gaps.retain(|(_, n)| *n > 0);
    gaps
}

/// How many cells of a gap are tail: those before the index, if fields came
/// before and no sync mark lies in them.
fn tail(reader: &Reader<'_>, start: usize, len: usize, claims: &[(usize, usize)], codes: &[&Code]) -> usize {
    let Some(index) = reader.index().filter(|_| !claims.is_empty()) else { return 0 };
    let index =
        if index < start || (index == 0 && reader.circle) { index.saturating_add(reader.bits.len()) } else { index };
    if index > start.saturating_add(len) {
        return 0;
    }
    rest(reader, start, index.saturating_sub(start), codes)
}

/// All cells of a stretch in which nothing is marked, else none.
fn rest(reader: &Reader<'_>, start: usize, len: usize, codes: &[&Code]) -> usize {
    if marked(&reader.bits.slice_wrapping(start, len), codes).syncs.is_empty() { len } else { 0 }
}

/// First cells of what is marked.
struct Marked {
    syncs: Vec<usize>,
    /// Of index marks.
    index: Vec<usize>,
}

/// Where something is marked by one of these codes: noise looks like the marks of
/// others.
fn marked(bits: &Bits, codes: &[&Code]) -> Marked {
    // The pattern may be shorter than the window that is searched.
    let mut padded = bits.clone();
    padded.push_bits(0, 63);
    let mut found = Marked { syncs: Vec::new(), index: Vec::new() };
    MARKED.each(&padded, false, |nth, at| match CODES.get(nth) {
        Some(code) => {
            let whole = at.saturating_add(code.any_sync.cells()) <= bits.len();
            let wanted = whole && codes.iter().any(|c| c.scheme == code.scheme);
            found.syncs.extend(wanted.then_some(at));
        }
        None => found.index.extend((at.saturating_add(64) <= bits.len()).then_some(at)),
    });
    found.syncs.sort_unstable();
    found
}

/// The irregular runs of a gap that are longer than a splice or hold a sync
/// mark, as cells from its start.
fn irregular(bits: &Bits, codes: &[&Code]) -> Vec<(usize, usize)> {
    let len = bits.len();
    let Marked { syncs, index } = marked(bits, codes);
    let mut regular: Vec<(usize, usize)> = index.into_iter().map(|at| (at, at.saturating_add(64))).collect();
    let mut periods = Vec::new();
    // What is regular in the gaps of other codes is there in any data.
    for code in CODES.iter().filter(|code| code.indexed) {
        // A byte repeated is a stretch that equals itself one byte later.
        let period = code.byte_cells();
        if periods.contains(&period) {
            continue;
        }
        periods.push(period);
        let compared = len.saturating_sub(period);
        let mut from = 0;
        for at in differences(bits, period).chain([compared]) {
            if at.saturating_sub(from) >= period {
                regular.push((from, at.saturating_add(period)));
            }
            from = at.saturating_add(1);
        }
    }
    regular.sort_unstable();
    // Two A1 are a byte repeated, too.
    let sync_from = |at: usize| syncs.get(syncs.partition_point(|sync| *sync < at)).copied().unwrap_or(usize::MAX);
    regular.iter_mut().for_each(|(from, to)| *to = sync_from(*from).min(*to));
    let mut runs = Vec::new();
    let mut end = 0usize;
    for (from, to) in regular.into_iter().chain([(len, len)]) {
        if from > end.saturating_add(SPLICE) || sync_from(end) < from {
            runs.push((end, from));
        }
        end = end.max(to);
    }
    runs
}

/// The places that differ from the cell one period later.
fn differences(bits: &Bits, period: usize) -> impl Iterator<Item = usize> {
    let compared = bits.len().saturating_sub(period);
    (0..compared).step_by(64).flat_map(move |base| {
        let word = bits.window(base, 64) ^ bits.window(base.saturating_add(period), 64);
        Hits(word).map(move |k| base.saturating_add(k)).filter(move |at| *at < compared)
    })
}
