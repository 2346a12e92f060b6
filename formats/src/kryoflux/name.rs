//! The names of the files of a set.

use std::collections::BTreeMap;

use floptical_model::TrackAt;

/// The stem of a name `*NN.S.raw` and the position that it tells.
pub(super) fn parse(name: &str) -> Option<(&str, TrackAt)> {
    let (rest, extension) = name.rsplit_once('.')?;
    let (rest, side) = rest.rsplit_once('.').filter(|_| extension.eq_ignore_ascii_case("raw"))?;
    let head = side.parse::<u8>().ok().filter(|head| *head < 2 && side.len() == 1)?;
    let (stem, digits) = rest.split_at_checked(rest.len().checked_sub(2)?)?;
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    let cylinder = digits.parse().ok().filter(|_| all_digits)?;
    Some((stem, TrackAt::new(cylinder, head)))
}

/// The name that the writer gives to the file of a position.
pub(super) fn of(at: TrackAt) -> String {
    format!("track{:02}.{}.raw", at.cylinder().unwrap_or(0), at.head)
}

/// Files of one stem belong together, by cylinder and side; others stand alone.
pub(super) fn group(names: &[&str]) -> Vec<Vec<usize>> {
    let mut sets: BTreeMap<&str, Vec<(TrackAt, usize)>> = BTreeMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match parse(name) {
            Some((stem, at)) => sets.entry(stem).or_default().push((at, index)),
            None => groups.push(vec![index]),
        }
    }
    for mut set in sets.into_values() {
        set.sort_unstable();
        groups.push(set.into_iter().map(|(_, index)| index).collect());
    }
    groups.sort_unstable_by_key(|group| group.iter().min().copied());
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_positions() {
        let table = [
            ("track00.0.raw", Some(("track", 0, 0))),
            ("Disk 240.1.RAW", Some(("Disk 2", 40, 1))),
            ("81.1.raw", Some(("", 81, 1))),
            ("track1.0.raw", None),
            ("track00.2.raw", None),
            ("track00.00.raw", None),
            ("track+1.0.raw", None),
            ("Ü0.0.raw", None),
            ("track00.0.img", None),
            ("00.raw", None),
        ];
        for (name, expected) in table {
            let expected = expected.map(|(stem, cylinder, head)| (stem, TrackAt::new(cylinder, head)));
            assert_eq!(parse(name), expected, "{name}");
        }
        assert_eq!(parse(&of(TrackAt::new(7, 1))), Some(("track", TrackAt::new(7, 1))));
    }

    #[test]
    fn stems_make_sets() {
        let names = ["b01.0.raw", "x.raw", "a00.0.raw", "b00.1.raw", "b00.0.raw", "readme"];
        assert_eq!(group(&names), [vec![4, 3, 0], vec![1], vec![2], vec![5]]);
    }
}
