//! Packing and unpacking by zlib.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use floptical_model::finding::{FORMAT_CHECKSUM, FORMAT_FIELDS_DIFFER, WRAP_CORRUPT};
use floptical_model::{Code, Context, Result};

/// Bytes that come out at once.
const PIECE: usize = 64 << 10;

/// What came out, and what is wrong with it.
pub(super) struct Unpacked {
    pub(super) bytes: Vec<u8>,
    /// Packed bytes that were taken.
    pub(super) used: usize,
    pub(super) trouble: Option<(&'static Code, String)>,
}

/// Unpack up to `wanted` bytes. Room is taken as they come, not as they are
/// announced.
///
/// # Errors
/// Those of the budget.
pub(super) fn unpack(packed: &[u8], wanted: usize, context: &Context) -> Result<Unpacked> {
    let mut stream = Decompress::new(true);
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let (mut bytes, mut piece) = (Vec::new(), vec![0; PIECE]);
    let end = loop {
        let (taken, made) = (stream.total_in(), stream.total_out());
        let rest = packed.get(count(taken)..).unwrap_or(&[]);
        let status = stream.decompress(rest, &mut piece, FlushDecompress::None);
        let new = count(stream.total_out().saturating_sub(made));
        context.stream(new as u64)?;
        if (bytes.len() as u64) > context.limits().allocation {
            context.reserve(bytes.len() as u64)?;
        }
        bytes.extend_from_slice(piece.get(..new).unwrap_or(&[]));
        match status {
            Ok(Status::StreamEnd) => break Ok(()),
            Err(error) => break Err(error.to_string()),
            Ok(_) if bytes.len() > wanted => break Ok(()),
            Ok(_) if new == 0 && stream.total_in() == taken => break Err("the packed data end early".into()),
            Ok(_) => {}
        }
    };
    let got = bytes.len();
    bytes.truncate(wanted);
    let trouble = match end {
        Ok(()) if got == wanted => None,
        Ok(()) => Some((&FORMAT_FIELDS_DIFFER, format!("the track unpacks to {got} bytes, the table says {wanted}"))),
        Err(error) if got >= wanted => Some((&FORMAT_CHECKSUM, format!("the packed data are whole, but: {error}"))),
        Err(error) => Some((&WRAP_CORRUPT, format!("{got} of {wanted} bytes unpack: {error}"))),
    };
    Ok(Unpacked { bytes, used: count(stream.total_in()), trouble })
}

/// Pack bytes.
///
/// # Errors
/// None that memory does not give.
pub(super) fn pack(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes)?;
    Ok(packer.finish()?)
}
