//! Cue sheets: what they say, what is refused, and that both come back.

mod suite;

use floptical_formats::Registry;
use floptical_io::{FileSet, ReadAt, Source};
use floptical_iso::cd::{RAW, Shape, encode};
use floptical_model::{
    Carrier, Control, ErrorKind, Fact, Held, Image, Known, Lba, Place, SectorForm, Span, TextKind, TrackMode,
};
use proptest::prelude::*;
use suite::{emit, fit, format, read_set, refusal};

fn codes_of(image: &Image) -> Vec<&'static str> {
    image.findings.iter().map(|f| f.code.id).collect()
}

fn set(sheet: impl AsRef<[u8]>, files: &[(&str, usize)]) -> FileSet {
    let file = |(name, len): &(&str, usize)| Source::from_bytes(*name, vec![7u8; *len]);
    let sheet = Source::from_bytes("a.cue", sheet.as_ref());
    FileSet::new(files.iter().map(file).chain([sheet]))
}

fn read(sheet: impl AsRef<[u8]>, files: &[(&str, usize)]) -> floptical_model::Result<Image> {
    read_set("cue", &set(sheet, files))
}

/// Tracks as number, first sector, index 1, and the sector behind the last.
fn laid(image: &Image) -> Vec<(u8, i32, i32, i32)> {
    let disc = image.as_optical().expect("a disc");
    disc.tracks.iter().map(|t| (t.number, t.start().0, t.begin().0, t.end().0)).collect()
}

/// The text of the sheet that is written.
fn sheet(image: &Image) -> String {
    String::from_utf8(emit("cue", &fit("cue", image).unwrap()).files()[0].1.clone()).unwrap()
}

#[test]
fn tracks_follow_each_other_with_the_gaps_that_are_named() {
    let text = "FILE a.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n\
                FILE b.bin BINARY\nTRACK 02 AUDIO\nPREGAP 00:02:00\nINDEX 01 00:00:00\n\
                TRACK 3 AUDIO\nINDEX 00 00:00:05\nINDEX 01 00:00:07\nINDEX 02 00:00:08\nPOSTGAP 00:00:03\n\
                TRACK 04 AUDIO\nINDEX 01 00:00:10\n";
    let image = read(text, &[("a.bin", 10 * RAW), ("b.bin", 12 * RAW)]).unwrap();
    assert_eq!(laid(&image), [(1, 0, 0, 10), (2, 10, 160, 165), (3, 165, 167, 173), (4, 173, 173, 175)]);
    let disc = image.as_optical().unwrap();
    assert_eq!(disc.tracks[1].made_gaps(), (150, 0));
    assert_eq!(disc.tracks[2].made_gaps(), (0, 3));
    assert_eq!(disc.tracks[3].runs[0].span(Lba(174)), Span::File { file: 2, start: 11 * 2352, len: 2352 });
    assert_eq!(sheet(&image).lines().count(), text.lines().count());
}

/// A gap at the end of the file before, as some programs write it.
#[test]
fn a_track_may_begin_in_the_file_before() {
    let text = "FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 00:00:08\n\
                FILE b.bin BINARY\nINDEX 01 00:00:00\n";
    let image = read(text, &[("a.bin", 10 * RAW), ("b.bin", 4 * RAW)]).unwrap();
    assert_eq!(laid(&image), [(1, 0, 0, 8), (2, 8, 10, 14)]);
    let again = sheet(&image);
    let points: Vec<&str> = again.lines().map(str::trim).filter(|l| !l.starts_with("TRACK")).collect();
    assert_eq!(
        points,
        [
            "FILE \"a.bin\" BINARY",
            "INDEX 01 00:00:00",
            "INDEX 00 00:00:08",
            "FILE \"b.bin\" BINARY",
            "INDEX 01 00:00:00"
        ]
    );
}

#[test]
fn what_lies_before_the_first_point_belongs_to_its_track() {
    let image = read("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:03\n", &[("a.bin", 5 * RAW)]).unwrap();
    assert_eq!(laid(&image), [(1, 0, 3, 5)]);
}

/// Every disc has two seconds before address 0.
#[test]
fn a_pregap_of_the_first_track_shifts_by_what_goes_beyond_two_seconds() {
    for (pregap, start, begin) in [("00:02:00", -150, 0), ("00:01:00", -75, 0), ("00:03:00", -150, 75)] {
        let text = format!("FILE a.bin BINARY\nTRACK 01 AUDIO\nPREGAP {pregap}\nINDEX 01 00:00:00\n");
        let image = read(&text, &[("a.bin", RAW)]).unwrap();
        assert_eq!(laid(&image), [(1, start, begin, begin + 1)], "{pregap}");
        assert!(sheet(&image).contains(&format!("PREGAP {pregap}")));
    }
}

#[test]
fn every_mode_has_its_size_and_comes_back() {
    for (word, mode, form) in [
        ("AUDIO", TrackMode::Audio, SectorForm::Audio),
        ("CDG", TrackMode::Audio, SectorForm::AudioSub),
        ("MODE1/2048", TrackMode::Mode1, SectorForm::User),
        ("MODE1/2352", TrackMode::Mode1, SectorForm::Raw),
        ("MODE2/2048", TrackMode::Mode2, SectorForm::User),
        ("MODE2/2324", TrackMode::Mode2, SectorForm::Form2),
        ("MODE2/2336", TrackMode::Mode2, SectorForm::Mode2),
        ("MODE2/2352", TrackMode::Mode2, SectorForm::Raw),
        ("CDI/2336", TrackMode::CdI, SectorForm::Mode2),
        ("CDI/2352", TrackMode::CdI, SectorForm::Raw),
    ] {
        let text = format!("file \"A.BIN\" binary\n track 07 {}\n index 1 0:0:0", word.to_lowercase());
        let image = read(&text, &[("a.bin", 3 * usize::from(form.size()))]).unwrap();
        let track = &image.as_optical().unwrap().tracks[0];
        assert_eq!((track.mode, track.runs[0].form, track.sectors()), (Known::Value(mode), form, 3), "{word}");
        assert_eq!(
            sheet(&image),
            format!("FILE \"a.bin\" BINARY\n  TRACK 07 {word}\n    INDEX 01 00:00:00\n"),
            "the file that is there is named"
        );
        assert_eq!(codes_of(&image), ["cue.file-name"]);
    }
}

#[test]
fn words_about_disc_and_tracks_are_kept() {
    let text = "REM COMMENT \"x\"\nCATALOG 0123456789012\nTITLE A \"good\" disc\nFILE a.bin BINARY\nTRACK 01 AUDIO\n\
                FLAGS PRE DCP 4CH SCMS NEW\nISRC ABCDE1234567\nPERFORMER \"P\"\nREM SESSION 02\nREM LEAD-OUT 09:00:00\n\
                FROB 1 2\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:00:01\n";
    let image = read(text, &[("a.bin", 2 * RAW)]).unwrap();
    let disc = image.as_optical().unwrap();
    assert_eq!(disc.catalog.as_deref(), Some(&b"0123456789012"[..]));
    assert_eq!(&*disc.text[0].raw, b"A \"good\" disc");
    let track = &disc.tracks[0];
    let all = Control::PRE_EMPHASIS | Control::COPY | Control::FOUR_CHANNELS | Control::SCMS;
    assert_eq!(track.control, Known::Value(all));
    assert_eq!(track.isrc.as_deref(), Some(&b"ABCDE1234567"[..]));
    assert_eq!((track.text[0].kind, &*track.text[0].raw), (TextKind::Performer, &b"P"[..]));
    assert_eq!(track.session, Known::Unrecorded);
    assert_eq!(disc.tracks[1].session, Known::Value(2));
    let kept: Vec<(&Place, &[u8])> = image.opaque.iter().map(|o| (&o.place, &*o.bytes)).collect();
    let (whole, one) = (Place::Whole, Place::CdTrack(1));
    assert_eq!(
        kept,
        [
            (&whole, &b"REM COMMENT \"x\""[..]),
            (&one, b"FLAGS NEW"),
            (&one, b"REM LEAD-OUT 09:00:00"),
            (&one, b"FROB 1 2")
        ]
    );
    assert_eq!(codes_of(&image), ["format.odd-value", "format.odd-value"]);
    let again = read_set("cue", &emit("cue", &fit("cue", &image).unwrap()).into_set("")).unwrap();
    let (before, after) = (image.as_optical().unwrap(), again.as_optical().unwrap());
    assert_eq!((&before.catalog, before.text[0].raw.clone()), (&after.catalog, after.text[0].raw.clone()));
    assert_eq!(after.tracks[1].session, Known::Value(2));
    assert_eq!(again.opaque.len(), image.opaque.len());
}

#[test]
fn a_sheet_reads_alike_in_any_dress() {
    let plain = "FILE \"a.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n";
    let utf16 = |unit: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        mark.into_iter().chain(plain.encode_utf16().flat_map(unit)).collect::<Vec<u8>>()
    };
    let dresses = [
        plain.into(),
        plain.replace('\n', "\r\n").into_bytes(),
        plain.replace('\n', "\r").into_bytes(),
        [b"\xEF\xBB\xBF", plain.as_bytes()].concat(),
        utf16(u16::to_le_bytes, [0xFF, 0xFE]),
        utf16(u16::to_be_bytes, [0xFE, 0xFF]),
        plain.replace("\"a.bin\"", "a.bin").into_bytes(),
        plain.replace('\n', " \t\n\n").into_bytes(),
    ];
    for dress in dresses {
        let image = read(&dress, &[("a.bin", RAW)]).unwrap();
        assert_eq!(sheet(&image), "FILE \"a.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n");
        assert_eq!(codes_of(&image), [""; 0]);
        let answers = Registry::default().identify(&Source::from_bytes("x", dress));
        assert_eq!(answers[0].format.id, "cue");
    }
}

/// Each of these is one line too much, too little, or not true.
#[test]
fn what_cannot_be_laid_out_is_an_error_with_its_line() {
    let good = "FILE \"a.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n";
    let files = [("a.bin", 4 * RAW)];
    assert!(read(good, &files).is_ok());
    for (from, to) in [
        ("\"a.bin\"", "\"/etc/passwd\""),
        ("\"a.bin\"", "\"../b.bin\""),
        ("\"a.bin\"", "\"a.cue\""),
        ("\"a.bin\"", "\"a.bin"),
        ("\"a.bin\"", "\"a\0.bin\""),
        ("a.bin\" BINARY", "a.bin\""),
        ("BINARY", "MOTORCYCLE"),
        ("FILE \"a.bin\" BINARY\n", ""),
        ("FILE \"a.bin\" BINARY\n", "FILE \"a.bin\" BINARY\nFILE \"a.bin\" BINARY\n"),
        ("TRACK 01", "TRACK 00"),
        ("TRACK 01", "TRACK 100"),
        ("TRACK 01", "TRACK -1"),
        ("AUDIO", "MODE9/9999"),
        ("AUDIO", ""),
        ("INDEX 01 00:00:00\n", "POSTGAP 00:00:01\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n"),
        ("INDEX 01 00:00:00\n", "INDEX 01 00:00:00\nTRACK 01 AUDIO\nINDEX 01 00:00:01\n"),
        ("INDEX 01 00:00:00\n", "INDEX 01 00:00:03\nINDEX 02 00:00:02\n"),
        ("INDEX 01 00:00:00\n", "INDEX 01 00:00:00\nINDEX 01 00:00:01\n"),
        ("00:00:00", "00:00:05"),
        ("00:00:00", "00:00:75"),
        ("00:00:00", "00:60:00"),
        ("00:00:00", "100:00:00"),
        ("00:00:00", "-1:00:00"),
        ("00:00:00", "00:00"),
        ("00:00:00", "00:00:00:00"),
        ("00:00:00", "99999999999999999999:00:00"),
        ("INDEX", "PREGAP 99999999:59:74\nINDEX"),
    ] {
        let text = good.replace(from, to);
        let error = read(&text, &files).expect_err(&text);
        assert!(error.at.is_some(), "{text}: {error}");
        assert!(matches!(error.kind, ErrorKind::Malformed | ErrorKind::Truncated), "{text}: {error}");
    }
    for kind in ["MP3", "AIFF", "FLAC"] {
        let error = read(good.replace("BINARY", kind), &files).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported);
        assert!(error.what.contains(kind) && error.what.contains("a.bin"), "{error}");
    }
}

#[test]
fn a_wave_file_gives_its_samples_and_keeps_the_rest() {
    let wave = |rate: u32| {
        let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x01\0\x02\0".to_vec();
        bytes.extend(rate.to_le_bytes());
        bytes.extend([0, 0, 0, 0, 4, 0, 16, 0]);
        bytes.extend(b"data");
        bytes.extend((2 * RAW as u32).to_le_bytes());
        bytes.resize(bytes.len() + 2 * RAW, 1);
        bytes.extend(b"tail\0\0\0\0");
        bytes
    };
    let text = "FILE a.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n";
    let set = |bytes: Vec<u8>| {
        FileSet::new([Source::from_bytes("a.cue", text.as_bytes()), Source::from_bytes("a.wav", bytes)])
    };
    let image = read_set("cue", &set(wave(44_100))).unwrap();
    assert_eq!(laid(&image), [(1, 0, 0, 2)]);
    let written = emit("cue", &fit("cue", &image).unwrap());
    assert!(written.files()[0].1.starts_with(b"FILE \"a.wav\" WAVE\n"));
    assert_eq!(written.files()[1], ("a.wav".to_owned(), wave(44_100)));
    assert_eq!(read_set("cue", &set(wave(48_000))).unwrap_err().kind, ErrorKind::Unsupported);
    assert!(read_set("cue", &set(vec![0; RAW])).unwrap_err().at.is_some());
}

#[test]
fn sectors_without_a_sheet_are_one_track() {
    let mut sectors = Vec::new();
    for lba in 0..3 {
        let mut sector = [0; RAW];
        encode(Shape::Mode1, Lba(lba), &mut sector);
        sectors.extend(sector);
    }
    let source = Source::from_bytes("track.bin", sectors.clone());
    assert_eq!(Registry::default().identify(&source)[0].format.id, "cue");
    let image = read_set("cue", &source.into()).unwrap();
    assert_eq!(laid(&image), [(1, 0, 0, 3)]);
    assert_eq!(codes_of(&image), ["cue.no-sheet"]);
    assert_eq!(sheet(&image), "FILE \"track.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n");
    sectors[15] = 0;
    assert!(read_set("cue", &Source::from_bytes("track.bin", sectors).into()).unwrap_err().at.is_some());
}

/// What a sector of mode 1 is made of, held against the codec.
#[test]
fn a_plain_image_becomes_whole_sectors_in_one_file() {
    let bytes: Vec<u8> = (0..5 * 2048u32).map(|n| (n.wrapping_mul(31) >> 5) as u8).collect();
    let plain = suite::read("iso", &bytes).unwrap();
    let written = emit("cue", &fit("cue", &plain).unwrap());
    let [(sheet, text), (bin, sectors)] = written.files() else { panic!("two files") };
    assert_eq!((sheet.as_str(), bin.as_str()), ("disc.cue", "disc.bin"));
    assert_eq!(
        std::str::from_utf8(text).unwrap(),
        "FILE \"disc.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n"
    );
    for ((sector, user), lba) in sectors.chunks_exact(RAW).zip(bytes.chunks_exact(2048)).zip(0..) {
        let mut made = [0; RAW];
        made[16..2064].copy_from_slice(user);
        encode(Shape::Mode1, Lba(lba), &mut made);
        assert!(made == sector, "sector {lba}");
    }
    let back = fit("iso", &read_set("cue", &written.into_set("")).unwrap()).unwrap();
    assert_eq!(suite::emitted("iso", &back), bytes);
}

#[test]
fn a_plain_image_is_not_made_of_every_disc() {
    let file = "FILE a.bin BINARY\n";
    let data = |number: u8, at: u8| format!("TRACK {number:02} MODE1/2048\nINDEX 01 00:00:{at:02}\n");
    let files = [("a.bin", 10 * 2048)];
    let to_iso = |text: String, files: &[(&str, usize)]| fit("iso", &read(text, files).unwrap());
    assert!(to_iso(format!("{file}{}", data(1, 0)), &files).is_ok());
    let two = refusal(to_iso(format!("{file}{}{}", data(1, 0), data(2, 5)), &files));
    assert_eq!((two.fact, two.place), (Fact::Exists, Place::CdTrack(2)));
    let late = refusal(to_iso(format!("{file}TRACK 01 MODE1/2048\nINDEX 01 00:00:02\n"), &files));
    assert_eq!(late.place, Place::CdTrack(1));
    let sound = refusal(to_iso(format!("{file}TRACK 01 AUDIO\nINDEX 01 00:00:00\n"), &files));
    assert_eq!(sound.fact, Fact::Exists);
    // Sevens everywhere: two copies of a sub-header of form 1.
    let form_2 = "FILE a.bin BINARY\nTRACK 01 MODE2/2324\nINDEX 01 00:00:00\n";
    let form_2 = refusal(to_iso(form_2.into(), &[("a.bin", 4 * 2324)]));
    assert_eq!(form_2.place, Place::Sectors { track: 1, start: Lba(0), count: 1 });
    let mixed = format!("{file}{}TRACK 02 AUDIO\nINDEX 01 00:00:02\n", data(1, 0));
    let fitted = to_iso(mixed, &[("a.bin", 2 * 2048 + 3 * RAW)]).unwrap();
    assert_eq!(suite::emitted("iso", &fitted), [7u8; 2 * 2048]);
}

/// Many bytes that take no memory.
struct Zeros(u64);

impl ReadAt for Zeros {
    fn len(&self) -> u64 {
        self.0
    }

    fn read_at(&self, _: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        buffer.fill(0);
        Ok(())
    }
}

#[test]
fn nothing_but_a_disc_becomes_a_sheet() {
    let floppy = suite::read("raw", &[0; 163_840]).unwrap();
    assert_eq!(refusal(fit("cue", &floppy)).fact, Fact::Exists);
    let dvd = read_set("iso", &Source::new("dvd.iso", Zeros(2048 * 450_000)).into()).unwrap();
    assert!(matches!(&dvd.carrier, Carrier::Optical(disc) if disc.tracks[0].mode == Known::Unrecorded));
    assert_eq!(refusal(fit("cue", &dvd)).fact, Fact::TrackMode);
}

proptest! {
    /// Any disc that a sheet can speak of comes back as it was laid out.
    #[test]
    fn what_is_written_is_laid_out_the_same(
        tracks in prop::collection::vec((0..4usize, 1..6u32, 0..4u32, 0..3u32, 0..200u32, 0..90u32, any::<bool>()), 1..8),
    ) {
        const WORDS: [(&str, usize); 4] = [("AUDIO", 2352), ("MODE1/2352", 2352), ("MODE1/2048", 2048), ("MODE2/2336", 2336)];
        let (mut text, mut files, mut sector) = (String::new(), Vec::<(String, usize)>::new(), 0);
        for (n, (mode, len, held, more, before, behind, new_file)) in tracks.into_iter().enumerate() {
            let (word, size) = WORDS[mode];
            if new_file || files.is_empty() {
                files.push((format!("f{n}.bin"), 0));
                text += &format!("FILE \"f{n}.bin\" BINARY\n");
                sector = 0;
            }
            text += &format!("TRACK {:02} {word}\n", n + 1);
            if before > 0 { text += &format!("PREGAP 00:{:02}:{:02}\n", before / 75, before % 75); }
            if held > 0 { text += &format!("INDEX 00 00:00:{sector:02}\n"); }
            text += &format!("INDEX 01 00:00:{:02}\n", sector + held);
            if more > 0 { text += &format!("INDEX 02 00:00:{:02}\n", sector + held + len.min(more)); }
            if behind > 0 { text += &format!("POSTGAP 00:{:02}:{:02}\n", behind / 75, behind % 75); }
            sector += held + len;
            files.last_mut().unwrap().1 += (held + len) as usize * size;
        }
        let named: Vec<(&str, usize)> = files.iter().map(|(name, len)| (name.as_str(), *len)).collect();
        let image = read(&text, &named).unwrap();
        let written = emit("cue", &fit("cue", &image).unwrap()).into_set("");
        let again = (format("cue").read)(&written, &Default::default(), &Default::default()).unwrap();
        let (before, after) = (image.as_optical().unwrap(), again.as_optical().unwrap());
        prop_assert_eq!(&before.tracks, &after.tracks);
        prop_assert!(before.tracks.iter().flat_map(|t| &t.runs).any(|run| run.held != Held::Made));
    }
}
