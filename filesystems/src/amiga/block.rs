//! Blocks of 512 bytes, and the headers of files, directories and links.

use floptical_model::{Blocks, Context, Result, Status};

use super::date::Moment;

/// Bytes in a block.
pub(super) const BLOCK: u64 = 512;
/// Block numbers in a header, a hash table or a list.
pub(super) const SLOTS: usize = 72;

/// One block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    bytes: [u8; 512],
}

impl Block {
    /// A big-endian long by its number, 0 to 127.
    pub(super) fn long(&self, index: usize) -> u32 {
        let at = index.saturating_mul(4);
        let long = self.bytes.get(at..).and_then(|rest| rest.first_chunk());
        long.map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }

    /// True when the sum of all longs is zero, and there is something at all.
    pub(super) fn is_sound(&self) -> bool {
        (0..128).fold(0u32, |sum, i| sum.wrapping_add(self.long(i))) == 0 && self.bytes.iter().any(|b| *b != 0)
    }

    /// Bytes of the block.
    pub(super) fn bytes(&self, at: usize, len: usize) -> &[u8] {
        let rest = self.bytes.get(at..).unwrap_or_default();
        rest.get(..len).unwrap_or(rest)
    }

    /// A string with its length before it, no longer than `most`.
    pub(super) fn string(&self, at: usize, most: usize) -> Vec<u8> {
        let len = usize::from(self.bytes.get(at).copied().unwrap_or(0)).min(most);
        self.bytes(at.saturating_add(1), len).to_vec()
    }

    fn moment(&self, at: usize) -> Moment {
        Moment { days: self.long(at), minutes: self.long(at.saturating_add(1)), ticks: self.long(at.saturating_add(2)) }
    }
}

/// The blocks of a volume.
#[derive(Clone, Copy)]
pub(super) struct Device<'a> {
    pub(super) blocks: &'a dyn Blocks,
    pub(super) context: &'a Context,
    /// Blocks that there are.
    pub(super) count: u32,
}

impl Device<'_> {
    /// A block; `None` when it is not there or was not read.
    pub(super) fn block(&self, number: u32) -> Result<Option<Block>> {
        self.context.step(1)?;
        let mut block = Block { bytes: [0; 512] };
        if number >= self.count {
            return Ok(None);
        }
        let status = self.blocks.read(u64::from(number).saturating_mul(BLOCK), &mut block.bytes, self.context)?;
        Ok((status > Status::Missing).then_some(block))
    }

    /// True for the number of a block that can hold something of a volume.
    pub(super) fn holds(&self, number: u32) -> bool {
        (2..self.count).contains(&number)
    }
}

/// What a header speaks of: its secondary type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Directory,
    File,
    SoftLink,
    LinkToFile,
    LinkToDirectory,
}

impl Kind {
    fn of(secondary: u32) -> Option<Self> {
        match secondary.cast_signed() {
            1 => Some(Self::Root),
            2 => Some(Self::Directory),
            3 => Some(Self::SoftLink),
            4 => Some(Self::LinkToDirectory),
            -3 => Some(Self::File),
            -4 => Some(Self::LinkToFile),
            _ => None,
        }
    }
}

/// A header block: of the root, a directory, a file or a link.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// The block that it was read from.
    pub number: u32,
    /// The number that it gives itself.
    pub own: u32,
    pub kind: Kind,
    /// Whether its checksum holds.
    pub sound: bool,
    pub name: Vec<u8>,
    pub comment: Vec<u8>,
    /// The block of a comment that did not fit beside a long name.
    pub comment_block: u32,
    /// Owner and group, where several users share a disk.
    pub owner: u32,
    pub protection: u32,
    pub size: u32,
    pub changed: Moment,
    /// Hash table of a directory; data blocks of a file, in order.
    pub slots: [u32; SLOTS],
    /// What a hard link leads to.
    pub real: u32,
    /// Next in the hash chain.
    pub next: u32,
    pub parent: u32,
    /// More data blocks of a file; the cache of a directory.
    pub extension: u32,
    /// Target of a soft link.
    pub target: Vec<u8>,
}

impl Header {
    /// The header in a block, if it looks like one. With `long_names` name and
    /// comment share one field, and the date lies elsewhere.
    pub(super) fn read(number: u32, block: &Block, long_names: bool) -> Option<Self> {
        let kind = Kind::of(block.long(127)).filter(|_| block.long(0) == 2)?;
        let long_names = long_names && kind != Kind::Root;
        let (name, comment) = if long_names {
            let name = block.string(328, 107);
            let comment = block.string(329usize.saturating_add(name.len()), 110usize.saturating_sub(name.len()));
            (name, comment)
        } else {
            let comment = if kind == Kind::Root { Vec::new() } else { block.string(328, 79) };
            (block.string(432, 30), comment)
        };
        let mut slots = [0; SLOTS];
        for (i, slot) in slots.iter_mut().enumerate() {
            // A hash table goes up from long 6, data blocks go down from 77.
            *slot = block.long(if kind == Kind::File { 77usize.saturating_sub(i) } else { i.saturating_add(6) });
        }
        let path = block.bytes(24, 288);
        let end = path.iter().position(|b| *b == 0).unwrap_or(path.len());
        Some(Self {
            number,
            own: block.long(1),
            kind,
            sound: block.is_sound(),
            name,
            comment,
            comment_block: if long_names { block.long(110) } else { 0 },
            owner: block.long(79),
            protection: block.long(80),
            size: block.long(81),
            changed: block.moment(if long_names { 113 } else { 105 }),
            slots,
            real: block.long(117),
            next: block.long(124),
            parent: block.long(125),
            extension: block.long(126),
            target: path.get(..end).filter(|_| kind == Kind::SoftLink).unwrap_or_default().to_vec(),
        })
    }

    /// True for what has a hash table.
    pub(super) fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Root | Kind::Directory)
    }
}

/// What only the root records.
#[derive(Debug, Clone)]
pub(super) struct Root {
    pub header: Header,
    /// Whether the bitmap says of itself that it holds.
    pub map_valid: bool,
    /// Blocks of the bitmap.
    pub map: Vec<u32>,
    /// The block with more of them.
    pub more_map: u32,
    /// Last change of the volume.
    pub volume_changed: Moment,
    /// When it was formatted.
    pub created: Moment,
}

impl Root {
    /// The root in a block, if it looks like one.
    pub(super) fn read(number: u32, block: &Block) -> Option<Self> {
        let header = Header::read(number, block, false).filter(|h| h.kind == Kind::Root && block.long(3) == 72)?;
        Some(Self {
            header,
            map_valid: block.long(78) == u32::MAX,
            map: (79..104).map(|i| block.long(i)).take_while(|n| *n != 0).collect(),
            more_map: block.long(104),
            volume_changed: block.moment(118),
            created: block.moment(121),
        })
    }
}
