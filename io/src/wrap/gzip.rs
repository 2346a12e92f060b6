//! One member of a gzip file (RFC 1952).

use std::io::{self, BufRead, Read};

use floptical_model::Result;
use floptical_model::finding::FORMAT_CHECKSUM;

use super::member::deflate;
use super::stream::{Packed, Stream};

/// Flags of a member.
mod flag {
    pub(super) const HEADER_CRC: u8 = 2;
    pub(super) const EXTRA: u8 = 4;
    pub(super) const NAME: u8 = 8;
    pub(super) const COMMENT: u8 = 16;
    pub(super) const RESERVED: u8 = 0xE0;
}

/// The longest name or comment that is taken for one.
const LONGEST_TEXT: u64 = 64 << 10;

/// True for the first bytes of a member.
pub(super) fn begins(head: &[u8]) -> bool {
    matches!(head, [0x1F, 0x8B, 8, flags, ..] if flags & flag::RESERVED == 0)
}

/// One member: header, deflate stream, CRC-32 and length.
pub(super) fn member(stream: &mut Stream<'_>) -> Result<bool> {
    let header = Header::read(&mut stream.packed);
    let (header, end) = header.map_or_else(|error| (Header::default(), Err(error)), |header| (header, Ok(())));
    if !stream.close(end)? {
        return Ok(false);
    }
    if let Some((stored, computed)) = header.crc.filter(|(stored, computed)| stored != computed) {
        let at = stream.packed.span(stream.packed.position().saturating_sub(2), 2);
        stream.note(&FORMAT_CHECKSUM, at, &format!("the header has CRC-16 {computed:04x}, its field {stored:04x}"));
    }
    stream.name = stream.name.take().or(header.name);
    let start = stream.unpacked.len();
    if !deflate(stream)? {
        return Ok(false);
    }
    trailer(stream, start)
}

/// Check the trailer against what came out from `start` on.
fn trailer(stream: &mut Stream<'_>, start: usize) -> Result<bool> {
    let at = stream.packed.span(stream.packed.position(), 8);
    let mut trailer = [0; 8];
    let end = stream.packed.read_exact(&mut trailer);
    if !stream.close(end)? {
        return Ok(false);
    }
    let [c0, c1, c2, c3, l0, l1, l2, l3] = trailer;
    let stored = (u32::from_le_bytes([c0, c1, c2, c3]), u32::from_le_bytes([l0, l1, l2, l3]));
    let mut crc = flate2::Crc::new();
    crc.update(stream.unpacked.get(start..).unwrap_or(&[]));
    let computed = (crc.sum(), crc.amount());
    if stored != computed {
        let what = format!(
            "the content has CRC-32 {:08x} and {} bytes, the trailer says {:08x} and {}",
            computed.0, computed.1, stored.0, stored.1
        );
        stream.note(&FORMAT_CHECKSUM, at, &what);
    }
    Ok(true)
}

/// What the header of a member says that matters here.
#[derive(Default)]
struct Header {
    name: Option<String>,
    /// The CRC-16 that it records, and the one that it has.
    crc: Option<(u16, u16)>,
}

impl Header {
    fn read(packed: &mut Packed<'_>) -> io::Result<Self> {
        let mut crc = flate2::Crc::new();
        let mut summed = |bytes: &[u8]| crc.update(bytes);
        let mut fixed = [0; 10];
        packed.read_exact(&mut fixed)?;
        summed(&fixed);
        let [_, _, _, flags, ..] = fixed;
        if flags & flag::EXTRA != 0 {
            let mut len = [0; 2];
            packed.read_exact(&mut len)?;
            summed(&len);
            let mut extra = vec![0; usize::from(u16::from_le_bytes(len))];
            packed.read_exact(&mut extra)?;
            summed(&extra);
        }
        let mut texts = [None, None];
        for (text, bit) in texts.iter_mut().zip([flag::NAME, flag::COMMENT]) {
            if flags & bit != 0 {
                let bytes = text_field(packed)?;
                summed(&bytes);
                *text = Some(bytes);
            }
        }
        let [name, _comment] = texts;
        let crc = match flags & flag::HEADER_CRC {
            0 => None,
            _ => {
                let mut stored = [0; 2];
                packed.read_exact(&mut stored)?;
                let [low, high, ..] = crc.sum().to_le_bytes();
                Some((u16::from_le_bytes(stored), u16::from_le_bytes([low, high])))
            }
        };
        Ok(Self { name: name.and_then(|bytes| file_name(&bytes)), crc })
    }
}

/// Text that ends with a zero byte, which is part of the result.
fn text_field(packed: &mut Packed<'_>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    packed.take(LONGEST_TEXT).read_until(0, &mut bytes)?;
    match bytes.last() {
        Some(0) => Ok(bytes),
        _ => Err(io::Error::other("a text of the header does not end")),
    }
}

/// The last part of a recorded name. The RFC says Latin-1; UTF-8 is common.
fn file_name(field: &[u8]) -> Option<String> {
    let bytes = field.strip_suffix(&[0]).unwrap_or(field);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    text.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).map(str::to_owned)
}
