//! Layouts: how the blocks of a disk lie on its tracks. Data, not code.

mod observe;
mod stepping;
mod table;

pub use observe::{logical_tracks, observe};
pub use stepping::Stepping;
pub use table::LAYOUTS;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use crate::{Form, Ps, Rate, Scheme, SectorId, TrackAt};

/// In which order the tracks of a disk follow each other in the linear view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SideOrder {
    /// Cylinder by cylinder, all its sides.
    Alternating,
    /// Side 0 whole, then side 1.
    SideBySide,
    /// Side 0 whole, then side 1 from the last track back.
    OutAndBack,
    /// Cylinder by cylinder, side 1 before side 0.
    Swapped,
}

/// Which C and H the id fields of a track hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ids {
    /// Cylinder and side (IBM).
    Place,
    /// Cylinder, and the other side (Commodore 1581).
    Swapped,
    /// The number of the track through both sides, cylinder by cylinder, in C
    /// (AmigaDOS).
    Alternating,
    /// The number of the track from 1 in C; side 1 goes on from 36 (Commodore
    /// 1541, 1571).
    SideBySide,
    /// The same; side 1 goes on from 78 (Commodore 8250).
    SideBySide77,
}

impl Ids {
    /// What a scheme goes by, where a layout does not say otherwise.
    pub fn of(scheme: Scheme) -> Self {
        match scheme {
            Scheme::IbmFm
            | Scheme::IbmMfm
            | Scheme::AppleGcr16
            | Scheme::AppleGcr13
            | Scheme::MacGcr
            | Scheme::DecRx02
            | Scheme::IntelM2fm => Self::Place,
            Scheme::AmigaMfm => Self::Alternating,
            Scheme::CommodoreGcr => Self::SideBySide,
        }
    }

    /// C and H on a track. H is 0 where id fields have none.
    pub fn at(self, cylinder: u8, head: u8) -> (u8, u8) {
        match self {
            Self::Place => (cylinder, head),
            Self::Swapped => (cylinder, head ^ 1),
            Self::Alternating => (cylinder.wrapping_mul(2).wrapping_add(head), 0),
            Self::SideBySide => (cylinder.wrapping_add(1).wrapping_add(head.wrapping_mul(35)), 0),
            Self::SideBySide77 => (cylinder.wrapping_add(1).wrapping_add(head.wrapping_mul(77)), 0),
        }
    }
}

/// A range of tracks that are formatted alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Zone {
    /// First cylinder.
    pub first: u8,
    /// Cylinders.
    pub cylinders: u8,
    /// The only side that it speaks of, or `None` for all.
    pub head: Option<u8>,
    /// How the sectors are recorded.
    pub scheme: Scheme,
    /// Transfer rate.
    pub rate: Rate,
    /// Sectors in a track.
    pub sectors: u8,
    /// Bytes in a sector.
    pub size: u16,
    /// Number (R) of the first sector.
    pub base: u8,
    /// Steps from one sector to the next on the track; 1 is in order.
    pub interleave: u8,
    /// Places by which the first sector lies further on each next cylinder.
    pub skew: u8,
    /// The sectors in the order of the linear view, counted from the first
    /// number; empty where their numbers are that.
    pub view: &'static [u8],
    /// Length of a revolution, where it is not that of the disk.
    pub rotation: Option<Ps>,
    /// Gap 3 in bytes when a track is written.
    pub gap3: u8,
}

/// How the blocks of a disk lie on its tracks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Layout {
    /// Stable id; empty for one that was observed or described by a disk.
    pub id: Cow<'static, str>,
    /// What it is, in words.
    pub name: Cow<'static, str>,
    /// Cylinders.
    pub cylinders: u8,
    /// Sides.
    pub heads: u8,
    /// Order of the tracks.
    pub order: SideOrder,
    /// What its id fields hold.
    pub ids: Ids,
    /// Size of the medium.
    pub form: Form,
    /// Length of a revolution.
    pub rotation: Ps,
    /// How its tracks are formatted. The first zone that covers a track counts.
    pub zones: Cow<'static, [Zone]>,
}

/// A block of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockAt {
    /// Its track, by number.
    pub track: TrackAt,
    /// The id that a standard disk has there.
    pub id: SectorId,
    /// First byte in the linear view.
    pub offset: u64,
    /// Bytes.
    pub size: u16,
}

impl Layout {
    /// Length of a revolution at 300 rpm.
    pub const RPM_300: Ps = Self::rpm(300);
    /// Length of a revolution at 360 rpm.
    pub const RPM_360: Ps = Self::rpm(360);

    /// Length of a revolution at a speed, to nearest; 0 counts as 1.
    pub const fn rpm(speed: u64) -> Ps {
        let speed = if speed == 0 { 1 } else { speed };
        Ps((60 * Ps::SECOND + speed / 2) / speed)
    }

    /// How a track is formatted.
    pub fn zone(&self, cylinder: u8, head: u8) -> Option<&Zone> {
        let within = |z: &&Zone| {
            let range: Range<u16> = u16::from(z.first)..u16::from(z.first) + u16::from(z.cylinders);
            range.contains(&cylinder.into()) && z.head.is_none_or(|h| h == head)
        };
        (cylinder < self.cylinders && head < self.heads).then(|| self.zones.iter().find(within)).flatten()
    }

    /// The tracks (cylinder, side) in the order of the linear view.
    pub fn tracks(&self) -> Vec<(u8, u8)> {
        let (cylinders, heads) = (self.cylinders, self.heads);
        match self.order {
            SideOrder::Alternating => (0..cylinders).flat_map(|c| (0..heads).map(move |h| (c, h))).collect(),
            SideOrder::SideBySide => (0..heads).flat_map(|h| (0..cylinders).map(move |c| (c, h))).collect(),
            SideOrder::OutAndBack => (0..heads)
                .flat_map(|h| (0..cylinders).map(move |c| (if h % 2 == 1 { cylinders - 1 - c } else { c }, h)))
                .collect(),
            SideOrder::Swapped => (0..cylinders).flat_map(|c| (0..heads).rev().map(move |h| (c, h))).collect(),
        }
    }

    /// The blocks in logical order.
    pub fn blocks(&self) -> impl Iterator<Item = BlockAt> {
        let mut end = 0;
        self.tracks().into_iter().flat_map(|track| self.track_blocks(track)).map(move |block| {
            let offset = end;
            end += u64::from(block.size);
            BlockAt { offset, ..block }
        })
    }

    /// The blocks of one track, as if it were the first.
    fn track_blocks(&self, (cylinder, head): (u8, u8)) -> impl Iterator<Item = BlockAt> {
        let track = TrackAt::new(cylinder, head);
        let (c, h) = self.ids.at(cylinder, head);
        self.zone(cylinder, head).into_iter().flat_map(move |zone| {
            let id = move |i| SectorId { c, h, r: zone.number(i), n: zone.code() };
            (0..zone.sectors).map(move |i| BlockAt { track, id: id(i), offset: 0, size: zone.size })
        })
    }

    /// Length of the linear view in bytes.
    pub fn bytes(&self) -> u64 {
        let track = |c: u8, h: u8| self.zone(c, h).map_or(0, |z| u64::from(z.sectors) * u64::from(z.size));
        (0..self.heads).flat_map(|h| (0..self.cylinders).map(move |c| track(c, h))).sum()
    }

    /// The layouts of the table with this many bytes, the most common first.
    pub fn of_size(bytes: u64) -> impl Iterator<Item = &'static Layout> {
        /// Every file that may be a flat image asks for its size.
        static SIZES: LazyLock<Vec<u64>> = LazyLock::new(|| LAYOUTS.iter().map(Layout::bytes).collect());
        LAYOUTS.iter().zip(SIZES.iter()).filter(move |(_, size)| **size == bytes).map(|(layout, _)| layout)
    }

    /// The layout of the table with this id.
    pub fn by_id(id: &str) -> Option<&'static Layout> {
        LAYOUTS.iter().find(|l| l.id == id)
    }

    /// A disk of one zone, all tracks alike, as a boot sector describes one.
    /// `None` for what no floppy has.
    pub fn uniform(cylinders: u16, heads: u16, sectors: u16, size: u16, scheme: Scheme) -> Option<Layout> {
        let (cylinders, heads) = (u8::try_from(cylinders).ok()?, u8::try_from(heads).ok()?);
        let sectors = u8::try_from(sectors).ok()?;
        SectorId::code(size.into())?;
        let track = u32::from(sectors) * u32::from(size);
        if cylinders == 0 || !(1..=2).contains(&heads) || sectors == 0 || track > 26_000 {
            return None;
        }
        let (rate, rotation, form) = match track {
            0..=6143 => (Rate::DD, Self::RPM_300, if cylinders > 45 { Form::Inch3 } else { Form::Inch5 }),
            6144..=8447 if size >= 512 && sectors == 15 || size == 1024 && sectors == 8 => {
                (Rate::HD, Self::RPM_360, Form::Inch5)
            }
            6144..=12799 => (Rate::HD, Self::RPM_300, Form::Inch3),
            _ => (Rate::ED, Self::RPM_300, Form::Inch3),
        };
        let zone = Zone { cylinders, ..Zone::plain(scheme, rate, sectors, size) };
        Some(Layout {
            id: Cow::Borrowed(""),
            name: Cow::Owned(format!("{cylinders} cylinders, {heads} sides, {sectors} x {size} bytes")),
            cylinders,
            heads,
            order: SideOrder::Alternating,
            ids: Ids::of(scheme),
            form,
            rotation,
            zones: Cow::Owned(vec![zone]),
        })
    }

    /// True when the blocks of both lie at the same places under the same ids.
    pub fn same_shape(&self, other: &Layout) -> bool {
        let order = |l: &Layout| if l.heads < 2 { SideOrder::Alternating } else { l.order };
        let view = |l: &Layout, c, h| l.zone(c, h).map(|zone| zone.view);
        let alike = |(c, h)| view(self, c, h) == view(other, c, h);
        self.same_tracks(other) && order(self) == order(other) && self.tracks().into_iter().all(alike)
    }

    /// True when the tracks of both hold the same sectors, in whatever order
    /// they follow each other in the linear view.
    pub fn same_tracks(&self, other: &Layout) -> bool {
        let alike = |(c, h)| self.blocks_of(c, h) == other.blocks_of(c, h);
        (self.cylinders, self.heads) == (other.cylinders, other.heads) && self.tracks().into_iter().all(alike)
    }

    /// The same with the sectors of each track in the order of their numbers.
    #[must_use]
    pub fn by_number(&self) -> Layout {
        let mut layout = self.clone();
        if layout.zones.iter().any(|zone| !zone.view.is_empty()) {
            layout.zones.to_mut().iter_mut().for_each(|zone| zone.view = &[]);
        }
        layout
    }

    /// Sectors, size and first number of a track.
    fn blocks_of(&self, cylinder: u8, head: u8) -> Option<(u8, u16, u8)> {
        self.zone(cylinder, head).map(|z| (z.sectors, z.size, z.base))
    }

    /// The shape in one line: what the fact `layout` records.
    pub fn shape(&self) -> String {
        /// Sectors, size, first number and order of a track.
        type Part<'a> = Option<(u8, u16, u8, &'a [u8])>;
        let mut parts: Vec<(Part<'_>, u32)> = Vec::new();
        for (cylinder, head) in self.tracks() {
            let part = self.zone(cylinder, head).map(|z| (z.sectors, z.size, z.base, z.view));
            match parts.last_mut() {
                Some((last, n)) if *last == part => *n += 1,
                _ => parts.push((part, 1)),
            }
        }
        let order = match self.order {
            _ if self.heads < 2 => "",
            SideOrder::Alternating => "",
            SideOrder::SideBySide => ", side by side",
            SideOrder::OutAndBack => ", out and back",
            SideOrder::Swapped => ", side 1 first",
        };
        let words = |(part, n): (Part<'_>, u32)| match part {
            Some((sectors, size, base, [])) => {
                format!("{n} tracks of {sectors}x{size} from {base}")
            }
            Some((sectors, size, base, view)) => {
                let view: Vec<String> = view.iter().map(|i| base.wrapping_add(*i).to_string()).collect();
                format!("{n} tracks of {sectors}x{size} from {base} in the order {}", view.join(" "))
            }
            None => format!("{n} tracks of nothing"),
        };
        let zones: Vec<String> = parts.into_iter().map(words).collect();
        format!("{} cylinders, {} sides{order}: {}", self.cylinders, self.heads, zones.join(", "))
    }
}

impl Zone {
    /// All tracks formatted alike, their sectors in order from 1.
    pub const fn plain(scheme: Scheme, rate: Rate, sectors: u8, size: u16) -> Zone {
        Zone {
            first: 0,
            cylinders: 255,
            head: None,
            scheme,
            rate,
            sectors,
            size,
            base: 1,
            interleave: 1,
            skew: 0,
            view: &[],
            rotation: None,
            gap3: 0,
        }
    }

    /// The size code of its sectors, as their ids have it.
    pub fn code(&self) -> u8 {
        match self.scheme {
            // The ids are those of single density.
            Scheme::DecRx02 => 0,
            _ => SectorId::code(self.size.into()).unwrap_or(0),
        }
    }

    /// The number of the sector at this place in the linear view of its track.
    pub fn number(&self, place: u8) -> u8 {
        self.base.wrapping_add(self.view.get(usize::from(place)).copied().unwrap_or(place))
    }

    /// The numbers of its sectors in the order of the track at a cylinder.
    pub fn numbers_at(&self, cylinder: u8) -> Vec<u8> {
        let mut numbers = self.numbers();
        let turn = usize::from(self.skew) * usize::from(cylinder.saturating_sub(self.first));
        let places = numbers.len().max(1);
        numbers.rotate_right(turn % places);
        numbers
    }

    /// The numbers of its sectors in the order of the track.
    pub fn numbers(&self) -> Vec<u8> {
        let count = usize::from(self.sectors);
        let mut order: Vec<Option<u8>> = vec![None; count];
        let mut at = 0;
        for i in 0..self.sectors {
            while order.get(at).is_some_and(Option::is_some) {
                at = (at + 1) % count;
            }
            order[at] = Some(self.base.wrapping_add(i));
            at = (at + usize::from(self.interleave.max(1))) % count;
        }
        order.into_iter().flatten().collect()
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.id.is_empty() { f.write_str(&self.name) } else { write!(f, "{} ({})", self.id, self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_consistent() {
        for (i, layout) in LAYOUTS.iter().enumerate() {
            assert!(LAYOUTS[..i].iter().all(|l| l.id != layout.id), "{} twice", layout.id);
            assert_eq!(layout.blocks().map(|b| u64::from(b.size)).sum::<u64>(), layout.bytes());
            for (c, h) in layout.tracks() {
                let zone = layout.zone(c, h).unwrap_or_else(|| panic!("{} lacks {c}.{h}", layout.id));
                let mut numbers = zone.numbers();
                numbers.sort_unstable();
                assert_eq!(numbers, (zone.base..zone.base + zone.sectors).collect::<Vec<u8>>());
            }
        }
    }

    #[test]
    fn sizes_find_the_common_layout_first() {
        let first = |bytes| Layout::of_size(bytes).next().map(|l| l.id.to_string());
        assert_eq!(first(368_640).as_deref(), Some("pc-360"));
        assert_eq!(first(1_474_560).as_deref(), Some("pc-1440"));
        assert_eq!(first(256_256).as_deref(), Some("ibm-3740"));
        assert_eq!(first(901_120).as_deref(), Some("st-880"));
        assert_eq!(first(683 * 256).as_deref(), Some("cbm-1541"));
        assert_eq!(first(768 * 256).as_deref(), Some("cbm-1541-40"));
        assert_eq!(first(802 * 256).as_deref(), Some("cbm-1541-42"));
        assert_eq!(first(1366 * 256).as_deref(), Some("cbm-1571"));
        assert_eq!(first(1), None);
    }

    #[test]
    fn ids_follow_from_the_place_by_the_rule_of_the_layout() {
        let block = |id: &str, n: usize| {
            let block = Layout::by_id(id).unwrap().blocks().nth(n).unwrap();
            (block.track, (block.id.c, block.id.h, block.id.r, block.id.n))
        };
        assert_eq!(block("pc-720", 9), (TrackAt::new(0, 1), (0, 1, 1, 2)));
        assert_eq!(block("amiga-880", 880), (TrackAt::new(40, 0), (80, 0, 0, 2)));
        assert_eq!(block("amiga-880", 1759), (TrackAt::new(79, 1), (159, 0, 10, 2)));
        assert_eq!(block("cbm-1541", 357), (TrackAt::new(17, 0), (18, 0, 0, 1)));
        assert_eq!(block("cbm-1571", 683), (TrackAt::new(0, 1), (36, 0, 0, 1)));
        assert_eq!(block("cbm-1581", 0), (TrackAt::new(0, 1), (0, 0, 1, 2)));
        assert_eq!(block("cbm-1581", 10), (TrackAt::new(0, 0), (0, 1, 1, 2)));
    }
}
