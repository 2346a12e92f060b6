//! Ctrl-C, with nothing half-written.
//!
//! While nothing is written the process simply ends. While something is, its
//! work is asked to stop, so that the sinks clean up as they are dropped; who
//! asks a second time does not wait for that.

use std::process;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use floptical::model::Context;

use crate::failure::Code;

static WRITERS: AtomicUsize = AtomicUsize::new(0);
static ASKED: AtomicBool = AtomicBool::new(false);
static CONTEXTS: Mutex<Vec<Context>> = Mutex::new(Vec::new());

fn contexts() -> MutexGuard<'static, Vec<Context>> {
    CONTEXTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listen for the signals that end a process. Where the system does not let
/// us, it ends the process by itself.
pub(crate) fn listen() {
    let _ = ctrlc::set_handler(|| {
        let again = ASKED.swap(true, Ordering::SeqCst);
        if again || WRITERS.load(Ordering::SeqCst) == 0 {
            process::exit(Code::Interrupted as i32);
        }
        contexts().iter().for_each(Context::cancel);
    });
}

/// Something is being written for as long as this lives; the work under the
/// context stops when somebody asks.
#[derive(Debug)]
pub(crate) struct Writing(());

impl Writing {
    pub(crate) fn under(context: &Context) -> Self {
        WRITERS.fetch_add(1, Ordering::SeqCst);
        contexts().push(context.clone());
        Self(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        contexts().clear();
        WRITERS.fetch_sub(1, Ordering::SeqCst);
    }
}
