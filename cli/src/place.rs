//! Places as people write them on the command line.

use floptical::Target;
use floptical::model::TrackAt;

/// A track: `17.1`, `17+1/2.0`, `-1.0`.
pub(crate) fn track(text: &str) -> Result<TrackAt, String> {
    parse_track(text).ok_or_else(|| format!("`{text}` is no track; write cylinder and head, as 17.1"))
}

fn parse_track(text: &str) -> Option<TrackAt> {
    let (step, head) = text.rsplit_once('.')?;
    let (sign, step) = step.strip_prefix('-').map_or((1, step), |rest| (-1, rest));
    let (whole, part) = step.split_once('+').unwrap_or((step, ""));
    let part = ["", "1/4", "1/2", "3/4"].iter().position(|p| *p == part)?;
    let quarter = i32::from(number::<u16>(whole)?) * 4 + i32::try_from(part).ok()?;
    Some(TrackAt { quarter: i16::try_from(sign * quarter).ok()?, head: number(head)? })
}

/// Digits only: no sign, no space.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// What to explain: `C.H.S`, `C.H#N`, else `PATH[@OFFSET]`. A file whose name
/// looks like a sector is named with a slash before it.
pub(crate) fn target(text: &str) -> Target {
    let sector = || {
        let (at, r) = text.rsplit_once('.')?;
        Some(Target::Number { track: parse_track(at)?, r: number(r)? })
    };
    let slot = || {
        let (at, slot) = text.split_once('#')?;
        Some(Target::Slot { track: parse_track(at)?, slot: number(slot)? })
    };
    sector().or_else(slot).unwrap_or_else(|| file(text))
}

fn file(text: &str) -> Target {
    let split = text.rsplit_once('@').and_then(|(path, offset)| Some((path, number(offset)?)));
    let (path, offset) = split.unwrap_or((text, 0));
    Target::File { path: path.to_owned(), offset }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_read_back_as_they_are_shown() {
        for quarter in [-5, -4, 0, 1, 2, 70, 167] {
            let at = TrackAt { quarter, head: 1 };
            assert_eq!(track(&at.to_string()), Ok(at));
        }
        for text in ["", "1", "1.", ".1", "+1.0", "1.256", "99999.0", "1+1/3.0", "a.b"] {
            assert!(track(text).is_err(), "{text}");
        }
    }

    #[test]
    fn targets_are_sectors_slots_or_files() {
        let at = TrackAt::new(3, 1);
        assert_eq!(target("3.1.9"), Target::Number { track: at, r: 9 });
        assert_eq!(target("3.1#0"), Target::Slot { track: at, slot: 0 });
        let file = |path: &str, offset| Target::File { path: path.into(), offset };
        assert_eq!(target("DOS/A.TXT@512"), file("DOS/A.TXT", 512));
        assert_eq!(target("me@home"), file("me@home", 0));
        assert_eq!(target("/3.1.9"), file("/3.1.9", 0));
    }
}
