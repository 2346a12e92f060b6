//! Tells a code from noise by how widely intervals scatter.

/// Steps of a mean interval.
const STEPS: u16 = 16;
/// Intervals that are looked at, evenly over the capture.
const SAMPLE: usize = 1 << 13;
/// More than any code shows that can be read, and less than noise.
const NOISE: u32 = 20;

/// True where intervals, in any unit of time, scatter as those of no code do.
pub fn is_noise(intervals: &[u32]) -> bool {
    spread(intervals) > NOISE
}

/// How many lengths, in steps of 1/16 of the mean, nine of ten intervals have.
/// Every code writes a few lengths and nothing between; noise has all. Measured:
/// 1 to 5 for captures of MFM, FM and GCR, 15 for the noisiest that still
/// decodes, 25 and more for noise.
fn spread(intervals: &[u32]) -> u32 {
    let sample = || intervals.iter().step_by(intervals.len().div_ceil(SAMPLE).max(1));
    let count = sample().count() as u64;
    let total = sample().fold(0u64, |sum, ticks| sum.saturating_add(u64::from(*ticks)));
    // At most 2^17, times 2^32.
    let per_tick = (count.saturating_mul(STEPS.into()) << 32).checked_div(total).unwrap_or(0);
    let mut counts = [0u64; 8 * STEPS as usize];
    let last = counts.len().saturating_sub(1);
    for ticks in sample() {
        let step = u64::from(*ticks).saturating_mul(per_tick) >> 32;
        if let Some(count) = counts.get_mut(usize::try_from(step).unwrap_or(last).min(last)) {
            *count = count.saturating_add(1);
        }
    }
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let most = count.saturating_mul(9).div_ceil(10);
    let mut seen = 0u64;
    let lengths = counts.iter().take_while(|count| {
        let before = seen;
        seen = seen.saturating_add(**count);
        before < most
    });
    u32::try_from(lengths.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_show_few_lengths_and_noise_shows_many() {
        let mut state = 1u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from((state >> 33) % n).unwrap()
        };
        let code: Vec<u32> = (0..20_000).map(|_| [160, 240, 320][below(3) as usize] + below(9)).collect();
        let noise: Vec<u32> = (0..20_000).map(|_| 80 + below(400)).collect();
        assert!(spread(&code) < 6, "{}", spread(&code));
        assert!(is_noise(&noise), "{}", spread(&noise));
        assert_eq!(spread(&[]), 0);
    }
}
