//! Entries in the system use fields of records, and their continuations
//! (System Use Sharing Protocol, IEEE P1281).

use std::collections::BTreeSet;

use floptical_model::finding::{ISO_BOTH_ENDIAN, SUSP_CONTINUATION, SUSP_ENTRY};
use floptical_model::{Context, Result};

use crate::field::Fields;
use crate::medium::{Medium, Note};
use crate::record::Record;

/// Bytes of signature, length and version.
pub(crate) const HEAD: usize = 4;
/// Bytes that the continuations of one record may have.
const LONGEST: u64 = 1 << 20;

/// An entry.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) signature: [u8; 2],
    /// The entry from its signature on.
    pub(crate) bytes: Vec<u8>,
    /// Of a link, what follows in the area: parts may run over the end.
    pub(crate) behind: Vec<u8>,
    /// Its first byte on the medium.
    pub(crate) at: u64,
}

impl Use {
    /// Its fields, with offsets from the signature on.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields(&self.bytes)
    }

    /// A number in both orders, 0-based from the end of the head.
    pub(crate) fn number(&self, index: usize, field: &str, notes: &mut Vec<Note>) -> Option<u32> {
        let at = HEAD.saturating_add(index.saturating_mul(8));
        if self.fields().bytes(at, 8).is_empty() {
            return None;
        }
        let both = self.fields().both32(at);
        notes.extend(both.differ(field).map(|what| self.note(&ISO_BOTH_ENDIAN, what)));
        Some(both.value)
    }

    pub(crate) fn note(&self, code: &'static floptical_model::Code, what: impl Into<String>) -> Note {
        Note::new(code, self.at, self.bytes.len() as u64, what)
    }
}

/// How a tree's entries are found: told by the entry SP of the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Protocol {
    /// Bytes of each system use field that belong to something else.
    pub(crate) skip: usize,
    /// False when no SP says so, and only the entries themselves do.
    pub(crate) announced: bool,
}

impl Protocol {
    /// What the record of the root directory itself tells; CD-ROM XA has 14
    /// bytes of its own before SP.
    pub(crate) fn of(own: &Record) -> Option<Self> {
        const XA: usize = 14;
        let announces = |at: &usize| {
            let f = Fields(own.system.get(*at..).unwrap_or_default());
            f.bytes(0, 2) == b"SP" && f.bytes(4, 2) == [0xBE, 0xEF]
        };
        let field = [0, XA].into_iter().find(announces);
        let told = field.map(|at| Fields(own.system.get(at..).unwrap_or_default()).u8(6).into());
        let bare = || Fields(&own.system).bytes(0, 2).eq(b"RR") || Fields(&own.system).bytes(0, 2).eq(b"PX");
        match told {
            Some(skip) => Some(Self { skip, announced: true }),
            None => bare().then_some(Self { skip: 0, announced: false }),
        }
    }
}

/// Reads entries, within a budget: continuation areas belong to one record
/// each, so all of them have no more bytes than the medium.
pub(crate) struct Reader<'a> {
    medium: &'a Medium,
    /// Bytes in a logical block.
    block: u32,
    skip: usize,
    left: u64,
    context: &'a Context,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(medium: &'a Medium, block: u32, protocol: Protocol, context: &'a Context) -> Self {
        Self { medium, block, skip: protocol.skip, left: medium.len(), context }
    }

    /// All entries of a record, those of its continuations behind them.
    ///
    /// # Errors
    /// What stops the reading.
    pub(crate) fn entries(&mut self, record: &Record, notes: &mut Vec<Note>) -> Result<Vec<Use>> {
        let area = record.system.get(self.skip..).unwrap_or_default();
        let at = record.system_at().saturating_add(self.skip as u64);
        self.follow(area, at, notes)
    }

    /// The entries of the root's own record, which the skipped bytes of SP do
    /// not concern.
    ///
    /// # Errors
    /// What stops the reading.
    pub(crate) fn entries_of_root(&mut self, own: &Record, notes: &mut Vec<Note>) -> Result<Vec<Use>> {
        let sp = own.system.windows(2).position(|w| w == b"SP").filter(|at| matches!(at, 0 | 14)).unwrap_or(0);
        let area = own.system.get(sp..).unwrap_or_default();
        self.follow(area, own.system_at().saturating_add(sp as u64), notes)
    }

    fn follow(&mut self, area: &[u8], at: u64, notes: &mut Vec<Note>) -> Result<Vec<Use>> {
        let (mut all, mut seen, mut total) = (Vec::new(), BTreeSet::new(), 0u64);
        let mut next = split(area, at, &mut all, notes);
        while let Some(ce) = next.take() {
            self.context.step(1)?;
            let number = |i, field, notes: &mut Vec<Note>| u64::from(ce.number(i, field, notes).unwrap_or(0));
            let block = number(0, "the block of a continuation", notes);
            let offset = number(1, "the offset of a continuation", notes);
            let len = number(2, "the length of a continuation", notes);
            let start = block.saturating_mul(self.block.into()).saturating_add(offset);
            if !seen.insert(start) {
                notes.push(ce.note(&SUSP_CONTINUATION, "the continuation areas of a record run in a circle"));
                break;
            }
            let there = self.medium.there(start, len);
            let taken = there.min(LONGEST.saturating_sub(total)).min(self.left);
            if taken < there {
                let what = format!("a continuation area of {len} bytes is more than a record can have");
                notes.push(ce.note(&SUSP_CONTINUATION, what));
            } else if there < len {
                let what = format!("a continuation area has {len} bytes, the image ends after {there} of them");
                notes.push(ce.note(&SUSP_CONTINUATION, what));
            }
            total = total.saturating_add(taken);
            self.left = self.left.saturating_sub(taken);
            let bytes = self.medium.read(start, taken, self.context)?;
            next = split(&bytes, start, &mut all, notes);
        }
        Ok(all)
    }
}

/// Split an area into entries; gives back the last CE, which is followed when
/// the area is done.
fn split(area: &[u8], at: u64, all: &mut Vec<Use>, notes: &mut Vec<Note>) -> Option<Use> {
    let (mut offset, mut continuation) = (0usize, None);
    loop {
        let rest = area.get(offset..).unwrap_or_default();
        let f = Fields(rest);
        // What fills an area up is no entry.
        if rest.len() < HEAD || f.bytes(0, 2) == [0, 0] {
            return continuation;
        }
        let len = usize::from(f.u8(2));
        let place = at.saturating_add(offset as u64);
        let bytes = f.bytes(0, len);
        if len < HEAD || bytes.is_empty() {
            let what = format!("an entry has a length of {len} bytes where {} are left", rest.len());
            notes.push(Note::new(&SUSP_ENTRY, place, HEAD as u64, what));
            return continuation;
        }
        let signature = [f.u8(0), f.u8(1)];
        let behind = rest.get(len..).filter(|_| &signature == b"SL").unwrap_or_default();
        let behind = behind.iter().take(255).copied().collect();
        let entry = Use { signature, bytes: bytes.to_vec(), behind, at: place };
        match &signature {
            b"ST" => return continuation,
            b"CE" => {
                if continuation.is_some() {
                    notes.push(entry.note(&SUSP_ENTRY, "an area goes on in two places; the last one counts"));
                }
                continuation = Some(entry);
            }
            _ => all.push(entry),
        }
        offset = offset.saturating_add(len);
    }
}
