//! The allocation table: its copies, and the chains in them.

use std::ops::Range;

use floptical_model::{Blocks, Context, Result, Status};

use super::shape::{Shape, Width};

/// Bytes that are read at once; halves of a bad stretch are found by sectors.
const CHUNK: usize = 1 << 16;

/// Read a stretch; what lies behind the end comes as zeros and `Unread`.
pub(super) fn read_at(blocks: &dyn Blocks, at: u64, len: usize, context: &Context) -> Result<(Vec<u8>, Status)> {
    context.reserve(len as u64)?;
    let mut bytes = vec![0; len];
    let there = usize::try_from(blocks.len().saturating_sub(at)).unwrap_or(usize::MAX).min(len);
    let Some(part) = bytes.get_mut(..there).filter(|p| !p.is_empty()) else {
        return Ok((bytes, if len == 0 { Status::Good } else { Status::Unread }));
    };
    let status = blocks.read(at, part, context)?;
    Ok((bytes, if there < len { Status::Unread } else { status }))
}

/// What an entry of the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Not in use.
    Free,
    /// The next cluster.
    Next(u32),
    /// The last one.
    End,
    /// Marked bad.
    Bad,
    /// A value that no chain has.
    Odd(u32),
    /// The table cannot be read here.
    Unread,
}

/// Which copy a chain is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// One copy.
    Copy(usize),
    /// The first copy that has a usable link, link by link.
    Mixed,
}

/// How a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With an end mark where it must.
    Exact,
    /// With an end mark before the size is reached.
    Short,
    /// It goes on after the size is reached.
    Long(u32),
    /// It comes back to one of its own clusters; `true` behind the size.
    Loop(u32, bool),
    /// A link is none; `true` behind the size.
    Broken(Link, bool),
    /// It cannot even start there.
    Start,
    /// The work was bounded.
    Effort,
}

impl End {
    /// Higher is better.
    fn grade(self) -> u8 {
        match self {
            Self::Exact => 3,
            Self::Long(_) | Self::Loop(_, true) | Self::Broken(_, true) => 2,
            Self::Short | Self::Loop(..) | Self::Broken(..) => 1,
            Self::Start | Self::Effort => 0,
        }
    }

    /// True when every cluster that the size asks for is there.
    pub(super) fn is_enough(self) -> bool {
        self.grade() >= 2
    }
}

/// Clusters in order, as runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Runs {
    runs: Vec<Range<u32>>,
    count: u32,
}

impl Runs {
    /// Add a cluster.
    pub(super) fn push(&mut self, cluster: u32) {
        self.count = self.count.saturating_add(1);
        match self.runs.last_mut() {
            Some(run) if run.end == cluster => run.end = cluster.saturating_add(1),
            _ => self.runs.push(cluster..cluster.saturating_add(1)),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The last one.
    pub(super) fn last(&self) -> Option<u32> {
        self.runs.last().map(|r| r.end.saturating_sub(1))
    }

    /// Every cluster, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.runs.iter().flat_map(Clone::clone)
    }

    /// The runs.
    pub(super) fn runs(&self) -> &[Range<u32>] {
        &self.runs
    }
}

/// A chain of clusters.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// Its clusters, in order, not more than were asked for.
    pub clusters: Runs,
    /// How it ends.
    pub end: End,
    /// Where it was read.
    pub source: Source,
}

/// Steps that the walks of one volume may take, and the marks that find loops.
#[derive(Debug)]
pub(super) struct Walker {
    left: u64,
    stamp: u32,
    seen: Vec<u32>,
}

impl Walker {
    /// For a volume of so many clusters. A sound volume needs few steps for
    /// each; the bound stops crafted ones.
    pub(super) fn new(last: u32) -> Self {
        let size = usize::try_from(last).unwrap_or(usize::MAX).saturating_add(1);
        Self { left: u64::from(last).saturating_mul(64).saturating_add(1 << 22), stamp: 0, seen: vec![0; size] }
    }

    /// Take a step; false when none is left.
    pub(super) fn step(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    fn begin(&mut self) {
        self.stamp = self.stamp.saturating_add(1);
    }

    fn mark(&mut self, cluster: u32) {
        if let Some(seen) = usize::try_from(cluster).ok().and_then(|i| self.seen.get_mut(i)) {
            *seen = self.stamp;
        }
    }

    fn was_here(&self, cluster: u32) -> bool {
        usize::try_from(cluster).ok().and_then(|i| self.seen.get(i)).is_some_and(|s| *s == self.stamp)
    }
}

/// One copy of the table.
#[derive(Debug)]
struct Copy {
    bytes: Vec<u8>,
    /// Byte ranges that cannot be read.
    unread: Vec<Range<usize>>,
    /// Not a table any more.
    gone: bool,
}

/// The allocation table with all its copies.
#[derive(Debug)]
pub(super) struct Table {
    width: Width,
    last: u32,
    copies: Vec<Copy>,
    /// Copies in the order in which they are believed.
    order: Vec<usize>,
    /// Bytes that differ from the first sound copy, for each copy.
    pub differing: Vec<usize>,
}

impl Table {
    /// Read all copies, as far as there are clusters.
    pub(super) fn load(blocks: &dyn Blocks, shape: &Shape, context: &Context) -> Result<Self> {
        let bits = u64::from(shape.last()).saturating_add(1).saturating_mul(shape.width.bits());
        let len = usize::try_from(bits.div_ceil(8).min(shape.fat_len())).unwrap_or(usize::MAX);
        context.reserve(len as u64)?;
        let mut copies = Vec::new();
        for copy in 0..shape.copies {
            copies.push(load_copy(blocks, shape.fat_at(copy), len, context)?);
        }
        let last = reachable(blocks, shape, &copies);
        let mut table = Self { width: shape.width, last, copies, order: Vec::new(), differing: Vec::new() };
        let gone: Vec<bool> = (0..table.copies.len()).map(|i| table.looks_gone(i)).collect();
        table.copies.iter_mut().zip(&gone).for_each(|(copy, gone)| copy.gone = *gone);
        let active = usize::from(shape.active);
        table.order = (0..table.copies.len()).collect();
        table.order.sort_by_key(|i| (gone.get(*i).copied(), *i != active, *i));
        let first = table.order.first().and_then(|i| table.copies.get(*i)).map_or(&[][..], |c| &c.bytes);
        let differ = |c: &Copy| c.bytes.iter().zip(first).filter(|(a, b)| a != b).count();
        table.differing = table.copies.iter().map(differ).collect();
        Ok(table)
    }

    /// The highest cluster number that the image has a word or a byte for.
    pub(super) fn last(&self) -> u32 {
        self.last
    }

    /// Copies, and whether each is gone.
    pub(super) fn gone(&self) -> impl Iterator<Item = bool> + '_ {
        self.copies.iter().map(|c| c.gone)
    }

    /// Bytes of a copy that cannot be read.
    pub(super) fn unread(&self, copy: usize) -> usize {
        self.copies.get(copy).map_or(0, |c| c.unread.iter().map(Range::len).sum())
    }

    /// The number of the copy that is believed first.
    pub(super) fn first(&self) -> usize {
        self.order.first().copied().unwrap_or(0)
    }

    /// The low byte of entry 0: the FAT id, which repeats the media byte.
    pub(super) fn id(&self) -> Option<u8> {
        let copy = self.copies.get(self.first()).filter(|c| !c.gone)?;
        copy.bytes.first().copied()
    }

    /// The value of an entry, `None` where it cannot be read.
    fn value(&self, copy: usize, cluster: u32) -> Option<u32> {
        let copy = self.copies.get(copy)?;
        let bit = u64::from(cluster).saturating_mul(self.width.bits());
        let at = usize::try_from(bit / 8).ok()?;
        let len = if self.width == Width::ThirtyTwo { 4 } else { 2 };
        let span = at..at.checked_add(len)?;
        if copy.unread.iter().any(|r| r.start < span.end && span.start < r.end) {
            return None;
        }
        let mut bytes = [0; 4];
        bytes.get_mut(..len)?.copy_from_slice(copy.bytes.get(span)?);
        let value = u32::from_le_bytes(bytes);
        Some(if self.width == Width::Twelve && bit % 8 != 0 { value >> 4 } else { value } & self.width.mask())
    }

    fn classify(&self, value: Option<u32>) -> Link {
        let Some(value) = value else { return Link::Unread };
        let below_top = self.width.mask().saturating_sub(value);
        match value {
            0 => Link::Free,
            _ if (2..=self.last).contains(&value) => Link::Next(value),
            _ if below_top <= 7 => Link::End,
            _ if below_top == 8 => Link::Bad,
            _ => Link::Odd(value),
        }
    }

    /// The link of a cluster.
    pub(super) fn link(&self, source: Source, cluster: u32) -> Link {
        match source {
            Source::Copy(copy) => self.classify(self.value(copy, cluster)),
            Source::Mixed => {
                let all = || self.order.iter().map(|i| self.classify(self.value(*i, cluster)));
                let usable = all().find(|l| matches!(l, Link::Next(_) | Link::End));
                usable.or_else(|| all().next()).unwrap_or(Link::Unread)
            }
        }
    }

    /// The link of a cluster in the copy that is believed first; in the next
    /// one where that cannot be read.
    pub(super) fn best(&self, cluster: u32) -> Link {
        let mut all = self.order.iter().map(|i| self.classify(self.value(*i, cluster)));
        all.find(|l| *l != Link::Unread).unwrap_or(Link::Unread)
    }

    /// True when the first two entries are what every system writes there: the
    /// id with ones above it, and ones (whose top two bits FAT16 and FAT32 use
    /// as flags).
    pub(super) fn is_signed(&self, copy: usize) -> bool {
        let (Some(zero), Some(one)) = (self.value(copy, 0), self.value(copy, 1)) else { return false };
        let flags = if self.width == Width::Twelve { 0 } else { self.width.mask() >> 2 ^ self.width.mask() };
        let high = self.width.mask() & !0xFF;
        zero & high == high && zero & 0xFF >= 0xF0 && (one | flags | 7) == self.width.mask()
    }

    /// True when a copy is not a table any more: no signature, and either one
    /// byte over and over or too many links that lead nowhere.
    fn looks_gone(&self, copy: usize) -> bool {
        if self.is_signed(copy) {
            return false;
        }
        let Some(bytes) = self.copies.get(copy).map(|c| &c.bytes) else { return true };
        if bytes.windows(2).all(|w| w.first() == w.last()) {
            return true;
        }
        let (mut used, mut wrong) = (0u32, 0u32);
        for cluster in (2..=self.last).take(1 << 16) {
            match self.link(Source::Copy(copy), cluster) {
                Link::Free => {}
                Link::Odd(_) | Link::Unread => wrong = wrong.saturating_add(1),
                _ => used = used.saturating_add(1),
            }
        }
        wrong.saturating_mul(10) > used
    }

    /// Follow a chain from `start`, for `need` clusters or to its end.
    pub(super) fn follow(&self, source: Source, start: u32, need: Option<u32>, walker: &mut Walker) -> Chain {
        let mut clusters = Runs::default();
        walker.begin();
        let valid = (2..=self.last).contains(&start);
        let mut at = start;
        let end = loop {
            if !valid {
                break End::Start;
            }
            if !walker.step() {
                break End::Effort;
            }
            clusters.push(at);
            walker.mark(at);
            let full = need.is_some_and(|need| clusters.count() >= need);
            match self.link(source, at) {
                Link::Next(next) if walker.was_here(next) => break End::Loop(next, full),
                Link::Next(next) if full => break End::Long(next),
                Link::Next(next) => at = next,
                Link::End if full || need.is_none() => break End::Exact,
                Link::End => break End::Short,
                link => break End::Broken(link, full),
            }
        };
        Chain { clusters, end, source }
    }

    /// The best chain from `start` that any copy has: one of the right length
    /// with an end mark before one that is merely long enough; the copy that
    /// is believed first among equals.
    pub(super) fn chain(&self, start: u32, need: Option<u32>, walker: &mut Walker) -> Chain {
        let mut best: Option<Chain> = None;
        let sources = self.order.iter().map(|i| Source::Copy(*i)).chain([Source::Mixed]);
        for source in sources {
            let next = self.follow(source, start, need, walker);
            let rank = |c: &Chain| (c.end.grade(), c.clusters.count());
            let better = match &best {
                None => true,
                Some(best) if best.end.is_enough() => next.end.grade() > best.end.grade(),
                Some(best) => rank(&next) > rank(best),
            };
            if better {
                best = Some(next);
            }
            if best.as_ref().is_some_and(|b| b.end == End::Exact) {
                break;
            }
        }
        best.unwrap_or(Chain { clusters: Runs::default(), end: End::Start, source: Source::Mixed })
    }
}

/// The highest cluster number that counts: no more than the volume says, and
/// no more than the table or the data in the image reach to, so that a tiny
/// image that claims to be huge stays cheap.
fn reachable(blocks: &dyn Blocks, shape: &Shape, copies: &[Copy]) -> u32 {
    let stored = copies.iter().map(|c| c.bytes.len() as u64).max().unwrap_or(0);
    let entries = shape.width.entries(stored).saturating_sub(1);
    let data = blocks.len().saturating_sub(shape.data_at()).div_ceil(shape.cluster()).saturating_add(1);
    shape.last().min(u32::try_from(entries.max(data)).unwrap_or(u32::MAX))
}

fn load_copy(blocks: &dyn Blocks, at: u64, len: usize, context: &Context) -> Result<Copy> {
    let mut copy = Copy { bytes: Vec::new(), unread: Vec::new(), gone: false };
    let stored = usize::try_from(blocks.len().saturating_sub(at)).unwrap_or(usize::MAX);
    let len = len.min(stored);
    while copy.bytes.len() < len {
        let from = copy.bytes.len();
        let part_at = at.saturating_add(from as u64);
        let (part, status) = read_at(blocks, part_at, len.saturating_sub(from).min(CHUNK), context)?;
        if status <= Status::Missing {
            for (i, sector) in part.chunks(512).enumerate() {
                let within = i.saturating_mul(512);
                let sector_at = part_at.saturating_add(within as u64);
                let (_, status) = read_at(blocks, sector_at, sector.len(), context)?;
                if status <= Status::Missing {
                    let start = from.saturating_add(within);
                    let end = start.saturating_add(sector.len());
                    match copy.unread.last_mut() {
                        Some(run) if run.end == start => run.end = end,
                        _ => copy.unread.push(start..end),
                    }
                }
            }
        }
        copy.bytes.extend(part);
        context.progress("allocation table", copy.bytes.len() as u64, len as u64);
    }
    Ok(copy)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A table of FAT12 copies that hold `values` from cluster 2 on.
    pub(in super::super) fn table(copies: &[&[u32]]) -> Table {
        let pack = |values: &[u32]| {
            let all: Vec<u32> = [0xFF9, 0xFFF].iter().chain(values).copied().collect();
            let mut bytes = vec![0; all.len() * 3 / 2 + 2];
            for (i, v) in all.iter().enumerate() {
                let (at, v) = (i * 3 / 2, if i % 2 == 1 { v << 4 } else { *v });
                bytes[at] |= v as u8;
                bytes[at + 1] |= (v >> 8) as u8;
            }
            Copy { bytes, unread: Vec::new(), gone: false }
        };
        Table {
            width: Width::Twelve,
            last: copies[0].len() as u32 + 1,
            copies: copies.iter().map(|c| pack(c)).collect(),
            order: (0..copies.len()).collect(),
            differing: Vec::new(),
        }
    }

    fn chain(copies: &[&[u32]], start: u32, need: Option<u32>) -> (Vec<u32>, End) {
        let table = table(copies);
        let chain = table.chain(start, need, &mut Walker::new(table.last));
        (chain.clusters.iter().collect(), chain.end)
    }

    #[test]
    fn chains_end_in_every_way() {
        let one: &[u32] = &[3, 4, 0xFFF, 6, 5, 0, 0xFF7, 900, 9];
        assert_eq!(chain(&[one], 2, Some(3)), (vec![2, 3, 4], End::Exact));
        assert_eq!(chain(&[one], 2, None), (vec![2, 3, 4], End::Exact));
        assert_eq!(chain(&[one], 2, Some(4)), (vec![2, 3, 4], End::Short));
        assert_eq!(chain(&[one], 2, Some(2)), (vec![2, 3], End::Long(4)));
        assert_eq!(chain(&[one], 5, Some(9)), (vec![5, 6], End::Loop(5, false)));
        assert_eq!(chain(&[one], 7, Some(2)), (vec![7], End::Broken(Link::Free, false)));
        assert_eq!(chain(&[one], 8, Some(2)), (vec![8], End::Broken(Link::Bad, false)));
        assert_eq!(chain(&[one], 9, Some(2)), (vec![9], End::Broken(Link::Odd(900), false)));
        assert_eq!(chain(&[one], 1, Some(2)), (vec![], End::Start));
        assert_eq!(chain(&[one], 11, Some(2)), (vec![], End::Start));
    }

    #[test]
    fn the_copy_that_fits_speaks_and_links_can_come_from_both() {
        let (short, right): (&[u32], &[u32]) = (&[3, 0xFFF, 0xFFF], &[3, 4, 0xFFF]);
        assert_eq!(chain(&[short, right], 2, Some(3)).1, End::Exact);
        assert_eq!(chain(&[right, short], 2, Some(3)).1, End::Exact);
        let (head, tail): (&[u32], &[u32]) = (&[3, 0, 0xFFF], &[0, 4, 0xFFF]);
        assert_eq!(chain(&[head, tail], 2, Some(3)), (vec![2, 3, 4], End::Exact));
    }
}
