//! The report: static pages of HTML that open from a disk, and the same as
//! JSON. Every text is escaped by the templates.

use floptical_model::{Error, Result};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

use crate::shape::{OverviewShape, PageShape, SummaryShape};

/// A file of the report: its name and its bytes.
pub type Page = (String, Vec<u8>);

/// Makes pages of shapes.
pub struct Report {
    templates: Environment<'static>,
    title: String,
}

impl Report {
    /// A report on what `title` names.
    ///
    /// # Errors
    /// None: the templates are a part of the program.
    pub fn new(title: &str) -> Result<Self> {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        templates.set_trim_blocks(true);
        templates.set_lstrip_blocks(true);
        templates.add_filter("counted", counted);
        templates.add_filter("rpm", rpm);
        templates.add_filter("head", head);
        templates.add_filter("remarks", remarks);
        templates.add_filter("coverage", coverage);
        for (name, text) in TEMPLATES {
            templates.add_template(name, text).map_err(|e| broken(&e))?;
        }
        Ok(Self { templates, title: title.to_owned() })
    }

    /// What all pages share.
    pub fn shared() -> Vec<Page> {
        vec![("report.css".into(), include_bytes!("templates/report.css").to_vec())]
    }

    /// The overview, as HTML and JSON.
    ///
    /// # Errors
    /// None that a shape can cause.
    pub fn overview(&self, overview: &OverviewShape) -> Result<Vec<Page>> {
        let values = context! {
            title => self.title, version => env!("CARGO_PKG_VERSION"),
            carriers => overview.carriers, totals => overview.totals,
        };
        self.both("index", "index.html", values, overview)
    }

    /// The page of a carrier, as HTML and JSON.
    ///
    /// # Errors
    /// As [`Report::overview`].
    pub fn carrier(&self, stem: &str, carrier: &PageShape, summary: &SummaryShape) -> Result<Vec<Page>> {
        let values = context! {
            title => self.title, version => env!("CARGO_PKG_VERSION"),
            stem => stem, carrier => Value::from_serialize(carrier), summary => Value::from_serialize(summary),
        };
        self.both(stem, "carrier.html", values, carrier)
    }

    fn both(&self, stem: &str, template: &str, values: Value, shape: &impl Serialize) -> Result<Vec<Page>> {
        let html = self.templates.get_template(template).and_then(|t| t.render(values)).map_err(|e| broken(&e))?;
        let mut json = serde_json::to_vec_pretty(shape).map_err(|e| Error::unsupported(e.to_string()))?;
        json.push(b'\n');
        Ok(vec![(format!("{stem}.html"), html.into_bytes()), (format!("{stem}.json"), json)])
    }
}

const TEMPLATES: [(&str, &str); 3] = [
    ("page.html", include_str!("templates/page.html")),
    ("index.html", include_str!("templates/index.html")),
    ("carrier.html", include_str!("templates/carrier.html")),
];

fn broken(error: &minijinja::Error) -> Error {
    Error::unsupported(format!("a page of the report cannot be made: {error:#}"))
}

/// `1 sector`, `2 sectors`.
fn counted(n: u64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// Nanoseconds of a revolution as turns a minute.
fn rpm(ns: u64) -> String {
    let tenths = 600_000_000_000u64.checked_div(ns).unwrap_or(0);
    format!("{}.{} rpm", tenths / 10, tenths % 10)
}

/// The first digits of a digest.
fn head(digest: &str) -> String {
    let head: String = digest.chars().take(16).collect();
    if head.is_empty() { head } else { format!("{head}\u{2026}") }
}

/// What else is to be said of a file.
fn remarks(entry: &Value) -> String {
    let text = |name: &str| entry.get_attr(name).ok().and_then(|v| v.as_str().map(str::to_owned));
    let list = |name: &str| -> Vec<String> {
        let values = entry.get_attr(name).ok().and_then(|v| v.try_iter().ok());
        values.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let mut all = list("attributes");
    let kind = text("kind").filter(|k| k != "file" && k != "directory" && !all.contains(k));
    all.splice(0..0, kind);
    all.extend(text("deleted").map(|d| format!("deleted, recovery: {d}")));
    let details = entry.get_attr("details").ok().and_then(|d| d.try_iter().ok().map(|keys| (d.clone(), keys)));
    if let Some((details, keys)) = details {
        for key in keys {
            let value = details.get_item(&key).map(|v| v.to_string()).unwrap_or_default();
            all.push(format!("{key} {value}"));
        }
    }
    all.extend(list("findings"));
    all.join(", ")
}

/// How many bytes rest on what, in words.
fn coverage(coverage: &Value) -> String {
    const WORDS: [(&str, &str); 5] = [
        ("good", "with a good check"),
        ("unverified", "that nothing verifies"),
        ("doubtful", "in doubt"),
        ("masked", "weak"),
        ("missing", "missing"),
    ];
    let count = |name: &str| coverage.get_attr(name).ok().and_then(|v| u64::try_from(v).ok()).unwrap_or(0);
    let parts: Vec<String> = WORDS
        .iter()
        .map(|(name, words)| (count(name), words))
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("{} {words}", counted(n, "byte")))
        .collect();
    if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
}
