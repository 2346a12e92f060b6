//! Digests of a disk that do not depend on its container: canonical forms,
//! version 0.
//!
//! Vectors: `floptical/tests/identities.rs` (by hand) and `fixtures/identities.tsv`.
//!
//! A canonical form is a string of bytes that the caller feeds to SHA-256. All
//! numbers are big-endian. The tables:
//!
//! **L1, the recording.** `"floptical L1/0\n"`, then for each logical track
//! that has slots, by cylinder, then side: `T`, cylinder u8, side u8, slots
//! u16; then each slot, sorted by what follows: scheme u8 (0 IBM FM, 1 IBM
//! MFM, 2 Amiga MFM, 3 Commodore GCR), id present u8, C H R N, mark u8, flags u8 (1 bad header check, 2 bad
//! data check, 4 no data, 8 weak bits), length u32, the bytes with weak bits
//! cleared, and with weak bits the mask, as long as the bytes. Good,
//! unverified and unrecorded are alike; they differ in the coverage.
//!
//! **L1o, order and angle.** `"floptical L1o/0\n"`, then for each track as
//! above `T`, cylinder, side, slots u16, and the R of each slot in the order of
//! the track (FFFFh for none, else 00h R), turned so that the smallest string
//! results.
//!
//! **L2, the data.** All data in logical order; then for each maximal run of
//! one kind its kind u8 (`D` data, `M` missing) and length u64; then the
//! number of runs u64; then `"floptical L2/0\n"`. Missing data adds no bytes,
//! only its run, so that it never equals zeros. Of an optical disc: the user
//! data of each sector that is held, by address, data and sound: 2048 bytes of
//! mode 1 and form 1, 2324 of form 2, 2336 of mode 2 without a form, 2352 of
//! sound with the low byte of each sample first. Gaps that are only named add
//! nothing.

use crate::{Check, SectorEntry, Sectors, Sighting, Status};

/// How much of a digest rests on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Bytes with a good check.
    pub good: u64,
    /// Bytes that nothing verifies.
    pub unverified: u64,
    /// Bytes with a bad check, or in doubt.
    pub doubtful: u64,
    /// Bytes with weak bits.
    pub masked: u64,
    /// Bytes that are missing or unread.
    pub missing: u64,
}

impl Coverage {
    /// Count a sector of `bytes`.
    pub fn count(&mut self, status: Status, bytes: u64) {
        let which = match status {
            Status::Unread | Status::Missing => &mut self.missing,
            Status::Weak => &mut self.masked,
            Status::BadCheck | Status::Ambiguous | Status::Reconstructed => &mut self.doubtful,
            Status::Unverified => &mut self.unverified,
            Status::Good => &mut self.good,
        };
        *which += bytes;
    }
}

/// A track by its number on the disk, not by the position of the drive.
#[derive(Debug, Clone, Copy)]
pub struct LogicalTrack<'a> {
    /// Number of the track.
    pub cylinder: u8,
    /// Side.
    pub head: u8,
    /// Its sectors.
    pub sectors: &'a Sectors,
}

/// Feed the canonical form L1 to `sink`. `None` when no id is recorded: such
/// an image has no L1.
pub fn l1(tracks: &[LogicalTrack<'_>], mut sink: impl FnMut(&[u8])) -> Option<Coverage> {
    let mut coverage = Coverage::default();
    let mut recorded = false;
    sink(b"floptical L1/0\n");
    for track in in_order(tracks) {
        let mut slots: Vec<Vec<u8>> = Vec::with_capacity(track.sectors.slots.len());
        for slot in &track.sectors.slots {
            let chosen = slot.chosen();
            recorded |= chosen.id.is_recorded();
            coverage.count(slot.status(), chosen.size() as u64);
            slots.push(slot_form(chosen));
        }
        slots.sort_unstable();
        sink(&head(track));
        slots.iter().for_each(|s| sink(s));
    }
    recorded.then_some(coverage)
}

/// Feed the canonical form L1o to `sink`; false when no order is recorded.
pub fn l1o(tracks: &[LogicalTrack<'_>], mut sink: impl FnMut(&[u8])) -> bool {
    let mut ordered = false;
    sink(b"floptical L1o/0\n");
    for track in in_order(tracks) {
        ordered |= track.sectors.ordered;
        let order: Vec<[u8; 2]> =
            track.sectors.slots.iter().map(|s| s.chosen().sector_id().map_or([0xFF, 0xFF], |id| [0, id.r])).collect();
        let turned = |turn: usize| order[turn..].iter().chain(&order[..turn]).flatten().copied().collect::<Vec<u8>>();
        sink(&head(track));
        sink(&(0..order.len()).map(turned).min().unwrap_or_default());
    }
    ordered
}

/// Feed the canonical form L2 to `sink`.
pub fn l2<'a>(sectors: impl IntoIterator<Item = &'a SectorEntry>, mut sink: impl FnMut(&[u8])) -> Coverage {
    let mut form = L2Form::default();
    for sector in sectors {
        form.add(sector.status, u64::from(sector.size), sector.data.as_deref(), &mut sink);
    }
    form.finish(sink)
}

/// The canonical form L2, fed piece by piece.
#[derive(Debug, Default)]
pub struct L2Form {
    coverage: Coverage,
    runs: Vec<(u8, u64)>,
}

impl L2Form {
    /// The next `len` bytes: data, or missing.
    pub fn add(&mut self, status: Status, len: u64, data: Option<&[u8]>, mut sink: impl FnMut(&[u8])) {
        self.coverage.count(if data.is_none() { status.min(Status::Missing) } else { status }, len);
        let kind = match data {
            Some(bytes) => {
                sink(bytes);
                b'D'
            }
            None => b'M',
        };
        match self.runs.last_mut() {
            Some((last, run)) if *last == kind => *run += len,
            _ => self.runs.push((kind, len)),
        }
    }

    /// The table of runs.
    pub fn finish(self, mut sink: impl FnMut(&[u8])) -> Coverage {
        for (kind, len) in &self.runs {
            sink(&[*kind]);
            sink(&len.to_be_bytes());
        }
        sink(&(self.runs.len() as u64).to_be_bytes());
        sink(b"floptical L2/0\n");
        self.coverage
    }
}

fn in_order<'a, 'b>(tracks: &'b [LogicalTrack<'a>]) -> Vec<&'b LogicalTrack<'a>> {
    let mut sorted: Vec<_> = tracks.iter().filter(|t| !t.sectors.slots.is_empty()).collect();
    sorted.sort_by_key(|t| (t.cylinder, t.head));
    sorted
}

fn head(track: &LogicalTrack<'_>) -> [u8; 5] {
    let count = u16::try_from(track.sectors.slots.len()).unwrap_or(u16::MAX).to_be_bytes();
    [b'T', track.cylinder, track.head, count[0], count[1]]
}

fn slot_form(sighting: &Sighting) -> Vec<u8> {
    let bad = |check: Option<Check>| check == Some(Check::Bad);
    let id = sighting.sector_id();
    let weak = sighting.weak.as_ref().filter(|w| w.count_ones() > 0);
    let flags = u8::from(bad(sighting.id_check.copied()))
        | u8::from(bad(sighting.data_check.copied())) << 1
        | u8::from(sighting.data.bytes().is_none()) << 2
        | u8::from(weak.is_some()) << 3;
    let mut form = vec![match sighting.scheme {
        crate::Scheme::IbmFm => 0,
        crate::Scheme::IbmMfm => 1,
        crate::Scheme::AmigaMfm => 2,
        crate::Scheme::CommodoreGcr => 3,
        crate::Scheme::AppleGcr16 => 4,
        crate::Scheme::AppleGcr13 => 5,
        crate::Scheme::MacGcr => 6,
        crate::Scheme::DecRx02 => 7,
        crate::Scheme::IntelM2fm => 8,
    }];
    form.push(u8::from(id.is_some()));
    form.extend(id.map_or([0; 4], |id| [id.c, id.h, id.r, id.n]));
    form.push(sighting.mark.copied().or(sighting.scheme.normal_mark()).unwrap_or(0));
    form.push(flags);
    let bytes = sighting.data.bytes().map_or(&[][..], |b| b);
    form.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    match weak {
        None => form.extend_from_slice(bytes),
        Some(mask) => {
            let mut mask = mask.to_msb();
            mask.resize(bytes.len(), 0);
            form.extend(bytes.iter().zip(&mask).map(|(b, m)| b & !m));
            form.extend(mask);
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataField, Known, Layer, Place, Scheme, SectorId, Slot, TrackAt};
    use std::sync::Arc;

    fn sector(r: u8, byte: u8, check: Known<Check>) -> Slot {
        let id = SectorId { c: 0, h: 0, r, n: 0 };
        let mut s = Sighting::assumed(Scheme::IbmMfm, id, DataField::Bytes(Arc::from(vec![byte; 128])));
        s.id = Known::Value(Some(id));
        s.data_check = check;
        Slot::one(s)
    }

    fn form(slots: Vec<Slot>) -> (Vec<u8>, Option<Coverage>) {
        let sectors = Sectors { slots, ordered: true, ..Sectors::default() };
        let mut out = Vec::new();
        let coverage = l1(&[LogicalTrack { cylinder: 0, head: 0, sectors: &sectors }], |b| out.extend_from_slice(b));
        (out, coverage)
    }

    #[test]
    fn l1_is_blind_to_order_and_to_verification_but_not_to_bad_checks() {
        let good = Known::Value(Check::Good);
        let a = form(vec![sector(1, 1, good), sector(2, 2, good)]);
        let b = form(vec![sector(2, 2, Known::Unrecorded), sector(1, 1, good)]);
        assert_eq!(a.0, b.0);
        assert_ne!(a.1, b.1);
        assert_ne!(a.0, form(vec![sector(1, 1, good), sector(2, 2, Known::Value(Check::Bad))]).0);
    }

    #[test]
    fn l2_does_not_depend_on_block_size_and_missing_is_not_zero() {
        let entry = |size: u32, data: Option<Vec<u8>>| SectorEntry {
            place: Place::Track(TrackAt::new(0, 0)),
            offset: None,
            id: Known::Unrecorded,
            size,
            status: if data.is_some() { Status::Unverified } else { Status::Missing },
            data: data.map(Arc::from),
            span: None,
            layer: Layer::Sectors,
        };
        let form = |all: &[SectorEntry]| {
            let mut out = Vec::new();
            let _ = l2(all, |b| out.extend_from_slice(b));
            out
        };
        let whole = form(&[entry(256, Some(vec![0; 256]))]);
        assert_eq!(whole, form(&[entry(128, Some(vec![0; 128])), entry(128, Some(vec![0; 128]))]));
        assert_ne!(whole, form(&[entry(256, None)]));
        assert_ne!(whole, form(&[entry(128, Some(vec![0; 128])), entry(128, None)]));
    }
}
