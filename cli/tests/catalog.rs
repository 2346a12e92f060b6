//! Vaults by the command.

mod media;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use media::{code, err, floptical, folder, line, names, out};
use serde_json::Value;

fn json(folder: &Path, args: &str) -> Value {
    let output = line(folder, &format!("{args} --json"));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args}: {}", err(&output)))
}

/// A folder with disks and a vault that holds the first.
fn with_vault() -> tempfile::TempDir {
    let folder = folder();
    assert_eq!(code(&line(folder.path(), "catalog init vault")), 0);
    let output = line(folder.path(), "catalog add vault box.img");
    assert_eq!(code(&output), 0, "{}", err(&output));
    folder
}

#[test]
fn a_disk_goes_in_with_what_is_known_of_it() {
    let folder = folder();
    let path = folder.path();
    std::fs::write(path.join("box.provenance.yaml"), "carrier:\n  label: <script>alert(1)</script>\n  box: 7\n")
        .unwrap();
    std::fs::write(path.join("provenance.yaml"), "carrier: {collection: Attic, label: not this}\n").unwrap();
    std::fs::write(path.join("box.jpg"), b"a picture").unwrap();
    assert_eq!(code(&line(path, "catalog init vault")), 0);
    let output = line(path, "catalog add vault box.img box.jpg --set carrier.note=wet --by Ada");
    assert_eq!(code(&output), 0, "{}", err(&output));
    let shown = json(path, "catalog show vault box");
    let said = |field: &str| shown["provenance"][field].as_str().unwrap().to_owned();
    assert_eq!(said("carrier.label"), "<script>alert(1)</script>");
    assert_eq!(
        (said("carrier.box"), said("carrier.collection"), said("carrier.note")),
        ("7".into(), "Attic".into(), "wet".into())
    );
    let roles: Vec<&str> = shown["files"].as_array().unwrap().iter().map(|f| f["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["original", "photograph", "other"], "what a person wrote down is kept as it came, too");
    assert_eq!(shown["images"][0]["format"], "raw");
    let hashed = json(path, "hash box.img");
    assert_eq!(shown["images"][0]["l2"], hashed["l2"]);
    assert_eq!(shown["files"][0]["digests"], hashed["l0"][0]["digests"]);
    for digest in [&hashed["l2"]["sha256"], &hashed["l0"][0]["digests"]["crc32"]] {
        let found = json(path, &format!("catalog search vault --digest {}", digest.as_str().unwrap()));
        assert_eq!(found["found"][0]["id"], "box");
    }
    assert_eq!(json(path, "catalog events vault")["events"][1]["person"], "Ada");
}

#[test]
fn a_second_run_does_nothing_and_two_containers_of_one_disk_are_told() {
    let folder = with_vault();
    let path = folder.path();
    let again = json(path, "catalog add vault box.img");
    assert_eq!(again["items"][0]["outcome"], "already-there");
    assert_eq!(code(&line(path, "convert box.img other.imd")), 0);
    let other = json(path, "catalog add vault other.imd");
    assert_eq!((&other["items"][0]["outcome"], &other["items"][0]["same_data"][0]), (&"added".into(), &"box".into()));
    assert!(out(&line(path, "catalog list vault")).contains("the same data: box, other"));
}

#[test]
fn a_whole_folder_goes_in_and_nothing_of_it_is_left_out() {
    let folder = folder();
    let path = folder.path();
    assert_eq!(code(&line(path, "catalog init vault")), 0);
    std::fs::create_dir(path.join("attic")).unwrap();
    for name in ["box.img", "harmed.imd", "cut.imd", "text.txt"] {
        std::fs::copy(path.join(name), path.join("attic").join(name)).unwrap();
    }
    let added = json(path, "catalog add vault attic");
    let ids: Vec<&str> = added["items"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["box", "cut", "harmed", "text"]);
    assert_eq!(code(&line(path, "catalog verify vault")), 0);
    let text = &json(path, "catalog show vault text");
    assert_eq!((&text["images"], &text["files"][0]["role"]), (&Value::Array(Vec::new()), &"note".into()));
    let cut = &json(path, "catalog show vault cut")["images"][0];
    assert_eq!(cut["format"], "imd", "what is cut off is an image all the same");
}

#[test]
fn damage_has_a_code_of_its_own_and_a_name() {
    let folder = with_vault();
    let path = folder.path();
    let bag = json(path, "catalog export vault --bagit bags");
    let head = bag["head"].as_str().unwrap();
    assert_eq!(code(&line(path, &format!("catalog verify vault --head {head}"))), 0);
    let log = path.join("vault/events/0001.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    let cut = text.split_inclusive('\n').take(2).collect::<String>();
    std::fs::write(&log, cut).unwrap();
    let output = line(path, &format!("catalog verify vault --no-log --head {head}"));
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("vault.log-cut"), "{}", out(&output));
}

#[test]
fn wrong_words_are_refused_with_their_place_and_nothing_changes() {
    let folder = with_vault();
    let path = folder.path();
    let head = json(path, "catalog verify vault --no-log")["head"].clone();
    std::fs::write(path.join("plain.provenance.yaml"), "carrier:\n  label: a\n  label: b\n").unwrap();
    std::fs::write(path.join("wrong.yaml"), "carrier:\n  lable: a\n").unwrap();
    let table = [
        ("catalog add vault plain.imd", 4, "plain.provenance.yaml: line 3, column 3"),
        ("catalog add vault harmed.imd --provenance wrong.yaml", 4, "wrong.yaml: line 2, column 3"),
        ("catalog add vault harmed.imd --set carrier.lable=x", 2, "carrier.label"),
        ("catalog add vault gone.img", 4, "gone.img"),
        ("catalog add gone box.img", 4, "gone"),
        ("catalog add . box.img", 4, "no vault"),
        ("catalog init vault", 4, "already"),
        ("catalog show vault gone", 4, "no carrier"),
        ("catalog edit vault gone --set carrier.label=x", 4, "no carrier"),
        ("catalog verify vault --head 5:xyz", 2, "64 digits"),
    ];
    for (args, expected, word) in table {
        let output = line(path, args);
        assert_eq!(code(&output), expected, "{args}: {}", err(&output));
        assert!(err(&output).contains(word), "{args}: {}", err(&output));
    }
    assert_eq!(json(path, "catalog verify vault --no-log")["head"], head);
}

#[test]
fn the_same_time_makes_the_same_vault() {
    let folder = folder();
    let path = folder.path();
    let run = |args: &str| {
        let output = floptical(path).args(args.split(' ')).env("SOURCE_DATE_EPOCH", "1795000000").output().unwrap();
        assert_eq!(code(&output), 0, "{}", err(&output));
        out(&output)
    };
    for vault in ["one", "two"] {
        run(&format!("catalog init {vault}"));
        run(&format!("catalog add {vault} box.img harmed.imd plain.imd --jobs {}", vault.len()));
    }
    let read = |vault: &str| std::fs::read(path.join(vault).join("events/0001.jsonl")).unwrap();
    assert_eq!(read("one"), read("two"));
    assert_eq!(run("catalog show one box --yaml"), run("catalog show two box --yaml"));
}

/// Kill `catalog add` at a hundred moments: nothing that was acknowledged is
/// lost, and what is half done the next one ends.
#[test]
fn a_kill_at_any_moment_is_survived() {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = folder.path();
    assert_eq!(code(&line(path, "catalog init vault")), 0);
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..100u32 {
        let name = format!("disk-{round}");
        let mut image = media::box_img();
        image[300_000..300_004].copy_from_slice(&round.to_le_bytes());
        std::fs::write(path.join(format!("{name}.img")), image).unwrap();
        let mut command: Command = floptical(path);
        command.args(["catalog", "add", "vault", &format!("{name}.img")]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(round) * 700));
        let _ = child.kill();
        if child.wait().unwrap().success() {
            acknowledged.push(name);
        }
    }
    assert_eq!(code(&line(path, "catalog rebuild vault")), 0);
    let output = line(path, "catalog verify vault");
    assert_eq!(code(&output), 0, "{}", out(&output));
    let listed = json(path, "catalog list vault");
    let ids: Vec<&str> = listed["carriers"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert!(acknowledged.iter().all(|id| ids.contains(&id.as_str())), "{acknowledged:?}, {ids:?}");
    assert_eq!(names(&path.join("vault/inbox")), Vec::<String>::new());
}
