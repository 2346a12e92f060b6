//! The entries of a boot catalog, 32 bytes each.

use floptical_model::finding::{BOOT_CATALOG, BOOT_CHECKSUM};
use floptical_model::{Context, Result};

use super::{BootCatalog, BootImage, Emulation};
use crate::SECTOR;
use crate::field::Fields;
use crate::medium::{Medium, Note};
use crate::name::Charset;

/// Bytes in an entry.
const ENTRY: usize = 32;
/// Bytes of a catalog that are read; those of discs fill a part of a sector.
const LONGEST: u64 = 16 * SECTOR;

/// First bytes of entries.
const VALIDATION: u8 = 1;
const EXTENSION: u8 = 0x44;
const BOOTABLE: u8 = 0x88;
const MORE_HEADERS: u8 = 0x90;
const LAST_HEADER: u8 = 0x91;

/// A walk over entries.
struct Walk<'a> {
    bytes: &'a [u8],
    start: u64,
    index: usize,
    catalog: &'a mut BootCatalog,
}

/// Read the catalog at a sector.
pub(super) fn read(medium: &Medium, block: u32, catalog: &mut BootCatalog, context: &Context) -> Result<()> {
    let start = u64::from(block).saturating_mul(SECTOR);
    let bytes = medium.read(start, LONGEST, context)?;
    let mut walk = Walk { bytes: &bytes, start, index: 0, catalog };
    let Some((first, at)) = walk.next() else {
        walk.say(&BOOT_CATALOG, "the boot record points behind the end of the image");
        return Ok(());
    };
    walk.validate(first, at);
    let platform = first.u8(1);
    match walk.next() {
        Some((entry, at)) => walk.image(platform, entry, at, ""),
        None => walk.say(&BOOT_CATALOG, "the image ends before the first entry of the boot catalog"),
    }
    walk.sections();
    Ok(())
}

impl<'a> Walk<'a> {
    /// The next entry and its first byte on the medium.
    fn next(&mut self) -> Option<(Fields<'a>, u64)> {
        let offset = self.index.saturating_mul(ENTRY);
        let bytes = Fields(self.bytes).bytes(offset, ENTRY);
        self.index = self.index.saturating_add(1);
        (!bytes.is_empty()).then(|| (Fields(bytes), self.start.saturating_add(offset as u64)))
    }

    fn peek(&self) -> Option<u8> {
        Some(Fields(self.bytes).bytes(self.index.saturating_mul(ENTRY), ENTRY))
            .filter(|b| !b.is_empty())?
            .first()
            .copied()
    }

    fn say(&mut self, code: &'static floptical_model::Code, what: impl Into<String>) {
        let offset = self.index.saturating_sub(1).saturating_mul(ENTRY) as u64;
        self.catalog.notes.push(Note::new(code, self.start.saturating_add(offset), ENTRY as u64, what));
    }

    /// The validation entry: its words add up to zero.
    fn validate(&mut self, entry: Fields<'_>, _at: u64) {
        if entry.u8(0) != VALIDATION {
            self.say(&BOOT_CATALOG, format!("the boot catalog begins with {:02X}h, not with 01h", entry.u8(0)));
        }
        let words = entry.0.as_chunks::<2>().0.iter().map(|w| u16::from_le_bytes(*w));
        let sum = words.fold(0u16, u16::wrapping_add);
        if sum != 0 {
            self.say(&BOOT_CHECKSUM, format!("the words of the validation entry add up to {sum:04X}h, not to 0"));
        }
        if entry.bytes(30, 2) != [0x55, 0xAA] {
            self.say(&BOOT_CATALOG, "the validation entry does not end with 55h AAh");
        }
        self.catalog.ids.push(Charset::Iso.text(entry.words(4, 24)));
    }

    /// Take an entry as an image.
    fn image(&mut self, platform: u8, entry: Fields<'_>, at: u64, section: &str) {
        if entry.0.iter().all(|b| *b == 0) {
            return;
        }
        if !matches!(entry.u8(0), 0 | BOOTABLE) {
            self.say(&BOOT_CATALOG, format!("a boot entry begins with {:02X}h, not with 88h or 00h", entry.u8(0)));
        }
        let emulation = Emulation::of(entry.u8(1));
        if let Emulation::Unknown(media) = emulation {
            self.say(&BOOT_CATALOG, format!("a boot entry has the media type {media}"));
        }
        let mut criteria = if section.is_empty() { Vec::new() } else { entry.bytes(12, 20).to_vec() };
        if entry.u8(12) == 0 {
            criteria.clear();
        }
        self.catalog.images.push(BootImage {
            number: self.catalog.images.len().saturating_add(1),
            platform,
            bootable: entry.u8(0) == BOOTABLE,
            emulation,
            segment: entry.le16(2),
            system: entry.u8(4),
            sectors: entry.le16(6),
            block: entry.le32(8),
            size: 0,
            size_from: String::new(),
            file: None,
            section: section.to_owned(),
            criteria,
            table: None,
            at,
            notes: Vec::new(),
        });
    }

    /// The sections behind the first entry, up to the last header.
    fn sections(&mut self) {
        loop {
            let Some((header, _)) = self.next() else { return };
            let (kind, platform, count) = (header.u8(0), header.u8(1), header.le16(2));
            match kind {
                MORE_HEADERS | LAST_HEADER => {}
                0 => return,
                other => return self.say(&BOOT_CATALOG, format!("a section begins with {other:02X}h")),
            }
            let id = Charset::Iso.text(header.words(4, 28));
            let name = if id.is_empty() { format!("for {}", super::platform_word(platform)) } else { id };
            for number in 0..count {
                let Some((entry, at)) = self.next() else {
                    let what = format!("a section announces {count} entries, {number} are there");
                    return self.say(&BOOT_CATALOG, what);
                };
                self.image(platform, entry, at, &name);
                self.extend();
            }
            if kind == LAST_HEADER {
                return;
            }
        }
    }

    /// Further bytes of selection criteria.
    fn extend(&mut self) {
        while self.peek() == Some(EXTENSION) {
            let Some((entry, _)) = self.next() else { return };
            if let Some(image) = self.catalog.images.last_mut() {
                image.criteria.extend_from_slice(entry.bytes(2, 30));
            }
            if entry.u8(1) & 0x20 == 0 {
                return;
            }
            if self.peek() != Some(EXTENSION) {
                self.say(&BOOT_CATALOG, "a further extension of selection criteria is announced and not there");
            }
        }
    }
}
