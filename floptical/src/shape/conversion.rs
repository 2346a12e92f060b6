//! What a conversion changes, what it wrote, and whom for.

use std::collections::BTreeSet;

use floptical_model::{Fact, Layout};
use serde::Serialize;

use super::{LossShape, MergeShape, PlanShape};
use crate::profiles::{Medium, Profile};
use crate::{Disk, Planned};

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

impl ConversionShape {
    /// The shape of a plan, with the facts that a person accepts.
    pub fn of(disk: &Disk, size_only: bool, planned: &Planned, accepted: &BTreeSet<Fact>) -> Self {
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
    pub fn of(profile: &Profile, medium: &Medium, file: &str, layout: Option<&Layout>) -> Self {
        Self {
            emulator: profile.id,
            name: profile.name,
            launch: medium.launch.with(file, layout).ok(),
            configuration: medium.launch.configuration(),
            several: profile.several,
        }
    }
}
