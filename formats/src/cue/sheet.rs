//! The lines of a cue sheet, as what they say.

use std::borrow::Cow;

use floptical_io::text::show;
use floptical_iso::cd::Msf;
use floptical_model::finding::{FORMAT_FIELDS_DIFFER, FORMAT_ODD_VALUE};
use floptical_model::{
    Code, Context, Control, DiscText, Error, Finding, Findings, Place, Result, SectorForm, Span, TrackMode,
};

use super::raw::{FLAGS, FileKind, KINDS, MODES, NOT_DECODED, TEXTS, find};

/// A sheet of more bytes is none.
pub(super) const LONGEST: u64 = 1 << 20;

/// Everything that a sheet says.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) catalog: Option<Box<[u8]>>,
    pub(super) text: Vec<DiscText>,
    pub(super) files: Vec<SheetFile>,
    pub(super) tracks: Vec<SheetTrack>,
    /// Lines that are not interpreted, with what they belong to.
    pub(super) lines: Vec<(Place, Box<[u8]>, Span)>,
    pub(super) findings: Findings,
    session: Option<u8>,
}

/// A file that a sheet names.
#[derive(Debug)]
pub(super) struct SheetFile {
    pub(super) name: Box<[u8]>,
    pub(super) kind: FileKind,
    pub(super) at: Span,
}

/// A track as a sheet has it.
#[derive(Debug)]
pub(super) struct SheetTrack {
    pub(super) number: u8,
    pub(super) mode: TrackMode,
    pub(super) form: SectorForm,
    pub(super) session: Option<u8>,
    pub(super) control: Control,
    pub(super) isrc: Option<Box<[u8]>>,
    pub(super) text: Vec<DiscText>,
    pub(super) pregap: u32,
    pub(super) postgap: u32,
    pub(super) points: Vec<Point>,
    pub(super) at: Span,
}

/// A point of a track within a file.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) number: u8,
    /// Index into the files of the sheet.
    pub(super) file: usize,
    /// Sectors from the start of the file.
    pub(super) sector: u32,
    pub(super) at: Span,
}

/// The text of a sheet in UTF-8 or whatever code its bytes are: a mark of the
/// byte order is taken off, UTF-16 is decoded.
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, [u8]> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
        Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(rest),
        _ => Cow::Borrowed(bytes),
    }
}

/// The lines of a text without the white space around them, each with its
/// place. They end in LF, CR or both.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0usize;
    text.split(|b| matches!(b, b'\n' | b'\r')).filter_map(move |line| {
        let start = at;
        at = at.saturating_add(line.len()).saturating_add(1);
        let trimmed = line.trim_ascii();
        let skipped = line.len().saturating_sub(line.trim_ascii_start().len());
        (!trimmed.is_empty()).then_some((start.saturating_add(skipped), trimmed))
    })
}

/// The first word of a line, and what follows it.
pub(super) fn first_word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
    (word, rest.trim_ascii_start())
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Without the quotes around it; a quote within stays.
fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}

/// The name and the type of a file. `None` when one is not there, or a quote is
/// not closed.
fn file_words(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let before_kind = rest.iter().rposition(u8::is_ascii_whitespace)?;
    let (name, kind) = rest.split_at_checked(before_kind)?;
    let (name, kind) = (name.trim_ascii_end(), kind.trim_ascii_start());
    let open = name.starts_with(b"\"") && (name.len() < 2 || !name.ends_with(b"\""));
    (!name.is_empty() && !open && !kind.contains(&b'"')).then_some((unquoted(name), kind))
}

/// The names of the files of a sheet, whatever else stands in it.
pub(super) fn named_files(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let command = |line| Some(first_word(line)).filter(|(word, _)| word.eq_ignore_ascii_case(b"FILE"));
    lines(text).filter_map(move |(_, line)| Some(file_words(command(line)?.1)?.0))
}

/// True for a text with the lines that make a sheet.
pub(super) fn is_sheet(text: &[u8]) -> bool {
    let has = |command: &str| lines(text).any(|(_, line)| first_word(line).0.eq_ignore_ascii_case(command.as_bytes()));
    has("TRACK") && (has("INDEX") || has("FILE"))
}

impl Sheet {
    /// Read a text that stands in the file with index `file`.
    ///
    /// # Errors
    /// What cannot be understood, with its line.
    pub(super) fn parse(text: &[u8], file: u16, context: &Context) -> Result<Self> {
        let mut sheet = Self::default();
        for (start, line) in lines(text) {
            context.step(1)?;
            let at = Span::File { file, start: start as u64, len: line.len() as u64 };
            sheet.command(line, &at)?;
        }
        Ok(sheet)
    }

    fn command(&mut self, line: &[u8], at: &Span) -> Result<()> {
        let (word, rest) = first_word(line);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if let Some((_, kind)) = find(&TEXTS, word, |row| row.0) {
            let text = DiscText { kind: *kind, raw: unquoted(rest).into(), at: at.clone() };
            self.texts().push(text);
            return Ok(());
        }
        match () {
            () if is("FILE") => self.file(rest, at),
            () if is("TRACK") => self.track(rest, at),
            () if is("INDEX") => self.index(rest, at),
            () if is("PREGAP") => {
                let frames = time(rest, at)?;
                self.current("PREGAP", at).map(|track| track.pregap = frames)
            }
            () if is("POSTGAP") => {
                let frames = time(rest, at)?;
                self.current("POSTGAP", at).map(|track| track.postgap = frames)
            }
            () if is("FLAGS") => self.flags(rest, at),
            () if is("ISRC") => self.isrc(line, rest, at),
            () if is("CATALOG") => {
                self.catalog(line, rest, at);
                Ok(())
            }
            () if is("REM") => {
                self.remark(line, rest, at);
                Ok(())
            }
            () => {
                self.keep(line, at);
                let what = format!("the command `{}` is not known; its line is kept", show(word));
                self.note(&FORMAT_ODD_VALUE, at, what);
                Ok(())
            }
        }
    }

    /// What a line belongs to: the last track, or the disc before the first.
    fn place(&self) -> Place {
        self.tracks.last().map_or(Place::Whole, |track| Place::CdTrack(track.number))
    }

    fn texts(&mut self) -> &mut Vec<DiscText> {
        self.tracks.last_mut().map_or(&mut self.text, |track| &mut track.text)
    }

    fn current(&mut self, command: &str, at: &Span) -> Result<&mut SheetTrack> {
        let what = || Error::malformed(at.clone(), format!("{command} stands before the first TRACK"));
        self.tracks.last_mut().ok_or_else(what)
    }

    fn keep(&mut self, line: &[u8], at: &Span) {
        self.lines.push((self.place(), line.into(), at.clone()));
    }

    fn note(&mut self, code: &'static Code, at: &Span, what: String) {
        self.findings.push(Finding::new(code, at.clone(), self.place(), what));
    }

    fn file(&mut self, rest: &[u8], at: &Span) -> Result<()> {
        let malformed = |what: &str| Error::malformed(at.clone(), format!("FILE {what}"));
        let Some((name, kind)) = file_words(rest) else {
            return Err(malformed("needs a name, in quotes where it has spaces, and a type"));
        };
        if find(&NOT_DECODED, kind, |word| word).is_some() {
            let what = format!("sound in {} ({})", show(kind), show(name));
            return Err(Error { at: Some(at.clone()), ..Error::unsupported(format!("{what} is not decoded here")) });
        }
        let Some((_, kind)) = find(&KINDS, kind, |row| row.0) else {
            return Err(malformed(&format!("has the type `{}`, which is none", show(kind))));
        };
        self.files.push(SheetFile { name: name.into(), kind: *kind, at: at.clone() });
        Ok(())
    }

    fn track(&mut self, rest: &[u8], at: &Span) -> Result<()> {
        let mut words = words(rest);
        let (number, mode) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let malformed = |what: String| Error::malformed(at.clone(), what);
        let number = number_in(number, 1, 99);
        let number = number.ok_or_else(|| malformed("TRACK needs a number from 1 to 99".into()))?;
        let Some((_, mode, form)) = find(&MODES, mode, |row| row.0) else {
            return Err(malformed(format!("track {number} has the mode `{}`, which is none", show(mode))));
        };
        if let Some(last) = self.tracks.last().filter(|last| last.number >= number) {
            return Err(malformed(format!("track {number} stands behind track {}", last.number)));
        }
        if self.files.is_empty() {
            return Err(malformed(format!("track {number} stands before the first FILE")));
        }
        self.tracks.push(SheetTrack {
            number,
            mode: *mode,
            form: *form,
            session: self.session,
            control: Control::default(),
            isrc: None,
            text: Vec::new(),
            pregap: 0,
            postgap: 0,
            points: Vec::new(),
            at: at.clone(),
        });
        Ok(())
    }

    fn index(&mut self, rest: &[u8], at: &Span) -> Result<()> {
        let (number, rest) = first_word(rest);
        let malformed = |what: String| Error::malformed(at.clone(), what);
        let number = number_in(number, 0, 99).ok_or_else(|| malformed("INDEX needs a number from 0 to 99".into()))?;
        let sector = time(rest, at)?;
        let file = self.files.len().saturating_sub(1);
        let before = self.tracks.iter().rev().find_map(|t| t.points.last()).filter(|p| p.file == file);
        if before.is_some_and(|point| point.sector > sector) {
            return Err(malformed(format!("index {number} lies before the point that stands before it")));
        }
        let track = self.current("INDEX", at)?;
        if track.points.last().is_some_and(|point| point.number >= number) {
            return Err(malformed(format!("track {} has index {number} out of order", track.number)));
        }
        track.points.push(Point { number, file, sector, at: at.clone() });
        Ok(())
    }

    fn flags(&mut self, rest: &[u8], at: &Span) -> Result<()> {
        let mut unknown = Vec::new();
        for word in words(rest) {
            match find(&FLAGS, word, |row| row.0) {
                Some((_, bit)) => {
                    let track = self.current("FLAGS", at)?;
                    track.control = track.control | *bit;
                }
                None => unknown.push(word),
            }
        }
        if !unknown.is_empty() {
            let rest = unknown.join(&b' ');
            self.note(&FORMAT_ODD_VALUE, at, format!("the flags `{}` are not known; they are kept", show(&rest)));
            self.keep(&[b"FLAGS ", &*rest].concat(), at);
        }
        Ok(())
    }

    fn isrc(&mut self, line: &[u8], rest: &[u8], at: &Span) -> Result<()> {
        /// Country, owner, year and number.
        const LEN: usize = 12;
        let code = unquoted(rest);
        let track = self.current("ISRC", at)?;
        if code.is_empty() || track.isrc.is_some() {
            self.twice("ISRC", line, at);
            return Ok(());
        }
        track.isrc = Some(code.into());
        if code.len() != LEN || !code.iter().all(u8::is_ascii_alphanumeric) {
            self.note(&FORMAT_ODD_VALUE, at, format!("the recording code `{}` is none", show(code)));
        }
        Ok(())
    }

    fn catalog(&mut self, line: &[u8], rest: &[u8], at: &Span) {
        /// A code of the European Article Number.
        const LEN: usize = 13;
        let code = unquoted(rest);
        if code.is_empty() || self.catalog.is_some() {
            self.twice("CATALOG", line, at);
            return;
        }
        self.catalog = Some(code.into());
        if code.len() != LEN || !code.iter().all(u8::is_ascii_digit) {
            self.note(&FORMAT_ODD_VALUE, at, format!("the catalogue number `{}` has not 13 digits", show(code)));
        }
    }

    /// A line that says nothing, or another thing than one before it.
    fn twice(&mut self, command: &str, line: &[u8], at: &Span) {
        self.keep(line, at);
        self.note(&FORMAT_FIELDS_DIFFER, at, format!("{command} is empty or there twice; its line is kept"));
    }

    /// `REM SESSION n` begins a session; other remarks are kept.
    fn remark(&mut self, line: &[u8], rest: &[u8], at: &Span) {
        let (word, rest) = first_word(rest);
        let session = word.eq_ignore_ascii_case(b"SESSION").then(|| number_in(rest, 1, 99)).flatten();
        match session {
            Some(session) => self.session = Some(session),
            None => self.keep(line, at),
        }
    }
}

/// A decimal number of at most three digits, within bounds.
fn number_in(word: &[u8], least: u8, most: u8) -> Option<u8> {
    let digits = word.len() <= 3 && word.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(word).ok().filter(|_| digits)?.parse().ok()?;
    (least..=most).contains(&number).then_some(number)
}

/// A time as minutes, seconds and frames, in sectors.
fn time(rest: &[u8], at: &Span) -> Result<u32> {
    let mut parts = rest.split(|b| *b == b':').map(|part| number_in(part, 0, 99));
    let parsed = match [parts.next(), parts.next(), parts.next(), parts.next()].map(Option::flatten) {
        [Some(minute), Some(second), Some(frame), None] => Msf { minute, second, frame }.frames(),
        _ => None,
    };
    parsed.filter(|_| rest.iter().filter(|b| **b == b':').count() == 2).ok_or_else(|| {
        let what = format!("`{}` is no time: minutes up to 99, seconds up to 59, frames up to 74", show(rest));
        Error::malformed(at.clone(), what)
    })
}
