//! Numbers and words in the structures of a disc.

/// A number that is recorded in both byte orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Both {
    /// The little-endian one, which counts.
    pub(crate) value: u32,
    /// The big-endian one.
    pub(crate) other: u32,
}

impl Both {
    /// What is to be said when the two differ.
    pub(crate) fn differ(self, field: &str) -> Option<String> {
        (self.value != self.other)
            .then(|| format!("{field} is {} in little-endian, {} in big-endian order", self.value, self.other))
    }
}

/// A structure in memory. Callers have checked its length; a field that is not
/// there reads as zeros.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    /// `len` bytes from `at`, or none where they are not all there.
    pub(crate) fn bytes(self, at: usize, len: usize) -> &'a [u8] {
        at.checked_add(len).and_then(|end| self.0.get(at..end)).unwrap_or_default()
    }

    fn array<const N: usize>(self, at: usize) -> [u8; N] {
        self.bytes(at, N).try_into().unwrap_or([0; N])
    }

    pub(crate) fn u8(self, at: usize) -> u8 {
        u8::from_le_bytes(self.array(at))
    }

    pub(crate) fn le16(self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    pub(crate) fn be16(self, at: usize) -> u16 {
        u16::from_be_bytes(self.array(at))
    }

    pub(crate) fn le32(self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub(crate) fn be32(self, at: usize) -> u32 {
        u32::from_be_bytes(self.array(at))
    }

    pub(crate) fn le64(self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    /// A number of 16 bits in both orders (ECMA-119, 7.2.3).
    pub(crate) fn both16(self, at: usize) -> Both {
        Both { value: self.le16(at).into(), other: self.be16(at.saturating_add(2)).into() }
    }

    /// A number of 32 bits in both orders (ECMA-119, 7.3.3).
    pub(crate) fn both32(self, at: usize) -> Both {
        Both { value: self.le32(at), other: self.be32(at.saturating_add(4)) }
    }

    /// The words of a field without the spaces and zeros that fill it up.
    pub(crate) fn words(self, at: usize, len: usize) -> &'a [u8] {
        let all = self.bytes(at, len);
        let kept = all.iter().rposition(|b| !matches!(b, b' ' | 0)).map_or(0, |last| last.saturating_add(1));
        all.get(..kept).unwrap_or_default()
    }
}
