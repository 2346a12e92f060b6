//! How far long work has come: a bar on stderr, when it is a terminal and the
//! work takes over half a second.

use std::fmt;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use floptical::io::text::show;
use floptical::model::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// A bar that waits before it shows itself.
#[derive(Debug)]
pub(crate) struct Meter {
    bar: Option<ProgressBar>,
    shown: AtomicBool,
    started: Instant,
}

impl Meter {
    const PATIENCE: Duration = Duration::from_millis(500);

    /// A bar, or none where nobody looks.
    pub(crate) fn new(quiet: bool) -> Self {
        let wanted = !quiet && std::io::stderr().is_terminal();
        let bar = wanted.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()));
        let style = ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len} {rate} {eta} left");
        if let (Some(bar), Ok(style)) = (&bar, style) {
            let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{:.0}/s", state.per_sec());
            };
            bar.set_style(style.progress_chars("=> ").with_key("rate", rate));
        }
        Self { bar, shown: AtomicBool::new(false), started: Instant::now() }
    }

    /// So many units of so many are done.
    pub(crate) fn tell(&self, progress: Progress) {
        let Some(bar) = &self.bar else { return };
        if self.started.elapsed() > Self::PATIENCE && !self.shown.swap(true, Ordering::Relaxed) {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if bar.message() != progress.stage {
            bar.set_message(show(progress.stage.as_bytes()));
            bar.reset_eta();
        }
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    }

    /// Print something while the bar is out of the way.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Take the bar away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
