//! Scatter and histogram: which intervals of flux came where, and how often.

use floptical_model::picture::Plot;

use super::{MARGIN, Page, WIDTH, fitting};
use crate::palette::Role;
use crate::scene::{Align, PIXEL, Shape};

/// Height of a plot, in pixels.
const HEIGHT: i64 = 384;
/// Room for the scale at the left, and for the histogram at the right.
const SCALE: i64 = 44;
const HISTOGRAM: i64 = 160;
const BETWEEN: i64 = 12;
/// Width of the scatter.
const SCATTER: i64 = WIDTH - 2 * MARGIN - SCALE - HISTOGRAM - BETWEEN;
/// Left edges.
const LEFT: i64 = MARGIN + SCALE;
const RIGHT: i64 = LEFT + SCATTER + BETWEEN;
/// Words below the columns are so far apart at least.
const APART: i64 = 40;
/// Columns and rows that are drawn at most.
const MOST: usize = 1024;

/// How much of the fullest cell of the plot a colour stands for, in
/// thousandths: noise is seen beside what is everywhere.
const SHADES: [(u64, Role); 4] = [(250, Role::Densest), (60, Role::Dense), (10, Role::Middling), (0, Role::Thin)];

/// One plot: short intervals below, long ones above.
pub(super) fn plot(page: &mut Page, plot: &Plot) {
    page.y += 26;
    page.words((MARGIN, page.y), &fitting(&plot.label, 14, WIDTH - 2 * MARGIN), 14, Align::Start, Role::Text);
    page.bold();
    page.y += 10;
    let columns = plot.columns.get(..MOST).unwrap_or(&plot.columns);
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0).clamp(1, MOST);
    let top = page.y * PIXEL;
    page.shape(rectangle(LEFT * PIXEL, top, SCATTER * PIXEL, HEIGHT * PIXEL), Role::Medium);
    page.shape(rectangle(RIGHT * PIXEL, top, HISTOGRAM * PIXEL, HEIGHT * PIXEL), Role::Medium);
    scatter(page, columns, rows, top);
    histogram(page, columns, rows, top);
    scale(page, plot, rows);
    page.y += HEIGHT;
    below(page, plot, columns.len());
}

fn rectangle(x: i64, y: i64, width: i64, height: i64) -> Shape {
    Shape::Box { x, y, width, height }
}

/// From and to where part `nth` of `count` lies in `room`.
fn part(nth: usize, count: usize, room: i64) -> (i64, i64) {
    let count = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
    let at = |nth: i64| nth * room / count;
    let nth = i64::try_from(nth).unwrap_or(0);
    (at(nth), at(nth + 1))
}

/// Runs of one shade in a column are one rectangle.
fn scatter(page: &mut Page, columns: &[Vec<u32>], rows: usize, top: i64) {
    let most = columns.iter().flatten().copied().max().unwrap_or(0).max(1);
    for (nth, column) in columns.iter().enumerate() {
        let (left, right) = part(nth, columns.len(), SCATTER * PIXEL);
        let mut run: Option<(usize, Role)> = None;
        for row in 0..=rows {
            let role = column.get(row).and_then(|count| shade(*count, most));
            if run.map(|(_, role)| role) == role {
                continue;
            }
            if let Some((from, role)) = run {
                let (y, height) = level(from, row, rows, top);
                page.shape(rectangle(LEFT * PIXEL + left, y, right - left, height), role);
            }
            run = role.map(|role| (row, role));
        }
    }
}

fn shade(count: u32, most: u32) -> Option<Role> {
    let share = u64::from(count) * 1000 / u64::from(most);
    SHADES.iter().find(|(least, _)| count > 0 && share >= *least).map(|(_, role)| *role)
}

/// Top and height of rows: the first row lies at the bottom.
fn level(from: usize, to: usize, rows: usize, top: i64) -> (i64, i64) {
    let (low, high) = (part(from, rows, HEIGHT * PIXEL).0, part(to, rows, HEIGHT * PIXEL).0);
    (top + HEIGHT * PIXEL - high, high - low)
}

/// How often each length came, as a bar. By square roots, so that what is rare
/// is seen too.
fn histogram(page: &mut Page, columns: &[Vec<u32>], rows: usize, top: i64) {
    let sum = |row: usize| columns.iter().filter_map(|column| column.get(row)).map(|n| u64::from(*n)).sum::<u64>();
    let sums: Vec<u64> = (0..rows).map(sum).collect();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    for (row, count) in sums.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (y, height) = level(row, row + 1, rows, top);
        let room = (HISTOGRAM * PIXEL).unsigned_abs();
        let width = (u128::from(*count) * u128::from(room * room) / u128::from(most)).isqrt();
        let width = i64::try_from(width).unwrap_or(0).max(PIXEL);
        page.shape(rectangle(RIGHT * PIXEL, y, width, height), Role::Dense);
    }
}

/// Microseconds at the left.
fn scale(page: &mut Page, plot: &Plot, rows: usize) {
    let whole = i64::from(plot.step_ns) * i64::try_from(rows).unwrap_or(0);
    let every = if whole > 16_000 { 4 } else { 2 };
    for us in (0..=whole / 1000).step_by(every) {
        let y = page.y + HEIGHT - us * 1000 * HEIGHT / whole.max(1);
        page.words((LEFT - 8, y + 4), &us.to_string(), 12, Align::End, Role::Faint);
        page.shape(rectangle((LEFT - 5) * PIXEL, y * PIXEL, 5 * PIXEL, PIXEL), Role::Line);
    }
    page.words((MARGIN, page.y + 4), "us", 12, Align::Start, Role::Faint);
}

/// What the columns are, and what the histogram is.
fn below(page: &mut Page, plot: &Plot, columns: usize) {
    page.y += 16;
    let mut free = LEFT;
    for (column, word) in &plot.ticks {
        let (left, right) = part(usize::from(*column), columns, SCATTER);
        let x = LEFT + (left + right) / 2;
        if x >= free && x <= LEFT + SCATTER {
            page.words((x, page.y), word, 12, Align::Middle, Role::Faint);
            free = x + APART;
        }
    }
    let across = if plot.longer == 0 {
        format!("by {}", plot.across)
    } else {
        format!("by {}; {} intervals are longer", plot.across, plot.longer)
    };
    page.words((RIGHT, page.y), "how often", 12, Align::Start, Role::Faint);
    page.y += 16;
    page.words((LEFT, page.y), &across, 12, Align::Start, Role::Faint);
    page.y += 8;
}
