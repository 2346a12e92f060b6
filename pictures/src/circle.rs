//! Points on circles, in whole numbers: the same on every machine.

use floptical_model::picture::TURN;

/// One, of the numbers that [`unit`] gives.
pub(crate) const ONE: i64 = 1 << 30;

/// A right angle.
const RIGHT: u32 = TURN / 4;

/// The point at an angle on the circle of radius [`ONE`]: from the top,
/// clockwise, `y` downwards.
pub(crate) fn unit(angle: u32) -> (i64, i64) {
    let angle = angle % TURN;
    let (sin, cos) = (quarter_sine(angle % RIGHT), quarter_sine(RIGHT - angle % RIGHT));
    match angle / RIGHT {
        0 => (sin, -cos),
        1 => (cos, sin),
        2 => (-sin, cos),
        _ => (-cos, -sin),
    }
}

/// The point at a radius and an angle around a centre.
pub(crate) fn point(centre: (i64, i64), radius: i64, angle: u32) -> (i64, i64) {
    let (x, y) = unit(angle);
    let scale = |n: i64| (n * radius + ONE / 2).div_euclid(ONE);
    (centre.0 + scale(x), centre.1 + scale(y))
}

/// The sine of an angle up to a right one: Taylor's series to the ninth power,
/// exact to a few parts in a million, which no pixel shows.
fn quarter_sine(angle: u32) -> i64 {
    /// Half a circle of radius [`ONE`].
    const PI: i64 = 3_373_259_426;
    let x = i64::from(angle) * (PI / 2) / i64::from(RIGHT);
    let square = mul(x, x);
    let mut term = x;
    let mut sum = x;
    for n in [2, 4, 6, 8] {
        term = -mul(term, square) / (n * (n + 1));
        sum += term;
    }
    sum.min(ONE)
}

fn mul(a: i64, b: i64) -> i64 {
    (a * b) >> 30
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_circle_is_round() {
        for angle in (0..TURN).step_by(97) {
            let (x, y) = unit(angle);
            let radius = x * x / ONE + y * y / ONE;
            assert!((radius - ONE).abs() < ONE / 100_000, "{angle}: {radius}");
        }
        assert_eq!(unit(0), (0, -ONE));
        assert_eq!(unit(RIGHT), (ONE, 0));
        assert_eq!(point((0, 0), 1000, TURN / 8), (707, -707));
    }
}
