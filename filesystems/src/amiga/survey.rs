//! Every block of a volume looked at once, whatever leads to it: headers that
//! vouch for themselves, and the data blocks of OFS, which name their file.

use std::collections::BTreeMap;

use floptical_model::Result;

use super::block::{Device, Header, Kind};

/// Type of an OFS data block.
pub(super) const DATA: u32 = 8;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Headers with a sound checksum that know their own number.
    pub headers: BTreeMap<u32, Header>,
    /// Sound data blocks by the header and the number in its file that they
    /// give.
    data: BTreeMap<(u32, u32), Vec<u32>>,
}

impl Survey {
    /// Look at all blocks.
    pub(super) fn take(device: Device<'_>, long_names: bool) -> Result<Self> {
        let mut survey = Self::default();
        for number in 2..device.count {
            let Some(block) = device.block(number)?.filter(|b| matches!(b.long(0), 2 | DATA) && b.is_sound()) else {
                continue;
            };
            if block.long(0) == DATA {
                survey.data.entry((block.long(1), block.long(2))).or_default().push(number);
            } else if let Some(header) = Header::read(number, &block, long_names)
                && header.own == number
                && header.kind != Kind::Root
            {
                survey.headers.insert(number, header);
            }
        }
        Ok(survey)
    }

    /// The only block that says it is this one of a file.
    pub(super) fn data(&self, header: u32, sequence: u32) -> Option<u32> {
        match self.data.get(&(header, sequence))?[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The last number in its file of all blocks that name a header.
    pub(super) fn last(&self, header: u32) -> Option<u32> {
        self.data.range((header, 1)..=(header, u32::MAX)).next_back().map(|((_, sequence), _)| *sequence)
    }
}
