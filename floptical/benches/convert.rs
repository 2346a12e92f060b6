//! The way of a disk to a flat image: from flux, cells and sectors. Each run
//! opens, derives, plans, writes and proves. Compare them with each other, not
//! with a clock on the wall.

use std::path::Path;

use divan::{Bencher, black_box};
use floptical::formats::Registry;
use floptical::io::Memory;
use floptical::model::Context;
use floptical::{Disk, OpenOptions, WriteOptions, open_bytes, plan};

fn main() {
    divan::main();
}

/// A 360 KB disk in three layers.
const IMAGES: [&str; 3] = ["box.imd", "box.hfe", "box.scp.gz"];

fn bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/images").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[divan::bench(args = IMAGES)]
fn open_and_derive(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = bytes(name);
    bencher.bench(|| derived(name, black_box(&bytes)));
}

#[divan::bench(args = IMAGES)]
fn convert_to_raw(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = bytes(name);
    let target = Registry::default().by_id("raw").unwrap();
    bencher.bench(|| {
        let context = Context::default();
        let disk = derived(name, black_box(&bytes));
        let planned = plan(&disk, target, WriteOptions::default(), &context).unwrap();
        let mut out = Memory::new();
        planned.write(&mut out, &context).unwrap();
        planned.prove(&out.into_set("box.img"), &context).unwrap();
    });
}

fn derived(name: &str, bytes: &[u8]) -> Disk {
    let context = Context::default();
    let opened = open_bytes(name, bytes, &OpenOptions::default(), &context).unwrap();
    Disk::derive(opened.image, &context).unwrap()
}
