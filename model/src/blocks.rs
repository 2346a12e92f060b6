//! The linear view that file systems see.

use crate::{BlockDevice, Context, Error, ErrorKind, Result, SectorEntry, Span, Status};

/// Where a stretch of the linear view comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// First byte in the linear view.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
    /// How far it can be trusted.
    pub status: Status,
    /// The sector, by its place.
    pub place: crate::Place,
    /// What it was read from.
    pub span: Option<Span>,
}

/// A carrier as one line of bytes, each stretch with its status.
pub trait Blocks: Send + Sync {
    /// Bytes in a block.
    fn block(&self) -> u32;

    /// Length in bytes.
    fn len(&self) -> u64;

    /// True when there is nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fill `buffer` from `start`. Bytes that are missing or unread come as
    /// zeros; the worst status of the stretch says so.
    ///
    /// # Errors
    /// `Truncated` when the stretch goes past the end; what stops the reading.
    fn read(&self, start: u64, buffer: &mut [u8], context: &Context) -> Result<Status>;

    /// Where the stretch comes from, in order.
    fn trace(&self, start: u64, len: u64) -> Vec<Traced>;
}

fn past_end(start: u64, len: usize, end: u64) -> Error {
    Error::new(ErrorKind::Truncated, format!("a read of {len} bytes goes past the end ({end} bytes)"))
        .at(Span::Volume { start, len: len as u64 })
}

/// The linear view of sectors in memory, in logical order.
#[derive(Debug, Clone, Default)]
pub struct ByteBlocks {
    block: u32,
    len: u64,
    /// Sectors with their first byte.
    sectors: Vec<(u64, SectorEntry)>,
}

impl ByteBlocks {
    /// Sectors in logical order; their offsets follow from their sizes.
    pub fn new(block: u32, sectors: impl IntoIterator<Item = SectorEntry>) -> Self {
        let mut view = Self { block, ..Self::default() };
        for mut sector in sectors {
            sector.offset = Some(view.len);
            let size = u64::from(sector.size);
            view.sectors.push((view.len, sector));
            view.len += size;
        }
        view
    }

    /// The sectors, in logical order.
    pub fn sectors(&self) -> impl Iterator<Item = &SectorEntry> {
        self.sectors.iter().map(|(_, s)| s)
    }

    /// The sectors that touch a stretch, with the part that each gives.
    fn touching(&self, start: u64, len: u64) -> impl Iterator<Item = (u64, u64, &SectorEntry)> {
        let end = start.saturating_add(len);
        let first = self.sectors.partition_point(|(at, s)| at + u64::from(s.size) <= start);
        self.sectors.iter().skip(first).take_while(move |(at, _)| *at < end).map(move |(at, sector)| {
            let from = start.max(*at);
            let to = end.min(at + u64::from(sector.size));
            (from, to.saturating_sub(from), sector)
        })
    }
}

impl Blocks for ByteBlocks {
    fn block(&self) -> u32 {
        self.block
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, start: u64, buffer: &mut [u8], _: &Context) -> Result<Status> {
        let len = buffer.len() as u64;
        if start.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(past_end(start, buffer.len(), self.len));
        }
        let mut worst = Status::Good;
        for (from, count, sector) in self.touching(start, len) {
            worst = worst.min(sector.status);
            let to = (from - start) as usize;
            let out = &mut buffer[to..to + count as usize];
            let within = (from - sector.offset.unwrap_or(0)) as usize;
            match sector.data.as_ref().and_then(|d| d.get(within..within + count as usize)) {
                Some(bytes) => out.copy_from_slice(bytes),
                None => out.fill(0),
            }
        }
        Ok(worst)
    }

    fn trace(&self, start: u64, len: u64) -> Vec<Traced> {
        self.touching(start, len)
            .map(|(start, len, s)| Traced {
                start,
                len,
                status: s.status,
                place: s.place.clone(),
                span: s.span.clone(),
            })
            .collect()
    }
}

impl Blocks for BlockDevice {
    fn block(&self) -> u32 {
        self.block
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, start: u64, buffer: &mut [u8], context: &Context) -> Result<Status> {
        if start.checked_add(buffer.len() as u64).is_none_or(|end| end > self.len) {
            return Err(past_end(start, buffer.len(), self.len));
        }
        self.content.read(start, buffer, context)
    }

    fn trace(&self, start: u64, len: u64) -> Vec<Traced> {
        let status = |run: &crate::Run| match run.extent {
            crate::Extent::Data | crate::Extent::Zero => Status::Unverified,
            crate::Extent::Hole => Status::Missing,
            crate::Extent::Bad | crate::Extent::Unread => Status::Unread,
        };
        self.content
            .runs(start, len)
            .into_iter()
            .map(|run| Traced {
                start: run.start,
                len: run.len,
                status: status(&run),
                place: crate::Place::Bytes { start: run.start, len: run.len },
                span: Some(run.span),
            })
            .collect()
    }
}
