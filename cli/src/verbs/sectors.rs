//! `sectors`: the table of sectors with ids, states and evidence.

use std::fmt::Write as _;

use floptical::io::text::show;
use floptical::model::{Context, Rung, SectorEntry, TrackAt};
use floptical::shape::{SectorRowShape, SectorsShape};

use super::check::{look_of, states};
use crate::failure::{Code, Failure};
use crate::input::Read;
use crate::output::{Cell, Page, Table, number};
use crate::session::Session;

pub(crate) fn page(
    session: &Session,
    label: &str,
    read: &Read,
    track: Option<TrackAt>,
    bad: bool,
    context: &Context,
) -> Result<Page, Failure> {
    let wanted = |s: &SectorEntry| track.is_none_or(|t| s.place.track() == Some(t)) && (!bad || s.status.is_damage());
    let shape = SectorsShape::of(&read.disk, wanted, context)?;
    let code = if bad && !shape.sectors.is_empty() { Code::Found } else { Code::Done };
    session.page(Some(label), &shape, code, |out| {
        let head = [
            "sector",
            "block at",
            "id",
            "scheme",
            "size",
            "mark",
            "id check",
            "data check",
            "state",
            "seen",
            "evidence",
            "from",
        ];
        let mut table = Table::new(0, &head);
        shape.sectors.iter().for_each(|s| table.row(row(s)));
        if !shape.sectors.is_empty() {
            table.print(session.colour, out);
        }
        let none = if bad { "no damaged sector" } else { "no sector" };
        let states = if shape.sectors.is_empty() { none.to_owned() } else { states(&shape.states) };
        let _ = writeln!(out, "{}: {states}", show(label.as_bytes()));
    })
}

/// Why the sighting was chosen, where there were others, and the rung that read
/// it, where that was not the first.
fn choice(row: &SectorRowShape) -> String {
    let choice = row.choice.as_deref().filter(|_| row.sightings > 1);
    let rung = row.rung.filter(|rung| *rung != Rung::QuietLoop.word());
    choice.into_iter().chain(rung).collect::<Vec<_>>().join(", ")
}

fn row(row: &SectorRowShape) -> Vec<Cell> {
    let sector = &row.sector;
    let id = sector.id.map_or_else(String::new, |[c, h, r, n]| format!("C{c} H{h} R{r} N{n}"));
    let assumed = if sector.id.is_some() && !sector.id_recorded { " (assumed)" } else { "" };
    vec![
        sector.place.clone().into(),
        sector.offset.map_or_else(|| Cell::from(""), |o| number(&o)),
        format!("{id}{assumed}").into(),
        row.scheme.unwrap_or("").into(),
        number(&sector.size),
        row.mark.map_or_else(String::new, |m| format!("{m:02X}")).into(),
        row.id_check.unwrap_or("").into(),
        row.data_check.unwrap_or("").into(),
        Cell::from(sector.status).look(look_of(sector.status)),
        if row.sightings > 1 { number(&row.sightings) } else { "".into() },
        choice(row).into(),
        sector.from.clone().unwrap_or_default().into(),
    ]
}
