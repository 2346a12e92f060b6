//! The path tables: all directories once more, as a second witness
//! (ECMA-119, 9.4).

use floptical_model::finding::ISO_PATH_TABLE;
use floptical_model::{Context, Result};

use crate::descriptor::VolumeDescriptor;
use crate::field::Fields;
use crate::medium::{Medium, Note};

/// Bytes before the identifier.
const HEAD: usize = 8;
/// Bytes of a table that are read: more than all numbers of parents can reach.
const LONGEST: u64 = 1 << 24;

/// A directory as a path table names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: Vec<u8>,
    /// First block of its extent.
    pub(crate) block: u32,
    /// Blocks of its extended attribute record.
    pub(crate) extended: u8,
    /// Number of the directory above, counted from 1.
    pub(crate) parent: u16,
    /// Its first byte on the medium.
    pub(crate) at: u64,
}

impl Row {
    fn says_same(&self, other: &Self) -> bool {
        (&self.id, self.block, self.extended, self.parent) == (&other.id, other.block, other.extended, other.parent)
    }
}

/// The rows of the little-endian table, or of the big-endian one where the
/// first has none; what the tables say otherwise of each other goes into
/// `notes`.
///
/// # Errors
/// What stops the reading.
pub(crate) fn rows(
    medium: &Medium,
    volume: &VolumeDescriptor,
    notes: &mut Vec<Note>,
    context: &Context,
) -> Result<Vec<Row>> {
    let tables = volume.tables;
    let mut one = |block: u32, little: bool| -> Result<Vec<Row>> {
        let start = volume.byte(block);
        let (size, there) = (u64::from(tables.size), medium.there(start, tables.size.into()));
        if there < size || size > LONGEST {
            let what = format!("a path table has {size} bytes, of which {} can be had", there.min(LONGEST));
            notes.push(Note::new(&ISO_PATH_TABLE, start, size, what));
        }
        let bytes = medium.read(start, there.min(LONGEST), context)?;
        read(&bytes, start, little, notes, context)
    };
    let [l, l_copy] = tables.little;
    let [m, m_copy] = tables.big;
    let first = one(l, true)?;
    let mut others = Vec::new();
    for (block, little) in [(l_copy, true), (m, false), (m_copy, false)] {
        if block != 0 {
            others.push(one(block, little)?);
        }
    }
    for other in &others {
        notes.extend(first_difference(&first, other));
    }
    Ok(if first.is_empty() { others.into_iter().find(|o| !o.is_empty()).unwrap_or_default() } else { first })
}

fn first_difference(a: &[Row], b: &[Row]) -> Option<Note> {
    let pair = a.iter().zip(b).enumerate().find(|(_, (x, y))| !x.says_same(y));
    if let Some((index, (x, y))) = pair {
        let number = index.saturating_add(1);
        let what = format!(
            "row {number} of two path tables differs: block {} in directory {}, block {} in directory {}",
            x.block, x.parent, y.block, y.parent
        );
        return Some(Note::new(&ISO_PATH_TABLE, y.at, HEAD as u64, what));
    }
    let at = a.last().or(b.last())?.at;
    (a.len() != b.len()).then(|| {
        Note::new(&ISO_PATH_TABLE, at, HEAD as u64, format!("two path tables have {} and {} rows", a.len(), b.len()))
    })
}

fn read(bytes: &[u8], start: u64, little: bool, notes: &mut Vec<Note>, context: &Context) -> Result<Vec<Row>> {
    let (mut all, mut offset): (Vec<Row>, usize) = (Vec::new(), 0);
    loop {
        let f = Fields(bytes.get(offset..).unwrap_or_default());
        let (id_len, at) = (usize::from(f.u8(0)), start.saturating_add(offset as u64));
        if f.0.is_empty() {
            return Ok(all);
        }
        context.step(1)?;
        let id = f.bytes(HEAD, id_len);
        let (block, parent) = if little { (f.le32(2), f.le16(6)) } else { (f.be32(2), f.be16(6)) };
        let number = all.len().saturating_add(1);
        // The root is its own parent; every other stands behind its parent.
        let sound = parent > 0 && (usize::from(parent) < number || number == 1 && parent == 1);
        if id.is_empty() || !sound {
            let what = format!("row {number} of a path table is not well formed; the rest was not read");
            notes.push(Note::new(&ISO_PATH_TABLE, at, HEAD as u64, what));
            return Ok(all);
        }
        all.push(Row { id: id.to_vec(), block, extended: f.u8(1), parent, at });
        let used = HEAD.saturating_add(id_len);
        offset = offset.saturating_add(used).saturating_add(used & 1);
    }
}
