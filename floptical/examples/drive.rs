//! A floppy controller in the manner of a WD177x, over `Drive` alone: it finds
//! id fields, reads a sector, sees a bad check, and writes a sector.
//!
//! `cargo run -p floptical --example drive -- fixtures/images/harmed.imd 0 0 1`
//! reads sector 1 of track 0, side 0, of any image that is read here; with a
//! further name the sector is written and the disk saved under that name.
#![allow(clippy::print_stdout, dead_code, reason = "an example prints, and its test brings its own main")]

use std::sync::Arc;

use floptical::drive::Drive;
use floptical::formats::Registry;
use floptical::io::Memory;
use floptical::model::{Bits, Context, Error, ErrorKind, Result, TrackAt};
use floptical::{Disk, OpenOptions, WriteOptions, open_bytes, plan};

/// What a sector read gives: the data mark, the bytes, and whether both checks
/// hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SectorRead {
    pub(crate) mark: u8,
    pub(crate) bytes: Vec<u8>,
    pub(crate) good: bool,
}

/// The controller: a shift register of cells and a CRC register.
pub(crate) struct Controller<'a> {
    drive: &'a mut Drive,
    cells: u64,
    crc: u16,
    revolutions: u32,
}

const SYNC: u64 = 0x4489_4489_4489; // three A1 with a missing clock
const GIVE_UP: u32 = 5; // index pulses, as the data sheet says

impl<'a> Controller<'a> {
    pub(crate) fn new(drive: &'a mut Drive) -> Self {
        drive.motor(true);
        Self { drive, cells: 0, crc: 0, revolutions: 0 }
    }

    /// Step to track 0, then to the track; choose the side.
    pub(crate) fn seek(&mut self, at: TrackAt) -> Result<()> {
        while !self.drive.track_zero() {
            self.drive.step(-4)?;
        }
        for _ in 0..at.quarter / 4 {
            self.drive.step(4)?;
        }
        self.drive.head(at.head)
    }

    /// The next id field with a good check: C, H, R, N.
    pub(crate) fn read_address(&mut self) -> Option<[u8; 4]> {
        self.revolutions = 0;
        self.next_id()
    }

    /// Find the id of the sector and read what follows. `None` when the record
    /// is not found within five revolutions.
    pub(crate) fn read_sector(&mut self, c: u8, r: u8) -> Option<SectorRead> {
        let n = self.find(c, r)?;
        let mark = self.data_mark()?;
        let bytes: Vec<u8> = (0..128 << (n & 7)).map_while(|_| self.byte()).collect();
        let good = self.check_follows()?;
        Some(SectorRead { mark, bytes, good })
    }

    /// Find the id of the sector and write a data field behind it.
    pub(crate) fn write_sector(&mut self, c: u8, r: u8, mark: u8, bytes: &[u8]) -> Option<()> {
        self.find(c, r)?;
        for _ in 0..22 {
            self.byte()?; // gap 2
        }
        let mut field = Mfm { cells: Bits::new(), last: false };
        field.bytes(&[0; 12]);
        field.cells.push_bits(SYNC, 48);
        field.last = true;
        self.crc = 0xCDB4; // after three A1
        [&[mark], bytes].concat().iter().for_each(|b| self.sum(*b));
        field.bytes(&[mark]);
        field.bytes(bytes);
        field.bytes(&self.crc.to_be_bytes());
        field.bytes(&[0x4E]);
        self.drive.write_cells(&field.cells);
        Some(())
    }

    fn find(&mut self, c: u8, r: u8) -> Option<u8> {
        self.revolutions = 0;
        loop {
            let id = self.next_id()?;
            if id[0] == c && id[2] == r {
                return Some(id[3]);
            }
        }
    }

    fn next_id(&mut self) -> Option<[u8; 4]> {
        loop {
            if self.mark()? != 0xFE {
                continue;
            }
            let id = [self.byte()?, self.byte()?, self.byte()?, self.byte()?];
            if self.check_follows()? {
                return Some(id);
            }
        }
    }

    /// The data mark, which must come within 43 bytes of the id field.
    fn data_mark(&mut self) -> Option<u8> {
        for _ in 0..43 * 16 {
            self.cell()?;
            if self.cells & 0xFFFF_FFFF_FFFF == SYNC {
                return self.byte_after_sync();
            }
        }
        None
    }

    /// The byte after the next sync, whatever it is.
    fn mark(&mut self) -> Option<u8> {
        while self.cells & 0xFFFF_FFFF_FFFF != SYNC {
            self.cell()?;
        }
        self.byte_after_sync()
    }

    fn byte_after_sync(&mut self) -> Option<u8> {
        self.crc = 0xCDB4;
        self.byte()
    }

    /// One byte: 16 cells, of which every second is data.
    fn byte(&mut self) -> Option<u8> {
        let mut byte = 0;
        for _ in 0..8 {
            self.cell()?;
            byte = byte << 1 | u8::from(self.cell()?);
        }
        self.sum(byte);
        Some(byte)
    }

    fn check_follows(&mut self) -> Option<bool> {
        self.byte()?;
        self.byte()?;
        Some(self.crc == 0)
    }

    /// One cell into the shift register; `None` after five revolutions.
    fn cell(&mut self) -> Option<bool> {
        let cell = self.drive.next_cell()?;
        self.revolutions += u32::from(cell.index);
        self.cells = self.cells << 1 | u64::from(cell.transition);
        (self.revolutions <= GIVE_UP).then_some(cell.transition)
    }

    fn sum(&mut self, byte: u8) {
        self.crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            self.crc = if self.crc & 0x8000 == 0 { self.crc << 1 } else { self.crc << 1 ^ 0x1021 };
        }
    }
}

/// Writes MFM: a clock between two zeros.
struct Mfm {
    cells: Bits,
    last: bool,
}

impl Mfm {
    fn bytes(&mut self, bytes: &[u8]) {
        for bit in bytes.iter().flat_map(|b| (0..8).rev().map(move |i| b >> i & 1 == 1)) {
            self.cells.push(!bit && !self.last);
            self.cells.push(bit);
            self.last = bit;
        }
    }
}

/// The bytes that `main` writes, so that they are easy to find again.
fn stamp(len: usize) -> Vec<u8> {
    b"WRITTEN THROUGH THE DRIVE ".iter().copied().cycle().take(len).collect()
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, cylinder, head, record, save @ ..] = args.as_slice() else {
        return Err(unknown("usage: drive IMAGE CYLINDER HEAD SECTOR [SAVE-AS]"));
    };
    let number = |text: &String| text.parse::<u8>().map_err(|_| unknown(&format!("{text} is no number")));
    let (cylinder, head, record) = (number(cylinder)?, number(head)?, number(record)?);
    let context = Context::default();
    let opened = open_bytes(path, &std::fs::read(path)?, &OpenOptions::default(), &context)?;
    let mut drive = Drive::new(1);
    drive.insert(Arc::new(Disk::derive(opened.image, &context)?))?;
    let mut controller = Controller::new(&mut drive);
    controller.seek(TrackAt::new(cylinder, head))?;
    let id = controller.read_address().ok_or_else(|| unknown("no id field passes under the head"))?;
    println!("under the head: C{} H{} R{} N{}", id[0], id[1], id[2], id[3]);
    match controller.read_sector(cylinder, record) {
        None => println!("record not found"),
        Some(read) => println!(
            "sector {record}: {} bytes, mark {:02X}h, check {}",
            read.bytes.len(),
            read.mark,
            if read.good { "good" } else { "bad" }
        ),
    }
    if let [out] = save {
        let bytes = stamp(128 << (id[3] & 7));
        controller.write_sector(cylinder, record, 0xFB, &bytes).ok_or_else(|| unknown("record not found"))?;
        save_as(&drive, out, &context)?;
        println!("written, saved as {out}");
    }
    Ok(())
}

/// Save the disk with what was written; what the target cannot hold is refused.
fn save_as(drive: &Drive, out: &str, context: &Context) -> Result<()> {
    let image = drive.altered_image().ok_or_else(|| unknown("no disk"))?;
    let target = Registry::default().by_name(out).ok_or_else(|| unknown("which format is this?"))?;
    let refused = |error: floptical::ConvertError| unknown(&error.to_string());
    let planned = plan(&Disk::derive(image, context)?, target, WriteOptions::default(), context).map_err(refused)?;
    planned.accept(&Default::default()).map_err(refused)?;
    let mut memory = Memory::new();
    planned.write(&mut memory, context).map_err(refused)?;
    for (_, bytes) in memory.files() {
        std::fs::write(out, bytes)?;
    }
    Ok(())
}

fn unknown(what: &str) -> Error {
    Error::new(ErrorKind::Unknown, what)
}
