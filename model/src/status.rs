//! What a check said, and how far a sector can be trusted.

/// What a check said of the bytes it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// It holds.
    Good,
    /// It fails.
    Bad,
    /// The recording has none.
    None,
}

/// How far a sector can be trusted, worst first. Always computed, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// The place was not read.
    Unread,
    /// It was read, and there is no data.
    Missing,
    /// The data's check fails.
    BadCheck,
    /// Bits differ from reading to reading.
    Weak,
    /// Good checks over different data.
    Ambiguous,
    /// No reading shows it for certain: a search made it fit, or its check chose it.
    Reconstructed,
    /// No check says anything of it.
    Unverified,
    /// Its check holds.
    Good,
}

impl Status {
    /// All, worst first.
    pub const ALL: [Status; 8] = [
        Self::Unread,
        Self::Missing,
        Self::BadCheck,
        Self::Weak,
        Self::Ambiguous,
        Self::Reconstructed,
        Self::Unverified,
        Self::Good,
    ];

    /// The word for it in tables, JSON and snapshots.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Missing => "missing",
            Self::BadCheck => "bad-check",
            Self::Weak => "weak",
            Self::Ambiguous => "ambiguous",
            Self::Reconstructed => "reconstructed",
            Self::Unverified => "unverified",
            Self::Good => "good",
        }
    }

    /// True for what an archivist must look at.
    pub fn is_damage(self) -> bool {
        self < Self::Unverified
    }
}
