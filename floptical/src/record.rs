//! What a vault records of an image: plain values of what was measured, and the
//! claims of the container beside them.

use floptical_catalog::record::{Claim, Coverage, Layer, MeasuredImage, Noticed, Sector};
use floptical_io::FileSet;
use floptical_io::text::{show, words};
use floptical_model::identity;
use floptical_model::{Context, Findings, Result};

use crate::shape::{self, FindingShape};
use crate::{Disk, Identities, Identity, Opened, check, hex, volumes};

/// What a record lists at most of damaged sectors and of findings; the rest is
/// counted.
const LISTED: usize = 200;

/// What was measured of an image that was opened, and what it claims.
///
/// # Errors
/// What stops the reading.
pub fn record(opened: &Opened, disk: &Disk, context: &Context) -> Result<(MeasuredImage, Vec<Claim>)> {
    let ids = Identities::of(disk, context)?;
    let checked = check(disk, context)?;
    let (mounted, _) = volumes(disk, context)?;
    let mut findings = checked.findings;
    findings.extend(&opened.findings);
    let layer = |id: &Identity| Layer { sha256: hex(&id.digest), coverage: coverage(id.coverage) };
    let volume = |mounted: &floptical_filesystems::Mounted| {
        let facts = mounted.volume.facts().into_iter().map(|(name, value)| format!("; {name}: {value}"));
        words(&format!("{}{}", mounted.volume.kind(), facts.collect::<String>()))
    };
    let sector = |sector: &floptical_model::SectorEntry| Sector {
        place: sector.place.to_string(),
        status: sector.status.word().to_owned(),
    };
    let (listed, findings_count) = noticed(&findings);
    let image = MeasuredImage {
        files: names(&opened.files),
        member: None,
        wrappers: opened.layers.iter().map(|layer| (*layer).to_owned()).collect(),
        format: Some(opened.image.format.to_owned()),
        evidence: opened.candidate.answer.reasons.iter().map(|reason| words(reason)).collect(),
        problem: None,
        carrier: Some(opened.image.carrier.kind().word().to_owned()),
        layout: shape::layout(disk),
        l1: ids.l1.as_ref().map(layer),
        l1o: ids.l1o.map(|digest| hex(&digest)),
        l2: Some(layer(&ids.l2)),
        states: checked.sectors.iter().map(|(status, count)| (status.word().to_owned(), *count)).collect(),
        damaged: checked.damaged.iter().take(LISTED).map(sector).collect(),
        volumes: mounted.iter().map(volume).collect(),
        findings: listed,
        findings_count,
    };
    let file = image.files.first().cloned().unwrap_or_default();
    let claims = shape::claims(&opened.image).into_iter();
    Ok((image, claims.map(|c| Claim { file: file.clone(), kind: c.kind.to_owned(), text: c.text }).collect()))
}

/// What is recorded of files that could not be read as an image.
pub fn record_unread(files: &FileSet, problem: &str) -> MeasuredImage {
    MeasuredImage { files: names(files), problem: Some(words(problem)), ..MeasuredImage::default() }
}

fn names(files: &FileSet) -> Vec<String> {
    files.files().iter().map(|file| show(file.name().as_bytes())).collect()
}

fn coverage(c: identity::Coverage) -> Coverage {
    let identity::Coverage { good, unverified, doubtful, masked, missing } = c;
    Coverage { good, unverified, doubtful, masked, missing }
}

fn noticed(findings: &Findings) -> (Vec<Noticed>, u64) {
    let of = |finding: &floptical_model::Finding| {
        let FindingShape { code, severity, place, message } = FindingShape::of(finding);
        Noticed { code: code.to_owned(), severity: severity.to_owned(), place, message }
    };
    (findings.iter().take(LISTED).map(of).collect(), findings.count())
}
