//! Copies of a disk for the emulators of its machine.

use std::collections::{BTreeMap, BTreeSet};

use floptical_filesystems::Mounted;
use floptical_io::{FileSet, Memory, Source};
use floptical_model::{CarrierKind, Context, Result, Scheme};

use crate::profiles::{Chosen, PROFILES, Profile};
use crate::report::Page;
use crate::shape::{ConversionShape, CopyShape, ReaderShape, WrittenShape};
use crate::{ConvertError, Disk, Opened, WriteOptions, sidecar};

/// A copy of a disk that emulators read.
#[derive(Debug)]
pub struct Copy {
    /// What the report says of it.
    pub shape: CopyShape,
    /// Its files, where there is one.
    pub files: Option<Vec<Page>>,
}

/// What speaks for a machine: the container, the way of recording, the volume.
struct Clue {
    formats: &'static [&'static str],
    schemes: &'static [Scheme],
    volumes: &'static [&'static str],
    machines: &'static [&'static str],
}

/// The first clue that fits tells the machines.
static CLUES: &[Clue] = &[
    Clue { formats: &["adf"], schemes: &[Scheme::AmigaMfm], volumes: &["AmigaDOS"], machines: &["Amiga"] },
    Clue {
        formats: &["d64", "d71", "d81", "g64"],
        schemes: &[Scheme::CommodoreGcr],
        volumes: &["CBM"],
        machines: &["Commodore 64"],
    },
    Clue { formats: &["st", "msa"], schemes: &[], volumes: &[], machines: &["Atari ST"] },
    Clue { formats: &["dsk", "edsk"], schemes: &[], volumes: &[], machines: &["Amstrad CPC", "Spectrum +3"] },
    Clue { formats: &["iso", "cue"], schemes: &[], volumes: &["FAT", "ISO 9660"], machines: &["PC"] },
];

impl Clue {
    fn fits(&self, format: &str, schemes: &BTreeSet<Scheme>, volumes: &[Mounted]) -> bool {
        let kind = |v: &Mounted| self.volumes.iter().any(|word| v.volume.kind().starts_with(word));
        self.formats.contains(&format) || self.schemes.iter().any(|s| schemes.contains(s)) || volumes.iter().any(kind)
    }
}

/// The machines that a disk is of, as far as it tells.
fn machines(disk: &Disk, volumes: &[Mounted]) -> &'static [&'static str] {
    let slots = disk.tracks().iter().flat_map(|t| &t.derived.sectors.slots);
    let schemes: BTreeSet<Scheme> = slots.map(|s| s.chosen().scheme).collect();
    let clue = CLUES.iter().find(|clue| clue.fits(disk.image().format, &schemes, volumes));
    clue.map_or(&[], |clue| clue.machines)
}

/// Bytes of a disk up to which copies are made in memory: floppies of any kind.
/// What is larger is handed to emulators as it stands.
const LARGEST: u64 = 64 << 20;

/// The copies for all emulators of the disk's machine: one for each container
/// and name, proved. Where content would be lost there is a plan and no copy.
///
/// # Errors
/// What stops the planning, `Cancelled`.
pub(super) fn copies(opened: &Opened, disk: &Disk, volumes: &[Mounted], context: &Context) -> Result<Vec<Copy>> {
    let machines = machines(disk, volumes);
    let name = opened.files.first().map_or("disk", Source::name);
    let bytes = opened.files.files().iter().map(Source::len).sum::<u64>();
    if disk.image().carrier.kind() != CarrierKind::Floppy && bytes > LARGEST {
        return Ok(too_large(machines));
    }
    let mut copies: BTreeMap<(usize, String), (Chosen, Vec<ReaderShape>)> = BTreeMap::new();
    let mut refused = Vec::new();
    for (at, profile) in PROFILES.iter().enumerate().filter(|(_, p)| machines.contains(&p.machine)) {
        match profile.choose(disk, WriteOptions::default(), context)? {
            Ok(chosen) => {
                let file = chosen.medium.file_name(name);
                let reader = reader(profile, &chosen, &file, disk);
                let same =
                    copies.iter_mut().find(|((_, f), (c, _))| *f == file && c.medium.format == chosen.medium.format);
                match same {
                    Some((_, (_, readers))) => readers.push(reader),
                    None => drop(copies.insert((at, file), (chosen, vec![reader]))),
                }
            }
            Err(unfit) => {
                let reasons: Vec<String> = unfit.reasons.iter().map(|(id, why)| format!("{id}: {why}")).collect();
                let emulators = vec![ReaderShape { name: profile.name, launch: None }];
                refused.push(Copy {
                    shape: CopyShape { emulators, refused: Some(reasons.join("; ")), ..CopyShape::default() },
                    files: None,
                });
            }
        }
    }
    let made =
        copies.into_iter().map(|((_, file), (chosen, readers))| made(opened, disk, &chosen, &file, readers, context));
    let mut made = made.collect::<Result<Vec<Copy>>>()?;
    made.extend(refused);
    Ok(made)
}

/// The word that no copy is made of a large disc.
fn too_large(machines: &[&str]) -> Vec<Copy> {
    let profiles = PROFILES.iter().filter(|p| machines.contains(&p.machine));
    let emulators: Vec<ReaderShape> = profiles.map(|p| ReaderShape { name: p.name, launch: None }).collect();
    if emulators.is_empty() {
        return Vec::new();
    }
    let why = format!("No copy is made of a disc of more than {} MiB: emulators take it as it is.", LARGEST >> 20);
    vec![Copy { shape: CopyShape { emulators, refused: Some(why), ..CopyShape::default() }, files: None }]
}

fn reader(profile: &Profile, chosen: &Chosen, file: &str, disk: &Disk) -> ReaderShape {
    let launch = chosen.medium.launch.with(file, disk.layout().get());
    ReaderShape { name: profile.name, launch: launch.ok() }
}

/// Write the copy, read it back, hold it against the plan.
fn made(
    opened: &Opened,
    disk: &Disk,
    chosen: &Chosen,
    file: &str,
    readers: Vec<ReaderShape>,
    context: &Context,
) -> Result<Copy> {
    let planned = &chosen.planned;
    let mut plan = ConversionShape::of(disk, opened.size_only, planned, &BTreeSet::new());
    let mut shape = CopyShape { emulators: readers, format: Some(planned.target().id), ..CopyShape::default() };
    if !plan.unaccepted.is_empty() {
        shape.refused = Some(format!(
            "Content would be lost, and nobody accepted that: {}. `floptical convert --lose {}` does it.",
            plan.unaccepted.join(", "),
            plan.unaccepted.join(","),
        ));
        shape.plan = Some(plan);
        return Ok(Copy { shape, files: None });
    }
    let mut out = Memory::new();
    let written = match planned.write(&mut out, context) {
        Ok(()) => out.clone().into_set(file),
        Err(error) => return failed(shape, error),
    };
    if let Err(error) = planned.prove(&written, context) {
        return failed(shape, error);
    }
    plan.written = Some(written_shape(file, &written, context)?);
    let named =
        |(own, bytes): &(String, Vec<u8>)| (if own.is_empty() { file.to_owned() } else { own.clone() }, bytes.clone());
    let files = out.files().iter().map(named).collect();
    shape.file = Some(file.to_owned());
    shape.plan = Some(plan);
    Ok(Copy { shape, files: Some(files) })
}

fn written_shape(file: &str, written: &FileSet, context: &Context) -> Result<WrittenShape> {
    Ok(WrittenShape {
        output: file.to_owned(),
        bytes: written.files().iter().map(Source::len).sum(),
        sha256: sidecar::digest(written, context)?,
        proved: true,
        sidecar: None,
    })
}

/// A copy that does not come about is told, unless the work itself must stop.
fn failed(mut shape: CopyShape, error: ConvertError) -> Result<Copy> {
    match error {
        ConvertError::Failed(error) => Err(error),
        other => {
            shape.refused = Some(floptical_io::text::words(&other.to_string()));
            Ok(Copy { shape, files: None })
        }
    }
}
