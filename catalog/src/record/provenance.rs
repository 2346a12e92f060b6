//! What a person says of a carrier: fields that archivists' forms have
//! (Archivematica's disk image form, EWF headers, the KB's imaging tools, the
//! Archivist's Guide to KryoFlux).

use floptical_io::yaml;
use floptical_model::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// A field: where it stands, and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Group and name: `carrier.label`.
    pub path: &'static str,
    /// What it holds.
    pub meaning: &'static str,
}

/// The groups, their fields and the way to each by its name.
macro_rules! provenance {
    ($($(#[doc = $about:literal])* $group:ident $word:ident $empty:literal { $($field:ident $name:literal $meaning:literal;)* })*) => {
        $(
            $(#[doc = $about])*
            #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $group {
                $(
                    #[doc = $meaning]
                    #[serde(default, rename = $name, skip_serializing_if = "Option::is_none")]
                    pub $field: Option<String>,
                )*
            }

            impl $group {
                /// True when nothing is said.
                pub fn is_empty(&self) -> bool {
                    *self == Self::default()
                }
            }
        )*

        /// What a person says, in three groups. All values are texts; nobody
        /// computes with them.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Provenance {
            $(
                $(#[doc = $about])*
                #[serde(default, skip_serializing_if = $empty)]
                pub $word: $group,
            )*
        }

        impl Provenance {
            /// Every field.
            pub const FIELDS: &'static [Field] = &[
                $($(Field { path: concat!(stringify!($word), ".", $name), meaning: $meaning },)*)*
            ];

            /// Every field with its value, in the order of [`Provenance::FIELDS`].
            fn values(&self) -> Vec<&Option<String>> {
                vec![$($(&self.$word.$field,)*)*]
            }

            fn values_mut(&mut self) -> Vec<&mut Option<String>> {
                vec![$($(&mut self.$word.$field,)*)*]
            }
        }
    };
}

provenance! {
    /// The thing itself.
    Carrier carrier "Carrier::is_empty" {
        title "title" "What it is, in a line.";
        collection "collection" "Collection or fonds it belongs to.";
        container "box" "Box or folder it lies in.";
        position "position" "Place within the box.";
        identifier "identifier" "Number on its label or in the media log.";
        form_factor "form_factor" "8, 5.25 or 3.5 inch, CD, DVD.";
        density "density" "Single, double, high.";
        sides "sides" "Sides it was made for.";
        hard_sectors "hard_sectors" "Holes of a hard-sectored disk.";
        write_protected "write_protected" "State of notch, tab or sticker.";
        brand "brand" "Maker of the medium.";
        serial "serial" "Serial number of the medium.";
        label "label" "Text on the label.";
        condition "condition" "Mould, scratches, shedding, warp, a stuck shutter.";
        handling "handling" "What was done with it: cleaned, baked, opened.";
        rights "rights" "Rights and restrictions.";
        donor "donor" "Who gave it.";
        note "note" "Anything else.";
    }
    /// How it was read.
    Capture capture "Capture::is_empty" {
        start "start" "When the reading began.";
        end "end" "When it ended.";
        operator "operator" "Who read it.";
        host "host" "Computer and system.";
        controller "controller" "Controller, its firmware and serial number.";
        drive "drive" "Drive: maker, model, serial number.";
        rpm "rpm" "Rotation that was measured.";
        heads "heads" "Heads that were used.";
        step "step" "Steps of the drive for a track.";
        revolutions "revolutions" "Revolutions of each track.";
        retries "retries" "How often a bad track was read again.";
        software "software" "Program and its version.";
        command "command" "Its command line.";
        settings "settings" "Its settings.";
        cleaning "cleaning" "Cleaning of heads and medium before.";
        inserted "inserted" "When the medium was put in, each time.";
        note "note" "Anything else.";
    }
    /// What a person thinks of the result.
    Judgement judgement "Judgement::is_empty" {
        success "success" "Full, partial or failed.";
        reviewer "reviewer" "Who looked at it.";
        date "date" "When.";
        note "note" "Why.";
    }
}

impl Provenance {
    /// True when nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a file says.
    ///
    /// # Errors
    /// `Malformed` with line and column for what is no YAML, for a key that is
    /// unknown or stands twice.
    pub fn from_yaml(text: &str) -> Result<Self> {
        if text.trim().is_empty() { Ok(Self::default()) } else { yaml::from_str(text) }
    }

    /// The fields that are filled, with their values.
    pub fn filled(&self) -> impl Iterator<Item = (&'static Field, &str)> {
        Self::FIELDS.iter().zip(self.values()).filter_map(|(field, value)| Some((field, value.as_deref()?)))
    }

    /// Fill a field by its path; an empty value empties it.
    ///
    /// # Errors
    /// `Malformed` when there is no such field.
    pub fn set(&mut self, path: &str, value: &str) -> Result<()> {
        let at = Self::FIELDS.iter().position(|field| field.path == path);
        let Some(slot) = at.and_then(|at| self.values_mut().into_iter().nth(at)) else {
            let known: Vec<&str> = Self::FIELDS.iter().map(|field| field.path).collect();
            let what = format!("there is no field `{path}`; there are {}", known.join(", "));
            return Err(Error::new(ErrorKind::Malformed, what));
        };
        *slot = (!value.is_empty()).then(|| value.to_owned());
        Ok(())
    }

    /// This, and where it says nothing what `base` says.
    #[must_use]
    pub fn over(mut self, base: &Self) -> Self {
        for (slot, base) in self.values_mut().into_iter().zip(base.values()) {
            if slot.is_none() {
                slot.clone_from(base);
            }
        }
        self
    }
}
