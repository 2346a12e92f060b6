//! The records of a directory.

use std::collections::BTreeSet;

use floptical_model::finding::{FS_BEYOND_END, ISO_DIRECTORY, ISO_RECORD, ISO_RECORD_ODD, ISO_SECTIONS};
use floptical_model::{Context, Result};

use crate::SECTOR;
use crate::medium::{Medium, Note};
use crate::record::Record;

/// Bytes of the smallest block: two directories never share one.
const UNIT: u64 = 512;
/// Sectors without one sound record, one after the other, that are passed over
/// before the rest is taken for something else.
const BARREN: u32 = 16;

/// A file or directory: its record, and those of its further sections.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) record: Record,
    pub(crate) sections: Vec<Record>,
    pub(crate) notes: Vec<Note>,
}

/// What a directory holds.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// The record of itself, if it begins with that.
    pub(crate) own: Option<Record>,
    /// The record of the directory above.
    pub(crate) parent: Option<Record>,
    pub(crate) members: Vec<Member>,
    /// What is wrong with the directory as such.
    pub(crate) notes: Vec<Note>,
}

/// The stretches that were read as directories of one tree. Each belongs to
/// one directory, so reading all of them costs no more than the medium has.
#[derive(Debug, Default)]
pub(crate) struct Claimed(BTreeSet<u64>);

impl Claimed {
    /// Claim a stretch; false when a part of it belongs to another directory.
    fn claim(&mut self, start: u64, end: u64) -> bool {
        let units = start / UNIT..end.div_ceil(UNIT);
        !units.into_iter().any(|unit| !self.0.insert(unit))
    }

    /// True when a directory was read from there.
    pub(crate) fn holds(&self, start: u64) -> bool {
        self.0.contains(&(start / UNIT))
    }
}

/// The record at `start`, if it is that of a directory itself.
pub(crate) fn own_record(medium: &Medium, start: u64, context: &Context) -> Result<Option<Record>> {
    let bytes = medium.read(start, 255, context)?;
    Ok(Record::read(&bytes, start, &mut Vec::new()).filter(Record::is_self))
}

/// The directory of `size` bytes from `start`.
///
/// # Errors
/// What stops the reading.
pub(crate) fn read(
    medium: &Medium,
    start: u64,
    size: u64,
    claimed: &mut Claimed,
    context: &Context,
) -> Result<Directory> {
    let mut directory = Directory::default();
    let there = medium.there(start, size);
    if there < size {
        let what = format!("a directory has {size} bytes, the image ends after {there} of them");
        directory.notes.push(Note::new(&ISO_DIRECTORY, start, size, what));
    }
    let end = start.saturating_add(there);
    let (mut at, mut barren, mut records) = (start, 0u32, Vec::new());
    while at < end && barren < BARREN {
        context.step(1)?;
        let border = (at / SECTOR).saturating_add(1).saturating_mul(SECTOR).min(end);
        if !claimed.claim(at, border) {
            let what = "a directory runs into the sectors of another";
            directory.notes.push(Note::new(&ISO_DIRECTORY, at, SECTOR, what));
            break;
        }
        let before = records.len();
        let next = read_sector(medium, at, border, end, &mut records, context)?;
        let broken = |(record, notes): &Found| record.is_none() && notes.iter().any(|n| n.code == &ISO_RECORD);
        let fruitless = records.iter().skip(before).all(broken);
        barren = if fruitless && records.len() > before { barren.saturating_add(1) } else { 0 };
        at = next;
    }
    if barren == BARREN {
        let what = format!("{BARREN} sectors in a row hold no directory record; the rest was not read");
        directory.notes.push(Note::new(&ISO_DIRECTORY, at, end.saturating_sub(at), what));
    }
    context.entry(records.len() as u64)?;
    directory.sort(records);
    Ok(directory)
}

/// A record and what is wrong with it; nothing where there is no record.
type Found = (Option<Record>, Vec<Note>);

/// The records that begin between `at` and `border`, where a sector or the
/// directory ends; says where the next one begins.
fn read_sector(
    medium: &Medium,
    at: u64,
    border: u64,
    end: u64,
    records: &mut Vec<Found>,
    context: &Context,
) -> Result<u64> {
    // A record that runs over the border is read whole.
    let longest = border.saturating_sub(at).saturating_add(255).min(end.saturating_sub(at));
    let bytes = medium.read(at, longest, context)?;
    let mut offset = 0usize;
    loop {
        let place = at.saturating_add(offset as u64);
        let rest = bytes.get(offset..).unwrap_or_default();
        let left = usize::try_from(border.saturating_sub(place)).unwrap_or(0);
        if left == 0 {
            return Ok(place);
        }
        if rest.first().is_none_or(|len| *len == 0) {
            if rest.iter().take(left).any(|b| *b != 0) {
                let what = "bytes follow the last record of a sector";
                records.push((None, vec![Note::new(&FS_BEYOND_END, place, left as u64, what)]));
            }
            return Ok(border);
        }
        let mut notes = Vec::new();
        let record = Record::read(rest, place, &mut notes);
        let len = record.as_ref().map_or(0, |r| usize::from(r.len));
        if place.saturating_add(len as u64) > border {
            notes.push(Note::new(&ISO_RECORD_ODD, place, len as u64, "a record runs over the border of its sector"));
        }
        records.push((record, notes));
        if len > 0 {
            offset = offset.saturating_add(len);
            continue;
        }
        // Records begin at even bytes: look for the next sound one.
        let next = (2..left).step_by(2).find(|skip| Record::looks_sound(rest.get(*skip..).unwrap_or_default()));
        match next {
            Some(skip) => offset = offset.saturating_add(skip),
            None => return Ok(border),
        }
    }
}

impl Directory {
    /// Tell the records of the directory itself and of the one above from the
    /// others, and join the sections of files.
    fn sort(&mut self, records: Vec<Found>) {
        let mut open = false;
        for (index, (record, mut notes)) in records.into_iter().enumerate() {
            let Some(record) = record else {
                self.notes.append(&mut notes);
                continue;
            };
            let own = record.is_self();
            if own || record.is_parent() {
                let slot = if own { &mut self.own } else { &mut self.parent };
                if slot.is_some() || index > 1 {
                    let what = "a directory has a further record of itself or of the one above";
                    notes.push(Note::new(&ISO_RECORD_ODD, record.at, record.len.into(), what));
                }
                slot.get_or_insert(record);
                self.notes.append(&mut notes);
                continue;
            }
            let goes_on = record.goes_on() && !record.is_directory();
            match self.members.last_mut().filter(|_| open) {
                Some(last) if last.record.id == record.id && last.record.is_associated() == record.is_associated() => {
                    last.notes.append(&mut notes);
                    last.sections.push(record);
                }
                last => {
                    if let Some(last) = last {
                        last.unfinished("the next record has another name");
                    }
                    self.members.push(Member { record, sections: Vec::new(), notes });
                }
            }
            open = goes_on;
        }
        if let Some(last) = self.members.last_mut().filter(|_| open) {
            last.unfinished("the directory ends");
        }
    }

    /// True when it begins as directories do.
    pub(crate) fn is_sound(&self) -> bool {
        self.own.is_some() || !self.members.is_empty()
    }
}

impl Member {
    fn unfinished(&mut self, why: &str) {
        let last = self.sections.last().unwrap_or(&self.record);
        let what = format!("a further section is announced, and {why}");
        let note = Note::new(&ISO_SECTIONS, last.at, last.len.into(), what);
        self.notes.push(note);
    }

    /// Bytes of all sections.
    pub(crate) fn size(&self) -> u64 {
        let sizes = self.sections.iter().map(|s| u64::from(s.size));
        sizes.fold(u64::from(self.record.size), u64::saturating_add)
    }
}
