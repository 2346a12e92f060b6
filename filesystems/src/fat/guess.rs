//! The shape of a volume, where the boot sector tells it and where it does
//! not: from the size of the image, the FAT id and the shape of the tables.
//!
//! Every guess must be borne out by the disk itself: the tables begin with
//! their id where they should, and the entries of the root directory have
//! chains of the length that their size asks for.

use floptical_model::{Blocks, Context, Result, Status};

use super::boot::Bpb;
use super::directory::{Slab, Standing, dot, list, plausible};
use super::shape::{Shape, Width};
use super::table::{End, Table, Walker, read_at};

/// The largest volume whose shape is tested by its content, in bytes: that of
/// the largest floppies.
const FLOPPY: u64 = 4 << 20;

/// Where a shape comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The boot sector.
    Boot,
    /// The copy of the boot sector that FAT32 keeps, at this sector.
    Backup(u32),
    /// The table of known disks.
    Known(&'static str),
    /// Neither; the tables and the root directory fit this shape alone.
    Search,
}

/// A shape with all that speaks for it.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    pub shape: Shape,
    pub origin: Origin,
    /// Copies of the table that begin with their id.
    pub signed: u8,
    /// Entries of the root directory that fit, and that do not.
    pub fit: (u32, u32),
}

impl Guess {
    fn score(&self) -> i64 {
        let (good, bad) = self.fit;
        i64::from(good).saturating_sub(i64::from(bad)).saturating_add(i64::from(self.signed))
    }

    /// Against a boot sector all tables must have their id, and more entries
    /// fit; among guesses the higher score wins.
    fn beats(&self, other: &Self) -> bool {
        match other.origin {
            Origin::Boot => self.all_signed() && self.fit.0 > other.fit.0 && self.fit.1 <= other.fit.1,
            _ => self.score() > other.score(),
        }
    }

    fn all_signed(&self) -> bool {
        self.signed == self.shape.copies
    }

    /// True when nothing speaks against it.
    fn is_sound(&self) -> bool {
        self.all_signed() && self.fit.1 == 0
    }
}

/// A disk of a known make: size in sectors, sector, id, cluster, root entries,
/// sectors of a table. One reserved sector and two tables each.
struct Known {
    name: &'static str,
    sectors: u32,
    sector: u32,
    id: u8,
    per_cluster: u32,
    root_entries: u32,
    per_fat: u32,
}

const fn known(name: &'static str, sectors: u32, sector: u32, id: u8, rest: [u32; 3]) -> Known {
    let [per_cluster, root_entries, per_fat] = rest;
    Known { name, sectors, sector, id, per_cluster, root_entries, per_fat }
}

/// Sources in `NOTES.md`.
static KNOWN: &[Known] = &[
    known("160 KiB, 1 side, 8 sectors", 320, 512, 0xFE, [1, 64, 1]),
    known("180 KiB, 1 side, 9 sectors", 360, 512, 0xFC, [1, 64, 2]),
    known("320 KiB, 2 sides, 8 sectors", 640, 512, 0xFF, [2, 112, 1]),
    known("360 KiB, 2 sides, 9 sectors", 720, 512, 0xFD, [2, 112, 2]),
    known("360 KiB, 1 side, 80 tracks (MSX)", 720, 512, 0xF8, [2, 112, 2]),
    known("360 KiB, 1 side, 80 tracks (Atari ST)", 720, 512, 0xF8, [2, 112, 5]),
    known("320 KiB, 1 side, 80 tracks", 640, 512, 0xFA, [2, 112, 1]),
    known("640 KiB, 2 sides, 8 sectors", 1280, 512, 0xFB, [2, 112, 2]),
    known("720 KiB", 1440, 512, 0xF9, [2, 112, 3]),
    known("720 KiB (Atari ST)", 1440, 512, 0xF9, [2, 112, 5]),
    known("800 KiB, 10 sectors (Atari ST)", 1600, 512, 0xF9, [2, 112, 5]),
    known("1200 KiB", 2400, 512, 0xF9, [1, 224, 7]),
    known("1440 KiB", 2880, 512, 0xF0, [1, 224, 9]),
    known("2880 KiB", 5760, 512, 0xF0, [2, 240, 9]),
    known("1680 KiB (DMF)", 3360, 512, 0xF0, [4, 16, 3]),
    known("1680 KiB (DMF)", 3360, 512, 0xF0, [2, 16, 5]),
    known("1232 KiB (PC-98, X68000, FM Towns)", 1232, 1024, 0xFE, [1, 192, 2]),
    known("250 KiB, 8 inch, 1 side", 2002, 128, 0xFE, [4, 68, 6]),
];

impl Known {
    fn shape(&self) -> Option<Shape> {
        plain(self.sector, self.sectors, self.id, [self.per_cluster, self.root_entries, self.per_fat])
    }
}

/// A shape with one reserved sector and two tables.
fn plain(sector: u32, sectors: u32, media: u8, [per_cluster, root_entries, per_fat]: [u32; 3]) -> Option<Shape> {
    let shape = Shape {
        sector,
        per_cluster,
        reserved: 1,
        copies: 2,
        per_fat,
        root_entries,
        root_cluster: 0,
        sectors,
        media,
        active: 0,
        width: Width::Twelve,
    };
    shape.with_width()
}

/// The first 512 bytes of a sector.
pub(super) fn boot_at(blocks: &dyn Blocks, at: u64, context: &Context) -> Result<[u8; 512]> {
    let (bytes, _) = read_at(blocks, at, 512, context)?;
    Ok(bytes.first_chunk().copied().unwrap_or([0; 512]))
}

/// The shape of the volume, if it can be one. A boot sector that the disk does
/// not bear out has to beat the known disk of this size and id: DOS itself goes
/// by the id of the older floppies and never looks at their boot sector.
pub(super) fn guess(blocks: &dyn Blocks, context: &Context) -> Result<Option<Guess>> {
    let boot = Bpb::read(&boot_at(blocks, 0, context)?);
    let mut all = Vec::new();
    if let Some(shape) = boot.shape() {
        let told = weigh(blocks, shape, Origin::Boot, context)?;
        if told.is_sound() {
            return Ok(Some(told));
        }
        all.push(told);
    }
    all.extend(backup(blocks, context)?);
    all.extend(known_shapes(blocks, false, context)?);
    if all.iter().all(|g| g.origin != Origin::Boot && g.fit.0 == 0) {
        all.extend(known_shapes(blocks, true, context)?);
    }
    if all.iter().all(|g| g.origin != Origin::Boot && g.fit.0 == 0) {
        all.extend(search(blocks, context)?);
    }
    Ok(all.into_iter().reduce(|best, next| if next.beats(&best) { next } else { best }))
}

/// The shape that the backup boot sector of a FAT32 volume tells.
fn backup(blocks: &dyn Blocks, context: &Context) -> Result<Option<Guess>> {
    let at = u64::from(BACKUP).saturating_mul(512);
    if blocks.len() <= FLOPPY {
        return Ok(None);
    }
    let shape = Bpb::read(&boot_at(blocks, at, context)?).shape().filter(|s| s.width == Width::ThirtyTwo);
    let Some(shape) = shape else { return Ok(None) };
    Ok(Some(weigh(blocks, shape, Origin::Backup(BACKUP), context)?).filter(|g| g.signed > 0))
}

/// Where FAT32 volumes keep it: the specification asks for no other place.
const BACKUP: u32 = 6;

/// Known disks of this size, or of a larger one if the image is cut `short`;
/// there something must fit.
fn known_shapes(blocks: &dyn Blocks, short: bool, context: &Context) -> Result<Vec<Guess>> {
    let mut all = Vec::new();
    for row in KNOWN {
        let Some(shape) = row.shape() else { continue };
        let fits = if short { blocks.len() < shape.len() } else { blocks.len() == shape.len() };
        if fits && has_id(blocks, &shape, row.id, context)? {
            let guess = weigh(blocks, shape, Origin::Known(row.name), context)?;
            let (good, bad) = guess.fit;
            if bad <= good && (good > 0 || !short) {
                all.push(guess);
            }
        }
    }
    Ok(all)
}

/// True when a table of the shape begins with the id.
fn has_id(blocks: &dyn Blocks, shape: &Shape, id: u8, context: &Context) -> Result<bool> {
    for copy in 0..shape.copies {
        if read_at(blocks, shape.fat_at(copy), 3, context)?.0 == [id, 0xFF, 0xFF] {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sizes of root directories that are tried, the largest first: nothing but
/// the content tells where a root directory without an own end stops.
const ROOTS: [u32; 15] = [512, 256, 240, 224, 208, 192, 160, 128, 112, 96, 68, 64, 48, 32, 16];

/// Try every usual shape behind a table that begins with its id and has a twin.
fn search(blocks: &dyn Blocks, context: &Context) -> Result<Option<Guess>> {
    let mut best: Option<Guess> = None;
    if blocks.len() > FLOPPY {
        return Ok(None);
    }
    for sector in [512u32, 1024] {
        let (head, _) = read_at(blocks, u64::from(sector), 3, context)?;
        let &[id @ (0xF0 | 0xF8..=0xFF), 0xFF, 0xFF] = &head[..] else { continue };
        let sectors = u32::try_from(blocks.len().checked_div(sector.into()).unwrap_or(0)).unwrap_or(u32::MAX);
        let tries = (1..=12u32).flat_map(|fat| ROOTS.map(|root| (fat, root)));
        for (per_fat, root, cluster) in tries.flat_map(|(f, r)| [1u32, 2, 4, 8].map(|c| (f, r, c))) {
            context.step(1)?;
            let Some(shape) = plain(sector, sectors, id, [cluster, root, per_fat]) else { continue };
            let twin = read_at(blocks, shape.fat_at(1), 3, context)?.0;
            if twin != head || shape.need_table() > shape.fat_len() || !ends_cleanly(blocks, &shape, context)? {
                continue;
            }
            let next = weigh(blocks, shape, Origin::Search, context)?;
            if next.fit.0 > 1 && next.fit.1 == 0 && best.as_ref().is_none_or(|b| next.score() > b.score()) {
                best = Some(next);
            }
        }
    }
    Ok(best)
}

/// True when only fill follows the first entry that was never used, up to the
/// end of the root directory.
fn ends_cleanly(blocks: &dyn Blocks, shape: &Shape, context: &Context) -> Result<bool> {
    let len = usize::try_from(shape.root_len()).unwrap_or(0);
    let (root, _) = read_at(blocks, shape.root_at(), len, context)?;
    let unused = root.as_chunks::<32>().0.iter().skip_while(|e| e[0] != 0);
    Ok(unused.flat_map(|e| e.get(1..).unwrap_or_default()).all(|b| matches!(b, 0 | 0xE5 | 0xF6)))
}

/// How well the disk bears a shape out.
fn weigh(blocks: &dyn Blocks, shape: Shape, origin: Origin, context: &Context) -> Result<Guess> {
    let mut signed = 0u8;
    let mut fit = (0, 0);
    if shape.len() <= FLOPPY {
        let table = Table::load(blocks, &shape, context)?;
        signed = u8::try_from((0..shape.copies).filter(|c| table.is_signed(usize::from(*c))).count()).unwrap_or(0);
        fit = fit_root(blocks, &shape, &table, context)?;
    } else {
        for copy in 0..shape.copies {
            let (head, _) = read_at(blocks, shape.fat_at(copy), 4, context)?;
            let id = head.first().is_some_and(|id| *id >= 0xF0);
            let ones = usize::try_from(shape.width.bits() / 8).unwrap_or(1).max(2);
            let rest = head.get(1..ones).unwrap_or_default();
            let filled = rest.iter().enumerate().all(|(i, b)| *b == 0xFF || i == 2 && *b == 0x0F);
            signed = signed.saturating_add(u8::from(id && filled));
        }
    }
    Ok(Guess { shape, origin, signed, fit })
}

/// Count the entries of the root directory that fit the table, and those that
/// do not.
fn fit_root(blocks: &dyn Blocks, shape: &Shape, table: &Table, context: &Context) -> Result<(u32, u32)> {
    if shape.width == Width::ThirtyTwo {
        return Ok((0, 0));
    }
    let slabs = slabs(blocks, shape.root_at(), shape.root_len(), context)?;
    let listing = list(&slabs);
    let mut walker = Walker::new(table.last());
    let (mut good, mut bad) = (0u32, listing.filler.min(16));
    for record in listing.records.iter().filter(|r| r.standing == Standing::Live) {
        let start = record.start(false);
        let fits = if !plausible(&record.raw) {
            false
        } else if record.is_directory() {
            let (head, _) = read_at(blocks, shape.cluster_at(start), 32, context)?;
            head.first_chunk().and_then(dot) == Some(0) && shape.has(start)
        } else if record.is_label() || (record.size() == 0 && start == 0) {
            continue;
        } else {
            table.chain(start, Some(shape.need(u64::from(record.size()))), &mut walker).end == End::Exact
        };
        let count = if fits { &mut good } else { &mut bad };
        *count = count.saturating_add(1);
    }
    Ok((good, bad))
}

/// A stretch in sectors of 512 bytes, each with its status.
pub(super) fn slabs(blocks: &dyn Blocks, at: u64, len: u64, context: &Context) -> Result<Vec<Slab>> {
    let mut all = Vec::new();
    let mut done = 0u64;
    while done < len {
        let from = at.saturating_add(done);
        let part = len.saturating_sub(done).min(512).min(blocks.len().saturating_sub(from));
        if part == 0 {
            break;
        }
        let (bytes, status) = read_at(blocks, from, usize::try_from(part).unwrap_or(0), context)?;
        all.push(Slab { at: from, bytes, missing: status <= Status::Missing });
        done = done.saturating_add(part);
    }
    Ok(all)
}
