//! The controller of the example agrees with the library about every sector,
//! from flux, cells and sectors alike, and what it writes can be saved.

#[path = "../examples/drive.rs"]
mod example;

use std::path::Path;
use std::sync::Arc;

use example::Controller;
use floptical::drive::Drive;
use floptical::formats::Registry;
use floptical::io::Memory;
use floptical::model::{Context, Known, Status};
use floptical::{Disk, OpenOptions, WriteOptions, open_bytes, plan};

fn disk(name: &str) -> Arc<Disk> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/images").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let context = Context::default();
    let opened = open_bytes(name, &bytes, &OpenOptions::default(), &context).unwrap();
    Arc::new(Disk::derive(opened.image, &context).unwrap())
}

/// Images of one disk in three layers.
const HARMED: [&str; 3] = ["harmed.imd", "harmed.hfe", "harmed.scp.gz"];

#[test]
fn the_controller_sees_what_the_library_sees() {
    for name in HARMED {
        let disk = disk(name);
        let mut drive = Drive::new(1);
        drive.insert(disk.clone()).unwrap();
        let mut controller = Controller::new(&mut drive);
        let (mut good, mut bad, mut missing) = (0, 0, 0);
        for track in disk.tracks() {
            controller.seek(track.at).unwrap();
            for slot in &track.derived.sectors.slots {
                let chosen = slot.chosen();
                let id = chosen.sector_id().unwrap();
                let read = controller.read_sector(id.c, id.r);
                let place = format!("{name} {} {id}", track.at);
                match slot.status() {
                    Status::Missing => {
                        assert_eq!(read, None, "{place}");
                        missing += 1;
                    }
                    status => {
                        let read = read.unwrap_or_else(|| panic!("{place}: not found"));
                        assert_eq!(read.good, status == Status::Good, "{place}");
                        assert_eq!(chosen.data.bytes().map(|b| &**b), Some(&*read.bytes), "{place}");
                        assert_eq!(chosen.mark.copied(), Some(read.mark), "{place}");
                        if read.good { good += 1 } else { bad += 1 }
                    }
                }
            }
        }
        assert!(good > 0 && bad == 2 && missing == 1, "{name}: {good} good, {bad} bad, {missing} missing");
    }
}

#[test]
fn a_written_sector_is_saved_and_nothing_else_changes() {
    let context = Context::default();
    for name in HARMED {
        let before = disk(name);
        let at = before.tracks()[0].at;
        let mut drive = Drive::new(1);
        drive.insert(before.clone()).unwrap();
        let mut controller = Controller::new(&mut drive);
        controller.seek(at).unwrap();
        let id = controller.read_address().unwrap();
        let bytes: Vec<u8> = (0..128usize << id[3]).map(|i| (i * 7) as u8).collect();
        controller.write_sector(id[0], id[2], 0xFB, &bytes).unwrap();
        assert_eq!(controller.read_sector(id[0], id[2]).unwrap().bytes, bytes);

        let altered = Disk::derive(drive.altered_image().unwrap(), &context).unwrap();
        for target in ["imd", "hfe", "scp"] {
            let target = Registry::default().by_id(target).unwrap();
            let planned = plan(&altered, target, WriteOptions::default(), &context).unwrap();
            let mut out = Memory::new();
            planned.write(&mut out, &context).unwrap();
            let set = out.into_set("out");
            planned.prove(&set, &context).unwrap();
            let image = (target.read)(&set, &Default::default(), &context).unwrap();
            let saved = Disk::derive(image, &context).unwrap();
            let mut changed = Vec::new();
            for (old, new) in before.sectors().iter().zip(saved.sectors()) {
                assert_eq!(old.place, new.place);
                if old.data != new.data {
                    changed.push(new.id.copied().flatten());
                    assert_eq!(new.data.as_deref(), Some(&*bytes));
                    assert_eq!(new.status, Status::Good);
                }
            }
            assert_eq!(changed.len(), 1, "{name} to {}", target.id);
            assert!(matches!(before.layout(), Known::Value(_)));
        }
    }
}
