//! From a picture to a drawing: what stands where.

mod disc;
mod flux;
mod grid;
mod legend;
mod linear;

use floptical_model::picture::{Picture, State, Subject};

use crate::palette::Role;
use crate::scene::{Align, Fill, Mark, PIXEL, Scene, Shape, Words};

/// Width of every picture, in pixels.
const WIDTH: i64 = 1000;
/// Room around it.
const MARGIN: i64 = 24;
/// Sides that are drawn; no drive has more heads than two.
const SIDES: usize = 4;

/// The drawing of a picture.
pub(crate) fn compose(picture: &Picture) -> Scene {
    let mut page = Page::default();
    page.heading(picture);
    let mut notes = picture.notes.clone();
    match &picture.subject {
        Subject::Floppy(floppy) => {
            let sides = floppy.sides.get(..SIDES).unwrap_or(&floppy.sides);
            disc::sides(&mut page, floppy, sides);
            legend::legend(&mut page, &picture.legend());
            sides.iter().for_each(|side| grid::side(&mut page, side, &mut notes));
            if floppy.sides.len() > sides.len() {
                notes.push(format!("{} more sides are not drawn.", floppy.sides.len() - sides.len()));
            }
        }
        Subject::Linear(linear) => {
            linear::bars(&mut page, linear);
            legend::legend(&mut page, &picture.legend());
        }
        Subject::Flux(plots) => plots.iter().for_each(|plot| flux::plot(&mut page, plot)),
        _ => {}
    }
    page.notes(&notes);
    page.finish()
}

/// A page that is filled from the top.
#[derive(Debug, Default)]
struct Page {
    scene: Scene,
    /// How far it is filled, in pixels.
    y: i64,
}

impl Page {
    fn heading(&mut self, picture: &Picture) {
        self.y = MARGIN + 18;
        self.words((MARGIN, self.y), &fitting(&picture.title, 22, WIDTH - 2 * MARGIN), 22, Align::Start, Role::Text);
        self.bold();
        self.y += 4;
        for line in &picture.lines {
            self.y += 20;
            self.words((MARGIN, self.y), &fitting(line, 14, WIDTH - 2 * MARGIN), 14, Align::Start, Role::Faint);
        }
        self.y += 12;
    }

    fn notes(&mut self, notes: &[String]) {
        for note in notes {
            self.y += 19;
            self.words((MARGIN, self.y), &fitting(note, 13, WIDTH - 2 * MARGIN), 13, Align::Start, Role::Faint);
        }
        self.y += MARGIN;
    }

    fn finish(mut self) -> Scene {
        self.scene.width = WIDTH * PIXEL;
        self.scene.height = self.y * PIXEL;
        self.scene
    }

    /// Words at a place in pixels.
    fn words(&mut self, (x, y): (i64, i64), text: &str, size: i64, align: Align, role: Role) {
        let (x, y, size) = (x * PIXEL, y * PIXEL, size * PIXEL);
        self.scene.words.push(Words { x, y, text: text.to_owned(), size, align, role, bold: false });
    }

    /// Make the last words heavy.
    fn bold(&mut self) {
        if let Some(words) = self.scene.words.last_mut() {
            words.bold = true;
        }
    }

    /// A shape in a colour of the page.
    fn shape(&mut self, shape: Shape, role: Role) {
        self.scene.marks.push(Mark { shape, fill: Fill::Role(role), hint: None });
    }

    /// Shapes of states: those alike after each other, the worse ones above,
    /// and each of these with its word for who points at it.
    fn states(&mut self, mut shapes: Vec<(State, Shape, &str)>) {
        shapes.sort_by_key(|(state, ..)| *state);
        self.scene.marks.extend(shapes.into_iter().map(|(state, shape, label)| Mark {
            shape,
            fill: Fill::State(state),
            hint: (!is_plain(state)).then(|| label.to_owned()),
        }));
    }
}

/// True for what nobody needs to look at.
fn is_plain(state: State) -> bool {
    matches!(state, State::Good | State::GoodFiller | State::Unverified | State::UnverifiedFiller | State::NoSectors)
}

/// As much of a text as there is room for, in pixels.
fn fitting(text: &str, size: i64, room: i64) -> String {
    if Words::length(text, size) <= room {
        return text.to_owned();
    }
    let letters = usize::try_from(room * 10 / (size * 6)).unwrap_or(0).saturating_sub(3);
    text.chars().take(letters).chain("...".chars()).collect()
}
