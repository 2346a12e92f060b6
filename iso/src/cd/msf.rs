//! Addresses as minutes, seconds and frames.

use std::fmt;

use floptical_model::Lba;

/// Minutes, seconds and frames: 60 seconds, 75 frames of one sector each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Msf {
    /// Minutes, 0 to 99.
    pub minute: u8,
    /// Seconds, 0 to 59.
    pub second: u8,
    /// Frames, 0 to 74.
    pub frame: u8,
}

impl Msf {
    /// Frames of a second.
    pub const FRAMES: u32 = 75;
    /// Frames of the first pregap, which absolute addresses count.
    const PREGAP: i32 = 150;
    /// From this minute on, addresses are those of a lead-in, which ends where
    /// the program begins.
    const LEAD_IN: u8 = 90;
    /// Frames of 100 minutes.
    const ALL: i32 = 450_000;

    /// A length of time. `None` from 100 minutes on.
    pub fn of_frames(frames: u32) -> Option<Self> {
        let (seconds, frame) = (frames / Self::FRAMES, frames % Self::FRAMES);
        let (minute, second) = (seconds / 60, seconds % 60);
        let minute = u8::try_from(minute).ok().filter(|m| *m < 100)?;
        Some(Self { minute, second: u8::try_from(second).ok()?, frame: u8::try_from(frame).ok()? })
    }

    /// The length in frames. `None` when seconds or frames are none.
    pub fn frames(self) -> Option<u32> {
        let Self { minute, second, frame } = self;
        let seconds = u32::from(minute).checked_mul(60)?.checked_add(second.into())?;
        let fits = minute < 100 && second < 60 && u32::from(frame) < Self::FRAMES;
        fits.then_some(seconds.checked_mul(Self::FRAMES)?.checked_add(frame.into())?)
    }

    /// The absolute address of a sector: 00:02:00 is [`Lba`] 0. `None` for what
    /// no header can say.
    pub fn of(at: Lba) -> Option<Self> {
        let frames = at.0.checked_add(Self::PREGAP)?;
        let lead_in = frames < 0;
        let frames = if lead_in { frames.checked_add(Self::ALL)? } else { frames };
        Self::of_frames(u32::try_from(frames).ok()?).filter(|msf| !lead_in || msf.minute >= Self::LEAD_IN)
    }

    /// The sector with this absolute address in the program area: minutes from
    /// 90 on count there, too.
    pub fn lba(self) -> Option<Lba> {
        Some(Lba(i32::try_from(self.frames()?).ok()?.checked_sub(Self::PREGAP)?))
    }

    /// As headers have it: a decimal digit in each half of a byte.
    pub fn to_bcd(self) -> [u8; 3] {
        [self.minute, self.second, self.frame].map(|n| ((n / 10) << 4) | (n % 10))
    }

    /// From a header. `None` when a half is no decimal digit, or the digits are
    /// no time.
    pub fn from_bcd(bytes: [u8; 3]) -> Option<Self> {
        let digits = |b: u8| (b >> 4 < 10 && b & 15 < 10).then(|| (b >> 4).saturating_mul(10).saturating_add(b & 15));
        let [minute, second, frame] = bytes.map(digits);
        let msf = Self { minute: minute?, second: second?, frame: frame? };
        msf.frames().map(|_| msf)
    }
}

impl fmt::Display for Msf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.minute, self.second, self.frame)
    }
}
