//! Packed bytes by recipe.

use std::io::Write;

/// What `zstd --check` makes of `floptical` and a line feed: a frame with a
/// checksum of its content.
pub(crate) const ZSTD_WITH_SUM: &[u8] = &[
    0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x0A, 0x51, 0x00, 0x00, 0x66, 0x6C, 0x6F, 0x70, 0x74, 0x69, 0x63, 0x61, 0x6C, 0x0A,
    0xD5, 0x4D, 0xDC, 0xA3,
];

/// The same content as a zip holds it by method 14.
pub(crate) const ZIP_LZMA: &[u8] = &[
    0x09, 0x04, 0x05, 0x00, 0x5D, 0x00, 0x00, 0x80, 0x00, 0x00, 0x33, 0x1B, 0x0A, 0x43, 0x5A, 0x03, 0x21, 0x82, 0x8C,
    0x35, 0xDE, 0x81, 0xCA, 0x30, 0xFF, 0xFF, 0x3F, 0x0C, 0x00, 0x00,
];

/// Text that packs well.
pub(crate) fn text(len: usize) -> Vec<u8> {
    b"sector header data gap ".iter().copied().cycle().take(len).collect()
}

/// Bytes that do not pack, the same each time.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn gzip_named(name: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::GzBuilder::new().filename(name).write(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// An entry of a zip, each field as it is to be written.
#[derive(Clone)]
pub(crate) struct Zipped {
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) data: Vec<u8>,
    pub(crate) unpacked: u32,
    pub(crate) mode: u32,
}

impl Zipped {
    pub(crate) fn packed(name: &str, method: u16, data: &[u8], content: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.into(),
            flags: 0,
            method,
            crc: crc.sum(),
            data: data.to_vec(),
            unpacked: content.len() as u32,
            mode: 0o100_644,
        }
    }

    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        Self::packed(name, 0, content, content)
    }

    pub(crate) fn deflated(name: &str, content: &[u8]) -> Self {
        Self::packed(name, 8, &deflate(content), content)
    }

    pub(crate) fn folder(name: &str) -> Self {
        Self::stored(name, b"")
    }

    /// What the local and the central header have in common.
    fn fields(&self) -> Vec<u8> {
        let shorts = [20, self.flags, self.method, 0, 0x21];
        let longs = [self.crc, self.data.len() as u32, self.unpacked];
        let mut out: Vec<u8> = shorts.iter().flat_map(|v| v.to_le_bytes()).collect();
        out.extend(longs.iter().flat_map(|v| v.to_le_bytes()));
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend([0, 0]);
        out
    }

    fn local(&self) -> Vec<u8> {
        [b"PK\x03\x04", &self.fields()[..], &self.name, &self.data].concat()
    }

    fn central(&self, offset: u32) -> Vec<u8> {
        let mut out = [b"PK\x01\x02", &[20, 3][..], &self.fields()].concat();
        out.extend([0; 6]);
        out.extend((self.mode << 16).to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend(&self.name);
        out
    }
}

/// An archive of these entries.
pub(crate) fn zip(entries: &[Zipped]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        directory.extend(entry.central(out.len() as u32));
        out.extend(entry.local());
    }
    finish(out, &directory, entries.len() as u16)
}

/// An archive whose entries all point to the same data.
pub(crate) fn overlapping(data: &[u8], content: &[u8], count: u16) -> Vec<u8> {
    let entry = Zipped::packed("a", 8, data, content);
    let directory = entry.central(0).repeat(count.into());
    finish(entry.local(), &directory, count)
}

fn finish(mut out: Vec<u8>, directory: &[u8], count: u16) -> Vec<u8> {
    let start = out.len() as u32;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes().repeat(2));
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}
