//! Every statement of integrity that there is.

use std::collections::BTreeMap;

use floptical_model::{Context, Findings, Result, SectorEntry, Severity, Status};

use crate::disc_checks::check_disc;
use crate::{Disk, volumes};

/// What all checks of an image say together.
#[derive(Debug, Default)]
#[must_use]
pub struct Checked {
    /// How many sectors have each status.
    pub sectors: BTreeMap<Status, u64>,
    /// The sectors that an archivist must look at.
    pub damaged: Vec<SectorEntry>,
    /// What was noticed in the container, on the tracks, and in the file
    /// systems.
    pub findings: Findings,
}

impl Checked {
    /// True when something is wrong: a damaged sector, or a finding that lowers
    /// the trust in the content.
    pub fn is_damaged(&self) -> bool {
        !self.damaged.is_empty() || self.findings.worst().is_some_and(|s| s >= Severity::Contradiction)
    }
}

/// Check the container, the sectors and the file systems of a disk.
///
/// # Errors
/// What stops the reading.
pub fn check(disk: &Disk, context: &Context) -> Result<Checked> {
    let sectors = match disk.image().as_optical() {
        Some(optical) => check_disc(optical, context)?,
        None => check_entries(disk.sectors()),
    };
    let mut findings = disk.findings();
    findings.extend(&sectors.findings);
    let (mounted, carrier) = volumes(disk, context)?;
    findings.extend(&carrier);
    mounted.iter().for_each(|m| findings.extend(&m.volume.findings()));
    Ok(Checked { findings, ..sectors })
}

fn check_entries(entries: Vec<SectorEntry>) -> Checked {
    let mut checked = Checked::default();
    entries.iter().for_each(|s| *checked.sectors.entry(s.status).or_default() += 1);
    checked.damaged = entries.into_iter().filter(|s| s.status.is_damage()).collect();
    checked
}
