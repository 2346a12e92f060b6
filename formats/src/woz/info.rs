//! The INFO chunk: what it says, and where.

use floptical_io::text;
use floptical_model::{Claim, ClaimKind, DriveFacts, Form, Known, Layout, Ps, Span, Why};

use super::{Kind, raw};
use crate::applesauce::u16_le;

/// Its length in every file that follows the specifications.
pub(super) const LEN: usize = 60;
/// Where its bytes stand in every such file.
pub(super) const START: u64 = 20;

/// Places that WOZ and MOOF share.
pub(super) const VERSION: usize = 0;
pub(super) const DISK_TYPE: usize = 1;
/// The number of sides, in WOZ.
pub(super) const SIDES: usize = 37;
/// The version of INFO in which sides, timing and sizes came.
const SECOND: u8 = 2;

/// A tick of the timing.
const TICK: Ps = Ps(125_000);

/// A field that is a claim.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) at: usize,
    pub(super) len: usize,
    pub(super) kind: ClaimKind,
    /// The version of INFO that brought it.
    since: u8,
    /// What is written where no file of this kind says otherwise.
    usual: &'static [u8],
    show: fn(&[u8]) -> String,
}

const fn field(at: usize, len: usize, kind: ClaimKind, since: u8, usual: &'static [u8]) -> Field {
    Field { at, len, kind, since, usual, show: number }
}

const fn shown(field: Field, show: fn(&[u8]) -> String) -> Field {
    Field { show, ..field }
}

const CREATOR: &[u8; 32] = b"floptical                       ";

/// The fields of WOZ.
pub(super) const WOZ: &[Field] = &[
    shown(field(VERSION, 1, ClaimKind::Version, 1, &[2]), |v| format!("INFO {}", number(v))),
    shown(field(DISK_TYPE, 1, ClaimKind::DiskType, 1, &[1]), |v| match v {
        [1] => "5.25 inch".into(),
        [2] => "3.5 inch".into(),
        other => format!("type {}", number(other)),
    }),
    shown(field(2, 1, ClaimKind::WriteProtected, 1, &[0]), yes),
    shown(field(3, 1, ClaimKind::Drive, 1, &[0]), synchronised),
    shown(field(4, 1, ClaimKind::Encoding, 1, &[0]), |v| format!("noise removed: {}", yes(v))),
    shown(field(5, 32, ClaimKind::Creator, 1, CREATOR), words),
    shown(field(SIDES, 1, ClaimKind::Drive, SECOND, &[1]), |v| format!("sides: {}", number(v))),
    shown(field(38, 1, ClaimKind::Encoding, SECOND, &[0]), |v| match v {
        [0] => "boot sector not known".into(),
        [1] => "boot sector of 16 sectors".into(),
        [2] => "boot sector of 13 sectors".into(),
        [3] => "boot sector of 13 and 16 sectors".into(),
        other => format!("boot sector of type {}", number(other)),
    }),
    shown(field(39, 1, ClaimKind::Rate, SECOND, &[32]), timing_words),
    shown(field(40, 2, ClaimKind::DiskType, SECOND, &[0, 0]), machines),
    shown(field(42, 2, ClaimKind::DiskType, SECOND, &[0, 0]), |v| format!("needs {} KB", number(v))),
];

/// The fields of MOOF.
pub(super) const MOOF: &[Field] = &[
    shown(field(VERSION, 1, ClaimKind::Version, 1, &[1]), |v| format!("INFO {}", number(v))),
    shown(field(DISK_TYPE, 1, ClaimKind::DiskType, 1, &[2]), |v| match v {
        [1] => "400 KB, GCR".into(),
        [2] => "800 KB, GCR".into(),
        [3] => "1.44 MB, MFM".into(),
        [4] => "Twiggy".into(),
        other => format!("type {}", number(other)),
    }),
    shown(field(2, 1, ClaimKind::WriteProtected, 1, &[0]), yes),
    shown(field(3, 1, ClaimKind::Drive, 1, &[0]), synchronised),
    shown(field(4, 1, ClaimKind::Rate, 1, &[16]), timing_words),
    shown(field(5, 32, ClaimKind::Creator, 1, CREATOR), words),
];

fn number(raw: &[u8]) -> String {
    raw.iter().rev().fold(0u32, |n, b| n << 8 | u32::from(*b)).to_string()
}

fn yes(raw: &[u8]) -> String {
    match raw {
        [0] => "no".into(),
        [1] => "yes".into(),
        other => number(other),
    }
}

fn synchronised(raw: &[u8]) -> String {
    format!("tracks captured in step with each other: {}", yes(raw))
}

fn timing_words(raw: &[u8]) -> String {
    format!("{} ns a cell", u64::from(raw.first().copied().unwrap_or(0)).saturating_mul(TICK.nanoseconds()))
}

fn words(raw: &[u8]) -> String {
    text::show(raw.trim_ascii_end())
}

/// The machines of a WOZ, one bit each.
fn machines(raw: &[u8]) -> String {
    const NAMES: [&str; 9] = ["II", "II+", "IIe", "IIc", "enhanced IIe", "IIgs", "IIc Plus", "III", "III Plus"];
    let bits = u16_le(raw, 0).unwrap_or(0);
    let named = (0u32..).zip(NAMES).filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| name);
    let named: Vec<&str> = named.collect();
    let rest = bits >> NAMES.len();
    let more = (rest > 0).then(|| format!("bits {:04x}", u32::from(rest) << NAMES.len()));
    let all: Vec<String> = named.into_iter().map(str::to_owned).chain(more).collect();
    if all.is_empty() { "machines not known".into() } else { format!("for the Apple {}", all.join(", ")) }
}

/// The bytes of an INFO chunk.
#[derive(Debug, Clone)]
pub(super) struct Info {
    kind: &'static Kind,
    pub(super) bytes: Vec<u8>,
}

impl Info {
    pub(super) fn new(kind: &'static Kind, bytes: Vec<u8>) -> Self {
        Self { kind, bytes }
    }

    /// What claims of a file of this kind say, the usual elsewhere.
    pub(super) fn of_claims(kind: &'static Kind, claims: &[Claim]) -> Self {
        let mut info = Self::new(kind, vec![0; LEN]);
        for field in kind.fields {
            let span = Span::file(START.saturating_add(field.at as u64), field.len as u64);
            let said = claims.iter().find(|c| c.kind == field.kind && c.at == span).map(|c| c.raw.as_slice());
            info.put(field.at, said.filter(|raw| raw.len() == field.len).unwrap_or(field.usual));
        }
        info
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    pub(super) fn put(&mut self, at: usize, raw: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..).and_then(|rest| rest.get_mut(..raw.len())) {
            place.copy_from_slice(raw);
        }
    }

    fn version(&self) -> u8 {
        self.byte(VERSION)
    }

    /// True where the fields of the first version of WOZ are all.
    pub(super) fn is_first(&self) -> bool {
        self.kind.is_woz() && self.version() < SECOND
    }

    /// Its claims, where it stands at `start`.
    pub(super) fn claims(&self, start: u64) -> Vec<Claim> {
        let claim = |field: &Field| {
            let raw = self.bytes.get(field.at..)?.get(..field.len)?;
            let at = Span::file(start.saturating_add(field.at as u64), field.len as u64);
            Some(Claim { kind: field.kind, raw: raw.to_vec(), text: (field.show)(raw), at })
        };
        let known = |field: &&Field| !self.kind.is_woz() || field.since < SECOND || !self.is_first();
        self.kind.fields.iter().filter(known).filter_map(claim).collect()
    }

    /// Where the bytes begin that are no claims: sizes, and what is reserved.
    pub(super) fn rest_at(&self) -> usize {
        if self.is_first() || !self.kind.is_woz() { SIDES } else { self.kind.sizes }
    }

    /// These bytes.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.rest_at()..).unwrap_or(&[])
    }

    /// These bytes as they follow from the tracks.
    pub(super) fn usual_rest(&self, sizes: raw::Sizes) -> Vec<u8> {
        let mut usual = Self::new(self.kind, vec![0; LEN]);
        usual.put(VERSION, &[self.version()]);
        if !self.is_first() {
            let numbers = [sizes.largest, sizes.flux_block, sizes.largest_flux];
            let all: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            usual.put(self.kind.sizes, &all);
        }
        usual.rest().to_vec()
    }

    /// The block in which it says that the FLUX chunk lies.
    pub(super) fn flux_block(&self) -> u16 {
        if self.is_first() { 0 } else { u16_le(&self.bytes, self.kind.sizes.saturating_add(2)).unwrap_or(0) }
    }

    /// How long a cell lasts.
    pub(super) fn cell(&self) -> Known<Ps> {
        if self.is_first() {
            let ticks = if self.byte(DISK_TYPE) == 2 { 16 } else { 32 };
            return Known::Assumed(cell(ticks), Why::Format);
        }
        match self.bytes.get(self.kind.timing) {
            None | Some(0) => Known::Unrecorded,
            Some(ticks) => Known::Value(cell(*ticks)),
        }
    }

    /// The drive that its disk type is of.
    pub(super) fn drive(&self) -> DriveFacts {
        let disk_type = self.byte(DISK_TYPE);
        let heads = match (self.kind.is_woz(), disk_type) {
            (true, 1) if self.is_first() => Known::Assumed(1, Why::Format),
            (true, _) if self.is_first() => Known::Unrecorded,
            (true, _) => self.bytes.get(SIDES).map_or(Known::Unrecorded, |sides| Known::Value(*sides)),
            (false, 1) => Known::Value(1),
            (false, 2 | 3) => Known::Value(2),
            _ => Known::Unrecorded,
        };
        let usual = DriveFacts { heads, ..DriveFacts::default() };
        match (self.kind.is_woz(), disk_type) {
            (true, 1) => DriveFacts {
                form: Known::Value(Form::Inch5),
                tpi: Known::Assumed(48, Why::Format),
                rotation: Known::Assumed(Layout::RPM_300, Why::Format),
                ..usual
            },
            (true, 2) | (false, 1..=3) => {
                DriveFacts { form: Known::Value(Form::Inch3), tpi: Known::Assumed(135, Why::Format), ..usual }
            }
            _ => usual,
        }
    }
}

/// A cell of so many ticks.
pub(super) fn cell(ticks: u8) -> Ps {
    Ps(u64::from(ticks).saturating_mul(TICK.0))
}

/// The ticks nearest to the length of a cell.
pub(super) fn ticks(cell: Ps) -> u8 {
    let nearest = cell.0.saturating_add(TICK.0 / 2).checked_div(TICK.0).unwrap_or(0);
    u8::try_from(nearest).unwrap_or(u8::MAX).max(1)
}
