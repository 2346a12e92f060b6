//! Boxes of files: folders, and files that were named.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use floptical::catalog::record::Provenance;
use floptical::formats::Registry;
use floptical::io::text::show;
use floptical::io::{Source, disk};
use floptical::items::{BOX_FILE, BoxItem, BoxList, FOLDER_RECORD, Kind, Listed, RECORD_END, group, kind_of};
use floptical::model::{Context, Error};
use floptical::preserve::provenance;

use crate::failure::Failure;
use crate::input::with_companions;
use crate::session::Session;

/// A folder with all that is in it, or files of one folder that were named.
pub(crate) struct Crate {
    pub(crate) label: String,
    /// Every file by its name within the box.
    paths: BTreeMap<String, PathBuf>,
    pub(crate) listed: Vec<Listed>,
    pub(crate) items: Vec<BoxItem>,
}

impl Crate {
    /// The boxes that paths name: each folder is one, and so are the files of
    /// one folder.
    pub(crate) fn open_all(session: &Session, paths: &[PathBuf], context: &Context) -> Result<Vec<Self>, Failure> {
        let mut folders = Vec::new();
        let mut named: BTreeMap<&Path, Vec<PathBuf>> = BTreeMap::new();
        for path in paths {
            if path.is_dir() {
                folders.push((path.as_path(), walked(path, context)?));
            } else {
                let of = |e: Error| Failure::from(e).of(&path.to_string_lossy());
                let files = with_companions(path).map_err(of)?;
                let all = named.entry(path.parent().unwrap_or(Path::new(""))).or_default();
                all.push(path.clone());
                all.extend(files.files().iter().map(|file| path.with_file_name(file.name())));
                all.extend(record_of(path).filter(|record| record.is_file()));
            }
        }
        folders.into_iter().chain(named).map(|(root, files)| Self::of(session, root, files, context)).collect()
    }

    fn of(session: &Session, root: &Path, files: Vec<PathBuf>, context: &Context) -> Result<Self, Failure> {
        let label = root.to_string_lossy().into_owned();
        let paths: BTreeMap<String, PathBuf> = files.into_iter().map(|file| (name_within(root, &file), file)).collect();
        let list = match paths.get(BOX_FILE) {
            Some(file) => {
                let text = disk::open(file)?.all(context)?;
                Some(BoxList::parse(&String::from_utf8_lossy(&text)).map_err(|e| Failure::from(e).of(&label))?)
            }
            None => None,
        };
        let registry = Registry::default();
        let files: Vec<(&String, &PathBuf)> = paths.iter().filter(|(name, _)| *name != BOX_FILE).collect();
        // A file that cannot be read stops nobody else: it fails with its own item.
        let listed = session.map(&files, |(name, path)| {
            let kind = disk::open_each_time(path).and_then(|s| kind_of(&s, &registry, &Context::default()));
            Listed { name: (*name).clone(), kind: kind.unwrap_or(Kind::Container) }
        });
        let items = group(&listed, list.as_ref()).map_err(|e| Failure::from(e).of(&label))?;
        Ok(Self { label, paths, listed, items })
    }

    /// The bytes of a file of the box.
    pub(crate) fn source(&self, name: &str) -> Result<Source, Error> {
        let path = self.paths.get(name);
        path.map_or_else(|| Err(Error::unsupported("no such file")), |path| disk::open_each_time(path))
    }

    /// What a person says of all items of the folder that an item lies in.
    pub(crate) fn said(&self, item: &BoxItem, context: &Context) -> Result<Provenance, Error> {
        let first = item.files().next().and_then(|name| self.paths.get(name));
        let record = first.map(|file| file.with_file_name(FOLDER_RECORD)).filter(|record| record.is_file());
        record.map_or(Ok(Provenance::default()), |record| provenance(&disk::open(&record)?, context))
    }
}

fn walked(folder: &Path, context: &Context) -> Result<Vec<PathBuf>, Failure> {
    disk::walk(folder, context).map_err(|e| Failure::from(e).of(&folder.to_string_lossy()))
}

/// The name of a file within a box. What is no text is escaped, so that no two
/// names become one.
fn name_within(root: &Path, file: &Path) -> String {
    let part = |part: &OsStr| part.to_str().map_or_else(|| show(part.as_encoded_bytes()), str::to_owned);
    file.strip_prefix(root).unwrap_or(file).iter().map(part).collect::<Vec<_>>().join("/")
}

/// Where the record beside an image lies.
fn record_of(path: &Path) -> Option<PathBuf> {
    let stem = floptical::items::stem(path.file_name()?.to_str()?);
    Some(path.with_file_name(format!("{stem}{RECORD_END}")))
}
