//! From a sheet and its files to an image.

use std::sync::Arc;

use floptical_io::{FileSet, Source, text::show};
use floptical_iso::cd::SYNC;
use floptical_model::finding::{CUE_FILE_NAME, CUE_NO_SHEET, FORMAT_TAIL};
use floptical_model::{
    Carrier, CdTrack, Code, Context, DiscRun, Error, ErrorKind, Finding, Findings, Held, Image, Index, Known, Lba,
    Opaque, Optical, Place, Policy, Result, SectorForm, Span, TrackMode,
};

use super::raw::FileKind;
use super::sheet::{LONGEST, Point, Sheet, SheetFile, SheetTrack, is_sheet, named_files, text_of};
use super::{HEAD, LINE, TAIL, name, wave};
use crate::disc::FileStore;
use crate::{Answer, Evidence, Probe, ReadOptions};

/// Bytes of a whole sector.
const RAW: u64 = 2352;
/// The same with sub-channels.
const RAW_AND_SUB: u64 = 2448;

pub(super) fn identify(probe: &mut Probe<'_>) -> Vec<Answer> {
    if probe.head().starts_with(&SYNC) {
        return sectors(probe).into_iter().collect();
    }
    let found = is_sheet(&text_of(probe.head())) || {
        // Remarks may stand before the first track.
        let text = probe.len() > Probe::HEAD as u64 && named_files(&text_of(probe.head())).next().is_some();
        let len = usize::try_from(probe.len()).unwrap_or(usize::MAX).min(Probe::CAP);
        text && probe.bytes(0, len).is_some_and(|bytes| is_sheet(&text_of(&bytes)))
    };
    let answer = || Answer::new(Evidence::STRUCTURE, "lines of a cue sheet: TRACK, and INDEX or FILE");
    found.then(answer).into_iter().collect()
}

/// Sectors with their sync, one after the other: a file whose sheet is not
/// there.
fn sectors(probe: &mut Probe<'_>) -> Option<Answer> {
    let mut begins = |at| at == probe.len() || probe.bytes(at, SYNC.len()).is_some_and(|bytes| bytes == SYNC);
    let reason = "sectors of a CD with sync and header";
    if begins(RAW) {
        return Some(Answer::new(Evidence::MAGIC, reason));
    }
    begins(RAW_AND_SUB).then(|| Answer {
        unread: Some("a file of CD sectors with sub-channels, without a sheet"),
        ..Answer::new(Evidence::MAGIC, reason)
    })
}

/// Which of the files with these names a sheet names.
pub(super) fn companions(sheet: &Source, names: &[&str]) -> Vec<usize> {
    let text = sheet.head(usize::try_from(LONGEST).unwrap_or(usize::MAX)).unwrap_or_default();
    named_files(&text_of(&text)).filter_map(|wanted| name::resolve(wanted, names)).collect()
}

pub(super) fn read(set: &FileSet, _: &ReadOptions<'_>, context: &Context) -> Result<Image> {
    for (index, source) in set.files().iter().enumerate() {
        if is_sheet(&text_of(&source.head(Probe::CAP)?)) {
            return read_sheet(set, index, context);
        }
    }
    let source = set.first().ok_or_else(|| Error::new(ErrorKind::Io, "there is no file to read"))?;
    read_lone(set, source, context)
}

fn image(set: &FileSet, disc: Optical) -> Image {
    Image {
        format: "cue",
        member: None,
        files: set.refs(),
        carrier: Carrier::Optical(disc),
        claims: Vec::new(),
        opaque: Vec::new(),
        findings: Findings::default(),
    }
}

/// A file of whole sectors without a sheet: one track, whose mode the first
/// header says.
fn read_lone(set: &FileSet, source: &Source, context: &Context) -> Result<Image> {
    const MODE: usize = 15;
    let head = source.head(usize::try_from(RAW).unwrap_or(0))?;
    let span = Span::file(0, head.len() as u64);
    let mode = match head.get(MODE) {
        Some(1) => TrackMode::Mode1,
        Some(2) => TrackMode::Mode2,
        _ => return Err(Error::malformed(span, "this is neither a cue sheet nor a file of CD sectors")),
    };
    if !head.starts_with(&SYNC) || (head.len() as u64) < RAW {
        return Err(Error::malformed(span, "this is neither a cue sheet nor a file of CD sectors"));
    }
    let sectors = count(source.len().checked_div(RAW).unwrap_or(0), &span)?;
    let held = Held::File { file: 0, offset: 0 };
    let run = DiscRun { start: Lba(0), sectors, form: SectorForm::Raw, held };
    let track = CdTrack {
        number: 1,
        session: Known::Unrecorded,
        mode: Known::Value(mode),
        control: Known::Unrecorded,
        isrc: None,
        text: Vec::new(),
        indexes: vec![Index { number: 1, at: Lba(0) }],
        runs: vec![run],
    };
    let store = Arc::new(FileStore::new(vec![source.clone()], [run]));
    let mut image = image(set, Optical { catalog: None, text: Vec::new(), tracks: vec![track], store });
    note(&mut image, &CUE_NO_SHEET, span, "its sectors are shown as one track".into());
    keep_tail(&mut image, source, 0, u64::from(sectors).saturating_mul(RAW), context)?;
    Ok(image)
}

/// How many sectors a run has, if they have addresses.
fn count(sectors: u64, at: &Span) -> Result<u32> {
    /// Far more than any disc has.
    const MOST: u64 = 1 << 24;
    let fits = u32::try_from(sectors).ok().filter(|_| sectors <= MOST);
    let too_many = || Error::unsupported(format!("a file of {sectors} sectors on a CD"));
    fits.ok_or_else(|| Error { at: Some(at.clone()), ..too_many() })
}

fn read_sheet(set: &FileSet, index: usize, context: &Context) -> Result<Image> {
    let source = set.files().get(index).ok_or_else(|| Error::new(ErrorKind::Io, "there is no file to read"))?;
    let number = file_number(index)?;
    if source.len() > LONGEST {
        let at = Span::File { file: number, start: LONGEST, len: source.len().saturating_sub(LONGEST) };
        return Err(Error::malformed(at, format!("{} bytes are too long for a cue sheet", source.len())));
    }
    let bytes = source.all(context)?;
    let mut sheet = Sheet::parse(&text_of(&bytes), number, context)?;
    let mut findings = std::mem::take(&mut sheet.findings);
    let files = open_files(&sheet, set, index, &mut findings)?;
    let (tracks, ends) = lay(&sheet, &files)?;
    let runs: Vec<DiscRun> = tracks.iter().flat_map(|t| t.runs.iter().copied()).collect();
    let store = Arc::new(FileStore::new(set.files().to_vec(), runs));
    let mut image = image(set, Optical { catalog: sheet.catalog, text: sheet.text, tracks, store });
    image.findings = findings;
    for (place, line, at) in sheet.lines {
        let bytes = Arc::from(line);
        image.opaque.push(Opaque { name: LINE.into(), place, bytes, policy: Policy::Verbatim, at });
    }
    for (file, end) in files.iter().zip(ends) {
        keep(&mut image, HEAD, file.source, file.index, 0..file.start, context)?;
        keep_tail(&mut image, file.source, file.index, end, context)?;
    }
    Ok(image)
}

fn file_number(index: usize) -> Result<u16> {
    u16::try_from(index).map_err(|_| Error::new(ErrorKind::Limit, "too many files"))
}

fn note(image: &mut Image, code: &'static Code, at: Span, what: String) {
    image.findings.push(Finding::new(code, at, Place::Whole, what));
}

/// Keep the bytes behind the last whole sector of a file.
fn keep_tail(image: &mut Image, source: &Source, file: u16, end: u64, context: &Context) -> Result<()> {
    let rest = source.len().saturating_sub(end);
    if rest > 0 {
        let at = Span::File { file, start: end, len: rest };
        let what = format!("{rest} bytes of {} follow its last whole sector", show(source.name().as_bytes()));
        note(image, &FORMAT_TAIL, at, what);
    }
    keep(image, TAIL, source, file, end..source.len(), context)
}

fn keep(
    image: &mut Image,
    name: &str,
    source: &Source,
    file: u16,
    range: std::ops::Range<u64>,
    context: &Context,
) -> Result<()> {
    let len = range.end.saturating_sub(range.start);
    if len > 0 {
        let bytes = Arc::from(source.bytes(range.start, len, context)?);
        let at = Span::File { file, start: range.start, len };
        image.opaque.push(Opaque { name: name.into(), place: Place::Whole, bytes, policy: Policy::DropIfChanged, at });
    }
    Ok(())
}

/// A file of a sheet, found beside it.
struct OpenFile<'a> {
    source: &'a Source,
    /// Index into the set.
    index: u16,
    kind: FileKind,
    /// Where its sectors begin and end.
    start: u64,
    end: u64,
}

fn open_files<'a>(sheet: &Sheet, set: &'a FileSet, own: usize, findings: &mut Findings) -> Result<Vec<OpenFile<'a>>> {
    // The sheet is no file of its own.
    let beside: Vec<(usize, &Source)> = set.files().iter().enumerate().filter(|(at, _)| *at != own).collect();
    let names: Vec<&str> = beside.iter().map(|(_, source)| source.name()).collect();
    let mut files: Vec<OpenFile<'_>> = Vec::new();
    for named in &sheet.files {
        let shown = show(&named.name);
        let found = name::resolve(&named.name, &names).and_then(|at| beside.get(at));
        let Some((index, source)) = found else {
            return Err(Error::malformed(named.at.clone(), format!("there is no file `{shown}` beside the sheet")));
        };
        let index = file_number(*index)?;
        if files.iter().any(|other| other.index == index) {
            return Err(Error::malformed(named.at.clone(), format!("`{shown}` is named twice")));
        }
        if source.name().as_bytes() != &*named.name {
            let what = format!("`{shown}` is named, and {} is there", show(source.name().as_bytes()));
            findings.push(Finding::new(&CUE_FILE_NAME, named.at.clone(), Place::Whole, what));
        }
        files.push(open_file(named, source, index)?);
    }
    Ok(files)
}

fn open_file<'a>(named: &SheetFile, source: &'a Source, index: u16) -> Result<OpenFile<'a>> {
    let (start, end) = match named.kind {
        FileKind::Wave => {
            let (start, len) = wave::samples(source, index)?;
            (start, start.saturating_add(len))
        }
        FileKind::Binary | FileKind::Motorola => (0, source.len()),
    };
    Ok(OpenFile { source, index, kind: named.kind, start, end })
}

/// Points of one track in one file, one after the other.
struct Segment<'a> {
    track: usize,
    file: usize,
    points: &'a [Point],
}

fn segments(sheet: &Sheet) -> Vec<Segment<'_>> {
    let of_track = |(track, sheet): (usize, &'_ SheetTrack)| -> Vec<(usize, usize)> {
        sheet.points.chunk_by(|a, b| a.file == b.file).map(|points| (track, points.len())).collect()
    };
    let mut all = Vec::new();
    for (track, count) in sheet.tracks.iter().enumerate().flat_map(of_track) {
        let Some(points) = sheet.tracks.get(track).map(|t| t.points.as_slice()) else { continue };
        let before: usize = all.iter().filter(|s: &&Segment<'_>| s.track == track).map(|s| s.points.len()).sum();
        let points = points.get(before..before.saturating_add(count)).unwrap_or_default();
        let file = points.first().map_or(0, |p| p.file);
        all.push(Segment { track, file, points });
    }
    all
}

/// Lay the tracks out: their sectors follow each other, with the gaps that are
/// only named between them. Gives also where the last sector of each file ends.
fn lay(sheet: &Sheet, files: &[OpenFile<'_>]) -> Result<(Vec<CdTrack>, Vec<u64>)> {
    let segments = segments(sheet);
    let mut ends: Vec<u64> = files.iter().map(|f| f.start).collect();
    let mut tracks: Vec<CdTrack> = Vec::new();
    let mut at = first_address(sheet);
    for (number, track) in sheet.tracks.iter().enumerate() {
        let mut laid = bare(track);
        if track.points.is_empty() {
            let what = format!("track {} has no INDEX", track.number);
            return Err(Error::malformed(track.at.clone(), what));
        }
        push_gap(&mut laid, &mut at, track.pregap);
        for (place, segment) in segments.iter().enumerate().filter(|(_, s)| s.track == number) {
            let (Some(file), Some(end)) = (files.get(segment.file), ends.get_mut(segment.file)) else { continue };
            let follows = |s: &&Segment<'_>| s.file == segment.file;
            let is_first = !segments.iter().take(place).any(|s| s.file == segment.file);
            let next = segments.iter().skip(place.saturating_add(1)).find(follows).and_then(|s| s.points.first());
            let run = stored(track, segment, file, is_first, next, (at, *end))?;
            let base = if is_first { 0 } else { segment.points.first().map_or(0, |p| p.sector) };
            let index = |p: &Point| Index { number: p.number, at: at.after(p.sector.saturating_sub(base)) };
            laid.indexes.extend(segment.points.iter().map(index));
            *end = end.saturating_add(u64::from(run.sectors).saturating_mul(run.form.size().into()));
            at = run.end();
            laid.runs.push(run);
        }
        push_gap(&mut laid, &mut at, track.postgap);
        tracks.push(laid);
    }
    Ok((tracks, ends))
}

/// Where the first sector lies that the sheet speaks of. Every disc has two
/// seconds before address 0: a pregap of the first track is those.
fn first_address(sheet: &Sheet) -> Lba {
    const ALWAYS: u32 = 150;
    let pregap = sheet.tracks.first().map_or(0, |track| track.pregap);
    Lba(i32::try_from(pregap.min(ALWAYS)).unwrap_or(0).saturating_neg())
}

fn bare(track: &SheetTrack) -> CdTrack {
    CdTrack {
        number: track.number,
        session: track.session.map_or(Known::Unrecorded, Known::Value),
        mode: Known::Value(track.mode),
        control: Known::Value(track.control),
        isrc: track.isrc.clone(),
        text: track.text.clone(),
        indexes: Vec::new(),
        runs: Vec::new(),
    }
}

fn push_gap(track: &mut CdTrack, at: &mut Lba, sectors: u32) {
    if sectors > 0 {
        let form = SectorForm::User;
        let run = DiscRun { start: *at, sectors, form, held: Held::Made };
        *at = run.end();
        track.runs.push(run);
    }
}

/// The sectors of a segment, as its file holds them: up to the next point of
/// another track, or to the end of the file.
fn stored(
    track: &SheetTrack,
    segment: &Segment<'_>,
    file: &OpenFile<'_>,
    is_first: bool,
    next: Option<&Point>,
    (start, offset): (Lba, u64),
) -> Result<DiscRun> {
    let form = form_in(track, file)?;
    let first = if is_first { 0 } else { segment.points.first().map_or(0, |p| p.sector) };
    let there = count(file.end.saturating_sub(offset).checked_div(form.size().into()).unwrap_or(0), &track.at)?;
    let sectors = next.map_or(there, |next| next.sector.saturating_sub(first));
    let beyond = segment.points.iter().chain(next).find(|p| p.sector.saturating_sub(first) > there);
    if let Some(point) = beyond {
        let what = format!("index {} lies behind the end of {}", point.number, show(file.source.name().as_bytes()));
        return Err(Error::truncated(point.at.clone(), what));
    }
    Ok(DiscRun { start, sectors, form, held: Held::File { file: file.index, offset } })
}

/// What a file keeps of the sectors of a track.
fn form_in(track: &SheetTrack, file: &OpenFile<'_>) -> Result<SectorForm> {
    let refused = |what: &str| {
        let what = format!("track {} of {what}", track.number);
        Err(Error { at: Some(track.at.clone()), ..Error::unsupported(what) })
    };
    match (file.kind, track.form) {
        (FileKind::Motorola, SectorForm::Audio) => Ok(SectorForm::AudioSwapped),
        (FileKind::Motorola, SectorForm::AudioSub) => refused("sectors with sub-channels in a MOTOROLA file"),
        (FileKind::Wave, form) if form != SectorForm::Audio => refused("data in a WAVE file"),
        (_, form) => Ok(form),
    }
}
