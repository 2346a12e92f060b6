//! What a person says, said better.

use floptical_model::{Context, Result};

use super::object::Draft;
use super::recover::Writing;
use super::{Act, Vault};
use crate::event::Kind;
use crate::record::{Provenance, Record};

impl Vault {
    /// Change what a person says of a carrier: a new version of its object with
    /// a new record, nothing else. False when nothing was changed by that, and
    /// nothing is written then.
    ///
    /// # Errors
    /// What `change` says, what the system says; `Unknown` when there is no such
    /// carrier. The vault is then as it was.
    pub fn edit(
        &self,
        id: &str,
        change: impl FnOnce(&mut Provenance) -> Result<()>,
        act: &Act,
        context: &Context,
    ) -> Result<bool> {
        let (_, before) = self.load(id, context)?;
        let mut provenance = before.provenance.clone();
        change(&mut provenance)?;
        if provenance == before.provenance {
            return Ok(false);
        }
        let writing = Writing::begin(self, act, context)?;
        // Somebody may have added files in between.
        let (inventory, record) = self.load(id, context)?;
        let record = Record { provenance, log: writing.head().clone(), ..record };
        let batch = writing.batch()?;
        let draft = Draft::new(&batch, id, Some(inventory));
        let sealed = draft
            .make_folders(&self.disk, std::iter::empty())
            .and_then(|()| draft.seal(&[], record, "Provenance changed", writing.setting()));
        match sealed {
            Ok(sealed) => writing.commit(&batch, Kind::Modification, &[sealed]).map(|_| true),
            Err(error) => {
                writing.abandon(&batch);
                Err(error)
            }
        }
    }
}
