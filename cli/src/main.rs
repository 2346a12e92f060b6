//! The command `floptical`: arguments, tables, progress, exit codes.
#![forbid(unsafe_code)]

mod args;
mod boxes;
mod failure;
mod input;
mod interrupt;
mod output;
mod place;
mod progress;
mod schema;
mod session;
mod sink;
mod verbs;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use args::Args;
use failure::{Code, Failure};
use output::Aside;
use session::Session;

/// Disks are many small pieces: sectors, facts, names. They lie in small pages:
/// to clear large ones costs more than they save.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    interrupt::listen();
    let code = match schema::asked() {
        Some(verb) => {
            finish(schema::of(&verb).and_then(|text| output::to_stdout(text.as_bytes()).map(|()| Code::Done)))
        }
        None => match Args::try_parse() {
            Ok(args) => run(&args),
            Err(error) => usage(&error),
        },
    };
    ExitCode::from(code as u8)
}

fn run(args: &Args) -> Code {
    let session = Session::new(args.verb.name(), &args.general);
    let done = verbs::run(&args.verb, &session);
    session.close();
    done.unwrap_or_else(|failure| {
        let code = failure.code;
        session.aside(&Aside::Failure(failure));
        code
    })
}

/// Help that was asked for, or wrong usage.
fn usage(error: &clap::Error) -> Code {
    let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    match error.print() {
        Ok(()) if help => Code::Done,
        Err(error) if help => finish(Err(Failure::stdout(&error))),
        _ => Code::Usage,
    }
}

fn finish(done: Result<Code, Failure>) -> Code {
    done.unwrap_or_else(|failure| {
        if !failure.silent {
            output::to_stderr(&format!("floptical: {failure}"));
        }
        failure.code
    })
}

/// The definition of the command line.
fn command() -> clap::Command {
    Args::command()
}
