//! Names as the two trees of a disc take them.

use std::collections::BTreeSet;

/// A view of the tree that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Names of 8 and 3 letters, with Rock Ridge behind them.
    Plain,
    /// Names of up to 64 letters in UTF-16.
    Joliet,
}

impl View {
    /// The identifier of a name in a folder where some are taken.
    pub(super) fn identifier(self, name: &str, is_folder: bool, taken: &mut BTreeSet<Vec<u8>>) -> Vec<u8> {
        let numbers = std::iter::once(None).chain((1u32..).map(Some));
        let all = numbers.map(|n| match self {
            Self::Plain => plain(name, is_folder, n),
            Self::Joliet => joliet(name, n),
        });
        all.into_iter().find(|id| taken.insert(id.clone())).unwrap_or_default()
    }
}

/// Capitals, digits and `_`, 8 and 3 of them (ECMA-119, 7.5, level 1), with a
/// number at the end of the stem where the name is taken.
fn plain(name: &str, is_folder: bool, number: Option<u32>) -> Vec<u8> {
    let letters = |text: &str, len: usize| -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        text.chars().map(letter).take(len).collect()
    };
    let digits = number.map_or_else(String::new, |n| n.to_string());
    let room = 8usize.saturating_sub(digits.len());
    let (stem, ending) = match name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty() && !is_folder) {
        Some((stem, ending)) => (letters(stem, room), letters(ending, 3)),
        None => (letters(name, room), String::new()),
    };
    if is_folder { format!("{stem}{digits}").into_bytes() } else { format!("{stem}{digits}.{ending};1").into_bytes() }
}

/// All letters but those that Joliet forbids, 64 of them.
fn joliet(name: &str, number: Option<u32>) -> Vec<u8> {
    let allowed = |c: char| if c.is_control() || "*/:;?\\".contains(c) { '_' } else { c };
    let digits: Vec<u16> = number.map_or_else(Vec::new, |n| n.to_string().encode_utf16().collect());
    let mut units: Vec<u16> = Vec::new();
    let mut buffer = [0; 2];
    for c in name.chars().map(allowed) {
        let unit = c.encode_utf16(&mut buffer);
        if units.len().saturating_add(unit.len()).saturating_add(digits.len()) > 64 {
            break;
        }
        units.extend_from_slice(unit);
    }
    units.into_iter().chain(digits).flat_map(u16::to_be_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_of_level_1_and_never_meet() {
        let mut taken = BTreeSet::new();
        let mut id = |name: &str, folder| String::from_utf8(View::Plain.identifier(name, folder, &mut taken)).unwrap();
        assert_eq!(id("read me.text", false), "READ_ME.TEX;1");
        assert_eq!(id("read-me.text", false), "READ_ME1.TEX;1");
        assert_eq!(id("a very long name", false), "A_VERY_L.;1");
        assert_eq!(id("a very long one", false), "A_VERY_1.;1");
        assert_eq!(id("übung.d", true), "_BUNG_D");
        assert_eq!(id(".hidden", false), "_HIDDEN.;1");
    }

    #[test]
    fn joliet_names_keep_whole_letters() {
        let id = View::Joliet.identifier(&format!("{}𝄞", "x".repeat(63)), false, &mut BTreeSet::new());
        assert_eq!(id, "x".repeat(63).encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
    }
}
