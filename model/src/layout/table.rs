//! The layouts that are known, the most common of each size first.
//!
//! Sources: the formats' public descriptions as collected in `NOTES.md` beside
//! this file.

use std::borrow::Cow;

use super::{Ids, Layout, SideOrder, Zone};
use crate::{Form, Rate, Scheme};

/// One zone over all tracks.
const fn zone(scheme: Scheme, rate: Rate, sectors: u8, size: u16, gap3: u8) -> Zone {
    Zone { gap3, ..Zone::plain(scheme, rate, sectors, size) }
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

/// The tracks of an 8050 from `first` on: `sectors` at this speed.
const fn speed_8050(first: u8, cylinders: u8, sectors: u8, speed: usize) -> Zone {
    Zone { first, cylinders, base: 0, ..zone(CommodoreGcr, Rate::COMMODORE_8050[speed], sectors, 256, 8) }
}

/// 16 sectors of an Apple II, in an order of its systems.
const fn apple(view: &'static [u8]) -> Zone {
    Zone { base: 0, view, ..zone(AppleGcr16, Rate::APPLE, 16, 256, 0) }
}

/// 16 tracks of a Macintosh at a speed.
const fn mac(first: u8, sectors: u8, speed: u64) -> Zone {
    Zone {
        first,
        cylinders: 16,
        base: 0,
        interleave: 2,
        rotation: Some(Layout::rpm(speed)),
        ..zone(MacGcr, Rate::DD, sectors, 512, 0)
    }
}

/// Numbers from 0.
const fn from_0(zone: Zone) -> Zone {
    from(0, zone)
}

/// Numbers from another first one.
const fn from(base: u8, mut zone: Zone) -> Zone {
    zone.base = base;
    zone
}

/// Steps from one sector to the next.
const fn interleaved(interleave: u8, mut zone: Zone) -> Zone {
    zone.interleave = interleave;
    zone
}

use Form::{Compact3, Inch3, Inch5, Inch8};
use Scheme::{AmigaMfm, AppleGcr13, AppleGcr16, CommodoreGcr, DecRx02, IbmFm, IbmMfm, IntelM2fm, MacGcr};

/// How DOS 3.3 counts the sectors of a track.
const DOS: &[u8] = &[0, 13, 11, 9, 7, 5, 3, 1, 14, 12, 10, 8, 6, 4, 2, 15];
/// How ProDOS and Pascal do: two sectors are a block.
const PRODOS: &[u8] = &[0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15];

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

static GCR_8050: [Zone; 4] =
    [speed_8050(0, 39, 29, 3), speed_8050(39, 14, 27, 2), speed_8050(53, 11, 25, 1), speed_8050(64, 191, 23, 0)];
static APPLE_DOS: [Zone; 1] = [apple(DOS)];
static APPLE_PRODOS: [Zone; 1] = [apple(PRODOS)];
static APPLE_13: [Zone; 1] = [interleaved(4, from_0(zone(AppleGcr13, Rate::APPLE, 13, 256, 0)))];
static MAC: [Zone; 5] = [mac(0, 12, 394), mac(16, 11, 429), mac(32, 10, 472), mac(48, 9, 525), mac(64, 8, 590)];
static RX02_26: [Zone; 1] = [zone(DecRx02, Rate::HD, 26, 256, 27)];
static M2FM_52: [Zone; 1] = [interleaved(5, zone(IntelM2fm, Rate::HD, 52, 128, 18))];
static CPC_SYSTEM: [Zone; 1] = [interleaved(2, from(0x41, zone(IbmMfm, Rate::DD, 9, 512, 82)))];
static CPC_DATA: [Zone; 1] = [interleaved(2, from(0xC1, zone(IbmMfm, Rate::DD, 9, 512, 82)))];
static MFM_5_1K: [Zone; 1] = [zone(IbmMfm, Rate::DD, 5, 1024, 116)];
static MFM_5_1K_0: [Zone; 1] = [from_0(zone(IbmMfm, Rate::DD, 5, 1024, 116))];
static MFM_10_1K: [Zone; 1] = [zone(IbmMfm, Rate::HD, 10, 1024, 116)];
static MFM_10_1K_0: [Zone; 1] = [from_0(zone(IbmMfm, Rate::HD, 10, 1024, 116))];
static MFM_10_0: [Zone; 1] = [from_0(zone(IbmMfm, Rate::DD, 10, 512, 30))];
static MFM_10_KAYPRO: [Zone; 2] = [
    Zone { head: Some(0), ..from_0(zone(IbmMfm, Rate::DD, 10, 512, 30)) },
    from(10, zone(IbmMfm, Rate::DD, 10, 512, 30)),
];
static FM_18_128: [Zone; 1] = [interleaved(9, zone(IbmFm, Rate::DD, 18, 128, 17))];
static MFM_26_128: [Zone; 1] = [interleaved(13, zone(IbmMfm, Rate::DD, 26, 128, 22))];
static FM_10_256: [Zone; 1] = [zone(IbmFm, Rate::DD, 10, 256, 25)];
static FM_16_128: [Zone; 1] = [interleaved(7, zone(IbmFm, Rate::DD, 16, 128, 27))];
static MFM_17_256: [Zone; 1] = [zone(IbmMfm, Rate::DD, 17, 256, 30)];
static FM_8_512: [Zone; 1] = [zone(IbmFm, Rate::HD, 8, 512, 58)];

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
    ordered(disk("cbm-8050", "Commodore 8050", Inch5, (77, 1), &GCR_8050), SideOrder::SideBySide, Ids::SideBySide77),
    ordered(disk("cbm-8250", "Commodore 8250", Inch5, (77, 2), &GCR_8050), SideOrder::SideBySide, Ids::SideBySide77),
    commodore_1581("cbm-1581", "Commodore 1581", 80),
    commodore_1581("cbm-1581-81", "Commodore 1581, 81 tracks", 81),
    commodore_1581("cbm-1581-82", "Commodore 1581, 82 tracks", 82),
    commodore_1581("cbm-1581-83", "Commodore 1581, 83 tracks", 83),
    disk("apple-dos", "Apple II, 16 sectors in the order of DOS 3.3", Inch5, (35, 1), &APPLE_DOS),
    disk("apple-prodos", "Apple II, 16 sectors in the order of ProDOS", Inch5, (35, 1), &APPLE_PRODOS),
    disk("apple-dos-36", "Apple II, 36 tracks in the order of DOS 3.3", Inch5, (36, 1), &APPLE_DOS),
    disk("apple-prodos-36", "Apple II, 36 tracks in the order of ProDOS", Inch5, (36, 1), &APPLE_PRODOS),
    disk("apple-dos-40", "Apple II, 40 tracks in the order of DOS 3.3", Inch5, (40, 1), &APPLE_DOS),
    disk("apple-prodos-40", "Apple II, 40 tracks in the order of ProDOS", Inch5, (40, 1), &APPLE_PRODOS),
    disk("apple-13", "Apple II, 13 sectors", Inch5, (35, 1), &APPLE_13),
    disk("mac-400", "Macintosh 400K", Inch3, (80, 1), &MAC),
    disk("mac-800", "Macintosh and Apple IIgs 800K", Inch3, (80, 2), &MAC),
    fast(disk("dec-rx02", "DEC RX02, double density", Inch8, (77, 1), &RX02_26)),
    fast(disk("intel-mds", "Intel MDS, double density", Inch8, (77, 1), &M2FM_52)),
    fast(disk("ibm-8-8x512", "8 inch, one side, 8 x 512", Inch8, (77, 1), &FM_8_512)),
    disk("cpc-system", "Amstrad CPC, system", Compact3, (40, 1), &CPC_SYSTEM),
    disk("cpc-data", "Amstrad CPC, data", Compact3, (40, 1), &CPC_DATA),
    disk("trdos", "TR-DOS", Inch5, (80, 2), &MFM_16_256),
    disk("trdos-40", "TR-DOS, 40 tracks", Inch5, (40, 2), &MFM_16_256),
    disk("adfs-d", "Acorn ADFS D and E", Inch3, (80, 2), &MFM_5_1K_0),
    disk("adfs-f", "Acorn ADFS F", Inch3, (80, 2), &MFM_10_1K_0),
    disk("akai-s900", "Akai S900 to S3000", Inch3, (80, 2), &MFM_5_1K),
    disk("akai-s1000", "Akai S1000, high density", Inch3, (80, 2), &MFM_10_1K),
    disk("ensoniq-eps", "Ensoniq EPS and VFX-SD", Inch3, (80, 2), &MFM_10_0),
    disk("kaypro-2", "Kaypro II", Inch5, (40, 1), &MFM_10_0),
    disk("kaypro-4", "Kaypro 4", Inch5, (40, 2), &MFM_10_KAYPRO),
    disk("osborne-1", "Osborne 1, single density", Inch5, (40, 1), &FM_10_256),
    disk("osborne-1-dd", "Osborne 1, double density", Inch5, (40, 1), &MFM_5_1K),
    disk("atari-90", "Atari 810, single density", Inch5, (40, 1), &FM_18_128),
    disk("atari-130", "Atari 1050, enhanced density", Inch5, (40, 1), &MFM_26_128),
    disk("thomson-fm-80", "Thomson, single density", Inch5, (40, 1), &FM_16_128),
    disk("thomson-320", "Thomson, double density", Inch3, (80, 1), &MFM_16_256),
    disk("oric", "Oric, 17 sectors", Inch3, (80, 2), &MFM_17_256),
    disk("trs80-1", "TRS-80 Model I, single density", Inch5, (35, 1), &FM_10_256_0),
    disk("apricot-315", "Apricot, one side", Inch3, (70, 1), &MFM_9),
];
