//! A track of a disc.

use std::ops::BitOr;

use crate::{Known, Lba, Span};

use super::{SectorForm, TrackMode};

/// Control bits of a track, as channel Q has them, and the copy bit of SCMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Control(pub u8);

impl Control {
    /// Recorded with pre-emphasis.
    pub const PRE_EMPHASIS: Self = Self(1);
    /// May be copied digitally.
    pub const COPY: Self = Self(2);
    /// Data, not sound.
    pub const DATA: Self = Self(4);
    /// Four channels of sound.
    pub const FOUR_CHANNELS: Self = Self(8);
    /// Serial copy management: may be copied once.
    pub const SCMS: Self = Self(16);

    /// True when all bits of `other` are set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Control {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a text on a disc speaks of: the kinds of CD-TEXT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TextKind {
    /// Title of the disc or track.
    Title,
    /// Who plays.
    Performer,
    /// Who wrote the words.
    Songwriter,
    /// Who wrote the music.
    Composer,
    /// Who arranged it.
    Arranger,
    /// A message of the publisher.
    Message,
    /// An identifier of the disc.
    DiscId,
    /// The genre.
    Genre,
}

impl TextKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Performer => "performer",
            Self::Songwriter => "songwriter",
            Self::Composer => "composer",
            Self::Arranger => "arranger",
            Self::Message => "message",
            Self::DiscId => "disc-id",
            Self::Genre => "genre",
        }
    }
}

/// A text that a player may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscText {
    /// What it speaks of.
    pub kind: TextKind,
    /// Its bytes as stored.
    pub raw: Box<[u8]>,
    /// Where it stands.
    pub at: Span,
}

/// A point of a track: 0 begins its pregap, 1 the track itself, others divide
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Index {
    /// Its number, 0 to 99.
    pub number: u8,
    /// Where it lies.
    pub at: Lba,
}

/// Where the sectors of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Held {
    /// In one of the image's files, one after the other.
    File {
        /// Index of the file.
        file: u16,
        /// First byte.
        offset: u64,
    },
    /// Nowhere: the container only says that they are there, and empty.
    Made,
}

/// Sectors in a row that are kept alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DiscRun {
    /// The first one.
    pub start: Lba,
    /// How many there are.
    pub sectors: u32,
    /// What is kept of each.
    pub form: SectorForm,
    /// Where.
    pub held: Held,
}

impl DiscRun {
    /// The address behind the last one.
    pub fn end(&self) -> Lba {
        self.start.after(self.sectors)
    }

    /// What a sector of the run was read from.
    pub fn span(&self, at: Lba) -> Span {
        match self.held {
            Held::Made => Span::Made("a gap that the container only names"),
            Held::File { file, offset } => {
                let len = u64::from(self.form.size());
                let before = u64::from(at.since(self.start)).saturating_mul(len);
                Span::File { file, start: offset.saturating_add(before), len }
            }
        }
    }
}

/// A track of a disc.
#[derive(Debug, Clone, PartialEq)]
pub struct CdTrack {
    /// Its number, 1 to 99.
    pub number: u8,
    /// The session that it belongs to.
    pub session: Known<u8>,
    /// How it is recorded. Unrecorded for discs without modes: DVD and later.
    pub mode: Known<TrackMode>,
    /// Its control bits; that it holds data, its mode says.
    pub control: Known<Control>,
    /// The recording code (ISRC), as written.
    pub isrc: Option<Box<[u8]>>,
    /// Text about it.
    pub text: Vec<DiscText>,
    /// Its points, in the order of the container.
    pub indexes: Vec<Index>,
    /// Its sectors from the pregap on, in order and without holes.
    pub runs: Vec<DiscRun>,
}

impl CdTrack {
    /// True for a track that is not sound.
    pub fn is_data(&self) -> bool {
        self.mode.copied() != Some(TrackMode::Audio)
    }

    /// The first address, that of the pregap where there is one.
    pub fn start(&self) -> Lba {
        self.runs.first().map_or_else(|| self.begin(), |run| run.start)
    }

    /// The address behind its last sector.
    pub fn end(&self) -> Lba {
        self.runs.last().map_or_else(|| self.begin(), DiscRun::end)
    }

    /// Where the track itself begins: its index 1, else its first point.
    pub fn begin(&self) -> Lba {
        let one = self.indexes.iter().find(|i| i.number == 1).or(self.indexes.first());
        one.map_or(Lba(0), |i| i.at)
    }

    /// How many sectors it has, with its pregap.
    pub fn sectors(&self) -> u32 {
        self.end().since(self.start())
    }

    /// How many sectors before it and behind it are only named: gaps that the
    /// container does not hold.
    pub fn made_gaps(&self) -> (u32, u32) {
        let made = |run: &&DiscRun| run.held == Held::Made;
        let (before, behind): (Vec<&DiscRun>, Vec<&DiscRun>) =
            self.runs.iter().filter(made).partition(|run| run.start < self.begin());
        let sum = |runs: Vec<&DiscRun>| runs.iter().fold(0u32, |sum, run| sum.saturating_add(run.sectors));
        (sum(before), sum(behind))
    }

    /// The run that an address lies in.
    pub fn run_at(&self, at: Lba) -> Option<&DiscRun> {
        self.runs.iter().find(|run| run.start <= at && at < run.end())
    }
}
