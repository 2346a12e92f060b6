//! The emulators that are known.
//!
//! What they read is known from their sources and manuals, as each row says;
//! what the project's own guests read sector by sector is marked "judged".

use super::{Inside, Launch, Limit, Medium, Profile};

const fn medium(format: &'static str, extension: &'static str, limit: Limit, launch: Launch) -> Medium {
    Medium { format, extension, limit, launch }
}

/// Lengths that a PC emulator knows the geometry of.
const PC: Limit = Limit::Layouts(&["pc-160", "pc-180", "pc-320", "pc-360", "pc-720", "pc-1200", "pc-1440", "pc-2880"]);
/// The same with the formats that pack more on a track.
const PC_DENSE: Limit = Limit::Layouts(&[
    "pc-160", "pc-180", "pc-320", "pc-360", "pc-720", "pc-1200", "pc-1440", "pc-1680", "pc-1722", "pc-2880",
]);
/// Disks of an Atari ST.
const ST: Limit = Limit::Shape { cylinders: 80..=86, sectors: &[9, 10, 11, 18, 36], flat: true };
const MSA: Limit = Limit::Shape { cylinders: 80..=86, sectors: &[9, 10, 11, 18, 36], flat: false };

const fn command(words: &'static [&'static str]) -> Launch {
    Launch::Command(words, Inside::Plain)
}

/// A disc in the drive `D:` of DOSBox.
const DOSBOX_DISC: Launch = Launch::Command(&["dosbox", "-c", "imgmount d \"{file}\" -t iso"], Inside::Dos);
const BOX86_FLOPPY: Launch =
    Launch::Lines("86box.cfg", "[Floppy and CD-ROM drives]\nfdd_01_type = {drive}\nfdd_01_fn = {file}\n");
const BOX86_DISC: Launch = Launch::Lines("86box.cfg", "[Floppy and CD-ROM drives]\ncdrom_01_image_path = {file}\n");
const FS_UAE: Launch = command(&["fs-uae", "--amiga_model=A500", "--floppy_drive_0={file}"]);
const FS_UAE_DISC: Launch = command(&["fs-uae", "--amiga_model=CD32", "--cdrom_drive_0={file}"]);
const WIN_UAE: Launch = Launch::Lines("default.uae", "floppy0={file}\nfloppy0type=0\n");
const HATARI: Launch = command(&["hatari", "--disk-a", "{file}"]);
const CAPRICE: Launch = command(&["cap32", "{file}"]);
const FUSE: Launch = command(&["fuse", "--machine", "plus3", "--plus3disk", "{file}"]);

/// Every emulator that is known.
pub static PROFILES: &[Profile] = &[
    Profile {
        id: "qemu",
        name: "QEMU",
        machine: "PC",
        media: &[
            medium(
                "raw",
                "img",
                PC,
                Launch::Command(
                    &["qemu-system-i386", "-drive", "if=floppy,index=0,format=raw,file={file}", "-boot", "a"],
                    Inside::Qemu,
                ),
            ),
            medium(
                "iso",
                "iso",
                Limit::Any,
                Launch::Command(
                    &["qemu-system-i386", "-drive", "media=cdrom,format=raw,readonly=on,file={file}", "-boot", "d"],
                    Inside::Qemu,
                ),
            ),
        ],
        several: "on the monitor: change floppy0 FILE",
        source: "hw/block/fdc.c, table of formats: the geometry follows from the length alone, and an unknown \
                 length is taken for another disk without a word. SeaBIOS reads no track of more sectors than the \
                 drive's own format has. Judged: 160 to 2880 KB, El Torito",
    },
    Profile {
        id: "dosbox",
        name: "DOSBox",
        machine: "PC",
        media: &[
            medium(
                "raw",
                "img",
                PC,
                Launch::Command(
                    &["dosbox", "-c", "imgmount 0 \"{file}\" -fs none -t floppy", "-c", "boot -l a"],
                    Inside::Dos,
                ),
            ),
            medium("cue", "cue", Limit::Any, DOSBOX_DISC),
            medium("iso", "iso", Limit::Any, DOSBOX_DISC),
        ],
        several: "boot disk1.img disk2.img; Ctrl-F4 goes to the next",
        source: "DOSBox Staging, src/ints/bios_disk.cpp, list of geometries, as far as DOSBox 0.74-3 reads it too \
                 (which fails on 1.68 MB). Judged: 360 and 1440 KB",
    },
    Profile {
        id: "86box",
        name: "86Box",
        machine: "PC",
        media: &[
            medium("raw", "img", PC_DENSE, BOX86_FLOPPY),
            medium("imd", "imd", Limit::AtMost { cylinders: 86, sectors: 255, bytes: 25_000 }, BOX86_FLOPPY),
            medium("td0", "td0", Limit::AtMost { cylinders: 86, sectors: 255, bytes: 25_000 }, BOX86_FLOPPY),
            medium("cue", "cue", Limit::Any, BOX86_DISC),
            medium("iso", "iso", Limit::Any, BOX86_DISC),
        ],
        several: "change the disk in the media menu",
        source: "src/floppy/fdd.c (loaders), fdd_img.c; src/cdrom/cdrom_image.c; src/config.c. TD0 is read only",
    },
    Profile {
        id: "fs-uae",
        name: "FS-UAE",
        machine: "Amiga",
        media: &[
            medium("adf", "adf", Limit::Any, FS_UAE),
            medium("scp", "scp", Limit::Any, FS_UAE),
            medium("cue", "cue", Limit::Any, FS_UAE_DISC),
            medium("iso", "iso", Limit::Any, FS_UAE_DISC),
        ],
        several: "--floppy_image_0=FILE, --floppy_image_1=FILE ... make the list of the F12 menu",
        source: "src/disk.cpp, docs/floppy-images.md. Writes go to an overlay beside the file. Judged: ADF of both \
                 densities, SCP",
    },
    Profile {
        id: "winuae",
        name: "WinUAE",
        machine: "Amiga",
        media: &[medium("adf", "adf", Limit::Any, WIN_UAE), medium("scp", "scp", Limit::Any, WIN_UAE)],
        several: "diskimage0=FILE, diskimage1=FILE ... make the disk swapper's list",
        source: "disk.cpp, the code that FS-UAE shares",
    },
    Profile {
        id: "hatari",
        name: "Hatari",
        machine: "Atari ST",
        media: &[medium("st", "st", ST, HATARI), medium("msa", "msa", MSA, HATARI)],
        several: "--disk-b FILE for a second drive; F12 changes disks",
        source: "src/floppy.c: the extension decides, and a flat image called .img is not inserted, without a word. \
                 Judged: ST, MSA",
    },
    Profile {
        id: "vice",
        name: "VICE",
        machine: "Commodore 64",
        media: &[
            medium("d64", "d64", Limit::Any, command(&["x64sc", "-drive8type", "1541", "-autostart", "{file}"])),
            medium("d71", "d71", Limit::Any, command(&["x128", "-drive8type", "1571", "-autostart", "{file}"])),
            medium("d81", "d81", Limit::Any, command(&["x64sc", "-drive8type", "1581", "-autostart", "{file}"])),
            medium(
                "g64",
                "g64",
                Limit::Any,
                command(&["x64sc", "-drive8type", "1541", "-drive8truedrive", "-8", "{file}"]),
            ),
        ],
        several: "-flipname FILE.vfl with a list of images; Alt-N goes to the next",
        source: "src/diskimage.h, src/diskimage/fsimage-probe.c. Judged: D64, G64",
    },
    Profile {
        id: "openmsx",
        name: "openMSX",
        machine: "MSX",
        media: &[medium(
            "raw",
            "dsk",
            Limit::Layouts(&["pc-720", "st-360"]),
            command(&["openmsx", "-machine", "Philips_NMS_8245", "-diska", "{file}"]),
        )],
        several: "on the console: diska insert FILE",
        source: "src/fdc/DiskFactory.cc, SectorBasedDisk.cc: 720 KB is two sides of nine, one side goes by its boot \
                 sector. Judged: 360 and 720 KB",
    },
    Profile {
        id: "caprice32",
        name: "Caprice32",
        machine: "Amstrad CPC",
        media: &[
            medium("dsk", "dsk", Limit::AtMost { cylinders: 102, sectors: 29, bytes: 8192 }, CAPRICE),
            medium("edsk", "dsk", Limit::AtMost { cylinders: 102, sectors: 29, bytes: 8192 }, CAPRICE),
        ],
        several: "name the disk of drive B as the second argument",
        source: "src/slotshandler.cpp, src/disk.h",
    },
    Profile {
        id: "fuse",
        name: "Fuse",
        machine: "Spectrum +3",
        media: &[
            medium("dsk", "dsk", Limit::AtMost { cylinders: 86, sectors: 255, bytes: 25_000 }, FUSE),
            medium("edsk", "dsk", Limit::AtMost { cylinders: 86, sectors: 255, bytes: 25_000 }, FUSE),
            medium("td0", "td0", Limit::AtMost { cylinders: 86, sectors: 255, bytes: 25_000 }, FUSE),
        ],
        several: "change the disk in the media menu",
        source: "peripherals/disk/disk.c. Judged: EDSK of 40 and 80 tracks",
    },
];
