//! `Offset-Info`: where the sectors of each track lie, after the last track.
//!
//! The name, a zero, then for each track of the table its length and the offset
//! of each of its sectors from the index, in bytes of 16 cells, u16 each, low
//! byte first.

use floptical_model::{Known, Sectors, Sighting, Slot};

/// What the block begins with.
const NAME: &[u8] = b"Offset-Info\r\n\0";
/// Cells of a byte.
const CELLS: u32 = 16;

/// Where the sectors of a track lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    /// Cells of the track; none where its length is not told.
    pub(super) cells: Option<u32>,
    /// Cells from the index to each sector.
    pub(super) angles: Vec<u32>,
}

/// The block, when it is that and speaks of just these tracks.
pub(super) fn parse<'a>(bytes: &[u8], tracks: impl Iterator<Item = &'a Sectors>) -> Option<Vec<Turn>> {
    let mut numbers =
        bytes.strip_prefix(NAME)?.chunks_exact(2).filter_map(|n| Some(u16::from_le_bytes(n.try_into().ok()?)));
    let mut turns = Vec::new();
    for sectors in tracks {
        let length = numbers.next()?;
        let angles: Option<Vec<u32>> = sectors.slots.iter().map(|_| cells(numbers.next()?)).collect();
        let angles = angles?;
        if length == 0 && angles.iter().any(|angle| *angle > 0) {
            return None;
        }
        turns.push(Turn { cells: cells(length).filter(|_| length > 0), angles });
    }
    let told = turns.iter().any(|turn| turn.cells.is_some());
    (told && compose_turns(&turns)? == bytes).then_some(turns)
}

fn cells(bytes: u16) -> Option<u32> {
    u32::from(bytes).checked_mul(CELLS)
}

/// Say where the sectors of a track lie.
pub(super) fn place(sectors: &mut Sectors, cells: Option<u32>, angles: &[u32]) {
    let Some(cells) = cells else { return };
    sectors.cells = Known::Value(cells);
    for (slot, angle) in sectors.slots.iter_mut().zip(angles) {
        let seen = slot.sightings().iter().map(|seen| Sighting { angle: Known::Value(*angle), ..seen.clone() });
        if let Some(placed) = Slot::of(seen.collect()) {
            *slot = placed;
        }
    }
}

/// Where the sectors of a track lie, as far as the block can say it: all of
/// them, or none.
pub(super) fn of(sectors: &Sectors) -> Option<Turn> {
    let whole = |cells: u32| cells.checked_div(CELLS).filter(|bytes| u16::try_from(*bytes).is_ok());
    let round = |cells: &u32| whole(*cells).and_then(|bytes| bytes.checked_mul(CELLS));
    let length = sectors.cells.recorded().and_then(round).filter(|cells| *cells > 0)?;
    let angle = |slot: &Slot| slot.chosen().angle.recorded().and_then(round);
    let angles: Option<Vec<u32>> = sectors.slots.iter().map(angle).collect();
    Some(Turn { cells: Some(length), angles: angles? })
}

/// The bytes of the block; `None` where no track tells its length.
pub(super) fn compose<'a>(tracks: impl Iterator<Item = &'a Sectors>) -> Option<Vec<u8>> {
    let none = |sectors: &Sectors| Turn { cells: None, angles: vec![0; sectors.slots.len()] };
    let turns: Vec<Turn> = tracks.map(|sectors| of(sectors).unwrap_or_else(|| none(sectors))).collect();
    turns.iter().any(|turn| turn.cells.is_some()).then(|| compose_turns(&turns)).flatten()
}

fn compose_turns(turns: &[Turn]) -> Option<Vec<u8>> {
    let mut bytes = NAME.to_vec();
    for turn in turns {
        for cells in std::iter::once(&turn.cells.unwrap_or(0)).chain(&turn.angles) {
            let number = cells.checked_div(CELLS).and_then(|bytes| u16::try_from(bytes).ok())?;
            bytes.extend(number.to_le_bytes());
        }
    }
    Some(bytes)
}
