//! Emulators: which container carries a disk to them with the least loss, what
//! they ask of it, and how it is handed over. Data, not code.

mod launch;
mod table;

pub use launch::{Inside, Launch, Unquotable};
pub use table::PROFILES;

use std::ops::RangeInclusive;

use floptical_formats::{Format, Registry};
use floptical_io::Output;
use floptical_io::text::safe_name;
use floptical_model::{Context, Image, Layer, Layout, Result};

use crate::items::stem;
use crate::{ConvertError, Disk, Planned, WriteOptions, plan};

/// What an emulator takes, and how.
#[derive(Debug)]
pub struct Profile {
    /// Stable id, as `--for` takes it.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The machine that it plays.
    pub machine: &'static str,
    /// The containers that it reads, the one to prefer first.
    pub media: &'static [Medium],
    /// How a set of several disks is handed over.
    pub several: &'static str,
    /// Where this is known from.
    pub source: &'static str,
}

/// A container that an emulator reads.
#[derive(Debug)]
pub struct Medium {
    /// Id of the format; it may name one that is not in the registry yet.
    pub format: &'static str,
    /// The extension that the file must have, without the dot.
    pub extension: &'static str,
    /// What disks of it the emulator takes.
    pub limit: Limit,
    /// How it is handed over.
    pub launch: Launch,
}

/// What disks an emulator takes in a container.
#[derive(Debug)]
pub enum Limit {
    /// Whatever the container holds.
    Any,
    /// A flat file of one of these layouts, whole: the emulator goes by its
    /// length alone.
    Layouts(&'static [&'static str]),
    /// Tracks of 512-byte sectors, within these bounds.
    Shape {
        /// Cylinders.
        cylinders: RangeInclusive<u8>,
        /// Sectors of a track.
        sectors: &'static [u8],
        /// True for a file of nothing but sectors, which has to be whole.
        flat: bool,
    },
    /// Any sectors, up to so many.
    AtMost {
        /// Cylinders.
        cylinders: u8,
        /// Sectors of a track.
        sectors: usize,
        /// Bytes of a track.
        bytes: usize,
    },
}

/// The container that was chosen for an emulator, planned.
#[derive(Debug)]
pub struct Chosen {
    /// The container.
    pub medium: &'static Medium,
    /// The conversion to it.
    pub planned: Planned,
}

/// Why an emulator cannot be given a disk: a reason for each container that it
/// reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Name of the emulator.
    pub emulator: &'static str,
    /// Format ids, and what speaks against each.
    pub reasons: Vec<(&'static str, String)>,
}

impl Profile {
    /// The profile with this id.
    pub fn by_id(id: &str) -> Option<&'static Profile> {
        PROFILES.iter().find(|p| p.id == id)
    }

    /// The containers of it that are written here.
    pub fn offered(&self, registry: &Registry) -> impl Iterator<Item = (&'static Medium, &'static Format)> {
        let formats = self.media.iter().map(|medium| (medium, registry.by_id(medium.format)));
        let written = |(medium, format): (&'static Medium, Option<&'static Format>)| {
            format.filter(|f| f.writes()).map(|format| (medium, format))
        };
        formats.filter_map(written).collect::<Vec<_>>().into_iter()
    }

    /// The container that loses the least content of this disk, of those that
    /// the emulator reads; among equals the first.
    ///
    /// # Errors
    /// `Unfit` inside when none fits; outside what stops the planning.
    pub fn choose(
        &self,
        disk: &Disk,
        options: WriteOptions,
        context: &Context,
    ) -> Result<std::result::Result<Chosen, Unfit>> {
        let mut best: Option<(u64, Chosen)> = None;
        let mut reasons = Vec::new();
        let registry = Registry::default();
        let carrier = disk.image().carrier.kind();
        for medium in self.media {
            let Some(format) = registry.by_id(medium.format).filter(|f| f.writes()) else {
                reasons.push((medium.format, "it is not written here yet".into()));
                continue;
            };
            if format.carrier != carrier {
                reasons.push((format.id, format!("it does not hold a {}", carrier.word())));
                continue;
            }
            let planned = match plan(disk, format, options, context) {
                Ok(planned) => planned,
                Err(ConvertError::Failed(error)) => return Err(error),
                Err(other) => {
                    reasons.push((format.id, other.to_string()));
                    continue;
                }
            };
            if let Some(reason) = medium.limit.against(&planned, context)? {
                reasons.push((format.id, reason));
                continue;
            }
            let lost = content_lost(&planned);
            if best.as_ref().is_none_or(|(least, _)| lost < *least) {
                best = Some((lost, Chosen { medium, planned }));
            }
        }
        Ok(best.map(|(_, chosen)| chosen).ok_or(Unfit { emulator: self.name, reasons }))
    }
}

impl Medium {
    /// The name of a file of this container: the stem of another one, made safe
    /// for every system, with the extension that the emulator asks for.
    pub fn file_name(&self, source: &str) -> String {
        let base = source.rsplit(['/', '\\', '!']).find(|part| !part.is_empty()).unwrap_or("disk");
        // A name that begins with a dash would be an option, one with a dot is hidden.
        let stem = stem(base).trim_start_matches(['-', '.']);
        safe_name(&format!("{}.{}", if stem.is_empty() { "disk" } else { stem }, self.extension))
    }

    /// True when a file of this name is what the emulator asks for.
    pub fn takes_name(&self, name: &str) -> bool {
        name.rsplit_once('.').is_some_and(|(_, own)| own.eq_ignore_ascii_case(self.extension))
    }
}

/// Losses of content, as one number to compare.
fn content_lost(planned: &Planned) -> u64 {
    planned.plan().groups().iter().filter(|g| g.weight == floptical_model::Weight::Content).map(|g| g.count).sum()
}

impl Limit {
    /// What it is, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Any => "any disk that it holds".into(),
            Self::Layouts(ids) => format!("only {}", ids.join(" ")),
            Self::Shape { cylinders, sectors, .. } => {
                let sectors: Vec<String> = sectors.iter().map(ToString::to_string).collect();
                let (first, last) = (cylinders.start(), cylinders.end());
                format!("{first} to {last} cylinders of {} x 512", sectors.join(", "))
            }
            Self::AtMost { cylinders, sectors, bytes } => {
                format!("up to {cylinders} cylinders, {sectors} sectors and {bytes} bytes a track")
            }
        }
    }

    /// What speaks against a fitted disk.
    fn against(&self, planned: &Planned, context: &Context) -> Result<Option<String>> {
        let fitted = planned.fitted();
        Ok(match self {
            Self::Any => None,
            Self::Layouts(ids) => match layout_of(fitted) {
                Some(layout) if ids.iter().any(|id| Layout::by_id(id).is_some_and(|l| l.same_shape(layout))) => {
                    not_whole(planned, layout, context)?
                }
                other => Some(not_taken(other, self)),
            },
            Self::Shape { cylinders, sectors, flat } => match layout_of(fitted) {
                Some(layout) if has_shape(layout, cylinders, sectors) => {
                    if *flat {
                        not_whole(planned, layout, context)?
                    } else {
                        None
                    }
                }
                other => Some(not_taken(other, self)),
            },
            Self::AtMost { cylinders, sectors, bytes } => {
                let fits =
                    within(&Disk::derive_for(fitted.clone(), Layer::Sectors, context)?, *cylinders, *sectors, *bytes);
                (!fits).then(|| format!("the disk is larger; the emulator takes {}", self.words()))
            }
        })
    }
}

fn layout_of(image: &Image) -> Option<&Layout> {
    image.as_floppy()?.layout.get()
}

fn not_taken(layout: Option<&Layout>, limit: &Limit) -> String {
    let own = layout.map_or_else(|| "a disk without a layout".to_owned(), Layout::shape);
    format!("{own}; the emulator takes {}", limit.words())
}

fn has_shape(layout: &Layout, cylinders: &RangeInclusive<u8>, sectors: &[u8]) -> bool {
    let fits = |(c, h)| layout.zone(c, h).is_some_and(|z| sectors.contains(&z.sectors) && z.size == 512);
    cylinders.contains(&layout.cylinders) && layout.tracks().into_iter().all(fits)
}

fn within(disk: &Disk, cylinders: u8, sectors: usize, bytes: usize) -> bool {
    disk.logical_tracks().iter().all(|track| {
        let slots = &track.sectors.slots;
        let size: usize = slots.iter().map(|slot| slot.chosen().size()).sum();
        track.cylinder < cylinders && track.head < 2 && slots.len() <= sectors && size <= bytes
    })
}

/// A flat file that ends early has another length, and so another geometry.
fn not_whole(planned: &Planned, layout: &Layout, context: &Context) -> Result<Option<String>> {
    let mut length = Length(0);
    match planned.write(&mut length, context) {
        Ok(()) => {}
        Err(ConvertError::Failed(error)) => return Err(error),
        Err(other) => return Ok(Some(other.to_string())),
    }
    let whole = layout.bytes();
    let reason = format!("the image has {} of {whole} bytes, and the emulator goes by the length", length.0);
    Ok((length.0 != whole).then_some(reason))
}

/// An output that only counts.
struct Length(u64);

impl Output for Length {
    fn begin(&mut self, _: &str) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.0 = self.0.saturating_add(bytes.len() as u64);
        Ok(())
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> Result<()> {
        Ok(())
    }
}
