//! Volumes of CBM DOS made in the test, with one thing wrong at a time.

mod view;

use floptical_filesystems::{Mounted, Strength, probe};
use floptical_model::finding::{
    CBM_SIDE_SECTORS, FS_BAD_SECTORS, FS_BLOCK_KIND, FS_BLOCK_SHARED, FS_BLOCKS_FOUND, FS_BLOCKS_LOST, FS_LINK_LOOP,
    FS_LINK_RANGE, FS_MAP_IN_USE, FS_MAP_INVALID, FS_MAP_UNUSED, FS_SIZE_DIFFERS, FS_UNCLOSED, FS_UNREACHED,
};
use floptical_model::{Code, Context, EntryKind, Limits, Recovery, Status};
use proptest::prelude::*;
use view::{blocks, content, entry, open, read, says};

type At = (u8, u8);

/// A disk by hand: files lie on free sectors in order from track 1 on.
struct Disk {
    bytes: Vec<u8>,
    tracks: u8,
    next: At,
    entries: usize,
}

impl Disk {
    fn new(tracks: u8) -> Self {
        let mut disk = Self { bytes: Vec::new(), tracks, next: (1, 0), entries: 0 };
        let count: usize = (1..=tracks).map(|t| usize::from(disk.sectors(t))).sum();
        disk.bytes = vec![0; count * 256];
        let (header, base, version) = if tracks >= 80 { ((40, 0), 4, b'D') } else { ((18, 0), 0x90, b'A') };
        let directory = disk.directory();
        let sector = disk.at(header);
        sector[..3].copy_from_slice(&[directory.0, directory.1, version]);
        sector[base..base + 27].fill(0xA0);
        sector[base..base + 4].copy_from_slice(b"DISK");
        disk.at(directory)[1] = 0xFF;
        disk
    }

    fn sectors(&self, track: u8) -> u8 {
        match (self.tracks, track) {
            (80.., _) => 40,
            (_, 36..) if self.tracks == 70 => self.sectors(track - 35),
            (_, 1..=17) => 21,
            (_, 18..=24) => 19,
            (_, 25..=30) => 18,
            _ => 17,
        }
    }

    /// Tracks that DOS keeps for itself.
    fn is_system(&self, track: u8) -> bool {
        match self.tracks {
            80.. => track == 40,
            70 => track == 18 || track == 53,
            _ => track == 18,
        }
    }

    fn directory(&self) -> At {
        if self.tracks >= 80 { (40, 3) } else { (18, 1) }
    }

    fn index(&self, (track, sector): At) -> usize {
        (1..track).map(|t| usize::from(self.sectors(t))).sum::<usize>() + usize::from(sector)
    }

    fn at(&mut self, at: At) -> &mut [u8] {
        let start = self.index(at) * 256;
        &mut self.bytes[start..start + 256]
    }

    fn link(&mut self, at: At, to: At) {
        self.at(at)[..2].copy_from_slice(&[to.0, to.1]);
    }

    fn take(&mut self) -> At {
        let at = self.next;
        self.next.1 += 1;
        if self.next.1 >= self.sectors(self.next.0) {
            self.next = (self.next.0 + 1, 0);
        }
        if self.is_system(self.next.0) {
            self.next = (self.next.0 + 1, 0);
        }
        at
    }

    /// Bytes in a chain of sectors.
    fn chain(&mut self, bytes: &[u8]) -> Vec<At> {
        let parts: Vec<&[u8]> = if bytes.is_empty() { vec![&[]] } else { bytes.chunks(254).collect() };
        let all: Vec<At> = parts.iter().map(|_| self.take()).collect();
        for (i, part) in parts.iter().enumerate() {
            let link = all.get(i + 1).copied().unwrap_or((0, part.len() as u8 + 1));
            self.link(all[i], link);
            self.at(all[i])[2..2 + part.len()].copy_from_slice(part);
        }
        all
    }

    /// An entry of the directory; one sector of it, and more where needed.
    fn enter(&mut self, kind: u8, name: &[u8], start: At, blocks: usize) -> usize {
        let (mut sector, slot) = (self.directory(), self.entries % 8);
        sector.1 += (self.entries / 8) as u8;
        if slot == 0 && self.entries > 0 {
            self.link((sector.0, sector.1 - 1), sector);
            self.at(sector)[1] = 0xFF;
        }
        self.entries += 1;
        self.write((sector, slot), kind, name, start, blocks)
    }

    fn write(&mut self, (sector, slot): (At, usize), kind: u8, name: &[u8], start: At, blocks: usize) -> usize {
        let at = self.index(sector) * 256 + slot * 32;
        let raw = &mut self.bytes[at..at + 32];
        raw[2..5].copy_from_slice(&[kind, start.0, start.1]);
        raw[5..21].fill(0xA0);
        raw[5..5 + name.len()].copy_from_slice(name);
        raw[30..32].copy_from_slice(&(blocks as u16).to_le_bytes());
        at
    }

    fn file(&mut self, kind: u8, name: &[u8], bytes: &[u8]) -> Vec<At> {
        let all = self.chain(bytes);
        self.enter(kind, name, all[0], all.len());
        all
    }

    /// The map: sectors before the next one are in use.
    fn map(&mut self) {
        for track in 1..=self.tracks {
            let (next, system) = (self.next, self.is_system(track));
            let count =
                if track != 53 { 1 + usize::from(self.tracks >= 80) * 2 + self.entries.div_ceil(8).max(1) } else { 99 };
            let free = |s: u8| if system { usize::from(s) >= count } else { (track, s) >= next };
            let bits: u64 = (0..self.sectors(track)).filter(|s| free(*s)).map(|s| 1u64 << s).sum();
            let told = [&[bits.count_ones() as u8][..], &bits.to_le_bytes()].concat();
            let nth = usize::from(track) - 1;
            match self.tracks {
                80.. if track > 80 => {}
                80.. => self.at((40, 1 + (nth / 40) as u8))[16 + nth % 40 * 6..][..6].copy_from_slice(&told[..6]),
                _ if track <= 35 => self.at((18, 0))[4 * (nth + 1)..][..4].copy_from_slice(&told[..4]),
                70 => {
                    self.at((18, 0))[0xDD + nth - 35] = told[0];
                    self.at((53, 0))[(nth - 35) * 3..][..3].copy_from_slice(&told[1..4]);
                }
                _ => {}
            }
        }
    }
}

const FILES: [(&[u8], u8, usize); 5] = [
    (b"FIRST", 0x82, 3000),
    (b"\xD3ECOND", 0x81, 254),
    (b"THIRD", 0xC3, 5000),
    (b"EMPTY", 0x81, 0),
    (b"FIFTH", 0x82, 2540),
];
const PATHS: [&str; 5] = ["first", "Second", "third", "empty", "fifth"];

/// Content whose last byte is not zero.
fn bytes(i: usize) -> Vec<u8> {
    let mut all = content(i as u8, FILES[i].2);
    all.iter_mut().last().into_iter().for_each(|b| *b |= 1);
    all
}

fn made(tracks: u8) -> (Disk, Vec<Vec<At>>) {
    let mut disk = Disk::new(tracks);
    let chains = (0..5).map(|i| disk.file(FILES[i].1, FILES[i].0, &bytes(i))).collect();
    disk.map();
    (disk, chains)
}

fn wrong(mounted: &Mounted) -> Vec<&'static str> {
    let right = |i: usize| {
        let live = |e: &&floptical_model::Entry| e.path == PATHS[i] && e.deleted.is_none();
        mounted.volume.entries().iter().find(live).is_some_and(|e| read(mounted, e).0 == bytes(i))
    };
    (0..5).filter(|i| !right(*i)).map(|i| PATHS[i]).collect()
}

fn noticed(mounted: &Mounted, code: &Code) -> bool {
    mounted.volume.findings().iter().any(|f| f.code == code)
}

#[test]
fn all_drives_read_the_same() {
    for (tracks, kind) in [
        (35, "CBM DOS 1541"),
        (40, "CBM DOS 1541"),
        (42, "CBM DOS 1541"),
        (70, "CBM DOS 1571"),
        (80, "CBM DOS 1581"),
        (83, "CBM DOS 1581"),
    ] {
        let (disk, _) = made(tracks);
        for tail in [0, disk.bytes.len() / 256] {
            let content = [&disk.bytes[..], &vec![1; tail]].concat();
            let mounted = open(&content, &[]);
            assert_eq!((mounted.volume.kind(), wrong(&mounted)), (kind, vec![]), "{tracks}");
            assert!(mounted.volume.findings().is_empty(), "{tracks}: {:?}", mounted.volume.findings());
            let found = probe(&*blocks(256, &content, &[]), &Context::default()).unwrap();
            assert_eq!((found.0.id, found.1.strength), ("cbm", Strength::Sure));
            assert_eq!(entry(&mounted, "third").attributes, ["usr", "locked"]);
            assert_eq!(entry(&mounted, "Second").name.raw, b"\xD3ECOND\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0\xA0");
        }
    }
}

#[test]
fn broken_chains_are_mended_by_the_count_of_blocks() {
    type Harm<'a> = &'a dyn Fn(&mut Disk, &[Vec<At>]);
    // (harm, what is noticed of the file, files that suffer)
    let cases: &[(Harm<'_>, &[&Code], &[&str])] = &[
        (&|d, c| d.link(*c[0].last().unwrap(), c[0][0]), &[&FS_LINK_LOOP, &FS_BLOCKS_FOUND], &[]),
        (&|d, c| d.link(c[0][3], (99, 0)), &[&FS_LINK_RANGE, &FS_BLOCKS_FOUND], &[]),
        (&|d, c| d.link(c[0][3], c[0][1]), &[&FS_LINK_LOOP, &FS_BLOCKS_FOUND], &[]),
        (&|d, c| d.link(*c[0].last().unwrap(), c[2][0]), &[&FS_BLOCK_SHARED, &FS_BLOCKS_FOUND], &[]),
        (&|d, c| d.link(c[0][3], c[2][5]), &[&FS_SIZE_DIFFERS], &["first"]),
        (
            &|d, c| {
                d.link(c[0][3], (99, 0));
                d.link(c[0][5], (99, 0));
            },
            &[&FS_LINK_RANGE, &FS_BLOCKS_LOST],
            &["first"],
        ),
    ];
    for (i, (harm, codes, suffer)) in cases.iter().enumerate() {
        let (mut disk, chains) = made(35);
        harm(&mut disk, &chains);
        let mounted = open(&disk.bytes, &[]);
        assert_eq!(wrong(&mounted), *suffer, "case {i}");
        let first = entry(&mounted, "first");
        assert!(codes.iter().all(|code| says(first, code)), "case {i}: {:?}", first.findings);
        let (_, delivered) = read(&mounted, first);
        let honest = delivered.bytes < delivered.expected || delivered.worst == Status::Reconstructed;
        assert!(honest || suffer.is_empty() || says(first, &FS_SIZE_DIFFERS), "case {i}: {delivered:?}");
    }
}

#[test]
fn a_sector_that_was_not_read_breaks_nothing_but_itself() {
    let (disk, chains) = made(35);
    let index = disk.index(chains[0][3]);
    let view = blocks(256, &disk.bytes, &[index]);
    let mounted = floptical_filesystems::volumes(view, &Context::default()).unwrap().0.remove(0);
    let first = entry(&mounted, "first");
    let (got, delivered) = read(&mounted, first);
    let mut wanted = bytes(0);
    wanted[3 * 254..4 * 254].fill(0);
    assert!(got == wanted);
    assert_eq!((delivered.bytes, delivered.worst), (3000, Status::Missing));
    assert!(says(first, &FS_BAD_SECTORS) && says(first, &FS_BLOCKS_FOUND));
}

#[test]
fn a_directory_that_breaks_still_lists_its_entries() {
    for harm in [(18, 1), (77, 0)] {
        let mut disk = Disk::new(35);
        (0..12u8).for_each(|i| drop(disk.file(0x82, &[b'A' + i], &content(i, 300))));
        disk.map();
        disk.link((18, 1), harm);
        let mounted = open(&disk.bytes, &[]);
        assert_eq!(mounted.volume.entries().iter().filter(|e| e.deleted.is_none()).count(), 12);
        assert!(says(entry(&mounted, "l"), &FS_UNREACHED));
        assert_eq!(read(&mounted, entry(&mounted, "l")).0, content(11, 300));
    }
}

#[test]
fn what_a_quick_format_left_is_scratched() {
    let mut disk = Disk::new(35);
    (0..12u8).for_each(|i| drop(disk.file(0x82, &[b'A' + i], &content(i, 300))));
    disk.at((18, 1)).fill(0);
    disk.at((18, 1))[1] = 0xFF;
    (disk.entries, disk.next) = (0, (1, 0));
    disk.file(0x81, b"NEW", &content(99, 100));
    disk.map();
    let mounted = open(&disk.bytes, &[]);
    let states: Vec<_> = mounted.volume.entries().iter().map(|e| (e.path.as_str(), e.deleted)).collect();
    let whole = Some(Recovery::Whole);
    assert_eq!(states, [("new", None), ("i", whole), ("j", whole), ("k", whole), ("l", whole)]);
    assert!(mounted.volume.findings().is_empty(), "{:?}", mounted.volume.findings());
}

#[test]
fn scratched_files_come_back_as_far_as_they_can() {
    let (mut disk, chains) = made(35);
    let slot = disk.index((18, 1)) * 256 + 2 * 32 + 2;
    disk.bytes[slot] = 0;
    disk.map();
    let mounted = open(&disk.bytes, &[]);
    assert_eq!(entry(&mounted, "third").deleted, Some(Recovery::Whole));
    assert_eq!(read(&mounted, entry(&mounted, "third")).0, bytes(2));
    assert!(noticed(&mounted, &FS_MAP_UNUSED));
    // A new file takes the sectors from the fifth on.
    disk.next = chains[2][4];
    disk.file(0x82, b"NEW", &content(9, 600));
    let mounted = open(&disk.bytes, &[]);
    let third = entry(&mounted, "third");
    assert_eq!(third.deleted, Some(Recovery::Partial(4 * 254)));
    assert_eq!(read(&mounted, third).0, bytes(2)[..4 * 254]);
    disk.next = chains[2][0];
    disk.file(0x82, b"NEWER", &content(9, 600));
    assert_eq!(entry(&open(&disk.bytes, &[]), "third").deleted, Some(Recovery::None));
}

#[test]
fn header_and_map_are_not_needed() {
    let (mut disk, _) = made(35);
    disk.at((18, 0)).fill(0);
    let mounted = open(&disk.bytes, &[]);
    assert_eq!(wrong(&mounted), [""; 0]);
    assert!(noticed(&mounted, &FS_MAP_INVALID) && noticed(&mounted, &FS_BLOCK_KIND));
    let (mut disk, _) = made(35);
    disk.at((18, 0))[4 * 30] ^= 1;
    disk.at((18, 0))[5] |= 1;
    let mounted = open(&disk.bytes, &[]);
    assert_eq!(wrong(&mounted), [""; 0]);
    assert!(noticed(&mounted, &FS_MAP_INVALID) && noticed(&mounted, &FS_MAP_IN_USE));
}

/// A relative file with its side sectors, and a super side sector for a 1581.
fn relative(disk: &mut Disk, bytes: &[u8]) -> Vec<At> {
    let data = disk.chain(bytes);
    let sides: Vec<At> = data.chunks(120).map(|_| disk.take()).collect();
    for (i, named) in data.chunks(120).enumerate() {
        let link = sides.get(i + 1).copied().unwrap_or((0, 15 + named.len() as u8 * 2));
        disk.link(sides[i], link);
        let sector = disk.at(sides[i]);
        sector[2..4].copy_from_slice(&[i as u8, 80]);
        named.iter().enumerate().for_each(|(i, at)| sector[16 + i * 2..18 + i * 2].copy_from_slice(&[at.0, at.1]));
    }
    let mut first = sides[0];
    if disk.tracks >= 80 {
        first = disk.take();
        disk.link(first, sides[0]);
        disk.at(first)[2..5].copy_from_slice(&[0xFE, sides[0].0, sides[0].1]);
    }
    let more = usize::from(first != sides[0]);
    let at = disk.enter(0x84, b"RELATIVE", data[0], data.len() + sides.len() + more);
    disk.bytes[at + 21..at + 24].copy_from_slice(&[first.0, first.1, 80]);
    disk.map();
    data
}

#[test]
fn relative_files_have_a_second_witness() {
    for tracks in [35, 80] {
        let (mut disk, _) = made(tracks);
        let wanted = content(7, 254 * 150 - 10);
        let data = relative(&mut disk, &wanted);
        let mounted = open(&disk.bytes, &[]);
        let found = entry(&mounted, "relative");
        assert!(mounted.volume.findings().is_empty(), "{:?}", mounted.volume.findings());
        assert!(found.details.contains(&("record length", "80".to_owned())));
        assert!(read(&mounted, found).0 == wanted);
        disk.link(data[70], (99, 99));
        let mounted = open(&disk.bytes, &[]);
        let found = entry(&mounted, "relative");
        let (got, delivered) = read(&mounted, found);
        assert!(got == wanted && says(found, &FS_BLOCKS_FOUND));
        assert_eq!(delivered.worst, Status::Reconstructed);
        disk.link(data[70], data[72]);
        assert!(says(entry(&open(&disk.bytes, &[]), "relative"), &CBM_SIDE_SECTORS));
    }
}

#[test]
fn partitions_of_a_1581_are_directories() {
    let (mut disk, _) = made(80);
    disk.next = (50, 0);
    disk.enter(0x85, b"PART", (50, 0), 120);
    disk.enter(0x85, b"RAW", (60, 5), 50);
    disk.next = (62, 0);
    disk.map();
    let sector = disk.at((50, 0));
    sector[..3].copy_from_slice(&[50, 3, b'D']);
    disk.at((50, 3))[1] = 0xFF;
    disk.next = (50, 4);
    let within = disk.chain(&content(3, 1000));
    disk.write(((50, 3), 0), 0x82, b"INSIDE", within[0], within.len());
    let mounted = open(&disk.bytes, &[]);
    assert_eq!(entry(&mounted, "part").kind, EntryKind::Directory);
    assert_eq!(read(&mounted, entry(&mounted, "part/inside")).0, content(3, 1000));
    assert_eq!((entry(&mounted, "raw").kind, entry(&mounted, "raw").size), (EntryKind::File, 50 * 256));
    assert_eq!(wrong(&mounted), [""; 0]);
}

#[test]
fn records_of_geos_are_one_file() {
    let (mut disk, _) = made(35);
    let records = [content(1, 700), content(2, 200)].map(|bytes| (disk.chain(&bytes), bytes));
    let (index, info) = (disk.take(), disk.take());
    let sector = disk.at(index);
    sector[..10].copy_from_slice(&[
        0,
        0xFF,
        records[0].0[0].0,
        records[0].0[0].1,
        0,
        0xFF,
        records[1].0[0].0,
        records[1].0[0].1,
        0,
        0,
    ]);
    let sector = disk.at(info);
    sector[..2].copy_from_slice(&[0, 0xFF]);
    sector[77..91].copy_from_slice(b"Paint Image V1");
    sector[160..165].copy_from_slice(b"hello");
    let at = disk.enter(0x83, b"My Picture", index, 6);
    disk.bytes[at + 21..at + 30].copy_from_slice(&[info.0, info.1, 1, 7, 88, 3, 17, 9, 5]);
    disk.map();
    let mounted = open(&disk.bytes, &[]);
    let found = entry(&mounted, "My Picture");
    assert_eq!(read(&mounted, found).0, [content(1, 700), content(2, 200)].concat());
    assert_eq!(found.dates.modified.as_deref(), Some("1988-03-17T09:05"));
    let details = [
        ("GEOS type", "application data"),
        ("GEOS class", "Paint Image V1"),
        ("GEOS info", "hello"),
        ("GEOS records", "700 - 200"),
        ("blocks", "6"),
    ];
    assert_eq!(found.details, details.map(|(what, value)| (what, value.to_owned())));
    assert!(mounted.volume.findings().is_empty(), "{:?}", mounted.volume.findings());
}

#[test]
fn art_and_unclosed_files_are_listed() {
    let (mut disk, _) = made(35);
    disk.enter(0x80, b"----------------", (0, 0), 0);
    disk.enter(0x82, b"A/B", (0, 0), 65_535);
    let all = disk.chain(&content(4, 300));
    disk.enter(0x01, b"OPEN", all[0], 0);
    disk.map();
    let mounted = open(&disk.bytes, &[]);
    for (path, kind) in [("----------------", "del"), ("a\u{2215}b", "prg")] {
        assert_eq!((&entry(&mounted, path).attributes[..], entry(&mounted, path).size), (&[kind][..], 0));
    }
    let unclosed = entry(&mounted, "open");
    assert!(says(unclosed, &FS_UNCLOSED));
    assert_eq!(unclosed.attributes, ["seq", "unclosed"]);
    assert_eq!(read(&mounted, unclosed).0, content(4, 300));
}

#[test]
fn noise_of_the_right_length_is_no_volume() {
    for tracks in [35, 70, 80] {
        let noise = content(3, Disk::new(tracks).bytes.len());
        assert!(probe(&*blocks(512, &noise, &[]), &Context::default()).is_none(), "{tracks}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is wrong: no panic, bounded work, pieces within the image.
    #[test]
    fn harm_is_harmless(
        tracks in prop::sample::select(vec![35u8, 40, 70, 80]),
        harm in proptest::collection::vec((0usize..60, 0usize..256, any::<u8>()), 1..60),
        links in proptest::collection::vec((0usize..60, 0u8..42, 0u8..22), 0..20),
        cut in 0usize..3000,
    ) {
        let (mut disk, _) = made(tracks);
        relative(&mut disk, &content(8, 9000));
        disk.enter(0x85, b"PART", (50, 0), 120);
        let directory = disk.directory().0;
        let near: Vec<At> = (0..20).map(|s| (directory, s)).filter(|at| at.1 < disk.sectors(directory)).chain((0..21).map(|s| (1, s))).chain((0..19).map(|s| (2, s))).collect();
        for (nth, byte, value) in harm {
            disk.at(near[nth % near.len()])[byte] = value;
        }
        for (nth, track, sector) in links {
            disk.link(near[nth % near.len()], (track, sector));
        }
        disk.bytes.truncate(disk.bytes.len() - cut.saturating_sub(2000));
        let view = blocks(256, &disk.bytes, &[]);
        let context = Context::new(Limits { steps: 5_000_000, ..Limits::default() });
        if let Ok((mounted, _)) = floptical_filesystems::volumes(view.clone(), &context) {
            for one in &mounted {
                for entry in one.volume.entries() {
                    let placed = entry.pieces.iter().filter_map(|p| Some(p.start? + p.len));
                    prop_assert!(placed.max().unwrap_or(0) <= view.len(), "{entry:?}");
                    one.volume.read(entry, &mut |_| Ok(()), &context).unwrap();
                }
            }
        }
    }
}
