//! The text at the start of a file: a line of version and date, a comment.

use std::sync::Arc;

use floptical_io::text::show;
use floptical_model::{Claim, ClaimKind, Image, Opaque, Place, Policy, Span};

/// What every file begins with.
pub(super) const MAGIC: &[u8] = b"IMD ";
/// What ends the text.
pub(super) const END: u8 = 0x1A;
/// The part that keeps a line which its version and date do not make again.
pub(super) const LINE: &str = "imd.header";
/// The date of a file that has none.
const NO_DATE: &[u8] = b"00/00/0000 00:00:00";
/// The version that is written where the image names none.
const VERSION: &[u8] = b"1.18";

/// The parts of the text.
struct Text<'a> {
    /// The first line, with its end.
    line: &'a [u8],
    version: &'a [u8],
    date: Option<&'a [u8]>,
    comment: &'a [u8],
}

impl<'a> Text<'a> {
    /// Take the text apart. Every text has a reading: what the line does not
    /// say is empty.
    fn parse(text: &'a [u8]) -> Self {
        let rest = text.strip_prefix(MAGIC).unwrap_or(text);
        let head = rest.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
        let colon = head.windows(2).position(|w| w == b": ");
        let (version, after) = match colon.and_then(|at| head.split_at_checked(at)) {
            Some((version, after)) => (version, after.get(2..).unwrap_or_default()),
            None => (head, &[][..]),
        };
        // Some programs put no line end between the date and the comment.
        let date = after.get(..NO_DATE.len()).filter(|d| is_date(d)).unwrap_or(after);
        let unread = after.len().saturating_sub(date.len());
        let ends = text.len().saturating_sub(rest.len()).saturating_add(head.len()).saturating_sub(unread);
        let (_, tail) = text.split_at_checked(ends).unwrap_or((text, &[]));
        let comment = [&b"\r\n"[..], b"\n", b"\r"].iter().find_map(|end| tail.strip_prefix(*end)).unwrap_or(tail);
        let line = text.len().checked_sub(comment.len()).and_then(|end| text.get(..end)).unwrap_or_default();
        Self { line, version, date: Some(date).filter(|d| !d.is_empty() && *d != NO_DATE), comment }
    }

    /// The line that version and date make.
    fn plain_line(&self) -> Vec<u8> {
        line(self.version, self.date)
    }

    fn says(&self, image: &Image) -> bool {
        let claimed = |kind| image.claim(kind).map(|c| c.raw.as_slice());
        claimed(ClaimKind::Version).unwrap_or_default() == self.version
            && claimed(ClaimKind::Date) == self.date
            && claimed(ClaimKind::Comment).unwrap_or_default() == self.comment
    }
}

/// `dd/mm/yyyy hh:mm:ss`, with any mark between the numbers and blanks for
/// leading zeros.
fn is_date(bytes: &[u8]) -> bool {
    bytes.len() == NO_DATE.len()
        && bytes.iter().zip(NO_DATE).all(|(byte, model)| match model {
            b'0' => byte.is_ascii_digit() || *byte == b' ',
            b'/' => matches!(byte, b'/' | b'-' | b'.'),
            other => byte == other,
        })
}

fn line(version: &[u8], date: Option<&[u8]>) -> Vec<u8> {
    [MAGIC, version, b": ", date.unwrap_or(NO_DATE), b"\r\n"].concat()
}

/// What the text (without its end) claims, and the part that keeps an odd line.
pub(super) fn claims(text: &[u8]) -> (Vec<Claim>, Option<Opaque>) {
    let parts = Text::parse(text);
    let date_at = MAGIC.len().saturating_add(parts.version.len()).saturating_add(b": ".len());
    let said = [
        Some((ClaimKind::Version, parts.version, MAGIC.len())).filter(|(_, v, _)| !v.is_empty()),
        parts.date.map(|date| (ClaimKind::Date, date, date_at)),
        Some((ClaimKind::Comment, parts.comment, parts.line.len())).filter(|(_, c, _)| !c.is_empty()),
    ];
    let claim = |(kind, raw, at): (ClaimKind, &[u8], usize)| Claim {
        kind,
        raw: raw.to_vec(),
        text: show(raw),
        at: Span::file(at as u64, raw.len() as u64),
    };
    let odd = (parts.line != parts.plain_line()).then(|| Opaque {
        name: LINE.into(),
        place: Place::Whole,
        bytes: Arc::from(parts.line),
        policy: Policy::Verbatim,
        at: Span::file(0, parts.line.len() as u64),
    });
    (said.into_iter().flatten().map(claim).collect(), odd)
}

/// The text that an image of this format goes by, without its end.
pub(super) fn compose(image: &Image) -> Vec<u8> {
    let raw = |kind| image.claim(kind).map(|c| c.raw.as_slice());
    let mut text = match image.opaque(LINE) {
        Some(odd) => odd.bytes.to_vec(),
        None => line(raw(ClaimKind::Version).unwrap_or_default(), raw(ClaimKind::Date)),
    };
    text.extend_from_slice(raw(ClaimKind::Comment).unwrap_or_default());
    text
}

/// The text for an image of any format: its own where it has one that reads as
/// the image says, else a line without a date. The comment is cut where the
/// mark that ends it would stand.
pub(super) fn fitted(image: &Image, own: bool) -> Vec<u8> {
    let text = compose(image);
    if own && text.starts_with(MAGIC) && !text.contains(&END) && Text::parse(&text).says(image) {
        return text;
    }
    let comment = image.claim(ClaimKind::Comment).map_or(&[][..], |c| &c.raw);
    let comment = comment.split(|b| *b == END).next().unwrap_or_default();
    [line(VERSION, None).as_slice(), comment].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_programs_write_is_taken_apart() {
        type Row = (&'static [u8], &'static [u8], Option<&'static [u8]>, &'static [u8]);
        let table: [Row; 7] = [
            (b"IMD 1.18: 14/07/2014 11:05:31\r\nwords\r\n", b"1.18", Some(b"14/07/2014 11:05:31"), b"words\r\n"),
            (b"IMD 1.19: 21-10-2023 08:01:25a2kit v2", b"1.19", Some(b"21-10-2023 08:01:25"), b"a2kit v2"),
            (b"IMD LibDsk 1.5.9: 22/11/2026 12:11:45\r\n", b"LibDsk 1.5.9", Some(b"22/11/2026 12:11:45"), b""),
            (b"IMD 1.18: 15/ 9/2018 11:00:17\nx", b"1.18", Some(b"15/ 9/2018 11:00:17"), b"x"),
            (b"IMD 1.18: 00/00/0000 00:00:00\r\n", b"1.18", None, b""),
            (b"IMD nothing\relse", b"nothing", None, b"else"),
            (b"IMD 1: noon\n\n", b"1", Some(b"noon"), b"\n"),
        ];
        for (text, version, date, comment) in table {
            let parts = Text::parse(text);
            assert_eq!((parts.version, parts.date, parts.comment), (version, date, comment), "{}", show(text));
            assert_eq!([parts.line, parts.comment].concat(), text);
        }
    }
}
