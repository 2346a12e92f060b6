//! Files of GEOS: an info sector beside each, and files of several records.
//!
//! The info sector: 2 and 3 size of the picture, 68 type of CBM DOS, 69 type
//! of GEOS, 70 structure, 71 load address, 77 class, 97 author, 160 on words
//! about the file. A file of records begins with a sector of 127 places: 0/0
//! ends them, 0/255 is an empty record.

use floptical_model::{Detail, Result};

use super::chain::Chain;
use super::disk::{At, Disk};
use super::record::Record;

/// Names of the types, by their number.
const TYPES: [&str; 16] = [
    "none",
    "BASIC",
    "assembler",
    "data",
    "system",
    "desk accessory",
    "application",
    "application data",
    "font",
    "printer driver",
    "input driver",
    "disk driver",
    "system boot",
    "temporary",
    "auto-exec",
    "input driver 128",
];

/// True for an entry that GEOS wrote: a type, one of two structures, and a
/// date that can be.
pub(super) fn is_geos(record: &Record) -> bool {
    let [_, month, day, hour, minute] = record.geos_date();
    let dated = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
    record.geos_type() != 0 && record.record_len() <= 1 && dated && record.kind() != super::record::REL
}

/// When GEOS wrote an entry, local time. Years are counted from 1900.
pub(super) fn date(record: &Record) -> String {
    let [year, month, day, hour, minute] = record.geos_date();
    format!("{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}", 1900u16.saturating_add(year.into()))
}

/// The chains of a file of records, and the length of each record in words.
pub(super) fn records(disk: &Disk<'_>, index: At) -> Result<Option<(Vec<Chain>, String)>> {
    let Some(bytes) = disk.sector(index)? else { return Ok(None) };
    let (mut chains, mut words) = (Vec::new(), Vec::new());
    for [track, sector] in bytes.as_chunks::<2>().0.iter().skip(1) {
        match (*track, *sector) {
            (0, 0) => break,
            (0, _) => words.push("-".to_owned()),
            (track, sector) => {
                let chain = Chain::follow(disk, At { track, sector })?;
                words.push(super::content::bytes(&chain).to_string());
                chains.push(chain);
            }
        }
    }
    Ok(Some((chains, words.join(" "))))
}

/// What the info sector says.
pub(super) fn details(disk: &Disk<'_>, record: &Record) -> Result<Vec<Detail>> {
    let kind = TYPES.get(usize::from(record.geos_type())).copied().unwrap_or("unknown");
    let mut all: Vec<Detail> = vec![("GEOS type", kind.to_owned())];
    let Some(info) = disk.sector(record.side())? else { return Ok(all) };
    let text = |from: usize, to: usize| -> String {
        let bytes = info.get(from..to).unwrap_or_default();
        let text: String = bytes.iter().take_while(|b| **b != 0).map(|b| char::from(*b)).collect();
        text.trim_end().to_owned()
    };
    let fields = [("GEOS class", text(77, 97)), ("GEOS author", text(97, 117)), ("GEOS info", text(160, 256))];
    all.extend(fields.into_iter().filter(|(_, text)| !text.is_empty()));
    Ok(all)
}
