//! The table of emulators.

use floptical_formats::Registry;
use serde::Serialize;

use crate::profiles::{Medium, PROFILES, Profile};

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
