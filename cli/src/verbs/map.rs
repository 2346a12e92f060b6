//! `map`: the picture of a disk.

use std::fmt::Write as _;
use std::path::Path;

use floptical::io::text::show;
use floptical::model::picture::Picture;
use floptical::model::{Context, TrackAt};
use floptical::pictures;
use floptical::shape::MapShape;

use crate::failure::{Code, Failure};
use crate::input::Read;
use crate::interrupt::Writing;
use crate::output::{Look, Page};
use crate::session::Session;
use crate::sink;

/// Where the picture goes.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) output: &'a Path,
    /// The intervals of flux, of all tracks or of one.
    pub(crate) flux: bool,
    pub(crate) track: Option<TrackAt>,
    pub(crate) force: bool,
}

pub(crate) fn page(
    session: &Session,
    label: &str,
    read: &Read,
    wish: &Wish<'_>,
    context: &Context,
) -> Result<Page, Failure> {
    let draw = writer(wish.output)?;
    sink::refuse_existing(wish.output, wish.force)?;
    let picture = match wish.flux {
        true => floptical::map_flux(&read.disk, &name_of(label), wish.track, context)?,
        false => floptical::map(&read.disk, &name_of(label), context)?,
    };
    let bytes = draw(&picture)?;
    let _writing = Writing::under(context);
    let sink = sink::whole(wish.output, &bytes, wish.force)?;
    let shape = MapShape::of(&picture, wish.output.to_string_lossy().into_owned(), bytes.len() as u64);
    let page = session.page(Some(label), &shape, Code::Done, |out| {
        let name = session.colour.paint(Look::Strong, &show(label.as_bytes()));
        let _ = writeln!(out, "{name}: drawn in {} ({} bytes)", show(shape.output.as_bytes()), shape.bytes);
        for (state, count) in picture.legend() {
            let _ = writeln!(out, "  {count} {}", state.meaning());
        }
        shape.notes.iter().for_each(|note| out.push_str(&format!("  {note}\n")));
    })?;
    context.step(0)?;
    sink.commit()?;
    Ok(page)
}

type Draw = fn(&Picture) -> Result<Vec<u8>, Failure>;

/// Who draws a file of this name.
fn writer(path: &Path) -> Result<Draw, Failure> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("png") => Ok(|picture| Ok(pictures::png(picture)?)),
        Some("svg") => Ok(|picture| Ok(pictures::svg(picture).into_bytes())),
        _ => {
            let what = format!("{} is neither .png nor .svg", show(path.to_string_lossy().as_bytes()));
            Err(Failure::new(Code::Usage, what))
        }
    }
}

/// The name of the image without the folders it lies in.
fn name_of(label: &str) -> String {
    let path = Path::new(label);
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
