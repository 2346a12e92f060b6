//! How a file is handed to an emulator, whatever its name.

use std::fmt;

use floptical_model::{Form, Layout, Rate};

/// How a file is handed over. `{file}` stands for its name, `{drive}` for the
/// drive of the disk as 86Box calls it.
#[derive(Debug, Clone, Copy)]
pub enum Launch {
    /// Words of a command line for a POSIX shell.
    Command(&'static [&'static str], Inside),
    /// Lines for a configuration file of this name.
    Lines(&'static str, &'static str),
}

/// How the emulator itself reads the word in which the name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// As it is.
    Plain,
    /// As an option of QEMU, where a comma in a value is doubled.
    Qemu,
    /// Between double quotes on a DOS command line, which know no escape.
    Dos,
}

/// A name that cannot be said in this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unquotable;

impl fmt::Display for Unquotable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this name cannot be written there: give the file a plain one")
    }
}

impl std::error::Error for Unquotable {}

impl Launch {
    /// The command line, or the lines, for a file of a disk of this layout.
    ///
    /// # Errors
    /// `Unquotable` for a name with control characters, or with what the place
    /// has no way to write.
    pub fn with(self, file: &str, layout: Option<&Layout>) -> Result<String, Unquotable> {
        if file.is_empty() || file.chars().any(char::is_control) {
            return Err(Unquotable);
        }
        match self {
            Self::Command(words, inside) => {
                let name = inside.name(file)?;
                let words: Vec<String> = words.iter().map(|word| shell(&word.replace("{file}", &name))).collect();
                Ok(words.join(" "))
            }
            // The value goes to the end of its line; ends of it would be cut.
            Self::Lines(..) if file.trim() != file || file.contains(['"', '#', ';']) => Err(Unquotable),
            Self::Lines(_, lines) => Ok(lines.replace("{drive}", drive(layout)).replace("{file}", file)),
        }
    }

    /// The configuration file that the lines belong to.
    pub fn configuration(self) -> Option<&'static str> {
        match self {
            Self::Command(..) => None,
            Self::Lines(file, _) => Some(file),
        }
    }
}

impl Inside {
    fn name(self, file: &str) -> Result<String, Unquotable> {
        // What begins with a dash would be an option.
        let file = if file.starts_with('-') { format!("./{file}") } else { file.to_owned() };
        match self {
            Self::Plain => Ok(file),
            Self::Qemu => Ok(file.replace(',', ",,")),
            Self::Dos if file.contains(['"', '%']) => Err(Unquotable),
            Self::Dos => Ok(file),
        }
    }
}

/// The drive for a disk, as 86Box calls them (src/floppy/fdd.c).
fn drive(layout: Option<&Layout>) -> &'static str {
    let Some(layout) = layout else { return "35_2hd" };
    let rate = layout.zone(0, 0).map_or(Rate::DD, |zone| zone.rate);
    match layout.form {
        Form::Inch5 | Form::Inch8 if rate >= Rate::HD => "525_2hd",
        Form::Inch5 if layout.cylinders > 43 => "525_2qd",
        Form::Inch5 if layout.heads == 1 => "525_1dd",
        Form::Inch5 => "525_2dd",
        _ if rate >= Rate::ED => "35_2ed",
        _ if rate >= Rate::HD => "35_2hd",
        _ => "35_2dd",
    }
}

/// A word for a POSIX shell.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_sees_one_word_whatever_the_name() {
        let launch = Launch::Command(&["x", "-drive", "file={file},a=b"], Inside::Qemu);
        assert_eq!(launch.with("disk.img", None).unwrap(), "x -drive file=disk.img,a=b");
        assert_eq!(launch.with("a,b.img", None).unwrap(), "x -drive file=a,,b.img,a=b");
        assert_eq!(launch.with("it's $(x) `y`.img", None).unwrap(), "x -drive 'file=it'\\''s $(x) `y`.img,a=b'");
        let plain = Launch::Command(&["x", "{file}"], Inside::Plain);
        assert_eq!(plain.with("-rf.img", None).unwrap(), "x ./-rf.img");
        assert_eq!(plain.with("a\nb", None), Err(Unquotable));
        let dos = Launch::Command(&["dosbox", "-c", "imgmount a \"{file}\""], Inside::Dos);
        assert_eq!(dos.with("my disk.img", None).unwrap(), "dosbox -c 'imgmount a \"my disk.img\"'");
        assert_eq!(dos.with("a\"b.img", None), Err(Unquotable));
        let lines = Launch::Lines("86box.cfg", "type = {drive}\nfn = {file}\n");
        assert_eq!(
            lines.with("my {drive}.img", Layout::by_id("pc-360")).unwrap(),
            "type = 525_2dd\nfn = my {drive}.img\n"
        );
        assert_eq!(lines.with("a;b.img", None), Err(Unquotable));
    }
}
