//! A walk over bytes in memory that knows where each value stood.

use floptical_model::{Error, Result, Span};

/// A value and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// The bytes that it was read from.
    pub at: Span,
}

/// A walk over bytes of a file.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    file: u16,
    base: u64,
}

macro_rules! numbers {
    ($($name:ident $type:ty, $from:ident, $doc:literal;)*) => {
        $(#[doc = $doc]
        ///
        /// # Errors
        /// `Truncated`, naming the field.
        pub fn $name(&mut self, field: &str) -> Result<At<$type>> {
            let At { value, at } = self.take(size_of::<$type>(), field)?;
            let mut raw = [0; size_of::<$type>()];
            raw.copy_from_slice(value);
            Ok(At { value: <$type>::$from(raw), at })
        })*
    };
}

impl<'a> Cursor<'a> {
    /// A walk over all of an image's first file.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::within(bytes, 0, 0)
    }

    /// A walk over bytes that stand at `base` of the file with index `file`.
    pub fn within(bytes: &'a [u8], file: u16, base: u64) -> Self {
        Self { bytes, at: 0, file, base }
    }

    /// The offset in the file of the next byte.
    pub fn offset(&self) -> u64 {
        self.base.saturating_add(self.at as u64)
    }

    /// Bytes left.
    pub fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// The bytes left, without taking them.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    /// The span of the next `len` bytes.
    pub fn span(&self, len: u64) -> Span {
        Span::File { file: self.file, start: self.offset(), len }
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// `Truncated`, naming the field.
    pub fn take(&mut self, len: usize, field: &str) -> Result<At<&'a [u8]>> {
        let at = self.span(len as u64);
        let taken = self.at.checked_add(len).and_then(|end| Some((end, self.bytes.get(self.at..end)?)));
        let Some((end, value)) = taken else {
            return Err(Error::truncated(at, format!("the file ends within {field}")));
        };
        self.at = end;
        Ok(At { value, at })
    }

    /// The next bytes up to `end`, which is taken too and not returned.
    ///
    /// # Errors
    /// `Truncated`, naming the field, when `end` does not come.
    pub fn until(&mut self, end: u8, field: &str) -> Result<At<&'a [u8]>> {
        let Some(len) = self.rest().iter().position(|b| *b == end) else {
            return Err(Error::truncated(self.span(self.left() as u64), format!("the file ends within {field}")));
        };
        let taken = self.take(len, field)?;
        self.take(1, field)?;
        Ok(taken)
    }

    numbers! {
        u8 u8, from_le_bytes, "The next byte.";
        u16_le u16, from_le_bytes, "The next two bytes, low one first.";
        u16_be u16, from_be_bytes, "The next two bytes, high one first.";
        u32_le u32, from_le_bytes, "The next four bytes, low one first.";
        u32_be u32, from_be_bytes, "The next four bytes, high one first.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_place() {
        let mut cursor = Cursor::within(&[1, 2, 3, b'x', b'y', 0x1A, 9], 2, 100);
        assert_eq!(cursor.u8("a").unwrap().value, 1);
        let pair = cursor.u16_be("b").unwrap();
        assert_eq!((pair.value, pair.at), (0x0203, Span::File { file: 2, start: 101, len: 2 }));
        assert_eq!(cursor.until(0x1A, "text").unwrap().value, b"xy");
        let error = cursor.u32_le("count of tracks").unwrap_err();
        assert_eq!(error.what, "the file ends within count of tracks");
        assert_eq!(cursor.left(), 1);
    }
}
