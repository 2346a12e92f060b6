//! What Rock Ridge records of a file in system use entries (RRIP 1.09, 1991A
//! and 1.12, IEEE P1282).

use floptical_model::finding::{ISO_PACKED, RR_FIELDS, RR_LINK, SUSP_ENTRY};
use floptical_model::{Dates, Detail, EntryKind};

use crate::date::Date;
use crate::medium::Note;
use crate::name::bytes_text;
use crate::susp::{HEAD, Use};

/// File types of POSIX in a mode.
const TYPES: [(u32, EntryKind, &str); 7] = [
    (0o14, EntryKind::Special, "socket"),
    (0o12, EntryKind::Link, "link"),
    (0o10, EntryKind::File, "file"),
    (0o06, EntryKind::Special, "block device"),
    (0o04, EntryKind::Directory, "directory"),
    (0o02, EntryKind::Special, "character device"),
    (0o01, EntryKind::Special, "pipe"),
];

/// Bytes that a name may have; systems take 255.
const LONGEST_NAME: usize = 4096;

/// Flags of NM and of the components of SL.
const CONTINUE: u8 = 1;
const CURRENT: u8 = 2;
const PARENT: u8 = 4;
const ROOT: u8 = 8;

/// Entries that have a place here or that say nothing of a file.
const KNOWN: [&[u8; 2]; 16] =
    [b"RR", b"NM", b"PX", b"PN", b"SL", b"CL", b"PL", b"RE", b"TF", b"SF", b"ZF", b"SP", b"ER", b"ES", b"PD", b"CE"];

/// What the entries of a record say.
#[derive(Debug, Default)]
pub(crate) struct RockRidge {
    /// The name, if there is one.
    pub(crate) name: Option<Vec<u8>>,
    /// The first block of the directory that belongs here (CL).
    pub(crate) child: Option<u32>,
    /// The first block of the directory that this one belongs to (PL).
    pub(crate) parent: Option<u32>,
    /// True for a directory that belongs elsewhere (RE).
    pub(crate) relocated: bool,
    /// Ids of the extensions that the root announces (ER).
    pub(crate) extensions: Vec<String>,
    mode: Option<u32>,
    links: Option<u32>,
    owner: Option<(u32, u32)>,
    serial: Option<u32>,
    device: Option<(u32, u32)>,
    target: Option<Target>,
    dates: [Option<String>; 7],
    stored: Option<String>,
    others: Vec<String>,
}

/// The target of a link while its components are put together.
#[derive(Debug, Default)]
struct Target {
    path: Vec<u8>,
    /// True when the next component belongs to the last one.
    joined: bool,
    /// True when a further SL entry is announced.
    open: bool,
}

impl RockRidge {
    /// What entries say, in their order.
    pub(crate) fn read(entries: &[Use], notes: &mut Vec<Note>) -> Self {
        let mut all = Self::default();
        let mut name_open = false;
        for entry in entries {
            let mut number = |i| entry.number(i, "a number of Rock Ridge", notes);
            match &entry.signature {
                b"PX" => {
                    (all.mode, all.links) = (number(0), number(1));
                    (all.owner, all.serial) = (number(2).zip(number(3)), number(4));
                }
                b"PN" => all.device = number(0).zip(number(1)),
                b"CL" => all.child = number(0),
                b"PL" => all.parent = number(0),
                b"RE" => all.relocated = true,
                b"NM" => name_open = all.add_name(entry, name_open, notes),
                b"SL" => all.target.get_or_insert_default().add(entry, notes),
                b"TF" => all.add_dates(entry, notes),
                b"SF" => {
                    let high = if entry.bytes.len() > 12 { number(0) } else { Some(0) };
                    let low = number(if entry.bytes.len() > 12 { 1 } else { 0 });
                    let size = u64::from(high.unwrap_or(0)) << 32 | u64::from(low.unwrap_or(0));
                    all.stored = Some(format!("sparse, {size} bytes when spread out"));
                    notes.push(entry.note(&ISO_PACKED, "a sparse file is not spread out"));
                }
                b"ZF" => {
                    let size = entry.fields().both32(8).value;
                    all.stored = Some(format!("zisofs, {size} bytes when unpacked"));
                    notes.push(entry.note(&ISO_PACKED, "a file packed by zisofs is not unpacked"));
                }
                b"ER" => all.extensions.push(extension(entry)),
                other if KNOWN.contains(&other) => {}
                other => {
                    let word = bytes_text(&other[..]).0.into_owned();
                    if !all.others.contains(&word) {
                        all.others.push(word);
                    }
                }
            }
        }
        if let Some(target) = all.target.as_ref().filter(|t| t.open) {
            let what = format!("the target of a link ends after {} bytes, where more is announced", target.path.len());
            notes.extend(entries.iter().rfind(|e| &e.signature == b"SL").map(|e| e.note(&RR_LINK, what)));
        }
        all
    }

    /// Take a part of the name; true when another is to follow.
    fn add_name(&mut self, entry: &Use, open: bool, notes: &mut Vec<Note>) -> bool {
        let flags = entry.fields().u8(HEAD);
        let part = entry.bytes.get(HEAD.saturating_add(1)..).unwrap_or_default();
        if flags & (CURRENT | PARENT) != 0 {
            notes.push(entry.note(&SUSP_ENTRY, "a name stands for this directory or the one above"));
            return false;
        }
        if self.name.is_some() && !open {
            notes.push(entry.note(&SUSP_ENTRY, "a further name follows the name; it is taken as a part of it"));
        }
        let name = self.name.get_or_insert_default();
        if name.len().saturating_add(part.len()) > LONGEST_NAME {
            notes.push(entry.note(&SUSP_ENTRY, "a name goes on for more than 4096 bytes; the rest was left out"));
            return true;
        }
        name.extend_from_slice(part);
        flags & CONTINUE != 0
    }

    /// TF: a flag for each date that is there, from the lowest on.
    fn add_dates(&mut self, entry: &Use, notes: &mut Vec<Note>) {
        const WORDS: [&str; 7] =
            ["of creation", "of change", "of access", "of attributes", "of backup", "of expiration", "of effect"];
        let flags = entry.fields().u8(HEAD);
        let len = if flags & 0x80 != 0 { 17 } else { 7 };
        let mut stamps = entry.bytes.get(HEAD.saturating_add(1)..).unwrap_or_default().chunks_exact(len);
        for (index, (slot, word)) in self.dates.iter_mut().zip(WORDS).enumerate() {
            if flags >> index & 1 == 0 {
                continue;
            }
            let Some(raw) = stamps.next() else {
                notes.push(entry.note(&SUSP_ENTRY, format!("the date {word} is announced and not there")));
                break;
            };
            let date = if len == 17 { Date::long(raw) } else { Date::short(raw) };
            *slot = date.keep(word, entry.at, notes);
        }
    }

    /// What it is: by the type in its mode, else by what else is said.
    pub(crate) fn kind(&self) -> Option<EntryKind> {
        let told = self.mode.and_then(|mode| TYPES.iter().find(|(bits, ..)| *bits == mode >> 12));
        told.map(|(_, kind, _)| *kind).or(self.target.as_ref().map(|_| EntryKind::Link))
    }

    /// The dates that an entry has fields for; those that are not recorded
    /// here are those of `record`.
    pub(crate) fn dates(&self, record: Dates) -> Dates {
        let [created, modified, accessed, ..] = &self.dates;
        Dates {
            modified: modified.clone().or(record.modified),
            created: created.clone().or(record.created),
            accessed: accessed.clone().or(record.accessed),
        }
    }

    /// All that has no field of its own.
    pub(crate) fn details(&self) -> Vec<Detail> {
        let mut all: Vec<Detail> = Vec::new();
        let mut say = |what, value: Option<String>| all.extend(value.map(|v| (what, v)));
        let target = self.target.as_ref().map(|t| bytes_text(&t.path).0.into_owned());
        say("target", target);
        say("mode", self.mode.map(|mode| format!("{:04o}", mode & 0o7777)));
        let kind = self.mode.and_then(|mode| TYPES.iter().find(|(bits, ..)| *bits == mode >> 12));
        say("type", kind.filter(|(_, kind, _)| *kind == EntryKind::Special).map(|(_, _, word)| (*word).to_owned()));
        say("device", self.device.map(|(high, low)| device(high, low)));
        say("owner", self.owner.map(|(user, group)| format!("{user}:{group}")));
        say("links", self.links.filter(|n| *n != 1).map(|n| n.to_string()));
        say("serial", self.serial.map(|n| n.to_string()));
        let [_, _, _, attributes, backup, expires, effective] = &self.dates;
        let further =
            [("status changed", attributes), ("backed up", backup), ("expires", expires), ("effective", effective)];
        further.into_iter().for_each(|(what, date)| say(what, date.clone()));
        say("stored", self.stored.clone());
        say("other entries", (!self.others.is_empty()).then(|| self.others.join(" ")));
        all
    }

    /// Say where a mode and the record do not agree on what it is.
    pub(crate) fn compare(&self, is_directory: bool, at: u64, notes: &mut Vec<Note>) {
        let told = self.kind();
        if told.is_some_and(|kind| (kind == EntryKind::Directory) != (is_directory || self.child.is_some())) {
            let what = "the mode and the directory record do not agree whether it is a directory";
            notes.push(Note::new(&RR_FIELDS, at, 1, what));
        }
    }
}

/// Major and minor number of a device. Where the high half is empty older
/// systems pack both into the low one.
fn device(high: u32, low: u32) -> String {
    if high == 0 { format!("{}:{}", low >> 8, low & 0xFF) } else { format!("{high}:{low}") }
}

/// The id of an extension with its version.
fn extension(entry: &Use) -> String {
    let f = entry.fields();
    bytes_text(f.bytes(8, f.u8(4).into())).0.into_owned()
}

impl Target {
    /// Take the components of an SL entry. A slash stands between two, also
    /// where they are in two entries, unless the first one goes on. genisoimage
    /// writes entries that are longer than their length can say: a part that
    /// runs over the end is taken whole, what follows it is not.
    fn add(&mut self, entry: &Use, notes: &mut Vec<Note>) {
        self.open = entry.fields().u8(HEAD) & CONTINUE != 0;
        let mut rest = entry.bytes.get(HEAD.saturating_add(1)..).unwrap_or_default();
        while let [flags, len, following @ ..] = rest {
            let Some((text, further)) = following.split_at_checked((*len).into()) else {
                let what = format!("a part of a link has {len} bytes where {} are left", following.len());
                notes.push(entry.note(&RR_LINK, what));
                let whole: Vec<u8> = following.iter().chain(&entry.behind).take((*len).into()).copied().collect();
                self.part(*flags, &whole);
                return;
            };
            if (flags & (CURRENT | PARENT | ROOT)).count_ones() > 1 {
                let what = format!("a part of a link has the flags {flags:02X}h, which exclude each other");
                notes.push(entry.note(&RR_LINK, what));
            }
            self.part(*flags, text);
            rest = further;
        }
    }

    fn part(&mut self, flags: u8, text: &[u8]) {
        if !self.path.is_empty() && !self.joined {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(match flags {
            _ if flags & ROOT != 0 => b"/",
            _ if flags & PARENT != 0 => b"..",
            _ if flags & CURRENT != 0 => b".",
            _ => text,
        });
        self.joined = flags & (CONTINUE | ROOT) != 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(signature: &[u8; 2], body: &[u8]) -> Use {
        let mut bytes = [&signature[..], &[(body.len() + 4) as u8, 1], body].concat();
        bytes[2] = bytes.len() as u8;
        Use { signature: *signature, bytes, behind: Vec::new(), at: 0 }
    }

    fn target(entries: &[&[u8]]) -> (String, usize) {
        let entries: Vec<Use> = entries.iter().map(|body| entry(b"SL", body)).collect();
        let mut notes = Vec::new();
        let read = RockRidge::read(&entries, &mut notes);
        (read.details()[0].1.clone(), notes.len())
    }

    #[test]
    fn a_slash_stands_between_parts_also_of_two_entries() {
        assert_eq!(target(&[&[0, 4, 0, 0, 1, b'a', 2, 0]]), ("../a/.".into(), 0));
        assert_eq!(target(&[&[1, 0, 2, b'a', b'b'], &[0, 0, 1, b'c']]), ("ab/c".into(), 0));
        assert_eq!(target(&[&[1, 1, 2, b'a', b'b'], &[0, 0, 1, b'c']]), ("abc".into(), 0));
        assert_eq!(target(&[&[0, 8, 0, 0, 3, b'e', b't', b'c']]), ("/etc".into(), 0));
        assert_eq!(target(&[&[1, 0, 1, b'x']]), ("x".into(), 1));
        assert_eq!(target(&[&[0, 0, 1, b'a', 8, 0, 0, 1, b'b']]), ("a//b".into(), 0));
        assert_eq!(target(&[&[0, 0, 9, b'x']]), ("x".into(), 1));
    }

    #[test]
    fn a_name_goes_on_in_the_next_entry() {
        let mut notes = Vec::new();
        let read = RockRidge::read(&[entry(b"NM", b"\x01long "), entry(b"NM", b"\0name")], &mut notes);
        assert_eq!((read.name.as_deref(), notes.len()), (Some(&b"long name"[..]), 0));
    }

    #[test]
    fn devices_are_packed_or_not() {
        assert_eq!((device(0, 0x0803), device(8, 3)), ("8:3".into(), "8:3".into()));
    }

    #[test]
    fn dates_follow_their_flags() {
        let stamp = [101, 9, 9, 1, 46, 40, 0];
        let body = [&[0x02u8][..], &stamp].concat();
        let read = RockRidge::read(&[entry(b"TF", &body)], &mut Vec::new());
        let record = Dates { created: Some("then".into()), ..Dates::default() };
        let dates = read.dates(record);
        assert_eq!(dates.modified.as_deref(), Some("2001-09-09T01:46:40+00:00"));
        assert_eq!(dates.created.as_deref(), Some("then"));
    }
}
