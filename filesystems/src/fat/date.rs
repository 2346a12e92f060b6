//! Dates of a directory entry: local wall-clock time, two-second steps.

/// Days of a month; 0 for a month that is not.
fn days(year: u16, month: u16) -> u16 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// A date (`year - 1980` << 9 | month << 5 | day) as text, if a calendar has it.
fn calendar(date: u16) -> Option<String> {
    let (year, month, day) = ((date >> 9).saturating_add(1980), date >> 5 & 15, date & 31);
    (1..=days(year, month)).contains(&day).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// A time (hours << 11 | minutes << 5 | seconds / 2) with hundredths 0 to 199
/// on top, if a clock has it.
fn clock(time: u16, hundredths: u8) -> Option<String> {
    let (hours, minutes) = (time >> 11, time >> 5 & 63);
    let seconds = (time & 31).saturating_mul(2).saturating_add(u16::from(hundredths / 100));
    if hours > 23 || minutes > 59 || seconds > 59 || hundredths > 199 {
        return None;
    }
    let fraction = match hundredths % 100 {
        0 => String::new(),
        n => format!(".{n:02}"),
    };
    Some(format!("{hours:02}:{minutes:02}:{seconds:02}{fraction}"))
}

/// What an entry says of a moment; `None` when all is zero.
pub(super) fn moment(date: u16, time: u16, hundredths: u8) -> Option<String> {
    match (date, time, hundredths) {
        (0, 0, 0) => None,
        _ => Some(match (calendar(date), clock(time, hundredths)) {
            (Some(date), Some(time)) => format!("{date}T{time}"),
            _ if hundredths == 0 => format!("0x{date:04x} 0x{time:04x} invalid"),
            _ => format!("0x{date:04x} 0x{time:04x} 0x{hundredths:02x} invalid"),
        }),
    }
}

/// What an entry says of a day; `None` when it is zero.
pub(super) fn day(date: u16) -> Option<String> {
    (date != 0).then(|| calendar(date).unwrap_or_else(|| format!("0x{date:04x} invalid")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_never_normalised() {
        let date = |y: u16, m: u16, d: u16| (y - 1980) << 9 | m << 5 | d;
        assert_eq!(moment(date(1990, 3, 2), 0x0021, 0).unwrap(), "1990-03-02T00:01:02");
        assert_eq!(moment(date(1990, 3, 2), 29, 199).unwrap(), "1990-03-02T00:00:59.99");
        assert_eq!(moment(date(1990, 3, 2), 30, 0).unwrap(), "0x1462 0x001e invalid");
        assert_eq!(moment(date(1990, 2, 30), 0, 0).unwrap(), "0x145e 0x0000 invalid");
        assert_eq!(day(date(2000, 2, 29)).unwrap(), "2000-02-29");
        assert_eq!(day(date(2100, 2, 29)).unwrap(), "0xf05d invalid");
        assert_eq!(moment(0, 0, 0), None);
        assert_eq!(moment(0, 1, 0).unwrap(), "0x0000 0x0001 invalid");
    }
}
