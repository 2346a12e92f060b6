//! The block availability map: for each track how many sectors are free, and
//! which.

use floptical_model::Result;
use floptical_model::finding::{FS_MAP_IN_USE, FS_MAP_INVALID, FS_MAP_UNUSED};

use super::disk::{At, Disk, Drive};
use crate::listing::Note;

/// What a map says of a track.
#[derive(Debug, Clone, Copy)]
struct Told {
    /// Sectors that it counts as free.
    count: u8,
    /// A bit for each sector, set when it is free.
    bits: u64,
}

impl Told {
    fn read(count: u8, bits: &[u8]) -> Self {
        Self { count, bits: bits.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)) }
    }

    /// True when count and bits agree, and only sectors that exist have a bit.
    fn agrees(self, sectors: u8) -> bool {
        u32::from(self.count) == self.bits.count_ones() && self.bits.checked_shr(sectors.into()).unwrap_or(0) == 0
    }
}

/// The map of a volume or of a partition.
#[derive(Debug, Default)]
pub(super) struct Bam {
    /// By track, from 1.
    tracks: Vec<Option<Told>>,
    /// The sectors that it lies in, without the header.
    pub sectors: Vec<At>,
    /// Tracks where counts and bits agree.
    pub agreeing: u8,
    /// Tracks that it tells of.
    pub told: u8,
    pub notes: Vec<Note>,
}

impl Bam {
    /// The map that belongs to the header in sector 0 of `track`.
    pub(super) fn load(disk: &Disk<'_>, track: u8) -> Result<Self> {
        let mut bam = Self::default();
        let drive = disk.shape.drive;
        let own: Vec<At> = match drive {
            Drive::D1541 => Vec::new(),
            Drive::D1571 => vec![At { track: 53, sector: 0 }],
            Drive::D1581 => vec![At { track, sector: 1 }, At { track, sector: 2 }],
        };
        let header = disk.sector(At { track, sector: 0 })?;
        let parts = own.iter().map(|at| disk.sector(*at)).collect::<Result<Vec<_>>>()?;
        bam.sectors = own;
        for number in 1..=disk.shape.tracks {
            let told = match drive {
                Drive::D1581 => of_1581(&parts, number),
                _ if number <= 35 => header.as_ref().and_then(|h| four(h, usize::from(number).saturating_mul(4))),
                Drive::D1571 => of_1571(header.as_ref(), parts.first().and_then(Option::as_ref), number),
                Drive::D1541 => header.as_ref().and_then(|h| beyond(h, number, &disk.shape)),
            };
            bam.tracks.push(told);
        }
        let blank = |told: &Option<Told>| told.is_none_or(|t| t.count == 0 && t.bits == 0);
        let unwritten = |s: &Option<[u8; 256]>| s.is_none_or(|bytes| bytes.iter().all(|b| *b == 0));
        if bam.tracks.iter().all(blank)
            && unwritten(if drive == Drive::D1581 { parts.first().unwrap_or(&None) } else { &header })
        {
            bam.tracks.clear();
            bam.notes.push((&FS_MAP_INVALID, "it is not there".into()));
            return Ok(bam);
        }
        let mut first = None;
        for (track, told) in (1u8..).zip(&bam.tracks).filter_map(|(n, t)| Some((n, (*t)?))) {
            bam.told = bam.told.saturating_add(1);
            if told.agrees(disk.shape.sectors(track)) {
                bam.agreeing = bam.agreeing.saturating_add(1);
            } else {
                first = first.or(Some((track, told.count)));
            }
        }
        if let Some((track, count)) = first {
            let wrong = bam.told.saturating_sub(bam.agreeing);
            let text =
                format!("counts and bits differ on {wrong} tracks, the first is {track}, which counts {count} free");
            bam.notes.push((&FS_MAP_INVALID, text));
        }
        Ok(bam)
    }

    /// Whether a sector is free, where the map can tell.
    pub(super) fn is_free(&self, at: At) -> Option<bool> {
        let told = self.tracks.get(usize::from(at.track.checked_sub(1)?))?.as_ref()?;
        Some(told.bits.checked_shr(at.sector.into()).unwrap_or(0) & 1 == 1)
    }

    /// Sectors that are counted as free, without those on track `but`.
    pub(super) fn free(&self, but: u8) -> Option<u32> {
        let counted = (1u8..).zip(&self.tracks).filter(|(track, _)| *track != but);
        let known: Vec<u8> = counted.filter_map(|(_, told)| Some((*told)?.count)).collect();
        (!known.is_empty()).then(|| known.iter().fold(0u32, |sum, n| sum.saturating_add((*n).into())))
    }

    /// Hold the map against the sectors that are in use.
    pub(super) fn compare(&mut self, sectors: impl Iterator<Item = At>, used: impl Fn(At) -> bool) {
        let (mut in_use, mut unused) = (Vec::new(), Vec::new());
        for at in sectors {
            match (self.is_free(at), used(at)) {
                (Some(true), true) => in_use.push(at),
                (Some(false), false) => unused.push(at),
                _ => {}
            }
        }
        for (code, all) in [(&FS_MAP_IN_USE, in_use), (&FS_MAP_UNUSED, unused)] {
            if let Some(first) = all.first() {
                self.notes.push((code, format!("{} sectors, the first is {first}", all.len())));
            }
        }
    }
}

/// A count and three bytes of bits.
fn four(sector: &[u8; 256], at: usize) -> Option<Told> {
    let [count, bits @ ..] = sector.get(at..)?.first_chunk::<4>()?;
    Some(Told::read(*count, bits))
}

/// Side 1 of a 1571: the counts are in the header, the bits in 53/0.
fn of_1571(header: Option<&[u8; 256]>, bits: Option<&[u8; 256]>, track: u8) -> Option<Told> {
    let nth = usize::from(track.checked_sub(36)?);
    let count = *header?.get(nth.saturating_add(0xDD))?;
    Some(Told::read(count, bits?.get(nth.saturating_mul(3)..)?.first_chunk::<3>()?))
}

/// Six bytes for each track, 40 tracks to a sector.
fn of_1581(parts: &[Option<[u8; 256]>], track: u8) -> Option<Told> {
    let nth = usize::from(track.checked_sub(1)?);
    let part = parts.get(nth / 40)?.as_ref()?;
    let [count, bits @ ..] = part.get((nth % 40).saturating_mul(6).saturating_add(16)..)?.first_chunk::<6>()?;
    Some(Told::read(*count, bits))
}

/// Tracks 36 to 40 of a 1541: where Dolphin DOS (ACh) or Speed DOS (C0h) keep
/// them, if either did.
fn beyond(header: &[u8; 256], track: u8, shape: &super::disk::Shape) -> Option<Told> {
    let fits = |base: &usize| {
        let told = (36..=40u8).map(|t| four(header, place(*base, t)).filter(|told| told.agrees(shape.sectors(t))));
        let told: Option<Vec<Told>> = told.collect();
        told.is_some_and(|all| all.iter().any(|t| t.bits != 0))
    };
    let base = [0xAC, 0xC0].into_iter().find(fits)?;
    if track <= 40 { four(header, place(base, track)) } else { None }
}

fn place(base: usize, track: u8) -> usize {
    usize::from(track).saturating_sub(36).saturating_mul(4).saturating_add(base)
}
