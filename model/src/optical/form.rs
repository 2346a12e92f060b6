//! Modes of tracks, and which parts of a sector a container keeps.

/// How the sectors of a track are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TrackMode {
    /// Sound: 588 samples of two channels.
    Audio,
    /// Data with error correction: 2048 bytes.
    Mode1,
    /// Data of CD-ROM XA, each sector of form 1 (2048 bytes) or form 2 (2324),
    /// or without a form (2336).
    Mode2,
    /// The same on a CD-i.
    CdI,
}

impl TrackMode {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Mode1 => "mode-1",
            Self::Mode2 => "mode-2",
            Self::CdI => "cd-i",
        }
    }

    /// True for modes that have a header of mode 2 in their sectors.
    pub fn is_mode2(self) -> bool {
        matches!(self, Self::Mode2 | Self::CdI)
    }
}

/// A set of parts of a sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Parts(u16);

impl Parts {
    /// 12 bytes that mark the start of a data sector.
    pub const SYNC: Self = Self(1);
    /// Address and mode, 4 bytes.
    pub const HEADER: Self = Self(2);
    /// File, channel, submode and coding of mode 2, twice 4 bytes.
    pub const SUBHEADER: Self = Self(4);
    /// The user data.
    pub const USER: Self = Self(8);
    /// The error detection code, 4 bytes.
    pub const EDC: Self = Self(16);
    /// The error correction code, P and Q.
    pub const ECC: Self = Self(32);
    /// The sub-channels P to W, 96 bytes.
    pub const SUBCHANNEL: Self = Self(64);

    const WORDS: [(Self, &'static str); 7] = [
        (Self::SYNC, "sync"),
        (Self::HEADER, "header"),
        (Self::SUBHEADER, "sub-header"),
        (Self::USER, "user data"),
        (Self::EDC, "EDC"),
        (Self::ECC, "ECC"),
        (Self::SUBCHANNEL, "sub-channel"),
    ];

    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when all parts of `other` are in it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The words for its parts, in the order of a sector.
    pub fn words(self) -> Vec<&'static str> {
        Self::WORDS.iter().filter(|(part, _)| self.has(*part)).map(|(_, word)| *word).collect()
    }
}

/// What a container keeps of each sector of a run, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SectorForm {
    /// User data of mode 1 or of form 1: 2048 bytes.
    User,
    /// User data of form 2: 2324 bytes.
    Form2,
    /// Mode 2 without sync and header: 2336 bytes.
    Mode2,
    /// All of a data sector: 2352 bytes.
    Raw,
    /// Sound, each sample with its low byte first: 2352 bytes.
    Audio,
    /// Sound, each sample with its high byte first: 2352 bytes.
    AudioSwapped,
    /// Sound, and the sub-channels behind it: 2448 bytes.
    AudioSub,
}

impl SectorForm {
    /// Bytes that are kept of a sector.
    pub fn size(self) -> u16 {
        match self {
            Self::User => 2048,
            Self::Form2 => 2324,
            Self::Mode2 => 2336,
            Self::Raw | Self::Audio | Self::AudioSwapped => 2352,
            Self::AudioSub => 2448,
        }
    }

    /// The parts that are kept, of a sector of this mode.
    pub fn parts(self, mode: TrackMode) -> Parts {
        const CHECKED: Parts = Parts::USER.with(Parts::EDC).with(Parts::ECC);
        const WITH_SUBHEADER: Parts = CHECKED.with(Parts::SUBHEADER);
        const FRAMED: Parts = CHECKED.with(Parts::SYNC).with(Parts::HEADER);
        match self {
            Self::User | Self::Form2 | Self::Audio | Self::AudioSwapped => Parts::USER,
            Self::Mode2 => WITH_SUBHEADER,
            Self::Raw if mode.is_mode2() => FRAMED.with(Parts::SUBHEADER),
            Self::Raw => FRAMED,
            Self::AudioSub => Parts::USER.with(Parts::SUBCHANNEL),
        }
    }
}
