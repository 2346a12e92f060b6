//! From an image to a sheet and its files: `fit` decides, `emit` writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use floptical_io::{Output, text::safe_name};
use floptical_iso::cd::{Msf, RAW, Sector, Shape, encode};
use floptical_model::{
    Carrier, CdTrack, Context, Control, DiscRun, DiscText, Error, ErrorKind, Fact, FileRef, Findings, Held, Image,
    Index, Known, Lba, Opaque, Optical, Place, Result, SectorForm, SectorStore, Span, TrackMode,
};

use super::raw::{FLAGS, TEXTS, mode_word};
use super::{HEAD, LINE, TAIL};
use crate::disc::copy_run;
use crate::{Fitted, NotFitted};

/// The names of a sheet and of its file, where the image has none of its own.
const SHEET: &str = "disc.cue";
const BIN: &str = "disc.bin";

/// The disc as a sheet can say it. Sectors of which only the user data is known
/// are made whole.
pub(super) fn fit(source: &Image, _: &Context) -> Fitted {
    let Some(disc) = source.as_optical() else {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "a cue sheet speaks of an optical disc"));
    };
    let own = source.format == "cue";
    let mut fitted = if own { disc.clone() } else { whole_sectors(disc)? };
    if fitted.tracks.is_empty() || fitted.tracks.iter().all(|t| t.runs.is_empty()) {
        return Err(NotFitted::refuse(Fact::Exists, Place::Whole, "there is nothing to write"));
    }
    for track in &mut fitted.tracks {
        check_track(track)?;
        // Where a sheet says nothing of a track's bits, none is set.
        track.control = Known::Value(track.control.copied().unwrap_or_default());
    }
    let file = |name: &str, len| FileRef { name: name.into(), len };
    Ok(Image {
        format: "cue",
        member: None,
        files: if own { source.files.clone() } else { vec![file(BIN, 0), file(SHEET, 0)] },
        carrier: Carrier::Optical(fitted),
        claims: Vec::new(),
        opaque: if own { source.opaque.clone() } else { Vec::new() },
        findings: Findings::default(),
    })
}

/// See that a sheet has words for a track.
fn check_track(track: &mut CdTrack) -> Result<(), NotFitted> {
    let place = Place::CdTrack(track.number);
    let Some(mode) = track.mode.copied() else {
        let reason = "a disc without modes (DVD and later), and a cue sheet has them";
        return Err(NotFitted::refuse(Fact::TrackMode, place, reason));
    };
    track.mode = Known::Value(mode);
    if let Some(run) = track.runs.iter().find(|run| run.held != Held::Made && mode_word(mode, run.form).is_none()) {
        let at = Place::Sectors { track: track.number, start: run.start, count: run.sectors };
        return Err(NotFitted::refuse(
            Fact::TrackMode,
            at,
            format!("a sheet has no word for {} like these", mode.word()),
        ));
    }
    if Msf::of(Lba(track.end().0.saturating_sub(1))).is_none() {
        return Err(NotFitted::refuse(Fact::Exists, place, "a CD has no addresses of 100 minutes and more"));
    }
    Ok(())
}

/// The disc in one file, its sectors of data whole.
fn whole_sectors(disc: &Optical) -> Result<Optical, NotFitted> {
    let mut offset = 0u64;
    let mut fitted = disc.clone();
    for track in &mut fitted.tracks {
        for run in track.runs.iter_mut().filter(|run| run.held != Held::Made) {
            run.form = if run.form == SectorForm::User && track.mode.copied() == Some(TrackMode::Mode1) {
                SectorForm::Raw
            } else {
                run.form
            };
            run.held = Held::File { file: 0, offset };
            offset = offset.saturating_add(u64::from(run.sectors).saturating_mul(run.form.size().into()));
        }
    }
    fitted.store = Arc::new(WholeStore { disc: disc.clone() });
    Ok(fitted)
}

/// Whole sectors of mode 1, made of the user data of another disc; what the
/// other disc keeps otherwise is as it is.
struct WholeStore {
    disc: Optical,
}

impl SectorStore for WholeStore {
    fn read(&self, at: Lba, buffer: &mut [u8], context: &Context) -> Result<()> {
        let kept = self.disc.track_at(at).and_then(|track| track.run_at(at));
        if kept.is_none_or(|run| run.form != SectorForm::User) {
            return self.disc.store.read(at, buffer, context);
        }
        let (sectors, _) = buffer.as_chunks_mut::<RAW>();
        let size = usize::from(SectorForm::User.size());
        let mut user = vec![0; sectors.len().saturating_mul(size)];
        self.disc.store.read(at, &mut user, context)?;
        for ((sector, user), n) in sectors.iter_mut().zip(user.chunks_exact(size)).zip(0..) {
            let at = at.after(n);
            let made = Sector::of(Some(TrackMode::Mode1), SectorForm::User, at, user);
            sector.copy_from_slice(made.part(0..RAW));
            encode(Shape::Mode1, at, sector);
        }
        Ok(())
    }
}

/// Write a fitted image: the sheet, then its files.
pub(super) fn emit(image: &Image, out: &mut dyn Output, context: &Context) -> Result<()> {
    let disc = image.as_optical().ok_or_else(not_fitted)?;
    let names = Names::of(image, disc);
    out.begin(&names.sheet)?;
    out.write(&Writer { image, names: &names, text: Vec::new(), file: None, sectors: 0 }.sheet(disc)?)?;
    let runs: Vec<&DiscRun> = disc.tracks.iter().flat_map(|t| &t.runs).collect();
    for (file, name) in &names.files {
        out.begin(name)?;
        part(image, HEAD, *file).map_or(Ok(()), |head| out.write(&head.bytes))?;
        for run in runs.iter().filter(|run| file_of(run) == Some(*file)) {
            copy_run(&*disc.store, run, out, context)?;
        }
        part(image, TAIL, *file).map_or(Ok(()), |tail| out.write(&tail.bytes))?;
    }
    Ok(())
}

fn not_fitted() -> Error {
    Error::new(ErrorKind::Malformed, "the image was not fitted to a cue sheet")
}

fn file_of(run: &DiscRun) -> Option<u16> {
    match run.held {
        Held::File { file, .. } => Some(file),
        Held::Made => None,
    }
}

/// What is kept of a file besides its sectors.
fn part<'a>(image: &'a Image, name: &str, file: u16) -> Option<&'a Opaque> {
    let of_file = |o: &Opaque| matches!(o.at, Span::File { file: own, .. } if own == file);
    image.opaque.iter().find(|o| o.name == name && of_file(o))
}

/// The names that the files will have: their own, made safe, no two alike.
struct Names {
    sheet: String,
    /// By index in the image, in the order of the disc.
    files: Vec<(u16, String)>,
}

impl Names {
    fn of(image: &Image, disc: &Optical) -> Self {
        let mut order: Vec<u16> = disc.tracks.iter().flat_map(|t| t.runs.iter().filter_map(file_of)).collect();
        let mut seen = BTreeSet::new();
        order.retain(|file| seen.insert(*file));
        let is_sheet = |name: &str| name.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("cue"));
        let sheet = (0..).zip(&image.files).find(|(at, f)| !seen.contains(at) && is_sheet(&f.name));
        let sheet = sheet.map_or_else(|| SHEET.to_owned(), |(_, f)| safe_name(&f.name));
        let mut taken = BTreeSet::from([sheet.to_lowercase()]);
        let mut files = Vec::new();
        for file in order {
            let own = image.files.get(usize::from(file)).map_or(BIN, |f| &f.name);
            let mut name = safe_name(own);
            while !taken.insert(name.to_lowercase()) {
                name.insert(0, '_');
            }
            files.push((file, name));
        }
        Self { sheet, files }
    }

    fn file(&self, file: u16) -> Option<&str> {
        self.files.iter().find(|(own, _)| *own == file).map(|(_, name)| name.as_str())
    }
}

/// Writes the lines of a sheet.
struct Writer<'a> {
    image: &'a Image,
    names: &'a Names,
    text: Vec<u8>,
    /// The file that the lines count in.
    file: Option<u16>,
    /// Its sectors that were passed.
    sectors: u32,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize, parts: &[&[u8]]) {
        self.text.resize(self.text.len().saturating_add(depth.saturating_mul(2)), b' ');
        self.text.extend_from_slice(&parts.concat());
        self.text.push(b'\n');
    }

    /// Lines that are kept as they are.
    fn kept(&mut self, depth: usize, place: &Place) {
        let image = self.image;
        for line in image.opaque.iter().filter(|o| o.name == LINE && o.place == *place) {
            self.line(depth, &[&line.bytes]);
        }
    }

    fn texts(&mut self, depth: usize, texts: &[DiscText]) {
        for text in texts {
            if let Some((word, _)) = TEXTS.iter().find(|(_, kind)| *kind == text.kind) {
                self.line(depth, &[word.as_bytes(), b" \"", &text.raw, b"\""]);
            }
        }
    }

    fn code(&mut self, depth: usize, command: &[u8], code: &[u8]) {
        let plain = !code.is_empty() && code.iter().all(u8::is_ascii_alphanumeric);
        let quote: &[u8] = if plain { b"" } else { b"\"" };
        self.line(depth, &[command, b" ", quote, code, quote]);
    }

    fn sheet(mut self, disc: &Optical) -> Result<Vec<u8>> {
        self.kept(0, &Place::Whole);
        if let Some(catalog) = &disc.catalog {
            self.code(0, b"CATALOG", catalog);
        }
        self.texts(0, &disc.text);
        let mut session = None;
        for track in &disc.tracks {
            let own = track.session.copied();
            if let Some(number) = own.filter(|_| own != session) {
                self.line(0, &[b"REM SESSION ", format!("{number:02}").as_bytes()]);
                session = own;
            }
            self.track(track)?;
        }
        Ok(self.text)
    }

    fn track(&mut self, track: &CdTrack) -> Result<()> {
        let held: Vec<&DiscRun> = track.runs.iter().filter(|run| run.held != Held::Made).collect();
        let (Some(first), Some(mode)) = (held.first(), track.mode.copied()) else { return Err(not_fitted()) };
        let word = mode_word(mode, first.form).ok_or_else(not_fitted)?;
        self.enter(first)?;
        self.line(1, &[format!("TRACK {:02} {word}", track.number).as_bytes()]);
        self.kept(2, &Place::CdTrack(track.number));
        self.texts(2, &track.text);
        let control = track.control.copied().unwrap_or_default();
        let flags: Vec<&str> = FLAGS.iter().filter(|(_, bit)| control.has(*bit)).map(|(word, _)| *word).collect();
        if control != Control::default() {
            self.line(2, &[b"FLAGS ", flags.join(" ").as_bytes()]);
        }
        if let Some(isrc) = &track.isrc {
            self.code(2, b"ISRC", isrc);
        }
        let gap = |made: &[DiscRun]| made.iter().fold(0u32, |sum, run| sum.saturating_add(run.sectors));
        let at = |run: &&DiscRun| track.runs.iter().position(|r| r == *run).unwrap_or(0);
        let last = held.last().map_or(0, at);
        self.gap(b"PREGAP", gap(track.runs.get(..at(first)).unwrap_or_default()))?;
        let mut points = track.indexes.iter().peekable();
        for (n, run) in held.iter().enumerate() {
            self.enter(run)?;
            let is_last = n.saturating_add(1) == held.len();
            while let Some(index) = points.next_if(|index| is_last || index.at < run.end()) {
                self.point(index, run)?;
            }
            self.sectors = self.sectors.saturating_add(run.sectors);
        }
        self.gap(b"POSTGAP", gap(track.runs.get(last.saturating_add(1)..).unwrap_or_default()))
    }

    /// Begin the file of a run where it is another than before.
    fn enter(&mut self, run: &DiscRun) -> Result<()> {
        let file = file_of(run).ok_or_else(not_fitted)?;
        if self.file != Some(file) {
            let name = self.names.file(file).ok_or_else(not_fitted)?.to_owned();
            let kind = match run.form {
                SectorForm::AudioSwapped => "MOTOROLA",
                _ if part(self.image, HEAD, file).is_some() => "WAVE",
                _ if self.is_swapped(file) => "MOTOROLA",
                _ => "BINARY",
            };
            self.line(0, &[b"FILE \"", name.as_bytes(), b"\" ", kind.as_bytes()]);
            (self.file, self.sectors) = (Some(file), 0);
        }
        Ok(())
    }

    /// True when another track has swapped samples in the same file.
    fn is_swapped(&self, file: u16) -> bool {
        let runs = self.image.as_optical().into_iter().flat_map(|disc| disc.tracks.iter().flat_map(|t| &t.runs));
        runs.into_iter().any(|run| file_of(run) == Some(file) && run.form == SectorForm::AudioSwapped)
    }

    fn point(&mut self, index: &Index, run: &DiscRun) -> Result<()> {
        let sector = self.sectors.saturating_add(index.at.since(run.start));
        let time = Msf::of_frames(sector).ok_or_else(not_fitted)?;
        self.line(2, &[format!("INDEX {:02} {time}", index.number).as_bytes()]);
        Ok(())
    }

    fn gap(&mut self, command: &[u8], sectors: u32) -> Result<()> {
        if sectors > 0 {
            let time = Msf::of_frames(sectors).ok_or_else(not_fitted)?;
            self.line(2, &[command, b" ", time.to_string().as_bytes()]);
        }
        Ok(())
    }
}
