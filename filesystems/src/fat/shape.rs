//! The shape of a volume: where its parts lie.

/// Bits of an entry of the allocation table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    /// FAT12.
    Twelve,
    /// FAT16.
    Sixteen,
    /// FAT32, of which 28 bits count.
    ThirtyTwo,
}

impl Width {
    /// The name of the file system.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Twelve => "FAT12",
            Self::Sixteen => "FAT16",
            Self::ThirtyTwo => "FAT32",
        }
    }

    /// Bits of an entry on the disk.
    pub(super) fn bits(self) -> u64 {
        match self {
            Self::Twelve => 12,
            Self::Sixteen => 16,
            Self::ThirtyTwo => 32,
        }
    }

    /// Whole entries that fit into so many bytes.
    pub(super) fn entries(self, bytes: u64) -> u64 {
        bytes.saturating_mul(8).checked_div(self.bits()).unwrap_or(0)
    }

    /// The bits that count.
    pub(super) fn mask(self) -> u32 {
        match self {
            Self::Twelve => 0xFFF,
            Self::Sixteen => 0xFFFF,
            Self::ThirtyTwo => 0x0FFF_FFFF,
        }
    }
}

/// Sizes and counts that place every part of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Bytes in a sector.
    pub sector: u32,
    /// Sectors in a cluster.
    pub per_cluster: u32,
    /// Sectors before the first allocation table.
    pub reserved: u32,
    /// Allocation tables.
    pub copies: u8,
    /// Sectors of an allocation table.
    pub per_fat: u32,
    /// Entries of the root directory; 0 on FAT32.
    pub root_entries: u32,
    /// First cluster of the root directory on FAT32.
    pub root_cluster: u32,
    /// Sectors of the volume.
    pub sectors: u32,
    /// Media byte.
    pub media: u8,
    /// The copy in force where mirroring is off.
    pub active: u8,
    /// Width of the table's entries.
    pub width: Width,
}

impl Shape {
    /// The same shape with the width that its count of clusters gives
    /// (Microsoft FAT specification, "FAT type determination"), or a narrower
    /// one where the table is too small for that; `None` when nothing is left
    /// for data.
    pub(super) fn with_width(mut self) -> Option<Self> {
        let count = self.clusters();
        self.width = match count {
            _ if self.root_entries == 0 => Width::ThirtyTwo,
            0..4085 => Width::Twelve,
            _ => Width::Sixteen,
        };
        if self.width == Width::Sixteen && self.room() < u64::from(count) {
            self.width = Width::Twelve;
        }
        (count > 0 && self.data_at() < self.len()).then_some(self)
    }

    fn bytes(&self, sectors: u64) -> u64 {
        sectors.saturating_mul(u64::from(self.sector))
    }

    /// Length of the volume in bytes.
    pub(super) fn len(&self) -> u64 {
        self.bytes(u64::from(self.sectors))
    }

    /// Length of an allocation table in bytes.
    pub(super) fn fat_len(&self) -> u64 {
        self.bytes(u64::from(self.per_fat))
    }

    /// Bytes of a table that its clusters need.
    pub(super) fn need_table(&self) -> u64 {
        u64::from(self.last()).saturating_add(1).saturating_mul(self.width.bits()).div_ceil(8)
    }

    /// Entries that a table has room for.
    fn room(&self) -> u64 {
        self.width.entries(self.fat_len())
    }

    /// First byte of a copy of the allocation table.
    pub(super) fn fat_at(&self, copy: u8) -> u64 {
        self.bytes(u64::from(self.reserved)).saturating_add(self.fat_len().saturating_mul(u64::from(copy)))
    }

    /// First byte of the root directory of FAT12 and FAT16.
    pub(super) fn root_at(&self) -> u64 {
        self.fat_at(self.copies)
    }

    /// Length of that root directory in bytes.
    pub(super) fn root_len(&self) -> u64 {
        u64::from(self.root_entries).saturating_mul(32)
    }

    /// First byte of cluster 2.
    pub(super) fn data_at(&self) -> u64 {
        let sectors = self.root_len().div_ceil(u64::from(self.sector).max(1));
        self.root_at().saturating_add(self.bytes(sectors))
    }

    /// Bytes in a cluster.
    pub(super) fn cluster(&self) -> u64 {
        self.bytes(u64::from(self.per_cluster)).max(1)
    }

    /// How many clusters there are.
    pub(super) fn clusters(&self) -> u32 {
        let count = self.len().saturating_sub(self.data_at()).checked_div(self.cluster());
        u32::try_from(count.unwrap_or(0)).unwrap_or(u32::MAX).min(0x0FFF_FFF5)
    }

    /// The highest cluster number.
    pub(super) fn last(&self) -> u32 {
        self.clusters().saturating_add(1)
    }

    /// True for a number that a cluster has.
    pub(super) fn has(&self, cluster: u32) -> bool {
        (2..=self.last()).contains(&cluster)
    }

    /// First byte of a cluster.
    pub(super) fn cluster_at(&self, cluster: u32) -> u64 {
        let index = u64::from(cluster.saturating_sub(2));
        self.data_at().saturating_add(index.saturating_mul(self.cluster()))
    }

    /// Clusters that hold `bytes`.
    pub(super) fn need(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(self.cluster())).unwrap_or(u32::MAX)
    }
}
