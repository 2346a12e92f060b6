//! `preserve`: the main job, at its borders.

mod media;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use media::{code, err, floptical, line, out};
use serde_json::Value;

fn json(folder: &Path, command: &str) -> Value {
    serde_json::from_slice(&line(folder, &format!("{command} --json")).stdout).unwrap()
}

fn fixture(folder: &Path, name: &str, to: &str) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/images").join(name);
    let to = folder.join(to);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(from, to).unwrap();
}

#[test]
fn one_bad_disk_stops_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fixture(path, "box.imd", "box/good.imd");
    fixture(path, "harmed.imd", "box/harmed.imd");
    fixture(path, "box.img", "box/wrong.img");
    std::fs::write(path.join("box/wrong.provenance.yaml"), "carrier:\n  colour: red\n").unwrap();
    let output = line(path, "preserve box --vault vault");
    assert_eq!(code(&output), 4, "{}", err(&output));
    assert!(
        err(&output).contains("wrong.provenance.yaml") && err(&output).contains("line 2, column 3"),
        "{}",
        err(&output)
    );
    let listed = json(path, "catalog list vault");
    let ids: Vec<&str> = listed["carriers"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["good", "harmed"]);

    // The record mended, the rest is done, and nothing twice.
    std::fs::write(path.join("box/wrong.provenance.yaml"), "carrier:\n  label: red\n").unwrap();
    let again = json(path, "preserve box --vault vault");
    let outcomes: Vec<(&str, &str)> = again["carriers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["id"].as_str().unwrap(), c["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(outcomes, [("good", "there already"), ("harmed", "there already"), ("wrong", "added")]);
    assert_eq!(code(&line(path, "catalog verify vault")), 0);
}

/// Two names that are no text are two files, and each is kept.
#[cfg(unix)]
#[test]
fn names_that_are_no_text_stay_apart() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fixture(path, "box.imd", "box/good.imd");
    for name in [&b"box/\xFE.bin"[..], b"box/\xFF.bin"] {
        std::fs::write(path.join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
    }
    let found = out(&line(path, "preserve box --items"));
    assert!(found.contains("xfe.bin") && found.contains("xff.bin"), "{found}");
    let done = json(path, "preserve box --vault vault");
    assert_eq!(done["carriers"].as_array().unwrap().len(), 2, "{done}");
    assert_eq!(code(&line(path, "catalog verify vault")), 0);
}

#[test]
fn what_is_no_vault_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fixture(path, "box.imd", "box/good.imd");
    std::fs::create_dir(path.join("other")).unwrap();
    std::fs::write(path.join("other/file"), "mine").unwrap();
    assert_eq!(code(&line(path, "preserve box --vault other")), 4);
    assert_eq!(code(&line(path, "preserve gone --vault vault")), 4);
    assert_eq!(code(&line(path, "preserve box")), 2);
    assert_eq!(std::fs::read_dir(path.join("other")).unwrap().count(), 1);
    assert!(!path.join("vault").exists());
}

#[test]
fn the_items_can_be_edited() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fixture(path, "box.imd", "box/first.imd");
    fixture(path, "box.hfe", "box/second.hfe");
    let found = out(&line(path, "preserve box --items"));
    assert!(found.contains("name: first") && found.contains("name: second"), "{found}");
    let told =
        "schema: floptical/box/0\nitems:\n- name: both\n  images:\n  - files: [first.imd]\n  - files: [second.hfe]\n";
    std::fs::write(path.join("box/box.yaml"), told).unwrap();
    let done = json(path, "preserve box --vault vault");
    let carriers = done["carriers"].as_array().unwrap();
    assert_eq!(carriers.len(), 1);
    assert_eq!((&carriers[0]["id"], &carriers[0]["images"]), (&Value::from("both"), &Value::from(2)));
    assert_eq!(carriers[0]["notes"][0], "2 images, all of the same data");
}

/// Killed at a hundred moments: what was acknowledged is there, the vault is
/// whole, and the next run ends the work.
#[test]
fn a_kill_at_any_moment_is_survived() {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = folder.path();
    assert_eq!(code(&line(path, "catalog init vault")), 0);
    let mut acknowledged = Vec::new();
    for round in 0..100u32 {
        let mut image = media::box_img();
        image[300_000..300_004].copy_from_slice(&round.to_le_bytes());
        std::fs::create_dir_all(path.join("box")).unwrap();
        std::fs::write(path.join(format!("box/disk-{round}.img")), image).unwrap();
        let mut command = floptical(path);
        command.args(["preserve", &format!("box/disk-{round}.img"), "--vault", "vault", "--quiet"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(round) * 2500));
        let _ = child.kill();
        if child.wait().unwrap().success() {
            acknowledged.push(format!("disk-{round}"));
        }
    }
    assert_eq!(code(&line(path, "catalog rebuild vault")), 0);
    assert_eq!(code(&line(path, "catalog verify vault")), 0);
    let done = line(path, "preserve box --vault vault --quiet");
    assert_eq!(code(&done), 0, "{}", err(&done));
    let listed = json(path, "catalog list vault");
    let ids: Vec<&str> = listed["carriers"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 100);
    assert!(acknowledged.iter().all(|id| ids.contains(&id.as_str())));
    assert_eq!(code(&line(path, "catalog verify vault")), 0);
    for id in ids {
        assert!(path.join(format!("vault/reports/carrier-{id}.html")).is_file(), "{id} has no page");
    }
}
