//! What `preserve` says of a carrier: the shape behind a page of the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CandidateShape, CheckShape, ConversionShape, EntryShape, InfoShape};

/// A carrier in a vault, with everything that was found out about it.
#[derive(Debug, Clone, Serialize)]
pub struct PageShape {
    /// `floptical/page/0`.
    pub schema: &'static str,
    /// Its id in the vault.
    pub id: String,
    /// Its images.
    pub images: Vec<PageImageShape>,
    /// What people say of it.
    pub provenance: Vec<FieldShape>,
    /// What the containers say of themselves.
    pub claims: Vec<FileClaimShape>,
    /// Logs and notes, bounded.
    pub texts: Vec<TextShape>,
    /// Pictures of it that came with it.
    pub photographs: Vec<PhotographShape>,
    /// Every file as it came.
    pub files: Vec<KeptShape>,
    /// Other carriers that hold the same data.
    pub same_data: Vec<String>,
}

impl PageShape {
    /// The version of the shape.
    pub const SCHEMA: &'static str = "floptical/page/0";
}

/// One image of a carrier.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PageImageShape {
    /// The files, in words.
    pub title: String,
    /// The side that it holds where each has a file of its own.
    pub side: Option<char>,
    /// Its state in a sentence.
    pub state: String,
    /// What it was taken for.
    pub found: Option<CandidateShape>,
    /// True when only the length spoke for it.
    pub size_only: bool,
    /// Wrappers that were taken off, outermost first.
    pub layers: Vec<&'static str>,
    /// What else it might be, by format id.
    pub others: Vec<&'static str>,
    /// What it holds.
    pub info: Option<InfoShape>,
    /// Every statement of integrity.
    pub check: Option<CheckShape>,
    /// The files of each volume of `info`.
    pub files: Vec<ListedFilesShape>,
    /// Name of its picture beside the page.
    pub picture: Option<String>,
    /// Copies for emulators.
    pub copies: Vec<CopyShape>,
    /// Why it was not read, or no further.
    pub problem: Option<String>,
}

/// The files of a volume, bounded.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListedFilesShape {
    /// The first entries.
    pub entries: Vec<EntryShape>,
    /// How many more there are.
    pub more: usize,
}

/// A copy for emulators.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CopyShape {
    /// Who reads it, and how it is handed over.
    pub emulators: Vec<ReaderShape>,
    /// Id of its format.
    pub format: Option<&'static str>,
    /// Its name.
    pub file: Option<String>,
    /// The way to it from the page.
    pub href: Option<String>,
    /// What it does not say, and that it was proved.
    pub plan: Option<ConversionShape>,
    /// Why there is none.
    pub refused: Option<String>,
}

/// An emulator that reads a copy.
#[derive(Debug, Clone, Serialize)]
pub struct ReaderShape {
    /// Its name.
    pub name: &'static str,
    /// How the copy is handed to it.
    pub launch: Option<String>,
}

/// A field that a person filled.
#[derive(Debug, Clone, Serialize)]
pub struct FieldShape {
    /// Group and name.
    pub field: &'static str,
    /// What it says.
    pub value: String,
}

/// A statement of a container about itself.
#[derive(Debug, Clone, Serialize)]
pub struct FileClaimShape {
    /// The file that says it.
    pub file: String,
    /// What it speaks of.
    pub kind: String,
    /// In words.
    pub text: String,
}

/// A text that came with a carrier.
#[derive(Debug, Clone, Serialize)]
pub struct TextShape {
    /// Its name.
    pub name: String,
    /// How it begins.
    pub text: String,
    /// True when there is more.
    pub cut: bool,
}

/// A photograph that came with a carrier.
#[derive(Debug, Clone, Serialize)]
pub struct PhotographShape {
    /// Its name.
    pub name: String,
    /// The way to it from the page.
    pub href: String,
    /// True when browsers show its kind.
    pub shown: bool,
}

/// A file as the vault keeps it.
#[derive(Debug, Clone, Serialize)]
pub struct KeptShape {
    /// Its name.
    pub name: String,
    /// What it is to the carrier.
    pub role: &'static str,
    /// Length in bytes.
    pub size: u64,
    /// The way to it from the page.
    pub href: String,
    /// Digests by algorithm.
    pub digests: BTreeMap<String, String>,
}

/// A carrier in a line of the overview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SummaryShape {
    /// Its id in the vault.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its page.
    pub page: String,
    /// What it is, in words.
    pub what: String,
    /// How it is judged.
    pub mood: Mood,
    /// The same in a word or two.
    pub verdict: String,
    /// Its sectors in words.
    pub state: String,
    /// What else is worth a line.
    pub notes: Vec<String>,
    /// Name of a picture.
    pub picture: Option<String>,
    /// How many images there are.
    pub images: u64,
    /// How many sectors.
    pub sectors: u64,
    /// How many files on its volumes.
    pub files: u64,
    /// How many copies for emulators.
    pub copies: u64,
}

/// How a carrier is judged, for the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mood {
    /// Nothing is wrong.
    Fine,
    /// Nothing is known to be wrong, and nothing verifies it.
    Guess,
    /// A person should look.
    Worry,
}

/// The overview of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverviewShape {
    /// `floptical/report/0`.
    pub schema: String,
    /// What the box or vault is called.
    pub title: String,
    /// The carriers, by id.
    pub carriers: Vec<SummaryShape>,
    /// Sums over them.
    pub totals: TotalsShape,
}

/// Sums over all carriers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotalsShape {
    /// Images.
    pub images: u64,
    /// Sectors.
    pub sectors: u64,
    /// Files on volumes.
    pub files: u64,
    /// Copies for emulators.
    pub copies: u64,
    /// Carriers that a person should look at.
    pub attention: u64,
}

impl OverviewShape {
    /// The version of the shape.
    pub const SCHEMA: &'static str = "floptical/report/0";

    /// The overview of carriers.
    pub fn of(title: &str, mut carriers: Vec<SummaryShape>) -> Self {
        carriers.sort_by(|a, b| a.id.cmp(&b.id));
        let sum = |of: fn(&SummaryShape) -> u64| carriers.iter().map(of).sum();
        let totals = TotalsShape {
            images: sum(|c| c.images),
            sectors: sum(|c| c.sectors),
            files: sum(|c| c.files),
            copies: sum(|c| c.copies),
            attention: sum(|c| u64::from(c.mood == Mood::Worry)),
        };
        Self { schema: Self::SCHEMA.into(), title: title.into(), carriers, totals }
    }
}
