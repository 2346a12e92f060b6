//! The bytes of files, piece by piece, the same for every file system.

use floptical_model::{Blocks, Context, Piece, Result, Status};

/// Bytes that are delivered at once.
const CHUNK: u64 = 1 << 16;

/// Give the bytes of `pieces` to `out`, holes as zeros; how many came, and the
/// worst status of what lies under them.
pub(crate) fn deliver(
    blocks: &dyn Blocks,
    pieces: &[Piece],
    out: &mut dyn FnMut(&[u8]) -> Result<()>,
    context: &Context,
) -> Result<(u64, Status)> {
    let (mut bytes, mut worst) = (0u64, Status::Good);
    let mut buffer = Vec::new();
    for piece in pieces {
        let mut done = 0;
        while done < piece.len {
            let len = piece.len.saturating_sub(done).min(CHUNK);
            context.stream(len)?;
            buffer.clear();
            buffer.resize(usize::try_from(len).unwrap_or(0), 0);
            let status = match piece.start {
                Some(start) => blocks.read(start.saturating_add(done), &mut buffer, context)?,
                None => Status::Missing,
            };
            worst = worst.min(status);
            out(&buffer)?;
            done = done.saturating_add(len);
            bytes = bytes.saturating_add(len);
        }
    }
    Ok((bytes, worst))
}

/// How many bytes of pieces lie on sectors that are not good, in words.
pub(crate) fn bad_bytes(blocks: &dyn Blocks, pieces: &[Piece]) -> Option<String> {
    let (mut bad, mut worst) = (0u64, Status::Good);
    let placed = pieces.iter().filter_map(|p| Some((p.start?, p.len)));
    for traced in placed.flat_map(|(start, len)| blocks.trace(start, len)).filter(|t| t.status.is_damage()) {
        bad = bad.saturating_add(traced.len);
        worst = worst.min(traced.status);
    }
    (bad > 0).then(|| format!("{bad} bytes lie on sectors that are not good, the worst {}", worst.word()))
}
