//! Entries in the order of a listing, and what was noticed of them.

use floptical_model::{Code, Context, Finding, Findings, Place, Result, Span};

/// Something noticed of a node, not yet tied to its place.
pub(crate) type Note = (&'static Code, String);

/// The findings that notes become.
pub(crate) fn findings(notes: Vec<Note>, at: &Span, place: &Place) -> Findings {
    notes.into_iter().map(|(code, text)| Finding::new(code, at.clone(), place.clone(), text)).collect()
}

/// The nodes below `roots` with their paths, depth first. `node` gives the name
/// and the children of a number; no number may lie below itself. A `/` within
/// a name shows as U+2215.
pub(crate) fn paths<'a>(
    roots: &[usize],
    node: impl Fn(usize) -> Option<(&'a str, &'a [usize])>,
    context: &Context,
) -> Result<Vec<(usize, String)>> {
    let mut all = Vec::new();
    let mut pending: Vec<(usize, String)> = roots.iter().rev().map(|i| (*i, String::new())).collect();
    while let Some((index, above)) = pending.pop() {
        context.step(1)?;
        let Some((name, children)) = node(index) else { continue };
        let own = name.replace('/', "\u{2215}");
        let path = if above.is_empty() { own } else { format!("{above}/{own}") };
        pending.extend(children.iter().rev().map(|i| (*i, path.clone())));
        all.push((index, path));
    }
    Ok(all)
}
