//! The INFO chunk: what made the captures, and on which drive.

use floptical_io::text;
use floptical_model::{Claim, ClaimKind, DriveFacts, Form, Known, Span, TrackAt, Why};

/// Where its bytes stand in every file that follows the specifications.
pub(super) const START: u64 = 16;
/// The place of the drive.
pub(super) const DRIVE: usize = 33;
/// The place of the word whether the tracks were captured in step with each
/// other, which is: each from the index on.
pub(super) const IN_STEP: usize = 35;
/// Its length in version 3; before, the count of hard sectors is not there.
pub(super) const LEN: usize = 37;

/// A field that is a claim.
struct Field {
    at: usize,
    len: usize,
    kind: ClaimKind,
    usual: &'static [u8],
    show: fn(&[u8]) -> String,
}

const FIELDS: [Field; 6] = [
    Field { at: 0, len: 1, kind: ClaimKind::Version, usual: &[1], show: |v| format!("INFO {}", number(v)) },
    Field {
        at: 1,
        len: 32,
        kind: ClaimKind::Creator,
        usual: b"floptical                       ",
        show: |v| text::show(v.trim_ascii_end()),
    },
    Field { at: DRIVE, len: 1, kind: ClaimKind::Drive, usual: &[5], show: drive_words },
    Field { at: 34, len: 1, kind: ClaimKind::WriteProtected, usual: &[0], show: yes },
    Field {
        at: IN_STEP,
        len: 1,
        kind: ClaimKind::Drive,
        usual: &[0],
        show: |v| format!("tracks captured in step with each other: {}", yes(v)),
    },
    Field { at: 36, len: 1, kind: ClaimKind::Drive, usual: &[0], show: |v| format!("hard sectors: {}", number(v)) },
];

/// A kind of drive: its words, form, tracks an inch, sides.
struct Drive(&'static str, Form, u16, u8);

/// The drives by their number, from 1 on.
const DRIVES: [Drive; 8] = [
    Drive("5.25 inch, one side, quarter steps", Form::Inch5, 48, 1),
    Drive("3.5 inch, 80 tracks, speeds of Apple", Form::Inch3, 135, 2),
    Drive("5.25 inch, 80 tracks", Form::Inch5, 96, 2),
    Drive("5.25 inch, 40 tracks", Form::Inch5, 48, 2),
    Drive("3.5 inch, 80 tracks", Form::Inch3, 135, 2),
    Drive("8 inch", Form::Inch8, 48, 2),
    Drive("3 inch, 80 tracks", Form::Compact3, 96, 2),
    Drive("3 inch, 40 tracks", Form::Compact3, 48, 2),
];

fn drive(number: u8) -> Option<&'static Drive> {
    DRIVES.get(usize::from(number.checked_sub(1)?))
}

fn number(raw: &[u8]) -> String {
    raw.first().copied().unwrap_or(0).to_string()
}

fn yes(raw: &[u8]) -> String {
    match raw {
        [0] => "no".into(),
        [1] => "yes".into(),
        other => number(other),
    }
}

fn drive_words(raw: &[u8]) -> String {
    raw.first().and_then(|n| drive(*n)).map_or_else(|| format!("type {}", number(raw)), |d| d.0.to_owned())
}

/// True where INFO says that the tracks were captured in step.
pub(super) fn in_step(info: &[u8]) -> bool {
    info.get(IN_STEP) == Some(&1)
}

/// True for a number that has a drive.
pub(super) fn is_known(number: u8) -> bool {
    drive(number).is_some()
}

/// The claims of an INFO that stands at `start`.
pub(super) fn claims(info: &[u8], start: u64) -> Vec<Claim> {
    let claim = |field: &Field| {
        let raw = info.get(field.at..)?.get(..field.len)?;
        let at = Span::file(start.saturating_add(field.at as u64), field.len as u64);
        Some(Claim { kind: field.kind, raw: raw.to_vec(), text: (field.show)(raw), at })
    };
    FIELDS.iter().filter_map(claim).collect()
}

/// The bytes of INFO that claims of a file of this kind say, the usual
/// elsewhere; `len` of them.
pub(super) fn bytes(claims: &[Claim], len: usize) -> Vec<u8> {
    let mut info = Vec::with_capacity(LEN);
    for field in &FIELDS {
        let span = Span::file(START.saturating_add(field.at as u64), field.len as u64);
        let said = claims.iter().find(|c| c.kind == field.kind && c.at == span).map(|c| c.raw.as_slice());
        info.extend(said.filter(|raw| raw.len() == field.len).unwrap_or(field.usual));
    }
    info.truncate(len);
    info
}

/// The facts of the drive with this number.
pub(super) fn facts(number: u8) -> DriveFacts {
    let Some(Drive(_, form, tpi, sides)) = drive(number) else { return DriveFacts::default() };
    DriveFacts {
        form: Known::Value(*form),
        tpi: Known::Assumed(*tpi, Why::Format),
        heads: Known::Value(*sides),
        ..DriveFacts::default()
    }
}

/// The drive that reaches these positions of a disk of which no A2R told.
pub(super) fn choose(facts: &DriveFacts, positions: &[TrackAt]) -> u8 {
    let one_side = positions.iter().all(|at| at.head == 0);
    let whole = positions.iter().all(|at| at.cylinder().is_some());
    let last = positions.iter().filter_map(|at| at.cylinder()).max().unwrap_or(0);
    let small = facts.tpi.copied() != Some(96) && last < 42;
    match facts.form.copied() {
        None | Some(Form::Inch5) if one_side && (!whole || facts.form.is_recorded() && small) => 1,
        Some(Form::Inch5) if small => 4,
        Some(Form::Inch5) => 3,
        Some(Form::Inch8) => 6,
        Some(Form::Compact3) if small => 8,
        Some(Form::Compact3) => 7,
        _ => 5,
    }
}

/// The position of a location.
pub(super) fn position(drive: u8, location: u16) -> Option<TrackAt> {
    if drive == 1 {
        return Some(TrackAt { quarter: i16::try_from(location).ok()?, head: 0 });
    }
    Some(TrackAt::new(u8::try_from(location / 2).ok()?, u8::try_from(location % 2).ok()?))
}

/// The location of a position.
pub(super) fn location(drive: u8, at: TrackAt) -> Option<u16> {
    match (drive, at.head) {
        (1, 0) => u16::try_from(at.quarter).ok(),
        (1, _) | (_, 2..) => None,
        _ => u16::from(at.cylinder()?).checked_mul(2)?.checked_add(at.head.into()),
    }
}
