//! What comes after the tracks: a time stamp, or a footer with its strings.

use floptical_io::text;
use floptical_model::{Claim, ClaimKind, Span};

use super::raw::u32_le;

const MAGIC: &[u8; 4] = b"FPCS";
const LEN: usize = 48;

/// The strings that a footer points at, in its order.
const STRINGS: [ClaimKind; 6] =
    [ClaimKind::Drive, ClaimKind::Drive, ClaimKind::Drive, ClaimKind::Creator, ClaimKind::Creator, ClaimKind::Comment];
const CREATED: usize = 24;
const REVISION: usize = 43;

/// What a tail that stands at `start` says of the image.
pub(super) fn claims(tail: &[u8], start: u64) -> Vec<Claim> {
    match footer(tail) {
        Some((at, footer)) => of_footer(tail, start, at, footer),
        None => stamp(tail, start).into_iter().collect(),
    }
}

/// The footer and where it stands in the tail.
fn footer(tail: &[u8]) -> Option<(usize, &[u8])> {
    let at = tail.len().checked_sub(LEN)?;
    let footer = tail.get(at..)?;
    footer.ends_with(MAGIC).then_some((at, footer))
}

/// A tail that stood at `from` as it stands at `to`: the offsets of a footer
/// moved with its strings. `None` for a footer whose offsets point elsewhere.
pub(super) fn moved(tail: &[u8], from: u64, to: u64) -> Option<Vec<u8>> {
    let mut moved = tail.to_vec();
    let Some((at, footer)) = footer(tail) else { return Some(moved) };
    for nth in 0..STRINGS.len() {
        let field = nth.checked_mul(4)?;
        let offset = u64::from(u32_le(footer, field)?);
        if offset == 0 {
            continue;
        }
        let within = offset.checked_sub(from).filter(|within| *within < at as u64)?;
        let offset = u32::try_from(to.checked_add(within)?).ok()?;
        moved.get_mut(at.checked_add(field)?..)?.get_mut(..4)?.copy_from_slice(&offset.to_le_bytes());
    }
    Some(moved)
}

fn of_footer(tail: &[u8], start: u64, at: usize, footer: &[u8]) -> Vec<Claim> {
    let string = |nth: usize, kind: ClaimKind| {
        let offset = u64::from(u32_le(footer, nth.checked_mul(4)?)?);
        let from = usize::try_from(offset.checked_sub(start)?).ok()?;
        let record = tail.get(from..at)?;
        let len = usize::from(u16::from_le_bytes(*record.first_chunk()?));
        let raw = record.get(2..)?.get(..len)?;
        let span = Span::file(offset.checked_add(2)?, raw.len() as u64);
        Some(Claim { kind, raw: raw.to_vec(), text: text::show(raw), at: span })
    };
    let place = |field: usize, len: u64| Span::file(start.saturating_add((at.saturating_add(field)) as u64), len);
    let created = footer.get(CREATED..).and_then(|f| f.first_chunk::<8>()).filter(|raw| **raw != [0; 8]);
    let date = created.map(|raw| Claim {
        kind: ClaimKind::Date,
        raw: raw.to_vec(),
        text: format!("{} seconds after 1970-01-01 UTC", u64::from_le_bytes(*raw)),
        at: place(CREATED, 8),
    });
    let revision = footer.get(REVISION).filter(|v| **v != 0).map(|v| Claim {
        kind: ClaimKind::Version,
        raw: vec![*v],
        text: format!("{}.{}", v >> 4, v & 15),
        at: place(REVISION, 1),
    });
    STRINGS.iter().enumerate().filter_map(|(nth, kind)| string(nth, *kind)).chain(date).chain(revision).collect()
}

/// A time stamp in the words of some place: printable, not too long.
fn stamp(tail: &[u8], start: u64) -> Option<Claim> {
    let words = tail.trim_ascii();
    let printable = !words.is_empty() && words.len() <= 64 && words.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    printable.then(|| Claim {
        kind: ClaimKind::Date,
        raw: words.to_vec(),
        text: text::show(words),
        at: Span::file(start, tail.len() as u64),
    })
}
