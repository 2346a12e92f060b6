//! Every statement of integrity that there is.

use std::collections::BTreeMap;

use floptical_model::{Context, Findings, Result, SectorEntry, Severity, Status};

use crate::{Disk, volumes};

/// What all checks of an image say together.
#[derive(Debug)]
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
    let mut sectors = BTreeMap::new();
    let entries = disk.sectors();
    entries.iter().for_each(|s| *sectors.entry(s.status).or_default() += 1);
    let mut findings = disk.findings();
    let (mounted, carrier) = volumes(disk, context)?;
    findings.extend(&carrier);
    mounted.iter().for_each(|m| findings.extend(&m.volume.findings()));
    let damaged = entries.into_iter().filter(|s| s.status.is_damage()).collect();
    Ok(Checked { sectors, damaged, findings })
}
