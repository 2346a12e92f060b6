//! A drawing as PNG: shapes are filled on a fine grid of colour numbers, of
//! which each pixel is the mean.

use floptical_model::picture::{State, TURN};
use floptical_model::{Error, ErrorKind, Result};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};

use crate::circle;
use crate::font;
use crate::palette::{Rgb, Role, look_of};
use crate::scene::{Align, Fill, PIXEL, Scene, Shape, Words};

/// Samples of a pixel, across and down.
const FINE: i64 = 3;
/// Parts of a turn that an arc is cut into at most: no corner shows.
const CHORD: u32 = TURN / 512;

/// Write a drawing.
///
/// # Errors
/// What the encoder says.
pub(crate) fn write(scene: &Scene) -> Result<Vec<u8>> {
    let mut canvas = Canvas::new(scene.width / PIXEL, scene.height / PIXEL);
    for mark in &scene.marks {
        canvas.fill(&corners(mark.shape), mark.fill);
    }
    scene.words.iter().for_each(|words| canvas.letters(words));
    let pixels = canvas.pixels();
    let mut file = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut file, CompressionType::Best, FilterType::NoFilter);
    let size = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let (width, height) = (size(canvas.width / FINE), size(canvas.height / FINE));
    encoder
        .write_image(&pixels, width, height, ExtendedColorType::Rgb8)
        .map_err(|e| Error::new(ErrorKind::Unsupported, format!("the picture cannot be written: {e}")))?;
    Ok(file)
}

/// The corners of a shape on the fine grid, in tenths of its samples.
fn corners(shape: Shape) -> Vec<(i64, i64)> {
    let fine = |(x, y): (i64, i64)| (x * FINE, y * FINE);
    match shape {
        Shape::Box { x, y, width, height } => {
            [(x, y), (x + width, y), (x + width, y + height), (x, y + height)].map(fine).to_vec()
        }
        Shape::Disc { centre, radius } => arc(fine(centre), radius * FINE, 0, TURN).collect(),
        Shape::Sweep { centre, inner, outer, start, len } => {
            let outside = arc(fine(centre), outer * FINE, start, len);
            let inside: Vec<(i64, i64)> = arc(fine(centre), inner * FINE, start, len).collect();
            outside.chain(inside.into_iter().rev()).collect()
        }
        Shape::Triangle(points) => points.map(fine).to_vec(),
    }
}

/// Points along an arc.
fn arc(centre: (i64, i64), radius: i64, start: u32, len: u32) -> impl Iterator<Item = (i64, i64)> {
    let chords = len.div_ceil(CHORD).max(1);
    (0..=chords).map(move |i| {
        let part = u64::from(len) * u64::from(i) / u64::from(chords);
        circle::point(centre, radius, start.wrapping_add(part as u32))
    })
}

/// A fine grid of colour numbers.
struct Canvas {
    width: i64,
    height: i64,
    samples: Vec<u8>,
}

impl Canvas {
    /// A page of so many pixels.
    fn new(width: i64, height: i64) -> Self {
        let (width, height) = (width * FINE, height * FINE);
        let samples = usize::try_from(width * height).unwrap_or(0);
        Self { width, height, samples: vec![number(Fill::Role(Role::Paper)); samples] }
    }

    /// Fill what lies inside a line around corners.
    fn fill(&mut self, corners: &[(i64, i64)], fill: Fill) {
        let mut crossings = Vec::new();
        for (a, b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            let (low, high) = (a.1.min(b.1), a.1.max(b.1));
            for y in sample(low).max(0)..sample(high).min(self.height) {
                let middle = y * PIXEL + PIXEL / 2;
                crossings.push((y, a.0 + (middle - a.1) * (b.0 - a.0) / (b.1 - a.1)));
            }
        }
        crossings.sort_unstable();
        for pair in crossings.chunks_exact(2) {
            if let [(y, from), (_, to)] = pair {
                self.row(*y, sample(*from), sample(*to), fill);
            }
        }
    }

    /// Fill a run of samples of a row.
    fn row(&mut self, y: i64, from: i64, to: i64, fill: Fill) {
        let (from, to) = (from.clamp(0, self.width), to.clamp(0, self.width));
        let start = usize::try_from(y * self.width + from).unwrap_or(usize::MAX);
        let Some(run) = self.samples.get_mut(start..).and_then(|s| s.get_mut(..usize::try_from(to - from).ok()?))
        else {
            return;
        };
        let base = number(fill);
        let Fill::State(state) = fill else { return run.fill(base) };
        let tile = look_of(state).tile;
        let bits = tile[usize::try_from(y / FINE).unwrap_or(0) % tile.len()];
        for (x, sample) in (from..to).zip(run) {
            let lit = bits >> (7 - x / FINE % 8) & 1;
            *sample = base + lit;
        }
    }

    /// Draw a line of text, stroke by stroke.
    fn letters(&mut self, words: &Words) {
        let size = words.size * FINE;
        let length = Words::length(&words.text, size);
        let left = words.x * FINE
            - match words.align {
                Align::Start => 0,
                Align::Middle => length / 2,
                Align::End => length,
            };
        // A letter is as broad as both writers count on: 0.6 of its size.
        let dot = size / 10;
        let pen = if words.bold { dot * 9 / 10 } else { dot * 6 / 10 };
        let top = words.y * FINE - dot * font::ASCENT;
        for (i, letter) in (0..).zip(words.text.chars()) {
            let at = left + dot * font::ADVANCE * i + dot / 2;
            for (from, to) in font::strokes(letter) {
                let place = |(c, r): (i64, i64)| (at + c * dot, top + r * dot);
                self.stroke(place(from), place(to), pen, words.role);
            }
        }
    }

    /// Fill what lies within `pen` of the line between two points.
    fn stroke(&mut self, a: (i64, i64), b: (i64, i64), pen: i64, role: Role) {
        let range = |p: i64, q: i64| (p.min(q) - pen) / PIXEL..(p.max(q) + pen) / PIXEL + 1;
        let colour = number(Fill::Role(role));
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let long = (dx * dx + dy * dy).max(1);
        for y in range(a.1, b.1) {
            for x in range(a.0, b.0) {
                let (px, py) = (x * PIXEL + PIXEL / 2 - a.0, y * PIXEL + PIXEL / 2 - a.1);
                let along = (px * dx + py * dy).clamp(0, long);
                let (ox, oy) = (px * long - along * dx, py * long - along * dy);
                let near = i128::from(ox) * i128::from(ox) + i128::from(oy) * i128::from(oy)
                    <= i128::from(pen * long) * i128::from(pen * long);
                let inside = (0..self.width).contains(&x) && (0..self.height).contains(&y);
                let index = usize::try_from(y * self.width + x).ok().filter(|_| near && inside);
                if let Some(sample) = index.and_then(|i| self.samples.get_mut(i)) {
                    *sample = colour;
                }
            }
        }
    }

    /// The mean colour of each pixel, three bytes each.
    fn pixels(&self) -> Vec<u8> {
        let colours = colours();
        let (width, fine) = (usize::try_from(self.width).unwrap_or(1), usize::try_from(FINE).unwrap_or(1));
        let mut pixels = Vec::with_capacity(self.samples.len() / (fine * fine) * 3);
        for rows in self.samples.chunks_exact(width * fine) {
            for x in (0..width).step_by(fine) {
                let mut sum = [0usize; 3];
                for row in rows.chunks_exact(width) {
                    for number in row.iter().skip(x).take(fine) {
                        let colour = colours.get(usize::from(*number)).copied().unwrap_or_default();
                        sum.iter_mut().zip(colour).for_each(|(sum, part)| *sum += usize::from(part));
                    }
                }
                pixels.extend(sum.map(|sum| (sum / (fine * fine)) as u8));
            }
        }
        pixels
    }
}

/// The first sample whose middle is not before a place.
fn sample(tenths: i64) -> i64 {
    (tenths + PIXEL / 2 - 1).div_euclid(PIXEL)
}

/// The number of a fill's colour; the next is that of its pattern.
fn number(fill: Fill) -> u8 {
    let at = match fill {
        Fill::Role(role) => Role::ALL.iter().position(|r| *r == role),
        Fill::State(state) => State::ALL.iter().position(|s| *s == state).map(|i| Role::ALL.len() + 2 * i),
    };
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
}

/// The colours, by number.
fn colours() -> Vec<Rgb> {
    let states = State::ALL.iter().map(|state| look_of(*state)).flat_map(|look| [look.base, look.ink]);
    Role::ALL.iter().map(|role| role.light()).chain(states).collect()
}
