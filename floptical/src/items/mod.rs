//! What belongs together in a box of files: one item for each carrier.
//!
//! A box is a folder as somebody left it: images, folders of streams, sheets
//! with their companions, both sides of a disk, the same disk captured twice,
//! and beside them logs, photographs and notes. [`group`] finds the items by
//! what the files are and by their names alone; what a person says in
//! [`BoxList`] (the file `box.yaml`) goes before. No file is left out: what
//! belongs to nothing is an item of its own.

mod list;
mod names;

pub use list::{BOX_FILE, BoxList, BoxRow, ImageRow};
pub use names::{RECORD_END, stem};

use std::collections::{BTreeMap, BTreeSet};

use floptical_formats::{Format, Group, Registry};
use floptical_io::Source;
use floptical_model::{Context, Result};

use crate::identify::{Verdict, identify};
use names::{base_name, folder_of, is_within, side_of, stem_of};

/// What a file of a box is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Kind {
    /// An image, or a part of one.
    Image(&'static Format),
    /// A sheet, which names the other files of its image.
    Sheet(&'static Format, Source),
    /// An image in a wrapper with others, or of a kind that is not read yet.
    Container,
    /// Something beside an image.
    Companion(Role),
}

/// What a file beside an image is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// What a program wrote down while it captured.
    Log,
    /// A picture of the carrier, its label, its sleeve.
    Photograph,
    /// What a person wrote down.
    Note,
    /// What a person says of the carrier, as `catalog add` reads it.
    Record,
    /// What a conversion kept beside its image.
    Sidecar,
    /// What nobody knows.
    Other,
}

impl Role {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Photograph => "photograph",
            Self::Note => "note",
            Self::Record => "record",
            Self::Sidecar => "sidecar",
            Self::Other => "other",
        }
    }
}

/// A file of a box.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its path within the box, with `/`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// One dump of a carrier: the files of one image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dump {
    /// The files, by name.
    pub files: Vec<String>,
    /// The side that it holds where each has a file of its own.
    pub side: Option<char>,
}

/// One carrier with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoxItem {
    /// What it is called: the stem of its files, or their folder.
    pub name: String,
    /// Its images, by side, then name; none for files that belong to nothing.
    pub dumps: Vec<Dump>,
    /// What lies beside them, by name.
    pub companions: Vec<(Role, String)>,
}

impl BoxItem {
    /// All its files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let images = self.dumps.iter().flat_map(|d| &d.files);
        images.chain(self.companions.iter().map(|(_, name)| name)).map(String::as_str)
    }
}

/// The name of a file that says of all items of its folder what a person knows.
pub const FOLDER_RECORD: &str = "provenance.yaml";

/// The name of the item that holds what belongs to nothing; a single file keeps
/// its own.
pub const LOOSE: &str = "loose files";

/// What a file is: an image by its bytes, else a companion by its first bytes
/// and its name.
///
/// # Errors
/// What stops the reading. A wrapper that cannot be opened is a container all
/// the same: it is kept, and reported when it is opened.
pub fn kind_of(source: &Source, registry: &Registry, context: &Context) -> Result<Kind> {
    let head = source.head(16)?;
    if let Some(role) = names::by_magic(&head) {
        return Ok(Kind::Companion(role));
    }
    let role = || Kind::Companion(names::by_name(source.name()));
    let Ok(identified) = identify(source, registry, context) else { return Ok(Kind::Container) };
    let image = |format: &'static Format| match format.group {
        Some(Group::Sheet(_)) if identified.layers.is_empty() => Kind::Sheet(format, source.clone()),
        _ => Kind::Image(format),
    };
    let mut known = identified.items.iter().filter_map(|item| match item.verdict() {
        Verdict::Known(c) | Verdict::SizeOnly(c) => Some(image(c.format)),
        Verdict::Tie(all) => all.first().map(|c| image(c.format)),
        Verdict::NotRead(..) => Some(Kind::Container),
        Verdict::Unknown => None,
    });
    Ok(match (known.next(), known.next()) {
        (None, _) => role(),
        (Some(kind), None) => kind,
        (Some(_), Some(_)) => Kind::Container,
    })
}

/// The items of a box. What `list` says goes before; the rest is grouped by
/// kind and name. Sorted by name; the loose files last.
///
/// # Errors
/// When the list names what is not there, or a file twice.
pub fn group(files: &[Listed], list: Option<&BoxList>) -> Result<Vec<BoxItem>> {
    let (mut items, taken) = match list {
        Some(list) => list.items(files)?,
        None => Default::default(),
    };
    let told = items.len();
    let rest: Vec<&Listed> = files.iter().filter(|f| !taken.contains(&f.name) && f.name != BOX_FILE).collect();
    items.extend(by_stem(dumps(&rest)));
    let loose = attach(&rest, &mut items, told);
    name_apart(&mut items[told..]);
    if let [(_, first), rest @ ..] = loose.as_slice() {
        let name = if rest.is_empty() { stem(first) } else { LOOSE };
        items.push(BoxItem { name: name.into(), companions: loose.clone(), ..BoxItem::default() });
    }
    items.sort_by(|a, b| (a.name == LOOSE, &a.name).cmp(&(b.name == LOOSE, &b.name)));
    Ok(items)
}

/// The images, each with its files: several where its format groups them.
fn dumps(files: &[&Listed]) -> Vec<Dump> {
    let mut dumps = sets(files);
    let grouped: BTreeSet<String> = dumps.iter().flat_map(|d| d.files.iter().cloned()).collect();
    let is_image = |f: &&&Listed| !matches!(f.kind, Kind::Companion(_)) && !grouped.contains(&f.name);
    let singles = files.iter().filter(is_image).map(|f| Dump { files: vec![f.name.clone()], side: None });
    dumps.extend(singles.collect::<Vec<_>>());
    dumps.sort();
    dumps
}

/// The images of several files: sets by their names, sheets with what they name.
fn sets(files: &[&Listed]) -> Vec<Dump> {
    let mut sets = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let folder = folder_of(&file.name);
        let there: Vec<&Listed> = files.iter().copied().filter(|f| folder_of(&f.name) == folder).collect();
        let named =
            |indexes: Vec<usize>| indexes.into_iter().filter_map(|i| there.get(i)).map(|f| f.name.clone()).collect();
        let names: Vec<&str> = there.iter().map(|f| base_name(&f.name)).collect();
        let found: Vec<Vec<String>> = match &file.kind {
            Kind::Image(format) if !names::is_wrapped(&file.name) && seen.insert((folder, format.id)) => {
                let own = |i: &usize| matches!(&there[*i].kind, Kind::Image(of) if of.id == format.id);
                match format.group {
                    Some(Group::Names(group)) => {
                        group(&names).into_iter().filter(|set| set.iter().any(own)).map(named).collect()
                    }
                    _ => Vec::new(),
                }
            }
            Kind::Sheet(format, sheet) => match format.group {
                Some(Group::Sheet(names_of)) => {
                    vec![[vec![file.name.clone()], named(names_of(sheet, &names))].concat()]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        sets.extend(found.into_iter().filter(|set| set.len() > 1).map(|files| Dump { files, side: None }));
    }
    sets
}

/// Dumps of one carrier: those of one stem in one folder, and the two sides of
/// one stem.
fn by_stem(dumps: Vec<Dump>) -> Vec<BoxItem> {
    let keys: Vec<(String, String)> =
        dumps.iter().map(|d| (folder_of(first(d)).to_owned(), stem_of(&d.files))).collect();
    let sided: BTreeMap<(&str, &str), BTreeSet<char>> =
        keys.iter().fold(BTreeMap::new(), |mut sides, (folder, stem)| {
            if let Some((base, side)) = side_of(stem) {
                sides.entry((folder.as_str(), base)).or_insert_with(BTreeSet::new).insert(side);
            }
            sides
        });
    let mut items: BTreeMap<(&str, &str), BoxItem> = BTreeMap::new();
    for (mut dump, (folder, stem)) in dumps.into_iter().zip(&keys) {
        let of_two =
            side_of(stem).filter(|(base, _)| sided.get(&(folder.as_str(), *base)).is_some_and(|s| s.len() == 2));
        dump.side = of_two.map(|(_, side)| side);
        let name = of_two.map_or(stem.as_str(), |(base, _)| base);
        let item = items.entry((folder, name)).or_default();
        item.name = name.to_owned();
        item.dumps.push(dump);
    }
    let mut items: Vec<BoxItem> = items.into_values().collect();
    items.iter_mut().for_each(|item| item.dumps.sort_by(|a, b| (a.side, &a.files).cmp(&(b.side, &b.files))));
    items
}

fn first(dump: &Dump) -> &str {
    dump.files.first().map_or("", String::as_str)
}

/// Give each companion to the item that its name or its folder points at; gives
/// back what belongs to nothing. Items before `told` take none: a person said
/// what they are.
fn attach(files: &[&Listed], items: &mut [BoxItem], told: usize) -> Vec<(Role, String)> {
    let in_dumps: BTreeSet<String> = items.iter().flat_map(|i| i.dumps.iter().flat_map(|d| d.files.clone())).collect();
    let mut loose = Vec::new();
    for file in files.iter().filter(|f| !in_dumps.contains(&f.name)) {
        let role = match &file.kind {
            Kind::Companion(role) => *role,
            Kind::Image(_) | Kind::Sheet(..) | Kind::Container => Role::Other,
        };
        let own = by_name(&file.name, &items[told..]).or_else(|| alone_in_folder(&file.name, &items[told..]));
        match own.and_then(|at| items.get_mut(told + at)) {
            Some(item) => item.companions.push((role, file.name.clone())),
            None => loose.push((role, file.name.clone())),
        }
    }
    loose
}

/// The item in the same folder whose stem the name begins with, followed by the
/// end or by no letter or digit; of several the longest.
fn by_name(file: &str, items: &[BoxItem]) -> Option<usize> {
    let name = base_name(file).to_lowercase();
    let points = |stem: &str| {
        let rest = name.strip_prefix(&stem.to_lowercase());
        rest.is_some_and(|rest| !stem.is_empty() && !rest.starts_with(char::is_alphanumeric))
    };
    let here = |item: &BoxItem| item.dumps.first().is_some_and(|d| folder_of(first(d)) == folder_of(file));
    let fits = items.iter().enumerate().filter(|(_, item)| here(item) && points(&item.name));
    fits.max_by_key(|(_, item)| item.name.len()).map(|(at, _)| at)
}

/// The only item in the folder of a file, or in the nearest folder above it;
/// the box itself is no such folder.
fn alone_in_folder(file: &str, items: &[BoxItem]) -> Option<usize> {
    let mut folder = folder_of(file);
    while !folder.is_empty() {
        let mut below =
            items.iter().enumerate().filter(|(_, item)| item.dumps.iter().any(|d| is_within(first(d), folder)));
        if let Some((at, _)) = below.next() {
            return below.next().is_none().then_some(at);
        }
        folder = folder_of(folder);
    }
    None
}

/// A set that is alone in its folder goes by the folder's name; items of one
/// name in several folders go by their paths.
fn name_apart(items: &mut [BoxItem]) {
    let folder = |item: &BoxItem| item.dumps.first().map_or("", |d| folder_of(first(d))).to_owned();
    let folders: Vec<String> = items.iter().map(folder).collect();
    for (item, folder) in items.iter_mut().zip(&folders) {
        let alone = folders.iter().filter(|f| *f == folder).count() == 1;
        if alone && !folder.is_empty() && item.dumps.iter().any(|d| d.files.len() > 1) {
            item.name = base_name(folder).to_owned();
        }
    }
    let names: Vec<String> = items.iter().map(|i| i.name.clone()).collect();
    for (item, folder) in items.iter_mut().zip(&folders) {
        if names.iter().filter(|n| n.eq_ignore_ascii_case(&item.name)).count() > 1 && !folder.is_empty() {
            item.name = if base_name(folder) == item.name { folder.clone() } else { format!("{folder}/{}", item.name) };
        }
    }
}
