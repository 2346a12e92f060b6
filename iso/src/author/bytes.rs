//! Numbers and dates as a disc records them.

use super::Moment;

/// A structure while it is filled.
#[derive(Debug)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    pub(super) fn zeros(len: usize) -> Self {
        Self(vec![0; len])
    }

    /// Put bytes at an offset; what has no room is left out.
    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
    }

    /// Text in a field that is filled up with `fill`; its length is a multiple
    /// of that of `fill`.
    pub(super) fn text(&mut self, at: usize, len: usize, text: &[u8], fill: &[u8]) {
        let filled: Vec<u8> = text.iter().chain(fill.iter().cycle()).take(len).copied().collect();
        self.put(at, &filled);
    }
}

/// A number of 16 bits in both orders.
pub(super) fn both16(n: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (n.to_le_bytes(), n.to_be_bytes());
    [a, b, c, d]
}

/// A number of 32 bits in both orders.
pub(super) fn both32(n: u32) -> [u8; 8] {
    let ([a, b, c, d], [e, f, g, h]) = (n.to_le_bytes(), n.to_be_bytes());
    [a, b, c, d, e, f, g, h]
}

/// A date in seven bytes.
pub(super) fn short_date(m: Moment) -> [u8; 7] {
    let year = u8::try_from(m.year.saturating_sub(1900)).unwrap_or(u8::MAX);
    [year, m.month, m.day, m.hour, m.minute, m.second, m.zone.cast_unsigned()]
}

/// A date in digits and a byte for the zone.
pub(super) fn long_date(m: Moment) -> Vec<u8> {
    let digits = format!("{:04}{:02}{:02}{:02}{:02}{:02}00", m.year, m.month, m.day, m.hour, m.minute, m.second);
    [digits.as_bytes(), &[m.zone.cast_unsigned()]].concat()
}
