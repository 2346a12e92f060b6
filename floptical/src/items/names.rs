//! What names and first bytes tell of the files of a box.

use super::Role;

/// Extensions of what lies beside images.
static ROLES: &[(Role, &[&str])] = &[
    (Role::Log, &["log", "err", "out", "cksum", "md5", "sha1", "sha256", "sfv", "map"]),
    (
        Role::Photograph,
        &["jpg", "jpeg", "png", "tif", "tiff", "gif", "webp", "bmp", "heic", "jp2", "dng", "cr2", "nef"],
    ),
    (
        Role::Note,
        &[
            "txt", "md", "pdf", "doc", "docx", "odt", "rtf", "html", "htm", "csv", "xlsx", "nfo", "diz", "yaml", "yml",
            "json",
        ],
    ),
];

/// First bytes of pictures and documents: no image of a disk begins so.
static MAGIC: &[(Role, &[u8])] = &[
    (Role::Photograph, b"\x89PNG\r\n\x1a\n"),
    (Role::Photograph, b"\xFF\xD8\xFF"),
    (Role::Photograph, b"II*\0"),
    (Role::Photograph, b"MM\0*"),
    (Role::Photograph, b"GIF8"),
    (Role::Note, b"%PDF-"),
];

/// Wrappers that a name shows around an image.
const WRAPPERS: [&str; 5] = ["gz", "bz2", "xz", "zst", "zip"];

/// How the name of a record beside an image ends, after the image's stem.
pub const RECORD_END: &str = ".provenance.yaml";

/// Ends of names that say all.
static ENDS: &[(Role, &str)] = &[(Role::Sidecar, ".floptical.yaml"), (Role::Record, RECORD_END)];

pub(super) fn by_magic(head: &[u8]) -> Option<Role> {
    MAGIC.iter().find(|(_, magic)| head.starts_with(magic)).map(|(role, _)| *role)
}

pub(super) fn by_name(name: &str) -> Role {
    if let Some((role, _)) = ENDS.iter().find(|(_, end)| name.ends_with(end)) {
        return *role;
    }
    let extension = base_name(name).rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default();
    ROLES.iter().find(|(_, all)| all.contains(&extension.as_str())).map_or(Role::Other, |(role, _)| *role)
}

pub(super) fn base_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The folder of a path; empty for the box itself.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(super) fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

pub(super) fn is_wrapped(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, e)| WRAPPERS.iter().any(|w| e.eq_ignore_ascii_case(w)))
}

/// The stem of an image: its name without wrappers and extension.
pub fn stem(path: &str) -> &str {
    let mut name = base_name(path);
    while is_wrapped(name) {
        name = name.rsplit_once('.').map_or(name, |(rest, _)| rest);
    }
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The stem of an image of several files: what their stems begin with.
pub(super) fn stem_of(files: &[String]) -> String {
    let mut stems = files.iter().map(|file| stem(file).to_owned());
    let Some(mut common) = stems.next() else { return String::new() };
    if files.len() < 2 {
        return common;
    }
    for stem in stems {
        let same = common.chars().zip(stem.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        common.truncate(same);
    }
    let end = |c: char| c.is_ascii_digit() || " ._-([".contains(c);
    common.trim_end_matches(end).to_owned()
}

/// A name that says which side it is: `game_A`, `game (Side B)`, `game-side2`.
/// Gives the name without it. A number is a side only with the word.
pub(super) fn side_of(stem: &str) -> Option<(&str, char)> {
    const APART: &str = " _-.([";
    let closed = stem.trim_end_matches([')', ']']);
    let side = match closed.chars().next_back()?.to_ascii_uppercase() {
        letter @ ('A' | 'B') => letter,
        '1' => 'A',
        '2' => 'B',
        _ => return None,
    };
    let before = closed.get(..closed.len() - 1)?;
    let numbered = closed.ends_with(['1', '2']);
    let apart = before.trim_end_matches(|c| APART.contains(c));
    let word = apart.len().checked_sub(4).and_then(|at| Some((apart.get(..at)?, apart.get(at..)?)));
    let base = match word {
        Some((base, word)) if word.eq_ignore_ascii_case("side") && base.ends_with(|c| APART.contains(c)) => {
            base.trim_end_matches(|c| APART.contains(c))
        }
        _ if numbered || apart.len() == before.len() => return None,
        _ => apart,
    };
    (!base.is_empty()).then_some((base, side))
}
