//! Linear views of bytes made in a test, and what comes out of them.

#![allow(dead_code, reason = "each test uses a part")]

use std::sync::Arc;

use floptical_filesystems::{Mounted, volumes};
use floptical_model::{Blocks, ByteBlocks, Code, Context, Delivered, Entry, Known, Layer, Place, SectorEntry, Status};

/// Sectors of `size` bytes; those in `missing` have no data.
pub(crate) fn blocks(size: u32, content: &[u8], missing: &[usize]) -> Arc<dyn Blocks> {
    let sector = |(i, part): (usize, &[u8])| SectorEntry {
        place: Place::Whole,
        offset: None,
        id: Known::Unrecorded,
        size: part.len() as u32,
        status: if missing.contains(&i) { Status::Missing } else { Status::Good },
        data: (!missing.contains(&i)).then(|| part.into()),
        span: None,
        layer: Layer::Sectors,
    };
    Arc::new(ByteBlocks::new(size, content.chunks(size as usize).enumerate().map(sector)))
}

/// The only volume of sectors of 512 bytes.
pub(crate) fn open(content: &[u8], missing: &[usize]) -> Mounted {
    volumes(blocks(512, content, missing), &Context::default()).unwrap().0.remove(0)
}

/// The bytes of an entry.
pub(crate) fn read(mounted: &Mounted, entry: &Entry) -> (Vec<u8>, Delivered) {
    let mut all = Vec::new();
    let mut out = |part: &[u8]| {
        all.extend_from_slice(part);
        Ok(())
    };
    let delivered = mounted.volume.read(entry, &mut out, &Context::default()).unwrap();
    (all, delivered)
}

/// The entry with a path.
pub(crate) fn entry<'a>(mounted: &'a Mounted, path: &str) -> &'a Entry {
    let paths = || mounted.volume.entries().iter().map(|e| &e.path).collect::<Vec<_>>();
    mounted.volume.entries().iter().find(|e| e.path == path).unwrap_or_else(|| panic!("no {path} in {:?}", paths()))
}

/// Whether something was noticed of an entry.
pub(crate) fn says(entry: &Entry, code: &Code) -> bool {
    entry.findings.iter().any(|f| f.code == code)
}

/// Bytes that differ from sector to sector.
pub(crate) fn content(key: u8, len: usize) -> Vec<u8> {
    (0..len).map(|i| (i as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0] ^ (i >> 9) as u8 ^ key).collect()
}
