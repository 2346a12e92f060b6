//! What passes under the head of a drive in a revolution, cell by cell. That of a
//! real drive takes 200 ms.

use std::path::Path;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use floptical::drive::Drive;
use floptical::model::Context;
use floptical::{Disk, OpenOptions, open_bytes};

fn main() {
    divan::main();
}

/// A disk of sectors and one of cells.
const IMAGES: [&str; 2] = ["box.imd", "box.hfe"];

fn drive(name: &str) -> Drive {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/images").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let context = Context::default();
    let opened = open_bytes(name, &bytes, &OpenOptions::default(), &context).unwrap();
    let mut drive = Drive::new(1);
    drive.insert(Arc::new(Disk::derive(opened.image, &context).unwrap())).unwrap();
    drive.motor(true);
    drive
}

#[divan::bench(args = IMAGES)]
fn cells_of_a_revolution(bencher: Bencher<'_, '_>, name: &str) {
    let mut drive = drive(name);
    let mut turn = move || {
        let mut cells = 0u64;
        while drive.next_cell().is_some_and(|cell| cells == 0 || !cell.index) {
            cells += 1;
        }
        cells
    };
    bencher.counter(ItemsCount::new(turn())).bench_local(turn);
}
