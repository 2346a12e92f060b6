//! The verbs of `catalog`.

use std::path::PathBuf;

use clap::Subcommand;
use floptical::catalog::event::Head;

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogVerb {
    /// Make a vault: a free name, or an empty folder
    #[command(after_help = "Example:\n  floptical catalog init box-vault")]
    Init {
        /// The vault's folder
        vault: PathBuf,
        #[command(flatten)]
        who: Who,
    },
    /// Add carriers with what is known of them; what is there already is recognised
    #[command(after_help = "Example:\n  floptical catalog add vault fixtures/images/box.img --set carrier.box=7\n\n\
        Files of one stem in one folder are one carrier. What a person says of it stands beside it in \
        STEM.provenance.yaml; for all of a folder, in its provenance.yaml.")]
    Add {
        /// The vault
        vault: PathBuf,
        /// Images and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// The id of the carrier, when there is one only [default: made of its name]
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        said: Said,
        #[command(flatten)]
        who: Who,
    },
    /// List the carriers
    #[command(after_help = "Example:\n  floptical catalog list vault")]
    List {
        /// The vault
        vault: PathBuf,
    },
    /// Show what a person says of a carrier, what was measured and what it claims
    #[command(after_help = "Example:\n  floptical catalog show vault box")]
    Show {
        /// The vault
        vault: PathBuf,
        /// The carrier
        id: String,
        /// Print the record as it stands in the vault
        #[arg(long, conflicts_with = "json")]
        yaml: bool,
    },
    /// Find carriers by words, or by a digest or identity
    #[command(after_help = "Example:\n  floptical catalog search vault box")]
    Search {
        /// The vault
        vault: PathBuf,
        /// Words that the record holds; the beginning of a word will do
        words: Vec<String>,
        /// A digest of a file by any algorithm, or an L1 or L2, in hexadecimal digits
        #[arg(long, value_name = "HEX", conflicts_with = "words")]
        digest: Option<String>,
    },
    /// Hold everything against what was added: log, objects, records, files
    #[command(after_help = "Example:\n  floptical catalog verify vault\n\n\
        A storage root of the Oxford Common File Layout that others made is held against the specification.")]
    Verify {
        /// The vault, or an OCFL storage root
        vault: PathBuf,
        /// The log must go at least to here; `X-Floptical-Log-Head` of a bag says where it once went
        #[arg(long = "head", value_name = "NUMBER:HASH")]
        heads: Vec<Head>,
        /// Do not write into the log that everything was checked
        #[arg(long)]
        no_log: bool,
        #[command(flatten)]
        who: Who,
    },
    /// List what happened
    #[command(after_help = "Example:\n  floptical catalog events vault")]
    Events {
        /// The vault
        vault: PathBuf,
        /// Only what happened to this carrier
        id: Option<String>,
    },
    /// Change what a person says of a carrier: a new version of its record
    #[command(after_help = "Example:\n  floptical catalog edit vault box --set carrier.label=Games")]
    Edit {
        /// The vault
        vault: PathBuf,
        /// The carrier
        id: String,
        #[command(flatten)]
        said: Said,
        #[command(flatten)]
        who: Who,
    },
    /// End what was left half done, and make the index anew
    #[command(after_help = "Example:\n  floptical catalog rebuild vault")]
    Rebuild {
        /// The vault
        vault: PathBuf,
        #[command(flatten)]
        who: Who,
    },
    /// Copy carriers out, a bag for each (BagIt 1.0)
    #[command(after_help = "Example:\n  floptical catalog export vault --bagit bags")]
    Export {
        /// The vault
        vault: PathBuf,
        /// The carriers; all without any
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// The folder for the bags; it is made when it is not there
        #[arg(long, value_name = "DIR")]
        bagit: PathBuf,
        #[command(flatten)]
        who: Who,
    },
}

/// Who acts.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Who {
    /// Who acts, for log and records: `Name` or `Name <address>`
    #[arg(long = "by", value_name = "PERSON")]
    pub(crate) person: Option<String>,
}

/// What a person says of a carrier.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Said {
    /// Take what a person says from this YAML file
    #[arg(long, value_name = "FILE")]
    pub(crate) provenance: Option<PathBuf>,
    /// Set a field, as carrier.label=Games; an empty value empties it
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = field)]
    pub(crate) fields: Vec<(String, String)>,
}

fn field(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("a field is set by FIELD=VALUE")?;
    // The library knows the fields, and says which there are.
    floptical::catalog::record::Provenance::default().set(field, value).map_err(|error| error.to_string())?;
    Ok((field.to_owned(), value.to_owned()))
}

impl CatalogVerb {
    /// Its name, as it stands in `floptical/<verb>/0`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Init { .. } => "catalog-init",
            Self::Add { .. } => "catalog-add",
            Self::List { .. } => "catalog-list",
            Self::Show { .. } => "catalog-show",
            Self::Search { .. } => "catalog-search",
            Self::Verify { .. } => "catalog-verify",
            Self::Events { .. } => "catalog-events",
            Self::Edit { .. } => "catalog-edit",
            Self::Rebuild { .. } => "catalog-rebuild",
            Self::Export { .. } => "catalog-export",
        }
    }
}
