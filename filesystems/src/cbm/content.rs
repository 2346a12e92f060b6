//! From chains of sectors to the bytes of a file.

use floptical_model::{Piece, Result};

use super::chain::Chain;
use super::disk::{At, DATA, Disk};

/// Bytes of a file that a chain holds.
pub(super) fn bytes(chain: &Chain) -> u64 {
    match chain.sectors.len() as u64 {
        0 => 0,
        n => n.saturating_sub(1).saturating_mul(DATA).saturating_add(chain.tail()),
    }
}

/// Where the bytes of a chain lie; `tail` in its last sector.
pub(super) fn pieces(disk: &Disk<'_>, sectors: &[At], tail: u64) -> Vec<Piece> {
    let last = sectors.len().saturating_sub(1);
    let piece = |(i, at): (usize, &At)| {
        let start = disk.shape.offset(*at)?.saturating_add(2);
        Some(Piece { start: Some(start), len: if i == last { tail } else { DATA } })
    };
    sectors.iter().enumerate().filter_map(piece).filter(|p| p.len > 0).collect()
}

/// Bytes in a sector before the zeros at its end: the best guess where the
/// last byte of a file is not recorded.
pub(super) fn until_zeros(disk: &Disk<'_>, at: At) -> Result<u64> {
    let Some(bytes) = disk.sector(at)? else { return Ok(DATA) };
    let data = bytes.get(2..).unwrap_or_default();
    Ok(data.iter().rposition(|b| *b != 0).map_or(0, |last| last.saturating_add(1)) as u64)
}
