//! In which order a flat image of an Apple II disk holds its sectors, and which
//! order suits a disk: its own volume tells.
//!
//! Sources: "Beneath Apple DOS", chapter 4 (table of contents, catalog);
//! "ProDOS 8 Technical Reference Manual", appendix B (volume directory);
//! "Apple Pascal Operating System Reference Manual" (directory in block 2).

use floptical_model::Layout;

/// Track and sector of the table of contents of DOS.
const TABLE: (u8, u8) = (17, 0);
/// Links that a catalog must show: one to the next lower sector each.
const LINKS: u8 = 3;
/// Where the first half of block 2 lies, by its number on the track.
const BLOCK_2: (u8, u8) = (0, 8);

/// What the order of a volume is called in the table of layouts.
enum Order {
    Dos,
    ProDos,
}

/// The layout of an Apple II disk of this shape whose order suits the volume
/// on it. `sector` gives a sector by track and number.
pub fn volume_order(shown: &Layout, sector: impl Fn(u8, u8) -> Option<Vec<u8>>) -> Option<&'static Layout> {
    let order = volume(&sector)?;
    of_shape(shown).find(|layout| matches!(order, Order::ProDos) == layout.id.starts_with("apple-prodos"))
}

/// The layout in whose order a flat image of `len` bytes lies: the one by which
/// a volume is found in it. `read` gives bytes of it.
pub(super) fn file_order(len: u64, read: impl Fn(u64, usize) -> Option<Vec<u8>>) -> Option<&'static Layout> {
    let of_apple = |layout: &&Layout| layout.id.starts_with("apple-") && has_views(layout);
    let by = |layout: &Layout, track: u8, number: u8| {
        let zone = layout.zone(track, 0)?;
        let place = (0..zone.sectors).find(|place| zone.number(*place) == number)?;
        let block = u64::from(track).checked_mul(zone.sectors.into())?.checked_add(place.into())?;
        read(block.checked_mul(zone.size.into())?, zone.size.into())
    };
    Layout::of_size(len).filter(of_apple).find(|layout| volume(&|track, number| by(layout, track, number)).is_some())
}

fn has_views(layout: &Layout) -> bool {
    layout.zones.iter().all(|zone| !zone.view.is_empty())
}

fn of_shape(shown: &Layout) -> impl Iterator<Item = &'static Layout> {
    Layout::of_size(shown.bytes()).filter(move |layout| has_views(layout) && layout.same_tracks(shown))
}

/// The order of the volume whose structures the sectors hold.
fn volume(sector: &dyn Fn(u8, u8) -> Option<Vec<u8>>) -> Option<Order> {
    if sector(BLOCK_2.0, BLOCK_2.1).is_some_and(|block| is_prodos(&block) || is_pascal(&block)) {
        return Some(Order::ProDos);
    }
    is_dos(sector).then_some(Order::Dos)
}

/// The key block of a volume directory: no block before it, the kind of a
/// volume with a name, entries of 39 bytes, 13 in a block.
pub(super) fn is_prodos(block: &[u8]) -> bool {
    let kind = block.get(4).copied().unwrap_or(0);
    block.get(..2) == Some(&[0, 0])
        && kind & 0xF0 == 0xF0
        && kind & 0x0F > 0
        && block.get(0x23..0x25) == Some(&[39, 13])
}

/// The first entry of a directory: blocks 0 to 6, a volume, a name.
fn is_pascal(block: &[u8]) -> bool {
    block.get(..6) == Some(&[0, 0, 6, 0, 0, 0]) && block.get(6).is_some_and(|len| (1..=7).contains(len))
}

/// A table of contents, and a catalog whose sectors lead from one to the next.
fn is_dos(sector: &dyn Fn(u8, u8) -> Option<Vec<u8>>) -> bool {
    let Some(table) = sector(TABLE.0, TABLE.1) else { return false };
    // 122 pairs in a list of sectors, sectors of 256 bytes.
    if table.get(0x27) != Some(&122) || table.get(0x36..0x38) != Some(&[0, 1]) || table.get(1) != Some(&TABLE.0) {
        return false;
    }
    let first = table.get(2).copied().unwrap_or(0);
    let dos = Layout::by_id("apple-dos").and_then(|layout| layout.zone(TABLE.0, 0));
    let leads = |below: u8| {
        let logical = first.checked_sub(below)?;
        let link = sector(TABLE.0, dos?.number(logical))?;
        Some(link.get(1..3) == Some(&[TABLE.0, logical.checked_sub(1)?]))
    };
    (0..LINKS).all(|below| leads(below) == Some(true))
}
