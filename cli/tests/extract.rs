//! Files out of an image.

mod media;

use media::{code, err, folder, line, names, out};

#[test]
fn files_come_out_whole_with_their_metadata() {
    let folder = folder();
    let path = folder.path();
    let output = line(path, "extract box.img --to files");
    assert_eq!(code(&output), 0, "{}", err(&output));
    let files = path.join("files");
    assert_eq!(std::fs::read(files.join("HELLO.TXT")).unwrap(), vec![b'h'; 600]);
    assert_eq!(std::fs::read(files.join("SUB/DEEP.BIN")).unwrap(), b"deep!");
    let kept = std::fs::read_to_string(files.join("box.img.files.floptical.yaml")).unwrap();
    assert!(kept.starts_with("schema: floptical/files/0\n"), "{kept}");
    assert!(kept.contains("saved_as: HELLO.TXT") && kept.contains("modified"), "{kept}");
}

#[test]
fn hostile_names_stay_inside_and_silent() {
    let folder = folder();
    let path = folder.path();
    let before = names(path);
    for verb in ["ls --deleted box.img", "extract --deleted box.img --to in/files", "ls --json box.img"] {
        let output = line(path, verb);
        assert!(code(&output) < 2, "{verb}: {}", err(&output));
        let told = out(&output) + &err(&output);
        assert!(!told.contains(['\x1b', '\x07']), "{verb}: {told:?}");
    }
    let after: Vec<String> = names(path).into_iter().filter(|n| !before.contains(n)).collect();
    assert_eq!(after, ["in"]);
    assert_eq!(names(&path.join("in")), ["files"]);
    let inside = names(&path.join("in/files"));
    assert!(inside.contains(&"HELLO.TXT".to_owned()), "{inside:?}");
    assert!(inside.contains(&"_CON.TXT".to_owned()), "{inside:?}");
    assert!(!inside.iter().any(|n| n.chars().any(char::is_control)), "{inside:?}");
}

#[test]
fn existing_files_stay_without_force() {
    let folder = folder();
    let path = folder.path();
    std::fs::create_dir(path.join("files")).unwrap();
    std::fs::write(path.join("files/HELLO.TXT"), b"precious").unwrap();
    assert_eq!(code(&line(path, "extract box.img HELLO.TXT --to files")), 2);
    assert_eq!(std::fs::read(path.join("files/HELLO.TXT")).unwrap(), b"precious");
    assert_eq!(code(&line(path, "extract box.img HELLO.TXT --to files --force")), 0);
    assert_eq!(std::fs::read(path.join("files/HELLO.TXT")).unwrap().len(), 600);
    assert_eq!(code(&line(path, "extract box.img SUB --to files")), 0);
    let kept = names(&path.join("files")).into_iter().filter(|n| n.ends_with(".yaml")).count();
    assert_eq!(kept, 2);
}

#[test]
fn a_file_on_a_bad_sector_is_said_to_be() {
    let folder = folder();
    let path = folder.path();
    let disk = media::box_img();
    // The same disk as an ImageDisk file, with a bad check on the first sector
    // of HELLO.TXT: block 12, the fourth sector of the second track.
    let mut file = b"IMD 1.18\r\n\x1A".to_vec();
    for (track, bytes) in disk.chunks(9 * 512).enumerate() {
        file.extend([5, (track / 2) as u8, (track % 2) as u8, 9, 2]);
        file.extend(1..=9);
        for (i, sector) in bytes.chunks(512).enumerate() {
            file.push(if (track, i) == (1, 3) { 5 } else { 1 });
            file.extend(sector);
        }
    }
    std::fs::write(path.join("bad.imd"), file).unwrap();
    let output = line(path, "extract bad.imd HELLO.TXT --to files");
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(out(&output).contains("HELLO.TXT: lies on sectors that are bad-check"), "{}", out(&output));
    assert_eq!(code(&line(path, "extract bad.imd SUB --to other")), 0);
}
