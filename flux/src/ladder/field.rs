//! A field of a sector in a string of cells, and what its check says when cells
//! are turned around.

use std::ops::Range;

use floptical_model::{Bits, Sighting, Span};

use crate::code::Code;

/// A field that a sighting shows.
#[derive(Debug, Clone)]
pub(super) struct Field {
    code: &'static Code,
    /// First cell after its mark, and after the check where that comes first.
    pub(super) body: usize,
    /// All its cells.
    pub(super) cells: Range<usize>,
    /// Bytes and mark of a data field; `None` for an id field.
    data: Option<(usize, u8)>,
}

impl Field {
    /// The id field of a sighting.
    pub(super) fn id(code: &'static Code, sighting: &Sighting) -> Option<Self> {
        let cells = range(sighting.id_span.as_ref()?)?;
        Some(Self { code, body: cells.start.saturating_add(code.mark_cells), cells, data: None })
    }

    /// The data field of a sighting.
    pub(super) fn data(code: &'static Code, sighting: &Sighting) -> Option<Self> {
        let cells = range(sighting.data_span.as_ref()?)?;
        let mark = sighting.mark.copied().unwrap_or(0);
        let body = cells.start.saturating_add(code.data_offset());
        Some(Self { code, body, cells, data: Some((sighting.size(), mark)) })
    }

    /// What the recorded check differs by from the right one: 0 where it holds;
    /// `None` for what is no such field.
    pub(super) fn syndrome(&self, bits: &Bits) -> Option<u32> {
        let code = self.code;
        let differs = match self.data {
            None => {
                let (field, _) = code.id_at(bits, self.body)?;
                field.value ^ field.right
            }
            Some((_, mark)) => {
                let value = self.check(bits)?.iter().fold(0, |sum, b| sum << 8 | u32::from(*b));
                code.check(mark, &self.bytes(bits)) ^ value
            }
        };
        Some(differs & code.check_bits)
    }

    /// Everything that it says, the check as well.
    pub(super) fn content(&self, bits: &Bits) -> Vec<u8> {
        let mut content = self.bytes(bits);
        content.extend(self.check(bits).unwrap_or_default());
        content
    }

    fn check(&self, bits: &Bits) -> Option<Vec<u8>> {
        let len = self.code.cells(self.code.check_bytes);
        let at = if self.code.check_first { self.body.checked_sub(len)? } else { self.end() };
        Some(self.code.block(bits, at, self.code.check_bytes))
    }

    /// The data; of an id field all that follows its mark.
    pub(super) fn bytes(&self, bits: &Bits) -> Vec<u8> {
        if let Some((size, _)) = self.data {
            return self.code.block(bits, self.body, size);
        }
        let mut at = self.body;
        let part = |count: &usize| {
            let start = at;
            at = at.saturating_add(self.code.cells(*count));
            self.code.block(bits, start, *count)
        };
        self.code.id_blocks.iter().flat_map(part).collect()
    }

    /// True when the code writes just these cells.
    pub(super) fn is_sound(&self, bits: &Bits) -> bool {
        match self.data {
            None => self.code.id_at(bits, self.body).is_some_and(|(_, sound)| sound),
            Some(_) => self.code.is_sound(bits, self.body, &self.bytes(bits)),
        }
    }

    fn end(&self) -> usize {
        self.body.saturating_add(self.code.cells(self.data.map_or(0, |(size, _)| size)))
    }
}

fn range(span: &Span) -> Option<Range<usize>> {
    let Span::Cells { start, len, .. } = span else { return None };
    let start = usize::try_from(*start).ok()?;
    Some(start..start.saturating_add(usize::try_from(*len).ok()?))
}
