//! The walk over the directories of one namespace.

use std::collections::{BTreeMap, BTreeSet};

use floptical_model::finding::{
    FS_DIR_LOOP, FS_EFFORT, ISO_DIRECTORY, ISO_DUPLICATE_NAME, ISO_NAME, ISO_PATH_TABLE, ISO_PATH_TABLE_ONLY,
    RR_RELOCATION, SUSP_ENTRY,
};
use floptical_model::{Context, Dates, EntryKind, Name, Result};

use crate::SECTOR;
use crate::date::Date;
use crate::descriptor::VolumeDescriptor;
use crate::directory::{self, Claimed, Directory, Member, own_record};
use crate::extent::Section;
use crate::medium::{Medium, Note};
use crate::name::{Charset, bytes_text, oddity, path_part};
use crate::path_table::Row;
use crate::record::{Record, SHORTEST};
use crate::rock_ridge::RockRidge;
use crate::susp::{Protocol, Reader};

/// Bytes that a path may have; systems take 4096.
const LONGEST_PATH: usize = 1 << 14;

/// A file or directory of a tree.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) record: Record,
    pub(crate) name: Name,
    /// The identifier of the record, where the name is another.
    pub(crate) short: Option<Name>,
    pub(crate) kind: EntryKind,
    pub(crate) size: u64,
    /// Where its bytes are; none where they are elsewhere (CL).
    pub(crate) sections: Vec<Section>,
    pub(crate) dates: Dates,
    pub(crate) details: Vec<floptical_model::Detail>,
    pub(crate) notes: Vec<Note>,
    pub(crate) children: Vec<usize>,
    parent: Option<usize>,
    path_len: usize,
}

/// A directory that is still to be read.
struct Task {
    /// `None` for the root.
    node: Option<usize>,
    start: u64,
    size: u64,
}

/// A directory that belongs elsewhere (RE), with the one it was found in.
struct Moved {
    member: Member,
    rock: RockRidge,
    found_in: Option<usize>,
}

/// A tree while it grows.
pub(crate) struct Tree<'a> {
    medium: &'a Medium,
    volume: &'a VolumeDescriptor,
    charset: Charset,
    /// Reads Rock Ridge, in the namespace that has it.
    reader: Option<Reader<'a>>,
    context: &'a Context,
    pub(crate) nodes: Vec<Node>,
    pub(crate) roots: Vec<usize>,
    /// What was noticed of the tree as such.
    pub(crate) notes: Vec<Note>,
    /// Ids of the extensions that the root announces.
    pub(crate) extensions: Vec<String>,
    claimed: Claimed,
    /// Which directory begins at a byte.
    starts: BTreeMap<u64, Option<usize>>,
    moved: BTreeMap<u64, Moved>,
    /// Directories in which relocated ones were found.
    houses: BTreeSet<usize>,
    /// Bytes that all paths may still have. A disc of small files has fewer
    /// than a few for each of its own.
    paths_left: u64,
}

impl<'a> Tree<'a> {
    /// Read all directories that the descriptor's root leads to.
    ///
    /// # Errors
    /// What stops the reading.
    pub(crate) fn grow(
        medium: &'a Medium,
        volume: &'a VolumeDescriptor,
        protocol: Option<Protocol>,
        rows: &[Row],
        context: &'a Context,
    ) -> Result<Self> {
        let mut tree = Self {
            medium,
            volume,
            charset: Charset::of(volume.kind),
            reader: protocol.map(|p| Reader::new(medium, volume.block, p, context)),
            context,
            nodes: Vec::new(),
            roots: Vec::new(),
            notes: Vec::new(),
            extensions: Vec::new(),
            claimed: Claimed::default(),
            starts: BTreeMap::new(),
            moved: BTreeMap::new(),
            houses: BTreeSet::new(),
            paths_left: medium.len().saturating_mul(4).saturating_add(1 << 26),
        };
        let root = root_at(medium, volume, rows, &mut tree.notes, context)?;
        if let Some((start, size)) = root {
            tree.walk(vec![Task { node: None, start, size }])?;
        }
        tree.add_strays()?;
        if tree.reader.is_none() {
            tree.compare(rows)?;
        }
        Ok(tree)
    }

    fn walk(&mut self, mut pending: Vec<Task>) -> Result<()> {
        while let Some(task) = pending.pop() {
            self.context.step(1)?;
            let found = self.read_directory(&task)?;
            pending.extend(found.into_iter().rev());
        }
        Ok(())
    }

    fn say(&mut self, node: Option<usize>, note: Note) {
        match node.and_then(|i| self.nodes.get_mut(i)) {
            Some(node) => node.notes.push(note),
            None => self.notes.push(note),
        }
    }

    /// Read a directory; gives back those below it.
    fn read_directory(&mut self, task: &Task) -> Result<Vec<Task>> {
        let Task { node, start, size } = *task;
        if let Some(other) = self.starts.get(&start) {
            let above = std::iter::successors(node, |n| self.nodes.get(*n)?.parent).any(|n| Some(n) == *other);
            let note = if above || other.is_none() {
                Note::new(&FS_DIR_LOOP, start, size, "a directory leads to one that it lies in")
            } else {
                Note::new(&ISO_DIRECTORY, start, size, "another directory lies at the same place")
            };
            self.say(node, note);
            return Ok(Vec::new());
        }
        self.starts.insert(start, node);
        let size = self.true_size(node, start, size)?;
        let mut found = directory::read(self.medium, start, size, &mut self.claimed, self.context)?;
        for note in std::mem::take(&mut found.notes) {
            self.say(node, note);
        }
        if !found.is_sound() && size > 0 {
            let note = Note::new(&ISO_DIRECTORY, start, size, "there is no directory where a record says so");
            self.say(node, note);
        }
        self.check_own(node, start, size, &found);
        self.add_members(node, found)
    }

    /// The size of a directory: what led to it says so, but where that is more
    /// than the image has and the directory itself says less.
    fn true_size(&mut self, node: Option<usize>, start: u64, size: u64) -> Result<u64> {
        let there = self.medium.there(start, size);
        if there == size {
            return Ok(size);
        }
        let own = own_record(self.medium, start, self.context)?.map(|own| u64::from(own.size));
        let Some(own) = own.filter(|own| *own <= there) else { return Ok(size) };
        let what = format!("a directory of {size} bytes, of which the image has {there}, says of itself {own}");
        self.say(node, Note::new(&ISO_DIRECTORY, start, size, what));
        Ok(own)
    }

    /// Compare what a directory says of itself with what led to it.
    fn check_own(&mut self, node: Option<usize>, start: u64, size: u64, found: &Directory) {
        let Some(own) = &found.own else { return };
        let own_start = Section::of(own, self.volume.block).start;
        if (own_start, u64::from(own.size)) != (start, size) {
            let what = format!(
                "a directory of {size} bytes at byte {start} says of itself {} bytes at byte {own_start}",
                own.size
            );
            self.say(node, Note::new(&ISO_DIRECTORY, own.at, own.len.into(), what));
        }
    }

    fn add_members(&mut self, parent: Option<usize>, found: Directory) -> Result<Vec<Task>> {
        let (mut tasks, mut names, mut doubled) = (Vec::new(), BTreeSet::new(), 0u64);
        if parent.is_none() {
            self.read_root_entries(found.own.as_ref())?;
        }
        let (mut first_at, mut total) = (0, 0u64);
        for member in found.members {
            let mut member = member;
            let rock = self.rock(&member.record, &mut member.notes)?;
            if rock.relocated && member.record.is_directory() {
                let start = Section::of(&member.record, self.volume.block).start;
                self.houses.extend(parent);
                self.moved.entry(start).or_insert(Moved { member, rock, found_in: parent });
                continue;
            }
            let (at, len) = (member.record.at, u64::from(member.record.len));
            let said = member.notes.clone();
            let Some((index, task)) = self.add(parent, member, &rock)? else {
                said.into_iter().for_each(|note| self.say(parent, note));
                let what = "paths get too long; the rest of the directory was not read";
                self.say(parent, Note::new(&FS_EFFORT, at, len, what));
                break;
            };
            let Some(node) = self.nodes.get(index) else { continue };
            if !names.insert((node.name.raw.clone(), node.record.is_associated())) {
                (first_at, total, doubled) = (if doubled == 0 { at } else { first_at }, len, doubled.saturating_add(1));
            }
            tasks.extend(task);
        }
        if doubled > 0 {
            let what = format!("{doubled} records have the name of another one in the directory");
            self.say(parent, Note::new(&ISO_DUPLICATE_NAME, first_at, total, what));
        }
        Ok(tasks)
    }

    /// What Rock Ridge says of a record; nothing in other namespaces.
    fn rock(&mut self, record: &Record, notes: &mut Vec<Note>) -> Result<RockRidge> {
        let Some(reader) = &mut self.reader else { return Ok(RockRidge::default()) };
        let entries = reader.entries(record, notes)?;
        let rock = RockRidge::read(&entries, notes);
        rock.compare(record.is_directory(), record.at, notes);
        Ok(rock)
    }

    /// What the root's own record announces.
    fn read_root_entries(&mut self, own: Option<&Record>) -> Result<()> {
        let (Some(reader), Some(own)) = (&mut self.reader, own) else { return Ok(()) };
        let entries = reader.entries_of_root(own, &mut self.notes)?;
        self.extensions = RockRidge::read(&entries, &mut self.notes).extensions;
        if let Some(protocol) = Protocol::of(own).filter(|p| p.skip > 128) {
            let what = format!("{} bytes of each system use field are to be skipped", protocol.skip);
            self.notes.push(Note::new(&SUSP_ENTRY, own.system_at(), 7, what));
        }
        Ok(())
    }

    /// Add a node, with the directory to read for it; `None` when there are
    /// too many or too long paths.
    fn add(
        &mut self,
        parent: Option<usize>,
        member: Member,
        rock: &RockRidge,
    ) -> Result<Option<(usize, Option<Task>)>> {
        let size = member.size();
        let Member { record, sections, mut notes } = member;
        let is_directory = record.is_directory() || rock.child.is_some();
        let own = self.charset.name(&record.id, is_directory, record.at, &mut notes);
        let (name, short) = named(rock, own, &record, &mut notes);
        let above = parent.and_then(|p| self.nodes.get(p)).map_or(0, |p| p.path_len.saturating_add(1));
        let path_len = above.saturating_add(path_part(&name.text).len());
        self.paths_left = self.paths_left.saturating_sub(path_len as u64);
        if path_len > LONGEST_PATH || self.paths_left == 0 {
            return Ok(None);
        }
        let start = match rock.child {
            Some(block) => self.volume.byte(block),
            None => Section::of(&record, self.volume.block).start,
        };
        let date = Date::short(&record.date).keep("of the record", record.at, &mut notes);
        let kind = match rock.kind() {
            _ if is_directory => EntryKind::Directory,
            Some(EntryKind::Directory) | None => EntryKind::File,
            Some(kind) => kind,
        };
        let size_of_child = match rock.child {
            Some(_) => self.child(start, &mut notes)?,
            None => Some(size),
        };
        let index = self.nodes.len();
        let all = std::iter::once(&record).chain(&sections);
        let extents = all.filter(|_| rock.child.is_none()).map(|r| Section::of(r, self.volume.block)).collect();
        let mut details = rock.details();
        if record.volume > 1 {
            details.push(("volume", record.volume.to_string()));
        }
        self.nodes.push(Node {
            name,
            short,
            kind,
            size: size_of_child.unwrap_or(0),
            sections: extents,
            dates: rock.dates(Dates { modified: date, ..Dates::default() }),
            details,
            notes,
            children: Vec::new(),
            parent,
            path_len,
            record,
        });
        match parent.and_then(|p| self.nodes.get_mut(p)) {
            Some(above) => above.children.push(index),
            None => self.roots.push(index),
        }
        let task = size_of_child.filter(|_| is_directory).map(|size| Task { node: Some(index), start, size });
        Ok(Some((index, task)))
    }

    /// The size of the directory that CL leads to.
    fn child(&self, start: u64, notes: &mut Vec<Note>) -> Result<Option<u64>> {
        let own = own_record(self.medium, start, self.context)?;
        if own.is_none() {
            let what = "a relocated directory is not where its place points to";
            notes.push(Note::new(&RR_RELOCATION, start, 34, what));
        }
        Ok(own.map(|own| own.size.into()))
    }

    /// Relocated directories that no place points to stay where they are.
    /// What holds nothing but relocated ones is only their house, and no part
    /// of the tree.
    fn add_strays(&mut self) -> Result<()> {
        while let Some((start, moved)) = self.moved.pop_first() {
            self.context.step(1)?;
            if self.starts.contains_key(&start) || self.claimed.holds(start) {
                continue;
            }
            let Moved { mut member, rock, found_in } = moved;
            let what = "a directory is marked as relocated, and no place points to it";
            let note = Note::new(&RR_RELOCATION, member.record.at, member.record.len.into(), what);
            member.notes.push(note);
            let Some((index, task)) = self.add(found_in, member, &rock)? else { continue };
            self.houses.insert(index);
            self.walk(task.into_iter().collect())?;
        }
        for house in std::mem::take(&mut self.houses).into_iter().rev() {
            let Some(node) = self.nodes.get(house).filter(|n| n.children.is_empty()) else { continue };
            match node.parent.and_then(|p| self.nodes.get_mut(p)) {
                Some(above) => above.children.retain(|c| *c != house),
                None => self.roots.retain(|c| *c != house),
            }
        }
        Ok(())
    }

    /// Hold the path table against the tree, and read the directories that
    /// only it leads to.
    fn compare(&mut self, rows: &[Row]) -> Result<()> {
        let start_of = |row: &Row| {
            let block = u64::from(row.block).saturating_add(row.extended.into());
            block.saturating_mul(self.volume.block.into())
        };
        let starts: Vec<u64> = rows.iter().map(start_of).collect();
        for (row, start) in rows.iter().zip(&starts).skip(1) {
            self.context.step(1)?;
            let above = usize::from(row.parent).checked_sub(1).and_then(|i| starts.get(i));
            let parent = above.and_then(|start| self.starts.get(start)).copied().flatten();
            match self.starts.get(start).copied() {
                Some(found) => self.compare_row(row, found, parent),
                None => self.add_row(row, *start, parent)?,
            }
        }
        let told: BTreeSet<u64> = starts.into_iter().collect();
        let missing: Vec<u64> = self.starts.keys().copied().filter(|s| !told.contains(s)).collect();
        if let Some(first) = missing.first() {
            let what = format!("{} directories are not in the path table", missing.len());
            self.notes.push(Note::new(&ISO_PATH_TABLE, *first, SECTOR, what));
        }
        Ok(())
    }

    /// Compare a row with the directory that lies where it says.
    fn compare_row(&mut self, row: &Row, found: Option<usize>, parent: Option<usize>) {
        let Some(node) = found.and_then(|i| self.nodes.get(i)) else { return };
        if node.record.id != row.id || node.parent != parent {
            let note = Note::new(
                &ISO_PATH_TABLE,
                row.at,
                8,
                "the path table gives this directory another name, or puts it elsewhere",
            );
            self.say(found, note);
        }
    }

    /// Add a directory that no record leads to.
    fn add_row(&mut self, row: &Row, start: u64, parent: Option<usize>) -> Result<()> {
        let own = own_record(self.medium, start, self.context)?;
        let own = own.filter(|own| Section::of(own, self.volume.block).start == start);
        let Some(own) = own.filter(|_| !self.claimed.holds(start)) else {
            let what = format!("the path table leads to block {}, where there is no directory", row.block);
            self.notes.push(Note::new(&ISO_PATH_TABLE, row.at, 8, what));
            return Ok(());
        };
        let note = Note::new(&ISO_PATH_TABLE_ONLY, row.at, 8, "no directory record leads here, the path table does");
        let record = Record { id: row.id.clone(), ..own };
        let member = Member { record, sections: Vec::new(), notes: vec![note] };
        if let Some((_, Some(task))) = self.add(parent, member, &RockRidge::default())? {
            self.walk(vec![task])?;
        }
        Ok(())
    }
}

/// The name that counts, and the identifier where that is another.
fn named(rock: &RockRidge, own: Name, record: &Record, notes: &mut Vec<Note>) -> (Name, Option<Name>) {
    match &rock.name {
        Some(raw) if !raw.is_empty() => {
            let (text, charset) = bytes_text(raw);
            notes.extend(oddity(&text).map(|what| Note::new(&ISO_NAME, record.at, record.len.into(), what)));
            (Name { raw: raw.clone(), text: text.into_owned(), charset }, Some(own))
        }
        Some(_) => {
            let what = "a name of Rock Ridge is empty; the identifier stands for it";
            notes.push(Note::new(&ISO_NAME, record.at, record.len.into(), what));
            (own, None)
        }
        None => (own, None),
    }
}

/// Where the root directory is and its size: by the descriptor, or by the path
/// table where the descriptor leads to none.
fn root_at(
    medium: &Medium,
    volume: &VolumeDescriptor,
    rows: &[Row],
    notes: &mut Vec<Note>,
    context: &Context,
) -> Result<Option<(u64, u64)>> {
    let at = volume.at.saturating_add(156);
    let mut say = |what: &str| notes.push(Note::new(&ISO_DIRECTORY, at, SHORTEST as u64, what));
    let told = volume.root.as_ref().map(|root| (Section::of(root, volume.block).start, u64::from(root.size)));
    if volume.root.as_ref().is_some_and(|root| !root.is_directory()) {
        say("the record of the root directory is not marked as that of a directory");
    }
    let own = |start: u64| own_record(medium, start, context);
    if let Some((start, size)) = told
        && let Some(found) = own(start)?
    {
        if size == 0 {
            say("the root directory has no bytes; it is taken as long as it says itself");
            return Ok(Some((start, found.size.into())));
        }
        return Ok(Some((start, size)));
    }
    let witness = rows.first().map(|row| volume.byte(row.block));
    if let Some(start) = witness
        && let Some(found) = own(start)?
    {
        say("the descriptor leads to no root directory; the path table does");
        return Ok(Some((start, found.size.into())));
    }
    say("there is no root directory where the descriptor says so");
    Ok(told)
}
