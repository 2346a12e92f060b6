//! Volumes made in the test: by an independent writer, and by hand with one
//! thing wrong at a time.

mod view;

use std::io::{Cursor, Write};

use floptical_filesystems::{Strength, probe, volumes};
use floptical_model::finding::{
    FS_BAD_SECTORS, FS_BEYOND_END, FS_CLUSTERS_GUESSED, FS_CLUSTERS_REUSED, FS_DIR_LOOP, FS_EFFORT,
};
use floptical_model::{Context, Delivered, EntryKind, Limits, Recovery, Status};
use proptest::prelude::*;
use view::{blocks, content, entry, open, read, says};

/// A disk of 360 KiB by hand: two tables of 2 sectors, 112 root entries, data
/// from sector 12 on in clusters of 2.
struct Disk(Vec<u8>);

const ROOT: usize = 5 * 512;
const DATA: usize = 12 * 512;

impl Disk {
    fn new() -> Self {
        let mut disk = vec![0; 360 * 1024];
        disk[11..30].copy_from_slice(&[0, 2, 2, 1, 0, 2, 112, 0, 208, 2, 0xFD, 2, 0, 9, 0, 2, 0, 0, 0]);
        for table in [512, 1536] {
            disk[table..table + 3].copy_from_slice(&[0xFD, 0xFF, 0xFF]);
        }
        Self(disk)
    }

    /// Set an entry of both tables.
    fn link(&mut self, cluster: usize, value: usize) {
        for table in [512, 1536] {
            let at = table + cluster * 3 / 2;
            let (keep, put) = if cluster % 2 == 1 { (0x000F, value << 4) } else { (0xF000, value) };
            let old = usize::from(u16::from_le_bytes([self.0[at], self.0[at + 1]]));
            self.0[at..at + 2].copy_from_slice(&((old & keep | put) as u16).to_le_bytes());
        }
    }

    fn chain(&mut self, clusters: &[usize]) {
        clusters.windows(2).for_each(|w| self.link(w[0], w[1]));
        self.link(*clusters.last().unwrap(), 0xFFF);
    }

    fn entry(&mut self, at: usize, name: &[u8; 11], attributes: u8, start: u16, size: u32) {
        let raw = &mut self.0[at..at + 32];
        raw[..11].copy_from_slice(name);
        raw[11] = attributes;
        raw[22..26].copy_from_slice(&[0, 0, 0x21, 0x14]);
        raw[26..28].copy_from_slice(&start.to_le_bytes());
        raw[28..32].copy_from_slice(&size.to_le_bytes());
    }

    fn fill(&mut self, clusters: &[usize], bytes: &[u8]) {
        for (cluster, part) in clusters.iter().zip(bytes.chunks(1024)) {
            let at = DATA + (cluster - 2) * 1024;
            self.0[at..at + part.len()].copy_from_slice(part);
        }
    }

    /// A file with its chain, in a slot of the root.
    fn file(&mut self, slot: usize, name: &[u8; 11], clusters: &[usize], bytes: &[u8]) {
        self.entry(ROOT + slot * 32, name, 0x20, clusters[0] as u16, bytes.len() as u32);
        self.chain(clusters);
        self.fill(clusters, bytes);
    }

    /// Delete a file as DOS does.
    fn delete(&mut self, slot: usize, clusters: &[usize]) {
        self.0[ROOT + slot * 32] = 0xE5;
        clusters.iter().for_each(|c| self.link(*c, 0));
    }
}

/// Write a tree with the crate `fatfs` and read it back.
fn agrees(size: usize, options: fatfs::FormatVolumeOptions, kind: &str) {
    let mut image = Cursor::new(vec![0u8; size]);
    fatfs::format_volume(&mut image, options).unwrap();
    let files: Vec<(String, Vec<u8>)> = [0, 1, 511, 512, 513, 5000, 70_000]
        .into_iter()
        .enumerate()
        .map(|(i, len)| (format!("a folder/{}/Long näme {i} 日本.bin", ["one", "two"][i % 2]), content(i as u8, len)))
        .chain([("PLAIN.TXT".to_owned(), content(99, 1234))])
        .collect();
    {
        let fs = fatfs::FileSystem::new(&mut image, fatfs::FsOptions::new()).unwrap();
        let root = fs.root_dir();
        root.create_dir("a folder").unwrap();
        root.create_dir("a folder/one").unwrap();
        root.create_dir("a folder/two").unwrap();
        for (path, bytes) in &files {
            root.create_file(path).unwrap().write_all(bytes).unwrap();
        }
        root.create_file("gone.txt").unwrap().write_all(b"deleted content").unwrap();
        root.remove("gone.txt").unwrap();
    }
    let mounted = open(image.get_ref(), &[]);
    assert_eq!(mounted.volume.kind(), kind);
    assert!(mounted.partition.is_none());
    for (path, bytes) in &files {
        let found = entry(&mounted, path);
        let (got, delivered) = read(&mounted, found);
        assert!(got == *bytes, "{path}");
        let len = bytes.len() as u64;
        assert_eq!(delivered, Delivered { expected: len, bytes: len, worst: Status::Good });
        assert!(found.findings.is_empty(), "{path}: {:?}", found.findings);
    }
    let live = mounted.volume.entries().iter().filter(|e| e.deleted.is_none() && e.kind == EntryKind::File).count();
    assert_eq!(live, files.len());
    assert_eq!(read(&mounted, entry(&mounted, "gone.txt")).0, b"deleted content");
    assert_eq!(mounted.volume.findings().count(), 0);
}

#[test]
fn what_fatfs_writes_reads_the_same() {
    use fatfs::{FatType, FormatVolumeOptions};
    agrees(1_474_560, FormatVolumeOptions::new().media(0xF0), "FAT12");
    agrees(8 << 20, FormatVolumeOptions::new().fat_type(FatType::Fat16).bytes_per_cluster(1024), "FAT16");
    agrees(40 << 20, FormatVolumeOptions::new().fat_type(FatType::Fat32).bytes_per_cluster(512), "FAT32");
}

#[test]
fn bytes_on_missing_sectors_are_zeros_and_say_so() {
    let mut disk = Disk::new();
    let bytes = content(1, 3000);
    disk.file(0, b"FILE    BIN", &[2, 3, 4], &bytes);
    let mounted = open(&disk.0, &[13]);
    let file = entry(&mounted, "FILE.BIN");
    let (got, delivered) = read(&mounted, file);
    assert_eq!(delivered, Delivered { expected: 3000, bytes: 3000, worst: Status::Missing });
    assert!(got[512..1024].iter().all(|b| *b == 0) && got[..512] == bytes[..512] && got[1024..] == bytes[1024..]);
    assert!(says(file, &FS_BAD_SECTORS));
}

#[test]
fn a_missing_sector_of_one_table_is_read_from_the_other() {
    let mut disk = Disk::new();
    let bytes = content(2, 3000);
    disk.file(0, b"FILE    BIN", &[9, 5, 20], &bytes);
    for missing in [vec![1], vec![3], vec![1, 2], vec![0]] {
        let mounted = open(&disk.0, &missing);
        assert!(read(&mounted, entry(&mounted, "FILE.BIN")).0 == bytes, "missing {missing:?}");
    }
}

#[test]
fn a_missing_sector_of_a_directory_hides_only_its_own_entries() {
    let mut disk = Disk::new();
    disk.file(0, b"ONE     BIN", &[2], &content(1, 10));
    for slot in 1..16 {
        disk.file(slot, b"LOST    BIN", &[20 + slot], &content(2, 10));
    }
    disk.0[ROOT..ROOT + 512].fill(0);
    disk.file(16, b"TWO     BIN", &[3], &content(3, 10));
    let mounted = open(&disk.0, &[5]);
    assert_eq!(mounted.volume.entries().iter().map(|e| &e.path[..]).collect::<Vec<_>>(), ["TWO.BIN"]);
    assert!(mounted.volume.findings().iter().any(|f| f.code == &FS_BAD_SECTORS));
}

#[test]
fn without_any_table_files_come_in_one_piece_where_they_fit() {
    let mut disk = Disk::new();
    let (one, two) = (content(1, 3000), content(2, 2000));
    disk.file(0, b"ONE     BIN", &[2, 3, 4], &one);
    disk.file(1, b"TWO     BIN", &[5, 6], &two);
    disk.0[512..ROOT].fill(0xF6);
    let mounted = open(&disk.0, &[]);
    for (path, bytes) in [("ONE.BIN", one), ("TWO.BIN", two)] {
        let (got, delivered) = read(&mounted, entry(&mounted, path));
        assert!(got == bytes, "{path}");
        assert_eq!(delivered.worst, Status::Reconstructed);
        assert!(says(entry(&mounted, path), &FS_CLUSTERS_GUESSED));
    }
}

#[test]
fn a_boot_sector_that_the_disk_contradicts_is_beaten() {
    let mut disk = Disk::new();
    let bytes = content(1, 3000);
    disk.file(0, b"FILE    BIN", &[2, 3, 4], &bytes);
    disk.0[13] = 1;
    let mounted = open(&disk.0, &[]);
    assert!(read(&mounted, entry(&mounted, "FILE.BIN")).0 == bytes);
    let codes: Vec<_> = mounted.volume.findings().iter().map(|f| f.code.id).collect();
    assert_eq!(codes, ["fs.geometry-guessed", "fs.fields-differ"]);
}

#[test]
fn an_unknown_shape_is_found_without_a_boot_sector() {
    let mut disk = Disk::new();
    let bytes = content(1, 3000);
    disk.file(0, b"ONE     BIN", &[2, 3, 4], &bytes);
    disk.file(1, b"TWO     BIN", &[5, 6], &content(2, 2000));
    disk.0.resize(410 * 1024, 0);
    disk.0[..512].fill(0xE5);
    let (_, found) = probe(&*blocks(512, &disk.0, &[]), &Context::default()).unwrap();
    assert_eq!(found.strength, Strength::Likely);
    let mounted = open(&disk.0, &[]);
    assert!(read(&mounted, entry(&mounted, "ONE.BIN")).0 == bytes);
}

#[test]
fn a_short_chain_with_a_mark_gives_what_it_has_and_no_more() {
    let mut disk = Disk::new();
    disk.file(0, b"FILE    BIN", &[2, 3], &content(1, 2048));
    disk.0[ROOT + 28..ROOT + 32].copy_from_slice(&9000u32.to_le_bytes());
    let mounted = open(&disk.0, &[]);
    let (_, delivered) = read(&mounted, entry(&mounted, "FILE.BIN"));
    assert_eq!((delivered.expected, delivered.bytes), (9000, 2048));
}

#[test]
fn deleted_files_go_around_older_files_and_stop_at_younger_ones() {
    for (year, want) in [(1985, Recovery::Whole), (1999, Recovery::Partial(1024))] {
        let mut disk = Disk::new();
        let (gone, other) = (content(1, 3000), content(2, 1000));
        disk.file(0, b"OTHER   BIN", &[3], &other);
        disk.file(1, b"GONE    BIN", &[2, 4, 5], &gone);
        let date: u16 = (year - 1980) << 9 | 0x21;
        disk.0[ROOT + 24..ROOT + 26].copy_from_slice(&date.to_le_bytes());
        disk.delete(1, &[2, 4, 5]);
        let mounted = open(&disk.0, &[]);
        let found = entry(&mounted, "?ONE.BIN");
        assert_eq!(found.deleted, Some(want));
        let (got, delivered) = read(&mounted, found);
        assert!(got == gone);
        assert_eq!(delivered.worst, Status::Reconstructed);
    }
}

#[test]
fn a_deleted_file_whose_start_is_taken_gives_nothing() {
    let mut disk = Disk::new();
    disk.file(0, b"GONE    BIN", &[2, 3], &content(1, 2000));
    disk.delete(0, &[2, 3]);
    disk.file(1, b"NEW     BIN", &[2], &content(2, 500));
    let mounted = open(&disk.0, &[]);
    let found = entry(&mounted, "?ONE.BIN");
    assert_eq!((found.deleted, found.pieces.len()), (Some(Recovery::None), 0));
    assert!(says(found, &FS_CLUSTERS_REUSED));
}

#[test]
fn hidden_entries_are_not_in_the_listing_but_come_out() {
    let mut disk = Disk::new();
    let bytes = content(1, 2000);
    disk.file(0, b"SHOWN   BIN", &[2], &content(2, 9));
    disk.file(5, b"SECRET  BIN", &[3, 4], &bytes);
    let mounted = open(&disk.0, &[]);
    let found = entry(&mounted, "SECRET.BIN");
    assert_eq!(found.deleted, Some(Recovery::Whole));
    assert!(says(found, &FS_BEYOND_END));
    assert!(read(&mounted, found).0 == bytes);
}

/// A disk whose directory 2 holds itself again and again, and whose files all
/// share one long chain.
fn knotted() -> Disk {
    let mut disk = Disk::new();
    disk.entry(ROOT, b"LOOP       ", 0x10, 2, 0);
    disk.chain(&[2]);
    disk.entry(DATA, b".          ", 0x10, 2, 0);
    for slot in 1..32 {
        disk.entry(DATA + slot * 32, b"AGAIN      ", 0x10, 2, 0);
    }
    let scattered: Vec<usize> = (10..350).map(|i| if i % 2 == 0 { i } else { 359 - i + 10 }).collect();
    disk.chain(&scattered);
    for slot in 1..112 {
        disk.entry(ROOT + slot * 32, b"SHARED  BIN", 0x20, 10, 300_000);
    }
    disk
}

#[test]
fn circles_end_with_findings() {
    let mounted = open(&knotted().0, &[]);
    let inner = entry(&mounted, "LOOP/AGAIN");
    assert!(says(inner, &FS_DIR_LOOP));
    assert!(mounted.volume.entries().len() == 112 + 31);
    assert!(!mounted.volume.findings().iter().any(|f| f.code == &FS_EFFORT));
}

#[test]
fn deep_directories_end_at_the_limit() {
    let mut disk = Disk::new();
    disk.entry(ROOT, b"D          ", 0x10, 2, 0);
    for n in 2..300usize {
        disk.chain(&[n]);
        disk.entry(DATA + (n - 2) * 1024, b".          ", 0x10, n as u16, 0);
        disk.entry(DATA + (n - 2) * 1024 + 32, b"D          ", 0x10, n as u16 + 1, 0);
    }
    let mounted = open(&disk.0, &[]);
    let deepest = mounted.volume.entries().iter().map(|e| e.path.matches('/').count()).max().unwrap();
    assert_eq!(deepest, Limits::default().depth as usize + 1);
    assert!(mounted.volume.findings().iter().any(|f| f.code == &FS_EFFORT));
}

#[test]
fn a_partitioned_carrier_counts_from_its_own_start() {
    let mut disk = Disk::new();
    let bytes = content(7, 1500);
    disk.file(0, b"FILE    BIN", &[2, 3], &bytes);
    let mut carrier = vec![0; 17 * 512];
    carrier[446 + 4] = 1;
    carrier[446 + 8] = 17;
    carrier[446 + 12..446 + 16].copy_from_slice(&720u32.to_le_bytes());
    carrier[510..512].copy_from_slice(&[0x55, 0xAA]);
    carrier.extend(&disk.0);
    let mounted = open(&carrier, &[]);
    assert_eq!(mounted.partition.unwrap().start, 17 * 512);
    let file = entry(&mounted, "FILE.BIN");
    assert!(read(&mounted, file).0 == bytes);
    assert_eq!(file.pieces[0].start.unwrap() as usize, 17 * 512 + DATA);
    let (_, found) = probe(&*blocks(512, &carrier, &[]), &Context::default()).unwrap();
    assert!(found.strength == Strength::Sure && found.reason.starts_with("partition 1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the bytes: an answer, within the budget, and nothing outside
    /// the image.
    #[test]
    fn hostile_bytes_give_an_answer(
        edits in prop::collection::vec((0usize..20_000, any::<u8>()), 0..60),
        cut in 0usize..=368_640,
        whole in any::<bool>(),
        missing in prop::collection::vec(0usize..40, 0..6),
    ) {
        let mut disk = knotted();
        disk.file(111, b"FILE    BIN", &[300, 301], &content(3, 1500));
        edits.iter().for_each(|(at, value)| disk.0[*at] = *value);
        if !whole {
            disk.0.truncate(cut);
        }
        let view = blocks(512, &disk.0, &missing);
        let context = Context::new(Limits { bytes: 1 << 28, steps: 1 << 24, entries: 1 << 16, ..Limits::default() });
        probe(&*view, &context);
        if let Ok((all, _)) = volumes(view.clone(), &context) {
            for mounted in &all {
                for entry in mounted.volume.entries() {
                    let sum: u64 = entry.pieces.iter().map(|p| p.len).sum();
                    prop_assert!(entry.pieces.iter().all(|p| p.start.unwrap() + p.len <= view.len()));
                    prop_assert!(entry.kind != EntryKind::File || sum <= entry.size);
                }
                mounted.volume.facts();
            }
        }
    }

    /// Any file in any clusters comes back, and after its deletion too when it
    /// lies in one piece.
    #[test]
    fn files_come_back(start in 2usize..300, len in 1usize..40_000, key: u8) {
        let mut disk = Disk::new();
        let clusters: Vec<usize> = (start..start + len.div_ceil(1024)).collect();
        let bytes = content(key, len);
        disk.file(0, b"FILE    BIN", &clusters, &bytes);
        let mounted = open(&disk.0, &[]);
        prop_assert!(read(&mounted, entry(&mounted, "FILE.BIN")).0 == bytes);
        disk.delete(0, &clusters);
        let mounted = open(&disk.0, &[]);
        let gone = entry(&mounted, "?ILE.BIN");
        prop_assert_eq!(gone.deleted, Some(Recovery::Whole));
        prop_assert!(read(&mounted, gone).0 == bytes);
    }
}
