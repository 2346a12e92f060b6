//! Carriers that leave: as bags.

use std::path::{Path, PathBuf};

use floptical_io::Source;
use floptical_io::disk::open as open_file;
use floptical_model::{Context, Error, ErrorKind, Result};

use super::disk::Disk;
use super::recover::Writing;
use super::{Act, Vault, object_id, shown};
use crate::bag;
use crate::event::{Event, Head, Kind, Outcome, open};
use crate::fixity::{Digests, digest_copy};
use crate::ocfl::is_safe_path;
use crate::record::Record;

/// A carrier that was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Exported {
    /// Its id.
    pub id: String,
    /// The bag.
    pub bag: PathBuf,
    /// Files in its payload.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The algorithms of a bag's manifests.
const SUMS: [&str; 2] = ["sha256", "sha512"];

impl Vault {
    /// Copy the newest version of a carrier into a new bag at `to`, checking
    /// every file against its sum on the way. The bag carries the events of the
    /// carrier and the head of the log. [`Vault::note_export`] logs it.
    ///
    /// # Errors
    /// What the system says; `Malformed` when a file is damaged. Then there is
    /// no bag.
    pub fn export_bag(&self, id: &str, to: &Path, act: &Act, context: &Context) -> Result<Exported> {
        if to.symlink_metadata().is_ok() {
            return Err(floptical_io::disk::failed("write", to, std::io::ErrorKind::AlreadyExists.into()));
        }
        let name = to.file_name().unwrap_or(to.as_os_str()).to_string_lossy().into_owned();
        let beside = to.with_file_name(format!(".{name}.part"));
        let disk = Disk::default();
        disk.remove(&beside)?;
        let filled = self.fill_bag(&disk, id, &beside, act, context).and_then(|exported| {
            disk.sync_below(&beside)?;
            disk.rename(&beside, to)?;
            Ok(Exported { bag: to.to_owned(), ..exported })
        });
        if filled.is_err() {
            // The error is worth more than what the cleaning says.
            let _ = disk.remove(&beside);
        }
        filled
    }

    /// Log what was exported.
    ///
    /// # Errors
    /// What the system says.
    pub fn note_export(&self, exported: &[Exported], act: &Act, context: &Context) -> Result<()> {
        let mut writing = Writing::begin(self, act, context)?;
        exported.iter().try_for_each(|exported| {
            let mut event = act.event(Kind::Dissemination, Some(&exported.id), Outcome::Success);
            event.detail.insert("as".into(), "bag".into());
            event.detail.insert("files".into(), exported.files.into());
            writing.note(event)
        })
    }

    fn fill_bag(&self, disk: &Disk, id: &str, folder: &Path, act: &Act, context: &Context) -> Result<Exported> {
        let (inventory, record) = self.load(id, context)?;
        let object = self.object(id);
        let mut payload: Vec<(String, Digests)> = Vec::new();
        disk.make_folder(&folder.join("data"))?;
        for (logical, sum, content) in inventory.files() {
            if !is_safe_path(logical) || !is_safe_path(content) {
                return Err(Error::new(ErrorKind::Malformed, format!("the inventory of {id} names {logical}")));
            }
            let path = format!("data/{logical}");
            let digests = copy(disk, &open_file(&object.join(content))?, &folder.join(&path), context)?;
            if digests.hex("sha512").as_deref() != Some(sum) {
                let what =
                    format!("{} is damaged: nothing was exported; run `catalog verify`", shown(&object.join(content)));
                return Err(Error::new(ErrorKind::Malformed, what));
            }
            payload.push((path, digests));
        }
        let bytes: u64 = payload.iter().map(|(_, digests)| digests.len).sum();
        let exported = Exported { id: id.to_owned(), bag: folder.to_owned(), files: payload.len() as u64, bytes };
        let info = bag_info(&record, &exported, &self.head()?, act);
        let mut tags = vec![
            ("bagit.txt".to_owned(), bag::DECLARATION.to_owned()),
            ("bag-info.txt".to_owned(), info),
            ("events.jsonl".to_owned(), self.events_of(id, context)?),
        ];
        tags.extend(manifests("manifest", &payload));
        let summed = tags.iter().map(|(name, text)| {
            let source = Source::from_bytes(name.as_str(), text.as_bytes());
            Ok((name.clone(), crate::fixity::digest_copy(&source, context, |_| Ok(()))?))
        });
        let summed = summed.collect::<Result<Vec<_>>>()?;
        tags.extend(manifests("tagmanifest", &summed));
        tags.iter().try_for_each(|(name, text)| disk.write(&folder.join(name), text.as_bytes()))?;
        Ok(exported)
    }

    /// The lines of the log that speak of a carrier.
    fn events_of(&self, id: &str, context: &Context) -> Result<String> {
        let mut lines = String::new();
        self.log().lines(1, context, |at| {
            let event: Option<Event> = open(&at.bytes, &Head::default()).event;
            if event.is_some_and(|event| event.object.as_deref() == Some(id)) {
                lines.push_str(&String::from_utf8_lossy(&at.bytes));
                lines.push('\n');
            }
            Ok(())
        })?;
        Ok(lines)
    }
}

fn copy(disk: &Disk, source: &Source, to: &Path, context: &Context) -> Result<Digests> {
    if let Some(folder) = to.parent() {
        disk.make_folder(folder)?;
    }
    let mut file = disk.create(to)?;
    digest_copy(source, context, |piece| disk.append(&mut file, to, piece))
}

/// A manifest for each algorithm: name and text.
fn manifests(kind: &str, files: &[(String, Digests)]) -> Vec<(String, String)> {
    let of = |id: &&str| {
        let sums: Vec<String> = files.iter().map(|(_, digests)| digests.hex(id).unwrap_or_default()).collect();
        let lines = sums.iter().zip(files).map(|(sum, (path, _))| (sum.as_str(), path.as_str()));
        (format!("{kind}-{id}.txt"), bag::manifest(lines))
    };
    SUMS.iter().map(of).collect()
}

fn bag_info(record: &Record, exported: &Exported, head: &Head, act: &Act) -> String {
    let carrier = &record.provenance.carrier;
    let said = |value: &Option<String>| value.clone().unwrap_or_default();
    let agent = &act.agent;
    bag::info(&[
        ("Bagging-Date", act.time.strftime("%Y-%m-%d").to_string()),
        ("Bag-Software-Agent", format!("{} {}", agent.software, agent.version)),
        ("Contact-Name", said(&agent.person)),
        ("External-Description", said(&carrier.title)),
        ("External-Identifier", object_id(&exported.id)),
        ("Internal-Sender-Identifier", said(&carrier.identifier)),
        ("Payload-Oxum", format!("{}.{}", exported.bytes, exported.files)),
        ("X-Floptical-Log-Head", head.to_string()),
    ])
}
