//! Sectors of a CD: addresses, checks, error correction codes.
//!
//! | mode | 0 | 12 | 16 | 24 | 2064 | 2068 | 2072 | 2076 | 2248 | 2348 |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | 1 | sync | header | user | | EDC | zero | | P | Q | |
//! | 2, form 1 | sync | header | sub-header twice | user | | | EDC | P | Q | |
//! | 2, form 2 | sync | header | sub-header twice | user | | | | | | EDC |
//! | 2, without form | sync | header | user | | | | | | | |
//!
//! Sources: ECMA-130 (CD-ROM: sector format, annex A for P and Q, annex B for
//! the scrambler), and the System Description CD-ROM XA as far as it is public.
//! Checked on a real disc and on sectors of two other writers.

mod disc;
mod ecc;
mod edc;
mod msf;
mod scramble;
mod sector;

pub use disc::{Sector, each_sector};
pub use edc::edc;
pub use msf::Msf;
pub use scramble::scramble;
pub use sector::{Checks, RAW, SYNC, Shape, check_edc, encode, examine, shape_of};
