//! The generated images and their truth, where they are present.

#![allow(dead_code, clippy::print_stdout, reason = "each test uses a part, and says what was skipped")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use floptical_filesystems::{Mounted, volumes};
use floptical_model::{Blocks, ByteBlocks, Context, Delivered, Entry, Known, Layer, Place, SectorEntry, Status};
use sha2::{Digest, Sha256};

/// A row of `truth.tsv`, by the name of its column.
pub(crate) type Row = BTreeMap<String, String>;

pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let root = std::env::var_os("FLOPTICAL_CORPUS").map_or(beside, PathBuf::from);
    let path = root.join(name);
    if !path.is_dir() {
        println!("skipped: no corpus at {}", path.display());
        return None;
    }
    Some(path)
}

pub(crate) fn rows(path: PathBuf) -> Vec<Row> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let row = |line: &str| columns.iter().map(ToString::to_string).zip(line.split('\t').map(Into::into)).collect();
    lines.map(row).collect()
}

pub(crate) fn bytes(content: &[u8]) -> Arc<dyn Blocks> {
    let sector = |part: &[u8]| SectorEntry {
        place: Place::Whole,
        offset: None,
        id: Known::Unrecorded,
        size: part.len() as u32,
        status: Status::Unverified,
        data: Some(part.into()),
        span: None,
        layer: Layer::Sectors,
    };
    Arc::new(ByteBlocks::new(512, content.chunks(512).map(sector)))
}

pub(crate) fn image(folder: &std::path::Path, name: &str) -> Arc<dyn Blocks> {
    let packed = std::fs::read(folder.join(format!("{name}.gz"))).unwrap();
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut content).unwrap();
    bytes(&content)
}

pub(crate) fn open(folder: &std::path::Path, name: &str) -> Mounted {
    let (mut all, _) = volumes(image(folder, name), &Context::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(all.len(), 1, "{name}");
    all.remove(0)
}

pub(crate) fn content(mounted: &Mounted, entry: &Entry) -> (String, Delivered) {
    let mut sum = Sha256::new();
    let mut count = 0;
    let mut out = |part: &[u8]| {
        sum.update(part);
        count += part.len() as u64;
        Ok(())
    };
    let delivered = mounted.volume.read(entry, &mut out, &Context::default()).unwrap();
    assert_eq!(delivered.bytes, count);
    (sum.finalize().iter().map(|b| format!("{b:02x}")).collect(), delivered)
}
