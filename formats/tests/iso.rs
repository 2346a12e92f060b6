//! Plain disc images: what they are known by, kept, and refused.

mod suite;

use floptical_formats::{Evidence, Registry};
use floptical_io::Source;
use floptical_model::{Context, Fact, Known, Lba, TrackMode, Why};
use suite::{emitted, fit, read, refusal};

/// A file of `sectors` with a mark in sector 16.
fn marked(sectors: usize, at: usize, mark: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; sectors * 2048];
    bytes[16 * 2048 + at..][..mark.len()].copy_from_slice(mark);
    bytes
}

#[test]
fn a_mark_in_sector_16_is_known_whatever_the_name() {
    for (at, mark) in [(1, b"CD001"), (9, b"CDROM"), (1, b"BEA01")] {
        for name in ["x.iso", "x.img", "x"] {
            // As long as a floppy of 1.44 MB.
            let source = Source::from_bytes(name, marked(720, at, mark));
            let answers = Registry::default().identify(&source);
            assert_eq!(answers[0].format.id, "iso", "{name}");
            assert!(answers[0].answer.evidence.has(Evidence::MAGIC));
            assert!(answers.iter().any(|a| a.format.id == "raw"), "it may be a floppy, too");
        }
    }
    let none = Source::from_bytes("x.iso", marked(720, 1, b"CD002"));
    assert!(Registry::default().identify(&none).iter().all(|a| a.format.id != "iso"));
}

#[test]
fn a_disc_is_one_data_track_whose_mode_is_assumed() {
    let image = read("iso", &marked(20, 1, b"CD001")).unwrap();
    let disc = image.as_optical().unwrap();
    let [track] = &disc.tracks[..] else { panic!("one track") };
    assert_eq!((track.number, track.start(), track.end()), (1, Lba(0), Lba(20)));
    assert_eq!(track.mode, Known::Assumed(TrackMode::Mode1, Why::Format));
    assert_eq!(track.control, Known::Unrecorded);
    let mut sector = vec![0; 2048];
    disc.store.read(Lba(16), &mut sector, &Context::default()).unwrap();
    assert_eq!(&sector[1..6], b"CD001");
    assert!(disc.store.read(Lba(20), &mut sector, &Context::default()).is_err());
}

#[test]
fn it_comes_back_with_its_tail() {
    for more in [0, 1, 2047] {
        let mut bytes = marked(18, 1, b"CD001");
        bytes.resize(bytes.len() + more, 9);
        let image = read("iso", &bytes).unwrap();
        assert_eq!(image.findings.count() as usize, usize::from(more > 0));
        assert!(emitted("iso", &fit("iso", &image).unwrap()) == bytes, "{more} bytes more");
    }
}

#[test]
fn less_than_a_sector_is_an_error_with_its_place() {
    for len in [0, 1, 2047] {
        assert!(read("iso", &vec![0; len]).unwrap_err().at.is_some(), "{len}");
    }
}

#[test]
fn a_floppy_is_no_disc() {
    let floppy = read("raw", &[0; 163_840]).unwrap();
    assert_eq!(refusal(fit("iso", &floppy)).fact, Fact::Exists);
    let disc = read("iso", &marked(18, 1, b"CD001")).unwrap();
    for row in ["raw", "imd", "hfe", "scp", "kryoflux"] {
        assert_eq!(refusal(fit(row, &disc)).fact, Fact::Exists, "{row}");
    }
}
