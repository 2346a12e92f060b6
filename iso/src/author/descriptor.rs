//! The volume descriptors of a disc that is written.

use super::Moment;
use super::bytes::{Bytes, both16, both32, long_date};
use super::layout::{BYTES, Plan};
use super::name::View;

/// Text fields but for the volume's own name: offset and length.
const TEXTS: [(usize, usize); 8] =
    [(8, 32), (190, 128), (318, 128), (446, 128), (574, 128), (702, 37), (739, 37), (776, 37)];
/// The field of the application that wrote it.
const APPLICATION: (usize, usize) = (574, 128);

fn head(kind: u8) -> Bytes {
    let mut bytes = Bytes::zeros(BYTES);
    bytes.put(0, &[kind]);
    bytes.put(1, b"CD001\x01");
    bytes
}

/// The primary descriptor, or that of Joliet.
pub(super) fn volume(plan: &Plan, name: &str, created: Moment, sectors: u32) -> Bytes {
    let (mut bytes, fill): (Bytes, &[u8]) = match plan.view {
        View::Plain => (head(1), b" "),
        View::Joliet => (head(2), &[0, b' ']),
    };
    for (at, len) in TEXTS {
        bytes.text(at, len, &[], fill);
    }
    let (name, application) = match plan.view {
        View::Plain => (plain_words(name), b"FLOPTICAL".to_vec()),
        View::Joliet => {
            // UCS-2 level 3.
            bytes.put(88, b"%/E");
            (wide(name), wide("FLOPTICAL"))
        }
    };
    bytes.text(40, 32, &name, fill);
    bytes.text(APPLICATION.0, APPLICATION.1, &application, fill);
    bytes.put(80, &both32(sectors));
    bytes.put(120, &both16(1));
    bytes.put(124, &both16(1));
    bytes.put(128, &both16(2048));
    bytes.put(132, &both32(plan.table_len));
    let [little, big] = plan.tables;
    bytes.put(140, &little.to_le_bytes());
    bytes.put(148, &big.to_be_bytes());
    bytes.put(156, &plan.root(created));
    let date = long_date(created);
    let unset = [&[b'0'; 16][..], &[0]].concat();
    for (at, date) in [(813, &date), (830, &date), (847, &unset), (864, &unset)] {
        bytes.put(at, date);
    }
    bytes.put(881, &[1]);
    bytes
}

/// The boot record of El Torito, with the sector of the boot catalog.
pub(super) fn boot(catalog: u32) -> Bytes {
    let mut bytes = head(0);
    bytes.put(7, b"EL TORITO SPECIFICATION");
    bytes.put(71, &catalog.to_le_bytes());
    bytes
}

/// The end of the descriptors.
pub(super) fn end() -> Bytes {
    head(255)
}

/// A name in d-characters (ECMA-119, 7.4.1).
fn plain_words(text: &str) -> Vec<u8> {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    text.chars().map(letter).take(32).collect::<String>().into_bytes()
}

/// A name of up to 16 letters in UCS-2.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().take(16).flat_map(u16::to_be_bytes).collect()
}
