//! How does it look?
//!
//! Values of [`floptical_model::picture`] in; PNG or SVG out. The drawing is
//! composed once, as shapes and words; the two writers draw the same. The same
//! picture gives the same bytes on every machine.
#![forbid(unsafe_code)]

mod circle;
mod compose;
mod font;
mod palette;
mod png;
mod scene;
mod svg;

use floptical_model::Result;
use floptical_model::picture::Picture;

/// The picture as PNG, 1000 pixels wide, on white.
///
/// # Errors
/// What the encoder says.
pub fn png(picture: &Picture) -> Result<Vec<u8>> {
    png::write(&compose::compose(picture))
}

/// The picture as SVG, 1000 pixels wide, light or dark as the page. Every
/// foreign word is escaped; there is no script and no reference outside.
pub fn svg(picture: &Picture) -> String {
    svg::write(&compose::compose(picture), &picture.title)
}
