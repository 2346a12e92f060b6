//! `catalog add`: carriers into a vault, a batch at a time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use floptical::catalog::record::{Claim, FileRole, MeasuredImage, Provenance};
use floptical::catalog::vault::{Item, ItemFile, Vault};
use floptical::io::{FileSet, Source};
use floptical::model::Context;
use floptical::shape::{AddedShape, CatalogAddShape};

use super::{act, print, provenance, said};
use crate::args::{Reading, Said, Who};
use crate::failure::{Code, Failure};
use crate::input::{Input, inputs};
use crate::interrupt::Writing;
use crate::output::{Cell, Look, Table, counted};
use crate::session::Session;

/// What is to be added.
pub(super) struct Wish<'a> {
    pub(super) paths: &'a [PathBuf],
    pub(super) id: Option<&'a str>,
    pub(super) said: &'a Said,
    pub(super) who: &'a Who,
}

/// Files of one stem in one folder.
struct Group {
    stem: String,
    inputs: Vec<Input>,
}

pub(super) fn run(session: &Session, vault: &Vault, wish: &Wish<'_>) -> Result<Code, Failure> {
    let context = session.vault_context();
    let _writing = Writing::under(&context);
    let groups = groups(inputs(wish.paths, &context)?);
    if wish.id.is_some() && groups.len() != 1 {
        let what = format!("--id names one carrier, and there are {}", groups.len());
        return Err(Failure::new(Code::Usage, what));
    }
    let act = act(wish.who);
    let vault_name = vault.root().to_string_lossy().into_owned();
    let mut shape = CatalogAddShape { vault: vault_name, items: Vec::new(), head: String::new() };
    let mut rest = groups.as_slice();
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(batch(rest, &context));
        rest = after;
        let read = session.map(batch, |group| item(group, wish, &context));
        let items = read.into_iter().collect::<Result<Vec<Item>, Failure>>()?;
        let receipts = vault.ingest(&items, &act, &context)?;
        shape.items.extend(receipts.iter().zip(&items).map(|(receipt, item)| {
            AddedShape::of(receipt, item.files.iter().map(|file| file.source.name()), &item.images)
        }));
    }
    shape.head = vault.head()?.to_string();
    print(session, &shape, Code::Done, |out| text(session, &shape, out))
}

/// How many of the groups go into the next batch.
fn batch(groups: &[Group], context: &Context) -> usize {
    let (mut files, mut bytes) = (0, 0u64);
    for (at, group) in groups.iter().enumerate() {
        for set in group.inputs.iter().filter_map(|input| input.files(context).ok()) {
            files += set.files().len();
            bytes += set.files().iter().map(Source::len).sum::<u64>();
        }
        if at > 0 && (files > Vault::BATCH_FILES || bytes > Vault::BATCH_BYTES) {
            return at;
        }
    }
    groups.len()
}

/// Ending of the files that hold what a person says.
const SAID: &str = "provenance.yaml";

fn groups(inputs: Vec<Input>) -> Vec<Group> {
    let mut groups: BTreeMap<String, Vec<Input>> = BTreeMap::new();
    for input in inputs.into_iter().filter(|input| !input.label.ends_with(SAID)) {
        groups.entry(stem(&input.label)).or_default().push(input);
    }
    groups.into_iter().map(|(stem, inputs)| Group { stem, inputs }).collect()
}

/// A path without the endings of its wrapper and its format.
fn stem(label: &str) -> String {
    const WRAPPERS: [&str; 5] = ["gz", "bz2", "xz", "zst", "zip"];
    let path = Path::new(label);
    let wrapped = path.extension().is_some_and(|ending| WRAPPERS.iter().any(|w| ending.eq_ignore_ascii_case(w)));
    let inner = if wrapped { path.with_extension("") } else { path.to_owned() };
    inner.with_extension("").to_string_lossy().into_owned()
}

/// The item of a group: what can be read is measured, the rest is kept with it.
fn item(group: &Group, wish: &Wish<'_>, context: &Context) -> Result<Item, Failure> {
    let name = Path::new(&group.stem).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut item = Item { name, id: wish.id.map(str::to_owned), ..Item::default() };
    let mut unread = Vec::new();
    for input in &group.inputs {
        let files = input.files(context).map_err(|error| Failure::from(error).of(&input.label))?;
        match measure(input, &files, context) {
            Ok((image, claims)) => {
                item.images.push(image);
                item.claimed.extend(claims);
                item.files.extend(of_role(FileRole::Original, &files));
            }
            Err(failure) if failure.code == Code::Interrupted => return Err(failure),
            Err(failure) => unread.push((files, failure)),
        }
    }
    let lone = item.images.is_empty();
    for (files, failure) in unread {
        let role = files.first().map_or(FileRole::Other, |file| role_of(file.name()));
        if lone {
            item.images.push(floptical::record_unread(&files, &failure.what));
        }
        item.files.extend(of_role(if lone { FileRole::Original } else { role }, &files));
    }
    item.provenance = said(wish.said, &beside(&group.stem, context)?, context)?;
    Ok(item)
}

/// What is measured of an image, and what it claims. Each has a budget of its
/// own; who asks to stop is heard between them.
fn measure(input: &Input, files: &FileSet, whole: &Context) -> Result<(MeasuredImage, Vec<Claim>), Failure> {
    whole.step(0)?;
    let context = Context::default();
    let read = input.read_files(files, &Reading::default(), &context)?;
    Ok(floptical::record(&read.opened, &read.disk, &context)?)
}

fn of_role(role: FileRole, files: &FileSet) -> Vec<ItemFile> {
    files.files().iter().map(|source| ItemFile { role, source: source.clone() }).collect()
}

/// What a file beside an image is, by its ending.
fn role_of(name: &str) -> FileRole {
    const ROLES: [(FileRole, &[&str]); 3] = [
        (FileRole::Log, &["log"]),
        (FileRole::Photograph, &["jpg", "jpeg", "png", "tif", "tiff", "webp", "heic"]),
        (FileRole::Note, &["txt", "md", "nfo", "doc", "pdf"]),
    ];
    let ending = Path::new(name).extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    ROLES.iter().find(|(_, endings)| endings.contains(&&*ending)).map_or(FileRole::Other, |(role, _)| *role)
}

/// What a person says in files beside: of this carrier, and of its folder.
fn beside(stem: &str, context: &Context) -> Result<Provenance, Failure> {
    let own = PathBuf::from(format!("{stem}.{SAID}"));
    let folder = Path::new(stem).with_file_name(SAID);
    let read = |path: &Path| if path.is_file() { provenance(path, context) } else { Ok(Provenance::default()) };
    Ok(read(&own)?.over(&read(&folder)?))
}

fn text(session: &Session, shape: &CatalogAddShape, out: &mut String) {
    let mut table = Table::new(0, &[]);
    for item in &shape.items {
        let look = if item.outcome == "already-there" { Look::Faint } else { Look::Good };
        let what = match item.formats.as_slice() {
            [] => item.problems.first().cloned().unwrap_or_default(),
            formats => formats.join(" "),
        };
        let twins = item.same_data.join(", ");
        table.row(vec![
            Cell::from(item.id.clone()).look(Look::Strong),
            Cell::from(item.outcome.replace('-', " ")).look(look),
            item.version.clone().into(),
            what.into(),
            if twins.is_empty() { String::new() } else { format!("the same data as {twins}") }.into(),
        ]);
    }
    table.print(session.colour, out);
    let count = |outcome: &str| shape.items.iter().filter(|item| item.outcome == outcome).count() as u64;
    let (added, extended, there) = (count("added"), count("extended"), count("already-there"));
    let _ = writeln!(out, "{} added, {extended} extended, {there} there already", counted(added, "carrier"));
}
