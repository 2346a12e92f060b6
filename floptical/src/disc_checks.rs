//! What the sectors of a disc say of themselves.

use floptical_iso::cd::Sector;
use floptical_model::finding::{DISC_ECC, DISC_EDC, DISC_HEADER};
use floptical_model::{CdTrack, Check, Code, Context, Finding, Findings, Lba, Optical, Place, Result};

use crate::{check::Checked, disc};

/// Check every sector: its status, and whether header and codes hold.
pub(crate) fn check_disc(optical: &Optical, context: &Context) -> Result<Checked> {
    let mut checked = Checked::default();
    let mut faults = [&DISC_HEADER, &DISC_EDC, &DISC_ECC].map(Fault::new);
    disc::each(optical, context, |track, sector| {
        let status = sector.status();
        *checked.sectors.entry(status).or_default() += 1;
        // What comes after is counted and found, not listed.
        if status.is_damage() && checked.damaged.len() < Findings::KEPT {
            checked.damaged.push(disc::entry(track, sector));
        }
        if let Some(checks) = sector.checks() {
            let odd = [!checks.header, checks.edc == Check::Bad, checks.ecc == Check::Bad];
            for (fault, is) in faults.iter_mut().zip(odd) {
                fault.see(track, sector, is, &mut checked.findings);
            }
        }
        Ok(())
    })?;
    faults.iter_mut().for_each(|fault| fault.close(&mut checked.findings));
    Ok(checked)
}

/// Sectors in a row with the same fault: one finding.
struct Fault {
    code: &'static Code,
    open: Option<(Finding, u8, Lba, u32)>,
}

impl Fault {
    fn new(code: &'static Code) -> Self {
        Self { code, open: None }
    }

    fn see(&mut self, track: &CdTrack, sector: &Sector, is: bool, findings: &mut Findings) {
        match &mut self.open {
            Some((_, number, start, count)) if is && *number == track.number && start.after(*count) == sector.at => {
                *count += 1;
            }
            _ => {
                self.close(findings);
                let span = || track.run_at(sector.at).map(|run| run.span(sector.at));
                if let Some(span) = is.then(span).flatten() {
                    let finding = Finding::new(self.code, span, Place::Whole, String::new());
                    self.open = Some((finding, track.number, sector.at, 1));
                }
            }
        }
    }

    fn close(&mut self, findings: &mut Findings) {
        if let Some((finding, track, start, count)) = self.open.take() {
            let message = if count == 1 { "1 sector".to_owned() } else { format!("{count} sectors") };
            findings.push(Finding { place: Place::Sectors { track, start, count }, message, ..finding });
        }
    }
}
