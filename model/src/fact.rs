//! The one closed list of facts, version 0.

use crate::{Datum, Rate};

/// How a difference in a fact is weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// A machine or a protection could tell another value.
    Content,
    /// A measure: two regular values are two renditions of one disk.
    Measure,
    /// What a container says of its own making.
    Word,
}

macro_rules! facts {
    ($($name:ident $word:literal $kind:ident $meaning:literal;)*) => {
        /// A thing that an image can say of a disk.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fact { $(#[doc = $meaning] $name),* }

        impl Fact {
            /// Every fact, in the order of the table.
            pub const ALL: &[Fact] = &[$(Fact::$name),*];

            /// The stable word for it, as `--lose` takes it.
            pub fn word(self) -> &'static str {
                match self { $(Fact::$name => $word),* }
            }

            /// How a difference is weighed.
            pub fn kind(self) -> FactKind {
                match self { $(Fact::$name => FactKind::$kind),* }
            }

            /// What it means.
            pub fn meaning(self) -> &'static str {
                match self { $(Fact::$name => $meaning),* }
            }
        }
    };
}

facts! {
    Exists "exists" Content "A track or sector is there.";
    Layout "layout" Content "Tracks, sides, sectors, sizes and first numbers, where regular.";
    Scheme "scheme" Content "How a sector is recorded.";
    Id "id" Content "Cylinder, head and size code in an id field.";
    Header "header" Content "What an id field holds beside the id: a label, a disk id.";
    HeaderCheck "header-check" Content "Whether the check of an id field holds.";
    HeaderCheckValue "header-check-value" Content "The check of an id field as recorded.";
    Mark "mark" Content "The byte of the data mark: normal, deleted or other.";
    Tags "tags" Content "What a data field holds before its data: the tags of a Macintosh.";
    Data "data" Content "The bytes of a data field or of the user data of a disc, or that there is none.";
    DataCheck "data-check" Content "Whether the check of a data field holds.";
    DataCheckValue "data-check-value" Content "The check of a data field as recorded.";
    Readings "readings" Content "Further readings of the same track or sector.";
    Reconstructed "reconstructed" Content "No reading shows the data for certain: a search made them fit, or their check chose them.";
    Weak "weak" Content "Bits that read differently each time.";
    Order "order" Content "The order of the sectors on a track.";
    Angle "angle" Measure "Where each sector lies on a track.";
    Rate "rate" Content "The transfer rate of a track.";
    Rotation "rotation" Measure "The length of a revolution.";
    TrackLength "track-length" Measure "How many cells a track has.";
    CellTiming "cell-timing" Measure "How long the cells last, where they are not alike.";
    Gaps "gaps" Measure "All cells of a track: what lies between its fields, and their clocks.";
    NoFlux "no-flux" Content "Stretches without transitions.";
    FluxTiming "flux-timing" Measure "The times between transitions.";
    Revolutions "revolutions" Measure "How many revolutions there are, and whether they agree.";
    IndexTimes "index-times" Measure "When the index marks came.";
    Step "step" Measure "How many steps of the drive lie between two tracks, of each side where they differ.";
    HardSectors "hard-sectors" Content "Marks of hard-sector holes.";
    Form "form" Measure "The size of the medium.";
    Heads "heads" Measure "How many sides were captured.";
    Holes "holes" Content "Stretches of a linear carrier that hold no data.";
    Contents "contents" Content "The bytes of a linear carrier.";
    TrackMode "track-mode" Content "How a track of a disc is recorded: sound or a mode of data.";
    Control "control" Content "Control bits of a track of a disc: pre-emphasis, copying, four channels.";
    Session "session" Content "The session that a track of a disc belongs to.";
    Indexes "indexes" Content "The points of a track of a disc, counted from where it begins.";
    Pregap "pregap" Content "Sectors before a track of a disc that are only named, and empty.";
    Postgap "postgap" Content "Sectors behind a track of a disc that are only named, and empty.";
    Catalog "catalog-number" Content "The catalogue number of a disc.";
    Isrc "isrc" Content "The recording code of a track of a disc.";
    DiscText "disc-text" Content "Text about a disc or its tracks that a player may show.";
    SectorHeader "sector-header" Content "Sync, address and mode of the sectors of a disc.";
    Subheader "sub-header" Content "File, channel, submode and coding of sectors of mode 2.";
    Edc "edc" Content "The error detection code of the sectors of a disc.";
    Ecc "ecc" Content "The error correction code of the sectors of a disc.";
    Subchannel "sub-channel" Content "The sub-channels P to W of a disc.";
    RecordForm "record-form" Word "How the container wrote a sector down.";
    Version "version" Word "The version of the container.";
    Creator "creator" Word "The program that wrote the container.";
    Date "date" Word "When the container was written.";
    Title "title" Word "A title in the container.";
    Comment "comment" Word "A comment in the container.";
    Claim "claim" Word "Another statement of the container about itself.";
    Opaque "opaque" Word "A part of the container that is not interpreted.";
}

impl Fact {
    /// The fact of a word.
    pub fn from_word(word: &str) -> Option<Fact> {
        Self::ALL.iter().copied().find(|f| f.word() == word)
    }

    /// True when two values of this fact are one to the disk: rates of one
    /// density.
    pub fn equivalent(self, a: &Datum, b: &Datum) -> bool {
        match (self, a, b) {
            (Fact::Rate, Datum::Number(a), Datum::Number(b)) => match (u32::try_from(*a), u32::try_from(*b)) {
                (Ok(a), Ok(b)) => Rate(a).same_density(Rate(b)),
                _ => false,
            },
            _ => a == b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_find_their_fact() {
        assert!(Fact::ALL.iter().all(|f| Fact::from_word(f.word()) == Some(*f)));
    }
}
