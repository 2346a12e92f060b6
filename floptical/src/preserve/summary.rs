//! A carrier in a few words.

use floptical_io::FileSet;
use floptical_io::text::show;

use crate::shape::{CheckShape, Mood, PageImageShape, PageShape, SummaryShape};

/// The files of an image in words.
pub(super) fn title_of(files: &FileSet, member: Option<&str>, side: Option<char>) -> String {
    let name = |source: Option<&floptical_io::Source>| source.map_or(String::new(), |s| show(s.name().as_bytes()));
    let inside = member.map_or_else(String::new, |m| format!("!{}", show(m.as_bytes())));
    let side = side.map_or_else(String::new, |s| format!(" (side {s})"));
    match files.files() {
        [first, .., last] => format!("{} to {}{inside}{side}", name(Some(first)), name(Some(last))),
        all => format!("{}{inside}{side}", name(all.first())),
    }
}

/// The sectors of an image in words.
pub(super) fn state_of(image: &PageImageShape) -> String {
    match &image.check {
        None => "not read".into(),
        Some(check) if check.states.is_empty() => "no sectors were recognised".into(),
        Some(check) => {
            let mut states: Vec<_> = check.states.iter().collect();
            states.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
            let states: Vec<String> = states.into_iter().map(|(state, n)| format!("{n} {state}")).collect();
            format!("Sectors: {}", states.join(", "))
        }
    }
}

fn mood(image: &PageImageShape) -> Mood {
    let Some(check) = &image.check else { return Mood::Worry };
    let verified = check.states.get("good").copied().unwrap_or(0);
    match check {
        CheckShape { damaged: true, .. } => Mood::Worry,
        _ if sectors(image) == 0 => Mood::Worry,
        _ if verified == 0 || image.size_only => Mood::Guess,
        _ => Mood::Fine,
    }
}

/// A worry about one image is one about the carrier; one image that is good
/// speaks for those that nothing verifies.
fn mood_of(images: &[PageImageShape]) -> Mood {
    let moods: Vec<Mood> = images.iter().map(mood).collect();
    let has = |mood| moods.contains(&mood);
    if has(Mood::Worry) {
        Mood::Worry
    } else if has(Mood::Fine) {
        Mood::Fine
    } else {
        Mood::Guess
    }
}

fn sectors(image: &PageImageShape) -> u64 {
    image.check.iter().flat_map(|c| c.states.values()).sum()
}

/// What an image is, in words.
fn what(image: &PageImageShape) -> String {
    let Some(found) = &image.found else { return "Nothing here knows it".into() };
    let guess = if image.size_only { "Perhaps " } else { "" };
    let mut words = format!("{guess}{}", found.name);
    if let Some(layout) = image.info.as_ref().and_then(|i| i.layout.as_ref()) {
        words = format!("{words}: {layout}");
    }
    let mut kinds: Vec<&str> = image.info.iter().flat_map(|i| i.volumes.iter().map(|v| v.kind.as_str())).collect();
    kinds.dedup();
    if !kinds.is_empty() {
        words = format!("{words}; {}", kinds.join(", "));
    }
    words
}

/// The line of the overview for a carrier.
pub(super) fn summary(carrier: &PageShape, name: &str, page: &str) -> SummaryShape {
    let images = &carrier.images;
    let mood = mood_of(images);
    let verdict = match mood {
        _ if images.is_empty() => "kept",
        _ if images.iter().all(|i| i.check.is_none()) => "not read",
        Mood::Worry if images.iter().all(|i| sectors(i) == 0) => "no sectors",
        Mood::Worry => "damaged",
        Mood::Guess => "unverified",
        Mood::Fine => "good",
    };
    let files = files_of(images);
    SummaryShape {
        id: carrier.id.clone(),
        name: show(name.as_bytes()),
        page: page.to_owned(),
        what: images.first().map_or_else(|| format!("{} files that belong to no image", carrier.files.len()), what),
        mood,
        verdict: verdict.into(),
        state: images.first().map(|i| i.state.clone()).unwrap_or_default(),
        notes: notes(carrier),
        picture: images.iter().find_map(|i| i.picture.clone()),
        images: images.len() as u64,
        sectors: images.iter().map(sectors).sum(),
        files: files as u64,
        copies: images.iter().flat_map(|i| &i.copies).filter(|c| c.file.is_some()).count() as u64,
    }
}

/// Files on the volumes; those of several images of the same data count once.
fn files_of(images: &[PageImageShape]) -> usize {
    let data = |i: &PageImageShape| i.info.as_ref().map(|info| info.identity.l2.clone());
    let count = |i: &PageImageShape| i.files.iter().map(|f| f.entries.len() + f.more).sum::<usize>();
    let by_data: std::collections::BTreeMap<_, usize> = images.iter().map(|i| (data(i), count(i))).collect();
    by_data.values().sum()
}

/// What else is worth a line.
fn notes(carrier: &PageShape) -> Vec<String> {
    let mut notes = Vec::new();
    let problems = carrier.images.iter().filter_map(|i| i.problem.clone());
    notes.extend(problems.take(3));
    if carrier.images.len() > 1 {
        let mut data: Vec<&str> =
            carrier.images.iter().filter_map(|i| i.info.as_ref()).map(|i| i.identity.l2.as_str()).collect();
        data.sort_unstable();
        data.dedup();
        let of_sides = carrier.images.iter().any(|i| i.side.is_some());
        notes.push(match data.len() {
            _ if of_sides => format!("{} images, of two sides", carrier.images.len()),
            1 => format!("{} images, all of the same data", carrier.images.len()),
            n => format!("{} images with {n} different contents", carrier.images.len()),
        });
    }
    if !carrier.same_data.is_empty() {
        notes.push(format!("The same data as {}", carrier.same_data.join(", ")));
    }
    notes
}
