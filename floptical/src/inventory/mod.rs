//! What a disk says, as facts with places and values.
//!
//! Tracks are placed by the disk's own pitch, slots by the number they show,
//! so that one disk says the same from any container. Every value is either
//! what the image records or measures, or what its container assumes.

mod disc;
mod sectors;
mod signal;

pub(crate) use signal::without_sectors;

use std::sync::Arc;

use floptical_io::text::{show, words};
use floptical_model::{
    Carrier, ClaimKind, Context, Datum, Fact, Image, Inventory, Known, Layer, Place, Regular, Result, Status, Summary,
    Value, Why,
};

use crate::identity::{hex, sha256};
use crate::{Disk, DiskTrack};

/// What the disk says. Of cells that it did not keep ([`Disk::derive_for`]) only
/// how many they are.
///
/// # Errors
/// What stops the reading of a track.
pub fn inventory(disk: &Disk, context: &Context) -> Result<Inventory> {
    inventory_down_to(disk, Layer::Flux, context)
}

/// What the disk says, with digests of its flux and its cells only where a target
/// of this layer may hold them; else it is enough that they are there.
pub(crate) fn inventory_down_to(disk: &Disk, layer: Layer, context: &Context) -> Result<Inventory> {
    let mut said = Inventory::default();
    say_words(&mut said, disk.image());
    say_drive(&mut said, disk);
    for track in disk.tracks() {
        signal::say_track(&mut said, track, digests(disk, track, layer, context)?, disk.is_repeat(track));
        sectors::say_sectors(&mut said, track, disk.layout().get());
    }
    match &disk.image().carrier {
        Carrier::Block(_) => say_contents(&mut said, disk, context)?,
        Carrier::Optical(optical) => disc::say_disc(&mut said, optical, context)?,
        _ => {}
    }
    Ok(said)
}

fn digests(disk: &Disk, track: &DiskTrack, layer: Layer, context: &Context) -> Result<signal::Digests> {
    let mut digests = signal::Digests::default();
    if layer == Layer::Flux
        && track.flux.is_some()
        && let Some(floppy) = disk.image().as_floppy()
    {
        digests.times = floppy.tracks.get(track.at, context)?.as_ref().map(signal::flux_digest);
    }
    if layer <= Layer::Cells {
        digests.cells = track.derived.cells.as_ref().map(signal::cells_digest);
    }
    Ok(digests)
}

/// The fact that a kind of claim speaks of.
fn fact_of(kind: ClaimKind) -> Fact {
    match kind {
        ClaimKind::Creator => Fact::Creator,
        ClaimKind::Date => Fact::Date,
        ClaimKind::Title => Fact::Title,
        ClaimKind::Comment => Fact::Comment,
        ClaimKind::Version => Fact::Version,
        _ => Fact::Claim,
    }
}

fn say_words(said: &mut Inventory, image: &Image) {
    for (nth, claim) in image.claims.iter().enumerate() {
        let twin = image.claims[..nth].iter().filter(|c| c.kind == claim.kind).count();
        let name = if twin == 0 { claim.kind.word().to_owned() } else { format!("{} {}", claim.kind.word(), twin + 1) };
        // Escaping is one to one, so equal texts are equal bytes; where the
        // words do not tell the bytes, they follow.
        let shown = show(&claim.raw);
        let text = if shown == claim.text { shown } else { format!("{} [{}]", words(&claim.text), hex(&claim.raw)) };
        let text = Datum::Text(text.into());
        said.say(Place::Named(name), fact_of(claim.kind), Value::Value(text, Regular::No));
    }
    for (nth, opaque) in image.opaque.iter().enumerate() {
        let same = |o: &&floptical_model::Opaque| (&o.name, &o.place) == (&opaque.name, &opaque.place);
        let twin = image.opaque[..nth].iter().filter(same).count();
        let name = format!("{} of {} #{twin}", opaque.name, opaque.place);
        said.say(Place::Named(name), Fact::Opaque, bytes(opaque.bytes.clone()));
    }
}

fn say_drive(said: &mut Inventory, disk: &Disk) {
    let Some(floppy) = disk.image().as_floppy() else { return };
    let number = |n: i64| Datum::Number(n);
    said.say(Place::Whole, Fact::Form, known(floppy.drive.form.map(|f| number(f as i64)), true));
    said.say(Place::Whole, Fact::Heads, known(floppy.drive.heads.map(|h| number(h.into())), true));
    said.say(Place::Whole, Fact::Rotation, signal::rotation(floppy.drive.rotation));
    said.say(Place::Whole, Fact::Step, Value::Value(steps(disk), Regular::Yes));
    let layout = match disk.layout() {
        // Somebody named it: the file does not say so.
        Known::Assumed(_, Why::Person) => Value::Unrecorded,
        layout => known(layout.clone().map(|l| Datum::Text(l.shape().into())), false),
    };
    said.say(Place::Whole, Fact::Layout, layout);
}

/// Steps between two tracks: of the disk, or of each side where they differ.
fn steps(disk: &Disk) -> Datum {
    let sides: Vec<i64> = disk.stepping().iter().map(|side| side.pitch.into()).collect();
    match sides.first() {
        Some(first) if sides.iter().any(|pitch| pitch != first) => Datum::Numbers(sides.into()),
        first => Datum::Number(first.copied().unwrap_or(1)),
    }
}

/// A linear carrier says its bytes, a mebibyte at a time.
fn say_contents(said: &mut Inventory, disk: &Disk, context: &Context) -> Result<()> {
    const PIECE: u64 = 1 << 20;
    let blocks = disk.blocks()?;
    let mut at = 0;
    while at < blocks.len() {
        let len = PIECE.min(blocks.len() - at);
        let place = Place::Bytes { start: at, len };
        context.stream(len)?;
        let mut piece = vec![0; usize::try_from(len).unwrap_or(0)];
        let status = blocks.read(at, &mut piece, context)?;
        let contents = summary(len, sha256(&piece));
        said.say(place.clone(), Fact::Contents, Value::Value(contents, Regular::No));
        if status < Status::Unverified {
            said.say(place, Fact::Holes, Value::Value(Datum::Word(status.word()), Regular::No));
        }
        at += len;
    }
    Ok(())
}

/// A known thing as a value.
fn known(datum: Known<Datum>, regular: bool) -> Value {
    match datum {
        Known::Unrecorded => Value::Unrecorded,
        Known::Assumed(datum, _) => Value::Assumed(datum),
        Known::Value(datum) => Value::Value(datum, regular.into()),
    }
}

/// Bytes of this disk alone, as a value.
fn bytes(bytes: Arc<[u8]>) -> Value {
    Value::Value(Datum::Bytes(bytes), Regular::No)
}

/// What is too long to hold.
fn summary(count: u64, sha256: [u8; 32]) -> Datum {
    Datum::Digest(Box::new(Summary { count, sha256 }))
}
