//! AmigaDOS volumes made in the test, with one thing wrong at a time.

mod view;

use floptical_filesystems::{Mounted, Strength, probe};
use floptical_model::finding::{
    AMIGA_DATA_CHECKSUM, AMIGA_HASH, AMIGA_LINK, FS_BAD_SECTORS, FS_BLOCK_KIND, FS_BLOCK_SHARED, FS_BLOCKS_FOUND,
    FS_BLOCKS_LOST, FS_BOOT_LOST, FS_CHECKSUM, FS_FIELDS_DIFFER, FS_LINK_LOOP, FS_LINK_RANGE, FS_MAP_IN_USE,
    FS_MAP_INVALID, FS_MAP_UNUSED, FS_ROOT_LOST, FS_TRUNCATED, FS_UNREACHED,
};
use floptical_model::{Context, Delivered, EntryKind, Limits, Recovery, Status};
use proptest::prelude::*;
use view::{blocks, content, entry, open, read, says};

/// A volume by hand.
struct Disk {
    bytes: Vec<u8>,
    root: usize,
    ofs: bool,
    next: usize,
}

impl Disk {
    fn new(blocks: usize, flags: u8) -> Self {
        let mut disk = Self { bytes: vec![0; blocks * 512], root: blocks / 2, ofs: flags & 1 == 0, next: 2 };
        disk.bytes[..4].copy_from_slice(&[b'D', b'O', b'S', flags]);
        let root = disk.root;
        for (long, value) in [(0, 2), (3, 72), (78, u32::MAX), (79, root as u32 + 1), (127, 1)] {
            disk.set(root, long, value);
        }
        disk.string(root, 432, b"Work");
        disk.seal(root);
        disk
    }

    fn at(&mut self, block: usize, long: usize) -> &mut [u8] {
        let at = block * 512 + long * 4;
        &mut self.bytes[at..at + 4]
    }

    fn set(&mut self, block: usize, long: usize, value: u32) {
        self.at(block, long).copy_from_slice(&value.to_be_bytes());
    }

    fn get(&mut self, block: usize, long: usize) -> u32 {
        u32::from_be_bytes(self.at(block, long).try_into().unwrap())
    }

    fn flip(&mut self, block: usize, byte: usize) {
        self.bytes[block * 512 + byte] ^= 1;
    }

    fn wipe(&mut self, block: usize, byte: u8) {
        self.bytes[block * 512..][..512].fill(byte);
    }

    fn string(&mut self, block: usize, at: usize, text: &[u8]) {
        let at = block * 512 + at;
        self.bytes[at] = text.len() as u8;
        self.bytes[at + 1..at + 1 + text.len()].copy_from_slice(text);
    }

    /// Make the checksum of a block hold; it is long 5, or 0 of a bitmap.
    fn seal_at(&mut self, block: usize, long: usize) {
        self.set(block, long, 0);
        let sum = (0..128).fold(0u32, |sum, i| sum.wrapping_add(self.get(block, i)));
        self.set(block, long, sum.wrapping_neg());
    }

    fn seal(&mut self, block: usize) {
        self.seal_at(block, 5);
    }

    fn take(&mut self) -> usize {
        if (self.root..=self.root + 1).contains(&self.next) {
            self.next = self.root + 2;
        }
        self.next += 1;
        self.next - 1
    }

    fn hash(name: &[u8]) -> usize {
        let sum = name.iter().fold(name.len(), |sum, c| (sum * 13 + usize::from(c.to_ascii_uppercase())) & 0x7FF);
        sum % 72
    }

    /// An entry at the head of its hash chain.
    fn enter(&mut self, parent: usize, name: &[u8], secondary: u32) -> usize {
        let block = self.take();
        let slot = 6 + Self::hash(name);
        let before = self.get(parent, slot);
        for (long, value) in [(0, 2), (1, block as u32), (124, before), (125, parent as u32), (127, secondary)] {
            self.set(block, long, value);
        }
        for (i, value) in [5110, 600, 50].into_iter().enumerate() {
            self.set(block, 105 + i, value);
        }
        self.string(block, 432, name);
        self.seal(block);
        self.set(parent, slot, block as u32);
        self.seal(parent);
        block
    }

    fn directory(&mut self, parent: usize, name: &[u8]) -> usize {
        self.enter(parent, name, 2)
    }

    fn file(&mut self, parent: usize, name: &[u8], bytes: &[u8]) -> usize {
        let header = self.enter(parent, name, 3u32.wrapping_neg());
        self.set(header, 81, bytes.len() as u32);
        let size = if self.ofs { 488 } else { 512 };
        let parts: Vec<&[u8]> = bytes.chunks(size).collect();
        let (mut list, mut before) = (header, None);
        for (i, part) in parts.iter().enumerate() {
            if i > 0 && i % 72 == 0 {
                let more = self.take();
                for (long, value) in [(0, 16), (1, more as u32), (125, header as u32), (127, 3u32.wrapping_neg())] {
                    self.set(more, long, value);
                }
                self.set(list, 126, more as u32);
                self.seal(list);
                list = more;
            }
            let block = self.take();
            self.set(list, 77 - i % 72, block as u32);
            if self.ofs {
                let head = [8, header as u32, i as u32 + 1, part.len() as u32];
                head.into_iter().enumerate().for_each(|(long, value)| self.set(block, long, value));
                self.bytes[block * 512 + 24..][..part.len()].copy_from_slice(part);
                self.seal(block);
                if let Some(before) = before.replace(block) {
                    self.set(before, 4, block as u32);
                    self.seal(before);
                }
            } else {
                self.bytes[block * 512..][..part.len()].copy_from_slice(part);
            }
        }
        self.seal(list);
        self.seal(header);
        header
    }

    /// The bitmap: all blocks up to the last that was taken are in use.
    fn map(&mut self) {
        let (map, blocks) = (self.root + 1, self.bytes.len() / 512);
        for block in 2..blocks {
            let used = block < self.next || (self.root..=map).contains(&block);
            let (long, bit) = (1 + (block - 2) / 32, (block - 2) % 32);
            let old = self.get(map, long) & !(1 << bit);
            self.set(map, long, old | u32::from(!used) << bit);
        }
        self.seal_at(map, 0);
    }

    /// Take an entry out of its directory, as AmigaDOS deletes.
    fn delete(&mut self, parent: usize, name: &[u8], blocks: std::ops::Range<usize>) {
        let slot = 6 + Self::hash(name);
        let header = self.get(parent, slot) as usize;
        let next = self.get(header, 124);
        self.set(parent, slot, next);
        self.seal(parent);
        let map = self.root + 1;
        for block in blocks {
            let (long, bit) = (1 + (block - 2) / 32, (block - 2) % 32);
            let old = self.get(map, long);
            self.set(map, long, old | 1 << bit);
        }
        self.seal_at(map, 0);
    }
}

const TREE: [(&str, usize); 6] =
    [("empty", 0), ("one", 1), ("dir/exact", 488 * 3), ("dir/long", 100_000), ("dir/deep/end", 513), ("readme", 2000)];

/// A disk with the files of [`TREE`].
fn made(blocks: usize, flags: u8) -> Disk {
    let mut disk = Disk::new(blocks, flags);
    let dir = disk.directory(disk.root, b"dir");
    let deep = disk.directory(dir, b"deep");
    for (i, (path, len)) in TREE.iter().enumerate() {
        let parent = [disk.root, dir, deep][path.matches('/').count()];
        disk.file(parent, path.rsplit('/').next().unwrap().as_bytes(), &content(i as u8, *len));
    }
    disk.map();
    disk
}

/// The files of [`TREE`] that come out wrong.
fn wrong(mounted: &Mounted) -> Vec<&'static str> {
    let right = |(i, (path, len)): &(usize, &(&'static str, usize))| {
        let live = |e: &&floptical_model::Entry| e.path == *path && e.deleted.is_none();
        mounted.volume.entries().iter().find(live).is_some_and(|e| read(mounted, e).0 == content(*i as u8, *len))
    };
    TREE.iter().enumerate().filter(|f| !right(f)).map(|(_, (path, _))| *path).collect()
}

#[test]
fn all_modes_and_sizes_read_the_same() {
    for (flags, kind) in [
        (0, "AmigaDOS OFS"),
        (1, "AmigaDOS FFS"),
        (2, "AmigaDOS OFS, international"),
        (3, "AmigaDOS FFS, international"),
    ] {
        for blocks in [1760, 3520, 1804] {
            let disk = made(blocks, flags);
            let mounted = open(&disk.bytes, &[]);
            assert_eq!(mounted.volume.kind(), kind);
            assert_eq!(wrong(&mounted), [""; 0], "{kind}, {blocks} blocks");
            assert!(mounted.volume.findings().is_empty(), "{:?}", mounted.volume.findings());
            assert_eq!(entry(&mounted, "readme").dates.modified.as_deref(), Some("1991-12-29T10:00:01"));
            assert_eq!(entry(&mounted, "dir").kind, EntryKind::Directory);
            let found = probe(&*blocks_of(&disk), &Context::default()).unwrap();
            assert_eq!((found.0.id, found.1.strength), ("amiga", Strength::Sure));
        }
    }
}

fn blocks_of(disk: &Disk) -> std::sync::Arc<dyn floptical_model::Blocks> {
    blocks(512, &disk.bytes, &[])
}

#[test]
fn a_disk_formatted_for_fewer_tracks_has_its_root_at_880() {
    let mut disk = made(1760, 1);
    disk.bytes.resize(82 * 22 * 512 + 1, 0xFF);
    assert_eq!(wrong(&open(&disk.bytes, &[])), [""; 0]);
    disk.bytes.truncate(1500 * 512);
    let mounted = open(&disk.bytes, &[]);
    assert_eq!(wrong(&mounted), [""; 0]);
    assert!(mounted.volume.findings().iter().any(|f| f.code == &FS_TRUNCATED));
}

#[test]
fn hard_and_soft_links_say_where_they_lead() {
    let mut disk = made(1760, 1);
    let root = disk.root;
    let target = (2..1760).find(|b| disk.bytes[b * 512 + 432..].starts_with(b"\x06readme")).unwrap();
    let folder = (2..1760).find(|b| disk.bytes[b * 512 + 432..].starts_with(b"\x04deep")).unwrap();
    for (name, secondary, real) in
        [(&b"hard"[..], 4u32.wrapping_neg(), target), (b"dirlink", 4, folder), (b"gone", 4u32.wrapping_neg(), 1700)]
    {
        let link = disk.enter(root, name, secondary);
        disk.set(link, 117, real as u32);
        disk.seal(link);
    }
    let soft = disk.enter(root, b"soft", 3);
    disk.bytes[soft * 512 + 24..][..12].copy_from_slice(b"Work:x/y\0old");
    disk.seal(soft);
    disk.map();
    let mounted = open(&disk.bytes, &[]);
    let hard = entry(&mounted, "hard");
    assert_eq!((hard.kind, &hard.details[..]), (EntryKind::File, &[("target", "readme".to_owned())][..]));
    assert_eq!(read(&mounted, hard).0, content(5, 2000));
    assert_eq!(entry(&mounted, "dirlink").kind, EntryKind::Link);
    assert_eq!(entry(&mounted, "dirlink").details, [("target", "dir/deep".to_owned())]);
    assert_eq!(entry(&mounted, "soft").details, [("target", "Work:x/y".to_owned())]);
    assert!(says(entry(&mounted, "gone"), &AMIGA_LINK));
}

#[test]
fn protection_comment_and_owner_are_kept() {
    let mut disk = made(1760, 2);
    let file = (2..1760).find(|b| disk.bytes[b * 512 + 432..].starts_with(b"\x06readme")).unwrap();
    disk.set(file, 79, 0x0003_0007);
    disk.set(file, 80, 0b1_0101_1001);
    disk.string(file, 328, b"f\xfcr alle");
    disk.seal(file);
    let mounted = open(&disk.bytes, &[]);
    let readme = entry(&mounted, "readme");
    assert_eq!(readme.attributes, ["no-delete", "no-read", "archived", "script", "group-delete"]);
    let details =
        [("comment", "für alle"), ("owner", "3"), ("group", "7")].map(|(what, value)| (what, value.to_owned()));
    assert_eq!(readme.details, details);
    assert_eq!(read(&mounted, readme).0, content(5, 2000), "read protection hides nothing");
}

/// Harm a made disk; the files that suffer, and what is said.
fn harmed(flags: u8, harm: impl Fn(&mut Disk)) -> (Mounted, Vec<&'static str>) {
    let mut disk = made(1760, flags);
    harm(&mut disk);
    let mounted = open(&disk.bytes, &[]);
    let wrong = wrong(&mounted);
    (mounted, wrong)
}

fn find(disk: &Disk, name: &str) -> usize {
    let stored = [&[name.len() as u8], name.as_bytes()].concat();
    (2..1760).find(|b| disk.bytes[b * 512 + 432..].starts_with(&stored) && disk.bytes[b * 512 + 3] == 2).unwrap()
}

#[test]
fn one_bad_block_loses_nothing_else() {
    // (flags, harm, code, files that suffer)
    type Case<'a> = (u8, &'a dyn Fn(&mut Disk), &'static floptical_model::Code, &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        (1, &|d| d.flip(find(d, "dir"), 500), &FS_CHECKSUM, &[]),
        (1, &|d| d.bytes[..4].copy_from_slice(b"XXXX"), &FS_BOOT_LOST, &[]),
        (0, &|d| d.bytes[..4].copy_from_slice(b"XXXX"), &FS_BOOT_LOST, &[]),
        (0, &|d| d.bytes[3] = 1, &FS_FIELDS_DIFFER, &[]),
        (1, &|d| d.wipe(880, 0), &FS_ROOT_LOST, &[]),
        (0, &|d| d.wipe(880, 0), &FS_ROOT_LOST, &[]),
        (1, &|d| d.flip(880, 30), &FS_CHECKSUM, &[]),
        (1, &|d| d.flip(881, 30), &FS_MAP_INVALID, &[]),
        (
            0,
            &|d| {
                let dir = find(d, "dir");
                d.set(dir, 124, dir as u32);
                d.seal(dir);
            },
            &FS_LINK_LOOP,
            &[],
        ),
        (
            0,
            &|d| {
                let slot = 6 + Disk::hash(b"dir");
                d.set(880, slot, 5000);
                d.seal(880);
            },
            &FS_UNREACHED,
            &[],
        ),
        (
            0,
            &|d| {
                let file = find(d, "long");
                d.set(file, 76, 5000);
                d.seal(file);
            },
            &FS_BLOCKS_FOUND,
            &[],
        ),
        (
            0,
            &|d| {
                let list = d.get(find(d, "long"), 126) as usize;
                d.wipe(list, 0);
            },
            &FS_BLOCKS_FOUND,
            &[],
        ),
        (
            1,
            &|d| {
                let file = find(d, "long");
                d.set(file, 76, 0);
                d.seal(file);
            },
            &FS_BLOCKS_LOST,
            &["dir/long"],
        ),
        (
            0,
            &|d| {
                let data = d.get(find(d, "long"), 77) as usize;
                d.flip(data, 100);
            },
            &AMIGA_DATA_CHECKSUM,
            &["dir/long"],
        ),
        (0, &|d| d.wipe(find(d, "long"), 0), &FS_BLOCK_KIND, &["dir/long"]),
    ];
    for (i, (flags, harm, code, suffer)) in cases.iter().enumerate() {
        let (mounted, wrong) = harmed(*flags, harm);
        assert_eq!(wrong, *suffer, "case {i}");
        let findings = mounted.volume.findings();
        assert!(findings.iter().any(|f| f.code == *code), "case {i}: {findings:?}");
    }
}

#[test]
fn a_file_without_its_header_is_put_together_from_its_blocks() {
    let mut number = 0;
    let (mounted, _) = harmed(0, |d| d.wipe(find(d, "long"), 0xA5));
    for e in mounted.volume.entries().iter().filter(|e| e.path.starts_with("dir/block ")) {
        number += 1;
        let (bytes, delivered) = read(&mounted, e);
        assert!(bytes == content(3, 100_000));
        assert_eq!((delivered.worst, &e.dates.modified), (Status::Reconstructed, &None));
        assert!(says(e, &FS_UNREACHED));
    }
    assert_eq!(number, 1);
}

#[test]
fn a_lost_block_of_ffs_is_a_hole_in_its_place() {
    let (mounted, _) = harmed(1, |d| {
        let file = find(d, "long");
        d.set(file, 75, 0xFFFF_0000);
        d.seal(file);
    });
    let long = entry(&mounted, "dir/long");
    let (bytes, delivered) = read(&mounted, long);
    let mut wanted = content(3, 100_000);
    wanted[1024..1536].fill(0);
    assert!(bytes == wanted);
    assert_eq!(delivered, Delivered { expected: 100_000, bytes: 100_000, worst: Status::Missing });
    assert!(long.pieces.iter().any(|p| p.start.is_none() && p.len == 512));
}

#[test]
fn missing_sectors_are_said_to_be() {
    let mut disk = made(1760, 1);
    let file = find(&disk, "readme");
    let second = disk.get(file, 76) as usize;
    let mounted = open(&disk.bytes, &[second]);
    let readme = entry(&mounted, "readme");
    let (bytes, delivered) = read(&mounted, readme);
    assert_eq!(delivered, Delivered { expected: 2000, bytes: 2000, worst: Status::Missing });
    assert!(bytes[512..1024].iter().all(|b| *b == 0) && bytes[..512] == content(5, 2000)[..512]);
    assert!(says(readme, &FS_BAD_SECTORS));
}

#[test]
fn the_map_is_held_against_what_is_in_use() {
    let (mounted, _) = harmed(1, |d| {
        let (long, bit) = (1 + (1700 - 2) / 32, (1700 - 2) % 32);
        let old = d.get(881, long);
        d.set(881, long, old & !(1 << bit));
        let old = d.get(881, 1);
        d.set(881, 1, old | 1);
        d.seal_at(881, 0);
    });
    let findings = mounted.volume.findings();
    for (code, text) in [(&FS_MAP_IN_USE, "1 blocks, the first is 2"), (&FS_MAP_UNUSED, "1 blocks, the first is 1700")]
    {
        assert!(findings.iter().any(|f| f.code == code && f.message == text), "{findings:?}");
    }
}

#[test]
fn shared_blocks_and_wrong_chains_are_noticed() {
    let (mounted, wrong) = harmed(1, |d| {
        let (long, readme) = (find(d, "long"), find(d, "readme"));
        let first = d.get(long, 77);
        d.set(readme, 77, first);
        d.seal(readme);
    });
    assert_eq!(wrong, ["readme"]);
    assert!(mounted.volume.findings().iter().any(|f| f.code == &FS_BLOCK_SHARED));
    let (mounted, wrong) = harmed(1, |d| {
        let (from, to) = (6 + Disk::hash(b"one"), 6 + Disk::hash(b"one") - 1);
        let header = d.get(880, from);
        d.set(880, from, 0);
        d.set(880, to, header);
        d.set(880, 6, 1_000_000);
        d.seal(880);
    });
    assert_eq!(wrong, [""; 0]);
    assert!(says(entry(&mounted, "one"), &AMIGA_HASH));
    assert!(mounted.volume.findings().iter().any(|f| f.code == &FS_LINK_RANGE));
}

#[test]
fn deleted_files_come_back_as_far_as_they_can() {
    for flags in [0, 1] {
        let mut disk = made(1760, flags);
        let root = disk.root;
        let first = disk.next;
        let folder = disk.directory(root, b"olddir");
        disk.file(folder, b"within", &content(50, 3000));
        disk.file(root, b"victim", &content(51, 4000));
        let end = disk.next;
        disk.map();
        disk.delete(root, b"olddir", first..end);
        disk.delete(root, b"victim", first..end);
        let mounted = open(&disk.bytes, &[]);
        assert!(mounted.volume.findings().is_empty(), "{:?}", mounted.volume.findings());
        for (path, key, len) in [("olddir/within", 50, 3000), ("victim", 51, 4000)] {
            let found = entry(&mounted, path);
            assert_eq!(found.deleted, Some(Recovery::Whole), "{path}");
            let (bytes, delivered) = read(&mounted, found);
            assert!(bytes == content(key, len), "{path}");
            assert_eq!(delivered.worst, Status::Reconstructed);
        }
        // A new file over the fourth block of the victim.
        let header = (first..end).find(|b| disk.bytes[b * 512 + 432..].starts_with(b"\x06victim")).unwrap();
        let fourth = disk.get(header, 74) as usize;
        disk.next = fourth;
        let new = disk.enter(root, b"new", 2);
        assert_eq!(new, fourth);
        disk.next = end;
        let mounted = open(&disk.bytes, &[]);
        let size = if flags == 0 { 488 } else { 512 };
        assert_eq!(entry(&mounted, "victim").deleted, Some(Recovery::Partial(size * 3)));
        assert_eq!(entry(&mounted, "new").deleted, None);
    }
}

#[test]
fn a_loader_without_files_is_no_volume() {
    let mut bytes = vec![0u8; 901_120];
    bytes[..4].copy_from_slice(b"DOS\0");
    content(7, 900_000).iter().zip(&mut bytes[1024..]).for_each(|(from, to)| *to = *from);
    assert!(probe(&*blocks(512, &bytes, &[]), &Context::default()).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is wrong: no panic, bounded work, pieces within the image, and
    /// no more bytes than the volume has for each file.
    #[test]
    fn harm_is_harmless(
        flags in 0u8..8,
        harm in proptest::collection::vec((0usize..200, 0usize..128, any::<u32>()), 1..40),
        small in proptest::collection::vec((0usize..128, 0u32..1760), 0..20),
    ) {
        let mut disk = made(1760, flags);
        let used: Vec<usize> = (2..disk.next).chain(880..882).collect();
        for (block, long, value) in harm {
            let block = used[block % used.len()];
            disk.set(block, long, value);
            if value % 2 == 0 { disk.seal(block) }
        }
        for (long, value) in small {
            disk.set(used[long % used.len()], long, value);
            disk.seal(used[long % used.len()]);
        }
        let view = blocks(512, &disk.bytes, &[]);
        let context = Context::new(Limits { steps: 3_000_000, ..Limits::default() });
        if let Ok((mounted, _)) = floptical_filesystems::volumes(view.clone(), &context) {
            for one in &mounted {
                for entry in one.volume.entries() {
                    let placed = entry.pieces.iter().filter_map(|p| Some(p.start? + p.len));
                    prop_assert!(placed.max().unwrap_or(0) <= view.len());
                    let delivered = one.volume.read(entry, &mut |_| Ok(()), &context).unwrap();
                    prop_assert!(delivered.bytes <= view.len());
                }
            }
        }
    }
}
