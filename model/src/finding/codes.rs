//! The one table of finding codes, version 0.

use super::{Code, Severity};

macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $meaning:literal;)*) => {
        $(#[doc = $meaning] pub static $name: Code =
            Code { id: $id, severity: Severity::$severity, meaning: $meaning };)*
        /// Every code, in the order of the table.
        pub static CODES: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    // Every container.
    FORMAT_TRUNCATED "format.truncated" Damage "The file ends before a structure does; what is there is kept.";
    FORMAT_TAIL "format.tail" Oddity "Bytes follow the last structure; they are kept.";
    FORMAT_UNREADABLE_REST "format.unreadable-rest" Damage "A structure cannot be told from here on; the rest of the file is kept as it is.";
    FORMAT_RESERVED "format.reserved" Oddity "A reserved field holds a value; it is kept.";
    FORMAT_ODD_VALUE "format.odd-value" Oddity "A field holds a value that the format does not define.";
    FORMAT_CHECKSUM "format.checksum" Damage "A checksum of the container does not hold.";
    FORMAT_SUM_PASSED_OVER "format.sum-passed-over" Info "A sum over the whole file was not computed.";
    FORMAT_FIELDS_DIFFER "format.fields-differ" Contradiction "Two fields of the container cannot both be true.";
    FORMAT_LAYOUT_TIE "format.layout-tie" Info "Several layouts have this size; the first was taken.";
    FORMAT_MISSING_FILE "format.missing-file" Damage "A file that belongs to the set is not there.";
    CUE_FILE_NAME "cue.file-name" Oddity "A sheet names its file by a path or in other letters; the file beside it was taken.";
    CUE_NO_SHEET "cue.no-sheet" Info "There are sectors and no sheet; they are shown as one track.";
    // Wrappers.
    WRAP_CORRUPT "wrap.corrupt" Damage "Packed data does not unpack further; what came out before is kept.";
    WRAP_LEFT_OUT "wrap.left-out" Damage "An entry of an archive cannot be unpacked and was left out.";
    // Optical discs.
    DISC_HEADER "disc.header" Contradiction "Sync or header of a sector are not those of its address and mode.";
    DISC_EDC "disc.edc" Damage "The error detection code of a sector does not hold.";
    DISC_ECC "disc.ecc" Contradiction "The error correction code of a sector does not hold.";
    // Signal.
    FLUX_NO_INDEX "flux.no-index" Oddity "The capture holds no whole revolution between two index marks.";
    FLUX_INDEX_INFERRED "flux.index-inferred" Info "A capture has no index mark at its start; that it began there follows from other fields.";
    FLUX_CAPTURE "flux.capture" Damage "The device reported trouble while it captured.";
    FLUX_REVOLUTIONS_DIFFER "flux.revolutions-differ" Oddity "Revolutions of one track hold different data.";
    FLUX_PASSED_OVER "flux.passed-over" Info "The first revolution is good by itself; the others were not looked at.";
    FLUX_NO_FLUX "flux.no-flux" Info "A track with sectors has a stretch without transitions.";
    FLUX_WEAK "flux.weak" Info "A stretch between sectors differs in each revolution.";
    FLUX_REWRITTEN "flux.rewritten" Info "The data of a sector were written after the rest of its track.";
    TRACK_CONTRADICTION "track.contradiction" Contradiction "Two readings with good checks hold different data.";
    TRACK_OVERFULL "track.overfull" Contradiction "The sectors do not fit the track at its rate.";
    // File systems.
    FS_GEOMETRY_GUESSED "fs.geometry-guessed" Info "The boot sector tells no geometry; it follows from size and media byte.";
    FS_FIELDS_DIFFER "fs.fields-differ" Contradiction "Two fields of the file system cannot both be true.";
    FS_FAT_COPIES_DIFFER "fat.copies-differ" Contradiction "The copies of the allocation table differ.";
    FS_FAT_GONE "fat.table-gone" Damage "A copy of the allocation table is destroyed.";
    FS_CROSS_LINK "fat.cross-link" Damage "Two files claim the same cluster.";
    FS_CHAIN_LOOP "fat.chain-loop" Damage "A chain of clusters runs into itself.";
    FS_CHAIN_FREE "fat.chain-into-free" Damage "A chain runs into a free cluster.";
    FS_CHAIN_RANGE "fat.chain-out-of-range" Damage "A chain points outside the volume.";
    FS_CHAIN_BAD "fat.chain-into-bad" Damage "A chain runs into a cluster that is marked bad.";
    FS_CHAIN_SHORT "fat.chain-short" Damage "A chain ends before the size is reached.";
    FS_CHAIN_LONG "fat.chain-long" Oddity "A chain goes on after the size is reached.";
    FS_START_BAD "fat.start-bad" Damage "A file starts at a cluster that cannot hold data.";
    FS_LOST_CHAIN "fat.lost-chain" Oddity "Clusters are in use that no file claims.";
    FS_LONG_NAME "fat.long-name" Oddity "Parts of a long name do not belong together.";
    FS_DATE_INVALID "fs.date-invalid" Oddity "A date that no calendar has; its raw value is kept.";
    FS_DIR_LOOP "fs.directory-loop" Damage "A directory contains itself.";
    FS_BEYOND_END "fs.beyond-end-mark" Info "Entries stand behind the end mark of a directory.";
    FS_TRUNCATED "fs.truncated" Damage "The volume goes on beyond the end of the image.";
    FS_BAD_SECTORS "fs.bad-sectors" Damage "A file lies on sectors that are not good.";
    FS_PARTITION "fs.partition" Damage "An entry of the partition table cannot be true.";
    FS_PARTITION_UNKNOWN "fs.partition-unknown" Info "A partition holds no file system that is known here.";
    FS_EFFORT "fs.effort" Damage "The structures lead in circles; not all of them were followed.";
    FS_ENTRY_ODD "fat.odd-entry" Oddity "A directory entry holds what no system writes.";
    FS_CLUSTERS_GUESSED "fat.clusters-guessed" Damage "No table says which clusters a file has; a search found those that fit.";
    FS_CLUSTERS_REUSED "fat.clusters-reused" Info "Clusters of a deleted file are claimed by another file as well.";
    FS_CHECKSUM "fs.checksum" Damage "The checksum of a block of the file system does not hold.";
    FS_BLOCK_KIND "fs.block-kind" Damage "A block is not what points at it says.";
    FS_BLOCK_SHARED "fs.block-shared" Damage "Two files claim the same block.";
    FS_LINK_LOOP "fs.link-loop" Damage "A chain of blocks runs into itself.";
    FS_LINK_RANGE "fs.link-out-of-range" Damage "A block number points outside the volume.";
    FS_BLOCKS_FOUND "fs.blocks-found" Damage "Blocks of a file, or its end, were found by a search; no sound chain leads there.";
    FS_BLOCKS_LOST "fs.blocks-lost" Damage "Blocks of a file are nowhere to be found.";
    FS_SIZE_DIFFERS "fs.size-differs" Oddity "The blocks of a file and the size that is recorded of it do not agree.";
    FS_UNREACHED "fs.unreached" Damage "No directory leads to this entry any more; a search found it.";
    FS_ROOT_LOST "fs.root-lost" Damage "The root of the file system is lost; what is listed was found by a search.";
    FS_BOOT_LOST "fs.boot-lost" Damage "The boot block does not say what its volume is.";
    FS_MAP_INVALID "fs.map-invalid" Oddity "The map of free blocks is not valid.";
    FS_MAP_IN_USE "fs.map-in-use" Contradiction "Blocks that are in use are free in the map: writing would overwrite them.";
    FS_MAP_UNUSED "fs.map-unused" Oddity "Blocks that nothing uses are not free in the map.";
    FS_UNCLOSED "fs.unclosed" Oddity "A file was never closed: its end is not sure.";
    AMIGA_DATA_CHECKSUM "amiga.data-checksum" Damage "The checksum of a data block does not hold.";
    AMIGA_HASH "amiga.hash" Oddity "A name stands in a hash chain that is not its own: AmigaDOS does not find it.";
    AMIGA_CACHE "amiga.cache-differs" Contradiction "The directory cache and the directory do not agree.";
    AMIGA_LINK "amiga.link" Damage "A hard link leads to nothing that can be read.";
    CBM_SIDE_SECTORS "cbm.side-sectors" Contradiction "The side sectors of a relative file and its chain do not agree.";
    // Vaults.
    VAULT_CHANGED "vault.changed" Damage "A file does not hold the bytes that were added.";
    VAULT_RECORD "vault.record-changed" Damage "A record is not the one that was written.";
    VAULT_INVENTORY "vault.inventory-changed" Damage "An inventory is not the one that the log names.";
    VAULT_MISSING "vault.missing" Damage "Something that was added is not there.";
    VAULT_UNREADABLE "vault.unreadable" Damage "The system cannot read something that was added.";
    VAULT_UNEXPECTED "vault.unexpected" Contradiction "Something lies in the vault that nobody added.";
    VAULT_LOG_BROKEN "vault.log-broken" Damage "A line of the log was changed, or lines between two are gone.";
    VAULT_LOG_CUT "vault.log-cut" Damage "The log ends before an event that is named elsewhere.";
    VAULT_HALF_DONE "vault.half-done" Oddity "Somebody began to write and did not end; a rebuild does, or takes it back.";
    VAULT_INDEX "vault.index" Oddity "The index is not that of the log and the objects; a rebuild makes it anew.";
    OCFL_INVALID "ocfl.invalid" Damage "A storage root or an object is not as OCFL wants it; the message begins with its code.";
    OCFL_ADVICE "ocfl.advice" Oddity "A storage root or an object is not as OCFL advises; the message begins with its code.";
    VAULT_SAME_DATA "vault.same-data" Info "Several carriers hold the same data.";
    // ISO 9660 and what stands in its reserved fields.
    ISO_DESCRIPTORS "iso.descriptors" Damage "The set of volume descriptors is not whole.";
    ISO_BLOCK_SIZE "iso.block-size" Damage "The size of a logical block cannot be true; 2048 was taken.";
    ISO_BOTH_ENDIAN "iso.both-endian" Contradiction "The two byte orders of a field hold different numbers; the little-endian one counts.";
    ISO_RECORD "iso.record" Damage "A directory record is not well formed.";
    ISO_RECORD_ODD "iso.odd-record" Oddity "A directory record holds what the standard does not allow.";
    ISO_DIRECTORY "iso.directory" Damage "A directory is not where its record says.";
    ISO_SECTIONS "iso.sections" Damage "The sections of a file do not belong together.";
    ISO_OVERLAP "iso.overlap" Contradiction "Files overlap in part, or lie on structures of the disc.";
    ISO_SHARED "iso.shared-extents" Info "Several files lie on one extent.";
    ISO_DUPLICATE_NAME "iso.duplicate-name" Oddity "Several records of a directory have one name.";
    ISO_NAME "iso.name" Oddity "A name is empty, or not what its character set allows.";
    ISO_PATH_TABLE "iso.path-table" Contradiction "A path table does not agree with its twin or with the directories.";
    ISO_PATH_TABLE_ONLY "iso.path-table-only" Damage "Only the path table leads to this directory.";
    ISO_PACKED "iso.packed" Info "The file is stored packed or sparse; its bytes come as they are stored.";
    SUSP_SP "susp.no-indicator" Oddity "System use entries stand without the entry that announces them.";
    SUSP_ENTRY "susp.entry" Damage "A system use entry is not well formed.";
    SUSP_CONTINUATION "susp.continuation" Damage "A continuation area is not there, or leads in circles.";
    RR_RELOCATION "rr.relocation" Damage "A relocated directory and the place it belongs to do not agree.";
    RR_FIELDS "rr.fields-differ" Contradiction "A Rock Ridge entry and the directory record cannot both be true.";
    RR_LINK "rr.link" Damage "The target of a link is cut off or cannot be true.";
    BOOT_CATALOG "boot.catalog" Damage "The boot catalog is not there, or not well formed.";
    BOOT_CHECKSUM "boot.checksum" Damage "The checksum of the boot catalog does not hold.";
    BOOT_IMAGE "boot.image" Damage "A boot image is not whole on the disc.";
    BOOT_SIZE "boot.size" Info "The boot catalog does not tell the size of an image; something else does.";
    BOOT_INFO_TABLE "boot.info-table" Contradiction "The table inside a boot image does not fit the image.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_explained() {
        let mut ids: Vec<&str> = CODES.iter().map(|c| c.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CODES.len());
        assert!(CODES.iter().all(|c| c.meaning.ends_with('.') && c.id.contains('.')));
    }
}
