//! A data sector of 2352 bytes: made of its user data, and checked.

use std::ops::Range;

use floptical_model::{Check, Lba, TrackMode};

use super::{Msf, ecc, edc};

/// Bytes in a sector, without sub-channels.
pub const RAW: usize = 2352;
/// What begins a data sector.
pub const SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

const HEADER: Range<usize> = 12..16;
const SUBHEADER: Range<usize> = 16..24;
const COVERED: Range<usize> = 12..2076;
/// Zeros in mode 1.
const FILLER: Range<usize> = 2068..2076;
const P: Range<usize> = 2076..2248;
const Q: Range<usize> = 2248..RAW;

/// How the parts of a data sector lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// Mode 1.
    Mode1,
    /// Mode 2, form 1.
    Form1,
    /// Mode 2, form 2.
    Form2,
    /// Mode 2 without a form.
    Formless,
}

impl Shape {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mode1 => "mode-1",
            Self::Form1 => "form-1",
            Self::Form2 => "form-2",
            Self::Formless => "mode-2",
        }
    }

    /// The mode byte of its header.
    fn mode(self) -> u8 {
        if self == Self::Mode1 { 1 } else { 2 }
    }

    /// The user data within the sector.
    pub fn user(self) -> Range<usize> {
        match self {
            Self::Mode1 => 16..2064,
            Self::Form1 => 24..2072,
            Self::Form2 => 24..2348,
            Self::Formless => 16..RAW,
        }
    }

    /// The two copies of the sub-header.
    pub fn subheader(self) -> Option<Range<usize>> {
        matches!(self, Self::Form1 | Self::Form2).then_some(SUBHEADER)
    }

    /// Where the codes stand that correct it, and what fills up before them.
    pub fn ecc(self) -> Option<Range<usize>> {
        match self {
            Self::Mode1 => Some(FILLER.start..RAW),
            Self::Form1 => Some(P.start..RAW),
            Self::Form2 | Self::Formless => None,
        }
    }

    /// What the detection code covers, and where it stands.
    pub fn edc(self) -> Option<(Range<usize>, Range<usize>)> {
        match self {
            Self::Mode1 => Some((0..2064, 2064..2068)),
            Self::Form1 => Some((16..2072, 2072..2076)),
            Self::Form2 => Some((16..2348, 2348..RAW)),
            Self::Formless => None,
        }
    }

    /// True where P and Q follow.
    fn is_corrected(self) -> bool {
        self.ecc().is_some()
    }
}

/// The shape of a sector of a track of this mode. In mode 2 the sub-header
/// tells the form; where its two copies are not alike there is none.
pub fn shape_of(mode: TrackMode, sector: &[u8; RAW]) -> Shape {
    /// In the third byte of the sub-header: form 2.
    const FORM_2: u8 = 0x20;
    let (Some([first, second]), true) = (sector.get(SUBHEADER).map(|s| s.as_chunks::<4>().0), mode.is_mode2()) else {
        return Shape::Mode1;
    };
    match first {
        _ if first != second => Shape::Formless,
        [_, _, submode, _] if submode & FORM_2 == 0 => Shape::Form1,
        _ => Shape::Form2,
    }
}

/// What the parts of a sector around its user data say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// True when sync and header are those of this address and mode.
    pub header: bool,
    /// What the detection code says; `None` inside for a sector without one.
    pub edc: Check,
    /// Whether P and Q hold, and what lies before them is zero; `None` for a
    /// sector without.
    pub ecc: Check,
}

/// Check a sector of this shape at an address. Each code is held against the
/// bytes as they are.
pub fn examine(shape: Shape, at: Lba, sector: &[u8; RAW]) -> Checks {
    let mut right = *sector;
    frame(shape, at, &mut right);
    let header = sector.get(..HEADER.end) == right.get(..HEADER.end);
    Checks { header, edc: check_edc(shape, sector), ecc: check_ecc(shape, sector) }
}

/// What the detection code of a sector says.
pub fn check_edc(shape: Shape, sector: &[u8; RAW]) -> Check {
    let part = |range: Range<usize>| sector.get(range).unwrap_or_default();
    match shape.edc() {
        None => Check::None,
        // Form 2 may leave it out.
        Some((_, own)) if shape == Shape::Form2 && part(own.clone()) == [0; 4] => Check::None,
        Some((covered, own)) => check(part(own) == edc(part(covered)).to_le_bytes()),
    }
}

fn check_ecc(shape: Shape, sector: &[u8; RAW]) -> Check {
    if !shape.is_corrected() {
        return Check::None;
    }
    let part = |range: Range<usize>| sector.get(range).unwrap_or_default();
    let (p, q) = parities(shape, sector);
    let filled = shape != Shape::Mode1 || part(FILLER) == [0; 8];
    check(filled && part(P) == p && part(Q) == q)
}

fn check(holds: bool) -> Check {
    if holds { Check::Good } else { Check::Bad }
}

/// Make a sector of its user data. What lies at the places of user data and
/// sub-header stays; sync, header and codes are written around it.
pub fn encode(shape: Shape, at: Lba, sector: &mut [u8; RAW]) {
    frame(shape, at, sector);
    if shape == Shape::Mode1 {
        put(sector, FILLER, &[0; 8]);
    }
    if let Some((covered, own)) = shape.edc() {
        let code = edc(sector.get(covered).unwrap_or_default()).to_le_bytes();
        put(sector, own, &code);
    }
    if shape.is_corrected() {
        let (p, _) = parities(shape, sector);
        put(sector, P, &p);
        let (_, q) = parities(shape, sector);
        put(sector, Q, &q);
    }
}

/// Write sync and header. An address that no header can say is written as
/// zeros.
fn frame(shape: Shape, at: Lba, sector: &mut [u8; RAW]) {
    let [minute, second, frame] = Msf::of(at).map_or([0; 3], Msf::to_bcd);
    put(sector, 0..SYNC.len(), &SYNC);
    put(sector, HEADER, &[minute, second, frame, shape.mode()]);
}

/// P over the bytes as they are, and Q over them and the P that stands there.
/// Form 1 takes the header as zeros, so that a sector can be moved.
fn parities(shape: Shape, sector: &[u8; RAW]) -> ([u8; ecc::P], [u8; ecc::Q]) {
    let covered = |end: usize| sector.get(COVERED.start..end).unwrap_or_default();
    let (mut for_p, mut for_q) = ([0; ecc::COVERED], [0; ecc::COVERED + ecc::P]);
    for_p.copy_from_slice(covered(COVERED.end));
    for_q.copy_from_slice(covered(P.end));
    if shape == Shape::Form1 {
        for_p.iter_mut().take(4).for_each(|b| *b = 0);
        for_q.iter_mut().take(4).for_each(|b| *b = 0);
    }
    (ecc::p(&for_p), ecc::q(&for_q))
}

fn put(sector: &mut [u8; RAW], at: Range<usize>, bytes: &[u8]) {
    if let Some(place) = sector.get_mut(at) {
        place.copy_from_slice(bytes);
    }
}
