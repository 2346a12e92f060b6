//! Files that belong together.

use floptical_model::FileRef;

use crate::Source;

/// The files of one image: one for most formats, many for a folder of streams.
/// Sorted by name, so that an index into it means the same on every machine.
#[derive(Debug, Clone, Default)]
pub struct FileSet {
    files: Vec<Source>,
}

impl FileSet {
    /// A set of files.
    pub fn new(files: impl IntoIterator<Item = Source>) -> Self {
        let mut files: Vec<Source> = files.into_iter().collect();
        files.sort_by(|a, b| a.name().cmp(b.name()));
        Self { files }
    }

    /// The files, by name.
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    /// The only, or first, file.
    pub fn first(&self) -> Option<&Source> {
        self.files.first()
    }

    /// Names and lengths, as an image keeps them.
    pub fn refs(&self) -> Vec<FileRef> {
        self.files.iter().map(|f| FileRef { name: f.name().into(), len: f.len() }).collect()
    }
}

impl From<Source> for FileSet {
    fn from(source: Source) -> Self {
        Self { files: vec![source] }
    }
}
