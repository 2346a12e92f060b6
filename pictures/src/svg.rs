//! A drawing as SVG: text, scalable, with a word for whoever points at a
//! damaged sector. On a dark page it turns dark.

use std::fmt::Write as _;

use floptical_model::picture::State;

use crate::circle;
use crate::palette::{Look, Rgb, Role, look_of};
use crate::scene::{Align, Fill, Mark, PIXEL, Scene, Shape, Words};

/// Write a drawing of a name.
pub(crate) fn write(scene: &Scene, name: &str) -> String {
    let mut out = String::new();
    let (width, height) = (tenths(scene.width), tenths(scene.height));
    let name = escape(name);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-label=\"{name}\">\n<title>{name}</title>\n"
    );
    style(&mut out);
    patterns(scene, &mut out);
    let _ = writeln!(out, "<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>");
    let alike = |a: &Mark, b: &Mark| a.fill == b.fill && a.hint.is_none() && b.hint.is_none();
    for marks in scene.marks.chunk_by(alike) {
        path(marks, &mut out);
    }
    scene.words.iter().for_each(|words| text(words, &mut out));
    out.push_str("</svg>\n");
    out
}

/// The colours of the page, light and dark.
fn style(out: &mut String) {
    let rule = |role: Role, colour: Rgb| format!(".{}{{fill:{}}}", role.word(), hex(colour));
    let rules = |colour: fn(Role) -> Rgb| Role::ALL.map(|role| rule(role, colour(role))).concat();
    let _ = writeln!(
        out,
        "<style>{}text{{font-family:ui-monospace,Menlo,Consolas,monospace;white-space:pre}}\
         @media screen and (prefers-color-scheme:dark){{{}}}</style>",
        rules(Role::light),
        rules(Role::dark)
    );
}

/// The patterns of the states that are drawn.
fn patterns(scene: &Scene, out: &mut String) {
    out.push_str("<defs>");
    for state in State::ALL {
        let look = look_of(state);
        let drawn = scene.marks.iter().any(|mark| mark.fill == Fill::State(state));
        if drawn && !is_plain(&look) {
            let _ = write!(
                out,
                "<pattern id=\"{0}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">\
                 <rect width=\"8\" height=\"8\" fill=\"{1}\"/><path fill=\"{2}\" shape-rendering=\"crispEdges\" \
                 d=\"{3}\"/></pattern>",
                state.word(),
                hex(look.base),
                hex(look.ink),
                tile(&look)
            );
        }
    }
    out.push_str("</defs>\n");
}

fn is_plain(look: &Look) -> bool {
    look.tile.iter().all(|row| *row == 0)
}

/// The pixels of a tile, a run of them at a time.
fn tile(look: &Look) -> String {
    let mut path = String::new();
    for (y, row) in look.tile.iter().enumerate() {
        let lit = |x: u32| x < 8 && row >> (7 - x) & 1 == 1;
        let starts = (0..8).filter(|x| lit(*x) && (*x == 0 || !lit(x - 1)));
        for x in starts {
            let run = (x..8).take_while(|x| lit(*x)).count();
            let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
        }
    }
    path
}

/// Shapes of one colour as one path.
fn path(marks: &[Mark], out: &mut String) {
    let Some(first) = marks.first() else { return };
    let _ = write!(out, "<path {} d=\"", fill(first.fill));
    marks.iter().for_each(|mark| outline(mark.shape, out));
    match &first.hint {
        Some(hint) => {
            let _ = writeln!(out, "\"><title>{}</title></path>", escape(hint));
        }
        None => out.push_str("\"/>\n"),
    }
}

fn fill(fill: Fill) -> String {
    match fill {
        Fill::Role(role) => format!("class=\"{}\"", role.word()),
        Fill::State(state) => {
            let look = look_of(state);
            if is_plain(&look) {
                format!("fill=\"{}\"", hex(look.base))
            } else {
                format!("fill=\"url(#{})\"", state.word())
            }
        }
    }
}

fn outline(shape: Shape, out: &mut String) {
    let place = |(x, y): (i64, i64)| format!("{} {}", tenths(x), tenths(y));
    let _ = match shape {
        Shape::Box { x, y, width, height } => {
            let (w, h) = (tenths(width), tenths(height));
            write!(out, "M{}h{w}v{h}h-{w}z", place((x, y)))
        }
        Shape::Disc { centre, radius } => {
            let (top, bottom) = ((centre.0, centre.1 - radius), (centre.0, centre.1 + radius));
            let r = tenths(radius);
            write!(out, "M{0}A{r} {r} 0 1 1 {1}A{r} {r} 0 1 1 {0}z", place(top), place(bottom))
        }
        Shape::Sweep { centre, inner, outer, start, len } => {
            // An arc cannot be a whole circle: it goes in two halves.
            let at = |radius, part: u32| place(circle::point(centre, radius, start.wrapping_add(part)));
            let arc = |radius: i64, sweep: u8, to: String| format!("A{0} {0} 0 0 {sweep} {to}", tenths(radius));
            write!(
                out,
                "M{}{}{}L{}{}{}z",
                at(outer, 0),
                arc(outer, 1, at(outer, len / 2)),
                arc(outer, 1, at(outer, len)),
                at(inner, len),
                arc(inner, 0, at(inner, len / 2)),
                arc(inner, 0, at(inner, 0)),
            )
        }
        Shape::Triangle([a, b, c]) => write!(out, "M{}L{}L{}z", place(a), place(b), place(c)),
    };
}

fn text(words: &Words, out: &mut String) {
    let anchor = match words.align {
        Align::Start => "",
        Align::Middle => " text-anchor=\"middle\"",
        Align::End => " text-anchor=\"end\"",
    };
    let _ = writeln!(
        out,
        "<text class=\"{}\" x=\"{}\" y=\"{}\" font-size=\"{}\"{anchor}{}>{}</text>",
        words.role.word(),
        tenths(words.x),
        tenths(words.y),
        tenths(words.size),
        if words.bold { " font-weight=\"bold\"" } else { "" },
        escape(&words.text)
    );
}

/// A length in pixels.
fn tenths(n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    let (whole, part) = (n.abs() / PIXEL, n.abs() % PIXEL);
    if part == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

/// Text as XML takes it, whoever wrote it. What XML has no place for is a
/// replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{0}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            _ => out.push(c),
        }
    }
    out
}
