//! Help, man pages and completions, and the examples in them.

mod media;

use std::path::Path;

use media::{code, err, line, out};

const VERBS: [&str; 19] = [
    "identify",
    "info",
    "sectors",
    "ls",
    "extract",
    "check",
    "hash",
    "compare",
    "explain",
    "plan",
    "convert",
    "merge",
    "emulators",
    "map",
    "preserve",
    "catalog",
    "formats",
    "completions",
    "man",
];

/// The verbs of `catalog`; their examples work one after the other.
const CATALOG: [&str; 10] = ["init", "add", "list", "show", "search", "verify", "events", "edit", "rebuild", "export"];

/// The lines after `Example:` in a help text.
fn examples(help: &str) -> Vec<&str> {
    let after = help.lines().skip_while(|l| l.trim() != "Example:").skip(1);
    after.map_while(|l| l.trim().strip_prefix("floptical ")).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to).unwrap();
        } else {
            copy(&entry.path(), &to);
        }
    }
}

#[test]
fn every_example_works_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    for media in ["fixtures/images", "fixtures/box"] {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(media), &folder.path().join(media));
    }
    let below = CATALOG.map(|verb| format!("catalog {verb}"));
    for verb in VERBS.into_iter().chain(below.iter().map(String::as_str)) {
        let help = out(&line(folder.path(), &format!("{verb} --help")));
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{verb} has no example");
        for example in examples {
            let output = line(folder.path(), example);
            assert!(code(&output) < 2, "{example}\n{}", err(&output));
            assert!(!output.stdout.is_empty(), "{example}");
        }
    }
}

#[test]
fn the_help_lists_the_verbs_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let help = out(&line(folder.path(), "--help"));
    let listed = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    let listed: Vec<&str> = listed.filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(listed, VERBS);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = out(&line(folder.path(), &format!("completions {shell}")));
        assert!(VERBS.iter().all(|verb| script.contains(verb)), "{shell}");
    }
    for verb in VERBS {
        let page = out(&line(folder.path(), &format!("man {verb}")));
        assert!(page.contains(&format!("floptical\\-{verb}")), "{page}");
    }
}
