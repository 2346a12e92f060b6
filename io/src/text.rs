//! Foreign words made safe: to show on a terminal, to use as a file's name.

/// Bytes as text: valid UTF-8 is kept, other bytes become `\xNN`, control
/// characters and marks that turn the direction of writing are escaped.
pub fn show(bytes: &[u8]) -> String {
    bytes.utf8_chunks().fold(String::new(), |mut out, chunk| {
        chunk.valid().chars().for_each(|c| push_shown(&mut out, c));
        chunk.invalid().iter().for_each(|b| out.push_str(&format!("\\x{b:02x}")));
        out
    })
}

/// Our own words, with foreign ones in them that were shown: a backslash stays
/// what it is, and what could still do harm is escaped.
pub fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push(c),
            other => push_shown(&mut out, other),
        }
    }
    out
}

fn push_shown(out: &mut String, c: char) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if c.is_control() || is_invisible(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        _ => out.push(c),
    }
}

/// Marks that change the order or the looks of what follows without being seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A name that every file system takes and that cannot leave its folder: path
/// separators, control characters, trailing dots and spaces, device names and
/// too long names are changed. Equal names stay equal, different ones may meet.
pub fn safe_name(name: &str) -> String {
    const LONGEST: usize = 200;
    const DEVICES: [&str; 22] = [
        "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1",
        "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
    ];
    let forbidden = |c: char| {
        c.is_control() || is_invisible(c) || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    let mut safe = String::new();
    for c in name.chars() {
        let c = if forbidden(c) { '_' } else { c };
        if safe.len().saturating_add(c.len_utf8()) > LONGEST {
            break;
        }
        safe.push(c);
    }
    let kept = safe.trim_end_matches(['.', ' ']).len();
    let tail = safe.len().saturating_sub(kept);
    safe.truncate(kept);
    safe.extend(std::iter::repeat_n('_', tail));
    let stem = safe.split('.').next().unwrap_or("").trim_end().to_ascii_uppercase();
    if safe.is_empty() || DEVICES.contains(&stem.as_str()) { format!("_{safe}") } else { safe }
}

/// The upper half of code page 437; 0xFF is a space that does not break.
const CP437: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}\
";

/// Text of code page 437, the character set of DOS. Control characters stay
/// what they are in ASCII.
pub fn cp437(bytes: &[u8]) -> String {
    let high = |b: u8| CP437.chars().nth(usize::from(b & 0x7F)).unwrap_or('\u{fffd}');
    bytes.iter().map(|b| if b.is_ascii() { char::from(*b) } else { high(*b) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_half_of_code_page_437_is_whole() {
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(cp437(b"S\x81\x8A\xE1\xFE\xFF"), "Süèß■\u{a0}");
    }

    #[test]
    fn hostile_words_are_harmless() {
        assert_eq!(show(b"A\x1b[2J\xff\r\n"), "A\\u{1b}[2J\\xff\\r\\n");
        assert_eq!(show("Ünï\u{202e}".as_bytes()), "Ünï\\u{202e}");
        assert_eq!(words("A\\u{1b} \x1b[2J \\ \n"), "A\\u{1b} \\u{1b}[2J \\ \\n");
        let table = [
            ("..", "__"),
            ("../etc/passwd", ".._etc_passwd"),
            ("", "_"),
            ("con.txt", "_con.txt"),
            ("A. ", "A__"),
            ("a\0b", "a_b"),
        ];
        for (name, safe) in table {
            assert_eq!(safe_name(name), safe);
        }
        assert_eq!(safe_name(&"x".repeat(5000)).len(), 200);
    }
}
