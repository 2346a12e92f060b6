//! `emulators`: what each reads, and how a disk is handed to it.

use std::fmt::Write as _;

use floptical::formats::Registry;
use floptical::shape::{EmulatorShape, EmulatorsShape};

use crate::failure::{Code, Failure};
use crate::output::{Cell, Look, Table};
use crate::session::Session;

pub(crate) fn run(session: &Session) -> Result<Code, Failure> {
    let shape = EmulatorsShape::of(&Registry::default());
    let page = session.page(None, &shape, Code::Done, |out| {
        let mut table = Table::new(0, &["emulator", "name", "machine", "reads", "extension", "takes"]);
        shape.emulators.iter().for_each(|emulator| rows(emulator, &mut table));
        table.print(session.colour, out);
        for emulator in shape.emulators.iter().filter(|e| !e.media.is_empty()) {
            let _ = writeln!(out, "\n{}", session.colour.paint(Look::Strong, emulator.name));
            for medium in &emulator.media {
                handed(&medium.launch, medium.configuration, out);
            }
            let _ = writeln!(out, "  several disks: {}", emulator.several);
        }
    })?;
    session.print(&page)?;
    Ok(page.code)
}

fn rows(emulator: &EmulatorShape, table: &mut Table) {
    let none = vec![
        Cell::from(emulator.id).look(Look::Strong),
        emulator.name.into(),
        emulator.machine.into(),
        Cell::from("nothing that is written here yet").look(Look::Faint),
    ];
    if emulator.media.is_empty() {
        table.row(none);
    }
    for (i, medium) in emulator.media.iter().enumerate() {
        let once = |text: &'static str| if i == 0 { text } else { "" };
        table.row(vec![
            Cell::from(once(emulator.id)).look(Look::Strong),
            once(emulator.name).into(),
            once(emulator.machine).into(),
            medium.format.into(),
            format!(".{}", medium.extension).into(),
            medium.takes.clone().into(),
        ]);
    }
}

/// A command line, or lines for a configuration file.
pub(crate) fn handed(launch: &str, configuration: Option<&str>, out: &mut String) {
    match configuration {
        None => {
            let _ = writeln!(out, "  {launch}");
        }
        Some(file) => {
            let _ = writeln!(out, "  in {file}:");
            launch.lines().for_each(|line| out.push_str(&format!("    {line}\n")));
        }
    }
}
