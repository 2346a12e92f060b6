//! How fast a vault takes in floppies, and how fast it checks them.
//!
//! `throughput make DIR N` writes N files of 360 KB; `dat DIR` makes the four
//! sums of a DAT of them; `ingest DIR VAULT` puts them into a new vault,
//! `verify VAULT` checks all of it. Measure the process from outside, as
//! `perf stat` or `time` do; memory at its highest is printed on Linux.
#![allow(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::path::Path;
use std::time::Instant;

use floptical_catalog::Timestamp;
use floptical_catalog::event::Agent;
use floptical_catalog::fixity;
use floptical_catalog::record::FileRole;
use floptical_catalog::vault::{Act, Item, ItemFile, Vault};
use floptical_io::{Source, disk};
use floptical_model::{Context, Limits, Result};

const FLOPPY: usize = 368_640;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let context = Context::new(Limits { bytes: u64::MAX, entries: u64::MAX, steps: u64::MAX, ..Limits::default() });
    let begun = Instant::now();
    let bytes = match args.as_slice() {
        [_, "make", folder, n] => make(Path::new(folder), n.parse().unwrap_or(0))?,
        [_, "dat", folder] => dat(Path::new(folder), &context)?,
        [_, "ingest", folder, vault] => ingest(Path::new(folder), Path::new(vault), &context)?,
        [_, "verify", vault] => verify(Path::new(vault), &context)?,
        _ => {
            println!("make DIR N | dat DIR | ingest DIR VAULT | verify VAULT");
            return Ok(());
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    println!("{bytes} bytes in {seconds:.2} s, {:.0} MB/s{}", bytes as f64 / seconds / 1e6, memory());
    Ok(())
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(String::new, |peak| format!(", {} at most", peak.trim()))
}

fn make(folder: &Path, n: u64) -> Result<u64> {
    std::fs::create_dir_all(folder)?;
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    for number in 0..n {
        let mut bytes = Vec::with_capacity(FLOPPY);
        while bytes.len() < FLOPPY {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend(state.to_le_bytes());
        }
        std::fs::write(folder.join(format!("{number:05}.img")), bytes)?;
    }
    Ok(n * FLOPPY as u64)
}

fn dat(folder: &Path, context: &Context) -> Result<u64> {
    let files = disk::walk(folder, context)?;
    let mut bytes = 0;
    for together in files.chunks(fixity::TOGETHER) {
        let sources = together.iter().map(|path| disk::open(path)).collect::<Result<Vec<Source>>>()?;
        let sums = fixity::dat_sums(&sources.iter().collect::<Vec<_>>(), context)?;
        bytes += sums.iter().map(|sums| sums.len).sum::<u64>();
    }
    Ok(bytes)
}

fn ingest(folder: &Path, root: &Path, context: &Context) -> Result<u64> {
    let agent = Agent { person: None, software: "throughput".into(), version: "0".into() };
    let act = Act { agent, time: Timestamp::now() };
    let vault = Vault::create(root, &act)?;
    let files = disk::walk(folder, context)?;
    let mut bytes = 0;
    for batch in files.chunks(Vault::BATCH_FILES) {
        let item = |path: &std::path::PathBuf| {
            let source = disk::open(path)?;
            let name = source.name().trim_end_matches(".img").to_owned();
            let files = vec![ItemFile { role: FileRole::Original, source }];
            Ok(Item { name, files, ..Item::default() })
        };
        let items = batch.iter().map(item).collect::<Result<Vec<Item>>>()?;
        bytes += items.iter().flat_map(|item| &item.files).map(|file| file.source.len()).sum::<u64>();
        assert_eq!(vault.ingest(&items, &act, context)?.len(), items.len());
    }
    Ok(bytes)
}

fn verify(root: &Path, context: &Context) -> Result<u64> {
    let report = Vault::open(root)?.verify(&[], context)?;
    assert!(report.is_sound());
    Ok(report.bytes)
}
