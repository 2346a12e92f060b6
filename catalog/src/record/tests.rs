use super::*;

#[test]
fn people_write_numbers_and_truths_and_get_them_back_as_they_stand() {
    let text = "carrier:\n  sides: 2\n  box: 007\n  density: 1.10\n  write_protected: no\n  label: \"<script>\"\n";
    let said = Provenance::from_yaml(text).unwrap();
    let filled: Vec<(&str, &str)> = said.filled().map(|(field, value)| (field.path, value)).collect();
    let expected = [
        ("carrier.box", "007"),
        ("carrier.density", "1.10"),
        ("carrier.sides", "2"),
        ("carrier.write_protected", "no"),
        ("carrier.label", "<script>"),
    ];
    assert_eq!(filled, expected);
}

#[test]
fn unknown_and_doubled_keys_are_refused_with_their_place() {
    let table = [
        ("carrier:\n  label: a\n  lable: b\n", "line 3, column 3"),
        ("carrier:\n  label: a\n  label: b\n", "line 3, column 3"),
        ("carier:\n  label: a\n", "line 1, column 1"),
        ("carrier: [1]\n", "line 1"),
    ];
    for (text, place) in table {
        let error = Provenance::from_yaml(text).unwrap_err();
        assert!(error.to_string().contains(place), "{text}: {error}");
    }
}

#[test]
fn a_person_s_own_words_win_over_those_for_the_whole_box() {
    let base = Provenance::from_yaml("carrier: {collection: C, label: all}\njudgement: {reviewer: R}").unwrap();
    let mut own = Provenance::from_yaml("carrier: {label: one}").unwrap();
    own.set("capture.rpm", "300").unwrap();
    own = own.over(&base);
    let filled: Vec<&str> = own.filled().map(|(_, value)| value).collect();
    assert_eq!(filled, ["C", "one", "300", "R"]);
    own.set("carrier.label", "").unwrap();
    assert_eq!(own.carrier.label, None);
    assert!(own.set("carrier.lable", "x").unwrap_err().to_string().contains("carrier.label"));
}
