//! The plain values of a picture: what is drawn, before anybody draws it.
//!
//! A floppy is drawn as its sides, a side as rings, a ring as slots by angle; a
//! linear carrier as bars of stretches. Angles are whole parts of a revolution
//! ([`TURN`]), places along a bar whole units: nothing here is a float.

use std::collections::BTreeMap;

use crate::Status;

/// Parts of a revolution: angles count in these, from the index.
pub const TURN: u32 = 1 << 16;

/// A picture of one disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What it shows: text that is safe to print.
    pub title: String,
    /// What is said below the title, a line each.
    pub lines: Vec<String>,
    /// What is drawn.
    pub subject: Subject,
    /// What a reader must know to read it right, a line each.
    pub notes: Vec<String>,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// A floppy, side by side.
    Floppy(Floppy),
    /// Something that is read from its beginning to its end.
    Linear(Linear),
    /// The intervals of flux, as often as they came.
    Flux(Vec<Plot>),
}

/// Intervals of flux: how often each length came at each place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plot {
    /// What it shows: a side, a track.
    pub label: String,
    /// What its columns are: `track`, `angle`.
    pub across: &'static str,
    /// Columns with a word below them, in order.
    pub ticks: Vec<(u16, String)>,
    /// How long the intervals of a row are, in nanoseconds; the first row
    /// begins at 0.
    pub step_ns: u32,
    /// How many intervals there are, by column, then by row. All columns have
    /// the same rows.
    pub columns: Vec<Vec<u32>>,
    /// How many intervals are longer than all rows.
    pub longer: u64,
}

/// The sides of a floppy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floppy {
    /// First position that the drawing has room for, in quarter steps.
    pub first: i16,
    /// Quarter steps from there to the innermost edge.
    pub steps: u16,
    /// The sides.
    pub sides: Vec<Side>,
}

/// One side of a floppy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Its number, from 0.
    pub head: u8,
    /// Its tracks, from the outermost in.
    pub rings: Vec<Ring>,
}

/// A track as a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// Its position in quarter steps of the drive.
    pub quarter: i16,
    /// How broad it is, in quarter steps.
    pub width: u16,
    /// Its number by the disk's own pitch, for people: `17`, `17+1/2`.
    pub label: String,
    /// What lies on it, in the order of the grid: by recorded number.
    pub slots: Vec<Slot>,
    /// Data that no sector claims.
    pub unclaimed: Vec<Sweep>,
}

/// A slot on a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The number that it goes by, if there is one.
    pub number: Option<u8>,
    /// Where it lies.
    pub sweep: Sweep,
    /// How far it can be trusted.
    pub state: State,
    /// What it is, in words.
    pub label: String,
}

/// A stretch of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Where it begins, in parts of a [`TURN`] from the index.
    pub start: u32,
    /// How far it reaches, in the same parts.
    pub len: u32,
}

/// Bars, one below the other, all of one scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    /// What its length is counted in, for one: `sector`, `byte`.
    pub unit: &'static str,
    /// Length of the longest bar.
    pub len: u64,
    /// The bars.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Its name.
    pub label: String,
    /// Its stretches, in order.
    pub stretches: Vec<Stretch>,
}

/// A stretch of a bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// First unit.
    pub start: u64,
    /// Length in units.
    pub len: u64,
    /// What it is.
    pub state: State,
    /// Its name, where it has one: written on it when there is room.
    pub name: String,
    /// What it is, in words.
    pub label: String,
}

/// What a patch of the picture shows, in the order of the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum State {
    /// Its check holds.
    Good,
    /// Its check holds, and all its bytes are alike.
    GoodFiller,
    /// No check says anything of it.
    Unverified,
    /// The same, and all its bytes are alike.
    UnverifiedFiller,
    /// No reading shows it for certain: a search made it fit, or its check chose it.
    Reconstructed,
    /// Good checks over different data.
    Ambiguous,
    /// Bits differ from reading to reading.
    Weak,
    /// The check fails.
    BadCheck,
    /// It was read, and there is no data.
    Missing,
    /// The place was not read.
    Unread,
    /// Data that no sector claims.
    Unclaimed,
    /// A track without sectors.
    NoSectors,
    /// Sound.
    Audio,
    /// Silence that nothing is stored of.
    Gap,
}

impl State {
    /// All, in the order of the legend.
    pub const ALL: [State; 14] = [
        Self::Good,
        Self::GoodFiller,
        Self::Unverified,
        Self::UnverifiedFiller,
        Self::Reconstructed,
        Self::Ambiguous,
        Self::Weak,
        Self::BadCheck,
        Self::Missing,
        Self::Unread,
        Self::Unclaimed,
        Self::NoSectors,
        Self::Audio,
        Self::Gap,
    ];

    /// The state of data with this status; `filler` when all its bytes are
    /// alike.
    pub fn of(status: Status, filler: bool) -> Self {
        match status {
            Status::Good if filler => Self::GoodFiller,
            Status::Good => Self::Good,
            Status::Unverified if filler => Self::UnverifiedFiller,
            Status::Unverified => Self::Unverified,
            Status::Reconstructed => Self::Reconstructed,
            Status::Ambiguous => Self::Ambiguous,
            Status::Weak => Self::Weak,
            Status::BadCheck => Self::BadCheck,
            Status::Missing => Self::Missing,
            Status::Unread => Self::Unread,
        }
    }

    /// The word for it, stable: a class in SVG, a key in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::GoodFiller => "good-filler",
            Self::Unverified => "unverified",
            Self::UnverifiedFiller => "unverified-filler",
            Self::Reconstructed => "reconstructed",
            Self::Ambiguous => "ambiguous",
            Self::Weak => "weak",
            Self::BadCheck => "bad-check",
            Self::Missing => "missing",
            Self::Unread => "unread",
            Self::Unclaimed => "unclaimed",
            Self::NoSectors => "no-sectors",
            Self::Audio => "audio",
            Self::Gap => "gap",
        }
    }

    /// What the legend says of it.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Good => "good: its check holds",
            Self::GoodFiller => "good, one byte repeated",
            Self::Unverified => "unverified: no check",
            Self::UnverifiedFiller => "unverified, one byte repeated",
            Self::Reconstructed => "reconstructed: not read for certain",
            Self::Ambiguous => "ambiguous: good checks differ",
            Self::Weak => "weak: bits change",
            Self::BadCheck => "bad: its check fails",
            Self::Missing => "missing: no data there",
            Self::Unread => "unread: nobody read it",
            Self::Unclaimed => "data that no sector claims",
            Self::NoSectors => "track without sectors",
            Self::Audio => "audio",
            Self::Gap => "pregap, not stored",
        }
    }
}

impl Picture {
    /// How often each state is drawn, in the order of the legend: slots,
    /// stretches of unclaimed data and empty tracks of a floppy, units of what
    /// is linear.
    pub fn legend(&self) -> Vec<(State, u64)> {
        let mut counts = BTreeMap::new();
        let mut count = |state, n: u64| {
            let sum: &mut u64 = counts.entry(state).or_default();
            *sum = sum.saturating_add(n);
        };
        match &self.subject {
            Subject::Floppy(floppy) => {
                for ring in floppy.sides.iter().flat_map(|side| &side.rings) {
                    ring.slots.iter().for_each(|slot| count(slot.state, 1));
                    ring.unclaimed.iter().for_each(|_| count(State::Unclaimed, 1));
                    if ring.slots.is_empty() {
                        count(State::NoSectors, 1);
                    }
                }
            }
            Subject::Linear(linear) => {
                let stretches = linear.bars.iter().flat_map(|bar| &bar.stretches);
                stretches.for_each(|stretch| count(stretch.state, stretch.len));
            }
            Subject::Flux(_) => {}
        }
        counts.into_iter().collect()
    }
}
