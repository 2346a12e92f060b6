//! `extract`: files out of an image, with their metadata beside them.

use std::fmt::Write as _;
use std::path::Path;

use floptical::io::disk::{ExtractFolder, Replace};
use floptical::io::text::show;
use floptical::model::Context;
use floptical::shape::{ExtractShape, ExtractedShape};
use floptical::{ExtractOptions, extract, extract_metadata, select, volumes};

use super::ls::{no_path, no_volume, one_volume};
use crate::failure::{Code, Failure};
use crate::input::Read;
use crate::interrupt::Writing;
use crate::output::{Aside, Colour, Look, Page};
use crate::session::Session;

/// What to take out, and where to.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) paths: &'a [String],
    pub(crate) to: &'a Path,
    pub(crate) deleted: bool,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) force: bool,
}

pub(crate) fn page(
    session: &Session,
    label: &str,
    read: &Read,
    wish: &Wish<'_>,
    context: &Context,
) -> Result<Page, Failure> {
    let (mounted, _) = volumes(&read.disk, context)?;
    if mounted.is_empty() {
        return Err(no_volume());
    }
    let wanted = one_volume(&mounted, wish.namespace)?;
    for path in wish.paths {
        let one = [path.clone()];
        let among = |i: &usize| wanted.is_none_or(|wanted| wanted == *i);
        if (0..mounted.len()).filter(among).all(|i| select(&mounted, i, &one, wish.deleted).next().is_none()) {
            return Err(no_path(path));
        }
    }
    let _writing = Writing::under(context);
    let mut folder = ExtractFolder::create(wish.to, if wish.force { Replace::Yes } else { Replace::No })?;
    let options = ExtractOptions { paths: wish.paths.to_vec(), deleted: wish.deleted, volume: wanted };
    let extracted = extract(&mounted, &options, wish.to, &mut folder, context)?;
    let name = Path::new(label).file_name().map_or_else(|| "image".into(), |n| n.to_string_lossy());
    let kept = extract_metadata(&extracted, &name, &mut folder)?;
    let shape = ExtractShape { files: extracted.iter().map(ExtractedShape::of).collect() };
    let damaged = shape.files.iter().any(|f| f.damaged);
    let code = if damaged { Code::Found } else { Code::Done };
    let mut page = session.page(Some(label), &shape, code, |out| {
        shape.files.iter().for_each(|file| line(session.colour, file, out));
    })?;
    let kept = show(kept.to_string_lossy().as_bytes());
    page.aside.push(Aside::Note(format!("dates, attributes and names as stored: {kept}")));
    Ok(page)
}

fn line(colour: Colour, file: &ExtractedShape, out: &mut String) {
    let Some(saved_as) = &file.saved_as else {
        let (path, kind) = (&file.entry.path, file.entry.kind);
        let to = file.entry.details.get("target").map_or_else(String::new, |target| format!(" to {target}"));
        let word = colour.paint(Look::Faint, &format!(": a {kind}{to}, kept in the metadata alone"));
        let _ = writeln!(out, "{path}{word}");
        return;
    };
    let slash = if file.entry.kind == "directory" { "/" } else { "" };
    let word = match (file.delivered, file.expected) {
        (Some(bytes), Some(expected)) if bytes < expected => format!(": only {bytes} of {expected} bytes"),
        _ if file.damaged => format!(": lies on sectors that are {}", file.worst.unwrap_or("damaged")),
        _ if file.entry.deleted.is_some() => ": deleted, put together again by a search".to_owned(),
        _ => String::new(),
    };
    let look = if file.damaged { Look::Bad } else { Look::Faint };
    let _ = writeln!(out, "{}{slash}{}", show(saved_as.as_bytes()), colour.paint(look, &word));
}
