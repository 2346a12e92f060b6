//! From a file's byte or a sector down to cells, ticks and bytes of the
//! container.

use std::ops::Range;

use floptical_flux::code::Code;
use floptical_flux::revolutions;
use floptical_model::{
    Context, Error, ErrorKind, Known, Place, Reading, Result, SectorEntry, Sighting, Slot, Span, Status, TrackAt,
};

use crate::extract::find;
use crate::{Disk, DiskTrack, volumes};

/// What to explain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A byte of a file, by its path and offset.
    File {
        /// Path in the volume.
        path: String,
        /// Offset of the byte.
        offset: u64,
    },
    /// A sector by track and recorded number.
    Number {
        /// Track, by the disk's own pitch.
        track: TrackAt,
        /// Recorded R.
        r: u8,
    },
    /// A slot by track and its ordinal.
    Slot {
        /// Track, by the disk's own pitch.
        track: TrackAt,
        /// Ordinal, 0-based.
        slot: usize,
    },
}

/// One step of the way down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The layer: `file`, `block`, `sector`, `id field`, `cells`, `ticks`, ...
    pub layer: &'static str,
    /// What stands there, in words.
    pub what: String,
    /// Where.
    pub span: Option<Span>,
}

fn step(layer: &'static str, what: impl Into<String>, span: Option<Span>) -> Step {
    Step { layer, what: what.into(), span }
}

/// The way down, each step with its span.
///
/// # Errors
/// `Unknown` when the disk holds no such file or sector.
pub fn explain(disk: &Disk, target: &Target, context: &Context) -> Result<Vec<Step>> {
    match target {
        Target::File { path, offset } => explain_file(disk, path, *offset, context),
        Target::Number { track, r } => {
            let on = find_track(disk, *track)?;
            let fits = |slot: &Slot| slot.chosen().sector_id().is_some_and(|id| id.r == *r);
            let slot = on.derived.sectors.slots.iter().position(fits);
            explain_slot(
                disk,
                on,
                slot.ok_or_else(|| unknown(format!("track {track} shows no sector {r}")))?,
                None,
                context,
            )
        }
        Target::Slot { track, slot } => explain_slot(disk, find_track(disk, *track)?, *slot, None, context),
    }
}

fn unknown(what: String) -> Error {
    Error::new(ErrorKind::Unknown, what)
}

fn find_track(disk: &Disk, track: TrackAt) -> Result<&DiskTrack> {
    disk.track(track).ok_or_else(|| unknown(format!("the image holds no track {track}")))
}

fn explain_file(disk: &Disk, path: &str, offset: u64, context: &Context) -> Result<Vec<Step>> {
    let (mounted, _) = volumes(disk, context)?;
    let found = find(&mounted, path);
    let Some((mounted, entry)) = found else { return Err(unknown(format!("there is no file `{path}`"))) };
    let what = format!("byte {offset} of {} ({} bytes) in {}", entry.path, entry.size, mounted.volume.kind());
    let mut steps = vec![step("file", what, None)];
    let mut before = 0;
    for piece in &entry.pieces {
        if offset < before + piece.len {
            let Some(at) = piece.start.map(|start| start + (offset - before)) else {
                steps.push(step("volume", "nothing says where it lies; it reads as zero", None));
                return Ok(steps);
            };
            let text = format!("byte {at} of the linear view");
            steps.push(step("volume", text, Some(Span::Volume { start: at, len: 1 })));
            steps.extend(explain_byte(disk, at, context)?);
            return Ok(steps);
        }
        before += piece.len;
    }
    Err(unknown(format!("only {before} bytes of `{path}` can be had")))
}

/// From a byte of the linear view on.
fn explain_byte(disk: &Disk, at: u64, context: &Context) -> Result<Vec<Step>> {
    let sectors = disk.sectors();
    let holds = |s: &&SectorEntry| s.offset.is_some_and(|o| (o..o + u64::from(s.size)).contains(&at));
    let Some(entry) = sectors.iter().find(holds) else {
        let blocks = disk.blocks()?;
        let Some(traced) = blocks.trace(at, 1).into_iter().next() else { return Ok(Vec::new()) };
        let mut steps = Vec::new();
        if let Place::Sectors { .. } = traced.place {
            steps.push(step("sector", traced.place.to_string(), None));
        }
        let container =
            traced.span.as_ref().map_or_else(|| traced.status.word().to_owned(), |span| in_file(disk, span));
        steps.push(step("container", container, traced.span));
        return Ok(steps);
    };
    let block = entry.offset.unwrap_or(0) / u64::from(entry.size.max(1));
    let byte = at - entry.offset.unwrap_or(0);
    let text = format!("block {block}, byte {byte} of it: {}", entry.place);
    let mut steps = vec![step("block", text, None)];
    let absent = match entry.status {
        Status::Unread => Some("nobody read this place"),
        Status::Missing if entry.id == Known::Unrecorded => Some("its track shows no such sector"),
        _ => None,
    };
    if let Some(words) = absent {
        steps.push(step("sector", words, None));
    } else if let Place::Slot { track, r: Some(r), nth } = &entry.place {
        let on = find_track(disk, *track)?;
        let with = |slot: &&Slot| slot.chosen().sector_id().is_some_and(|id| id.r == *r);
        let nth = usize::from(*nth);
        let ordinal = on.derived.sectors.slots.iter().enumerate().filter(|(_, s)| with(s)).nth(nth).map(|(i, _)| i);
        if let Some(ordinal) = ordinal {
            steps.extend(explain_slot(disk, on, ordinal, Some(byte), context)?);
        }
    }
    Ok(steps)
}

/// From a slot on, and from a byte of its data.
fn explain_slot(
    disk: &Disk,
    track: &DiskTrack,
    ordinal: usize,
    byte: Option<u64>,
    context: &Context,
) -> Result<Vec<Step>> {
    let slots = &track.derived.sectors.slots;
    let Some(slot) = slots.get(ordinal) else {
        return Err(unknown(format!("track {} shows {} slots, numbered from 0", track.logical, slots.len())));
    };
    let chosen = slot.chosen();
    let id = chosen.sector_id().map_or_else(|| "no id".to_owned(), |id| id.to_string());
    let rung = chosen.rung.map_or_else(String::new, |rung| format!(", read by {}", rung.words()));
    let text = format!(
        "slot {ordinal} of track {}: {id}, {}, {} ({}){rung}",
        track.logical,
        chosen.scheme.word(),
        slot.status().word(),
        slot.choice().words()
    );
    let mut steps = vec![step("sector", text, None)];
    for (layer, span) in [("id field", &chosen.id_span), ("data field", &chosen.data_span)] {
        if let Some(span) = span {
            steps.push(step(layer, span.to_string(), Some(span.clone())));
            steps.extend(below(disk, track, span, context)?);
        }
    }
    steps.extend(beside(track, ordinal));
    for span in byte.map_or_else(Vec::new, |byte| byte_spans(track, chosen, byte)) {
        let sure = byte.and_then(|byte| chosen.confidence.as_ref()?.get(usize::try_from(byte).ok()?).copied());
        let sure = sure.map_or_else(String::new, |db| format!(", any other reading at least {db} dB less likely"));
        steps.push(step("byte", format!("{span}{sure}"), Some(span.clone())));
        steps.extend(below(disk, track, &span, context)?);
    }
    Ok(steps)
}

/// What flux shows of a slot beside its fields: how it was written later, and
/// areas from its first field to that of the next slot.
fn beside(track: &DiskTrack, ordinal: usize) -> Vec<Step> {
    let survey = &track.derived.survey;
    let later =
        survey.rewritten.iter().filter(|one| one.slot == ordinal).map(|one| step("written later", one.words(), None));
    let mut steps: Vec<Step> = later.collect();
    let first = |slot: &Slot| match (&slot.chosen().id_span, &slot.chosen().data_span) {
        (Some(Span::Cells { start, .. }), _) | (None, Some(Span::Cells { start, .. })) => Some(*start),
        _ => None,
    };
    let slots = &track.derived.sectors.slots;
    let Some(from) = slots.get(ordinal).and_then(first) else { return steps };
    // The last slot is followed by the first, over the index.
    let (next, before) = match slots.get(ordinal + 1) {
        Some(next) => (first(next).unwrap_or(u64::MAX), 0),
        None => (u64::MAX, slots.first().and_then(first).unwrap_or(0)),
    };
    let is_beside = |start: u64| (from..next).contains(&start) || start < before;
    let revolution = track.derived.cells.as_ref().map_or(0, |cells| cells.revolution);
    for area in survey.areas.iter().filter(|area| is_beside(area.start)) {
        let span = Span::Cells { track: track.at, revolution, start: area.start, len: area.len };
        steps.push(step(area.kind.word(), format!("{span}: {}", area.evidence), Some(span)));
    }
    steps
}

/// What one byte of the data of a sector was read from: two spans where its odd
/// and even bits lie apart, none where the container has one byte for all.
fn byte_spans(track: &DiskTrack, sighting: &Sighting, byte: u64) -> Vec<Span> {
    let size = sighting.size();
    match (sighting.data_span.clone(), Code::of(sighting.scheme), usize::try_from(byte)) {
        (Some(Span::Cells { track: at, revolution, start, .. }), Some(code), Ok(byte)) => {
            let turn = track.derived.cells.as_ref().map_or(0, |cells| cells.bits.len() as u64);
            let span = |cells: Range<usize>| {
                let from = start + (code.data_offset() + cells.start) as u64;
                // A field may run over the index.
                let start = from.checked_rem(turn).unwrap_or(from);
                Span::Cells { track: at, revolution, start, len: cells.len() as u64 }
            };
            code.byte_parts(byte, size).into_iter().map(span).collect()
        }
        (Some(Span::File { file, start, len }), ..) if len == size as u64 => {
            vec![Span::File { file, start: start + byte, len: 1 }]
        }
        _ => Vec::new(),
    }
}

/// From cells down to ticks and bytes of the container.
fn below(disk: &Disk, track: &DiskTrack, span: &Span, context: &Context) -> Result<Vec<Step>> {
    let (Span::Cells { revolution, start, len, .. }, Some(floppy)) = (span, disk.image().as_floppy()) else {
        return Ok(Vec::new());
    };
    let Some(held) = floppy.tracks.get(track.at, context)? else { return Ok(Vec::new()) };
    let cells = *start..start.saturating_add(*len);
    let mut steps = Vec::new();
    for (index, reading) in held.readings.iter().enumerate() {
        let range = match reading {
            Reading::Flux(flux) => {
                let all = revolutions(flux, context)?;
                let Some(revolution) = all.get(usize::from(*revolution)) else { continue };
                let ticks = revolution.ticks(cells.clone());
                steps.push(ticks_step(track.at, index, &ticks, flux.clock));
                ticks
            }
            Reading::Cells(_) => cells.clone(),
            _ => continue,
        };
        if let Some(bytes) = floppy.tracks.locate(track.at, index, range, context) {
            steps.push(step("container", in_file(disk, &bytes), Some(bytes)));
        }
    }
    Ok(steps)
}

/// Bytes of a file of the image, with its name.
fn in_file(disk: &Disk, bytes: &Span) -> String {
    let name = match bytes {
        Span::File { file, .. } => disk.image().files.get(usize::from(*file)).map_or("", |f| &f.name),
        _ => return bytes.to_string(),
    };
    format!("{bytes} of {}", floptical_io::text::show(name.as_bytes()))
}

fn ticks_step(track: TrackAt, reading: usize, ticks: &Range<u64>, clock: floptical_model::Clock) -> Step {
    let len = ticks.end.saturating_sub(ticks.start);
    let reading = u16::try_from(reading).unwrap_or(u16::MAX);
    let text = format!(
        "ticks {} to {} of the capture ({} ns after its start, {} ns long)",
        ticks.start,
        ticks.end,
        clock.to_ps(ticks.start).nanoseconds(),
        clock.to_ps(len).nanoseconds()
    );
    step("ticks", text, Some(Span::Ticks { track, reading, start: ticks.start, len }))
}
