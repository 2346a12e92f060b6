//! How long a boot image is, and what it says of itself.

use std::collections::BTreeMap;

use floptical_model::finding::{BOOT_IMAGE, BOOT_INFO_TABLE, BOOT_SIZE};
use floptical_model::{Context, EntryKind, Result};

use super::{BootImage, Emulation};
use crate::SECTOR;
use crate::field::Fields;
use crate::medium::{Medium, Note};
use crate::namespace::Namespace;

/// Where files begin, with their path and size.
pub(super) struct Files(BTreeMap<u64, (String, u64)>);

impl Files {
    pub(super) fn of(namespaces: &[Namespace]) -> Self {
        let mut all = BTreeMap::new();
        for namespace in namespaces {
            for entry in namespace.entries().iter().filter(|e| e.kind == EntryKind::File) {
                if let Some(start) = entry.pieces.first().and_then(|p| p.start) {
                    all.entry(start).or_insert_with(|| (entry.path.clone(), entry.size));
                }
            }
        }
        Self(all)
    }

    /// Where the next file begins.
    fn after(&self, start: u64) -> Option<u64> {
        self.0.range(start.saturating_add(1)..).next().map(|(at, _)| *at)
    }
}

impl BootImage {
    /// Find out its size, and look at what it holds.
    pub(super) fn measure(&mut self, medium: &Medium, files: &Files, context: &Context) -> Result<()> {
        let start = self.start();
        let named = files.0.get(&start);
        self.file = named.map(|(path, _)| path.clone());
        let head = medium.read(start, 4096, context)?;
        let (size, from) = self.size(&head, named, files, medium.len());
        (self.size, self.size_from) = (size, from);
        let there = medium.there(start, size);
        if there < size {
            let what = format!("the image has {size} bytes, of which {there} are on the disc");
            self.say(&BOOT_IMAGE, what);
        }
        if self.emulation == Emulation::None {
            self.check_table(&head, medium, context)?;
        }
        Ok(())
    }

    fn say(&mut self, code: &'static floptical_model::Code, what: impl Into<String>) {
        self.notes.push(Note::new(code, self.at, 32, what));
    }

    /// The size and what it follows from. The count of sectors says how much
    /// the firmware loads; programs write 0, 1 or 4 there whatever the size.
    fn size(&mut self, head: &[u8], named: Option<&(String, u64)>, files: &Files, end: u64) -> (u64, String) {
        let told = u64::from(self.sectors).saturating_mul(512);
        let start = self.start();
        match self.emulation {
            Emulation::Floppy(bytes) => return (bytes, "the emulated drive".into()),
            Emulation::HardDisk => {
                if let Some(bytes) = partitioned(head) {
                    return (bytes, "its partition table".into());
                }
            }
            Emulation::None | Emulation::Unknown(_) => {}
        }
        let (size, from) = match (named, fat_size(head)) {
            (Some((_, size)), _) if size.next_multiple_of(SECTOR) >= told => (*size, "the file that lies there"),
            (_, Some(size)) if size >= told => (size, "the boot sector of its FAT"),
            _ if self.sectors > 0 => return (told, "the count of sectors".into()),
            _ => (files.after(start).unwrap_or(end).saturating_sub(start), "the next file, or the end"),
        };
        // Programs count the bytes that fill up the last unit or sector.
        if told != size.next_multiple_of(512) && told != size.next_multiple_of(SECTOR) {
            let what = format!("the catalog tells {told} bytes to load; {from} tells {size}");
            self.say(&BOOT_SIZE, what);
        }
        (size, from.into())
    }

    /// The boot info table of genisoimage and its kin at byte 8: sector of the
    /// primary descriptor, sector and length of the file, sum of its 32-bit
    /// words from byte 64 on.
    fn check_table(&mut self, head: &[u8], medium: &Medium, context: &Context) -> Result<()> {
        let f = Fields(head);
        let (descriptor, block, len, sum) = (f.le32(8), f.le32(12), f.le32(16), f.le32(20));
        // GRUB 2 keeps the sector behind the first in units of 512 bytes.
        let grub = (block != 0 || self.block != 0)
            && f.le64(2548) == u64::from(self.block).saturating_mul(4).saturating_add(5);
        if (descriptor, block) != (16, self.block) {
            self.table = grub.then(|| "of GRUB 2".into());
            return Ok(());
        }
        let mut own = 0u32;
        let mut carry = Vec::new();
        let mut left = 64usize;
        let mut add = |piece: &[u8]| {
            let skipped = left.min(piece.len());
            left = left.saturating_sub(skipped);
            carry.extend_from_slice(piece.get(skipped..).unwrap_or_default());
            let (words, rest) = carry.as_chunks::<4>();
            own = words.iter().fold(own, |sum, w| sum.wrapping_add(u32::from_le_bytes(*w)));
            carry = rest.to_vec();
            Ok(())
        };
        let there = medium.there(self.start(), len.into());
        medium.stream(self.start(), there, &mut add, context)?;
        if !carry.is_empty() {
            carry.resize(4, 0);
            own = carry.as_chunks::<4>().0.iter().fold(own, |sum, w| sum.wrapping_add(u32::from_le_bytes(*w)));
        }
        let sound = own == sum && u64::from(len) == self.size;
        if !sound {
            let what = format!(
                "the boot info table tells {len} bytes with the sum {sum:08X}h; the image has {} with {own:08X}h",
                self.size
            );
            self.say(&BOOT_INFO_TABLE, what);
        }
        let and = if grub { ", and that of GRUB 2" } else { "" };
        self.table = Some(format!("{}{and}", if sound { "right" } else { "does not fit" }));
        Ok(())
    }
}

/// Bytes up to the end of the last partition of a master boot record.
fn partitioned(head: &[u8]) -> Option<u64> {
    let f = Fields(head);
    if f.bytes(510, 2) != [0x55, 0xAA] {
        return None;
    }
    let table = f.bytes(446, 64).as_chunks::<16>().0;
    let end = |entry: &[u8; 16]| {
        let e = Fields(entry);
        (e.u8(4) != 0).then(|| u64::from(e.le32(8)).saturating_add(e.le32(12).into()))
    };
    table.iter().filter_map(end).max().filter(|n| *n > 0).map(|n| n.saturating_mul(512))
}

/// Bytes of a FAT volume by its boot sector.
fn fat_size(head: &[u8]) -> Option<u64> {
    let f = Fields(head);
    let sector = u64::from(f.le16(11));
    let looks = f.bytes(510, 2) == [0x55, 0xAA]
        && matches!(sector, 512 | 1024 | 2048 | 4096)
        && f.u8(13).is_power_of_two()
        && matches!(f.u8(16), 1 | 2);
    let count = if f.le16(19) != 0 { u64::from(f.le16(19)) } else { f.le32(32).into() };
    (looks && count > 0).then(|| count.saturating_mul(sector))
}
