//! What a container cannot say, kept beside its file and found again by digest.
//!
//! A sidecar `OUT.floptical.yaml` holds the claims of the source that the
//! target has no word for, and what the plan dropped, by group. It belongs to
//! the bytes whose digest it names, not to a file name: when an image with
//! these bytes is opened, the claims come back.

use floptical_io::{FileSet, Source, text::show, yaml};
use floptical_model::{Claim, ClaimKind, Context, Error, ErrorKind, Image, Result, Span};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Planned;
use crate::identity::hex;
use crate::shape::PlanShape;

/// The version of the form.
pub const SCHEMA: &str = "floptical/sidecar/0";

/// A file as a sidecar names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Name without folders.
    pub name: String,
    /// Id of its format.
    pub format: String,
    /// SHA-256: see [`digest`].
    pub sha256: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sidecar {
    schema: String,
    file: Named,
    source: Named,
    claims: Vec<ClaimRow>,
    losses: Vec<LossRow>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimRow {
    kind: String,
    text: String,
    /// The bytes in hexadecimal, where they are not just the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LossRow {
    weight: String,
    fact: String,
    how: String,
    count: u64,
    first: String,
    from: String,
    to: String,
}

/// The kinds of claims, for their words.
const KINDS: [ClaimKind; 11] = [
    ClaimKind::Creator,
    ClaimKind::Date,
    ClaimKind::Title,
    ClaimKind::Comment,
    ClaimKind::Version,
    ClaimKind::DiskType,
    ClaimKind::Drive,
    ClaimKind::WriteProtected,
    ClaimKind::Encoding,
    ClaimKind::Rate,
    ClaimKind::Rotation,
];

/// The digest that a sidecar names: SHA-256 of the file; of several files that
/// of the list that `sha256sum` prints of them, by name.
///
/// # Errors
/// What stops the reading.
pub fn digest(files: &FileSet, context: &Context) -> Result<String> {
    if let [only] = files.files() {
        return of_file(only, context);
    }
    let mut list = Sha256::new();
    for file in files.files() {
        list.update(format!("{}  {}\n", of_file(file, context)?, file.name()));
    }
    Ok(hex(&list.finalize()))
}

fn of_file(file: &Source, context: &Context) -> Result<String> {
    const PIECE: u64 = 1 << 16;
    let mut hash = Sha256::new();
    let mut at = 0;
    while at < file.len() {
        let piece = file.bytes(at, PIECE.min(file.len() - at), context)?;
        hash.update(&piece);
        at += piece.len() as u64;
    }
    Ok(hex(&hash.finalize()))
}

/// The sidecar of a conversion of `image`.
///
/// # Errors
/// What stops the writing of YAML.
pub fn to_yaml(image: &Image, planned: &Planned, source: Named, file: Named) -> Result<String> {
    let held = &planned.fitted().claims;
    let lacking = |claim: &&Claim| !held.iter().any(|h| h.kind == claim.kind && h.raw == claim.raw);
    let losses = PlanShape::of(planned.plan()).losses.into_iter().map(|l| LossRow {
        weight: l.weight.to_owned(),
        fact: l.fact.to_owned(),
        how: l.how.to_owned(),
        count: l.count,
        first: l.first,
        from: l.from,
        to: l.to,
    });
    yaml::to_string(&Sidecar {
        schema: SCHEMA.to_owned(),
        file,
        source,
        claims: image.claims.iter().filter(lacking).map(ClaimRow::of).collect(),
        losses: losses.collect(),
    })
}

/// Bring the claims of a sidecar back to the image that it belongs to, and say
/// how many they were. `None` when it belongs to bytes with another digest.
///
/// # Errors
/// `Malformed` or `Unsupported` when this is no sidecar that can be read here.
pub fn apply(image: &mut Image, text: &str, sha256: &str) -> Result<Option<usize>> {
    let sidecar: Sidecar = yaml::from_str(text)?;
    if sidecar.schema != SCHEMA {
        let what = format!("a sidecar of the form `{}` is not read here", show(sidecar.schema.as_bytes()));
        return Err(Error::unsupported(what));
    }
    if sidecar.file.sha256 != sha256 {
        return Ok(None);
    }
    let claims: Vec<Claim> = sidecar.claims.iter().map(ClaimRow::claim).collect::<Result<_>>()?;
    let before = image.claims.len();
    for claim in claims {
        if !image.claims.iter().any(|c| c.kind == claim.kind && c.raw == claim.raw) {
            image.claims.push(claim);
        }
    }
    Ok(Some(image.claims.len() - before))
}

impl ClaimRow {
    fn of(claim: &Claim) -> Self {
        let plain = claim.raw == claim.text.as_bytes() && show(&claim.raw) == claim.text;
        Self { kind: claim.kind.word().to_owned(), text: claim.text.clone(), raw: (!plain).then(|| hex(&claim.raw)) }
    }

    fn claim(&self) -> Result<Claim> {
        let kind = KINDS.into_iter().find(|k| k.word() == self.kind);
        let kind = kind.ok_or_else(|| malformed(format!("`{}` is no kind of claim", show(self.kind.as_bytes()))))?;
        let raw = match &self.raw {
            None => self.text.clone().into_bytes(),
            Some(digits) => unhex(digits).ok_or_else(|| malformed("the raw bytes of a claim are not hexadecimal"))?,
        };
        Ok(Claim { kind, raw, text: self.text.clone(), at: Span::Made("sidecar") })
    }
}

fn malformed(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, what)
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let value = |d: u8| char::from(d).to_digit(16).and_then(|v| u8::try_from(v).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(value(*high)? << 4 | value(*low)?),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use floptical_model::Floppy;
    use floptical_model::{DriveFacts, Known, TrackMap};

    fn image() -> Image {
        let (drive, layout, tracks) = (DriveFacts::default(), Known::Unrecorded, TrackMap::held([]));
        Image::floppy(Floppy { drive, layout, tracks })
    }

    fn named(sha256: &str) -> Named {
        Named { name: "disk.img".into(), format: "raw".into(), sha256: sha256.into() }
    }

    fn sidecar(claims: Vec<ClaimRow>) -> String {
        let sidecar =
            Sidecar { schema: SCHEMA.into(), file: named("ab"), source: named("cd"), claims, losses: Vec::new() };
        yaml::to_string(&sidecar).unwrap()
    }

    #[test]
    fn claims_come_back_byte_for_byte() {
        let texts = [
            "",
            " ",
            "plain",
            "no",
            "1.10",
            "~",
            "- a: 'b' \"c\" #d",
            "two\nlines",
            "two\r\nlines\r\n\r\n",
            "\r",
            "\n",
            "\ttab ",
            "  lead\n  more",
            "\u{1b}[2J\u{0}\u{7f}\u{85}\u{2028}\u{feff}",
            "Ünï ディスク",
            "|\n",
            ">-\n x\n",
            "---\n...\n",
        ];
        for text in texts {
            for raw in [text.as_bytes().to_vec(), b"\xff\x00 other".to_vec()] {
                let claim = Claim { kind: ClaimKind::Comment, raw, text: text.into(), at: Span::Made("sidecar") };
                let mut back = image();
                let yaml = sidecar(vec![ClaimRow::of(&claim)]);
                assert_eq!(apply(&mut back, &yaml, "ab").unwrap(), Some(1), "{yaml}");
                assert_eq!(back.claims, [claim], "{yaml}");
            }
        }
    }

    #[test]
    fn a_sidecar_belongs_to_bytes() {
        let mut other = image();
        let claim = Claim { kind: ClaimKind::Title, raw: b"x".to_vec(), text: "x".into(), at: Span::Made("sidecar") };
        let yaml = sidecar(vec![ClaimRow::of(&claim)]);
        assert_eq!(apply(&mut other, &yaml, "ac").unwrap(), None);
        assert!(other.claims.is_empty());
        assert_eq!(apply(&mut other, &yaml, "ab").unwrap(), Some(1));
        assert_eq!(apply(&mut other, &yaml, "ab").unwrap(), Some(0));
    }

    #[test]
    fn what_is_no_sidecar_is_said_and_changes_nothing() {
        let good = sidecar(vec![ClaimRow { kind: "title".into(), text: "x".into(), raw: Some("ff".into()) }]);
        for (from, to) in
            [("sidecar/0", "sidecar/1"), ("kind: title", "kind: odd"), ("ff", "fg"), ("raw", "row"), ("claims", "")]
        {
            let mut image = image();
            assert!(apply(&mut image, &good.replace(from, to), "ab").is_err(), "{from}");
            assert!(image.claims.is_empty());
        }
    }
}
