//! The layouts that are known, the most common of each size first.
//!
//! Sources: the formats' public descriptions as collected in `NOTES.md` beside
//! this file.

use std::borrow::Cow;

use super::{Ids, Layout, SideOrder, Zone};
use crate::{Form, Rate, Scheme};

/// One zone over all tracks.
const fn zone(scheme: Scheme, rate: Rate, sectors: u8, size: u16, gap3: u8) -> Zone {
    Zone { first: 0, cylinders: 255, head: None, scheme, rate, sectors, size, base: 1, interleave: 1, gap3 }
}

/// A disk of one zone.
const fn disk(id: &'static str, name: &'static str, form: Form, tracks: (u8, u8), zones: &'static [Zone]) -> Layout {
    Layout {
        id: Cow::Borrowed(id),
        name: Cow::Borrowed(name),
        cylinders: tracks.0,
        heads: tracks.1,
        order: SideOrder::Alternating,
        ids: Ids::Place,
        form,
        rotation: Layout::RPM_300,
        zones: Cow::Borrowed(zones),
    }
}

/// The same at 360 rpm.
const fn fast(mut layout: Layout) -> Layout {
    layout.rotation = Layout::RPM_360;
    layout
}

/// The same with this order of sides and these ids.
const fn ordered(mut layout: Layout, order: SideOrder, ids: Ids) -> Layout {
    layout.order = order;
    layout.ids = ids;
    layout
}

/// An Amiga disk of so many cylinders.
const fn amiga(id: &'static str, name: &'static str, cylinders: u8, zones: &'static [Zone]) -> Layout {
    ordered(disk(id, name, Inch3, (cylinders, 2), zones), SideOrder::Alternating, Ids::Alternating)
}

/// A disk of the Commodore 1541 or 1571: four zones of speed.
const fn commodore(id: &'static str, name: &'static str, tracks: (u8, u8)) -> Layout {
    ordered(disk(id, name, Inch5, tracks, &GCR), SideOrder::SideBySide, Ids::SideBySide)
}

/// A disk of the Commodore 1581 of so many cylinders.
const fn commodore_1581(id: &'static str, name: &'static str, cylinders: u8) -> Layout {
    ordered(disk(id, name, Inch3, (cylinders, 2), &MFM_10), SideOrder::Swapped, Ids::Swapped)
}

/// The tracks of a 1541 from `first` on: `sectors` at this speed.
const fn speed(first: u8, cylinders: u8, sectors: u8, speed: usize, gap3: u8) -> Zone {
    Zone { first, cylinders, base: 0, ..zone(CommodoreGcr, Rate::COMMODORE[speed], sectors, 256, gap3) }
}

use Form::{Inch3, Inch5, Inch8};
use Scheme::{AmigaMfm, CommodoreGcr, IbmFm, IbmMfm};

static MFM_8: [Zone; 1] = [zone(IbmMfm, Rate::DD, 8, 512, 80)];
static MFM_9: [Zone; 1] = [zone(IbmMfm, Rate::DD, 9, 512, 80)];
static MFM_10: [Zone; 1] = [zone(IbmMfm, Rate::DD, 10, 512, 30)];
static MFM_11: [Zone; 1] = [Zone { interleave: 2, ..zone(IbmMfm, Rate::DD, 11, 512, 2) }];
static MFM_15: [Zone; 1] = [zone(IbmMfm, Rate::HD, 15, 512, 84)];
static MFM_18: [Zone; 1] = [zone(IbmMfm, Rate::HD, 18, 512, 108)];
static MFM_21: [Zone; 1] = [Zone { interleave: 2, ..zone(IbmMfm, Rate::HD, 21, 512, 12) }];
static MFM_36: [Zone; 1] = [zone(IbmMfm, Rate::ED, 36, 512, 83)];
static MFM_8K: [Zone; 1] = [zone(IbmMfm, Rate::HD, 8, 1024, 116)];
static MFM_16_256: [Zone; 1] = [zone(IbmMfm, Rate::DD, 16, 256, 54)];
static MFM_16_256_0: [Zone; 1] = [Zone { base: 0, ..zone(IbmMfm, Rate::DD, 16, 256, 54) }];
static MFM_18_256: [Zone; 1] = [Zone { interleave: 5, ..zone(IbmMfm, Rate::DD, 18, 256, 24) }];
static MFM_18_256_0: [Zone; 1] = [Zone { base: 0, interleave: 5, ..zone(IbmMfm, Rate::DD, 18, 256, 24) }];
static FM_10_256_0: [Zone; 1] = [Zone { base: 0, ..zone(IbmFm, Rate::DD, 10, 256, 25) }];
static FM_9_256_0: [Zone; 1] = [Zone { base: 0, interleave: 4, ..zone(IbmFm, Rate::DD, 9, 256, 45) }];
static FM_26: [Zone; 1] = [zone(IbmFm, Rate::HD, 26, 128, 27)];
static FM_15_256: [Zone; 1] = [zone(IbmFm, Rate::HD, 15, 256, 42)];
static MFM_26_256: [Zone; 1] = [zone(IbmMfm, Rate::HD, 26, 256, 54)];
static FM_26_MFM_26: [Zone; 2] =
    [Zone { cylinders: 1, head: Some(0), ..zone(IbmFm, Rate::HD, 26, 128, 27) }, zone(IbmMfm, Rate::HD, 26, 256, 54)];
static AMIGA_11: [Zone; 1] = [Zone { base: 0, ..zone(AmigaMfm, Rate::DD, 11, 512, 0) }];
static AMIGA_22: [Zone; 1] = [Zone { base: 0, ..zone(AmigaMfm, Rate::HD, 22, 512, 0) }];
static GCR: [Zone; 4] =
    [speed(0, 17, 21, 3, 8), speed(17, 7, 19, 2, 17), speed(24, 6, 18, 1, 12), speed(30, 225, 17, 0, 9)];

/// Every layout that is known.
pub static LAYOUTS: &[Layout] = &[
    disk("pc-160", "PC 160 KB", Inch5, (40, 1), &MFM_8),
    disk("pc-180", "PC 180 KB", Inch5, (40, 1), &MFM_9),
    disk("pc-320", "PC 320 KB", Inch5, (40, 2), &MFM_8),
    disk("pc-360", "PC 360 KB", Inch5, (40, 2), &MFM_9),
    disk("pc-640", "PC 640 KB", Inch3, (80, 2), &MFM_8),
    disk("pc-720", "PC 720 KB", Inch3, (80, 2), &MFM_9),
    fast(disk("pc-1200", "PC 1.2 MB", Inch5, (80, 2), &MFM_15)),
    disk("pc-1440", "PC 1.44 MB", Inch3, (80, 2), &MFM_18),
    disk("pc-1680", "PC 1.68 MB (DMF)", Inch3, (80, 2), &MFM_21),
    disk("pc-1722", "PC 1.72 MB", Inch3, (82, 2), &MFM_21),
    disk("pc-2880", "PC 2.88 MB", Inch3, (80, 2), &MFM_36),
    disk("st-360", "Atari ST, one side, 9 sectors", Inch3, (80, 1), &MFM_9),
    disk("st-400", "Atari ST, one side, 10 sectors", Inch3, (80, 1), &MFM_10),
    disk("st-800", "Atari ST, 10 sectors", Inch3, (80, 2), &MFM_10),
    disk("st-820", "Atari ST, 82 tracks, 10 sectors", Inch3, (82, 2), &MFM_10),
    disk("st-880", "Atari ST, 11 sectors", Inch3, (80, 2), &MFM_11),
    disk("st-902", "Atari ST, 82 tracks, 11 sectors", Inch3, (82, 2), &MFM_11),
    fast(disk("pc98-1232", "PC-98 and X68000, 1.23 MB", Inch5, (77, 2), &MFM_8K)),
    fast(disk("ibm-3740", "IBM 3740, 8 inch, single density", Inch8, (77, 1), &FM_26)),
    fast(disk("ibm-8-2d", "8 inch, one side, double density", Inch8, (77, 1), &MFM_26_256)),
    fast(disk("ibm-8-2s", "8 inch, two sides, single density", Inch8, (77, 2), &FM_26)),
    fast(disk("ibm-8-2s15", "8 inch, two sides, 15 x 256", Inch8, (77, 2), &FM_15_256)),
    fast(disk("ibm-8-2d2s", "8 inch, two sides, double density, first track single", Inch8, (77, 2), &FM_26_MFM_26)),
    fast(disk("ibm-8-2d2sa", "8 inch, two sides, double density", Inch8, (77, 2), &MFM_26_256)),
    disk("ti99-90", "TI-99/4A, one side, single density", Inch5, (40, 1), &FM_9_256_0),
    disk("fm-10x256-40", "40 tracks, single density (Acorn DFS)", Inch5, (40, 1), &FM_10_256_0),
    disk("fm-10x256-80", "80 tracks, single density (Acorn DFS, OS-9)", Inch5, (80, 1), &FM_10_256_0),
    disk("fm-10x256-80-2", "80 tracks, two sides, single density (Acorn DFS)", Inch5, (80, 2), &FM_10_256_0),
    disk("adfs-s", "Acorn ADFS S", Inch5, (40, 1), &MFM_16_256_0),
    disk("adfs-m", "Acorn ADFS M", Inch5, (80, 1), &MFM_16_256_0),
    disk("adfs-l", "Acorn ADFS L", Inch5, (80, 2), &MFM_16_256_0),
    disk("coco-35", "CoCo, 35 tracks", Inch5, (35, 1), &MFM_18_256),
    disk("coco-40", "CoCo, 40 tracks", Inch5, (40, 1), &MFM_18_256),
    disk("ti99-180", "TI-99/4A, one side, double density", Inch5, (40, 1), &MFM_18_256_0),
    disk("fm7-320", "FM-7, two sides", Inch5, (40, 2), &MFM_16_256),
    amiga("amiga-880", "Amiga 880 KB", 80, &AMIGA_11),
    amiga("amiga-880-81", "Amiga, 81 tracks", 81, &AMIGA_11),
    amiga("amiga-880-82", "Amiga, 82 tracks", 82, &AMIGA_11),
    amiga("amiga-880-83", "Amiga, 83 tracks", 83, &AMIGA_11),
    amiga("amiga-880-84", "Amiga, 84 tracks", 84, &AMIGA_11),
    amiga("amiga-1760", "Amiga 1.76 MB", 80, &AMIGA_22),
    amiga("amiga-1760-81", "Amiga HD, 81 tracks", 81, &AMIGA_22),
    amiga("amiga-1760-82", "Amiga HD, 82 tracks", 82, &AMIGA_22),
    amiga("amiga-1760-83", "Amiga HD, 83 tracks", 83, &AMIGA_22),
    amiga("amiga-1760-84", "Amiga HD, 84 tracks", 84, &AMIGA_22),
    commodore("cbm-1541", "Commodore 1541", (35, 1)),
    commodore("cbm-1541-36", "Commodore 1541, 36 tracks", (36, 1)),
    commodore("cbm-1541-37", "Commodore 1541, 37 tracks", (37, 1)),
    commodore("cbm-1541-38", "Commodore 1541, 38 tracks", (38, 1)),
    commodore("cbm-1541-39", "Commodore 1541, 39 tracks", (39, 1)),
    commodore("cbm-1541-40", "Commodore 1541, 40 tracks", (40, 1)),
    commodore("cbm-1541-41", "Commodore 1541, 41 tracks", (41, 1)),
    commodore("cbm-1541-42", "Commodore 1541, 42 tracks", (42, 1)),
    commodore("cbm-1571", "Commodore 1571", (35, 2)),
    commodore_1581("cbm-1581", "Commodore 1581", 80),
    commodore_1581("cbm-1581-81", "Commodore 1581, 81 tracks", 81),
    commodore_1581("cbm-1581-82", "Commodore 1581, 82 tracks", 82),
    commodore_1581("cbm-1581-83", "Commodore 1581, 83 tracks", 83),
];
