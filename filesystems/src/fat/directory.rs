//! Directory entries of 32 bytes, and the long names before them.

use super::name::{can_begin, checksum, first_byte};

/// Bytes in an entry.
pub(super) const ENTRY: usize = 32;

/// A sector of a directory.
#[derive(Debug)]
pub(super) struct Slab {
    /// First byte in the linear view.
    pub at: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// True when there is nothing to read there: zeros then mean nothing.
    pub missing: bool,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// In use.
    Live,
    /// Its first byte is E5h.
    Deleted,
    /// Behind the end mark.
    Beyond,
}

/// An entry as it lies on the disk, with its long name.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// First byte in the linear view.
    pub at: u64,
    /// The 32 bytes.
    pub raw: [u8; ENTRY],
    /// Where it stands.
    pub standing: Standing,
    /// UTF-16 units of the long name, where one belongs to it.
    pub long: Option<Vec<u16>>,
    /// What is wrong with the parts before it.
    pub trouble: Option<&'static str>,
    /// The first byte of a deleted name, where the checksum of a long name
    /// gives it back.
    pub first: Option<u8>,
}

impl Record {
    /// The attribute byte.
    pub(super) fn attributes(&self) -> u8 {
        self.raw[11]
    }

    /// True for a directory.
    pub(super) fn is_directory(&self) -> bool {
        self.attributes() & 0x18 == 0x10
    }

    /// True for a volume label.
    pub(super) fn is_label(&self) -> bool {
        self.attributes() & 0x08 != 0
    }

    /// Size in bytes.
    pub(super) fn size(&self) -> u32 {
        let r = &self.raw;
        u32::from_le_bytes([r[28], r[29], r[30], r[31]])
    }

    /// First cluster. FAT32 alone keeps a high half at 20; OS/2 and others
    /// have other things there.
    pub(super) fn start(&self, wide: bool) -> u32 {
        let r = &self.raw;
        let high = if wide { [r[20], r[21]] } else { [0, 0] };
        u32::from_le_bytes([r[26], r[27], high[0], high[1]])
    }

    /// A little-endian field of two bytes at 14, 16, 18, 22 or 24.
    pub(super) fn word(&self, at: usize) -> u16 {
        let byte = |i: usize| self.raw.get(i).copied().unwrap_or(0);
        u16::from_le_bytes([byte(at), byte(at.saturating_add(1))])
    }

    /// The eleven bytes of the name.
    pub(super) fn name(&self) -> [u8; 11] {
        self.raw.first_chunk().copied().unwrap_or_default()
    }
}

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Entries in order, without `.`, `..` and the parts of long names.
    pub records: Vec<Record>,
    /// Start clusters that `.` and `..` give, as the low and high words at 26
    /// and 20.
    pub dots: [Option<[u16; 2]>; 2],
    /// Parts of long names that no entry follows.
    pub orphans: u32,
    /// Entries of one repeated byte.
    pub filler: u32,
    /// Sectors that are not there.
    pub missing: u32,
    /// True when an end mark was seen.
    pub ended: bool,
}

/// A part of a long name.
struct Part {
    order: u8,
    sum: u8,
    units: [u16; 13],
}

impl Part {
    fn of(raw: &[u8; ENTRY]) -> Self {
        let unit = |i: usize| {
            let at = i.saturating_mul(2).saturating_add(match i {
                0..=4 => 1,
                5..=10 => 4,
                _ => 6,
            });
            let byte = |at: usize| raw.get(at).copied().unwrap_or(0);
            u16::from_le_bytes([byte(at), byte(at.saturating_add(1))])
        };
        Self { order: raw[0], sum: raw[13], units: std::array::from_fn(unit) }
    }
}

/// The units of parts in the order of the name, up to its end: a zero, or
/// (MAME's imgtool writes none) the padding of FFFFh.
fn spell<'a>(parts: impl Iterator<Item = &'a Part>) -> Vec<u16> {
    let mut units: Vec<u16> = parts.flat_map(|p| p.units).take_while(|u| *u != 0).collect();
    let end = units.iter().rposition(|u| *u != 0xFFFF).map_or(0, |last| last.saturating_add(1));
    units.truncate(end);
    units
}

/// Take a directory apart.
pub(super) fn list(slabs: &[Slab]) -> Listing {
    let mut listing = Listing::default();
    let mut parts: Vec<Part> = Vec::new();
    for slab in slabs {
        if slab.missing {
            listing.missing = listing.missing.saturating_add(1);
            listing.orphans = listing.orphans.saturating_add(drain(&mut parts));
            continue;
        }
        for (i, raw) in slab.bytes.as_chunks::<ENTRY>().0.iter().enumerate() {
            let at = slab.at.saturating_add((i as u64).saturating_mul(ENTRY as u64));
            take(&mut listing, &mut parts, at, raw);
        }
    }
    listing.orphans = listing.orphans.saturating_add(drain(&mut parts));
    listing
}

/// Forget parts; how many they were that are not deleted.
fn drain(parts: &mut Vec<Part>) -> u32 {
    let live = parts.drain(..).filter(|p| p.order != 0xE5).count();
    u32::try_from(live).unwrap_or(u32::MAX)
}

/// Take the next entry.
fn take(listing: &mut Listing, parts: &mut Vec<Part>, at: u64, raw: &[u8; ENTRY]) {
    if raw[0] == 0 {
        listing.ended = true;
        listing.orphans = listing.orphans.saturating_add(drain(parts));
        return;
    }
    let standing = match raw[0] {
        _ if listing.ended => Standing::Beyond,
        0xE5 => Standing::Deleted,
        _ => Standing::Live,
    };
    if raw.iter().all(|b| *b == raw[0]) {
        listing.filler = listing.filler.saturating_add(u32::from(standing == Standing::Live));
        return;
    }
    if raw[11] & 0x3F == 0x0F {
        if standing != Standing::Beyond {
            if raw[0] & 0x40 != 0 && raw[0] != 0xE5 && !parts.is_empty() {
                listing.orphans = listing.orphans.saturating_add(drain(parts));
            }
            parts.push(Part::of(raw));
        }
        return;
    }
    if let Some(dot) = dot(raw) {
        if let Some(slot) = listing.dots.get_mut(dot).filter(|s| standing == Standing::Live && s.is_none()) {
            *slot = Some([u16::from_le_bytes([raw[26], raw[27]]), u16::from_le_bytes([raw[20], raw[21]])]);
        }
        drain(parts);
        return;
    }
    if standing != Standing::Live && !plausible(raw) {
        drain(parts);
        return;
    }
    let mut record = Record { at, raw: *raw, standing, long: None, trouble: None, first: None };
    match standing {
        Standing::Live => live_name(&mut record, parts),
        Standing::Deleted => lost_name(&mut record, parts),
        Standing::Beyond => {}
    }
    parts.clear();
    listing.records.push(record);
}

/// 0 for `.`, 1 for `..`.
pub(super) fn dot(raw: &[u8; ENTRY]) -> Option<usize> {
    let name = raw.first_chunk::<11>()?;
    [b".          ", b"..         "].iter().position(|dots| *dots == name).filter(|_| raw[11] & 0x10 != 0)
}

/// True when bytes that the system does not use any more can have been an
/// entry: attributes and name within what systems write.
pub(super) fn plausible(raw: &[u8; ENTRY]) -> bool {
    let name = raw.get(1..11).unwrap_or_default();
    let printable = |b: &u8| *b >= b' ' && *b != 0x7F;
    let first = raw[0] == 0xE5 || raw[0] == 0x05 || printable(&raw[0]);
    raw[11] & 0xC0 == 0 && first && name.iter().all(printable) && name.iter().any(|b| *b != 0xE5 && *b != 0xF6)
}

/// Give an entry in use the long name before it, if all of it fits.
fn live_name(record: &mut Record, parts: &[Part]) {
    let Some(first) = parts.first() else { return };
    let count = parts.len();
    let ordered = parts.iter().enumerate().all(|(i, p)| usize::from(p.order & 0x3F) == count.saturating_sub(i));
    let sum = checksum(&record.name());
    if parts.iter().any(|p| p.order == 0xE5) {
        if parts.iter().any(|p| p.order != 0xE5) {
            record.trouble = Some("some parts of the long name are deleted");
        }
    } else if first.order & 0x40 == 0 || !ordered {
        record.trouble = Some("the parts of the long name are not in order");
    } else if parts.iter().any(|p| p.sum != sum) {
        record.trouble = Some("the long name has the checksum of another short name");
    } else {
        record.long = Some(spell(parts.iter().rev()));
    }
}

/// Give a deleted entry the parts right before it: their checksum gives the
/// lost first byte back, which must fit the name.
fn lost_name(record: &mut Record, parts: &[Part]) {
    let Some(sum) = parts.last().map(|p| p.sum) else { return };
    let own: Vec<&Part> = parts.iter().rev().take_while(|p| p.sum == sum).take(20).collect();
    let units = spell(own.iter().copied());
    let byte = first_byte(&record.name(), sum);
    let initial = units.first().and_then(|u| u8::try_from(*u).ok()).filter(u8::is_ascii_alphanumeric);
    let fits = initial.is_none_or(|c| c.to_ascii_uppercase() == byte);
    if can_begin(byte) && fits && !units.is_empty() {
        record.long = Some(units);
        record.first = Some(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of `long` and the entry of `short`, as Windows writes them.
    fn entries(long: &str, short: &[u8; 11]) -> Vec<[u8; 32]> {
        let mut units: Vec<u16> = long.encode_utf16().collect();
        if !units.len().is_multiple_of(13) {
            units.push(0);
        }
        let total = units.len().div_ceil(13);
        units.resize(total * 13, 0xFFFF);
        let part = |n: usize| {
            let mut raw = [0; 32];
            raw[0] = (n + 1) as u8 | if n + 1 == total { 0x40 } else { 0 };
            raw[11] = 0x0F;
            raw[13] = checksum(short);
            let offsets = (1..11).step_by(2).chain((14..26).step_by(2)).chain([28, 30]);
            for (at, unit) in offsets.zip(&units[n * 13..]) {
                raw[at..at + 2].copy_from_slice(&unit.to_le_bytes());
            }
            raw
        };
        let mut all: Vec<[u8; 32]> = (0..total).rev().map(part).collect();
        let mut raw = [0; 32];
        raw[..11].copy_from_slice(short);
        raw[11] = 0x20;
        all.push(raw);
        all
    }

    fn listed(entries: &[[u8; 32]]) -> Listing {
        list(&[Slab { at: 0, bytes: entries.concat(), missing: false }])
    }

    fn text(record: &Record) -> String {
        String::from_utf16_lossy(record.long.as_deref().unwrap_or_default())
    }

    #[test]
    fn a_deleted_long_name_gives_the_first_letter_back() {
        let mut all = entries("A long deleted file name.text", b"ALONGD~1TEX");
        all.iter_mut().for_each(|e| e[0] = 0xE5);
        let listing = listed(&all);
        assert_eq!(text(&listing.records[0]), "A long deleted file name.text");
        assert_eq!(listing.records[0].first, Some(b'A'));
    }

    #[test]
    fn wrong_order_and_checksum_leave_the_short_name() {
        let good = entries("This long name is out of order.txt", b"THISLO~1TXT");
        assert!(listed(&good).records[0].long.is_some());
        let mut swapped = good.clone();
        swapped.swap(0, 1);
        assert!(listed(&swapped).records[0].trouble.is_some());
        let mut summed = good.clone();
        summed[1][13] ^= 1;
        assert!(listed(&summed).records[0].trouble.unwrap().contains("checksum"));
        assert_eq!(listed(&good[..2]).orphans, 2);
    }

    #[test]
    fn a_missing_sector_is_no_end_mark() {
        let one = entries("one name", b"ONENAM~1   ");
        let slab = |at, missing| Slab { at, bytes: if missing { vec![0; 512] } else { one.concat() }, missing };
        let listing = list(&[slab(0, false), slab(512, true), slab(1024, false)]);
        assert_eq!((listing.records.len(), listing.missing, listing.ended), (2, 1, false));
    }

    #[test]
    fn what_stands_behind_the_end_is_not_live() {
        let [one, two] = [b"ONE     TXT", b"TWO     TXT"].map(|n| entries("", n).pop().unwrap());
        let listing = listed(&[one, [0; 32], two, [0xF6; 32]]);
        let standings: Vec<Standing> = listing.records.iter().map(|r| r.standing).collect();
        assert_eq!(standings, [Standing::Live, Standing::Beyond]);
    }

    proptest::proptest! {
        #[test]
        fn long_names_come_back(name in "[a-zA-Z0-9 日本💾.]{1,60}") {
            let listing = listed(&entries(&name, b"ANYNAM~1TXT"));
            proptest::prop_assert_eq!(text(&listing.records[0]), name);
        }
    }
}
