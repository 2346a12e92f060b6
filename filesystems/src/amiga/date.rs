//! Dates: days since 1978, minutes of the day, fiftieths of a second. Local
//! time; no zone is recorded.

use std::fmt;

/// Ticks in a second.
const TICKS: u32 = 50;

/// A date as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    pub days: u32,
    pub minutes: u32,
    pub ticks: u32,
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Year, month and day, up to the year 9999.
fn calendar(days: u32) -> Option<(u32, u32, u32)> {
    let (mut year, mut left) = (1978u32, days);
    loop {
        let whole = if is_leap(year) { 366 } else { 365 };
        match left.checked_sub(whole) {
            Some(rest) if year < 9999 => (year, left) = (year.saturating_add(1), rest),
            Some(_) => return None,
            None => break,
        }
    }
    let february = if is_leap(year) { 29 } else { 28 };
    for (month, len) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        match left.checked_sub(len) {
            Some(rest) => left = rest,
            None => return Some((year, month, left.saturating_add(1))),
        }
    }
    None
}

impl Moment {
    /// True for what a calendar and a clock have.
    pub(super) fn is_valid(self) -> bool {
        self.minutes < 24 * 60 && self.ticks < 60 * TICKS && calendar(self.days).is_some()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((year, month, day)) = calendar(self.days).filter(|_| self.is_valid()) else {
            return write!(f, "{} {} {} invalid", self.days, self.minutes, self.ticks);
        };
        let (hours, minutes, seconds) = (self.minutes / 60, self.minutes % 60, self.ticks / TICKS);
        write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}")?;
        match self.ticks % TICKS {
            0 => Ok(()),
            ticks => write!(f, ".{:02}", ticks.saturating_mul(2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_never_normalised() {
        let text = |days, minutes, ticks| Moment { days, minutes, ticks }.to_string();
        assert_eq!(text(0, 0, 0), "1978-01-01T00:00:00");
        assert_eq!(text(5110, 1438, 2999), "1991-12-29T23:58:59.98");
        assert_eq!(text(8094, 0, 50), "2000-02-29T00:00:01");
        assert_eq!(text(8095, 60, 0), "2000-03-01T01:00:00");
        assert_eq!(text(5110, 1440, 0), "5110 1440 0 invalid");
        assert_eq!(text(u32::MAX, 0, 3000), "4294967295 0 3000 invalid");
    }
}
