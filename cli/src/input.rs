//! From an argument to an image.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use floptical::formats::Registry;
use floptical::identify::identify_files;
use floptical::io::{FileSet, Source, disk};
use floptical::model::{Context, Error, Findings, Layer, Severity, finding};
use floptical::{Disk, OpenOptions, Opened, sidecar};

use crate::args::Reading;
use crate::failure::{Code, Failure};
use crate::output::{Aside, counted};

/// Something to read.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// How it was named.
    pub(crate) label: String,
    /// True when it was found in a folder, not named.
    pub(crate) walked: bool,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    /// A file, and the member of it that is meant.
    File(PathBuf, Option<String>),
    /// A folder with the files of one image.
    Folder(PathBuf),
    /// Files that belong together.
    Set(FileSet),
    Stdin,
}

/// An opened image with everything that follows from it.
#[derive(Debug)]
pub(crate) struct Read {
    /// The image and what follows from it.
    pub(crate) disk: Disk,
    /// How it was found.
    pub(crate) opened: Opened,
    /// What is to be said about the reading.
    pub(crate) aside: Vec<Aside>,
}

impl Read {
    /// Findings about the wrappers around the image.
    pub(crate) fn wrapping(&self) -> &Findings {
        &self.opened.findings
    }
}

impl Input {
    /// One image that was named: a file, `file!member`, a folder, or `-`.
    pub(crate) fn named(path: &Path) -> Self {
        let label = path.to_string_lossy().into_owned();
        let origin = if path == Path::new("-") {
            Origin::Stdin
        } else if path.is_dir() {
            Origin::Folder(path.to_owned())
        } else {
            split_member(path)
        };
        Self { label, walked: false, origin }
    }

    /// The files: for digests of the file itself.
    pub(crate) fn files(&self, context: &Context) -> Result<FileSet, Error> {
        match &self.origin {
            Origin::File(path, None) => with_companions(path),
            Origin::File(path, Some(_)) => disk::open(path).map(FileSet::from),
            Origin::Folder(path) => disk::folder(path),
            Origin::Set(files) => Ok(files.clone()),
            Origin::Stdin => disk::open_stdin(context).map(FileSet::from),
        }
    }

    /// The member that is meant, if one was named.
    pub(crate) fn member(&self) -> Option<&str> {
        match &self.origin {
            Origin::File(_, member) => member.as_deref(),
            _ => None,
        }
    }

    /// The only file, or stdin: what may be wrapped.
    pub(crate) fn single<'a>(&self, files: &'a FileSet) -> Option<&'a Source> {
        match (&self.origin, files.files()) {
            (Origin::File(..) | Origin::Stdin, [only]) => Some(only),
            _ => None,
        }
    }

    /// Open it and derive what follows.
    pub(crate) fn read(&self, reading: &Reading, context: &Context) -> Result<Read, Failure> {
        self.read_by(&self.files(context)?, reading, None, context)
    }

    /// The same for a conversion to a format of this layer.
    pub(crate) fn read_for(&self, target: Layer, reading: &Reading, context: &Context) -> Result<Read, Failure> {
        self.read_by(&self.files(context)?, reading, Some(target), context)
    }

    /// All but a survey, from files that are already open.
    pub(crate) fn read_files(&self, files: &FileSet, reading: &Reading, context: &Context) -> Result<Read, Failure> {
        self.read_by(files, reading, Some(Layer::Flux), context)
    }

    /// Everything, or what a conversion to a format of one layer needs.
    fn read_by(
        &self,
        files: &FileSet,
        reading: &Reading,
        target: Option<Layer>,
        context: &Context,
    ) -> Result<Read, Failure> {
        let options = OpenOptions {
            format: reading.from.map(|f| f.id.to_owned()),
            layout: reading.layout.cloned(),
            member: self.member().map(str::to_owned),
            without_sum: reading.first_good,
        };
        let mut opened = match self.single(files) {
            Some(source) => floptical::open(source, &options, context)?,
            None => floptical::open_files(files, &options, context)?,
        };
        let mut aside = self.recall(&mut opened, files, context)?;
        let serious = opened.findings.iter().filter(|f| f.code.severity >= Severity::Contradiction);
        aside.extend(serious.map(|f| Aside::Note(shown(&format!("{}: {f}", self.label)))));
        let image = opened.image.clone();
        let disk = match target {
            target if reading.first_good => Disk::derive_first_good(image, target.unwrap_or(Layer::Flux), context)?,
            Some(target) => Disk::derive_for(image, target, context)?,
            None => Disk::derive(image, context)?,
        };
        if disk.passed_over() > 0 {
            let tracks = counted(disk.passed_over() as u64, "track");
            aside.push(Aside::Note(format!("only the first revolution of {tracks} was looked at; its checks hold")));
        }
        let sums = opened.findings.iter().chain(opened.image.findings.iter());
        let passed = sums.filter(|f| *f.code == finding::FORMAT_SUM_PASSED_OVER);
        aside.extend(passed.map(|f| Aside::Note(shown(&format!("{}: {}", self.label, f.message)))));
        Ok(Read { disk, opened, aside })
    }

    /// Bring back what a sidecar beside the input keeps.
    fn recall(&self, opened: &mut Opened, files: &FileSet, context: &Context) -> Result<Vec<Aside>, Failure> {
        let (Origin::File(path, _) | Origin::Folder(path)) = &self.origin else { return Ok(Vec::new()) };
        let beside = sidecar_of(path);
        if !beside.is_file() {
            return Ok(Vec::new());
        }
        let name = beside.to_string_lossy().into_owned();
        let of_sidecar = |e: Error| Failure::from(e).of(&name);
        let text = disk::open(&beside).and_then(|s| s.all(context)).map_err(of_sidecar)?;
        let digest = sidecar::digest(files, context)?;
        let text = String::from_utf8_lossy(&text);
        Ok(match sidecar::apply(&mut opened.image, &text, &digest) {
            Ok(Some(_)) => Vec::new(),
            Ok(None) => vec![Aside::Note(format!("{} belongs to other bytes and was not used", shown(&name)))],
            Err(error) => vec![Aside::Note(format!("{} was not used: {}", shown(&name), Failure::from(error)))],
        })
    }
}

/// A file with those beside it that it names, if it is a sheet.
pub(crate) fn with_companions(path: &Path) -> Result<FileSet, Error> {
    let source = disk::open(path)?;
    let Some(named) = floptical::identify::sheet(&source, &Registry::default()) else { return Ok(source.into()) };
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let beside = disk::folder(folder)?;
    let others: Vec<&Source> = beside.files().iter().filter(|f| f.name() != source.name()).collect();
    let names: Vec<&str> = others.iter().map(|f| f.name()).collect();
    let companions: Vec<Source> =
        named(&source, &names).into_iter().filter_map(|at| others.get(at).map(|f| (*f).clone())).collect();
    Ok(FileSet::new(companions.into_iter().chain([source])))
}

fn shown(text: &str) -> String {
    floptical::io::text::show(text.as_bytes())
}

const SIDECAR: &str = ".floptical.yaml";

/// Where the sidecar of a file or folder lies.
pub(crate) fn sidecar_of(path: &Path) -> PathBuf {
    let mut name = path.components().as_path().as_os_str().to_owned();
    name.push(SIDECAR);
    PathBuf::from(name)
}

fn is_sidecar(path: &Path) -> bool {
    name_of(path).ends_with(SIDECAR)
}

/// `file!member`, where `file` is there and the whole name is not.
fn split_member(path: &Path) -> Origin {
    let whole = || Origin::File(path.to_owned(), None);
    if path.exists() {
        return whole();
    }
    let Some(text) = path.to_str() else { return whole() };
    let splits = text.match_indices('!').map(|(at, _)| (&text[..at], &text[at + 1..]));
    let found = splits.into_iter().find(|(file, _)| Path::new(file).is_file());
    found.map_or_else(whole, |(file, member)| Origin::File(file.into(), Some(member.to_owned())))
}

/// The inputs of several arguments: folders are walked, and files that belong
/// together are one.
pub(crate) fn inputs(paths: &[PathBuf], context: &Context) -> Result<Vec<Input>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, context, &mut all).map_err(|e| e.of(&path.to_string_lossy()))?;
        } else {
            all.push(Input::named(path));
        }
    }
    Ok(all)
}

fn walk(folder: &Path, context: &Context, all: &mut Vec<Input>) -> Result<(), Failure> {
    let files: Vec<PathBuf> = disk::walk(folder, context)?.into_iter().filter(|f| !is_sidecar(f)).collect();
    let folders: BTreeSet<&Path> = files.iter().filter_map(|f| f.parent()).collect();
    let before = all.len();
    for folder in folders {
        let items = identify_files(&disk::folder(folder)?, &Registry::default(), context)?;
        let sets = items.iter().filter(|item| item.files.files().len() > 1).count();
        for item in items.into_iter().filter(|item| !is_sidecar(Path::new(item.name()))) {
            let path = folder.join(item.name());
            let set = item.files.files().len() > 1;
            // A set that is alone in its folder goes by the folder's name.
            let named = if set && sets == 1 { folder } else { &path };
            let label = named.to_string_lossy().into_owned();
            let origin = if set { Origin::Set(item.files) } else { Origin::File(path, None) };
            all.push(Input { label, walked: true, origin });
        }
    }
    if all.len() == before {
        return Err(Failure::new(Code::Unreadable, "there is no file in this folder"));
    }
    if let Some(found) = all.get_mut(before..) {
        found.sort_by(|a, b| a.label.cmp(&b.label));
    }
    Ok(())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
