//! Dates: seven bytes in records, seventeen digits in descriptors.

use floptical_model::finding::FS_DATE_INVALID;

use crate::field::Fields;
use crate::medium::Note;

/// What a date field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Date {
    /// Nothing: the field is empty.
    Unset,
    /// A date, with its zone.
    Valid(String),
    /// What no calendar has: the raw value.
    Invalid(String),
}

impl Date {
    /// The short form (ECMA-119, 9.1.5): years from 1900, month, day, hour,
    /// minute, second, zone in quarters of an hour.
    pub(crate) fn short(raw: &[u8]) -> Self {
        let &[year, month, day, hour, minute, second, zone] = raw else { return Self::Unset };
        if raw.iter().all(|b| *b == 0) {
            return Self::Unset;
        }
        let parts = [u16::from(year).saturating_add(1900), month.into(), day.into(), hour.into(), minute.into()];
        date(parts, second.into(), None, zone.cast_signed()).map_or_else(|| invalid(raw), Self::Valid)
    }

    /// The long form (ECMA-119, 8.4.26.1): digits for year, month, day, hour,
    /// minute, second and hundredths, then the zone.
    pub(crate) fn long(raw: &[u8]) -> Self {
        let Some((zone, digits)) = raw.split_last().filter(|(_, digits)| digits.len() == 16) else {
            return Self::Unset;
        };
        if digits.iter().all(|b| matches!(b, b'0' | b' ' | 0)) {
            return Self::Unset;
        }
        let number = |at: usize, len: usize| -> Option<u16> {
            let digits = Fields(digits).bytes(at, len);
            digits.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
        };
        let read = || {
            let parts = [number(0, 4)?, number(4, 2)?, number(6, 2)?, number(8, 2)?, number(10, 2)?];
            date(parts, number(12, 2)?, Some(number(14, 2)?), zone.cast_signed())
        };
        read().map_or_else(|| invalid(raw), Self::Valid)
    }

    /// The text that an entry keeps, with a note where it is no date.
    pub(crate) fn keep(self, what: &str, start: u64, notes: &mut Vec<Note>) -> Option<String> {
        match self {
            Self::Unset => None,
            Self::Valid(text) => Some(text),
            Self::Invalid(raw) => {
                notes.push(Note::new(&FS_DATE_INVALID, start, 1, format!("the date {what} is {raw}")));
                Some(format!("{raw} invalid"))
            }
        }
    }
}

fn invalid(raw: &[u8]) -> Date {
    Date::Invalid(raw.iter().map(|b| format!("{b:02x}")).collect())
}

/// A date as text, if a calendar has it.
fn date(parts: [u16; 5], second: u16, hundredths: Option<u16>, zone: i8) -> Option<String> {
    let [year, month, day, hour, minute] = parts;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28u16.saturating_add(leap.into()),
        _ => return None,
    };
    let fits = (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60 && (-48..=52).contains(&zone);
    let quarters = u16::from(zone.unsigned_abs());
    let (sign, hours, minutes) = (if zone < 0 { '-' } else { '+' }, quarters >> 2, (quarters & 3).saturating_mul(15));
    let part = hundredths.filter(|h| *h > 0).map_or_else(String::new, |h| format!(".{h:02}"));
    fits.then(|| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{part}{sign}{hours:02}:{minutes:02}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_keep_their_zone_or_their_raw_value() {
        let table: [(&[u8], Date); 5] = [
            (&[101, 9, 9, 1, 46, 40, 0], Date::Valid("2001-09-09T01:46:40+00:00".into())),
            (&[100, 2, 29, 23, 59, 59, 0xEA], Date::Valid("2000-02-29T23:59:59-05:30".into())),
            (&[99, 2, 29, 0, 0, 0, 0], Date::Invalid("63021d00000000".into())),
            (&[70, 1, 1, 0, 0, 0, 53], Date::Invalid("46010100000035".into())),
            (&[0; 7], Date::Unset),
        ];
        for (raw, expected) in table {
            assert_eq!(Date::short(raw), expected);
        }
        assert_eq!(Date::long(b"2026112522470099\x04"), Date::Valid("2026-11-25T22:47:00.99+01:00".into()));
        assert_eq!(Date::long(b"0000000000000000\0"), Date::Unset);
        assert!(matches!(Date::long(b"20XX112522470000\0"), Date::Invalid(_)));
    }
}
