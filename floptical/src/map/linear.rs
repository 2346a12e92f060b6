//! What is read from its beginning to its end, as bars: a block device by its
//! runs, a disc by its tracks.

use floptical_iso::cd::each_sector;
use floptical_model::picture::{Bar, Linear, State, Stretch};
use floptical_model::{BlockDevice, CdTrack, Context, DiscRun, Extent, Held, Lba, Optical, Result, SectorForm};

/// A linear carrier as one bar of its runs.
pub(super) fn device(device: &BlockDevice) -> Linear {
    let stretch = |run: floptical_model::Run| {
        let (state, word) = match run.extent {
            Extent::Data => (State::Unverified, "data"),
            Extent::Zero => (State::UnverifiedFiller, "zeros"),
            Extent::Hole => (State::Missing, "nothing stored"),
            Extent::Bad => (State::BadCheck, "could not be read"),
            _ => (State::Unread, "not read"),
        };
        let label = format!("bytes {}+{}: {word}", run.start, run.len);
        Stretch { start: run.start, len: run.len, state, name: String::new(), label }
    };
    let stretches = device.content.runs(0, device.len).into_iter().map(stretch).collect();
    Linear { unit: "byte", len: device.len, bars: vec![Bar { label: "blocks".into(), stretches }] }
}

/// A disc as the bar of its tracks: data as far as the detection code of each
/// sector says, where the image holds it.
///
/// # Errors
/// What stops the reading.
pub(super) fn disc(disc: &Optical, context: &Context) -> Result<Linear> {
    let origin = disc.tracks.iter().map(CdTrack::start).min().unwrap_or(Lba(0));
    let end = disc.tracks.iter().map(CdTrack::end).max().unwrap_or(origin);
    let mut stretches = Vec::new();
    for track in &disc.tracks {
        let mut parts = Vec::new();
        for run in &track.runs {
            context.entry(1)?;
            read_run(disc, track, run, &mut parts, context)?;
        }
        let longest = parts.iter().map(|part| part.len).max();
        let kind = track.mode.copied().map_or("data", |mode| mode.word());
        for part in parts {
            let first = longest == Some(part.len) && stretches.iter().all(|s: &Stretch| s.name != name(track));
            let meaning = part.state.meaning();
            stretches.push(Stretch {
                start: part.start.since(origin).into(),
                len: part.len,
                state: part.state,
                name: if first { name(track) } else { String::new() },
                label: format!(
                    "track {} ({kind}), {} sectors from {}: {meaning}",
                    track.number, part.len, part.start.0
                ),
            });
        }
    }
    let bars = vec![Bar { label: "tracks".into(), stretches }];
    Ok(Linear { unit: "sector", len: end.since(origin).into(), bars })
}

fn name(track: &CdTrack) -> String {
    format!("{:02}", track.number)
}

/// Sectors in a row of one state.
struct Part {
    start: Lba,
    len: u64,
    state: State,
}

/// Add the sectors of a run, and join them to what they continue.
fn read_run(disc: &Optical, track: &CdTrack, run: &DiscRun, parts: &mut Vec<Part>, context: &Context) -> Result<()> {
    let mut add = |start: Lba, len: u64, state: State| match parts.last_mut() {
        Some(last) if last.state == state => last.len += len,
        _ => parts.push(Part { start, len, state }),
    };
    let whole = |state| (run.start, u64::from(run.sectors), state);
    let (start, len, state) = match run.held {
        Held::Made => whole(State::Gap),
        Held::File { .. } if !track.is_data() => whole(State::Audio),
        Held::File { .. } if run.form == SectorForm::User => whole(State::Unverified),
        Held::File { .. } => {
            return each_sector(disc, track, run.start..run.end(), context, &mut |sector| {
                add(sector.at, 1, State::of(sector.status(), false));
                Ok(())
            });
        }
    };
    if len > 0 {
        add(start, len, state);
    }
    Ok(())
}
