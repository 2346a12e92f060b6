//! The text blocks: names and values.

use floptical_io::text;
use floptical_model::{Claim, ClaimKind, Clock, Span};

use super::raw;

/// The text that is written where no stream has one of its own.
pub(super) const CANONICAL: &[u8] = b"name=floptical, sck=24027428.5714286, ick=3003428.5714286\0";

/// Names whose values are claims.
const CLAIMS: [(&[u8], ClaimKind); 4] = [
    (b"name", ClaimKind::Creator),
    (b"version", ClaimKind::Creator),
    (b"host_date", ClaimKind::Date),
    (b"host_time", ClaimKind::Date),
];

/// The pairs of a text, each value with its offset.
fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8], usize)> {
    let mut offset = 0usize;
    text.split(|b| *b == b',').filter_map(move |pair| {
        let start = offset;
        offset = offset.saturating_add(pair.len()).saturating_add(1);
        let equals = pair.iter().position(|b| *b == b'=')?;
        let (name, value) = (pair.get(..equals)?, pair.get(equals.checked_add(1)?..)?);
        let end = value.iter().position(|b| *b == 0).unwrap_or(value.len());
        Some((name.trim_ascii(), value.get(..end)?, start.checked_add(equals)?.checked_add(1)?))
    })
}

/// What the texts of a stream say of the capture; each text with its place.
pub(super) fn claims<'a>(texts: impl Iterator<Item = (&'a [u8], Span)>) -> Vec<Claim> {
    let mut all: Vec<Claim> = Vec::new();
    for (text, at) in texts {
        for (name, value, offset) in pairs(text) {
            let Some((_, kind)) = CLAIMS.iter().find(|(known, _)| *known == name) else { continue };
            let at = within(&at, offset, value.len());
            all.push(Claim { kind: *kind, raw: value.to_vec(), text: text::show(value), at });
        }
    }
    all
}

fn within(span: &Span, offset: usize, len: usize) -> Span {
    match span {
        Span::File { file, start, .. } => {
            Span::File { file: *file, start: start.saturating_add(offset as u64), len: len as u64 }
        }
        other => other.clone(),
    }
}

/// The sample clock that the texts tell, else that of the device.
pub(super) fn clock<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Clock {
    let told =
        texts.flat_map(pairs).filter(|(name, ..)| *name == b"sck").filter_map(|(_, value, _)| decimal(value)).last();
    told.unwrap_or_else(raw::default_clock)
}

/// A decimal number as a clock; the device's own, rounded to some digits, is
/// taken for what it means.
fn decimal(value: &[u8]) -> Option<Clock> {
    const DIGITS: usize = 9;
    let text = std::str::from_utf8(value).ok()?.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let fraction = fraction.get(..DIGITS.min(fraction.len())).filter(|f| digits(f) && digits(whole))?;
    let den = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? };
    let num = whole.parse::<u64>().ok()?.checked_mul(den)?.checked_add(part)?;
    let own = raw::default_clock();
    // Off by less than two units of the last digit.
    let off = (u128::from(num).checked_mul(own.ratio().1.into())?)
        .abs_diff(u128::from(own.ratio().0).checked_mul(den.into())?);
    if off <= u128::from(own.ratio().1).saturating_mul(2) && den > 1 { Some(own) } else { Clock::new(num, den) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_exact() {
        let table: [(&[u8], Clock); 6] = [
            (b"sck=24027428.5714286, ick=3003428.5714286\0", raw::default_clock()),
            (b"name=x, sck=24027428.57142857\0", raw::default_clock()),
            (b"sck=72000000", Clock::hz(72_000_000)),
            (b"sck=24.5", Clock::new(245, 10).unwrap()),
            (b"sck=24e6", raw::default_clock()),
            (b"sck=0", raw::default_clock()),
        ];
        for (text, expected) in table {
            assert_eq!(clock(std::iter::once(text)), expected, "{}", text::show(text));
        }
        assert_eq!(clock(std::iter::once(CANONICAL)), raw::default_clock());
    }

    #[test]
    fn values_are_claims_with_their_place() {
        let text = b"name=KryoFlux DiskSystem, version=3.00s, hwid=1\0";
        let said = claims(std::iter::once((&text[..], Span::file(4, text.len() as u64))));
        let shown: Vec<(&str, Span)> = said.iter().map(|c| (c.text.as_str(), c.at.clone())).collect();
        assert_eq!(shown, [("KryoFlux DiskSystem", Span::file(9, 19)), ("3.00s", Span::file(38, 5))]);
    }
}
