//! Which image is meant where files lie together.

use floptical::io::{FileSet, Source};
use floptical::model::Context;
use floptical::{OpenOptions, open_files};

fn open(files: &[(&str, usize)]) -> Result<String, String> {
    let files = FileSet::new(files.iter().map(|(name, len)| Source::from_bytes(*name, vec![b'x'; *len])));
    let opened = open_files(&files, &OpenOptions::default(), &Context::default());
    opened.map(|o| o.files.first().unwrap().name().to_owned()).map_err(|e| e.to_string())
}

#[test]
fn a_lone_image_beside_a_text_is_meant() {
    assert_eq!(open(&[("README.TXT", 300), ("disk.img", 163_840)]).as_deref(), Ok("disk.img"));
}

#[test]
fn several_images_are_named() {
    let error = open(&[("a.img", 163_840), ("b.img", 368_640)]).unwrap_err();
    assert!(error.contains("a.img") && error.contains("b.img"), "{error}");
}
