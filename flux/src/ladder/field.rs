//! A field of a sector in a string of cells, and what its check says when cells
//! are turned around.

use std::ops::Range;

use floptical_model::{Bits, Sighting, Span};

use crate::code::{Code, DataBody, Groups, number};

/// What a field says.
pub(super) struct Said {
    /// What the recorded check differs by from the right one: 0 where it holds.
    pub(super) syndrome: u32,
    /// All its bytes, the check as well.
    pub(super) bytes: Vec<u8>,
}

/// A field that a sighting shows.
#[derive(Debug, Clone)]
pub(super) struct Field {
    code: &'static Code,
    /// First cell after its mark.
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

    /// What it says; `None` for what is no such field.
    pub(super) fn said(&self, bits: &Bits) -> Option<Said> {
        let code = self.code;
        let Some((size, mark)) = self.data else {
            let field = code.id_at(bits, self.body)?;
            return Some(Said { syndrome: (field.value ^ field.right) & code.id_sum.bits, bytes: self.bytes(bits) });
        };
        let DataBody { tags, data, check } = code.data_at(bits, self.body, size, usize::MAX)?;
        let check = check?;
        let syndrome = (code.check(mark, &tags, &data) ^ check) & code.data_sum.bits;
        Some(Said { syndrome, bytes: [tags, data, code.data_sum.field(check)].concat() })
    }

    /// What it says in a string in which some cells are turned around.
    pub(super) fn said_with(&self, turned: impl Iterator<Item = usize>, bits: &Bits, said: &Said) -> Option<Said> {
        let (code, line) = (self.code, &self.code.data_coding.line);
        let Some((size, mark)) = self.data.filter(|_| code.is_by_bytes()) else { return self.said(bits) };
        let mut bytes = said.bytes.clone();
        for nth in turned.filter_map(|at| at.checked_sub(self.body)?.checked_div(line.byte_cells)) {
            let now = line.bytes(bits, self.body.saturating_add(line.cells(nth)), 1);
            if let Some((byte, now)) = bytes.get_mut(nth).zip(now.first()) {
                *byte = *now;
            }
        }
        let (tags, rest) = bytes.split_at_checked(code.tags)?;
        let (data, check) = rest.split_at_checked(size)?;
        let syndrome = (code.check(mark, tags, data) ^ number(check)) & code.data_sum.bits;
        Some(Said { syndrome, bytes })
    }

    /// The groups of cells of which it is made, where a code writes some patterns
    /// only, and where they lie: from the first cell of one to the end of the last.
    pub(super) fn groups(&self) -> Option<(Groups, Range<usize>)> {
        let code = self.code;
        let (coding, cells) = match self.data {
            None => (&code.id_coding, code.id_body_cells()),
            Some((size, _)) => (&code.data_coding, code.body_cells(size)),
        };
        Some((coding.packing.groups?, self.body..self.body.saturating_add(cells)))
    }

    /// The data; of an id field all that follows its mark.
    pub(super) fn bytes(&self, bits: &Bits) -> Vec<u8> {
        match self.data {
            Some((size, _)) => {
                self.code.data_at(bits, self.body, size, usize::MAX).map_or_else(Vec::new, |body| body.data)
            }
            None => self.code.id_content(bits, self.body),
        }
    }

    /// True when the code writes just these cells.
    pub(super) fn is_sound(&self, bits: &Bits) -> bool {
        match self.data {
            None => self.code.id_is_sound(bits, self.body),
            Some((size, _)) => self.code.data_is_sound(bits, self.body, size),
        }
    }
}

/// The cells of a span.
pub(super) fn range(span: &Span) -> Option<Range<usize>> {
    let Span::Cells { start, len, .. } = span else { return None };
    let start = usize::try_from(*start).ok()?;
    Some(start..start.saturating_add(usize::try_from(*len).ok()?))
}
