//! Time in whole numbers: ticks of a rational clock, picoseconds, bit rates.

/// A length of time in picoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ps(pub u64);

impl Ps {
    /// Picoseconds in one second.
    pub const SECOND: u64 = 1_000_000_000_000;

    /// Whole nanoseconds, rounded to nearest.
    pub fn nanoseconds(self) -> u64 {
        self.0.saturating_add(500) / 1000
    }
}

/// A clock of `num / den` ticks a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Clock {
    num: u64,
    den: u64,
}

impl Clock {
    /// A clock of `num / den` ticks a second; `None` when either is zero or
    /// the clock is faster than a tick a picosecond.
    pub fn new(num: u64, den: u64) -> Option<Self> {
        let fits = num > 0 && den > 0 && u128::from(num) <= u128::from(den) * u128::from(Ps::SECOND);
        fits.then_some(Self { num, den })
    }

    /// A clock of whole `hz`; zero counts as one.
    pub const fn hz(hz: u64) -> Self {
        Self { num: if hz == 0 { 1 } else { hz }, den: 1 }
    }

    /// Ticks a second as numerator and denominator.
    pub fn ratio(self) -> (u64, u64) {
        (self.num, self.den)
    }

    /// The length of `ticks`, rounded to nearest, saturating.
    pub fn to_ps(self, ticks: u64) -> Ps {
        Ps(scale(ticks, u128::from(Ps::SECOND) * u128::from(self.den), u128::from(self.num)))
    }

    /// The ticks nearest to a length of time, saturating.
    pub fn to_ticks(self, time: Ps) -> u64 {
        scale(time.0, u128::from(self.num), u128::from(Ps::SECOND) * u128::from(self.den))
    }
}

/// `value * mul / div` to nearest, saturating at the ends of `u64`.
fn scale(value: u64, mul: u128, div: u128) -> u64 {
    let wide = u128::from(value).saturating_mul(mul).saturating_add(div / 2) / div.max(1);
    u64::try_from(wide).unwrap_or(u64::MAX)
}

/// A transfer rate in bits a second, as a controller is set: a cell of this
/// rate lasts half a bit. FM disks are read at twice their own bit rate, as
/// IMD and HFE count (FM at 250 kbit here carries 125 kbit of data).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rate(pub u32);

impl Rate {
    /// 250 kbit/s: double density at 300 rpm.
    pub const DD: Rate = Rate(250_000);
    /// 300 kbit/s: double density read at 360 rpm.
    pub const DD_360: Rate = Rate(300_000);
    /// 500 kbit/s: high density, and 8-inch double density.
    pub const HD: Rate = Rate(500_000);
    /// 1 Mbit/s: extra density.
    pub const ED: Rate = Rate(1_000_000);

    /// The four speeds of Commodore's GCR, by their number: cells of 4, 3.75,
    /// 3.5 and 3.25 us. One cell is one bit of GCR.
    pub const COMMODORE: [Rate; 4] = [Rate(125_000), Rate(133_333), Rate(142_857), Rate(153_846)];

    /// The same of the 8050 and 8250: cells of 2.667, 2.5, 2.333 and 2.167 us.
    pub const COMMODORE_8050: [Rate; 4] = [Rate(187_500), Rate(200_000), Rate(214_286), Rate(230_769)];
    /// Apple's 5.25 inch drives: cells of 4 us. One cell is one bit of GCR.
    pub const APPLE: Rate = Rate(125_000);

    /// The length of one cell.
    pub fn cell(self) -> Ps {
        Ps(Ps::SECOND / 2 / u64::from(self.0.max(1)))
    }

    /// The standard rate with the cell nearest to `cell`, if that is within 8 %.
    pub fn nearest(cell: Ps) -> Option<Rate> {
        let [slowest, slow, fast, fastest] = Self::COMMODORE;
        Self::nearest_of(&[Self::DD, Self::DD_360, Self::HD, Self::ED, slowest, slow, fast, fastest], cell)
    }

    /// The one of these rates with the cell nearest to `cell`, if that is
    /// within 8 %.
    pub fn nearest_of(rates: &[Rate], cell: Ps) -> Option<Rate> {
        let off = |r: &Rate| cell.0.abs_diff(r.cell().0);
        let nearest = rates.iter().copied().min_by_key(off);
        nearest.filter(|r| off(r).saturating_mul(100) <= r.cell().0.saturating_mul(8))
    }

    /// True when the two are one density: equal within 2 %, or 250 and 300
    /// kbit, which are the same disk in drives of 300 and 360 rpm.
    pub fn same_density(self, other: Rate) -> bool {
        let class = |r: Rate| if r.within(Self::DD_360) { Self::DD } else { r };
        class(self).within(class(other))
    }

    fn within(self, other: Rate) -> bool {
        u64::from(self.0.abs_diff(other.0)) * 50 <= u64::from(other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_rounds_to_nearest_and_back() {
        let kryoflux = Clock::new(18_432_000 * 73, 14 * 2 * 2).unwrap();
        for ticks in [0, 1, 96, 48_054, 4_805_486, u64::from(u32::MAX)] {
            assert_eq!(kryoflux.to_ticks(kryoflux.to_ps(ticks)), ticks);
        }
        assert_eq!(Clock::hz(40_000_000).to_ps(80), Ps(2_000_000));
        assert!(Clock::new(0, 1).is_none());
    }

    #[test]
    fn rates_of_one_density() {
        assert!(Rate::DD.same_density(Rate::DD_360));
        assert!(Rate(253_000).same_density(Rate::DD));
        assert!(!Rate::DD.same_density(Rate::HD));
        assert_eq!(Rate::nearest(Ps(2_040_000)), Some(Rate::DD));
        for (speed, cell) in (0..).zip([4_000_000, 3_750_000, 3_500_000, 3_250_000]) {
            let nearest = |permille: u64| Rate::nearest(Ps(cell * permille / 1000));
            assert_eq!([nearest(985), nearest(1015)], [Some(Rate::COMMODORE[speed]); 2]);
        }
        assert!(!Rate::COMMODORE[0].same_density(Rate::COMMODORE[1]));
        assert_eq!(Rate::DD.cell(), Ps(2_000_000));
    }
}
