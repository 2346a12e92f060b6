//! Bags (BagIt 1.0, RFC 8493): the texts beside a payload.

/// The declaration, `bagit.txt`.
pub const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// A manifest: digest and path of each file, in the order of the paths.
pub fn manifest<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut lines: Vec<(&str, &str)> = files.into_iter().map(|(digest, path)| (path, digest)).collect();
    lines.sort_unstable();
    lines.iter().map(|(path, digest)| format!("{digest}  {}\n", encode(path))).collect()
}

/// A path as manifests write it: what would end a line, and the sign for that,
/// as percent codes; nothing else.
fn encode(path: &str) -> String {
    path.replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D")
}

/// `bag-info.txt`: labels with their values, each in one line.
pub fn info(entries: &[(&str, String)]) -> String {
    let line = |(label, value): &(&str, String)| {
        let value: Vec<&str> = value.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect();
        format!("{label}: {}\n", value.join(" "))
    };
    entries.iter().filter(|(_, value)| !value.trim().is_empty()).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_in_their_lines() {
        let files = [("bb", "data/b\nc%"), ("aa", "data/a b")];
        assert_eq!(manifest(files), "aa  data/a b\nbb  data/b%0Ac%25\n");
        let entries = [("A", "x\r\nB: y".to_owned()), ("C", "  ".to_owned())];
        assert_eq!(info(&entries), "A: x B: y\n");
    }
}
