//! One file for each verb. None decides what a user of the library would miss.

mod catalog;
mod check;
mod compare;
mod convert;
mod emulators;
mod explain;
mod extract;
mod formats;
mod generated;
mod hash;
mod identify;
mod info;
mod ls;
mod map;
mod merge;
mod preserve;
mod sectors;

use std::path::Path;

use floptical::model::Context;

use crate::args::{Reading, Verb};
use crate::failure::{Code, Failure};
use crate::input::{Input, Read};
use crate::output::Page;
use crate::session::Session;

/// Do what was asked for.
pub(crate) fn run(verb: &Verb, session: &Session) -> Result<Code, Failure> {
    match verb {
        Verb::Identify { paths, why } => identify::run(session, paths, *why),
        Verb::Info { image, yaml, reading } => {
            on_one(session, image, reading, |label, read, context| info::page(session, label, read, *yaml, context))
        }
        Verb::Sectors { image, track, bad, reading } => on_one(session, image, reading, |label, read, context| {
            sectors::page(session, label, read, *track, *bad, context)
        }),
        Verb::Ls { image, path, deleted, namespace, reading } => {
            on_one(session, image, reading, |label, read, context| {
                let wish = ls::Wish { path: path.as_deref(), deleted: *deleted, namespace: namespace.as_deref() };
                ls::page(session, label, read, wish, context)
            })
        }
        Verb::Extract { image, paths, to, deleted, namespace, force, reading } => {
            on_one(session, image, reading, |label, read, context| {
                let namespace = namespace.as_deref();
                let wish = extract::Wish { paths, to, deleted: *deleted, namespace, force: *force };
                extract::page(session, label, read, &wish, context)
            })
        }
        Verb::Check { images, reading } => check::run(session, images, reading),
        Verb::Hash { images, reading } => hash::run(session, images, reading),
        Verb::Compare { first, second, reading } => compare::run(session, first, second, reading),
        Verb::Explain { image, what, reading } => {
            on_one(session, image, reading, |label, read, context| explain::page(session, label, read, what, context))
        }
        Verb::Plan { image, to, choice } => convert::plan(session, image, *to, choice),
        Verb::Convert { image, output, to, choice, sidecar, force } => {
            let wish = convert::Wish { output: output.clone(), to: *to, sidecar: *sidecar, force: *force };
            convert::convert(session, std::slice::from_ref(image), &wish, choice)
        }
        Verb::Merge { captures, output, to, choice, force } => {
            let wish = convert::Wish { output: output.clone(), to: *to, sidecar: false, force: *force };
            convert::convert(session, captures, &wish, choice)
        }
        Verb::Emulators => emulators::run(session),
        Verb::Map { image, output, flux, track, force, reading } => {
            on_one(session, image, reading, |label, read, context| {
                let wish = map::Wish { output, flux: *flux, track: *track, force: *force };
                map::page(session, label, read, &wish, context)
            })
        }
        Verb::Preserve { paths, vault, items, deleted, who } => {
            let order = preserve::Order { paths, vault: vault.as_deref(), items: *items, deleted: *deleted, who };
            preserve::run(session, &order)
        }
        Verb::Catalog { verb } => catalog::run(verb, session),
        Verb::Formats => formats::run(session),
        Verb::Completions { shell } => generated::completions(*shell),
        Verb::Man { verb } => generated::man(verb.as_deref()),
    }
}

/// A verb that speaks of one image.
fn on_one(
    session: &Session,
    image: &Path,
    reading: &Reading,
    page: impl Fn(&str, &Read, &Context) -> Result<Page, Failure> + Sync,
) -> Result<Code, Failure> {
    let work = |input: &Input, context: &Context| {
        let read = input.read(reading, context)?;
        let mut page = page(&input.label, &read, context)?;
        page.aside.splice(0..0, read.aside);
        Ok(page)
    };
    session.each(&[Input::named(image)], work)
}

/// True for a file of a walked folder that is no image: no error, and counted.
fn is_passed_over(input: &Input, failure: &Failure, context: &Context) -> bool {
    input.walked && failure.code == Code::Unreadable && identify::is_unknown(input, context)
}
