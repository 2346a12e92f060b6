//! What the tests of every format do: read, fit, write, compare; and the
//! images of others, where the folder with them is present.
#![allow(dead_code, clippy::print_stdout, reason = "each test takes what it needs; a skipped one says so")]

use std::io::Read;
use std::path::{Path, PathBuf};

use floptical_formats::{Format, NotFitted, ReadOptions, Registry};
use floptical_io::{FileSet, Memory, Source};
use floptical_model::{
    Bits, Cells, Clock, Context, Edge, Floppy, Flux, Image, IndexMark, Known, Opaque, Reading, Track, TrackAt, TrackMap,
};

pub(crate) fn format(id: &str) -> &'static Format {
    Registry::default().by_id(id).expect("a row of the registry")
}

pub(crate) fn read_set(id: &str, set: &FileSet) -> floptical_model::Result<Image> {
    (format(id).read)(set, &ReadOptions::default(), &Context::default())
}

pub(crate) fn read(id: &str, bytes: &[u8]) -> floptical_model::Result<Image> {
    read_set(id, &Source::from_bytes("made", bytes.to_vec()).into())
}

pub(crate) fn fit(id: &str, image: &Image) -> Result<Image, NotFitted> {
    format(id).fit.expect("a format that is written")(image, &Context::default())
}

pub(crate) fn emit(id: &str, image: &Image) -> Memory {
    let mut out = Memory::new();
    format(id).emit.expect("a format that is written")(image, &mut out, &Context::default()).unwrap();
    out
}

/// The bytes of a format of one file.
pub(crate) fn emitted(id: &str, image: &Image) -> Vec<u8> {
    emit(id, image).files()[0].1.clone()
}

pub(crate) fn refusal(result: Result<Image, NotFitted>) -> floptical_model::Refusal {
    match result {
        Err(NotFitted::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn track(image: &Image, at: TrackAt) -> Track {
    image.as_floppy().unwrap().tracks.get(at, &Context::default()).unwrap().unwrap()
}

pub(crate) fn positions(image: &Image) -> Vec<TrackAt> {
    image.as_floppy().unwrap().tracks.positions().collect()
}

/// Codes of all findings of an image and its tracks.
pub(crate) fn codes(image: &Image) -> Vec<&'static str> {
    let own = image.findings.iter().map(|f| f.code.id);
    let of_tracks = positions(image).into_iter().flat_map(|at| {
        let findings = track(image, at).findings;
        findings.iter().map(|f| f.code.id).collect::<Vec<_>>()
    });
    own.chain(of_tracks).collect()
}

/// Both say the same: claims, opaque parts, drive, tracks.
pub(crate) fn assert_same(a: &Image, b: &Image) {
    let claims = |i: &Image| i.claims.iter().map(|c| (c.kind, c.raw.clone(), c.text.clone())).collect::<Vec<_>>();
    assert_eq!(claims(a), claims(b));
    let opaque = |i: &Image| {
        let key = |o: &Opaque| (o.name.clone(), o.place.clone(), o.bytes.to_vec());
        let mut all: Vec<_> = i.opaque.iter().map(key).collect();
        all.sort();
        all
    };
    assert_eq!(opaque(a), opaque(b));
    assert_eq!(a.as_floppy().unwrap().drive, b.as_floppy().unwrap().drive);
    assert_eq!(positions(a), positions(b));
    for at in positions(a) {
        let (a, b) = (track(a, at), track(b, at));
        assert_eq!(a.readings.len(), b.readings.len(), "{at}");
        for pair in a.readings.iter().zip(&b.readings) {
            match pair {
                (Reading::Flux(a), Reading::Flux(b)) => assert_eq!(a, b, "{at}"),
                (Reading::Cells(a), Reading::Cells(b)) => assert_eq!(a, b, "{at}"),
                (Reading::Sectors(a), Reading::Sectors(b)) => assert_eq!(a, b, "{at}"),
                other => panic!("other layers at {at}: {other:?}"),
            }
        }
    }
}

/// Fit, write, read: what comes back is what fitting promised. Gives the bytes.
pub(crate) fn assert_law(id: &str, image: &Image) -> Vec<u8> {
    let fitted = fit(id, image).unwrap();
    let bytes = emitted(id, &fitted);
    assert_same(&fitted, &read(id, &bytes).unwrap());
    bytes
}

/// Every cut and many changes of a file are read without a panic, and what
/// can be opened can be walked, fitted and written.
pub(crate) fn assert_survives(id: &str, bytes: &[u8], seed: u64) {
    let try_one = |bytes: &[u8]| {
        Registry::default().identify(&Source::from_bytes("made", bytes.to_vec()));
        let Ok(image) = read(id, bytes) else { return };
        let context = Context::default();
        let map = &image.as_floppy().unwrap().tracks;
        for at in map.positions() {
            let _ = map.get(at, &context);
            let _ = map.locate(at, 0, 0..1000, &context);
        }
        if let Ok(fitted) = fit(id, &image) {
            let _ = format(id).emit.unwrap()(&fitted, &mut Memory::new(), &context);
        }
    };
    let step = (bytes.len() / 300).max(1);
    (0..bytes.len()).step_by(step).chain(0..bytes.len().min(64)).for_each(|len| try_one(&bytes[..len]));
    let mut state = seed;
    for _ in 0..400 {
        let mut broken = bytes.to_vec();
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let within = if state >> 62 == 0 { bytes.len() } else { bytes.len().min(1100) };
            let at = (state >> 20) as usize % within;
            broken[at] = if state >> 61 & 1 == 0 { 0xFF } else { (state >> 8) as u8 };
        }
        try_one(&broken);
    }
}

/// A file of the collection.
pub(crate) struct Sample {
    pub(crate) path: String,
    pub(crate) format: String,
    pub(crate) bytes: Vec<u8>,
}

/// The folder of images made by others; says so when it is not there.
pub(crate) fn corpus() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let folder = std::env::var_os("FLOPTICAL_CORPUS").map_or_else(default, PathBuf::from);
    let present = folder.join("floppy/manifest.tsv").is_file();
    if !present {
        println!("skipped: no images of others at {}", folder.display());
    }
    present.then_some(folder)
}

pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

/// The files of the collection whose format `wanted` takes, unpacked from
/// gzip, one after the other.
pub(crate) fn samples(wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = Sample> {
    let folder = corpus();
    let list =
        folder.iter().map(|f| std::fs::read_to_string(f.join("floppy/manifest.tsv")).unwrap()).collect::<String>();
    let rows: Vec<(String, String)> = list
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[0].to_owned(), columns[6].to_owned())
        })
        .filter(|(_, format)| wanted(format))
        .collect();
    rows.into_iter().map(move |(path, format)| {
        let mut bytes = std::fs::read(folder.as_ref().unwrap().join("floppy").join(&path)).unwrap();
        while bytes.starts_with(&[0x1F, 0x8B]) {
            bytes = gunzip(&bytes);
        }
        Sample { path, format: format.trim_start_matches("gzip+").to_owned(), bytes }
    })
}

/// Index marks: tick, and the interval it came in.
pub(crate) fn marks(all: &[(u64, u32)]) -> Vec<IndexMark> {
    all.iter().map(|(tick, interval)| IndexMark { tick: *tick, interval: *interval }).collect()
}

/// A capture that starts and ends anywhere.
pub(crate) fn capture(clock: Clock, intervals: Vec<u32>, index: &[(u64, u32)]) -> Flux {
    Flux {
        clock,
        intervals: intervals.into(),
        index: marks(index),
        sector_marks: Vec::new(),
        start: Edge::Anywhere,
        end: Edge::Anywhere,
    }
}

/// A disk of flux.
pub(crate) fn disk(tracks: impl IntoIterator<Item = (TrackAt, Flux)>) -> Image {
    let tracks = tracks.into_iter().map(|(at, flux)| (at, Track::of(Reading::Flux(flux))));
    Image::floppy(Floppy { drive: Default::default(), layout: Known::Unrecorded, tracks: TrackMap::held(tracks) })
}

/// A disk of cells.
pub(crate) fn cell_disk(tracks: impl IntoIterator<Item = (u8, u8, Cells)>) -> Image {
    let tracks = tracks.into_iter().map(|(c, h, cells)| (TrackAt::new(c, h), Track::of(Reading::Cells(cells))));
    Image::floppy(Floppy { drive: Default::default(), layout: Known::Unrecorded, tracks: TrackMap::held(tracks) })
}

/// Cells that look like chance and are always the same.
pub(crate) fn pattern(seed: u64, len: usize) -> Bits {
    let mut bits = Bits::with_capacity(len);
    let mut state = seed | 1;
    for _ in 0..len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bits.push(state & 3 == 0);
    }
    bits
}
