//! Copies of a disk for emulators.

use floptical_model::{Context, Result};

use crate::Disk;
use crate::report::Page;
use crate::shape::CopyShape;

/// A copy of a disk that emulators read.
#[derive(Debug)]
pub struct Copy {
    /// What the report says of it.
    pub shape: CopyShape,
    /// Its files, where there is one.
    pub files: Option<Vec<Page>>,
}

pub(super) fn copies(_: &Disk, _: bool, _: &Context) -> Result<Vec<Copy>> {
    Ok(Vec::new())
}
