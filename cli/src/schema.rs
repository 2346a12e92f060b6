//! JSON schemas of what the verbs print. A test holds what is printed against
//! them.

use clap::parser::ValueSource;
use serde_json::{Map, Value, json};

use crate::failure::{Code, Failure};
use crate::output::to_json_text;

/// The members of each object: `name:type`, where a type is `text`, `whole`, `signed`,
/// `truth` or another object, `[x]` a list of it, `{x}` a map to it; `?` after
/// the name means that it may be missing or null.
static OBJECTS: &[(&str, &str)] = &[
    ("finding", "code:text severity:text place:text message:text"),
    ("item", "files:[text] verdict:text format?:text kind?:text candidates:[candidate]"),
    ("candidate", "format:text name:text layout?:text evidence:[text] reasons:[text]"),
    ("claim", "kind:text text:text"),
    ("drive", "rotation_ns?:whole heads?:whole step:whole stepping?:[text]"),
    ("identity", "l1?:text l1o?:text l2:text coverage:coverage"),
    ("coverage", "good:whole unverified:whole doubtful:whole masked:whole missing:whole"),
    ("track", "tracks:text holds:[text] sectors:text cells?:whole revolutions?:whole speed?:[signed] splices?:whole"),
    ("area", "track:text kind:text start:whole len:whole evidence:text"),
    ("volume", "kind:text partition?:whole namespace?:text facts:[text] entries:[entry] entries_count:whole"),
    (
        "entry",
        "path:text kind:text size:whole modified?:text created?:text accessed?:text attributes?:[text] details?:{text} \
         short_name?:text raw_name:text deleted?:text findings?:[text]",
    ),
    ("sector", "place:text offset?:whole id?:[whole] id_recorded:truth size:whole status:text from?:text"),
    (
        "sector_row",
        "place:text offset?:whole id?:[whole] id_recorded:truth size:whole status:text from?:text scheme?:text \
         mark?:whole id_check?:text data_check?:text sightings:whole choice?:text rung?:text least_confidence?:whole",
    ),
    ("listed_volume", "volume:whole kind:text partition?:whole namespace?:text entries:[entry]"),
    (
        "extracted",
        "saved_as?:text volume:whole path:text kind:text size:whole modified?:text created?:text accessed?:text \
         attributes?:[text] details?:{text} short_name?:text raw_name:text deleted?:text findings?:[text] expected?:whole \
         delivered?:whole worst?:text damaged:truth",
    ),
    ("file_digests", "name:text size:whole digests:{text}"),
    ("layer", "sha256:text coverage:coverage"),
    ("merged", "captures:[capture] states:{whole} sectors:[merged_sector] more:whole"),
    ("capture", "input:text states:{whole} chosen:whole"),
    ("merged_sector", "place:text status:text from:whole captures:[text] contradiction:truth"),
    ("loss", "weight:text fact:text how:text count:whole first:text from:text to:text"),
    ("sector_difference", "lba:whole place:text first?:text second?:text byte?:whole"),
    ("file_difference", "path:text first?:text second?:text"),
    ("step", "layer:text what:text span?:text"),
    ("written", "output:text bytes:whole sha256:text proved:truth sidecar?:text"),
    (
        "preserved",
        "outcome:text version:text id:text name:text page:text what:text mood:text verdict:text state:text notes:[text] \
         picture?:text images:whole sectors:whole files:whole copies:whole",
    ),
    ("failure", "item:text error:text details:[text]"),
    ("for", "emulator:text name:text launch?:text configuration?:text several:text"),
    ("emulator", "id:text name:text machine:text media:[medium] several:text source:text"),
    ("medium", "format:text extension:text takes:text launch:text configuration?:text"),
    ("row", "id:text name:text"),
    ("added", "files:[text] id:text outcome:text version:text formats:[text] problems:[text] same_data:[text]"),
    ("carrier", "id:text title:text format:text version:text files:whole bytes:whole damaged:truth"),
    ("recorded_file", "path:text role:text name:text size:whole digests:{text}"),
    (
        "measured_image",
        "files:[text] member?:text wrappers?:[text] format?:text evidence?:[text] problem?:text carrier?:text \
         layout?:text l1?:layer l1o?:text l2?:layer states?:{whole} damaged?:[damaged_sector] volumes?:[text] \
         findings?:[finding] findings_count?:whole",
    ),
    ("damaged_sector", "place:text status:text"),
    ("recorded_claim", "file:text kind:text text:text"),
    ("found", "id:text by:text what:text"),
    ("event", "seq:whole time:text kind:text object?:text outcome:text person?:text software:text detail:{text}"),
    ("bag", "id:text bag:text files:whole bytes:whole"),
    (
        "format",
        "id:text name:text extensions:[text] carrier:text layer:text writes:truth exactness:text witness:text \
         holds:[text] limits:text",
    ),
];

const CONVERSION: &str = "input:text from:text guessed_layout?:text to:text for?:for losses:[loss] unverified_read_as_good:whole accepted:[text] \
                          unaccepted:[text] written?:written merged?:merged";

/// The object that each verb prints.
static VERBS: &[(&str, &str)] = &[
    ("identify", "input:text layers:[text] items:[item] findings:[finding]"),
    (
        "info",
        "input:text found:candidate size_only:truth layers:[text] format:text files:[text] carrier:text claims:[claim] opaque:[text] drive?:drive layout?:text \
         identity:identity tracks:[track] areas?:[area] volumes:[volume] findings:[finding] findings_count:whole",
    ),
    ("sectors", "input:text states:{whole} sectors:[sector_row]"),
    ("ls", "input:text volumes:[listed_volume]"),
    ("extract", "input:text files:[extracted]"),
    ("check", "input:text damaged:truth states:{whole} sectors:[sector] findings:[finding] findings_count:whole"),
    ("hash", "input:text format?:text l0:[file_digests] unpacked:[file_digests] l1?:layer l1o?:text l2?:layer"),
    (
        "compare",
        "inputs:[text] same_file:truth differs:truth same_recording?:truth same_data?:truth first:identity second:identity \
         sectors:[sector_difference] files:[file_difference] facts:[loss]",
    ),
    ("explain", "input:text what:text steps:[step]"),
    ("plan", CONVERSION),
    ("convert", CONVERSION),
    ("merge", CONVERSION),
    ("emulators", "emulators:[emulator]"),
    ("map", "input:text output:text bytes:whole states:{whole} notes:[text]"),
    ("preserve", "vault:text report:text carriers:[preserved] failures:[failure]"),
    ("catalog-init", "vault:text head:text"),
    ("catalog-add", "vault:text items:[added] head:text"),
    ("catalog-list", "carriers:[carrier] same_data:[[text]]"),
    (
        "catalog-show",
        "id:text version:text provenance:{text} files:[recorded_file] images:[measured_image] claimed:[recorded_claim] \
         same_data:[text]",
    ),
    ("catalog-search", "found:[found]"),
    (
        "catalog-verify",
        "vault:text sound:truth objects:whole files:whole bytes:whole head?:text findings:[finding] findings_count:whole",
    ),
    ("catalog-events", "events:[event]"),
    ("catalog-edit", "id:text changed:truth version:text"),
    ("catalog-rebuild", "vault:text finished:[text] removed:whole mended_log:truth indexed:whole objects:whole"),
    ("catalog-export", "bags:[bag] head:text"),
    ("formats", "formats:[format] filesystems:[row] layouts:[row] facts:[row]"),
];

/// What stands in place of a result that could not be had.
const FAILURE: &str = "input:text error:text details:[text]";

/// The verb whose schema was asked for: `--json-schema` needs no other
/// argument.
pub(crate) fn asked() -> Option<String> {
    let matches = crate::command().ignore_errors(true).try_get_matches().ok()?;
    let (verb, own) = matches.subcommand()?;
    let told = own.value_source("json_schema") == Some(ValueSource::CommandLine);
    let below = own.subcommand().map_or_else(String::new, |(below, _)| format!("-{below}"));
    told.then(|| format!("{verb}{below}"))
}

/// The JSON schema of a verb.
pub(crate) fn of(verb: &str) -> Result<String, Failure> {
    let Some((_, members)) = VERBS.iter().find(|(name, _)| *name == verb) else {
        return Err(Failure::new(Code::Usage, format!("`{verb}` prints no JSON")));
    };
    let id = format!("floptical/{verb}/0");
    let objects: Map<String, Value> =
        OBJECTS.iter().map(|(name, members)| ((*name).to_owned(), object(None, members))).collect();
    Ok(to_json_text(&json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id,
        "title": format!("What `floptical {verb} --json` prints for one input, or why it has nothing to print"),
        "oneOf": [object(Some(&id), members), object(Some(&id), FAILURE)],
        "$defs": objects,
    })))
}

fn object(schema: Option<&str>, members: &str) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    if let Some(id) = schema {
        properties.insert("schema".into(), json!({ "const": id }));
        required.push("schema");
    }
    for member in members.split_whitespace() {
        let (name, kind) = member.split_once(':').unwrap_or((member, "text"));
        match name.strip_suffix('?') {
            Some(name) => {
                properties.insert(name.into(), json!({ "anyOf": [kind_of(kind), { "type": "null" }] }));
            }
            None => {
                properties.insert(name.into(), kind_of(kind));
                required.push(name);
            }
        }
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn kind_of(kind: &str) -> Value {
    let inner = |open, close| kind.strip_prefix(open).and_then(|k: &str| k.strip_suffix(close));
    if let Some(items) = inner('[', ']') {
        return json!({ "type": "array", "items": kind_of(items) });
    }
    if let Some(values) = inner('{', '}') {
        return json!({ "type": "object", "additionalProperties": kind_of(values) });
    }
    match kind {
        "text" => json!({ "type": "string" }),
        "whole" => json!({ "type": "integer", "minimum": 0 }),
        "signed" => json!({ "type": "integer" }),
        "truth" => json!({ "type": "boolean" }),
        name => json!({ "$ref": format!("#/$defs/{name}") }),
    }
}
