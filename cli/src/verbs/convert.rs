//! `plan` and `convert`: what the target cannot hold, then do it, read it
//! back, prove it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use floptical::formats::{Format, Registry};
use floptical::io::Sink;
use floptical::io::disk::Placing;
use floptical::io::text::{show, words};
use floptical::model::{Context, Image, Layer, Layout, Place, Refusal};
use floptical::profiles::{Chosen, Medium, Profile};
use floptical::shape::{ConversionShape, ForShape, LossShape, WrittenShape};
use floptical::sidecar::{self, Named};
use floptical::{ConvertError, Planned, WriteOptions};

use super::emulators::handed;
use super::merge;
use crate::args::Choice;
use crate::failure::{Code, Failure};
use crate::input::{Input, Read, sidecar_of};
use crate::interrupt::Writing;
use crate::output::{Aside, Cell, Colour, Look, Page, Table, counted, number};
use crate::session::Session;
use crate::sink::{self, Target};

/// What to make, and where.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) output: PathBuf,
    pub(crate) to: Option<&'static Format>,
    pub(crate) sidecar: bool,
    pub(crate) force: bool,
}

/// What decides the format.
#[derive(Debug, Clone, Copy)]
enum Aim {
    /// It was named.
    To(&'static Format),
    /// It is the best of those that an emulator reads.
    For(&'static Profile),
}

impl Aim {
    /// The lowest layer that may be written.
    fn layer(self) -> Layer {
        match self {
            Self::To(format) => format.layer,
            Self::For(_) => Layer::Flux,
        }
    }
}

impl Wish {
    fn is_stdout(&self) -> bool {
        self.output == Path::new("-")
    }

    fn label(&self) -> String {
        self.output.to_string_lossy().into_owned()
    }

    /// The format: by the emulator, as told, else by the extension.
    fn aim(&self, choice: &Choice) -> Result<Aim, Failure> {
        if let Some(profile) = choice.emulator {
            return Ok(Aim::For(profile));
        }
        let by_name = || Registry::default().by_name(&self.label());
        self.to.or_else(by_name).map(Aim::To).ok_or_else(|| {
            let what = format!("{} does not say which format to write", show(self.label().as_bytes()));
            Failure::new(Code::Usage, what).detail("name it with --to; `floptical formats` lists them")
        })
    }

    /// The same with the name that a medium asks for: in a folder the source's
    /// own with its extension, else one that has it already.
    fn named_for(self, profile: &Profile, medium: &Medium, source: &str) -> Result<Self, Failure> {
        if self.output.is_dir() {
            return Ok(Self { output: self.output.join(medium.file_name(source)), ..self });
        }
        if self.is_stdout() || medium.takes_name(&self.label()) {
            return Ok(self);
        }
        let (name, extension) = (profile.name, medium.extension);
        let what = format!("{name} takes {} in files called .{extension}", medium.format);
        Err(Failure::new(Code::Usage, what).detail("name a folder, and the file gets its name by itself"))
    }

    /// What can be seen to go wrong before any work.
    fn preflight(&self, format: &Format) -> Result<(), Failure> {
        Target::preflight(&self.output, format, self.force)?;
        let beside = sidecar_of(&self.output);
        if self.is_stdout() && self.sidecar {
            return Err(Failure::new(Code::Usage, "a sidecar lies beside a file; stdout has none"));
        }
        if self.sidecar { sink::refuse_existing(&beside, self.force) } else { Ok(()) }
    }
}

/// A plan and everything that a page says about it. The disk that was read is
/// gone by then: what is read back takes its room.
struct Prepared {
    source: Image,
    layout: Option<Layout>,
    /// What is to be said about the reading.
    aside: Vec<Aside>,
    planned: Planned,
    shape: ConversionShape,
    medium: Option<(&'static Profile, &'static Medium)>,
}

pub(crate) fn plan(
    session: &Session,
    image: &Path,
    to: Option<&'static Format>,
    choice: &Choice,
) -> Result<Code, Failure> {
    let aim = choice.emulator.map(Aim::For).or(to.map(Aim::To));
    let aim = aim.ok_or_else(|| Failure::new(Code::Usage, "name a format with --to, or an emulator with --for"))?;
    session.each(&[Input::named(image)], |input, context| {
        let mut prepared = prepare(input, &[], aim, choice, context)?;
        if let Some((profile, medium)) = prepared.medium {
            prepared.shape.emulator =
                Some(ForShape::of(profile, medium, &medium.file_name(&input.label), prepared.layout.as_ref()));
        }
        Ok(refuse(page(session, input, &prepared)?, &prepared, choice))
    })
}

/// Convert an image, or what several captures of one disk show together.
pub(crate) fn convert(session: &Session, images: &[PathBuf], wish: &Wish, choice: &Choice) -> Result<Code, Failure> {
    let Some((image, others)) = images.split_first() else { return Err(Failure::new(Code::Usage, "name an image")) };
    let aim = wish.aim(choice)?;
    if let Aim::To(format) = aim {
        wish.preflight(format)?;
    }
    session.each(&[Input::named(image)], |input, context| {
        let mut prepared = prepare(input, others, aim, choice, context)?;
        let mut wish = wish.clone();
        let format = prepared.planned.target();
        if let Some((profile, medium)) = prepared.medium {
            wish = wish.named_for(profile, medium, &input.label)?;
            wish.preflight(format)?;
            prepared.shape.emulator = Some(ForShape::of(profile, medium, &wish.label(), prepared.layout.as_ref()));
        }
        if sink::placing(&wish.output, format) == Placing::Beside {
            // Files of several discs may lie in one folder.
            let stem = wish.output.file_stem().unwrap_or_default();
            prepared.planned.name_files(&stem.to_string_lossy());
        }
        if !prepared.shape.unaccepted.is_empty() {
            return Ok(refuse(page(session, input, &prepared)?, &prepared, choice));
        }
        let _writing = Writing::under(context);
        let mut target = Target::create(&wish.output, format, wish.force)?;
        let written = prove(&prepared, &mut target, &wish, context)?;
        let beside = if wish.sidecar { Some(sidecar(input, &prepared, &written, &wish, context)?) } else { None };
        prepared.shape.written = Some(written);
        let page = page(session, input, &prepared)?;
        context.step(0)?;
        target.commit()?;
        beside.map(|b| b.commit()).transpose()?;
        Ok(if wish.is_stdout() { aside(page) } else { page })
    })
}

fn prepare(
    input: &Input,
    others: &[PathBuf],
    aim: Aim,
    choice: &Choice,
    context: &Context,
) -> Result<Prepared, Failure> {
    let mut read = input.read_for(aim.layer(), &choice.reading, context)?;
    let mut merged = None;
    if !others.is_empty() {
        (read, merged) = merge::with(read, input, others, &choice.reading, context).map(|(r, m)| (r, Some(m)))?;
    }
    let options = choice.revolutions.map_or_else(WriteOptions::default, |revolutions| WriteOptions { revolutions });
    let (planned, medium) = match aim {
        Aim::To(format) => (floptical::plan(&read.disk, format, options, context).map_err(|e| not_planned(&e))?, None),
        Aim::For(profile) => {
            let Chosen { medium, planned } = choose(profile, &read, options, context)?;
            (planned, Some((profile, medium)))
        }
    };
    let mut shape = ConversionShape::of(&read.disk, read.opened.size_only, &planned, &choice.accepted());
    shape.merged = merged;
    let (source, layout) = (read.disk.image().clone(), read.disk.layout().get().cloned());
    Ok(Prepared { source, layout, aside: read.aside, planned, shape, medium })
}

/// The container that an emulator gets the disk in.
fn choose(profile: &Profile, read: &Read, options: WriteOptions, context: &Context) -> Result<Chosen, Failure> {
    profile.choose(&read.disk, options, context)?.map_err(|unfit| {
        let failure = Failure::new(Code::Refused, format!("{} reads nothing that carries this disk", unfit.emulator));
        let reasons = unfit.reasons.iter().map(|(format, reason)| format!("{format}: {}", words(reason)));
        let failure = reasons.fold(failure, |failure, reason| failure.detail(reason));
        failure.detail("nothing was written; `floptical emulators` lists what each reads")
    })
}

/// Write, read back, hold it against the promise.
fn prove(prepared: &Prepared, target: &mut Target, wish: &Wish, context: &Context) -> Result<WrittenShape, Failure> {
    let planned = &prepared.planned;
    planned.write(target.output(), context).map_err(|e| not_planned(&e))?;
    let written = target.written()?;
    planned.prove(&sink::inside(&wish.output, &written, context)?, context).map_err(|e| not_planned(&e))?;
    Ok(WrittenShape {
        output: wish.label(),
        bytes: written.files().iter().map(floptical::io::Source::len).sum(),
        sha256: sidecar::digest(&written, context)?,
        proved: true,
        sidecar: wish.sidecar.then(|| sidecar_of(&wish.output).to_string_lossy().into_owned()),
    })
}

/// The sidecar, written and not yet seen.
fn sidecar(
    input: &Input,
    prepared: &Prepared,
    written: &WrittenShape,
    wish: &Wish,
    context: &Context,
) -> Result<Box<dyn Sink>, Failure> {
    let image = &prepared.source;
    let source = Named {
        name: name_of(Path::new(&input.label)),
        format: image.format.to_owned(),
        sha256: sidecar::digest(&input.files(context)?, context)?,
    };
    let planned = &prepared.planned;
    let own =
        Named { name: name_of(&wish.output), format: planned.target().id.to_owned(), sha256: written.sha256.clone() };
    let text = sidecar::to_yaml(image, planned, source, own)?;
    sink::whole(&sidecar_of(&wish.output), text.as_bytes(), wish.force)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Why there is no plan, or what became of it.
fn not_planned(error: &ConvertError) -> Failure {
    match error {
        ConvertError::Refused(refusal) => refused(refusal),
        ConvertError::NotWritten(id) => Failure::new(Code::Usage, format!("{id} is read here, not written"))
            .detail("`floptical formats` lists what is written"),
        ConvertError::Failed(error) => Failure::from(error.clone()),
        ConvertError::NotProven { .. } => Failure::new(Code::System, words(&error.to_string()))
            .detail("nothing was kept; this is a fault of floptical: please report it with the image"),
        other => Failure::new(Code::Refused, words(&other.to_string())),
    }
}

fn refused(refusal: &Refusal) -> Failure {
    let place = show(refusal.place.to_string().as_bytes());
    let what = format!("the target cannot hold it: {}", words(&refusal.reason));
    let at = if refusal.place == Place::Whole { String::new() } else { format!(", first at {place}") };
    Failure::new(Code::Refused, what)
        .detail(format!("fact: {}{at}; nothing was written", refusal.fact.word()))
        .detail("`floptical formats` lists formats that hold more")
}

/// The same page, refused where content would be lost that nobody accepted.
fn refuse(page: Page, prepared: &Prepared, choice: &Choice) -> Page {
    let unaccepted = &prepared.shape.unaccepted;
    if unaccepted.is_empty() {
        return page;
    }
    let mut failure = Failure::new(Code::Refused, format!("content would be lost: {}", unaccepted.join(", ")));
    for loss in prepared.shape.losses.iter().filter(|l| l.weight == "content" && unaccepted.contains(&l.fact)) {
        let count = counted(loss.count, "time");
        failure = failure
            .detail(format!("{} {count}, first at {}: {} becomes {}", loss.fact, loss.first, loss.from, loss.to));
    }
    let all: Vec<&str> = choice.lose.iter().map(|f| f.word()).chain(unaccepted.iter().copied()).collect();
    let failure = failure
        .detail("nothing was written; choose a format that holds it, or accept the loss by name:")
        .detail(format!("--lose {}", all.join(",")));
    let mut aside = page.aside;
    aside.push(Aside::Failure(failure));
    Page { code: Code::Refused, aside, ..page }
}

/// A page on stderr: stdout has the image.
fn aside(page: Page) -> Page {
    let mut aside = page.aside;
    aside.push(Aside::Note(page.text.trim_end().to_owned()));
    Page { text: String::new(), aside, ..page }
}

fn page(session: &Session, input: &Input, prepared: &Prepared) -> Result<Page, Failure> {
    let shape = &prepared.shape;
    let page = session.page(Some(&input.label), shape, Code::Done, |out| {
        let colour = session.colour;
        let name = colour.paint(Look::Strong, &show(input.label.as_bytes()));
        match &shape.merged {
            Some(merged) => merge::text(colour, merged, shape.to, out),
            None => drop(writeln!(out, "{name}: {} to {}", shape.from, shape.to)),
        }
        if let Some(layout) = &shape.guessed_layout {
            let _ = writeln!(out, "  read as {layout}: only the length says so (--layout names another)");
        }
        if shape.losses.is_empty() {
            let _ = writeln!(out, "  nothing is lost");
        }
        losses(colour, &shape.losses, out);
        if shape.unverified_read_as_good > 0 {
            let sectors = counted(shape.unverified_read_as_good, "sector");
            let _ = writeln!(out, "  {sectors} that nobody verified will read as good");
        }
        if let Some(written) = &shape.written {
            proved(colour, written, out);
        }
        if let Some(handed) = &shape.emulator {
            hand_over(handed, out);
        }
    })?;
    Ok(Page { aside: prepared.aside.clone(), ..page })
}

fn proved(colour: Colour, written: &WrittenShape, out: &mut String) {
    let output = show(written.output.as_bytes());
    let word = colour.paint(Look::Good, "proved:");
    let _ = writeln!(out, "{word} {output} reads back as planned ({} bytes, sha256 {})", written.bytes, written.sha256);
    if let Some(sidecar) = &written.sidecar {
        let _ = writeln!(out, "kept beside it: {}", show(sidecar.as_bytes()));
    }
}

/// How the emulator is started with it.
fn hand_over(shape: &ForShape, out: &mut String) {
    let _ = writeln!(out, "for {}:", shape.name);
    match &shape.launch {
        Some(launch) => handed(launch, shape.configuration, out),
        None => out.push_str("  the file needs a plain name before it can be handed over\n"),
    }
}

/// Losses by weight, fact and how.
pub(crate) fn losses(colour: Colour, losses: &[LossShape], out: &mut String) {
    let mut table = Table::new(2, &["weight", "fact", "how", "count", "first at", "from", "to"]);
    for loss in losses {
        let look = if loss.weight == "content" { Look::Bad } else { Look::Faint };
        table.row(vec![
            Cell::from(loss.weight).look(look),
            loss.fact.into(),
            loss.how.into(),
            number(&loss.count),
            loss.first.clone().into(),
            loss.from.clone().into(),
            loss.to.clone().into(),
        ]);
    }
    if !losses.is_empty() {
        table.print(colour, out);
    }
}
