//! The budget that travels with every input, with progress and cancellation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::{Error, ErrorKind, Result};

/// How much one input may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that a single allocation may take.
    pub allocation: u64,
    /// Bytes read, unpacked or made altogether.
    pub bytes: u64,
    /// Steps of decoders and of walks along pointers altogether.
    pub steps: u64,
    /// Entries (tracks, sectors, files, members) altogether.
    pub entries: u64,
    /// Wrappers and containers inside each other; directories inside each other.
    pub depth: u32,
    /// Unpacked bytes for each packed byte of a wrapper, beyond the first 16 MiB
    /// (a blank floppy packs very well).
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { allocation: 1 << 30, bytes: 1 << 36, steps: 1 << 40, entries: 1 << 28, depth: 64, ratio: 2000 }
    }
}

/// How far a long piece of work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, in a word or two.
    pub stage: &'static str,
    /// Units done.
    pub done: u64,
    /// Units altogether.
    pub total: u64,
}

type Watcher = Box<dyn Fn(Progress) + Send + Sync>;

struct Inner {
    limits: Limits,
    bytes: AtomicU64,
    steps: AtomicU64,
    entries: AtomicU64,
    cancelled: AtomicBool,
    watcher: Option<Watcher>,
}

/// One budget, one place to ask to stop, one place to report progress.
/// Clones share all three.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

impl Default for Context {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Context {
    /// A fresh budget.
    pub fn new(limits: Limits) -> Self {
        Self::build(limits, None)
    }

    /// A fresh budget that tells `watcher` of progress.
    pub fn watched(limits: Limits, watcher: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self::build(limits, Some(Box::new(watcher)))
    }

    fn build(limits: Limits, watcher: Option<Watcher>) -> Self {
        Self(Arc::new(Inner {
            limits,
            bytes: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            watcher,
        }))
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// Ask all work under this budget to stop.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Tell how far the work has come.
    pub fn progress(&self, stage: &'static str, done: u64, total: u64) {
        if let Some(watcher) = &self.0.watcher {
            watcher(Progress { stage, done, total });
        }
    }

    /// Ask for room: `n` bytes at once.
    ///
    /// # Errors
    /// `Limit` when one allocation or the sum of all is over the budget;
    /// `Cancelled` when the caller asked to stop.
    pub fn reserve(&self, n: u64) -> Result<()> {
        if n > self.0.limits.allocation {
            return Err(limit("bytes in one piece", self.0.limits.allocation));
        }
        self.spend(&self.0.bytes, n, self.0.limits.bytes, "bytes")
    }

    /// Count bytes that stream through without being kept.
    ///
    /// # Errors
    /// As [`Context::reserve`], without the limit of one piece.
    pub fn stream(&self, n: u64) -> Result<()> {
        self.spend(&self.0.bytes, n, self.0.limits.bytes, "bytes")
    }

    /// Count steps of a decoder or of a walk.
    ///
    /// # Errors
    /// `Limit` or `Cancelled`.
    pub fn step(&self, n: u64) -> Result<()> {
        self.spend(&self.0.steps, n, self.0.limits.steps, "steps")
    }

    /// Count entries.
    ///
    /// # Errors
    /// `Limit` or `Cancelled`.
    pub fn entry(&self, n: u64) -> Result<()> {
        self.spend(&self.0.entries, n, self.0.limits.entries, "entries")
    }

    /// Check a depth of nesting.
    ///
    /// # Errors
    /// `Limit` when `depth` is over the budget.
    pub fn depth(&self, depth: u32) -> Result<()> {
        if depth > self.0.limits.depth { Err(limit("levels of nesting", self.0.limits.depth.into())) } else { Ok(()) }
    }

    fn spend(&self, counter: &AtomicU64, n: u64, limit_of: u64, what: &str) -> Result<()> {
        if self.0.cancelled.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Cancelled, "stopped on request"));
        }
        let before = counter.fetch_add(n, Ordering::Relaxed);
        if before.saturating_add(n) > limit_of { Err(limit(what, limit_of)) } else { Ok(()) }
    }
}

fn limit(what: &str, of: u64) -> Error {
    Error::new(ErrorKind::Limit, format!("the budget of {of} {what} is used up"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_ends_and_can_be_cancelled() {
        let context = Context::new(Limits { bytes: 10, ..Limits::default() });
        context.reserve(6).unwrap();
        assert_eq!(context.clone().reserve(6).unwrap_err().kind, ErrorKind::Limit);
        context.cancel();
        assert_eq!(context.step(1).unwrap_err().kind, ErrorKind::Cancelled);
    }
}
