//! The files of a disc before they have places.

use std::collections::BTreeMap;
use std::sync::Arc;

use floptical_model::Result;

use super::{Moment, too_much};

/// A file or folder.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) parent: usize,
    pub(super) modified: Moment,
    /// The bytes of a file.
    pub(super) bytes: Option<Arc<[u8]>>,
    /// What a folder holds, by name.
    pub(super) children: BTreeMap<String, usize>,
}

/// All nodes; the first is the root.
#[derive(Debug, Clone)]
pub(super) struct Tree(pub(super) Vec<Node>);

impl Tree {
    pub(super) fn new(created: Moment) -> Self {
        Self(vec![Node { name: String::new(), parent: 0, modified: created, bytes: None, children: BTreeMap::new() }])
    }

    /// The folder of a path, made where it is not there.
    pub(super) fn folder(&mut self, path: &str, created: Moment) -> Result<usize> {
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.into_iter().try_fold(0, |at, part| match self.child(at, part) {
            Some(found) if self.0.get(found).is_some_and(|n| n.bytes.is_none()) => Ok(found),
            Some(_) => Err(too_much(format!("`{part}` of `{path}` is a file"))),
            None => self.add(at, part, None, created),
        })
    }

    pub(super) fn file(&mut self, path: &str, bytes: Arc<[u8]>, modified: Moment, created: Moment) -> Result<()> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(too_much(format!("`{path}` is longer than a section of a file can be")));
        }
        let (folder, name) = path.trim_matches('/').rsplit_once('/').unwrap_or(("", path.trim_matches('/')));
        let at = self.folder(folder, created)?;
        if self.child(at, name).is_some() {
            return Err(too_much(format!("`{path}` is there already")));
        }
        self.add(at, name, Some(bytes), modified).map(|_| ())
    }

    fn add(&mut self, parent: usize, name: &str, bytes: Option<Arc<[u8]>>, modified: Moment) -> Result<usize> {
        if matches!(name, "" | "." | "..") || name.len() > 255 || name.contains('\0') {
            return Err(too_much(format!("`{name}` is no name that a disc can hold")));
        }
        let index = self.0.len();
        self.0.push(Node { name: name.to_owned(), parent, modified, bytes, children: BTreeMap::new() });
        if let Some(folder) = self.0.get_mut(parent) {
            folder.children.insert(name.to_owned(), index);
        }
        Ok(index)
    }

    fn child(&self, at: usize, name: &str) -> Option<usize> {
        self.0.get(at)?.children.get(name).copied()
    }

    /// The node of a path.
    pub(super) fn find(&self, path: &str) -> Option<usize> {
        path.split('/').filter(|part| !part.is_empty()).try_fold(0, |at, part| self.child(at, part))
    }

    pub(super) fn is_folder(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|n| n.bytes.is_none())
    }
}
