//! An image as a stable text, for snapshot tests.

use floptical_model::{Context, Image};

use crate::Disk;
use crate::shape::InfoShape;

/// What an image holds, as stable, bounded YAML whose first line is its
/// version: the same from run to run, from file and from memory, on every
/// machine. What stops the reading is part of the text.
///
/// ```
/// use floptical::{OpenOptions, open_bytes, snapshot, model::Context};
///
/// let blank = vec![0xF6; 163_840];
/// let opened = open_bytes("blank.img", &blank, &OpenOptions::default(), &Context::default())?;
/// let text = snapshot(&opened.image);
/// assert!(text.starts_with("schema: floptical/info/0"));
/// // With insta: insta::assert_snapshot!(snapshot(&opened.image));
/// # Ok::<(), floptical::model::Error>(())
/// ```
pub fn snapshot(image: &Image) -> String {
    let context = Context::default();
    let shape = Disk::derive(image.clone(), &context).and_then(|disk| InfoShape::of(&disk, &context));
    match shape.and_then(|shape| floptical_io::yaml::to_string(&shape)) {
        Ok(text) => text,
        Err(error) => format!("schema: floptical/info/0\nerror: {error}\n"),
    }
}
