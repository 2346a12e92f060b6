//! A track and its readings, of any layer, several at once.

use std::sync::Arc;

use crate::{Bits, Clock, Findings, Known, Ps, Sectors};

/// Everything that is held of one position of the head.
#[derive(Debug, Clone, Default)]
pub struct Track {
    /// Readings, in the container's order.
    pub readings: Vec<Reading>,
    /// What was noticed here.
    pub findings: Findings,
}

impl Track {
    /// A track with one reading.
    pub fn of(reading: Reading) -> Self {
        Self { readings: vec![reading], findings: Findings::default() }
    }

    /// The first flux reading.
    pub fn flux(&self) -> Option<&Flux> {
        self.readings.iter().find_map(|r| if let Reading::Flux(x) = r { Some(x) } else { None })
    }

    /// The first cell reading.
    pub fn cells(&self) -> Option<&Cells> {
        self.readings.iter().find_map(|r| if let Reading::Cells(x) = r { Some(x) } else { None })
    }

    /// The first sector reading.
    pub fn sectors(&self) -> Option<&Arc<Sectors>> {
        self.readings.iter().find_map(|r| if let Reading::Sectors(x) = r { Some(x) } else { None })
    }

    /// The lowest layer that is held.
    pub fn layer(&self) -> Option<Layer> {
        self.readings.iter().map(Reading::layer).min()
    }
}

/// Layers of a recording, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// Times between transitions.
    Flux,
    /// Cells of a code.
    Cells,
    /// Bytes of a track without the alignment of its marks.
    Bytes,
    /// Sectors.
    Sectors,
    /// Blocks in linear order.
    Blocks,
}

impl Layer {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Flux => "flux",
            Self::Cells => "cells",
            Self::Bytes => "bytes",
            Self::Sectors => "sectors",
            Self::Blocks => "blocks",
        }
    }
}

/// One reading of a track.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Reading {
    /// Times between transitions.
    Flux(Flux),
    /// Cells of a code.
    Cells(Cells),
    /// Track bytes.
    Bytes(TrackBytes),
    /// Sectors, shared: they do not change once they are read.
    Sectors(Arc<Sectors>),
}

impl Reading {
    /// Its layer.
    pub fn layer(&self) -> Layer {
        match self {
            Self::Flux(_) => Layer::Flux,
            Self::Cells(_) => Layer::Cells,
            Self::Bytes(_) => Layer::Bytes,
            Self::Sectors(_) => Layer::Sectors,
        }
    }
}

/// An index mark of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IndexMark {
    /// When: ticks from the start of the capture.
    pub tick: u64,
    /// The interval during which it came: how many intervals were whole before.
    pub interval: u32,
}

/// How a capture begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edge {
    /// Anywhere.
    Anywhere,
    /// At an index mark.
    Index,
    /// At the splice where writing began.
    Splice,
}

/// Times between transitions, as captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flux {
    /// Ticks a second.
    pub clock: Clock,
    /// Ticks between transitions; the first counts from the start.
    pub intervals: Arc<Vec<u32>>,
    /// Index marks, in order.
    pub index: Vec<IndexMark>,
    /// Hard-sector marks, in order.
    pub sector_marks: Vec<IndexMark>,
    /// How the capture begins.
    pub start: Edge,
    /// How the capture ends.
    pub end: Edge,
}

impl Flux {
    /// How many whole revolutions lie between index marks.
    pub fn revolutions(&self) -> usize {
        self.index.len().saturating_sub(1)
    }

    /// Length of a revolution in ticks.
    pub fn revolution_ticks(&self, revolution: usize) -> Option<u64> {
        Some(self.index.get(revolution + 1)?.tick.saturating_sub(self.index.get(revolution)?.tick))
    }
}

/// How long the cells of a track last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellClock {
    /// Every cell alike.
    Uniform(Known<Ps>),
    /// Runs of cells: how many, and how long each lasts.
    Runs(Vec<(u32, Ps)>),
}

impl CellClock {
    /// The length of most cells, if it is known.
    pub fn cell(&self) -> Option<Ps> {
        match self {
            Self::Uniform(cell) => cell.copied(),
            Self::Runs(runs) => runs.iter().max_by_key(|(n, _)| *n).map(|(_, cell)| *cell),
        }
    }
}

/// What a stretch of cells is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AreaKind {
    /// Reads differently each time.
    Weak,
    /// No transitions for longer than a drive can follow.
    NoFlux,
    /// A transition on the border between two cells.
    Ambiguous,
    /// A hole in the medium.
    Hole,
    /// Where writing began or ended.
    Splice,
    /// Not read.
    Unread,
    /// Never written.
    Unformatted,
    /// Made up to fill the track.
    Invented,
}

/// How an area is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Evidence {
    /// The container says so.
    Declared,
    /// Revolutions differ: how many of how many.
    Differs(u16, u16),
    /// A transition lies outside its window.
    OutOfWindow,
    /// Revolutions show it: how many of how many.
    Shown(u16, u16),
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Declared => f.write_str("declared"),
            Self::Differs(n, of) => write!(f, "{n} of {of} revolutions differ"),
            Self::OutOfWindow => f.write_str("a transition out of its window"),
            Self::Shown(n, of) => write!(f, "shown by {n} of {of} revolutions"),
        }
    }
}

impl AreaKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::NoFlux => "no flux",
            Self::Ambiguous => "ambiguous",
            Self::Hole => "hole",
            Self::Splice => "splice",
            Self::Unread => "unread",
            Self::Unformatted => "unformatted",
            Self::Invented => "invented",
        }
    }
}

/// A stretch of cells that is not plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Area {
    /// First cell.
    pub start: u64,
    /// Length in cells.
    pub len: u64,
    /// What it is.
    pub kind: AreaKind,
    /// How that is known.
    pub evidence: Evidence,
}

/// How the ends of a track join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Join {
    /// The last cell is followed by the first.
    Circle,
    /// The length was rounded up to whole bytes.
    Padded,
    /// The ends do not meet.
    Open,
}

/// Cells of one revolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// The cells, 1 for a transition. FM lies at the rate of MFM: each FM cell
    /// is followed by an empty one.
    pub bits: Arc<Bits>,
    /// How long they last.
    pub clock: CellClock,
    /// Stretches that are not plain, in order.
    pub areas: Vec<Area>,
    /// The cell at which the index comes.
    pub index_at: Known<u64>,
    /// How the ends join.
    pub join: Known<Join>,
    /// Which revolution of a capture it is.
    pub revolution: u16,
}

impl Cells {
    /// Plain cells of one clock, with the index at cell 0.
    pub fn plain(bits: Bits, cell: Known<Ps>) -> Self {
        Self {
            bits: Arc::new(bits),
            clock: CellClock::Uniform(cell),
            areas: Vec::new(),
            index_at: Known::Value(0),
            join: Known::Unrecorded,
            revolution: 0,
        }
    }

    /// The length of most cells, if it is known.
    pub fn cell(&self) -> Option<Ps> {
        self.clock.cell()
    }
}

/// A mark in track bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MarkAt {
    /// Index of the byte.
    pub at: u32,
    /// The scheme in which the byte is a mark.
    pub scheme: crate::Scheme,
}

/// Bytes of a track whose alignment in cells is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackBytes {
    /// The bytes, from the index on.
    pub bytes: Arc<[u8]>,
    /// Bytes that are marks.
    pub marks: Vec<MarkAt>,
}
