//! The one list of formats.

use floptical_io::Source;

use crate::{Candidate, Evidence, Format, Probe};

/// Every format of this crate.
pub static FORMATS: &[&Format] = &[
    &crate::cue::FORMAT,
    &crate::a2r::FORMAT,
    &crate::adf::FORMAT,
    &crate::d64::FORMAT,
    &crate::d71::FORMAT,
    &crate::d81::FORMAT,
    &crate::g64::FORMAT,
    &crate::dfi::FORMAT,
    &crate::dsk::STANDARD,
    &crate::dsk::EXTENDED,
    &crate::hfe::FORMAT,
    &crate::hfe::VERSION_3,
    &crate::imd::FORMAT,
    &crate::iso::FORMAT,
    &crate::kryoflux::FORMAT,
    &crate::mfi::FORMAT,
    &crate::msa::FORMAT,
    &crate::p64::FORMAT,
    &crate::pfi::FORMAT,
    &crate::raw::FORMAT,
    &crate::scp::FORMAT,
    &crate::st::FORMAT,
    &crate::td0::FORMAT,
    &crate::woz::WOZ,
    &crate::woz::MOOF,
];

/// The formats in use: those of this crate, and those that a caller adds.
#[derive(Debug, Clone)]
pub struct Registry {
    formats: Vec<&'static Format>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { formats: FORMATS.to_vec() }
    }
}

impl Registry {
    /// The same with one more format.
    #[must_use]
    pub fn with(mut self, format: &'static Format) -> Self {
        self.formats.push(format);
        self
    }

    /// The formats, in the order of the list.
    pub fn formats(&self) -> &[&'static Format] {
        &self.formats
    }

    /// The format with this id.
    pub fn by_id(&self, id: &str) -> Option<&'static Format> {
        self.formats.iter().copied().find(|f| f.id == id)
    }

    /// The format whose usual extension a name has.
    pub fn by_name(&self, name: &str) -> Option<&'static Format> {
        let with = |f: &&&'static Format| f.extensions.iter().any(|e| has_extension(name, e));
        self.formats.iter().find(with).copied()
    }

    /// What a file may be, the best answer first. Equal evidence is a tie, and
    /// stays in the order of the list.
    pub fn identify(&self, source: &Source) -> Vec<Candidate> {
        let Some(mut probe) = Probe::new(source) else { return Vec::new() };
        let mut ranked = Vec::new();
        for format in &self.formats {
            probe.renew();
            for mut answer in (format.identify)(&mut probe) {
                if format.extensions.iter().any(|e| has_extension(source.name(), e)) {
                    answer.evidence = answer.evidence | Evidence::NAME;
                }
                ranked.push(Candidate { format, answer });
            }
        }
        ranked.sort_by_key(|c| std::cmp::Reverse(c.answer.evidence));
        ranked
    }
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, own)| own.eq_ignore_ascii_case(extension))
}
