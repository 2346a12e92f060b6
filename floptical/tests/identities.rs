//! The published vectors of the identities, version 0: the canonical forms
//! written out by hand for a tiny disk, and the digests of the images of this
//! repository in `fixtures/identities.tsv`.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use floptical::model::{
    Check, Context, DataField, Floppy, Image, Known, Reading, Scheme, SectorId, Sectors, Sighting, Slot, Track,
    TrackAt, TrackMap,
};
use floptical::{Disk, Identities, OpenOptions, hex, open_bytes};
use sha2::{Digest, Sha256};

fn sector(id: SectorId, byte: u8, check: Check) -> Slot {
    let mut seen = Sighting::assumed(Scheme::IbmMfm, id, DataField::Bytes(Arc::from(vec![byte; 128])));
    seen.id = Known::Value(Some(id));
    seen.mark = Known::Value(Sighting::NORMAL);
    seen.data_check = Known::Value(check);
    Slot::one(seen)
}

/// One track, sectors 2 and 1 in this order; sector 2 has a bad check.
fn tiny() -> Disk {
    let id = |r| SectorId { c: 0, h: 0, r, n: 0 };
    let slots = vec![sector(id(2), 0xE5, Check::Bad), sector(id(1), 0x11, Check::Good)];
    let track = Track::of(Reading::Sectors(Arc::new(Sectors { slots, ordered: true, ..Sectors::default() })));
    let floppy = Floppy {
        drive: Default::default(),
        layout: Known::Unrecorded,
        tracks: TrackMap::held([(TrackAt::new(0, 0), track)]),
    };
    Disk::derive(Image::floppy(floppy), &Context::default()).unwrap()
}

#[test]
fn the_canonical_forms_are_as_documented() {
    let ids = Identities::of(&tiny(), &Context::default()).unwrap();

    // L1: slots sorted by scheme, id, mark, flags, length, bytes.
    let mut l1 = b"floptical L1/0\n".to_vec();
    l1.extend([b'T', 0, 0, 0, 2]);
    l1.extend([1, 1, 0, 0, 1, 0, 0xFB, 0, 0, 0, 0, 128]);
    l1.extend([0x11; 128]);
    l1.extend([1, 1, 0, 0, 2, 0, 0xFB, 2, 0, 0, 0, 128]);
    l1.extend([0xE5; 128]);
    assert_eq!(hex(&ids.l1.unwrap().digest), hex(&Sha256::digest(&l1)));

    // L1o: 2 1 turned to the smallest string, 1 2.
    let mut l1o = b"floptical L1o/0\n".to_vec();
    l1o.extend([b'T', 0, 0, 0, 2, 0, 1, 0, 2]);
    assert_eq!(hex(&ids.l1o.unwrap()), hex(&Sha256::digest(&l1o)));

    // L2: the data, one run of 256 bytes, one run.
    let mut l2 = [[0x11u8; 128], [0xE5; 128]].concat();
    l2.push(b'D');
    l2.extend(256u64.to_be_bytes());
    l2.extend(1u64.to_be_bytes());
    l2.extend(b"floptical L2/0\n");
    assert_eq!(hex(&ids.l2.digest), hex(&Sha256::digest(&l2)));
    assert_eq!((ids.l2.coverage.good, ids.l2.coverage.doubtful), (128, 128));
}

/// `UPDATE_VECTORS=1` writes the table anew; the change is read like code.
#[test]
fn the_images_have_their_published_identities() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut names: Vec<_> = std::fs::read_dir(folder.join("images")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    let mut table = String::from("image\tL0\tL1\tL1o\tL2\n");
    for name in names {
        let name = name.into_string().unwrap();
        let bytes = std::fs::read(folder.join("images").join(&name)).unwrap();
        let context = Context::default();
        let opened = open_bytes(&name, &bytes, &OpenOptions::default(), &context).unwrap();
        let ids = Identities::of(&Disk::derive(opened.image, &context).unwrap(), &context).unwrap();
        let or_none = |digest: Option<[u8; 32]>| digest.map_or_else(|| "-".to_owned(), |d| hex(&d));
        let (l1, l1o) = (or_none(ids.l1.map(|i| i.digest)), or_none(ids.l1o));
        let (l0, l2) = (hex(&Sha256::digest(&bytes)), hex(&ids.l2.digest));
        writeln!(table, "{name}\t{l0}\t{l1}\t{l1o}\t{l2}").unwrap();
    }
    let path = folder.join("identities.tsv");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), table);
}
