//! `box.yaml`: what a person says belongs together.

use std::collections::BTreeSet;

use floptical_io::yaml;
use floptical_model::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::names::{base_name, folder_of, is_within};
use super::{BoxItem, Dump, LOOSE, Listed, Role};

/// The name of the file in the folder of the box.
pub const BOX_FILE: &str = "box.yaml";

/// The version of its shape.
const VERSION: &str = "floptical/box/0";

/// What a person says belongs together. A path that ends in `/` means all files
/// directly in that folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxList {
    schema: String,
    /// The items.
    pub items: Vec<BoxRow>,
}

/// One item of the list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxRow {
    /// What it is called.
    pub name: String,
    /// Its images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageRow>,
    /// What programs wrote down while they captured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<String>,
    /// Pictures of the carrier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photographs: Vec<String>,
    /// What people wrote down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What a person says of the carrier, as `catalog add` reads it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<String>,
    /// What conversions kept beside their images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sidecars: Vec<String>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

/// One image of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRow {
    /// Its files.
    pub files: Vec<String>,
    /// The side that it holds, where each has a file of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<char>,
}

impl BoxRow {
    fn companions(&mut self, role: Role) -> &mut Vec<String> {
        match role {
            Role::Log => &mut self.logs,
            Role::Photograph => &mut self.photographs,
            Role::Note => &mut self.notes,
            Role::Record => &mut self.records,
            Role::Sidecar => &mut self.sidecars,
            Role::Other => &mut self.others,
        }
    }
}

const ROLES: [Role; 6] = [Role::Log, Role::Photograph, Role::Note, Role::Record, Role::Sidecar, Role::Other];

impl BoxList {
    /// Read `box.yaml`.
    ///
    /// # Errors
    /// `Malformed` with line and column, also for a key that is not known or
    /// stands twice; `Unsupported` for another version.
    pub fn parse(text: &str) -> Result<Self> {
        let list: Self = yaml::from_str(text).map_err(|e| Error { what: format!("{BOX_FILE}: {}", e.what), ..e })?;
        if list.schema != VERSION {
            return Err(Error::unsupported(format!("{BOX_FILE} has the schema `{}`, not {VERSION}", list.schema)));
        }
        Ok(list)
    }

    /// The list that says what was found: the text to edit.
    pub fn of(items: &[BoxItem], files: &[Listed]) -> Self {
        let row = |item: &BoxItem| {
            let mut row = BoxRow { name: item.name.clone(), ..BoxRow::default() };
            let image = |dump: &Dump| ImageRow { files: folded(&dump.files, files), side: dump.side };
            row.images = item.dumps.iter().map(image).collect();
            for (role, name) in &item.companions {
                row.companions(*role).push(name.clone());
            }
            row
        };
        Self { schema: VERSION.into(), items: items.iter().map(row).collect() }
    }

    /// The text of `box.yaml`.
    ///
    /// # Errors
    /// What YAML cannot say.
    pub fn to_yaml(&self) -> Result<String> {
        yaml::to_string(self)
    }

    /// The items as told, and the files that they take.
    pub(super) fn items(&self, files: &[Listed]) -> Result<(Vec<BoxItem>, BTreeSet<String>)> {
        let mut taken = BTreeSet::new();
        let mut items = Vec::new();
        for (at, row) in self.items.iter().enumerate() {
            // The loose files of an earlier run are looked at again.
            if row.name == LOOSE && row.images.is_empty() {
                continue;
            }
            let mut take = |names: &[String]| unfolded(names, files, at, &mut taken);
            let mut item = BoxItem { name: row.name.clone(), ..BoxItem::default() };
            for image in &row.images {
                item.dumps.push(Dump { files: take(&image.files)?, side: image.side });
            }
            let mut row = row.clone();
            for role in ROLES {
                let names = take(row.companions(role))?;
                item.companions.extend(names.into_iter().map(|name| (role, name)));
            }
            items.push(item);
        }
        Ok((items, taken))
    }
}

/// A folder in place of all its files.
fn folded(names: &[String], files: &[Listed]) -> Vec<String> {
    let Some(folder) = names.first().map(|f| folder_of(f)).filter(|f| !f.is_empty() && names.len() > 1) else {
        return names.to_vec();
    };
    let whole = files.iter().filter(|f| folder_of(&f.name) == folder).all(|f| names.contains(&f.name));
    if whole { vec![format!("{folder}/")] } else { names.to_vec() }
}

/// The files that are meant, each taken once.
fn unfolded(names: &[String], files: &[Listed], row: usize, taken: &mut BTreeSet<String>) -> Result<Vec<String>> {
    let wrong = |what: String| Err(Error::new(ErrorKind::Malformed, format!("{BOX_FILE}: items[{row}]: {what}")));
    let mut all = Vec::new();
    for name in names {
        let meant = |f: &&Listed| match name.strip_suffix('/') {
            Some(folder) => is_within(&f.name, folder) && folder_of(&f.name) == folder,
            None => f.name == *name,
        };
        let found: Vec<String> = files.iter().filter(meant).map(|f| f.name.clone()).collect();
        if found.is_empty() {
            return wrong(format!("there is no `{name}` in the box"));
        }
        for file in found {
            if !taken.insert(file.clone()) {
                return wrong(format!("`{}` is named twice", base_name(&file)));
            }
            all.push(file);
        }
    }
    Ok(all)
}
