//! The words of a META chunk: lines of a key, a tab, and a value.

use floptical_io::text;
use floptical_model::{Claim, ClaimKind, Span};

/// The id of the chunk.
pub(crate) const ID: &[u8; 4] = b"META";

/// Keys that are more than a remark.
const KEYS: [(&[u8], ClaimKind); 4] = [
    (b"title", ClaimKind::Title),
    (b"subtitle", ClaimKind::Title),
    (b"image_date", ClaimKind::Date),
    (b"contributor", ClaimKind::Creator),
];

/// What its bytes, which stand at `start`, say of the disk; a key without a
/// value says nothing.
pub(crate) fn claims(bytes: &[u8], start: u64) -> Vec<Claim> {
    let mut at = start;
    let mut all = Vec::new();
    for line in bytes.split(|b| *b == b'\n') {
        all.extend(claim(line, at));
        at = at.saturating_add(line.len() as u64).saturating_add(1);
    }
    all
}

fn claim(line: &[u8], at: u64) -> Option<Claim> {
    let tab = line.iter().position(|b| *b == b'\t')?;
    let (key, value) = (line.get(..tab)?, line.get(tab.checked_add(1)?..)?);
    let named = KEYS.iter().find(|(name, _)| *name == key);
    let shown = match named {
        Some(_) => text::show(value),
        None => format!("{}: {}", text::show(key), text::show(value)),
    };
    let start = at.checked_add(tab as u64)?.checked_add(1)?;
    (!value.is_empty()).then(|| Claim {
        kind: named.map_or(ClaimKind::Comment, |(_, kind)| *kind),
        raw: value.to_vec(),
        text: shown,
        at: Span::file(start, value.len() as u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_claims_with_their_place() {
        let said = claims(b"title\tDisk\nside\t\nlanguage\tEnglish\nno tab\n", 100);
        let short: Vec<_> = said.iter().map(|c| (c.kind.word(), c.text.as_str(), c.at.clone())).collect();
        let language = ("comment", "language: English", Span::file(126, 7));
        assert_eq!(short, [("title", "Disk", Span::file(106, 4)), language]);
    }
}
