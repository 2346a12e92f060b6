//! Where a format's bytes go.

use floptical_model::Result;

/// Takes the files that a format emits, one after the other.
///
/// Nothing is seen under its final name before all of it is there; what that
/// takes is the sink's business, not the format's.
pub trait Output {
    /// Begin the next file. `name` is the part that the format decides: empty
    /// for a format of one file, else the name within the set.
    ///
    /// # Errors
    /// What the system says.
    fn begin(&mut self, name: &str) -> Result<()>;

    /// Append to the file that was begun last.
    ///
    /// # Errors
    /// What the system says.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Replace bytes of the file that was begun last, which were written
    /// before: a header that is known only at the end.
    ///
    /// # Errors
    /// What the system says; `Malformed` when the range was not written yet.
    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()>;
}
