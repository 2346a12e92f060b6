//! Converting: what is written, what is refused, what is kept beside it.

mod media;

use floptical::model::{ClaimKind, Context};
use floptical::{OpenOptions, open_bytes};
use media::{code, err, folder, line, names, out};

fn comment(path: &std::path::Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    let opened = open_bytes("disk.imd", &bytes, &OpenOptions::default(), &Context::default()).unwrap();
    opened.image.claim(ClaimKind::Comment).map(|c| c.raw.clone())
}

#[test]
fn nothing_is_written_over_without_force() {
    let folder = folder();
    let path = folder.path();
    std::fs::write(path.join("copy.img"), b"precious").unwrap();
    assert_eq!(code(&line(path, "convert plain.imd copy.img")), 2);
    assert_eq!(std::fs::read(path.join("copy.img")).unwrap(), b"precious");
    assert_eq!(code(&line(path, "convert plain.imd copy.img --force")), 0);
    assert_eq!(std::fs::read(path.join("copy.img")).unwrap().len(), 368_640);

    std::fs::write(path.join("new.img.floptical.yaml"), b"precious").unwrap();
    assert_eq!(code(&line(path, "convert plain.imd new.img --sidecar")), 2);
    assert!(!path.join("new.img").exists());
    assert_eq!(std::fs::read(path.join("new.img.floptical.yaml")).unwrap(), b"precious");
}

#[test]
fn a_refusal_leaves_nothing_and_acceptance_is_by_name() {
    let folder = folder();
    let path = folder.path();
    let before = names(path);
    let output = line(path, "convert harmed.imd harmed.img");
    assert_eq!((code(&output), names(path)), (3, before.clone()));
    let told = err(&output);
    let accept = told.lines().find_map(|l| l.trim().strip_prefix("--lose ")).unwrap().to_owned();
    for some in accept.split(',') {
        let args = format!("convert harmed.imd harmed.img --lose {some}");
        assert_eq!(code(&line(path, &args)), if accept == some { 0 } else { 3 }, "{some}");
    }
    assert_eq!(names(path), before);
    let output = line(path, &format!("convert harmed.imd harmed.img --lose {accept}"));
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("proved: harmed.img reads back as planned (368640 bytes"), "{}", out(&output));
}

#[test]
fn a_comment_kept_beside_a_file_comes_back_byte_for_byte() {
    let folder = folder();
    let path = folder.path();
    let original = comment(&path.join("harmed.imd"));
    assert_eq!(original.as_deref(), Some(media::COMMENT));
    let lost = "exists,data,mark,data-check,id";
    assert_eq!(code(&line(path, &format!("convert harmed.imd out.img --sidecar --lose {lost}"))), 0);
    assert_eq!(code(&line(path, "convert out.img back.imd")), 0);
    assert_eq!(comment(&path.join("back.imd")), original);

    // A sidecar belongs to bytes, not to a name.
    let mut bytes = std::fs::read(path.join("out.img")).unwrap();
    bytes[0] ^= 1;
    std::fs::write(path.join("out.img"), bytes).unwrap();
    let output = line(path, "convert out.img other.imd");
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).contains("belongs to other bytes"), "{}", err(&output));
    assert_ne!(comment(&path.join("other.imd")), original);
}

#[test]
fn an_image_goes_through_a_pipe() {
    let folder = folder();
    let output = line(folder.path(), "convert plain.imd - --to raw");
    assert_eq!((code(&output), output.stdout.len()), (0, 368_640), "{}", err(&output));
    assert!(err(&output).contains("proved: -"));
    assert_eq!(code(&line(folder.path(), "convert plain.imd - --to raw --sidecar")), 2);
}

#[test]
fn an_archive_is_written_and_read_back() {
    let folder = folder();
    let path = folder.path();
    let output = line(path, "convert harmed.imd harmed.imd.zip --to imd --sidecar");
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(code(&line(path, "compare harmed.imd harmed.imd.zip")), 0);
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing() {
    let folder = folder();
    let target = folder.path().join("out");
    std::fs::create_dir(&target).unwrap();
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" convert plain.imd out/copy.img";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_floptical")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 5, "{}", err(&output));
    assert_eq!(names(&target), Vec::<String>::new());
}

#[test]
fn other_formats_hold_the_same_data() {
    let folder = folder();
    let path = folder.path();
    for target in ["hfe", "scp"] {
        let output = line(path, &format!("convert box.img box.{target}"));
        assert_eq!(code(&output), 0, "{target}: {}", err(&output));
        assert!(out(&output).contains("720 sectors that nobody verified will read as good"), "{}", out(&output));
        assert_eq!(code(&line(path, &format!("convert box.{target} back-{target}.img"))), 0);
        let back = std::fs::read(path.join(format!("back-{target}.img"))).unwrap();
        assert!(back == media::box_img(), "{target}");
        let way = out(&line(path, &format!("explain box.{target} HELLO.TXT@5")));
        assert_eq!(way.lines().filter(|l| l.starts_with("byte ") && l.ends_with("+16")).count(), 1, "{way}");
    }
    let way = out(&line(path, "explain box.img HELLO.TXT@5"));
    assert!(way.ends_with("offset 6149 (0x1805), 1 bytes\n"), "{way}");
}

/// A flat image that only its length speaks for is converted, and said so.
#[test]
fn a_quick_look_says_what_it_left() {
    let folder = folder();
    let path = folder.path();
    assert_eq!(code(&line(path, "convert plain.imd plain.scp")), 0);
    let left = |args: &str| {
        let output = line(path, args);
        assert_eq!(code(&output), 0, "{}", err(&output));
        ["only the first revolution of", "was not held against the file"].map(|words| err(&output).contains(words))
    };
    assert_eq!(left("convert plain.scp whole.img"), [false, false]);
    assert_eq!(left("convert plain.scp quick.img --first-good"), [true, true]);
    assert_eq!(std::fs::read(path.join("quick.img")).unwrap(), std::fs::read(path.join("whole.img")).unwrap());
    assert_eq!(code(&line(path, "convert plain.scp other.scp --first-good")), 4);
}

#[test]
fn a_guess_by_length_is_said() {
    let folder = folder();
    let path = folder.path();
    std::fs::write(path.join("blank.img"), vec![0xF6; 163_840]).unwrap();
    let words = "read as pc-160 (PC 160 KB): only the length says so";
    assert!(out(&line(path, "plan blank.img --to imd")).contains(words));
    assert!(out(&line(path, "plan blank.img --to imd --json")).contains(r#""guessed_layout":"pc-160 (PC 160 KB)""#));
    assert!(!out(&line(path, "plan plain.imd --to raw")).contains("only the length"));
}

#[test]
fn an_emulator_chooses_format_and_name() {
    let folder = folder();
    let path = folder.path();
    std::fs::create_dir(path.join("out")).unwrap();
    let output = line(path, "convert plain.imd out --for qemu");
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("format=raw,file=out/plain.img -boot a"), "{}", out(&output));
    assert_eq!(std::fs::read(path.join("out/plain.img")).unwrap().len(), 368_640);
    assert_eq!(code(&line(path, "convert plain.imd out --for qemu")), 2, "it is there already");

    let output = line(path, "convert plain.imd out/disk.ima --for qemu");
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("QEMU takes raw in files called .img"), "{}", err(&output));
    let output = line(path, "convert plain.imd out --for openmsx");
    assert_eq!(code(&output), 3);
    assert!(err(&output).contains("openMSX reads nothing that carries this disk"), "{}", err(&output));
    assert_eq!(names(&path.join("out")), ["plain.img"]);
    assert_eq!(code(&line(path, "plan harmed.imd --for qemu")), 3);
    assert_eq!(code(&line(path, "plan harmed.imd --for 86box")), 0);
    assert_eq!(code(&line(path, "plan harmed.imd")), 2);
    assert_eq!(code(&line(path, "plan harmed.imd --for qemu --to raw")), 2);
}
