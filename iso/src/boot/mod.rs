//! El Torito: boot catalog and boot images (Bootable CD-ROM Format
//! Specification, version 1.0, Phoenix and IBM 1995).

mod catalog;
mod image;

use floptical_model::{Context, Dates, Entry, EntryKind, Name, Piece, Place, Result};

use crate::descriptor::Descriptors;
use crate::medium::{Medium, Note};
use crate::namespace::Namespace;

/// What drive the firmware makes of a boot image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Emulation {
    /// None: the image is a program.
    None,
    /// A floppy disk of this many bytes.
    Floppy(u64),
    /// A hard disk.
    HardDisk,
    /// A type that the specification does not have.
    Unknown(u8),
}

impl Emulation {
    /// By the low four bits of the media type.
    fn of(media: u8) -> Self {
        match media & 0xF {
            0 => Self::None,
            1 => Self::Floppy(1_228_800),
            2 => Self::Floppy(1_474_560),
            3 => Self::Floppy(2_949_120),
            4 => Self::HardDisk,
            other => Self::Unknown(other),
        }
    }

    /// The word for it.
    pub fn word(self) -> String {
        match self {
            Self::None => "no emulation".into(),
            Self::Floppy(1_228_800) => "floppy 1.2M".into(),
            Self::Floppy(1_474_560) => "floppy 1.44M".into(),
            Self::Floppy(_) => "floppy 2.88M".into(),
            Self::HardDisk => "hard disk".into(),
            Self::Unknown(n) => format!("media type {n}"),
        }
    }
}

/// A boot image as the catalog describes it.
#[derive(Debug, Clone)]
pub struct BootImage {
    /// Its place in the catalog, from 1.
    pub number: usize,
    /// The platform: 0 for x86, 1 PowerPC, 2 Macintosh, EFh for EFI.
    pub platform: u8,
    /// Whether the entry is marked as one to boot from.
    pub bootable: bool,
    /// What drive it is shown as.
    pub emulation: Emulation,
    /// Segment that it is loaded to, 0 for 07C0h.
    pub segment: u16,
    /// System type, as in a partition table.
    pub system: u8,
    /// Units of 512 bytes that the firmware loads.
    pub sectors: u16,
    /// First sector of 2048 bytes.
    pub block: u32,
    /// Size in bytes.
    pub size: u64,
    /// What the size follows from.
    pub size_from: String,
    /// The path of the file that lies there, if a directory names it.
    pub file: Option<String>,
    /// Id of its section, empty in the first.
    pub section: String,
    /// Type of the selection criteria and their bytes, where there are any.
    pub criteria: Vec<u8>,
    /// What the boot info table in it says, where it has one.
    pub table: Option<String>,
    /// First byte of its entry on the medium.
    at: u64,
    notes: Vec<Note>,
}

/// A boot catalog.
#[derive(Debug, Clone, Default)]
pub struct BootCatalog {
    /// Its images, in the order of the catalog.
    pub images: Vec<BootImage>,
    /// First sectors of the catalogs; discs have one.
    pub blocks: Vec<u32>,
    /// What the validation entries say of who made it.
    pub ids: Vec<String>,
    pub(crate) notes: Vec<Note>,
}

impl BootCatalog {
    /// Read the catalogs that boot records point to; `None` without any.
    pub(crate) fn read(
        medium: &Medium,
        descriptors: &Descriptors,
        namespaces: &[Namespace],
        context: &Context,
    ) -> Result<Option<Self>> {
        if descriptors.boot.is_empty() {
            return Ok(None);
        }
        let mut all = Self::default();
        for (_, block) in &descriptors.boot {
            if !all.blocks.contains(block) {
                all.blocks.push(*block);
                catalog::read(medium, *block, &mut all, context)?;
            }
        }
        let files = image::Files::of(namespaces);
        for image in &mut all.images {
            image.measure(medium, &files, context)?;
        }
        Ok(Some(all))
    }

    /// What it says of itself.
    pub(crate) fn facts(&self) -> Vec<(&'static str, String)> {
        let blocks = self.blocks.iter().map(|block| ("catalog at sector", block.to_string()));
        let ids = self.ids.iter().filter(|id| !id.is_empty()).map(|id| ("made by", id.clone()));
        blocks.chain(ids).collect()
    }

    /// The images as files.
    pub(crate) fn entries(&self, medium: &Medium) -> Vec<Entry> {
        self.images.iter().map(|image| image.entry(medium)).collect()
    }
}

/// The word for a platform.
pub(crate) fn platform_word(platform: u8) -> String {
    match platform {
        0 => "x86".into(),
        1 => "PowerPC".into(),
        2 => "Mac".into(),
        0xEF => "EFI".into(),
        other => format!("platform {other:02X}h"),
    }
}

impl BootImage {
    /// First byte on the medium.
    pub fn start(&self) -> u64 {
        u64::from(self.block).saturating_mul(crate::SECTOR)
    }

    /// The name that it goes by: number, platform, emulation.
    pub fn name(&self) -> String {
        format!("{}-{}-{}.img", self.number, platform_word(self.platform), self.emulation.word()).replace(' ', "-")
    }

    fn entry(&self, medium: &Medium) -> Entry {
        let path = self.name();
        let there = medium.there(self.start(), self.size);
        let pieces = if there > 0 { vec![Piece { start: Some(self.start()), len: there }] } else { Vec::new() };
        let place = Place::Path(path.clone());
        Entry {
            name: Name { raw: path.clone().into_bytes(), text: path.clone(), charset: "ASCII" },
            short: None,
            kind: EntryKind::File,
            deleted: None,
            size: self.size,
            pieces,
            dates: Dates::default(),
            attributes: if self.bootable { vec!["bootable"] } else { vec!["not-bootable"] },
            details: self.details(),
            findings: self.notes.iter().cloned().map(|note| note.at(place.clone())).collect(),
            path,
        }
    }

    fn details(&self) -> Vec<floptical_model::Detail> {
        let mut all = vec![
            ("platform", platform_word(self.platform)),
            ("emulation", self.emulation.word()),
            ("load segment", format!("{:04X}h", self.segment)),
            ("system type", format!("{:02X}h", self.system)),
            ("loads", format!("{} x 512 bytes", self.sectors)),
            ("at sector", self.block.to_string()),
            ("size from", self.size_from.clone()),
        ];
        all.extend(self.file.clone().map(|path| ("file", path)));
        if !self.section.is_empty() {
            all.push(("section", self.section.clone()));
        }
        if !self.criteria.is_empty() {
            all.push(("selection criteria", self.criteria.iter().map(|b| format!("{b:02x}")).collect()));
        }
        all.extend(self.table.clone().map(|table| ("boot info table", table)));
        all
    }
}
