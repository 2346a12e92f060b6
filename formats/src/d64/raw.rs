//! What an error byte says of a sector, and the other way round.

use floptical_model::{Check, DataField, Known, Sighting};

/// Bytes that one error byte speaks of.
pub(super) const BLOCK: usize = 256;

/// Codes of the drive's job queue. No drive reads a block with any other.
pub(super) const UNSAID: u8 = 0x00;
pub(super) const OK: u8 = 0x01;
pub(super) const NO_HEADER: u8 = 0x02;
pub(super) const NO_SYNC: u8 = 0x03;
pub(super) const NO_DATA: u8 = 0x04;
pub(super) const BAD_DATA: u8 = 0x05;
pub(super) const BAD_HEADER: u8 = 0x09;
pub(super) const OTHER_ID: u8 = 0x0B;

/// What is there of a sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// Not even an id field.
    Nothing,
    /// An id field.
    Header,
    /// Its data.
    Data,
}

/// What an error byte can say of a sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) held: Held,
    pub(super) id_check: Known<Check>,
    pub(super) data_check: Known<Check>,
    /// Its id field has another disk id.
    pub(super) other_id: bool,
}

impl State {
    /// Nothing is said.
    pub(super) const PLAIN: Self =
        Self { held: Held::Data, id_check: Known::Unrecorded, data_check: Known::Unrecorded, other_id: false };
    /// There is no such sector on the track.
    pub(super) const ABSENT: Self = Self { held: Held::Nothing, ..Self::PLAIN };

    /// What a code says of a sector whose bytes are filler, or somebody's data.
    /// Behind an error that leaves no data there is filler; where there is data
    /// all the same, it is shown as bad.
    pub(super) fn read(code: u8, filler: bool) -> Self {
        let (good, bad) = (Known::Value(Check::Good), Known::Value(Check::Bad));
        match code {
            OK => Self { id_check: good, data_check: good, ..Self::PLAIN },
            NO_HEADER | NO_SYNC if filler => Self::ABSENT,
            NO_HEADER | NO_SYNC | BAD_HEADER => Self { id_check: bad, ..Self::PLAIN },
            NO_DATA if filler => Self { held: Held::Header, id_check: good, ..Self::PLAIN },
            NO_DATA | BAD_DATA => Self { id_check: good, data_check: bad, ..Self::PLAIN },
            OTHER_ID => Self { id_check: good, other_id: true, ..Self::PLAIN },
            _ => Self::PLAIN,
        }
    }

    /// What a sector says, held against the disk id of the others.
    pub(super) fn of(seen: &Sighting, disk_id: Option<[u8; 2]>) -> Self {
        let own = seen.header.get().and_then(|header| header.first_chunk::<2>());
        Self {
            held: match seen.data {
                DataField::Unread => return Self::ABSENT,
                DataField::Missing => Held::Header,
                DataField::Bytes(_) => Held::Data,
            },
            id_check: seen.id_check,
            data_check: seen.data_check,
            other_id: own.zip(disk_id.as_ref()).is_some_and(|(own, disk)| own != disk),
        }
    }

    /// The code for it, on a track with or without any sector.
    pub(super) fn code(self, empty_track: bool) -> u8 {
        let (id, data) = (self.id_check.copied(), self.data_check.copied());
        match self.held {
            Held::Nothing if empty_track => NO_SYNC,
            Held::Nothing => NO_HEADER,
            _ if id == Some(Check::Bad) => BAD_HEADER,
            Held::Header => NO_DATA,
            Held::Data if data == Some(Check::Bad) => BAD_DATA,
            Held::Data if self.other_id => OTHER_ID,
            Held::Data if id == Some(Check::Good) || data == Some(Check::Good) => OK,
            Held::Data => UNSAID,
        }
    }
}

/// The code that speaks for a sector of several blocks: the first that is no
/// success.
pub(super) fn spokesman(codes: &[u8]) -> u8 {
    codes.iter().copied().find(|code| *code != OK).unwrap_or(OK)
}

/// True for codes that a drive gives for a block that was read.
pub(super) fn is_known(code: u8) -> bool {
    matches!(code, UNSAID..=BAD_DATA | BAD_HEADER | OTHER_ID)
}

/// True for what programs leave in a block without data: one byte, the first
/// one aside (a formatted sector of the 1541 is 4Bh and then 01h).
pub(super) fn is_filler(bytes: &[u8]) -> bool {
    let rest = bytes.get(1..).unwrap_or(&[]);
    rest.first().is_none_or(|first| rest.iter().all(|b| b == first))
}
