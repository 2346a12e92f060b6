//! A vault with its report and its copies for emulators.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use floptical_catalog::record::{FileRole, MeasuredFile, Record};
use floptical_catalog::vault::{Act, Receipt, Vault};
use floptical_io::Source;
use floptical_io::disk::{self, ExtractFolder, Replace};
use floptical_io::text::show;
use floptical_model::{Context, Result};

use super::copies::Copy;
use super::examine::{Examined, ExaminedImage, bare};
use super::summary::summary;
use crate::items::BoxItem;
use crate::report::{Page, Report};
use crate::shape::{
    FieldShape, FileClaimShape, KeptShape, OverviewShape, PageImageShape, PageShape, PhotographShape, SummaryShape,
    TextShape,
};

/// A vault that is being filled, with its report.
pub struct Preservation<'a> {
    vault: &'a Vault,
    act: Act,
    title: String,
    report: Report,
    /// The lines of the overview by id, those of earlier runs too.
    summaries: Mutex<BTreeMap<String, SummaryShape>>,
}

/// An item that is safe in the vault.
#[derive(Debug, Clone)]
pub struct Preserved {
    /// The word of the vault.
    pub receipt: Receipt,
    /// Its line of the overview.
    pub summary: SummaryShape,
}

const OVERVIEW: &str = "index.json";

impl<'a> Preservation<'a> {
    /// Begin, with the report that is there. `title` names it.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(vault: &'a Vault, title: &str, act: Act, context: &Context) -> Result<Self> {
        let mut summaries = BTreeMap::new();
        let there = vault.reports().join(OVERVIEW);
        if let Ok(text) = disk::open(&there).and_then(|s| s.all(context))
            && let Ok(overview) = serde_json::from_slice::<OverviewShape>(&text)
        {
            summaries.extend(overview.carriers.into_iter().map(|c| (c.id.clone(), c)));
        }
        let title = show(title.as_bytes());
        let report = Report::new(&title)?;
        Ok(Self { vault, act, title, report, summaries: Mutex::new(summaries) })
    }

    fn summaries(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, SummaryShape>> {
        self.summaries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The carrier that an item is, where the vault and the report have it:
    /// nothing is left to do.
    ///
    /// # Errors
    /// What opening a file or the vault says.
    pub fn recognise(
        &self,
        item: &BoxItem,
        open: &dyn Fn(&str) -> Result<Source>,
        context: &Context,
    ) -> Result<Option<Preserved>> {
        let Some(receipt) = self.vault.recognise(&bare(item, open)?, context)? else { return Ok(None) };
        let summary = self.summaries().get(&receipt.id).cloned();
        let there = summary.filter(|s| self.vault.reports().join(&s.page).is_file());
        Ok(there.map(|summary| Preserved { receipt, summary }))
    }

    /// Put examined items into the vault, and what was made of them beside it.
    /// Each is told by its name; one whose files cannot be read stops nobody
    /// else.
    ///
    /// # Errors
    /// What the vault and the system say. What the vault took stays safe.
    pub fn add(&self, batch: Vec<Examined>, context: &Context) -> Result<Vec<(String, Result<Preserved>)>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let (items, rest): (Vec<_>, Vec<_>) = batch.into_iter().map(|e| (e.item, (e.images, e.texts))).unzip();
        let receipts = self.vault.ingest_readable(&items, &self.act, context)?;
        let mut pages = ExtractFolder::create(&self.vault.reports(), Replace::Yes)?;
        let mut added = Vec::with_capacity(receipts.len());
        for ((receipt, item), made) in receipts.into_iter().zip(items).zip(rest) {
            let preserved = match receipt {
                Ok(receipt) => Ok(self.publish(receipt, &item.name, made, &mut pages, context)?),
                Err(error) => Err(error),
            };
            added.push((item.name, preserved));
        }
        Ok(added)
    }

    /// Write the copies and the page of a carrier that is safe in the vault.
    fn publish(
        &self,
        receipt: Receipt,
        name: &str,
        (images, texts): (Vec<ExaminedImage>, Vec<TextShape>),
        pages: &mut ExtractFolder,
        context: &Context,
    ) -> Result<Preserved> {
        let record = self.vault.record(&receipt.id, context)?;
        let mut carrier = self.carrier(&record, &receipt, context)?;
        carrier.texts = texts;
        let stem = format!("carrier-{}", receipt.id);
        for (at, image) in images.into_iter().enumerate() {
            let mut shape = self.copied(&receipt.id, at, image.shape, image.copies)?;
            if let Some(picture) = image.picture {
                let name = format!("{stem}-{at}.png");
                save(pages, &(name.clone(), picture))?;
                shape.picture = Some(name);
            }
            carrier.images.push(shape);
        }
        let line = summary(&carrier, name, &format!("{stem}.html"));
        self.report.carrier(&stem, &carrier, &line)?.iter().try_for_each(|page| save(pages, page))?;
        self.summaries().insert(line.id.clone(), line.clone());
        Ok(Preserved { receipt, summary: line })
    }

    /// Write the overview.
    ///
    /// # Errors
    /// What the system says.
    pub fn finish(&self) -> Result<OverviewShape> {
        let overview = OverviewShape::of(&self.title, self.summaries().values().cloned().collect());
        let mut pages = ExtractFolder::create(&self.vault.reports(), Replace::Yes)?;
        for page in Report::shared().iter().chain(&self.report.overview(&overview)?) {
            save(&mut pages, page)?;
        }
        Ok(overview)
    }

    /// Where the overview is.
    pub fn overview(&self) -> PathBuf {
        self.vault.reports().join("index.html")
    }

    /// What the record says of a carrier.
    fn carrier(&self, record: &Record, receipt: &Receipt, context: &Context) -> Result<PageShape> {
        let mut files = Vec::new();
        let mut photographs = Vec::new();
        for file in &record.measured.files {
            let href = self.href(&self.vault.content(&record.id, &file.path, context)?);
            if file.role == FileRole::Photograph {
                photographs.push(photograph(file, href.clone()));
            }
            files.push(kept(file, href));
        }
        let field = |(field, value): (&floptical_catalog::record::Field, &str)| FieldShape {
            field: field.path,
            value: show(value.as_bytes()),
        };
        let claim = |c: &floptical_catalog::record::Claim| FileClaimShape {
            file: c.file.clone(),
            kind: c.kind.clone(),
            text: c.text.clone(),
        };
        Ok(PageShape {
            schema: PageShape::SCHEMA,
            id: record.id.clone(),
            images: Vec::new(),
            provenance: record.provenance.filled().map(field).collect(),
            claims: record.claimed.iter().map(claim).collect(),
            texts: Vec::new(),
            photographs,
            files,
            same_data: receipt.same_data.clone(),
        })
    }

    /// Write the copies of an image into its folder.
    fn copied(&self, id: &str, at: usize, mut shape: PageImageShape, copies: Vec<Copy>) -> Result<PageImageShape> {
        for mut copy in copies {
            if let Some(files) = copy.files.take() {
                let folder = self.vault.copies().join(id).join(at.to_string());
                let mut out = ExtractFolder::create(&folder, Replace::Yes)?;
                files.iter().try_for_each(|file| save(&mut out, file))?;
                let first = files.first().map_or("", |(name, _)| name.as_str());
                copy.shape.href = Some(self.href(&folder.join(first)));
            }
            shape.copies.push(copy.shape);
        }
        Ok(shape)
    }

    /// The way from a page to a file of the vault.
    fn href(&self, path: &Path) -> String {
        let within = path.strip_prefix(self.vault.root()).unwrap_or(path);
        let parts = within.components().map(|c| escaped(&c.as_os_str().to_string_lossy()));
        format!("../{}", parts.collect::<Vec<_>>().join("/"))
    }
}

fn save(folder: &mut ExtractFolder, (name, bytes): &Page) -> Result<()> {
    let mut file = folder.file(name)?;
    file.write(bytes)?;
    file.finish().map(drop)
}

/// A part of a path as an address takes it (RFC 3986, "pchar").
fn escaped(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn kept(file: &MeasuredFile, href: String) -> KeptShape {
    KeptShape {
        name: show(file.name.as_bytes()),
        role: file.role.word(),
        size: file.size,
        href,
        digests: file.digests.clone(),
    }
}

/// Kinds of pictures that browsers show.
const SHOWN: [&str; 6] = ["jpg", "jpeg", "png", "gif", "webp", "bmp"];

fn photograph(file: &MeasuredFile, href: String) -> PhotographShape {
    let extension = file.name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    PhotographShape { name: show(file.name.as_bytes()), href, shown: SHOWN.contains(&extension.as_str()) }
}
