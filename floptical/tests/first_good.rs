//! Looking at the first revolution only, where it is good by itself.

use std::path::Path;

use floptical::formats::Registry;
use floptical::model::{Context, Layer, Status, finding};
use floptical::{ConvertError, Disk, OpenOptions, Opened, WriteOptions, open_bytes, plan};

fn image(name: &str) -> floptical::model::Image {
    opened(name, &OpenOptions::default()).image
}

fn opened(name: &str, options: &OpenOptions) -> Opened {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/images").join(name)).unwrap();
    open_bytes(name, &bytes, options, &Context::default()).unwrap()
}

#[test]
fn good_tracks_are_read_once_and_others_whole() {
    let context = Context::default();
    let whole = Disk::derive(image("harmed.scp.gz"), &context).unwrap();
    let quick = Disk::derive_first_good(image("harmed.scp.gz"), Layer::Flux, &context).unwrap();
    assert_eq!(whole.passed_over(), 0);
    let bad = |track: &&floptical::DiskTrack| track.derived.sectors.slots.iter().any(|s| s.status() != Status::Good);
    let hurt = whole.tracks().iter().filter(bad).count();
    assert!(hurt > 0);
    assert!((1..=whole.tracks().len() - hurt).contains(&quick.passed_over()), "{}", quick.passed_over());
    for (a, b) in whole.tracks().iter().zip(quick.tracks()) {
        let passed = b.derived.findings.iter().any(|f| *f.code == finding::FLUX_PASSED_OVER);
        assert_eq!(b.derived.revolutions, if passed { 1 } else { a.derived.revolutions }, "{}", a.at);
        let data = |t: &floptical::DiskTrack| {
            t.derived.sectors.slots.iter().map(|s| (s.chosen().data.clone(), s.status())).collect::<Vec<_>>()
        };
        assert_eq!(data(a), data(b), "{}", a.at);
    }
}

#[test]
fn flux_is_not_written_from_what_was_passed_over() {
    let context = Context::default();
    let quick = Disk::derive_first_good(image("box.scp.gz"), Layer::Flux, &context).unwrap();
    assert!(quick.passed_over() > 0);
    let to = |id: &str| plan(&quick, Registry::default().by_id(id).unwrap(), WriteOptions::default(), &context);
    assert!(matches!(to("kryoflux"), Err(ConvertError::Failed(_))));
    assert!(matches!(to("scp"), Err(ConvertError::Failed(_))));
    assert!(to("imd").is_ok());
}

#[test]
fn a_sum_that_was_not_computed_is_told_and_not_written() {
    let context = Context::default();
    let options = OpenOptions { without_sum: true, ..OpenOptions::default() };
    let told = |image: &floptical::model::Image| {
        image.findings.iter().filter(|f| *f.code == finding::FORMAT_SUM_PASSED_OVER).count()
    };
    let quick = opened("box.scp.gz", &options).image;
    assert_eq!((told(&quick), told(&image("box.scp.gz"))), (1, 0));
    let disk = Disk::derive(quick, &context).unwrap();
    let to = |id: &str| plan(&disk, Registry::default().by_id(id).unwrap(), WriteOptions::default(), &context);
    assert!(matches!(to("scp"), Err(ConvertError::Failed(_))));
    assert!(to("imd").is_ok());
}
