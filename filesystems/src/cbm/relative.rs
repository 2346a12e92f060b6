//! Side sectors of relative files: the places of all their sectors, once more.
//!
//! A side sector: 0 and 1 link, 2 number, 3 length of records, 4 to 15 the six
//! of its group, 16 on places of sectors. A 1581 puts a super side sector
//! before them: 2 is FEh, 3 on the first side sectors of up to 126 groups.

use std::collections::BTreeSet;

use floptical_model::Result;

use super::disk::{At, Disk, Link};

/// What stands in place of the number in a super side sector.
const SUPER: u8 = 0xFE;

/// The side sectors of a file.
#[derive(Debug, Default)]
pub(super) struct Sides {
    /// Where they are, the super side sector too.
    pub sectors: Vec<At>,
    /// The sectors that they name, in order.
    pub named: Vec<At>,
    /// Whether all of them could be read.
    pub whole: bool,
}

impl Sides {
    /// The side sectors from the one that the directory names on.
    pub(super) fn load(disk: &Disk<'_>, first: At) -> Result<Self> {
        let mut sides = Self { whole: true, ..Self::default() };
        let mut seen = BTreeSet::new();
        let Some(bytes) = disk.sector(first)? else { return Ok(Self::default()) };
        let mut groups = vec![first];
        if bytes[2] == SUPER {
            sides.sectors.push(first);
            groups = places(bytes.get(3..255).unwrap_or_default());
        }
        for group in groups {
            let mut at = group;
            while sides.whole {
                let Some(bytes) = disk.sector(at)?.filter(|_| seen.insert(at)) else {
                    sides.whole = false;
                    break;
                };
                sides.sectors.push(at);
                let (end, next) = match disk.link(at) {
                    Some(Link::Last(index)) => (usize::from(index).saturating_add(1), None),
                    Some(Link::Next(next)) => (bytes.len(), Some(next)),
                    _ => (0, None),
                };
                sides.named.extend(places(bytes.get(16..end).unwrap_or_default()));
                match next {
                    Some(next) => at = next,
                    None => break,
                }
            }
        }
        Ok(sides)
    }
}

/// Tracks and sectors, up to a track 0.
fn places(bytes: &[u8]) -> Vec<At> {
    let pairs = bytes.as_chunks::<2>().0.iter();
    pairs.take_while(|[track, _]| *track != 0).map(|[track, sector]| At { track: *track, sector: *sector }).collect()
}
