//! A disk that was derived for a target holds what that target needs.

use std::path::Path;

use floptical::formats::Registry;
use floptical::model::{Context, Layer};
use floptical::{ConvertError, Disk, OpenOptions, WriteOptions, open_bytes, plan};

fn disk(name: &str, target: Layer) -> Disk {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/images").join(name)).unwrap();
    let context = Context::default();
    Disk::derive_for(open_bytes(name, &bytes, &OpenOptions::default(), &context).unwrap().image, target, &context)
        .unwrap()
}

#[test]
fn a_target_of_sectors_is_planned_the_same_without_cells() {
    let context = Context::default();
    for name in ["box.scp.gz", "harmed.scp.gz"] {
        let [lean, full] = [Layer::Sectors, Layer::Flux].map(|target| disk(name, target));
        let kept = |disk: &Disk| disk.tracks().iter().filter(|track| track.derived.cells.is_some()).count();
        assert!(kept(&lean) < kept(&full), "{name}");
        let imd = Registry::default().by_id("imd").unwrap();
        let [a, b] = [&lean, &full].map(|disk| plan(disk, imd, WriteOptions::default(), &context).unwrap());
        assert_eq!(a.plan(), b.plan(), "{name}");
    }
}

#[test]
fn cells_are_not_written_from_a_disk_that_kept_none() {
    let context = Context::default();
    let to = |disk: &Disk, id: &str| {
        plan(disk, Registry::default().by_id(id).unwrap(), WriteOptions::default(), &context).map(drop)
    };
    for id in ["hfe", "scp"] {
        assert!(matches!(to(&disk("box.scp.gz", Layer::Sectors), id), Err(ConvertError::Failed(_))), "{id}");
        assert!(to(&disk("box.scp.gz", Layer::Cells), id).is_ok(), "{id}");
    }
}
