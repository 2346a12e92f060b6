//! Bars: what is read from its beginning to its end.

use floptical_model::picture::{Linear, Stretch};

use super::{MARGIN, Page, WIDTH, fitting};
use crate::palette::Role;
use crate::scene::{Align, PIXEL, Shape, Words};

/// Height of a bar, in pixels.
const HEIGHT: i64 = 64;
/// Stretches of a bar that are drawn; more are narrower than they can be seen.
const STRETCHES: usize = 4096;

/// The bars, and their scale below.
pub(super) fn bars(page: &mut Page, linear: &Linear) {
    for bar in &linear.bars {
        page.y += 22;
        page.words((MARGIN, page.y), &fitting(&bar.label, 14, WIDTH - 2 * MARGIN), 14, Align::Start, Role::Text);
        page.bold();
        page.y += 8;
        page.shape(block(MARGIN * PIXEL, page.y, (WIDTH - 2 * MARGIN) * PIXEL), Role::Medium);
        let stretches = bar.stretches.get(..STRETCHES).unwrap_or(&bar.stretches);
        let place = |s: &Stretch| {
            let (left, right) = (along(linear, s.start), along(linear, s.start.saturating_add(s.len)));
            (left, (right - left - 10).max(10))
        };
        let shapes = stretches.iter().map(|s| (s.state, block(place(s).0, page.y, place(s).1), s.label.as_str()));
        page.states(shapes.collect());
        names(page, stretches, place);
        page.y += HEIGHT + 16;
    }
    scale(page, linear);
}

/// A part of a bar: from `x`, `width` long, in tenths of a pixel.
fn block(x: i64, y: i64, width: i64) -> Shape {
    Shape::Box { x, y: y * PIXEL, width, height: HEIGHT * PIXEL }
}

/// Where a unit lies, in tenths of a pixel.
fn along(linear: &Linear, unit: u64) -> i64 {
    let room = u128::from(((WIDTH - 2 * MARGIN) * PIXEL).unsigned_abs());
    let at = u128::from(unit.min(linear.len)) * room / u128::from(linear.len.max(1));
    MARGIN * PIXEL + i64::try_from(at).unwrap_or(0)
}

/// The names of stretches, below those that have room.
fn names(page: &mut Page, stretches: &[Stretch], place: impl Fn(&Stretch) -> (i64, i64)) {
    for stretch in stretches.iter().filter(|s| !s.name.is_empty()) {
        let (x, width) = place(stretch);
        if Words::length(&stretch.name, 12 * PIXEL) <= width {
            let at = (x / PIXEL, page.y + HEIGHT + 14);
            page.words(at, &stretch.name, 12, Align::Start, Role::Faint);
        }
    }
}

fn scale(page: &mut Page, linear: &Linear) {
    page.y += 14;
    let end = format!("{} {}s", linear.len, linear.unit);
    page.words((MARGIN, page.y), "0", 12, Align::Start, Role::Faint);
    page.words((WIDTH - MARGIN, page.y), &end, 12, Align::End, Role::Faint);
}
