//! The records of a file: header, comment, tracks, sectors.

use floptical_io::Cursor;
use floptical_model::{Error, Known, Rate, RecordForm, Result, Span};

/// Bytes of the header.
pub(super) const HEADER: usize = 12;
/// Header bit: FM on the whole disk; on a track: FM there.
pub(super) const FM: u8 = 0x80;
/// In the byte of stepping: a comment follows.
pub(super) const COMMENT: u8 = 0x80;
/// The count of sectors that ends the tracks.
pub(super) const END: u8 = 0xFF;
/// The version of Teledisk from which on the packing is that of LZHUF.
const LZHUF: u8 = 20;
/// Rates by their byte.
const RATES: [Rate; 3] = [Rate::DD, Rate::DD_360, Rate::HD];

/// CRC-16 of polynomial A097h, start 0, high bit first.
pub(super) fn crc(bytes: &[u8]) -> u16 {
    let bit = |crc: u16| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0xA097 };
    bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| bit(crc)))
}

/// The low byte of the CRC, as tracks and sectors have it.
pub(super) fn crc_low(bytes: &[u8]) -> u8 {
    let [low, _] = crc(bytes).to_le_bytes();
    low
}

/// How the bytes after the header are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Lzw,
    Lzhuf,
}

/// The header, without magic and check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Sequence of the volume, its signature, version, rate, drive, stepping,
    /// whether only what DOS uses was read, sides.
    pub(super) fields: [u8; 8],
    pub(super) packing: Packing,
    /// True when its check holds.
    pub(super) checked: bool,
}

impl Header {
    pub(super) const VERSION: usize = 2;
    pub(super) const RATE: usize = 3;
    pub(super) const DRIVE: usize = 4;
    pub(super) const STEP: usize = 5;
    pub(super) const SIDES: usize = 7;

    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        let magic = cursor.take(2, "the magic number")?;
        let packed = match magic.value {
            b"TD" => false,
            b"td" => true,
            _ => return Err(Error::malformed(magic.at, "the file begins neither with \"TD\" nor with \"td\"")),
        };
        let fields = cursor.take(8, "the header")?.value;
        let check = cursor.u16_le("the check of the header")?.value;
        let fields = fields.first_chunk().copied().unwrap_or_default();
        let mut header = Self { fields, packing: Packing::Plain, checked: false };
        header.checked = bytes.get(..10).map(crc) == Some(check);
        if packed {
            header.packing = if header.field(Self::VERSION) < LZHUF { Packing::Lzw } else { Packing::Lzhuf };
        }
        Ok(header)
    }

    pub(super) fn field(&self, at: usize) -> u8 {
        self.fields.get(at).copied().unwrap_or(0)
    }

    /// The rate of all tracks.
    pub(super) fn rate(&self) -> Known<Rate> {
        RATES.get(usize::from(self.field(Self::RATE) & !FM)).map_or(Known::Unrecorded, |rate| Known::Value(*rate))
    }

    /// True when its fields are such as Teledisk writes.
    pub(super) fn is_sane(&self) -> bool {
        let [_, _, version, rate, drive, step, dos, _] = self.fields;
        (10..=24).contains(&version) && rate & !FM < 3 && drive < 8 && step & !COMMENT < 3 && dos < 2
    }
}

/// A plain header of these fields.
pub(super) fn header_bytes(fields: [u8; 8]) -> Vec<u8> {
    let mut bytes = [&b"TD"[..], &fields].concat();
    let check = crc(&bytes);
    bytes.extend(check.to_le_bytes());
    bytes
}

/// The byte of a rate within 8 %.
pub(super) fn rate_byte(own: Rate) -> Option<u8> {
    let near = |standard: &Rate| {
        u64::from(own.0.abs_diff(standard.0)).saturating_mul(100) <= u64::from(standard.0).saturating_mul(8)
    };
    RATES.iter().position(near).and_then(|at| u8::try_from(at).ok())
}

/// A record of a comment: its date, its text, whether its check holds.
pub(super) struct Comment<'a> {
    pub(super) date: &'a [u8],
    pub(super) text: &'a [u8],
    pub(super) at: Span,
    pub(super) checked: bool,
}

impl<'a> Comment<'a> {
    pub(super) fn parse(cursor: &mut Cursor<'a>) -> Result<Self> {
        let check = cursor.u16_le("the check of the comment")?.value;
        let start = cursor.clone();
        let len = cursor.u16_le("the length of the comment")?.value;
        let date = cursor.take(6, "the date of the comment")?.value;
        let text = cursor.take(len.into(), "the comment")?;
        let covered = start.rest().get(..usize::from(len).saturating_add(8)).unwrap_or_default();
        Ok(Self { date, text: text.value, at: text.at, checked: crc(covered) == check })
    }

    /// A record of a date and a text.
    pub(super) fn to_bytes(date: [u8; 6], text: &[u8]) -> Vec<u8> {
        let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
        let covered = [&len.to_le_bytes()[..], &date, text].concat();
        [&crc(&covered).to_le_bytes()[..], &covered].concat()
    }
}

/// A record of a sector: C, H, R, N, flags, check, and the block that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) words: [u8; 6],
    /// A method and what it makes data of.
    pub(super) block: Option<Vec<u8>>,
}

/// Flags of a sector.
pub(super) const TWIN: u8 = 0x01;
pub(super) const BAD: u8 = 0x02;
pub(super) const DELETED: u8 = 0x04;
pub(super) const SKIPPED: u8 = 0x10;
pub(super) const NO_DATA: u8 = 0x20;
pub(super) const NO_ID: u8 = 0x40;

impl Record {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let words: [u8; 6] = cursor.take(6, "a sector")?.value.first_chunk().copied().unwrap_or_default();
        let mut record = Self { words, block: None };
        if record.flags() & (SKIPPED | NO_DATA) == 0 {
            let len = cursor.u16_le("the length of a sector")?.value;
            record.block = Some(cursor.take(len.into(), "the data of a sector")?.value.to_vec());
        }
        Ok(record)
    }

    pub(super) fn flags(&self) -> u8 {
        let [_, _, _, _, flags, _] = self.words;
        flags
    }

    /// Bytes that the sector has.
    pub(super) fn size(&self) -> usize {
        let [_, _, _, n, _, _] = self.words;
        128 << (n & 7)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.words.to_vec();
        if let Some(block) = &self.block {
            bytes.extend(u16::try_from(block.len()).unwrap_or(u16::MAX).to_le_bytes());
            bytes.extend_from_slice(block);
        }
        bytes
    }
}

/// What a block makes up to `size` bytes, how it was written down, and whether
/// it made just that.
pub(super) fn expand(block: &[u8], size: usize) -> (Vec<u8>, Known<RecordForm>, bool) {
    let (method, rest) = block.split_first().map_or((0, &[][..]), |(method, rest)| (*method, rest));
    let (mut data, form) = match method {
        0 => (rest.to_vec(), Known::Value(RecordForm::Full)),
        1 => (pairs(rest, size), Known::Value(pair_form(rest))),
        2 => (runs(rest, size), Known::Value(RecordForm::Runs)),
        _ => return (Vec::new(), Known::Unrecorded, false),
    };
    let clean = data.len() == size;
    data.truncate(size);
    (data, form, clean)
}

fn pair_form(rest: &[u8]) -> RecordForm {
    match rest {
        [_, _, a, b] if a == b => RecordForm::Filled,
        _ => RecordForm::Pairs,
    }
}

/// How often (u16), then a pair of bytes. One byte over `size` tells that it
/// would be more.
fn pairs(rest: &[u8], size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in rest.chunks(4) {
        let [low, high, a, b] = *piece else { return out };
        let count = usize::from(u16::from_le_bytes([low, high])).min(size.saturating_sub(out.len()).saturating_add(1));
        out.extend([a, b].repeat(count));
    }
    out
}

/// 0, how many, bytes; or half the length of a pattern, how often, the pattern.
fn runs(mut rest: &[u8], size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while let [half, count, after @ ..] = rest {
        let (len, times) = if *half == 0 { (*count, 1) } else { (half.saturating_mul(2), usize::from(*count)) };
        let Some((pattern, left)) = after.split_at_checked(len.into()) else { return out };
        let room = size.saturating_sub(out.len()).saturating_add(1);
        out.extend(pattern.iter().copied().cycle().take(pattern.len().saturating_mul(times).min(room)));
        if out.len() > size {
            return out;
        }
        rest = left;
    }
    out
}

/// The block that writes data down in a form.
pub(super) fn block(data: &[u8], form: RecordForm) -> Vec<u8> {
    match (form, data) {
        (RecordForm::Filled | RecordForm::Pairs, [a, b, ..]) => {
            let count = u16::try_from(data.len() >> 1).unwrap_or(u16::MAX);
            [&[1][..], &count.to_le_bytes(), &[*a, *b]].concat()
        }
        (RecordForm::Runs, data) => {
            let mut block = vec![2];
            for piece in pieces(data) {
                block.extend(piece);
            }
            block
        }
        _ => [&[0], data].concat(),
    }
}

/// Data as runs of one pair, and literals between them.
fn pieces(data: &[u8]) -> Vec<Vec<u8>> {
    let words: Vec<&[u8]> = data.chunks(2).collect();
    let mut out = Vec::new();
    let mut literal: Vec<u8> = Vec::new();
    let flush = |literal: &mut Vec<u8>, out: &mut Vec<Vec<u8>>| {
        for piece in literal.chunks(254) {
            out.push([&[0, u8::try_from(piece.len()).unwrap_or(254)], piece].concat());
        }
        literal.clear();
    };
    for run in words.chunk_by(|a, b| a == b && a.len() == 2) {
        for part in run.chunks(255) {
            match (part, u8::try_from(part.len())) {
                ([pair, ..], Ok(count)) if count > 2 => {
                    flush(&mut literal, &mut out);
                    out.push([&[1, count], *pair].concat());
                }
                _ => part.iter().for_each(|pair| literal.extend_from_slice(pair)),
            }
        }
    }
    flush(&mut literal, &mut out);
    out
}

/// The form to write data in: its own where that can say it, else the shortest
/// of a repeated pair and all bytes.
pub(super) fn form(data: &[u8], own: Option<RecordForm>) -> RecordForm {
    let paired = data.len().is_multiple_of(2) && data.chunks(2).all(|pair| Some(pair) == data.get(..2));
    let alike = paired && data.first() == data.get(1);
    match own {
        Some(RecordForm::Full) => RecordForm::Full,
        Some(RecordForm::Runs) => RecordForm::Runs,
        _ if alike => RecordForm::Filled,
        _ if paired => RecordForm::Pairs,
        _ => RecordForm::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_every_form_expand_to_their_data() {
        let plain: Vec<u8> = (0..=255).collect();
        let mixed = [vec![1, 2, 3, 4], [7, 8].repeat(600), vec![9; 20], vec![1, 2]].concat();
        for data in [plain, vec![0xE5; 256], [1, 2].repeat(64), mixed] {
            for own in [
                None,
                Some(RecordForm::Full),
                Some(RecordForm::Filled),
                Some(RecordForm::Pairs),
                Some(RecordForm::Runs),
            ] {
                let form = form(&data, own);
                let (out, told, clean) = expand(&block(&data, form), data.len());
                assert!(clean && out == data, "{own:?}");
                assert_eq!(told, Known::Value(form));
            }
        }
    }

    #[test]
    fn blocks_that_make_more_or_less_are_told() {
        assert_eq!(expand(&[1, 65, 0, 1, 2], 128), ([1, 2].repeat(64), Known::Value(RecordForm::Pairs), false));
        assert_eq!(expand(&[0, 1, 2], 128), (vec![1, 2], Known::Value(RecordForm::Full), false));
        assert_eq!(expand(&[2, 0, 9, 1], 128), (vec![], Known::Value(RecordForm::Runs), false));
        assert_eq!(expand(&[9, 1], 128), (vec![], Known::Unrecorded, false));
        assert_eq!(expand(&[2, 1, 255, 5, 6, 0, 1, 7], 128).0.len(), 128);
    }

    #[test]
    fn the_check_is_that_of_teledisk() {
        // The header of a file that libdsk wrote.
        let header = [0x54, 0x44, 0, 0xC6, 0x15, 0, 1, 0, 0, 2];
        assert_eq!(crc(&header), 0x28C0);
    }
}
