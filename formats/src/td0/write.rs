//! From an image to the bytes of a file: `fit` decides, `emit` writes.

use std::collections::BTreeMap;

use floptical_io::Output;
use floptical_model::{
    Carrier, ClaimKind, Context, Error, ErrorKind, Fact, Floppy, Image, Known, Layout, Opaque, Place, Rate, Reading,
    Result, Scheme, Sectors, Span, TrackAt,
};

use super::raw::{COMMENT, Comment, END, FM, Header, Packing, Record, crc_low, header_bytes, rate_byte};
use super::read::{BLOCK, FIELDS, HEAD, MARK, PLAIN_MARK, TAIL, WORDS, comment_claims, image, plain_fields};
use super::sector::{Own, twins};
use crate::{Fitted, NotFitted};

/// The version of a file whose writer does not tell: 2.1.
const VERSION: u8 = 21;

/// What Teledisk will say of the image.
pub(super) fn fit(source: &Image, context: &Context) -> Fitted {
    let Carrier::Floppy(floppy) = &source.carrier else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "TD0 holds tracks, not a linear carrier"));
    };
    let own = source.format == "td0";
    let parts = Parts(if own { &source.opaque } else { &[] });
    let mut rate = None;
    let mut laid = Vec::new();
    for (at, sectors) in tracks(floppy, own, context)? {
        rate = one_rate(at, &sectors, rate)?;
        laid.push(Laid::of(at, &sectors, &parts)?);
    }
    let (date, text) = comment(source, own);
    let comments = comment_claims(&date, &text, &Span::Made("fitted to TD0"));
    let (fields, kept) = fields(source, floppy, rate, own, &parts, !comments.is_empty());
    let known = Header { fields, packing: Packing::Plain, checked: true }.rate();
    let mut held: BTreeMap<TrackAt, Vec<Sectors>> = BTreeMap::new();
    for track in &laid {
        held.entry(track.at).or_default().push(track.sectors(known));
    }
    let mut image = image(fields, held);
    image.claims.extend(comments);
    let whole = [MARK, TAIL].into_iter().filter_map(|name| parts.find(name, &Place::Whole).cloned());
    image.opaque = kept.into_iter().chain(laid.into_iter().flat_map(|track| track.kept)).chain(whole).collect();
    Ok(image)
}

/// The tracks in the order of the file; of several readings only an own image
/// has more than one.
fn tracks(floppy: &Floppy, own: bool, context: &Context) -> Result<Vec<(TrackAt, Sectors)>, NotFitted> {
    let mut all = Vec::new();
    for at in floppy.tracks.positions() {
        let refuse = |reason: &str| Err(NotFitted::refuse(Fact::Exists, Place::Track(at), reason));
        match at.cylinder() {
            None => return refuse("TD0 counts whole steps from 0"),
            Some(_) if at.head >= FM => return refuse("TD0 counts heads up to 127"),
            Some(_) => {}
        }
        let track = floppy.tracks.get(at, context)?.unwrap_or_default();
        let sectors = track.readings.iter().filter_map(|r| if let Reading::Sectors(s) = r { Some(&**s) } else { None });
        all.extend(sectors.take(if own { usize::MAX } else { 1 }).map(|sectors| (at, sectors.clone())));
    }
    Ok(all)
}

/// The rate of the disk: that of all its tracks with sectors.
fn one_rate(at: TrackAt, sectors: &Sectors, before: Option<Rate>) -> Result<Option<Rate>, NotFitted> {
    let Some(own) = sectors.rate.copied().filter(|_| !sectors.slots.is_empty()) else { return Ok(before) };
    let same = |other: Rate| rate_byte(other) == rate_byte(own);
    let reason = match (rate_byte(own), before) {
        (None, _) => format!("TD0 knows 250, 300 and 500 kbit/s, not {} bit/s", own.0),
        (_, Some(other)) if !same(other) => "TD0 knows one rate for the whole of a disk".to_owned(),
        _ => return Ok(Some(own)),
    };
    Err(NotFitted::refuse(Fact::Rate, Place::Track(at), reason))
}

/// The date and the text of the comment. Its lines end in a zero.
fn comment(source: &Image, own: bool) -> ([u8; 6], Vec<u8>) {
    let raw = |kind| source.claim(kind).map(|claim| claim.raw.clone()).unwrap_or_default();
    let date = raw(ClaimKind::Date).first_chunk().copied().filter(|_| own).unwrap_or_default();
    let text = raw(ClaimKind::Comment);
    let mut lines = if own { text } else { zero_ended(&text) };
    lines.truncate(u16::MAX.into());
    (date, lines)
}

fn zero_ended(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = if *byte == b'\r' { after.strip_prefix(b"\n").unwrap_or(after) } else { after };
        out.push(if matches!(byte, b'\r' | b'\n') { 0 } else { *byte });
    }
    out
}

/// The fields of the header, and the part that keeps those that a plain one has
/// not.
fn fields(
    source: &Image,
    floppy: &Floppy,
    rate: Option<Rate>,
    own: bool,
    parts: &Parts<'_>,
    comment: bool,
) -> ([u8; 8], Option<Opaque>) {
    let claimed = |kind| source.claim(kind).filter(|_| own).and_then(|claim| claim.raw.first().copied());
    let version = claimed(ClaimKind::Version).unwrap_or(VERSION);
    let heads = floppy.tracks.positions().map(|at| at.head).max().unwrap_or(0);
    let two = heads > 0 || (own && floppy.drive.heads.copied().is_some_and(|heads| heads > 1));
    let drive = claimed(ClaimKind::Drive).unwrap_or_else(|| drive_of(floppy, rate));
    let rate = rate.and_then(rate_byte).unwrap_or(0);
    let plain = plain_fields([version, rate, drive, if two { 2 } else { 1 }], comment);
    let kept = parts.find(FIELDS, &Place::Whole).and_then(|part| {
        let mut fields: [u8; 8] = part.bytes.first_chunk().copied()?;
        for (at, (field, plain)) in fields.iter_mut().zip(plain).enumerate() {
            match at {
                Header::VERSION | Header::DRIVE => *field = plain,
                Header::RATE if *field & !FM < 3 => *field = *field & FM | plain,
                Header::STEP => *field = *field & !COMMENT | plain,
                Header::SIDES if (*field == 1) == two => *field = plain,
                _ => {}
            }
        }
        (fields != plain).then(|| (fields, Opaque { bytes: fields.to_vec().into(), ..part.clone() }))
    });
    kept.map_or((plain, None), |(fields, part)| (fields, Some(part)))
}

/// The drive that a disk of this rate was made in.
fn drive_of(floppy: &Floppy, rate: Option<Rate>) -> u8 {
    let cylinders = floppy.tracks.positions().filter_map(TrackAt::cylinder).max().unwrap_or(0);
    let fast = floppy.drive.rotation.copied() == Some(Layout::RPM_360);
    match rate {
        Some(Rate::HD) if fast => 2,
        Some(Rate::HD) => 4,
        Some(Rate::DD_360) => 2,
        _ if cylinders > 45 => 3,
        _ => 1,
    }
}

/// The parts that an own image keeps.
struct Parts<'a>(&'a [Opaque]);

impl<'a> Parts<'a> {
    fn find(&self, name: &str, place: &Place) -> Option<&'a Opaque> {
        self.0.iter().find(|part| part.name == name && part.place == *place)
    }
}

/// A track as its records will hold it.
struct Laid {
    at: TrackAt,
    scheme: Scheme,
    head: u8,
    records: Vec<Record>,
    kept: Vec<Opaque>,
}

impl Laid {
    fn of(at: TrackAt, sectors: &Sectors, parts: &Parts<'_>) -> Result<Self, NotFitted> {
        let scheme = sectors.slots.first().map_or(Scheme::IbmMfm, |slot| slot.chosen().scheme);
        if sectors.slots.len() >= usize::from(END) {
            let reason = format!("TD0 holds 254 sectors on a track, not {}", sectors.slots.len());
            return Err(NotFitted::refuse(Fact::Exists, Place::Track(at), reason));
        }
        let plain = at.head | if scheme == Scheme::IbmFm { FM } else { 0 };
        let mut laid = Self { at, scheme, head: plain, records: Vec::new(), kept: Vec::new() };
        if let Some(part) = parts.find(HEAD, &Place::Track(at)) {
            laid.keep_head(part, parts);
        }
        let slots = sectors.slots.iter().zip(sectors.places(at)).zip(twins(&sectors.slots));
        for ((slot, place), twin) in slots {
            if slot.chosen().scheme != scheme || !matches!(scheme, Scheme::IbmFm | Scheme::IbmMfm) {
                let reason = "TD0 knows one of IBM FM and MFM for the whole of a track";
                return Err(NotFitted::refuse(Fact::Scheme, place, reason));
            }
            let [words, block] = [WORDS, BLOCK].map(|name| parts.find(name, &place));
            let own = Own { words: words.map(|part| &*part.bytes), block: block.map(|part| &*part.bytes) };
            let record = Record::of(slot, twin, own, &place)?;
            laid.kept.extend(words.filter(|part| record.words[..] == part.bytes[..]).cloned());
            laid.kept.extend(block.filter(|part| record.block.as_deref() == Some(&*part.bytes)).cloned());
            laid.records.push(record);
        }
        Ok(laid)
    }

    /// An own byte of the head that means the same: the whole disk may be FM.
    fn keep_head(&mut self, part: &Opaque, parts: &Parts<'_>) {
        let whole = parts.find(FIELDS, &Place::Whole).and_then(|fields| fields.bytes.get(Header::RATE).copied());
        let own = part.bytes.first().copied().unwrap_or(self.head);
        let fm = (own | whole.unwrap_or(0)) & FM != 0;
        if own & !FM == self.at.head
            && (self.records.is_empty() || fm == (self.scheme == Scheme::IbmFm))
            && own != self.head
        {
            self.head = own;
            self.kept.push(part.clone());
        }
    }

    /// What a reader will see.
    fn sectors(&self, rate: Known<Rate>) -> Sectors {
        let made = || Span::Made("fitted to TD0");
        let slots = self.records.iter().map(|record| record.slot(self.scheme, made(), made())).collect();
        Sectors { slots, ordered: true, rate, ..Sectors::default() }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let count = u8::try_from(self.records.len()).unwrap_or(0);
        let words = [count, self.at.cylinder().unwrap_or(0), self.head];
        let mut bytes = [&words[..], &[crc_low(&words)]].concat();
        self.records.iter().for_each(|record| bytes.extend(record.to_bytes()));
        bytes
    }
}

/// Write a fitted image.
pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let floppy = image.as_floppy().ok_or_else(|| not_fitted("it is no floppy"))?;
    let parts = Parts(&image.opaque);
    let failed = |_| not_fitted("a track has no place in it");
    let all = tracks(floppy, true, context).map_err(failed)?;
    let mut rate = None;
    for (at, sectors) in &all {
        rate = one_rate(*at, sectors, rate).map_err(failed)?;
    }
    let (date, text) = comment(image, true);
    let has_comment = !comment_claims(&date, &text, &Span::Made("")).is_empty();
    let (fields, _) = fields(image, floppy, rate, true, &parts, has_comment);
    out.begin("")?;
    out.write(&header_bytes(fields))?;
    if has_comment {
        out.write(&Comment::to_bytes(date, &text))?;
    }
    let total = all.len() as u64;
    for ((at, sectors), done) in all.iter().zip(0..) {
        out.write(&Laid::of(*at, sectors, &parts).map_err(failed)?.to_bytes())?;
        context.progress("tracks", done, total);
    }
    let [a, b] = PLAIN_MARK;
    let mark = parts.find(MARK, &Place::Whole).map_or_else(|| vec![a, b, crc_low(&[END, a, b])], |p| p.bytes.to_vec());
    out.write(&[&[END][..], &mark].concat())?;
    parts.find(TAIL, &Place::Whole).map_or(Ok(()), |tail| out.write(&tail.bytes))
}

fn not_fitted(what: &str) -> Error {
    Error::new(ErrorKind::Malformed, format!("the image was not fitted to TD0: {what}"))
}
