//! What stands where in the file.

use floptical_model::{Claim, ClaimKind, Opaque, Place, Policy, Ps, Rate, Span};

pub(super) const MAGIC: &[u8; 8] = b"HXCPICFE";
pub(super) const MAGIC_3: &[u8; 8] = b"HXCHFEV3";
pub(super) const MAGIC_STREAM: &[u8; 16] = b"HxC_Stream_Image";

/// Everything is counted in blocks of this many bytes: half for each side.
pub(super) const BLOCK: usize = 512;
pub(super) const HALF: usize = 256;

/// Places of the fields that are not in [`FIELDS`].
pub(super) const REVISION: usize = 8;
pub(super) const CYLINDERS: usize = 9;
pub(super) const SIDES: usize = 10;
pub(super) const RATE: usize = 12;
pub(super) const RPM: usize = 14;
pub(super) const LIST: usize = 18;

/// Names of the opaque parts.
pub(super) const FILL: &str = "hfe.fill";
pub(super) const TABLE_TAIL: &str = "hfe.table-tail";
pub(super) const EMPTY: &str = "hfe.empty-track";
pub(super) const GAP: &str = "hfe.gap";
pub(super) const PAD: &str = "hfe.pad";
pub(super) const UNUSED_SIDE: &str = "hfe.unused-side";
pub(super) const TAIL: &str = "hfe.tail";
pub(super) const LAYOUT: &str = "hfe.layout";
pub(super) const INDEX: &str = "hfe.index";

/// A field of the header that no structure hangs on.
pub(super) struct Field {
    /// Name of the opaque part, for a field that is no claim.
    pub(super) name: &'static str,
    pub(super) at: usize,
    /// What is written where nobody says otherwise.
    pub(super) canonical: &'static [u8],
    /// The claim that it makes, and the value that says nothing.
    pub(super) claim: Option<(ClaimKind, Option<&'static [u8]>)>,
    show: fn(&[u8]) -> String,
}

pub(super) static FIELDS: &[Field] = &[
    claim(11, &[0], ClaimKind::Encoding, None, show_encoding),
    claim(RATE, &[250, 0], ClaimKind::Rate, Some(&[0, 0]), |raw| format!("{} kbit/s", u16_le(raw))),
    claim(RPM, &[0, 0], ClaimKind::Rotation, Some(&[0, 0]), |raw| format!("{} rpm", u16_le(raw))),
    claim(16, &[7], ClaimKind::DiskType, None, show_interface),
    opaque("hfe.unused", 17, &[1]),
    claim(20, &[0xFF], ClaimKind::WriteProtected, None, |raw| flag(raw, "yes", "no")),
    claim(21, &[0xFF], ClaimKind::Drive, None, |raw| flag(raw, "double step", "single step")),
    claim(22, &[0xFF, 0xFF], ClaimKind::Encoding, Some(&[0xFF, 0xFF]), |raw| show_other(raw, "track 0.0")),
    claim(24, &[0xFF, 0xFF], ClaimKind::Encoding, Some(&[0xFF, 0xFF]), |raw| show_other(raw, "track 0.1")),
    opaque("hfe.header-rest", 26, &[0xFF; BLOCK - 26]),
];

const fn claim(
    at: usize,
    canonical: &'static [u8],
    kind: ClaimKind,
    silent: Option<&'static [u8]>,
    show: fn(&[u8]) -> String,
) -> Field {
    Field { name: "", at, canonical, claim: Some((kind, silent)), show }
}

const fn opaque(name: &'static str, at: usize, canonical: &'static [u8]) -> Field {
    Field { name, at, canonical, claim: None, show: |_| String::new() }
}

fn show_encoding(raw: &[u8]) -> String {
    match raw.first() {
        Some(0) => "IBM MFM".into(),
        Some(1) => "Amiga MFM".into(),
        Some(2) => "IBM FM".into(),
        Some(3) => "E-mu FM".into(),
        Some(0xFF) => "unknown".into(),
        other => format!("code {:02X}", other.copied().unwrap_or(0)),
    }
}

fn show_other(raw: &[u8], track: &str) -> String {
    let encoding = show_encoding(raw.get(1..).unwrap_or(&[]));
    if raw.first() == Some(&0) { format!("{track}: {encoding}") } else { format!("{track}: {encoding}, not in use") }
}

fn show_interface(raw: &[u8]) -> String {
    const NAMES: [&str; 14] = [
        "IBM PC DD",
        "IBM PC HD",
        "Atari ST DD",
        "Atari ST HD",
        "Amiga DD",
        "Amiga HD",
        "CPC DD",
        "generic Shugart DD",
        "IBM PC ED",
        "MSX2 DD",
        "C64 DD",
        "E-mu Shugart",
        "S950 DD",
        "S950 HD",
    ];
    let code = raw.first().copied().unwrap_or(0);
    match (NAMES.get(usize::from(code)), code) {
        (Some(name), _) => (*name).into(),
        (None, 0xFE) => "disabled".into(),
        (None, 0xFF) => "unknown".into(),
        (None, _) => format!("code {code:02X}"),
    }
}

fn flag(raw: &[u8], zero: &str, other: &str) -> String {
    if raw == [0] { zero.into() } else { other.into() }
}

/// A little-endian number of the first two bytes.
pub(super) fn u16_le(raw: &[u8]) -> u16 {
    raw.first_chunk().map_or(0, |pair| u16::from_le_bytes(*pair))
}

/// The bytes of a header at a place; the caller holds the whole block.
pub(super) fn at(header: &[u8], at: usize, len: usize) -> &[u8] {
    header.get(at..).and_then(|rest| rest.get(..len)).unwrap_or(&[])
}

/// Put bytes into a block; what does not fit stays out.
pub(super) fn put(block: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = block.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
        place.copy_from_slice(bytes);
    }
}

/// What a header says of itself.
pub(super) fn claims(header: &[u8]) -> Vec<Claim> {
    let said = FIELDS.iter().filter_map(|field| {
        let (kind, silent) = field.claim?;
        let raw = at(header, field.at, field.canonical.len());
        let span = Span::file(field.at as u64, raw.len() as u64);
        (Some(raw) != silent).then(|| Claim { kind, raw: raw.to_vec(), text: (field.show)(raw), at: span })
    });
    said.collect()
}

/// The fields that are no claims and are not as usual.
pub(super) fn odd_fields(header: &[u8]) -> Vec<Opaque> {
    let odd = FIELDS.iter().filter(|field| field.claim.is_none());
    odd.filter_map(|field| {
        let raw = at(header, field.at, field.canonical.len());
        (raw != field.canonical).then(|| kept(field.name, Place::Whole, raw, field.at as u64))
    })
    .collect()
}

/// A part that is kept as it is.
pub(super) fn kept(name: &str, place: Place, bytes: &[u8], start: u64) -> Opaque {
    Opaque {
        name: name.into(),
        place,
        bytes: bytes.into(),
        policy: Policy::Verbatim,
        at: Span::file(start, bytes.len() as u64),
    }
}

/// The length of a cell at a rate in kbit/s.
pub(super) fn cell(kbit: u16) -> Option<Ps> {
    (kbit > 0).then(|| Rate(u32::from(kbit).saturating_mul(1000)).cell())
}

/// The rate in kbit/s nearest to a length of cells, if it can be written.
pub(super) fn kbit(cell: Ps) -> Option<u16> {
    const HALF_KBIT: u64 = Ps::SECOND / 2000;
    let kbit = HALF_KBIT.checked_add(cell.0 / 2)?.checked_div(cell.0)?;
    u16::try_from(kbit).ok().filter(|k| *k > 0)
}

/// The bytes of blocks that `bytes` of track data take.
pub(super) fn in_blocks(bytes: usize) -> usize {
    bytes.div_ceil(BLOCK).saturating_mul(BLOCK)
}

/// The bytes of the blocks that the table of tracks takes: at least one.
pub(super) fn table_len(cylinders: usize) -> usize {
    in_blocks(cylinders.saturating_mul(4)).max(BLOCK)
}
