//! The legend: how each state looks that is drawn, and how often it is there.

use floptical_model::picture::State;

use super::{MARGIN, Page, WIDTH};
use crate::palette::Role;
use crate::scene::{Align, PIXEL, Shape};

const COLUMNS: i64 = 3;
const ROW: i64 = 26;

/// Rows of three.
pub(super) fn legend(page: &mut Page, counts: &[(State, u64)]) {
    page.y += 14;
    let column = (WIDTH - 2 * MARGIN) / COLUMNS;
    for (i, (state, count)) in (0..).zip(counts) {
        let (x, y) = (MARGIN + column * (i % COLUMNS), page.y + ROW * (i / COLUMNS));
        let swatch = |inset: i64| Shape::Box {
            x: (x + inset) * PIXEL,
            y: (y + inset) * PIXEL,
            width: (28 - 2 * inset) * PIXEL,
            height: (18 - 2 * inset) * PIXEL,
        };
        page.shape(swatch(0), Role::Line);
        page.states(vec![(*state, swatch(1), state.meaning())]);
        page.words((x + 36, y + 14), &format!("{count} {}", state.meaning()), 13, Align::Start, Role::Text);
    }
    let rows = i64::try_from(counts.len()).unwrap_or(0).saturating_add(COLUMNS - 1) / COLUMNS;
    page.y += ROW * rows;
}
