//! A drawing as shapes and words with places: what both writers are given.
//!
//! Lengths are tenths of a pixel, from the top left, in whole numbers.

use floptical_model::picture::State;

use crate::palette::Role;

/// Tenths of a pixel in a pixel.
pub(crate) const PIXEL: i64 = 10;

/// A drawing.
#[derive(Debug, Default)]
pub(crate) struct Scene {
    /// Width.
    pub(crate) width: i64,
    /// Height.
    pub(crate) height: i64,
    /// Shapes, the lower ones first.
    pub(crate) marks: Vec<Mark>,
    /// Words, above all shapes.
    pub(crate) words: Vec<Words>,
}

/// A shape with its colour.
#[derive(Debug)]
pub(crate) struct Mark {
    /// The shape.
    pub(crate) shape: Shape,
    /// How it is filled.
    pub(crate) fill: Fill,
    /// What a pointer over it is told.
    pub(crate) hint: Option<String>,
}

/// A shape.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A rectangle.
    Box { x: i64, y: i64, width: i64, height: i64 },
    /// A disc.
    Disc { centre: (i64, i64), radius: i64 },
    /// A part of a ring, in parts of a turn.
    Sweep { centre: (i64, i64), inner: i64, outer: i64, start: u32, len: u32 },
    /// A triangle.
    Triangle([(i64, i64); 3]),
}

/// How a shape is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// As a state looks.
    State(State),
    /// In a colour of the page.
    Role(Role),
}

/// A line of text.
#[derive(Debug)]
pub(crate) struct Words {
    /// The place of its base line.
    pub(crate) x: i64,
    pub(crate) y: i64,
    /// The text.
    pub(crate) text: String,
    /// Height of its letters with their room.
    pub(crate) size: i64,
    /// What of it lies at `x`.
    pub(crate) align: Align,
    /// Its colour.
    pub(crate) role: Role,
    /// Whether it is heavy.
    pub(crate) bold: bool,
}

/// What of a line of text lies at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Start,
    Middle,
    End,
}

impl Words {
    /// How long a text of a size is, in both writers.
    pub(crate) fn length(text: &str, size: i64) -> i64 {
        let letters = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        letters.saturating_mul(size).saturating_mul(6) / 10
    }
}
