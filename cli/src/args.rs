//! The one definition of the command line: help, man pages and completions
//! are made of it.

mod catalog;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use floptical::formats::{FORMATS, Format};
use floptical::model::layout::LAYOUTS;
use floptical::model::{Fact, Layout, TrackAt};
use floptical::profiles::{PROFILES, Profile};

pub(crate) use catalog::{CatalogVerb, Said, Who};

use crate::place;

const EXIT_CODES: &str = "\
Exit codes:
  0    done, nothing wrong
  1    done, and damage or a difference was found (check, compare, extract, sectors --bad,
       catalog verify)
  2    wrong usage
  3    refused: content would be lost; nothing was written
  4    the input is not what any format here is, or cannot be read
  5    the system failed: disk full, permission, broken pipe
  130  interrupted, nothing half-written

IMAGE is a file, FILE!MEMBER inside a gz, bz2, xz, zst or zip, FILE!PATH of a file inside an image, \
a folder of streams, or - for stdin.";

/// Reads, checks, explains and converts images of floppy disks
#[derive(Debug, Parser)]
#[command(name = "floptical", version, after_help = EXIT_CODES, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) general: General,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What every verb takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Every verb")]
pub(crate) struct General {
    /// Print JSON: one object for one input, one a line for several
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print the JSON schema of what --json prints, and do nothing else
    #[arg(long, global = true)]
    pub(crate) json_schema: bool,
    /// Print colours; `auto` asks the terminal and NO_COLOR
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub(crate) color: When,
    /// Print no progress and no notes
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Work on so many inputs at once [default: the processors there are]
    #[arg(short, long, global = true, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

/// Overrides of what is found by itself.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Reading {
    /// Read a flat image with this layout, whatever its size suggests; `floptical formats` lists them
    #[arg(long, value_name = "ID", value_parser = layouts(), hide_possible_values = true)]
    pub(crate) layout: Option<&'static Layout>,
    /// Read as this format, whatever the evidence
    #[arg(long, value_name = "FORMAT", value_parser = readable())]
    pub(crate) from: Option<&'static Format>,
    /// Look at no more than the first revolution of a track of flux where all its checks hold;
    /// the sum of a file that need not be read for anything else is not computed
    #[arg(long)]
    pub(crate) first_good: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Say what each file is, how sure and why; folders are walked
    #[command(after_help = "Example:\n  floptical identify fixtures/images")]
    Identify {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Show the reasons, and what else it may be
        #[arg(long)]
        why: bool,
    },
    /// Show what an image holds and what it says of itself
    #[command(after_help = "Example:\n  floptical info fixtures/images/harmed.imd")]
    Info {
        /// The image
        image: PathBuf,
        /// Print the form that snapshot tests keep
        #[arg(long, conflicts_with = "json")]
        yaml: bool,
        #[command(flatten)]
        reading: Reading,
    },
    /// List the sectors with ids, states and evidence
    #[command(after_help = "Example:\n  floptical sectors --bad fixtures/images/harmed.imd")]
    Sectors {
        /// The image
        image: PathBuf,
        /// Only this track: cylinder and head, as 17.1
        #[arg(long, value_name = "C.H", value_parser = place::track)]
        track: Option<TrackAt>,
        /// Only damaged sectors; exit code 1 when there are any
        #[arg(long)]
        bad: bool,
        #[command(flatten)]
        reading: Reading,
    },
    /// List the files of all volumes
    #[command(after_help = "Example:\n  floptical ls --deleted fixtures/images/box.img")]
    Ls {
        /// The image
        image: PathBuf,
        /// Only this file, or what lies below this directory
        path: Option<String>,
        /// Show deleted entries too
        #[arg(long)]
        deleted: bool,
        /// Only this volume: its namespace, such as joliet, or its number
        #[arg(long, value_name = "NAME")]
        namespace: Option<String>,
        #[command(flatten)]
        reading: Reading,
    },
    /// Copy files out of an image, with their metadata beside them
    #[command(after_help = "Example:\n  floptical extract fixtures/images/box.img --to box-files")]
    Extract {
        /// The image
        image: PathBuf,
        /// Files, and directories with all below; everything without any
        #[arg(value_name = "PATH")]
        paths: Vec<String>,
        /// The folder to write to; it is made when it is not there
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Take deleted files too, as far as they can be had
        #[arg(long)]
        deleted: bool,
        /// Only this volume: its namespace, such as joliet, or its number
        #[arg(long, value_name = "NAME")]
        namespace: Option<String>,
        /// Write over files that exist
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        reading: Reading,
    },
    /// Check every statement of integrity: container, sectors, file systems
    #[command(after_help = "Example:\n  floptical check fixtures/images/harmed.imd")]
    Check {
        /// Images and folders
        #[arg(required = true, value_name = "IMAGE")]
        images: Vec<PathBuf>,
        #[command(flatten)]
        reading: Reading,
    },
    /// Print digests of the file, and of the disk whatever its container
    #[command(after_help = "Example:\n  floptical hash fixtures/images/box.img")]
    Hash {
        /// Images and folders
        #[arg(required = true, value_name = "IMAGE")]
        images: Vec<PathBuf>,
        #[command(flatten)]
        reading: Reading,
    },
    /// Compare two images: same file, same recording, same data, same files?
    #[command(after_help = "Example:\n  floptical compare fixtures/images/box.hfe fixtures/images/box.imd")]
    Compare {
        /// The first image
        first: PathBuf,
        /// The second image
        second: PathBuf,
        #[command(flatten)]
        reading: Reading,
    },
    /// Go from a file's byte or a sector down to the bytes of the container
    #[command(after_help = "Example:\n  floptical explain fixtures/images/box.img HELLO.TXT\n\n\
        WHAT is a sector by its recorded number (0.0.1), the slot N of a track (0.0#3), or PATH@OFFSET, \
        the byte of a file.")]
    Explain {
        /// The image
        image: PathBuf,
        /// C.H.S, C.H#N, or PATH[@OFFSET]
        what: String,
        #[command(flatten)]
        reading: Reading,
    },
    /// State what a conversion would lose; exits as `convert` would
    #[command(after_help = "Example:\n  floptical plan fixtures/images/box.img --to hfe")]
    Plan {
        /// The image
        #[arg(value_name = "IN")]
        image: PathBuf,
        /// The format to convert to, where --for names no emulator
        #[arg(long, value_name = "FORMAT", value_parser = writable())]
        to: Option<&'static Format>,
        #[command(flatten)]
        choice: Choice,
    },
    /// Convert, read back and prove; nothing is lost that nobody accepted
    #[command(after_help = "Example:\n  floptical convert fixtures/images/box.scp.gz box.img\n  \
        floptical convert fixtures/images/harmed.imd . --for 86box")]
    Convert {
        /// The image
        #[arg(value_name = "IN")]
        image: PathBuf,
        /// The file to write, a folder or .zip for a format of many files, - for stdout; with --for also a folder
        #[arg(value_name = "OUT")]
        output: PathBuf,
        /// The format to convert to [default: by the extension of OUT]
        #[arg(long, value_name = "FORMAT", value_parser = writable())]
        to: Option<&'static Format>,
        #[command(flatten)]
        choice: Choice,
        /// Keep what the target cannot say in OUT.floptical.yaml
        #[arg(long)]
        sidecar: bool,
        /// Write over OUT when it exists
        #[arg(long)]
        force: bool,
    },
    /// Several captures of one disk as one: the best evidence of each sector
    #[command(
        after_help = "Example:\n  floptical merge fixtures/images/box.scp.gz fixtures/images/box.imd merged.imd\n\n\
        The captures may lie in different containers. Where captures show other data with good checks, and where no \
        capture reads a bit for certain, the page says so; what is weak stays weak."
    )]
    Merge {
        /// The captures
        #[arg(value_name = "IN", num_args = 2.., required = true)]
        captures: Vec<PathBuf>,
        /// The file to write, a folder or .zip for a format of many files, - for stdout
        #[arg(value_name = "OUT")]
        output: PathBuf,
        /// The format to convert to [default: by the extension of OUT]
        #[arg(long, value_name = "FORMAT", value_parser = writable())]
        to: Option<&'static Format>,
        #[command(flatten)]
        choice: Choice,
        /// Write over OUT when it exists
        #[arg(long)]
        force: bool,
    },
    /// List the emulators, what they read, and how a disk is handed to them
    #[command(after_help = "Example:\n  floptical emulators")]
    Emulators,
    /// Draw the disk: both sides by angle, and a grid of all sectors
    #[command(after_help = "Example:\n  floptical map fixtures/images/harmed.imd harmed.svg\n  \
        floptical map fixtures/images/box.scp.gz flux.png --flux --track 0.0\n\n\
        Colours and patterns tell the states apart; the legend says how many of each there are.")]
    Map {
        /// The image
        image: PathBuf,
        /// The picture to write: a name that ends in .png or .svg
        #[arg(value_name = "OUT")]
        output: PathBuf,
        /// Draw the intervals of flux instead: scatter and histogram, by track
        #[arg(long)]
        flux: bool,
        /// With --flux: of one track, by angle: cylinder and head, as 17.1
        #[arg(long, value_name = "C.H", value_parser = place::track, requires = "flux")]
        track: Option<TrackAt>,
        /// Write over OUT when it exists
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        reading: Reading,
    },
    /// The main job: from a box of disks to a vault, copies for emulators and a report
    #[command(after_help = "Example:\n  floptical preserve fixtures/box --vault preserved\n\n\
        What belongs together is found; `--items > box.yaml` in the box is the place to say it better. What a \
        person knows of a carrier stands beside it in STEM.provenance.yaml; for all of a folder, in its \
        provenance.yaml. A second run does nothing twice.")]
    Preserve {
        /// Boxes: folders, or single files
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// The vault; it is made when it is not there
        #[arg(long, value_name = "DIR", required_unless_present = "items")]
        vault: Option<PathBuf>,
        /// Print what belongs together, in the form of box.yaml, and do nothing else
        #[arg(long, conflicts_with = "vault")]
        items: bool,
        /// List deleted files in the report too
        #[arg(long)]
        deleted: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Keep carriers in a vault: originals, records, digests, a log of what happened
    #[command(after_help = "Example:\n  floptical catalog init vault")]
    Catalog {
        #[command(subcommand)]
        verb: CatalogVerb,
    },
    /// List what is known: formats, file systems, layouts, facts
    #[command(after_help = "Example:\n  floptical formats")]
    Formats,
    /// Print the completions for a shell
    #[command(after_help = "Example:\n  floptical completions bash")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of the command, or of one verb
    #[command(after_help = "Example:\n  floptical man convert")]
    Man {
        /// The verb
        verb: Option<String>,
    },
}

/// What a person decides about a conversion.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Choice {
    /// Choose the format for this emulator: of those it reads the one that loses the least; `floptical emulators`
    #[arg(long = "for", id = "emulator", value_name = "EMULATOR", value_parser = emulators(), conflicts_with = "to")]
    pub(crate) emulator: Option<&'static Profile>,
    /// Accept the loss of this content; `plan` names it, `floptical formats` lists the facts
    #[arg(long, value_name = "FACT,...", value_delimiter = ',', value_parser = facts(), hide_possible_values = true)]
    pub(crate) lose: Vec<Fact>,
    /// Write so many revolutions where flux is made from cells
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32))]
    pub(crate) revolutions: Option<u32>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

impl Choice {
    /// The facts that may be lost.
    pub(crate) fn accepted(&self) -> BTreeSet<Fact> {
        self.lose.iter().copied().collect()
    }
}

impl Verb {
    /// Its name, as it stands in `floptical/<verb>/0`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Identify { .. } => "identify",
            Self::Info { .. } => "info",
            Self::Sectors { .. } => "sectors",
            Self::Ls { .. } => "ls",
            Self::Extract { .. } => "extract",
            Self::Check { .. } => "check",
            Self::Hash { .. } => "hash",
            Self::Compare { .. } => "compare",
            Self::Explain { .. } => "explain",
            Self::Plan { .. } => "plan",
            Self::Convert { .. } => "convert",
            Self::Merge { .. } => "merge",
            Self::Emulators => "emulators",
            Self::Map { .. } => "map",
            Self::Preserve { .. } => "preserve",
            Self::Catalog { verb } => verb.name(),
            Self::Formats => "formats",
            Self::Completions { .. } => "completions",
            Self::Man { .. } => "man",
        }
    }
}

/// A parser of the words of a table into its rows.
fn row_of<T: Clone + Send + Sync + 'static>(
    words: Vec<PossibleValue>,
    find: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words).try_map(move |word| find(&word).ok_or("no such row"))
}

fn format_of(id: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|f| f.id == id)
}

fn readable() -> impl TypedValueParser<Value = &'static Format> {
    row_of(FORMATS.iter().map(|f| PossibleValue::new(f.id).help(f.name)).collect(), format_of)
}

fn writable() -> impl TypedValueParser<Value = &'static Format> {
    let rows = FORMATS.iter().filter(|f| f.writes());
    row_of(rows.map(|f| PossibleValue::new(f.id).help(f.name)).collect(), format_of)
}

fn emulators() -> impl TypedValueParser<Value = &'static Profile> {
    row_of(PROFILES.iter().map(|p| PossibleValue::new(p.id).help(p.name)).collect(), Profile::by_id)
}

fn layouts() -> impl TypedValueParser<Value = &'static Layout> {
    let rows = LAYOUTS.iter().map(|l| PossibleValue::new(&*l.id).help(&*l.name));
    row_of(rows.collect(), Layout::by_id)
}

fn facts() -> impl TypedValueParser<Value = Fact> {
    let rows = Fact::ALL.iter().map(|f| PossibleValue::new(f.word()).help(f.meaning()));
    row_of(rows.collect(), Fact::from_word)
}
