//! The sectors of a disc in files.

use floptical_io::{Output, Source};
use floptical_model::{Context, DiscRun, Error, ErrorKind, Held, Lba, Result, SectorStore, Span};

/// How much is copied at once.
const PIECE: usize = 1 << 20;

/// The runs of a disc, and the files that hold them.
pub(crate) struct FileStore {
    files: Vec<Source>,
    /// Those that a file holds, by address.
    runs: Vec<DiscRun>,
}

impl FileStore {
    /// A store of these files, whose order gives the runs their indexes.
    pub(crate) fn new(files: Vec<Source>, runs: impl IntoIterator<Item = DiscRun>) -> Self {
        let mut runs: Vec<DiscRun> = runs.into_iter().filter(|run| run.held != Held::Made).collect();
        runs.sort_by_key(|run| run.start);
        Self { files, runs }
    }

    /// Where the bytes from an address on lie.
    fn locate(&self, at: Lba) -> Option<(u16, u64, &Source)> {
        let after = self.runs.partition_point(|run| run.start <= at);
        let run = self.runs.get(after.checked_sub(1)?)?;
        match run.span(at) {
            Span::File { file, start, .. } => Some((file, start, self.files.get(usize::from(file))?)),
            _ => None,
        }
    }
}

impl SectorStore for FileStore {
    fn read(&self, at: Lba, buffer: &mut [u8], _: &Context) -> Result<()> {
        let Some((file, start, source)) = self.locate(at) else { return Err(not_held(at)) };
        let span = Span::File { file, start, len: buffer.len() as u64 };
        source.read_at(start, buffer).map_err(|error| error.at(span))
    }
}

/// The error for a sector that no file holds.
pub(crate) fn not_held(at: Lba) -> Error {
    Error::new(ErrorKind::Malformed, format!("no file holds sector {at}"))
}

/// Copy the bytes that are kept of a run.
pub(crate) fn copy_run(store: &dyn SectorStore, run: &DiscRun, out: &mut dyn Output, context: &Context) -> Result<()> {
    let size = usize::from(run.form.size());
    let most = u32::try_from(PIECE.checked_div(size).unwrap_or(1)).unwrap_or(1);
    let mut piece = Vec::new();
    let mut at = run.start;
    while at < run.end() {
        let count = most.min(run.end().since(at));
        piece.resize(size.saturating_mul(usize::try_from(count).unwrap_or(0)), 0);
        store.read(at, &mut piece, context)?;
        out.write(&piece)?;
        at = at.after(count);
        context.progress("sectors", at.since(run.start).into(), run.sectors.into());
    }
    Ok(())
}
