//! Files of the system: read, and written whole or not at all.

use std::fs;
use std::path::Path;

use floptical_io::disk::{
    BesideOutput, DiskOutput, ExtractFolder, FolderOutput, Placing, Replace, ZipOutput, folder, open, sink, walk,
};
use floptical_io::{FileSet, Output, Sink, wrap};
use floptical_model::{Context, Error, ErrorKind, Limits};
use tempfile::{TempDir, tempdir};

/// All below a folder, hidden files too: `name: content`.
fn listing(root: &Path) -> Vec<String> {
    let files = walk(root, &Context::default()).unwrap();
    let line = |path: &Path| {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        format!("{name}: {}", String::from_utf8_lossy(&fs::read(path).unwrap()))
    };
    files.iter().map(|path| line(path)).collect()
}

fn contents(files: &FileSet) -> Vec<(String, Vec<u8>)> {
    files.files().iter().map(|f| (f.name().to_owned(), f.all(&Context::default()).unwrap())).collect()
}

fn is_system(error: &Error, kind: std::io::ErrorKind) -> bool {
    error.kind == ErrorKind::Io && error.system.as_ref().is_some_and(|system| system.kind() == kind)
}

/// One of each sink, for the same folder.
fn sinks(root: &TempDir, replace: Replace) -> Vec<(&'static str, Box<dyn Sink>)> {
    let at = |name: &str| root.path().join(name);
    vec![
        ("disk.cue", sink(&at("disk.cue"), Placing::Beside, replace).unwrap()),
        ("disk.img", sink(&at("disk.img"), Placing::One, replace).unwrap()),
        ("set", sink(&at("set"), Placing::Folder, replace).unwrap()),
        ("disk.d88.zip", sink(&at("disk.d88.zip"), Placing::One, replace).unwrap()),
    ]
}

/// Write `hello`, with a patch.
fn write(sink: &mut dyn Sink) {
    sink.begin("").unwrap();
    sink.write(b"h....").unwrap();
    sink.patch(1, b"ello").unwrap();
    assert!(sink.patch(4, b"12").is_err());
}

#[test]
fn a_sink_shows_nothing_before_it_is_whole() {
    let root = tempdir().unwrap();
    for (name, mut sink) in sinks(&root, Replace::No) {
        write(&mut *sink);
        let target = root.path().join(name);
        assert!(!target.exists());
        let written = wrap::unwrap(sink.written().unwrap().first().unwrap(), &Context::default()).unwrap();
        assert_eq!(contents(&written.files)[0].1, b"hello");
        sink.commit().unwrap();
        assert!(target.exists());
    }
    let zip = wrap::unwrap(&open(&root.path().join("disk.d88.zip")).unwrap(), &Context::default()).unwrap();
    assert_eq!(contents(&zip.files), [("disk.d88".into(), b"hello".to_vec())]);
    assert!(zip.findings.is_empty());
    fs::remove_file(root.path().join("disk.d88.zip")).unwrap();
    assert_eq!(listing(root.path()), ["disk.cue: hello", "disk.img: hello", "set/set: hello"]);
}

#[test]
fn a_write_needs_a_file_to_go_to() {
    let root = tempdir().unwrap();
    for (_, mut sink) in sinks(&root, Replace::No) {
        assert_eq!(sink.write(b"x").unwrap_err().kind, ErrorKind::Malformed);
        assert!(sink.patch(0, b"x").is_err());
    }
}

#[test]
fn a_sink_dropped_in_the_middle_leaves_nothing() {
    let root = tempdir().unwrap();
    for (_, mut sink) in sinks(&root, Replace::No) {
        write(&mut *sink);
        let before = fs::read_dir(root.path()).unwrap().count();
        drop(sink);
        assert!(fs::read_dir(root.path()).unwrap().count() < before);
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let root = tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let full: [(_, Box<dyn Sink>); 4] = [
        (3, Box::new(DiskOutput::create(&at("a.img"), Replace::No).unwrap().failing_after(8))),
        (3, Box::new(BesideOutput::create(&at("a.cue"), Replace::No).unwrap().failing_after(8))),
        (3, Box::new(FolderOutput::create(&at("set"), Replace::No).unwrap().failing_after(8))),
        (2, Box::new(ZipOutput::create(&at("a.zip"), Replace::No).unwrap().failing_after(12))),
    ];
    for (writes, mut sink) in full {
        sink.begin("").unwrap();
        let mut error = (0..writes).find_map(|_| sink.write(b"data").err());
        error = error.or_else(|| sink.written().err());
        assert!(is_system(&error.unwrap(), std::io::ErrorKind::StorageFull));
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn what_is_there_is_replaced_only_when_told() {
    let root = tempdir().unwrap();
    fs::write(root.path().join("disk.img"), "old").unwrap();
    fs::write(root.path().join("disk.d88.zip"), "old").unwrap();
    fs::create_dir(root.path().join("set")).unwrap();
    fs::write(root.path().join("set/other"), "old").unwrap();
    fs::write(root.path().join("disk.cue"), "old").unwrap();
    for (name, placing) in [
        ("disk.img", Placing::One),
        ("disk.d88.zip", Placing::One),
        ("set", Placing::Folder),
        ("disk.cue", Placing::Beside),
    ] {
        let Err(error) = sink(&root.path().join(name), placing, Replace::No) else { panic!("{name}") };
        assert!(is_system(&error, std::io::ErrorKind::AlreadyExists));
        assert!(error.what.contains(name), "{error}");
    }
    for (_, mut sink) in sinks(&root, Replace::Yes) {
        write(&mut *sink);
        sink.commit().unwrap();
    }
    fs::remove_file(root.path().join("disk.d88.zip")).unwrap();
    assert_eq!(listing(root.path()), ["disk.cue: hello", "disk.img: hello", "set/set: hello"]);
}

#[test]
fn what_came_while_writing_is_not_replaced() {
    let root = tempdir().unwrap();
    for (name, mut sink) in sinks(&root, Replace::No) {
        write(&mut *sink);
        fs::write(root.path().join(name), "theirs").unwrap();
        assert!(is_system(&sink.commit().unwrap_err(), std::io::ErrorKind::AlreadyExists));
    }
    assert_eq!(listing(root.path()), ["disk.cue: theirs", "disk.d88.zip: theirs", "disk.img: theirs", "set: theirs"]);
}

#[test]
fn a_folder_with_anything_else_in_it_is_never_replaced() {
    let root = tempdir().unwrap();
    let target = root.path().join("set");
    let replace = || {
        let mut sink = Box::new(FolderOutput::create(&target, Replace::Yes).unwrap());
        sink.begin("track00.0.raw").unwrap();
        sink.write(b"new").unwrap();
        sink.commit()
    };
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("track83.1.raw"), "old").unwrap();
    fs::write(target.join("letter.txt"), "mine").unwrap();
    assert!(replace().unwrap_err().what.contains("letter.txt"));
    fs::remove_file(target.join("letter.txt")).unwrap();
    fs::create_dir(target.join("sub")).unwrap();
    assert!(replace().is_err());
    assert_eq!(listing(root.path()), ["set/track83.1.raw: old"]);
    fs::remove_dir(target.join("sub")).unwrap();
    replace().unwrap();
    assert_eq!(listing(root.path()), ["set/track00.0.raw: new"]);
}

#[test]
fn several_files_go_into_a_folder_or_an_archive_and_not_into_one_file() {
    let root = tempdir().unwrap();
    let zip = |name: &str| {
        let mut sink = sink(&root.path().join(name), Placing::Folder, Replace::No).unwrap();
        for (name, bytes) in [("b.raw", vec![b'b'; 100_000]), ("ä.raw", b"a".to_vec()), ("empty", vec![])] {
            sink.begin(name).unwrap();
            sink.write(&bytes).unwrap();
        }
        sink.commit().unwrap();
    };
    zip("a.zip");
    zip("b.zip");
    zip("c");
    let packed = fs::read(root.path().join("a.zip")).unwrap();
    assert_eq!(packed, fs::read(root.path().join("b.zip")).unwrap());
    assert!(packed.len() < 1000);
    let unwrapped = wrap::unwrap(&open(&root.path().join("a.zip")).unwrap(), &Context::default()).unwrap();
    assert!(unwrapped.findings.is_empty());
    assert_eq!(contents(&unwrapped.files), contents(&folder(&root.path().join("c")).unwrap()));
    let mut one = DiskOutput::create(&root.path().join("d"), Replace::No).unwrap();
    one.begin("").unwrap();
    assert_eq!(one.begin("").unwrap_err().kind, ErrorKind::Unsupported);
}

/// A sheet and what it names: all of it or nothing, and what is there stays.
#[test]
fn a_file_and_others_beside_it_come_together() {
    let root = tempdir().unwrap();
    let write = |replace| -> Result<Box<BesideOutput>, Error> {
        let mut sink = Box::new(BesideOutput::create(&root.path().join("a.cue"), replace)?);
        for (name, bytes) in [("own.cue", b"sheet"), ("a.bin", b"bytes"), ("../b.bin", b"other")] {
            sink.begin(name)?;
            sink.write(bytes)?;
        }
        Ok(sink)
    };
    let mut sink = write(Replace::No).unwrap();
    let names: Vec<String> = contents(&sink.written().unwrap()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [".._b.bin", "a.bin", "a.cue"]);
    assert!(sink.begin("a.bin").is_err());
    fs::write(root.path().join("a.bin"), "theirs").unwrap();
    assert!(sink.commit().is_err());
    assert_eq!(listing(root.path()), ["a.bin: theirs"]);
    assert!(write(Replace::No).is_err());
    write(Replace::Yes).unwrap().commit().unwrap();
    assert_eq!(listing(root.path()), [".._b.bin: other", "a.bin: bytes", "a.cue: sheet"]);
}

#[test]
fn files_are_read_by_offset_and_errors_name_them() {
    let root = tempdir().unwrap();
    let path = root.path().join("disk.img");
    fs::write(&path, "0123456789").unwrap();
    let source = open(&path).unwrap();
    assert_eq!((source.name(), source.len()), ("disk.img", 10));
    assert_eq!(source.bytes(7, 3, &Context::default()).unwrap(), b"789");
    assert_eq!(source.bytes(2, 2, &Context::default()).unwrap(), b"23");
    let error = open(&root.path().join("gone\n.img")).unwrap_err();
    assert!(is_system(&error, std::io::ErrorKind::NotFound));
    assert!(error.what.ends_with("gone\\n.img"), "{error}");
    assert_eq!(open(root.path()).unwrap_err().kind, ErrorKind::Unsupported);
    fs::write(&path, "01").unwrap();
    assert_eq!(source.bytes(7, 3, &Context::default()).unwrap_err().kind, ErrorKind::Truncated);
}

#[test]
fn a_walk_is_sorted_and_bounded() {
    let root = tempdir().unwrap();
    fs::create_dir_all(root.path().join("b/c")).unwrap();
    for name in ["b/c/2", "a", "b/1", "z"] {
        fs::write(root.path().join(name), name).unwrap();
    }
    assert_eq!(listing(root.path()), ["a: a", "b/1: b/1", "b/c/2: b/c/2", "z: z"]);
    assert_eq!(walk(&root.path().join("z"), &Context::default()).unwrap(), [root.path().join("z")]);
    for limits in [Limits { entries: 3, ..Limits::default() }, Limits { depth: 1, ..Limits::default() }] {
        assert_eq!(walk(root.path(), &Context::new(limits)).unwrap_err().kind, ErrorKind::Limit);
    }
    let names: Vec<String> = folder(root.path()).unwrap().refs().into_iter().map(|f| f.name).collect();
    assert_eq!(names, ["a", "z"]);
}

fn extract(folder: &mut ExtractFolder, name: &str, bytes: &[u8]) -> Result<String, Error> {
    let mut file = folder.file(name)?;
    file.write(bytes)?;
    Ok(file.finish()?.file_name().unwrap().to_str().unwrap().to_owned())
}

#[test]
fn extracted_names_stay_below_the_folder_and_apart() {
    let root = tempdir().unwrap();
    let target = root.path().join("out");
    let mut out = ExtractFolder::create(&target, Replace::No).unwrap();
    for (n, name) in ["../../evil", "/abs", "a/b.txt", "A/B.TXT", "a:b", "a?b", "con", "", "x", "x/y", "x", "x/z"]
        .into_iter()
        .enumerate()
    {
        extract(&mut out, name, &[b'0' + n as u8]).unwrap();
    }
    out.folder("empty/deep").unwrap();
    let expected = ["__/__/evil: 0", "_: 7", "_con: 6", "a/b.txt: 2", "a_b: 4", "abs: 1", "x: 8"];
    let got = listing(&target);
    expected.iter().for_each(|line| assert!(got.contains(&line.to_string()), "{line} in {got:?}"));
    for line in ["a_b (2): 5", "x (2)/y: 9", "x (3): :", "x (2)/z: ;"] {
        assert!(got.contains(&line.to_owned()), "{line} in {got:?}");
    }
    assert!(got.iter().any(|line| line.ends_with("B (2).TXT: 3")), "{got:?}");
    assert_eq!(got.len(), 12);
    assert!(target.join("empty/deep").is_dir());
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

#[test]
fn extraction_refuses_what_is_there_and_never_leaves_half_a_file() {
    let root = tempdir().unwrap();
    fs::write(root.path().join("there"), "old").unwrap();
    let mut out = ExtractFolder::create(root.path(), Replace::No).unwrap();
    assert!(is_system(&extract(&mut out, "there", b"new").unwrap_err(), std::io::ErrorKind::AlreadyExists));
    let mut dropped = out.file("half").unwrap();
    dropped.write(b"half").unwrap();
    drop(dropped);
    let mut out = ExtractFolder::create(root.path(), Replace::Yes).unwrap().failing_after(3);
    assert!(is_system(&extract(&mut out, "full", b"four").unwrap_err(), std::io::ErrorKind::StorageFull));
    assert_eq!(listing(root.path()), ["there: old"]);
    extract(&mut out, "there", b"new").unwrap();
    assert_eq!(listing(root.path()), ["there: new"]);
}

#[test]
fn many_files_of_one_name_take_no_long_time() {
    let root = tempdir().unwrap();
    let mut out = ExtractFolder::create(root.path(), Replace::No).unwrap();
    for n in 1..=2000 {
        let file = out.file("same.txt").unwrap();
        drop(file);
        if n == 2000 {
            assert_eq!(extract(&mut out, "same.txt", b"").unwrap(), "same (2001).txt");
        }
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let root = tempdir().unwrap();
    let outside = root.path().join("outside");
    let target = root.path().join("out");
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(&target).unwrap();
    fs::write(outside.join("file"), "theirs").unwrap();
    symlink(&outside, target.join("dir")).unwrap();
    symlink(outside.join("file"), target.join("file")).unwrap();
    symlink(&target, target.join("loop")).unwrap();
    let mut out = ExtractFolder::create(&target, Replace::Yes).unwrap();
    assert!(extract(&mut out, "dir/new", b"x").is_err());
    assert!(extract(&mut out, "file", b"x").is_err());
    assert!(out.folder("dir").is_err());
    assert_eq!(listing(&outside), ["file: theirs"]);
    assert!(walk(&target, &Context::default()).unwrap().is_empty());
    assert!(folder(&target).unwrap().files().is_empty());
    let mut over = DiskOutput::create(&target.join("file"), Replace::Yes).unwrap();
    over.begin("").unwrap();
    over.write(b"mine").unwrap();
    Box::new(over).commit().unwrap();
    assert_eq!(listing(&outside), ["file: theirs"]);
    assert_eq!(listing(&target), ["file: mine"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let root = tempdir().unwrap();
    let pipe = root.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no mkfifo");
        return;
    }
    assert_eq!(open(&pipe).unwrap_err().kind, ErrorKind::Unsupported);
}
