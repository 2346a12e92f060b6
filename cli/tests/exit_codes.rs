//! Exit codes and streams.

mod media;

use std::io::Read;
use std::process::Stdio;

use media::{code, err, floptical, folder, line, names, out};

#[test]
fn exit_codes_say_what_happened() {
    let folder = folder();
    let path = folder.path();
    let table = [
        ("identify plain.imd box.img box.img.gz", 0),
        ("identify .", 0),
        ("identify text.txt", 4),
        ("identify nowhere.imd", 4),
        ("identify", 2),
        ("identify --nonsense plain.imd", 2),
        ("", 2),
        ("nonsense", 2),
        ("--help", 0),
        ("--version", 0),
        ("info harmed.imd", 0),
        ("info text.txt", 4),
        ("info box.img.gz", 0),
        ("sectors harmed.imd", 0),
        ("sectors --bad harmed.imd", 1),
        ("sectors --bad plain.imd", 0),
        ("sectors --track 99.9 plain.imd", 0),
        ("sectors --track x plain.imd", 2),
        ("ls box.img", 0),
        ("ls box.img nowhere", 4),
        ("ls plain.imd", 4),
        ("check plain.imd", 0),
        ("check harmed.imd", 1),
        ("check plain.imd harmed.imd text.txt", 4),
        ("check .", 1),
        ("hash plain.imd", 0),
        ("hash text.txt", 4),
        ("compare plain.imd plain.imd", 0),
        ("compare plain.imd harmed.imd", 1),
        ("compare box.img box.img.gz", 0),
        ("compare plain.imd nowhere", 4),
        ("explain harmed.imd 0.0.1", 0),
        ("explain harmed.imd 0.0#0", 0),
        ("explain box.img HELLO.TXT@599", 0),
        ("explain box.img HELLO.TXT@600", 4),
        ("explain harmed.imd 0.0.99", 4),
        ("plan plain.imd --to raw", 0),
        ("plan harmed.imd --to raw", 3),
        ("plan harmed.imd --to nonsense", 2),
        ("plan harmed.imd --to raw --lose nonsense", 2),
        ("convert harmed.imd refused.img", 3),
        ("convert harmed.imd nowhere/at/all.imd", 5),
        ("convert plain.imd what", 2),
        ("convert plain.imd box.img", 2),
        ("formats", 0),
        ("completions bash", 0),
        ("man", 0),
        ("man convert", 0),
        ("man nonsense", 2),
        ("identify --json-schema", 0),
        ("man --json-schema", 2),
    ];
    for (args, expected) in table {
        let output = line(path, args);
        assert_eq!(code(&output), expected, "{args}\n{}", err(&output));
        assert!(!err(&output).contains("panicked"), "{args}");
        assert_eq!(
            expected == 0 || expected == 1,
            !err(&output).contains("floptical: ") && code(&output) < 2,
            "{args}"
        );
    }
    assert!(!names(path).iter().any(|n| n.contains("refused") || n.contains(".part")), "{:?}", names(path));
}

#[test]
fn errors_name_the_input_and_what_can_be_done() {
    let folder = folder();
    let told = err(&line(folder.path(), "plan harmed.imd --to raw"));
    assert!(told.contains("content would be lost: "), "{told}");
    assert!(told.contains("--lose "), "{told}");
    assert!(told.contains("0.1.4") && told.contains("data-check"), "{told}");
    let told = err(&line(folder.path(), "info text.txt"));
    assert!(told.starts_with("floptical: text.txt: "), "{told}");
    let told = err(&line(folder.path(), "info nowhere.imd"));
    assert!(told.contains("nowhere.imd") && told.lines().count() == 1, "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_a_broken_pipe_is_not() {
    let folder = folder();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = floptical(folder.path()).args(["sectors", "plain.imd"]).stdout(full).output().unwrap();
    assert_eq!(code(&output), 5);
    assert!(err(&output).contains("the results cannot be written"), "{}", err(&output));

    let mut child = floptical(folder.path())
        .args(["sectors", "plain.imd"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!((child.wait().unwrap().code(), told.as_str()), (Some(5), ""));
}

#[test]
fn output_is_the_same_with_any_number_of_jobs() {
    let folder = folder();
    for verb in ["identify", "check", "hash"] {
        let with = |jobs: &str| {
            let output = media::run(folder.path(), [verb, ".", "--jobs", jobs, "--json"]);
            (code(&output), out(&output), err(&output))
        };
        let alone = with("1");
        assert!(alone.1.lines().count() >= 4, "{verb}");
        assert_eq!(alone, with("7"), "{verb}");
    }
}

#[test]
fn colours_come_when_they_are_asked_for() {
    let folder = folder();
    let has_escape = |args: &str| out(&line(folder.path(), args)).contains('\x1b');
    assert!(has_escape("check harmed.imd --color always"));
    assert!(!has_escape("check harmed.imd --color never"));
    assert!(!has_escape("check harmed.imd"));
}

#[test]
fn inputs_come_from_stdin_and_out_of_archives() {
    let folder = folder();
    let path = folder.path();
    let input = std::fs::File::open(path.join("plain.imd")).unwrap();
    let output = floptical(path).args(["check", "-"]).stdin(input).output().unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));

    let plain = std::fs::read(path.join("plain.imd")).unwrap();
    let harmed = std::fs::read(path.join("harmed.imd")).unwrap();
    let both = media::zip(&[("a/plain.imd", &plain), ("b.imd", &harmed), ("readme", b"no disk")]);
    std::fs::write(path.join("both.zip"), both).unwrap();
    assert_eq!(code(&line(path, "check both.zip!a/plain.imd")), 0);
    assert_eq!(code(&line(path, "check both.zip!b.imd")), 1);
    let told = line(path, "check both.zip");
    assert_eq!(code(&told), 4);
    assert!(err(&told).contains("b.imd"), "{}", err(&told));
    assert_eq!(code(&line(path, "check both.zip!nothing")), 4);
    let listed = out(&line(path, "identify both.zip"));
    assert!(listed.contains("both.zip!a/plain.imd (in zip): imd"), "{listed}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing_half_written() {
    let folder = folder();
    let target = folder.path().join("out");
    std::fs::create_dir(&target).unwrap();
    let mut child = floptical(folder.path())
        .args(["convert", "plain.imd", "out/copy.scp"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = || names(&target).iter().any(|n| n.contains(".part"));
    while !begun() {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    let signalled = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(names(&target), Vec::<String>::new());
}

#[test]
fn a_walked_folder_passes_over_what_is_unknown_and_nothing_else() {
    let folder = folder();
    let path = folder.path();
    std::fs::create_dir(path.join("in")).unwrap();
    let copy = |name: &str| std::fs::copy(path.join(name), path.join("in").join(name)).unwrap();
    copy("plain.imd");
    copy("text.txt");
    let output = line(path, "check in");
    assert_eq!((code(&output), out(&output).lines().count()), (0, 1));
    assert!(err(&output).contains("1 file passed over"), "{}", err(&output));
    let plain = std::fs::read(path.join("plain.imd")).unwrap();
    std::fs::write(path.join("in/two.zip"), media::zip(&[("a.imd", &plain), ("b.imd", &plain)])).unwrap();
    let output = line(path, "check in");
    assert_eq!(code(&output), 4);
    assert!(err(&output).contains("in/two.zip: there are 2 images inside"), "{}", err(&output));
}

#[test]
fn damage_of_a_wrapper_is_damage() {
    let folder = folder();
    let path = folder.path();
    let mut packed = media::gz("box.img", &media::box_img());
    let crc = packed.len() - 8;
    packed[crc] ^= 1;
    std::fs::write(path.join("bad.img.gz"), packed).unwrap();
    let output = line(path, "check bad.img.gz");
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(out(&output).contains("format.checksum"), "{}", out(&output));
    assert!(out(&line(path, "info bad.img.gz")).contains("format.checksum"));
    assert!(err(&line(path, "ls bad.img.gz")).contains("format.checksum"));
}

#[test]
fn an_entry_is_named_as_it_was_shown() {
    let folder = folder();
    let path = folder.path();
    let disk = media::box_img();
    std::fs::write(path.join("two.zip"), media::zip(&[("\x1b[31mred.img", &disk), ("plain.img", &disk)])).unwrap();
    let told = err(&line(path, "ls two.zip"));
    assert!(told.contains("\\u{1b}[31mred.img") && !told.contains("\\\\u"), "{told}");
    assert_eq!(code(&line(path, "ls two.zip!\\u{1b}[31mred.img")), 0);
}
