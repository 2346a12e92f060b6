//! The boot sector: the BIOS parameter block (BPB) and what follows it.
//!
//! Layout from the Microsoft FAT specification 1.03, section "Boot Sector and
//! BPB": see `NOTES.md`.

use super::shape::{Shape, Width};

/// The geometry that a boot sector tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// Bytes in a sector.
    pub bytes_per_sector: u16,
    /// Sectors on a track.
    pub sectors_per_track: u16,
    /// Sides.
    pub heads: u16,
    /// Sectors altogether.
    pub total_sectors: u32,
}

/// The geometry of a plausible parameter block; `None` when there is none.
/// `boot` is the first sector, or more.
pub fn geometry(boot: &[u8]) -> Option<Geometry> {
    let bpb = Bpb::read(boot.first_chunk()?);
    let whole = bpb.track > 0 && bpb.track <= 255 && (1..=255).contains(&bpb.heads);
    (whole && bpb.shape().is_some()).then_some(Geometry {
        bytes_per_sector: bpb.sector,
        sectors_per_track: bpb.track,
        heads: bpb.heads,
        total_sectors: bpb.sectors,
    })
}

/// The fields as they lie in the sector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bpb {
    pub oem: [u8; 8],
    pub sector: u16,
    pub per_cluster: u8,
    pub reserved: u16,
    pub copies: u8,
    pub root_entries: u16,
    pub sectors: u32,
    pub media: u8,
    pub per_fat: u32,
    pub track: u16,
    pub heads: u16,
    pub hidden: u32,
    /// FAT32: flags of the active copy, root cluster.
    pub flags: u16,
    pub root_cluster: u32,
    /// Serial and label of an extended block.
    pub serial: Option<u32>,
    pub label: Option<[u8; 11]>,
    /// The two bytes at 510 are `55 AA`.
    pub signed: bool,
}

impl Bpb {
    /// Take the fields of a sector, whatever they hold.
    pub(super) fn read(b: &[u8; 512]) -> Self {
        let word = |lo: u8, hi: u8| u16::from_le_bytes([lo, hi]);
        let long = |at: usize| {
            b.get(at..).and_then(|t| t.first_chunk()).map_or(0, |bytes: &[u8; 4]| u32::from_le_bytes(*bytes))
        };
        let short_fat = word(b[22], b[23]);
        let short_total = word(b[19], b[20]);
        let wide = short_fat == 0 && word(b[17], b[18]) == 0 && long(36) != 0;
        let extended = if wide { 66 } else { 38 };
        let mark = b.get(extended).copied().unwrap_or(0);
        let text = b.get(extended.saturating_add(5)..).and_then(|t| t.first_chunk::<11>());
        Self {
            oem: [b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10]],
            sector: word(b[11], b[12]),
            per_cluster: b[13],
            reserved: word(b[14], b[15]),
            copies: b[16],
            root_entries: word(b[17], b[18]),
            sectors: if short_total == 0 { long(32) } else { u32::from(short_total) },
            media: b[21],
            per_fat: if wide { long(36) } else { u32::from(short_fat) },
            track: word(b[24], b[25]),
            heads: word(b[26], b[27]),
            hidden: if short_total == 0 || mark == 0x28 || mark == 0x29 {
                long(28)
            } else {
                u32::from(word(b[28], b[29]))
            },
            flags: if wide { word(b[40], b[41]) } else { 0 },
            root_cluster: if wide { long(44) } else { 0 },
            serial: matches!(mark, 0x28 | 0x29).then(|| long(extended.saturating_add(1))),
            label: text.copied().filter(|_| mark == 0x29),
            signed: b.ends_with(&[0x55, 0xAA]),
        }
    }

    /// The shape of the volume, if the fields can be true together. Neither a
    /// jump nor `55 AA` is asked for: Atari ST, MSX and DOS 1.x have neither.
    pub(super) fn shape(&self) -> Option<Shape> {
        let fields = matches!(self.sector, 128 | 256 | 512 | 1024 | 2048 | 4096 | 8192)
            && self.per_cluster.is_power_of_two()
            && self.reserved > 0
            && (1..=4).contains(&self.copies)
            && self.per_fat > 0
            && (self.root_entries > 0 || self.root_cluster >= 2)
            && matches!(self.media, 0 | 0xF0 | 0xF8..=0xFF);
        let shape = Shape {
            sector: u32::from(self.sector),
            per_cluster: u32::from(self.per_cluster),
            reserved: u32::from(self.reserved),
            copies: self.copies,
            per_fat: self.per_fat,
            root_entries: u32::from(self.root_entries),
            root_cluster: self.root_cluster,
            sectors: self.sectors,
            media: self.media,
            active: if self.flags & 0x80 != 0 { u8::try_from(self.flags & 15).unwrap_or(0) } else { 0 },
            width: Width::Twelve,
        };
        if fields { shape.with_width() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A boot sector of 720 KiB.
    fn boot() -> Vec<u8> {
        let mut b = vec![0; 512];
        b[11..30].copy_from_slice(&[0, 2, 2, 1, 0, 2, 112, 0, 160, 5, 0xF9, 3, 0, 9, 0, 2, 0, 0, 0]);
        b
    }

    #[test]
    fn geometry_of_a_plain_boot_sector() {
        let want = Geometry { bytes_per_sector: 512, sectors_per_track: 9, heads: 2, total_sectors: 1440 };
        assert_eq!(geometry(&boot()), Some(want));
    }

    #[test]
    fn no_geometry_where_fields_cannot_be_true() {
        for (at, value) in [(12, 3), (13, 0), (13, 3), (14, 0), (16, 0), (17, 0), (22, 0), (21, 0x17), (24, 0), (26, 0)]
        {
            let mut b = boot();
            b[at] = value;
            assert_eq!(geometry(&b), None, "byte {at} is {value}");
        }
        assert_eq!(geometry(&boot()[..100]), None);
        assert_eq!(geometry(&[0xE5; 512]), None);
    }
}
