//! The data blocks of a file: the pointers of its header and of its lists,
//! and in OFS what the data blocks say of themselves as a second witness.

use std::collections::BTreeSet;

use floptical_model::finding::{
    AMIGA_DATA_CHECKSUM, FS_BLOCK_KIND, FS_BLOCKS_FOUND, FS_BLOCKS_LOST, FS_EFFORT, FS_SIZE_DIFFERS,
};
use floptical_model::{Piece, Result};

use super::block::{BLOCK, Block, Device, Header};
use super::survey::{DATA, Survey};
use crate::listing::Note;

/// Type of a block that lists more data blocks.
const LIST: u32 = 16;
/// Bytes before the data in an OFS data block.
const HEAD: u64 = 24;
/// Bytes of data in it.
const OFS: u64 = 488;

/// What a file consists of.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// In order, cut behind the last block that is there.
    pub pieces: Vec<Piece>,
    /// Lists and data blocks.
    pub blocks: Vec<u32>,
    /// Bytes before the first that is not certainly its own; `None` when all
    /// are.
    pub sure: Option<u64>,
    pub notes: Vec<Note>,
}

impl Content {
    fn push(&mut self, start: Option<u64>, len: u64) {
        if let Some(last) = self.pieces.last_mut() {
            let joined = last.start.map(|s| s.saturating_add(last.len)) == start;
            if joined && (start.is_some() || last.start.is_none()) {
                last.len = last.len.saturating_add(len);
                return;
            }
        }
        self.pieces.push(Piece { start, len });
    }

    /// Bytes that can be had.
    pub(super) fn len(&self) -> u64 {
        self.pieces.iter().fold(0, |sum, p| sum.saturating_add(p.len))
    }
}

/// Where a data block is.
enum Found {
    /// Where the pointer says; whether its checksum holds.
    Pointed(u32, bool),
    /// Somewhere else, by what it says of itself.
    Searched(u32),
    Nowhere,
}

/// What went wrong in a file, block by block.
#[derive(Debug, Default)]
struct Trouble {
    bad: Vec<u32>,
    searched: Vec<u32>,
    lost: Vec<u32>,
    short: Vec<u32>,
}

/// Finds the contents of files.
pub(super) struct Reader<'a> {
    pub device: Device<'a>,
    pub survey: &'a Survey,
    /// Whether data blocks have a header of their own.
    pub ofs: bool,
    /// Blocks that may still be looked at: files that share all their blocks
    /// must not make the work quadratic.
    pub effort: u64,
}

impl Reader<'_> {
    /// The content of a file. A block for which `taken` holds belongs to
    /// another file; it is left out unless it says that it is this one's.
    pub(super) fn read(&mut self, header: &Header, taken: impl Fn(u32) -> bool) -> Result<Content> {
        let mut content = Content::default();
        let size = if self.ofs { OFS } else { BLOCK };
        let needed = u64::from(header.size).div_ceil(size).min(self.device.count.into());
        if self.effort < needed {
            content.notes.push((&FS_EFFORT, "its blocks were not looked up".into()));
            return Ok(content);
        }
        self.effort = self.effort.saturating_sub(needed);
        let pointers = self.pointers(header, usize::try_from(needed).unwrap_or(0), &mut content)?;
        let (mut trouble, mut left, mut before) = (Trouble::default(), u64::from(header.size), None);
        for index in 0..u32::try_from(needed).unwrap_or(0) {
            let pointer = pointers.get(usize::try_from(index).unwrap_or(0)).copied().unwrap_or(0);
            let number = index.saturating_add(1);
            let found = self.find(header.number, number, pointer, before.take(), &taken)?;
            let len = left.min(size);
            let at = match found {
                Found::Pointed(at, sound) => {
                    trouble.bad.extend((!sound).then_some(at));
                    Some(at)
                }
                Found::Searched(at) => {
                    trouble.searched.push(at);
                    Some(at)
                }
                Found::Nowhere => {
                    trouble.lost.push(number);
                    None
                }
            };
            if !matches!(found, Found::Pointed(_, true)) && content.sure.is_none() {
                content.sure = Some(content.len());
            }
            if let Some(at) = at.filter(|_| self.ofs)
                && let Some(block) = self.device.block(at)?
            {
                trouble.short.extend((u64::from(block.long(3)) != len).then_some(at));
                before = Some(block.long(4));
            }
            content.blocks.extend(at);
            let start = at.map(|at| u64::from(at).saturating_mul(BLOCK));
            content.push(if self.ofs { start.map(|s| s.saturating_add(HEAD)) } else { start }, len);
            left = left.saturating_sub(len);
        }
        if content.pieces.last().is_some_and(|p| p.start.is_none()) {
            content.pieces.pop();
        }
        trouble.notes(&mut content.notes);
        if left > 0 {
            content.notes.push((&FS_SIZE_DIFFERS, format!("{} bytes do not fit on the volume", header.size)));
            content.sure.get_or_insert(content.len());
        }
        Ok(content)
    }

    /// The numbers in a header and its lists, as many as the file needs.
    fn pointers(&mut self, header: &Header, needed: usize, content: &mut Content) -> Result<Vec<u32>> {
        let (mut all, mut next, mut seen) = (header.slots.to_vec(), header.extension, BTreeSet::new());
        while next != 0 && all.len() < needed {
            let is_list = |b: &Block| b.long(0) == LIST && b.long(1) == next && b.long(125) == header.number;
            let list = self.device.block(next)?.filter(is_list).filter(|_| seen.insert(next));
            let Some(list) = list else {
                content.notes.push((&FS_BLOCK_KIND, format!("block {next} is no list of its blocks")));
                break;
            };
            content.blocks.push(next);
            if !list.is_sound() {
                content.notes.push((&AMIGA_DATA_CHECKSUM, format!("of the list in block {next}")));
            }
            all.extend((6..78).rev().map(|i| list.long(i)));
            next = list.long(126);
        }
        all.truncate(needed);
        Ok(all)
    }

    /// Where a data block of a file is.
    fn find(
        &self,
        header: u32,
        number: u32,
        pointer: u32,
        before: Option<u32>,
        taken: impl Fn(u32) -> bool,
    ) -> Result<Found> {
        let inside = self.device.holds(pointer);
        if !self.ofs {
            return Ok(if inside && !taken(pointer) { Found::Pointed(pointer, true) } else { Found::Nowhere });
        }
        let fits = |b: &Block| b.long(0) == DATA && b.long(1) == header && b.long(2) == number;
        let pointed = if inside { self.device.block(pointer)? } else { None };
        if let Some(block) = pointed.as_ref().filter(|b| fits(b)) {
            return Ok(Found::Pointed(pointer, block.is_sound()));
        }
        for other in before.into_iter().chain(self.survey.data(header, number)) {
            if self.device.holds(other) && self.device.block(other)?.is_some_and(|b| fits(&b) && b.is_sound()) {
                return Ok(Found::Searched(other));
            }
        }
        Ok(match pointed {
            _ if !inside || taken(pointer) => Found::Nowhere,
            // The sector says itself that it is not good.
            None => Found::Pointed(pointer, true),
            Some(block) if block.is_sound() => Found::Nowhere,
            Some(_) => Found::Pointed(pointer, false),
        })
    }
}

impl Trouble {
    fn notes(&self, notes: &mut Vec<Note>) {
        let words = |all: &[u32], what: &str| {
            let first = all.first()?;
            Some(if all.len() == 1 {
                format!("{what} {first}")
            } else {
                format!("{what} {first} and {} more", all.len().saturating_sub(1))
            })
        };
        notes.extend(words(&self.bad, "of block").map(|w| (&AMIGA_DATA_CHECKSUM, w)));
        notes.extend(words(&self.searched, "block").map(|w| (&FS_BLOCKS_FOUND, w)));
        notes.extend(words(&self.lost, "number").map(|w| (&FS_BLOCKS_LOST, w)));
        notes.extend(words(&self.short, "the length in block").map(|w| (&FS_SIZE_DIFFERS, w)));
    }
}
