//! The polar view: a disc for each side, its tracks as rings.

use floptical_model::picture::{Floppy, Ring, Side, State, Sweep, TURN};

use super::{MARGIN, Page, WIDTH};
use crate::palette::Role;
use crate::scene::{Align, PIXEL, Shape};

/// Radius of a disc, in pixels.
const RADIUS: i64 = 222;
/// Radius of the first track and of what lies inside the last one, in tenths.
const OUTER: i64 = 2160;
const INNER: i64 = 720;
/// Radius of the hub, in pixels.
const HUB: i64 = 62;

/// The sides, two in a row; one alone stands in the middle.
pub(super) fn sides(page: &mut Page, floppy: &Floppy, sides: &[Side]) {
    for row in sides.chunks(2) {
        let y = page.y + RADIUS + 14;
        match row {
            [only] => side(page, floppy, only, (WIDTH / 2, y)),
            [left, right, ..] => {
                side(page, floppy, left, (MARGIN + RADIUS + 6, y));
                side(page, floppy, right, (WIDTH - MARGIN - RADIUS - 6, y));
            }
            [] => {}
        }
        page.y = y + RADIUS + 8;
    }
}

fn side(page: &mut Page, floppy: &Floppy, side: &Side, (x, y): (i64, i64)) {
    let centre = (x * PIXEL, y * PIXEL);
    page.shape(Shape::Disc { centre, radius: RADIUS * PIXEL }, Role::Line);
    page.shape(Shape::Disc { centre, radius: RADIUS * PIXEL - 10 }, Role::Medium);
    let mut shapes = Vec::new();
    for ring in &side.rings {
        let (inner, outer) = radii(floppy, ring);
        let shape = |sweep: Sweep| Shape::Sweep { centre, inner, outer, start: sweep.start, len: sweep.len };
        shapes.extend(ring.unclaimed.iter().map(|sweep| (State::Unclaimed, shape(*sweep), ring.label.as_str())));
        shapes.extend(ring.slots.iter().map(|slot| (slot.state, shape(slot.sweep), slot.label.as_str())));
        if ring.slots.is_empty() {
            shapes.push((State::NoSectors, shape(Sweep { start: 0, len: TURN }), &ring.label));
        }
    }
    page.states(shapes);
    page.shape(Shape::Disc { centre, radius: HUB * PIXEL }, Role::Line);
    page.shape(Shape::Disc { centre, radius: HUB * PIXEL - 10 }, Role::Paper);
    index(page, (x, y));
    page.words((x, y - 1), &format!("side {}", side.head), 18, Align::Middle, Role::Text);
    page.bold();
    let tracks = match (side.rings.first(), side.rings.last()) {
        (Some(first), Some(last)) if first.label != last.label => format!("tracks {}-{}", first.label, last.label),
        (Some(only), _) => format!("track {}", only.label),
        _ => "no tracks".into(),
    };
    page.words((x, y + 18), &tracks, 12, Align::Middle, Role::Faint);
}

/// The index: where angles begin.
fn index(page: &mut Page, (x, y): (i64, i64)) {
    let tip = ((x) * PIXEL, (y - RADIUS + 1) * PIXEL);
    let corner = |dx: i64| (tip.0 + dx * PIXEL, tip.1 - 11 * PIXEL);
    page.shape(Shape::Triangle([tip, corner(-6), corner(6)]), Role::Faint);
}

/// Where a ring lies, in tenths of a pixel, with a hairline to the next one.
fn radii(floppy: &Floppy, ring: &Ring) -> (i64, i64) {
    let steps = i64::from(floppy.steps.max(1));
    let at = |quarter: i64| {
        let step = (quarter - i64::from(floppy.first)).clamp(0, steps);
        OUTER - step * (OUTER - INNER) / steps
    };
    let (outer, inner) = (at(ring.quarter.into()), at(i64::from(ring.quarter) + i64::from(ring.width)));
    let gap = ((outer - inner) / 8).min(4);
    (inner + gap, outer)
}
