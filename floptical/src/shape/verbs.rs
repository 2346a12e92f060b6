//! What each verb of the command says of an input.

use std::collections::BTreeMap;
use std::path::PathBuf;

use floptical_filesystems::FILESYSTEMS;
use floptical_formats::Registry;
use floptical_io::text::show;
use floptical_iso::cd::Shape;
use floptical_model::layout::LAYOUTS;
use floptical_model::picture::Picture;
use floptical_model::{
    Check, Context, Fact, Findings, Known, Optical, Place, Result, Rung, SectorEntry, Sighting, Slot,
};
use serde::Serialize;

use super::{
    ComparisonShape, CoverageShape, EntryShape, FindingShape, FormatShape, InfoShape, SectorShape, StepShape, hex,
};
use crate::disc;
use crate::{Checked, Comparison, Disk, Extracted, Identities, Step};

/// `sectors`: the common sector model with its evidence.
#[derive(Debug, Clone, Serialize)]
pub struct SectorsShape {
    /// How many sectors have each status, of those listed.
    pub states: BTreeMap<&'static str, u64>,
    /// The sectors.
    pub sectors: Vec<SectorRowShape>,
}

/// A sector with its evidence.
#[derive(Debug, Clone, Serialize)]
pub struct SectorRowShape {
    /// What every carrier says.
    #[serde(flatten)]
    pub sector: SectorShape,
    /// How it is recorded.
    pub scheme: Option<&'static str>,
    /// The byte of the data mark, where recorded.
    pub mark: Option<u8>,
    /// The check of the id field: `good`, `bad`, `none`.
    pub id_check: Option<&'static str>,
    /// The check of the data field.
    pub data_check: Option<&'static str>,
    /// How often it was seen.
    pub sightings: usize,
    /// Why the sighting that speaks was chosen.
    pub choice: Option<String>,
    /// How far up the decoder's ladder it was read, where it was read from flux.
    pub rung: Option<&'static str>,
    /// How much less likely the most likely other reading of its least certain
    /// byte is, in decibels, where the rung can tell.
    pub least_confidence: Option<u8>,
}

impl SectorsShape {
    /// The shape of the sectors of a disk for which `wanted` holds.
    ///
    /// # Errors
    /// What stops the reading of a disc.
    pub fn of(disk: &Disk, wanted: impl Fn(&SectorEntry) -> bool, context: &Context) -> Result<Self> {
        if let Some(optical) = disk.image().as_optical() {
            return Self::of_disc(optical, wanted, context);
        }
        let entries: Vec<SectorEntry> = disk.sectors().into_iter().filter(|s| wanted(s)).collect();
        let mut states = BTreeMap::new();
        entries.iter().for_each(|s| *states.entry(s.status.word()).or_default() += 1);
        let slots = slots(disk);
        let row = |entry: &SectorEntry| SectorRowShape::of(entry, slots.get(&entry.place).copied());
        Ok(Self { states, sectors: entries.iter().map(row).collect() })
    }

    fn of_disc(disc: &Optical, wanted: impl Fn(&SectorEntry) -> bool, context: &Context) -> Result<Self> {
        let mut shape = Self { states: BTreeMap::new(), sectors: Vec::new() };
        disc::each(disc, context, |track, sector| {
            let entry = disc::entry(track, sector);
            if wanted(&entry) {
                *shape.states.entry(entry.status.word()).or_default() += 1;
                let edc = sector.checks().map(|checks| check_word(&checks.edc));
                let scheme = sector.shape.map_or("audio", Shape::word);
                let row = SectorRowShape::of(&entry, None);
                shape.sectors.push(SectorRowShape { scheme: Some(scheme), data_check: edc, ..row });
            }
            Ok(())
        })?;
        Ok(shape)
    }
}

/// Every slot by its place.
fn slots(disk: &Disk) -> BTreeMap<Place, &Slot> {
    let on = |track: &'_ crate::DiskTrack| -> Vec<Place> { track.derived.sectors.places(track.logical) };
    disk.tracks().iter().flat_map(|t| on(t).into_iter().zip(&t.derived.sectors.slots)).collect()
}

impl SectorRowShape {
    fn of(entry: &SectorEntry, slot: Option<&Slot>) -> Self {
        let chosen: Option<&Sighting> = slot.map(Slot::chosen);
        let check = |of: fn(&Sighting) -> &Known<Check>| chosen.and_then(|s| of(s).recorded().map(check_word));
        Self {
            sector: SectorShape::of(entry),
            scheme: chosen.map(|s| s.scheme.word()),
            mark: chosen.and_then(|s| s.mark.recorded().copied()),
            id_check: check(|s| &s.id_check),
            data_check: check(|s| &s.data_check),
            sightings: slot.map_or(0, |s| s.sightings().len()),
            choice: slot.map(|s| s.choice().words()),
            rung: chosen.and_then(|s| s.rung).map(Rung::word),
            least_confidence: chosen.and_then(|s| s.confidence.as_ref()?.iter().min().copied()),
        }
    }
}

fn check_word(check: &Check) -> &'static str {
    match check {
        Check::Good => "good",
        Check::Bad => "bad",
        Check::None => "none",
    }
}

/// `ls`: the files of each volume.
#[derive(Debug, Clone, Serialize)]
pub struct LsShape {
    /// The volumes.
    pub volumes: Vec<LsVolumeShape>,
}

/// The files of a volume.
#[derive(Debug, Clone, Serialize)]
pub struct LsVolumeShape {
    /// Its number on the disk, from 0.
    pub volume: usize,
    /// Its kind.
    pub kind: String,
    /// Number of the partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<u8>,
    /// The word for this view, where a disc shows its files in several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The entries that were asked for.
    pub entries: Vec<EntryShape>,
}

/// `check`: every statement of integrity.
#[derive(Debug, Clone, Serialize)]
pub struct CheckShape {
    /// True when something is wrong.
    pub damaged: bool,
    /// How many sectors have each status.
    pub states: BTreeMap<&'static str, u64>,
    /// The sectors that an archivist must look at.
    pub sectors: Vec<SectorShape>,
    /// What was noticed, bounded.
    pub findings: Vec<FindingShape>,
    /// How many findings there are altogether.
    pub findings_count: u64,
}

impl CheckShape {
    /// The shape of checks.
    pub fn of(checked: &Checked) -> Self {
        Self {
            damaged: checked.is_damaged(),
            states: checked.sectors.iter().map(|(status, n)| (status.word(), *n)).collect(),
            sectors: checked.damaged.iter().map(SectorShape::of).collect(),
            findings: listed(&checked.findings),
            findings_count: checked.findings.count(),
        }
    }
}

/// `hash`: digests of each layer.
#[derive(Debug, Clone, Serialize)]
pub struct HashShape {
    /// Id of the format; absent when no format here knows the file.
    pub format: Option<&'static str>,
    /// Layer 0: the bytes of each file, as it lies there.
    pub l0: Vec<FileDigestsShape>,
    /// Layer 0 of what is inside the wrappers.
    pub unpacked: Vec<FileDigestsShape>,
    /// Layer 1: the recording; absent where no ids are recorded.
    pub l1: Option<LayerShape>,
    /// Order and angle of the sectors on the tracks.
    pub l1o: Option<String>,
    /// Layer 2: the data in logical order.
    pub l2: Option<LayerShape>,
}

/// Digests of a file.
#[derive(Debug, Clone, Serialize)]
pub struct FileDigestsShape {
    /// Its name.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// Digests by algorithm.
    pub digests: BTreeMap<&'static str, String>,
}

/// The digest of a layer and what it rests on.
#[derive(Debug, Clone, Serialize)]
pub struct LayerShape {
    /// SHA-256 of the canonical form.
    pub sha256: String,
    /// How many bytes rest on what.
    pub coverage: CoverageShape,
}

impl HashShape {
    /// Fill in the identities of the disk.
    #[must_use]
    pub fn with(self, format: &'static str, ids: &Identities) -> Self {
        let layer = |id: &crate::Identity| LayerShape { sha256: hex(&id.digest), coverage: id.coverage.into() };
        Self {
            format: Some(format),
            l1: ids.l1.as_ref().map(layer),
            l1o: ids.l1o.map(|digest| hex(&digest)),
            l2: Some(layer(&ids.l2)),
            ..self
        }
    }
}

/// `compare`: two images, layer by layer.
#[derive(Debug, Clone, Serialize)]
pub struct CompareShape {
    /// The two images.
    pub inputs: [String; 2],
    /// True when their files are the same bytes.
    pub same_file: bool,
    /// True when a machine or a person who reads both disks could tell: other
    /// data, another recording, other files, or facts that carry content.
    pub differs: bool,
    /// What the disks share and where they differ.
    #[serde(flatten)]
    pub comparison: ComparisonShape,
}

impl CompareShape {
    /// The shape of a comparison of two named images.
    pub fn of(inputs: [String; 2], same_file: bool, comparison: &Comparison) -> Self {
        let differs = comparison.same_data() == Some(false)
            || comparison.same_recording() == Some(false)
            || !comparison.files.is_empty()
            || !comparison.facts.content().is_empty();
        Self { inputs, same_file, differs, comparison: ComparisonShape::of(comparison) }
    }
}

/// `explain`: the way down.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainShape {
    /// What was asked for.
    pub what: String,
    /// The steps.
    pub steps: Vec<StepShape>,
}

impl ExplainShape {
    /// The shape of an explanation.
    pub fn of(what: &str, steps: &[Step]) -> Self {
        Self { what: show(what.as_bytes()), steps: steps.iter().map(StepShape::of).collect() }
    }
}

/// `map`: the picture that was drawn.
#[derive(Debug, Clone, Serialize)]
pub struct MapShape {
    /// Where it was written.
    pub output: String,
    /// Length in bytes.
    pub bytes: u64,
    /// How often each state is drawn.
    pub states: BTreeMap<&'static str, u64>,
    /// What a reader of the picture must know.
    pub notes: Vec<String>,
}

impl MapShape {
    /// The shape of a picture that was written somewhere.
    pub fn of(picture: &Picture, output: String, bytes: u64) -> Self {
        let states = picture.legend().into_iter().map(|(state, n)| (state.word(), n)).collect();
        Self { output, bytes, states, notes: picture.notes.clone() }
    }
}

/// `formats`: the tables themselves.
#[derive(Debug, Clone, Serialize)]
pub struct FormatsShape {
    /// The formats.
    pub formats: Vec<FormatShape>,
    /// The file systems.
    pub filesystems: Vec<RowShape>,
    /// The layouts of flat images.
    pub layouts: Vec<RowShape>,
    /// The facts that a plan speaks of.
    pub facts: Vec<RowShape>,
}

/// A row of a table: a stable word and what it means.
#[derive(Debug, Clone, Serialize)]
pub struct RowShape {
    /// The stable word.
    pub id: &'static str,
    /// What it means.
    pub name: &'static str,
}

impl FormatsShape {
    /// The shape of the tables.
    pub fn of(registry: &Registry) -> Self {
        let row = |id, name| RowShape { id, name };
        Self {
            formats: registry.formats().iter().map(|f| FormatShape::of(f)).collect(),
            filesystems: FILESYSTEMS.iter().map(|f| row(f.id, f.name)).collect(),
            layouts: LAYOUTS.iter().map(|l| row(&l.id, &l.name)).collect(),
            facts: Fact::ALL.iter().map(|f| row(f.word(), f.meaning())).collect(),
        }
    }
}

/// Findings, bounded.
pub(super) fn listed(findings: &Findings) -> Vec<FindingShape> {
    findings.iter().take(InfoShape::LISTED).map(FindingShape::of).collect()
}

/// `extract`: what was taken out, and what a folder of the system does not
/// keep of it.
#[derive(Debug, Clone, Serialize)]
pub struct ExtractShape {
    /// The files and directories.
    pub files: Vec<ExtractedShape>,
}

/// A file or directory that was taken out.
#[derive(Debug, Clone, Serialize)]
pub struct ExtractedShape {
    /// Where it was written, below the folder; absent for a link or a device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved_as: Option<String>,
    /// The number of its volume on the disk.
    pub volume: usize,
    /// What the volume says of it.
    #[serde(flatten)]
    pub entry: EntryShape,
    /// Bytes that the entry promises, for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// Bytes that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u64>,
    /// The worst status of the sectors behind them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<&'static str>,
    /// True when bytes are missing or lie on bad sectors.
    pub damaged: bool,
}

impl ExtractedShape {
    /// The shape of what was taken out.
    pub fn of(extracted: &Extracted) -> Self {
        let joined = |path: &PathBuf| {
            let parts: Vec<String> = path.iter().map(|p| p.to_string_lossy().into_owned()).collect();
            parts.join("/")
        };
        Self {
            saved_as: extracted.saved_as.as_ref().map(joined),
            volume: extracted.volume,
            entry: EntryShape::of(&extracted.entry),
            expected: extracted.delivered.map(|d| d.expected),
            delivered: extracted.delivered.map(|d| d.bytes),
            worst: extracted.delivered.map(|d| d.worst.word()),
            damaged: extracted.is_damaged(),
        }
    }
}
