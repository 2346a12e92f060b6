//! `completions` and `man`: made of the definition of the arguments.

use clap_complete::Shell;
use clap_mangen::Man;

use crate::failure::{Code, Failure};
use crate::output::to_stdout;

pub(crate) fn completions(shell: Shell) -> Result<Code, Failure> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut crate::command(), "floptical", &mut out);
    to_stdout(&out).map(|()| Code::Done)
}

pub(crate) fn man(verb: Option<&str>) -> Result<Code, Failure> {
    let mut command = crate::command();
    command.build();
    let page = match verb {
        None => command,
        Some(verb) => {
            let found = command.find_subcommand(verb).cloned();
            let unknown = || Failure::new(Code::Usage, format!("there is no verb `{}`", verb.escape_default()));
            found.ok_or_else(unknown)?
        }
    };
    let mut out = Vec::new();
    Man::new(page).render(&mut out).map_err(|e| Failure::stdout(&e))?;
    to_stdout(&out).map(|()| Code::Done)
}
