//! What tells the dumps of the Commodore drives apart.

use floptical_model::{Layout, Scheme};

use super::raw::BLOCK;
use crate::{Answer, Evidence, Probe};

/// A kind of dump: blocks, and perhaps one error byte for each 256 bytes.
pub(crate) struct Kind {
    /// Id of its row.
    pub(crate) id: &'static str,
    /// The layouts that it may have, by size.
    pub(crate) layouts: &'static [&'static str],
    /// How its drive records sectors.
    pub(crate) scheme: Scheme,
    /// Cylinder and side of the track that begins with the disk's header.
    pub(crate) directory: (u8, u8),
    /// Where the two bytes of the disk id lie in that block; `None` where id
    /// fields hold none.
    pub(crate) disk_id: Option<usize>,
    /// What the first bytes of that block show, in words.
    pub(crate) marks: fn(&[u8]) -> Option<&'static str>,
    /// True where hardly anything else has its lengths.
    pub(crate) size_speaks: bool,
}

/// How a file of some length is divided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Division {
    /// How its blocks lie on the tracks.
    pub(crate) layout: &'static Layout,
    /// Bytes of its blocks: less than the layout has where it was cut.
    pub(crate) blocks: u64,
    /// How many error bytes follow.
    pub(crate) errors: u64,
}

impl Kind {
    /// Its layouts, by size.
    pub(super) fn layouts(&self) -> impl Iterator<Item = &'static Layout> {
        self.layouts.iter().filter_map(|id| Layout::by_id(id))
    }

    /// Where the disk's header lies.
    pub(super) fn header_at(&self) -> Option<u64> {
        let (cylinder, head) = self.directory;
        let first = |b: &floptical_model::layout::BlockAt| b.track == floptical_model::TrackAt::new(cylinder, head);
        self.layouts().next()?.blocks().find(first).map(|b| b.offset)
    }

    /// The division of a file of exactly this length.
    fn exact(&self, len: u64) -> Option<Division> {
        self.layouts().find_map(|layout| {
            let blocks = layout.bytes();
            let errors = len.checked_sub(blocks)?;
            (errors == 0 || Some(errors) == blocks.checked_div(BLOCK as u64)).then_some(Division {
                layout,
                blocks,
                errors,
            })
        })
    }

    /// The division of a file of any length: the largest layout that it fills,
    /// or the start of the smallest.
    pub(super) fn divide(&self, len: u64) -> Option<Division> {
        let filled = || self.layouts().filter(|layout| layout.bytes() <= len).last();
        let cut = || {
            let layout = self.layouts().next()?;
            let ends = layout.blocks().map(|b| b.offset.saturating_add(b.size.into()));
            Some(Division { layout, blocks: ends.take_while(|end| *end <= len).last().unwrap_or(0), errors: 0 })
        };
        let whole = |layout: &'static Layout| Division { layout, blocks: layout.bytes(), errors: 0 };
        self.exact(len).or_else(|| filled().map(whole)).or_else(cut)
    }
}

pub(crate) fn identify(kind: &Kind, probe: &mut Probe<'_>) -> Vec<Answer> {
    let Some(Division { layout, errors, .. }) = kind.exact(probe.len()) else { return Vec::new() };
    let errors = if errors > 0 { ", with error bytes" } else { "" };
    let mut answer = Answer::new(Evidence::SIZE, format!("{} bytes are a disk of {layout}{errors}", probe.len()));
    let header = kind.header_at().and_then(|at| probe.bytes(at, BLOCK));
    match header.and_then(|block| (kind.marks)(&block)) {
        Some(shown) => {
            answer.evidence = answer.evidence | Evidence::WEAK_MARKS;
            answer.reasons.push(shown.into());
        }
        // Other disks of this length are as likely: only the name tells.
        None if !kind.size_speaks => answer.evidence = Evidence::default(),
        None => {}
    }
    vec![answer]
}
