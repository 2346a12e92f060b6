//! Where the root of a volume is, and what the boot block says.

use floptical_model::{Blocks, Context, Result};

use super::block::{BLOCK, Device, Header, Kind, Root};

/// Volumes of more bytes than this are hard disks, and not read here.
const LARGEST: u64 = 32 << 20;
/// Blocks of the disks of double and high density.
const FLOPPIES: [u32; 2] = [1760, 3520];
/// Headers that make a volume whose root is lost.
const ENOUGH: u32 = 2;

/// What was found of a volume.
#[derive(Debug)]
pub(super) struct Place {
    /// The root, unless it is lost.
    pub root: Option<Root>,
    /// The block where it is or should be.
    pub number: u32,
    /// Blocks of the volume: more than there are when the image is cut.
    pub blocks: u32,
    /// Flags of the `DOS` id, unless it is lost.
    pub flags: Option<u8>,
    /// Whether the checksum of the boot block holds.
    pub boots: bool,
}

/// Find the root, or enough headers to make up for it.
pub(super) fn find(blocks: &dyn Blocks, context: &Context) -> Result<Option<Place>> {
    let count = u32::try_from(blocks.len() / BLOCK).unwrap_or(u32::MAX);
    if count < 4 || blocks.len() > LARGEST {
        return Ok(None);
    }
    let device = Device { blocks, context, count };
    let (flags, boots) = boot(device)?;
    let middle = count.saturating_add(1) / 2;
    let mut best: Option<(Root, u32)> = None;
    for number in [middle, 880, 1760] {
        let root = device.block(number)?.and_then(|b| Root::read(number, &b));
        let total = if number == middle { count } else { number.saturating_mul(2) };
        let better = |r: &Root| best.as_ref().is_none_or(|(b, _)| r.header.sound && !b.header.sound);
        if let Some(root) = root.filter(better) {
            best = Some((root, total));
        }
    }
    if let Some((root, blocks)) = best.filter(|(r, _)| r.header.sound || flags.is_some()) {
        return Ok(Some(Place { number: root.header.number, root: Some(root), blocks, flags, boots }));
    }
    if flags.is_none() && !FLOPPIES.contains(&count) || headers(device, middle)? < ENOUGH {
        return Ok(None);
    }
    Ok(Some(Place { root: None, number: middle, blocks: count, flags, boots }))
}

/// The flags of the boot block's id, and whether its checksum holds: the sum
/// of its longs, carry brought around, has all bits set.
fn boot(device: Device<'_>) -> Result<(Option<u8>, bool)> {
    let (Some(first), Some(second)) = (device.block(0)?, device.block(1)?) else { return Ok((None, false)) };
    let flags = match first.bytes(0, 4) {
        [b'D', b'O', b'S', flags @ 0..=7] => Some(*flags),
        _ => None,
    };
    let longs = (0..128).map(|i| first.long(i)).chain((0..128).map(|i| second.long(i)));
    let sum = longs.fold(0u32, |sum, long| {
        let (sum, carry) = sum.overflowing_add(long);
        sum.wrapping_add(carry.into())
    });
    Ok((flags, sum == u32::MAX && first.long(0) != 0))
}

/// Headers that vouch for themselves and lead to a root in block `root`, or to
/// each other.
fn headers(device: Device<'_>, root: u32) -> Result<u32> {
    let mut found = 0u32;
    for number in 2..device.count {
        let Some(block) = device.block(number)?.filter(|b| b.long(0) == 2 && b.long(1) == number && b.is_sound())
        else {
            continue;
        };
        let near = |h: &Header| h.kind != Kind::Root && (h.parent == root || device.holds(h.parent));
        found = found.saturating_add(u32::from(Header::read(number, &block, false).is_some_and(|h| near(&h))));
    }
    Ok(found)
}
