//! Emulators: the table, and what it chooses.

use floptical::formats::Registry;
use floptical::model::{Context, Layout};
use floptical::profiles::{Chosen, Limit, PROFILES, Profile, Unfit};
use floptical::{Disk, OpenOptions, WriteOptions, open_bytes};

fn disk(name: &str, bytes: &[u8], layout: Option<&str>) -> Disk {
    let context = Context::default();
    let layout = layout.map(|id| Layout::by_id(id).unwrap().clone());
    let format = layout.is_some().then(|| "raw".to_owned());
    let options = OpenOptions { layout, format, ..OpenOptions::default() };
    Disk::derive(open_bytes(name, bytes, &options, &context).unwrap().image, &context).unwrap()
}

fn choose(emulator: &str, disk: &Disk) -> Result<Chosen, Unfit> {
    let profile = Profile::by_id(emulator).unwrap();
    profile.choose(disk, WriteOptions::default(), &Context::default()).unwrap()
}

#[test]
fn the_table_is_consistent() {
    let registry = Registry::default();
    for (i, profile) in PROFILES.iter().enumerate() {
        assert!(PROFILES[..i].iter().all(|p| p.id != profile.id), "{} twice", profile.id);
        assert!(!profile.media.is_empty() && !profile.several.is_empty() && !profile.source.is_empty());
        for medium in profile.media {
            let what = format!("{}: {}", profile.id, medium.format);
            if let Some(format) = registry.by_id(medium.format) {
                assert!(format.writes(), "{what} is not written");
                assert!(format.extensions.contains(&medium.extension), "{what}: .{}", medium.extension);
            }
            if let Limit::Layouts(ids) = medium.limit {
                assert!(ids.iter().all(|id| Layout::by_id(id).is_some()), "{what}: {ids:?}");
            }
            let launch = medium.launch.with("a'b, c.xyz", Layout::by_id("pc-720")).unwrap();
            assert!(launch.contains("c.xyz") && !launch.contains('{'), "{what}: {launch}");
            assert!(!medium.limit.words().is_empty());
        }
    }
}

/// The geometry follows from the length, so that another disk of the length of
/// a known one must not be given.
#[test]
fn an_emulator_that_goes_by_the_length_gets_no_other_geometry() {
    let bytes = vec![0xF6; 368_640];
    let pc = choose("qemu", &disk("a.img", &bytes, Some("pc-360"))).unwrap();
    assert_eq!((pc.medium.format, pc.medium.extension), ("raw", "img"));
    let unfit = choose("qemu", &disk("a.img", &bytes, Some("st-360"))).unwrap_err();
    assert!(unfit.reasons[0].1.contains("80 cylinders, 1 sides"), "{unfit:?}");
    assert!(unfit.reasons[1].1.contains("does not hold a floppy"), "{unfit:?}");
    assert!(choose("qemu", &disk("a.img", &vec![0; 1_720_320], None)).is_err());
    assert!(choose("86box", &disk("a.img", &vec![0; 1_720_320], None)).is_ok());
    let short = disk("a.img", &bytes[..300_000 / 512 * 512], Some("pc-360"));
    let unfit = choose("dosbox", &short).unwrap_err();
    assert!(unfit.reasons[0].1.contains("of 368640 bytes"), "{unfit:?}");
}

#[test]
fn an_extension_is_what_the_emulator_asks_for() {
    let chosen = choose("openmsx", &disk("a.img", &vec![0xF6; 737_280], Some("pc-720"))).unwrap();
    assert!(chosen.medium.takes_name("x/GAME.DSK") && !chosen.medium.takes_name("game.img"));
    let names = [
        ("disks/Game.v2.scp.gz", "Game.v2.dsk"),
        ("box.zip!sub/side a.imd", "side a.dsk"),
        ("-rf.img", "rf.dsk"),
        ("../..", "disk.dsk"),
        ("a\"b\n.img", "a_b_.dsk"),
        ("", "disk.dsk"),
    ];
    for (source, name) in names {
        assert_eq!(chosen.medium.file_name(source), name, "{source}");
    }
}

/// Sectors that no flat image says anything of go where they are kept.
#[test]
fn the_container_that_loses_least_is_chosen() {
    let mut imd = b"IMD 1.18: 25/11/2026 12:00:00\r\n\x1a".to_vec();
    for (cylinder, head) in (0..40).flat_map(|c| [(c, 0), (c, 1)]) {
        imd.extend([5, cylinder, head, 9, 2]);
        imd.extend(1..=9);
        for sector in 1..=9u8 {
            // One bad sector.
            imd.extend([if (cylinder, sector) == (3, 4) { 6 } else { 2 }, sector]);
        }
    }
    let harmed = disk("a.imd", &imd, None);
    assert_eq!(choose("86box", &harmed).unwrap().medium.format, "imd");
    let lossy = choose("qemu", &harmed).unwrap();
    assert_eq!(lossy.medium.format, "raw");
    assert!(!lossy.planned.plan().content().is_empty());
}
