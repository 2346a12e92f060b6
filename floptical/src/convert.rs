//! Plan, convert, prove.
//!
//! `prepare` derives the layer that the target wants, the target's `fit` makes
//! what it can hold of it, and the difference of the two inventories is the
//! plan. `emit` writes exactly the fitted image; it is read back, and its
//! inventory must equal the fitted one, values included.

use std::collections::BTreeSet;

use floptical_formats::{Format, NotFitted, ReadOptions};
use floptical_io::{FileSet, Output};
use floptical_model::{
    Context, Error, Fact, Image, Inventory, Known, Layer, Layout, Place, Plan, Refusal, Value, differences,
};

use crate::inventory::inventory_down_to;
use crate::{Disk, WriteOptions, prepare};

/// A conversion that was planned and not yet written.
#[derive(Debug)]
pub struct Planned {
    target: &'static Format,
    fitted: Image,
    promised: Inventory,
    plan: Plan,
}

/// Why a conversion does not come about. Nothing was written.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConvertError {
    /// The target cannot take something at all.
    Refused(Refusal),
    /// Content would be lost that nobody accepted.
    Unaccepted {
        /// The facts that were not accepted.
        facts: Vec<Fact>,
        /// The whole plan.
        plan: Plan,
    },
    /// The format is not written.
    NotWritten(&'static str),
    /// What was written does not read back as planned: an error of ours.
    NotProven {
        /// The first thing that differs from the promise.
        first: Box<Broken>,
        /// How many things differ.
        count: usize,
    },
    /// Reading or writing failed.
    Failed(Error),
}

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Where.
    pub place: Place,
    /// What it is about.
    pub fact: Fact,
    /// What was planned.
    pub promised: Value,
    /// What was read back.
    pub found: Value,
}

impl From<Error> for ConvertError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<NotFitted> for ConvertError {
    fn from(error: NotFitted) -> Self {
        match error {
            NotFitted::Refused(refusal) => Self::Refused(refusal),
            NotFitted::Failed(error) => Self::Failed(error),
        }
    }
}

impl std::fmt::Display for ConvertError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "the target cannot hold it: {refusal}"),
            Self::Unaccepted { facts, .. } => {
                let words: Vec<&str> = facts.iter().map(|f| f.word()).collect();
                write!(f, "content would be lost: {}", words.join(", "))
            }
            Self::NotWritten(id) => write!(f, "{id} is read here, not written"),
            Self::NotProven { first, count } => write!(
                f,
                "what was written does not read back as planned ({count} things differ); first {} at {}: {} promised, {} found",
                first.fact.word(),
                first.place,
                first.promised,
                first.found
            ),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConvertError {}

/// State what a conversion to `target` would change. Writes nothing.
///
/// # Errors
/// `Refused`, `NotWritten` or `Failed`; the last also where cells or flux are
/// wanted of a disk that was derived for a target without.
pub fn plan(
    disk: &Disk,
    target: &'static Format,
    options: WriteOptions,
    context: &Context,
) -> Result<Planned, ConvertError> {
    if target.layer == Layer::Flux && disk.is_read_in_part() {
        return Err(Error::unsupported("flux is not written from a disk of which something was passed over").into());
    }
    if target.layer <= Layer::Cells && disk.lacks_cells() {
        return Err(
            Error::unsupported("cells are not written from a disk that was derived for a target without").into()
        );
    }
    let fit = target.fit.ok_or(ConvertError::NotWritten(target.id))?;
    let fitted = fit(&prepare::prepare(disk, target, options, context)?, context)?;
    let promised = inventory_down_to(&Disk::derive_for(fitted.clone(), target.layer, context)?, target.layer, context)?;
    let plan = differences(&inventory_down_to(disk, target.layer, context)?, &promised);
    Ok(Planned { target, fitted, promised, plan })
}

impl Planned {
    /// What changes.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What the target will hold.
    pub fn fitted(&self) -> &Image {
        &self.fitted
    }

    /// The format that is written.
    pub fn target(&self) -> &'static Format {
        self.target
    }

    /// Check that every loss of content is accepted by name.
    ///
    /// # Errors
    /// `Unaccepted`, with the facts that are not.
    pub fn accept(&self, accepted: &BTreeSet<Fact>) -> Result<(), ConvertError> {
        let facts: Vec<Fact> = self.plan.content().difference(accepted).copied().collect();
        if facts.is_empty() { Ok(()) } else { Err(ConvertError::Unaccepted { facts, plan: self.plan.clone() }) }
    }

    /// Name the files of a set after `stem`: for targets of several files that
    /// lie beside others.
    pub fn name_files(&mut self, stem: &str) {
        let ending = |name: &str| name.rsplit_once('.').map_or("bin", |(_, end)| end).to_owned();
        let is_sheet = |end: &str| self.target.extensions.iter().any(|own| own.eq_ignore_ascii_case(end));
        let several = self.fitted.files.iter().filter(|f| !is_sheet(&ending(&f.name))).count() > 1;
        let mut count = 0;
        for file in &mut self.fitted.files {
            let end = ending(&file.name);
            count += u32::from(!is_sheet(&end));
            file.name =
                if several && !is_sheet(&end) { format!("{stem}-{count:02}.{end}") } else { format!("{stem}.{end}") };
        }
    }

    /// Write the fitted image.
    ///
    /// # Errors
    /// `Failed`: what the output says.
    pub fn write(&self, output: &mut dyn Output, context: &Context) -> Result<(), ConvertError> {
        let emit = self.target.emit.ok_or(ConvertError::NotWritten(self.target.id))?;
        Ok(emit(&self.fitted, output, context)?)
    }

    /// Read what was written and hold it against the promise.
    ///
    /// # Errors
    /// `NotProven` with what differs, or `Failed`.
    pub fn prove(&self, written: &FileSet, context: &Context) -> Result<(), ConvertError> {
        let layout: Option<Layout> = match self.fitted.as_floppy().map(|f| &f.layout) {
            Some(Known::Assumed(layout, _)) => Some(layout.clone()),
            _ => None,
        };
        let options = ReadOptions { layout: layout.as_ref(), ..ReadOptions::default() };
        let image = (self.target.read)(written, &options, context)?;
        let found =
            inventory_down_to(&Disk::derive_for(image, self.target.layer, context)?, self.target.layer, context)?;
        let (mut first, mut count) = (None, 0);
        self.promised.unlike(&found, |unlike| {
            count += 1;
            first.get_or_insert(unlike);
        });
        let Some(first) = first else { return Ok(()) };
        let first = Broken {
            place: first.place.clone(),
            fact: first.fact,
            promised: first.from.clone(),
            found: first.to.clone(),
        };
        Err(ConvertError::NotProven { first: Box::new(first), count })
    }
}
