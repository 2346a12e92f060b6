//! YAML in and out.

use floptical_io::yaml::{from_str, to_string};
use floptical_model::ErrorKind;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    title: String,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    sums: Vec<Sum>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Sum {
    Sha256(String),
    Unknown,
}

#[test]
fn a_record_is_written_as_a_person_would() {
    let record = Record {
        title: "no".into(),
        size: u64::MAX,
        note: Some("two\nlines\n".into()),
        sums: vec![Sum::Sha256("0123".into()), Sum::Unknown],
    };
    let text = to_string(&record).unwrap();
    let expected =
        "title: 'no'\nsize: 18446744073709551615\nnote: |\n  two\n  lines\nsums:\n- sha256: '0123'\n- unknown\n";
    assert_eq!(text.replace('"', "'"), expected);
    assert_eq!(from_str::<Record>(&text).unwrap(), record);
}

#[test]
fn errors_name_line_and_column() {
    let table = [
        ("title: a\nsize: -1\nsums: []\n", "line 2, column 7"),
        ("title: a\nsize: 1\nsums: []\ntitle: b\n", "line 4, column 1"),
        ("title: a\nsize: 1\nsums: []\nextra: 1\n", "line 4, column 1"),
        ("title: [\n", "line "),
        ("title: &x a\nsize: 1\nsums: []\n", "line "),
    ];
    for (text, place) in table {
        let error = from_str::<Record>(text).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Malformed);
        assert!(error.what.starts_with(place), "{text}: {error}");
        assert!(!error.what.contains('\n'));
    }
}

#[test]
fn bombs_are_refused_at_once() {
    let levels = (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(",")));
    let aliases = "a0: &a0 [x]\n".to_owned() + &levels.collect::<String>();
    for bomb in [aliases, "[".repeat(200_000), "a: ".to_owned() + &"- ".repeat(100_000)] {
        let start = std::time::Instant::now();
        assert!(from_str::<std::collections::BTreeMap<String, Vec<String>>>(&bomb).is_err());
        assert!(start.elapsed().as_secs() < 5);
    }
}

proptest! {
    #[test]
    fn any_text_comes_back(title in any::<String>(), note in prop::option::of("[ -~\n\t\r:#'\"-]{0,200}"), size: u64) {
        let record = Record { title, size, note, sums: vec![] };
        let text = to_string(&record).unwrap();
        prop_assert_eq!(from_str::<Record>(&text).unwrap(), record, "{}", text);
    }

    #[test]
    fn any_bytes_are_survived(text in any::<String>()) {
        let _ = from_str::<Record>(&text);
    }
}
