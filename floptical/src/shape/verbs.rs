//! What each verb of the command says of an input.

use std::collections::BTreeMap;
use std::path::PathBuf;

use floptical_filesystems::FILESYSTEMS;
use floptical_formats::{Candidate, Registry};
use floptical_io::text::{show, words};
use floptical_iso::cd::Shape;
use floptical_model::layout::LAYOUTS;
use floptical_model::picture::Picture;
use floptical_model::{
    Check, Context, Fact, Findings, Known, Optical, Place, Result, Rung, SectorEntry, Sighting, Slot,
};
use serde::Serialize;

use super::{
    ComparisonShape, CoverageShape, EntryShape, FindingShape, FormatShape, InfoShape, LossShape, MergeShape, PlanShape,
    SectorShape, StepShape, hex,
};
use crate::disc;
use crate::identify::{Identified, Item, Verdict};
use crate::profiles::{Medium, PROFILES, Profile};
use crate::{Checked, Comparison, Disk, Extracted, Identities, Planned, Step};

/// `identify`: what a file is.
#[derive(Debug, Clone, Serialize)]
pub struct IdentifyShape {
    /// Wrappers that were taken off, outermost first.
    pub layers: Vec<&'static str>,
    /// What is inside.
    pub items: Vec<ItemShape>,
    /// What was noticed about the wrappers.
    pub findings: Vec<FindingShape>,
}

/// Files that make one image.
#[derive(Debug, Clone, Serialize)]
pub struct ItemShape {
    /// Their names.
    pub files: Vec<String>,
    /// `known`, `tie`, `size-only`, `not-read` or `unknown`.
    pub verdict: &'static str,
    /// Id of the format that opening takes.
    pub format: Option<&'static str>,
    /// The kind in words, for what is known and not read.
    pub kind: Option<&'static str>,
    /// All answers, the best first.
    pub candidates: Vec<CandidateShape>,
}

/// What one format says of the files.
#[derive(Debug, Clone, Serialize)]
pub struct CandidateShape {
    /// Id of the format.
    pub format: &'static str,
    /// Name of the format.
    pub name: &'static str,
    /// The layout, for a format without one of its own.
    pub layout: Option<String>,
    /// Words for the evidence, weakest first.
    pub evidence: Vec<&'static str>,
    /// The same in sentences.
    pub reasons: Vec<String>,
}

impl IdentifyShape {
    /// The shape of an identification.
    pub fn of(identified: &Identified) -> Self {
        Self {
            layers: identified.layers.clone(),
            items: identified.items.iter().map(ItemShape::of).collect(),
            findings: listed(&identified.findings),
        }
    }
}

impl ItemShape {
    /// The shape of an item.
    pub fn of(item: &Item) -> Self {
        let verdict = item.verdict();
        let (word, kind) = match &verdict {
            Verdict::Known(_) => ("known", None),
            Verdict::Tie(_) => ("tie", None),
            Verdict::SizeOnly(_) => ("size-only", None),
            Verdict::NotRead(_, kind) => ("not-read", Some(*kind)),
            Verdict::Unknown => ("unknown", None),
        };
        Self {
            files: item.files.files().iter().map(|f| show(f.name().as_bytes())).collect(),
            verdict: word,
            format: verdict.candidate().map(|c| c.format.id),
            kind,
            candidates: item.candidates.iter().map(CandidateShape::of).collect(),
        }
    }
}

impl CandidateShape {
    /// The shape of an answer.
    pub fn of(candidate: &Candidate) -> Self {
        let answer = &candidate.answer;
        Self {
            format: candidate.format.id,
            name: candidate.format.name,
            layout: answer.layout.as_ref().map(ToString::to_string),
            evidence: answer.evidence.words(),
            reasons: answer.reasons.iter().map(|r| words(r)).collect(),
        }
    }
}

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

/// `plan` and `convert`: what changes, and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct ConversionShape {
    /// Id of the format that is read.
    pub from: &'static str,
    /// The layout, where nothing but the length of the file speaks for it.
    pub guessed_layout: Option<String>,
    /// Id of the format that is written.
    pub to: &'static str,
    /// The emulator that it is written for.
    #[serde(rename = "for")]
    pub emulator: Option<ForShape>,
    /// What changes.
    pub losses: Vec<LossShape>,
    /// Sectors that nobody verified and that will read as good.
    pub unverified_read_as_good: u64,
    /// The facts that were accepted by name.
    pub accepted: Vec<&'static str>,
    /// The facts whose loss nobody accepted; nothing is written while there
    /// are any.
    pub unaccepted: Vec<&'static str>,
    /// What was written, and read back as planned.
    pub written: Option<WrittenShape>,
    /// The captures that were merged, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<MergeShape>,
}

/// The emulator that something is written for.
#[derive(Debug, Clone, Serialize)]
pub struct ForShape {
    /// Its id.
    pub emulator: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The command line, or the lines of its configuration; absent where the
    /// name of the file cannot be written there.
    pub launch: Option<String>,
    /// The file that the lines belong to, where they are no command.
    pub configuration: Option<&'static str>,
    /// How a set of several disks is handed over.
    pub several: &'static str,
}

impl ForShape {
    /// The shape of a file of a disk, in a medium for an emulator.
    pub fn of(profile: &Profile, medium: &Medium, file: &str, disk: &Disk) -> Self {
        Self {
            emulator: profile.id,
            name: profile.name,
            launch: medium.launch.with(file, disk.layout().get()).ok(),
            configuration: medium.launch.configuration(),
            several: profile.several,
        }
    }
}

/// `emulators`: the table itself.
#[derive(Debug, Clone, Serialize)]
pub struct EmulatorsShape {
    /// The emulators.
    pub emulators: Vec<EmulatorShape>,
}

/// What an emulator takes.
#[derive(Debug, Clone, Serialize)]
pub struct EmulatorShape {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The machine that it plays.
    pub machine: &'static str,
    /// The containers that it reads and that are written here, the one to
    /// prefer first.
    pub media: Vec<MediumShape>,
    /// How a set of several disks is handed over.
    pub several: &'static str,
    /// Where this is known from.
    pub source: &'static str,
}

/// A container that an emulator reads.
#[derive(Debug, Clone, Serialize)]
pub struct MediumShape {
    /// Id of the format.
    pub format: &'static str,
    /// The extension that the file must have.
    pub extension: &'static str,
    /// What disks of it the emulator takes.
    pub takes: String,
    /// How a file called `disk` is handed over.
    pub launch: String,
    /// The file that the lines belong to, where they are no command.
    pub configuration: Option<&'static str>,
}

impl EmulatorsShape {
    /// The shape of the table, as far as the registry writes its containers.
    pub fn of(registry: &Registry) -> Self {
        let medium = |medium: &Medium| MediumShape {
            format: medium.format,
            extension: medium.extension,
            takes: medium.limit.words(),
            launch: medium.launch.with(&medium.file_name("disk"), None).unwrap_or_default(),
            configuration: medium.launch.configuration(),
        };
        let emulator = |p: &Profile| EmulatorShape {
            id: p.id,
            name: p.name,
            machine: p.machine,
            media: p.offered(registry).map(|(m, _)| medium(m)).collect(),
            several: p.several,
            source: p.source,
        };
        Self { emulators: PROFILES.iter().map(emulator).collect() }
    }
}

/// What a conversion wrote.
#[derive(Debug, Clone, Serialize)]
pub struct WrittenShape {
    /// Where.
    pub output: String,
    /// Length in bytes, of all files together.
    pub bytes: u64,
    /// SHA-256, as a sidecar names it.
    pub sha256: String,
    /// True: it was read back and says what was planned. What does not is not
    /// kept.
    pub proved: bool,
    /// The sidecar, if one was written.
    pub sidecar: Option<String>,
}

impl ConversionShape {
    /// The shape of a plan, with the facts that a person accepts.
    pub fn of(
        disk: &Disk,
        size_only: bool,
        planned: &Planned,
        accepted: &std::collections::BTreeSet<floptical_model::Fact>,
    ) -> Self {
        let layout = disk.layout().get().filter(|_| size_only);
        let plan = PlanShape::of(planned.plan());
        let content = planned.plan().content();
        Self {
            from: disk.image().format,
            guessed_layout: layout.map(ToString::to_string),
            to: planned.target().id,
            emulator: None,
            losses: plan.losses,
            unverified_read_as_good: plan.unverified_read_as_good,
            accepted: content.intersection(accepted).map(|f| f.word()).collect(),
            unaccepted: content.difference(accepted).map(|f| f.word()).collect(),
            written: None,
            merged: None,
        }
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
fn listed(findings: &Findings) -> Vec<FindingShape> {
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
