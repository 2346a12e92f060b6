//! What is printed: text with colours, tables, JSON.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::args::When;
use crate::failure::{Code, Failure};

/// What a verb says of one input.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Text for stdout, each line ended.
    pub(crate) text: String,
    /// Its exit code.
    pub(crate) code: Code,
    /// What is said on stderr: notes, failures.
    pub(crate) aside: Vec<Aside>,
    /// True when the input is no image and nobody named it.
    pub(crate) passed_over: bool,
}

/// A word on stderr.
#[derive(Debug, Clone)]
pub(crate) enum Aside {
    /// Worth knowing; `--quiet` hides it.
    Note(String),
    /// A failure.
    Failure(Failure),
}

impl Page {
    /// A page of text.
    pub(crate) fn new(text: String, code: Code) -> Self {
        Self { text, code, aside: Vec::new(), passed_over: false }
    }

    /// A failure and nothing else.
    pub(crate) fn failed(failure: Failure) -> Self {
        let code = failure.code;
        Self { aside: vec![Aside::Failure(failure)], ..Self::new(String::new(), code) }
    }
}

/// How a word looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Look {
    /// As it comes.
    #[default]
    Plain,
    /// A heading, a name.
    Strong,
    /// In the background.
    Faint,
    /// Well.
    Good,
    /// To be looked at.
    Warn,
    /// Wrong.
    Bad,
}

/// Whether to print colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour(bool);

impl Colour {
    /// What was asked for, for a stream that is a terminal or not.
    pub(crate) fn of(when: When, terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        Self(match when {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !set("NO_COLOR") && !dumb,
        })
    }

    /// For stdout.
    pub(crate) fn stdout(when: When) -> Self {
        Self::of(when, std::io::stdout().is_terminal())
    }

    /// For stderr.
    pub(crate) fn stderr(when: When) -> Self {
        Self::of(when, std::io::stderr().is_terminal())
    }

    /// The text in its look.
    pub(crate) fn paint(self, look: Look, text: &str) -> String {
        let code = match look {
            Look::Plain => return text.to_owned(),
            Look::Strong => "1",
            Look::Faint => "2",
            Look::Good => "32",
            Look::Warn => "33",
            Look::Bad => "31",
        };
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    text: String,
    look: Look,
    right: bool,
}

impl Cell {
    /// The same in a look.
    pub(crate) fn look(self, look: Look) -> Self {
        Self { look, ..self }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// A number, set to the right.
pub(crate) fn number(value: &impl ToString) -> Cell {
    Cell { text: value.to_string(), right: true, ..Cell::default() }
}

/// Rows in columns as wide as their widest cell. Columns without a word below
/// the head are left out.
#[derive(Debug, Default)]
pub(crate) struct Table {
    indent: usize,
    head: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with a head; an empty head has none.
    pub(crate) fn new(indent: usize, head: &[&str]) -> Self {
        let head = head.iter().map(|h| Cell::from(*h).look(Look::Faint)).collect();
        Self { indent, head, rows: Vec::new() }
    }

    /// Add a row.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The text of the table.
    pub(crate) fn print(&self, colour: Colour, out: &mut String) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |i: usize| self.rows.iter().filter_map(|r| r.get(i)).map(|c| c.text.width()).max().unwrap_or(0);
        let with_head = |(i, width): (usize, usize)| match (width, self.head.get(i)) {
            (1.., Some(head)) => head.text.width().max(width),
            _ => width,
        };
        let widths: Vec<usize> = (0..columns).map(width).enumerate().map(with_head).collect();
        let head = Some(&self.head).filter(|head| !head.is_empty());
        for row in head.into_iter().chain(&self.rows) {
            let mut line = " ".repeat(self.indent);
            let mut gap = 0;
            for (cell, width) in row.iter().zip(&widths).filter(|(_, w)| **w > 0) {
                let pad = width.saturating_sub(cell.text.width());
                let (before, after) = if cell.right { (pad, 0) } else { (0, pad) };
                line.push_str(&" ".repeat(gap + before));
                line.push_str(&colour.paint(cell.look, &cell.text));
                gap = after + 2;
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

/// A body with the name of its shape before it.
#[derive(Debug, Serialize)]
struct Document<'a, T: Serialize> {
    schema: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    #[serde(flatten)]
    body: &'a T,
}

/// A body as one line of JSON: the schema first, then the input.
pub(crate) fn json(verb: &str, input: Option<&str>, body: &impl Serialize) -> Result<String, Failure> {
    let document = Document { schema: format!("floptical/{verb}/0"), input, body };
    let line = serde_json::to_string(&document);
    line.map(|l| l + "\n").map_err(|e| Failure::new(Code::System, format!("the results cannot be written: {e}")))
}

/// A JSON value over several lines.
pub(crate) fn to_json_text(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// A number with the word it counts: `1 sector`, `2 sectors`.
pub(crate) fn counted(n: u64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// Write to stdout.
pub(crate) fn to_stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|e| Failure::stdout(&e))
}

/// Write a line to stderr. Nobody is left to tell when that fails.
pub(crate) fn to_stderr(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_by_what_is_seen() {
        let mut table = Table::new(2, &["name", "none", "n"]);
        table.row(vec!["ディスク".into(), "".into(), number(&7)]);
        table.row(vec!["a".into(), "".into(), number(&1234)]);
        let mut out = String::new();
        table.print(Colour(false), &mut out);
        assert_eq!(out, "  name      n\n  ディスク     7\n  a         1234\n");
        let mut bare = Table::new(0, &[]);
        bare.row(vec![Cell::from("x").look(Look::Bad), "".into(), "y".into()]);
        let mut out = String::new();
        bare.print(Colour(true), &mut out);
        assert_eq!(out, "\x1b[31mx\x1b[0m  y\n");
    }

    #[test]
    fn the_schema_comes_first() {
        #[derive(Serialize)]
        struct Body {
            a: u8,
        }
        assert_eq!(
            json("info", Some("x"), &Body { a: 1 }).unwrap(),
            "{\"schema\":\"floptical/info/0\",\"input\":\"x\",\"a\":1}\n"
        );
    }
}
