//! The files that a sheet names: only ever those beside it.

/// Which of the files with these names a sheet means: the last part of the path
/// that it gives, else the only name that differs in the case of its letters
/// alone. Folders are not followed.
pub(super) fn resolve(wanted: &[u8], names: &[&str]) -> Option<usize> {
    let last = last_part(wanted);
    let exact = names.iter().position(|name| name.as_bytes() == last);
    exact.or_else(|| {
        let lower = String::from_utf8_lossy(last).to_lowercase();
        let mut alike = names.iter().enumerate().filter(|(_, name)| name.to_lowercase() == lower).map(|(at, _)| at);
        alike.next().filter(|_| alike.next().is_none())
    })
}

/// What follows the last mark between folders.
fn last_part(path: &[u8]) -> &[u8] {
    path.rsplit(|b| matches!(b, b'/' | b'\\')).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn a_name_is_looked_for_beside_the_sheet_only() {
        let names = ["Disc.bin", "disc.BIN", "other.bin", "passwd"];
        assert_eq!(resolve(b"disc.BIN", &names), Some(1));
        assert_eq!(resolve(b"DISC.BIN", &names), None, "two are alike");
        assert_eq!(resolve(b"OTHER.BIN", &names), Some(2));
        assert_eq!(resolve(b"C:\\rips\\other.bin", &names), Some(2));
        assert_eq!(resolve(b"../../etc/passwd", &names), Some(3));
        for none in [&b""[..], b"..", b"x/", b"other.bin\0", b"\xFF"] {
            assert_eq!(resolve(none, &names), None);
        }
    }
}
