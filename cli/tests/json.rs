//! `--json` of every verb against its schema.

mod media;

use media::{code, err, folder, line, out};
use serde_json::Value;

/// Hold a value against the parts of JSON Schema that the schemas use; says
/// where it fails.
fn fault(value: &Value, schema: &Value, root: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        assert!(root["$defs"][name].is_object(), "no shape {name}");
        return fault(value, &root["$defs"][name], root, at);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array() {
            let faults: Vec<String> = choices.iter().filter_map(|c| fault(value, c, root, at)).collect();
            return (faults.len() == choices.len()).then(|| faults.join("; or "));
        }
    }
    if let Some(expected) = schema.get("const") {
        return (value != expected).then(|| format!("{at} is {value}, not {expected}"));
    }
    let right = match schema["type"].as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type {other}"),
    };
    if !right {
        return Some(format!("{at} is {value}, not of type {}", schema["type"]));
    }
    if let Some(items) = value.as_array() {
        return items.iter().enumerate().find_map(|(i, v)| fault(v, &schema["items"], root, &format!("{at}[{i}]")));
    }
    let members = value.as_object()?;
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    if let Some(missing) = required.iter().find(|name| !members.contains_key(name.as_str().unwrap())) {
        return Some(format!("{at} lacks {missing}"));
    }
    members.iter().find_map(|(name, value)| {
        let at = format!("{at}.{name}");
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(own), _) => fault(value, own, root, &at),
            (None, Value::Bool(false)) => Some(format!("{at} is not in the schema")),
            (None, other) => fault(value, other, root, &at),
        }
    })
}

#[test]
fn every_verb_prints_what_its_schema_says() {
    let folder = folder();
    let path = folder.path();
    let lines = [
        "identify --why plain.imd box.img box.img.gz text.txt",
        "info harmed.imd",
        "info box.img.gz",
        "info text.txt",
        "sectors harmed.imd",
        "sectors box.img",
        "ls --deleted box.img",
        "extract --deleted box.img --to files",
        "check plain.imd harmed.imd box.img cut.imd text.txt",
        "hash plain.imd box.img.gz text.txt",
        "compare plain.imd harmed.imd",
        "explain harmed.imd 0.0.1",
        "plan harmed.imd --to raw",
        "convert plain.imd plain.img --sidecar",
        "plan plain.imd --for qemu",
        "emulators",
        "map harmed.imd harmed.svg",
        "formats",
        "catalog init vault",
        "catalog add vault box.img harmed.imd text.txt",
        "catalog list vault",
        "catalog show vault harmed",
        "catalog search vault found",
        "catalog edit vault box --set carrier.label=x",
        "catalog export vault box --bagit bags",
        "catalog verify vault",
        "catalog rebuild vault",
        "catalog events vault",
    ];
    for args in lines {
        let words = if args.starts_with("catalog") { 2 } else { 1 };
        let verb = args.split(' ').take(words).collect::<Vec<_>>();
        let schema = line(path, &format!("{} --json-schema", verb.join(" ")));
        let verb = verb.join("-");
        let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
        let output = line(path, &format!("{args} --json"));
        let printed = out(&output);
        let first = format!("{{\"schema\":\"floptical/{verb}/0\",");
        assert!(!printed.is_empty(), "{args}: {}", err(&output));
        for one in printed.lines() {
            assert!(one.starts_with(&first), "{args}: {one}");
            let value: Value = serde_json::from_str(one).unwrap();
            assert_eq!(fault(&value, &schema, &schema, &verb), None, "{args}");
        }
        let inputs = args.split(' ').filter(|a| a.contains('.') && *a != "0.0.1").count();
        let expected = if ["identify", "check", "hash"].contains(&verb.as_str()) { inputs } else { 1 };
        assert_eq!(printed.lines().count(), expected, "{args}");
    }
}

#[test]
fn the_snapshot_form_is_yaml_with_its_version_first() {
    let folder = folder();
    let output = line(folder.path(), "info --yaml harmed.imd");
    assert_eq!(code(&output), 0);
    assert!(out(&output).starts_with("schema: floptical/info/0\n"));
}

#[test]
fn foreign_words_are_escaped_once_and_keys_come_once() {
    let folder = folder();
    let path = folder.path();
    let text = out(&line(path, "info harmed.imd --json"));
    assert_eq!(text.matches("\"schema\":").count(), 1, "{text}");
    let info: Value = serde_json::from_str(&text).unwrap();
    let claims = info["claims"].as_array().unwrap();
    let comment = claims.iter().find(|c| c["kind"] == "comment").unwrap()["text"].as_str().unwrap();
    assert_eq!(comment, "  found in a box\\r\\n\\u{1b}[31m\\xff: - \"'#\\r\\n\\r\\n ");
}

#[test]
fn json_says_how_an_image_was_found_and_what_was_told() {
    let folder = folder();
    let path = folder.path();
    std::fs::write(path.join("blank.img"), vec![0xF6; 368_640]).unwrap();
    let info = |args: &str| -> Value { serde_json::from_str(&out(&line(path, args))).unwrap() };
    let guessed = info("info blank.img --json");
    assert_eq!((&guessed["size_only"], &guessed["found"]["format"]), (&true.into(), &"raw".into()));
    let told = info("info blank.img --layout st-360 --json");
    assert!(told["layout"].as_str().unwrap().ends_with(", as told"), "{}", told["layout"]);
    assert_eq!(info("info box.img.gz --json")["layers"], serde_json::json!(["gzip"]));
}

/// What flux shows beside its sectors, as a table and as JSON.
#[test]
fn areas_of_flux_are_listed() {
    let folder = folder();
    let path = folder.path();
    std::fs::write(path.join("later.scp.gz"), include_bytes!("../../fixtures/images/later.scp.gz")).unwrap();
    let table = out(&line(path, "info later.scp.gz"));
    let row = table.lines().find(|line| line.contains("no flux")).unwrap();
    assert!(row.trim().starts_with("0.1 ") && row.ends_with("shown by 2 of 2 revolutions"), "{row}");
    assert!(table.contains("flux.rewritten  0.0.5"), "{table}");
    let info: Value = serde_json::from_str(&out(&line(path, "info later.scp.gz --json"))).unwrap();
    let [area] = info["areas"].as_array().unwrap().as_slice() else { panic!("{}", info["areas"]) };
    assert_eq!((&area["track"], &area["kind"]), (&"0.1".into(), &"no flux".into()));
    assert_eq!(info["tracks"][0]["splices"], 1);
    let explained = out(&line(path, "explain later.scp.gz 0.0.5"));
    assert!(explained.contains("1.2 % longer"), "{explained}");
}
