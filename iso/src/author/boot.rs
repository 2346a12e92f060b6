//! The boot catalog that is written, and the table in boot images.

use std::borrow::Cow;
use std::collections::BTreeMap;

use floptical_model::Result;

use super::bytes::Bytes;
use super::layout::{BYTES, File};
use super::tree::Tree;
use super::{Boot, too_much};
use crate::Emulation;
use crate::field::Fields;

/// Bytes in an entry.
const ENTRY: usize = 32;

/// The boot catalog: one sector.
pub(super) fn catalog(tree: &Tree, boots: &[Boot], sectors: &BTreeMap<usize, u32>) -> Result<Bytes> {
    let mut all = validation(boots.first().map_or(0, |b| b.platform)).0;
    let mut rest = boots;
    while let Some((first, _)) = rest.split_first() {
        let run = if all.len() == ENTRY { 1 } else { rest.iter().take_while(|b| b.platform == first.platform).count() };
        let (section, following) = rest.split_at_checked(run).unwrap_or((rest, &[]));
        if all.len() > ENTRY {
            let mut header = Bytes::zeros(ENTRY);
            let count = u16::try_from(section.len()).unwrap_or(u16::MAX);
            header.put(0, &[if following.is_empty() { 0x91 } else { 0x90 }, first.platform]);
            header.put(2, &count.to_le_bytes());
            all.extend(header.0);
        }
        for boot in section {
            all.extend(entry(tree, boot, sectors)?.0);
        }
        rest = following;
    }
    if all.len() > BYTES {
        return Err(too_much("the boot catalog has room for one sector of entries"));
    }
    all.resize(BYTES, 0);
    Ok(Bytes(all))
}

/// The validation entry; its words add up to zero.
fn validation(platform: u8) -> Bytes {
    let mut bytes = Bytes::zeros(ENTRY);
    bytes.put(0, &[1, platform]);
    bytes.put(4, b"FLOPTICAL");
    bytes.put(30, &[0x55, 0xAA]);
    let words = bytes.0.as_chunks::<2>().0.iter().map(|w| u16::from_le_bytes(*w));
    let sum = words.fold(0u16, u16::wrapping_add).wrapping_neg();
    bytes.put(28, &sum.to_le_bytes());
    bytes
}

fn entry(tree: &Tree, boot: &Boot, sectors: &BTreeMap<usize, u32>) -> Result<Bytes> {
    let missing = || too_much(format!("there is no file `{}` to boot from", boot.path));
    let node = tree.find(&boot.path).ok_or_else(missing)?;
    let sector = sectors.get(&node).ok_or_else(missing)?;
    let content = tree.0.get(node).and_then(|n| n.bytes.as_deref()).unwrap_or_default();
    let (media, load) = match boot.emulation {
        Emulation::None => (0, u16::try_from(content.len().div_ceil(512)).unwrap_or(u16::MAX)),
        Emulation::Floppy(bytes) => {
            let media = match bytes {
                1_228_800 => 1,
                1_474_560 => 2,
                2_949_120 => 3,
                other => return Err(too_much(format!("El Torito emulates no floppy of {other} bytes"))),
            };
            if content.len() as u64 != bytes {
                return Err(too_much(format!("`{}` has {} bytes, not {bytes}", boot.path, content.len())));
            }
            (media, 1)
        }
        Emulation::HardDisk => (4, 1),
        Emulation::Unknown(media) => return Err(too_much(format!("El Torito has no media type {media}"))),
    };
    // A hard disk says the type of its first partition.
    let system = if boot.emulation == Emulation::HardDisk { Fields(content).u8(450) } else { 0 };
    let mut bytes = Bytes::zeros(ENTRY);
    bytes.put(0, &[0x88, media]);
    bytes.put(2, &boot.segment.to_le_bytes());
    bytes.put(4, &[system]);
    bytes.put(6, &boot.sectors.unwrap_or(load).to_le_bytes());
    bytes.put(8, &sector.to_le_bytes());
    Ok(bytes)
}

/// The bytes of a file, with a boot info table where one is asked for: sector
/// of the primary descriptor, sector and length of the file, sum of its 32-bit
/// words from byte 64 on.
pub(super) fn with_table<'a>(file: &File, tree: &'a Tree, boots: &[Boot]) -> Result<Cow<'a, [u8]>> {
    let bytes = tree.0.get(file.node).and_then(|n| n.bytes.as_deref()).unwrap_or_default();
    let asked = boots.iter().find(|b| b.info_table && tree.find(&b.path) == Some(file.node));
    let Some(boot) = asked else { return Ok(bytes.into()) };
    let rest = bytes.get(64..).ok_or_else(|| too_much(format!("`{}` has no room for a boot info table", boot.path)))?;
    let word = |raw: &[u8]| {
        let mut word = [0; 4];
        word.iter_mut().zip(raw).for_each(|(to, from)| *to = *from);
        u32::from_le_bytes(word)
    };
    let sum = rest.chunks(4).map(word).fold(0, u32::wrapping_add);
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut written = Bytes(bytes.to_vec());
    written.put(8, &[0; 56]);
    for (at, value) in [(8, 16), (12, file.sector), (16, len), (20, sum)] {
        written.put(at, &value.to_le_bytes());
    }
    Ok(written.0.into())
}
