//! What is wrapped around an image, whole and harmed.

mod packing;

use std::time::{Duration, Instant};

use floptical_io::wrap::{Unwrapped, member, unwrap};
use floptical_io::{FileSet, Source};
use floptical_model::finding::{
    FORMAT_CHECKSUM, FORMAT_FIELDS_DIFFER, FORMAT_TAIL, FORMAT_TRUNCATED, WRAP_CORRUPT, WRAP_LEFT_OUT,
};
use floptical_model::{Code, Context, Error, ErrorKind, Limits, Result};
use packing::{Zipped, bzip2, gzip, gzip_named, text, xz, zip, zstd};
use proptest::prelude::*;

fn open(name: &str, bytes: Vec<u8>) -> Result<Unwrapped> {
    unwrap(&Source::from_bytes(name, bytes), &Context::default())
}

fn contents(files: &FileSet) -> Vec<(String, Vec<u8>)> {
    files.files().iter().map(|f| (f.name().to_owned(), f.all(&Context::default()).unwrap())).collect()
}

fn codes(unwrapped: &Unwrapped) -> Vec<&'static Code> {
    unwrapped.findings.iter().map(|f| f.code).collect()
}

type Packer = fn(&[u8]) -> Vec<u8>;

/// Each wrapper of one stream: its name, ending and packer.
const STREAMS: [(&str, &str, Packer); 4] =
    [("gzip", "gz", gzip), ("bzip2", "bz2", bzip2), ("xz", "xz", xz), ("zstd", "zst", zstd)];

#[test]
fn a_plain_file_comes_back_after_a_read_of_a_few_bytes() {
    let source = Source::from_bytes("disk.img", vec![0xF6; 1 << 20]);
    let plain = unwrap(&source, &Context::default()).unwrap();
    assert!(plain.layers.is_empty() && plain.findings.is_empty());
    assert_eq!(plain.files.first().unwrap().name(), "disk.img");
    assert!(source.bytes_read() <= 16);
    for short in [&b""[..], b"P", b"BZh9", &[0x1F, 0x8B]] {
        assert!(open("x", short.to_vec()).unwrap().layers.is_empty());
    }
}

#[test]
fn each_wrapper_is_taken_off_and_the_name_loses_its_ending() {
    for (id, ending, pack) in STREAMS {
        let unwrapped = open(&format!("disk.img.{ending}"), pack(&text(5000))).unwrap();
        assert_eq!(unwrapped.layers, [id]);
        assert_eq!(contents(&unwrapped.files), [("disk.img".into(), text(5000))]);
        assert!(unwrapped.findings.is_empty(), "{id}: {:?}", unwrapped.findings);
        let empty = open("empty", pack(&[])).unwrap();
        assert_eq!(contents(&empty.files), [("empty".into(), vec![])], "{id}");
    }
}

#[test]
fn names_follow_the_stream_or_the_ending() {
    let table = [
        ("a.img.GZ", None, "a.img"),
        ("a.adz", None, "a.adf"),
        ("a.hdz", None, "a.hdf"),
        ("a.bin", None, "a.bin"),
        (".gz", None, ".gz"),
        ("a.gz", Some(&b"REAL.ADF"[..]), "REAL.ADF"),
        ("a.gz", Some(b"C:\\disks\\REAL.ADF"), "REAL.ADF"),
        ("a.gz", Some(b"\xDCbung.adf"), "Übung.adf"),
        ("a.gz", Some("Ü.adf".as_bytes()), "Ü.adf"),
    ];
    for (outer, stored, name) in table {
        let bytes = stored.map_or_else(|| gzip(b"x"), |stored| gzip_named(stored, b"x"));
        assert_eq!(open(outer, bytes).unwrap().files.first().unwrap().name(), name);
    }
}

#[test]
fn streams_one_after_the_other_are_one_file() {
    for (id, _, pack) in STREAMS {
        let bytes = [pack(&text(100)), pack(&text(3)), pack(&text(70))].concat();
        let unwrapped = open("a", bytes).unwrap();
        assert_eq!(contents(&unwrapped.files)[0].1, [text(100), text(3), text(70)].concat(), "{id}");
        assert!(unwrapped.findings.is_empty(), "{id}");
    }
}

#[test]
fn a_tail_is_named_and_left_out() {
    for (id, _, pack) in STREAMS {
        let packed = pack(&text(1000));
        let unwrapped = open("a", [&packed[..], b"tail"].concat()).unwrap();
        assert_eq!(contents(&unwrapped.files)[0].1, text(1000), "{id}");
        assert_eq!(codes(&unwrapped), [&FORMAT_TAIL], "{id}");
        let at = floptical_model::Span::file(packed.len() as u64, 4);
        assert_eq!(unwrapped.findings.iter().next().unwrap().at, at, "{id}");
    }
}

#[test]
fn padding_that_a_format_allows_is_no_tail() {
    let padded = [&xz(b"one")[..], &[0; 8], &xz(b"two")[..], &[0; 4]].concat();
    assert!(open("a", padded).unwrap().findings.is_empty());
    let skippable = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let frames = [&zstd(b"one")[..], &skippable, &zstd(b"two")[..], &skippable].concat();
    let unwrapped = open("a", frames).unwrap();
    assert_eq!(contents(&unwrapped.files)[0].1, b"onetwo");
    assert!(unwrapped.findings.is_empty());
}

#[test]
fn a_wrong_sum_keeps_the_data_and_the_members_after_it() {
    let mut first = gzip(&text(2000));
    let crc = first.len() - 8;
    first[crc] ^= 1;
    let unwrapped = open("a", [first, gzip(b"second")].concat()).unwrap();
    assert_eq!(contents(&unwrapped.files)[0].1, [text(2000), b"second".to_vec()].concat());
    assert_eq!(codes(&unwrapped), [&FORMAT_CHECKSUM]);

    let mut frame = packing::ZSTD_WITH_SUM.to_vec();
    *frame.last_mut().unwrap() ^= 1;
    let unwrapped = open("a", frame).unwrap();
    assert_eq!(contents(&unwrapped.files)[0].1, b"floptical\n");
    assert_eq!(codes(&unwrapped), [&FORMAT_CHECKSUM]);
    assert!(open("a", packing::ZSTD_WITH_SUM.to_vec()).unwrap().findings.is_empty());

    let mut block = xz(&text(2000));
    let check = block.len() - 24 - 1;
    block[check] ^= 1;
    let unwrapped = open("a", block).unwrap();
    assert_eq!(contents(&unwrapped.files)[0].1, text(2000));
    assert_eq!(codes(&unwrapped), [&FORMAT_CHECKSUM]);
}

#[test]
fn a_cut_file_gives_what_came_before_the_cut() {
    let noise = packing::noise(300_000);
    for (id, _, pack) in STREAMS {
        let packed = pack(&noise);
        let unwrapped = open("a", packed[..packed.len() / 2].to_vec()).unwrap();
        let got = &contents(&unwrapped.files)[0].1;
        assert!(!got.is_empty() && got[..] == noise[..got.len()], "{id}");
        assert_eq!(codes(&unwrapped), [&FORMAT_TRUNCATED], "{id}");
        let error = open("a", packed[..11].to_vec()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Truncated, "{id}");
        assert!(error.at.is_some() && error.what.starts_with(id), "{error}");
    }
}

#[test]
fn a_broken_stream_gives_what_came_before_the_break() {
    let noise = packing::noise(300_000);
    for (id, _, pack) in STREAMS {
        let mut packed = pack(&noise);
        let middle = packed.len() / 2;
        packed[middle..middle + 9000].fill(0xFF);
        let unwrapped = open("a", packed).unwrap();
        let got = &contents(&unwrapped.files)[0].1;
        let good = got.iter().zip(&noise).take_while(|(a, b)| a == b).count();
        assert!(good > 20_000, "{id}: {good} of {}", got.len());
        assert!([&FORMAT_TRUNCATED, &WRAP_CORRUPT, &FORMAT_CHECKSUM].contains(&codes(&unwrapped)[0]), "{id}");
    }
}

#[test]
fn a_short_broken_stream_gives_its_first_bytes_too() {
    for pack in [gzip, xz] {
        let data = packing::noise(2000);
        let packed = pack(&data);
        let unwrapped = open("a", packed[..1500].to_vec()).unwrap();
        let got = &contents(&unwrapped.files)[0].1;
        assert!(got.len() > 1200 && got[..] == data[..got.len()]);
    }
}

#[test]
fn wrappers_in_wrappers_are_all_taken_off() {
    let bytes = zip(&[Zipped::deflated("a/disk.img.xz", &xz(&gzip_named(b"disk.img", &text(400))))]);
    let unwrapped = open("x.zip", bytes).unwrap();
    assert_eq!(unwrapped.layers, ["zip", "xz", "gzip"]);
    assert_eq!(contents(&unwrapped.files), [("disk.img".into(), text(400))]);
}

#[test]
fn a_zip_gives_its_files_by_name() {
    let entries = [
        Zipped::deflated("set/track01.0.raw", &text(900)),
        Zipped::folder("set/"),
        Zipped::stored("set/track00.0.raw", b"stored"),
        Zipped::stored("readme", b"read me"),
    ];
    let unwrapped = open("set.zip", zip(&entries)).unwrap();
    let expected =
        [("readme", b"read me".to_vec()), ("set/track00.0.raw", b"stored".to_vec()), ("set/track01.0.raw", text(900))];
    assert_eq!(contents(&unwrapped.files), expected.map(|(name, bytes)| (name.to_owned(), bytes)));
    assert_eq!((unwrapped.layers, unwrapped.findings.count()), (vec!["zip"], 0));

    let names = |name: &str| member(&unwrapped.files, name).map(|set| set.refs().into_iter().map(|f| f.name).collect());
    let set = ["set/track00.0.raw".to_owned(), "set/track01.0.raw".to_owned()];
    assert_eq!(names("readme").unwrap(), ["readme".to_owned()]);
    assert_eq!(names("track01.0.raw").unwrap(), set[1..]);
    assert_eq!(names("set").unwrap(), set);
    assert_eq!(names("set/").unwrap(), set);
    let error: Result<Vec<String>, Error> = names("track02.0.raw");
    assert!(error.unwrap_err().what.contains("readme, set/track00.0.raw"));
}

#[test]
fn two_entries_of_one_name_are_both_kept_and_not_guessed_between() {
    let unwrapped = open("x.zip", zip(&[Zipped::stored("a", b"1"), Zipped::stored("a", b"2")])).unwrap();
    assert_eq!(unwrapped.files.files().len(), 2);
    assert_eq!(member(&unwrapped.files, "a").unwrap_err().kind, ErrorKind::Unknown);
}

#[test]
fn every_method_of_a_zip_that_is_known_is_read() {
    let data = text(3000);
    let packed =
        [(8, packing::deflate(&data)), (12, bzip2(&data)), (93, zstd(&data)), (95, xz(&data)), (0, data.clone())];
    for (method, bytes) in packed {
        let unwrapped = open("x.zip", zip(&[Zipped::packed("a", method, &bytes, &data)])).unwrap();
        assert_eq!(contents(&unwrapped.files), [("a".into(), data.clone())], "method {method}");
        assert!(unwrapped.findings.is_empty(), "method {method}: {:?}", unwrapped.findings);
    }
    let lzma = open("x.zip", zip(&[Zipped::packed("a", 14, packing::ZIP_LZMA, b"floptical\n")])).unwrap();
    assert_eq!(contents(&lzma.files), [("a".into(), b"floptical\n".to_vec())]);
}

#[test]
fn entries_that_cannot_be_had_are_named_and_left_out() {
    let entries = [
        Zipped { flags: 1, ..Zipped::stored("secret", b"xxxx") },
        Zipped { method: 6, ..Zipped::stored("imploded", b"xxxx") },
        Zipped { mode: 0o120_777, ..Zipped::stored("link", b"/etc/passwd") },
        Zipped::stored("plain", b"plain"),
    ];
    let unwrapped = open("x.zip", zip(&entries)).unwrap();
    assert_eq!(contents(&unwrapped.files), [("plain".into(), b"plain".to_vec())]);
    assert_eq!(codes(&unwrapped), [&WRAP_LEFT_OUT; 3]);
    let places: Vec<String> = unwrapped.findings.iter().map(|f| f.place.to_string()).collect();
    assert_eq!(places, ["secret", "imploded", "link"]);
    let error = open("x.zip", zip(&entries[..1])).unwrap_err();
    assert_eq!((error.kind, error.what.as_str()), (ErrorKind::Unsupported, "zip: the entry is encrypted"));
    assert_eq!(open("x.zip", zip(&[])).unwrap_err().kind, ErrorKind::Malformed);
}

#[test]
fn lies_of_a_zip_are_findings() {
    for make in [Zipped::stored, Zipped::deflated] {
        let honest = make("a", &text(500));
        let unwrapped = open("x.zip", zip(&[Zipped { crc: 1, ..honest.clone() }])).unwrap();
        assert_eq!(codes(&unwrapped), [&FORMAT_CHECKSUM]);
        let unwrapped = open("x.zip", zip(&[Zipped { unpacked: 501, ..honest }])).unwrap();
        assert_eq!(codes(&unwrapped), [&FORMAT_FIELDS_DIFFER]);
        assert_eq!(contents(&unwrapped.files), [("a".into(), text(500))]);
    }
    let tail = [&zip(&[Zipped::stored("a", b"x")])[..], b"garbage"].concat();
    assert_eq!(codes(&open("x.zip", tail).unwrap()), [&FORMAT_TAIL]);
}

#[test]
fn a_zip_without_its_directory_gives_what_local_headers_tell() {
    let whole = zip(&[Zipped::stored("a", b"first"), Zipped::deflated("b", &packing::noise(9000))]);
    let cut = whole[..whole.len() - 200].to_vec();
    let unwrapped = open("x.zip", cut).unwrap();
    assert_eq!(codes(&unwrapped), [&FORMAT_TRUNCATED; 2]);
    let files = contents(&unwrapped.files);
    assert_eq!(files[0], ("a".into(), b"first".to_vec()));
    assert!(!files[1].1.is_empty() && files[1].1[..] == packing::noise(9000)[..files[1].1.len()]);
}

#[test]
fn names_in_a_zip_are_read_in_their_character_set() {
    let table = [(&b"\x9Abung.img"[..], "Übung.img"), ("Ü.img".as_bytes(), "Ü.img"), (b"dir\\a.img", "dir/a.img")];
    for (raw, name) in table {
        let unwrapped = open("x.zip", zip(&[Zipped { name: raw.to_vec(), ..Zipped::stored("", b"x") }])).unwrap();
        assert_eq!(unwrapped.files.first().unwrap().name(), name);
    }
}

#[test]
fn bombs_end_at_the_budget() {
    let limits = Limits { allocation: 8 << 20, ..Limits::default() };
    let zeros = vec![0; 40 << 20];
    for (id, _, pack) in STREAMS {
        let bomb = pack(&zeros);
        let start = Instant::now();
        let error = unwrap(&Source::from_bytes("bomb", bomb.clone()), &Context::new(limits)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Limit, "{id}");
        let tight = Context::new(Limits { ratio: 2, ..Limits::default() });
        let error = unwrap(&Source::from_bytes("bomb", bomb), &tight).unwrap_err();
        assert!(error.kind == ErrorKind::Limit && error.what.contains("ratio"), "{id}: {error}");
        assert!(start.elapsed() < Duration::from_secs(10), "{id}");
    }
    let blank = vec![0; 2_949_120];
    for (id, _, pack) in STREAMS {
        assert!(open("blank disk", pack(&blank)).is_ok(), "{id}");
    }
}

#[test]
fn a_nest_of_wrappers_ends_at_the_depth() {
    let nest = (0..100).fold(b"core".to_vec(), |inner, _| gzip(&inner));
    let error = open("nest", nest).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit);
}

#[test]
fn entries_that_share_their_data_count_each_time() {
    let kernel = packing::deflate(&vec![0; 8 << 20]);
    let bomb = packing::overlapping(&kernel, &vec![0; 8 << 20], 1000);
    let start = Instant::now();
    assert_eq!(open("bomb.zip", bomb).unwrap_err().kind, ErrorKind::Limit);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_failing_source_is_an_error_of_the_system() {
    for (id, _, pack) in STREAMS {
        let source = Source::from_bytes("a", pack(&packing::noise(300_000)));
        let error = unwrap(&source.failing_after(2), &Context::default()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Io, "{id}");
    }
    let cancelled = Context::default();
    cancelled.cancel();
    let error = unwrap(&Source::from_bytes("a", gzip(b"x")), &cancelled).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
}

/// Small files of every wrapper.
fn samples() -> Vec<Vec<u8>> {
    let mut samples: Vec<Vec<u8>> = STREAMS.iter().map(|(_, _, pack)| pack(&text(120))).collect();
    samples.push(packing::ZSTD_WITH_SUM.to_vec());
    samples.push(gzip_named(b"name", &text(60)));
    samples.push(zip(&[Zipped::deflated("one", &text(90)), Zipped::stored("two", b"2")]));
    samples.push(zip(&[Zipped::packed("a", 14, packing::ZIP_LZMA, b"floptical\n")]));
    samples
}

/// Opening must end, and what it gives must be readable.
fn survive(bytes: Vec<u8>) {
    let context = Context::new(Limits { allocation: 1 << 22, ..Limits::default() });
    if let Ok(unwrapped) = unwrap(&Source::from_bytes("harmed", bytes), &context) {
        assert!(!unwrapped.files.files().is_empty());
        contents(&unwrapped.files);
    }
}

#[test]
fn every_cut_and_every_flipped_bit_is_survived() {
    for sample in samples() {
        (0..sample.len()).for_each(|len| survive(sample[..len].to_vec()));
        for bit in 0..sample.len() * 8 {
            let mut harmed = sample.clone();
            harmed[bit / 8] ^= 1 << (bit % 8);
            survive(harmed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_come_back_from_any_wrapper(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        for (id, _, pack) in STREAMS {
            let unwrapped = open("a", pack(&bytes)).unwrap();
            // What was packed may itself look like a wrapper; chance does not make one.
            prop_assert_eq!(unwrapped.layers, [id]);
            prop_assert_eq!(&contents(&unwrapped.files)[0].1, &bytes);
        }
    }

    #[test]
    fn any_bytes_behind_a_signature_are_survived(
        sample in 0usize..8,
        keep in 0usize..48,
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let samples = samples();
        let head = &samples[sample][..keep.min(samples[sample].len())];
        survive([head, &bytes[..]].concat());
    }
}
