//! Disks written byte by byte, and the command run on them.
#![allow(dead_code, unreachable_pub, reason = "each test file takes what it needs")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use floptical::io::Source;
use floptical::model::Context;

/// The command, with nothing of the surroundings that changes its output.
pub fn floptical(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_floptical"));
    command.current_dir(folder).env_remove("NO_COLOR").env("TERM", "dumb");
    command
}

/// Run it.
pub fn run<S: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = S>) -> Output {
    floptical(folder).args(args).output().unwrap()
}

/// Run it with arguments in one line.
pub fn line(folder: &Path, args: &str) -> Output {
    run(folder, args.split_whitespace())
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A folder with the disks of these tests.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("plain.imd", &imd(b"plain", |_, _, _| 1));
    write("harmed.imd", &imd(COMMENT, harm));
    write("box.img", &box_img());
    write("text.txt", b"this is no disk");
    write("cut.imd", &imd(b"cut", |_, _, _| 1)[..20_000]);
    write("box.img.gz", &gz("box.img", &box_img()));
    folder
}

/// A comment that YAML and terminals find hard.
pub const COMMENT: &[u8] = b"  found in a box\r\n\x1b[31m\xff: - \"'#\r\n\r\n ";

/// Kinds of records on the harmed disk: all that IMD knows but compressed.
fn harm(cylinder: u8, head: u8, sector: u8) -> u8 {
    match (cylinder, head, sector) {
        (0, 0, 3) => 3,
        (0, 1, 4) => 5,
        (1, 0, 5) => 7,
        (1, 1, 6) => 0,
        _ => 1,
    }
}

/// An ImageDisk file of 40 tracks on two sides, nine sectors of 512 bytes.
pub fn imd(comment: &[u8], kind: impl Fn(u8, u8, u8) -> u8) -> Vec<u8> {
    let mut file = b"IMD 1.18: 25/11/2026 12:00:00\r\n".to_vec();
    file.extend(comment);
    file.push(0x1A);
    for (cylinder, head) in (0..40).flat_map(|c| [(c, 0), (c, 1)]) {
        file.extend([5, cylinder, head, 9, 2]);
        file.extend(1..=9);
        for sector in 1..=9 {
            let kind = kind(cylinder, head, sector);
            file.push(kind);
            if kind != 0 {
                file.extend((0..512u16).map(|i| (i as u8).wrapping_mul(sector) ^ cylinder ^ head));
            }
        }
    }
    file
}

/// A FAT12 disk of 360 KB: a file, a folder with a file, a deleted file, and
/// names that want to leave the folder or talk to the terminal.
pub fn box_img() -> Vec<u8> {
    let mut disk = vec![0u8; 368_640];
    disk[..62].copy_from_slice(
        b"\xEB\x3C\x90MSDOS3.3\x00\x02\x02\x01\x00\x02\x70\x00\xD0\x02\xFD\x02\x00\x09\x00\x02\x00\0\0\0\0\0\0\0\0\
          \0\0\x29\x78\x56\x34\x12NO NAME    FAT12   ",
    );
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    let names: [(&[u8; 11], u8, u16, u32); 6] = [
        (b"HELLO   TXT", 0x20, 2, 600),
        (b"SUB        ", 0x10, 3, 0),
        (b"\xE5ONE    TXT", 0x20, 5, 100),
        (b"..\x2F..\x2FUPTXT", 0x20, 6, 10),
        (b"\x1B[2J\x07   TXT", 0x20, 7, 10),
        (b"CON     TXT", 0x20, 8, 10),
    ];
    for (i, (name, attributes, cluster, size)) in names.iter().enumerate() {
        entry(&mut disk[5 * 512 + i * 32..], name, *attributes, *cluster, *size);
    }
    let cluster = |n: usize| 12 * 512 + (n - 2) * 1024;
    entry(&mut disk[cluster(3)..], b".          ", 0x10, 3, 0);
    entry(&mut disk[cluster(3) + 32..], b"..         ", 0x10, 0, 0);
    entry(&mut disk[cluster(3) + 64..], b"DEEP    BIN", 0x20, 4, 5);
    disk[cluster(2)..cluster(2) + 600].fill(b'h');
    disk[cluster(4)..cluster(4) + 5].copy_from_slice(b"deep!");
    disk[cluster(5)..cluster(5) + 100].fill(b'g');
    for n in [6, 7, 8] {
        disk[cluster(n)..cluster(n) + 10].fill(b'x');
    }
    for fat in [512, 3 * 512] {
        disk[fat..fat + 3].copy_from_slice(&[0xFD, 0xFF, 0xFF]);
        for n in [2usize, 3, 4, 6, 7, 8] {
            let at = fat + n * 3 / 2;
            let value: u16 = if n % 2 == 0 { 0x0FFF } else { 0xFFF0 };
            disk[at] |= value as u8;
            disk[at + 1] |= (value >> 8) as u8;
        }
    }
    disk
}

fn entry(at: &mut [u8], name: &[u8; 11], attributes: u8, cluster: u16, size: u32) {
    at[..11].copy_from_slice(name);
    at[11] = attributes;
    at[22..24].copy_from_slice(&0x6000u16.to_le_bytes());
    at[24..26].copy_from_slice(&0x1AD9u16.to_le_bytes());
    at[26..28].copy_from_slice(&cluster.to_le_bytes());
    at[28..32].copy_from_slice(&size.to_le_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    let source = Source::from_bytes("", bytes.to_vec());
    floptical::catalog::fixity::digest(&source, &Context::default()).unwrap().crc32
}

/// A gzip file with stored blocks.
pub fn gz(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut file = b"\x1F\x8B\x08\x08\0\0\0\0\0\x03".to_vec();
    file.extend(name.as_bytes());
    file.push(0);
    let blocks = bytes.chunks(0xFFFF).collect::<Vec<_>>();
    for (i, block) in blocks.iter().enumerate() {
        let len = block.len() as u16;
        file.push(u8::from(i + 1 == blocks.len()));
        file.extend(len.to_le_bytes());
        file.extend((!len).to_le_bytes());
        file.extend(*block);
    }
    file.extend(crc32(bytes).to_le_bytes());
    file.extend((bytes.len() as u32).to_le_bytes());
    file
}

/// A zip archive with stored entries.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let mut fields = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        fields.extend(crc32(bytes).to_le_bytes());
        fields.extend([(bytes.len() as u32).to_le_bytes(); 2].concat());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend((file.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&fields);
        file.extend(name.as_bytes());
        file.extend(*bytes);
    }
    let (start, len, count) = (file.len() as u32, directory.len() as u32, entries.len() as u16);
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count.to_le_bytes(); 2].concat());
    file.extend(len.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
