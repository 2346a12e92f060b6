//! Writes the files of a folder as a disc, for other programs to look at:
//! `author OUT.iso FOLDER [noemul=PATH] [floppy=PATH] ...`, where each PATH is
//! a file of the folder to boot from.

use std::path::Path;

use floptical_iso::Emulation;
use floptical_iso::author::{Author, Boot, Moment};

const THEN: Moment = Moment { year: 2001, month: 9, day: 9, hour: 1, minute: 46, second: 40, zone: 0 };

fn add(disc: &mut Author, folder: &Path, path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{path}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            disc.folder(&path)?;
            add(disc, &entry.path(), &path)?;
        } else {
            disc.file(&path, std::fs::read(entry.path())?, THEN)?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(out), Some(folder)) = (args.next(), args.next()) else { return Err("author OUT.iso FOLDER".into()) };
    let mut disc = Author::new("FLOPTICAL", THEN);
    add(&mut disc, Path::new(&folder), "")?;
    for boot in args {
        let (kind, path) = boot.split_once('=').ok_or("KIND=PATH")?;
        let size = std::fs::metadata(Path::new(&folder).join(path))?.len();
        let emulation = match kind {
            "noemul" => Emulation::None,
            "floppy" => Emulation::Floppy(size),
            _ => Emulation::HardDisk,
        };
        disc.boot(Boot { info_table: kind == "table", ..Boot::new(path, emulation) });
    }
    std::fs::write(out, disc.to_bytes()?)?;
    Ok(())
}
