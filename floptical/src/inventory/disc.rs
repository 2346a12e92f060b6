//! What an optical disc says.
//!
//! Sectors are summed in pieces, counted from where their track begins, so
//! that a disc says the same from any container. What the parts around the
//! user data hold follows from it on a regular disc; a piece says so, or gives
//! the digest of what does not follow.

use floptical_io::text::show;
use floptical_iso::cd::{SYNC, Sector, Shape};
use floptical_model::{
    CdTrack, Check, Context, Control, Datum, DiscText, Fact, Inventory, Lba, Optical, Place, Regular, Result,
    SectorForm, Value,
};
use sha2::{Digest, Sha256};

use super::{known, summary};
use crate::disc;

/// Sectors of a piece: a mebibyte of user data.
const PIECE: u32 = 512;
/// What the parts around the user data are on a regular disc.
const COMPUTED: Value = Value::Value(Datum::Word("as computed"), Regular::Yes);

pub(super) fn say_disc(said: &mut Inventory, disc: &Optical, context: &Context) -> Result<()> {
    if let Some(catalog) = &disc.catalog {
        said.say(Place::Whole, Fact::Catalog, own(text(catalog)));
    }
    say_text(said, Place::Whole, &disc.text);
    disc.tracks.iter().for_each(|track| say_track(said, track));
    let mut piece: Option<Piece> = None;
    disc::each(disc, context, |track, sector| {
        let (start, count) = piece_of(track, sector.at);
        let place = Place::Sectors { track: track.number, start, count };
        if piece.as_ref().is_none_or(|piece| piece.place != place) {
            piece.replace(Piece::new(place)).into_iter().for_each(|whole| whole.say(said));
        }
        piece.iter_mut().for_each(|piece| piece.add(sector));
        Ok(())
    })?;
    piece.into_iter().for_each(|last| last.say(said));
    Ok(())
}

/// The piece that an address lies in. The pregap is counted from its start.
fn piece_of(track: &CdTrack, at: Lba) -> (Lba, u32) {
    let (base, end) = if at < track.begin() { (track.start(), track.begin()) } else { (track.begin(), track.end()) };
    let start = base.after(at.since(base) / PIECE * PIECE);
    (start, PIECE.min(end.since(start)))
}

fn own(datum: Datum) -> Value {
    Value::Value(datum, Regular::No)
}

fn text(raw: &[u8]) -> Datum {
    Datum::Text(show(raw).into())
}

fn say_text(said: &mut Inventory, place: Place, all: &[DiscText]) {
    if !all.is_empty() {
        let lines: Vec<String> = all.iter().map(|t| format!("{}: {}", t.kind.word(), show(&t.raw))).collect();
        said.say(place, Fact::DiscText, own(Datum::Text(lines.join("; ").into())));
    }
}

fn say_track(said: &mut Inventory, track: &CdTrack) {
    /// Every disc begins with two seconds of pregap.
    const FIRST: (Lba, u32) = (Lba(-150), 150);
    let place = Place::CdTrack(track.number);
    say_text(said, place.clone(), &track.text);
    let said = said.at(place);
    let number = |n: u32| Datum::Number(n.into());
    said.say(Fact::Exists, own(number(1)));
    said.say(Fact::TrackMode, known(track.mode.map(|mode| Datum::Word(mode.word())), true));
    let plain = track.control.copied() == Some(Control::default());
    said.say(Fact::Control, known(track.control.map(|control| number(control.0.into())), plain));
    said.say(Fact::Session, known(track.session.map(|n| number(n.into())), track.session.copied() == Some(1)));
    if let Some(isrc) = &track.isrc {
        said.say(Fact::Isrc, own(text(isrc)));
    }
    if track.mode.is_recorded() {
        let point = |i: &floptical_model::Index| [i64::from(i.number), i64::from(i.at.0) - i64::from(track.begin().0)];
        let points: Vec<i64> = track.indexes.iter().flat_map(point).collect();
        let plain = points == [1, 0];
        said.say(Fact::Indexes, Value::Value(Datum::Numbers(points.into()), plain.into()));
    }
    let (before, behind) = track.made_gaps();
    if before > 0 {
        let usual = (track.start(), before) == FIRST;
        said.say(Fact::Pregap, Value::Value(number(before), usual.into()));
    }
    if behind > 0 {
        said.say(Fact::Postgap, own(number(behind)));
    }
}

/// What the sectors of a piece say together.
struct Piece {
    place: Place,
    user: (u64, Sha256),
    header: Option<Odd>,
    subheader: Option<Odd>,
    edc: Option<Odd>,
    ecc: Option<Odd>,
    subchannel: Option<Odd>,
}

/// Parts of sectors that do not follow from the rest: how many, and their
/// digest with their addresses.
#[derive(Default)]
struct Odd(u64, Sha256);

impl Odd {
    fn add(&mut self, at: Lba, bytes: &[u8]) {
        self.0 += 1;
        self.1.update(at.0.to_be_bytes());
        self.1.update(bytes);
    }

    /// Count a part that is there, and keep it when it is odd.
    fn note(all: &mut Option<Odd>, is_odd: bool, at: Lba, bytes: &[u8]) {
        let odd = all.get_or_insert_default();
        if is_odd {
            odd.add(at, bytes);
        }
    }

    fn value(self) -> Value {
        if self.0 == 0 { COMPUTED } else { own(summary(self.0, self.1.finalize().into())) }
    }
}

impl Piece {
    fn new(place: Place) -> Self {
        Self { place, user: (0, Sha256::new()), header: None, subheader: None, edc: None, ecc: None, subchannel: None }
    }

    fn add(&mut self, sector: &Sector) {
        /// A sub-header of data that says nothing more.
        const PLAIN: [u8; 8] = [0, 0, 8, 0, 0, 0, 8, 0];
        let at = sector.at;
        self.user.0 += sector.user().len() as u64;
        self.user.1.update(sector.user());
        if let Some(bytes) = sector.subchannel() {
            Odd::note(&mut self.subchannel, true, at, bytes);
        }
        let (Some(checks), Some(shape)) = (sector.checks(), sector.shape) else { return };
        if sector.form == SectorForm::Raw {
            Odd::note(&mut self.header, !checks.header, at, sector.part(0..SYNC.len() + 4));
        }
        if let Some(twice) = shape.subheader() {
            let bytes = sector.part(twice);
            Odd::note(&mut self.subheader, bytes != PLAIN, at, bytes);
        } else if shape == Shape::Formless {
            Odd::note(&mut self.subheader, true, at, &[]);
        }
        if let Some((_, place)) = shape.edc() {
            Odd::note(&mut self.edc, checks.edc != Check::Good, at, sector.part(place));
        }
        if let Some(place) = shape.ecc() {
            Odd::note(&mut self.ecc, checks.ecc != Check::Good, at, sector.part(place));
        }
    }

    fn say(self, said: &mut Inventory) {
        let said = said.at(self.place);
        said.say(Fact::Data, own(summary(self.user.0, self.user.1.finalize().into())));
        let parts = [
            (Fact::SectorHeader, self.header),
            (Fact::Subheader, self.subheader),
            (Fact::Edc, self.edc),
            (Fact::Ecc, self.ecc),
            (Fact::Subchannel, self.subchannel),
        ];
        for (fact, odd) in parts {
            said.say(fact, odd.map_or(Value::Unrecorded, Odd::value));
        }
    }
}
