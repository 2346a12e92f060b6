//! Digests of a disk, one for each layer, with what they rest on.

use floptical_model::identity::{self, Coverage, L2Form};
use floptical_model::{Carrier, Context, Result, Status};
use sha2::{Digest, Sha256};

use crate::{Disk, disc};

/// A digest and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// SHA-256 of the canonical form.
    pub digest: [u8; 32],
    /// How much rests on what.
    pub coverage: Coverage,
}

impl Identity {
    /// True when it rests on some byte that was read.
    pub fn holds_data(&self) -> bool {
        let Coverage { good, unverified, doubtful, masked, missing: _ } = self.coverage;
        [good, unverified, doubtful, masked].iter().any(|bytes| *bytes > 0)
    }
}

/// The identities of a disk that do not depend on its container. The
/// canonical forms stand in [`floptical_model::identity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identities {
    /// The recording; `None` where no ids are recorded (flat images).
    pub l1: Option<Identity>,
    /// Order of the sectors on the tracks; `None` where it is not recorded.
    pub l1o: Option<[u8; 32]>,
    /// The data in logical order.
    pub l2: Identity,
}

impl Identities {
    /// The identities of a disk.
    ///
    /// # Errors
    /// What stops the reading of a linear carrier.
    pub fn of(disk: &Disk, context: &Context) -> Result<Self> {
        let tracks = disk.logical_tracks();
        let mut hash = Sha256::new();
        let l1 = identity::l1(&tracks, |b| hash.update(b))
            .map(|coverage| Identity { digest: hash.finalize().into(), coverage });
        let mut hash = Sha256::new();
        let l1o = (identity::l1o(&tracks, |b| hash.update(b)) && l1.is_some()).then(|| hash.finalize().into());
        Ok(Self { l1, l1o, l2: l2(disk, context)? })
    }
}

fn l2(disk: &Disk, context: &Context) -> Result<Identity> {
    let mut hash = Sha256::new();
    let coverage = match &disk.image().carrier {
        Carrier::Floppy(_) => {
            let sectors = disk.numbered_sectors();
            identity::l2(sectors.iter().filter(|s| s.offset.is_some()), |b| hash.update(b))
        }
        Carrier::Optical(optical) => {
            let mut form = L2Form::default();
            disc::each(optical, context, |_, sector| {
                let user = sector.user();
                form.add(sector.status(), user.len() as u64, Some(user), |b| hash.update(b));
                Ok(())
            })?;
            form.finish(|b| hash.update(b))
        }
        _ => {
            const PIECE: u64 = 1 << 20;
            let blocks = disk.blocks()?;
            let mut form = L2Form::default();
            let mut buffer = vec![0; usize::try_from(PIECE.min(blocks.len())).unwrap_or(0)];
            let mut at = 0;
            while at < blocks.len() {
                let len = PIECE.min(blocks.len() - at);
                context.stream(len)?;
                context.progress("reading", at, blocks.len());
                for run in blocks.trace(at, len) {
                    let piece = &mut buffer[..usize::try_from(run.len).unwrap_or(0)];
                    blocks.read(run.start, piece, context)?;
                    let data = (run.status > Status::Missing).then_some(&*piece);
                    form.add(run.status, run.len, data, |b| hash.update(b));
                }
                at += len;
            }
            form.finish(|b| hash.update(b))
        }
    };
    Ok(Identity { digest: hash.finalize().into(), coverage })
}

/// A digest in lower-case hexadecimal.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// SHA-256 of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
