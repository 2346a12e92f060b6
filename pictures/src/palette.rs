//! How each state looks: a colour, and a pattern that tells it without one.
//!
//! The colours are those of Masataka Okabe and Kei Ito ("Color Universal
//! Design", 2008), which people of every kind of colour vision tell apart; the
//! patterns tell the states apart in print and on one's own photocopy.

use floptical_model::picture::State;

/// Red, green, blue.
pub(crate) type Rgb = [u8; 3];

/// How a state looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// The ground.
    pub(crate) base: Rgb,
    /// The pattern on it.
    pub(crate) ink: Rgb,
    /// The pattern: eight rows of eight pixels, repeated.
    pub(crate) tile: [u8; 8],
}

const GREEN: Rgb = [0x00, 0x9E, 0x73];
const SKY: Rgb = [0x56, 0xB4, 0xE9];
const BLUE: Rgb = [0x00, 0x72, 0xB2];
const YELLOW: Rgb = [0xF0, 0xE4, 0x42];
const ORANGE: Rgb = [0xE6, 0x9F, 0x00];
const VERMILLION: Rgb = [0xD5, 0x5E, 0x00];
const PURPLE: Rgb = [0xCC, 0x79, 0xA7];
const BLACK: Rgb = [0x1A, 0x1A, 0x1A];
const WHITE: Rgb = [0xFF, 0xFF, 0xFF];
const PALE_GREEN: Rgb = [0x9A, 0xD6, 0xC3];
const PALE_SKY: Rgb = [0xC4, 0xE4, 0xF8];
const GREY: Rgb = [0x8A, 0x8A, 0x8A];
const PALE: Rgb = [0xDD, 0xDB, 0xD6];

const PLAIN: [u8; 8] = [0; 8];
const DOT: [u8; 8] = [0, 0, 0, 0x18, 0x18, 0, 0, 0];
const CROSS: [u8; 8] = [0x81, 0x42, 0x24, 0x18, 0x18, 0x24, 0x42, 0x81];
const DOTS: [u8; 8] = [0x66, 0x66, 0x00, 0x00, 0x66, 0x66, 0x00, 0x00];
const UPRIGHT: [u8; 8] = [0x66; 8];
const LEVEL: [u8; 8] = [0, 0xFF, 0, 0, 0, 0xFF, 0, 0];
const RISING: [u8; 8] = [0x11, 0x22, 0x44, 0x88, 0x11, 0x22, 0x44, 0x88];
const FALLING: [u8; 8] = [0xC0, 0x60, 0x30, 0x18, 0x0C, 0x06, 0x03, 0x81];
const CHECK: [u8; 8] = [0xF0, 0xF0, 0xF0, 0xF0, 0x0F, 0x0F, 0x0F, 0x0F];
const WAVE: [u8; 8] = [0, 0x30, 0x48, 0x84, 0x03, 0, 0, 0];

const fn look(base: Rgb, ink: Rgb, tile: [u8; 8]) -> Look {
    Look { base, ink, tile }
}

/// How a state looks.
pub(crate) fn look_of(state: State) -> Look {
    match state {
        State::Good => look(GREEN, GREEN, PLAIN),
        State::GoodFiller => look(PALE_GREEN, PALE_GREEN, PLAIN),
        State::Unverified => look(SKY, SKY, PLAIN),
        State::UnverifiedFiller => look(PALE_SKY, PALE_SKY, PLAIN),
        State::Reconstructed => look(BLUE, WHITE, DOT),
        State::Ambiguous => look(YELLOW, BLACK, UPRIGHT),
        State::Weak => look(ORANGE, BLACK, DOTS),
        State::BadCheck => look(VERMILLION, WHITE, CROSS),
        State::Missing => look(BLACK, WHITE, LEVEL),
        State::Unread => look(WHITE, GREY, RISING),
        State::Unclaimed => look(PURPLE, WHITE, FALLING),
        State::NoSectors => look(PALE, PALE, PLAIN),
        State::Audio => look(BLUE, SKY, WAVE),
        State::Gap => look(PALE, GREY, CHECK),
        _ => look(GREY, WHITE, CHECK),
    }
}

/// What is neither a state nor foreign: the page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The page.
    Paper,
    /// The magnetic coat of a disk, the ground of a bar.
    Medium,
    /// Lines around things.
    Line,
    /// Text that explains.
    Faint,
    /// Text.
    Text,
    /// Where there is little of something.
    Thin,
    /// Where there is more.
    Middling,
    /// Where there is much.
    Dense,
    /// Where there is most.
    Densest,
}

impl Role {
    /// All.
    pub(crate) const ALL: [Role; 9] = [
        Self::Paper,
        Self::Medium,
        Self::Line,
        Self::Faint,
        Self::Text,
        Self::Thin,
        Self::Middling,
        Self::Dense,
        Self::Densest,
    ];

    /// Its class in SVG.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Medium => "medium",
            Self::Line => "line",
            Self::Faint => "faint",
            Self::Text => "text",
            Self::Thin => "thin",
            Self::Middling => "middling",
            Self::Dense => "dense",
            Self::Densest => "densest",
        }
    }

    /// Its colour on a light page.
    pub(crate) fn light(self) -> Rgb {
        match self {
            Self::Paper => [0xFF, 0xFF, 0xFF],
            Self::Medium => [0xF1, 0xEF, 0xEB],
            Self::Line => [0xA8, 0xA5, 0x9E],
            Self::Faint => [0x59, 0x5F, 0x69],
            Self::Text => [0x16, 0x1A, 0x1F],
            Self::Thin => PALE_SKY,
            Self::Middling => SKY,
            Self::Dense => BLUE,
            Self::Densest => [0x00, 0x2B, 0x4D],
        }
    }

    /// Its colour on a dark page.
    pub(crate) fn dark(self) -> Rgb {
        match self {
            Self::Paper => [0x16, 0x19, 0x1D],
            Self::Medium => [0x2A, 0x2E, 0x34],
            Self::Line => [0x6B, 0x71, 0x79],
            Self::Faint => [0xA9, 0xB0, 0xB9],
            Self::Text => [0xEC, 0xEE, 0xF1],
            Self::Thin => [0x1F, 0x3A, 0x52],
            Self::Middling => BLUE,
            Self::Dense => SKY,
            Self::Densest => [0xE3, 0xF3, 0xFC],
        }
    }
}
