//! What a vault writes of a carrier: `record.yaml`.
//!
//! Three parts are kept strictly apart: what a person says ([`Provenance`]),
//! what was measured ([`Measured`]) and what the container says of itself
//! ([`Claim`]). None of them ever fills another.

mod measured;
mod provenance;

pub use measured::{Claim, Coverage, FileRole, Layer, Measured, MeasuredFile, MeasuredImage, Noticed, Sector};
pub use provenance::{Capture, Carrier, Field, Judgement, Provenance};

use floptical_io::yaml;
use floptical_model::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::event::Head;

/// The record of one carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Version of this shape: [`Record::SCHEMA`].
    pub schema: String,
    /// Name of the carrier in its vault.
    pub id: String,
    /// How far the log of the vault went when this was written.
    pub log: Head,
    /// What a person says.
    #[serde(default, skip_serializing_if = "Provenance::is_empty")]
    pub provenance: Provenance,
    /// What was measured.
    pub measured: Measured,
    /// What containers say of themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claimed: Vec<Claim>,
}

impl Record {
    /// The version of the shape that is written and read here.
    pub const SCHEMA: &'static str = "floptical/record/0";

    /// A record from its text.
    ///
    /// # Errors
    /// `Malformed` with line and column; `Unsupported` for another version.
    pub fn from_yaml(text: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(text).map_err(|_| Error::new(ErrorKind::Malformed, "a record is UTF-8"))?;
        let record: Self = yaml::from_str(text)?;
        if record.schema == Self::SCHEMA {
            Ok(record)
        } else {
            Err(Error::unsupported(format!("a record of the version {}; {} is read here", record.schema, Self::SCHEMA)))
        }
    }

    /// The text of a record: the same for the same record.
    ///
    /// # Errors
    /// None that a record can cause.
    pub fn to_yaml(&self) -> Result<String> {
        yaml::to_string(self)
    }
}

#[cfg(test)]
mod tests;
