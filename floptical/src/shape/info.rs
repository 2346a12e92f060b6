//! What an image holds, in one shape: `info --json`, `info --yaml`, snapshots.

use std::collections::BTreeMap;

use floptical_io::text::{show, words};
use floptical_model::identity::Coverage;
use floptical_model::{
    Area, AreaKind, CdTrack, Context, Control, Held, Image, Known, Layer, Layout, Opaque, Optical, Result, Sectors,
    Status, TextKind, TrackMode, Why,
};
use serde::Serialize;

use super::{EntryShape, FindingShape, hex};
use crate::identity::Identity;
use crate::inventory::without_sectors;
use crate::{Disk, DiskTrack, Identities, volumes};

/// Everything that an image says, bounded.
#[derive(Debug, Clone, Serialize)]
pub struct InfoShape {
    /// `floptical/info/0`; `None` where what is around it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<&'static str>,
    /// Id of the format.
    pub format: String,
    /// Files that it was read from.
    pub files: Vec<String>,
    /// The kind of carrier.
    pub carrier: &'static str,
    /// What the container says of itself.
    pub claims: Vec<ClaimShape>,
    /// Names and sizes of the parts that are not interpreted; those of one name
    /// together.
    pub opaque: Vec<String>,
    /// What is known of the drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drive: Option<DriveShape>,
    /// The layout, and how it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// Digests that do not depend on the container.
    pub identity: IdentityShape,
    /// Tracks; runs of tracks alike are one row.
    pub tracks: Vec<TrackShape>,
    /// Stretches of cells that are not plain, declared and measured, without
    /// splices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<AreaShape>,
    /// The file systems.
    pub volumes: Vec<VolumeShape>,
    /// What was noticed.
    pub findings: Vec<FindingShape>,
    /// How many findings there are altogether.
    pub findings_count: u64,
}

/// A statement of the container about itself.
#[derive(Debug, Clone, Serialize)]
pub struct ClaimShape {
    /// What it speaks of.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}

/// What is known of the drive.
#[derive(Debug, Clone, Serialize)]
pub struct DriveShape {
    /// Length of a revolution in nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_ns: Option<u64>,
    /// Sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heads: Option<u8>,
    /// Steps between two tracks; the most, where the sides differ.
    pub step: u8,
    /// What says so of each side, where one is not stepped once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stepping: Vec<String>,
}

/// Digests of a disk.
#[derive(Debug, Clone, Serialize)]
pub struct IdentityShape {
    /// The recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1: Option<String>,
    /// The order of the sectors on the tracks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1o: Option<String>,
    /// The data in logical order.
    pub l2: String,
    /// What the data rest on.
    pub coverage: CoverageShape,
}

/// How many bytes rest on what.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CoverageShape {
    /// A good check.
    pub good: u64,
    /// Nothing.
    pub unverified: u64,
    /// A bad check, a contradiction or a search.
    pub doubtful: u64,
    /// Weak bits.
    pub masked: u64,
    /// They are missing or were not read.
    pub missing: u64,
}

/// Tracks alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrackShape {
    /// The first, or `first to last`.
    pub tracks: String,
    /// The layers that are held.
    pub holds: Vec<&'static str>,
    /// Its sectors in a line.
    pub sectors: String,
    /// Length in cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<u32>,
    /// Revolutions of flux.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revolutions: Option<usize>,
    /// The shortest and the longest cells of a part of a revolution of flux, in
    /// permille below (negative) or above the mean of its track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<[i16; 2]>,
    /// Splices between sectors that the grid of cells shows, of all these tracks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub splices: Option<usize>,
}

/// A stretch of cells that is not plain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AreaShape {
    /// The track.
    pub track: String,
    /// What it is.
    pub kind: &'static str,
    /// First cell.
    pub start: u64,
    /// Length in cells.
    pub len: u64,
    /// How that is known.
    pub evidence: String,
}

/// A file system.
#[derive(Debug, Clone, Serialize)]
pub struct VolumeShape {
    /// Its kind.
    pub kind: String,
    /// Number of the partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<u8>,
    /// The word for this view, where a disc shows its files in several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What it says of itself.
    pub facts: Vec<String>,
    /// Its entries, live ones only, bounded.
    pub entries: Vec<EntryShape>,
    /// How many entries there are, deleted ones included.
    pub entries_count: usize,
}

impl InfoShape {
    /// Entries and findings that one shape lists at most.
    pub const LISTED: usize = 1000;

    /// The shape of a disk.
    ///
    /// # Errors
    /// What stops the reading.
    pub fn of(disk: &Disk, context: &Context) -> Result<Self> {
        let image = disk.image();
        let (mounted, carrier) = volumes(disk, context)?;
        let mut findings = disk.findings();
        findings.extend(&carrier);
        mounted.iter().for_each(|m| findings.extend(&m.volume.findings()));
        let volume = |m: &floptical_filesystems::Mounted| VolumeShape {
            kind: m.volume.kind().to_owned(),
            partition: m.partition.as_ref().map(|p| p.index),
            namespace: m.volume.namespace().map(str::to_owned),
            facts: m.volume.facts().into_iter().map(|(name, value)| format!("{name}: {value}")).collect(),
            entries: m
                .volume
                .entries()
                .iter()
                .filter(|e| e.deleted.is_none())
                .take(Self::LISTED)
                .map(EntryShape::of)
                .collect(),
            entries_count: m.volume.entries().len(),
        };
        Ok(Self {
            schema: Some("floptical/info/0"),
            format: image.format.to_owned(),
            files: image.files.iter().map(|f| format!("{} ({} bytes)", show(f.name.as_bytes()), f.len)).collect(),
            carrier: image.carrier.kind().word(),
            claims: claims(image),
            opaque: kept(&image.opaque),
            drive: drive(disk),
            layout: layout(disk),
            identity: IdentityShape::of(&Identities::of(disk, context)?),
            tracks: tracks(disk),
            areas: areas(disk),
            volumes: mounted.iter().map(volume).collect(),
            findings: findings.iter().take(Self::LISTED).map(FindingShape::of).collect(),
            findings_count: findings.count(),
        })
    }
}

impl IdentityShape {
    /// The shape of identities.
    pub fn of(ids: &Identities) -> Self {
        Self {
            l1: ids.l1.map(|Identity { digest, .. }| hex(&digest)),
            l1o: ids.l1o.map(|digest| hex(&digest)),
            l2: hex(&ids.l2.digest),
            coverage: ids.l2.coverage.into(),
        }
    }
}

impl From<Coverage> for CoverageShape {
    fn from(c: Coverage) -> Self {
        Self { good: c.good, unverified: c.unverified, doubtful: c.doubtful, masked: c.masked, missing: c.missing }
    }
}

/// What a container says of itself, safe to show.
pub(crate) fn claims(image: &Image) -> Vec<ClaimShape> {
    image.claims.iter().map(|c| ClaimShape { kind: c.kind.word(), text: words(&c.text) }).collect()
}

fn kept(parts: &[Opaque]) -> Vec<String> {
    // By name, in the order in which names come.
    let (mut nth, mut named): (BTreeMap<&str, usize>, Vec<Vec<&Opaque>>) = Default::default();
    for part in parts {
        let own = *nth.entry(&part.name).or_insert(named.len());
        named.resize_with(named.len().max(own + 1), Vec::new);
        named[own].push(part);
    }
    let line = |parts: &Vec<&Opaque>| {
        let (first, last) = (parts.first()?, parts.last()?);
        let bytes: usize = parts.iter().map(|part| part.bytes.len()).sum();
        let places = match parts.len() {
            1 => first.place.to_string(),
            count if first.place == last.place => format!("{}, {count} of them", first.place),
            count => format!("{count} places, {} to {}", first.place, last.place),
        };
        Some(format!("{} of {places}: {bytes} bytes", first.name))
    };
    named.iter().filter_map(line).collect()
}

fn drive(disk: &Disk) -> Option<DriveShape> {
    let floppy = disk.image().as_floppy()?;
    let step = disk.widest_pitch();
    let stepping = disk.stepping().iter().filter(|_| step > 1).map(ToString::to_string).collect();
    Some(DriveShape {
        rotation_ns: floppy.drive.rotation.copied().map(|r| r.nanoseconds()),
        heads: floppy.drive.heads.copied(),
        step,
        stepping,
    })
}

/// The layout of a disk, and how it is known.
pub(crate) fn layout(disk: &Disk) -> Option<String> {
    let name = |layout: &Layout| if layout.id.is_empty() { layout.shape() } else { layout.to_string() };
    Some(match disk.layout() {
        Known::Unrecorded => return None,
        Known::Value(layout) => format!("{}, as the sectors show", name(layout)),
        Known::Assumed(layout, Why::Person) => format!("{}, as told", name(layout)),
        Known::Assumed(layout, _) => format!("{}, assumed", name(layout)),
    })
}

/// Rows of the tracks of a disc.
fn disc_tracks(disc: &Optical) -> Vec<TrackShape> {
    let row = |track: &CdTrack| TrackShape {
        tracks: track.number.to_string(),
        holds: holds(track),
        sectors: disc_track_line(track),
        cells: None,
        revolutions: None,
        speed: None,
        splices: None,
    };
    disc.tracks.iter().map(row).collect()
}

/// The parts of sectors that the container keeps of a track.
fn holds(track: &CdTrack) -> Vec<&'static str> {
    let mode = track.mode.copied().unwrap_or(TrackMode::Mode1);
    let run = track.runs.iter().find(|run| run.held != Held::Made);
    run.map_or_else(Vec::new, |run| run.form.parts(mode).words())
}

/// A track of a disc in a line: mode, control bits, sectors, gaps, points.
fn disc_track_line(track: &CdTrack) -> String {
    const BITS: [(Control, &str); 5] = [
        (Control::PRE_EMPHASIS, "pre-emphasis"),
        (Control::COPY, "copying permitted"),
        (Control::DATA, "data"),
        (Control::FOUR_CHANNELS, "four channels"),
        (Control::SCMS, "SCMS"),
    ];
    let mode = track.mode.copied().map_or("data", TrackMode::word);
    let (before, behind) = track.made_gaps();
    let own = track.end().since(track.begin()).saturating_sub(behind);
    let mut line = format!("{mode}, {own} sectors from {}", track.begin());
    let control = track.control.copied().unwrap_or_default();
    BITS.iter().filter(|(bit, _)| control.has(*bit)).for_each(|(_, word)| line.push_str(&format!(", {word}")));
    let pregap = track.begin().since(track.start());
    if pregap > 0 {
        let named = if before > 0 { format!(", {before} of them only named") } else { String::new() };
        line.push_str(&format!("; {pregap} of pregap{named}"));
    }
    if behind > 0 {
        line.push_str(&format!("; {behind} of postgap, only named"));
    }
    for index in track.indexes.iter().filter(|i| i.number > 1) {
        line.push_str(&format!("; index {} at {}", index.number, index.at));
    }
    if let Some(isrc) = &track.isrc {
        line.push_str(&format!("; ISRC {}", show(isrc)));
    }
    if let Some(session) = track.session.copied() {
        line.push_str(&format!("; session {session}"));
    }
    let text = |kind: TextKind| track.text.iter().find(|t| t.kind == kind).map(|t| show(&t.raw));
    if let Some(title) = text(TextKind::Title) {
        line.push_str(&format!("; \"{title}\""));
    }
    line
}

/// Rows of tracks; neighbours that read alike are joined.
fn tracks(disk: &Disk) -> Vec<TrackShape> {
    if let Some(disc) = disk.image().as_optical() {
        return disc_tracks(disc);
    }
    let mut rows: Vec<(String, TrackShape)> = Vec::new();
    for track in disk.tracks() {
        let mut holds: Vec<&'static str> = track.layers.iter().map(|l| l.word()).collect();
        holds.dedup();
        let has_cells = track.layers.iter().any(|l| *l <= Layer::Cells);
        let shape = TrackShape {
            tracks: String::new(),
            holds,
            sectors: sectors_line(track),
            cells: track.derived.cells.as_ref().filter(|_| has_cells).and_then(|c| u32::try_from(c.bits.len()).ok()),
            revolutions: track.flux.as_ref().map(|f| f.revolutions_ns.len()),
            speed: speed(&track.derived.survey.speed),
            splices: Some(track.derived.survey.count(AreaKind::Splice)).filter(|n| *n > 0),
        };
        let at = track.at.to_string();
        match rows.last_mut() {
            Some((last, row)) if alike(row, &shape) => {
                *last = at;
                row.join(&shape);
            }
            _ => rows.push((at.clone(), TrackShape { tracks: at, ..shape })),
        }
    }
    let join = |(last, row): (String, TrackShape)| {
        let tracks = if last == row.tracks { last } else { format!("{} to {last}", row.tracks) };
        TrackShape { tracks, ..row }
    };
    rows.into_iter().map(join).collect()
}

/// The least and the most of a course of speed.
fn speed(course: &[i16]) -> Option<[i16; 2]> {
    Some([*course.iter().min()?, *course.iter().max()?])
}

impl TrackShape {
    /// Take over what is measured of one more track alike.
    fn join(&mut self, other: &TrackShape) {
        self.speed = match (self.speed, other.speed) {
            (Some([low, high]), Some([lower, higher])) => Some([low.min(lower), high.max(higher)]),
            (one, another) => one.or(another),
        };
        let splices = self.splices.unwrap_or(0) + other.splices.unwrap_or(0);
        self.splices = Some(splices).filter(|n| *n > 0);
    }
}

/// Stretches of cells that are not plain, as many as are listed: those of the
/// cells themselves, and what the survey of flux found beside sectors.
fn areas(disk: &Disk) -> Vec<AreaShape> {
    let of = |track: &DiskTrack| {
        let shape = |area: &Area| AreaShape {
            track: track.at.to_string(),
            kind: area.kind.word(),
            start: area.start,
            len: area.len,
            evidence: area.evidence.to_string(),
        };
        let held = track.derived.cells.iter().flat_map(|cells| &cells.areas);
        let all = held.chain(&track.derived.survey.areas).filter(|area| area.kind != AreaKind::Splice);
        all.map(shape).collect::<Vec<_>>()
    };
    disk.tracks().iter().flat_map(of).take(InfoShape::LISTED).collect()
}

/// Lengths in cells may differ a little from track to track of a capture.
fn alike(a: &TrackShape, b: &TrackShape) -> bool {
    let near = match (a.cells, b.cells) {
        (Some(x), Some(y)) => u64::from(x.abs_diff(y)) * 100 <= u64::from(x),
        (x, y) => x == y,
    };
    near && (&a.holds, &a.sectors, a.revolutions) == (&b.holds, &b.sectors, b.revolutions)
}

/// The sectors of a track in a line: how recorded, sizes, numbers in order,
/// states that are not good.
fn sectors_line(track: &DiskTrack) -> String {
    let sectors: &Sectors = &track.derived.sectors;
    let Some(first) = sectors.slots.first() else { return without_sectors(track).into() };
    let mut schemes: Vec<&str> = sectors.slots.iter().map(|s| s.chosen().scheme.word()).collect();
    schemes.dedup();
    let size = first.chosen().size();
    let sizes =
        if sectors.slots.iter().all(|s| s.chosen().size() == size) { format!("{size}") } else { "mixed sizes".into() };
    let number =
        |s: &floptical_model::Slot| s.chosen().sector_id().map_or_else(|| "-".to_owned(), |id| id.r.to_string());
    let numbers: Vec<String> = sectors.slots.iter().map(number).collect();
    let rate = sectors.rate.copied().map_or_else(String::new, |r| {
        let shown = floptical_model::Rate::nearest(r.cell()).unwrap_or(r);
        format!(" {} kbit/s", shown.0.saturating_add(500) / 1000)
    });
    let states: Vec<String> = Status::ALL
        .iter()
        .map(|status| (status, sectors.slots.iter().filter(|s| s.status() == *status).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(status, n)| format!("{n} {}", status.word()))
        .collect();
    let deleted =
        sectors.slots.iter().filter(|s| s.chosen().mark.copied() == Some(floptical_model::Sighting::DELETED)).count();
    let deleted = if deleted > 0 { format!(", {deleted} deleted") } else { String::new() };
    format!(
        "{}{rate}, {} x {sizes} ({}): {}{deleted}",
        schemes.join("+"),
        sectors.slots.len(),
        numbers.join(" "),
        states.join(", ")
    )
}
