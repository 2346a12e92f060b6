//! The grid: a column for each track, a cell for each sector by its number.

use std::collections::BTreeSet;

use floptical_model::picture::{Ring, Side, State};

use super::{MARGIN, Page, WIDTH};
use crate::palette::Role;
use crate::scene::{Align, PIXEL, Shape};

/// Room for the numbers of the rows.
const LABELS: i64 = 30;
/// The broadest and highest cell, in tenths of a pixel.
const BROADEST: i64 = 240;
const HIGHEST: i64 = 130;
/// The highest a grid is, in tenths, while its cells can be seen.
const HEIGHT: i64 = 4000;
/// Cells of a column and columns that are drawn.
const ROWS: usize = 256;
const COLUMNS: usize = 720;

/// A side as a grid.
pub(super) fn side(page: &mut Page, side: &Side, notes: &mut Vec<String>) {
    let rings = side.rings.get(..COLUMNS).unwrap_or(&side.rings);
    let most = rings.iter().map(|ring| ring.slots.len()).max().unwrap_or(0);
    let rows = most.clamp(1, ROWS);
    if rings.len() < side.rings.len() || rows < most {
        notes.push(format!("The grid of side {} is too large and not drawn whole.", side.head));
    }
    let columns = i64::try_from(rings.len()).unwrap_or(1).max(1);
    let room = (WIDTH - 2 * MARGIN - LABELS) * PIXEL;
    let width = (room / columns).min(BROADEST);
    let height = (HEIGHT / i64::try_from(rows).unwrap_or(1)).clamp(20, HIGHEST);
    page.y += 26;
    page.words((MARGIN, page.y), &format!("side {}", side.head), 14, Align::Start, Role::Text);
    page.bold();
    page.words((MARGIN + 64, page.y), "sectors by number, track by track", 13, Align::Start, Role::Faint);
    page.y += 8;
    let grid = Grid { left: (MARGIN + LABELS) * PIXEL, top: page.y * PIXEL, width, height };
    grid.cells(page, rings, rows);
    grid.row_numbers(page, rings, rows);
    let bottom = (grid.top + grid.height * i64::try_from(rows).unwrap_or(1)) / PIXEL + 8;
    page.y = bottom + 12;
    grid.track_numbers(page, rings, page.y);
    page.y += 6;
}

/// Where the cells lie, in tenths of a pixel.
struct Grid {
    left: i64,
    top: i64,
    width: i64,
    height: i64,
}

impl Grid {
    /// A cell of so many rows, with a hairline around it.
    fn cell(&self, column: usize, row: usize, rows: usize) -> Shape {
        let index = |n: usize| i64::try_from(n).unwrap_or(0);
        let gap = |length: i64| if length >= 40 { 10 } else { length / 5 };
        Shape::Box {
            x: self.left + self.width * index(column),
            y: self.top + self.height * index(row),
            width: self.width - gap(self.width),
            height: self.height * index(rows) - gap(self.height),
        }
    }

    fn cells(&self, page: &mut Page, rings: &[Ring], rows: usize) {
        let mut shapes = Vec::new();
        for (column, ring) in rings.iter().enumerate() {
            let slots = ring.slots.iter().take(rows).enumerate();
            shapes.extend(slots.map(|(row, slot)| (slot.state, self.cell(column, row, 1), slot.label.as_str())));
            if ring.slots.is_empty() {
                shapes.push((State::NoSectors, self.cell(column, 0, rows), &ring.label));
            }
            if !ring.unclaimed.is_empty() {
                let Shape::Box { x, width, .. } = self.cell(column, 0, 1) else { continue };
                let y = self.top + self.height * i64::try_from(rows).unwrap_or(0) + 10;
                shapes.push((State::Unclaimed, Shape::Box { x, y, width, height: 60 }, &ring.label));
            }
        }
        page.states(shapes);
    }

    /// The number of each row on which all tracks agree.
    fn row_numbers(&self, page: &mut Page, rings: &[Ring], rows: usize) {
        let mut free = 0;
        for row in 0..rows {
            let numbers: BTreeSet<Option<u8>> =
                rings.iter().filter_map(|ring| ring.slots.get(row)).map(|slot| slot.number).collect();
            let top = self.top + self.height * i64::try_from(row).unwrap_or(0);
            if let (1, Some(Some(number))) = (numbers.len(), numbers.first())
                && top >= free
            {
                let y = (top + self.height / 2) / PIXEL + 3;
                page.words((MARGIN + LABELS - 6, y), &number.to_string(), 11, Align::End, Role::Faint);
                free = top + 12 * PIXEL;
            }
        }
    }

    /// The number of every tenth track.
    fn track_numbers(&self, page: &mut Page, rings: &[Ring], y: i64) {
        for (column, ring) in (0..).zip(rings) {
            if ring.label.parse::<u16>().is_ok_and(|n| n % 10 == 0) || rings.len() < 10 {
                let x = (self.left + self.width * column + self.width / 2) / PIXEL;
                page.words((x, y), &ring.label, 12, Align::Middle, Role::Faint);
            }
        }
    }
}
