//! Sectors: what was recognised on a track, and the common sector model.

use std::sync::Arc;

use crate::{Bits, Check, Known, Layer, Place, Ps, Rate, SectorId, Span, Status, TrackAt};

/// How sectors are recorded on a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scheme {
    /// IBM FM, single density.
    IbmFm,
    /// IBM MFM, double density and above.
    IbmMfm,
    /// AmigaDOS: MFM in halves of odd and even bits.
    AmigaMfm,
    /// Commodore's drives from 1541 to 8250: groups of 4 bits in 5 cells.
    CommodoreGcr,
    /// Apple II, 16 sectors: groups of 6 bits in 8 cells.
    AppleGcr16,
    /// Apple II, 13 sectors: groups of 5 bits in 8 cells.
    AppleGcr13,
    /// Macintosh and Apple IIgs: groups of 6 bits in 8 cells, with tags.
    MacGcr,
    /// DEC RX02: data in modified MFM under ids in FM.
    DecRx02,
    /// Intel M2FM.
    IntelM2fm,
}

impl Scheme {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::IbmFm => "ibm-fm",
            Self::IbmMfm => "ibm-mfm",
            Self::AmigaMfm => "amiga-mfm",
            Self::CommodoreGcr => "commodore-gcr",
            Self::AppleGcr16 => "apple-gcr-16",
            Self::AppleGcr13 => "apple-gcr-13",
            Self::MacGcr => "mac-gcr",
            Self::DecRx02 => "dec-rx02",
            Self::IntelM2fm => "intel-m2fm",
        }
    }

    /// The mark of normal data; `None` for a scheme without data marks.
    pub fn normal_mark(self) -> Option<u8> {
        match self {
            Self::IbmFm | Self::IbmMfm => Some(Sighting::NORMAL),
            Self::AmigaMfm => None,
            Self::CommodoreGcr => Some(0x07),
            Self::AppleGcr16 | Self::AppleGcr13 | Self::MacGcr => Some(0xAD),
            Self::DecRx02 => Some(0xFD),
            Self::IntelM2fm => Some(0x0B),
        }
    }
}

/// How a container wrote a sector down. A word, not a fact of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordForm {
    /// All bytes.
    Full,
    /// One byte for all.
    Filled,
    /// A pair of bytes, repeated.
    Pairs,
    /// Runs of patterns, with literal bytes between them.
    Runs,
}

/// A data field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DataField {
    /// Nobody read it: what stands there is not known.
    Unread,
    /// The recording has no data field here, or none was found.
    Missing,
    /// Its bytes.
    Bytes(Arc<[u8]>),
}

impl DataField {
    /// The bytes, if there are any.
    pub fn bytes(&self) -> Option<&Arc<[u8]>> {
        match self {
            Self::Unread | Self::Missing => None,
            Self::Bytes(bytes) => Some(bytes),
        }
    }
}

/// How far up the ladder of the decoder a sector was read, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rung {
    /// By a loop that follows the cells quietly.
    QuietLoop,
    /// By a loop that follows steps of speed.
    FastLoop,
    /// As the most likely cells of a revolution under the rules of the code.
    Cells,
    /// The same of several revolutions laid on each other.
    Merged,
}

impl Rung {
    /// All, lowest first.
    pub const ALL: [Rung; 4] = [Self::QuietLoop, Self::FastLoop, Self::Cells, Self::Merged];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::QuietLoop => "quiet-loop",
            Self::FastLoop => "fast-loop",
            Self::Cells => "likely-cells",
            Self::Merged => "merged-revolutions",
        }
    }

    /// What it does, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::QuietLoop => "a quiet loop",
            Self::FastLoop => "a fast loop",
            Self::Cells => "the most likely cells of the revolution",
            Self::Merged => "the most likely cells of several revolutions",
        }
    }
}

/// One recognition of a sector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// How it is recorded.
    pub scheme: Scheme,
    /// The id field as recorded; `None` inside for data without an id.
    pub id: Known<Option<SectorId>>,
    /// What the id field holds beside the id, as recorded: of IBM nothing, of
    /// AmigaDOS the count of sectors to the gap and the 16 bytes of the label,
    /// of Commodore the two bytes of the disk id as they lie (second one first)
    /// and the two after them, of Apple II the volume, of Macintosh the format
    /// and the unused bits of the side.
    pub header: Known<Arc<[u8]>>,
    /// What the check of the id field said.
    pub id_check: Known<Check>,
    /// The check of the id field as recorded.
    pub id_check_value: Known<u32>,
    /// The byte of the data mark (of IBM FBh normal, F8h deleted; of Commodore
    /// 07h, of Apple ADh).
    pub mark: Known<u8>,
    /// What stands in the data field before the data: of Macintosh the number
    /// of the sector again and the 12 tag bytes.
    pub tags: Known<Arc<[u8]>>,
    /// The data field.
    pub data: DataField,
    /// What the check of the data field said.
    pub data_check: Known<Check>,
    /// The check of the data field as recorded.
    pub data_check_value: Known<u32>,
    /// What follows the check of the data field on the track, where a container
    /// keeps it with the sector.
    pub gap: Option<Arc<[u8]>>,
    /// Bits of the data that differ from reading to reading.
    pub weak: Option<Arc<Bits>>,
    /// How the container wrote it down.
    pub form: Known<RecordForm>,
    /// Revolution of the capture.
    pub revolution: u16,
    /// True when no reading shows it for certain: a search made it fit, or its check chose
    /// it among readings that are as likely.
    pub reconstructed: bool,
    /// How it was read from flux; `None` where it was not.
    pub rung: Option<Rung>,
    /// Of each byte of the data how much less likely the most likely other
    /// reading is, in decibels (10 for a factor of ten, 255 for that and more),
    /// where the rung can tell.
    pub confidence: Option<Arc<[u8]>>,
    /// What the id field was read from.
    pub id_span: Option<Span>,
    /// What the data field was read from.
    pub data_span: Option<Span>,
    /// Where its id mark lies: cells from the index.
    pub angle: Known<u32>,
}

impl Sighting {
    /// The IBM mark of normal data.
    pub const NORMAL: u8 = 0xFB;
    /// The IBM mark of deleted data.
    pub const DELETED: u8 = 0xF8;

    /// A plain sector of a container that records nothing but the data: ids
    /// and mark follow from the layout, nobody verified the bytes.
    pub fn assumed(scheme: Scheme, id: SectorId, data: DataField) -> Self {
        use crate::Why;
        Self {
            scheme,
            id: Known::Assumed(Some(id), Why::Layout),
            header: Known::Unrecorded,
            id_check: Known::Unrecorded,
            id_check_value: Known::Unrecorded,
            mark: scheme.normal_mark().map_or(Known::Unrecorded, |mark| Known::Assumed(mark, Why::Layout)),
            tags: Known::Unrecorded,
            data,
            data_check: Known::Unrecorded,
            data_check_value: Known::Unrecorded,
            gap: None,
            weak: None,
            form: Known::Unrecorded,
            revolution: 0,
            reconstructed: false,
            rung: None,
            confidence: None,
            id_span: None,
            data_span: None,
            angle: Known::Unrecorded,
        }
    }

    /// The id, recorded or assumed, if there is one.
    pub fn sector_id(&self) -> Option<SectorId> {
        self.id.copied().flatten()
    }

    /// Bytes that the sector has or, without data, should have.
    pub fn size(&self) -> usize {
        match &self.data {
            DataField::Bytes(bytes) => bytes.len(),
            DataField::Unread | DataField::Missing => self.sector_id().map_or(0, SectorId::size),
        }
    }

    /// How far it can be trusted by itself.
    pub fn status(&self) -> Status {
        match self.data {
            DataField::Unread => return Status::Unread,
            DataField::Missing => return Status::Missing,
            DataField::Bytes(_) => {}
        }
        let bad = |check: &Known<Check>| check.copied() == Some(Check::Bad);
        if bad(&self.data_check) || bad(&self.id_check) {
            Status::BadCheck
        } else if self.weak.as_ref().is_some_and(|w| w.count_ones() > 0) {
            Status::Weak
        } else if self.reconstructed {
            Status::Reconstructed
        } else if self.data_check.recorded() == Some(&Check::Good) {
            Status::Good
        } else {
            Status::Unverified
        }
    }

    /// True when the other shows the same sector: same scheme, id field, mark,
    /// data and checks, wherever it was read.
    pub fn same_content(&self, other: &Sighting) -> bool {
        self.scheme == other.scheme
            && self.id == other.id
            && self.header == other.header
            && self.id_check == other.id_check
            && self.mark == other.mark
            && self.tags == other.tags
            && self.data == other.data
            && self.data_check == other.data_check
    }
}

/// Why a sighting was chosen to speak for its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Choice {
    /// There is no other.
    Only,
    /// So many agree, and none contradicts.
    Agreed(u16),
    /// Its check is good, others' are not.
    GoodCheck,
    /// Good checks over different data: nothing was voted away.
    Contradiction,
    /// None is good; the first of the best.
    Best,
    /// A person chose.
    Person,
}

impl Choice {
    /// The reason in words.
    pub fn words(self) -> String {
        match self {
            Self::Only => "the only sighting".into(),
            Self::Agreed(n) => format!("{n} sightings agree"),
            Self::GoodCheck => "the one with a good check".into(),
            Self::Contradiction => "good checks over different data".into(),
            Self::Best => "the first of the best, none is good".into(),
            Self::Person => "chosen by a person".into(),
        }
    }
}

/// One physical place on a track, with everything that was seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What was seen, in order of revolutions. Never empty.
    sightings: Vec<Sighting>,
    chosen: usize,
    choice: Choice,
}

impl Slot {
    /// A slot that was seen once.
    pub fn one(sighting: Sighting) -> Self {
        Self { sightings: vec![sighting], chosen: 0, choice: Choice::Only }
    }

    /// A slot of several sightings, with the choice by evidence: the best
    /// status wins, then one with an id, then the earliest; good ones that differ
    /// are a contradiction. `None` when there is no sighting.
    pub fn of(sightings: Vec<Sighting>) -> Option<Self> {
        let rank = |s: &Sighting| (s.status(), s.sector_id().is_some());
        let (best, id) = sightings.iter().map(rank).max()?;
        let chosen = sightings.iter().position(|s| rank(s) == (best, id))?;
        let pick = sightings.get(chosen)?;
        let alike = sightings.iter().filter(|s| s.same_content(pick)).count();
        let differing_good = sightings.iter().any(|s| s.status() == Status::Good && s.data != pick.data);
        let choice = if best == Status::Good && differing_good {
            Choice::Contradiction
        } else if sightings.len() == 1 {
            Choice::Only
        } else if alike == sightings.len() {
            Choice::Agreed(u16::try_from(alike).unwrap_or(u16::MAX))
        } else if best == Status::Good {
            Choice::GoodCheck
        } else {
            Choice::Best
        };
        Some(Self { sightings, chosen, choice })
    }

    /// Alter what was seen; the choice is made anew.
    pub fn alter(&mut self, mut how: impl FnMut(&mut Sighting)) {
        let mut sightings = std::mem::take(&mut self.sightings);
        sightings.iter_mut().for_each(&mut how);
        // There is one at least.
        if let Some(slot) = Self::of(sightings) {
            *self = slot;
        }
    }

    /// Everything that was seen.
    pub fn sightings(&self) -> &[Sighting] {
        &self.sightings
    }

    /// The sighting that speaks for the slot.
    pub fn chosen(&self) -> &Sighting {
        &self.sightings[self.chosen]
    }

    /// Why.
    pub fn choice(&self) -> Choice {
        self.choice
    }

    /// How far its data can be trusted.
    pub fn status(&self) -> Status {
        let status = self.chosen().status();
        if self.choice == Choice::Contradiction { status.min(Status::Ambiguous) } else { status }
    }
}

/// A stretch of cells that no scheme explains and that is no plain filler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unclaimed {
    /// First cell.
    pub start: u64,
    /// Length in cells.
    pub len: u64,
}

/// The sectors of a track.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sectors {
    /// Slots in the order of the track where `ordered`, else by number.
    pub slots: Vec<Slot>,
    /// True when the order of the slots on the track is recorded.
    pub ordered: bool,
    /// Transfer rate.
    pub rate: Known<Rate>,
    /// Length of a revolution.
    pub rotation: Known<Ps>,
    /// Length of the track in cells.
    pub cells: Known<u32>,
    /// Where data lies that no field claims (only where derived from cells).
    pub unclaimed: Vec<Unclaimed>,
}

impl Sectors {
    /// The same track with other slots.
    #[must_use]
    pub fn with_slots(&self, slots: Vec<Slot>) -> Self {
        let Self { slots: _, ordered, rate, rotation, cells, unclaimed } = self;
        let (ordered, rate, rotation, cells) = (*ordered, *rate, *rotation, *cells);
        Self { slots, ordered, rate, rotation, cells, unclaimed: unclaimed.clone() }
    }

    /// The place of each slot: its R, and which one of those with that R.
    pub fn places(&self, track: TrackAt) -> Vec<Place> {
        let mut seen = [0u16; 257];
        let place = |slot: &Slot| {
            let r = slot.chosen().sector_id().map(|id| id.r);
            let count = &mut seen[r.map_or(256, usize::from)];
            let nth = *count;
            *count = count.saturating_add(1);
            Place::Slot { track, r, nth }
        };
        self.slots.iter().map(place).collect()
    }
}

/// One row of the common sector model, whatever the carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectorEntry {
    /// Track and slot, or bytes of a linear carrier.
    pub place: Place,
    /// Offset of its data in the linear view; `None` for what is not in it.
    pub offset: Option<u64>,
    /// The id, recorded or assumed.
    pub id: Known<Option<SectorId>>,
    /// Size in bytes.
    pub size: u32,
    /// How far the data can be trusted.
    pub status: Status,
    /// The data, unless missing or unread.
    pub data: Option<Arc<[u8]>>,
    /// What it was read from.
    pub span: Option<Span>,
    /// The layer that it comes from.
    pub layer: Layer,
}
