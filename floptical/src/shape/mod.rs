//! The shapes that are serialised: JSON, YAML, snapshots. Version 0: free to
//! change until the flux and optical work is done.
//!
//! Keys are snake_case, sizes in bytes, times in nanoseconds, digests in
//! lower-case hexadecimal.

mod conversion;
mod emulators;
mod identify;
mod info;
mod merge;
mod page;
mod report;
#[cfg(feature = "vault")]
mod vault;
mod verbs;

pub use conversion::{ConversionShape, ForShape, WrittenShape};
pub use emulators::{EmulatorShape, EmulatorsShape, MediumShape};
pub use identify::{CandidateShape, IdentifyShape, ItemShape};
pub use info::{AreaShape, ClaimShape, CoverageShape, DriveShape, IdentityShape, InfoShape, TrackShape, VolumeShape};
#[cfg(feature = "vault")]
pub(crate) use info::{claims, layout};
pub use merge::{CaptureShape, MergeShape, MergedSectorShape};
pub use page::{
    CopyShape, FieldShape, FileClaimShape, KeptShape, ListedFilesShape, Mood, OverviewShape, PageImageShape, PageShape,
    PhotographShape, ReaderShape, SummaryShape, TextShape, TotalsShape,
};
pub use report::{
    ComparisonShape, EntryShape, FileDifferenceShape, FindingShape, FormatShape, LossShape, PlanShape,
    SectorDifferenceShape, SectorShape, StepShape,
};
#[cfg(feature = "vault")]
pub use vault::{
    AddedShape, BagShape, CarrierShape, CatalogAddShape, CatalogEditShape, CatalogEventsShape, CatalogExportShape,
    CatalogInitShape, CatalogListShape, CatalogRebuildShape, CatalogSearchShape, CatalogShowShape, CatalogVerifyShape,
    EventShape, FoundShape, RecordedFileShape,
};
pub use verbs::{
    CheckShape, CompareShape, ExplainShape, ExtractShape, ExtractedShape, FileDigestsShape, FormatsShape, HashShape,
    LayerShape, LsShape, LsVolumeShape, MapShape, RowShape, SectorRowShape, SectorsShape,
};

/// A digest as text.
fn hex(digest: &[u8]) -> String {
    crate::identity::hex(digest)
}
