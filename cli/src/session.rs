//! One run of the command: its options, its streams, its inputs.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use floptical::model::{Context, Limits, Progress};
use serde::Serialize;

use crate::args::General;
use crate::failure::{Code, Failure};
use crate::input::Input;
use crate::output::{self, Aside, Colour, Look, Page};
use crate::progress::Meter;

/// What all verbs share.
#[derive(Debug)]
pub(crate) struct Session {
    verb: &'static str,
    json: bool,
    quiet: bool,
    jobs: usize,
    /// Colours on stdout.
    pub(crate) colour: Colour,
    faint: Colour,
    meter: Arc<Meter>,
}

impl Session {
    pub(crate) fn new(verb: &'static str, general: &General) -> Self {
        let processors = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            verb,
            json: general.json,
            quiet: general.quiet,
            jobs: general.jobs.map_or_else(processors, NonZeroUsize::get),
            colour: Colour::stdout(general.color),
            faint: Colour::stderr(general.color),
            meter: Arc::new(Meter::new(general.quiet)),
        }
    }

    /// A budget whose progress shows on the bar.
    pub(crate) fn context(&self) -> Context {
        let meter = Arc::clone(&self.meter);
        Context::watched(Limits::default(), move |progress| meter.tell(progress))
    }

    /// A budget for a whole vault, which may be of any size.
    pub(crate) fn vault_context(&self) -> Context {
        let meter = Arc::clone(&self.meter);
        let limits = Limits { bytes: u64::MAX, steps: u64::MAX, entries: u64::MAX, ..Limits::default() };
        Context::watched(limits, move |progress| meter.tell(progress))
    }

    /// How many things are worked on at once.
    pub(crate) fn jobs(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.jobs).unwrap_or(NonZeroUsize::MIN)
    }

    /// Work on things, several at once; the results are in their order.
    pub(crate) fn map<T: Sync, R: Send>(&self, things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(things.len()));
        let take = || {
            while let Some((at, thing)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                things.get(at).map(|thing| (at, thing))
            } {
                let result = work(thing);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
            }
        };
        thread::scope(|scope| (0..self.jobs.min(things.len())).for_each(|_| drop(scope.spawn(take))));
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, result)| result).collect()
    }

    /// A page of one shape: as JSON, or as text where nobody asked for JSON.
    pub(crate) fn page(
        &self,
        input: Option<&str>,
        body: &impl Serialize,
        code: Code,
        text: impl FnOnce(&mut String),
    ) -> Result<Page, Failure> {
        if self.json {
            return Ok(Page::new(output::json(self.verb, input, body)?, code));
        }
        let mut out = String::new();
        text(&mut out);
        Ok(Page::new(out, code))
    }

    /// Work on inputs, several at once, and print what comes out in their
    /// order. The code is the highest there is.
    pub(crate) fn each(
        &self,
        inputs: &[Input],
        work: impl Fn(&Input, &Context) -> Result<Page, Failure> + Sync,
    ) -> Result<Code, Failure> {
        let next = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let (send, receive) = mpsc::channel();
        let take = || {
            while !stop.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(input) = inputs.get(index) else { break };
                let context = if inputs.len() == 1 { self.context() } else { Context::default() };
                let page = work(input, &context).unwrap_or_else(|failure| self.failed(input, failure));
                if send.send((index, page)).is_err() {
                    break;
                }
            }
        };
        if inputs.len() == 1 {
            take();
            return self.print_in_order(1, &receive);
        }
        thread::scope(|scope| {
            let workers = self.jobs.min(inputs.len());
            let _: Vec<_> = (0..workers).map(|_| scope.spawn(take)).collect();
            let printed = self.print_in_order(inputs.len(), &receive);
            stop.store(true, Ordering::Relaxed);
            printed
        })
    }

    fn print_in_order(&self, total: usize, pages: &mpsc::Receiver<(usize, Page)>) -> Result<Code, Failure> {
        let mut waiting = BTreeMap::new();
        let mut worst = Code::Done;
        let mut passed_over = 0;
        for index in 0..total {
            let page = loop {
                if let Some(page) = waiting.remove(&index) {
                    break page;
                }
                let Ok((at, page)) = pages.recv() else { return Ok(worst) };
                waiting.insert(at, page);
            };
            worst = worst.max(page.code);
            passed_over += u64::from(page.passed_over);
            self.print(&page)?;
            if total > 1 {
                self.meter.tell(Progress { stage: "files", done: index as u64 + 1, total: total as u64 });
            }
        }
        if passed_over > 0 {
            let files = output::counted(passed_over, "file");
            self.aside(&Aside::Note(format!("{files} passed over: no format here knows them; `identify` lists them")));
        }
        Ok(worst)
    }

    /// A failure of one input, as text and, where asked for, as JSON.
    fn failed(&self, input: &Input, failure: Failure) -> Page {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a str,
            details: &'a [String],
        }
        let body = Body { error: &failure.what, details: &failure.details };
        let text = if self.json { output::json(self.verb, Some(&input.label), &body) } else { Ok(String::new()) };
        let page = Page::failed(failure.of(&input.label));
        Page { text: text.unwrap_or_default(), ..page }
    }

    /// Print a page: what is said aside first, then the text.
    pub(crate) fn print(&self, page: &Page) -> Result<(), Failure> {
        page.aside.iter().for_each(|aside| self.aside(aside));
        self.meter.aside(|| output::to_stdout(page.text.as_bytes()))
    }

    /// Print a word on stderr.
    pub(crate) fn aside(&self, aside: &Aside) {
        let line = match aside {
            Aside::Note(_) if self.quiet => return,
            Aside::Note(text) => format!("{} {text}", self.faint.paint(Look::Faint, "note:")),
            Aside::Failure(failure) if failure.silent => return,
            Aside::Failure(failure) => format!("{} {failure}", self.faint.paint(Look::Bad, "floptical:")),
        };
        self.meter.aside(|| output::to_stderr(&line));
    }

    /// The bar is done.
    pub(crate) fn close(&self) {
        self.meter.clear();
    }
}
