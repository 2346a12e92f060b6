//! The volume descriptors from sector 16 on (ECMA-119, 8).

use floptical_model::finding::{FS_TRUNCATED, ISO_BLOCK_SIZE, ISO_BOTH_ENDIAN, ISO_DESCRIPTORS};
use floptical_model::{Context, Error, ErrorKind, Result, Span};

use crate::SECTOR;
use crate::date::Date;
use crate::field::{Both, Fields};
use crate::medium::{Medium, Note};
use crate::name::Charset;
use crate::record::Record;

/// First byte of the descriptors.
pub(crate) const START: u64 = 16 * SECTOR;
/// Descriptors that are read at most; discs have three to six.
const MOST: u64 = 64;
/// What every descriptor says.
pub(crate) const IDENTIFIER: &[u8] = b"CD001";

/// What a volume descriptor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Type 1.
    Primary,
    /// Type 2 with an escape sequence of Joliet: its level.
    Joliet(u8),
    /// Type 2, version 2 (ISO 9660:1999): long names, no levels of depth.
    Enhanced,
    /// Type 2 with another character set.
    Supplementary,
}

/// Where the path tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathTables {
    /// Bytes of each.
    pub(crate) size: u32,
    /// First block of the little-endian one and of its copy, 0 for none.
    pub(crate) little: [u32; 2],
    /// The same of the big-endian one.
    pub(crate) big: [u32; 2],
}

/// A descriptor of a tree of directories.
#[derive(Debug, Clone)]
pub(crate) struct VolumeDescriptor {
    pub(crate) kind: Kind,
    /// Its first byte.
    pub(crate) at: u64,
    /// Bytes in a logical block.
    pub(crate) block: u32,
    /// Blocks of the volume.
    pub(crate) space: u32,
    pub(crate) tables: PathTables,
    pub(crate) root: Option<Record>,
    /// What it says of itself.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// What is wrong with it.
    pub(crate) notes: Vec<Note>,
}

/// All descriptors of a disc.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    pub(crate) volumes: Vec<VolumeDescriptor>,
    /// Places and first blocks of the boot catalogs.
    pub(crate) boot: Vec<(u64, u32)>,
    /// The first byte behind the last descriptor.
    pub(crate) end: u64,
    /// Descriptors without a tree, in words.
    pub(crate) others: Vec<String>,
    pub(crate) notes: Vec<Note>,
}

/// Text fields: name, offset, length (ECMA-119, 8.4).
const TEXTS: [(&str, usize, usize); 9] = [
    ("volume", 40, 32),
    ("system", 8, 32),
    ("volume set", 190, 128),
    ("publisher", 318, 128),
    ("preparer", 446, 128),
    ("application", 574, 128),
    ("copyright file", 702, 37),
    ("abstract file", 739, 37),
    ("bibliographic file", 776, 37),
];
/// Dates: name, offset.
const DATES: [(&str, usize); 4] = [("created", 813), ("modified", 830), ("expires", 847), ("effective", 864)];

impl Descriptors {
    /// Read them all.
    ///
    /// # Errors
    /// `Unknown` when there is none, and what stops the reading.
    pub(crate) fn read(medium: &Medium, context: &Context) -> Result<Self> {
        let mut all = Self { end: START, ..Self::default() };
        let mut first_primary: Option<Vec<u8>> = None;
        for _ in 0..MOST {
            context.step(1)?;
            let at = all.end;
            let bytes = medium.read(at, SECTOR, context)?;
            let f = Fields(&bytes);
            if f.bytes(1, 5) != IDENTIFIER {
                return all.ended("no end mark closes the descriptors");
            }
            all.end = at.saturating_add(SECTOR);
            if (bytes.len() as u64) < SECTOR {
                all.notes.push(Note::new(&FS_TRUNCATED, at, bytes.len() as u64, "the image ends in a descriptor"));
            }
            match (f.u8(0), f.u8(6)) {
                (255, _) => return all.ended(""),
                (0, _) if f.bytes(7, 23) == b"EL TORITO SPECIFICATION" => all.boot.push((at, f.le32(71))),
                (0, _) => all.others.push(format!("boot record of {}", Charset::Iso.text(f.words(7, 32)))),
                (1, _) if first_primary.is_some() => all.further_primary(first_primary.as_deref(), &bytes, at),
                (1, _) => {
                    all.volumes.push(VolumeDescriptor::read(Kind::Primary, &bytes, at));
                    first_primary = Some(bytes);
                }
                (2, version) => {
                    let kind = supplementary(version, f.bytes(88, 32));
                    all.volumes.push(VolumeDescriptor::read(kind, &bytes, at));
                }
                (3, _) => all.others.push(partition(f)),
                (kind, _) => all.notes.push(Note::new(
                    &ISO_DESCRIPTORS,
                    at,
                    1,
                    format!("a volume descriptor has the type {kind}, which no standard has"),
                )),
            }
        }
        all.ended("there is no end mark among the first 64 descriptors; the rest was not read")
    }

    /// All there is, unless there is none.
    fn ended(mut self, fault: &str) -> Result<Self> {
        if self.end == START {
            let at = Span::Volume { start: START, len: SECTOR };
            return Err(Error::new(ErrorKind::Unknown, "no volume descriptor says CD001").at(at));
        }
        if !fault.is_empty() {
            self.notes.push(Note::new(&ISO_DESCRIPTORS, self.end, SECTOR, fault));
        }
        Ok(self)
    }

    fn further_primary(&mut self, first: Option<&[u8]>, bytes: &[u8], at: u64) {
        let same = first == Some(bytes);
        self.others.push(format!("{} primary descriptor", if same { "a copy of the" } else { "another" }));
        if !same {
            let what = "a second primary descriptor differs from the first, which counts";
            self.notes.push(Note::new(&ISO_DESCRIPTORS, at, SECTOR, what));
        }
    }
}

/// What a descriptor of type 2 is, by its version and escape sequences.
fn supplementary(version: u8, escapes: &[u8]) -> Kind {
    // ISO 2022 sequences of Joliet's three levels of UCS-2.
    let levels = [(&b"%/@"[..], 1), (b"%/C", 2), (b"%/E", 3)];
    let level = levels.iter().find(|(escape, _)| escapes.starts_with(escape));
    match level {
        Some((_, level)) => Kind::Joliet(*level),
        None if version == 2 => Kind::Enhanced,
        None => Kind::Supplementary,
    }
}

/// A volume partition descriptor in words.
fn partition(f: Fields<'_>) -> String {
    let name = Charset::Iso.text(f.words(40, 32));
    format!("partition {name}: {} blocks from {}", f.both32(80).value, f.both32(72).value)
}

impl VolumeDescriptor {
    fn read(kind: Kind, bytes: &[u8], at: u64) -> Self {
        let f = Fields(bytes);
        let mut notes = Vec::new();
        let both = [
            (f.both32(80), "the volume space size", 80),
            (f.both16(120), "the volume set size", 120),
            (f.both16(124), "the volume sequence number", 124),
            (f.both16(128), "the logical block size", 128),
            (f.both32(132), "the path table size", 132),
        ];
        for (number, field, offset) in both {
            let place = at.saturating_add(offset);
            notes.extend(number.differ(field).map(|what| Note::new(&ISO_BOTH_ENDIAN, place, 8, what)));
        }
        let [space, _, _, told, size] = both.map(|(Both { value, .. }, ..)| value);
        let block = match told {
            512 | 1024 | 2048 => told,
            other => {
                let what = format!("the logical block size is {other} bytes");
                notes.push(Note::new(&ISO_BLOCK_SIZE, at.saturating_add(128), 4, what));
                2048
            }
        };
        let root = Record::read(f.bytes(156, 34), at.saturating_add(156), &mut notes);
        let facts = facts(kind, f, &both.map(|(Both { value, .. }, ..)| value), at, &mut notes);
        let tables = PathTables { size, little: [f.le32(140), f.le32(144)], big: [f.be32(148), f.be32(152)] };
        Self { kind, at, block, space, tables, root, facts, notes }
    }

    /// First byte of a logical block.
    pub(crate) fn byte(&self, block: u32) -> u64 {
        u64::from(block).saturating_mul(self.block.into())
    }

    /// Length of the volume in bytes, as it says.
    pub(crate) fn len(&self) -> u64 {
        self.byte(self.space)
    }
}

/// What a descriptor says of its volume.
fn facts(kind: Kind, f: Fields<'_>, numbers: &[u32; 5], at: u64, notes: &mut Vec<Note>) -> Vec<(&'static str, String)> {
    let charset = Charset::of(kind);
    let texts = TEXTS.iter().map(|(what, offset, len)| (*what, charset.text(charset.words(f, *offset, *len))));
    let mut all: Vec<_> = texts.filter(|(_, text)| !text.is_empty()).collect();
    for (what, offset) in DATES {
        let place = at.saturating_add(offset as u64);
        all.extend(Date::long(f.bytes(offset, 17)).keep(what, place, notes).map(|text| (what, text)));
    }
    if let Kind::Joliet(level) = kind {
        all.push(("Joliet level", level.to_string()));
    }
    let [space, set, number, block, _] = *numbers;
    all.extend([("block size", block.to_string()), ("blocks", space.to_string())]);
    if (set, number) != (1, 1) {
        all.push(("volume of the set", format!("{number} of {set}")));
    }
    let used = f.bytes(883, 512).iter().filter(|b| !matches!(b, 0 | b' ')).count();
    if used > 0 {
        all.push(("application use", format!("{used} bytes are not empty")));
    }
    all
}
